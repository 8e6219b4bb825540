//! What a document says, each part with where it stands.
//!
//! A document has the statements of WIT, and three more: [`Import`], [`Let`] and [`Export`] of a composition. Names are
//! as they are written, without the `%` of an escaped one. Everything is [`serde::Serialize`]: a struct is an object with
//! its fields in `kebab-case`, an enum an object whose `kind` (of a statement, `statement`) says which of its variants it is, a
//! [`Span`] a pair of offsets. What is not there is `null`, or an empty array.

mod expression;
mod name;
mod types;
mod wit;

pub use expression::{
    Argument, Export, ExportAs, Expression, Import, ImportKind, Let, New, Postfix, Primary,
};
pub use name::{ExternName, Ident, PackageName, PackagePath, Text, UsePath, Version, Wanted};
pub use types::{
    Case, Definition, Field, Flavor, FuncType, Label, Primitive, ResourceItem, Type, TypeDecl,
    TypeKind,
};
pub use wit::{
    Attribute, Extern, ExternKind, Func, FuncRef, Include, IncludeName, InlineInterface, Interface,
    InterfaceItem, NestedPackage, TopUse, Use, UseItem, World, WorldItem,
};

use super::span::Span;
use serde::Serialize;

/// A document.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Document<'a> {
    /// What the document is called; each document has it, but the body of one may not.
    pub package: Option<PackageDecl<'a>>,
    /// What follows, in order.
    pub statements: Vec<Statement<'a>>,
}

/// `package acme:app@1.0.0 targets wasi:cli/command@0.2.0;`
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PackageDecl<'a> {
    /// Its documentation.
    pub docs: Vec<Doc<'a>>,
    /// From `package` to the `;`.
    pub span: Span,
    /// The package's name. Its version, if there is one, is a whole one.
    pub name: PackageName<'a>,
    /// The world that the composition must conform to.
    pub targets: Option<PackagePath<'a>>,
}

/// One line or block of documentation.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Doc<'a> {
    /// Where the comment stands.
    pub span: Span,
    /// The text in it, without `///` and one space after it, or without `/**` and `*/`.
    pub text: &'a str,
}

/// A statement of a document.
#[derive(Clone, Debug, Serialize)]
#[serde(
    tag = "statement",
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case"
)]
#[non_exhaustive]
pub enum Statement<'a> {
    /// The composition imports something.
    Import(Import<'a>),
    /// Something gets a name.
    Let(Let<'a>),
    /// The composition exports something.
    Export(Export<'a>),
    /// A type.
    Type(TypeDecl<'a>),
    /// An interface.
    Interface(Interface<'a>),
    /// A world.
    World(World<'a>),
    /// Another name for an interface or a world.
    Use(TopUse<'a>),
    /// A package inside of the document.
    Package(NestedPackage<'a>),
}

impl Statement<'_> {
    /// Where the statement stands, without documentation and attributes.
    pub fn span(&self) -> Span {
        match self {
            Statement::Import(it) => it.span,
            Statement::Let(it) => it.span,
            Statement::Export(it) => it.span,
            Statement::Type(it) => it.span,
            Statement::Interface(it) => it.span,
            Statement::World(it) => it.span,
            Statement::Use(it) => it.span,
            Statement::Package(it) => it.span,
        }
    }
}

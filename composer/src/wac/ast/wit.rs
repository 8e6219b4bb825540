//! Interfaces, worlds and packages, as WIT has them.

use super::{Doc, FuncType, Ident, PackageName, Span, Statement, Text, TypeDecl, UsePath, Version};
use serde::Serialize;

/// What is said of an item before it.
#[derive(Clone, Debug, Serialize)]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case"
)]
#[non_exhaustive]
pub enum Attribute<'a> {
    /// `@since(version = 1.0.0)`
    Since {
        /// All of it.
        span: Span,
        /// The package's version that has it first.
        version: Version<'a>,
    },
    /// `@unstable(feature = name)`
    Unstable {
        /// All of it.
        span: Span,
        /// The feature that it belongs to.
        feature: Ident<'a>,
    },
    /// `@deprecated(version = 1.0.0)`
    Deprecated {
        /// All of it.
        span: Span,
        /// The package's version since which it should not be used.
        version: Version<'a>,
    },
    /// `@external-id("name")`
    ExternalId {
        /// All of it.
        span: Span,
        /// The name.
        id: Text,
    },
}

impl Attribute<'_> {
    /// Where it stands.
    pub fn span(&self) -> Span {
        match self {
            Attribute::Since { span, .. }
            | Attribute::Unstable { span, .. }
            | Attribute::Deprecated { span, .. }
            | Attribute::ExternalId { span, .. } => *span,
        }
    }
}

/// `interface name { … }`
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Interface<'a> {
    /// Its documentation.
    pub docs: Vec<Doc<'a>>,
    /// Its attributes, never an external id.
    pub attributes: Vec<Attribute<'a>>,
    /// From `interface` to the `}`.
    pub span: Span,
    /// Its name.
    pub id: Ident<'a>,
    /// What it has, in order.
    pub items: Vec<InterfaceItem<'a>>,
}

/// `interface { … }`
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct InlineInterface<'a> {
    /// From `interface` to the `}`.
    pub span: Span,
    /// What it has, in order.
    pub items: Vec<InterfaceItem<'a>>,
}

/// What an interface has.
#[derive(Clone, Debug, Serialize)]
#[serde(
    tag = "item",
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case"
)]
pub enum InterfaceItem<'a> {
    /// Types of another interface.
    Use(Use<'a>),
    /// A type.
    Type(TypeDecl<'a>),
    /// A function.
    Func(Func<'a>),
}

/// `name: func();` or `name: other;`
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Func<'a> {
    /// Its documentation.
    pub docs: Vec<Doc<'a>>,
    /// Its attributes.
    pub attributes: Vec<Attribute<'a>>,
    /// From its name to the `;`.
    pub span: Span,
    /// Its name.
    pub id: Ident<'a>,
    /// Its type.
    pub func: FuncRef<'a>,
}

/// The type of a function, or the name of one.
#[derive(Clone, Debug, Serialize)]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case"
)]
pub enum FuncRef<'a> {
    /// `func()`
    Func(FuncType<'a>),
    /// The name of a type that is a function, which WIT has not.
    Ident(Ident<'a>),
}

/// `use path.{a, b as c};`
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Use<'a> {
    /// Its documentation.
    pub docs: Vec<Doc<'a>>,
    /// Its attributes.
    pub attributes: Vec<Attribute<'a>>,
    /// From `use` to the `;`.
    pub span: Span,
    /// The interface.
    pub path: UsePath<'a>,
    /// Which types of it.
    pub items: Vec<UseItem<'a>>,
}

/// `a` or `a as b`
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct UseItem<'a> {
    /// The type's name there.
    pub id: Ident<'a>,
    /// Its name here, if that is another one.
    #[serde(rename = "as")]
    pub name: Option<Ident<'a>>,
}

/// `use path as name;`, outside of interfaces and worlds.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct TopUse<'a> {
    /// Its documentation.
    pub docs: Vec<Doc<'a>>,
    /// Its attributes.
    pub attributes: Vec<Attribute<'a>>,
    /// From `use` to the `;`.
    pub span: Span,
    /// The interface or world.
    pub path: UsePath<'a>,
    /// Its name here; without one, the last part of the path.
    #[serde(rename = "as")]
    pub name: Option<Ident<'a>>,
}

/// `world name { … }`
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct World<'a> {
    /// Its documentation.
    pub docs: Vec<Doc<'a>>,
    /// Its attributes, never an external id.
    pub attributes: Vec<Attribute<'a>>,
    /// From `world` to the `}`.
    pub span: Span,
    /// Its name.
    pub id: Ident<'a>,
    /// What it has, in order.
    pub items: Vec<WorldItem<'a>>,
}

/// What a world has.
#[derive(Clone, Debug, Serialize)]
#[serde(
    tag = "item",
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case"
)]
pub enum WorldItem<'a> {
    /// Types of an interface.
    Use(Use<'a>),
    /// A type.
    Type(TypeDecl<'a>),
    /// An import.
    Import(Extern<'a>),
    /// An export.
    Export(Extern<'a>),
    /// What another world has.
    Include(Include<'a>),
}

/// An import or export of a world.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Extern<'a> {
    /// Its documentation.
    pub docs: Vec<Doc<'a>>,
    /// Its attributes.
    pub attributes: Vec<Attribute<'a>>,
    /// From its keyword to its end.
    pub span: Span,
    /// Its name, if that is not the path itself.
    pub name: Option<Ident<'a>>,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: ExternKind<'a>,
}

/// What a world imports or exports.
#[derive(Clone, Debug, Serialize)]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case"
)]
pub enum ExternKind<'a> {
    /// An interface; with a name, one that is implemented under it, or a function type of that name.
    Path {
        /// Which.
        path: UsePath<'a>,
    },
    /// A function, which always has a name.
    Func(FuncType<'a>),
    /// An interface that is written here, which always has a name.
    Interface(InlineInterface<'a>),
}

/// `include path with { a as b }`
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Include<'a> {
    /// Its documentation.
    pub docs: Vec<Doc<'a>>,
    /// Its attributes, never an external id.
    pub attributes: Vec<Attribute<'a>>,
    /// From `include` to its end.
    pub span: Span,
    /// The other world.
    pub world: UsePath<'a>,
    /// What is called otherwise here.
    pub with: Vec<IncludeName<'a>>,
}

/// `a as b`
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct IncludeName<'a> {
    /// The name there.
    pub id: Ident<'a>,
    /// The name here.
    #[serde(rename = "as")]
    pub name: Ident<'a>,
}

/// `package acme:log@1.0.0 { … }`
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct NestedPackage<'a> {
    /// Its documentation.
    pub docs: Vec<Doc<'a>>,
    /// From `package` to the `}`.
    pub span: Span,
    /// Its name. A version is a whole one.
    pub name: PackageName<'a>,
    /// Its interfaces, worlds and uses.
    pub statements: Vec<Statement<'a>>,
}

//! The statements of a composition, and what is in them.

use super::{
    Attribute, Doc, ExternName, FuncType, Ident, InlineInterface, PackageName, PackagePath, Span,
    Text,
};
use serde::Serialize;

/// `import log as "logger": acme:log/logger@1.0.0;`
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Import<'a> {
    /// Its documentation.
    pub docs: Vec<Doc<'a>>,
    /// Its attributes.
    pub attributes: Vec<Attribute<'a>>,
    /// From `import` to the `;`.
    pub span: Span,
    /// The name by which the document knows it.
    pub id: Ident<'a>,
    /// What the import is called, if it is said.
    pub name: Option<ExternName<'a>>,
    /// What is imported.
    pub import: ImportKind<'a>,
}

/// What is imported.
#[derive(Clone, Debug, Serialize)]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case"
)]
pub enum ImportKind<'a> {
    /// An interface of a package, which may have a version requirement.
    Path(PackagePath<'a>),
    /// A function.
    Func(FuncType<'a>),
    /// An instance of an interface that is written here.
    Interface(InlineInterface<'a>),
    /// Something that has a name in this document.
    Ident(Ident<'a>),
}

/// `let app = new acme:app { log };`
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Let<'a> {
    /// Its documentation.
    pub docs: Vec<Doc<'a>>,
    /// From `let` to the `;`.
    pub span: Span,
    /// The name.
    pub id: Ident<'a>,
    /// What gets it.
    pub value: Expression<'a>,
}

/// `export app.run as "run";`
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Export<'a> {
    /// Its documentation.
    pub docs: Vec<Doc<'a>>,
    /// Its attributes.
    pub attributes: Vec<Attribute<'a>>,
    /// From `export` to the `;`.
    pub span: Span,
    /// What is exported.
    pub value: Expression<'a>,
    /// As what.
    #[serde(rename = "as")]
    pub name: ExportAs<'a>,
}

/// As what something is exported.
#[derive(Clone, Debug, Serialize)]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case"
)]
pub enum ExportAs<'a> {
    /// Under the name that it has.
    Inferred,
    /// `...`: each export of an instance under its own name.
    Spread {
        /// The `...`.
        span: Span,
    },
    /// `as name`
    Name {
        /// The name.
        name: ExternName<'a>,
    },
}

/// Something that has a value: a component instance, or what one exports.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Expression<'a> {
    /// All of it.
    pub span: Span,
    /// What it begins with.
    pub primary: Primary<'a>,
    /// Which exports are taken of it, one after the other.
    pub postfix: Vec<Postfix<'a>>,
}

/// What an expression begins with.
#[derive(Clone, Debug, Serialize)]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case"
)]
pub enum Primary<'a> {
    /// A new instance.
    New(New<'a>),
    /// `(…)`
    Nested {
        /// With the parentheses.
        span: Span,
        /// What is between them.
        value: Box<Expression<'a>>,
    },
    /// The name of something.
    Ident(Ident<'a>),
}

/// `new acme:app@^1.2 { log, "acme:db/db": store.db, ...rest, ... }`
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct New<'a> {
    /// From `new` to the `}`.
    pub span: Span,
    /// The package of the component, which may have a version requirement.
    pub package: PackageName<'a>,
    /// What its imports get, in order.
    pub arguments: Vec<Argument<'a>>,
}

/// What an import gets.
#[derive(Clone, Debug, Serialize)]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case"
)]
pub enum Argument<'a> {
    /// `log`: which import it is for follows from what it is.
    Inferred(Ident<'a>),
    /// `...rest`: the exports of an instance, for the imports that have nothing yet.
    Spread {
        /// With the `...`.
        span: Span,
        /// The instance.
        id: Ident<'a>,
    },
    /// `log: …`
    Named {
        /// From the name to the end of the expression.
        span: Span,
        /// Which import.
        name: ExternName<'a>,
        /// What it gets.
        value: Expression<'a>,
    },
    /// `...`: what has nothing is imported. Where it stands is not looked at here.
    Fill {
        /// The `...`.
        span: Span,
    },
}

impl Argument<'_> {
    /// Where the argument stands.
    pub fn span(&self) -> Span {
        match self {
            Argument::Inferred(id) => id.span,
            Argument::Spread { span, .. }
            | Argument::Named { span, .. }
            | Argument::Fill { span } => *span,
        }
    }
}

/// Which export is taken.
#[derive(Clone, Debug, Serialize)]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case"
)]
pub enum Postfix<'a> {
    /// `.log`
    Access {
        /// With the `.`.
        span: Span,
        /// The name, or the end of it.
        id: Ident<'a>,
    },
    /// `["acme:log/log"]`
    NamedAccess {
        /// With the brackets.
        span: Span,
        /// The name.
        name: Text,
    },
}

impl Postfix<'_> {
    /// Where it stands.
    pub fn span(&self) -> Span {
        match self {
            Postfix::Access { span, .. } | Postfix::NamedAccess { span, .. } => *span,
        }
    }
}

//! What can be wrong with the meaning of a document.

use crate::error::{Error, listed};
use crate::types::Difference;
use crate::wac::span::Span;
use miette::LabeledSpan;
use std::fmt;

/// At most this many names are in a message.
const MAX_NAMES: usize = 6;

/// Something that a document says and that cannot be.
///
/// Its [`code`](ResolveError::code) is stable. As a [`miette::Diagnostic`] it has labels, to be shown on the document's text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct ResolveError {
    kind: Box<ResolveErrorKind>,
    span: Span,
    label: String,
    help: Option<String>,
    related: Vec<(Span, String)>,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResolveErrorKind {
    /// A package that nothing is known of.
    #[error("there is no package `{0}`")]
    UnknownPackage(String),
    /// The document is to be a part of itself.
    #[error("`{0}` is this document, which cannot be instantiated in itself")]
    OwnPackage(String),
    /// A package is to be instantiated that has no code.
    #[error(
        "`{0}` is a WIT package: it describes interfaces and holds no code that could be instantiated"
    )]
    NotAComponent(String),
    /// A name that nothing has.
    #[error("nothing is called `{0}` here")]
    UndefinedName(String),
    /// A name of two things.
    #[error("`{0}` is defined twice")]
    DuplicateName(String),
    /// The name of an interface or a world stands where a value must be.
    #[error("`{0}` is another name for an interface or a world, which is no value")]
    NotAValue(String),
    /// Something is taken of what has no exports.
    #[error("`{what}` is {kind}, not an instance")]
    NotAnInstance {
        /// What it is called.
        what: String,
        /// What it is: `a function`.
        kind: String,
    },
    /// An instance does not have the export.
    #[error("`{of}` has no export `{name}`")]
    UnknownExport {
        /// What the instance is called.
        of: String,
        /// The name of the export.
        name: String,
    },
    /// A component does not have the import that an argument is for.
    #[error("`{package}` has no import `{name}`")]
    UnknownArgument {
        /// The package of the component.
        package: String,
        /// The name of the import.
        name: String,
    },
    /// A name that several imports or exports may have.
    #[error("`{name}` may be any of several {what}s: {}", listed(.several, "and", MAX_NAMES))]
    AmbiguousName {
        /// The name.
        name: String,
        /// `import` or `export`.
        what: &'static str,
        /// Those that it may be.
        several: Vec<String>,
    },
    /// An import gets something twice.
    #[error("import `{import}` of `{package}` has two arguments")]
    DuplicateArgument {
        /// The package of the component.
        package: String,
        /// The import.
        import: String,
    },
    /// Imports get nothing, and nothing says that they stay open.
    #[error("{} of `{package}` {} no argument", listed(.imports, "and", MAX_NAMES), match .imports.len() { 1 => "has", _ => "have" })]
    MissingArguments {
        /// The package of the component.
        package: String,
        /// The imports.
        imports: Vec<String>,
    },
    /// Something follows the argument by which all other imports stay open.
    #[error("`...` is not the last argument")]
    FillNotLast,
    /// Nothing comes of all exports of an instance.
    #[error("spreading `{name}` has no effect")]
    SpreadNoEffect {
        /// What the instance is called.
        name: String,
    },
    /// An export has no name.
    #[error("what is exported has no name of its own")]
    ExportNeedsAs,
    /// Two things are exported under one name.
    #[error("two things are exported as `{0}`")]
    DuplicateExport(String),
    /// Two statements import one name.
    #[error("two statements import `{0}`")]
    DuplicateImport(String),
    /// A world that a package does not have.
    #[error("`{package}` has no world `{name}`")]
    UnknownWorld {
        /// The package.
        package: String,
        /// The name of the world.
        name: String,
    },
    /// Something is targeted that is no world.
    #[error("`{0}` is not a world")]
    NotAWorld(String),
    /// The composition does not conform to the world that the document targets.
    #[error("the composition does not conform to `{world}`: {difference}")]
    TargetMismatch {
        /// The world.
        world: String,
        /// In what it does not.
        difference: Difference,
    },
    /// The composition that the document describes cannot be.
    #[error("{message}")]
    Composition {
        /// The code of the [`Error`](crate::Error).
        code: &'static str,
        /// What it says.
        message: String,
    },
    /// Two items have one name.
    #[error("there is another {what} called `{name}`")]
    DuplicateItem {
        /// What the items are, such as `import`.
        what: &'static str,
        /// Their name.
        name: String,
    },
    /// Two parts of a type have one name.
    #[error("there is another {what} called `{name}`")]
    DuplicateMember {
        /// What the parts are, such as `field`.
        what: &'static str,
        /// Their name.
        name: String,
    },
    /// An item of a world that is included gets two names.
    #[error("`{0}` gets another name already")]
    DuplicateRename(String),
    /// An item of a world that is included is there already.
    #[error("`{world}` has {what} called `{name}`, which is there already")]
    IncludeConflict {
        /// What the item is: `an import` or `an export`.
        what: &'static str,
        /// Its name.
        name: String,
        /// The world that is included.
        world: String,
    },
    /// An interface, world or package has no item of this name.
    #[error("`{of}` has nothing called `{name}`")]
    MissingItem {
        /// The name of the interface, world or package.
        of: String,
        /// The name of the item.
        name: String,
    },
    /// Something is not what it has to be in its place.
    #[error("`{name}` is {found}, and {expected} is needed here")]
    WrongKind {
        /// The name.
        name: String,
        /// What it is.
        found: &'static str,
        /// What is needed.
        expected: &'static str,
    },
    /// Declarations that need each other.
    #[error("a declaration cannot need itself: {}", circle(.0))]
    Circle(
        /// Their names: each needs the next, and the last the first.
        Vec<String>,
    ),
    /// A function gives something that is lent.
    #[error("what a function gives cannot have a `borrow` in it")]
    BorrowInResult,
    /// A type that cannot be.
    #[error("{0}")]
    InvalidType(String),
    /// A function that cannot be, or not for what it is called.
    #[error("{0}")]
    InvalidFunction(String),
    /// A name that no import or export can have.
    #[error("nothing can be imported or exported as `{name}`: {reason}")]
    InvalidName {
        /// The name.
        name: String,
        /// Why not.
        reason: String,
    },
    /// A package whose interfaces are needed has none, since it is a component.
    #[error("`{0}` is a component: it defines no interfaces")]
    NotADefinition(String),
    /// What a world exports needs an interface twice: as the world exports it, and as it imports it.
    #[error("`{export}` uses types of `{needed}` as the world exports it, and as it imports it")]
    TwoSources {
        /// What is exported.
        export: String,
        /// The interface that it uses in two ways.
        needed: String,
    },
    /// Something that the Component Model does not have.
    #[error("`{name}` cannot be declared: {reason}")]
    Undeclarable {
        /// The name of the declaration.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
}

fn circle(names: &[String]) -> String {
    let names: Vec<_> = names.iter().chain(names.first()).collect();
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(" needs ")
}

impl ResolveError {
    /// What is wrong, as data.
    pub fn kind(&self) -> &ResolveErrorKind {
        &self.kind
    }

    /// Where it is wrong.
    pub fn span(&self) -> Span {
        self.span
    }

    /// What is said of that place, in a few words.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Other places that have to do with it, each with what is said of it.
    pub fn related(&self) -> impl Iterator<Item = (Span, &str)> {
        self.related.iter().map(|(span, label)| (*span, &**label))
    }

    /// The stable code of this kind of error, such as `wac::undefined-name`; that of the composer's error where it is one.
    pub fn code(&self) -> &'static str {
        match &*self.kind {
            ResolveErrorKind::UnknownPackage(_) => "wac::unknown-package",
            ResolveErrorKind::OwnPackage(_) => "wac::own-package",
            ResolveErrorKind::NotAComponent(_) => "wac::not-a-component",
            ResolveErrorKind::UndefinedName(_) => "wac::undefined-name",
            ResolveErrorKind::DuplicateName(_) => "wac::duplicate-name",
            ResolveErrorKind::NotAValue(_) => "wac::not-a-value",
            ResolveErrorKind::NotAnInstance { .. } => "wac::not-an-instance",
            ResolveErrorKind::UnknownExport { .. } => "wac::unknown-export",
            ResolveErrorKind::UnknownArgument { .. } => "wac::unknown-argument",
            ResolveErrorKind::AmbiguousName { .. } => "wac::ambiguous-name",
            ResolveErrorKind::DuplicateArgument { .. } => "wac::duplicate-argument",
            ResolveErrorKind::MissingArguments { .. } => "wac::missing-argument",
            ResolveErrorKind::FillNotLast => "wac::fill-not-last",
            ResolveErrorKind::SpreadNoEffect { .. } => "wac::spread-no-effect",
            ResolveErrorKind::ExportNeedsAs => "wac::export-needs-as",
            ResolveErrorKind::DuplicateExport(_) => "wac::duplicate-export",
            ResolveErrorKind::DuplicateImport(_) => "wac::duplicate-import",
            ResolveErrorKind::UnknownWorld { .. } => "wac::unknown-world",
            ResolveErrorKind::NotAWorld(_) => "wac::not-a-world",
            ResolveErrorKind::TargetMismatch { .. } => "wac::target-mismatch",
            ResolveErrorKind::Composition { code, .. } => code,
            ResolveErrorKind::DuplicateItem { .. } => "wac::duplicate-item",
            ResolveErrorKind::DuplicateMember { .. } => "wac::duplicate-member",
            ResolveErrorKind::DuplicateRename(_) => "wac::duplicate-rename",
            ResolveErrorKind::IncludeConflict { .. } => "wac::include-conflict",
            ResolveErrorKind::MissingItem { .. } => "wac::missing-item",
            ResolveErrorKind::WrongKind { .. } => "wac::wrong-kind",
            ResolveErrorKind::Circle(_) => "wac::circle",
            ResolveErrorKind::BorrowInResult => "wac::borrow-in-result",
            ResolveErrorKind::InvalidType(_) => "wac::invalid-type",
            ResolveErrorKind::InvalidFunction(_) => "wac::invalid-function",
            ResolveErrorKind::InvalidName { .. } => "wac::invalid-name",
            ResolveErrorKind::NotADefinition(_) => "wac::not-a-definition",
            ResolveErrorKind::TwoSources { .. } => "wac::two-sources",
            ResolveErrorKind::Undeclarable { .. } => "wac::undeclarable",
        }
    }

    /// What to do about it, in a sentence.
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }

    pub(super) fn new(
        kind: ResolveErrorKind,
        span: Span,
        label: impl Into<String>,
    ) -> ResolveError {
        ResolveError {
            kind: Box::new(kind),
            span,
            label: label.into(),
            help: None,
            related: Vec::new(),
        }
    }

    /// An error of the composer, at a place of the document.
    pub(super) fn composition(error: &Error, span: Span, label: impl Into<String>) -> ResolveError {
        let kind = ResolveErrorKind::Composition {
            code: error.code(),
            message: error.to_string(),
        };
        let located = ResolveError::new(kind, span, label);
        match error.help() {
            Some(help) => located.with_help(help),
            None => located,
        }
    }

    /// The same, where an error of the composer is said in other words.
    pub(super) fn with_message(mut self, told: String) -> ResolveError {
        if let ResolveErrorKind::Composition { message, .. } = &mut *self.kind {
            *message = told;
        }
        self
    }

    pub(super) fn with_help(mut self, help: impl Into<String>) -> ResolveError {
        self.help = Some(help.into());
        self
    }

    pub(super) fn with_related(mut self, span: Span, label: impl Into<String>) -> ResolveError {
        self.related.push((span, label.into()));
        self
    }
}

impl miette::Diagnostic for ResolveError {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(ResolveError::code(self)))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(ResolveError::help(self)?))
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let here = LabeledSpan::new_primary_with_span(Some(self.label.clone()), self.span);
        let related = self.related.iter();
        let related =
            related.map(|(span, label)| LabeledSpan::new_with_span(Some(label.clone()), *span));
        Some(Box::new([here].into_iter().chain(related)))
    }
}

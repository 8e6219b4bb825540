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
    #[error("`{0}` is the name of two things")]
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
    #[error("nothing comes of all that `{name}` exports")]
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

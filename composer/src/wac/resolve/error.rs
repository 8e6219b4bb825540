//! What can be wrong with the meaning of a document.

use crate::wac::span::Span;
use miette::LabeledSpan;
use std::fmt;

/// Something that a document says and that cannot be.
///
/// Its [`code`](ResolveError::code) is stable. As a [`miette::Diagnostic`] it has labels, to be shown on the document's text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct ResolveError {
    kind: ResolveErrorKind,
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
    /// A name that nothing has.
    #[error("nothing is called `{0}` here")]
    UndefinedName(String),
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

    /// The stable code of this kind of error, such as `wac::undefined-name`.
    pub fn code(&self) -> &'static str {
        match self.kind {
            ResolveErrorKind::UnknownPackage(_) => "wac::unknown-package",
            ResolveErrorKind::UndefinedName(_) => "wac::undefined-name",
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
            kind,
            span,
            label: label.into(),
            help: None,
            related: Vec::new(),
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

//! What can be wrong with the text of a document.

use super::span::Span;
use miette::LabeledSpan;
use std::fmt;

/// Something that the text of a document has wrong.
///
/// Its [`code`](SyntaxError::code) is stable. As a [`miette::Diagnostic`] it has labels, to be shown on the document's text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct SyntaxError {
    kind: SyntaxErrorKind,
    span: Span,
    label: String,
    help: Option<String>,
    opened: Option<Span>,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SyntaxErrorKind {
    /// Something else was expected.
    #[error("expected {expected}, found {found}")]
    Expected {
        /// What was expected, in words.
        expected: String,
        /// What stands there.
        found: String,
    },
    /// A character that no document may have, wherever it stands.
    #[error("the character U+{:04X} must not be in a document: {why}", u32::from(*.char))]
    Character {
        /// The character.
        char: char,
        /// Why not.
        why: &'static str,
    },
    /// An identifier that is none.
    #[error("`{text}` is not an identifier: {why}")]
    Identifier {
        /// The text.
        text: String,
        /// Why not.
        why: &'static str,
    },
    /// A name of a type that every document has is given to another one.
    #[error("`{0}` is the name of a type that is always there, and cannot be given to another one")]
    Reserved(String),
    /// A string without an end, or with something in it that no string may have.
    #[error("{0}")]
    Text(&'static str),
    /// A comment without an end.
    #[error("the comment has no end")]
    Comment,
    /// A version or requirement that is none, or a requirement where a version is needed.
    #[error("`{text}` is not a {what}: {why}")]
    Version {
        /// The text.
        text: String,
        /// What was needed: `version`, or `version requirement`.
        what: &'static str,
        /// Why not.
        why: String,
    },
    /// The length of a list that is no number, or too large.
    #[error("`{0}` is not the length of a list: it is a number from 1 to 4294967295")]
    Length(String),
    /// Types or expressions inside of each other, deeper than is read.
    #[error("this is nested more than {max} deep")]
    Depth {
        /// How deep it may be.
        max: usize,
    },
    /// An attribute that does not exist, or stands where it cannot.
    #[error("{0}")]
    Attribute(String),
    /// A type that has to have something in it, and has not.
    #[error("{what} with no {part} in it")]
    EmptyType {
        /// What is empty, such as `an enum`.
        what: &'static str,
        /// What it lacks.
        part: &'static str,
    },
    /// Something that is well written and stands where it cannot.
    #[error("{0}")]
    Misplaced(&'static str),
    /// The document is longer than is read.
    #[error("the document has {len} bytes; it may have {max}")]
    TooLong {
        /// How many bytes it has.
        len: usize,
        /// How many it may have.
        max: usize,
    },
}

impl SyntaxError {
    /// What is wrong, as data.
    pub fn kind(&self) -> &SyntaxErrorKind {
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

    /// Where what is not closed was opened.
    pub fn opened(&self) -> Option<Span> {
        self.opened
    }

    /// The stable code of this kind of error, such as `wac::syntax`.
    pub fn code(&self) -> &'static str {
        match self.kind {
            SyntaxErrorKind::Expected { .. } | SyntaxErrorKind::Length(_) => "wac::syntax",
            SyntaxErrorKind::Character { .. } => "wac::character",
            SyntaxErrorKind::Identifier { .. } | SyntaxErrorKind::Reserved(_) => "wac::identifier",
            SyntaxErrorKind::Text(_) => "wac::string",
            SyntaxErrorKind::Comment => "wac::comment",
            SyntaxErrorKind::Version { .. } => "wac::version",
            SyntaxErrorKind::Depth { .. } => "wac::depth",
            SyntaxErrorKind::Attribute(_) => "wac::attribute",
            SyntaxErrorKind::EmptyType { .. } => "wac::empty-type",
            SyntaxErrorKind::Misplaced(_) => "wac::misplaced",
            SyntaxErrorKind::TooLong { .. } => "wac::too-long",
        }
    }

    /// What to do about it, in a sentence.
    pub fn help(&self) -> Option<&str> {
        if let Some(help) = &self.help {
            return Some(help);
        }
        match self.kind {
            SyntaxErrorKind::Character { .. } => {
                Some("remove it; in a string, write it as `\\u{…}`")
            }
            SyntaxErrorKind::Comment => Some("end it with `*/`, once for each `/*` in it"),
            SyntaxErrorKind::Depth { .. } => Some("give a name to a part of it, and use the name"),
            SyntaxErrorKind::EmptyType { .. } => Some("add one, or leave the type out"),
            SyntaxErrorKind::Text(_) => Some("a string is on one line, and ends with `\"`"),
            SyntaxErrorKind::TooLong { .. } => Some("divide it into several documents"),
            _ => None,
        }
    }

    pub(super) fn new(kind: SyntaxErrorKind, span: Span, label: impl Into<String>) -> SyntaxError {
        SyntaxError {
            kind,
            span,
            label: label.into(),
            help: None,
            opened: None,
        }
    }

    pub(super) fn with_help(mut self, help: impl Into<String>) -> SyntaxError {
        self.help = Some(help.into());
        self
    }

    pub(super) fn with_opened(mut self, opened: Option<Span>) -> SyntaxError {
        self.opened = opened;
        self
    }
}

impl miette::Diagnostic for SyntaxError {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(SyntaxError::code(self)))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(SyntaxError::help(self)?))
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let here = LabeledSpan::new_primary_with_span(Some(self.label.clone()), self.span);
        let opened = self
            .opened
            .map(|span| LabeledSpan::new_with_span(Some("opened here".to_owned()), span));
        Some(Box::new([Some(here), opened].into_iter().flatten()))
    }
}

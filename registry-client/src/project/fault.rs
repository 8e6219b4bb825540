//! What is wrong in a file of a project, and where.

use crate::text;
use std::fmt;

/// What is wrong in a file, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {what}")]
pub struct Fault {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1: characters, not bytes.
    pub column: usize,
    /// What is wrong there, what is expected, and what may be meant.
    pub what: String,
}

impl Fault {
    /// A fault at a byte of a text.
    pub(super) fn at(text: &str, offset: usize, what: impl fmt::Display) -> Fault {
        let before = text.get(..offset).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default();
        Fault {
            line,
            column: column.trim_start_matches('\u{feff}').chars().count() + 1,
            what: text::escape(&what),
        }
    }

    /// What the TOML parser found.
    pub(super) fn toml(text: &str, message: &str, offset: Option<usize>) -> Fault {
        let message: String = message.chars().take(200).collect();
        let offset = offset.unwrap_or(text.len());
        Fault::at(text, offset, format_args!("this is not TOML: {message}"))
    }
}

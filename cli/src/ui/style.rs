//! Colours, and the shape of errors and warnings. Streams that are no terminal drop the colours.

use super::clean;
use crate::error::Failure;
use std::fmt::Write;

const RESET: &str = "\u{1b}[0m";

fn styled(code: &str, text: &str) -> String {
    format!("\u{1b}[{code}m{text}{RESET}")
}

/// Text that stands out.
pub(crate) fn bold(text: &str) -> String {
    styled("1", text)
}

/// Text that stays in the background.
pub(crate) fn dim(text: &str) -> String {
    styled("2", text)
}

/// A line that warns.
pub(crate) fn warning(text: &str) -> String {
    format!("{}: {text}", styled("1;33", "warning"))
}

/// An error with its code, causes, notes and help.
pub(crate) fn failure_text(failure: &Failure) -> String {
    let mut text = format!(
        "{}{}: {}",
        styled("1;31", "error"),
        dim(&format!("[{}]", failure.code)),
        shown(&failure.message)
    );
    let mut line = |label: &str, content: &str| {
        let indented = shown(content).replace('\n', "\n  ");
        // Writing to a string cannot fail.
        let _ = write!(text, "\n  {label}{indented}");
    };
    for cause in &failure.causes {
        line("because ", cause);
    }
    for note in &failure.notes {
        line("also: ", note);
    }
    if let Some(help) = &failure.help {
        line(&format!("{}: ", styled("1;36", "help")), help);
    }
    text
}

/// Text that someone else may have written, fit for a terminal and not without end.
fn shown(text: &str) -> String {
    const MAX_TEXT: usize = 4 << 10;
    let end = text.floor_char_boundary(MAX_TEXT);
    match text.split_at_checked(end) {
        Some((start, rest)) if !rest.is_empty() => clean(start) + "…",
        _ => clean(text),
    }
}

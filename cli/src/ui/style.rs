//! Colours, and the shape of errors and warnings. Streams that are no terminal drop the colours.

use super::clean;
use super::diagnostic::diagnostics_text;
use crate::error::Failure;

const RESET: &str = "\u{1b}[0m";

fn styled(code: &str, text: &str) -> String {
    ["\u{1b}[", code, "m", text, RESET].concat()
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

/// A sign below a line, and what it says: the main one of an error stands out.
pub(super) fn strong(is_main: bool, text: &str) -> String {
    styled(if is_main { "1;31" } else { "1;34" }, text)
}

/// An error: where it is wrong, if it is a text that is; or with its causes and notes. And its help.
pub(crate) fn failure_text(failure: &Failure) -> String {
    if !failure.findings.diagnostics.is_empty() {
        return diagnostics_text(&failure.findings.diagnostics);
    }
    let mut text = headline(failure.code, &failure.message);
    for cause in &failure.causes {
        text.push_str(&cause_line(cause));
    }
    for note in &failure.findings.notes {
        text.push_str(&line("also: ", note));
    }
    if let Some(help) = &failure.help {
        text.push_str(&help_line(help));
    }
    text
}

/// The first line of an error.
pub(super) fn headline(code: &str, message: &str) -> String {
    format!(
        "{}{}: {}",
        styled("1;31", "error"),
        dim(&format!("[{code}]")),
        shown(message)
    )
}

/// Why something is wrong.
pub(super) fn cause_line(cause: &str) -> String {
    line("because ", cause)
}

/// The last line of an error.
pub(super) fn help_line(help: &str) -> String {
    line(&format!("{}: ", styled("1;36", "help")), help)
}

fn line(label: &str, content: &str) -> String {
    format!("\n  {label}{}", shown(content).replace('\n', "\n  "))
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

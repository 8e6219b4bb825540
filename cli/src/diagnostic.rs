//! Something that is wrong at a place of a text.

use crate::error::Failure;
use serde::Serialize;
use tenon_composer::wac::Span;
use unicode_width::UnicodeWidthStr;

/// How many characters of a line are shown before the place, and from it on.
const AROUND: usize = 100;
/// How many spaces a tabulator is shown as.
const TAB: &str = "    ";
/// The byte order mark that a text may begin with.
const MARK: char = '\u{feff}';

/// What is wrong, where, and what to do about it: for a terminal, and as data for an editor.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Diagnostic {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    /// Why, from the nearest cause to the farthest.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) causes: Vec<String>,
    /// Where it is wrong, if that is at one place.
    #[serde(flatten)]
    pub(crate) place: Option<Place>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) help: Option<String>,
    /// Other places that have to do with it, of the same text or of others.
    pub(crate) related: Vec<Place>,
}

/// A place of a text, and what is said of it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Place {
    pub(crate) label: String,
    pub(crate) file: String,
    /// The offset of the first byte, and that after the last.
    pub(crate) start: u32,
    end: u32,
    /// Where that is, counted from 1; columns count characters.
    pub(crate) line: usize,
    pub(crate) column: usize,
    end_line: usize,
    end_column: usize,
    #[serde(skip)]
    pub(crate) excerpt: Excerpt,
}

/// The line of a place, or of a long one what is around the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Excerpt {
    pub(crate) text: String,
    /// How many columns of a terminal are before the place.
    pub(crate) before: usize,
    /// How many are at the place; one at least, even if nothing is there.
    pub(crate) width: usize,
}

impl Diagnostic {
    /// What is about no place of a text.
    pub(crate) fn of_failure(failure: &Failure) -> Diagnostic {
        Diagnostic {
            code: failure.code,
            message: failure.message.clone(),
            causes: failure.causes.clone(),
            place: None,
            help: failure.help.clone(),
            related: Vec::new(),
        }
    }
}

impl Place {
    /// The place `span` of a text, which messages call `file`.
    pub(crate) fn of(file: &str, text: &str, span: Span, label: &str) -> Place {
        let (line, column) = position(text, span);
        let (end_line, end_column) = position(text, Span::new(span.end, span.end));
        Place {
            label: label.to_owned(),
            file: file.to_owned(),
            start: span.start,
            end: span.end,
            line,
            column,
            end_line,
            end_column,
            excerpt: Excerpt::of(text, span),
        }
    }
}

/// Line and column of where a place begins; a byte order mark is before the first column.
fn position(text: &str, span: Span) -> (usize, usize) {
    match span.position(text) {
        (1, column) if text.starts_with(MARK) => (1, column.saturating_sub(1).max(1)),
        position => position,
    }
}

impl Excerpt {
    fn of(text: &str, span: Span) -> Excerpt {
        let range = span.range();
        let (before, rest) = text.split_at_checked(range.start).unwrap_or((text, ""));
        let before = before.rsplit('\n').next().unwrap_or(before);
        let rest = rest.split('\n').next().unwrap_or(rest);
        let rest = rest.strip_suffix('\r').unwrap_or(rest);
        let (at, after) = rest.split_at_checked(range.len()).unwrap_or((rest, ""));
        let [before, at] = [before, at].map(|text| text.strip_prefix(MARK).unwrap_or(text));

        let mut from_here_back = before.char_indices().rev();
        let start = from_here_back.nth(AROUND - 1).map_or(0, |(at, _)| at);
        let mut shown = before.get(start..).unwrap_or("").replace('\t', TAB);
        if start > 0 {
            shown.insert(0, '…');
        }
        let before = shown.width();
        shown.push_str(&first(at, AROUND).replace('\t', TAB));
        let width = shown.width() - before;
        let left = AROUND - at.chars().take(AROUND).count();
        shown.push_str(&first(after, left).replace('\t', TAB));
        if rest.chars().nth(AROUND).is_some() {
            shown.push('…');
        }
        Excerpt {
            text: shown,
            before,
            width: width.max(1),
        }
    }
}

/// The first so many characters.
fn first(text: &str, chars: usize) -> String {
    text.chars().take(chars).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_shown_around_the_place() {
        let excerpt = |text: &str, start, end| {
            let Excerpt {
                text,
                before,
                width,
            } = Excerpt::of(text, Span::new(start, end));
            (text, before, width)
        };
        let text = "one\r\n\ttwo ä three\r\nfour";
        assert_eq!(excerpt(text, 6, 9), ("    two ä three".to_owned(), 4, 3));
        assert_eq!(excerpt(text, 10, 12), ("    two ä three".to_owned(), 8, 1));
        // To the end of the line at most.
        assert_eq!(excerpt(text, 13, 23), ("    two ä three".to_owned(), 10, 5));
        assert_eq!(excerpt(text, 24, 24), ("four".to_owned(), 4, 1));
        assert_eq!(excerpt("", 0, 0), (String::new(), 0, 1));
        // Wide characters take two columns.
        let wide = "/* 日本 */ x";
        assert_eq!(excerpt(wide, 13, 14), (wide.to_owned(), 11, 1));
        // The byte order mark is no part of the line.
        assert_eq!(excerpt("\u{feff}let x", 7, 8), ("let x".to_owned(), 4, 1));
        let place = Place::of("a.wac", "\u{feff}let x", Span::new(7, 8), "");
        assert_eq!((place.line, place.column, place.end_column), (1, 5, 6));
        assert_eq!((place.start, place.end), (7, 8));
        let long = "x".repeat(1000);
        let shown = format!("…{}…", "x".repeat(200));
        assert_eq!(excerpt(&long, 500, 510), (shown.clone(), 101, 10));
        assert_eq!(excerpt(&long, 500, 900), (shown, 101, 100));
    }
}

//! Where something stands in a document.

use miette::SourceSpan;
use serde::{Serialize, Serializer};
use std::ops::Range;

/// A range of bytes of a document.
///
/// As JSON it is a pair of numbers: `[start, end]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The offset of the first byte.
    pub start: u32,
    /// The offset after the last byte.
    pub end: u32,
}

impl Span {
    /// The bytes from `start` to before `end`.
    pub fn new(start: u32, end: u32) -> Span {
        Span { start, end }
    }

    /// From the start of this span to the end of `last`.
    pub fn to(self, last: Span) -> Span {
        Span::new(self.start, last.end.max(self.start))
    }

    /// The offsets, to take a part of a document.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// What stands here in `source`; nothing, if the span is of another document.
    pub fn text(self, source: &str) -> &str {
        source.get(self.range()).unwrap_or("")
    }

    /// The line and the column where the span starts in `source`, both counted from 1; columns count characters.
    pub fn position(self, source: &str) -> (usize, usize) {
        let before = source.get(..self.start as usize).unwrap_or(source);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let last = before.rsplit('\n').next().unwrap_or(before);
        (line, last.chars().count() + 1)
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.start, self.end).serialize(serializer)
    }
}

impl From<Span> for SourceSpan {
    fn from(span: Span) -> SourceSpan {
        let range = span.range();
        SourceSpan::new(range.start.into(), range.len())
    }
}

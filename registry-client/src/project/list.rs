//! Items between brackets with commas between them, changed as text: the values of an array, the
//! entries of an inline table.

use std::ops::Range;

/// Where brackets and items are in a text.
pub(super) struct List {
    /// From bracket to bracket, both included.
    pub(super) span: Range<usize>,
    /// Each item, in order.
    pub(super) items: Vec<Range<usize>>,
    /// What is between a bracket and the item beside it where all is on one line.
    pub(super) pad: &'static str,
}

impl List {
    /// The text with one more item, before the item at an index or at the end.
    pub(super) fn insert(&self, text: &str, index: usize, item: &str) -> Option<String> {
        let (open, close) = (self.span.start + 1, self.span.end.checked_sub(1)?);
        let inner = text.get(open..close)?;
        if let Some(next) = self.items.get(index) {
            let gap = indent(text, next.start)
                .filter(|_| inner.contains('\n'))
                .map_or(" ".to_owned(), |indent| format!("\n{indent}"));
            return splice(text, next.start..next.start, &format!("{item},{gap}"));
        }
        let Some(last) = self.items.last() else {
            let pad = self.pad;
            return match inner.trim().is_empty() {
                true => splice(text, open..close, &format!("{pad}{item}{pad}")),
                false => splice(text, open..open, &format!("{pad}{item}")),
            };
        };
        let comma = comma(text.get(last.end..close)?).map(|at| last.end + at + 1);
        let anchor = comma.unwrap_or(last.end);
        let line_end = text.get(anchor..close)?.find('\n');
        match (indent(text, last.start), line_end) {
            (Some(indent), Some(end)) => {
                let (end, tail) = (anchor + end, if comma.is_some() { "," } else { "" });
                let text = splice(text, end..end, &format!("\n{indent}{item}{tail}"))?;
                match comma {
                    Some(_) => Some(text),
                    None => splice(&text, last.end..last.end, ","),
                }
            }
            _ if comma.is_some() => splice(text, anchor..anchor, &format!(" {item},")),
            _ => splice(text, anchor..anchor, &format!(", {item}")),
        }
    }

    /// The text without the item at an index.
    pub(super) fn remove(&self, text: &str, index: usize) -> Option<String> {
        let item = self.items.get(index)?;
        let next = self.items.get(index + 1);
        let previous = index.checked_sub(1).and_then(|at| self.items.get(at));
        let after = text.get(item.end..self.span.end.checked_sub(1)?)?;
        let comma = comma(after);
        // A line of its own goes whole, with the comment beside it.
        if let (Some(indent), Some(end)) = (indent(text, item.start), after.find('\n'))
            && comma.map_or(next.is_none(), |comma| comma < end)
            && next.is_none_or(|next| item.end + end < next.start)
        {
            return splice(text, item.start - indent.len()..item.end + end + 1, "");
        }
        // The comma after the last item goes too, where the one before it stays or there is none.
        let whole = item.start..item.end + comma.map_or(0, |comma| comma + 1);
        let range = match (previous, next) {
            (_, Some(next)) => item.start..next.start,
            (Some(previous), None) => {
                let between = text.get(previous.end..item.start)?;
                match between.contains(['#', '\n']) {
                    true => whole,
                    false => previous.end..item.end,
                }
            }
            (None, None) => whole,
        };
        splice(text, range, "")
    }
}

/// The text with something else in a range of it.
pub(super) fn splice(text: &str, range: Range<usize>, with: &str) -> Option<String> {
    let (before, after) = (text.get(..range.start)?, text.get(range.end..)?);
    Some([before, with, after].concat())
}

/// What is before a place on its line, if that is white space.
fn indent(text: &str, at: usize) -> Option<&str> {
    let before = text.get(..at)?;
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let indent = before.get(start..)?;
    let blank = start > 0 && indent.chars().all(char::is_whitespace);
    blank.then_some(indent)
}

/// Where the next comma is, if there are only white space and comments before it.
fn comma(text: &str) -> Option<usize> {
    let mut comment = false;
    for (at, char) in text.char_indices() {
        match char {
            '\n' => comment = false,
            '#' => comment = true,
            ',' if !comment => return Some(at),
            char if comment || char.is_whitespace() => {}
            _ => return None,
        }
    }
    None
}

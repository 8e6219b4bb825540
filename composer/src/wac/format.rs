//! A document in the one style.
//!
//! The tokens stay what they are, but for commas at the ends of lists; only what is between them is written anew. So
//! nothing that is said can get lost, and comments stay between the tokens that they were between.

mod plan;

use super::error::SyntaxError;
use super::parse::Parsed;
use super::token::TokenKind;
use plan::Plan;

/// How many characters fit on a line.
const WIDTH: usize = 100;
/// How many spaces one level is.
const INDENT: usize = 4;

/// Writes a document in the one style; what is written so stays as it is.
///
/// Four spaces for each level; a list on one line where it fits into 100 characters, else one item per line and a comma
/// after each; at most one blank line where there was one or more between statements, items or comments. Comments stay
/// where they are: on lines of their own, at the end of a line or between tokens.
///
/// # Errors
///
/// The document's errors, if it has any: what is not understood is not rewritten.
pub fn format<'p>(parsed: &'p Parsed<'_>) -> Result<String, &'p [SyntaxError]> {
    if !parsed.errors.is_empty() {
        return Err(&parsed.errors);
    }
    let mut writer = Writer {
        parsed,
        plan: Plan::new(parsed),
        out: String::with_capacity(parsed.source.len()),
        column: 0,
        groups: vec![],
        comment: 0,
        breaks: false,
        commented: false,
    };
    for index in 0..parsed.tokens.len() {
        writer.comments(index);
        writer.token(index);
    }
    writer.comments(parsed.tokens.len());
    if !writer.out.is_empty() {
        writer.out.push('\n');
    }
    Ok(writer.out)
}

/// What is open.
struct Group {
    /// Whether each item has a line of its own, one level deeper.
    broken: bool,
}

struct Writer<'p, 'a> {
    parsed: &'p Parsed<'a>,
    plan: Plan,
    out: String,
    /// How many characters the last line has.
    column: usize,
    groups: Vec<Group>,
    /// The next comment.
    comment: usize,
    /// Whether nothing more can be on this line.
    breaks: bool,
    /// Whether a comment was written last.
    commented: bool,
}

impl Writer<'_, '_> {
    /// Writes a token, with what is between it and what was written before it.
    fn token(&mut self, index: usize) {
        let Some(token) = self.parsed.tokens.get(index) else {
            return;
        };
        let needless =
            self.plan.follows_fill(index) || !self.broken() && self.plan.ends_list(index);
        if token.kind == TokenKind::Comma && needless {
            return;
        }
        let closed = match token.kind.closes() {
            true => self.groups.pop(),
            false => None,
        };
        if closed.is_some_and(|group| group.broken) {
            self.line(false, 0);
        } else if self.plan.mark(index).starts && self.broken() {
            self.line(self.plan.blank_before(index), 0);
        } else if self.breaks {
            self.line(false, 1);
        } else if self.plan.spaced(index) || self.commented && !self.plan.hugs(index) {
            self.space();
        }
        self.write(token.span.text(self.parsed.source));
        self.commented = false;
        if token.kind.opens() {
            let broken = self.plan.breaks(index, self.column);
            self.groups.push(Group { broken });
        } else if self.broken() && self.plan.lacks_comma(index) {
            self.write(",");
        }
    }

    /// Writes the comments that are before a token.
    fn comments(&mut self, index: usize) {
        while let Some(comment) = self.parsed.comments.get(self.comment).copied()
            && comment.before == index
        {
            let gap = self.plan.gap(self.comment);
            self.comment += 1;
            let between_items = self.broken() && !self.plan.in_item(index);
            if gap.lines_before > 0 || self.breaks {
                let blank = gap.lines_before > 1 && !gap.first && between_items;
                self.line(blank, usize::from(!between_items));
            } else if self.broken() || !self.plan.opens_tightly(index) || self.commented {
                self.space();
            }
            self.write_comment(comment.text);
            self.breaks = comment.is_line() || gap.lines_before > 0 && gap.lines_after > 0;
            self.commented = true;
        }
    }

    fn write_comment(&mut self, text: &str) {
        for (number, line) in text.lines().enumerate() {
            if number > 0 {
                self.out.push('\n');
                self.column = 0;
            }
            self.write(line.trim_end());
        }
    }

    /// Whether items have lines of their own here.
    fn broken(&self) -> bool {
        self.groups.last().is_none_or(|group| group.broken)
    }

    /// Begins a line, `more` levels deeper than items here; perhaps with an empty one before.
    fn line(&mut self, blank: bool, more: usize) {
        self.breaks = false;
        if self.out.is_empty() {
            return;
        }
        self.out.push('\n');
        if blank {
            self.out.push('\n');
        }
        let levels = self.groups.iter().filter(|group| group.broken).count() + more;
        self.column = levels * INDENT;
        self.out.extend(std::iter::repeat_n(' ', self.column));
    }

    fn space(&mut self) {
        if self.column > 0 {
            self.write(" ");
        }
    }

    fn write(&mut self, text: &str) {
        self.out.push_str(text);
        self.column += text.chars().count();
    }
}

//! What is known of the tokens before the first is written.

use crate::wac::parse::{Layout, Mark, Parsed};
use crate::wac::span::Span;
use crate::wac::token::{Token, TokenKind};

use super::WIDTH;

/// What is around a comment.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Gap {
    /// How many lines end between it and what is before it; the beginning of the document counts as the end of a line.
    pub(super) lines_before: usize,
    /// How many lines end between it and what is after it.
    pub(super) lines_after: usize,
    /// Whether nothing is before it in its block or list.
    pub(super) first: bool,
}

/// What is known of the tokens: every answer takes the same time.
pub(super) struct Plan {
    tokens: Vec<Token>,
    marks: Vec<Mark>,
    gaps: Vec<Gap>,
    /// For each token, whether an empty line is to be before it.
    blanks: Vec<bool>,
    /// For each bracket, its counterpart; for other tokens, themselves.
    partners: Vec<usize>,
    /// For each token, how many characters there are up to its end if all is on one line.
    widths: Vec<usize>,
    /// For each closing bracket, where what follows it without an end ends: the number of the token after that.
    tails: Vec<usize>,
    /// For each token, how many comments before it need a line end.
    breaks: Vec<usize>,
    /// For each token, how many comments are before it or a token before it.
    comments: Vec<usize>,
}

impl Plan {
    pub(super) fn new(parsed: &Parsed<'_>) -> Plan {
        let count = parsed.tokens.len();
        let mut plan = Plan {
            tokens: parsed.tokens.clone(),
            marks: parsed.marks.clone(),
            gaps: vec![],
            blanks: vec![false; count],
            partners: (0..count).collect(),
            widths: Vec::with_capacity(count),
            tails: (0..count).collect(),
            breaks: Vec::with_capacity(count),
            comments: Vec::with_capacity(count),
        };
        plan.pair();
        plan.see_gaps(parsed);
        plan.measure(parsed);
        plan.find_tails();
        plan
    }

    pub(super) fn mark(&self, index: usize) -> Mark {
        self.marks.get(index).copied().unwrap_or_default()
    }

    pub(super) fn gap(&self, comment: usize) -> Gap {
        self.gaps.get(comment).copied().unwrap_or_default()
    }

    pub(super) fn blank_before(&self, index: usize) -> bool {
        self.blanks.get(index).copied().unwrap_or_default()
    }

    /// Whether something of an item is before this token, and belongs on its line.
    pub(super) fn in_item(&self, index: usize) -> bool {
        let kind = self.kind(index);
        kind != TokenKind::End && !self.mark(index).starts && !kind.closes()
    }

    /// Whether a space is before this token, on the line of what is before it.
    pub(super) fn spaced(&self, index: usize) -> bool {
        use TokenKind::{CloseBrace, OpenAngle, OpenBrace, OpenBracket, OpenParen};
        let Some(before) = index.checked_sub(1) else {
            return false;
        };
        if self.hugs(index) || self.mark(before).joins_after {
            return false;
        }
        match (self.kind(before), self.kind(index)) {
            (OpenBrace, CloseBrace) => false,
            (OpenParen | OpenBracket | OpenAngle, _) => false,
            (OpenBrace, _) => self.mark(before).layout != Layout::Tight,
            (_, OpenAngle | OpenBracket) => false,
            (_, OpenParen) => self.mark(index).layout == Layout::Apart,
            _ => true,
        }
    }

    /// Whether this token sticks to whatever is before it.
    pub(super) fn hugs(&self, index: usize) -> bool {
        use TokenKind::{
            CloseAngle, CloseBrace, CloseBracket, CloseParen, Colon, Comma, Semicolon,
        };
        let tight = || self.layout_closed_by(index) == Some(Layout::Tight);
        match self.kind(index) {
            Semicolon | Comma | Colon | CloseParen | CloseBracket | CloseAngle => true,
            CloseBrace if tight() => true,
            _ => self.mark(index).joins_before,
        }
    }

    /// Whether the token before this one opens something without a space inside.
    pub(super) fn opens_tightly(&self, index: usize) -> bool {
        index.checked_sub(1).is_none_or(|before| {
            let spaced = matches!(self.mark(before).layout, Layout::Spaced | Layout::Block);
            self.kind(before).opens() && !spaced
        })
    }

    /// Whether what this token opens has a line for each item, if the line is `column` long with the token.
    pub(super) fn breaks(&self, index: usize, column: usize) -> bool {
        let close = self.partner(index);
        let get = |numbers: &[usize], at: usize| numbers.get(at).copied().unwrap_or_default();
        let within = |numbers: &[usize]| get(numbers, close) - get(numbers, index);
        let empty = close == index + 1 && within(&self.comments) == 0;
        match self.mark(index).layout {
            Layout::Inline | Layout::Apart => false,
            Layout::Block | Layout::Fields => !empty,
            Layout::Spaced | Layout::Tight => {
                let end = get(&self.tails, close).saturating_sub(1);
                let width = get(&self.widths, end) - get(&self.widths, index);
                !empty && (within(&self.breaks) > 0 || column + width > WIDTH)
            }
        }
    }

    /// Whether this token is the last of a list, and nothing is after it.
    pub(super) fn ends_list(&self, index: usize) -> bool {
        self.kind(index + 1).closes()
    }

    /// Whether this token is after a `...` that is the last of a list.
    pub(super) fn follows_fill(&self, index: usize) -> bool {
        let fill = |before: usize| self.kind(before) == TokenKind::Ellipsis;
        self.ends_list(index) && index.checked_sub(1).is_some_and(fill)
    }

    /// Whether a comma is to be after this token, where the list has a line for each item.
    pub(super) fn lacks_comma(&self, index: usize) -> bool {
        let list = matches!(
            self.layout_closed_by(index + 1),
            Some(Layout::Fields | Layout::Spaced | Layout::Tight)
        );
        list && !matches!(self.kind(index), TokenKind::Comma | TokenKind::Ellipsis)
    }

    fn kind(&self, index: usize) -> TokenKind {
        self.tokens
            .get(index)
            .map_or(TokenKind::End, |token| token.kind)
    }

    fn partner(&self, index: usize) -> usize {
        self.partners.get(index).copied().unwrap_or(index)
    }

    fn layout_closed_by(&self, index: usize) -> Option<Layout> {
        let closes = self.kind(index).closes();
        closes.then(|| self.mark(self.partner(index)).layout)
    }

    // ---- what is found out ----

    fn pair(&mut self) {
        let mut open = vec![];
        for (index, token) in self.tokens.iter().enumerate() {
            if token.kind.opens() {
                open.push(index);
            } else if token.kind.closes()
                && let Some(partner) = open.pop()
            {
                for (at, other) in [(index, partner), (partner, index)] {
                    if let Some(known) = self.partners.get_mut(at) {
                        *known = other;
                    }
                }
            }
        }
    }

    /// Looks at the line ends between tokens and comments.
    fn see_gaps(&mut self, parsed: &Parsed<'_>) {
        let lines = |from: u32, to: u32| {
            let gap = Span::new(from, to).text(parsed.source);
            gap.bytes().filter(|byte| *byte == b'\n').count()
        };
        let end = u32::try_from(parsed.source.len()).unwrap_or(u32::MAX);
        let mut comments = parsed.comments.iter().peekable();
        let mut last = None;
        for index in 0..=self.tokens.len() {
            let opened = index
                .checked_sub(1)
                .is_none_or(|before| self.kind(before).opens());
            let mut first = opened;
            while let Some(comment) = comments.next_if(|comment| comment.before == index) {
                let next = match comments.peek() {
                    Some(next) if next.before == index => next.span.start,
                    _ => self.tokens.get(index).map_or(end, |token| token.span.start),
                };
                self.gaps.push(Gap {
                    lines_before: last.map_or(1, |last| lines(last, comment.span.start)),
                    lines_after: lines(comment.span.end, next),
                    first,
                });
                first = false;
                last = Some(comment.span.end);
            }
            if let Some(token) = self.tokens.get(index) {
                if let (Some(last), Some(blank)) = (last, self.blanks.get_mut(index)) {
                    *blank = !first && lines(last, token.span.start) > 1;
                }
                last = Some(token.span.end);
            }
        }
    }

    /// Adds up widths, comments, and those of them that end a line.
    fn measure(&mut self, parsed: &Parsed<'_>) {
        let (mut width, mut breaks, mut count) = (0, 0, 0);
        let mut comments = parsed.comments.iter().zip(&self.gaps).peekable();
        for (index, token) in self.tokens.iter().enumerate() {
            while let Some((comment, gap)) = comments.next_if(|(it, _)| it.before == index) {
                count += 1;
                width += comment.text.chars().count() + 1;
                let ends = comment.is_line() || gap.lines_before > 0 || comment.text.contains('\n');
                breaks += usize::from(ends);
            }
            let needless = token.kind == TokenKind::Comma && self.ends_list(index);
            if !needless {
                let text = token.span.text(parsed.source);
                width += text.chars().count() + usize::from(self.spaced(index));
            }
            self.widths.push(width);
            self.breaks.push(breaks);
            self.comments.push(count);
        }
    }

    /// Finds what has to be on the line of each closing bracket: up to the `;` or `,` that ends the item, or up to the
    /// next item, or the bracket around them.
    fn find_tails(&mut self) {
        let mut ends = vec![self.tokens.len()];
        for index in (0..self.tokens.len()).rev() {
            let kind = self.kind(index);
            if kind.closes() {
                if let (Some(tail), Some(end)) = (self.tails.get_mut(index), ends.last()) {
                    *tail = *end;
                }
                ends.push(index);
            } else if kind.opens() {
                ends.pop();
            } else if matches!(kind, TokenKind::Semicolon | TokenKind::Comma)
                && let Some(end) = ends.last_mut()
            {
                *end = index + 1;
            }
            if self.mark(index).starts
                && let Some(end) = ends.last_mut()
            {
                *end = index;
            }
        }
    }
}

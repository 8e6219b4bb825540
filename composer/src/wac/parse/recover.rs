//! Where reading goes on after an error.

use super::{Failed, Layout, Parse, Parser};
use crate::wac::error::SyntaxError;
use crate::wac::span::Span;
use crate::wac::token::TokenKind;

/// What a block has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    /// What is in interfaces, worlds and resources.
    Items,
    /// Statements, in a package.
    Statements,
}

impl Parser<'_> {
    /// The `{` of a block. Where it is missing and an item follows on the line, reading goes on there.
    pub(super) fn open_block(&mut self) -> Parse<Span> {
        self.lays_out(Layout::Block);
        let named = self.kind(0).is_name() && self.kind(1) == TokenKind::Colon;
        let item = self.at_kind(TokenKind::At) || named || self.looks_like_item(self.at);
        if item && !self.first_on_line(self.at) {
            self.expected("`{`");
            return Ok(self.last());
        }
        self.expect(TokenKind::OpenBrace)
    }

    /// Reads the items of a block up to its `}`, which is read as well; an item that fails is left out.
    pub(super) fn block<T>(
        &mut self,
        opened: Span,
        holds: Holds,
        mut item: impl FnMut(&mut Self) -> Parse<T>,
    ) -> (Vec<T>, Span) {
        self.blocks += 1;
        let read = self.block_here(opened, holds, &mut item);
        self.blocks -= 1;
        read
    }

    fn block_here<T>(
        &mut self,
        opened: Span,
        holds: Holds,
        item: &mut impl FnMut(&mut Self) -> Parse<T>,
    ) -> (Vec<T>, Span) {
        let mut items = vec![];
        loop {
            if let Some(span) = self.eat(TokenKind::CloseBrace) {
                return (items, span);
            }
            let missing = self.at_kind(TokenKind::End)
                || holds == Holds::Items && self.begins_statement(self.at);
            if missing {
                // After an error, what was skipped may have had the brace.
                if !self.at_kind(TokenKind::End) || self.errors.is_empty() {
                    let error = self.unclosed("`}`", opened);
                    self.fail(error);
                }
                self.synced = Some(self.at);
                return (items, self.last());
            }
            let start = self.at;
            self.starts();
            match item(self) {
                Ok(item) => items.push(item),
                Err(Failed) => self.recover(start),
            }
        }
    }

    /// Reads what is between brackets, with commas between the items and perhaps one at the end. The opening one
    /// was read. An item that fails is left out, if the end of it is found.
    pub(super) fn list<T>(
        &mut self,
        opened: Span,
        close: TokenKind,
        mut item: impl FnMut(&mut Self) -> Parse<T>,
        expected: &str,
    ) -> Parse<(Vec<T>, Span)> {
        let mut items = vec![];
        loop {
            if let Some(span) = self.eat(close) {
                return Ok((items, span));
            }
            if self.at_kind(TokenKind::End) {
                let error = self.unclosed(&format!("{expected} or {}", close.describe()), opened);
                return Err(self.fail(error));
            }
            let start = self.at;
            self.starts();
            let read = item(self).and_then(|item| {
                if matches!(self.kind(0), TokenKind::Comma) || self.at_kind(close) {
                    return Ok(item);
                }
                let error = self.unclosed(&format!("`,` or {}", close.describe()), opened);
                Err(self.fail(error))
            });
            match read {
                Ok(item) => items.push(item),
                Err(Failed) => self.recover_item(start, close)?,
            }
            self.eat(TokenKind::Comma);
        }
    }

    /// Whether an item that can only be in a document itself begins here, on a line of its own.
    fn begins_statement(&self, index: usize) -> bool {
        let shape = || (self.token(index + 1).kind, self.token(index + 2).kind);
        self.first_on_line(index)
            && match self.word_at(index) {
                Some("let") => shape().0.is_name() && shape().1 == TokenKind::Equals,
                Some("interface" | "world") => {
                    shape().0.is_name() && shape().1 == TokenKind::OpenBrace
                }
                _ => false,
            }
    }

    /// Whether an item begins here, on a line of its own.
    pub(super) fn begins_item(&self, index: usize) -> bool {
        self.first_on_line(index) && self.looks_like_item(index)
    }

    pub(super) fn looks_like_item(&self, index: usize) -> bool {
        let next = self.token(index + 1).kind;
        matches!(
            self.word_at(index),
            Some(
                "let"
                    | "interface"
                    | "world"
                    | "import"
                    | "export"
                    | "use"
                    | "include"
                    | "package"
                    | "type"
                    | "record"
                    | "variant"
                    | "enum"
                    | "flags"
                    | "resource"
            )
        ) && (next.is_name() || next == TokenKind::OpenParen)
    }

    /// Whether nothing is before this token on its line.
    pub(super) fn first_on_line(&self, index: usize) -> bool {
        let Some(before) = index.checked_sub(1) else {
            return true;
        };
        let gap = Span::new(self.token(before).span.end, self.token(index).span.start);
        gap.text(self.source).contains('\n')
    }

    /// Whether an item may begin here, after a `}`.
    fn may_begin(&self, index: usize) -> bool {
        let token = self.token(index);
        let ends = matches!(
            token.kind,
            TokenKind::At | TokenKind::CloseBrace | TokenKind::End
        );
        let named = token.kind.is_name()
            && (self.first_on_line(index) || self.token(index + 1).kind == TokenKind::Colon);
        ends || named || self.looks_like_item(index)
    }

    /// Goes to where an item ends that began at `start` and failed at the next token, or to where another begins.
    pub(super) fn recover(&mut self, start: usize) {
        let failed = self.at;
        let mut depth = 0_usize;
        let mut depth_there = usize::MAX;
        let mut index = start;
        let mut begins = false;
        loop {
            if index == failed {
                depth_there = depth;
            }
            let kind = self.token(index).kind;
            if kind == TokenKind::End {
                break;
            }
            // What is in a block that begins after the error belongs to it, unless nothing but a document can have it.
            let outside = index <= failed || depth <= depth_there;
            if index > start && (self.begins_statement(index) || outside && self.begins_item(index))
            {
                begins = true;
                break;
            }
            index += 1;
            match kind {
                TokenKind::OpenBrace => depth += 1,
                // In no block it closes nothing, and neither if the item goes on.
                TokenKind::CloseBrace if depth == 0 && self.blocks > 0 && self.may_begin(index) => {
                    index -= 1;
                    break;
                }
                TokenKind::CloseBrace if depth > 0 => {
                    depth -= 1;
                    if depth == 0 && index > failed && self.may_begin(index) {
                        break;
                    }
                }
                TokenKind::Semicolon if depth == 0 && index > failed => break,
                _ => {}
            }
        }
        self.at = index;
        // What begins there may not belong there, which is then no fault of its own.
        self.synced = begins.then_some(index);
    }

    /// Goes to the comma or bracket that ends an item of a list, which began at `start`; fails where there is none.
    /// Where a bracket is closed in the list that was not opened in it, its commas say nothing.
    fn recover_item(&mut self, start: usize, close: TokenKind) -> Parse<()> {
        // What `<` and `>` belong to is unclear where one of them may be missing.
        if close == TokenKind::CloseAngle {
            return Err(Failed);
        }
        let mut comma = None;
        let mut stray = false;
        let mut depth = 0_usize;
        let mut index = start;
        loop {
            let kind = self.token(index).kind;
            let there = depth == 0 && index >= self.at;
            let lost = kind == TokenKind::End
                || kind == TokenKind::Semicolon
                || kind == TokenKind::CloseBrace && depth == 0
                || index > start && self.begins_item(index);
            if there && kind == close || lost {
                let comma = comma.filter(|_| !stray);
                let end = (kind == close).then_some(index);
                self.at = comma.or(end).ok_or(Failed)?;
                return Ok(());
            }
            if there && kind == TokenKind::Comma {
                comma = comma.or(Some(index));
            } else if kind.opens() {
                depth += 1;
            } else if kind.closes() {
                stray |= depth == 0;
                depth = depth.saturating_sub(1);
            }
            index += 1;
        }
    }

    fn unclosed(&self, expected: &str, opened: Span) -> SyntaxError {
        self.unexpected(expected, self.here())
            .with_opened(Some(opened))
    }
}

//! What is next, and errors about it.

use super::{Failed, Layout, MAX_DEPTH, Mark, Parse, Parser};
use crate::wac::ast::Doc;
use crate::wac::error::{SyntaxError, SyntaxErrorKind};
use crate::wac::lexer::MAX_ERRORS;
use crate::wac::span::Span;
use crate::wac::token::{Token, TokenKind};

/// How much of a word is shown in a message.
const MAX_FOUND: usize = 40;

impl<'a> Parser<'a> {
    /// The token that follows `ahead` others.
    pub(super) fn peek(&self, ahead: usize) -> Token {
        self.token(self.at + ahead)
    }

    /// The token of this number; the end, where there is none.
    pub(super) fn token(&self, index: usize) -> Token {
        self.tokens.get(index).copied().unwrap_or_else(|| {
            let end = u32::try_from(self.source.trim_end().len()).unwrap_or(u32::MAX);
            Token {
                kind: TokenKind::End,
                span: Span::new(end, end),
            }
        })
    }

    pub(super) fn kind(&self, ahead: usize) -> TokenKind {
        self.peek(ahead).kind
    }

    /// The next token's span.
    pub(super) fn here(&self) -> Span {
        self.peek(0).span
    }

    /// The span of the token that was read last.
    pub(super) fn last(&self) -> Span {
        match self.at.checked_sub(1) {
            Some(last) => self.token(last).span,
            None => Span::default(),
        }
    }

    /// The word that follows `ahead` tokens, if that is a word that could be a keyword.
    pub(super) fn word(&self, ahead: usize) -> Option<&'a str> {
        self.word_at(self.at + ahead)
    }

    pub(super) fn word_at(&self, index: usize) -> Option<&'a str> {
        let token = self.token(index);
        (token.kind == TokenKind::Word).then(|| token.span.text(self.source))
    }

    pub(super) fn advance(&mut self) -> Span {
        let span = self.here();
        if self.at < self.tokens.len() {
            self.at += 1;
        }
        span
    }

    pub(super) fn eat(&mut self, kind: TokenKind) -> Option<Span> {
        (self.kind(0) == kind).then(|| self.advance())
    }

    pub(super) fn eat_word(&mut self, word: &str) -> Option<Span> {
        (self.word(0) == Some(word)).then(|| self.advance())
    }

    pub(super) fn expect(&mut self, kind: TokenKind) -> Parse<Span> {
        match self.eat(kind) {
            Some(span) => Ok(span),
            None => Err(self.expected(kind.describe())),
        }
    }

    pub(super) fn expect_word(&mut self, word: &str) -> Parse<Span> {
        match self.eat_word(word) {
            Some(span) => Ok(span),
            None => Err(self.expected_one_of(&[word], &format!("`{word}`"))),
        }
    }

    /// The `;` at the end of an item. Where it is missing and another item follows on the next line, reading goes on there.
    pub(super) fn semicolon(&mut self) -> Parse<Span> {
        if let Some(span) = self.eat(TokenKind::Semicolon) {
            return Ok(span);
        }
        let next = self.kind(0);
        let ends = next == TokenKind::End
            || next == TokenKind::CloseBrace && self.blocks > 0
            || self.first_on_line(self.at)
                && (next == TokenKind::At
                    || self.begins_item(self.at)
                    || next.is_name() && self.kind(1) == TokenKind::Colon);
        if !ends {
            return Err(self.expected("`;`"));
        }
        let last = self.last();
        let kind = SyntaxErrorKind::Expected {
            expected: "`;`".to_owned(),
            found: self.found(self.here()),
        };
        let end = Span::new(last.end, last.end);
        self.report(SyntaxError::new(kind, end, "a `;` is missing here"));
        self.synced = Some(self.at);
        Ok(last)
    }

    /// Documentation right before the next token.
    pub(super) fn docs(&mut self) -> Vec<Doc<'a>> {
        let before = |parser: &Self| parser.comments.get(parser.comment).map(|it| it.before);
        while before(self).is_some_and(|before| before < self.at) {
            self.comment += 1;
        }
        let mut docs = vec![];
        while before(self) == Some(self.at) {
            if let Some(comment) = self.comments.get(self.comment)
                && let Some(text) = comment.documentation()
            {
                docs.push(Doc {
                    span: comment.span,
                    text,
                });
            }
            self.comment += 1;
        }
        docs
    }

    // ---- layout ----

    pub(super) fn mark(&mut self, index: usize, set: impl FnOnce(&mut Mark)) {
        if let Some(mark) = self.marks.get_mut(index) {
            set(mark);
        }
    }

    /// The next token begins an item.
    pub(super) fn starts(&mut self) {
        self.mark(self.at, |mark| mark.starts = true);
    }

    /// The next token sticks to both of its neighbours.
    pub(super) fn joins(&mut self) {
        self.mark(self.at, |mark| {
            mark.joins_before = true;
            mark.joins_after = true;
        });
    }

    pub(super) fn joins_after(&mut self) {
        self.mark(self.at, |mark| mark.joins_after = true);
    }

    pub(super) fn lays_out(&mut self, layout: Layout) {
        self.mark(self.at, |mark| mark.layout = layout);
    }

    // ---- errors ----

    /// The next token is not what it should be.
    pub(super) fn expected(&mut self, expected: &str) -> Failed {
        self.expected_one_of(&[], expected)
    }

    /// The next token is none of these keywords, one of which it may be with a letter wrong.
    pub(super) fn expected_one_of(&mut self, keywords: &[&str], expected: &str) -> Failed {
        let error = self.unexpected(expected, self.here());
        let near = self.word(0).and_then(|word| near(word, keywords));
        self.fail(match near {
            Some(near) => error.with_help(format!("is `{near}` meant?")),
            None => error,
        })
    }

    /// That something else was expected in this place.
    pub(super) fn unexpected(&self, expected: &str, span: Span) -> SyntaxError {
        let kind = SyntaxErrorKind::Expected {
            expected: expected.to_owned(),
            found: self.found(span),
        };
        SyntaxError::new(kind, span, "here")
    }

    /// Whether the next token is one of these keywords with a letter wrong.
    pub(super) fn near_keyword(&self, keywords: &[&str]) -> bool {
        self.word(0).and_then(|word| near(word, keywords)).is_some()
    }

    pub(super) fn too_deep(&mut self) -> Failed {
        let kind = SyntaxErrorKind::Depth { max: MAX_DEPTH };
        self.fail(SyntaxError::new(kind, self.here(), "too deep"))
    }

    /// Reports what is wrong with the next token, unless that follows from an error before.
    pub(super) fn fail(&mut self, error: SyntaxError) -> Failed {
        if self.synced != Some(self.at) && self.kind(0) != TokenKind::Unknown {
            self.report(error);
        }
        Failed
    }

    /// Reports what is wrong somewhere.
    pub(super) fn report(&mut self, error: SyntaxError) {
        let place = error.span();
        if self.errors.iter().any(|known| known.span() == place) {
            return;
        }
        if self.errors.len() >= MAX_ERRORS {
            // Nobody reads more of them.
            self.at = self.tokens.len();
            return;
        }
        self.errors.push(error);
    }

    /// What stands in a place, as messages have it.
    fn found(&self, span: Span) -> String {
        let text = span.text(self.source);
        if text.is_empty() {
            return TokenKind::End.describe().to_owned();
        }
        match text.char_indices().nth(MAX_FOUND) {
            Some((end, _)) => format!("`{}…`", text.get(..end).unwrap_or(text)),
            None => format!("`{text}`"),
        }
    }
}

/// Which of these a word is nearly.
fn near<'k>(word: &str, keywords: &[&'k str]) -> Option<&'k str> {
    let most = |keyword: &str| if keyword.len() > 4 { 2 } else { 1 };
    keywords
        .iter()
        .filter(|keyword| word.len().abs_diff(keyword.len()) <= most(keyword))
        .map(|keyword| (strsim::damerau_levenshtein(word, keyword), *keyword))
        .filter(|(distance, keyword)| *distance <= most(keyword))
        .min()
        .map(|(_, keyword)| keyword)
}

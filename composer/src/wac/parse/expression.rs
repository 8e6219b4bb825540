//! Expressions.

use super::name::Versions;
use super::{Layout, Parse, Parser};
use crate::wac::ast::{Argument, Expression, New, Postfix, Primary};
use crate::wac::token::TokenKind;

impl<'a> Parser<'a> {
    pub(super) fn expression(&mut self) -> Parse<Expression<'a>> {
        self.nested(Self::expression_here)
    }

    fn expression_here(&mut self) -> Parse<Expression<'a>> {
        let start = self.here();
        let primary = self.primary()?;
        let mut postfix = vec![];
        loop {
            let first = self.here();
            match self.kind(0) {
                TokenKind::Dot => {
                    self.joins();
                    self.advance();
                    let id = self.ident("the name of an export")?;
                    let span = first.to(id.span);
                    postfix.push(Postfix::Access { span, id });
                }
                TokenKind::OpenBracket => {
                    self.advance();
                    let name = self.text("the name of an export, as a string")?;
                    let span = first.to(self.expect(TokenKind::CloseBracket)?);
                    postfix.push(Postfix::NamedAccess { span, name });
                }
                _ => break,
            }
        }
        Ok(Expression {
            span: start.to(self.last()),
            primary,
            postfix,
        })
    }

    fn primary(&mut self) -> Parse<Primary<'a>> {
        let start = self.here();
        if self.at_kind(TokenKind::OpenParen) {
            self.lays_out(Layout::Apart);
            self.advance();
            let value = Box::new(self.expression()?);
            let span = start.to(self.expect(TokenKind::CloseParen)?);
            return Ok(Primary::Nested { span, value });
        }
        // Followed by a name, `new` is the keyword; else it can only be a name itself.
        if self.word(0) == Some("new")
            && self.kind(1).is_name()
            && (self.word(1) != Some("as") || self.kind(2) == TokenKind::Colon)
        {
            return self.new_instance().map(Primary::New);
        }
        self.ident("an expression: a name, `new …` or `(…)`")
            .map(Primary::Ident)
    }

    fn new_instance(&mut self) -> Parse<New<'a>> {
        let start = self.advance();
        let package = self.package_name(Versions::Required)?;
        self.lays_out(Layout::Spaced);
        let opened = self.expect(TokenKind::OpenBrace)?;
        let (arguments, end) =
            self.list(opened, TokenKind::CloseBrace, Self::argument, "an argument")?;
        Ok(New {
            span: start.to(end),
            package,
            arguments,
        })
    }

    fn argument(&mut self) -> Parse<Argument<'a>> {
        let start = self.here();
        if self.at_kind(TokenKind::Ellipsis) {
            if matches!(self.kind(1), TokenKind::Comma | TokenKind::CloseBrace) {
                let span = self.advance();
                return Ok(Argument::Fill { span });
            }
            self.joins_after();
            self.advance();
            let id = self.ident("the name of an instance, `,` or `}`")?;
            let span = start.to(id.span);
            return Ok(Argument::Spread { span, id });
        }
        if self.at_kind(TokenKind::Text) || self.kind(1) == TokenKind::Colon {
            let name = self.extern_name()?;
            self.expect(TokenKind::Colon)?;
            let value = self.expression()?;
            let span = start.to(value.span);
            return Ok(Argument::Named { span, name, value });
        }
        self.ident("an argument").map(Argument::Inferred)
    }
}

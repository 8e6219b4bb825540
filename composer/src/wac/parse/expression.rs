//! Expressions.

use super::form::Form;
use super::name::Versions;
use super::{Failed, Layout, Parse, Parser};
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
        if self.at_new() {
            return self.new_instance().map(Primary::New);
        }
        if self.kind(0).is_name() && self.kind(1) == TokenKind::Colon && self.kind(2).is_name() {
            return Err(self.no_value());
        }
        self.ident("an expression: a name, `new …` or `(…)`")
            .map(Primary::Ident)
    }

    /// Whether `new` is next and is the keyword: followed by what can follow a value, it is a name itself.
    fn at_new(&self) -> bool {
        self.word(0) == Some("new")
            && match self.kind(1) {
                TokenKind::Text | TokenKind::Number | TokenKind::OpenBrace => true,
                kind if kind.is_name() => {
                    self.word(1) != Some("as") || self.kind(2) == TokenKind::Colon
                }
                _ => false,
            }
    }

    fn new_instance(&mut self) -> Parse<New<'a>> {
        let start = self.advance();
        let package = self.package_name(Form::New, Versions::Required)?;
        if !self.at_kind(TokenKind::OpenBrace) {
            return Err(self.lacks_arguments(package.span));
        }
        self.lays_out(Layout::Spaced);
        let opened = self.advance();
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
            if self.at_new() {
                return Err(self.spreads_new());
            }
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

    /// `...new a:b { … }`
    fn spreads_new(&mut self) -> Failed {
        let error = self.unexpected("the name of an instance", self.here());
        let help = match self.kind(2) == TokenKind::Colon && self.kind(3).is_name() {
            true => {
                let package = self.peek(1).span.to(self.peek(3).span);
                let package = package.text(self.source);
                format!(
                    "give it a name first: `let NAME = new {package} {{ … }};`, and here `...NAME`"
                )
            }
            false => "give it a name first, with `let`".to_owned(),
        };
        self.fail(error.with_help(help))
    }
}

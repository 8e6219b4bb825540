//! Types and functions.

use super::recover::Holds;
use super::{Layout, Parse, Parser};
use crate::wac::ast::{
    Attribute, Case, Definition, Doc, Field, Flavor, FuncRef, FuncType, Ident, Label, Primitive,
    ResourceItem, Type, TypeDecl, TypeKind,
};
use crate::wac::error::{SyntaxError, SyntaxErrorKind};
use crate::wac::span::Span;
use crate::wac::token::TokenKind;

/// What begins a type with a name.
pub(super) const DECLARATIONS: &[&str] =
    &["type", "record", "variant", "enum", "flags", "resource"];

/// The types with others in them.
const ANGLED: &[&str] = &[
    "list", "map", "option", "result", "tuple", "own", "borrow", "stream", "future",
];

impl<'a> Parser<'a> {
    /// Whether a type with a name begins here: in an interface, `type: func()` is a function.
    pub(super) fn at_declaration(&self) -> bool {
        self.word(0)
            .is_some_and(|word| DECLARATIONS.contains(&word))
            && self.kind(1) != TokenKind::Colon
    }

    pub(super) fn declaration(
        &mut self,
        docs: Vec<Doc<'a>>,
        attributes: Vec<Attribute<'a>>,
    ) -> Parse<TypeDecl<'a>> {
        let keyword = self.word(0);
        let start = self.advance();
        let id = self.type_name()?;
        let definition = match keyword {
            Some("record") => {
                let (fields, span) = self.fields("a field", Self::field)?;
                self.at_least_one(&fields, "a record", "field", span);
                Definition::Record { fields }
            }
            Some("variant") => {
                let (cases, span) = self.fields("a case", Self::case)?;
                self.at_least_one(&cases, "a variant", "case", span);
                Definition::Variant { cases }
            }
            Some("enum") => {
                let (cases, span) = self.fields("a case", Self::label)?;
                self.at_least_one(&cases, "an enum", "case", span);
                Definition::Enum { cases }
            }
            Some("flags") => {
                let (flags, span) = self.fields("a flag", Self::label)?;
                self.at_least_one(&flags, "flags", "flag", span);
                Definition::Flags { flags }
            }
            Some("resource") => self.resource()?,
            _ => self.alias()?,
        };
        Ok(TypeDecl {
            docs,
            attributes,
            span: start.to(self.last()),
            id,
            definition,
        })
    }

    fn alias(&mut self) -> Parse<Definition<'a>> {
        self.expect(TokenKind::Equals)?;
        let definition = if self.at_func() {
            Definition::Func(self.func()?)
        } else {
            Definition::Alias { ty: self.ty()? }
        };
        self.semicolon()?;
        Ok(definition)
    }

    /// What is between the braces of a record and its like, with their span.
    fn fields<T>(
        &mut self,
        expected: &str,
        item: impl FnMut(&mut Self) -> Parse<T>,
    ) -> Parse<(Vec<T>, Span)> {
        self.lays_out(Layout::Fields);
        let opened = self.expect(TokenKind::OpenBrace)?;
        let (items, end) = self.list(opened, TokenKind::CloseBrace, item, expected)?;
        Ok((items, opened.to(end)))
    }

    fn at_least_one<T>(&mut self, items: &[T], what: &'static str, part: &'static str, span: Span) {
        let wrong = |error: &SyntaxError| error.span() >= span && error.span().end <= span.end;
        if items.is_empty() && !self.errors.iter().any(wrong) {
            let kind = SyntaxErrorKind::EmptyType { what, part };
            self.report(SyntaxError::new(kind, span, format!("no {part}")));
        }
    }

    fn field(&mut self) -> Parse<Field<'a>> {
        let docs = self.docs();
        let id = self.ident("a name")?;
        self.expect(TokenKind::Colon)?;
        let ty = self.ty()?;
        Ok(Field {
            docs,
            span: id.span.to(ty.span),
            id,
            ty,
        })
    }

    fn case(&mut self) -> Parse<Case<'a>> {
        let docs = self.docs();
        let id = self.ident("a name")?;
        let ty = match self.eat(TokenKind::OpenParen) {
            Some(_) => {
                let ty = self.ty()?;
                self.expect(TokenKind::CloseParen)?;
                Some(ty)
            }
            None => None,
        };
        Ok(Case {
            docs,
            span: id.span.to(self.last()),
            id,
            ty,
        })
    }

    fn label(&mut self) -> Parse<Label<'a>> {
        let docs = self.docs();
        let id = self.ident("a name")?;
        Ok(Label { docs, id })
    }

    fn resource(&mut self) -> Parse<Definition<'a>> {
        if self.eat(TokenKind::Semicolon).is_some() {
            return Ok(Definition::Resource { items: vec![] });
        }
        if !self.at_kind(TokenKind::OpenBrace) {
            return Err(self.expected("`{` or `;`"));
        }
        self.lays_out(Layout::Block);
        let opened = self.advance();
        let (items, _) = self.block(opened, Holds::Items, Self::resource_item);
        Ok(Definition::Resource { items })
    }

    fn resource_item(&mut self) -> Parse<ResourceItem<'a>> {
        let docs = self.docs();
        let attributes = self.attributes()?;
        let start = self.here();
        if self.word(0) == Some("constructor") && self.kind(1) == TokenKind::OpenParen {
            self.advance();
            let params = self.params()?;
            let result = self.result()?;
            self.semicolon()?;
            return Ok(ResourceItem::Constructor {
                docs,
                attributes,
                span: start.to(self.last()),
                params,
                result,
            });
        }
        let id = self.ident("`constructor` or the name of a function")?;
        self.colon_after(&["constructor"])?;
        let is_static = self.word(0) == Some("static") && self.kind(1).is_name();
        if is_static {
            self.advance();
        }
        let func = self.func()?;
        self.semicolon()?;
        Ok(ResourceItem::Method {
            docs,
            attributes,
            span: start.to(self.last()),
            id,
            is_static,
            func,
        })
    }

    /// The `:` after a name, which may be a keyword with a letter wrong.
    pub(super) fn colon_after(&mut self, keywords: &[&str]) -> Parse<Span> {
        if let Some(span) = self.eat(TokenKind::Colon) {
            return Ok(span);
        }
        let next = self.at;
        self.at = next.saturating_sub(1);
        let kind = self.token(next).kind;
        let misspelt = kind.is_name() || kind == TokenKind::OpenParen;
        if misspelt && self.near_keyword(keywords) {
            return Err(self.expected_one_of(keywords, "an item"));
        }
        self.at = next;
        Err(self.expected("`:`"))
    }

    // ---- functions ----

    /// Whether the type of a function begins here.
    pub(super) fn at_func(&self) -> bool {
        match self.word(0) {
            Some("async" | "func") => self.kind(1) != TokenKind::Colon,
            Some("get" | "set") => self.kind(1) == TokenKind::OpenParen,
            _ => false,
        }
    }

    pub(super) fn func_ref(&mut self) -> Parse<FuncRef<'a>> {
        if self.at_func() {
            return self.func().map(FuncRef::Func);
        }
        if self.kind(1) == TokenKind::OpenParen {
            return Err(self.expected_one_of(&["func", "get", "set"], "`func`"));
        }
        self.ident("`func`, or the name of a function type")
            .map(FuncRef::Ident)
    }

    pub(super) fn func(&mut self) -> Parse<FuncType<'a>> {
        let start = self.here();
        let is_async = self.eat_word("async").is_some();
        let flavor = match self.word(0) {
            Some("get") if !is_async => Flavor::Getter,
            Some("set") if !is_async => Flavor::Setter,
            Some("func") if is_async => Flavor::Async,
            Some("func") => Flavor::Sync,
            _ => return Err(self.expected_one_of(&["func"], "`func`")),
        };
        self.advance();
        let params = self.params()?;
        let result = self.result()?;
        Ok(FuncType {
            span: start.to(self.last()),
            flavor,
            params,
            result,
        })
    }

    fn params(&mut self) -> Parse<Vec<Field<'a>>> {
        self.lays_out(Layout::Tight);
        let opened = self.expect(TokenKind::OpenParen)?;
        let (params, _) = self.list(opened, TokenKind::CloseParen, Self::field, "a parameter")?;
        Ok(params)
    }

    fn result(&mut self) -> Parse<Option<Type<'a>>> {
        if self.eat(TokenKind::Arrow).is_none() {
            return Ok(None);
        }
        if self.at_kind(TokenKind::OpenParen) {
            let error = self.unexpected("a type", self.here());
            let help = "a function has one result: name a record, or write a tuple";
            return Err(self.fail(error.with_help(help)));
        }
        self.ty().map(Some)
    }

    // ---- types ----

    pub(super) fn ty(&mut self) -> Parse<Type<'a>> {
        self.nested(Self::ty_here)
    }

    fn ty_here(&mut self) -> Parse<Type<'a>> {
        let start = self.here();
        let kind = match self.word(0) {
            Some(word) => self.type_word(word)?,
            None => TypeKind::Name(self.ident("a type")?),
        };
        Ok(Type {
            span: start.to(self.last()),
            kind,
        })
    }

    fn type_word(&mut self, word: &str) -> Parse<TypeKind<'a>> {
        if let Some(name) = primitive(word) {
            self.advance();
            return Ok(TypeKind::Primitive { name });
        }
        // `map` and `own` came late, and are names where nothing is in them.
        let angle = self.kind(1) == TokenKind::OpenAngle;
        match word {
            "list" => self.list_type(),
            "map" if angle => {
                self.open()?;
                let key = Box::new(self.ty()?);
                self.expect(TokenKind::Comma)?;
                let value = Box::new(self.ty()?);
                self.expect(TokenKind::CloseAngle)?;
                Ok(TypeKind::Map { key, value })
            }
            "option" => {
                let some = self.inner()?;
                Ok(TypeKind::Option { some })
            }
            "result" => self.result_type(),
            "tuple" => self.tuple_type(),
            "own" if angle => {
                let resource = self.inner_name()?;
                Ok(TypeKind::Own { resource })
            }
            "borrow" => {
                let resource = self.inner_name()?;
                Ok(TypeKind::Borrow { resource })
            }
            "stream" => {
                let element = self.inner_if(angle)?;
                Ok(TypeKind::Stream { element })
            }
            "future" => {
                let element = self.inner_if(angle)?;
                Ok(TypeKind::Future { element })
            }
            "error-context" => {
                self.advance();
                Ok(TypeKind::ErrorContext)
            }
            _ if angle => Err(self.expected_one_of(ANGLED, "a type that can have `<…>`")),
            _ => self.ident("a type").map(TypeKind::Name),
        }
    }

    fn list_type(&mut self) -> Parse<TypeKind<'a>> {
        self.open()?;
        let element = Box::new(self.ty()?);
        let length = match self.eat(TokenKind::Comma) {
            Some(_) => Some(self.length()?),
            None => None,
        };
        self.expect(TokenKind::CloseAngle)?;
        Ok(TypeKind::List { element, length })
    }

    fn length(&mut self) -> Parse<u32> {
        if !self.at_kind(TokenKind::Number) {
            return Err(self.expected("the length of the list"));
        }
        let span = self.here();
        let text = span.text(self.source);
        match text.parse() {
            Ok(length) => {
                self.advance();
                Ok(length)
            }
            Err(_) => {
                let kind = SyntaxErrorKind::Length(text.to_owned());
                Err(self.fail(SyntaxError::new(kind, span, "not a length")))
            }
        }
    }

    fn result_type(&mut self) -> Parse<TypeKind<'a>> {
        let (mut ok, mut err) = (None, None);
        self.advance();
        if self.eat(TokenKind::OpenAngle).is_some() {
            if self.eat_word("_").is_none() {
                ok = Some(Box::new(self.ty()?));
            }
            // Nothing on both sides is written `result`; WAC lets each be `_` all the same.
            if self.eat(TokenKind::Comma).is_some() && self.eat_word("_").is_none() {
                err = Some(Box::new(self.ty()?));
            }
            self.expect(TokenKind::CloseAngle)?;
        }
        Ok(TypeKind::Result { ok, err })
    }

    fn tuple_type(&mut self) -> Parse<TypeKind<'a>> {
        let start = self.advance();
        let opened = self.expect(TokenKind::OpenAngle)?;
        let (types, end) = self.list(opened, TokenKind::CloseAngle, Self::ty, "a type")?;
        self.at_least_one(&types, "a tuple", "type", start.to(end));
        Ok(TypeKind::Tuple { types })
    }

    /// A keyword, and `<`.
    fn open(&mut self) -> Parse<Span> {
        self.advance();
        self.expect(TokenKind::OpenAngle)
    }

    fn inner(&mut self) -> Parse<Box<Type<'a>>> {
        self.open()?;
        let ty = self.ty()?;
        self.expect(TokenKind::CloseAngle)?;
        Ok(Box::new(ty))
    }

    fn inner_if(&mut self, there: bool) -> Parse<Option<Box<Type<'a>>>> {
        if there {
            return self.inner().map(Some);
        }
        self.advance();
        Ok(None)
    }

    fn inner_name(&mut self) -> Parse<Ident<'a>> {
        self.open()?;
        let name = self.resource_name()?;
        self.expect(TokenKind::CloseAngle)?;
        Ok(name)
    }
}

fn primitive(word: &str) -> Option<Primitive> {
    Some(match word {
        "bool" => Primitive::Bool,
        "u8" => Primitive::U8,
        "u16" => Primitive::U16,
        "u32" => Primitive::U32,
        "u64" => Primitive::U64,
        "s8" => Primitive::S8,
        "s16" => Primitive::S16,
        "s32" => Primitive::S32,
        "s64" => Primitive::S64,
        "f32" => Primitive::F32,
        "f64" => Primitive::F64,
        "char" => Primitive::Char,
        "string" => Primitive::String,
        _ => return None,
    })
}

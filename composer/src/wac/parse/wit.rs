//! Interfaces and worlds.

use super::form::Form;
use super::name::Versions;
use super::recover::Holds;
use super::types::DECLARATIONS;
use super::{Failed, Layout, Parse, Parser};
use crate::wac::ast::{
    Attribute, Doc, Extern, ExternKind, Func, Ident, Include, IncludeName, InlineInterface,
    Interface, InterfaceItem, Use, UseItem, UsePath, World, WorldItem,
};
use crate::wac::error::{SyntaxError, SyntaxErrorKind};
use crate::wac::span::Span;
use crate::wac::token::TokenKind;

/// What an item of a world begins with.
const WORLD_ITEMS: &[&str] = &[
    "import", "export", "include", "use", "type", "record", "variant", "enum", "flags", "resource",
];

impl<'a> Parser<'a> {
    /// What is said of the next item.
    pub(super) fn attributes(&mut self) -> Parse<Vec<Attribute<'a>>> {
        let mut attributes: Vec<Attribute<'a>> = vec![];
        while self.at_kind(TokenKind::At) {
            let attribute = self.attribute()?;
            let kind = std::mem::discriminant(&attribute);
            if attributes
                .iter()
                .any(|it| std::mem::discriminant(it) == kind)
            {
                let message = "an item has each attribute once at most".to_owned();
                let kind = SyntaxErrorKind::Attribute(message);
                let error = SyntaxError::new(kind, attribute.span(), "once more");
                self.report(error.with_help("leave out all but one"));
            }
            attributes.push(attribute);
            self.starts();
        }
        Ok(attributes)
    }

    fn attribute(&mut self) -> Parse<Attribute<'a>> {
        const NAMES: &[&str] = &["since", "unstable", "deprecated", "external-id"];
        self.joins_after();
        let start = self.advance();
        let name = self.word(0).unwrap_or("");
        if !NAMES.contains(&name) {
            let expected = "`since`, `unstable`, `deprecated` or `external-id`";
            return Err(self.expected_one_of(NAMES, expected));
        }
        self.advance();
        self.expect(TokenKind::OpenParen)?;
        let attribute = match name {
            "external-id" => Attribute::ExternalId {
                id: self.text("the id, as a string")?,
                span: start,
            },
            "unstable" => {
                self.expect_word("feature")?;
                self.expect(TokenKind::Equals)?;
                Attribute::Unstable {
                    feature: self.ident("the name of a feature")?,
                    span: start,
                }
            }
            _ => {
                self.expect_word("version")?;
                self.expect(TokenKind::Equals)?;
                let (version, span) = (self.number("a version", Versions::Exact)?, start);
                match name {
                    "since" => Attribute::Since { span, version },
                    _ => Attribute::Deprecated { span, version },
                }
            }
        };
        let end = start.to(self.expect(TokenKind::CloseParen)?);
        Ok(match attribute {
            Attribute::Since { version, .. } => Attribute::Since { span: end, version },
            Attribute::Deprecated { version, .. } => Attribute::Deprecated { span: end, version },
            Attribute::Unstable { feature, .. } => Attribute::Unstable { span: end, feature },
            Attribute::ExternalId { id, .. } => Attribute::ExternalId { span: end, id },
        })
    }

    /// Refuses attributes on what can have none.
    pub(super) fn no_attributes(&mut self, attributes: &[Attribute<'_>], what: &str) {
        if let Some(attribute) = attributes.first() {
            let kind = SyntaxErrorKind::Attribute(format!("{what} has no attributes"));
            self.report(SyntaxError::new(kind, attribute.span(), "this one"));
        }
    }

    /// Refuses an external id on what can have none.
    pub(super) fn no_external_id(&mut self, attributes: &[Attribute<'_>], what: &str) {
        let mut spans = attributes.iter();
        if let Some(attribute) = spans.find(|it| matches!(it, Attribute::ExternalId { .. })) {
            let kind = SyntaxErrorKind::Attribute(format!("{what} has no external id"));
            self.report(SyntaxError::new(kind, attribute.span(), "this one"));
        }
    }

    // ---- interfaces ----

    pub(super) fn interface(
        &mut self,
        docs: Vec<Doc<'a>>,
        attributes: Vec<Attribute<'a>>,
    ) -> Parse<Interface<'a>> {
        self.no_external_id(&attributes, "an interface");
        let start = self.advance();
        let id = self.ident("the name of the interface")?;
        let (items, end) = self.interface_items()?;
        Ok(Interface {
            docs,
            attributes,
            span: start.to(end),
            id,
            items,
        })
    }

    pub(super) fn inline_interface(&mut self) -> Parse<InlineInterface<'a>> {
        let start = self.advance();
        let (items, end) = self.interface_items()?;
        Ok(InlineInterface {
            span: start.to(end),
            items,
        })
    }

    fn interface_items(&mut self) -> Parse<(Vec<InterfaceItem<'a>>, Span)> {
        let opened = self.open_block()?;
        Ok(self.block(opened, Holds::Items, Self::interface_item))
    }

    fn interface_item(&mut self) -> Parse<InterfaceItem<'a>> {
        let docs = self.docs();
        let attributes = self.attributes()?;
        if self.word(0) == Some("use") && self.kind(1) != TokenKind::Colon {
            return self.use_types(docs, attributes).map(InterfaceItem::Use);
        }
        if self.at_declaration() {
            return self.declaration(docs, attributes).map(InterfaceItem::Type);
        }
        let id = self.ident("`use`, a type, a function or `}`")?;
        self.colon_after(&[
            "use", "type", "record", "variant", "enum", "flags", "resource",
        ])?;
        let func = self.func_ref()?;
        self.semicolon()?;
        Ok(InterfaceItem::Func(Func {
            docs,
            attributes,
            span: id.span.to(self.last()),
            id,
            func,
        }))
    }

    fn use_types(&mut self, docs: Vec<Doc<'a>>, attributes: Vec<Attribute<'a>>) -> Parse<Use<'a>> {
        let start = self.advance();
        let path = self.use_path(Form::Interface, "the name of an interface")?;
        self.joins();
        self.expect(TokenKind::Dot)?;
        self.lays_out(Layout::Tight);
        let opened = self.expect(TokenKind::OpenBrace)?;
        let item = |parser: &mut Self| {
            let id = parser.ident("the name of a type")?;
            let name = parser.renamed()?;
            Ok(UseItem { id, name })
        };
        let (items, _) = self.list(opened, TokenKind::CloseBrace, item, "a type")?;
        self.semicolon()?;
        Ok(Use {
            docs,
            attributes,
            span: start.to(self.last()),
            path,
            items,
        })
    }

    /// `as name`
    pub(super) fn renamed(&mut self) -> Parse<Option<Ident<'a>>> {
        match self.eat_word("as") {
            Some(_) => self.ident("a name").map(Some),
            None => Ok(None),
        }
    }

    // ---- worlds ----

    pub(super) fn world(
        &mut self,
        docs: Vec<Doc<'a>>,
        attributes: Vec<Attribute<'a>>,
    ) -> Parse<World<'a>> {
        self.no_external_id(&attributes, "a world");
        let start = self.advance();
        let id = self.ident("the name of the world")?;
        let opened = self.open_block()?;
        let (items, end) = self.block(opened, Holds::Items, Self::world_item);
        Ok(World {
            docs,
            attributes,
            span: start.to(end),
            id,
            items,
        })
    }

    fn world_item(&mut self) -> Parse<WorldItem<'a>> {
        let docs = self.docs();
        let attributes = self.attributes()?;
        match self.word(0) {
            Some("import") => self.external(docs, attributes).map(WorldItem::Import),
            Some("export") => self.external(docs, attributes).map(WorldItem::Export),
            Some("include") => self.include(docs, attributes).map(WorldItem::Include),
            Some("use") => self.use_types(docs, attributes).map(WorldItem::Use),
            Some(word) if DECLARATIONS.contains(&word) => {
                self.declaration(docs, attributes).map(WorldItem::Type)
            }
            _ => {
                let expected = "`import`, `export`, `include`, `use`, a type or `}`";
                Err(self.expected_one_of(WORLD_ITEMS, expected))
            }
        }
    }

    fn external(
        &mut self,
        docs: Vec<Doc<'a>>,
        attributes: Vec<Attribute<'a>>,
    ) -> Parse<Extern<'a>> {
        let start = self.advance();
        let name = match self.at_label() {
            true => {
                let name = self.ident("a name")?;
                self.expect(TokenKind::Colon)?;
                Some(name)
            }
            false => None,
        };
        let kind = match name {
            Some(_) if self.at_func() => ExternKind::Func(self.func()?),
            Some(_) if self.word(0) == Some("interface") => {
                ExternKind::Interface(self.inline_interface()?)
            }
            Some(_) if self.kind(1) == TokenKind::OpenParen => {
                return Err(self.expected_one_of(&["func", "get", "set"], "`func`"));
            }
            Some(_) => ExternKind::Path {
                path: self.use_path(
                    Form::Interface,
                    "`func`, `interface` or the name of an interface",
                )?,
            },
            None => ExternKind::Path {
                path: self.use_path(Form::Interface, "a name, or the path of an interface")?,
            },
        };
        // WIT has nothing after the `}` of an interface, and WAC a `;`.
        match kind {
            ExternKind::Interface(_) => {
                self.eat(TokenKind::Semicolon);
            }
            _ => {
                self.semicolon()?;
            }
        }
        Ok(Extern {
            docs,
            attributes,
            span: start.to(self.last()),
            name,
            kind,
        })
    }

    /// Whether `name:` is next, and not a path, which begins with `name:name/`. With three names before the `/`, the
    /// first is that of a path if there is no space after it: WAC's paths have as many as they like, and WIT's two.
    fn at_label(&self) -> bool {
        if self.kind(1) != TokenKind::Colon {
            return false;
        }
        if self.kind(3) == TokenKind::Colon {
            return self.peek(1).span.end != self.peek(2).span.start;
        }
        self.kind(3) != TokenKind::Slash
    }

    fn include(
        &mut self,
        docs: Vec<Doc<'a>>,
        attributes: Vec<Attribute<'a>>,
    ) -> Parse<Include<'a>> {
        self.no_external_id(&attributes, "an `include`");
        let start = self.advance();
        let world: UsePath<'a> = self.use_path(Form::World, "the name or path of a world")?;
        let mut with = vec![];
        if self.eat_word("with").is_some() {
            self.lays_out(Layout::Spaced);
            let opened = self.expect(TokenKind::OpenBrace)?;
            let close = TokenKind::CloseBrace;
            (with, _) = self.list(opened, close, Self::include_name, "`name as name`")?;
            self.eat(TokenKind::Semicolon);
        } else {
            self.semicolon()?;
        }
        Ok(Include {
            docs,
            attributes,
            span: start.to(self.last()),
            world,
            with,
        })
    }

    fn include_name(&mut self) -> Result<IncludeName<'a>, Failed> {
        let id = self.ident("a name")?;
        self.expect_word("as")?;
        let name = self.ident("a name")?;
        Ok(IncludeName { id, name })
    }
}

//! The document, and its statements.

use super::form::Form;
use super::name::Versions;
use super::recover::Holds;
use super::{Failed, Layout, Parse, Parser};
use crate::wac::ast::{
    Attribute, Doc, Document, Export, ExportAs, Import, ImportKind, Let, NestedPackage,
    PackageDecl, Statement, TopUse,
};
use crate::wac::error::{SyntaxError, SyntaxErrorKind};
use crate::wac::span::Span;
use crate::wac::token::TokenKind;

/// What a statement begins with.
const STATEMENTS: &[&str] = &[
    "import",
    "let",
    "export",
    "type",
    "record",
    "variant",
    "enum",
    "flags",
    "interface",
    "world",
    "use",
    "package",
];

/// What a statement of a package inside of a document begins with.
const PACKAGE_STATEMENTS: &[&str] = &["interface", "world", "use"];

impl<'a> Parser<'a> {
    pub(super) fn document(&mut self, named: bool) -> Document<'a> {
        let package = self.package(named);
        let mut statements = vec![];
        while !self.at_kind(TokenKind::End) {
            // After an error, a brace that closes nothing is what is left of what was skipped.
            if self.at_kind(TokenKind::CloseBrace) && !self.errors.is_empty() {
                self.advance();
                continue;
            }
            let start = self.at;
            self.starts();
            match self.statement(STATEMENTS) {
                Ok(statement) => statements.push(statement),
                Err(Failed) => {
                    self.recover(start);
                    if self.at == start {
                        self.advance();
                    }
                }
            }
        }
        Document {
            package,
            statements,
        }
    }

    /// `package …;`, if that is next or must be.
    fn package(&mut self, named: bool) -> Option<PackageDecl<'a>> {
        if self.word(0) != Some("package") || !named && !self.declares_package() {
            if named && !self.at_kind(TokenKind::Unknown) {
                let error = self.unexpected("`package`", self.here());
                let help = "begin with the name of what is composed, such as `package acme:app;`";
                self.report(error.with_help(help));
            }
            return None;
        }
        let start = self.at;
        self.starts();
        match self.package_decl() {
            Ok(package) => Some(package),
            Err(Failed) => {
                self.recover(start);
                None
            }
        }
    }

    /// Whether the package that is next has no body.
    fn declares_package(&self) -> bool {
        let mut index = self.at + 1;
        loop {
            match self.token(index).kind {
                TokenKind::OpenBrace => return false,
                TokenKind::Semicolon | TokenKind::End => return true,
                _ if self.looks_like_item(index) => return true,
                _ => index += 1,
            }
        }
    }

    fn package_decl(&mut self) -> Parse<PackageDecl<'a>> {
        let docs = self.docs();
        let start = self.advance();
        let name = self.package_name(Form::Package, Versions::Exact)?;
        let targets = match self.eat_word("targets") {
            Some(_) => Some(self.package_path(Form::World, Versions::Required)?),
            None => None,
        };
        if self.kind(0).is_name() && !self.first_on_line(self.at) {
            return Err(self.expected_one_of(&["targets"], "`targets` or `;`"));
        }
        self.semicolon()?;
        Ok(PackageDecl {
            docs,
            span: start.to(self.last()),
            name,
            targets,
        })
    }

    fn statement(&mut self, keywords: &[&str]) -> Parse<Statement<'a>> {
        let docs = self.docs();
        let attributes = self.attributes()?;
        let word = self.word(0).unwrap_or("");
        let misplaced = match word {
            "resource" => Some((
                "a resource belongs to an interface or a world",
                "put it into an `interface`",
            )),
            "package" if !keywords.contains(&word) => Some((
                "a package cannot be inside of another one",
                "write one after the other",
            )),
            _ => None,
        };
        if let Some((why, help)) = misplaced {
            let error = SyntaxError::new(SyntaxErrorKind::Misplaced(why), self.here(), "not here");
            return Err(self.fail(error.with_help(help)));
        }
        if !keywords.contains(&word) {
            let mut expected: Vec<_> = keywords.iter().map(|it| format!("`{it}`")).collect();
            let last = expected.pop().unwrap_or_default();
            let expected = format!("{} or {last}", expected.join(", "));
            return Err(self.expected_one_of(keywords, &expected));
        }
        match word {
            "import" => self.import(docs, attributes).map(Statement::Import),
            "let" => {
                self.no_attributes(&attributes, "a `let`");
                self.binding(docs).map(Statement::Let)
            }
            "export" => self.export(docs, attributes).map(Statement::Export),
            "interface" => self.interface(docs, attributes).map(Statement::Interface),
            "world" => self.world(docs, attributes).map(Statement::World),
            "use" => self.top_use(docs, attributes).map(Statement::Use),
            "package" => {
                self.no_attributes(&attributes, "a package");
                self.nested_package(docs).map(Statement::Package)
            }
            _ => self.declaration(docs, attributes).map(Statement::Type),
        }
    }

    fn import(&mut self, docs: Vec<Doc<'a>>, attributes: Vec<Attribute<'a>>) -> Parse<Import<'a>> {
        let start = self.advance();
        let path = self.here();
        let expected = "the name by which the document knows what is imported";
        if self.at_kind(TokenKind::Text) {
            let name = path.text(self.source);
            let help = format!("write it behind such a name: `import NAME as {name}: …;`");
            let error = self.unexpected(expected, path).with_help(help);
            return Err(self.fail(error));
        }
        let id = self.ident(expected)?;
        let name = match self.eat_word("as") {
            Some(_) => Some(self.extern_name()?),
            None => None,
        };
        self.expect(TokenKind::Colon)?;
        let import = if self.at_func() {
            ImportKind::Func(self.func()?)
        } else if self.word(0) == Some("interface") && self.kind(1) == TokenKind::OpenBrace {
            ImportKind::Interface(self.inline_interface()?)
        } else if self.at_path() {
            ImportKind::Path(self.package_path(Form::Interface, Versions::Required)?)
        } else if self.kind(0).is_name() && self.kind(1) == TokenKind::Slash {
            return Err(self.nameless_import(path));
        } else if self.kind(1) == TokenKind::OpenParen {
            return Err(self.expected_one_of(&["func", "get", "set"], "`func`"));
        } else {
            let expected = "the path of an interface, `func`, `interface {` or a name";
            ImportKind::Ident(self.ident(expected)?)
        };
        self.semicolon()?;
        Ok(Import {
            docs,
            attributes,
            span: start.to(self.last()),
            id,
            name,
            import,
        })
    }

    /// `import a:b/c;`, as a world has it.
    fn nameless_import(&mut self, path: Span) -> Failed {
        let last = self.peek(2).span;
        let kind = SyntaxErrorKind::Misplaced("what a document imports needs a name in it");
        let error = SyntaxError::new(kind, path.to(last), "a path without a name");
        let item = last.text(self.source);
        let path = path.to(last).text(self.source);
        self.fail(error.with_help(format!("write `import {item}: {path};`")))
    }

    fn binding(&mut self, docs: Vec<Doc<'a>>) -> Parse<Let<'a>> {
        let start = self.advance();
        let id = self.ident("a name")?;
        self.expect(TokenKind::Equals)?;
        let value = self.expression()?;
        self.semicolon()?;
        Ok(Let {
            docs,
            span: start.to(self.last()),
            id,
            value,
        })
    }

    fn export(&mut self, docs: Vec<Doc<'a>>, attributes: Vec<Attribute<'a>>) -> Parse<Export<'a>> {
        let start = self.advance();
        let value = self.expression()?;
        let name = if self.at_kind(TokenKind::Ellipsis) {
            self.mark(self.at, |mark| mark.joins_before = true);
            let span = self.advance();
            if self.word(0) == Some("as") {
                return Err(self.spread_and_name());
            }
            ExportAs::Spread { span }
        } else if self.eat_word("as").is_some() {
            let name = self.extern_name()?;
            if self.at_kind(TokenKind::Ellipsis) {
                return Err(self.spread_and_name());
            }
            ExportAs::Name { name }
        } else {
            ExportAs::Inferred
        };
        self.semicolon()?;
        Ok(Export {
            docs,
            attributes,
            span: start.to(self.last()),
            value,
            name,
        })
    }

    /// `export a... as b;` or `export a as b...;`
    fn spread_and_name(&mut self) -> Failed {
        let error = self.unexpected("`;`", self.here());
        self.fail(error.with_help(
            "`...` exports each thing under its own name, and `as` all of them as one instance: leave one of both out",
        ))
    }

    fn top_use(&mut self, docs: Vec<Doc<'a>>, attributes: Vec<Attribute<'a>>) -> Parse<TopUse<'a>> {
        let start = self.advance();
        let path = self.use_path(Form::Interface, "the name or path of an interface")?;
        if self.at_kind(TokenKind::Dot) {
            let used = start.to(self.last()).text(self.source);
            let why = "types are used in interfaces and worlds";
            let error = SyntaxError::new(SyntaxErrorKind::Misplaced(why), self.here(), "not here");
            let help = format!("put it into one, or write `{used};` for the interface itself");
            return Err(self.fail(error.with_help(help)));
        }
        let name = self.renamed()?;
        self.semicolon()?;
        Ok(TopUse {
            docs,
            attributes,
            span: start.to(self.last()),
            path,
            name,
        })
    }

    fn nested_package(&mut self, docs: Vec<Doc<'a>>) -> Parse<NestedPackage<'a>> {
        let start = self.advance();
        let name = self.package_name(Form::Package, Versions::Exact)?;
        if self.at_kind(TokenKind::Semicolon) {
            let why = "a document has one package";
            let error =
                SyntaxError::new(SyntaxErrorKind::Misplaced(why), self.here(), "no `{` here");
            return Err(self.fail(
                error.with_help("write what belongs to another one as `package a:b { … }`"),
            ));
        }
        self.lays_out(Layout::Block);
        let opened = self.expect(TokenKind::OpenBrace)?;
        let statement = |parser: &mut Self| parser.statement(PACKAGE_STATEMENTS);
        let (statements, end) = self.block(opened, Holds::Statements, statement);
        Ok(NestedPackage {
            docs,
            span: start.to(end),
            name,
            statements,
        })
    }
}

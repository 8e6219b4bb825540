//! Names, paths, versions and strings.

use super::form::Form;
use super::{Failed, Parse, Parser};
use crate::wac::ast::{
    ExternName, Ident, PackageName, PackagePath, Text, UsePath, Version, Wanted,
};
use crate::wac::error::{SyntaxError, SyntaxErrorKind};
use crate::wac::lexer::unescape;
use crate::wac::span::Span;
use crate::wac::token::{Token, TokenKind};
use semver::VersionReq;

/// Which versions a name may have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Versions {
    /// Whole ones.
    Exact,
    /// Whole ones, and requirements.
    Required,
}

/// What is always a type, where a type is expected.
pub(crate) const BUILT_IN: &[&str] = &[
    "_",
    "bool",
    "u8",
    "u16",
    "u32",
    "u64",
    "s8",
    "s16",
    "s32",
    "s64",
    "f32",
    "f64",
    "char",
    "string",
    "list",
    "option",
    "result",
    "tuple",
    "borrow",
    "stream",
    "future",
    "error-context",
];

impl<'a> Parser<'a> {
    /// An identifier; any word will do.
    pub(super) fn ident(&mut self, expected: &str) -> Parse<Ident<'a>> {
        if !self.kind(0).is_name() || self.word(0) == Some("_") {
            return Err(self.expected(expected));
        }
        Ok(self.any_ident())
    }

    /// The name of a type, which must not be one that every document has.
    pub(super) fn type_name(&mut self) -> Parse<Ident<'a>> {
        if let Some(word) = self.word(0)
            && BUILT_IN.contains(&word)
        {
            let kind = SyntaxErrorKind::Reserved(word.to_owned());
            let error = SyntaxError::new(kind, self.here(), "this is always a type");
            let help =
                format!("choose another name, or write `%{word}`, here and where it is used");
            return Err(self.fail(error.with_help(help)));
        }
        self.ident("the name of the type")
    }

    /// The name of a resource that a type speaks of.
    pub(super) fn resource_name(&mut self) -> Parse<Ident<'a>> {
        if self.word(0).is_some_and(|word| BUILT_IN.contains(&word)) {
            return Err(self.expected("the name of a resource"));
        }
        self.ident("the name of a resource")
    }

    fn any_ident(&mut self) -> Ident<'a> {
        let span = self.advance();
        let text = span.text(self.source);
        Ident {
            span,
            name: text.strip_prefix('%').unwrap_or(text),
        }
    }

    pub(super) fn text(&mut self, expected: &str) -> Parse<Text> {
        let span = self.here();
        match self.eat(TokenKind::Text) {
            Some(_) => Ok(Text {
                span,
                value: unescape(span.text(self.source)).unwrap_or_default(),
            }),
            None => Err(self.expected(expected)),
        }
    }

    pub(super) fn extern_name(&mut self) -> Parse<ExternName<'a>> {
        match self.kind(0) {
            TokenKind::Text => self.text("a name").map(ExternName::Text),
            _ => self.ident("a name or a string").map(ExternName::Ident),
        }
    }

    /// `a:b@1.0.0`
    pub(super) fn package_name(
        &mut self,
        form: Form,
        versions: Versions,
    ) -> Parse<PackageName<'a>> {
        let mut name = self.package_parts(form)?;
        name.version = self.version(versions)?;
        name.span = name.span.to(self.last());
        Ok(name)
    }

    /// `a:b/c@1.0.0`
    pub(super) fn package_path(
        &mut self,
        form: Form,
        versions: Versions,
    ) -> Parse<PackagePath<'a>> {
        let mut package = self.package_parts(form)?;
        if !self.at_kind(TokenKind::Slash) {
            return Err(self.lacks_part(form, package.span));
        }
        let mut segments = vec![];
        loop {
            self.joins();
            self.advance();
            segments.push(self.ident("the name of an interface or world")?);
            if !self.at_kind(TokenKind::Slash) {
                break;
            }
        }
        package.version = self.version(versions)?;
        Ok(PackagePath {
            span: package.span.to(self.last()),
            package,
            segments,
        })
    }

    /// `a` or `a:b/c@1.0.0`
    pub(super) fn use_path(&mut self, form: Form, expected: &str) -> Parse<UsePath<'a>> {
        if self.at_path() {
            let path = self.package_path(form, Versions::Exact)?;
            return Ok(UsePath::Package(path));
        }
        self.ident(expected).map(UsePath::Ident)
    }

    /// Whether a path is next that begins with a package, though perhaps in quotes, which are wrong.
    pub(super) fn at_path(&self) -> bool {
        self.kind(1) == TokenKind::Colon || self.at_kind(TokenKind::Text)
    }

    fn package_parts(&mut self, form: Form) -> Parse<PackageName<'a>> {
        self.begins_package(form)?;
        let first = self.ident("the name of a package")?;
        let mut parts = vec![first];
        loop {
            if parts.len() > 1 && !self.at_kind(TokenKind::Colon) {
                break;
            }
            self.joins();
            self.expect(TokenKind::Colon)?;
            parts.push(self.ident("the name of a package")?);
        }
        Ok(PackageName {
            span: first.span.to(self.last()),
            parts,
            version: None,
        })
    }

    fn version(&mut self, versions: Versions) -> Parse<Option<Version<'a>>> {
        if !self.at_kind(TokenKind::At) {
            return Ok(None);
        }
        self.joins();
        self.advance();
        let what = match versions {
            Versions::Exact => "a version",
            Versions::Required => "a version or a version requirement",
        };
        self.number(what, versions).map(Some)
    }

    /// A version, after its `@` or in an attribute.
    pub(super) fn number(&mut self, expected: &str, versions: Versions) -> Parse<Version<'a>> {
        let Token { kind, span } = self.peek(0);
        if kind != TokenKind::Number {
            return Err(self.expected(expected));
        }
        let text = span.text(self.source);
        let wanted = match (semver::Version::parse(text), versions) {
            (Ok(version), _) => Wanted::Exact(version),
            (Err(error), Versions::Exact) => {
                return Err(self.no_version(span, &error));
            }
            (Err(_), Versions::Required) => match VersionReq::parse(text) {
                Ok(requirement) => Wanted::Requirement(requirement),
                Err(error) => return Err(self.no_requirement(span, &error)),
            },
        };
        self.advance();
        Ok(Version { span, text, wanted })
    }

    fn no_version(&mut self, span: Span, error: &semver::Error) -> Failed {
        let text = span.text(self.source).to_owned();
        let why = match VersionReq::parse(&text) {
            Ok(_) => {
                "a requirement can only be in `new`, in an `import` statement and after `targets`"
                    .to_owned()
            }
            Err(_) => error.to_string(),
        };
        let what = "version";
        let kind = SyntaxErrorKind::Version { text, what, why };
        let error = SyntaxError::new(kind, span, "not a version");
        self.fail(error.with_help("write a whole version, such as `1.2.0`"))
    }

    fn no_requirement(&mut self, span: Span, error: &semver::Error) -> Failed {
        let kind = SyntaxErrorKind::Version {
            text: span.text(self.source).to_owned(),
            what: "version requirement",
            why: error.to_string(),
        };
        let error = SyntaxError::new(kind, span, "not a version requirement");
        self.fail(
            error.with_help("write a version such as `1.2.0`, or a requirement such as `^1.2`"),
        )
    }
}

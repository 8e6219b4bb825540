//! What names of packages, and of what is in them, look like, and what is said of those that look otherwise.

use super::{Failed, Parser};
use crate::wac::lexer::unescape;
use crate::wac::span::Span;
use crate::wac::token::TokenKind;

/// What is named.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A package.
    Package,
    /// A package, after `new`.
    New,
    /// An interface of a package.
    Interface,
    /// A world of a package.
    World,
}

impl Form {
    fn expected(self) -> &'static str {
        match self {
            Form::Package | Form::New => "a package such as `ns:name`",
            Form::Interface => "an interface such as `ns:name/interface`",
            Form::World => "a world such as `ns:name/world`",
        }
    }

    /// The name as it is to be written, in backticks.
    fn written(self, name: &str) -> String {
        match self {
            Form::New => format!("`new {name} {{ … }}`"),
            _ => format!("`{name}`"),
        }
    }
}

impl Parser<'_> {
    /// Fails if what is next does not begin as the name of a package does.
    pub(super) fn begins_package(&mut self, form: Form) -> Result<(), Failed> {
        let name = self.kind(0).is_name() && !self.begins_item(self.at);
        if name && self.kind(1) == TokenKind::Colon {
            return Ok(());
        }
        let span = self.here();
        let text = span.text(self.source);
        let example = form.written("ns:name");
        let help = if name {
            let what = form.written(&format!("ns:{text}"));
            match form {
                Form::Package | Form::New => format!("write its namespace, too: {what}"),
                Form::Interface | Form::World => {
                    format!("say of which package: `ns:name/{text}`")
                }
            }
        } else if self.at_kind(TokenKind::Text)
            && let Some(text) = unescape(text)
            && text.contains(':')
        {
            format!("write it without quotes: {}", form.written(&text))
        } else if form == Form::New {
            format!("write {example}")
        } else {
            return Err(self.expected(form.expected()));
        };
        let error = self.unexpected(form.expected(), span).with_help(help);
        Err(self.fail(error))
    }

    /// What was read since `span` is a package, and one of its interfaces or worlds is needed.
    pub(super) fn lacks_part(&mut self, form: Form, span: Span) -> Failed {
        let (kind, part) = (self.kind(0), self.kind(2));
        let named = span.text(self.source);
        let versioned = kind == TokenKind::At && self.kind(1) == TokenKind::Number;
        let version = match versioned {
            true => self.here().to(self.peek(1).span),
            false => Span::default(),
        };
        let number = version.text(self.source);
        let (span, help) = if versioned && part == TokenKind::Slash && self.kind(3).is_name() {
            let part = self.peek(3).span;
            let name = part.text(self.source);
            let help = format!("the version stands last: `{named}/{name}{number}`");
            (span.to(part), help)
        } else {
            let what = match form {
                Form::World => "world",
                _ => "interface",
            };
            let help = format!("say which {what} of it: `{named}/NAME{number}`");
            let span = if versioned { span.to(version) } else { span };
            (span, help)
        };
        let error = self.unexpected(form.expected(), span).with_help(help);
        self.fail(error)
    }

    /// After `new` and the name of a package, no `{`, but perhaps a `/` as in the path of an interface.
    pub(super) fn lacks_arguments(&mut self, package: Span) -> Failed {
        let named = package.text(self.source);
        let right = Form::New.written(named);
        let part = self.peek(1).span;
        let (error, help) = if self.at_kind(TokenKind::Slash) && self.kind(1).is_name() {
            let name = part.text(self.source);
            let error = self.unexpected(Form::New.expected(), package.to(part));
            let help = format!("write {right}, and behind it `.{name}` for what it exports");
            (error, help)
        } else {
            (
                self.unexpected("`{`", self.here()),
                format!("write {right}"),
            )
        };
        self.fail(error.with_help(help))
    }

    /// The name of a package where a value is expected: `new` is missing before it, or it is the path of an interface.
    pub(super) fn no_value(&mut self) -> Failed {
        let package = self.here().to(self.peek(2).span);
        let named = package.text(self.source);
        let is_path = self.kind(3) == TokenKind::Slash && self.kind(4).is_name();
        if is_path {
            let item = self.peek(4).span;
            let path = package.to(item);
            let name = item.text(self.source);
            let help = format!(
                "give it a name first: `import {name}: {};`",
                path.text(self.source)
            );
            let error = self.unexpected("an expression: a name, `new …` or `(…)`", path);
            return self.fail(error.with_help(help));
        }
        let help = format!("write {}", Form::New.written(named));
        let error = self.unexpected("`new` before the name of a package", package);
        self.fail(error.with_help(help))
    }
}

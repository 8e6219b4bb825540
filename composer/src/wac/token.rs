//! The words and signs that a document is made of.

use super::span::Span;

/// A word or sign of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Where it stands.
    pub span: Span,
}

/// What a token is.
///
/// Keywords are words: which of them mean something depends on where they stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenKind {
    /// An identifier or a keyword.
    Word,
    /// An identifier with a `%` before it, which is never a keyword.
    Escaped,
    /// A string, with its quotes.
    Text,
    /// A number, a version, or after `@` a version requirement.
    Number,
    /// `;`
    Semicolon,
    /// `,`
    Comma,
    /// `:`
    Colon,
    /// `=`
    Equals,
    /// `.`
    Dot,
    /// `...`
    Ellipsis,
    /// `/`
    Slash,
    /// `@`
    At,
    /// `->`
    Arrow,
    /// `{`
    OpenBrace,
    /// `}`
    CloseBrace,
    /// `(`
    OpenParen,
    /// `)`
    CloseParen,
    /// `[`
    OpenBracket,
    /// `]`
    CloseBracket,
    /// `<`
    OpenAngle,
    /// `>`
    CloseAngle,
    /// Something that means nothing, of which an error speaks.
    Unknown,
    /// The end of the document.
    End,
}

impl TokenKind {
    pub(super) fn is_name(self) -> bool {
        matches!(self, TokenKind::Word | TokenKind::Escaped)
    }

    pub(super) fn opens(self) -> bool {
        use TokenKind::{OpenAngle, OpenBrace, OpenBracket, OpenParen};
        matches!(self, OpenBrace | OpenParen | OpenBracket | OpenAngle)
    }

    pub(super) fn closes(self) -> bool {
        use TokenKind::{CloseAngle, CloseBrace, CloseBracket, CloseParen};
        matches!(self, CloseBrace | CloseParen | CloseBracket | CloseAngle)
    }

    /// The sign, in backticks, or what kind of word it is.
    pub(super) fn describe(self) -> &'static str {
        match self {
            TokenKind::Word | TokenKind::Escaped => "an identifier",
            TokenKind::Text => "a string",
            TokenKind::Number => "a number",
            TokenKind::Semicolon => "`;`",
            TokenKind::Comma => "`,`",
            TokenKind::Colon => "`:`",
            TokenKind::Equals => "`=`",
            TokenKind::Dot => "`.`",
            TokenKind::Ellipsis => "`...`",
            TokenKind::Slash => "`/`",
            TokenKind::At => "`@`",
            TokenKind::Arrow => "`->`",
            TokenKind::OpenBrace => "`{`",
            TokenKind::CloseBrace => "`}`",
            TokenKind::OpenParen => "`(`",
            TokenKind::CloseParen => "`)`",
            TokenKind::OpenBracket => "`[`",
            TokenKind::CloseBracket => "`]`",
            TokenKind::OpenAngle => "`<`",
            TokenKind::CloseAngle => "`>`",
            TokenKind::Unknown => "something unknown",
            TokenKind::End => "the end of the document",
        }
    }
}

/// A comment of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comment<'a> {
    /// Where it stands.
    pub span: Span,
    /// The whole text, with the signs that make it a comment.
    pub text: &'a str,
    /// Which token follows it, by its place among the tokens.
    pub before: usize,
}

impl<'a> Comment<'a> {
    /// Whether it ends with its line.
    pub fn is_line(&self) -> bool {
        self.text.starts_with("//")
    }

    /// The documentation in it, if it is of the form `/// …` or `/** … */`.
    pub fn documentation(&self) -> Option<&'a str> {
        if let Some(text) = self.text.strip_prefix("///") {
            return (!text.starts_with('/'))
                .then(|| text.strip_prefix(' ').unwrap_or(text).trim_end());
        }
        let text = self.text.strip_prefix("/**")?.strip_suffix("*/")?;
        (!text.is_empty() && !text.starts_with('*')).then(|| text.trim())
    }
}

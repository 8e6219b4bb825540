//! Tokens to a document: recursive descent, which goes on after an error where the next item begins.

mod cursor;
mod expression;
mod form;
mod name;
mod recover;
mod statement;
mod types;
mod wit;

pub(crate) use name::BUILT_IN;

use super::ast::Document;
use super::error::SyntaxError;
use super::lexer::{MAX_ERRORS, lex};
use super::token::{Comment, Token, TokenKind};

/// How deep types and expressions may be inside of each other.
pub const MAX_DEPTH: usize = 256;

/// A document as it was read.
#[derive(Clone, Debug)]
pub struct Parsed<'a> {
    /// What it says. Where there are errors, what could not be read is left out.
    pub document: Document<'a>,
    /// Its comments, in order, those that are documentation too.
    pub comments: Vec<Comment<'a>>,
    /// What is wrong, in order; [`MAX_ERRORS`] of them at most.
    pub errors: Vec<SyntaxError>,
    pub(super) source: &'a str,
    pub(super) tokens: Vec<Token>,
    pub(super) marks: Vec<Mark>,
}

/// Reads a document, which begins with `package …;`.
pub fn parse(source: &str) -> Parsed<'_> {
    read(source, true)
}

/// Reads what can be in a document, such as a file of WIT: `package …;` may be missing.
pub fn parse_body(source: &str) -> Parsed<'_> {
    read(source, false)
}

fn read(source: &str, named: bool) -> Parsed<'_> {
    let lexed = lex(source);
    let mut parser = Parser {
        source,
        marks: vec![Mark::default(); lexed.tokens.len()],
        tokens: lexed.tokens,
        comments: lexed.comments,
        errors: lexed.errors,
        at: 0,
        comment: 0,
        depth: 0,
        blocks: 0,
        synced: None,
    };
    // Of what is too long, nothing else is said.
    let document = match parser.too_long() {
        true => Document::default(),
        false => parser.document(named),
    };
    parser.errors.sort_by_key(SyntaxError::span);
    parser.errors.truncate(MAX_ERRORS);
    Parsed {
        document,
        comments: parser.comments,
        errors: parser.errors,
        source,
        tokens: parser.tokens,
        marks: parser.marks,
    }
}

/// How a token is laid out, as far as that depends on what it means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    /// Whether an item of a list or a block begins here.
    pub(super) starts: bool,
    /// Whether it sticks to what is before it.
    pub(super) joins_before: bool,
    /// Whether it sticks to what is after it.
    pub(super) joins_after: bool,
    /// For what opens something, how that is laid out.
    pub(super) layout: Layout,
}

/// How what is between brackets is laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Layout {
    /// On one line.
    #[default]
    Inline,
    /// As `Inline`, with a space before the bracket.
    Apart,
    /// Each item on a line of its own, without commas.
    Block,
    /// Each item on a line of its own, with a comma after each.
    Fields,
    /// On one line with spaces inside of the brackets, or as `Fields` where that is too long.
    Spaced,
    /// On one line, or as `Fields` where that is too long.
    Tight,
}

/// Reading failed, and the error is reported.
struct Failed;

type Parse<T> = Result<T, Failed>;

struct Parser<'a> {
    source: &'a str,
    tokens: Vec<Token>,
    marks: Vec<Mark>,
    comments: Vec<Comment<'a>>,
    errors: Vec<SyntaxError>,
    /// The next token.
    at: usize,
    /// The first comment that is not before a token that was read.
    comment: usize,
    depth: usize,
    /// How many blocks are open.
    blocks: usize,
    /// Where reading went on after an error; nothing is wrong with that token that follows from nothing else.
    synced: Option<usize>,
}

impl Parser<'_> {
    fn too_long(&self) -> bool {
        let mut codes = self.errors.iter().map(SyntaxError::code);
        codes.any(|code| code == "wac::too-long")
    }

    /// Goes one level deeper, and fails where that is too deep.
    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Parse<T>) -> Parse<T> {
        if self.depth >= MAX_DEPTH {
            return Err(self.too_deep());
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }

    /// Whether the next token is of this kind.
    fn at_kind(&self, kind: TokenKind) -> bool {
        self.kind(0) == kind
    }
}

//! Text to tokens and comments.

use super::error::{SyntaxError, SyntaxErrorKind};
use super::span::Span;
use super::token::{Comment, Token, TokenKind};

/// How many bytes a document may have.
pub const MAX_LEN: usize = 64 << 20;

/// How many errors are reported of one document.
pub const MAX_ERRORS: usize = 64;

/// What a document is made of.
#[derive(Clone, Debug)]
pub struct Lexed<'a> {
    /// The tokens, in order, without the end.
    pub tokens: Vec<Token>,
    /// The comments, in order.
    pub comments: Vec<Comment<'a>>,
    /// What is wrong, in order, [`MAX_ERRORS`] at most. Each part of the text that is no token is a token of the kind [`TokenKind::Unknown`].
    pub errors: Vec<SyntaxError>,
}

/// Takes a document apart.
///
/// Spaces and line ends mean nothing, but that they end words. Identifiers are words of letters and digits with `-`
/// between them, each in lower or in upper case, the first beginning with a letter; a `%` before one says that it is
/// no keyword. A number is what a version can be: digits and what follows them of letters, digits, `.`, `-` and `+`,
/// a `.` only with something after it. Right after an `@` it may be a whole version requirement: numbers or `*`, each
/// after one of `^`, `~`, `=`, `<`, `<=`, `>` and `>=` or nothing, with commas between them, on one line. That is never unclear, as
/// no comma or comparison follows a package's name in any other meaning.
pub fn lex(source: &str) -> Lexed<'_> {
    let mut lexer = Lexer {
        source,
        at: 0,
        lexed: Lexed {
            tokens: vec![],
            comments: vec![],
            errors: vec![],
        },
    };
    if source.len() > MAX_LEN {
        let kind = SyntaxErrorKind::TooLong {
            len: source.len(),
            max: MAX_LEN,
        };
        lexer.error(SyntaxError::new(kind, Span::default(), "the document"));
        return lexer.lexed;
    }
    lexer.refuse_characters();
    lexer.eat('\u{feff}');
    while let Some(char) = lexer.peek() {
        lexer.next(char);
    }
    lexer.lexed.errors.sort_by_key(|error| error.span());
    lexer.lexed
}

struct Lexer<'a> {
    source: &'a str,
    at: usize,
    lexed: Lexed<'a>,
}

impl<'a> Lexer<'a> {
    /// One token or comment, or some space.
    fn next(&mut self, char: char) {
        let start = self.at;
        let after_at = self.lexed.tokens.last().map(|token| token.kind) == Some(TokenKind::At);
        match char {
            ' ' | '\t' | '\n' | '\r' => self.space(),
            '/' if self.rest().starts_with("//") => {
                self.at += self.rest().find('\n').unwrap_or(self.rest().len());
                self.comment(start);
            }
            '/' if self.rest().starts_with("/*") => self.block_comment(),
            '"' => self.text(),
            '0'..='9' | '^' | '~' | '*' | '=' | '<' | '>' if after_at => {
                self.requirement();
                self.token(TokenKind::Number, start);
            }
            '0'..='9' => {
                self.number();
                self.token(TokenKind::Number, start);
            }
            '%' => {
                self.at += 1;
                self.word(start, TokenKind::Escaped);
            }
            '-' if self.rest().starts_with("->") => self.sign(TokenKind::Arrow, 2),
            '.' if self.rest().starts_with("...") => self.sign(TokenKind::Ellipsis, 3),
            ';' => self.sign(TokenKind::Semicolon, 1),
            ',' => self.sign(TokenKind::Comma, 1),
            ':' => self.sign(TokenKind::Colon, 1),
            '=' => self.sign(TokenKind::Equals, 1),
            '.' => self.sign(TokenKind::Dot, 1),
            '/' => self.sign(TokenKind::Slash, 1),
            '@' => self.sign(TokenKind::At, 1),
            '{' => self.sign(TokenKind::OpenBrace, 1),
            '}' => self.sign(TokenKind::CloseBrace, 1),
            '(' => self.sign(TokenKind::OpenParen, 1),
            ')' => self.sign(TokenKind::CloseParen, 1),
            '[' => self.sign(TokenKind::OpenBracket, 1),
            ']' => self.sign(TokenKind::CloseBracket, 1),
            '<' => self.sign(TokenKind::OpenAngle, 1),
            '>' => self.sign(TokenKind::CloseAngle, 1),
            _ if in_word(char) => self.word(start, TokenKind::Word),
            _ => {
                self.at += char.len_utf8();
                if forbidden(char).is_none() {
                    self.unknown(char);
                }
                self.token(TokenKind::Unknown, start);
            }
        }
    }

    /// A character that was read and means nothing. Quotes of another kind are one error with what is between them.
    fn unknown(&mut self, char: char) {
        let span = self.span(self.at - char.len_utf8());
        let help = match char {
            '#' => Some("a comment begins with `//`"),
            '“' | '”' | '„' | '‘' | '’' | '\'' | '`' => {
                let line = self.rest().lines().next().unwrap_or("");
                let closes = |it: char| it == char || matches!(it, '“' | '”' | '’');
                if let Some((at, end)) = line.char_indices().find(|(_, it)| closes(*it)) {
                    self.at += at + end.len_utf8();
                }
                Some("a string is between two `\"`")
            }
            _ => None,
        };
        let kind = SyntaxErrorKind::Expected {
            expected: "a word or a sign of the language".to_owned(),
            found: format!("`{char}`"),
        };
        let error = SyntaxError::new(kind, span, "this means nothing here");
        self.error(match help {
            Some(help) => error.with_help(help),
            None => error,
        });
    }

    fn word(&mut self, start: usize, kind: TokenKind) {
        let from = self.at;
        let rest = self.rest();
        let len = rest.find(|char| !in_word(char)).unwrap_or(rest.len());
        // The `-` of an arrow belongs to no word.
        let arrow = rest.get(..len + 1).is_some_and(|word| word.ends_with("->"));
        self.at += len - usize::from(arrow);
        let text = self.source.get(from..self.at).unwrap_or("");
        if let Some(why) = misspelt(text)
            && (text != "_" || kind == TokenKind::Escaped)
        {
            let kind = SyntaxErrorKind::Identifier {
                text: self.source.get(start..self.at).unwrap_or("").to_owned(),
                why,
            };
            let error = SyntaxError::new(kind, self.span(start), "not an identifier");
            self.error(error.with_help("write words such as `key-value`, with `-` between them"));
        }
        self.token(kind, start);
    }

    /// One version, or something like it.
    fn number(&mut self) {
        while let Some(char) = self.peek() {
            let mut rest = self.rest().chars().skip(1);
            let takes = match char {
                '.' => rest
                    .next()
                    .is_some_and(|next| next.is_ascii_alphanumeric() || matches!(next, '-' | '*')),
                '-' => rest.next() != Some('>'),
                '+' | '*' => true,
                _ => char.is_ascii_alphanumeric(),
            };
            if !takes {
                break;
            }
            self.at += 1;
        }
    }

    /// Comparisons with versions, and commas between them.
    fn requirement(&mut self) {
        loop {
            while self
                .peek()
                .is_some_and(|char| matches!(char, '^' | '~' | '=' | '<' | '>'))
            {
                self.at += 1;
            }
            self.blanks();
            self.number();
            let end = self.at;
            self.blanks();
            if self.eat(',') {
                self.blanks();
                let goes_on = |char: char| char.is_ascii_digit() || "^~*=<>".contains(char);
                if self.peek().is_some_and(goes_on) {
                    continue;
                }
            }
            self.at = end;
            return;
        }
    }

    fn text(&mut self) {
        let start = self.at;
        self.at += 1;
        let mut wrong = None;
        loop {
            match self.peek() {
                None | Some('\n') => {
                    wrong = Some("the string has no end");
                    break;
                }
                Some('"') => {
                    self.at += 1;
                    break;
                }
                Some('\\') => {
                    self.at += 1;
                    if let Some(next @ ('"' | '\\')) = self.peek() {
                        self.at += next.len_utf8();
                    }
                }
                Some(char) => self.at += char.len_utf8(),
            }
        }
        if wrong.is_none() && unescape(self.source.get(start..self.at).unwrap_or("")).is_none() {
            wrong = Some("the string has an escape that means nothing");
        }
        let Some(wrong) = wrong else {
            self.token(TokenKind::Text, start);
            return;
        };
        let error = SyntaxError::new(
            SyntaxErrorKind::Text(wrong),
            self.span(start),
            "this string",
        );
        self.error(if wrong.contains("escape") {
            error.with_help("write `\\\\` for a backslash; there are `\\\"`, `\\'`, `\\t`, `\\n`, `\\r`, `\\u{…}` and two hexadecimal digits")
        } else {
            error
        });
        self.token(TokenKind::Unknown, start);
    }

    /// A comment that may hold others, which are counted.
    fn block_comment(&mut self) {
        let start = self.at;
        let mut depth = 0_usize;
        loop {
            let rest = self.rest();
            if rest.starts_with("/*") {
                depth += 1;
                self.at += 2;
            } else if rest.starts_with("*/") {
                depth -= 1;
                self.at += 2;
                if depth == 0 {
                    break;
                }
            } else if let Some(char) = rest.chars().next() {
                self.at += char.len_utf8();
            } else {
                let opening = Span::new(to_u32(start), to_u32(start) + 2);
                let error = SyntaxError::new(SyntaxErrorKind::Comment, opening, "begins here");
                self.error(error);
                break;
            }
        }
        self.comment(start);
    }

    /// Characters that deceive whoever reads the document on a screen, as WIT has them.
    fn refuse_characters(&mut self) {
        for (start, char) in self.source.char_indices() {
            if let Some(why) = forbidden(char) {
                let span = Span::new(to_u32(start), to_u32(start + char.len_utf8()));
                let kind = SyntaxErrorKind::Character { char, why };
                self.error(SyntaxError::new(kind, span, "this character"));
            }
        }
    }

    fn comment(&mut self, start: usize) {
        let text = self.source.get(start..self.at).unwrap_or("").trim_end();
        self.lexed.comments.push(Comment {
            span: Span::new(to_u32(start), to_u32(start + text.len())),
            text,
            before: self.lexed.tokens.len(),
        });
    }

    fn sign(&mut self, kind: TokenKind, len: usize) {
        let start = self.at;
        self.at += len;
        self.token(kind, start);
    }

    fn token(&mut self, kind: TokenKind, start: usize) {
        let span = self.span(start);
        self.lexed.tokens.push(Token { kind, span });
    }

    fn error(&mut self, error: SyntaxError) {
        if self.lexed.errors.len() < MAX_ERRORS {
            self.lexed.errors.push(error);
        }
    }

    fn span(&self, start: usize) -> Span {
        Span::new(to_u32(start), to_u32(self.at))
    }

    fn space(&mut self) {
        self.skip(&[' ', '\t', '\n', '\r']);
    }

    /// Space on one line.
    fn blanks(&mut self) {
        self.skip(&[' ', '\t']);
    }

    fn skip(&mut self, chars: &[char]) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches(chars).len();
    }

    fn eat(&mut self, char: char) -> bool {
        let eaten = self.peek() == Some(char);
        if eaten {
            self.at += char.len_utf8();
        }
        eaten
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn rest(&self) -> &'a str {
        self.source.get(self.at..).unwrap_or("")
    }
}

/// An offset as spans have it; a document is never as long that it would not fit.
fn to_u32(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

fn in_word(char: char) -> bool {
    char.is_ascii_alphanumeric() || matches!(char, '_' | '-') || char.is_alphanumeric()
}

/// Why a word is no identifier, if it is none.
fn misspelt(text: &str) -> Option<&'static str> {
    if !text.starts_with(|char: char| char.is_ascii_alphabetic()) {
        return Some("it does not begin with a letter from a to z");
    }
    for word in text.split('-') {
        if word.is_empty() {
            return Some("between two `-`, and after the last, there is a word");
        }
        if !word.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Some("it has something other than letters from a to z, digits and `-`");
        }
        if word.bytes().any(|byte| byte.is_ascii_lowercase())
            && word.bytes().any(|byte| byte.is_ascii_uppercase())
        {
            return Some("a word of it has lower and upper case");
        }
    }
    None
}

/// What a string says, given with its quotes.
pub(super) fn unescape(quoted: &str) -> Option<String> {
    let text = quoted.strip_prefix('"')?.strip_suffix('"')?;
    let mut bytes = Vec::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        if char != '\\' {
            let mut buffer = [0; 4];
            bytes.extend_from_slice(char.encode_utf8(&mut buffer).as_bytes());
            continue;
        }
        match chars.next()? {
            same @ ('"' | '\'' | '\\') => bytes.push(u8::try_from(same).ok()?),
            't' => bytes.push(b'\t'),
            'n' => bytes.push(b'\n'),
            'r' => bytes.push(b'\r'),
            'u' => {
                let (digits, rest) = chars.as_str().strip_prefix('{')?.split_once('}')?;
                let number = u32::from_str_radix(&digits.replace('_', ""), 16).ok()?;
                let mut buffer = [0; 4];
                bytes
                    .extend_from_slice(char::from_u32(number)?.encode_utf8(&mut buffer).as_bytes());
                chars = rest.chars();
            }
            high => {
                let low = chars.next()?.to_digit(16)?;
                bytes.push(u8::try_from(high.to_digit(16)? * 16 + low).ok()?);
            }
        }
    }
    String::from_utf8(bytes).ok()
}

/// Why a character must not be in a document, if it must not.
fn forbidden(char: char) -> Option<&'static str> {
    match char {
        '\n' | '\r' | '\t' => None,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            Some("it changes the direction in which text is shown")
        }
        '\u{149}' | '\u{673}' | '\u{f77}' | '\u{f79}' | '\u{17a3}' | '\u{17a4}' | '\u{17b4}'
        | '\u{17b5}' => Some("Unicode discourages it"),
        _ if char.is_control() => Some("it is a control character"),
        _ => None,
    }
}

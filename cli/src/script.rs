//! A document in WAC or WIT, as a user names it.

use crate::diagnostic::{Diagnostic, Place};
use crate::error::Failure;
use crate::ui;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use tenon_composer::Kind;
use tenon_composer::wac::{MAX_LEN, Parsed, ResolveError, Span, SyntaxError, parse, parse_body};

/// The text of a document, and where it is from.
pub(crate) struct Script {
    /// As it was given.
    pub(crate) name: String,
    pub(crate) text: String,
    /// The file, if it is one.
    pub(crate) path: Option<PathBuf>,
    /// Whether it may be without `package …;`, as WIT may.
    is_body: bool,
}

impl Script {
    /// Reads a file, or standard input where `path` is `-`.
    ///
    /// Standard input and files called `.wit` may be without `package …;`.
    pub(crate) fn read(path: &Path) -> Result<Script, Failure> {
        if path == Path::new("-") {
            return Script::of_stdin(io::stdin().lock());
        }
        let name = path.display().to_string();
        let bytes = File::open(path).and_then(bytes_of);
        Ok(Script {
            text: text_of(&name, bytes)?,
            name,
            path: Some(path.to_owned()),
            is_body: path.extension().is_some_and(|extension| extension == "wit"),
        })
    }

    /// What standard input has, as it comes or as it was read.
    pub(crate) fn of_stdin(stream: impl Read) -> Result<Script, Failure> {
        let name = "standard input".to_owned();
        Ok(Script {
            text: text_of(&name, bytes_of(stream))?,
            name,
            path: None,
            is_body: true,
        })
    }

    /// What it says; an error has everything that is wrong with the text.
    pub(crate) fn parse(&self) -> Result<Parsed<'_>, Failure> {
        let parsed = match self.is_body {
            true => parse_body(&self.text),
            false => parse(&self.text),
        };
        let wrong = parsed.errors.iter();
        match Failure::of(wrong.map(|error| self.diagnostic(error)).collect()) {
            Some(failure) => Err(failure),
            None => Ok(parsed),
        }
    }

    /// What is wrong with the meaning of it.
    pub(crate) fn meant(&self, error: &ResolveError) -> Diagnostic {
        let related = error.related();
        Diagnostic {
            code: error.code(),
            message: error.to_string(),
            causes: vec![],
            place: Some(self.place(error.span(), error.label())),
            help: error.help().map(str::to_owned),
            related: related
                .map(|(span, label)| self.place(span, label))
                .collect(),
        }
    }

    /// A place in it, and what is said of that.
    pub(crate) fn place(&self, span: Span, label: &str) -> Place {
        Place::of(&self.name, &self.text, span, label)
    }

    fn diagnostic(&self, error: &SyntaxError) -> Diagnostic {
        let opened = error.opened().map(|span| self.place(span, "opened here"));
        Diagnostic {
            code: error.code(),
            message: error.to_string(),
            causes: vec![],
            place: Some(self.place(error.span(), error.label())),
            help: error.help().map(str::to_owned),
            related: opened.into_iter().collect(),
        }
    }
}

/// All of a stream that is not longer than a document may be.
fn bytes_of(stream: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    stream.take(MAX_LEN as u64 + 1).read_to_end(&mut bytes)?;
    match bytes.len() > MAX_LEN && !is_wasm(&bytes) {
        true => {
            let message = format!("it is longer than {MAX_LEN} bytes");
            Err(io::Error::new(io::ErrorKind::FileTooLarge, message))
        }
        false => Ok(bytes),
    }
}

/// The text that the bytes are, which messages call `name`.
fn text_of(name: &str, bytes: io::Result<Vec<u8>>) -> Result<String, Failure> {
    let bytes = bytes.map_err(|error| {
        let failure = Failure::io("read", name, &error);
        match error.kind() {
            io::ErrorKind::FileTooLarge => failure.help("divide it into several documents"),
            _ => failure,
        }
    })?;
    if is_wasm(&bytes) {
        let shown = ui::clean_line(name);
        let message = format!("`{shown}` is WebAssembly, and no document in WAC");
        return Err(Failure::new("cli::no-document", message).help(
            "name a document, which may say `new` of it where `--dep NAME=PATH` names it; `tenon wit` and `tenon graph` show \
             what is in a component",
        ));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let before = error.as_bytes().iter().take(at);
        let line = before.filter(|byte| **byte == b'\n').count() + 1;
        let message = format!("line {line} has a byte that is no UTF-8, at offset {at}");
        let error = io::Error::new(io::ErrorKind::InvalidData, message);
        Failure::io("read", name, &error).help("save it as UTF-8")
    })
}

fn is_wasm(bytes: &[u8]) -> bool {
    let prefix = bytes.get(..Kind::PREFIX).unwrap_or(bytes);
    matches!(
        Kind::of(prefix),
        Kind::Component | Kind::CoreModule | Kind::OtherWasm | Kind::Wat
    )
}

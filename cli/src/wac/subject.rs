//! What an argument names where a document in WAC is one of the things that it may name.

use super::is_document;
use crate::error::Failure;
use crate::script::Script;
use crate::source::Named;
use std::path::Path;
use tenon_composer::Kind;

/// What a file that is never a document ends in.
const OTHERS: [&str; 6] = ["wasm", "wat", "wit", "json", "yml", "yaml"];

/// What an argument names.
pub(crate) enum Subject {
    /// A document, or WIT.
    Document(Script),
    /// What else standard input had, which can be read once only.
    Stdin(Named),
    /// Something else, or nothing.
    Other,
}

impl Subject {
    /// What `argument` names, by its name, or else by how it begins.
    pub(crate) fn of(argument: &str) -> Result<Subject, Failure> {
        let path = Path::new(argument);
        if is_document(path) {
            return Script::read(path).map(Subject::Document);
        }
        if argument == "-" {
            let named = Named::open_raw(argument)?;
            return match named.kind()? {
                Kind::Wit | Kind::Text => {
                    let bytes = named.read_all()?;
                    Script::of_stdin(bytes.as_slice()).map(Subject::Document)
                }
                _ => named.assembled().map(Subject::Stdin),
            };
        }
        let extension = path.extension();
        let is_other = extension.is_some_and(|it| OTHERS.iter().any(|other| it == *other));
        // A pipe could be read once only.
        if is_other || !path.is_file() || Named::open_raw(argument)?.kind()? != Kind::Wit {
            return Ok(Subject::Other);
        }
        Script::read(path).map(Subject::Document)
    }
}

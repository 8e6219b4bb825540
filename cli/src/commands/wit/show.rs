//! `tenon wit PATH`: the WIT of a component or a package.

use crate::args::{Global, Packages};
use crate::error::Failure;
use crate::script::Script;
use crate::source::Sources;
use crate::ui::{Document, Ui};
use crate::wac::{Making, Read, Search, Subject, is_document};
use crate::wit::{self, Gates};
use crate::write::{Content, Target, check_not_read};
use serde::Serialize;
use std::path::Path;
use tenon_composer::wac::{Statement, parse_body};
use wit_parser::PackageId;

#[derive(Serialize)]
struct WitContent {
    wit: String,
}

pub(super) fn run(
    ui: &Ui,
    input: &str,
    output: Option<&Path>,
    packages: &Packages,
    global: &Global,
) -> Result<(), Failure> {
    let target = Target::of(output);
    target.check(true)?;
    let sources = Sources { ui, global };
    let (resolve, package) = match Subject::of(input)? {
        Subject::Document(script) if is_wit(&script) => {
            wit::parse(input, script.text.into_bytes(), Gates::Closed)?
        }
        Subject::Document(script) => {
            wit::decode(input, &composed(sources, &script, packages, &target)?)?
        }
        Subject::Stdin(named) => wit::read_named(named, input, Gates::Closed)?,
        Subject::Other => wit::read(sources, input, Gates::Closed)?,
    };
    let nested: Vec<PackageId> = resolve
        .packages
        .iter()
        .map(|(id, _)| id)
        .filter(|id| *id != package)
        .collect();
    let wit = wit::print(input, &resolve, package, &nested)?;
    if ui.json && target.is_stdout() {
        return ui.document(&Document::new("tenon/wit/1", WitContent { wit }));
    }
    match &target {
        Target::Stdout => ui.print(&wit),
        Target::File(_) | Target::Derived(_) => target.write(&Content::Text(&wit)),
    }
}

/// Whether a text is WIT: neither its name nor anything that it says makes a document in WAC of it.
fn is_wit(script: &Script) -> bool {
    let document = parse_body(&script.text).document;
    let composes = |statement: &Statement<'_>| {
        matches!(
            statement,
            Statement::Import(_) | Statement::Let(_) | Statement::Export(_)
        )
    };
    let targets = document.package.is_some_and(|it| it.targets.is_some());
    !script.path.as_deref().is_some_and(is_document)
        && !targets
        && !document.statements.iter().any(composes)
}

/// The composition that a document describes, in whose packages no function bodies are looked at, and which are not to be
/// written over.
fn composed(
    sources: Sources<'_>,
    script: &Script,
    packages: &Packages,
    target: &Target,
) -> Result<Vec<u8>, Failure> {
    let parsed = script.parse()?;
    let read = Read::of(script, &parsed, Search::of(sources, packages)?)?;
    if let Some(path) = target.path() {
        check_not_read(path, read.files())?;
    }
    let composition = read.understand(true)?.compose(Making::default())?;
    composition
        .to_bytes()
        .map_err(|error| Failure::io("read", "the packages again", &error))
}

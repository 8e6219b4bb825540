//! `tenon parse`: what a document in WAC or WIT says.

use crate::args::Parse;
use crate::error::Failure;
use crate::script::Script;
use crate::ui::{Document, Ui};
use serde::Serialize;
use tenon_composer::wac;

#[derive(Serialize)]
struct ParseContent<'d> {
    document: &'d wac::Document<'d>,
}

pub(crate) fn run(ui: &Ui, args: &Parse) -> Result<(), Failure> {
    let script = Script::read(&args.path)?;
    let parsed = script.parse()?;
    ui.document(&Document::new(
        "tenon/wac-ast/1",
        ParseContent {
            document: &parsed.document,
        },
    ))
}

//! `tenon wit PATH`: the WIT of a component or a package.

use crate::args::Global;
use crate::error::Failure;
use crate::source::Sources;
use crate::ui::{Document, Ui};
use crate::wit::{self, Gates};
use crate::write::{Content, Target};
use serde::Serialize;
use std::path::Path;
use wit_parser::PackageId;

#[derive(Serialize)]
struct WitContent {
    wit: String,
}

pub(super) fn run(
    ui: &Ui,
    input: &str,
    output: Option<&Path>,
    global: &Global,
) -> Result<(), Failure> {
    let target = Target::of(output);
    target.check(true)?;
    let (resolve, package) = wit::read(Sources { ui, global }, input, Gates::Closed)?;
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

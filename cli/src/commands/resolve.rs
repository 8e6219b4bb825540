//! `tenon resolve`: how what a document in WAC describes is wired.

use super::graph::draw;
use crate::args::{Global, Packages, Resolve};
use crate::error::Failure;
use crate::script::Script;
use crate::source::Sources;
use crate::ui::Ui;
use crate::wac::{Making, Read, Search};
use tenon_composer::Diagram;

pub(crate) fn run(ui: &Ui, args: &Resolve, global: &Global) -> Result<(), Failure> {
    let script = Script::read(&args.path)?;
    let diagram = diagram(Sources { ui, global }, &script, &args.packages)?;
    draw(ui, &diagram, args.format)
}

/// What a document without errors looks like, in whose packages no function bodies are looked at.
pub(super) fn diagram(
    sources: Sources<'_>,
    script: &Script,
    packages: &Packages,
) -> Result<Diagram, Failure> {
    let parsed = script.parse()?;
    let read = Read::of(script, &parsed, Search::of(sources, packages)?)?;
    let meaning = read.understand(true)?;
    let diagram = meaning.diagram();
    // What does not fit is found when it is composed.
    meaning.compose(Making::default())?;
    Ok(diagram)
}

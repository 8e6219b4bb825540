//! `tenon graph`: how a composition is wired.

use super::compose::plan;
use super::resolve;
use crate::args::{Global, Graph, GraphFormat};
use crate::error::Failure;
use crate::source::{Named, Sources};
use crate::ui::{Document, Ui, clean};
use crate::wac::Subject;
use serde::Serialize;
use std::path::Path;
use tenon_composer::{Diagram, Supplier, inspect};

#[derive(Serialize)]
struct GraphContent {
    instances: Vec<String>,
    wires: Vec<WireData>,
    exports: Vec<OutletData>,
}

#[derive(Serialize)]
struct WireData {
    consumer: String,
    import: String,
    /// The instance that gives it, or nothing for the host.
    provider: Option<String>,
    export: String,
}

#[derive(Serialize)]
struct OutletData {
    name: String,
    provider: Option<String>,
    export: String,
}

pub(crate) fn run(ui: &Ui, args: &Graph, global: &Global) -> Result<(), Failure> {
    let sources = Sources { ui, global };
    let path = Path::new(&args.input);
    let is_plan = path
        .extension()
        .is_some_and(|extension| extension == "json");
    let of_component = |named: Named| {
        let anatomy = inspect(&named.name, named.input()).map_err(|e| e.about(&args.input))?;
        Ok::<_, Failure>(Diagram::from(&anatomy))
    };
    let diagram = match Subject::of(&args.input)? {
        _ if is_plan => plan::diagram(sources, path)?,
        Subject::Document(script) => resolve::diagram(sources, &script, &args.packages)?,
        Subject::Stdin(named) => of_component(named)?,
        Subject::Other => of_component(sources.open(&args.input)?)?,
    };
    draw(ui, &diagram, args.format)
}

/// Prints a diagram in a form.
pub(super) fn draw(ui: &Ui, diagram: &Diagram, format: GraphFormat) -> Result<(), Failure> {
    match format {
        _ if ui.json => document(ui, diagram),
        GraphFormat::Json => document(ui, diagram),
        GraphFormat::Text => ui.print(&clean(&diagram.text())),
        GraphFormat::Dot => ui.print(&clean(&diagram.dot())),
        GraphFormat::Mermaid => ui.print(&clean(&diagram.mermaid())),
        GraphFormat::Svg => ui.print(&clean(&diagram.svg())),
    }
}

fn document(ui: &Ui, diagram: &Diagram) -> Result<(), Failure> {
    let name = |number: usize| {
        let node = diagram.nodes.get(number);
        node.map(|node| node.name.clone()).unwrap_or_default()
    };
    let provider = |supplier: Supplier| match supplier {
        Supplier::Host => None,
        Supplier::Node(number) => Some(name(number)),
    };
    let content = GraphContent {
        instances: diagram.nodes.iter().map(|node| node.name.clone()).collect(),
        wires: diagram
            .wires
            .iter()
            .map(|wire| WireData {
                consumer: name(wire.consumer),
                import: wire.import.clone(),
                provider: provider(wire.supplier),
                export: wire.export.clone(),
            })
            .collect(),
        exports: diagram
            .outlets
            .iter()
            .map(|outlet| OutletData {
                name: outlet.name.clone(),
                provider: provider(outlet.supplier),
                export: outlet.export.clone(),
            })
            .collect(),
    };
    ui.document(&Document::new("tenon/graph/1", content))
}

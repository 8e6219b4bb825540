//! What composes beside us: `wac-graph` and `wasm-compose`, each told to do what we do.

use crate::ours::Wired;
use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use tenon_composer::{Edge, Graph, InstanceId};
use wasm_compose::graph as compose;
use wasmparser::{Validator, WasmFeatures};

/// Another tool, and what it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Peer {
    /// `wac_graph::plug`: it plans and encodes.
    WacPlug,
    /// `wac-graph`, given our graph.
    WacGraph,
    /// `wasm-compose`, given our graph.
    WasmCompose,
}

/// What came of a composition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// A valid component.
    Composed(Vec<u8>),
    /// A component that is not valid, and what the validator says.
    Invalid(String),
    /// An error.
    Refused(String),
    /// A panic.
    Panicked(String),
    /// It was not asked: the question cannot be put to it.
    NotAsked,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Composed(bytes) => write!(f, "composed {} bytes", bytes.len()),
            Outcome::Invalid(text) => write!(f, "invalid: {text}"),
            Outcome::Refused(text) => write!(f, "refused: {text}"),
            Outcome::Panicked(text) => write!(f, "panicked: {text}"),
            Outcome::NotAsked => f.write_str("not asked"),
        }
    }
}

/// Whether all bytes are a valid component.
pub(crate) fn judged(bytes: Vec<u8>) -> Outcome {
    match Validator::new_with_features(WasmFeatures::all()).validate_all(&bytes) {
        Ok(_) => Outcome::Composed(bytes),
        Err(error) => Outcome::Invalid(error.to_string()),
    }
}

impl Peer {
    /// All of them.
    pub(crate) const ALL: [Peer; 3] = [Peer::WacPlug, Peer::WacGraph, Peer::WasmCompose];

    /// What it makes of the components, the socket first, or of the graph of them.
    pub(crate) fn compose(
        self,
        components: &[(String, Vec<u8>)],
        wired: Option<&Wired>,
    ) -> Outcome {
        let run = || match (self, wired) {
            (Peer::WacPlug, _) => wac_plug(components).map(Some),
            (Peer::WacGraph, Some(wired)) => wac_graph(components, wired).map(Some),
            (Peer::WasmCompose, Some(wired)) => wasm_compose(components, wired),
            _ => Ok(None),
        };
        match catch_unwind(AssertUnwindSafe(run)) {
            Ok(Ok(Some(bytes))) => judged(bytes),
            Ok(Ok(None)) => Outcome::NotAsked,
            Ok(Err(error)) => Outcome::Refused(error),
            Err(panic) => {
                let text = panic.downcast_ref::<String>().cloned();
                let text = text.or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()));
                Outcome::Panicked(text.unwrap_or_default())
            }
        }
    }
}

/// The whole chain of an error in one line.
fn whole(error: impl std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text = format!("{text}: {error}");
        next = error.source();
    }
    text
}

fn wac_packages(
    graph: &mut wac_graph::CompositionGraph,
    components: &[(String, Vec<u8>)],
) -> Result<Vec<wac_graph::PackageId>, String> {
    components
        .iter()
        .enumerate()
        .map(|(number, (name, bytes))| {
            let name = format!("test:{name}{number}");
            let package =
                wac_types::Package::from_bytes(&name, None, bytes.clone(), graph.types_mut());
            let package = package.map_err(|error| format!("{error:#}"))?;
            graph.register_package(package).map_err(whole)
        })
        .collect()
}

fn wac_encoded(graph: &wac_graph::CompositionGraph) -> Result<Vec<u8>, String> {
    let options = wac_graph::EncodeOptions {
        validate: false,
        ..Default::default()
    };
    graph.encode(options).map_err(whole)
}

fn wac_plug(components: &[(String, Vec<u8>)]) -> Result<Vec<u8>, String> {
    let mut graph = wac_graph::CompositionGraph::new();
    let packages = wac_packages(&mut graph, components)?;
    let plugs = packages[1..].to_vec();
    wac_graph::plug(&mut graph, plugs, packages[0]).map_err(whole)?;
    wac_encoded(&graph)
}

fn wac_graph(components: &[(String, Vec<u8>)], wired: &Wired) -> Result<Vec<u8>, String> {
    let mut graph = wac_graph::CompositionGraph::new();
    let packages = wac_packages(&mut graph, components)?;
    let ours: &Graph = &wired.graph;
    let nodes: Vec<_> = ours
        .instances()
        .map(|(_, instance)| graph.instantiate(packages[wired.places[&instance.component()]]))
        .collect();
    for (id, instance) in ours.instances() {
        for (import, edge) in instance.arguments() {
            let alias = wac_item(&mut graph, &nodes, edge)?;
            let consumer = nodes[id.index() as usize];
            graph
                .set_instantiation_argument(consumer, import, alias)
                .map_err(whole)?;
        }
    }
    for export in ours.exports() {
        let alias = wac_item(&mut graph, &nodes, &export.edge)?;
        graph.export(alias, &export.name).map_err(whole)?;
    }
    wac_encoded(&graph)
}

fn wac_item(
    graph: &mut wac_graph::CompositionGraph,
    nodes: &[wac_graph::NodeId],
    edge: &Edge,
) -> Result<wac_graph::NodeId, String> {
    let instance = nodes[edge.provider.index() as usize];
    let mut path = edge.path.iter();
    path.try_fold(instance, |at, name| graph.alias_instance_export(at, name))
        .map_err(whole)
}

/// `wasm-compose` exports all of one instance: it is asked where that is what we do. What it accepts
/// depends on the order in which it is told of components, so it is told in the order in which its own
/// command would, and if nothing comes of that, in another one.
fn wasm_compose(
    components: &[(String, Vec<u8>)],
    wired: &Wired,
) -> Result<Option<Vec<u8>>, String> {
    let Some(exporter) = wired.exporter else {
        return Ok(None);
    };
    let from_socket: Vec<_> = wired.graph.instances().map(|(id, _)| id).collect();
    let first = wasm_compose_in_order(components, wired, &from_socket, exporter);
    let is_valid = |bytes: &Vec<u8>| matches!(judged(bytes.clone()), Outcome::Composed(_));
    if first.as_ref().is_ok_and(is_valid) {
        return first.map(Some);
    }
    let to_socket = wired.graph.order().map_err(whole)?;
    match wasm_compose_in_order(components, wired, &to_socket, exporter) {
        Ok(bytes) if is_valid(&bytes) => Ok(Some(bytes)),
        _ => first.map(Some),
    }
}

fn wasm_compose_in_order(
    components: &[(String, Vec<u8>)],
    wired: &Wired,
    order: &[InstanceId],
    exporter: InstanceId,
) -> Result<Vec<u8>, String> {
    let mut told = Told {
        components,
        wired,
        validator: Validator::new_with_features(WasmFeatures::all()),
        graph: compose::CompositionGraph::new(),
        ids: BTreeMap::new(),
        nodes: BTreeMap::new(),
    };
    for consumer in order {
        let (component, node) = told.node(*consumer)?;
        for (import, edge) in wired.graph.instance(*consumer).arguments() {
            let (from, provider) = told.node(edge.provider)?;
            let of = |id| told.graph.get_component(id).unwrap();
            let import = of(component).import_by_name(import);
            let export = match edge.path.as_slice() {
                [] => Some(None),
                [export] => {
                    let export = of(from).export_by_name(export);
                    export.map(|(export, ..)| Some(export))
                }
                _ => return Err("it has no items within items".to_owned()),
            };
            let (Some((import, _)), Some(export)) = (import, export) else {
                return Err("it does not know the name".to_owned());
            };
            let connected = told.graph.connect(provider, export, node, import);
            connected.map_err(|error| format!("{error:#}"))?;
        }
    }
    let options = compose::EncodeOptions {
        define_components: true,
        export: Some(told.node(exporter)?.1),
        validate: false,
    };
    told.graph
        .encode(options)
        .map_err(|error| format!("{error:#}"))
}

/// What `wasm-compose` was told so far.
struct Told<'c> {
    components: &'c [(String, Vec<u8>)],
    wired: &'c Wired,
    validator: Validator,
    graph: compose::CompositionGraph<'c>,
    ids: BTreeMap<usize, compose::ComponentId>,
    nodes: BTreeMap<InstanceId, compose::InstanceId>,
}

impl Told<'_> {
    /// Tells of an instance, and of its component, once.
    fn node(
        &mut self,
        id: InstanceId,
    ) -> Result<(compose::ComponentId, compose::InstanceId), String> {
        let text = |error| format!("{error:#}");
        let place = self.wired.places[&self.wired.graph.instance(id).component()];
        let component = match self.ids.get(&place) {
            Some(component) => *component,
            None => {
                let (name, bytes) = &self.components[place];
                let name = format!("{name}{place}");
                let bytes = bytes.as_slice();
                let component = compose::Component::from_bytes(&mut self.validator, name, bytes);
                let id = self
                    .graph
                    .add_component(component.map_err(text)?)
                    .map_err(text)?;
                self.ids.insert(place, id);
                id
            }
        };
        let node = match self.nodes.get(&id) {
            Some(node) => *node,
            None => {
                let node = self.graph.instantiate(component).map_err(text)?;
                self.nodes.insert(id, node);
                node
            }
        };
        Ok((component, node))
    }
}

//! The cases of `wac-graph`: graphs as JSON, of which we make documents, and graphs of our own.

use crate::outcome::{Outcome, coded, whole};
use crate::suite::{Packages, component_of, wit_package};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use tenon_composer::{Arena, Edge, Graph, InstanceId, Options, Source, encode};
use wac_graph::{CompositionGraph, EncodeOptions};
use wasmparser::component_types::{ComponentAnyTypeId, ComponentEntityType};
use wasmparser::{Validator, WasmFeatures};

/// A case.
#[derive(Deserialize)]
pub(crate) struct Case {
    #[serde(default)]
    packages: Vec<Package>,
    #[serde(default)]
    nodes: Vec<Node>,
    #[serde(default)]
    arguments: Vec<Argument>,
    #[serde(default)]
    exports: Vec<Export>,
    #[serde(skip)]
    folder: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    path: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", tag = "type")]
enum Node {
    Import {
        name: String,
        package: usize,
        export: String,
    },
    Instantiation {
        package: usize,
    },
    Alias {
        source: usize,
        export: String,
    },
}

#[derive(Deserialize)]
struct Argument {
    source: usize,
    target: usize,
    name: String,
}

#[derive(Deserialize)]
struct Export {
    node: usize,
    name: String,
}

impl Case {
    /// The case in a folder.
    pub(crate) fn open(folder: &Path) -> Case {
        let text = fs::read(folder.join("graph.json")).unwrap();
        let case: Case = serde_json::from_slice(&text).unwrap();
        Case {
            folder: folder.to_owned(),
            ..case
        }
    }

    /// Whether nothing is to come of it.
    pub(crate) fn fails(&self) -> bool {
        self.folder.join("error.txt").exists()
    }

    fn path(&self, package: usize) -> PathBuf {
        self.folder.join(&self.packages[package].path)
    }

    fn is_wit(&self, package: usize) -> bool {
        let path = self.path(package);
        path.is_dir() || path.extension().is_some_and(|end| end == "wit")
    }

    fn component(&self, package: usize) -> Vec<u8> {
        match self.is_wit(package) {
            true => component_of(&self.path(package)),
            false => wat::parse_file(self.path(package)).unwrap(),
        }
    }

    /// What `wac-graph` makes of it.
    pub(crate) fn theirs(&self) -> Outcome {
        Outcome::of(|| {
            let graph = self.wac_graph()?;
            let options = EncodeOptions {
                define_components: true,
                validate: false,
                ..EncodeOptions::default()
            };
            graph.encode(options).map_err(whole)
        })
    }

    fn wac_graph(&self) -> Result<CompositionGraph, Vec<String>> {
        let mut graph = CompositionGraph::new();
        let mut packages = Vec::new();
        for (at, package) in self.packages.iter().enumerate() {
            let bytes = self.component(at);
            let read =
                wac_types::Package::from_bytes(&package.name, None, bytes, graph.types_mut());
            packages.push(graph.register_package(read.unwrap()).map_err(whole)?);
        }
        let mut nodes = Vec::new();
        for node in &self.nodes {
            nodes.push(match node {
                Node::Import {
                    name,
                    package,
                    export,
                } => {
                    let package = graph[packages[*package]].ty();
                    let kind = graph.types()[package].exports[export].promote();
                    graph.import(name, kind).map_err(whole)?
                }
                Node::Instantiation { package } => graph.instantiate(packages[*package]),
                Node::Alias { source, export } => graph
                    .alias_instance_export(nodes[*source], export)
                    .map_err(whole)?,
            });
        }
        for argument in &self.arguments {
            let (source, target) = (nodes[argument.source], nodes[argument.target]);
            graph
                .set_instantiation_argument(target, &argument.name, source)
                .map_err(whole)?;
        }
        for export in &self.exports {
            graph
                .export(nodes[export.node], &export.name)
                .map_err(whole)?;
        }
        Ok(graph)
    }

    /// It as a document, with its packages; nothing, if no document can say it.
    pub(crate) fn document(&self) -> Option<(String, Packages)> {
        if self.has_one_name_twice() {
            return None;
        }
        let mut packages = Packages::default();
        let mut document = String::from("package test:document;\n");
        for at in self.order() {
            let value = match &self.nodes[at] {
                Node::Import {
                    name,
                    package,
                    export,
                } => {
                    let ty = self.import_type(*package, export, &mut packages);
                    writeln!(document, "import n{at} as \"{name}\": {ty};").unwrap();
                    if self.arguments.iter().any(|argument| argument.target == at) {
                        return None;
                    }
                    continue;
                }
                Node::Instantiation { package } => {
                    let name = &self.packages[*package].name;
                    let bytes = self.component(*package);
                    packages.all.insert((name.clone(), None), bytes);
                    let arguments = self.arguments.iter().filter(|it| it.target == at);
                    let arguments =
                        arguments.map(|it| format!("\"{}\": n{}, ", it.name, it.source));
                    format!("new {name} {{ {}... }}", arguments.collect::<String>())
                }
                Node::Alias { source, export } => format!("n{source}[\"{export}\"]"),
            };
            writeln!(document, "let n{at} = {value};").unwrap();
        }
        for export in &self.exports {
            writeln!(document, "export n{} as \"{}\";", export.node, export.name).unwrap();
        }
        Some((document, packages))
    }

    fn has_one_name_twice(&self) -> bool {
        let names: BTreeSet<_> = self.packages.iter().map(|it| &it.name).collect();
        names.len() < self.packages.len()
    }

    /// The nodes, each after those that it needs, unless they need each other.
    fn order(&self) -> Vec<usize> {
        let mut order = Vec::new();
        let mut left: Vec<_> = (0..self.nodes.len()).collect();
        while !left.is_empty() {
            let is_ready = |at: &usize| {
                let arguments = self.arguments.iter().filter(|it| it.target == *at);
                let needs = arguments.map(|it| it.source);
                let source = match &self.nodes[*at] {
                    Node::Alias { source, .. } => Some(*source),
                    _ => None,
                };
                needs.chain(source).all(|need| order.contains(&need))
            };
            let next = left.iter().position(is_ready).unwrap_or(0);
            order.push(left.remove(next));
        }
        order
    }

    /// The type of what a package exports, as a document has it.
    fn import_type(&self, package: usize, export: &str, packages: &mut Packages) -> String {
        let bytes = self.component(package);
        if self.is_wit(package) {
            let (name, _) = export.split_once('/').unwrap();
            let wit = wit_package(&self.path(package)).unwrap();
            packages.all.insert((name.to_owned(), None), wit);
            return export.to_owned();
        }
        let mut validator = Validator::new_with_features(WasmFeatures::all());
        let types = validator.validate_all(&bytes).unwrap();
        let types = types.as_ref();
        match types.component_item_for_export(export).unwrap().ty {
            ComponentEntityType::Type {
                referenced: ComponentAnyTypeId::Func(id),
                ..
            } if types[id].params.is_empty() && types[id].result.is_none() => "func()".to_owned(),
            ty => panic!("{export}: {ty:?} is not written"),
        }
    }

    /// What comes of it as a graph of ours, if it imports nothing that no component imports.
    pub(crate) fn as_graph(&self) -> Option<Outcome> {
        let is_import = |node: &Node| matches!(node, Node::Import { .. });
        match self.nodes.iter().any(is_import) || self.has_one_name_twice() {
            true => None,
            false => Some(Outcome::of(|| self.encoded())),
        }
    }

    fn encoded(&self) -> Result<Vec<u8>, Vec<String>> {
        let components: Vec<_> = (0..self.packages.len())
            .map(|at| self.component(at))
            .collect();
        let mut arena = Arena::new();
        let mut ids = Vec::new();
        for (package, bytes) in self.packages.iter().zip(&components) {
            let source = Source::new(package.name.clone(), bytes);
            ids.push(arena.read(source).map_err(coded)?);
        }
        let mut graph = Graph::new();
        let mut instances = BTreeMap::new();
        for (at, node) in self.nodes.iter().enumerate() {
            if let Node::Instantiation { package } = node {
                let name = self.packages[*package].name.replace(':', "-");
                instances.insert(at, graph.add(&name, ids[*package]));
            }
        }
        for argument in &self.arguments {
            let edge = self.edge(&instances, argument.source);
            let consumer = instances[&argument.target];
            graph
                .connect(&arena, (consumer, &argument.name), edge)
                .map_err(coded)?;
        }
        for export in &self.exports {
            let edge = self.edge(&instances, export.node);
            graph.export(&arena, &export.name, edge).map_err(coded)?;
        }
        for node in 0..self.nodes.len() {
            // What an alias leads to is looked for when it is used.
            let edge = self.edge(&instances, node);
            let mut unused = graph.clone();
            unused
                .export(&arena, "some-unused-name", edge)
                .map_err(coded)?;
        }
        let composition = encode(arena, graph, &Options::default()).map_err(coded)?;
        Ok(composition.to_bytes().unwrap())
    }

    fn edge(&self, instances: &BTreeMap<usize, InstanceId>, mut node: usize) -> Edge {
        let mut path = Vec::new();
        while let Node::Alias { source, export } = &self.nodes[node] {
            path.insert(0, export.clone());
            node = *source;
        }
        Edge {
            path,
            ..Edge::whole(instances[&node])
        }
    }
}

//! From a binary back to the graph that it could have been made of.

use super::adding::order_of_adding;
use super::wiring::{Argument, Origin};
use super::{Anatomy, Feature, PartKind};
use crate::component::{Arena, ComponentId, Found};
use crate::error::{Error, ErrorKind};
use crate::graph::{Edge, Graph, InstanceId};
use crate::name::{ItemPath, Versions};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How many instances a component may have.
const MAX_INSTANCES: usize = 4096;

impl Anatomy {
    /// The graph that is encoded as this binary.
    ///
    /// `components` are the components right within it, in the order of the
    /// [parts](super::Part::parts) of its root, read into `arena`; core modules do not count.
    ///
    /// The graph is that of [`encode()`](crate::encode()) but for the order of instances that are of
    /// one component, and but for what cannot be told from a binary: every export is one that was
    /// asked for. Encoding it again gives the same bytes. A binary of another tool may come out
    /// otherwise encoded: what imports the same interface on one compatibility track shares one
    /// import then.
    ///
    /// # Errors
    ///
    /// It is an error if the binary is no composition, or wired in a way that a graph has no words
    /// for; the message says where.
    pub fn graph(&self, arena: &Arena<'_>, components: &[ComponentId]) -> Result<Graph, Error> {
        if !self.is_composition() {
            return Err(self.no_graph("it has code of its own, or no instances of components"));
        }
        let count = self.wiring.instances.len();
        if count > MAX_INSTANCES {
            let (count, max) = (count as u64, MAX_INSTANCES as u64);
            return Err(Error::new(ErrorKind::limit(
                "instances",
                count,
                max,
                Vec::new(),
            )));
        }
        let mut decoding = Decoding {
            anatomy: self,
            arena,
            graph: Graph::new(),
            instances: vec![None; count],
        };
        decoding.instances(components)?;
        decoding.graph.set_versions(decoding.versions());
        for (number, instance) in self.wiring.instances.iter().enumerate() {
            for argument in &instance.arguments {
                decoding.argument(number, argument)?;
            }
        }
        for export in &self.wiring.exports {
            decoding.export(export)?;
        }
        decoding.graph.order()?;
        Ok(decoding.graph)
    }

    fn no_graph(&self, why: impl Into<String>) -> Error {
        Error::new(ErrorKind::NoGraph {
            name: self.name.clone(),
            why: why.into(),
        })
    }
}

/// A graph while it is built from an anatomy.
struct Decoding<'d, 'i> {
    anatomy: &'d Anatomy,
    arena: &'d Arena<'i>,
    graph: Graph,
    /// The instances of the graph, by their numbers in the wiring.
    instances: Vec<Option<InstanceId>>,
}

impl Decoding<'_, '_> {
    fn instances(&mut self, components: &[ComponentId]) -> Result<(), Error> {
        let is_component = |part: &super::Part| part.kind == PartKind::Component;
        let parts = self.anatomy.root.parts.iter().enumerate();
        let embedded = parts.filter(|(_, part)| is_component(part));
        let ids: BTreeMap<usize, ComponentId> = embedded
            .map(|(number, _)| number)
            .zip(components.iter().copied())
            .collect();
        let names = self.anatomy.instance_names();
        let mut parts = Vec::with_capacity(names.len());
        for (instance, name) in self.anatomy.wiring.instances.iter().zip(&names) {
            let part = match &instance.component {
                Origin::Part { part } if ids.contains_key(part) => *part,
                Origin::Import { .. } => {
                    return Err(self.no_graph(format!(
                        "the component of `{name}` is imported, and not in it"
                    )));
                }
                _ => {
                    return Err(
                        self.no_graph(format!("the component of `{name}` is not right within it"))
                    );
                }
            };
            parts.push(part);
        }
        for number in order_of_adding(&self.anatomy.wiring, &parts) {
            let id = parts.get(number).and_then(|part| ids.get(part));
            let place = self.instances.get_mut(number);
            if let (Some(name), Some(id), Some(place)) = (names.get(number), id, place) {
                *place = Some(self.graph.add(name, *id));
            }
        }
        Ok(())
    }

    /// What became of interfaces that stay imported in several versions, as far as it shows.
    fn versions(&self) -> Versions {
        let has = |feature| self.anatomy.root.features.contains(feature);
        let imports = &self.anatomy.imports;
        let paths = || imports.iter().map(|item| ItemPath::parse(&item.name, None));
        let mut tracks = BTreeSet::new();
        let mut is_apart = |path: ItemPath| !tracks.insert((path.base().to_owned(), path.track()));
        let instances = self.anatomy.wiring.instances.iter();
        let arguments = instances.flat_map(|instance| &instance.arguments);
        let named: Vec<_> = arguments
            .filter_map(|argument| match argument.origin {
                Origin::Import { import, .. } => {
                    let open = ItemPath::parse(&imports.get(import)?.name, None)?;
                    Some((ItemPath::parse(&argument.name, None)?, open))
                }
                _ => None,
            })
            .collect();
        let fits = |versions: Versions, asked: &ItemPath, open: &ItemPath| {
            versions.fits(asked, open).is_some()
        };
        let is_canonical = |(asked, open): &(ItemPath, ItemPath)| {
            fits(Versions::Canonical, asked, open) && !fits(Versions::Highest, asked, open)
        };
        let is_later = |(asked, open): &(ItemPath, ItemPath)| {
            asked.base() == open.base() && asked.version() > open.version()
        };
        if has(Feature::CanonicalNames) || named.iter().any(is_canonical) {
            Versions::Canonical
        } else if paths().flatten().any(&mut is_apart) {
            Versions::Separate
        } else if named.iter().any(is_later) {
            Versions::Lowest
        } else {
            Versions::Highest
        }
    }

    fn argument(&mut self, number: usize, argument: &Argument) -> Result<(), Error> {
        let Some(consumer) = self.instance(number) else {
            return Ok(());
        };
        if argument.is_used_type() {
            return Ok(());
        }
        let import = &argument.name;
        let refuse = |what: String| {
            let consumer = self.graph.instance(consumer).name();
            self.no_graph(format!(
                "import `{import}` of `{consumer}` is filled by {what}"
            ))
        };
        match &argument.origin {
            Origin::Instance { instance, path } => match self.instance(*instance) {
                Some(provider) => {
                    let edge = edge(provider, path);
                    self.graph.connect(self.arena, (consumer, import), edge)
                }
                None => Err(refuse("an instance that is not there".to_owned())),
            },
            Origin::Import { import: open, path } => {
                let open = self
                    .anatomy
                    .imports
                    .get(*open)
                    .map_or("", |item| &item.name);
                match path.as_slice() {
                    [] if self.may_stay_open(consumer, import, open) => Ok(()),
                    [] => self.graph.name_import(self.arena, (consumer, import), open),
                    path => Err(refuse(format!(
                        "`{}` of the import `{open}`",
                        path.join("#")
                    ))),
                }
            }
            Origin::Bag(_) => Err(refuse("an instance put together from several".to_owned())),
            Origin::Part { .. } => Err(refuse(
                "a component or core module within the binary".to_owned(),
            )),
            Origin::Other => Err(refuse("something of the binary's own".to_owned())),
        }
    }

    fn export(&mut self, export: &Argument) -> Result<(), Error> {
        let refuse = |what: String| self.no_graph(format!("export `{}` is {what}", export.name));
        let (instance, path) = match &export.origin {
            Origin::Instance { instance, path } => (*instance, path),
            Origin::Import { .. } => {
                return Err(refuse("what is imported, or within it".to_owned()));
            }
            Origin::Bag(_) => {
                return Err(refuse("an instance put together from several".to_owned()));
            }
            Origin::Part { .. } => {
                return Err(refuse(
                    "a component or core module within the binary".to_owned(),
                ));
            }
            Origin::Other => return Err(refuse("something of the binary's own".to_owned())),
        };
        let Some(provider) = self.instance(instance) else {
            return Err(refuse("of an instance that is not there".to_owned()));
        };
        let edge = edge(provider, path);
        // The name with its whole version stands for the one in the binary.
        let name = match self.graph.find(self.arena, &edge) {
            Some(Found::Item(name, item)) if item.full_name(name) == export.name => name,
            _ => export.name.as_str(),
        };
        let name = name.to_owned();
        self.graph.export(self.arena, &name, edge)
    }

    /// Whether a graph that leaves `import` of `consumer` open is encoded with an import that has the
    /// name `open`, or one on its track.
    fn may_stay_open(&self, consumer: InstanceId, import: &str, open: &str) -> bool {
        let component = self.graph.instance(consumer).component();
        let item = self.arena.type_of(component).imports.get(import);
        let full = item.map_or(import.into(), |item| item.full_name(import));
        let path = |name: &str| ItemPath::parse(name, None);
        match (path(&full), path(open)) {
            (Some(import), Some(open)) => self.graph.versions().fits(&import, &open).is_some(),
            _ => full == open,
        }
    }

    fn instance(&self, number: usize) -> Option<InstanceId> {
        self.instances.get(number).copied().flatten()
    }

    fn no_graph(&self, why: String) -> Error {
        self.anatomy.no_graph(why)
    }
}

/// Where the item of an instance is that `path` leads to.
fn edge(provider: InstanceId, path: &[Arc<str>]) -> Edge {
    Edge {
        provider,
        path: path.iter().map(ToString::to_string).collect(),
    }
}

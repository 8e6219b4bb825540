//! From a graph to the bytes of a component.
//!
//! The result is a list of pieces: small sections of our own, and ranges of inputs that the caller copies
//! as they are. The same graph gives the same bytes on every run and every machine.

mod assembly;
mod closure;
mod core_types;
mod declare;
mod hoist;
mod identity;
mod imported;
mod limits;
mod merge;
mod metadata;
pub(crate) mod naming;
mod open;
mod order;
mod piece;
pub(crate) mod record;
mod scope;
mod types;
pub(crate) mod used;
mod values;
mod walk;
mod writer;

pub(crate) use declare::{Declaration, Use};
pub use hoist::{Dedupe, HoistedModule};
pub use piece::Piece;
pub(crate) use piece::Pieces;

use crate::component::limits::limit_of;
use crate::component::{Arena, Bodies, Component, ComponentId, Source, validate};
use crate::error::{Error, ErrorKind};
use crate::graph::{Graph, InstanceId};
use crate::hash::HashMap;
use crate::input::Input;
use assembly::Encoder;
use hoist::Hoist;
use identity::Identities;
use imported::ImportedComponent;
use indexmap::IndexSet;
use merge::Merger;
use open::OpenImports;
use record::Altered;
use semver::Version;
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use used::HostNames;
use wasm_encoder::Encode;
use writer::{Embedded, Section, Writer};

/// How many bytes are held to be written.
const CHUNK: u64 = 1 << 20;
/// The header of a component: magic, version 13, layer 1.
const HEADER: [u8; 8] = *b"\0asm\x0d\0\x01\0";
/// The id of the section that holds a component.
const COMPONENT_SECTION: u8 = 4;

/// What else the composition is to say.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Its name.
    pub name: Option<String>,
    /// The version of its package.
    pub version: Option<String>,
    /// What it is to hold only once.
    pub dedupe: Dedupe,
    /// Components that are imported, not embedded, each with the name of its import. Whoever runs the
    /// composition chooses what they are; those that are not instances of the graph do not matter.
    pub imported: BTreeMap<ComponentId, String>,
}

/// A composition, ready to be written. It is an [`Input`] too: it can be read and composed with others.
pub struct Composition<'i> {
    pieces: Pieces<'i>,
    description: Description<'i>,
    /// The components of the arena, in the order in which they were read.
    read: Vec<Component<'i>>,
    /// The graph it was made from, with the exports that were added because others need their types.
    pub graph: Graph,
    /// What whoever runs it must provide.
    pub imports: Vec<HostImport>,
    /// The components it embeds, in order, each once.
    pub components: Vec<ComponentId>,
    /// The core modules that it holds once in place of its components, in order.
    pub hoisted: Vec<HoistedModule>,
}

/// What the last sections of a composition are made from: those that say what it is.
struct Description<'i> {
    /// Where they begin.
    start: u64,
    hoist: Hoist<'i>,
    layout: Layout,
    options: Options,
    /// The section that says where core modules were hoisted from, if any were.
    record: Vec<u8>,
}

/// An import of a composition.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HostImport {
    /// Its name, with its whole version.
    pub name: String,
    /// What sort of item it is: `interface`, `function`, ...
    pub kind: &'static str,
    /// The instances that import it, and the name each has for it; nobody, if it is a component that
    /// instances are made of.
    pub consumers: Vec<(String, String)>,
    /// The lowest version of it that is asked for, if it has versions.
    pub lowest: Option<Version>,
    /// The highest version of it that is asked for.
    pub highest: Option<Version>,
    /// Where it is imported under the lowest version: what is asked of it only by those who ask for a
    /// later one, with the first such version. A host that has the lowest version may not have these.
    pub later: Vec<(String, Version)>,
    /// Whether only types of it are asked for: a component fills it, and what else stays open speaks of its types.
    pub types_only: bool,
}

/// An import that a graph leaves open, from outside.
pub(crate) struct OpenImport {
    /// Its name.
    pub(crate) name: String,
    /// Its name, with its whole version.
    pub(crate) full_name: String,
    /// The imports that become this one.
    pub(crate) members: Vec<(InstanceId, String)>,
}

/// The imports that `graph` leaves open, each once.
pub(crate) fn open_imports(arena: &Arena<'_>, graph: &Graph) -> Vec<OpenImport> {
    let open = OpenImports::of(arena, graph).groups.into_iter();
    let open = open.map(|group| OpenImport {
        full_name: group.full_name(),
        name: group.name,
        members: group
            .members
            .into_iter()
            .map(|(instance, import)| (instance, import.to_owned()))
            .collect(),
    });
    open.collect()
}

/// `graph` with the exports that are added since others use their types.
pub(crate) fn closed(arena: &Arena<'_>, graph: &Graph) -> Graph {
    let mut graph = graph.clone();
    naming::release_types(arena, &mut graph);
    // A graph that cannot be encoded can be drawn as far as it goes.
    let _ = closure::close_exports(arena, &mut graph);
    graph
}

/// All that is wrong with what fills the imports of `graph`, and with what stays imported, so that encoding would refuse it.
pub(crate) fn faults(arena: &Arena<'_>, graph: &Graph) -> Vec<Error> {
    let mut graph = graph.clone();
    naming::release_types(arena, &mut graph);
    let order = match graph.order() {
        Ok(order) => order,
        Err(error) => return vec![error],
    };
    let mut errors: Vec<_> = closure::close_exports(arena, &mut graph)
        .err()
        .into_iter()
        .collect();
    let open = OpenImports::of(arena, &graph);
    errors.extend(open.check_names(arena, &graph).err());
    let identities = Identities::of(arena, &graph, &open, &order);
    errors.extend(identities.check_edges(arena, &graph));
    let merger = Merger::new(arena, &graph, &open, &identities);
    errors.extend(open.iter().filter_map(|(id, _)| merger.merge(id).err()));
    errors
}

/// Where things ended up in the index spaces of the composition.
struct Layout {
    instances: HashMap<InstanceId, u32>,
}

/// Encodes `graph`, whose components are those of `arena`.
///
/// The arena ends with this, whatever comes of it: the validator that typed its components has the last
/// word on the composition. To draw a graph that cannot be encoded, or to try another one, keep a copy of
/// it, and read the components again.
///
/// # Errors
///
/// It is an error if types do not fit after all: two imports of a component that must speak of one
/// resource and do not, or components that import one interface and disagree on it. Instances in a
/// circle and too many of anything are errors as well. Nothing is half done: there is a whole
/// composition or none.
///
/// # Panics
///
/// Panics if a component of the graph comes from another arena.
pub fn encode<'i>(
    mut arena: Arena<'i>,
    mut graph: Graph,
    options: &Options,
) -> Result<Composition<'i>, Error> {
    naming::release_types(&arena, &mut graph);
    naming::import_types(&mut arena, &mut graph)?;
    let order = graph.order()?;
    closure::close_exports(&arena, &mut graph)?;
    let open = OpenImports::of(&arena, &graph);
    let mut components = used_components(&graph);
    components.retain(|id| !options.imported.contains_key(id));
    let parts: Vec<&Component<'i>> = components.iter().map(|id| arena.component(*id)).collect();
    let hoist = Hoist::plan(&components, &parts, options.dedupe)?;
    limits::check(&arena, &graph, &open, &components, &hoist)?;
    open.check_names(&arena, &graph)?;
    let identities = Identities::of(&arena, &graph, &open, &order);
    if let Some(error) = identities.check_edges(&arena, &graph).into_iter().next() {
        return Err(error);
    }
    let merger = Merger::new(&arena, &graph, &open, &identities);
    let merged = open
        .iter()
        .map(|(id, _)| Ok((id, merger.merge(id)?)))
        .collect::<Result<Vec<_>, Error>>()?;
    let host_names = HostNames::of(&arena, &graph);
    let import_order = order::order(arena.types(), &identities, &merged, Some(&host_names));
    let export_order = closure::written_order(&arena, &graph);
    let imported = ImportedComponent::all(&arena, &graph, &open, &options.imported)?;
    let encoder = Encoder {
        arena: &arena,
        graph: &graph,
        open: &open,
        identities: &identities,
        merged: &merged,
        import_order: &import_order,
        export_order: &export_order,
        instance_order: &order,
        imported: &imported,
        host_names: &host_names,
    };
    let output_index: HashMap<_, _> = components.iter().copied().zip(0..).collect();
    let embedded = Embedded {
        core_modules: hoist.modules.len() as u32,
        components: components.len() as u32,
    };
    let (sections, layout) = encoder.sections(Writer::new(embedded), &|id| {
        output_index.get(&id).copied().unwrap_or_default()
    })?;

    let (mut pieces, altered) = assemble(&sections, &parts, &hoist)?;
    let record = hoist::record(altered);
    let record = record.map(|record| metadata::custom(record::SECTION, &record.encode()));
    let description = Description {
        start: pieces.size(),
        hoist,
        layout,
        options: options.clone(),
        record: record.unwrap_or_default(),
    };
    description.write(&parts, &graph, &mut pieces);
    let imports = encoder.imports();

    let read = if !description.hoist.is_empty() {
        // What the arena has typed are the components as they were.
        check(&pieces)?;
        arena.into_components()
    } else {
        // The validator has the components already, in the order in which they were read: where that is
        // another order, it is given the sections with its own indices.
        let (read, declared) = (arena.read_count(), arena.declared_count());
        let index_of = |id: ComponentId| arena.embedded_index(id).unwrap_or_default();
        let same_order = components.iter().map(|id| index_of(*id)).eq(0..read);
        let renumbered = match same_order && declared == 0 {
            true => sections,
            false => {
                let out = Writer::beyond(read, declared);
                encoder.sections(out, &index_of)?.0
            }
        };
        let ours = renumbered.iter().filter_map(|section| match section {
            Section::Ours(id, body) => Some((*id, body.as_slice())),
            Section::CoreModule(_) | Section::Component(_) => None,
        });
        arena.finish(ours).map_err(|message| {
            Error::new(match limit_of(&message) {
                // What each component has may be too much together.
                Some((what, max)) => ErrorKind::limit(what, max + 1, max, Vec::new()),
                None => ErrorKind::InvalidOutput { message },
            })
        })?
    };
    Ok(Composition {
        pieces,
        read,
        graph,
        imports,
        components,
        hoisted: description.hoist.modules.clone(),
        description,
    })
}

impl Description<'_> {
    /// Writes the sections to the end of `pieces`.
    fn write(&self, components: &[&Component<'_>], graph: &Graph, pieces: &mut Pieces<'_>) {
        let (hoist, layout) = (&self.hoist, &self.layout);
        let custom = metadata::sections(components, hoist, graph, layout, &self.options);
        pieces.bytes(&custom);
        pieces.bytes(&self.record);
    }
}

/// The sections one after the other, and where core modules were hoisted from.
fn assemble<'i>(
    sections: &[Section],
    components: &[&Component<'i>],
    hoist: &Hoist<'i>,
) -> Result<(Pieces<'i>, Vec<Altered>), Error> {
    let mut pieces = Pieces::default();
    pieces.bytes(&HEADER);
    let mut altered = Vec::new();
    for section in sections {
        match section {
            Section::Ours(id, body) => {
                let mut bytes = vec![*id];
                body.encode(&mut bytes);
                pieces.bytes(&bytes);
            }
            Section::CoreModule(index) => pieces.append(hoist.section(*index)),
            Section::Component(index) => {
                let number = *index as usize;
                let Some(component) = components.get(number) else {
                    continue;
                };
                let (embedded, alterations) = hoist.embed(number, component);
                altered.extend(alterations);
                let mut head = vec![COMPONENT_SECTION];
                section_size(embedded.size())?.encode(&mut head);
                pieces.bytes(&head);
                pieces.append(embedded);
            }
        }
    }
    Ok((pieces, altered))
}

/// Validates all of the output but bodies.
fn check(output: &Pieces<'_>) -> Result<(), Error> {
    let source = Source {
        name: "composition".to_owned(),
        input: output,
        digest: None,
        bodies: Bodies::Skip,
    };
    validate(&source)
        .map(drop)
        .map_err(|error| match error.kind() {
            ErrorKind::Read { .. } => error,
            _ => Error::new(ErrorKind::InvalidOutput {
                message: error.to_string(),
            }),
        })
}

/// The size of a section.
fn section_size(size: u64) -> Result<u32, Error> {
    u32::try_from(size).map_err(|_| {
        let max = u64::from(u32::MAX);
        Error::new(ErrorKind::limit(
            "bytes in one component",
            size,
            max,
            Vec::new(),
        ))
    })
}

/// The components of the instances of `graph` that are made, in the order of the instances, each once.
fn used_components(graph: &Graph) -> Vec<ComponentId> {
    let mut used = IndexSet::new();
    let made = graph
        .instances()
        .filter(|(_, instance)| !instance.is_host());
    used.extend(made.map(|(_, instance)| instance.component()));
    used.into_iter().collect()
}

impl<'i> Composition<'i> {
    /// The component of this number, whether it is embedded or not.
    ///
    /// # Panics
    ///
    /// Panics if `id` comes from another arena than the graph.
    #[expect(
        clippy::indexing_slicing,
        reason = "the ids of the arena are its places"
    )]
    pub fn component(&self, id: ComponentId) -> &Component<'i> {
        &self.read[id.index() as usize]
    }

    /// Takes note of the SHA-256 of components' bytes that were not known when they were encoded. The bill of
    /// materials then has them; of the [pieces](Composition::pieces), it is in the last one.
    pub fn set_digests(&mut self, digests: impl IntoIterator<Item = (ComponentId, [u8; 32])>) {
        let mut is_news = false;
        for (id, digest) in digests {
            if let Some(component) = self.read.get_mut(id.index() as usize) {
                component.know_digest(digest);
                is_news = true;
            }
        }
        if !is_news {
            return;
        }
        let mut pieces = std::mem::take(&mut self.pieces);
        pieces.truncate(self.description.start);
        let components = self.components.iter();
        let components: Vec<_> = components.map(|id| self.component(*id)).collect();
        self.description
            .write(&components, &self.graph, &mut pieces);
        self.pieces = pieces;
    }

    /// The parts that the bytes consist of, in order.
    pub fn pieces(&self) -> &[Piece<'i>] {
        self.pieces.as_slice()
    }

    /// The number of bytes.
    pub fn size(&self) -> u64 {
        self.pieces.size()
    }

    /// Writes all bytes to `out`, some at a time.
    ///
    /// # Errors
    ///
    /// It is an error if an input can no longer be read, or `out` not be written.
    pub fn write_to(&self, out: &mut dyn io::Write) -> io::Result<()> {
        let mut buffer = Vec::new();
        let mut offset = 0;
        while offset < self.size() {
            let len = (self.size() - offset).min(CHUNK);
            buffer.resize(len as usize, 0);
            self.pieces.read_at(offset, &mut buffer)?;
            out.write_all(&buffer)?;
            offset += len;
        }
        Ok(())
    }

    /// All bytes, in memory.
    ///
    /// # Errors
    ///
    /// An input that can no longer be read is an error.
    pub fn to_bytes(&self) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(self.size()).map_err(io::Error::other)?];
        self.pieces.read_at(0, &mut bytes)?;
        Ok(bytes)
    }
}

impl fmt::Debug for Composition<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Composition")
            .field("size", &self.size())
            .field("imports", &self.imports)
            .field("components", &self.components)
            .finish_non_exhaustive()
    }
}

impl Input for Composition<'_> {
    fn size(&self) -> u64 {
        self.pieces.size()
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<()> {
        self.pieces.read_at(offset, buf)
    }
}

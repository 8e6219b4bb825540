//! From a graph to the bytes of a component.
//!
//! The result is a list of pieces: small sections of our own, and whole inputs that the caller copies
//! as they are. The same graph gives the same bytes on every run and every machine.

mod assembly;
mod closure;
mod core_types;
mod identity;
mod merge;
mod metadata;
mod open;
mod order;
mod scope;
mod types;
pub(crate) mod used;
mod walk;
mod writer;

use crate::component::{Arena, Component, ComponentId, MAX_PARTS};
use crate::error::{Error, ErrorKind};
use crate::graph::{Graph, InstanceId};
use crate::input::Input;
use assembly::Encoder;
use identity::Identities;
use merge::Merger;
use open::OpenImports;
use std::collections::HashMap;
use std::io;
use wasm_encoder::Encode;
use writer::{Counts, Section, Writer};

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
}

/// A composition, ready to be written.
pub struct Composition<'i> {
    pieces: Vec<Piece<'i>>,
    /// The graph it was made from, with the exports that were added because others need their types.
    pub graph: Graph,
    /// What whoever runs it must provide.
    pub imports: Vec<HostImport>,
    /// The components it embeds, in order, each once.
    pub components: Vec<ComponentId>,
}

/// A part of a composition's bytes.
pub enum Piece<'i> {
    /// These bytes.
    Bytes(Vec<u8>),
    /// All bytes of this input.
    Input(&'i dyn Input),
}

/// An import of a composition.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HostImport {
    /// Its name, with its whole version.
    pub name: String,
    /// What sort of item it is: `interface`, `function`, ...
    pub kind: &'static str,
    /// The instances that import it, and the name each has for it.
    pub consumers: Vec<(String, String)>,
}

/// Where things ended up in the index spaces of the composition.
struct Layout {
    instances: HashMap<InstanceId, u32>,
}

/// Encodes `graph`, whose components are those of `arena`.
///
/// # Errors
///
/// It is an error if types do not fit after all: two imports of a component that must speak of one
/// resource and do not, or components that import one interface and disagree on it. Instances in a
/// circle and too many of anything are errors as well. Nothing is half done: there is a whole
/// composition or none.
pub fn encode<'i>(
    arena: Arena<'i>,
    mut graph: Graph,
    options: &Options,
) -> Result<Composition<'i>, Error> {
    let order = graph.order()?;
    closure::close_exports(&arena, &mut graph);
    let open = OpenImports::of(&arena, &graph);
    open.check_names(&arena, &graph)?;
    let identities = Identities::of(&arena, &graph, &open, &order);
    identities.check_edges(&arena, &graph)?;
    let merger = Merger {
        arena: &arena,
        graph: &graph,
        open: &open,
        identities: &identities,
    };
    let merged = open
        .iter()
        .map(|(id, _)| Ok((id, merger.merge(id)?)))
        .collect::<Result<Vec<_>, Error>>()?;
    let import_order = order::order(arena.types(), &identities, &merged);
    let components = used_components(&graph);
    let encoder = Encoder {
        arena: &arena,
        graph: &graph,
        open: &open,
        identities: &identities,
        merged: &merged,
        import_order: &import_order,
        instance_order: &order,
    };
    let output_index: HashMap<_, _> = components.iter().copied().zip(0..).collect();
    let (sections, layout, counts) = encoder
        .sections(Writer::new(components.len() as u32, true), &|id| {
            output_index.get(&id).copied().unwrap_or_default()
        })?;
    check_limits(counts, &components, &arena)?;
    // The validator has the components already, in the order in which they were read: where that is
    // another order, it is given the sections with its own indices.
    let read = arena.components().count() as u32;
    let same_order = components.iter().map(|id| id.index()).eq(0..read);
    let renumbered = match same_order {
        true => None,
        false => Some(
            encoder
                .sections(Writer::new(read, false), &ComponentId::index)?
                .0,
        ),
    };
    let imports = encoder.imports();

    let parts: Vec<&Component<'i>> = components.iter().map(|id| arena.component(*id)).collect();
    let custom = metadata::sections(&parts, &graph, &layout, options);
    let mut pieces = Vec::new();
    let mut bytes = HEADER.to_vec();
    for section in &sections {
        match section {
            Section::Ours(id, body) => {
                bytes.push(*id);
                body.encode(&mut bytes);
            }
            Section::Component(index) => {
                let Some(part) = parts.get(*index as usize) else {
                    continue;
                };
                bytes.push(COMPONENT_SECTION);
                let size = u32::try_from(part.input().size()).map_err(|_| {
                    Error::new(ErrorKind::Limit {
                        what: "bytes in one component",
                        count: part.input().size(),
                        max: u64::from(u32::MAX),
                    })
                })?;
                size.encode(&mut bytes);
                pieces.push(Piece::Bytes(std::mem::take(&mut bytes)));
                pieces.push(Piece::Input(part.input()));
            }
        }
    }
    bytes.extend(custom);
    pieces.push(Piece::Bytes(bytes));

    let ours =
        renumbered
            .as_ref()
            .unwrap_or(&sections)
            .iter()
            .filter_map(|section| match section {
                Section::Ours(id, body) => Some((*id, body.as_slice())),
                Section::Component(_) => None,
            });
    arena
        .finish(ours)
        .map_err(|message| Error::new(ErrorKind::InvalidOutput { message }))?;
    Ok(Composition {
        pieces,
        graph,
        imports,
        components,
    })
}

/// What `graph` comes to before anything is merged or written.
pub(crate) struct Outline {
    /// The graph with the exports that others need.
    pub(crate) graph: Graph,
    /// What stays imported: the name of each import, with its whole version, and the instances that
    /// import it, with the name as it stands in each.
    pub(crate) open: Vec<(String, Vec<(InstanceId, String)>)>,
}

impl Outline {
    pub(crate) fn of(arena: &Arena<'_>, graph: &Graph) -> Outline {
        let mut graph = graph.clone();
        closure::close_exports(arena, &mut graph);
        let open = OpenImports::of(arena, &graph);
        let open = open.iter().map(|(_, group)| {
            let (name, item) = group.item(arena, &graph);
            (item.full_name(name).into_owned(), group.members.clone())
        });
        let open = open.collect();
        Outline { graph, open }
    }
}

/// The components of the instances of `graph`, in the order of the instances, each once.
fn used_components(graph: &Graph) -> Vec<ComponentId> {
    let mut used = Vec::new();
    for (_, instance) in graph.instances() {
        if !used.contains(&instance.component()) {
            used.push(instance.component());
        }
    }
    used
}

/// Refuses what no engine would accept, before it is written.
fn check_limits(
    counts: Counts,
    components: &[ComponentId],
    arena: &Arena<'_>,
) -> Result<(), Error> {
    let nested: u64 = components
        .iter()
        .map(|id| {
            let parts = arena.component(*id).parts();
            u64::from(parts.core_modules) + u64::from(parts.components)
        })
        .sum();
    let all = 1 + components.len() as u64 + nested;
    for (what, count, max) in [
        ("instances", u64::from(counts.instances), 4096),
        ("components", u64::from(counts.components), 1000),
        (
            "components and core modules, nested ones included",
            all,
            MAX_PARTS,
        ),
    ] {
        if count > max {
            return Err(Error::new(ErrorKind::Limit { what, count, max }));
        }
    }
    Ok(())
}

impl<'i> Composition<'i> {
    /// The parts that the bytes consist of, in order.
    pub fn pieces(&self) -> &[Piece<'i>] {
        &self.pieces
    }

    /// The number of bytes.
    pub fn size(&self) -> u64 {
        self.pieces.iter().map(Piece::size).sum()
    }

    /// All bytes, in memory.
    ///
    /// # Errors
    ///
    /// An input that can no longer be read is an error.
    pub fn to_bytes(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        for piece in &self.pieces {
            match piece {
                Piece::Bytes(part) => bytes.extend(part),
                Piece::Input(input) => {
                    let start = bytes.len();
                    let size = usize::try_from(input.size()).map_err(io::Error::other)?;
                    bytes.resize(start + size, 0);
                    input.read_at(0, bytes.get_mut(start..).unwrap_or_default())?;
                }
            }
        }
        Ok(bytes)
    }
}

impl Piece<'_> {
    /// The number of bytes.
    pub fn size(&self) -> u64 {
        match self {
            Piece::Bytes(bytes) => bytes.len() as u64,
            Piece::Input(input) => input.size(),
        }
    }
}

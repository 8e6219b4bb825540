//! Core modules that several embedded components hold, or one holds several times, put into the
//! composition once.
//!
//! Where such a core module stood, there is an alias of it instead, so that every index in the component
//! means what it meant. Nothing else of the component changes but the sizes of the sections around it.

use super::piece::Pieces;
use super::record::{Altered, CORE_MODULE_SECTION, Record, alias_section, padded};
use crate::component::{Component, ComponentId, Nested};
use crate::digest;
use crate::error::Error;
use crate::hash::HashMap;
use crate::input::Input;
use indexmap::IndexMap;
use rayon::prelude::*;
use std::ops::Range;
use wasm_encoder::Encode;

/// What [`Dedupe::Automatic`] takes to be worth having, in bytes.
const WORTHWHILE: u64 = 64 << 10;

/// What a composition holds only once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dedupe {
    /// Identical components, and each core module with which that saves 64 KiB or more.
    #[default]
    Automatic,
    /// Identical components, and each core module with which that saves anything at all. What saves less
    /// than some 200 bytes may be outweighed by its entry in the bill of materials.
    Modules,
    /// Identical components only: each is embedded as it is.
    Components,
}

/// A core module that a composition holds itself, because components that it embeds share it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HoistedModule {
    /// The number of its bytes.
    pub size: u64,
    /// The SHA-256 of its bytes.
    pub digest: [u8; 32],
    /// The components that it stood in, in the order in which they are embedded; one that held it several
    /// times is there several times.
    pub components: Vec<ComponentId>,
    /// By how many bytes the composition is smaller for it.
    pub saved: u64,
}

/// What is hoisted out of the components of a composition.
#[derive(Default)]
pub(super) struct Hoist<'i> {
    /// The core modules, in the order of their indices.
    pub(super) modules: Vec<HoistedModule>,
    /// The bytes of each.
    sources: Vec<(&'i dyn Input, Range<u64>)>,
    /// Which core module takes the place of the n-th nested part of a component, by the number of the
    /// component and n.
    places: HashMap<(usize, usize), u32>,
}

/// A core module in a component.
struct Occurrence<'p, 'i> {
    /// The number of the component.
    component: usize,
    /// Its number among the nested parts of the component.
    at: usize,
    nested: &'p Nested,
    input: &'i dyn Input,
}

impl<'i> Hoist<'i> {
    /// Decides what to hoist out of `components`, which are embedded in this order.
    pub(super) fn plan(
        ids: &[ComponentId],
        components: &[&Component<'i>],
        dedupe: Dedupe,
    ) -> Result<Hoist<'i>, Error> {
        let least = match dedupe {
            Dedupe::Automatic => WORTHWHILE,
            Dedupe::Modules => 1,
            Dedupe::Components => return Ok(Hoist::default()),
        };
        let mut hoist = Hoist::default();
        for (digest, occurrences) in alike(components, least)? {
            hoist.consider(ids, digest, &occurrences, least);
        }
        Ok(hoist)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.modules.is_empty()
    }

    /// Hoists a core module, if that saves `least` bytes.
    fn consider(
        &mut self,
        ids: &[ComponentId],
        digest: [u8; 32],
        occurrences: &[Occurrence<'_, 'i>],
        least: u64,
    ) {
        let Some(first) = occurrences.first() else {
            return;
        };
        let index = self.modules.len() as u32;
        let body = first.nested.body.clone();
        let size = body.end - body.start;
        let before: u64 = occurrences.iter().map(|place| place.nested.size()).sum();
        let aliases = occurrences
            .iter()
            .map(|place| place.nested.alias(index).len() as u64);
        let after = section_head(size).len() as u64 + size + aliases.sum::<u64>();
        if before < after + least {
            return;
        }
        for place in occurrences {
            self.places.insert((place.component, place.at), index);
        }
        let holders = occurrences.iter().map(|place| place.component);
        self.modules.push(HoistedModule {
            size,
            digest,
            components: holders.filter_map(|at| ids.get(at).copied()).collect(),
            saved: before - after,
        });
        self.sources.push((first.input, body));
    }

    /// The section that holds the core module with this index.
    pub(super) fn section(&self, index: u32) -> Pieces<'i> {
        let mut out = Pieces::default();
        if let Some((input, range)) = self.sources.get(index as usize) {
            out.bytes(&section_head(range.end - range.start));
            out.range(*input, range.clone());
        }
        out
    }

    /// The component of this number as it is embedded, and where aliases were put into it.
    pub(super) fn embed(
        &self,
        number: usize,
        component: &Component<'i>,
    ) -> (Pieces<'i>, Option<Altered>) {
        let input = component.input();
        let nested = component.nested();
        let module_at = |at: usize| self.places.get(&(number, at)).copied();
        let removed = removed(nested, &module_at);
        let mut out = Pieces::default();
        let mut aliases = Vec::new();
        let mut copied = 0;
        for (at, (part, removed)) in nested.iter().zip(removed).enumerate() {
            if let Some(index) = module_at(at) {
                out.range(input, copied..part.start);
                aliases.push(out.size() as u32);
                out.bytes(&part.alias(index));
                copied = part.body.end;
            } else if removed > 0 {
                out.range(input, copied..part.start + 1);
                let size = part.body.end - part.body.start - removed;
                // What became less fits where it was.
                out.bytes(&padded(size, part.width()).unwrap_or_default());
                copied = part.body.start;
            }
        }
        out.range(input, copied..input.size());
        let altered = (!aliases.is_empty()).then_some(Altered {
            component: number as u32,
            aliases,
        });
        (out, altered)
    }

    /// How many core modules stand in each of so many components no more.
    pub(super) fn removed(&self, components: usize) -> Vec<u64> {
        let mut removed = vec![0; components];
        for (component, _) in self.places.keys() {
            if let Some(removed) = removed.get_mut(*component) {
                *removed += 1;
            }
        }
        removed
    }

    /// The core modules that an embedded component of this number has by alias, each once.
    pub(super) fn of_component(&self, number: usize) -> Vec<usize> {
        let places = self.places.iter().filter(|((at, _), _)| *at == number);
        let mut modules: Vec<_> = places.map(|(_, index)| *index as usize).collect();
        modules.sort_unstable();
        modules.dedup();
        modules
    }
}

/// A record of what was altered; nothing if nothing was.
pub(super) fn record(components: Vec<Altered>) -> Option<Record> {
    (!components.is_empty()).then_some(Record { components })
}

/// The core modules that are in `components` more than once, in the order in which they come first,
/// where hoisting one could save `least` bytes.
fn alike<'p, 'i>(
    components: &[&'p Component<'i>],
    least: u64,
) -> Result<IndexMap<[u8; 32], Vec<Occurrence<'p, 'i>>>, Error> {
    let mut by_size: IndexMap<u64, Vec<Occurrence<'p, 'i>>> = IndexMap::new();
    for (number, component) in components.iter().enumerate() {
        for (at, nested) in component.nested().iter().enumerate() {
            if nested.is_core_module {
                let size = nested.body.end - nested.body.start;
                by_size.entry(size).or_default().push(Occurrence {
                    component: number,
                    at,
                    nested,
                    input: component.input(),
                });
            }
        }
    }
    by_size.retain(|size, all| (all.len() as u64 - 1).saturating_mul(*size) >= least);
    let mut candidates: Vec<_> = by_size.into_values().flatten().collect();
    if candidates.is_empty() {
        // Threads would be started for nothing.
        return Ok(IndexMap::new());
    }
    candidates.sort_by_key(|occurrence| (occurrence.component, occurrence.at));
    let digests = candidates
        .par_iter()
        .map(|occurrence| {
            digest::of_range(occurrence.input, occurrence.nested.body.clone()).map_err(|error| {
                let component = components.get(occurrence.component);
                Error::read(component.map_or("", |component| component.name()), error)
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    let mut alike: IndexMap<_, Vec<_>> = IndexMap::new();
    for (digest, occurrence) in digests.into_iter().zip(candidates) {
        alike.entry(digest).or_default().push(occurrence);
    }
    alike.retain(|_, all| all.len() > 1);
    Ok(alike)
}

/// By how much each nested part becomes smaller when core modules in it are replaced; 0 for the core
/// modules themselves.
fn removed(nested: &[Nested], module_at: &dyn Fn(usize) -> Option<u32>) -> Vec<u64> {
    let mut removed = vec![0; nested.len()];
    let mut around: Vec<usize> = Vec::new();
    for (at, part) in nested.iter().enumerate() {
        around.truncate(part.depth as usize - 1);
        if let Some(index) = module_at(at) {
            // The smallest core module has 8 bytes, and so has the largest alias of one in a thousand.
            let less = part.size().saturating_sub(part.alias(index).len() as u64);
            for outer in &around {
                if let Some(removed) = removed.get_mut(*outer) {
                    *removed += less;
                }
            }
        }
        if !part.is_core_module {
            around.push(at);
        }
    }
    removed
}

/// The id and size of a section with a core module of `size` bytes.
fn section_head(size: u64) -> Vec<u8> {
    let mut head = vec![CORE_MODULE_SECTION];
    // It was the size of a section before.
    (size as u32).encode(&mut head);
    head
}

impl Nested {
    /// The number of bytes of the section.
    fn size(&self) -> u64 {
        self.body.end - self.start
    }

    /// The number of bytes that the size of the section is written in.
    fn width(&self) -> u64 {
        self.body.start - self.start - 1
    }

    /// The section that takes its place when it is hoisted as the core module `index`.
    fn alias(&self, index: u32) -> Vec<u8> {
        alias_section(self.width(), self.depth, index)
    }
}

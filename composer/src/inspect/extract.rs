//! The components that a composition embeds, taken out of it as they went in, byte for byte.

use super::{Anatomy, Borrowed, Origin, Part, PartKind};
use crate::component::limits::MAX_PARTS;
use crate::digest;
use crate::encode::record::{CORE_MODULE_SECTION, Record, alias_section, padded};
use crate::encode::{Piece, Pieces};
use crate::{Error, ErrorKind, Input};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::io;
use std::ops::Range;

/// A component taken out of a composition. It is an [`Input`]: it can be read and composed again.
pub struct Extracted<'i> {
    name: String,
    digest: Option<[u8; 32]>,
    pieces: Pieces<'i>,
}

/// Takes the components out that are embedded right within the binary `input`, whose anatomy this is:
/// in order, each as it was before it was composed. Compositions among them can be taken apart in turn.
///
/// That works with the compositions of other tools as well, which embed components as they are. Where
/// the bill of materials records the digest of a component, it is checked, for which all bytes are read.
///
/// # Errors
///
/// It is an error if a component is not what the bill of materials says, if it has something from the
/// composition around it that was not put there by hoisting, or if the record of what was hoisted does not
/// fit. Then nothing is taken out.
pub fn extract<'i>(input: &'i dyn Input, anatomy: &Anatomy) -> Result<Vec<Extracted<'i>>, Error> {
    let parts = anatomy.root.parts.iter().enumerate();
    let components: Vec<(usize, &Part)> = parts
        .filter(|(_, part)| part.kind == PartKind::Component)
        .collect();
    let of_instances = names_of_instances(anatomy);
    let mut hoisted = record(anatomy, components.len())?;
    let mut digests = recorded_digests(anatomy, components.len(), !hoisted.is_empty())?;
    let mut all = Vec::new();
    for (number, (at, part)) in components.into_iter().enumerate() {
        let name = part.outer_name.as_deref().or(part.name.as_deref());
        let name = name.or(of_instances.get(&at).copied());
        let name = name.unwrap_or("component");
        let aliases = hoisted.remove(&number).unwrap_or_default();
        if part.outward != aliases.len() {
            return Err(Error::new(ErrorKind::NotClosed {
                input: anatomy.name.clone(),
                component: name.to_owned(),
            }));
        }
        all.push(Extracted {
            name: name.to_owned(),
            digest: digests.remove(&number),
            pieces: Whole { input, anatomy }.restore(part, &aliases)?,
        });
    }
    all.par_iter()
        .try_for_each(|extracted| extracted.check(anatomy))?;
    Ok(all)
}

/// What the first instance of a component is called, by the number of the component among the parts.
fn names_of_instances(anatomy: &Anatomy) -> BTreeMap<usize, &str> {
    let mut names = BTreeMap::new();
    for instance in &anatomy.wiring.instances {
        if let (Origin::Part { part }, Some(name)) = (&instance.component, &instance.name) {
            names.entry(*part).or_insert(name.as_str());
        }
    }
    names
}

/// The aliases that stand for core modules, by the number of the embedded component they are in.
fn record(anatomy: &Anatomy, components: usize) -> Result<BTreeMap<usize, Vec<u32>>, Error> {
    let bytes = match anatomy.records.as_slice() {
        [] => return Ok(BTreeMap::new()),
        [bytes] => bytes,
        _ => return Err(unfit(anatomy, "there are several records")),
    };
    let record = Record::decode(bytes).map_err(|message| unfit(anatomy, message))?;
    let aliases = record
        .components
        .iter()
        .map(|altered| altered.aliases.len());
    if aliases.sum::<usize>() as u64 > MAX_PARTS {
        return Err(unfit(
            anatomy,
            format!("more than {MAX_PARTS} were hoisted"),
        ));
    }
    let altered = record.components.into_iter();
    let altered: BTreeMap<_, _> = altered
        .map(|altered| (altered.component as usize, altered.aliases))
        .collect();
    match altered.last_key_value() {
        Some((last, _)) if *last >= components => {
            Err(unfit(anatomy, format!("there is no component {last}")))
        }
        _ => Ok(altered),
    }
}

/// The digests in the bill of materials, by the number of the embedded component. What the root depends
/// on stands there in the order in which it is embedded.
///
/// # Errors
///
/// The bill of a composition that is `ours` has an entry for each component, or there is no bill.
fn recorded_digests(
    anatomy: &Anatomy,
    components: usize,
    ours: bool,
) -> Result<BTreeMap<usize, [u8; 32]>, Error> {
    let bill = &anatomy.root.bill;
    let root = bill.iter().find(|entry| entry.is_root);
    let parts = root.map_or([].as_slice(), |root| &root.dependencies);
    let fits = parts.len() == components && parts.iter().all(|entry| *entry < bill.len());
    if !fits {
        return match ours && !bill.is_empty() {
            true => Err(unfit(anatomy, "the bill of materials names others")),
            false => Ok(BTreeMap::new()),
        };
    }
    let digests = parts.iter().enumerate().filter_map(|(number, entry)| {
        let digest = digest::at_end_of(&bill.get(*entry)?.source)?;
        Some((number, digest))
    });
    Ok(digests.collect())
}

/// A binary that components are taken out of.
struct Whole<'i, 'a> {
    input: &'i dyn Input,
    anatomy: &'a Anatomy,
}

/// A range of the binary, and what stood there originally.
struct Edit<'i> {
    range: Range<u64>,
    original: Pieces<'i>,
}

impl<'i> Whole<'i, '_> {
    /// The component `top` as it was before core modules were hoisted from these places.
    fn restore(&self, top: &Part, aliases: &[u32]) -> Result<Pieces<'i>, Error> {
        let start = top.range.start;
        let is_recorded = |borrowed: &Borrowed| {
            let offset = u32::try_from(borrowed.section.start.saturating_sub(start));
            offset.is_ok_and(|offset| aliases.binary_search(&offset).is_ok())
        };
        let mut edits = Vec::new();
        let mut restored = 0;
        // What is around the part that comes next, `top` itself left out, and by how much each grows.
        let mut around: Vec<(&Part, i64)> = Vec::new();
        let mut left = vec![(top, 0)];
        while let Some((part, depth)) = left.pop() {
            while around.len() >= depth
                && let Some((part, growth)) = around.pop()
            {
                edits.extend(self.resize(part, growth)?);
            }
            if depth > 0 {
                around.push((part, 0));
            }
            for borrowed in part
                .borrowed
                .iter()
                .filter(|borrowed| is_recorded(borrowed))
            {
                let edit = self.core_module(borrowed, depth)?;
                let growth = edit.growth();
                for (_, around) in &mut around {
                    *around += growth;
                }
                restored += 1;
                edits.push(edit);
            }
            left.extend(part.parts.iter().rev().map(|part| (part, depth + 1)));
        }
        for (part, growth) in around {
            edits.extend(self.resize(part, growth)?);
        }
        if restored != aliases.len() {
            return Err(self.unfit("a core module was hoisted from where no alias is"));
        }
        edits.sort_by_key(|edit| edit.range.start);
        let mut out = Pieces::default();
        let mut copied = start;
        for edit in edits {
            out.range(self.input, copied..edit.range.start);
            copied = edit.range.end;
            out.append(edit.original);
        }
        out.range(self.input, copied..top.range.end);
        Ok(out)
    }

    /// The core module that an alias stands for, which is in a component with `depth` others around it
    /// in the embedded component.
    fn core_module(&self, borrowed: &Borrowed, depth: usize) -> Result<Edit<'i>, Error> {
        let (outward, index) = borrowed.alias;
        let module = self.anatomy.root.parts.get(borrowed.part);
        let Some(module) = module.filter(|_| borrowed.level == 0 && outward as usize == depth + 1)
        else {
            return Err(self.unfit("an alias is of a core module that was not hoisted"));
        };
        let not_ours = || self.unfit("an alias is not as it is written for a hoisted core module");
        let section = borrowed.section.clone();
        let len = section.end - section.start;
        let least = alias_section(1, outward, index).len() as u64;
        let width = len.checked_sub(least).map(|more| more + 1);
        let width = width.filter(|width| *width <= 5).ok_or_else(not_ours)?;
        let mut found = vec![0; len as usize];
        self.input
            .read_at(section.start, &mut found)
            .map_err(|error| Error::read(&self.anatomy.name, error))?;
        if found != alias_section(width, outward, index) {
            return Err(not_ours());
        }
        let size = padded(module.size(), width).ok_or_else(not_ours)?;
        let mut original = Pieces::default();
        original.bytes(&[CORE_MODULE_SECTION]);
        original.bytes(&size);
        original.range(self.input, module.range.clone());
        Ok(Edit {
            range: section,
            original,
        })
    }

    /// The size of a component that grows, as it was.
    fn resize(&self, part: &Part, growth: i64) -> Result<Option<Edit<'i>>, Error> {
        if growth == 0 {
            return Ok(None);
        }
        let range = part.range.start - part.head + 1..part.range.start;
        let size = part.size().checked_add_signed(growth);
        let size = size.and_then(|size| padded(size, range.end - range.start));
        let Some(size) = size else {
            return Err(self.unfit("a component would be too large"));
        };
        let mut original = Pieces::default();
        original.bytes(&size);
        Ok(Some(Edit { range, original }))
    }

    fn unfit(&self, message: &str) -> Error {
        unfit(self.anatomy, message)
    }
}

impl Edit<'_> {
    /// By how much the original is larger.
    fn growth(&self) -> i64 {
        self.original.size() as i64 - (self.range.end - self.range.start) as i64
    }
}

fn unfit(anatomy: &Anatomy, message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Hoisted {
        input: anatomy.name.clone(),
        message: message.into(),
    })
}

impl<'i> Extracted<'i> {
    /// The name that the composition has for it, or else the one it gives itself, or that of its first
    /// instance, or else `component`.
    /// It is as it was found: several may have the same, and it may be anything but a file's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The SHA-256 that the bill of materials of the composition records for it. It was checked.
    pub fn digest(&self) -> Option<&[u8; 32]> {
        self.digest.as_ref()
    }

    /// The parts that its bytes consist of, in order.
    pub fn pieces(&self) -> &[Piece<'i>] {
        self.pieces.as_slice()
    }

    fn check(&self, anatomy: &Anatomy) -> Result<(), Error> {
        let Some(recorded) = self.digest else {
            return Ok(());
        };
        let found = digest::of_range(self, 0..self.size())
            .map_err(|error| Error::read(&anatomy.name, error))?;
        if found == recorded {
            return Ok(());
        }
        Err(Error::new(ErrorKind::DigestDiffers {
            input: anatomy.name.clone(),
            component: self.name.clone(),
            recorded: digest::text(&recorded),
            found: digest::text(&found),
        }))
    }
}

impl Input for Extracted<'_> {
    fn size(&self) -> u64 {
        self.pieces.size()
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<()> {
        self.pieces.read_at(offset, buf)
    }
}

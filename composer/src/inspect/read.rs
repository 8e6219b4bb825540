//! Walking a binary: the sections of everything in it are framed here and looked at, not validated.

use super::bill;
use super::code;
use super::feature::{Feature, Features};
use super::module::{self, Module};
use super::wiring::{Outward, Spaces, Wiring};
use super::{Anatomy, Borrowed, Item, Part, PartKind};
use crate::component::Kind;
use crate::component::Metadata;
use crate::component::limits::{
    DESCRIPTION, MAX_DESCRIPTION, MAX_METADATA, MAX_NESTING, MAX_PARTS, NESTED_COMPONENTS, PARTS,
    SECTION_COST,
};
use crate::component::sections::Section;
use crate::encode::record;
use crate::{Error, Input};
use std::ops::Range;
use wasmparser::{BinaryReader, Encoding};

/// How many bytes the head of a section takes as a rule.
const HEAD: u64 = 64;
/// How much of a `name` section is read: the core module's own name comes first.
const NAME: u64 = 4 << 10;
/// The largest bill of materials that is read, and the largest section of names.
const MAX_SECTION: u64 = 1 << 20;
/// How many bills of materials are read: each may be much larger than it looks.
const MAX_BILLS: usize = 64;
/// How many records of hoisted core modules are kept: more than one is one too many.
const MAX_RECORDS: usize = 2;

/// Looks at `input`, which messages call `name`.
pub(super) fn read(name: &str, input: &dyn Input) -> Result<Anatomy, Error> {
    let mut reader = Reader {
        name,
        input,
        frames: Vec::new(),
        pos: 0,
        bills: 0,
        records: Vec::new(),
        parts: 0,
        description_left: MAX_DESCRIPTION,
        metadata_left: MAX_METADATA,
    };
    let prefix = reader.bytes(0, input.size().min(Kind::PREFIX as u64))?;
    let kind = match Kind::of(&prefix) {
        Kind::Component => PartKind::Component,
        Kind::CoreModule => PartKind::CoreModule,
        kind => return Err(Error::not_a_component(name, kind, &prefix)),
    };
    let mut root = reader.open(kind, 0, input.size())?;
    loop {
        if reader.pos < root.part.range.end {
            if let Some(inner) = reader.section(&mut root)? {
                reader.frames.push(std::mem::replace(&mut root, inner));
            }
            continue;
        }
        let Some(outer) = reader.frames.pop() else {
            break;
        };
        let (part, ..) = std::mem::replace(&mut root, outer).close();
        root.part.parts.push(part);
    }
    let (mut root, imports, exports, wiring) = root.close();
    name_hoisted(&mut root);
    Ok(Anatomy {
        name: name.to_owned(),
        root,
        imports,
        exports,
        wiring,
        records: reader.records,
    })
}

/// Gives core modules that have no name the one that the first component to borrow them has for them.
fn name_hoisted(root: &mut Part) {
    let mut names = Vec::new();
    let mut left: Vec<&Part> = root.parts.iter().rev().collect();
    while let Some(part) = left.pop() {
        let of_root = part.borrowed.iter().filter(|borrowed| borrowed.level == 0);
        names.extend(of_root.filter_map(|borrowed| Some((borrowed.part, borrowed.name.clone()?))));
        left.extend(part.parts.iter().rev());
    }
    for (number, name) in names {
        if let Some(part) = root.parts.get_mut(number) {
            part.name.get_or_insert(name);
        }
    }
}

struct Reader<'r> {
    name: &'r str,
    input: &'r dyn Input,
    /// What is around the component or core module that is being read, the outermost first.
    frames: Vec<Frame>,
    pos: u64,
    bills: usize,
    records: Vec<Vec<u8>>,
    parts: u64,
    /// How many bytes may still be read of sections that describe something.
    description_left: u64,
    /// How many bytes of metadata and bills of materials may still be kept.
    metadata_left: u64,
}

/// A component or core module that is being read.
struct Frame {
    part: Part,
    content: Content,
}

enum Content {
    Component(Box<Spaces>),
    CoreModule(Box<Module>),
}

impl Frame {
    fn close(self) -> (Part, Vec<Item>, Vec<Item>, Wiring) {
        let mut part = self.part;
        match self.content {
            Content::Component(mut spaces) => {
                let names = spaces.core_module_names();
                for borrowed in &mut part.borrowed {
                    borrowed.name = names.get(&borrowed.index).map(|name| (*name).to_owned());
                }
                for (number, name) in spaces.part_names() {
                    if let Some(part) = part.parts.get_mut(number) {
                        part.name.get_or_insert_with(|| name.clone());
                        part.outer_name = Some(name);
                    }
                }
                part.features.extend(spaces.found.0);
                let imports = std::mem::take(&mut spaces.imports);
                let exports = std::mem::take(&mut spaces.exports);
                (part, imports, exports, spaces.into_wiring())
            }
            Content::CoreModule(module) => {
                part.features.extend(module.features());
                (part, module.imports, module.exports, Wiring::default())
            }
        }
    }
}

impl Reader<'_> {
    /// Enters a component or core module that ends at `end`; the section that holds it has a head of
    /// `head` bytes.
    fn open(&mut self, kind: PartKind, head: u64, end: u64) -> Result<Frame, Error> {
        let start = self.pos;
        if end - start < 8 {
            return Err(self.invalid(start, "the header is cut short"));
        }
        let header = self.bytes(start, 8)?;
        let expected = match kind {
            PartKind::Component => [0x0d, 0, 1, 0],
            PartKind::CoreModule => [1, 0, 0, 0],
        };
        match header.split_at(4) {
            (b"\0asm", version) if version == expected => {}
            (b"\0asm", [a, b, ..]) => {
                let version = u16::from_le_bytes([*a, *b]);
                let what = format!("version {version} of the binary format");
                return Err(Error::newer_than_us(self.name, start, what, None));
            }
            _ => return Err(self.invalid(start, "there is no WebAssembly header here")),
        }
        self.pos = start + 8;
        Ok(Frame {
            part: Part {
                kind,
                name: None,
                outer_name: None,
                range: start..end,
                parts: Vec::new(),
                borrowed: Vec::new(),
                features: Features::NONE,
                custom: 0,
                metadata: Metadata::default(),
                bill: Vec::new(),
                head,
                outward: 0,
            },
            content: match kind {
                PartKind::Component => Content::Component(Box::default()),
                PartKind::CoreModule => Content::CoreModule(Box::default()),
            },
        })
    }

    /// Reads one section; gives what begins with it, if it holds a component or core module.
    fn section(&mut self, frame: &mut Frame) -> Result<Option<Frame>, Error> {
        let start = self.pos;
        let frame_end = frame.part.range.end;
        let head = self.bytes(start, (frame_end - start).min(HEAD))?;
        let mut head = BinaryReader::new(&head, start);
        let framed = head
            .read_u8()
            .and_then(|id| Ok((id, u64::from(head.read_var_u32()?))));
        let Ok((id, len)) = framed else {
            return Err(self.cut(start, 2));
        };
        let body = head.original_position();
        let end = body + len;
        let encoding = match frame.content {
            Content::Component(_) => Encoding::Component,
            Content::CoreModule(_) => Encoding::Module,
        };
        let section = Section::of(encoding, id, len);
        let is_trailing = section.is_none() && (end > frame_end || id == 0);
        if is_trailing && self.frames.is_empty() {
            return Err(Error::trailing(self.name, start, frame_end - start));
        }
        if end > frame_end {
            return Err(self.cut(start, end - frame_end));
        }
        self.describe(start, SECTION_COST)?;
        self.pos = end;
        match section {
            Some(Section::Custom) => {
                frame.part.custom += end - start;
                self.custom(frame, body..end)?;
            }
            Some(section @ (Section::CoreModule | Section::Component)) => {
                let kind = match section {
                    Section::CoreModule => PartKind::CoreModule,
                    _ => PartKind::Component,
                };
                return self.enter(frame, kind, body - start, body..end);
            }
            Some(Section::Code) => {
                let features = self.code(body..end)?;
                frame.part.features.extend(features);
            }
            Some(Section::Data) => {}
            Some(Section::Typed(id)) => {
                self.describe(start, len)?;
                let bytes = self.bytes(body, len)?;
                let taken = match &mut frame.content {
                    Content::Component(spaces) => spaces.section(id, &bytes, body),
                    Content::CoreModule(module) => module.section(id, &bytes, body),
                };
                match taken {
                    Err(error) if self.frames.is_empty() && encoding == Encoding::Component => {
                        return Err(self.unreadable(&frame.part, &error));
                    }
                    Err(_) => frame.part.features.add(Feature::Unknown),
                    Ok(()) => {}
                }
                self.borrow(frame, start..end);
            }
            None => frame.part.features.add(Feature::Unknown),
        }
        Ok(None)
    }

    /// Takes note that `len` bytes at `offset` are read whole.
    fn describe(&mut self, offset: u64, len: u64) -> Result<(), Error> {
        match self.description_left.checked_sub(len) {
            Some(left) => self.description_left = left,
            None => {
                let limit = (DESCRIPTION, MAX_DESCRIPTION);
                return Err(Error::input_limit(self.name, offset, limit));
            }
        }
        Ok(())
    }

    fn enter(
        &mut self,
        frame: &mut Frame,
        kind: PartKind,
        head: u64,
        body: Range<u64>,
    ) -> Result<Option<Frame>, Error> {
        self.parts += 1;
        for (count, limit) in [
            (self.parts + 1, (PARTS, MAX_PARTS)),
            (
                self.frames.len() as u64 + 1,
                (NESTED_COMPONENTS, MAX_NESTING),
            ),
        ] {
            if count > limit.1 {
                return Err(Error::input_limit(self.name, body.start, limit));
            }
        }
        if let Content::Component(spaces) = &mut frame.content {
            spaces.part(frame.part.parts.len(), kind);
        }
        self.pos = body.start;
        self.open(kind, head, body.end).map(Some)
    }

    /// Follows the aliases of a section that lead out of the component.
    fn borrow(&mut self, frame: &mut Frame, section: Range<u64>) {
        let Content::Component(spaces) = &mut frame.content else {
            return;
        };
        for Outward { count, core_module } in spaces.take_outward() {
            let Some(level) = self.frames.len().checked_sub(count as usize) else {
                continue;
            };
            if level == 0 {
                // Of the outermost component, the part that this one is or is in.
                let part = match self.frames.get_mut(1) {
                    Some(outer) => &mut outer.part,
                    None => &mut frame.part,
                };
                part.outward += 1;
            }
            let Some((there, index)) = core_module else {
                continue;
            };
            let place = match self.frames.get(level).map(|outer| &outer.content) {
                Some(Content::Component(outer)) => outer.place_of(there, level),
                _ => None,
            };
            let Some(place) = place else {
                continue;
            };
            spaces.borrow(index, place);
            let holder = self.frames.get(place.level);
            if let Some(module) = holder.and_then(|holder| holder.part.parts.get(place.part)) {
                frame.part.features.extend(module.features);
            }
            frame.part.borrowed.push(Borrowed {
                name: None,
                level: place.level,
                part: place.part,
                section: section.clone(),
                alias: (count, there),
                index,
            });
        }
    }

    fn custom(&mut self, frame: &mut Frame, body: Range<u64>) -> Result<(), Error> {
        let head = self.bytes(body.start, (body.end - body.start).min(HEAD))?;
        let mut head = BinaryReader::new(&head, body.start);
        // A section whose name does not fit the head is none that is taken.
        let Ok(name) = head.read_unlimited_string() else {
            return Ok(());
        };
        let data = head.original_position();
        let len = body.end - data;
        let is_kept = len <= self.metadata_left;
        if Metadata::wants(name, len) && is_kept {
            self.metadata_left -= len;
            let bytes = self.bytes(data, len)?;
            frame.part.metadata.add(name, &bytes);
            if let ("component-name", Content::Component(spaces)) = (name, &mut frame.content) {
                spaces.names(&bytes);
                frame.part.name.clone_from(&frame.part.metadata.name);
            }
        } else if name == bill::SECTION && len <= MAX_SECTION && self.bills < MAX_BILLS && is_kept {
            self.bills += 1;
            self.metadata_left -= len;
            frame.part.bill = bill::read(&self.bytes(data, len)?);
        } else if name == record::SECTION
            && self.frames.is_empty()
            && len <= record::MAX_SIZE
            && self.records.len() < MAX_RECORDS
        {
            self.records.push(self.bytes(data, len)?);
        } else if let Content::CoreModule(_) = frame.content {
            match name {
                "name" => frame.part.name = module::name_of(&self.bytes(data, len.min(NAME))?),
                "metadata.code.branch_hint" => frame.part.features.add(Feature::BranchHints),
                _ => {}
            }
        }
        Ok(())
    }

    fn code(&self, body: Range<u64>) -> Result<Features, Error> {
        let head = self.bytes(body.start, (body.end - body.start).min(HEAD))?;
        let mut head = BinaryReader::new(&head, body.start);
        let Ok(count) = head.read_var_u32() else {
            return Ok(Features::of(Feature::Unknown));
        };
        let bodies = head.original_position()..body.end;
        code::features(self.input, count, bodies).map_err(|error| Error::read(self.name, error))
    }

    /// The error for a section of the outermost component that cannot be read.
    fn unreadable(&self, root: &Part, error: &wasmparser::Error) -> Error {
        let Some(what) = error.message().strip_prefix("invalid leading byte (") else {
            return self.invalid(error.offset(), error.message());
        };
        let what = format!("leading byte {}", what.replacen(") for", " for a", 1));
        let producer = root.metadata.producers.get("processed-by");
        let producer = producer.and_then(|field| {
            let (name, version) = field.iter().next()?;
            Some(format!("{name} {version}"))
        });
        Error::newer_than_us(self.name, error.offset(), what, producer)
    }

    /// The error for a section that lacks bytes.
    fn cut(&self, start: u64, missing: u64) -> Error {
        if self.frames.is_empty() {
            Error::truncated(self.name, start, missing)
        } else {
            self.invalid(start, "a section goes past the end of what holds it")
        }
    }

    fn invalid(&self, offset: u64, message: impl Into<String>) -> Error {
        Error::invalid(self.name, offset, message)
    }

    /// The `len` bytes at `offset`, which lie within the input.
    fn bytes(&self, offset: u64, len: u64) -> Result<Vec<u8>, Error> {
        let mut bytes = vec![0; len as usize];
        self.input
            .read_at(offset, &mut bytes)
            .map_err(|error| Error::read(self.name, error))?;
        Ok(bytes)
    }
}

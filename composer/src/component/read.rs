//! Reading a component: its sections are framed here and typed by the validator, one by one.
//!
//! What describes the component is read; function bodies, data and custom sections are skipped, so
//! that the cost does not depend on how much code and data there is. The order of the sections of a
//! core module and the counts that must agree are checked here, since the validator leaves them to
//! its own parser.

use super::bodies::{self, Verdict};
use super::expansion::Expansion;
use super::limits::{
    DESCRIPTION, Limit, MAX_DESCRIPTION, MAX_EXPANSION, MAX_METADATA, MAX_NAME, MAX_NESTING,
    MAX_SEGMENTS, MAX_STRING, NESTED_COMPONENTS, SECTION_COST,
};
use super::names;
use super::sections::{self, Counts, Fault, Section};
use super::{Kind, Metadata, OUTER_VERSION, Parts};
use crate::{Error, Input};
use std::fmt;
use std::ops::Range;
use wasmparser::{
    BinaryReader, ConstExpr, DataSectionReader, Encoding, FromReader, Validator, WasmFeatures,
};

/// How much is read at once where few bytes are wanted: small sections stand close together.
const WINDOW: u64 = 8 << 10;
/// How many bytes the head of a section, or of a data segment, takes as a rule.
const HEAD: u64 = 64;
/// How many bytes the head of a data segment may take: its offset may be computed.
const MAX_HEAD: u64 = 64 << 10;
/// Up to how many bytes a core module is validated twice rather than its types kept once more.
const SMALL: u64 = 1 << 10;
/// How much of what follows a component is looked at, to see that it is blank.
const MAX_BLANK: u64 = 64 << 10;

/// A component to be read.
pub struct Source<'i> {
    /// What to call it in messages and in the composition.
    pub name: String,
    /// Its bytes.
    pub input: &'i dyn Input,
    /// The SHA-256 of its bytes, if it is known; the bill of materials records it. It is believed:
    /// inputs of one size and digest are one component.
    pub digest: Option<[u8; 32]>,
    /// What to do with its function bodies.
    pub bodies: Bodies,
}

impl fmt::Debug for Source<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("name", &self.name)
            .field("size", &self.input.size())
            .finish_non_exhaustive()
    }
}

impl<'i> Source<'i> {
    /// The bytes of `input`, called `name`: their digest is not known, and their function bodies are to be
    /// validated.
    pub fn new(name: impl Into<String>, input: &'i dyn Input) -> Source<'i> {
        Source {
            name: name.into(),
            input,
            digest: None,
            bodies: Bodies::Validate,
        }
    }
}

/// What to do with the function bodies of a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bodies {
    /// Validate them, on every core.
    Validate,
    /// Skip them: they were validated before, or the caller does not ask for it.
    Skip,
}

/// What was learnt by reading.
#[derive(Default)]
pub(super) struct Facts {
    pub(super) metadata: Metadata,
    pub(super) parts: Parts,
    pub(super) nested: Vec<Nested>,
    /// Whether the component itself has nothing but types, exports and custom sections.
    pub(super) only_types: bool,
}

/// Where a core module or component stands in the component that was read.
pub(crate) struct Nested {
    /// Whether it is a core module.
    pub(crate) is_core_module: bool,
    /// Where the section that holds it begins.
    pub(crate) start: u64,
    /// Its own bytes.
    pub(crate) body: Range<u64>,
    /// How many components are around it, the one that was read being the first.
    pub(crate) depth: u32,
}

/// A component or core module that is being read.
struct Frame {
    encoding: Encoding,
    end: u64,
    counts: Counts,
    bodies: Bodies,
}

/// Reads `source` as the next component of the outer component that `validator` is in.
pub(super) fn read(validator: &mut Validator, source: &Source<'_>) -> Result<Facts, Error> {
    let mut reader = Reader::new(validator, source);
    match reader.kind()? {
        (Kind::Component, _) => {}
        (kind, prefix) => return Err(Error::not_a_component(&source.name, kind, &prefix)),
    }
    reader
        .validator
        .component_section(&(0..source.input.size()))
        .map_err(|error| reader.invalid(error))?;
    reader.binary(Encoding::Component)
}

/// Validates a component, a WIT package in the binary format or a core module, and gives its kind.
///
/// Every proposal and every part of the Component Model that is known is accepted.
///
/// # Errors
///
/// The first fault is the error; so is an input that is neither.
pub fn validate(source: &Source<'_>) -> Result<Kind, Error> {
    let mut validator = Validator::new_with_features(WasmFeatures::all());
    let mut reader = Reader::new(&mut validator, source);
    let (kind, prefix) = reader.kind()?;
    let encoding = match kind {
        Kind::Component => Encoding::Component,
        Kind::CoreModule => Encoding::Module,
        kind => return Err(Error::not_a_component(&source.name, kind, &prefix)),
    };
    reader.binary(encoding)?;
    Ok(kind)
}

struct Reader<'r, 'i> {
    validator: &'r mut Validator,
    source: &'r Source<'i>,
    window: Vec<u8>,
    window_start: u64,
    facts: Facts,
    frames: Vec<Frame>,
    pos: u64,
    /// How many bytes may still be read of sections that describe something.
    description_left: u64,
    /// How many bytes of metadata may still be kept.
    metadata_left: u64,
    expansion: Expansion,
}

impl<'r, 'i> Reader<'r, 'i> {
    fn new(validator: &'r mut Validator, source: &'r Source<'i>) -> Self {
        Reader {
            validator,
            source,
            window: Vec::new(),
            window_start: 0,
            facts: Facts {
                only_types: true,
                ..Facts::default()
            },
            frames: Vec::new(),
            pos: 0,
            description_left: MAX_DESCRIPTION,
            metadata_left: MAX_METADATA,
            expansion: Expansion::default(),
        }
    }

    fn input(&self) -> &dyn Input {
        self.source.input
    }

    fn invalid(&self, error: wasmparser::Error) -> Error {
        Error::invalid(&self.source.name, error.offset(), error.message())
    }

    fn invalid_at(&self, offset: u64, message: impl Into<String>) -> Error {
        Error::invalid(&self.source.name, offset, message)
    }

    fn limit(&self, offset: u64, limit: Limit) -> Error {
        Error::input_limit(&self.source.name, offset, limit)
    }

    /// Takes note that `len` bytes at `offset` are read whole.
    fn describe(&mut self, offset: u64, len: u64) -> Result<(), Error> {
        match self.description_left.checked_sub(len) {
            Some(left) => self.description_left = left,
            None => return Err(self.limit(offset, (DESCRIPTION, MAX_DESCRIPTION))),
        }
        Ok(())
    }

    /// What the input is, and its first bytes.
    fn kind(&mut self) -> Result<(Kind, Vec<u8>), Error> {
        let prefix = self.bytes(0, self.input().size().min(Kind::PREFIX as u64))?;
        Ok((Kind::of(&prefix), prefix))
    }

    /// Reads the whole input.
    fn binary(mut self, encoding: Encoding) -> Result<Facts, Error> {
        self.open(encoding, self.input().size(), self.source.bodies)?;
        while let Some(frame) = self.frames.last() {
            if self.pos == frame.end {
                self.close()?;
            } else {
                self.section()?;
            }
        }
        Ok(self.facts)
    }

    /// Enters a component or core module that ends at `end`.
    fn open(&mut self, encoding: Encoding, end: u64, bodies: Bodies) -> Result<(), Error> {
        let start = self.pos;
        if self.frames.len() as u64 > MAX_NESTING {
            return Err(self.limit(start, (NESTED_COMPONENTS, MAX_NESTING)));
        }
        let header = match end - start {
            8.. => self.bytes(start, 8)?,
            len if self.frames.is_empty() => return Err(self.truncated(start, 8 - len)),
            _ => return Err(self.invalid_at(start, "the header is cut short")),
        };
        let (magic, version) = header.split_at(4);
        let (number, layer) = match version {
            [a, b, c, d] if magic == b"\0asm" => {
                (u16::from_le_bytes([*a, *b]), u16::from_le_bytes([*c, *d]))
            }
            _ => return Err(self.invalid_at(start, "there is no WebAssembly header here")),
        };
        let expected = u16::from(encoding == Encoding::Component);
        if layer != expected {
            return Err(self.invalid_at(start, "the header is that of another kind of binary"));
        }
        if encoding == Encoding::Component && number > OUTER_VERSION {
            return Err(self.newer(start + 4, format!("version {number} of the format")));
        }
        self.validator
            .version(number, encoding, &(start..start + 8))
            .map_err(|error| self.invalid(error))?;
        self.pos = start + 8;
        self.frames.push(Frame {
            encoding,
            end,
            counts: Counts::of(encoding),
            bodies,
        });
        Ok(())
    }

    /// Leaves the innermost component or core module.
    fn close(&mut self) -> Result<(), Error> {
        if let Some(frame) = self.frames.pop() {
            frame
                .counts
                .check_end()
                .map_err(|message| self.invalid_at(self.pos, message))?;
        }
        self.validator
            .end(self.pos)
            .map_err(|error| self.invalid(error))?;
        Ok(())
    }

    /// Reads one section of the innermost frame.
    fn section(&mut self) -> Result<(), Error> {
        let Some(frame) = self.frames.last() else {
            return Ok(());
        };
        let (encoding, frame_end, depth) = (frame.encoding, frame.end, self.frames.len());
        let start = self.pos;
        let window = self.peek(start, frame_end)?;
        let mut head = BinaryReader::new(&window, start);
        let framed = head
            .read_u8()
            .and_then(|id| Ok((id, head.read_var_u32()?)))
            .map(|(id, len)| (id, head.original_position(), u64::from(len)));
        let is_input = depth == 1;
        let trailing = || Error::trailing(&self.source.name, start, frame_end - start);
        let (id, body, len) = match framed {
            _ if is_input && self.is_padding(start, &window) => return Err(trailing()),
            Ok(framed) => framed,
            Err(_) if is_input => return Err(self.truncated(start, 1)),
            Err(error) => return Err(self.invalid(error)),
        };
        let end = body + len;
        if end > frame_end {
            return Err(match (is_input, Section::of(encoding, id, len)) {
                (true, Some(_)) => self.truncated(start, end - frame_end),
                (true, None) => trailing(),
                _ => self.invalid_at(start, "a section goes past the end of what holds it"),
            });
        }
        let Some(section) = Section::of(encoding, id, len) else {
            return Err(self.newer(start, format!("section {id}")));
        };
        self.describe(start, SECTION_COST)?;
        if let Some(frame) = self.frames.last_mut() {
            let in_order = frame.counts.enter(&section);
            in_order.map_err(|message| self.invalid_at(start, message))?;
        }
        if depth == 1 && !section.is_of_wit_package() {
            self.facts.only_types = false;
        }
        self.pos = end;
        match section {
            Section::Custom => self.custom(body, end, depth),
            Section::CoreModule | Section::Component => {
                self.pos = body;
                let range = body..end;
                let is_core_module = section == Section::CoreModule;
                self.facts.nested.push(Nested {
                    is_core_module,
                    start,
                    body: range.clone(),
                    depth: depth as u32,
                });
                if is_core_module {
                    self.facts.parts.core_modules += 1;
                    self.validator.module_section(&range)
                } else {
                    self.facts.parts.components += 1;
                    self.validator.component_section(&range)
                }
                .map_err(|error| self.invalid(error))?;
                let encoding = match is_core_module {
                    true => Encoding::Module,
                    false => Encoding::Component,
                };
                let bodies = match is_core_module && self.is_valid_alone(&range)? {
                    true => Bodies::Skip,
                    false => self.source.bodies,
                };
                self.open(encoding, end, bodies)
            }
            Section::Code => self.code(body, end),
            Section::Data => self.data(body, end),
            Section::Typed(id) => {
                self.describe(start, len)?;
                let bytes = self.bytes(body, len)?;
                if encoding == Encoding::Component
                    && let Some(offset) = names::too_long(id, &bytes, body)
                {
                    return Err(self.limit(offset, ("bytes in a name", MAX_NAME)));
                }
                if encoding == Encoding::Component && self.expansion.add(id, &bytes) > MAX_EXPANSION
                {
                    let limit = ("instances within its types", MAX_EXPANSION);
                    return Err(self.limit(start, limit));
                }
                let result = match encoding {
                    Encoding::Module => {
                        let counts = self.frames.last_mut().map(|frame| &mut frame.counts);
                        sections::core(self.validator, id, &bytes, body, counts)
                    }
                    Encoding::Component => {
                        sections::component(self.validator, id, &bytes, body, depth)
                    }
                };
                result.map_err(|error| self.section_error(error, encoding))
            }
        }
    }

    /// Whether a core module is small, and valid by what a validator of its own says, bodies included.
    fn is_valid_alone(&mut self, body: &Range<u64>) -> Result<bool, Error> {
        let len = body.end - body.start;
        if self.source.bodies == Bodies::Skip || len > SMALL {
            return Ok(false);
        }
        let bytes = self.bytes(body.start, len)?;
        let mut validator = Validator::new_with_features(WasmFeatures::all());
        Ok(validator.validate_all(&bytes).is_ok())
    }

    /// Whether the input, from `start` to its end, is no section but what a disk block, an editor or
    /// another file left behind the component: zeros, white space, or a second binary. `head` is how
    /// it begins.
    fn is_padding(&self, start: u64, head: &[u8]) -> bool {
        let is_blank = |part: &[u8]| {
            part.iter()
                .all(|byte| *byte == 0 || byte.is_ascii_whitespace())
        };
        if head.starts_with(b"\0asm") {
            return true;
        }
        let size = self.input().size().min(start + MAX_BLANK);
        let mut at = start + head.len() as u64;
        let mut blank = is_blank(head);
        while blank && at < size {
            let len = (size - at).min(WINDOW);
            blank = self.read(at, len).is_ok_and(|part| is_blank(&part));
            at += len;
        }
        blank
    }

    fn truncated(&self, offset: u64, missing: u64) -> Error {
        Error::truncated(&self.source.name, offset, missing)
    }

    fn newer(&self, offset: u64, what: String) -> Error {
        let producer = self
            .facts
            .metadata
            .producers
            .get("processed-by")
            .and_then(|field| {
                let (name, version) = field.iter().next()?;
                Some(format!("{name} {version}"))
            });
        Error::newer_than_us(&self.source.name, offset, what, producer)
    }

    fn section_error(&self, fault: Fault, encoding: Encoding) -> Error {
        match fault.message.strip_prefix("invalid leading byte (") {
            Some(rest) if encoding == Encoding::Component => {
                let what = rest.replacen(") for", " for a", 1);
                self.newer(fault.offset, format!("leading byte {what}"))
            }
            _ => self.invalid_at(fault.offset, fault.message),
        }
    }

    fn custom(&mut self, body: u64, end: u64, depth: usize) -> Result<(), Error> {
        let head = self.peek(body, end)?;
        let mut head = BinaryReader::new(&head, body);
        let len = head.read_var_u32().map_err(|error| self.invalid(error))?;
        let start = head.original_position();
        let data = start + u64::from(len);
        if data > end {
            return Err(self.invalid_at(body, "the name of a custom section goes past its end"));
        }
        if u64::from(len) > MAX_STRING {
            return Err(self.limit(body, ("bytes in the name of a section", MAX_STRING)));
        }
        let name = String::from_utf8(self.bytes(start, u64::from(len))?)
            .map_err(|_| self.invalid_at(start, "the name of a custom section is not UTF-8"))?;
        let size = end - data;
        if depth == 1 && Metadata::wants(&name, size) && size <= self.metadata_left {
            self.metadata_left -= size;
            let bytes = self.bytes(data, size)?;
            self.facts.metadata.add(&name, &bytes);
        }
        Ok(())
    }

    fn code(&mut self, body: u64, end: u64) -> Result<(), Error> {
        let head = self.peek(body, end)?;
        let mut head = BinaryReader::new(&head, body);
        let count = head.read_var_u32().map_err(|error| self.invalid(error))?;
        let first = head.original_position();
        let mut bodies = self.source.bodies;
        if let Some(frame) = self.frames.last_mut() {
            bodies = frame.bodies;
            let agreed = frame.counts.code(count);
            agreed.map_err(|message| self.invalid_at(body, message))?;
        }
        if bodies == Bodies::Skip {
            return Ok(());
        }
        // Only bodies need this, and it takes time for every module that was typed before.
        self.validator
            .code_section_start(&(body..end))
            .map_err(|error| self.invalid(error))?;
        match bodies::validate(self.validator, self.source.input, count, first..end) {
            Ok(Verdict::Valid) => Ok(()),
            Ok(Verdict::Invalid(fault)) => Err(self.invalid_at(fault.offset, fault.message)),
            Err(error) => Err(Error::read(&self.source.name, error)),
        }
    }

    /// Types the data segments: each is handed on with its payload cut off.
    fn data(&mut self, body: u64, end: u64) -> Result<(), Error> {
        let head = self.peek(body, end)?;
        let mut head = BinaryReader::new(&head, body);
        let count = head.read_var_u32().map_err(|error| self.invalid(error))?;
        let mut at = head.original_position();
        if u64::from(count) > MAX_SEGMENTS {
            return Err(self.limit(body, ("data segments", MAX_SEGMENTS)));
        }
        let mut heads = Vec::new();
        push_leb(&mut heads, count);
        for _ in 0..count {
            let mut head = self.peek(at, end)?;
            let mut found = segment_head(&head, at);
            let mut len = HEAD;
            while found.is_err() && len < MAX_HEAD && len < end - at {
                len *= 4;
                head = self.bytes(at, (end - at).min(len))?;
                found = segment_head(&head, at);
            }
            let (taken, payload) = found.map_err(|error| self.invalid(error))?;
            self.describe(at, taken as u64)?;
            heads.extend(head.get(..taken).unwrap_or_default());
            heads.push(0);
            at = payload.end;
            if at > end {
                return Err(self.invalid_at(payload.start, "a data segment goes past its section"));
            }
        }
        if at != end {
            return Err(self.invalid_at(at, "bytes are left over in the data section"));
        }
        if let Some(frame) = self.frames.last_mut() {
            let agreed = frame.counts.data(count);
            agreed.map_err(|message| self.invalid_at(body, message))?;
        }
        DataSectionReader::new(sections::reader(&heads, body))
            .and_then(|section| self.validator.data_section(&section))
            .map_err(|error| Error::invalid(&self.source.name, body, error.message()))
    }

    /// Some bytes from `offset` on, not past `end`: [`HEAD`] of them at least, if there are.
    fn peek(&mut self, offset: u64, end: u64) -> Result<Vec<u8>, Error> {
        self.bytes(offset, (end - offset).min(HEAD))
    }

    /// The `len` bytes at `offset`, which lie within the input.
    fn bytes(&mut self, offset: u64, len: u64) -> Result<Vec<u8>, Error> {
        if len > WINDOW {
            return self.read(offset, len);
        }
        let known = |window: &[u8], start: u64| {
            let from = usize::try_from(offset.checked_sub(start)?).ok()?;
            let bytes = window.get(from..from.checked_add(len as usize)?);
            bytes.map(<[u8]>::to_vec)
        };
        if let Some(bytes) = known(&self.window, self.window_start) {
            return Ok(bytes);
        }
        self.window = self.read(offset, (self.input().size() - offset).min(WINDOW))?;
        self.window_start = offset;
        Ok(known(&self.window, offset).unwrap_or_default())
    }

    /// As [`Reader::bytes`], from the input itself.
    fn read(&self, offset: u64, len: u64) -> Result<Vec<u8>, Error> {
        let mut bytes = vec![0; len as usize];
        self.input()
            .read_at(offset, &mut bytes)
            .map_err(|error| Error::read(&self.source.name, error))?;
        Ok(bytes)
    }
}

/// The length of a data segment's head, its size left out, and the range of its payload.
fn segment_head(window: &[u8], at: u64) -> wasmparser::Result<(usize, Range<u64>)> {
    let mut reader = sections::reader(window, at);
    let flags = reader.read_var_u32()?;
    if flags == 2 {
        reader.read_var_u32()?;
    }
    if flags != 1 {
        ConstExpr::from_reader(&mut reader)?;
    }
    let taken = reader.current_position();
    let len = reader.read_var_u32()?;
    let start = reader.original_position();
    Ok((taken, start..start + u64::from(len)))
}

fn push_leb(out: &mut Vec<u8>, value: u32) {
    use wasm_encoder::Encode;
    value.encode(out);
}

//! A component as seen from outside: what it imports and exports, what it is made of, what it says
//! of itself. Everything is learnt by reading kilobytes; code and data are skipped.

mod bodies;
mod definition;
mod expansion;
mod extern_name;
mod kind;
pub(crate) mod limits;
mod meta;
mod names;
mod read;
pub(crate) mod sections;

pub(crate) use definition::{Definition, DefinitionKind};
pub(crate) use extern_name::{Attributes, ExternName};
pub use kind::Kind;
pub use meta::Metadata;
pub(crate) use read::Nested;
pub use read::{Bodies, Source, validate};

use crate::error::ErrorKind;
use crate::hash::HashMap;
use crate::types::{Data, Items};
use crate::{Error, Input, World};
use std::fmt;
use wasmparser::component_types::{
    ComponentAnyTypeId, ComponentEntityType, ComponentItem, ComponentType, ComponentTypeId,
};
use wasmparser::types::TypesRef;
use wasmparser::{Encoding, Validator, WasmFeatures};

/// The components of one composition, typed in one place, so that their types can be compared.
///
/// The validator sees one outer component, the composition, of which every component read so far is
/// a part; encoding goes on from there.
pub struct Arena<'i> {
    validator: Validator,
    components: Vec<Component<'i>>,
    /// The components that were read, by their sizes and digests.
    digested: HashMap<(u64, [u8; 32]), ComponentId>,
    /// How many were read whose digests are not known.
    undigested: u32,
    /// How many were read; the others were declared.
    read: u32,
}

/// The number of a component in its [`Arena`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ComponentId(u32);

/// A component that was read.
pub struct Component<'i> {
    name: String,
    more_names: Vec<String>,
    input: &'i dyn Input,
    digest: Option<[u8; 32]>,
    release: Option<Release>,
    ty: ComponentTypeId,
    metadata: Metadata,
    parts: Parts,
    nested: Vec<Nested>,
    is_wit_package: bool,
    place: Place,
}

/// Where the validator has a component.
enum Place {
    /// Among the components.
    Component(u32),
    /// It was declared, not read: only its type is there, written in this type section.
    Type(Vec<u8>),
}

/// The release of a registry that a component is; the bill of materials records it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// The package: `acme:http`.
    pub package: String,
    /// The version of the release, whatever the component itself says.
    pub version: semver::Version,
    /// The registry, by the origin of its log: `registry.example/log`.
    pub registry: String,
}

/// How much of what a component holds, nested components included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parts {
    /// Core modules.
    pub core_modules: u32,
    /// Components inside the component.
    pub components: u32,
}

impl<'i> Arena<'i> {
    /// An arena without components.
    pub fn new() -> Self {
        Arena {
            validator: begun(),
            components: Vec::new(),
            digested: HashMap::default(),
            undigested: 0,
            read: 0,
        }
    }

    /// Reads and types a component, and adds it.
    ///
    /// A component whose bytes were read before is not read again: it is the same component, by another
    /// name perhaps.
    ///
    /// # Errors
    ///
    /// An input that is not a component, or not a valid one, gives an error that says what it is and
    /// what to do. The arena is then as it was before: the components it has are read again, without
    /// their function bodies. Should one of them not be readable any more, that is the error, and the
    /// arena is empty.
    pub fn read(&mut self, source: Source<'i>) -> Result<ComponentId, Error> {
        let (id, is_wit_package) = self.read_any(source)?;
        match is_wit_package {
            true => Err(Error::wit_package(self.component(id).name())),
            false => Ok(id),
        }
    }

    /// Reads and types a WIT package in the binary format, and gives its worlds.
    ///
    /// # Errors
    ///
    /// As for [`Arena::read`]; a component that is no WIT package has no worlds.
    pub fn read_wit_package(&mut self, source: Source<'i>) -> Result<Vec<World>, Error> {
        let (id, is_wit_package) = self.read_any(source)?;
        Ok(match is_wit_package {
            true => World::all(self, id),
            false => Vec::new(),
        })
    }

    /// Reads and types a component, or a WIT package in the binary format, and adds it.
    ///
    /// # Errors
    ///
    /// As for [`Arena::read`], but for WIT packages.
    pub fn read_release(&mut self, source: Source<'i>) -> Result<ComponentId, Error> {
        Ok(self.read_any(source)?.0)
    }

    fn read_any(&mut self, source: Source<'i>) -> Result<(ComponentId, bool), Error> {
        if let Some(id) = self.same(&source)?
            && let Some(known) = self.components.get_mut(id.0 as usize)
        {
            known.more_names.push(source.name);
            return Ok((id, known.is_wit_package));
        }
        let id = ComponentId(self.components.len() as u32);
        let place = self.read_count();
        let facts = match read::read(&mut self.validator, &source) {
            Ok(facts) => facts,
            Err(error) => {
                self.restore()?;
                return Err(self.limit(error, &source.name));
            }
        };
        let ty = self.types().component_at(place);
        let is_wit_package = facts.only_types && is_wit_package(self.types().data(ty));
        self.read += 1;
        match source.digest {
            Some(digest) => {
                self.digested.insert((source.input.size(), digest), id);
            }
            None => self.undigested += 1,
        }
        self.components.push(Component {
            name: source.name,
            more_names: Vec::new(),
            input: source.input,
            digest: source.digest,
            release: None,
            ty,
            metadata: facts.metadata,
            parts: facts.parts,
            nested: facts.nested,
            is_wit_package,
            place: Place::Component(place),
        });
        Ok((id, is_wit_package))
    }

    /// The component that was read of the same bytes.
    fn same(&self, source: &Source<'_>) -> Result<Option<ComponentId>, Error> {
        if let Some(digest) = source.digest {
            let known = self.digested.get(&(source.input.size(), digest));
            if known.is_some() || self.undigested == 0 {
                return Ok(known.copied());
            }
        }
        for (id, known) in self.components() {
            if known.is_same(source)? {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    /// Adds a component of which there is a type only: it can stand for what the host of a composition gives.
    ///
    /// # Errors
    ///
    /// A type that is not valid is an error; the arena is then as it was before.
    pub(crate) fn declare(
        &mut self,
        name: &str,
        Declared(section): Declared,
    ) -> Result<ComponentId, Error> {
        let ty = match self.type_of_section(&section) {
            Ok(ty) => ty,
            Err(message) => {
                self.restore()?;
                return Err(Error::invalid(name, 0, message));
            }
        };
        let id = ComponentId(self.components.len() as u32);
        self.components.push(Component {
            name: name.to_owned(),
            more_names: Vec::new(),
            input: &NOTHING,
            digest: None,
            release: None,
            ty,
            metadata: Metadata::default(),
            parts: Parts::default(),
            nested: Vec::new(),
            is_wit_package: false,
            place: Place::Type(section),
        });
        Ok(id)
    }

    /// Types a section with one component type; an `Err` is what the validator has against it.
    fn type_of_section(&mut self, section: &[u8]) -> Result<ComponentTypeId, String> {
        let index = self.types().component_type_count();
        sections::component(&mut self.validator, TYPE_SECTION, section, 0, 1)
            .map_err(|fault| fault.message)?;
        match self.types().component_any_type_at(index) {
            ComponentAnyTypeId::Component(id) => Ok(id),
            _ => Err("it is not the type of a component".to_owned()),
        }
    }

    /// How many components the validator has.
    pub(crate) fn read_count(&self) -> u32 {
        self.read
    }

    /// How many types the validator has that belong to no component: those of declared ones.
    pub(crate) fn declared_count(&self) -> u32 {
        self.components.len() as u32 - self.read_count()
    }

    /// Types the components again: a validator that found a fault is of no further use.
    fn restore(&mut self) -> Result<(), Error> {
        self.validator = begun();
        let known = std::mem::take(&mut self.components);
        for mut component in known {
            let typed = match &component.place {
                Place::Type(section) => self
                    .type_of_section(section)
                    .map_err(|message| Error::invalid(&component.name, 0, message)),
                Place::Component(index) => {
                    let source = Source {
                        bodies: Bodies::Skip,
                        ..Source::new(component.name.clone(), component.input)
                    };
                    let read = read::read(&mut self.validator, &source);
                    read.map(|_| self.types().component_at(*index))
                }
            };
            match typed {
                Ok(ty) => component.ty = ty,
                Err(error) => {
                    *self = Arena::new();
                    return Err(error);
                }
            }
            self.components.push(component);
        }
        Ok(())
    }

    /// The validator counts the parts of all components together: where that is what is wrong, it is
    /// not the fault of `last`, the one that is read, alone.
    fn limit(&self, error: Error, last: &str) -> Error {
        match error.kind() {
            ErrorKind::InputLimit { what, max, .. }
                if *what == limits::PARTS && !self.components.is_empty() =>
            {
                let known = self.components.iter();
                let mut most: Vec<_> = known
                    .map(|component| (component.name.clone(), component.parts().total()))
                    .collect();
                let before: u64 = most.iter().map(|(_, count)| count).sum();
                most.push((last.to_owned(), limits::MAX_PARTS.saturating_sub(before)));
                Error::new(ErrorKind::limit(what, max + 1, *max, most))
            }
            _ => error,
        }
    }

    /// Takes note of the SHA-256 of a component's bytes, where it was not known when it was read.
    pub fn set_digest(&mut self, id: ComponentId, digest: [u8; 32]) {
        let Some(component) = self.components.get_mut(id.0 as usize) else {
            return;
        };
        let before = component.digest.replace(digest);
        if matches!(component.place, Place::Type(_)) || before == Some(digest) {
            return;
        }
        let size = component.input.size();
        match before {
            Some(before) => {
                self.digested.remove(&(size, before));
            }
            None => self.undigested -= 1,
        }
        self.digested.entry((size, digest)).or_insert(id);
    }

    /// Takes note of the release of a registry that a component is.
    pub fn set_release(&mut self, id: ComponentId, release: Release) {
        if let Some(component) = self.components.get_mut(id.0 as usize) {
            component.release = Some(release);
        }
    }

    /// The component of this number.
    ///
    /// # Panics
    ///
    /// Panics if `id` comes from another arena.
    #[expect(clippy::indexing_slicing, reason = "ids come from `read`")]
    pub fn component(&self, id: ComponentId) -> &Component<'i> {
        &self.components[id.0 as usize]
    }

    /// The components, in the order in which they were read.
    pub fn components(&self) -> impl Iterator<Item = (ComponentId, &Component<'i>)> {
        (0..).map(ComponentId).zip(&self.components)
    }

    /// What the component imports and exports.
    pub(crate) fn type_of(&self, id: ComponentId) -> &ComponentType {
        self.types().data(self.component(id).ty)
    }

    /// What `path` leads to within the exports of a component; without names, all of them. One that was declared gives
    /// what it imports, too.
    pub(crate) fn find(&self, id: ComponentId, path: &[String]) -> Option<Found<'_>> {
        let ty = self.type_of(id);
        let Some((last, outer)) = path.split_last() else {
            return Some(Found::Instance(&ty.exports));
        };
        let mut items = &ty.exports;
        let first = outer.first().unwrap_or(last);
        if self.is_declared(id) && !items.contains_key(first) {
            items = &ty.imports;
        }
        for name in outer {
            let ComponentEntityType::Instance(id) = items.get(name)?.ty else {
                return None;
            };
            items = &self.types().data(id).exports;
        }
        let (_, name, item) = items.get_full(last)?;
        Some(Found::Item(name, item))
    }

    /// Whether a component was declared: what it imports is then what it gives.
    pub(crate) fn is_declared(&self, id: ComponentId) -> bool {
        matches!(self.component(id).place, Place::Type(_))
    }

    /// The type of a component that was declared, to declare it elsewhere.
    pub(crate) fn declared(&self, id: ComponentId) -> Option<Declared> {
        match &self.component(id).place {
            Place::Type(section) => Some(Declared(section.clone())),
            Place::Component(_) => None,
        }
    }

    /// The place of a component among those that the validator has; nothing for one that was declared.
    pub(crate) fn embedded_index(&self, id: ComponentId) -> Option<u32> {
        match self.component(id).place {
            Place::Component(index) => Some(index),
            Place::Type(_) => None,
        }
    }

    /// The types of everything read so far.
    pub(crate) fn types(&self) -> TypesRef<'_> {
        // The outer component stays open for as long as the arena lives.
        #[expect(clippy::expect_used, reason = "the outer component is never ended")]
        self.validator
            .types(0)
            .expect("the outer component is open")
    }

    /// Ends the outer component with `sections` of a composition, each with its id and content, and gives
    /// the components.
    ///
    /// An `Err` is what the validator has against it.
    pub(crate) fn finish<'s>(
        mut self,
        sections: impl Iterator<Item = (u8, &'s [u8])>,
    ) -> Result<Vec<Component<'i>>, String> {
        for (id, body) in sections {
            sections::component(&mut self.validator, id, body, 0, 1)
                .map_err(|fault| fault.message)?;
        }
        self.validator
            .end(0)
            .map_err(|error| error.message().to_owned())?;
        Ok(self.components)
    }

    /// The components, in the order in which they were read.
    pub(crate) fn into_components(self) -> Vec<Component<'i>> {
        self.components
    }
}

/// What an instance of a component gives.
#[derive(Clone, Copy)]
pub(crate) enum Found<'t> {
    /// Itself, with these exports.
    Instance(&'t Items),
    /// An item, with its own name.
    Item(&'t str, &'t ComponentItem),
}

impl<'t> Found<'t> {
    /// The item, if it is not the instance as a whole.
    pub(crate) fn item(self) -> Option<&'t ComponentItem> {
        match self {
            Found::Instance(_) => None,
            Found::Item(_, item) => Some(item),
        }
    }
}

impl Parts {
    /// The component itself, and everything inside it.
    pub(crate) fn total(self) -> u64 {
        1 + u64::from(self.core_modules) + u64::from(self.components)
    }
}

/// A validator in the outer component, which has nothing yet.
fn begun() -> Validator {
    let mut validator = Validator::new_with_features(WasmFeatures::all());
    // A fresh validator takes a component's header; nothing about it depends on input.
    let started = validator.version(OUTER_VERSION, Encoding::Component, &(0..8));
    debug_assert!(started.is_ok());
    validator
}

impl fmt::Debug for Arena<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.components.iter().map(Component::name);
        f.debug_list().entries(names).finish()
    }
}

impl Default for Arena<'_> {
    fn default() -> Self {
        Self::new()
    }
}

/// The version of the component binary format, in its header.
const OUTER_VERSION: u16 = 0x0d;
/// The id of the section that holds types.
const TYPE_SECTION: u8 = 7;
/// The bytes of a component that was declared.
static NOTHING: &[u8] = &[];

/// The type of a component, in a section of the binary format.
#[derive(Clone, Debug)]
pub(crate) struct Declared(pub(crate) Vec<u8>);

impl ComponentId {
    /// The number, from 0, in the order of reading.
    pub fn index(self) -> u32 {
        self.0
    }
}

impl<'i> Component<'i> {
    /// The name the caller gave it; the first one, if the same bytes were read under several.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name under which the same bytes were read for the `n`-th time, from 0.
    pub(crate) fn name_of_use(&self, n: usize) -> &str {
        let again = n.checked_sub(1).and_then(|n| self.more_names.get(n));
        again.unwrap_or(&self.name)
    }

    /// Its bytes.
    pub fn input(&self) -> &'i dyn Input {
        self.input
    }

    /// The SHA-256 of its bytes, if the caller gave it.
    pub fn digest(&self) -> Option<&[u8; 32]> {
        self.digest.as_ref()
    }

    /// Takes note of the SHA-256 of its bytes.
    pub(crate) fn know_digest(&mut self, digest: [u8; 32]) {
        self.digest = Some(digest);
    }

    /// The release of a registry that it is, if the caller said so.
    pub fn release(&self) -> Option<&Release> {
        self.release.as_ref()
    }

    /// What it says of itself.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// How much of what it holds.
    pub fn parts(&self) -> Parts {
        self.parts
    }

    /// The core modules and components in it, nested ones included, in the order of its bytes.
    pub(crate) fn nested(&self) -> &[Nested] {
        &self.nested
    }

    /// Its type, in the arena.
    pub(crate) fn ty(&self) -> ComponentTypeId {
        self.ty
    }

    /// Whether it is a WIT package in the binary format.
    pub fn is_wit_package(&self) -> bool {
        self.is_wit_package
    }

    /// Whether `source` has the same bytes.
    fn is_same(&self, source: &Source<'_>) -> Result<bool, Error> {
        if matches!(self.place, Place::Type(_)) || self.input.size() != source.input.size() {
            return Ok(false);
        }
        if let (Some(a), Some(b)) = (&self.digest, &source.digest) {
            return Ok(a == b);
        }
        let size = self.input.size().min(64 << 10) as usize;
        let mut buffers = (vec![0; size], vec![0; size]);
        let mut offset = 0;
        while offset < self.input.size() {
            let len = (self.input.size() - offset).min(64 << 10) as usize;
            buffers.0.truncate(len);
            buffers.1.truncate(len);
            self.input
                .read_at(offset, &mut buffers.0)
                .map_err(|error| Error::read(&self.name, error))?;
            source
                .input
                .read_at(offset, &mut buffers.1)
                .map_err(|error| Error::read(&source.name, error))?;
            if buffers.0 != buffers.1 {
                return Ok(false);
            }
            offset += len as u64;
        }
        Ok(true)
    }
}

/// Whether a component that has nothing but types and exports is a WIT package in the binary format:
/// it imports nothing and exports the types of interfaces and worlds.
fn is_wit_package(ty: &ComponentType) -> bool {
    let is_interface_or_world = |item: &ComponentItem| {
        matches!(
            item.ty,
            ComponentEntityType::Type {
                created: ComponentAnyTypeId::Component(_) | ComponentAnyTypeId::Instance(_),
                ..
            }
        )
    };
    ty.imports.is_empty()
        && !ty.exports.is_empty()
        && ty.exports.values().all(is_interface_or_world)
}

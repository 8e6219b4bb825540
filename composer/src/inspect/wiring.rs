//! Which instances a component makes, and what fills their imports.

use super::Item;
use super::code::Found;
use super::feature::Feature;
use crate::component::sections;
use std::collections::BTreeMap;
use std::sync::Arc;
use wasmparser::{
    BinaryReader, CanonicalFunction, ComponentAlias, ComponentAliasSectionReader,
    ComponentCanonicalSectionReader, ComponentExportSectionReader, ComponentExternName,
    ComponentExternalKind, ComponentImportSectionReader, ComponentInstance,
    ComponentInstanceSectionReader, ComponentName, ComponentNameSectionReader,
    ComponentOuterAliasKind, ComponentStartFunction, ComponentTypeRef, ComponentTypeSectionReader,
    CoreTypeSectionReader, FromReader, NameMap, Subsections, TypeBounds,
};

/// How deep within an instance an item is followed. Interfaces are one deep, their items two.
const DEPTH: usize = 8;
/// How many values a component may have.
const MAX_RESULTS: u32 = 1000;

/// How a component is put together from instances of others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Wiring {
    /// The instances it makes of components, in order.
    pub instances: Vec<Wired>,
    /// What it exports, in order, as in [`Anatomy::exports`](super::Anatomy::exports).
    pub exports: Vec<Argument>,
}

/// An instance of a component.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Wired {
    /// Its name, if the component around it names it.
    pub name: Option<String>,
    /// The component it is an instance of.
    pub component: Origin,
    /// What fills its imports, in order.
    pub arguments: Vec<Argument>,
}

/// A name and the item that stands for it: an import that is filled, or an export.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Argument {
    /// The name of the import or export.
    pub name: String,
    /// What sort of item it is: `interface`, `function`, ...
    pub kind: &'static str,
    /// Where it comes from.
    pub origin: Origin,
}

/// Where an item comes from, followed as far as it can be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// An import of the component, or an item within it.
    Import {
        /// The number of the import in [`Anatomy::imports`](super::Anatomy::imports).
        import: usize,
        /// The names that lead from the import to the item; none if it is the import itself.
        path: Vec<Arc<str>>,
    },
    /// An instance, or an item it exports.
    Instance {
        /// The number of the instance in [`Wiring::instances`].
        instance: usize,
        /// The names that lead from the instance to the item, the first being that of an export;
        /// none if it is the instance itself.
        path: Vec<Arc<str>>,
    },
    /// A component or core module within the component.
    Part {
        /// Its number in [`Part::parts`](super::Part::parts).
        part: usize,
    },
    /// An instance that is put together from items of several origins, by name.
    Bag(Arc<BTreeMap<Arc<str>, Origin>>),
    /// Something else: of the component's own making, such as a function of its core modules or a
    /// type, or too deep to be followed.
    Other,
}

impl Argument {
    /// Whether it is a type within an interface: whoever fills the interface fills the type.
    pub(super) fn is_used_type(&self) -> bool {
        let (Origin::Import { path, .. } | Origin::Instance { path, .. }) = &self.origin else {
            return self.kind == "type";
        };
        // A type that is given by itself stands right in an instance, or is an import.
        let nearest = usize::from(matches!(self.origin, Origin::Instance { .. }));
        self.kind == "type" && path.len() > nearest
    }
}

/// A component's index spaces while it is read, and what was learnt from them.
#[derive(Default)]
pub(super) struct Spaces {
    functions: Vec<Origin>,
    values: Vec<Origin>,
    types: Vec<Origin>,
    instances: Vec<Origin>,
    components: Vec<Origin>,
    core_modules: Vec<Origin>,
    names: Names,
    /// The number of each instance of [`Wiring::instances`] in the index space.
    made: Vec<usize>,
    /// The aliases of a section that lead out of the component.
    outward: Vec<Outward>,
    /// Where the core modules are that come from components around this one, by their index here.
    borrowed: BTreeMap<u32, Place>,
    pub(super) found: Found,
    pub(super) imports: Vec<Item>,
    pub(super) exports: Vec<Item>,
    wiring: Wiring,
}

/// An alias that leads out of a component.
pub(super) struct Outward {
    /// How many components out.
    pub(super) count: u32,
    /// For a core module, its index there and its index here.
    pub(super) core_module: Option<(u32, u32)>,
}

/// Where a part is.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// How many components are around the one that it is right within.
    pub(super) level: usize,
    /// Its number among the parts of that component.
    pub(super) part: usize,
}

/// What the `component-name` section calls the items of the index spaces.
#[derive(Default)]
struct Names {
    instances: Vec<(u32, String)>,
    components: Vec<(u32, String)>,
    core_modules: Vec<(u32, String)>,
}

impl Spaces {
    /// Takes note of a component or core module within the component, which has this number.
    pub(super) fn part(&mut self, part: usize, kind: super::PartKind) {
        match kind {
            super::PartKind::Component => self.components.push(Origin::Part { part }),
            super::PartKind::CoreModule => self.core_modules.push(Origin::Part { part }),
        }
    }

    /// The aliases leading out that were read since this was asked last.
    pub(super) fn take_outward(&mut self) -> Vec<Outward> {
        std::mem::take(&mut self.outward)
    }

    /// Where the core module `index` of this component is, which has `level` components around it.
    pub(super) fn place_of(&self, index: u32, level: usize) -> Option<Place> {
        match self.core_modules.get(index as usize)? {
            Origin::Part { part } => Some(Place { level, part: *part }),
            _ => self.borrowed.get(&index).copied(),
        }
    }

    /// Takes note of where the core module `index` is, which comes from around the component.
    pub(super) fn borrow(&mut self, index: u32, place: Place) {
        self.borrowed.insert(index, place);
    }

    /// What the component calls its core modules, by index.
    pub(super) fn core_module_names(&self) -> BTreeMap<u32, &str> {
        let names = self.names.core_modules.iter();
        names.map(|(index, name)| (*index, name.as_str())).collect()
    }

    /// Takes a section other than nested ones and custom ones.
    pub(super) fn section(&mut self, id: u8, bytes: &[u8], offset: u64) -> wasmparser::Result<()> {
        let mut bytes = sections::reader(bytes, offset);
        match id {
            3 => {
                for ty in CoreTypeSectionReader::new(bytes)? {
                    self.found.core_type(&ty?);
                }
            }
            5 => {
                for instance in ComponentInstanceSectionReader::new(bytes)? {
                    self.instance(instance?);
                }
            }
            6 => {
                for alias in ComponentAliasSectionReader::new(bytes)? {
                    self.alias(&alias?);
                }
            }
            7 => {
                for ty in ComponentTypeSectionReader::new(bytes)? {
                    self.found.ty(&ty?);
                    self.types.push(Origin::Other);
                }
            }
            8 => {
                for function in ComponentCanonicalSectionReader::new(bytes)? {
                    let function = function?;
                    self.found.canonical(&function);
                    if matches!(function, CanonicalFunction::Lift { .. }) {
                        self.functions.push(Origin::Other);
                    }
                }
            }
            9 => {
                let start = ComponentStartFunction::from_reader(&mut bytes)?;
                self.found.0.add(Feature::Values);
                let results = start.results.min(MAX_RESULTS) as usize;
                self.values.extend(vec![Origin::Other; results]);
            }
            10 => {
                for import in ComponentImportSectionReader::new(bytes)? {
                    let import = import?;
                    self.found.declared(&import.name, &import.ty);
                    let origin = Origin::Import {
                        import: self.imports.len(),
                        path: Vec::new(),
                    };
                    self.imports.push(item(&import.name, kind_of(&import.ty)));
                    self.space(import.ty.kind()).push(origin);
                }
            }
            11 => {
                for export in ComponentExportSectionReader::new(bytes)? {
                    let export = export?;
                    match &export.ty {
                        Some(ty) => self.found.declared(&export.name, ty),
                        None => self.found.named(&export.name),
                    }
                    let kind = export.ty.as_ref().map_or(kind_name(export.kind), kind_of);
                    let origin = self.get(export.kind, export.index);
                    self.exports.push(item(&export.name, kind));
                    self.wiring.exports.push(Argument {
                        name: export.name.full_name().into_owned(),
                        kind,
                        origin: origin.clone(),
                    });
                    self.space(export.kind).push(origin);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Takes the content of a `component-name` section; what cannot be read names nothing.
    pub(super) fn names(&mut self, section: &[u8]) {
        let reader: ComponentNameSectionReader<'_> =
            Subsections::new(BinaryReader::new(section, 0));
        for subsection in reader {
            match subsection {
                Ok(ComponentName::Instances(names)) => append(&mut self.names.instances, names),
                Ok(ComponentName::Components(names)) => append(&mut self.names.components, names),
                Ok(ComponentName::CoreModules(names)) => {
                    append(&mut self.names.core_modules, names);
                }
                Ok(_) => {}
                Err(_) => break,
            }
        }
    }

    /// The numbers of the parts that have a name, with it.
    pub(super) fn part_names(&mut self) -> Vec<(usize, String)> {
        let components = std::mem::take(&mut self.names.components);
        let core_modules = std::mem::take(&mut self.names.core_modules);
        let of = |space: &[Origin], names: Vec<(u32, String)>| -> Vec<(usize, String)> {
            names
                .into_iter()
                .filter_map(|(index, name)| match space.get(index as usize)? {
                    Origin::Part { part } => Some((*part, name)),
                    _ => None,
                })
                .collect()
        };
        let mut all = of(&self.components, components);
        all.extend(of(&self.core_modules, core_modules));
        all
    }

    /// The wiring, at the end of the component.
    pub(super) fn into_wiring(mut self) -> Wiring {
        for (index, name) in self.names.instances {
            if let Ok(at) = self.made.binary_search(&(index as usize))
                && let Some(instance) = self.wiring.instances.get_mut(at)
            {
                instance.name = Some(name);
            }
        }
        self.wiring
    }

    fn space(&mut self, kind: ComponentExternalKind) -> &mut Vec<Origin> {
        match kind {
            ComponentExternalKind::Module => &mut self.core_modules,
            ComponentExternalKind::Func => &mut self.functions,
            ComponentExternalKind::Value => &mut self.values,
            ComponentExternalKind::Type => &mut self.types,
            ComponentExternalKind::Instance => &mut self.instances,
            ComponentExternalKind::Component => &mut self.components,
        }
    }

    fn get(&mut self, kind: ComponentExternalKind, index: u32) -> Origin {
        let origin = self.space(kind).get(index as usize);
        origin.cloned().unwrap_or(Origin::Other)
    }

    fn instance(&mut self, instance: ComponentInstance<'_>) {
        let origin = match instance {
            ComponentInstance::Instantiate {
                component_index,
                args,
            } => {
                let arguments = args
                    .iter()
                    .map(|argument| Argument {
                        name: argument.name.to_owned(),
                        kind: kind_name(argument.kind),
                        origin: self.get(argument.kind, argument.index),
                    })
                    .collect();
                let component = self.get(ComponentExternalKind::Component, component_index);
                self.made.push(self.instances.len());
                self.wiring.instances.push(Wired {
                    name: None,
                    component,
                    arguments,
                });
                Origin::Instance {
                    instance: self.wiring.instances.len() - 1,
                    path: Vec::new(),
                }
            }
            ComponentInstance::FromExports(exports) => {
                let items = exports
                    .iter()
                    .map(|export| {
                        self.found.named(&export.name);
                        let origin = match self.get(export.kind, export.index) {
                            // Bags are not nested, so that following them takes no time.
                            Origin::Bag(_) => Origin::Other,
                            origin => origin,
                        };
                        (Arc::from(export.name.name), origin)
                    })
                    .collect();
                bag(items)
            }
        };
        self.instances.push(origin);
    }

    fn alias(&mut self, alias: &ComponentAlias<'_>) {
        match *alias {
            ComponentAlias::InstanceExport {
                kind,
                instance_index,
                name,
            } => {
                let instance = self.get(ComponentExternalKind::Instance, instance_index);
                self.space(kind).push(child(instance, name));
            }
            ComponentAlias::CoreInstanceExport { .. } => {}
            ComponentAlias::Outer { kind, count, index } => {
                if count > 0 {
                    let here = self.core_modules.len() as u32;
                    let is_core_module = kind == ComponentOuterAliasKind::CoreModule;
                    self.outward.push(Outward {
                        count,
                        core_module: is_core_module.then_some((index, here)),
                    });
                }
                let kind = match kind {
                    ComponentOuterAliasKind::CoreModule => ComponentExternalKind::Module,
                    ComponentOuterAliasKind::CoreType => return,
                    ComponentOuterAliasKind::Type => ComponentExternalKind::Type,
                    ComponentOuterAliasKind::Component => ComponentExternalKind::Component,
                };
                let origin = match count {
                    0 => self.get(kind, index),
                    _ => Origin::Other,
                };
                self.space(kind).push(origin);
            }
        }
    }
}

/// The item `name` of the instance that comes from `instance`.
fn child(instance: Origin, name: &str) -> Origin {
    let longer = |mut path: Vec<Arc<str>>| {
        path.push(name.into());
        path
    };
    match instance {
        Origin::Import { import, path } if path.len() < DEPTH => Origin::Import {
            import,
            path: longer(path),
        },
        Origin::Instance { instance, path } if path.len() < DEPTH => Origin::Instance {
            instance,
            path: longer(path),
        },
        Origin::Bag(items) => items.get(name).cloned().unwrap_or(Origin::Other),
        _ => Origin::Other,
    }
}

/// An instance put together from `items`: where they all are items of one instance under their own
/// names, it is that instance.
fn bag(items: BTreeMap<Arc<str>, Origin>) -> Origin {
    let mut parents = items.iter().map(|(name, item)| parent(item, name));
    if let Some(Some(first)) = parents.next()
        && parents.all(|other| other.as_ref() == Some(&first))
    {
        return first;
    }
    Origin::Bag(Arc::new(items))
}

/// The instance of which `item` is the item `name`.
fn parent(item: &Origin, name: &str) -> Option<Origin> {
    let shorter = |path: &[Arc<str>]| {
        let (last, rest) = path.split_last()?;
        (**last == *name).then(|| rest.to_vec())
    };
    match item {
        Origin::Import { import, path } => Some(Origin::Import {
            import: *import,
            path: shorter(path)?,
        }),
        Origin::Instance { instance, path } => Some(Origin::Instance {
            instance: *instance,
            path: shorter(path)?,
        }),
        _ => None,
    }
}

fn item(name: &ComponentExternName<'_>, kind: &'static str) -> Item {
    Item {
        implements: name.full_implements().map(|name| name.into_owned()),
        external_id: name.external_id.map(str::to_owned),
        ..Item::plain(&name.full_name(), kind)
    }
}

fn kind_of(ty: &ComponentTypeRef) -> &'static str {
    match ty {
        ComponentTypeRef::Type(TypeBounds::SubResource) => "resource",
        ty => kind_name(ty.kind()),
    }
}

/// What sort of item it is, in the words of WIT.
fn kind_name(kind: ComponentExternalKind) -> &'static str {
    match kind {
        ComponentExternalKind::Module => "core module",
        ComponentExternalKind::Func => "function",
        ComponentExternalKind::Value => "value",
        ComponentExternalKind::Type => "type",
        ComponentExternalKind::Instance => "interface",
        ComponentExternalKind::Component => "component",
    }
}

fn append(all: &mut Vec<(u32, String)>, names: NameMap<'_>) {
    for naming in names {
        match naming {
            Ok(naming) => all.push((naming.index, naming.name.to_owned())),
            Err(_) => break,
        }
    }
}

//! The sections of a composition, put together.

use super::identity::Identities;
use super::imported::ImportedComponent;
use super::merge::Merged;
use super::open::{Group, GroupId, OpenImports};
use super::types::{Reason, TypeWriter, Unwritable, extern_name};
use super::used::{HostNames, NamedTypes};
use super::walk::Walk;
use super::writer::{Section, Writer};
use super::{HostImport, Layout};
use crate::component::{Arena, Attributes, ComponentId, Found};
use crate::error::{Error, ErrorKind, Provider};
use crate::graph::{Edge, Export, Graph, InstanceId};
use crate::hash::{HashMap, HashSet};
use crate::name::Versions;
use crate::types::{Data, kind_name};
use semver::Version;
use std::borrow::Cow;
use std::collections::BTreeMap;
use wasm_encoder::{ComponentExportKind, ComponentTypeRef};
use wasmparser::component_types::{ComponentAnyTypeId, ComponentEntityType, ComponentFuncTypeId};

/// What the sections of a composition are made from.
pub(super) struct Encoder<'e, 'i> {
    pub(super) arena: &'e Arena<'i>,
    pub(super) graph: &'e Graph,
    pub(super) open: &'e OpenImports<'e>,
    pub(super) identities: &'e Identities,
    pub(super) merged: &'e [(GroupId, Merged)],
    pub(super) import_order: &'e [usize],
    pub(super) export_order: &'e [&'e Export],
    pub(super) instance_order: &'e [InstanceId],
    pub(super) imported: &'e [ImportedComponent<'e>],
    pub(super) host_names: &'e HostNames<'e, 'i>,
}

impl Encoder<'_, '_> {
    /// The sections of the composition, in which component `id`, if it is embedded, has the index
    /// `index_of(id)`.
    pub(super) fn sections(
        &self,
        out: Writer,
        index_of: &dyn Fn(ComponentId) -> u32,
    ) -> Result<(Vec<Section>, Layout), Error> {
        let mut pass = Pass {
            encoder: self,
            writer: TypeWriter::new(self.arena.types(), Cow::Borrowed(self.identities), out)
                .with_host_names(self.host_names),
            imported: HashMap::default(),
            components: HashMap::default(),
            layout: Layout {
                instances: HashMap::default(),
            },
            aliases: HashMap::default(),
            named: HashMap::default(),
        };
        pass.components()?;
        pass.imports()?;
        let mut types = HashMap::default();
        pass.declarations(&mut types)?;
        for &id in self.instance_order {
            if !self.graph.instance(id).is_host() {
                pass.instance(id, index_of);
            }
        }
        pass.exports(types);
        Ok((pass.writer.out.finish(), pass.layout))
    }

    fn unwritable(&self, group: GroupId, reason: Unwritable) -> Error {
        match reason.0 {
            Reason::Resource(instance, resource) => {
                let members = &self.open.get(group).members;
                let import = members
                    .iter()
                    .find(|(member, _)| *member == instance)
                    .map_or("", |(_, import)| import);
                self.identities.clash(
                    self.arena,
                    self.graph,
                    (instance, import),
                    resource,
                    Provider::Host,
                )
            }
            Reason::Other(what) => Error::new(ErrorKind::Unwritable {
                import: self.open.get(group).full_name(),
                what: what.to_owned(),
            }),
        }
    }

    /// What whoever runs the composition must provide, in the order in which it is imported.
    pub(super) fn imports(&self) -> Vec<HostImport> {
        let components = self.imported.iter().map(|imported| HostImport {
            name: imported.name.to_owned(),
            kind: "component",
            consumers: Vec::new(),
            lowest: None,
            highest: None,
            later: Vec::new(),
            types_only: false,
        });
        let namers = self.graph.type_namers();
        let groups = self
            .import_order
            .iter()
            .filter_map(|at| self.merged.get(*at));
        components
            .chain(groups.map(|(id, _)| {
                let group = self.open.get(*id);
                let (_, item) = group.item(self.arena, self.graph);
                let versions = group.versions();
                let consumer = |(instance, import): &(InstanceId, &str)| {
                    let instance = self.graph.instance(*instance);
                    let imports = &self.arena.type_of(instance.component()).imports;
                    let import = match imports.get(*import) {
                        Some(item) => item.full_name(import).into_owned(),
                        None => (*import).to_owned(),
                    };
                    (instance.name().to_owned(), import)
                };
                HostImport {
                    name: group.full_name(),
                    kind: kind_name(&item.ty),
                    consumers: group.members.iter().map(consumer).collect(),
                    lowest: versions.first().map(|version| (*version).clone()),
                    highest: versions.last().map(|version| (*version).clone()),
                    later: self.later(group),
                    types_only: group.members.iter().all(|(id, _)| namers.contains(id)),
                }
            }))
            .collect()
    }

    /// What no member of the lowest version asks of an interface that is imported under it.
    fn later(&self, group: &Group) -> Vec<(String, Version)> {
        if self.graph.versions() != Versions::Lowest {
            return Vec::new();
        }
        let lowest = group.versions().first().copied();
        let mut since: BTreeMap<&str, Option<&Version>> = BTreeMap::new();
        for ((instance, import), version) in group.by_version() {
            let imports = &self
                .arena
                .type_of(self.graph.instance(*instance).component())
                .imports;
            let Some(ComponentEntityType::Instance(id)) = imports.get(*import).map(|item| item.ty)
            else {
                continue;
            };
            for name in self.arena.types().data(id).exports.keys() {
                let since = since.entry(name).or_insert(version);
                *since = version.min(*since);
            }
        }
        since
            .into_iter()
            .filter(|(_, since)| *since > lowest)
            .filter_map(|(name, since)| Some((name.to_owned(), since?.clone())))
            .collect()
    }
}

/// The sections while they are written.
struct Pass<'p, 'e, 'i> {
    encoder: &'p Encoder<'e, 'i>,
    writer: TypeWriter<'p>,
    imported: HashMap<GroupId, u32>,
    /// The components that are imported.
    components: HashMap<ComponentId, u32>,
    layout: Layout,
    /// The exports of instances that have an index.
    aliases: HashMap<Edge, u32>,
    /// What functions that are exported by themselves may speak of, by the component that has them.
    named: HashMap<ComponentId, Named>,
}

/// The types that a component has names for.
struct Named {
    imports: NamedTypes,
    exports: HashMap<ComponentAnyTypeId, String>,
}

impl Named {
    fn of(arena: &Arena<'_>, component: ComponentId) -> Named {
        let exports = arena.type_of(component).exports.iter();
        let exports = exports.filter_map(|(name, item)| match item.ty {
            ComponentEntityType::Type { created, .. } => Some((created, name.clone())),
            _ => None,
        });
        Named {
            imports: NamedTypes::of(arena, component),
            exports: exports.collect(),
        }
    }
}

impl Pass<'_, '_, '_> {
    /// Imports components: first of all, so that their types stand for themselves.
    fn components(&mut self) -> Result<(), Error> {
        for imported in self.encoder.imported {
            let component = self.encoder.arena.component(imported.id);
            let index = self
                .writer
                .import_component(imported.instance, imported.name, component.ty())
                .map_err(|reason| imported.unwritable(component.name(), reason))?;
            self.components.insert(imported.id, index);
        }
        Ok(())
    }

    fn imports(&mut self) -> Result<(), Error> {
        let encoder = self.encoder;
        for at in encoder.import_order {
            let Some((group, merged)) = encoder.merged.get(*at) else {
                continue;
            };
            let name = &encoder.open.get(*group).name;
            let index = self
                .writer
                .import(*group, name, merged)
                .map_err(|reason| encoder.unwritable(*group, reason))?;
            self.imported.insert(*group, index);
        }
        Ok(())
    }

    fn instance(&mut self, id: InstanceId, index_of: &dyn Fn(ComponentId) -> u32) {
        let encoder = self.encoder;
        let instance = encoder.graph.instance(id);
        let mut arguments = Vec::new();
        let imports = &encoder.arena.type_of(instance.component()).imports;
        let filled: HashMap<&String, &Edge> = instance.arguments().iter().collect();
        for (number, (import, item)) in imports.iter().enumerate() {
            let kind = export_kind(&item.ty);
            let open = encoder.open;
            let index = if let Some(edge) = filled.get(import) {
                self.alias(edge, kind)
            } else if let Some(used) = open.used_type(id, import) {
                self.alias(used, kind)
            } else {
                let group = open.group_of(id, number);
                let imported = group.and_then(|group| self.imported.get(&group));
                imported.copied().unwrap_or_default()
            };
            arguments.push((import.as_str(), kind, index));
        }
        let component = self.components.get(&instance.component()).copied();
        let component = component.unwrap_or_else(|| index_of(instance.component()));
        let index = self.writer.out.instance(component, arguments);
        self.layout.instances.insert(id, index);
    }

    /// Exports the types that are those of the composition itself, before there are instances that use them.
    fn declarations(&mut self, types: &mut HashMap<Edge, u32>) -> Result<(), Error> {
        let encoder = self.encoder;
        let exports = encoder.graph.exports().iter();
        let mut declared: Vec<_> = exports
            .filter_map(|export| {
                Some((export, encoder.graph.declared(encoder.arena, &export.edge)?))
            })
            .collect();
        // In the order in which they were declared: there, each comes after those that it speaks of.
        declared.sort_by_cached_key(|(export, _)| {
            let component = encoder.graph.instance(export.edge.provider).component();
            let exports = &encoder.arena.type_of(component).exports;
            let name = export.edge.path.first();
            let number = name.and_then(|name| Some(exports.get_full(name)?.0));
            (component, number)
        });
        for (export, item) in declared {
            let edge = &export.edge;
            let ComponentEntityType::Type {
                referenced,
                created,
            } = item.ty
            else {
                continue;
            };
            let index = match types.get(edge) {
                Some(index) => *index,
                None => {
                    let written = self.writer.any_type(edge.provider, referenced);
                    written.map_err(|Unwritable(reason)| unwritable_export(export, &reason))?
                }
            };
            let attributes = Attributes::of(item);
            let name = extern_name(&export.name, &attributes);
            let kind = ComponentExportKind::Type;
            let exported = self.writer.out.export(name, kind, index, None);
            if !types.contains_key(edge) {
                self.writer.name(created, exported);
                self.aliases.insert(edge.clone(), exported);
                types.insert(edge.clone(), exported);
            }
        }
        Ok(())
    }

    fn exports(&mut self, mut types: HashMap<Edge, u32>) {
        let encoder = self.encoder;
        for export in encoder.export_order {
            let declared = encoder.graph.declared(encoder.arena, &export.edge);
            if declared.is_none() {
                self.export(export, &mut types);
            }
        }
    }

    fn export(&mut self, export: &Export, types: &mut HashMap<Edge, u32>) {
        let edge = &export.edge;
        let attributes;
        let (kind, name, function) = match self.encoder.graph.find(self.encoder.arena, edge) {
            None => return,
            Some(Found::Instance(_)) => (
                ComponentExportKind::Instance,
                export.name.as_str().into(),
                None,
            ),
            Some(Found::Item(own_name, item)) => {
                attributes = match self.encoder.graph.implements() {
                    true => Attributes::renamed(item, own_name, &export.name),
                    false => Attributes::kept(item, own_name, &export.name),
                };
                let name = extern_name(&export.name, &attributes);
                let function = match item.ty {
                    ComponentEntityType::Func(id) => Some(id),
                    _ => None,
                };
                (export_kind(&item.ty), name, function)
            }
        };
        let index = self.alias(edge, kind);
        let ascribed = function.and_then(|id| self.ascription(edge.provider, id, types));
        let index = self.writer.out.export(name, kind, index, ascribed);
        if kind == ComponentExportKind::Type {
            types.insert(edge.clone(), index);
        }
    }

    /// The type to export a function under, where types that it uses have names of their own outside.
    fn ascription(
        &mut self,
        instance: InstanceId,
        function: ComponentFuncTypeId,
        types: &HashMap<Edge, u32>,
    ) -> Option<ComponentTypeRef> {
        let (arena, graph) = (self.encoder.arena, self.encoder.graph);
        let from_host = |edge: &Edge| graph.instance(edge.provider).is_host();
        let mut arguments = graph.instance(instance).arguments().values();
        if types.is_empty() && !arguments.any(from_host) {
            return None;
        }
        let component = graph.instance(instance).component();
        let named = self.named.entry(component);
        let named = named.or_insert_with(|| Named::of(arena, component));
        let mut uses = HashSet::default();
        let mut visit = |id| {
            uses.insert(id);
            false
        };
        Walk::new(arena.types(), &mut HashSet::default(), &mut visit)
            .entity(&ComponentEntityType::Func(function));
        // In order, since what the host gives may be aliased here.
        let mut places = BTreeMap::new();
        let mut exported = Vec::new();
        for id in uses {
            if let Some(place) = named.imports.places.get(&id)
                && let Some(used) = named.imports.used(arena, graph, instance, place)
            {
                places.insert(place.clone(), (id, used));
            }
            let export = named.exports.get(&id);
            let used = export.map(|name| Edge::from((instance, name.as_str())));
            exported.extend(used.and_then(|used| Some((id, *types.get(&used)?))));
        }
        for (id, used) in places.into_values() {
            let index = match types.get(&used) {
                Some(index) => *index,
                None if from_host(&used) => self.alias(&used, ComponentExportKind::Type),
                None => continue,
            };
            self.writer.name(id, index);
        }
        for (id, index) in exported {
            self.writer.name(id, index);
        }
        let index = self.writer.function(instance, function).ok()?;
        Some(ComponentTypeRef::Func(index))
    }

    /// The index of what the composition imports, if that is what `edge` leads to.
    fn given(&self, edge: &Edge) -> Option<u32> {
        let instance = self.encoder.graph.instance(edge.provider);
        let ([name], true) = (edge.path.as_slice(), instance.is_host()) else {
            return None;
        };
        let imports = &self.encoder.arena.type_of(instance.component()).imports;
        let (number, ..) = imports.get_full(name)?;
        let group = self.encoder.open.group_of(edge.provider, number)?;
        self.imported.get(&group).copied()
    }

    /// The index of what `edge` leads to, which is of this kind.
    fn alias(&mut self, edge: &Edge, kind: ComponentExportKind) -> u32 {
        let provider = self.layout.instances.get(&edge.provider);
        let mut index = provider.copied().unwrap_or_default();
        for (before, name) in edge.path.iter().enumerate() {
            let (within, kind) = match edge.path.get(..before + 1) {
                Some(within) if within.len() < edge.path.len() => {
                    (within, ComponentExportKind::Instance)
                }
                _ => (edge.path.as_slice(), kind),
            };
            let at = Edge::whole(edge.provider).within(within);
            if let Some(given) = self.given(&at) {
                index = given;
                continue;
            }
            let out = &mut self.writer.out;
            let aliased = self.aliases.entry(at);
            index = *aliased.or_insert_with(|| out.alias(index, kind, name));
        }
        index
    }
}

fn unwritable_export(export: &Export, reason: &Reason) -> Error {
    let what = match reason {
        Reason::Resource(..) => "it speaks of a resource that has no name outside",
        Reason::Other(what) => what,
    };
    Error::new(ErrorKind::Unwritable {
        import: export.name.clone(),
        what: what.to_owned(),
    })
}

fn export_kind(entity: &ComponentEntityType) -> ComponentExportKind {
    match entity {
        ComponentEntityType::Module(_) => ComponentExportKind::Module,
        ComponentEntityType::Func(_) => ComponentExportKind::Func,
        ComponentEntityType::Value(_) => ComponentExportKind::Value,
        ComponentEntityType::Type { .. } => ComponentExportKind::Type,
        ComponentEntityType::Instance(_) => ComponentExportKind::Instance,
        ComponentEntityType::Component(_) => ComponentExportKind::Component,
    }
}

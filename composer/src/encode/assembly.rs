//! The sections of a composition, put together.

use super::identity::Identities;
use super::merge::Merged;
use super::open::{GroupId, OpenImports};
use super::types::{Reason, TypeWriter, Unwritable, item_name};
use super::used::{NamedTypes, UsedType};
use super::writer::{Counts, Section, Writer};
use super::{HostImport, Layout};
use crate::component::{Arena, ComponentId};
use crate::error::{Error, ErrorKind, Provider};
use crate::graph::{Edge, Export, Graph, InstanceId};
use crate::types::kind_name;
use std::collections::HashMap;
use wasm_encoder::{ComponentExportKind, ComponentTypeRef};
use wasmparser::component_types::{ComponentEntityType, ComponentFuncTypeId};

/// What the sections of a composition are made from.
pub(super) struct Encoder<'e, 'i> {
    pub(super) arena: &'e Arena<'i>,
    pub(super) graph: &'e Graph,
    pub(super) open: &'e OpenImports,
    pub(super) identities: &'e Identities,
    pub(super) merged: &'e [(GroupId, Merged)],
    pub(super) import_order: &'e [usize],
    pub(super) instance_order: &'e [InstanceId],
}

impl Encoder<'_, '_> {
    /// The sections of the composition, in which component `id` has the index `index_of(id)`.
    pub(super) fn sections(
        &self,
        out: Writer,
        index_of: &dyn Fn(ComponentId) -> u32,
    ) -> Result<(Vec<Section>, Layout, Counts), Error> {
        let mut pass = Pass {
            encoder: self,
            writer: TypeWriter::new(self.arena.types(), self.identities, out),
            imported: HashMap::new(),
            layout: Layout {
                instances: HashMap::new(),
            },
            aliases: HashMap::new(),
        };
        pass.imports()?;
        for &id in self.instance_order {
            pass.instance(id, index_of);
        }
        pass.exports();
        let (sections, counts) = pass.writer.out.finish();
        Ok((sections, pass.layout, counts))
    }

    fn unwritable(&self, group: GroupId, reason: Unwritable) -> Error {
        let (name, item) = self.open.get(group).item(self.arena, self.graph);
        match reason.0 {
            Reason::Resource(instance, resource) => {
                let members = &self.open.get(group).members;
                let import = members
                    .iter()
                    .find(|(member, _)| *member == instance)
                    .map_or(name, |(_, import)| import);
                self.identities.clash(
                    self.arena,
                    self.graph,
                    (instance, import),
                    resource,
                    Provider::Host,
                )
            }
            Reason::Other(what) => Error::new(ErrorKind::Unwritable {
                import: item.full_name(name).into_owned(),
                what: what.to_owned(),
            }),
        }
    }

    /// What whoever runs the composition must provide, in the order in which it is imported.
    pub(super) fn imports(&self) -> Vec<HostImport> {
        let groups = self
            .import_order
            .iter()
            .filter_map(|at| self.merged.get(*at));
        groups
            .map(|(id, _)| {
                let group = self.open.get(*id);
                let (name, item) = group.item(self.arena, self.graph);
                let consumer = |(instance, import): &(InstanceId, String)| {
                    let instance = self.graph.instance(*instance);
                    let imports = &self.arena.type_of(instance.component()).imports;
                    let import = match imports.get(import) {
                        Some(item) => item.full_name(import).into_owned(),
                        None => import.clone(),
                    };
                    (instance.name().to_owned(), import)
                };
                HostImport {
                    name: item.full_name(name).into_owned(),
                    kind: kind_name(&item.ty),
                    consumers: group.members.iter().map(consumer).collect(),
                }
            })
            .collect()
    }
}

/// The sections while they are written.
struct Pass<'p, 'e, 'i> {
    encoder: &'p Encoder<'e, 'i>,
    writer: TypeWriter<'p>,
    imported: HashMap<GroupId, u32>,
    layout: Layout,
    /// The exports of instances that have an index.
    aliases: HashMap<Edge, u32>,
}

impl Pass<'_, '_, '_> {
    fn imports(&mut self) -> Result<(), Error> {
        let encoder = self.encoder;
        for at in encoder.import_order {
            let Some((group, merged)) = encoder.merged.get(*at) else {
                continue;
            };
            let (name, _) = encoder.open.get(*group).item(encoder.arena, encoder.graph);
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
        for (import, item) in &encoder.arena.type_of(instance.component()).imports {
            let kind = export_kind(&item.ty);
            let open = encoder.open;
            let index = if let Some(edge) = instance.arguments().get(import) {
                self.alias(edge, kind)
            } else if let Some(used) = open.used_type(id, import) {
                self.used_type(&used.edge, &used.within)
            } else {
                let group = open.group_of(id, import);
                let imported = group.and_then(|group| self.imported.get(&group));
                imported.copied().unwrap_or_default()
            };
            arguments.push((import.as_str(), kind, index));
        }
        let component = index_of(instance.component());
        let index = self.writer.out.instance(component, arguments);
        self.layout.instances.insert(id, index);
    }

    fn exports(&mut self) {
        // What was added for the sake of others comes before them.
        let (implied, asked): (Vec<_>, Vec<_>) = self
            .encoder
            .graph
            .exports()
            .iter()
            .partition(|export| export.implied);
        let mut types = HashMap::new();
        for export in implied.into_iter().chain(asked) {
            self.export(export, &mut types);
        }
    }

    fn export(&mut self, export: &Export, types: &mut HashMap<UsedType, u32>) {
        let (arena, graph) = (self.encoder.arena, self.encoder.graph);
        let Export { edge, within, .. } = export;
        let component = graph.instance(edge.provider).component();
        let Some(item) = arena.type_of(component).exports.get(&edge.export) else {
            return;
        };
        if !within.is_empty() || matches!(item.ty, ComponentEntityType::Type { .. }) {
            let index = self.used_type(edge, within);
            let name = match within.is_empty() {
                true => item_name(&export.name, item),
                false => export.name.as_str().into(),
            };
            let out = &mut self.writer.out;
            let index = out.export(name, ComponentExportKind::Type, index, None);
            types.insert(
                UsedType {
                    edge: edge.clone(),
                    within: within.clone(),
                },
                index,
            );
            return;
        }
        let kind = export_kind(&item.ty);
        let index = self.alias(edge, kind);
        let ascribed = match item.ty {
            ComponentEntityType::Func(id) => self.ascription(edge.provider, id, types),
            _ => None,
        };
        let out = &mut self.writer.out;
        out.export(item_name(&export.name, item), kind, index, ascribed);
    }

    /// The type to export a function under, where types that it uses have names of their own outside.
    fn ascription(
        &mut self,
        instance: InstanceId,
        function: ComponentFuncTypeId,
        types: &HashMap<UsedType, u32>,
    ) -> Option<ComponentTypeRef> {
        let (arena, graph) = (self.encoder.arena, self.encoder.graph);
        if types.is_empty() {
            return None;
        }
        let component = graph.instance(instance).component();
        let named = NamedTypes::of(arena, component);
        for (id, place) in &named.places {
            let used = named.used(arena, graph, instance, place);
            if let Some(index) = used.and_then(|used| types.get(&used)) {
                self.writer.name(*id, *index);
            }
        }
        for (name, item) in &arena.type_of(component).exports {
            let used = UsedType {
                edge: Edge {
                    provider: instance,
                    export: name.clone(),
                },
                within: Vec::new(),
            };
            if let (ComponentEntityType::Type { created, .. }, Some(index)) =
                (item.ty, types.get(&used))
            {
                self.writer.name(created, *index);
            }
        }
        let index = self.writer.function(instance, function).ok()?;
        Some(ComponentTypeRef::Func(index))
    }

    /// The index of what an instance exports.
    fn alias(&mut self, edge: &Edge, kind: ComponentExportKind) -> u32 {
        if let Some(index) = self.aliases.get(edge) {
            return *index;
        }
        let provider = self.layout.instances.get(&edge.provider).copied();
        let out = &mut self.writer.out;
        let index = out.alias(provider.unwrap_or_default(), kind, &edge.export);
        self.aliases.insert(edge.clone(), index);
        index
    }

    /// The index of a type within what an instance exports, or of the type that it exports.
    fn used_type(&mut self, edge: &Edge, within: &[String]) -> u32 {
        let Some((last, path)) = within.split_last() else {
            return self.alias(edge, ComponentExportKind::Type);
        };
        let mut at = self.alias(edge, ComponentExportKind::Instance);
        for name in path {
            at = self
                .writer
                .out
                .alias(at, ComponentExportKind::Instance, name);
        }
        self.writer.out.alias(at, ComponentExportKind::Type, last)
    }
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

//! Types of components that no binary has: what a document declares, and what it imports.

use super::identity::Identities;
use super::merge::Merger;
use super::open::OpenImports;
use super::order;
use super::scope::{Scope, ScopeType};
use super::types::{Only, Reason, TypeWriter, Unwritable, extern_name, item_name};
use super::writer::{Writer, body_of};
use crate::component::{
    Arena, Attributes, ComponentId, Declared, Definition, DefinitionKind, Found,
};
use crate::error::{Error, ErrorKind};
use crate::graph::{Graph, InstanceId};
use crate::hash::HashSet;
use crate::name::Versions;
use crate::types::Data;
use std::borrow::Cow;
use std::collections::BTreeMap;
use wasm_encoder::{
    ComponentExternName, ComponentType, ComponentTypeEncoder, ComponentTypeRef,
    ComponentTypeSection, TypeBounds,
};
use wasmparser::component_types::{ComponentEntityType, ComponentItem, ComponentType as Type};

/// The type of a component, written item by item.
pub(crate) struct Declaration<'d> {
    arena: &'d Arena<'d>,
    writer: TypeWriter<'d>,
    uses: Vec<(InstanceId, ComponentId)>,
    /// What is not imported for one of the components in use, with the number of the one that exports it.
    filled: Vec<(ComponentId, String, usize)>,
}

/// A component whose imports the declared one has, too.
#[derive(Clone, Debug)]
pub(crate) struct Use {
    pub(crate) component: ComponentId,
    /// Imports that get another name.
    pub(crate) renamed: BTreeMap<String, String>,
    /// Imports that are not imported, but are what another of the components, by its number, exports under the same name.
    pub(crate) filled: BTreeMap<String, usize>,
}

impl<'d> Declaration<'d> {
    /// Begins a component type that imports what the components of `uses` import; an interface that several import is
    /// imported once, with what each of them knows of it.
    ///
    /// # Errors
    ///
    /// Components that disagree on an import are an error, and so is a name that no import can have.
    pub(crate) fn begin<'i>(arena: &'d Arena<'i>, uses: &[Use]) -> Result<Self, Error>
    where
        'i: 'd,
    {
        let mut graph = Graph::new();
        graph.set_versions(Versions::Separate);
        let mut hosts = Vec::new();
        let mut own = HashSet::default();
        for used in uses {
            let name = arena.component(used.component).name();
            let host = graph.add_host(name, used.component);
            for (import, name) in &used.renamed {
                graph.rename_import(host, import, name);
            }
            hosts.push((host, used.component));
            let defined = &arena.type_of(used.component).defined_resources;
            own.extend(defined.iter().map(|(resource, _)| *resource));
        }
        for (used, (host, _)) in uses.iter().zip(&hosts) {
            for (import, provider) in &used.filled {
                if let Some((provider, _)) = hosts.get(*provider) {
                    graph.connect(arena, (*host, import), (*provider, import.as_str()))?;
                }
            }
        }
        let open = OpenImports::of(arena, &graph);
        open.check_names(arena, &graph)?;
        let identities = Identities::of(arena, &graph, &open, &graph.order()?);
        let merger = Merger::new(arena, &graph, &open, &identities);
        let merged = open
            .iter()
            .map(|(id, _)| Ok((id, merger.merge(id)?)))
            .collect::<Result<Vec<_>, Error>>()?;
        let order = order::order(arena.types(), &identities, &merged, None);
        let mut declaration = Declaration::empty(arena, Cow::Owned(identities), own);
        declaration.uses = hosts;
        for used in uses {
            let filled = used.filled.iter();
            let filled = filled.map(|(import, at)| (used.component, import.clone(), *at));
            declaration.filled.extend(filled);
        }
        for at in order {
            if let Some((group, merged)) = merged.get(at) {
                let name = &open.get(*group).name;
                let written = declaration.writer.import(*group, name, merged);
                written.map_err(|reason| unwritable(name, reason))?;
            }
        }
        Ok(declaration)
    }

    fn empty(
        arena: &'d Arena<'d>,
        identities: Cow<'d, Identities>,
        own: HashSet<wasmparser::component_types::ResourceId>,
    ) -> Self {
        let mut writer = TypeWriter::new(arena.types(), identities, Writer::default());
        writer.open_scope(Scope::new(ScopeType::Component(ComponentType::new()), own));
        Declaration {
            arena,
            writer,
            uses: Vec::new(),
            filled: Vec::new(),
        }
    }

    /// A component type that has nothing yet, in which the resources of `ty` may be met.
    fn around(arena: &'d Arena<'d>, ty: &Type) -> Self {
        let resources = ty.imported_resources.iter().map(|(id, _)| *id);
        let defined = ty.defined_resources.iter().map(|(id, _)| *id);
        let identities = Cow::Owned(Identities::none());
        Declaration::empty(arena, identities, resources.chain(defined).collect())
    }

    /// The index, in the innermost scope, of a type that the `at`-th of the components in use imports: the names lead to it,
    /// an import first.
    pub(crate) fn used(&mut self, at: usize, path: &[&str]) -> Option<u32> {
        let (_, component) = *self.uses.get(at)?;
        let path: Vec<String> = path.iter().map(|&name| name.to_owned()).collect();
        match self.arena.find(component, &path)?.item()?.ty {
            ComponentEntityType::Type { created, .. } => self.writer.find(created),
            _ => None,
        }
    }

    /// Writes a type into the innermost scope, and gives its index.
    pub(crate) fn define(&mut self, write: impl FnOnce(ComponentTypeEncoder<'_>)) -> u32 {
        self.writer.define(write)
    }

    /// Begins an instance type, as the innermost scope.
    pub(crate) fn open_instance(&mut self) {
        self.writer.open_scope(Scope::instance());
    }

    /// Ends the instance type, and gives its index in the scope around it.
    pub(crate) fn close_instance(&mut self) -> u32 {
        self.writer.close_scope().unwrap_or_default()
    }

    /// Adds an import, and gives the index of the type, if it is one.
    pub(crate) fn import(&mut self, name: ComponentExternName<'_>, ty: ComponentTypeRef) -> u32 {
        self.writer.put_import(name, ty)
    }

    /// Adds an export to the innermost scope, and gives the index of the type, if it is one.
    pub(crate) fn export(&mut self, name: ComponentExternName<'_>, ty: ComponentTypeRef) -> u32 {
        self.writer.export(name, ty)
    }

    /// Imports, as `name`, what `path` leads to in the `at`-th of the components in use; `external_id` is the id by which the
    /// import is known elsewhere, if it is another than that of the item.
    ///
    /// # Errors
    ///
    /// It is an error if there is no such item, or it speaks of what is not imported.
    pub(crate) fn import_used(
        &mut self,
        at: usize,
        path: &[String],
        name: &str,
        external_id: Option<&str>,
    ) -> Result<(), Error> {
        let used = self.uses.get(at).copied();
        let found = used.and_then(|(host, component)| {
            let Found::Item(own, item) = self.arena.find(component, path)? else {
                return None;
            };
            Some((host, own, item))
        });
        let (host, own, item) = found.ok_or_else(|| no_item(path))?;
        let attributes = known_as(Attributes::renamed(item, own, name), external_id);
        let extern_name = extern_name(name, &attributes);
        let mut put = |writer: &mut TypeWriter<'_>, ty| writer.put_import(extern_name.clone(), ty);
        let written = self.writer.item(host, &item.ty, &mut put);
        written.map_err(|reason| unwritable(name, reason))
    }

    /// Exports, as `name`, what the `at`-th of the components in use exports as `item`; `external_id` is the id by which the
    /// export is known elsewhere, if it is another than that of the item.
    ///
    /// # Errors
    ///
    /// It is an error if there is no such export, or it speaks of what is not imported.
    pub(crate) fn export_used(
        &mut self,
        at: usize,
        item: &str,
        name: &str,
        external_id: Option<&str>,
    ) -> Result<(), Error> {
        let found = self.uses.get(at).and_then(|(host, component)| {
            let found = self.arena.type_of(*component).exports.get(item)?;
            Some((*host, found))
        });
        let Some((host, found)) = found else {
            return Err(Error::new(ErrorKind::Graph(format!(
                "there is no export `{item}`"
            ))));
        };
        let attributes = known_as(Attributes::renamed(found, item, name), external_id);
        let extern_name = extern_name(name, &attributes);
        let written = self.writer.item(host, &found.ty, &mut |writer, ty| {
            writer.export(extern_name.clone(), ty)
        });
        written.map_err(|reason| unwritable(name, reason))?;
        let fills = |it: &&(ComponentId, String, usize)| it.1 == item && it.2 == at;
        for (component, import, _) in self.filled.iter().filter(fills) {
            let imports = &self.arena.type_of(*component).imports;
            if let Some(ComponentEntityType::Instance(id)) = imports.get(import).map(|it| it.ty) {
                self.writer.remember_exported(id);
            }
        }
        Ok(())
    }

    /// Ends the type: a component of it gives what it imports, and exports the types that it exports.
    pub(crate) fn into_world(self) -> Declared {
        declared(&self.writer.into_component_type())
    }

    /// Ends the type, as that of something which a WIT package defines as `name`: an interface, an instance of which it exports
    /// as `id`, or a world, which is called so.
    pub(crate) fn into_definition(self, name: &str, id: &str, kind: DefinitionKind) -> Declared {
        let mut ty = self.writer.into_component_type();
        if kind == DefinitionKind::World {
            let mut outer = ComponentType::new();
            outer.ty().component(&ty);
            outer.export(id, ComponentTypeRef::Component(0));
            ty = outer;
        }
        let mut package = ComponentType::new();
        package.ty().component(&ty);
        package.export(name, ComponentTypeRef::Type(TypeBounds::Eq(0)));
        declared(&package)
    }

    fn copy(
        &mut self,
        name: ComponentExternName<'_>,
        item: &ComponentItem,
        side: Side,
    ) -> Result<(), Error> {
        let here = InstanceId::default();
        let mut put = |writer: &mut TypeWriter<'_>, ty| match side {
            Side::Import => writer.put_import(name.clone(), ty),
            Side::Export => writer.export(name.clone(), ty),
        };
        let written = self.writer.item(here, &item.ty, &mut put);
        written.map_err(|reason| unwritable(&name.name, reason))
    }
}

/// What becomes of an item.
#[derive(Clone, Copy)]
enum Side {
    Import,
    Export,
}

impl Arena<'_> {
    /// Declares a component that imports an interface as `name`, and the types that it uses. Under another name than its own it
    /// is said to implement the interface; `external_id` is the id by which the import is known elsewhere, if it is said.
    ///
    /// # Errors
    ///
    /// A name that no import can have is an error.
    pub(crate) fn as_import(
        &mut self,
        definition: Definition,
        name: &str,
        external_id: Option<&str>,
    ) -> Result<ComponentId, Error> {
        self.import_of(definition, name, external_id, Only::Everything)
    }

    /// Declares a component that imports the types of an interface under its own name, and the types that these use.
    ///
    /// # Errors
    ///
    /// As for [`Arena::as_import`].
    pub(crate) fn as_types(&mut self, definition: Definition) -> Result<ComponentId, Error> {
        let name = self.definition_name(definition);
        self.import_of(definition, &name, None, Only::Types)
    }

    fn import_of(
        &mut self,
        definition: Definition,
        name: &str,
        external_id: Option<&str>,
        only: Only,
    ) -> Result<ComponentId, Error> {
        let outer = self.types().data(definition.outer());
        let mut declaration = Declaration::around(self, outer);
        for (import, item) in &outer.imports {
            declaration.copy(item_name(import, item), item, Side::Import)?;
        }
        declaration.writer.only = only;
        for (own, item) in &outer.exports {
            let attributes = known_as(Attributes::renamed(item, own, name), external_id);
            declaration.copy(extern_name(name, &attributes), item, Side::Import)?;
        }
        let declared = declaration.into_world();
        self.declare(name, declared)
    }

    /// Declares a component that exports an interface under its own name, and imports the types that it uses.
    ///
    /// # Errors
    ///
    /// As for [`Arena::as_import`].
    pub(crate) fn as_export(&mut self, definition: Definition) -> Result<ComponentId, Error> {
        let name = self.definition_name(definition);
        let declared = copy_of(self, self.types().data(definition.outer()))?;
        self.declare(&name, declared)
    }

    /// Declares a component of a world, or of what an interface is defined by.
    ///
    /// # Errors
    ///
    /// As for [`Arena::as_import`].
    pub(crate) fn as_world(&mut self, definition: Definition) -> Result<ComponentId, Error> {
        let name = self.definition_name(definition);
        let ty = definition.world().unwrap_or(definition.outer());
        let declared = copy_of(self, self.types().data(ty))?;
        self.declare(&name, declared)
    }

    /// Declares a component that imports, under its own name, an interface that `component` imports, with those of its types
    /// that speak of no resource; nothing if it imports no such interface.
    ///
    /// # Errors
    ///
    /// As for [`Arena::as_import`].
    pub(crate) fn values_of(
        &mut self,
        component: ComponentId,
        import: &str,
    ) -> Result<Option<ComponentId>, Error> {
        let ty = self.type_of(component);
        let Some(item) = ty.imports.get(import) else {
            return Ok(None);
        };
        let mut declaration = Declaration::around(self, ty);
        declaration.writer.only = Only::Values;
        declaration.copy(item_name(import, item), item, Side::Import)?;
        let declared = declaration.into_world();
        self.declare(import, declared).map(Some)
    }

    /// Declares a component that imports, as `name`, an item of the type that `path` leads to in `component`.
    ///
    /// # Errors
    ///
    /// It is an error if there is no such item, or it cannot be imported by itself.
    pub(crate) fn import_like(
        &mut self,
        component: ComponentId,
        path: &[String],
        name: &str,
    ) -> Result<ComponentId, Error> {
        self.import_after(component, path, name, 0)
    }

    /// Declares a component that imports, as `name`, another item of the type that `path` leads to in `component`. What an
    /// import of `component` speaks of, in turn, is imported as there.
    ///
    /// # Errors
    ///
    /// As for [`Arena::import_like`].
    pub(crate) fn import_again(
        &mut self,
        component: ComponentId,
        path: &[String],
        name: &str,
    ) -> Result<ComponentId, Error> {
        let ty = self.type_of(component);
        let import = path.first().filter(|_| self.is_declared(component));
        let place = import.and_then(|import| Some(ty.imports.get_full(import)?.0));
        // An item of an interface speaks of the types of that one, too.
        let before = place.map_or(0, |place| place + usize::from(path.len() > 1));
        self.import_after(component, path, name, before)
    }

    /// The same, where the first imports of `component`, `before` in number, are imported before.
    fn import_after(
        &mut self,
        component: ComponentId,
        path: &[String],
        name: &str,
        before: usize,
    ) -> Result<ComponentId, Error> {
        let Some(Found::Item(own, item)) = self.find(component, path) else {
            return Err(no_item(path));
        };
        let ty = self.type_of(component);
        let mut declaration = Declaration::around(self, ty);
        for (import, item) in ty.imports.iter().take(before) {
            declaration.copy(item_name(import, item), item, Side::Import)?;
        }
        let attributes = Attributes::renamed(item, own, name);
        declaration.copy(extern_name(name, &attributes), item, Side::Import)?;
        let declared = declaration.into_world();
        self.declare(name, declared)
    }
}

fn no_item(path: &[String]) -> Error {
    Error::new(ErrorKind::Graph(format!(
        "there is no item `{}`",
        path.join("#")
    )))
}

/// What a name says, with another id by which it is known elsewhere, if there is one.
fn known_as(mut attributes: Attributes, external_id: Option<&str>) -> Attributes {
    if let Some(id) = external_id {
        attributes.external_id = Some(id.to_owned());
    }
    attributes
}

/// The type of a component, once more.
fn copy_of(arena: &Arena<'_>, ty: &Type) -> Result<Declared, Error> {
    let mut declaration = Declaration::around(arena, ty);
    for (name, item) in &ty.imports {
        declaration.copy(item_name(name, item), item, Side::Import)?;
    }
    for (name, item) in &ty.exports {
        declaration.copy(item_name(name, item), item, Side::Export)?;
    }
    Ok(declaration.into_world())
}

fn unwritable(name: &str, Unwritable(reason): Unwritable) -> Error {
    let what = match reason {
        Reason::Resource(..) => "it speaks of a resource that is not imported",
        Reason::Other(what) => what,
    };
    Error::new(ErrorKind::Unwritable {
        import: name.to_owned(),
        what: what.to_owned(),
    })
}

fn declared(ty: &ComponentType) -> Declared {
    let mut section = ComponentTypeSection::new();
    section.component(ty);
    Declared(body_of(&section))
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may stop where it fails"
)]
mod tests {
    use super::*;
    use crate::component::Source;
    use crate::encode::{Options, encode, faults};
    use crate::graph::Edge;
    use wasm_encoder::PrimitiveValType;
    use wit_parser::Resolve;

    /// A WIT package in the binary format.
    fn package(wit: &str) -> Vec<u8> {
        let mut resolve = Resolve::default();
        let id = resolve.push_str("test.wit", wit).unwrap();
        wit_component::encode(&resolve, id, false).unwrap()
    }

    /// What the composition of `graph` says of itself, once it was validated.
    fn text(arena: Arena<'_>, graph: Graph) -> String {
        assert_eq!(faults(&arena, &graph).len(), 0);
        let bytes = encode(arena, graph, &Options::default())
            .unwrap()
            .to_bytes()
            .unwrap();
        Arena::new().read(Source::new("output", &bytes)).unwrap();
        wasmprinter::print_bytes(&bytes).unwrap()
    }

    const LOG: &str = "package a:b@1.0.0;
        interface types { record r { x: u32 } resource h { get: func() -> r; } }
        interface log { use types.{r, h}; put: func(r: r, h: borrow<h>); }";

    #[test]
    fn the_host_gives_an_interface_and_those_that_it_uses() {
        let (package, consumer) = (package(LOG), consumer());
        let mut arena = Arena::new();
        let package = arena.read_release(Source::new("a:b", &package)).unwrap();
        let consumer = arena.read(Source::new("consumer", &consumer)).unwrap();
        let log = arena.definition(package, "log").unwrap();
        assert_eq!(arena.definition_name(log), "a:b/log@1.0.0");
        let types = arena.definition(package, "types").unwrap();

        let mut graph = Graph::new();
        let log = arena.as_import(log, "a:b/log@1.0.0", None).unwrap();
        let log = graph.add_host("log", log);
        // Of what the host gives no more than types is known here, and somebody else asks for functions.
        let types = arena.as_import(types, "a:b/types@1.0.0", None).unwrap();
        let types = graph.add_host("types", types);
        let app = graph.add("app", consumer);
        graph
            .connect(&arena, (app, "a:b/log@1.0.0"), (log, "a:b/log@1.0.0"))
            .unwrap();
        graph
            .connect(&arena, (app, "a:b/types@1.0.0"), (types, "a:b/types@1.0.0"))
            .unwrap();
        graph.export(&arena, "run", (app, "run")).unwrap();
        let put = Edge::from((log, "a:b/log@1.0.0")).within(&["put".to_owned()]);
        graph.export(&arena, "put", put).unwrap();
        let text = text(arena, graph);
        assert_eq!(
            text.matches("(import \"a:b/types@1.0.0\"").count(),
            2,
            "{text}"
        );
        assert_eq!(text.matches("(instance $app").count(), 1, "{text}");
        assert!(text.contains("[method]h.get"), "{text}");
    }

    /// Exports a function that speaks of a record of an interface that it imports.
    fn consumer() -> Vec<u8> {
        let text = r#"(component
            (import "a:b/types@1.0.0" (instance $types
                (type $r (record (field "x" u32))) (export "r" (type $r' (eq $r)))
                (export "h" (type (sub resource)))))
            (alias export $types "r" (type $r))
            (alias export $types "h" (type $h))
            (import "a:b/log@1.0.0" (instance $log
                (alias outer 1 $r (type $r0)) (export "r" (type $r' (eq $r0)))
                (alias outer 1 $h (type $h0)) (export "h" (type $h' (eq $h0)))
                (type $b (borrow $h'))
                (export "put" (func (param "r" $r') (param "h" $b)))))
            (import "r" (type $wr (eq $r)))
            (core module $m (func (export "run") (param i32) (result i32) (i32.const 1)))
            (core instance $i (instantiate $m))
            (func $run (param "r" $wr) (result u32) (canon lift (core func $i "run")))
            (export "run" (func $run)))"#;
        wat::parse_str(text).unwrap()
    }

    #[test]
    fn types_of_the_composition_are_exported_before_they_are_used() {
        let mut arena = Arena::new();
        let mut declaration = Declaration::begin(&arena, &[]).unwrap();
        let record = declaration.define(|ty| {
            ty.defined_type().record([("x", PrimitiveValType::U32)]);
        });
        let record = declaration.export("r".into(), ComponentTypeRef::Type(TypeBounds::Eq(record)));
        let list = declaration.define(|ty| {
            let item = wasm_encoder::ComponentValType::Type(record);
            ty.defined_type().variant([("a", Some(item))]);
        });
        declaration.export("v".into(), ComponentTypeRef::Type(TypeBounds::Eq(list)));
        let declared = declaration.into_world();
        let types = arena.declare("types", declared).unwrap();
        let mut graph = Graph::new();
        let host = graph.add_host("types", types);
        graph.export(&arena, "r", (host, "r")).unwrap();
        graph.export(&arena, "v", (host, "v")).unwrap();
        graph.export(&arena, "v2", (host, "v")).unwrap();
        let text = text(arena, graph);
        for name in ["r", "v", "v2"] {
            assert!(text.contains(&format!(" \"{name}\" (type ")), "{text}");
        }
        assert_eq!(text.matches("(record").count(), 1, "{text}");
    }

    #[test]
    fn an_interface_is_declared_as_a_package_has_it() {
        let bytes = package(LOG);
        let mut arena = Arena::new();
        let known = arena.read_release(Source::new("a:b", &bytes)).unwrap();
        let types = arena.definition(known, "types").unwrap();
        let types = arena.as_types(types).unwrap();
        let used = [Use {
            component: types,
            renamed: BTreeMap::new(),
            filled: BTreeMap::new(),
        }];
        let mut declaration = Declaration::begin(&arena, &used).unwrap();
        declaration.open_instance();
        let record = declaration.used(0, &["a:b/types@1.0.0", "r"]).unwrap();
        let resource = declaration.used(0, &["a:b/types@1.0.0", "h"]).unwrap();
        let record = declaration.export("r".into(), ComponentTypeRef::Type(TypeBounds::Eq(record)));
        let resource =
            declaration.export("h".into(), ComponentTypeRef::Type(TypeBounds::Eq(resource)));
        let borrow = declaration.define(|ty| ty.defined_type().borrow(resource));
        let put = declaration.define(|ty| {
            let params = [("r", record), ("h", borrow)];
            let params = params.map(|(name, ty)| (name, wasm_encoder::ComponentValType::Type(ty)));
            ty.function().params(params).result(None);
        });
        declaration.export("put".into(), ComponentTypeRef::Func(put));
        let instance = declaration.close_instance();
        declaration.export("a:b/log@1.0.0".into(), ComponentTypeRef::Instance(instance));
        let declared =
            declaration.into_definition("log", "a:b/log@1.0.0", DefinitionKind::Interface);
        let package = arena.declare("a:b", declared).unwrap();

        let mut graph = Graph::new();
        let host = graph.add_host("a:b", package);
        graph.export(&arena, "log", (host, "log")).unwrap();
        let ours = encode(arena, graph, &Options::default()).unwrap();
        let ours = ours.to_bytes().unwrap();
        let mut arena = Arena::new();
        let [old, new] = [&bytes, &ours].map(|bytes| {
            let id = arena.read_release(Source::new("a:b", bytes)).unwrap();
            (id, arena.definition(id, "log").unwrap())
        });
        assert_eq!(arena.definition_name(new.1), "a:b/log@1.0.0");
        let (old, new) = (arena.definition_items(old.1), arena.definition_items(new.1));
        assert_eq!(old, new);
        let decoded = wit_component::decode(&ours).unwrap();
        let mut printer = wit_component::WitPrinter::default();
        printer
            .print(decoded.resolve(), decoded.package(), &[])
            .unwrap();
        let text = printer.output.to_string();
        assert!(text.contains("put: func(r: r, h: borrow<h>);"), "{text}");
    }
}

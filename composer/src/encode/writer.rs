//! Sections, written one after the other, with the index spaces they fill.

use wasm_encoder::{
    Alias, ComponentAliasSection, ComponentExportKind, ComponentExportSection, ComponentExternName,
    ComponentImportSection, ComponentInstanceSection, ComponentTypeEncoder, ComponentTypeRef,
    ComponentTypeSection, CoreTypeSection, Encode, ModuleType,
};

/// The sections of a component that are written by us, and how many items of each sort there are.
#[derive(Default)]
pub(super) struct Writer {
    sections: Vec<Section>,
    open: Option<Open>,
    counts: Counts,
}

/// One section.
pub(super) enum Section {
    /// Its id and its content.
    Ours(u8, Vec<u8>),
    /// The hoisted core module with this index among those of the output.
    CoreModule(u32),
    /// The embedded component with this index among the components of the output.
    Component(u32),
}

/// What stands at the beginning of a composition.
#[derive(Clone, Copy)]
pub(super) struct Embedded {
    /// So many hoisted core modules, which the components may reach.
    pub(super) core_modules: u32,
    /// So many components.
    pub(super) components: u32,
}

/// How many items each index space has.
#[derive(Clone, Copy, Default)]
struct Counts {
    types: u32,
    core_types: u32,
    functions: u32,
    instances: u32,
    components: u32,
    core_modules: u32,
    values: u32,
}

/// The section that is being written.
enum Open {
    Types(ComponentTypeSection),
    CoreTypes(CoreTypeSection),
    Imports(ComponentImportSection),
    Aliases(ComponentAliasSection),
    Instances(ComponentInstanceSection),
    Exports(ComponentExportSection),
}

/// The section of a kind, which is begun if another one is being written.
macro_rules! open {
    ($writer:ident, $kind:ident) => {{
        if !matches!($writer.open, Some(Open::$kind(_))) {
            $writer.close();
        }
        let open = &mut $writer.open;
        match open.get_or_insert_with(|| Open::$kind(Default::default())) {
            Open::$kind(section) => section,
            _ => unreachable!("a section of another kind was ended"),
        }
    }};
}

impl Writer {
    /// A writer for a component that embeds these first of all.
    pub(super) fn new(embedded: Embedded) -> Writer {
        let mut writer = Writer::beyond(embedded.components, 0);
        let core_modules = (0..embedded.core_modules).map(Section::CoreModule);
        let components = (0..embedded.components).map(Section::Component);
        writer.sections = core_modules.chain(components).collect();
        writer.counts.core_modules = embedded.core_modules;
        writer
    }

    /// A writer for what follows so many components and types.
    pub(super) fn beyond(components: u32, types: u32) -> Writer {
        let mut writer = Writer::default();
        writer.counts.components = components;
        writer.counts.types = types;
        writer
    }

    pub(super) fn finish(mut self) -> Vec<Section> {
        self.close();
        self.sections
    }

    fn close(&mut self) {
        let (id, body) = match self.open.take() {
            None => return,
            Some(Open::CoreTypes(section)) => (3, body_of(&section)),
            Some(Open::Instances(section)) => (5, body_of(&section)),
            Some(Open::Aliases(section)) => (6, body_of(&section)),
            Some(Open::Types(section)) => (7, body_of(&section)),
            Some(Open::Imports(section)) => (10, body_of(&section)),
            Some(Open::Exports(section)) => (11, body_of(&section)),
        };
        self.sections.push(Section::Ours(id, body));
    }

    /// Writes a type with `write`, and gives its index.
    pub(super) fn ty(&mut self, write: impl FnOnce(ComponentTypeEncoder<'_>)) -> u32 {
        write(open!(self, Types).ty());
        next(&mut self.counts.types)
    }

    /// Writes the type of a core module, and gives its index.
    pub(super) fn module_type(&mut self, ty: &ModuleType) -> u32 {
        open!(self, CoreTypes).ty().module(ty);
        next(&mut self.counts.core_types)
    }

    /// Writes an import, and gives the index of what is imported.
    pub(super) fn import(&mut self, name: ComponentExternName<'_>, ty: ComponentTypeRef) -> u32 {
        open!(self, Imports).import(name, ty);
        self.count(ty.kind())
    }

    /// Writes an alias of an export of an instance, and gives its index.
    pub(super) fn alias(&mut self, instance: u32, kind: ComponentExportKind, name: &str) -> u32 {
        open!(self, Aliases).alias(Alias::InstanceExport {
            instance,
            kind,
            name,
        });
        self.count(kind)
    }

    /// Writes an instance of a component, and gives its index.
    pub(super) fn instance(
        &mut self,
        component: u32,
        arguments: Vec<(&str, ComponentExportKind, u32)>,
    ) -> u32 {
        open!(self, Instances).instantiate(component, arguments);
        next(&mut self.counts.instances)
    }

    /// Writes an export, under the type `ascribed` if there is one, and gives its own index.
    pub(super) fn export(
        &mut self,
        name: ComponentExternName<'_>,
        kind: ComponentExportKind,
        index: u32,
        ascribed: Option<ComponentTypeRef>,
    ) -> u32 {
        open!(self, Exports).export(name, kind, index, ascribed);
        self.count(kind)
    }

    fn count(&mut self, kind: ComponentExportKind) -> u32 {
        next(match kind {
            ComponentExportKind::Module => &mut self.counts.core_modules,
            ComponentExportKind::Func => &mut self.counts.functions,
            ComponentExportKind::Value => &mut self.counts.values,
            ComponentExportKind::Type => &mut self.counts.types,
            ComponentExportKind::Instance => &mut self.counts.instances,
            ComponentExportKind::Component => &mut self.counts.components,
        })
    }
}

/// The content of a section.
pub(super) fn body_of(section: &impl Encode) -> Vec<u8> {
    let mut bytes = Vec::new();
    section.encode(&mut bytes);
    // The encoder puts the size first, as it stands in a component.
    let size = bytes.iter().take_while(|byte| **byte >= 0x80).count() + 1;
    bytes.split_off(size)
}

fn next(count: &mut u32) -> u32 {
    *count += 1;
    *count - 1
}

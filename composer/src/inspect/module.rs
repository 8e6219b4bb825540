//! Which features a core module uses, as far as its sections other than code tell.

use super::Item;
use super::code::{Found, Look};
use super::feature::{Feature, Features};
use crate::component::sections;
use wasmparser::{
    CompositeInnerType, ConstExpr, ElementItems, ElementKind, ElementSectionReader,
    ExportSectionReader, ExternalKind, GlobalSectionReader, GlobalType, ImportSectionReader,
    Imports, MemorySectionReader, MemoryType, NameSectionReader, Operator, RecGroup, StorageType,
    SubType, TableInit, TableSectionReader, TableType, TagSectionReader, TypeRef,
    TypeSectionReader, VisitOperator,
};

/// A core module as far as it was read.
#[derive(Default)]
pub(super) struct Module {
    found: Found,
    memories: u32,
    tables: u32,
    imported_globals: u32,
    mutable_globals: Vec<bool>,
    pub(super) imports: Vec<Item>,
    pub(super) exports: Vec<Item>,
}

impl Module {
    /// What it uses.
    pub(super) fn features(&self) -> Features {
        self.found.0
    }

    /// Takes a section other than code, data and custom ones.
    pub(super) fn section(&mut self, id: u8, bytes: &[u8], offset: u64) -> wasmparser::Result<()> {
        let bytes = sections::reader(bytes, offset);
        match id {
            1 => {
                for group in TypeSectionReader::new(bytes)? {
                    self.found.look(&group?);
                }
            }
            2 => self.imports(ImportSectionReader::new(bytes)?)?,
            4 => {
                for table in TableSectionReader::new(bytes)? {
                    let table = table?;
                    self.table(&table.ty);
                    if let TableInit::Expr(init) = &table.init {
                        self.found.0.add(Feature::FunctionReferences);
                        self.constant(init)?;
                    }
                }
            }
            5 => {
                for memory in MemorySectionReader::new(bytes)? {
                    self.memory(&memory?);
                }
            }
            6 => {
                for global in GlobalSectionReader::new(bytes)? {
                    let global = global?;
                    self.global(&global.ty);
                    self.constant(&global.init_expr)?;
                }
            }
            7 => self.exports(ExportSectionReader::new(bytes)?)?,
            9 => self.elements(ElementSectionReader::new(bytes)?)?,
            12 => self.found.0.add(Feature::BulkMemory),
            13 => {
                for tag in TagSectionReader::new(bytes)? {
                    tag?;
                    self.found.0.add(Feature::Exceptions);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn imports(&mut self, section: ImportSectionReader<'_>) -> wasmparser::Result<()> {
        for imports in section {
            let imports = imports?;
            if !matches!(imports, Imports::Single(..)) {
                self.found.0.add(Feature::CompactImports);
            }
            for import in imports {
                let (_, import) = import?;
                let kind = self.declared(&import.ty);
                self.imports.push(Item {
                    module: Some(import.module.to_owned()),
                    ..Item::plain(import.name, kind)
                });
            }
        }
        Ok(())
    }

    /// Looks at an import, or at an export of the type of a core module, and says of what kind it is.
    pub(super) fn declared(&mut self, ty: &TypeRef) -> &'static str {
        match ty {
            TypeRef::Func(_) => "function",
            TypeRef::FuncExact(_) => {
                self.found.0.add(Feature::CustomDescriptors);
                "function"
            }
            TypeRef::Table(ty) => {
                self.table(ty);
                "table"
            }
            TypeRef::Memory(ty) => {
                self.memory(ty);
                "memory"
            }
            TypeRef::Global(ty) => {
                self.imported_globals += 1;
                self.global(ty);
                if ty.mutable {
                    self.found.0.add(Feature::MutableGlobal);
                }
                "global"
            }
            TypeRef::Tag(_) => {
                self.found.0.add(Feature::Exceptions);
                "tag"
            }
        }
    }

    fn exports(&mut self, section: ExportSectionReader<'_>) -> wasmparser::Result<()> {
        for export in section {
            let export = export?;
            let kind = match export.kind {
                ExternalKind::Func | ExternalKind::FuncExact => "function",
                ExternalKind::Table => "table",
                ExternalKind::Memory => "memory",
                ExternalKind::Global => "global",
                ExternalKind::Tag => "tag",
            };
            if export.kind == ExternalKind::Global
                && self.mutable_globals.get(export.index as usize) == Some(&true)
            {
                self.found.0.add(Feature::MutableGlobal);
            }
            self.exports.push(Item::plain(export.name, kind));
        }
        Ok(())
    }

    fn elements(&mut self, section: ElementSectionReader<'_>) -> wasmparser::Result<()> {
        for element in section {
            let element = element?;
            match &element.kind {
                ElementKind::Passive => self.found.0.add(Feature::BulkMemory),
                ElementKind::Declared => self.found.0.add(Feature::ReferenceTypes),
                ElementKind::Active { offset_expr, .. } => self.constant(offset_expr)?,
            }
            if let ElementItems::Expressions(ty, items) = element.items {
                self.found.look(&ty);
                for item in items {
                    self.constant(&item?)?;
                }
            }
        }
        Ok(())
    }

    fn table(&mut self, ty: &TableType) {
        self.tables += 1;
        // One table of `funcref` was there from the beginning.
        if self.tables > 1 {
            self.found.0.add(Feature::ReferenceTypes);
        }
        if ty.element_type != wasmparser::RefType::FUNCREF {
            self.found.look(&ty.element_type);
        }
        if ty.table64 {
            self.found.0.add(Feature::Table64);
        }
        if ty.shared {
            self.found.0.add(Feature::SharedEverything);
        }
    }

    fn memory(&mut self, ty: &MemoryType) {
        self.memories += 1;
        if self.memories > 1 {
            self.found.0.add(Feature::MultiMemory);
        }
        if ty.memory64 {
            self.found.0.add(Feature::Memory64);
        }
        if ty.shared {
            self.found.0.add(Feature::Threads);
        }
        if ty.page_size_log2.is_some() {
            self.found.0.add(Feature::CustomPageSizes);
        }
    }

    fn global(&mut self, ty: &GlobalType) {
        self.mutable_globals.push(ty.mutable);
        self.found.look(&ty.content_type);
        if ty.shared {
            self.found.0.add(Feature::SharedEverything);
        }
    }

    fn constant(&mut self, expression: &ConstExpr<'_>) -> wasmparser::Result<()> {
        let mut operators = expression.get_operators_reader();
        while !operators.eof() {
            let operator = operators.read()?;
            match operator {
                Operator::I32Add
                | Operator::I32Sub
                | Operator::I32Mul
                | Operator::I64Add
                | Operator::I64Sub
                | Operator::I64Mul => self.found.0.add(Feature::ExtendedConst),
                // Only imported globals could be read before.
                Operator::GlobalGet { global_index } if global_index >= self.imported_globals => {
                    self.found.0.add(Feature::Gc);
                }
                _ => {}
            }
            self.found.visit_operator(&operator);
        }
        Ok(())
    }
}

impl Look for RecGroup {
    fn features(&self) -> Features {
        let mut found = Found::default();
        if self.is_explicit_rec_group() {
            found.0.add(Feature::Gc);
        }
        self.types().for_each(|ty| found.look(ty));
        found.0
    }
}

impl Look for SubType {
    fn features(&self) -> Features {
        let mut found = Found::default();
        if !self.is_final || !self.supertype_idxs.is_empty() {
            found.0.add(Feature::Gc);
        }
        let ty = &self.composite_type;
        if ty.shared {
            found.0.add(Feature::SharedEverything);
        }
        if ty.descriptor_idx.is_some() || ty.describes_idx.is_some() {
            found.0.add(Feature::CustomDescriptors);
        }
        match &ty.inner {
            CompositeInnerType::Func(ty) => {
                if ty.results().len() > 1 {
                    found.0.add(Feature::MultiValue);
                }
                ty.params().iter().for_each(|ty| found.look(ty));
                ty.results().iter().for_each(|ty| found.look(ty));
            }
            CompositeInnerType::Array(ty) => {
                found.0.add(Feature::Gc);
                found.look(&ty.0.element_type);
            }
            CompositeInnerType::Struct(ty) => {
                found.0.add(Feature::Gc);
                for field in &ty.fields {
                    found.look(&field.element_type);
                }
            }
            CompositeInnerType::Cont(_) => found.0.add(Feature::StackSwitching),
        }
        found.0
    }
}

impl Look for StorageType {
    fn features(&self) -> Features {
        match self {
            StorageType::I8 | StorageType::I16 => Features::NONE,
            StorageType::Val(ty) => ty.features(),
        }
    }
}

/// The name that a core module's `name` section gives it, in the first bytes of the section.
pub(super) fn name_of(section: &[u8]) -> Option<String> {
    let mut names = NameSectionReader::new(wasmparser::BinaryReader::new(section, 0));
    match names.next()? {
        Ok(wasmparser::Name::Module { name, .. }) => Some(name.to_owned()),
        _ => None,
    }
}

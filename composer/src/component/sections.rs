//! The sections of the binary format: which there are, in which order, and who types them.

use wasmparser::{
    BinaryReader, ComponentAlias, ComponentAliasSectionReader, ComponentCanonicalSectionReader,
    ComponentExportSectionReader, ComponentImportSectionReader, ComponentInstanceSectionReader,
    ComponentOuterAliasKind, ComponentStartFunction, ComponentTypeSectionReader,
    CoreTypeSectionReader, ElementSectionReader, Encoding, ExportSectionReader, FromReader,
    FunctionSectionReader, GlobalSectionReader, ImportSectionReader, InstanceSectionReader,
    MemorySectionReader, SectionLimited, TableSectionReader, TagSectionReader, TypeSectionReader,
    Validator, WasmFeatures,
};

/// What is wrong with a section, and at which offset of the input.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) offset: u64,
    pub(super) message: String,
}

impl From<wasmparser::Error> for Fault {
    fn from(error: wasmparser::Error) -> Self {
        Fault {
            offset: error.offset(),
            message: error.message().to_owned(),
        }
    }
}

type Result<T> = std::result::Result<T, Fault>;

/// What is done with a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    /// Skipped, or taken as metadata.
    Custom,
    /// A core module, whose sections follow.
    CoreModule,
    /// A component, whose sections follow.
    Component,
    /// Function bodies.
    Code,
    /// Data segments.
    Data,
    /// Read as a whole and typed.
    Typed(u8),
}

impl Section {
    /// What section `id` of `len` bytes is; `None` if the format has no such section.
    pub(crate) fn of(encoding: Encoding, id: u8, len: u64) -> Option<Section> {
        match (encoding, id) {
            (_, 0) if len > 0 => Some(Section::Custom),
            (Encoding::Module, 10) => Some(Section::Code),
            (Encoding::Module, 11) => Some(Section::Data),
            (Encoding::Module, 1..=13) => Some(Section::Typed(id)),
            (Encoding::Component, 1) => Some(Section::CoreModule),
            (Encoding::Component, 4) => Some(Section::Component),
            (Encoding::Component, 2..=11) => Some(Section::Typed(id)),
            _ => None,
        }
    }

    /// Whether a WIT package in the binary format has such sections: types, exports, custom ones.
    pub(super) fn is_of_wit_package(self) -> bool {
        matches!(self, Section::Custom | Section::Typed(7 | 11))
    }

    /// The place of a section in the fixed order of a core module.
    fn order(self) -> Option<u8> {
        // By the format's ids: type 1, import 2, function 3, table 4, memory 5, tag 13, global 6,
        // export 7, start 8, element 9, data count 12, code 10, data 11.
        const ORDER: [u8; 13] = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];
        let id = match self {
            Section::Custom | Section::CoreModule | Section::Component => return None,
            Section::Code => 10,
            Section::Data => 11,
            Section::Typed(id) => id,
        };
        ORDER
            .iter()
            .position(|&other| other == id)
            .map(|at| at as u8 + 1)
    }
}

/// The counts of a core module that must agree, and how far its sections have come.
#[derive(Default)]
pub(super) struct Counts {
    is_module: bool,
    last: u8,
    functions: u32,
    bodies: Option<u32>,
    data_count: Option<u32>,
    data: Option<u32>,
    has_start: bool,
}

impl Counts {
    /// Takes note of a section's beginning; an `Err` says why it may not stand here.
    pub(super) fn enter(&mut self, section: &Section) -> std::result::Result<(), &'static str> {
        if !self.is_module {
            if *section == Section::Typed(9) && std::mem::replace(&mut self.has_start, true) {
                return Err("a component has one start section at most");
            }
            return Ok(());
        }
        match section.order() {
            None => Ok(()),
            Some(order) if order > self.last => {
                self.last = order;
                Ok(())
            }
            Some(_) => Err("the sections of a core module are out of order"),
        }
    }

    /// Counts for a core module.
    pub(super) fn of(encoding: Encoding) -> Counts {
        Counts {
            is_module: encoding == Encoding::Module,
            ..Counts::default()
        }
    }

    pub(super) fn code(&mut self, bodies: u32) -> std::result::Result<(), &'static str> {
        self.bodies = Some(bodies);
        if bodies == self.functions {
            Ok(())
        } else {
            Err("there are not as many function bodies as functions")
        }
    }

    pub(super) fn data(&mut self, segments: u32) -> std::result::Result<(), &'static str> {
        self.data = Some(segments);
        match self.data_count {
            Some(count) if count != segments => {
                Err("there are not as many data segments as the data count says")
            }
            _ => Ok(()),
        }
    }

    /// Checks what can be known only at the end.
    pub(super) fn check_end(&self) -> std::result::Result<(), &'static str> {
        if self.bodies.is_none() && self.functions > 0 {
            return Err("functions are declared but there is no code section");
        }
        if self.data.is_none() && self.data_count.is_some_and(|count| count > 0) {
            return Err("the data count is not 0 but there is no data section");
        }
        Ok(())
    }
}

/// A reader of `bytes`, which stand at `offset` of the input, that knows every proposal.
pub(crate) fn reader(bytes: &[u8], offset: u64) -> BinaryReader<'_> {
    BinaryReader::new_features(bytes, offset, WasmFeatures::all())
}

/// Types a section of a core module.
pub(super) fn core(
    validator: &mut Validator,
    id: u8,
    bytes: &[u8],
    offset: u64,
    counts: Option<&mut Counts>,
) -> Result<()> {
    let bytes = reader(bytes, offset);
    let range = offset..offset + bytes.bytes_remaining() as u64;
    let result = match id {
        1 => validator.type_section(&TypeSectionReader::new(bytes)?),
        2 => validator.import_section(&ImportSectionReader::new(bytes)?),
        3 => {
            let section = FunctionSectionReader::new(bytes)?;
            if let Some(counts) = counts {
                counts.functions = section.count();
            }
            validator.function_section(&section)
        }
        4 => validator.table_section(&TableSectionReader::new(bytes)?),
        5 => validator.memory_section(&MemorySectionReader::new(bytes)?),
        6 => validator.global_section(&GlobalSectionReader::new(bytes)?),
        7 => validator.export_section(&ExportSectionReader::new(bytes)?),
        8 => validator.start_section(single(bytes)?, &range),
        9 => validator.element_section(&ElementSectionReader::new(bytes)?),
        12 => {
            let count = single(bytes)?;
            if let Some(counts) = counts {
                counts.data_count = Some(count);
            }
            validator.data_count_section(count, &range)
        }
        13 => validator.tag_section(&TagSectionReader::new(bytes)?),
        id => validator.unknown_section(id, &range),
    };
    Ok(result?)
}

/// Types a section of a component that is nested `depth` deep, 1 being the input itself.
pub(super) fn component(
    validator: &mut Validator,
    id: u8,
    bytes: &[u8],
    offset: u64,
    depth: usize,
) -> Result<()> {
    let bytes = reader(bytes, offset);
    let range = offset..offset + bytes.bytes_remaining() as u64;
    let result = match id {
        2 => validator.instance_section(&InstanceSectionReader::new(bytes)?),
        3 => validator.core_type_section(&CoreTypeSectionReader::new(bytes)?),
        5 => validator.component_instance_section(&ComponentInstanceSectionReader::new(bytes)?),
        6 => {
            let section = ComponentAliasSectionReader::new(bytes)?;
            check_outer_aliases(section.clone(), depth)?;
            validator.component_alias_section(&section)
        }
        7 => validator.component_type_section(&ComponentTypeSectionReader::new(bytes)?),
        8 => validator.component_canonical_section(&ComponentCanonicalSectionReader::new(bytes)?),
        9 => validator.component_start_section(&single::<ComponentStartFunction>(bytes)?, &range),
        10 => validator.component_import_section(&ComponentImportSectionReader::new(bytes)?),
        11 => validator.component_export_section(&ComponentExportSectionReader::new(bytes)?),
        id => validator.unknown_section(id, &range),
    };
    Ok(result?)
}

/// Refuses an alias that leaves the input: the validator sees the composition around it and would
/// let it reach the other components there, which are the only items the composition has yet.
fn check_outer_aliases(
    aliases: SectionLimited<'_, ComponentAlias<'_>>,
    depth: usize,
) -> Result<()> {
    for alias in aliases.into_iter_with_offsets() {
        let (offset, alias) = alias?;
        if let ComponentAlias::Outer {
            kind: ComponentOuterAliasKind::Component,
            count,
            ..
        } = alias
            && count as usize >= depth
        {
            return Err(Fault {
                offset,
                message: format!("an alias reaches {count} components out, past the outermost"),
            });
        }
    }
    Ok(())
}

/// The one item of a section that has exactly one.
fn single<'a, T: FromReader<'a>>(mut bytes: BinaryReader<'a>) -> Result<T> {
    let item = T::from_reader(&mut bytes)?;
    if bytes.eof() {
        Ok(item)
    } else {
        Err(Fault {
            offset: bytes.original_position(),
            message: "bytes are left over at the end of the section".to_owned(),
        })
    }
}

//! Names of imports and exports that are too long.
//!
//! Whoever instantiates a type gets a copy of all names in it, so that one long name in a small file
//! could take gigabytes.

use super::limits::MAX_NAME;
use super::sections;
use wasmparser::{
    ComponentExportSectionReader, ComponentExternName, ComponentImportSectionReader, ComponentType,
    ComponentTypeDeclaration, ComponentTypeSectionReader, InstanceTypeDeclaration, Result,
};

/// Where the section `id` of a component has a name longer than [`MAX_NAME`]: of an import or export,
/// or within a type that it declares.
///
/// Whatever else is wrong with the section, the validator will find.
pub(super) fn too_long(id: u8, bytes: &[u8], offset: u64) -> Option<u64> {
    match has_long_text(bytes) {
        true => search(id, bytes, offset).ok().flatten(),
        false => None,
    }
}

/// Whether there is text as long as a name that is too long: most sections need no further look.
fn has_long_text(bytes: &[u8]) -> bool {
    let is_text = |byte: &u8| *byte >= b' ';
    let step = MAX_NAME as usize;
    // Text that long has its part in one of these places.
    let mut places = (step..bytes.len()).step_by(step);
    places.any(|place| {
        let (before, after) = bytes.split_at(place);
        let before = before.iter().rev().take_while(|byte| is_text(byte)).count();
        let after = after.iter().take_while(|byte| is_text(byte)).count();
        before + after > step
    })
}

fn search(id: u8, bytes: &[u8], offset: u64) -> Result<Option<u64>> {
    let bytes = sections::reader(bytes, offset);
    match id {
        7 => {
            for ty in ComponentTypeSectionReader::new(bytes)?.into_iter_with_offsets() {
                let (at, ty) = ty?;
                if in_type(&ty) {
                    return Ok(Some(at));
                }
            }
        }
        10 => {
            for import in ComponentImportSectionReader::new(bytes)?.into_iter_with_offsets() {
                let (at, import) = import?;
                if is_long(&import.name) {
                    return Ok(Some(at));
                }
            }
        }
        11 => {
            for export in ComponentExportSectionReader::new(bytes)?.into_iter_with_offsets() {
                let (at, export) = export?;
                if is_long(&export.name) {
                    return Ok(Some(at));
                }
            }
        }
        _ => {}
    }
    Ok(None)
}

/// The reader has bounded how deep this goes.
fn in_type(ty: &ComponentType<'_>) -> bool {
    match ty {
        ComponentType::Component(declarations) => declarations.iter().any(|it| match it {
            ComponentTypeDeclaration::Type(ty) => in_type(ty),
            ComponentTypeDeclaration::Export { name, .. } => is_long(name),
            ComponentTypeDeclaration::Import(import) => is_long(&import.name),
            ComponentTypeDeclaration::CoreType(_) | ComponentTypeDeclaration::Alias(_) => false,
        }),
        ComponentType::Instance(declarations) => declarations.iter().any(|it| match it {
            InstanceTypeDeclaration::Type(ty) => in_type(ty),
            InstanceTypeDeclaration::Export { name, .. } => is_long(name),
            InstanceTypeDeclaration::CoreType(_) | InstanceTypeDeclaration::Alias(_) => false,
        }),
        ComponentType::Defined(_) | ComponentType::Func(_) | ComponentType::Resource { .. } => {
            false
        }
    }
}

fn is_long(name: &ComponentExternName<'_>) -> bool {
    let parts = [
        Some(name.name),
        name.implements,
        name.version_suffix,
        name.external_id,
    ];
    let mut parts = parts.into_iter().flatten();
    parts.any(|part| part.len() as u64 > MAX_NAME)
}

//! The types of core modules, written down again.

use super::types::{Reason, Unwritable};
use crate::hash::HashMap;
use crate::types::Data;
use wasm_encoder::{EntityType as EncodedEntity, ModuleType};
use wasmparser::component_types::ComponentCoreModuleTypeId;
use wasmparser::types::{CoreTypeId, EntityType, TypesRef};

type Result<T> = std::result::Result<T, Unwritable>;

/// The type of a core module, as the encoder takes it.
pub(super) fn module_type(
    types: TypesRef<'_>,
    id: ComponentCoreModuleTypeId,
) -> Result<ModuleType> {
    let mut written = ModuleType::new();
    let mut known = HashMap::default();
    let ty = types.data(id);
    for ((module, name), entity) in &ty.imports {
        let entity = core_entity(types, &mut written, &mut known, entity)?;
        written.import(module, name, entity);
    }
    for (name, entity) in &ty.exports {
        let entity = core_entity(types, &mut written, &mut known, entity)?;
        written.export(name, entity);
    }
    Ok(written)
}

/// Writes what a core item needs into the type of its module, and gives the item's own type.
fn core_entity(
    types: TypesRef<'_>,
    module: &mut ModuleType,
    known: &mut HashMap<CoreTypeId, u32>,
    entity: &EntityType,
) -> Result<EncodedEntity> {
    const CORE: Unwritable = Unwritable(Reason::Other("a core type refers to other core types"));
    let mut function = |id: &CoreTypeId| {
        if let Some(index) = known.get(id) {
            return Ok(*index);
        }
        let ty = types.data(*id).clone();
        let ty = wasm_encoder::SubType::try_from(ty).map_err(|_| CORE)?;
        let index = module.type_count();
        module.ty().subtype(&ty);
        known.insert(*id, index);
        Ok(index)
    };
    Ok(match entity {
        EntityType::Func(id) => EncodedEntity::Function(function(id)?),
        EntityType::FuncExact(id) => EncodedEntity::FunctionExact(function(id)?),
        EntityType::Tag(id) => EncodedEntity::Tag(wasm_encoder::TagType {
            kind: wasm_encoder::TagKind::Exception,
            func_type_idx: function(id)?,
        }),
        EntityType::Table(ty) => EncodedEntity::Table((*ty).try_into().map_err(|_| CORE)?),
        EntityType::Memory(ty) => EncodedEntity::Memory((*ty).into()),
        EntityType::Global(ty) => EncodedEntity::Global((*ty).try_into().map_err(|_| CORE)?),
    })
}

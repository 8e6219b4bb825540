//! Types as WIT text, short enough for one line of a message.

use crate::types::Data;
use wasmparser::component_types::{
    ComponentAnyTypeId, ComponentDefinedType, ComponentEntityType, ComponentValType, ResourceId,
};
use wasmparser::types::TypesRef;

/// How deep a type is spelled out before it is cut to `…`.
const DEPTH: usize = 4;
/// How many fields or cases of a type are spelled out.
const WIDTH: usize = 6;

/// What sort of item `entity` is, in the words of WIT.
pub(crate) fn kind_name(entity: &ComponentEntityType) -> &'static str {
    match entity {
        ComponentEntityType::Module(_) => "core module",
        ComponentEntityType::Func(_) => "function",
        ComponentEntityType::Value(_) => "value",
        ComponentEntityType::Instance(_) => "interface",
        ComponentEntityType::Component(_) => "component",
        ComponentEntityType::Type { created, .. } => match created {
            ComponentAnyTypeId::Resource(_) => "resource",
            _ => "type",
        },
    }
}

/// What sort of type it is, in the words of WIT.
pub(crate) fn any_type_name(types: TypesRef<'_>, id: ComponentAnyTypeId) -> &'static str {
    use ComponentDefinedType as D;
    match id {
        ComponentAnyTypeId::Resource(_) => "resource",
        ComponentAnyTypeId::Func(_) => "function type",
        ComponentAnyTypeId::Instance(_) => "interface type",
        ComponentAnyTypeId::Component(_) => "component type",
        ComponentAnyTypeId::Defined(id) => match types.data(id) {
            D::Primitive(_) => "primitive type",
            D::Record(_) => "record",
            D::Variant(_) => "variant",
            D::List { .. } | D::FixedLengthList { .. } => "list",
            D::Map { .. } => "map",
            D::Tuple(_) => "tuple",
            D::Flags(_) => "flags",
            D::Enum(_) => "enum",
            D::Option { .. } => "option",
            D::Result { .. } => "result",
            D::Own(_) | D::Borrow(_) => "handle",
            D::Future { .. } => "future",
            D::Stream { .. } => "stream",
        },
    }
}

/// Finds the name of a resource.
type ResourceName<'n> = dyn Fn(ResourceId) -> Option<&'n str> + 'n;

/// A value type as WIT writes it: `list<u8>`, `record { x, y }`.
pub(crate) fn value_type(
    types: TypesRef<'_>,
    resources: &ResourceName<'_>,
    ty: &ComponentValType,
) -> String {
    let mut text = String::new();
    write(types, resources, ty, DEPTH, &mut text);
    text
}

fn write(
    types: TypesRef<'_>,
    resources: &ResourceName<'_>,
    ty: &ComponentValType,
    depth: usize,
    out: &mut String,
) {
    let id = match ty {
        ComponentValType::Primitive(primitive) => return out.push_str(&primitive.to_string()),
        ComponentValType::Type(id) => *id,
    };
    let Some(depth) = depth.checked_sub(1) else {
        return out.push('…');
    };
    let generic = |out: &mut String, name: &str, args: &[Option<&ComponentValType>]| {
        out.push_str(name);
        out.push('<');
        for (i, arg) in args.iter().take(WIDTH).enumerate() {
            if i > 0 {
                out.push_str(", ");
            }
            match arg {
                Some(arg) => write(types, resources, arg, depth, out),
                None => out.push('_'),
            }
        }
        // Two tuples may differ in nothing but the number of what is cut off.
        if let Some(more @ 1..) = args.len().checked_sub(WIDTH) {
            out.push_str(&format!(", … {more} more"));
        }
        out.push('>');
    };
    let resource = |id: ResourceId| resources(id).unwrap_or("resource");
    match types.data(id) {
        ComponentDefinedType::Primitive(primitive) => out.push_str(&primitive.to_string()),
        ComponentDefinedType::Record(record) => {
            names(
                out,
                "record",
                record.fields.keys().map(|name| name.as_str()),
            );
        }
        ComponentDefinedType::Variant(variant) => {
            names(
                out,
                "variant",
                variant.cases.keys().map(|name| name.as_str()),
            );
        }
        ComponentDefinedType::Flags(flags) => {
            names(out, "flags", flags.iter().map(|name| name.as_str()));
        }
        ComponentDefinedType::Enum(cases) => {
            names(out, "enum", cases.iter().map(|name| name.as_str()));
        }
        ComponentDefinedType::List { element, .. } => generic(out, "list", &[Some(element)]),
        ComponentDefinedType::Map { key, value, .. } => {
            generic(out, "map", &[Some(key), Some(value)]);
        }
        ComponentDefinedType::FixedLengthList {
            element, length, ..
        } => {
            out.push_str("list<");
            write(types, resources, element, depth, out);
            out.push_str(&format!(", {length}>"));
        }
        ComponentDefinedType::Tuple(tuple) => {
            let items: Vec<_> = tuple.types.iter().map(Some).collect();
            generic(out, "tuple", &items);
        }
        ComponentDefinedType::Option { ty, .. } => generic(out, "option", &[Some(ty)]),
        ComponentDefinedType::Result { ok, err, .. } => match (ok, err) {
            (None, None) => out.push_str("result"),
            (Some(ok), None) => generic(out, "result", &[Some(ok)]),
            (ok, err) => generic(out, "result", &[ok.as_ref(), err.as_ref()]),
        },
        ComponentDefinedType::Own(id) => {
            out.push_str(&format!("own<{}>", resource(id.resource())));
        }
        ComponentDefinedType::Borrow(id) => {
            out.push_str(&format!("borrow<{}>", resource(id.resource())));
        }
        ComponentDefinedType::Future { ty: None, .. } => out.push_str("future"),
        ComponentDefinedType::Future { ty, .. } => generic(out, "future", &[ty.as_ref()]),
        ComponentDefinedType::Stream { ty: None, .. } => out.push_str("stream"),
        ComponentDefinedType::Stream { ty, .. } => generic(out, "stream", &[ty.as_ref()]),
    }
}

fn names<'a>(out: &mut String, kind: &str, names: impl ExactSizeIterator<Item = &'a str>) {
    let more = names.len() > WIDTH;
    let shown: Vec<_> = names.take(WIDTH).collect();
    out.push_str(&format!("{kind} {{ {}", shown.join(", ")));
    out.push_str(if more { ", … }" } else { " }" });
}

//! Types that are small as they are written and huge as they are spelled out.

use crate::binary::{Built, component, counted, leb, name};
use crate::bounded::bounded;
use crate::judge::{compose, look};
use tenon_composer::ErrorKind;
use wasm_encoder::{
    Alias, ComponentExportKind, ComponentImportSection, ComponentTypeRef, ComponentTypeSection,
    ComponentValType as Ty, InstanceType, PrimitiveValType, TypeBounds,
};

/// A component that imports, or exports, a function whose parameter is a record of two records of two
/// records and so on, `levels` deep, over `bottom`.
fn doubling(levels: u32, bottom: PrimitiveValType, import: bool) -> Vec<u8> {
    let mut types = ComponentTypeSection::new();
    types.defined_type().primitive(bottom);
    for level in 0..levels {
        let ty = Ty::Type(level);
        types.defined_type().tuple([ty, ty]);
    }
    types
        .function()
        .params([("a", Ty::Type(levels))])
        .result(None);
    let mut imports = ComponentImportSection::new();
    let word = if import { "f" } else { "given" };
    imports.import(word, ComponentTypeRef::Func(levels + 1));
    let built = Built::default().types(&types).imports(&imports);
    match import {
        true => built.finish(),
        false => built
            .exports(&[("f", ComponentExportKind::Func, 0)])
            .finish(),
    }
}

bounded! {
    doubling_types(60 s, 400 MB) {
        // The validator's own limit on the size of types.
        for levels in [20, 60, 99, 1000] {
            look(&doubling(levels, PrimitiveValType::U8, true)).unwrap_err();
        }
        let levels = 17;
        let socket = doubling(levels, PrimitiveValType::U8, true);
        look(&socket).unwrap();
        compose(&[&socket, &doubling(levels, PrimitiveValType::U8, false)]).unwrap();
        let error = compose(&[&socket, &doubling(levels, PrimitiveValType::U16, false)]).unwrap_err();
        assert_eq!(error.code(), "compose::argument-type");
        let ErrorKind::NothingPlugged { near, .. } = error.kind() else {
            panic!("{error}");
        };
        let all: usize = near.iter().map(|miss| format!("{miss:?}").len()).sum();
        assert!(all < 1 << 20, "{all} bytes of differences");
    }

    /// Instances, each of which exports two of the one before.
    doubling_instances(60 s, 600 MB) {
        let with = |levels: u32| {
            let mut types = vec![0x42, 1, 4];
            types.extend(name("r"));
            types.extend([3, 1]);
            for level in 0..levels {
                types.extend([0x42, 3, 2, 3, 2, 1]);
                types.extend(leb(level));
                for export in ["a", "b"] {
                    types.push(4);
                    types.extend(name(export));
                    types.extend([5, 0]);
                }
            }
            let import = [&name("i")[..], &[5], &leb(levels)].concat();
            component(&[counted(7, levels + 1, &types), counted(10, 1, &import)])
        };
        look(&with(60)).unwrap_err();
        look(&with(13)).unwrap();
        for levels in [6, 12] {
            let bytes = with(levels);
            look(&bytes).unwrap();
            let other = doubling(2, PrimitiveValType::U8, false);
            let socket = doubling(2, PrimitiveValType::U8, true);
            let _ = compose(&[&bytes, &other]);
            let _ = compose(&[&socket, &other, &bytes]);
        }
    }

    /// Interfaces that use all the types of the one before, in long chains.
    chains_of_uses(60 s, 400 MB) {
        for (width, depth) in [(2, 20), (8, 10), (2, 90)] {
            let socket = chain(width, depth, None);
            look(&socket).unwrap();
            let plug = chain(width, depth, Some("f"));
            let wanted = doubling(0, PrimitiveValType::U8, true);
            let _ = compose(&[&wanted, &plug, &socket]);
            compose(&[&socket, &doubling(0, PrimitiveValType::U8, false)]).unwrap_err();
        }
    }

    wide_types(60 s, 600 MB) {
        for (kind, most) in [(0x72, 10_000), (0x71, 10_000), (0x6e, 32), (0x6d, 10_000)] {
            let with = |count: u32, last: &str, import: bool| {
                let mut ty = vec![kind];
                ty.extend(leb(count));
                for number in 0..count {
                    let word = if number + 1 == count { last.to_owned() } else { format!("n{number}") };
                    ty.extend(&name(&word)[1..]);
                    match kind {
                        0x72 => ty.push(0x7d),
                        0x71 => ty.extend([1, 0x7d, 0]),
                        _ => {}
                    }
                }
                let named = [&name("t")[..], &[3, 0, 0]].concat();
                let mut function = vec![0x40, 1];
                function.extend(&name("a")[1..]);
                function.extend([1, 1, 0]);
                let import_f = [&name(if import { "f" } else { "given" })[..], &[1, 2]].concat();
                let export_f = [&name("f")[..], &[1, 0, 0]].concat();
                let mut sections = vec![
                    counted(7, 1, &ty),
                    counted(10, 1, &named),
                    counted(7, 1, &function),
                    counted(10, 1, &import_f),
                ];
                if !import {
                    sections.push(counted(11, 1, &export_f));
                }
                component(&sections)
            };
            let socket = with(most, "z", true);
            look(&socket).unwrap();
            look(&with(most + 1, "z", true)).unwrap_err();
            let _ = look(&with(1_000_000, "z", true)).unwrap_err();
            let error = compose(&[&socket, &with(most, "y", false)]).unwrap_err();
            assert!(error.to_string().len() < 2000, "{error}");
        }
    }
}

/// A component that imports `depth` interfaces, each of which uses `width` types of the one before.
fn chain(width: u32, depth: u32, export: Option<&str>) -> Vec<u8> {
    let mut built = Built::default();
    let mut count = 0;
    for level in 0..depth {
        let mut ty = InstanceType::new();
        for number in 0..width {
            let word = format!("t{number}");
            match level {
                0 => {
                    let field = Ty::Primitive(PrimitiveValType::U8);
                    ty.ty().defined_type().record([(word.as_str(), field)]);
                }
                _ => {
                    ty.alias(Alias::Outer {
                        kind: wasm_encoder::ComponentOuterAliasKind::Type,
                        count: 1,
                        index: count - width + number,
                    });
                }
            }
            let bounds = TypeBounds::Eq(2 * number);
            ty.export(word.as_str(), ComponentTypeRef::Type(bounds));
        }
        let mut types = ComponentTypeSection::new();
        types.instance(&ty);
        let mut imports = ComponentImportSection::new();
        let word = format!("a:b/i{level}");
        imports.import(word.as_str(), ComponentTypeRef::Instance(count));
        count += 1;
        let mut aliases = wasm_encoder::ComponentAliasSection::new();
        for number in 0..width {
            aliases.alias(Alias::InstanceExport {
                instance: level,
                kind: ComponentExportKind::Type,
                name: &format!("t{number}"),
            });
        }
        count += width;
        built = built.types(&types).imports(&imports).section(&aliases);
    }
    let Some(export) = export else {
        return built.finish();
    };
    let mut types = ComponentTypeSection::new();
    types
        .function()
        .params([("a", PrimitiveValType::U8)])
        .result(None);
    let mut imports = ComponentImportSection::new();
    imports.import("given", ComponentTypeRef::Func(count));
    let exports = [(export, ComponentExportKind::Func, 0)];
    built
        .types(&types)
        .imports(&imports)
        .exports(&exports)
        .finish()
}

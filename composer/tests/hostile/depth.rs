//! Things within things within things, a hundred thousand deep.

use crate::binary::{
    Built, COMPONENT, component, counted, example, index, leb, module, name, section,
};
use crate::bounded::bounded;
use crate::judge::{compose, look, read};
use tenon_composer::{Error, ErrorKind};
use wasm_encoder::{
    ComponentExportKind, ComponentImportSection, ComponentTypeRef, ComponentTypeSection,
    ComponentValType, PrimitiveValType, TypeBounds,
};

const DEEP: u32 = 100_000;

/// Types, each of which holds the one before it: `head` is what comes before its index.
fn nested(head: &[u8], tail: &[u8]) -> Vec<u8> {
    let mut types = vec![0x73];
    for index in 0..DEEP {
        types.extend(head);
        types.extend(self::index(index));
        types.extend(tail);
    }
    component(&[counted(7, DEEP + 1, &types)])
}

/// That it is refused for how deep it is, and that inspecting it is no trouble.
fn is_too_deep(bytes: &[u8]) {
    let error: Error = look(&bytes).unwrap_err();
    assert_eq!(error.code(), "compose::limit", "{error}");
    let ErrorKind::InputLimit { what, .. } = error.kind() else {
        panic!("{error}");
    };
    assert!(what.contains("within"), "{error}");
    let app = example("greeter/app.wat");
    assert!(compose(&[&app, bytes]).is_err());
}

bounded! {
    value_types(60 s, 400 MB) {
        let field = [&[0x72, 1][..], &name("a")[1..]].concat();
        let case = [&[0x71, 1][..], &name("a")[1..], &[1]].concat();
        let kinds: [(&[u8], &[u8]); 8] = [
            (&[0x70], &[]),
            (&[0x6b], &[]),
            (&[0x6f, 1], &[]),
            (&[0x6a, 1], &[0]),
            (&[0x66, 1], &[]),
            (&[0x65, 1], &[]),
            (&field, &[]),
            (&case, &[0]),
        ];
        for (head, tail) in kinds {
            is_too_deep(&nested(head, tail));
        }
    }

    /// `(type (instance (type (instance ...))))`, and with components.
    declared_types(30 s, 200 MB) {
        for kind in [0x42, 0x41] {
            let mut types = Vec::new();
            for _ in 0..DEEP {
                types.extend([kind, 1, 1]);
            }
            types.extend([0x73]);
            is_too_deep(&component(&[counted(7, 1, &types)]));
        }
    }

    /// Instances that export instances that export instances, each type declared beside the others.
    instances_of_instances(60 s, 400 MB) {
        let mut types = vec![0x42, 0];
        for index in 0..DEEP {
            // (instance (alias outer 1 index) (export "a" (instance 0)))
            types.extend([0x42, 2, 2, 3, 2, 1]);
            types.extend(leb(index));
            types.push(4);
            types.extend(name("a"));
            types.extend([5, 0]);
        }
        is_too_deep(&component(&[counted(7, DEEP + 1, &types)]));
    }

    /// Each type is an alias of the one before.
    aliases_of_aliases(60 s, 400 MB) {
        let types = [0x73];
        let mut aliases = Vec::new();
        for index in 0..DEEP {
            // (alias outer 0 index), kind 3 being a type.
            aliases.extend([3, 2, 0]);
            aliases.extend(leb(index));
        }
        let bytes = component(&[counted(7, 1, &types), counted(6, DEEP, &aliases)]);
        assert!(look(&bytes).is_ok());
        // Out of an instance type: there is nothing so far out.
        let out = [&[0x42, 1, 2, 3, 2][..], &leb(DEEP), &[0]].concat();
        assert!(look(&component(&[counted(7, 1, &out)])).is_err());
    }

    /// Each import is the type that the import before it is.
    imports_equal_to_imports(60 s, 1500 MB) {
        let imports = |count: u32| {
            let mut types = ComponentTypeSection::new();
            types
                .defined_type()
                .record([("a", ComponentValType::Primitive(PrimitiveValType::U8))]);
            let mut imports = ComponentImportSection::new();
            for index in 0..count {
                let bounds = TypeBounds::Eq(index);
                imports.import(format!("t{index}").as_str(), ComponentTypeRef::Type(bounds));
            }
            // A function that speaks of the last one.
            let mut functions = ComponentTypeSection::new();
            functions
                .function()
                .params([("a", ComponentValType::Type(count))])
                .result(None);
            let mut last = ComponentImportSection::new();
            last.import("f", ComponentTypeRef::Func(count + 1));
            Built::default().types(&types).imports(&imports).types(&functions).imports(&last)
        };
        let bytes = imports(DEEP).finish();
        assert!(look(&bytes).is_ok());
        // What stays open is written again.
        let plug = imports(DEEP).exports(&[("g", ComponentExportKind::Func, 0)]).finish();
        let mut types = ComponentTypeSection::new();
        types.function().params([("a", PrimitiveValType::U8)]).result(None);
        let mut wanted = ComponentImportSection::new();
        wanted.import("g", ComponentTypeRef::Func(0));
        let socket = Built::default().types(&types).imports(&wanted).finish();
        let _ = compose(&[&socket, &plug]);
        let _ = compose(&[&plug, &bytes]);
    }

    components(60 s, 400 MB) {
        let mut sizes = vec![8_u32];
        for _ in 0..DEEP {
            let inner = *sizes.last().unwrap();
            sizes.push(8 + 1 + leb(inner).len() as u32 + inner);
        }
        sizes.pop();
        let mut bytes = COMPONENT.to_vec();
        for size in sizes.iter().rev() {
            bytes.push(4);
            bytes.extend(leb(*size));
            bytes.extend(COMPONENT);
        }
        let error = look(&bytes).unwrap_err();
        assert_eq!(error.code(), "compose::limit", "{error}");
        let mut inner = component(&[]);
        for _ in 0..100 {
            inner = component(&[section(4, &inner)]);
        }
        look(&inner).unwrap();
        assert!(look(&component(&[section(4, &inner)])).is_err());
    }

    blocks(60 s, 200 MB) {
        for head in [&[0x02, 0x40][..], &[0x03, 0x40], &[0x41, 0, 0x04, 0x40]] {
            let blocks = [head.repeat(DEEP as usize), vec![0x0b; DEEP as usize + 1]].concat();
            let body = [vec![0], blocks].concat();
            let code = [leb(body.len() as u32), body].concat();
            let core = module(&[
                section(1, &[1, 0x60, 0, 0]),
                section(3, &[1, 0]),
                counted(10, 1, &code),
            ]);
            let bytes = component(&[section(1, &core)]);
            assert!(look(&bytes).is_ok());
            let open = bytes.len() - 1;
            assert!(look(&[&bytes[..open], &[1]].concat()).is_err());
        }
    }

    /// An offset of a data segment, and a global, computed in many steps.
    constants(60 s, 200 MB) {
        let steps = [[0x41, 1].repeat(DEEP as usize), vec![0x6a; DEEP as usize - 1], vec![0x0b]];
        let constant = steps.concat();
        let global = [&[0x7f, 0][..], &constant].concat();
        let with_global = module(&[counted(6, 1, &global)]);
        assert!(look(&component(&[section(1, &with_global)])).is_ok());
        let segment = [&[0][..], &constant, &[0]].concat();
        let with_data = module(&[section(5, &[1, 0, 1]), counted(11, 1, &segment)]);
        let error = look(&component(&[section(1, &with_data)])).unwrap_err();
        assert!(!error.to_string().is_empty());
    }

    /// Core types that refer to each other, and that are subtypes of each other.
    core_types(60 s, 600 MB) {
        let mut types = vec![0x50, 0, 0x5f, 0];
        for index in 0..DEEP {
            types.extend([0x50, 1]);
            types.extend(leb(index));
            types.extend([0x5f, 0]);
        }
        let core = module(&[counted(1, DEEP + 1, &types)]);
        assert!(look(&component(&[section(1, &core)])).is_err());
        let mut types = vec![0x5f, 0];
        for index in 0..DEEP {
            types.extend([0x5f, 1, 0x63]);
            types.extend(self::index(index));
            types.push(0);
        }
        let core = module(&[counted(1, DEEP + 1, &types)]);
        assert!(read(&component(&[section(1, &core)])).is_ok());
    }
}

/// Types as deep as they may be, compared where they differ at the bottom.
#[test]
fn as_deep_as_can_be() {
    let with = |bottom: u8, import: bool| {
        let depth = 95;
        let mut types = vec![bottom];
        for index in 0..depth {
            types.extend([0x70]);
            types.extend(self::index(index));
        }
        // (func (param "a" last))
        types.extend([0x40, 1]);
        types.extend(&name("a")[1..]);
        types.extend(index(depth));
        types.extend([1, 0]);
        let types = counted(7, depth + 2, &types);
        let f = [&name("f")[..], &[1], &leb(depth + 1)].concat();
        match import {
            true => component(&[types, counted(10, 1, &f)]),
            false => {
                let export = [&name("f")[..], &[1, 0, 0]].concat();
                let given = [&name("given")[..], &[1], &leb(depth + 1)].concat();
                component(&[types, counted(10, 1, &given), counted(11, 1, &export)])
            }
        }
    };
    let (socket, plug) = (with(0x7d, true), with(0x7d, false));
    compose(&[&socket, &plug]).unwrap();
    let error = compose(&[&socket, &with(0x7b, false)]).unwrap_err();
    assert_eq!(error.code(), "compose::argument-type", "{error}");
}

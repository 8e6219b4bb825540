//! A million of everything.

use crate::binary::{Built, component, counted, leb, name, section};
use crate::bounded::bounded;
use crate::judge::{NAME, compose, composed, draw, look, read, sane};
use tenon_composer::inspect;
use wasm_encoder::{ComponentImportSection, ComponentTypeRef, ComponentTypeSection, InstanceType};

const MILLION: u32 = 1_000_000;

/// A component with this many imports of functions, or as many exports of one function.
fn functions(count: u32, word: &str, import: bool) -> Vec<u8> {
    let mut items = Vec::new();
    for number in 0..count {
        items.extend(name(&format!("{word}{number}")));
        match import {
            true => items.extend([1, 0]),
            false => items.extend([1, 0, 0]),
        }
    }
    let ty = section(7, &[1, 0x40, 0, 1, 0]);
    match import {
        true => component(&[ty, counted(10, count, &items)]),
        false => {
            let given = [&name("given")[..], &[1, 0]].concat();
            component(&[ty, counted(10, 1, &given), counted(11, count, &items)])
        }
    }
}

/// A component that imports so many instances of one type.
fn instances(count: u32) -> Vec<u8> {
    let mut types = ComponentTypeSection::new();
    types.instance(&InstanceType::new());
    let mut imports = ComponentImportSection::new();
    for number in 0..count {
        let name = format!("a:b/c{number}");
        imports.import(name.as_str(), ComponentTypeRef::Instance(0));
    }
    Built::default().types(&types).imports(&imports).finish()
}

bounded! {
    imports_of_functions(60 s, 2000 MB) {
        let few = functions(1, "f", false);
        let most = functions(MILLION - 10, "f", true);
        draw(&sane(inspect(NAME, &most)).unwrap());
        let error = compose(&[&most, &few]).unwrap_err();
        assert_eq!(error.code(), "compose::limit", "{error}");
        let all = functions(MILLION, "f", true);
        assert_eq!(read(&all).unwrap_err().code(), "compose::limit");
    }

    arguments(60 s, 400 MB) {
        let few = functions(1, "f", false);
        // One is filled; the others are imports of the composition.
        compose(&[&functions(100_000, "f", true), &few]).unwrap();
        let error = compose(&[&functions(100_001, "f", true), &few]).unwrap_err();
        assert_eq!(error.code(), "compose::limit", "{error}");
    }

    imports_that_nearly_fit(60 s, 2000 MB) {
        let socket = functions(MILLION / 10, "function-number-", true);
        let plug = functions(MILLION / 10, "funktion-number-", false);
        let error = composed(&[&socket, &plug]).unwrap_err();
        assert_eq!(error.code(), "compose::near-name", "{error}");
    }

    exports(60 s, 2000 MB) {
        let few = functions(3, "f", true);
        let many = functions(MILLION - 10, "f", false);
        draw(&sane(inspect(NAME, &many)).unwrap());
        assert!(compose(&[&few, &many]).is_ok());
        let all = functions(MILLION, "f", false);
        assert_eq!(read(&all).unwrap_err().code(), "compose::limit");
    }

    imports_of_instances(60 s, 400 MB) {
        assert_eq!(look(&instances(MILLION)).unwrap_err().code(), "compose::limit");
        look(&instances(4096)).unwrap();
    }

    names_that_collide(60 s, 400 MB) {
        let mut items = Vec::new();
        for _ in 0..MILLION {
            items.extend([&name("f")[..], &[1, 0]].concat());
        }
        let ty = section(7, &[1, 0x40, 0, 1, 0]);
        let error = look(&component(&[ty, counted(10, MILLION, &items)])).unwrap_err();
        assert_eq!(error.code(), "compose::invalid");
    }

    /// Counts that nothing stands behind.
    counts_that_are_lies(60 s, 200 MB) {
        for id in 2..=11 {
            for count in [MILLION, u32::MAX] {
                look(&component(&[counted(id, count, &[])])).unwrap_err();
                look(&component(&[counted(id, count, &[0; 100])])).unwrap_err();
            }
        }
        for id in 1..=13 {
            for count in [MILLION, u32::MAX] {
                let core = [&crate::binary::MODULE[..], &counted(id, count, &[0; 100])].concat();
                look(&component(&[section(1, &core)])).unwrap_err();
            }
        }
        // Fields, cases, names, parameters, declarations, elements.
        for kind in [0x72, 0x71, 0x6f, 0x6e, 0x6d, 0x40, 0x41, 0x42] {
            let body = [&[1, kind][..], &leb(u32::MAX), &[0; 50]].concat();
            look(&component(&[section(7, &body)])).unwrap_err();
        }
        // The results of a start function.
        let start = [&[0, 0][..], &leb(u32::MAX)].concat();
        look(&component(&[section(9, &start)])).unwrap_err();
    }

    parts(60 s, 200 MB) {
        for id in [1, 4] {
            let header = if id == 1 { crate::binary::MODULE } else { crate::binary::COMPONENT };
            let many = section(id, &header).repeat(MILLION as usize);
            let bytes = component(&[many]);
            let error = look(&bytes).unwrap_err();
            assert_eq!(error.code(), "compose::limit", "{error}");
            let error = sane(inspect(NAME, &bytes)).unwrap_err();
            assert_eq!(error.code(), "compose::limit", "{error}");
        }
    }
}

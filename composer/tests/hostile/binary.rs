//! Binaries, written by hand where an encoder would not write them.

use wasm_encoder::{
    ComponentExportKind, ComponentExportSection, ComponentImportSection, ComponentSection,
    ComponentTypeSection, Encode,
};

/// The header of a component.
pub(crate) const COMPONENT: [u8; 8] = *b"\0asm\x0d\0\x01\0";
/// The header of a core module.
pub(crate) const MODULE: [u8; 8] = *b"\0asm\x01\0\0\0";

pub(crate) fn leb(value: u32) -> Vec<u8> {
    let mut out = Vec::new();
    value.encode(&mut out);
    out
}

/// The index of a type where a value type may stand: a number with a sign.
pub(crate) fn index(value: u32) -> Vec<u8> {
    let mut out = Vec::new();
    i64::from(value).encode(&mut out);
    out
}

/// A section of this id.
pub(crate) fn section(id: u8, body: &[u8]) -> Vec<u8> {
    [&[id][..], &leb(body.len() as u32), body].concat()
}

/// A section of this id that says that it has so many items.
pub(crate) fn counted(id: u8, count: u32, items: &[u8]) -> Vec<u8> {
    section(id, &[&leb(count)[..], items].concat())
}

/// A name as imports and exports of components have it.
pub(crate) fn name(text: &str) -> Vec<u8> {
    [&[0][..], &string(text.as_bytes())].concat()
}

/// A string with its length.
pub(crate) fn string(text: &[u8]) -> Vec<u8> {
    [&leb(text.len() as u32)[..], text].concat()
}

pub(crate) fn component(sections: &[Vec<u8>]) -> Vec<u8> {
    [&COMPONENT[..], &sections.concat()].concat()
}

pub(crate) fn module(sections: &[Vec<u8>]) -> Vec<u8> {
    [&MODULE[..], &sections.concat()].concat()
}

/// A component that consists of sections as the encoder writes them.
#[derive(Default)]
pub(crate) struct Built(wasm_encoder::Component);

impl Built {
    pub(crate) fn types(mut self, types: &ComponentTypeSection) -> Built {
        self.0.section(types);
        self
    }

    pub(crate) fn imports(mut self, imports: &ComponentImportSection) -> Built {
        self.0.section(imports);
        self
    }

    /// Exports the items of these kinds and indices.
    pub(crate) fn exports(mut self, exports: &[(&str, ComponentExportKind, u32)]) -> Built {
        let mut section = ComponentExportSection::new();
        for (name, kind, index) in exports {
            section.export(*name, *kind, *index, None);
        }
        self.0.section(&section);
        self
    }

    pub(crate) fn section(mut self, section: &impl ComponentSection) -> Built {
        self.0.section(section);
        self
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.0.finish()
    }
}

/// A component of `wit-examples`, text turned into binary.
pub(crate) fn example(path: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../wit-examples");
    wat::parse_file(format!("{folder}/{path}")).unwrap()
}

/// Numbers that look random and are the same in every run.
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) fn new(seed: u64) -> Numbers {
        Numbers(seed)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % end as u64) as usize
    }
}

/// How many random cases there are where a test asks for `count`.
pub(crate) fn times(count: usize) -> usize {
    let factor = std::env::var("TENON_HOSTILE").map_or(1, |times| times.parse().unwrap());
    count * factor
}

//! Names: too long, empty, not text, or meant to mislead.

use crate::binary::{component, counted, module, name, section, string};
use crate::bounded::bounded;
use crate::judge::{NAME, compose, look, sane};
use tenon_composer::{Part, inspect};

const TYPE: &[u8] = &[1, 0x40, 0, 1, 0];

/// A component that imports a function under a name.
fn importing(name: &[u8]) -> Vec<u8> {
    let import = [&[0][..], &string(name), &[1, 0]].concat();
    component(&[section(7, TYPE), counted(10, 1, &import)])
}

/// A component that exports a function that it imports, under a name.
fn exporting(text: &[u8]) -> Vec<u8> {
    let import = [&name("given")[..], &[1, 0]].concat();
    let export = [&[0][..], &string(text), &[1, 0, 0]].concat();
    component(&[
        section(7, TYPE),
        counted(10, 1, &import),
        counted(11, 1, &export),
    ])
}

/// A component with a core module that imports and exports under these names.
fn core(text: &[u8]) -> Vec<u8> {
    let import = [&string(text)[..], &string(text), &[0, 0]].concat();
    let export = [&string(text)[..], &[0, 0]].concat();
    let inner = module(&[
        section(1, &[1, 0x60, 0, 0]),
        counted(2, 1, &import),
        counted(7, 1, &export),
    ]);
    component(&[section(1, &inner)])
}

const ODD: [&[u8]; 14] = [
    b"",
    b"\0",
    b"a\0b",
    b"\x1b[31mred",
    b"a\nb",
    "\u{202e}gnp".as_bytes(),
    "a\u{200b}b".as_bytes(),
    b"\xff\xfe",
    b"\xc0\x80",
    b"\xed\xa0\x80",
    b"a:b/c@1.0.0-\x07",
    b"[method]",
    b"[constructor]a",
    b"unlocked-dep=<a:b@{>=1.0.0 <2.0.0}>",
];

#[test]
fn odd_names() {
    for text in ODD {
        for bytes in [importing(text), exporting(text)] {
            if let Err(error) = look(&bytes) {
                assert_eq!(error.code(), "compose::invalid", "{error}");
            }
        }
        let valid = std::str::from_utf8(text).is_ok();
        assert_eq!(look(&core(text)).is_ok(), valid, "{text:?}");
        let custom = component(&[section(0, &string(text))]);
        assert_eq!(look(&custom).is_ok(), valid, "{text:?}");
    }
}

bounded! {
    long_names(60 s, 1500 MB) {
        for length in [1_024, 1_025, 100_000, 100_001, 10_000_000, 100_000_000] {
            let text = vec![b'a'; length];
            for build in [importing, exporting] {
                let bytes = build(&text);
                assert_eq!(look(&bytes).is_ok(), length <= 1024);
            }
            if length < 100_000_000 {
                assert_eq!(look(&core(&text)).is_ok(), length <= 100_000);
            }
            let custom = component(&[section(0, &string(&text))]);
            assert_eq!(look(&custom).is_ok(), length <= 100_000);
        }
    }

    /// Names that are as long as they may be, in messages.
    long_names_in_errors(60 s, 600 MB) {
        let long = |last: &str| [&[b'a'; 1_000][..], last.as_bytes()].concat();
        let near = compose(&[&importing(&long("b")), &exporting(&long("c"))]).unwrap_err();
        assert_eq!(near.code(), "compose::near-name");
        let _ = look(&importing(&[b'A', b'_'].repeat(500))).unwrap_err();
        let none = compose(&[&importing(&long("b")), &exporting(b"x")]).unwrap_err();
        assert!(!none.to_string().is_empty());
    }

    /// One long name, in a type of which there are thousands of instances.
    long_names_again_and_again(60 s, 200 MB) {
        for (length, is_read) in [(1024, true), (1025, false), (90_000, false)] {
        let long = "a".repeat(length);
        // (instance (export long (sub resource)))
        let ty = [&[0x42, 1, 4][..], &name(&long), &[3, 1]].concat();
        let mut imports = Vec::new();
        for number in 0..4000 {
            imports.extend(name(&format!("a:b/c{number}")));
            imports.extend([5, 0]);
        }
        let bytes = component(&[counted(7, 1, &ty), counted(10, 4000, &imports)]);
        assert_eq!(look(&bytes).is_ok(), is_read);
        let _ = compose(&[&bytes, &exporting(b"x")]);
        }
    }

    /// Name sections and metadata that say too much.
    sections_of_names(60 s, 400 MB) {
        for count in [1_000_000, u32::MAX] {
            // Subsections 0 to 4 of `component-name` and `name`, with counts that are lies.
            for kind in 0..12 {
                for sort in [&[][..], &[0, 0x11], &[4], &[5]] {
                    let body = [sort, &crate::binary::leb(count), &[0; 20]].concat();
                    let data = section(kind, &body);
                    for title in ["component-name", "name"] {
                        let custom = [&string(title.as_bytes())[..], &data].concat();
                        look(&component(&[section(0, &custom)])).unwrap();
                        let inner = module(&[section(0, &custom)]);
                        look(&component(&[section(1, &inner)])).unwrap();
                    }
                }
            }
            let producers = [&string(b"producers")[..], &crate::binary::leb(count), &[0; 9]].concat();
            look(&component(&[section(0, &producers)])).unwrap();
        }
        // A million bytes of text, which is kept, as often as there is room for it.
        let custom = [&string(b"description")[..], &vec![b'x'; 1 << 20]].concat();
        let inner = section(1, &module(&[section(0, &custom)]));
        let bytes = component(&[section(0, &custom), inner.repeat(40)]);
        look(&bytes).unwrap();
        let anatomy = sane(inspect(NAME, &bytes)).unwrap();
        let description = |part: &Part| part.metadata.description.clone().unwrap_or_default().len();
        let kept: usize = anatomy.root.parts.iter().map(description).sum();
        assert!((1 << 20..=16 << 20).contains(&kept), "{kept}");
    }

    /// What is packed well is not unpacked without end.
    bills_of_materials(60 s, 600 MB) {
        for fill in [b' ', b'[', b'{', b'0'] {
            let packed = zlib_of(fill, 1 << 27);
            assert!(packed.len() < 1 << 20);
            let custom = [&string(b".dep-v0")[..], &packed].concat();
            let one = section(0, &custom);
            look(&component(std::slice::from_ref(&one))).unwrap();
            look(&component(&[section(4, &component(&[one])).repeat(100)])).unwrap();
        }
    }
}

/// `len` bytes of `fill`, as zlib packs them at its best: hand-made, one match after the other.
fn zlib_of(fill: u8, len: usize) -> Vec<u8> {
    let mut bits = Bits::default();
    bits.put(1, 1); // the last block,
    bits.put(1, 2); // with the fixed codes
    bits.code(0x30 + u32::from(fill), 8);
    for _ in 0..len / 258 {
        bits.code(0b1100_0101, 8); // a length of 258,
        bits.code(0, 5); // at a distance of 1
    }
    bits.code(0, 7);
    let mut out = vec![0x78, 0x9c];
    out.extend(bits.bytes);
    out.push(bits.last);
    out.extend([0; 4]);
    out
}

#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    last: u8,
    used: u8,
}

impl Bits {
    fn put(&mut self, value: u32, count: u8) {
        for at in 0..count {
            self.last |= (((value >> at) & 1) as u8) << self.used;
            self.used += 1;
            if self.used == 8 {
                self.bytes.push(std::mem::take(&mut self.last));
                self.used = 0;
            }
        }
    }

    /// A code of Huffman's, whose first bit is its highest.
    fn code(&mut self, value: u32, count: u8) {
        for at in (0..count).rev() {
            self.put((value >> at) & 1, 1);
        }
    }
}

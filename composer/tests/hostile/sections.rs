//! Sections that are larger than they can be, or than memory is.

use crate::binary::{COMPONENT, MODULE, component, leb, section};
use crate::bounded::bounded;
use crate::judge::{look, offset};
use std::io;
use tenon_composer::Input;

const GIB: u64 = 1 << 30;

/// Some bytes, and after them zeros up to a size: a sparse file.
struct Sparse {
    head: Vec<u8>,
    size: u64,
    /// What comes again and again after `head`.
    fill: &'static [u8],
}

impl Input for Sparse {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<()> {
        if offset + buf.len() as u64 > self.size {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let head = self.head.len() as u64;
        if offset >= head && self.fill == [0] {
            buf.fill(0);
            return Ok(());
        }
        for (at, byte) in (offset..).zip(buf) {
            *byte = match self.head.get(at as usize) {
                Some(byte) => *byte,
                None => self.fill[(at - head) as usize % self.fill.len()],
            };
        }
        Ok(())
    }
}

/// The beginning of a section of so many bytes.
fn begun(id: u8, size: u64) -> Vec<u8> {
    [&[id][..], &leb(u32::try_from(size).unwrap())].concat()
}

fn sparse(head: Vec<u8>, rest: u64, fill: &'static [u8]) -> Sparse {
    Sparse {
        size: head.len() as u64 + rest,
        head,
        fill,
    }
}

bounded! {
    /// A small file says that it has a section of a gibibyte, or four.
    declared_only(20 s, 60 MB) {
        for size in [GIB, 4 * GIB - 1] {
            for id in 0..=12 {
                let bytes = [&COMPONENT[..], &begun(id, size), &[1; 40]].concat();
                let error = look(&bytes).unwrap_err();
                assert_eq!(offset(&error), Some(8), "{error}");
            }
            for id in 0..=14 {
                let core = [&MODULE[..], &begun(id, size), &[1; 40]].concat();
                look(&component(&[section(1, &core)])).unwrap_err();
            }
        }
    }

    /// The section is there, in a file that takes no room.
    sparse_of_a_component(60 s, 300 MB) {
        for id in 1..=11 {
            let head = [&COMPONENT[..], &begun(id, 3 * GIB)].concat();
            let error = look(&sparse(head, 3 * GIB, &[0])).unwrap_err();
            if !matches!(id, 1 | 4) {
                assert_eq!(error.code(), "compose::limit", "section {id}: {error}");
            }
        }
    }

    sparse_of_a_core_module(60 s, 300 MB) {
        for id in 1..=13 {
            let inner = [&MODULE[..], &begun(id, 3 * GIB)].concat();
            let head = [&COMPONENT[..], &begun(1, inner.len() as u64 + 3 * GIB), &inner].concat();
            let _ = look(&sparse(head, 3 * GIB, &[0])).unwrap_err();
        }
    }

    /// One body of a gibibyte; bodies, segments and types without end.
    sparse_code_and_data(60 s, 400 MB) {
        let types = [section(1, &[1, 0x60, 0, 0]), section(3, &[1, 0])].concat();
        let body = leb(GIB as u32);
        let code = [&begun(10, GIB + 1 + body.len() as u64)[..], &[1], &body].concat();
        let cases: [(Vec<u8>, &'static [u8]); 4] = [
            ([&types[..], &code].concat(), &[0]),
            ([&types[..], &code].concat(), &[0x80]),
            // Data segments that hold nothing, as many as there is room for.
            ([&begun(11, GIB + 4)[..], &leb(GIB as u32 / 2)[..]].concat(), &[1, 0]),
            ([&begun(11, GIB + 1)[..], &leb(1)[..]].concat(), &[0x41, 0]),
        ];
        for (inner, fill) in cases {
            let inner = [&MODULE[..], &inner].concat();
            let head = [&COMPONENT[..], &begun(1, inner.len() as u64 + GIB), &inner].concat();
            let _ = look(&sparse(head, GIB, fill));
        }
    }

    /// Code and data as large as they come, which are all right.
    sparse_and_valid(60 s, 60 MB) {
        let segment = [&[1, 1][..], &leb(GIB as u32)[..]].concat();
        let inner = [&MODULE[..], &begun(11, GIB + segment.len() as u64), &segment].concat();
        let head = [&COMPONENT[..], &begun(1, inner.len() as u64 + GIB), &inner].concat();
        look(&sparse(head, GIB, &[0])).unwrap();
        let custom = [&begun(0, 3 * GIB + 2)[..], &[1, b'x']].concat();
        look(&sparse([&COMPONENT[..], &custom].concat(), 3 * GIB, &[0])).unwrap();
    }

    /// Zeros after the end, names of sections without end, empty files that are not.
    sparse_of_all_kinds(60 s, 60 MB) {
        let zeros = look(&sparse(COMPONENT.to_vec(), 3 * GIB, &[0])).unwrap_err();
        assert_eq!(zeros.code(), "compose::trailing-bytes");
        let spaces = look(&sparse(COMPONENT.to_vec(), GIB, b" ")).unwrap_err();
        assert_eq!(spaces.code(), "compose::trailing-bytes");
        let size = 5 + 3 * GIB;
        let name = [&COMPONENT[..], &begun(0, size), &leb(3 * GIB as u32)].concat();
        let _ = look(&sparse(name, 3 * GIB, b"a"));
        let _ = look(&sparse(vec![], 3 * GIB, &[0])).unwrap_err();
        let _ = look(&sparse(vec![], 3 * GIB, b"world w { }\n")).unwrap_err();
    }

    /// Sections of typed things that are each small enough, in a file of gigabytes.
    many_sections(60 s, 400 MB) {
        let types = look(&sparse(COMPONENT.to_vec(), GIB, b"\x07\x01\x00")).unwrap_err();
        assert_eq!(types.code(), "compose::limit", "{types}");
    }
}

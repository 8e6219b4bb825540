//! The documents that are measured, with the packages that they name.

use crate::inputs::binary;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// A document to be composed.
pub(crate) struct Document {
    text: String,
    /// Components by the names that they have in the namespace `bench`.
    packages: Vec<(String, Vec<u8>)>,
}

impl Document {
    /// Writes it into a folder, as `x.wac`, and its packages below `deps`.
    pub(crate) fn write(&self, folder: &Path) {
        let packages = folder.join("deps/bench");
        fs::create_dir_all(&packages).unwrap();
        for (name, bytes) in &self.packages {
            fs::write(packages.join(name).with_extension("wasm"), bytes).unwrap();
        }
        fs::write(folder.join("x.wac"), &self.text).unwrap();
    }
}

/// Instances of components, each of which hands on to the next what it was given. There are as many components as may
/// be in one binary.
pub(crate) fn instances(count: usize) -> Document {
    const COMPONENTS: usize = 999;
    let mut text = String::from("package bench:instances;\n");
    for n in 0..count {
        let given = match n.checked_sub(1) {
            Some(before) => format!("given: i{before}.out{}", before % COMPONENTS),
            None => "...".to_owned(),
        };
        let of = n % COMPONENTS;
        let _ = writeln!(text, "let i{n} = new bench:c{of} {{ {given} }};");
    }
    let last = count - 1;
    let _ = writeln!(text, "export i{last}.out{};", last % COMPONENTS);
    let package = |n| {
        let text =
            format!(r#"(import "given" (func $f (result u32))) (export "out{n}" (func $f))"#);
        (format!("c{n}"), binary(&text))
    };
    Document {
        text,
        packages: (0..count.min(COMPONENTS)).map(package).collect(),
    }
}

/// So many lines: interfaces with types that use those of one, functions that are imported, and instances of a
/// few components.
pub(crate) fn lines(count: usize) -> Document {
    const KINDS: usize = 10;
    const LINES: usize = 10;
    let mut text = String::from(
        "package bench:lines;

/// The first of many interfaces.
interface i0 {
  record r0 { a: u32, b: string }
}

import first: func(a: list<u8>) -> u32;
let x0 = new bench:c0 { given: first };

",
    );
    for n in 1..count / LINES {
        let (before, kind) = (n - 1, n % KINDS);
        let from = before % KINDS;
        let _ = writeln!(
            text,
            "/// The interface of {n}.
interface i{n} {{
  use i0.{{r0}};
  record r{n} {{ a: u64, b: option<list<string>>, c: tuple<u8, char> }}
  f: func(a: r{n}, b: result<u32, string>) -> r0;
}}
import f{n}: func(a: list<u8>) -> u32;
let a{n} = x{before}.f{from};
let x{n} = new bench:c{kind} {{ given: a{n} }};
export x{n}.f{kind} as e{n}; // on its own"
        );
    }
    let package = |n| {
        let text = format!(
            r#"(import "given" (func $f (param "a" (list u8)) (result u32))) (export "f{n}" (func $f))"#
        );
        (format!("c{n}"), binary(&text))
    };
    Document {
        text,
        packages: (0..KINDS).map(package).collect(),
    }
}

//! What `import` statements import.

use super::*;
use crate::wac::Statement;

const IO: &str = "package wasi:io@0.2.3;
    interface error { resource error; number: func() -> u32; }
    interface streams { use error.{error}; resource input { read: func() -> result<list<u8>, error>; } open: func() -> input; }
    world imports { import streams; export run: func(); }";

/// The name of an import, the full name of its interface, and what its component imports, each as text.
type Told = (String, Option<String>, Vec<String>);

/// What the `import` statements of a document import.
fn imported(body: &str) -> Result<Vec<Told>, Vec<String>> {
    let source = format!("package a:b@1.0.0;\n{body}");
    let parsed = parse(&source);
    assert_eq!(parsed.errors, [], "{source}");
    let io = reference(IO, &[]).unwrap().remove("wasi:io@0.2.3").unwrap();
    let others =
        ["wasi:io@0.2.3", "wasi:io@0.2", "wasi:io"].map(|name| (name.to_owned(), io.clone()));
    let others = BTreeMap::from(others);
    let mut arena = Arena::new();
    let packages = read(&mut arena, &others);
    let mut errors = Vec::new();
    let mut declarations = Declarations::of(&mut arena, &parsed.document, &packages, &mut errors);
    let mut all: Vec<(String, Imported)> = Vec::new();
    for statement in &parsed.document.statements {
        let Statement::Import(import) = statement else {
            continue;
        };
        let value = |name: &str| {
            let (_, it) = all.iter().find(|(known, _)| known == name)?;
            Some((it.component, vec![it.name.clone()]))
        };
        if let Some(it) = declarations.import(&mut arena, import, &value, &mut errors) {
            all.push((import.id.name.to_owned(), it));
        }
    }
    if !errors.is_empty() {
        let told =
            |error: &ResolveError| format!("{} {}", error.code(), error.span().text(&source));
        return Err(errors.iter().map(told).collect());
    }
    let told = |(_, it): (String, Imported)| {
        let imports = &arena.type_of(it.component).imports;
        let imports = imports
            .iter()
            .map(|(name, item)| format!("{name}: {}", crate::types::kind_name(&item.ty)));
        (it.name, it.interface, imports.collect())
    };
    Ok(all.into_iter().map(told).collect())
}

#[track_caller]
fn one(body: &str, name: &str, interface: Option<&str>, imports: &[&str]) {
    let all = imported(body).unwrap();
    let (found, found_interface, found_imports) = all.last().unwrap();
    assert_eq!(found, name);
    assert_eq!(found_interface.as_deref(), interface);
    assert_eq!(found_imports, imports);
}

#[test]
fn functions() {
    one(
        "import f: func(x: u32) -> string;",
        "f",
        None,
        &["f: function"],
    );
    one(
        "import f as run: async func();",
        "run",
        None,
        &["run: function"],
    );
    one("type t = func(); import f: t;", "f", None, &["f: function"]);
    one(
        "import f: t; type t = u; type u = func(x: list<v>); type v = u32;",
        "f",
        None,
        &["f: function"],
    );
    one(
        "record r { x: e, y: tuple<n> } enum e { a } record other { r: r } type n = list<u8>; import f: func(x: option<m>); type m = r;",
        "f",
        None,
        &["e: type", "r: type", "f: function"],
    );
    one(
        "record r { x: u32 } type t = func() -> r; import f as g: t;",
        "g",
        None,
        &["r: type", "g: function"],
    );
}

#[test]
fn interfaces_of_packages() {
    let streams = "wasi:io/streams@0.2.3";
    let imports = [
        "wasi:io/error@0.2.3: interface",
        "wasi:io/streams@0.2.3: interface",
    ];
    for path in [
        "wasi:io/streams@0.2.3",
        "wasi:io/streams@0.2",
        "wasi:io/streams",
    ] {
        one(
            &format!("import s: {path};"),
            streams,
            Some(streams),
            &imports,
        );
    }
    one(
        "import s as store: wasi:io/streams;",
        "store",
        Some(streams),
        &[imports[0], "store: interface"],
    );
    one(
        "use wasi:io/streams; import s: streams;",
        streams,
        Some(streams),
        &imports,
    );
    one(
        "import e as open: wasi:io/streams/open;",
        "open",
        None,
        &[imports[0], imports[1], "open: function"],
    );
    one(
        "import e as code: wasi:io/error/number;",
        "code",
        None,
        &["code: function"],
    );
    one(
        "import w as all: wasi:io/imports;",
        "all",
        None,
        &["all: component"],
    );
}

#[test]
fn interfaces_of_the_document() {
    let i = "a:b/i@1.0.0";
    // A declaration is imported under the local name, what a path leads to under its own.
    one(
        "import x: i; interface i { f: func(); }",
        "x",
        Some(i),
        &["x: interface"],
    );
    one(
        "import x: a:b/i; interface i { f: func(); }",
        i,
        Some(i),
        &["a:b/i@1.0.0: interface"],
    );
    one(
        "import x as y: i; interface i { f: func(); }",
        "y",
        Some(i),
        &["y: interface"],
    );
    one(
        "import x: c:d/i; package c:d { interface i { f: func(); } }",
        "c:d/i",
        Some("c:d/i"),
        &["c:d/i: interface"],
    );
    one(
        "import x: w; world w { export f: func(); }",
        "x",
        None,
        &["x: component"],
    );
    one(
        "import x: interface { use i.{r}; f: func() -> r; }; interface i { resource r; }",
        "x",
        None,
        &["a:b/i@1.0.0: interface", "x: interface"],
    );
}

#[test]
fn types_and_values() {
    one("type t = u32; import x: t;", "x", None, &["x: type"]);
    one(
        "record r { x: e } enum e { a } import x: r;",
        "x",
        None,
        &["e: type", "x: type"],
    );
    one("type t = u32; import x: a:b/t;", "x", None, &["x: type"]);
    let i = "a:b/i@1.0.0";
    one(
        "interface i {} import x: i; import y as other: x;",
        "other",
        Some(i),
        &["other: interface"],
    );
    one(
        "import x: func(); import y: x;",
        "y",
        None,
        &["y: function"],
    );
}

#[test]
fn what_is_wrong() {
    let wrong =
        |body: &str, expected: &[&str]| assert_eq!(imported(body).unwrap_err(), expected, "{body}");
    wrong(
        "import x as \"No!\": func();",
        &["wac::invalid-name \"No!\""],
    );
    wrong(
        "import x as \"a:b/c\": func();",
        &["wac::invalid-name \"a:b/c\""],
    );
    wrong(
        "import x: wasi:io/streams/open;",
        &["wac::invalid-name wasi:io/streams/open"],
    );
    wrong(
        "import x as y: wasi:io/streams/close;",
        &["wac::missing-item close"],
    );
    wrong("import x: wasi:io/stream;", &["wac::missing-item stream"]);
    wrong(
        "import x: wasi:oi/streams;",
        &["wac::unknown-package wasi:oi"],
    );
    wrong("import x: nothing;", &["wac::undefined-name nothing"]);
    wrong(
        "import x: func(a: nothing);",
        &["wac::undefined-name nothing"],
    );
    wrong(
        "import x: interface { f: nothing; };",
        &["wac::undefined-name nothing"],
    );
    // What is wrong with a declaration is said once.
    wrong(
        "interface i { f: nothing; } import x: i; type t = i; import y: t;",
        &["wac::wrong-kind i", "wac::undefined-name nothing"],
    );
}

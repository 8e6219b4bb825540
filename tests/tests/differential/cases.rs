//! Cases for the differences that are known, so that each is there whatever else is made.

use crate::Compared;
use crate::ours::Ours;
use crate::pairs::component;
use tenon_composer::{Graph, InstanceId};
use wit_parser::LiftLowerAbi;

const FILES: &str = "
package acme:files@1.0.0 {
  interface types { resource file; }
  interface open { use types.{file}; open: func() -> file; }
}
";
const TYPES: &str = "acme:files/types@1.0.0";
const OPEN: &str = "acme:files/open@1.0.0";
const NUMBERS: &str = "
package acme:n@1.0.0 { interface n { get: func() -> u32; } }
package acme:n@1.1.0 { interface n { get: func() -> u32; } }
package acme:n@1.2.0 { interface n { get: func() -> u32; put: func(n: u32); } }
package acme:other@1.0.0 { interface other { f: func(); } }
";

/// A component that imports and exports `items`, with the packages it needs.
fn made(name: &str, items: &str, packages: &str) -> (String, Vec<u8>) {
    made_with(name, items, packages, false)
}

fn made_with(name: &str, items: &str, packages: &str, canonical: bool) -> (String, Vec<u8>) {
    let wit = format!("package test:w;\nworld w {{ {items} }}\n{packages}");
    let bytes = component(&wit, LiftLowerAbi::Sync, canonical);
    (
        name.to_owned(),
        bytes.unwrap_or_else(|| panic!("no component of {wit}")),
    )
}

fn plugged(name: &str, components: Vec<(String, Vec<u8>)>) -> Compared {
    Compared {
        name: name.to_owned(),
        ours: Ours::of(&components),
        components,
        wit: String::new(),
    }
}

/// Instances of components, by their places; edges with one name on both sides, or two.
fn wired(
    name: &str,
    components: Vec<(String, Vec<u8>)>,
    instances: &[usize],
    edges: &[(usize, &str, usize, &str)],
) -> Compared {
    let ours = Ours::of_graph(&components, |arena, ids| {
        let mut graph = Graph::new();
        let nodes: Vec<InstanceId> = instances
            .iter()
            .map(|at| graph.add("it", ids[*at]))
            .collect();
        for (consumer, import, provider, export) in edges {
            let (consumer, provider) = (nodes[*consumer], nodes[*provider]);
            graph
                .connect(arena, (consumer, import), (provider, *export))
                .unwrap();
        }
        graph.export(arena, "run", (nodes[0], "run")).unwrap();
        graph
    });
    Compared {
        name: name.to_owned(),
        ours,
        components,
        wit: String::new(),
    }
}

/// All of them.
pub(crate) fn all() -> Vec<Compared> {
    let app =
        |items: &str, packages| made("app", &format!("{items} export run: func();"), packages);
    let both = format!("import {TYPES}; import {OPEN};");
    let files = || made("files", &format!("export {TYPES}; export {OPEN};"), FILES);
    let named = "import one: acme:files/types@1.0.0; import two: acme:files/types@1.0.0;";
    let later = FILES.replace("1.0.0", "1.1.0");
    let with_files = format!("{NUMBERS}{FILES}{later}");
    vec![
        wired(
            "one provider, instantiated twice and mixed",
            vec![app(&both, FILES), files()],
            &[0, 1, 1],
            &[(0, TYPES, 1, TYPES), (0, OPEN, 2, OPEN)],
        ),
        wired(
            "one provider, instantiated twice, one gives both",
            vec![app(&both, FILES), files()],
            &[0, 1],
            &[(0, TYPES, 1, TYPES), (0, OPEN, 1, OPEN)],
        ),
        wired(
            "one consumer, fed by two providers",
            vec![
                app(named, FILES),
                files(),
                made(
                    "more",
                    &format!("export {TYPES}; export more: func();"),
                    FILES,
                ),
            ],
            &[0, 1, 2],
            &[(0, "one", 1, TYPES), (0, "two", 2, TYPES)],
        ),
        plugged(
            "an open import uses a resource of the plug",
            vec![
                app(&both, FILES),
                made("types", &format!("export {TYPES};"), FILES),
            ],
        ),
        plugged(
            "compatible imports",
            vec![
                app(
                    "import acme:n/n@1.0.0; import acme:other/other@1.0.0;",
                    NUMBERS,
                ),
                made(
                    "other",
                    "import acme:n/n@1.2.0; export acme:other/other@1.0.0;",
                    NUMBERS,
                ),
            ],
        ),
        plugged(
            "one export for two versions",
            vec![
                app("import acme:n/n@1.0.0; import acme:n/n@1.1.0;", NUMBERS),
                made("n", "export acme:n/n@1.2.0;", NUMBERS),
            ],
        ),
        plugged(
            "plugs of two versions",
            vec![
                app("import acme:n/n@1.1.0;", NUMBERS),
                made("exact", "export acme:n/n@1.1.0;", NUMBERS),
                made("later", "export acme:n/n@1.2.0;", NUMBERS),
            ],
        ),
        plugged(
            "a plug for a plug",
            vec![
                app("import acme:other/other@1.0.0;", NUMBERS),
                made(
                    "other",
                    "import acme:n/n@1.0.0; export acme:other/other@1.0.0;",
                    NUMBERS,
                ),
                made("n", "export acme:n/n@1.0.0;", NUMBERS),
            ],
        ),
        plugged(
            "plugs that need each other",
            vec![
                app("import acme:other/other@1.0.0;", NUMBERS),
                made(
                    "other",
                    "import acme:n/n@1.0.0; export acme:other/other@1.0.0;",
                    NUMBERS,
                ),
                made(
                    "n",
                    "import acme:other/other@1.0.0; export acme:n/n@1.0.0;",
                    NUMBERS,
                ),
            ],
        ),
        plugged(
            "two plugs for a plug",
            vec![
                app("import acme:other/other@1.0.0;", NUMBERS),
                made(
                    "other",
                    "import acme:n/n@1.0.0; export acme:other/other@1.0.0;",
                    NUMBERS,
                ),
                made("first", "export acme:n/n@1.0.0;", NUMBERS),
                made(
                    "second",
                    "export acme:n/n@1.0.0; export second: func();",
                    NUMBERS,
                ),
            ],
        ),
        plugged(
            "compatible imports, the later one first",
            vec![
                app(
                    "import acme:n/n@1.1.0; import acme:other/other@1.0.0;",
                    NUMBERS,
                ),
                made(
                    "other",
                    "import acme:n/n@1.0.0; export acme:other/other@1.0.0;",
                    NUMBERS,
                ),
            ],
        ),
        plugged(
            "a later version of what an open import uses",
            vec![
                app(
                    &format!("import acme:other/other@1.0.0; {both}"),
                    &with_files,
                ),
                made(
                    "other",
                    "import acme:files/types@1.1.0; export acme:other/other@1.0.0;",
                    &with_files,
                ),
            ],
        ),
        plugged(
            "a resource that is imported by itself",
            vec![
                app(
                    "resource r; import f: func(r: r); import acme:other/other@1.0.0;",
                    NUMBERS,
                ),
                made(
                    "other",
                    "resource r; import f: func(r: r); export acme:other/other@1.0.0;",
                    NUMBERS,
                ),
            ],
        ),
        plugged(
            "imports of parts of one interface",
            vec![
                app(
                    "import acme:n/n@1.2.0; import acme:other/other@1.0.0;",
                    NUMBERS,
                ),
                made(
                    "other",
                    "import acme:n/n@1.2.0; export acme:other/other@1.0.0;",
                    &NUMBERS.replace("get: func() -> u32; put", "put"),
                ),
            ],
        ),
        plugged(
            "an export that uses a resource of a plug",
            vec![
                app(&format!("import {TYPES}; export {OPEN};"), FILES),
                made("types", &format!("export {TYPES};"), FILES),
            ],
        ),
        plugged(
            "canonical names",
            vec![
                made_with(
                    "app",
                    "import acme:n/n@1.0.0; import acme:other/other@1.0.0; export run: func();",
                    NUMBERS,
                    true,
                ),
                made_with("n", "export acme:n/n@1.0.0;", NUMBERS, true),
            ],
        ),
        plugged(
            "imports that implement an interface",
            vec![
                app(
                    "import one: acme:n/n@1.0.0; import two: acme:n/n@1.0.0;",
                    NUMBERS,
                ),
                made("n", "export acme:n/n@1.0.0;", NUMBERS),
            ],
        ),
        plugged(
            "several exports",
            vec![
                app(
                    "import acme:n/n@1.0.0; export acme:other/other@1.0.0; export f: func();",
                    NUMBERS,
                ),
                made("n", "export acme:n/n@1.0.0;", NUMBERS),
            ],
        ),
    ]
}

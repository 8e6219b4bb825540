//! Configurations of our own, composed by `wasm-compose` and by `tenon`: they mean the same, or the
//! difference is one of those named here, with the reason.

use super::meaning::difference;
use super::{code, tenon};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use tenon_composer::{Bodies, Source, validate};
use wasm_compose::composer::ComponentComposer;
use wasm_compose::config::Config;

/// Files by name, the configuration among them as `config.yml`.
type Files = &'static [(&'static str, &'static str)];

/// Imports `a` and `b`, each with a function `f`, and exports those.
const TWO: &str = r#"(component
    (import "a" (instance $a (export "f" (func))))
    (import "b" (instance $b (export "f" (func))))
    (alias export $a "f" (func $f)) (alias export $b "f" (func $g))
    (export "f" (func $f)) (export "g" (func $g)))"#;

/// Hands on what it imports as `from`, as its own export.
const HAND: &str = r#"(component
    (import "from" (instance $i (export "f" (func))))
    (alias export $i "f" (func $f))
    (export "f" (func $f)))"#;

/// Exports `f` in instances `i` and `j`.
const END: &str = r#"(component
    (core module $m (func (export "f")))
    (core instance $c (instantiate $m))
    (func $f (canon lift (core func $c "f")))
    (instance $i (export "f" (func $f)))
    (export "i" (instance $i)) (export "j" (instance $i)))"#;

/// Exports an instance `a` with a resource.
const STORE: &str = r#"(component
    (type $r' (resource (rep i32)))
    (core module $m (func (export "open") (result i32) (i32.const 0)))
    (core instance $c (instantiate $m))
    (func $open' (result (own $r')) (canon lift (core func $c "open")))
    (component $wrap
        (import "r" (type $r (sub resource)))
        (import "open" (func $open (result (own $r))))
        (export $rr "r" (type $r))
        (export "open" (func $open) (func (result (own $rr)))))
    (instance $i (instantiate $wrap (with "r" (type $r')) (with "open" (func $open'))))
    (export "a" (instance $i)))"#;

/// Exports a resource and a function itself.
const FLAT_STORE: &str = r#"(component
    (type $r' (resource (rep i32)))
    (export $r "r" (type $r'))
    (core module $m (func (export "open") (result i32) (i32.const 0)))
    (core instance $c (instantiate $m))
    (func (export "open") (result (own $r)) (canon lift (core func $c "open"))))"#;

/// As [`STORE`], with an instance `b`.
const STORE2: &str = r#"(component
    (type $r' (resource (rep i32)))
    (core module $m (func (export "open") (result i32) (i32.const 0)))
    (core instance $c (instantiate $m))
    (func $open' (result (own $r')) (canon lift (core func $c "open")))
    (component $wrap
        (import "r" (type $r (sub resource)))
        (import "open" (func $open (result (own $r))))
        (export $rr "r" (type $r))
        (export "open" (func $open) (func (result (own $rr)))))
    (instance $i (instantiate $wrap (with "r" (type $r')) (with "open" (func $open'))))
    (export "b" (instance $i)))"#;

const TWO_STORES: &str = r#"(component
    (import "a" (instance $a (export "r" (type $r (sub resource)))
        (export "open" (func (result (own $r))))))
    (import "b" (instance $b (export "r" (type $r (sub resource)))
        (export "open" (func (result (own $r)))))))"#;

/// Imports `a` and `b`, which must have one resource.
const SAME_STORE: &str = r#"(component
    (import "a" (instance $a (export "r" (type $r (sub resource)))
        (export "open" (func (result (own $r))))))
    (alias export $a "r" (type $r))
    (import "b" (instance $b (export "r" (type $s (eq $r)))
        (export "open" (func (result (own $s)))))))"#;

/// What both make the same of.
const SAME: &[(&str, Files)] = &[
    (
        "a chain of instances of one dependency",
        &[
            ("root.wat", TWO),
            ("hand.wat", HAND),
            ("end.wat", END),
            (
                "config.yml",
                "instantiations:\n  root:\n    arguments:\n      a: h1\n      b: h2\n  \
                 h1:\n    dependency: hand\n    arguments:\n      from: h2\n  \
                 h2:\n    dependency: hand\n    arguments:\n      from: h3\n  \
                 h3:\n    dependency: hand\n    arguments:\n      from:\n        instance: end\n        export: j\n",
            ),
        ],
    ),
    (
        "two instances of one dependency with different arguments",
        &[
            ("root.wat", TWO),
            ("hand.wat", HAND),
            ("end.wat", END),
            (
                "config.yml",
                "instantiations:\n  root: { arguments: { a: h1, b: h2 } }\n  \
                 h1: { dependency: hand, arguments: { from: { instance: e1, export: i } } }\n  \
                 h2: { dependency: hand, arguments: { from: { instance: e2, export: j } } }\n  \
                 e1: { dependency: end }\n  e2: { dependency: end }\n",
            ),
        ],
    ),
    (
        "one instance shared by two arguments",
        &[
            ("root.wat", TWO),
            ("end.wat", END),
            (
                "config.yml",
                "instantiations: { root: { arguments: { a: end, b: { instance: end, export: j } } } }",
            ),
        ],
    ),
    (
        "found by the names of imports, through explicit paths",
        &[
            ("root.wat", TWO),
            ("parts/hand.wat", HAND),
            ("parts/end.wat", END),
            (
                "config.yml",
                "dependencies:\n  a: parts/hand.wat\n  b:\n    path: parts/end.wat\n  from: ./parts/end.wat\n",
            ),
        ],
    ),
    (
        "definitions, of which the first one goes first, and which keep their imports",
        &[
            ("root.wat", TWO),
            (
                "virt.wat",
                r#"(component
                    (import "clock" (instance $i (export "f" (func))))
                    (export "a" (instance $i)))"#,
            ),
            (
                "more.wat",
                r#"(component
                    (import "clock" (instance $i (export "f" (func))))
                    (export "a" (instance $i)) (export "b" (instance $i)))"#,
            ),
            ("clock.wat", END),
            ("a.wat", END),
            (
                "config.yml",
                "definitions: [virt.wat, more.wat]\ndisallow-imports: true\ninstantiations: { root: { arguments: { a: a } } }",
            ),
        ],
    ),
    (
        "an instance that is not found",
        &[
            ("root.wat", TWO),
            ("b.wat", END),
            (
                "config.yml",
                "instantiations: { root: { arguments: { a: nobody } } }",
            ),
        ],
    ),
    (
        "the first export that fits, whatever its name",
        &[
            ("root.wat", TWO),
            (
                "a.wat",
                r#"(component
                    (import "host" (instance $h (export "f" (func))))
                    (instance $none)
                    (export "none" (instance $none))
                    (export "other" (instance $h))
                    (export "a" (instance $h)))"#,
            ),
        ],
    ),
    (
        "two providers of a resource each",
        &[
            ("root.wat", TWO_STORES),
            ("a.wat", STORE),
            ("b.wat", STORE2),
        ],
    ),
    (
        "components that are imported",
        &[
            ("root.wat", TWO),
            ("a.wat", HAND),
            ("b.wat", END),
            ("config.yml", "import-components: true"),
        ],
    ),
    (
        "a resource through a chain",
        &[
            ("root.wat", SAME_STORE),
            ("a.wat", STORE),
            (
                "config.yml",
                "instantiations: { root: { arguments: { b: a } } }",
            ),
        ],
    ),
    (
        "an interface in the file that its version names without the last number",
        &[
            (
                "root.wat",
                r#"(component (import "x:y/z@1.2.3" (instance (export "f" (func)))))"#,
            ),
            ("x:y/z@1.2.wat", END),
        ],
    ),
    (
        "one import of several, in parts",
        &[
            (
                "root.wat",
                r#"(component
                    (import "log" (instance (export "a" (func))))
                    (import "p" (instance)))"#,
            ),
            (
                "p.wat",
                r#"(component
                    (import "log" (instance (export "b" (func (param "x" u32))))) 
                    (import "num" (func (result u32))))"#,
            ),
        ],
    ),
];

/// What both refuse, and the code of our error.
const REFUSED: &[(&str, &str, Files)] = &[
    (
        "a circle of dependencies",
        "compose::cycle",
        &[("root.wat", TWO), ("a.wat", HAND), ("from.wat", HAND)],
    ),
    (
        "the root as its own argument",
        "compose::cycle",
        &[
            (
                "root.wat",
                r#"(component
                    (import "a" (instance $a (export "f" (func))))
                    (alias export $a "f" (func $f))
                    (export "f" (func $f)))"#,
            ),
            (
                "config.yml",
                "instantiations: { root: { arguments: { a: root } } }",
            ),
        ],
    ),
    (
        "a dependency that is no component",
        "compose::core-module",
        &[("root.wat", TWO), ("a.wat", "(module)")],
    ),
    (
        "one of two imports that is not found",
        "compose::not-found",
        &[
            ("root.wat", TWO),
            ("a.wat", END),
            ("config.yml", "disallow-imports: true"),
        ],
    ),
    (
        "a definition whose export does not fit",
        "compose::argument-type",
        &[
            ("root.wat", TWO),
            (
                "d.wat",
                r#"(component (instance $i) (export "b" (instance $i)))"#,
            ),
            ("config.yml", "definitions: [d.wat]"),
        ],
    ),
    (
        "imports that disagree",
        "compose::import-conflict",
        &[
            (
                "root.wat",
                r#"(component (import "log" (instance (export "f" (func)))) (import "p" (instance)))"#,
            ),
            (
                "p.wat",
                r#"(component (import "log" (instance (export "f" (func (param "x" u8))))))"#,
            ),
        ],
    ),
];

/// What `wasm-compose` does where we do something else.
#[derive(Debug)]
enum Theirs {
    /// Its error says this.
    Refuses(&'static str),
    /// It panics, and says this.
    Panics(&'static str),
    /// What it makes is not valid.
    IsInvalid,
    /// It makes something that means something else.
    Differs,
}

/// What we do there.
#[derive(Debug)]
enum Ours {
    /// A valid composition.
    Composes,
    /// An error with this code.
    Refuses(&'static str),
}

struct Difference {
    what: &'static str,
    /// Why ours is as it is.
    why: &'static str,
    theirs: Theirs,
    ours: Ours,
    files: Files,
}

const DIFFERENCES: &[Difference] = &[
    Difference {
        what: "two instances of one provider, where one resource is needed",
        why: "resources belong to instances, not to components: the output would be invalid",
        theirs: Theirs::IsInvalid,
        ours: Ours::Refuses("compose::resource-clash"),
        files: &[
            ("root.wat", SAME_STORE),
            ("a.wat", STORE),
            (
                "config.yml",
                "instantiations: { root: { arguments: { b: other } }, other: { dependency: a } }",
            ),
        ],
    },
    Difference {
        what: "a provider whose resource an import uses that stays open",
        why: "the host cannot speak of a resource within the composition: an error, not a panic",
        theirs: Theirs::Panics(""),
        ours: Ours::Refuses("compose::resource-clash"),
        files: &[("root.wat", SAME_STORE), ("a.wat", STORE)],
    },
    Difference {
        what: "a whole instance that has a resource",
        why: "an instance has the resources of its component, as its exports have theirs",
        theirs: Theirs::Refuses("not compatible with import `a`"),
        ours: Ours::Composes,
        files: &[
            (
                "root.wat",
                r#"(component
                    (import "a" (instance (export "r" (type $r (sub resource)))
                        (export "open" (func (result (own $r)))))))"#,
            ),
            ("a.wat", FLAT_STORE),
        ],
    },
    Difference {
        what: "a function, and a component of its name",
        why: "what is no instance is passed on; nothing is looked for",
        theirs: Theirs::Panics("should not have an instance import ref to a non-instance import"),
        ours: Ours::Composes,
        files: &[
            (
                "root.wat",
                r#"(component (import "f" (func)) (import "b" (instance)))"#,
            ),
            ("f.wat", END),
            ("b.wat", END),
        ],
    },
    Difference {
        what: "a function that an argument fills",
        why: "an export that is a function fills an import that is one",
        theirs: Theirs::Panics("should not have an instance import ref to a non-instance import"),
        ours: Ours::Composes,
        files: &[
            ("root.wat", r#"(component (import "g" (func)))"#),
            ("hand.wat", HAND),
            (
                "config.yml",
                "instantiations: { root: { arguments: { g: { instance: hand, export: f } } } }",
            ),
        ],
    },
    Difference {
        what: "a function where no imports are allowed",
        why: "it is instances that may not be imported, as the documentation says",
        theirs: Theirs::Refuses("a dependency named `g` could not be found"),
        ours: Ours::Composes,
        files: &[
            (
                "root.wat",
                r#"(component (import "b" (instance)) (import "g" (func)))"#,
            ),
            ("b.wat", END),
            ("config.yml", "disallow-imports: true"),
        ],
    },
    Difference {
        what: "two definitions in files of one name",
        why: "they are different files; the first that has an export is taken",
        theirs: Theirs::Refuses("a component with name `d` already exists"),
        ours: Ours::Composes,
        files: &[
            ("root.wat", TWO),
            (
                "x/d.wat",
                r#"(component (import "h" (instance $h (export "f" (func)))) (export "a" (instance $h)))"#,
            ),
            (
                "y/d.wat",
                r#"(component (import "h" (instance $h (export "f" (func)))) (export "b" (instance $h)))"#,
            ),
            ("config.yml", "definitions: [x/d.wat, y/d.wat]"),
        ],
    },
    Difference {
        what: "a dependency whose name no import could have",
        why: "only a component that is imported needs such a name",
        theirs: Theirs::Refuses("is not in kebab case"),
        ours: Ours::Composes,
        files: &[
            ("root.wat", TWO),
            ("end.wat", END),
            (
                "config.yml",
                "dependencies: { The End: end.wat }\ninstantiations: { root: { arguments: { a: The End, b: The End } } }",
            ),
        ],
    },
    Difference {
        what: "an interface in the file of its whole name",
        why: "the last number of a version is no extension",
        theirs: Theirs::Refuses("no dependencies of component"),
        ours: Ours::Composes,
        files: &[
            (
                "root.wat",
                r#"(component (import "x:y/z@1.2.3" (instance (export "f" (func)))))"#,
            ),
            ("x:y/z@1.2.3.wat", END),
        ],
    },
    Difference {
        what: "a search path beside the configuration",
        why: "all paths are relative to the configuration, as the documentation says",
        theirs: Theirs::Refuses("no dependencies of component"),
        ours: Ours::Composes,
        files: &[
            ("root.wat", TWO),
            ("parts/a.wat", END),
            ("config.yml", "search-paths: [parts]"),
        ],
    },
    Difference {
        what: "two versions of an interface on one track",
        why: "they are one import, under the highest version, as for every other command",
        theirs: Theirs::Differs,
        ours: Ours::Composes,
        files: &[
            (
                "root.wat",
                r#"(component
                    (import "x:y/z@1.2.3" (instance (export "f" (func))))
                    (import "b" (instance)))"#,
            ),
            (
                "b.wat",
                r#"(component (import "x:y/z@1.3.0" (instance (export "f" (func)) (export "g" (func)))))"#,
            ),
        ],
    },
    Difference {
        what: "an export that uses a type of what is filled",
        why: "what has the type is exported too, or the type would have no name outside",
        theirs: Theirs::IsInvalid,
        ours: Ours::Composes,
        files: &[
            (
                "root.wat",
                r#"(component
                    (import "a" (instance $a (export "r" (type $r (sub resource)))
                        (export "open" (func (result (own $r))))))
                    (alias export $a "open" (func $open))
                    (export "open" (func $open)))"#,
            ),
            ("a.wat", STORE),
        ],
    },
    Difference {
        what: "a component and a function whose names differ in case only",
        why: "the Component Model takes such names for one: the output would be invalid",
        theirs: Theirs::IsInvalid,
        ours: Ours::Refuses("compose::component-import"),
        files: &[
            (
                "root.wat",
                r#"(component (import "ROOT" (func)) (import "b" (instance)))"#,
            ),
            ("b.wat", "(component)"),
            ("config.yml", "import-components: true"),
        ],
    },
    Difference {
        what: "a component with a resource of its own, imported",
        why: "its type can be written down as any other",
        theirs: Theirs::Panics("should have been handled"),
        ours: Ours::Composes,
        files: &[
            ("root.wat", SAME_STORE),
            ("a.wat", STORE),
            (
                "config.yml",
                "import-components: true\ninstantiations: { root: { arguments: { b: a } } }",
            ),
        ],
    },
    Difference {
        what: "the same component under two names, imported",
        why: "what is the same is embedded once, and so it is imported once",
        theirs: Theirs::Differs,
        ours: Ours::Composes,
        files: &[
            ("root.wat", TWO),
            ("a.wat", END),
            ("b.wat", END),
            ("config.yml", "import-components: true"),
        ],
    },
];

/// The files of a case in a folder of its own.
fn lay(files: Files) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// What `tenon` makes of a case: a composition, or the code of an error.
fn ours(folder: &Path) -> Result<Vec<u8>, String> {
    let mut words = vec!["compose", "root.wat", "-o", "composed.wasm"];
    if folder.join("config.yml").exists() {
        words.extend(["-c", "config.yml"]);
    }
    // Not from the folder itself, which paths in the configuration could be relative to by chance.
    let elsewhere = folder.join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    let words = words.into_iter().map(|word| match word.split_once('.') {
        Some(_) => folder.join(word).to_str().unwrap().to_owned(),
        None => word.to_owned(),
    });
    let run = tenon(&elsewhere, words);
    match run.status.success() {
        true => Ok(fs::read(folder.join("composed.wasm")).unwrap()),
        false => Err(code(&run)),
    }
}

/// What `wasm-compose` does.
#[derive(Debug)]
enum Outcome {
    Composed(Vec<u8>),
    Refused(String),
    Panicked(String),
}

fn theirs(folder: &Path) -> Outcome {
    let text = fs::read_to_string(folder.join("config.yml"));
    let mut config: Config = match text {
        Ok(text) => serde_yaml2::from_str(&text).unwrap(),
        Err(_) => Config::default(),
    };
    config.dir = folder.to_owned();
    let root = folder.join("root.wat");
    let compose = AssertUnwindSafe(|| ComponentComposer::new(&root, &config).compose());
    match catch_unwind(compose) {
        Ok(Ok(bytes)) => Outcome::Composed(bytes),
        Ok(Err(error)) => Outcome::Refused(format!("{error:#}")),
        Err(panic) => {
            let said = panic.downcast_ref::<String>().cloned();
            let said = said.or_else(|| panic.downcast_ref::<&str>().map(|said| (*said).to_owned()));
            Outcome::Panicked(said.unwrap_or_default())
        }
    }
}

fn is_valid(bytes: &Vec<u8>) -> Result<(), String> {
    let source = Source {
        name: "it".to_owned(),
        input: bytes,
        digest: None,
        bodies: Bodies::Validate,
    };
    let result = validate(&source);
    result.map(drop).map_err(|error| error.to_string())
}

#[test]
fn the_same_is_made_of_the_same() {
    for (what, files) in SAME {
        let folder = lay(files);
        let ours = ours(folder.path()).unwrap_or_else(|code| panic!("{what}: {code}"));
        let Outcome::Composed(theirs) = theirs(folder.path()) else {
            panic!("{what}: {:?}", theirs(folder.path()));
        };
        is_valid(&ours).unwrap_or_else(|error| panic!("{what}: {error}"));
        if let Some(difference) = difference(&ours, &theirs) {
            panic!("{what}: {difference}");
        }
    }
}

#[test]
fn the_same_is_refused() {
    for (what, code, files) in REFUSED {
        let folder = lay(files);
        let ours = ours(folder.path()).map(|_| ());
        assert_eq!(ours, Err((*code).to_owned()), "{what}");
        let theirs = theirs(folder.path());
        assert!(matches!(theirs, Outcome::Refused(_)), "{what}: {theirs:?}");
    }
}

#[test]
fn each_intended_difference_is_one() {
    let mut wrong = Vec::new();
    for Difference {
        what,
        why,
        theirs: expected,
        ours: wanted,
        files,
    } in DIFFERENCES
    {
        assert!(!why.is_empty());
        let folder = lay(files);
        let ours = ours(folder.path());
        match (&ours, wanted) {
            (Ok(bytes), Ours::Composes) => {
                is_valid(bytes).unwrap_or_else(|error| panic!("{what}: {error}"));
            }
            (Err(code), Ours::Refuses(wanted)) => assert_eq!(code, wanted, "{what}"),
            (ours, wanted) => panic!("{what}: ours {ours:?}, and not {wanted:?}"),
        }
        let theirs = theirs(folder.path());
        let is_so = match (&theirs, expected) {
            (Outcome::Refused(said), Theirs::Refuses(part)) => said.contains(part),
            (Outcome::Panicked(said), Theirs::Panics(part)) => said.contains(part),
            (Outcome::Composed(bytes), Theirs::IsInvalid) => is_valid(bytes).is_err(),
            (Outcome::Composed(bytes), Theirs::Differs) => {
                is_valid(bytes).is_ok() && difference(ours.as_ref().unwrap(), bytes).is_some()
            }
            _ => false,
        };
        if !is_so {
            let theirs = match theirs {
                Outcome::Composed(bytes) => format!("{:?}", is_valid(&bytes)),
                other => format!("{other:?}"),
            };
            wrong.push(format!("{what}: theirs {theirs}, and not {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_list_of_differences_is_in_the_documentation() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/compose.md");
    let page = fs::read_to_string(page).unwrap();
    let rows: Vec<_> = page.lines().filter(|line| line.starts_with("| ")).collect();
    for Difference { what, why, .. } in DIFFERENCES {
        let is_row = |row: &&&str| {
            row.starts_with(&format!("| {what} |")) && row.ends_with(&format!("| {why} |"))
        };
        let rows = rows.iter().filter(is_row).count();
        assert_eq!(rows, 1, "docs/compose.md: {what}: {why}");
    }
}

#[test]
fn real_components_come_out_the_same() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit-examples/polyglot");
    for import in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let mut config = format!("import-components: {import}\ndependencies:\n");
        for (name, file) in [
            ("demo:app/report@2.0.0", "app.wasm"),
            ("demo:imaging/filter@1.2.0", "imaging.wasm"),
            ("demo:text/summarise@0.3.1", "text.wasm"),
            ("demo:log/logger@0.1.4", "log.wasm"),
            ("demo:clock/ticker@0.2.0", "clock.wat"),
        ] {
            config.push_str(&format!("  {name}: {file}\n"));
            fs::copy(example.join(file), folder.path().join(file)).unwrap();
        }
        fs::write(folder.path().join("config.yml"), config).unwrap();
        // Both tell text from binary by what it is.
        fs::copy(example.join("cli.wasm"), folder.path().join("root.wat")).unwrap();
        let ours = ours(folder.path()).unwrap();
        is_valid(&ours).unwrap();
        match theirs(folder.path()) {
            Outcome::Composed(theirs) => assert_eq!(difference(&ours, &theirs), None),
            // Components with resources of their own; see the differences.
            Outcome::Panicked(_) => assert!(import),
            Outcome::Refused(said) => panic!("{said}"),
        }
    }
}

//! The test suite that `wasm-compose` ships, from wherever cargo keeps its source.

use super::meaning::difference;
use super::{code, tenon, text};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tenon_composer::{
    Arena, Bodies, Configuration, Diagram, InstanceArgument, Instantiation, Options, Source,
    configure, encode, inspect,
};
use wasm_compose::config::Config;

/// Why each case that must fail does, by the code of our error.
const REFUSED: [(&str, &str); 18] = [
    ("arg-not-satisfied", "compose::argument-type"),
    ("component-incorrect-version", "compose::not-wasm"),
    ("component-missing", "cli::io"),
    ("component-not-valid", "compose::invalid"),
    ("component-not-wat", "cli::wat"),
    ("conflict-on-import", "compose::import-conflict"),
    ("def-mismatch", "compose::argument-type"),
    ("disallow-imports", "compose::not-found"),
    ("export-on-import", "compose::not-found"),
    ("incompatible-explicit-export", "compose::argument-type"),
    ("instantiation-cycle", "compose::cycle"),
    ("invalid-instantiation-arg", "compose::unknown-item"),
    ("missing-explicit-dep", "cli::io"),
    ("missing-explicit-export", "compose::unknown-item"),
    ("missing-root", "cli::io"),
    ("module", "compose::core-module"),
    ("no-deps", "compose::no-dependency"),
    ("no-deps-resolved", "compose::no-dependency"),
];

/// The folders of the suite.
fn cases() -> Vec<PathBuf> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--offline", "--locked", "--format-version", "1"])
        .arg("--manifest-path")
        .arg(manifest)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let package = packages.iter().find(|p| p["name"] == "wasm-compose");
    let manifest = package.expect("the dependency `wasm-compose`")["manifest_path"].as_str();
    let folder = Path::new(manifest.unwrap()).with_file_name("tests/compositions");
    let cases =
        fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut cases: Vec<_> = cases.map(|case| case.unwrap().path()).collect();
    cases.sort();
    assert!(cases.len() >= 29, "{} cases", cases.len());
    cases
}

fn name(case: &Path) -> &str {
    case.file_name().unwrap().to_str().unwrap()
}

fn stem(path: &Path) -> &str {
    path.file_stem().unwrap().to_str().unwrap()
}

/// The words of the command line for a case, with the composition written to `output`.
fn words(case: &Path, output: &Path) -> Vec<String> {
    let path = |path: PathBuf| path.to_str().unwrap().to_owned();
    let mut words = vec!["compose".to_owned(), path(case.join("root.wat"))];
    if case.join("config.yml").exists() {
        words.extend(["-c".to_owned(), path(case.join("config.yml"))]);
    }
    words.extend(["-o".to_owned(), path(output.to_owned())]);
    words
}

#[test]
fn what_it_composes_we_compose() {
    let folder = tempfile::tempdir().unwrap();
    let mut composed = 0;
    for case in cases() {
        let Ok(expected) = wat::parse_file(case.join("composed.wat")) else {
            continue;
        };
        let output = folder.path().join("composed.wasm");
        let run = tenon(folder.path(), words(&case, &output));
        assert!(
            run.status.success(),
            "{}: {}",
            name(&case),
            text(&run.stderr)
        );
        let ours = fs::read(output).unwrap();
        if let Some(difference) = difference(&ours, &expected) {
            panic!("{}: {difference}", name(&case));
        }
        assert_eq!(
            Diagram::from(&inspect("it", &library(&case)).unwrap()),
            Diagram::from(&inspect("it", &ours).unwrap()),
            "{}: the library does as the command",
            name(&case)
        );
        composed += 1;
    }
    assert_eq!(composed, 11);
}

#[test]
fn what_it_refuses_we_refuse_for_the_same_reason() {
    let folder = tempfile::tempdir().unwrap();
    let reasons: BTreeMap<_, _> = REFUSED.into_iter().collect();
    let mut refused = Vec::new();
    for case in cases() {
        if !case.join("error.txt").exists() {
            continue;
        }
        let output = folder.path().join("composed.wasm");
        let run = tenon(folder.path(), words(&case, &output));
        assert!(!run.status.success(), "{}", name(&case));
        assert!(!output.exists(), "{}", name(&case));
        let reason = reasons.get(name(&case));
        assert_eq!(Some(&&*code(&run)), reason, "{}", name(&case));
        refused.push(name(&case).to_owned());
    }
    let known: Vec<_> = reasons.into_keys().collect();
    assert_eq!(refused, known, "every reason is that of a case");
}

/// The composition of a case, made without the command.
fn library(case: &Path) -> Vec<u8> {
    let config: Config = match fs::read_to_string(case.join("config.yml")) {
        Ok(text) => serde_yaml2::from_str(&text).unwrap(),
        Err(_) => Config::default(),
    };
    // All there is, by name: what stands in the folder, and what the configuration names.
    let parse = |path: PathBuf| wat::parse_file(path).unwrap();
    let mut files: BTreeMap<String, Vec<u8>> = fs::read_dir(case)
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "wat"))
        .map(|path| (stem(&path).to_owned(), parse(path)))
        .collect();
    for (name, dependency) in &config.dependencies {
        files.insert(name.clone(), parse(case.join(&dependency.path)));
    }
    let mut arena = Arena::new();
    let source = |name: &str| {
        let (name, input) = files.get_key_value(name)?;
        Some(Source {
            name: name.clone(),
            input,
            digest: None,
            bodies: Bodies::Validate,
        })
    };
    let root = arena.read(source("root").unwrap()).unwrap();
    let definitions = config.definitions.iter().map(|path| {
        let id = arena.read(source(stem(path)).unwrap()).unwrap();
        (stem(path).to_owned(), id)
    });
    let configuration = Configuration {
        root,
        definitions: definitions.collect(),
        instantiations: config
            .instantiations
            .iter()
            .map(|(name, said)| {
                let arguments = said.arguments.iter().map(|(import, argument)| {
                    let argument = InstanceArgument {
                        instance: argument.instance.clone(),
                        export: argument.export.clone(),
                    };
                    (import.clone(), argument)
                });
                let said = Instantiation {
                    dependency: said.dependency.clone(),
                    arguments: arguments.collect(),
                };
                (name.clone(), said)
            })
            .collect(),
        disallow_imports: config.disallow_imports,
    };
    let configured = configure(&mut arena, &configuration, |arena, name| {
        source(name).map(|source| arena.read(source)).transpose()
    })
    .unwrap_or_else(|error| panic!("{}: {error}", name(case)));
    let options = Options {
        imported: match config.import_components {
            true => configured.names,
            false => BTreeMap::new(),
        },
        ..Options::default()
    };
    let composition = encode(arena, configured.plan.graph, &options).unwrap();
    composition.to_bytes().unwrap()
}

//! The test suites inside the crates `wac-parser` and `wac-graph`, where cargo puts them.

use semver::Version;
use serde_json::Value;
use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata};
use wit_parser::{LiftLowerAbi, ManglingAndAbi, Resolve};

/// A document of a suite.
pub(crate) struct Case {
    /// Where it is, such as `resolution/fail/no-import`.
    pub(crate) name: String,
    /// Its text.
    pub(crate) source: String,
    /// The packages that it may name.
    pub(crate) packages: Packages,
}

/// Packages by their names, some with a version; or why there are none of them.
#[derive(Clone, Default)]
pub(crate) struct Packages {
    /// The bytes of each, in the binary format.
    pub(crate) all: BTreeMap<Name, Vec<u8>>,
    /// What cannot be read as text, and why.
    pub(crate) unreadable: Option<String>,
}

/// The name of a package, and its version, if it has one.
pub(crate) type Name = (String, Option<Version>);

impl Case {
    /// Whether nothing is to come of it.
    pub(crate) fn fails(&self) -> bool {
        self.name.contains("/fail/")
    }
}

/// The folder of the sources of a crate that these tests depend on.
pub(crate) fn sources(package: &str) -> PathBuf {
    static METADATA: LazyLock<Value> = LazyLock::new(metadata);
    let packages = METADATA["packages"].as_array().unwrap();
    let text = |found: &Value, key: &str| found[key].as_str().unwrap().to_owned();
    let mut named = packages.iter().filter(|found| {
        text(found, "name") == package && text(found, "version").starts_with("0.12.")
    });
    let manifest = text(
        named.next().expect("it is in the lock file"),
        "manifest_path",
    );
    Path::new(&manifest).parent().unwrap().to_owned()
}

/// What cargo says of all crates that are built for this machine; those for others may not be there.
fn metadata() -> Value {
    let run = |program: &str, args: &[&str]| {
        let program = env::var_os(program.to_uppercase()).unwrap_or(program.into());
        let output = Command::new(&program).args(args).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program:?} {args:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    };
    let compiler = run("rustc", &["-vV"]);
    let host = compiler
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .unwrap();
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let mut args = vec!["metadata", "--format-version=1", "--locked", "--offline"];
    args.extend(["--filter-platform", host, "--manifest-path", manifest]);
    serde_json::from_str(&run("cargo", &args)).unwrap()
}

/// All documents of a suite of `wac-parser`, in order.
pub(crate) fn documents(suite: &str) -> Vec<Case> {
    let folder = sources("wac-parser").join("tests").join(suite);
    let mut cases = Vec::new();
    for (within, folder) in [("", folder.clone()), ("fail/", folder.join("fail"))] {
        for path in entries(&folder) {
            if path.extension().is_some_and(|end| end == "wac") {
                let stem = path.file_stem().unwrap().to_str().unwrap();
                let source = fs::read_to_string(&path).unwrap();
                cases.push(Case {
                    name: format!("{suite}/{within}{stem}"),
                    source: source.replace("\r\n", "\n"),
                    packages: Packages::in_folder(&folder.join(stem)),
                });
            }
        }
    }
    cases
}

/// The folders of the cases of `wac-graph`, by their names.
pub(crate) fn graphs() -> BTreeMap<String, PathBuf> {
    let folders = entries(&sources("wac-graph").join("tests/graphs"));
    let folders = folders.into_iter().filter(|path| path.is_dir());
    folders
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), path))
        .collect()
}

/// All text in WAC and WIT in a folder and all below, by its path.
pub(crate) fn texts(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    for path in entries(folder) {
        if path.is_dir() {
            found.extend(texts(&path));
        } else if has_end(&path, "wac") || has_end(&path, "wit") {
            found.insert(path.clone(), fs::read_to_string(&path).unwrap());
        }
    }
    found
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

impl Packages {
    /// What a folder has for its document: `ns/name.wat`, `ns/name/` with WIT in it, `ns/name/1.2.3.wat`.
    fn in_folder(folder: &Path) -> Packages {
        let mut packages = Packages::default();
        for namespace in entries(folder) {
            for path in entries(&namespace) {
                let stem = path.file_stem().unwrap().to_str().unwrap();
                let of = namespace.file_name().unwrap().to_str().unwrap();
                let name = format!("{of}:{stem}");
                let is_versions =
                    path.is_dir() && !entries(&path).iter().any(|file| has_end(file, "wit"));
                match is_versions {
                    true => {
                        for file in entries(&path) {
                            let version = file.file_stem().unwrap().to_str().unwrap();
                            let version = version.parse().unwrap();
                            packages.read((name.clone(), Some(version)), &file);
                        }
                    }
                    false => packages.read((name, None), &path),
                }
            }
        }
        packages
    }

    fn read(&mut self, name: Name, path: &Path) {
        let read = match path.is_dir() || has_end(path, "wit") {
            true => wit_package(path),
            false if has_end(path, "wasm") => Ok(fs::read(path).unwrap()),
            false => wat::parse_file(path).map_err(|error| error.to_string()),
        };
        match read {
            Ok(bytes) => {
                self.all.insert(name, bytes);
            }
            Err(error) => self.unreadable = Some(error.lines().next().unwrap().to_owned()),
        }
    }
}

fn has_end(path: &Path, end: &str) -> bool {
    path.extension().is_some_and(|found| found == end)
}

fn wit(path: &Path) -> Result<(Resolve, wit_parser::PackageId), String> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve
        .push_path(path)
        .map_err(|error| format!("{error:#}"))?;
    Ok((resolve, package))
}

/// The WIT in a file or a folder, in the binary format.
pub(crate) fn wit_package(path: &Path) -> Result<Vec<u8>, String> {
    let (resolve, package) = wit(path)?;
    wit_component::encode(&resolve, package, false).map_err(|error| format!("{error:#}"))
}

/// A component of the only world of a file or a folder of WIT; its functions trap.
pub(crate) fn component_of(path: &Path) -> Vec<u8> {
    let (resolve, package) = wit(path).unwrap();
    let world = resolve.select_world(&[package], None).unwrap();
    dummy(&resolve, world)
}

/// A component of a world; its functions trap.
pub(crate) fn dummy(resolve: &Resolve, world: wit_parser::WorldId) -> Vec<u8> {
    let abi = ManglingAndAbi::Legacy(LiftLowerAbi::Sync);
    let mut module = dummy_module(resolve, world, abi);
    embed_component_metadata(&mut module, resolve, world, StringEncoding::UTF8, false).unwrap();
    let mut encoder = ComponentEncoder::default();
    encoder.validate(true).module(&module).unwrap();
    encoder.encode().unwrap()
}

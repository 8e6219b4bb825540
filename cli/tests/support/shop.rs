//! A project in a folder `shop`, which composes a socket with what a registry has.

#![allow(dead_code, reason = "shared by tests, each of which uses a part")]

use crate::place::{Place, Said};
use crate::server::World;
use crate::support::{key, version};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tenon_registry_client::Digest;
use tenon_registry_client::record::{Content, ContentKind, PackageAct};
use tenon_registry_client::store::StateDir;

/// What the project asks for, to begin with.
pub(crate) const MANIFEST: &str = "\
# What the shop is made of.
[package]
name = \"acme:shop\"

[dependencies]
\"acme:http\" = \"^1\" # the server

[compose]
socket = \"app.wasm\"
";

/// What a build of it writes.
pub(crate) const BUILT: &str = "build/shop.wasm";

/// A project, and the one who works on it.
pub(crate) struct Shop {
    pub(crate) place: Place,
}

impl Shop {
    /// Where nothing is locked yet.
    pub(crate) fn new(place: Place) -> Shop {
        let shop = Shop { place };
        fs::create_dir(shop.place.at("shop")).unwrap();
        shop.write("tenon.toml", MANIFEST);
        shop.write("app.wasm", component("app", &["http"], &["run"]));
        shop
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.place.at("shop").join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.at(name), bytes).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.at(name)).unwrap()
    }

    pub(crate) fn tenon(&self, words: &[&str]) -> Command {
        let mut command = self.place.tenon(words);
        command.current_dir(self.at(""));
        command
    }

    pub(crate) fn run(&self, words: &[&str]) -> Said {
        Said::of(self.tenon(words).output().unwrap())
    }

    pub(crate) fn ok(&self, words: &[&str]) -> Said {
        let said = self.run(words);
        assert_eq!(said.code, Some(0), "{words:?}: {}", said.err);
        said
    }

    /// What a command says that ends with this exit code and this error code, and changes no file of the project, and
    /// nothing that is trusted.
    pub(crate) fn fails(&self, exit: i32, code: &str, words: &[&str]) -> Said {
        let before = self.kept();
        let said = self.run(words);
        assert_eq!(said.code, Some(exit), "{words:?}: {}", said.err);
        assert!(
            said.err.contains(&format!("error[{code}]: ")),
            "{words:?}: {}",
            said.err
        );
        assert!(said.is_clean(), "{:?}", said.err);
        assert_eq!(changes(&before, &self.kept()), [""; 0], "{words:?}");
        said
    }

    /// How often a command asked the registry for something.
    pub(crate) fn asks(&self, work: impl FnOnce(&Shop)) -> Vec<String> {
        self.place.server.world().asked.clear();
        work(self);
        self.place.server.world().asked.clone()
    }

    /// All files of the project, and what is believed of the registry, but for evidence.
    pub(crate) fn kept(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut kept = BTreeMap::new();
        collect(&self.at(""), &mut kept);
        collect(&self.place.at("state"), &mut kept);
        kept.retain(|path, _| {
            let name = path.file_name().unwrap().to_string_lossy();
            name != "lock" && !name.starts_with("fork-")
        });
        kept
    }

    /// The versions of a package that are locked.
    pub(crate) fn locked(&self, package: &str) -> Vec<String> {
        let lock: toml::Table = self.read("tenon.lock").parse().unwrap();
        let packages = lock.get("package").and_then(|all| all.as_array());
        let packages = packages.into_iter().flatten();
        let found = packages.filter(|it| it["name"].as_str() == Some(package));
        found
            .map(|it| it["version"].as_str().unwrap().to_owned())
            .collect()
    }

    /// How large the log is that is believed in.
    pub(crate) fn believed(&self) -> u64 {
        let pin = self.place.server.world().registry.pin();
        let state = StateDir::new(self.place.at("state"), &pin).load();
        state.unwrap().unwrap().checkpoint().size
    }
}

/// The files that are not the same.
pub(crate) fn changes(
    before: &BTreeMap<PathBuf, Vec<u8>>,
    after: &BTreeMap<PathBuf, Vec<u8>>,
) -> Vec<String> {
    let all: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let changed = all
        .into_iter()
        .filter(|path| before.get(*path) != after.get(*path));
    changed.map(|path| path.display().to_string()).collect()
}

/// The files in a folder and those below it, which a link does not lead to.
pub(crate) fn collect(folder: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        let metadata = path.symlink_metadata().unwrap();
        match () {
            () if path.ends_with(".git") => {}
            () if metadata.is_dir() => collect(&path, found),
            () if metadata.is_file() => drop(found.insert(path.clone(), fs::read(path).unwrap())),
            () => {}
        }
    }
}

/// A component that imports and exports functions of no type; `tag` makes it another than others.
pub(crate) fn component(tag: &str, imports: &[&str], exports: &[&str]) -> Vec<u8> {
    let mut text = "(component\n".to_owned();
    for name in imports {
        let of = match name.contains('/') {
            true => "instance",
            false => "func",
        };
        text.push_str(&format!("(import \"{name}\" ({of}))\n"));
    }
    text.push_str(&format!(
        "(core module $m (func (export \"f\")) (func (export \"{tag}\")))\n\
         (core instance $i (instantiate $m))\n\
         (func $f (canon lift (core func $i \"f\")))\n"
    ));
    for name in exports {
        text.push_str(&format!("(export \"{name}\" (func $f))\n"));
    }
    wat::parse_str(text + ")").unwrap()
}

/// A WIT package in the binary format: the last of these texts, which may use those before.
pub(crate) fn wit(texts: &[&str]) -> Vec<u8> {
    let mut resolve = wit_parser::Resolve::new();
    let mut last = None;
    for text in texts {
        last = Some(resolve.push_str("a.wit", text).unwrap());
    }
    wit_component::encode(&resolve, last.unwrap(), false).unwrap()
}

/// The server that the shop needs: a component that exports `http`.
pub(crate) fn http(version: &str) -> Vec<u8> {
    component(&format!("http-{version}"), &[], &["http"])
}

impl World {
    /// Releases a version of `acme:http`.
    pub(crate) fn publish_http(&mut self, version: &str) -> u64 {
        self.publish("acme:http", version, &http(version))
    }

    pub(crate) fn publish_wit(&mut self, name: &str, at: &str, bytes: &[u8]) -> u64 {
        let content = Content {
            digest: Digest::of(bytes),
            size: bytes.len() as u64,
            kind: ContentKind::Wit,
        };
        self.blobs.insert(content.digest, bytes.to_vec());
        let act = PackageAct::Release {
            version: version(at),
            content,
            attestation: None,
        };
        let index = self.registry.log_package(name, act, &[&key("acme/alice")]);
        self.registry.seal();
        index
    }

    /// Has the registry list releases of a package of the namespace `acme`.
    pub(crate) fn list(&mut self, name: &str, releases: &[Value]) {
        let info = json!({"name": format!("acme:{name}"), "releases": releases, "size": 9});
        let path = format!("/api/v1/packages/acme/{name}");
        self.answers
            .insert(path, serde_json::to_vec(&info).unwrap());
    }
}

/// A release as the registry lists it, with the WIT packages that it says it uses.
pub(crate) fn listed(version: &str, bytes: &[u8], uses: &[(&str, &str)]) -> Value {
    let uses = uses.iter();
    let packages: Vec<_> = uses
        .map(|(name, version)| json!({"name": name, "version": version}))
        .collect();
    json!({
        "version": version, "digest": Digest::of(bytes).to_string(), "content_size": bytes.len(),
        "kind": "component", "time": "2026-09-01T10:00:00Z", "index": 7,
        "publisher": {"by": "publisher", "keys": ["acme/alice"]},
        "status": {"is": "available"},
        "world": {"imports": [], "exports": [], "packages": packages},
    })
}

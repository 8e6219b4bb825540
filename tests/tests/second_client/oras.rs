//! ORAS's client for Python, before a registry of ours.

use crate::house::{Access, House, clock, noise};
use crate::layout::{INDEX, MANIFEST};
use crate::process::binary;
use crate::program::{document, python, refused, text};
use crate::user::User;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;
use tenon_registry_client::Digest;

/// How many tags a repository has that has very many.
const MANY: usize = 10_000;

/// The client, and the registry that it asks.
struct Oras {
    python: PathBuf,
    house: Rc<House>,
    access: Access,
}

impl Oras {
    /// The client, if it is here.
    fn find() -> Option<Oras> {
        let python = python()?;
        Some(Oras {
            python,
            house: Rc::new(House::open()),
            access: Access::Basic,
        })
    }

    fn with(&self, access: Access) -> Oras {
        Oras {
            python: self.python.clone(),
            house: Rc::clone(&self.house),
            access,
        }
    }

    fn command(&self, words: &[&str]) -> Command {
        let deeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/second_client/deeds.py");
        let access = match self.access {
            Access::Nobody => "nobody",
            Access::Basic => "basic",
            Access::Exchange => "exchange",
            Access::Bearer => "bearer",
        };
        let mut command = Command::new(&self.python);
        command.arg("-B").arg(deeds).args(words);
        command.env("HOST", self.house.host()).env("ACCESS", access);
        command.env("SECRET", &self.house.token);
        command.env("HOME", self.house.folder("home"));
        // Whoever asks is one of these, and nobody that this machine knows.
        command.env("DOCKER_CONFIG", self.house.folder("home"));
        command
    }

    fn does(&self, words: &[&str]) -> Value {
        document(&mut self.command(words))
    }

    /// What is answered to a request for which the client has no call.
    fn ask(&self, method: &str, path: &str) -> Value {
        self.does(&["ask", method, path])
    }

    fn put(&self, path: &str, media: &str, document: &Value) -> Value {
        self.does(&["ask", "PUT", path, media, &document.to_string()])
    }

    /// The digest of the manifest that a tag leads to.
    fn digest(&self, repository: &str, tag: &str) -> String {
        let answer = self.ask("HEAD", &format!("/v2/{repository}/manifests/{tag}"));
        let digest = &answer["headers"]["docker-content-digest"];
        digest
            .as_str()
            .unwrap_or_else(|| panic!("{answer}"))
            .to_owned()
    }
}

/// A file as the client is told of a layer.
fn layer(path: &Path, media: &str) -> String {
    format!("{}:{media}", text(path))
}

#[test]
fn a_component_of_another_client_is_a_release() {
    let Some(oras) = Oras::find() else {
        return;
    };
    let bytes = clock();
    let file = oras.house.file("clock.wasm", &bytes);
    let file = layer(&file, "application/wasm");
    let ways = [Access::Basic, Access::Exchange, Access::Bearer];
    for (number, access) in ways.into_iter().enumerate() {
        let target = format!("acme/clock:1.0.{number}");
        let answer = oras.with(access).does(&["push", &target, &file]);
        assert_eq!(answer["status"], 201, "{access:?}: {answer}");
    }
    // Nobody may not push, and everybody may pull.
    let nobody = oras.with(Access::Nobody);
    let said = refused(&mut nobody.command(&["push", "acme/clock:1.1.0", &file]));
    assert!(said.contains("Unauthorized"), "{said}");
    let versions = json!(["1.0.0", "1.0.1", "1.0.2"]);
    for access in [
        Access::Nobody,
        Access::Basic,
        Access::Exchange,
        Access::Bearer,
    ] {
        let client = oras.with(access);
        assert_eq!(client.does(&["tags", "acme/clock"]), versions, "{access:?}");
        let folder = oras.house.folder(&format!("pulled-{access:?}"));
        let pulled = client.does(&["pull", "acme/clock:1.0.1", text(&folder)]);
        assert_eq!(pulled, json!(["clock.wasm"]));
        assert_eq!(fs::read(folder.join("clock.wasm")).unwrap(), bytes);
    }
    // Whoever has nothing but the pin verifies it, and composes with it.
    let reader = User::who_reads(&oras.house.registry.url(), &oras.house.registry.pin);
    let verified = reader.ok(&["verify", "acme:clock@1.0.2"]);
    assert!(verified.contains("attested by the registry"), "{verified}");
    reader.ok(&["get", "acme:clock@^1", "-o", "clock.wasm"]);
    assert_eq!(fs::read(reader.at("clock.wasm")).unwrap(), bytes);
    // A release stays, whoever wants it gone.
    let said = refused(&mut oras.command(&["delete", "acme/clock:1.0.0"]));
    assert!(said.contains("releases stay"), "{said}");
    assert_eq!(oras.does(&["tags", "acme/clock"]), versions);
    // What is released here is pulled there.
    let other = oras
        .house
        .file("other.wasm", &wat::parse_str("(component)").unwrap());
    oras.house.user.publish(&other, "acme:other", "0.1.0");
    let folder = oras.house.folder("pulled-native");
    let pulled = nobody.does(&["pull", "acme/other:0.1.0", text(&folder)]);
    let name = pulled[0].as_str().unwrap();
    assert_eq!(
        fs::read(folder.join(name)).unwrap(),
        fs::read(&other).unwrap(),
        "{pulled}"
    );
}

#[test]
fn content_in_chunks_is_mounted_elsewhere_and_deleted() {
    let Some(oras) = Oras::find() else {
        return;
    };
    let bytes = noise(1, 2_500_001);
    let digest = Digest::of(&bytes).to_string();
    let file = oras.house.file("noise", &bytes);
    for access in [Access::Basic, Access::Exchange, Access::Bearer] {
        let repository = format!("acme/chunks-{access:?}").to_lowercase();
        let answer = oras
            .with(access)
            .does(&["chunked", &repository, text(&file), "400000"]);
        assert_eq!(answer["status"], 201, "{access:?}: {answer}");
        assert_eq!(
            (&answer["before"], &answer["after"]),
            (&json!(false), &json!(true))
        );
        let asked = oras
            .house
            .asked(&format!("/v2/{repository}/blobs/uploads/"));
        let chunks = asked
            .iter()
            .filter(|(method, _, status)| method == "PATCH" && *status == 202);
        assert_eq!(chunks.count(), 7, "{asked:?}");
    }
    let found = oras.does(&["blob", "acme/chunks-basic", &digest]);
    let hex = digest.strip_prefix("sha256:").unwrap();
    assert_eq!(
        found,
        json!({ "status": 200, "size": bytes.len(), "sha256": hex })
    );
    // The client has no call to mount with.
    let path = format!("/v2/acme/mounted/blobs/uploads/?mount={digest}&from=acme/chunks-basic");
    assert_eq!(oras.ask("POST", &path)["status"], 201);
    let found = oras.does(&["blob", "acme/mounted", &digest]);
    assert_eq!(found["sha256"], hex);
    // Nor to delete content with.
    let path = format!("/v2/acme/mounted/blobs/{digest}");
    assert_eq!(oras.ask("DELETE", &path)["status"], 202);
    assert_eq!(oras.ask("HEAD", &path)["status"], 404);
    let found = oras.does(&["blob", "acme/chunks-basic", &digest]);
    assert_eq!(found["sha256"], hex);
}

#[test]
fn an_artefact_of_several_layers_has_referrers() {
    let Some(oras) = Oras::find() else {
        return;
    };
    let files = [("one", "application/x.one"), ("two", "text/plain")];
    let files = files.map(|(name, media)| {
        let bytes = noise(name.len() as u64, 1_000);
        layer(&oras.house.file(name, &bytes), media)
    });
    let answer = oras.does(&["push", "acme/art:stuff", &files[0], &files[1]]);
    assert_eq!(answer["status"], 201, "{answer}");
    let manifest = oras.does(&["manifest", "acme/art:stuff"]);
    let layers = manifest["layers"].as_array().unwrap();
    let media: Vec<_> = layers.iter().map(|layer| &layer["mediaType"]).collect();
    assert_eq!(media, ["application/x.one", "text/plain"]);
    assert_eq!(manifest["annotations"]["org.example.by"], "second client");
    let folder = oras.house.folder("art");
    let pulled = oras.does(&["pull", "acme/art:stuff", text(&folder)]);
    assert_eq!(pulled, json!(["one", "two"]));
    for name in ["one", "two"] {
        let pushed = oras.house.folder("files").join(name);
        assert_eq!(
            fs::read(folder.join(name)).unwrap(),
            fs::read(pushed).unwrap()
        );
    }
    // An index of it, and what refers to it: the client pushes image manifests only, so these are plain requests.
    let subject = oras.digest("acme/art", "stuff");
    let size = oras.ask("GET", "/v2/acme/art/manifests/stuff")["body"]
        .as_str()
        .unwrap()
        .len();
    let descriptor = json!({ "mediaType": MANIFEST, "digest": subject, "size": size });
    let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [descriptor] });
    let answer = oras.put("/v2/acme/art/manifests/list", INDEX, &index);
    assert_eq!(answer["status"], 201, "{answer}");
    let list = oras.ask("GET", "/v2/acme/art/manifests/list");
    assert_eq!(list["headers"]["content-type"], INDEX);
    assert_eq!(list["body"], index.to_string());
    let mut said = manifest.clone();
    said["subject"] = descriptor;
    for (number, kind) in ["application/x.signature", "application/x.bill"]
        .iter()
        .enumerate()
    {
        said["artifactType"] = json!(kind);
        let tag = format!("/v2/acme/art/manifests/said-{number}");
        let answer = oras.put(&tag, MANIFEST, &said);
        assert_eq!(
            answer["headers"]["oci-subject"],
            subject.as_str(),
            "{answer}"
        );
    }
    let referrers = |query: &str| {
        let path = format!("/v2/acme/art/referrers/{subject}{query}");
        let answer = oras.with(Access::Nobody).ask("GET", &path);
        assert_eq!(answer["status"], 200, "{answer}");
        let index: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
        let all = index["manifests"].as_array().unwrap().clone();
        let mut kinds: Vec<_> = all
            .iter()
            .map(|one| one["artifactType"].as_str().unwrap().to_owned())
            .collect();
        kinds.sort();
        kinds
    };
    assert_eq!(
        referrers(""),
        ["application/x.bill", "application/x.signature"]
    );
    assert_eq!(
        referrers("?artifactType=application%2Fx.bill"),
        ["application/x.bill"]
    );
    // `tenon` shows them.
    let place = format!("oci://{}/acme/art:stuff", oras.house.host());
    let shown = oras.house.user.json(&["info", &place]);
    let shown = shown["manifest"]["referrers"].as_array().unwrap();
    assert_eq!(shown.len(), 2, "{shown:?}");
    // Without its manifest a tag is gone.
    assert_eq!(oras.does(&["delete", "acme/art:stuff"]), true);
    let answer = oras.ask("GET", "/v2/acme/art/manifests/stuff");
    assert_eq!(answer["status"], 404);
}

#[test]
fn ten_thousand_tags_are_seen_once_and_in_order() {
    let Some(oras) = Oras::find() else {
        return;
    };
    let file = oras.house.file("one", b"one");
    let answer = oras.does(&["push", "acme/many:t00000", &layer(&file, "text/plain")]);
    assert_eq!(answer["status"], 201, "{answer}");
    let digest = oras.digest("acme/many", "t00000");
    let answer = oras.does(&["many", "acme/many", &digest, &MANY.to_string()]);
    assert_eq!(answer["status"], 201, "{answer}");
    let expected: Vec<_> = (0..MANY).map(|number| format!("t{number:05}")).collect();
    let nobody = oras.with(Access::Nobody);
    // Without `n` it is all of them, which is how this client asks.
    assert_eq!(nobody.does(&["tags", "acme/many"]), json!(expected));
    let sizes = [97_usize, 1_000, 3_333, 9_999, 10_000, 20_000];
    let words: Vec<_> = sizes.iter().map(ToString::to_string).collect();
    let words = words.iter().map(String::as_str);
    let words: Vec<_> = ["pages", "acme/many"].into_iter().chain(words).collect();
    let answers = nobody.does(&words);
    for (size, answer) in sizes.into_iter().zip(answers.as_array().unwrap()) {
        assert_eq!(answer["tags"], json!(expected), "by {size}");
        let pages = answer["pages"].as_array().unwrap();
        let pages: Vec<_> = pages
            .iter()
            .map(|page| page.as_u64().unwrap() as usize)
            .collect();
        let (last, full) = pages.split_last().unwrap();
        assert!(
            full.iter().all(|page| *page == size),
            "by {size}: {pages:?}"
        );
        assert!(*last <= size, "by {size}: {pages:?}");
    }
    // Ours sees them, too.
    let mut tenon = binary("tenon");
    let place = format!("oci://{}", oras.house.host());
    fs::write(
        oras.house.user.at("config/config.toml"),
        format!("[namespaces]\nacme = \"{place}\"\n"),
    )
    .unwrap();
    tenon.args(["info", "acme:many", "--json"]);
    tenon.env("TENON_CONFIG_DIR", oras.house.user.at("config"));
    tenon.env("TENON_CACHE_DIR", oras.house.user.at("cache"));
    tenon.env("TENON_STATE_DIR", oras.house.user.at("state"));
    let shown = document(&mut tenon);
    assert_eq!(shown["tags"], json!(expected));
}

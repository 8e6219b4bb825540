//! `skopeo`, before a registry of ours.

use crate::house::{Access, House, clock, noise};
use crate::layout::{Layout, MANIFEST};
use crate::program::{document, find, printed, refused, text};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use tenon_registry_client::Digest;

struct Skopeo {
    program: PathBuf,
    house: House,
}

impl Skopeo {
    /// The program, if it is here.
    fn find() -> Option<Skopeo> {
        let program = find("skopeo", "TENON_SKOPEO")?;
        let house = House::open();
        Some(Skopeo { program, house })
    }

    fn command(&self, words: &[&str]) -> Command {
        let home = self.house.folder("home");
        let mut command = Command::new(&self.program);
        command.args(["--insecure-policy", "--tmpdir", text(&home)]);
        command.args(words).env("HOME", &home);
        for variable in ["XDG_RUNTIME_DIR", "REGISTRY_AUTH_FILE", "XDG_DATA_HOME"] {
            command.env_remove(variable);
        }
        command
    }

    /// What is in the registry, as the program names it.
    fn at(&self, place: &str) -> String {
        format!("docker://{}/{place}", self.house.host())
    }

    /// The options by which it says who asks; `side` is `--dest-` or `--src-`, or `--` where there is one place.
    fn access(&self, side: &str, access: Access) -> Vec<String> {
        let token = &self.house.token;
        let mut words = vec![format!("{side}tls-verify=false")];
        words.extend(match access {
            Access::Nobody => None,
            Access::Basic | Access::Exchange => Some(format!("{side}creds=someone:{token}")),
            Access::Bearer => Some(format!("{side}registry-token={token}")),
        });
        words
    }

    fn copy(&self, from: &str, to: &str, access: Access) -> Command {
        let mut words = vec![
            "copy".to_owned(),
            "--preserve-digests".to_owned(),
            "--all".to_owned(),
        ];
        if from.starts_with("docker:") {
            words.extend(self.access("--src-", Access::Nobody));
        }
        if to.starts_with("docker:") {
            words.extend(self.access("--dest-", access));
        }
        words.extend([from.to_owned(), to.to_owned()]);
        self.command(&words.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn tags(&self, repository: &str) -> Value {
        let place = self.at(repository);
        let listed = document(&mut self.command(&["list-tags", "--tls-verify=false", &place]));
        listed["Tags"].clone()
    }

    fn delete(&self, place: &str) -> Command {
        let place = self.at(place);
        let creds = format!("--creds=someone:{}", self.house.token);
        self.command(&["delete", "--tls-verify=false", &creds, &place])
    }
}

#[test]
fn images_are_pushed_mounted_pulled_and_deleted() {
    let Some(skopeo) = Skopeo::find() else {
        return;
    };
    let mut layout = Layout::new(&skopeo.house.folder("layout"));
    let first = layout.image("amd64", &[&noise(1, 1_500_000), &noise(2, 999)]);
    let second = layout.image("arm64", &[&noise(3, 200_000), &noise(2, 999)]);
    let index = layout.index(&[("amd64", first.clone()), ("arm64", second)]);
    layout.name("one", first.clone());
    layout.name("all", index.clone());
    let from = |name: &str| format!("oci:{}:{name}", text(&layout.folder));
    for (tag, access) in [("exchange", Access::Exchange), ("bearer", Access::Bearer)] {
        let to = skopeo.at(&format!("acme/image:{tag}"));
        printed(&mut skopeo.copy(&from("one"), &to, access));
    }
    let said = refused(&mut skopeo.copy(&from("one"), &skopeo.at("acme/image:no"), Access::Nobody));
    assert!(said.contains("unauthorized"), "{said}");
    // It sends content in chunks, whose length it does not say.
    let asked = skopeo.house.asked("/v2/acme/image/blobs/uploads/");
    assert!(
        asked
            .iter()
            .any(|(method, _, status)| method == "PATCH" && *status == 202),
        "{asked:?}"
    );
    // What podman keeps, it takes as well; and an index comes with all that it lists.
    let auth = skopeo.house.folder("home").join("auth.json");
    let (host, token) = (skopeo.house.host(), &skopeo.house.token);
    let login = [
        "login",
        "--tls-verify=false",
        "--username=someone",
        "--password",
        token,
        &host,
    ];
    printed(skopeo.command(&login).env("REGISTRY_AUTH_FILE", &auth));
    let mut copy = skopeo.copy(&from("all"), &skopeo.at("acme/image:all"), Access::Nobody);
    printed(copy.env("REGISTRY_AUTH_FILE", &auth));
    assert_eq!(
        skopeo.tags("acme/image"),
        json!(["all", "bearer", "exchange"])
    );
    let place = skopeo.at("acme/image:all");
    let raw = printed(&mut skopeo.command(&["inspect", "--tls-verify=false", "--raw", &place]));
    assert_eq!(
        Digest::of(raw.as_bytes()).to_string(),
        index["digest"].as_str().unwrap()
    );

    // To another repository, nothing is sent again.
    let (source, target) = (skopeo.at("acme/image:all"), skopeo.at("acme/mounted:all"));
    printed(&mut skopeo.copy(&source, &target, Access::Exchange));
    let asked = skopeo.house.asked("/v2/acme/mounted/blobs/uploads/");
    let count = |method: &str, status: u64| {
        let same = asked
            .iter()
            .filter(|(it, _, said)| it == method && *said == status);
        same.count()
    };
    // Three layers are mounted; it sends configurations as they are.
    assert_eq!(
        (count("POST", 201), count("PATCH", 202)),
        (3, 2),
        "{asked:?}"
    );

    let back = skopeo.house.folder("back");
    let to = format!("oci:{}:all", text(&back));
    printed(&mut skopeo.copy(&skopeo.at("acme/mounted:all"), &to, Access::Nobody));
    assert_eq!(Layout::content(&back), Layout::content(&layout.folder));

    // With the manifest, all its tags go.
    printed(&mut skopeo.delete("acme/image:bearer"));
    assert_eq!(skopeo.tags("acme/image"), json!(["all"]));
    assert_eq!(skopeo.tags("acme/mounted"), json!(["all"]));
}

#[test]
fn a_component_is_a_release_whoever_brings_it() {
    let Some(skopeo) = Skopeo::find() else {
        return;
    };
    let bytes = clock();
    let mut layout = Layout::new(&skopeo.house.folder("layout"));
    let manifest = json!({
        "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": "application/wasm",
        "config": layout.blob("application/vnd.oci.empty.v1+json", b"{}"),
        "layers": [layout.blob("application/wasm", &bytes)],
    });
    let manifest = layout.blob(MANIFEST, manifest.to_string().as_bytes());
    layout.name("clock", manifest);
    let from = format!("oci:{}:clock", text(&layout.folder));
    let to = skopeo.at("acme/clock:0.3.0");
    printed(&mut skopeo.copy(&from, &to, Access::Exchange));
    let user = &skopeo.house.user;
    user.ok(&["verify", "acme:clock@0.3.0"]);
    user.ok(&["get", "acme:clock@0.3.0", "-o", "clock.wasm"]);
    assert_eq!(fs::read(user.at("clock.wasm")).unwrap(), bytes);
    let said = refused(&mut skopeo.delete("acme/clock:0.3.0"));
    assert!(said.contains("releases stay"), "{said}");
    // It is yanked here, and is not listed there; by its name it is had all the same.
    user.ok(&["yank", "acme:clock@0.3.0", "--reason", "mistake", "--yes"]);
    assert_eq!(skopeo.tags("acme/clock"), json!([]));
    let to = format!("oci:{}:clock", text(&skopeo.house.folder("back")));
    printed(&mut skopeo.copy(&skopeo.at("acme/clock:0.3.0"), &to, Access::Nobody));
}

//! Our client, before Debian's `docker-registry`, which keeps no log and lists no referrers.

use crate::house::noise;
use crate::program::{find, text};
use crate::user::User;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tenon_registry_client::Digest;
use tenon_tests::example::folder;

/// `someone` and `open sesame`, as `htpasswd -B` writes them.
const PASSWORDS: &str = "someone:$2b$04$r099Emb4TYVPLDGpT0Tk6.1knzpqZ4OlyfsAsNuIr945U0RHaFl4.\n";
/// The same, as docker keeps them.
const AUTH: &str = "c29tZW9uZTpvcGVuIHNlc2FtZQ==";

/// A registry, as long as the test runs.
struct Docker {
    child: Child,
    host: String,
    dir: tempfile::TempDir,
}

impl Docker {
    /// The registry, if the program is here.
    fn start(asks_for_a_password: bool) -> Option<Docker> {
        let program = find("docker-registry", "TENON_DOCKER_REGISTRY")?;
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::write(at("passwords"), PASSWORDS).unwrap();
        let mut config = json!({
            "version": "0.1",
            "log": { "level": "info", "accesslog": { "disabled": true } },
            "storage": { "filesystem": { "rootdirectory": at("data") }, "delete": { "enabled": true } },
            "http": { "addr": "127.0.0.1:0", "secret": "of this test" },
        });
        if asks_for_a_password {
            let passwords = json!({ "realm": "here", "path": at("passwords") });
            config["auth"] = json!({ "htpasswd": passwords });
        }
        // JSON is YAML.
        fs::write(at("config.yml"), config.to_string()).unwrap();
        let log = fs::File::create(at("log")).unwrap();
        let mut command = Command::new(program);
        command
            .arg("serve")
            .arg(at("config.yml"))
            .stdin(Stdio::null());
        let child = command.stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let mut docker = Docker {
            child,
            host: String::new(),
            dir,
        };
        docker.host = docker.listens();
        Some(docker)
    }

    /// Where it says that it listens.
    fn listens(&mut self) -> String {
        let begun = Instant::now();
        loop {
            let log = fs::read_to_string(self.dir.path().join("log")).unwrap();
            let found = log.split("listening on ").nth(1);
            if let Some((host, _)) = found.and_then(|rest| rest.split_once('"')) {
                return host.to_owned();
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "{log}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Docker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Has the user's namespace `other` come from a registry.
fn map(user: &User, docker: &Docker) {
    let lines = format!("[namespaces]\nother = \"oci://{}\"\n", docker.host);
    fs::create_dir_all(user.at("config")).unwrap();
    fs::write(user.at("config/config.toml"), lines).unwrap();
}

/// A component that holds more than is sent at once.
fn large() -> Vec<u8> {
    let noise = noise(7, 20 << 20);
    let mut bytes = wat::parse_str("(component)").unwrap();
    // A custom section, called `n`.
    let mut length = noise.len() + 2;
    bytes.push(0);
    while length >= 0x80 {
        bytes.push(length as u8 | 0x80);
        length >>= 7;
    }
    bytes.extend([length as u8, 1, b'n']);
    bytes.extend(noise);
    bytes
}

#[test]
fn what_is_published_to_docker_registry_is_had_back() {
    let Some(docker) = Docker::start(false) else {
        return;
    };
    let user = User::new();
    map(&user, &docker);
    let parts = folder().join("logger");
    let part = |name: &str| text(&parts.join(name)).to_owned();
    let (logger, clock) = (part("logger.wat"), part("clock.wat"));
    user.ok(&["plug", &logger, "--plug", &clock, "-o", "made.wasm"]);
    let made = ["--oci", "--package", "other:made", "--yes", "--version"];
    let words = |file, version| [&["publish", file], &made[..], &[version]].concat();
    let published = user.json(&words("made.wasm", "1.0.0"));
    assert_eq!(published["state"], "published");
    let pinned = published["pinned"].as_str().unwrap();
    let bytes = fs::read(user.at("made.wasm")).unwrap();
    for (name, place) in [
        (
            "tag.wasm",
            format!("oci://{}/other/made:1.0.0", docker.host),
        ),
        ("digest.wasm", pinned.to_owned()),
        ("package.wasm", "other:made@^1".to_owned()),
    ] {
        let said = user.ok(&["get", &place, "-o", name]);
        assert!(said.contains("is unverified: no log has it"), "{said}");
        assert_eq!(fs::read(user.at(name)).unwrap(), bytes, "{place}");
    }

    // The bill of materials is in the tag that clients use where a registry lists no referrers.
    let shown = user.json(&["info", "other:made"]);
    let referrers = shown["manifest"]["referrers"].as_array().unwrap();
    assert_eq!(referrers.len(), 1, "{shown}");
    assert_eq!(referrers[0]["digest"], published["bill_of_materials"]);
    assert_eq!(
        shown["versions"][0]["content"]["digest"],
        published["digest"]
    );
    let manifest = published["manifest"].as_str().unwrap();
    assert_eq!(shown["tags"], json!([manifest.replace(':', "-")]));

    // What breaks is refused, and so is another one under the same version; `latest` moves.
    let said = user.fails(1, "publish::breaking", &words(&clock, "1.1.0"));
    assert!(said.contains("1.0.0, which it breaks:"), "{said}");
    let allowed = [words(&clock, "1.1.0"), vec!["--allow-breaking"]].concat();
    user.ok(&allowed);
    user.fails(1, "oci::version", &words(&clock, "1.0.0"));
    let latest = format!("oci://{}/other/made:latest", docker.host);
    user.ok(&["publish", "made.wasm", &latest, "--yes"]);
    user.ok(&["publish", &clock, &latest, "--yes"]);
    let shown = user.json(&["info", &latest]);
    assert_eq!(shown["manifest"]["content"]["digest"], digest(&clock));

    // More than is sent at once.
    fs::write(user.at("large.wasm"), large()).unwrap();
    user.ok(&[
        "publish",
        "large.wasm",
        "--oci",
        "--package",
        "other:large",
        "--version",
        "0.1.0",
        "--yes",
    ]);
    user.ok(&["get", "other:large", "-o", "back.wasm"]);
    assert_eq!(fs::read(user.at("back.wasm")).unwrap(), large());
}

/// The digest of a component that is given as text.
fn digest(file: &str) -> Value {
    let bytes = wat::parse_file(Path::new(file)).unwrap();
    Digest::of(&bytes).to_string().into()
}

#[test]
fn docker_registry_is_shown_the_password_that_docker_keeps() {
    let Some(docker) = Docker::start(true) else {
        return;
    };
    let user = User::new();
    map(&user, &docker);
    let clock = text(&folder().join("logger/clock.wat")).to_owned();
    let words = [
        "publish",
        &*clock,
        "--oci",
        "--package",
        "other:clock",
        "--version",
        "1.0.0",
        "--yes",
    ];
    user.fails(1, "oci::login", &words);
    fs::create_dir_all(user.at("home/.docker")).unwrap();
    let keep = |auth: &str| {
        let kept = json!({ "auths": { &docker.host: { "auth": auth } } });
        fs::write(user.at("home/.docker/config.json"), kept.to_string()).unwrap();
    };
    keep("c29tZW9uZTp3cm9uZw==");
    user.fails(1, "oci::login", &words);
    keep(AUTH);
    user.ok(&words);
    user.ok(&["get", "other:clock", "-o", "clock.wasm"]);
    keep("c29tZW9uZTp3cm9uZw==");
    user.fails(1, "oci::login", &["info", "other:clock"]);
}

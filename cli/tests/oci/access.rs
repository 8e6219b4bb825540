//! What registries are convinced with, and where that is from.

use crate::oci_registry::{Access, OciRegistry, base64};
use crate::place;
use crate::place::{Place, Said};
use std::fs;
use std::os::unix::fs::PermissionsExt;

struct Scene {
    registry: OciRegistry,
    place: Place,
}

impl Scene {
    fn new() -> Scene {
        let registry = OciRegistry::start();
        registry.has("other/log", "1.0.0", b"\0asm");
        registry.world().access = Access::Basic("me", "sesame");
        let place = place();
        Scene { registry, place }
    }

    fn get(&self, variables: &[(&str, &str)]) -> Said {
        let named = format!("oci://{}/other/log:1.0.0", self.registry.host());
        let mut command = self.place.tenon(&["get", &named, "-o", "got.wasm"]);
        command
            .env("HOME", self.place.at("home"))
            .env_remove("XDG_RUNTIME_DIR");
        command
            .env_remove("DOCKER_CONFIG")
            .env_remove("REGISTRY_AUTH_FILE");
        for (name, value) in variables {
            command.env(name, self.place.at(value));
        }
        let said = Said::of(command.output().unwrap());
        assert!(
            !said.err.contains("sesame") && !said.err.contains(&base64("me:sesame")),
            "{}",
            said.err
        );
        said
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.place.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn auths(&self) -> String {
        format!(
            "{{\"auths\":{{\"{}\":{{\"auth\":\"{}\"}}}}}}",
            self.registry.host(),
            base64("me:sesame")
        )
    }
}

#[test]
fn credentials_of_other_tools_are_used() {
    let scene = Scene::new();
    assert!(scene.get(&[]).err.contains("error[oci::login]"));
    for (path, variable) in [
        ("home/.docker/config.json", None),
        ("docker/config.json", Some(("DOCKER_CONFIG", "docker"))),
        ("run/containers/auth.json", Some(("XDG_RUNTIME_DIR", "run"))),
        ("xdg/containers/auth.json", None),
        ("named.json", Some(("REGISTRY_AUTH_FILE", "named.json"))),
    ] {
        scene.write(path, &scene.auths());
        let variable: Vec<_> = variable.into_iter().collect();
        let said = scene.get(&variable);
        assert_eq!(said.code, Some(0), "{path}: {}", said.err);
        fs::remove_file(scene.place.at(path)).unwrap();
    }
    let auth = format!(
        "[registry.\"{}\".oci]\nauth = {{ username = \"me\", password = \"sesame\" }}\n",
        scene.registry.host()
    );
    scene.write("xdg/wasm-pkg/config.toml", &auth);
    assert_eq!(scene.get(&[]).code, Some(0));
    // What is named is looked at in place of all others.
    scene.write("named.json", "{}");
    fs::remove_file(scene.place.at("xdg/wasm-pkg/config.toml")).unwrap();
    scene.write("home/.docker/config.json", &scene.auths());
    assert!(
        scene
            .get(&[("REGISTRY_AUTH_FILE", "named.json")])
            .err
            .contains("error[oci::login]")
    );
    // What cannot be read is told, without what is in it.
    scene.write("named.json", "{ \"auths\": \"sesame\" }");
    let said = scene.get(&[("REGISTRY_AUTH_FILE", "named.json")]);
    assert!(
        said.err.contains("error[registry::credentials]") && said.err.contains("named.json"),
        "{}",
        said.err
    );
}

#[test]
fn a_helper_is_asked_for_the_registry_that_asks() {
    let scene = Scene::new();
    scene.write("bin/docker-credential-test", "#!/bin/sh\nread server\nprintf %s \"$server\" >> \"$HOME/asked\"\necho \"{\\\"Username\\\":\\\"me\\\",\\\"Secret\\\":\\\"sesame\\\"}\"\n");
    fs::set_permissions(
        scene.place.at("bin/docker-credential-test"),
        fs::Permissions::from_mode(0o755),
    )
    .unwrap();
    let host = scene.registry.host();
    scene.write(
        "home/.docker/config.json",
        &format!("{{\"credHelpers\":{{\"{host}\":\"test\",\"other.example\":\"test\"}}}}"),
    );
    let named = format!("oci://{host}/other/log:1.0.0");
    let mut command = scene.place.tenon(&["get", &named, "-o", "got.wasm"]);
    let path = format!(
        "{}:{}",
        scene.place.at("bin").display(),
        std::env::var("PATH").unwrap()
    );
    command
        .env("HOME", scene.place.at("home"))
        .env("PATH", path);
    command
        .env_remove("DOCKER_CONFIG")
        .env_remove("REGISTRY_AUTH_FILE")
        .env_remove("XDG_RUNTIME_DIR");
    let said = Said::of(command.output().unwrap());
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(
        fs::read_to_string(scene.place.at("home/asked")).unwrap(),
        host
    );
    // One that is no plain name, or is not there.
    for (helper, words) in [("../test", "is no program"), ("gone", "cannot be used")] {
        scene.write(
            "home/.docker/config.json",
            &format!("{{\"credHelpers\":{{\"{host}\":\"{helper}\"}}}}"),
        );
        let said = scene.get(&[]);
        assert!(
            said.err.contains("error[registry::credentials]") && said.err.contains(words),
            "{}",
            said.err
        );
    }
}

#[test]
fn nothing_is_looked_for_before_a_registry_asks() {
    let scene = Scene::new();
    scene.registry.world().access = Access::Open;
    scene.write("home/.docker/config.json", "broken");
    assert_eq!(scene.get(&[]).code, Some(0));
    let asked = scene.registry.asked("");
    assert!(
        asked
            .iter()
            .all(|asked| asked.header("authorization").is_none())
    );
}

#[test]
fn a_token_of_tenon_goes_to_its_registry_only() {
    let scene = Scene::new();
    let token = format!("tnr_{}_{}", "0123456789abcdef", "5a".repeat(32));
    let keep = |url: &str| {
        scene.write(
            "config/credentials.toml",
            &format!("[\"{url}\"]\ntoken = \"{token}\"\n"),
        );
        let private = fs::Permissions::from_mode(0o600);
        fs::set_permissions(scene.place.at("config/credentials.toml"), private).unwrap();
    };
    keep("http://127.0.0.1:1");
    assert!(scene.get(&[]).err.contains("error[oci::login]"));
    keep(&format!("http://{}", scene.registry.host()));
    let said = scene.get(&[]);
    assert!(
        said.err.contains("error[oci::login]") && !said.err.contains(&token),
        "{}",
        said.err
    );
    let shown = scene
        .registry
        .asked("")
        .into_iter()
        .filter_map(|asked| asked.header("authorization").map(str::to_owned));
    assert_eq!(
        shown.collect::<Vec<_>>(),
        [format!("Basic {}", base64(&format!("token:{token}")))]
    );
}

//! The private log of a registry, for who names what is in it by its place.

use super::*;

/// A user who is logged in to the private log, and to nothing else.
fn user(server: &Server) -> User {
    let user = User {
        folder: tempfile::tempdir().unwrap(),
    };
    let (url, pin) = server.private.as_ref().unwrap();
    user.ok(&["registry", "add", "local", url, pin, "--namespace", "corp"]);
    user.logged_in(&server.token);
    user.write("log.wat", &component(&[], &["log"]));
    user
}

#[test]
fn the_token_for_a_private_log_is_used_for_its_places() {
    let server = Server::with_private_log();
    let user = user(&server);
    let host = server.url.strip_prefix("http://").unwrap();
    user.ok(&["key", "generate", "corp/owner"]);
    user.ok(&["namespace", "create", "corp", "--yes"]);
    user.publish("log.wat", "corp:log", "1.0.0");
    let log = format!("oci://{host}/private/corp/log:1.0.0");
    let said = user.ok(&["get", &log, "-o", "got.wasm"]);
    // The log that has it is the private one.
    assert!(
        said.contains("the log of the registry `local` was not asked")
            && said.contains("`tenon get corp:log@1.0.0` verifies it by that log"),
        "{said}"
    );
    let edge = format!("oci://{host}/private/corp/edge:edge");
    user.ok(&["publish", "log.wat", "--oci", &edge, "--yes"]);
    user.ok(&["info", &edge]);
    user.write("app.wat", &component(&["log"], &["run"]));
    user.ok(&["plug", "app.wat", "--plug", &log, "-o", "shop.wasm"]);
    // A version that is pushed there is a release of that log.
    let next = format!("oci://{host}/private/corp/log:1.1.0");
    let said = user.ok(&["publish", "log.wat", "--oci", &next, "--dry-run"]);
    assert!(
        said.contains("that of `local`: the registry releases it as `corp:log@1.1.0`"),
        "{said}"
    );
    // A namespace that is there by its place.
    let config = fs::read_to_string(user.at("config/config.toml")).unwrap();
    let mapped = format!("corp = \"oci://{host}/private\"");
    let config = config.replace("corp = \"local\"", &mapped);
    assert!(config.contains(&mapped), "{config}");
    user.write("config/config.toml", &config);
    user.ok(&["get", "corp:log", "-o", "mapped.wasm"]);
    user.write(
        "tenon.toml",
        "[package]\nname = \"corp:shop\"\n\n[dependencies]\n\"corp:log\" = \"^1\"\n",
    );
    user.ok(&["lock"]);
    user.ok(&["verify", "corp:log"]);
    // Whoever is not logged in is told what to do.
    fs::remove_file(user.at("config/credentials.toml")).unwrap();
    let said = user.fails(1, "oci::login", &["get", &log, "-o", "none.wasm"]);
    assert!(said.contains("with `tenon login`"), "{said}");
    assert!(!user.at("none.wasm").exists());
}

#[test]
fn a_token_in_the_environment_is_for_the_log_that_is_meant() {
    let server = Server::with_private_log();
    let user = user(&server);
    fs::remove_file(user.at("config/credentials.toml")).unwrap();
    let host = server.url.strip_prefix("http://").unwrap();
    let push = |variables: &[(&str, &str)], repository: &str| {
        let place = format!("oci://{host}/{repository}:edge");
        let mut command = user.tenon(&["publish", "log.wat", "--oci", &place, "--yes"]);
        command.envs(variables.iter().copied());
        let output = command.output().unwrap();
        (output.status.code(), said(&output))
    };
    let token = ("TENON_TOKEN", server.token.as_str());
    let (code, said) = push(&[token], "private/corp/edge");
    assert_eq!(code, Some(0), "{said}");
    // The public half of the registry is not what it is for, nor is what only begins so.
    for repository in ["corp/edge", "privateer/edge"] {
        let (code, said) = push(&[token], repository);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("error[oci::login]: "), "{said}");
    }
    let (name, url) = ("TENON_REGISTRY", "http://127.0.0.1:1");
    user.ok(&["registry", "add", "other", url, &server.pin]);
    let (code, said) = push(&[token, (name, url)], "private/corp/edge");
    assert_eq!(code, Some(1), "{said}");
}

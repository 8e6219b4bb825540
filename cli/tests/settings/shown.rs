//! What `tenon config show` shows.

use super::*;

fn setting<'j>(shown: &'j serde_json::Value, key: &str) -> &'j serde_json::Value {
    let settings = shown["settings"].as_array().unwrap();
    let found: Vec<_> = settings.iter().filter(|one| one["key"] == key).collect();
    assert_eq!(found.len(), 1, "{key}: {shown}");
    found[0]
}

#[test]
fn everything_has_its_origin() {
    let place = Place::new();
    place.write(
        "config/config.toml",
        &format!(
            "default-registry = \"mine\"\n{}max-age = \"2h\"\n{}[namespaces]\nacme = \"mine\"\nours = \"mine\"\n",
            registry("mine", "https://mine.example", PIN),
            registry("both", "https://both.example", PIN),
        ),
    );
    place.write(
        "project/tenon.toml",
        &format!(
            "default-registry = \"both\"\n[package]\nname = \"acme:shop\"\n[namespaces]\nacme = \"both\"\n{}max-age = \"9h\"\n",
            registry("both", "https://mine.example", PIN),
        ),
    );
    place.write(
        "xdg/wasm-pkg/config.toml",
        "[namespace_registries]\nacme = \"a.example\"\nwasi = \"wasi.dev\"\n",
    );
    let (_, text, said) = end(place
        .inside(&["config", "show", "--origin"])
        .env("TENON_TOKEN", format!("tnr_{}", "5ec2e7".repeat(5)))
        .env("HTTPS_PROXY", "http://me:sesame@proxy.example"));
    let (project, user, wkg) = (
        place.at("project/tenon.toml"),
        place.at("config/config.toml"),
        place.at("xdg/wasm-pkg/config.toml"),
    );
    let (project, user, wkg) = (project.display(), user.display(), wkg.display());
    for lines in [
        format!("default-registry = both\n  from `{project}`\n  outweighs `mine` from `{user}`\n"),
        format!(
            "namespaces.acme = both\n  from `{project}`\n  outweighs `mine` from `{user}`\n  outweighs `a.example` from `{wkg}`\n"
        ),
        format!("namespaces.ours = mine\n  from `{user}`\n"),
        format!("namespaces.wasi = wasi.dev\n  from `{wkg}`\n"),
        format!(
            "registries.both.url = https://mine.example\n  from `{project}`\n  outweighs `https://both.example` from `{user}`\n"
        ),
        // The user asks for more of the same log at the same place.
        format!("registries.both.max-age = 2h\n  from `{user}`\n"),
        // It is the same, so nothing is outweighed.
        format!("registries.both.pin = {PIN}\n  from `{project}`\nregistries."),
        "registries.both.witnesses = none\n  by default\n".to_owned(),
        format!("files.project = {project}\n  by default\n"),
        "environment.TENON_TOKEN = (set, and not shown)\n  from `TENON_TOKEN`\n".to_owned(),
        "environment.HTTPS_PROXY = (set, and not shown)\n".to_owned(),
        format!(
            "directories.state = {}\n  from `TENON_STATE_DIR`\n",
            place.at("state").display()
        ),
    ] {
        assert!(text.contains(&lines), "{lines}\nis not in\n{text}");
    }
    assert!(
        !text.contains("5ec2e7") && !text.contains("sesame"),
        "{text}"
    );
    assert_eq!(said, "");
    let (_, plain, _) = end(&mut place.inside(&["config", "show"]));
    assert!(
        plain.contains("namespaces.acme = both\nnamespaces.ours = mine\n"),
        "{plain}"
    );
    let mut command = place.inside(&["config", "show", "--json", "--registry", "mine"]);
    let (_, json, _) = end(command.env("TENON_REGISTRY", "both"));
    let shown: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(shown["schema"], "tenon/config/1");
    let default = setting(&shown, "default-registry");
    assert_eq!(
        (&default["value"], &default["by"]),
        (&"mine".into(), &"flag".into())
    );
    let by: Vec<_> = default["outweighs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["by"])
        .collect();
    assert_eq!(by, ["environment", "project", "user"]);
    assert_eq!(setting(&shown, "namespaces.wasi")["by"], "wkg");
    assert_eq!(setting(&shown, "registries.mine.auditors")["by"], "default");
    assert_eq!(
        setting(&shown, "registries.mine.auditors")["from"],
        serde_json::Value::Null
    );
}

#[test]
fn nothing_is_needed_to_show_it() {
    let place = Place::new();
    let text = place.ok(&["config", "show"]);
    assert!(text.starts_with("files.user = "), "{text}");
    assert!(
        !text.contains("files.project") && !text.contains("registries."),
        "{text}"
    );
}

//! The configuration of wkg, in every shape it can have.

use super::*;

const FILE: &str = "xdg/wasm-pkg/config.toml";

fn which(place: &Place, namespace: &str) -> (Option<i32>, String, String) {
    end(&mut place.tenon(&["registry", "which", namespace]))
}

#[test]
fn a_host_is_the_registry_that_is_there() {
    let place = Place::with_registry();
    let add = |name: &str, url: &str| {
        place.ok(&["registry", "add", name, url, PIN]);
    };
    add("port", "https://registry.example:8443/a");
    add("here", "http://127.0.0.1:8080");
    add("one", "https://two.example/one");
    add("two", "https://two.example/two");
    place.write(
        FILE,
        r#"
        default_registry = "registry.example"
        [namespace_registries]
        plain = "registry.example"
        upper = "REGISTRY.example:443"
        port = "registry.example:8443"
        here = "127.0.0.1:8080"
        both = "two.example"
        other = "registry.example:1"
        below = "registry.example/a"
        custom = { registry = "registry.example", metadata = { preferredProtocol = "oci", oci = { registry = "ghcr.io" } } }
        warg = { registry = "registry.example", metadata = { preferredProtocol = "warg" } }
        escape = "\u001b[31mred"
        UPPER = "registry.example"
        number = 1
        [package_registry_overrides]
        "extra:package" = "registry.example"
        [registry."registry.example".oci]
        auth = { username = "me", password = "sesame" }
        "#,
    );
    for (namespace, name) in [
        ("plain", "corp"),
        ("upper", "corp"),
        ("port", "port"),
        ("here", "here"),
    ] {
        let (_, out, said) = which(&place, namespace);
        assert_eq!(out, format!("{name}\n"), "{said}");
        assert!(said.contains("since wkg's configuration says so"), "{said}");
    }
    for (namespace, host) in [
        ("both", "two.example"),
        ("below", "registry.example/a"),
        ("warg", "registry.example"),
        ("escape", "\u{fffd}[31mred"),
        ("number", "something that tenon does not understand"),
    ] {
        let (code, _, said) = which(&place, namespace);
        assert_eq!(code, Some(2), "{said}");
        let expected =
            format!("error[registry::foreign]: the namespace `{namespace}` comes from `{host}`,");
        assert!(said.starts_with(&expected), "{said}");
        assert!(
            said.contains(&format!("--namespace {namespace}`")),
            "{said}"
        );
        assert!(said.contains("wasm-pkg/config.toml"), "{said}");
    }
    // Where nobody knows of a log, it is asked for as `wkg` would, and called unverified.
    for (namespace, home) in [("other", "registry.example:1"), ("custom", "ghcr.io")] {
        let (code, out, said) = which(&place, namespace);
        assert_eq!((code, out), (Some(0), format!("oci://{home}\n")), "{said}");
        assert!(said.contains("unverified"), "{said}");
        let (_, json, _) = end(&mut place.tenon(&["registry", "which", namespace, "--json"]));
        assert!(json.contains("\"unverified\": true"), "{json}");
    }
    // It says nothing of these: neither its default nor a single package is a namespace.
    for namespace in ["absent", "extra"] {
        let (code, _, said) = which(&place, namespace);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.starts_with("error[registry::none]: "), "{said}");
    }
    // What the user says is more than that.
    place.ok(&[
        "registry",
        "add",
        "port",
        "https://registry.example:8443/a",
        PIN,
        "--namespace",
        "custom",
    ]);
    assert_eq!(which(&place, "custom").1, "port\n");
    let mut command = place.tenon(&["registry", "which", "other", "--registry", "corp"]);
    assert_eq!(end(&mut command).1, "corp\n");
}

#[test]
fn a_variable_names_another_file() {
    let place = Place::with_registry();
    place.write(FILE, "[namespace_registries]\nacme = \"usual.example\"\n");
    place.write(
        "named.toml",
        "[namespace_registries]\nacme = \"registry.example\"\n",
    );
    let with = |path: &str| {
        let mut command = place.tenon(&["registry", "which", "acme"]);
        end(command.env("WKG_CONFIG_FILE", path))
    };
    assert_eq!(with("named.toml").1, "corp\n");
    assert!(with("").2.contains("oci://usual.example,"));
    let (_, _, said) = with("gone.toml");
    assert!(said.starts_with("error[registry::none]: "), "{said}");
}

#[test]
fn a_file_that_cannot_be_used_is_told_of_and_no_more() {
    let place = Place::with_registry();
    place.ok(&[
        "registry",
        "add",
        "corp",
        "https://registry.example",
        PIN,
        "--default",
        "--namespace",
        "mapped",
    ]);
    let long = "#".repeat((1 << 20) + 1);
    for text in [
        "[registry.\"a\".oci]\nauth = { password = \"sesame",
        "\u{1b}[31m",
        &long,
    ] {
        place.write(FILE, text);
        let (_, out, said) = which(&place, "acme");
        assert_eq!(out, "corp\n");
        assert_eq!(said.matches("wkg's configuration").count(), 1, "{said}");
        assert!(said.starts_with("warning: "), "{said}");
        assert!(
            !said.contains("sesame") && !said.contains('\u{1b}'),
            "{said}"
        );
        // Whoever does not need it hears nothing of it.
        assert!(!which(&place, "mapped").2.contains("wkg"));
        let mut command = place.tenon(&["registry", "which", "acme", "--registry", "corp"]);
        assert!(!end(&mut command).2.contains("wkg"));
    }
    fs::remove_file(place.at(FILE)).unwrap();
    assert!(!which(&place, "acme").2.contains("warning"));
    fs::create_dir(place.at(FILE)).unwrap();
    assert!(
        which(&place, "acme")
            .2
            .contains("warning: wkg's configuration")
    );
    let mut command = place.tenon(&["registry", "which", "acme"]);
    let (code, _, said) = end(command.env("WKG_CONFIG_FILE", "/dev/zero"));
    assert_eq!(code, Some(0));
    assert!(said.contains("`/dev/zero` is no plain file"), "{said}");
}

#[test]
fn packages_that_come_from_elsewhere_are_shown_with_their_namespace() {
    let place = Place::with_registry();
    place.write(
        FILE,
        r#"
        [namespace_registries]
        there = { registry = "x.example", metadata = { preferredProtocol = "oci" } }
        [package_registry_overrides]
        "acme:kit" = { registry = "x.example", metadata = { preferredProtocol = "oci", oci = { registry = "ghcr.io", namespacePrefix = "a/" } } }
        "acme:old" = { registry = "x.example", metadata = { preferredProtocol = "warg" } }
        "alone:kit" = "host.example"
        "there:kit" = "registry.example"
        "#,
    );
    let why = "since `package_registry_overrides` in wkg's configuration says so";
    let kit = format!("`acme:kit` comes from oci://ghcr.io/a, {why}; it has no log");
    let old = format!(
        "`acme:old` comes from elsewhere, {why}: the namespace `acme` comes from `x.example`"
    );
    let (code, out, said) = which(&place, "acme");
    assert_eq!((code, &*out), (Some(2), ""), "{said}");
    for line in [&kit, &old] {
        assert!(said.contains(line), "{said}");
    }
    let (_, out, said) = which(&place, "there");
    assert_eq!(out, "oci://x.example\n");
    assert!(
        said.contains(&format!("`there:kit` comes from `corp`, {why}\n")),
        "{said}"
    );
    let (_, _, said) = which(&place, "alone");
    assert!(
        said.contains("`alone:kit` comes from oci://host.example"),
        "{said}"
    );

    let answer = |words: &[&str]| {
        let words = [&["registry", "which", "acme", "--json"], words].concat();
        let (_, out, said) = end(&mut place.tenon(&words));
        assert_eq!(said, "");
        serde_json::from_str::<serde_json::Value>(&out).unwrap()
    };
    place.ok(&["config", "show"]);
    let config = fs::read_to_string(place.at("config/config.toml")).unwrap();
    place.write(
        "config/config.toml",
        &format!("default-registry = \"corp\"\n{config}"),
    );
    let json = answer(&[]);
    assert_eq!(json["mapped"], false);
    assert_eq!(
        json["overrides"][0],
        serde_json::json!({ "package": "acme:kit", "registry": "oci://ghcr.io/a", "unverified": true })
    );
    assert_eq!(json["overrides"][1]["registry"], serde_json::json!(null));
    assert!(json["overrides"][1]["error"].is_string());
    let (_, out, said) = which(&place, "acme");
    assert_eq!(out, "corp\n");
    assert!(said.contains(&kit) && said.contains(&old), "{said}");
    // Where something of ours says where the namespace comes from, that is all of it.
    assert_eq!(
        answer(&["--registry", "corp"])["overrides"],
        serde_json::json!(null)
    );
    place.write(
        "config/config.toml",
        &format!("{config}\n[namespaces]\nacme = \"corp\"\n"),
    );
    let json = answer(&[]);
    assert_eq!(
        (&json["mapped"], &json["overrides"]),
        (&true.into(), &serde_json::json!(null))
    );
}

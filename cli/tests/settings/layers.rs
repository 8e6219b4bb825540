//! What outweighs what.

use super::asker::Asker;
use super::*;

/// Everything that can say where a namespace comes from, from what outweighs the others.
const LAYERS: [&str; 7] = [
    "project-namespace",
    "user-namespace",
    "flag",
    "environment",
    "wkg",
    "project-default",
    "user-default",
];

#[test]
fn of_all_that_speak_the_first_is_heard() {
    let place = Place::new();
    for speaking in 0..1 << LAYERS.len() {
        let says = |layer: &str| {
            let at = LAYERS.iter().position(|known| *known == layer).unwrap();
            speaking & 1 << at != 0
        };
        let file = |of: &str| {
            let mut text = String::new();
            if says(&format!("{of}-default")) {
                text.push_str(&format!("default-registry = \"{of}-default\"\n"));
            }
            if says(&format!("{of}-namespace")) {
                text.push_str(&format!("[namespaces]\nacme = \"{of}-namespace\"\n"));
            }
            text
        };
        let registries = LAYERS.map(|name| registry(name, &format!("https://{name}.example"), PIN));
        place.write(
            "config/config.toml",
            &format!("{}{}", file("user"), registries.concat()),
        );
        place.write("project/tenon.toml", &file("project"));
        let wkg = match says("wkg") {
            true => "[namespace_registries]\nacme = \"wkg.example\"\n",
            false => "",
        };
        place.write("xdg/wasm-pkg/config.toml", wkg);
        let mut command = place.inside(&["registry", "which", "acme", "--json"]);
        if says("flag") {
            command.args(["--registry", "flag"]);
        }
        if says("environment") {
            command.env("TENON_REGISTRY", "environment");
        }
        let (code, out, said) = end(&mut command);
        let speaking: Vec<_> = LAYERS.into_iter().filter(|layer| says(layer)).collect();
        let mapped = says("project-namespace") || says("user-namespace");
        let answer: serde_json::Value = serde_json::from_str(&out).unwrap_or_default();
        let expected = match speaking.first() {
            None => {
                assert!(out.contains("registry::none"), "{out}");
                continue;
            }
            Some(_) if mapped && says("flag") => {
                assert!(out.contains("registry::mapped"), "{speaking:?}: {out}");
                continue;
            }
            Some(first) => *first,
        };
        assert_eq!(code, Some(0), "{speaking:?}: {out}{said}");
        assert_eq!(answer["registry"], expected, "{speaking:?}");
        assert_eq!(answer["mapped"], mapped, "{speaking:?}");
        let (layer, reason) = match expected {
            "flag" | "environment" => (None, expected),
            "wkg" => (Some("wkg"), "namespace"),
            both => {
                let (layer, reason) = both.split_once('-').unwrap();
                (Some(layer), reason)
            }
        };
        assert_eq!(answer["reason"], reason, "{speaking:?}");
        assert_eq!(answer["layer"].as_str(), layer, "{speaking:?}");
    }
}

#[test]
fn a_namespace_of_one_registry_is_asked_for_in_no_other() {
    let place = Place::new();
    let (corp, public) = (Asker::start(), Asker::start());
    let own = registry("corp", &corp.base, PIN) + &registry("public", &public.base, PIN);
    let user = |first: &str, last: &str| {
        place.write("config/config.toml", &format!("{first}\n{own}{last}\n"));
    };
    let project = |text: &str| place.write("project/tenon.toml", text);
    let host = corp.base.strip_prefix("http://").unwrap();
    let wkg = |to: &str| {
        let text = format!("[namespace_registries]\ncorp = {to}\n");
        place.write("xdg/wasm-pkg/config.toml", &text);
    };
    let get = |asked: bool, environment: &str| {
        let mut command = place.inside(&["get", "corp:secret"]);
        let (code, _, said) = end(command.env("TENON_REGISTRY", environment));
        assert_ne!(code, Some(0));
        assert_eq!(!corp.heads().is_empty(), asked, "{said}");
        assert_eq!(public.heads(), [""; 0], "{said}");
        said
    };
    let mapped = "[namespaces]\ncorp = \"corp\"";
    user("default-registry = \"public\"", mapped);
    project("");
    get(true, "");
    get(true, "public");
    // The project says so, or both do.
    project(mapped);
    get(true, "public");
    user("default-registry = \"public\"", "");
    get(true, "public");
    // Nobody here knows the registry that the project means: the default is not it.
    project("[namespaces]\ncorp = \"internal\"");
    let said = get(false, "public");
    assert!(said.contains("error[registry::unknown]"), "{said}");
    assert!(
        said.contains("tenon registry add internal URL PIN"),
        "{said}"
    );
    // wkg knows where it comes from.
    project("");
    wkg(&format!("\"{host}\""));
    get(true, "");
    wkg("{ registry = \"ghcr.io\", metadata = { preferredProtocol = \"warg\" } }");
    let said = get(false, "");
    assert!(said.contains("error[registry::foreign]"), "{said}");
    assert!(
        said.contains("`ghcr.io`") && said.contains("--namespace corp"),
        "{said}"
    );
    // A project that is broken is not passed over.
    project("[namespaces]\ncorp = \"corp\"\n[");
    let said = get(false, "public");
    assert!(said.contains("error[config::invalid]"), "{said}");
    // What is not mapped is asked for in the default, so that the counter counts.
    project("");
    end(&mut place.inside(&["get", "other:thing"]));
    assert!(!public.heads().is_empty());
}

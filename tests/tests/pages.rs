//! The pages for operators, for programs and for projects name everything that there is, as it is in the code.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may stop where it fails"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use tenon_registry_client::api::ProblemCode;
use tenon_registry_client::project::Manifest;
use tenon_registry_server::api::ROUTES;
use tenon_registry_server::config::Config;

fn page(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    fs::read_to_string(root.join("docs").join(name)).unwrap()
}

/// The first block in this language.
fn block<'p>(page: &'p str, language: &str) -> &'p str {
    let begin = format!("```{language}\n");
    let rest = &page[page.find(&begin).unwrap() + begin.len()..];
    &rest[..rest.find("```").unwrap()]
}

/// The keys of a group of settings that a configuration could have: as the error about another one lists them.
fn keys_of(group: &str) -> Vec<String> {
    let text = match group {
        "" => "zz = 1".to_owned(),
        "witness" => "[[witness]]\nzz = 1".to_owned(),
        _ => format!("[{group}]\nzz = 1"),
    };
    let error = toml::from_str::<Config>(&text).unwrap_err().to_string();
    let listed = error
        .split("expected")
        .nth(1)
        .unwrap_or_else(|| panic!("{error}"));
    let words = listed.split('`').skip(1).step_by(2);
    words.map(str::to_owned).collect()
}

fn flatten(value: &toml::Value, key: String, into: &mut BTreeMap<String, toml::Value>) {
    match value {
        toml::Value::Table(table) => {
            for (name, value) in table {
                let key = if key.is_empty() {
                    name.clone()
                } else {
                    format!("{key}.{name}")
                };
                flatten(value, key, into);
            }
        }
        toml::Value::Array(all) if all.iter().any(toml::Value::is_table) => {
            flatten(&all[0], key, into);
        }
        value => drop(into.insert(key, value.clone())),
    }
}

#[test]
fn every_setting_is_in_the_configuration_that_is_shown() {
    let page = page("self-hosting.md");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config.toml");
    fs::write(&file, block(&page, "toml")).unwrap();
    Config::load(Some(&file), [], []).unwrap();
    let mut shown = BTreeMap::new();
    flatten(
        &block(&page, "toml").parse::<toml::Table>().unwrap().into(),
        String::new(),
        &mut shown,
    );

    let groups = [
        "log",
        "tls",
        "limits",
        "rates",
        "quota",
        "cosigning",
        "scrub",
        "gc",
        "witness",
    ];
    let rates = [
        "anonymous-reads",
        "authenticated-reads",
        "writes",
        "authentication-failures",
    ];
    let mut known = BTreeSet::new();
    for key in keys_of("") {
        if !groups.contains(&key.as_str()) {
            known.insert(key);
        }
    }
    for group in groups {
        for key in keys_of(group) {
            if !rates.contains(&key.as_str()) {
                known.insert(format!("{group}.{key}"));
            }
        }
    }
    for rate in rates {
        for key in ["per-second", "burst"] {
            known.insert(format!("rates.{rate}.{key}"));
        }
    }
    assert_eq!(shown.keys().cloned().collect::<BTreeSet<_>>(), known);

    // What is shown is what there is without a configuration, where there is anything.
    let mut defaults = BTreeMap::new();
    let table = toml::Table::try_from(Config::default()).unwrap();
    flatten(&table.into(), String::new(), &mut defaults);
    // A list that is empty has no keys.
    defaults.remove("witness");
    assert!(defaults.len() > 25);
    for (key, value) in defaults {
        assert_eq!(shown[&key], value, "{key}");
    }
}

#[test]
fn every_request_and_every_problem_is_in_the_reference() {
    let page = page("api.md");
    for route in ROUTES {
        let title = format!("`{} {}`", route.method, route.path);
        assert!(page.contains(&title), "{title}");
        for parameter in route.query {
            let section = page.split(&title).nth(1).unwrap();
            let section = section.split("\n### ").next().unwrap();
            let name = format!("`{}`", parameter.name);
            assert!(section.contains(&name), "{title}: {name}");
        }
    }
    for code in ProblemCode::ALL {
        let row = format!("| {} | `{}` | ", code.status(), code.as_str());
        assert!(page.contains(&row), "{row}");
    }
    let titles = page
        .lines()
        .filter(|line| line.starts_with("### `"))
        .count();
    assert_eq!(
        titles,
        ROUTES.len(),
        "what is in the reference and is no request"
    );
}

/// The keys that a table of a manifest could have, as the error about another one lists them.
fn keys_of_manifest(text: &str) -> Vec<String> {
    let error = Manifest::parse(text).unwrap_err().to_string();
    let listed = error.split(": expected ").nth(1);
    let listed = listed.unwrap_or_else(|| panic!("{error}"));
    let words = listed.split('`').skip(1).step_by(2);
    words.map(str::to_owned).collect()
}

#[test]
fn every_key_of_a_manifest_is_on_its_page() {
    let page = page("projects.md");
    // Nothing is shown that is not there.
    let shown = block(&page, "toml");
    Manifest::parse(shown).unwrap();
    let tables = keys_of_manifest("zz = 1");
    assert!(tables.len() >= 7, "{tables:?}");
    for table in tables {
        let is_shown = ["[", "\n"].iter().any(|before| {
            [".", "]", " = "]
                .iter()
                .any(|after| shown.contains(&format!("{before}{table}{after}")))
        });
        assert!(is_shown, "{table}");
    }
    let mut count = 0;
    for text in [
        "[package]\nname = 'a:b'\nzz = 1",
        "[compose]\nsocket = 'a'\nzz = 1",
        "[wit]\nzz = 1",
        "[dependencies]\n'a:b' = { version = '1', zz = 1 }",
    ] {
        for key in keys_of_manifest(text) {
            let forms = [
                format!("\n{key} = "),
                format!("{{ {key} = "),
                format!("`{key}`"),
            ];
            assert!(forms.iter().any(|form| page.contains(form)), "{key}");
            count += 1;
        }
    }
    assert!(count >= 24, "{count}");
}

//! Which hosts run what: the composer's table, held against what happened.
//!
//! Wasmtime 48 is asked here and now, with each probe. What other hosts did with the same probes is
//! recorded in `cases/hosts`, a file for each. `docs/hosts.md` is written from the table by
//! `UPDATE=1 cargo test -p tenon-tests --test hosts`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop where it fails"
)]

#[path = "hosts/probes.rs"]
mod probes;

use probes::{PACKAGES, PROBES, component, importer};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use tenon_composer::{Feature, Fit, Host, Support, Verdict, inspect};
use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine, Store};
use wasmtime_wasi::{WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtxView, WasiHttpView};

type Switch = fn(&mut Config) -> &mut Config;

/// What can be switched on in a `Config`, by the names of its methods.
const SWITCHES: &[(&str, Switch)] = &[
    ("shared_memory", |c| c.shared_memory(true)),
    ("wasm_component_model_async", |c| {
        c.wasm_component_model_async(true)
    }),
    ("wasm_component_model_async_stackful", |c| {
        c.wasm_component_model_async_stackful(true)
    }),
    ("wasm_component_model_error_context", |c| {
        c.wasm_component_model_error_context(true)
    }),
    ("wasm_component_model_fixed_length_lists", |c| {
        c.wasm_component_model_fixed_length_lists(true)
    }),
    ("wasm_component_model_gc", |c| {
        c.wasm_component_model_gc(true)
    }),
    ("wasm_component_model_implements", |c| {
        c.wasm_component_model_implements(true)
    }),
    ("wasm_component_model_map", |c| {
        c.wasm_component_model_map(true)
    }),
    ("wasm_component_model_memory64", |c| {
        c.wasm_component_model_memory64(true)
    }),
    ("wasm_component_model_more_async_builtins", |c| {
        c.wasm_component_model_more_async_builtins(true)
    }),
    ("wasm_component_model_threading", |c| {
        c.wasm_component_model_threading(true)
    }),
    ("wasm_custom_page_sizes", |c| c.wasm_custom_page_sizes(true)),
    ("wasm_shared_everything_threads", |c| {
        c.wasm_shared_everything_threads(true)
    }),
    ("wasm_stack_switching", |c| c.wasm_stack_switching(true)),
    ("wasm_wide_arithmetic", |c| c.wasm_wide_arithmetic(true)),
];

/// The host that is asked here.
fn this_host() -> &'static Host {
    let version = env!("CARGO_MANIFEST_DIR").to_owned() + "/../Cargo.lock";
    let lock = fs::read_to_string(version).unwrap();
    let mut lines = lock
        .lines()
        .skip_while(|line| *line != "name = \"wasmtime\"");
    let version = lines.nth(1).unwrap();
    let is_this = |host: &&Host| version == format!("version = \"{}\"", host.version);
    let mut hosts = Host::ALL.iter();
    hosts
        .find(|host| host.name == "Wasmtime" && is_this(host))
        .unwrap_or_else(|| panic!("the table has no Wasmtime of {version}"))
}

/// Whether all `probes` run where these are switched on.
fn run(probes: &[&str], on: impl Fn(&str) -> bool) -> Result<(), wasmtime::Error> {
    let mut config = Config::new();
    for (_, switch) in SWITCHES.iter().filter(|(name, _)| on(name)) {
        switch(&mut config);
    }
    let engine = Engine::new(&config).unwrap();
    for probe in probes {
        let bytes = wat::parse_str(component(probe)).unwrap();
        let component = Component::new(&engine, bytes)?;
        let mut linker: Linker<()> = Linker::new(&engine);
        linker.define_unknown_imports_as_traps(&component)?;
        linker.instantiate(Store::new(&engine, ()), &component)?;
    }
    Ok(())
}

/// What this engine has of what `probes` are for.
fn found(probes: &[&str]) -> Support {
    if run(probes, |_| false).is_ok() {
        return Support::Default;
    }
    match SWITCHES
        .iter()
        .find(|(name, _)| run(probes, |other| other == *name).is_ok())
    {
        // There is no need of more than one here.
        Some((name, _)) => Support::Switches(Vec::leak(vec![*name])),
        None => {
            assert!(run(probes, |_| true).is_err(), "it takes several switches");
            Support::No
        }
    }
}

#[test]
fn the_table_says_what_wasmtime_does() {
    let host = this_host();
    run(&[""], |_| true).unwrap();
    let probes: BTreeMap<_, _> = PROBES.iter().copied().collect();
    assert_eq!(probes.len(), PROBES.len());
    for feature in Feature::ALL {
        let expected = host.feature(*feature);
        match probes.get(feature.name()) {
            Some(probes) => assert_eq!(expected, found(probes), "{feature}"),
            None => assert_eq!(expected, Support::Unknown, "{feature}: there is no probe"),
        }
    }
}

#[test]
fn each_probe_uses_its_feature() {
    for (name, probes) in PROBES {
        for probe in *probes {
            let bytes = wat::parse_str(component(probe)).unwrap();
            let features = inspect("probe", &bytes).unwrap().root.all_features();
            let names: Vec<_> = features.iter().map(Feature::name).collect();
            assert!(names.contains(name), "{name}: {names:?}");
        }
    }
}

/// What is linked and never run.
struct Unused;

impl WasiView for Unused {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        unreachable!("nothing is run")
    }
}

impl WasiHttpView for Unused {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        unreachable!("nothing is run")
    }
}

#[test]
fn the_table_says_what_wasmtime_links() {
    let engine = Engine::default();
    let linker = |p3: bool, http: bool| {
        let mut linker: Linker<Unused> = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_sync(&mut linker).unwrap();
        if p3 {
            wasmtime_wasi::p3::add_to_linker(&mut linker).unwrap();
        }
        if http {
            wasmtime_wasi_http::p2::add_only_http_to_linker_sync(&mut linker).unwrap();
        }
        linker
    };
    let host = this_host();
    let names: Vec<_> = PACKAGES.iter().map(|(package, ..)| *package).collect();
    assert_eq!(names, Host::packages().collect::<Vec<_>>());
    for package in PACKAGES {
        let bytes = wat::parse_str(importer(package)).unwrap();
        let component = Component::new(&engine, bytes).unwrap();
        let links = |p3, http| linker(p3, http).instantiate_pre(&component).is_ok();
        let found = match (links(false, false), links(true, false), links(false, true)) {
            (true, ..) => Support::Default,
            (_, true, _) => Support::Switches(&["-S p3"]),
            (_, _, true) => Support::Switches(&["-S http"]),
            // A crate or a feature of one that is not here may have it.
            _ => Support::Unknown,
        };
        assert_eq!(host.package(package.0), found, "{}", package.0);
    }
}

fn text(support: Support) -> String {
    match support {
        Support::Default => "default".to_owned(),
        Support::Switches(switches) => format!("switches {}", switches.join(" ")),
        Support::No => "no".to_owned(),
        _ => "unknown".to_owned(),
    }
}

#[test]
fn the_table_says_what_was_recorded() {
    let mut records = 0;
    for host in Host::ALL {
        let file = format!("{} {}", host.name, host.version).to_lowercase();
        let file = file.replace(" on ", "-").replace(' ', "-");
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases/hosts");
        let Ok(record) = fs::read_to_string(folder.join(format!("{file}.txt"))) else {
            assert_eq!(host, this_host(), "{file}");
            continue;
        };
        records += 1;
        let recorded: BTreeMap<_, _> = record
            .lines()
            .map(|line| line.split_once(": ").unwrap())
            .collect();
        for feature in Feature::ALL {
            let seen = recorded.get(feature.name()).copied();
            let seen = seen.unwrap_or("unknown");
            assert_eq!(text(host.feature(*feature)), seen, "{file}: {feature}");
        }
        for package in Host::packages() {
            assert_eq!(
                text(host.package(package)),
                recorded[package],
                "{file}: {package}"
            );
        }
    }
    assert_eq!(records, Host::ALL.len() - 1);
}

#[test]
fn a_fit_is_as_good_as_the_worst_need() {
    let fits = |text: &str| {
        let bytes = wat::parse_str(text).unwrap();
        let all = Fit::all(&inspect("it", &bytes).unwrap());
        let verdict = |fit: &Fit| {
            (
                format!("{} {}", fit.host.name, fit.host.version),
                fit.verdict(),
            )
        };
        all.iter().map(verdict).collect::<BTreeMap<_, _>>()
    };
    let plain = fits("(component (core module))");
    assert_eq!(plain.len(), Host::ALL.len());
    assert!(plain.values().all(|verdict| *verdict == Verdict::Runs));
    let mixed = fits(
        r#"(component
            (import "wasi:http/types@0.2.4" (instance))
            (core module (memory 1) (memory 1) (memory 1 (pagesize 1))))"#,
    );
    assert_eq!(mixed["Wasmtime 36.0.20"], Verdict::Unknown);
    assert_eq!(mixed["Wasmtime 48.0.8"], Verdict::NeedsSwitches);
    assert_eq!(mixed["jco 1.35.0 on Node 24.21.0"], Verdict::Cannot);
    let other = fits(r#"(component (import "wasi:nn/graph@0.2.0" (instance)) (core module))"#);
    assert!(other.values().all(|verdict| *verdict == Verdict::Unknown));
    assert_eq!(fits("(module)").len(), 0);
    assert_eq!(fits("(component)").len(), 0);
}

#[test]
fn the_page_is_the_table() {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/hosts.md");
    let page = page();
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap();
    assert!(written == page, "write it anew with `UPDATE=1`");
}

fn page() -> String {
    let mut page = String::from(INTRODUCTION);
    let titles: Vec<_> = (Host::ALL.iter().enumerate())
        .map(|(at, host)| format!("{} {} ({})", host.name, host.version, at + 1))
        .collect();
    let cell = |support| match support {
        Support::Default => "yes".to_owned(),
        Support::Switches(switches) => format!("`{}`", switches.join("`, `")),
        Support::No => "no".to_owned(),
        _ => "?".to_owned(),
    };
    let mut row = |cells: Vec<String>| writeln!(page, "| {} |", cells.join(" | ")).unwrap();
    let line = vec!["---".to_owned(); Host::ALL.len() + 1];
    row([vec!["feature".to_owned()], titles.clone()].concat());
    row(line.clone());
    for feature in Feature::ALL.iter().filter(|f| **f != Feature::Unknown) {
        let cells = Host::ALL.iter().map(|host| cell(host.feature(*feature)));
        row([vec![feature.to_string()], cells.collect()].concat());
    }
    page.push_str("\n## Packages of WASI\n\n");
    let mut row = |cells: Vec<String>| writeln!(page, "| {} |", cells.join(" | ")).unwrap();
    row([vec!["package".to_owned()], titles].concat());
    row(line);
    for package in Host::packages() {
        let cells = Host::ALL.iter().map(|host| cell(host.package(package)));
        row([vec![package.to_owned()], cells.collect()].concat());
    }
    page.push_str("\n## Evidence\n\n");
    for (at, host) in Host::ALL.iter().enumerate() {
        let Host {
            name,
            version,
            feature_evidence,
            package_evidence,
            ..
        } = host;
        let number = at + 1;
        writeln!(page, "{number}. {name} {version}. Features: {feature_evidence}. Packages: {package_evidence}.").unwrap();
    }
    page
}

const INTRODUCTION: &str = "\
# Which hosts run what

`tenon inspect` names the features of WebAssembly and of the Component Model that a component uses, and the hosts \
that can run it. This is the table behind that. It is written from `composer/src/inspect/host.rs` by \
`tests/tests/hosts.rs`, which also holds it against what happened.

Nothing here is hearsay. For each feature there is a *probe*, a component of a few lines that uses it, in \
`tests/tests/hosts/probes.rs`, and for each package of WASI there is one that imports something of it. Each host was \
given each probe, as the WebAssembly tools of November 2026 write it: where a binary encoding has changed \
since a host was released, as that of async functions has, the host does not take it. What a host does when a \
function is called was not looked at, nor whether it is fast. Nor was each interface and function of a package, in each \
of its versions: one stands for all. Where a component is put together in a way that a host does not take, such as an \
export that is itself imported, or memories of 64 bits between components, `inspect` does not know it. Wasmtime 48 is asked anew whenever the tests run; what \
the others did is recorded in `tests/cases/hosts`.

- *yes*: the host takes it, as it comes.
- A name: the host takes it if this is switched on. `wasm_gc` is a method of Wasmtime's `Config`; the command \
  `wasmtime` has options for most of them, in which `wasm_` is left out and words are joined by dashes: `-W gc`. \
  `-S http` is an option of the command; whoever embeds Wasmtime has to link the package.
- *no*: the host does not take it. *?*: it is not known.

Other hosts are not in the table because nobody gave them the probes yet. Many of them embed Wasmtime, with switches \
and packages of their own.

## Features

";

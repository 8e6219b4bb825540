//! Plans: what `plug --plan` writes, `compose` makes the same bytes of, or says what is wrong with it.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may stop where it fails"
)]

use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder of its own for a test, with the examples in it.
struct Place(tempfile::TempDir);

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
}

impl Place {
    fn new() -> Place {
        let place = Place(tempfile::tempdir().unwrap());
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit-examples");
        for example in ["greeter", "logger", "shared-resource", "middleware"] {
            copy(&examples.join(example), &place.at(example));
        }
        place
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run_in(&self, folder: &str, words: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_tenon"))
            .args(words)
            .current_dir(self.at(folder))
            .env("XDG_CACHE_HOME", self.at("cache"))
            .output()
            .unwrap()
    }

    fn ok(&self, words: &[&str]) {
        let output = self.run_in("", words);
        assert!(output.status.success(), "{words:?}: {}", stderr(&output));
    }

    /// Composes a plan, which must be refused like this.
    fn refused(&self, plan: &str, exit: i32) -> String {
        let output = self.run_in("", &["compose", plan, "-o", "refused.wasm"]);
        assert_eq!(output.status.code(), Some(exit), "{}", stderr(&output));
        assert!(!self.at("refused.wasm").exists());
        stderr(&output)
    }

    fn plan(&self, name: &str) -> Value {
        serde_json::from_slice(&fs::read(self.at(name)).unwrap()).unwrap()
    }

    fn write(&self, name: &str, plan: &Value) {
        fs::write(self.at(name), plan.to_string()).unwrap();
    }

    /// A plan of an application with a logger and a clock.
    fn with_logger() -> Place {
        let place = Place::new();
        let plugs = ["--plug", "logger/logger.wat", "--plug", "logger/clock.wat"];
        let words = [
            &["plug", "logger/app.wat"],
            &plugs[..],
            &["--dry-run", "--plan", "plan.json"],
        ];
        place.ok(&words.concat());
        assert!(!place.at("out.wasm").exists());
        place
    }
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Command lines, without output and plan; the paths are relative to the folder with the examples.
const LINES: [&str; 7] = [
    "plug greeter/app.wat --plug greeter/greeter.wat",
    "plug greeter/app.wat --plug greeter/cowboy.wat --plug greeter/greeter.wat --prefer cowboy --name acme:howdy",
    "plug logger/app.wat --plug logger/clock.wat --plug logger/logger.wat --export clock#example:clock/ticker=time \
     --rename run=go",
    "plug logger/app.wat --plug logger/logger.wat --rename import:example:clock/ticker=time",
    "plug shared-resource/app.wat logger/app.wat --plug shared-resource/left.wat --plug shared-resource/store.wat \
     --plug shared-resource/right.wat --plug logger/logger.wat --keep-import example:clock/ticker --rename export:app-2#run=log",
    "plug --chain middleware/mw.wasm,middleware/mw.wasm,middleware/backend.wasm --versions canonical",
    "plug middleware/mw.wasm --plug middleware/backend.wasm --wire \
     mw#wasi:http/incoming-handler=backend --versions lowest",
];

#[test]
fn a_plan_makes_the_same_bytes_wherever_it_is_applied() {
    let place = Place::new();
    for folder in ["plans", "elsewhere"] {
        fs::create_dir(place.at(folder)).unwrap();
    }
    for line in LINES {
        let words: Vec<_> = line.split_whitespace().collect();
        let outputs = ["-o", "plug.wasm", "--plan", "plans/plan.json"];
        place.ok(&[&words[..], &outputs].concat());
        let made = fs::read(place.at("plug.wasm")).unwrap();
        let words = ["compose", "../plans/plan.json", "-o", "compose.wasm"];
        let output = place.run_in("elsewhere", &words);
        assert!(output.status.success(), "{line}: {}", stderr(&output));
        assert!(
            fs::read(place.at("elsewhere/compose.wasm")).unwrap() == made,
            "{line}"
        );
        // A plan of the plan's own output is the same plan.
        let plan = fs::read(place.at("plans/plan.json")).unwrap();
        let dry: Vec<_> = line
            .split_whitespace()
            .chain(["--dry-run", "--plan", "plans/plan.json"])
            .collect();
        place.ok(&dry);
        assert!(
            fs::read(place.at("plans/plan.json")).unwrap() == plan,
            "{line}"
        );
    }
}

#[test]
fn a_plan_moves_with_its_components() {
    let place = Place::new();
    place.ok(&[
        "plug",
        "greeter/app.wat",
        "--plug",
        "greeter/greeter.wat",
        "-o",
        "a.wasm",
        "--plan",
        "greeter/p.json",
    ]);
    assert_eq!(
        place.plan("greeter/p.json")["components"][1]["path"],
        "greeter.wat"
    );
    fs::rename(place.at("greeter"), place.at("moved")).unwrap();
    place.ok(&["compose", "moved/p.json", "-o", "b.wasm"]);
    assert_eq!(
        fs::read(place.at("a.wasm")).unwrap(),
        fs::read(place.at("b.wasm")).unwrap()
    );
}

#[test]
fn a_component_that_changed_is_refused() {
    let place = Place::with_logger();
    let clock = fs::read_to_string(place.at("logger/clock.wat")).unwrap();
    fs::write(
        place.at("logger/clock.wat"),
        clock.replace("(component", "(component $other"),
    )
    .unwrap();
    let said = place.refused("plan.json", 3);
    assert!(said.starts_with("error[plan::changed]: "), "{said}");
    assert!(
        said.contains("logger/clock.wat` is not the component"),
        "{said}"
    );
    assert!(said.contains(" bytes, got "), "{said}");
    assert!(
        said.contains("plan again with `tenon plug --plan`"),
        "{said}"
    );

    // Of the same size, but other bytes: another constant.
    let mut binary = wat::parse_str(&clock).unwrap();
    fs::write(place.at("logger/clock.wat"), &binary).unwrap();
    let mut plan = place.plan("plan.json");
    place.ok(&["compose", "plan.json", "--dry-run"]);
    let at = binary
        .windows(4)
        .position(|window| window == b"tick")
        .unwrap();
    binary[at] ^= 1;
    fs::write(place.at("logger/clock.wat"), &binary).unwrap();
    let said = place.refused("plan.json", 3);
    let digest = tenon_registry_client::Digest::of(&binary);
    let expected = plan["components"][2]["sha256"].as_str().unwrap();
    assert!(
        said.contains(&format!("expected sha256:{expected}, got {digest}")),
        "{said}"
    );

    plan["components"][2]["path"] = json!("logger/nothing.wat");
    place.write("missing.json", &plan);
    assert!(place.refused("missing.json", 1).contains("cannot read"));
}

/// A change of a plan, and what is said of it.
type Damage = (fn(&mut Value), &'static str);

fn damages() -> Vec<Damage> {
    vec![
        (
            |p| p["schema"] = json!("tenon/plan/2"),
            "another version of `tenon`",
        ),
        (
            |p| p["schema"] = json!("x"),
            "its `schema` is not `tenon/plan/1`",
        ),
        (|p| p["more"] = json!(1), "unknown field `more`"),
        (
            |p| p["components"][0]["url"] = json!("x"),
            "unknown field `url`",
        ),
        (
            |p| p["instances"][0]["arguments"][0]["x"] = json!(1),
            "unknown field `x`",
        ),
        (|p| p["exports"][0]["x"] = json!(1), "unknown field `x`"),
        (|p| p["versions"] = json!("newest"), "wrong at `versions`"),
        (
            |p| p["components"][0]["package"] = json!("a:b"),
            "wrong at `components[0]`",
        ),
        (
            |p| p["components"][0]["sha256"] = json!("12"),
            "wrong at `components[0].sha256`",
        ),
        (
            |p| p["instances"][0]["component"] = json!(7),
            "wrong at `instances[0].component`",
        ),
        (
            |p| p["instances"][0]["component"] = json!(-1),
            "is not a plan",
        ),
        (
            |p| p["instances"][1]["name"] = json!("app"),
            "wrong at `instances[1].name`",
        ),
        (
            |p| p["instances"][0]["arguments"][0]["instance"] = json!("nobody"),
            "wrong at `instances[0].arguments[0].instance`: there is no instance `nobody`",
        ),
        (
            |p| p["instances"][0]["arguments"][0]["import"] = json!("a:b/c"),
            "wrong at `instances[0].arguments[0]`: `app` has no import `a:b/c`",
        ),
        (
            |p| p["instances"][0]["arguments"][0]["path"] = json!(["a:b/c"]),
            "wrong at `instances[0].arguments[0]`: `logger` has no export `a:b/c`",
        ),
        (
            |p| {
                let argument = p["instances"][0]["arguments"][0].clone();
                p["instances"][0]["arguments"]
                    .as_array_mut()
                    .unwrap()
                    .push(argument);
            },
            "wrong at `instances[0].arguments[1]`: import",
        ),
        (
            |p| p["instances"][1]["imports"] = json!([{"import": "x", "name": "y"}]),
            "wrong at `instances[1].imports[0]`: `logger` has no import `x`",
        ),
        (
            |p| p["exports"][0]["instance"] = json!("x"),
            "wrong at `exports[0].instance`",
        ),
        (
            |p| p["exports"][0]["name"] = json!("X Y"),
            "wrong at `exports[0]`: `X Y` cannot be the name",
        ),
        (|p| *p = json!([1]), "its `schema` is not"),
    ]
}

#[test]
fn what_is_wrong_with_a_plan_is_said_with_its_place() {
    let place = Place::with_logger();
    for (damage, expected) in damages() {
        let mut plan = place.plan("plan.json");
        damage(&mut plan);
        place.write("damaged.json", &plan);
        let said = place.refused("damaged.json", 1);
        assert!(said.starts_with("error[plan::invalid]: "), "{said}");
        assert!(said.contains(expected), "expected {expected:?} in {said}");
    }
    // A circle, and types that do not fit, are what they are elsewhere.
    let mut plan = place.plan("plan.json");
    plan["instances"][1]["arguments"][0]["instance"] = json!("logger");
    plan["instances"][1]["arguments"][0]["path"] = json!(["example:logger/journal@0.1.0"]);
    place.write("circle.json", &plan);
    assert!(
        place
            .refused("circle.json", 1)
            .starts_with("error[compose::cycle]")
    );
    let mut plan = place.plan("plan.json");
    plan["instances"][0]["arguments"][0]["instance"] = json!("clock");
    plan["instances"][0]["arguments"][0]["path"] = json!([]);
    place.write("types.json", &plan);
    let said = place.refused("types.json", 1);
    assert!(
        said.starts_with("error[compose::argument-type]: `clock` as a whole cannot fill"),
        "{said}"
    );
}

#[test]
fn a_plan_that_is_no_json_is_refused() {
    let place = Place::with_logger();
    let whole = fs::read(place.at("plan.json")).unwrap();
    for len in (0..whole.len() - 2).step_by(whole.len() / 30) {
        fs::write(place.at("cut.json"), &whole[..len]).unwrap();
        assert!(place.refused("cut.json", 1).contains("is not a plan"));
    }
    let deep = "[".repeat(200_000);
    fs::write(place.at("deep.json"), deep).unwrap();
    assert!(place.refused("deep.json", 1).contains("is not a plan"));
    for name in ["logger/app.wat", "logger", "nothing.json"] {
        place.refused(name, 1);
    }
}

#[test]
fn a_plan_cannot_name_what_cannot_be_opened_again() {
    let place = Place::new();
    let plug = [
        "plug",
        "-",
        "--plug",
        "greeter/greeter.wat",
        "--dry-run",
        "--plan",
        "plan.json",
    ];
    let output = Command::new(env!("CARGO_BIN_EXE_tenon"))
        .args(plug)
        .current_dir(place.at(""))
        .env("XDG_CACHE_HOME", place.at("cache"))
        .stdin(fs::File::open(place.at("greeter/app.wat")).unwrap())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("a plan cannot name standard input"));
    assert!(!place.at("plan.json").exists());
    let words = [
        "plug",
        "greeter/app.wat",
        "--plug",
        "greeter/greeter.wat",
        "-o",
        "x.wasm",
        "--plan",
    ];
    for (path, exit) in [
        ("-", 2),
        ("x.wasm", 2),
        ("greeter", 1),
        ("nowhere/plan.json", 1),
    ] {
        let output = place.run_in("", &[&words[..], &[path]].concat());
        assert_eq!(
            output.status.code(),
            Some(exit),
            "{path}: {}",
            stderr(&output)
        );
        assert!(!place.at("x.wasm").exists(), "{path}");
    }
}

//! What a transcript cannot show: streams, files that must not change, and what is remembered.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may stop where it fails"
)]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn example(file: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit-examples");
    folder.join(file).to_str().unwrap().to_owned()
}

/// A folder of its own for a test, with a cache in it.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Place {
        Place(tempfile::tempdir().unwrap())
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn tenon(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tenon"));
        command
            .args(words)
            .current_dir(self.0.path())
            .env("XDG_CACHE_HOME", self.at("cache"))
            .env_remove("NO_COLOR");
        command
    }

    fn run(&self, words: &[&str]) -> Output {
        self.tenon(words).output().unwrap()
    }

    fn run_with(&self, words: &[&str], input: &[u8]) -> Output {
        let mut child = self
            .tenon(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(input).unwrap();
        drop(stdin);
        child.wait_with_output().unwrap()
    }

    /// The files of the folder, apart from the cache.
    fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.filter(|name| name != "cache").collect();
        names.sort();
        names
    }
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn standard_streams_carry_components() {
    let place = Place::new();
    let (app, greeter) = (example("greeter/app.wat"), example("greeter/greeter.wat"));
    let to_file = place.run(&["plug", &app, "--plug", &greeter, "-o", "out.wasm"]);
    assert!(to_file.status.success());
    assert!(to_file.stdout.is_empty());
    let expected = fs::read(place.at("out.wasm")).unwrap();

    let to_stdout = place.run(&["plug", &app, "--plug", &greeter]);
    assert_eq!(to_stdout.stdout, expected);
    assert!(stderr(&to_stdout).starts_with("plugged into app\n"));
    let dash = place.run(&["plug", &app, "--plug", &greeter, "-o", "-", "--quiet"]);
    assert_eq!((dash.stdout, dash.stderr), (expected.clone(), Vec::new()));

    // Text on standard input is read as text; the name of the input is not that of a file.
    let text = fs::read(&app).unwrap();
    let from_stdin = place.run_with(&["plug", "-", "--plug", &greeter, "--name", "app"], &text);
    assert!(from_stdin.status.success());
    let wit = place.run_with(&["wit", "-"], &from_stdin.stdout);
    assert!(
        String::from_utf8(wit.stdout)
            .unwrap()
            .contains("export hello: func() -> string;")
    );
    assert!(
        place
            .run_with(&["validate", "-"], &expected)
            .status
            .success()
    );
}

#[test]
fn json_goes_where_the_component_does_not() {
    let place = Place::new();
    let (app, greeter) = (example("greeter/app.wat"), example("greeter/greeter.wat"));
    let both = place.run(&["plug", &app, "--plug", &greeter, "--json"]);
    assert!(both.stdout.starts_with(b"\0asm"));
    assert!(stderr(&both).starts_with("{\n  \"schema\": \"tenon/plug/1\""));
    let file = place.run(&["plug", &app, "--plug", &greeter, "--json", "-o", "out.wasm"]);
    assert!(
        file.stdout
            .starts_with(b"{\n  \"schema\": \"tenon/plug/1\"")
    );
    assert!(file.stderr.is_empty());
}

#[test]
fn a_failure_leaves_the_old_file_and_nothing_else() {
    let place = Place::new();
    fs::write(place.at("out.wasm"), "precious").unwrap();
    let (app, clock) = (example("greeter/app.wat"), example("logger/clock.wat"));
    let failed = place.run(&["plug", &app, "--plug", &clock, "-o", "out.wasm"]);
    assert_eq!(failed.status.code(), Some(1));
    assert_eq!(fs::read(place.at("out.wasm")).unwrap(), b"precious");
    assert_eq!(place.files(), ["out.wasm"]);
}

#[test]
fn an_input_may_be_the_output() {
    let place = Place::new();
    let greeter = example("greeter/greeter.wat");
    let app = wat::parse_file(example("greeter/app.wat")).unwrap();
    fs::write(place.at("app.wasm"), &app).unwrap();
    let done = place.run(&["plug", "app.wasm", "--plug", &greeter, "-o", "app.wasm"]);
    assert!(done.status.success(), "{}", stderr(&done));
    let made = fs::read(place.at("app.wasm")).unwrap();
    assert!(made.len() > app.len());
    assert_eq!(place.files(), ["app.wasm"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_said() {
    let place = Place::new();
    let (app, greeter) = (example("greeter/app.wat"), example("greeter/greeter.wat"));
    let full = place.run(&["plug", &app, "--plug", &greeter, "-o", "/dev/full"]);
    assert_eq!(full.status.code(), Some(1));
    let message = stderr(&full);
    assert!(
        message.contains("error[cli::io]: cannot write `/dev/full`"),
        "{message}"
    );
    assert!(
        message.contains("help: make room, or write to another disk"),
        "{message}"
    );
}

#[cfg(unix)]
#[test]
fn the_result_has_the_permissions_of_any_new_file() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let (app, greeter) = (example("greeter/app.wat"), example("greeter/greeter.wat"));
    fs::write(place.at("other"), "").unwrap();
    place.run(&["plug", &app, "--plug", &greeter, "-o", "out.wasm"]);
    let mode = |name: &str| fs::metadata(place.at(name)).unwrap().permissions().mode();
    assert_eq!(mode("out.wasm"), mode("other"));
}

#[test]
fn colours_are_for_those_who_want_them() {
    let place = Place::new();
    let words = ["plug", "nothing.wasm", "--plug", "nothing.wasm"];
    let has_colour = |output: Output| stderr(&output).contains('\u{1b}');
    assert!(!has_colour(place.run(&words)));
    let always = [&words[..], &["--color", "always"]].concat();
    assert!(has_colour(place.run(&always)));
    let mut silenced = place.tenon(&words);
    assert!(!has_colour(silenced.env("NO_COLOR", "1").output().unwrap()));
}

#[test]
fn a_file_that_changes_is_checked_again() {
    let place = Place::new();
    let greeter = example("greeter/greeter.wat");
    let small = wat::parse_file(example("greeter/app.wat")).unwrap();
    fs::write(place.at("app.wasm"), &small).unwrap();
    let plug = ["plug", "app.wasm", "--plug", &greeter, "-o", "out.wasm"];
    assert!(place.run(&plug).status.success());
    let inputs = place.at("cache/tenon/inputs");
    assert!(!inputs.exists(), "what is small is not remembered");

    // A custom section of 2^15 bytes.
    let mut good = small;
    good.extend([0, 0x80, 0x80, 2, 3, b'p', b'a', b'd']);
    good.resize(good.len() - 4 + (1 << 15), 0);
    fs::write(place.at("app.wasm"), &good).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(100));
    assert!(place.run(&plug).status.success());
    assert_eq!(fs::read_dir(inputs).unwrap().count(), 1);
    let first = fs::read(place.at("out.wasm")).unwrap();
    assert!(place.run(&plug).status.success());
    assert_eq!(
        fs::read(place.at("out.wasm")).unwrap(),
        first,
        "what is remembered is the same"
    );

    // `i32.const 5` becomes an instruction that leaves nothing on the stack.
    let at = good.windows(2).rposition(|pair| pair == [0x41, 5]).unwrap();
    let mut bad = good.clone();
    bad[at..at + 2].copy_from_slice(&[0x01, 0x01]);
    fs::write(place.at("app.wasm"), &bad).unwrap();
    let refused = place.run(&plug);
    assert_eq!(refused.status.code(), Some(1), "{}", stderr(&refused));
    assert!(stderr(&refused).contains("error[compose::invalid]: `app.wasm`"));
    assert!(
        place
            .run(&[&plug[..], &["--no-validate"]].concat())
            .status
            .success()
    );
}

#[test]
fn a_large_file_is_hashed_while_the_composition_is_written() {
    let place = Place::new();
    let greeter = example("greeter/greeter.wat");
    // A custom section of 2^20 bytes.
    let mut app = wat::parse_file(example("greeter/app.wat")).unwrap();
    app.extend([0, 0x80, 0x80, 0x40, 3, b'p', b'a', b'd']);
    app.resize(app.len() - 4 + (1 << 20), 0);
    fs::write(place.at("app.wasm"), &app).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(100));
    let plug = ["plug", "app.wasm", "--plug", &greeter];
    let to_file = |file: &str| {
        let output = place.run(&[&plug[..], &["-o", file, "--json"]].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        let report = String::from_utf8(output.stdout).unwrap();
        let report = report.replace(file, "out.wasm");
        (fs::read(place.at(file)).unwrap(), report)
    };
    let forget = || fs::remove_dir_all(place.at("cache")).unwrap();
    let cold = to_file("cold.wasm");
    assert_eq!(to_file("warm.wasm"), cold);
    forget();
    assert_eq!(place.run(&plug).stdout, cold.0);
    // What was hashed is remembered, though nothing was composed.
    forget();
    let clock = example("logger/clock.wat");
    let failed = place.run(&["plug", "app.wasm", "--plug", &clock, "-o", "none.wasm"]);
    assert_eq!(failed.status.code(), Some(1));
    assert_eq!(
        fs::read_dir(place.at("cache/tenon/inputs"))
            .unwrap()
            .count(),
        1
    );
    // Text, and plans, have the digest too.
    let print = || place.run(&[&plug[..], &["--wat", "--plan", "plan.json"]].concat());
    let warm = (print().stdout, fs::read(place.at("plan.json")).unwrap());
    forget();
    assert_eq!(
        (print().stdout, fs::read(place.at("plan.json")).unwrap()),
        warm
    );
}

#[test]
fn what_wit_cannot_express_is_said() {
    let place = Place::new();
    let text = r#"(component
        (import "plain" (instance $plain (export "t" (type (sub resource)))))
        (alias export $plain "t" (type $t))
        (import "other" (instance
            (alias outer 1 $t (type $u))
            (export "t" (type (eq $u))))))"#;
    let output = place.run_with(&["wit", "-"], text.as_bytes());
    assert_eq!(output.status.code(), Some(1));
    let message = stderr(&output);
    assert!(
        message.starts_with("error[cli::no-wit]: `-` uses the type `t`"),
        "{message}"
    );
}

#[test]
fn a_difference_that_is_refused_is_one_document() {
    let place = Place::new();
    let (app, greeter) = (example("greeter/app.wat"), example("greeter/greeter.wat"));
    let output = place.run(&["diff", &app, &greeter, "--fail-on", "major", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(stderr(&output), "");
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["schema"], "tenon/diff/1");
    assert_eq!(document["verdict"], "major");
    // What is wrong before there is anything to say of it is a document, too.
    let output = place.run(&[
        "diff",
        "gone.wasm",
        &greeter,
        "--fail-on",
        "major",
        "--json",
    ]);
    assert_eq!(output.status.code(), Some(1));
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["error"]["code"], "cli::io");
}

//! What the command takes, and what it says.

use super::{code, tenon, text};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const APP: &str = r#"(component
    (import "acme:num/source@1.0.0" (instance $n (export "get" (func (result u32)))))
    (import "clock" (instance (export "now" (func))))
    (alias export $n "get" (func $get))
    (export "get" (func $get)))"#;

const NUM: &str = r#"(component
    (core module $m (func (export "get") (result i32) (i32.const 7)))
    (core instance $i (instantiate $m))
    (func $get (result u32) (canon lift (core func $i "get")))
    (instance $source (export "get" (func $get)))
    (export "acme:num/source@1.0.0" (instance $source)))"#;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Folder {
        let folder = Folder(tempfile::tempdir().unwrap());
        for (name, text) in files {
            folder.write(name, text);
        }
        folder
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.at(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// What is said on standard error, of a command that succeeds.
    fn ok(&self, words: &[&str]) -> String {
        let run = tenon(self.0.path(), words);
        assert!(run.status.success(), "{words:?}: {}", text(&run.stderr));
        text(&run.stderr)
    }

    /// The exit code, the error's code and everything that is said.
    fn refused(&self, words: &[&str]) -> (i32, String, String) {
        let run = tenon(self.0.path(), words);
        assert!(run.stdout.is_empty());
        (run.status.code().unwrap(), code(&run), text(&run.stderr))
    }
}

fn folder() -> Folder {
    Folder::new(&[
        ("app.wat", APP),
        ("parts/num.wat", NUM),
        (
            "config.yml",
            "dependencies: { 'acme:num/source@1.0.0': parts/num.wat }\n",
        ),
    ])
}

#[test]
fn the_root_is_found_in_each_of_its_ways() {
    let folder = folder();
    folder.ok(&["compose", "app.wat", "-c", "config.yml", "-o", "a.wasm"]);
    let expected = fs::read(folder.at("a.wasm")).unwrap();
    let mut ways = vec![vec!["compose", "config.yml", "--root", "app.wat"]];
    let dependencies = "'acme:num/source@1.0.0': parts/num.wat";
    folder.write(
        "named.yml",
        format!("dependencies: {{ {dependencies} }}\ninstantiations: {{ root: {{ dependency: app }} }}\n"),
    );
    ways.push(vec!["compose", "named.yml"]);
    folder.write(
        "listed.yaml",
        format!("dependencies: {{ {dependencies}, root: app.wat }}\n"),
    );
    ways.push(vec!["compose", "listed.yaml"]);
    for mut words in ways {
        words.extend(["-o", "b.wasm"]);
        folder.ok(&words);
        assert_eq!(
            fs::read(folder.at("b.wasm")).unwrap(),
            expected,
            "{words:?}"
        );
    }
    let (exit, code, said) = folder.refused(&["compose", "config.yml", "-o", "c.wasm"]);
    assert_eq!((exit, &*code), (2, "cli::usage"));
    assert!(
        said.contains("there is no component `root`") && said.contains("--root PATH"),
        "{said}"
    );
    fs::rename(folder.at("app.wat"), folder.at("root.wat")).unwrap();
    folder.ok(&["compose", "config.yml", "-o", "c.wasm"]);
}

#[test]
fn options_of_the_command_line_are_relative_to_where_it_runs() {
    let folder = Folder::new(&[
        ("x/app.wat", APP),
        ("parts/num.wat", NUM),
        ("parts/acme:num/source@1.0.0.wat", NUM),
        ("x/config.yml", "{}"),
    ]);
    let filled = |words: &[&str]| {
        let said = folder.ok(words);
        assert!(said.contains("acme:num/source@1.0.0 <- "), "{said}");
        assert!(said.contains("  clock\n"), "{said}");
        said
    };
    filled(&["compose", "x/app.wat", "-p", "parts", "--dry-run"]);
    filled(&[
        "compose",
        "x/app.wat",
        "-c",
        "x/config.yml",
        "-p",
        "parts",
        "--dry-run",
    ]);
    let said = filled(&["compose", "x/app.wat", "-d", "parts/num.wat", "--dry-run"]);
    assert!(
        said.contains("acme:num/source@1.0.0 <- num: a definition"),
        "{said}"
    );
    for option in ["--disallow-imports", "--no-imports"] {
        let words = [
            "compose",
            "x/app.wat",
            "-p",
            "parts",
            option,
            "-o",
            "o.wasm",
        ];
        assert_eq!(folder.refused(&words).1, "compose::not-found");
        assert!(!folder.at("o.wasm").exists());
    }
}

#[test]
fn what_it_does_not_take_is_said() {
    let folder = Folder::new(&[
        ("app.wat", APP),
        ("notes.txt", "some notes"),
        ("archive", "PK\x03\x04 something"),
    ]);
    for (file, what) in [
        ("notes.txt", "it is text"),
        ("archive", "it is no WebAssembly"),
    ] {
        let (exit, code, said) = folder.refused(&["compose", file]);
        assert_eq!((exit, &*code), (2, "cli::usage"), "{said}");
        assert!(
            said.contains(&format!("`{file}` is nothing that `tenon compose` takes")),
            "{said}"
        );
        assert!(
            said.contains(what) && said.contains("`.yml`") && said.contains("`.wasm`"),
            "{said}"
        );
    }
    let (exit, ..) = folder.refused(&["compose", "app.wat", "--root", "app.wat"]);
    assert_eq!(exit, 2);
    let (_, code, _) = folder.refused(&["compose", "nothing.yml"]);
    assert_eq!(code, "cli::io");
}

#[test]
fn a_wrong_configuration_is_shown_where_it_is_wrong() {
    let folder = folder();
    for (yaml, message) in [
        ("", "expected a map, found nothing"),
        ("- a\n", "line 1, `- a`: expected a map, found a list"),
        (
            "definitions: []\ndependancies: {}\n",
            "line 2, `dependancies: {}`: unknown key `dependancies`, expected one of",
        ),
        (
            "dependencies:\n  a: { path: x, import: y }\n",
            "unknown key `import`, expected `path`",
        ),
        (
            "skip-validation: yes\n",
            "line 1, `skip-validation: yes`: expected `true` or `false`, found `yes`",
        ),
        (
            "instantiations:\n  root:\n    arguments: 3\n",
            "line 3, `arguments: 3`: expected a map, found `3`",
        ),
        (
            "instantiations:\n  root:\n    arguments:\n      a: { export: x }\n",
            "missing field `instance`",
        ),
        (
            "instantiations:\n  root:\n",
            "line 2, `root:`: expected a map, found nothing",
        ),
        ("definitions: \"a\n", "this is no YAML"),
    ] {
        folder.write("wrong.yml", yaml);
        let words = ["compose", "app.wat", "-c", "wrong.yml", "-o", "o.wasm"];
        let (exit, code, said) = folder.refused(&words);
        assert_eq!((exit, &*code), (1, "cli::compose-config"), "{yaml}: {said}");
        assert!(said.contains("`wrong.yml` is no configuration"), "{said}");
        assert!(said.contains(message), "{yaml}: {said}");
    }
    folder.write("wrong.yml", [0xff, 0xfe, 0x00]);
    let (_, code, said) = folder.refused(&["compose", "wrong.yml"]);
    assert_eq!(code, "cli::compose-config", "{said}");
}

#[test]
fn a_hostile_configuration_is_an_error() {
    let folder = folder();
    let mut nested = String::new();
    for depth in 0..5000 {
        nested.push_str(&format!("{}a:\n", " ".repeat(depth)));
    }
    for yaml in [
        "[".repeat(100_000),
        "{".repeat(100_000),
        "- ".repeat(100_000),
        format!("dependencies: {}", "{a: ".repeat(100_000)),
        format!(
            "instantiations:\n  a:\n    arguments:\n      b: {}",
            "[".repeat(100_000)
        ),
        nested,
        "a: &x [*x, *x]\n".to_owned(),
        "\"\\e[31m\"".to_owned(),
        "!!python/object x".to_owned(),
        "%YAML 9.9\n---\n".to_owned(),
        "\u{0}".repeat(100),
    ] {
        folder.write("wrong.yml", &yaml);
        let start: String = yaml.chars().take(40).collect();
        let (exit, code, said) = folder.refused(&["compose", "app.wat", "-c", "wrong.yml"]);
        assert_eq!(
            (exit, &*code),
            (1, "cli::compose-config"),
            "{start}: {said}"
        );
        assert!(said.len() < 2000, "{start}: {} bytes are said", said.len());
    }
    // More than anyone would write is not even read.
    fs::File::create(folder.at("large.yml"))
        .unwrap()
        .set_len(1 << 30)
        .unwrap();
    let (_, code, said) = folder.refused(&["compose", "large.yml"]);
    assert_eq!(code, "cli::compose-config");
    assert!(said.contains("1073741824 bytes"), "{said}");
    // What a configuration calls an instance does not steer a terminal.
    folder.write(
        "names.yml",
        "dependencies: { x: parts/num.wat }\ninstantiations:\n  root: { arguments: { 'acme:num/source@1.0.0': \"i\\e[2J\" } }\n  \
         \"i\\e[2J\": { dependency: x }\n  \"\\ej\": {}\n",
    );
    let said = folder.ok(&["compose", "app.wat", "-c", "names.yml", "--dry-run"]);
    assert!(
        said.contains(" <- i") && !said.contains('\u{1b}'),
        "{said:?}"
    );
}

#[test]
fn the_composition_goes_where_it_is_asked_to() {
    let folder = folder();
    folder.ok(&["compose", "app.wat", "-c", "config.yml", "-o", "o.wasm"]);
    let file = fs::read(folder.at("o.wasm")).unwrap();
    for extra in [&[][..], &["-o", "-"], &["-q"]] {
        let words = [&["compose", "app.wat", "-c", "config.yml"], extra].concat();
        let run = tenon(folder.0.path(), words);
        assert_eq!(run.stdout, file);
        assert_eq!(run.stderr.is_empty(), extra == ["-q"]);
    }
    let run = tenon(
        folder.0.path(),
        ["compose", "app.wat", "-c", "config.yml", "-t", "-q"],
    );
    assert!(text(&run.stdout).starts_with("(component $app\n"));
    let said = folder.ok(&[
        "compose",
        "app.wat",
        "-c",
        "config.yml",
        "-o",
        "p.wasm",
        "--dry-run",
    ]);
    assert!(said.contains("would write") && !folder.at("p.wasm").exists());
    let (_, code, _) = folder.refused(&["compose", "app.wat", "-o", "nowhere/p.wasm"]);
    assert_eq!(code, "cli::io");

    let words = [
        "compose",
        "app.wat",
        "-c",
        "config.yml",
        "-o",
        "j.wasm",
        "--json",
    ];
    let run = tenon(folder.0.path(), words);
    let json: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
    assert_eq!(json["schema"], "tenon/compose/1");
    assert_eq!(json["imports"][0]["rule"], "dependency of that name");
    assert_eq!(json["imports"][1]["state"], "open");
    assert_eq!(json["output"], "j.wasm");
    assert_eq!(fs::read(folder.at("j.wasm")).unwrap(), file);
}

#[test]
fn the_root_may_come_from_standard_input() {
    let folder = Folder::new(&[("acme:num/source@1.0.0.wat", NUM)]);
    let run = |folder: &Path| {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tenon"))
            .args(["compose", "-", "-o", "o.wasm"])
            .current_dir(folder)
            .env("TENON_CACHE_DIR", folder.join(".cache"))
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(APP.as_bytes())
            .unwrap();
        child.wait_with_output().unwrap()
    };
    let output = run(folder.0.path());
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(folder.at("o.wasm").exists());
}

#[test]
fn standard_input_is_read_once() {
    let folder = folder();
    for words in [
        &["compose", "-", "-d", "-"][..],
        &["compose", "-", "-c", "-"],
        &["compose", "config.yml", "--root", "-", "-d", "-"],
    ] {
        let (exit, code, said) = folder.refused(words);
        assert_eq!((exit, &*code), (2, "cli::usage"), "{said}");
    }
}

#[test]
fn the_example_of_the_documentation_is_a_configuration() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/compose.md");
    let page = fs::read_to_string(page).unwrap();
    let (_, rest) = page.split_once("```yaml\n").unwrap();
    let (yaml, _) = rest.split_once("```").unwrap();
    let config: wasm_compose::config::Config = serde_yaml2::from_str(yaml).unwrap();
    assert_eq!(config.dependency_name("cached"), "cache");
    let arguments = &config.instantiations["cached"].arguments;
    assert_eq!(arguments["acme:kv/store"].instance, "disk");
}

#[test]
fn what_has_no_effect_is_a_warning() {
    let folder = folder();
    folder.write(
        "odd.yml",
        "definitions: [parts/num.wat]\ninstantiations:\n  root: { arguments: { clock: nobody } }\n  other: {}\n",
    );
    let words = ["compose", "app.wat", "-c", "odd.yml", "-o", "o.wasm"];
    let said = folder.ok(&words);
    for part in [
        "`clock` of `root` stays open: it is to be `nobody`, of which there is no component",
        "instantiation `other` is used by nothing",
    ] {
        assert!(said.contains(part), "{said}");
    }
    let run = tenon(folder.0.path(), [&words[..], &["--json"]].concat());
    let json: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
    assert_eq!(json["remarks"].as_array().unwrap().len(), 2);
    assert!(run.stderr.is_empty());
}

#[test]
fn bodies_are_validated_unless_that_is_skipped() {
    // Its one function leaves nothing on the stack, and should leave a number.
    let text = r#"(component
        (core module $m (func (export "f") (result i32)))
        (instance $i) (export "clock" (instance $i)))"#;
    let wrong = wat::parse_str(text).unwrap();
    let folder = Folder::new(&[("app.wat", r#"(component (import "clock" (instance)))"#)]);
    folder.write("clock.wasm", wrong);
    let words = ["compose", "app.wat", "-o", "o.wasm"];
    assert_eq!(folder.refused(&words).1, "compose::invalid");
    for option in ["--skip-validation", "--no-validate"] {
        folder.ok(&[&words[..], &[option]].concat());
    }
    folder.write("config.yml", "skip-validation: true");
    folder.ok(&[&words[..], &["-c", "config.yml"]].concat());
    assert_eq!(
        folder.refused(&words).1,
        "compose::invalid",
        "it is not taken for valid now"
    );
}

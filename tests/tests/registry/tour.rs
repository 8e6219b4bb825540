//! The parts of the documentation that need a registry, run as they stand.
//!
//! In what is shown, `…` stands for what differs each time: on a command line for the pin and the token that the registry
//! printed, in what a command prints for anything.

use crate::process::{Process, Registry, binary};
use crate::user::{User, printed, said};
use std::fs;
use std::io::{Write, stderr};
use std::path::Path;
use tenon_tests::example::folder;

/// The address that a registry has if nothing else is asked for.
const ADDRESS: &str = "127.0.0.1:7180";

/// A command line, and what it prints.
struct Step {
    line: String,
    prints: String,
}

/// What the `console` blocks of a section show, up to the next heading of its level.
fn steps(page: &str, heading: &str) -> Vec<Step> {
    let level = heading.split(' ').next().unwrap();
    let mut lines = page
        .lines()
        .skip_while(|line| *line != heading)
        .skip(1)
        .peekable();
    assert!(lines.peek().is_some(), "there is no `{heading}`");
    let mut steps: Vec<Step> = vec![];
    let mut inside = false;
    for line in lines {
        match (line, line.strip_prefix("$ ")) {
            ("```", _) => inside = false,
            (_, _) if line.starts_with("```console") => inside = true,
            (_, Some(line)) if inside => steps.push(Step {
                line: line.to_owned(),
                prints: String::new(),
            }),
            _ if inside => {
                let step = steps.last_mut().unwrap();
                step.prints.push_str(line);
                step.prints.push('\n');
            }
            _ if line.starts_with(&format!("{level} ")) => break,
            _ => {}
        }
    }
    steps
}

/// Whether a text is another one, in which `…` stands for anything in a line.
fn is_like(text: &str, shown: &str) -> bool {
    let line_is_like = |(mut line, shown): (&str, &str)| {
        let mut parts = shown.split('…');
        let Some(rest) = line.strip_prefix(parts.next().unwrap_or_default()) else {
            return false;
        };
        line = rest;
        let parts: Vec<_> = parts.collect();
        let Some((last, middle)) = parts.split_last() else {
            return line.is_empty();
        };
        for part in middle {
            match line.find(part) {
                Some(at) => line = &line[at + part.len()..],
                None => return false,
            }
        }
        line.ends_with(last)
    };
    let (text, shown): (Vec<_>, Vec<_>) = (text.lines().collect(), shown.lines().collect());
    text.len() == shown.len() && text.into_iter().zip(shown).all(line_is_like)
}

#[test]
fn dots_stand_for_what_differs() {
    assert!(is_like("a b c\nd\n", "a … c\nd\n") && is_like("", ""));
    assert!(is_like("a-b-c", "…-…") && is_like("abc", "a…") && is_like("x", "x"));
    assert!(!is_like("a b\n", "a … c\n") && !is_like("a\nb", "a…") && !is_like("xy", "x"));
    assert!(!is_like("ab", "b…") && !is_like("a", "a\n…"));
}

#[test]
fn the_readme_shows_what_a_registry_does() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = fs::read_to_string(root.join("README.md")).unwrap();
    let sections = ["## A registry of your own", "## A project"];
    let mut steps = sections.iter().flat_map(|heading| steps(&page, heading));

    let first = steps.next().unwrap();
    assert_eq!(first.line, "tenon-registry serve");
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("tenon-registry-data");
    let mut command = binary("tenon-registry");
    command.args(["serve"]).current_dir(dir.path());
    command.env("TENON_REGISTRY_LISTEN", "127.0.0.1:0");
    let process = Process::start(&mut command, &dir.path().join("log"));
    let pin = process.said.split('\'').nth(1).unwrap().to_owned();
    let registry = Registry { data, process, pin };
    let address = registry.process.address().to_string();
    let shown = |text: &str| text.replace(&address, ADDRESS);
    let said_first = shown(&registry.process.said);
    assert!(is_like(&said_first, &first.prints), "{said_first}");
    assert!(registry.data.join("log/checkpoint").is_file());

    let user = User::new();
    copy(&folder().join("logger"), &user.at("."));
    let mut ran = 0;
    for Step { line, prints } in steps {
        let real = line
            .replace(ADDRESS, &address)
            .replace("'…'", &format!("'{}'", registry.pin))
            .replace("tnr_…", &registry.token().unwrap());
        assert!(!real.contains('…'), "{real}");
        let output = user.shell(&real);
        let all = shown(&(printed(&output) + &said(&output)));
        // Where something is written is different for everyone.
        let all = all.replace(&user.at("config").display().to_string(), "~/.config/tenon");
        assert!(output.status.success(), "{line}\n{all}");
        assert!(is_like(&all, &prints), "$ {line}\n{all}");
        ran += 1;
    }
    assert!(
        ran >= 12,
        "the tour goes from the first start to a project that is built"
    );
}

#[test]
fn the_reference_shows_how_to_publish_by_hand() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = fs::read_to_string(root.join("docs/api.md")).unwrap();
    let section = page.split("\n## Publishing by hand\n").nth(1).unwrap();
    let block = section.split("```sh\n").nth(1).unwrap();
    let block = block.split("```").next().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::serve(&dir.path().join("registry"));
    let user = User::who_pastes(&registry);
    for tool in ["openssl", "curl", "jq", "xxd"] {
        if !user.shell(&format!("command -v {tool}")).status.success() {
            writeln!(
                stderr(),
                "NOT RUN: publishing by hand, because there is no `{tool}` here"
            )
            .unwrap();
            return;
        }
    }
    copy(&folder().join("logger"), &user.at("."));
    let address = registry.process.address().to_string();
    let script = block.replace(ADDRESS, &address);
    fs::write(user.at("script"), script).unwrap();
    let token = registry.token().unwrap();
    let output = user.shell(&format!("TOKEN={token} sh -e script"));
    let (out, err) = (printed(&output), said(&output));
    assert!(output.status.success(), "{out}{err}");
    assert!(
        out.contains("HTTP/1.1 201 Created\n") || out.contains("HTTP/1.1 201 Created\r"),
        "{out}"
    );
    assert!(
        out.contains("(a) authorised ") && out.contains("signed by `acme/hand`"),
        "{out}"
    );
}

fn copy(from: &Path, to: &Path) {
    for file in fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        if file.file_type().unwrap().is_file() {
            fs::copy(file.path(), to.join(file.file_name())).unwrap();
        }
    }
}

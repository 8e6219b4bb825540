//! Two who change one project at once, and processes that die.

use crate::scene::*;
use crate::shop::*;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// How often what depends on chance is tried.
const TIMES: usize = 20;

#[test]
fn two_who_add_at_once_both_do() {
    let shop = new();
    shop.ok(&["lock"]);
    let lock = shop.read("tenon.lock");
    for round in 0..TIMES {
        shop.write("tenon.toml", MANIFEST);
        shop.write("tenon.lock", &lock);
        let children = ["acme:log", "acme:zoo"].map(|package| {
            let mut command = shop.tenon(&["add", package]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
            (package, command.spawn().unwrap())
        });
        let mut added = vec![];
        for (package, child) in children {
            let output = child.wait_with_output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            match output.status.code() {
                Some(0) => added.push(package),
                // Who is told to do it again has done nothing.
                code => assert!(
                    code == Some(1) && said.contains("error[project::changed]"),
                    "{round}: {said}"
                ),
            }
        }
        assert!(!added.is_empty());
        let manifest = shop.read("tenon.toml");
        for package in ["acme:log", "acme:zoo"] {
            let is_in = added.contains(&package);
            assert_eq!(
                manifest.contains(&format!("\"{package}\"")),
                is_in,
                "{manifest}"
            );
            assert_eq!(!shop.locked(package).is_empty(), is_in, "{round}");
        }
        assert!(manifest.contains("# the server"), "{manifest}");
        shop.ok(&["tree"]);
        shop.ok(&["lock", "--locked"]);
    }
    is_whole(&shop);
}

#[test]
fn two_with_other_caches_do_not_undo_each_other() {
    let shop = new();
    shop.ok(&["lock"]);
    let lock = shop.read("tenon.lock");
    let elsewhere = tempfile::tempdir().unwrap();
    for round in 0..TIMES / 2 {
        shop.write("tenon.toml", MANIFEST);
        shop.write("tenon.lock", &lock);
        let children = ["acme:log", "acme:zoo"].map(|package| {
            let mut command = shop.tenon(&["add", package]);
            if package == "acme:zoo" {
                command.env("TENON_CACHE_DIR", elsewhere.path());
            }
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
            command.spawn().unwrap()
        });
        let outputs = children.map(|child| child.wait_with_output().unwrap());
        let codes = outputs.map(|output| {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            (output.status.code(), said)
        });
        for (code, said) in &codes {
            assert!(
                *code == Some(0) || (*code == Some(1) && said.contains("error[project::changed]")),
                "{round}: {said}"
            );
        }
        is_whole(&shop);
        shop.ok(&["lock"]);
        shop.ok(&["lock", "--locked"]);
    }
}

/// Has someone save a file while a command waits for the registry; what the command said in the end.
fn saved_meanwhile(shop: &Shop, words: &[&str], name: &str, text: &str) -> (Option<i32>, String) {
    let (asked, is_asked) = mpsc::channel();
    let (go, may_go) = mpsc::channel();
    let mut waits = true;
    tell(&shop.place.server, move |_, _| {
        if std::mem::take(&mut waits) {
            asked.send(()).unwrap();
            may_go.recv().unwrap();
        }
    });
    let mut command = shop.tenon(words);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    is_asked.recv_timeout(Duration::from_secs(20)).unwrap();
    shop.write(name, text);
    go.send(()).unwrap();
    let output = child.wait_with_output().unwrap();
    shop.place.server.world().lie = None;
    let said = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), said)
}

#[test]
fn what_an_editor_saves_stays() {
    let shop = new();
    shop.ok(&["lock"]);
    let lock = shop.read("tenon.lock");
    let saved = format!("{MANIFEST}# A thought.\n");
    for words in [&["add", "acme:log"][..], &["add", "acme:log@1"]] {
        shop.write("tenon.toml", MANIFEST);
        let (code, said) = saved_meanwhile(&shop, words, "tenon.toml", &saved);
        assert_eq!(code, Some(1), "{said}");
        assert!(
            said.contains("error[project::changed]: `tenon.toml` was changed"),
            "{said}"
        );
        assert_eq!(shop.read("tenon.toml"), saved);
        assert_eq!(shop.read("tenon.lock"), lock);
        // Again, it does both.
        shop.ok(words);
        assert!(shop.read("tenon.toml").contains("\"acme:log\""));
        assert!(shop.read("tenon.toml").ends_with("# A thought.\n"));
        shop.write("tenon.lock", &lock);
    }
    // A lock file that someone else has written meanwhile stays, and so does the manifest that belongs to it.
    shop.write("tenon.toml", MANIFEST);
    let theirs = lock.replace("# Made by", "# Found by");
    for words in [&["add", "acme:log"][..], &["update"]] {
        shop.write("tenon.lock", &lock);
        let (code, said) = saved_meanwhile(&shop, words, "tenon.lock", &theirs);
        assert_eq!(code, Some(1), "{words:?}: {said}");
        assert!(
            said.contains("error[project::changed]: `tenon.lock` was changed"),
            "{said}"
        );
        assert_eq!(shop.read("tenon.toml"), MANIFEST, "{words:?}");
        assert_eq!(shop.read("tenon.lock"), theirs);
    }
    is_whole(&shop);
}

fn git(shop: &Shop, words: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .args(words)
        .current_dir(shop.at(""))
        .output();
    Some(String::from_utf8(output.ok()?.stdout).unwrap())
}

#[test]
fn who_dies_leaves_whole_files() {
    let shop = new();
    shop.ok(&["lock"]);
    let lock = shop.read("tenon.lock");
    shop.write(".gitignore", "/build\n.tenon-*\n");
    let has_git = git(&shop, &["init", "-q"]).is_some();
    let wanting = MANIFEST.replace("\n[compose]", "\"acme:zoo\" = \"1\"\n\n[compose]");
    let began = Instant::now();
    shop.ok(&["add", "acme:log"]);
    let whole = began.elapsed();
    let runs = 30;
    for run in 0..runs {
        let (words, manifest) = match run % 2 {
            0 => (&["add", "acme:log"][..], MANIFEST),
            _ => (&["lock"][..], wanting.as_str()),
        };
        shop.write("tenon.toml", manifest);
        shop.write("tenon.lock", &lock);
        let mut child = shop
            .tenon(words)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        thread::sleep(whole * run / runs);
        // It may be done already.
        let _ = child.kill();
        child.wait().unwrap();
        is_whole(&shop);
        let now = (shop.read("tenon.toml"), shop.read("tenon.lock"));
        assert!(now.0 == manifest || now.0.contains("acme:log"), "{}", now.0);
        assert!(now.0.contains("# the server"), "{}", now.0);
        if has_git {
            let seen = git(&shop, &["status", "--porcelain", "--untracked-files=all"]).unwrap();
            let mut seen: Vec<_> = seen.lines().map(|line| &line[3..]).collect();
            seen.sort_unstable();
            assert_eq!(seen, [".gitignore", "app.wasm", "tenon.lock", "tenon.toml"]);
        }
        // Nothing is in the way of the next one.
        shop.ok(&["lock"]);
        shop.ok(&["lock", "--locked"]);
    }
}

//! C22 and C23: what is on disk, and who changed it or cut the power.

use crate::place::{Place, Said};
use crate::scene::*;
use crate::server::{self, Server, now};
use crate::support::Registry;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::mpsc;
use std::time::Duration;
use tenon_registry_client::Digest;
use tenon_registry_client::state::TrustState;

/// The only file, or the files, of a kind.
fn find(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => find(&path, found),
            false => found.push(path),
        }
    }
}

fn all(place: &Place, folder: &str) -> Vec<PathBuf> {
    let mut found = vec![];
    find(&place.at(folder), &mut found);
    assert!(!found.is_empty());
    found
}

fn trust(place: &Place) -> PathBuf {
    let mut files = all(place, "state");
    files.retain(|path| path.ends_with("trust"));
    assert_eq!(files.len(), 1);
    files.remove(0)
}

/// Someone who has the new release.
fn settled() -> Place {
    let place = used();
    place.ok(&["fetch", "acme:http@1.1.0"]);
    place
}

/// Changes a byte in the middle, and leaves what tells of lost bytes as it should be.
fn tamper(path: &Path, sealed: bool) {
    let mut bytes = fs::read(path).unwrap();
    let middle = 32 + (bytes.len() - 32) / 2;
    bytes[middle] ^= 1;
    if sealed {
        let digest = Digest::of(&bytes[32..]);
        bytes[..32].copy_from_slice(digest.as_bytes());
    }
    fs::write(path, bytes).unwrap();
}

#[test]
fn c22_a_cache_that_was_changed_is_not_believed() {
    let offline = [&GET[..], &["--offline"]].concat();
    // Content: removed, and fetched again.
    for content in [&b"the bytes of the evil one"[..], &NEW[1..], b""] {
        let place = settled();
        let blobs = all(&place, "cache/blobs");
        let new = blobs
            .iter()
            .find(|path| fs::read(path).unwrap() == NEW)
            .unwrap();
        fs::write(new, content).unwrap();
        let said = Said::of(place.run(&[&offline[..], &["--json"]].concat()));
        assert_eq!(said.code, Some(4), "{}", said.err);
        assert_eq!(said.json()["error"]["code"], "registry::offline");
        assert_eq!(place.files(), [""; 0]);
        believes_the_truth(&place);
    }
    // Records and bundles, with the sum that belongs to them and without.
    for kind in ["cache/chains", "cache/bundles", "cache/steps"] {
        for sealed in [false, true] {
            let place = settled();
            for path in all(&place, kind) {
                tamper(&path, sealed);
            }
            let before = fs::read(trust(&place)).unwrap();
            let said = Said::of(place.run(&[&offline[..], &["--json"]].concat()));
            match kind {
                "cache/bundles" => {
                    assert!(
                        matches!(said.code, Some(3 | 4)),
                        "{:?} {}",
                        said.code,
                        said.err
                    );
                    assert_eq!(place.files(), [""; 0]);
                }
                // The kept bundle is of this very checkpoint, and stands on its own.
                _ => {
                    assert_eq!(said.code, Some(0), "{}", said.out);
                    fs::remove_file(place.at("out")).unwrap();
                }
            }
            assert_eq!(fs::read(trust(&place)).unwrap(), before);
            believes_the_truth(&place);
        }
    }
    // The bundle of another history of the same log in the place of the kept one.
    let clock = now();
    let serving = || {
        let registry = server::registry(clock);
        Place::of(Server::start_with(registry, |stream| {
            Some(Box::new(stream))
        }))
    };
    let (place, other) = (serving(), serving());
    other.server.world().publish("acme:evil", "1.0.0", b"evil");
    for place in [&place, &other] {
        use_it(place);
        place.ok(&["fetch", "acme:http@1.1.0"]);
    }
    let theirs = all(&other, "cache/bundles");
    for path in all(&place, "cache/bundles") {
        let name = path.file_name().unwrap();
        let from = theirs
            .iter()
            .find(|path| path.file_name().unwrap() == name)
            .unwrap();
        assert_ne!(fs::read(from).unwrap(), fs::read(&path).unwrap());
        fs::copy(from, &path).unwrap();
    }
    let said = Said::of(place.run(&[&offline[..], &["--json"]].concat()));
    assert_eq!(said.code, Some(4), "{}{}", said.out, said.err);
    assert_eq!(place.files(), [""; 0]);
    believes_the_truth(&place);
}

#[test]
fn c22_a_state_that_was_changed_is_refused_and_kept() {
    let place = settled();
    let path = trust(&place);
    let good = fs::read(&path).unwrap();
    let text = String::from_utf8(good.clone()).unwrap();
    let mut changed: Vec<Vec<u8>> = vec![
        vec![],
        b"\0".repeat(good.len()),
        good[..good.len() / 2].to_vec(),
        [&good[..], b"more\n"].concat(),
        text.replacen("registry.example/log", "evil.example/log", 1)
            .into(),
        text.to_uppercase().into(),
        vec![b'a'; 70 << 20],
    ];
    // One bit anywhere: each place of a part of them.
    for at in (0..good.len()).step_by(97) {
        let mut one = good.clone();
        one[at] ^= 1;
        changed.push(one);
    }
    let pin = place.server.world().registry.pin();
    let whole = state(&place).unwrap();
    let mut accepted = 0;
    for bytes in changed {
        fs::write(&path, &bytes).unwrap();
        let said = Said::of(place.run(&[&GET[..], &["--json"]].concat()));
        match said.code {
            // It cannot be read, and is not replaced.
            Some(1) => {
                assert_eq!(said.json()["error"]["code"], "registry::files");
                assert!(fs::read(&path).unwrap() == bytes);
            }
            // It can be read, and the registry does not agree with what it says.
            Some(3) => assert!(fs::read(&path).unwrap() == bytes),
            // It says what it said, by another line that nobody knows or needs.
            Some(0) => {
                accepted += 1;
                let read = TrustState::parse(&bytes, &pin).unwrap();
                let says = |state: &TrustState| {
                    let keys = [state.log_keys(), state.retired_keys()].map(<[_]>::to_vec);
                    let (checkpoint, heads) = (state.checkpoint().clone(), state.heads().clone());
                    (checkpoint, heads, keys, state.index_time())
                };
                assert_eq!(says(&read), says(&whole));
                assert_eq!(place.read("out"), NEW);
                fs::remove_file(place.at("out")).unwrap();
            }
            code => panic!("{code:?} {}", said.err),
        }
        assert_eq!(place.files(), [""; 0]);
    }
    println!("{accepted} changes said no other thing");
    fs::write(&path, &good).unwrap();
    believes_the_truth(&place);
}

#[test]
fn c22_no_link_is_followed() {
    // A link in the place of a file or folder of the cache or the state, to something that is just as it was.
    for kind in ["cache/blobs", "cache/chains", "cache/bundles", "state"] {
        for of_folder in [false, true] {
            let place = settled();
            let path = match kind {
                "state" => trust(&place),
                _ => {
                    let mut files = all(&place, kind);
                    files.retain(|path| kind != "cache/blobs" || fs::read(path).unwrap() == NEW);
                    files.remove(0)
                }
            };
            let path = match of_folder {
                true => path.parent().unwrap().to_owned(),
                false => path,
            };
            let moved = place.at("moved");
            fs::rename(&path, &moved).unwrap();
            symlink(&moved, &path).unwrap();
            let mut before = vec![];
            match of_folder {
                true => find(&moved, &mut before),
                false => before.push(moved.clone()),
            }
            let before: Vec<_> = before
                .iter()
                .map(|path| (path.clone(), fs::read(path).unwrap()))
                .collect();
            let said = Said::of(place.run(&[&GET[..], &["--json"]].concat()));
            match kind {
                // A cache of records that is not to be used costs time, and nothing else.
                "cache/chains" | "cache/bundles" => {
                    assert!(
                        matches!(said.code, Some(0 | 1)),
                        "{kind} {of_folder}: {:?}",
                        said.code
                    );
                }
                _ => {
                    assert_eq!(said.code, Some(1), "{kind} {of_folder}: {}", said.out);
                    assert_eq!(said.json()["error"]["code"], "registry::files");
                    assert!(said.out.contains("is not followed"), "{}", said.out);
                    assert_eq!(place.files(), ["moved"]);
                }
            }
            for (path, bytes) in before {
                assert!(fs::read(&path).unwrap() == bytes, "{kind} {of_folder}");
            }
        }
    }
    // A link in the place of the lock has nothing made where it leads.
    let place = settled();
    let lock = trust(&place).with_file_name("lock");
    fs::remove_file(&lock).unwrap();
    symlink(place.at("made"), &lock).unwrap();
    place.server.world().publish("acme:http", "1.2.0", b"more");
    let said = Said::of(place.run(&["get", "acme:http@1.2.0", "-o", "out"]));
    println!("{:?} {}", said.code, said.err);
    assert_eq!(said.code, Some(1), "{}", said.err);
    assert_eq!(place.files(), [""; 0]);
}

const KILLS: u32 = 50;

#[test]
fn c23_a_killed_client_has_the_old_state_or_the_new() {
    let place = settled();
    let sizes = |registry: &Registry| registry.published.keys().copied().collect::<Vec<_>>();
    let mut acknowledged = state(&place).unwrap().checkpoint().size;
    let (mut killed, mut moved) = (0, 0);
    // It is about to save when it has all of the content.
    let (sender, served) = mpsc::channel();
    tell(&place.server, move |target, _| {
        if target.starts_with("/blobs/") {
            sender.send(()).unwrap();
        }
    });
    let mut pause = Duration::from_millis(5);
    for round in 0..KILLS {
        let version = format!("2.{round}.0");
        place
            .server
            .world()
            .publish("acme:http", &version, version.as_bytes());
        let package = format!("acme:http@{version}");
        let mut command = place.tenon(&["fetch", &package, "--json"]);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        served.recv_timeout(Duration::from_secs(20)).unwrap();
        std::thread::sleep(pause);
        let _ = child.kill();
        let output = child.wait_with_output().unwrap();
        // It can be read, is of the log, and is never behind what was said to be so.
        let after = state(&place).expect("a state is never gone");
        let size = after.checkpoint().size;
        assert!(sizes(&place.server.world().registry).contains(&size));
        assert!(size >= acknowledged, "{size} after {acknowledged}");
        moved += u32::from(size > acknowledged);
        match output.status.success() {
            true => {
                let latest = place.server.world().registry.size();
                assert_eq!(size, latest, "it said that it was done");
                pause = pause.mul_f64(0.8);
            }
            false => {
                killed += 1;
                // However fast the machine is: sooner if it had saved, and later if it had not.
                let factor = if size > acknowledged { 0.95 } else { 1.25 };
                pause = pause.mul_f64(factor).min(Duration::from_secs(1));
            }
        }
        // What is in the cache under its name is whole.
        for path in all(&place, "cache/blobs") {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let whole = Digest::of(&fs::read(&path).unwrap()).hex() == name;
            assert!(whole || name.starts_with(".new-"), "{name}");
        }
        acknowledged = size;
    }
    println!("{killed} of {KILLS} were killed, {moved} had saved");
    assert!(killed >= 10 && moved >= 10, "{killed} {moved}");
    place
        .server
        .world()
        .publish("acme:http", "3.0.0", b"the end");
    place.ok(&["fetch", "acme:http@3.0.0"]);
    believes_the_truth(&place);
}

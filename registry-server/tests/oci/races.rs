//! What is done at once, and what the registry does by itself meanwhile; and what a restart leaves.

use crate::guest::{Guest, digest, fails, image, until_no_drafts};
use crate::house::House;
use crate::publisher::{FIRST, Publisher, after, component, post, upload};
use crate::releases::{granted, prepare};
use crate::steps::{assert_pullable, assert_whole};
use serde_json::Value;
use std::collections::HashSet;
use std::path::Path;
use std::process::Command;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tenon_registry_client::record::Subject;
use tenon_registry_server::care::{GcOptions, gc};

const AT_ONCE: GcOptions = GcOptions {
    min_age: Duration::ZERO,
    dry_run: false,
};

fn collect(house: &House) -> usize {
    house.app.oci().sweep(&house.app, Duration::ZERO).unwrap();
    let report = gc(house.app.directory(), &AT_ONCE, house.app.claims()).unwrap();
    report.unnamed.len()
}

fn run(command: &[&str], dir: &Path) -> (bool, String) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_tenon-registry"));
    let output = program
        .args(command)
        .arg("--data")
        .arg(dir)
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

#[test]
fn one_blob_pushed_by_many_is_one_file() {
    let house = House::new();
    let guest = Guest::new(&house);
    let bytes: Vec<u8> = (0..400_000_u32).map(|byte| (byte / 3) as u8).collect();
    std::thread::scope(|scope| {
        for number in 0..8 {
            let (guest, bytes) = (guest.clone(), &bytes);
            scope.spawn(move || guest.push(&format!("repo{}", number % 3), bytes));
        }
    });
    let path = format!("/v2/repo1/blobs/{}", digest(&bytes));
    assert_eq!(guest.get(&path).body, bytes);
    assert_eq!((house.drafts(), collect(&house)), (0, 1));
    assert_eq!(guest.get(&path).status, 404);
}

#[test]
fn one_tag_pushed_by_many_leads_to_one_of_their_manifests() {
    let house = House::new();
    let guest = Guest::new(&house);
    guest.push("repo", b"{}");
    let manifests: Vec<Vec<u8>> = (0..6)
        .map(|number| {
            let layer = format!("layer {number}").into_bytes();
            guest.push("repo", &layer);
            image(&[&layer], None)
        })
        .collect();
    std::thread::scope(|scope| {
        for manifest in &manifests {
            let guest = guest.clone();
            scope.spawn(move || assert_eq!(guest.put("repo", "v1", manifest).status, 201));
        }
    });
    let found = guest.get("/v2/repo/manifests/v1").body;
    assert!(manifests.contains(&found));
    for manifest in &manifests {
        let path = format!("/v2/repo/manifests/{}", digest(manifest));
        assert_eq!(guest.get(&path).body, *manifest);
    }
    assert_whole(&house);
}

#[test]
fn s15_one_version_pushed_by_many_is_released_once() {
    let house = House::new();
    crate::releases::granted(&house);
    let guest = Guest::new(&house);
    let manifests: Vec<Vec<u8>> = (0..6)
        .map(|number| {
            // Twice the same content, by another manifest.
            let created = format!("2026-09-0{}T10:00:00Z", number + 1);
            crate::releases::prepare(&guest, "acme/app", &component(number / 2), &created)
        })
        .collect();
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let pushing: Vec<_> = manifests
            .iter()
            .map(|manifest| {
                let guest = guest.clone();
                scope.spawn(move || guest.put("acme/app", "1.0.0", manifest).status)
            })
            .collect();
        pushing.into_iter().map(|it| it.join().unwrap()).collect()
    });
    // One content wins, whichever of its manifests came first, and the release has one of these.
    let found = guest.get("/v2/acme/app/manifests/1.0.0").body;
    let won = manifests.iter().position(|manifest| *manifest == found);
    let won = won.unwrap() / 2;
    for (number, status) in statuses.iter().enumerate() {
        let expected = if number / 2 == won { 201 } else { 409 };
        assert_eq!(*status, expected, "{statuses:?}");
    }
    let log = house.app.public().log();
    let package = Subject::Package("acme:app".parse().unwrap());
    assert_eq!(log.chain(&package).unwrap().len(), 1);
    assert_whole(&house);
}

#[test]
fn many_versions_of_one_package_are_released_behind_each_other() {
    let house = House::new();
    crate::releases::granted(&house);
    let guest = Guest::new(&house);
    std::thread::scope(|scope| {
        for number in 0..8_u32 {
            let guest = guest.clone();
            scope.spawn(move || {
                let bytes = component(number);
                let created = "2026-09-01T10:00:00Z";
                let manifest = crate::releases::prepare(&guest, "acme/app", &bytes, created);
                let answer = guest.put("acme/app", &format!("1.{number}.0"), &manifest);
                assert_eq!(answer.status, 201, "{}", answer.text());
            });
        }
    });
    assert_eq!(guest.get("/v2/acme/app/manifests/1.7.0").status, 200);
    assert_whole(&house);
}

#[test]
fn a_manifest_that_was_taken_in_has_its_content_whatever_is_collected_meanwhile() {
    let house = House::new();
    let guest = Guest::new(&house);
    let (done, removed) = (AtomicBool::new(false), AtomicUsize::new(0));
    let refused = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                removed.fetch_add(collect(&house), Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        let pushing: Vec<_> = (0..3)
            .map(|person| {
                let (guest, refused) = (guest.clone(), &refused);
                scope.spawn(move || {
                    for number in 0..10 {
                        let layer = format!("layer {person} {number}").into_bytes();
                        let manifest = image(&[&layer], None);
                        let (name, tag) = (format!("repo{person}"), format!("v{number}"));
                        // Content can be let go of before a manifest names it: then it is said.
                        loop {
                            guest.push(&name, b"{}");
                            guest.push(&name, &layer);
                            let answer = guest.put(&name, &tag, &manifest);
                            if answer.status == 201 {
                                break;
                            }
                            fails(&answer, 400, "MANIFEST_BLOB_UNKNOWN");
                            refused.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                })
            })
            .collect();
        let ended: Vec<_> = pushing.into_iter().map(|it| it.join()).collect();
        done.store(true, Ordering::Relaxed);
        ended.into_iter().for_each(|it| it.unwrap());
    });
    assert!(removed.into_inner() > 0, "nothing was collected");
    for person in 0..3 {
        for number in 0..10 {
            let layer = format!("layer {person} {number}").into_bytes();
            for bytes in [&layer[..], b"{}"] {
                let path = format!("/v2/repo{person}/blobs/{}", digest(bytes));
                assert_eq!(guest.get(&path).body, bytes);
            }
        }
    }
    (0..3).for_each(|person| assert_pullable(&house, &format!("repo{person}")));
    assert_whole(&house);
}

#[test]
fn a_manifest_against_a_delete_of_what_it_names_is_taken_in_or_refused() {
    let house = House::new();
    let guest = Guest::new(&house);
    guest.push("repo", b"{}");
    for number in 0..10 {
        let layer = format!("layer {number}").into_bytes();
        let path = format!("/v2/repo/blobs/{}", guest.push("repo", &layer));
        let manifest = image(&[&layer], None);
        let tag = format!("v{number}");
        let (put, deleted) = std::thread::scope(|scope| {
            let putting = scope.spawn(|| guest.put("repo", &tag, &manifest));
            let deleting = scope.spawn(|| guest.ask("DELETE", &path).status);
            (putting.join().unwrap(), deleting.join().unwrap())
        });
        assert_eq!(deleted, 202);
        let there = guest.get(&format!("/v2/repo/manifests/{tag}")).status;
        match put.status {
            201 => assert_eq!(there, 200),
            _ => {
                fails(&put, 400, "MANIFEST_BLOB_UNKNOWN");
                assert_eq!(there, 404);
            }
        }
    }
}

#[test]
fn content_goes_when_nothing_names_it_and_no_sooner() {
    let house = House::new();
    let guest = Guest::new(&house);
    let manifest = guest.push_image("repo", "v1", b"layer");
    let unnamed = guest.push("repo", b"unnamed");
    let blob = |digest: &str| guest.get(&format!("/v2/repo/blobs/{digest}")).status;
    let day = Duration::from_secs(86_400);
    house.app.oci().sweep(&house.app, day).unwrap();
    assert_eq!(blob(&unnamed), 200);
    assert_eq!(collect(&house), 1);
    assert_eq!((blob(&unnamed), blob(&digest(b"layer"))), (404, 200));
    // A tag that goes leaves the manifest, and so its content.
    guest.ask("DELETE", "/v2/repo/manifests/v1");
    assert_eq!((collect(&house), blob(&digest(b"layer"))), (0, 200));
    guest.ask(
        "DELETE",
        &format!("/v2/repo/manifests/{}", digest(&manifest)),
    );
    assert_eq!((collect(&house), blob(&digest(b"layer"))), (2, 404));
}

#[test]
fn what_was_pushed_outlasts_a_restart_gc_a_rebuild_and_a_backup() {
    let house = House::new();
    crate::releases::granted(&house);
    let guest = Guest::new(&house);
    let manifest = guest.push_image("repo", "v1", b"layer");
    let created = "2026-09-01T10:00:00Z";
    let pushed = crate::releases::prepare(&guest, "acme/app", &component(1), created);
    assert_eq!(guest.put("acme/app", "1.0.0", &pushed).status, 201);
    let location = guest.begin("repo");
    guest.send("PATCH", &location, &[], &vec![1; 600_000]);
    let header = guest.clone();
    let mut temp = house.leave();
    let dir = temp.path().join("data");
    until_no_drafts(&dir.join("tmp"));
    let gc = &["gc", "--min-age", "0"][..];
    for command in [gc, &["fsck"], &["scrub"], &["rebuild"], gc, &["fsck"]] {
        let (success, text) = run(command, &dir);
        assert!(success, "{command:?}: {text}");
        assert!(!text.contains("warning"), "{command:?}: {text}");
    }
    for _ in 0..2 {
        let house = House::at(temp);
        let guest = header.at(&house);
        assert_eq!(guest.get("/v2/repo/manifests/v1").body, manifest);
        assert_eq!(
            guest
                .get(&format!("/v2/repo/blobs/{}", digest(b"layer")))
                .text(),
            "layer"
        );
        assert_eq!(guest.get("/v2/acme/app/manifests/1.0.0").body, pushed);
        // An upload does not outlast the process that it is in.
        fails(&guest.get(&location), 404, "BLOB_UPLOAD_UNKNOWN");
        temp = house.leave();
        let copy = tempfile::tempdir().unwrap();
        let data = temp.path().join("data");
        let made = Command::new(env!("CARGO_BIN_EXE_tenon-registry"))
            .args(["backup", "--with-keys", "--data"])
            .arg(&data)
            .arg(copy.path().join("data"))
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        temp = copy;
    }
}

#[test]
fn a_release_is_formed_once_for_all_who_ask_at_once() {
    let house = House::new();
    let alice = Publisher::new(&house, "acme");
    let guest = Guest::nobody(&house);
    // Another registry says what the form of each release is.
    let other = House::new();
    let other_alice = Publisher::new(&other, "acme");
    let publish = |house: &House, alice: &Publisher| {
        let mut link = FIRST;
        for number in 0..4 {
            let bytes = component(number);
            upload(house, &bytes);
            let record = alice.release("app", link, &format!("1.{number}.0"), &bytes);
            assert_eq!(post(house, &record).status, 201);
            link = after(&record);
        }
    };
    publish(&house, &alice);
    publish(&other, &other_alice);
    let manifests: Vec<Vec<u8>> = (0..4)
        .map(|number| {
            let path = format!("/v2/acme/app/manifests/1.{number}.0");
            Guest::nobody(&other).get(&path).body
        })
        .collect();
    std::thread::scope(|scope| {
        for turn in 0..8 {
            let (guest, manifests) = (guest.clone(), &manifests);
            scope.spawn(move || {
                for at in 0..4 {
                    let manifest = &manifests[(turn + at) % 4];
                    let said: serde_json::Value = serde_json::from_slice(manifest).unwrap();
                    let config = said["config"]["digest"].as_str().unwrap();
                    let blob = guest.get(&format!("/v2/acme/app/blobs/{config}"));
                    assert_eq!(blob.status, 200, "{}", blob.text());
                    let path = format!("/v2/acme/app/manifests/{}", digest(manifest));
                    assert_eq!(guest.get(&path).body, *manifest);
                }
            });
        }
    });
}

#[test]
fn whatever_is_listed_can_be_pulled_at_every_moment() {
    let house = House::new();
    crate::releases::granted(&house);
    let guest = Guest::new(&house);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let looking: Vec<_> = (0..3)
            .map(|_| {
                let (guest, done) = (Guest::nobody(&house), &done);
                scope.spawn(move || {
                    let mut seen = 0;
                    while !done.load(Ordering::Relaxed) {
                        for number in 0..6 {
                            let list = guest.get(&format!("/v2/acme/app-{number}x/tags/list"));
                            if list.status == 404 {
                                continue;
                            }
                            let list: serde_json::Value = list.json();
                            for tag in list["tags"].as_array().unwrap() {
                                let tag = tag.as_str().unwrap();
                                let path = format!("/v2/acme/app-{number}x/manifests/{tag}");
                                assert_eq!(guest.get(&path).status, 200, "{path}");
                                seen += 1;
                            }
                        }
                    }
                    seen
                })
            })
            .collect();
        for number in 0..6 {
            let (name, bytes) = (format!("acme/app-{number}x"), component(number));
            let manifest = crate::releases::prepare(&guest, &name, &bytes, "2026-09-01T10:00:00Z");
            for version in ["1.0.0", "1.1.0"] {
                assert_eq!(guest.put(&name, version, &manifest).status, 201);
            }
        }
        done.store(true, Ordering::Relaxed);
        let seen: usize = looking.into_iter().map(|it| it.join().unwrap()).sum();
        assert!(seen > 0);
    });
}

/// Does two things at the same moment: what is answered to each.
fn at_once<A: Send, B: Send>(
    one: impl FnOnce() -> A + Send,
    other: impl FnOnce() -> B + Send,
) -> (A, B) {
    let begin = Barrier::new(2);
    std::thread::scope(|scope| {
        let one = scope.spawn(|| {
            begin.wait();
            one()
        });
        begin.wait();
        let other = other();
        (one.join().unwrap(), other)
    })
}

#[test]
fn one_tag_pushed_often_by_many_is_always_one_of_their_manifests_as_a_whole() {
    let house = House::new();
    let guest = Guest::new(&house);
    guest.push("repo", b"{}");
    let manifests: Vec<Vec<u8>> = (0..4)
        .map(|number| {
            let layer = format!("layer {number}").into_bytes();
            guest.push("repo", &layer);
            image(&[&layer], None)
        })
        .collect();
    assert_eq!(guest.put("repo", "v1", &manifests[0]).status, 201);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let looking = scope.spawn(|| {
            let mut seen = HashSet::new();
            while !done.load(Ordering::Relaxed) {
                let answer = guest.get("/v2/repo/manifests/v1");
                assert!(manifests.contains(&answer.body), "{}", answer.text());
                let said = answer.header("docker-content-digest").unwrap();
                assert_eq!(said, digest(&answer.body));
                seen.insert(answer.body);
            }
            seen.len()
        });
        let pushing: Vec<_> = manifests
            .iter()
            .map(|manifest| {
                let guest = guest.clone();
                scope.spawn(move || {
                    for _ in 0..10 {
                        assert_eq!(guest.put("repo", "v1", manifest).status, 201);
                    }
                })
            })
            .collect();
        let ended: Vec<_> = pushing.into_iter().map(|it| it.join()).collect();
        done.store(true, Ordering::Relaxed);
        ended.into_iter().for_each(|it| it.unwrap());
        assert!(looking.join().unwrap() > 1);
    });
    // Whoever pushes last has it.
    assert_eq!(guest.put("repo", "v1", &manifests[2]).status, 201);
    assert_eq!(guest.get("/v2/repo/manifests/v1").body, manifests[2]);
    assert_whole(&house);
}

#[test]
fn one_manifest_of_a_version_pushed_by_many_is_well_for_all_of_them() {
    let house = House::new();
    crate::releases::granted(&house);
    let guest = Guest::new(&house);
    let created = "2026-09-01T10:00:00Z";
    let manifest = crate::releases::prepare(&guest, "acme/app", &component(1), created);
    let size = house.log_size();
    std::thread::scope(|scope| {
        for number in 0..8 {
            let (guest, manifest) = (guest.clone(), &manifest);
            let reference = match number % 2 {
                0 => "1.0.0".to_owned(),
                _ => format!("{}?tag=1.0.0", digest(manifest)),
            };
            scope.spawn(move || {
                let answer = guest.put("acme/app", &reference, manifest);
                assert_eq!(answer.status, 201, "{}", answer.text());
            });
        }
    });
    // The release, and the record of the batch.
    assert_eq!(house.log_size(), size + 2);
    assert_eq!(guest.get("/v2/acme/app/manifests/1.0.0").body, manifest);
    assert_whole(&house);
}

#[test]
fn a_version_pushed_against_its_native_publication_is_one_of_the_two() {
    let house = House::new();
    let alice = crate::releases::granted(&house);
    let guest = Guest::new(&house);
    let created = "2026-09-01T10:00:00Z";
    for number in 0..6_u32 {
        let (native, name) = (component(number * 2), format!("app{number}x"));
        let repository = format!("acme/{name}");
        upload(&house, &native);
        let pushed = component(number * 2 + 1);
        let manifest = crate::releases::prepare(&guest, &repository, &pushed, created);
        let record = alice.release(&name, FIRST, "1.0.0", &native);
        let (posted, put) = at_once(
            || post(&house, &record).status,
            || guest.put(&repository, "1.0.0", &manifest).status,
        );
        assert!(
            matches!((posted, put), (201, 409) | (409, 201)),
            "{posted} {put}"
        );
        let found = guest.get(&format!("/v2/{repository}/manifests/1.0.0"));
        let said: serde_json::Value = found.json();
        let wanted = if put == 201 { &pushed } else { &native };
        assert_eq!(said["layers"][0]["digest"], digest(wanted));
        assert_eq!(found.body == manifest, put == 201);
        let package: serde_json::Value = house.get(&format!("/api/v1/packages/acme/{name}")).json();
        assert_eq!(package["releases"][0]["digest"], digest(wanted));
        assert_pullable(&house, &repository);
    }
    assert_whole(&house);
}

#[test]
fn a_release_against_a_delete_of_its_component_or_config_is_whole_or_refused() {
    let house = House::new();
    crate::releases::granted(&house);
    let guest = Guest::new(&house);
    let created = "2026-09-01T10:00:00Z";
    for number in 0..8_u32 {
        let bytes = component(number);
        let manifest = crate::releases::prepare(&guest, "acme/app", &bytes, created);
        let said: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
        let part = match number % 2 {
            0 => said["config"]["digest"].as_str().unwrap(),
            _ => said["layers"][0]["digest"].as_str().unwrap(),
        };
        let (path, version) = (
            format!("/v2/acme/app/blobs/{part}"),
            format!("1.{number}.0"),
        );
        let (put, deleted) = at_once(
            || guest.put("acme/app", &version, &manifest),
            || {
                // While it is being checked, or before.
                std::thread::sleep(Duration::from_millis(u64::from(number) * 3));
                let status = guest.ask("DELETE", &path).status;
                collect(&house);
                status
            },
        );
        // What is of a release is not deleted.
        assert!(matches!(deleted, 202 | 405), "{deleted}");
        let there = guest.get(&format!("/v2/acme/app/manifests/{version}"));
        match put.status {
            201 => {
                assert_eq!(there.body, manifest);
                assert_eq!(guest.get(&path).status, 200, "{deleted}");
            }
            _ => {
                fails(&put, 400, "MANIFEST_BLOB_UNKNOWN");
                assert_eq!(there.status, 404);
            }
        }
        assert_pullable(&house, "acme/app");
    }
    assert_whole(&house);
}

#[test]
fn content_mounted_while_it_is_deleted_and_collected_is_mounted_or_to_be_uploaded() {
    let house = House::new();
    let guest = Guest::new(&house);
    let mut mounted = 0;
    for number in 0..12 {
        let layer = format!("layer {number}").into_bytes();
        let pushed = guest.push("from", &layer);
        let from = if number % 2 == 0 { "&from=from" } else { "" };
        let mount = format!("/v2/to/blobs/uploads/?mount={pushed}{from}");
        let (answer, _) = at_once(
            || guest.ask("POST", &mount),
            || {
                let path = format!("/v2/from/blobs/{pushed}");
                assert_eq!(guest.ask("DELETE", &path).status, 202);
                gc(house.app.directory(), &AT_ONCE, house.app.claims()).unwrap();
            },
        );
        match answer.status {
            201 => {
                let blob = guest.get(&format!("/v2/to/blobs/{pushed}"));
                assert_eq!(blob.body, layer);
                mounted += 1;
            }
            status => {
                assert_eq!(status, 202, "{}", answer.text());
                let location = answer.header("location").unwrap();
                let close = format!("{location}?digest={pushed}");
                assert_eq!(guest.send("PUT", &close, &[], &layer).status, 201);
            }
        }
        let blob = guest.get(&format!("/v2/to/blobs/{pushed}"));
        assert_eq!(blob.body, layer);
    }
    println!("{mounted} of 12 mounted");
    assert_whole(&house);
}

#[test]
fn a_tag_or_manifest_deleted_while_it_is_pushed_is_there_as_a_whole_or_not_at_all() {
    let house = House::new();
    let guest = Guest::new(&house);
    let manifest = guest.push_image("repo", "v0", b"layer");
    let by_digest = format!("/v2/repo/manifests/{}", digest(&manifest));
    for number in 0..16 {
        let tag = format!("v{number}");
        let path = match number % 2 {
            0 => format!("/v2/repo/manifests/{tag}"),
            _ => by_digest.clone(),
        };
        let (put, deleted) = at_once(
            || guest.put("repo", &tag, &manifest).status,
            || guest.ask("DELETE", &path).status,
        );
        assert_eq!(put, 201);
        assert!(matches!(deleted, 202 | 404), "{deleted}");
        let (tagged, there) = (
            guest.get(&format!("/v2/repo/manifests/{tag}")).status,
            guest.get(&by_digest).status,
        );
        // A tag without a manifest there never is; a manifest without the tag only if that was deleted.
        assert!(tagged == there || (number % 2 == 0 && there == 200));
        assert_pullable(&house, "repo");
        guest.push_image("repo", "v0", b"layer");
    }
    assert_whole(&house);
}

#[test]
fn an_upload_that_expires_while_it_is_sent_goes_on_or_is_to_be_begun_again() {
    let house = House::new();
    let guest = Guest::new(&house);
    let bytes: Vec<u8> = (0..300_000_u32).map(|byte| (byte / 9) as u8).collect();
    let (mut expired, mut kept) = (0, 0);
    for round in 0..12 {
        let location = guest.begin("repo");
        let ((patch, put), _) = at_once(
            || {
                let patch = guest.send("PATCH", &location, &[], &bytes).status;
                let close = format!("{location}?digest={}", digest(&bytes));
                (patch, guest.ask("PUT", &close).status)
            },
            || {
                // Each time at another moment.
                std::thread::sleep(Duration::from_millis(round * 2));
                house.app.oci().expire(Duration::ZERO);
            },
        );
        match (patch, put) {
            (202, 201) => kept += 1,
            (202 | 404, 404) => expired += 1,
            other => panic!("{other:?}"),
        }
    }
    println!("{expired} expired, {kept} kept");
    until_no_drafts(&house.dir.join("tmp"));
    let found = guest.get(&format!("/v2/repo/blobs/{}", digest(&bytes)));
    assert_eq!(found.status == 200, kept > 0);
    assert_whole(&house);
}

#[test]
fn two_who_send_to_one_upload_never_mix_what_they_send() {
    let house = House::new();
    let guest = Guest::new(&house);
    for _ in 0..6 {
        let location = guest.begin("repo");
        let (range, other) = ("Content-Range: 0-99999", vec![2; 100_000]);
        let bytes = vec![1; 100_000];
        let (one, two) = at_once(
            || guest.send("PATCH", &location, &[range], &bytes).status,
            || guest.send("PATCH", &location, &[range], &other).status,
        );
        assert!(matches!((one, two), (202, 416) | (416, 202)), "{one} {two}");
        let sent = if one == 202 { &bytes } else { &other };
        let close = format!("{location}?digest={}", digest(sent));
        let (one, two) = at_once(
            || guest.ask("PUT", &close).status,
            || guest.ask("PUT", &close).status,
        );
        assert!(one == 201 || two == 201, "{one} {two}");
        let blob = guest.get(&format!("/v2/repo/blobs/{}", digest(sent)));
        assert_eq!(blob.body, *sent);
    }
    assert_whole(&house);
}

#[test]
fn a_version_pushed_as_latest_against_a_higher_one_says_whether_it_became_that() {
    let house = House::new();
    granted(&house);
    let guest = Guest::new(&house);
    let mut overtaken = 0;
    for round in 0..60 {
        let name = format!("acme/app{round}");
        let lower = prepare(&guest, &name, &component(2 * round), "");
        let higher = prepare(&guest, &name, &component(2 * round + 1), "");
        let push = |manifest: &[u8], version: &str| {
            let reference = format!("{}?tag={version}&tag=latest", digest(manifest));
            guest.put(&name, &reference, manifest)
        };
        let (low, high) = at_once(|| push(&lower, "1.0.0"), || push(&higher, "2.0.0"));
        assert_eq!(high.status, 201, "{}", high.text());
        let said = |answer: &crate::client::Answer| {
            let head = answer.head.to_ascii_lowercase();
            let version = head.contains("oci-tag: 1.0.0") || head.contains("oci-tag: 2.0.0");
            (version, head.contains("oci-tag: latest"))
        };
        assert_eq!(said(&high), (true, true), "{}", high.head);
        let latest = guest.get(&format!("/v2/{name}/manifests/latest"));
        assert_eq!(latest.body, higher);
        if low.status == 409 {
            // It was found out before anything was done.
            continue;
        }
        assert_eq!(low.status, 201, "{}", low.text());
        let package: Value = house
            .get(&format!("/api/v1/packages/acme/app{round}"))
            .json();
        let index = |version: &str| {
            let mut releases = package["releases"].as_array().unwrap().iter();
            let found = releases.find(|it| it["version"] == version).unwrap();
            found["index"].as_u64().unwrap()
        };
        let came_first = index("1.0.0") < index("2.0.0");
        assert_eq!(said(&low), (true, came_first), "{}", low.head);
        let warning = low.header("warning").unwrap_or_default();
        assert_eq!(warning.contains("latest is a higher release"), !came_first);
        overtaken += usize::from(!came_first);
        if overtaken == 3 {
            return;
        }
    }
    assert!(overtaken > 0, "the higher one never came between");
}

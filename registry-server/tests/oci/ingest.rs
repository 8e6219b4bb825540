//! The keys by which the registry signs for tokens: revoked by owners, and replaced by the operator.

use crate::guest::{Guest, fails};
use crate::house::House;
use crate::publisher::{Publisher, after, component, post};
use crate::releases::prepare;
use crate::served;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tenon_registry_client::log::Vkey;
use tenon_registry_client::record::{Grant, NamespaceAct, Permission};
use tenon_registry_server::log::LogId;
use tenon_registry_server::log::keys::Keys;

const CREATED: &str = "2026-09-01T10:00:00Z";

/// Does something with a namespace, as its owner.
fn act(house: &House, publisher: &mut Publisher, act: NamespaceAct) {
    let last = after(publisher.chain.last().unwrap());
    let record = publisher.namespace_record(last, act);
    let answer = post(house, &record);
    assert_eq!(answer.status, 201, "{}", answer.text());
    publisher.chain.push(record);
}

fn grant(house: &House, publisher: &mut Publisher, key: &Vkey) {
    let grant = Grant {
        permissions: [Permission::Release].into(),
        pattern: "*".parse().unwrap(),
        expires: None,
    };
    act(house, publisher, NamespaceAct::Grant(key.clone(), grant));
}

fn revoke(house: &House, publisher: &mut Publisher, key: &Vkey) {
    let key = key.clone();
    let from_index = None;
    act(house, publisher, NamespaceAct::Revoke { key, from_index });
}

fn keys(dir: &Path) -> PathBuf {
    LogId::Public.keys(dir)
}

fn newest(dir: &Path) -> Vkey {
    Keys::load(&keys(dir)).unwrap().ingest.vkey().clone()
}

/// Runs `key` with a registry that is stopped: what it said.
#[track_caller]
fn key(arguments: &[&str], dir: &Path) -> Result<String, String> {
    let output = served::run(&[&["key"], arguments].concat(), dir);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    match output.status.success() {
        true => Ok(text(output.stdout)),
        false => Err(text(output.stderr)),
    }
}

/// What `fsck` says of a directory whose keys are not as they should be, and of nothing else.
#[track_caller]
fn wrong_keys(dir: &Path) -> String {
    let output = served::run(&["fsck"], dir);
    assert_eq!(output.status.code(), Some(14), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn push(guest: &Guest, name: &str, version: &str, number: u32) -> crate::client::Answer {
    let manifest = prepare(guest, name, &component(number), CREATED);
    guest.put(name, version, &manifest)
}

fn command(namespace: &str, key: &Vkey) -> String {
    format!("`tenon namespace grant {namespace} {key} --allow release`")
}

#[test]
fn a_namespace_that_revoked_the_registrys_key_can_grant_a_new_one() {
    let house = House::new();
    let guest = Guest::new(&house);
    let old = newest(&house.dir);
    let mut acme = Publisher::new(&house, "acme");
    let mut other = Publisher::new(&house, "other");
    for publisher in [&mut acme, &mut other] {
        grant(&house, publisher, &old);
    }
    assert_eq!(push(&guest, "acme/app", "1.0.0", 1).status, 201);
    assert_eq!(push(&guest, "other/app", "1.0.0", 2).status, 201);
    revoke(&house, &mut acme, &old);
    let message = fails(&push(&guest, "acme/app", "1.1.0", 3), 403, "DENIED");
    // It cannot be granted again, and who says so does not tell people to try.
    assert!(!message.contains("namespace grant"), "{message}");
    assert!(
        message.contains("`tenon publish`")
            && message.contains("`tenon-registry key rotate ingest`"),
        "{message}"
    );

    let temp = house.leave();
    let dir = temp.path().join("data");
    let said = key(&["rotate", "ingest"], &dir).unwrap();
    let new = newest(&dir);
    assert!(new != old && said.starts_with(&new.to_string()), "{said}");
    assert!(new.name().as_str().ends_with("/ingest-2"), "{new}");
    assert!(
        said.contains(&command("NAMESPACE", &new).replace('`', "")),
        "{said}"
    );
    let listed = key(&["list"], &dir).unwrap();
    let is_listed = |vkey: &Vkey| listed.contains(&format!("ingest {vkey} added "));
    assert!(is_listed(&old) && is_listed(&new), "{listed}");

    let house = House::at(temp);
    let guest = guest.at(&house);
    let message = fails(&push(&guest, "acme/app", "1.1.0", 3), 403, "DENIED");
    assert!(message.contains(&command("acme", &new)), "{message}");
    grant(&house, &mut acme, &new);
    let answer = push(&guest, "acme/app", "1.1.0", 3);
    assert_eq!(answer.status, 201, "{}", answer.text());
    // Nobody else has to do anything.
    assert_eq!(push(&guest, "other/app", "1.1.0", 4).status, 201);
    for name in ["acme", "other"] {
        let package: Value = house.get(&format!("/api/v1/packages/{name}/app")).json();
        for release in package["releases"].as_array().unwrap() {
            assert_eq!(release["publisher"]["by"], json!("registry"), "{package}");
            let version = release["version"].as_str().unwrap();
            let path = format!("/v2/{name}/app/manifests/{version}");
            assert_eq!(guest.get(&path).status, 200);
        }
    }
    served::assert_sound(house.leave().path().join("data").as_path());
}

#[test]
fn an_earlier_key_can_be_removed_and_the_newest_cannot() {
    let house = House::new();
    let guest = Guest::new(&house);
    let old = newest(&house.dir);
    let mut acme = Publisher::new(&house, "acme");
    grant(&house, &mut acme, &old);
    assert_eq!(push(&guest, "acme/app", "1.0.0", 1).status, 201);
    let temp = house.leave();
    let dir = temp.path().join("data");
    let remove = |vkey: &Vkey| key(&["remove", "ingest", &vkey.to_string()], &dir);
    let refused = remove(&old).unwrap_err();
    assert!(refused.contains("`key rotate ingest`"), "{refused}");
    key(&["rotate", "ingest"], &dir).unwrap();
    let second = newest(&dir);
    key(&["rotate", "ingest"], &dir).unwrap();
    let new = newest(&dir);
    assert!(remove(&new).is_err());
    for (earlier, file) in [(&old, "ingest.key"), (&second, "ingest-2.key")] {
        assert!(keys(&dir).join(file).exists());
        remove(earlier).unwrap();
        assert!(!keys(&dir).join(file).exists());
    }
    served::assert_sound(&dir);
    // What is done is done, and says so.
    let said = remove(&old).unwrap();
    assert!(said.contains("it was removed already"), "{said}");
    let house = House::at(temp);
    let guest = guest.at(&house);
    let message = fails(&push(&guest, "acme/app", "1.1.0", 2), 403, "DENIED");
    assert!(message.contains(&command("acme", &new)), "{message}");
    grant(&house, &mut acme, &new);
    assert_eq!(push(&guest, "acme/app", "1.1.0", 2).status, 201);
    // What the old key signed stays as good as it was.
    for version in ["1.0.0", "1.1.0"] {
        let path = format!("/v2/acme/app/manifests/{version}");
        assert_eq!(guest.get(&path).status, 200);
    }
    served::assert_sound(house.leave().path().join("data").as_path());
}

#[test]
fn a_removal_that_was_interrupted_is_to_be_repeated_and_a_lost_key_is_named() {
    let temp = House::new().leave();
    let dir = temp.path().join("data");
    let old = newest(&dir);
    key(&["rotate", "ingest"], &dir).unwrap();
    let new = newest(&dir);
    let (first, second) = (
        keys(&dir).join("ingest.key"),
        keys(&dir).join("ingest-2.key"),
    );
    let bytes = std::fs::read(&first).unwrap();
    let put_back = || {
        std::fs::write(&first, &bytes).unwrap();
        std::fs::set_permissions(&first, std::fs::Permissions::from_mode(0o600)).unwrap();
    };
    let command = ["remove", "ingest", &old.to_string()];
    key(&command, &dir).unwrap();
    // The program ends between the two.
    put_back();
    let said = wrong_keys(&dir);
    let again = format!("run `tenon-registry key remove ingest {old}` again");
    assert!(
        said.contains("`ingest.key`") && said.contains(&again),
        "{said}"
    );
    assert!(!said.contains("is no ingest key"), "{said}");
    let said = key(&command, &dir).unwrap();
    assert!(said.contains("is no ingest key any more"), "{said}");
    assert!(!first.exists());
    served::assert_sound(&dir);

    // The one that was removed is not what has to come back, and does not stand in for the other.
    let away = temp.path().join("away.key");
    std::fs::rename(&second, &away).unwrap();
    let refused = key(&["list"], &dir).unwrap_err();
    assert!(refused.contains("`tenon-registry fsck` names"), "{refused}");
    assert!(!refused.contains("ingest.key"), "{refused}");
    let missing = format!("`ingest-2.key` is missing, which is `{new}`");
    let said = wrong_keys(&dir);
    assert!(
        said.contains(&missing) && said.contains("1 thing is wrong"),
        "{said}"
    );
    put_back();
    let said = wrong_keys(&dir);
    assert!(said.contains(&missing) && said.contains(&again), "{said}");
    key(&command, &dir).unwrap();
    std::fs::rename(&away, &second).unwrap();
    served::assert_sound(&dir);
}

#[test]
fn a_key_that_was_not_logged_signs_nothing_and_is_taken_by_the_next_try() {
    let house = House::new();
    let guest = Guest::new(&house);
    let old = newest(&house.dir);
    let mut acme = Publisher::new(&house, "acme");
    grant(&house, &mut acme, &old);
    let temp = house.leave();
    let dir = temp.path().join("data");
    // Without the root key, none is made.
    let (root, away) = (keys(&dir).join("root.key"), temp.path().join("root.key"));
    std::fs::rename(&root, &away).unwrap();
    let refused = key(&["rotate", "ingest"], &dir).unwrap_err();
    assert!(refused.contains("--root-key"), "{refused}");
    assert_eq!(newest(&dir), old);
    // The program ends between the two.
    let origin = Keys::load(&keys(&dir)).unwrap();
    let origin = origin.log[0].vkey().name().as_str().parse().unwrap();
    let made = Keys::make_ingest(&keys(&dir), &origin, 2, |_| false).unwrap();
    let said = wrong_keys(&dir);
    assert!(
        said.contains("`ingest-2.key`")
            && said.contains("run `tenon-registry key rotate ingest` again"),
        "{said}"
    );
    let house = House::at(temp);
    let guest = guest.at(&house);
    assert_eq!(push(&guest, "acme/app", "1.0.0", 1).status, 201);
    let temp = house.leave();
    let dir = temp.path().join("data");
    let away = away.to_str().unwrap();
    let said = key(&["--root-key", away, "rotate", "ingest"], &dir).unwrap();
    assert!(said.starts_with(&made.vkey().to_string()), "{said}");
    let wrong = key(&["--root-key", away, "rotate", "time"], &dir).unwrap_err();
    assert!(wrong.contains("expected `log` or `ingest`"), "{wrong}");
    served::assert_sound(&dir);
    let time = Keys::load(&keys(&dir)).unwrap().time.vkey().to_string();
    let held = key(&["remove", "time", &time], &dir).unwrap_err();
    assert!(
        held.contains("the time key that this registry signs with") && !held.contains("rotate"),
        "{held}"
    );
}

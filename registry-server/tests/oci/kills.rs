//! The program itself, killed at any moment while it is pushed to: whatever it acknowledged is there
//! afterwards, whole, and nothing else is in the way.

use crate::guest::{Guest, digest, image};
use crate::publisher::{Publisher, after, component};
use crate::releases::manifest;
use crate::served::{Served, assert_sound};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tenon_registry_client::log::Origin;
use tenon_registry_client::record::{Grant, NamespaceAct, Permission};
use tenon_registry_server::log::LogId;
use tenon_registry_server::log::keys::Keys;

/// What was acknowledged: manifests, by repository and tag.
type Known = BTreeMap<(String, String), Vec<u8>>;

/// How often it is killed.
const CYCLES: u64 = 6;

#[test]
fn s42_what_was_acknowledged_outlasts_being_killed() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("data");
    let (mut known, mut all) = (Known::new(), 0);
    let mut token = None;
    for cycle in 0..CYCLES {
        let mut served = Served::start(&dir, &[]);
        token = token.or(served.token.take());
        let guest = Guest::of(served.address, token.as_ref().unwrap());
        check(&guest, &known);
        let until = Instant::now() + Duration::from_millis(150 + 70 * cycle);
        let acknowledged = AtomicUsize::new(0);
        let pushed: Vec<Known> = std::thread::scope(|scope| {
            let (address, told) = (served.address, &acknowledged);
            let pushing: Vec<_> = (0..3)
                .map(|person| {
                    let token = token.as_ref().unwrap();
                    scope.spawn(move || push(address, token, person, cycle, told))
                })
                .collect();
            wait(until, told);
            served.kill();
            pushing.into_iter().map(|it| it.join().unwrap()).collect()
        });
        known.extend(pushed.into_iter().flatten());
        all += acknowledged.into_inner();
    }
    assert!(all > 3, "only {all} pushes were acknowledged");
    assert_sound(&dir);
    let served = Served::start(&dir, &[]);
    check(&Guest::of(served.address, &token.unwrap()), &known);
    // What was not finished is gone.
    assert_eq!(std::fs::read_dir(dir.join("tmp")).unwrap().count(), 0);
}

/// Waits until then, and until something was acknowledged: on a busy machine that can be later.
fn wait(until: Instant, acknowledged: &AtomicUsize) {
    std::thread::sleep(until.saturating_duration_since(Instant::now()));
    let begun = Instant::now();
    while acknowledged.load(Ordering::Relaxed) == 0 && begun.elapsed() < Duration::from_secs(5) {
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// What was to be released: manifests by version, and whether that was acknowledged.
type Released = BTreeMap<String, (Vec<u8>, bool)>;

#[test]
fn s42_a_release_is_there_with_its_own_manifest_or_not_at_all() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("data");
    let mut released = Released::new();
    let mut token = None;
    for cycle in 0..CYCLES {
        let mut served = Served::start(&dir, &[]);
        token = token.or(served.token.take());
        let token = token.as_ref().unwrap();
        if cycle == 0 {
            let origin = served.pin.origin().clone();
            grant(&Guest::of(served.address, token), &dir, origin);
        }
        check_releases(&Guest::of(served.address, token), &released);
        let until = Instant::now() + Duration::from_millis(100 + 60 * cycle);
        let acknowledged = AtomicUsize::new(0);
        let pushed: Vec<Released> = std::thread::scope(|scope| {
            let (address, told) = (served.address, &acknowledged);
            let push = move |person| push_releases(address, token, person, cycle, told);
            let pushing: Vec<_> = (0..3)
                .map(|person| scope.spawn(move || push(person)))
                .collect();
            wait(until, told);
            served.kill();
            pushing.into_iter().map(|it| it.join().unwrap()).collect()
        });
        released.extend(pushed.into_iter().flatten());
    }
    let acknowledged = released.values().filter(|(_, done)| *done).count();
    assert!(
        acknowledged > 3,
        "only {acknowledged} releases were acknowledged"
    );
    assert_sound(&dir);
    let served = Served::start(&dir, &[]);
    check_releases(&Guest::of(served.address, &token.unwrap()), &released);
}

/// What someone did with their repository until it was killed: what each tag led to as far as that was
/// said, and what it may lead to since.
#[derive(Default)]
struct Told {
    /// By tag; nothing, if it was deleted.
    known: BTreeMap<String, Option<Vec<u8>>>,
    /// The tag of the last request, which had no answer, and what it would lead to.
    open: Option<(String, Option<Vec<u8>>)>,
    answered: usize,
}

#[test]
fn s42_chunks_mounts_moves_and_deletes_outlast_being_killed() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("data");
    let mut told: Vec<Told> = (0..3).map(|_| Told::default()).collect();
    let mut token = None;
    for cycle in 0..CYCLES {
        let mut served = Served::start(&dir, &[]);
        token = token.or(served.token.take());
        let (address, token) = (served.address, token.as_deref().unwrap());
        check_told(&Guest::of(address, token), &mut told);
        let until = Instant::now() + Duration::from_millis(200 + 60 * cycle);
        std::thread::scope(|scope| {
            let working: Vec<_> = told
                .iter_mut()
                .enumerate()
                .map(|(person, told)| {
                    scope.spawn(move || work(address, token, person, cycle, told))
                })
                .collect();
            std::thread::sleep(until.saturating_duration_since(Instant::now()));
            served.kill();
            working.into_iter().for_each(|it| it.join().unwrap());
        });
    }
    let answered: usize = told.iter().map(|told| told.answered).sum();
    println!("{answered} requests were answered");
    assert!(answered > 30, "{answered}");
    assert_sound(&dir);
    let served = Served::start(&dir, &[]);
    check_told(&Guest::of(served.address, &token.unwrap()), &mut told);
    assert_eq!(std::fs::read_dir(dir.join("tmp")).unwrap().count(), 0);
}

/// Pushes in chunks, mounts, moves tags and deletes them, until nobody answers.
fn work(address: SocketAddr, token: &str, person: usize, cycle: u64, told: &mut Told) {
    let name = format!("person/{person}/work");
    for number in 0.. {
        let layer = format!("work {person} {cycle} {number} ")
            .repeat(20_000)
            .into_bytes();
        let half = layer.len() / 2;
        let ask =
            |method: &str, path: &str, body: &[u8]| request(address, token, method, path, body);
        let done = (|| {
            let begun = ask(
                "POST",
                &format!("/v2/person/{person}/from/blobs/uploads/"),
                b"",
            )?;
            let location = begun.1?;
            ask("PATCH", &location, &layer[..half])?;
            ask("PATCH", &location, &layer[half..])?;
            let put = ask("PUT", &format!("{location}?digest={}", digest(&layer)), b"")?;
            assert_eq!(put.0, 201);
            let mount = format!("mount={}&from=person/{person}/from", digest(&layer));
            let mounted = ask("POST", &format!("/v2/{name}/blobs/uploads/?{mount}"), b"")?;
            assert_eq!(mounted.0, 201);
            let config = format!("/v2/{name}/blobs/uploads/?digest={}", digest(b"{}"));
            assert_eq!(ask("POST", &config, b"{}")?.0, 201);
            told.answered += 6;
            Some(())
        })();
        if done.is_none() {
            return;
        }
        let (manifest, tag) = (image(&[&layer], None), format!("v{}", number % 2));
        let deletes = number % 3 == 2 && told.known.get(&tag).is_some_and(Option::is_some);
        let wanted = (!deletes).then_some(manifest);
        let path = format!("/v2/{name}/manifests/{tag}");
        told.open = Some((tag.clone(), wanted.clone()));
        let answer = match &wanted {
            Some(manifest) => ask("PUT", &path, manifest),
            None => ask("DELETE", &path, b""),
        };
        let Some((status, _)) = answer else { return };
        assert_eq!(status, if deletes { 202 } else { 201 });
        told.open = None;
        told.answered += 1;
        told.known.insert(tag, wanted);
    }
}

/// Each tag leads where it was said, or where it would lead by what had no answer.
fn check_told(guest: &Guest, told: &mut [Told]) {
    for (person, told) in told.iter_mut().enumerate() {
        let name = format!("person/{person}/work");
        let open = told.open.take();
        if let Some((tag, wanted)) = open {
            let answer = guest.get(&format!("/v2/{name}/manifests/{tag}"));
            let found = (answer.status == 200).then_some(answer.body);
            let known = told.known.get(&tag).cloned().flatten();
            assert!(found == known || found == wanted, "{name}:{tag}");
            told.known.insert(tag, found);
        }
        for (tag, known) in &told.known {
            let answer = guest.get(&format!("/v2/{name}/manifests/{tag}"));
            let found = (answer.status == 200).then_some(&answer.body);
            assert_eq!(found, known.as_ref(), "{name}:{tag}");
            let Some(manifest) = known else { continue };
            let said: serde_json::Value = serde_json::from_slice(manifest).unwrap();
            let layer = said["layers"][0]["digest"].as_str().unwrap();
            let blob = guest.get(&format!("/v2/{name}/blobs/{layer}"));
            assert_eq!(digest(&blob.body), layer, "{name}:{tag}");
        }
    }
}

/// Makes the namespace `acme`, in which the registry may sign.
fn grant(guest: &Guest, dir: &Path, origin: Origin) {
    let mut alice = Publisher::unknown(origin, "acme");
    let keys = Keys::load(&LogId::Public.keys(dir)).unwrap();
    for record in alice.beginning() {
        alice.chain.push(record);
    }
    let grant = Grant {
        permissions: [Permission::Release].into(),
        pattern: "*".parse().unwrap(),
        expires: None,
    };
    let act = NamespaceAct::Grant(keys.ingest.vkey().clone(), grant);
    let record = alice.namespace_record(after(alice.chain.last().unwrap()), act);
    alice.chain.push(record);
    for record in &alice.chain {
        let answer = guest.send("POST", "/api/v1/records", &[], record.bytes());
        assert_eq!(answer.status, 201, "{}", answer.text());
    }
}

fn push_releases(
    address: SocketAddr,
    token: &str,
    person: u32,
    cycle: u64,
    acknowledged: &AtomicUsize,
) -> Released {
    let mut released = Released::new();
    for number in 0.. {
        let bytes = component(person * 1_000_000 + (cycle as u32) * 10_000 + number);
        let created = format!("2026-09-01T10:00:{:02}Z", number % 60);
        let (manifest, config) = manifest(&bytes, &created);
        for bytes in [&bytes, &config] {
            let path = format!("/v2/acme/app/blobs/uploads/?digest={}", digest(bytes));
            if send(address, token, "POST", &path, bytes) != Some(201) {
                return released;
            }
        }
        let version = format!("{person}.{cycle}.{number}");
        let path = format!("/v2/acme/app/manifests/{version}");
        let status = send(address, token, "PUT", &path, &manifest);
        released.insert(version, (manifest, status == Some(201)));
        match status {
            Some(201) => acknowledged.fetch_add(1, Ordering::Relaxed),
            Some(status) => panic!("{status}"),
            None => return released,
        };
    }
    released
}

fn check_releases(guest: &Guest, released: &Released) {
    let tags: serde_json::Value = guest.get("/v2/acme/app/tags/list").json();
    for (version, (manifest, acknowledged)) in released {
        let answer = guest.get(&format!("/v2/acme/app/manifests/{version}"));
        let is_there = answer.status == 200;
        assert!(is_there || !acknowledged, "{version}");
        // A form of its own would say that the two were not there at once.
        assert!(
            !is_there || answer.body == *manifest,
            "{version}: {}",
            answer.text()
        );
        let tags = tags["tags"].as_array().unwrap();
        assert_eq!(tags.iter().any(|tag| tag == version), is_there, "{version}");
        let by_digest = guest.get(&format!("/v2/acme/app/manifests/{}", digest(manifest)));
        assert_eq!(by_digest.status == 200, is_there, "{version}");
    }
}

/// Pushes until nobody answers: what was acknowledged.
fn push(
    address: SocketAddr,
    token: &str,
    person: u32,
    cycle: u64,
    acknowledged: &AtomicUsize,
) -> Known {
    let mut known = Known::new();
    let name = format!("person/{person}/repo");
    for number in 0.. {
        let layer = format!("layer {person} {cycle} {number} ")
            .repeat(2_000)
            .into_bytes();
        let manifest = image(&[&layer], None);
        let tag = format!("v{}", number % 3);
        let mut done = true;
        for bytes in [&layer[..], b"{}"] {
            let path = format!("/v2/{name}/blobs/uploads/?digest={}", digest(bytes));
            done &= send(address, token, "POST", &path, bytes) == Some(201);
        }
        let path = format!("/v2/{name}/manifests/{tag}");
        // From here on nobody knows which it is, until it is acknowledged.
        let before = known.remove(&(name.clone(), tag.clone()));
        if !done {
            known.extend(before.map(|before| ((name, tag), before)));
            return known;
        }
        match send(address, token, "PUT", &path, &manifest) {
            Some(201) => known.insert((name.clone(), tag), manifest),
            Some(status) => panic!("{status}"),
            None => return known,
        };
        acknowledged.fetch_add(1, Ordering::Relaxed);
    }
    known
}

fn check(guest: &Guest, known: &Known) {
    for ((name, tag), manifest) in known {
        let by_digest = guest.get(&format!("/v2/{name}/manifests/{}", digest(manifest)));
        assert_eq!(by_digest.body, *manifest, "{name}:{tag}");
        let said: serde_json::Value = serde_json::from_slice(manifest).unwrap();
        for part in [&said["config"]["digest"], &said["layers"][0]["digest"]] {
            let part = part.as_str().unwrap();
            let blob = guest.get(&format!("/v2/{name}/blobs/{part}"));
            assert_eq!(digest(&blob.body), part);
        }
        // The tag leads there, or to a later one that was not acknowledged, which is whole, too.
        let by_tag = guest.get(&format!("/v2/{name}/manifests/{tag}"));
        assert_eq!(by_tag.status, 200, "{name}:{tag}");
        let header = by_tag.header("docker-content-digest").unwrap().to_owned();
        assert_eq!(digest(&by_tag.body), header);
    }
}

/// The status of an answer; none if the connection breaks.
fn send(address: SocketAddr, token: &str, method: &str, path: &str, body: &[u8]) -> Option<u16> {
    request(address, token, method, path, body).map(|(status, _)| status)
}

/// The status of an answer, and where it leads.
fn request(
    address: SocketAddr,
    token: &str,
    method: &str,
    path: &str,
    body: &[u8],
) -> Option<(u16, Option<String>)> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .ok()?;
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: registry\r\nAuthorization: Bearer {token}\r\n\
         Connection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(body).ok()?;
    let mut answer = vec![];
    stream.read_to_end(&mut answer).ok()?;
    let text = String::from_utf8_lossy(&answer);
    let status = text.split(' ').nth(1)?.parse().ok()?;
    let location = text
        .lines()
        .find_map(|line| line.strip_prefix("location: "));
    Some((status, location.map(|it| it.trim().to_owned())))
}

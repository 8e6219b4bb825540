//! The log itself, read and mirrored.

use crate::server::{Fault, Server};
use crate::support::*;
use crate::user::*;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use tenon_registry_client::log::{TilePath, decode_entries};
use tenon_registry_client::monitor::Monitor;

/// A registry of more than one entry bundle.
async fn long() -> Server {
    let mut registry = small();
    while registry.size() < 300 {
        registry.seal();
    }
    Server::start(registry).await
}

#[tokio::test]
async fn a_monitor_reads_what_is_new() {
    let server = long().await;
    let user = User::of(&server);
    let client = user.client();
    let mut monitor = Monitor::pinned(&user.options.pin);
    let followed = client.follow(&mut monitor).await.unwrap();
    assert_eq!((followed.from, monitor.size()), (0, 300));
    // Two of the leaves, and one above.
    assert_eq!(followed.tiles, 3);
    assert_eq!(monitor.findings(), []);
    let asked = server.asked("entries").len();
    assert_eq!(asked, 2);
    // Nothing new costs a checkpoint.
    let followed = client.follow(&mut monitor).await.unwrap();
    assert_eq!((followed.from, followed.tiles), (300, 0));
    assert_eq!(server.asked("entries").len(), asked);
    for _ in 0..3 {
        while server.world().registry.size() % 101 != 0 {
            server.world().registry.seal();
        }
        server
            .world()
            .publish("acme:http", &format!("2.{}.0", monitor.size()), b"x");
        client.registry().await.unwrap();
        client.follow(&mut monitor).await.unwrap();
        assert_eq!(monitor.size(), server.world().registry.size());
    }
    assert_eq!(monitor.findings(), []);
    // A lie in the map is a finding, and no error.
    let zero = tenon_registry_client::log::Hash::ZERO;
    let covers = server.world().registry.size();
    server.world().registry.seal_with(covers, zero);
    client.follow(&mut monitor).await.unwrap();
    assert_eq!(monitor.findings().len(), 1);
}

#[tokio::test]
async fn leaves_and_tiles_are_those_of_the_checkpoint() {
    let server = long().await;
    let user = User::of(&server);
    let client = user.client();
    let entries: TilePath = "tile/entries/001.p/44".parse().unwrap();
    let tile: TilePath = "tile/0/000".parse().unwrap();
    let mut bad_entries = client.tile(entries).await.unwrap().to_vec();
    *bad_entries.last_mut().unwrap() ^= 1;
    let mut bad_tile = client.tile(tile).await.unwrap().to_vec();
    bad_tile[100] ^= 1;
    let short = bad_entries[..bad_entries.len() - 1].to_vec();
    for (path, fault, wanted) in [
        ("entries/001.p/44", bad_entries, "`checkpoint`"),
        ("tile/0/000", bad_tile, "`tile/0/000`"),
        ("tile/1/000", vec![], "`tile/1/000.p/1`"),
        ("entries/001.p/44", short, "no entry bundle"),
        ("entries/000", vec![], "no entry bundle"),
    ] {
        let fault = Fault::Body(fault);
        server.fail(path, [fault]);
        let mut monitor = Monitor::pinned(&user.options.pin);
        let error = client.follow(&mut monitor).await.unwrap_err();
        assert!(error.to_string().contains(wanted), "{path}: {error}");
        assert_eq!(monitor.size(), 0);
    }
    // The full bundle does for a partial one that is gone.
    while server.world().registry.size() < 512 {
        server.world().registry.seal();
    }
    server.fail("entries/001.p/44", [Fault::Status(404, vec![])]);
    assert_eq!(client.entries(entries).await.unwrap().len(), 44);
}

#[tokio::test]
async fn a_log_that_shrinks_or_forks_is_no_log() {
    let server = long().await;
    let user = User::of(&server);
    let client = user.client();
    let mut monitor = Monitor::pinned(&user.options.pin);
    client.follow(&mut monitor).await.unwrap();
    server.world().registry = small();
    let error = client.follow(&mut monitor).await.unwrap_err();
    assert_eq!(why(&error), "verify::rollback");
    assert_eq!(monitor.size(), 300);
    // A client whose trust state is of another history.
    let other = User::of(&server);
    server.world().publish("acme:http", "1.1.0", b"one");
    other.client().registry().await.unwrap();
    server.world().registry = small();
    server.world().publish("acme:http", "1.1.0", b"two");
    server.world().publish("acme:http", "1.2.0", b"three");
    let mut monitor = Monitor::pinned(&user.options.pin);
    let error = other.client().follow(&mut monitor).await.unwrap_err();
    assert_eq!(why(&error), "verify::split-view");
    assert_eq!(monitor.size(), 0);
    assert_eq!(other.state_files().len(), 2);
}

fn files(dir: &Path, below: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(dir).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, below, found);
        } else {
            let name = path
                .strip_prefix(below)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned();
            found.insert(name, fs::read(path).unwrap());
        }
    }
}

fn mirrored(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    files(dir, dir, &mut found);
    found
}

#[tokio::test]
async fn a_mirror_has_the_files_of_the_log() {
    let server = long().await;
    let user = User::of(&server);
    let client = user.client();
    let dir = user.dir.path().join("mirror");
    let mut from = 0;
    for size in [300, 301, 511, 512, 600] {
        while server.world().registry.size() < size {
            server.world().registry.seal();
        }
        let done = client.mirror(&dir).await.unwrap();
        assert_eq!((done.from, done.checkpoint.checkpoint().size), (from, size));
        from = size;
        let found = mirrored(&dir);
        for path in TilePath::tiles(size).chain(TilePath::bundles(size)) {
            let served = client.tile(path).await.unwrap();
            assert_eq!(
                found.get(&format!("log/{path}")).unwrap(),
                &served,
                "{path}"
            );
        }
        let note = String::from_utf8(found["log/checkpoint"].clone()).unwrap();
        assert_eq!(note, done.checkpoint.to_string());
        assert!(
            found.keys().all(|name| name.starts_with("log/")),
            "{:?}",
            found.keys()
        );
    }
}

#[tokio::test]
async fn a_mirror_goes_on_where_it_was_and_takes_only_what_is_verified() {
    let server = long().await;
    let user = User::of(&server);
    let client = user.client();
    let dir = user.dir.path().join("mirror");
    server.fail("entries/001", vec![Fault::Status(500, vec![])]);
    client.mirror(&dir).await.unwrap_err();
    assert!(
        mirrored(&dir)
            .keys()
            .all(|name| name.starts_with("incoming/"))
    );
    let asked = server.asked("entries/000").len();
    client.mirror(&dir).await.unwrap();
    assert_eq!(server.asked("entries/000").len(), asked);
    let before = mirrored(&dir);

    while server.world().registry.size() < 310 {
        server.world().registry.seal();
    }
    // A changed leaf, old or new, is not taken.
    let path: TilePath = "tile/entries/001.p/54".parse().unwrap();
    let good = client.tile(path).await.unwrap().to_vec();
    assert_eq!(decode_entries(&good, 54).unwrap().len(), 54);
    for at in [10, good.len() - 1] {
        let mut bad = good.clone();
        bad[at] ^= 1;
        server.fail("entries/001.p/54", [Fault::Body(bad)]);
        let error = client.mirror(&dir).await.unwrap_err();
        assert_eq!(why(&error), "LogDiffers");
        let mut now = mirrored(&dir);
        now.retain(|name, _| name.starts_with("log/"));
        assert_eq!(now, before);
    }
    client.mirror(&dir).await.unwrap();
    // A mirror whose own tiles were changed does not go on.
    let tile = dir.join("log/tile/0/001.p/54");
    let mut bytes = fs::read(&tile).unwrap();
    bytes[3] ^= 1;
    fs::write(&tile, bytes).unwrap();
    server.world().registry.seal();
    let error = client.mirror(&dir).await.unwrap_err();
    assert_eq!(why(&error), "LogDiffers");
}

//! What is on disk, and who changed it.

use crate::server::Fault;
use crate::support::*;
use crate::user::*;
use std::fs;
use tenon_registry_client::Digest;
use tenon_registry_client::http::FetchedFrom;
use tenon_registry_client::log::Hash;
use tenon_registry_client::record::{Link, SignedRecord, Statement};
use tenon_registry_client::store::log_key;

#[tokio::test]
async fn damaged_content_is_removed_and_fetched_again() {
    let server = serving().await;
    let user = User::of(&server);
    let client = user.client();
    let (name, one) = (package("acme:http"), version("1.0.0"));
    let fetched = client.fetch(&name, &one).await.unwrap();
    let good = fs::read(&fetched.path).unwrap();
    let mut flipped = good.clone();
    flipped[3] ^= 1;
    for bad in [flipped, good[1..].to_vec(), vec![]] {
        fs::remove_file(&fetched.path).unwrap();
        fs::write(&fetched.path, bad).unwrap();
        // Without a network it is missing, and not used.
        let error = user.offline().fetch(&name, &one).await.unwrap_err();
        assert_eq!(why(&error), "Offline");
        let again = client.fetch(&name, &one).await.unwrap();
        assert_eq!(again.from, FetchedFrom::Registry);
        assert_eq!(fs::read(&again.path).unwrap(), good);
    }
}

#[tokio::test]
async fn damaged_records_are_fetched_again() {
    let server = serving().await;
    let user = User::of(&server);
    let client = user.client();
    let request = asking("acme:http", &["1.0.0"]);
    client.view(&request).await.unwrap();
    let chains = user.cached("chains");
    assert_eq!(chains.len(), 3);
    // Bits that were lost: the file is not what its digest says.
    for chain in &chains {
        let mut bytes = fs::read(chain).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        fs::write(chain, bytes).unwrap();
        client.view(&request).await.unwrap();
    }
    // Someone who writes good files: the records of another chain, or old ones.
    let sealed = |body: &[u8]| [Digest::of(body).as_bytes(), body].concat();
    let bodies: Vec<_> = chains
        .iter()
        .map(|path| fs::read(path).unwrap()[32..].to_vec())
        .collect();
    let alice = key("acme/alice");
    let forged = {
        let registry = &server.world().registry;
        let http = package("acme:http");
        let mut record = registry.package_record(&http, release(&http, "6.6.6"));
        let first = Link {
            seq: 0,
            prev: Hash::ZERO,
        };
        if let Statement::Package { link, .. } = &mut record.statement {
            *link = first;
        }
        let record = SignedRecord::sign(record, &[&alice]).unwrap();
        let length = (record.bytes().len() as u16).to_be_bytes();
        [&length[..], record.bytes()].concat()
    };
    for chain in &chains {
        for body in bodies.iter().chain([&forged]) {
            fs::write(chain, sealed(body)).unwrap();
            client.view(&request).await.unwrap();
            fs::write(chain, sealed(&body[..body.len() / 2])).unwrap();
            client.view(&request).await.unwrap();
        }
    }
    // What they come to is as before.
    for (chain, body) in chains.iter().zip(&bodies) {
        assert_eq!(fs::read(chain).unwrap()[32..], *body);
    }
    // What is found out is gone, whatever comes of asking again.
    let package = chains
        .iter()
        .zip(&bodies)
        .find(|(_, body)| String::from_utf8_lossy(body).contains("subject package"));
    let (package, _) = package.unwrap();
    fs::write(package, sealed(&forged)).unwrap();
    server.fail("proof", [Fault::None, Fault::Status(500, vec![])]);
    client.view(&request).await.unwrap_err();
    assert!(!package.exists());
    client.view(&request).await.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn no_link_is_followed() {
    use std::os::unix::fs::symlink;
    let server = serving().await;
    let user = User::of(&server);
    let client = user.client();
    let (name, one) = (package("acme:http"), version("1.0.0"));
    let bytes = bytes_of(&name, &one);
    let hex = Digest::of(&bytes).hex();
    let elsewhere = user.dir.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    let folder = user.options.cache_dir.join("blobs/sha256").join(&hex[..2]);
    // A directory of the cache leads elsewhere: nothing is written there.
    fs::create_dir_all(folder.parent().unwrap()).unwrap();
    symlink(&elsewhere, &folder).unwrap();
    let error = client.fetch(&name, &one).await.unwrap_err();
    assert_eq!(why(&error), "Store");
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
    assert_eq!(user.state(), None);
    fs::remove_file(&folder).unwrap();
    // The content itself does: it is not read, though its bytes are right.
    fs::create_dir(&folder).unwrap();
    fs::write(elsewhere.join("content"), &bytes).unwrap();
    symlink(elsewhere.join("content"), folder.join(&hex)).unwrap();
    let error = client.fetch(&name, &one).await.unwrap_err();
    assert_eq!(why(&error), "Store");
    fs::remove_file(folder.join(&hex)).unwrap();
    client.fetch(&name, &one).await.unwrap();
    // So does the trust state.
    let trust = user.state_dir().path().join("trust");
    fs::rename(&trust, elsewhere.join("trust")).unwrap();
    symlink(elsewhere.join("trust"), &trust).unwrap();
    let before = fs::read(elsewhere.join("trust")).unwrap();
    server.world().registry.seal();
    let error = client.registry().await.unwrap_err();
    assert_eq!(why(&error), "Store");
    assert_eq!(fs::read(elsewhere.join("trust")).unwrap(), before);
}

#[tokio::test]
async fn a_damaged_state_is_refused_and_kept() {
    let server = serving().await;
    let user = User::of(&server);
    user.client().registry().await.unwrap();
    let trust = user.state_dir().path().join("trust");
    let good = fs::read(&trust).unwrap();
    for length in [0, 10, good.len() - 1] {
        fs::write(&trust, &good[..length]).unwrap();
        let asked = server.asked("").len();
        let error = user.client().registry().await.unwrap_err();
        assert_eq!(why(&error), "Store");
        assert_eq!(fs::read(&trust).unwrap(), good[..length]);
        assert_eq!(server.asked("").len(), asked, "nothing is asked");
    }
    // Whoever resets it has the old one still.
    let aside = user.state_dir().reset(time(START)).unwrap().unwrap();
    assert_eq!(fs::read(aside).unwrap(), good[..good.len() - 1]);
    assert_eq!(user.state(), None);
    assert_eq!(user.state_dir().reset(time(START)).unwrap(), None);
    user.client().registry().await.unwrap();
    assert!(user.state_dir().reset(time(START)).unwrap().is_some());
    assert_eq!(
        user.state_files(),
        [
            "archived-2026-09-21T141320Z",
            "archived-2026-09-21T141320Z-2"
        ]
    );
}

#[tokio::test]
async fn two_registries_share_a_cache_and_no_records() {
    let server = serving().await;
    let mut other = Registry::new("other.example/log");
    other.create("acme", &key("mallory"));
    other.seal();
    let other = crate::server::Server::start(other).await;
    let user = User::of(&server);
    let mut second = User::of(&other);
    second.options.cache_dir = user.options.cache_dir.clone();
    second.options.state_dir = user.options.state_dir.clone();
    for user in [&user, &second, &user, &second] {
        user.client().namespace(&namespace("acme")).await.unwrap();
    }
    assert_ne!(log_key(&user.options.pin), log_key(&second.options.pin));
    assert_eq!(user.cached("chains").len(), 4);
    assert_ne!(user.state(), None);
    assert_ne!(second.state(), None);
}

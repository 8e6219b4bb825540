//! Releases of a lock file, many at once.

use crate::server::Server;
use crate::support::*;
use crate::user::*;
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::time::Duration;
use tenon_registry_client::Digest;
use tenon_registry_client::chain::Availability;
use tenon_registry_client::http::{Client, Error, Fetched, FetchedFrom, Timeouts};
use tenon_registry_client::lock::{LockedPublisher, LockedRelease};
use tokio::time::timeout;

/// How many packages are installed at once.
const MANY: usize = 64;

fn read(fetched: &mut Fetched) -> Vec<u8> {
    let mut bytes = vec![];
    fetched.file.read_to_end(&mut bytes).unwrap();
    bytes
}

/// Someone who waits as long as many at once may take on a busy machine.
fn patient(server: &Server) -> User {
    let mut user = User::of(server);
    user.options.timeouts = Timeouts::default();
    user
}

/// Installs everything at once; in the order of the lock file.
async fn install(client: &Client, locked: &[LockedRelease]) -> Vec<Result<Fetched, Error>> {
    let tasks: Vec<_> = locked
        .iter()
        .cloned()
        .map(|locked| {
            let client = client.clone();
            tokio::spawn(async move { client.install(&locked).await })
        })
        .collect();
    let mut installed = vec![];
    for task in tasks {
        // Nobody waits for whom waits for them.
        let ended = timeout(Duration::from_secs(60), task).await;
        installed.push(ended.unwrap().unwrap());
    }
    installed
}

/// A server with a release in each of some packages.
async fn with(packages: usize) -> (Server, Vec<LockedRelease>) {
    let server = serving().await;
    let names: Vec<_> = (0..packages).map(|n| format!("acme:p{n}")).collect();
    for name in &names {
        server.world().publish(name, "1.0.0", name.as_bytes());
    }
    let releases: Vec<_> = names.iter().map(|name| (name.as_str(), "1.0.0")).collect();
    let (locked, _) = locked(&server, &releases).await;
    server.world().asked.clear();
    (server, locked)
}

#[tokio::test]
async fn what_was_checked_is_what_is_read() {
    let server = serving().await;
    let user = User::of(&server);
    let (name, one) = (package("acme:http"), version("1.0.0"));
    let good = bytes_of(&name, &one);
    for from in [FetchedFrom::Registry, FetchedFrom::Cache] {
        let mut fetched = user.client().fetch(&name, &one).await.unwrap();
        assert_eq!(fetched.from, from);
        assert_eq!(fs::read(&fetched.path).unwrap(), good);
        // Someone puts another file in its place, and takes that away.
        let other = fetched.path.with_extension("other");
        fs::write(&other, b"something else").unwrap();
        fs::rename(&other, &fetched.path).unwrap();
        assert_eq!(read(&mut fetched), good);
        fs::remove_file(&fetched.path).unwrap();
        fs::write(&fetched.path, &good).unwrap();
    }
}

#[tokio::test]
async fn a_release_is_installed_with_one_proof() {
    let server = serving().await;
    let user = User::of(&server);
    let (locked, _) = locked(&server, &[("acme:http", "1.0.0")]).await;
    let [locked] = &locked[..] else {
        panic!("one release")
    };
    server.world().asked.clear();
    let client = user.client();
    let mut fetched = client.install(locked).await.unwrap();
    assert_eq!(fetched.from, FetchedFrom::Registry);
    assert_eq!(fetched.index, locked.index);
    let bytes = bytes_of(&package("acme:http"), &version("1.0.0"));
    assert_eq!(read(&mut fetched), bytes);
    assert_eq!(server.asked("").len(), 2, "a proof and content");
    let mut again = client.install(locked).await.unwrap();
    assert_eq!(again.from, FetchedFrom::Cache);
    assert_eq!(read(&mut again), bytes);
    assert_eq!(server.asked("").len(), 3, "a proof");
    let mut kept = user.offline().install(locked).await.unwrap();
    assert_eq!(read(&mut kept), bytes);
    let content = again.release.content;
    assert!(client.cached(&content).await.unwrap().is_some());
    let longer = tenon_registry_client::record::Content {
        size: content.size + 1,
        ..content
    };
    assert!(client.cached(&longer).await.unwrap().is_none());
    // Yanked, it is there, and says so.
    {
        let registry = &mut server.world().registry;
        registry.log_package("acme:http", yank("1.0.0"), &[&key("acme/alice")]);
        registry.seal();
    }
    let yanked = User::of(&server).client().install(locked).await.unwrap();
    assert!(matches!(
        yanked.release.availability,
        Availability::Yanked(_)
    ));
}

#[tokio::test]
async fn what_is_not_as_it_was_locked_is_not_asked_for() {
    let server = serving().await;
    let (locked, _) = locked(&server, &[("acme:http", "1.0.0")]).await;
    let [locked] = &locked[..] else {
        panic!("one release")
    };
    let mut ahead = locked.clone();
    for head in ahead.heads.values_mut() {
        head.seq += 1;
    }
    let mut forked = locked.clone();
    for head in forked.heads.values_mut() {
        head.hash = tenon_registry_client::log::Hash::ZERO;
    }
    let cases = [
        (
            LockedRelease {
                digest: Digest::of(b"something else"),
                ..locked.clone()
            },
            "LockDiffers",
        ),
        (
            LockedRelease {
                index: locked.index + 1,
                ..locked.clone()
            },
            "LockDiffers",
        ),
        (
            LockedRelease {
                publisher: LockedPublisher::Keys(vec![key("mallory").vkey().clone()]),
                ..locked.clone()
            },
            "LockDiffers",
        ),
        (
            LockedRelease {
                version: version("1.0.1"),
                ..locked.clone()
            },
            "verify::no-such-release",
        ),
        (ahead, "verify::subject-rollback"),
        (forked, "verify::subject-fork"),
    ];
    let user = User::of(&server);
    for (wrong, reason) in &cases {
        // Whether or not there is something to be had without asking.
        for _ in 0..2 {
            let error = user.client().install(wrong).await.unwrap_err();
            assert_eq!(why(&error), *reason, "{wrong:?}");
        }
    }
    assert_eq!(server.asked("blobs").len(), 0);
    assert_eq!(user.cached("blobs").len(), 0);
    user.client().install(locked).await.unwrap();
    for (wrong, reason) in &cases {
        let error = user.offline().install(wrong).await.unwrap_err();
        // Where someone else has seen more of the log, that is all there is to say without a network.
        let reason = match *reason {
            "verify::subject-rollback" => "Offline",
            reason => reason,
        };
        assert_eq!(why(&error), reason);
    }
}

#[tokio::test]
async fn an_old_lock_file_hides_nothing_that_was_seen() {
    let server = serving().await;
    let (old, _) = locked(&server, &[("acme:http", "1.0.0")]).await;
    let user = User::of(&server);
    user.client().install(&old[0]).await.unwrap();
    user.offline().install(&old[0]).await.unwrap();
    // The log grows, and then the release is yanked, which is seen when all of the package is looked at.
    server.world().registry.seal();
    user.client().registry().await.unwrap();
    user.offline().install(&old[0]).await.unwrap();
    {
        let registry = &mut server.world().registry;
        registry.log_package("acme:http", yank("1.0.0"), &[&key("acme/alice")]);
        registry.seal();
    }
    let (new, _) = locked(&server, &[("acme:http", "1.0.0")]).await;
    let error = user.offline().install(&new[0]).await.unwrap_err();
    assert_eq!(why(&error), "Offline");
    user.client().view(&asking("acme:http", &[])).await.unwrap();
    for lock in [&old[0], &new[0]] {
        let error = user.offline().install(lock).await.unwrap_err();
        assert_eq!(why(&error), "Offline");
    }
    // With a network it is as it is now.
    for lock in [&old[0], &new[0]] {
        let yanked = user.client().install(lock).await.unwrap();
        assert!(matches!(
            yanked.release.availability,
            Availability::Yanked(_)
        ));
        user.offline().install(lock).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn content_that_several_have_is_downloaded_once() {
    let server = serving().await;
    let names = ["acme:a", "acme:b", "acme:c", "acme:d", "acme:e"];
    let bytes = vec![7; 300_000];
    for name in names {
        server.world().publish(name, "1.0.0", &bytes);
    }
    let releases = names.map(|name| (name, "1.0.0"));
    let (mut locked, _) = locked(&server, &releases).await;
    // The same release, wanted twice, too.
    locked.push(locked[0].clone());
    let user = patient(&server);
    let installed = install(&user.client(), &locked).await;
    let mut from = BTreeMap::new();
    for fetched in installed {
        let mut fetched = fetched.unwrap();
        *from.entry(format!("{:?}", fetched.from)).or_insert(0) += 1;
        assert!(read(&mut fetched) == bytes, "each has its own place in it");
    }
    assert_eq!(
        from,
        [("Cache".to_owned(), 5), ("Registry".to_owned(), 1)].into()
    );
    assert_eq!(server.asked("blobs").len(), 1);
    assert_eq!(user.cached("blobs").len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn content_that_fails_once_is_asked_for_by_the_next() {
    let server = serving().await;
    for name in ["acme:a", "acme:b"] {
        server.world().publish(name, "1.0.0", b"of both");
    }
    let (locked, _) = locked(&server, &[("acme:a", "1.0.0"), ("acme:b", "1.0.0")]).await;
    server.fail("blobs", [crate::server::Fault::Body(b"of none".to_vec())]);
    let user = patient(&server);
    let installed = install(&user.client(), &locked).await;
    let (good, bad): (Vec<_>, Vec<_>) = installed.into_iter().partition(Result::is_ok);
    assert_eq!(good.len(), 1);
    assert_eq!(why(bad[0].as_ref().unwrap_err()), "verify::content-differs");
    assert_eq!(server.asked("blobs").len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_are_installed_at_once_with_a_proof_each() {
    let (server, locked) = with(MANY).await;
    let user = patient(&server);
    let client = user.client();
    for from in [FetchedFrom::Registry, FetchedFrom::Cache] {
        server.world().asked.clear();
        for (fetched, locked) in install(&client, &locked).await.into_iter().zip(&locked) {
            let mut fetched = fetched.unwrap();
            assert_eq!(fetched.from, from);
            assert_eq!(read(&mut fetched), locked.package.to_string().as_bytes());
        }
        assert_eq!(server.asked("proof").len(), MANY);
        let blobs = server.asked("blobs").len();
        assert_eq!(blobs, if from == FetchedFrom::Cache { 0 } else { MANY });
    }
    let state = user.state().unwrap();
    for locked in &locked {
        let subject = format!("package {}", locked.package).parse().unwrap();
        assert!(state.heads().contains_key(&subject), "{subject}");
    }
    // All of it is there without a network.
    for fetched in install(&user.offline(), &locked).await {
        fetched.unwrap();
    }
    assert_eq!(user.state_files(), ["trust"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_are_installed_while_the_registry_grows() {
    let (server, locked) = with(MANY).await;
    server.world().before = Some(Box::new(|registry, _| {
        registry.seal();
    }));
    let user = patient(&server);
    let client = user.client();
    for _ in 0..2 {
        server.world().asked.clear();
        for fetched in install(&client, &locked).await {
            fetched.unwrap();
        }
        // Whoever is overtaken asks once more, and is not overtaken again.
        let proofs = server.asked("proof").len();
        assert!(proofs <= 2 * MANY, "{proofs}");
    }
    assert_eq!(user.cached("blobs").len(), MANY);
    assert_eq!(server.asked("blobs").len(), 0, "the second time");
    let state = user.state().unwrap();
    assert_eq!(
        state.heads().len(),
        MANY + 2,
        "with the registry and the namespace"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_install_at_once_while_the_registry_grows() {
    let (server, locked) = with(24).await;
    server.world().before = Some(Box::new(|registry, _| {
        registry.seal();
    }));
    let user = patient(&server);
    // Clients of their own, which know nothing of each other.
    let (one, two) = (user.client(), user.client());
    let (left, right) = locked.split_at(12);
    let (left, right) = tokio::join!(install(&one, left), install(&two, right));
    for fetched in left.into_iter().chain(right) {
        // To give up after some tries is allowed, to lose something is not.
        if let Err(error) = fetched {
            assert_eq!(why(&error), "Contended");
        }
    }
    for fetched in install(&one, &locked).await {
        fetched.unwrap();
    }
    assert_eq!(user.state().unwrap().heads().len(), 24 + 2);
    assert_eq!(user.state_files(), ["trust"]);
}

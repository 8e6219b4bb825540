//! What a connection can do to a client.

use crate::server::{Fault, Server};
use crate::support::*;
use crate::user::*;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tenon_registry_client::http::{BaseUrl, ErrorKind, Meter, Progress, Transfer};
use tenon_registry_client::verify::Request;

const BIG: usize = 300_000;

/// A registry with a large release, `acme:big@1.0.0`.
async fn big() -> (Server, Vec<u8>) {
    let server = serving().await;
    let bytes: Vec<u8> = (0..BIG).map(|n| (n * 31 / 7) as u8).collect();
    server.world().publish("acme:big", "1.0.0", &bytes);
    (server, bytes)
}

fn location(to: impl Into<String>) -> Fault {
    Fault::Status(307, vec![("location", to.into())])
}

#[tokio::test]
async fn reads_are_repeated_while_the_registry_is_busy() {
    let server = serving().await;
    let user = User::of(&server);
    let busy = |status| Fault::Status(status, vec![]);
    server.fail("proof", [busy(503), Fault::Hangup]);
    user.client().registry().await.unwrap();
    assert_eq!(server.asked("proof").len(), 3);
    // Not for ever.
    server.fail("proof", [busy(503), busy(502), busy(504)]);
    let error = user.client().registry().await.unwrap_err();
    assert!(matches!(*error.kind, ErrorKind::Status(504)), "{error:?}");
    assert_eq!(error.attempts, 3);
    assert!(error.is_unavailable());
    // Nor what will not get better.
    for status in [400, 403, 404, 410, 500] {
        server.fail("proof", [busy(status)]);
        let error = user.client().registry().await.unwrap_err();
        assert_eq!(error.attempts, 1, "{status}");
    }
}

#[tokio::test]
async fn a_registry_says_how_long_to_wait_within_bounds() {
    let server = serving().await;
    let user = User::of(&server);
    let after = |seconds: &str| Fault::Status(429, vec![("retry-after", seconds.to_owned())]);
    server.fail("proof", [after("1")]);
    let since = Instant::now();
    user.client().registry().await.unwrap();
    assert!(since.elapsed() >= Duration::from_secs(1));
    server.fail("proof", [after("3600")]);
    let error = user.client().registry().await.unwrap_err();
    assert_eq!(error.attempts, 1);
    assert!(matches!(*error.kind, ErrorKind::Status(429)));
}

#[tokio::test]
async fn redirects_stay_with_the_registry() {
    let server = serving().await;
    let other = serving().await;
    let user = User::of(&server);
    let base = server.base();
    server.fail("proof", [location("/api/v1/proof?known=0&held=0,0,0")]);
    user.client().registry().await.unwrap();
    server.fail(
        "proof",
        [location(format!("{base}/api/v1/proof?known=4&held=1,0,0"))],
    );
    for (to, reason) in [
        (other.base(), "another origin"),
        (base.replace("http://", "https://"), "another origin"),
        (
            format!("http://user@localhost:{}/", server.address.port()),
            "another origin",
        ),
        ("http://169.254.169.254/latest".to_owned(), "another origin"),
        ("file:///etc/passwd".to_owned(), "another origin"),
        ("http://[".to_owned(), "no URL"),
    ] {
        server.world().faults.clear();
        server.fail("proof", [location(to.clone())]);
        let error = user.client().registry().await.unwrap_err();
        let ErrorKind::Redirect { reason: found, .. } = &*error.kind else {
            panic!("{to}: {error:?}");
        };
        assert!(found.contains(reason), "{to}: {found}");
    }
    assert_eq!(other.asked("").len(), 0);
    // A loop ends.
    let before = server.asked("").len();
    server.fail("", vec![location("/api/v1/proof?known=0&held=0,0,0"); 20]);
    let error = user.client().registry().await.unwrap_err();
    assert!(error.to_string().contains("more than 5"), "{error}");
    assert_eq!(server.asked("").len() - before, 6);
}

#[tokio::test]
async fn answers_have_a_most_length_before_they_are_read() {
    let server = serving().await;
    let mut user = User::of(&server);
    user.options.limits.json = 1000;
    let client = user.client();
    for fault in [
        Fault::Endless,
        Fault::Length(1001),
        Fault::Body(vec![b' '; 1001]),
    ] {
        server.fail("search", [fault]);
        let error = client.search(&Default::default()).await.unwrap_err();
        assert!(
            matches!(*error.kind, ErrorKind::TooLarge(1000)),
            "{error:?}"
        );
        assert_eq!(error.attempts, 1);
    }
    server.fail("checkpoint", [Fault::Length((128 << 10) + 1)]);
    let error = client.checkpoint().await.unwrap_err();
    assert!(
        matches!(*error.kind, ErrorKind::TooLarge(131_072)),
        "{error:?}"
    );
    server.fail("tile", [Fault::Length(8193)]);
    let error = client
        .tile("tile/0/000.p/3".parse().unwrap())
        .await
        .unwrap_err();
    assert!(
        matches!(*error.kind, ErrorKind::TooLarge(8192)),
        "{error:?}"
    );
    server.fail(
        "proof",
        [Fault::Length((64 << 20) + 1), Fault::Length(1 << 40)],
    );
    for _ in 0..2 {
        let error = client.registry().await.unwrap_err();
        assert!(matches!(*error.kind, ErrorKind::TooLarge(_)), "{error:?}");
    }
}

#[tokio::test]
async fn what_is_encoded_is_refused() {
    let server = serving().await;
    let user = User::of(&server);
    server.fail(
        "proof",
        [Fault::Header("content-encoding", "gzip".to_owned())],
    );
    let error = user.client().registry().await.unwrap_err();
    assert!(
        matches!(&*error.kind, ErrorKind::Encoded(how) if how == "gzip"),
        "{error:?}"
    );
    server.fail(
        "proof",
        [Fault::Header("content-encoding", "identity".to_owned())],
    );
    user.client().registry().await.unwrap();
}

#[tokio::test]
async fn a_slow_or_silent_registry_is_left() {
    let server = serving().await;
    let user = User::of(&server);
    for (fault, wanted) in [(Fault::Drip, "Slow"), (Fault::Silence, "Timeout")] {
        for path in ["proof", "blobs"] {
            server.fail(path, [fault.clone()]);
            let since = Instant::now();
            let error = user
                .client()
                .fetch(&package("acme:http"), &version("1.0.0"))
                .await;
            assert_eq!(why(&error.unwrap_err()), wanted, "{path}");
            assert!(since.elapsed() < Duration::from_secs(4), "{path}");
            assert_eq!(user.state(), None);
            assert_eq!(user.cached("blobs").len(), 0);
        }
    }
}

#[tokio::test]
async fn a_truncated_answer_is_fetched_again() {
    let server = serving().await;
    let user = User::of(&server);
    server.fail("proof", [Fault::CutAfter(100)]);
    user.client().registry().await.unwrap();
    assert_eq!(server.asked("proof").len(), 2);
    server.fail("proof", vec![Fault::CutAfter(100); 3]);
    let error = user.client().registry().await.unwrap_err();
    assert_eq!((why(&error).as_str(), error.attempts), ("Cut", 3));
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u64>>>);

impl Progress for Log {
    fn begin(&self, transfer: Transfer<'_>) -> Box<dyn Meter> {
        assert_eq!(
            (transfer.what, transfer.total),
            ("acme:big@1.0.0", BIG as u64)
        );
        Box::new(self.clone())
    }
}

impl Meter for Log {
    fn reach(&mut self, done: u64) {
        self.0.lock().unwrap().push(done);
    }
}

#[tokio::test]
async fn a_download_that_was_cut_goes_on_where_it_was() {
    let (server, bytes) = big().await;
    let mut user = User::of(&server);
    let log = Log::default();
    user.options.progress = Arc::new(log.clone());
    server.fail("blobs", [Fault::CutAfter(100_000), Fault::CutAfter(50_000)]);
    let fetched = user
        .client()
        .fetch(&package("acme:big"), &version("1.0.0"))
        .await
        .unwrap();
    assert_eq!(std::fs::read(&fetched.path).unwrap(), bytes);
    let asked = server.asked("blobs");
    let ranges: Vec<_> = asked.iter().map(|asked| asked.header("range")).collect();
    assert_eq!(ranges, [None, Some("bytes=100000-"), Some("bytes=150000-")]);
    let digest = fetched.release.content.digest;
    assert_eq!(
        asked[1].header("if-range"),
        Some(format!("\"{digest}\"").as_str())
    );
    assert_eq!(log.0.lock().unwrap().last(), Some(&(BIG as u64)));
    assert_eq!(user.cached("blobs"), [fetched.path]);
}

#[tokio::test]
async fn a_download_begins_again_where_it_cannot_go_on() {
    let (server, bytes) = big().await;
    // The whole comes in place of the rest, or another part does.
    let name = package("acme:big");
    for (range, wanted) in [
        (None, vec![None, Some("bytes=100000-")]),
        (Some("bytes=7-"), vec![None, Some("bytes=100000-"), None]),
    ] {
        let user = User::of(&server);
        server.world().asked.clear();
        server.fail("blobs", [Fault::CutAfter(100_000), Fault::Range(range)]);
        let fetched = user.client().fetch(&name, &version("1.0.0")).await.unwrap();
        assert_eq!(std::fs::read(&fetched.path).unwrap(), bytes);
        let asked = server.asked("blobs");
        let ranges: Vec<_> = asked.iter().map(|asked| asked.header("range")).collect();
        assert_eq!(ranges, wanted);
    }
    // What is no part, and too short for the whole, does not do.
    let other = User::of(&server);
    let wrong = Fault::Body(bytes[..10].to_vec());
    server.world().faults.clear();
    server.fail("blobs", [Fault::CutAfter(100_000), wrong]);
    let error = other
        .client()
        .fetch(&package("acme:big"), &version("1.0.0"))
        .await
        .unwrap_err();
    assert_eq!(why(&error), "verify::content-too-short");
    assert_eq!(other.state(), None);
    assert_eq!(other.cached("blobs").len(), 0);
}

#[tokio::test]
async fn content_is_what_its_record_says() {
    let (server, bytes) = big().await;
    let mut changed = bytes.clone();
    changed[200_000] ^= 1;
    let mut longer = bytes.clone();
    longer.push(0);
    for (fault, wanted) in [
        (Fault::Body(changed), "verify::content-differs"),
        (Fault::Body(longer), "verify::content-too-long"),
        (
            Fault::Body(bytes[..BIG - 1].to_vec()),
            "verify::content-too-short",
        ),
        (Fault::Body(vec![]), "verify::content-too-short"),
        (Fault::Endless, "verify::content-too-long"),
        (Fault::Length(1 << 50), "verify::content-too-long"),
    ] {
        let user = User::of(&server);
        let before = server.asked("blobs").len();
        server.fail("blobs", [fault]);
        let error = user
            .client()
            .fetch(&package("acme:big"), &version("1.0.0"))
            .await
            .unwrap_err();
        assert_eq!(why(&error), wanted);
        assert!(error.is_verification());
        assert_eq!(
            server.asked("blobs").len() - before,
            1,
            "{wanted} is not tried again"
        );
        assert_eq!(user.state(), None);
        assert_eq!(user.cached("").len(), 0);
    }
}

#[test]
fn addresses_of_registries() {
    for good in [
        "https://registry.example",
        "https://registry.example:8443/private",
        "http://127.0.0.1:8080",
        "http://127.9.9.9",
        "http://[::1]:8080",
        "http://localhost:1/a/b",
    ] {
        assert_eq!(good.parse::<BaseUrl>().unwrap().to_string(), good);
    }
    for bad in [
        "",
        "registry.example",
        "http://registry.example",
        "http://128.0.0.1",
        "http://[::2]",
        "http://localhost.example",
        "ftp://localhost",
        "https://user@registry.example",
        "https://user:secret@registry.example",
        "https://registry.example?a",
        "https://registry.example#a",
        "https://",
        "file:///etc/passwd",
        "https://registry.example/a//b",
        "https://registry.example/a%2fb",
    ] {
        let error = bad.parse::<BaseUrl>().unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

#[tokio::test]
async fn nobody_listens() {
    let server = serving().await;
    let mut user = User::of(&server);
    let unused = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    user.options.base = format!("http://{unused}/private").parse().unwrap();
    let error = user.client().view(&Request::Registry).await.unwrap_err();
    assert_eq!((why(&error).as_str(), error.attempts), ("Connect", 3));
    assert!(
        error
            .url
            .starts_with(&format!("http://{unused}/private/api/v1/proof"))
    );
}

//! Content that is sent, whole and broken.

use crate::client::Client;
use crate::house::House;
use crate::support;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tenon_registry_client::Digest;
use tenon_registry_client::api::{Paths, ProblemCode};
use tenon_registry_server::app::{App, Parts};
use tenon_registry_server::care::DataDir;
use tenon_registry_server::content::Workers;
use tenon_registry_server::log::{Log, LogId};
use tenon_registry_server::store::blobs::Blobs;
use tenon_registry_server::store::reserve::Reserve;
use tenon_registry_server::store::{Faulty, Files, durable};

fn uploader(house: &House) -> Client {
    house.client().token(&house.full_token())
}

/// Nothing that is not finished, and nothing of this digest.
#[track_caller]
fn nothing_left(house: &House, digest: &Digest) {
    // The registry notices a lost connection soon, not at once.
    let begin = Instant::now();
    while house.drafts() > 0 && begin.elapsed() < Duration::from_secs(5) {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(house.drafts(), 0);
    house
        .get(&Paths::blob(digest))
        .problem(ProblemCode::NotFound);
}

#[test]
fn content_is_kept_and_sent_as_it_was() {
    let house = House::new();
    for size in [0, 1, 65_536, 65_537, 300_000, 2_000_003] {
        let bytes: Vec<u8> = (0..size)
            .map(|at: u32| (at.wrapping_mul(2_654_435_761) >> 24) as u8)
            .collect();
        let digest = Digest::of(&bytes);
        let mut client = uploader(&house);
        assert_eq!(
            client
                .ask_with("PUT", &Paths::upload(&digest), &bytes)
                .status,
            201
        );
        // The same connection goes on.
        assert_eq!(
            client
                .ask_with("PUT", &Paths::upload(&digest), &bytes)
                .status,
            200
        );
        let got = client.get(&Paths::blob(&digest));
        assert_eq!((got.status, got.body == bytes), (200, true), "{size}");
        assert_eq!(got.header("content-type"), Some("application/wasm"));
        assert_eq!(got.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(
            got.header("cache-control"),
            Some("public, max-age=31536000, immutable")
        );
        assert_eq!(got.header("etag"), Some(&*format!("\"{digest}\"")));
        let head = client.ask("HEAD", &Paths::blob(&digest));
        assert_eq!(
            (head.status, head.header("content-length")),
            (200, Some(&*size.to_string()))
        );
    }
    assert_eq!(house.drafts(), 0);
}

#[test]
fn chunked_content_is_kept_too() {
    let house = House::new();
    let digest = Digest::of(b"hello world");
    let mut client = uploader(&house);
    client.begin("PUT", &Paths::upload(&digest), "Transfer-Encoding: chunked");
    client.send(b"6\r\nhello \r\n5\r\nworld\r\n0\r\n\r\n");
    assert_eq!(client.answer().unwrap().status, 201);
    assert!(client.is_closed());
    assert_eq!(house.get(&Paths::blob(&digest)).body, b"hello world");
}

#[test]
fn s01_content_of_another_digest_is_refused() {
    let house = House::new();
    for size in [3, 1_000_000] {
        let digest = Digest::of(b"announced");
        let answer = uploader(&house).ask_with("PUT", &Paths::upload(&digest), &vec![7; size]);
        answer.problem(ProblemCode::DigestInvalid);
        nothing_left(&house, &digest);
    }
}

#[test]
fn s02_content_that_is_cut_leaves_nothing() {
    let house = House::new();
    let bytes = vec![9; 1_000_000];
    let digest = Digest::of(&bytes);
    for cut in [0, 1000, 999_999] {
        let mut client = uploader(&house);
        client.begin("PUT", &Paths::upload(&digest), "Content-Length: 1000000");
        client.send(&bytes[..cut]);
        client.shut_down_writing();
        if let Some(answer) = client.answer() {
            answer.problem(ProblemCode::RequestInvalid);
        }
        drop(client);
        nothing_left(&house, &digest);
    }
    let mut client = uploader(&house);
    client.begin("PUT", &Paths::upload(&digest), "Transfer-Encoding: chunked");
    client.send(b"5\r\nhello\r\nnonsense\r\n");
    client
        .answer()
        .unwrap()
        .problem(ProblemCode::RequestInvalid);
    nothing_left(&house, &digest);
    assert_eq!(
        uploader(&house)
            .ask_with("PUT", &Paths::upload(&digest), &bytes)
            .status,
        201
    );
}

#[test]
fn s03_content_over_the_limit_is_refused_before_it_is_all_read() {
    let house = House::with(|config| config.limits.content_bytes = 100_000);
    let digest = Digest::of(b"");
    let mut client = uploader(&house);
    client.begin("PUT", &Paths::upload(&digest), "Content-Length: 100001");
    client.answer().unwrap().problem(ProblemCode::TooLarge);
    assert!(client.is_closed());

    let mut client = uploader(&house);
    client.begin("PUT", &Paths::upload(&digest), "Transfer-Encoding: chunked");
    let chunk = [&b"2710\r\n"[..], &[0; 10_000], b"\r\n"].concat();
    // The end never comes.
    for _ in 0..11 {
        client.send(&chunk);
    }
    client.answer().unwrap().problem(ProblemCode::TooLarge);
    assert!(client.is_closed());
    nothing_left(&house, &digest);
    let exactly = vec![1; 100_000];
    let answer = uploader(&house).ask_with("PUT", &Paths::upload(&Digest::of(&exactly)), &exactly);
    assert_eq!(answer.status, 201);
}

#[test]
fn s04_content_that_drips_is_given_up() {
    let house = House::with(|config| config.limits.body_grace_seconds = 1);
    let digest = Digest::of(b"");
    let token = house.full_token();
    let begin = Instant::now();
    let mut slow: Vec<Client> = (0..100).map(|_| house.client().token(&token)).collect();
    for client in &mut slow {
        client.begin("PUT", &Paths::upload(&digest), "Transfer-Encoding: chunked");
    }
    while begin.elapsed() < Duration::from_millis(1500) {
        for client in &mut slow {
            client.send(b"1\r\na\r\n");
        }
        let asked = Instant::now();
        assert_eq!(house.get("/log/checkpoint").status, 200);
        assert!(asked.elapsed() < Duration::from_millis(500));
        std::thread::sleep(Duration::from_millis(100));
    }
    for client in &mut slow {
        let answer = client.answer().unwrap();
        answer.problem(ProblemCode::Timeout);
        assert_eq!(answer.header("connection"), Some("close"));
    }
    nothing_left(&house, &digest);
}

#[test]
fn s06_encoded_content_is_refused() {
    let house = House::new();
    let digest = Digest::of(b"");
    for encoding in ["gzip", "br", "identity, gzip", "zstd"] {
        let mut client = uploader(&house).header(&format!("Content-Encoding: {encoding}"));
        client.begin(
            "PUT",
            &Paths::upload(&digest),
            "Content-Length: 10000000000",
        );
        client
            .answer()
            .unwrap()
            .problem(ProblemCode::EncodingUnsupported);
        assert!(client.is_closed());
    }
    let mut client = uploader(&house).header("Content-Encoding: identity");
    assert_eq!(
        client.ask_with("PUT", &Paths::upload(&digest), b"").status,
        201
    );
}

#[test]
fn who_waits_to_go_on_is_told_so_only_if_the_content_is_wanted() {
    let house = House::new();
    let bytes = b"some content";
    let path = Paths::upload(&Digest::of(bytes));
    let mut client = uploader(&house).header("Expect: 100-continue");
    client.begin("PUT", &path, "Content-Length: 12");
    assert_eq!(client.answer().unwrap().status, 100);
    client.send(bytes);
    assert_eq!(client.answer().unwrap().status, 201);

    let mut client = uploader(&house).header("Expect: 100-continue");
    client.begin("PUT", &path, "Content-Length: 12");
    assert_eq!(client.answer().unwrap().status, 200);
    assert!(client.is_closed());

    let mut client = house.client().header("Expect: 100-continue");
    client.begin("PUT", &path, "Content-Length: 12");
    client.answer().unwrap().problem(ProblemCode::TokenInvalid);
}

#[test]
fn s09_what_is_no_digest_is_refused() {
    let house = House::new();
    let hex = Digest::of(b"").hex();
    let client = || uploader(&house);
    for digest in [
        format!("sha256:{}", hex.to_uppercase()),
        format!("sha256:{}", &hex[1..]),
        format!("sha256:{hex}0"),
        format!("sha512:{hex}"),
        format!("sha256:{}g", &hex[1..]),
        hex.clone(),
        "sha256:".to_owned(),
        "%00".to_owned(),
    ] {
        let answer = client().ask_with("PUT", &format!("/api/v1/content/{digest}"), b"");
        answer.problem(ProblemCode::DigestInvalid);
    }
    let encoded = format!("/api/v1/content/sha256%3A{hex}");
    assert_eq!(client().ask_with("PUT", &encoded, b"").status, 201);
    for path in [
        format!("/blobs/sha256/{}/{}", &hex[..2], hex.to_uppercase()),
        format!("/blobs/sha256/{}/{}", &hex[..2], &hex[..63]),
        format!("/blobs/sha256/{}/{hex}0", &hex[..2]),
        format!("/blobs/sha256/00/{hex}"),
    ] {
        house.get(&path).problem(ProblemCode::DigestInvalid);
    }
}

#[test]
fn many_uploads_of_one_content_are_one() {
    let house = House::new();
    let bytes = vec![5; 500_000];
    let path = Paths::upload(&Digest::of(&bytes));
    let token = house.full_token();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let status = house
                    .client()
                    .token(&token)
                    .ask_with("PUT", &path, &bytes)
                    .status;
                assert!(matches!(status, 200 | 201));
            });
        }
    });
    assert_eq!(house.drafts(), 0);
    assert!(house.get(&Paths::blob(&Digest::of(&bytes))).body == bytes);
}

#[test]
fn s41_an_upload_that_would_fill_the_disk_is_refused_early() {
    let house = House::with(|config| config.limits.disk_reserve_bytes = u64::MAX);
    let mut client = uploader(&house);
    client.begin(
        "PUT",
        &Paths::upload(&Digest::of(b"")),
        "Content-Length: 10",
    );
    client.answer().unwrap().problem(ProblemCode::StorageFull);
    assert_eq!(house.get("/log/checkpoint").status, 200);
}

/// A registry on a disk with so many MiB left, whatever is written.
fn house_with_room(mib: u64) -> House {
    house_on_disk(mib).0
}

/// The same, and the disk, which may say something else later.
pub(crate) fn house_on_disk(mib: u64) -> (House, Arc<Faulty>) {
    let temp = TempDir::new().unwrap();
    let dir = temp.path().join("data");
    std::fs::create_dir(&dir).unwrap();
    let source = support::source(&dir);
    let disk = Arc::new(Faulty::new(Arc::clone(&source.files)));
    disk.set_free_space(Some(mib << 20));
    let files: Arc<dyn Files> = Arc::clone(&disk) as _;
    durable::clean(&*files).unwrap();
    let log = Log::open(&source, Arc::new(|error: &str| panic!("{error}"))).unwrap();
    let parts = Parts {
        config: crate::house::config(),
        database: source.database,
        public: (log, Blobs::new(Arc::clone(&files), LogId::Public)),
        private: None,
        workers: Workers::start(crate::house::workers()),
        data: DataDir::of(&dir, files),
        reserve: Reserve::new(&dir, 0),
    };
    (House::of(temp, App::new(parts).unwrap()), disk)
}

/// Begins to send content whose length is not said, at both doors: 1 byte of each came in when this
/// returns.
fn drip(house: &House, token: &str, count: usize) -> Vec<Client> {
    let mut clients = vec![];
    for number in 0..count {
        let client = || house.client().token(token);
        let (method, path) = match number % 2 {
            0 => ("PUT", Paths::upload(&Digest::of(b""))),
            _ => {
                let begun = client().ask_with("POST", "/v2/a/blobs/uploads/", b"");
                ("PATCH", begun.header("location").unwrap().to_owned())
            }
        };
        let mut client = client().header("Expect: 100-continue");
        client.begin(method, &path, "Transfer-Encoding: chunked");
        // It is told to go on once there is room.
        assert_eq!(client.answer().unwrap().status, 100);
        client.send(b"1\r\na\r\n");
        clients.push(client);
    }
    clients
}

#[test]
fn s41_content_of_unknown_length_takes_room_as_it_comes() {
    let house = house_with_room(40);
    let token = house.full_token();
    // Each could become 64 MiB.
    let slow = drip(&house, &token, 30);
    let bytes = vec![1; 9 << 20];
    let path = Paths::upload(&Digest::of(&bytes));
    assert_eq!(uploader(&house).ask_with("PUT", &path, &bytes).status, 201);
    // The rest is for whoever says how much comes; who says too much is refused early.
    let whole = Digest::of(b"nothing of this comes");
    let mut client = uploader(&house);
    let length = format!("Content-Length: {}", 11 << 20);
    client.begin("PUT", &Paths::upload(&whole), &length);
    client.answer().unwrap().problem(ProblemCode::StorageFull);
    let mut client = house.client().token(&token);
    let begun = client.ask_with("POST", "/v2/a/blobs/uploads/", b"");
    client.begin("PATCH", begun.header("location").unwrap(), &length);
    assert_eq!(client.answer().unwrap().status, 507);
    // What was promised to those who go is there again.
    drop(slow);
    let begun = Instant::now();
    let bytes = vec![2; 40 << 20];
    let path = Paths::upload(&Digest::of(&bytes));
    while uploader(&house).ask_with("PUT", &path, &bytes).status != 201 {
        assert!(begun.elapsed() < Duration::from_secs(10));
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn s41_content_of_unknown_length_stops_where_the_disk_does() {
    let house = house_with_room(5);
    let token = house.full_token();
    let mib = [&b"100000\r\n"[..], &vec![3; 1 << 20], b"\r\n"].concat();
    for mut client in drip(&house, &token, 2) {
        // Not all that it says is read, so not all of it may be taken.
        for _ in 0..12 {
            client.send(&mib);
        }
        assert_eq!(client.answer().unwrap().status, 507);
    }
    // What was promised to them is there again.
    let digest = Digest::of(&[3; 4 << 20]);
    let mut client = uploader(&house);
    client.begin("PUT", &Paths::upload(&digest), "Transfer-Encoding: chunked");
    (0..4).for_each(|_| assert!(client.send(&mib)));
    client.send(b"0\r\n\r\n");
    assert_eq!(client.answer().unwrap().status, 201);
}

#[test]
fn s38_a_token_uploads_so_much_in_a_day() {
    let house = House::with(|config| config.quota.bytes_per_token = 1000);
    let token = house.full_token();
    let put = |bytes: &[u8]| {
        let path = Paths::upload(&Digest::of(bytes));
        house.client().token(&token).ask_with("PUT", &path, bytes)
    };
    assert_eq!(put(&[1; 600]).status, 201);
    let refused = put(&[2; 600]);
    refused.problem(ProblemCode::RateLimited);
    assert!(refused.header("retry-after").is_some());
    // What was refused, or was wrong, does not count.
    let wrong =
        house
            .client()
            .token(&token)
            .ask_with("PUT", &Paths::upload(&Digest::of(b"")), &[3; 400]);
    wrong.problem(ProblemCode::DigestInvalid);
    assert_eq!(put(&[4; 400]).status, 201);
}

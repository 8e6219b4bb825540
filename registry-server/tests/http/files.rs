//! The log and content as files, and what is asked for that is none.

use crate::house::House;
use tenon_registry_client::Digest;
use tenon_registry_client::api::{Paths, ProblemCode};
use tenon_registry_client::log::{Checkpoint, SignedCheckpoint, TilePath};

#[test]
fn the_log_is_served_as_files() {
    let house = House::new();
    let answer = house.get("/log/checkpoint");
    assert_eq!(
        answer.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
    assert_eq!(answer.header("cache-control"), Some("no-cache"));
    let log = house.app.public().log();
    let signed = SignedCheckpoint::open(&answer.body, log.origin(), [log.pin().key()]).unwrap();
    let Checkpoint { size, .. } = *signed.checkpoint();
    assert_eq!(size, 2);
    let tag = answer.header("etag").unwrap().to_owned();
    let same = house
        .client()
        .header(&format!("If-None-Match: {tag}"))
        .get("/log/checkpoint");
    assert_eq!((same.status, same.body.len()), (304, 0));
    let other = house
        .client()
        .header("If-None-Match: \"other\"")
        .get("/log/checkpoint");
    assert_eq!(other.status, 200);

    for (path, length) in [("tile/0/000.p/2", 64), ("tile/0/000.p/1", 32)] {
        let path: TilePath = path.parse().unwrap();
        let tile = house.get(&Paths::tile(path));
        assert_eq!((tile.status, tile.body.len()), (200, length), "{path}");
        assert_eq!(
            tile.header("cache-control"),
            Some("public, max-age=31536000, immutable")
        );
    }
    let entries = house.get("/log/tile/entries/000.p/2");
    assert!(entries.text().contains("tenon-record/v1 init"));
}

#[test]
fn s10_tiles_that_no_log_or_not_this_one_has() {
    let house = House::new();
    for path in [
        "0/x001/067.p/0",
        "0/x001/067.p/256",
        "64/000",
        "0/000",
        "0/000.p/3",
        "0/001",
        "1/000.p/1",
        "0/0",
        "0/00000",
        "0/x000/000",
        "00/000",
        "0/x018/x446/x744/x073/x709/x551/616",
        "entries/000",
        "entries/000.p/3",
        "entries/001",
        "-1/000",
        "0/000.p/2/",
        "0/000.p%2F2",
        "0/../../checkpoint",
        "0//000.p/2",
        "",
    ] {
        house
            .get(&format!("/log/tile/{path}"))
            .problem(ProblemCode::NotFound);
    }
}

#[test]
fn s08_no_path_leads_out_of_the_directory() {
    let house = House::new();
    let outside = house.dir.parent().unwrap().join("secret");
    std::fs::write(&outside, "secret").unwrap();
    for path in [
        "/blobs/sha256/../../secret",
        "/blobs/sha256/../../../secret",
        "/blobs/sha256/../secret",
        "/blobs/sha256/%2e%2e/%2e%2e%2fsecret",
        "/blobs/sha256/..%2f..%2fsecret",
        "/blobs/sha256/%252e%252e/secret",
        "/blobs/sha256/..\\..\\secret/x",
        "/blobs/sha256/%00/%00",
        "/blobs/sha256/..",
        "/blobs/../registry.sqlite",
        "/blobs/../keys/public/root.key",
        "/log/tile/../../keys/public/root.key",
        "/log/checkpoint/../../registry.sqlite",
        "/log/checkpoint/..%2f..%2f",
        "//etc/passwd",
        "/registry.sqlite",
        "/keys/public/root.key",
        "/tmp/0",
        "/lock",
    ] {
        let answer = house.get(path);
        assert!(matches!(answer.status, 400 | 404), "{path}: {answer:?}");
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json")
        );
        assert!(!answer.text().contains("secret\"") || path.contains("secret"));
    }
    // A link in the directory is not followed either.
    let hex = Digest::of(b"secret").hex();
    let folder = house.dir.join(format!("blobs/sha256/{}", &hex[..2]));
    std::fs::create_dir_all(&folder).unwrap();
    std::os::unix::fs::symlink(&outside, folder.join(&hex)).unwrap();
    let answer = house.get(&format!("/blobs/sha256/{}/{hex}", &hex[..2]));
    assert_ne!(answer.status, 200);
    assert!(!answer.text().contains("secret"));
}

#[test]
fn s37_ranges_give_what_there_is_once() {
    let house = House::new();
    let bytes: Vec<u8> = (0..200_000_u32).map(|at| (at % 251) as u8).collect();
    let digest = Digest::of(&bytes);
    let token = house.full_token();
    let put = house
        .client()
        .token(&token)
        .ask_with("PUT", &Paths::upload(&digest), &bytes);
    assert_eq!(put.status, 201);
    let get = |range: &str| {
        house
            .client()
            .header(&format!("Range: {range}"))
            .get(&Paths::blob(&digest))
    };
    for (range, from, to) in [
        ("bytes=0-0", 0, 0),
        ("bytes=10-99999", 10, 99_999),
        ("bytes=199999-", 199_999, 199_999),
        ("bytes=-5", 199_995, 199_999),
        ("bytes=5-999999999", 5, 199_999),
    ] {
        let answer = get(range);
        assert_eq!(answer.status, 206, "{range}");
        assert!(answer.body == bytes[from..=to], "{range}");
        let expected = format!("bytes {from}-{to}/200000");
        assert_eq!(answer.header("content-range"), Some(&*expected));
    }
    for range in ["bytes=-0", "bytes=200000-", "bytes=300000-400000"] {
        let answer = get(range);
        answer.problem(ProblemCode::RangeInvalid);
        assert_eq!(answer.header("content-range"), Some("bytes */200000"));
    }
    let many: Vec<String> = (0..1000).map(|at| format!("{at}-")).collect();
    for range in [
        format!("bytes={}", many.join(",")),
        "bytes=9-1".to_owned(),
        "lines=1-2".to_owned(),
    ] {
        let answer = get(&range);
        assert_eq!(answer.status, 200);
        assert!(answer.body == bytes);
    }
    let tag = format!("\"{digest}\"");
    let conditional = |line: &str| {
        house
            .client()
            .header("Range: bytes=0-1")
            .header(line)
            .get(&Paths::blob(&digest))
            .status
    };
    assert_eq!(conditional(&format!("If-Range: {tag}")), 206);
    assert_eq!(conditional("If-Range: \"other\""), 200);
    assert_eq!(conditional(&format!("If-None-Match: {tag}")), 304);
    let twice = house
        .client()
        .header("Range: bytes=0-1")
        .header("Range: bytes=2-3");
    let mut twice = twice;
    assert_eq!(twice.get(&Paths::blob(&digest)).status, 200);
}

#[test]
fn consistency_and_proofs_are_answered() {
    let house = House::new();
    let answer = house.get("/api/v1/consistency?old=1&new=2");
    assert_eq!((answer.status, answer.text().lines().count()), (200, 1));
    house
        .get("/api/v1/consistency?old=1&new=3")
        .problem(ProblemCode::SizeNotHeld);
    for query in [
        "old=1",
        "old=2&new=1",
        "old=0&new=1",
        "old=-1&new=2",
        "old=1&old=1&new=2",
        "a=b",
        "old=1&new=2&token=tnr_1",
    ] {
        house
            .get(&format!("/api/v1/consistency?{query}"))
            .problem(ProblemCode::QueryInvalid);
    }
    let bundle = house.get("/api/v1/proof?known=0&held=0,0,0");
    assert_eq!(
        (bundle.status, bundle.header("content-type")),
        (200, Some("application/vnd.tenon.bundle"))
    );
    assert!(!bundle.body.is_empty());
    house
        .get("/api/v1/proof?known=99")
        .problem(ProblemCode::SizeNotHeld);
    house
        .get("/api/v1/proof?size=99")
        .problem(ProblemCode::SizeNotHeld);
    house
        .get("/api/v1/proof?package=nothing")
        .problem(ProblemCode::QueryInvalid);
}

#[test]
fn s36_queries_out_of_bounds_are_refused() {
    let house = House::new();
    for query in [
        "n=9223372036854775808",
        "n=-1",
        "n=1001",
        "n=1.5",
        "n=",
        "after=%ff",
        "after=%zz",
        "after=nonsense",
        "n=1&n=1",
        "unknown=1",
    ] {
        house
            .get(&format!("/api/v1/packages?{query}"))
            .problem(ProblemCode::QueryInvalid);
    }
    for query in ["n=1001", "kind=other", "namespace=Acme", "regex=.*"] {
        let answer = house.get(&format!("/api/v1/search?{query}"));
        assert_eq!(answer.status, 400, "{query}");
        answer.problem(ProblemCode::QueryInvalid);
    }
    let long = format!("/api/v1/search?q={}", "a".repeat(1 << 20));
    house.get(&long).problem(ProblemCode::UriTooLong);
    for query in ["", "n=1000", "n=0"] {
        assert_eq!(
            house.get(&format!("/api/v1/packages?{query}")).status,
            200,
            "{query}"
        );
    }
    assert_eq!(house.get("/api/v1/search?q=.*%28a%2B%29%2B%24").status, 200);
    assert_eq!(house.get("/api/v1/search?q=caf%C3%A9+au").status, 200);
}

#[test]
fn s11_what_is_no_name_is_refused() {
    let house = House::new();
    let long = format!("acme/{}", "a".repeat(65));
    for name in [
        "%D0%B0cme/http",
        "ACME/http",
        "acme/HTTP",
        "a--b/c",
        "-a/b",
        "a-/b",
        "acme/con",
        "nul/a",
        "1a/b",
        "a_b/c",
        &long,
    ] {
        house
            .get(&format!("/api/v1/packages/{name}"))
            .problem(ProblemCode::NameInvalid);
    }
    for name in ["Acme", "a--b", "con", "a:b"] {
        house
            .get(&format!("/api/v1/namespaces/{name}"))
            .problem(ProblemCode::NameInvalid);
    }
    house
        .get("/api/v1/packages/acme/http")
        .problem(ProblemCode::NotFound);
    house
        .get("/api/v1/packages/acme/http/more")
        .problem(ProblemCode::NotFound);
    house
        .get("/api/v1/packages/acme/")
        .problem(ProblemCode::NotFound);
}

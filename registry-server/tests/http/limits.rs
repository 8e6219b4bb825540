//! Connections and heads of requests that no one should take.

use crate::client::Client;
use crate::house::House;
use std::io::{Read, Write};
use std::time::{Duration, Instant};
use tenon_registry_client::api::ProblemCode;

const GET: &str = "GET /healthz HTTP/1.1\r\nHost: registry\r\n";

/// What is answered to these bytes, after which the connection is closed.
#[track_caller]
fn refused(house: &House, bytes: &str, code: ProblemCode) {
    let mut client = house.client();
    client.send(bytes.as_bytes());
    let answer = client.answer().expect("an answer");
    answer.problem(code);
    assert_eq!(answer.header("connection"), Some("close"), "{bytes:?}");
    assert!(client.is_closed(), "{bytes:?}");
}

#[test]
fn s07_smuggled_requests_are_refused() {
    let house = House::new();
    let inner = "GET /api/v1/registry HTTP/1.1\r\nHost: registry\r\n\r\n";
    for lines in [
        "Transfer-Encoding: chunked\r\nContent-Length: 4",
        "Content-Length: 4\r\nTransfer-Encoding: chunked",
        "Content-Length: 4\r\nContent-Length: 4",
        "Content-Length: 4\r\nContent-Length: 60",
        "Content-Length: 4, 4",
        "Content-Length: +4",
        "Content-Length: 0x4",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "Transfer-Encoding : chunked",
        "Folded: a\r\n b",
        "Folded: a\r\n\tb",
        "Bare: a\nLine: b",
        "Host: another",
    ] {
        let bytes = format!("{GET}{lines}\r\n\r\n0\r\n\r\n{inner}");
        refused(&house, &bytes, ProblemCode::RequestInvalid);
    }
    refused(&house, "GET / HTTP/1.1\n\n", ProblemCode::RequestInvalid);
    refused(
        &house,
        "GET /healthz HTTP/1.1\r\n\r\n",
        ProblemCode::RequestInvalid,
    );
}

#[test]
fn s07_nothing_is_read_as_a_request_behind_a_chunked_body() {
    let house = House::new();
    let mut client = house.client();
    let body = "0\r\n\r\nGET /api/v1/registry HTTP/1.1\r\nHost: registry\r\n\r\n";
    client.send(format!("{GET}Transfer-Encoding: chunked\r\n\r\n{body}").as_bytes());
    assert_eq!(client.answer().unwrap().status, 200);
    assert!(client.is_closed());
}

#[test]
fn s29_heads_urls_and_headers_have_limits() {
    let house = House::new();
    let long = |bytes: usize| "a".repeat(bytes);
    let url = format!("GET /{} HTTP/1.1\r\nHost: registry\r\n\r\n", long(4096));
    refused(&house, &url, ProblemCode::UriTooLong);
    let endless_url = format!("GET /{}", long(20_000));
    refused(&house, &endless_url, ProblemCode::UriTooLong);
    let large = format!("{GET}A: {}\r\n\r\n", long(1 << 20));
    refused(&house, &large, ProblemCode::HeadersTooLarge);
    let many = format!("{GET}{}\r\n", "A: b\r\n".repeat(100));
    refused(&house, &many, ProblemCode::HeadersTooLarge);
    let just_enough = format!("{GET}{}\r\n", "A: b\r\n".repeat(99));
    let mut client = house.client();
    client.send(just_enough.as_bytes());
    assert_eq!(client.answer().unwrap().status, 200);
}

#[test]
fn s46_http2_is_not_spoken() {
    let house = House::new();
    for rest in [
        "",
        "\0\0\0\x04\0\0\0\0\0",
        "\0\0\x04\x08\0\0\0\0\0\0\0\0\x01",
    ] {
        let mut client = house.client();
        client.send(format!("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n{rest}").as_bytes());
        assert!(client.is_closed());
    }
    // Nor is it upgraded to.
    let mut client = house.client();
    client.send(format!("{GET}Connection: upgrade, http2-settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n").as_bytes());
    assert_eq!(client.answer().unwrap().status, 200);
}

#[test]
fn s05_half_heads_are_dropped_and_others_served() {
    let house = House::with(|config| config.limits.header_seconds = 1);
    let begin = Instant::now();
    let mut halves: Vec<Client> = (0..400).map(|_| house.client()).collect();
    for half in &mut halves {
        assert!(half.send(b"GET /healthz HTTP/1.1\r\nHost: regi"));
    }
    let mut client = house.client();
    for _ in 0..50 {
        let asked = Instant::now();
        assert_eq!(client.get("/healthz").status, 200);
        assert!(asked.elapsed() < Duration::from_millis(500));
    }
    for half in &mut halves {
        half.answer().unwrap().problem(ProblemCode::Timeout);
        assert!(half.is_closed());
    }
    assert!(begin.elapsed() > Duration::from_millis(900));
    // One byte after the other does not make it last longer.
    let begin = Instant::now();
    let mut slow = house.client();
    while begin.elapsed() < Duration::from_millis(1500) && slow.send(b"G") {
        std::thread::sleep(Duration::from_millis(100));
    }
    slow.answer().unwrap().problem(ProblemCode::Timeout);
}

#[test]
fn an_idle_connection_is_closed_and_a_busy_one_is_not() {
    let house = House::with(|config| config.limits.idle_seconds = 1);
    let mut client = house.client();
    assert_eq!(client.get("/healthz").status, 200);
    let begin = Instant::now();
    assert!(client.is_closed());
    assert!(begin.elapsed() > Duration::from_millis(900));
}

#[test]
fn s05_connections_are_counted_by_address_and_in_all() {
    let house = House::with(|config| config.limits.connections_per_address = 2);
    let mut first = house.client();
    let mut second = house.client();
    assert_eq!(first.get("/healthz").status, 200);
    assert_eq!(second.get("/healthz").status, 200);
    assert!(house.client().is_closed());
    drop(first);
    // Its place is free as soon as the registry has seen that it went.
    let begin = Instant::now();
    loop {
        let mut third = house.client();
        third.send(format!("{GET}\r\n").as_bytes());
        if third.answer().is_some_and(|answer| answer.status == 200) {
            break;
        }
        assert!(begin.elapsed() < Duration::from_secs(5));
    }
    let house = House::with(|config| config.limits.connections = 1);
    let mut only = house.client();
    assert_eq!(only.get("/healthz").status, 200);
    assert!(house.client().is_closed());
}

#[test]
fn requests_behind_each_other_are_answered_in_order() {
    let house = House::new();
    let mut client = house.client();
    let missing = "GET /nothing HTTP/1.1\r\nHost: registry\r\n\r\n";
    client.send(format!("{GET}\r\n{missing}{GET}\r\n").as_bytes());
    assert_eq!(client.answer().unwrap().status, 200);
    client.answer().unwrap().problem(ProblemCode::NotFound);
    assert_eq!(client.answer().unwrap().status, 200);
    // What is malformed is refused in its turn.
    client.send(format!("{GET}\r\nmalformed\r\n\r\n").as_bytes());
    assert_eq!(client.answer().unwrap().status, 200);
    client
        .answer()
        .unwrap()
        .problem(ProblemCode::RequestInvalid);
    assert!(client.is_closed());
}

#[test]
fn a_registry_that_stops_answers_what_was_asked() {
    let mut house = House::new();
    let mut idle = house.client();
    assert_eq!(idle.get("/healthz").status, 200);
    house.stop();
    assert!(idle.is_closed());
    let refused = std::net::TcpStream::connect(house.address);
    assert!(refused.is_err());
}

#[test]
fn who_takes_nothing_is_given_up_and_holds_up_nobody() {
    let house = House::with(|config| {
        config.limits.idle_seconds = 1;
        config.limits.stop_seconds = 5;
    });
    let bytes = vec![3; 40_000_000];
    crate::publisher::upload(&house, &bytes);
    let path = tenon_registry_client::api::Paths::blob(&tenon_registry_client::Digest::of(&bytes));
    let mut asked: Vec<Client> = (0..20).map(|_| house.client()).collect();
    for client in &mut asked {
        client.begin("GET", &path, "Accept: */*");
    }
    // It is read as it is taken: what waits to be sent is far from all of it.
    assert_eq!(house.get("/healthz").status, 200);
    std::thread::sleep(Duration::from_millis(2500));
    for mut client in asked {
        assert!(
            client
                .answer()
                .is_none_or(|answer| answer.body.len() < bytes.len())
        );
    }
    let open = |house: &House| {
        let metrics = house.get("/metrics");
        let line = metrics
            .text()
            .lines()
            .find(|line| line.starts_with("tenon_registry_connections "));
        line.and_then(|line| line.rsplit(' ').next()?.parse::<u32>().ok())
            .unwrap()
    };
    let begin = Instant::now();
    while open(&house) > 2 {
        assert!(begin.elapsed() < Duration::from_secs(5));
    }
    // Whoever takes it gets all of it.
    assert!(house.get(&path).body == bytes);
}

#[test]
fn who_takes_little_is_given_up_too() {
    let house = House::with(|config| {
        config.limits.idle_seconds = 2;
        config.limits.body_bytes_per_second = 4_000_000;
    });
    let bytes = vec![4; 40_000_000];
    crate::publisher::upload(&house, &bytes);
    let path = tenon_registry_client::api::Paths::blob(&tenon_registry_client::Digest::of(&bytes));
    let mut slow = std::net::TcpStream::connect(house.address).unwrap();
    write!(slow, "GET {path} HTTP/1.1\r\nHost: registry\r\n\r\n").unwrap();
    // Never without a byte for as long as an idle connection may be, and far too slow.
    let begin = Instant::now();
    let (mut piece, mut taken) = (vec![0; 200_000], 0);
    loop {
        assert!(begin.elapsed() < Duration::from_secs(30), "{taken} bytes");
        match slow.read(&mut piece) {
            Ok(0) | Err(_) => break,
            Ok(read) => taken += read,
        }
        std::thread::sleep(Duration::from_millis(400));
    }
    assert!(taken < bytes.len(), "{taken}");
    assert!(house.get(&path).body == bytes);
}

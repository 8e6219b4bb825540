//! More of them than is usual.

use crate::client::Client;
use crate::house::House;
use crate::publisher::{FIRST, Publisher, release, upload};
use std::io::Write;
use std::time::{Duration, Instant};
use tenon_registry_client::Digest;
use tenon_registry_client::api::{Paths, ProblemCode};
use tenon_registry_client::record::ContentKind;

/// As many as are wanted, if this process may have that many files: both ends of a connection are
/// files of this process.
fn crowd(wanted: usize) -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let room = usize::try_from(limit.unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
    let crowd = wanted.min(room.saturating_sub(500) / 2);
    if crowd < wanted {
        let mut stderr = std::io::stderr().lock();
        writeln!(
            stderr,
            "only {crowd} connections of {wanted}: more files are not allowed"
        )
        .unwrap();
    }
    crowd
}

/// How long the slowest but one in a hundred has to wait.
fn p99(house: &House) -> Duration {
    let mut client = house.client();
    let mut waits: Vec<Duration> = (0..300)
        .map(|_| {
            let asked = Instant::now();
            assert_eq!(client.get("/log/checkpoint").status, 200);
            asked.elapsed()
        })
        .collect();
    waits.sort();
    waits[297]
}

/// Others wait no more than twice as long, but for what a busy machine makes of that.
#[track_caller]
fn assert_served(house: &House, before: Duration) {
    let among = p99(house);
    assert!(
        among < before * 2 + Duration::from_millis(50),
        "{before:?}, then {among:?}"
    );
}

#[test]
fn s05_two_thousand_half_heads_do_not_hold_up_others() {
    let house = House::with(|config| config.limits.header_seconds = 4);
    let before = p99(&house);
    let mut halves: Vec<Client> = (0..crowd(2000)).map(|_| house.client()).collect();
    for half in &mut halves {
        assert!(half.send(b"GET /healthz HTTP/1.1\r\nHost: regi"));
    }
    assert_served(&house, before);
    for half in &mut halves {
        half.answer().unwrap().problem(ProblemCode::Timeout);
        assert!(half.is_closed());
    }
}

#[test]
fn s04_a_thousand_bodies_that_drip_do_not_stop_reads() {
    let house = House::with(|config| {
        config.limits.body_grace_seconds = 2;
        // Room is kept for what may come of each, which would be more than some disks have.
        config.limits.content_bytes = 1 << 20;
    });
    let before = p99(&house);
    let token = house.full_token();
    let path = Paths::upload(&Digest::of(b""));
    let crowd = crowd(1024);
    let mut slow: Vec<Client> = (0..crowd).map(|_| house.client().token(&token)).collect();
    for client in &mut slow {
        client.begin("PUT", &path, "Transfer-Encoding: chunked");
        client.send(b"1\r\na\r\n");
    }
    assert_served(&house, before);
    for client in &mut slow {
        client.send(b"1\r\na\r\n");
    }
    for client in &mut slow {
        client.answer().unwrap().problem(ProblemCode::Timeout);
    }
    assert_eq!(house.drafts(), 0);
}

#[test]
fn s22_a_section_that_says_it_is_a_gibibyte_is_refused() {
    let house = House::new();
    let alice = Publisher::new(&house, "acme");
    let size = house.log_size();
    for section in [0, 1, 4, 7] {
        let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
        bytes.extend([section, 0x80, 0x80, 0x80, 0x80, 0x04, 1, b'x', section]);
        upload(&house, &bytes);
        let act = release("1.0.0", &bytes, ContentKind::Component);
        let record = alice.sign(alice.package_record("http", FIRST, act));
        let begun = Instant::now();
        let answer = crate::publisher::post(&house, &record);
        answer.problem(ProblemCode::ContentInvalid);
        assert_eq!(answer.status, 422);
        assert!(begun.elapsed() < Duration::from_secs(5));
    }
    assert_eq!(house.log_size(), size);
}

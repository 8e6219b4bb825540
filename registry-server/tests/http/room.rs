//! Room on the disk: who may hold how much of it, and who is refused when.

use crate::client::Client;
use crate::house::House;
use crate::uploads::house_on_disk;
use std::time::{Duration, Instant};
use tenon_registry_client::Digest;
use tenon_registry_client::api::Paths;

const MIB: usize = 1 << 20;

/// The two doors by which content comes in.
#[derive(Clone, Copy)]
enum Door {
    Native,
    Oci,
}

const DOORS: [Door; 2] = [Door::Native, Door::Oci];

/// Says that so much comes, or how else its length is said, and sends none of it yet: who asks, and the status
/// of the first answer.
fn announce(house: &House, token: &str, door: Door, length: &str, of: &[u8]) -> (Client, u16) {
    let client = || house.client().token(token);
    let digest = Digest::of(of);
    let (method, path) = match door {
        Door::Native => ("PUT", Paths::upload(&digest)),
        Door::Oci => {
            let begun = client().ask_with("POST", "/v2/a/blobs/uploads/", b"");
            let location = begun.header("location").unwrap();
            ("PUT", format!("{location}?digest={digest}"))
        }
    };
    let mut client = client().header("Expect: 100-continue");
    client.begin(method, &path, length);
    let status = client.answer().unwrap().status;
    (client, status)
}

fn length(bytes: usize) -> String {
    format!("Content-Length: {bytes}")
}

fn wait_until(what: impl Fn() -> bool) {
    let begun = Instant::now();
    while !what() {
        assert!(begun.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn s41_who_announces_much_and_sends_little_shuts_nobody_out() {
    let (house, _) = house_on_disk(1024);
    let (liar, other) = (house.full_token(), house.full_token());
    let mut liars = vec![];
    for number in 0..24 {
        // All of it would be half as much again as there is.
        let door = DOORS[number % 2];
        let (mut client, status) = announce(&house, &liar, door, &length(64 * MIB), b"");
        assert_eq!(status, 100, "{number}");
        client.send(b"a");
        liars.push(client);
    }
    for (number, door) in DOORS.into_iter().enumerate() {
        let bytes = vec![number as u8; 8 * MIB];
        let (mut client, status) = announce(&house, &other, door, &length(bytes.len()), &bytes);
        assert_eq!(status, 100);
        assert!(client.send(&bytes));
        assert_eq!(client.answer().unwrap().status, 201);
        // As large as any may be.
        let (_, status) = announce(&house, &other, door, &length(64 * MIB), b"");
        assert_eq!(status, 100);
    }
}

#[test]
fn s41_what_cannot_fit_is_refused_before_any_of_it_comes() {
    let (house, _) = house_on_disk(40);
    let token = house.full_token();
    for door in DOORS {
        let (_, status) = announce(&house, &token, door, &length(40 * MIB + 1), b"");
        assert_eq!(status, 507);
        let (_, status) = announce(&house, &token, door, &length(40 * MIB), b"");
        assert_eq!(status, 100);
    }
}

#[test]
fn s41_who_was_refused_took_nothing_from_those_who_were_not() {
    let (house, _) = house_on_disk(20);
    let token = house.full_token();
    let bytes = vec![7; 18 * MIB];
    std::thread::scope(|scope| {
        // Each would not leave enough for the one that fits.
        let refused = scope.spawn(|| {
            for _ in 0..100 {
                let (_, status) = announce(&house, &token, Door::Native, &length(21 * MIB), b"");
                assert_eq!(status, 507);
            }
        });
        while !refused.is_finished() {
            for door in DOORS {
                let length = length(bytes.len());
                let (mut client, status) = announce(&house, &token, door, &length, &bytes);
                if status == 200 {
                    // It is there since the first time.
                    continue;
                }
                assert_eq!(status, 100);
                assert!(client.send(&bytes));
                assert_eq!(client.answer().unwrap().status, 201);
            }
        }
    });
}

#[test]
fn s41_who_sent_most_of_it_is_sure_of_the_rest() {
    for door in DOORS {
        let (house, _) = house_on_disk(16);
        let (token, other) = (house.full_token(), house.full_token());
        let bytes = vec![9; 12 * MIB];
        let (mut client, status) = announce(&house, &token, door, &length(bytes.len()), &bytes);
        assert_eq!(status, 100);
        assert!(client.send(&bytes[..10 * MIB]));
        let drafts = || std::fs::read_dir(house.dir.join("tmp")).unwrap();
        let written = || drafts().map(|it| it.unwrap().metadata().unwrap().len());
        wait_until(|| written().sum::<u64>() >= (9 * MIB + MIB / 4) as u64);
        // Others take what is left.
        let chunked = "Transfer-Encoding: chunked";
        let mut others = vec![];
        loop {
            match announce(&house, &other, Door::Native, chunked, b"") {
                (client, 100) => others.push(client),
                (_, status) => break assert_eq!(status, 507),
            }
        }
        // Not much more is held than what is to come.
        assert!(others.len() >= 9, "{}", others.len());
        assert!(client.send(&bytes[10 * MIB..]));
        assert_eq!(client.answer().unwrap().status, 201);
    }
}

#[test]
fn s41_room_is_looked_for_as_long_as_nobody_knows_how_much_comes() {
    let (house, disk) = house_on_disk(60);
    let token = house.full_token();
    let chunk = [&b"100000\r\n"[..], &vec![3; MIB], b"\r\n"].concat();
    let chunked = "Transfer-Encoding: chunked";
    let (mut client, status) = announce(&house, &token, Door::Native, chunked, b"");
    assert_eq!(status, 100);
    // It is promised 8 MiB by now, and no more at a time.
    (0..20).for_each(|_| assert!(client.send(&chunk)));
    let drafts = || std::fs::read_dir(house.dir.join("tmp")).unwrap();
    let written = || drafts().map(|it| it.unwrap().metadata().unwrap().len());
    wait_until(|| written().sum::<u64>() >= 19 * MIB as u64);
    disk.set_free_space(Some(7 << 20));
    for _ in 0..8 {
        client.send(&chunk);
    }
    assert_eq!(client.answer().unwrap().status, 507);
}

//! What is pushed to do harm: as versions, as components, and as documents, by the numbers of the rows
//! of the threat model.

use crate::attacks::nothing_left;
use crate::guest::{Guest, descriptor, fails, image};
use crate::house::House;
use crate::publisher::component;
use crate::releases::{granted, manifest, prepare};
use crate::steps::assert_whole;
use serde_json::Value;
use std::time::{Duration, Instant};

const CREATED: &str = "2026-09-01T10:00:00Z";

#[test]
fn s12_tags_that_are_nearly_versions_are_no_releases() {
    let house = House::new();
    granted(&house);
    let guest = Guest::new(&house);
    let manifest = prepare(&guest, "acme/app", &component(1), CREATED);
    assert_eq!(guest.put("acme/app", "1.0.0_a", &manifest).status, 201);
    let size = house.log_size();
    for twin in ["1.0.0", "1.0.0_b", "1.0.0+b", "1.0.0%2Bb"] {
        fails(&guest.put("acme/app", twin, &manifest), 409, "DENIED");
    }
    for other in [
        "01.0.0",
        "1.0",
        "v1.0.0",
        "18446744073709551616.0.0",
        "1.0.0_a_b",
        "LATEST",
        "1.0.0-01",
        "__",
    ] {
        assert_eq!(
            guest.put("acme/app", other, &manifest).status,
            201,
            "{other}"
        );
    }
    for none in [
        &format!("1.0.0-{}", "a".repeat(10_000 / 4)),
        "1.0.0+",
        "1.0.0-",
        ".",
    ] {
        let answer = guest.put("acme/app", none, &manifest);
        // An empty part is of no version, and no tag ends so but one with a hyphen.
        let expected = if none == "1.0.0-" { 201 } else { 400 };
        assert_eq!(answer.status, expected, "{none}: {}", answer.text());
    }
    assert_eq!(house.log_size(), size);
    let package: Value = house.get("/api/v1/packages/acme/app").json();
    assert_eq!(package["releases"].as_array().unwrap().len(), 1);
    assert_whole(&house);
}

#[test]
fn s13_s14_other_bytes_for_a_version_are_refused_and_the_same_are_not_logged_again() {
    let house = House::new();
    granted(&house);
    let guest = Guest::new(&house);
    let first = prepare(&guest, "acme/app", &component(1), CREATED);
    let second = prepare(&guest, "acme/app", &component(2), CREATED);
    assert_eq!(guest.put("acme/app", "1.0.0", &first).status, 201);
    let size = house.log_size();
    for _ in 0..3 {
        fails(&guest.put("acme/app", "1.0.0", &second), 409, "DENIED");
        let again = guest.put("acme/app", "1.0.0", &first);
        assert_eq!((again.status, house.log_size()), (201, size));
    }
    assert_eq!(guest.get("/v2/acme/app/manifests/1.0.0").body, first);
}

/// Has content that no release can be refused, in good time.
#[track_caller]
fn refused(house: &House, guest: &Guest, bytes: &[u8]) -> String {
    let (size, begun) = (house.log_size(), Instant::now());
    let manifest = prepare(guest, "acme/app", bytes, CREATED);
    let answer = guest.put("acme/app", "1.0.0", &manifest);
    let message = fails(&answer, 400, "MANIFEST_INVALID");
    assert!(begun.elapsed() < Duration::from_secs(20));
    assert_eq!(house.log_size(), size);
    assert_eq!(guest.get("/v2/acme/app/manifests/1.0.0").status, 404);
    message
}

fn leb(mut number: u64) -> Vec<u8> {
    let mut bytes = vec![];
    loop {
        let byte = (number & 0x7f) as u8;
        number >>= 7;
        bytes.push(if number > 0 { byte | 0x80 } else { byte });
        if number == 0 {
            return bytes;
        }
    }
}

/// A component of one section of types, each made of the number of the one before.
fn types(count: u64, ty: impl Fn(u64) -> Vec<u8>) -> Vec<u8> {
    let types: Vec<u8> = (0..count).flat_map(ty).collect();
    let section = [leb(count), types].concat();
    [
        b"\0asm\x0d\0\x01\0\x07",
        &leb(section.len() as u64)[..],
        &section,
    ]
    .concat()
}

/// Types are named by signed numbers.
fn index(number: u64) -> Vec<u8> {
    let mut bytes = leb(number);
    let last = bytes.len() - 1;
    if bytes[last] & 0x40 != 0 {
        bytes[last] |= 0x80;
        bytes.push(0);
    }
    bytes
}

#[test]
fn s22_what_is_no_component_is_no_release() {
    let house = House::new();
    granted(&house);
    let guest = Guest::new(&house);
    let good = component(1);
    let gibibyte = [b"\0asm\x0d\0\x01\0\x07", &leb(1 << 30)[..]].concat();
    for bytes in [
        &b""[..],
        b"not wasm",
        b"\0asm\x01\0\0\0",
        b"\0asm\x0d\0",
        &good[..good.len() - 1],
        &gibibyte,
        b"\x1f\x8b\x08\0\0\0\0\0",
    ] {
        refused(&house, &guest, bytes);
    }
    nothing_left(&house);
}

#[test]
fn s23_s24_types_that_nest_or_double_are_refused_in_good_time() {
    let house = House::new();
    granted(&house);
    let guest = Guest::new(&house);
    let nested = types(100_000, |number| match number {
        0 => vec![0x70, 0x7d],
        number => [vec![0x70], index(number - 1)].concat(),
    });
    let doubling = types(64, |number| match number {
        0 => vec![0x6f, 1, 0x7d],
        number => [vec![0x6f, 2], index(number - 1), index(number - 1)].concat(),
    });
    for bytes in [nested, doubling] {
        refused(&house, &guest, &bytes);
    }
    // Who checks lives on.
    let manifest = prepare(&guest, "acme/app", &component(1), CREATED);
    assert_eq!(guest.put("acme/app", "1.0.0", &manifest).status, 201);
}

#[test]
fn s23_documents_that_nest_repeat_or_are_long_are_refused_or_kept_as_they_are() {
    let house = House::new();
    let guest = Guest::new(&house);
    guest.push("repo", b"{}");
    let text = String::from_utf8(image(&[], None)).unwrap();
    let config = serde_json::to_string(&descriptor("application/x", b"{}")).unwrap();
    let with = |more: &str| text.replacen('{', &format!("{{{more},"), 1);
    let nested =
        |open: &str, close: &str| format!("{}1{}", open.repeat(500_000), close.repeat(500_000));
    for wrong in [
        nested("[", "]"),
        nested("{\"a\":", "}"),
        with(&format!("\"layers\":{}", nested("[", "]"))),
        with(&format!("\"annotations\":{}", nested("{\"a\":", "}"))),
        // Two readers must not take it for two things.
        with("\"layers\":[]"),
        with("\"mediaType\":\"application/vnd.oci.image.index.v1+json\""),
        with(&format!("\"config\":{config}")),
        with("\"subject\":null,\"subject\":null"),
        with("\"schemaVersion\":2"),
        with("\"manifests\":[]"),
        with(&format!("\"annotations\":{{\"a\":{}}}", nested("[", "]"))),
        text.replace(
            "\"layers\": []",
            &format!("\"layers\": [{}]", vec![config.as_str(); 4_097].join(",")),
        ),
        text.replace(
            "\"layers\": []",
            &format!("\"layers\": [{}]", "0,".repeat(2_000_000)),
        ),
        text.replace("\"size\": 2", "\"size\": 1e999"),
        text.replace("\"size\": 2", "\"size\": 18446744073709551616"),
        text.replace("\"size\": 2", "\"size\": 2, \"size\": 3"),
        format!("{text}{text}"),
        format!("\u{feff}{text}"),
    ] {
        let begun = Instant::now();
        let answer = guest.put("repo", "v1", wrong.as_bytes());
        let start: String = wrong.chars().take(60).collect();
        assert_eq!(answer.status, 400, "{start}: {}", answer.text());
        assert!(answer.body.len() < 2_000, "{start}");
        assert!(begun.elapsed() < Duration::from_secs(10), "{start}");
    }
    assert_eq!(guest.get("/v2/repo/manifests/v1").status, 404);
    // What nobody here reads may be anything.
    let kept = with(&format!("\"unknown\":{}", nested("[", "]")));
    let answer = guest.put("repo", "v1", kept.as_bytes());
    match answer.status {
        201 => assert_eq!(guest.get("/v2/repo/manifests/v1").body, kept.as_bytes()),
        status => assert_eq!(status, 400),
    }
    guest.ask("DELETE", "/v2/repo/manifests/v1");
    let most = text.replace(
        "\"layers\": []",
        &format!("\"layers\": [{}]", vec![config.as_str(); 4_096].join(",")),
    );
    assert_eq!(guest.put("repo", "v2", most.as_bytes()).status, 201);
    nothing_left(&house);
}

#[test]
fn s25_sections_that_say_much_of_the_content_are_bounded() {
    let house = House::new();
    granted(&house);
    let guest = Guest::new(&house);
    // A bill of materials that says it is longer than it is, and one that is no archive.
    for content in [&b"\x78\x9c\xff\xff\xff\xff"[..], &[0; 100_000]] {
        let name = b"\x07.dep-v0";
        let section = [&name[..], content].concat();
        let mut bytes = component(1);
        bytes.push(0);
        bytes.extend(leb(section.len() as u64));
        bytes.extend(section);
        let manifest = prepare(&guest, "acme/app", &bytes, CREATED);
        let version = format!("1.0.{}", content.len());
        let answer = guest.put("acme/app", &version, &manifest);
        assert_eq!(answer.status, 201, "{}", answer.text());
    }
    // The config is kept with a release, and so has a length.
    let (text, _) = manifest(&component(2), CREATED);
    let config = vec![b' '; (1 << 20) + 1];
    guest.push("acme/app", &config);
    guest.push("acme/app", &component(2));
    let mut long: Value = serde_json::from_slice(&text).unwrap();
    long["config"] = descriptor("application/vnd.wasm.config.v0+json", &config);
    let answer = guest.put("acme/app", "2.0.0", &serde_json::to_vec(&long).unwrap());
    fails(&answer, 400, "MANIFEST_INVALID");
    assert_whole(&house);
}

#[test]
fn s26_a_wit_package_is_what_it_says_it_is() {
    let house = House::new();
    granted(&house);
    let guest = Guest::new(&house);
    for said in ["acme:other@1.0.0", "other:app@1.0.0", "acme:app@1.0.1"] {
        let mut resolve = wit_parser::Resolve::default();
        let text = format!("package {said}; interface i {{ f: func(); }}");
        let id = resolve.push_str("a.wit", &text).unwrap();
        let wit = wit_component::encode(&resolve, id, false).unwrap();
        let message = refused(&house, &guest, &wit);
        assert!(message.contains("content-name-differs"), "{message}");
    }
}

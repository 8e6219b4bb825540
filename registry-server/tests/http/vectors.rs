//! Signatures that careless verifiers take: other projects' vectors, and forgeries of our own.

use crate::house::House;
use crate::publisher::{FIRST, Publisher, component, post_bytes, release, upload};
use std::io::Write;
use tenon_registry_client::Digest;
use tenon_registry_client::api::{Paths, Problem, ProblemCode};
use tenon_registry_client::record::ContentKind;

/// The order of the group, least byte first.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

#[derive(serde::Deserialize)]
struct Vector {
    number: u32,
    key: String,
    sig: String,
}

fn hex(text: &str) -> Vec<u8> {
    let pairs = text.as_bytes().chunks(2);
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    pairs.map(byte).collect()
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let number = (0..3).fold(0, |number, at| {
            number << 8 | usize::from(group.get(at).copied().unwrap_or(0))
        });
        for at in 0..4 {
            match at <= group.len() {
                true => text.push(char::from(DIGITS[number >> (18 - 6 * at) & 63])),
                false => text.push('='),
            }
        }
    }
    text
}

fn unbase64(text: &str) -> Vec<u8> {
    const DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = vec![];
    for group in text.trim_end_matches('=').as_bytes().chunks(4) {
        let digit = |at: usize| {
            group
                .get(at)
                .map_or(0, |digit| DIGITS.find(char::from(*digit)).unwrap())
        };
        let number = (0..4).fold(0, |number, at| number << 6 | digit(at));
        bytes.extend((0..group.len() - 1).map(|at| (number >> (16 - 8 * at) & 255) as u8));
    }
    bytes
}

/// The id of a key and its one spelling, whatever the key.
fn vkey(name: &str, key: &[u8]) -> ([u8; 4], String) {
    let typed = [&[1], key].concat();
    let digest = Digest::of(&[name.as_bytes(), b"\n", &typed].concat());
    let id = &digest.hex()[..8];
    let text = format!("{name}+{id}+{}", base64(&typed));
    (hex(id).try_into().unwrap(), text)
}

/// A record with another signature in place of its own.
fn signed_as(record: &str, name: &str, id: [u8; 4], signature: &[u8]) -> String {
    let (text, _) = record.split_once("\n\n").unwrap();
    format!(
        "{text}\n\n\u{2014} {name} {}\n",
        base64(&[&id, signature].concat())
    )
}

#[track_caller]
fn refused(house: &House, token: &str, record: &str) -> ProblemCode {
    let mut client = house.client().token(token);
    let answer = client.ask_with("POST", Paths::records(), record.as_bytes());
    assert!(
        matches!(answer.status, 400 | 403),
        "{} {record}",
        answer.text()
    );
    answer.json::<Problem>().code
}

#[test]
fn s20_a_signature_is_only_one_if_it_is_in_the_one_form() {
    let house = House::new();
    let alice = Publisher::new(&house, "acme");
    let bytes = component(1);
    upload(&house, &bytes);
    let act = release("1.0.0", &bytes, ContentKind::Component);
    let record = alice.sign(alice.package_record("http", FIRST, act));
    let text = std::str::from_utf8(record.bytes()).unwrap();
    let line = text.trim_end().rsplit(' ').next().unwrap();
    let good = unbase64(line);
    let id: [u8; 4] = good[..4].try_into().unwrap();
    let size = house.log_size();
    // The way the other ones are made makes the good one, too.
    assert_eq!(signed_as(text, "acme/alice", id, &good[4..]), text);

    let token = house.full_token();
    // S and S + L are the same to who does not look.
    let mut larger = good[4..].to_vec();
    let mut carry = 0;
    for (at, order) in ORDER.iter().enumerate() {
        let sum = u16::from(larger[32 + at]) + u16::from(*order) + carry;
        larger[32 + at] = sum as u8;
        carry = sum >> 8;
    }
    assert_eq!(carry, 0);
    let code = refused(&house, &token, &signed_as(text, "acme/alice", id, &larger));
    assert_eq!(code, ProblemCode::NotAuthorised);

    // By a key that is no point of the group, 0 is a signature of everything.
    let mut neutral = [0; 32];
    neutral[0] = 1;
    refused(
        &house,
        &token,
        &forged(&house, &neutral, &[neutral, [0; 32]].concat()),
    );
    assert_eq!(house.log_size(), size);
    assert_eq!(post_bytes(&house, text.as_bytes()).status, 201);
}

/// The creation of a namespace by this key, with this signature.
fn forged(house: &House, key: &[u8], signature: &[u8]) -> String {
    let mallory = Publisher::unknown(house.app.public().log().origin().clone(), "mallory");
    let create = mallory.create();
    let text = std::str::from_utf8(create.bytes()).unwrap();
    let name = mallory.key.vkey().name().as_str();
    let (id, vkey) = vkey(name, key);
    let own = mallory.key.vkey().to_string();
    assert!(text.contains(&own));
    signed_as(&text.replace(&own, &vkey), name, id, signature)
}

#[test]
fn s20_signatures_of_the_vectors_sign_nothing() {
    let Some(all) = std::env::var_os("TENON_VECTORS") else {
        let mut stderr = std::io::stderr().lock();
        writeln!(
            stderr,
            "NOT RUN: the vectors in ed25519, because TENON_VECTORS is not set"
        )
        .unwrap();
        return;
    };
    let path = std::path::Path::new(&all).join("ed25519/ed25519vectors.json");
    let vectors: Vec<Vector> = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert_eq!(vectors.len(), 914);
    let house = House::new();
    let alice = Publisher::new(&house, "acme");
    let name = alice.key.vkey().name().as_str();
    let (id, own) = vkey(name, alice.key.vkey().key().as_bytes());
    assert_eq!(own, alice.key.vkey().to_string());
    let bytes = component(1);
    upload(&house, &bytes);
    let act = release("1.0.0", &bytes, ContentKind::Component);
    let record = alice.sign(alice.package_record("http", FIRST, act));
    let text = std::str::from_utf8(record.bytes()).unwrap();
    let size = house.log_size();
    let mut keys = vec![];
    let token = house.full_token();
    for Vector { number, key, sig } in &vectors {
        let (key, signature) = (hex(key), hex(sig));
        // In the place of a good signature, by a key that was granted the release.
        let code = refused(&house, &token, &signed_as(text, name, id, &signature));
        assert_eq!(code, ProblemCode::NotAuthorised, "{number}");
        // By the vector's own key. No. 305 is good, but of another text.
        match refused(&house, &token, &forged(&house, &key, &signature)) {
            ProblemCode::NotAuthorised => keys.push(*number),
            code => assert_eq!(code, ProblemCode::RecordInvalid, "{number}"),
        }
    }
    assert_eq!(house.log_size(), size);
    assert!(keys.contains(&305) && keys.len() < 300, "{keys:?}");
}

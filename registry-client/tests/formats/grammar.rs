//! The limits of the grammar, and what follows from there being one encoding.

use crate::samples::{ORIGIN, leaves, sorted, text_of};
use crate::support::*;
use proptest::prelude::*;
use tenon_registry_client::log::{Algorithm, Hash, KeyName, NoteError, Origin, SigningKey, Vkey};
use tenon_registry_client::record::{
    Link, NamespaceAct, Record, RecordError, RegistryAct, SignedRecord, Statement, Time,
};

/// A reservation for owners whose names make the record exactly this long.
fn record_of(length: usize) -> Vec<u8> {
    let signed = |owners: Vec<Vkey>| -> Vec<u8> {
        let record = Record {
            origin: Origin::new(ORIGIN).unwrap(),
            statement: Statement::Registry {
                link: Link {
                    seq: 1,
                    prev: Hash::leaf(b""),
                },
                act: RegistryAct::Reserve {
                    namespace: namespace("acme"),
                    owners,
                },
            },
            time: time(START),
        };
        let line = format!("— a {}\n", crate::base64(&[0; 68]));
        format!("{record}\n{line}").into_bytes()
    };
    let named = |number: usize, length: usize| -> SigningKey {
        let seed = *tenon_registry_client::Digest::of(&number.to_be_bytes()).as_bytes();
        let name = KeyName::new("n".repeat(length)).unwrap();
        SigningKey::from_seed(name, Algorithm::Ed25519, &seed)
    };
    let owners = |lengths: &[usize]| {
        let keys = (0..)
            .zip(lengths)
            .map(|(number, length)| named(number, *length));
        let keys: Vec<SigningKey> = keys.collect();
        sorted(&keys.iter().collect::<Vec<_>>())
    };
    let least = signed(vec![]).len();
    let line = signed(owners(&[1])).len() - least - 1;
    let wanted = length - least;
    // As many lines as there can be, and what is left over spread over their names.
    let count = wanted / (line + 64);
    let mut lengths = vec![64; count];
    let mut left = wanted - count * (line + 64);
    for length in &mut lengths {
        let more = left.min(64);
        *length += more;
        left -= more;
    }
    assert_eq!(left, 0);
    signed(owners(&lengths))
}

#[test]
fn a_record_has_at_most_65535_bytes() {
    let longest = record_of(65_535);
    assert_eq!(longest.len(), 65_535);
    let record = SignedRecord::parse(&longest).unwrap();
    assert_eq!(record.hash(), Hash::leaf(&longest));
    let Statement::Registry {
        act: RegistryAct::Reserve { owners, .. },
        ..
    } = &record.record().statement
    else {
        panic!()
    };
    println!("65,535 bytes: {} owners", owners.len());
    let long = record_of(65_536);
    assert_eq!(
        SignedRecord::parse(&long),
        Err(RecordError::TooLong(65_536))
    );
}

#[test]
fn a_record_has_1_to_16_signatures() {
    let keys: Vec<SigningKey> = (0..17)
        .map(|number| key(&format!("acme/{number}")))
        .collect();
    let keys: Vec<&SigningKey> = keys.iter().collect();
    let record = leaves()[0].record().clone();
    let refused = |count| Err(RecordError::Signatures(count));
    assert_eq!(SignedRecord::sign(record.clone(), &[]), refused(0));
    assert_eq!(SignedRecord::sign(record.clone(), &keys), refused(17));
    let signed = SignedRecord::sign(record, &keys[..16]).unwrap();
    assert_eq!(signed.signatures().len(), 16);
    let names: Vec<_> = signed.signatures().iter().map(|line| &line.name).collect();
    let by_key = sorted(&keys[..16]);
    assert!(names.iter().copied().eq(by_key.iter().map(Vkey::name)));
}

#[test]
fn what_is_not_in_the_grammar_cannot_be_signed() {
    let (a, b) = (key("acme/a"), key("acme/b"));
    let mut owners = sorted(&[&a, &b]);
    let record = |owners: &[Vkey], threshold| {
        let link = Link {
            seq: 0,
            prev: Hash::ZERO,
        };
        Record {
            origin: Origin::new(ORIGIN).unwrap(),
            statement: Statement::Namespace {
                namespace: namespace("acme"),
                link,
                act: NamespaceAct::Create {
                    owners: owners.to_vec(),
                    threshold,
                },
            },
            time: time(START),
        }
    };
    let sign = |record: Record| SignedRecord::sign(record, &[&a]);
    assert!(sign(record(&owners, 2)).is_ok());
    for threshold in [0, 3, 17] {
        assert!(sign(record(&owners, threshold)).is_err(), "{threshold}");
    }
    owners.reverse();
    assert!(sign(record(&owners, 1)).is_err());
    let twice = [owners[0].clone(), owners[0].clone()];
    assert!(sign(record(&twice, 1)).is_err());
    let cosigns = cosigner("acme/c");
    let by_cosigner = SignedRecord::sign(record(&owners[..1], 1), &[&cosigns]);
    let refused = NoteError::Cosigner(cosigns.vkey().clone());
    assert_eq!(by_cosigner, Err(RecordError::Note(refused)));
}

#[test]
fn seq_0_and_no_other_follows_nothing() {
    let first = text_of("create");
    let zero = format!("prev {}", Hash::ZERO);
    assert!(SignedRecord::parse(first.as_bytes()).is_ok());
    let other = first.replace(&zero, &format!("prev {}", Hash::leaf(b"")));
    assert!(SignedRecord::parse(other.as_bytes()).is_err());
    let later = other.replace("seq 0", "seq 1");
    assert!(SignedRecord::parse(later.as_bytes()).is_ok());
    let last = other.replace("seq 0", "seq 4294967295");
    assert!(SignedRecord::parse(last.as_bytes()).is_ok());
}

#[test]
fn no_two_lines_can_change_places() {
    for leaf in leaves() {
        let text = String::from_utf8(leaf.bytes().to_vec()).unwrap();
        let (body, signatures) = text.rsplit_once("\n\n").unwrap();
        let lines: Vec<&str> = body.split('\n').collect();
        for at in 1..lines.len() {
            let mut swapped = lines.clone();
            swapped.swap(at - 1, at);
            let swapped = format!("{}\n\n{signatures}", swapped.join("\n"));
            assert!(
                SignedRecord::parse(swapped.as_bytes()).is_err(),
                "{swapped}"
            );
            let mut dropped = lines.clone();
            dropped.remove(at);
            let mut twice = lines.clone();
            twice.insert(at, lines[at]);
            // Only lists, and what may be there or not, can be shorter.
            let word = lines[at].split(' ').next().unwrap();
            let optional = ["key", "owner", "attested", "expires", "from-index"].contains(&word);
            let dropped = format!("{}\n\n{signatures}", dropped.join("\n"));
            let refused = SignedRecord::parse(dropped.as_bytes()).is_err();
            assert!(refused || optional, "{dropped}");
            let twice = format!("{}\n\n{signatures}", twice.join("\n"));
            assert!(SignedRecord::parse(twice.as_bytes()).is_err(), "{twice}");
        }
    }
}

#[test]
fn times_are_from_1970_to_9999() {
    let leaf = text_of("create");
    let at = leaf.find("\ntime ").unwrap() + 6;
    let with = |time: &str| leaf.replace(&leaf[at..at + 20], time);
    for good in [
        "1970-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "2028-02-29T00:00:00Z",
    ] {
        assert!(good.parse::<Time>().is_ok());
        assert!(SignedRecord::parse(with(good).as_bytes()).is_ok(), "{good}");
    }
    let bad = [
        "1969-12-31T23:59:59Z",
        "10000-01-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2026-09-21 14:13:20Z",
        "2026-09-21T14:13:60Z",
        "2026-09-21T24:00:00Z",
        "+2026-09-21T14:13:20Z",
        "2026-9-21T14:13:20Z",
    ];
    for bad in bad {
        assert!(SignedRecord::parse(with(bad).as_bytes()).is_err(), "{bad}");
    }
}

proptest! {
    /// What is read is written again byte by byte: there is no second spelling of anything.
    #[test]
    fn a_changed_byte_is_another_record_or_none(pick in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), byte in any::<u8>(), kind in 0..3) {
        let leaves = leaves();
        let leaf = &leaves[pick.index(leaves.len())];
        let mut bytes = leaf.bytes().to_vec();
        let at = at.index(bytes.len());
        match kind {
            0 => bytes[at] = byte,
            1 => bytes.insert(at, byte),
            _ => { bytes.remove(at); }
        }
        if let Ok(read) = SignedRecord::parse(&bytes) {
            let lines: String = read.signatures().iter().map(|line| format!("{line}\n")).collect();
            prop_assert_eq!(format!("{}\n{lines}", read.record()).into_bytes(), bytes.clone());
            prop_assert_eq!(read.hash() == leaf.hash(), bytes == leaf.bytes());
        }
    }
}

#[test]
fn a_pattern_may_begin_as_no_name_may_be() {
    let read = |text: &str| text.parse::<tenon_registry_client::name::Pattern>();
    for text in ["*", "con-*", "nul-*", "http", "http-*"] {
        assert_eq!(read(text).unwrap().to_string(), text);
    }
    for text in ["con", "nul", "", "-*", "http*", "**", "http-**"] {
        assert!(read(text).is_err(), "{text}");
    }
}

//! `notes.json`: keys, notes, checkpoints, cosignatures and policies.

use crate::policies::met;
use crate::refused_records::vkey_of;
use crate::support::*;
use crate::{base64, committed, kind};
use serde::{Deserialize, Serialize};
use tenon_registry_client::Digest;
use tenon_registry_client::log::{
    Checkpoint, Hash, KeyId, KeyName, Note, NoteSignature, Origin, Policy, SignedCheckpoint, Vkey,
};

#[derive(Serialize, Deserialize)]
struct Vectors {
    about: String,
    keys: Vec<Key>,
    refused_keys: Vec<Refused>,
    notes: Vec<Signed>,
    refused_notes: Vec<Refused>,
    checkpoints: Vec<Signed>,
    refused_checkpoints: Vec<Refused>,
    policies: Vec<Quorum>,
    refused_policies: Vec<Refused>,
}

#[derive(Serialize, Deserialize)]
struct Key {
    vkey: String,
    /// `ed25519` or `cosignature`.
    algorithm: String,
    /// The 32 bytes of its secret, in base64.
    seed: String,
    id: String,
}

/// A text that is refused by whoever reads it, whatever keys are known.
#[derive(Serialize, Deserialize)]
struct Refused {
    reason: String,
    error: String,
    text: String,
}

/// A note, who is known, and which of these signed; or why it is refused.
#[derive(Serialize, Deserialize)]
struct Signed {
    name: String,
    note: String,
    known: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signed: Option<By>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// The names of keys, each with the time of a cosignature.
type By = Vec<(String, Option<u64>)>;

#[derive(Serialize, Deserialize)]
struct Quorum {
    policy: String,
    /// For every set of its witnesses, by their names: whether it is enough.
    met: Vec<(Vec<String>, bool)>,
}

const ABOUT: &str = "Keys, notes and checkpoints as the C2SP specifications signed-note, \
    tlog-checkpoint, tlog-cosignature and tlog-policy have them, read as strictly as here. A seed \
    is the SHA-256 of the name of its key. `error` is the kind of error here.";

const LOG: &str = "example.com/log";

fn verified(note: &Note, known: &[&Vkey]) -> (Option<By>, Option<String>) {
    match note.verify(known.iter().copied()) {
        Ok(signed) => {
            let signed = signed.iter().map(|by| (by.key.name().to_string(), by.time));
            (Some(signed.collect()), None)
        }
        Err(error) => (None, Some(kind(&error))),
    }
}

fn signed(name: &str, note: &Note, known: &[&Vkey]) -> Signed {
    let read = Note::parse(note.to_string().as_bytes()).unwrap();
    let (signed, error) = verified(&read, known);
    Signed {
        name: name.to_owned(),
        note: note.to_string(),
        known: known.iter().map(ToString::to_string).collect(),
        signed,
        error,
    }
}

fn refuse<E: std::fmt::Debug>(
    cases: Vec<(&str, String)>,
    read: fn(&str) -> Option<E>,
) -> Vec<Refused> {
    let refused = |(reason, text): (&str, String)| Refused {
        error: kind(&read(&text).expect(reason)),
        reason: reason.to_owned(),
        text,
    };
    cases.into_iter().map(refused).collect()
}

fn keys() -> Vec<Key> {
    let plain = ["a", "b", LOG].map(key);
    let cosigners = ["w1", "w2", "w3", "witness.example/w"].map(cosigner);
    let all = plain.iter().map(|key| (key, "ed25519"));
    let all = all.chain(cosigners.iter().map(|key| (key, "cosignature")));
    all.map(|(key, algorithm)| Key {
        vkey: key.vkey().to_string(),
        algorithm: algorithm.to_owned(),
        seed: base64(Digest::of(key.vkey().name().as_str().as_bytes()).as_bytes()),
        id: key.vkey().id().to_string(),
    })
    .collect()
}

fn refused_keys() -> Vec<Refused> {
    let vkey = key("a").vkey().to_string();
    let bytes = *key("a").vkey().key().as_bytes();
    let point = |first: u8, last: u8| {
        let mut bytes = [0; 32];
        (bytes[0], bytes[31]) = (first, last);
        vkey_of("a", 1, &bytes)
    };
    // The prime, 2^255 - 19, is a second spelling of 0; 2 is no coordinate of a point.
    let prime = [&[0xed][..], &[0xff; 30], &[0x7f]].concat();
    let cases = vec![
        ("no `+`", "a".to_owned()),
        ("no name", vkey.replacen('a', "", 1)),
        ("a space in the name", vkey_of("a b", 1, &bytes)),
        ("a tab in the name", vkey_of("a\tb", 1, &bytes)),
        ("the id of another", vkey.replacen("+", "+0", 1)),
        ("an unknown type", vkey_of("a", 2, &bytes)),
        ("31 bytes", vkey_of("a", 1, &bytes[1..])),
        ("33 bytes", vkey_of("a", 1, &[&bytes[..], &[0]].concat())),
        (
            "base64 without padding",
            vkey_of("a", 1, &bytes[1..])
                .trim_end_matches('=')
                .to_owned(),
        ),
        ("the identity", point(1, 0)),
        ("a point of order 4", point(0, 0)),
        ("a second spelling of the identity", point(1, 0x80)),
        ("a second spelling of 0", vkey_of("a", 1, &prime)),
        ("no point", point(2, 0)),
    ];
    refuse(cases, |text| text.parse::<Vkey>().err())
}

fn notes() -> Vec<Signed> {
    let (a, b) = (key("a"), key("b"));
    let mut one = Note::new("text\n").unwrap();
    one.sign(&a).unwrap();
    let line = one.signatures()[0].clone();
    let mut two = one.clone();
    two.sign(&b).unwrap();
    let with = |extra: NoteSignature| {
        let mut note = one.clone();
        note.push(extra).unwrap();
        note
    };
    let mut flat = Note::new(format!("{one}\n\nouter\n")).unwrap();
    flat.sign(&b).unwrap();
    let mut changed = Note::new("Text\n").unwrap();
    changed.push(line.clone()).unwrap();
    let bad = NoteSignature {
        bytes: vec![0; 64],
        ..line.clone()
    };
    let short = NoteSignature {
        bytes: line.bytes[..63].to_vec(),
        ..line.clone()
    };
    let id = NoteSignature {
        id: KeyId([0; 4]),
        ..line.clone()
    };
    let name = KeyName::new("c").unwrap();
    let name = NoteSignature {
        name,
        ..line.clone()
    };
    vec![
        signed("one signature", &one, &[a.vkey()]),
        signed("two signatures, one known", &two, &[b.vkey()]),
        signed("two signatures, both known", &two, &[a.vkey(), b.vkey()]),
        signed("a signature by nobody known", &one, &[b.vkey()]),
        signed("a signature twice", &with(line), &[a.vkey()]),
        signed(
            "a good and a bad signature of one key",
            &with(bad),
            &[a.vkey()],
        ),
        signed("a signature of 63 bytes", &with(short), &[a.vkey()]),
        signed("a known name with another id", &with(id), &[a.vkey()]),
        signed("a known id with another name", &with(name), &[a.vkey()]),
        signed(
            "grease",
            &with(NoteSignature::grease(&[1; 16])),
            &[a.vkey()],
        ),
        signed("a note in a note", &flat, &[a.vkey(), b.vkey()]),
        signed(
            "a note in a note, signed by the inner key alone",
            &flat,
            &[a.vkey()],
        ),
        signed("another text", &changed, &[a.vkey()]),
    ]
}

fn refused_notes() -> Vec<Refused> {
    let mut note = Note::new("text\n").unwrap();
    note.sign(&key("a")).unwrap();
    let good = note.to_string();
    let line = good.lines().last().unwrap().to_owned();
    let cases = vec![
        ("nothing", String::new()),
        ("no empty line", format!("text\n{line}\n")),
        ("no signature", "text\n\n".to_owned()),
        ("a newline more", format!("{good}\n")),
        ("no newline at the end", good.trim_end().to_owned()),
        ("a carriage return", good.replace('\n', "\r\n")),
        ("NUL", good.replacen("text", "te\0xt", 1)),
        ("a tab", good.replacen("text", "te\txt", 1)),
        ("a hyphen", good.replacen('—', "-", 1)),
        ("two spaces", good.replacen("— ", "—  ", 1)),
        ("a key name with `+`", good.replacen("— a", "— a+", 1)),
        ("a space at the end", format!("{} \n", good.trim_end())),
        (
            "an id and no signature",
            "text\n\n— a AAAAAA==\n".to_owned(),
        ),
        (
            "bits after the last byte",
            "text\n\n— a AAAAAAF=\n".to_owned(),
        ),
        ("no padding", "text\n\n— a AAAAAAE\n".to_owned()),
        (
            "129 signatures",
            format!("text\n\n{}", format!("{line}\n").repeat(129)),
        ),
    ];
    refuse(cases, |text| Note::parse(text.as_bytes()).err())
}

fn log_checkpoint() -> SignedCheckpoint {
    let origin = Origin::new(LOG).unwrap();
    let root = Hash::leaf(b"the only leaf");
    Checkpoint {
        origin,
        size: 1,
        root,
    }
    .sign(&key(LOG))
    .unwrap()
}

fn checkpoints() -> Vec<Signed> {
    let (log, w) = (key(LOG), cosigner("witness.example/w"));
    let plain = log_checkpoint();
    let mut cosigned = plain.clone();
    for time in [0, START, i64::MAX as u64] {
        cosigned.cosign(&w, time).unwrap();
    }
    let change = |at: usize, byte: u8| {
        let mut changed = plain.clone();
        let mut line = cosigned.note().signatures()[2].clone();
        line.bytes[at] ^= byte;
        changed.push(line).unwrap();
        changed
    };
    let keys = [log.vkey(), w.vkey()];
    vec![
        signed("signed by the log", plain.note(), &keys),
        signed("cosigned at three times", cosigned.note(), &keys),
        signed(
            "cosigned, by those who know the log only",
            cosigned.note(),
            &keys[..1],
        ),
        signed(
            "a cosignature with another time",
            change(7, 1).note(),
            &keys,
        ),
        signed(
            "a cosignature with a time of 2^63 and more",
            change(0, 0x80).note(),
            &keys,
        ),
    ]
}

fn refused_checkpoints() -> Vec<Refused> {
    let text = log_checkpoint().checkpoint().to_string();
    let empty = text.replacen("\n1\n", "\n0\n", 1);
    let cases = vec![
        ("one line", format!("{LOG}\n")),
        ("two lines", format!("{LOG}\n1\n")),
        (
            "an origin with a space",
            text.replacen("example.com", "example com", 1),
        ),
        (
            "an origin with `+`",
            text.replacen("example.com", "example+com", 1),
        ),
        (
            "an origin that is a cosignature",
            text.replacen(LOG, "cosignature/v1", 1),
        ),
        (
            "an origin that is a record",
            text.replacen(LOG, "tenon-record/v1", 1),
        ),
        (
            "a size with a leading zero",
            text.replacen("\n1\n", "\n01\n", 1),
        ),
        ("a size with a sign", text.replacen("\n1\n", "\n-1\n", 1)),
        (
            "a size of 2^64",
            text.replacen("\n1\n", "\n18446744073709551616\n", 1),
        ),
        ("a root without padding", text.replacen("=\n", "\n", 1)),
        ("an extension line", format!("{text}more\n")),
        ("an empty line", format!("{text}\n")),
        ("an empty log with leaves", empty),
    ];
    refuse(cases, |text| Checkpoint::parse(text).err())
}

fn policies() -> Vec<Quorum> {
    let witness = |name: &str| format!("witness {name} {}\n", cosigner(name).vkey());
    let three = ["w1", "w2", "w3"].map(witness).concat();
    let rules = [
        "quorum none\n",
        "quorum w2\n",
        "group g any w1 w2 w3\nquorum g\n",
        "group g all w1 w2 w3\nquorum g\n",
        "group g 2 w1 w2 w3\nquorum g\n",
        "group g any w1 w2\ngroup h all g w3\nquorum h\n",
        "# comment\n\n \tgroup\tg  1 w3 \nquorum g\n",
    ];
    let log = format!("log {} https://log.example/\n", key(LOG).vkey());
    let texts = rules.map(|rule| format!("{log}{three}{rule}"));
    let quorum = |policy: String| {
        let read = Policy::parse(policy.as_bytes()).unwrap();
        let sets = (0..8).map(|mask| {
            let names = ["w1", "w2", "w3"].iter().enumerate();
            let names = names.filter(|(at, _)| mask >> at & 1 == 1);
            let names: Vec<String> = names.map(|(_, name)| (*name).to_owned()).collect();
            let met = met(&read, &names.join(" "));
            (names, met)
        });
        Quorum {
            met: sets.collect(),
            policy,
        }
    };
    texts.into_iter().map(quorum).collect()
}

fn refused_policies() -> Vec<Refused> {
    let w = format!("witness w1 {}\n", cosigner("w1").vkey());
    let again = vkey_of("other", 4, cosigner("w1").vkey().key().as_bytes());
    let cases = vec![
        ("no quorum", w.clone()),
        ("two quorums", "quorum none\nquorum none\n".to_owned()),
        ("no newline at the end", "quorum none".to_owned()),
        ("a carriage return", "quorum none\r\n".to_owned()),
        ("an unknown word", "threshold 2\n".to_owned()),
        (
            "one public key twice",
            format!("{w}witness w2 {again}\nquorum none\n"),
        ),
        (
            "one name twice",
            format!("{w}group w1 any w1\nquorum none\n"),
        ),
        (
            "`none` as a member",
            format!("{w}group g any none\nquorum g\n"),
        ),
        (
            "`none` as a name",
            format!("witness none {}\nquorum none\n", cosigner("w1").vkey()),
        ),
        (
            "a member twice",
            format!("{w}group g any w1 w1\nquorum g\n"),
        ),
        (
            "a member of two groups",
            format!("{w}group g any w1\ngroup h any w1\nquorum h\n"),
        ),
        ("a name from below", format!("quorum w1\n{w}")),
        ("a threshold of 0", format!("{w}group g 0 w1\nquorum g\n")),
        (
            "a threshold above the members",
            format!("{w}group g 2 w1\nquorum g\n"),
        ),
        (
            "a threshold with a leading zero",
            format!("{w}group g 01 w1\nquorum g\n"),
        ),
        ("a group of nobody", "group g any\nquorum g\n".to_owned()),
        (
            "a witness that does not cosign",
            format!("witness a {}\nquorum a\n", key("a").vkey()),
        ),
        (
            "a log that cosigns",
            format!("log {}\nquorum none\n", cosigner("w1").vkey()),
        ),
    ];
    refuse(cases, |text| {
        Policy::parse(text.as_bytes()).err().map(|error| error.kind)
    })
}

#[test]
fn are_as_committed() {
    let made = Vectors {
        about: ABOUT.to_owned(),
        keys: keys(),
        refused_keys: refused_keys(),
        notes: notes(),
        refused_notes: refused_notes(),
        checkpoints: checkpoints(),
        refused_checkpoints: refused_checkpoints(),
        policies: policies(),
        refused_policies: refused_policies(),
    };
    let vectors = committed("notes.json", &made);
    for vector in vectors.notes.iter().chain(&vectors.checkpoints) {
        let known: Vec<Vkey> = vector
            .known
            .iter()
            .map(|key| key.parse().unwrap())
            .collect();
        let note = Note::parse(vector.note.as_bytes()).unwrap();
        let (signed, error) = verified(&note, &known.iter().collect::<Vec<_>>());
        assert_eq!(
            (&signed, &error),
            (&vector.signed, &vector.error),
            "{}",
            vector.name
        );
    }
    println!(
        "{} keys, {} refused; {} notes, {} refused; {} checkpoints, {} refused; {} policies, {} refused",
        vectors.keys.len(),
        vectors.refused_keys.len(),
        vectors.notes.len(),
        vectors.refused_notes.len(),
        vectors.checkpoints.len(),
        vectors.refused_checkpoints.len(),
        vectors.policies.len(),
        vectors.refused_policies.len()
    );
}

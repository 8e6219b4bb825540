//! The rules for notes, one by one.

use crate::kind;
use crate::support::*;
use tenon_registry_client::log::{
    Algorithm, Checkpoint, KeyId, KeyName, MAX_NOTE, MAX_SIGNATURES, Note, NoteError,
    NoteSignature, Origin, SignedCheckpoint, SigningKey,
};

fn signed(text: &str, keys: &[&SigningKey]) -> Note {
    let mut note = Note::new(text).unwrap();
    keys.iter().for_each(|key| note.sign(key).unwrap());
    note
}

fn parse(text: &str) -> Result<Note, NoteError> {
    Note::parse(text.as_bytes())
}

/// A line by nobody, with so many bytes after the id.
fn unknown(number: u32, length: usize) -> NoteSignature {
    NoteSignature {
        name: KeyName::new(format!("unknown.example/{number}")).unwrap(),
        id: KeyId(number.to_be_bytes()),
        bytes: vec![7; length],
    }
}

#[test]
fn the_text_ends_at_the_last_empty_line() {
    let (a, b) = (key("a"), key("b"));
    let inner = signed("inner\n", &[&a]).to_string();
    let text = format!("{inner}\n\nouter\n");
    let note = parse(&signed(&text, &[&b]).to_string()).unwrap();
    assert_eq!(note.text(), text);
    assert!(matches!(
        note.verify([a.vkey()]),
        Err(NoteError::NoKnownKey(_))
    ));
    assert_eq!(note.verify([b.vkey()]).unwrap().len(), 1);
    // What looks like a signature block in the text is text.
    let fake = format!("hello\n\n{}", inner.lines().last().unwrap());
    let note = parse(&signed(&format!("{fake}\n"), &[&b]).to_string()).unwrap();
    assert_eq!(note.signatures().len(), 1);
    assert!(note.verify([a.vkey()]).is_err());
    // The text may be an empty line, or end with some.
    for text in ["\n", "\n\n", "a\n\n\n"] {
        let note = parse(&signed(text, &[&a]).to_string()).unwrap();
        assert_eq!(note.text(), text);
        assert!(note.verify([a.vkey()]).is_ok());
    }
}

#[test]
fn what_is_no_note_is_refused() {
    let good = signed("text\n", &[&key("a")]).to_string();
    assert_eq!(parse(&good).unwrap().to_string(), good);
    let line = good.lines().last().unwrap();
    let cases = [
        ("NoSeparator", String::new()),
        ("NoSeparator", "text\n".to_owned()),
        ("NoSeparator", format!("text\n{line}\n")),
        ("NoSeparator", format!("\n{line}\n")),
        ("Unsigned", "text\n\n".to_owned()),
        ("Unsigned", format!("{good}\n")),
        ("Unfinished", good.trim_end().to_owned()),
        ("SignatureLine", good.replacen('—', "-", 1)),
        ("SignatureLine", good.replacen("— ", "—  ", 1)),
        ("SignatureLine", good.replacen("— ", "—\u{a0}", 1)),
        ("SignatureLine", good.replacen("— a ", "— a+b ", 1)),
        ("SignatureLine", good.replacen("— a ", "— a\u{2003}b ", 1)),
        ("SignatureLine", format!("{} \n", good.trim_end())),
        ("SignatureLine", "text\n\n— a \n".to_owned()),
        ("SignatureLine", "text\n\n— a AAAAAA==\n".to_owned()),
        ("SignatureLine", "text\n\n— a AAAAAAF=\n".to_owned()),
        ("SignatureLine", "text\n\n— a AAAAAAE\n".to_owned()),
        ("SignatureLine", "text\n\n— a AAAA-_E=\n".to_owned()),
        ("Control", good.replace('\n', "\r\n")),
        ("Control", good.replacen("text", "te\0xt", 1)),
        ("Control", good.replacen("text", "te\txt", 1)),
        ("Control", good.replacen("text", "te\u{1b}xt", 1)),
    ];
    for (wanted, text) in cases {
        let error = parse(&text).expect_err(&text);
        assert_eq!(kind(&error), wanted, "{text:?}: {error}");
    }
    let latin = b"t\xe9xt\n\n\xe2\x80\x94 a AAAAAAE=\n";
    assert_eq!(Note::parse(latin), Err(NoteError::NotUtf8(1)));
    // DEL and what is not ASCII are text.
    assert!(parse(&good.replacen("text", "te\u{7f}xt \u{2028} é", 1)).is_ok());
    assert_eq!(Note::new("no newline"), Err(NoteError::Unfinished));
    assert_eq!(kind(&Note::new("a\r\n").unwrap_err()), "Control");
}

#[test]
fn a_note_has_at_most_128_kib_and_128_signatures() {
    let (a, line) = (key("a"), signed("\n", &[&key("a")]).to_string().len());
    let longest = "x".repeat(MAX_NOTE - line) + "\n";
    let note = signed(&longest, &[&a]).to_string();
    assert_eq!(note.len(), MAX_NOTE);
    assert!(parse(&note).unwrap().verify([a.vkey()]).is_ok());
    let long = signed(&format!("x{longest}"), &[&a]).to_string();
    assert_eq!(parse(&long), Err(NoteError::TooLong(MAX_NOTE + 1)));

    let mut note = signed("text\n", &[&a]);
    for number in 1..MAX_SIGNATURES {
        note.push(unknown(number as u32, 1)).unwrap();
    }
    assert_eq!(note.push(unknown(0, 1)), Err(NoteError::TooManySignatures));
    let text = note.to_string();
    assert!(parse(&text).unwrap().verify([a.vkey()]).is_ok());
    let more = format!("{text}{}\n", unknown(0, 1));
    assert_eq!(parse(&more), Err(NoteError::TooManySignatures));
}

#[test]
fn unknown_signatures_are_ignored() {
    let a = key("a");
    let mut note = Note::new("text\n").unwrap();
    for number in 0..15 {
        note.push(unknown(number, 5_000)).unwrap();
    }
    note.push(NoteSignature::grease(&[9; 16])).unwrap();
    assert!(matches!(
        note.verify([a.vkey()]),
        Err(NoteError::NoKnownKey(_))
    ));
    note.sign(&a).unwrap();
    let note = parse(&note.to_string()).unwrap();
    assert_eq!(note.signatures().len(), 17);
    let signed = note.verify([a.vkey()]).unwrap();
    assert_eq!(
        (signed.len(), signed[0].key, signed[0].time),
        (1, a.vkey(), None)
    );
    assert_ne!(
        NoteSignature::grease(&[8; 16]),
        NoteSignature::grease(&[9; 16])
    );
}

#[test]
fn a_bad_signature_of_a_known_key_refuses_the_note() {
    let (a, b) = (key("a"), key("b"));
    let mut note = signed("text\n", &[&b]);
    let other = signed("other\n", &[&a]).signatures()[0].clone();
    note.push(other).unwrap();
    let bad = Err(NoteError::BadSignature(a.vkey().clone()));
    assert_eq!(note.verify([a.vkey(), b.vkey()]), bad);
    // Good and bad of one key, in either order.
    note.sign(&a).unwrap();
    assert_eq!(note.verify([a.vkey(), b.vkey()]), bad);
    // To those who do not know the key, it is nobody's.
    assert_eq!(note.verify([b.vkey()]).unwrap().len(), 1);
}

#[test]
fn name_and_id_together_say_whose_a_signature_is() {
    let a = key("a");
    let mut note = signed("text\n", &[&a]);
    let good = note.signatures()[0].clone();
    note.push(NoteSignature {
        id: KeyId([0; 4]),
        ..good.clone()
    })
    .unwrap();
    let name = KeyName::new("b").unwrap();
    note.push(NoteSignature {
        name,
        ..good.clone()
    })
    .unwrap();
    assert_eq!(note.verify([a.vkey()]).unwrap().len(), 1);
    // One that is there twice counts once.
    note.push(good).unwrap();
    assert_eq!(note.verify([a.vkey(), a.vkey()]).unwrap().len(), 1);
    // The same key under another name is another key.
    let renamed = alias("c", "a");
    assert_ne!(renamed.vkey().id(), a.vkey().id());
    assert!(note.verify([renamed.vkey()]).is_err());
}

fn checkpoint() -> SignedCheckpoint {
    Checkpoint {
        origin: Origin::new("example.com/log").unwrap(),
        size: 1,
        root: tenon_registry_client::log::Hash::leaf(b""),
    }
    .sign(&key("example.com/log"))
    .unwrap()
}

#[test]
fn a_cosignature_bears_its_time() {
    let (w, log) = (cosigner("w"), key("example.com/log"));
    let mut signed = checkpoint();
    for time in [5, 9, 5, i64::MAX as u64] {
        signed.cosign(&w, time).unwrap();
    }
    let times: Vec<_> = signed.signers([w.vkey()]).unwrap();
    let times: Vec<_> = times.iter().map(|signed| signed.time).collect();
    assert_eq!(times, [Some(i64::MAX as u64), Some(9), Some(5)]);
    assert!(signed.cosign(&w, 1 << 63).is_err());
    assert!(signed.cosign(&log, 5).is_err() && signed.sign(&w).is_err());
    // Another time than the one signed.
    let mut line = signed.note().signatures()[1].clone();
    line.bytes[7] ^= 1;
    signed.push(line).unwrap();
    assert!(signed.signers([w.vkey()]).is_err());
    let origin = Origin::new("example.com/log").unwrap();
    let bytes = signed.to_string();
    assert!(SignedCheckpoint::open(bytes.as_bytes(), &origin, [log.vkey()]).is_ok());
}

#[test]
fn a_checkpoint_is_three_lines() {
    let note = checkpoint().to_string();
    let root = note.lines().nth(2).unwrap().to_owned();
    let body = |text: &str| Checkpoint::parse(text);
    assert!(body(&format!("o\n1\n{root}\n")).is_ok());
    let empty = tenon_registry_client::log::Hash::empty();
    assert!(body(&format!("o\n0\n{empty}\n")).is_ok());
    assert!(body(&format!("o\n{}\n{root}\n", u64::MAX)).is_ok());
    let cases = [
        ("Missing", "".to_owned()),
        ("Missing", "o\n".to_owned()),
        ("Missing", "o\n1\n".to_owned()),
        ("Origin", format!("\n1\n{root}\n")),
        ("Origin", format!("a b\n1\n{root}\n")),
        ("Origin", format!("a+b\n1\n{root}\n")),
        ("Origin", format!("a\u{2028}b\n1\n{root}\n")),
        ("Origin", format!("cosignature/v1\n1\n{root}\n")),
        ("Origin", format!("tenon-record/v1\n1\n{root}\n")),
        ("Origin", format!("{}\n1\n{root}\n", "o".repeat(129))),
        ("Size", format!("o\n01\n{root}\n")),
        ("Size", format!("o\n+1\n{root}\n")),
        ("Size", format!("o\n\n{root}\n")),
        ("Size", format!("o\n18446744073709551616\n{root}\n")),
        ("Root", "o\n1\nAAAA\n".to_owned()),
        ("Root", format!("o\n1\n{}\n", root.trim_end_matches('='))),
        ("Root", format!("o\n1\n{root} \n")),
        ("Extension", format!("o\n1\n{root}\nmore\n")),
        ("Extension", format!("o\n1\n{root}\n\n")),
        ("EmptyRoot", format!("o\n0\n{root}\n")),
    ];
    for (wanted, text) in cases {
        let error = body(&text).expect_err(&text);
        assert_eq!(kind(&error), wanted, "{text:?}");
    }
    let other = Origin::new("example.com/other").unwrap();
    let log = key("example.com/log");
    let error = SignedCheckpoint::open(note.as_bytes(), &other, [log.vkey()]).unwrap_err();
    assert_eq!(kind(&error), "WrongOrigin");
    assert_eq!(log.vkey().algorithm(), Algorithm::Ed25519);
}

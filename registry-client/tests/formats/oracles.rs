//! Notes and checkpoints against other implementations, both ways.

use crate::support::*;
use crate::{base64, kind};
use proptest::prelude::*;
use signed_note::{Signer, StandardSigner, StandardVerifier, Verifier, VerifierList};
use tenon_registry_client::Digest;
use tenon_registry_client::log::{Checkpoint, Hash, Note, Origin, Vkey};

/// A text with what can trip a reader of notes.
fn text() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        Just(String::new()),
        Just("— a AAAAAAE=".to_owned()),
        "[ -~é—\u{2028}]{0,20}",
    ];
    proptest::collection::vec(line, 1..6).prop_map(|lines| lines.join("\n") + "\n")
}

fn name() -> impl Strategy<Value = String> {
    "[a-zé./]{1,20}"
}

fn verifiers(vkey: &Vkey) -> VerifierList {
    let verifier = StandardVerifier::new(&vkey.to_string()).unwrap();
    VerifierList::new(vec![Box::new(verifier)])
}

proptest! {
    #[test]
    fn what_is_signed_here_verifies_there(name in name(), text in text()) {
        let key = key(&name);
        let mut note = Note::new(text.clone()).unwrap();
        note.sign(&key).unwrap();
        let theirs = signed_note::Note::from_bytes(note.to_string().as_bytes()).unwrap();
        prop_assert_eq!(theirs.text(), text.as_bytes());
        let (known, unknown) = theirs.verify(&verifiers(key.vkey())).unwrap();
        prop_assert_eq!((known.len(), unknown.len()), (1, 0));
        prop_assert_eq!(theirs.to_bytes(), note.to_string().into_bytes());
    }

    #[test]
    fn what_is_signed_there_verifies_here(name in name(), text in text()) {
        let vkey = key(&name).vkey().clone();
        let seed = Digest::of(name.as_bytes());
        let secret = base64(&[&[1][..], seed.as_bytes()].concat());
        let signer = format!("PRIVATE+KEY+{name}+{}+{secret}", vkey.id());
        let signer = StandardSigner::new(&signer).unwrap();
        let mut theirs = signed_note::Note::new(text.as_bytes(), &[]).unwrap();
        theirs.add_sigs(&[&signer as &dyn Signer]).unwrap();
        let ours = Note::parse(&theirs.to_bytes()).unwrap();
        prop_assert_eq!(ours.text(), &text);
        prop_assert_eq!(ours.verify([&vkey]).unwrap().len(), 1);
    }

    #[test]
    fn ids_and_texts_of_keys_are_the_same(name in name(), seed in any::<[u8; 32]>()) {
        let key = alias(&name, &base64(&seed));
        let vkey = key.vkey();
        let verifier = StandardVerifier::new(&vkey.to_string()).unwrap();
        prop_assert_eq!(verifier.name(), vkey.name().as_str());
        prop_assert_eq!(verifier.key_id().to_be_bytes(), vkey.id().0);
        let bytes = ed25519_dalek::SigningKey::from_bytes(Digest::of(base64(&seed).as_bytes()).as_bytes());
        let bytes = bytes.verifying_key().to_bytes();
        prop_assert_eq!(&bytes, vkey.key().as_bytes());
        let id = signed_note::key_id(&name, &[&[1][..], &bytes].concat());
        prop_assert_eq!(id.to_be_bytes(), vkey.id().0);
    }

    /// Where one takes a changed note and the other does not, it is over a known difference.
    #[test]
    fn both_read_the_same_of_a_changed_note(text in text(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut note = Note::new(text).unwrap();
        note.sign(&key("a")).unwrap();
        let mut bytes = note.to_string().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        match (Note::parse(&bytes), signed_note::Note::from_bytes(&bytes)) {
            (Ok(ours), Ok(theirs)) => {
                prop_assert_eq!(ours.text().as_bytes(), theirs.text());
                let known = verifiers(key("a").vkey());
                prop_assert_eq!(ours.verify([key("a").vkey()]).is_ok(), theirs.verify(&known).is_ok());
            }
            (Err(_), Err(_)) => {}
            // A key name has no control characters here; there, only those that a note has not.
            (Err(error), Ok(_)) => prop_assert_eq!(kind(&error), "SignatureLine"),
            (Ok(_), Err(_)) => prop_assert!(false, "accepted here alone"),
        }
    }

    #[test]
    fn checkpoints_are_the_same(origin in "[a-z./]{1,20}", size in 1..i64::MAX as u64, leaf in any::<u64>()) {
        let root = Hash::leaf(&leaf.to_be_bytes());
        let ours = Checkpoint { origin: Origin::new(origin.clone()).unwrap(), size, root };
        let theirs = tlog_tiles::Checkpoint::from_bytes(ours.to_string().as_bytes());
        let read = theirs.map(|theirs| (theirs.origin().to_owned(), theirs.size(), theirs.hash().0));
        prop_assert_eq!(read.ok(), Some((origin.clone(), size, *root.as_bytes())));
        let theirs = tlog_tiles::Checkpoint::new(&origin, size, tlog_tiles::Hash(*root.as_bytes()), "");
        let text = String::from_utf8(theirs.unwrap().to_bytes()).unwrap();
        prop_assert_eq!(Checkpoint::parse(&text), Ok(ours));
    }
}

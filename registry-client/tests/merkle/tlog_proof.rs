//! The text of a tlog-proof has one spelling.

use crate::log::LOG;
use tenon_registry_client::log::{
    Hash, MAX_TLOG_PROOF, MAX_TLOG_PROOF_HASHES, TlogProof, TlogProofError, prove_inclusion,
};

fn sample() -> TlogProof {
    let root = LOG.root(300);
    TlogProof {
        extra: Some(b"some extra".to_vec()),
        index: 73,
        proof: prove_inclusion(&*LOG, 73, 300).unwrap(),
        checkpoint: format!("example.com/log\n300\n{root}\n\n— example.com/log AAAA\n— w BBBB\n"),
    }
}

#[test]
fn it_is_laid_out_as_specified() {
    let sample = TlogProof {
        proof: vec![Hash::ZERO],
        checkpoint: "checkpoint\n".to_owned(),
        ..sample()
    };
    let expected = "c2sp.org/tlog-proof@v1\nextra c29tZSBleHRyYQ==\nindex 73\n\
        AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\ncheckpoint\n";
    assert_eq!(sample.to_string(), expected);
    assert_eq!(TlogProof::parse(expected), Ok(sample));
}

/// Parses a changed text; returns whether it was accepted.
fn check(original: &str, changed: &str) -> bool {
    let Ok(proof) = TlogProof::parse(changed) else {
        return false;
    };
    assert_eq!(proof.to_string(), changed);
    assert_eq!(
        proof == TlogProof::parse(original).unwrap(),
        original == changed
    );
    true
}

/// Checks a change of one place before the checkpoint that ends no line where none ended.
fn check_head(original: &TlogProof, changed: &[u8], same_length: bool) {
    let Ok(changed) = str::from_utf8(changed) else {
        return;
    };
    if check(&original.to_string(), changed) {
        let proof = TlogProof::parse(changed).unwrap();
        assert_eq!(proof.checkpoint, original.checkpoint, "{changed}");
        assert_eq!(proof.proof.len(), original.proof.len(), "{changed}");
        let index = proof.index != original.index;
        assert!(same_length || index, "{changed}");
    }
}

#[test]
fn no_change_of_a_byte_goes_unnoticed() {
    let with_extra = sample();
    let without = TlogProof {
        extra: None,
        index: 0,
        ..sample()
    };
    for original in [with_extra, without] {
        let text = original.to_string();
        let head = text.len() - original.checkpoint.len();
        assert!(check(&text, &text));
        for at in 0..text.len() {
            let bytes = text.as_bytes();
            let changes = (0..8)
                .map(|bit| bytes[at] ^ (1 << bit))
                .chain(*b"\n\r \0=+-");
            for changed in changes.filter(|byte| *byte != bytes[at]) {
                let mut flipped = bytes.to_vec();
                flipped[at] = changed;
                if at < head - 1 && changed != b'\n' {
                    check_head(&original, &flipped, true);
                } else if let Ok(flipped) = str::from_utf8(&flipped) {
                    check(&text, flipped);
                }
            }
            let mut removed = bytes.to_vec();
            removed.remove(at);
            let mut doubled = bytes.to_vec();
            doubled.insert(at, bytes[at]);
            for changed in [removed, doubled] {
                if at < head - 1 && bytes[at] != b'\n' {
                    check_head(&original, &changed, false);
                } else if let Ok(changed) = str::from_utf8(&changed) {
                    check(&text, changed);
                }
            }
        }
        for end in 0..text.len() {
            if let Some(cut) = text.get(..end) {
                let whole_lines = end > head && cut.ends_with('\n');
                assert_eq!(check(&text, cut), whole_lines, "{cut}");
            }
        }
    }
}

/// Whether the lines come in the order of the format.
fn in_order(lines: &[&str]) -> bool {
    let mut lines = lines.iter().copied().peekable();
    lines
        .next_if(|line| line.starts_with("c2sp.org/"))
        .is_some()
        && {
            lines.next_if(|line| line.starts_with("extra "));
            lines.next_if(|line| line.starts_with("index ")).is_some()
        }
        && {
            while lines
                .next_if(|line| line.trim_end().parse::<Hash>().is_ok())
                .is_some()
            {}
            lines.next_if_eq(&"\n").is_some() && lines.next().is_some()
        }
}

#[test]
fn no_change_of_a_line_goes_unnoticed() {
    let text = sample().to_string();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut accepted = 0;
    let mut compare = |changed: Vec<&str>| {
        let expected = in_order(&changed);
        assert_eq!(check(&text, &changed.concat()), expected, "{changed:?}");
        accepted += usize::from(expected);
    };
    compare(lines.clone());
    for at in 0..lines.len() {
        let mut removed = lines.clone();
        removed.remove(at);
        compare(removed);
        let mut doubled = lines.clone();
        doubled.insert(at, lines[at]);
        compare(doubled);
        for other in at + 1..lines.len() {
            let mut swapped = lines.clone();
            swapped.swap(at, other);
            compare(swapped);
        }
    }
    assert!(accepted > 1);
}

#[test]
fn each_refusal_says_which_part_is_wrong() {
    let header = "c2sp.org/tlog-proof@v1\n";
    let refused = |text: &str| TlogProof::parse(text).expect_err(text);
    let text = |text: &str| text.to_owned();
    assert_eq!(refused(""), TlogProofError::Header(text("")));
    assert_eq!(
        refused("c2sp.org/tlog-proof@v2\nindex 0\n\nc\n"),
        TlogProofError::Header(text("c2sp.org/tlog-proof@v2"))
    );
    for wrong in ["", "=", "YQ", "YR==", "YQ== ", "YQ==\r", " YQ==", "Y Q=="] {
        let refused = refused(&format!("{header}extra {wrong}\nindex 0\n\nc\n"));
        assert_eq!(refused, TlogProofError::Extra(text(wrong)));
    }
    for wrong in [
        "",
        "index",
        "index ",
        "index 01",
        "index +1",
        "index -1",
        "index  1",
        "index 1 ",
        "Index 1",
        "index 18446744073709551616",
        "index 0x1",
        "extra",
        "index 1\r",
    ] {
        let refused = refused(&format!("{header}{wrong}\n\nc\n"));
        assert_eq!(refused, TlogProofError::Index(text(wrong)));
    }
    let twice = format!("{header}extra YQ==\nextra YQ==\nindex 0\n\nc\n");
    assert_eq!(refused(&twice), TlogProofError::Index(text("extra YQ==")));
    let hash = Hash::ZERO.to_string();
    for wrong in [
        &hash[1..],
        &format!("{hash} "),
        &format!("{hash}\r"),
        " ",
        "AAAA",
    ] {
        let refused = refused(&format!("{header}index 0\n{wrong}\n\nc\n"));
        assert_eq!(refused, TlogProofError::Hash(text(wrong)));
    }
    assert_eq!(refused(header), TlogProofError::Index(text("")));
    assert_eq!(refused(header.trim_end()), TlogProofError::NoCheckpoint);
    for end in [
        "index 0",
        "index 0\n",
        "index 0\n\n",
        "extra YQ==",
        "extra YQ==\nindex 0\n",
    ] {
        let refused = refused(&format!("{header}{end}"));
        assert_eq!(refused, TlogProofError::NoCheckpoint, "{end:?}");
    }
    assert_eq!(
        refused(&format!("{header}index 0\n\nc")),
        TlogProofError::Unterminated
    );
    let with = |hashes: usize| {
        let hashes = format!("{hash}\n").repeat(hashes);
        format!("{header}index 0\n{hashes}\nc\n")
    };
    assert!(TlogProof::parse(&with(MAX_TLOG_PROOF_HASHES)).is_ok());
    assert_eq!(
        refused(&with(MAX_TLOG_PROOF_HASHES + 1)),
        TlogProofError::ManyHashes
    );
    let longest = with(0) + &"\n".repeat(MAX_TLOG_PROOF - with(0).len());
    assert!(TlogProof::parse(&longest).is_ok());
    let longer = longest + "\n";
    assert_eq!(refused(&longer), TlogProofError::Long(MAX_TLOG_PROOF + 1));
}

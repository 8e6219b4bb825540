//! Changed checkpoints.

use crate::mutant::{Fate, judge_all};
use crate::support::*;
use crate::world::{ORIGIN, witnessed, witnesses};
use std::collections::BTreeSet;
use tenon_registry_client::log::{Note, NoteSignature, Origin, SignedCheckpoint, Vkey};

/// The keys whose signatures count, the log's first.
pub(crate) fn keys(registry: &Registry) -> Vec<Vkey> {
    let mut keys = vec![registry.log[0].vkey().clone()];
    keys.extend(witnesses().map(|key| key.vkey().clone()));
    keys.push(registry.time_key.vkey().clone());
    keys
}

/// Whether a changed note says what the original says, but for lines of keys that nobody knows, and
/// for lines that are not there, or there twice, or in another order.
pub(crate) fn only_ignored_lines_differ(original: &[u8], mutant: &[u8], keys: &[Vkey]) -> bool {
    let (original, mutant) = (Note::parse(original).unwrap(), Note::parse(mutant).unwrap());
    let known = |line: &NoteSignature| {
        let same = |key: &Vkey| *key.name() == line.name && key.id() == line.id;
        keys.iter().any(same)
    };
    let mut lines = mutant.signatures().iter();
    original.text() == mutant.text()
        && lines.all(|line| original.signatures().contains(line) || !known(line))
}

/// What becomes of a changed checkpoint, for someone who knows these keys.
pub(crate) fn judge(original: &[u8], mutant: &[u8], keys: &[Vkey]) -> Fate {
    let origin = Origin::new(ORIGIN).unwrap();
    let open = |note: &[u8]| -> Option<_> {
        let signed = SignedCheckpoint::open(note, &origin, &keys[..1]).ok()?;
        let signers: BTreeSet<_> = signed.signers(keys).ok()?.into_iter().map(owned).collect();
        assert!(!signers.is_empty());
        Some((signed.checkpoint().clone(), signers))
    };
    let (checkpoint, signers) = open(original).unwrap();
    let Some((found, found_signers)) = open(mutant) else {
        return Fate::Refused;
    };
    assert_eq!(found, checkpoint);
    assert!(found_signers.is_subset(&signers));
    assert!(only_ignored_lines_differ(original, mutant, keys));
    Fate::Equal
}

fn owned(signed: tenon_registry_client::log::Signed<'_>) -> (Vkey, Option<u64>) {
    (signed.key.clone(), signed.time)
}

#[test]
fn a_changed_checkpoint_is_refused_or_says_the_same() {
    let registry = witnessed(ORIGIN);
    let keys = keys(&registry);
    let note = registry.checkpoint().to_string();
    let tally = judge_all("checkpoint", note.as_bytes(), |mutant| {
        judge(note.as_bytes(), mutant, &keys)
    });
    tally.none_other("checkpoint");
    // A line away: the witnesses', the time's and the grease; lines swapped: any of the five.
    assert_eq!(tally.equal["line away"], 4);
    assert_eq!(tally.equal["line twice"], 5);
    assert_eq!(tally.equal["lines swapped"], 10);
    // A cut at the end of a line of signatures, after the log's.
    assert_eq!(tally.equal["cut"], 4);
    assert!(!tally.equal.contains_key("byte behind") && !tally.equal.contains_key("byte before"));
}

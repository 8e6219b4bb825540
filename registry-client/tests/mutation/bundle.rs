//! Changed bundles.

use crate::case::{Case, cases};
use crate::mutant::{Fate, judge_all};
use crate::note::{keys, only_ignored_lines_differ};
use crate::world::ORIGIN;
use tenon_registry_client::log::Vkey;
use tenon_registry_client::verify::{Bundle, Verified, View};

/// What becomes of a changed bundle.
fn judge(case: &Case, original: &Verified<View>, mutant: &[u8], keys: &[Vkey]) -> Fate {
    let Ok(view) = case.verify(mutant) else {
        return Fate::Refused;
    };
    assert_eq!(
        view.checkpoint().checkpoint(),
        original.checkpoint().checkpoint()
    );
    assert_eq!(view.heads(), original.heads());
    assert_eq!(view.registry(), original.registry());
    assert_eq!(view.namespace(), original.namespace());
    assert_eq!(view.package(), original.package());
    assert_eq!(view.index_time(), original.index_time());
    assert_eq!(view.held(), original.held());
    let (found, wanted) = (view.vouched(), original.vouched());
    assert!(!found.witnesses.is_empty());
    assert!(
        found
            .witnesses
            .iter()
            .all(|name| wanted.witnesses.contains(name))
    );
    assert!(
        found
            .auditors
            .iter()
            .all(|name| wanted.auditors.contains(name))
    );
    // Nothing but what is ignored in the checkpoint can differ.
    let found = Bundle::decode(mutant).unwrap();
    assert_eq!(found.encode(), mutant, "a bundle has one encoding");
    assert!(only_ignored_lines_differ(
        &case.bundle.checkpoint,
        &found.checkpoint,
        keys
    ));
    let checkpoint = case.bundle.checkpoint.clone();
    assert_eq!(
        Bundle {
            checkpoint,
            ..found
        },
        case.bundle
    );
    Fate::Equal
}

#[test]
fn a_changed_bundle_is_refused_or_says_the_same() {
    let (mut mutants, mut refused) = (0, 0);
    for case in cases(ORIGIN) {
        let bytes = case.bundle.encode();
        let original = case.verify(&bytes).unwrap();
        // The time key is not asked where witnesses are.
        let keys = keys(&case.registry);
        let tally = judge_all(case.name, &bytes, |mutant| {
            judge(&case, &original, mutant, &keys[..3])
        });
        tally.none_other(case.name);
        // Two witnesses, the time's and the grease may be in any order; a line away is not: the
        // length of the note stands before it.
        assert!(!tally.equal.contains_key("line away"));
        assert!(!tally.equal.contains_key("cut"));
        assert!(tally.equal.contains_key("lines swapped") && tally.equal.contains_key("bit"));
        mutants += tally.mutants;
        refused += tally.refused;
    }
    println!("bundles: {mutants} mutants, {refused} refused");
}

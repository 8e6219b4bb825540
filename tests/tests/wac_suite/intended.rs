//! Where `wac` and we differ, and why that is meant.

use std::collections::{BTreeMap, BTreeSet};

/// A difference that is meant.
struct Intended {
    /// The cases in which it is found: all of them, and no others. `generated/` stands for some documents of those that
    /// are made.
    cases: &'static [&'static str],
    /// What comes of them, here and there; `…` stands for any text.
    outputs: &'static [(&'static str, &'static str)],
    /// Why we do as we do.
    reason: &'static str,
}

/// How many there may be.
const MOST: usize = 6;

const INTENDED: &[Intended] = &[
    Intended {
        cases: &["parser/fail/invalid-path-semver"],
        outputs: &[("read", "`1` is not a valid semantic version")],
        reason: "an `import` statement may have a version requirement",
    },
    Intended {
        cases: &[
            "resolution/let-statements",
            "encoding/fail/implicit-arg-conflict",
            "encoding/fail/import-conflict",
            "graphs/implicit-import-conflict",
            "generated/",
        ],
        outputs: &[
            (
                "composed",
                "import `…` conflicts with an item that was implicitly imported by an instantiation of `…`",
            ),
            (
                "composed",
                "an instantiation of package `…` implicitly imports an item named `…`, but it conflicts with an explicit \
                 import of the same name",
            ),
            (
                "import `test:kit/…`: Version { from: …, to: … }",
                "composed",
            ),
            (
                "import `wasi:io/streams@…`: Moved { from: \"wasi:io/streams\", to: \"wasi:io/streams@…\" }",
                "composed",
            ),
        ],
        reason: "explicit and implicit imports of one interface are one import, under the interface's whole name, of the \
                 highest version that anyone asks for; there, those of one name are refused, those of two versions merged \
                 as the lower one, and the version of an interface is left out where a document does not say it",
    },
    Intended {
        cases: &["generated/"],
        outputs: &[
            (
                "export `test:kit/…`: Added { kind: \"interface\" }",
                "composed",
            ),
            ("export `…, type `bucket`: Changed(Resource)", "composed"),
            ("export `…, function `…`, …: Changed(Resource)", "composed"),
            (
                "compose::name-taken: the composition would have two exports called `test:kit/…",
                "composed",
            ),
            (
                "import `test:kit/log@…`: Removed { kind: \"interface\" }",
                "composed",
            ),
        ],
        reason: "an exported interface brings the interfaces whose types it uses, so that they have names outside; and an \
                 open import that uses value types of a filled interface is written with those types. There, types are \
                 exported that nothing else has, and the filled interface is asked of the host too",
    },
    Intended {
        cases: &["graphs/implicit-resource-import", "generated/"],
        outputs: &[
            (
                "compose::resource-clash: …; both must speak of the same `…`",
                "broken: type mismatch for import `…`",
            ),
            (
                "compose::import-conflict: …: the resource is another one",
                "broken: type mismatch for import `…`",
            ),
            (
                "compose::bad-name: `some:other/…",
                "broken: type mismatch for import `…`",
            ),
        ],
        reason: "resources are followed before anything is written, and a clash is blamed on the argument that caused it; \
                 there, a component comes out that is not valid",
    },
    Intended {
        cases: &["generated/"],
        outputs: &[(
            "compose::bad-name: `some:other/…` cannot be the name of a function: only interfaces have names of this form",
            "composed",
        )],
        reason: "what is called like an interface is one: no WIT and no other language has functions of such names",
    },
    Intended {
        cases: &["encoding/types", "resolution/types"],
        outputs: &[
            (
                "export `w2`: Changed(Other(\"type mismatch for export `test:comp/w2`\\nmissing import named `foo:bar/i`\"))",
                "composed",
            ),
            (
                "export `t`: Changed(Other(\"type mismatch for export `test:pkg/t`\\ntype mismatch for import `test:pkg/r`\\nmissing expected export `[constructor]d`\"))",
                "composed",
            ),
        ],
        reason: "a world that uses types of an interface imports the interface, as in WIT, and so does one that includes it; \
                 there, it imports the types alone, or the resource as one of its own",
    },
];

/// Where the outcomes of cases differ: what we say, thing by thing, and what they say.
#[derive(Default)]
pub(crate) struct Differences(BTreeMap<String, (Vec<String>, String)>);

impl Differences {
    /// A case in which they differ.
    pub(crate) fn add(&mut self, case: &str, ours: &[String], theirs: &str) {
        let both = (ours.to_owned(), theirs.to_owned());
        self.0.insert(case.to_owned(), both);
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Checks that these are the differences that are meant in a suite, all of them and no more.
    pub(crate) fn check(&self, suite: &str) {
        assert!(INTENDED.len() <= MOST);
        let mut found = BTreeSet::new();
        let mut counts = [0; INTENDED.len()];
        let mut not_meant = 0;
        for (case, (ours, theirs)) in &self.0 {
            for ours in ours {
                match meant(case, ours, theirs) {
                    Some((at, named)) => {
                        counts[at] += 1;
                        found.insert((at, named));
                    }
                    None => {
                        println!("{case} is not meant\n  ours: {ours}\n  wac: {theirs}");
                        not_meant += 1;
                    }
                }
            }
        }
        let counted = counts.iter().zip(INTENDED);
        for (count, intended) in counted.filter(|(count, _)| **count > 0) {
            println!("{suite}: {count:4} {}", intended.reason);
        }
        assert_eq!(not_meant, 0);
        let all = INTENDED.iter().enumerate().flat_map(|(at, intended)| {
            assert!(!intended.reason.is_empty());
            intended.cases.iter().map(move |case| (at, *case))
        });
        let expected = all.filter(|(_, case)| case.starts_with(&format!("{suite}/")));
        assert_eq!(found, expected.collect(), "these are found no more");
    }
}

/// Which of the differences that are meant this is, and under which name of a case.
fn meant(case: &str, ours: &str, theirs: &str) -> Option<(usize, &'static str)> {
    INTENDED.iter().enumerate().find_map(|(at, intended)| {
        let is_named =
            |name: &&str| *name == case || name.ends_with('/') && case.starts_with(*name);
        let named = intended.cases.iter().copied().find(is_named)?;
        let mut outputs = intended.outputs.iter();
        outputs
            .any(|(here, there)| is_like(ours, here) && is_like(theirs, there))
            .then_some((at, named))
    })
}

/// Whether a text is what a pattern says, in which `…` stands for any text.
fn is_like(text: &str, pattern: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('…') else {
        return text == pattern;
    };
    let Some(mut text) = text.strip_prefix(start) else {
        return false;
    };
    let mut parts: Vec<_> = rest.split('…').collect();
    let end = parts.pop().unwrap_or_default();
    for part in parts {
        match text.split_once(part) {
            Some((_, after)) => text = after,
            None => return false,
        }
    }
    text.ends_with(end)
}

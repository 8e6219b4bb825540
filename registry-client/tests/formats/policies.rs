//! Policies, as tlog-policy has them.

use crate::kind;
use crate::support::*;
use std::collections::BTreeSet;
use tenon_registry_client::log::{Algorithm, MAX_POLICY, Origin, Policy, PolicyError, PublicKey};

/// The line of a witness whose key is that of its name.
fn witness(name: &str) -> String {
    format!("witness {name} {}\n", cosigner(name).vkey())
}

fn witnesses(names: &str) -> String {
    names.split(' ').map(witness).collect()
}

/// Whether these, having cosigned, are enough.
pub(crate) fn met(policy: &Policy, names: &str) -> bool {
    let keys: Vec<PublicKey> = names
        .split(' ')
        .filter(|name| !name.is_empty())
        .map(|name| cosigner(name).vkey().key().clone())
        .collect();
    policy.is_met(&keys.iter().collect::<BTreeSet<_>>())
}

fn parse(text: &str) -> Result<Policy, PolicyError> {
    Policy::parse(text.as_bytes())
}

#[test]
fn groups_any_all_and_some() {
    let all = witnesses("a b c");
    for (rule, enough, not_enough) in [
        ("quorum a", vec!["a", "a b"], vec!["", "b c"]),
        (
            "group g any a b c\nquorum g",
            vec!["a", "b", "c"],
            vec!["", "d"],
        ),
        (
            "group g all a b c\nquorum g",
            vec!["a b c", "a b c d"],
            vec!["a b", "b c"],
        ),
        (
            "group g 2 a b c\nquorum g",
            vec!["a b", "b c", "a c"],
            vec!["a", "a d"],
        ),
        ("group g 1 a\nquorum g", vec!["a"], vec!["b"]),
        ("quorum none", vec!["", "a"], vec![]),
    ] {
        let policy = parse(&format!("{all}{rule}\n")).unwrap();
        for names in enough {
            assert!(met(&policy, names), "{rule}: {names}");
        }
        for names in not_enough {
            assert!(!met(&policy, names), "{rule}: {names}");
        }
    }
}

#[test]
fn groups_of_groups() {
    let text = format!(
        "# The example of tlog-policy.\n{}group X 2 x1 x2 x3\n{}\tgroup  Y any\ty1 y2 y3 \n\n  # and\ngroup XY all X Y\nquorum XY\n",
        witnesses("x1 x2 x3"),
        witnesses("y1 y2 y3")
    );
    let policy = parse(&text).unwrap();
    assert_eq!(policy.witnesses().len(), 6);
    for mask in 0..64_u32 {
        let names = ["x1", "x2", "x3", "y1", "y2", "y3"];
        let some: Vec<&str> = (0..6)
            .filter(|at| mask >> at & 1 == 1)
            .map(|at| names[at])
            .collect();
        let wanted = (mask & 7).count_ones() >= 2 && mask >> 3 != 0;
        assert_eq!(met(&policy, &some.join(" ")), wanted, "{some:?}");
    }
    let mut deep = witness("a") + "group g0 any a\n";
    for number in 1..500 {
        deep += &format!("group g{number} any g{}\n", number - 1);
    }
    let policy = parse(&(deep + "quorum g499\n")).unwrap();
    assert!(met(&policy, "a") && !met(&policy, ""));
}

#[test]
fn names_are_bytes() {
    let vkeys = [cosigner("a"), cosigner("b")].map(|key| key.vkey().to_string());
    let text = format!(
        "witness K {}\nwitness \u{212a} {} https://\u{e9}.example\nquorum \u{212a}\n",
        vkeys[0], vkeys[1]
    );
    let policy = parse(&text).unwrap();
    assert!(met(&policy, "b") && !met(&policy, "a"));
    assert_eq!(
        policy.witnesses()[1].url.as_deref(),
        Some("https://\u{e9}.example")
    );
    let latin = [
        b"witness \xe9 ",
        vkeys[0].as_bytes(),
        b"\n# \xff\nquorum \xe9\n",
    ]
    .concat();
    assert!(met(&Policy::parse(&latin).unwrap(), "a"));
}

#[test]
fn what_is_no_policy_is_refused() {
    let (a, b) = (witness("a"), witness("b"));
    let (log, cosigns) = (key("log"), cosigner("log"));
    let again = format!("witness b {}\n", cosigner("a").vkey());
    let alias = vkey_with("other", "a");
    let cases: Vec<(&str, usize, String)> = vec![
        ("NoQuorum", 0, String::new()),
        ("NoQuorum", 1, a.clone()),
        ("Unfinished", 1, "quorum none".to_owned()),
        ("Control", 1, "quorum none\r\n".to_owned()),
        ("Control", 1, "# \u{7f}\nquorum none\n".to_owned()),
        ("Control", 2, "\nquorum\0none\n".to_owned()),
        ("UnknownWord", 1, "Quorum none\n".to_owned()),
        ("UnknownWord", 1, "\u{feff}quorum none\n".to_owned()),
        ("UnknownWord", 1, "\u{a0}quorum none\n".to_owned()),
        ("Items", 1, "quorum\n".to_owned()),
        ("Items", 1, "quorum none none\n".to_owned()),
        ("Items", 1, "witness a\n".to_owned()),
        ("Items", 1, "log\n".to_owned()),
        ("Items", 1, format!("log {} u v\n", log.vkey())),
        ("Items", 2, format!("{a}group g any\n")),
        ("Key", 1, "witness a b\n".to_owned()),
        (
            "WrongAlgorithm",
            1,
            format!("witness a {}\n", key("a").vkey()),
        ),
        ("WrongAlgorithm", 1, format!("log {}\n", cosigns.vkey())),
        ("RepeatedKey", 2, format!("{a}{again}")),
        ("RepeatedKey", 2, format!("{a}witness c {alias}\n")),
        ("RepeatedKey", 2, format!("log {0}\nlog {0}\n", log.vkey())),
        (
            "RepeatedName",
            2,
            format!("{a}witness a {}\n", cosigner("c").vkey()),
        ),
        ("RepeatedName", 1, a.replacen(" a ", " none ", 1)),
        ("RepeatedName", 2, format!("{a}group a any a\n")),
        ("UnknownName", 1, "quorum a\n".to_owned()),
        ("UnknownName", 1, format!("quorum a\n{a}")),
        ("UnknownName", 2, format!("{a}group g any g\n")),
        ("UnknownName", 2, format!("{a}group g any none\n")),
        ("RepeatedMember", 2, format!("{a}group g any a a\n")),
        (
            "RepeatedMember",
            4,
            format!("{a}{b}group g any a\ngroup h any a b\n"),
        ),
        ("Threshold", 2, format!("{a}group g 0 a\n")),
        ("Threshold", 2, format!("{a}group g 2 a\n")),
        ("Threshold", 2, format!("{a}group g 01 a\n")),
        ("Threshold", 2, format!("{a}group g some a\n")),
        (
            "Threshold",
            2,
            format!("{a}group g 18446744073709551617 a\n"),
        ),
        ("RepeatedQuorum", 2, "quorum none\nquorum none\n".to_owned()),
    ];
    for (wanted, line, text) in cases {
        let error = parse(&text).expect_err(&text);
        assert_eq!(
            (kind(&error.kind).as_str(), error.line),
            (wanted, line),
            "{text}"
        );
    }
    let long = format!("#{}\nquorum none\n", "x".repeat(MAX_POLICY));
    assert_eq!(kind(&parse(&long).unwrap_err().kind), "TooLong");
}

/// A cosigner's key with the secret of another.
pub(crate) fn vkey_with(name: &str, secret_of: &str) -> String {
    crate::refused_records::vkey_of(name, 4, cosigner(secret_of).vkey().key().as_bytes())
}

#[test]
fn a_log_bears_its_origin() {
    let text = format!(
        "log {} https://log.example\nquorum none\n",
        key("log").vkey()
    );
    let policy = parse(&text).unwrap();
    assert!(policy.is_none() && policy.logs().len() == 1);
    let other = |origin: &str| {
        policy
            .log_of_another_origin(&Origin::new(origin).unwrap())
            .is_some()
    };
    assert!(other("other") && !other("log"));
    assert_eq!(policy.logs()[0].vkey.algorithm(), Algorithm::Ed25519);
}

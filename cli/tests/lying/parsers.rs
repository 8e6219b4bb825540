//! C28: the parsers that no fuzz target of the client has.

use proptest::prelude::*;
use tenon_registry_client::api::ProofQuery;
use tenon_registry_client::lock::LockedRelease;

const ENTRY: &str = r#"name = "acme:http"
version = "1.4.0"
digest = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
index = 4211
publisher = ["KEY"]
heads = ["3 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= namespace acme", "7 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= package acme:http", "0 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= registry"]
"#;

fn entry() -> String {
    ENTRY.replace("KEY", &crate::support::key("acme/alice").vkey().to_string())
}

fn query() -> String {
    "package=acme%3Ahttp&version=1.4.0&version=1.5.0-rc.1%2Bb&size=9&known=5003&held=2,3,4"
        .to_owned()
}

/// Changes of a text: a part of it is removed, repeated, or replaced by another or by anything.
fn changed(text: String) -> impl Strategy<Value = String> {
    let length = text.len();
    let part = (0..=length, 0..=length);
    let other = prop_oneof![
        Just(String::new()),
        any::<String>(),
        Just("\u{0}".to_owned()),
        Just("18446744073709551616".to_owned()),
        Just("9".repeat(5_000)),
        Just(text.clone()),
        "[-+=&%,.:0-9a-z\"\\[\\]]{0,12}",
    ];
    (part, other).prop_map(move |((a, b), other)| {
        let (from, to) = (a.min(b), a.max(b));
        format!("{}{other}{}", &text[..from], &text[to..])
    })
}

fn check_entry(text: &str) -> bool {
    let Ok(locked) = toml::from_str::<LockedRelease>(text) else {
        return false;
    };
    // What was read is written in one form, which reads as the same.
    let written = toml::to_string(&locked).unwrap();
    assert_eq!(toml::from_str::<LockedRelease>(&written).unwrap(), locked);
    true
}

fn check_query(text: &str) -> bool {
    let Ok(query) = text.parse::<ProofQuery>() else {
        return false;
    };
    assert_eq!(query.to_string().parse::<ProofQuery>().unwrap(), query);
    true
}

#[test]
fn c28_what_is_right_is_read() {
    assert!(check_entry(&entry()));
    assert!(check_query(&query()));
    // As many as one likes are not.
    let many = "version=1.0.0&".repeat(1 << 16);
    assert!(!check_query(&format!("package=acme:http&{many}")));
    let versions: String = (0..100_000).map(|n| format!("version=1.0.{n}&")).collect();
    assert!(!check_query(&format!("package=acme:http&{versions}")));
    let deep = format!("name = {}1{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(!check_entry(&deep));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn c28_a_changed_lock_entry_is_read_alike_or_refused(text in changed(entry())) {
        check_entry(&text);
    }

    #[test]
    fn c28_a_changed_query_is_read_alike_or_refused(text in changed(query())) {
        check_query(&text);
    }
}

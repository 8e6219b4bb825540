//! The same inputs give the same bytes in every process.

#![allow(clippy::unwrap_used, reason = "a test may stop where it fails")]

use std::collections::BTreeSet;
use std::process::Command;
use tenon_tests::example::Example;

/// Set in the processes that this test starts.
const CHILD: &str = "TENON_TEST_DETERMINISM_CHILD";
const EXAMPLES: [&str; 4] = ["polyglot", "shared-resource", "middleware", "logger"];

fn fingerprints() -> String {
    EXAMPLES
        .iter()
        .map(|name| {
            let bytes = Example::open(name).compose();
            // FNV-1a: it only has to tell outputs apart.
            let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
            });
            format!("{name} {} {hash:016x};", bytes.len())
        })
        .collect()
}

#[test]
fn eight_processes_give_the_same_bytes() {
    if std::env::var_os(CHILD).is_some() {
        let path = std::env::var_os(CHILD).unwrap();
        return std::fs::write(path, fingerprints()).unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let mut seen = BTreeSet::from([fingerprints()]);
    for number in 0..8 {
        let out = folder.path().join(number.to_string());
        let status = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "eight_processes_give_the_same_bytes"])
            .env(CHILD, &out)
            .output()
            .unwrap()
            .status;
        assert!(status.success());
        seen.insert(std::fs::read_to_string(out).unwrap());
    }
    assert_eq!(seen.len(), 1, "{seen:#?}");
}

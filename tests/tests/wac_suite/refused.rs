//! What is refused, with what we say and what they say.

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// What was refused.
#[derive(Default)]
pub(crate) struct Refused(BTreeMap<String, String>);

impl Refused {
    /// A case that neither makes anything of.
    pub(crate) fn add(&mut self, case: &str, ours: &[String], theirs: &[String]) {
        let mut text = format!("{case}\n");
        for error in ours {
            writeln!(text, "  ours: {error}").unwrap();
        }
        for error in theirs {
            writeln!(text, "  wac: {error}").unwrap();
        }
        self.0.insert(case.to_owned(), text);
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Checks that it is what the checked-in table says, all of it and no more; `UPDATE=1` writes the table.
    pub(crate) fn check(&self, suite: &str) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/wac_suite/refused")
            .join(suite)
            .with_extension("txt");
        let found: Vec<_> = self.0.values().map(String::as_str).collect();
        let found = found.join("\n");
        if env::var_os("UPDATE").is_some() {
            fs::write(&path, &found).unwrap();
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            found == expected,
            "{suite}: what is refused has changed; it is\n{found}"
        );
    }
}

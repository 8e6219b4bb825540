//! Documents that chance has written, of statements that mean something.

use crate::meaning::{PARTS, meant};
use tenon_composer::wac::{MAX_ERRORS, ResolveError};

/// Numbers that look random, the same in each run.
struct Chance {
    state: u64,
    /// How many names the document has so far.
    names: usize,
}

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        let next = self.state.wrapping_mul(6364136223846793005);
        self.state = next.wrapping_add(1442695040888963407);
        (self.state >> 33) as usize % end
    }

    fn one_of<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[self.below(texts.len())]
    }

    /// The name of something, mostly of an instance that exports all that others import.
    fn name(&mut self) -> String {
        match self.below(3) {
            0 => format!("v{}", self.below(self.names + 1)),
            _ => "lib".to_owned(),
        }
    }

    fn value(&mut self, depth: usize) -> String {
        let mut value = match self.below(5) {
            0 | 1 if depth < 4 => self.instance(depth),
            2 => format!("({})", self.name()),
            _ => self.name(),
        };
        for _ in 0..self.below(3) {
            value.push_str(self.one_of(&[
                ".log",
                ".store",
                ".run",
                ".write",
                "[\"acme:log/log@1.1.0\"]",
                "[\"acme:kv/store\"]",
            ]));
        }
        value
    }

    fn instance(&mut self, depth: usize) -> String {
        let package = self.one_of(&[
            "lib", "lib", "app", "leaf", "nothing", "other", "two", "gone",
        ]);
        let mut text = format!("new acme:{package} {{ ");
        for _ in 0..self.below(4) {
            text.push_str(&match self.below(5) {
                0 => self.name(),
                1 | 2 => format!("...{}", self.name()),
                _ => {
                    let import = self.one_of(&["log", "run", "store", "\"acme:log/log\"", "\"x\""]);
                    format!("{import}: {}", self.value(depth + 1))
                }
            });
            text.push_str(", ");
        }
        text.push_str(self.one_of(&["}", "... }", "... }"]));
        text
    }

    fn document(&mut self) -> String {
        let mut text = "package acme:it;\nlet lib = new acme:lib {};\n".to_owned();
        self.names = 0;
        for at in 0..1 + self.below(4) {
            let value = self.value(0);
            let end = self.one_of(&["", "...", " as \"acme:log/log@1.5.0\""]);
            text.push_str(&match self.below(4) {
                0 => format!("export {value}{end};\n"),
                1 => format!("export {value} as x{at};\n"),
                2 if at == 3 => format!("let lib = {value};\n"),
                _ => {
                    self.names += 1;
                    format!("let v{} = {value};\n", self.names - 1)
                }
            });
        }
        text
    }
}

/// What is understood can be encoded, and what is not is said of places that are there.
#[test]
fn documents() {
    let mut chance = Chance { state: 7, names: 0 };
    let (mut good, mut codes) = (0, std::collections::BTreeSet::new());
    for _ in 0..1_500 {
        let source = chance.document();
        match meant(&source, PARTS) {
            Ok(_) => good += 1,
            Err(errors) => {
                assert!(!errors.is_empty() && errors.len() <= MAX_ERRORS, "{source}");
                assert!(errors.is_sorted_by_key(ResolveError::span), "{source}");
                for error in &errors {
                    let places = error.related().map(|(span, _)| span).chain([error.span()]);
                    for span in places {
                        assert_ne!(span.text(&source), "", "{error} in\n{source}");
                    }
                    codes.insert(error.code());
                }
            }
        }
    }
    println!("{good} of 1,500 are good; {codes:?}");
    assert!(good > 100, "{good}");
    assert!(codes.len() > 9, "{codes:?}");
}

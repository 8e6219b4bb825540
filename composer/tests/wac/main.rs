//! The text of WAC documents: read, refused and written again.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may stop where it fails"
)]

mod chance;
mod declarations;
mod errors;
mod formatting;
mod generated;
mod meaning;
mod mistakes;
mod names;
mod speed;
mod suites;
mod tokens;
mod tree;

use serde_json::Value;
use tenon_composer::wac::{Parsed, format, parse_body};

/// What a document says, without where it says it.
fn meaning(parsed: &Parsed<'_>) -> Value {
    let mut value = serde_json::to_value(&parsed.document).unwrap();
    forget_places(&mut value);
    value
}

fn forget_places(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.remove("span");
            fields.values_mut().for_each(forget_places);
        }
        Value::Array(items) => items.iter_mut().for_each(forget_places),
        _ => {}
    }
}

/// A document in the one style; checks that it says the same there, has the same comments, and stays so.
fn formatted(source: &str) -> String {
    let parsed = parse_body(source);
    let text = format(&parsed).unwrap_or_else(|errors| panic!("{errors:?}\n{source}"));
    let again = parse_body(&text);
    assert_eq!(again.errors, [], "{text}");
    assert_eq!(meaning(&again), meaning(&parsed), "{source}\n----\n{text}");
    let comments = |parsed: &Parsed<'_>| -> Vec<String> {
        let lines = |text: &str| {
            text.lines()
                .map(str::trim_end)
                .collect::<Vec<_>>()
                .join("\n")
        };
        parsed.comments.iter().map(|it| lines(it.text)).collect()
    };
    assert_eq!(comments(&again), comments(&parsed), "{text}");
    assert_eq!(format(&again).unwrap(), text, "{source}");
    for line in text.lines() {
        assert_eq!(line.trim_end(), line, "{text}");
    }
    text
}

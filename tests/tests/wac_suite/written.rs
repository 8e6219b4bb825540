//! What is read is written again, and says the same.

use crate::suite::{sources, texts};
use serde_json::Value;
use tenon_composer::wac::{Parsed, format, parse_body};

/// How many files of the suites can be read, at least.
const READ: usize = 180;

#[test]
fn every_file_is_written_again() {
    let mut read = 0;
    for (package, folder) in [("wac-parser", "tests"), ("wac-graph", "tests/graphs")] {
        for (path, source) in texts(&sources(package).join(folder)) {
            let parsed = parse_body(&source);
            let Ok(written) = format(&parsed) else {
                assert!(!parsed.errors.is_empty(), "{}", path.display());
                continue;
            };
            let again = parse_body(&written);
            assert_eq!(again.errors, [], "{}\n{written}", path.display());
            assert_eq!(meaning(&again), meaning(&parsed), "{}", path.display());
            assert_eq!(again.comments.len(), parsed.comments.len());
            assert_eq!(format(&again).unwrap(), written, "{}", path.display());
            read += 1;
        }
    }
    println!("{read} files are read");
    assert!(read >= READ, "{read}");
}

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

//! Which inputs are one component.

#![allow(clippy::unwrap_used, reason = "a test that fails says so by panicking")]

use tenon_composer::{Arena, Source};

#[test]
fn inputs_of_the_same_bytes_are_one_component() {
    let parts = [
        "(component)",
        r#"(component (import "a" (func)))"#,
        r#"(component (import "b" (func)))"#,
    ];
    let [empty, a, b] = parts.map(|text| wat::parse_str(text).unwrap());
    let (same_a, broken) = (a.clone(), b"\0asm\x0d\0\x01\0\x63\0".to_vec());
    let source = |input, digest: Option<u8>| Source {
        digest: digest.map(|byte| [byte; 32]),
        ..Source::new("part", input)
    };
    // Whether the digest is known for both, for one of them, or afterwards.
    for (first, later, second) in [
        (Some(1), None, Some(1)),
        (Some(1), None, None),
        (None, None, Some(1)),
        (None, None, None),
        (None, Some(1), Some(1)),
        (Some(9), Some(1), Some(1)),
    ] {
        let mut arena = Arena::new();
        let known = arena.read(source(&a, first)).unwrap();
        if let Some(later) = later {
            arena.set_digest(known, [later; 32]);
        }
        let other = arena.read(source(&b, Some(2))).unwrap();
        // The digest of another size is no digest of this one.
        let smaller = arena.read(source(&empty, Some(1))).unwrap();
        assert!(known != other && known != smaller && other != smaller);
        // What is read again after an error is known as before.
        arena.read(source(&broken, Some(3))).unwrap_err();
        assert_eq!(arena.read(source(&same_a, second)).unwrap(), known);
        assert_eq!(arena.read(source(&b, None)).unwrap(), other);
        assert_eq!(arena.components().count(), 3);
    }
}

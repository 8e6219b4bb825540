//! Time is in proportion to length.

use std::fmt::Write;
use std::time::{Duration, Instant};
use tenon_composer::wac::{format, parse};

/// A document of so many lines.
fn document(lines: usize) -> String {
    let mut text = "package acme:app@1.0.0;\n".to_owned();
    for number in 1..lines / 5 {
        write!(
            text,
            "/// Instance {number}.\nlet app-{number} = new acme:app-{number}@^1.2 {{ log: log.x[\"a:b/c\"], db, ... }};\nrecord r-{number} {{ a: u32, b: list<tuple<string, option<u8>>> }}\nimport f-{number}: func(a: r-{number}, b: string) -> result<_, string>; // why\nexport app-{number}.run as \"run-{number}\";\n"
        )
        .unwrap();
    }
    text
}

/// The least of some tries, of reading and of writing.
fn time(source: &str) -> (Duration, Duration) {
    let tries = (0..5).map(|_| {
        let start = Instant::now();
        let parsed = parse(source);
        let read = start.elapsed();
        assert_eq!(parsed.errors, []);
        let start = Instant::now();
        assert!(format(&parsed).is_ok());
        (read, start.elapsed())
    });
    tries.fold((Duration::MAX, Duration::MAX), |best, next| {
        (best.0.min(next.0), best.1.min(next.1))
    })
}

#[test]
fn long_documents() {
    let (short, long) = (document(2_500), document(10_000));
    let (small, large) = (time(&short), time(&long));
    println!(
        "2,500 lines, {} bytes: read {:?}, written {:?}",
        short.len(),
        small.0,
        small.1
    );
    println!("10,000 lines: read {:?}, written {:?}", large.0, large.1);
    // Four times as much takes four times as long; sixteen times would be no proportion.
    assert!(large.0 < small.0 * 12, "{small:?} {large:?}");
    assert!(large.1 < small.1 * 12, "{small:?} {large:?}");
}

/// What could be looked through again and again is not.
#[test]
fn hostile_documents() {
    for hostile in [
        "let a = [".repeat(10_000),
        "package a:b { ".repeat(10_000),
        "import a: interface { ".repeat(10_000),
        "@unstable(feature = a) ".repeat(5_000),
        format!("let a = b{};", ".c".repeat(20_000)),
        format!("let a = b{};", "[\"c\"]".repeat(10_000)),
        format!("record r {{ {} }}", "a: , ".repeat(10_000)),
        format!("import a: func({});", "b: u8, ".repeat(10_000)),
        format!("let a = new b:c {{ {} }};", "/* */ d, // e\n".repeat(5_000)),
        format!("import a: b{}/c;", ":b".repeat(20_000)),
        "/// a\n".repeat(20_000),
        "a".repeat(100_000),
        "-".repeat(100_000),
        "package a".repeat(10_000),
    ] {
        let start = Instant::now();
        let parsed = parse(&hostile);
        let _ = format(&parsed);
        let body = tenon_composer::wac::parse_body(&hostile);
        let _ = format(&body);
        assert!(
            start.elapsed() < Duration::from_secs(5),
            "{}",
            &hostile[..40]
        );
    }
}

//! Words, signs and comments.

use tenon_composer::wac::{TokenKind, lex, parse_body};

fn texts(source: &str) -> Vec<&str> {
    let lexed = lex(source);
    assert_eq!(lexed.errors, [], "{source}");
    lexed
        .tokens
        .iter()
        .map(|token| token.span.text(source))
        .collect()
}

fn codes(source: &str) -> Vec<&'static str> {
    lex(source)
        .errors
        .iter()
        .map(|error| error.code())
        .collect()
}

#[test]
fn words_and_signs() {
    assert_eq!(
        texts("a-b %c.d...e->f:[\"g\\\"h\"]<_>(X-Y9);"),
        [
            "a-b",
            "%c",
            ".",
            "d",
            "...",
            "e",
            "->",
            "f",
            ":",
            "[",
            "\"g\\\"h\"",
            "]",
            "<",
            "_",
            ">",
            "(",
            "X-Y9",
            ")",
            ";"
        ]
    );
    assert_eq!(texts("\u{feff}a\r\n\tb"), ["a", "b"]);
    assert_eq!(texts(""), [""; 0]);
}

#[test]
fn versions_end_where_they_end() {
    for (source, expected) in [
        ("@1.2.3.{a}", &["@", "1.2.3", ".", "{", "a", "}"][..]),
        (
            "@1.2.3-a.1+b.2.{a}",
            &["@", "1.2.3-a.1+b.2", ".", "{", "a", "}"],
        ),
        ("@1.0.1--{", &["@", "1.0.1--", "{"]),
        ("@^1.2{", &["@", "^1.2", "{"]),
        ("@ >= 1 , < 2;", &["@", ">= 1 , < 2", ";"]),
        ("@>=1,\n2", &["@", ">=1", ",", "2"]),
        ("@*;", &["@", "*", ";"]),
        ("@1.*,2;", &["@", "1.*,2", ";"]),
        ("@1...", &["@", "1", "..."]),
        ("<u8,4>", &["<", "u8", ",", "4", ">"]),
        (
            "@since(version = 1.0.0)",
            &["@", "since", "(", "version", "=", "1.0.0", ")"],
        ),
    ] {
        assert_eq!(texts(source), expected);
    }
}

#[test]
fn comments_are_between_tokens() {
    let source = "/// a\n/* b /* c */ */ d /**e*/ //// f\n/**/ /***/";
    let lexed = lex(source);
    let found: Vec<_> = lexed
        .comments
        .iter()
        .map(|it| (it.text, it.before, it.documentation()))
        .collect();
    assert_eq!(
        found,
        [
            ("/// a", 0, Some("a")),
            ("/* b /* c */ */", 0, None),
            ("/**e*/", 1, Some("e")),
            ("//// f", 1, None),
            ("/**/", 1, None),
            ("/***/", 1, None),
        ]
    );
}

#[test]
fn what_is_refused() {
    for (source, expected) in [
        ("a\u{202e}b", &["wac::character", "wac::syntax"][..]),
        ("// \u{2066}", &["wac::character"]),
        ("\"\u{7}\"", &["wac::character"]),
        ("// \u{149}", &["wac::character"]),
        ("a$", &["wac::syntax"]),
        ("aB", &["wac::identifier"]),
        ("a_b", &["wac::identifier"]),
        ("a--b", &["wac::identifier"]),
        ("a-", &["wac::identifier"]),
        ("%", &["wac::identifier"]),
        ("%9", &["wac::identifier"]),
        ("é", &["wac::identifier"]),
        ("\"a", &["wac::string"]),
        ("\"a\nb\"", &["wac::string", "wac::string"]),
        ("\"\\q\"", &["wac::string"]),
        ("\"\\u{d800}\"", &["wac::string"]),
        ("\"\\ff\"", &["wac::string"]),
        ("/* /* */", &["wac::comment"]),
    ] {
        // A character that is refused is said to be so once, whatever it stands in.
        let expected: Vec<_> = expected
            .iter()
            .copied()
            .filter(|code| source != "a\u{202e}b" || *code != "wac::syntax")
            .collect();
        assert_eq!(codes(source), expected, "{source:?}");
        assert!(!parse_body(source).errors.is_empty());
    }
}

#[test]
fn strings_say_what_wit_lets_them_say() {
    for (written, said) in [
        (r#""a\"\\\'b""#, "a\"\\'b"),
        (r#""\t\n\r""#, "\t\n\r"),
        (r#""\u{1f_600}\c3\a9""#, "😀é"),
    ] {
        let source = format!("export a[{written}];");
        let parsed = parse_body(&source);
        assert_eq!(parsed.errors, []);
        let json = serde_json::to_value(&parsed.document).unwrap();
        assert_eq!(
            json["statements"][0]["value"]["postfix"][0]["name"]["value"],
            said
        );
    }
}

/// Deeply nested comments are counted, and nothing is said of a document that is too long but that.
#[test]
fn what_is_large() {
    let deep = format!("{}{}", "/*".repeat(200_000), "*/".repeat(200_000));
    assert_eq!(texts(&deep), [""; 0]);
    let long = " ".repeat(tenon_composer::wac::MAX_LEN + 1);
    let parsed = parse_body(&long);
    assert_eq!(parsed.errors.len(), 1);
    assert_eq!(parsed.errors[0].code(), "wac::too-long");
    let bad = "\u{202e}".repeat(1000);
    assert_eq!(lex(&bad).errors.len(), tenon_composer::wac::MAX_ERRORS);
    assert_eq!(lex("\u{202e}").tokens[0].kind, TokenKind::Unknown);
}

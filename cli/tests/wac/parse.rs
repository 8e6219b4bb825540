use super::{LOOSE, Place};

#[test]
fn what_an_editor_is_told_is_where_it_says() {
    let text =
        "package acme:app;\r\n/* ä🦀 */ let a = new x:y { b: };\ninterface i { f: func(a: u32; }\n";
    let place = Place::with(&[("a.wac", text)]);
    let said = place.run(&["parse", "a.wac", "--json"]);
    assert_eq!(said.exit, Some(1));
    let report = said.json();
    assert_eq!(report["schema"], "tenon/error/1");
    let diagnostics = report["error"]["diagnostics"].as_array().unwrap();
    assert_eq!(diagnostics.len(), 2, "{report:#}");
    let at = |place: &serde_json::Value| {
        let number = |key: &str| usize::try_from(place[key].as_u64().unwrap()).unwrap();
        assert_eq!(place["file"], "a.wac");
        // Lines and columns lead to the same place as the offset.
        let line = text.split('\n').nth(number("line") - 1).unwrap();
        let rest: String = line.chars().skip(number("column") - 1).collect();
        assert!(text[number("start")..].starts_with(&rest));
        text[number("start")..number("end")].to_owned()
    };
    assert_eq!(at(&diagnostics[0]), "}");
    assert_eq!(
        (&diagnostics[0]["line"], &diagnostics[0]["column"]),
        (&2.into(), &31.into())
    );
    assert_eq!(at(&diagnostics[1]), ";");
    assert_eq!(at(&diagnostics[1]["related"][0]), "(");
    assert_eq!(diagnostics[1]["related"][0]["label"], "opened here");
    // Whoever reads only what errors had before has the first.
    assert_eq!(report["error"]["code"], diagnostics[0]["code"]);
    assert_eq!(report["error"]["message"], diagnostics[0]["message"]);
}

#[test]
fn what_is_shown_does_not_steer_a_terminal() {
    let hostile = "package acme:app;\n// \u{1b}]8;;https://evil.example\u{7}\u{202e}\u{200b}\nlet \u{9b}2J = \u{1b}[31m;\n";
    let place = Place::with(&[("a.wac", hostile)]);
    for words in [
        &["parse", "a.wac"][..],
        &["fmt", "a.wac"],
        &["parse", "a.wac", "--json"],
    ] {
        let said = place.run(words);
        assert_eq!(said.exit, Some(1));
        for shown in [&said.out, &said.err] {
            let steers = |c: char| c.is_control() && c != '\n' || "\u{202e}\u{200b}".contains(c);
            assert!(!shown.contains(steers), "{shown:?}");
        }
    }
    // What is harmless in a document may be harmful on a terminal.
    let said = place.feed(
        &["parse", "-"],
        "interface /* \u{200b}\u{feff} */".as_bytes(),
    );
    assert!(
        said.err.contains("interface /* \u{fffd}\u{fffd} */"),
        "{}",
        said.err
    );
}

#[test]
fn a_long_line_is_not_shown_whole() {
    let text = format!(
        "package acme:app; /* {} */ let = 1; // {}",
        "ä".repeat(100_000),
        "x".repeat(100_000)
    );
    let place = Place::with(&[("a.wac", &text)]);
    let said = place.run(&["parse", "a.wac"]);
    assert_eq!(said.exit, Some(1));
    assert!(said.err.contains("ä */ let = 1; // x"), "{}", said.err);
    assert!(said.err.len() < 2000, "{}", said.err.len());
}

#[test]
fn only_wit_may_be_without_a_package() {
    let place = Place::with(&[("a.wit", "interface a {}"), ("a.wac", "interface a {}")]);
    assert_eq!(place.run(&["parse", "a.wit"]).exit, Some(0));
    assert_eq!(place.run(&["parse", "a.wac"]).exit, Some(1));
    let said = place.feed(&["parse", "-"], LOOSE.as_bytes());
    let document = said.json();
    assert_eq!(document["schema"], "tenon/wac-ast/1");
    let statements = document["document"]["statements"].as_array().unwrap();
    let kinds: Vec<_> = statements
        .iter()
        .map(|it| it["statement"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["let", "export"]);
}

#[test]
fn of_many_errors_it_is_said_that_there_may_be_more() {
    let place = Place::with(&[(
        "a.wac",
        &("package a:b;\n".to_owned() + &"let = a;\n".repeat(500)),
    )]);
    let said = place.run(&["parse", "a.wac"]);
    assert_eq!(said.err.matches("error[wac::").count(), 64);
    assert!(
        said.err.ends_with("there are 64 errors, or more\n"),
        "{}",
        said.err
    );
}

#[test]
fn slips_in_names_that_every_document_has_are_pointed_at() {
    let text = "package acme:app;\nlet s = new;\ntype t = strng;\ninterface i { f: func(a: booll) -> option<u23>; g: func(a: undeclared); }\n";
    let place = Place::with(&[("a.wac", text)]);
    let said = place.run(&["check", "a.wac", "--json"]);
    let report = said.json();
    let diagnostics = report["error"]["diagnostics"].as_array().unwrap();
    let helps: Vec<_> = diagnostics.iter().map(|it| it["help"].as_str()).collect();
    let of = |part: &str| {
        helps
            .iter()
            .any(|help| help.is_some_and(|it| it.contains(part)))
    };
    for part in [
        "what follows `new` is the package of a component: `new acme:http { … }`",
        "did you mean `string`?",
        "did you mean `bool`?",
        "`u32`",
    ] {
        assert!(of(part), "{part}: {report:#}");
    }
    assert_eq!(
        helps.iter().filter(|help| help.is_none()).count(),
        1,
        "{report:#}"
    );
}

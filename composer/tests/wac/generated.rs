//! Documents that nobody thought of.

use crate::formatted;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use tenon_composer::wac::{format, lex, parse, parse_body};

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z][a-z0-9]{0,6}(-[a-z0-9]{1,5}){0,2}",
        "%[a-z]{1,5}",
        Just("use".to_owned()),
        Just("new".to_owned()),
        Just("a-name-that-is-long-enough-that-some-lists-of-it-do-not-fit".to_owned()),
    ]
    .prop_filter("names of types are no names of types", |name| {
        !matches!(
            name.as_str(),
            "u8" | "u16"
                | "u32"
                | "u64"
                | "s8"
                | "s16"
                | "s32"
                | "s64"
                | "f32"
                | "f64"
                | "bool"
                | "char"
                | "list"
                | "tuple"
        )
    })
}

fn gap() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => Just(" ".to_owned()),
        1 => Just("\n".to_owned()),
        1 => Just("\n\n\n  ".to_owned()),
        1 => Just(" /* c */ ".to_owned()),
        1 => Just(" // d\n".to_owned()),
        1 => Just("\n// e\n".to_owned()),
        1 => Just("\n/** f\n   g */\n".to_owned()),
        1 => Just("\n/// h\n".to_owned()),
    ]
}

fn path() -> impl Strategy<Value = String> {
    (
        name(),
        name(),
        name(),
        prop_oneof![Just(""), Just("@1.2.3"), Just("@0.2.0-rc.1+b")],
    )
        .prop_map(|(a, b, c, version)| format!("{a}:{b}/{c}{version}"))
}

fn ty() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("u8".to_owned()),
        Just("string".to_owned()),
        Just("error-context".to_owned()),
        Just("result".to_owned()),
        Just("stream".to_owned()),
        name().prop_map(|name| format!("borrow<{name}>")),
        name(),
    ];
    leaf.prop_recursive(4, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|ty| format!("list<{ty}>")),
            inner.clone().prop_map(|ty| format!("list<{ty}, 4>")),
            inner.clone().prop_map(|ty| format!("result<_, {ty}>")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("map<{a}, {b}>")),
            vec(inner, 1..4).prop_map(|types| format!("tuple<{}>", types.join(", "))),
        ]
    })
}

fn func() -> impl Strategy<Value = String> {
    (
        any::<bool>(),
        vec((name(), ty()), 0..4),
        proptest::option::of(ty()),
    )
        .prop_map(|(is_async, params, result)| {
            let params: Vec<_> = params
                .iter()
                .map(|(name, ty)| format!("{name}: {ty}"))
                .collect();
            let result = result.map(|ty| format!(" -> {ty}")).unwrap_or_default();
            format!(
                "{}func({}){result}",
                if is_async { "async " } else { "" },
                params.join(", ")
            )
        })
}

fn expression() -> impl Strategy<Value = String> {
    name().prop_recursive(4, 16, 4, |inner| {
        let argument = prop_oneof![
            name(),
            name().prop_map(|name| format!("...{name}")),
            Just("...".to_owned()),
            (name(), inner.clone()).prop_map(|(name, value)| format!("{name}: {value}")),
            inner
                .clone()
                .prop_map(|value| format!("\"a:b/c\": {value}")),
        ];
        prop_oneof![
            (inner.clone(), name()).prop_map(|(value, name)| format!("({value}).{name}")),
            inner.prop_map(|value| format!("({value})[\"a:b/c@1.0.0\"]")),
            (
                name(),
                name(),
                prop_oneof![Just(""), Just("@^1.2"), Just("@>=1, <3"), Just("@*")],
                vec(argument, 0..5)
            )
                .prop_map(|(a, b, version, arguments)| format!(
                    "new {a}:{b}{version} {{ {} }}",
                    arguments.join(", ")
                )),
        ]
    })
}

fn item() -> impl Strategy<Value = String> {
    prop_oneof![
        (name(), func()).prop_map(|(name, func)| format!("{name}: {func};")),
        (path(), vec(name(), 0..3))
            .prop_map(|(path, names)| format!("use {path}.{{{}}};", names.join(", "))),
        (name(), ty()).prop_map(|(name, ty)| format!("type {name} = {ty};")),
        (name(), vec((name(), ty()), 1..4)).prop_map(|(name, fields)| {
            let fields: Vec<_> = fields
                .iter()
                .map(|(name, ty)| format!("{name}: {ty}"))
                .collect();
            format!("record {name} {{ {} }}", fields.join(", "))
        }),
        (name(), vec(name(), 1..4))
            .prop_map(|(name, cases)| format!("enum {name} {{ {}, }}", cases.join(", "))),
        (name(), name(), func()).prop_map(|(name, method, func)| format!(
            "@since(version = 1.0.0) resource {name} {{ constructor(); {method}: static {func}; }}"
        )),
    ]
}

fn statement() -> impl Strategy<Value = String> {
    prop_oneof![
        (name(), expression()).prop_map(|(name, value)| format!("let {name} = {value};")),
        expression().prop_map(|value| format!("export {value}...;")),
        (expression(), name()).prop_map(|(value, name)| format!("export {value} as {name};")),
        (name(), path()).prop_map(|(name, path)| format!("import {name} as \"x\": {path};")),
        (name(), func()).prop_map(|(name, func)| format!("import {name}: {func};")),
        (name(), vec(item(), 0..4))
            .prop_map(|(name, items)| format!("interface {name} {{ {} }}", items.join(" "))),
        (name(), path(), path(), func()).prop_map(|(name, a, b, func)| format!(
            "world {name} {{ import {a}; export x: {func}; include {b} with {{ y as z }} }}"
        )),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, rng_seed: RngSeed::Fixed(7), ..ProptestConfig::default() })]

    /// Whatever spaces and comments are between the words, a document is read, and written as one that says the same.
    #[test]
    fn documents(statements in vec(statement(), 0..6), gaps in vec(gap(), 1..40)) {
        let source = format!("package a:b;{}", statements.join("\n"));
        prop_assert_eq!(&parse(&source).errors, &[], "{}", source);
        let tokens = lex(&source).tokens;
        let spaced: String = tokens
            .iter()
            .zip(gaps.iter().cycle())
            .map(|(token, gap)| format!("{}{gap}", token.span.text(&source)))
            .collect();
        prop_assert_eq!(&parse(&spaced).errors, &[], "{}", spaced);
        formatted(&spaced);
    }

    /// With some words gone, twice there or elsewhere, nothing breaks; spans are within the document and in order.
    #[test]
    fn broken_documents(
        statements in vec(statement(), 1..5),
        changes in vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..4_u8), 1..4),
    ) {
        let source = format!("package a:b;\n{}", statements.join("\n"));
        let mut words: Vec<_> = lex(&source).tokens.iter().map(|token| token.span.text(&source)).collect();
        for (at, other, change) in changes {
            let (at, other) = (at.index(words.len()), other.index(words.len()));
            match change {
                0 => words[at] = words[other],
                1 => words.swap(at, other),
                2 => words.insert(at, words[other]),
                _ => { words.remove(at); }
            }
        }
        let broken = words.join(" ").replace(" ; ", ";\n");
        let parsed = parse_body(&broken);
        for error in &parsed.errors {
            prop_assert!(error.span().start <= error.span().end);
            prop_assert!(broken.get(error.span().range()).is_some());
        }
        prop_assert_eq!(format(&parsed).is_ok(), parsed.errors.is_empty());
        // A word that is wrong makes no more than a few errors.
        prop_assert!(parsed.errors.len() <= 8, "{:#?}\n{}", parsed.errors, broken);
        if parsed.errors.is_empty() {
            formatted(&broken);
        }
    }

    /// One word that is gone or twice there is one thing that is wrong, or at most looks like two.
    #[test]
    fn one_mistake(statements in vec(statement(), 1..5), at in any::<prop::sample::Index>(), twice in any::<bool>()) {
        let source = format!("package a:b;\n{}", statements.join("\n"));
        let mut words: Vec<_> = lex(&source).tokens.iter().map(|token| token.span.text(&source)).collect();
        let at = at.index(words.len());
        match twice {
            true => words.insert(at, words[at]),
            false => {
                words.remove(at);
            }
        }
        let broken = words.join(" ").replace("; ", ";\n");
        let errors = parse_body(&broken).errors;
        prop_assert!(errors.len() <= 2, "{:#?}\n{}", errors, broken);
    }
}

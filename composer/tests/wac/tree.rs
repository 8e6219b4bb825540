//! What a document says as JSON: a shape that programs rely on.

use serde_json::json;
use tenon_composer::wac::parse;

#[test]
fn every_expression() {
    let source = "/// D\npackage a:b@1.0.0;\nlet c = new d:e@^1 { f, \"g\": (h).i[\"j\"], ...k, ... };\nexport c... ;export c as l;";
    let parsed = parse(source);
    assert_eq!(parsed.errors, []);
    let package = json!({
        "docs": [{"span": [0, 5], "text": "D"}],
        "span": [6, 24],
        "name": {
            "span": [14, 23],
            "parts": [{"span": [14, 15], "name": "a"}, {"span": [16, 17], "name": "b"}],
            "version": {"span": [18, 23], "text": "1.0.0", "exact": true},
        },
        "targets": null,
    });
    let new = json!({
        "kind": "new",
        "span": [33, 77],
        "package": {
            "span": [37, 43],
            "parts": [{"span": [37, 38], "name": "d"}, {"span": [39, 40], "name": "e"}],
            "version": {"span": [41, 43], "text": "^1", "exact": false},
        },
        "arguments": [
            {"kind": "inferred", "span": [46, 47], "name": "f"},
            {
                "kind": "named",
                "span": [49, 64],
                "name": {"kind": "text", "span": [49, 52], "value": "g"},
                "value": {
                    "span": [54, 64],
                    "primary": {
                        "kind": "nested",
                        "span": [54, 57],
                        "value": {
                            "span": [55, 56],
                            "primary": {"kind": "ident", "span": [55, 56], "name": "h"},
                            "postfix": [],
                        },
                    },
                    "postfix": [
                        {"kind": "access", "span": [57, 59], "id": {"span": [58, 59], "name": "i"}},
                        {"kind": "named-access", "span": [59, 64], "name": {"span": [60, 63], "value": "j"}},
                    ],
                },
            },
            {"kind": "spread", "span": [66, 70], "id": {"span": [69, 70], "name": "k"}},
            {"kind": "fill", "span": [72, 75]},
        ],
    });
    let statement = |span: [u32; 2], at: u32, name: serde_json::Value| {
        json!({
            "statement": "export",
            "docs": [],
            "attributes": [],
            "span": span,
            "value": {
                "span": [at, at + 1],
                "primary": {"kind": "ident", "span": [at, at + 1], "name": "c"},
                "postfix": [],
            },
            "as": name,
        })
    };
    let expected = json!({
        "package": package,
        "statements": [
            {
                "statement": "let",
                "docs": [],
                "span": [25, 78],
                "id": {"span": [29, 30], "name": "c"},
                "value": {"span": [33, 77], "primary": new, "postfix": []},
            },
            statement([79, 92], 86, json!({"kind": "spread", "span": [87, 90]})),
            statement(
                [92, 106],
                99,
                json!({"kind": "name", "name": {"kind": "ident", "span": [104, 105], "name": "l"}}),
            ),
        ],
    });
    assert_eq!(serde_json::to_value(&parsed.document).unwrap(), expected);
}

/// Every type and item, without places.
#[test]
fn every_type() {
    let types = "package a:b; interface i { use c.{d as e}; record r { f: map<string, own<g>> } flags h { j } \
                 enum k { l } variant m { n(borrow<o>), p } resource q { constructor() -> result<q>; s: static async func(); } \
                 type t = tuple<list<u8, 4>, option<stream>, future<error-context>, result<_, x>>; u: v; w: get() -> bool; } \
                 world y { import z: func(); export a:b/c; include d with { e as f } @deprecated(version = 1.0.0) import g: interface { } } \
                 use h:i/j as k; package l:m { }";
    let parsed = parse(types);
    assert_eq!(parsed.errors, []);
    let meaning = crate::meaning(&parsed);
    let items = &meaning["statements"][0]["items"];
    assert_eq!(
        items[0],
        json!({"item": "use", "docs": [], "attributes": [], "path": {"kind": "ident", "name": "c"}, "items": [{"id": {"name": "d"}, "as": {"name": "e"}}]})
    );
    let declared = |id: &str, definition: serde_json::Value| json!({"item": "type", "docs": [], "attributes": [], "id": {"name": id}, "definition": definition});
    let text = json!({"type": {"kind": "primitive", "name": "string"}});
    let map = json!({"type": {"kind": "map", "key": text, "value": {"type": {"kind": "own", "resource": {"name": "g"}}}}});
    assert_eq!(
        items[1],
        declared(
            "r",
            json!({"kind": "record", "fields": [{"docs": [], "id": {"name": "f"}, "ty": map}]})
        )
    );
    assert_eq!(
        items[2],
        declared(
            "h",
            json!({"kind": "flags", "flags": [{"docs": [], "id": {"name": "j"}}]})
        )
    );
    assert_eq!(
        items[3],
        declared(
            "k",
            json!({"kind": "enum", "cases": [{"docs": [], "id": {"name": "l"}}]})
        )
    );
    let borrow = json!({"type": {"kind": "borrow", "resource": {"name": "o"}}});
    assert_eq!(
        items[4],
        declared(
            "m",
            json!({"kind": "variant", "cases": [{"docs": [], "id": {"name": "n"}, "ty": borrow}, {"docs": [], "id": {"name": "p"}, "ty": null}]})
        )
    );
    let result = json!({"type": {"kind": "result", "ok": {"type": {"kind": "name", "name": "q"}}, "err": null}});
    assert_eq!(
        items[5],
        declared(
            "q",
            json!({"kind": "resource", "items": [
                {"kind": "constructor", "docs": [], "attributes": [], "params": [], "result": result},
                {"kind": "method", "docs": [], "attributes": [], "id": {"name": "s"}, "is-static": true, "func": {"flavor": "async", "params": [], "result": null}},
            ]})
        )
    );
    let parts = json!([
        {"type": {"kind": "list", "element": {"type": {"kind": "primitive", "name": "u8"}}, "length": 4}},
        {"type": {"kind": "option", "some": {"type": {"kind": "stream", "element": null}}}},
        {"type": {"kind": "future", "element": {"type": {"kind": "error-context"}}}},
        {"type": {"kind": "result", "ok": null, "err": {"type": {"kind": "name", "name": "x"}}}},
    ]);
    assert_eq!(
        items[6],
        declared(
            "t",
            json!({"kind": "alias", "ty": {"type": {"kind": "tuple", "types": parts}}})
        )
    );
    assert_eq!(
        items[7],
        json!({"item": "func", "docs": [], "attributes": [], "id": {"name": "u"}, "func": {"kind": "ident", "name": "v"}})
    );
    assert_eq!(items[8]["func"]["flavor"], "getter");
    let world = &meaning["statements"][1]["items"];
    assert_eq!(world[0]["item"], "import");
    assert_eq!(world[0]["type"]["kind"], "func");
    assert_eq!(world[1]["type"]["path"]["kind"], "package");
    assert_eq!(
        world[2],
        json!({"item": "include", "docs": [], "attributes": [], "world": {"kind": "ident", "name": "d"}, "with": [{"id": {"name": "e"}, "as": {"name": "f"}}]})
    );
    assert_eq!(
        world[3]["attributes"],
        json!([{"kind": "deprecated", "version": {"text": "1.0.0", "exact": true}}])
    );
    assert_eq!(world[3]["type"], json!({"kind": "interface", "items": []}));
    assert_eq!(meaning["statements"][2]["as"], json!({"name": "k"}));
    assert_eq!(meaning["statements"][3]["statement"], "package");
}

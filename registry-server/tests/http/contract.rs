//! The table of routes: what is in it is answered and described, and nothing else is.

use crate::house::House;
use std::path::Path;
use tenon_registry_client::api::ProblemCode;
use tenon_registry_server::api::{Endpoint, ROUTES, openapi};

/// A path of the route, with something in place of what varies.
fn example(path: &str) -> String {
    let mut example = String::new();
    for part in path.split('{') {
        match part.split_once('}') {
            Some((name, rest)) => {
                example.push_str(match name {
                    "+path" => "0/000.p/1",
                    "key" => "00000000",
                    "digest" => {
                        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
                    }
                    "folder" => "e3",
                    "hex" => "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                    _ => "acme",
                });
                example.push_str(rest);
            }
            None => example.push_str(part),
        }
    }
    example
}

#[test]
fn the_document_is_the_one_that_was_read() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/openapi.json");
    let text = serde_json::to_string_pretty(&openapi()).unwrap() + "\n";
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        expected == text,
        "run with `UPDATE=1`, and read what changed in {}",
        path.display()
    );
    let served: serde_json::Value = House::new().get("/api/v1/openapi.json").json();
    assert_eq!(served, openapi());
}

#[test]
fn every_reference_of_the_document_leads_somewhere() {
    fn references(value: &serde_json::Value, found: &mut Vec<String>) {
        match value {
            serde_json::Value::Object(fields) => {
                found.extend(
                    fields
                        .get("$ref")
                        .and_then(|to| to.as_str())
                        .map(str::to_owned),
                );
                fields.values().for_each(|value| references(value, found));
            }
            serde_json::Value::Array(values) => {
                values.iter().for_each(|value| references(value, found))
            }
            _ => {}
        }
    }
    let document = openapi();
    let mut found = vec![];
    references(&document, &mut found);
    assert!(found.len() > 30, "{found:?}");
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

#[test]
fn every_route_answers_and_no_other_method_does() {
    let house = House::new();
    let token = house.full_token();
    for route in ROUTES {
        let path = example(route.path);
        let answer = match route.method {
            "GET" => house.client().token(&token).get(&path),
            method => house.client().token(&token).ask_with(method, &path, b""),
        };
        // That a key still signs, and that there is no such thing, are answers of the route itself.
        if answer.status == 404 {
            let detail = answer.problem(ProblemCode::NotFound).detail;
            assert!(
                !detail.starts_with("there is nothing at"),
                "{path}: {detail}"
            );
        } else {
            assert_ne!(answer.status, 405, "{path}");
        }
        let described = route
            .answers
            .iter()
            .any(|(status, ..)| *status == answer.status)
            || route
                .problems
                .iter()
                .any(|code| code.status() == answer.status)
            || matches!(route.endpoint, Endpoint::Consistency);
        assert!(described, "{path}: {}", answer.status);
        for method in ["GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "TRACE"] {
            if method == route.method {
                continue;
            }
            let refused = house.client().token(&token).ask(method, &path);
            refused.problem(ProblemCode::MethodNotAllowed);
            let allow = refused.header("allow").unwrap();
            assert!(
                allow.split(", ").any(|allowed| allowed == route.method),
                "{path}: {allow}"
            );
        }
        if route.method == "GET" {
            let (head, get) = (
                house.client().token(&token).ask("HEAD", &path),
                house.client().token(&token).get(&path),
            );
            assert_eq!((head.status, head.body.len()), (get.status, 0), "{path}");
        }
    }
}

#[test]
fn s31_s32_s33_s40_nothing_else_is_there() {
    let house = House::new();
    let token = house.full_token();
    for path in [
        "/",
        "/debug",
        "/debug/pprof",
        "/admin",
        "/api",
        "/api/v1",
        "/api/v2/packages",
        "/api/v1/packages/",
        "/api/v1/registry/",
        "/.well-known/wasm-pkg",
        "/.env",
        "/server-status",
        "/api/v1/oidc",
        "/api/v1/webhooks",
        "/api/v1/mirrors",
        "/login",
        "/api/v1/tokens",
        "/api/v1/users",
        "/log",
        "/log/",
        "/log/tile",
        "/blobs",
        "/metrics/",
        "/healthz/x",
        "/private",
        "/private/",
        "//api/v1/registry",
        "/API/v1/registry",
        "*",
    ] {
        for method in ["GET", "POST", "PUT", "DELETE"] {
            let answer = house.client().token(&token).ask(method, path);
            answer.problem(ProblemCode::NotFound);
        }
    }
}

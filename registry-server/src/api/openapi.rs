//! The OpenAPI document, made of the table of routes and of the types that go over the wire.

use super::routes::{Needs, Parameter, Payload, Place, ROUTES, Route};
use bytes::Bytes;
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::OnceLock;
use tenon_registry_client::api::{PROBLEM_TYPE, Problem, ProblemCode};

/// What may be wrong with any request.
const ALWAYS: &[ProblemCode] = &[
    ProblemCode::RequestInvalid,
    ProblemCode::QueryInvalid,
    ProblemCode::TokenInvalid,
    ProblemCode::UriTooLong,
    ProblemCode::RateLimited,
    ProblemCode::HeadersTooLarge,
    ProblemCode::Internal,
    ProblemCode::Overloaded,
];

/// The document, as it is sent.
pub(super) fn document() -> Bytes {
    static DOCUMENT: OnceLock<Bytes> = OnceLock::new();
    DOCUMENT
        .get_or_init(|| openapi().to_string().into())
        .clone()
}

/// The interface, as [OpenAPI 3.1](https://spec.openapis.org/oas/v3.1.1.html) describes it.
pub fn openapi() -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = "/components/schemas".into();
    let mut generator = settings.into_generator();
    let problem = generator.subschema_for::<Problem>();
    let mut paths: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    for route in ROUTES {
        let operation = operation(route, &mut generator);
        let method = route.method.to_ascii_lowercase();
        let path = route.path.replace('+', "");
        paths.entry(path).or_default().insert(method, operation);
    }
    let schemas = generator.take_definitions(true);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Tenon registry",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "A registry of WebAssembly components. What is below `/log`, `/blobs` and most of \
                            `/api/v1` is there for the private log, too, if there is one: below `/private`, for \
                            whoever has a token that may `read`. `HEAD` goes wherever `GET` does.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": {
                "Problem": {
                    "description": "Why it was not done.",
                    "content": { PROBLEM_TYPE: { "schema": problem } },
                },
            },
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
        },
    })
}

fn operation(route: &Route, generator: &mut SchemaGenerator) -> Value {
    let mut responses = Map::new();
    for (status, text, payload) in route.answers {
        let mut response = json!({ "description": text });
        if let (Some(payload), Some(response)) = (payload, response.as_object_mut()) {
            response.insert("content".to_owned(), content(payload, generator));
        }
        responses.insert(status.to_string(), response);
    }
    let mut codes: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
    for code in ALWAYS.iter().chain(route.problems) {
        let names = codes.entry(code.status()).or_default();
        if !names.contains(&code.as_str()) {
            names.push(code.as_str());
        }
    }
    for (status, names) in codes {
        let response = json!({
            "$ref": "#/components/responses/Problem",
            "description": names.join(", "),
        });
        responses.insert(status.to_string(), response);
    }
    let path_parameters = route.path.split('{').skip(1).filter_map(|rest| {
        let name = rest.split('}').next()?.trim_start_matches('+');
        Some(
            json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }),
        )
    });
    let parameters: Vec<Value> = path_parameters
        .chain(route.query.iter().map(query_parameter))
        .collect();
    let mut operation = json!({
        "operationId": format!("{:?}", route.endpoint),
        "summary": route.summary,
        "parameters": parameters,
        "responses": responses,
    });
    let Some(fields) = operation.as_object_mut() else {
        return operation;
    };
    match route.needs {
        Needs::Nothing => {}
        Needs::Reading if route.place == Place::Root => {}
        Needs::Reading => {
            fields.insert("security".to_owned(), json!([{}, { "token": [] }]));
        }
        Needs::Token(action) => {
            fields.insert("security".to_owned(), json!([{ "token": [] }]));
            if !action.is_empty() {
                let text = format!("The token must be one that may {action}.");
                fields.insert("description".to_owned(), text.into());
            }
        }
    }
    if let Some(payload) = &route.request {
        let body = json!({ "required": true, "content": content(payload, generator) });
        fields.insert("requestBody".to_owned(), body);
    }
    operation
}

fn query_parameter(parameter: &Parameter) -> Value {
    json!({
        "name": parameter.name,
        "in": "query",
        "required": parameter.required,
        "description": parameter.text,
        "schema": { "type": parameter.kind },
    })
}

fn content(payload: &Payload, generator: &mut SchemaGenerator) -> Value {
    let schema = match payload.schema {
        Some(schema) => schema(generator).to_value(),
        None => json!({}),
    };
    json!({ payload.media_type: { "schema": schema } })
}

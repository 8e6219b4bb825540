//! Everything that can be asked. Requests are told apart by this table, and the OpenAPI document is
//! made of it, so that they cannot disagree.

use super::Asked;
use super::error::Failure;
use crate::domain::Reader;
use http::Method;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use std::sync::Arc;
use tenon_registry_client::api::{
    Accepted, BUNDLE_TYPE, NamespaceInfo, PackageInfo, PackagePage, ProblemCode, RegistryInfo,
    SearchPage, TEXT_TYPE, TokenInfo,
};

/// One kind of request.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// Which.
    pub endpoint: Endpoint,
    /// `GET`, with which `HEAD` goes, `PUT` or `POST`.
    pub method: &'static str,
    /// Its path, with `{}` around what varies; a `+` there stands for what may have `/` in it.
    pub path: &'static str,
    /// Where it is.
    pub place: Place,
    /// What it is, in a sentence.
    pub summary: &'static str,
    /// Parameters of the query.
    pub query: &'static [Parameter],
    /// Who may ask.
    pub needs: Needs,
    /// What is sent with it.
    pub request: Option<Payload>,
    /// What is answered if all goes well, by status.
    pub answers: &'static [(u16, &'static str, Option<Payload>)],
    /// What may be wrong, besides what may always be.
    pub problems: &'static [ProblemCode],
}

/// Kinds of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the table says what each is")]
pub enum Endpoint {
    Checkpoint,
    LastCheckpoint,
    Tile,
    Blob,
    Registry,
    Whoami,
    Packages,
    Package,
    Namespace,
    Search,
    Proof,
    Consistency,
    Records,
    Upload,
    OpenApi,
    Health,
    Ready,
    Metrics,
}

/// Where something can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Of each log: of the private one below `/private`.
    EachLog,
    /// Of the registry.
    Root,
}

/// Who may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Everyone, as often as they like.
    Nothing,
    /// Everyone; of the private log, whoever has a token that may `read`.
    Reading,
    /// Whoever has a token that may do this.
    Token(&'static str),
}

/// A parameter of a query.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// Its type, as JSON Schema has it.
    pub kind: &'static str,
    /// Whether it has to be there.
    pub required: bool,
    /// What it is.
    pub text: &'static str,
}

/// A body.
#[derive(Clone, Copy, Debug)]
pub struct Payload {
    /// Its media type.
    pub media_type: &'static str,
    /// What JSON is like.
    pub schema: Option<fn(&mut SchemaGenerator) -> Schema>,
}

/// What varies in a path.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Arguments<'a>([&'a str; 2]);

/// What there is at a path.
pub(super) enum Found<'a> {
    Route {
        route: &'static Route,
        arguments: Arguments<'a>,
        private: bool,
    },
    /// Something that is asked for with other methods: these.
    Methods(String),
    Nothing,
}

/// Finds what is asked for.
pub(super) fn find<'a>(method: &Method, path: &'a str) -> Found<'a> {
    let below = path
        .strip_prefix("/private")
        .filter(|below| below.starts_with('/'));
    let (private, path) = (below.is_some(), below.unwrap_or(path));
    let method = if *method == Method::HEAD {
        "GET"
    } else {
        method.as_str()
    };
    let mut methods = vec![];
    for route in ROUTES {
        if private && route.place == Place::Root {
            continue;
        }
        let Some(arguments) = matches(route.path, path) else {
            continue;
        };
        if route.method == method {
            return Found::Route {
                route,
                arguments,
                private,
            };
        }
        methods.push(route.method);
        if route.method == "GET" {
            methods.push("HEAD");
        }
    }
    match methods.is_empty() {
        true => Found::Nothing,
        false => Found::Methods(methods.join(", ")),
    }
}

fn matches<'a>(template: &str, path: &'a str) -> Option<Arguments<'a>> {
    let fixed = template.split('{').next().unwrap_or_default();
    let rest = path.strip_prefix(fixed)?;
    let pattern = template.get(fixed.len()..).unwrap_or_default();
    if pattern.is_empty() {
        return rest.is_empty().then(Arguments::default);
    }
    if pattern.starts_with("{+") {
        return (!rest.is_empty()).then_some(Arguments([rest, ""]));
    }
    // What varies is whole segments, one or two.
    let (first, second) = match pattern.contains('/') {
        true => rest.split_once('/')?,
        false => (rest, "-"),
    };
    let is_segment = |text: &str| !text.is_empty() && !text.contains('/');
    (is_segment(first) && is_segment(second)).then_some(Arguments([first, second]))
}

impl<'a> Arguments<'a> {
    pub(super) fn first(&self) -> &'a str {
        self.0[0]
    }

    pub(super) fn second(&self) -> &'a str {
        self.0[1]
    }
}

impl Route {
    /// The names of what may be in the query.
    pub(super) fn query_names(&self) -> Vec<&'static str> {
        self.query.iter().map(|parameter| parameter.name).collect()
    }
}

impl Asked<'_> {
    /// Who reads.
    pub(super) fn reader(&self) -> Result<Reader, Failure> {
        let token = self.caller.token.as_ref().map(Arc::clone);
        Ok(Reader::of(self.realm, token)?)
    }
}

fn schema<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

const fn json<T: JsonSchema>() -> Option<Payload> {
    Some(Payload {
        media_type: "application/json",
        schema: Some(schema::<T>),
    })
}

const fn raw(media_type: &'static str) -> Option<Payload> {
    Some(Payload {
        media_type,
        schema: None,
    })
}

const fn parameter(name: &'static str, kind: &'static str, text: &'static str) -> Parameter {
    Parameter {
        name,
        kind,
        required: false,
        text,
    }
}

const fn required(name: &'static str, kind: &'static str, text: &'static str) -> Parameter {
    Parameter {
        required: true,
        ..parameter(name, kind, text)
    }
}

const AFTER: Parameter = parameter("after", "string", "The `next` of the page before.");
const N: Parameter = parameter("n", "integer", "The most entries of the page.");

const fn get(endpoint: Endpoint, path: &'static str, summary: &'static str) -> Route {
    Route {
        endpoint,
        method: "GET",
        path,
        place: Place::EachLog,
        summary,
        query: &[],
        needs: Needs::Reading,
        request: None,
        answers: &[],
        problems: &[],
    }
}

/// Everything that can be asked.
pub const ROUTES: &[Route] = &[
    Route {
        answers: &[
            (200, "The note.", raw(TEXT_TYPE)),
            (304, "It is still the one with this entity tag.", None),
        ],
        ..get(
            Endpoint::Checkpoint,
            "/log/checkpoint",
            "The latest checkpoint, as in C2SP tlog-tiles.",
        )
    },
    Route {
        answers: &[(200, "The note.", raw(TEXT_TYPE))],
        problems: &[ProblemCode::NotFound],
        ..get(
            Endpoint::LastCheckpoint,
            "/log/checkpoint/{key}",
            "The last checkpoint of a log key that no longer signs, by the 8 hexadecimal digits of its id.",
        )
    },
    Route {
        answers: &[(
            200,
            "The hashes, or the records.",
            raw("application/octet-stream"),
        )],
        problems: &[ProblemCode::NotFound],
        ..get(
            Endpoint::Tile,
            "/log/tile/{+path}",
            "A tile of hashes or an entry bundle, as in C2SP tlog-tiles.",
        )
    },
    Route {
        answers: &[
            (200, "The content.", raw("application/wasm")),
            (206, "A part of it.", raw("application/wasm")),
            (304, "It is known.", None),
        ],
        problems: &[
            ProblemCode::DigestInvalid,
            ProblemCode::NotFound,
            ProblemCode::RangeInvalid,
        ],
        ..get(
            Endpoint::Blob,
            "/blobs/sha256/{folder}/{hex}",
            "Content by its digest, in a folder named as the digest begins.",
        )
    },
    Route {
        answers: &[(200, "The registry.", json::<RegistryInfo>())],
        ..get(
            Endpoint::Registry,
            "/api/v1/registry",
            "What the registry says of itself.",
        )
    },
    Route {
        needs: Needs::Token(""),
        answers: &[(200, "The token.", json::<TokenInfo>())],
        ..get(
            Endpoint::Whoami,
            "/api/v1/whoami",
            "What the registry knows of the token.",
        )
    },
    Route {
        query: &[AFTER, N],
        answers: &[(200, "A page.", json::<PackagePage>())],
        problems: &[ProblemCode::QueryInvalid],
        ..get(Endpoint::Packages, "/api/v1/packages", "Packages, by name.")
    },
    Route {
        answers: &[(200, "The package.", json::<PackageInfo>())],
        problems: &[ProblemCode::NameInvalid, ProblemCode::NotFound],
        ..get(
            Endpoint::Package,
            "/api/v1/packages/{namespace}/{name}",
            "A package and its releases.",
        )
    },
    Route {
        answers: &[(200, "The namespace.", json::<NamespaceInfo>())],
        problems: &[ProblemCode::NameInvalid, ProblemCode::NotFound],
        ..get(
            Endpoint::Namespace,
            "/api/v1/namespaces/{namespace}",
            "A namespace and its keys.",
        )
    },
    Route {
        query: &[
            parameter("q", "string", "Words in the name or description."),
            parameter(
                "exports",
                "string",
                "An interface that it exports, such as `wasi:http/types@0.2`.",
            ),
            parameter("imports", "string", "An interface that it imports."),
            parameter("kind", "string", "`component` or `wit`."),
            parameter("namespace", "string", "Its namespace."),
            AFTER,
            N,
        ],
        answers: &[(200, "A page.", json::<SearchPage>())],
        problems: &[ProblemCode::QueryInvalid],
        ..get(
            Endpoint::Search,
            "/api/v1/search",
            "Packages that are looked for.",
        )
    },
    Route {
        query: &[
            parameter("package", "string", "The package to be verified."),
            parameter(
                "version",
                "string",
                "A release of it; may be there several times.",
            ),
            parameter(
                "namespace",
                "string",
                "The namespace to be verified, if no package is.",
            ),
            parameter(
                "size",
                "integer",
                "The size of the checkpoint; the latest, if there is none.",
            ),
            parameter(
                "known",
                "integer",
                "The size of the log that the client knows.",
            ),
            parameter(
                "held",
                "string",
                "How many records of the registry, the namespace and the package the client holds: `2,3,4`.",
            ),
        ],
        answers: &[(200, "The bundle.", raw(BUNDLE_TYPE))],
        problems: &[
            ProblemCode::QueryInvalid,
            ProblemCode::NotFound,
            ProblemCode::SizeNotHeld,
        ],
        ..get(
            Endpoint::Proof,
            "/api/v1/proof",
            "A bundle: everything that proves what is asked for.",
        )
    },
    Route {
        query: &[
            required("old", "integer", "The smaller size."),
            required("new", "integer", "The larger size, of a checkpoint."),
        ],
        answers: &[(200, "A line of base64 for each hash.", raw(TEXT_TYPE))],
        problems: &[ProblemCode::QueryInvalid, ProblemCode::SizeNotHeld],
        ..get(
            Endpoint::Consistency,
            "/api/v1/consistency",
            "A consistency proof between two sizes of the log.",
        )
    },
    Route {
        method: "POST",
        needs: Needs::Token("publish, yank, namespace or operate"),
        request: raw("text/plain"),
        answers: &[
            (200, "The record is in the log already.", json::<Accepted>()),
            (201, "The record is in the log now.", json::<Accepted>()),
        ],
        problems: &[
            ProblemCode::RecordInvalid,
            ProblemCode::NameInvalid,
            ProblemCode::VersionInvalid,
            ProblemCode::OriginWrong,
            ProblemCode::Forbidden,
            ProblemCode::NotAuthorised,
            ProblemCode::Conflict,
            ProblemCode::TooLarge,
            ProblemCode::EncodingUnsupported,
            ProblemCode::ContentMissing,
            ProblemCode::ContentInvalid,
            ProblemCode::VersionBreaking,
            ProblemCode::Timeout,
            ProblemCode::StorageFull,
        ],
        ..get(Endpoint::Records, "/api/v1/records", "Has a record logged.")
    },
    Route {
        method: "PUT",
        needs: Needs::Token("publish"),
        request: raw("application/wasm"),
        answers: &[
            (200, "The content is here already.", None),
            (201, "The content is here now.", None),
        ],
        problems: &[
            ProblemCode::DigestInvalid,
            ProblemCode::Forbidden,
            ProblemCode::TooLarge,
            ProblemCode::EncodingUnsupported,
            ProblemCode::Timeout,
            ProblemCode::StorageFull,
        ],
        ..get(
            Endpoint::Upload,
            "/api/v1/content/{digest}",
            "Brings content, to be named by a record.",
        )
    },
    Route {
        place: Place::Root,
        answers: &[(200, "The document.", raw("application/json"))],
        ..get(Endpoint::OpenApi, "/api/v1/openapi.json", "This document.")
    },
    Route {
        place: Place::Root,
        needs: Needs::Nothing,
        answers: &[(200, "It does.", raw(TEXT_TYPE))],
        ..get(Endpoint::Health, "/healthz", "Whether the registry runs.")
    },
    Route {
        place: Place::Root,
        needs: Needs::Nothing,
        answers: &[(200, "It can.", raw(TEXT_TYPE))],
        problems: &[ProblemCode::Overloaded],
        ..get(
            Endpoint::Ready,
            "/readyz",
            "Whether the registry can be used.",
        )
    },
    Route {
        place: Place::Root,
        answers: &[(200, "Metrics, as Prometheus reads them.", raw("text/plain"))],
        ..get(
            Endpoint::Metrics,
            "/metrics",
            "What is measured; of the private log, with a token that may `operate`.",
        )
    },
];

//! Errors in the form of the specification.

use crate::api::{self, Body, reply};
use crate::app::App;
use crate::domain::{Error, chain_of};
use http::header::{CONNECTION, RETRY_AFTER};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde::Serialize;
use std::error::Error as StdError;
use std::time::Duration;
use tenon_registry_client::api::ProblemCode;

/// What is wrong: the codes of the specification, and two for what it has none for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    BlobUnknown,
    BlobUploadInvalid,
    BlobUploadUnknown,
    DigestInvalid,
    ManifestBlobUnknown,
    ManifestInvalid,
    ManifestUnknown,
    NameInvalid,
    NameUnknown,
    SizeInvalid,
    Unauthorized,
    Denied,
    Unsupported,
    TooManyRequests,
    /// Something is wrong with the registry.
    Unknown,
    /// It is for later.
    Unavailable,
}

/// Why something was not done.
#[derive(Debug)]
pub(super) struct Failure(Box<Told>);

#[derive(Debug)]
struct Told {
    code: Code,
    status: StatusCode,
    message: String,
    headers: Vec<(HeaderName, HeaderValue)>,
    retry_after: Option<Duration>,
    /// How it is counted.
    problem: ProblemCode,
    /// What only the operator is told.
    source: Option<Box<dyn StdError + Send + Sync>>,
}

#[derive(Serialize)]
struct Envelope<'a> {
    errors: [Entry<'a>; 1],
}

#[derive(Serialize)]
struct Entry<'a> {
    code: &'static str,
    message: &'a str,
    detail: Detail,
}

#[derive(Serialize)]
struct Detail {
    request: String,
}

impl Code {
    /// As it is written.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Code::BlobUnknown => "BLOB_UNKNOWN",
            Code::BlobUploadInvalid => "BLOB_UPLOAD_INVALID",
            Code::BlobUploadUnknown => "BLOB_UPLOAD_UNKNOWN",
            Code::DigestInvalid => "DIGEST_INVALID",
            Code::ManifestBlobUnknown => "MANIFEST_BLOB_UNKNOWN",
            Code::ManifestInvalid => "MANIFEST_INVALID",
            Code::ManifestUnknown => "MANIFEST_UNKNOWN",
            Code::NameInvalid => "NAME_INVALID",
            Code::NameUnknown => "NAME_UNKNOWN",
            Code::SizeInvalid => "SIZE_INVALID",
            Code::Unauthorized => "UNAUTHORIZED",
            Code::Denied => "DENIED",
            Code::Unsupported => "UNSUPPORTED",
            Code::TooManyRequests => "TOOMANYREQUESTS",
            Code::Unknown => "UNKNOWN",
            Code::Unavailable => "UNAVAILABLE",
        }
    }

    /// The status it comes with, unless another is said; and what the native interface calls it.
    fn usual(self) -> (StatusCode, ProblemCode) {
        match self {
            Code::BlobUnknown
            | Code::BlobUploadUnknown
            | Code::ManifestUnknown
            | Code::NameUnknown => (StatusCode::NOT_FOUND, ProblemCode::NotFound),
            Code::BlobUploadInvalid | Code::SizeInvalid | Code::Unsupported => {
                (StatusCode::BAD_REQUEST, ProblemCode::RequestInvalid)
            }
            Code::DigestInvalid => (StatusCode::BAD_REQUEST, ProblemCode::DigestInvalid),
            Code::ManifestBlobUnknown => (StatusCode::BAD_REQUEST, ProblemCode::ContentMissing),
            Code::ManifestInvalid => (StatusCode::BAD_REQUEST, ProblemCode::ContentInvalid),
            Code::NameInvalid => (StatusCode::BAD_REQUEST, ProblemCode::NameInvalid),
            Code::Unauthorized => (StatusCode::UNAUTHORIZED, ProblemCode::TokenInvalid),
            Code::Denied => (StatusCode::FORBIDDEN, ProblemCode::Forbidden),
            Code::TooManyRequests => (StatusCode::TOO_MANY_REQUESTS, ProblemCode::RateLimited),
            Code::Unknown => (StatusCode::INTERNAL_SERVER_ERROR, ProblemCode::Internal),
            Code::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, ProblemCode::Overloaded),
        }
    }
}

impl Failure {
    /// What whoever asked can do something about.
    pub(super) fn new(code: Code, message: impl Into<String>) -> Failure {
        let (status, problem) = code.usual();
        Failure(Box::new(Told {
            code,
            status,
            message: message.into(),
            headers: vec![],
            retry_after: None,
            problem,
            source: None,
        }))
    }

    /// The same with another status.
    pub(super) fn with_status(mut self, status: StatusCode) -> Failure {
        self.0.status = status;
        self
    }

    /// The same with a header.
    pub(super) fn with(mut self, name: HeaderName, value: HeaderValue) -> Failure {
        self.0.headers.push((name, value));
        self
    }

    /// The same, to be tried again after a while.
    pub(super) fn after(mut self, wait: Duration) -> Failure {
        self.0.retry_after = Some(wait);
        self
    }

    /// What is wrong.
    pub(super) fn code(&self) -> Code {
        self.0.code
    }

    /// The answer that says so.
    pub(super) fn respond(self, app: &App, id: u64) -> Response<Body> {
        let Told {
            code,
            status,
            message,
            headers,
            retry_after,
            problem,
            source,
        } = *self.0;
        let request = reply::hex(id);
        if let Some(source) = &source {
            // Whoever asked is told the number under which this is found.
            let cause = chain_of(source.as_ref());
            tracing::error!(request, code = code.as_str(), cause = ?cause, "failed");
        }
        app.metrics().refused(problem);
        let entry = Entry {
            code: code.as_str(),
            message: &message,
            detail: Detail { request },
        };
        // Texts can always be written.
        let text = serde_json::to_vec(&Envelope { errors: [entry] }).unwrap_or_default();
        let mut response = reply::with_status(status, "application/json", text.into());
        if let Some(wait) = retry_after {
            let seconds = HeaderValue::from(wait.as_secs().saturating_add(1));
            reply::set(&mut response, RETRY_AFTER, seconds);
        }
        for (name, value) in headers {
            reply::set(&mut response, name, value);
        }
        response
    }
}

impl<E: Into<Error>> From<E> for Failure {
    fn from(error: E) -> Failure {
        let error = error.into();
        let code = match error.code {
            ProblemCode::DigestInvalid => Code::DigestInvalid,
            ProblemCode::NameInvalid => Code::NameInvalid,
            ProblemCode::TokenInvalid => Code::Unauthorized,
            ProblemCode::Forbidden
            | ProblemCode::NotAuthorised
            | ProblemCode::Conflict
            | ProblemCode::VersionBreaking => Code::Denied,
            ProblemCode::NotFound => Code::NameUnknown,
            ProblemCode::TooLarge => Code::SizeInvalid,
            ProblemCode::ContentMissing => Code::ManifestBlobUnknown,
            ProblemCode::ContentInvalid
            | ProblemCode::VersionInvalid
            | ProblemCode::RecordInvalid => Code::ManifestInvalid,
            ProblemCode::Timeout => Code::BlobUploadInvalid,
            ProblemCode::RateLimited => Code::TooManyRequests,
            ProblemCode::Internal | ProblemCode::Unknown => Code::Unknown,
            ProblemCode::Overloaded | ProblemCode::StorageFull => Code::Unavailable,
            _ => Code::Unsupported,
        };
        let usual = code.usual().0;
        let status = match code {
            Code::ManifestBlobUnknown | Code::ManifestInvalid => usual,
            _ => StatusCode::from_u16(error.code.status()).unwrap_or(usual),
        };
        let mut failure = Failure::new(code, error.detail).with_status(status);
        failure.0.problem = error.code;
        failure.0.retry_after = error.retry_after;
        failure.0.source = error.source;
        match error.code {
            ProblemCode::Timeout => failure.with(CONNECTION, HeaderValue::from_static("close")),
            _ => failure,
        }
    }
}

impl From<api::error::Failure> for Failure {
    fn from(failure: api::error::Failure) -> Failure {
        failure.into_error().into()
    }
}

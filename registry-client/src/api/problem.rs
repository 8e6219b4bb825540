//! What a registry answers when it cannot do what it was asked for: a problem as
//! [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) has it.

use serde::{Deserialize, Serialize};

/// The media type of a problem.
pub const PROBLEM_TYPE: &str = "application/problem+json";

/// A problem.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Problem {
    /// A reference that names the kind of problem: `/problems/` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind of problem, in a few words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// Which kind it is.
    pub code: ProblemCode,
    /// What is wrong, where, why, and what to do.
    pub detail: String,
    /// The number of the request, for whoever reads the registry's logs.
    pub instance: String,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $status:literal, $title:literal;)*) => {
        /// The kinds of problems.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[non_exhaustive]
        pub enum ProblemCode {
            $($(#[$doc])* #[serde(rename = $text)] $name,)*
            /// A code that this version does not know.
            #[serde(other)]
            Unknown,
        }

        impl ProblemCode {
            /// All codes that a registry answers with.
            pub const ALL: &[ProblemCode] = &[$(ProblemCode::$name),*];

            /// The code as it is written.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(ProblemCode::$name => $text,)*
                    ProblemCode::Unknown => "UNKNOWN",
                }
            }

            /// The HTTP status it comes with.
            pub fn status(self) -> u16 {
                match self {
                    $(ProblemCode::$name => $status,)*
                    ProblemCode::Unknown => 500,
                }
            }

            /// The kind of problem, in a few words.
            pub fn title(self) -> &'static str {
                match self {
                    $(ProblemCode::$name => $title,)*
                    ProblemCode::Unknown => "unknown problem",
                }
            }
        }
    };
}

codes! {
    /// The request itself is malformed.
    RequestInvalid = "REQUEST_INVALID", 400, "malformed request";
    /// A query parameter is unknown, malformed or out of bounds.
    QueryInvalid = "QUERY_INVALID", 400, "invalid query";
    /// A name is not one.
    NameInvalid = "NAME_INVALID", 400, "invalid name";
    /// A version is not one.
    VersionInvalid = "VERSION_INVALID", 400, "invalid version";
    /// A digest is not one, or content is not what its digest says.
    DigestInvalid = "DIGEST_INVALID", 400, "invalid digest";
    /// A record is not written as records are.
    RecordInvalid = "RECORD_INVALID", 400, "invalid record";
    /// A record is for another log.
    OriginWrong = "ORIGIN_WRONG", 400, "record of another registry";
    /// There is no token, and one is needed; or it is not known, expired or revoked.
    TokenInvalid = "TOKEN_INVALID", 401, "token needed";
    /// The token may not do this.
    Forbidden = "FORBIDDEN", 403, "not allowed";
    /// The keys that signed a record may not do this, or did not sign it.
    NotAuthorised = "NOT_AUTHORISED", 403, "record not authorised";
    /// There is no such thing, or not for who asks.
    NotFound = "NOT_FOUND", 404, "not found";
    /// This cannot be done here.
    MethodNotAllowed = "METHOD_NOT_ALLOWED", 405, "method not allowed";
    /// The request came too slowly.
    Timeout = "TIMEOUT", 408, "request timed out";
    /// The record does not follow the last one of its chain, or a version is taken.
    Conflict = "CONFLICT", 409, "conflict";
    /// A version breaks those who use another one of its track, and the registry takes no such version of the package.
    VersionBreaking = "VERSION_BREAKING", 409, "version breaks others";
    /// The log at that size is no longer, or not yet, held: ask again for the latest.
    SizeNotHeld = "SIZE_NOT_HELD", 409, "size not held";
    /// The length has to be said.
    LengthRequired = "LENGTH_REQUIRED", 411, "length required";
    /// A body is longer than allowed.
    TooLarge = "TOO_LARGE", 413, "too large";
    /// The URL is longer than allowed.
    UriTooLong = "URI_TOO_LONG", 414, "URL too long";
    /// Content must come as it is, not encoded.
    EncodingUnsupported = "ENCODING_UNSUPPORTED", 415, "content encoding not supported";
    /// No byte of that range is there.
    RangeInvalid = "RANGE_INVALID", 416, "range not satisfiable";
    /// Content that a record names was not uploaded.
    ContentMissing = "CONTENT_MISSING", 422, "content missing";
    /// Content is not what a release may be.
    ContentInvalid = "CONTENT_INVALID", 422, "content refused";
    /// Too many requests, or a quota is used up.
    RateLimited = "RATE_LIMITED", 429, "too many requests";
    /// Headers are larger than allowed.
    HeadersTooLarge = "HEADERS_TOO_LARGE", 431, "headers too large";
    /// Something is wrong with the registry.
    Internal = "INTERNAL", 500, "internal error";
    /// The registry has more to do than it can; or it is starting, stopping, or only reading.
    Overloaded = "OVERLOADED", 503, "try again later";
    /// The registry's disk is full.
    StorageFull = "STORAGE_FULL", 507, "storage full";
}

impl Problem {
    /// A problem of a kind, with what is to be said of it.
    pub fn new(
        code: ProblemCode,
        detail: impl Into<String>,
        request: impl Into<String>,
    ) -> Problem {
        Problem {
            kind: format!("/problems/{}", code.as_str()),
            title: code.title().to_owned(),
            status: code.status(),
            code,
            detail: detail.into(),
            instance: request.into(),
        }
    }
}

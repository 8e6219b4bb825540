//! Problems, as answers.

use super::{Body, reply};
use crate::app::App;
use crate::domain::{Error, chain_of};
use http::header::{ALLOW, CONNECTION, CONTENT_RANGE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, Method, Response, StatusCode};
use tenon_registry_client::api::{PROBLEM_TYPE, Problem, ProblemCode};

/// Why something was not done, and the header that goes with that.
#[derive(Debug)]
pub(crate) struct Failure {
    error: Error,
    header: Option<Box<(HeaderName, HeaderValue)>>,
}

impl<E: Into<Error>> From<E> for Failure {
    fn from(error: E) -> Failure {
        let error = error.into();
        let header = match error.code {
            ProblemCode::TokenInvalid => {
                let challenge = HeaderValue::from_static("Bearer realm=\"tenon-registry\"");
                Some(Box::new((WWW_AUTHENTICATE, challenge)))
            }
            ProblemCode::Timeout => Some(Box::new((CONNECTION, HeaderValue::from_static("close")))),
            _ => None,
        };
        Failure { error, header }
    }
}

impl Failure {
    /// Why it was not done, for who says it in another form.
    pub(crate) fn into_error(self) -> Error {
        self.error
    }

    /// This cannot be done here, but something else can.
    pub(super) fn not_allowed(method: &Method, allowed: &str) -> Failure {
        let detail = format!("`{method}` cannot be done here, but `{allowed}`");
        Failure {
            error: Error::new(ProblemCode::MethodNotAllowed, detail),
            header: Some(Box::new((ALLOW, reply::header(allowed)))),
        }
    }

    /// Nothing of so many bytes is in the range.
    pub(super) fn out_of_range(size: u64) -> Failure {
        let detail = format!("no byte of that range is in the content, which has {size}");
        Failure {
            error: Error::new(ProblemCode::RangeInvalid, detail),
            header: Some(Box::new((
                CONTENT_RANGE,
                reply::header(&format!("bytes */{size}")),
            ))),
        }
    }

    /// The answer that says so.
    pub(super) fn respond(self, app: &App, id: u64) -> Response<Body> {
        let Failure { error, header } = self;
        let id = reply::hex(id);
        if let Some(source) = &error.source {
            // Whoever asked is told the number under which this is found.
            let cause = chain_of(source.as_ref());
            tracing::error!(request = id, code = error.code.as_str(), cause = ?cause, "failed");
        }
        app.metrics().refused(error.code);
        let problem = Problem::new(error.code, error.detail, id);
        let status = StatusCode::from_u16(problem.status);
        // Texts and numbers can always be written.
        let text = serde_json::to_vec(&problem).unwrap_or_default();
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = reply::with_status(status, PROBLEM_TYPE, text.into());
        if let Some(wait) = error.retry_after {
            let seconds = HeaderValue::from(wait.as_secs().saturating_add(1));
            reply::set(&mut response, RETRY_AFTER, seconds);
        }
        if let Some((name, value)) = header.map(|header| *header) {
            reply::set(&mut response, name, value);
        }
        response
    }
}

//! Lists of names that are asked for by pages: so many, behind the last one of the page before.

use super::error::{Code, Failure};
use super::place::{Parameters, escape};
use crate::api::reply;
use http::HeaderValue;

/// Which names of a list are asked for.
#[derive(Clone, Debug)]
pub(super) struct Page {
    /// How many; all of them, if nothing is said.
    pub(super) n: Option<u32>,
    /// The one that they come behind, which need not be there.
    pub(super) after: String,
}

impl Page {
    /// What the parameters `n` and `last` say.
    pub(super) fn of(parameters: &Parameters) -> Result<Page, Failure> {
        let n = match parameters.get("n") {
            None => None,
            Some(text) => Some(text.parse::<u32>().map_err(|_| {
                let message = "`n` is how many names to list: a number of at most 32 bits";
                Failure::new(Code::Unsupported, message)
            })?),
        };
        let after = parameters.get("last").unwrap_or_default().to_owned();
        Ok(Page { n, after })
    }

    /// Leaves what is on the page of these names, which are in order; the `Link` to what comes behind it, if
    /// anything does. `path` is that of the list.
    pub(super) fn cut(&self, names: &mut Vec<String>, path: &str) -> Option<HeaderValue> {
        let n = self.n?;
        let more = names.len() > n as usize;
        names.truncate(n as usize);
        let last = escape(names.last().filter(|_| more)?);
        let link = format!("<{path}?n={n}&last={last}>; rel=\"next\"");
        Some(reply::header(&link))
    }
}

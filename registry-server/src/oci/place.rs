//! What is asked for: paths and queries.

use super::error::{Code, Failure};
use crate::api::query::decode;
use http::{Method, Uri};

/// What a path stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Whether there is a registry.
    Base,
    /// Where tokens are given out.
    Tokens,
    /// The list of repositories.
    Catalog,
    /// Where packages of this registry are looked for.
    WellKnown,
    /// Something of a repository, by the repository's name.
    Repository(String, Part),
}

/// What there is of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// A manifest, by tag or digest.
    Manifest(String),
    /// Content, by its digest.
    Blob(String),
    /// Uploads, to begin one.
    Uploads,
    /// An upload, by its id.
    Upload(String),
    /// All tags.
    Tags,
    /// What refers to a manifest, by that one's digest.
    Referrers(String),
}

/// Where packages of this registry are looked for.
pub(super) const WELL_KNOWN: &str = "/.well-known/wasm-pkg/registry.json";

/// Where tokens are given out.
pub(super) const TOKENS: &str = "/v2/token";

/// The list of repositories, which was in the specification once.
pub(super) const CATALOG: &str = "/v2/_catalog";

impl Place {
    /// What a path stands for; nothing, if it is none of the specification's.
    pub(super) fn of(path: &str) -> Option<Place> {
        match path {
            "/v2" | "/v2/" => return Some(Place::Base),
            TOKENS => return Some(Place::Tokens),
            CATALOG => return Some(Place::Catalog),
            WELL_KNOWN => return Some(Place::WellKnown),
            _ => {}
        }
        let parts: Vec<&str> = path.strip_prefix("/v2/")?.split('/').collect();
        // Words of the specification can be in a name, too: so the last ones count.
        let (name, part) = match parts.as_slice() {
            [name @ .., "blobs", "uploads"] | [name @ .., "blobs", "uploads", ""] => {
                (name, Part::Uploads)
            }
            [name @ .., "blobs", "uploads", id] => (name, Part::Upload(unescape(id)?)),
            [name @ .., "blobs", digest] => (name, Part::Blob(unescape(digest)?)),
            [name @ .., "manifests", reference] => (name, Part::Manifest(unescape(reference)?)),
            [name @ .., "tags", "list"] => (name, Part::Tags),
            [name @ .., "referrers", digest] => (name, Part::Referrers(unescape(digest)?)),
            _ => return None,
        };
        Some(Place::Repository(name.join("/"), part))
    }

    /// What it is called where requests are counted.
    pub(super) fn label(&self) -> &'static str {
        match self {
            Place::Base => "/v2/",
            Place::Tokens => TOKENS,
            Place::Catalog => CATALOG,
            Place::WellKnown => WELL_KNOWN,
            Place::Repository(_, part) => match part {
                Part::Manifest(_) => "/v2/{name}/manifests/{reference}",
                Part::Blob(_) => "/v2/{name}/blobs/{digest}",
                Part::Uploads => "/v2/{name}/blobs/uploads/",
                Part::Upload(_) => "/v2/{name}/blobs/uploads/{id}",
                Part::Tags => "/v2/{name}/tags/list",
                Part::Referrers(_) => "/v2/{name}/referrers/{digest}",
            },
        }
    }

    /// The methods that there are for it.
    pub(super) fn methods(&self) -> &'static str {
        match self {
            Place::Base | Place::Catalog | Place::WellKnown => "GET, HEAD",
            Place::Tokens => "GET, HEAD, POST",
            Place::Repository(_, part) => match part {
                Part::Manifest(_) => "GET, HEAD, PUT, DELETE",
                Part::Blob(_) => "GET, HEAD, DELETE",
                Part::Uploads => "POST",
                Part::Upload(_) => "GET, HEAD, PATCH, PUT, DELETE",
                Part::Tags | Part::Referrers(_) => "GET, HEAD",
            },
        }
    }

    /// Whether a method is one of them.
    pub(super) fn has(&self, method: &Method) -> bool {
        let mut methods = self.methods().split(", ");
        methods.any(|known| known == method.as_str())
    }
}

/// The parameters of a query, of which those that nobody knows are left alone.
#[derive(Debug)]
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Reads those of a URL; what is not encoded as it should be is not there, and
    /// [`must_be_encoded`] refuses it before.
    pub(super) fn of(uri: &Uri) -> Parameters {
        Parameters::read(uri.query().unwrap_or_default())
    }

    /// Reads those of a form.
    pub(super) fn read(text: &str) -> Parameters {
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.filter_map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decode(name).ok()?, decode(value).ok()?))
        });
        Parameters(pairs.collect())
    }

    /// The first value of a parameter.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// All values of a parameter.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let named = move |(known, _): &&(String, String)| known == name;
        self.0.iter().filter(named).map(|(_, value)| value.as_str())
    }
}

/// Refuses a query that is not encoded as it should be: what nobody can read would else be left alone, and
/// whoever sent it would think that it was done.
pub(super) fn must_be_encoded(uri: &Uri) -> Result<(), Failure> {
    let query = uri.query().unwrap_or_default();
    let wrong = query.split('&').find(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        decode(name).is_err() || decode(value).is_err()
    });
    let Some(wrong) = wrong else { return Ok(()) };
    let shown: String = wrong.chars().take(80).collect();
    let message = format!(
        "`{shown}` in the query is not encoded as in a URL: after `%` come two hexadecimal digits, of UTF-8"
    );
    Err(Failure::new(Code::Unsupported, message))
}

/// Undoes what URLs encode, in a path, where `+` is itself.
fn unescape(text: &str) -> Option<String> {
    match text.contains('%') {
        true => decode(&text.replace('+', "%2B")).ok(),
        false => Some(text.to_owned()),
    }
}

/// A value as it is written in the query of a URL.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte) {
            true => escaped.push(char::from(byte)),
            false => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop where it fails")]
mod tests {
    use super::*;

    #[test]
    fn names_may_have_words_of_the_specification_in_them() {
        let place = |path: &str| match Place::of(path) {
            Some(Place::Repository(name, part)) => Some((name, part)),
            _ => None,
        };
        let at = |name: &str, part: Part| Some((name.to_owned(), part));
        assert_eq!(place("/v2/a/tags/list"), at("a", Part::Tags));
        assert_eq!(
            place("/v2/tags/list/tags/list"),
            at("tags/list", Part::Tags)
        );
        assert_eq!(place("/v2/a/blobs/uploads/"), at("a", Part::Uploads));
        assert_eq!(place("/v2/a/blobs/uploads"), at("a", Part::Uploads));
        assert_eq!(
            place("/v2/a/blobs/uploads/x"),
            at("a", Part::Upload("x".to_owned()))
        );
        assert_eq!(
            place("/v2/blobs/uploads/manifests/1%2e0+a"),
            at("blobs/uploads", Part::Manifest("1.0+a".to_owned()))
        );
        assert_eq!(
            place("/v2/a/blobs/sha256%3aa"),
            at("a", Part::Blob("sha256:a".to_owned()))
        );
        for nothing in ["/", "/v1/", "/v2/a", "/v2/a/tags", "/v2/a/manifests/%zz"] {
            assert_eq!(Place::of(nothing), None, "{nothing}");
        }
        assert_eq!(Place::of("/v2/"), Some(Place::Base));
        assert_eq!(Place::of("/v2/token"), Some(Place::Tokens));
    }

    #[test]
    fn parameters_are_read_as_they_are_written() {
        let uri: Uri = "/?a=1&b=x%2By&a=2&c&d=%zz".parse().unwrap();
        let parameters = Parameters::of(&uri);
        assert_eq!(parameters.get("b"), Some("x+y"));
        assert_eq!(parameters.all("a").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!((parameters.get("c"), parameters.get("d")), (Some(""), None));
        assert_eq!(escape("a+b/c d:e"), "a%2Bb%2Fc%20d:e");
        assert!(must_be_encoded(&uri).is_err());
        for (query, is_encoded) in [
            ("", true),
            ("?", true),
            ("?a=%7a&&b", true),
            ("?a=%", false),
            ("?%zz=a", false),
            ("?a=%ff", false),
        ] {
            let uri: Uri = format!("/{query}").parse().unwrap();
            assert_eq!(must_be_encoded(&uri).is_ok(), is_encoded, "{query}");
        }
    }
}

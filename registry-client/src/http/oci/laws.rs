//! What holds of every parser of this room, whatever it is given.
//!
//! Each function reads some bytes, fails if what should hold does not, and says whether they were
//! accepted. The fuzz targets call them, and a test does with the seeds of those and changes of them.

use super::challenge::Challenge;
use super::client::next_page;
use super::{
    AuthFile, Host, Kept, Manifest, Metadata, OciCredential, Pick, Reference, Repository, Tag,
    tag_of, version_of,
};
use crate::name::PackageName;
use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderValue, LINK};
use std::error::Error;
use std::fmt::Display;
use std::str::FromStr;

/// An error's text is short, and nothing in it acts on a terminal.
fn check_error(error: &dyn Error) {
    let text = error.to_string();
    assert!(text.len() < 4096, "{} bytes: {text}", text.len());
    let harmful = |char: char| {
        char.is_control() || matches!(char, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
    };
    assert!(!text.contains(harmful), "{text:?}");
}

fn accepted<T, E: Error + 'static>(result: Result<T, E>) -> Option<T> {
    result.map_err(|error| check_error(&error)).ok()
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

/// What a text is, if anything; then it is read again from how it is written.
fn again<T: FromStr<Err: Error + 'static> + Display + PartialEq + std::fmt::Debug>(
    text: &str,
) -> Option<T> {
    let value: T = accepted(text.parse())?;
    let again: Option<T> = accepted(value.to_string().parse());
    assert_eq!(again.as_ref(), Some(&value));
    Some(value)
}

/// References, and their parts by themselves.
pub fn oci_reference(bytes: &[u8]) -> bool {
    let Some(text) = text(bytes) else {
        return false;
    };
    if let Some(host) = again::<Host>(text) {
        assert!(accepted(host.base()).is_some(), "{host}");
        // Plain http is for this very machine, which nothing else is taken for.
        let is_named = ["localhost", "127.", "[::1]", "[::ffff:7f", "[::ffff:127."];
        let is_here = is_named
            .iter()
            .any(|begin| host.as_str().starts_with(begin));
        assert!(!host.is_loopback() || is_here, "{host}");
    }
    if let Some(repository) = again::<Repository>(text) {
        assert_eq!(repository.as_str(), text);
        assert!(!text.contains("..") && text.len() <= 255);
    }
    if let Some(tag) = again::<Tag>(text) {
        assert_eq!(tag.as_str(), text);
        if let Some(version) = version_of(&tag) {
            assert_eq!(tag_of(&version), Some(tag));
        }
    }
    let Some(reference) = again::<Reference>(text) else {
        return false;
    };
    if let Pick::Tag(tag) = &reference.pick {
        assert!(tag.as_str().len() <= 128);
    }
    true
}

/// What a registry asks for: read to its end, and nothing in it that was not there.
pub fn oci_challenge(bytes: &[u8]) -> bool {
    let Some(text) = text(bytes) else {
        return false;
    };
    let found = Challenge::parse(text);
    assert!(found.len() <= text.len());
    for challenge in &found {
        if let Challenge::Bearer {
            realm,
            service,
            scope,
        } = challenge
        {
            for said in [Some(realm), service.as_ref(), scope.as_ref()] {
                assert!(said.is_none_or(|said| said.len() <= text.len()));
            }
            let _ = Url::parse(realm);
        }
    }
    !found.is_empty()
}

/// Where the next page is.
pub fn oci_link(bytes: &[u8]) -> bool {
    let from: Result<Url, _> = "https://registry.example/v2/a/b/tags/list?n=10".parse();
    let (Ok(from), Ok(value)) = (from, HeaderValue::from_bytes(bytes)) else {
        return false;
    };
    let mut headers = HeaderMap::new();
    headers.insert(LINK, value);
    next_page(&headers, &from).is_some()
}

/// Manifests: what is read is read again from how it is written.
pub fn oci_manifest(bytes: &[u8]) -> bool {
    let Some(manifest) = accepted(Manifest::parse(bytes)) else {
        return false;
    };
    let read = accepted(Manifest::parse(&manifest.bytes()));
    assert_eq!(read.as_ref(), Some(&manifest));
    if let Some(layer) = accepted(manifest.component()) {
        assert_eq!(manifest.layers.first(), Some(layer));
    }
    true
}

/// Files of credentials, of which nothing is in an error.
pub fn oci_auth_file(bytes: &[u8]) -> bool {
    let Some(file) = accepted(AuthFile::parse(bytes)) else {
        return false;
    };
    let mut found = false;
    for (host, repository) in [
        ("a.example", "ns/name"),
        ("docker.io", "library/x"),
        ("localhost:5000", "x"),
    ] {
        let (Ok(host), Ok(repository)) = (host.parse(), repository.parse()) else {
            continue;
        };
        match accepted(file.find(&host, &repository)).flatten() {
            Some(Kept::Here(OciCredential::Basic { user, .. })) => {
                assert!(!user.contains(':') || text(bytes).is_some());
                found = true;
            }
            Some(_) => found = true,
            None => {}
        }
    }
    found
}

/// What a registry says of where packages are.
pub fn oci_metadata(bytes: &[u8]) -> bool {
    let Ok(metadata) = serde_json::from_slice::<Metadata>(bytes) else {
        return false;
    };
    let package: Option<PackageName> = "acme:http".parse().ok();
    if let Some(repository) = package.and_then(|it| accepted(metadata.repository(&it))) {
        let wanted = format!("{}acme/http", metadata.namespace_prefix());
        assert_eq!(repository.as_str(), wanted);
    }
    if let Some(registry) = metadata.registry() {
        let _ = again::<Host>(registry);
    }
    true
}

#[cfg(test)]
#[path = "../../../tests/parsers/law.rs"]
#[expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may stop where it fails"
)]
mod law;

#[cfg(test)]
mod tests {
    macro_rules! parsers {
        ($($target:ident)*) => {$(
            #[test]
            fn $target() {
                super::law::check(env!("CARGO_MANIFEST_DIR"), stringify!($target), super::$target);
            }
        )*};
    }

    parsers! { oci_auth_file oci_challenge oci_link oci_manifest oci_metadata oci_reference }
}

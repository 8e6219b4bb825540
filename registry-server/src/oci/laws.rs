//! What holds of every parser of this room, whatever it is given.
//!
//! Each function reads some bytes, fails if what should hold does not, and says whether they were
//! accepted. The fuzz targets call them, and a test does with the seeds of those and changes of them.

use super::digest::Digest;
use super::document::Document;
use super::name::{Name, Owner};
use super::place::{Parameters, Part, Place, escape};
use super::reference::{Reference, Tag};
use super::{auth, blob, push};
use crate::api::range::Wanted;
use http::header::RANGE;
use http::{HeaderMap, HeaderValue, Method};

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

/// Names of repositories: what they are is what they say, and whose follows from it.
pub fn oci_name(bytes: &[u8]) -> bool {
    let Some(name) = text(bytes).and_then(|text| text.parse::<Name>().ok()) else {
        return false;
    };
    assert_eq!(name.as_str().as_bytes(), bytes);
    assert!(bytes.len() <= 255 && !name.as_str().contains(".."));
    assert!(name.as_str().ends_with(name.within()));
    assert!(HeaderValue::try_from(name.as_str()).is_ok());
    if let Some(package) = name.package() {
        let within = format!("{}/{}", package.namespace(), package.name());
        assert_eq!(within, name.within());
        assert_eq!(name.owner(), Owner::Package(package));
    }
    true
}

/// Tags and digests, and the versions that tags stand for.
pub fn oci_reference(bytes: &[u8]) -> bool {
    let Some(reference) = text(bytes).and_then(|text| text.parse::<Reference>().ok()) else {
        return false;
    };
    let again = reference.to_string();
    assert_eq!(again.parse(), Ok(reference.clone()));
    assert!(HeaderValue::try_from(&again).is_ok());
    match reference {
        Reference::Tag(tag) => {
            assert!((1..=128).contains(&tag.as_str().len()));
            if let Some(version) = tag.version() {
                assert_eq!(Tag::of(&version.to_string()), Some(tag));
            }
        }
        Reference::Digest(_) => assert!(oci_digest(bytes)),
    }
    true
}

/// Digests have one spelling.
pub fn oci_digest(bytes: &[u8]) -> bool {
    let Some(digest) = text(bytes).and_then(|text| text.parse::<Digest>().ok()) else {
        return false;
    };
    assert_eq!(digest.to_string().as_bytes(), bytes);
    assert_eq!(
        digest == digest.same_of(b""),
        super::is_of(&digest.to_string(), b"")
    );
    true
}

/// `Range` and `Content-Range`: what is sent is within what there is. The first byte is its size.
pub fn oci_range(bytes: &[u8]) -> bool {
    let Some((size, header)) = bytes.split_first() else {
        return false;
    };
    let size = u64::from(*size);
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_bytes(header) {
        headers.insert(RANGE, value);
    }
    let wanted = blob::wanted(&headers, size);
    if let Wanted::Part(from, to) = wanted {
        assert!(from <= to && to < size);
    }
    let sent = text(header).and_then(push::bytes_of);
    if let Some((from, to)) = sent {
        assert!(from <= to && to.checked_add(1).is_some());
    }
    sent.is_some() || matches!(wanted, Wanted::Part(..))
}

/// Manifests: what counts of them is bounded, and can be listed.
pub fn oci_document(bytes: &[u8]) -> bool {
    for said in [
        Some(super::document::IMAGE),
        Some("application/x; a=b"),
        Some(""),
    ] {
        // The type that comes with it is believed only if it is the one within.
        let _ = Document::read(bytes, said);
    }
    let Ok(document) = Document::read(bytes, None) else {
        return false;
    };
    assert!(HeaderValue::try_from(&document.media_type).is_ok());
    let media_type = document.media_type.to_ascii_lowercase();
    assert!(media_type.starts_with("application/"));
    let parts = document.parts();
    assert!(parts.len() <= 4_097);
    for (at, part) in parts.iter().enumerate() {
        assert!(!parts.iter().skip(at + 1).any(|other| other == part));
    }
    let listed = document.referrer(&Digest::of(bytes), bytes.len());
    let listed: Result<serde_json::Value, _> = serde_json::from_str(&listed);
    let listed = listed.unwrap_or_default();
    let named = listed.get("mediaType").and_then(serde_json::Value::as_str);
    assert_eq!(named, Some(document.media_type.as_str()));
    true
}

/// Paths and queries: what is in a path is of one repository, and what is written is read again.
pub fn oci_path(bytes: &[u8]) -> bool {
    let Some(text) = text(bytes) else {
        return false;
    };
    let parameters = Parameters::read(text);
    for name in ["n", "last", "digest", "tag", "artifactType"] {
        for value in parameters.all(name) {
            let again = format!("{name}={}", escape(value));
            assert_eq!(Parameters::read(&again).get(name), Some(value));
            assert!(again.bytes().all(|byte| byte.is_ascii_graphic()));
        }
    }
    let Some(place) = Place::of(text) else {
        return false;
    };
    assert!(!place.methods().is_empty() && place.label().starts_with('/'));
    assert!(!place.has(&Method::TRACE));
    if let Place::Repository(name, part) = place {
        assert!(text.contains(&name));
        if let Part::Upload(id) = part {
            let _ = id.parse::<super::upload::UploadId>();
        }
    }
    true
}

/// `user:password`, encoded.
pub fn oci_basic(bytes: &[u8]) -> bool {
    let password = text(bytes).and_then(auth::password);
    if let Some(password) = &password {
        assert!(password.len() < bytes.len());
    }
    password.is_some()
}

#[cfg(test)]
#[path = "../../../registry-client/tests/parsers/law.rs"]
#[expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may stop where it fails"
)]
mod law;

#[cfg(test)]
mod tests {
    use std::path::Path;

    macro_rules! parsers {
        ($($target:ident)*) => {
            $(
                #[test]
                fn $target() {
                    super::law::check(env!("CARGO_MANIFEST_DIR"), stringify!($target), super::$target);
                }
            )*

            #[test]
            fn every_law_has_seeds_and_a_fuzz_target() {
                let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
                let mut names: Vec<_> = std::fs::read_dir(fuzz.join("fuzz_targets"))
                    .unwrap()
                    .map(|entry| entry.unwrap().path().file_stem().unwrap().to_owned())
                    .collect();
                names.sort();
                assert_eq!(names, [$(stringify!($target)),*]);
            }
        };
    }

    parsers! { oci_basic oci_digest oci_document oci_name oci_path oci_range oci_reference }
}

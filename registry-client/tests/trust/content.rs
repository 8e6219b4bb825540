//! The bytes of a release, and which releases are proved.

use super::http;
use crate::support::*;
use tenon_registry_client::Digest;
use tenon_registry_client::chain::Release;
use tenon_registry_client::verify::{Request, Verified, VerifyError};

fn release_of(registry: &Registry) -> (Verified<Release>, Vec<u8>) {
    let view = Client::new(registry).ask(registry, &http()).unwrap();
    let release = view.release(&version("1.0.0")).unwrap();
    (release, bytes_of(&package("acme:http"), &version("1.0.0")))
}

#[test]
fn content_is_the_bytes_of_the_record_and_no_others() {
    let (release, bytes) = release_of(&small());
    let size = bytes.len() as u64;
    // In whatever pieces they come.
    for piece in [1, 7, bytes.len()] {
        let mut check = release.check();
        assert_eq!(check.remaining(), size);
        for part in bytes.chunks(piece) {
            check.update(part).unwrap();
        }
        assert_eq!(check.remaining(), 0);
        assert_eq!(check.finish().unwrap().digest, Digest::of(&bytes));
    }
    // More than there should be is refused before it is taken, however much it is.
    let mut check = release.check();
    check.update(&bytes).unwrap();
    assert_eq!(
        check.update(b"x"),
        Err(VerifyError::ContentTooLong { size })
    );
    let mut check = release.check();
    let endless = vec![0; bytes.len() + 1];
    assert_eq!(
        check.update(&endless),
        Err(VerifyError::ContentTooLong { size })
    );
    // Less, nothing at all, and others.
    let mut check = release.check();
    check.update(&bytes[1..]).unwrap();
    let found = size - 1;
    assert_eq!(
        check.finish(),
        Err(VerifyError::ContentTooShort { size, found })
    );
    let found = 0;
    assert_eq!(
        release.check().finish(),
        Err(VerifyError::ContentTooShort { size, found })
    );
    for at in 0..bytes.len() {
        let mut other = bytes.clone();
        other[at] ^= 1;
        let mut check = release.check();
        check.update(&other).unwrap();
        let (wanted, found) = (Digest::of(&bytes), Digest::of(&other));
        assert_eq!(
            check.finish(),
            Err(VerifyError::ContentDiffers { wanted, found })
        );
    }
}

#[test]
fn a_release_that_was_not_asked_for_is_not_proved() {
    let mut registry = small();
    registry.release("acme:http", "1.0.1", &key("acme/alice"));
    registry.seal();
    let view = Client::new(&registry)
        .ask(&registry, &asking("acme:http", &["1.0.1"]))
        .unwrap();
    view.release(&version("1.0.1")).unwrap();
    let error = view.release(&version("1.0.0")).unwrap_err();
    assert!(matches!(error, VerifyError::EvidenceMissing(_)));
    // What the record says is the version: neither another spelling nor a twin is.
    for other in ["1.0.2", "1.0.1+x", "1.0.1-rc.1"] {
        let error = view.release(&version(other)).unwrap_err();
        assert!(
            matches!(error, VerifyError::NoSuchRelease { void: false, .. }),
            "{other}"
        );
    }
    let view = Client::new(&registry)
        .ask(&registry, &Request::Registry)
        .unwrap();
    let error = view.release(&version("1.0.1")).unwrap_err();
    assert!(matches!(error, VerifyError::EvidenceMissing(_)));
}

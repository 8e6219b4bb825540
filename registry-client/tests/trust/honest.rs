//! What an honest registry says is believed.

use crate::support::*;
use tenon_registry_client::chain::Availability;
use tenon_registry_client::verify::{Freshness, Request, VerifyError};

#[test]
fn a_release_is_verified() {
    let registry = small();
    assert_eq!(registry.monitor().findings(), []);
    let mut client = Client::new(&registry);
    let request = asking("acme:http", &["1.0.0"]);
    let view = client.ask(&registry, &request).unwrap();
    let release = view.release(&version("1.0.0")).unwrap();
    assert_eq!(release.availability, Availability::Available);
    assert!(matches!(view.freshness(), Freshness::RegistrysWord(_)));
    let mut check = release.check();
    check
        .update(&bytes_of(&package("acme:http"), &version("1.0.0")))
        .unwrap();
    check.finish().unwrap();
    let again = client.ask(&registry, &request).unwrap();
    assert_eq!(again.package(), view.package());
    println!(
        "{} bytes",
        registry.bundle(&request, &client.known()).encode().len()
    );
}

#[test]
fn what_is_not_there_is_proved_not_to_be() {
    let registry = small();
    let mut client = Client::new(&registry);
    let view = client
        .ask(&registry, &asking("acme:ftp", &["1.0.0"]))
        .unwrap();
    assert!(view.package().is_none() && view.namespace().is_some());
    let error = view.release(&version("1.0.0")).unwrap_err();
    assert_eq!(error, VerifyError::NoSuchPackage(package("acme:ftp")));
    let view = client.ask(&registry, &asking("evil:ftp", &[])).unwrap();
    assert!(view.namespace().is_none());
    client.ask(&registry, &Request::Registry).unwrap();
}

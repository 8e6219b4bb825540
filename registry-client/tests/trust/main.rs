//! What a client believes of a registry, and what it does not.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may stop where it fails"
)]

#[path = "../support/mod.rs"]
mod support;

mod cells;
mod content;
mod evidence;
mod findings;
mod fresh;
mod honest;
mod operator;
mod rights;
mod room;
mod times;
mod votes;

mod cache;
mod lock;
mod memory;
mod races;

mod costs;
mod witness;

use support::*;
use tenon_registry_client::chain::ChainErrorKind;
use tenon_registry_client::monitor::FindingKind;
use tenon_registry_client::verify::{Request, VerifyError};

fn http() -> Request {
    asking("acme:http", &["1.0.0"])
}

fn chain_kind(error: &VerifyError) -> &ChainErrorKind {
    match error {
        VerifyError::Chain(error) => &error.kind,
        other => panic!("not a chain's error: {other:?}"),
    }
}

/// Everybody refuses the last record of a package.
fn assert_refused(registry: &Registry, request: &Request, wanted: fn(&ChainErrorKind) -> bool) {
    let bundle = registry.bundle_with_places(request);
    let error = Client::new(registry).look(&bundle, request).unwrap_err();
    assert!(wanted(chain_kind(&error)), "{error:?}");
    let monitor = registry.monitor();
    let mut kinds = monitor.findings().iter().map(|finding| &finding.kind);
    let found = kinds.any(|kind| matches!(kind, FindingKind::Chain(error) if wanted(&error.kind)));
    assert!(found, "{:?}", monitor.findings());
}

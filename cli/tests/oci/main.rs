//! Registries that speak OCI and have no log, from the outside: the real program, and registries that listen on this
//! machine.

#![cfg(unix)]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may stop where it fails"
)]

#[path = "../../../registry-client/tests/oci_registry/mod.rs"]
mod oci_registry;
#[path = "../../../registry-client/tests/support/mod.rs"]
mod support;

#[path = "../support/place.rs"]
mod place;
#[path = "../support/server.rs"]
mod server;
#[path = "../support/shop.rs"]
mod shop;

mod access;
mod downgrade;
mod looking;
mod mapped;
mod places;
mod projects;
mod publish;
mod tags;

use oci_registry::OciRegistry;
use place::Place;
use shop::Shop;
use std::fs;

/// A folder in which a registry with a log is known, and its namespace `acme` comes from there by default.
fn place() -> Place {
    Place::new()
}

/// A shop that asks for `other:log ^1`, where `other` is in a registry without a log, as the user's configuration says.
fn shop(registry: &OciRegistry) -> Shop {
    let shop = Shop::new(place());
    shop.write(
        "tenon.toml",
        "[package]\nname = \"acme:shop\"\n\n[dependencies]\n\"other:log\" = \"^1\"\n",
    );
    map(
        &shop.place,
        &format!("other = \"oci://{}\"", registry.host()),
    );
    shop
}

/// Has the user's configuration map namespaces, in place of those that it mapped.
fn map(place: &Place, lines: &str) {
    let path = place.at("config/config.toml");
    let config = fs::read_to_string(&path).unwrap();
    let config = config.split("\n[namespaces]").next().unwrap();
    fs::write(&path, format!("{config}\n[namespaces]\n{lines}\n")).unwrap();
}

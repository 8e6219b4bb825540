//! What a log proves is never taken from where none does, whoever says so: a lock file, a project, or a flag.

use crate::oci_registry::OciRegistry;
use crate::shop::{Shop, component, http};
use crate::{map, place};
use tenon_registry_client::Digest;

/// A shop that is locked from the registry with a log, and an OCI registry that has a package of the same name.
fn locked() -> (OciRegistry, Shop) {
    let registry = OciRegistry::start();
    registry.has("acme/http", "1.0.0", &component("evil", &[], &["http"]));
    let shop = Shop::new(place());
    shop.place.server.world().publish_http("1.0.0");
    map(&shop.place, "acme = \"local\"");
    shop.ok(&["lock"]);
    (registry, shop)
}

/// The lock file of the shop, as if no log had `acme:http`.
fn forged(registry: &OciRegistry, bytes: &[u8]) -> String {
    format!(
        "version = 1\n\n[[package]]\nname = \"acme:http\"\nversion = \"1.0.0\"\nunverified = \"oci://{}/acme/http\"\nkind = \"component\"\nsize = {}\ndigest = \"{}\"\n",
        registry.host(),
        bytes.len(),
        Digest::of(bytes)
    )
}

/// Every command that uses what is locked.
const USES: [&[&str]; 7] = [
    &["fetch"],
    &["build"],
    &["lock"],
    &["--locked", "fetch"],
    &["--locked", "get", "acme:http", "-o", "got.wasm"],
    &["--frozen", "build"],
    &["update"],
];

#[test]
fn a_lock_file_does_not_take_a_log_away() {
    let (registry, shop) = locked();
    // Content of someone else, and the very content that the log has.
    for bytes in [component("evil", &[], &["http"]), http("1.0.0")] {
        registry.has("acme/http", "1.0.0", &bytes);
        shop.write("tenon.lock", forged(&registry, &bytes));
        for words in USES {
            let said = shop.fails(2, "project::moved", words);
            assert!(said.err.contains("without a log"), "{}", said.err);
        }
    }
    // The registry that the lock file names was not even asked.
    assert!(registry.asked("").is_empty());
    // By default is as good as by a mapping.
    map(&shop.place, "");
    shop.fails(2, "project::moved", &["fetch"]);
    assert!(registry.asked("").is_empty());
}

#[test]
fn what_is_locked_from_a_log_comes_from_nowhere_else() {
    let (registry, shop) = locked();
    map(
        &shop.place,
        &format!("acme = \"oci://{}\"", registry.host()),
    );
    for words in USES {
        if *words == ["lock"] {
            continue;
        }
        let said = shop.fails(2, "project::moved", words);
        assert!(said.err.contains("which has no log"), "{}", said.err);
    }
    shop.fails(2, "project::moved", &["lock"]);
    assert!(registry.asked("").is_empty());
}

#[test]
fn a_project_does_not_take_a_log_away_from_its_user() {
    let (registry, shop) = locked();
    let manifest = shop.read("tenon.toml");
    shop.write(
        "tenon.toml",
        format!(
            "{manifest}\n[namespaces]\nacme = \"oci://{}\"\n",
            registry.host()
        ),
    );
    std::fs::remove_file(shop.at("tenon.lock")).unwrap();
    for words in [
        &["lock"][..],
        &["build"],
        &["get", "acme:http"],
        &["fetch", "acme:http"],
        &["registry", "which", "acme"],
    ] {
        let said = shop.fails(2, "oci::downgrade", words);
        assert!(
            said.err.contains("`local`, whose log proves what it has"),
            "{}",
            said.err
        );
    }
    assert!(registry.asked("").is_empty());
    // Where the user says nothing, it is for the project to say, and nothing of it is called verified.
    map(&shop.place, "");
    let said = shop.ok(&["lock"]);
    assert!(said.err.contains("is locked unverified"), "{}", said.err);
    // Then no flag makes something else of it.
    shop.fails(
        2,
        "registry::mapped",
        &["--registry", "local", "get", "acme:http"],
    );
    // What the user maps elsewhere without a log is no downgrade.
    map(&shop.place, "acme = \"oci://other.example\"");
    shop.ok(&["fetch"]);
}

#[test]
fn what_is_about_a_log_is_not_made_up() {
    let (registry, shop) = locked();
    map(
        &shop.place,
        &format!("acme = \"oci://{}\"", registry.host()),
    );
    std::fs::remove_file(shop.at("tenon.lock")).unwrap();
    shop.fails(2, "oci::no-log", &["verify", "acme:http"]);
    assert!(registry.asked("").is_empty());
    let asked = shop.asks(|shop| {
        let said = shop.ok(&["info", "acme:http"]);
        assert!(said.err.contains("which has no log"), "{}", said.err);
    });
    assert_eq!(asked, [""; 0]);
}

#[test]
fn another_place_is_another_package() {
    let (registry, shop) = locked();
    let other = OciRegistry::start();
    map(
        &shop.place,
        &format!("acme = \"oci://{}\"", registry.host()),
    );
    let bytes = component("evil", &[], &["http"]);
    shop.write("tenon.lock", forged(&other, &bytes));
    let said = shop.fails(2, "project::moved", &["fetch"]);
    assert!(said.err.contains(&registry.host()), "{}", said.err);
    // Heads and a place do not go together.
    let (_, logged) = locked();
    let both = logged.read("tenon.lock").replace(
        "registry = ",
        &format!(
            "unverified = \"oci://{}/acme/http\"\nregistry = ",
            other.host()
        ),
    );
    shop.write("tenon.lock", both);
    shop.fails(1, "project::lock-file", &["fetch"]);
    assert!(registry.asked("").is_empty() && other.asked("").is_empty());
}

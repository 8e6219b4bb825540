//! Bundles that are believed, each with the client that believes it.

use crate::support::*;
use crate::world::{rules, witnessed};
use tenon_registry_client::record::{Grant, Permission};
use tenon_registry_client::verify::{
    Bundle, Held, Known, Request, Verified, VerifyError, View, verify,
};

/// A bundle, and whom it is for.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) registry: Registry,
    pub(crate) client: Client,
    pub(crate) request: Request,
    pub(crate) held: Held,
    pub(crate) bundle: Bundle,
}

impl Case {
    fn new(name: &'static str, registry: &Registry, request: Request) -> Case {
        let mut client = Client::new(registry);
        client.rules = rules(registry);
        client.now = registry.clock;
        let held = Held::default();
        Case::of(name, registry, client, request, held)
    }

    fn of(
        name: &'static str,
        registry: &Registry,
        client: Client,
        request: Request,
        held: Held,
    ) -> Case {
        let known = Known::of(client.known().size, &held);
        Case {
            name,
            bundle: registry.bundle(&request, &known),
            registry: registry.clone(),
            client,
            request,
            held,
        }
    }

    pub(crate) fn known(&self) -> Known {
        Known::of(self.client.known().size, &self.held)
    }

    pub(crate) fn verify(&self, bundle: &[u8]) -> Result<Verified<View>, VerifyError> {
        verify(bundle, &self.request, &self.held, &self.client.trust())
    }

    /// The request for another package of the same registry, with the same history.
    pub(crate) fn sibling(&self) -> Request {
        match &self.request {
            Request::Package { releases, .. } => Request::Package {
                package: package("acme:smtp"),
                releases: releases.clone(),
            },
            other => other.clone(),
        }
    }
}

/// The cases, for a registry of this origin.
pub(crate) fn cases(origin: &str) -> Vec<Case> {
    vec![
        first_contact(origin),
        with_state(origin),
        revoked(origin),
        expiring(origin),
        absent(origin),
    ]
}

const PACKAGES: [&str; 2] = ["acme:http", "acme:smtp"];

/// Two packages, of which `acme/alice` released a version each.
fn begin(origin: &str, grant: Grant) -> Registry {
    let mut registry = witnessed(origin);
    let (owner, alice) = (key("acme/owner"), key("acme/alice"));
    registry.create("acme", &owner);
    registry.grant("acme", &alice, grant, &owner);
    for name in PACKAGES {
        registry.release(name, "1.0.0", &alice);
    }
    registry.seal();
    registry
}

fn first_contact(origin: &str) -> Case {
    let mut registry = begin(origin, grant(&[Permission::Release]));
    for name in PACKAGES {
        registry.release(name, "1.1.0", &key("acme/alice"));
    }
    registry.seal();
    Case::new("first contact", &registry, asking(PACKAGES[0], &["1.0.0"]))
}

fn with_state(origin: &str) -> Case {
    let mut registry = begin(origin, grant(&[Permission::Release]));
    let mut client = Client::new(&registry);
    client.rules = rules(&registry);
    let request = asking(PACKAGES[0], &["1.0.0"]);
    let held = client.ask(&registry, &request).unwrap().held().clone();
    for name in PACKAGES {
        registry.release(name, "1.1.0", &key("acme/alice"));
        registry.release(name, "1.2.0", &key("acme/alice"));
    }
    registry.seal();
    let request = asking(PACKAGES[0], &["1.0.0", "1.1.0"]);
    Case::of("with state", &registry, client, request, held)
}

/// A key is revoked, and the last of its two releases is void; nothing of the client's is known to
/// the log, but it holds two of the chains.
fn revoked(origin: &str) -> Case {
    let mut registry = begin(origin, grant(&[Permission::Release]));
    let (owner, mallory) = (key("acme/owner"), key("acme/mallory"));
    registry.grant("acme", &mallory, grant(&[Permission::Release]), &owner);
    for name in PACKAGES {
        registry.release(name, "1.1.0", &mallory);
    }
    registry.seal();
    let from = registry.size();
    for name in PACKAGES {
        registry.release(name, "1.2.0", &mallory);
    }
    registry.revoke("acme", &mallory, Some(from), &owner);
    for name in PACKAGES {
        registry.release(name, "1.3.0", &key("acme/alice"));
    }
    registry.seal();
    let mut case = Case::new(
        "revoked",
        &registry,
        asking(PACKAGES[0], &["1.0.0", "1.2.0"]),
    );
    let view = case.verify(&case.bundle.encode()).unwrap();
    assert_eq!(view.package().unwrap().void(), [2]);
    case.held = Held {
        package: vec![],
        ..view.held().clone()
    };
    Case::of(case.name, &registry, case.client, case.request, case.held)
}

/// A grant expired since; an earlier index record shows that the release was logged before.
fn expiring(origin: &str) -> Case {
    let expires = Some(time(START + 1_000));
    let mut registry = begin(
        origin,
        Grant {
            expires,
            ..grant(&[Permission::Release])
        },
    );
    let (owner, bob) = (key("acme/owner"), key("acme/bob"));
    registry.clock += 2_000;
    registry.grant("acme", &bob, grant(&[Permission::Release]), &owner);
    for name in PACKAGES {
        registry.release(name, "1.1.0", &bob);
    }
    registry.seal();
    let mut case = Case::new("expiring", &registry, asking(PACKAGES[0], &["1.1.0"]));
    let view = case.verify(&case.bundle.encode()).unwrap();
    case.held = Held {
        package: vec![],
        ..view.held().clone()
    };
    Case::of(case.name, &registry, case.client, case.request, case.held)
}

fn absent(origin: &str) -> Case {
    let registry = begin(origin, grant(&[Permission::Release]));
    let mut case = Case::new("absent", &registry, asking("acme:ftp", &["1.0.0"]));
    let view = case.verify(&case.bundle.encode()).unwrap();
    case.held = Held {
        registry: view.held().registry.clone(),
        ..Held::default()
    };
    Case::of(case.name, &registry, case.client, case.request, case.held)
}

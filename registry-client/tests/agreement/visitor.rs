//! A light client, and whether what it comes to is what the monitor comes to.

use crate::support::*;
use crate::world::World;
use std::collections::BTreeMap;
use tenon_registry_client::chain::{Availability, Package};
use tenon_registry_client::log::Vkey;
use tenon_registry_client::name::{Namespace, PackageName};
use tenon_registry_client::record::{Role, Subject};
use tenon_registry_client::state::TrustState;
use tenon_registry_client::verify::{
    Bundle, Held, Known, Request, Rules, Trust, Verified, VerifyError, View, verify,
};

/// What a client remembers between visits: its trust state, and the records that it keeps.
#[derive(Clone, Default)]
pub(crate) struct Visitor {
    pub(crate) state: Option<TrustState>,
    registry: Held,
    namespaces: BTreeMap<Namespace, Held>,
    packages: BTreeMap<PackageName, Held>,
}

impl Visitor {
    /// Asks, believes, compares, and remembers some of it.
    pub(crate) fn visit(&mut self, world: &mut World, request: &Request) -> Bundle {
        let size = world.registry.size();
        let known = |state: &Option<TrustState>| -> Vec<Vkey> {
            let keys = state.as_ref().map(|state| state.log_keys().to_vec());
            keys.unwrap_or_else(|| vec![world.pin.key().clone()])
        };
        let signs = |keys: &[Vkey]| {
            world
                .registry
                .log
                .iter()
                .any(|key| keys.contains(key.vkey()))
        };
        if !signs(&known(&self.state)) {
            for stone in &world.stones {
                let seen = self
                    .state
                    .as_ref()
                    .map_or(0, |state| state.checkpoint().size);
                if *stone > seen {
                    self.step(world, *stone, &Request::Registry, &Held::default(), None)
                        .expect("the last checkpoint of an old key");
                }
            }
        }
        let held = self.held(request);
        let max_age = world.active(Role::Time).first().map(|_| 86_400);
        let (bundle, view) = self
            .step(world, size, request, &held, max_age)
            .unwrap_or_else(|error| panic!("{request:?}: {error:?}"));
        compare(world, request, &view);
        if world.dice.percent(60) {
            self.keep(request, view.held());
        }
        bundle
    }

    fn step(
        &mut self,
        world: &World,
        size: u64,
        request: &Request,
        held: &Held,
        max_age: Option<u64>,
    ) -> Result<(Bundle, Verified<View>), VerifyError> {
        let seen = self
            .state
            .as_ref()
            .map_or(0, |state| state.checkpoint().size);
        let known = Known::of(seen, held);
        let bundle = world.registry.bundle_at(size, request, &known);
        let rules = Rules {
            max_age,
            ..Rules::default()
        };
        let (_, now) = world.registry.index_times.last().unwrap();
        let trust = Trust {
            pin: &world.pin,
            state: self.state.as_ref(),
            locked: &BTreeMap::new(),
            rules: &rules,
            now,
        };
        let view = verify(&bundle.encode(), request, held, &trust)?;
        self.state = Some(view.advance(self.state.as_ref()).unwrap());
        Ok((bundle, view))
    }

    /// What it has of the chains that are asked for.
    fn held(&self, request: &Request) -> Held {
        let mut held = self.registry.clone();
        let package = match request {
            Request::Package { package, .. } => Some(package),
            _ => None,
        };
        let namespace = match request {
            Request::Namespace(namespace) => Some(namespace),
            _ => package.map(|package| package.namespace()),
        };
        if let Some(of) = namespace.and_then(|name| self.namespaces.get(name)) {
            held.namespace = of.namespace.clone();
        }
        if let Some(of) = package.and_then(|name| self.packages.get(name)) {
            held.package = of.package.clone();
        }
        held
    }

    fn keep(&mut self, request: &Request, held: &Held) {
        self.registry.registry = held.registry.clone();
        if let Request::Namespace(name) = request {
            self.namespaces.insert(name.clone(), held.clone());
        }
        if let Request::Package { package, .. } = request {
            let namespace = package.namespace().clone();
            self.namespaces.insert(namespace, held.clone());
            self.packages.insert(package.clone(), held.clone());
        }
    }

    /// Forgets its records, or what it trusts.
    pub(crate) fn forget(&mut self, records: bool) {
        match records {
            true => {
                let state = self.state.take();
                *self = Visitor {
                    state,
                    ..Visitor::default()
                };
            }
            false => self.state = None,
        }
    }
}

/// The view is what the monitor has.
fn compare(world: &World, request: &Request, view: &Verified<View>) {
    let monitor = &world.monitor;
    assert_eq!(view.registry(), monitor.registry());
    let head = |subject: &Subject| monitor.map().get(&subject.map_key());
    for (subject, found) in view.heads() {
        assert_eq!(head(subject), Some(found), "{subject}");
    }
    let (namespace, package) = match request {
        Request::Registry => return assert_eq!(view.heads().len(), 1),
        Request::Namespace(namespace) => (namespace, None),
        Request::Package { package, releases } => (package.namespace(), Some((package, releases))),
    };
    assert_eq!(view.namespace(), monitor.namespace(namespace));
    let Some((name, versions)) = package else {
        return assert!(view.package().is_none());
    };
    let wanted: Option<Package> = monitor.package(name).map(|judged| judged.unwrap());
    assert_eq!(view.package(), wanted.as_ref());
    let heads = [
        Subject::Namespace(namespace.clone()),
        Subject::Package(name.clone()),
    ];
    for subject in heads {
        assert_eq!(view.heads().get(&subject), head(&subject), "{subject}");
    }
    for version in versions {
        let release = wanted
            .as_ref()
            .and_then(|package| package.releases().get(version));
        let found = view.release(version);
        match (release.map(|release| release.availability), found) {
            (Some(Availability::TakenDown(_)), Err(VerifyError::TakenDown { .. })) => {}
            (Some(Availability::Available | Availability::Yanked(_)), Ok(found)) => {
                assert_eq!(Some(&*found), release);
                let points = monitor.points(&Subject::Package(name.clone())).unwrap();
                assert_eq!(view.index_of(&found), Some(points[found.seq as usize].1));
            }
            (None, Err(VerifyError::NoSuchPackage(_))) => assert!(wanted.is_none()),
            (None, Err(VerifyError::NoSuchRelease { void, .. })) => {
                let seq = monitor.package_chain(name).unwrap().released_by(version);
                let voided = seq.is_some_and(|seq| wanted.as_ref().unwrap().void().contains(&seq));
                assert_eq!(void, voided);
            }
            (wanted, found) => panic!("{name} {version}: {wanted:?}, {found:?}"),
        }
    }
}

/// A request by chance.
pub(crate) fn any_request(world: &mut World) -> Request {
    let namespaces = ["acme", "evil", "kept", "nobody"];
    let absent = ["acme:none", "nobody:http"];
    match world.dice.below(20) {
        0 => Request::Registry,
        1 => Request::Namespace(namespace(world.dice.pick::<&str>(&namespaces))),
        2 => asking(world.dice.pick::<&str>(&absent), &["1.0.0"]),
        _ => {
            let name = *world.dice.pick(&crate::world::PACKAGES);
            some_releases(world, name)
        }
    }
}

/// A request for some versions of a package, of which some are not there.
pub(crate) fn some_releases(world: &mut World, name: &str) -> Request {
    let count = world.dice.below(4);
    let versions: Vec<String> = (0..count)
        .map(|_| format!("1.{}.0", world.dice.below(40)))
        .collect();
    let versions: Vec<&str> = versions.iter().map(String::as_str).collect();
    asking(name, &versions)
}

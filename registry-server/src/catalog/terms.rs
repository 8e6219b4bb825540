//! What a world is found by.

use super::interface::{Asked, Way};
use std::collections::BTreeSet;
use tenon_registry_client::api::world::{Extern, World};

/// The longest description in a list, in characters.
const MAX_DESCRIPTION: usize = 1_000;

/// How many imports, exports or packages something is found by: no component has as many, and they
/// are put in while the log waits.
const MAX_ITEMS: usize = 1_000;

/// What a world is found by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Terms {
    /// What it says it is, as far as a list has room for it.
    pub(super) description: Option<String>,
    /// What can be asked for, and the version that it has here, or an empty one.
    pub(super) postings: BTreeSet<(Way, Asked, String)>,
}

impl Terms {
    pub(super) fn of(world: &World) -> Terms {
        let docs = world.wit.as_ref().and_then(|wit| wit.docs.as_ref());
        let description = world.metadata.description.as_ref().or(docs);
        let mut terms = Terms {
            description: description.map(|text| text.chars().take(MAX_DESCRIPTION).collect()),
            postings: BTreeSet::new(),
        };
        for (way, items) in [(Way::Import, &world.imports), (Way::Export, &world.exports)] {
            for item in items.iter().take(MAX_ITEMS) {
                terms.add_item(way, item);
            }
        }
        // A WIT package has no imports; what it depends on is as good as imported.
        if let Some(wit) = &world.wit {
            let others = world.packages.iter().take(MAX_ITEMS);
            for package in others.filter(|package| package.name != wit.name) {
                let asked = Asked::package(&package.name, package.version.as_deref());
                let version = package.version.as_deref().unwrap_or_default();
                terms.add(Way::Import, &asked.base, &asked.track, version);
            }
        }
        terms
    }

    /// An interface is found by itself and by its package; anything else by its name.
    fn add_item(&mut self, way: Way, item: &Extern) {
        let Some(interface) = &item.interface else {
            return self.add(way, &item.name, "", "");
        };
        let (package, track) = (&interface.package, interface.track.as_deref());
        let version = interface.version.as_deref().or(track).unwrap_or_default();
        let track = track.unwrap_or_default();
        let base = format!("{package}/{}", interface.interface);
        self.add(way, &base, track, version);
        self.add(way, package, track, version);
    }

    /// On its track, and on any.
    fn add(&mut self, way: Way, base: &str, track: &str, version: &str) {
        for track in [track, ""] {
            let (base, track) = (base.to_owned(), track.to_owned());
            self.postings
                .insert((way, Asked { base, track }, version.to_owned()));
        }
    }
}

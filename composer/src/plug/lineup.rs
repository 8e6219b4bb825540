//! The sockets and plugs of a request, in order, with their names.

use super::request::{Member, Request};
use crate::component::{Arena, ComponentId};
use crate::error::{Error, ErrorKind};
use std::collections::{BTreeMap, BTreeSet};

/// The number of a socket or plug: sockets come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Place(usize);

/// Sockets and plugs, with their names.
pub(super) struct Lineup {
    components: Vec<ComponentId>,
    names: Vec<String>,
    sockets: usize,
    /// The plugs that are instances of each component.
    plugs_of: BTreeMap<ComponentId, Vec<Place>>,
}

impl Lineup {
    /// # Errors
    ///
    /// It is an error if the request names a socket or plug by a place where there is none.
    pub(super) fn of(arena: &Arena<'_>, request: &Request) -> Result<Lineup, Error> {
        let components: Vec<_> = request
            .sockets
            .iter()
            .chain(&request.plugs)
            .copied()
            .collect();
        let mut uses: BTreeMap<ComponentId, usize> = BTreeMap::new();
        // Sockets have an order that means something; of plugs that differ, none is the second.
        let mut sockets_called: BTreeMap<&str, usize> = BTreeMap::new();
        let mut plugs_called: BTreeMap<(ComponentId, &str), usize> = BTreeMap::new();
        let mut plugs_of: BTreeMap<ComponentId, Vec<Place>> = BTreeMap::new();
        let mut names = Vec::with_capacity(components.len());
        for (at, component) in components.iter().enumerate() {
            let uses = uses.entry(*component).or_default();
            let name = arena.component(*component).name_of_use(*uses);
            *uses += 1;
            let sockets = sockets_called.entry(name).or_default();
            let number = match at < request.sockets.len() {
                true => {
                    *sockets += 1;
                    *sockets
                }
                false => {
                    plugs_of.entry(*component).or_default().push(Place(at));
                    let plugs = plugs_called.entry((*component, name)).or_default();
                    *plugs += 1;
                    *sockets + *plugs
                }
            };
            names.push(match number {
                1 => name.to_owned(),
                number => format!("{name}-{number}"),
            });
        }
        let lineup = Lineup {
            components,
            names,
            sockets: request.sockets.len(),
            plugs_of,
        };
        let chained = request.chains.iter().flatten().copied();
        let wired = request.wires.iter();
        let all = chained
            .chain(wired.flat_map(|wire| [wire.consumer, wire.provider]))
            .chain(request.prefer.iter().copied())
            .chain(request.keep.iter().filter_map(|keep| keep.consumer))
            .chain(request.exports.iter().map(|export| export.of))
            .chain(request.renames.iter().filter_map(|rename| rename.of));
        match all.into_iter().find(|member| !lineup.has(*member)) {
            None => Ok(lineup),
            Some(member) => Err(Error::new(ErrorKind::Graph(format!(
                "the request has no {member:?}"
            )))),
        }
    }

    fn has(&self, member: Member) -> bool {
        match member {
            Member::Socket(at) => at < self.sockets,
            Member::Plug(at) => at < self.components.len() - self.sockets,
        }
    }

    /// The socket or plug of this name.
    ///
    /// # Errors
    ///
    /// It is an error if none has it, or several components do.
    pub(super) fn find(&self, name: &str) -> Result<Member, Error> {
        let named = |matches: &dyn Fn(&str) -> bool| -> Vec<Place> {
            let places = self.places();
            places.filter(|place| matches(self.name(*place))).collect()
        };
        let mut found = named(&|known| known == name);
        if found.is_empty() {
            let package =
                |known: &str| known.split_once('@').map(|(package, _)| package.to_owned());
            found = named(&|known| package(known).as_deref() == Some(name));
        }
        if let [place] = *found {
            return Ok(self.member(place));
        }
        let known: BTreeSet<_> = self.names.iter().cloned().collect();
        let known: Vec<_> = known.into_iter().collect();
        Err(Error::new(ErrorKind::UnknownMember {
            near: near(name, known.iter().map(String::as_str)),
            several: !found.is_empty(),
            name: name.to_owned(),
            known,
        }))
    }

    fn member(&self, place: Place) -> Member {
        match place.0.checked_sub(self.sockets) {
            None => Member::Socket(place.0),
            Some(plug) => Member::Plug(plug),
        }
    }

    pub(super) fn place(&self, member: Member) -> Place {
        match member {
            Member::Socket(at) => Place(at),
            Member::Plug(at) => Place(self.sockets + at),
        }
    }

    pub(super) fn places(&self) -> impl Iterator<Item = Place> + use<> {
        (0..self.components.len()).map(Place)
    }

    pub(super) fn sockets(&self) -> impl Iterator<Item = Place> + use<> {
        (0..self.sockets).map(Place)
    }

    pub(super) fn plugs(&self) -> impl Iterator<Item = Place> + use<> {
        (self.sockets..self.components.len()).map(Place)
    }

    pub(super) fn is_plug(&self, place: Place) -> bool {
        place.0 >= self.sockets
    }

    #[expect(clippy::indexing_slicing, reason = "places are made here only")]
    pub(super) fn component(&self, place: Place) -> ComponentId {
        self.components[place.0]
    }

    #[expect(clippy::indexing_slicing, reason = "places are made here only")]
    pub(super) fn name(&self, place: Place) -> &str {
        &self.names[place.0]
    }

    /// The components of all sockets and plugs.
    pub(super) fn components(&self) -> BTreeSet<ComponentId> {
        self.components.iter().copied().collect()
    }

    /// The plugs that are this component.
    pub(super) fn plugs_of(&self, component: ComponentId) -> impl Iterator<Item = Place> {
        self.plugs_of.get(&component).into_iter().flatten().copied()
    }
}

/// The names that come near `name`, the nearest first.
pub(super) fn near<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Vec<String> {
    const MOST: usize = 3;
    let far = (name.len() / 3).clamp(1, 3);
    let mut near: Vec<_> = known
        .filter(|known| known.len().abs_diff(name.len()) <= far)
        .map(|known| (strsim::osa_distance(name, known), known))
        .filter(|(letters, _)| *letters <= far)
        .collect();
    near.sort_unstable();
    near.dedup();
    near.truncate(MOST);
    near.into_iter()
        .map(|(_, known)| known.to_owned())
        .collect()
}

//! Chains: instances in a stated order, each filling the imports of the one before.

use super::fit::Fitting;
use super::index::ItemId;
use super::lineup::{Lineup, Place};
use super::request::Request;
use crate::error::{Error, ErrorKind};
use std::collections::BTreeSet;

/// Links in their order, and what they pass on.
pub(super) struct Chain<'p> {
    links: Vec<Place>,
    /// The interfaces, without versions, or plain names that the chain is about.
    subjects: BTreeSet<&'p str>,
    /// The first link that may fill the imports of others.
    head: Place,
}

impl<'p> Chain<'p> {
    /// The chains that are asked for.
    ///
    /// # Errors
    ///
    /// It is an error if the links of a chain have no interface in common, or are not different ones.
    pub(super) fn all(
        request: &Request,
        lineup: &Lineup,
        fitting: &Fitting<'p, '_>,
    ) -> Result<Vec<Chain<'p>>, Error> {
        let chain = |links: &Vec<_>| {
            let links: Vec<_> = links.iter().map(|link| lineup.place(*link)).collect();
            let no_chain = |repeated| Err(no_chain(lineup, fitting, &links, repeated));
            if links.iter().collect::<BTreeSet<_>>().len() < links.len() {
                return no_chain(true);
            }
            let subjects = subjects(lineup, fitting, &links);
            let head = links.iter().find(|link| lineup.is_plug(**link));
            match head.or(links.get(1)) {
                Some(head) if !subjects.is_empty() => Ok(Chain {
                    head: *head,
                    links,
                    subjects,
                }),
                _ => no_chain(false),
            }
        };
        request.chains.iter().map(chain).collect()
    }

    /// Whether the chain is about the interface of this import.
    pub(super) fn is_about(&self, fitting: &Fitting<'_, '_>, import: ItemId) -> bool {
        self.subjects
            .contains(fitting.imports.get(import).subject())
    }

    /// The link that fills such an import of `consumer`; none for the last link.
    pub(super) fn next(&self, consumer: Place) -> Option<Place> {
        match self.links.iter().position(|link| *link == consumer) {
            Some(at) => self.links.get(at + 1).copied(),
            None => Some(self.head),
        }
    }

    /// Whether `place` is a link.
    pub(super) fn has(&self, place: Place) -> bool {
        self.links.contains(&place)
    }
}

/// What the links have in common: each but the last imports it as the next exports it, and each but a
/// socket exports it.
fn subjects<'p>(lineup: &Lineup, fitting: &Fitting<'p, '_>, links: &[Place]) -> BTreeSet<&'p str> {
    let mut common: Option<BTreeSet<&str>> = None;
    for (link, next) in links.iter().zip(links.iter().skip(1)) {
        let next = lineup.component(*next);
        let imports = fitting.imports.items(lineup.component(*link));
        let passed: BTreeSet<_> = imports
            .filter(|import| fitting.names_fit(*import, next))
            .map(|import| fitting.imports.get(import).subject())
            .collect();
        common = Some(match common {
            None => passed,
            Some(common) => &common & &passed,
        });
    }
    let mut common = common.unwrap_or_default();
    for link in links.iter().filter(|link| lineup.is_plug(**link)) {
        let exports = fitting.exports.items(lineup.component(*link));
        let exports: BTreeSet<_> = exports
            .map(|export| fitting.exports.get(export).subject())
            .collect();
        common.retain(|subject| exports.contains(subject));
    }
    common
}

fn no_chain(lineup: &Lineup, fitting: &Fitting<'_, '_>, links: &[Place], repeated: bool) -> Error {
    let link = |place: &Place| {
        let component = lineup.component(*place);
        let imports = fitting.imports.items(component);
        // What a socket exports is not for others to import.
        let exports = fitting.exports.items(component);
        let exports = exports.filter(|_| lineup.is_plug(*place));
        (
            lineup.name(*place).to_owned(),
            imports
                .map(|id| fitting.imports.get(id).full_name())
                .collect(),
            exports
                .map(|id| fitting.exports.get(id).full_name())
                .collect(),
        )
    };
    Error::new(ErrorKind::NoChain {
        links: links.iter().map(link).collect(),
        repeated,
    })
}

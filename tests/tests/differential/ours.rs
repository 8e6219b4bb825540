//! What we make of the same components.

use crate::peers::{Outcome, judged};
use std::collections::{BTreeMap, BTreeSet};
use tenon_composer::{
    Arena, Bodies, ComponentId, Error, Graph, InstanceId, Options, Request, Source, State, breaks,
    encode, inspect, plug,
};

/// A graph, as others can be told it.
pub(crate) struct Wired {
    /// The graph, without exports that others imply.
    pub(crate) graph: Graph,
    /// Where each component stands among those given.
    pub(crate) places: BTreeMap<ComponentId, usize>,
    /// The one instance all of whose exports are the exports.
    pub(crate) exporter: Option<InstanceId>,
}

/// What we made of a case, and what there is to it.
pub(crate) struct Ours {
    /// What came of it, an error by its code.
    pub(crate) outcome: Outcome,
    /// The graph, if a plan was made.
    pub(crate) wired: Option<Wired>,
    /// Whether we planned it, as [`Peer::WacPlug`](crate::peers::Peer::WacPlug) does.
    pub(crate) planned: bool,
    /// What is special about the case.
    pub(crate) traits: BTreeSet<Trait>,
    /// The imports that are filled.
    pub(crate) filled: BTreeSet<String>,
    /// The exports that were added, since others imply them.
    pub(crate) implied: BTreeSet<String>,
}

/// Something about a case that other tools may not do as we do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Trait {
    /// A plug fills an import of a plug.
    PlugIntoPlug,
    /// An export fills more than one import of one instance.
    OneFillsSeveral,
    /// Imports under several names were merged into one.
    MergedTrack,
    /// A component names things with canonical versions, `implements` or `external-id`.
    Attributes,
}

/// Reads components into an arena.
fn read<'i>(
    arena: &mut Arena<'i>,
    components: &'i [(String, Vec<u8>)],
) -> Result<Vec<ComponentId>, Error> {
    let sources = components.iter().map(|(name, bytes)| Source {
        name: name.clone(),
        input: bytes,
        digest: None,
        bodies: Bodies::Validate,
    });
    sources.map(|source| arena.read(source)).collect()
}

impl Ours {
    /// Plugs all but the first of the components into the first.
    pub(crate) fn of(components: &[(String, Vec<u8>)]) -> Ours {
        let mut ours = Ours {
            outcome: Outcome::NotAsked,
            wired: None,
            planned: true,
            traits: traits_of(components),
            filled: BTreeSet::new(),
            implied: BTreeSet::new(),
        };
        ours.outcome = match ours.compose(components) {
            Ok(bytes) => judged(bytes),
            Err(error) => Outcome::Refused(error.code().to_owned()),
        };
        ours
    }

    /// Encodes a graph that was made by hand.
    pub(crate) fn of_graph(
        components: &[(String, Vec<u8>)],
        build: impl FnOnce(&Arena<'_>, &[ComponentId]) -> Graph,
    ) -> Ours {
        let mut arena = Arena::new();
        let ids = read(&mut arena, components).unwrap();
        let graph = build(&arena, &ids);
        let wired = Wired::of(&ids, graph.clone(), &arena);
        let outcome = match encode(arena, graph, &Options::default()) {
            Ok(composition) => judged(composition.to_bytes().unwrap()),
            Err(error) => Outcome::Refused(error.code().to_owned()),
        };
        Ours {
            outcome,
            wired: Some(wired),
            planned: false,
            traits: traits_of(components),
            filled: BTreeSet::new(),
            implied: BTreeSet::new(),
        }
    }

    fn compose(&mut self, components: &[(String, Vec<u8>)]) -> Result<Vec<u8>, Error> {
        let mut arena = Arena::new();
        let ids = read(&mut arena, components)?;
        let request = Request::new([ids[0]], ids[1..].iter().copied());
        let plan = plug(&arena, &request)?;
        let mut sources = BTreeSet::new();
        for import in &plan.imports {
            let State::Filled {
                provider, export, ..
            } = &import.state
            else {
                continue;
            };
            self.filled.insert(import.import.clone());
            let is_socket = import.consumer == components[0].0;
            self.note(Trait::PlugIntoPlug, !is_socket);
            let fresh = sources.insert((&import.consumer, provider, export));
            self.note(Trait::OneFillsSeveral, !fresh);
        }
        self.wired = Some(Wired::of(&ids, plan.graph.clone(), &arena));
        let composition = encode(arena, plan.graph, &Options::default())?;
        for import in &composition.imports {
            let names: BTreeSet<_> = import.consumers.iter().map(|(_, name)| name).collect();
            self.note(Trait::MergedTrack, names.len() > 1);
        }
        let exports = composition.graph.exports().iter();
        let implied = exports.filter(|export| export.implied);
        self.implied = implied.map(|export| export.name.clone()).collect();
        Ok(composition.to_bytes().unwrap())
    }

    fn note(&mut self, which: Trait, holds: bool) {
        if holds {
            self.traits.insert(which);
        }
    }
}

impl Wired {
    fn of(ids: &[ComponentId], graph: Graph, arena: &Arena<'_>) -> Wired {
        let places = ids.iter().copied().zip(0..).collect();
        let exporters: BTreeSet<_> = graph.exports().iter().map(|e| e.edge.provider).collect();
        let exporter = match exporters.into_iter().collect::<Vec<_>>().as_slice() {
            [one] => {
                let component = arena.component(graph.instance(*one).component());
                let anatomy = inspect("it", component.input()).unwrap();
                (anatomy.exports.len() == graph.exports().len()).then_some(*one)
            }
            _ => None,
        };
        Wired {
            graph,
            places,
            exporter,
        }
    }
}

fn traits_of(components: &[(String, Vec<u8>)]) -> BTreeSet<Trait> {
    let mut traits = BTreeSet::new();
    for (_, bytes) in components {
        let anatomy = inspect("it", bytes).unwrap();
        for item in anatomy.imports.iter().chain(&anatomy.exports) {
            if item.implements.is_some() || item.external_id.is_some() {
                traits.insert(Trait::Attributes);
            }
        }
        let features = anatomy.root.features;
        if features
            .iter()
            .any(|feature| feature == tenon_composer::Feature::CanonicalNames)
        {
            traits.insert(Trait::Attributes);
        }
    }
    traits
}

/// How two valid compositions differ as seen from outside: what only one imports or exports, and
/// where the types of what both have are not the same.
pub(crate) fn apart(ours: &Vec<u8>, theirs: &Vec<u8>) -> Vec<String> {
    let mut apart = Vec::new();
    let anatomies = [ours, theirs].map(|bytes| inspect("it", bytes).unwrap());
    let names = |pick: fn(&tenon_composer::Anatomy) -> &[tenon_composer::Item]| {
        anatomies.each_ref().map(|anatomy| {
            let names = pick(anatomy).iter().map(|item| item.name.clone());
            names.collect::<BTreeSet<_>>()
        })
    };
    let mut only = BTreeSet::new();
    for (what, [ours, theirs]) in [
        ("import", names(|anatomy| &anatomy.imports)),
        ("export", names(|anatomy| &anatomy.exports)),
    ] {
        for (who, names, others) in [("we", &ours, &theirs), ("they", &theirs, &ours)] {
            for name in names.difference(others) {
                let without = |names: &BTreeSet<String>| {
                    names
                        .iter()
                        .any(|n| without_build(n) == without_build(name))
                };
                let text = match without(others) {
                    true => format!("{who} {what} another build of {name}"),
                    false => format!("only {who} {what} {name}"),
                };
                apart.push(text);
                only.insert(format!("`{name}`"));
            }
        }
    }
    let mut arena = Arena::new();
    let both = [
        ("ours".to_owned(), ours.clone()),
        ("theirs".to_owned(), theirs.clone()),
    ];
    match read(&mut arena, &both) {
        Ok(ids) => {
            for (what, old, new) in [("theirs below ours", 0, 1), ("ours below theirs", 1, 0)] {
                let differences = breaks(&arena, ids[old], ids[new]).into_iter();
                let texts = differences.map(|difference| format!("{what}: {difference}"));
                // What only one of them has was found by its name.
                apart.extend(texts.filter(|text| !only.iter().any(|name| text.contains(name))));
            }
        }
        Err(error) => apart.push(format!("cannot be read: {error}")),
    }
    apart
}

/// A name without the build metadata of its version.
fn without_build(name: &str) -> &str {
    name.split_once('+').map_or(name, |(name, _)| name)
}

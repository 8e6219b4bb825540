//! From a pile of components to a plan: every import, what fills it, why, and what came near.
//!
//! An export fills an import of the same name, or else of the same interface on the same
//! compatibility track, if its type fits. Plugs may fill plugs. The plan does not depend on the
//! order of the plugs, except where the order is what was asked for.

mod fit;
mod index;
mod near;
mod report;

pub use fit::Rule;
pub(crate) use report::mark_used_types;
pub use report::{ImportReport, Miss, NearMiss, State, Useless};

use crate::component::limits::MAX_ARGUMENTS;
use crate::component::{Arena, ComponentId};
use crate::error::{Error, ErrorKind};
use crate::graph::{Graph, InstanceId};
use fit::{Fit, Fitting};
use index::ItemId;
use std::collections::{BTreeMap, BTreeSet};

/// What to plug into what.
pub struct Request<'r> {
    /// The component whose exports the composition will have, and its name.
    pub socket: ComponentId,
    /// The components that may fill imports, the socket's and each other's.
    pub plugs: &'r [ComponentId],
    /// Whether open imports (other than the host's to fill) and useless plugs are errors.
    pub strict: bool,
}

/// What is plugged into what, and what is not.
#[derive(Debug)]
pub struct Plan {
    /// The instances and the edges between them.
    pub graph: Graph,
    /// Every import of every instance, in order.
    pub imports: Vec<ImportReport>,
    /// The plugs that fill nothing, and why that may be.
    pub useless: Vec<Useless>,
}

/// Plans how `request.plugs` fill the imports of `request.socket` and of each other.
///
/// # Errors
///
/// It is an error if no plug fits at all, if two plugs fit one import equally well, if nothing gives
/// the order of the links of a chain, if components need each other in a circle, and, in a strict
/// request, if anything is left over.
///
/// # Panics
///
/// Panics if a component of the request comes from another arena.
pub fn plug(arena: &Arena<'_>, request: &Request<'_>) -> Result<Plan, Error> {
    check_limits(arena, request)?;
    let mut planner = Planner::new(arena, request);
    let socket = planner.instantiate(request.socket, None);
    // Instances are added while this runs: the plan is complete when none has an import left.
    let mut next = 0;
    while let Some(&origin) = planner.origins.get(next) {
        planner.fill(origin)?;
        next += 1;
    }
    mark_used_types(arena, &planner.graph, &mut planner.imports);
    let useless = planner.useless(request.socket);
    let Planner {
        mut graph, imports, ..
    } = planner;
    if graph.instance(socket).arguments().is_empty() {
        let swapped = |useless: &Useless| {
            let import = useless.would_take_socket.clone()?;
            Some((useless.plug.clone(), import))
        };
        return Err(Error::new(ErrorKind::NothingPlugged {
            socket: arena.component(request.socket).name().to_owned(),
            imports_nothing: imports.is_empty(),
            near: NearMiss::best(&imports),
            swapped: useless.iter().filter_map(swapped).min(),
        }));
    }
    graph.order()?;
    for name in arena.type_of(request.socket).exports.keys() {
        graph.export(arena, name, (socket, name.as_str()))?;
    }
    let plan = Plan {
        graph,
        imports,
        useless,
    };
    if request.strict {
        plan.check_strict()?;
    }
    Ok(plan)
}

/// Refuses components that cannot be instantiated, before anything is looked for.
fn check_limits(arena: &Arena<'_>, request: &Request<'_>) -> Result<(), Error> {
    let components = request.plugs.iter().chain([&request.socket]);
    let imports = components.map(|id| arena.type_of(*id).imports.len() as u64);
    match imports.max() {
        Some(count) if count > MAX_ARGUMENTS => Err(Error::new(ErrorKind::Limit {
            what: "arguments of one instance",
            count,
            max: MAX_ARGUMENTS,
        })),
        _ => Ok(()),
    }
}

impl Plan {
    /// The imports that are left open.
    pub fn open(&self) -> impl Iterator<Item = &ImportReport> {
        self.imports
            .iter()
            .filter(|import| matches!(import.state, State::Open { .. }))
    }

    /// Refuses what a strict plan may not have: useless plugs, and open imports that are not the
    /// host's. The host fills the interfaces of the `wasi` namespace, and those that hold only types.
    fn check_strict(&self) -> Result<(), Error> {
        let open: Vec<_> = self
            .open()
            .filter(|import| !import.host && !import.only_types)
            .map(|import| (import.consumer.clone(), import.import.clone()))
            .collect();
        let mut useless: Vec<_> = self.useless.iter().map(|plug| plug.plug.clone()).collect();
        useless.sort();
        if open.is_empty() && useless.is_empty() {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Strict { open, useless }))
    }
}

/// An instance of the plan: the socket, or the plug at this place in the request.
#[derive(Clone, Copy)]
struct Origin {
    instance: InstanceId,
    component: ComponentId,
    plug: Option<usize>,
}

struct Planner<'p, 'i> {
    arena: &'p Arena<'i>,
    socket: ComponentId,
    plugs: &'p [ComponentId],
    /// Where each component stands among the plugs.
    places: BTreeMap<ComponentId, Vec<usize>>,
    fitting: Fitting<'p, 'i>,
    graph: Graph,
    instances: BTreeMap<usize, InstanceId>,
    origins: Vec<Origin>,
    imports: Vec<ImportReport>,
}

impl<'p, 'i> Planner<'p, 'i> {
    fn new(arena: &'p Arena<'i>, request: &Request<'p>) -> Self {
        let mut places: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (place, component) in request.plugs.iter().enumerate() {
            places.entry(*component).or_default().push(place);
        }
        let mut components: BTreeSet<_> = places.keys().copied().collect();
        components.insert(request.socket);
        Planner {
            arena,
            socket: request.socket,
            plugs: request.plugs,
            places,
            fitting: Fitting::new(arena, &components),
            graph: Graph::new(),
            instances: BTreeMap::new(),
            origins: Vec::new(),
            imports: Vec::new(),
        }
    }

    fn instantiate(&mut self, component: ComponentId, plug: Option<usize>) -> InstanceId {
        let name = match plug {
            Some(plug) => self.name_of_plug(plug),
            None => self.name_of(component),
        };
        let instance = self.graph.add(&name, component);
        self.origins.push(Origin {
            instance,
            component,
            plug,
        });
        instance
    }

    /// Finds what fills each import of `consumer`.
    fn fill(&mut self, consumer: Origin) -> Result<(), Error> {
        let arena = self.arena;
        for import in self.fitting.imports.items(consumer.component) {
            let (fits, misses) = self.candidates(consumer, import);
            let nothing_fits = fits.is_empty();
            let state = match self.choose(consumer, import, fits)? {
                None => State::Open {
                    near: self.near(consumer, import, misses, nothing_fits),
                },
                Some((plug, fit)) => {
                    let provider = match self.instances.get(&plug) {
                        Some(instance) => *instance,
                        None => {
                            let component = self.component_of(plug);
                            let instance = self.instantiate(component, Some(plug));
                            self.instances.insert(plug, instance);
                            instance
                        }
                    };
                    let export = self.fitting.exports.get(fit.export);
                    self.graph.connect(
                        arena,
                        (consumer.instance, self.fitting.imports.get(import).name),
                        (provider, export.name),
                    )?;
                    State::Filled {
                        provider: self.graph.instance(provider).name().to_owned(),
                        export: export.full_name(),
                        rule: fit.rule,
                    }
                }
            };
            let import = self.fitting.imports.get(import);
            let consumer = self.graph.instance(consumer.instance).name().to_owned();
            let report = ImportReport::new(arena, consumer, import.name, import.item, state);
            self.imports.push(report);
        }
        Ok(())
    }

    /// The plugs of this component that may fill an import of `consumer`: it does not fill its own.
    fn others(&self, component: ComponentId, consumer: Origin) -> impl Iterator<Item = usize> {
        let places = self.places.get(&component).into_iter().flatten().copied();
        places.filter(move |plug| consumer.plug != Some(*plug))
    }

    #[expect(clippy::indexing_slicing, reason = "`plug` is a place in `plugs`")]
    fn component_of(&self, plug: usize) -> ComponentId {
        self.plugs[plug]
    }

    /// The plugs that could fill an import, each with its best exports, and those that nearly could.
    fn candidates(
        &mut self,
        consumer: Origin,
        import: ItemId,
    ) -> (Vec<(usize, Fit)>, Vec<NearMiss>) {
        let mut fits = Vec::new();
        let mut misses = Vec::new();
        let exports = self.fitting.candidates(import);
        for exports in exports.chunk_by(|a, b| a.component == b.component) {
            let Some(component) = exports.first().map(|export| export.component) else {
                continue;
            };
            if self.others(component, consumer).next().is_none() {
                continue;
            }
            match self.fitting.best(import, exports) {
                Ok(found) => {
                    for plug in self.others(component, consumer) {
                        fits.extend(found.iter().map(|fit| (plug, *fit)));
                    }
                }
                Err(near) => misses.extend(near),
            }
        }
        fits.sort_by_key(|(plug, _)| *plug);
        (fits, misses)
    }

    /// What came near an import that stays open: `misses`, and names that are nearly its own.
    fn near(
        &mut self,
        consumer: Origin,
        import: ItemId,
        mut misses: Vec<NearMiss>,
        nothing_fits: bool,
    ) -> Vec<NearMiss> {
        if nothing_fits {
            for export in self.fitting.near_names(import) {
                if self.others(export.component, consumer).next().is_some() {
                    misses.push(self.fitting.miss(import, export, Miss::Name));
                }
            }
        }
        NearMiss::sort(&mut misses);
        misses
    }

    /// Chooses among plugs that could all fill an import.
    ///
    /// A plug that imports the same interface itself is a link of a chain: it comes before the one
    /// that does not. Of several ends of a chain the better fit wins.
    fn choose(
        &mut self,
        consumer: Origin,
        import: ItemId,
        fits: Vec<(usize, Fit)>,
    ) -> Result<Option<(usize, Fit)>, Error> {
        let (links, ends): (Vec<_>, Vec<_>) =
            fits.into_iter().partition(|(_, fit)| fit.imports_it_too);
        let consumer_is_link =
            consumer.plug.is_some() && self.fitting.names_fit(import, consumer.component);
        let pick = if consumer_is_link {
            // Links that are the same component come one after the other; different ones have no
            // order of their own, which is an error for whoever consumes the chain.
            let after: Vec<_> = links
                .into_iter()
                .filter(|(plug, fit)| {
                    fit.export.component == consumer.component && consumer.plug < Some(*plug)
                })
                .collect();
            if after.is_empty() { ends } else { after }
        } else if links.is_empty() {
            ends
        } else {
            let components: BTreeSet<_> = components(&links).collect();
            if components.len() > 1 {
                return Err(Error::new(ErrorKind::NoOrder {
                    consumer: self.name_of(consumer.component),
                    import: self.fitting.imports.get(import).full_name(),
                    links: self.names_of(components),
                }));
            }
            links
        };
        let best_rule = pick.iter().map(|(_, fit)| fit.rule).min();
        let best: Vec<_> = pick
            .into_iter()
            .filter(|(_, fit)| Some(fit.rule) == best_rule)
            .collect();
        let exports: BTreeSet<_> = best.iter().map(|(_, fit)| fit.export).collect();
        if exports.len() <= 1 {
            return Ok(best.into_iter().next());
        }
        let components: BTreeSet<_> = components(&best).collect();
        let providers = if components.len() > 1 {
            self.names_of(components)
        } else {
            let export = |id: &ItemId| {
                let export = self.fitting.exports.get(*id).full_name();
                format!("{}#{export}", self.name_of(id.component))
            };
            exports.iter().map(export).collect()
        };
        Err(Error::new(ErrorKind::TwoProviders {
            consumer: self.name_of(consumer.component),
            import: self.fitting.imports.get(import).full_name(),
            providers,
        }))
    }

    fn name_of(&self, component: ComponentId) -> String {
        self.arena.component(component).name().to_owned()
    }

    /// The names of components in an order that is not that of the plugs.
    fn names_of(&self, components: BTreeSet<ComponentId>) -> Vec<String> {
        let mut names: Vec<_> = components.into_iter().map(|id| self.name_of(id)).collect();
        names.sort();
        names
    }

    /// The name of the plug at this place: one for each time that the same component was read.
    fn name_of_plug(&self, plug: usize) -> String {
        let component = self.component_of(plug);
        let places = self.places.get(&component).into_iter().flatten();
        let before = places.take_while(|place| **place < plug).count();
        let uses = before + usize::from(component == self.socket);
        self.arena.component(component).name_of_use(uses).to_owned()
    }

    fn useless(&self, socket: ComponentId) -> Vec<Useless> {
        let used: BTreeSet<_> = self
            .instances
            .keys()
            .map(|plug| self.component_of(*plug))
            .collect();
        (0..self.plugs.len())
            .filter(|plug| !self.instances.contains_key(plug))
            .map(|plug| {
                let component = self.component_of(plug);
                let mut imports = self.fitting.imports.items(component);
                Useless {
                    plug: self.name_of_plug(plug),
                    same_as_used: used.contains(&component),
                    would_take_socket: imports
                        .find(|import| self.fitting.names_fit(*import, socket))
                        .map(|import| self.fitting.imports.get(import).full_name()),
                }
            })
            .collect()
    }
}

fn components(fits: &[(usize, Fit)]) -> impl Iterator<Item = ComponentId> {
    fits.iter().map(|(_, fit)| fit.export.component)
}

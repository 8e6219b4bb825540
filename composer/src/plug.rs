//! From a pile of components to a plan: every import, what fills it, why, and what came near.
//!
//! An export fills an import of the same name, or else of the same interface on the same
//! compatibility track, if its type fits. Plugs may fill plugs. The plan does not depend on the
//! order of the plugs, except where the order is what was asked for.

mod fit;
mod report;

pub use fit::Rule;
pub use report::{ImportReport, Miss, NearMiss, State, Useless};

use crate::component::{Arena, ComponentId};
use crate::error::{Error, ErrorKind};
use crate::graph::{Graph, InstanceId};
use fit::{Fit, Fitting};
use std::collections::BTreeMap;

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
/// It is an error if no plug fits at all, if two plugs fit one import equally well, if components
/// need each other in a circle, and, in a strict request, if anything is left over.
///
/// # Panics
///
/// Panics if a component of the request comes from another arena.
pub fn plug(arena: &Arena<'_>, request: &Request<'_>) -> Result<Plan, Error> {
    let mut planner = Planner {
        arena,
        plugs: request.plugs,
        fitting: Fitting::new(arena),
        graph: Graph::new(),
        instances: BTreeMap::new(),
        origins: Vec::new(),
        imports: Vec::new(),
    };
    let socket = planner.instantiate(request.socket, None);
    // Instances are added while this runs: the plan is complete when none has an import left.
    let mut next = 0;
    while let Some(&origin) = planner.origins.get(next) {
        planner.fill(origin)?;
        next += 1;
    }
    let useless = planner.useless(request.socket);
    let Planner {
        mut graph,
        imports,
        arena,
        ..
    } = planner;
    if graph.instance(socket).arguments().is_empty() {
        return Err(Error::new(ErrorKind::NothingPlugged {
            socket: arena.component(request.socket).name().to_owned(),
            near: NearMiss::best(&imports),
        }));
    }
    graph.order()?;
    for name in arena.type_of(request.socket).exports.keys() {
        graph.export(arena, socket, name)?;
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
        let useless: Vec<_> = self.useless.iter().map(|plug| plug.plug.clone()).collect();
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
    plugs: &'p [ComponentId],
    fitting: Fitting<'p, 'i>,
    graph: Graph,
    instances: BTreeMap<usize, InstanceId>,
    origins: Vec<Origin>,
    imports: Vec<ImportReport>,
}

impl Planner<'_, '_> {
    fn instantiate(&mut self, component: ComponentId, plug: Option<usize>) -> InstanceId {
        let name = self.arena.component(component).name();
        let instance = self.graph.add(name, component);
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
        for (name, item) in &arena.type_of(consumer.component).imports {
            let (fits, misses) = self.candidates(consumer, name);
            let chosen = self.choose(consumer, name, fits)?;
            let state = match chosen {
                None => State::Open { near: misses },
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
                    self.graph.connect(
                        arena,
                        (consumer.instance, name),
                        (provider, &fit.export),
                    )?;
                    State::Filled {
                        provider: self.graph.instance(provider).name().to_owned(),
                        export: fit.full_export,
                        rule: fit.rule,
                    }
                }
            };
            let consumer = self.graph.instance(consumer.instance).name().to_owned();
            self.imports
                .push(ImportReport::new(arena, consumer, name, item, state));
        }
        Ok(())
    }

    #[expect(clippy::indexing_slicing, reason = "`plug` is a place in `plugs`")]
    fn component_of(&self, plug: usize) -> ComponentId {
        self.plugs[plug]
    }

    /// The plugs that could fill an import, each with its best export, and the near misses.
    fn candidates(&mut self, consumer: Origin, import: &str) -> (Vec<(usize, Fit)>, Vec<NearMiss>) {
        let mut fits = Vec::new();
        let mut misses = Vec::new();
        for (plug, component) in self.plugs.iter().enumerate() {
            if consumer.plug == Some(plug) {
                continue;
            }
            // The same component twice says the same twice.
            let again = self.plugs.iter().take(plug).any(|other| other == component);
            match self.fitting.best(consumer.component, import, *component) {
                Ok(mut found) => fits.extend(found.drain(..).map(|fit| (plug, fit))),
                Err(_) if again => {}
                Err(near) => misses.extend(near),
            }
        }
        misses.sort_by_key(NearMiss::rank);
        (fits, misses)
    }

    /// Chooses among plugs that could all fill an import.
    ///
    /// A plug that imports the same interface itself is a link of a chain: it comes before the one
    /// that does not. Of several ends of a chain the better fit wins.
    fn choose(
        &mut self,
        consumer: Origin,
        import: &str,
        fits: Vec<(usize, Fit)>,
    ) -> Result<Option<(usize, Fit)>, Error> {
        let (links, ends): (Vec<_>, Vec<_>) =
            fits.into_iter().partition(|(_, fit)| fit.imports_it_too);
        let consumer_is_link = consumer.plug.is_some_and(|_| {
            self.fitting
                .exports_what_it_imports(consumer.component, import)
        });
        let same_component = |fits: &[(usize, Fit)]| {
            let mut components = fits.iter().map(|(plug, _)| self.component_of(*plug));
            let first = components.next();
            components.all(|component| Some(component) == first)
        };
        let pick = if consumer_is_link {
            // Links that are the same component come one after the other; different ones have no
            // order of their own, which is an error for whoever consumes the chain.
            let after: Vec<_> = links
                .into_iter()
                .filter(|(plug, _)| {
                    Some(self.component_of(*plug)) == Some(consumer.component)
                        && consumer.plug < Some(*plug)
                })
                .collect();
            match after.into_iter().next() {
                Some(next) => return Ok(Some(next)),
                None => ends,
            }
        } else if !links.is_empty() {
            if same_component(&links) {
                return Ok(links.into_iter().next());
            }
            links
        } else {
            ends
        };
        let Some(best) = pick.iter().map(|(_, fit)| fit.rank()).min() else {
            return Ok(None);
        };
        let is_chain = pick.iter().any(|(_, fit)| fit.imports_it_too);
        let best: Vec<_> = pick
            .into_iter()
            .filter(|(_, fit)| is_chain || fit.rank() == best)
            .collect();
        let one_plug = best
            .iter()
            .all(|(plug, _)| Some(plug) == best.first().map(|(p, _)| p));
        let distinct_exports = best.iter().any(|(_, fit)| {
            best.first()
                .is_some_and(|(_, first)| first.export != fit.export)
        });
        if (one_plug || same_component(&best)) && !(one_plug && distinct_exports) {
            return Ok(best.into_iter().next());
        }
        let providers = best
            .iter()
            .map(|(plug, fit)| {
                let name = self.arena.component(self.component_of(*plug)).name();
                if one_plug {
                    format!("{name}#{}", fit.full_export)
                } else {
                    name.to_owned()
                }
            })
            .collect();
        Err(Error::new(ErrorKind::TwoProviders {
            consumer: self.arena.component(consumer.component).name().to_owned(),
            import: self.fitting.full_import(consumer.component, import),
            providers,
        }))
    }

    fn useless(&self, socket: ComponentId) -> Vec<Useless> {
        (0..self.plugs.len())
            .filter(|plug| !self.instances.contains_key(plug))
            .map(|plug| {
                let component = self.component_of(plug);
                Useless {
                    plug: self.arena.component(component).name().to_owned(),
                    same_as_used: self
                        .instances
                        .keys()
                        .any(|used| self.component_of(*used) == component),
                    would_take_socket: self
                        .arena
                        .type_of(component)
                        .imports
                        .keys()
                        .find(|import| self.fitting.names_fit(component, import, socket))
                        .cloned(),
                }
            })
            .collect()
    }
}

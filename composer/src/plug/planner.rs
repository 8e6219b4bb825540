//! The plan, import by import.

use super::Plan;
use super::chain::Chain;
use super::explicit::{Explicit, named_export};
use super::fit::{Fit, Fitting, Rule};
use super::index::ItemId;
use super::lineup::{Lineup, Place};
use super::outside::Outside;
use super::report::{ImportReport, Miss, NearMiss, State, Useless};
use super::request::Request;
use super::{mark_used_types, release_types};
use crate::component::{Arena, ComponentId};
use crate::error::{Error, ErrorKind};
use crate::graph::{Edge, Graph, InstanceId};
use std::collections::{BTreeMap, BTreeSet};

pub(super) struct Planner<'p, 'i> {
    arena: &'p Arena<'i>,
    lineup: &'p Lineup,
    fitting: Fitting<'p, 'i>,
    explicit: Explicit,
    chains: Vec<Chain<'p>>,
    prefer: Vec<Place>,
    graph: Graph,
    instances: BTreeMap<Place, InstanceId>,
    /// The instances in the order in which they were added.
    origins: Vec<(InstanceId, Place)>,
    /// How many of them have had their imports filled.
    filled: usize,
    imports: Vec<ImportReport>,
}

/// What fills an import.
struct Filling {
    provider: Place,
    /// An export of it; none if it is the instance as a whole.
    export: Option<ItemId>,
    rule: Rule,
}

impl Filling {
    fn of((provider, fit): (Place, Fit), rule: Rule) -> Filling {
        Filling {
            provider,
            export: Some(fit.export),
            rule,
        }
    }
}

impl<'p, 'i> Planner<'p, 'i> {
    pub(super) fn plan(
        arena: &'p Arena<'i>,
        request: &'p Request,
        lineup: &'p Lineup,
    ) -> Result<Plan, Error> {
        let mut fitting = Fitting::new(arena, &lineup.components(), request.versions);
        let chains = Chain::all(request, lineup, &fitting)?;
        let explicit = Explicit::of(request, lineup, &mut fitting)?;
        let prefer = request.prefer.iter().map(|member| lineup.place(*member));
        let mut planner = Planner {
            arena,
            lineup,
            fitting,
            explicit,
            chains,
            prefer: prefer.collect(),
            graph: Graph::new(),
            instances: BTreeMap::new(),
            origins: Vec::new(),
            filled: 0,
            imports: Vec::new(),
        };
        planner.graph.set_versions(request.versions);
        for socket in lineup.sockets() {
            planner.instance(socket);
        }
        planner.fill_all()?;
        planner.settle(request)
    }

    /// Decides what the composition exports and how its imports are called, and ends the plan.
    fn settle(mut self, request: &Request) -> Result<Plan, Error> {
        let mut outside = Outside {
            arena: self.arena,
            request,
            lineup: self.lineup,
            fitting: &self.fitting,
            done: BTreeSet::new(),
        };
        let exports = outside.exports()?;
        let done = outside.done;
        for export in &exports {
            self.instance(export.place);
        }
        self.fill_all()?;
        release_types(self.arena, &mut self.graph, &mut self.imports);
        mark_used_types(self.arena, &self.graph, &mut self.imports);
        let useless = self.useless();
        self.check_plugged(&useless)?;
        self.graph.order()?;
        let mut outside = Outside {
            arena: self.arena,
            request,
            lineup: self.lineup,
            fitting: &self.fitting,
            done,
        };
        outside.export(&mut self.graph, &exports, &self.instances)?;
        outside.name_imports(&mut self.graph, &self.instances)?;
        Ok(Plan {
            graph: self.graph,
            imports: self.imports,
            useless,
        })
    }

    /// The instance at `place`, which is added if it is not there.
    fn instance(&mut self, place: Place) -> InstanceId {
        if let Some(instance) = self.instances.get(&place) {
            return *instance;
        }
        let component = self.lineup.component(place);
        let instance = self.graph.add(self.lineup.name(place), component);
        self.instances.insert(place, instance);
        self.origins.push((instance, place));
        instance
    }

    /// Fills the imports of every instance. Instances are added while this runs: it is done when none
    /// has an import left.
    fn fill_all(&mut self) -> Result<(), Error> {
        while let Some(&(instance, place)) = self.origins.get(self.filled) {
            self.fill(instance, place)?;
            self.filled += 1;
        }
        Ok(())
    }

    /// Finds what fills each import of `consumer`.
    fn fill(&mut self, consumer: InstanceId, place: Place) -> Result<(), Error> {
        let arena = self.arena;
        for import in self.fitting.imports.items(self.lineup.component(place)) {
            let state = match self.decide(place, import)? {
                Err(state) => state,
                Ok(filling) => {
                    let provider = self.instance(filling.provider);
                    let export = filling.export.map(|id| self.fitting.exports.get(id));
                    let edge = match &export {
                        Some(export) => Edge::from((provider, export.name)),
                        None => Edge::whole(provider),
                    };
                    let name = self.fitting.imports.get(import).name;
                    self.graph.connect(arena, (consumer, name), edge)?;
                    State::Filled {
                        provider: self.graph.instance(provider).name().to_owned(),
                        export: export.map_or(String::new(), |export| export.full_name()),
                        rule: filling.rule,
                    }
                }
            };
            let import = self.fitting.imports.get(import);
            let consumer = self.graph.instance(consumer).name().to_owned();
            let report = ImportReport::new(arena, consumer, import.name, import.item, state);
            self.imports.push(report);
        }
        Ok(())
    }

    /// What fills an import, or how it stays open: what is said of it alone comes first, then chains,
    /// then what fits.
    fn decide(&mut self, consumer: Place, import: ItemId) -> Result<Result<Filling, State>, Error> {
        if let Some(source) = self.explicit.wire(consumer, import) {
            return Ok(Ok(Filling {
                provider: source.provider,
                export: source.export,
                rule: Rule::Wire,
            }));
        }
        if self.explicit.is_kept(consumer, import) {
            return Ok(Err(State::Kept));
        }
        if let Some(filling) = self.chained(consumer, import)? {
            return Ok(Ok(filling));
        }
        let (fits, misses) = self.candidates(consumer, import);
        let nothing_fits = fits.is_empty();
        Ok(match self.choose(consumer, import, fits)? {
            Some(filling) => Ok(filling),
            None => Err(State::Open {
                near: self.near(consumer, import, misses, nothing_fits),
            }),
        })
    }

    /// What fills an import since a chain says so.
    fn chained(&mut self, consumer: Place, import: ItemId) -> Result<Option<Filling>, Error> {
        let chains = self.chains.iter();
        let chains = chains.filter(|chain| chain.is_about(&self.fitting, import));
        let next: Vec<_> = chains
            .filter_map(|chain| Some((chain.has(consumer), chain.next(consumer)?)))
            .collect();
        let name = self.lineup.name(consumer);
        let mut found: BTreeMap<Place, Fit> = BTreeMap::new();
        for (is_link, next) in next {
            let fit = named_export(self.lineup, &mut self.fitting, (name, import), next);
            match fit {
                Ok(fit) => found.extend(fit.map(|fit| (next, fit))),
                // It was not said that the chain fills this import; there may be something that fits.
                Err(_) if !is_link => {}
                Err(error) => return Err(error),
            }
        }
        let all = || found.iter().map(|(place, fit)| (*place, *fit));
        let preferred = self
            .prefer
            .iter()
            .find_map(|place| found.get_key_value(place));
        Ok(match (found.len(), preferred) {
            (0 | 1, _) => all().next().map(|found| Filling::of(found, Rule::Chain)),
            (_, Some((place, fit))) => Some(Filling::of((*place, *fit), Rule::Prefer)),
            _ => {
                let mut heads: Vec<_> =
                    found.keys().map(|place| self.lineup.name(*place)).collect();
                heads.sort_unstable();
                return Err(self.two_providers(
                    consumer,
                    import,
                    heads.into_iter().map(str::to_owned),
                ));
            }
        })
    }

    /// The plugs of this component that may fill an import of `consumer`: it does not fill its own.
    fn others(&self, component: ComponentId, consumer: Place) -> impl Iterator<Item = Place> {
        let plugs = self.lineup.plugs_of(component);
        plugs.filter(move |plug| consumer != *plug)
    }

    /// The links of chains about this import: they fill it as the chain says, or not at all.
    fn links(&self, import: ItemId) -> impl Fn(Place) -> bool + use<'_, 'p, 'i> {
        let chains = self.chains.iter();
        let chains: Vec<_> = chains
            .filter(|chain| chain.is_about(&self.fitting, import))
            .collect();
        move |place| chains.iter().any(|chain| chain.has(place))
    }

    /// The plugs that could fill an import, each with its best exports, and those that nearly could.
    fn candidates(
        &mut self,
        consumer: Place,
        import: ItemId,
    ) -> (Vec<(Place, Fit)>, Vec<NearMiss>) {
        let mut fits = Vec::new();
        let mut misses = Vec::new();
        let exports = self.fitting.candidates(import);
        for exports in exports.chunk_by(|a, b| a.component == b.component) {
            let Some(component) = exports.first().map(|export| export.component) else {
                continue;
            };
            let others: Vec<_> = {
                let is_link = self.links(import);
                let others = self.others(component, consumer);
                others.filter(|place| !is_link(*place)).collect()
            };
            if others.is_empty() {
                continue;
            }
            match self.fitting.best(import, exports) {
                Ok(found) => {
                    for plug in others {
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
        consumer: Place,
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
        &self,
        consumer: Place,
        import: ItemId,
        fits: Vec<(Place, Fit)>,
    ) -> Result<Option<Filling>, Error> {
        if let [only @ (_, fit)] = fits.as_slice()
            && !fit.imports_it_too
        {
            return Ok(Some(Filling::of(*only, fit.rule)));
        }
        let (links, ends): (Vec<_>, Vec<_>) =
            fits.into_iter().partition(|(_, fit)| fit.imports_it_too);
        let component = self.lineup.component(consumer);
        let consumer_is_link =
            self.lineup.is_plug(consumer) && self.fitting.names_fit(import, component);
        let pick = if consumer_is_link {
            // Links that are the same component come one after the other; different ones have no
            // order of their own, which is an error for whoever consumes the chain.
            let after: Vec<_> = links
                .into_iter()
                .filter(|(plug, fit)| fit.export.component == component && consumer < *plug)
                .collect();
            if after.is_empty() { ends } else { after }
        } else if links.is_empty() {
            ends
        } else {
            let components: BTreeSet<_> = components(&links).collect();
            if components.len() > 1 && self.preferred(&links).is_empty() {
                return Err(Error::new(ErrorKind::NoOrder {
                    consumer: self.lineup.name(consumer).to_owned(),
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
        let exports = |fits: &[(Place, Fit)]| -> BTreeSet<ItemId> {
            fits.iter().map(|(_, fit)| fit.export).collect()
        };
        if exports(&best).len() <= 1 {
            return Ok(best.first().map(|best| Filling::of(*best, best.1.rule)));
        }
        let preferred = self.preferred(&best);
        if let ([first, ..], 1) = (preferred.as_slice(), exports(&preferred).len()) {
            return Ok(Some(Filling::of(*first, Rule::Prefer)));
        }
        let best = match preferred.is_empty() {
            true => best,
            false => preferred,
        };
        let components: BTreeSet<_> = components(&best).collect();
        let providers = if components.len() > 1 {
            self.names_of(components)
        } else {
            let export = |id: ItemId| {
                let export = self.fitting.exports.get(id).full_name();
                format!("{}#{export}", self.name_of(id.component))
            };
            exports(&best).into_iter().map(export).collect()
        };
        Err(self.two_providers(consumer, import, providers.into_iter()))
    }

    /// The fits of the plug that is preferred before others that fit.
    fn preferred(&self, fits: &[(Place, Fit)]) -> Vec<(Place, Fit)> {
        let fits_of = |wanted: &Place| -> Vec<_> {
            let fits = fits.iter().filter(|(place, _)| place == wanted);
            fits.copied().collect()
        };
        let mut all = self.prefer.iter().map(fits_of);
        all.find(|fits| !fits.is_empty()).unwrap_or_default()
    }

    fn two_providers(
        &self,
        consumer: Place,
        import: ItemId,
        providers: impl Iterator<Item = String>,
    ) -> Error {
        Error::new(ErrorKind::TwoProviders {
            consumer: self.lineup.name(consumer).to_owned(),
            import: self.fitting.imports.get(import).full_name(),
            providers: providers.collect(),
        })
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

    fn useless(&self) -> Vec<Useless> {
        let used: BTreeSet<_> = self
            .instances
            .keys()
            .filter(|place| self.lineup.is_plug(**place))
            .map(|place| self.lineup.component(*place))
            .collect();
        let sockets: BTreeSet<_> = self.lineup.sockets().collect();
        let would_take = |import: &ItemId| {
            let mut sockets = sockets.iter();
            sockets.any(|socket| {
                self.fitting
                    .names_fit(*import, self.lineup.component(*socket))
            })
        };
        self.lineup
            .plugs()
            .filter(|plug| !self.instances.contains_key(plug))
            .map(|plug| {
                let component = self.lineup.component(plug);
                let mut imports = self.fitting.imports.items(component);
                Useless {
                    plug: self.lineup.name(plug).to_owned(),
                    same_as_used: used.contains(&component),
                    would_take_socket: imports
                        .find(would_take)
                        .map(|import| self.fitting.imports.get(import).full_name()),
                }
            })
            .collect()
    }

    /// Refuses a plan in which no plug is used, if there are any, and which nobody asked for.
    fn check_plugged(&self, useless: &[Useless]) -> Result<(), Error> {
        let mut plugs = self.lineup.plugs();
        let is_used = |plug| self.instances.contains_key(&plug);
        let mut instances = self.graph.instances();
        let is_filled = instances.any(|(_, instance)| !instance.arguments().is_empty());
        let is_kept = |import: &ImportReport| matches!(import.state, State::Kept);
        if self.lineup.plugs().next().is_none()
            || is_filled
            || plugs.any(is_used)
            || self.imports.iter().any(is_kept)
        {
            return Ok(());
        }
        let swapped = |useless: &Useless| {
            let import = useless.would_take_socket.clone()?;
            Some((useless.plug.clone(), import))
        };
        let sockets = self.lineup.sockets();
        Err(Error::new(ErrorKind::NothingPlugged {
            sockets: sockets
                .map(|socket| self.lineup.name(socket).to_owned())
                .collect(),
            imports_nothing: self.imports.is_empty(),
            near: NearMiss::best(&self.imports),
            swapped: useless.iter().filter_map(swapped).min(),
        }))
    }
}

fn components(fits: &[(Place, Fit)]) -> impl Iterator<Item = ComponentId> {
    fits.iter().map(|(_, fit)| fit.export.component)
}

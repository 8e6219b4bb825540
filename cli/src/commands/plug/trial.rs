//! Plans of what is not going to be made: what stays open, and what a further plug would change.

use super::request::Lineup;
use crate::args::Plug;
use crate::error::Failure;
use crate::project::auto::Verdict;
use crate::reading::read;
use crate::source::Named;
use crate::ui;
use std::collections::{BTreeMap, BTreeSet};
use std::slice;
use tenon_composer::{
    Arena, ComponentId, Dedupe, Error, ErrorKind, ImportReport, ItemPath, NearMiss, Options, Plan,
    Provider, Request, State, Track, encode, plug,
};

/// An interface that stays open, and that hosts do not provide as a rule.
#[derive(Clone, Debug)]
pub(in crate::commands) struct Open {
    /// Its name, as it is imported first.
    pub(in crate::commands) name: String,
    pub(in crate::commands) interface: Interface,
    /// Who imports it, and under which name.
    pub(in crate::commands) imports: BTreeSet<Import>,
}

/// An interface on a track: its name without a version, and the track.
pub(in crate::commands) type Interface = (String, Option<Track>);
/// An instance, and the name of its import.
type Import = (String, String);

/// What a composition comes to, as far as it is planned.
pub(in crate::commands) struct Trial<'i> {
    arena: Arena<'i>,
    /// The plugs and sockets, by the arguments that name them.
    components: BTreeMap<&'i str, ComponentId>,
    no_validate: bool,
}

impl<'i> Trial<'i> {
    pub(in crate::commands) fn new(no_validate: bool) -> Trial<'i> {
        Trial {
            arena: Arena::new(),
            components: BTreeMap::new(),
            no_validate,
        }
    }

    /// What has to be read: the sockets and plugs, by the arguments that name them.
    pub(in crate::commands) fn arguments(args: &Plug) -> Result<Vec<String>, Failure> {
        let lineup = Lineup::of(args)?;
        Ok(lineup.arguments().into_iter().map(str::to_owned).collect())
    }

    /// Reads a component that is a socket or plug, or may become one.
    pub(in crate::commands) fn read(&mut self, named: &'i Named) -> Result<(), Failure> {
        let ids = read(&mut self.arena, slice::from_ref(named), self.no_validate)?;
        let id = ids.into_iter().next();
        self.components
            .extend(id.map(|id| (named.argument.as_str(), id)));
        Ok(())
    }

    /// What stays open as it is, in the order in which it is asked for.
    pub(in crate::commands) fn open(&self, args: &Plug) -> Result<Vec<Open>, Failure> {
        Ok(open(&self.base(args)?))
    }

    /// What would come of a further plug, which was read, for an interface that stays open without it.
    pub(in crate::commands) fn with(
        &self,
        args: &Plug,
        plug: &Named,
        wanted: &Open,
    ) -> Result<Verdict, Failure> {
        let base = self.base(args)?;
        let plan = match self.plan(&with(args, plug))? {
            Ok(plan) => plan,
            Err(error) => return Ok(Verdict::Not(self.refusal(error, plug, wanted))),
        };
        let is_it = |provider: &str| {
            let mut instances = plan.graph.instances().map(|(_, instance)| instance);
            instances
                .find(|instance| instance.name() == provider)
                .is_some_and(|instance| {
                    self.components.get(plug.argument.as_str()) == Some(&instance.component())
                })
        };
        let filled = providers(&plan);
        let by_it: BTreeSet<&Import> = filled
            .iter()
            .filter(|(_, provider)| is_it(provider))
            .map(|(import, _)| import)
            .collect();
        if !wanted.imports.iter().all(|import| by_it.contains(import)) {
            return Ok(Verdict::Not(self.misses(&plan.imports, plug, wanted)));
        }
        let before = providers(&base);
        let replaced: Vec<_> = by_it
            .iter()
            .filter_map(|import| Some((import, before.get(*import)?)))
            .map(|((_, import), provider)| {
                format!("it would take the place of `{provider}` for `{import}`")
            })
            .collect();
        if !replaced.is_empty() {
            return Ok(Verdict::Not(replaced));
        }
        let known: BTreeSet<Interface> = open(&base).into_iter().map(|it| it.interface).collect();
        let fills: BTreeSet<String> = by_it
            .difference(&wanted.imports.iter().collect())
            .map(|(_, import)| import.clone())
            .collect();
        let opens = open(&plan).into_iter();
        let opens = opens.filter(|it| {
            !known.contains(&it.interface) || it.imports.iter().any(|(consumer, _)| is_it(consumer))
        });
        Ok(Verdict::Fits {
            fills: fills.into_iter().collect(),
            opens: opens.map(|it| it.name).collect(),
        })
    }

    /// Makes the composition with a further plug, and drops it: resources may clash where types fit. With what stays open
    /// they may, too, since that may be filled next.
    ///
    /// # Errors
    ///
    /// Why it cannot be made.
    pub(in crate::commands) fn check(self, args: &Plug, plug: &Named) -> Result<(), Failure> {
        let plan = self.plan(&with(args, plug))??;
        let options = Options {
            dedupe: Dedupe::Components,
            ..Options::default()
        };
        match encode(self.arena, plan.graph, &options) {
            Err(error) if !is_for_now(&error) => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// The plan as it is; of the sockets alone where no plug fits any of their imports, which is an error later.
    fn base(&self, args: &Plug) -> Result<Plan, Failure> {
        match self.plan(args)? {
            Ok(plan) => Ok(plan),
            Err(error) if matches!(error.kind(), ErrorKind::NothingPlugged { .. }) => {
                let request = self.request(args)?;
                Ok(plug(&self.arena, &Request::new(request.sockets, []))?)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn plan(&self, args: &Plug) -> Result<Result<Plan, Error>, Failure> {
        Ok(plug(&self.arena, &self.request(args)?))
    }

    fn request(&self, args: &Plug) -> Result<Request, Failure> {
        let lineup = Lineup::of(args)?;
        let ids = lineup.arguments().into_iter().map(|argument| {
            self.components.get(argument).copied().ok_or_else(|| {
                Failure::usage(format!("`{}` was not read", ui::clean_line(argument)))
            })
        });
        let ids = ids.collect::<Result<Vec<_>, _>>()?;
        let mut request = lineup.request(&self.arena, &ids, args)?;
        // What is left open is what is looked for.
        request.strict = false;
        Ok(request)
    }

    /// Why a plan with a further plug cannot be.
    fn refusal(&self, error: Error, plug: &Named, wanted: &Open) -> Vec<String> {
        match error.kind() {
            ErrorKind::NothingPlugged { near, .. } => self.reasons(near, plug, wanted),
            _ => vec![Failure::from(error).summary()],
        }
    }

    /// Why a further plug does not fill an interface.
    fn misses(&self, imports: &[ImportReport], plug: &Named, wanted: &Open) -> Vec<String> {
        let near = imports.iter().filter_map(|report| match &report.state {
            State::Open { near } => Some(near),
            _ => None,
        });
        self.reasons(&near.flatten().cloned().collect::<Vec<_>>(), plug, wanted)
    }

    fn reasons(&self, near: &[NearMiss], plug: &Named, wanted: &Open) -> Vec<String> {
        let near: Vec<_> = near
            .iter()
            .filter(|miss| {
                let path = ItemPath::parse(&miss.export, None);
                let base = path.as_ref().map(ItemPath::base);
                miss.provider == plug.name && base == Some(wanted.interface.0.as_str())
            })
            .cloned()
            .collect();
        match near.is_empty() {
            true => vec![format!(
                "it does not export `{}`, though the registry says so",
                wanted.name
            )],
            false => ui::near_misses(&near, 0),
        }
    }
}

/// Whether resources clash with those of an import that is open, and could be filled.
fn is_for_now(error: &Error) -> bool {
    let ErrorKind::ResourceClash(clash) = error.kind() else {
        return false;
    };
    [&clash.known.1, &clash.other.1].contains(&&Provider::Host)
}

fn with(args: &Plug, plug: &Named) -> Plug {
    let mut more = args.clone();
    more.plugs.push(plug.argument.clone());
    more
}

/// What fills each import that is filled.
fn providers(plan: &Plan) -> BTreeMap<Import, String> {
    let filled = plan.imports.iter().filter_map(|report| {
        let State::Filled { provider, .. } = &report.state else {
            return None;
        };
        let import = (report.consumer.clone(), report.import.clone());
        Some((import, provider.clone()))
    });
    filled.collect()
}

/// The interfaces that stay open though nobody asked for that, but for those that hosts provide and those that hold types
/// only. What is not an interface is known by its name to its component only, so nobody else can be asked for it.
pub(super) fn open(plan: &Plan) -> Vec<Open> {
    let mut all: Vec<Open> = vec![];
    for report in plan.open().filter(|it| !it.host && !it.only_types) {
        let Some(path) = ItemPath::parse(&report.import, None) else {
            continue;
        };
        let interface = (path.base().to_owned(), path.track());
        let import = (report.consumer.clone(), report.import.clone());
        match all.iter_mut().find(|open| open.interface == interface) {
            Some(open) => drop(open.imports.insert(import)),
            None => all.push(Open {
                name: report.import.clone(),
                interface,
                imports: BTreeSet::from([import]),
            }),
        }
    }
    all
}

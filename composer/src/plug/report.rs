//! What a plan says of every import: what fills it, or what came near.

use super::fit::Rule;
use crate::component::Arena;
use crate::encode::naming;
use crate::encode::used::used_types;
use crate::graph::Graph;
use crate::hash::HashMap;
use crate::name::ItemPath;
use crate::types::Data;
use crate::types::{Difference, kind_name};
use std::fmt;
use wasmparser::component_types::{ComponentEntityType, ComponentItem};

/// One import of one instance.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ImportReport {
    /// The instance that has the import.
    pub consumer: String,
    /// The import's name, with its whole version.
    pub import: String,
    /// What sort of item it is: `interface`, `function`, ...
    pub kind: &'static str,
    /// What fills it, or what came near.
    pub state: State,
    /// Whether it is of the `wasi` namespace, which hosts provide.
    pub host: bool,
    /// Whether it is an interface that holds only types, so that nobody need provide anything.
    pub only_types: bool,
}

/// Whether an import is filled.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum State {
    /// An export fills it.
    Filled {
        /// The instance that has the export.
        provider: String,
        /// The export's name, with its whole version; empty for the instance as a whole.
        export: String,
        /// Why this export.
        rule: Rule,
    },
    /// It becomes an import of the composition.
    Open {
        /// What came near, the nearest first.
        near: Vec<NearMiss>,
    },
    /// It becomes an import of the composition, since it was asked to stay open.
    Kept,
}

/// An export that nearly fills an import.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NearMiss {
    /// The component that has the import.
    pub consumer: String,
    /// The import's name, with its whole version.
    pub import: String,
    /// The component that has the export.
    pub provider: String,
    /// The export's name, with its whole version.
    pub export: String,
    /// What is in the way.
    pub why: Miss,
}

/// Why an export that comes near does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Miss {
    /// The names fit, the types do not.
    Type(Vec<Difference>),
    /// The same interface, on another compatibility track.
    Track {
        /// The track of the import.
        expected: String,
        /// The track of the export.
        found: String,
    },
    /// The same interface, but one side is a prerelease, which fits only itself.
    Prerelease,
    /// The same interface, with a version on one side only.
    Unversioned {
        /// Whether it is the import that has no version.
        import: bool,
    },
    /// Another name, but only by a letter or two, or only the package differs.
    Name,
}

/// A plug that fills nothing.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Useless {
    /// The plug's name.
    pub plug: String,
    /// Whether another plug with the same bytes is used.
    pub same_as_used: bool,
    /// An import of the plug, with its whole version, that the socket could fill: perhaps the two are
    /// meant the other way round.
    pub would_take_socket: Option<String>,
}

impl ImportReport {
    pub(crate) fn new(
        arena: &Arena<'_>,
        consumer: String,
        name: &str,
        item: &ComponentItem,
        state: State,
    ) -> Self {
        let types = arena.types();
        let only_types = match item.ty {
            ComponentEntityType::Instance(id) => types
                .data(id)
                .exports
                .values()
                .all(|item| matches!(item.ty, ComponentEntityType::Type { .. })),
            ComponentEntityType::Type { .. } => true,
            _ => false,
        };
        let interface = item.implements.as_deref().unwrap_or(name);
        ImportReport {
            consumer,
            import: item.full_name(name).into_owned(),
            kind: kind_name(&item.ty),
            state,
            host: interface.starts_with("wasi:") && ItemPath::parse(interface, None).is_some(),
            only_types,
        }
    }
}

/// Leaves imports of `graph` open that have to be, since what is open needs the names of their types.
pub(crate) fn release_types(arena: &Arena<'_>, graph: &mut Graph, imports: &mut [ImportReport]) {
    for (instance, import) in naming::release_types(arena, graph) {
        let instance = graph.instance(instance);
        let items = &arena.type_of(instance.component()).imports;
        let Some(item) = items.get(&import) else {
            continue;
        };
        let name = item.full_name(&import);
        let is_it = |report: &&mut ImportReport| {
            report.consumer == instance.name() && report.import == *name
        };
        for report in imports.iter_mut().filter(is_it) {
            report.state = State::Open { near: Vec::new() };
        }
    }
}

/// Marks the imports that are types of interfaces which `graph` fills.
pub(crate) fn mark_used_types(arena: &Arena<'_>, graph: &Graph, imports: &mut [ImportReport]) {
    let used = used_types(arena, graph).into_iter();
    let used: HashMap<&str, _> = used
        .map(|(instance, used)| (graph.instance(instance).name(), used))
        .collect();
    for report in imports {
        let of_consumer = used.get(report.consumer.as_str());
        if let Some(used) = of_consumer.and_then(|used| used.get(report.import.as_str())) {
            report.state = State::Filled {
                provider: graph.instance(used.provider).name().to_owned(),
                export: used.item(),
                rule: Rule::Use,
            };
        }
    }
}

impl NearMiss {
    /// The code of the explanation that belongs to this miss.
    pub fn code(&self) -> &'static str {
        match self.why {
            Miss::Type(_) => "compose::argument-type",
            Miss::Track { .. } => "compose::wrong-track",
            Miss::Prerelease => "compose::prerelease",
            Miss::Unversioned { .. } => "compose::unversioned",
            Miss::Name => "compose::near-name",
        }
    }

    /// Where the types differ, if it is for that.
    pub fn differences(&self) -> &[Difference] {
        match &self.why {
            Miss::Type(differences) => differences,
            _ => &[],
        }
    }

    /// Sorts near misses, the nearest first, in an order that is always the same.
    pub(super) fn sort(misses: &mut [NearMiss]) {
        misses.sort_by_cached_key(|miss| (miss.rank(), miss.to_string()));
    }

    /// A smaller rank is nearer.
    fn rank(&self) -> u8 {
        match self.why {
            Miss::Type(_) => 0,
            Miss::Track { .. } | Miss::Prerelease => 1,
            Miss::Unversioned { .. } => 2,
            Miss::Name => 3,
        }
    }

    /// The near misses of all imports, the nearest first.
    pub(super) fn best(imports: &[ImportReport]) -> Vec<NearMiss> {
        let mut all: Vec<_> = imports
            .iter()
            .filter_map(|import| match &import.state {
                State::Open { near } => Some(near),
                _ => None,
            })
            .flatten()
            .cloned()
            .collect();
        all.sort_by_key(NearMiss::rank);
        all
    }
}

impl fmt::Display for NearMiss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let NearMiss {
            consumer,
            import,
            provider,
            export,
            why,
        } = self;
        match why {
            Miss::Type(differences) => {
                write!(
                    f,
                    "`{provider}` exports `{export}`, but not as `{consumer}` imports it"
                )?;
                match differences.first() {
                    Some(difference) => write!(f, ": {difference}"),
                    None => Ok(()),
                }
            }
            Miss::Track { expected, found } => write!(
                f,
                "`{provider}` exports `{export}`, which is on track {found}, but `{consumer}` \
                 imports `{import}`, which is on track {expected}"
            ),
            Miss::Prerelease => write!(
                f,
                "`{provider}` exports `{export}`, but `{consumer}` imports `{import}`, and a \
                 prerelease fits only itself"
            ),
            Miss::Unversioned { import: true } => write!(
                f,
                "`{provider}` exports `{export}`, but `{consumer}` imports `{import}` without a version"
            ),
            Miss::Unversioned { import: false } => write!(
                f,
                "`{provider}` exports `{export}` without a version, but `{consumer}` imports `{import}`"
            ),
            Miss::Name => write!(
                f,
                "`{provider}` exports `{export}`, but `{consumer}` imports `{import}`"
            ),
        }
    }
}

//! Whether an export fits an import: by name first, then by type.

use super::report::{Miss, NearMiss};
use crate::component::{Arena, ComponentId};
use crate::name::{ItemPath, NameFit};
use crate::types::Data;
use crate::types::{Comparison, Difference, items_owned};
use std::collections::HashMap;
use std::fmt;
use wasmparser::component_types::{ComponentEntityType, ComponentItem, ResourceId};

/// By which rule an export fills an import, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Rule {
    /// The names are equal.
    Name,
    /// The same interface, in another version on the same compatibility track.
    Track,
    /// The import or the export says that it `implements` the other's interface.
    Implements,
    /// Both have the same `external-id`.
    ExternalId,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Rule::Name => "same name",
            Rule::Track => "compatible version",
            Rule::Implements => "implements the interface",
            Rule::ExternalId => "same external id",
        })
    }
}

/// An export that fits.
pub(super) struct Fit {
    /// The export's name in the binary.
    pub(super) export: String,
    /// The export's name with its whole version.
    pub(super) full_export: String,
    pub(super) rule: Rule,
    /// Whether the component that has the export imports the same interface.
    pub(super) imports_it_too: bool,
}

impl Fit {
    /// A smaller rank is a better fit.
    pub(super) fn rank(&self) -> Rule {
        self.rule
    }
}

/// Compares imports with exports, remembering which types were compared before.
pub(super) struct Fitting<'p, 'i> {
    arena: &'p Arena<'i>,
    known: HashMap<(ComponentId, String, ComponentId, String), Vec<Difference>>,
}

impl<'p, 'i> Fitting<'p, 'i> {
    pub(super) fn new(arena: &'p Arena<'i>) -> Self {
        Fitting {
            arena,
            known: HashMap::new(),
        }
    }

    /// The exports of `provider` that fit the import best; or what came near.
    pub(super) fn best(
        &mut self,
        consumer: ComponentId,
        import: &str,
        provider: ComponentId,
    ) -> Result<Vec<Fit>, Vec<NearMiss>> {
        let arena = self.arena;
        let Some(item) = arena.type_of(consumer).imports.get(import) else {
            return Err(Vec::new());
        };
        let mut fits = Vec::new();
        let mut misses = Vec::new();
        let miss = |export: String, why: Miss| NearMiss {
            consumer: arena.component(consumer).name().to_owned(),
            import: item.full_name(import).into_owned(),
            provider: arena.component(provider).name().to_owned(),
            export,
            why,
        };
        for (export, given) in &arena.type_of(provider).exports {
            let full_export = given.full_name(export).into_owned();
            match names((import, item), (export, given)) {
                Ok(rule) => {
                    let differences =
                        self.differences((consumer, import, item), (provider, export, given));
                    if differences.is_empty() {
                        fits.push(Fit {
                            imports_it_too: self.imports_too((import, item), provider),
                            export: export.clone(),
                            full_export,
                            rule,
                        });
                    } else {
                        misses.push(miss(full_export, Miss::Type(differences)));
                    }
                }
                Err(Some(why)) => misses.push(miss(full_export, why)),
                Err(None) => {}
            }
        }
        // Of one interface in several versions the highest is the one.
        fits.sort_by(|a, b| a.rule.cmp(&b.rule).then_with(|| newest(a, b)));
        let Some(first) = fits.first() else {
            return Err(misses);
        };
        let (rule, unique) = (first.rule, first.rule < Rule::Implements);
        fits.retain(|fit| fit.rule == rule);
        if unique {
            fits.truncate(1);
        }
        Ok(fits)
    }

    /// Whether `component` has an export by whose name it could fill its own `import`.
    pub(super) fn exports_what_it_imports(&self, component: ComponentId, import: &str) -> bool {
        self.names_fit(component, import, component)
    }

    /// Whether `provider` has an export by whose name it could fill an import of `consumer`.
    pub(super) fn names_fit(
        &self,
        consumer: ComponentId,
        import: &str,
        provider: ComponentId,
    ) -> bool {
        let exports = &self.arena.type_of(provider).exports;
        self.arena
            .type_of(consumer)
            .imports
            .get(import)
            .is_some_and(|item| {
                exports
                    .iter()
                    .any(|(export, given)| names((import, item), (export, given)).is_ok())
            })
    }

    /// The import's name with its whole version.
    pub(super) fn full_import(&self, component: ComponentId, import: &str) -> String {
        match self.arena.type_of(component).imports.get(import) {
            Some(item) => item.full_name(import).into_owned(),
            None => import.to_owned(),
        }
    }

    fn imports_too(&self, import: (&str, &ComponentItem), provider: ComponentId) -> bool {
        let imports = &self.arena.type_of(provider).imports;
        imports
            .iter()
            .any(|(name, item)| names(import, (name, item)).is_ok())
    }

    fn differences(
        &mut self,
        (consumer, import, item): (ComponentId, &str, &ComponentItem),
        (provider, export, given): (ComponentId, &str, &ComponentItem),
    ) -> Vec<Difference> {
        let arena = self.arena;
        self.known
            .entry((consumer, import.to_owned(), provider, export.to_owned()))
            .or_insert_with(|| differences(arena, consumer, item, provider, given))
            .clone()
    }
}

/// What keeps an export of `provider` from filling an import of `consumer`.
///
/// Before there is a plan nothing says where a resource comes from; resources are taken for the
/// same if they have the same name in the two types.
fn differences(
    arena: &Arena<'_>,
    consumer: ComponentId,
    item: &ComponentItem,
    provider: ComponentId,
    given: &ComponentItem,
) -> Vec<Difference> {
    let types = arena.types();
    let (ComponentEntityType::Instance(wanted), ComponentEntityType::Instance(found)) =
        (&item.ty, &given.ty)
    else {
        let mut by_name = |_, _| true;
        let mut comparison = Comparison::new(types, &mut by_name);
        comparison.entity(&given.ty, &item.ty);
        return comparison.take();
    };
    let wanted_paths = items_owned(types, &types.data(*wanted).exports);
    let found_ids: HashMap<Vec<String>, ResourceId> =
        items_owned(types, &types.data(*found).exports)
            .into_iter()
            .map(|(id, path)| (path, id))
            .collect();
    let origins = (
        items_owned(types, &arena.type_of(provider).imports),
        items_owned(types, &arena.type_of(consumer).imports),
    );
    let mut same = |found: ResourceId, wanted: ResourceId| {
        if let Some(path) = wanted_paths.get(&wanted) {
            return found_ids.get(path).is_none_or(|id| *id == found);
        }
        match (origins.0.get(&found), origins.1.get(&wanted)) {
            (Some(found), Some(wanted)) => found.last() == wanted.last(),
            _ => true,
        }
    };
    let mut comparison = Comparison::new(types, &mut same);
    comparison.entity(&given.ty, &item.ty);
    comparison.take()
}

/// By which rule the export's name fits the import's; or why it nearly does.
fn names(
    (import, wanted): (&str, &ComponentItem),
    (export, given): (&str, &ComponentItem),
) -> Result<Rule, Option<Miss>> {
    let path =
        |name: &str, item: &ComponentItem| ItemPath::parse(name, item.version_suffix.as_deref());
    let implemented = |item: &ComponentItem| {
        ItemPath::parse(item.implements.as_deref()?, item.version_suffix.as_deref())
    };
    if import == export && wanted.version_suffix == given.version_suffix {
        return Ok(Rule::Name);
    }
    let (import_path, export_path) = (path(import, wanted), path(export, given));
    if let (Some(import), Some(export)) = (&import_path, &export_path) {
        match import.fits(export) {
            Some(NameFit::Same) => return Ok(Rule::Name),
            Some(NameFit::Track) => return Ok(Rule::Track),
            None => {}
        }
    }
    let wants = implemented(wanted).or_else(|| import_path.clone());
    let gives = implemented(given).or_else(|| export_path.clone());
    if (wanted.implements.is_some() || given.implements.is_some())
        && let (Some(wants), Some(gives)) = (&wants, &gives)
        && wants.fits(gives).is_some()
    {
        return Ok(Rule::Implements);
    }
    if wanted.external_id.is_some() && wanted.external_id == given.external_id {
        return Ok(Rule::ExternalId);
    }
    Err(match (wants, gives) {
        (Some(wants), Some(gives)) => near(&wants, &gives),
        (None, None) => Miss::of_plain_names(import, export),
        _ => None,
    })
}

fn near(wants: &ItemPath, gives: &ItemPath) -> Option<Miss> {
    if wants.base() != gives.base() {
        return Miss::of_names(wants.base(), gives.base());
    }
    match (wants.track(), gives.track()) {
        (Some(expected), Some(found)) => Some(Miss::Track {
            expected: expected.to_string(),
            found: found.to_string(),
        }),
        (expected, _) => Some(Miss::Unversioned {
            import: expected.is_none(),
        }),
    }
}

/// Orders fits of one rule by version, the highest first.
fn newest(a: &Fit, b: &Fit) -> std::cmp::Ordering {
    let version = |fit: &Fit| ItemPath::parse(&fit.full_export, None)?.version().cloned();
    version(b).cmp(&version(a))
}

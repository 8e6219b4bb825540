//! Whether an export fits an import: by name first, then by type.

use super::index::{Index, ItemId, Named};
use super::near::NearNames;
use super::report::{Miss, NearMiss};
use crate::component::{Arena, ComponentId};
use crate::hash::HashMap;
use crate::name::{ItemPath, NameFit, Track, Versions};
use crate::types::Data;
use crate::types::{Comparison, Difference, items_owned};
use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::fmt;
use wasmparser::component_types::{ComponentEntityType, ResourceId};

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
    /// The import is a type of an interface that is filled.
    Use,
    /// A configuration says so.
    Argument,
    /// A definition of a configuration exports it.
    Definition,
    /// It is the dependency of its name.
    Dependency,
    /// It was asked for, for this import.
    Wire,
    /// It is the next link of a chain that was asked for.
    Chain,
    /// Of several that fit equally well, it is the one that was preferred.
    Prefer,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Rule::Name => "same name",
            Rule::Track => "compatible version",
            Rule::Implements => "implements the interface",
            Rule::ExternalId => "same external id",
            Rule::Use => "a type of what fills the interface",
            Rule::Argument => "an argument of the configuration",
            Rule::Definition => "a definition",
            Rule::Dependency => "dependency of that name",
            Rule::Wire => "as wired",
            Rule::Chain => "next in the chain",
            Rule::Prefer => "preferred",
        })
    }
}

/// An export that fits.
#[derive(Clone, Copy)]
pub(super) struct Fit {
    pub(super) export: ItemId,
    /// The smaller, the better the fit.
    pub(super) rule: Rule,
    /// Whether the component that has the export imports the same interface.
    pub(super) imports_it_too: bool,
}

impl Fit {
    /// An export that fits by nothing but its type.
    pub(super) fn by_type(export: ItemId) -> Fit {
        Fit {
            export,
            rule: Rule::Wire,
            imports_it_too: false,
        }
    }
}

/// Compares imports with exports, remembering which types were compared before.
pub(super) struct Fitting<'p, 'i> {
    arena: &'p Arena<'i>,
    pub(super) imports: Index<'p>,
    pub(super) exports: Index<'p>,
    /// Made when there is need of it: most imports are filled.
    near_names: Option<NearNames<'p>>,
    known: HashMap<(ItemId, ItemId), Vec<Difference>>,
    resources: Resources<'p, 'i>,
    versions: Versions,
}

impl<'p, 'i> Fitting<'p, 'i> {
    pub(super) fn new(
        arena: &'p Arena<'i>,
        components: &BTreeSet<ComponentId>,
        versions: Versions,
    ) -> Self {
        let types = || components.iter().map(|id| (*id, arena.type_of(*id)));
        let exports = Index::of(types().map(|(id, ty)| (id, &ty.exports)));
        Fitting {
            arena,
            imports: Index::of(types().map(|(id, ty)| (id, &ty.imports))),
            near_names: None,
            exports,
            known: HashMap::default(),
            resources: Resources {
                arena,
                imported: HashMap::from_iter(components.iter().map(|id| (*id, OnceCell::new()))),
            },
            versions,
        }
    }

    /// The exports that may fit the import by name, in order of their components.
    pub(super) fn candidates(&self, import: ItemId) -> Vec<ItemId> {
        self.exports.like(self.imports.get(import))
    }

    /// Those of the exports, all of one component, that fit the import best; or what came near.
    pub(super) fn best(
        &mut self,
        import: ItemId,
        exports: &[ItemId],
    ) -> Result<Vec<Fit>, Vec<NearMiss>> {
        let mut fits = Vec::new();
        let mut misses = Vec::new();
        for &export in exports {
            match self.names(import, export) {
                Ok(rule) => {
                    let differences = self.differences(import, export);
                    if differences.is_empty() {
                        fits.push(Fit {
                            export,
                            rule,
                            imports_it_too: self.imports_too(import, export.component),
                        });
                    } else {
                        misses.push(self.miss(import, export, Miss::Type(differences)));
                    }
                }
                Err(Some(why)) => misses.push(self.miss(import, export, why)),
                Err(None) => {}
            }
        }
        // Of one interface in several versions the highest is the one.
        fits.sort_by(|a, b| a.rule.cmp(&b.rule).then_with(|| self.newest(a, b)));
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

    /// The exports whose names come near that of the import.
    pub(super) fn near_names(&mut self, import: ItemId) -> Vec<ItemId> {
        let near_names = &mut self.near_names;
        let near_names = near_names.get_or_insert_with(|| NearNames::of(&self.exports));
        let near = near_names.near(self.imports.get(import));
        let exports = near.iter().flat_map(|name| self.exports.called(name));
        exports.collect()
    }

    pub(super) fn miss(&self, import: ItemId, export: ItemId, why: Miss) -> NearMiss {
        let name = |id: ItemId| self.arena.component(id.component).name().to_owned();
        NearMiss {
            consumer: name(import),
            import: self.imports.get(import).full_name(),
            provider: name(export),
            export: self.exports.get(export).full_name(),
            why,
        }
    }

    /// Whether `provider` has an export by whose name it could fill the import.
    pub(super) fn names_fit(&self, import: ItemId, provider: ComponentId) -> bool {
        let import = self.imports.get(import);
        self.exports
            .like_in(provider, import)
            .any(|export| names(self.versions, import, export).is_ok())
    }

    /// By which rule the name of the export fits that of the import; or why it nearly does.
    fn names(&self, import: ItemId, export: ItemId) -> Result<Rule, Option<Miss>> {
        let (import, export) = (self.imports.get(import), self.exports.get(export));
        names(self.versions, import, export)
    }

    fn imports_too(&self, import: ItemId, provider: ComponentId) -> bool {
        let import = self.imports.get(import);
        self.imports
            .like_in(provider, import)
            .any(|other| names(self.versions, import, other).is_ok())
    }

    /// Orders fits of one rule by version, the highest first.
    fn newest(&self, a: &Fit, b: &Fit) -> std::cmp::Ordering {
        let version = |fit: &Fit| self.exports.get(fit.export).path.as_ref()?.version();
        version(b).cmp(&version(a))
    }

    /// What keeps the type of the export from being that of the import.
    pub(super) fn differences(&mut self, import: ItemId, export: ItemId) -> Vec<Difference> {
        if let Some(known) = self.known.get(&(import, export)) {
            return known.clone();
        }
        let differences = self.compare(import, export);
        self.known.insert((import, export), differences.clone());
        differences
    }

    /// What keeps an instance of the component, with all its exports, from being what is imported.
    pub(super) fn whole(&self, import: ItemId, component: ComponentId) -> Vec<Difference> {
        let mut by_name = |_, _| true;
        let mut comparison = Comparison::new(self.arena.types(), &mut by_name);
        let exports = &self.arena.type_of(component).exports;
        comparison.whole(exports, &self.imports.get(import).item.ty);
        comparison.take()
    }

    /// What keeps the type of the export from being that of the import.
    ///
    /// Before there is a plan nothing says where a resource comes from; resources are taken for the
    /// same if they have the same name in the two types.
    fn compare(&self, import: ItemId, export: ItemId) -> Vec<Difference> {
        let types = self.arena.types();
        let (item, given) = (self.imports.get(import).item, self.exports.get(export).item);
        let (ComponentEntityType::Instance(wanted), ComponentEntityType::Instance(found)) =
            (&item.ty, &given.ty)
        else {
            let mut by_name = |_, _| true;
            let mut comparison = Comparison::new(types, &mut by_name);
            comparison.entity(&given.ty, &item.ty);
            return comparison.take();
        };
        // Most interfaces have no resources, and their names are then not needed.
        let (wanted_paths, found_ids) = (OnceCell::new(), OnceCell::new());
        let mut same = |found_id: ResourceId, wanted_id: ResourceId| {
            let wanted_paths =
                wanted_paths.get_or_init(|| items_owned(types, &types.data(*wanted).exports));
            if let Some(path) = wanted_paths.get(&wanted_id) {
                let found_ids: &HashMap<Vec<String>, ResourceId> = found_ids.get_or_init(|| {
                    items_owned(types, &types.data(*found).exports)
                        .into_iter()
                        .map(|(id, path)| (path, id))
                        .collect()
                });
                return found_ids.get(path).is_none_or(|id| *id == found_id);
            }
            let found = self.resources.imported(export.component, found_id);
            let wanted = self.resources.imported(import.component, wanted_id);
            match (found, wanted) {
                (Some(found), Some(wanted)) => found.last() == wanted.last(),
                _ => true,
            }
        };
        let mut comparison = Comparison::new(types, &mut same);
        comparison.entity(&given.ty, &item.ty);
        comparison.take()
    }
}

/// The resources that components import, looked for when there is need of them.
struct Resources<'p, 'i> {
    arena: &'p Arena<'i>,
    imported: HashMap<ComponentId, OnceCell<HashMap<ResourceId, Vec<String>>>>,
}

impl Resources<'_, '_> {
    /// The path of names that leads to the resource among the imports of `component`.
    fn imported(&self, component: ComponentId, resource: ResourceId) -> Option<&Vec<String>> {
        let imports = &self.arena.type_of(component).imports;
        self.imported
            .get(&component)?
            .get_or_init(|| items_owned(self.arena.types(), imports))
            .get(&resource)
    }
}

/// By which rule the export's name fits the import's; or why it nearly does.
fn names(versions: Versions, import: &Named<'_>, export: &Named<'_>) -> Result<Rule, Option<Miss>> {
    let (wanted, given) = (import.item, export.item);
    if import.name == export.name && wanted.version_suffix == given.version_suffix {
        return Ok(Rule::Name);
    }
    if let (Some(import), Some(export)) = (&import.path, &export.path) {
        match versions.fits(import, export) {
            Some(NameFit::Same) => return Ok(Rule::Name),
            Some(NameFit::Track) => return Ok(Rule::Track),
            None => {}
        }
    }
    let interfaces = import.interface().zip(export.interface());
    if (wanted.implements.is_some() || given.implements.is_some())
        && interfaces.is_some_and(|(wants, gives)| versions.fits(wants, gives).is_some())
    {
        return Ok(Rule::Implements);
    }
    if wanted.external_id.is_some() && wanted.external_id == given.external_id {
        return Ok(Rule::ExternalId);
    }
    Err(interfaces.and_then(|(wants, gives)| near(versions, wants, gives)))
}

/// What keeps one interface from being the other, if it is only the version.
fn near(versions: Versions, wants: &ItemPath, gives: &ItemPath) -> Option<Miss> {
    if wants.base() != gives.base() {
        return None;
    }
    Some(match (versions.track(wants), versions.track(gives)) {
        (Some(Track::Prerelease(_)), Some(_)) | (Some(_), Some(Track::Prerelease(_))) => {
            Miss::Prerelease
        }
        (Some(expected), Some(found)) => Miss::Track {
            expected: expected.to_string(),
            found: found.to_string(),
        },
        (expected, _) => Miss::Unversioned {
            import: expected.is_none(),
        },
    })
}

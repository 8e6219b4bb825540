//! Whether one version of a component or a WIT package can take the place of another, and each thing
//! that is in the way.

use crate::component::{Arena, ComponentId};
use crate::name::{ItemPath, Track};
use crate::targets::{Index, Roles, compare};
use crate::types::{Data, Difference, Reason, Step};
use wasmparser::component_types::{
    ComponentAnyTypeId, ComponentEntityType, ComponentItem, ComponentType, ComponentTypeId,
};
use wasmparser::types::TypesRef;

/// How many differences [`breaks`] gives at most.
const MAX_DIFFERENCES: usize = 64;

/// What breaks for those who use `old` when it becomes `new`; nothing, if `new` can take its place.
///
/// - A component may come to import less and export more. What it imports or exports in both must have
///   types that fit, and an interface in another version on the same compatibility track is the same one.
///   An import of an interface that has nothing but types, and no resources, asks nothing of anyone: it
///   may come.
/// - An interface of a WIT package may come to have more. A world must go on to fit every component that
///   was made for it: it may come to offer more imports and ask for fewer exports. The package keeps its
///   name, and its version stays on its track.
/// - What an import or export says that it implements, and the id by which others know it, may come but
///   not go: by these they find each other.
///
/// Of very many, the first are given. [`diff()`](crate::diff()) gives what changed besides.
///
/// # Panics
///
/// Panics if a component comes from another arena.
pub fn breaks(arena: &Arena<'_>, old: ComponentId, new: ComponentId) -> Vec<Difference> {
    all_breaks(arena, old, new, MAX_DIFFERENCES)
}

/// What [`breaks`] gives, a line each, in the words of whoever publishes `new`.
///
/// # Panics
///
/// Panics if a component comes from another arena.
pub fn breaks_in_words(arena: &Arena<'_>, old: ComponentId, new: ComponentId) -> Vec<String> {
    let is_wit = arena.component(new).is_wit_package();
    let differences = breaks(arena, old, new);
    let words = differences.iter().map(|found| in_words(found, is_wit));
    words.collect()
}

fn in_words(difference: &Difference, is_wit: bool) -> String {
    match (difference.path.as_slice(), &difference.reason) {
        ([], Reason::Kind { expected, found }) => format!("it was a {expected}, and is a {found}"),
        ([], Reason::Missing { kind, name }) if is_wit => format!("the {kind} `{name}` is gone"),
        ([], Reason::Missing { name, .. }) => format!("the export `{name}` is gone"),
        ([Step::Import(name)], Reason::NotOffered) => format!("the import `{name}` is new"),
        ([Step::World(world), Step::Import(name)], Reason::NotOffered) => {
            format!("the world `{world}` no longer offers `{name}`")
        }
        ([Step::World(world)], Reason::Missing { name, .. }) => {
            format!("the world `{world}` asks for the export `{name}`, which is new")
        }
        _ => difference.to_string(),
    }
}

/// What [`breaks`] gives, at most `most`.
pub(crate) fn all_breaks(
    arena: &Arena<'_>,
    old: ComponentId,
    new: ComponentId,
    most: usize,
) -> Vec<Difference> {
    let kind = |id| match arena.component(id).is_wit_package() {
        true => "WIT package",
        false => "component",
    };
    let (expected, found) = (kind(old), kind(new));
    let (before, after) = (arena.type_of(old), arena.type_of(new));
    let mut all = match (expected, found) {
        ("component", "component") => world(arena.types(), most, before, after, Of::Component),
        ("WIT package", "WIT package") => package(arena.types(), most, before, after),
        _ => vec![Difference {
            path: vec![],
            reason: Reason::Kind { expected, found },
        }],
    };
    all.truncate(most);
    all
}

/// What imports and exports belong to.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Of {
    /// A component, which takes the place of another.
    Component,
    /// A world, which components of another are to fit.
    World,
}

fn world(
    types: TypesRef<'_>,
    most: usize,
    before: &ComponentType,
    after: &ComponentType,
    of: Of,
) -> Vec<Difference> {
    let roles = match of {
        Of::Component => Roles {
            found: after,
            expected: before,
        },
        // What was made for the old world is to fit the new one.
        Of::World => Roles {
            found: before,
            expected: after,
        },
    };
    let mut all = compare(types, roles, Some(most), |this, f, e| {
        this.world(f, e, |ty| asks_nothing(types, ty));
    });
    for (old, new, step) in [
        (&before.imports, &after.imports, Step::Import as fn(_) -> _),
        (&before.exports, &after.exports, Step::Export),
    ] {
        let index = Index::of(new);
        for (name, item) in old {
            let lost = index.find(name, item).map(|now| lost(item, now));
            all.extend(lost.into_iter().flatten().map(|reason| Difference {
                path: vec![step(item.full_name(name).into_owned())],
                reason,
            }));
        }
    }
    all
}

/// Whether whoever runs a component need not have what it imports: an interface of types that are no
/// resources.
pub(crate) fn asks_nothing(types: TypesRef<'_>, import: &ComponentEntityType) -> bool {
    let is_data = |ty: &ComponentEntityType| match ty {
        ComponentEntityType::Type { referenced, .. } => {
            matches!(referenced, ComponentAnyTypeId::Defined(_))
        }
        _ => false,
    };
    match import {
        ComponentEntityType::Instance(id) => types
            .data(*id)
            .exports
            .values()
            .all(|item| is_data(&item.ty)),
        ty => is_data(ty),
    }
}

/// What an import or export said of itself, and does not say now.
fn lost(before: &ComponentItem, after: &ComponentItem) -> impl Iterator<Item = Reason> {
    let all = attributes(before).into_iter().zip(attributes(after));
    let all = all.filter(|((_, before), (_, after))| !is_kept(before.as_deref(), after.as_deref()));
    all.map(|((what, expected), (_, found))| Reason::Attribute {
        what,
        expected,
        found,
    })
}

/// What an import or export says of itself, by which others find it.
pub(crate) fn attributes(item: &ComponentItem) -> [(&'static str, Option<String>); 2] {
    let implements = item.full_implements().map(|name| name.into_owned());
    [
        ("implements", implements),
        ("external-id", item.external_id.clone()),
    ]
}

/// Whether what finds something by `before` finds it by `after` as well.
pub(crate) fn is_kept(before: Option<&str>, after: Option<&str>) -> bool {
    let path = |name| ItemPath::parse(name, None);
    match (before, after) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(before), Some(after)) if before == after => true,
        (Some(before), Some(after)) => match (path(before), path(after)) {
            (Some(before), Some(after)) => before.fits(&after).is_some(),
            _ => false,
        },
    }
}

/// What an item of a WIT package stands for.
#[derive(Clone, Copy)]
pub(crate) enum Declared {
    /// An interface, by the component type that exports it under its full name.
    Interface(ComponentTypeId),
    /// A world.
    World(ComponentTypeId),
}

impl Declared {
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Declared::Interface(_) => "interface",
            Declared::World(_) => "world",
        }
    }
}

fn package(
    types: TypesRef<'_>,
    most: usize,
    old: &ComponentType,
    new: &ComponentType,
) -> Vec<Difference> {
    let mut differences = Vec::new();
    if let (Some(before), Some(after)) = (package_name(types, old), package_name(types, new))
        && !before.fits(&after)
    {
        let (expected, found) = (before.to_string(), after.to_string());
        differences.push(Difference {
            path: vec![],
            reason: Reason::Package { expected, found },
        });
    }
    for (name, item) in &old.exports {
        let Some(declared) = declaration(types, item) else {
            continue;
        };
        let expected = declared.kind();
        let after = new.exports.get(name);
        let Some(now) = after.and_then(|item| declaration(types, item)) else {
            let name = name.clone();
            let kind = expected;
            let reason = Reason::Missing { kind, name };
            let path = vec![];
            differences.push(Difference { path, reason });
            continue;
        };
        let (step, found) = match (declared, now) {
            (Declared::Interface(before), Declared::Interface(after)) => {
                let roles = Roles {
                    found: types.data(after),
                    expected: types.data(before),
                };
                let found = compare(types, roles, Some(most), |this, f, e| this.interface(f, e));
                (Step::Interface(name.clone()), found)
            }
            (Declared::World(before), Declared::World(after)) => {
                let (before, after) = (types.data(before), types.data(after));
                let found = world(types, most, before, after, Of::World);
                (Step::World(name.clone()), found)
            }
            (_, now) => {
                let found = now.kind();
                let difference = Difference {
                    path: vec![],
                    reason: Reason::Kind { expected, found },
                };
                (Step::Item(name.clone()), vec![difference])
            }
        };
        differences.extend(found.into_iter().map(|mut difference| {
            difference.path.insert(0, step.clone());
            difference
        }));
        if differences.len() >= most {
            break;
        }
    }
    differences
}

/// The name of a WIT package, and its version.
pub(crate) struct PackageName {
    name: String,
    version: Option<semver::Version>,
}

impl PackageName {
    /// Whether the two are one package, in versions on one track.
    pub(crate) fn fits(&self, other: &PackageName) -> bool {
        let track = |name: &PackageName| name.version.as_ref().map(Track::of);
        self.name == other.name && track(self) == track(other)
    }

    /// The package that `path` is of, if it is this one.
    pub(crate) fn has(&self, path: &ItemPath) -> bool {
        path.package() == self.name && path.version() == self.version.as_ref()
    }
}

impl std::fmt::Display for PackageName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)?;
        match &self.version {
            Some(version) => write!(f, "@{version}"),
            None => Ok(()),
        }
    }
}

/// The name that the interfaces and worlds of a WIT package say it has.
pub(crate) fn package_name(types: TypesRef<'_>, package: &ComponentType) -> Option<PackageName> {
    package.exports.values().find_map(|item| {
        let (_, name, inner) = inside(types, item)?;
        let path = ItemPath::parse(name, inner.version_suffix.as_deref())?;
        Some(PackageName {
            name: path.package().to_owned(),
            version: path.version().cloned(),
        })
    })
}

/// What an item of a WIT package declares.
pub(crate) fn declaration(types: TypesRef<'_>, item: &ComponentItem) -> Option<Declared> {
    let (outer, _, inner) = inside(types, item)?;
    Some(match inner.ty {
        ComponentEntityType::Instance(_) => Declared::Interface(outer),
        ComponentEntityType::Component(id)
        | ComponentEntityType::Type {
            referenced: ComponentAnyTypeId::Component(id),
            ..
        } => Declared::World(id),
        _ => return None,
    })
}

/// An interface or world of a WIT package, which is a component type that exports it under its full
/// name: that type, the name, and the interface or world.
fn inside<'t>(
    types: TypesRef<'t>,
    item: &ComponentItem,
) -> Option<(ComponentTypeId, &'t str, &'t ComponentItem)> {
    let ComponentEntityType::Type {
        referenced: ComponentAnyTypeId::Component(outer),
        ..
    } = item.ty
    else {
        return None;
    };
    let (name, inner) = types.get(outer)?.exports.iter().next()?;
    Some((outer, name, inner))
}

//! What someone else has put into `deps`, held against what takes its place.

use super::place::Made;
use super::{DepPackage, Loss};
use crate::error::Failure;
use crate::wit::Vendored;
use crate::wit::folder::{Folder, Which, names};
use crate::wit::read::{caught, parse_group};
use std::path::Path;
use tenon_composer::{Arena, Bodies, Source, breaks};
use wit_parser::{PackageName, Resolve};

/// What goes with what is `replaced` and is not had again, where `after` is the folder as it is going to be, with the
/// packages that are `made` in it.
///
/// Nothing goes if the new one has all that the old one has, as a later release of a package has. Other tools keep only
/// what is used of a package that is used by another one, and no documentation of that.
pub(super) fn losses(
    folder: &Path,
    replaced: &[Vendored],
    packages: &[DepPackage],
    made: &[Made],
    after: &Resolve,
) -> Result<Vec<Loss>, Failure> {
    let before = before(folder, made)?;
    let loss = |old: &Vendored| {
        let name = format!("{}@{}", old.package, old.version);
        let path = old.path.display();
        let of_name = packages.iter().filter(|new| new.name == old.package);
        let of_name: Vec<_> = of_name.collect();
        let is_locked = of_name
            .iter()
            .any(|new| new.version.as_ref() == Some(old.version.semver()));
        if !is_locked {
            let locked: Vec<_> = of_name.iter().map(|new| format!("`{new}`")).collect();
            return Some(Loss::of(match locked.is_empty() {
                true => format!("`{path}` goes: nothing uses `{name}`"),
                false => format!(
                    "`{path}` goes: {} is taken in place of `{name}`",
                    locked.join(" and ")
                ),
            }));
        }
        let declared = PackageName {
            namespace: old.package.namespace().to_string(),
            name: old.package.name().to_string(),
            version: Some(old.version.semver().clone()),
        };
        let both = match &before {
            Ok(before) => encoded(before, &declared)
                .and_then(|before| Ok((before, encoded(after, &declared)?))),
            Err(failure) => Err(failure.summary()),
        };
        match both.and_then(|(before, after)| lost(&before, &after)) {
            Ok(None) => None,
            Ok(Some(lost)) => Some(Loss::of(format!(
                "`{path}` is not the `{name}` that is locked: {lost}"
            ))),
            Err(why) => Some(Loss::unknown(
                &format!("`{path}` cannot be held against the `{name}` that is locked"),
                &why,
            )),
        }
    };
    Ok(replaced.iter().filter_map(loss).collect())
}

/// The folder as it is. What is made and is not there yet, such as what comes from a path, is used by what is there.
fn before(folder: &Path, made: &[Made]) -> Result<Result<Resolve, Failure>, Failure> {
    let folder = Folder::read(folder, Which::All)?;
    let mut more = vec![];
    for made in made {
        let group = parse_group(&made.name, &made.text)?;
        let there = folder.declared();
        if names(&group).all(|name| there.iter().all(|(_, there)| *there != name)) {
            more.push(group);
        }
    }
    let resolved = folder.resolve(more);
    // There is text, since something of it was resolved with what is made.
    Ok(resolved.map(|resolved| resolved.map_or_else(Resolve::default, |(resolve, _)| resolve)))
}

impl Loss {
    fn of(line: String) -> Loss {
        Loss { line, detail: None }
    }

    /// What is not known, with a reason that may have many lines.
    fn unknown(what: &str, why: &str) -> Loss {
        let lines = why.lines().map(str::trim).filter(|line| !line.is_empty());
        let first = lines.clone().next().unwrap_or("for no stated reason");
        Loss {
            line: format!("{what}: {}", first.trim_end_matches(':')),
            detail: (lines.count() > 1).then(|| why.to_owned()),
        }
    }
}

/// The first thing that an old package has and a new one has not, or not so.
fn lost(old: &[u8], new: &[u8]) -> Result<Option<String>, String> {
    let mut arena = Arena::new();
    let source = |name: &str, input| Source {
        name: name.to_owned(),
        input,
        digest: None,
        bodies: Bodies::Skip,
    };
    let mut read = |name, bytes| {
        let read = arena.read_release(source(name, bytes));
        read.map_err(|error| Failure::from(error).summary())
    };
    let (old, new) = (read("old", &old)?, read("new", &new)?);
    Ok(breaks(&arena, old, new).first().map(ToString::to_string))
}

fn encoded(resolve: &Resolve, name: &PackageName) -> Result<Vec<u8>, String> {
    let package = resolve.package_names.get(name);
    let package = *package.ok_or_else(|| format!("there is no `{name}` in it"))?;
    caught(|| wit_component::encode(resolve, package, false))?.map_err(|error| format!("{error:#}"))
}

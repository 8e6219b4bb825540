//! What someone else has put into `deps`, held against what takes its place.

use super::DepPackage;
use crate::error::Failure;
use crate::wit::Vendored;
use crate::wit::folder::{Folder, Which};
use crate::wit::read::caught;
use std::path::Path;
use tenon_composer::{Arena, Bodies, Source, breaks};
use wit_parser::{PackageName, Resolve};

/// What goes with what is `replaced` and is not had again, where `after` is the folder as it is going to be.
///
/// Nothing goes if the new one has all that the old one has, as a later release of a package has. Other tools keep only
/// what is used of a package that is used by another one, and no documentation of that.
pub(super) fn losses(
    folder: &Path,
    replaced: &[Vendored],
    packages: &[DepPackage],
    after: &Resolve,
) -> Result<Vec<String>, Failure> {
    // What does not resolve as it is has no meaning that could be compared.
    let before = Folder::read(folder, Which::All)?
        .resolve(vec![])
        .ok()
        .flatten();
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
            return Some(match locked.is_empty() {
                true => format!("`{path}` goes: nothing uses `{name}`"),
                false => format!(
                    "`{path}` goes: {} is taken in place of `{name}`",
                    locked.join(" and ")
                ),
            });
        }
        let declared = PackageName {
            namespace: old.package.namespace().to_string(),
            name: old.package.name().to_string(),
            version: Some(old.version.semver().clone()),
        };
        let before = before
            .as_ref()
            .and_then(|(before, _)| encoded(before, &declared));
        let both = before.zip(encoded(after, &declared));
        match both.map(|(before, after)| lost(&before, &after)) {
            Some(Ok(None)) => None,
            Some(Ok(Some(lost))) => Some(format!(
                "`{path}` is not the `{name}` that is locked: {lost}"
            )),
            Some(Err(_)) | None => Some(format!(
                "`{path}` cannot be held against the `{name}` that is locked"
            )),
        }
    };
    Ok(replaced.iter().filter_map(loss).collect())
}

/// The first thing that an old package has and a new one has not, or not so.
fn lost(old: &[u8], new: &[u8]) -> Result<Option<String>, tenon_composer::Error> {
    let mut arena = Arena::new();
    let source = |name: &str, input| Source {
        name: name.to_owned(),
        input,
        digest: None,
        bodies: Bodies::Skip,
    };
    let old = arena.read_release(source("old", &old))?;
    let new = arena.read_release(source("new", &new))?;
    Ok(breaks(&arena, old, new).first().map(ToString::to_string))
}

fn encoded(resolve: &Resolve, name: &PackageName) -> Option<Vec<u8>> {
    let package = *resolve.package_names.get(name)?;
    caught(|| wit_component::encode(resolve, package, false))
        .ok()?
        .ok()
}

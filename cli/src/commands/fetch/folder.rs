//! The folder with packages, as `tenon` and `wac` look into it.

use super::Fetched;
use crate::error::Failure;
use crate::pulled::Brought;
use crate::source::FileInput;
use crate::ui;
use crate::write::{Content, Target};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use tenon_registry_client::Digest;
use tenon_registry_client::name::{PackageName, Version};

/// Where a release is in the folder now.
pub(super) struct Placed {
    /// The number of the release.
    pub(super) of: usize,
    pub(super) path: PathBuf,
    pub(super) change: Change,
}

/// What was done for a release to be where it is.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Change {
    Written,
    Replaced,
    Unchanged,
}

/// Writes releases to the folder, once nothing is known to be in the way of any.
///
/// # Errors
///
/// There is something else at the place of one, which `replace` does not allow to be replaced, or that would be taken before
/// it; or a link leads out of the folder. Then nothing is written.
pub(super) fn write(
    folder: &Path,
    fetched: &[Fetched],
    replace: bool,
) -> Result<Vec<Placed>, Failure> {
    let placed = plan(folder, fetched, replace)?;
    for placed in &placed {
        let Some(Fetched { brought, .. }) = fetched.get(placed.of) else {
            continue;
        };
        if placed.change == Change::Unchanged {
            continue;
        }
        let target = Target::Derived(placed.path.clone());
        if let Some(above) = placed.path.parent() {
            fs::create_dir_all(above).map_err(|error| Failure::io("make", above, &error))?;
        }
        let copy = |file: &fs::File| {
            let file = file.try_clone();
            file.map_err(|error| Failure::io("read", brought.path(), &error))
        };
        match brought {
            Brought::Logged(pulled) => {
                let input = FileInput::new(copy(&pulled.fetched.file)?, brought.size());
                target.write(&Content::Release(&pulled.fetched.release, &input))?;
            }
            Brought::Unlogged(unlogged) => {
                let input = FileInput::new(copy(&unlogged.file)?, brought.size());
                target.write(&Content::Unlogged(unlogged.digest, &input))?;
            }
        }
    }
    Ok(placed)
}

/// Where each goes, once.
fn plan(folder: &Path, fetched: &[Fetched], replace: bool) -> Result<Vec<Placed>, Failure> {
    let mut places: BTreeMap<PathBuf, usize> = BTreeMap::new();
    let mut placed = vec![];
    let mut taken = vec![];
    for (
        of,
        Fetched {
            brought,
            by_version,
        },
    ) in fetched.iter().enumerate()
    {
        let Some((package, version)) = package_of(brought) else {
            continue;
        };
        let mut base = folder.join(package.namespace().as_str());
        base.push(package.name());
        if *by_version {
            base.push(version.to_string());
        }
        let path = with_extension(&base, "wasm");
        let digest = digest_of(brought);
        if let Some(other) = places.insert(path.clone(), of) {
            let other = fetched.get(other).map(|other| &other.brought);
            match other.filter(|other| digest_of(other) != digest) {
                None => continue,
                Some(other) => {
                    let message = format!(
                        "`{}` and `{}` have one place in the folder, `{}`",
                        other.name(),
                        brought.name(),
                        path.display()
                    );
                    return Err(Failure::usage(message)
                        .help("ask for them one by one, with different folders"));
                }
            }
        }
        taken.extend(shadow(&base, *by_version));
        let change = match is_there(&path, digest, brought.size()) {
            Ok(true) => Change::Unchanged,
            Ok(false) => Change::Replaced,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Change::Written,
            Err(error) => return Err(Failure::io("read", &path, &error)),
        };
        if change == Change::Replaced && !replace {
            let name = brought.name();
            taken.push(format!("`{}` is not `{name}`", path.display()));
        }
        if change != Change::Unchanged
            && let Some(link) = link_above(folder, &path)
        {
            return Err(leads_out(folder, &link));
        }
        placed.push(Placed { of, path, change });
    }
    if taken.is_empty() {
        return Ok(placed);
    }
    let help = match replace {
        true => "move it away, or name another folder",
        false => {
            "move it away, name another folder, or give `--replace` to have files with other bytes replaced"
        }
    };
    let message = format!(
        "`{}` has something else in the place of what is fetched",
        ui::clean_line(&folder.to_string_lossy())
    );
    let taken = taken.iter().map(|line| ui::clean_line(line));
    Err(Failure::new("fetch::deps-taken", message)
        .notes(taken)
        .help(help))
}

/// The first folder on the way from `folder` to what is below it that is a link: who made it may be someone else.
fn link_above(folder: &Path, path: &Path) -> Option<PathBuf> {
    let is_link = |path: &Path| path.symlink_metadata().is_ok_and(|it| it.is_symlink());
    let above = path.ancestors().skip(1);
    let above = above.take_while(|above| *above != folder);
    let links = above.filter(|above| is_link(above));
    links.last().map(Path::to_owned)
}

fn leads_out(folder: &Path, link: &Path) -> Failure {
    let clean = |path: &Path| ui::clean_line(&path.to_string_lossy());
    let (folder, link) = (clean(folder), clean(link));
    Failure::new("fetch::deps-taken", format!("`{link}` is a link"))
        .cause(format!(
            "what is fetched is written in `{folder}`, and a link may lead out of it"
        ))
        .help("put a folder in its place, or name another folder with `--deps-dir`")
}

/// What would be taken before a file of that name, if there is any.
fn shadow(base: &Path, by_version: bool) -> Option<String> {
    let text = with_extension(base, "wat");
    if text.exists() {
        return Some(format!("`{}` would be taken before it", text.display()));
    }
    let entries = fs::read_dir(base).into_iter().flatten().flatten();
    let mut names = entries.map(|entry| PathBuf::from(entry.file_name()));
    // A folder beside a package without a version may have its versions.
    let is_text = |name: PathBuf| name.extension().is_some_and(|it| it == "wit");
    let is_wit = names.any(is_text) || (by_version && base.is_dir());
    is_wit.then(|| format!("the folder `{}` would be taken before it", base.display()))
}

/// Whether the file has this content.
fn is_there(path: &Path, digest: Digest, size: u64) -> io::Result<bool> {
    if fs::metadata(path)?.len() != size {
        return Ok(false);
    }
    Ok(Digest::of(&fs::read(path)?) == digest)
}

fn package_of(brought: &Brought) -> Option<(&PackageName, &Version)> {
    match brought {
        Brought::Logged(pulled) => {
            let release = &pulled.fetched.release;
            Some((&release.package, &release.version))
        }
        Brought::Unlogged(unlogged) => {
            let package = unlogged.package.as_ref();
            package.map(|(package, version)| (package, version))
        }
    }
}

fn digest_of(brought: &Brought) -> Digest {
    match brought {
        Brought::Logged(pulled) => pulled.fetched.release.content.digest,
        Brought::Unlogged(unlogged) => unlogged.digest,
    }
}

/// `1.4.0.wasm` for `1.4.0`, where [`Path::with_extension`] would make `1.4.wasm` of it.
fn with_extension(base: &Path, extension: &str) -> PathBuf {
    let mut whole = base.as_os_str().to_owned();
    whole.push(".");
    whole.push(extension);
    whole.into()
}

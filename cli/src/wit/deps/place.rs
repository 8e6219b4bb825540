//! Where packages stand in `deps`, and how they get there.

use super::order::used_first;
use super::{DepPackage, Written, leftover};
use crate::error::Failure;
use crate::interrupted::Unfinished;
use crate::wit::folder::{self, MAX_TEXT};
use crate::wit::read::{parse_group, sorted};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};

/// The one file in the folder of a package.
pub(super) const FILE: &str = "package.wit";

/// How the last line of that file begins. It is the last one since a comment before anything else would be read as
/// the documentation of that.
const MADE: &str = "// Made by `tenon wit fetch` from ";
/// How much of a file is read to find its last line, in bytes: a path may be in that.
const TAIL: u64 = 8 << 10;
/// Among how many lines at the end of a file that line is looked for: an editor or a person may have added some.
const LAST_LINES: usize = 5;

/// A package as it is to stand in `deps`.
pub(super) struct Made {
    /// The name of its folder.
    pub(super) name: String,
    pub(super) text: String,
}

/// The last line of the text of a package.
pub(super) fn last_line(package: &DepPackage) -> String {
    format!("{MADE}{package} ({}); changes get lost", package.origin)
}

/// The names of the folders of packages, each of which is that of no other.
pub(super) fn names(packages: &[DepPackage]) -> Vec<String> {
    let plain: Vec<_> = packages.iter().map(|p| plain(&p.to_string())).collect();
    let mut counts = BTreeMap::new();
    for name in &plain {
        *counts.entry(name).or_insert(0) += 1;
    }
    let name = |(package, plain): (&DepPackage, &String)| match counts.get(plain) {
        Some(1) => plain.clone(),
        _ => distinct(&package.to_string()),
    };
    packages.iter().zip(&plain).map(name).collect()
}

/// The name that other tools give it, too.
fn plain(package: &str) -> String {
    package.replace([':', '@'], "-")
}

/// A name that tells `a-b:c` from `a:b-c`: no part of a name has two hyphens in a row.
fn distinct(package: &str) -> String {
    package.replace(':', "--").replace('@', "-")
}

/// Whether what stands at `path` was made by this, by its name and all that is in it.
pub(crate) fn is_made(path: &Path) -> bool {
    made(path).is_some()
}

/// Where a package stands in `deps`, and what it was made from, as its last line says.
pub(crate) struct There {
    pub(crate) path: PathBuf,
    /// With its version.
    pub(crate) package: String,
    /// A digest or a path.
    pub(crate) origin: String,
}

/// What was put into `deps` by this.
pub(crate) fn all_made(deps: &Path) -> Result<Vec<There>, Failure> {
    let paths = match deps.exists() {
        true => sorted(deps)?,
        false => vec![],
    };
    let there = |path: PathBuf| {
        made(&path)?;
        let tail = tail(&path.join(FILE)).unwrap_or_default();
        let mut lines = tail.lines().rev();
        let said = lines.find_map(|line| line.strip_prefix(MADE))?;
        let (package, rest) = said.split_once(" (")?;
        let (origin, _) = rest.rsplit_once(')')?;
        Some(There {
            package: package.to_owned(),
            origin: origin.to_owned(),
            path,
        })
    };
    Ok(paths.into_iter().filter_map(there).collect())
}

/// What is left of a package that was put at a path.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Its last line is there, where it was.
    Ended,
    /// Somebody wrote below it.
    Edited,
}

/// What is left of the package that was put at `path`; nothing if it was not put there by this, or is another one now.
fn made(path: &Path) -> Option<State> {
    let is_dir = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir());
    let name = path.file_name()?.to_str()?;
    if !is_dir || !is_alone(path) {
        return None;
    }
    let file = path.join(FILE);
    let tail = tail(&file).unwrap_or_default();
    let mut last = tail.lines().rev().take(LAST_LINES).enumerate();
    let (at, package) = last.find_map(|(at, line)| {
        let said = line.strip_prefix(MADE)?;
        Some((at, said.split_once(' ')?.0))
    })?;
    let is_named = [plain(package), distinct(package)]
        .iter()
        .any(|it| it == name);
    match (is_named, at) {
        (false, _) => None,
        (true, 0) => Some(State::Ended),
        (true, _) => declares(&file, package).then_some(State::Edited),
    }
}

/// Whether a text declares this package, and no other.
fn declares(file: &Path, package: &str) -> bool {
    let is_short = fs::metadata(file).is_ok_and(|metadata| metadata.len() <= MAX_TEXT);
    let text = is_short.then(|| fs::read_to_string(file).ok()).flatten();
    let group = text.and_then(|text| parse_group(FILE, &text).ok());
    group.is_some_and(|group| folder::names(&group).all(|name| name.to_string() == package))
}

/// Whether there is nothing but the text of a package in a folder.
fn is_alone(path: &Path) -> bool {
    let file = path.join(FILE);
    // What a link leads to is not of our making.
    let is_dir = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir());
    let is_file = fs::symlink_metadata(&file).is_ok_and(|metadata| metadata.is_file());
    is_dir && is_file && sorted(path).is_ok_and(|paths| paths == [file])
}

fn tail(file: &Path) -> io::Result<String> {
    let mut file = File::open(file)?;
    let size = file.metadata()?.len();
    file.seek(io::SeekFrom::Start(size.saturating_sub(TAIL)))?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Has just these packages in `deps`, beside what someone else put there.
///
/// All text is written beside `deps` before the first folder gets its place, and each gets it in one step: a full
/// disk changes nothing, and no folder is ever seen in parts. What is used comes before what uses it, and goes after it.
pub(super) fn replace(
    deps: &Path,
    made: &[Made],
    replaced: &[PathBuf],
) -> Result<Written, Failure> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |error: io::Error| Failure::io("write", &path, &error)
    };
    let (mut there, mut written) = (BTreeSet::new(), Written::default());
    let paths = match deps.exists() {
        true => sorted(deps)?,
        false => vec![],
    };
    for path in paths {
        if let (Some(state), Some(name)) = (self::made(&path), path.file_name()) {
            let name = name.to_string_lossy().into_owned();
            if state == State::Edited {
                written.edited.push(name.clone());
            }
            there.insert(name);
        }
    }
    let mut changed: Vec<&Made> = Vec::new();
    for made in made {
        let is_there = there.remove(&made.name);
        match is_there && has_text(&deps.join(&made.name).join(FILE), &made.text) {
            true => written.unchanged += 1,
            false => changed.push(made),
        }
    }
    // Every folder in `deps` is a package to any tool, so what is unfinished stands beside it.
    let unchanged = changed.is_empty() && there.is_empty() && replaced.is_empty();
    if unchanged && !deps.exists() {
        return Ok(written);
    }
    fs::create_dir_all(deps).map_err(failed(deps))?;
    let real = fs::canonicalize(deps).map_err(failed(deps))?;
    leftover::remove(real.parent().unwrap_or(&real));
    if unchanged {
        return Ok(written);
    }
    Unfinished::listen();
    let unfinished = tempfile::Builder::new()
        .prefix(leftover::PREFIX)
        .tempdir_in(real.parent().unwrap_or(&real))
        .map_err(failed(deps))?;
    let _unfinished = Unfinished::new(unfinished.path());
    let _alive = leftover::Alive::new(unfinished.path()).map_err(failed(deps))?;
    for made in &changed {
        let folder = unfinished.path().join(&made.name);
        fs::create_dir(&folder)
            .and_then(|()| fs::write(folder.join(FILE), &made.text))
            .map_err(failed(&deps.join(&made.name)))?;
    }
    let aside = |name: &str| unfinished.path().join(format!("{name}.old"));
    for name in replaced
        .iter()
        .filter_map(|path| path.file_name()?.to_str())
    {
        let is_made_anew = changed.iter().any(|made| made.name == name);
        // A file that is alone in its folder is replaced in one step, others have to make room first.
        if !is_made_anew || !is_alone(&real.join(name)) {
            fs::rename(real.join(name), aside(name)).map_err(failed(&deps.join(name)))?;
        }
        if !is_made_anew {
            written.removed.push(name.to_owned());
        }
    }
    for made in changed {
        let (from, to) = (unfinished.path().join(&made.name), real.join(&made.name));
        // A folder cannot take the place of another one, but its only file can.
        let placed = match is_alone(&to) {
            true => fs::rename(from.join(FILE), to.join(FILE)),
            false => fs::rename(&from, &to),
        };
        placed.map_err(failed(&deps.join(&made.name)))?;
        written.changed.push(made.name.clone());
    }
    for name in users_first(&real, there) {
        fs::rename(real.join(&name), aside(&name)).map_err(failed(&deps.join(&name)))?;
        written.removed.push(name);
    }
    written.changed.sort();
    written.removed.sort();
    Ok(written)
}

/// Names of folders that were made by this, each before those of the packages that it uses.
fn users_first(deps: &Path, made: BTreeSet<String>) -> Vec<String> {
    let parse = |name: String| {
        let text = fs::read_to_string(deps.join(&name).join(FILE)).ok()?;
        Some((parse_group(&name, &text).ok()?, name))
    };
    let (mut rest, mut groups, mut names) = (made.clone(), vec![], vec![]);
    for (group, name) in made.into_iter().filter_map(parse) {
        rest.remove(&name);
        groups.push(group);
        names.push(name);
    }
    let order = used_first(&groups).into_iter().rev();
    let order = order.filter_map(|place| names.get(place).cloned());
    // What cannot be read resolves in no order.
    rest.into_iter().chain(order).collect()
}

fn has_text(path: &Path, text: &str) -> bool {
    let is_as_long = fs::metadata(path).is_ok_and(|metadata| metadata.len() == text.len() as u64);
    is_as_long && fs::read(path).is_ok_and(|bytes| bytes == text.as_bytes())
}

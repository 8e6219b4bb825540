//! `tenon.lock`: which releases a project takes, and from which history of each registry.

use super::conflict;
use super::fault::Fault;
use super::quoted::{Lines, Quoted};
use super::table::{Field, Table};
use super::unlogged::UnloggedRelease;
use crate::lock::{LockedRelease, Wire};
use crate::log::{Checkpoint, Note, Origin};
use crate::name::{Namespace, PackageName, Version};
use crate::record::ContentKind;
use crate::resolve::{Need, Strength, Track};
use crate::{Digest, text};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

/// The longest lock file that is read: 16 MiB.
pub const MAX_LOCK_FILE: usize = 16 << 20;

/// The version of the format that is written, and the only one that is read.
pub const LOCK_VERSION: u64 = 1;

/// What a lock file says.
///
/// `Display` writes it in its one spelling: sorted, with `\n` at the end of each line. What
/// [`LockFile::parse`] accepts in another order or with other white space is written in that spelling.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LockFile {
    /// Of each registry, the note of the checkpoint that its releases were verified against, with
    /// the log's signatures only ([`crate::lock::locked_note`]).
    pub registries: BTreeMap<Origin, String>,
    /// The releases.
    pub packages: BTreeMap<(PackageName, Version), LockedPackage>,
}

/// A release that a project takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedPackage {
    /// The release, and where it comes from.
    pub source: LockedSource,
    /// What its content is.
    pub kind: ContentKind,
    /// How many bytes its content has.
    pub size: u64,
    /// What it needs. They are written without repetition, those that must be there first, then
    /// by package and requirement; and read in that order.
    pub needs: Vec<Need>,
}

/// Where a locked release comes from. The two are never taken for each other: what is of a log is written with its heads,
/// and read with all of them; what no log has is written as `unverified`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LockedSource {
    /// From a registry with a log.
    Log {
        /// The origin of the log.
        registry: Origin,
        /// The release, and what is known of its history.
        release: LockedRelease,
    },
    /// From a registry without one.
    Unlogged(UnloggedRelease),
}

/// Why a text is no lock file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LockFileError {
    /// It is longer than [`MAX_LOCK_FILE`].
    #[error("the lock file has {0} bytes, of at most {MAX_LOCK_FILE}")]
    TooLong(usize),
    /// A merge left both sides of a conflict in it.
    #[error("line {line}: git left a merge conflict in the lock file")]
    Conflict {
        /// The line of the first marker, from 1.
        line: usize,
    },
    /// It is of a later format.
    #[error(
        "the lock file has version {0}, and this tenon reads version {LOCK_VERSION}: it was made by a newer tenon"
    )]
    Newer(u64),
    /// Something in it is wrong.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl LockFile {
    /// Reads a lock file.
    ///
    /// # Errors
    ///
    /// The text is too long, has the markers of a merge conflict, was made by a newer tenon, or is no lock
    /// file; with line and column. Among what is refused: a package of a registry that has no checkpoint there, a
    /// checkpoint of another log, a namespace from two registries, and two versions of one package on one track.
    pub fn parse(text: &str) -> Result<LockFile, LockFileError> {
        LockFile::parse_with(text, Seen::default())
    }

    /// As [`LockFile::parse`], of a text that git may have merged without a conflict: several versions of a package on
    /// one track are taken, and a release that is there twice. It is no lock file yet, but what one is to be made of.
    ///
    /// # Errors
    ///
    /// As [`LockFile::parse`], but for that; or a release is there twice, and not the same.
    pub fn parse_merged(text: &str) -> Result<LockFile, LockFileError> {
        let seen = Seen {
            is_merged: true,
            ..Seen::default()
        };
        LockFile::parse_with(text, seen)
    }

    fn parse_with(text: &str, mut seen: Seen) -> Result<LockFile, LockFileError> {
        if text.len() > MAX_LOCK_FILE {
            return Err(LockFileError::TooLong(text.len()));
        }
        // In a checkpoint, which is a text of many lines, markers would be TOML.
        if let Some(line) = conflict::first_marker(text) {
            return Err(LockFileError::Conflict { line });
        }
        // Git may have changed the ends of lines, also those in a checkpoint.
        let text = &*text.replace("\r\n", "\n");
        let mut file = Table::parse(text)?;
        let version = file.need("version")?;
        let place = version.place;
        match version.number()? {
            LOCK_VERSION => {}
            0 => return Err(place.fault("there is no version 0 of lock files").into()),
            newer => return Err(LockFileError::Newer(newer)),
        }
        let mut lock = LockFile::default();
        for field in list(&mut file, "registry")? {
            let place = field.place;
            let (origin, note) = registry(field)?;
            let twice = format!("the registry `{}` is there twice", text::escape(&origin));
            if lock.registries.insert(origin, note).is_some() {
                return Err(place.fault(twice).into());
            }
        }
        for field in list(&mut file, "package")? {
            let place = field.place;
            let package = package(field)?;
            seen.check(&lock, &package)
                .map_err(|what| place.fault(what))?;
            match lock.packages.entry(package.key()) {
                Entry::Vacant(entry) => drop(entry.insert(package)),
                // In a merged file only; what either side has seen of its chains stays.
                Entry::Occupied(mut entry) => {
                    if !entry.get_mut().absorb(&package) {
                        let (name, version) = entry.key();
                        let what = format!("`{name}` {version} is there twice, and not the same");
                        return Err(place.fault(what).into());
                    }
                }
            }
        }
        file.finish()?;
        Ok(lock)
    }
}

impl LockedPackage {
    /// The package and the version, as the lock file is sorted by them.
    pub fn key(&self) -> (PackageName, Version) {
        (self.package().clone(), self.version().clone())
    }

    /// The package.
    pub fn package(&self) -> &PackageName {
        match &self.source {
            LockedSource::Log { release, .. } => &release.package,
            LockedSource::Unlogged(release) => &release.package,
        }
    }

    /// The version.
    pub fn version(&self) -> &Version {
        match &self.source {
            LockedSource::Log { release, .. } => &release.version,
            LockedSource::Unlogged(release) => &release.version,
        }
    }

    /// The digest of its content.
    pub fn digest(&self) -> &Digest {
        match &self.source {
            LockedSource::Log { release, .. } => &release.digest,
            LockedSource::Unlogged(release) => &release.digest,
        }
    }

    /// The origin of the log that it is in, and what is known of its history there; `None` if no log has it.
    pub fn logged(&self) -> Option<(&Origin, &LockedRelease)> {
        match &self.source {
            LockedSource::Log { registry, release } => Some((registry, release)),
            LockedSource::Unlogged(_) => None,
        }
    }

    /// The release of a registry without a log, if it is one.
    pub fn unlogged(&self) -> Option<&UnloggedRelease> {
        match &self.source {
            LockedSource::Log { .. } => None,
            LockedSource::Unlogged(release) => Some(release),
        }
    }

    /// Takes over what `other`, the same release in another lock file, has seen of its chains. `false` if it is not the
    /// same, or of another history.
    pub fn absorb(&mut self, other: &LockedPackage) -> bool {
        match (&mut self.source, &other.source) {
            (
                LockedSource::Log { registry, release },
                LockedSource::Log {
                    registry: of,
                    release: more,
                },
            ) => registry == of && release.absorb(more),
            (LockedSource::Unlogged(mine), LockedSource::Unlogged(other)) => mine == other,
            // What one side has from a log is not what the other has without.
            _ => false,
        }
    }
}

/// What the packages that were read leave to those that follow.
#[derive(Default)]
struct Seen {
    tracks: BTreeMap<(PackageName, Track), Version>,
    /// By namespace, the origin of the log; none where there is no log.
    namespaces: BTreeMap<Namespace, Option<Origin>>,
    /// Whether there may be more of a package than a project takes.
    is_merged: bool,
}

impl Seen {
    fn check(&mut self, lock: &LockFile, package: &LockedPackage) -> Result<(), String> {
        let (name, version) = package.key();
        let registry = package.logged().map(|(registry, _)| registry);
        let said = |registry: Option<&Origin>| match registry {
            Some(registry) => format!("`{}`", text::escape(registry)),
            None => "a registry without a log".to_owned(),
        };
        let origin = said(registry);
        if registry.is_some_and(|registry| !lock.registries.contains_key(registry)) {
            return Err(format!(
                "`{name}` is from {origin}, of which there is no checkpoint in `[[registry]]`"
            ));
        }
        let namespace = name.namespace().clone();
        let before = self.namespaces.entry(namespace.clone());
        let before = before.or_insert_with(|| registry.cloned());
        if before.as_ref() != registry {
            let other = said(before.as_ref());
            return Err(format!(
                "the namespace `{namespace}` is from both {other} and {origin}: it can come from one registry only"
            ));
        }
        if self.is_merged {
            return Ok(());
        }
        let track = Track::of(&version);
        let other = self.tracks.insert((name.clone(), track), version.clone());
        match other {
            None => Ok(()),
            Some(other) if other == version => Err(format!("`{name}` {version} is there twice")),
            Some(other) => Err(format!(
                "`{name}` is there as {other} and as {version}, which stand in for each other: one of them has to go"
            )),
        }
    }
}

/// The tables of `[[key]]`.
fn list<'a>(file: &mut Table<'a>, key: &'static str) -> Result<Vec<Field<'a>>, Fault> {
    let list = file.take(key).map(Field::list).transpose()?;
    Ok(list.unwrap_or_default())
}

fn registry(field: Field<'_>) -> Result<(Origin, String), Fault> {
    let mut table = field.table("`[[registry]]`")?;
    let origin: Origin = table.need("origin")?.parse()?;
    let field = table.need("checkpoint")?;
    let (place, note) = (field.place, field.text()?);
    let checked = Note::parse(note.as_bytes())
        .map_err(|error| error.to_string())
        .and_then(|note| Checkpoint::parse(note.text()).map_err(|error| error.to_string()));
    let shown = text::escape(&origin);
    let checkpoint =
        checked.map_err(|why| place.fault(format_args!("the checkpoint of `{shown}`: {why}")))?;
    if checkpoint.origin != origin {
        let other = text::escape(&checkpoint.origin);
        let what = format!("the checkpoint of `{shown}` is of the log `{other}`");
        return Err(place.fault(what));
    }
    table.finish()?;
    Ok((origin, note))
}

fn package(field: Field<'_>) -> Result<LockedPackage, Fault> {
    let mut table = field.table("`[[package]]`")?;
    // What is of a log has other keys, of which none may be left over here.
    let source = match table.take("unverified") {
        Some(place) => LockedSource::Unlogged(UnloggedRelease {
            package: table.need("name")?.parse()?,
            version: table.need("version")?.parse()?,
            digest: table.need("digest")?.parse()?,
            place: place.parse()?,
        }),
        None => logged(&mut table)?,
    };
    let kind = table.need("kind")?;
    let (place, word) = (kind.place, kind.text()?);
    let kind = kinds().find(|(_, known)| *known == word);
    let (kind, _) = kind.ok_or_else(|| {
        let word = text::excerpt(&word);
        place.fault(format_args!(
            "`{word}` is no kind of content: expected `component` or `wit`"
        ))
    })?;
    let mut needs = vec![];
    for (strength, key) in strengths() {
        let fields = table.take(key).map(Field::list).transpose()?;
        for field in fields.unwrap_or_default() {
            needs.push(need(field, strength)?);
        }
    }
    let package = LockedPackage {
        source,
        kind,
        size: table.need("size")?.number()?,
        needs: sorted(&needs),
    };
    table.finish()?;
    Ok(package)
}

/// A release that a log has, with its place there and the heads of its chains.
fn logged(table: &mut Table<'_>) -> Result<LockedSource, Fault> {
    // What an error calls a field, and its key.
    let places = [
        ("name", "name"),
        ("version", "version"),
        ("digest", "digest"),
        ("publisher", "publisher"),
        ("attesting key", "attested"),
        ("head", "heads"),
    ]
    .map(|(field, key)| (field, table.place_of(key)));
    let publisher = table.take("publisher").map(Field::texts).transpose()?;
    let wire = Wire {
        name: table.need("name")?.text()?,
        version: table.need("version")?.text()?,
        digest: table.need("digest")?.text()?,
        index: table.need("index")?.number()?,
        publisher: publisher.unwrap_or_default(),
        attested: table.take("attested").map(Field::text).transpose()?,
        heads: table.need("heads")?.texts()?,
    };
    let release = LockedRelease::try_from(wire).map_err(|error| {
        let place = places.iter().find(|(field, _)| *field == error.field);
        place.map_or(table.place, |(_, place)| *place).fault(error)
    })?;
    let registry = table.need("registry")?.parse()?;
    Ok(LockedSource::Log { registry, release })
}

/// `wasi:io ^0.2.3`
fn need(field: Field<'_>, strength: Strength) -> Result<Need, Fault> {
    let (place, text) = (field.place, field.text()?);
    let read = || {
        let (package, requirement) = text.split_once(' ')?;
        Some(Need {
            package: package.parse().ok()?,
            requirement: requirement.parse().ok()?,
            strength,
        })
    };
    read().ok_or_else(|| {
        let text = text::excerpt(&text);
        place.fault(format_args!(
            "`{text}` is not a need: expected a package and a requirement, such as `wasi:io ^0.2.3`"
        ))
    })
}

/// In the order in which they are written, without repetition.
fn sorted(needs: &[Need]) -> Vec<Need> {
    let keyed = needs.iter().map(|need| {
        let text = need.requirement.to_string();
        ((need.strength, &need.package, text), need)
    });
    let keyed: BTreeMap<_, _> = keyed.collect();
    keyed.into_values().cloned().collect()
}

/// The keys under which needs are written, in order.
fn strengths() -> [(Strength, &'static str); 2] {
    [
        (Strength::Always, "needs"),
        (Strength::IfPresent, "imports"),
    ]
}

fn kinds() -> impl Iterator<Item = (ContentKind, &'static str)> {
    let kinds = [ContentKind::Component, ContentKind::Wit];
    kinds.into_iter().map(|kind| (kind, kind.as_str()))
}

impl fmt::Display for LockFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("# Made by `tenon lock`; not meant to be edited by hand.\n")?;
        writeln!(f, "version = {LOCK_VERSION}")?;
        let registries: BTreeMap<&str, &String> = self
            .registries
            .iter()
            .map(|(origin, note)| (origin.as_str(), note))
            .collect();
        for (origin, note) in registries {
            f.write_str("\n[[registry]]\n")?;
            writeln!(f, "origin = {}", Quoted(origin))?;
            writeln!(f, "checkpoint = \"\"\"\n{}\"\"\"", Lines(note))?;
        }
        self.packages
            .values()
            .try_for_each(|package| write!(f, "\n{package}"))
    }
}

impl fmt::Display for LockedPackage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[[package]]\n")?;
        writeln!(f, "name = {}", Quoted(&self.package().to_string()))?;
        writeln!(f, "version = {}", Quoted(&self.version().to_string()))?;
        match &self.source {
            LockedSource::Log { registry, .. } => {
                writeln!(f, "registry = {}", Quoted(registry.as_str()))?;
            }
            LockedSource::Unlogged(release) => {
                writeln!(f, "unverified = {}", Quoted(release.place.as_str()))?;
            }
        }
        writeln!(f, "kind = {}", Quoted(self.kind.as_str()))?;
        writeln!(f, "size = {}", self.size)?;
        writeln!(f, "digest = {}", Quoted(&self.digest().to_string()))?;
        if let Some((_, release)) = self.logged() {
            let wire = Wire::from(release.clone());
            writeln!(f, "index = {}", wire.index)?;
            write_list(f, "publisher", &wire.publisher)?;
            if let Some(key) = &wire.attested {
                writeln!(f, "attested = {}", Quoted(key))?;
            }
            write_list(f, "heads", &wire.heads)?;
        }
        let needs = sorted(&self.needs);
        for (strength, key) in strengths() {
            let texts = needs.iter().filter(|need| need.strength == strength);
            let texts: Vec<String> = texts
                .map(|need| format!("{} {}", need.package, need.requirement))
                .collect();
            write_list(f, key, &texts)?;
        }
        Ok(())
    }
}

/// One value on the line of the key, more on lines of their own, so that they merge well.
fn write_list(f: &mut fmt::Formatter<'_>, key: &str, values: &[String]) -> fmt::Result {
    match values {
        [] if key != "heads" => Ok(()),
        [] => writeln!(f, "{key} = []"),
        [value] => writeln!(f, "{key} = [{}]", Quoted(value)),
        values => {
            writeln!(f, "{key} = [")?;
            for value in values {
                writeln!(f, "    {},", Quoted(value))?;
            }
            f.write_str("]\n")
        }
    }
}

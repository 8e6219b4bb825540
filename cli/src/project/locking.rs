//! The lock file, made to answer what is asked.

use super::entries::{check_history, check_same, checkpoints, of_new};
use super::known::Known;
use super::publishers::confirm_publishers;
use super::universe::Gathered;
use super::{Asked, Changes, LOCK, Project};
use crate::args::Global;
use crate::error::Failure;
use crate::ui::{self, Ui};
use std::collections::{BTreeMap, BTreeSet};
use tenon_composer::Track;
use tenon_registry_client::name::{PackageName, Version};
use tenon_registry_client::project::satisfaction::{Unmet, check, needed};
use tenon_registry_client::project::wkg::WkgLocked;
use tenon_registry_client::project::{LockFile, LockedPackage};
use tenon_registry_client::resolve::{Conflict, Need, Solution, Wishes, solve};

/// How a lock file is made.
pub(crate) struct Locking<'l> {
    /// What may move that need not.
    pub(crate) freedom: Freedom,
    /// Versions that are to be taken, and no other.
    pub(crate) precise: BTreeMap<PackageName, Version>,
    /// Whether the content that the tag of a locked version has now is taken, if that is another.
    pub(crate) takes_moved: bool,
    /// Whether it was agreed to that releases come from other publishers than before.
    pub(crate) yes: bool,
    pub(crate) global: &'l Global,
}

/// What of a lock file may move that need not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Freedom {
    /// Nothing: what is locked stays if it still fits.
    None,
    /// These packages.
    Of(BTreeSet<PackageName>),
    /// Everything.
    All,
}

impl Freedom {
    pub(super) fn holds(&self, package: &PackageName) -> bool {
        match self {
            Freedom::None => false,
            Freedom::Of(packages) => packages.contains(package),
            Freedom::All => true,
        }
    }
}

impl Locking<'_> {
    /// That what is locked stays, where it can.
    pub(crate) fn keep(global: &Global, yes: bool) -> Locking<'_> {
        Locking {
            freedom: Freedom::None,
            precise: BTreeMap::new(),
            takes_moved: false,
            yes,
            global,
        }
    }
}

impl Project {
    /// Has the lock file answer what the project asks, and writes it; says what is another now.
    ///
    /// A lock file that answers already is left as it is, and nothing is asked of anyone.
    pub(crate) fn lock(&mut self, ui: &Ui, locking: &Locking<'_>) -> Result<Changes, Failure> {
        let (lock, changes) = self.locked(ui, locking)?;
        if let Some(lock) = lock {
            self.keep_lock(lock)?;
        }
        Ok(changes)
    }

    /// Writes a lock file that was made here, and remembers who published what is new in it.
    pub(crate) fn keep_lock(&mut self, lock: LockFile) -> Result<(), Failure> {
        let old = self.lock.clone();
        self.write_lock(lock)?;
        if let Some(new) = &self.lock {
            Known::remember(old.as_ref(), new);
        }
        Ok(())
    }

    /// As [`Project::lock`], where the manifest is replaced by `text`, too, which the project was made to say before.
    /// Nothing is written if there is no answer to what it asks.
    pub(crate) fn lock_with_manifest(
        &mut self,
        ui: &Ui,
        locking: &Locking<'_>,
        text: String,
    ) -> Result<Changes, Failure> {
        let (lock, changes) = self.locked(ui, locking)?;
        let before = self.text.clone();
        self.write_manifest(text)?;
        if let Some(lock) = lock
            && let Err(failure) = self.keep_lock(lock)
        {
            // Half of a change is none; if that fails too, `tenon lock` does the other half.
            let _ = self.write_manifest(before);
            return Err(failure);
        }
        Ok(changes)
    }

    /// As [`Project::lock`], and nothing is written: the new lock file, if there is to be one.
    pub(crate) fn locked(
        &self,
        ui: &Ui,
        locking: &Locking<'_>,
    ) -> Result<(Option<LockFile>, Changes), Failure> {
        let asked = self.asked()?;
        let is_free = locking.freedom != Freedom::None || !locking.precise.is_empty();
        if is_free && locking.global.locked {
            return Err(
                Failure::usage(format!("`{LOCK}` cannot change with `--locked`"))
                    .help("leave `--locked` and `--frozen` away to update it"),
            );
        }
        if self.lock.is_none() && asked.is_nothing() {
            return Ok((None, Changes::default()));
        }
        if !is_free {
            match self.gap(&asked) {
                None => return Ok((None, Changes::default())),
                Some(gap) if locking.global.locked && self.lock.is_some() => {
                    return Err(must_change(&gap));
                }
                Some(_) if locking.global.locked => return Err(no_lock()),
                Some(_) => {}
            }
        }
        let lock = match &self.lock {
            None => self.first_lock(ui, locking, &asked)?,
            Some(old) => match less(old, &asked).filter(|_| !is_free) {
                Some(less) => less,
                None => make(ui, locking, &asked, Some(old))?,
            },
        };
        let changes = Changes::between(self.lock.as_ref(), &lock);
        Ok((Some(lock), changes))
    }

    /// That the lock file answers what is asked, for who only looks.
    pub(crate) fn check_lock(&self, asked: &Asked) -> Result<(), Failure> {
        match self.gap(asked) {
            None => Ok(()),
            Some(_) if self.lock.is_none() => Err(no_lock()),
            Some(gap) => Err(Failure::new(
                "project::locked",
                format!("`{LOCK}` is not up to date"),
            )
            .cause(gap)
            .help("run `tenon lock`")),
        }
    }

    /// Why the lock file does not answer what is asked, if it does not.
    fn gap(&self, asked: &Asked) -> Option<String> {
        match &self.lock {
            None if asked.is_nothing() => None,
            None => Some(format!("there is no `{LOCK}`")),
            Some(lock) => answers(lock, asked).err().map(|unmet| unmet.to_string()),
        }
    }
}

impl Project {
    /// Makes the first lock file, with the versions that `wkg` has locked where there are some.
    fn first_lock(
        &self,
        ui: &Ui,
        locking: &Locking<'_>,
        asked: &Asked,
    ) -> Result<LockFile, Failure> {
        let wkg = super::wkg::read_lock(&self.root)?.unwrap_or_default();
        let mut wishes = Wishes::default();
        for locked in &wkg.packages {
            let versions = wishes.locked.entry(locked.name.clone()).or_default();
            versions.insert(locked.version.clone());
        }
        let lock = make_by(ui, locking, asked, None, wishes)?;
        for locked in &wkg.packages {
            if let Some(other) = stand_in(&lock, locked) {
                ui.warn(&format!(
                    "`wkg.lock` has `{}@{}`, and locked is {other}: of versions that can stand in for each other, a project has one",
                    locked.name, locked.version
                ));
            }
            let found = lock
                .packages
                .get(&(locked.name.clone(), locked.version.clone()));
            if let Some(found) = found.filter(|found| *found.digest() != locked.digest) {
                ui.warn(&format!(
                    "`{}@{}` is other content than `wkg.lock` has: {} in place of {}",
                    locked.name,
                    locked.version,
                    found.digest(),
                    locked.digest
                ));
            }
        }
        Ok(lock)
    }
}

/// The version that is locked in place of one that `wkg` had locked.
fn stand_in<'l>(lock: &'l LockFile, wkg: &WkgLocked) -> Option<&'l Version> {
    let track = Track::of(wkg.version.semver());
    let mut versions = lock.packages.keys();
    let (_, found) = versions
        .find(|(package, version)| *package == wkg.name && Track::of(version.semver()) == track)?;
    (*found != wkg.version).then_some(found)
}

/// Whether a lock file answers what is asked.
fn answers(lock: &LockFile, asked: &Asked) -> Result<(), Unmet> {
    check(&without_own(lock, asked), asked.iter())
}

/// The lock file without what nothing asks for any more, if that is all that it takes: then nobody has to be asked.
fn less(lock: &LockFile, asked: &Asked) -> Option<LockFile> {
    let kept = still_needed(lock, asked);
    let mut less = lock.clone();
    less.packages
        .retain(|key, _| kept.packages.contains_key(key));
    less.registries = kept.registries;
    answers(&less, asked).ok().map(|()| less)
}

/// What of a lock file is still asked for.
pub(super) fn still_needed(lock: &LockFile, asked: &Asked) -> LockFile {
    needed(&without_own(lock, asked), asked.iter())
}

/// A lock file without what its packages need of packages that the project has itself: these answer all that is asked
/// of them.
fn without_own(lock: &LockFile, asked: &Asked) -> LockFile {
    let mut lock = lock.clone();
    for package in lock.packages.values_mut() {
        package.needs.retain(|need| !asked.has(need));
    }
    lock
}

fn no_lock() -> Failure {
    Failure::new("project::locked", format!("there is no `{LOCK}`"))
        .help("run `tenon lock`, and commit what it makes")
}

fn must_change(why: &str) -> Failure {
    Failure::new("project::locked", format!("`{LOCK}` would have to change"))
        .cause(why)
        .help("run `tenon lock`, and look at what changes")
}

/// Makes a lock file that answers what is asked, where `old` is what was locked before.
pub(super) fn make(
    ui: &Ui,
    locking: &Locking<'_>,
    asked: &Asked,
    old: Option<&LockFile>,
) -> Result<LockFile, Failure> {
    let mut wishes = Wishes::default();
    for (package, version) in old.into_iter().flat_map(|old| old.packages.keys()) {
        if !locking.freedom.holds(package) {
            let versions = wishes.locked.entry(package.clone()).or_default();
            versions.insert(version.clone());
        }
    }
    make_by(ui, locking, asked, old, wishes)
}

/// As [`make`], where these versions stay if they can.
fn make_by(
    ui: &Ui,
    locking: &Locking<'_>,
    asked: &Asked,
    old: Option<&LockFile>,
    mut wishes: Wishes,
) -> Result<LockFile, Failure> {
    let gathered = Gathered::new(ui, locking, asked, old)?;
    if let Some(old) = old {
        check_history(ui, &gathered.remotes, old)?;
    }
    check_there(locking, &gathered)?;
    for (package, version) in &asked.replaced {
        let versions = wishes.locked.entry(package.clone()).or_default();
        versions.insert(version.clone());
    }
    wishes.precise.clone_from(&locking.precise);
    let solution = solve(&gathered.universe, &gathered.asked(asked), &wishes)
        .map_err(|conflict| explain(&conflict, &gathered, asked))?;
    check_taken(locking, &solution)?;
    let mut lock = LockFile::default();
    let mut new = vec![];
    for (package, version) in pairs(&solution) {
        let key = (package.clone(), version.clone());
        let before = old.and_then(|old| old.packages.get(&key));
        // A log has a version once; a tag that may move again is taken as it is now.
        let is_free = locking.freedom.holds(package) || locking.precise.contains_key(package);
        let is_retaken = is_free && locking.takes_moved;
        let kept = before.filter(|before| before.unlogged().is_none() || !is_retaken);
        if let (Some(before), None) = (before, kept) {
            super::unlogged::warn_of_other(ui, before, &gathered);
        }
        match kept {
            Some(kept) => {
                let needs = gathered.needs(package, version);
                check_same(kept, &gathered)?;
                let kept = LockedPackage {
                    needs,
                    ..kept.clone()
                };
                lock.packages.insert(key, kept);
            }
            None => new.push(key),
        }
    }
    warn_of_lost(ui, &gathered, old);
    for package in of_new(ui, &gathered, &new)? {
        lock.packages.insert(package.key(), package);
    }
    confirm_publishers(ui, locking, old, &lock)?;
    lock.registries = checkpoints(&gathered.remotes, &lock, old)?;
    Ok(lock)
}

/// Whether there is what is asked for precisely.
fn check_there(locking: &Locking<'_>, gathered: &Gathered) -> Result<(), Failure> {
    for (package, precise) in &locking.precise {
        if !gathered.has(package) {
            let failure = not_precise(package, precise).cause("nothing asks for it");
            return Err(failure.help(format!("add it with `tenon add {package}@{precise}`")));
        }
        if !gathered.has_version(package, precise) {
            return Err(not_precise(package, precise)
                .cause("there is no such version")
                .help(format!("`tenon info {package}` lists those that there are")));
        }
    }
    Ok(())
}

/// Whether what was asked for precisely was taken: it was not, if nothing asks for its track.
fn check_taken(locking: &Locking<'_>, solution: &Solution) -> Result<(), Failure> {
    for (package, precise) in &locking.precise {
        let chosen = solution.chosen.get(package);
        if chosen.is_some_and(|chosen| chosen.contains(precise)) {
            continue;
        }
        let cause = match chosen {
            Some(chosen) => format!(
                "what is asked for is met by {}, on another track",
                list(chosen)
            ),
            None => "nothing asks for it any more".to_owned(),
        };
        return Err(not_precise(package, precise).cause(cause).help(format!(
            "`tenon add {package}@{precise}` has the project ask for it"
        )));
    }
    Ok(())
}

/// Says which releases were locked and are none any more, since what they were released with was compromised, or
/// nobody may have them.
fn warn_of_lost(ui: &Ui, gathered: &Gathered, old: Option<&LockFile>) {
    for (package, version) in old.into_iter().flat_map(|old| old.packages.keys()) {
        if let Some(error) = gathered.loss(package, version) {
            ui.warn(&format!("`{LOCK}` had `{package}@{version}`: {error}"));
        }
    }
}

fn not_precise(package: &PackageName, precise: &Version) -> Failure {
    Failure::new(
        "project::precise",
        format!("`{package}` cannot be {precise}"),
    )
}

fn list(versions: &BTreeSet<Version>) -> String {
    let texts: Vec<_> = versions.iter().map(ToString::to_string).collect();
    texts.join(" and ")
}

/// Every version that was chosen.
fn pairs(solution: &Solution) -> impl Iterator<Item = (&PackageName, &Version)> {
    let chosen = solution.chosen.iter();
    chosen.flat_map(|(package, versions)| versions.iter().map(move |version| (package, version)))
}

/// A conflict as it is reported.
fn explain(conflict: &Conflict, gathered: &Gathered, asked: &Asked) -> Failure {
    let unknown = gathered.unknown.iter();
    let unknown = unknown.filter(|(package, _)| conflict.packages().contains(package));
    let notes = unknown.map(|(_, failure)| failure.summary());
    // One cause, told in several lines.
    let lines = conflict.lines().iter().map(|line| ui::clean_line(line));
    let failure = Failure::new(
        "project::conflict",
        "no choice of versions answers all that is asked",
    )
    .cause(lines.collect::<Vec<_>>().join("\n  "));
    let failure = failure.notes(notes);
    match conflict.hints().split_first() {
        Some((first, more)) => failure.notes(more.to_vec()).help(first.clone()),
        None => failure.help(match &*exact_places(conflict, asked) {
            [] => "loosen one of the requirements, or update who asks for it".to_owned(),
            places => format!(
                "WIT names versions exactly, and of those that could stand in for each other a project has one: write \
                 another one in {}",
                places.join(" or ")
            ),
        }),
    }
}

/// Where the WIT of the project names the version of a package of a conflict.
fn exact_places(conflict: &Conflict, asked: &Asked) -> Vec<String> {
    let is_exact = |need: &Need| match &*need.requirement.comparators {
        [only] => only.op == semver::Op::Exact,
        _ => false,
    };
    let packages = conflict.packages();
    let asked = asked.iter().filter(|(need, by)| {
        *by != super::MANIFEST && is_exact(need) && packages.contains(&need.package)
    });
    asked.map(|(_, by)| format!("`{by}`")).collect()
}

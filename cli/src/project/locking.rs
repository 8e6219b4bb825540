//! The lock file, made to answer what is asked.

use super::universe::Gathered;
use super::{Asked, Changes, LOCK, Project, Remotes};
use crate::args::Global;
use crate::error::Failure;
use crate::exit::ExitKind;
use crate::ui::{self, Ui};
use std::collections::{BTreeMap, BTreeSet};
use tenon_registry_client::chain::Release;
use tenon_registry_client::http::Error;
use tenon_registry_client::lock::{LockedPublisher, LockedRelease};
use tenon_registry_client::log::Origin;
use tenon_registry_client::name::{PackageName, Version};
use tenon_registry_client::project::satisfaction::check;
use tenon_registry_client::project::{LockFile, LockedPackage};
use tenon_registry_client::record::ContentKind;
use tenon_registry_client::resolve::{Conflict, Need, Solution, Strength, Wishes, solve};
use tenon_registry_client::verify::{Request, Verified, View};

/// How a lock file is made.
pub(crate) struct Locking<'l> {
    /// What may move that need not.
    pub(crate) freedom: Freedom,
    /// Versions that are to be taken, and no other.
    pub(crate) precise: BTreeMap<PackageName, Version>,
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
    fn holds(&self, package: &PackageName) -> bool {
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
            self.write_lock(lock)?;
        }
        Ok(changes)
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
        self.write_manifest(text)?;
        if let Some(lock) = lock {
            self.write_lock(lock)?;
        }
        Ok(changes)
    }

    /// Whether a package is locked as a component.
    pub(crate) fn is_component(&self, package: &PackageName) -> bool {
        let packages = self.lock.iter().flat_map(|lock| &lock.packages);
        let mut found = packages.filter(|((name, _), _)| name == package);
        found.any(|(_, locked)| locked.kind == ContentKind::Component)
    }

    /// As [`Project::lock`], and nothing is written: the new lock file, if there is to be one.
    pub(crate) fn locked(
        &self,
        ui: &Ui,
        locking: &Locking<'_>,
    ) -> Result<(Option<LockFile>, Changes), Failure> {
        let asked = self.asked()?;
        if locking.freedom == Freedom::None && locking.precise.is_empty() {
            let why = match &self.lock {
                None if asked.needs.is_empty() => return Ok((None, Changes::default())),
                None => None,
                Some(lock) => match answers(lock, &asked) {
                    Ok(()) => return Ok((None, Changes::default())),
                    Err(why) => Some(why),
                },
            };
            if locking.global.locked {
                return Err(why.map_or_else(no_lock, |why| must_change(&why)));
            }
        } else if locking.global.locked {
            return Err(
                Failure::usage(format!("`{LOCK}` cannot change with `--locked`"))
                    .help("leave `--locked` and `--frozen` away to update it"),
            );
        }
        let lock = match &self.lock {
            Some(old) => make(ui, locking, &asked, Some(old))?,
            None => self.first_lock(ui, locking, &asked)?,
        };
        let changes = Changes::between(self.lock.as_ref(), &lock);
        Ok((Some(lock), changes))
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
        let Some(wkg) = super::wkg::read_lock(&self.root)? else {
            return make(ui, locking, asked, None);
        };
        let mut wishes = Wishes::default();
        for locked in &wkg.packages {
            let versions = wishes.locked.entry(locked.name.clone()).or_default();
            versions.insert(locked.version.clone());
        }
        let lock = make_by(ui, locking, asked, None, wishes)?;
        for locked in &wkg.packages {
            let found = lock
                .packages
                .get(&(locked.name.clone(), locked.version.clone()));
            if let Some(found) = found.filter(|found| found.release.digest != locked.digest) {
                ui.warn(&format!(
                    "`{}@{}` is other content than `wkg.lock` has: {} in place of {}",
                    locked.name, locked.version, found.release.digest, locked.digest
                ));
            }
        }
        Ok(lock)
    }
}

/// Whether a lock file answers what is asked; if not, why.
fn answers(lock: &LockFile, asked: &Asked) -> Result<(), String> {
    let components = lock.packages.iter();
    let components = components.filter(|(_, locked)| locked.kind == ContentKind::Component);
    let components: BTreeSet<_> = components
        .map(|((package, _), _)| package.clone())
        .collect();
    // An interface is of a WIT package, not of a component of the same name; and what the project has itself answers
    // all that is asked of that.
    let binds = |need: &Need| {
        let is_of_component = components.contains(&need.package);
        !asked.own.contains(&need.package)
            && (need.strength == Strength::Always || !is_of_component)
    };
    let mut lock = lock.clone();
    for package in lock.packages.values_mut() {
        package.needs.retain(&binds);
    }
    let needs = asked.iter().filter(|(need, _)| binds(need));
    check(&lock, needs).map_err(|unmet| unmet.to_string())
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
    let gathered = Gathered::new(ui, locking.global, asked)?;
    if let Some(old) = old {
        check_history(ui, &gathered.remotes, old)?;
    }
    wishes.precise.clone_from(&locking.precise);
    let solution = solve(&gathered.universe, &gathered.asked(asked), &wishes)
        .map_err(|conflict| explain(&conflict, &gathered))?;
    let mut lock = LockFile::default();
    let mut new = vec![];
    for (package, version) in pairs(&solution) {
        let key = (package.clone(), version.clone());
        let kept = old.and_then(|old| old.packages.get(&key));
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
    for package in places(&gathered, new)? {
        lock.packages.insert(package.key(), package);
    }
    confirm_publishers(ui, locking, old, &lock)?;
    lock.registries = checkpoints(&gathered.remotes, &lock)?;
    Ok(lock)
}

/// The verified views of packages, some asked for at once, in their order.
pub(crate) fn look(
    ui: &Ui,
    global: &Global,
    packages: &[PackageName],
) -> Result<Vec<Verified<View>>, Failure> {
    let mut remotes = Remotes::new();
    for package in packages {
        remotes.find(ui, global, package.namespace())?;
    }
    let Some(any) = remotes.all().next() else {
        return Ok(vec![]);
    };
    let looks = packages.iter().filter_map(|package| {
        let client = remotes.of(package.namespace())?.client.clone();
        let request = Request::Package {
            package: package.clone(),
            releases: BTreeSet::new(),
        };
        Some(async move { client.view(&request).await })
    });
    let views = any.wait_for_all(looks);
    let views = packages.iter().zip(views).map(|(package, view)| {
        let remote = remotes.of(package.namespace()).unwrap_or(any);
        view.map_err(|error| remote.failure(error))
    });
    views.collect()
}

/// Every version that was chosen.
fn pairs(solution: &Solution) -> impl Iterator<Item = (&PackageName, &Version)> {
    let chosen = solution.chosen.iter();
    chosen.flat_map(|(package, versions)| versions.iter().map(move |version| (package, version)))
}

/// Whether what the lock file saw of the registries' logs, and what is seen here, is one history.
fn check_history(ui: &Ui, remotes: &Remotes, lock: &LockFile) -> Result<(), Failure> {
    for remote in remotes.all() {
        if let Some(note) = lock.registries.get(remote.registry.pin.origin()) {
            super::install::check_checkpoint(ui, remote, note)?;
        }
    }
    Ok(())
}

/// Whether a release that stays locked is what the log says it is.
fn check_same(locked: &LockedPackage, gathered: &Gathered) -> Result<(), Failure> {
    let (package, version) = (&locked.release.package, &locked.release.version);
    let Some(release) = gathered.release(package, version) else {
        return Ok(());
    };
    let Some(remote) = gathered.remotes.of(package.namespace()) else {
        return Ok(());
    };
    super::install::check_origin(remote, locked)?;
    let (said, found) = (locked.release.digest, release.content.digest);
    match said == found {
        true => Ok(()),
        false => Err(Failure {
            exit: ExitKind::Refused,
            ..Failure::new(
                "registry::lock",
                format!("`{package}@{version}` has another digest than `{LOCK}` says"),
            )
        }
        .cause(format!("`{LOCK}` has {said}"))
        .cause(format!("the log has {found}"))
        .help(
            "find out which of the two is right before going on: the lock file, or the registry",
        )),
    }
}

/// The entries for releases that are new in the lock file, with their places in the log.
fn places(
    gathered: &Gathered,
    new: Vec<(PackageName, Version)>,
) -> Result<Vec<LockedPackage>, Failure> {
    let Some(any) = gathered.remotes.all().next() else {
        return Ok(vec![]);
    };
    let looks = new.into_iter().filter_map(|(package, version)| {
        let remote = gathered.remotes.of(package.namespace())?;
        let client = remote.client.clone();
        let request = Request::release(package.clone(), version.clone());
        Some(async move { (package, version, client.view(&request).await) })
    });
    let mut places = vec![];
    for (package, version, view) in any.wait_for_all(looks) {
        let remote = gathered.remotes.of(package.namespace()).unwrap_or(any);
        let view = view.map_err(|error| remote.failure(error))?;
        let release = view.release(&version).map_err(Error::from);
        let release = release.map_err(|error| remote.failure(error))?;
        let needs = gathered.needs(&package, &version);
        let locked = locked_package(&view, &release, needs);
        let locked = locked.ok_or_else(|| {
            let message = format!("the log does not show where `{package}@{version}` is");
            Failure::new("registry::unavailable", message)
        })?;
        places.push(locked);
    }
    Ok(places)
}

fn locked_package(
    view: &Verified<View>,
    release: &Verified<Release>,
    needs: Vec<Need>,
) -> Option<LockedPackage> {
    Some(LockedPackage {
        registry: view.checkpoint().checkpoint().origin.clone(),
        release: LockedRelease::new(view, release)?,
        kind: release.content.kind,
        size: release.content.size,
        needs,
    })
}

/// The checkpoints that the lock file keeps: the largest that was verified of each log it needs.
fn checkpoints(remotes: &Remotes, lock: &LockFile) -> Result<BTreeMap<Origin, String>, Failure> {
    let needed: BTreeSet<&Origin> = lock
        .packages
        .values()
        .map(|package| &package.registry)
        .collect();
    let mut notes = BTreeMap::new();
    for remote in remotes.all() {
        let origin = remote.registry.pin.origin();
        if needed.contains(origin)
            && let Some(note) = remote.wait(remote.client.checkpoint_note())?
        {
            notes.insert(origin.clone(), note);
        }
    }
    Ok(notes)
}

/// Asks where a package comes from other keys than before, which may be a theft.
fn confirm_publishers(
    ui: &Ui,
    locking: &Locking<'_>,
    old: Option<&LockFile>,
    new: &LockFile,
) -> Result<(), Failure> {
    let mut lines = vec![];
    for ((package, version), locked) in &new.packages {
        let before = old.into_iter().flat_map(|old| &old.packages);
        let before: Vec<_> = before.filter(|((name, _), _)| name == package).collect();
        let is_known = before.iter().any(|(_, before)| {
            is_same_publisher(&before.release.publisher, &locked.release.publisher)
        });
        if let (Some((_, last)), false) = (before.last(), is_known) {
            lines.push(format!(
                "`{package}@{version}` is {}; {} was {}",
                words(&locked.release.publisher),
                last.release.version,
                words(&last.release.publisher)
            ));
        }
    }
    if lines.is_empty() {
        return Ok(());
    }
    for line in &lines {
        ui.warn(line);
    }
    ui.confirm("is that right?", locking.yes)
        .map_err(|failure| {
            Failure {
        exit: ExitKind::Failure,
        ..Failure::new(
            "project::publisher",
            "releases come from other publishers than those that are locked",
        )
        .notes(match ui.json {
            true => lines,
            false => vec![],
        })
        .cause(failure.message)
        .help("ask the publisher whether that is right; then give `--yes`, or keep what is locked")
    }
        })
}

/// Whether one of the keys is the same, or the registry signed for both with one key.
fn is_same_publisher(before: &LockedPublisher, after: &LockedPublisher) -> bool {
    match (before, after) {
        (LockedPublisher::Keys(before), LockedPublisher::Keys(after)) => {
            before.iter().any(|key| after.contains(key))
        }
        (LockedPublisher::Registry(before), LockedPublisher::Registry(after)) => before == after,
        _ => false,
    }
}

fn words(publisher: &LockedPublisher) -> String {
    match publisher {
        LockedPublisher::Keys(keys) => ui::signed_by_keys(keys),
        LockedPublisher::Registry(key) => format!(
            "attested by the registry's `{}`",
            ui::clean_line(key.name().as_str())
        ),
    }
}

/// A conflict as it is reported.
fn explain(conflict: &Conflict, gathered: &Gathered) -> Failure {
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
        None => failure.help("loosen one of the requirements, or update who asks for it"),
    }
}

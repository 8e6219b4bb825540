//! What there is to choose from: by the registries, or without the network by what is kept here.

use super::moved::{moved, moved_to};
use super::unlogged::{self, UnloggedCandidate};
use super::{Asked, Locking, Remotes};
use crate::args::Global;
use crate::error::Failure;
use crate::exit::ExitKind;
use crate::oci::home::Resolved;
use crate::remote::is_proved;
use crate::source::Bytes;
use crate::suggestion;
use crate::ui::Ui;
use crate::wanted::{Selection, Wanted};
use crate::wit::needs::{needs_for, needs_of};
use std::collections::{BTreeMap, BTreeSet};
use tenon_registry_client::Digest;
use tenon_registry_client::api::world::WitReference;
use tenon_registry_client::chain::{Availability, Release};
use tenon_registry_client::http::{Candidates, Client};
use tenon_registry_client::name::{PackageName, Version};
use tenon_registry_client::project::{LockFile, LockedPackage};
use tenon_registry_client::record::{ContentKind, Reference, Subject};
use tenon_registry_client::resolve::{self, Candidate, Need, Status, Strength, Universe};
use tenon_registry_client::verify::{Request, VerifyError};

/// The most packages that are looked at: whoever says more must not keep a client asking.
const MOST_PACKAGES: usize = 10_000;

/// What there is of a package, or why nothing is known of it.
type Found = (PackageName, Result<Candidates, Failure>);

/// A package of a registry without a log, and where it is.
type Unlogged = (PackageName, Result<Resolved, Failure>);

/// What there is, and how it was found out.
pub(super) struct Gathered {
    pub(super) universe: Universe,
    pub(super) remotes: Remotes,
    found: BTreeMap<PackageName, Candidates>,
    /// What there is in registries without logs.
    unlogged: BTreeMap<PackageName, BTreeMap<Version, UnloggedCandidate>>,
    /// What each release needs, by version.
    needs: BTreeMap<PackageName, BTreeMap<Version, Vec<Need>>>,
    /// Why nothing is known of packages that only some release of another asks for.
    pub(super) unknown: BTreeMap<PackageName, Failure>,
    /// The records that the lock file has seen of each package and of what it depends on.
    heads: BTreeMap<PackageName, BTreeMap<Subject, Reference>>,
}

impl Gathered {
    /// Looks at what is asked for, at what that needs, and so on. What is locked and stays needs what the lock file
    /// says, which is held against its bytes when they are fetched, whatever a registry says now.
    pub(super) fn new(
        ui: &Ui,
        locking: &Locking<'_>,
        asked: &Asked,
        old: Option<&LockFile>,
    ) -> Result<Gathered, Failure> {
        let (global, freedom) = (locking.global, &locking.freedom);
        let mut gathered = Gathered {
            universe: Universe::default(),
            remotes: Remotes::default(),
            found: BTreeMap::new(),
            unlogged: BTreeMap::new(),
            needs: BTreeMap::new(),
            unknown: BTreeMap::new(),
            heads: old.map(heads).unwrap_or_default(),
        };
        let locked = old.into_iter().flat_map(|old| old.packages.values());
        let kept = locked.filter(|locked| !locking.takes_moved || !freedom.holds(locked.package()));
        let kept: Vec<&LockedPackage> = kept.collect();
        let needs = asked.needs.iter().map(|asked| &asked.need);
        let direct: BTreeSet<PackageName> = needs
            .filter(|need| need.strength == Strength::Always)
            .map(|need| need.package.clone())
            .collect();
        let mut next = direct.clone();
        while !next.is_empty() {
            let names = std::mem::take(&mut next);
            if let Some(old) = old {
                gathered.check_origins(ui, global, asked, old, &names)?;
            }
            let (unlogged, names) = gathered.split(ui, global, names)?;
            for (package, resolved) in unlogged {
                let kept: Vec<_> = kept
                    .iter()
                    .filter(|it| *it.package() == package)
                    .copied()
                    .collect();
                let precise = locking.precise.get(&package);
                let candidates = resolved.and_then(|resolved| {
                    unlogged::candidates(ui, global, &resolved, &package, &kept, precise)
                });
                match candidates {
                    Ok(found) => {
                        let needs: BTreeMap<_, _> = found
                            .iter()
                            .map(|(version, found)| (version.clone(), found.needs.clone()))
                            .collect();
                        let all = needs.values().flatten();
                        let all = all
                            .filter(|need| need.strength == Strength::Always && !asked.has(need));
                        next.extend(all.map(|need| need.package.clone()));
                        gathered.needs.insert(package.clone(), needs);
                        gathered.unlogged.insert(package, found);
                    }
                    Err(failure)
                        if matches!(failure.exit, ExitKind::Refused | ExitKind::Unavailable) =>
                    {
                        return Err(failure);
                    }
                    Err(failure) if direct.contains(&package) => {
                        return Err(failure.notes(asked.askers(&package)));
                    }
                    Err(failure) => drop(gathered.unknown.insert(package, failure)),
                }
            }
            for (package, result) in gathered.ask(ui, global, names)? {
                match result {
                    Ok(candidates) => {
                        let mut needs = gathered.needs_by_version(&candidates, global.offline)?;
                        for locked in kept.iter().filter(|it| *it.package() == package) {
                            needs.insert(locked.version().clone(), locked.needs.clone());
                        }
                        let all = needs.values().flatten();
                        let all = all
                            .filter(|need| need.strength == Strength::Always && !asked.has(need));
                        next.extend(all.map(|need| need.package.clone()));
                        gathered.needs.insert(package.clone(), needs);
                        gathered.found.insert(package, candidates);
                    }
                    Err(failure) if direct.contains(&package) => {
                        return Err(failure.notes(asked.askers(&package)));
                    }
                    // A release that nobody takes may ask for what is gone.
                    Err(failure) => drop(gathered.unknown.insert(package, failure)),
                }
            }
            let known = |package: &PackageName| {
                gathered.has(package) || gathered.unknown.contains_key(package)
            };
            next.retain(|package| !known(package));
            if gathered.found.len() + gathered.unlogged.len() + next.len() > MOST_PACKAGES {
                return Err(too_many());
            }
        }
        gathered.make_universe(asked);
        Ok(gathered)
    }

    /// Refuses to ask another registry for packages than the one that they are locked from.
    fn check_origins(
        &mut self,
        ui: &Ui,
        global: &Global,
        asked: &Asked,
        old: &LockFile,
        names: &BTreeSet<PackageName>,
    ) -> Result<(), Failure> {
        let locked = old.packages.values();
        for locked in locked.filter(|locked| names.contains(locked.package())) {
            // That there is none is said where it is asked.
            if let Ok(Some(now)) = moved_to(&mut self.remotes, ui, global, locked) {
                return Err(moved(&now, locked, old, asked));
            }
        }
        Ok(())
    }

    /// Those that come from registries without logs, with where they are, and the others.
    fn split(
        &mut self,
        ui: &Ui,
        global: &Global,
        names: BTreeSet<PackageName>,
    ) -> Result<(Vec<Unlogged>, BTreeSet<PackageName>), Failure> {
        let (mut unlogged, mut logged) = (vec![], BTreeSet::new());
        for package in names {
            match self.remotes.home(global, &package)? {
                None => drop(logged.insert(package)),
                Some(home) => {
                    let resolved = self.remotes.resolve(ui, global, &package, &home);
                    unlogged.push((package, resolved));
                }
            }
        }
        Ok((unlogged, logged))
    }

    /// Whether a package was looked at, since something asks for it.
    pub(super) fn has(&self, package: &PackageName) -> bool {
        self.found.contains_key(package) || self.unlogged.contains_key(package)
    }

    /// Whether a package comes from a registry without a log.
    pub(super) fn is_unlogged(&self, package: &PackageName) -> bool {
        self.unlogged.contains_key(package)
    }

    /// A version of a registry without a log.
    pub(super) fn unlogged(
        &self,
        package: &PackageName,
        version: &Version,
    ) -> Option<&UnloggedCandidate> {
        self.unlogged.get(package)?.get(version)
    }

    /// Whether there is a version of a package.
    pub(super) fn has_version(&self, package: &PackageName, version: &Version) -> bool {
        self.digest(package, version).is_some()
    }

    /// The digest of a version, and who says it.
    pub(super) fn digest(
        &self,
        package: &PackageName,
        version: &Version,
    ) -> Option<(Digest, &'static str)> {
        match self.release(package, version) {
            Some(release) => Some((release.content.digest, "the log")),
            None => Some((self.unlogged(package, version)?.digest, "the registry")),
        }
    }

    /// The release of a version, as the log has it.
    fn release(&self, package: &PackageName, version: &Version) -> Option<&Release> {
        let found = self.found.get(package)?;
        found.view.package()?.releases().get(version)
    }

    /// Why a version of a package that was looked at cannot be had.
    pub(super) fn loss(&self, package: &PackageName, version: &Version) -> Option<VerifyError> {
        let error = self.found.get(package)?.view.release(version).err()?;
        let remote = self.remotes.of(package).ok()?;
        // That it is void is in the proof of that version only.
        let request = Request::release(package.clone(), version.clone());
        let view = remote.wait_raw(remote.client.view(&request));
        view.map_or(Some(error), |view| view.release(version).err())
    }

    /// What a release needs.
    pub(super) fn needs(&self, package: &PackageName, version: &Version) -> Vec<Need> {
        let needs = self.needs.get(package).and_then(|all| all.get(version));
        needs.cloned().unwrap_or_default()
    }

    /// What is asked, as the solver tells it.
    pub(super) fn asked(&self, asked: &Asked) -> Vec<resolve::Asked> {
        let binding = asked.needs.iter().filter(|asked| self.binds(&asked.need));
        let asked = binding.map(|asked| resolve::Asked {
            need: asked.need.clone(),
            by: format!("`{}`", asked.by),
        });
        asked.collect()
    }

    /// Whether a need says anything: an interface that a component uses is of a WIT package, and not of a component
    /// of the same name.
    fn binds(&self, need: &Need) -> bool {
        let releases = self.found.get(&need.package).map(|found| found.releases());
        let mut releases = releases.into_iter().flatten();
        let unlogged = self.unlogged.get(&need.package).into_iter();
        let mut unlogged = unlogged.flat_map(BTreeMap::values);
        need.strength == Strength::Always
            || unlogged.any(|found| found.kind == ContentKind::Wit)
            || releases.any(|found| found.release.content.kind == ContentKind::Wit)
    }

    /// Asks the registries for packages, some at once. What is refused ends it all, and so does what cannot be
    /// reached.
    fn ask(
        &mut self,
        ui: &Ui,
        global: &Global,
        names: BTreeSet<PackageName>,
    ) -> Result<Vec<Found>, Failure> {
        let mut answers = vec![];
        let mut known = vec![];
        for package in names {
            match self.remotes.find(ui, global, &package) {
                Ok(_) => known.push(package),
                Err(failure) => answers.push((package, Err(failure))),
            }
        }
        let ask = |client: Client, (package, locked): (PackageName, _)| async move {
            client.candidates_locked(&package, &locked).await
        };
        let known: Vec<_> = known
            .into_iter()
            .map(|package| {
                let locked = self.heads.get(&package).cloned().unwrap_or_default();
                (package, locked)
            })
            .collect();
        let results = self.remotes.each(&known, |(package, _)| package, ask)?;
        for ((package, _), (remote, result)) in known.iter().zip(results) {
            let result = match result {
                Ok(candidates) => Ok(candidates),
                Err(error) => {
                    let is_absent = error.verify().is_some_and(is_proved) || error.is_not_found();
                    let wanted = Wanted {
                        package: package.clone(),
                        version: Selection::Highest,
                    };
                    let failure = suggestion::failure(remote, &wanted, error);
                    match is_absent || failure.exit == ExitKind::Usage {
                        true => Err(failure),
                        false => return Err(failure),
                    }
                }
            };
            answers.push((package.clone(), result));
        }
        Ok(answers)
    }

    /// What each release needs; nothing is known of one that is not here and cannot be asked for.
    fn needs_by_version(
        &self,
        candidates: &Candidates,
        offline: bool,
    ) -> Result<BTreeMap<Version, Vec<Need>>, Failure> {
        let mut all = BTreeMap::new();
        for found in candidates.releases() {
            let release = found.release;
            let needs = match (offline, found.references) {
                // By the registry's word, which is held against the bytes once they are here.
                (false, Some(references)) => Some(needs_by_word(release, references)?),
                (false, None) => Some(vec![]),
                (true, _) => self.cached(release)?,
            };
            if let Some(needs) = needs {
                all.insert(release.version.clone(), needs);
            }
        }
        Ok(all)
    }

    /// What there is, as the solver knows it.
    fn make_universe(&mut self, asked: &Asked) {
        let mut packages = BTreeMap::new();
        for (package, found) in &self.found {
            let needs = self.needs.get(package);
            let candidates = found.releases().map(|found| {
                let version = found.release.version.clone();
                let needs = needs.and_then(|needs| needs.get(&version));
                let status = match (found.release.availability, needs) {
                    (Availability::TakenDown(reason), _) => Status::TakenDown(reason),
                    (_, None) => Status::Uncached,
                    (Availability::Available, _) => Status::Available,
                    (Availability::Yanked(reason), _) => Status::Yanked(reason),
                };
                // What the project has itself answers all that is asked of that.
                let needs = needs.into_iter().flatten();
                let needs = needs.filter(|need| !asked.has(need));
                let needs = needs.filter(|need| self.binds(need)).cloned().collect();
                Candidate {
                    version,
                    status,
                    needs,
                }
            });
            packages.insert(package.clone(), candidates.collect());
        }
        for (package, found) in &self.unlogged {
            let candidates = found.iter().map(|(version, found)| {
                let needs = found.needs.iter().filter(|need| !asked.has(need));
                Candidate {
                    version: version.clone(),
                    status: Status::Available,
                    needs: needs.filter(|need| self.binds(need)).cloned().collect(),
                }
            });
            packages.insert(package.clone(), candidates.collect());
        }
        self.universe = Universe { packages };
    }

    /// What a release needs by its bytes, if they are in the cache.
    fn cached(&self, release: &Release) -> Result<Option<Vec<Need>>, Failure> {
        let remote = self.remotes.of(&release.package)?;
        let file = remote.wait(remote.client.cached(&release.content))?;
        let Some(file) = file else {
            return Ok(None);
        };
        let name = format!("{}@{}", release.package, release.version);
        let bytes = Bytes::of(file).map_err(|error| Failure::io("read", &name, &error))?;
        let (_, needs) = needs_of(&name, bytes.input())?;
        Ok(Some(needs))
    }
}

fn needs_by_word(release: &Release, references: &[WitReference]) -> Result<Vec<Need>, Failure> {
    let name = format!("{}@{}", release.package, release.version);
    let mentions = references.iter();
    let mentions = mentions.map(|mention| (&*mention.name, mention.version.as_deref()));
    needs_for(&name, release.content.kind, mentions)
}

/// The newest record of each chain that a lock file has seen, for each of its packages.
fn heads(lock: &LockFile) -> BTreeMap<PackageName, BTreeMap<Subject, Reference>> {
    let mut all: BTreeMap<_, BTreeMap<Subject, Reference>> = BTreeMap::new();
    let logged = lock.packages.values().filter_map(LockedPackage::logged);
    for (_, release) in logged {
        let heads = all.entry(release.package.clone()).or_default();
        for (subject, head) in &release.heads {
            let newest = heads.entry(subject.clone()).or_insert(*head);
            if newest.seq < head.seq {
                *newest = *head;
            }
        }
    }
    all
}

fn too_many() -> Failure {
    let message = format!("what is asked for leads to more than {MOST_PACKAGES} packages");
    Failure::new("project::too-many", message)
        .help("ask for less, or by narrower requirements; if it is far less than that, ask the registry's operator")
}

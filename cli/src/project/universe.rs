//! What there is to choose from: by the registries, or without the network by what is kept here.

use super::{Asked, Remotes};
use crate::args::Global;
use crate::error::Failure;
use crate::exit::ExitKind;
use crate::remote::is_proved;
use crate::source::Bytes;
use crate::suggestion;
use crate::ui::Ui;
use crate::wanted::{Selection, Wanted};
use crate::wit::needs::{needs_for, needs_of};
use std::collections::{BTreeMap, BTreeSet};
use tenon_registry_client::api::world::WitReference;
use tenon_registry_client::chain::{Availability, Release};
use tenon_registry_client::http::{Candidates, Client};
use tenon_registry_client::name::{PackageName, Version};
use tenon_registry_client::record::ContentKind;
use tenon_registry_client::resolve::{self, Candidate, Need, Status, Strength, Universe};

/// What there is of a package, or why nothing is known of it.
type Found = (PackageName, Result<Candidates, Failure>);

/// What there is, and how it was found out.
pub(super) struct Gathered {
    pub(super) universe: Universe,
    pub(super) remotes: Remotes,
    found: BTreeMap<PackageName, Candidates>,
    /// What each release needs, by version.
    needs: BTreeMap<PackageName, BTreeMap<Version, Vec<Need>>>,
    /// Why nothing is known of packages that only some release of another asks for.
    pub(super) unknown: BTreeMap<PackageName, Failure>,
}

impl Gathered {
    /// Looks at what is asked for, at what that needs, and so on.
    pub(super) fn new(ui: &Ui, global: &Global, asked: &Asked) -> Result<Gathered, Failure> {
        let mut gathered = Gathered {
            universe: Universe::default(),
            remotes: Remotes::default(),
            found: BTreeMap::new(),
            needs: BTreeMap::new(),
            unknown: BTreeMap::new(),
        };
        let needs = asked.needs.iter().map(|asked| &asked.need);
        let direct: BTreeSet<PackageName> = needs
            .filter(|need| need.strength == Strength::Always)
            .map(|need| need.package.clone())
            .collect();
        let mut next = direct.clone();
        while !next.is_empty() {
            let names = std::mem::take(&mut next);
            for (package, result) in gathered.ask(ui, global, names)? {
                match result {
                    Ok(candidates) => {
                        let needs = gathered.needs_by_version(&candidates, global.offline)?;
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
                gathered.found.contains_key(package) || gathered.unknown.contains_key(package)
            };
            next.retain(|package| !known(package));
        }
        gathered.make_universe(asked);
        Ok(gathered)
    }

    /// The release of a version, as the log has it.
    pub(super) fn release(&self, package: &PackageName, version: &Version) -> Option<&Release> {
        let found = self.found.get(package)?;
        found.view.package()?.releases().get(version)
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
        need.strength == Strength::Always
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
            match self.remotes.find(ui, global, package.namespace()) {
                Ok(_) => known.push(package),
                Err(failure) => answers.push((package, Err(failure))),
            }
        }
        let ask = |client: Client, package| async move { client.candidates(&package).await };
        let results = self.remotes.each(&known, |package| package, ask)?;
        for (package, (remote, result)) in known.iter().zip(results) {
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
        self.universe = Universe { packages };
    }

    /// What a release needs by its bytes, if they are in the cache.
    fn cached(&self, release: &Release) -> Result<Option<Vec<Need>>, Failure> {
        let remote = self.remotes.of(release.package.namespace())?;
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

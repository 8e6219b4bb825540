//! `tenon outdated`: what is locked, and what newer there is.

use crate::args::{Global, Outdated};
use crate::error::Failure;
use crate::oci::home::{self, Tagged};
use crate::project::{Asked, Project, Purpose, look};
use crate::ui::{self, Document, Ui};
use serde::Serialize;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use tenon_composer::Track;
use tenon_registry_client::chain::{Availability, Package};
use tenon_registry_client::name::{PackageName, Version};
use tenon_registry_client::project::LockFile;
use tenon_registry_client::resolve::Strength;

#[derive(Serialize)]
struct OutdatedContent {
    packages: Vec<Row>,
}

/// A package that has newer releases, or whose locked one should not be used.
#[derive(Serialize)]
struct Row {
    package: String,
    locked: String,
    /// The highest that `tenon update` could come to, if it is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    compatible: Option<String>,
    /// The highest of all, if it is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    latest: Option<String>,
    /// Why the locked one should not be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    yanked: Option<&'static str>,
    /// The other content that the tag of the locked one has now.
    #[serde(skip_serializing_if = "Option::is_none")]
    moved: Option<Moved>,
}

/// What a tag was locked with, and what it has now, if that is a component.
#[derive(Clone, Serialize)]
struct Moved {
    from: String,
    to: Option<String>,
}

pub(crate) fn run(ui: &Ui, args: &Outdated, global: &Global) -> Result<(), Failure> {
    let project = Project::open(Purpose::Look)?;
    let asked = project.asked()?;
    project.check_lock(&asked)?;
    let none = LockFile::default();
    let lock = project.lock.as_ref().unwrap_or(&none);
    project.check_origins(ui, global, lock)?;
    let mut locked = BTreeMap::<_, BTreeSet<_>>::new();
    for (package, version) in lock.packages.keys() {
        locked.entry(package).or_default().insert(version);
    }
    let is_unlogged = |package: &PackageName| {
        let mut of_package = lock.packages.values().filter(|it| it.package() == package);
        of_package.any(|locked| locked.unlogged().is_some())
    };
    let names = locked.keys().copied().filter(|name| !is_unlogged(name));
    let names: Vec<PackageName> = names.cloned().collect();
    let mut views = look(ui, global, &names)?.into_iter();
    let mut rows = vec![];
    for (package, versions) in &locked {
        let found = match is_unlogged(package) {
            true => Found::of_tags(home::tagged(ui, global, package, versions)?, package, lock),
            false => match views.next().as_ref().and_then(|view| view.package()) {
                Some(found) => Found::of_log(found),
                None => continue,
            },
        };
        let all = versions.iter();
        rows.extend(all.filter_map(|version| row(&asked, package, version, versions, &found)));
    }
    let is_any = !rows.is_empty();
    if ui.json {
        let packages = rows;
        ui.conclude(&Document::new(
            "tenon/outdated/1",
            OutdatedContent { packages },
        ))?;
    } else if is_any {
        let head = ["package", "locked", "compatible", "latest", ""];
        let mut table = vec![head.map(str::to_owned).to_vec()];
        table.extend(rows.iter().map(Row::cells));
        ui.print(&ui::table(&table))?;
        for row in &rows {
            row.say(ui);
        }
    } else if locked.is_empty() {
        ui.say("nothing is locked");
    } else {
        ui.say("everything that is locked is the newest there is");
    }
    match is_any && args.exit_code {
        true => Err(Failure::new(
            "project::outdated",
            "not everything that is locked is the newest",
        )
        .help("`tenon update` takes what is compatible; for the rest, change the requirements")),
        false => Ok(()),
    }
}

/// The versions that there are of a package.
#[derive(Default)]
struct Found {
    available: BTreeSet<Version>,
    /// Why others should not be used.
    advised_against: BTreeMap<Version, &'static str>,
    /// Whose tags have other content than is locked.
    moved: BTreeMap<Version, Moved>,
}

impl Found {
    fn of_log(package: &Package) -> Found {
        let mut found = Found::default();
        for release in package.releases().values() {
            let version = release.version.clone();
            match release.availability {
                Availability::Available => drop(found.available.insert(version)),
                Availability::Yanked(reason) => {
                    found.advised_against.insert(version, reason.as_str());
                }
                Availability::TakenDown(_) => {
                    found.advised_against.insert(version, "taken down");
                }
            }
        }
        found
    }

    /// Of a registry without a log, which has no way to advise against a version, and whose tags can move.
    fn of_tags(tagged: Tagged, package: &PackageName, lock: &LockFile) -> Found {
        let moved = tagged.content.into_iter().filter_map(|(version, now)| {
            let key = (package.clone(), version);
            let locked = lock.packages.get(&key)?.digest();
            let moved = Moved {
                from: locked.to_string(),
                to: now.map(|now| now.to_string()),
            };
            (now != Some(*locked)).then_some((key.1, moved))
        });
        Found {
            moved: moved.collect(),
            available: tagged.versions,
            advised_against: BTreeMap::new(),
        }
    }
}

/// What there is to say of a version, where these are locked.
fn row(
    asked: &Asked,
    package: &PackageName,
    version: &Version,
    locked_versions: &BTreeSet<&Version>,
    found: &Found,
) -> Option<Row> {
    let yanked = found.advised_against.get(version).copied();
    let moved = found.moved.get(version).cloned();
    let available = || found.available.iter().rev();
    let needs = asked.needs.iter().map(|asked| &asked.need);
    let needs: Vec<_> = needs
        .filter(|need| need.package == *package && need.strength == Strength::Always)
        .filter(|need| need.requirement.matches(version.semver()))
        .collect();
    let track = Track::of(version.semver());
    let is_compatible = |candidate: &&Version| match needs.is_empty() {
        // Others ask for it, by the track.
        true => Track::of(candidate.semver()) == track && candidate.semver().pre.is_empty(),
        false => needs
            .iter()
            .all(|need| need.requirement.matches(candidate.semver())),
    };
    let other = |found: &Version| found.cmp(version) != Ordering::Equal;
    let compatible = available().find(is_compatible).filter(|found| other(found));
    let latest = available().find(|candidate| candidate.semver().pre.is_empty());
    let is_news = |latest: &&Version| {
        *latest > version && Some(*latest) != compatible && !locked_versions.contains(latest)
    };
    let latest = latest.filter(is_news);
    if compatible.is_none() && latest.is_none() && yanked.is_none() && moved.is_none() {
        return None;
    }
    Some(Row {
        package: package.to_string(),
        locked: version.to_string(),
        compatible: compatible.map(ToString::to_string),
        latest: latest.map(ToString::to_string),
        yanked,
        moved,
    })
}

impl Row {
    fn cells(&self) -> Vec<String> {
        let cell = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let remark = self.yanked.map(|reason| match reason {
            "taken down" => reason.to_owned(),
            reason => format!("yanked: {reason}"),
        });
        let moved = self.moved.as_ref().map(|_| "its tag has moved".to_owned());
        vec![
            self.package.clone(),
            self.locked.clone(),
            cell(&self.compatible),
            cell(&self.latest),
            remark.or(moved).unwrap_or_default(),
        ]
    }

    /// Says what the tag has now, if it has moved.
    fn say(&self, ui: &Ui) {
        let (package, version) = (&self.package, &self.locked);
        match &self.moved {
            Some(Moved { from, to: Some(to) }) => ui.say(&format!(
                "`{package}@{version}` is locked as {from}, and its tag has {to} now: `tenon update {package}` takes what there is now"
            )),
            Some(Moved { from, to: None }) => ui.say(&format!(
                "`{package}@{version}` is locked as {from}, and its tag has no component now"
            )),
            None => {}
        }
    }
}

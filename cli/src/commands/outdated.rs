//! `tenon outdated`: what is locked, and what newer there is.

use crate::args::{Global, Outdated};
use crate::error::Failure;
use crate::project::{Asked, LOCK, Project, Purpose, look};
use crate::ui::{self, Document, Ui};
use serde::Serialize;
use std::cmp::Ordering;
use tenon_composer::Track;
use tenon_registry_client::chain::{Availability, Package};
use tenon_registry_client::name::{PackageName, Version};
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
}

pub(crate) fn run(ui: &Ui, args: &Outdated, global: &Global) -> Result<(), Failure> {
    let project = Project::open(Purpose::Look)?;
    let Some(lock) = &project.lock else {
        return Err(
            Failure::new("project::locked", format!("there is no `{LOCK}`"))
                .help("run `tenon lock`"),
        );
    };
    let asked = project.asked()?;
    let names: Vec<_> = lock
        .packages
        .keys()
        .map(|(package, _)| package.clone())
        .collect();
    let mut rows = vec![];
    for ((package, version), view) in lock.packages.keys().zip(look(ui, global, &names)?) {
        let row = view
            .package()
            .and_then(|found| row(&asked, package, version, found));
        rows.extend(row);
    }
    let is_any = !rows.is_empty();
    if ui.json {
        let packages = rows;
        ui.document(&Document::new(
            "tenon/outdated/1",
            OutdatedContent { packages },
        ))?;
    } else if is_any {
        let head = ["package", "locked", "compatible", "latest", ""];
        let mut table = vec![head.map(str::to_owned).to_vec()];
        table.extend(rows.iter().map(Row::cells));
        ui.print(&ui::table(&table))?;
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

fn row(asked: &Asked, package: &PackageName, version: &Version, found: &Package) -> Option<Row> {
    let locked = found.releases().get(version);
    let yanked = match locked.map(|release| release.availability) {
        Some(Availability::Yanked(reason)) => Some(reason.as_str()),
        Some(Availability::TakenDown(_)) => Some("taken down"),
        _ => None,
    };
    let available = || {
        let releases = found.releases().values().rev();
        let releases = releases.filter(|release| release.availability == Availability::Available);
        releases.map(|release| &release.version)
    };
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
    let latest = latest.filter(|latest| *latest > version && Some(*latest) != compatible);
    if compatible.is_none() && latest.is_none() && yanked.is_none() {
        return None;
    }
    Some(Row {
        package: package.to_string(),
        locked: version.to_string(),
        compatible: compatible.map(ToString::to_string),
        latest: latest.map(ToString::to_string),
        yanked,
    })
}

impl Row {
    fn cells(&self) -> Vec<String> {
        let cell = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let remark = self.yanked.map(|reason| match reason {
            "taken down" => reason.to_owned(),
            reason => format!("yanked: {reason}"),
        });
        vec![
            self.package.clone(),
            self.locked.clone(),
            cell(&self.compatible),
            cell(&self.latest),
            remark.unwrap_or_default(),
        ]
    }
}

//! `tenon tree`: what a project depends on.

use crate::args::Tree;
use crate::error::Failure;
use crate::project::{MANIFEST, Project, Purpose};
use crate::ui::{self, Document, Ui};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use tenon_registry_client::project::{self, Asker, Dependency, LockedPackage};
use tenon_registry_client::record::ContentKind;
use tenon_registry_client::resolve::Strength;

/// How deep the tree is shown; what is deeper is only named.
const MAX_DEPTH: usize = 64;

#[derive(Serialize)]
struct TreeContent {
    /// What the project asks for, and what answers that.
    asked: Vec<EdgeData>,
    packages: Vec<PackageData>,
    /// Dependencies that are files, with their paths.
    local: BTreeMap<String, String>,
}

#[derive(Serialize)]
struct PackageData {
    package: String,
    version: String,
    kind: String,
    /// Whether no log has it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    unverified: bool,
    needs: Vec<EdgeData>,
}

#[derive(Serialize)]
struct EdgeData {
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    package: String,
    requirement: String,
    version: String,
    /// Whether it only says which version would do, and brings nothing.
    constraint: bool,
}

pub(crate) fn run(ui: &Ui, args: &Tree) -> Result<(), Failure> {
    let project = Project::open(Purpose::Look)?;
    let asked = project.asked()?;
    project.check_lock(&asked)?;
    let none = project::LockFile::default();
    let lock = project.lock.as_ref().unwrap_or(&none);
    let tree = project::Tree::new(lock, asked.iter());
    if ui.json {
        return ui.document(&Document::new(
            "tenon/tree/1",
            content(&project, lock, &tree),
        ));
    }
    let mut text = title(&project);
    text.push('\n');
    let mut drawing = Drawing {
        tree: &tree,
        shown: BTreeSet::new(),
        text,
    };
    match args.invert {
        true => drawing.invert(lock),
        false => drawing.draw(&project),
    }
    if lock.packages.is_empty() && project.manifest.dependencies.is_empty() {
        ui.say("it depends on nothing");
    }
    ui.print(&drawing.text)
}

fn title(project: &Project) -> String {
    match &project.manifest.package {
        None => "this project".to_owned(),
        Some(about) => match &about.version {
            Some(version) => format!("{} {version}", about.name),
            None => about.name.to_string(),
        },
    }
}

/// The tree as text; what was shown before is not shown again below where it comes up next.
struct Drawing<'t> {
    tree: &'t project::Tree<'t>,
    shown: BTreeSet<String>,
    text: String,
}

impl<'t> Drawing<'t> {
    fn draw(&mut self, project: &Project) {
        let mut roots: BTreeMap<String, (&LockedPackage, BTreeSet<&str>)> = BTreeMap::new();
        for step in self
            .tree
            .asked()
            .filter(|step| step.need.strength == Strength::Always)
        {
            let Asker::Project(by) = step.by else {
                continue;
            };
            let (_, askers) = roots
                .entry(name(step.to))
                .or_insert((step.to, BTreeSet::new()));
            askers.insert(by);
        }
        let local = project.manifest.dependencies.iter();
        let local = local.filter_map(|(package, dependency)| match dependency {
            Dependency::Path(path) => Some(format!("{package} ({})", path.display())),
            Dependency::Registry(_) => None,
        });
        let local: Vec<_> = local.collect();
        let last = roots.len() + local.len();
        for (at, (_, (package, askers))) in roots.iter().enumerate() {
            let askers: Vec<_> = askers
                .iter()
                .filter(|by| **by != MANIFEST)
                .map(|by| ui::clean_line(by))
                .collect();
            let by = match askers.is_empty() {
                true => String::new(),
                false => format!("  asked by {}", askers.join(", ")),
            };
            self.package(package, "", at + 1 == last, &by, 0);
        }
        for (at, line) in local.iter().enumerate() {
            let branch = if roots.len() + at + 1 == last {
                "└── "
            } else {
                "├── "
            };
            self.text
                .push_str(&format!("{branch}{}\n", ui::clean_line(line)));
        }
    }

    fn package(
        &mut self,
        package: &'t LockedPackage,
        before: &str,
        is_last: bool,
        by: &str,
        depth: usize,
    ) {
        let (branch, below) = match is_last {
            true => ("└── ", "    "),
            false => ("├── ", "│   "),
        };
        let name = name(package);
        let needs = self.tree.needs(package);
        let mut needs: Vec<_> = needs
            .filter(|step| step.need.strength == Strength::Always)
            .map(|step| step.to)
            .collect();
        needs.dedup_by_key(|to| to.key());
        let more = match () {
            () if needs.is_empty() => "",
            () if self.shown.contains(&name) => "  (as above)",
            () if depth == MAX_DEPTH => "  (and more)",
            () => "",
        };
        self.text
            .push_str(&format!("{before}{branch}{name}{by}{more}\n"));
        if more.is_empty() {
            self.shown.insert(name);
            let before = format!("{before}{below}");
            let last = needs.len();
            for (at, to) in needs.into_iter().enumerate() {
                self.package(to, &before, at + 1 == last, "", depth + 1);
            }
        }
    }

    /// Each package with who needs it, or says which version would do.
    fn invert(&mut self, lock: &'t project::LockFile) {
        self.text.clear();
        let mut askers: BTreeMap<_, Vec<String>> = BTreeMap::new();
        let all = lock.packages.values().flat_map(|by| self.tree.needs(by));
        for step in self.tree.asked().chain(all) {
            let by = match step.by {
                Asker::Project(by) => ui::clean_line(by),
                Asker::Package(by) => format!("{} {}", by.package(), by.version()),
            };
            let verb = match step.need.strength {
                Strength::Always => "needs",
                Strength::IfPresent => "fits",
            };
            let lines = askers.entry(step.to.key()).or_default();
            lines.push(format!("{by} {verb} {}", step.need.requirement));
        }
        for package in lock.packages.values() {
            self.text.push_str(&format!("{}\n", name(package)));
            let lines = askers.remove(&package.key()).unwrap_or_default();
            let last = lines.len();
            for (at, line) in lines.iter().enumerate() {
                let branch = if at + 1 == last {
                    "└── "
                } else {
                    "├── "
                };
                self.text.push_str(&format!("{branch}{line}\n"));
            }
        }
    }
}

/// Package and version, and whether it is a WIT package.
fn name(package: &LockedPackage) -> String {
    let kind = match package.kind {
        ContentKind::Component => "",
        ContentKind::Wit => " (WIT)",
    };
    let trust = match package.unlogged() {
        Some(_) => " (unverified)",
        None => "",
    };
    format!("{} {}{kind}{trust}", package.package(), package.version())
}

fn content(project: &Project, lock: &project::LockFile, tree: &project::Tree<'_>) -> TreeContent {
    let edge = |step: &project::Step<'_>| EdgeData {
        by: match step.by {
            Asker::Project(by) => Some(by.to_owned()),
            Asker::Package(_) => None,
        },
        package: step.need.package.to_string(),
        requirement: step.need.requirement.to_string(),
        version: step.to.version().to_string(),
        constraint: step.need.strength == Strength::IfPresent,
    };
    let packages = lock.packages.values().map(|package| PackageData {
        package: package.package().to_string(),
        version: package.version().to_string(),
        kind: package.kind.to_string(),
        unverified: package.unlogged().is_some(),
        needs: tree.needs(package).map(|step| edge(&step)).collect(),
    });
    let local = project.manifest.dependencies.iter();
    let local = local.filter_map(|(package, dependency)| match dependency {
        Dependency::Path(path) => Some((package.to_string(), path.display().to_string())),
        Dependency::Registry(_) => None,
    });
    TreeContent {
        asked: tree.asked().map(|step| edge(&step)).collect(),
        packages: packages.collect(),
        local: local.collect(),
    }
}

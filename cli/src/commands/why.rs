//! `tenon why`: what brings a package into a project.

use super::update::locked;
use crate::args::Why;
use crate::error::Failure;
use crate::project::{Project, Purpose};
use crate::ui::{self, Document, Ui};
use serde::Serialize;
use tenon_registry_client::name::PackageName;
use tenon_registry_client::project::{self, Asker, Step};
use tenon_registry_client::resolve::{Need, Strength};

#[derive(Serialize)]
struct WhyContent {
    versions: Vec<VersionData>,
}

#[derive(Serialize)]
struct VersionData {
    package: String,
    version: String,
    /// How it comes in, a sentence each.
    because: Vec<String>,
    /// Who says which version would do, and needs nothing of it.
    constraints: Vec<String>,
}

pub(crate) fn run(ui: &Ui, args: &Why) -> Result<(), Failure> {
    let project = Project::open(Purpose::Look)?;
    let asked = project.asked()?;
    project.check_lock(&asked)?;
    if let Some((name, _)) = args.package.split_once('@')
        && name.parse::<PackageName>().is_ok()
    {
        let message = format!(
            "`{}` names a version, and `tenon why` takes none",
            ui::clean_line(&args.package)
        );
        return Err(Failure::usage(message).help(format!(
            "`tenon why {name}` says it of every version that is locked"
        )));
    }
    let package = locked(&project, &args.package)?;
    let none = project::LockFile::default();
    let lock = project.lock.as_ref().unwrap_or(&none);
    let tree = project::Tree::new(lock, asked.iter());
    let versions = tree.versions(&package).iter().map(|found| {
        let all = lock.packages.values().flat_map(|by| tree.needs(by));
        let constraints = tree
            .asked()
            .chain(all)
            .filter(|step| step.to == *found && step.need.strength == Strength::IfPresent);
        VersionData {
            package: package.to_string(),
            version: found.version().to_string(),
            because: tree
                .chains(found)
                .iter()
                .map(|chain| sentence(chain))
                .collect(),
            constraints: constraints
                .map(|step| format!("{} fits {}", asker(&step), want(step.need)))
                .collect(),
        }
    });
    let versions: Vec<VersionData> = versions.collect();
    if ui.json {
        return ui.document(&Document::new("tenon/why/1", WhyContent { versions }));
    }
    let mut text = String::new();
    for VersionData {
        package,
        version,
        because,
        constraints,
    } in &versions
    {
        text.push_str(&format!("{package} {version}\n"));
        for line in because.iter().chain(constraints) {
            text.push_str(&format!("  {line}\n"));
        }
    }
    ui.print(&text)
}

/// "tenon.toml asks for `a:b ^1`, which is 1.2.0; that needs `c:d ^0.2`, which is 0.2.3".
fn sentence(chain: &[Step<'_>]) -> String {
    let links = chain.iter().enumerate().map(|(at, step)| {
        let who = match at {
            0 => format!("{} asks for", asker(step)),
            _ => "that needs".to_owned(),
        };
        format!("{who} {}, which is {}", want(step.need), step.to.version())
    });
    links.collect::<Vec<_>>().join("; ")
}

fn asker(step: &Step<'_>) -> String {
    match step.by {
        Asker::Project(by) => ui::clean_line(by),
        Asker::Package(by) => format!("{}@{}", by.package(), by.version()),
    }
}

fn want(need: &Need) -> String {
    format!("`{} {}`", need.package, need.requirement)
}

//! The packages that documents name, as registries have them.

use super::Fetched;
use crate::args::Global;
use crate::config::manifest;
use crate::error::Failure;
use crate::project::{Project, Purpose, install};
use crate::pulled::pull;
use crate::script::Script;
use crate::ui::{self, Ui};
use crate::wac::release_of;
use crate::wanted::{Selection, Wanted};
use std::path::PathBuf;
use tenon_composer::wac::wanted;
use tenon_registry_client::project::Dependency;

/// Fetches all that documents name, each once. What the project has locked is what they mean, and what it has at a path
/// stays there.
///
/// A component and a WIT package have all in them that they are made of, so nothing else is needed to compose them.
pub(super) fn all_of(
    ui: &Ui,
    global: &Global,
    documents: &[PathBuf],
) -> Result<Vec<Fetched>, Failure> {
    if documents.is_empty() {
        return Ok(vec![]);
    }
    let project = manifest::of_here().map(|_| Project::open(Purpose::Look));
    let project = project.transpose()?;
    let all = read(ui, documents, project.as_ref())?;
    // With `--locked`, whoever pulls looks into the lock file by itself.
    let locked = |wanted: &Wanted| {
        project
            .as_ref()
            .and_then(|project| project.locked_as(wanted))
    };
    let is_locked = |wanted: &Wanted| !global.locked && locked(wanted).is_some();
    let (ours, others): (Vec<_>, Vec<_>) = all.into_iter().partition(is_locked);
    let mut pulled = pull(ui, global, &others)?;
    if let Some(project) = &project {
        let releases: Vec<_> = ours.iter().filter_map(locked).collect();
        pulled.extend(install(ui, global, project, &releases)?);
    }
    let all = others.iter().chain(&ours).zip(pulled);
    let fetched = all.map(|(wanted, brought)| Fetched {
        brought,
        by_version: wanted.version != Selection::Highest,
    });
    Ok(fetched.collect())
}

/// What documents name that can be in a registry.
fn read(ui: &Ui, documents: &[PathBuf], project: Option<&Project>) -> Result<Vec<Wanted>, Failure> {
    let mut all: Vec<Wanted> = vec![];
    for path in documents {
        let script = Script::read(path)?;
        let parsed = script.parse()?;
        for package in wanted(&parsed.document) {
            let name = ui::clean_line(&package.name);
            let Some(release) = release_of(&package) else {
                return Err(Failure::usage(format!("no registry can have `{name}`"))
                    .cause(format!(
                        "`{}` names it, and registries have packages as `NAMESPACE:NAME`",
                        path.display()
                    ))
                    .help(
                        "put it into the folder yourself, and name the other packages one by one",
                    ));
            };
            let depends = project.and_then(|it| it.manifest.dependencies.get(&release.package));
            if let Some(Dependency::Path(at)) = depends {
                ui.warn(&format!(
                    "`{name}` is not fetched: the project has it at `{}`",
                    ui::clean_line(&at.to_string_lossy())
                ));
            } else if !all.contains(&release) {
                all.push(release);
            }
        }
    }
    Ok(all)
}

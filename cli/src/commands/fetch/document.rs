//! The packages that documents name, as registries have them.

use super::Fetched;
use crate::args::Global;
use crate::config::manifest;
use crate::error::Failure;
use crate::project::{Project, Purpose, install};
use crate::pulled::{Brought, pull, pull_one};
use crate::script::Script;
use crate::ui::{self, Ui};
use crate::wac::{DEPS, place_in, release_of};
use crate::wanted::{Selection, Wanted};
use std::path::{Path, PathBuf};
use tenon_composer::wac::wanted;
use tenon_registry_client::project::Dependency;

/// What documents name.
#[derive(Default)]
pub(super) struct Named {
    pub(super) fetched: Vec<Fetched>,
    /// What no registry and no folder has, if there is any such.
    pub(super) missing: Option<Failure>,
}

/// Fetches all that documents name, each once. What the project has locked is what they mean, and what it has at a path
/// stays there.
///
/// A component and a WIT package have all in them that they are made of, so nothing else is needed to compose them.
pub(super) fn all_of(
    ui: &Ui,
    global: &Global,
    documents: &[PathBuf],
    folder: Option<&Path>,
) -> Result<Named, Failure> {
    if documents.is_empty() {
        return Ok(Named::default());
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
    let (others, mut pulled, missing) = pull_there(ui, global, others, folder)?;
    if let Some(project) = &project {
        let releases: Vec<_> = ours.iter().filter_map(locked).collect();
        pulled.extend(install(ui, global, project, &releases)?);
    }
    let all = others.iter().chain(&ours).zip(pulled);
    let fetched = all.map(|(wanted, brought)| Fetched {
        brought,
        by_version: wanted.version != Selection::Highest,
    });
    Ok(Named {
        fetched: fetched.collect(),
        missing,
    })
}

/// Fetches what registries have, and passes over what only the folder has; and the failure for what is nowhere.
#[expect(clippy::type_complexity, reason = "it is taken apart at once")]
fn pull_there(
    ui: &Ui,
    global: &Global,
    all: Vec<Wanted>,
    folder: Option<&Path>,
) -> Result<(Vec<Wanted>, Vec<Brought>, Option<Failure>), Failure> {
    match pull(ui, global, &all) {
        // Which of them no registry has is asked of each.
        Err(failure) if is_nowhere(&failure) => {}
        pulled => return Ok((all, pulled?, None)),
    }
    let (mut there, mut pulled, mut missing) = (vec![], vec![], vec![]);
    for wanted in all {
        match pull_one(ui, global, &wanted) {
            Ok(brought) => {
                there.push(wanted);
                pulled.push(brought);
            }
            Err(failure) if is_nowhere(&failure) => {
                match folder.and_then(|folder| place_in(folder, &wanted)) {
                    Some(path) => ui.warn(&format!(
                        "`{wanted}` is not fetched: `{}` is there, and the registry has no such package",
                        ui::clean_line(&path.to_string_lossy())
                    )),
                    None => missing.push((wanted, failure)),
                }
            }
            Err(failure) => return Err(failure),
        }
    }
    Ok((there, pulled, nowhere(missing, folder)))
}

/// Whether a registry has no such package, or no such version of it.
fn is_nowhere(failure: &Failure) -> bool {
    matches!(
        failure.code,
        "verify::no-such-package" | "verify::no-such-release" | "oci::not-found"
    )
}

/// What is said of packages that are nowhere, if there are any.
fn nowhere(missing: Vec<(Wanted, Failure)>, folder: Option<&Path>) -> Option<Failure> {
    let mut missing = missing.into_iter();
    let (wanted, first) = missing.next()?;
    let mut path = folder.unwrap_or(Path::new(DEPS)).to_owned();
    path.push(wanted.package.namespace().as_str());
    path.push(wanted.package.name());
    if let Selection::Exact(version) = &wanted.version {
        path.push(version.to_string());
    }
    let nearest = first.help.clone();
    let nearest = nearest.filter(|help| help.starts_with("did you mean"));
    let others = missing.map(|(_, failure)| failure.summary());
    let notes: Vec<_> = nearest.into_iter().chain(others).collect();
    Some(first.notes(notes).help(format!(
        "put it into `{}.wasm` yourself, or give its path in `tenon.toml`",
        ui::clean_line(&path.to_string_lossy())
    )))
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

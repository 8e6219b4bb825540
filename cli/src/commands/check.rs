//! `tenon check`: what is wrong with a document in WAC.

use super::build::absent;
use crate::args::{Check, Global, Packages};
use crate::config::manifest;
use crate::error::Failure;
use crate::project::{Project, Purpose};
use crate::script::Script;
use crate::source::Sources;
use crate::ui::{self, Document, PackageData, Ui};
use crate::wac::{DEPS, Making, Read, Search, is_document};
use serde::Serialize;
use std::path::PathBuf;
use tenon_registry_client::project::Subject;

#[derive(Serialize)]
struct CheckContent {
    document: String,
    packages: Vec<PackageData>,
    /// How many instances there are.
    instances: usize,
}

pub(crate) fn run(ui: &Ui, args: &Check, global: &Global) -> Result<(), Failure> {
    let sources = Sources { ui, global };
    match &args.path {
        Some(path) => check(sources, path.clone(), &args.packages, args.no_validate),
        None => {
            let (path, folder) = of_project()?;
            let packages = Packages {
                deps_dir: args.packages.deps_dir.clone().or(Some(folder)),
                deps: args.packages.deps.clone(),
            };
            check(sources, path, &packages, args.no_validate)
        }
    }
}

fn check(
    sources: Sources<'_>,
    path: PathBuf,
    packages: &Packages,
    no_validate: bool,
) -> Result<(), Failure> {
    let ui = sources.ui;
    let script = Script::read(&path)?;
    let parsed = script.parse()?;
    let read = Read::of(&script, &parsed, Search::of(sources, packages)?)?;
    let composition = read.understand(no_validate)?.compose(Making::default())?;
    let instances = ui::instances(&composition);
    let packages = PackageData::all(read.packages());
    if ui.json {
        let content = CheckContent {
            document: script.name.clone(),
            packages,
            instances,
        };
        return ui.document(&Document::new("tenon/check/1", content));
    }
    ui.say(&format!(
        "`{}` has no errors: {}, {}",
        ui::clean_line(&script.name),
        ui::count(packages.len(), "package"),
        ui::count(instances, "instance")
    ));
    Ok(())
}

/// The document that the project composes, and the folder with packages beside its manifest.
fn of_project() -> Result<(PathBuf, PathBuf), Failure> {
    if manifest::of_here().is_none() {
        return Err(Failure::usage(
            "nothing says which document to check, and there is no project here",
        )
        .help("name the document: `tenon check shop.wac`"));
    }
    let project = Project::open(Purpose::Look)?;
    let what = project.manifest.compose.as_ref().map(|it| &it.what);
    match what {
        Some(Subject::File(file)) if is_document(file) => match project.path(file) {
            file if file.exists() => Ok((file, project.path(DEPS))),
            file => Err(absent(&file)),
        },
        _ => Err(
            Failure::usage("the project does not compose a document in WAC")
                .help("name the document: `tenon check shop.wac`; or `file = \"shop.wac\"` under `[compose]`"),
        ),
    }
}

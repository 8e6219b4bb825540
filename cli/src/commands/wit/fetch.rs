//! `tenon wit fetch`: the folder `deps` of a project's WIT, filled with what is locked.

use crate::args::{Global, WitFetch};
use crate::commands::lock;
use crate::error::Failure;
use crate::project::{Change, Changes, Locking, Project, Purpose, install};
use crate::source::{Bytes, Named};
use crate::ui::{self, Document, Ui};
use crate::wit::build::{AboutData, build};
use crate::wit::decode;
use crate::wit::deps::{DepOrigin, DepPackage, Written, write_deps};
use crate::wit::needs::needs_of;
use serde::Serialize;
use std::path::Path;
use tenon_registry_client::name::PackageName;
use tenon_registry_client::project::Dependency;
use tenon_registry_client::record::ContentKind;

#[derive(Serialize)]
struct FetchContent {
    /// The folders in `deps` that are new or were replaced.
    written: Vec<String>,
    /// Those that are not needed any more.
    removed: Vec<String>,
    unchanged: usize,
    changes: Vec<Change>,
}

pub(super) fn run(ui: &Ui, args: &WitFetch, global: &Global) -> Result<(), Failure> {
    let mut project = Project::open(Purpose::Change)?;
    let folder = project.wit_folder();
    if !folder.is_dir() {
        let message = format!("there is no folder `{}`", folder.display());
        return Err(Failure::new("project::nothing", message)
            .help("make it, with the WIT of the project in it; or name another one as `dir` under `[wit]`"));
    }
    let changes = project.lock(ui, &Locking::keep(global, args.agreement.yes))?;
    let written = fetch(ui, global, &project)?;
    report(ui, &project, &written, changes)
}

fn report(ui: &Ui, project: &Project, written: &Written, changes: Changes) -> Result<(), Failure> {
    let Written {
        changed,
        removed,
        unchanged,
    } = written;
    if ui.json {
        let content = FetchContent {
            written: changed.clone(),
            removed: removed.clone(),
            unchanged: *unchanged,
            changes: changes.changes,
        };
        return ui.document(&Document::new("tenon/wit-fetch/1", content));
    }
    lock::say(ui, &changes);
    for name in changed {
        ui.say(&format!("{} {name}", ui::bold("wrote")));
    }
    for name in removed {
        ui.say(&format!("{} {name}", ui::bold("removed")));
    }
    let deps = project.wit_folder().join("deps");
    ui.say(&match (changed.len() + removed.len(), *unchanged) {
        (0, 0) => "the WIT uses nothing that is to be fetched".to_owned(),
        (0, all) => format!(
            "`{}` is up to date: {}",
            deps.display(),
            ui::count(all, "package")
        ),
        (_, kept) => format!(
            "`{}` has {}",
            deps.display(),
            ui::count(changed.len() + kept, "package")
        ),
    });
    Ok(())
}

/// Puts the WIT packages that a project has locked, and those that it has itself, into `deps`.
pub(in crate::commands) fn fetch(
    ui: &Ui,
    global: &Global,
    project: &Project,
) -> Result<Written, Failure> {
    let mut all: Vec<DepPackage> = vec![];
    if let Some(lock) = &project.lock {
        let packages = lock.packages.values();
        let packages: Vec<_> = packages
            .filter(|locked| locked.kind == ContentKind::Wit)
            .collect();
        for (locked, pulled) in packages.iter().zip(install(ui, global, lock, &packages)?) {
            let name = pulled.name();
            let failed = |error| Failure::io("read", &name, &error);
            let bytes = Bytes::of(pulled.fetched.file).map_err(failed)?;
            let named = Named {
                argument: name.clone(),
                name: name.clone(),
                bytes,
                release: None,
            };
            all.push(DepPackage {
                name: locked.release.package.clone(),
                version: Some(locked.release.version.semver().clone()),
                origin: DepOrigin::Release(locked.release.digest),
                bytes: named.read_all()?,
            });
        }
    }
    for (package, dependency) in &project.manifest.dependencies {
        if let Dependency::Path(path) = dependency {
            all.extend(local(package, path, &project.root.join(path))?);
        }
    }
    write_deps(&project.wit_folder(), &all)
}

/// The WIT package that a dependency with a path is; nothing if it is a component.
fn local(name: &PackageName, said: &Path, path: &Path) -> Result<Option<DepPackage>, Failure> {
    let origin = DepOrigin::Path(said.display().to_string());
    if path.is_dir() {
        let built = build(path, &AboutData::default())?;
        let version = built.version.as_deref().map(semver::Version::parse);
        return Ok(Some(DepPackage {
            name: name.clone(),
            version: version.and_then(Result::ok),
            origin,
            bytes: built.bytes,
        }));
    }
    let named = Named::open(&path.to_string_lossy())?;
    let (kind, _) = needs_of(&named.argument, named.input())?;
    if kind == ContentKind::Component {
        return Ok(None);
    }
    let bytes = named.read_all()?;
    let (resolve, id) = decode(&named.argument, &bytes)?;
    let declared = resolve.packages.get(id).map(|package| &package.name);
    Ok(Some(DepPackage {
        name: name.clone(),
        version: declared.and_then(|declared| declared.version.clone()),
        origin,
        bytes,
    }))
}

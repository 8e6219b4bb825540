//! `tenon wit fetch`: the folder `deps` of a project's WIT, filled with what is locked.

use crate::args::{Global, WitFetch};
use crate::commands::lock;
use crate::error::Failure;
use crate::exit::ExitKind;
use crate::project::{Change, Changes, Locking, Project, Purpose, install, look};
use crate::source::{Bytes, Named};
use crate::ui::{self, Document, Ui};
use crate::wit::deps::{DepContent, DepOrigin, DepPackage, Planned, Written, plan_deps};
use crate::wit::needs::needs_of;
use crate::wit::{declared, decode, vendored};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;
use std::slice;
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
    /// Files and folders that someone else put there, and that stay.
    kept: Vec<String>,
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
    if args.replace {
        take_over(ui, global, &mut project)?;
    }
    let locking = Locking::keep(global, args.agreement.yes);
    let (lock, changes) = project.locked(ui, &locking)?;
    let old = project.lock.clone();
    if let Some(lock) = &lock {
        project.lock = Some(lock.clone());
    }
    // Nothing is written until all is known to fit, and was agreed to.
    let planned = plan(ui, global, &project)?;
    agree(ui, &planned, args.agreement.yes)?;
    if let Some(lock) = lock {
        project.lock = old;
        project.keep_lock(lock)?;
    }
    if !ui.json {
        lock::say(ui, &changes);
    }
    let written = write(ui, &planned)?;
    report(ui, &project, args, &written, changes)
}

/// Has what someone else put into `deps` replaced, as far as the registry has it.
fn take_over(ui: &Ui, global: &Global, project: &mut Project) -> Result<(), Failure> {
    let deps = project.wit_folder().join("deps");
    let mut kept: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for old in vendored(&project.wit_folder())? {
        if let Some(Dependency::Path(path)) = project.manifest.dependencies.get(&old.package) {
            if !is_within(&project.root.join(path), &deps) {
                project.replaced.push(old);
            }
            continue;
        }
        let stays = match look(ui, global, slice::from_ref(&old.package)) {
            Ok(views) => {
                let mut packages = views.iter().filter_map(|view| view.package());
                match packages.any(|package| package.releases().contains_key(&old.version)) {
                    true => None,
                    false => Some(format!(
                        "there is no `{}@{}` in the registry",
                        old.package, old.version
                    )),
                }
            }
            Err(failure) if matches!(failure.exit, ExitKind::Failure | ExitKind::Usage) => {
                Some(failure.summary())
            }
            Err(failure) => return Err(failure),
        };
        match stays {
            None => project.replaced.push(old),
            Some(why) => {
                let path = format!("`{}`", old.path.display());
                kept.entry(why).or_default().push(path);
            }
        }
    }
    for (why, paths) in kept {
        let verb = if paths.len() == 1 { "stays" } else { "stay" };
        ui.warn(&format!("{} {verb}: {why}", paths.join(", ")));
    }
    Ok(())
}

/// Asks whether what is not had again may go.
fn agree(ui: &Ui, planned: &Planned, yes: bool) -> Result<(), Failure> {
    if planned.losses.is_empty() {
        return Ok(());
    }
    for loss in &planned.losses {
        match &loss.detail {
            Some(detail) if ui.verbose => ui.warn(&format!("{}\n{detail}", loss.line)),
            _ => ui.warn(&loss.line),
        }
    }
    let lines = planned.losses.iter().map(|loss| loss.line.clone());
    ui.confirm("replace it?", yes).map_err(|failure| {
        Failure::new(
            "wit::deps-taken",
            "what would be replaced is not the same as what is fetched",
        )
        .notes(match ui.json {
            true => lines.collect(),
            false => vec![],
        })
        .cause(failure.message)
        .help("nothing was replaced: move away what is to be kept, or give `--yes`")
    })
}

fn report(
    ui: &Ui,
    project: &Project,
    args: &WitFetch,
    written: &Written,
    changes: Changes,
) -> Result<(), Failure> {
    let kept = vendored(&project.wit_folder())?;
    let kept: Vec<_> = kept
        .iter()
        .map(|old| old.path.display().to_string())
        .collect();
    let Written {
        changed,
        removed,
        unchanged,
        edited: _,
    } = written;
    if ui.json {
        let content = FetchContent {
            written: changed.clone(),
            removed: removed.clone(),
            unchanged: *unchanged,
            kept,
            changes: changes.changes,
        };
        return ui.document(&Document::new("tenon/wit-fetch/1", content));
    }
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
    if !kept.is_empty() && !args.replace {
        let kept: Vec<_> = kept.iter().map(|path| format!("`{path}`")).collect();
        ui.say(&format!(
            "someone else put {} there, which is used as it is; `tenon wit fetch --replace` fetches what the registry has of that",
            kept.join(", ")
        ));
    }
    Ok(())
}

/// Puts the WIT packages that a project has locked, and those that it has itself, into `deps`.
pub(in crate::commands) fn fetch(
    ui: &Ui,
    global: &Global,
    project: &Project,
) -> Result<Written, Failure> {
    write(ui, &plan(ui, global, project)?)
}

/// Puts into `deps` what is going to be there, and says whose edits were lost.
fn write(ui: &Ui, planned: &Planned) -> Result<Written, Failure> {
    let written = planned.write()?;
    if !written.edited.is_empty() {
        let edited: Vec<_> = written
            .edited
            .iter()
            .map(|name| format!("`{name}`"))
            .collect();
        ui.warn(&format!(
            "what was added by hand to {} in `deps` is lost: `tenon wit fetch` makes these anew",
            edited.join(", ")
        ));
    }
    Ok(written)
}

/// What is going to be in `deps`.
fn plan(ui: &Ui, global: &Global, project: &Project) -> Result<Planned, Failure> {
    let deps = project.wit_folder().join("deps");
    let help = "name a folder within the project, with no link on the way that leads out of it";
    project.check_inside(&deps, "the folder of its WIT", help)?;
    let mut all: Vec<DepPackage> = vec![];
    if let Some(lock) = &project.lock {
        let packages = lock.packages.values();
        let packages: Vec<_> = packages
            .filter(|locked| locked.kind == ContentKind::Wit)
            .collect();
        for (locked, pulled) in packages
            .iter()
            .zip(install(ui, global, project, &packages)?)
        {
            let name = pulled.name();
            let failed = |error| Failure::io("read", &name, &error);
            let bytes = Bytes::of(pulled.into_file()).map_err(failed)?;
            let named = Named {
                argument: name.clone(),
                name: name.clone(),
                bytes,
                release: None,
            };
            all.push(DepPackage {
                name: locked.package().clone(),
                version: Some(locked.version().semver().clone()),
                origin: DepOrigin::Release(*locked.digest()),
                content: DepContent::Binary(named.read_all()?),
            });
        }
    }
    let deps = project.wit_folder().join("deps");
    for (package, dependency) in &project.manifest.dependencies {
        if let Dependency::Path(path) = dependency
            && !is_within(&project.root.join(path), &deps)
        {
            all.extend(local(package, path, &project.root.join(path))?);
        }
    }
    plan_deps(&project.wit_folder(), &all, &project.replaced)
}

/// Whether a path leads into a folder: what is there needs not be put there.
fn is_within(path: &Path, folder: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().ok();
    let both = real(path).zip(real(folder));
    both.is_some_and(|(path, folder)| path.starts_with(folder))
}

/// The WIT package that a dependency with a path is; nothing if it is a component.
fn local(name: &PackageName, said: &Path, path: &Path) -> Result<Option<DepPackage>, Failure> {
    let origin = DepOrigin::Path(said.display().to_string());
    if path.is_dir() {
        let version = declared(path)?.and_then(|(_, version)| version);
        return Ok(Some(DepPackage {
            name: name.clone(),
            version: version.map(|version| version.semver().clone()),
            origin,
            content: DepContent::Folder(path.to_owned()),
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
        content: DepContent::Binary(bytes),
    }))
}

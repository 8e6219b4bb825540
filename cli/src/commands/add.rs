//! `tenon add`: packages into a project.

use super::lock;
use crate::args::{Add, Global};
use crate::error::Failure;
use crate::oci::{OciHome, home};
use crate::project::{Change, Freedom, Locking, MANIFEST, Project, Purpose};
use crate::pulled::wanted;
use crate::remote::Remote;
use crate::suggestion;
use crate::ui::{self, Document, Ui};
use crate::wanted::{Selection, Wanted};
use crate::wit::declared;
use semver::VersionReq;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use tenon_registry_client::name::{PackageName, Version};
use tenon_registry_client::project::{Dependency, Manifest, ManifestEdit, Subject};
use tenon_registry_client::resolve::compatible_with;

#[derive(Serialize)]
struct AddContent {
    /// What the manifest asks for now, by package.
    added: BTreeMap<String, String>,
    changes: Vec<Change>,
}

pub(crate) fn run(ui: &Ui, args: &Add, global: &Global) -> Result<(), Failure> {
    let mut project = Project::open(Purpose::Change)?;
    if global.locked {
        return Err(
            Failure::usage(format!("`{MANIFEST}` cannot change with `--locked`"))
                .help("leave `--locked` and `--frozen` away"),
        );
    }
    let all = args.packages.iter().map(|text| wanted(text));
    let all = all.collect::<Result<Vec<Wanted>, _>>()?;
    let mut names = BTreeSet::new();
    for wanted in &all {
        if !names.insert(wanted.package.clone()) {
            let message = format!("`{}` is named twice", wanted.package);
            return Err(Failure::usage(message).help("name it once, with one version"));
        }
    }
    if args.path.is_none() {
        let namespaces = names.iter().map(PackageName::namespace).collect();
        project.check_origins_in(ui, global, &namespaces)?;
    }
    let (mut precise, mut added) = (BTreeMap::new(), BTreeMap::new());
    let mut edit = edit(&project)?;
    for wanted in &all {
        let dependency = match &args.path {
            Some(path) => local(&project, args, wanted, path)?,
            None => Dependency::Registry(requirement(ui, global, &project, wanted, &mut precise)?),
        };
        edit.set_dependency(&wanted.package, &dependency)
            .map_err(|error| invalid(&error))?;
        let text = match &dependency {
            Dependency::Registry(requirement) => requirement.to_string(),
            Dependency::Path(path) => path.display().to_string(),
        };
        added.insert(wanted.package.to_string(), text);
    }
    let text = edit.to_string();
    project.manifest = parse(&text)?;
    let locking = Locking {
        // What is at a path is not locked.
        freedom: match &args.path {
            Some(_) => Freedom::None,
            None => Freedom::Of(names.clone()),
        },
        precise,
        takes_moved: false,
        yes: args.agreement.yes,
        global,
    };
    let changes = project.lock_with_manifest(ui, &locking, text)?;
    if ui.json {
        let changes = changes.changes;
        return ui.document(&Document::new("tenon/add/1", AddContent { added, changes }));
    }
    for (package, text) in &added {
        ui.say(&format!("`{MANIFEST}` asks for `{package}` {text}"));
    }
    lock::say(ui, &changes);
    hint_at_plugs(ui, &project, &names);
    Ok(())
}

/// The requirement for what is wanted; a whole version is wished for, too.
fn requirement(
    ui: &Ui,
    global: &Global,
    project: &Project,
    wanted: &Wanted,
    precise: &mut BTreeMap<PackageName, Version>,
) -> Result<VersionReq, Failure> {
    let version = match &wanted.version {
        Selection::Meeting(requirement) => return Ok(requirement.clone()),
        Selection::Exact(version) => {
            precise.insert(wanted.package.clone(), version.clone());
            version.clone()
        }
        Selection::Highest => {
            // What someone has written by hand is better than what would be written here.
            let there = project.manifest.dependencies.get(&wanted.package);
            if let Some(Dependency::Registry(requirement)) = there {
                return Ok(requirement.clone());
            }
            if let Some(home) = OciHome::of(global, &wanted.package)? {
                let newest = home::newest(ui, global, &home, wanted)?;
                return Ok(compatible_with(newest.semver()));
            }
            let remote = Remote::of(ui, global, &wanted.package)?;
            let resolved = remote.wait_raw(remote.client.resolve(&wanted.package, None));
            resolved
                .map_err(|error| suggestion::failure(&remote, wanted, error))?
                .version
        }
    };
    Ok(compatible_with(version.semver()))
}

fn local(
    project: &Project,
    args: &Add,
    wanted: &Wanted,
    path: &Path,
) -> Result<Dependency, Failure> {
    if args.packages.len() > 1 {
        return Err(Failure::usage("`--path` is for one package"));
    }
    if wanted.version != Selection::Highest {
        return Err(
            Failure::usage("what is at a path has no version to choose").help(format!(
                "leave it away: `tenon add {} --path ...`",
                wanted.package
            )),
        );
    }
    if !path.exists() {
        return Err(Failure::io(
            "read",
            path,
            &std::io::ErrorKind::NotFound.into(),
        ));
    }
    if path.is_dir() {
        check_wit(&wanted.package, path)?;
    }
    Ok(Dependency::Path(project.relative(path)))
}

/// Whether the WIT of a folder is that of a package.
fn check_wit(package: &PackageName, folder: &Path) -> Result<(), Failure> {
    let shown = ui::clean_line(&folder.to_string_lossy());
    let other = |message| Failure::new("project::path", message);
    match declared(folder)? {
        Some((found, _)) if found == *package => Ok(()),
        Some((found, _)) => {
            let failure = other(format!("the WIT in `{shown}` is not `{package}`"));
            Err(failure
                .cause(format!("it declares the package `{found}`"))
                .help(format!("add it as `tenon add {found} --path ...`")))
        }
        None => Err(other(format!("there is no WIT in `{shown}`"))
            .help("name a component, a WIT package, or a folder with WIT in it")),
    }
}

/// The manifest, to be changed.
pub(super) fn edit(project: &Project) -> Result<ManifestEdit, Failure> {
    ManifestEdit::parse(&project.text).map_err(|error| invalid(&error))
}

/// A manifest that was changed.
pub(super) fn parse(text: &str) -> Result<Manifest, Failure> {
    Manifest::parse(text).map_err(|error| invalid(&error))
}

/// A change that the manifest cannot have.
pub(super) fn invalid(error: &dyn std::fmt::Display) -> Failure {
    Failure::configuration(
        "project::manifest",
        format!("`{MANIFEST}` cannot be changed like this"),
    )
    .cause(ui::clean(&error.to_string()))
    .help("nothing was changed: edit the file by hand, and run `tenon lock`")
}

/// A component that is added to a project whose plugs are listed is not among them.
fn hint_at_plugs(ui: &Ui, project: &Project, added: &BTreeSet<PackageName>) {
    let compose = project.manifest.compose.as_ref();
    let Some(Subject::Plug {
        plugs: Some(plugs), ..
    }) = compose.map(|compose| &compose.what)
    else {
        return;
    };
    for package in added {
        let is_component = match project.manifest.dependencies.get(package) {
            Some(Dependency::Registry(requirement)) => project.is_component(package, requirement),
            Some(Dependency::Path(_)) | None => false,
        };
        if is_component && !plugs.contains(&package.to_string()) {
            ui.say(&format!(
                "`{package}` is not among the `plugs` of `{MANIFEST}`: add it there to have it plugged in"
            ));
        }
    }
}

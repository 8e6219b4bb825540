//! `tenon update`: newer versions of what is locked.

use super::lock;
use crate::args::{Global, Update};
use crate::error::Failure;
use crate::project::{Changes, Freedom, LOCK, Locking, MANIFEST, Project, Purpose};
use crate::suggestion::near;
use crate::ui::{self, Document, Ui};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use tenon_registry_client::name::{PackageName, Version};
use tenon_registry_client::project::Dependency;

const NOTHING: &str =
    "nothing newer is let in by what is asked; `tenon outdated` says what else there is";

#[derive(Serialize)]
struct UpdateContent {
    #[serde(flatten)]
    changes: Changes,
    dry_run: bool,
}

pub(crate) fn run(ui: &Ui, args: &Update, global: &Global) -> Result<(), Failure> {
    let mut project = Project::open(Purpose::Change)?;
    // What is not locked yet, since no other version will do, is taken precisely for the first time.
    let is_first = args.precise.is_some() && project.check_lock(&project.asked()?).is_err();
    let packages = args.packages.iter().map(|name| match name.parse() {
        Ok(package) if is_first && is_from_registry(&project, &package) => Ok(package),
        _ => locked(&project, name),
    });
    let packages = packages.collect::<Result<BTreeSet<_>, _>>()?;
    let mut precise = BTreeMap::new();
    if let Some(text) = &args.precise {
        let version: Version = text.parse().map_err(|error| {
            Failure::usage(format!(
                "`--precise {}` is no version",
                ui::clean_line(text)
            ))
            .cause(error)
        })?;
        let mut packages = packages.iter();
        let (Some(package), None) = (packages.next(), packages.next()) else {
            return Err(Failure::usage("`--precise` is for one package")
                .help("name one package, and give the command once for each"));
        };
        precise.insert(package.clone(), version);
    }
    let nothing = match precise.first_key_value() {
        Some((package, version)) => format!("`{package}` is {version} already"),
        None => NOTHING.to_owned(),
    };
    let locking = Locking {
        freedom: match packages.is_empty() {
            true => Freedom::All,
            false => Freedom::Of(packages),
        },
        precise,
        takes_moved: true,
        // Who only looks is asked nothing.
        yes: args.agreement.yes || args.dry_run,
        global,
    };
    if args.dry_run {
        let (_, changes) = project.locked(ui, &locking)?;
        if ui.json {
            let dry_run = true;
            let content = UpdateContent { changes, dry_run };
            return ui.document(&Document::new("tenon/update/1", content));
        }
        lock::say(ui, &changes);
        if changes.is_empty() {
            ui.say(&nothing);
            return Ok(());
        }
        ui.say("this is all that was done: `--dry-run` writes nothing");
        return Ok(());
    }
    let changes = project.lock(ui, &locking)?;
    if ui.json {
        let dry_run = false;
        let content = UpdateContent { changes, dry_run };
        return ui.document(&Document::new("tenon/update/1", content));
    }
    if changes.is_empty() && project.lock.is_some() {
        ui.say(&nothing);
        return Ok(());
    }
    lock::report(ui, &project, changes, "tenon/update/1")
}

/// Whether a package is none that the manifest has at a path.
fn is_from_registry(project: &Project, package: &PackageName) -> bool {
    !matches!(
        project.manifest.dependencies.get(package),
        Some(Dependency::Path(_))
    )
}

/// A package that is locked, by its name.
pub(super) fn locked(project: &Project, text: &str) -> Result<PackageName, Failure> {
    let names: BTreeSet<String> = match &project.lock {
        Some(lock) => lock
            .packages
            .keys()
            .map(|(package, _)| package.to_string())
            .collect(),
        None => BTreeSet::new(),
    };
    match text.parse::<PackageName>() {
        Ok(package) if names.contains(text) => Ok(package),
        _ => {
            let message = format!("`{}` is not in `{LOCK}`", ui::clean_line(text));
            let failure = Failure::new("project::unknown", message);
            let dependency = project.dependency(text).map(|(_, dependency)| dependency);
            Err(match (dependency, near(text, &names)) {
                (Some(Dependency::Path(path)), _) => failure.cause(format!(
                    "`{MANIFEST}` has it at `{}`, which is taken as it is",
                    ui::clean_line(&path.to_string_lossy())
                )),
                (Some(Dependency::Registry(_)), _) => failure.help("run `tenon lock`"),
                (None, Some(near)) => failure.help(format!("did you mean `{near}`?")),
                (None, None) => failure.help("`tenon tree` shows what is"),
            })
        }
    }
}

//! `tenon lock`: the lock file, brought up to date.

use crate::args::{Global, Lock};
use crate::error::Failure;
use crate::project::{Changes, LOCK, Locking, Project, Purpose};
use crate::ui::{self, Document, Ui};
use serde::Serialize;

#[derive(Serialize)]
struct LockContent {
    /// How many releases are locked.
    packages: usize,
    #[serde(flatten)]
    changes: Changes,
}

pub(crate) fn run(ui: &Ui, args: &Lock, global: &Global) -> Result<(), Failure> {
    let locking = Locking::keep(global, args.agreement.yes);
    let (project, changes) = match args.merge {
        true => Project::merge(ui, &locking)?,
        false => {
            let mut project = Project::open(Purpose::Change)?;
            let (lock, changes) = project.locked(ui, &locking)?;
            if let Some(lock) = lock.as_ref().or(project.lock.as_ref()) {
                project.check_origins(ui, global, lock)?;
            }
            if let Some(lock) = lock {
                project.keep_lock(lock)?;
            }
            (project, changes)
        }
    };
    report(ui, &project, changes, "tenon/lock/1")
}

/// Says what changed in a lock file, and how many releases it has.
pub(super) fn report(
    ui: &Ui,
    project: &Project,
    changes: Changes,
    schema: &'static str,
) -> Result<(), Failure> {
    let packages = project.lock.as_ref().map_or(0, |lock| lock.packages.len());
    if ui.json {
        return ui.document(&Document::new(schema, LockContent { packages, changes }));
    }
    say(ui, &changes);
    let all = ui::count(packages, "release");
    ui.say(&match (project.lock.is_none(), changes.is_empty()) {
        (true, _) => "nothing is asked of a registry, so nothing is locked".to_owned(),
        (_, true) => format!("`{LOCK}` is up to date: {all}"),
        _ => format!("`{LOCK}` has {all}"),
    });
    Ok(())
}

/// A line for each change.
pub(super) fn say(ui: &Ui, changes: &Changes) {
    for line in changes.lines() {
        ui.say(&line);
    }
}

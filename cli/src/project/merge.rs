//! A lock file with the conflicts of a merge, made whole.

use super::locking::make;
use super::{Changes, LOCK, Locking, Project, Remotes};
use crate::error::Failure;
use crate::exit::ExitKind;
use crate::ui::{self, Ui};
use std::collections::BTreeMap;
use tenon_registry_client::project::conflict::sides;
use tenon_registry_client::project::{LockFile, LockedPackage, LockedSource};

impl Project {
    /// Makes one lock file of the two sides of a merge, and writes it.
    ///
    /// What only one side has locked stays if the manifest still asks for it; where both have a package in different
    /// versions, the higher one that fits is taken. The checkpoints of both sides must be of one history. A file in which
    /// git saw no conflict, and that has more of a package than a project takes, is made whole likewise.
    pub(crate) fn merge(ui: &Ui, locking: &Locking<'_>) -> Result<(Project, Changes), Failure> {
        let mut project = Project::open_unlocked(super::Purpose::Change)?;
        let text = project.lock_text.clone().unwrap_or_default();
        let sides = sides(&text).map_err(|error| {
            Failure::new(
                "project::lock-conflict",
                format!("the conflicts in `{LOCK}` cannot be read"),
            )
            .cause(ui::clean_line(&error.to_string()))
            .help("take one side of the whole file, and run `tenon lock`")
        })?;
        if locking.global.locked {
            return Err(Failure::usage(format!(
                "`{LOCK}` cannot change with `--locked`"
            )));
        }
        let (ours, theirs) = match &sides {
            Some((ours, theirs)) => (read("our side", ours)?, read("their side", theirs)?),
            None if project.lock_text.is_none() || LockFile::parse(&text).is_ok() => {
                let message = format!("there is no conflict in `{LOCK}`");
                return Err(Failure::usage(message).help("run `tenon lock` to bring it up to date"));
            }
            // Git saw none where both sides added something.
            None => (read("the whole", &text)?, LockFile::default()),
        };
        let mut remotes = Remotes::default();
        for (package, _) in ours.packages.keys().chain(theirs.packages.keys()) {
            if remotes.home(locking.global, package)?.is_none() {
                remotes.find(ui, locking.global, package)?;
            }
        }
        let mut notes = BTreeMap::new();
        for remote in remotes.all() {
            let origin = remote.registry.pin.origin();
            let both = (ours.registries.get(origin), theirs.registries.get(origin));
            if let (Some(ours), Some(theirs)) = both {
                let merged = remote
                    .client
                    .merge_checkpoints(ours.as_bytes(), theirs.as_bytes());
                notes.insert(origin.clone(), remote.wait(merged)?);
            }
        }
        let mut old = join(&ours, theirs)?;
        old.registries.extend(notes);
        let lock = make(ui, locking, &project.asked()?, Some(&old))?;
        let changes = Changes::between(Some(&ours), &lock);
        project.write_lock(lock)?;
        Ok((project, changes))
    }
}

fn read(side: &str, text: &str) -> Result<LockFile, Failure> {
    LockFile::parse_merged(text).map_err(|error| {
        Failure::new(
            "project::lock-file",
            format!("{side} of `{LOCK}` cannot be understood"),
        )
        .cause(ui::clean(&error.to_string()))
        .help("take one side of the whole file, and run `tenon lock`")
    })
}

/// All that either side has locked, with their notes. One release must be the same on both.
fn join(ours: &LockFile, theirs: LockFile) -> Result<LockFile, Failure> {
    let mut both = ours.clone();
    for (key, locked) in theirs.packages {
        let Some(ours) = both.packages.get_mut(&key) else {
            both.packages.insert(key, locked);
            continue;
        };
        if !ours.absorb(&locked) {
            let message = format!(
                "`{}@{}` is another release on each side of `{LOCK}`",
                key.0, key.1
            );
            return Err(Failure {
                exit: ExitKind::Refused,
                ..Failure::new("registry::lock", message)
            }
            .cause(format!("ours is {}", words(ours)))
            .cause(format!("theirs is {}", words(&locked)))
            .help("a log has a version once: find out which of the two is right before going on"));
        }
    }
    both.registries.extend(theirs.registries);
    Ok(both)
}

fn words(locked: &LockedPackage) -> String {
    match &locked.source {
        LockedSource::Log { release, .. } => {
            format!("record {} with {}", release.index, release.digest)
        }
        LockedSource::Unlogged(release) => {
            format!("of {}, in no log, with {}", release.place, release.digest)
        }
    }
}

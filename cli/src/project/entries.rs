//! What stands in a lock file: releases with their places in the logs, and checkpoints of these.

use super::universe::Gathered;
use super::{LOCK, Remotes};
use crate::error::Failure;
use crate::exit::ExitKind;
use crate::pulled;
use crate::ui::Ui;
use std::collections::{BTreeMap, BTreeSet};
use tenon_registry_client::chain::Release;
use tenon_registry_client::http::{Client, Error};
use tenon_registry_client::lock::LockedRelease;
use tenon_registry_client::log::Origin;
use tenon_registry_client::name::{PackageName, Version};
use tenon_registry_client::project::{LockFile, LockedPackage, LockedSource};
use tenon_registry_client::resolve::Need;
use tenon_registry_client::verify::{Request, Verified, View};

/// Whether a release that stays locked is what the log says it is.
pub(super) fn check_same(locked: &LockedPackage, gathered: &Gathered) -> Result<(), Failure> {
    let (package, version) = (locked.package(), locked.version());
    let Some((found, where_it_is)) = gathered.digest(package, version) else {
        return Ok(());
    };
    let said = *locked.digest();
    match said == found {
        true => Ok(()),
        false => Err(Failure {
            exit: ExitKind::Refused,
            ..Failure::new(
                "registry::lock",
                format!("`{package}@{version}` has another digest than `{LOCK}` says"),
            )
        }
        .cause(format!("`{LOCK}` has {said}"))
        .cause(format!("{where_it_is} has {found}"))
        .help(
            "find out which of the two is right before going on: the lock file, or the registry",
        )),
    }
}

/// The entries for releases that are new in the lock file, with their places in the log. Of those that are yanked is
/// warned.
pub(super) fn of_new(
    ui: &Ui,
    gathered: &Gathered,
    new: &[(PackageName, Version)],
) -> Result<Vec<LockedPackage>, Failure> {
    let is_logged = |(package, _): &&(PackageName, Version)| !gathered.is_unlogged(package);
    let logged: Vec<_> = new.iter().filter(is_logged).cloned().collect();
    let unlogged = new.iter().filter(|key| !is_logged(key));
    let unlogged = unlogged.filter_map(|(package, version)| {
        let locked = gathered
            .unlogged(package, version)?
            .locked(package, version);
        super::unlogged::warn_of(ui, package, version);
        Some(Ok(locked))
    });
    let look = |client: Client, (package, version)| async move {
        client.view(&Request::release(package, version)).await
    };
    let views = gathered
        .remotes
        .each(&logged, |(package, _)| package, look)?;
    let entries = logged.iter().zip(views);
    let entries = entries.map(|((package, version), (remote, view))| {
        let view = view.map_err(|error| remote.failure(error))?;
        let release = view.release(version).map_err(Error::from);
        let release = release.map_err(|error| remote.failure(error))?;
        pulled::warn_of(ui, &release);
        let needs = gathered.needs(package, version);
        entry(&view, &release, needs).ok_or_else(|| {
            let message = format!("the log does not show where `{package}@{version}` is");
            Failure::new("registry::unavailable", message)
        })
    });
    entries.chain(unlogged).collect()
}

fn entry(
    view: &Verified<View>,
    release: &Verified<Release>,
    needs: Vec<Need>,
) -> Option<LockedPackage> {
    Some(LockedPackage {
        source: LockedSource::Log {
            registry: view.checkpoint().checkpoint().origin.clone(),
            release: LockedRelease::new(view, release)?,
        },
        kind: release.content.kind,
        size: release.content.size,
        needs,
    })
}

/// Whether what the lock file saw of the registries' logs, and what is seen here, is one history.
pub(super) fn check_history(ui: &Ui, remotes: &Remotes, lock: &LockFile) -> Result<(), Failure> {
    for remote in remotes.all() {
        if let Some(note) = lock.registries.get(remote.registry.pin.origin()) {
            super::install::check_checkpoint(ui, remote, note)?;
        }
    }
    Ok(())
}

/// The checkpoints that the lock file keeps: the largest that was verified of each log it needs. Where nothing that comes
/// from a log has changed, the one of `old` stays, so that a lock file changes only if something does.
pub(super) fn checkpoints(
    remotes: &Remotes,
    lock: &LockFile,
    old: Option<&LockFile>,
) -> Result<BTreeMap<Origin, String>, Failure> {
    let needed: BTreeSet<&Origin> = lock.packages.values().filter_map(origin_of).collect();
    let mut notes = BTreeMap::new();
    for remote in remotes.all() {
        let origin = remote.registry.pin.origin();
        if !needed.contains(origin) {
            continue;
        }
        let of_log = |lock: &LockFile| {
            let packages = lock
                .packages
                .values()
                .filter(|package| origin_of(package) == Some(origin));
            packages.cloned().collect::<Vec<_>>()
        };
        let kept = old.filter(|old| of_log(old) == of_log(lock));
        let kept = kept.and_then(|old| old.registries.get(origin).cloned());
        let note = match kept {
            Some(note) => Some(note),
            None => remote.wait(remote.client.checkpoint_note())?,
        };
        notes.extend(note.map(|note| (origin.clone(), note)));
    }
    Ok(notes)
}

/// The origin of the log that a locked package is in, if it is in one.
fn origin_of(package: &LockedPackage) -> Option<&Origin> {
    package.logged().map(|(origin, _)| origin)
}

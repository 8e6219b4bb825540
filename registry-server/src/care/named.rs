//! Which content the releases of a log name.

use super::history::{Fault, History};
use std::collections::{BTreeSet, HashMap};
use tenon_registry_client::Digest;
use tenon_registry_client::log::TilePath;
use tenon_registry_client::name::{PackageName, Version};
use tenon_registry_client::record::{PackageAct, SignedRecord, Statement};

/// The content that the records of a log name, so far.
#[derive(Debug, Default)]
pub(super) struct Named {
    size: u64,
    /// Whether a release that is not taken down names it.
    digests: HashMap<Digest, bool>,
    taken_down: BTreeSet<(PackageName, Version)>,
}

/// What the log says of a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// A release needs it.
    Needed,
    /// All its releases were taken down.
    TakenDown,
    /// No release names it.
    Unnamed,
}

impl Named {
    /// Everything that a log names. Memory grows with the number of releases: about 50 bytes for each.
    pub(super) fn read(history: &History<'_>) -> Result<Named, (TilePath, Fault)> {
        let mut named = Named::default();
        // What is taken down is said after the release, and there is little of it.
        for_each(history, 0, |package, act| {
            if let PackageAct::Takedown { version, .. } = act {
                named.taken_down.insert((package.clone(), version.clone()));
            }
        })?;
        named.read_on(history)?;
        Ok(named)
    }

    /// Reads what was logged since. Content that was taken down since stays until the next time.
    pub(super) fn read_on(&mut self, history: &History<'_>) -> Result<(), (TilePath, Fault)> {
        let (digests, taken_down) = (&mut self.digests, &self.taken_down);
        for_each(history, self.size, |package, act| {
            if let PackageAct::Release {
                version, content, ..
            } = act
            {
                let gone = taken_down.contains(&(package.clone(), version.clone()));
                *digests.entry(content.digest).or_default() |= !gone;
            }
        })?;
        self.size = history.size;
        Ok(())
    }

    /// How much of the log it knows.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// What the log says of a blob.
    pub(super) fn standing(&self, digest: &Digest) -> Standing {
        match self.digests.get(digest) {
            Some(true) => Standing::Needed,
            Some(false) => Standing::TakenDown,
            None => Standing::Unnamed,
        }
    }
}

fn for_each(
    history: &History<'_>,
    from: u64,
    mut act: impl FnMut(&PackageName, &PackageAct),
) -> Result<(), (TilePath, Fault)> {
    for path in TilePath::bundles_between(from, history.size) {
        let leaves = history.leaves(path).map_err(|fault| (path, fault))?;
        for leaf in &leaves {
            let record = SignedRecord::parse(leaf);
            let record = record.map_err(|error| (path, Fault::Entries(error.to_string())))?;
            if let Statement::Package {
                package, act: said, ..
            } = &record.record().statement
            {
                act(package, said);
            }
        }
    }
    Ok(())
}

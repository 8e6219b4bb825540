//! What there is to choose from, for whoever chooses for many packages at once.

use super::transport::Ask;
use super::{Client, Error};
use crate::api::world::WitReference;
use crate::api::{PackageInfo, Paths, ReleaseInfo};
use crate::chain::Release;
use crate::name::{PackageName, Version};
use crate::record::{Reference, Subject};
use crate::verify::{Request, Verified, VerifyError, View};
use std::collections::{BTreeMap, BTreeSet};

/// The releases of a package.
#[derive(Clone, Debug)]
pub struct Candidates {
    /// The package with all its releases, verified. It proves that there are no others, not where each is in the log:
    /// to lock or fetch one, ask for it.
    pub view: Verified<View>,
    /// By version, what the registry says of a release.
    said: BTreeMap<Version, Vec<WitReference>>,
}

/// A release to choose, or not.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// The release, verified; it may be yanked or taken down.
    pub release: &'a Release,
    /// The WIT packages that it is of or depends on, by the registry's word: nothing of it is verified, nor cleaned
    /// for a terminal, and the content may say otherwise. `None` if the registry says nothing of these bytes.
    pub references: Option<&'a [WitReference]>,
}

impl Client {
    /// All releases of a package, and what the registry says of their WIT packages.
    ///
    /// What the registry says of a version that the log does not have, or has with another digest, is ignored.
    /// Without a network it says nothing.
    ///
    /// # Errors
    ///
    /// As [`Client::view`]; [`VerifyError::NoSuchPackage`], proved; or why the registry does not say what it knows,
    /// unless that is that it does not list the package.
    pub async fn candidates(&self, package: &PackageName) -> Result<Candidates, Error> {
        self.candidates_locked(package, &BTreeMap::new()).await
    }

    /// As [`Client::candidates`], where these records must be in their chains: those that a lock file has seen, so that
    /// nobody hides from a new client what was locked.
    ///
    /// # Errors
    ///
    /// As [`Client::candidates`] and [`Client::view_locked`].
    pub async fn candidates_locked(
        &self,
        package: &PackageName,
        locked: &BTreeMap<Subject, Reference>,
    ) -> Result<Candidates, Error> {
        let request = Request::Package {
            package: package.clone(),
            releases: BTreeSet::new(),
        };
        let (view, listed) =
            futures_util::future::join(self.view_locked(&request, locked), self.listed(package))
                .await;
        let view = view?;
        let Some(found) = view.package() else {
            return Err(VerifyError::NoSuchPackage(package.clone()).into());
        };
        let said = listed?.into_iter().filter_map(|listed| {
            let version: Version = listed.version.parse().ok()?;
            let digest = found.releases().get(&version)?.content.digest;
            let same = listed.digest.parse() == Ok(digest);
            Some((version, listed.world.filter(|_| same)?.packages))
        });
        let said = said.collect();
        Ok(Candidates { view, said })
    }

    /// The releases that the registry lists.
    async fn listed(&self, package: &PackageName) -> Result<Vec<ReleaseInfo>, Error> {
        if self.is_offline() {
            return Ok(vec![]);
        }
        let ask = Ask::get(Paths::package(package), self.most());
        match self.json::<PackageInfo>(ask).await {
            Ok(info) => Ok(info.releases),
            Err(error) if error.is_not_found() => Ok(vec![]),
            Err(error) => Err(error),
        }
    }
}

impl Candidates {
    /// The releases, by version.
    pub fn releases(&self) -> impl DoubleEndedIterator<Item = Candidate<'_>> {
        let releases = self.view.package().map(|package| package.releases());
        let releases = releases.into_iter().flat_map(BTreeMap::values);
        releases.map(|release| Candidate {
            release,
            references: self.said.get(&release.version).map(Vec::as_slice),
        })
    }
}

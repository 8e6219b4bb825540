//! Which version of a package is meant.

use super::{Client, Error, ErrorKind};
use crate::chain::{Availability, Package, Release};
use crate::name::{PackageName, Version};
use crate::record::{TakedownReason, YankReason};
use crate::verify::{Request, Verified, VerifyError, View};
use semver::VersionReq;
use std::collections::BTreeSet;
use std::fmt;

/// The version that was chosen, and all that it was chosen from.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The version.
    pub version: Version,
    /// The package, with all its releases.
    pub view: Verified<View>,
}

/// Why no version of a package is to be chosen: what there is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct NoMatch {
    /// The package.
    pub package: PackageName,
    /// What was asked for.
    pub requirement: Option<VersionReq>,
    /// Versions that match, and are yanked: they can still be fetched by their exact version.
    pub yanked: Vec<(Version, YankReason)>,
    /// Versions that match, and are gone.
    pub taken_down: Vec<(Version, TakedownReason)>,
    /// Prereleases, which only a requirement that names one of the same version chooses.
    pub prereleases: Vec<Version>,
    /// Versions that do not match, and could be chosen.
    pub others: Vec<Version>,
}

impl Client {
    /// The highest version that meets a requirement and is not yanked. A prerelease is chosen only
    /// if the requirement names one of the same version, as cargo has it.
    ///
    /// # Errors
    ///
    /// As [`Client::view`]; [`VerifyError::NoSuchPackage`], proved; or [`ErrorKind::NoMatch`], which says
    /// what there is.
    pub async fn resolve(
        &self,
        package: &PackageName,
        requirement: Option<&VersionReq>,
    ) -> Result<Resolved, Error> {
        let request = Request::Package {
            package: package.clone(),
            releases: BTreeSet::new(),
        };
        let view = self.view(&request).await?;
        let Some(found) = view.package() else {
            return Err(VerifyError::NoSuchPackage(package.clone()).into());
        };
        let version = choose(found, requirement).map_err(ErrorKind::NoMatch)?;
        Ok(Resolved { version, view })
    }
}

fn choose(package: &Package, requirement: Option<&VersionReq>) -> Result<Version, Box<NoMatch>> {
    let matches = |version: &Version| match requirement {
        Some(requirement) => requirement.matches(version.semver()),
        None => version.semver().pre.is_empty(),
    };
    let mut none = Box::new(NoMatch {
        package: package.name().clone(),
        requirement: requirement.cloned(),
        yanked: vec![],
        taken_down: vec![],
        prereleases: vec![],
        others: vec![],
    });
    // The highest first.
    for Release {
        version,
        availability,
        ..
    } in package.releases().values().rev()
    {
        let version = version.clone();
        match (matches(&version), availability) {
            (true, Availability::Available) => return Ok(version),
            (true, Availability::Yanked(reason)) => none.yanked.push((version, *reason)),
            (true, Availability::TakenDown(reason)) => none.taken_down.push((version, *reason)),
            (false, Availability::Available) if !version.semver().pre.is_empty() => {
                none.prereleases.push(version);
            }
            (false, Availability::Available) => none.others.push(version),
            (false, _) => {}
        }
    }
    Err(none)
}

impl fmt::Display for NoMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let package = &self.package;
        match &self.requirement {
            Some(requirement) => write!(f, "no release of `{package}` meets `{requirement}`")?,
            None => write!(f, "no release of `{package}` is to be chosen")?,
        }
        let first = |versions: &[Version]| {
            let versions: Vec<_> = versions.iter().take(3).map(ToString::to_string).collect();
            versions.join(", ")
        };
        match () {
            () if !self.yanked.is_empty() => {
                let yanked = self.yanked.iter().take(3);
                let yanked: Vec<_> = yanked
                    .map(|(version, reason)| format!("{version} ({reason})"))
                    .collect();
                write!(f, ": yanked are {}", yanked.join(", "))
            }
            () if !self.taken_down.is_empty() => {
                let gone = self.taken_down.iter().take(3);
                let gone: Vec<_> = gone
                    .map(|(version, reason)| format!("{version} ({reason})"))
                    .collect();
                write!(f, ": taken down are {}", gone.join(", "))
            }
            () if !self.others.is_empty() => write!(f, ": there are {}", first(&self.others)),
            () if !self.prereleases.is_empty() => {
                let all = first(&self.prereleases);
                write!(
                    f,
                    ": there are the prereleases {all}, which have to be asked for by version"
                )
            }
            () => Ok(()),
        }
    }
}

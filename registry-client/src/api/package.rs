//! Packages and releases as a registry lists them.

use super::world::World;
use serde::{Deserialize, Serialize};

/// A page of packages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PackagePage {
    /// The packages, by name.
    pub packages: Vec<PackageSummary>,
    /// The `after` of the next page, if there is one.
    pub next: Option<String>,
}

/// A package, in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PackageSummary {
    /// Its name, such as `acme:http`.
    pub name: String,
    /// The highest version that is neither yanked nor a prerelease, or else the highest not yanked.
    pub version: Option<String>,
    /// What that version says it is.
    pub description: Option<String>,
    /// `component` or `wit`.
    pub kind: String,
}

/// A package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PackageInfo {
    /// Its name, such as `acme:http`.
    pub name: String,
    /// The releases, the highest version first.
    pub releases: Vec<ReleaseInfo>,
    /// The size of the log that this is about.
    pub size: u64,
}

/// A release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReleaseInfo {
    /// Its version.
    pub version: String,
    /// The digest of its content.
    pub digest: String,
    /// The length of its content, in bytes.
    pub content_size: u64,
    /// `component` or `wit`.
    pub kind: String,
    /// When it was released, by the publisher's word.
    pub time: String,
    /// Its record's index in the log.
    pub index: u64,
    /// Who signed it.
    pub publisher: PublisherInfo,
    /// Whether it is to be used.
    pub status: ReleaseStatus,
    /// What it is, if the registry still has its content.
    pub world: Option<World>,
}

/// Who signed a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", tag = "by")]
pub enum PublisherInfo {
    /// Publishers, with their own keys.
    Publisher {
        /// The names of the keys.
        keys: Vec<String>,
    },
    /// The registry, for someone whose word it took.
    Registry {
        /// For whom, as the record says it.
        attested: String,
    },
}

/// Whether a release is to be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum ReleaseStatus {
    /// It is.
    Available,
    /// Better not: for the reason given.
    Yanked {
        /// Why.
        reason: String,
    },
    /// It cannot: its content is gone.
    TakenDown {
        /// Why.
        reason: String,
    },
}

//! Looking for packages.

use super::PackageSummary;
use serde::{Deserialize, Serialize};

/// What is looked for: packages of which the listed version has all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct SearchQuery {
    /// Words in its name or description.
    pub q: Option<String>,
    /// An interface that it exports, such as `wasi:http/incoming-handler` or `wasi:http/incoming-handler@0.2`.
    pub exports: Option<String>,
    /// An interface that it imports.
    pub imports: Option<String>,
    /// `component` or `wit`.
    pub kind: Option<String>,
    /// Its namespace.
    pub namespace: Option<String>,
    /// The `next` of the page before.
    pub after: Option<String>,
    /// The most entries of the page.
    pub n: Option<u32>,
}

/// A page of what was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SearchPage {
    /// What was found, the best first.
    pub hits: Vec<SearchHit>,
    /// The `after` of the next page, if there is one.
    pub next: Option<String>,
}

/// A package that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SearchHit {
    /// The package.
    #[serde(flatten)]
    pub package: PackageSummary,
    /// The interfaces that were asked for, as the package has them.
    pub interfaces: Vec<String>,
}

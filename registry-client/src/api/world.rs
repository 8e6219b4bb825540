//! What a registry knows of a component or a WIT package.

use serde::{Deserialize, Serialize};

/// A component or a WIT package, described.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct World {}

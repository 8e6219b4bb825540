//! Namespaces as a registry lists them.

use serde::{Deserialize, Serialize};

/// A namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct NamespaceInfo {
    /// Its name.
    pub name: String,
    /// How many owners must sign together.
    pub threshold: u32,
    /// Everyone who may do something in it.
    pub keys: Vec<KeyInfo>,
    /// How many records it has.
    pub records: u32,
}

/// What a key may do in a namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct KeyInfo {
    /// The key, as a vkey.
    pub vkey: String,
    /// `own`, `release`, `yank`.
    pub permissions: Vec<String>,
    /// For which names of packages: `*`, `name` or `prefix-*`.
    pub pattern: String,
    /// When it stops working.
    pub expires: Option<String>,
}

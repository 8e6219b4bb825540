//! What a registry says of itself, of a token, and of a record that it took.

use serde::{Deserialize, Serialize};

/// A registry, by its own word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RegistryInfo {
    /// The origin of its log.
    pub origin: String,
    /// Its pin: never to be taken from here without asking the user.
    pub pin: String,
    /// The program and its version.
    pub server: String,
    /// How many leaves the log has.
    pub size: u64,
    /// What it accepts.
    pub limits: Limits,
}

/// The most that a registry accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Limits {
    /// The longest content, in bytes.
    pub content: u64,
    /// The longest record, in bytes.
    pub record: u32,
    /// The longest page, in entries.
    pub page: u32,
}

/// What a registry knows of a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TokenInfo {
    /// The token's id, which is no secret.
    pub id: String,
    /// What it is called.
    pub label: String,
    /// What it may do: `read`, `publish`, `yank`, `namespace`.
    pub actions: Vec<String>,
    /// For which packages, such as `acme:*`, `acme:http` or `*`.
    pub patterns: Vec<String>,
    /// When it stops working, as `2026-09-01T10:00:00Z`.
    pub expires: Option<String>,
}

/// A record that is in the log, in a checkpoint that is published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Accepted {
    /// Its index in the log.
    pub index: u64,
    /// The size of a published checkpoint that includes it.
    pub size: u64,
    /// The note of that checkpoint.
    pub checkpoint: String,
    /// Its inclusion proof: hashes in base64.
    pub inclusion: Vec<String>,
}

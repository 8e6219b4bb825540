//! The registry that Tenon components come from.
//!
//! | module | what |
//! |---|---|
//! | [`commands`] | what `tenon-registry` does |
//! | [`config`] | what an operator can set |
//! | [`app`] | the registry as it runs |
//! | [`directory`] | the directory that it is in, opened |
//! | [`server`] | connections, and HTTP/1.1 within limits |
//! | [`api`] | what is asked and answered |
//! | [`oci`] | the same by the OCI Distribution specification |
//! | [`domain`] | the rules: what may be uploaded, logged and read, and by whom |
//! | [`access`] | tokens, and how often anyone may ask |
//! | [`content`] | what is published, checked and described |
//! | [`catalog`] | packages, releases and namespaces, to be listed and searched |
//! | [`log`] | the log: written by one thread, read by all |
//! | [`witness`], [`outbound`] | cosigning other logs; requests to others |
//! | [`care`] | checked, rebuilt, scrubbed, cleaned, copied |
//! | [`store`] | files and the one SQLite file |
//! | `upkeep` | what is done without being asked |
//! | [`metrics`] | what is measured |

pub mod access;
pub mod api;
pub mod app;
pub mod care;
pub mod catalog;
pub mod commands;
pub mod config;
pub mod content;
pub mod directory;
pub mod domain;
pub mod log;
pub mod metrics;
pub mod oci;
pub mod outbound;
pub mod server;
pub mod store;
mod upkeep;
pub mod witness;

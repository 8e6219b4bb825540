//! The registry that Tenon components come from.
//!
//! | module | what |
//! |---|---|
//! | [`config`] | what an operator can set |
//! | [`app`] | the registry as it runs |
//! | [`directory`] | the directory that it is in, opened |
//! | [`server`] | connections, and HTTP/1.1 within limits |
//! | [`api`] | what is asked and answered |
//! | [`domain`] | the rules: what may be uploaded, logged and read, and by whom |
//! | [`access`] | tokens, and how often anyone may ask |
//! | [`content`] | what is published, checked and described |
//! | [`catalog`] | packages, releases and namespaces, to be listed and searched |
//! | [`log`] | the log: written by one thread, read by all |
//! | [`store`] | files and the one SQLite file |
//! | [`metrics`] | what is measured |

pub mod config;

pub mod app;

pub mod directory;

pub mod server;

pub mod api;

pub mod domain;

pub mod access;

pub mod content;

pub mod catalog;

pub mod log;

pub mod store;

pub mod metrics;

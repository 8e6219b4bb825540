//! One command, one file.

pub(crate) mod completions;
pub(crate) mod compose;
pub(crate) mod diff;
pub(crate) mod explain;
pub(crate) mod fetch;
pub(crate) mod get;
pub(crate) mod graph;
pub(crate) mod info;
pub(crate) mod inspect;
pub(crate) mod key;
pub(crate) mod log;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod namespace;
pub(crate) mod plug;
pub(crate) mod publish;
pub(crate) mod registry;
pub(crate) mod search;
pub(crate) mod targets;
pub(crate) mod validate;
pub(crate) mod verify;
pub(crate) mod whoami;
pub(crate) mod wit;
pub(crate) mod yank;

//! The registry that Tenon components come from.

pub mod catalog;
pub mod content;
pub mod log;
pub mod store;

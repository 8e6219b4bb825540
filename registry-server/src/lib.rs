//! The registry that Tenon components come from.

pub mod catalog;
pub mod log;
pub mod store;

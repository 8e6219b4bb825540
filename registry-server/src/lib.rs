//! The registry that Tenon components come from.

pub mod log;
pub mod store;

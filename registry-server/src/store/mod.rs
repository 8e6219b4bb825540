//! Where everything is kept.

pub mod database;

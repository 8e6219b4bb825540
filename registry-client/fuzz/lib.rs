//! What the fuzz targets share with the tests.

#[path = "../tests/support/mod.rs"]
pub mod support;
pub mod targets;

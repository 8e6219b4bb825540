//! WIT: read from what has some, and folders of it, with the packages that they need.

pub(crate) mod build;
pub(crate) mod deps;
mod fault;
mod folder;
pub(crate) mod needs;
mod print;
mod read;
mod vendored;

pub(crate) use folder::{declared, inputs};
pub(crate) use print::print;
pub(crate) use read::{Gates, decode, parse, read, read_named};
pub(crate) use vendored::{Vendored, there, vendored};

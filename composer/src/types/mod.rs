//! Types, compared and explained.
//!
//! There is no type model of our own: ids and definitions are those of the validator that typed the
//! inputs, and it has the last word on every composition. What is here says *why not*.

mod subtype;
mod text;

pub(crate) use subtype::{Comparison, items_owned};
pub use subtype::{Difference, Reason, Step};
pub(crate) use text::{kind_name, value_type};

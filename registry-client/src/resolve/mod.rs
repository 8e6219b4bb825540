//! Which versions of packages a project takes, or why none will do.

mod need;

pub use need::{Need, Strength};

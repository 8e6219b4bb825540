//! Which versions of packages a project takes, or why none will do.
//!
//! It is pure: what there is comes as a [`Universe`], and nothing is asked for that is not in it. A
//! project takes one version of a package on each [`Track`].

mod conflict;
mod core;
mod near;
mod need;
mod problem;
mod set;
mod solution;
mod solve;
mod statement;
mod story;
mod track;
mod universe;
mod words;

pub use conflict::{Conflict, ConflictKind};
pub use need::{Need, Strength, compatible_with, exactly};
pub use solution::Solution;
pub use solve::solve;
pub use track::Track;
pub use universe::{Asked, Candidate, Status, Universe, Wishes};

//! A transparency log: signed notes, checkpoints, the tree of leaves, and the map of heads.
//!
//! Nothing in here knows what a leaf says; [`crate::record`] does. Anything that serves the
//! [C2SP](https://c2sp.org) formats can be read with this module alone.

mod hash;

pub use hash::{Hash, HashError};

//! A transparency log: signed notes, checkpoints, the tree of leaves, and the map of heads.
//!
//! Nothing in here knows what a leaf says; [`crate::record`] does. Anything that serves the
//! [C2SP](https://c2sp.org) formats can be read with this module alone.

mod checkpoint;
mod hash;
mod key;
mod map;
mod note;
mod policy;

pub use checkpoint::{Checkpoint, CheckpointError, Origin, OriginError, SignedCheckpoint};
pub use hash::{Hash, HashError};
pub use key::{Algorithm, KeyError, KeyId, KeyName, PublicKey, SigningKey, Vkey};
pub use map::{Head, MapKey};
pub use note::{MAX_NOTE, MAX_SIGNATURES, Note, NoteError, NoteSignature, Signed};
pub use policy::{MAX_POLICY, Policy, PolicyError, PolicyErrorKind, PolicyLog, Witness};

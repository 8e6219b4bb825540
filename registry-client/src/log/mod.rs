//! A transparency log: signed notes, checkpoints, the tree of leaves, and the map of heads.
//!
//! Nothing in here knows what a leaf says; [`crate::record`] does. Anything that serves the
//! [C2SP](https://c2sp.org) formats can be read with this module alone.

mod hash;
mod key;
mod note;

mod checkpoint;
mod policy;

mod tree;

mod entries;
mod tile;

mod proof;
mod tlog_proof;

mod map;

mod witness;

pub use checkpoint::{Checkpoint, CheckpointError, Origin, OriginError, SignedCheckpoint};
pub use entries::{
    ENTRIES_PER_BUNDLE, EntriesError, MAX_ENTRY_BUNDLE, decode_entries, encode_entries,
};
pub use hash::{Hash, HashError};
pub use key::{Algorithm, KeyError, KeyId, KeyName, PublicKey, SigningKey, Vkey};
pub use map::{Head, JointMapProof, Map, MapEnd, MapKey, MapProof, MapProofError, MapStep};
pub use note::{MAX_NOTE, MAX_SIGNATURES, Note, NoteError, NoteSignature, Signed};
pub use policy::{MAX_POLICY, Policy, PolicyError, PolicyErrorKind, PolicyLog, Witness};
pub use proof::{
    Nodes, ProofError, ProveError, compute_root, prove_consistency, prove_inclusion,
    prove_inclusions, tiles_for_consistency, tiles_for_inclusion, tiles_for_inclusions,
    tiles_for_root, verify_consistency, verify_inclusion, verify_inclusions,
};
pub use tile::{HASHES_PER_TILE, MissingNode, TileError, TilePath, TilePathError, Tiles};
pub use tlog_proof::{MAX_TLOG_PROOF, MAX_TLOG_PROOF_HASHES, TlogProof, TlogProofError};
pub use tree::{Edge, EdgeError, NodeId};
pub use witness::{AddCheckpoint, MAX_WITNESS_PROOF, WitnessError};

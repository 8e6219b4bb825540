//! Why a proof about the map is refused.

/// What is wrong with a proof, or with what was asked of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MapProofError {
    /// The path does not lead to the root that it was to be a proof for.
    #[error("the map proof leads to another root")]
    RootDiffers,
    /// A bit position is not above the one before it on the path.
    #[error("the bit positions of the map proof do not increase")]
    PositionsNotIncreasing,
    /// The path leads to an empty map, but has steps.
    #[error("the map proof has steps in an empty map")]
    StepsInEmptyMap,
    /// The leaf of another key, which is to show absence, has the very key that was asked for.
    #[error("the map proof calls the leaf of the key itself that of another")]
    OtherKeyIsTarget,
    /// The other key's bits lead another way than the path that its leaf ends.
    #[error("the map proof ends at the leaf of a key that its path does not lead to")]
    OtherKeyOffPath,
    /// No key was asked for.
    #[error("a map proof is for at least one key")]
    NoKeys,
    /// More keys were asked for than one proof may be for.
    #[error("a map proof is for at most {} keys", super::JointMapProof::MOST_KEYS)]
    TooManyKeys,
    /// The keys asked for are not strictly increasing.
    #[error("the keys of a map proof are not in increasing order")]
    KeysOutOfOrder,
    /// The keys part at a bit position where the proof follows one side only.
    #[error("the map proof follows one side where the keys part")]
    ForkMissing,
    /// The proof follows both sides of a bit position at which the keys do not part.
    #[error("the map proof follows both sides where the keys do not part")]
    ForkNeedless,
    /// The encoded proof has more leaves than keys it may be for.
    #[error(
        "the map proof has more than {} leaves",
        super::JointMapProof::MOST_KEYS
    )]
    TooManyLeaves,
    /// The encoded proof ends before it is complete.
    #[error("the map proof is cut short")]
    Truncated,
    /// The encoded proof goes on after it is complete.
    #[error("the map proof is followed by other bytes")]
    TrailingBytes,
    /// A node of the encoded proof begins with a byte that stands for no kind of node.
    #[error("the map proof has a node of the unknown kind {0}")]
    UnknownTag(u8),
}

//! The registry that Tenon components come from. It has no code yet.

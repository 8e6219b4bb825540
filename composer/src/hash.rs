//! Maps and sets that hash fast: their keys are numbers and short names, of which there are many.

use foldhash::fast::RandomState;
use std::collections::{hash_map, hash_set};

/// A map of which nobody outside can foretell where a key goes.
pub(crate) type HashMap<K, V> = hash_map::HashMap<K, V, RandomState>;

/// The same, without values.
pub(crate) type HashSet<K> = hash_set::HashSet<K, RandomState>;

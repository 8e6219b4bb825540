//! stub until the map arrives
use super::Hash;
/// k
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MapKey([u8; 32]);
impl MapKey {
    /// k
    pub fn of(subject: &str) -> MapKey {
        MapKey(*Hash::of(&[subject.as_bytes()]).as_bytes())
    }
}
/// h
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// i
    pub index: u64,
    /// s
    pub seq: u32,
    /// h
    pub hash: Hash,
}

//! The root by its definition: slow, and without a tree.

use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use tenon_registry_client::log::{Head, MapKey};

pub(crate) type Model = BTreeMap<MapKey, Head>;

pub(crate) fn root(entries: &Model) -> [u8; 32] {
    if entries.is_empty() {
        return sha256(&[b"tenon-map/v1\n\0"]);
    }
    let entries: Vec<(&MapKey, &Head)> = entries.iter().collect();
    subtree(&entries)
}

fn subtree(entries: &[(&MapKey, &Head)]) -> [u8; 32] {
    if let [(key, head)] = entries {
        return leaf(key, head);
    }
    let position = (0..256)
        .find(|p| {
            let ones = entries.iter().filter(|(key, _)| bit(key, *p)).count();
            ones != 0 && ones != entries.len()
        })
        .unwrap();
    let (right, left): (Vec<_>, Vec<_>) = entries.iter().partition(|(key, _)| bit(key, position));
    inner(position as u8, subtree(&left), subtree(&right))
}

pub(crate) fn leaf(key: &MapKey, head: &Head) -> [u8; 32] {
    let (index, seq) = (head.index.to_be_bytes(), head.seq.to_be_bytes());
    let key = key.as_bytes();
    let hash = head.hash.as_bytes();
    sha256(&[b"tenon-map/v1\n\x01", key, &index, &seq, hash])
}

pub(crate) fn inner(position: u8, left: [u8; 32], right: [u8; 32]) -> [u8; 32] {
    sha256(&[b"tenon-map/v1\n\x02", &[position], &left, &right])
}

fn bit(key: &MapKey, position: usize) -> bool {
    (key.as_bytes()[position / 8] >> (7 - position % 8)) & 1 == 1
}

fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    Sha256::digest(parts.concat()).into()
}

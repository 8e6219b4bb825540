//! Signatures, notes, the tree and the map, each beside what others make of the same.

use crate::large::Random;
use crate::support::{self, Registry, key};
use crate::table::{head, row};
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ed25519_dalek::Signer as _;
use sha2::{Digest as _, Sha256};
use std::convert::Infallible;
use std::hint::black_box;
use tenon_registry_client::log::{
    Edge, Hash, Head, Map, MapKey, NodeId, Nodes, SignedCheckpoint, prove_consistency,
    prove_inclusion, prove_inclusions, verify_consistency, verify_inclusion, verify_inclusions,
};
use tenon_registry_client::record::{SignedRecord, Subject};
use tlog_tiles::HashReader;

const SIZE: u64 = 1_000_000;

pub(crate) fn print() {
    head();
    signatures();
    checkpoint();
    tree();
    for keys in [100_000, 1_000_000] {
        map(keys);
    }
}

fn signatures() {
    let registry = support::small();
    let alice = key("acme/alice");
    let name = support::package("acme:http");
    let record = registry.package_record(&name, support::release(&name, "1.1.0"));
    let text = record.to_string();
    let secret = dalek("acme/alice");
    row(
        "sign a record",
        || SignedRecord::sign(record.clone(), &[&alice]),
        "bare Ed25519",
        || secret.sign(text.as_bytes()),
    );
    let signature = secret.sign(text.as_bytes());
    let (public, bytes) = (secret.verifying_key(), signature.to_bytes());
    row(
        "verify a signature",
        || assert!(alice.vkey().key().verifies(text.as_bytes(), &bytes)),
        "bare Ed25519",
        || public.verify_strict(text.as_bytes(), &signature).unwrap(),
    );
    let leaf = SignedRecord::sign(record, &[&alice]).unwrap();
    row(
        "parse a release record",
        || SignedRecord::parse(leaf.bytes()).unwrap(),
        "SHA-256 of it",
        || Sha256::digest(leaf.bytes()),
    );
    let grant = registry.chains[&Subject::Namespace(support::namespace("acme"))][1].clone();
    row(
        "parse a record with one key",
        || SignedRecord::parse(grant.record.bytes()).unwrap(),
        "bare Ed25519",
        || public.verify_strict(text.as_bytes(), &signature).unwrap(),
    );
}

/// The secret key that the key of this name has.
pub(crate) fn dalek(name: &str) -> ed25519_dalek::SigningKey {
    ed25519_dalek::SigningKey::from_bytes(&Sha256::digest(name).into())
}

fn checkpoint() {
    let mut registry = Registry::new("registry.example/log");
    registry.witnesses = ["witness.example", "example.org/witness", "w3.example.net"]
        .map(support::cosigner)
        .into();
    let note = registry.checkpoint().to_string();
    let log = registry.log[0].vkey().clone();
    let verifier = signed_note::StandardVerifier::new(&log.to_string()).unwrap();
    let known = signed_note::VerifierList::new(vec![Box::new(verifier)]);
    row(
        "read a checkpoint, one key known",
        || SignedCheckpoint::open(note.as_bytes(), &registry.origin, [&log]).unwrap(),
        "signed_note",
        || {
            let note = signed_note::Note::from_bytes(note.as_bytes()).unwrap();
            note.verify(&known).unwrap()
        },
    );
}

/// All nodes of a tree, by level.
struct Dense(Vec<Vec<Hash>>);

impl Nodes for Dense {
    type Error = Infallible;

    fn node(&self, id: NodeId) -> Result<Hash, Infallible> {
        Ok(self.0[usize::from(id.level)][id.index as usize])
    }
}

/// All nodes of a tree, in the order in which tlog_tiles numbers them.
struct Stored(Vec<tlog_tiles::Hash>);

impl HashReader for Stored {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
        let hash = |index: &u64| self.0[*index as usize];
        Ok(indexes.iter().map(hash).collect())
    }
}

fn theirs(hash: Hash) -> tlog_tiles::Hash {
    tlog_tiles::Hash(*hash.as_bytes())
}

fn tree() {
    let mut edge = Edge::new();
    let mut dense = Dense(vec![vec![]; 64]);
    let mut stored = Stored(vec![]);
    let mut tree = MemoryBackedTree::<Sha256, [u8; 8]>::new();
    for index in 0..SIZE {
        let entry = index.to_be_bytes();
        tree.push(entry);
        for (id, hash) in edge.push(Hash::leaf(&entry)).unwrap() {
            dense.0[usize::from(id.level)].push(hash);
            stored.0.push(theirs(hash));
        }
    }
    let root = edge.root();
    let mut random = Random(1);
    let mut index = || random.below(SIZE);
    let leaf = |index: u64| Hash::leaf(&index.to_be_bytes());

    {
        let mut edge = edge.clone();
        row(
            "append a leaf to 10^6, and the root",
            || {
                edge.push(Hash::leaf(&edge.size().to_be_bytes())).unwrap();
                edge.root()
            },
            "ct-merkle",
            || {
                tree.push(tree.len().to_be_bytes());
                tree.root()
            },
        );
    }
    let one = index();
    row(
        "make an inclusion proof",
        || prove_inclusion(&dense, one, SIZE).unwrap(),
        "tlog_tiles",
        || tlog_tiles::prove_record(SIZE, one, &stored).unwrap(),
    );
    let proof = prove_inclusion(&dense, one, SIZE).unwrap();
    let their_proof = proof.iter().copied().map(theirs).collect();
    row(
        "verify an inclusion proof",
        || verify_inclusion(&leaf(one), one, SIZE, &root, &proof).unwrap(),
        "tlog_tiles",
        || {
            let hash = tlog_tiles::record_hash(&one.to_be_bytes());
            tlog_tiles::check_record(&their_proof, SIZE, theirs(root), one, hash).unwrap();
        },
    );
    let old = index();
    row(
        "make a consistency proof",
        || prove_consistency(&dense, old, SIZE).unwrap(),
        "tlog_tiles",
        || tlog_tiles::prove_tree(SIZE, old, &stored).unwrap(),
    );
    let old_root = tenon_registry_client::log::compute_root(&dense, old).unwrap();
    let proof = prove_consistency(&dense, old, SIZE).unwrap();
    let their_proof = proof.iter().copied().map(theirs).collect();
    row(
        "verify a consistency proof",
        || verify_consistency(old, &old_root, SIZE, &root, &proof).unwrap(),
        "tlog_tiles",
        || tlog_tiles::check_tree(&their_proof, SIZE, theirs(root), old, theirs(old_root)).unwrap(),
    );

    let mut four: Vec<u64> = vec![0, index(), index(), SIZE - 1];
    four.sort_unstable();
    let leaves: Vec<(u64, Hash)> = four.iter().map(|index| (*index, leaf(*index))).collect();
    let joint = prove_inclusions(&dense, &four, SIZE).unwrap();
    let single: Vec<Vec<Hash>> = four
        .iter()
        .map(|index| prove_inclusion(&dense, *index, SIZE).unwrap())
        .collect();
    row(
        "make a joint proof of 4 leaves",
        || prove_inclusions(&dense, &four, SIZE).unwrap(),
        "4 single ones",
        || {
            let proofs = four
                .iter()
                .map(|index| prove_inclusion(&dense, *index, SIZE));
            proofs.collect::<Result<Vec<_>, _>>().unwrap()
        },
    );
    row(
        "verify a joint proof of 4 leaves",
        || verify_inclusions(&leaves, SIZE, &root, &joint).unwrap(),
        "4 single ones",
        || {
            for ((index, leaf), proof) in leaves.iter().zip(&single) {
                verify_inclusion(leaf, *index, SIZE, &root, proof).unwrap();
            }
        },
    );
    let (joint, single) = (joint.len() * 32, single.concat().len() * 32);
    let ratio = joint as f64 / single as f64;
    println!("| its bytes | {joint} | 4 single ones: {single} | {ratio:.2}x |");
}

fn map(count: u64) {
    let mut random = Random(count);
    let mut head = || Head {
        index: random.below(SIZE),
        seq: 0,
        hash: Hash::from(random.bytes()),
    };
    let key_of = |number: u64| MapKey::of(&format!("package acme:number-{number}"));
    let mut map: Map = (0..count).map(|number| (key_of(number), head())).collect();
    let root = map.root();
    let target = key_of(count / 3);
    let depth = map.prove(&target).steps.len();
    // What a level costs at least: its bytes are those of an inner node of the map.
    let levels = |depth: usize| {
        let mut node = [7; 79];
        for _ in 0..depth {
            let hash = Sha256::digest(black_box(node));
            node[47..].copy_from_slice(&hash);
        }
        node
    };
    let mut number = 0;
    row(
        &format!("set a head in a map of {count}, and the root"),
        || {
            number += 7919;
            let before = map.clone();
            map.insert(key_of(number % count), head());
            (before, map.root())
        },
        &format!("{depth} SHA-256"),
        || levels(depth),
    );
    let root = if map.root() == root { root } else { map.root() };
    let mut keys = [target, key_of(1), key_of(2)];
    keys.sort();
    row(
        &format!("make a proof of a head among {count}"),
        || map.prove(&target),
        &format!("{depth} SHA-256"),
        || levels(depth),
    );
    let proof = map.prove(&target);
    row(
        &format!("verify a proof of a head among {count}"),
        || proof.verify(&root, &target).unwrap(),
        &format!("{depth} SHA-256"),
        || levels(depth),
    );
    let bytes = map.prove_all(&keys).unwrap().encode();
    let joint = || tenon_registry_client::log::JointMapProof::decode(&bytes).unwrap();
    let depth: usize = keys.iter().map(|key| map.prove(key).steps.len()).sum();
    row(
        &format!("read and verify a proof of 3 heads among {count}"),
        || joint().verify(&root, &keys).unwrap(),
        &format!("{depth} SHA-256"),
        || levels(depth),
    );
}

//! Test vectors of other projects, from the folder that `TENON_VECTORS` names, and our own.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may stop where it fails"
)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Number;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use tenon_registry_client::log::{
    Edge, Hash, ProofError, PublicKey, TilePath, Tiles, compute_root, decode_entries,
    prove_consistency, prove_inclusion, prove_inclusions, tiles_for_consistency,
    tiles_for_inclusion, tiles_for_root, verify_consistency, verify_inclusion, verify_inclusions,
};

/// Prints what was found, past what keeps the output of a test that passes: that vectors were not
/// there, and so nothing was tested, must be seen.
macro_rules! say {
    ($($what:tt)*) => {{
        let mut stderr = std::io::stderr().lock();
        writeln!(stderr, $($what)*).unwrap()
    }};
}

/// The folder below that of all vectors; `None`, and a line that says so, if there are none here.
fn vectors(folder: &str) -> Option<PathBuf> {
    let Some(all) = std::env::var_os("TENON_VECTORS") else {
        say!("NOT RUN: the vectors in {folder}, because TENON_VECTORS is not set");
        return None;
    };
    Some(Path::new(&all).join(folder))
}

/// The JSON files below a folder, in order.
fn json_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = vec![];
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(json_files(&path));
        } else if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// A case of an inclusion proof. A number may be any, and a hash any bytes.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Inclusion {
    leaf_idx: Number,
    tree_size: Number,
    root: String,
    leaf_hash: String,
    proof: Option<Vec<String>>,
    #[serde(rename = "desc")]
    _desc: String,
    want_err: bool,
}

/// A case of a consistency proof. A number may be any, and a hash any bytes.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Consistency {
    size1: Number,
    size2: Number,
    root1: String,
    root2: String,
    proof: Option<Vec<String>>,
    #[serde(rename = "desc")]
    _desc: String,
    want_err: bool,
}

#[derive(Debug, PartialEq)]
enum Outcome {
    Accepted,
    Refused,
    /// What is given is no number or no hash at all.
    RefusedAtEdge,
}

/// A hash, or what stands for one in cases where no proof depends on it.
fn hash(text: &str) -> Option<Hash> {
    if let Ok(hash) = text.parse() {
        return Some(hash);
    }
    // Texts that say they do not matter are as equal or different as the hashes made of them.
    let bytes = STANDARD.decode(text).unwrap();
    bytes.starts_with(b"don't care").then(|| Hash::leaf(&bytes))
}

fn hashes(texts: &Option<Vec<String>>) -> Option<Vec<Hash>> {
    texts.iter().flatten().map(|text| hash(text)).collect()
}

fn outcome(verified: Option<Result<(), ProofError>>) -> Outcome {
    match verified {
        None => Outcome::RefusedAtEdge,
        Some(Err(_)) => Outcome::Refused,
        Some(Ok(())) => Outcome::Accepted,
    }
}

fn include(case: &Inclusion) -> Option<Result<(), ProofError>> {
    Some(verify_inclusion(
        &hash(&case.leaf_hash)?,
        case.leaf_idx.as_u64()?,
        case.tree_size.as_u64()?,
        &hash(&case.root)?,
        &hashes(&case.proof)?,
    ))
}

fn extend(case: &Consistency) -> Option<Result<(), ProofError>> {
    Some(verify_consistency(
        case.size1.as_u64()?,
        &hash(&case.root1)?,
        case.size2.as_u64()?,
        &hash(&case.root2)?,
        &hashes(&case.proof)?,
    ))
}

#[test]
fn rfc6962_proofs() {
    let Some(folder) = vectors("rfc6962") else {
        return;
    };
    let mut outcomes = vec![];
    for (kind, expected) in [("inclusion", 98), ("consistency", 98)] {
        let files = json_files(&folder.join(kind));
        assert_eq!(files.len(), expected, "{kind}");
        for file in files {
            let text = fs::read_to_string(&file).unwrap();
            let (outcome, want_err) = if kind == "inclusion" {
                let case: Inclusion = serde_json::from_str(&text).unwrap();
                (outcome(include(&case)), case.want_err)
            } else {
                let case: Consistency = serde_json::from_str(&text).unwrap();
                (outcome(extend(&case)), case.want_err)
            };
            assert_eq!(outcome != Outcome::Accepted, want_err, "{}", file.display());
            outcomes.push(outcome);
        }
    }
    let count = |wanted: Outcome| outcomes.iter().filter(|one| **one == wanted).count();
    let accepted = count(Outcome::Accepted);
    let refused = count(Outcome::Refused);
    let at_edge = count(Outcome::RefusedAtEdge);
    let all = outcomes.len();
    say!(
        "{all} of 196 cases as wanted: {accepted} accepted, {refused} refused by the verifier, \
         {at_edge} refused before that, for what is no u64 or not 32 bytes"
    );
    assert_eq!(all, 196);
    assert!(accepted > 0 && refused > 0);
    let subtrees = ["subtreeinclusion", "subtreeconsistency"];
    let subtrees: usize = subtrees
        .iter()
        .map(|kind| json_files(&folder.join(kind)).len())
        .sum();
    say!("not applicable: {subtrees} proofs about subtrees, which no log here uses");
    assert_eq!(subtrees, 322);
}

#[test]
fn tessera_log() {
    let Some(folder) = vectors("tlog-tiles/tessera-log") else {
        return;
    };
    let read = |path: TilePath| fs::read(folder.join(path.to_string())).unwrap();
    let roots: Vec<Hash> = (0..=15_u64)
        .map(|size| {
            let text = fs::read_to_string(folder.join(format!("checkpoint.{size}"))).unwrap();
            let lines: Vec<&str> = text.lines().collect();
            assert_eq!(lines[0], "example.com/log/testdata");
            assert_eq!(lines[1], size.to_string());
            assert_eq!(lines[3], "");
            lines[2].parse().unwrap()
        })
        .collect();
    let (mut files, mut proofs) = (0, 0);
    for (size, root) in (0_u64..).zip(&roots) {
        let mut edge = Edge::new();
        for path in TilePath::bundles(size) {
            let bundle = read(path);
            for entry in decode_entries(&bundle, path.width()).unwrap() {
                edge.push(Hash::leaf(entry)).unwrap();
            }
            files += 1;
        }
        assert_eq!((edge.size(), edge.root()), (size, *root), "from entries");

        let mut tiles = Tiles::new();
        for path in TilePath::tiles(size) {
            tiles.insert(path, &read(path)).unwrap();
            files += 1;
        }
        assert_eq!(
            compute_root(&tiles, size),
            Ok(*root),
            "from tiles, size {size}"
        );
        let all: Vec<TilePath> = TilePath::tiles(size).collect();
        assert!(tiles_for_root(size).iter().all(|path| all.contains(path)));

        let leaves: Vec<Hash> = edge_leaves(&folder, size);
        for (index, leaf) in (0_u64..).zip(&leaves) {
            let needed = tiles_for_inclusion(index, size).unwrap();
            assert!(needed.iter().all(|path| all.contains(path)));
            let proof = prove_inclusion(&tiles, index, size).unwrap();
            assert_eq!(verify_inclusion(leaf, index, size, root, &proof), Ok(()));
            proofs += 1;
        }
        for (old, old_root) in (0_u64..=size).zip(&roots) {
            if old == 0 && size > 0 {
                let nothing = Err(ProofError::NothingOld { new: size });
                assert_eq!(verify_consistency(old, old_root, size, root, &[]), nothing);
                continue;
            }
            let needed = tiles_for_consistency(old, size).unwrap();
            assert!(needed.iter().all(|path| all.contains(path)));
            let proof = prove_consistency(&tiles, old, size).unwrap();
            let accepted = verify_consistency(old, old_root, size, root, &proof);
            assert_eq!(accepted, Ok(()), "{old} to {size}");
            proofs += 1;
        }
    }
    say!("16 sizes: {files} files read, {proofs} proofs made of them accepted");
    assert_eq!((files, proofs), (30, 120 + 121));
}

fn edge_leaves(folder: &Path, size: u64) -> Vec<Hash> {
    let read = |path: TilePath| fs::read(folder.join(path.to_string())).unwrap();
    let bundles = TilePath::bundles(size).map(|path| (read(path), path.width()));
    bundles
        .flat_map(|(bundle, width)| {
            let entries = decode_entries(&bundle, width).unwrap();
            entries.into_iter().map(Hash::leaf).collect::<Vec<_>>()
        })
        .collect()
}

/// A signature with something odd about it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Oddity {
    number: u32,
    key: String,
    sig: String,
    msg: String,
    #[serde(rename = "flags")]
    _flags: Option<Vec<String>>,
}

fn from_hex(text: &str) -> Vec<u8> {
    let pairs = text.as_bytes().chunks(2);
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    pairs.map(byte).collect()
}

#[test]
fn odd_signatures() {
    let Some(folder) = vectors("ed25519") else {
        return;
    };
    let text = fs::read_to_string(folder.join("ed25519vectors.json")).unwrap();
    let cases: Vec<Oddity> = serde_json::from_str(&text).unwrap();
    let (mut accepted, mut strict) = (vec![], 0);
    for case in &cases {
        let key: [u8; 32] = from_hex(&case.key).try_into().unwrap();
        let (signature, message) = (from_hex(&case.sig), case.msg.as_bytes());
        if PublicKey::from_bytes(&key).is_ok_and(|key| key.verifies(message, &signature)) {
            accepted.push(case.number);
        }
        let signature = ed25519_dalek::Signature::from_slice(&signature);
        let by = ed25519_dalek::VerifyingKey::from_bytes(&key).ok();
        let bare = by.zip(signature.ok());
        strict += usize::from(
            bare.is_some_and(|(key, signature)| key.verify_strict(message, &signature).is_ok()),
        );
    }
    assert_eq!((cases.len(), accepted.as_slice()), (914, &[305][..]));
    say!("914 signatures: 1 accepted (no. 305), 913 refused");
    say!("`verify_strict` alone accepts {strict}");
}

/// Our vectors of the joint inclusion proof, which docs/joint-proof.md specifies.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
struct Joint {
    about: String,
    cases: Vec<JointCase>,
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
struct JointCase {
    name: String,
    size: u64,
    root: String,
    leaves: Vec<JointLeaf>,
    proof: Vec<String>,
    want: Want,
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
struct JointLeaf {
    index: u64,
    hash: String,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Want {
    Accepted,
    MissingHashes,
    ExtraHashes,
    OutsideLog,
    RootDiffers,
    RepeatedLeaf,
    LeavesOutOfOrder,
    NoLeaves,
}

fn want(verified: &Result<(), ProofError>) -> Want {
    match verified {
        Ok(()) => Want::Accepted,
        Err(ProofError::MissingHashes { .. }) => Want::MissingHashes,
        Err(ProofError::ExtraHashes { .. }) => Want::ExtraHashes,
        Err(ProofError::OutsideLog { .. }) => Want::OutsideLog,
        Err(ProofError::RootDiffers { .. }) => Want::RootDiffers,
        Err(ProofError::RepeatedLeaf { .. }) => Want::RepeatedLeaf,
        Err(ProofError::LeavesOutOfOrder { .. }) => Want::LeavesOutOfOrder,
        Err(ProofError::NoLeaves) => Want::NoLeaves,
        Err(other) => panic!("{other}"),
    }
}

fn joint_case(name: &str, indices: &[u64], size: u64, want: Want) -> JointCase {
    let mut edge = Edge::new();
    let mut leaves = vec![];
    for index in 0..size {
        let leaf = Hash::leaf(index.to_string().as_bytes());
        edge.push(leaf).unwrap();
        leaves.push(leaf);
    }
    let mut tiles = Tiles::new();
    let bytes: Vec<u8> = leaves.iter().flat_map(|leaf| *leaf.as_bytes()).collect();
    let path = TilePath::hashes(0, 0, size.try_into().unwrap()).unwrap();
    tiles.insert(path, &bytes).unwrap();
    let proof = prove_inclusions(&tiles, indices, size).unwrap();
    let leaf = |index: &u64| JointLeaf {
        index: *index,
        hash: leaves[*index as usize].to_string(),
    };
    JointCase {
        name: name.to_owned(),
        size,
        root: edge.root().to_string(),
        leaves: indices.iter().map(leaf).collect(),
        proof: proof.iter().map(ToString::to_string).collect(),
        want,
    }
}

fn joint_cases() -> Joint {
    let accepted =
        |name: &str, indices: &[u64], size| joint_case(name, indices, size, Want::Accepted);
    let mut cases = vec![
        accepted("the only leaf", &[0], 1),
        accepted("one leaf of two", &[1], 2),
        accepted("all leaves, no hashes", &[0, 1, 2, 3, 4], 5),
        accepted("one leaf in the middle", &[4], 7),
        accepted("the last leaf of an incomplete log", &[6], 7),
        accepted("two neighbours", &[2, 3], 7),
        accepted("two apart", &[0, 6], 7),
        accepted("three of a complete log", &[1, 4, 7], 8),
        accepted("five of seventy", &[0, 31, 32, 63, 69], 70),
    ];
    let refused = |name: &str, want, change: fn(&mut JointCase)| {
        let mut case = joint_case(name, &[1, 4], 7, want);
        change(&mut case);
        case
    };
    cases.extend([
        refused("a hash dropped", Want::MissingHashes, |case| {
            case.proof.pop();
        }),
        refused("a hash added", Want::ExtraHashes, |case| {
            case.proof.push(case.proof[0].clone());
        }),
        refused("two hashes swapped", Want::RootDiffers, |case| {
            case.proof.swap(0, 1);
        }),
        refused(
            "the hashes of the leaves swapped",
            Want::RootDiffers,
            |case| {
                let (first, rest) = case.leaves.split_at_mut(1);
                std::mem::swap(&mut first[0].hash, &mut rest[0].hash);
            },
        ),
        refused("another index", Want::RootDiffers, |case| {
            case.leaves[1].index = 5
        }),
        refused("another root", Want::RootDiffers, |case| {
            case.root.clone_from(&case.proof[0]);
        }),
        refused("an index that is the size", Want::OutsideLog, |case| {
            case.leaves[1].index = 7;
        }),
        refused("a leaf repeated", Want::RepeatedLeaf, |case| {
            case.leaves[1].index = 1;
        }),
        refused("leaves in another order", Want::LeavesOutOfOrder, |case| {
            case.leaves.reverse();
        }),
        refused(
            "no leaves, and the root as the proof",
            Want::NoLeaves,
            |case| {
                case.leaves.clear();
                case.proof = vec![case.root.clone()];
            },
        ),
    ]);
    let about = "Joint inclusion proofs, as docs/joint-proof.md specifies them. The leaf with the \
                 index n is the decimal text of n; hashes are in base64. `want` is `accepted`, or \
                 what is wrong.";
    Joint {
        about: about.to_owned(),
        cases,
    }
}

#[test]
fn joint_inclusion_proofs() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/joint-inclusion.json");
    let made = serde_json::to_string_pretty(&joint_cases()).unwrap() + "\n";
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&file, &made).unwrap();
    }
    let text = fs::read_to_string(&file).unwrap();
    let joint: Joint = serde_json::from_str(&text).unwrap();
    for case in &joint.cases {
        let leaf = |leaf: &JointLeaf| (leaf.index, leaf.hash.parse().unwrap());
        let leaves: Vec<(u64, Hash)> = case.leaves.iter().map(leaf).collect();
        let proof: Vec<Hash> = case
            .proof
            .iter()
            .map(|hash| hash.parse().unwrap())
            .collect();
        let root = case.root.parse().unwrap();
        let verified = verify_inclusions(&leaves, case.size, &root, &proof);
        assert_eq!(want(&verified), case.want, "{}: {verified:?}", case.name);
    }
    assert_eq!(
        text, made,
        "run with UPDATE=1 if the cases were meant to change"
    );
}

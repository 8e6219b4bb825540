//! The committed vectors, for those who write another implementation.

use crate::model::{self, Model};
use crate::{head, keys};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use std::path::Path;
use tenon_registry_client::log::{Hash, Head, JointMapProof, Map, MapKey};

/// Keys, hashes and proofs are in base64; a proof is in the joint encoding, also for one key.
#[derive(Serialize, Deserialize)]
struct Vectors {
    maps: Vec<MapVector>,
    refused: Vec<Refused>,
}

#[derive(Serialize, Deserialize)]
struct MapVector {
    name: String,
    entries: Vec<Entry>,
    root: String,
    proofs: Vec<Proof>,
    /// The root once one more entry is set, each on its own.
    after: Vec<After>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    key: String,
    #[serde(flatten)]
    head: Value,
}

#[derive(Clone, Serialize, Deserialize)]
struct Value {
    index: u64,
    seq: u32,
    hash: String,
}

#[derive(Serialize, Deserialize)]
struct Proof {
    keys: Vec<String>,
    proof: String,
    /// For each key its head, or null if it is proved absent.
    answers: Vec<Option<Value>>,
}

#[derive(Serialize, Deserialize)]
struct After {
    key: String,
    #[serde(flatten)]
    head: Value,
    root: String,
}

#[derive(Serialize, Deserialize)]
struct Refused {
    reason: String,
    root: String,
    keys: Vec<String>,
    proof: String,
}

#[test]
fn are_what_the_map_makes_and_the_verifier_takes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/map.json");
    let made = serde_json::to_string_pretty(&make()).unwrap() + "\n";
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap();
    assert!(
        made == committed,
        "{} is out of date: run with UPDATE=1",
        path.display()
    );
    let vectors: Vectors = serde_json::from_str(&committed).unwrap();
    vectors.maps.iter().for_each(check_map);
    vectors.refused.iter().for_each(check_refused);
}

fn check_map(vector: &MapVector) {
    let entries = vector.entries.iter();
    let model: Model = entries
        .map(|entry| (key(&entry.key), entry.head.head()))
        .collect();
    for entry in &vector.entries {
        if let Some(subject) = &entry.subject {
            assert_eq!(MapKey::of(subject), key(&entry.key));
        }
    }
    let root: Hash = vector.root.parse().unwrap();
    assert_eq!(root, Hash::from(model::root(&model)), "{}", vector.name);
    for Proof {
        keys,
        proof,
        answers,
    } in &vector.proofs
    {
        let keys: Vec<MapKey> = keys.iter().map(|text| key(text)).collect();
        let proof = JointMapProof::decode(&STANDARD.decode(proof).unwrap()).unwrap();
        let expected: Vec<Option<Head>> = answers
            .iter()
            .map(|answer| answer.as_ref().map(Value::head))
            .collect();
        assert_eq!(proof.verify(&root, &keys), Ok(expected));
    }
    for after in &vector.after {
        let mut model = model.clone();
        model.insert(key(&after.key), after.head.head());
        assert_eq!(after.root.parse(), Ok(Hash::from(model::root(&model))));
    }
}

fn check_refused(vector: &Refused) {
    let root: Hash = vector.root.parse().unwrap();
    let keys: Vec<MapKey> = vector.keys.iter().map(|text| key(text)).collect();
    let bytes = STANDARD.decode(&vector.proof).unwrap();
    let verified = JointMapProof::decode(&bytes).and_then(|proof| proof.verify(&root, &keys));
    assert_eq!(verified.unwrap_err().to_string(), vector.reason);
}

fn make() -> Vectors {
    let subjects = ["namespace acme", "package acme:http", "package acme:json"];
    let mut maps = vec![];
    for (count, name) in ["no key", "one key", "two keys", "three keys"]
        .iter()
        .enumerate()
    {
        let entries = (1..).zip(&subjects[..count]).map(|(number, subject)| {
            let hash = Hash::from([number; 32]);
            let (index, seq) = (u64::from(number) * 10, u32::from(number));
            let head = Head { index, seq, hash };
            (Some(*subject), MapKey::of(subject), head)
        });
        maps.push(map_vector(name, entries.collect()));
    }
    let bits = [0, 1, 2, 3, 0x80, 0xff].map(|last| {
        let mut key = [0x55; 32];
        key[31] = last;
        key
    });
    let near = (0..)
        .map(head)
        .zip(bits.iter().chain(&[[0; 32], [0xff; 32]]));
    let near = near.map(|(head, key)| (None, MapKey::from(*key), head));
    maps.push(map_vector("keys that differ late", near.collect()));
    let many = keys(0..40).into_iter().zip((0..).map(head));
    let many = many.map(|(key, head)| (None, key, head));
    maps.push(map_vector("forty keys", many.collect()));
    Vectors {
        maps,
        refused: refused(),
    }
}

fn map_vector(name: &str, entries: Vec<(Option<&str>, MapKey, Head)>) -> MapVector {
    let map: Map = entries.iter().map(|(_, key, head)| (*key, *head)).collect();
    let present: Vec<MapKey> = entries.iter().map(|(_, key, _)| *key).take(8).collect();
    let absent = [
        MapKey::of("package acme:none"),
        MapKey::of("package acme:nil"),
        [0x54; 32].into(),
    ];
    let some = present.iter().take(3).chain(&absent);
    let mut asked: Vec<Vec<MapKey>> = some.clone().map(|key| vec![*key]).collect();
    asked.push(some.copied().collect());
    asked.push(present.iter().chain(&absent).copied().collect());
    asked.iter_mut().for_each(|keys| keys.sort());
    asked.dedup();
    let proofs = asked.iter().map(|keys| Proof {
        keys: keys.iter().map(base64).collect(),
        proof: STANDARD.encode(map.prove_all(keys).unwrap().encode()),
        answers: keys.iter().map(|key| map.get(key).map(Value::of)).collect(),
    });
    let after = present.iter().take(2).chain(&absent).map(|key| {
        let new = head(1_000);
        let root = map.prove(key).root_after(&map.root(), key, new);
        After {
            key: base64(key),
            head: Value::of(&new),
            root: root.unwrap().to_string(),
        }
    });
    MapVector {
        name: name.to_owned(),
        root: map.root().to_string(),
        proofs: proofs.collect(),
        after: after.collect(),
        entries: entries
            .iter()
            .map(|(subject, key, head)| Entry {
                subject: subject.map(str::to_owned),
                key: base64(key),
                head: Value::of(head),
            })
            .collect(),
    }
}

fn refused() -> Vec<Refused> {
    let [a, b, c, d] = [0x00, 0x40, 0x80, 0xc0].map(|first| MapKey::from([first; 32]));
    let map: Map = [a, b, c].into_iter().zip((0..).map(head)).collect();
    let bytes_for = |keys: &[MapKey]| map.prove_all(keys).unwrap().encode();
    let one = bytes_for(&[a]);
    let two = bytes_for(&[a, b]);
    let changed = |at: usize, to: u8| {
        let mut bytes = one.clone();
        bytes[at] = to;
        bytes
    };
    let leaf = [&[1], a.as_bytes().as_slice(), &head(0).to_bytes()].concat();
    let forks: Vec<u8> = (0..16).flat_map(|position| [3, position]).collect();
    let misplaced = model::inner(0, model::leaf(&c, &head(0)), [0; 32]);
    let off_path = [vec![2, 0], vec![0; 32], vec![1]].concat();
    let off_path = [&off_path, c.as_bytes().as_slice(), &head(0).to_bytes()].concat();
    let root = map.root();
    let cases = [
        (root, vec![], one.clone()),
        (root, vec![b, a], two.clone()),
        (root, vec![a, a], two.clone()),
        (root, (0..17).map(|n| [n; 32].into()).collect(), one.clone()),
        (root, vec![a, b], one.clone()),
        (root, vec![a, c], two.clone()),
        (root, vec![a], two),
        (root, vec![b], one.clone()),
        (root, vec![d], bytes_for(&[a])),
        (root, vec![a], vec![0]),
        (root, vec![a], changed(2, one[2] ^ 1)),
        (root, vec![a], changed(35, 0)),
        (root, vec![a], changed(0, 4)),
        (root, vec![a], one[..one.len() - 1].to_vec()),
        (root, vec![a], [&one[..], &[0]].concat()),
        (root, vec![a], [&one[..34], &[0]].concat()),
        (root, vec![a], vec![]),
        (root, vec![a], [forks, leaf.repeat(17)].concat()),
        (Map::new().root(), vec![a], leaf),
        (Hash::from(misplaced), vec![a], off_path),
    ];
    let vector = |(root, keys, proof): (Hash, Vec<MapKey>, Vec<u8>)| {
        let error = JointMapProof::decode(&proof).and_then(|proof| proof.verify(&root, &keys));
        Refused {
            reason: error.unwrap_err().to_string(),
            root: root.to_string(),
            keys: keys.iter().map(base64).collect(),
            proof: STANDARD.encode(proof),
        }
    };
    cases.into_iter().map(vector).collect()
}

impl Value {
    fn of(head: &Head) -> Value {
        Value {
            index: head.index,
            seq: head.seq,
            hash: head.hash.to_string(),
        }
    }

    fn head(&self) -> Head {
        Head {
            index: self.index,
            seq: self.seq,
            hash: self.hash.parse().unwrap(),
        }
    }
}

fn base64(key: &MapKey) -> String {
    STANDARD.encode(key.as_bytes())
}

fn key(text: &str) -> MapKey {
    let bytes: [u8; 32] = STANDARD.decode(text).unwrap().try_into().unwrap();
    bytes.into()
}

//! C13 to C17, C24: who signs a checkpoint, and in which form.

use crate::place::{Place, Said};
use crate::scene::*;
use crate::server::now;
use crate::support::*;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::cell::RefCell;
use std::collections::HashMap;
use std::convert::Infallible;
use std::fs;
use tenon_registry_client::Digest;
use tenon_registry_client::log::{
    Algorithm, Checkpoint, Hash, KeyName, NodeId, Nodes, NoteSignature, Origin, SigningKey,
    compute_root,
};
use tenon_registry_client::record::{SignedRecord, Statement, Subject};
use tenon_registry_client::verify::{LogView, prove};

/// Changes the note of every bundle as text.
fn rewrite(place: &Place, lie: impl Fn(&str) -> Vec<u8> + Send + 'static) {
    twist(place, move |bundle| {
        let note = String::from_utf8(bundle.checkpoint.clone()).unwrap();
        bundle.checkpoint = lie(&note);
    });
}

/// The note with one line changed: that of the log's signature.
fn with_signature(note: &str, change: impl Fn(&mut Vec<u8>)) -> Vec<u8> {
    let begin = "— registry.example/log ";
    let mut lines: Vec<String> = note.lines().map(str::to_owned).collect();
    let line = lines
        .iter_mut()
        .find(|line| line.starts_with(begin))
        .unwrap();
    let mut bytes = STANDARD.decode(&line[begin.len()..]).unwrap();
    change(&mut bytes);
    *line = format!("{begin}{}", STANDARD.encode(bytes));
    (lines.join("\n") + "\n").into_bytes()
}

fn signed_by(place: &Place, key: &SigningKey, origin: &str) -> String {
    let mut checkpoint = place
        .server
        .world()
        .registry
        .checkpoint()
        .checkpoint()
        .clone();
    checkpoint.origin = Origin::new(origin).unwrap();
    checkpoint.sign(key).unwrap().to_string()
}

#[test]
fn c13_only_a_known_key_signs_for_the_log() {
    for place in [used(), stranger()] {
        let evil = key("registry.example/log#evil");
        let named_alike = alias("registry.example/log", "another secret");
        let another_origin = signed_by(&place, &key("evil.example/log"), "evil.example/log");
        let by_strangers = [
            another_origin,
            signed_by(&place, &key("evil.example/log"), "registry.example/log"),
            signed_by(&place, &evil, "registry.example/log"),
            signed_by(&place, &named_alike, "registry.example/log"),
        ];
        // Signed for another origin with the right key.
        let mut registry = place.server.world().registry.clone();
        registry.origin = Origin::new("evil.example/log").unwrap();
        let right_key = registry.checkpoint().to_string();
        for note in by_strangers.into_iter().chain([right_key]) {
            rewrite(&place, move |_| note.clone().into_bytes());
            all_refuse(&place, "verify::checkpoint");
        }
        // The right name and id, with a signature that is damaged, cut, or by another key.
        let other = signed_by(&place, &named_alike, "registry.example/log");
        let other = other.lines().last().unwrap().rsplit(' ').next().unwrap();
        let other = STANDARD.decode(other).unwrap();
        rewrite(&place, |note| with_signature(note, |bytes| bytes[20] ^= 1));
        all_refuse(&place, "verify::checkpoint");
        rewrite(&place, |note| {
            with_signature(note, |bytes| bytes.truncate(40))
        });
        all_refuse(&place, "verify::checkpoint");
        rewrite(&place, |note| with_signature(note, |bytes| bytes[0] ^= 1));
        all_refuse(&place, "verify::checkpoint");
        rewrite(&place, move |note| {
            with_signature(note, |bytes| bytes[4..].copy_from_slice(&other[4..]))
        });
        all_refuse(&place, "verify::checkpoint");
        believes_the_truth(&place);
    }
}

/// Someone who asks for two of three witnesses, and those.
fn witnessed() -> (Place, [SigningKey; 3]) {
    let place = stranger();
    let witnesses = ["w.example/a", "w.example/b", "w.example/c"].map(cosigner);
    let mut policy = String::new();
    for (name, witness) in ["a", "b", "c"].iter().zip(&witnesses) {
        policy.push_str(&format!("witness {name} {}\n", witness.vkey()));
    }
    policy.push_str("group two 2 a b c\nquorum two\n");
    fs::write(place.at("policy"), policy).unwrap();
    let (base, pin) = (place.server.base(), place.server.pin());
    place.ok(&[
        "registry", "add", "local", &base, &pin, "--policy", "policy",
    ]);
    fs::remove_file(place.at("policy")).unwrap();
    (place, witnesses)
}

#[test]
fn c14_one_witness_has_one_vote() {
    let (place, [a, b, c]) = witnessed();
    let seed = *Digest::of(b"w.example/a").as_bytes();
    let alias = |name: &str| {
        SigningKey::from_seed(KeyName::new(name).unwrap(), Algorithm::Cosignature, &seed)
    };
    let later = now() + 600;
    let votes: [(Vec<(SigningKey, u64)>, &str); 6] = [
        (vec![(a.clone(), now())], "verify::quorum"),
        // Again and again, by one.
        (
            vec![
                (a.clone(), now()),
                (a.clone(), now()),
                (a.clone(), now() - 1),
            ],
            "verify::quorum",
        ),
        // Under the names of the others.
        (
            vec![
                (a.clone(), now()),
                (alias("w.example/b"), now()),
                (alias("w.example/c"), now()),
            ],
            "verify::quorum",
        ),
        // From the future.
        (
            vec![
                (a.clone(), now()),
                (b.clone(), later),
                (c.clone(), i64::MAX as u64),
            ],
            "verify::quorum",
        ),
        // Long ago.
        (
            vec![(a.clone(), now()), (b.clone(), now() - 90_000)],
            "verify::stale",
        ),
        (
            vec![(a.clone(), now()), (b.clone(), 0), (c, 1)],
            "verify::stale",
        ),
    ];
    for (votes, code) in votes {
        {
            let mut world = place.server.world();
            resign(&mut world.registry, |registry| {
                let mut signed = registry.checkpoint();
                for (key, time) in votes {
                    signed.cosign(&key, time).unwrap();
                }
                signed
            });
        }
        all_refuse(&place, code);
    }
    // A time that no cosigner can have signed is no signature of it.
    for high in [0x80, 0xff] {
        let mut world = place.server.world();
        resign(&mut world.registry, |registry| {
            let mut signed = registry.checkpoint();
            signed.cosign(&a, now()).unwrap();
            signed.cosign(&b, now()).unwrap();
            signed
        });
        drop(world);
        rewrite(&place, move |note| {
            let changed = note
                .lines()
                .map(|line| match line.strip_prefix("— w.example/b ") {
                    Some(bytes) => {
                        let mut bytes = STANDARD.decode(bytes).unwrap();
                        bytes[4] = high;
                        format!("— w.example/b {}\n", STANDARD.encode(bytes))
                    }
                    None => format!("{line}\n"),
                });
            changed.collect::<String>().into_bytes()
        });
        all_refuse(&place, "verify::checkpoint");
    }
    believes_the_truth(&place);
    // A policy that names one key three times is none.
    let mut policy = String::new();
    for name in ["w.example/a", "w.example/b", "w.example/c"] {
        policy.push_str(&format!("witness {} {}\n", &name[10..], alias(name).vkey()));
    }
    policy.push_str("group two 2 a b c\nquorum two\n");
    fs::write(place.at("policy"), policy).unwrap();
    let (base, pin) = (place.server.base(), place.server.pin());
    let words = [
        "registry", "add", "local", &base, &pin, "--policy", "policy",
    ];
    refuses(&place, 2, "registry::policy", &words);
}

#[test]
fn c15_a_note_has_its_bounds() {
    let place = stranger();
    let line = |length: usize, number: usize| {
        let bytes = vec![number as u8; length];
        format!("— other.example/{number} {}\n", STANDARD.encode(bytes))
    };
    // Lines that nobody knows are nobody's business, and neither are 12 more of 5 kB.
    let many: String = (0..12).map(|number| line(5_000, number)).collect();
    rewrite(&place, move |note| format!("{note}{many}").into_bytes());
    place.ok(&GET);
    fs::remove_file(place.at("out")).unwrap();
    let grease = NoteSignature::grease(&[7; 16]);
    rewrite(&place, move |note| format!("{note}{grease}\n").into_bytes());
    place.ok(&GET);
    fs::remove_file(place.at("out")).unwrap();
    // More lines, or more bytes, than anyone needs.
    let lines: String = (0..1_000).map(|number| line(20, number)).collect();
    rewrite(&place, move |note| format!("{note}{lines}").into_bytes());
    all_refuse(&place, "verify::checkpoint");
    for lines in [20_000, 100_000] {
        let lines: String = (0..lines).map(|number| line(20, number)).collect();
        rewrite(&place, move |note| format!("{note}{lines}").into_bytes());
        all_refuse(&place, "verify::malformed");
    }
    // A note of a gigabyte, by its word for it.
    tell(&place.server, |target, reply| {
        if target.starts_with("/api/v1/proof") {
            reply.body[24..28].copy_from_slice(&(1_u32 << 30).to_be_bytes());
        }
    });
    all_refuse(&place, "verify::malformed");
    believes_the_truth(&place);
}

#[test]
fn c16_a_note_has_one_form() {
    let place = used();
    type Rewrite = fn(&str) -> Vec<u8>;
    let forms: [Rewrite; 12] = [
        |note| note.replace('\n', "\r\n").into_bytes(),
        |note| note.replacen("\n\n", "\r\n\n", 1).into_bytes(),
        |note| note.replacen('\n', "\0\n", 1).into_bytes(),
        |note| [note.as_bytes(), b"\0"].concat(),
        |note| [&[0xff], note.as_bytes()].concat(),
        |note| [note.as_bytes(), "— x \u{7f}\n".as_bytes()].concat(),
        |note| note.replacen("\n\n", "\n", 1).into_bytes(),
        |note| note.trim_end().as_bytes().to_vec(),
        |note| note.split("\n\n").next().unwrap().as_bytes().to_vec(),
        |note| format!("\n{note}").into_bytes(),
        |note| note.replace("— ", "- ").into_bytes(),
        // A body that has a block of signatures of its own: only what follows the last empty line signs.
        |note| format!("{note}\nmore\n\n{}", note.split("\n\n").nth(1).unwrap()).into_bytes(),
    ];
    for form in forms {
        rewrite(&place, form);
        all_refuse(&place, "verify::checkpoint");
    }
    // The liar's body, its own block, and the right block of another body.
    let evil = signed_by(&place, &key("registry.example/log"), "registry.example/log");
    rewrite(&place, move |note| {
        let lied = evil.replacen('\n', "\n9", 1);
        format!("{lied}\n{}", note.split("\n\n").nth(1).unwrap()).into_bytes()
    });
    all_refuse(&place, "verify::checkpoint");
    believes_the_truth(&place);
}

#[test]
fn c17_no_registry_announces_its_own_key() {
    let place = used();
    let honest = place.server.world().registry.clone();
    // The same log under a key that its chain does not have, and a new pin to go with it.
    {
        let mut world = place.server.world();
        world.registry.log = vec![alias("registry.example/log", "a new secret")];
        world.registry.seal();
        let info = format!(
            r#"{{"origin": "registry.example/log", "pin": "{}", "server": "x", "size": 9,
                "limits": {{"content": 1, "record": 1, "page": 1}}}}"#,
            world.registry.pin()
        );
        world
            .answers
            .insert("/api/v1/registry".to_owned(), info.into());
    }
    all_refuse(&place, "verify::checkpoint");
    refuses(&place, 3, "verify::checkpoint", &["log", "show"]);
    refuses(&place, 3, "verify::checkpoint", &["info", "acme:http"]);
    // A new address is followed nowhere.
    let other = crate::server::Server::start();
    let base = other.base();
    tell(&place.server, move |target, reply| {
        reply.status = 308;
        reply.headers = vec![("location".to_owned(), format!("{base}{target}"))];
    });
    refuses(&place, 4, "registry::unavailable", &GET);
    assert_eq!(other.asked(""), 0);
    // Nor does a known name take another pin because someone types it.
    let (base, new) = (place.server.base(), place.server.pin());
    place.server.world().registry = honest;
    assert_ne!(new, place.server.pin());
    let said = Said::of(place.run(&["registry", "add", "local", &base, &new]));
    assert_eq!(said.code, Some(2), "{}", said.err);
    believes_the_truth(&place);
}

/// A log of 2^63 - 1 leaves that nobody wrote: a short one, one leaf again and again, and an index record.
struct Invented {
    registry: Registry,
    last: Hash,
    known: RefCell<HashMap<NodeId, Hash>>,
}

const FAR: u64 = i64::MAX as u64;

impl Invented {
    fn filler(level: u8) -> Hash {
        (0..level).fold(Hash::leaf(b"filler"), |hash, _| Hash::node(&hash, &hash))
    }
}

impl Nodes for Invented {
    type Error = Infallible;

    fn node(&self, id: NodeId) -> Result<Hash, Infallible> {
        let first = id.index << id.level;
        let after = first + (1 << id.level);
        if first >= self.registry.size() && after < FAR {
            return Ok(Invented::filler(id.level));
        }
        if let Some(hash) = self.known.borrow().get(&id) {
            return Ok(*hash);
        }
        let hash = match id.level {
            0 if first + 1 == FAR => self.last,
            0 => Hash::leaf(&self.registry.leaves[first as usize]),
            _ => {
                let level = id.level - 1;
                let left = self.node(NodeId {
                    level,
                    index: id.index * 2,
                })?;
                let right = self.node(NodeId {
                    level,
                    index: id.index * 2 + 1,
                })?;
                Hash::node(&left, &right)
            }
        };
        self.known.borrow_mut().insert(id, hash);
        Ok(hash)
    }
}

/// What whoever has the keys of the log and the index can show for that log.
fn far_ahead(place: &Place) -> Vec<u8> {
    let registry = place.server.world().registry.clone();
    let (covers, map) = (FAR - 1, registry.map.root());
    let record = registry.record(Statement::Index { covers, map });
    let record = SignedRecord::sign(record, &[&registry.index]).unwrap();
    let nodes = Invented {
        last: Hash::leaf(record.bytes()),
        registry: registry.clone(),
        known: RefCell::default(),
    };
    let Ok(root) = compute_root(&nodes, FAR) else {
        panic!("there is such a tree");
    };
    let checkpoint = Checkpoint {
        origin: registry.origin.clone(),
        size: FAR,
        root,
    };
    let mut signed = checkpoint.sign(&registry.log[0]).unwrap();
    signed.cosign(&registry.time_key, now()).unwrap();
    let note = signed.to_string();
    let mut times = registry.index_times.clone();
    times.insert(FAR - 1, record.record().time).unwrap();
    let chain = |subject| registry.chain(&subject, registry.size());
    let name = package("acme:http");
    let view = LogView {
        origin: &registry.origin,
        checkpoint: note.as_bytes(),
        size: FAR,
        nodes: &nodes,
        map: &registry.map,
        registry: &chain(Subject::Registry),
        namespace: &chain(Subject::Namespace(name.namespace().clone())),
        package: &chain(Subject::Package(name)),
        index_times: &times,
        leaf: &|index| match index {
            index if index + 1 == FAR => Some(record.bytes().to_vec()),
            index => registry.leaves.get(index as usize).cloned(),
        },
    };
    let known = tenon_registry_client::verify::Known::default();
    let bundle = prove(&view, &asking("acme:http", &["1.1.0"]), &known).unwrap();
    bundle.encode()
}

#[test]
fn c24_a_log_cannot_be_sent_to_its_end() {
    // Who has used it does not believe that it grew so much.
    let place = used();
    fs::remove_dir_all(place.at("cache")).unwrap();
    let mut lie = far_ahead(&place);
    let size = state(&place).unwrap().checkpoint().size;
    lie[16..24].copy_from_slice(&size.to_be_bytes());
    answer(&place, move |_, _| lie.clone());
    all_refuse(&place, "verify::too-far-ahead");
    believes_the_truth(&place);
    // Who has not, does not without the witnesses that are asked for.
    let (place, _) = witnessed();
    let lie = far_ahead(&place);
    answer(&place, move |_, _| lie.clone());
    all_refuse(&place, "verify::quorum");
    // Who asks for none believes the keys, and can see nothing else until the state is put aside.
    let place = stranger();
    let lie = far_ahead(&place);
    answer(&place, move |_, _| lie.clone());
    let said = place.ok(&GET);
    assert!(
        said.err.contains("it is the operator's word"),
        "{}",
        said.err
    );
    fs::remove_file(place.at("out")).unwrap();
    assert_eq!(state(&place).unwrap().checkpoint().size, FAR);
    place.server.world().lie = None;
    let said = Said::of(place.run(&GET));
    assert_eq!(said.code, Some(3), "{}", said.err);
    assert_eq!(place.files(), [""; 0]);
    let pin = place.server.pin();
    place.ok(&["registry", "reset", "local", &pin]);
    believes_the_truth(&place);
}

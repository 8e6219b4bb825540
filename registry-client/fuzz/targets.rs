//! What holds of every parser, whatever bytes it is given.
//!
//! Each function reads some bytes, fails if what should hold does not, and says whether they were
//! accepted. The fuzz targets and `tests/parsers` call them.

#![allow(unreachable_pub, reason = "shared by the fuzz targets and a test")]

use crate::support::{Client, Registry, asking, bytes_of, cosigner, package, small, version};
use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::Display;
use std::str::FromStr;
use std::sync::OnceLock;
use tenon_registry_client::Digest;
use tenon_registry_client::chain::{NamespaceChain, RegistryChain};
use tenon_registry_client::log::{
    AddCheckpoint, Checkpoint, Hash, JointMapProof, MAX_NOTE, MAX_SIGNATURES, MAX_WITNESS_PROOF,
    MapKey, Note, NoteSignature, Origin, Policy, PublicKey, SignedCheckpoint, TilePath, Tiles,
    TlogProof, Vkey, decode_entries, encode_entries,
};
use tenon_registry_client::monitor::Monitor;
use tenon_registry_client::name::{Namespace, PackageName, Pattern, Version};
use tenon_registry_client::project::wkg::{WkgLock, WkgManifest};
use tenon_registry_client::project::{
    Dependency, LockFile, MAX_LOCK_FILE, MAX_MANIFEST, Manifest, ManifestEdit, conflict,
    new_manifest,
};
use tenon_registry_client::record::{
    MAX_RECORD, MAX_RECORD_SIGNATURES, SignedRecord, Subject, Time,
};
use tenon_registry_client::state::{ForkEvidence, LockedCheckpoint, Pin, TrustState};
use tenon_registry_client::verify::{Bundle, Request, Verified, View};

/// A registry, and a client that has seen it.
pub struct World {
    pub registry: Registry,
    pub fresh: Client,
    pub state: TrustState,
    pub request: Request,
    pub view: Verified<View>,
    pub keys: Vec<Vkey>,
    pub monitor: Monitor,
}

/// The one registry that everything is about.
pub fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let registry = small();
        let fresh = Client::new(&registry);
        let mut client = fresh.clone();
        let request = asking("acme:http", &["1.0.0"]);
        let view = client.ask(&registry, &request).unwrap();
        let keys = [registry.log[0].vkey(), registry.time_key.vkey()];
        World {
            keys: keys.map(Vkey::clone).into(),
            state: client.state.unwrap(),
            monitor: registry.monitor(),
            registry,
            fresh,
            request,
            view,
        }
    })
}

/// An error's text is short, and nothing in it acts on a terminal.
fn check_error(error: &(dyn Error + 'static)) {
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        assert!(text.len() < 4096, "{} bytes: {text}", text.len());
        let harmful = |char: char| {
            char.is_control()
                || matches!(char, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                    | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
        };
        assert!(!text.contains(harmful), "{text:?}");
        next = error.source();
    }
}

/// What was read, if it was.
fn accepted<T, E: Error + 'static>(result: Result<T, E>) -> Option<T> {
    result.map_err(|error| check_error(&error)).ok()
}

/// What `text` is, if anything; then it is written as it was read.
fn same<T: FromStr<Err: Error + 'static> + Display>(text: &str) -> Option<T> {
    let value: T = accepted(text.parse())?;
    assert_eq!(value.to_string(), text);
    Some(value)
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

pub fn note(bytes: &[u8]) -> bool {
    let Some(note) = accepted(Note::parse(bytes)) else {
        return false;
    };
    assert!(bytes.len() <= MAX_NOTE);
    assert!((1..=MAX_SIGNATURES).contains(&note.signatures().len()));
    assert_eq!(note.to_string().as_bytes(), bytes);
    let signed = accepted(note.verify(&world().keys));
    assert!(signed.is_none_or(|signed| !signed.is_empty()));
    true
}

pub fn checkpoint(bytes: &[u8]) -> bool {
    if let Some(checkpoint) = text(bytes).and_then(|text| accepted(Checkpoint::parse(text))) {
        let again = checkpoint.to_string();
        assert_eq!(
            again.trim_end_matches('\n').as_bytes(),
            bytes.trim_ascii_end()
        );
        assert_eq!(Checkpoint::parse(&again).unwrap(), checkpoint);
    }
    let World { registry, keys, .. } = world();
    let Some(signed) = accepted(SignedCheckpoint::open(bytes, &registry.origin, &keys[..1])) else {
        return false;
    };
    assert_eq!(signed.to_string().as_bytes(), bytes);
    let (published, _) = &registry.published[&signed.checkpoint().size];
    assert_eq!(signed.checkpoint(), published.checkpoint());
    accepted(signed.signers(keys));
    true
}

pub fn vkey(bytes: &[u8]) -> bool {
    text(bytes).and_then(same::<Vkey>).is_some()
}

pub fn policy(bytes: &[u8]) -> bool {
    let Some(policy) = accepted(Policy::parse(bytes)) else {
        return false;
    };
    let keys: BTreeSet<&PublicKey> = policy.witnesses().iter().map(|w| w.vkey.key()).collect();
    assert_eq!(keys.len(), policy.witnesses().len(), "a key counts once");
    assert_eq!(policy.is_met(&BTreeSet::new()), policy.is_none());
    assert!(policy.is_met(&keys));
    policy.log_of_another_origin(&world().registry.origin);
    true
}

pub fn record(bytes: &[u8]) -> bool {
    let Some(record) = accepted(SignedRecord::parse(bytes)) else {
        return false;
    };
    assert!(bytes.len() <= MAX_RECORD);
    assert!((1..=MAX_RECORD_SIGNATURES).contains(&record.signatures().len()));
    let lines = record.signatures().iter().map(|line| format!("{line}\n"));
    let again = format!("{}\n{}", record.record(), lines.collect::<String>());
    assert_eq!(again.as_bytes(), bytes);
    assert_eq!(record.bytes(), bytes);
    assert_eq!(record.hash(), Hash::leaf(bytes));
    let origin = record.record().origin.clone();
    match record.record().subject() {
        Subject::Registry => {
            accepted(RegistryChain::new(origin).apply(&record));
        }
        Subject::Namespace(name) => {
            accepted(NamespaceChain::new(origin, name).apply(&record));
        }
        Subject::Package(_) | Subject::Index => {}
    }
    let mut monitor = world().monitor.clone();
    monitor.read(bytes);
    for finding in monitor.findings() {
        check_error(finding);
    }
    true
}

pub fn name(bytes: &[u8]) -> bool {
    let Some(text) = text(bytes) else {
        return false;
    };
    let package = same::<PackageName>(text);
    let pattern = same::<Pattern>(text);
    if let Some(pattern) = &pattern {
        assert!(pattern.is_all() || !pattern.matches(""));
    }
    let version = same::<Version>(text);
    if let Some(version) = &version {
        let without = version.without_build();
        assert!(without.semver().build.is_empty());
        assert_eq!(same::<Version>(&without.to_string()), Some(without));
    }
    package.is_some()
        || version.is_some()
        || pattern.is_some()
        || same::<Namespace>(text).is_some()
        || same::<Subject>(text).is_some()
        || same::<Time>(text).is_some()
        || same::<Digest>(text).is_some()
        || same::<Hash>(text).is_some()
}

pub fn origin(bytes: &[u8]) -> bool {
    text(bytes).and_then(same::<Origin>).is_some()
}

pub fn pin(bytes: &[u8]) -> bool {
    text(bytes).and_then(same::<Pin>).is_some()
}

/// A request to a witness that has cosigned nothing: it cosigns what the log published, and nothing
/// else.
pub fn witness(bytes: &[u8]) -> bool {
    let World { registry, keys, .. } = world();
    let Some(request) = accepted(AddCheckpoint::parse(bytes)) else {
        return false;
    };
    assert_eq!(request.to_string().as_bytes(), bytes);
    assert!(request.proof.len() <= MAX_WITNESS_PROOF);
    let key = cosigner("witness.example/w");
    let Some((signed, line)) = accepted(request.cosign(&keys[..1], None, &key, 0)) else {
        return true;
    };
    let (published, _) = &registry.published[&signed.checkpoint().size];
    assert_eq!(signed.checkpoint(), published.checkpoint());
    assert_eq!(same::<NoteSignature>(&line.to_string()), Some(line));
    true
}

pub fn state(bytes: &[u8]) -> bool {
    let World {
        fresh, registry, ..
    } = world();
    let Some(state) = accepted(TrustState::parse(bytes, &fresh.pin)) else {
        return false;
    };
    assert_eq!(state.to_string().as_bytes(), bytes);
    assert_eq!(state.init(), fresh.pin.init());
    let (published, _) = &registry.published[&state.checkpoint().size];
    assert_eq!(state.checkpoint(), published.checkpoint());
    true
}

pub fn evidence(bytes: &[u8]) -> bool {
    let World { registry, keys, .. } = world();
    let parse = |text| accepted(ForkEvidence::parse(text, &registry.origin, &keys[..1]));
    let Some(evidence) = text(bytes).and_then(parse) else {
        return false;
    };
    assert_eq!(evidence.to_string().as_bytes(), bytes);
    assert_ne!(evidence.held.checkpoint(), evidence.offered.checkpoint());
    true
}

pub fn lock(bytes: &[u8]) -> bool {
    let state = &world().state;
    let Some(locked) = accepted(LockedCheckpoint::open(bytes, state)) else {
        return false;
    };
    assert_eq!(locked.note().to_string().as_bytes(), bytes);
    accepted(locked.check(state, &[]));
    true
}

pub fn bundle(bytes: &[u8]) -> bool {
    let Some(bundle) = accepted(Bundle::decode(bytes)) else {
        return false;
    };
    assert_eq!(bundle.encode(), bytes);
    true
}

/// Only what the registry said is believed, whatever came with it.
pub fn verify(bytes: &[u8]) -> bool {
    let World {
        fresh,
        request,
        view,
        ..
    } = world();
    let Some(found) = accepted(fresh.look(bytes, request)) else {
        return false;
    };
    assert_eq!(found.package(), view.package());
    assert_eq!(found.heads(), view.heads());
    assert_eq!(found.held(), view.held());
    true
}

pub fn tile(bytes: &[u8]) -> bool {
    let Some(path) = text(bytes).and_then(same::<TilePath>) else {
        return false;
    };
    assert!((1..=256).contains(&path.width()));
    assert!(
        path.start()
            .zip(path.end())
            .is_none_or(|(start, end)| start < end)
    );
    assert_eq!(path.full().index(), path.index());
    let hashes = vec![7; 32 * usize::from(path.width())];
    accepted(Tiles::new().insert(path, &hashes));
    true
}

/// The first two bytes are the width.
pub fn entries(bytes: &[u8]) -> bool {
    let Some((width, bundle)) = bytes.split_first_chunk() else {
        return false;
    };
    let width = u16::from_be_bytes(*width);
    let Some(entries) = accepted(decode_entries(bundle, width)) else {
        return false;
    };
    assert_eq!(entries.len(), usize::from(width));
    assert_eq!(encode_entries(&entries).unwrap(), bundle);
    true
}

pub fn tlog_proof(bytes: &[u8]) -> bool {
    let Some(proof) = text(bytes).and_then(|text| accepted(TlogProof::parse(text))) else {
        return false;
    };
    assert!(proof.proof.len() <= 64);
    assert_eq!(proof.to_string().as_bytes(), bytes);
    true
}

/// Only what is in the map is proved, whatever the proof.
pub fn map(bytes: &[u8]) -> bool {
    let Some(proof) = accepted(JointMapProof::decode(bytes)) else {
        return false;
    };
    assert_eq!(proof.encode(), bytes);
    let map = &world().registry.map;
    let texts = [
        "registry",
        "namespace acme",
        "package acme:http",
        "package acme:ftp",
    ];
    let mut keys: Vec<MapKey> = texts.iter().map(|text| MapKey::of(text)).collect();
    keys.sort();
    for some in [&keys[..], &keys[..1], &keys[1..3]] {
        if let Some(heads) = accepted(proof.verify(&map.root(), some)) {
            let wanted: Vec<_> = some.iter().map(|key| map.get(key).copied()).collect();
            assert_eq!(heads, wanted);
        }
    }
    true
}

/// The first byte says in which parts the rest comes.
pub fn content(bytes: &[u8]) -> bool {
    let Some((part, rest)) = bytes.split_first() else {
        return false;
    };
    let release = world().view.release(&version("1.0.0")).unwrap();
    let wanted = bytes_of(&package("acme:http"), &version("1.0.0"));
    let mut check = release.check();
    let mut taken = 0;
    for part in rest.chunks(usize::from(*part).max(1)) {
        if accepted(check.update(part)).is_none() {
            assert!(taken + part.len() > wanted.len());
            return false;
        }
        taken += part.len();
        assert_eq!(check.remaining(), (wanted.len() - taken) as u64);
    }
    let found = accepted(check.finish()).is_some();
    assert_eq!(found, rest == wanted);
    found
}

/// What is read can be written anew and changed; a change makes the change, and can be taken back.
pub fn manifest(bytes: &[u8]) -> bool {
    let Some(text) = text(bytes) else {
        return false;
    };
    let Some(manifest) = accepted(Manifest::parse(text)) else {
        return false;
    };
    assert!(bytes.len() <= MAX_MANIFEST);
    assert_eq!(Manifest::parse(&new_manifest(&manifest)).unwrap(), manifest);
    let mut edit = ManifestEdit::parse(text).unwrap();
    assert_eq!(edit.to_string(), text);
    let name = package("fuzz:new");
    let there = manifest.dependencies.contains_key(&name);
    let dependency = Dependency::Registry("^1.2.3".parse().unwrap());
    if accepted(edit.set_dependency(&name, &dependency)).is_some() {
        assert_eq!(edit.manifest().dependencies[&name], dependency);
        assert!(edit.remove_dependency(&name).unwrap());
        assert!(there || *edit.manifest() == manifest);
    }
    for name in manifest.dependencies.keys() {
        accepted(edit.remove_dependency(name));
    }
    let plug = "fuzz:plug";
    if accepted(edit.add_plug(plug)) == Some(true) {
        assert!(edit.remove_plug(plug).unwrap());
    }
    Manifest::parse(&edit.to_string()).unwrap();
    true
}

/// It is written in one spelling, which is read as the same.
pub fn lock_file(bytes: &[u8]) -> bool {
    let Some(lock) = text(bytes).and_then(|text| accepted(LockFile::parse(text))) else {
        return false;
    };
    assert!(bytes.len() <= MAX_LOCK_FILE);
    let written = lock.to_string();
    let again = LockFile::parse(&written).unwrap();
    assert_eq!(again, lock);
    assert_eq!(again.to_string(), written);
    for ((name, version), package) in &lock.packages {
        assert_eq!((name, version), (package.package(), package.version()));
        if let Some((registry, _)) = package.logged() {
            assert!(lock.registries.contains_key(registry));
        }
    }
    true
}

/// Nothing is on neither side, and neither side is in conflict.
pub fn conflict(bytes: &[u8]) -> bool {
    let Some(text) = text(bytes) else {
        return false;
    };
    let Some(Some((ours, theirs))) = accepted(conflict::sides(text)) else {
        return false;
    };
    assert!(conflict::has_markers(text));
    assert!(ours.len() < text.len() && theirs.len() < text.len());
    for side in [ours, theirs] {
        assert!(!conflict::has_markers(&side));
        let mut lines = text.lines();
        assert!(side.lines().all(|line| lines.any(|other| other == line)));
    }
    true
}

pub fn wkg(bytes: &[u8]) -> bool {
    let Some(text) = text(bytes) else {
        return false;
    };
    let manifest = accepted(WkgManifest::parse(text)).is_some();
    accepted(WkgLock::parse(text)).is_some() || manifest
}

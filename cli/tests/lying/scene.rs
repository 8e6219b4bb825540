//! What a lie must leave as it was, and how lies are told.

use crate::place::{Place, Said};
use crate::server::{Lie, Reply, Server};
use crate::support::Registry;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tenon_registry_client::api::ProofQuery;
use tenon_registry_client::log::SignedCheckpoint;
use tenon_registry_client::state::{ForkEvidence, TrustState};
use tenon_registry_client::store::StateDir;
use tenon_registry_client::verify::{Bundle, Known, Request};

/// The content of the first release, by which a client is no stranger.
pub(crate) const OLD: &[u8] = b"the bytes of the old one";

/// The content of the second release.
pub(crate) const NEW: &[u8] = b"the bytes of the new one";

/// The command that is lied to: it would write a file.
pub(crate) const GET: [&str; 4] = ["get", "acme:http@1.1.0", "-o", "out"];

/// All that a machine keeps.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    /// The files of trust, but for the locks and the evidence.
    trust: BTreeMap<PathBuf, Vec<u8>>,
    content: BTreeMap<PathBuf, Vec<u8>>,
    config: BTreeMap<PathBuf, Vec<u8>>,
    written: Vec<String>,
}

impl Kept {
    pub(crate) fn by(place: &Place) -> Kept {
        let mut trust = files(&place.at("state"));
        trust.retain(|path, _| !path.ends_with("lock") && !is_evidence(path));
        Kept {
            trust,
            content: files(&place.at("cache/blobs")),
            config: files(&place.at("config")),
            written: place.files(),
        }
    }
}

fn is_evidence(path: &Path) -> bool {
    let name = path.file_name().unwrap().to_string_lossy();
    name.starts_with("fork-")
}

fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        match path.symlink_metadata().unwrap().is_dir() {
            true => found.extend(files(&path)),
            false => drop(found.insert(path.clone(), fs::read(path).unwrap())),
        }
    }
    found
}

/// The evidence of forks that a machine keeps.
pub(crate) fn evidence(place: &Place) -> Vec<String> {
    let mut all = files(&place.at("state"));
    all.retain(|path, _| is_evidence(path));
    all.into_values()
        .map(|text| String::from_utf8(text).unwrap())
        .collect()
}

/// Someone who has used the registry before its second release.
pub(crate) fn used() -> Place {
    let place = Place::new();
    use_it(&place);
    place
}

/// Makes someone who knows the registry use it, after which there is a second release.
pub(crate) fn use_it(place: &Place) {
    place.server.world().publish("acme:http", "1.0.0", OLD);
    place.ok(&["fetch", "acme:http@1.0.0"]);
    place.server.world().publish("acme:http", "1.1.0", NEW);
}

/// Someone who has never used it.
pub(crate) fn stranger() -> Place {
    let place = Place::new();
    place.server.world().publish("acme:http", "1.0.0", OLD);
    place.server.world().publish("acme:http", "1.1.0", NEW);
    place
}

/// Has every answer changed.
pub(crate) fn tell(server: &Server, lie: impl FnMut(&str, &mut Reply) + Send + 'static) {
    let lie: Lie = Box::new(lie);
    server.world().lie = Some(lie);
}

/// Has every bundle changed.
pub(crate) fn twist(place: &Place, mut lie: impl FnMut(&mut Bundle) + Send + 'static) {
    tell(&place.server, move |target, reply| {
        if target.starts_with("/api/v1/proof") && reply.status == 200 {
            let mut bundle = Bundle::decode(&reply.body).unwrap();
            lie(&mut bundle);
            reply.body = bundle.encode();
        }
    });
}

/// Has every bundle made by this, from the request and what the client knows.
pub(crate) fn answer(place: &Place, lie: impl Fn(&Request, &Known) -> Vec<u8> + Send + 'static) {
    tell(&place.server, move |target, reply| {
        if let Some(query) = target.strip_prefix("/api/v1/proof?") {
            let query: ProofQuery = query.parse().unwrap();
            reply.status = 200;
            reply.body = lie(&query.request, &query.known);
        }
    });
}

/// Changes the last checkpoint that a registry published.
pub(crate) fn resign(registry: &mut Registry, sign: impl FnOnce(&Registry) -> SignedCheckpoint) {
    let signed = sign(registry);
    let size = registry.size();
    registry.published.get_mut(&size).unwrap().0 = signed;
}

/// That a command ends like this, says so to programs, and leaves everything as it was, evidence too; what it
/// said.
pub(crate) fn refuses(place: &Place, exit: i32, code: &str, words: &[&str]) -> Said {
    let before = evidence(place);
    let said = refuses_or_accuses(place, exit, code, words);
    assert_eq!(evidence(place), before, "{words:?}");
    said
}

/// As [`refuses`], where both checkpoints must be kept as evidence.
pub(crate) fn accuses(place: &Place, code: &str, words: &[&str]) -> ForkEvidence {
    refuses_or_accuses(place, 3, code, words);
    let state = state(place).unwrap();
    let found = evidence(place);
    assert_eq!(found.len(), 1, "{found:?}");
    let checkpoint = state.checkpoint();
    let evidence = ForkEvidence::parse(&found[0], &checkpoint.origin, state.log_keys()).unwrap();
    assert_eq!(evidence.held.checkpoint(), checkpoint);
    evidence
}

fn refuses_or_accuses(place: &Place, exit: i32, code: &str, words: &[&str]) -> Said {
    let before = Kept::by(place);
    let said = Said::of(place.run(&[words, &["--json"]].concat()));
    assert_eq!(said.code, Some(exit), "{words:?}: {}{}", said.out, said.err);
    let json = said.json();
    assert_eq!(json["schema"], "tenon/error/1");
    assert_eq!(json["error"]["code"], code, "{words:?}: {json:#}");
    assert!(said.is_clean(), "{:?}", said.out);
    assert_eq!(Kept::by(place), before, "{words:?}");
    assert!(is_anonymous(&place.server), "{words:?}");
    said
}

/// That what writes and what looks are both refused.
pub(crate) fn all_refuse(place: &Place, code: &str) {
    for words in [&GET[..], &["verify", "acme:http@1.1.0"]] {
        refuses(place, 3, code, words);
    }
}

/// That nothing of the lie is left: the truth is believed, with the network and without.
pub(crate) fn believes_the_truth(place: &Place) {
    place.server.world().lie = None;
    place.ok(&GET);
    assert_eq!(place.read("out"), NEW);
    fs::remove_file(place.at("out")).unwrap();
    place.ok(&[&GET[..], &["--offline"]].concat());
    assert_eq!(place.read("out"), NEW);
    fs::remove_file(place.at("out")).unwrap();
}

/// A command that has 256 MiB, and is stopped by the system if it asks for more.
pub(crate) fn bounded(place: &Place, words: &[&str]) -> Command {
    let command = place.tenon(words);
    let mut bounded = Command::new("sh");
    bounded
        .args(["-c", "ulimit -d 262144 && exec \"$0\" \"$@\""])
        .arg(command.get_program())
        .args(command.get_args())
        .stdin(Stdio::null());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => bounded.env(name, value),
            None => bounded.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        bounded.current_dir(folder);
    }
    bounded
}

/// Whether nobody was shown a token here.
pub(crate) fn is_anonymous(server: &Server) -> bool {
    let world = server.world();
    !world
        .heads
        .iter()
        .any(|head| head.contains("authorization"))
}

pub(crate) fn state(place: &Place) -> Option<TrustState> {
    let pin = place.server.world().registry.pin();
    StateDir::new(place.at("state"), &pin).load().unwrap()
}

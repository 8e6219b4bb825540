//! Someone who publishes until the connection is cut, and then goes on where they were.

use crate::support::Publisher;
use crate::wire::{Reply, Wire};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tenon_registry_client::Digest;
use tenon_registry_client::api::{Accepted, Paths};
use tenon_registry_client::log::{Hash, SignedCheckpoint, verify_inclusion};
use tenon_registry_client::record::{Content, ContentKind, PackageAct, SignedRecord};
use tenon_registry_client::state::Pin;

/// How many releases a package gets: longer chains are longer to read.
const RELEASES: u32 = 50;

/// What the registry said is in the log.
pub(crate) struct Acknowledged {
    pub(crate) index: u64,
    pub(crate) record: Hash,
    pub(crate) content: Option<Digest>,
    /// The size and root of the checkpoint that the answer had.
    pub(crate) size: u64,
    pub(crate) root: Hash,
}

/// What was sent, or is about to be, and has no answer yet.
struct Draft {
    record: SignedRecord,
    content: Option<Vec<u8>>,
}

pub(crate) struct Publishing {
    publisher: Publisher,
    pin: Pin,
    token: String,
    draft: Option<Draft>,
    releases: u32,
    /// How many records were acknowledged that an earlier, unanswered request had put there.
    pub(crate) repeated: u64,
}

impl Publishing {
    pub(crate) fn new(pin: &Pin, token: &str, number: u8) -> Publishing {
        Publishing {
            publisher: Publisher::new(pin.origin(), &format!("p{number}"), number),
            pin: pin.clone(),
            token: token.to_owned(),
            draft: None,
            releases: 0,
            repeated: 0,
        }
    }

    /// Publishes until the connection is cut; what was acknowledged until then.
    pub(crate) fn run(&mut self, address: SocketAddr, most: usize) -> Vec<Acknowledged> {
        self.run_for(address, most, Duration::from_secs(10))
    }

    /// The same, of someone who waits so long for an answer.
    pub(crate) fn run_for(
        &mut self,
        address: SocketAddr,
        most: usize,
        patience: Duration,
    ) -> Vec<Acknowledged> {
        let mut all = vec![];
        let Ok(wire) = Wire::open(address, patience) else {
            return all;
        };
        let mut wire = wire.token(&self.token);
        while all.len() < most {
            match self.publish(&mut wire) {
                Ok(Some(acknowledged)) => all.push(acknowledged),
                Ok(None) | Err(_) => break,
            }
        }
        all
    }

    /// Publishes one record. What may fail is the connection, or the registry; nothing is wrong with the record.
    fn publish(&mut self, wire: &mut Wire) -> io::Result<Option<Acknowledged>> {
        if self.draft.is_none() {
            self.draft = Some(self.next());
        }
        let Some(draft) = &self.draft else {
            return Ok(None);
        };
        if let Some(content) = &draft.content {
            let path = Paths::upload(&Digest::of(content));
            let reply = wire.send("PUT", &path, content)?;
            if !is_good(&reply) {
                return Ok(None);
            }
        }
        let reply = wire.send("POST", Paths::records(), draft.record.bytes())?;
        if !is_good(&reply) {
            return Ok(None);
        }
        self.repeated += u64::from(reply.status == 200);
        let accepted: Accepted = serde_json::from_slice(&reply.body).unwrap();
        let acknowledged = check(&self.pin, draft, &accepted);
        self.publisher.logged(&draft.record);
        self.releases += u32::from(draft.content.is_some());
        self.draft = None;
        Ok(Some(acknowledged))
    }

    fn next(&self) -> Draft {
        let records: usize = self.publisher.chains.values().map(Vec::len).sum();
        let (record, content) = match records {
            0 => (self.publisher.create(), None),
            1 => (self.publisher.grant(), None),
            _ => {
                let content = component(&self.publisher.namespace.to_string(), self.releases);
                let act = PackageAct::Release {
                    version: format!("1.0.{}", self.releases).parse().unwrap(),
                    content: Content {
                        digest: Digest::of(&content),
                        size: content.len() as u64,
                        kind: ContentKind::Component,
                    },
                    attestation: None,
                };
                let name = format!("c{}", self.releases / RELEASES);
                (self.publisher.package(&name, act), Some(content))
            }
        };
        Draft { record, content }
    }
}

/// Whether the registry took something; if not, it must say that it cannot.
#[track_caller]
fn is_good(reply: &Reply) -> bool {
    let text = String::from_utf8_lossy(&reply.body);
    assert!(
        matches!(reply.status, 200 | 201 | 500..600),
        "{} {text}",
        reply.status
    );
    reply.status < 300
}

/// Holds what the registry says against its own keys.
fn check(pin: &Pin, draft: &Draft, accepted: &Accepted) -> Acknowledged {
    let note = accepted.checkpoint.as_bytes();
    let signed = SignedCheckpoint::open(note, pin.origin(), [pin.key()]).unwrap();
    let (size, root) = (signed.checkpoint().size, signed.checkpoint().root);
    assert_eq!(size, accepted.size);
    let proof = accepted.inclusion.iter().map(|hash| hash.parse().unwrap());
    let (record, proof) = (draft.record.hash(), proof.collect::<Vec<Hash>>());
    verify_inclusion(&record, accepted.index, size, &root, &proof).unwrap();
    Acknowledged {
        index: accepted.index,
        content: draft.content.as_deref().map(Digest::of),
        record,
        size,
        root,
    }
}

/// A component that nobody else has, of up to 100,000 bytes.
pub(crate) fn component(who: &str, number: u32) -> Vec<u8> {
    let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
    let name = format!("{who}-{number}");
    let padding = usize::try_from(number.wrapping_mul(2_654_435_761) % 100_000).unwrap();
    let length = 1 + name.len() + padding;
    bytes.push(0);
    let mut rest = length;
    while rest >= 0x80 {
        bytes.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    bytes.push(rest as u8);
    bytes.push(name.len() as u8);
    bytes.extend_from_slice(name.as_bytes());
    bytes.resize(bytes.len() + padding, 7);
    bytes
}

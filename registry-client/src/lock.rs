//! What a project's lock file says of a release, so that everyone who builds the project gets the
//! same one, from the same history.

use crate::Digest;
use crate::chain::{Publisher, Release};
use crate::log::Vkey;
use crate::name::{PackageName, Version};
use crate::record::{Reference, Subject};
use crate::verify::{Verified, View};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A release as a lock file has it. Beside all releases of a registry, the lock file has the note of a
/// checkpoint, by [`locked_note`].
///
/// Its serialised form is a table of plain values with one spelling; `tenon.lock` (the module `project`)
/// has the same values in the table of a package, with what else there is to say of it:
///
/// ```toml
/// name = "acme:http"
/// version = "1.4.0"
/// digest = "sha256:…"
/// index = 4211
/// publisher = ["acme/alice+…"]
/// heads = ["3 <hash> namespace acme", "7 <hash> package acme:http", "0 <hash> registry"]
/// ```
///
/// with `attested = "<key>"` in place of `publisher` if the registry signed for someone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Wire", into = "Wire")]
pub struct LockedRelease {
    /// The package.
    pub package: PackageName,
    /// The version.
    pub version: Version,
    /// The digest of its content.
    pub digest: Digest,
    /// The index of its record in the log.
    pub index: u64,
    /// Who is answerable for it.
    pub publisher: LockedPublisher,
    /// The last record that was seen of each chain it depends on: registry, namespace and package.
    pub heads: BTreeMap<Subject, Reference>,
}

/// Who is answerable for a release that is locked. A project that gets a later release from someone
/// else should be asked whether that is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LockedPublisher {
    /// These keys of the namespace.
    Keys(Vec<Vkey>),
    /// This key of the registry, for someone whose word it took.
    Registry(Vkey),
}

/// Why a table is no release of a lock file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{value}` cannot be the {field} of a release in a lock file")]
pub struct LockedReleaseError {
    /// What it should be.
    pub field: &'static str,
    /// What is there.
    pub value: String,
}

/// The note that a lock file has beside its releases: the checkpoint, with the log's signatures only, as
/// [`crate::state::LockedCheckpoint::open`] reads it.
///
/// # Errors
///
/// None of the log's keys signed it, which a verified view does not have.
pub fn locked_note(view: &Verified<View>) -> Result<String, crate::log::CheckpointError> {
    let keys = view.registry().active(crate::record::Role::Log);
    let only = view.checkpoint().only(keys)?;
    Ok(only.to_string())
}

impl LockedRelease {
    /// The entry for a release of a view; `None` if the view does not show where it is in the log.
    pub fn new(view: &Verified<View>, release: &Verified<Release>) -> Option<LockedRelease> {
        let heads = view.heads().iter().map(|(subject, head)| {
            let (seq, hash) = (head.seq, head.hash);
            (subject.clone(), Reference { seq, hash })
        });
        Some(LockedRelease {
            package: release.package.clone(),
            version: release.version.clone(),
            digest: release.content.digest,
            index: view.index_of(release)?,
            publisher: LockedPublisher::of(&release.publisher),
            heads: heads.collect(),
        })
    }

    /// Takes over what `other`, the same release in another lock file, has seen of its chains. `false` if it is another
    /// record, or if both have seen another record of one number: then two histories were shown.
    pub fn absorb(&mut self, other: &LockedRelease) -> bool {
        let is_same = (self.index, self.digest, &self.publisher)
            == (other.index, other.digest, &other.publisher);
        is_same
            && other.heads.iter().all(|(subject, head)| {
                let mine = self.heads.entry(subject.clone()).or_insert(*head);
                if mine.seq < head.seq {
                    *mine = *head;
                }
                mine.seq != head.seq || mine.hash == head.hash
            })
    }
}

impl LockedPublisher {
    /// As a lock file has it.
    pub fn of(publisher: &Publisher) -> LockedPublisher {
        match publisher {
            Publisher::Keys(keys) => LockedPublisher::Keys(keys.clone()),
            Publisher::Registry { key, .. } => LockedPublisher::Registry(key.clone()),
        }
    }
}

/// As it is serialised. A project's lock file has the same values in a table with more.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wire {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) digest: String,
    pub(crate) index: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) publisher: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) attested: Option<String>,
    pub(crate) heads: Vec<String>,
}

impl From<LockedRelease> for Wire {
    fn from(locked: LockedRelease) -> Wire {
        let (publisher, attested) = match &locked.publisher {
            LockedPublisher::Keys(keys) => (keys.iter().map(Vkey::to_string).collect(), None),
            LockedPublisher::Registry(key) => (vec![], Some(key.to_string())),
        };
        let mut heads: Vec<_> = locked.heads.iter().collect();
        heads.sort_by_key(|(subject, _)| subject.to_string());
        let heads = heads.into_iter().map(|(subject, head)| {
            let Reference { seq, hash } = head;
            format!("{seq} {hash} {subject}")
        });
        Wire {
            name: locked.package.to_string(),
            version: locked.version.to_string(),
            digest: locked.digest.to_string(),
            index: locked.index,
            publisher,
            attested,
            heads: heads.collect(),
        }
    }
}

impl TryFrom<Wire> for LockedRelease {
    type Error = LockedReleaseError;

    fn try_from(wire: Wire) -> Result<LockedRelease, LockedReleaseError> {
        let keys: Result<Vec<Vkey>, _> = wire
            .publisher
            .iter()
            .map(|key| parse("publisher", key))
            .collect();
        let publisher = match (keys?, &wire.attested) {
            (keys, None) if !keys.is_empty() => LockedPublisher::Keys(keys),
            (keys, Some(key)) if keys.is_empty() => {
                LockedPublisher::Registry(parse("attesting key", key)?)
            }
            _ => return Err(refuse("publisher", &wire.publisher.join(", "))),
        };
        let mut heads = BTreeMap::new();
        for head in &wire.heads {
            let read = || {
                let mut items = head.splitn(3, ' ');
                let seq = crate::text::from_decimal_u32(items.next()?)?;
                let hash = items.next()?.parse().ok()?;
                let subject: Subject = items.next()?.parse().ok()?;
                Some((subject, Reference { seq, hash }))
            };
            let (subject, reference) = read().ok_or_else(|| refuse("head", head))?;
            if subject == Subject::Index || heads.insert(subject, reference).is_some() {
                return Err(refuse("head", head));
            }
        }
        let package: PackageName = parse("name", &wire.name)?;
        // A chain of which nothing was seen would not be held against what is shown.
        let namespace = package.namespace().clone();
        let wanted = [
            Subject::Registry,
            Subject::Namespace(namespace),
            Subject::Package(package.clone()),
        ];
        if heads.len() != wanted.len() || !wanted.iter().all(|subject| heads.contains_key(subject))
        {
            return Err(refuse("heads", &wire.heads.join(", ")));
        }
        Ok(LockedRelease {
            package,
            version: parse("version", &wire.version)?,
            digest: parse("digest", &wire.digest)?,
            index: wire.index,
            publisher,
            heads,
        })
    }
}

fn parse<T: std::str::FromStr>(field: &'static str, value: &str) -> Result<T, LockedReleaseError> {
    value.parse().map_err(|_| refuse(field, value))
}

fn refuse(field: &'static str, value: &str) -> LockedReleaseError {
    let value = crate::text::excerpt(value);
    LockedReleaseError { field, value }
}

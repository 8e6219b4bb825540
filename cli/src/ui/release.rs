//! A verified release as JSON.

use super::sentence::attested;
use serde::Serialize;
use tenon_registry_client::chain::{Availability, Publisher, Release};
use tenon_registry_client::verify::{Freshness, Rules, Verified, View};

/// A release, and what is known of it.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum ReleaseData {
    /// A log proves it.
    Verified(Box<VerifiedData>),
    /// No log has it.
    Unverified(UnverifiedData),
}

/// Content from a registry without a log. It has another shape than what is verified, so that nobody takes it for that.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct UnverifiedData {
    /// Always `true`.
    pub(crate) unverified: bool,
    /// The package that it is taken for, if it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) package: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<String>,
    /// The digest of the content.
    pub(crate) digest: String,
    pub(crate) size: u64,
    /// Registry and repository.
    pub(crate) registry: String,
    /// What to name to have the same again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reference: Option<String>,
    /// What to name to have it verified, where a known log has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) logged_as: Option<String>,
}

/// A release, where it is in the log, and who vouches for that.
#[derive(Serialize)]
pub(crate) struct VerifiedData {
    package: String,
    version: String,
    digest: String,
    size: u64,
    kind: String,
    /// The origin of the registry's log.
    registry: String,
    /// The index of its record; absent if it was not asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<u64>,
    publisher: PublisherData,
    status: StatusData,
    checkpoint: CheckpointData,
}

/// Who is answerable for a release.
#[derive(Serialize)]
#[serde(tag = "by", rename_all = "kebab-case")]
pub(crate) enum PublisherData {
    Publisher { keys: Vec<String> },
    Registry { key: String, attested: String },
}

/// Whether a release should be used.
#[derive(Serialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub(crate) enum StatusData {
    Available,
    Yanked { reason: &'static str },
    TakenDown { reason: &'static str },
}

/// A checkpoint, and who vouches for it.
#[derive(Serialize)]
pub(crate) struct CheckpointData {
    size: u64,
    root: String,
    /// The time of its last batch, by the registry's word.
    time: String,
    /// Whether witnesses are asked for.
    witnessed: bool,
    /// Those that agree.
    witnesses: Vec<String>,
    /// Those of them that audited the map; none means that it is the operator's word.
    auditors: Vec<String>,
    freshness: FreshnessData,
}

#[derive(Serialize)]
#[serde(tag = "by", rename_all = "kebab-case")]
enum FreshnessData {
    Nobody,
    Registry { time: String },
    Witnesses { time: String },
}

impl ReleaseData {
    pub(crate) fn of(release: &Verified<Release>, view: &Verified<View>, rules: &Rules) -> Self {
        ReleaseData::Verified(Box::new(VerifiedData {
            package: release.package.to_string(),
            version: release.version.to_string(),
            digest: release.content.digest.to_string(),
            size: release.content.size,
            kind: release.content.kind.to_string(),
            registry: view.checkpoint().checkpoint().origin.to_string(),
            index: view.index_of(release),
            publisher: PublisherData::of(&release.publisher),
            status: StatusData::of(release.availability),
            checkpoint: CheckpointData::of(view, rules),
        }))
    }
}

impl PublisherData {
    pub(crate) fn of(publisher: &Publisher) -> Self {
        match publisher {
            Publisher::Keys(keys) => PublisherData::Publisher {
                keys: keys.iter().map(ToString::to_string).collect(),
            },
            Publisher::Registry { key, attestation } => PublisherData::Registry {
                key: key.to_string(),
                attested: attested(attestation),
            },
        }
    }
}

impl StatusData {
    pub(crate) fn of(availability: Availability) -> Self {
        match availability {
            Availability::Available => StatusData::Available,
            Availability::Yanked(reason) => StatusData::Yanked {
                reason: reason.as_str(),
            },
            Availability::TakenDown(reason) => StatusData::TakenDown {
                reason: reason.as_str(),
            },
        }
    }
}

impl CheckpointData {
    pub(crate) fn of(view: &View, rules: &Rules) -> Self {
        let checkpoint = view.checkpoint().checkpoint();
        let vouched = view.vouched();
        CheckpointData {
            size: checkpoint.size,
            root: checkpoint.root.to_string(),
            time: view.index_time().to_string(),
            witnessed: !rules.witnesses.is_none(),
            witnesses: vouched.witnesses.clone(),
            auditors: vouched.auditors.clone(),
            freshness: match vouched.freshness {
                Freshness::Unchecked => FreshnessData::Nobody,
                Freshness::RegistrysWord(time) => FreshnessData::Registry {
                    time: time.to_string(),
                },
                Freshness::Witnessed(time) => FreshnessData::Witnesses {
                    time: time.to_string(),
                },
            },
        }
    }
}

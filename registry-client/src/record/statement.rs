//! What a record can say.

use crate::Digest;
use crate::log::{Hash, MapKey, Origin, Vkey};
use crate::name::{NameError, Namespace, PackageName, Pattern, Version};
use crate::record::Time;
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// What one leaf of the log says, before it is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The log it is for; it means nothing in another.
    pub origin: Origin,
    /// About what, and what of it.
    pub statement: Statement,
    /// When its author says it was made. It decides nothing, but for index records.
    pub time: Time,
}

/// What a record is about. Records about one thing form a chain, except index records.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// The registry and its operator's keys.
    Registry,
    /// A namespace and the keys that may act in it.
    Namespace(Namespace),
    /// A package and its releases.
    Package(PackageName),
    /// Where every chain ends.
    Index,
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Statement {
    /// About the registry.
    Registry {
        /// Its place in the chain.
        link: Link,
        /// What is done.
        act: RegistryAct,
    },
    /// About a namespace.
    Namespace {
        /// Which.
        namespace: Namespace,
        /// Its place in the chain.
        link: Link,
        /// What is done.
        act: NamespaceAct,
    },
    /// About a package.
    Package {
        /// Which.
        package: PackageName,
        /// Its place in the chain.
        link: Link,
        /// The record whose state authorises this one: of the package's namespace, or, for a
        /// takedown, of the registry.
        authority: Reference,
        /// What is done.
        act: PackageAct,
    },
    /// The heads of all chains.
    Index {
        /// The number of leaves before this one, which is its own index.
        covers: u64,
        /// The root of the map of heads after these leaves.
        map: Hash,
    },
}

/// A record's place in its chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its number, from 0.
    pub seq: u32,
    /// The hash of the record before it; [`Hash::ZERO`] for the first.
    pub prev: Hash,
}

/// A record of a chain, named by another chain's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Its number in its chain.
    pub seq: u32,
    /// Its hash.
    pub hash: Hash,
}

/// What the root key of a registry may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegistryAct {
    /// Begins the log: leaf 0.
    Init {
        /// 32 random bytes, so that no two logs begin alike.
        nonce: [u8; 32],
        /// The first keys, ordered by role and public key.
        keys: Vec<(Role, Vkey)>,
    },
    /// Adds a key.
    KeyAdd(Role, Vkey),
    /// Removes a key for good.
    KeyRemove(Role, Vkey),
    /// Keeps a namespace for these owners; for nobody, where there are none.
    Reserve {
        /// The namespace.
        namespace: Namespace,
        /// The only owners with which it can be created, ordered by public key.
        owners: Vec<Vkey>,
    },
}

/// What owners of a namespace may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NamespaceAct {
    /// Begins the namespace.
    Create {
        /// Its first owners, ordered by public key.
        owners: Vec<Vkey>,
        /// How many owners must sign what is done with the namespace: 1 to 16.
        threshold: u32,
    },
    /// Says what a key may do from here on, in place of what it may do so far.
    Grant(Vkey, Grant),
    /// Takes everything from a key, for good.
    Revoke {
        /// The key.
        key: Vkey,
        /// Package records by the key at this log index or above are void.
        from_index: Option<u64>,
    },
    /// Changes how many owners must sign: 1 to 16.
    Threshold(u32),
    /// Says which CI job the registry may attest releases of.
    TrustOidc(OidcRule),
}

/// What a key may do in a namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// What; at least one.
    pub permissions: BTreeSet<Permission>,
    /// With which packages. An owner's is `*`.
    pub pattern: Pattern,
    /// Until when, by the time of index records. An owner's does not expire.
    pub expires: Option<Time>,
}

/// A CI job, as its OpenID Connect issuer names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OidcRule {
    /// Who issues its tokens.
    pub issuer: String,
    /// The repository, by the issuer's id that outlives renaming.
    pub repository: String,
    /// The workflow.
    pub workflow: String,
}

/// What the keys of a namespace may do with a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PackageAct {
    /// Publishes a version.
    Release {
        /// The version.
        version: Version,
        /// What it is.
        content: Content,
        /// For whom the registry signed, where no publisher did.
        attestation: Option<Attestation>,
    },
    /// Advises against a version.
    Yank {
        /// The version.
        version: Version,
        /// Why.
        reason: YankReason,
    },
    /// Takes the advice back.
    Unyank {
        /// The version.
        version: Version,
    },
    /// Says that the registry no longer has the bytes; the registry's operator does.
    Takedown {
        /// The version.
        version: Version,
        /// Why.
        reason: TakedownReason,
    },
}

/// The bytes of a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Content {
    /// Their digest.
    pub digest: Digest,
    /// How many there are; at least one.
    pub size: u64,
    /// What they are, as `application/wasm`.
    pub kind: ContentKind,
}

/// Who gave the registry a release that has no publisher's signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attestation {
    /// Someone with an access token, by the token's id.
    Token(String),
    /// A CI job.
    Oidc {
        /// The rule of the namespace that it fits.
        rule: OidcRule,
        /// The commit that it built.
        commit: String,
    },
}

impl Record {
    /// What the record is about.
    pub fn subject(&self) -> Subject {
        match &self.statement {
            Statement::Registry { .. } => Subject::Registry,
            Statement::Namespace { namespace, .. } => Subject::Namespace(namespace.clone()),
            Statement::Package { package, .. } => Subject::Package(package.clone()),
            Statement::Index { .. } => Subject::Index,
        }
    }

    /// Its place in its chain; an index record has none.
    pub fn link(&self) -> Option<Link> {
        match &self.statement {
            Statement::Registry { link, .. }
            | Statement::Namespace { link, .. }
            | Statement::Package { link, .. } => Some(*link),
            Statement::Index { .. } => None,
        }
    }

    /// The word for what it does, as in its first line.
    pub fn kind(&self) -> &'static str {
        match &self.statement {
            Statement::Registry { act, .. } => match act {
                RegistryAct::Init { .. } => "init",
                RegistryAct::KeyAdd(..) => "key-add",
                RegistryAct::KeyRemove(..) => "key-remove",
                RegistryAct::Reserve { .. } => "reserve",
            },
            Statement::Namespace { act, .. } => match act {
                NamespaceAct::Create { .. } => "create",
                NamespaceAct::Grant(..) => "grant",
                NamespaceAct::Revoke { .. } => "revoke",
                NamespaceAct::Threshold(_) => "threshold",
                NamespaceAct::TrustOidc(_) => "trust-oidc",
            },
            Statement::Package { act, .. } => match act {
                PackageAct::Release { .. } => "release",
                PackageAct::Yank { .. } => "yank",
                PackageAct::Unyank { .. } => "unyank",
                PackageAct::Takedown { .. } => "takedown",
            },
            Statement::Index { .. } => "index",
        }
    }
}

impl Subject {
    /// Where the map has the head of this subject's chain.
    pub fn map_key(&self) -> MapKey {
        MapKey::of(&self.to_string())
    }
}

impl PackageAct {
    /// The version it is about.
    pub fn version(&self) -> &Version {
        match self {
            PackageAct::Release { version, .. }
            | PackageAct::Yank { version, .. }
            | PackageAct::Unyank { version }
            | PackageAct::Takedown { version, .. } => version,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Registry => f.write_str("registry"),
            Subject::Namespace(namespace) => write!(f, "namespace {namespace}"),
            Subject::Package(package) => write!(f, "package {package}"),
            Subject::Index => f.write_str("index"),
        }
    }
}

impl FromStr for Subject {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(' ') {
            Some(("namespace", namespace)) => namespace.parse().map(Subject::Namespace),
            Some(("package", package)) => package.parse().map(Subject::Package),
            None if text == "registry" => Ok(Subject::Registry),
            None if text == "index" => Ok(Subject::Index),
            _ => Err(NameError::Subject(crate::text::excerpt(text))),
        }
    }
}

/// An enumeration whose every value is a word.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$value_doc:meta])* $value:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$value_doc])* $value,)* }

        impl $name {
            /// Every value, in order.
            pub const ALL: &[$name] = &[$($name::$value),*];

            /// The word for it.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$value => $word,)* }
            }

            pub(crate) fn from_word(word: &str) -> Option<$name> {
                $name::ALL.iter().copied().find(|value| value.as_str() == word)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// What a key of the registry's operator is for. A key has one role.
    Role {
        /// Signs the registry's own chain; kept offline.
        Root = "root",
        /// Signs checkpoints.
        Log = "log",
        /// Signs index records and takedowns.
        Index = "index",
        /// Cosigns checkpoints with the time.
        Time = "time",
        /// Signs releases for those who have no key.
        Ingest = "ingest",
    }
}

words! {
    /// What a key may do in a namespace.
    Permission {
        /// Act on the namespace itself, together with as many owners as the threshold says.
        Own = "own",
        /// Release versions.
        Release = "release",
        /// Yank and unyank versions.
        Yank = "yank",
    }
}

words! {
    /// Why a version should not be chosen.
    YankReason {
        /// It does not work.
        Broken = "broken",
        /// It has a vulnerability.
        Security = "security",
        /// Another version or package takes its place.
        Superseded = "superseded",
        /// It should not have been published.
        Mistake = "mistake",
        /// None of these.
        Other = "other",
    }
}

words! {
    /// Why the registry no longer has a version's bytes.
    TakedownReason {
        /// The law asks for it.
        Legal = "legal",
        /// It does harm.
        Malware = "malware",
        /// It holds a secret or personal data.
        Secret = "secret",
        /// It breaks the registry's rules.
        Abuse = "abuse",
    }
}

words! {
    /// What the bytes of a release are.
    ContentKind {
        /// A component.
        Component = "component",
        /// A WIT package in its binary form.
        Wit = "wit",
    }
}

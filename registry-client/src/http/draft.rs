//! Records before they are signed: the next one of a chain, by what was verified of it.

use crate::chain::NamespaceChain;
use crate::log::Hash;
use crate::log::{KeyName, Note, NoteError, NoteSignature, SigningKey, Vkey};
use crate::name::{Namespace, PackageName, Version};
use crate::record::{
    Content, Link, NamespaceAct, PackageAct, Permission, Record, RecordError, Reference,
    SignedRecord, Statement, Time, YankReason,
};
use crate::verify::{Verified, View};

/// A record that is going to be signed, by one key or by several people one after another.
///
/// What one person has signed is sent to the next as the bytes of [`Draft::signed`], who takes it
/// with [`Draft::open`], looks at what it says, and adds a signature.
#[derive(Clone, Debug)]
pub struct Draft {
    record: Record,
    signatures: Vec<(Vkey, NoteSignature)>,
}

/// Why there is no such record, or no such signature.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DraftError {
    /// There is no such namespace, so nobody may publish in it.
    #[error("there is no namespace `{0}`; create it first")]
    NoNamespace(Namespace),
    /// There is one already.
    #[error("there is a namespace `{0}` already")]
    NamespaceTaken(Namespace),
    /// The view is about something else.
    #[error("`{0}` was not asked for when the log was looked at")]
    NotViewed(String),
    /// The key may not do that.
    #[error(
        "the key `{key}` may not {permission} `{package}`; an owner of the namespace can grant it"
    )]
    NotGranted {
        /// The key.
        key: KeyName,
        /// What it may not do.
        permission: Permission,
        /// With which package.
        package: PackageName,
    },
    /// The version is used, be it yanked, void or taken down; or one that differs in build metadata only.
    #[error("`{package}` has the version {version} already, and a version is used once")]
    VersionTaken {
        /// The package.
        package: PackageName,
        /// The version that there is.
        version: Version,
    },
    /// There is no such version.
    #[error("`{package}` has no version {version}")]
    NoSuchVersion {
        /// The package.
        package: PackageName,
        /// The version.
        version: Version,
    },
    /// The chain of records is full.
    #[error("the chain has as many records as there may be")]
    Full,
    /// The record is not one, such as one with a threshold of 0.
    #[error("there can be no such record")]
    Record(#[source] RecordError),
    /// A signature is not one.
    #[error("the signature is refused")]
    Signature(#[source] NoteError),
    /// A signature in a draft is by nobody who is known here.
    #[error("a signature of the draft is by no key that is known here, or is not valid")]
    UnknownSigner,
}

impl Draft {
    /// A release, to be signed by `signer`. The view must be of that package.
    ///
    /// # Errors
    ///
    /// The registry would refuse it: the key may not release it, or the version is used.
    pub fn release(
        view: &Verified<View>,
        package: &PackageName,
        version: Version,
        content: Content,
        signer: &Vkey,
        time: Time,
    ) -> Result<Draft, DraftError> {
        viewed(view, package)?;
        let used = view
            .held()
            .package
            .iter()
            .find_map(|record| match &record.record().statement {
                Statement::Package {
                    act: PackageAct::Release { version: used, .. },
                    ..
                } if used.without_build() == version.without_build() => Some(used.clone()),
                _ => None,
            });
        if let Some(version) = used {
            let package = package.clone();
            return Err(DraftError::VersionTaken { package, version });
        }
        let act = PackageAct::Release {
            version,
            content,
            attestation: None,
        };
        Draft::package(view, package, act, Permission::Release, signer, time)
    }

    /// The advice against a version, to be signed by `signer`.
    ///
    /// # Errors
    ///
    /// There is no such version, or the key may not.
    pub fn yank(
        view: &Verified<View>,
        package: &PackageName,
        version: Version,
        reason: YankReason,
        signer: &Vkey,
        time: Time,
    ) -> Result<Draft, DraftError> {
        has(view, package, &version)?;
        let act = PackageAct::Yank { version, reason };
        Draft::package(view, package, act, Permission::Yank, signer, time)
    }

    /// That the advice against a version is taken back, to be signed by `signer`.
    ///
    /// # Errors
    ///
    /// There is no such version, or the key may not.
    pub fn unyank(
        view: &Verified<View>,
        package: &PackageName,
        version: Version,
        signer: &Vkey,
        time: Time,
    ) -> Result<Draft, DraftError> {
        has(view, package, &version)?;
        let act = PackageAct::Unyank { version };
        Draft::package(view, package, act, Permission::Yank, signer, time)
    }

    /// What owners do with a namespace: to be signed by as many of them as its threshold says, or by all its first
    /// owners that sign its creation. The view must be of that namespace.
    ///
    /// # Errors
    ///
    /// It is created twice, or is not there.
    pub fn namespace(
        view: &Verified<View>,
        namespace: &Namespace,
        act: NamespaceAct,
        time: Time,
    ) -> Result<Draft, DraftError> {
        let chain = view.namespace();
        if chain.is_some_and(|chain| chain.namespace() != namespace) {
            return Err(DraftError::NotViewed(format!("namespace {namespace}")));
        }
        match (chain, &act) {
            (Some(_), NamespaceAct::Create { .. }) => {
                return Err(DraftError::NamespaceTaken(namespace.clone()));
            }
            (None, NamespaceAct::Create { .. }) | (Some(_), _) => {}
            (None, _) => return Err(DraftError::NoNamespace(namespace.clone())),
        }
        let statement = Statement::Namespace {
            namespace: namespace.clone(),
            link: next(&view.held().namespace)?,
            act,
        };
        Ok(Draft::of(view, statement, time))
    }

    fn package(
        view: &Verified<View>,
        package: &PackageName,
        act: PackageAct,
        permission: Permission,
        signer: &Vkey,
        time: Time,
    ) -> Result<Draft, DraftError> {
        viewed(view, package)?;
        let namespace = view.namespace();
        let namespace = namespace.filter(|found| found.namespace() == package.namespace());
        let namespace =
            namespace.ok_or_else(|| DraftError::NoNamespace(package.namespace().clone()))?;
        if !may(namespace, signer, permission, package) {
            return Err(DraftError::NotGranted {
                key: signer.name().clone(),
                permission,
                package: package.clone(),
            });
        }
        let seq = namespace.len().saturating_sub(1);
        let hash = namespace.hash(seq).ok_or(DraftError::Full)?;
        let statement = Statement::Package {
            package: package.clone(),
            link: next(&view.held().package)?,
            authority: Reference { seq, hash },
            act,
        };
        Ok(Draft::of(view, statement, time))
    }

    fn of(view: &View, statement: Statement, time: Time) -> Draft {
        let origin = view.checkpoint().checkpoint().origin.clone();
        Draft {
            record: Record {
                origin,
                statement,
                time,
            },
            signatures: vec![],
        }
    }

    /// A record that others have signed, by some of `keys`: the bytes of [`Draft::signed`].
    ///
    /// # Errors
    ///
    /// It is no record, or a signature is not by one of the keys.
    pub fn open<'k>(
        bytes: &[u8],
        keys: impl IntoIterator<Item = &'k Vkey>,
    ) -> Result<Draft, DraftError> {
        let signed = SignedRecord::parse(bytes).map_err(DraftError::Record)?;
        let keys: Vec<&Vkey> = keys.into_iter().collect();
        let mut draft = Draft {
            record: signed.record().clone(),
            signatures: vec![],
        };
        for line in signed.signatures() {
            let by = |key: &&&Vkey| *key.name() == line.name && key.id() == line.id;
            let key = keys.iter().find(by).ok_or(DraftError::UnknownSigner)?;
            draft.add(key, line.clone())?;
        }
        Ok(draft)
    }

    /// What it says.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// Who has signed it.
    pub fn signers(&self) -> impl Iterator<Item = &Vkey> {
        self.signatures.iter().map(|(key, _)| key)
    }

    /// Signs it; a key that has signed stays one signature.
    ///
    /// # Errors
    ///
    /// The key cosigns, or the record cannot be written.
    pub fn sign(&mut self, key: &SigningKey) -> Result<(), DraftError> {
        let mut note = Note::new(self.record.to_string()).map_err(DraftError::Signature)?;
        note.sign(key).map_err(DraftError::Signature)?;
        let line = note.signatures().first().cloned();
        let line = line.ok_or(DraftError::UnknownSigner)?;
        self.add(key.vkey(), line)
    }

    /// Adds a signature that was made elsewhere over the text of the record.
    ///
    /// # Errors
    ///
    /// It is not by that key, or not over this record.
    pub fn add(&mut self, key: &Vkey, line: NoteSignature) -> Result<(), DraftError> {
        let named = line.name == *key.name() && line.id == key.id();
        let text = self.record.to_string();
        if !named || !key.key().verifies(text.as_bytes(), &line.bytes) {
            return Err(DraftError::UnknownSigner);
        }
        if self.signers().all(|signer| signer.key() != key.key()) {
            self.signatures.push((key.clone(), line));
        }
        Ok(())
    }

    /// The record with the signatures it has, at least one.
    ///
    /// # Errors
    ///
    /// [`DraftError::Record`]: it has none, or cannot be a record.
    pub fn signed(&self) -> Result<SignedRecord, DraftError> {
        let lines = self.signatures.iter();
        let lines = lines.map(|(key, line)| (key, line.clone())).collect();
        SignedRecord::assemble(&self.record, lines).map_err(DraftError::Record)
    }
}

fn viewed(view: &View, package: &PackageName) -> Result<(), DraftError> {
    match view.asked() == Some(package) {
        true => Ok(()),
        false => Err(DraftError::NotViewed(format!("package {package}"))),
    }
}

fn has(view: &View, package: &PackageName, version: &Version) -> Result<(), DraftError> {
    viewed(view, package)?;
    match view
        .package()
        .is_some_and(|found| found.releases().contains_key(version))
    {
        true => Ok(()),
        false => Err(DraftError::NoSuchVersion {
            package: package.clone(),
            version: version.clone(),
        }),
    }
}

fn may(
    namespace: &NamespaceChain,
    key: &Vkey,
    permission: Permission,
    package: &PackageName,
) -> bool {
    let grant = namespace.key(key.key()).and_then(|history| history.now());
    grant.is_some_and(|grant| {
        grant.permissions.contains(&permission) && grant.pattern.matches(package.name())
    })
}

/// The place after the last record.
fn next(records: &[SignedRecord]) -> Result<Link, DraftError> {
    Ok(Link {
        seq: u32::try_from(records.len()).map_err(|_| DraftError::Full)?,
        prev: records.last().map_or(Hash::ZERO, SignedRecord::hash),
    })
}

//! A registry's log on a disk, and a publisher who knows what to write next.

#![allow(dead_code, reason = "each test binary uses some of it")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use tenon_registry_client::Digest;
use tenon_registry_client::api::ProofQuery;
use tenon_registry_client::log::{Algorithm, Hash, KeyName, Origin, SigningKey};
use tenon_registry_client::name::{Namespace, PackageName};
use tenon_registry_client::record::*;
use tenon_registry_client::state::TrustState;
use tenon_registry_client::verify::{
    Held, Known, Request, Rules, Trust, Verified, VerifyError, View, verify,
};
use tenon_registry_server::log::clock::{Clock, SystemClock};
use tenon_registry_server::log::keys::Keys;
use tenon_registry_server::log::{
    Cosigning, Fatal, Log, LogId, Logged, OpenError, Source, Submission, SubmitError,
};
use tenon_registry_server::store::Disk;
use tenon_registry_server::store::database::Database;

/// A log in a directory.
pub(crate) struct Registry {
    pub(crate) log: Log,
    pub(crate) fatal: Arc<Mutex<Vec<String>>>,
}

pub(crate) fn source(dir: &Path) -> Source {
    let keys = LogId::Public.keys(dir);
    let keys = match keys.exists() {
        true => Keys::load(&keys).unwrap(),
        false => Keys::generate(&keys, None).unwrap().0,
    };
    Source {
        log: LogId::Public,
        files: Arc::new(Disk::open(dir).unwrap()),
        database: Arc::new(Database::open(&dir.join("registry.sqlite")).unwrap()),
        clock: Arc::new(SystemClock::new()),
        keys: Arc::new(keys),
        cosigning: Cosigning::default(),
    }
}

impl Registry {
    pub(crate) fn open(dir: &Path) -> Registry {
        Registry::try_open(&source(dir)).unwrap()
    }

    pub(crate) fn try_open(source: &Source) -> Result<Registry, OpenError> {
        tenon_registry_server::store::durable::clean(&*source.files).unwrap();
        let fatal: Arc<Mutex<Vec<String>>> = Arc::default();
        let report = fatal.clone();
        let report: Fatal =
            Arc::new(move |error: &str| report.lock().unwrap().push(error.to_owned()));
        let log = Log::open(source, report)?;
        Ok(Registry { log, fatal })
    }

    /// What a client with nothing but the pin comes to.
    pub(crate) fn verify(
        &self,
        request: &Request,
        state: Option<&TrustState>,
    ) -> Result<Verified<View>, VerifyError> {
        let known = Known::of(
            state.map_or(0, |state| state.checkpoint().size),
            &Held::default(),
        );
        let query = ProofQuery {
            request: request.clone(),
            known,
            size: None,
        };
        let bundle = self.log.prove(&query).unwrap();
        let rules = Rules {
            max_age: Some(86_400),
            ..Rules::default()
        };
        let now = Time::from_seconds(SystemClock::new().wall().as_secs()).unwrap();
        let trust = Trust {
            pin: self.log.pin(),
            state,
            locked: &BTreeMap::new(),
            rules: &rules,
            now,
        };
        verify(&bundle, request, &Held::default(), &trust)
    }
}

/// Someone with a namespace, who remembers what was logged.
pub(crate) struct Publisher {
    pub(crate) origin: Origin,
    pub(crate) key: SigningKey,
    pub(crate) namespace: Namespace,
    pub(crate) chains: BTreeMap<Subject, Vec<Hash>>,
}

impl Publisher {
    pub(crate) fn new(origin: &Origin, namespace: &str, seed: u8) -> Publisher {
        let name = KeyName::new(format!("{namespace}/owner")).unwrap();
        Publisher {
            origin: origin.clone(),
            key: SigningKey::from_seed(name, Algorithm::Ed25519, &[seed; 32]),
            namespace: namespace.parse().unwrap(),
            chains: BTreeMap::new(),
        }
    }

    pub(crate) fn link(&self, subject: &Subject) -> Link {
        let chain = self.chains.get(subject).map_or(&[][..], Vec::as_slice);
        Link {
            seq: chain.len() as u32,
            prev: chain.last().copied().unwrap_or(Hash::ZERO),
        }
    }

    pub(crate) fn sign(&self, statement: Statement) -> SignedRecord {
        let time = Time::from_seconds(1_790_000_000).unwrap();
        let origin = self.origin.clone();
        SignedRecord::sign(
            Record {
                origin,
                statement,
                time,
            },
            &[&self.key],
        )
        .unwrap()
    }

    pub(crate) fn logged(&mut self, record: &SignedRecord) {
        self.chains
            .entry(record.record().subject())
            .or_default()
            .push(record.hash());
    }

    pub(crate) fn act(&self, act: NamespaceAct) -> SignedRecord {
        let namespace = self.namespace.clone();
        let link = self.link(&Subject::Namespace(namespace.clone()));
        self.sign(Statement::Namespace {
            namespace,
            link,
            act,
        })
    }

    pub(crate) fn create(&self) -> SignedRecord {
        self.act(NamespaceAct::Create {
            owners: vec![self.key.vkey().clone()],
            threshold: 1,
        })
    }

    pub(crate) fn grant(&self) -> SignedRecord {
        let permissions = [Permission::Own, Permission::Release, Permission::Yank].into();
        let grant = Grant {
            permissions,
            pattern: "*".parse().unwrap(),
            expires: None,
        };
        self.act(NamespaceAct::Grant(self.key.vkey().clone(), grant))
    }

    pub(crate) fn package(&self, name: &str, act: PackageAct) -> SignedRecord {
        let package: PackageName = format!("{}:{name}", self.namespace).parse().unwrap();
        let link = self.link(&Subject::Package(package.clone()));
        let namespace = &self.chains[&Subject::Namespace(self.namespace.clone())];
        let authority = Reference {
            seq: namespace.len() as u32 - 1,
            hash: *namespace.last().unwrap(),
        };
        self.sign(Statement::Package {
            package,
            link,
            authority,
            act,
        })
    }

    pub(crate) fn release(&self, name: &str, version: &str) -> SignedRecord {
        let bytes = format!("{name} {version}");
        let content = Content {
            digest: Digest::of(bytes.as_bytes()),
            size: bytes.len() as u64,
            kind: ContentKind::Component,
        };
        let act = PackageAct::Release {
            version: version.parse().unwrap(),
            content,
            attestation: None,
        };
        self.package(name, act)
    }

    /// Has a record logged.
    pub(crate) async fn submit(
        &mut self,
        log: &Log,
        record: SignedRecord,
    ) -> Result<Logged, SubmitError> {
        let logged = log
            .submit(Submission {
                record: record.clone(),
                world: None,
            })
            .await?;
        if !logged.repeated {
            self.logged(&record);
        }
        Ok(logged)
    }

    /// Creates the namespace and grants everything.
    pub(crate) async fn settle(&mut self, log: &Log) {
        self.submit(log, self.create()).await.unwrap();
        self.submit(log, self.grant()).await.unwrap();
    }
}

//! Someone who publishes: keys, and the records that they sign.

use crate::client::Answer;
use crate::house::House;
use tenon_registry_client::Digest;
use tenon_registry_client::api::Paths;
use tenon_registry_client::log::{Algorithm, Hash, KeyName, Origin, SigningKey};
use tenon_registry_client::record::{
    Content, ContentKind, Grant, Link, NamespaceAct, PackageAct, Permission, Record, Reference,
    SignedRecord, Statement, Time, YankReason,
};

/// A publisher with a namespace, and the heads of what they know.
pub(crate) struct Publisher {
    pub(crate) key: SigningKey,
    pub(crate) origin: Origin,
    pub(crate) namespace: String,
    pub(crate) chain: Vec<SignedRecord>,
}

/// A component, of which there are many.
pub(crate) fn component(number: u32) -> Vec<u8> {
    let text = format!("(component (core module (func (result i32) i32.const {number})))");
    wat::parse_str(text).unwrap()
}

pub(crate) fn key(name: &str, seed: u8) -> SigningKey {
    SigningKey::from_seed(KeyName::new(name).unwrap(), Algorithm::Ed25519, &[seed; 32])
}

pub(crate) fn time() -> Time {
    "2026-09-01T10:00:00Z".parse().unwrap()
}

pub(crate) const FIRST: Link = Link {
    seq: 0,
    prev: Hash::ZERO,
};

/// The place behind a record.
pub(crate) fn after(record: &SignedRecord) -> Link {
    Link {
        seq: record.record().link().unwrap().seq + 1,
        prev: record.hash(),
    }
}

impl Publisher {
    /// Makes a namespace in the public log, which they may release and yank in.
    pub(crate) fn new(house: &House, namespace: &str) -> Publisher {
        let origin = house.app.public().log().origin().clone();
        let mut publisher = Publisher::unknown(origin, namespace);
        for record in publisher.beginning() {
            let answer = post(house, &record);
            assert_eq!(answer.status, 201, "{}", answer.text());
            publisher.chain.push(record);
        }
        publisher
    }

    pub(crate) fn unknown(origin: Origin, namespace: &str) -> Publisher {
        Publisher {
            key: key(&format!("{namespace}/alice"), 1),
            origin,
            namespace: namespace.to_owned(),
            chain: vec![],
        }
    }

    pub(crate) fn sign(&self, statement: Statement) -> SignedRecord {
        self.sign_with(statement, &self.key)
    }

    pub(crate) fn sign_with(&self, statement: Statement, key: &SigningKey) -> SignedRecord {
        let record = Record {
            origin: self.origin.clone(),
            statement,
            time: time(),
        };
        SignedRecord::sign(record, &[key]).unwrap()
    }

    /// The records that begin the namespace.
    pub(crate) fn beginning(&self) -> [SignedRecord; 2] {
        [self.create(), self.grant()]
    }

    pub(crate) fn create(&self) -> SignedRecord {
        let act = NamespaceAct::Create {
            owners: vec![self.key.vkey().clone()],
            threshold: 1,
        };
        self.namespace_record(FIRST, act)
    }

    fn grant(&self) -> SignedRecord {
        let grant = Grant {
            permissions: [Permission::Own, Permission::Release, Permission::Yank].into(),
            pattern: "*".parse().unwrap(),
            expires: None,
        };
        let act = NamespaceAct::Grant(self.key.vkey().clone(), grant);
        self.namespace_record(after(&self.create()), act)
    }

    pub(crate) fn namespace_record(&self, link: Link, act: NamespaceAct) -> SignedRecord {
        let namespace = self.namespace.parse().unwrap();
        self.sign(Statement::Namespace {
            namespace,
            link,
            act,
        })
    }

    pub(crate) fn package_record(&self, name: &str, link: Link, act: PackageAct) -> Statement {
        let head = self.chain.last().unwrap();
        Statement::Package {
            package: format!("{}:{name}", self.namespace).parse().unwrap(),
            link,
            authority: Reference {
                seq: head.record().link().unwrap().seq,
                hash: head.hash(),
            },
            act,
        }
    }

    pub(crate) fn release(
        &self,
        name: &str,
        link: Link,
        version: &str,
        bytes: &[u8],
    ) -> SignedRecord {
        self.sign(self.package_record(name, link, release(version, bytes, ContentKind::Component)))
    }

    pub(crate) fn yank(&self, name: &str, link: Link, version: &str) -> SignedRecord {
        let act = PackageAct::Yank {
            version: version.parse().unwrap(),
            reason: YankReason::Broken,
        };
        self.sign(self.package_record(name, link, act))
    }
}

pub(crate) fn release(version: &str, bytes: &[u8], kind: ContentKind) -> PackageAct {
    let content = Content {
        digest: Digest::of(bytes),
        size: bytes.len() as u64,
        kind,
    };
    PackageAct::Release {
        version: version.parse().unwrap(),
        content,
        attestation: None,
    }
}

/// Uploads content to the public log.
pub(crate) fn upload(house: &House, bytes: &[u8]) {
    let mut client = house.client().token(&house.full_token());
    let answer = client.ask_with("PUT", &Paths::upload(&Digest::of(bytes)), bytes);
    assert!(matches!(answer.status, 200 | 201), "{}", answer.text());
}

pub(crate) fn post(house: &House, record: &SignedRecord) -> Answer {
    post_bytes(house, record.bytes())
}

pub(crate) fn post_bytes(house: &House, bytes: &[u8]) -> Answer {
    let mut client = house.client().token(&house.full_token());
    client.ask_with("POST", Paths::records(), bytes)
}

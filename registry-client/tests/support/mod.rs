//! A registry in memory that can be told to lie, and the people who use it.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "shared by tests, each of which uses a part; a test may stop where it fails"
)]

use std::collections::{BTreeMap, BTreeSet};
use tenon_registry_client::Digest;
use tenon_registry_client::chain::{Chain, IndexTimes};
use tenon_registry_client::log::{
    Algorithm, Checkpoint, Edge, Hash, Head, KeyName, Map, MapKey, MissingNode, NodeId, Nodes,
    NoteSignature, Origin, SignedCheckpoint, SigningKey, Vkey, prove_consistency, prove_inclusions,
};
use tenon_registry_client::monitor::Monitor;
use tenon_registry_client::name::{Namespace, PackageName, Pattern, Version};
use tenon_registry_client::record::{
    Attestation, Content, ContentKind, Grant, Link, NamespaceAct, PackageAct, Permission, Record,
    Reference, RegistryAct, Role, SignedRecord, Statement, Subject, TakedownReason, Time,
    YankReason,
};
use tenon_registry_client::state::{Pin, TrustState};
use tenon_registry_client::verify::{
    Bundle, Held, Known, LogView, Placed, Point, Records, Request, Rules, Trust, Verified,
    VerifyError, View, prove, verify,
};

/// When the tests happen.
pub const START: u64 = 1_790_000_000;

/// A key that is the same in every run: its secret is the hash of its name.
pub fn key(name: &str) -> SigningKey {
    key_of(name, Algorithm::Ed25519)
}

pub fn cosigner(name: &str) -> SigningKey {
    key_of(name, Algorithm::Cosignature)
}

fn key_of(name: &str, algorithm: Algorithm) -> SigningKey {
    let seed = *Digest::of(name.as_bytes()).as_bytes();
    // Names of one key in several roles end with a `#` and what tells them apart.
    SigningKey::from_seed(KeyName::new(name).unwrap(), algorithm, &seed)
}

/// A key with the secret of another.
pub fn alias(name: &str, secret_of: &str) -> SigningKey {
    let seed = *Digest::of(secret_of.as_bytes()).as_bytes();
    SigningKey::from_seed(KeyName::new(name).unwrap(), Algorithm::Ed25519, &seed)
}

pub fn time(seconds: u64) -> Time {
    Time::from_seconds(seconds).unwrap()
}

pub fn package(name: &str) -> PackageName {
    name.parse().unwrap()
}

pub fn namespace(name: &str) -> Namespace {
    name.parse().unwrap()
}

pub fn version(version: &str) -> Version {
    version.parse().unwrap()
}

pub fn grant(permissions: &[Permission]) -> Grant {
    Grant {
        permissions: permissions.iter().copied().collect(),
        pattern: Pattern::all(),
        expires: None,
    }
}

/// The bytes of a release.
pub fn bytes_of(package: &PackageName, version: &Version) -> Vec<u8> {
    format!("the bytes of {package} {version}").into_bytes()
}

pub fn release(package: &PackageName, version: &str) -> PackageAct {
    let version: Version = version.parse().unwrap();
    let bytes = bytes_of(package, &version);
    PackageAct::Release {
        content: Content {
            digest: Digest::of(&bytes),
            size: bytes.len() as u64,
            kind: ContentKind::Component,
        },
        version,
        attestation: None,
    }
}

pub fn attested(package: &PackageName, version: &str) -> PackageAct {
    let PackageAct::Release {
        version, content, ..
    } = release(package, version)
    else {
        unreachable!()
    };
    PackageAct::Release {
        version,
        content,
        attestation: Some(Attestation::Token("ci-7".to_owned())),
    }
}

pub fn yank(version: &str) -> PackageAct {
    PackageAct::Yank {
        version: version.parse().unwrap(),
        reason: YankReason::Broken,
    }
}

pub fn unyank(version: &str) -> PackageAct {
    PackageAct::Unyank {
        version: version.parse().unwrap(),
    }
}

pub fn takedown(version: &str) -> PackageAct {
    PackageAct::Takedown {
        version: version.parse().unwrap(),
        reason: TakedownReason::Malware,
    }
}

/// A registry. It checks nothing: it logs what it is given.
#[derive(Clone)]
pub struct Registry {
    pub origin: Origin,
    pub root: SigningKey,
    pub log: Vec<SigningKey>,
    pub index: SigningKey,
    pub time_key: SigningKey,
    pub ingest: SigningKey,
    pub witnesses: Vec<SigningKey>,
    pub leaves: Vec<Vec<u8>>,
    /// The complete subtrees, by level.
    nodes: Vec<Vec<Hash>>,
    edge: Edge,
    /// What it serves as the map; a lie is told by changing it before [`Registry::seal`].
    pub map: Map,
    pub chains: BTreeMap<Subject, Vec<Placed>>,
    pub index_times: IndexTimes,
    pub clock: u64,
    /// By size: what was published.
    pub published: BTreeMap<u64, (SignedCheckpoint, Map)>,
}

impl Nodes for Registry {
    type Error = MissingNode;

    fn node(&self, id: NodeId) -> Result<Hash, MissingNode> {
        let level = self.nodes.get(usize::from(id.level));
        level
            .and_then(|level| level.get(id.index as usize))
            .copied()
            .ok_or(MissingNode(id))
    }
}

impl Registry {
    /// A registry with its first record logged and published.
    pub fn new(origin: &str) -> Registry {
        let mut registry = Registry::bare(origin);
        let keys = registry.operator_keys();
        registry.log_registry(RegistryAct::Init {
            nonce: *Digest::of(origin.as_bytes()).as_bytes(),
            keys,
        });
        registry.seal();
        registry
    }

    /// A registry without a record.
    pub fn bare(origin: &str) -> Registry {
        let name = |role: &str| format!("{origin}/{role}");
        Registry {
            origin: Origin::new(origin).unwrap(),
            root: key(&name("root")),
            log: vec![key(origin)],
            index: key(&name("index")),
            time_key: cosigner(&name("time")),
            ingest: key(&name("ingest")),
            witnesses: vec![],
            leaves: vec![],
            nodes: vec![vec![]; 64],
            edge: Edge::new(),
            map: Map::new(),
            chains: BTreeMap::new(),
            index_times: IndexTimes::new(),
            clock: START,
            published: BTreeMap::new(),
        }
    }

    /// The keys of its init record.
    pub fn operator_keys(&self) -> Vec<(Role, Vkey)> {
        vec![
            (Role::Root, self.root.vkey().clone()),
            (Role::Log, self.log[0].vkey().clone()),
            (Role::Index, self.index.vkey().clone()),
            (Role::Time, self.time_key.vkey().clone()),
            (Role::Ingest, self.ingest.vkey().clone()),
        ]
    }

    pub fn pin(&self) -> Pin {
        let init = Hash::leaf(&self.leaves[0]);
        Pin::new(self.log[0].vkey().clone(), init).unwrap()
    }

    pub fn size(&self) -> u64 {
        self.leaves.len() as u64
    }

    /// The place of the next record of a chain.
    pub fn link(&self, subject: &Subject) -> Link {
        let chain = self.chains.get(subject).map_or(&[][..], |chain| chain);
        Link {
            seq: chain.len() as u32,
            prev: chain.last().map_or(Hash::ZERO, |last| last.record.hash()),
        }
    }

    /// The last record of a chain.
    pub fn head(&self, subject: &Subject) -> Reference {
        let last = self.chains[subject].last().unwrap();
        Reference {
            seq: self.chains[subject].len() as u32 - 1,
            hash: last.record.hash(),
        }
    }

    pub fn record(&self, statement: Statement) -> Record {
        Record {
            origin: self.origin.clone(),
            statement,
            time: time(self.clock),
        }
    }

    pub fn registry_record(&self, act: RegistryAct) -> Record {
        let link = self.link(&Subject::Registry);
        self.record(Statement::Registry { link, act })
    }

    pub fn namespace_record(&self, namespace: &Namespace, act: NamespaceAct) -> Record {
        let link = self.link(&Subject::Namespace(namespace.clone()));
        self.record(Statement::Namespace {
            namespace: namespace.clone(),
            link,
            act,
        })
    }

    /// A record about a package that names the newest record which can authorise it.
    pub fn package_record(&self, package: &PackageName, act: PackageAct) -> Record {
        let authority = match act {
            PackageAct::Takedown { .. } => Subject::Registry,
            _ => Subject::Namespace(package.namespace().clone()),
        };
        self.package_record_at(package, act, self.head(&authority))
    }

    pub fn package_record_at(
        &self,
        package: &PackageName,
        act: PackageAct,
        authority: Reference,
    ) -> Record {
        let link = self.link(&Subject::Package(package.clone()));
        self.record(Statement::Package {
            package: package.clone(),
            link,
            authority,
            act,
        })
    }

    /// Appends a record, whatever it is.
    pub fn log(&mut self, record: SignedRecord) -> u64 {
        let index = self.append(record.bytes());
        let subject = record.record().subject();
        let seq = self.link(&subject).seq;
        let hash = record.hash();
        self.map
            .insert(subject.map_key(), Head { index, seq, hash });
        let chain = self.chains.entry(subject).or_default();
        chain.push(Placed { index, record });
        index
    }

    /// Appends a leaf and tells nobody what it is.
    pub fn append(&mut self, leaf: &[u8]) -> u64 {
        let index = self.size();
        for (id, hash) in self.edge.push(Hash::leaf(leaf)).unwrap() {
            self.nodes[usize::from(id.level)].push(hash);
        }
        self.leaves.push(leaf.to_vec());
        index
    }

    pub fn sign_and_log(&mut self, record: Record, keys: &[&SigningKey]) -> u64 {
        self.log(SignedRecord::sign(record, keys).unwrap())
    }

    pub fn log_registry(&mut self, act: RegistryAct) -> u64 {
        let record = self.registry_record(act);
        let root = self.root.clone();
        self.sign_and_log(record, &[&root])
    }

    pub fn log_namespace(&mut self, name: &str, act: NamespaceAct, keys: &[&SigningKey]) -> u64 {
        let record = self.namespace_record(&namespace(name), act);
        self.sign_and_log(record, keys)
    }

    pub fn log_package(&mut self, name: &str, act: PackageAct, keys: &[&SigningKey]) -> u64 {
        let record = self.package_record(&package(name), act);
        self.sign_and_log(record, keys)
    }

    /// Creates a namespace with one owner.
    pub fn create(&mut self, name: &str, owner: &SigningKey) -> u64 {
        let act = NamespaceAct::Create {
            owners: vec![owner.vkey().clone()],
            threshold: 1,
        };
        self.log_namespace(name, act, &[owner])
    }

    pub fn grant(&mut self, name: &str, key: &SigningKey, grant: Grant, owner: &SigningKey) -> u64 {
        let act = NamespaceAct::Grant(key.vkey().clone(), grant);
        self.log_namespace(name, act, &[owner])
    }

    pub fn revoke(
        &mut self,
        name: &str,
        key: &SigningKey,
        from_index: Option<u64>,
        owner: &SigningKey,
    ) -> u64 {
        let act = NamespaceAct::Revoke {
            key: key.vkey().clone(),
            from_index,
        };
        self.log_namespace(name, act, &[owner])
    }

    pub fn release(&mut self, name: &str, version: &str, publisher: &SigningKey) -> u64 {
        let act = release(&package(name), version);
        self.log_package(name, act, &[publisher])
    }

    /// Logs an index record, and publishes a checkpoint.
    pub fn seal(&mut self) -> u64 {
        let covers = self.size();
        let map = self.map.root();
        self.seal_with(covers, map)
    }

    /// As [`Registry::seal`], with an index record that says this.
    pub fn seal_with(&mut self, covers: u64, map: Hash) -> u64 {
        let record = self.record(Statement::Index { covers, map });
        let signed = SignedRecord::sign(record, &[&self.index.clone()]).unwrap();
        self.append_index(&signed)
    }

    pub fn append_index(&mut self, signed: &SignedRecord) -> u64 {
        let index = self.append(signed.bytes());
        // A registry that lies about the time does not keep the lie for its own proofs.
        let _ = self.index_times.insert(index, signed.record().time);
        self.publish();
        index
    }

    /// Signs a checkpoint of all leaves.
    pub fn publish(&mut self) {
        let signed = self.checkpoint();
        self.published
            .insert(self.size(), (signed, self.map.clone()));
    }

    /// A checkpoint of all leaves, as an honest registry signs it.
    pub fn checkpoint(&self) -> SignedCheckpoint {
        let checkpoint = Checkpoint {
            origin: self.origin.clone(),
            size: self.size(),
            root: self.edge.root(),
        };
        let mut signed = checkpoint.sign(&self.log[0]).unwrap();
        for key in &self.log[1..] {
            signed.sign(key).unwrap();
        }
        signed.cosign(&self.time_key, self.clock).unwrap();
        for witness in &self.witnesses {
            signed.cosign(witness, self.clock).unwrap();
        }
        let random = *Digest::of(&self.size().to_be_bytes()).as_bytes();
        let random = random[..16].try_into().unwrap();
        signed.push(NoteSignature::grease(&random)).unwrap();
        signed
    }

    /// The bundle that an honest registry answers with, at the last published checkpoint.
    pub fn bundle(&self, request: &Request, known: &Known) -> Bundle {
        let (size, _) = self.published.last_key_value().unwrap();
        self.bundle_at(*size, request, known)
    }

    /// As [`Registry::bundle`], for a registry whose chains break the rules.
    pub fn bundle_raw(&self, request: &Request) -> Vec<u8> {
        self.bundle_raw_for(request, &Known::default())
    }

    /// The bundle that a lying registry answers with: nothing is folded, and of the points only the
    /// releases asked for are there.
    pub fn bundle_raw_for(&self, request: &Request, known: &Known) -> Vec<u8> {
        self.bundle_of(request, known, false)
    }

    /// The bundle of a lying registry that says of every record where it is.
    pub fn bundle_with_places(&self, request: &Request) -> Vec<u8> {
        self.bundle_of(request, &Known::default(), true)
    }

    fn bundle_of(&self, request: &Request, known: &Known, everywhere: bool) -> Vec<u8> {
        let (size, (checkpoint, map)) = self.published.last_key_value().unwrap();
        let mut indices = BTreeSet::from([size - 1]);
        let mut bundle = Bundle {
            known_size: known.size,
            checkpoint: checkpoint.to_string().into_bytes(),
            index_record: self.leaves[*size as usize - 1].clone(),
            ..Bundle::default()
        };
        let mut subjects = vec![Subject::Registry];
        let mut records = |subject: &Subject| {
            let chain = self.chain(subject, *size);
            indices.extend(chain.last().map(|last| last.index));
            Records {
                from: 0,
                records: chain
                    .iter()
                    .map(|placed| placed.record.bytes().to_vec())
                    .collect(),
            }
        };
        bundle.registry = records(&Subject::Registry);
        if let Request::Namespace(name) = request {
            subjects.push(Subject::Namespace(name.clone()));
            bundle.namespace = records(&subjects[1]);
        }
        if let Request::Package { package, releases } = request {
            subjects.push(Subject::Namespace(package.namespace().clone()));
            subjects.push(Subject::Package(package.clone()));
            bundle.namespace = records(&subjects[1]);
            bundle.package = records(&subjects[2]);
            for (seq, placed) in (0..).zip(self.chain(&subjects[2], *size)) {
                let released = match &placed.record.record().statement {
                    Statement::Package {
                        act: PackageAct::Release { version, .. },
                        ..
                    } => releases.contains(version),
                    _ => false,
                };
                if released && indices.insert(placed.index) {
                    let chain = Chain::Package;
                    let index = placed.index;
                    bundle.points.push(Point { chain, seq, index });
                }
            }
        }
        for (n, chain) in [Chain::Registry, Chain::Namespace, Chain::Package]
            .into_iter()
            .enumerate()
        {
            let Some(subject) = subjects.get(n).filter(|_| everywhere) else {
                continue;
            };
            for (seq, placed) in (0..).zip(self.chain(subject, *size)) {
                if indices.insert(placed.index) {
                    let index = placed.index;
                    bundle.points.push(Point { chain, seq, index });
                }
            }
        }
        bundle.points.sort();
        if known.size > 0 && known.size < *size {
            bundle.consistency = prove_consistency(self, known.size, *size).unwrap();
        }
        let indices: Vec<u64> = indices.into_iter().collect();
        bundle.inclusion = prove_inclusions(self, &indices, *size).unwrap();
        let mut keys: Vec<MapKey> = subjects.iter().map(Subject::map_key).collect();
        keys.sort();
        bundle.map = map.prove_all(&keys).unwrap().encode();
        bundle.encode()
    }

    /// The records of a chain below an index.
    pub fn chain(&self, subject: &Subject, size: u64) -> Vec<Placed> {
        let chain = self.chains.get(subject).map_or(&[][..], |chain| chain);
        chain
            .iter()
            .filter(|placed| placed.index < size)
            .cloned()
            .collect()
    }

    pub fn bundle_at(&self, size: u64, request: &Request, known: &Known) -> Bundle {
        let (checkpoint, map) = &self.published[&size];
        let chain = |subject: Subject| self.chain(&subject, size);
        let (of_namespace, of_package) = match request {
            Request::Registry => (None, None),
            Request::Namespace(name) => (Some(name.clone()), None),
            Request::Package { package, .. } => {
                (Some(package.namespace().clone()), Some(package.clone()))
            }
        };
        let times = self.index_times.below(size);
        let note = checkpoint.to_string();
        let view = LogView {
            origin: &self.origin,
            checkpoint: note.as_bytes(),
            size,
            nodes: self,
            map,
            registry: &chain(Subject::Registry),
            namespace: &of_namespace
                .map(Subject::Namespace)
                .map(chain)
                .unwrap_or_default(),
            package: &of_package
                .map(Subject::Package)
                .map(chain)
                .unwrap_or_default(),
            index_times: &times,
            leaf: &|index| self.leaves.get(index as usize).cloned(),
        };
        prove(&view, request, known).unwrap()
    }

    /// What someone finds who reads the whole log.
    pub fn monitor(&self) -> Monitor {
        let mut monitor = Monitor::new(self.origin.clone());
        for (index, leaf) in self.leaves.iter().enumerate() {
            monitor.read(leaf);
            if let Some((checkpoint, _)) = self.published.get(&(index as u64 + 1)) {
                monitor.check(checkpoint);
            }
        }
        monitor
    }
}

/// A client, with what it remembers.
#[derive(Clone)]
pub struct Client {
    pub pin: Pin,
    pub state: Option<TrustState>,
    pub held: BTreeMap<String, Held>,
    pub locked: BTreeMap<Subject, Reference>,
    pub rules: Rules,
    pub now: u64,
}

impl Client {
    pub fn new(registry: &Registry) -> Client {
        Client {
            pin: registry.pin(),
            state: None,
            held: BTreeMap::new(),
            locked: BTreeMap::new(),
            rules: Rules::default(),
            now: registry.clock,
        }
    }

    pub fn known(&self) -> Known {
        let size = self
            .state
            .as_ref()
            .map_or(0, |state| state.checkpoint().size);
        Known::of(size, &Held::default())
    }

    pub fn trust(&self) -> Trust<'_> {
        Trust {
            pin: &self.pin,
            state: self.state.as_ref(),
            locked: &self.locked,
            rules: &self.rules,
            now: time(self.now),
        }
    }

    /// Verifies these bytes, and remembers nothing.
    pub fn look(&self, bundle: &[u8], request: &Request) -> Result<Verified<View>, VerifyError> {
        verify(bundle, request, &Held::default(), &self.trust())
    }

    /// Verifies these bytes, and remembers what they say.
    pub fn take(
        &mut self,
        bundle: &[u8],
        request: &Request,
    ) -> Result<Verified<View>, VerifyError> {
        let view = self.look(bundle, request)?;
        self.state = Some(view.advance(self.state.as_ref()).unwrap());
        Ok(view)
    }

    /// Asks a registry, and remembers what it says.
    pub fn ask(
        &mut self,
        registry: &Registry,
        request: &Request,
    ) -> Result<Verified<View>, VerifyError> {
        self.now = self.now.max(registry.clock);
        let bundle = registry.bundle(request, &self.known()).encode();
        self.take(&bundle, request)
    }
}

/// A request for these versions of a package.
pub fn asking(name: &str, versions: &[&str]) -> Request {
    Request::Package {
        package: package(name),
        releases: versions
            .iter()
            .map(|text| version(text))
            .collect::<BTreeSet<_>>(),
    }
}

/// A registry with the namespace `acme`, owned by `acme/owner`, in which `acme/alice` may release
/// and yank; `acme:http` has the release 1.0.0.
pub fn small() -> Registry {
    let mut registry = Registry::new("registry.example/log");
    let (owner, alice) = (key("acme/owner"), key("acme/alice"));
    registry.create("acme", &owner);
    registry.grant(
        "acme",
        &alice,
        grant(&[Permission::Release, Permission::Yank]),
        &owner,
    );
    registry.seal();
    registry.release("acme:http", "1.0.0", &alice);
    registry.seal();
    registry
}

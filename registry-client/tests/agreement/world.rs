//! A registry that asks a monitor before it logs anything, and so stays honest.

use crate::dice::Dice;
use crate::proposal;
use crate::support::*;
use crate::visitor::Visitor;
use std::collections::BTreeMap;
use tenon_registry_client::log::{Origin, SigningKey, Vkey};
use tenon_registry_client::monitor::Monitor;
use tenon_registry_client::record::{RegistryAct, Role, SignedRecord, Statement, Subject};
use tenon_registry_client::state::Pin;

pub(crate) const NAMESPACES: [&str; 3] = ["acme", "evil", "kept"];
pub(crate) const PACKAGES: [&str; 4] = ["acme:http", "acme:http-a", "evil:log", "kept:http"];

/// What happened in a world, by kind and outcome.
pub(crate) type Tally = BTreeMap<String, u64>;

pub(crate) struct World {
    pub(crate) dice: Dice,
    pub(crate) registry: Registry,
    /// Has read everything that was logged.
    pub(crate) monitor: Monitor,
    pub(crate) pin: Pin,
    /// All keys there are, by their verifier keys.
    pub(crate) keys: BTreeMap<String, SigningKey>,
    /// People, who may be owners or publishers anywhere, or be taken over by the registry.
    pub(crate) people: Vec<SigningKey>,
    /// Keys for each role of the operator.
    pub(crate) staff: BTreeMap<Role, Vec<SigningKey>>,
    /// Sizes of the last checkpoint before a log key was removed.
    pub(crate) stones: Vec<u64>,
    pub(crate) visitors: Vec<Visitor>,
    pub(crate) tally: Tally,
    /// Records logged since the last index record.
    pub(crate) batch: u64,
}

/// What became of a proposal.
pub(crate) enum Outcome {
    Logged,
    Refused(Box<SignedRecord>),
    /// It cannot even be written.
    Unwritable,
}

impl World {
    /// A registry that has only begun, and nobody who has seen it.
    pub(crate) fn new(seed: u64, cast: &Cast) -> World {
        let mut registry = cast.registry.clone();
        registry.clock = START;
        let mut monitor = Monitor::new(registry.origin.clone());
        monitor.read(&registry.leaves[0]);
        monitor.read(&registry.leaves[1]);
        World {
            dice: Dice::new(seed),
            pin: registry.pin(),
            registry,
            monitor,
            keys: cast.keys.clone(),
            people: cast.people.clone(),
            staff: cast.staff.clone(),
            stones: vec![],
            visitors: vec![Visitor::default(); 3],
            tally: Tally::new(),
            batch: 0,
        }
    }

    /// The secret half of a key.
    pub(crate) fn secret(&self, vkey: &Vkey) -> SigningKey {
        self.keys[&vkey.to_string()].clone()
    }

    /// The secret halves of all keys that have a role now.
    pub(crate) fn active(&self, role: Role) -> Vec<SigningKey> {
        let active = self.monitor.registry().active(role);
        active.map(|vkey| self.secret(vkey)).collect()
    }

    /// Proposes something by chance; the registry logs it if it may be logged.
    pub(crate) fn step(&mut self) -> Outcome {
        let Some((record, keys)) = proposal::draw(self) else {
            return Outcome::Unwritable;
        };
        let kind = record.kind();
        let keys: Vec<&SigningKey> = keys.iter().collect();
        let Ok(signed) = SignedRecord::sign(record, &keys) else {
            self.count(format!("{kind} unwritable"));
            return Outcome::Unwritable;
        };
        match self.monitor.admit(&signed, time(self.registry.clock)) {
            Ok(()) => {
                self.log(signed);
                self.count(format!("{kind} logged"));
                Outcome::Logged
            }
            Err(error) => {
                let why = format!("{:?}", error.kind);
                let why = why.split(['(', ' ', '{']).next().unwrap_or_default();
                self.count(format!("{kind} refused: {why}"));
                Outcome::Refused(Box::new(signed))
            }
        }
    }

    pub(crate) fn count(&mut self, what: String) {
        *self.tally.entry(what).or_default() += 1;
    }

    fn log(&mut self, signed: SignedRecord) {
        let findings = self.monitor.findings().len();
        self.monitor.read(signed.bytes());
        assert_eq!(
            self.monitor.findings().len(),
            findings,
            "{:?}",
            self.monitor.findings()
        );
        let removes = matches!(
            &signed.record().statement,
            Statement::Registry {
                act: RegistryAct::KeyRemove(Role::Log, _),
                ..
            }
        );
        if removes {
            let (size, _) = self.registry.published.last_key_value().unwrap();
            self.stones.push(*size);
        }
        self.registry.log(signed);
        self.batch += 1;
    }

    /// Signs an index record as an honest registry does, and does not log it.
    pub(crate) fn index_record(&mut self, monitor: &Monitor) -> SignedRecord {
        let record = self.registry.record(Statement::Index {
            covers: monitor.size(),
            map: monitor.map().root(),
        });
        let active: Vec<SigningKey> = monitor
            .registry()
            .active(Role::Index)
            .map(|vkey| self.secret(vkey))
            .collect();
        let count = if self.dice.percent(10) { 2 } else { 1 };
        let keys = self.dice.some(&active, count);
        let keys: Vec<&SigningKey> = keys.iter().collect();
        SignedRecord::sign(record, &keys).unwrap()
    }

    /// Ends the batch: an index record, a checkpoint, and nothing is wrong with any of it.
    pub(crate) fn seal(&mut self) {
        let monitor = self.monitor.clone();
        let signed = self.index_record(&monitor);
        self.take_over_keys();
        self.monitor.read(signed.bytes());
        self.registry.append_index(&signed);
        let (_, (checkpoint, _)) = self.registry.published.last_key_value().unwrap();
        self.monitor.check(checkpoint);
        assert_eq!(self.monitor.findings(), [], "an honest registry");
        self.batch = 0;
        // What was published long ago is only needed where clients have to pass.
        let size = self.registry.size();
        let stones = &self.stones;
        self.registry
            .published
            .retain(|published, _| *published == size || stones.contains(published));
        let seconds = *self.dice.pick(&[0, 0, 1, 60, 3_600, 7_200, 90_000]);
        self.registry.clock += seconds;
    }

    /// The registry signs with the keys that it has now.
    pub(crate) fn take_over_keys(&mut self) {
        self.registry.log = self.active(Role::Log);
        self.registry.root = self.active(Role::Root)[0].clone();
        self.registry.index = self.active(Role::Index)[0].clone();
        if let Some(key) = self.active(Role::Time).first() {
            self.registry.time_key = key.clone();
        }
    }

    /// Whether nothing waits for its index record.
    pub(crate) fn is_between_batches(&self) -> bool {
        self.batch == 0
    }

    /// The records of a chain so far.
    pub(crate) fn chain(&self, subject: &Subject) -> &[tenon_registry_client::verify::Placed] {
        self.registry.chains.get(subject).map_or(&[], |chain| chain)
    }
}

/// Everyone's keys, which take long to make and are the same in every world.
pub(crate) struct Cast {
    registry: Registry,
    keys: BTreeMap<String, SigningKey>,
    people: Vec<SigningKey>,
    staff: BTreeMap<Role, Vec<SigningKey>>,
}

impl Cast {
    pub(crate) fn new() -> Cast {
        let registry = Registry::new("registry.example/log");
        let origin: &Origin = &registry.origin;
        let mut people: Vec<SigningKey> = (0..9).map(|n| key(&format!("person-{n}"))).collect();
        // One public key under two names.
        people.push(alias("person-0-again", "person-0"));
        let spares = |make: &dyn Fn(usize) -> SigningKey| (1..4).map(make).collect::<Vec<_>>();
        let mut staff = BTreeMap::from([
            (Role::Root, spares(&|n| key(&format!("root-{n}")))),
            (
                Role::Log,
                spares(&|n| alias(origin.as_str(), &format!("log-{n}"))),
            ),
            (Role::Index, spares(&|n| key(&format!("index-{n}")))),
            (Role::Time, spares(&|n| cosigner(&format!("time-{n}")))),
            (Role::Ingest, spares(&|n| key(&format!("ingest-{n}")))),
        ]);
        let first = [
            (Role::Root, registry.root.clone()),
            (Role::Log, registry.log[0].clone()),
            (Role::Index, registry.index.clone()),
            (Role::Time, registry.time_key.clone()),
            (Role::Ingest, registry.ingest.clone()),
        ];
        for (role, key) in first {
            staff.get_mut(&role).unwrap().insert(0, key);
        }
        let all = people.iter().chain(staff.values().flatten());
        let keys = all
            .map(|key| (key.vkey().to_string(), key.clone()))
            .collect();
        Cast {
            registry,
            keys,
            people,
            staff,
        }
    }
}

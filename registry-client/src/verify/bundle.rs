//! The bytes of a bundle: everything that proves what a package is, in one file.
//!
//! `docs/bundle.md` in the repository is the specification.

use crate::chain::{Chain, MAX_CHAIN};
use crate::log::Hash;

/// The longest bundle that is read: 64 MiB.
pub const MAX_BUNDLE: usize = 64 << 20;

const MAGIC: &[u8] = b"tenon-bundle/v1\n";

/// A bundle, taken apart and not verified at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bundle {
    /// The size of the log that the client said it knows; 0 for none.
    pub known_size: u64,
    /// The note of the checkpoint that everything else is about.
    pub checkpoint: Vec<u8>,
    /// The last leaf.
    pub index_record: Vec<u8>,
    /// The records of the registry.
    pub registry: Records,
    /// The records of the namespace.
    pub namespace: Records,
    /// The records of the package.
    pub package: Records,
    /// Where records of these chains are in the log, besides the last of each: ordered, each once.
    pub points: Vec<Point>,
    /// Earlier index records, and where they are: ordered by index, each once.
    pub index_records: Vec<(u64, Vec<u8>)>,
    /// The consistency proof between the known size and that of the checkpoint.
    pub consistency: Vec<Hash>,
    /// The joint inclusion proof of all records whose index is given.
    pub inclusion: Vec<Hash>,
    /// The joint proof of the heads in the map.
    pub map: Vec<u8>,
}

/// Consecutive records of a chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Records {
    /// The number of the first: how many the client said it holds.
    pub from: u32,
    /// The records.
    pub records: Vec<Vec<u8>>,
}

/// Where a record is in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Point {
    /// Its chain.
    pub chain: Chain,
    /// Its number in the chain.
    pub seq: u32,
    /// Its index in the log.
    pub index: u64,
}

/// Why bytes are no bundle.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// It is longer than [`MAX_BUNDLE`].
    #[error("the bundle has {0} bytes, of at most {MAX_BUNDLE}")]
    TooLong(usize),
    /// It does not begin as a bundle of this version does.
    #[error("the bundle does not begin with `tenon-bundle/v1`")]
    Magic,
    /// It ends early: something that it says it has is missing.
    #[error("the bundle ends within its {0}")]
    Truncated(&'static str),
    /// It goes on after its end.
    #[error("the bundle has {0} bytes after its end")]
    Trailing(usize),
    /// It says it has more of something than there may be.
    #[error("the bundle has {found} {what}, of at most {most}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many.
        found: u32,
        /// How many there may be.
        most: u32,
    },
    /// A chain has a number there is not.
    #[error("the bundle places a record of chain {0}: there are 0, 1 and 2")]
    UnknownChain(u8),
    /// Something is not in its order, or there twice.
    #[error("the bundle has its {0} out of order, or one of them twice")]
    Order(&'static str),
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn bytes(&mut self, count: usize, what: &'static str) -> Result<&'a [u8], BundleError> {
        let taken = self.0.split_at_checked(count);
        let (taken, rest) = taken.ok_or(BundleError::Truncated(what))?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], BundleError> {
        let taken = self.0.split_first_chunk();
        let (taken, rest) = taken.ok_or(BundleError::Truncated(what))?;
        self.0 = rest;
        Ok(*taken)
    }

    fn u32(&mut self, what: &'static str) -> Result<u32, BundleError> {
        self.array(what).map(u32::from_be_bytes)
    }

    fn u64(&mut self, what: &'static str) -> Result<u64, BundleError> {
        self.array(what).map(u64::from_be_bytes)
    }

    fn count(&mut self, what: &'static str, most: usize) -> Result<usize, BundleError> {
        let found = self.u32(what)?;
        let most = u32::try_from(most).unwrap_or(u32::MAX);
        if found > most {
            return Err(BundleError::TooMany { what, found, most });
        }
        Ok(found as usize)
    }

    fn record(&mut self, what: &'static str) -> Result<Vec<u8>, BundleError> {
        let length = self.array(what).map(u16::from_be_bytes)?;
        Ok(self.bytes(usize::from(length), what)?.to_vec())
    }

    /// So many of something; nothing is allocated for what the bytes do not have.
    fn many<T>(
        &mut self,
        count: usize,
        mut one: impl FnMut(&mut Self) -> Result<T, BundleError>,
    ) -> Result<Vec<T>, BundleError> {
        let mut all = vec![];
        for _ in 0..count {
            all.push(one(self)?);
        }
        Ok(all)
    }

    fn hashes(&mut self, count: usize, what: &'static str) -> Result<Vec<Hash>, BundleError> {
        self.many(count, |reader| reader.array(what).map(Hash::from))
    }
}

impl Bundle {
    /// Takes a bundle apart: at most [`MAX_BUNDLE`] bytes. It allocates at most twice the bytes
    /// given, and 4 MiB.
    ///
    /// # Errors
    ///
    /// The bytes are too many, end early or go on, have more of something than there may be, or have
    /// points or index records out of order.
    pub fn decode(bytes: &[u8]) -> Result<Bundle, BundleError> {
        if bytes.len() > MAX_BUNDLE {
            return Err(BundleError::TooLong(bytes.len()));
        }
        let mut reader = Reader(bytes.strip_prefix(MAGIC).ok_or(BundleError::Magic)?);
        let head = "header";
        let known_size = reader.u64(head)?;
        let checkpoint = reader.count("bytes of checkpoint", crate::log::MAX_NOTE)?;
        let mut chain = |what| Ok((reader.u32(head)?, reader.count(what, MAX_CHAIN)?));
        let registry = chain("records of the registry")?;
        let namespace = chain("records of the namespace")?;
        let package = chain("records of the package")?;
        let points = reader.count("points", 3 * MAX_CHAIN)?;
        let index_records = reader.count("index records", 3 * MAX_CHAIN)?;
        let consistency = reader.count("hashes of the consistency proof", 64)?;
        let inclusion = reader.count("hashes of the inclusion proof", 64 * 7 * MAX_CHAIN)?;
        let map = reader.count(
            "bytes of the map proof",
            crate::log::JointMapProof::MOST_BYTES,
        )?;

        let checkpoint = reader.bytes(checkpoint, "checkpoint")?.to_vec();
        let index_record = reader.record("index record")?;
        let mut records = |(from, count), what| {
            let records = reader.many(count, |reader| reader.record(what))?;
            Ok(Records { from, records })
        };
        let registry = records(registry, "records of the registry")?;
        let namespace = records(namespace, "records of the namespace")?;
        let package = records(package, "records of the package")?;
        let points = reader.many(points, Point::read)?;
        if !points.is_sorted_by(|a, b| (a.chain, a.seq) < (b.chain, b.seq)) {
            return Err(BundleError::Order("points"));
        }
        let index_records = reader.many(index_records, |reader| {
            let what = "index records";
            Ok((reader.u64(what)?, reader.record(what)?))
        })?;
        if !index_records.is_sorted_by(|a, b| a.0 < b.0) {
            return Err(BundleError::Order("index records"));
        }
        let consistency = reader.hashes(consistency, "consistency proof")?;
        let inclusion = reader.hashes(inclusion, "inclusion proof")?;
        let map = reader.bytes(map, "map proof")?.to_vec();
        match reader.0.len() {
            0 => Ok(Bundle {
                known_size,
                checkpoint,
                index_record,
                registry,
                namespace,
                package,
                points,
                index_records,
                consistency,
                inclusion,
                map,
            }),
            trailing => Err(BundleError::Trailing(trailing)),
        }
    }

    /// The bytes of the bundle.
    ///
    /// What is longer than its length can say, a record of 65,536 bytes for one, is cut off; the
    /// bundle is then refused by whoever reads it.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        let count = |bytes: &mut Vec<u8>, count: usize| {
            let count = u32::try_from(count).unwrap_or(u32::MAX);
            bytes.extend(count.to_be_bytes());
        };
        let chains = [&self.registry, &self.namespace, &self.package];
        bytes.extend(self.known_size.to_be_bytes());
        count(&mut bytes, self.checkpoint.len());
        for chain in chains {
            bytes.extend(chain.from.to_be_bytes());
            count(&mut bytes, chain.records.len());
        }
        count(&mut bytes, self.points.len());
        count(&mut bytes, self.index_records.len());
        count(&mut bytes, self.consistency.len());
        count(&mut bytes, self.inclusion.len());
        count(&mut bytes, self.map.len());

        bytes.extend(&self.checkpoint);
        write_record(&mut bytes, &self.index_record);
        for record in chains.into_iter().flat_map(|chain| &chain.records) {
            write_record(&mut bytes, record);
        }
        for point in &self.points {
            bytes.push(point.chain as u8);
            bytes.extend(point.seq.to_be_bytes());
            bytes.extend(point.index.to_be_bytes());
        }
        for (index, record) in &self.index_records {
            bytes.extend(index.to_be_bytes());
            write_record(&mut bytes, record);
        }
        for hash in self.consistency.iter().chain(&self.inclusion) {
            bytes.extend(hash.as_bytes());
        }
        bytes.extend(&self.map);
        bytes
    }
}

impl Point {
    fn read(reader: &mut Reader) -> Result<Point, BundleError> {
        let what = "points";
        let [chain] = reader.array(what)?;
        Ok(Point {
            chain: match chain {
                0 => Chain::Registry,
                1 => Chain::Namespace,
                2 => Chain::Package,
                other => return Err(BundleError::UnknownChain(other)),
            },
            seq: reader.u32(what)?,
            index: reader.u64(what)?,
        })
    }
}

fn write_record(bytes: &mut Vec<u8>, record: &[u8]) {
    let length = u16::try_from(record.len()).unwrap_or(u16::MAX);
    bytes.extend(length.to_be_bytes());
    bytes.extend(record.iter().take(usize::from(length)));
}

//! What can be fetched again.
//!
//! | path | what |
//! |---|---|
//! | `blobs/sha256/ab/abcd…` | content by its digest, whatever registry it is from |
//! | `chains/<log>/<subject>` | the records of a chain, as an entry of two bytes of length and a record each |
//! | `bundles/<log>/<request>` | the last bundle that was verified for a request, for use without a network |
//! | `steps/<log>/<size>` | that the log grew from this size: to which size and root, and the proof |
//!
//! `<log>` is [`super::log_key`], so that no registry's records stand in for another's; the other two
//! are SHA-256 of a subject or a request as text. Each of these three files begins with the SHA-256 of what
//! follows, by which bytes that were lost are found out; who changes them with intent is by
//! [`crate::verify()`], which every use of them goes through.

use super::file;
use super::{StoreError, log_key};
use crate::api::blob_file;
use crate::log::{Hash, verify_consistency};
use crate::record::{Link, SignedRecord, Subject};
use crate::state::Pin;
use crate::verify::{Bundle, MAX_BUNDLE, Request};
use crate::{Digest, Hasher, text};
use std::fs::File;
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// A directory of what can be fetched again, safe for many processes at once.
#[derive(Clone, Debug)]
pub struct Cache {
    root: PathBuf,
}

/// Content that is coming. Dropped, it leaves nothing.
pub(crate) struct Partial {
    file: NamedTempFile,
    path: PathBuf,
}

/// That a log grew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) size: u64,
    pub(crate) root: Hash,
    pub(crate) proof: Vec<Hash>,
}

impl Cache {
    /// The cache in a directory. Nothing is made or read yet.
    pub fn new(root: impl Into<PathBuf>) -> Cache {
        Cache { root: root.into() }
    }

    /// Where content is, if it is there.
    pub fn blob_path(&self, digest: &Digest) -> PathBuf {
        self.root.join(blob_file(digest))
    }

    /// Opens content, once all of it was read and is what it should be; `None` if it is not there. What
    /// is damaged is removed, and not there.
    ///
    /// # Errors
    ///
    /// The files cannot be used, or something that is no plain file is in the place.
    pub fn open_blob(&self, digest: &Digest, size: u64) -> Result<Option<File>, StoreError> {
        let hex = digest.hex();
        let parts = ["blobs", "sha256", hex.get(..2).unwrap_or_default()];
        let Some(dir) = file::find_dirs(&self.root, &parts)? else {
            return Ok(None);
        };
        let path = dir.join(&hex);
        let Some(mut file) = file::open(&path)? else {
            return Ok(None);
        };
        let length = file.metadata().map(|metadata| metadata.len());
        let length = length.map_err(StoreError::io("look at", &path))?;
        if length == size && digest_of(&mut file, &path)? == *digest {
            file.rewind().map_err(StoreError::io("read", &path))?;
            return Ok(Some(file));
        }
        file::remove(&path)?;
        Ok(None)
    }

    /// A place for content that is coming.
    pub(crate) fn begin_blob(&self, digest: &Digest) -> Result<Partial, StoreError> {
        let hex = digest.hex();
        let parts = ["blobs", "sha256", hex.get(..2).unwrap_or_default()];
        let dir = file::make_dirs(&self.root, &parts)?;
        let path = dir.join(&hex);
        let file = file::temporary(&dir)?;
        Ok(Partial { file, path })
    }

    /// The records of a chain that are kept, from the first; none if they are damaged.
    pub(crate) fn chain(&self, pin: &Pin, subject: &Subject) -> Vec<SignedRecord> {
        let name = Digest::of(subject.to_string().as_bytes()).hex();
        let bytes = self.read("chains", pin, &name, MAX_BUNDLE as u64);
        let mut rest = bytes.as_deref().unwrap_or_default();
        let mut records = vec![];
        while let Some((length, after)) = rest.split_first_chunk() {
            let length = usize::from(u16::from_be_bytes(*length));
            let record = after.split_at_checked(length);
            let parsed = record.and_then(|(record, after)| {
                rest = after;
                SignedRecord::parse(record).ok()
            });
            match parsed {
                Some(record) => records.push(record),
                None => return vec![],
            }
        }
        match is_chain(&records, pin, subject) {
            true => records,
            false => vec![],
        }
    }

    pub(crate) fn keep_chain(
        &self,
        pin: &Pin,
        subject: &Subject,
        records: &[SignedRecord],
    ) -> Result<(), StoreError> {
        let name = Digest::of(subject.to_string().as_bytes()).hex();
        let mut bytes = vec![];
        for record in records {
            let length = u16::try_from(record.bytes().len()).unwrap_or(u16::MAX);
            bytes.extend(length.to_be_bytes());
            bytes.extend(record.bytes());
        }
        // Who verified an older view, and comes later, must not take away what was seen since.
        let there = self.read("chains", pin, &name, MAX_BUNDLE as u64);
        match there.is_some_and(|there| there.len() > bytes.len() && there.starts_with(&bytes)) {
            true => Ok(()),
            false => self.keep("chains", pin, &name, &bytes),
        }
    }

    pub(crate) fn forget_chain(&self, pin: &Pin, subject: &Subject) -> Result<(), StoreError> {
        let name = Digest::of(subject.to_string().as_bytes()).hex();
        match file::find_dirs(&self.root, &["chains", &log_key(pin)])? {
            Some(dir) => file::remove(&dir.join(name)),
            None => Ok(()),
        }
    }

    pub(crate) fn bundle(&self, pin: &Pin, request: &Request) -> Option<Bundle> {
        let bytes = self.read("bundles", pin, &name_of(request), MAX_BUNDLE as u64)?;
        Bundle::decode(&bytes).ok()
    }

    pub(crate) fn keep_bundle(
        &self,
        pin: &Pin,
        request: &Request,
        bundle: &Bundle,
    ) -> Result<(), StoreError> {
        self.keep("bundles", pin, &name_of(request), &bundle.encode())
    }

    /// How the log grew from one size and root to others, if each step between is kept and holds.
    pub(crate) fn leads(&self, pin: &Pin, from: (u64, Hash), to: (u64, Hash)) -> bool {
        let (mut size, mut root) = from;
        while size < to.0 {
            let step = self.read("steps", pin, &size.to_string(), 64 << 10);
            let step = step.and_then(|bytes| Step::parse(&bytes));
            let Some(step) = step.filter(|step| step.size > size) else {
                return false;
            };
            if verify_consistency(size, &root, step.size, &step.root, &step.proof).is_err() {
                return false;
            }
            (size, root) = (step.size, step.root);
        }
        (size, root) == to
    }

    pub(crate) fn keep_step(&self, pin: &Pin, from: u64, step: &Step) -> Result<(), StoreError> {
        self.keep("steps", pin, &from.to_string(), step.encode().as_bytes())
    }

    fn read(&self, kind: &str, pin: &Pin, name: &str, most: u64) -> Option<Vec<u8>> {
        let dir = file::find_dirs(&self.root, &[kind, &log_key(pin)]).ok()??;
        let path = dir.join(name);
        let bytes = file::read(&path, most.saturating_add(32)).ok()??;
        let sound = bytes
            .split_first_chunk::<32>()
            .filter(|(digest, rest)| Digest::of(rest).as_bytes() == *digest);
        let Some((_, rest)) = sound else {
            // What is damaged is fetched again.
            let _ = file::remove(&path);
            return None;
        };
        Some(rest.to_vec())
    }

    fn keep(&self, kind: &str, pin: &Pin, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let dir = file::make_dirs(&self.root, &[kind, &log_key(pin)])?;
        let mut all = Digest::of(bytes).as_bytes().to_vec();
        all.extend(bytes);
        let most = all.len() as u64;
        match file::read(&dir.join(name), most)? {
            // To write is slow, and most of the time nothing is new.
            Some(there) if there == all => Ok(()),
            _ => file::write(&dir, name, &all),
        }
    }
}

impl Partial {
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.file
            .write_all(bytes)
            .map_err(StoreError::io("write", &self.path))
    }

    /// Begins again.
    pub(crate) fn clear(&mut self) -> Result<(), StoreError> {
        let file = self.file.as_file_mut();
        file.set_len(0)
            .and_then(|()| file.rewind())
            .map_err(StoreError::io("write", &self.path))
    }

    /// Gives it its name, once it was verified. It is the file that was written, at its start: what takes its name
    /// later is another file.
    pub(crate) fn keep(self) -> Result<File, StoreError> {
        let mut file = file::persist(self.file, &self.path)?;
        file.rewind().map_err(StoreError::io("read", &self.path))?;
        Ok(file)
    }
}

impl Step {
    fn encode(&self) -> String {
        let mut text = format!("{}\n{}\n", self.size, self.root);
        for hash in &self.proof {
            text.push_str(&format!("{hash}\n"));
        }
        text
    }

    fn parse(bytes: &[u8]) -> Option<Step> {
        let mut lines = std::str::from_utf8(bytes).ok()?.lines();
        let size = text::from_decimal(lines.next()?)?;
        let root = lines.next()?.parse().ok()?;
        let proof = lines.map(|line| line.parse().ok()).collect::<Option<_>>()?;
        Some(Step { size, root, proof })
    }
}

fn digest_of(file: &mut File, path: &Path) -> Result<Digest, StoreError> {
    let mut hasher = Hasher::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        let read = file
            .read(&mut buffer)
            .map_err(StoreError::io("read", path))?;
        match buffer.get(..read) {
            Some([]) | None => return Ok(hasher.finish()),
            Some(bytes) => hasher.update(bytes),
        }
    }
}

/// Whether each record comes after the one before it. Who signed them is not looked at.
fn is_chain(records: &[SignedRecord], pin: &Pin, subject: &Subject) -> bool {
    let mut prev = Hash::ZERO;
    (0..).zip(records).all(|(seq, record)| {
        let said = record.record();
        let follows = said.link() == Some(Link { seq, prev });
        prev = record.hash();
        follows && said.origin == *pin.origin() && said.subject() == *subject
    })
}

fn name_of(request: &Request) -> String {
    let query = crate::api::ProofQuery {
        request: request.clone(),
        known: Default::default(),
        size: None,
    };
    Digest::of(query.to_string().as_bytes()).hex()
}

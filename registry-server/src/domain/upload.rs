//! Content that someone brings.

use super::quota::Charge;
use super::{Error, Reader};
use crate::access::{Action, Token};
use crate::app::{App, Realm};
use crate::log::LogId;
use crate::store::blobs::{Blob, Incoming};
use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tenon_registry_client::Digest;
use tenon_registry_client::api::ProblemCode;
use tokio::task::JoinHandle;

/// How much is written at once, and how much may come in meanwhile.
const PART: usize = 128 << 10;

/// What is to be done with content that is announced.
#[derive(Debug)]
pub enum Announced<'a> {
    /// It is here already.
    Here,
    /// It is to be uploaded.
    Wanted(Box<Upload<'a>>),
}

/// Content on its way in. Dropping it leaves nothing.
#[derive(Debug)]
pub struct Upload<'a> {
    realm: &'a Arc<Realm>,
    token: &'a Token,
    digest: Digest,
    most: u64,
    quotas: &'a super::Quotas,
    charges: Vec<Charge<'a>>,
    _room: Room<'a>,
    size: u64,
    /// What has come in and is not being written yet.
    part: Vec<u8>,
    writing: Writing,
}

#[derive(Debug)]
enum Writing {
    Idle(Option<Box<Incoming>>),
    Busy(JoinHandle<Result<Box<Incoming>, Error>>),
}

/// Room on the disk for what is on its way in, which is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Room<'a> {
    promised: &'a AtomicU64,
    bytes: u64,
}

impl Room<'_> {
    pub(crate) fn take<'a>(app: &'a App, realm: &Realm, bytes: u64) -> Result<Room<'a>, Error> {
        let promised = app.promised();
        let others = promised.fetch_add(bytes, Ordering::Relaxed);
        let room = Room { promised, bytes };
        let reserve = app.config().limits.disk_reserve_bytes;
        let needed = others.saturating_add(bytes).saturating_add(reserve);
        match realm.blobs().free_space()? < needed {
            true => Err(Error::storage_full()),
            false => Ok(room),
        }
    }
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        self.promised.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// Asks whether content may come in, of so many bytes if that is known.
///
/// # Errors
///
/// It may not.
pub fn announce<'a>(
    app: &'a App,
    realm: &'a Arc<Realm>,
    token: &'a Token,
    digest: Digest,
    size: Option<u64>,
) -> Result<Announced<'a>, Error> {
    if !token.allows(Action::Publish) {
        let detail = "this takes a token that may `publish`; this one may not";
        return Err(Error::new(ProblemCode::Forbidden, detail));
    }
    let most = app.config().limits.content_bytes;
    if size.is_some_and(|size| size > most) {
        return Err(too_large(most));
    }
    // In private, whether content is here is told to nobody who may not read all of it.
    let may_know = realm.id() == LogId::Public || token.allows_all(Action::Read);
    if may_know && realm.blobs().find(&digest)?.is_some() {
        realm.note_upload(token.id, &digest);
        return Ok(Announced::Here);
    }
    let room = Room::take(app, realm, size.unwrap_or(most))?;
    let charge = app.quotas().charge_bytes(token.id, size.unwrap_or(0))?;
    Ok(Announced::Wanted(Box::new(Upload {
        realm,
        token,
        digest,
        most,
        quotas: app.quotas(),
        charges: vec![charge],
        _room: room,
        size: 0,
        part: Vec::new(),
        writing: Writing::Idle(None),
    })))
}

impl Upload<'_> {
    /// Takes the next bytes.
    ///
    /// # Errors
    ///
    /// There are too many of them, or they cannot be written.
    pub async fn push(&mut self, bytes: &Bytes) -> Result<(), Error> {
        self.size = self.size.saturating_add(bytes.len() as u64);
        if self.size > self.most {
            return Err(too_large(self.most));
        }
        self.part.extend_from_slice(bytes);
        match self.part.len() < PART {
            true => Ok(()),
            false => self.write_part().await,
        }
    }

    /// Keeps the content, if it is what it was announced as.
    ///
    /// # Errors
    ///
    /// It is not, or it cannot be kept.
    pub async fn finish(mut self, announced: Option<u64>) -> Result<(), Error> {
        if announced.is_none() {
            // Its length was not known, so it was not counted.
            self.charges
                .push(self.quotas.charge_bytes(self.token.id, self.size)?);
        }
        let incoming = self.written().await?;
        let part = std::mem::take(&mut self.part);
        let (blobs, digest) = (self.realm.blobs().clone(), self.digest);
        let kept = tokio::task::spawn_blocking(move || {
            let mut incoming = match incoming {
                Some(incoming) => incoming,
                None => Box::new(blobs.begin()?),
            };
            incoming.write(&part)?;
            Ok::<_, Error>(incoming.keep(&digest)?)
        });
        kept.await??;
        self.realm.note_upload(self.token.id, &self.digest);
        self.charges.into_iter().for_each(Charge::keep);
        Ok(())
    }

    /// Hands what came in to be written, while more comes in.
    async fn write_part(&mut self) -> Result<(), Error> {
        let incoming = self.written().await?;
        let part = std::mem::replace(&mut self.part, Vec::with_capacity(PART + PART / 2));
        let blobs = self.realm.blobs().clone();
        self.writing = Writing::Busy(tokio::task::spawn_blocking(move || {
            let mut incoming = match incoming {
                Some(incoming) => incoming,
                None => Box::new(blobs.begin()?),
            };
            incoming.write(&part)?;
            Ok(incoming)
        }));
        Ok(())
    }

    /// The file, once what was handed over is written.
    async fn written(&mut self) -> Result<Option<Box<Incoming>>, Error> {
        match std::mem::replace(&mut self.writing, Writing::Idle(None)) {
            Writing::Idle(incoming) => Ok(incoming),
            Writing::Busy(writing) => Ok(Some(writing.await??)),
        }
    }
}

/// Content, for someone who may read it: of a private realm, as part of a package they may read.
///
/// # Errors
///
/// It cannot be looked for.
pub(crate) async fn find(
    app: &Arc<App>,
    realm: &Arc<Realm>,
    reader: &Reader,
    digest: Digest,
) -> Result<Option<Blob>, Error> {
    // Whether it is there is asked only for who may know, so that the time it takes says nothing.
    match may_read(app, realm, reader, digest).await? {
        true => Ok(realm.blobs().find(&digest)?),
        false => Ok(None),
    }
}

pub(super) async fn may_read(
    app: &Arc<App>,
    realm: &Arc<Realm>,
    reader: &Reader,
    digest: Digest,
) -> Result<bool, Error> {
    if reader.has_all() {
        return Ok(true);
    }
    let packages = realm.catalog(app, move |catalog| Ok(catalog.packages_with(&digest)?));
    let packages = packages.await?;
    Ok(packages.iter().any(|package| reader.has_package(package)))
}

pub(crate) fn too_large(most: u64) -> Error {
    let detail = format!("content has at most {most} bytes here");
    Error::new(ProblemCode::TooLarge, detail)
}

//! Content that someone brings.

use super::inflow::Inflow;
use super::quota::Charge;
use super::room::Room;
use super::{Error, Reader};
use crate::access::{Action, Token};
use crate::app::{App, Realm};
use crate::catalog::Catalog;
use crate::log::LogId;
use crate::store::blobs::Blob;
use bytes::Bytes;
use std::sync::Arc;
use tenon_registry_client::Digest;
use tenon_registry_client::api::ProblemCode;

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
    room: Room<'a>,
    inflow: Inflow,
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
    let room = Room::take(app, realm, size)?;
    let charge = app.quotas().charge_bytes(token.id, size.unwrap_or(0))?;
    Ok(Announced::Wanted(Box::new(Upload {
        realm,
        token,
        digest,
        most,
        quotas: app.quotas(),
        charges: vec![charge],
        room,
        inflow: Inflow::new(realm.blobs()),
    })))
}

impl Upload<'_> {
    /// Takes the next bytes.
    ///
    /// # Errors
    ///
    /// There are too many of them, or they cannot be written.
    pub async fn push(&mut self, bytes: &Bytes) -> Result<(), Error> {
        let length = bytes.len() as u64;
        if self.inflow.size().saturating_add(length) > self.most {
            return Err(too_large(self.most));
        }
        self.room.fill(length)?;
        self.inflow.push(bytes).await
    }

    /// Keeps the content, if it is what it was announced as.
    ///
    /// # Errors
    ///
    /// It is not, or it cannot be kept.
    pub async fn finish(mut self, announced: Option<u64>) -> Result<(), Error> {
        if announced.is_none() {
            // Its length was not known, so it was not counted.
            let size = self.inflow.size();
            self.charges
                .push(self.quotas.charge_bytes(self.token.id, size)?);
        }
        let digest = self.digest;
        self.inflow
            .finish(move |incoming| Ok(incoming.keep(&digest)?))
            .await?;
        self.realm.note_upload(self.token.id, &self.digest);
        self.charges.into_iter().for_each(Charge::keep);
        Ok(())
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
    let (blobs, reader) = (realm.blobs().clone(), reader.clone());
    let find = move |catalog: &Catalog<'_>| {
        // Whether it is there is asked only for who may know, so that the time it takes says nothing.
        if !may_read(catalog, &reader, &digest)? || catalog.is_taken_down(&digest)? {
            return Ok(None);
        }
        Ok(blobs.find(&digest)?)
    };
    realm.catalog(app, find).await
}

/// Refuses content that was taken down, whoever brings it again.
///
/// # Errors
///
/// It was, or that cannot be found out.
pub(crate) async fn must_not_be_taken_down(
    app: &Arc<App>,
    realm: &Arc<Realm>,
    digest: Digest,
) -> Result<(), Error> {
    let is_down = move |catalog: &Catalog<'_>| Ok(catalog.is_taken_down(&digest)?);
    if !realm.catalog(app, is_down).await? {
        return Ok(());
    }
    let detail = format!("the content `{digest}` was taken down here, and is not taken in again");
    Err(Error::new(ProblemCode::Forbidden, detail))
}

/// Whether content is part of a package that someone may read.
pub(super) fn may_read(
    catalog: &Catalog<'_>,
    reader: &Reader,
    digest: &Digest,
) -> Result<bool, Error> {
    if reader.has_all() {
        return Ok(true);
    }
    let packages = catalog.packages_with(digest)?;
    Ok(packages.iter().any(|package| reader.has_package(package)))
}

pub(crate) fn too_large(most: u64) -> Error {
    let detail = format!(
        "content has at most {most} bytes here, unless the registry's operator raises `limits.content-bytes`"
    );
    Error::new(ProblemCode::TooLarge, detail)
}

//! Content on its way to a registry.

use super::progress::{Meter, Transfer, TransferKind};
use super::transport::{Ask, WhenToken};
use super::{Client, Error, ErrorKind};
use crate::api::Paths;
use crate::store::StoreError;
use crate::{Digest, Hasher};
use bytes::Bytes;
use futures_util::stream;
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use reqwest::{Body, Method};
use std::path::PathBuf;
use std::time::Duration;
use tokio::io::AsyncReadExt;

/// Content that is to be uploaded.
#[derive(Clone, Debug)]
pub enum Uploading {
    /// The bytes themselves.
    Bytes(Bytes),
    /// The bytes of a file.
    File(PathBuf),
}

/// What became of an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uploaded {
    /// The registry had the content already.
    AlreadyThere,
    /// It was sent.
    Sent,
}

impl Uploading {
    /// The digest and the length of the content.
    ///
    /// # Errors
    ///
    /// [`super::ErrorKind::Store`]: the file cannot be read.
    pub async fn measure(&self) -> Result<(Digest, u64), Error> {
        match self {
            Uploading::Bytes(bytes) => Ok((Digest::of(bytes), bytes.len() as u64)),
            Uploading::File(path) => {
                let unread = |error| Error::from(StoreError::io("read", path)(error));
                let mut file = tokio::fs::File::open(path).await.map_err(unread)?;
                let unread = |error| Error::from(StoreError::io("read", path)(error));
                let (mut hasher, mut size) = (Hasher::new(), 0);
                let mut buffer = vec![0; 64 << 10];
                loop {
                    let read = file.read(&mut buffer).await.map_err(unread)?;
                    match buffer.get(..read) {
                        Some([]) | None => return Ok((hasher.finish(), size)),
                        Some(bytes) => hasher.update(bytes),
                    }
                    size += read as u64;
                }
            }
        }
    }
}

impl Client {
    /// Sends content to the registry, unless it is there already. It is not published by that: a
    /// record has to follow, see [`Client::submit`].
    ///
    /// The digest and the size must be those of [`Uploading::measure`]; what does not have them is
    /// refused by the registry.
    ///
    /// # Errors
    ///
    /// Why it was not sent, or what the registry has against it. It is safe to try again.
    pub async fn upload(
        &self,
        content: Uploading,
        digest: &Digest,
        size: u64,
    ) -> Result<Uploaded, Error> {
        let head = Ask {
            method: Method::HEAD,
            token: WhenToken::AtOnce,
            ..Ask::get(Paths::blob(digest), u64::MAX)
        };
        // An answer to HEAD has no body: why the registry says no, only the answer to PUT can say.
        let refused = match self.get(head).await {
            Ok(_) => return Ok(Uploaded::AlreadyThere),
            Err(error) if error.is_not_found() => None,
            Err(error) if matches!(*error.kind, ErrorKind::Status(401 | 403)) => Some(error),
            Err(error) => return Err(error),
        };
        let what = digest.to_string();
        let meter = self.0.options.progress.begin(Transfer {
            kind: TransferKind::Upload,
            what: &what,
            total: size,
        });
        let body = match content {
            Uploading::Bytes(bytes) => sending(Source::Bytes(bytes), meter),
            Uploading::File(path) => {
                let file = tokio::fs::File::open(&path).await;
                let file = file.map_err(StoreError::io("open", &path))?;
                sending(Source::File(file), meter)
            }
        };
        let ask = Ask {
            method: Method::PUT,
            token: WhenToken::AtOnce,
            headers: vec![
                (CONTENT_LENGTH, HeaderValue::from(size)),
                (
                    CONTENT_TYPE,
                    HeaderValue::from_static("application/octet-stream"),
                ),
            ],
            ..Ask::get(Paths::upload(digest), self.most())
        };
        let timeouts = &self.0.options.timeouts;
        let slowest = Duration::from_secs(size / timeouts.slowest.max(1));
        let limit = timeouts.total.saturating_add(slowest);
        match (self.0.transport.write(&ask, body, limit).await, refused) {
            (Ok(_), _) => Ok(Uploaded::Sent),
            // It may have hung up on the content.
            (Err(error), Some(refused)) if error.problem().is_none() => Err(refused),
            (Err(error), _) => Err(error),
        }
    }
}

enum Source {
    Bytes(Bytes),
    File(tokio::fs::File),
}

impl Source {
    async fn next(&mut self) -> std::io::Result<Bytes> {
        match self {
            Source::Bytes(bytes) => Ok(bytes.split_to(bytes.len().min(64 << 10))),
            Source::File(file) => {
                let mut buffer = vec![0; 64 << 10];
                let read = file.read(&mut buffer).await?;
                buffer.truncate(read);
                Ok(buffer.into())
            }
        }
    }
}

fn sending(source: Source, meter: Box<dyn Meter>) -> Body {
    // A meter is used by one thread at a time, which is all that a lock is for here.
    let state = (source, std::sync::Mutex::new(meter), 0_u64);
    Body::wrap_stream(stream::try_unfold(
        state,
        |(mut source, meter, sent)| async move {
            let bytes = source.next().await?;
            if bytes.is_empty() {
                return Ok::<_, std::io::Error>(None);
            }
            let sent = sent + bytes.len() as u64;
            if let Ok(mut meter) = meter.lock() {
                meter.reach(sent);
            }
            Ok(Some((bytes, (source, meter, sent))))
        },
    ))
}

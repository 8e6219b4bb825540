//! Content on its way to an OCI registry.

use super::Repository;
use super::client::OciClient;
use super::link::{Action, Ask, Reach, Scope};
use super::push::{check_digest, nothing};
use crate::Digest;
use crate::http::{Error, ErrorKind, Meter, Transfer, TransferKind, Uploaded, Uploading};
use crate::store::StoreError;
use bytes::Bytes;
use reqwest::header::{
    CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION,
};
use reqwest::{Method, Url};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

/// The least bytes of a part that a registry takes.
const MIN_LENGTH: HeaderName = HeaderName::from_static("oci-chunk-min-length");
/// The most bytes of a part, whatever a registry asks for: a part is held in memory.
const MAX_PART: u64 = 256 << 20;
/// The most bytes of an answer that nobody reads.
const MAX_ANSWER: u64 = 1 << 20;
/// How long an upload that is given up may take to be cancelled.
const CANCEL_PATIENCE: Duration = Duration::from_secs(5);

/// Content that is read in parts.
struct Parts {
    content: Uploading,
    size: u64,
}

impl OciClient {
    /// Sends content to a repository, unless it is there already: in one piece, or in parts if it is large.
    ///
    /// # Errors
    ///
    /// Why it was not sent, or what the registry has against it. It is safe to try again.
    pub async fn push_blob(
        &self,
        repository: &Repository,
        content: Uploading,
        digest: Digest,
        size: u64,
    ) -> Result<Uploaded, Error> {
        let scope = Scope::of(repository, Action::Push);
        let link = &self.0.link;
        let mut head = link.ask(&scope, Method::HEAD, &format!("blobs/{digest}"), u64::MAX);
        head.reach = Reach::Anywhere;
        match link.get(&head).await {
            Ok(_) => return Ok(Uploaded::AlreadyThere),
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error),
        }
        let what = format!("{}/{repository}", self.0.options.host);
        let mut meter = self.0.options.progress.begin(Transfer {
            kind: TransferKind::Upload,
            what: &what,
            total: size,
        });
        let mut begin = link.ask(&scope, Method::POST, "blobs/uploads/", MAX_ANSWER);
        begin.reach = Reach::Here;
        begin.body = nothing();
        begin.headers = vec![(CONTENT_LENGTH, HeaderValue::from(0))];
        let headers = link.write(&begin).await?;
        let mut url = self.place(&headers, &begin)?;
        let parts = Parts { content, size };
        let part = self.part(&headers);
        let sent = self.send(&scope, &mut url, &parts, part, digest, &mut *meter);
        let sent = sent.await;
        if sent.is_err() {
            // The registry need not keep what came. If it cannot be told, it finds out by itself.
            let mut cancel = self.sending(&scope, Method::DELETE, url, Bytes::new());
            cancel.patience = CANCEL_PATIENCE;
            let _ = link.write(&cancel).await;
        }
        sent.map(|()| Uploaded::Sent)
    }

    /// Sends content to an upload, and ends that. `url` is where it goes on.
    async fn send(
        &self,
        scope: &Scope,
        url: &mut Url,
        parts: &Parts,
        part: u64,
        digest: Digest,
        meter: &mut dyn Meter,
    ) -> Result<(), Error> {
        let (link, size) = (&self.0.link, parts.size);
        let mut sent = 0;
        // What goes into one part is sent with the request that closes the upload.
        while size > part && sent < size {
            let bytes = parts.read(sent, part).await?;
            let length = bytes.len() as u64;
            let mut ask = self.sending(scope, Method::PATCH, url.clone(), bytes);
            let range = format!("{sent}-{}", (sent + length).saturating_sub(1));
            let range = HeaderValue::from_str(&range);
            ask.headers
                .extend(range.ok().map(|range| (CONTENT_RANGE, range)));
            let headers = link.write(&ask).await?;
            *url = self.place(&headers, &ask)?;
            sent += length;
            meter.reach(sent);
        }
        let bytes = match sent {
            0 => parts.read(0, size).await?,
            _ => Bytes::new(),
        };
        let mut last = url.clone();
        last.query_pairs_mut()
            .append_pair("digest", &digest.to_string());
        let ask = self.sending(scope, Method::PUT, last, bytes);
        let headers = link.create(&ask, "the content").await?;
        check_digest(&headers, digest, "the content", &ask)?;
        meter.reach(size);
        Ok(())
    }

    fn sending<'a>(&self, scope: &'a Scope, method: Method, url: Url, bytes: Bytes) -> Ask<'a> {
        let timeouts = &self.0.options.timeouts;
        let slowest = Duration::from_secs(bytes.len() as u64 / timeouts.slowest.max(1));
        let media_type = HeaderValue::from_static("application/octet-stream");
        Ask {
            method,
            url,
            scope,
            most: MAX_ANSWER,
            headers: vec![
                (CONTENT_LENGTH, HeaderValue::from(bytes.len() as u64)),
                (CONTENT_TYPE, media_type),
            ],
            body: Some(bytes),
            reach: Reach::Here,
            patience: timeouts.total.saturating_add(slowest),
        }
    }

    /// Where an upload goes on.
    fn place(&self, headers: &HeaderMap, ask: &Ask<'_>) -> Result<Url, Error> {
        let to = headers.get(LOCATION).and_then(|to| to.to_str().ok());
        let refuse = |reason| {
            let to =
                crate::text::excerpt(to.unwrap_or_default().split('?').next().unwrap_or_default());
            Error::new(ErrorKind::Redirect { to, reason }, ask.url.as_str(), 1)
        };
        let url = to.and_then(|to| ask.url.join(to).ok());
        let url = url.ok_or_else(|| refuse("an upload goes on at some URL"))?;
        match url.origin() == self.0.link.base.origin() {
            true => Ok(url),
            false => Err(refuse(
                "an upload goes on where it began; if a proxy is before the registry, it must be told its own address",
            )),
        }
    }

    /// How many bytes a part has.
    fn part(&self, headers: &HeaderMap) -> u64 {
        let least = headers
            .get(MIN_LENGTH)
            .and_then(|least| least.to_str().ok());
        let least = least.and_then(crate::text::from_decimal).unwrap_or(0);
        self.0.options.part.max(least).clamp(1, MAX_PART)
    }
}

impl Parts {
    /// The bytes from `start` on, at most `most` of them.
    async fn read(&self, start: u64, most: u64) -> Result<Bytes, Error> {
        let length = most.min(self.size.saturating_sub(start));
        let (from, to) = (start as usize, start.saturating_add(length) as usize);
        match &self.content {
            Uploading::Bytes(bytes) if to <= bytes.len() => Ok(bytes.slice(from..to)),
            Uploading::Bytes(_) => Err(Error::from(ErrorKind::Setup(
                "the content has fewer bytes than was said".into(),
            ))),
            Uploading::File(path) => {
                let read = async {
                    let mut file = tokio::fs::File::open(path).await?;
                    file.seek(std::io::SeekFrom::Start(start)).await?;
                    let mut bytes = vec![0; length as usize];
                    file.read_exact(&mut bytes).await?;
                    Ok(bytes)
                };
                let bytes: Result<Vec<u8>, std::io::Error> = read.await;
                Ok(bytes.map_err(StoreError::io("read", path))?.into())
            }
        }
    }
}

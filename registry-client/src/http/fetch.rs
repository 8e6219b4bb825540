//! Content: downloaded, checked while it comes, and kept once everything is verified.

use super::body::Body;
use super::progress::{Meter, Transfer, TransferKind};
use super::transport::{Ask, Failure};
use super::{Client, Error, ErrorKind};
use crate::api::Paths;
use crate::chain::Release;
use crate::name::{PackageName, Version};
use crate::record::{Reference, Subject};
use crate::store::Partial;
use crate::verify::{ContentCheck, Request, Verified, View};
use reqwest::Response;
use reqwest::header::{CONTENT_RANGE, ETAG, HeaderValue, IF_RANGE, RANGE};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// How often a download is continued that got further each time.
const MAX_PARTS: u32 = 64;

/// Content that is verified, and in the cache.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// Where it is, in the cache. Copy it from there; to read it later, use
    /// [`crate::store::Cache::open_blob`], which checks it again.
    pub path: PathBuf,
    /// The release it is of.
    pub release: Verified<Release>,
    /// The package and all that proves it.
    pub view: Verified<View>,
    /// The index of the release's record in the log.
    pub index: u64,
    /// Where the bytes are from.
    pub from: FetchedFrom,
}

/// Where content is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FetchedFrom {
    /// It was in the cache, and was read there and checked.
    Cache,
    /// It was downloaded now.
    Registry,
}

/// A download, as far as it is.
struct Download {
    partial: Partial,
    check: ContentCheck,
    meter: Box<dyn Meter>,
    taken: u64,
    etag: Option<HeaderValue>,
}

impl Client {
    /// The content of a release, by its exact version, be it yanked or not.
    ///
    /// The content gets its name in the cache, and the trust state is replaced, once the release and all
    /// of the content are verified.
    ///
    /// # Errors
    ///
    /// As [`Client::view`]; [`crate::verify::VerifyError`] if there is no such release, it was taken down, or the content
    /// is not what the release's record says; [`ErrorKind::ContentMissing`]; or [`ErrorKind::Offline`].
    pub async fn fetch(&self, package: &PackageName, version: &Version) -> Result<Fetched, Error> {
        self.fetch_locked(package, version, &BTreeMap::new()).await
    }

    /// As [`Client::fetch`], where these records must be in their chains, too.
    ///
    /// # Errors
    ///
    /// As [`Client::fetch`].
    pub async fn fetch_locked(
        &self,
        package: &PackageName,
        version: &Version,
        locked: &BTreeMap<Subject, Reference>,
    ) -> Result<Fetched, Error> {
        let request = Request::release(package.clone(), version.clone());
        let mut partial = None;
        for _ in 0..super::view::MAX_TRIES {
            let look = self.look(&request, locked).await?;
            let release = match look.view.release(version) {
                Ok(release) => release,
                Err(absent) => {
                    // That there is none was verified, too.
                    self.keep(look).await?;
                    return Err(absent.into());
                }
            };
            let digest = release.content.digest;
            let cached = match &partial {
                Some((of, _)) if *of == digest => true,
                _ => self.is_cached(&release).await?,
            };
            if !cached {
                let what = format!("{package}@{version}");
                if self.is_offline() {
                    return Err(ErrorKind::Offline(format!("the content of `{what}`")).into());
                }
                partial = Some((digest, self.download(&release, &what).await?));
            }
            let Some(view) = self.keep(look).await? else {
                continue;
            };
            let path = self.0.cache.blob_path(&digest);
            let from = match partial {
                Some((_, partial)) => {
                    self.on_disk(move |_| partial.keep()).await?;
                    FetchedFrom::Registry
                }
                None => FetchedFrom::Cache,
            };
            let index = view.index_of(&release).unwrap_or_default();
            return Ok(Fetched {
                path,
                release,
                view,
                index,
                from,
            });
        }
        Err(ErrorKind::Contended(super::view::MAX_TRIES).into())
    }

    /// Whether the content is in the cache, every byte of it.
    async fn is_cached(&self, release: &Verified<Release>) -> Result<bool, Error> {
        let content = release.content;
        let there = self.on_disk(move |parts| {
            let file = parts.cache.open_blob(&content.digest, content.size)?;
            Ok(file.is_some())
        });
        there.await
    }

    /// All of the content, checked, without its name yet.
    async fn download(&self, release: &Verified<Release>, what: &str) -> Result<Partial, Error> {
        let content = release.content;
        let limit = self.0.options.limits.content;
        if content.size > limit {
            return Err(ErrorKind::TooLarge(limit).into());
        }
        let begun = self.on_disk(move |parts| parts.cache.begin_blob(&content.digest));
        let transfer = Transfer {
            kind: TransferKind::Download,
            what,
            total: content.size,
        };
        let mut download = Download {
            partial: begun.await?,
            check: release.check(),
            meter: self.0.options.progress.begin(transfer),
            taken: 0,
            etag: None,
        };
        let path = Paths::blob(&content.digest);
        let url = self.0.transport.url(&path);
        let (mut attempt, mut parts) = (0, 0);
        loop {
            let before = download.taken;
            attempt += 1;
            let failure = match self.download_part(&path, release, &mut download).await {
                Ok(()) => break,
                Err(failure) => failure,
            };
            if failure.kind.is_not_found() {
                let missing = ErrorKind::ContentMissing(format!("`{what}`"));
                return Err(Error::new(missing, url.as_str(), attempt));
            }
            // Who gets further may go on.
            if download.taken > before && parts < MAX_PARTS {
                parts += 1;
                attempt = 1;
            }
            self.0.transport.pause(failure, &url, attempt).await?;
        }
        let refused = |error| Error::new(ErrorKind::Verify(error), url.as_str(), attempt);
        download.check.finish().map_err(refused)?;
        Ok(download.partial)
    }

    /// What one connection brings of it, from where the last one ended.
    async fn download_part(
        &self,
        path: &str,
        release: &Verified<Release>,
        download: &mut Download,
    ) -> Result<(), Failure> {
        let size = release.content.size;
        let mut ask = Ask::get(path, size);
        if download.taken > 0 {
            let range = HeaderValue::from_str(&format!("bytes={}-", download.taken));
            ask.headers.extend(range.ok().map(|range| (RANGE, range)));
            let etag = download.etag.clone();
            ask.headers.extend(etag.map(|etag| (IF_RANGE, etag)));
        }
        let response = self.0.transport.open(&ask).await?;
        let part = response.status() == 206;
        let goes_on = part && continues(&response, download.taken);
        if goes_on {
            ask.most = size.saturating_sub(download.taken);
        } else {
            download.partial.clear().map_err(stored)?;
            download.check = release.check();
            download.taken = 0;
            download.etag = strong(response.headers().get(ETAG));
        }
        if part && !goes_on {
            let what = "the part of the content that was asked for";
            let source = "its range begins elsewhere".into();
            return Err(Failure::soon(ErrorKind::Malformed { what, source }));
        }
        // That there is more than the record says is for the check to say, unless it is said before.
        let check = |error| Failure::never(ErrorKind::Verify(error));
        if response
            .content_length()
            .is_some_and(|length| length > ask.most)
        {
            return Err(check(crate::verify::VerifyError::ContentTooLong { size }));
        }
        let mut body = Body::new(response, u64::MAX, &self.0.transport.timeouts)?;
        while let Some(bytes) = body.next().await? {
            download.check.update(&bytes).map_err(check)?;
            download.partial.write(&bytes).map_err(stored)?;
            download.taken += bytes.len() as u64;
            download.meter.reach(download.taken);
        }
        Ok(())
    }
}

fn stored(error: crate::store::StoreError) -> Failure {
    Failure::never(ErrorKind::Store(error))
}

/// Whether a part begins where the last one ended.
fn continues(response: &Response, taken: u64) -> bool {
    let range = response.headers().get(CONTENT_RANGE);
    let range = range.and_then(|range| range.to_str().ok());
    let start = range.and_then(|range| range.strip_prefix("bytes ")?.split_once('-'));
    start.is_some_and(|(start, _)| start == taken.to_string())
}

/// An entity tag that stands for every byte.
fn strong(etag: Option<&HeaderValue>) -> Option<HeaderValue> {
    etag.filter(|etag| etag.as_bytes().starts_with(b"\""))
        .cloned()
}

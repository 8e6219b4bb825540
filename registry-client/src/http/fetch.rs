//! Content: downloaded, checked while it comes, and kept once everything is verified.

use super::download::{Check, Download, Source};
use super::progress::{Transfer, TransferKind};
use super::transport::{Ask, Failure, Transport};
use super::turn::ContentTurn;
use super::view::{Locked, MAX_TRIES};
use super::{Client, Error, ErrorKind};
use crate::Digest;
use crate::api::Paths;
use crate::chain::Release;
use crate::name::{PackageName, Version};
use crate::record::{Content, Reference, Subject};
use crate::store::Partial;
use crate::verify::{ContentCheck, Request, Verified, VerifyError, View};
use reqwest::Response;
use reqwest::header::{HeaderName, HeaderValue};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;

/// Content that is verified, and in the cache.
#[derive(Debug)]
pub struct Fetched {
    /// The very bytes that were checked, open at their start; they are not to be written to. Whatever takes
    /// their name in the cache later is another file, so that nothing needs to be hashed again.
    pub file: File,
    /// Where they are, in the cache. Who reads them there later reads by [`Client::cached`], which checks them
    /// again.
    pub path: PathBuf,
    /// The release it is of. It may be yanked, which a user should be told.
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

/// Content that is checked, and whose release may still have to be verified again.
struct Brought {
    digest: Digest,
    bytes: Bytes,
    _turn: ContentTurn,
}

enum Bytes {
    /// From the cache.
    Kept(File),
    /// From the registry, and without its name yet.
    New(Partial),
}

/// The bytes of a release.
struct OfRelease<'r> {
    release: &'r Verified<Release>,
    check: ContentCheck,
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
        self.fetch_if(package, version, locked, |_, _| Ok(())).await
    }

    /// Content from the cache, once all of it was read and is what it should be, at its start; `None` if it is
    /// not there. It may be of any registry, and is not said to be of a release.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Store`].
    pub async fn cached(&self, content: &Content) -> Result<Option<File>, Error> {
        let Content { digest, size, .. } = *content;
        self.on_disk(move |parts| parts.cache.open_blob(&digest, size))
            .await
    }

    /// As [`Client::fetch_locked`], where no content is asked for, nor kept, unless the release fits.
    pub(super) async fn fetch_if(
        &self,
        package: &PackageName,
        version: &Version,
        locked: &Locked,
        fits: impl Fn(&Verified<View>, &Verified<Release>) -> Result<(), Error>,
    ) -> Result<Fetched, Error> {
        let request = Request::release(package.clone(), version.clone());
        let (mut turn, mut brought) = (None, None::<Brought>);
        for _ in 0..MAX_TRIES {
            let look = self.look(&request, locked).await?;
            let release = look.view.release(version).map_err(Error::from);
            let release = release.and_then(|release| fits(&look.view, &release).map(|()| release));
            let release = match release {
                Ok(release) => release,
                Err(error) => {
                    // That there is no such release was verified, too.
                    self.keep(look, &mut turn).await?;
                    return Err(error);
                }
            };
            let digest = release.content.digest;
            let content = match brought.take().filter(|brought| brought.digest == digest) {
                Some(content) => content,
                None => {
                    // Who has the turn of this content may wait for that of the state.
                    turn = None;
                    self.bring(&release).await?
                }
            };
            let Some(view) = self.keep(look, &mut turn).await? else {
                brought = Some(content);
                continue;
            };
            let (file, from) = match content.bytes {
                Bytes::Kept(file) => (file, FetchedFrom::Cache),
                Bytes::New(partial) => {
                    let file = self.on_disk(move |_| partial.keep()).await?;
                    (file, FetchedFrom::Registry)
                }
            };
            let index = super::locked::place(&view, &release)?;
            return Ok(Fetched {
                file,
                path: self.0.cache.blob_path(&digest),
                release,
                view,
                index,
                from,
            });
        }
        Err(ErrorKind::Contended(MAX_TRIES).into())
    }

    /// The content, from the cache or else from the registry, and all of it checked. Whoever wants the same at
    /// the same time waits until it is in the cache.
    async fn bring(&self, release: &Verified<Release>) -> Result<Brought, Error> {
        let digest = release.content.digest;
        let turn = self.0.turns.content(digest).await;
        let bytes = match self.cached(&release.content).await? {
            Some(file) => Bytes::Kept(file),
            None => {
                let what = format!("{}@{}", release.package, release.version);
                if self.is_offline() {
                    return Err(ErrorKind::Offline(format!("the content of `{what}`")).into());
                }
                Bytes::New(self.download(release, &what).await?)
            }
        };
        Ok(Brought {
            digest,
            bytes,
            _turn: turn,
        })
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
        let path = Paths::blob(&content.digest);
        let url = self.0.transport.url(&path);
        let download = Download {
            wire: &self.0.transport,
            url: &url,
            source: (&self.0.transport, Ask::get(&path, content.size)),
            check: OfRelease {
                release,
                check: release.check(),
            },
            partial: begun.await?,
            meter: self.0.options.progress.begin(transfer),
        };
        download
            .run()
            .await
            .map_err(|error| match error.is_not_found() {
                true => {
                    let missing = ErrorKind::ContentMissing(format!("`{what}`"));
                    Error::new(missing, error.url, error.attempts)
                }
                false => error,
            })
    }
}

impl Source for (&Transport, Ask) {
    async fn open(&self, headers: Vec<(HeaderName, HeaderValue)>) -> Result<Response, Failure> {
        let mut ask = self.1.clone();
        ask.headers.extend(headers);
        self.0.open(&ask).await
    }
}

impl Check for OfRelease<'_> {
    fn size(&self) -> u64 {
        self.release.content.size
    }

    fn begin(&mut self) {
        self.check = self.release.check();
    }

    fn update(&mut self, bytes: &[u8]) -> Result<(), ErrorKind> {
        self.check.update(bytes).map_err(ErrorKind::Verify)
    }

    fn too_long(&self, _: u64) -> ErrorKind {
        let size = self.size();
        ErrorKind::Verify(VerifyError::ContentTooLong { size })
    }

    fn finish(self, _: u64) -> Result<(), ErrorKind> {
        self.check.finish().map(drop).map_err(ErrorKind::Verify)
    }
}

//! The client of one OCI registry.

use super::link::{Action, Ask, Link, Scope};
use super::{Host, OciCredentials, Repository, Tag, version_of};
use crate::http::transport::{Reach, Transport};
use crate::http::{BaseUrl, Error, ErrorKind, Limits, Network, Progress, Timeouts};
use crate::name::Version;
use crate::store::{Cache, StoreError};
use reqwest::header::{HeaderMap, LINK};
use reqwest::{Method, Url};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// The most tags of a repository that are looked at, the most pages of them, and how many of these may bring nothing new.
const MAX_TAGS: usize = 1_000_000;
const MAX_PAGES: usize = 10_000;
const MAX_EMPTY_PAGES: usize = 10;

/// What an [`OciClient`] is made of.
#[derive(Clone)]
pub struct OciOptions {
    /// The registry.
    pub host: Host,
    /// Where its API is: see [`Host::base`].
    pub base: BaseUrl,
    /// Where content is kept: see [`Cache`].
    pub cache_dir: PathBuf,
    /// Who knows users' credentials.
    pub credentials: Arc<dyn OciCredentials>,
    /// Who is told how far transfers are.
    pub progress: Arc<dyn Progress>,
    /// Who is told what the registry warns of, as often as it does.
    pub warned: Arc<dyn Fn(&str) + Send + Sync>,
    /// How long to wait.
    pub timeouts: Timeouts,
    /// How much to take.
    pub limits: Limits,
    /// Whether the network may be used.
    pub network: Network,
    /// Certificates in PEM, each of an authority that is trusted besides those of this machine.
    pub extra_roots: Vec<Vec<u8>>,
    /// The program and its version, for the registry's logs.
    pub user_agent: String,
    /// From how many bytes on content is sent in parts, and how many bytes a part has.
    pub part: u64,
}

/// The client of one OCI registry. A clone shares its connections, and what it was convinced with.
#[derive(Clone)]
pub struct OciClient(pub(super) Arc<Parts>);

pub(super) struct Parts {
    pub(super) options: OciOptions,
    pub(super) link: Link,
    pub(super) cache: Cache,
}

#[derive(Deserialize)]
struct TagList {
    /// Some say `null` where there are none.
    #[serde(default)]
    tags: Option<Vec<String>>,
}

impl OciOptions {
    /// Options for a registry with the timeouts and limits that fit most.
    ///
    /// # Errors
    ///
    /// There can be no URL of the host.
    pub fn new(
        host: Host,
        cache_dir: impl Into<PathBuf>,
    ) -> Result<OciOptions, crate::http::BaseUrlError> {
        Ok(OciOptions {
            base: host.base()?,
            host,
            cache_dir: cache_dir.into(),
            credentials: Arc::new(()),
            progress: Arc::new(()),
            warned: Arc::new(|_| {}),
            timeouts: Timeouts::default(),
            limits: Limits::default(),
            network: Network::Online,
            extra_roots: vec![],
            user_agent: crate::http::options::USER_AGENT.to_owned(),
            part: 16 << 20,
        })
    }

    pub(super) fn transport(&self) -> Result<Transport, Error> {
        Transport::new(&Reach {
            base: &self.base,
            credentials: Arc::new(()),
            timeouts: self.timeouts,
            network: self.network,
            extra_roots: &self.extra_roots,
            user_agent: &self.user_agent,
        })
    }
}

impl OciClient {
    /// A client. Nothing is asked, read or written yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Setup`]: the extra certificates are none, or those of this machine cannot be read.
    pub fn new(options: OciOptions) -> Result<OciClient, Error> {
        Ok(OciClient(Arc::new(Parts {
            link: Link::new(&options)?,
            cache: Cache::new(&options.cache_dir),
            options,
        })))
    }

    /// What it was made of.
    pub fn options(&self) -> &OciOptions {
        &self.0.options
    }

    /// All tags of a repository, in ASCII order, of all pages.
    ///
    /// # Errors
    ///
    /// Why there is no answer, which may be that there is no such repository.
    pub async fn tags(&self, repository: &Repository) -> Result<BTreeSet<Tag>, Error> {
        let scope = Scope::of(repository, Action::Pull);
        let link = &self.0.link;
        let mut ask = link.ask(&scope, Method::GET, "tags/list", self.0.options.limits.json);
        let (mut all, mut seen, mut empty) = (BTreeSet::new(), BTreeSet::new(), 0);
        loop {
            let url = ask.url.clone();
            let (headers, bytes) = link.get(&ask).await?;
            let page: TagList = parse(&bytes, &url, "a list of tags")?;
            let tags = page.tags.into_iter().flatten();
            let before = all.len();
            all.extend(tags.filter_map(|tag| tag.parse::<Tag>().ok()));
            empty += usize::from(all.len() == before);
            let limits = [
                (all.len(), MAX_TAGS, "tags"),
                (seen.len(), MAX_PAGES, "pages of tags"),
                (empty, MAX_EMPTY_PAGES, "pages of tags with no new one"),
            ];
            must_be_within(&limits, &url)?;
            let Some(next) = next_page(&headers, &url) else {
                return Ok(all);
            };
            let is_here = next.origin() == url.origin();
            if !is_here || !seen.insert(next.to_string()) {
                let to = crate::text::excerpt(next.as_str());
                let reason = "the next page of tags has to be another one of the same registry";
                return Err(Error::new(
                    ErrorKind::Redirect { to, reason },
                    url.as_str(),
                    1,
                ));
            }
            ask = Ask { url: next, ..ask };
        }
    }

    /// The versions of a repository, and the tag of each: those of its tags that are one.
    ///
    /// # Errors
    ///
    /// As [`OciClient::tags`].
    pub async fn versions(&self, repository: &Repository) -> Result<BTreeMap<Version, Tag>, Error> {
        let tags = self.tags(repository).await?.into_iter();
        let versions = tags.filter_map(|tag| Some((version_of(&tag)?, tag)));
        Ok(versions.collect())
    }

    /// Does what may wait for a disk where that holds up nobody.
    pub(super) async fn on_disk<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Parts) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Error> {
        let parts = self.0.clone();
        let done = tokio::task::spawn_blocking(move || work(&parts)).await;
        Ok(done.unwrap_or(Err(StoreError::Stopped))?)
    }
}

/// Refuses lists that have no end: how many there are of what, and how many there may be.
pub(super) fn must_be_within(
    limits: &[(usize, usize, &'static str)],
    url: &Url,
) -> Result<(), Error> {
    match limits.iter().find(|(count, most, _)| count > most) {
        Some(&(_, most, what)) => {
            let kind = ErrorKind::TooMany { what, most };
            Err(Error::new(kind, url.as_str(), 1))
        }
        None => Ok(()),
    }
}

/// JSON of a registry.
pub(super) fn parse<'b, T: Deserialize<'b>>(
    bytes: &'b [u8],
    url: &Url,
    what: &'static str,
) -> Result<T, Error> {
    serde_json::from_slice(bytes).map_err(|error| {
        let source = error.into();
        Error::new(ErrorKind::Malformed { what, source }, url.as_str(), 1)
    })
}

/// `Link: </v2/a/tags/list?last=x>; rel="next"`
pub(super) fn next_page(headers: &HeaderMap, from: &Url) -> Option<Url> {
    let links = headers.get_all(LINK).iter();
    let links = links.filter_map(|link| link.to_str().ok());
    let mut next = links.filter_map(|link| {
        let (target, rest) = link.trim().strip_prefix('<')?.split_once('>')?;
        let is_next = rest.replace(['"', ' '], "").to_ascii_lowercase();
        is_next.contains("rel=next").then_some(target)
    });
    from.join(next.next()?).ok()
}

impl fmt::Debug for OciClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OciClient({})", self.0.options.host)
    }
}

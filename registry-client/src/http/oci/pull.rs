//! Manifests and content, checked against their digests while they come.

use super::client::OciClient;
use super::link::{Action, Ask, Link, Reach, Scope};
use super::manifest::{MAX_MANIFEST, Manifest, media};
use super::{Pick, Repository};
use crate::http::download::{Check, Download, Source};
use crate::http::transport::Failure;
use crate::http::{Error, ErrorKind, FetchedFrom, Transfer, TransferKind};
use crate::store::Partial;
use crate::{Digest, Hasher};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Response};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;

/// The header in which a registry says what the digest of a manifest is.
pub(super) const DOCKER_CONTENT_DIGEST: HeaderName =
    HeaderName::from_static("docker-content-digest");

/// A manifest, as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedManifest {
    /// The digest of its bytes.
    pub digest: Digest,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// What it says.
    pub manifest: Manifest,
}

/// Content that has the digest that was asked for, and is in the cache.
#[derive(Debug)]
pub struct OciBlob {
    /// The very bytes that were hashed, open at their start; they are not to be written to.
    pub file: File,
    /// Where they are, in the cache.
    pub path: PathBuf,
    /// Where they are from.
    pub from: FetchedFrom,
}

/// A component of an OCI registry. Nothing says who published it, nor that others get the same.
#[derive(Debug)]
pub struct OciPulled {
    /// Its content.
    pub blob: OciBlob,
    /// The digest of the content.
    pub digest: Digest,
    /// How many bytes the content has.
    pub size: u64,
    /// The digest of its manifest, by which the same can be had again.
    pub manifest: Digest,
    /// What is said of it.
    pub annotations: BTreeMap<String, String>,
}

/// Content that has a digest, and so many bytes.
struct OfDigest<'c> {
    repository: &'c Repository,
    digest: Digest,
    size: u64,
    hasher: Hasher,
}

impl OciClient {
    /// A manifest of a repository.
    ///
    /// # Errors
    ///
    /// Why there is no answer; [`ErrorKind::ContentDiffers`] if it is not what was asked for, or not what the registry
    /// says; [`ErrorKind::NoComponent`] if it is no image manifest.
    pub async fn manifest(
        &self,
        repository: &Repository,
        pick: &Pick,
    ) -> Result<NamedManifest, Error> {
        let (digest, bytes) = self.manifest_bytes(repository, pick).await?;
        let manifest =
            Manifest::parse(&bytes).map_err(|error| self.no_component(repository, pick, &error))?;
        Ok(NamedManifest {
            digest,
            bytes,
            manifest,
        })
    }

    /// The bytes of a manifest, whatever they say, and their digest.
    pub(super) async fn manifest_bytes(
        &self,
        repository: &Repository,
        pick: &Pick,
    ) -> Result<(Digest, Vec<u8>), Error> {
        let scope = Scope::of(repository, Action::Pull);
        let path = format!("manifests/{}", pick.segment());
        let mut ask = self.0.link.ask(&scope, Method::GET, &path, MAX_MANIFEST);
        let types = [
            media::MANIFEST,
            media::INDEX,
            media::DOCKER_MANIFEST,
            media::DOCKER_LIST,
        ];
        ask.headers = types
            .map(|media| (ACCEPT, HeaderValue::from_static(media)))
            .into();
        let (headers, bytes) = self.0.link.get(&ask).await?;
        let found = Digest::of(&bytes);
        let expected = match pick {
            Pick::Digest(digest) => Some(*digest),
            Pick::Tag(_) => said_digest(&headers),
        };
        let differs = |what: &str, expected: String, found: String| {
            let what = format!("the {what} of `{repository}`");
            let kind = ErrorKind::ContentDiffers {
                what,
                expected,
                found,
            };
            Error::new(kind, ask.url.as_str(), 1)
        };
        if let Some(expected) = expected.filter(|expected| *expected != found) {
            let (expected, found) = (expected.to_string(), found.to_string());
            return Err(differs("manifest", expected, found));
        }
        // Two readers must not take it for two things.
        if let (Some(said), Some(own)) = (said_type(&headers), own_type(&bytes))
            && said != own
        {
            let (said, own) = (crate::text::excerpt(said), crate::text::excerpt(&own));
            return Err(differs("type of the manifest", said, own));
        }
        Ok((found, bytes.into()))
    }

    /// The component that a manifest of a repository is of.
    ///
    /// # Errors
    ///
    /// As [`OciClient::manifest`] and [`OciClient::blob`]; [`ErrorKind::NoComponent`] if the manifest is of something else.
    pub async fn pull(&self, repository: &Repository, pick: &Pick) -> Result<OciPulled, Error> {
        let named = self.manifest(repository, pick).await?;
        let layer = named.manifest.component();
        let layer = layer.map_err(|error| self.no_component(repository, pick, &error))?;
        let (digest, size) = (layer.digest, layer.size);
        Ok(OciPulled {
            blob: self.blob(repository, digest, size).await?,
            digest,
            size,
            manifest: named.digest,
            annotations: named.manifest.annotations,
        })
    }

    /// Content of a repository with this digest and so many bytes: from the cache, or from the registry.
    ///
    /// It gets its name in the cache once all of it came and has the digest.
    ///
    /// # Errors
    ///
    /// Why there is no answer; [`ErrorKind::ContentDiffers`]; [`ErrorKind::Offline`] or [`ErrorKind::Store`].
    pub async fn blob(
        &self,
        repository: &Repository,
        digest: Digest,
        size: u64,
    ) -> Result<OciBlob, Error> {
        let path = self.0.cache.blob_path(&digest);
        let kept = self.on_disk(move |parts| parts.cache.open_blob(&digest, size));
        if let Some(file) = kept.await? {
            let from = FetchedFrom::Cache;
            return Ok(OciBlob { file, path, from });
        }
        let partial = self.download(repository, digest, size).await?;
        let file = self.on_disk(move |_| partial.keep()).await?;
        let from = FetchedFrom::Registry;
        Ok(OciBlob { file, path, from })
    }

    async fn download(
        &self,
        repository: &Repository,
        digest: Digest,
        size: u64,
    ) -> Result<Partial, Error> {
        let limit = self.0.options.limits.content;
        if size > limit {
            return Err(ErrorKind::TooLarge(limit).into());
        }
        let what = format!("{}/{repository}", self.0.options.host);
        let begun = self.on_disk(move |parts| parts.cache.begin_blob(&digest));
        let link = &self.0.link;
        let scope = Scope::of(repository, Action::Pull);
        let mut ask = link.ask(&scope, Method::GET, &format!("blobs/{digest}"), size);
        ask.reach = Reach::Anywhere;
        let url = ask.url.clone();
        let download = Download {
            wire: &link.wire,
            url: &url,
            source: (link, ask),
            check: OfDigest {
                repository,
                digest,
                size,
                hasher: Hasher::new(),
            },
            partial: begun.await?,
            meter: self.0.options.progress.begin(Transfer {
                kind: TransferKind::Download,
                what: &what,
                total: size,
            }),
        };
        download.run().await
    }

    pub(super) fn no_component(
        &self,
        repository: &Repository,
        pick: &Pick,
        error: &super::ManifestError,
    ) -> Error {
        let host = self.0.options.host.clone();
        let reference = super::Reference {
            host,
            repository: repository.clone(),
            pick: pick.clone(),
        };
        ErrorKind::NoComponent {
            what: reference.to_string(),
            reason: error.to_string(),
        }
        .into()
    }
}

/// What a registry says that the digest of a manifest is, if it says it in SHA-256.
pub(super) fn said_digest(headers: &HeaderMap) -> Option<Digest> {
    headers
        .get(DOCKER_CONTENT_DIGEST)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

/// The type by which a registry sends a manifest, without parameters.
fn said_type(headers: &HeaderMap) -> Option<&str> {
    let said = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    said.split(';').next().map(str::trim)
}

/// The type that a manifest says that it has, if it is one, and says it.
fn own_type(bytes: &[u8]) -> Option<String> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Own {
        media_type: Option<String>,
    }
    serde_json::from_slice::<Own>(bytes).ok()?.media_type
}

impl Source for (&Link, Ask<'_>) {
    async fn open(&self, headers: Vec<(HeaderName, HeaderValue)>) -> Result<Response, Failure> {
        let mut ask = self.1.clone();
        ask.headers.extend(headers);
        self.0.open(&ask).await
    }
}

impl Check for OfDigest<'_> {
    fn size(&self) -> u64 {
        self.size
    }

    fn begin(&mut self) {
        self.hasher = Hasher::new();
    }

    fn update(&mut self, bytes: &[u8]) -> Result<(), ErrorKind> {
        self.hasher.update(bytes);
        Ok(())
    }

    fn too_long(&self, found: u64) -> ErrorKind {
        let expected = format!("{} bytes", self.size);
        differs(self.repository, expected, format!("{found} bytes or more"))
    }

    fn finish(self, taken: u64) -> Result<(), ErrorKind> {
        let words = |size: u64| format!("{size} bytes");
        if taken != self.size {
            return Err(differs(self.repository, words(self.size), words(taken)));
        }
        let found = self.hasher.finish();
        if found != self.digest {
            let expected = self.digest.to_string();
            return Err(differs(self.repository, expected, found.to_string()));
        }
        Ok(())
    }
}

fn differs(repository: &Repository, expected: String, found: String) -> ErrorKind {
    ErrorKind::ContentDiffers {
        what: format!("the content of `{repository}`"),
        expected,
        found,
    }
}

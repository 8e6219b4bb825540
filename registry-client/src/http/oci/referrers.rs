//! What is said about a manifest by others: signatures, attestations, bills of materials.

use super::client::{OciClient, must_be_within, next_page, parse};
use super::link::{Action, Ask, Scope};
use super::manifest::{Descriptor, Index, MAX_MANIFEST, Manifest, media};
use super::{Pick, Repository, Tag};
use crate::http::{Error, Uploading};
use crate::{Digest, http};
use reqwest::Method;
use std::collections::BTreeMap;

/// The most manifests about one that are looked at.
const MAX_REFERRERS: usize = 10_000;
/// The most bytes of all lists of them.
const MAX_LISTS: usize = 16 << 20;

/// Content that is said about a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attached {
    /// What it is.
    pub media_type: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// What the file is called that other tools write.
    pub title: Option<String>,
}

impl OciClient {
    /// The manifests that are about one, by the registry's word; of one kind, if one is given. Where a registry does not
    /// list them, it is what clients list in a tag that is named after the digest.
    ///
    /// # Errors
    ///
    /// Why there is no answer.
    pub async fn referrers(
        &self,
        repository: &Repository,
        digest: &Digest,
        kind: Option<&str>,
    ) -> Result<Vec<Descriptor>, Error> {
        let scope = Scope::of(repository, Action::Pull);
        let link = &self.0.link;
        let mut ask = link.ask(
            &scope,
            Method::GET,
            &format!("referrers/{digest}"),
            MAX_MANIFEST,
        );
        let mut all: Vec<Descriptor> = vec![];
        let mut taken = 0;
        loop {
            let url = ask.url.clone();
            let (headers, bytes) = match link.get(&ask).await {
                Ok(answer) => answer,
                Err(error) if error.is_not_found() && all.is_empty() => {
                    all = self.listed(repository, digest).await?;
                    break;
                }
                Err(error) => return Err(error),
            };
            let index: Index = parse(&bytes, &url, "a list of manifests")?;
            let (before, there) = (all.len(), index.manifests.is_empty());
            all.extend(index.manifests);
            taken += bytes.len();
            let limits = [
                (all.len(), MAX_REFERRERS, "manifests about one"),
                (taken, MAX_LISTS, "bytes of manifests about one"),
            ];
            must_be_within(&limits, &url)?;
            match next_page(&headers, &url) {
                Some(next) if next.origin() == url.origin() && !there && all.len() > before => {
                    ask = Ask { url: next, ..ask };
                }
                _ => break,
            }
        }
        // A registry may leave it to clients to filter.
        let is_kind =
            |one: &Descriptor| kind.is_none_or(|kind| one.artifact_type.as_deref() == Some(kind));
        Ok(all.into_iter().filter(is_kind).collect())
    }

    /// Sends content as something that is said about a manifest, which has this descriptor; returns the digest of the
    /// manifest that says it.
    ///
    /// # Errors
    ///
    /// As [`OciClient::push`].
    pub async fn attach(
        &self,
        repository: &Repository,
        subject: &Descriptor,
        attached: &Attached,
    ) -> Result<Digest, Error> {
        let mut layer = Descriptor::of(&attached.media_type, &attached.bytes);
        let title = attached.title.iter();
        let title = title.map(|title| ("org.opencontainers.image.title".to_owned(), title.clone()));
        layer.annotations = title.collect();
        let content = Uploading::Bytes(attached.bytes.clone().into());
        self.push_blob(repository, content, layer.digest, layer.size)
            .await?;
        let config = Descriptor::of(media::EMPTY, b"{}");
        let empty = Uploading::Bytes(b"{}".as_slice().into());
        self.push_blob(repository, empty, config.digest, config.size)
            .await?;
        let manifest = Manifest {
            schema_version: 2,
            media_type: Some(media::MANIFEST.to_owned()),
            artifact_type: Some(attached.media_type.clone()),
            config,
            layers: vec![layer],
            subject: Some(Descriptor {
                annotations: BTreeMap::new(),
                ..subject.clone()
            }),
            annotations: BTreeMap::new(),
        };
        let bytes = manifest.bytes();
        let mut described = Descriptor::of(media::MANIFEST, &bytes);
        described.artifact_type = Some(attached.media_type.clone());
        let pick = Pick::Digest(described.digest);
        let (digest, is_listed) = self
            .put_manifest(repository, &pick, media::MANIFEST, bytes)
            .await?;
        if !is_listed {
            self.list(repository, &subject.digest, described).await?;
        }
        Ok(digest)
    }

    /// What clients have listed about a manifest, where the registry does not.
    async fn listed(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Vec<Descriptor>, Error> {
        let Some(tag) = tag_of_referrers(digest) else {
            return Ok(vec![]);
        };
        let pick = Pick::Tag(tag);
        match self.manifest_bytes(repository, &pick).await {
            Ok((_, bytes)) => {
                let url = self
                    .0
                    .link
                    .url(repository, &format!("manifests/{}", pick.segment()));
                Ok(parse::<Index>(&bytes, &url, "a list of manifests")?.manifests)
            }
            Err(error) if error.is_not_found() => Ok(vec![]),
            Err(error) => Err(error),
        }
    }

    /// Adds a manifest to what clients list about another one.
    async fn list(
        &self,
        repository: &Repository,
        subject: &Digest,
        one: Descriptor,
    ) -> Result<(), Error> {
        let mut manifests = self.listed(repository, subject).await?;
        if manifests.iter().any(|there| there.digest == one.digest) {
            return Ok(());
        }
        manifests.push(one);
        let index = Index {
            schema_version: 2,
            media_type: Some(media::INDEX.to_owned()),
            manifests,
        };
        // Strings and numbers can always be written.
        let bytes = serde_json::to_vec(&index).unwrap_or_default();
        let Some(tag) = tag_of_referrers(subject) else {
            return Ok(());
        };
        let pick = Pick::Tag(tag);
        let put = self.put_manifest(repository, &pick, media::INDEX, bytes);
        put.await.map(drop)
    }
}

/// `sha256-<hex>`
fn tag_of_referrers(digest: &Digest) -> Option<Tag> {
    format!("sha256-{}", digest.hex()).parse().ok()
}

impl From<&http::oci::NamedManifest> for Descriptor {
    fn from(named: &http::oci::NamedManifest) -> Descriptor {
        let media_type = named.manifest.media_type.as_deref();
        Descriptor {
            media_type: media_type.unwrap_or(media::MANIFEST).to_owned(),
            digest: named.digest,
            size: named.bytes.len() as u64,
            artifact_type: None,
            annotations: BTreeMap::new(),
        }
    }
}

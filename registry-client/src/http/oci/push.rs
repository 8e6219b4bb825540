//! A component and its manifest, sent to a registry.

use super::client::OciClient;
use super::link::{Action, Ask, Reach, Scope};
use super::manifest::{Manifest, media};
use super::pull::said_digest;
use super::{ComponentPackage, Pick, Repository, Tag};
use crate::Digest;
use crate::http::{Error, ErrorKind, Uploaded, Uploading};
use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};

/// The header in which a registry says that it lists a manifest with what it is about.
const OCI_SUBJECT: HeaderName = HeaderName::from_static("oci-subject");

/// The most bytes of an answer that nobody reads.
const MAX_ANSWER: u64 = 1 << 20;

impl OciClient {
    /// Sends a component: its content, its configuration, and then the manifest with a tag. What the tag meant before is
    /// not looked at.
    ///
    /// # Errors
    ///
    /// Why it was not sent, or what the registry has against it. It is safe to try again.
    pub async fn push(
        &self,
        repository: &Repository,
        tag: &Tag,
        content: Uploading,
        package: &ComponentPackage,
    ) -> Result<Uploaded, Error> {
        let mut uploaded = Uploaded::AlreadyThere;
        for layer in &package.manifest.layers {
            uploaded = self
                .push_blob(repository, content.clone(), layer.digest, layer.size)
                .await?;
        }
        let config = &package.manifest.config;
        let bytes = Uploading::Bytes(package.config.clone().into());
        self.push_blob(repository, bytes, config.digest, config.size)
            .await?;
        self.push_manifest(repository, &Pick::Tag(tag.clone()), &package.manifest)
            .await?;
        Ok(uploaded)
    }

    /// Sends a manifest, whose content must be there; returns its digest.
    ///
    /// # Errors
    ///
    /// As [`OciClient::push`]; [`ErrorKind::ContentDiffers`] if the registry says that it is another one.
    pub async fn push_manifest(
        &self,
        repository: &Repository,
        pick: &Pick,
        manifest: &Manifest,
    ) -> Result<Digest, Error> {
        let media_type = manifest.media_type.as_deref().unwrap_or(media::MANIFEST);
        let (digest, _) = self
            .put_manifest(repository, pick, media_type, manifest.bytes())
            .await?;
        Ok(digest)
    }

    /// Sends the bytes of a manifest; returns their digest, and whether the registry lists it with what it is about.
    pub(super) async fn put_manifest(
        &self,
        repository: &Repository,
        pick: &Pick,
        media_type: &str,
        bytes: Vec<u8>,
    ) -> Result<(Digest, bool), Error> {
        let digest = Digest::of(&bytes);
        let scope = Scope::of(repository, Action::Push);
        let path = format!("manifests/{}", pick.segment());
        let mut ask = self.0.link.ask(&scope, Method::PUT, &path, MAX_ANSWER);
        let media_type = HeaderValue::from_str(media_type);
        ask.headers
            .extend(media_type.ok().map(|it| (CONTENT_TYPE, it)));
        ask.reach = Reach::Here;
        ask.patience = self.0.options.timeouts.total;
        ask.body = Some(bytes.into());
        let headers = self.0.link.create(&ask, "the manifest").await?;
        check_digest(&headers, digest, "the manifest", &ask)?;
        Ok((digest, headers.contains_key(OCI_SUBJECT)))
    }

    /// The digest of the manifest that a pick is now, if there is one.
    ///
    /// # Errors
    ///
    /// Why there is no answer.
    pub async fn digest(
        &self,
        repository: &Repository,
        pick: &Pick,
    ) -> Result<Option<Digest>, Error> {
        match self.manifest_bytes(repository, pick).await {
            Ok((digest, _)) => Ok(Some(digest)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Refuses what the registry says it took, if that is something else.
pub(super) fn check_digest(
    headers: &HeaderMap,
    digest: Digest,
    what: &str,
    ask: &Ask<'_>,
) -> Result<(), Error> {
    match said_digest(headers).filter(|said| *said != digest) {
        None => Ok(()),
        Some(said) => Err(Error::new(
            ErrorKind::ContentDiffers {
                what: format!("{what} that was sent"),
                expected: digest.to_string(),
                found: said.to_string(),
            },
            ask.url.as_str(),
            1,
        )),
    }
}

/// Nothing, to be sent.
pub(super) fn nothing() -> Option<Bytes> {
    Some(Bytes::new())
}

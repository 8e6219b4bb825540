//! What a manifest says, as far as a registry has to know.

use super::digest::Digest;
use super::error::{Code, Failure};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The most bytes of a manifest.
pub(super) const MOST_BYTES: usize = 4 << 20;

/// The most content and manifests that one may name.
const MOST_PARTS: usize = 4_096;

/// An image, or anything else that has a config and layers.
pub(super) const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";

/// A list of manifests.
pub(super) const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// The type of nothing, where something must be.
pub(super) const EMPTY: &str = "application/vnd.oci.empty.v1+json";

/// The content that is of that type.
pub(super) const NOTHING: &[u8] = b"{}";

const DOCKER_IMAGE: &str = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";

/// A manifest that was read.
#[derive(Clone, Debug)]
pub(super) struct Document {
    /// Its type.
    pub(super) media_type: String,
    /// What describes the whole; images have one.
    pub(super) config: Option<Descriptor>,
    /// The layers of an image.
    pub(super) layers: Vec<Descriptor>,
    /// What it refers to.
    pub(super) subject: Option<Digest>,
    /// What it is, by its own word or by the type of its config.
    pub(super) artifact_type: Option<String>,
    /// What it says of itself.
    pub(super) annotations: BTreeMap<String, String>,
}

/// What a manifest says of content.
#[derive(Clone, Debug)]
pub(super) struct Descriptor {
    /// Its type.
    pub(super) media_type: String,
    /// Its digest.
    pub(super) digest: Digest,
    /// How many bytes it has, by the manifest's word.
    pub(super) size: u64,
}

/// A manifest in a list of those that refer to another.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Referrer<'a> {
    media_type: &'a str,
    digest: String,
    size: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    artifact_type: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: &'a BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    schema_version: Option<u64>,
    media_type: Option<String>,
    artifact_type: Option<String>,
    config: Option<WireDescriptor>,
    layers: Option<Vec<WireDescriptor>>,
    manifests: Option<Vec<WireDescriptor>>,
    subject: Option<WireDescriptor>,
    annotations: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireDescriptor {
    media_type: String,
    digest: String,
    size: u64,
}

impl Document {
    /// Reads a manifest that came with this `Content-Type`, if any.
    pub(super) fn read(bytes: &[u8], content_type: Option<&str>) -> Result<Document, Failure> {
        let wire: Wire = serde_json::from_slice(bytes)
            .map_err(|error| invalid(format!("the manifest is not as expected: {error}")))?;
        let said = content_type.map(|said| said.split(';').next().unwrap_or_default().trim());
        let media_type = match (said, &wire.media_type) {
            // Two readers must not take it for two things; in which case it is written is no difference
            // ([RFC 9110](https://www.rfc-editor.org/rfc/rfc9110), 8.3.1).
            (Some(said), Some(own)) if !said.eq_ignore_ascii_case(own) => {
                return Err(invalid(format!(
                    "`content-type` is `{}`, and the manifest's `mediaType` is `{}`: they must be the same",
                    shown(said),
                    shown(own)
                )));
            }
            (Some(said), _) => said.to_owned(),
            (None, Some(own)) => own.clone(),
            (None, None) => {
                return Err(invalid("send the manifest with its type as `content-type`"));
            }
        };
        // It is sent as that, and nothing that a browser would show or run may be.
        if !is_media_type(&media_type) {
            let shown = shown(&media_type);
            return Err(invalid(format!(
                "`{shown}` is no type of a manifest: expected such as `{IMAGE}`"
            )));
        }
        let is_one_of =
            |known: [&str; 2]| known.iter().any(|it| media_type.eq_ignore_ascii_case(it));
        let is_image = is_one_of([IMAGE, DOCKER_IMAGE]);
        let is_index = is_one_of([INDEX, DOCKER_LIST]);
        if (is_image || is_index) && wire.schema_version != Some(2) {
            return Err(invalid("the manifest's `schemaVersion` must be 2"));
        }
        if is_image && (wire.config.is_none() || wire.layers.is_none() || wire.manifests.is_some())
        {
            let message = "a manifest of this type has `config` and `layers`, and no `manifests`";
            return Err(invalid(message));
        }
        if is_index && (wire.manifests.is_none() || wire.layers.is_some()) {
            return Err(invalid("an index has `manifests`, and no `layers`"));
        }
        let count = |list: &Option<Vec<WireDescriptor>>| list.as_ref().map_or(0, Vec::len);
        if count(&wire.layers) + count(&wire.manifests) > MOST_PARTS {
            return Err(invalid(format!(
                "a manifest names at most {MOST_PARTS} others"
            )));
        }
        for manifest in wire.manifests.iter().flatten() {
            // They may be missing: an index may be pushed without all of what it lists.
            Descriptor::read(manifest)?;
        }
        let config = wire.config.as_ref().map(Descriptor::read).transpose()?;
        let layers = wire.layers.iter().flatten().map(Descriptor::read);
        let subject = wire.subject.as_ref().map(Descriptor::read).transpose()?;
        let own_type = wire.artifact_type.filter(|own| !own.is_empty());
        let config_type = config.as_ref().filter(|_| is_image);
        let config_type = config_type.map(|config| config.media_type.clone());
        Ok(Document {
            layers: layers.collect::<Result<_, _>>()?,
            subject: subject.map(|subject| subject.digest),
            artifact_type: own_type.or(config_type),
            annotations: wire.annotations.unwrap_or_default(),
            media_type,
            config,
        })
    }

    /// The content that has to be there, each once.
    pub(super) fn parts(&self) -> Vec<&Digest> {
        let mut seen = BTreeSet::new();
        let parts = self.config.iter().chain(&self.layers);
        let parts = parts.filter(|part| !part.is_elsewhere());
        let mut digests: Vec<&Digest> = parts.map(|part| &part.digest).collect();
        digests.retain(|digest| seen.insert(digest.to_string()));
        digests
    }

    /// How it is listed among those that refer to its subject.
    pub(super) fn referrer(&self, digest: &Digest, size: usize) -> String {
        let referrer = Referrer {
            media_type: &self.media_type,
            digest: digest.to_string(),
            size,
            artifact_type: self.artifact_type.as_deref(),
            annotations: &self.annotations,
        };
        // Texts can always be written.
        serde_json::to_string(&referrer).unwrap_or_default()
    }
}

impl Descriptor {
    fn read(wire: &WireDescriptor) -> Result<Descriptor, Failure> {
        let digest = wire.digest.parse().map_err(|_| {
            let digest = shown(&wire.digest);
            invalid(format!("the manifest names `{digest}`, which is no digest"))
        })?;
        let media_type = wire.media_type.clone();
        Ok(Descriptor {
            media_type,
            digest,
            size: wire.size,
        })
    }

    /// Whether it is content that may not be given on, and stays where it comes from.
    fn is_elsewhere(&self) -> bool {
        self.media_type.contains(".nondistributable.") || self.media_type.contains(".foreign.")
    }
}

/// Whether a text is a media type of an application ([RFC 6838](https://www.rfc-editor.org/rfc/rfc6838), 4.2).
fn is_media_type(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&byte);
    let (kind, subtype) = text.split_once('/').unwrap_or_default();
    let subtype = kind.eq_ignore_ascii_case("application").then_some(subtype);
    subtype.is_some_and(|it| (1..=127).contains(&it.len()) && it.bytes().all(allowed))
}

/// That a manifest is none.
pub(super) fn invalid(message: impl Into<String>) -> Failure {
    Failure::new(Code::ManifestInvalid, message)
}

fn shown(text: &str) -> String {
    text.chars().take(80).collect()
}

//! Manifests, as the [OCI image specification] has them, and how a component is one.
//!
//! [OCI image specification]: https://github.com/opencontainers/image-spec/blob/main/manifest.md

use crate::{Digest, text};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The longest manifest that is read: 4 MiB, as registries take them.
pub(super) const MAX_MANIFEST: u64 = 4 << 20;

/// Types of content.
pub mod media {
    /// An image manifest.
    pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
    /// A list of manifests.
    pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";
    /// A manifest, as it was called before there was a specification.
    pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
    /// A list of those.
    pub const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
    /// The configuration of a component.
    pub const WASM_CONFIG: &str = "application/vnd.wasm.config.v0+json";
    /// WebAssembly.
    pub const WASM: &str = "application/wasm";
    /// `{}`, where a manifest needs a configuration and there is none.
    pub const EMPTY: &str = "application/vnd.oci.empty.v1+json";
    /// A bill of materials in CycloneDX.
    pub const CYCLONEDX: &str = "application/vnd.cyclonedx+json";
    /// What says that a release is yanked, as a registry with a log says it to clients that read none.
    pub const YANK: &str = "application/vnd.tenon.yank.v1+json";
}

/// What is said of some content of a registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// What it is.
    pub media_type: String,
    /// Its digest.
    #[serde(with = "digest_text")]
    pub digest: Digest,
    /// How many bytes it has.
    pub size: u64,
    /// What kind of thing a manifest is, in a list of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// What else is said of it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// An image manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// Always 2.
    pub schema_version: u32,
    /// What it is; older ones do not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// What kind of thing it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// Its configuration.
    pub config: Descriptor,
    /// Its content.
    pub layers: Vec<Descriptor>,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Descriptor>,
    /// What else is said of it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// A list of manifests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Index {
    pub(super) schema_version: u32,
    #[serde(default)]
    pub(super) media_type: Option<String>,
    // What has none is something else, and not an empty list.
    pub(super) manifests: Vec<Descriptor>,
}

/// Why a manifest is not that of one component.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// It is not one that can be understood.
    #[error("it is no image manifest: {0}")]
    Syntax(String),
    /// It is a list of manifests.
    #[error("it is a list of {0} manifests: name one of them by its digest")]
    Index(usize),
    /// There is not exactly one layer.
    #[error("it has {0} layers, and a component is one layer of the type `application/wasm`")]
    Layers(usize),
    /// The layer is something else.
    #[error("its layer has the type `{}`, and that of a component is `application/wasm`", text::excerpt(.0))]
    NotWasm(String),
}

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    ///
    /// It is none, or it is a list of manifests, or one of its digests is not SHA-256.
    pub fn parse(bytes: &[u8]) -> Result<Manifest, ManifestError> {
        match serde_json::from_slice::<Manifest>(bytes) {
            Ok(manifest) => Ok(manifest),
            Err(error) => Err(match serde_json::from_slice::<Index>(bytes) {
                Ok(index) if !index.manifests.is_empty() => {
                    ManifestError::Index(index.manifests.len())
                }
                _ => ManifestError::Syntax(text::excerpt(&error.to_string())),
            }),
        }
    }

    /// The layer that is the component, as `wkg` and `oras` push one: the only one, of the type `application/wasm`,
    /// whatever configuration is beside it.
    ///
    /// # Errors
    ///
    /// It is not so.
    pub fn component(&self) -> Result<&Descriptor, ManifestError> {
        match &*self.layers {
            [layer] if layer.media_type == media::WASM => Ok(layer),
            [layer] => Err(ManifestError::NotWasm(layer.media_type.clone())),
            layers => Err(ManifestError::Layers(layers.len())),
        }
    }

    /// As it is sent.
    pub(super) fn bytes(&self) -> Vec<u8> {
        // Strings and numbers can always be written.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

impl Descriptor {
    /// The descriptor of some bytes.
    pub fn of(media_type: &str, bytes: &[u8]) -> Descriptor {
        Descriptor {
            media_type: media_type.to_owned(),
            digest: Digest::of(bytes),
            size: bytes.len() as u64,
            artifact_type: None,
            annotations: BTreeMap::new(),
        }
    }
}

mod digest_text {
    use crate::Digest;
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(digest: &Digest, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(digest)
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Digest, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
#[expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may stop where it fails"
)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn manifest(layers: &Value) -> Value {
        json!({
            "schemaVersion": 2,
            "config": { "mediaType": media::EMPTY, "digest": Digest::of(b"{}").to_string(), "size": 2 },
            "layers": layers,
        })
    }

    fn parse(value: &Value) -> Result<Manifest, ManifestError> {
        Manifest::parse(value.to_string().as_bytes())
    }

    #[test]
    fn a_component_is_one_layer_of_wasm() {
        let layer = json!({ "mediaType": media::WASM, "digest": Digest::of(b"a").to_string(), "size": 1, "platform": {} });
        let one = parse(&manifest(&json!([layer]))).unwrap();
        assert_eq!(one.component().unwrap().digest, Digest::of(b"a"));
        let two = parse(&manifest(&json!([layer, layer]))).unwrap();
        assert_eq!(two.component(), Err(ManifestError::Layers(2)));
        assert_eq!(
            parse(&manifest(&json!([]))).unwrap().component(),
            Err(ManifestError::Layers(0))
        );
        let mut text = layer.clone();
        text["mediaType"] = json!("text/plain");
        let other = parse(&manifest(&json!([text]))).unwrap();
        assert_eq!(
            other.component(),
            Err(ManifestError::NotWasm("text/plain".to_owned()))
        );
    }

    proptest::proptest! {
        #[test]
        fn what_is_read_is_read_again(digest in "sha(256|512):[0-9a-f]{64}", size: i64, media in ".{0,20}", cut in 0_usize..400) {
            let layer = json!({ "mediaType": media, "digest": digest, "size": size });
            let mut text = manifest(&json!([layer])).to_string().into_bytes();
            if let Ok(read) = Manifest::parse(&text) {
                proptest::prop_assert_eq!(Manifest::parse(&read.bytes()), Ok(read));
            }
            text.truncate(cut);
            let _ = Manifest::parse(&text);
        }
    }

    #[test]
    fn what_is_no_manifest_says_so() {
        let layer =
            json!({ "mediaType": media::WASM, "digest": Digest::of(b"a").to_string(), "size": 1 });
        let index = json!({ "schemaVersion": 2, "manifests": [layer, layer] });
        assert_eq!(parse(&index), Err(ManifestError::Index(2)));
        for wrong in [json!({}), json!([]), json!({ "errors": [] })] {
            assert!(
                matches!(parse(&wrong), Err(ManifestError::Syntax(_))),
                "{wrong}"
            );
        }
        for (key, value) in [
            ("digest", json!("sha512:00")),
            ("digest", json!("sha256:00")),
            ("size", json!(-1)),
        ] {
            let mut wrong = layer.clone();
            wrong[key] = value;
            assert!(parse(&manifest(&json!([wrong]))).is_err(), "{wrong}");
        }
    }
}

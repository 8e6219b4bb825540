//! A component as it is pushed: [as the CNCF's group for it writes it down], and `wkg` does it.
//!
//! [as the CNCF's group for it writes it down]: https://tag-runtime.cncf.io/wgs/wasm/deliverables/wasm-oci-artifact/

use super::manifest::{Descriptor, Manifest, media};
use crate::Digest;
use serde::Serialize;
use std::collections::BTreeMap;

/// What is said of a component that is pushed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ComponentForm {
    /// Who wrote it.
    pub author: Option<String>,
    /// The interfaces that it imports, by their names.
    pub imports: Vec<String>,
    /// The interfaces that it exports, by their names.
    pub exports: Vec<String>,
    /// What the file is called that other tools write.
    pub title: Option<String>,
    /// Annotations of the manifest.
    pub annotations: BTreeMap<String, String>,
}

/// A component as it is pushed: its content, a configuration and a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComponentPackage {
    /// The configuration.
    pub config: Vec<u8>,
    /// The manifest.
    pub manifest: Manifest,
}

/// The configuration as it is written, in the order in which `wkg` writes it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Config<'c> {
    created: &'static str,
    author: Option<&'c str>,
    architecture: &'static str,
    os: &'static str,
    layer_digests: [String; 1],
    component: Component<'c>,
}

#[derive(Serialize)]
struct Component<'c> {
    exports: &'c [String],
    imports: &'c [String],
    target: Option<&'c str>,
}

/// When every configuration was created: the same content is the same manifest, whenever it is pushed.
const CREATED: &str = "1970-01-01T00:00:00Z";

impl ComponentForm {
    /// The configuration and the manifest of a component with this digest and so many bytes.
    pub fn package(&self, digest: Digest, size: u64) -> ComponentPackage {
        let config = Config {
            created: CREATED,
            author: self.author.as_deref(),
            architecture: "wasm",
            os: "wasip2",
            layer_digests: [digest.to_string()],
            component: Component {
                exports: &self.exports,
                imports: &self.imports,
                target: None,
            },
        };
        // Strings can always be written.
        let config = serde_json::to_vec(&config).unwrap_or_default();
        let title = self.title.iter();
        let title = title.map(|title| ("org.opencontainers.image.title".to_owned(), title.clone()));
        let layer = Descriptor {
            media_type: media::WASM.to_owned(),
            digest,
            size,
            artifact_type: None,
            annotations: title.collect(),
        };
        let manifest = Manifest {
            schema_version: 2,
            media_type: Some(media::MANIFEST.to_owned()),
            artifact_type: None,
            config: Descriptor::of(media::WASM_CONFIG, &config),
            layers: vec![layer],
            subject: None,
            annotations: self.annotations.clone(),
        };
        ComponentPackage { config, manifest }
    }
}

impl ComponentPackage {
    /// The manifest as it is sent.
    pub fn bytes(&self) -> Vec<u8> {
        self.manifest.bytes()
    }

    /// The digest of the manifest.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.bytes())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop where it fails")]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn a_component_has_one_form() {
        let form = ComponentForm {
            imports: vec!["wasi:io/streams@0.2.3".to_owned()],
            exports: vec!["acme:log/log@1.0.0".to_owned()],
            title: Some("log.wasm".to_owned()),
            annotations: [(
                "org.opencontainers.image.version".to_owned(),
                "1.0.0".to_owned(),
            )]
            .into(),
            ..ComponentForm::default()
        };
        let package = form.package(Digest::of(b"a"), 1);
        assert_eq!(package, form.package(Digest::of(b"a"), 1));
        let config: Value = serde_json::from_slice(&package.config).unwrap();
        assert_eq!(
            config,
            json!({
                "created": "1970-01-01T00:00:00Z",
                "author": null,
                "architecture": "wasm",
                "os": "wasip2",
                "layerDigests": [Digest::of(b"a").to_string()],
                "component": { "exports": ["acme:log/log@1.0.0"], "imports": ["wasi:io/streams@0.2.3"], "target": null },
            })
        );
        let manifest: Value = serde_json::from_slice(&package.bytes()).unwrap();
        assert_eq!(
            manifest,
            json!({
                "schemaVersion": 2,
                "mediaType": media::MANIFEST,
                "config": { "mediaType": media::WASM_CONFIG, "digest": Digest::of(&package.config).to_string(), "size": package.config.len() },
                "layers": [{
                    "mediaType": media::WASM,
                    "digest": Digest::of(b"a").to_string(),
                    "size": 1,
                    "annotations": { "org.opencontainers.image.title": "log.wasm" },
                }],
                "annotations": { "org.opencontainers.image.version": "1.0.0" },
            })
        );
        let read = Manifest::parse(&package.bytes()).unwrap();
        assert_eq!(read.component().unwrap().digest, Digest::of(b"a"));
    }
}

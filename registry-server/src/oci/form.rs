//! The OCI form of a release that was not pushed in one: always the same bytes for the same release.
//!
//! It is that of the [Wasm OCI artifact](https://tag-runtime.cncf.io/wgs/wasm/deliverables/wasm-oci-artifact/):
//! a config that says what the component imports and exports, and one layer, which is the component.

use super::digest::Digest;
use super::document::IMAGE;
use crate::domain::Error;
use bytes::Bytes;
use serde::Serialize;
use std::collections::BTreeMap;
use tenon_registry_client::api::ReleaseStatus;
use tenon_registry_client::api::world::{Metadata, World};
use tenon_registry_client::name::PackageName;
use tenon_registry_client::record::Time;

/// The type of the config of a component.
pub(super) const CONFIG: &str = "application/vnd.wasm.config.v0+json";

/// The type of a component.
pub(super) const LAYER: &str = "application/wasm";

/// What annotations of the image specification begin with.
const PREFIX: &str = "org.opencontainers.image";

/// What a form is made of.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) rank: Vec<u8>,
    pub(super) version: String,
    pub(super) content: tenon_registry_client::Digest,
    pub(super) size: u64,
    pub(super) time: Time,
    pub(super) status: ReleaseStatus,
    pub(super) world: Option<World>,
}

/// Manifest and config of a release.
#[derive(Clone, Debug)]
pub(super) struct Formed {
    pub(super) digest: String,
    pub(super) media_type: &'static str,
    pub(super) manifest: Bytes,
    pub(super) config_digest: String,
    pub(super) config: Bytes,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Config<'a> {
    created: String,
    author: Option<&'a str>,
    architecture: &'static str,
    os: &'static str,
    layer_digests: [String; 1],
    component: Component<'a>,
}

#[derive(Serialize)]
struct Component<'a> {
    exports: Vec<String>,
    imports: Vec<&'a str>,
    target: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Manifest<'a> {
    schema_version: u8,
    media_type: &'static str,
    config: Descriptor<'a>,
    layers: [Descriptor<'a>; 1],
    annotations: BTreeMap<String, &'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor<'a> {
    media_type: &'static str,
    digest: &'a str,
    size: u64,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<String, &'a str>,
}

/// Gives a release its form.
pub(super) fn form(package: &PackageName, source: &Source) -> Result<Formed, Error> {
    let nothing = World::default();
    let world = source.world.as_ref().unwrap_or(&nothing);
    let content = source.content.to_string();
    let created = source.time.to_string();
    let config = Config {
        created: created.clone(),
        author: world.metadata.authors.as_deref(),
        architecture: "wasm",
        os: "wasip2",
        layer_digests: [content.clone()],
        component: Component {
            exports: exports(world),
            imports: world.imports.iter().map(|it| it.name.as_str()).collect(),
            target: None,
        },
    };
    let config = serde_json::to_vec(&config).map_err(Error::internal)?;
    let config_digest = Digest::of(&config).to_string();
    let title = format!("{}.wasm", package.name());
    let said = said(&world.metadata, &created, &source.version);
    let annotations = said.into_iter();
    let annotations = annotations.map(|(name, text)| (format!("{PREFIX}.{name}"), text));
    let manifest = Manifest {
        schema_version: 2,
        media_type: IMAGE,
        config: Descriptor {
            media_type: CONFIG,
            digest: &config_digest,
            size: config.len() as u64,
            annotations: BTreeMap::new(),
        },
        layers: [Descriptor {
            media_type: LAYER,
            digest: &content,
            size: source.size,
            annotations: BTreeMap::from([(format!("{PREFIX}.title"), title.as_str())]),
        }],
        annotations: annotations.collect(),
    };
    let manifest = serde_json::to_vec(&manifest).map_err(Error::internal)?;
    Ok(Formed {
        digest: Digest::of(&manifest).to_string(),
        media_type: IMAGE,
        manifest: manifest.into(),
        config: config.into(),
        config_digest,
    })
}

/// What a component says of itself, by the names that it has as annotations.
fn said<'a>(
    metadata: &'a Metadata,
    created: &'a str,
    version: &'a str,
) -> Vec<(&'static str, &'a str)> {
    let texts = [
        ("authors", &metadata.authors),
        ("description", &metadata.description),
        ("licenses", &metadata.licenses),
        ("revision", &metadata.revision),
        ("source", &metadata.source),
        ("url", &metadata.homepage),
    ];
    let texts = texts.into_iter();
    let texts = texts.filter_map(|(name, text)| Some((name, text.as_deref()?)));
    let always = [("created", created), ("version", version)];
    texts.chain(always).collect()
}

/// What it exports; of a WIT package, what it declares.
fn exports(world: &World) -> Vec<String> {
    let own = world.exports.iter().map(|it| it.name.clone());
    let declared = world.wit.iter().flat_map(|wit| {
        let version = wit.version.as_deref();
        let version = version.map_or_else(String::new, |version| format!("@{version}"));
        let items = wit.interfaces.iter().chain(&wit.worlds);
        items.map(move |item| format!("{}/{}{version}", wit.name, item.name))
    });
    own.chain(declared).collect()
}

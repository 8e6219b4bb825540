//! Artefacts of every kind that clients push: what they consist of.

use crate::guest::{Algorithm, IMAGE, INDEX};
use serde_json::{Value, json};

/// An artefact: content, and manifests that name it, each behind those that it names.
pub(crate) struct Artefact {
    pub(crate) blobs: Vec<Vec<u8>>,
    pub(crate) manifests: Vec<Value>,
    algorithm: Algorithm,
}

pub(crate) const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
pub(crate) const EMPTY: &str = "application/vnd.oci.empty.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
const ZIPPED: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

impl Artefact {
    pub(crate) fn new(algorithm: Algorithm) -> Artefact {
        Artefact {
            blobs: vec![],
            manifests: vec![],
            algorithm,
        }
    }

    /// The bytes of a manifest; not as a registry would write them.
    pub(crate) fn bytes(manifest: &Value) -> Vec<u8> {
        serde_json::to_vec_pretty(manifest).unwrap()
    }

    pub(crate) fn describe(&self, media_type: &str, bytes: &[u8]) -> Value {
        let digest = self.algorithm.of(bytes);
        json!({ "mediaType": media_type, "digest": digest, "size": bytes.len() })
    }

    /// Adds content, and describes it.
    pub(crate) fn blob(&mut self, media_type: &str, bytes: impl Into<Vec<u8>>) -> Value {
        let bytes = bytes.into();
        let descriptor = self.describe(media_type, &bytes);
        if !self.blobs.contains(&bytes) {
            self.blobs.push(bytes);
        }
        descriptor
    }

    /// Adds a manifest, and describes it.
    pub(crate) fn manifest(&mut self, manifest: Value) -> Value {
        let media_type = manifest["mediaType"].as_str().unwrap().to_owned();
        let descriptor = self.describe(&media_type, &Artefact::bytes(&manifest));
        self.manifests.push(manifest);
        descriptor
    }

    /// Changes the last manifest.
    pub(crate) fn with(mut self, key: &str, value: Value) -> Artefact {
        self.manifests.last_mut().unwrap()[key] = value;
        self
    }

    fn image_of(&mut self, config: &str, layers: &[Value]) -> Value {
        let config = self.blob(CONFIG, config);
        json!({
            "schemaVersion": 2, "mediaType": IMAGE, "config": config, "layers": layers,
        })
    }
}

pub(crate) fn image(algorithm: Algorithm) -> Artefact {
    let mut all = Artefact::new(algorithm);
    let layers = [all.blob(ZIPPED, "one"), all.blob(ZIPPED, "two")];
    let image = all.image_of(r#"{"architecture":"amd64","os":"linux"}"#, &layers);
    all.manifest(image);
    all
}

pub(crate) fn uncompressed_image(algorithm: Algorithm) -> Artefact {
    let mut all = Artefact::new(algorithm);
    let layers = [all.blob(LAYER, "three")];
    let image = all.image_of(r#"{"os":"linux"}"#, &layers);
    all.manifest(image);
    all
}

pub(crate) fn image_without_layers(algorithm: Algorithm) -> Artefact {
    let mut all = Artefact::new(algorithm);
    let image = all.image_of("{}", &[]);
    all.manifest(image);
    all
}

/// About 3.9 MB of annotations.
pub(crate) fn large_image(algorithm: Algorithm) -> Artefact {
    let annotations: Value = (0..390)
        .map(|number| (format!("a{number}"), json!("x".repeat(10_000))))
        .collect::<serde_json::Map<_, _>>()
        .into();
    image(algorithm).with("annotations", annotations)
}

pub(crate) fn image_with_foreign_layers(algorithm: Algorithm) -> Artefact {
    let mut all = Artefact::new(algorithm);
    let foreign = |all: &Artefact, kind: &str| {
        let mut layer = all.describe(kind, b"of others");
        layer["urls"] = json!(["https://layers.example/it"]);
        layer
    };
    let layers = [
        foreign(
            &all,
            "application/vnd.oci.image.layer.nondistributable.v1.tar",
        ),
        foreign(
            &all,
            "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
        ),
        foreign(
            &all,
            "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
        ),
    ];
    let image = all.image_of("{}", &layers);
    all.manifest(image);
    all
}

pub(crate) fn image_with_data(algorithm: Algorithm) -> Artefact {
    let mut all = image(algorithm);
    let image = all.manifests.last_mut().unwrap();
    image["config"]["data"] = json!("eyJhcmNoaXRlY3R1cmUiOiJhbWQ2NCIsIm9zIjoibGludXgifQ==");
    image["layers"][0]["data"] = json!("b25l");
    all
}

pub(crate) fn custom_fields(algorithm: Algorithm) -> Artefact {
    let mut all = Artefact::new(algorithm);
    let layers = [all.blob(LAYER, "four")];
    let mut image = all.image_of(r#"{"org.example":{"own":[1,2,{"a":null}]}}"#, &layers);
    image["org.example"] = json!({ "own": [1.5, "b", { "c": true }] });
    image["layers"][0]["org.example"] = json!("own");
    let image = all.manifest(image);
    all.manifest(json!({
        "schemaVersion": 2, "mediaType": INDEX, "manifests": [image], "org.example": "own",
    }));
    all
}

pub(crate) fn index(algorithm: Algorithm) -> Artefact {
    let mut all = Artefact::new(algorithm);
    let mut images = vec![];
    for platform in ["amd64", "arm64"] {
        let layers = [all.blob(ZIPPED, format!("of {platform}"))];
        let image = all.image_of(&format!(r#"{{"architecture":"{platform}"}}"#), &layers);
        let mut image = all.manifest(image);
        image["platform"] = json!({ "architecture": platform, "os": "linux" });
        images.push(image);
    }
    all.manifest(json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": images }));
    all
}

pub(crate) fn index_of_indexes(algorithm: Algorithm) -> Artefact {
    let mut all = index(algorithm);
    let inner = all.manifests.last().unwrap().clone();
    let inner = all.describe(INDEX, &Artefact::bytes(&inner));
    all.manifest(json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [inner] }));
    all
}

pub(crate) fn empty_index(algorithm: Algorithm) -> Artefact {
    let mut all = Artefact::new(algorithm);
    all.manifest(json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [] }));
    all
}

/// An index of which one image is not there.
pub(crate) fn sparse_index(algorithm: Algorithm) -> Artefact {
    let mut all = image(algorithm);
    let there = all.manifests.last().unwrap().clone();
    let there = all.describe(IMAGE, &Artefact::bytes(&there));
    let absent = all.describe(IMAGE, b"absent");
    all.manifest(json!({
        "schemaVersion": 2, "mediaType": INDEX, "manifests": [there, absent],
    }));
    all
}

pub(crate) fn artefact(algorithm: Algorithm) -> Artefact {
    let mut all = Artefact::new(algorithm);
    let config = all.blob(EMPTY, "{}");
    let layer = all.blob("application/vnd.example.data", "data");
    all.manifest(json!({
        "schemaVersion": 2, "mediaType": IMAGE, "artifactType": "application/vnd.example",
        "config": config, "layers": [layer],
    }));
    all
}

pub(crate) fn artefact_without_content(algorithm: Algorithm) -> Artefact {
    let mut all = Artefact::new(algorithm);
    let empty = all.blob(EMPTY, "{}");
    all.manifest(json!({
        "schemaVersion": 2, "mediaType": IMAGE, "artifactType": "application/vnd.example",
        "config": empty, "layers": [empty],
    }));
    all
}

pub(crate) fn artefact_index(algorithm: Algorithm) -> Artefact {
    let mut all = artefact(algorithm);
    let inner = all.manifests.last().unwrap().clone();
    let inner = all.describe(IMAGE, &Artefact::bytes(&inner));
    all.manifest(json!({
        "schemaVersion": 2, "mediaType": INDEX, "artifactType": "application/vnd.example.list",
        "manifests": [inner],
    }));
    all
}

/// An image, and all that may refer to it.
pub(crate) fn referrers(algorithm: Algorithm) -> Artefact {
    let mut all = image(algorithm);
    let image = all.manifests.last().unwrap().clone();
    let subject = all.describe(IMAGE, &Artefact::bytes(&image));
    let layer = all.blob("application/vnd.example.data", "about it");
    let plain = all.image_of("{}", std::slice::from_ref(&layer));
    let empty = all.blob(EMPTY, "{}");
    let list = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [] });
    let mut about = vec![plain];
    for (kind, own) in [("a", "first"), ("a", "second"), ("b", "third")] {
        about.push(json!({
            "schemaVersion": 2, "mediaType": IMAGE,
            "artifactType": format!("application/vnd.example.{kind}"),
            "config": empty, "layers": [layer],
            "annotations": { "org.example.own": own, "org.example.all": "the same" },
        }));
    }
    about.push(list.clone());
    let mut typed = list;
    typed["artifactType"] = json!("application/vnd.example.b");
    about.push(typed);
    for mut one in about {
        one["subject"] = subject.clone();
        all.manifest(one);
    }
    all
}

/// What refers to a manifest that is not there.
pub(crate) fn missing_subject(algorithm: Algorithm) -> Artefact {
    let all = artefact(algorithm);
    let subject = all.describe(IMAGE, b"absent");
    all.with("subject", subject)
}

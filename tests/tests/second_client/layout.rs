//! A folder in which images are, as the OCI image specification lays them out.

use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use tenon_registry_client::Digest;

pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub(crate) const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
pub(crate) const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

pub(crate) struct Layout {
    pub(crate) folder: PathBuf,
    entries: Vec<Value>,
}

impl Layout {
    pub(crate) fn new(folder: &Path) -> Layout {
        fs::create_dir_all(folder.join("blobs/sha256")).unwrap();
        fs::write(
            folder.join("oci-layout"),
            r#"{"imageLayoutVersion":"1.0.0"}"#,
        )
        .unwrap();
        Layout {
            folder: folder.to_owned(),
            entries: vec![],
        }
    }

    /// Content, and its descriptor.
    pub(crate) fn blob(&self, media: &str, bytes: &[u8]) -> Value {
        let digest = Digest::of(bytes);
        let path = self.folder.join("blobs/sha256").join(digest.hex());
        fs::write(path, bytes).unwrap();
        json!({ "mediaType": media, "digest": digest.to_string(), "size": bytes.len() })
    }

    /// An image of these layers, and its descriptor.
    pub(crate) fn image(&self, architecture: &str, layers: &[&[u8]]) -> Value {
        let digests: Vec<_> = layers
            .iter()
            .map(|layer| Digest::of(layer).to_string())
            .collect();
        let config = json!({
            "architecture": architecture, "os": "linux",
            "rootfs": { "type": "layers", "diff_ids": digests },
        });
        let layers: Vec<_> = layers.iter().map(|layer| self.blob(LAYER, layer)).collect();
        let manifest = json!({
            "schemaVersion": 2, "mediaType": MANIFEST,
            "config": self.blob(CONFIG, config.to_string().as_bytes()),
            "layers": layers,
            "annotations": { "org.example.by": "second client" },
        });
        self.blob(MANIFEST, manifest.to_string().as_bytes())
    }

    /// Several images, one for each platform, and the descriptor of the index.
    pub(crate) fn index(&self, images: &[(&str, Value)]) -> Value {
        let manifests: Vec<_> = images
            .iter()
            .map(|(architecture, image)| {
                let mut entry = image.clone();
                entry["platform"] = json!({ "architecture": architecture, "os": "linux" });
                entry
            })
            .collect();
        let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": manifests });
        self.blob(INDEX, index.to_string().as_bytes())
    }

    /// Gives a name to something, by which it is taken from here.
    pub(crate) fn name(&mut self, name: &str, mut descriptor: Value) {
        descriptor["annotations"] = json!({ "org.opencontainers.image.ref.name": name });
        self.entries.push(descriptor);
        let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": self.entries });
        fs::write(self.folder.join("index.json"), index.to_string()).unwrap();
    }

    /// All content that is here, by its digest.
    pub(crate) fn content(folder: &Path) -> Vec<(String, Vec<u8>)> {
        let mut all: Vec<_> = fs::read_dir(folder.join("blobs/sha256"))
            .unwrap()
            .map(|entry| {
                let path = entry.unwrap().path();
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                (name, fs::read(path).unwrap())
            })
            .collect();
        all.sort();
        all
    }
}

/// These files, as one archive.
pub(crate) fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = vec![];
    for (name, bytes) in files {
        let mut head = [0; 512];
        let mut put =
            |at: usize, text: &str| head[at..at + text.len()].copy_from_slice(text.as_bytes());
        put(0, name);
        put(100, "0000644");
        put(108, "0000000");
        put(116, "0000000");
        put(124, &format!("{:011o}", bytes.len()));
        put(136, "00000000000");
        // The sum of all bytes, of which those of the sum count as spaces.
        put(148, "        0");
        put(257, "ustar");
        put(263, "00");
        let sum: u32 = head.iter().map(|byte| u32::from(*byte)).sum();
        head[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        archive.extend(head);
        archive.extend(*bytes);
        archive.resize(archive.len().next_multiple_of(512), 0);
    }
    archive.resize(archive.len() + 1024, 0);
    archive
}

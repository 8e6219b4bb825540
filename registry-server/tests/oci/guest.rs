//! Someone who speaks the OCI Distribution specification.

use crate::client::{Answer, Client};
use crate::house::House;
use serde_json::{Value, json};
use sha2::Digest as _;
use std::net::SocketAddr;

/// Who asks, and with which header to say who they are.
#[derive(Clone)]
pub(crate) struct Guest {
    address: SocketAddr,
    header: Option<String>,
}

pub(crate) const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// The digest of some bytes, as most clients have it.
pub(crate) fn digest(bytes: &[u8]) -> String {
    tenon_registry_client::Digest::of(bytes).to_string()
}

/// The SHA-512 of nothing.
pub(crate) const SHA512_OF_NOTHING: &str = "sha512:cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e";

/// The SHA-512 of `abc`.
pub(crate) const SHA512_OF_ABC: &str = "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f";

/// What digests are made by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Sha256,
    Sha512,
}

impl Algorithm {
    pub(crate) const ALL: [Algorithm; 2] = [Algorithm::Sha256, Algorithm::Sha512];

    /// The digest of some bytes.
    pub(crate) fn of(self, bytes: &[u8]) -> String {
        match self {
            Algorithm::Sha256 => digest(bytes),
            Algorithm::Sha512 => {
                let hash = sha2::Sha512::digest(bytes);
                let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
                format!("sha512:{hex}")
            }
        }
    }
}

/// The codes that the specification has.
const CODES: [&str; 14] = [
    "BLOB_UNKNOWN",
    "BLOB_UPLOAD_INVALID",
    "BLOB_UPLOAD_UNKNOWN",
    "DIGEST_INVALID",
    "MANIFEST_BLOB_UNKNOWN",
    "MANIFEST_INVALID",
    "MANIFEST_UNKNOWN",
    "NAME_INVALID",
    "NAME_UNKNOWN",
    "SIZE_INVALID",
    "UNAUTHORIZED",
    "DENIED",
    "UNSUPPORTED",
    "TOOMANYREQUESTS",
];

impl Guest {
    /// Someone with a token that may do everything.
    pub(crate) fn new(house: &House) -> Guest {
        Guest::with(house, &format!("Bearer {}", house.full_token()))
    }

    /// Someone who says this.
    pub(crate) fn with(house: &House, authorization: &str) -> Guest {
        Guest {
            address: house.address,
            header: Some(format!("Authorization: {authorization}")),
        }
    }

    /// Someone with this token, before a program that listens here.
    pub(crate) fn of(address: SocketAddr, token: &str) -> Guest {
        let header = Some(format!("Authorization: Bearer {token}"));
        Guest { address, header }
    }

    /// Someone who does not say who they are.
    pub(crate) fn nobody(house: &House) -> Guest {
        Guest {
            address: house.address,
            header: None,
        }
    }

    /// The same one, before another registry.
    pub(crate) fn at(&self, house: &House) -> Guest {
        Guest {
            address: house.address,
            header: self.header.clone(),
        }
    }

    pub(crate) fn ask(&self, method: &str, path: &str) -> Answer {
        self.send(method, path, &[], b"")
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask("GET", path)
    }

    pub(crate) fn client(&self) -> Client {
        let client = Client::new(self.address);
        match &self.header {
            Some(header) => client.header(header),
            None => client,
        }
    }

    pub(crate) fn send(&self, method: &str, path: &str, headers: &[&str], body: &[u8]) -> Answer {
        let mut client = self.client();
        for header in headers {
            client = client.header(header);
        }
        match (method, body) {
            ("GET" | "HEAD" | "DELETE", []) => client.ask(method, path),
            _ => client.ask_with(method, path, body),
        }
    }

    /// Begins an upload: where it goes on.
    #[track_caller]
    pub(crate) fn begin(&self, name: &str) -> String {
        let answer = self.ask("POST", &format!("/v2/{name}/blobs/uploads/"));
        assert_eq!(answer.status, 202, "{}", answer.text());
        answer.header("location").unwrap().to_owned()
    }

    /// Pushes content: its digest.
    #[track_caller]
    pub(crate) fn push(&self, name: &str, bytes: &[u8]) -> String {
        let (location, digest) = (self.begin(name), digest(bytes));
        let answer = self.send("PUT", &format!("{location}?digest={digest}"), &[], bytes);
        assert_eq!(answer.status, 201, "{}", answer.text());
        digest
    }

    /// Pushes a manifest.
    pub(crate) fn put(&self, name: &str, reference: &str, manifest: &[u8]) -> Answer {
        let path = format!("/v2/{name}/manifests/{reference}");
        let said: Value = serde_json::from_slice(manifest).unwrap_or_default();
        let media_type = said["mediaType"].as_str().unwrap_or(IMAGE);
        self.send(
            "PUT",
            &path,
            &[&format!("Content-Type: {media_type}")],
            manifest,
        )
    }

    /// Pushes an image of one layer, by a tag: its manifest.
    #[track_caller]
    pub(crate) fn push_image(&self, name: &str, tag: &str, layer: &[u8]) -> Vec<u8> {
        self.push(name, b"{}");
        self.push(name, layer);
        let manifest = image(&[layer], None);
        let answer = self.put(name, tag, &manifest);
        assert_eq!(answer.status, 201, "{}", answer.text());
        manifest
    }
}

/// What describes content in a manifest.
pub(crate) fn descriptor(media_type: &str, bytes: &[u8]) -> Value {
    json!({ "mediaType": media_type, "digest": digest(bytes), "size": bytes.len() })
}

/// A manifest with the config `{}` and these layers.
pub(crate) fn image(layers: &[&[u8]], subject: Option<&[u8]>) -> Vec<u8> {
    let layer = |bytes: &&[u8]| descriptor("application/vnd.oci.image.layer.v1.tar", bytes);
    let mut manifest = json!({
        "schemaVersion": 2,
        "mediaType": IMAGE,
        "config": descriptor("application/vnd.oci.image.config.v1+json", b"{}"),
        "layers": layers.iter().map(layer).collect::<Vec<_>>(),
    });
    if let Some(subject) = subject {
        manifest["subject"] = descriptor(IMAGE, subject);
    }
    // Not as a registry would write it, so that it must be kept byte by byte.
    serde_json::to_vec_pretty(&manifest).unwrap()
}

/// The form of an error, which is that of the specification; its message.
#[track_caller]
pub(crate) fn fails(answer: &Answer, status: u16, code: &str) -> String {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let errors: Value = answer.json();
    let error = &errors["errors"][0];
    assert_eq!(error["code"], code, "{errors}");
    // What is the registry's own fault is not for the specification to name.
    assert!(status >= 500 || CODES.contains(&code), "{code}");
    assert!(error["detail"].is_object(), "{errors}");
    error["message"].as_str().unwrap().to_owned()
}

/// Waits until nothing unfinished is left: what is being written when an upload ends goes a moment later.
#[track_caller]
pub(crate) fn until_no_drafts(tmp: &std::path::Path) {
    let begun = std::time::Instant::now();
    while std::fs::read_dir(tmp).unwrap().count() > 0 {
        assert!(
            begun.elapsed() < std::time::Duration::from_secs(20),
            "{}",
            tmp.display()
        );
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

//! The files in which docker and podman keep credentials: `config.json` and `auth.json`.

use super::{Host, OciCredential, Repository};
use crate::http::Token;
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;

/// Others write base64 with and without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A file of credentials. What is in it is in no text form.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthFile {
    #[serde(default)]
    auths: BTreeMap<String, Entry>,
    #[serde(default)]
    cred_helpers: BTreeMap<String, String>,
    creds_store: Option<String>,
}

#[derive(Default, Deserialize)]
struct Entry {
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
    identitytoken: Option<String>,
    registrytoken: Option<String>,
}

/// What such a file has for a registry.
#[derive(Clone, Debug)]
pub enum Kept {
    /// This.
    Here(OciCredential),
    /// Nothing: the program `docker-credential-<name>` may have it.
    Helper {
        /// The name.
        name: String,
        /// What the program knows the registry by.
        server: String,
    },
}

/// Why a file of credentials cannot be used. Nothing of the file is in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthFileError {
    /// It is not as docker and podman write it.
    #[error("line {0} is not as docker and podman write it")]
    Syntax(usize),
    /// What is kept for a registry is no credential.
    #[error("what is kept for `{0}` is no name and password, and no token")]
    Entry(String),
}

impl AuthFile {
    /// Reads such a file.
    ///
    /// # Errors
    ///
    /// [`AuthFileError::Syntax`].
    pub fn parse(bytes: &[u8]) -> Result<AuthFile, AuthFileError> {
        serde_json::from_slice(bytes).map_err(|error| AuthFileError::Syntax(error.line()))
    }

    /// What there is for a repository: of the repository itself, of what is above it, or of the registry.
    ///
    /// # Errors
    ///
    /// [`AuthFileError::Entry`].
    pub fn find(
        &self,
        host: &Host,
        repository: &Repository,
    ) -> Result<Option<Kept>, AuthFileError> {
        let mut is_named = None;
        for key in keys(host, repository) {
            let helper = |name: &String| Kept::Helper {
                name: name.clone(),
                server: key.clone(),
            };
            if let Some(name) = self.cred_helpers.get(&key) {
                return Ok(Some(helper(name)));
            }
            let Some(entry) = self.auths.get(&key) else {
                continue;
            };
            if let Some(credential) = entry.credential(&key)? {
                return Ok(Some(Kept::Here(credential)));
            }
            // With a store, an entry says no more than that there is something.
            let store = self.creds_store.as_ref().filter(|store| !store.is_empty());
            is_named = is_named.or(store.map(helper));
        }
        Ok(is_named)
    }
}

impl Entry {
    fn credential(&self, key: &str) -> Result<Option<OciCredential>, AuthFileError> {
        let wrong = || AuthFileError::Entry(key.to_owned());
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        if let Some(token) = given(&self.identitytoken) {
            return Ok(Some(OciCredential::Identity(token)));
        }
        if let Some(token) = given(&self.registrytoken) {
            let token = Token::new(&token).map_err(|_| wrong())?;
            return Ok(Some(OciCredential::Bearer(token)));
        }
        if let (Some(user), Some(password)) = (given(&self.username), given(&self.password)) {
            return Ok(Some(OciCredential::Basic { user, password }));
        }
        let Some(auth) = given(&self.auth) else {
            return Ok(None);
        };
        let decoded = BASE64.decode(auth.trim()).map_err(|_| wrong())?;
        let text = String::from_utf8(decoded).map_err(|_| wrong())?;
        let (user, password) = text.split_once(':').ok_or_else(wrong)?;
        // Docker ended passwords so once.
        let password = password.trim_end_matches('\0');
        Ok(Some(match user {
            "<token>" => OciCredential::Identity(password.to_owned()),
            user => OciCredential::Basic {
                user: user.to_owned(),
                password: password.to_owned(),
            },
        }))
    }
}

/// By what a registry may be called in such a file, from the narrowest.
fn keys(host: &Host, repository: &Repository) -> Vec<String> {
    let mut keys = vec![];
    let mut path = Some(repository.as_str());
    while let Some(below) = path {
        keys.push(format!("{host}/{below}"));
        path = below.rsplit_once('/').map(|(above, _)| above);
    }
    keys.push(host.to_string());
    for scheme in ["https", "http"] {
        for end in ["", "/", "/v1/", "/v2/"] {
            keys.push(format!("{scheme}://{host}{end}"));
        }
    }
    if matches!(
        host.as_str(),
        "docker.io" | "index.docker.io" | "registry-1.docker.io"
    ) {
        keys.push("docker.io".to_owned());
        keys.push("index.docker.io".to_owned());
        keys.push("https://index.docker.io/v1/".to_owned());
    }
    keys
}

impl fmt::Debug for AuthFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthFile(…)")
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop where it fails")]
mod tests {
    use super::*;

    /// What is kept, as a test may show it.
    fn kept(file: &str, host: &str, repository: &str) -> Option<String> {
        let file = AuthFile::parse(file.as_bytes()).unwrap();
        let found = file
            .find(&host.parse().unwrap(), &repository.parse().unwrap())
            .unwrap();
        found.map(|kept| match kept {
            Kept::Here(OciCredential::Basic { user, password }) => format!("{user} {password}"),
            Kept::Here(OciCredential::Identity(token)) => format!("identity {token}"),
            Kept::Here(OciCredential::Bearer(_)) => "bearer".to_owned(),
            Kept::Helper { name, server } => format!("{name} for {server}"),
        })
    }

    #[test]
    fn every_form_of_a_credential_is_read() {
        let file = r#"{
            "auths": {
                "a.example": { "auth": "bWU6b3BlbjpzZXNhbWU" },
                "https://b.example/v1/": { "auth": "bWU6b3Blbg==" },
                "c.example": { "username": "you", "password": "x" },
                "d.example": { "auth": "PHRva2VuPjphYmM=" },
                "e.example": { "identitytoken": "abc", "auth": "bWU6b3Blbg==" },
                "f.example": { "registrytoken": "abc" },
                "g.example": {},
                "h.example/ns/name": { "auth": "bmFtZTp4" },
                "h.example/ns": { "auth": "bnM6eA==" },
                "https://index.docker.io/v1/": { "auth": "ZG9ja2VyOng=" }
            },
            "credHelpers": { "i.example": "pass" },
            "credsStore": "desktop",
            "HttpHeaders": { "User-Agent": "x" }
        }"#;
        for (host, repository, expected) in [
            ("a.example", "x", Some("me open:sesame")),
            ("b.example", "x", Some("me open")),
            ("c.example", "x", Some("you x")),
            ("d.example", "x", Some("identity abc")),
            ("e.example", "x", Some("identity abc")),
            ("f.example", "x", Some("bearer")),
            ("g.example", "x", Some("desktop for g.example")),
            ("h.example", "ns/name", Some("name x")),
            ("h.example", "ns/other", Some("ns x")),
            ("h.example", "other", None),
            ("i.example", "x", Some("pass for i.example")),
            ("docker.io", "x", Some("docker x")),
            ("j.example", "x", None),
            ("a.example.evil", "x", None),
            ("a.example:8443", "x", None),
        ] {
            assert_eq!(
                kept(file, host, repository).as_deref(),
                expected,
                "{host}/{repository}"
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn anything_may_be_kept(auth in "[a-zA-Z0-9+/=]{0,40}|.{0,20}") {
            let file = serde_json::json!({ "auths": { "a.example": { "auth": auth } } });
            let file = AuthFile::parse(file.to_string().as_bytes()).unwrap();
            let _ = file.find(&"a.example".parse().unwrap(), &"x".parse().unwrap());
        }
    }

    #[test]
    fn what_is_wrong_is_told_without_what_is_in_it() {
        let (host, repository) = ("a.example".parse().unwrap(), "x".parse().unwrap());
        for entry in ["hunter2", "aHVudGVyMg==", "//8="] {
            let file = format!("{{\"auths\":{{\"a.example\":{{\"auth\":\"{entry}\"}}}}}}");
            let error = AuthFile::parse(file.as_bytes())
                .unwrap()
                .find(&host, &repository)
                .unwrap_err();
            assert_eq!(error, AuthFileError::Entry("a.example".to_owned()));
        }
        let error = AuthFile::parse(b"{\n\"auths\": \"hunter2\"}").unwrap_err();
        assert_eq!(error, AuthFileError::Syntax(2));
    }
}

//! A registry of ours, and who owns the namespace `acme` of it.

use crate::process::Registry;
use crate::user::User;
use serde_json::Value;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use tenon_tests::example::folder;

pub(crate) struct House {
    pub(crate) registry: Registry,
    pub(crate) user: User,
    /// A token that may do everything.
    pub(crate) token: String,
    dir: tempfile::TempDir,
}

/// How a client says who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Nobody,
    /// With name and password.
    Basic,
    /// With a token that the token service gives for name and password.
    Exchange,
    /// With a token.
    Bearer,
}

impl House {
    /// A registry whose namespace `acme` lets it sign what OCI clients push.
    pub(crate) fn open() -> House {
        let dir = tempfile::tempdir().unwrap();
        let registry = Registry::serve(&dir.path().join("registry"));
        let user = User::who_pastes(&registry);
        let shown = user.json(&["log", "show"]);
        let mut keys = shown["keys"].as_array().unwrap().iter();
        let ingest = keys.find(|key| key["role"] == "ingest").unwrap();
        let ingest = ingest["vkey"].as_str().unwrap();
        user.ok(&[
            "namespace",
            "grant",
            "acme",
            ingest,
            "--allow",
            "release",
            "--yes",
        ]);
        House {
            token: registry.token().unwrap(),
            registry,
            user,
            dir,
        }
    }

    /// The host that clients name.
    pub(crate) fn host(&self) -> String {
        self.registry.process.address().to_string()
    }

    /// What was changed, as the registry logs it: method, path and status of each request whose path contains this.
    pub(crate) fn asked(&self, path: &str) -> Vec<(String, String, u64)> {
        let log = self.registry.process.log();
        let lines = log
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let asked = lines.filter_map(|line| {
            let fields = &line["fields"];
            let text = |name: &str| Some(fields[name].as_str()?.trim_matches('"').to_owned());
            Some((text("method")?, text("path")?, fields["status"].as_u64()?))
        });
        asked.filter(|(_, asked, _)| asked.contains(path)).collect()
    }

    /// The body of what is answered to anybody who asks for a path.
    pub(crate) fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(self.registry.process.address()).unwrap();
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n",
            self.host()
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200 "), "{answer}");
        body.to_owned()
    }

    /// A folder of this name.
    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        let folder = self.dir.path().join(name);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    /// A file with these bytes.
    pub(crate) fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder("files").join(name);
        fs::write(&path, bytes).unwrap();
        path
    }
}

/// Bytes that no two seeds have in common, and that cannot be made smaller.
pub(crate) fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let words = length.div_ceil(8);
    let mut bytes: Vec<u8> = (0..words).flat_map(|_| next()).collect();
    bytes.truncate(length);
    bytes
}

/// A component that other tests have, too: the clock of the logger.
pub(crate) fn clock() -> Vec<u8> {
    wat::parse_file(folder().join("logger/clock.wat")).unwrap()
}

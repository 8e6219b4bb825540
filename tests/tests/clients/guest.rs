//! Somebody who has `wkg`, and nothing of ours.

use crate::user::{printed, said};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// How a guest says who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Not at all.
    Anonymous,
    /// By a token in the environment, sent as it is.
    Bearer,
    /// By name and password in the configuration of `wkg`.
    Basic,
    /// By name and password, as `docker login` keeps them.
    Docker,
}

/// Every way in which somebody says who they are.
pub(crate) const NAMED: [Access; 3] = [Access::Bearer, Access::Basic, Access::Docker];

pub(crate) struct Guest {
    folder: tempfile::TempDir,
    host: String,
    token: String,
    access: Access,
}

impl Guest {
    /// One whose `wkg` looks for all namespaces of the tests at this host, and is shown this token to.
    pub(crate) fn new(host: &str, token: &str, access: Access) -> Guest {
        let mapped = ["acme", "example", "wasi"].map(|name| format!("{name} = \"{host}\"\n"));
        Guest::mapping(&mapped.concat(), host, token, access)
    }

    /// One who looks for `acme` in the private log.
    pub(crate) fn of_private(host: &str, token: &str, access: Access) -> Guest {
        let mapped = format!(
            "acme = {{ registry = \"{host}\", metadata = {{ preferredProtocol = \"oci\", oci = {{ registry = \"{host}\", namespacePrefix = \"private/\" }} }} }}\n"
        );
        Guest::mapping(&mapped, host, token, access)
    }

    fn mapping(mapped: &str, host: &str, token: &str, access: Access) -> Guest {
        let folder = tempfile::tempdir().unwrap();
        let guest = Guest {
            folder,
            host: host.to_owned(),
            token: token.to_owned(),
            access,
        };
        let auth = match access {
            Access::Basic => format!("auth = {{ username = \"me\", password = \"{token}\" }}\n"),
            _ => String::new(),
        };
        let config = format!(
            "[namespace_registries]\n{mapped}\n[registry.\"{host}\".oci]\nprotocol = \"http\"\n{auth}"
        );
        guest.write("home/.config/wasm-pkg/config.toml", config);
        if access == Access::Docker {
            let pair = base64(format!("me:{token}").as_bytes());
            let kept = format!("{{\"auths\":{{\"{host}\":{{\"auth\":\"{pair}\"}}}}}}");
            guest.write("home/.docker/config.json", kept);
        }
        guest
    }

    pub(crate) fn at(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.at(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub(crate) fn read(&self, name: impl AsRef<Path>) -> Vec<u8> {
        let path = self.at(name);
        fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// What `wkg` does in a folder of the guest's.
    pub(crate) fn wkg_in(&self, folder: &str, words: &[impl AsRef<OsStr>]) -> Output {
        let mut command = Command::new(std::env::var_os("TENON_WKG").unwrap());
        command.args(words).current_dir(self.at(folder)).env_clear();
        command.env("HOME", self.at("home")).env("NO_COLOR", "1");
        command.stdin(Stdio::null());
        if self.access == Access::Bearer {
            let host = self.host.replace(['.', ':'], "_");
            let variable = format!("WKG_REGISTRY_{host}_AUTH_BEARER");
            command.env(variable, &self.token);
        }
        command.output().unwrap()
    }

    /// What `wkg` says that succeeds.
    pub(crate) fn ok_in(&self, folder: &str, words: &[impl AsRef<OsStr>]) -> String {
        let output = self.wkg_in(folder, words);
        let all = printed(&output) + &said(&output);
        assert!(output.status.success(), "{:?}: {all}", self.access);
        all
    }

    pub(crate) fn ok(&self, words: &[impl AsRef<OsStr>]) -> String {
        self.ok_in("", words)
    }

    /// Pushes a component as a version of a package: `wkg publish` of this version takes WIT packages only.
    pub(crate) fn push(&self, bytes: &[u8], package: &str, version: &str) -> String {
        self.write("pushed.wasm", bytes);
        let (namespace, name) = package.split_once(':').unwrap();
        let place = format!("{}/{namespace}/{name}:{version}", self.host);
        self.ok(&[&self.oci("push", &place)[..], &["pushed.wasm".to_owned()]].concat())
    }

    /// The words of `wkg oci`, which reads no configuration but docker's: so a token is given to it as a password, unless the
    /// guest is nobody.
    pub(crate) fn oci(&self, command: &str, place: &str) -> Vec<String> {
        let mut words = vec!["oci", command, "--insecure", &self.host, place];
        if matches!(self.access, Access::Bearer | Access::Basic) {
            words.extend(["-u", "me", "-p", &self.token]);
        }
        words.into_iter().map(str::to_owned).collect()
    }

    /// What `wkg` says that fails.
    pub(crate) fn fails(&self, words: &[impl AsRef<OsStr>]) -> String {
        let output = self.wkg_in("", words);
        let all = printed(&output) + &said(&output);
        assert!(!output.status.success(), "{:?}: {all}", self.access);
        all
    }
}

/// The text form of bytes that docker keeps credentials in.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let whole = [0, 1, 2].map(|at| u32::from(chunk.get(at).copied().unwrap_or(0)));
        let whole = whole[0] << 16 | whole[1] << 8 | whole[2];
        for letter in 0..4 {
            text.push(match letter <= chunk.len() {
                true => char::from(LETTERS[(whole >> (18 - 6 * letter) & 63) as usize]),
                false => '=',
            });
        }
    }
    text
}

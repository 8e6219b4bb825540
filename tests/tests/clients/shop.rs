//! A registry with what clients need to push to it, and its owner.

use crate::guest::{Access, Guest};
use crate::process::Registry;
use crate::user::User;
use serde_json::Value;
use tenon_tests::example::folder;

/// A registry that runs, and the owner of its namespaces, who has `tenon`.
pub(crate) struct Shop {
    pub(crate) registry: Registry,
    pub(crate) owner: User,
    pub(crate) host: String,
    pub(crate) token: String,
    _folder: tempfile::TempDir,
}

impl Shop {
    /// One whose owner lets the registry sign what is pushed to `acme`, `example` and `wasi`.
    pub(crate) fn open() -> Shop {
        let shop = Shop::closed();
        let ingest = shop.ingest();
        for namespace in ["acme", "example", "wasi"] {
            if namespace != "acme" {
                shop.owner.ok(&["namespace", "create", namespace, "--yes"]);
            }
            shop.owner.ok(&[
                "namespace",
                "grant",
                namespace,
                &ingest,
                "--allow",
                "release",
                "--yes",
            ]);
        }
        shop
    }

    /// One that may not sign anything; the owner has `acme`.
    pub(crate) fn closed() -> Shop {
        let folder = tempfile::tempdir().unwrap();
        let registry = Registry::serve(&folder.path().join("registry"));
        let owner = User::who_pastes(&registry);
        Shop {
            host: registry.process.address().to_string(),
            token: registry.token().unwrap(),
            registry,
            owner,
            _folder: folder,
        }
    }

    /// The key that the registry signs pushes with.
    fn ingest(&self) -> String {
        let shown = self.owner.json(&["log", "show"]);
        let mut keys = shown["keys"].as_array().unwrap().iter();
        let key = keys.find(|key| key["role"] == "ingest").unwrap();
        key["vkey"].as_str().unwrap().to_owned()
    }

    pub(crate) fn guest(&self, access: Access) -> Guest {
        Guest::new(&self.host, &self.token, access)
    }

    /// Somebody with a token that the registry never gave.
    pub(crate) fn stranger(&self, access: Access) -> Guest {
        Guest::new(&self.host, "tnr_0000000000000000_wrong", access)
    }

    /// Somebody who has `tenon`, and has pinned the registry.
    pub(crate) fn reader(&self) -> User {
        User::who_reads(&self.registry.url(), &self.registry.pin)
    }

    /// How many records the log has.
    pub(crate) fn log_size(&self) -> u64 {
        let shown = self.owner.json(&["log", "show"]);
        let size = &shown["checkpoint"]["size"];
        size.as_u64().unwrap_or_else(|| panic!("{shown}"))
    }

    /// A release of a package, as the log has it.
    pub(crate) fn release(&self, package: &str, version: &str) -> Value {
        let name = format!("{package}@{version}");
        self.owner.json(&["info", &name])["release"].clone()
    }
}

/// A component of the examples, in the binary format.
pub(crate) fn component(file: &str) -> Vec<u8> {
    wat::parse_file(folder().join(file)).unwrap()
}

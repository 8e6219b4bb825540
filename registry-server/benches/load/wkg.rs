//! `wkg`, unmodified, as users run it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The program, with a configuration for one registry.
pub(crate) struct Wkg {
    program: PathBuf,
    dir: PathBuf,
    caches: usize,
}

/// The namespace in which it publishes.
pub(crate) const NAMESPACE: &str = "bench";

impl Wkg {
    /// The one that `TENON_WKG` names, or that is on the path; `None` if there is none.
    pub(crate) fn find() -> Option<PathBuf> {
        let program = std::env::var_os("TENON_WKG").map_or_else(|| "wkg".into(), PathBuf::from);
        let mut version = Command::new(&program);
        version.arg("--version").stdout(Stdio::null());
        version.status().is_ok().then_some(program)
    }

    /// One that takes its packages from, and brings them to, this registry, with this password.
    pub(crate) fn of(program: &Path, dir: &Path, at: SocketAddr, password: Option<&str>) -> Wkg {
        std::fs::create_dir_all(dir).unwrap();
        let auth = password.map_or(String::new(), |password| {
            format!("auth = {{ username = \"bench\", password = \"{password}\" }}\n")
        });
        let metadata = format!(
            "metadata = {{ preferredProtocol = \"oci\", oci = {{ registry = \"{at}\", namespacePrefix = \"\" }} }}"
        );
        let config = format!(
            "[namespace_registries]\n{NAMESPACE} = {{ registry = \"{at}\", {metadata} }}\n\
             [registry.\"{at}\"]\ntype = \"oci\"\n[registry.\"{at}\".oci]\nprotocol = \"http\"\n{auth}"
        );
        std::fs::write(dir.join("config.toml"), config).unwrap();
        Wkg {
            program: program.to_owned(),
            dir: dir.to_owned(),
            caches: 0,
        }
    }

    /// Publishes a file: how long that took.
    pub(crate) fn publish(&mut self, file: &Path) -> Duration {
        self.run(&["publish", file.to_str().unwrap()])
    }

    /// Gets a package, which it has not in its cache: how long that took. It has at least
    /// so many bytes.
    pub(crate) fn get(&mut self, package: &str, size: u64) -> Duration {
        let output = self.dir.join("got.wasm");
        let took = self.run(&[
            "get",
            package,
            "--overwrite",
            "--output",
            output.to_str().unwrap(),
        ]);
        assert!(std::fs::metadata(output).unwrap().len() >= size);
        took
    }

    fn run(&mut self, arguments: &[&str]) -> Duration {
        self.caches += 1;
        let cache = self.dir.join(format!("cache-{}", self.caches));
        let mut command = Command::new(&self.program);
        command
            .args(arguments)
            .arg("--config")
            .arg(self.dir.join("config.toml"))
            .arg("--cache")
            .arg(&cache);
        // Credentials of whoever runs this are for other registries.
        command
            .env("DOCKER_CONFIG", &self.dir)
            .env("HOME", &self.dir);
        let begun = Instant::now();
        let output = command.output().unwrap();
        let took = begun.elapsed();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        let _ = std::fs::remove_dir_all(cache);
        took
    }
}

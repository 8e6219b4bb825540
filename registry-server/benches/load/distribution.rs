//! Debian's `docker-registry`, which is CNCF Distribution, as a baseline.

use crate::wire::Wire;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// One process with files below a directory; ended when this is dropped.
pub(crate) struct Distribution {
    pub(crate) child: Child,
    pub(crate) address: SocketAddr,
}

impl Distribution {
    /// Serves from a directory, to anyone; `None` if there is no `docker-registry`.
    pub(crate) fn start(dir: &Path) -> Option<Distribution> {
        Command::new("docker-registry")
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .ok()?;
        std::fs::create_dir_all(dir).unwrap();
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        // It has what it knows of blobs in memory, as Debian sets it, and does not log every request,
        // as ours does not.
        let config = format!(
            "version: 0.1\n\
             log: {{ level: error, accesslog: {{ disabled: true }} }}\n\
             storage:\n  cache: {{ blobdescriptor: inmemory }}\n  delete: {{ enabled: true }}\n\
             \x20 filesystem: {{ rootdirectory: '{}' }}\n\
             http: {{ addr: '{address}', relativeurls: true }}\n",
            dir.join("files").display()
        );
        let file = dir.join("config.yml");
        std::fs::write(&file, config).unwrap();
        let mut command = Command::new("docker-registry");
        command.arg("serve").arg(&file);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let started = Distribution {
            child: command.spawn().unwrap(),
            address,
        };
        let begun = Instant::now();
        while Wire::open(address, Duration::from_secs(5)).is_err() {
            assert!(
                begun.elapsed() < Duration::from_secs(5),
                "docker-registry does not listen"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(started)
    }
}

impl Drop for Distribution {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

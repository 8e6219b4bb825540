//! What the registry of these tests has.

use crate::server::Server;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, Weak};

/// A registry, and someone who has published packages in it.
pub(crate) struct Packages {
    pub(crate) server: Server,
    home: tempfile::TempDir,
}

/// WIT packages: name, version, the folders that go beside as `deps`, and the text after the first line.
const WIT: &[(&str, &str, &[&str], &str)] = &[
    (
        "wit:base",
        "0.2.0",
        &[],
        "interface things { type t = u32; }",
    ),
    (
        "wit:base",
        "0.2.3",
        &[],
        "interface things { type t = u32; }",
    ),
    (
        "wit:base",
        "0.2.5",
        &[],
        "interface things { type t = u32; }",
    ),
    (
        "wit:base",
        "0.3.0",
        &[],
        "interface things { type t = u64; }",
    ),
    (
        "wit:mid",
        "1.0.0",
        &["wit:base@0.2.0"],
        "interface mid { use wit:base/things@0.2.0.{t}; }",
    ),
    (
        "wit:mid",
        "1.1.0",
        &["wit:base@0.2.3"],
        "interface mid { use wit:base/things@0.2.3.{t}; }",
    ),
    (
        "wit:new",
        "1.0.0",
        &["wit:base@0.3.0"],
        "interface new { use wit:base/things@0.3.0.{t}; }",
    ),
    ("acme:log", "1.0.0", &[], "interface api { go: func(); }"),
    ("acme:log", "1.1.0", &[], "interface api { go: func(); }"),
];

/// Components: name, version, interfaces that they import, and that they export.
const COMPONENTS: &[(&str, &str, &[&str], &[&str])] = &[
    ("acme:logger", "1.0.0", &[], &["acme:log/api@1.0.0"]),
    ("acme:logger", "1.1.0", &[], &["acme:log/api@1.0.0"]),
    ("acme:logger", "1.2.0", &[], &["acme:log/api@1.0.0"]),
    ("acme:logger", "2.0.0", &[], &["acme:log/api@1.0.0"]),
    ("acme:logger", "2.1.0-rc.1", &[], &["acme:log/api@1.0.0"]),
    (
        "acme:other",
        "1.0.0",
        &[],
        &["acme:log/api@1.0.0", "acme:log/extra@1.0.0"],
    ),
    (
        "acme:mw",
        "1.0.0",
        &["acme:log/api@1.0.0"],
        &["acme:log/api@1.0.0"],
    ),
    (
        "acme:app",
        "1.0.0",
        &["acme:log/api@1.0.0"],
        &["acme:app/run@1.0.0"],
    ),
    (
        "acme:late",
        "1.0.0",
        &["wit:base/things@0.2.5"],
        &["acme:late/run@1.0.0"],
    ),
];

impl Packages {
    /// The registry that runs, or a new one, which runs until the last test that has it ends.
    pub(crate) fn shared() -> Arc<Packages> {
        static SHARED: Mutex<Weak<Packages>> = Mutex::new(Weak::new());
        let mut shared = SHARED
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(packages) = shared.upgrade() {
            return packages;
        }
        let packages = Arc::new(Packages::publish());
        *shared = Arc::downgrade(&packages);
        packages
    }

    fn publish() -> Packages {
        let packages = Packages {
            server: Server::start(),
            home: tempfile::tempdir().unwrap(),
        };
        let Server { url, pin, .. } = &packages.server;
        packages.tenon(&["registry", "add", "local", url, pin, "--default"]);
        packages.tenon(&["key", "generate", "acme/owner"]);
        for namespace in ["acme", "wit"] {
            packages.tenon(&["namespace", "create", namespace, "--yes"]);
        }
        for (name, version, deps, text) in WIT {
            let folder = packages
                .home
                .path()
                .join(folder(&format!("{name}@{version}")));
            fs::create_dir_all(folder.join("deps")).unwrap();
            fs::write(
                folder.join("a.wit"),
                format!("package {name}@{version};\n{text}\n"),
            )
            .unwrap();
            for dep in *deps {
                let to = folder
                    .join("deps")
                    .join(format!("{}.wit", self::folder(dep)));
                fs::copy(
                    packages.home.path().join(self::folder(dep)).join("a.wit"),
                    to,
                )
                .unwrap();
            }
            packages.release(&folder, name, version);
        }
        for (name, version, imports, exports) in COMPONENTS {
            let file = packages.home.path().join("c.wat");
            fs::write(&file, component(imports, exports)).unwrap();
            packages.release(&file, name, version);
        }
        packages.tenon(&["yank", "acme:logger@1.1.0", "--reason", "mistake", "--yes"]);
        packages
    }

    fn release(&self, path: &Path, package: &str, version: &str) {
        let path = path.to_string_lossy();
        let words = ["publish", &path, "--package", package, "--version", version];
        self.tenon(&[&words[..], &["--yes", "--allow-breaking"]].concat());
    }

    fn tenon(&self, words: &[&str]) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tenon"));
        command
            .args(words)
            .current_dir(self.home.path())
            .env("TENON_CONFIG_DIR", self.home.path().join("config"))
            .env("TENON_CACHE_DIR", self.home.path().join("cache"))
            .env("TENON_STATE_DIR", self.home.path().join("state"))
            .env("TENON_TOKEN", &self.server.token)
            .env("TENON_REGISTRY", &self.server.url)
            .stdin(Stdio::null());
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{words:?}: {said}");
    }
}

fn folder(release: &str) -> String {
    release.replace([':', '@'], "-")
}

/// A component that imports and exports interfaces with a function `go`.
pub(crate) fn component(imports: &[&str], exports: &[&str]) -> String {
    let mut text = "(component\n".to_owned();
    for name in imports {
        text.push_str(&format!(
            "  (import \"{name}\" (instance (export \"go\" (func))))\n"
        ));
    }
    text.push_str(
        "  (core module $m (func (export \"f\")))\n  (core instance $i (instantiate $m))\n  \
         (func $f (canon lift (core func $i \"f\")))\n  (instance $e (export \"go\" (func $f)))\n",
    );
    for name in exports {
        text.push_str(&format!("  (export \"{name}\" (instance $e))\n"));
    }
    text + ")\n"
}

//! A project's folder, before there is a project in it, and a registry that has what it may depend on.

use super::copy;
use crate::server::Server;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What runs behind a transcript.
pub(crate) struct Scene {
    folder: PathBuf,
    server: Server,
}

impl Scene {
    /// Makes the folder, with a component to be composed, `app.wat`, and in `releases` what is published and what is not yet;
    /// with a user who is known to the registry, and owns the namespaces `acme` and `example` in it.
    pub(crate) fn new(folder: &Path) -> Scene {
        fs::create_dir_all(folder).unwrap();
        let scene = Scene {
            folder: folder.to_owned(),
            server: Server::with_origin("registry.example/log"),
        };
        scene.write_files();
        let (url, pin) = (scene.server.url.as_str(), scene.server.pin.as_str());
        scene.tenon("registry add local", &[url, pin, "--default"]);
        scene.tenon("login local --token-stdin", &[]);
        scene.tenon("key generate acme/alice", &[]);
        scene.tenon("namespace create acme --yes", &[]);
        scene.tenon("namespace create example --yes", &[]);
        for (file, release) in [
            ("clock-1.0.0.wat", "acme:clock --version 1.0.0"),
            ("logger-1.0.0.wat", "acme:logger --version 1.0.0"),
            ("example-clock-0.1.0", "example:clock --version 0.1.0"),
            ("example-logger-0.1.0", "example:logger --version 0.1.0"),
        ] {
            scene.tenon(
                &format!("publish releases/{file} --yes --package {release}"),
                &[],
            );
        }
        scene.forget();
        scene
    }

    /// Adds files. In manifests, lock files and configurations, `HOST` and `URL` are where the registry is, and `PIN` is its pin.
    pub(crate) fn add(&self, files: &Path) {
        copy(files, &self.folder);
        self.fill_in(files, Path::new(""));
    }

    /// Whether there is such a file.
    pub(crate) fn has(&self, file: &str) -> bool {
        self.folder.join(file).is_file()
    }

    fn fill_in(&self, files: &Path, folder: &Path) {
        for entry in fs::read_dir(files.join(folder)).unwrap() {
            let path = folder.join(entry.unwrap().file_name());
            if files.join(&path).is_dir() {
                self.fill_in(files, &path);
            } else if path
                .extension()
                .is_some_and(|it| it == "toml" || it == "lock")
            {
                let text = fs::read_to_string(files.join(&path)).unwrap();
                let text = text
                    .replace("HOST", self.host())
                    .replace("URL", &self.server.url);
                let text = text.replace("PIN", &self.server.pin);
                fs::write(self.folder.join(path), text).unwrap();
            }
        }
    }

    /// Makes a project of which two branches were merged: one has added `acme:clock`, the other `example:clock`. The
    /// conflict in the manifest is resolved; the lock file has both sides, between the markers of git.
    pub(crate) fn merge(&self) {
        let path = |name: &str| self.folder.join(name);
        let read = |name: &str| fs::read_to_string(path(name)).unwrap();
        self.tenon("init --name acme:shop --socket app.wat", &[]);
        self.tenon("add acme:logger", &[]);
        let (manifest, lock) = (read("tenon.toml"), read("tenon.lock"));
        self.tenon("add example:clock", &[]);
        let theirs = read("tenon.lock");
        fs::write(path("tenon.toml"), &manifest).unwrap();
        fs::write(path("tenon.lock"), &lock).unwrap();
        self.tenon("add acme:clock", &[]);
        let ours = read("tenon.lock");
        let merged = read("tenon.toml").replace(
            "\n\n[compose]",
            "\n\"example:clock\" = \"^0.1.0\"\n\n[compose]",
        );
        fs::write(path("tenon.toml"), merged).unwrap();
        let conflict = format!("<<<<<<< HEAD\n{ours}=======\n{theirs}>>>>>>> clock\n");
        fs::write(path("tenon.lock"), conflict).unwrap();
        self.forget();
    }

    /// What differs each time, and what it is called in the transcripts.
    pub(crate) fn names(&self) -> Vec<(&'static str, String)> {
        let vkey = self.tenon("key show", &[]);
        vec![
            ("[URL]", self.server.url.clone()),
            ("[HOST]", self.host().to_owned()),
            ("[PIN]", self.server.pin.clone()),
            ("[KEY]", vkey.trim().to_owned()),
        ]
    }

    fn host(&self) -> &str {
        self.server.url.trim_start_matches("http://")
    }

    /// Forgets what was seen of the registry: whoever works on the project has not seen it yet.
    fn forget(&self) {
        for made in ["state", "cache"] {
            fs::remove_dir_all(self.folder.join(made)).unwrap();
        }
    }

    fn write_files(&self) {
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit-examples/logger");
        let read = |name: &str| fs::read_to_string(examples.join(name)).unwrap();
        let (logger, clock) = (read("logger.wat"), read("clock.wat"));
        let release = |text: &str, version: &str| {
            let section = format!("(component\n  (@custom \"release\" \"{version}\")\n");
            text.replacen("(component\n", &section, 1)
        };
        let later = logger.replace("ticker@0.1.0", "ticker@0.1.1");
        let ticker = read("wit/deps/clock.wit");
        for (path, text) in [
            ("app.wat", read("app.wat")),
            ("releases/clock-1.0.0.wat", clock.clone()),
            ("releases/clock-1.0.1.wat", release(&clock, "1.0.1")),
            ("releases/logger-1.0.0.wat", logger.clone()),
            ("releases/logger-1.1.0.wat", release(&logger, "1.1.0")),
            ("releases/logger-2.0.0.wat", release(&later, "2.0.0")),
            ("releases/example-clock-0.1.0/clock.wit", ticker.clone()),
            (
                "releases/example-clock-0.1.1/clock.wit",
                ticker.replace("clock@0.1.0", "clock@0.1.1"),
            ),
            (
                "releases/example-logger-0.1.0/logger.wit",
                read("wit/deps/logger.wit"),
            ),
            ("releases/example-logger-0.1.0/deps/clock.wit", ticker),
        ] {
            let path = self.folder.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }

    /// What a command prints that must succeed: the words of a line, and others.
    fn tenon(&self, line: &str, words: &[&str]) -> String {
        let at = |name: &str| self.folder.join(name);
        let mut command = Command::new(env!("CARGO_BIN_EXE_tenon"));
        let mut child = command
            .args(line.split(' '))
            .args(words)
            .current_dir(&self.folder)
            .env("TENON_CONFIG_DIR", at("config"))
            .env("TENON_CACHE_DIR", at("cache"))
            .env("TENON_STATE_DIR", at("state"))
            .env("WKG_CONFIG_FILE", "")
            .env_remove("TENON_REGISTRY")
            .env_remove("TENON_TOKEN")
            .env_remove("TENON_KEY")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        // Only one command reads it, and the others may be gone already.
        let _ = writeln!(input, "{}", self.server.token);
        drop(input);
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{line}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }
}

//! `containerd` with `ctr`, before a registry of ours: other programs push and pull by its library, too.

use crate::house::{House, noise};
use crate::layout::{Layout, tar};
use crate::program::{find, say, text};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// How long it may take to begin, and how long a command may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// The service, as long as the test runs.
struct Containerd {
    child: Child,
    ctr: PathBuf,
    house: House,
}

impl Containerd {
    /// Starts it, if it is here, and whoever runs this may.
    fn start() -> Option<Containerd> {
        let program = find("containerd", "TENON_CONTAINERD")?;
        let ctr = find("ctr", "TENON_CTR")?;
        if fs::metadata("/proc/self").map(|it| it.uid()).ok() != Some(0) {
            say!("NOT RUN: what `containerd` sees, because only root can start it");
            return None;
        }
        let house = House::open();
        let home = house.folder("containerd");
        let at = |name: &str| format!("{:?}", text(&home.join(name)));
        let config = format!(
            "version = 2\nroot = {}\nstate = {}\ndisabled_plugins = [\"io.containerd.grpc.v1.cri\"]\n\
             [grpc]\naddress = {}\n",
            at("root"),
            at("state"),
            at("socket")
        );
        fs::write(home.join("config.toml"), config).unwrap();
        let log = fs::File::create(home.join("log")).unwrap();
        let mut command = Command::new(program);
        command.arg("-c").arg(home.join("config.toml"));
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        let child = command.spawn().unwrap();
        let containerd = Containerd { child, ctr, house };
        let begun = Instant::now();
        while !containerd.run(&["version"]).status.success() {
            if begun.elapsed() > PATIENCE {
                let said = fs::read_to_string(home.join("log")).unwrap();
                say!("NOT RUN: what `containerd` sees, because it does not start here: {said}");
                return None;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(containerd)
    }

    /// Runs a command of `ctr`, which ends soon or not at all.
    fn run(&self, words: &[&str]) -> Output {
        let home = self.house.folder("containerd");
        let mut command = Command::new(&self.ctr);
        command.arg("-a").arg(home.join("socket"));
        command.args(words).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let begun = Instant::now();
        while child.try_wait().unwrap().is_none() && begun.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = child.kill();
        child.wait_with_output().unwrap()
    }

    fn ok(&self, words: &[&str]) -> String {
        let output = self.run(words);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            output.status.success(),
            "{words:?}: {}\n{said}",
            output.status
        );
        String::from_utf8(output.stdout).unwrap()
    }

    fn push(&self, place: &str, image: &str) {
        let place = format!("{}/{place}", self.house.host());
        let user = format!("me:{}", self.house.token);
        self.ok(&["images", "push", "--plain-http", "-u", &user, &place, image]);
    }
}

impl Drop for Containerd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// All files below a folder, as one archive.
fn archive(folder: &Path) -> Vec<u8> {
    let blobs = Layout::content(folder);
    let named = blobs
        .iter()
        .map(|(name, bytes)| (format!("blobs/sha256/{name}"), bytes.clone()));
    let top = ["oci-layout", "index.json"];
    let top = top.map(|name| (name.to_owned(), fs::read(folder.join(name)).unwrap()));
    let all: Vec<_> = top.into_iter().chain(named).collect();
    let all: Vec<_> = all
        .iter()
        .map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
        .collect();
    tar(&all)
}

#[test]
fn images_are_pushed_and_pulled() {
    let Some(containerd) = Containerd::start() else {
        return;
    };
    let house = &containerd.house;
    let mut layout = Layout::new(&house.folder("layout"));
    let layer = |seed| tar(&[("noise", &noise(seed, 9_000))]);
    let (first, second) = (
        layout.image("amd64", &[&layer(1)]),
        layout.image("arm64", &[&layer(2)]),
    );
    let index = layout.index(&[("amd64", first.clone()), ("arm64", second)]);
    layout.name("one", first);
    layout.name("both", index);
    let file = house.file("layout.tar", &archive(&layout.folder));
    let words = [
        "images",
        "import",
        "--no-unpack",
        "--all-platforms",
        "--base-name",
        "here.invalid/image",
    ];
    containerd.ok(&[&words[..], &[text(&file)]].concat());
    // Whatever is there already: it learns that it has to say who it is before it sends the first body, since it
    // cannot send one again.
    for tag in ["a", "b", "c"] {
        containerd.push(&format!("acme/image:{tag}"), "here.invalid/image:one");
        containerd.push(&format!("acme/image:both-{tag}"), "here.invalid/image:both");
    }
    let place = format!("{}/acme/image:both-c", house.host());
    containerd.ok(&[
        "content",
        "fetch",
        "--plain-http",
        "--all-platforms",
        &place,
    ]);
    let listed = containerd.ok(&["images", "ls", &format!("name=={place}")]);
    assert!(listed.contains("linux/amd64,linux/arm64"), "{listed}");
}

//! A disk that is really full: a small file system of its own, which takes Linux and leave to mount one.

use crate::client::Client;
use crate::publisher::{FIRST, Publisher, component, key};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};
use tenon_registry_client::Digest;
use tenon_registry_client::api::{Paths, ProblemCode, RegistryInfo};
use tenon_registry_client::record::SignedRecord;

/// Mounts a disk, and runs a program on it for each line that comes in, with that much in reserve.
const SCRIPT: &str = r#"
dir=$1; shift
mount -t tmpfs -o size=32m none "$dir" || exit 1
echo mounted
while read -r reserve; do
  TENON_REGISTRY_LIMITS_DISK_RESERVE_BYTES=$reserve "$@" 2>>"$dir/../stderr" &
  echo "pid $!"
  wait $!
  echo "ended $?"
done
"#;

/// How much stays free.
const RESERVE: u64 = 4 << 20;

/// A small disk, and a registry on it.
struct SmallDisk {
    shell: Child,
    orders: Option<ChildStdin>,
    said: BufReader<ChildStdout>,
    root: PathBuf,
    pid: i32,
    token: Option<String>,
    _temp: tempfile::TempDir,
}

impl SmallDisk {
    fn new() -> Option<SmallDisk> {
        let temp = tempfile::tempdir().unwrap();
        let mount = temp.path().join("disk");
        fs::create_dir(&mount).unwrap();
        let mut shell = Command::new("unshare")
            .args(["--map-root-user", "--mount", "sh", "-c", SCRIPT, "sh"])
            .arg(&mount)
            .arg(env!("CARGO_BIN_EXE_tenon-registry"))
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(mount.join("data"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .ok()?;
        let orders = shell.stdin.take();
        let said = BufReader::new(shell.stdout.take().unwrap());
        // The shell is in the place of `unshare`, and sees the disk.
        let root = PathBuf::from(format!("/proc/{}/root", shell.id()));
        let root = root.join(mount.strip_prefix("/").unwrap());
        let mut disk = SmallDisk {
            shell,
            orders,
            said,
            root,
            pid: 0,
            token: None,
            _temp: temp,
        };
        (disk.line() == "mounted").then_some(disk)
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.said.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }

    fn start(&mut self, reserve: u64) -> SocketAddr {
        writeln!(self.orders.as_mut().unwrap(), "{reserve}").unwrap();
        let pid = self.line();
        self.pid = pid.strip_prefix("pid ").unwrap().parse().unwrap();
        let serving = self.line();
        let address = serving.strip_prefix("serving http://").expect(&serving);
        let address = address.parse().unwrap();
        assert!(self.line().starts_with("tenon registry add"));
        if self.token.is_none() {
            let line = self.line();
            self.token = line.split(' ').nth(1).map(str::to_owned);
            self.line();
        }
        address
    }

    fn end(&mut self, signal: rustix::process::Signal) -> String {
        let pid = rustix::process::Pid::from_raw(self.pid).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
        let ended = self.line();
        self.pid = 0;
        ended
    }

    fn free(&self) -> u64 {
        let space = rustix::fs::statvfs(&self.root).unwrap();
        space.f_bavail * space.f_frsize
    }

    /// Leaves so many bytes free, until what takes the rest is removed.
    fn fill(&self, leave: u64) -> Ballast {
        let path = self.root.join("ballast");
        let file = File::create(&path).unwrap();
        let (mut end, mut step) = (0, 1 << 20);
        // Whatever else is written meanwhile.
        while step >= 4096 {
            let fits = self.free() >= leave + step;
            let flags = rustix::fs::FallocateFlags::empty();
            match fits.then(|| rustix::fs::fallocate(&file, flags, end, step)) {
                Some(Ok(())) => end += step,
                _ => step /= 2,
            }
        }
        Ballast(path)
    }

    fn post(&self, address: SocketAddr, record: &SignedRecord) -> crate::client::Answer {
        let mut client = Client::new(address).token(self.token.as_ref().unwrap());
        client.ask_with("POST", Paths::records(), record.bytes())
    }

    fn upload(&self, address: SocketAddr, bytes: &[u8]) -> crate::client::Answer {
        let mut client = Client::new(address).token(self.token.as_ref().unwrap());
        client.ask_with("PUT", &Paths::upload(&Digest::of(bytes)), bytes)
    }

    fn stderr(&self) -> String {
        fs::read_to_string(self._temp.path().join("stderr")).unwrap_or_default()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        if let Some(pid) = rustix::process::Pid::from_raw(self.pid) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
        drop(self.orders.take());
        let _ = self.shell.wait();
    }
}

struct Ballast(PathBuf);

impl Ballast {
    fn remove(self) {
        fs::remove_file(self.0).unwrap();
    }
}

/// Readers are served, and writers told.
#[track_caller]
fn expect_read_only(disk: &SmallDisk, address: SocketAddr, record: &SignedRecord) {
    disk.post(address, record).problem(ProblemCode::StorageFull);
    disk.upload(address, &component(77))
        .problem(ProblemCode::StorageFull);
    let ready = Client::new(address).get("/readyz");
    assert!(
        ready
            .problem(ProblemCode::Overloaded)
            .detail
            .contains("disk is full")
    );
    let metrics = Client::new(address).get("/metrics");
    assert!(metrics.text().contains("tenon_registry_read_only 1\n"));
    for path in ["/log/checkpoint", "/api/v1/packages", "/api/v1/proof"] {
        assert_eq!(Client::new(address).get(path).status, 200, "{path}");
    }
    let blob = Paths::blob(&Digest::of(&component(1)));
    assert_eq!(Client::new(address).get(&blob).body, component(1));
}

#[test]
#[expect(clippy::print_stdout, reason = "a test that was not done says so")]
fn s41_a_full_disk_is_read_from_and_written_to_again() {
    let Some(mut disk) = SmallDisk::new() else {
        println!("not done: there is no leave to mount a file system");
        return;
    };
    let address = disk.start(RESERVE);
    let info: RegistryInfo = Client::new(address).get("/api/v1/registry").json();
    let mut alice = Publisher::unknown(info.origin.parse().unwrap(), "acme");
    alice.key = key("acme/alice", 1);
    for record in alice.beginning() {
        assert_eq!(disk.post(address, &record).status, 201);
        alice.chain.push(record);
    }
    assert_eq!(disk.upload(address, &component(1)).status, 201);
    let mut record = alice.release("app", FIRST, "1.0.0", &component(1));
    assert_eq!(disk.post(address, &record).status, 201);
    let next = |record: &SignedRecord, number: u32| {
        let link = crate::publisher::after(record);
        alice.release("app", link, &format!("1.{number}.0"), &component(1))
    };
    let begun = Instant::now();
    while fs::metadata(disk.root.join("data/reserve")).map_or(0, |file| file.len()) != RESERVE {
        assert!(begun.elapsed() < Duration::from_secs(10));
        std::thread::sleep(Duration::from_millis(20));
    }

    // While it runs: early, and over by itself.
    let ballast = disk.fill(RESERVE - 4096);
    let refused = next(&record, 1);
    expect_read_only(&disk, address, &refused);
    ballast.remove();
    assert_eq!(Client::new(address).get("/readyz").status, 200);
    assert_eq!(disk.post(address, &refused).status, 201);
    record = refused;
    assert_eq!(disk.end(rustix::process::Signal::TERM), "ended 0");

    // Without a reserve, a batch finds the disk full: it is refused, and that is all.
    let address = disk.start(0);
    let ballast = disk.fill(0);
    let refused = next(&record, 2);
    for _ in 0..3 {
        disk.post(address, &refused)
            .problem(ProblemCode::StorageFull);
    }
    assert_eq!(Client::new(address).get("/log/checkpoint").status, 200);
    ballast.remove();
    assert_eq!(
        disk.post(address, &refused).status,
        201,
        "{}",
        disk.stderr()
    );
    record = refused;
    // At once, so that the batch is not settled.
    assert_eq!(disk.end(rustix::process::Signal::KILL), "ended 137");

    // At start: what was not finished is, in the room that was kept for it.
    let ballast = disk.fill(0);
    let address = disk.start(RESERVE);
    let refused = next(&record, 3);
    expect_read_only(&disk, address, &refused);
    ballast.remove();
    assert_eq!(
        disk.post(address, &refused).status,
        201,
        "{}",
        disk.stderr()
    );
    assert_eq!(disk.end(rustix::process::Signal::TERM), "ended 0");
}

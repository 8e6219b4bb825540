//! Disks that are full, copied, or wrong, below a registry that runs.

use crate::house::House;
use crate::publisher::{FIRST, Publisher, after, component, post, release, upload};
use crate::served::{self, Served, assert_sound};
use crate::support;
use crate::wire::Wire;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tenon_registry_client::Digest;
use tenon_registry_client::api::{Paths, ProblemCode, ProofQuery};
use tenon_registry_client::log::{Hash, SignedCheckpoint, TilePath, decode_entries};
use tenon_registry_client::monitor::Monitor;
use tenon_registry_client::record::{Content, ContentKind, PackageAct, SignedRecord, Time};
use tenon_registry_client::state::Pin;
use tenon_registry_client::verify::{Held, Known, Request, Rules, Trust, verify};

const PATIENCE: Duration = Duration::from_secs(10);

/// A small disk, as long as this is held.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(place: &Path, size: &str) -> Option<SmallDisk> {
        fs::create_dir_all(place).unwrap();
        let size = format!("size={size}");
        let mut mount = Command::new("mount");
        let mount = mount.args(["-t", "tmpfs", "-o", &size, "none"]).arg(place);
        let mounted = mount.output().is_ok_and(|output| output.status.success());
        mounted.then(|| SmallDisk(place.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// Someone who publishes through a process, without expecting that it goes well.
struct Author {
    publisher: support::Publisher,
    token: String,
    released: u32,
}

impl Author {
    fn new(served: &Served) -> Author {
        let mut author = Author {
            publisher: support::Publisher::new(served.pin.origin(), "acme", 1),
            token: served.token.clone().unwrap(),
            released: 0,
        };
        for begin in [support::Publisher::create, support::Publisher::grant] {
            let record = begin(&author.publisher);
            assert_eq!(author.send(served, &record), Some(201));
        }
        author
    }

    fn wire(&self, served: &Served) -> Option<Wire> {
        Some(
            Wire::open(served.address, PATIENCE)
                .ok()?
                .token(&self.token),
        )
    }

    /// The status of the answer, if there is one.
    fn send(&mut self, served: &Served, record: &SignedRecord) -> Option<u16> {
        let reply = self
            .wire(served)?
            .send("POST", Paths::records(), record.bytes());
        let status = reply.ok()?.status;
        if status < 300 {
            self.publisher.logged(record);
        }
        Some(status)
    }

    fn content(&self) -> Vec<u8> {
        component(self.released)
    }

    /// Uploads and releases; the status of what was refused, or of the release.
    fn release(&mut self, served: &Served) -> Option<u16> {
        let bytes = self.content();
        let digest = Digest::of(&bytes);
        let sent = self
            .wire(served)?
            .send("PUT", &Paths::upload(&digest), &bytes);
        let status = sent.ok()?.status;
        if status >= 300 {
            return Some(status);
        }
        let act = PackageAct::Release {
            version: format!("1.0.{}", self.released).parse().unwrap(),
            content: Content {
                digest,
                size: bytes.len() as u64,
                kind: ContentKind::Component,
            },
            attestation: None,
        };
        let record = self.publisher.package("http", act);
        let status = self.send(served, &record)?;
        self.released += u32::from(status < 300);
        Some(status)
    }
}

#[test]
fn s41_a_disk_that_fills_up_stops_writes_and_nothing_else() {
    let temp = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(&temp.path().join("disk"), "8m") else {
        let mut stderr = std::io::stderr().lock();
        writeln!(
            stderr,
            "NOT RUN: a disk that fills up, because none can be mounted here"
        )
        .unwrap();
        return;
    };
    // What it says is written elsewhere.
    let dir = temp.path().join("data");
    fs::create_dir(disk.0.join("data")).unwrap();
    std::os::unix::fs::symlink(disk.0.join("data"), &dir).unwrap();
    let errors = served::errors(&dir);
    let mut served = Served::start(&dir, &[]);
    let mut author = Author::new(&served);
    assert_eq!(author.release(&served), Some(201));
    // Somebody else takes the space, but for a few pages at a time: so it runs out at another call each time.
    let filler = disk.0.join("filler");
    let (mut refused, mut ended, mut restarted) = (0, 0, 0);
    for pages in (0..8).chain((8..160).step_by(4)) {
        fill(&filler, pages * 4096, &disk.0);
        for _ in 0..3 {
            match author.release(&served) {
                // What was logged without an answer is sent again.
                Some(200 | 201) => {}
                Some(status) => {
                    assert!(matches!(status, 503 | 507), "{status}");
                    refused += 1;
                }
                None => refused += 1,
            }
        }
        if !has_ended(&mut served) {
            let mut wire = Wire::open(served.address, PATIENCE).unwrap();
            assert_eq!(wire.get(Paths::checkpoint()).unwrap().status, 200);
            let blob = Paths::blob(&Digest::of(&component(0)));
            assert_eq!(wire.get(&blob).unwrap().body, component(0));
            continue;
        }
        // A batch that is logged and finds no space for its files ends the process. With the disk as
        // full as that, it starts again or says what is missing; with space, it starts.
        ended += 1;
        match Served::try_start(&dir, &[]) {
            Ok(_) => restarted += 1,
            Err(said) => assert!(said.contains("there is no space left"), "{said}"),
        }
        fs::remove_file(&filler).unwrap();
        served = Served::start(&dir, &[]);
    }
    println!("{refused} refused, {ended} ends, {restarted} starts on the full disk");
    assert!(ended > 0);

    // There is space again: it goes on, with everything that it acknowledged.
    fs::remove_file(&filler).unwrap();
    served.kill();
    let served_again = Served::start(&dir, &[]);
    let mut wire = Wire::open(served_again.address, PATIENCE).unwrap();
    for number in 0..author.released {
        let blob = Paths::blob(&Digest::of(&component(number)));
        assert_eq!(wire.get(&blob).unwrap().status, 200);
    }
    let status = author.release(&served_again);
    assert!(
        matches!(status, Some(200 | 201)),
        "{status:?} {}",
        fs::read_to_string(errors).unwrap()
    );
    drop(served_again);
    assert_sound(&dir);
}

/// Whether it ends: who was not answered may have noticed that before the system did.
fn has_ended(served: &mut Served) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(100) {
        if served.child.try_wait().unwrap().is_some() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    false
}

/// Writes a file that leaves about so many bytes of the disk.
fn fill(filler: &Path, leave: u64, disk: &Path) {
    let _ = fs::remove_file(filler);
    let stat = rustix::fs::statvfs(disk).unwrap();
    let bytes = (stat.f_bavail * stat.f_frsize).saturating_sub(leave);
    fs::write(filler, vec![0; usize::try_from(bytes).unwrap()]).unwrap();
}

#[test]
fn s41_records_stop_while_there_is_some_space() {
    let house = House::with(|config| config.limits.disk_reserve_bytes = u64::MAX);
    let size = house.log_size();
    let origin = house.app.public().log().origin().clone();
    let create = Publisher::unknown(origin, "acme").create();
    post(&house, &create).problem(ProblemCode::StorageFull);
    assert_eq!(house.log_size(), size);
    assert_eq!(house.get(Paths::checkpoint()).status, 200);
}

#[test]
fn s41_lines_that_nobody_can_write_stop_nothing() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("data");
    std::os::unix::fs::symlink("/dev/full", served::errors(&dir)).unwrap();
    let served = Served::start(&dir, &["log.level=debug"]);
    let mut author = Author::new(&served);
    assert_eq!(author.release(&served), Some(201));
    let mut wire = Wire::open(served.address, PATIENCE).unwrap();
    assert_eq!(wire.get("/nothing").unwrap().status, 404);
}

#[test]
fn s44_one_process_at_a_time_and_no_old_copy() {
    let temp = tempfile::tempdir().unwrap();
    let (dir, copy) = (temp.path().join("data"), temp.path().join("copy"));
    let mut served = Served::start(&dir, &[]);
    let mut author = Author::new(&served);
    let second = Served::try_start(&dir, &[]).err().unwrap();
    assert!(second.contains("in use by another process"), "{second}");
    let copied = served::run(&["backup", "--with-keys", copy.to_str().unwrap()], &dir);
    assert!(copied.status.success(), "{copied:?}");
    assert_eq!(author.release(&served), Some(201));
    let mut wire = Wire::open(served.address, PATIENCE).unwrap();
    let known = temp.path().join("known");
    fs::write(&known, wire.get(Paths::checkpoint()).unwrap().body).unwrap();
    served.kill();

    let restored = temp.path().join("restored");
    let from = copy.to_str().unwrap();
    let known = known.to_str().unwrap();
    let refused = served::run(&["restore", from, "--known-checkpoint", known], &restored);
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(
        !refused.status.success() && said.contains("behind what others have seen"),
        "{said}"
    );
    // Nothing is left that could be served by mistake; what is not behind can be.
    assert!(fs::read_dir(&restored).map_or(0, Iterator::count) == 0);
    let taken = served::run(&["restore", from], &restored);
    assert!(taken.status.success(), "{taken:?}");
    assert_sound(&restored);
}

#[test]
fn s45_flipped_bits_are_never_served_as_valid_nor_signed_over() {
    let house = House::new();
    let alice = Publisher::new(&house, "acme");
    let pin: Pin = house.app.public().log().pin().to_string().parse().unwrap();
    let mut link = FIRST;
    for number in 0..3 {
        let bytes = component(number);
        upload(&house, &bytes);
        let record = alice.release("http", link, &format!("1.0.{number}"), &bytes);
        assert_eq!(post(&house, &record).status, 201);
        link = after(&record);
    }
    let (mut flips, mut noticed) = (0, 0);
    for folder in ["log/tile", "blobs"] {
        for file in files(&house.dir.join(folder)) {
            // Partial tiles that nobody needs any more go by themselves.
            let Ok(whole) = fs::read(&file) else {
                continue;
            };
            for part in 0..4 {
                let mut flipped = whole.clone();
                let bit = whole.len() * 8 * part / 4 + part;
                flipped[bit / 8] ^= 1 << (bit % 8);
                fs::write(&file, &flipped).unwrap();
                flips += 1;
                noticed += u32::from(!is_whole(&house, &pin));
                fs::write(&file, &whole).unwrap();
            }
        }
    }
    assert!(is_whole(&house, &pin));
    assert!(noticed > 0 && noticed <= flips, "{noticed} of {flips}");

    // Nor is anything signed over a tile that is not what it was: the new log goes on from the old one,
    // or there is none.
    let old = house.get(Paths::checkpoint()).body;
    let tile = files(&house.dir.join("log/tile")).pop().unwrap();
    let whole = fs::read(&tile).unwrap();
    fs::write(&tile, vec![0; whole.len()]).unwrap();
    let bytes = component(3);
    upload(&house, &bytes);
    post(&house, &alice.release("http", link, "1.0.3", &bytes));
    fs::write(&tile, &whole).unwrap();
    assert!(is_whole(&house, &pin));
    let open = |note: &[u8]| SignedCheckpoint::open(note, pin.origin(), [pin.key()]).unwrap();
    let (old, new) = (open(&old), open(&house.get(Paths::checkpoint()).body));
    let mut monitor = Monitor::pinned(&pin);
    for leaf in &leaves(&house, new.checkpoint().size).unwrap() {
        monitor.read(leaf);
        if monitor.size() == old.checkpoint().size {
            assert_eq!(monitor.root(), old.checkpoint().root);
        }
    }
    assert_eq!(monitor.root(), new.checkpoint().root);
}

/// All files below a directory that have bytes, in order.
fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = vec![];
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false if fs::metadata(&path).is_ok_and(|file| file.len() > 0) => found.push(path),
            false => {}
        }
    }
    found.sort();
    found
}

fn leaves(house: &House, size: u64) -> Option<Vec<Vec<u8>>> {
    let mut leaves = vec![];
    for path in TilePath::bundles(size) {
        let answer = house.get(&Paths::tile(path));
        if answer.status != 200 {
            return None;
        }
        let entries = decode_entries(&answer.body, path.width()).ok()?;
        leaves.extend(entries.into_iter().map(<[u8]>::to_vec));
    }
    Some(leaves)
}

/// Whether clients take what is served: whoever reads the log, whoever verifies releases, and whoever
/// downloads. What they take must be what was published.
fn is_whole(house: &House, pin: &Pin) -> bool {
    let note = house.get(Paths::checkpoint()).body;
    let signed = SignedCheckpoint::open(&note, pin.origin(), [pin.key()]).unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = Time::from_seconds(now.as_secs()).unwrap();
    let mut whole = true;
    match leaves(house, signed.checkpoint().size) {
        Some(leaves) => {
            let mut monitor = Monitor::pinned(pin);
            let nodes = leaves.iter().flat_map(|leaf| monitor.read(leaf));
            let nodes: BTreeMap<_, Hash> = nodes
                .map(|(id, hash)| ((id.level, id.index), hash))
                .collect();
            monitor.check(&signed);
            whole &= monitor.findings().is_empty();
            for path in TilePath::tiles(signed.checkpoint().size) {
                let (level, start) = (path.level().unwrap() * 8, path.index() * 256);
                let row =
                    (start..start + u64::from(path.width())).map(|index| nodes[&(level, index)]);
                let bytes: Vec<u8> = row.flat_map(|hash| *hash.as_bytes()).collect();
                let answer = house.get(&Paths::tile(path));
                whole &= answer.status == 200 && answer.body == bytes;
            }
        }
        None => whole = false,
    }
    for number in 0..3 {
        let version = format!("1.0.{number}").parse().unwrap();
        let request = Request::Package {
            package: "acme:http".parse().unwrap(),
            releases: [version].into(),
        };
        let query = ProofQuery {
            request: request.clone(),
            known: Known::default(),
            size: None,
        };
        let answer = house.get(&Paths::proof(&query));
        let (locked, rules) = (BTreeMap::new(), Rules::default());
        let trust = Trust {
            pin,
            state: None,
            locked: &locked,
            rules: &rules,
            now,
        };
        match verify(&answer.body, &request, &Held::default(), &trust) {
            Ok(view) => {
                let version = format!("1.0.{number}").parse().unwrap();
                let content = view.release(&version).unwrap().content;
                let published = component(number);
                assert_eq!(content.digest, Digest::of(&published));
                let blob = house.get(&Paths::blob(&content.digest));
                let taken = blob.status == 200 && Digest::of(&blob.body) == content.digest;
                assert!(!taken || blob.body == published);
                whole &= taken;
            }
            Err(_) => whole = false,
        }
    }
    whole
}

#[test]
fn s27_records_and_routes_know_no_dependencies() {
    let house = House::new();
    let alice = Publisher::new(&house, "acme");
    let bytes = component(1);
    upload(&house, &bytes);
    let act = release("1.0.0", &bytes, ContentKind::Component);
    let record = alice.sign(alice.package_record("http", FIRST, act));
    let text = std::str::from_utf8(record.bytes()).unwrap();
    for line in [
        "dependency acme:http 1.0.0",
        "depends acme:http",
        "requires *",
    ] {
        let text = text.replace("\ntime ", &format!("\n{line}\ntime "));
        crate::publisher::post_bytes(&house, text.as_bytes()).problem(ProblemCode::RecordInvalid);
    }
    assert_eq!(post(&house, &record).status, 201);
    for path in ["dependencies", "dependents", "1.0.0/dependencies"] {
        let path = format!("/api/v1/packages/acme/http/{path}");
        house.get(&path).problem(ProblemCode::NotFound);
    }
    house.get("/api/v1/resolve").problem(ProblemCode::NotFound);
}

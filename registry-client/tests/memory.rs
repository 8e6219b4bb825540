//! How much memory each parser takes at most, for the worst input that was thought of.

#![allow(
    unsafe_code,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a global allocator is unsafe to write; a test may stop where it fails"
)]

#[path = "support/mod.rs"]
mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::fmt::Write as _;
use support::*;
use tenon_registry_client::log::{
    Checkpoint, Hash, JointMapProof, MAX_ENTRY_BUNDLE, MAX_NOTE, MAX_POLICY, MAX_TLOG_PROOF, Note,
    Policy, SignedCheckpoint, TilePath, TlogProof, Vkey, decode_entries,
};
use tenon_registry_client::name::{PackageName, Version};
use tenon_registry_client::record::{MAX_RECORD, NamespaceAct, RegistryAct, Role, SignedRecord};
use tenon_registry_client::state::{ForkEvidence, MAX_STATE, Pin, TrustState};
use tenon_registry_client::verify::{Bundle, MAX_BUNDLE, Records};

/// Counts what a thread has, and had at most.
struct Counting;

thread_local! {
    static NOW: Cell<isize> = const { Cell::new(0) };
    static MOST: Cell<isize> = const { Cell::new(0) };
}

fn count(more: isize) {
    let _ = NOW.try_with(|now| {
        now.set(now.get() + more);
        let _ = MOST.try_with(|most| most.set(most.get().max(now.get())));
    });
}

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // The old and the new may both be there for a moment.
        count(size as isize);
        count(-(layout.size() as isize));
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

const KIB: usize = 1 << 10;

/// The bytes that `read` has at most at a time, besides what there was, what it returns included.
fn most<T>(read: impl FnOnce() -> T) -> usize {
    let before = NOW.get();
    MOST.set(before);
    let result = read();
    let most = MOST.get() - before;
    drop(result);
    usize::try_from(most).unwrap()
}

/// Fails if reading these bytes takes more than `times` their number and `besides`.
#[track_caller]
fn within<T>(what: &str, bytes: &[u8], times: f64, besides: usize, read: impl FnOnce(&[u8]) -> T) {
    let most = most(|| read(bytes));
    let factor = most as f64 / bytes.len().max(1) as f64;
    println!(
        "{what}: {most} bytes for {} read, {factor:.2} times",
        bytes.len()
    );
    let bound = (bytes.len() as f64 * times) as usize + besides;
    assert!(most <= bound, "{what}: {most} bytes, of at most {bound}");
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// A text of `length` bytes that goes on as `line` does.
fn filled(begin: &str, line: &str, length: usize) -> Vec<u8> {
    let mut text = begin.to_owned();
    while text.len() + line.len() <= length {
        text += line;
    }
    text.into_bytes()
}

#[test]
fn notes() {
    let line = "\u{2014} x AAAAAAA=\n";
    let parse = |bytes: &[u8]| Note::parse(bytes);
    let many = format!("a\n\n{}", line.repeat(100_000)).into_bytes();
    within("a note of 100,000 signatures", &many, 0.0, KIB, parse);
    let full = filled("a\n\n", line, MAX_NOTE);
    within("a note of as many as fit", &full, 0.0, KIB, parse);
    let most = format!("a\n\n{}", line.repeat(128)).into_bytes();
    within("a note of 128 signatures", &most, 1.0, 16 * KIB, parse);
    let body = format!("{}\n\n{line}", "a".repeat(MAX_NOTE - 64)).into_bytes();
    within("a note of one line", &body, 1.0, 16 * KIB, parse);
    let name = "n".repeat(128);
    let base64 = "A".repeat(880);
    let long = format!("a\n\n{}", format!("\u{2014} {name} {base64}\n").repeat(128)).into_bytes();
    within("a note of long signatures", &long, 1.0, 16 * KIB, parse);
    within("64 MiB of a note", &vec![b'a'; 64 << 20], 0.0, KIB, parse);

    let registry = small();
    let key = [registry.log[0].vkey().clone()];
    let open = |bytes: &[u8]| SignedCheckpoint::open(bytes, &registry.origin, &key);
    let mut note = registry.checkpoint().to_string();
    for _ in 5..128 {
        writeln!(note, "\u{2014} {name} {base64}").unwrap();
    }
    note.truncate(MAX_NOTE);
    within(
        "a checkpoint of long signatures",
        note.as_bytes(),
        2.0,
        16 * KIB,
        open,
    );
    // One signature of a known key, 128 times: each is verified over a copy of the text.
    let lines = note.lines().nth(4).unwrap();
    let (body, _) = note.split_once("\n\n").unwrap();
    let often = format!("{body}\n\n{}", format!("{lines}\n").repeat(128)).into_bytes();
    within("a checkpoint signed 128 times", &often, 2.0, 16 * KIB, open);
    let lines = filled("", "1\n", MAX_NOTE);
    within("a checkpoint of many lines", &lines, 0.0, KIB, |bytes| {
        Checkpoint::parse(text(bytes))
    });
}

#[test]
fn policies() {
    let parse = |bytes: &[u8]| Policy::parse(bytes);
    let begin = format!("witness a {}\n", cosigner("w").vkey());
    let mut groups = begin.clone();
    let mut last = "a".to_owned();
    for number in 0.. {
        let line = format!("group {number:x}: 1 {last}\n");
        if groups.len() + line.len() + 16 > MAX_POLICY {
            break;
        }
        groups += &line;
        last = format!("{number:x}:");
    }
    let groups = format!("{groups}quorum {last}\n").into_bytes();
    assert!(parse(&groups).is_ok());
    within("64 KiB of groups", &groups, 16.0, 4 * KIB, parse);
    let items = format!(
        "{begin}group g any{}\n",
        " a".repeat((MAX_POLICY - 100) / 2)
    )
    .into_bytes();
    within("a group of 64 KiB", &items, 16.0, 4 * KIB, parse);
    let empty = vec![b'\n'; MAX_POLICY];
    within("64 KiB of empty lines", &empty, 0.0, KIB, parse);
    within("64 KiB of spaces", &[b' '; MAX_POLICY], 0.0, KIB, parse);
    let witnesses: String = (0..650)
        .map(|number| {
            format!(
                "witness {number:x} {}\n",
                cosigner(&format!("{number:x}")).vkey()
            )
        })
        .take_while({
            let mut length = 0;
            move |line| {
                length += line.len();
                length < MAX_POLICY - 64
            }
        })
        .collect();
    let witnesses = format!("{witnesses}quorum none\n").into_bytes();
    assert!(parse(&witnesses).is_ok());
    within("64 KiB of witnesses", &witnesses, 16.0, 4 * KIB, parse);
    within(
        "a policy that is too long",
        &[b'\n'; MAX_POLICY + 1],
        0.0,
        KIB,
        parse,
    );
}

#[test]
fn records() {
    let registry = small();
    let parse = |bytes: &[u8]| SignedRecord::parse(bytes);
    let bound =
        |what: &str, record: &SignedRecord| within(what, record.bytes(), 8.0, 4 * KIB, parse);
    bound(
        "a release",
        &registry.chains[&"package acme:http".parse().unwrap()][0].record,
    );
    let owner = key("owner");
    let mut owners: Vec<Vkey> = (0..900)
        .map(|n| key(&n.to_string()).vkey().clone())
        .collect();
    owners.sort_by(|a, b| a.key().cmp(b.key()));
    let create = NamespaceAct::Create {
        owners: owners.clone(),
        threshold: 1,
    };
    let create = registry.namespace_record(&namespace("other"), create);
    bound(
        "a record of 900 owners",
        &SignedRecord::sign(create, &[&owner]).unwrap(),
    );
    let mut keys: Vec<(Role, Vkey)> = owners.into_iter().map(|key| (Role::Root, key)).collect();
    keys.truncate(850);
    let bare = Registry::bare("x");
    let init = bare.registry_record(RegistryAct::Init {
        nonce: [0; 32],
        keys,
    });
    bound(
        "a record of 850 keys",
        &SignedRecord::sign(init, &[&owner]).unwrap(),
    );
    let text = filled(
        "tenon-record/v1 init\norigin x\n",
        "\u{2014} x AAAAAAA=\n\n",
        MAX_RECORD,
    );
    within("a record of empty lines", &text, 8.0, 4 * KIB, parse);
    within(
        "a record that is too long",
        &vec![b'a'; MAX_RECORD + 1],
        0.0,
        KIB,
        parse,
    );
    let permissions = format!(
        "tenon-record/v1 grant\norigin x\nsubject namespace a\nseq 0\nprev {}\nkey {}\npermissions{}\n\n\u{2014} x AAAAAAA=\n",
        Hash::ZERO,
        owner.vkey(),
        " own".repeat(16_000)
    );
    within(
        "a grant of many permissions",
        permissions.as_bytes(),
        8.0,
        4 * KIB,
        parse,
    );
}

#[test]
fn states() {
    let registry = small();
    let mut client = Client::new(&registry);
    client.ask(&registry, &asking("acme:http", &[])).unwrap();
    let state = client.state.unwrap().to_string();
    let parse = |bytes: &[u8]| TrustState::parse(bytes, &client.pin);
    within("a small state", state.as_bytes(), 8.0, 16 * KIB, parse);
    let (begin, rest) = state.split_once("head ").unwrap();
    let (_, note) = rest.split_once("\n\n").unwrap();
    let mut long = begin.to_owned();
    for number in 0..20_000 {
        writeln!(long, "head 0 0 {} package a:a{number:06}", Hash::ZERO).unwrap();
    }
    let long = format!("{long}\n{note}");
    assert!(parse(long.as_bytes()).is_ok());
    within(
        "a state of 20,000 heads",
        long.as_bytes(),
        8.0,
        16 * KIB,
        parse,
    );
    let key = begin.lines().nth(2).unwrap();
    let keys = format!("{begin}{}\n{note}", format!("{key}\n").repeat(500));
    within(
        "a state of one key 500 times",
        keys.as_bytes(),
        8.0,
        16 * KIB,
        parse,
    );
    within(
        "a state that is too long",
        &vec![b'\n'; MAX_STATE + 1],
        0.0,
        KIB,
        parse,
    );
    within(
        "64 MiB of a state without end",
        &vec![b'a'; MAX_STATE],
        0.0,
        KIB,
        parse,
    );
    let evidence = |bytes: &[u8]| {
        let log = [registry.log[0].vkey().clone()];
        ForkEvidence::parse(text(bytes), &registry.origin, &log)
    };
    let long = filled("tenon-fork/v1 1000000\n", "aaaaaaaaaaaaaaa\n", 16 << 20);
    within("16 MiB of fork evidence", &long, 0.0, KIB, evidence);
    let line = filled("", "a", 16 << 20);
    within("16 MiB of a pin", &line, 0.0, KIB, |bytes| {
        text(bytes).parse::<Pin>()
    });
}

#[test]
fn bundles() {
    let parse = |bytes: &[u8]| Bundle::decode(bytes);
    let registry = small();
    let request = asking("acme:http", &["1.0.0"]);
    let good = registry.bundle(&request, &Default::default());
    let bytes = good.encode();
    within("a bundle", &bytes, 2.0, 4 * KIB * KIB, parse);
    // Counts that are too large, and counts that are allowed, with nothing behind them.
    for counts in [[0xff, 0xff, 0xff, 0xff], [0, 0, 0x27, 0x10]] {
        let mut huge = bytes[..16 + 8].to_vec();
        for _ in 0..12 {
            huge.extend(counts);
        }
        within("a header alone", &huge, 0.0, KIB, parse);
        huge.extend([0; 64]);
        within("a header and little more", &huge, 2.0, 4 * KIB * KIB, parse);
    }
    // Of empty records most of what is held is their lengths.
    let many = |count: usize| Records {
        from: 0,
        records: vec![vec![]; count],
    };
    let mut empty = good.clone();
    (empty.registry, empty.namespace, empty.package) = (many(10_000), many(10_000), many(10_000));
    let bytes = empty.encode();
    within("30,000 empty records", &bytes, 2.0, 4 * KIB * KIB, parse);
    within("which are refused", &bytes, 2.0, 4 * KIB * KIB, |bytes| {
        Client::new(&registry).look(bytes, &request)
    });
    let mut more = good.clone();
    more.index_records = (0..30_000).map(|index| (index, vec![])).collect();
    within(
        "30,000 empty index records",
        &more.encode(),
        32.0,
        4 * KIB,
        parse,
    );
    let mut full = good.clone();
    full.package = Records {
        from: 0,
        records: vec![vec![0; 65_535]; 1000],
    };
    let bytes = full.encode();
    assert!(bytes.len() < MAX_BUNDLE && parse(&bytes).is_ok());
    within("1,000 long records", &bytes, 2.0, 4 * KIB * KIB, parse);
    within(
        "a bundle that is too long",
        &vec![0; MAX_BUNDLE + 1],
        0.0,
        KIB,
        parse,
    );
    let mut hashes = good;
    hashes.inclusion = vec![Hash::ZERO; 1_000_000];
    within(
        "a million hashes",
        &hashes.encode(),
        2.0,
        4 * KIB * KIB,
        parse,
    );
}

#[test]
fn proofs_and_paths() {
    let map = |bytes: &[u8]| JointMapProof::decode(bytes);
    // 16 leaves, each below 256 steps: the largest there is; and one that goes on.
    let mut steps = vec![];
    for position in 0..=255_u8 {
        steps.extend([2, position]);
        steps.extend([7; 32]);
    }
    steps.push(1);
    steps.extend([7; 32 + 44]);
    assert!(map(&steps).is_ok());
    within("a map proof of 256 steps", &steps, 8.0, 4 * KIB, map);
    within("forks alone", &[3, 0].repeat(1 << 20), 8.0, 4 * KIB, map);
    let forks: Vec<u8> = (0..=255).flat_map(|position| [3, position]).collect();
    within("a comb of forks", &forks, 8.0, 4 * KIB, map);

    let entries = vec![0; 2 * 256];
    within("256 empty entries", &entries, 16.0, KIB, |bytes| {
        decode_entries(bytes, 256).map(|e| e.len())
    });
    let long = vec![0xff; MAX_ENTRY_BUNDLE];
    within("16 MiB of entries", &long, 0.0, 16 * KIB, |bytes| {
        decode_entries(bytes, 256).map(|e| e.len())
    });

    let proof = |bytes: &[u8]| TlogProof::parse(text(bytes));
    let begin = "c2sp.org/tlog-proof@v1\nindex 0\n";
    let hashes = filled(begin, &format!("{}\n", Hash::ZERO), MAX_TLOG_PROOF);
    within("a tlog-proof of hashes", &hashes, 1.0, 4 * KIB, proof);
    let extra = format!(
        "c2sp.org/tlog-proof@v1\nextra {}\nindex 0\n\na\n",
        "A".repeat(1 << 17)
    );
    within(
        "a tlog-proof of extra data",
        extra.as_bytes(),
        1.0,
        4 * KIB,
        proof,
    );
    let checkpoint = filled(&format!("{begin}\n"), "a\n", MAX_TLOG_PROOF);
    within(
        "a tlog-proof of a long checkpoint",
        &checkpoint,
        1.0,
        4 * KIB,
        proof,
    );

    // What is refused is kept for the message, once.
    let path = filled("tile/0/", "x999/", 1 << 20);
    within("a path of 1 MiB", &path, 1.0, KIB, |bytes| {
        text(bytes).parse::<TilePath>()
    });
    within("a vkey of 1 MiB", &path, 1.0, KIB, |bytes| {
        text(bytes).parse::<Vkey>()
    });
    within("a name of 1 MiB", &path, 1.0, KIB, |bytes| {
        text(bytes).parse::<PackageName>()
    });
    within("a version of 1 MiB", &path, 1.0, KIB, |bytes| {
        text(bytes).parse::<Version>()
    });
}

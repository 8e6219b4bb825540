//! How time grows with what is read: each row should cost as much per record as the one before.

use crate::large::nth_version;
use crate::parts::dalek;
use crate::releases::with_view;
use crate::support::{Client, Registry, asking, grant, key, package, release, time};
use crate::table::{once, show};
use ed25519_dalek::Signer as _;
use tenon_registry_client::log::Hash;
use tenon_registry_client::monitor::Monitor;
use tenon_registry_client::record::{Grant, Permission, SignedRecord, Statement, Subject};
use tenon_registry_client::verify::Known;

pub(crate) fn print() {
    println!("\n| work | per record | per record, ten times as many | ratio |");
    println!("|---|---|---|---|");
    // The last 1,000 records of a chain release nothing.
    let (few, many) = (900, 9_000);
    for (what, story) in STORIES {
        let [prove_few, verify_few] = light(few, story);
        let [prove_many, verify_many] = light(many, story);
        compare(
            &format!("verify {few} releases{what}"),
            verify_few,
            verify_many,
        );
        compare(&format!("make their bundle{what}"), prove_few, prove_many);
    }
    let [admit, read] = monitor();
    for (what, [first, last]) in [("admit a record", admit), ("read a record", read)] {
        println!(
            "| monitor: {what}, of the first 10,000 and the last of 100,000 | {} | {} | {:.2}x |",
            show(first),
            show(last),
            last / first
        );
    }
    let (first, last) = namespace();
    compare("monitor: read 900 records of a namespace", first, last);
}

fn compare(what: &str, few: f64, many: f64) {
    println!(
        "| {what} | {} | {} | {:.2}x |",
        show(few),
        show(many),
        many / few
    );
}

/// What happens in the namespace of a package.
#[derive(Clone, Copy, PartialEq)]
enum Story {
    Plain,
    /// The publisher's key is revoked at the end, and some of its records are void.
    Revoked,
    /// The grant expires after the last release.
    Expires,
    /// Every release is asked for.
    AllAsked,
}

const STORIES: [(&str, Story); 4] = [
    ("", Story::Plain),
    (", the key revoked", Story::Revoked),
    (", the grant with an expiry", Story::Expires),
    (", all asked for", Story::AllAsked),
];

/// Seconds per record to make and to verify the bundle of a package.
fn light(releases: usize, story: Story) -> [f64; 2] {
    let mut registry = Registry::new("registry.example/log");
    let (owner, publisher) = (key("acme/owner"), key("acme/publisher"));
    registry.create("acme", &owner);
    let may = Grant {
        expires: (story == Story::Expires).then(|| time(registry.clock + 1_000_000)),
        ..grant(&[Permission::Release])
    };
    registry.grant("acme", &publisher, may, &owner);
    for nth in 0..releases {
        registry.release("acme:http", &nth_version(nth), &publisher);
        if nth % 10 == 9 {
            registry.clock += 1;
            let map = registry.map.root();
            let covers = registry.size();
            let record = registry.record(Statement::Index { covers, map });
            let signed = SignedRecord::sign(record, &[&registry.index]).unwrap();
            registry.append(signed.bytes());
            registry
                .index_times
                .insert(covers, time(registry.clock))
                .unwrap();
        }
    }
    if story == Story::Revoked {
        let from = registry.size() - 100;
        registry.revoke("acme", &publisher, Some(from), &owner);
    }
    registry.seal();
    let asked: Vec<String> = match story {
        Story::AllAsked => (0..releases).map(nth_version).collect(),
        _ => vec![nth_version(7)],
    };
    let asked: Vec<&str> = asked.iter().map(String::as_str).collect();
    let request = asking("acme:http", &asked);
    let client = Client::new(&registry);
    let mut prove_times = vec![];
    let mut verify_times = vec![];
    for _ in 0..3 {
        let (bundle, seconds) = with_view(&registry, "acme:http", |view| {
            once(|| {
                tenon_registry_client::verify::prove(view, &request, &Known::default()).unwrap()
            })
        });
        prove_times.push(seconds);
        let bytes = bundle.encode();
        verify_times.push(once(|| client.look(&bytes, &request).unwrap()).1);
    }
    [prove_times, verify_times].map(|times| {
        let least = times.into_iter().fold(f64::INFINITY, f64::min);
        least / releases as f64
    })
}

/// Seconds to admit and to read a record, in the first and the last tenth of 100,000, of which a
/// tenth is index records and which are of 20 packages of one namespace.
fn monitor() -> [[f64; 2]; 2] {
    const SLICE: usize = 10_000;
    let mut registry = Registry::new("registry.example/log");
    let (owner, publisher) = (key("acme/owner"), key("acme/publisher"));
    registry.create("acme", &owner);
    registry.grant("acme", &publisher, grant(&[Permission::Release]), &owner);
    let mut nth = 0;
    while registry.leaves.len() < 10 * SLICE {
        if registry.leaves.len() % 10 == 9 {
            registry.seal();
            registry.published.clear();
            continue;
        }
        let name = format!("acme:http{}", nth % 20);
        registry.release(&name, &nth_version(nth / 20), &publisher);
        nth += 1;
    }
    let secret = dalek("someone");
    let text = [7; 400];
    let (public, signature) = (secret.verifying_key(), secret.sign(&text));
    let (_, floor) = once(|| {
        for _ in 0..SLICE {
            public.verify_strict(&text, &signature).unwrap();
        }
    });
    let mut monitor = Monitor::new(registry.origin.clone());
    let mut read = vec![];
    let mut admit = vec![];
    for slice in registry.leaves.chunks(SLICE) {
        let (_, seconds) = once(|| slice.iter().for_each(|leaf| drop(monitor.read(leaf))));
        read.push(seconds / SLICE as f64);
        let name = package("acme:http0");
        let subject = Subject::Package(name.clone());
        let mut next = registry.package_record(&name, release(&name, "7.0.0"));
        let points = monitor.points(&subject).unwrap();
        let (seq, index) = points.last().unwrap();
        if let Statement::Package { link, .. } = &mut next.statement {
            link.seq = seq + 1;
            link.prev = Hash::leaf(&registry.leaves[*index as usize]);
        }
        let next = SignedRecord::sign(next, &[&publisher]).unwrap();
        let times = (0..21).map(|_| {
            let (result, seconds) = once(|| monitor.admit(&next, time(registry.clock)));
            result.unwrap();
            seconds
        });
        let mut times: Vec<f64> = times.collect();
        times.sort_by(f64::total_cmp);
        admit.push(times[10]);
    }
    assert_eq!(monitor.findings(), []);
    let total: f64 = read.iter().sum::<f64>() / read.len() as f64;
    println!(
        "| monitor: read 100,000 records: {:.0} a second, on average | {} | Ed25519 alone: {} | {:.2}x |",
        1.0 / total,
        show(total),
        show(floor / SLICE as f64),
        total / (floor / SLICE as f64)
    );
    [admit, read].map(|times| [times[0], times[times.len() - 1]])
}

/// Seconds for each record of a namespace whose owner grants rights to one key after another.
fn namespace() -> (f64, f64) {
    let per_record = |records: usize| {
        let mut registry = Registry::new("registry.example/log");
        let owner = key("acme/owner");
        registry.create("acme", &owner);
        while registry.leaves.len() < records {
            let publisher = key(&format!("acme/publisher-{}", registry.leaves.len()));
            registry.grant("acme", &publisher, grant(&[Permission::Release]), &owner);
        }
        let mut monitor = Monitor::new(registry.origin.clone());
        let (_, seconds) = once(|| {
            registry
                .leaves
                .iter()
                .for_each(|leaf| drop(monitor.read(leaf)))
        });
        assert_eq!(monitor.findings(), []);
        seconds / records as f64
    };
    (per_record(900), per_record(9_000))
}

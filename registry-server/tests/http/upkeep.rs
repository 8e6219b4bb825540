//! What a registry does by itself: it removes what nothing names, reads everything again, and counts.

use crate::house::House;
use crate::publisher::{FIRST, Publisher, after, component, post, upload};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tenon_registry_client::Digest;
use tenon_registry_client::api::{Paths, Problem, ProblemCode};
use tenon_registry_server::access::Action;
use tenon_registry_server::care::{GcOptions, gc};

#[track_caller]
fn until(what: &str, done: impl Fn() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_secs(20), "not yet: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn gc_while_records_are_logged_loses_nothing() {
    let house = House::new();
    let (done, removed) = (AtomicBool::new(false), AtomicUsize::new(0));
    let publishers: Vec<_> = (0..3)
        .map(|number| Publisher::new(&house, &format!("team{number}")))
        .collect();
    let published = std::thread::scope(|scope| {
        scope.spawn(|| {
            let options = GcOptions {
                min_age: Duration::ZERO,
                dry_run: false,
            };
            while !done.load(Ordering::Relaxed) {
                let report = gc(house.app.directory(), &options, house.app.claims()).unwrap();
                removed.fetch_add(report.unnamed.len(), Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(2));
            }
        });
        let publishing: Vec<_> = publishers
            .iter()
            .zip(0..)
            .map(|(publisher, number)| {
                let house = &house;
                scope.spawn(move || {
                    let mut link = FIRST;
                    let contents = (0..12).map(|patch| component(number * 100 + patch));
                    let publish = |(patch, bytes): (usize, Vec<u8>)| {
                        let version = format!("1.0.{patch}");
                        let record = publisher.release("app", link, &version, &bytes);
                        // What was uploaded can be gone before it is named: then it is said.
                        loop {
                            upload(house, &bytes);
                            let answer = post(house, &record);
                            if answer.status == 201 {
                                break;
                            }
                            let problem: Problem = answer.json();
                            assert_eq!(problem.code, ProblemCode::ContentMissing);
                        }
                        link = after(&record);
                        Digest::of(&bytes)
                    };
                    contents.enumerate().map(publish).collect::<Vec<_>>()
                })
            })
            .collect();
        let published: Vec<_> = publishing.into_iter().map(|it| it.join()).collect();
        // Even if one of them failed.
        done.store(true, Ordering::Relaxed);
        let published = published.into_iter().flat_map(Result::unwrap);
        published.collect::<Vec<_>>()
    });
    assert!(removed.into_inner() > 0, "gc never met an upload");
    assert_eq!(published.len(), 36);
    for digest in published {
        assert_eq!(house.get(&Paths::blob(&digest)).status, 200);
    }
}

#[test]
fn content_that_nothing_names_goes_and_the_rest_is_read_again() {
    let house = House::with(|config| {
        config.gc.every_seconds = 1;
        config.gc.min_age_seconds = 0;
    });
    let bytes = component(1);
    upload(&house, &bytes);
    let blob = Paths::blob(&Digest::of(&bytes));
    until("it is removed", || house.get(&blob).status == 404);
    let rounds = "tenon_registry_scrub_rounds_total 1";
    until("it is read again", || {
        house.get("/metrics").text().contains(rounds)
    });
}

#[test]
fn upkeep_ends_with_the_registry_whatever_it_is_doing() {
    // At this pace, tiles of a few kilobytes take an hour.
    let mut house = House::with(|config| {
        config.scrub.bytes_per_second = 1;
        config.gc.every_seconds = 1;
    });
    Publisher::new(&house, "acme");
    until("it has begun", || {
        house.app.scrub().counts().bytes() > 0 && house.app.scrub().counts().rounds() == 0
    });
    let begun = Instant::now();
    house.stop();
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[test]
fn upkeep_that_is_off_does_nothing() {
    let house = House::with(|config| {
        config.scrub.bytes_per_second = 0;
        config.gc.every_seconds = 0;
        config.gc.min_age_seconds = 0;
    });
    let bytes = component(1);
    upload(&house, &bytes);
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(house.get(&Paths::blob(&Digest::of(&bytes))).status, 200);
    assert_eq!(house.app.scrub().counts().rounds(), 0);
}

#[test]
fn logs_are_measured_and_the_private_one_for_its_operator_only() {
    let house = House::with(|config| config.private = true);
    let alice = Publisher::new(&house, "acme");
    let bytes = component(1);
    upload(&house, &bytes);
    let record = alice.release("app", FIRST, "1.0.0", &bytes);
    assert_eq!(post(&house, &record).status, 201);
    let taken = alice.release("app", FIRST, "2.0.0", &bytes);
    post(&house, &taken).problem(ProblemCode::Conflict);
    let skipped = alice.yank("app", after(&taken), "1.0.0");
    assert_ne!(post(&house, &skipped).status, 201);
    let everyone = house.get("/metrics");
    let text = everyone.text();
    for line in [
        "tenon_registry_log_size{log=\"public\"} 8",
        "tenon_registry_log_batches_total{log=\"public\"} 3",
        "tenon_registry_log_records_total{log=\"public\"} 3",
        "tenon_registry_log_batch_records{log=\"public\"} 1",
        "tenon_registry_log_waiting{log=\"public\"} 0",
        "tenon_registry_log_refused_total{log=\"public\",reason=\"taken\"} 1",
        "tenon_registry_log_refused_total{log=\"public\",reason=\"rules\"} 1",
        "tenon_registry_log_incomplete_total{log=\"public\"} 0",
        "tenon_registry_read_only 0",
        "tenon_registry_ready 1",
        "tenon_registry_scrub_damaged_blobs_total 0",
        "# EOF",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    assert!(text.contains("tenon_registry_log_batch_seconds{log=\"public\"} 0."));
    let private = "log=\"private\"";
    let operator = house.token(&[Action::Operate], &["*"]);
    let seen = house.client().token(&operator).get("/metrics");
    let line = "tenon_registry_log_size{log=\"private\"} 2";
    assert!(seen.text().lines().any(|found| found == line));
    // Not even after the operator has looked.
    let reader = house.token(&[Action::Read], &["*"]);
    for others in [
        house.get("/metrics"),
        house.client().token(&reader).get("/metrics"),
        everyone,
    ] {
        assert!(!others.text().contains(private), "{}", others.text());
    }
}

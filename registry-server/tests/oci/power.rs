//! The power fails at every point of what is pushed, moved and removed, in every way (or many): what was
//! answered is there, whole; what was not is there as a whole or not at all; and it can be done again.
//!
//! `CRASH_STATES` says how many times as much of that is tried.

use crate::house::House;
use crate::sqlite::Left;
use crate::steps::{Beginning, COLLECTED, FRESH, STEPS, View, assert_whole, copy, open};
use crate::twin::{Copy, Marked, Twin, put_out};
use crate::watch::scratch;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tenon_registry_server::store::Simulated;

/// How many registries are opened at once: most of the time they wait.
const THREADS: usize = 8;

/// What happened before the power failed.
struct Story {
    disk: Simulated,
    copies: Vec<Copy>,
    /// What was to be seen after each answer, the first being before all of them.
    answers: Vec<Answered>,
    _twin: Twin,
}

/// After a request was answered.
struct Answered {
    view: View,
    log_size: u64,
    /// The step it is part of.
    step: usize,
}

impl Story {
    /// Takes some of the steps on a recorded disk.
    fn of(from: usize, to: usize) -> Story {
        let beginning = Beginning::get();
        let temp = beginning.copy();
        let (house, ended) = open(temp, |files| files);
        let mut nothing = |_: &House| {};
        for step in &STEPS[..from] {
            assert_eq!(step.take(&house, &beginning.guest, &mut nothing), None);
        }
        settle(&house);
        let before = Answered::now(&house, from);
        let temp = house.leave();
        assert_eq!(*ended.lock().unwrap(), [""; 0]);
        let (dir, mut twin) = (temp.path().join("data"), None);
        let (house, ended) = open(temp, |files| {
            let recorded = Twin::new(files, &dir);
            twin = Some(recorded.clone());
            Arc::new(recorded)
        });
        let twin = twin.unwrap();
        let mut answers = vec![before];
        for (number, step) in STEPS.iter().enumerate().take(to).skip(from) {
            let mut after = |house: &House| {
                twin.tell(answers.len());
                answers.push(Answered::now(house, number));
            };
            let refused = step.take(&house, &beginning.guest, &mut after);
            assert_eq!(refused, None, "{}", step.name);
        }
        settle(&house);
        drop(house);
        assert_eq!(*ended.lock().unwrap(), [""; 0]);
        Story {
            disk: twin.simulated.clone(),
            copies: twin.copies(),
            answers,
            _twin: twin,
        }
    }

    /// Opens what the power left, and expects all that was promised: that it can be done again, or that
    /// everything fits everything else. Of the database there is all that was committed, or what was synced.
    fn recover(&self, disk: &Simulated, marked: Marked, synced: Option<&Left>, again: bool) {
        let temp = scratch();
        let dir = temp.path().join("data");
        std::fs::create_dir(&dir).unwrap();
        put_out(disk, &dir);
        let keys = dir.join("keys");
        std::fs::create_dir(&keys).unwrap();
        copy(&Beginning::get().keys(), &keys);
        match synced {
            None => {
                let copy = &self.copies[marked.copy].path;
                std::fs::copy(copy, dir.join("registry.sqlite")).unwrap();
            }
            Some(left) => {
                for (name, bytes) in left {
                    std::fs::write(dir.join(name), bytes).unwrap();
                }
            }
        }
        let (house, ended) = open(temp, |files| files);
        let answered = &self.answers[marked.answered];
        assert!(house.log_size() >= answered.log_size);
        let view = View::of(&house);
        let next = self.answers.get(marked.answered + 1);
        let is_next = next.is_some_and(|next| next.view == view);
        // A release, and the tag beside it, are two things, of which each is done as a whole.
        let (edge, tags) = ("/v2/acme/app/manifests/edge", "/v2/acme/app/tags/list");
        let is_between =
            next.is_some_and(|next| view.is_between(&answered.view, &next.view, edge, tags));
        // Uploads do not outlast the program, and a repository that has nothing but one does not outlast the power.
        let fresh = format!("/v2/{FRESH}/tags/list");
        let is_without_fresh =
            synced.is_some() && view.is_between(&answered.view, &answered.view, &fresh, &fresh);
        assert!(
            view == answered.view || is_next || is_between || is_without_fresh,
            "{:?}",
            view.difference(&answered.view)
        );
        // Whoever got no answer does it again.
        match next.filter(|_| again) {
            Some(next) => {
                let (step, guest) = (&STEPS[next.step], &Beginning::get().guest);
                assert_eq!(step.take(&house, guest, &mut |_| {}), None, "{}", step.name);
                let last = self.answers.iter().rfind(|it| it.step == next.step);
                let (wanted, done) = (&last.unwrap().view, View::of(&house));
                assert!(done == *wanted, "again: {:?}", done.difference(wanted));
            }
            None => assert_whole(&house),
        }
        let temp = house.leave();
        assert_eq!(*ended.lock().unwrap(), [""; 0]);
        let left = std::fs::read_dir(temp.path().join("data/tmp")).unwrap();
        assert_eq!(left.count(), 0);
    }
}

impl Answered {
    fn now(house: &House, step: usize) -> Answered {
        Answered {
            view: View::of(house),
            log_size: house.log_size(),
            step,
        }
    }
}

/// Waits until everything is on the disk.
fn settle(house: &House) {
    let begun = Instant::now();
    let database = rusqlite::Connection::open(house.dir.join("registry.sqlite")).unwrap();
    let staged = || {
        let count = "SELECT count(*) FROM staged";
        database
            .query_row(count, [], |row| row.get::<_, i64>(0))
            .unwrap()
    };
    while staged() != 0 {
        assert!(begun.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(20));
    }
    // What was staged for is removed after that.
    std::thread::sleep(Duration::from_millis(100));
}

fn number(variable: &str) -> usize {
    let value = std::env::var(variable).ok();
    value.map_or(1, |value| value.parse().unwrap())
}

/// Has the power fail at every point while some of the steps are taken; says in how many states something that was written
/// early is lost.
fn crash(name: &str, from: usize, to: usize, states: usize) -> usize {
    let begun = Instant::now();
    let story = Story::of(from, to);
    let last = story.disk.history().len();
    let (next, all, tried) = (
        AtomicUsize::new(0),
        AtomicUsize::new(0),
        AtomicUsize::new(0),
    );
    let (exhaustive, early) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let seen = Mutex::new(HashSet::new());
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    if at > last {
                        return;
                    }
                    let disk = story.disk.at(at);
                    let marked = Marked::of(&disk);
                    let left = disk.crash_states(states * number("CRASH_STATES"), at as u64);
                    exhaustive.fetch_add(usize::from(left.is_exhaustive()), Ordering::Relaxed);
                    for (number, left) in left.enumerate() {
                        all.fetch_add(1, Ordering::Relaxed);
                        let mut hasher = DefaultHasher::new();
                        (left.tree(), marked).hash(&mut hasher);
                        if !seen.lock().unwrap().insert(hasher.finish()) {
                            continue;
                        }
                        let synced = story.copies[marked.copy].synced.as_ref();
                        for synced in [None].into_iter().chain(synced.map(Some)) {
                            let again = tried.fetch_add(1, Ordering::Relaxed) % 2 == 1;
                            early.fetch_add(usize::from(synced.is_some()), Ordering::Relaxed);
                            let story = &story;
                            let recover = std::panic::AssertUnwindSafe(|| {
                                story.recover(&left, marked, synced, again)
                            });
                            if let Err(panic) = std::panic::catch_unwind(recover) {
                                let (history, all) = (disk.history(), synced.is_none());
                                let event = history.last();
                                println!(
                                    "{name}: point {at} ({event:?}), state {number}, {marked:?}, all of the database: {all}"
                                );
                                std::panic::resume_unwind(panic);
                            }
                        }
                    }
                }
            });
        }
    });
    println!(
        "{name}: {} answers, {} copies of the database, {} points ({} exhaustive), {} states ({} different, {} without what was written early), {:.1?}",
        story.answers.len() - 1,
        story.copies.len(),
        last + 1,
        exhaustive.into_inner(),
        all.into_inner(),
        tried.into_inner(),
        early.load(Ordering::Relaxed),
        begun.elapsed()
    );
    early.into_inner()
}

/// Where the steps that make releases begin, and where those that remove files do.
fn at(name: &str) -> usize {
    STEPS.iter().position(|step| step.name == name).unwrap()
}

#[test]
fn s42_the_power_fails_while_content_is_pushed() {
    // The repository that begins with an upload.
    assert!(crash("content", 0, at("a manifest by a tag"), 2) > 0);
}

#[test]
fn s42_the_power_fails_while_manifests_are_pushed_moved_and_deleted() {
    crash("manifests", at("a manifest by a tag"), at("a release"), 3);
}

#[test]
fn s42_the_power_fails_while_releases_are_pushed() {
    let begin = at("a release");
    crash("releases", begin, at(COLLECTED), 2);
}

#[test]
fn s42_the_power_fails_while_what_nothing_names_is_removed() {
    crash("collecting", at(COLLECTED), STEPS.len(), 4);
}

//! Every call to the files fails in turn (of those that only look, some) while something is pushed, moved or removed: what was answered
//! is there, whole; what was refused is there as a whole or not at all; and it can be done again.

use crate::guest::Guest;
use crate::house::House;
use crate::steps::{Beginning, COLLECTED, STEPS, Step, View, assert_whole, copy, open, open_at};
use crate::watch::scratch;
use rustix::io::Errno;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tenon_registry_server::log::clock::{Clock, SystemClock};
use tenon_registry_server::store::{Call, Fault, Faulty, Files, Which};

/// How many registries are opened at once: most of the time they wait.
const THREADS: usize = 8;

/// How many calls of a step fail of each kind that only looks.
const LOOKS: u64 = 2;

/// How long a log may take to say that it ended.
const PATIENCE: Duration = Duration::from_millis(300);

/// What another process is told: which step, and which call fails how.
const TOLD: &str = "TENON_TEST_FAILING_STEP";
const DIR: &str = "TENON_TEST_FAILING_DIR";
const TOKEN: &str = "TENON_TEST_FAILING_TOKEN";

/// What each step begins with, and what is to be seen after each of its requests.
struct Base {
    dirs: Vec<TempDir>,
    views: Vec<Vec<View>>,
}

impl Base {
    fn new() -> Base {
        let mut temp = Beginning::get().copy();
        let (mut dirs, mut views) = (vec![], vec![]);
        for step in STEPS {
            let kept = scratch();
            copy(temp.path(), kept.path());
            dirs.push(kept);
            let (house, _) = open(temp, |files| files);
            let mut seen = vec![View::of(&house)];
            let mut after = |house: &House| seen.push(View::of(house));
            assert_eq!(step.take(&house, &Beginning::get().guest, &mut after), None);
            views.push(seen);
            temp = house.leave();
        }
        Base { dirs, views }
    }

    fn copy(&self, number: usize) -> TempDir {
        let temp = scratch();
        copy(self.dirs[number].path(), temp.path());
        temp
    }

    /// What is there, when so many requests were answered, of which the last may have been.
    #[track_caller]
    fn expect(&self, number: usize, answered: usize, house: &House) {
        let (seen, views) = (View::of(house), &self.views[number]);
        let is_next = views.get(answered + 1).is_some_and(|next| *next == seen);
        let (edge, tags) = ("/v2/acme/app/manifests/edge", "/v2/acme/app/tags/list");
        let between = |next| seen.is_between(&views[answered], next, edge, tags);
        let is_between = views.get(answered + 1).is_some_and(between);
        assert!(
            seen == views[answered] || is_next || is_between,
            "{answered} answered: {:?}",
            seen.difference(&views[answered])
        );
    }

    /// Does it again, which goes well now.
    #[track_caller]
    fn again(&self, number: usize, house: &House) {
        let refused = STEPS[number].take(house, &Beginning::get().guest, &mut |_| {});
        assert_eq!(refused, None);
    }

    /// All of it is there then, and everything fits everything else.
    #[track_caller]
    fn done(&self, number: usize, house: &House) {
        let (seen, wanted) = (View::of(house), self.views[number].last().unwrap());
        assert!(seen == *wanted, "again: {:?}", seen.difference(wanted));
        assert_whole(house);
    }
}

#[derive(Debug, Default)]
struct Outcomes {
    done: AtomicUsize,
    refused: AtomicUsize,
    ended: AtomicUsize,
    aborted: AtomicUsize,
}

fn count(count: &AtomicUsize) {
    count.fetch_add(1, Ordering::Relaxed);
}

/// A registry whose files can fail, and what a step comes to there.
struct Played {
    calls: Vec<Call>,
    answered: usize,
    refused: Option<u16>,
    house: House,
    ended: bool,
}

fn play(
    step: &Step,
    temp: TempDir,
    guest: &Guest,
    fault: Option<Fault>,
    answer: &dyn Fn(usize),
) -> Played {
    let mut faulty = None;
    let (house, ended) = open(temp, |files| {
        let files = Faulty::new(files);
        faulty = Some(files.clone());
        Arc::new(files) as Arc<dyn Files>
    });
    let faulty = faulty.unwrap();
    let (before, mut answered) = (faulty.calls().len(), 0);
    faulty.fail(fault);
    let mut after = |_: &House| {
        answered += 1;
        answer(answered);
    };
    let refused = step.take(&house, guest, &mut after);
    faulty.fail(None);
    // The log answers before it says that it ended.
    let begun = Instant::now();
    while refused.is_some() && ended.lock().unwrap().is_empty() && begun.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(5));
    }
    let ended = !ended.lock().unwrap().is_empty();
    Played {
        calls: faulty.calls().split_off(before),
        answered,
        refused,
        house,
        ended,
    }
}

/// The n-th call of a kind fails. Others are of the log, which does what it does meanwhile: so they are
/// not counted through.
fn fault(kind: Call, number: u64) -> Fault {
    Fault {
        which: Which::Only(number),
        of: Some(kind),
        errno: match number % 2 {
            0 => Errno::IO,
            _ => Errno::NOSPC,
        },
        short_write: 7,
    }
}

/// The kinds of calls, as another process is told of them.
const KINDS: [(Call, &str); 13] = [
    (Call::Open, "open"),
    (Call::Create, "create"),
    (Call::Rename, "rename"),
    (Call::Remove, "remove"),
    (Call::CreateDir, "create-dir"),
    (Call::SyncDir, "sync-dir"),
    (Call::List, "list"),
    (Call::Kind, "kind"),
    (Call::FreeSpace, "free-space"),
    (Call::Size, "size"),
    (Call::Read, "read"),
    (Call::Write, "write"),
    (Call::Sync, "sync"),
];

fn times(calls: &[Call], kind: Call) -> u64 {
    calls.iter().filter(|call| **call == kind).count() as u64
}

/// One call of a step fails.
fn fail(base: &Base, number: usize, fault: Fault, outcomes: &Outcomes) {
    let (temp, guest) = (base.copy(number), &Beginning::get().guest);
    let played = play(&STEPS[number], temp, guest, Some(fault), &|_| {});
    match played.refused {
        None => count(&outcomes.done),
        Some(status) => {
            count(&outcomes.refused);
            let expected = match STEPS[number].name {
                COLLECTED => [0, 0, 0],
                _ => [500, 503, 507],
            };
            assert!(expected.contains(&status), "{status}");
        }
    }
    match played.ended {
        // The process would be no more.
        true => count(&outcomes.ended),
        false => {
            base.expect(number, played.answered, &played.house);
            base.again(number, &played.house);
        }
    }
    let (house, _) = open(played.house.leave(), |files| files);
    if played.ended {
        base.expect(number, played.answered, &house);
        base.again(number, &house);
    }
    base.done(number, &house);
}

/// One sync of a step fails, which ends the process that it is in.
fn fail_sync(base: &Base, number: usize, told: &str, outcomes: &Outcomes) {
    let temp = base.copy(number);
    let mut other = Command::new(std::env::current_exe().unwrap());
    other.args(["--exact", "faults::another_process", "--nocapture"]);
    other.env(TOLD, format!("{number} {told}"));
    other.env(TOKEN, &Beginning::get().token);
    let output = other.env(DIR, temp.path()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let answered = said.matches("answered\n").count();
    let aborted = output.status.signal() == Some(rustix::process::Signal::ABORT.as_raw());
    // The log says so to who opened it, collecting to who asked for it; what takes content in ends
    // the process itself.
    let ended = aborted || said.contains("ended\n");
    let told = said.contains("not met\n") || STEPS[number].name == COLLECTED;
    assert!(ended || told, "{output:?}");
    count(if aborted {
        &outcomes.aborted
    } else {
        &outcomes.done
    });
    let (house, _) = open(temp, |files| files);
    base.expect(number, answered, &house);
    base.again(number, &house);
    base.done(number, &house);
    assert_eq!(house.drafts(), 0);
}

/// What the other process does: it is this test, which does nothing when it is run as one.
#[test]
fn another_process() {
    let (Ok(told), Some(dir)) = (std::env::var(TOLD), std::env::var_os(DIR)) else {
        return;
    };
    let told: Vec<&str> = told.split(' ').collect();
    let (number, call): (usize, u64) = (told[0].parse().unwrap(), told[2].parse().unwrap());
    let kind = KINDS.iter().find(|(_, name)| *name == told[1]).unwrap().0;
    // The directory is that of whoever asked.
    let dir = Path::new(&dir);
    let temp = tempfile::tempdir_in(dir).unwrap();
    std::fs::remove_dir(temp.path()).unwrap();
    std::os::unix::fs::symlink(dir, temp.path()).unwrap();
    let answer = |_| println!("answered");
    let guest = Guest::of(([127, 0, 0, 1], 1).into(), &std::env::var(TOKEN).unwrap());
    let played = play(
        &STEPS[number],
        temp,
        &guest,
        Some(fault(kind, call)),
        &answer,
    );
    println!(
        "{}",
        match (played.ended, times(&played.calls, kind) > call) {
            (true, _) => "ended",
            (false, true) => "went on",
            (false, false) => "not met",
        }
    );
}

/// The system's clock, set wrong.
#[derive(Debug)]
struct Wrong(SystemClock, AtomicI64);

impl Clock for Wrong {
    fn wall(&self) -> Duration {
        let seconds = self.0.wall().as_secs() as i64 + self.1.load(Ordering::SeqCst);
        Duration::from_secs(seconds as u64)
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

#[test]
fn s43_nothing_is_released_by_a_wrong_clock_and_the_rest_goes_on() {
    let (beginning, clock) = (
        Beginning::get(),
        Wrong(SystemClock::new(), AtomicI64::new(0)),
    );
    let clock = Arc::new(clock);
    let (house, ended) = open_at(beginning.copy(), clock.clone(), |files| files);
    let step = |name: &str| STEPS.iter().find(|step| step.name == name).unwrap();
    let guest = &beginning.guest;
    for seconds in [-3_600, 365 * 24 * 3_600] {
        clock.1.store(seconds, Ordering::SeqCst);
        let refused = step("a release").take(&house, guest, &mut |_| {});
        assert!(matches!(refused, Some(500 | 503)), "{refused:?}");
        for path in ["manifests/1.0.0", "tags/list"] {
            let answer = guest.at(&house).get(&format!("/v2/acme/app/{path}"));
            assert!(!answer.text().contains("1.0.0\""), "{}", answer.text());
        }
        for name in ["content in one request", "a manifest by a tag"] {
            assert_eq!(step(name).take(&house, guest, &mut |_| {}), None, "{name}");
        }
    }
    clock.1.store(0, Ordering::SeqCst);
    assert_eq!(step("a release").take(&house, guest, &mut |_| {}), None);
    assert_whole(&house);
    assert_eq!(*ended.lock().unwrap(), [""; 0]);
}

#[test]
fn s42_each_call_of_each_step_fails() {
    let base = Base::new();
    let mut todo = vec![];
    for (number, step) in STEPS.iter().enumerate() {
        let played = play(
            step,
            base.copy(number),
            &Beginning::get().guest,
            None,
            &|_| {},
        );
        assert_eq!(played.refused, None, "{}", step.name);
        for (kind, name) in KINDS {
            // Those that only look are all the same.
            let looks = [Call::FreeSpace, Call::Kind, Call::List, Call::Size].contains(&kind);
            let most = if looks { LOOKS } else { u64::MAX };
            let calls = 0..times(&played.calls, kind).min(most);
            todo.extend(calls.map(|call| (number, kind, name, call)));
        }
    }
    let (next, outcomes) = (Mutex::new(todo.into_iter()), Outcomes::default());
    let tried = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                loop {
                    let Some((number, kind, name, call)) = next.lock().unwrap().next() else {
                        return;
                    };
                    count(&tried);
                    let act = std::panic::AssertUnwindSafe(|| match kind {
                        Call::Sync | Call::SyncDir => {
                            fail_sync(&base, number, &format!("{name} {call}"), &outcomes);
                        }
                        kind => fail(&base, number, fault(kind, call), &outcomes),
                    });
                    if let Err(panic) = std::panic::catch_unwind(act) {
                        println!("{}: {name} {call}", STEPS[number].name);
                        std::panic::resume_unwind(panic);
                    }
                }
            });
        }
    });
    println!("each of {} calls fails: {outcomes:?}", tried.into_inner());
    assert!(outcomes.ended.into_inner() > 0 && outcomes.refused.into_inner() > 0);
    assert!(outcomes.aborted.into_inner() > 0);
}

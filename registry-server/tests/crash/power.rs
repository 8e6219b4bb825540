//! The power fails: at every point of a history, in every way (or many), and again while recovering.

use crate::recorder::Marked;
use crate::recovery::Left;
use crate::story::{Story, Told};
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How much of what can happen is tried.
#[derive(Clone, Copy)]
struct Effort {
    /// Every so many points of the history.
    points: usize,
    /// States of the disk at each.
    states: usize,
    /// Of every so many states, the power fails again while it is recovered from.
    again: usize,
}

#[derive(Default)]
struct Counted {
    points: AtomicUsize,
    exhaustive: AtomicUsize,
    states: AtomicUsize,
    recovered: AtomicUsize,
    again_points: AtomicUsize,
    again_states: AtomicUsize,
}

/// Tries all of it, and says how much that was.
fn crash(name: &str, story: &Story, effort: Effort) {
    let last = story.disk.history().len();
    let points: Vec<_> = (0..=last).step_by(effort.points).collect();
    let (next, counted) = (AtomicUsize::new(0), Counted::default());
    let seen = Mutex::new(HashSet::new());
    let start = std::time::Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                let mut runtime = tokio::runtime::Builder::new_current_thread();
                let runtime = runtime.enable_all().build().unwrap();
                while let Some(at) = points.get(next.fetch_add(1, Ordering::Relaxed)) {
                    runtime.block_on(crash_at(story, *at, effort, &seen, &counted));
                }
            });
        }
    });
    let get = |count: &AtomicUsize| count.load(Ordering::Relaxed);
    println!(
        "{name}: {:.1} s, {} leaves, {} crash points of {} ({} exhaustive), {} states ({} different); while recovering: {} points, {} states",
        start.elapsed().as_secs_f64(),
        story.truth.leaves.len(),
        get(&counted.points),
        last + 1,
        get(&counted.exhaustive),
        get(&counted.states),
        get(&counted.recovered),
        get(&counted.again_points),
        get(&counted.again_states),
    );
}

async fn crash_at(
    story: &Story,
    at: usize,
    effort: Effort,
    seen: &Mutex<HashSet<(u64, usize)>>,
    counted: &Counted,
) {
    let add = |count: &AtomicUsize| count.fetch_add(1, Ordering::Relaxed);
    let disk = story.disk.at(at);
    let Some(marked) = Marked::of(&disk) else {
        return;
    };
    let copy = &story.copies[marked.copy];
    // All leaves up to the size of the copy are looked for, whoever was told of them.
    assert!(
        marked.told.is_none_or(|told| Some(told) < copy.size),
        "at {at}: {marked:?}"
    );
    add(&counted.points);
    let states = disk.crash_states(effort.states, at as u64);
    counted
        .exhaustive
        .fetch_add(usize::from(states.is_exhaustive()), Ordering::Relaxed);
    for (number, state) in states.enumerate() {
        add(&counted.states);
        let mut hasher = DefaultHasher::new();
        state.tree().hash(&mut hasher);
        if !seen.lock().unwrap().insert((hasher.finish(), marked.copy)) {
            continue;
        }
        let again =
            add(&counted.recovered) % effort.again == effort.again - 1 && copy.size.is_some();
        let context = format!(
            "crash point {at} ({:?}), state {number}",
            disk.history().last()
        );
        let left = Left { disk: state, copy };
        let recovered = crate::explain(&context, left.recover(story, again)).await;
        let Some(recorder) = recovered else { continue };
        let copies = recorder.copies();
        for (second, disk) in recorder.disk.points().enumerate() {
            let Some(marked) = Marked::of(&disk) else {
                continue;
            };
            add(&counted.again_points);
            for (third, disk) in disk.crash_states(3, second as u64).enumerate() {
                add(&counted.again_states);
                let copy = &copies[marked.copy];
                let context = format!("{context}, then {second}, state {third}");
                let left = Left { disk, copy };
                crate::explain(&context, left.recover(story, false)).await;
            }
        }
    }
}

fn effort(points: usize, states: usize, again: usize) -> Effort {
    let more = crate::number("CRASH_STATES", 1);
    Effort {
        points: (points / more).max(1),
        states: states * more,
        again: (again / more).max(1),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_power_fails_while_a_log_begins() {
    let mut told = Told::begin();
    told.one_by_one(2).await;
    crash("a log begins", &told.end().await, effort(1, 8, 40));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_power_fails_between_and_within_batches() {
    let mut told = Told::begin();
    told.one_by_one(5).await;
    told.idle().await;
    told.one_by_one(3).await;
    told.restart().await;
    told.one_by_one(3).await;
    crash("one record a batch", &told.end().await, effort(1, 3, 120));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_power_fails_where_tiles_become_full() {
    let mut told = Told::begin();
    told.one_by_one(3).await;
    told.at_once(238).await;
    told.idle().await;
    told.one_by_one(2).await;
    // From 253 leaves on, over the end of the first tiles, where level 1 begins.
    told.one_by_one(4).await;
    told.idle().await;
    told.one_by_one(1).await;
    told.at_once(255).await;
    told.one_by_one(1).await;
    crash("full tiles", &told.end().await, effort(1, 2, 200));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_power_fails_after_many_batches() {
    let mut told = Told::begin();
    told.one_by_one(131).await;
    crash("many batches", &told.end().await, effort(64, 2, 1_000));
}

//! Rows of figures.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// How often a row is measured, unless that takes too long.
const ROUNDS: usize = 151;
const TOO_LONG: Duration = Duration::from_secs(4);
/// How long one measurement of something short takes: less than a turn on a busy processor.
const LEAST: Duration = Duration::from_micros(250);

pub(crate) fn head() {
    println!("\n| work | time | baseline | ratio |");
    println!("|---|---|---|---|");
}

/// Runs both in turn and prints their medians, and that of the ratios of neighbours.
pub(crate) fn row<A, B>(
    work: &str,
    mut ours: impl FnMut() -> A,
    baseline: &str,
    mut theirs: impl FnMut() -> B,
) {
    let counts = [calls(&mut ours), calls(&mut theirs)];
    let mut times = [vec![], vec![]];
    let start = Instant::now();
    for round in 0..ROUNDS {
        times[0].push(time(&mut ours, counts[0]));
        times[1].push(time(&mut theirs, counts[1]));
        if round >= 4 && start.elapsed() > TOO_LONG {
            break;
        }
    }
    let both = times[0].iter().zip(&times[1]);
    let ratio = median(both.map(|(ours, theirs)| ours / theirs).collect());
    let [ours, theirs] = times.map(median);
    println!(
        "| {work} | {} | {baseline}: {} | {ratio:.2}x |",
        show(ours),
        show(theirs)
    );
}

/// A row without a baseline.
pub(crate) fn alone<A>(work: &str, mut ours: impl FnMut() -> A) {
    let count = calls(&mut ours);
    let ours = median((0..15).map(|_| time(&mut ours, count)).collect());
    println!("| {work} | {} | | |", show(ours));
}

/// How long something takes that is done once.
pub(crate) fn once<A>(work: impl FnOnce() -> A) -> (A, f64) {
    let start = Instant::now();
    let done = work();
    (done, start.elapsed().as_secs_f64())
}

pub(crate) fn show(seconds: f64) -> String {
    match seconds {
        seconds if seconds < 1e-6 => format!("{:.2} µs", seconds * 1e6),
        seconds if seconds < 1e-3 => format!("{:.1} µs", seconds * 1e6),
        seconds => format!("{:.2} ms", seconds * 1e3),
    }
}

/// How often it is called in one measurement; these calls also fill caches.
fn calls<A>(work: &mut impl FnMut() -> A) -> u32 {
    let mut count = 1;
    loop {
        let start = Instant::now();
        time(work, count);
        if start.elapsed() >= LEAST {
            return count;
        }
        count *= 2;
    }
}

fn time<A>(work: &mut impl FnMut() -> A, count: u32) -> f64 {
    let start = Instant::now();
    for _ in 0..count {
        black_box(work());
    }
    start.elapsed().as_secs_f64() / f64::from(count)
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

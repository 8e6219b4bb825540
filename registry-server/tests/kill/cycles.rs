//! Killed while it publishes, while it starts, and while it recovers.

use crate::oracle::Oracle;
use crate::publishing::Publishing;
use crate::random::Random;
use crate::served::{PROGRAM, Served, assert_sound, serve};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const PUBLISHERS: u8 = 4;

/// After how many cycles everything is read again from the beginning.
const READ_ALL: u64 = 50;

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().expect(variable))
}

#[test]
fn what_was_acknowledged_outlasts_every_kill() {
    let cycles = number("KILL_CYCLES").unwrap_or(20);
    let seed = number("KILL_SEED").unwrap_or_else(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        now.as_nanos() as u64
    });
    println!("KILL_SEED={seed}");
    let begun = Instant::now();
    let mut random = Random::new(seed);
    let temp = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let dir = temp.path().join("data");
    let mut served = Served::start(&dir, &[]);
    let token = served.token.clone().unwrap();
    let mut oracle = Oracle::new(&served.pin, seed);
    let mut publishing: Vec<Publishing> = (1..=PUBLISHERS)
        .map(|number| Publishing::new(&served.pin, &token, number))
        .collect();
    let mut kills = 0;
    for cycle in 1..=cycles {
        let life = Duration::from_micros(random.below(400_000));
        let address = served.address;
        let acknowledged = thread::scope(|scope| {
            let run = |one| scope.spawn(move || Publishing::run(one, address, usize::MAX));
            let running: Vec<_> = publishing.iter_mut().map(run).collect();
            thread::sleep(life);
            served.kill();
            let ended = running.into_iter().map(|thread| thread.join().unwrap());
            ended.flatten().collect()
        });
        kills += 1;
        oracle.remember(acknowledged);
        // What is killed here is the recovery from the kill before.
        while random.below(3) == 0 {
            let mut program = Command::new(PROGRAM);
            serve(&mut program, &dir, &[]);
            let mut child = program.spawn().unwrap();
            thread::sleep(Duration::from_micros(random.below(80_000)));
            child.kill().unwrap();
            child.wait().unwrap();
            kills += 1;
        }
        served = Served::start(&dir, &[]);
        oracle.meet(&served);
        if cycle % READ_ALL == 0 || cycle == cycles {
            oracle.read_all(&served);
            println!(
                "{cycle} cycles, {kills} kills, {} acknowledged, {} leaves, {:.0?}",
                oracle.acknowledged(),
                oracle.size(),
                begun.elapsed()
            );
        }
    }
    served.kill();
    assert_sound(&dir);
    let repeated: u64 = publishing.iter().map(|one| one.repeated).sum();
    println!(
        "killed {kills} times in {cycles} cycles: {} acknowledged, none lost; {repeated} logged without an answer; \
         {} leaves, {} checkpoints, each consistent; fsck finds nothing",
        oracle.acknowledged(),
        oracle.size(),
        oracle.checkpoints()
    );
    assert!(oracle.acknowledged() > 0);
}

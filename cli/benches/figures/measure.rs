//! What processes take, side by side.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use wait4::Wait4;

/// How often each process is run, after one run that fills caches.
const RUNS: usize = 9;
/// How often at least, and for how long at most, where one takes seconds.
const FEWEST_RUNS: usize = 3;
const MOST_TIME: Duration = Duration::from_secs(12);

/// What a process took.
#[derive(Clone, Copy)]
pub(crate) struct Cost {
    pub(crate) wall: Duration,
    pub(crate) cpu: Duration,
    /// Its peak, in bytes.
    pub(crate) memory: u64,
}

/// A process to be measured.
#[derive(Clone)]
pub(crate) struct Line {
    words: Vec<String>,
    setting: Option<(&'static str, String)>,
    is_cold: bool,
}

impl Line {
    pub(crate) fn new<'w>(words: impl IntoIterator<Item = &'w str>) -> Line {
        Line {
            words: words.into_iter().map(str::to_owned).collect(),
            setting: None,
            is_cold: false,
        }
    }

    /// The same, with a word more.
    pub(crate) fn with(mut self, word: &str) -> Line {
        self.words.push(word.to_owned());
        self
    }

    /// The same, with a variable of the environment.
    pub(crate) fn set(mut self, name: &'static str, value: &str) -> Line {
        self.setting = Some((name, value.to_owned()));
        self
    }

    /// The same, with nothing remembered of its inputs.
    pub(crate) fn cold(mut self) -> Line {
        self.is_cold = true;
        self
    }

    pub(crate) fn program(&self) -> &str {
        &self.words[0]
    }
}

/// Runs processes.
pub(crate) struct Bench {
    /// Where `tenon` remembers its inputs.
    pub(crate) cache: PathBuf,
}

impl Bench {
    /// Runs the lines in turn, several times, and gives the median of each; `None` of one that fails.
    pub(crate) fn in_turn(&self, lines: &[&Line]) -> Vec<Option<Cost>> {
        let start = Instant::now();
        let mut costs = vec![Vec::new(); lines.len()];
        for number in 0..=RUNS {
            if number > FEWEST_RUNS && start.elapsed() > MOST_TIME {
                break;
            }
            for (line, costs) in lines.iter().zip(&mut costs) {
                let cost = self.run(line);
                // The first run of each fills caches.
                if number > 0 {
                    costs.push(cost);
                }
            }
        }
        costs.iter().map(|costs| median(costs)).collect()
    }

    fn run(&self, line: &Line) -> Option<Cost> {
        if line.is_cold {
            let _ = fs::remove_dir_all(&self.cache);
        }
        let mut command = Command::new(line.program());
        command
            .args(&line.words[1..])
            .env("XDG_CACHE_HOME", &self.cache)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if let Some((name, value)) = &line.setting {
            command.env(name, value);
        }
        let start = Instant::now();
        let used = command.spawn().unwrap().wait4().unwrap();
        let wall = start.elapsed();
        used.status.success().then_some(Cost {
            wall,
            cpu: used.rusage.utime + used.rusage.stime,
            memory: used.rusage.maxrss,
        })
    }
}

fn median(costs: &[Option<Cost>]) -> Option<Cost> {
    let costs: Vec<Cost> = costs.iter().copied().collect::<Option<_>>()?;
    let middle = |mut values: Vec<Duration>| {
        values.sort();
        values.get(values.len() / 2).copied()
    };
    Some(Cost {
        wall: middle(costs.iter().map(|cost| cost.wall).collect())?,
        cpu: middle(costs.iter().map(|cost| cost.cpu).collect())?,
        memory: costs.iter().map(|cost| cost.memory).max()?,
    })
}

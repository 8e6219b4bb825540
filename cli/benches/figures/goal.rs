//! What a row has to reach.

use crate::measure::Cost;
use std::fmt;
use std::time::Duration;

/// What is wanted of a row; baselines are meant by their names.
#[derive(Clone, Copy)]
pub(crate) enum Goal {
    /// So many milliseconds of CPU time: what is to take so long is done by one thread, and on an idle
    /// machine it takes little more than that, on a busy one any time.
    Cpu(f64),
    /// So many megabytes at the peak.
    Memory(f64),
    /// So many times the CPU time of a baseline.
    CpuOf(&'static str, f64),
    /// So many times as long as a baseline.
    WallOf(&'static str, f64),
    /// So many times the CPU time of these together.
    CpuOfAll(&'static [&'static str], f64),
    /// So many times as long as the longest of these.
    WallOfLongest(&'static [&'static str], f64),
}

impl Goal {
    /// How far a row is: what was measured, by what is wanted. `None` if there was no such baseline.
    pub(crate) fn measured(self, ours: &Cost, baselines: &[(&'static str, Cost)]) -> Option<f64> {
        let baseline = |name: &str| {
            let mut all = baselines.iter();
            all.find(|(other, _)| *other == name).map(|(_, cost)| cost)
        };
        let all = |names: &[&str]| {
            names
                .iter()
                .map(|name| baseline(name))
                .collect::<Option<Vec<_>>>()
        };
        let ratio = |a: Duration, b: Duration| a.as_secs_f64() / b.as_secs_f64().max(1e-6);
        Some(match self {
            Goal::Cpu(_) => ours.cpu.as_secs_f64() * 1e3,
            Goal::Memory(_) => ours.memory as f64 / 1e6,
            Goal::CpuOf(name, _) => ratio(ours.cpu, baseline(name)?.cpu),
            Goal::WallOf(name, _) => ratio(ours.wall, baseline(name)?.wall),
            Goal::CpuOfAll(names, _) => {
                ratio(ours.cpu, all(names)?.iter().map(|cost| cost.cpu).sum())
            }
            Goal::WallOfLongest(names, _) => {
                ratio(ours.wall, all(names)?.iter().map(|cost| cost.wall).max()?)
            }
        })
    }

    fn limit(self) -> f64 {
        match self {
            Goal::Cpu(limit)
            | Goal::Memory(limit)
            | Goal::CpuOf(_, limit)
            | Goal::WallOf(_, limit)
            | Goal::CpuOfAll(_, limit)
            | Goal::WallOfLongest(_, limit) => limit,
        }
    }

    /// The goal, and what came of it.
    pub(crate) fn verdict(self, measured: Option<f64>) -> String {
        match measured {
            None => format!("{self}: not measured"),
            Some(value) if value <= self.limit() => format!("{self}: reached ({value:.2})"),
            Some(value) => format!("{self}: **{value:.2}**"),
        }
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Goal::Cpu(limit) => write!(f, "{limit} ms"),
            Goal::Memory(limit) => write!(f, "{limit} MB"),
            Goal::CpuOf(name, times) => write!(f, "{times}x {name}'s CPU"),
            Goal::WallOf(name, times) => write!(f, "{times}x {name}"),
            Goal::CpuOfAll(names, times) => write!(f, "{times}x the CPU of {}", names.join(" + ")),
            Goal::WallOfLongest(names, times) => {
                write!(f, "{times}x the longest of {}", names.join(", "))
            }
        }
    }
}

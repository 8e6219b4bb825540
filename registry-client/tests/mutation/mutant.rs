//! Every small change of some bytes, and what became of each.

use std::collections::BTreeMap;
use std::fmt;

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It was refused.
    Refused,
    /// It was read, and says the same.
    Equal,
    /// It was read, and says something else that it may say.
    Other,
}

/// How many changes there were, and what became of them.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) mutants: usize,
    pub(crate) refused: usize,
    /// By how they were made.
    pub(crate) equal: BTreeMap<&'static str, usize>,
    pub(crate) other: BTreeMap<&'static str, usize>,
}

impl Tally {
    fn add(&mut self, how: &'static str, fate: Fate) {
        self.mutants += 1;
        match fate {
            Fate::Refused => self.refused += 1,
            Fate::Equal => *self.equal.entry(how).or_default() += 1,
            Fate::Other => *self.other.entry(how).or_default() += 1,
        }
    }

    fn join(&mut self, part: Tally) {
        self.mutants += part.mutants;
        self.refused += part.refused;
        for (into, from) in [(&mut self.equal, part.equal), (&mut self.other, part.other)] {
            for (how, count) in from {
                *into.entry(how).or_default() += count;
            }
        }
    }

    /// Fails unless every change was refused.
    #[track_caller]
    pub(crate) fn all_refused(&self, name: &str) {
        assert_eq!(self.mutants, self.refused, "{name}: {self}");
    }

    /// Fails if a change of a kind that says nothing new made something that says something new.
    #[track_caller]
    pub(crate) fn none_other(&self, name: &str) {
        assert!(self.other.is_empty(), "{name}: {self}");
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sum = |by: &BTreeMap<_, usize>| by.values().sum::<usize>();
        write!(f, "{} mutants, {} refused", self.mutants, self.refused)?;
        write!(f, ", {} equal {:?}", sum(&self.equal), self.equal)?;
        match self.other.is_empty() {
            true => Ok(()),
            false => write!(f, ", {} other {:?}", sum(&self.other), self.other),
        }
    }
}

/// Judges every change of `original`, on as many threads as there are processors.
pub(crate) fn judge_all(
    name: &str,
    original: &[u8],
    judge: impl Fn(&[u8]) -> Fate + Sync,
) -> Tally {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut all = Tally::default();
    std::thread::scope(|scope| {
        let judge = &judge;
        let parts: Vec<_> = (0..threads)
            .map(|part| {
                scope.spawn(move || {
                    let mut tally = Tally::default();
                    let mut number = 0;
                    each(original, &mut |how, mutant| {
                        number += 1;
                        if number % threads == part && mutant != original {
                            tally.add(how, judge(mutant));
                        }
                    });
                    tally
                })
            })
            .collect();
        for part in parts {
            all.join(part.join().unwrap());
        }
    });
    println!("{name} ({} bytes): {all}", original.len());
    all
}

/// Visits every change; some of them change nothing.
fn each(original: &[u8], visit: &mut dyn FnMut(&'static str, &[u8])) {
    let mut copy = original.to_vec();
    for at in 0..original.len() {
        for bit in 0..8 {
            copy[at] ^= 1 << bit;
            visit("bit", &copy);
            copy[at] = original[at];
        }
        for (how, byte) in [("newline", b'\n'), ("space", b' '), ("zero", 0)] {
            copy[at] = byte;
            visit(how, &copy);
            copy[at] = original[at];
        }
        visit("cut", &original[..at]);
        visit(
            "byte away",
            &[&original[..at], &original[at + 1..]].concat(),
        );
        visit("byte twice", &[&original[..=at], &original[at..]].concat());
    }
    for byte in 0..=u8::MAX {
        visit("byte behind", &[original, &[byte]].concat());
        visit("byte before", &[&[byte], original].concat());
    }
    visit("all twice", &original.repeat(2));
    let lines: Vec<&[u8]> = original.split_inclusive(|byte| *byte == b'\n').collect();
    for line in 0..lines.len() {
        let (before, after) = (lines[..line].concat(), lines[line + 1..].concat());
        visit("line away", &[&before[..], &after].concat());
        visit(
            "line twice",
            &[&before[..], &lines[line].repeat(2), &after].concat(),
        );
        for other in line + 1..lines.len() {
            let mut swapped = lines.clone();
            swapped.swap(line, other);
            visit("lines swapped", &swapped.concat());
        }
    }
}

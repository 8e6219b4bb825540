//! Sets of numbers, of which versions of one package are made.

use pubgrub::VersionSet;
use std::fmt;

/// A set of numbers, one bit each. It is one spelling of itself, as the solver demands.
///
/// All versions are known when a project is solved, so that a requirement is the versions that meet
/// it, and no interval has to be made of it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Set {
    first: u64,
    /// The words after the first; the last of them differs from `beyond`.
    more: Vec<u64>,
    /// Whether all numbers after these words are in it.
    beyond: bool,
}

impl Set {
    /// These numbers.
    pub(super) fn of(numbers: impl IntoIterator<Item = u32>) -> Set {
        let mut set = Set::empty();
        for number in numbers {
            set.insert(number);
        }
        set
    }

    pub(super) fn insert(&mut self, number: u32) {
        if self.contains(&number) {
            return;
        }
        let (word, bit) = place(number);
        match word.checked_sub(1) {
            None => self.first |= bit,
            Some(at) => {
                if self.more.len() <= at {
                    self.more.resize(at + 1, 0);
                }
                if let Some(word) = self.more.get_mut(at) {
                    *word |= bit;
                }
            }
        }
        self.trim();
    }

    /// How many of the numbers before those that go on for ever.
    pub(super) fn len(&self) -> u32 {
        let more = self.more.iter().map(|word| word.count_ones());
        self.first.count_ones() + more.sum::<u32>()
    }

    pub(super) fn is_empty(&self) -> bool {
        *self == Set::empty()
    }

    /// The numbers in it, before those that go on for ever.
    pub(super) fn numbers(&self) -> impl Iterator<Item = u32> {
        let words = 0..64 * (1 + self.more.len() as u32);
        words.filter(|number| self.contains(number))
    }

    fn word(&self, at: usize) -> u64 {
        match at.checked_sub(1) {
            None => self.first,
            Some(at) => *self.more.get(at).unwrap_or(&fill(self.beyond)),
        }
    }

    fn with(&self, other: &Set, both: impl Fn(u64, u64) -> u64) -> Set {
        let words = 1..=self.more.len().max(other.more.len());
        let mut set = Set {
            first: both(self.first, other.first),
            more: words
                .map(|at| both(self.word(at), other.word(at)))
                .collect(),
            beyond: both(fill(self.beyond), fill(other.beyond)) != 0,
        };
        set.trim();
        set
    }

    fn trim(&mut self) {
        while self.more.last() == Some(&fill(self.beyond)) {
            self.more.pop();
        }
    }
}

fn place(number: u32) -> (usize, u64) {
    (number as usize / 64, 1 << (number % 64))
}

fn fill(all: bool) -> u64 {
    if all { u64::MAX } else { 0 }
}

impl VersionSet for Set {
    type V = u32;

    fn empty() -> Set {
        Set {
            first: 0,
            more: vec![],
            beyond: false,
        }
    }

    fn full() -> Set {
        Set::empty().complement()
    }

    fn singleton(number: u32) -> Set {
        Set::of([number])
    }

    fn complement(&self) -> Set {
        Set {
            first: !self.first,
            more: self.more.iter().map(|word| !word).collect(),
            beyond: !self.beyond,
        }
    }

    fn intersection(&self, other: &Set) -> Set {
        self.with(other, |a, b| a & b)
    }

    fn union(&self, other: &Set) -> Set {
        self.with(other, |a, b| a | b)
    }

    fn contains(&self, number: &u32) -> bool {
        let (word, bit) = place(*number);
        self.word(word) & bit != 0
    }

    fn is_disjoint(&self, other: &Set) -> bool {
        let mut words = 0..=self.more.len().max(other.more.len());
        !(self.beyond && other.beyond) && words.all(|at| self.word(at) & other.word(at) == 0)
    }

    fn subset_of(&self, other: &Set) -> bool {
        let mut words = 0..=self.more.len().max(other.more.len());
        (other.beyond || !self.beyond) && words.all(|at| self.word(at) & !other.word(at) == 0)
    }
}

impl fmt::Debug for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.numbers()).finish()?;
        f.write_str(if self.beyond { "…" } else { "" })
    }
}

impl fmt::Display for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

//! What a power loss may leave of a disk.

use super::volume::{File, FileId, Node, Version, Volume};
use super::{Content, Simulated, Tree};
use crate::store::FilePath;
use std::collections::{BTreeMap, HashSet};
use std::vec;

/// What a disk may hold after a power loss, each state once; see [`Simulated::crash_states`].
#[derive(Debug)]
pub struct CrashStates {
    states: vec::IntoIter<Tree>,
    combinations: u128,
    exhaustive: bool,
}

impl CrashStates {
    /// Whether these are all the states there are; otherwise they are a sample.
    pub fn is_exhaustive(&self) -> bool {
        self.exhaustive
    }

    /// In how many ways the outcomes of all that was not synced combine. Several may come to one
    /// state, and some to none. At most [`u128::MAX`].
    pub fn combinations(&self) -> u128 {
        self.combinations
    }

    pub(super) fn of(volume: &Volume, limit: usize, seed: u64) -> CrashStates {
        let loss = Loss::of(volume);
        let combinations = (loss.open.iter())
            .map(|outcomes| *outcomes as u128)
            .fold(1, u128::saturating_mul);
        let all = (combinations <= (limit as u128).saturating_mul(WAYS_PER_STATE))
            .then(|| loss.all(limit))
            .flatten();
        let exhaustive = all.is_some();
        let states = all.unwrap_or_else(|| loss.sample(limit, seed));
        CrashStates {
            states: states.into_iter(),
            combinations,
            exhaustive,
        }
    }
}

impl Iterator for CrashStates {
    type Item = Simulated;

    fn next(&mut self) -> Option<Simulated> {
        self.states.next().map(Simulated::holding)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.states.size_hint()
    }
}

impl ExactSizeIterator for CrashStates {}

/// How many combinations are tried for each state that is asked for, as many come to the same.
const WAYS_PER_STATE: u128 = 64;

/// Up to this size of a write, every number of bytes may be what is left of it.
const SMALL_WRITE: usize = 8;
const PAGE: usize = 4096;

/// A power loss: what is open, and from which disk it takes.
struct Loss<'volume> {
    volume: &'volume Volume,
    /// How many outcomes each thing has that it decides, a name or a write: the first is that it is
    /// lost, the last that it is not.
    open: Vec<usize>,
    /// Where in `open` a name is, if it is.
    names: BTreeMap<&'volume FilePath, usize>,
    /// Where in `open` the first piece of a file that was not synced is.
    pieces: BTreeMap<FileId, usize>,
}

/// For each thing that is open, which of its outcomes it is.
type Choice = Vec<usize>;

/// What is left of one write.
#[derive(Clone, Copy)]
enum Piece {
    Nothing,
    Beginning(usize),
    /// The file has become longer, and what is in there is the beginning of what was written and then zeros.
    Zeros {
        after: usize,
    },
    All,
}

impl<'volume> Loss<'volume> {
    fn of(volume: &'volume Volume) -> Loss<'volume> {
        let mut loss = Loss {
            volume,
            open: Vec::new(),
            names: BTreeMap::new(),
            pieces: BTreeMap::new(),
        };
        let mut files = Vec::new();
        for (path, name) in &volume.names {
            if !name.pending.is_empty() {
                loss.names.insert(path, loss.open.len());
                loss.open.push(name.pending.len() + 1);
            }
            let versions = name.pending.iter().chain([&name.durable]);
            files.extend(versions.filter_map(|version| match version.node {
                Some(Node::File(id)) => Some(id),
                _ => None,
            }));
        }
        files.sort();
        files.dedup();
        for (id, file) in files.iter().filter_map(|id| Some((id, volume.file(*id)?))) {
            loss.pieces.insert(*id, loss.open.len());
            for piece in file.pieces.iter().skip(file.synced) {
                loss.open.push(outcomes(piece.len()).len());
            }
        }
        loss
    }

    /// All states, if there are at most `limit`.
    fn all(&self, limit: usize) -> Option<Vec<Tree>> {
        let mut states = States::default();
        states.add(self.state(self.nothing()));
        states.add(self.state(self.everything()));
        let mut choice = self.nothing();
        while states.found.len() <= limit {
            let mut digits = choice.iter_mut().zip(&self.open);
            // Counts up; a digit that overflows is zero again and carries.
            let counted = digits.any(|(digit, outcomes)| {
                *digit = (*digit + 1) % outcomes;
                *digit != 0
            });
            if !counted {
                return Some(states.in_order);
            }
            states.add(self.state(choice.clone()));
        }
        None
    }

    /// First the two extremes, then those with one exception, as these show the most, then any.
    fn sample(&self, limit: usize, seed: u64) -> Vec<Tree> {
        let mut random = Random(seed);
        let mut states = States::default();
        let mut exceptions = Vec::new();
        for base in [self.nothing(), self.everything()] {
            for (place, outcomes) in self.open.iter().enumerate() {
                exceptions.extend((0..*outcomes).map(|outcome| {
                    let mut choice = base.clone();
                    choice
                        .iter_mut()
                        .skip(place)
                        .take(1)
                        .for_each(|it| *it = outcome);
                    choice
                }));
            }
            states.add(self.state(base));
        }
        for _ in 0..limit / 2 {
            if let Some(last) = exceptions.len().checked_sub(1) {
                states.add(self.state(exceptions.swap_remove(random.below(last + 1))));
            }
        }
        for _ in 0..limit.saturating_mul(8) {
            let any = |outcomes: &usize| match random.below(4) {
                0 => 0,
                1 => outcomes - 1,
                _ => random.below(*outcomes),
            };
            if states.found.len() < limit {
                states.add(self.state(self.open.iter().map(any).collect()));
            }
        }
        states.in_order.truncate(limit.max(2));
        states.in_order
    }

    fn nothing(&self) -> Choice {
        self.open.iter().map(|_| 0).collect()
    }

    fn everything(&self) -> Choice {
        self.open.iter().map(|outcomes| outcomes - 1).collect()
    }

    /// What the disk holds after this.
    fn state(&self, mut choice: Choice) -> Tree {
        while self.keep_renamed(&mut choice) {}
        let mut tree = Tree::new();
        for path in self.volume.names.keys() {
            let dir = path.parent().filter(|dir| !dir.is_root());
            let reachable = dir.is_none_or(|dir| tree.get(&dir) == Some(&Content::Dir));
            let content = match self.version(path, &choice).and_then(|it| it.node) {
                Some(Node::Dir) => Content::Dir,
                Some(Node::File(id)) => Content::File(self.bytes(id, &choice)),
                None => continue,
            };
            if reachable {
                tree.insert(path.clone(), content);
            }
        }
        tree
    }

    /// Where a file has lost its old name in a rename, lets it have the new one. Says whether that was
    /// necessary, in which case it may be again.
    fn keep_renamed(&self, choice: &mut Choice) -> bool {
        for (path, place) in &self.names {
            let chosen = choice.get(*place).copied().unwrap_or(0);
            let versions = self.volume.names.get(path).map(|name| &name.pending);
            for version in versions.into_iter().flatten().take(chosen) {
                let Some(to) = &version.moved_to else {
                    continue;
                };
                let has = self.version(to, choice);
                if has.is_none_or(|has| has.since >= version.since) {
                    continue;
                }
                let (Some(place), Some(name)) = (self.names.get(to), self.volume.names.get(to))
                else {
                    continue;
                };
                let before = |it: &&Version| it.since < version.since;
                let needed = name.pending.iter().take_while(before).count() + 1;
                choice
                    .iter_mut()
                    .skip(*place)
                    .take(1)
                    .for_each(|it| *it = needed);
                return true;
            }
        }
        false
    }

    /// What a name stands for.
    fn version(&self, path: &FilePath, choice: &Choice) -> Option<&Version> {
        let name = self.volume.names.get(path)?;
        let place = self.names.get(path);
        let chosen = place.and_then(|place| choice.get(*place)).copied();
        match chosen.unwrap_or(0).checked_sub(1) {
            None => Some(&name.durable),
            Some(pending) => name.pending.get(pending),
        }
    }

    fn bytes(&self, id: FileId, choice: &Choice) -> Vec<u8> {
        let Some(File { pieces, synced }) = self.volume.file(id) else {
            return Vec::new();
        };
        let mut bytes = pieces
            .iter()
            .take(*synced)
            .flat_map(|it| it.iter().copied())
            .collect();
        let first = self.pieces.get(&id).copied().unwrap_or(0);
        let mut begin = Vec::len(&bytes);
        for (piece, chosen) in pieces.iter().skip(*synced).zip(choice.iter().skip(first)) {
            let left = outcomes(piece.len()).get(*chosen).copied();
            left.unwrap_or(Piece::All).write(piece, begin, &mut bytes);
            begin += piece.len();
        }
        bytes
    }
}

impl Piece {
    /// Appends what is left of a write that began at `begin`; before it, what was lost is zeros.
    fn write(self, piece: &[u8], begin: usize, bytes: &mut Vec<u8>) {
        let (kept, size) = match self {
            Piece::Nothing => return,
            Piece::Beginning(kept) => (kept, kept),
            Piece::Zeros { after } => (after, piece.len()),
            Piece::All => (piece.len(), piece.len()),
        };
        bytes.resize(begin, 0);
        bytes.extend(piece.iter().take(kept));
        bytes.resize(begin + size, 0);
    }
}

/// What may be left of a write of so many bytes, at least one.
fn outcomes(size: usize) -> Vec<Piece> {
    let mut beginnings: Vec<usize> = match size {
        ..=SMALL_WRITE => (1..size).collect(),
        _ => vec![1, size / 2, size - 1],
    };
    if size > PAGE {
        beginnings.extend([PAGE, (size - 1) / PAGE * PAGE]);
        beginnings.sort_unstable();
        beginnings.dedup();
    }
    let mut outcomes = vec![Piece::Nothing];
    outcomes.extend(beginnings.into_iter().map(Piece::Beginning));
    outcomes.push(Piece::Zeros { after: 0 });
    if size > 1 {
        outcomes.push(Piece::Zeros { after: size / 2 });
    }
    outcomes.push(Piece::All);
    outcomes
}

/// States, each once, in the order in which they were found.
#[derive(Default)]
struct States {
    found: HashSet<Tree>,
    in_order: Vec<Tree>,
}

impl States {
    fn add(&mut self, state: Tree) {
        if self.found.insert(state.clone()) {
            self.in_order.push(state);
        }
    }
}

/// Numbers that look random and are the same for the same seed (splitmix64).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        (mixed % (end.max(1) as u64)) as usize
    }
}

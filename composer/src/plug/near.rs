//! Names that come near each other: off by a letter or two, or only the namespace differs.

use super::index::{Index, Named};
use crate::hash::HashMap;
use std::collections::BTreeMap;

/// How many letters a name may be off.
const MAX_LETTERS: usize = 2;
/// A word this short may be off by one letter only, and only if all other words are equal.
const SHORT: usize = 4;
/// How many names of each length are compared with one name.
const MAX_OF_A_LENGTH: usize = 200;
/// How many comparisons there are for one plan: what comes near is a hint, not worth seconds.
const MAX_COMPARISONS: usize = 100_000;

/// The names of exports, to find those that come near an import's.
pub(super) struct NearNames<'p> {
    /// Interfaces without version, by what follows the namespace, in order.
    interfaces: HashMap<&'p str, Vec<&'p str>>,
    /// Interfaces without version, and plain names, by length, in order.
    by_length: BTreeMap<(bool, usize), Vec<&'p str>>,
    known: HashMap<&'p str, Vec<&'p str>>,
    comparisons: usize,
}

impl<'p> NearNames<'p> {
    pub(super) fn of(exports: &Index<'p>) -> Self {
        let mut names = NearNames {
            interfaces: HashMap::default(),
            by_length: BTreeMap::new(),
            known: HashMap::default(),
            comparisons: 0,
        };
        for export in exports.all() {
            let name = export.base().unwrap_or(export.name);
            if let Some((_, rest)) = export.base().and_then(|base| base.split_once(':')) {
                names.interfaces.entry(rest).or_default().push(name);
            }
            let length = (export.base().is_some(), name.len());
            names.by_length.entry(length).or_default().push(name);
        }
        for names in names
            .interfaces
            .values_mut()
            .chain(names.by_length.values_mut())
        {
            names.sort_unstable();
            names.dedup();
        }
        names
    }

    /// The names, without versions, that come near that of `import` and are not the same.
    pub(super) fn near(&mut self, import: &Named<'p>) -> &[&'p str] {
        let is_interface = import.base().is_some();
        let wanted = import.base().unwrap_or(import.name);
        if !self.known.contains_key(wanted) {
            let near = self.search(wanted, is_interface);
            self.known.insert(wanted, near);
        }
        self.known.get(wanted).map_or(&[], Vec::as_slice)
    }

    fn search(&mut self, wanted: &str, is_interface: bool) -> Vec<&'p str> {
        let mut near: Vec<&'p str> = Vec::new();
        if is_interface && let Some((_, rest)) = wanted.split_once(':') {
            let same = self.interfaces.get(rest).into_iter().flatten();
            near.extend(same.take(MAX_OF_A_LENGTH).filter(|name| **name != wanted));
        }
        let shortest = wanted.len().saturating_sub(MAX_LETTERS);
        for length in shortest..=wanted.len() + MAX_LETTERS {
            let Some(names) = self.by_length.get(&(is_interface, length)) else {
                continue;
            };
            // Of too many, those that begin alike.
            let middle = names.partition_point(|name| *name < wanted);
            let most = MAX_OF_A_LENGTH.min(MAX_COMPARISONS.saturating_sub(self.comparisons));
            let last = names.len().saturating_sub(most);
            let first = middle.saturating_sub(most / 2).min(last);
            for name in names.iter().skip(first).take(most).copied() {
                self.comparisons += 1;
                if name != wanted && is_near(wanted, name) {
                    near.push(name);
                }
            }
        }
        near.sort_unstable();
        near.dedup();
        near
    }
}

/// Whether two names, of interfaces without version or plain, are off by a letter or two.
pub(crate) fn is_near(wanted: &str, given: &str) -> bool {
    let words = |name| str::split(name, [':', '/']);
    if words(wanted).count() != words(given).count() {
        return false;
    }
    let (mut off, mut different, mut short) = (0, 0, false);
    for (a, b) in words(wanted).zip(words(given)).filter(|(a, b)| a != b) {
        let Some(letters) = letters_off(a, b) else {
            return false;
        };
        off += letters;
        different += 1;
        short |= a.len().min(b.len()) <= SHORT;
    }
    off <= MAX_LETTERS && (different == 1 || !short)
}

/// How many letters two words are off, unless it is too many for words of their length.
fn letters_off(a: &str, b: &str) -> Option<usize> {
    let most = match a.len().min(b.len()) {
        0 | 1 => 0,
        2..=SHORT => 1,
        _ => MAX_LETTERS,
    };
    if a.eq_ignore_ascii_case(b) {
        return Some(1);
    }
    if a.len().abs_diff(b.len()) > most {
        return None;
    }
    let (a, b) = without_same_start(a, b);
    let letters = strsim::levenshtein(a, b);
    (letters <= most).then_some(letters)
}

/// Long names mostly begin alike, and the comparison takes the square of their length.
fn without_same_start<'w>(a: &'w str, b: &'w str) -> (&'w str, &'w str) {
    let same = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    a.get(same..).zip(b.get(same..)).unwrap_or((a, b))
}

#[cfg(test)]
mod tests {
    use super::is_near;

    #[test]
    fn short_words_are_not_near_by_chance() {
        let near = [
            ("acme:log/logger", "acme:log/loger"),
            ("acme:log/log", "acme:logs/log"),
            ("acme:log/log", "acme:lag/log"),
            ("example:journal/writer", "exmple:journal/writers"),
            ("write-line", "write-lines"),
            ("now", "NOW"),
        ];
        for (a, b) in near {
            assert!(is_near(a, b) && is_near(b, a), "{a} and {b}");
        }
        let far = [
            ("acme:a/a", "acme:e/e"),
            ("acme:a/a", "acme:a/e"),
            ("acme:log/log", "acme:lag/lag"),
            ("acme:log/log", "acme:kv/log"),
            ("acme:log/logger", "acme:logger"),
            ("run", "rain"),
            ("f", "g"),
        ];
        for (a, b) in far {
            assert!(!is_near(a, b) && !is_near(b, a), "{a} and {b}");
        }
    }
}

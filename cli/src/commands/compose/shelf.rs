//! Inputs that are found one after the other, while those found before are in use.

use crate::source::Named;
use std::cell::{Cell, OnceCell};

/// Inputs that stay where they are: more can be put beside them at any time.
pub(super) struct Shelf {
    /// Row `n` has `2^n` places, so that nothing is ever moved.
    rows: [OnceCell<Box<[OnceCell<Named>]>>; usize::BITS as usize],
    used: Cell<usize>,
}

impl Shelf {
    pub(super) fn new() -> Shelf {
        Shelf {
            rows: [const { OnceCell::new() }; usize::BITS as usize],
            used: Cell::new(0),
        }
    }

    /// Puts an input on the shelf.
    pub(super) fn put(&self, named: Named) -> &Named {
        let number = self.used.get() + 1;
        self.used.set(number);
        let row = number.ilog2();
        let place = number - (1 << row);
        let places = self.rows.get(row as usize).map(|places| {
            places.get_or_init(|| (0..1_usize << row).map(|_| OnceCell::new()).collect())
        });
        match places.and_then(|places| places.get(place)) {
            Some(place) => place.get_or_init(|| named),
            None => unreachable!("there is a row for every number"),
        }
    }

    /// The inputs, in the order in which they were put there.
    pub(super) fn all(&self) -> Vec<&Named> {
        let rows = self.rows.iter().filter_map(OnceCell::get);
        let places = rows.flat_map(|row| row.iter());
        places.filter_map(OnceCell::get).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Shelf;
    use crate::source::{Bytes, Named};

    #[test]
    fn what_is_put_there_stays() {
        let shelf = Shelf::new();
        let put = |name: &str| {
            shelf.put(Named {
                argument: name.to_owned(),
                name: name.to_owned(),
                bytes: Bytes::Memory(Vec::new()),
                release: None,
            })
        };
        let names: Vec<_> = (0..100).map(|n| n.to_string()).collect();
        let given: Vec<_> = names.iter().map(|name| put(name)).collect();
        let all = shelf.all();
        assert_eq!(all.len(), 100);
        for ((name, given), kept) in names.iter().zip(given).zip(all) {
            assert_eq!(*name, kept.name);
            assert!(std::ptr::eq(given, kept));
        }
    }
}

//! How often one address may ask, and by how many connections.
//!
//! A request by which a log grows costs nothing: only the log can make one, and it may be busy.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Requests in a second, in the long run.
const PER_SECOND: f64 = 20.0;

/// Requests at once, after a while without.
const BURST: f64 = 60.0;

/// Addresses that are remembered.
const MOST: usize = 4_096;

/// What each address has left.
#[derive(Debug, Default)]
pub(super) struct Rate(Mutex<BTreeMap<Option<IpAddr>, (f64, Instant)>>);

/// Connections at a time, of all and of one address.
const CONNECTIONS: (usize, usize) = (512, 32);

/// The connections that there are.
#[derive(Clone, Debug, Default)]
pub(super) struct Room(Arc<Mutex<BTreeMap<IpAddr, usize>>>);

/// A connection that there is, until this is dropped.
#[derive(Debug)]
pub(super) struct Place(Room, IpAddr);

impl Room {
    /// A place for one more connection, if there is one.
    pub(super) fn place(&self, address: IpAddr) -> Option<Place> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (most, most_of_one) = CONNECTIONS;
        let room = all.values().sum::<usize>() < most;
        let count = all.get(&address).copied().unwrap_or(0);
        (room && count < most_of_one).then(|| {
            all.insert(address, count + 1);
            Place(self.clone(), address)
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut all = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        let left = all.get(&self.1).map_or(0, |count| count.saturating_sub(1));
        match left {
            0 => all.remove(&self.1),
            left => all.insert(self.1, left),
        };
    }
}

impl Rate {
    /// Whether one more request is within the rate.
    pub(super) fn allows(&self, address: Option<IpAddr>, now: Instant) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let left = |(left, since): &(f64, Instant)| {
            let passed = now.saturating_duration_since(*since).as_secs_f64();
            (left + passed * PER_SECOND).min(BURST)
        };
        if all.len() >= MOST && !all.contains_key(&address) {
            // Whoever has everything left is as good as new.
            all.retain(|_, entry| left(entry) < BURST);
            if all.len() >= MOST {
                return false;
            }
        }
        let has = all.get(&address).map_or(BURST, left);
        let allowed = has >= 1.0;
        all.insert(address, (if allowed { has - 1.0 } else { has }, now));
        allowed
    }

    /// Takes back that a request was counted.
    pub(super) fn refund(&self, address: Option<IpAddr>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((left, _)) = all.get_mut(&address) {
            *left = (*left + 1.0).min(BURST);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn one_address_leaves_room_for_others() {
        let room = Room::default();
        let places = |last: u16| -> Vec<_> {
            let [a, b] = last.to_be_bytes();
            let address = IpAddr::from([127, 0, a, b]);
            (0..50).map_while(|_| room.place(address)).collect()
        };
        let one = places(1);
        assert_eq!((one.len(), places(2).len()), (32, 32));
        drop(one);
        let all: Vec<_> = (0..50).flat_map(places).collect();
        assert_eq!(all.len(), 512);
        drop(all);
        assert_eq!(places(60).len(), 32);
    }

    #[test]
    fn a_burst_and_then_a_rate_for_each_address() {
        let (rate, now) = (Rate::default(), Instant::now());
        let at = |last, millis| {
            let address = IpAddr::from([127, 0, 0, last]);
            rate.allows(Some(address), now + Duration::from_millis(millis))
        };
        assert_eq!((0..100).filter(|_| at(1, 0)).count(), 60);
        assert!(at(2, 0) && !at(1, 40) && at(1, 60) && !at(1, 60));
        assert_eq!((0..100).filter(|_| at(1, 1_060)).count(), 20);
        let many = (0..5_000_u32).map(|number| IpAddr::from(number.to_be_bytes()));
        let allowed = many.filter(|address| rate.allows(Some(*address), now));
        assert!(allowed.count() < MOST);
    }
}

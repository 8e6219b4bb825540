//! How often anyone may ask: a bucket for each client and kind of request, in a table that does not grow.

use crate::config;
use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Kinds of requests, each of which is counted for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Reads without a token.
    AnonymousRead,
    /// Reads with a token.
    AuthenticatedRead,
    /// Whatever changes something.
    Write,
    /// Tokens that are none.
    Failure,
}

/// The buckets of all clients that came lately.
#[derive(Debug)]
pub struct Rates {
    settings: config::Rates,
    hasher: RandomState,
    begin: Instant,
    sets: Box<[Mutex<[Bucket; WAYS]>]>,
}

/// How many clients share a set, of which the one that used least makes room for another.
const WAYS: usize = 4;

/// A client's bucket. A new one is full.
#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    /// Of whom; 0 for nobody.
    key: u64,
    /// How much was taken out, as it was at a time.
    used: f64,
    /// That time, since the beginning.
    at: Duration,
}

impl Rates {
    /// Buckets, all full.
    pub fn new(settings: config::Rates) -> Rates {
        let sets = settings.clients.div_ceil(WAYS).max(1);
        Rates {
            settings,
            hasher: RandomState::new(),
            begin: Instant::now(),
            sets: (0..sets).map(|_| Mutex::default()).collect(),
        }
    }

    /// Takes one request out of a client's bucket.
    ///
    /// # Errors
    ///
    /// It is empty: for so long.
    pub fn take(&self, class: Class, client: IpAddr) -> Result<(), Duration> {
        self.use_bucket(class, client, 1.0)
    }

    /// Whether there is something in a client's bucket, of which nothing is taken.
    ///
    /// # Errors
    ///
    /// It is empty: for so long.
    pub fn look(&self, class: Class, client: IpAddr) -> Result<(), Duration> {
        self.use_bucket(class, client, 0.0)
    }

    fn use_bucket(&self, class: Class, client: IpAddr, take: f64) -> Result<(), Duration> {
        let rate = match class {
            Class::AnonymousRead => self.settings.anonymous_reads,
            Class::AuthenticatedRead => self.settings.authenticated_reads,
            Class::Write => self.settings.writes,
            Class::Failure => self.settings.authentication_failures,
        };
        if rate.per_second <= 0.0 {
            return Ok(());
        }
        let key = self.hasher.hash_one((class, client_of(client))).max(1);
        let sets = self.sets.len() as u64;
        let index = usize::try_from((key >> 32) % sets).unwrap_or_default();
        let Some(set) = self.sets.get(index) else {
            return Ok(());
        };
        let now = self.begin.elapsed();
        let mut set = set.lock().unwrap_or_else(PoisonError::into_inner);
        for bucket in set.iter_mut() {
            let refilled = now.saturating_sub(bucket.at).as_secs_f64() * rate.per_second;
            // Buckets of other classes are refilled at this class's rate only to be compared.
            if bucket.key == key {
                bucket.used = (bucket.used - refilled).max(0.0);
                bucket.at = now;
            }
        }
        let place = match set.iter().position(|bucket| bucket.key == key) {
            Some(place) => place,
            None => {
                let least = |a: &&Bucket, b: &&Bucket| left(a, now).total_cmp(&left(b, now));
                let place = set.iter().enumerate().min_by(|(_, a), (_, b)| least(a, b));
                place.map_or(0, |(place, _)| place)
            }
        };
        let Some(bucket) = set.get_mut(place) else {
            return Ok(());
        };
        if bucket.key != key {
            *bucket = Bucket {
                key,
                used: 0.0,
                at: now,
            };
        }
        let missing = bucket.used + 1.0 - f64::from(rate.burst.max(1));
        if missing > 0.0 {
            return Err(Duration::from_secs_f64(missing / rate.per_second));
        }
        bucket.used += take;
        Ok(())
    }
}

/// What says which bucket to give up: one that is little used, or was long ago.
fn left(bucket: &Bucket, now: Duration) -> f64 {
    bucket.used / (1.0 + now.saturating_sub(bucket.at).as_secs_f64())
}

/// Who counts as one client: an address, or what one customer has of IPv6.
pub fn client_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address => address,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop where it fails")]
mod tests {
    use super::*;

    fn rates(per_second: f64, burst: u32, clients: usize) -> Rates {
        Rates::new(config::Rates {
            writes: config::Rate { per_second, burst },
            clients,
            ..config::Rates::default()
        })
    }

    fn address(number: u32) -> IpAddr {
        std::net::Ipv4Addr::from_bits(number).into()
    }

    #[test]
    fn a_bucket_empties_and_fills_again() {
        let rates = rates(50.0, 3, 100);
        let take = |class, number| rates.take(class, address(number));
        for _ in 0..3 {
            take(Class::Write, 1).unwrap();
        }
        let wait = take(Class::Write, 1).unwrap_err();
        assert!(wait <= Duration::from_millis(20), "{wait:?}");
        assert!(rates.look(Class::Write, address(1)).is_err());
        take(Class::Write, 2).unwrap();
        take(Class::AnonymousRead, 1).unwrap();
        std::thread::sleep(wait);
        take(Class::Write, 1).unwrap();
        assert!(take(Class::Write, 1).is_err());
    }

    #[test]
    fn many_clients_do_not_free_one_that_asked_too_often() {
        let rates = rates(0.001, 10, 4096);
        for _ in 0..10 {
            rates.take(Class::Write, address(0)).unwrap();
        }
        for number in 1..10_000 {
            rates.take(Class::Write, address(number)).unwrap();
        }
        assert!(rates.take(Class::Write, address(0)).is_err());
    }

    #[test]
    fn one_customer_is_one_client() {
        let of = |text: &str| client_of(text.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:ffff:ffff:ffff"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:10.0.0.1"), of("10.0.0.1"));
    }
}

//! What time it is, and whether the clock can be believed.

use std::fmt::Debug;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tenon_registry_client::record::Time;

/// How far the clock may jump against the time that has passed.
const MAX_JUMP: Duration = Duration::from_secs(5 * 60);

/// How far behind the last batch the clock may be: it is waited for, by using that batch's time.
const MAX_BEHIND: u64 = 5;

/// A clock.
pub trait Clock: Send + Sync + Debug {
    /// The time of day, since 1970.
    fn wall(&self) -> Duration;

    /// The time since some moment, which only grows.
    fn elapsed(&self) -> Duration;
}

/// The clock of the system.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock(Instant);

/// Why the clock is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClockError {
    /// It went back behind what was signed.
    #[error(
        "the clock says {now}, and the last batch was signed at {last}: times in the log never go back, so set the clock right"
    )]
    Backwards {
        /// What the clock says.
        now: Time,
        /// What was signed.
        last: Time,
    },
    /// It jumped.
    #[error(
        "the clock jumped by {seconds} s since this registry was started: set it right, or start the registry again if it is right now"
    )]
    Jumped {
        /// By how many seconds more than have passed.
        seconds: i64,
    },
    /// It is out of all bounds.
    #[error("the clock says something that is no time")]
    Nonsense,
}

/// Says when batches are, which never decreases.
#[derive(Debug)]
pub(crate) struct Timekeeper {
    clock: std::sync::Arc<dyn Clock>,
    start: (Duration, Duration),
}

impl SystemClock {
    /// The clock of the system.
    pub fn new() -> SystemClock {
        SystemClock(Instant::now())
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        SystemClock::new()
    }
}

impl Clock for SystemClock {
    fn wall(&self) -> Duration {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

impl Timekeeper {
    pub(crate) fn new(clock: std::sync::Arc<dyn Clock>) -> Timekeeper {
        let start = (clock.wall(), clock.elapsed());
        Timekeeper { clock, start }
    }

    /// The time of a batch after one of this time.
    pub(crate) fn after(&self, last: Option<Time>) -> Result<Time, ClockError> {
        let wall = self.clock.wall();
        let passed = self.clock.elapsed().saturating_sub(self.start.1);
        let expected = self.start.0 + passed;
        if wall.abs_diff(expected) > MAX_JUMP {
            let seconds = wall.as_secs() as i64 - expected.as_secs() as i64;
            return Err(ClockError::Jumped { seconds });
        }
        let now = Time::from_seconds(wall.as_secs()).map_err(|_| ClockError::Nonsense)?;
        match last {
            Some(last) if now < last && last.seconds() - now.seconds() > MAX_BEHIND => {
                Err(ClockError::Backwards { now, last })
            }
            Some(last) => Ok(now.max(last)),
            None => Ok(now),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop where it fails")]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[derive(Debug, Default)]
    struct Hands {
        wall: AtomicU64,
        elapsed: AtomicU64,
    }

    impl Clock for Hands {
        fn wall(&self) -> Duration {
            Duration::from_secs(self.wall.load(Ordering::Relaxed))
        }

        fn elapsed(&self) -> Duration {
            Duration::from_secs(self.elapsed.load(Ordering::Relaxed))
        }
    }

    #[test]
    fn a_clock_that_jumps_or_goes_back_is_not_believed() {
        let hands = Arc::new(Hands::default());
        hands.wall.store(1_000_000, Ordering::Relaxed);
        let keeper = Timekeeper::new(hands.clone());
        let at = |seconds| Time::from_seconds(seconds).unwrap();
        assert_eq!(keeper.after(None), Ok(at(1_000_000)));
        // A little behind: the last time is used again.
        assert_eq!(keeper.after(Some(at(1_000_005))), Ok(at(1_000_005)));
        let (now, last) = (at(1_000_000), at(1_000_006));
        assert_eq!(
            keeper.after(Some(last)),
            Err(ClockError::Backwards { now, last })
        );
        for (wall, seconds) in [(1_000_000 + 31_536_000, 31_536_000), (996_400, -3_600)] {
            hands.wall.store(wall, Ordering::Relaxed);
            assert_eq!(keeper.after(None), Err(ClockError::Jumped { seconds }));
        }
        // A year that has passed is no jump.
        hands.wall.store(1_000_000 + 31_536_000, Ordering::Relaxed);
        hands.elapsed.store(31_536_000, Ordering::Relaxed);
        assert_eq!(keeper.after(None), Ok(at(1_000_000 + 31_536_000)));
    }
}

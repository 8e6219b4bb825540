//! Moments as records write them.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, UNIX_EPOCH};

/// A moment, in whole seconds since 1970-01-01T00:00:00Z, up to the year 9999.
///
/// Its text form is that of [RFC 3339] in UTC, `2026-09-01T10:00:00Z`.
///
/// [RFC 3339]: https://www.rfc-editor.org/rfc/rfc3339
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(u64);

/// Why a text or a number is no moment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not a time: expected `2026-09-01T10:00:00Z`, in UTC, from 1970 to 9999", crate::text::excerpt(.0))]
pub struct TimeError(String);

impl Time {
    const LAST: u64 = 253_402_300_799;

    /// The first moment: 1970-01-01T00:00:00Z.
    pub const EPOCH: Time = Time(0);

    /// The moment so many seconds after 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    ///
    /// The moment is after the year 9999.
    pub fn from_seconds(seconds: u64) -> Result<Time, TimeError> {
        if seconds > Time::LAST {
            return Err(TimeError(seconds.to_string()));
        }
        Ok(Time(seconds))
    }

    /// Whether it is later than `now` by more than the 5 minutes by which clocks may differ.
    pub fn is_ahead_of(self, now: Time) -> bool {
        self.0 > now.0.saturating_add(300)
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    pub fn seconds(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = UNIX_EPOCH + Duration::from_secs(self.0);
        fmt::Display::fmt(&humantime::format_rfc3339_seconds(time), f)
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Time {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || TimeError(text.to_owned());
        let time = humantime::parse_rfc3339(text).map_err(|_| error())?;
        let since = time.duration_since(UNIX_EPOCH).map_err(|_| error())?;
        let time = Time::from_seconds(since.as_secs())?;
        if time.to_string() != text {
            return Err(error());
        }
        Ok(time)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop where it fails")]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_one_spelling() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T12:34:56Z", 951_827_696),
            ("9999-12-31T23:59:59Z", Time::LAST),
        ] {
            assert_eq!(text.parse::<Time>().unwrap().seconds(), seconds);
            assert_eq!(Time::from_seconds(seconds).unwrap().to_string(), text);
        }
        assert!(Time::from_seconds(Time::LAST + 1).is_err());
        for wrong in [
            "",
            "2000-02-29T12:34:56",
            "2000-02-29T12:34:56.0Z",
            "2000-02-29T12:34:56+00:00",
            "2000-02-29 12:34:56Z",
            "2000-02-29t12:34:56z",
            "2001-02-29T12:34:56Z",
            "2000-02-29T24:00:00Z",
            "2000-12-31T23:59:60Z",
            "1969-12-31T23:59:59Z",
            "10000-01-01T00:00:00Z",
        ] {
            assert!(wrong.parse::<Time>().is_err(), "{wrong}");
        }
    }
}

//! The body of an answer, as much of it as there may be, and no slower than it may come.

use super::transport::Failure;
use super::{ErrorKind, Timeouts};
use bytes::Bytes;
use reqwest::Response;
use tokio::time::{Instant, timeout};

/// A body that is being read.
pub(super) struct Body<'t> {
    response: Response,
    most: u64,
    taken: u64,
    since: Instant,
    timeouts: &'t Timeouts,
}

impl Body<'_> {
    /// The body of an answer, of which at most so many bytes are read, and none if it says that
    /// there are more.
    pub(super) fn new(
        response: Response,
        most: u64,
        timeouts: &Timeouts,
    ) -> Result<Body<'_>, Failure> {
        if response
            .content_length()
            .is_some_and(|length| length > most)
        {
            return Err(Failure::never(ErrorKind::TooLarge(most)));
        }
        Ok(Body {
            response,
            most,
            taken: 0,
            since: Instant::now(),
            timeouts,
        })
    }

    /// The next bytes; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        let limit = self.timeouts.idle;
        let chunk = timeout(limit, self.response.chunk()).await.map_err(|_| {
            let what = "the next bytes";
            Failure::never(ErrorKind::Timeout { what, limit })
        })?;
        // A connection that ends too early is one that may be made again.
        let chunk =
            chunk.map_err(|error| Failure::soon(ErrorKind::Cut(Box::new(error.without_url()))))?;
        let Some(chunk) = chunk else {
            return Ok(None);
        };
        self.taken = self.taken.saturating_add(chunk.len() as u64);
        if self.taken > self.most {
            return Err(Failure::never(ErrorKind::TooLarge(self.most)));
        }
        let late = self.since.elapsed().saturating_sub(self.timeouts.grace);
        let slowest = self.timeouts.slowest;
        if self.taken < slowest.saturating_mul(late.as_secs()) {
            return Err(Failure::never(ErrorKind::Slow(slowest)));
        }
        Ok(Some(chunk))
    }

    /// All of it.
    pub(super) async fn all(&mut self) -> Result<Bytes, Failure> {
        let mut bytes = Vec::new();
        while let Some(chunk) = self.next().await? {
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes.into())
    }
}

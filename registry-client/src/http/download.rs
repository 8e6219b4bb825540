//! A download: from as many connections as it takes, and checked while it comes.

use super::body::Body;
use super::transport::{Failure, Transport};
use super::{Error, ErrorKind, Meter};
use crate::store::{Partial, StoreError};
use reqwest::header::{CONTENT_RANGE, ETAG, HeaderMap, HeaderName, HeaderValue, IF_RANGE, RANGE};
use reqwest::{Response, Url};

/// How often a download is continued that got further each time.
const MAX_PARTS: u32 = 64;

/// Content on its way.
pub(super) struct Download<'d, S, C> {
    /// The connections that pauses are kept with.
    pub(super) wire: &'d Transport,
    /// Where it comes from, for errors.
    pub(super) url: &'d Url,
    pub(super) source: S,
    pub(super) check: C,
    /// Where it goes.
    pub(super) partial: Partial,
    pub(super) meter: Box<dyn Meter>,
}

/// Who gives content.
pub(super) trait Source: Sync {
    /// Asks for it, with these headers; an answer that says yes, with its body still to come.
    fn open(
        &self,
        headers: Vec<(HeaderName, HeaderValue)>,
    ) -> impl Future<Output = Result<Response, Failure>> + Send;
}

/// What content has to be.
pub(super) trait Check: Send {
    /// How many bytes it has.
    fn size(&self) -> u64;

    /// It begins once more.
    fn begin(&mut self);

    /// Takes the next bytes.
    fn update(&mut self, bytes: &[u8]) -> Result<(), ErrorKind>;

    /// That it has so many bytes or more, which are too many.
    fn too_long(&self, found: u64) -> ErrorKind;

    /// Whether what came, so many bytes, is the content.
    fn finish(self, taken: u64) -> Result<(), ErrorKind>;
}

impl<S: Source, C: Check> Download<'_, S, C> {
    /// All of the content, checked, without its name yet.
    pub(super) async fn run(mut self) -> Result<Partial, Error> {
        let (mut taken, mut etag) = (0, None);
        let (mut attempt, mut parts) = (0, 0);
        loop {
            let before = taken;
            attempt += 1;
            let failure = match self.part(&mut taken, &mut etag).await {
                Ok(()) => break,
                Err(failure) => failure,
            };
            // Who gets further may go on.
            if taken > before && parts < MAX_PARTS {
                parts += 1;
                attempt = 1;
            }
            self.wire.pause(failure, self.url, attempt).await?;
        }
        let finished = self.check.finish(taken);
        finished.map_err(|kind| Error::new(kind, self.url.as_str(), attempt))?;
        Ok(self.partial)
    }

    /// What one connection brings of it, from where the last one ended.
    async fn part(
        &mut self,
        taken: &mut u64,
        etag: &mut Option<HeaderValue>,
    ) -> Result<(), Failure> {
        let mut headers = vec![];
        if *taken > 0 {
            let range = HeaderValue::from_str(&format!("bytes={taken}-"));
            headers.extend(range.ok().map(|range| (RANGE, range)));
            headers.extend(etag.clone().map(|etag| (IF_RANGE, etag)));
        }
        let response = self.source.open(headers).await?;
        let is_part = response.status() == 206;
        let goes_on = is_part && continues(response.headers(), *taken);
        if !goes_on {
            self.partial.clear().map_err(stored)?;
            self.check.begin();
            *taken = 0;
            *etag = strong(response.headers().get(ETAG));
        }
        if is_part && !goes_on {
            let what = "the part of the content that was asked for";
            let source = "its range begins elsewhere".into();
            return Err(Failure::soon(ErrorKind::Malformed { what, source }));
        }
        // That there is more than there should be is no accident of a network.
        let rest = self.check.size().saturating_sub(*taken);
        let length = response.content_length();
        if let Some(length) = length.filter(|length| *length > rest) {
            let found = taken.saturating_add(length);
            return Err(Failure::never(self.check.too_long(found)));
        }
        let mut body = Body::new(response, u64::MAX, &self.wire.timeouts)?;
        while let Some(bytes) = body.next().await? {
            let found = taken.saturating_add(bytes.len() as u64);
            if found > self.check.size() {
                return Err(Failure::never(self.check.too_long(found)));
            }
            self.check.update(&bytes).map_err(Failure::never)?;
            self.partial.write(&bytes).map_err(stored)?;
            *taken = found;
            self.meter.reach(*taken);
        }
        Ok(())
    }
}

fn stored(error: StoreError) -> Failure {
    Failure::never(ErrorKind::Store(error))
}

/// Whether a part begins where the last one ended.
fn continues(headers: &HeaderMap, taken: u64) -> bool {
    let range = headers.get(CONTENT_RANGE);
    let range = range.and_then(|range| range.to_str().ok());
    let start = range.and_then(|range| range.strip_prefix("bytes ")?.split_once('-'));
    start.is_some_and(|(start, _)| start == taken.to_string())
}

/// An entity tag that stands for every byte.
fn strong(etag: Option<&HeaderValue>) -> Option<HeaderValue> {
    etag.filter(|etag| etag.as_bytes().starts_with(b"\""))
        .cloned()
}

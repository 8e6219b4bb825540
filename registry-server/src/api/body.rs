//! Bodies: of answers, which may be files, and of requests, which may come slowly or be too long.

use super::error::Failure;
use crate::config::Limits;
use crate::domain::Error;
use crate::server::Answering;
use crate::store::ReadFile;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tenon_registry_client::api::ProblemCode;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// How much of a file is read at once.
const PIECE: u64 = 128 << 10;

/// What is short enough to be read before the answer begins.
const SHORT: u64 = 64 << 10;

/// The body of an answer.
#[derive(Debug)]
pub struct Body {
    content: Content,
    answering: Option<Answering>,
    /// Kept until all of it is sent.
    room: Option<OwnedSemaphorePermit>,
}

#[derive(Debug)]
enum Content {
    Whole(Bytes),
    File(Pieces),
}

/// A part of a file, of which one piece is read while the one before is sent.
#[derive(Debug)]
struct Pieces {
    file: Arc<dyn ReadFile>,
    /// Where the next piece to be read begins.
    at: u64,
    /// How much is to be read.
    unread: u64,
    /// How much is to be sent.
    unsent: u64,
    reading: Option<JoinHandle<io::Result<Bytes>>>,
}

impl Body {
    pub(crate) fn empty() -> Body {
        Body::whole(Bytes::new())
    }

    pub(crate) fn whole(bytes: Bytes) -> Body {
        Body {
            content: Content::Whole(bytes),
            answering: None,
            room: None,
        }
    }

    /// So many bytes of a file, which has them.
    pub(crate) fn file(file: Arc<dyn ReadFile>, at: u64, length: u64) -> io::Result<Body> {
        if length <= SHORT {
            return read(&*file, at, length).map(Body::whole);
        }
        let content = Content::File(Pieces {
            file,
            at,
            unread: length,
            unsent: length,
            reading: None,
        });
        Ok(Body {
            content,
            answering: None,
            room: None,
        })
    }

    /// Gives back this room when it is sent.
    pub(crate) fn in_room(&mut self, room: Option<OwnedSemaphorePermit>) {
        self.room = room;
    }

    /// Has the exchange go on until this is sent.
    pub(crate) fn keep(&mut self, answering: Answering) {
        self.answering = Some(answering);
    }
}

impl Pieces {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        if self.unsent == 0 {
            return Poll::Ready(None);
        }
        self.read_on();
        let Some(reading) = &mut self.reading else {
            return Poll::Ready(None);
        };
        let read = ready!(Pin::new(reading).poll(cx));
        self.reading = None;
        let read = read.map_err(io::Error::other).and_then(|read| read);
        if let Ok(bytes) = &read {
            self.unsent = self.unsent.saturating_sub(bytes.len() as u64);
            self.read_on();
        }
        Poll::Ready(Some(read))
    }

    /// Begins to read a piece, unless one is being read.
    fn read_on(&mut self) {
        if self.reading.is_some() || self.unread == 0 {
            return;
        }
        let (file, at, length) = (Arc::clone(&self.file), self.at, self.unread.min(PIECE));
        self.at += length;
        self.unread -= length;
        self.reading = Some(tokio::task::spawn_blocking(move || {
            read(&*file, at, length)
        }));
    }
}

fn read(file: &dyn ReadFile, at: u64, length: u64) -> io::Result<Bytes> {
    let length = usize::try_from(length).map_err(|_| io::ErrorKind::FileTooLarge)?;
    let mut bytes = vec![0; length];
    match file.read_at(at, &mut bytes)? == length {
        true => Ok(bytes.into()),
        false => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let polled = match &mut self.get_mut().content {
            Content::Whole(bytes) if bytes.is_empty() => None,
            // In pieces, so that this is there until most of it was taken.
            Content::Whole(bytes) => Some(Ok(bytes.split_to(bytes.len().min(PIECE as usize)))),
            Content::File(pieces) => ready!(pieces.poll(cx)),
        };
        Poll::Ready(polled.map(|read| read.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.left() == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left())
    }
}

impl Body {
    fn left(&self) -> u64 {
        match &self.content {
            Content::Whole(bytes) => bytes.len() as u64,
            Content::File(pieces) => pieces.unsent,
        }
    }
}

/// The body of a request, which has to come at a certain speed.
pub(crate) struct Received {
    body: Incoming,
    grace: Duration,
    bytes_per_second: u64,
    received: u64,
    /// For how long it was waited; what the registry itself takes is not counted.
    waited: Duration,
}

impl Received {
    pub(crate) fn new(body: Incoming, limits: &Limits) -> Received {
        Received {
            body,
            grace: Duration::from_secs(limits.body_grace_seconds),
            bytes_per_second: limits.body_bytes_per_second.max(1),
            received: 0,
            waited: Duration::ZERO,
        }
    }

    /// How long it says it is.
    pub(crate) fn announced(&self) -> Option<u64> {
        http_body::Body::size_hint(&self.body).exact()
    }

    /// The next bytes; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        let earned = Duration::from_secs(self.received / self.bytes_per_second);
        let most = (self.grace + earned).saturating_sub(self.waited);
        let begin = Instant::now();
        let frame = loop {
            let deadline = begin + most;
            let frame = tokio::time::timeout_at(deadline, self.body.frame()).await;
            match frame {
                Err(_) => {
                    let detail = "the body of the request comes too slowly";
                    return Err(Error::new(ProblemCode::Timeout, detail).into());
                }
                Ok(None) => return Ok(None),
                Ok(Some(Err(_))) => {
                    let detail = "the body of the request ends too early, or is malformed";
                    return Err(Error::new(ProblemCode::RequestInvalid, detail).into());
                }
                // Trailers say nothing here.
                Ok(Some(Ok(frame))) => {
                    if let Ok(bytes) = frame.into_data() {
                        break bytes;
                    }
                }
            }
        };
        self.waited += begin.elapsed();
        self.received = self.received.saturating_add(frame.len() as u64);
        Ok(Some(frame))
    }

    /// All of it, if it is no longer than `most`; else `too_large` says what is.
    pub(crate) async fn whole(mut self, most: usize, too_large: &str) -> Result<Vec<u8>, Failure> {
        let refuse = || Failure::from(Error::new(ProblemCode::TooLarge, too_large));
        if self.announced().is_some_and(|length| length > most as u64) {
            return Err(refuse());
        }
        let mut whole = Vec::new();
        while let Some(bytes) = self.next().await? {
            if whole.len() + bytes.len() > most {
                return Err(refuse());
            }
            whole.extend_from_slice(&bytes);
        }
        Ok(whole)
    }
}

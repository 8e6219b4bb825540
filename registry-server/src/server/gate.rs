//! What stands between a connection and hyper: it reads each head of a request first, and hands on
//! only what can be understood in one way.
//!
//! A head that is refused, or comes too slowly, is replaced by one that says so, so that the answer
//! takes the way of every other answer. No head is read before the answer to the one before is made.

use super::head::{self, Framing, Refusal};
use bytes::{Buf, BytesMut};
use futures_util::task::AtomicWaker;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tenon_registry_client::api::ProblemCode;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// How long a connection may take for what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    /// From the first byte of a head to its last.
    pub(super) head: Duration,
    /// Between requests, and without a byte being taken by the other side.
    pub(super) idle: Duration,
    /// How far behind may be who takes fewer bytes than this in a second.
    pub(super) behind: Duration,
    /// Bytes in a second.
    pub(super) slowest: u64,
}

/// What the gate and the service know of one connection.
#[derive(Debug, Default)]
pub(super) struct Exchange {
    busy: AtomicBool,
    reader: AtomicWaker,
    refusal: OnceLock<Refusal>,
}

/// Ends an exchange when the answer is made: when it is dropped.
#[derive(Debug)]
pub struct Answering(Arc<Exchange>);

pub(super) struct Gate<S> {
    stream: S,
    exchange: Arc<Exchange>,
    limits: head::Limits,
    times: Times,
    expected: Expected,
    /// What was read and not handed on yet; of it, `ready` bytes may be.
    buffer: BytesMut,
    ready: usize,
    /// When the head has to be complete, or has to begin.
    deadline: Option<Instant>,
    reading: Timer,
    writing: Timer,
    stalled: Option<Instant>,
    /// For how long it was waited, beyond what the bytes that were taken may take.
    behind: Duration,
}

/// What comes next.
enum Expected {
    /// A head, of which the first bytes have no end in them.
    Head { begun: bool, scanned: usize },
    /// So many bytes of a body.
    Body(u64),
    /// Whatever comes: after a body of unknown length nothing is read as a head.
    Anything,
    /// Nothing.
    End,
}

impl Exchange {
    /// Why the request at hand is none.
    pub(super) fn refusal(&self) -> Option<Refusal> {
        self.refusal.get().copied()
    }

    /// To be kept until the answer is made.
    pub(super) fn answering(self: &Arc<Self>) -> Answering {
        Answering(Arc::clone(self))
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.busy.store(false, Ordering::Release);
        self.0.reader.wake();
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Gate<S> {
    pub(super) fn new(
        stream: S,
        exchange: Arc<Exchange>,
        limits: head::Limits,
        times: Times,
    ) -> Gate<S> {
        Gate {
            stream,
            exchange,
            limits,
            times,
            expected: Expected::Head {
                begun: false,
                scanned: 0,
            },
            buffer: BytesMut::new(),
            ready: 0,
            deadline: None,
            reading: Timer::default(),
            writing: Timer::default(),
            stalled: None,
            behind: Duration::ZERO,
        }
    }

    pub(super) fn into_stream(self) -> S {
        self.stream
    }

    /// Reads until a head is there, and makes it ready.
    fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.exchange.reader.register(cx.waker());
        if self.exchange.busy.load(Ordering::Acquire) {
            return Poll::Pending;
        }
        loop {
            if let Some(framing) = self.look_for_head() {
                self.deadline = None;
                match framing {
                    Ok(Some(framing)) => self.begin(framing),
                    Ok(None) => self.expected = Expected::End,
                    Err(refusal) => self.refuse(refusal),
                }
                return Poll::Ready(Ok(()));
            }
            let mut space = [MaybeUninit::uninit(); 4096];
            let mut space = ReadBuf::uninit(&mut space);
            match Pin::new(&mut self.stream).poll_read(cx, &mut space)? {
                Poll::Ready(()) if space.filled().is_empty() => {
                    self.expected = Expected::End;
                    return Poll::Ready(Ok(()));
                }
                Poll::Ready(()) => self.buffer.extend_from_slice(space.filled()),
                Poll::Pending => return self.poll_deadline(cx),
            }
        }
    }

    /// The framing of the head that the buffer begins with, if it is there whole; `None` inside for
    /// another protocol.
    fn look_for_head(&mut self) -> Option<Result<Option<Framing>, Refusal>> {
        while self.buffer.starts_with(b"\r\n") {
            self.buffer.advance(2);
        }
        let Expected::Head { begun, scanned } = &mut self.expected else {
            return None;
        };
        if self.buffer.is_empty() {
            return None;
        }
        if self.buffer.starts_with(b"PRI * HTTP/2.0\r\n") {
            return Some(Ok(None));
        }
        if !*begun {
            *begun = true;
            self.deadline = Some(Instant::now() + self.times.head);
        }
        match head::find_end(&self.buffer, scanned, &self.limits) {
            Ok(None) => None,
            Ok(Some(end)) => {
                let head = self.buffer.get(..end).unwrap_or_default();
                let framing = head::examine(head, &self.limits);
                self.ready = end;
                Some(framing.map(Some))
            }
            Err(refusal) => Some(Err(refusal)),
        }
    }

    fn begin(&mut self, framing: Framing) {
        self.exchange.busy.store(true, Ordering::Release);
        self.expected = match framing {
            Framing::Length(0) => Expected::Head {
                begun: false,
                scanned: 0,
            },
            Framing::Length(length) => Expected::Body(length),
            Framing::Chunked => Expected::Anything,
        };
    }

    fn refuse(&mut self, refusal: Refusal) {
        // There is one refusal: it is the last thing on a connection.
        let _ = self.exchange.refusal.set(refusal);
        self.exchange.busy.store(true, Ordering::Release);
        // Of what was asked for, so much is kept as says in which form the answer is.
        let url = match head::paths(&self.buffer).any(crate::oci::owns) {
            true => "/v2/",
            false => "/",
        };
        let head = format!("GET {url} HTTP/1.1\r\nhost: refused\r\nconnection: close\r\n\r\n");
        self.buffer = BytesMut::from(head.as_bytes());
        self.ready = self.buffer.len();
        self.expected = Expected::End;
    }

    /// Waits no longer than until the deadline.
    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let idle = self.times.idle;
        let deadline = *self.deadline.get_or_insert_with(|| Instant::now() + idle);
        ready!(self.reading.poll(deadline, cx));
        match self.expected {
            Expected::Head { begun: true, .. } => self.refuse(Refusal {
                code: ProblemCode::Timeout,
                detail: "the head of the request took too long to arrive",
            }),
            _ => self.expected = Expected::End,
        }
        Poll::Ready(Ok(()))
    }

    /// Reads at most `most` bytes of a body.
    fn poll_body(
        &mut self,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
        most: u64,
    ) -> Poll<io::Result<()>> {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let polled = if out.remaining() <= most {
            Pin::new(&mut self.stream).poll_read(cx, out)
        } else {
            let mut part = ReadBuf::new(out.initialize_unfilled_to(most));
            let polled = Pin::new(&mut self.stream).poll_read(cx, &mut part);
            let read = part.filled().len();
            out.advance(read);
            polled
        };
        if polled.is_pending() {
            return self.poll_deadline(cx);
        }
        self.deadline = None;
        polled
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Gate<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let gate = self.get_mut();
        loop {
            let ready = gate.ready.min(out.remaining());
            if ready > 0 {
                out.put_slice(gate.buffer.get(..ready).unwrap_or_default());
                gate.buffer.advance(ready);
                gate.ready -= ready;
                return Poll::Ready(Ok(()));
            }
            let before = out.filled().len();
            match &mut gate.expected {
                Expected::Head { .. } => ready!(gate.poll_head(cx))?,
                Expected::Body(0) => {
                    gate.expected = Expected::Head {
                        begun: false,
                        scanned: 0,
                    };
                }
                Expected::Body(left) if !gate.buffer.is_empty() => {
                    let part = (gate.buffer.len() as u64).min(*left);
                    *left -= part;
                    gate.ready = usize::try_from(part).unwrap_or_default();
                }
                Expected::Body(left) => {
                    let left = *left;
                    ready!(gate.poll_body(cx, out, left))?;
                    let read = (out.filled().len() - before) as u64;
                    if let Expected::Body(left) = &mut gate.expected {
                        *left = left.saturating_sub(read);
                    }
                    return Poll::Ready(Ok(()));
                }
                Expected::Anything if !gate.buffer.is_empty() => gate.ready = gate.buffer.len(),
                Expected::Anything => return gate.poll_body(cx, out, u64::MAX),
                Expected::End => {
                    // The end of what comes in is not the end of what is asked.
                    gate.exchange.reader.register(cx.waker());
                    return match gate.exchange.busy.load(Ordering::Acquire) {
                        true => Poll::Pending,
                        false => Poll::Ready(Ok(())),
                    };
                }
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Gate<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let gate = self.get_mut();
        let polled = Pin::new(&mut gate.stream).poll_write(cx, bytes);
        let polled = gate.unless_stalled(polled, cx);
        gate.taken(polled)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let gate = self.get_mut();
        let polled = Pin::new(&mut gate.stream).poll_write_vectored(cx, bytes);
        let polled = gate.unless_stalled(polled, cx);
        gate.taken(polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let gate = self.get_mut();
        let polled = Pin::new(&mut gate.stream).poll_flush(cx);
        gate.unless_stalled(polled, cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let gate = self.get_mut();
        let polled = Pin::new(&mut gate.stream).poll_shutdown(cx);
        gate.unless_stalled(polled, cx)
    }
}

impl<S> Gate<S> {
    /// What was polled, but an error if the other side took nothing for too long, or takes too little.
    fn unless_stalled<T>(
        &mut self,
        polled: Poll<io::Result<T>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            if let Some(since) = self.stalled.take() {
                self.behind += since.elapsed();
            }
            return polled;
        }
        let since = *self.stalled.get_or_insert_with(Instant::now);
        let left = self.times.behind.saturating_sub(self.behind);
        let deadline = since + self.times.idle.min(left);
        ready!(self.writing.poll(deadline, cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    /// Counts what the other side took: it is not behind for as long as that may take, and no credit
    /// is given for being fast.
    fn taken(&mut self, polled: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(bytes)) = &polled {
            let may_take =
                Duration::from_secs_f64(*bytes as f64 / self.times.slowest.max(1) as f64);
            self.behind = self.behind.saturating_sub(may_take);
        }
        polled
    }
}

/// A timer that is made when it is first needed.
#[derive(Default)]
struct Timer(Option<Pin<Box<Sleep>>>);

impl Timer {
    fn poll(&mut self, deadline: Instant, cx: &mut Context<'_>) -> Poll<()> {
        let sleep = self
            .0
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if sleep.deadline() != deadline {
            sleep.as_mut().reset(deadline);
        }
        sleep.as_mut().poll(cx)
    }
}

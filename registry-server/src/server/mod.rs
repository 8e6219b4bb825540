//! Listening, and speaking HTTP/1.1 with whoever connects, within limits that no one can stretch.
//!
//! HTTP/1.1 is all that is spoken, 1.0 understood: a connection that begins as HTTP/2 does is closed. A proxy in
//! front may speak whatever it likes with its clients.

mod gate;
mod head;
mod room;

pub use gate::Answering;

use crate::api::{self, Body};
use crate::app::App;
use crate::config::Limits;
use crate::domain::Error;
use crate::upkeep::Upkeep;
use gate::{Exchange, Gate, Times};
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use std::collections::HashMap;
use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

/// What one connection may have in memory for reading, and again for writing.
const BUFFER: usize = 128 << 10;

/// How much, and for how long, is read of someone who was already answered, so that the answer is
/// not lost with the connection.
const LINGER: (u64, Duration) = (1 << 20, Duration::from_secs(2));

/// Serves until `stop` is done; then takes no more connections, finishes the requests at hand, as long
/// as the configuration gives them, and closes the logs.
pub async fn serve(
    app: Arc<App>,
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    stop: impl Future<Output = ()>,
) {
    let limits = app.config().limits.clone();
    let seats = Arc::new(Seats::new(&limits));
    let upkeep = Upkeep::start(&app);
    if let Err(error) = &upkeep {
        tracing::error!(%error, "nothing is scrubbed or removed in the background");
    }
    let (stopping, stopped) = watch::channel(false);
    let mut stop = pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let proxy = app.config().is_trusted_proxy(peer.ip());
                match seats.take(peer.ip(), proxy) {
                    Some(seat) => {
                        app.metrics().connections.inc();
                        let guest = Guest {
                            app: Arc::clone(&app),
                            peer,
                            stopped: stopped.clone(),
                            seat,
                        };
                        tokio::spawn(welcome(guest, stream, tls.clone()));
                    }
                    None => {
                        app.metrics().connections_refused.inc();
                    }
                }
            }
            Err(error) => {
                // Such as having too many files open: others will be closed soon.
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    drop((listener, stopped));
    app.stop();
    // A failure to send means that nobody is connected.
    let _ = stopping.send(true);
    let most = Duration::from_secs(limits.stop_seconds);
    if tokio::time::timeout(most, stopping.closed()).await.is_err() {
        tracing::warn!("some requests did not end in time, and are cut off");
    }
    if let Ok(upkeep) = upkeep {
        upkeep.stop(most).await;
    }
    app.close().await;
}

/// Someone who is connected.
struct Guest {
    app: Arc<App>,
    peer: SocketAddr,
    stopped: watch::Receiver<bool>,
    seat: Seat,
}

async fn welcome(guest: Guest, stream: TcpStream, tls: Option<TlsAcceptor>) {
    let app = Arc::clone(&guest.app);
    // Answers are written whole, so there is nothing to wait for before sending.
    let _ = stream.set_nodelay(true);
    match tls {
        None => converse(guest, stream).await,
        Some(tls) => {
            let most = Duration::from_secs(app.config().limits.header_seconds);
            if let Ok(Ok(stream)) = tokio::time::timeout(most, tls.accept(stream)).await {
                converse(guest, stream).await;
            }
        }
    }
    app.metrics().connections.dec();
}

/// Answers one request after the other.
async fn converse<S: AsyncRead + AsyncWrite + Unpin>(guest: Guest, stream: S) {
    let Guest {
        app,
        peer,
        mut stopped,
        seat,
    } = guest;
    let limits = &app.config().limits;
    let heads = head::Limits {
        bytes: limits.header_bytes,
        headers: limits.headers,
        url: limits.url_bytes,
    };
    let times = Times {
        head: Duration::from_secs(limits.header_seconds),
        idle: Duration::from_secs(limits.idle_seconds),
        behind: Duration::from_secs(limits.idle_seconds),
        slowest: limits.body_bytes_per_second,
    };
    let exchange = Arc::new(Exchange::default());
    let gate = Gate::new(stream, Arc::clone(&exchange), heads, times);
    let service = Service {
        app: Arc::clone(&app),
        exchange,
        peer,
    };
    let mut connection = http1::Builder::new()
        .max_buf_size(BUFFER)
        .max_headers(limits.headers)
        // Who hangs up does not stop what they asked for half-way: what they are charged for would be
        // done, and not counted.
        .half_close(true)
        .serve_connection(TokioIo::new(gate), service);
    let mut stop = pin!(stopped.wait_for(|stopped| *stopped));
    let mut stopping = false;
    let ended = poll_fn(|cx| {
        if !stopping && stop.as_mut().poll(cx).is_ready() {
            stopping = true;
            Pin::new(&mut connection).graceful_shutdown();
        }
        connection.poll_without_shutdown(cx)
    });
    let ended = ended.await;
    if ended.is_ok() {
        let stream = connection.into_parts().io.into_inner().into_stream();
        // The other side may be gone, which is as good.
        let _ = linger(stream).await;
    }
    drop(seat);
}

/// Closes a connection so that what was written arrives: bytes that come in after a socket is closed
/// would make the system throw away what it has not sent yet.
async fn linger<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S) -> io::Result<()> {
    let (most, time) = LINGER;
    let rest = async {
        stream.shutdown().await?;
        let mut rest = stream.take(most);
        let mut space = [0; 4096];
        while rest.read(&mut space).await? > 0 {}
        Ok(())
    };
    tokio::time::timeout(time, rest).await?
}

struct Service {
    app: Arc<App>,
    exchange: Arc<Exchange>,
    peer: SocketAddr,
}

impl hyper::service::Service<Request<Incoming>> for Service {
    type Response = hyper::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let app = Arc::clone(&self.app);
        let answering = self.exchange.answering();
        let refusal = self.exchange.refusal();
        let peer = self.peer;
        Box::pin(async move {
            let mut response = match refusal {
                None => api::answer(&app, peer, request).await,
                Some(refusal) => {
                    let error = Error::new(refusal.code, refusal.detail);
                    api::refuse(&app, peer, request.uri().path(), error)
                }
            };
            response.body_mut().keep(answering);
            Ok(response)
        })
    }
}

/// Who is connected, counted.
struct Seats {
    most: usize,
    most_per_address: u32,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    all: usize,
    by_address: HashMap<IpAddr, u32>,
}

/// One connection's place, which is free again when this is dropped.
struct Seat {
    seats: Arc<Seats>,
    address: Option<IpAddr>,
}

impl Seats {
    fn new(limits: &Limits) -> Seats {
        Seats {
            most: room::connections(limits),
            most_per_address: limits.connections_per_address,
            taken: Mutex::default(),
        }
    }

    /// A proxy connects for many, so it is not counted by its address.
    fn take(self: &Arc<Self>, address: IpAddr, proxy: bool) -> Option<Seat> {
        let address = (!proxy).then(|| crate::access::client_of(address));
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.all >= self.most {
            return None;
        }
        if let Some(address) = address {
            let count = taken.by_address.entry(address).or_insert(0);
            if *count >= self.most_per_address {
                return None;
            }
            *count += 1;
        }
        taken.all += 1;
        let seats = Arc::clone(self);
        Some(Seat { seats, address })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self
            .seats
            .taken
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        taken.all = taken.all.saturating_sub(1);
        if let Some(address) = self.address {
            let left = taken.by_address.get_mut(&address).map(|count| {
                *count = count.saturating_sub(1);
                *count
            });
            if left == Some(0) {
                taken.by_address.remove(&address);
            }
        }
    }
}

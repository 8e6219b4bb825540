//! Witnesses over HTTP: `POST /add-checkpoint`.

use super::rate::{Rate, Room};
use super::{Cosigned, Refusal, Witness};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Extensions, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tenon_registry_client::log::{MAX_NOTE, MAX_WITNESS_PROOF, WitnessError};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// The longest request: the first line and the proof have at most 64 lines of at most 45 bytes.
const MAX_REQUEST: usize = MAX_NOTE + (MAX_WITNESS_PROOF + 2) * 48;

/// How long a request may take to arrive.
const ARRIVAL: Duration = Duration::from_secs(10);

/// How long a connection may last.
const CONNECTION: Duration = Duration::from_secs(120);

/// How long requests have to end when the witness stops.
const STOP: Duration = Duration::from_secs(5);

/// A witness and where it is: `/add-checkpoint` is put behind the prefix, which is empty or begins
/// with a slash.
#[derive(Clone, Debug)]
pub struct Mounted {
    /// The prefix, such as `/index` for a witness that vouches for maps.
    pub prefix: String,
    /// The witness.
    pub witness: Arc<Witness>,
}

/// Whose connection a request came by.
#[derive(Clone, Copy)]
struct Peer(IpAddr);

#[derive(Clone)]
struct Shared {
    witness: Arc<Witness>,
    rate: Arc<Rate>,
}

/// The routes of some witnesses.
pub fn router(witnesses: &[Mounted]) -> Router {
    let rate = Arc::new(Rate::default());
    let all = witnesses.iter().map(|mounted| {
        let (witness, rate) = (mounted.witness.clone(), rate.clone());
        let path = format!("{}/add-checkpoint", mounted.prefix);
        let route = Router::new().route(&path, post(add_checkpoint));
        route.with_state(Shared { witness, rate })
    });
    all.fold(Router::new(), Router::merge)
}

/// Serves until `stop` is done, and then what has begun, for a short time.
pub async fn serve(router: Router, listener: TcpListener, stop: impl Future<Output = ()>) {
    let room = Room::default();
    let mut connections = JoinSet::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => accepted,
        };
        while connections.try_join_next().is_some() {}
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // There may be no file descriptors left: others have to end first.
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        // Whoever has a network of addresses is one all the same.
        let client = crate::access::client_of(peer.ip());
        let Some(place) = room.place(client) else {
            continue;
        };
        let peer = Peer(client);
        let service = router.clone().layer(axum::Extension(peer));
        connections.spawn(async move {
            let _place = place;
            let connection = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(ARRIVAL)
                .max_buf_size(32 << 10)
                .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
            // What goes wrong with a connection is the other side's affair.
            let _ = tokio::time::timeout(CONNECTION, connection).await;
        });
    }
    let ended = async { while connections.join_next().await.is_some() {} };
    // Whatever is left is cut off when it is dropped.
    let _ = tokio::time::timeout(STOP, ended).await;
}

async fn add_checkpoint(
    State(shared): State<Shared>,
    extensions: Extensions,
    body: axum::body::Body,
) -> Response {
    let peer = extensions.get::<Peer>().map(|peer| peer.0);
    if !shared.rate.allows(peer, Instant::now()) {
        let wait = [(header::RETRY_AFTER, "1")];
        return (StatusCode::TOO_MANY_REQUESTS, wait, "too many requests\n").into_response();
    }
    let read = axum::body::to_bytes(body, MAX_REQUEST);
    let body: Bytes = match tokio::time::timeout(ARRIVAL, read).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return plain(StatusCode::PAYLOAD_TOO_LARGE, "the request is too long"),
        Err(_) => return plain(StatusCode::REQUEST_TIMEOUT, "the request did not arrive"),
    };
    match shared.witness.add_checkpoint(&body).await {
        Ok(Cosigned { line, grew }) => {
            if grew {
                shared.rate.refund(peer);
            }
            format!("{line}\n").into_response()
        }
        Err(Refusal::Request(
            WitnessError::Conflict(size) | WitnessError::RootDiffers { size, .. },
        )) => {
            let kind = [(header::CONTENT_TYPE, "text/x.tlog.size")];
            (StatusCode::CONFLICT, kind, format!("{size}\n")).into_response()
        }
        Err(refusal) => {
            let status = StatusCode::from_u16(refusal.status());
            let mut text = refusal.to_string();
            if let Some(source) = std::error::Error::source(&refusal) {
                text = format!("{text}: {source}");
            }
            plain(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), &text)
        }
    }
}

fn plain(status: StatusCode, text: &str) -> Response {
    (status, format!("{text}\n")).into_response()
}

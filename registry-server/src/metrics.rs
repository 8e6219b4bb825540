//! What is measured, for Prometheus.

use crate::app::{App, Realm, State};
use crate::log::LogId;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use std::time::Duration;
use tenon_registry_client::api::ProblemCode;

/// What is measured.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<Request, Counter>,
    seconds: Family<Route, Histogram>,
    refused: Family<Code, Counter>,
    log_size: Family<Which, Gauge>,
    disk_free: Gauge,
    state: Gauge,
    /// Connections that are open.
    pub connections: Gauge,
    /// Connections that were closed at once, since there were too many.
    pub connections_refused: Counter,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    route: &'static str,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Code {
    code: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Which {
    log: &'static str,
}

impl Metrics {
    /// Nothing was measured yet.
    pub(crate) fn new() -> Metrics {
        let mut registry = Registry::with_prefix("tenon_registry");
        let requests = Family::default();
        let seconds = Family::new_with_constructor(seconds as fn() -> Histogram);
        let (refused, log_size) = (Family::default(), Family::default());
        let (disk_free, state, connections) =
            (Gauge::default(), Gauge::default(), Gauge::default());
        let connections_refused = Counter::default();
        registry.register("requests", "Requests that were answered", requests.clone());
        registry.register(
            "request_seconds",
            "Time until an answer began",
            seconds.clone(),
        );
        registry.register("refused", "Requests that were refused", refused.clone());
        registry.register("log_size", "Leaves of a log", log_size.clone());
        registry.register("disk_free_bytes", "Room on the disk", disk_free.clone());
        registry.register("ready", "1 if the registry can be used", state.clone());
        registry.register("connections", "Open connections", connections.clone());
        registry.register(
            "connections_refused",
            "Connections that were one too many",
            connections_refused.clone(),
        );
        Metrics {
            registry,
            requests,
            seconds,
            refused,
            log_size,
            disk_free,
            state,
            connections,
            connections_refused,
        }
    }

    /// Counts an answer.
    pub(crate) fn answered(&self, route: &'static str, status: u16, time: Duration) {
        self.requests
            .get_or_create(&Request { route, status })
            .inc();
        self.seconds
            .get_or_create(&Route { route })
            .observe(time.as_secs_f64());
    }

    /// Counts a problem.
    pub(crate) fn refused(&self, code: ProblemCode) {
        let code = code.as_str();
        self.refused.get_or_create(&Code { code }).inc();
    }

    /// Everything as text.
    pub(crate) fn render(&self, app: &App) -> String {
        let realms = [Some(app.public()), app.private()];
        for realm in realms.into_iter().flatten() {
            let size = realm.log().published().checkpoint.size;
            self.log_size
                .get_or_create(&Which { log: word(realm) })
                .set(size.cast_signed());
        }
        if let Ok(free) = app.public().blobs().free_space() {
            self.disk_free.set(free.cast_signed());
        }
        self.state.set((app.state() == State::Ready).into());
        let mut text = String::new();
        // A `String` takes everything.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

fn word(realm: &Realm) -> &'static str {
    match realm.id() {
        LogId::Public => "public",
        LogId::Private => "private",
    }
}

/// From 100 µs to 6.5 s.
fn seconds() -> Histogram {
    Histogram::new(exponential_buckets(0.0001, 4.0, 9))
}

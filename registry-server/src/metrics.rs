//! What is measured, for Prometheus.

use crate::app::{App, Realm, State};
use crate::log::LogId;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use tenon_registry_client::api::ProblemCode;

/// What is measured.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<Request, Counter>,
    seconds: Family<Route, Histogram>,
    refused: Family<Code, Counter>,
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

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Refused {
    log: &'static str,
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Witness {
    log: &'static str,
    witness: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Asked {
    log: &'static str,
    witness: String,
    outcome: &'static str,
}

impl Metrics {
    /// Nothing was measured yet.
    pub(crate) fn new() -> Metrics {
        let mut registry = Registry::with_prefix("tenon_registry");
        let requests = Family::default();
        let seconds = Family::new_with_constructor(seconds as fn() -> Histogram);
        let (refused, connections) = (Family::default(), Gauge::default());
        let connections_refused = Counter::default();
        registry.register("requests", "Requests that were answered", requests.clone());
        registry.register(
            "request_seconds",
            "Time until an answer began",
            seconds.clone(),
        );
        registry.register("refused", "Requests that were refused", refused.clone());
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

    /// Everything as text: numbers of the private log only for who may know them.
    pub(crate) fn render(&self, app: &App, audience: Audience) -> String {
        let private = app.private().filter(|_| audience == Audience::Operator);
        let mut figures = Registry::with_prefix("tenon_registry");
        logs(&mut figures, [Some(app.public()), private]);
        scrubbed(&mut figures, app);
        if let Ok(free) = app.public().blobs().free_space() {
            gauge(&mut figures, "disk_free_bytes", "Room on the disk", free);
        }
        let state = app.state();
        let ready = u64::from(state == State::Ready);
        let help = "1 if the registry can be used";
        gauge(&mut figures, "ready", help, ready);
        let read_only = u64::from(state == State::ReadOnly);
        let help = "1 if the registry can only be read, since the disk is full";
        gauge(&mut figures, "read_only", help, read_only);
        let mut text = String::new();
        // A `String` takes everything.
        let _ = encode_registry(&mut text, &self.registry);
        let _ = encode_registry(&mut text, &figures);
        let _ = encode_eof(&mut text);
        text
    }
}

/// Who reads metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    /// Anyone.
    Everyone,
    /// Whoever may operate the registry.
    Operator,
}

/// What logs and their witnesses have counted themselves, as it is now.
fn logs(figures: &mut Registry, realms: [Option<&Arc<Realm>>; 2]) {
    let family = Family::<Which, Gauge>::default;
    let seconds = Family::<Which, Gauge<f64, AtomicU64>>::default();
    let (size, waiting, last) = (family(), family(), family());
    let counters = Family::<Which, Counter>::default;
    let (batches, records, incomplete) = (counters(), counters(), counters());
    let refused = Family::<Refused, Counter>::default();
    let asked = Family::<Asked, Counter>::default();
    let cosigned = Family::<Witness, Gauge>::default();
    for realm in realms.into_iter().flatten() {
        let which = Which { log: word(realm) };
        let (log, stats) = (realm.log(), realm.log().stats());
        let set = |family: &Family<Which, Gauge>, value: u64| {
            family.get_or_create(&which).set(value.cast_signed());
        };
        set(&size, log.published().checkpoint.size);
        set(&waiting, stats.waiting);
        batches.get_or_create(&which).inc_by(stats.batches);
        records.get_or_create(&which).inc_by(stats.records);
        if let Some(batch) = stats.last {
            set(&last, batch.records);
            seconds.get_or_create(&which).set(batch.time.as_secs_f64());
        }
        for (reason, count) in stats.refused {
            let log = which.log;
            let refused = refused.get_or_create(&Refused { log, reason });
            refused.inc_by(count);
        }
        let cosigning = log.cosign_figures();
        incomplete
            .get_or_create(&which)
            .inc_by(cosigning.incomplete);
        for witness in cosigning.witnesses {
            let label = Witness {
                log: which.log,
                witness: witness.name,
            };
            cosigned
                .get_or_create(&label)
                .set(witness.last.unwrap_or_default().cast_signed());
            for (outcome, count) in [
                ("cosigned", witness.cosigned),
                ("failed", witness.failed),
                ("late", witness.late),
            ] {
                let Witness { log, witness } = label.clone();
                let asked = asked.get_or_create(&Asked {
                    log,
                    witness,
                    outcome,
                });
                asked.inc_by(count);
            }
        }
    }
    figures.register("log_size", "Leaves of a log", size);
    figures.register("log_waiting", "Records that wait to be logged", waiting);
    figures.register("log_batches", "Batches that were logged", batches);
    figures.register("log_records", "Records in these batches", records);
    figures.register("log_batch_records", "Records in the last batch", last);
    figures.register("log_batch_seconds", "Time of the last batch", seconds);
    let help = "Records that were not logged, by reason";
    figures.register("log_refused", help, refused);
    let help = "Batches that lacked a cosignature at first";
    figures.register("log_incomplete", help, incomplete);
    figures.register("witness_asked", "What came of asking witnesses", asked);
    let help = "Time of a witness's last cosignature";
    figures.register("witness_last_seconds", help, cosigned);
}

/// What was read again in search of damage.
fn scrubbed(figures: &mut Registry, app: &App) {
    let counts = app.scrub().counts();
    for (name, help, value) in [
        (
            "scrub_rounds",
            "How often everything was read again",
            counts.rounds(),
        ),
        ("scrub_blobs", "Blobs that were read again", counts.blobs()),
        ("scrub_tiles", "Tiles that were read again", counts.tiles()),
        ("scrub_bytes", "Bytes that were read again", counts.bytes()),
        (
            "scrub_damaged_blobs",
            "Blobs that were put into quarantine",
            counts.damaged_blobs(),
        ),
        (
            "scrub_damaged_tiles",
            "Tiles that were found damaged",
            counts.damaged_tiles(),
        ),
    ] {
        let counter: Counter = Counter::default();
        counter.inc_by(value);
        figures.register(name, help, counter);
    }
}

fn gauge(figures: &mut Registry, name: &str, help: &str, value: u64) {
    let gauge: Gauge = Gauge::default();
    gauge.set(value.cast_signed());
    figures.register(name, help, gauge);
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

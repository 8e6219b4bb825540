//! What a registry does by itself while it runs: it reads everything again, removes what nothing names,
//! and keeps room in reserve.

use crate::app::{App, State};
use crate::care::{CareError, GcOptions, Pace, gc};
use crate::commands::fatal;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

/// From the end of a round of reading everything to the next.
const BETWEEN_ROUNDS: Duration = Duration::from_secs(24 * 60 * 60);

/// How often room on the disk is looked at.
const BETWEEN_LOOKS: Duration = Duration::from_secs(60);

/// How long an upload through the OCI door may stay without a byte of it coming in.
const UPLOADS_STAY: Duration = Duration::from_secs(60 * 60);

/// The threads that do it, until they are stopped.
#[derive(Debug)]
pub(crate) struct Upkeep {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Upkeep {
    /// Starts what the configuration asks for.
    ///
    /// # Errors
    ///
    /// There can be no more threads.
    pub(crate) fn start(app: &Arc<App>) -> io::Result<Upkeep> {
        let mut upkeep = Upkeep {
            stop: Arc::default(),
            threads: vec![],
        };
        let config = app.config();
        if config.scrub.bytes_per_second > 0 {
            upkeep.spawn("scrub", app, scrub)?;
        }
        if config.gc.every_seconds > 0 {
            upkeep.spawn("gc", app, collect)?;
        }
        upkeep.spawn("room", app, watch)?;
        Ok(upkeep)
    }

    /// Stops, and waits for that no longer than this. Whatever is broken off then does no harm.
    pub(crate) async fn stop(self, most: Duration) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in &self.threads {
            thread.thread().unpark();
        }
        let until = Instant::now() + most;
        while Instant::now() < until && !self.threads.iter().all(JoinHandle::is_finished) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    fn spawn(&mut self, name: &str, app: &Arc<App>, act: fn(&App, &AtomicBool)) -> io::Result<()> {
        let (app, stop) = (Arc::clone(app), Arc::clone(&self.stop));
        let thread = Builder::new().name(name.to_owned());
        self.threads.push(thread.spawn(move || act(&app, &stop))?);
        Ok(())
    }
}

fn scrub(app: &App, stop: &AtomicBool) {
    let pace = Pace {
        bytes_per_second: Some(app.config().scrub.bytes_per_second),
    };
    while !is_set(stop) {
        match app.scrub().run(&pace, stop) {
            Ok(report) => {
                for finding in &report.findings {
                    tracing::error!(%finding, advice = finding.kind.advice(), "damaged");
                }
            }
            Err(error) => tracing::error!(%error, "not everything could be read again"),
        }
        rest(BETWEEN_ROUNDS, stop);
    }
}

fn collect(app: &App, stop: &AtomicBool) {
    let config = &app.config().gc;
    let options = GcOptions {
        min_age: Duration::from_secs(config.min_age_seconds),
        dry_run: false,
    };
    while !is_set(stop) {
        if let Err(error) = app.oci().sweep(app, options.min_age) {
            tracing::error!(%error, "what no manifest names could not be let go of");
        }
        match gc(app.directory(), &options, app.claims()) {
            Ok(report) => tracing::info!(
                unnamed = report.unnamed.len(),
                taken_down = report.taken_down.len(),
                bytes = report.bytes,
                "removed what nothing names"
            ),
            // What is on the disk is unknown now, and only a restart finds out.
            Err(CareError::Durable(error)) if error.is_fatal() => fatal()(&error.to_string()),
            Err(error) => tracing::error!(%error, "what nothing names could not be removed"),
        }
        rest(Duration::from_secs(config.every_seconds), stop);
    }
}

fn watch(app: &App, stop: &AtomicBool) {
    let mut before = State::Ready;
    while !is_set(stop) {
        let state = app.state();
        match (before, state) {
            (State::Ready, State::ReadOnly) => {
                tracing::error!("the disk is nearly full: nothing is taken in until there is room");
            }
            (State::ReadOnly, State::Ready) => tracing::info!("there is room on the disk again"),
            _ => {}
        }
        before = state;
        app.oci().expire(UPLOADS_STAY);
        if let Err(error) = app.keep_reserve() {
            tracing::warn!(%error, "no room is kept in reserve");
        }
        rest(BETWEEN_LOOKS, stop);
    }
}

fn is_set(stop: &AtomicBool) -> bool {
    stop.load(Ordering::Relaxed)
}

/// Waits, unless it is to stop.
fn rest(time: Duration, stop: &AtomicBool) {
    let begun = Instant::now();
    while let Some(left) = time
        .checked_sub(begun.elapsed())
        .filter(|left| !left.is_zero())
    {
        if is_set(stop) {
            return;
        }
        std::thread::park_timeout(left);
    }
}

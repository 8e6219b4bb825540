//! `tenon log monitor`: reads everything, and says what is wrong.

use crate::args::LogMonitor;
use crate::error::Failure;
use crate::exit::ExitKind;
use crate::remote::Remote;
use crate::ui::{self, Document, Ui};
use serde::Serialize;
use std::error::Error as _;
use tenon_registry_client::http::{Error, Followed};
use tenon_registry_client::monitor::{Finding, Monitor};

/// The most findings that are shown.
const SHOWN: usize = 20;

#[derive(Serialize)]
struct MonitorContent {
    origin: String,
    /// The size before.
    from: u64,
    size: u64,
    root: String,
    /// How many tiles were compared.
    tiles: u64,
    packages: usize,
}

pub(super) fn run(ui: &Ui, remote: &Remote, args: &LogMonitor) -> Result<(), Failure> {
    let mut monitor = Monitor::pinned(&remote.registry.pin);
    loop {
        let result = remote.wait_raw(look(remote, &mut monitor));
        // What was read before something went wrong counts, too.
        if !monitor.findings().is_empty() {
            return Err(found(&monitor));
        }
        match result {
            Ok(followed) => report(ui, &monitor, &followed)?,
            Err(error) if args.once || !error.is_unavailable() => return Err(remote.failure(error)),
            Err(error) => ui.warn(&remote.failure(error).summary()),
        }
        if args.once {
            return Ok(());
        }
        remote.wait(async {
            tokio::time::sleep(args.interval).await;
            Ok(())
        })?;
    }
}

/// Reads what is new. What the log was before is remembered first, so that it is held against it.
async fn look(remote: &Remote, monitor: &mut Monitor) -> Result<Followed, Error> {
    let light = remote.client.registry().await;
    let followed = remote.client.follow(monitor).await;
    // A log that the light client refuses is read all the same: that says more.
    light.and(followed)
}

fn report(ui: &Ui, monitor: &Monitor, followed: &Followed) -> Result<(), Failure> {
    let checkpoint = followed.checkpoint.checkpoint();
    if ui.json {
        let content = MonitorContent {
            origin: checkpoint.origin.to_string(),
            from: followed.from,
            size: checkpoint.size,
            root: checkpoint.root.to_string(),
            tiles: followed.tiles,
            packages: monitor.packages().count(),
        };
        return ui.document(&Document::new("tenon/log-monitor/1", content));
    }
    let new = checkpoint.size.saturating_sub(followed.from);
    if followed.from > 0 && new == 0 && !ui.verbose {
        return Ok(());
    }
    ui.say(&format!(
        "{} at {} records, {} of them new: nothing is wrong",
        ui::clean_line(checkpoint.origin.as_str()),
        ui::thousands(checkpoint.size),
        ui::thousands(new),
    ));
    Ok(())
}

/// The failure for a log that no honest registry writes.
fn found(monitor: &Monitor) -> Failure {
    let findings = monitor.findings();
    let count = findings.len() + monitor.dropped_findings();
    let mut notes: Vec<_> = findings.iter().take(SHOWN).map(line).collect();
    if count > SHOWN {
        notes.push(format!("and {} more", count - SHOWN));
    }
    Failure {
        exit: ExitKind::Refused,
        ..Failure::new(
            "registry::log-wrong",
            format!(
                "the log says what no honest registry writes: {}",
                ui::count(count, "finding")
            ),
        )
    }
    .notes(notes)
    .help("keep a copy with `tenon log mirror`, and ask the registry's operator and its witnesses")
}

fn line(finding: &Finding) -> String {
    let mut line = format!("record {}", ui::thousands(finding.index));
    let mut next = finding.source();
    while let Some(cause) = next {
        line.push_str(&format!(": {cause}"));
        next = cause.source();
    }
    ui::clean_line(&line)
}

//! Bars that show how far a transfer is.

use super::clean_line;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::{Duration, Instant};
use tenon_registry_client::http::{Meter, Progress, Transfer, TransferKind};

/// What takes less than this is not shown.
const BLINK: Duration = Duration::from_millis(300);

/// A bar for each transfer, one below the other on standard error.
#[derive(Default)]
pub(super) struct Bars(MultiProgress);

struct Bar {
    all: MultiProgress,
    bar: ProgressBar,
    begun: Instant,
    shown: bool,
}

impl Progress for Bars {
    fn begin(&self, transfer: Transfer<'_>) -> Box<dyn Meter> {
        let (what, template) = match transfer.kind {
            TransferKind::Download => (
                "fetching",
                "{msg} {wide_bar} {binary_bytes}/{binary_total_bytes}",
            ),
            TransferKind::Upload => (
                "sending",
                "{msg} {wide_bar} {binary_bytes}/{binary_total_bytes}",
            ),
            TransferKind::Log => ("reading", "{msg} {wide_bar} {pos}/{len}"),
        };
        let bar = ProgressBar::with_draw_target(Some(transfer.total), ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(format!("{what} {}", clean_line(transfer.what)));
        Box::new(Bar {
            all: self.0.clone(),
            bar,
            begun: Instant::now(),
            shown: false,
        })
    }
}

impl Meter for Bar {
    fn reach(&mut self, done: u64) {
        if !self.shown && self.begun.elapsed() > BLINK {
            self.bar = self.all.add(self.bar.clone());
            self.shown = true;
        }
        self.bar.set_position(done);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

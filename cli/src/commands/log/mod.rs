//! `tenon log`: the log of a registry itself.

mod mirror;
mod monitor;
mod record;
mod show;

use crate::args::{Global, Log};
use crate::error::Failure;
use crate::remote::Remote;
use crate::ui::Ui;

pub(crate) fn run(ui: &Ui, command: &Log, global: &Global) -> Result<(), Failure> {
    let remote = Remote::chosen(ui, global)?;
    match command {
        Log::Show(_) => show::run(ui, &remote),
        Log::Record(args) => record::run(ui, &remote, args),
        Log::Monitor(args) => monitor::run(ui, &remote, args),
        Log::Mirror(args) => mirror::run(ui, &remote, args),
    }
}

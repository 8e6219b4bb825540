//! `tenon wit`: WIT, shown, fetched and built.

mod build;
mod fetch;
mod show;

pub(super) use build::of_project;
pub(super) use fetch::fetch;

use crate::args::{Global, Wit, WitCommand};
use crate::error::Failure;
use crate::ui::Ui;

pub(crate) fn run(ui: &mut Ui, args: &Wit, global: &Global) -> Result<(), Failure> {
    match (&args.command, &args.input) {
        (Some(WitCommand::Fetch(args)), _) => fetch::run(ui, args, global),
        (Some(WitCommand::Build(args)), _) => build::run(ui, args),
        (None, Some(input)) => show::run(ui, input, args.output.as_deref(), &args.packages, global),
        (None, None) => Err(Failure::usage("nothing says whose WIT to print")
            .help("name a file, a folder or a package")),
    }
}

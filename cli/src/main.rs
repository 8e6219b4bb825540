//! The `tenon` command.

mod args;
mod baseline;
mod choice;
mod commands;
mod config;
mod credentials;
mod diagnostic;
mod error;
mod exit;
mod explain;
mod extraction;
mod interrupted;
mod key_file;
mod keys;
mod obligation;
mod oci;
mod places;
mod project;
mod publication;
mod pulled;
mod reading;
mod remembered;
mod remote;
mod script;
mod secret;
mod signing;
mod source;
mod stored;
mod suggestion;
mod token;
mod ui;
mod wac;
mod wanted;
mod wit;
mod write;

use args::{Cli, Command};
use clap::Parser;
use error::Failure;
use exit::ExitKind;
use std::process::ExitCode;
use ui::Ui;

fn main() -> ExitCode {
    report_panics();
    let mut cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return wrong_line(&error),
    };
    cli.global.locked |= cli.global.frozen;
    cli.global.offline |= cli.global.frozen;
    let global = &cli.global;
    let mut ui = Ui::new(global);
    let registry = global.registry.as_deref();
    let result = match &cli.command {
        Command::Plug(args) => commands::plug::run(&mut ui, args, global),
        Command::Compose(args) => commands::compose::run(&mut ui, args, global).map(drop),
        Command::Inspect(args) => commands::inspect::run(&ui, args, global),
        Command::Graph(args) => commands::graph::run(&ui, args, global),
        Command::Wit(args) => commands::wit::run(&mut ui, args, global),
        Command::Targets(args) => commands::targets::run(&ui, args, global),
        Command::Diff(args) => commands::diff::run(&mut ui, args, global),
        Command::Validate(args) => commands::validate::run(&ui, args, global),
        Command::Fmt(args) => commands::fmt::run(&mut ui, args),
        Command::Check(args) => commands::check::run(&ui, args, global),
        Command::Parse(args) => commands::parse::run(&ui, args),
        Command::Resolve(args) => commands::resolve::run(&ui, args, global),
        Command::Init(args) => commands::init::run(&ui, args),
        Command::Add(args) => commands::add::run(&ui, args, global),
        Command::Remove(args) => commands::remove::run(&ui, args, global),
        Command::Lock(args) => commands::lock::run(&ui, args, global),
        Command::Update(args) => commands::update::run(&ui, args, global),
        Command::Fetch(args) => commands::fetch::run(&ui, args, global),
        Command::Build(args) => commands::build::run(&mut ui, args, global),
        Command::Tree(args) => commands::tree::run(&ui, args),
        Command::Why(args) => commands::why::run(&ui, args),
        Command::Outdated(args) => commands::outdated::run(&ui, args, global),
        Command::Search(args) => commands::search::run(&ui, args, global),
        Command::Info(args) => commands::info::run(&ui, args, global),
        Command::Get(args) => commands::get::run(&mut ui, args, global),
        Command::Publish(args) => commands::publish::run(&ui, args, global),
        Command::Yank(args) => commands::yank::run(&ui, args, global),
        Command::Verify(args) => commands::verify::run(&ui, args, global),
        Command::Log(args) => commands::log::run(&ui, args, global),
        Command::Login(args) => commands::login::run(&ui, args, global),
        Command::Logout(args) => commands::logout::run(&ui, args, registry),
        Command::Whoami(_) => commands::whoami::run(&ui, global),
        Command::Key(args) => commands::key::run(&ui, args),
        Command::Namespace(args) => commands::namespace::run(&ui, args, global),
        Command::Registry(args) => commands::registry::run(&ui, args, registry),
        Command::Config(args) => commands::config::run(&ui, args, registry),
        Command::Explain(args) => commands::explain::run(&ui, args),
        Command::Completions(args) => commands::completions::run(&ui, args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            ui.fail(&failure);
            failure.exit.into()
        }
    }
}

/// Reports a command line that cannot be understood, as JSON if it asks for that; or prints the help
/// that it asks for.
fn wrong_line(error: &clap::Error) -> ExitCode {
    let wants_json = std::env::args_os().any(|word| word == "--json");
    if wants_json && error.use_stderr() {
        let text = error.render().to_string();
        let message = text.trim().trim_start_matches("error: ");
        let failure = Failure::usage(message).help("`tenon help` says what there is");
        Ui::json().fail(&failure);
        return failure.exit.into();
    }
    // There is nobody left to tell if this fails.
    let _ = error.print();
    match error.use_stderr() {
        true => ExitKind::Usage.into(),
        false => ExitCode::SUCCESS,
    }
}

/// Has a panic say where to report it; `RUST_BACKTRACE` brings back the usual report.
fn report_panics() {
    if std::env::var_os("RUST_BACKTRACE").is_some() {
        return;
    }
    std::panic::set_hook(Box::new(|panic| {
        use std::io::Write;
        let _ = writeln!(
            anstream::stderr(),
            "tenon has a defect and must stop: {panic}\nplease report this, with the command and, if you can, its inputs"
        );
    }));
}

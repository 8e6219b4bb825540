//! What `tenon-registry` does, one file for each command.

mod describe;
mod init;
mod serve;
mod token;

pub mod key;
pub mod namespace;
pub mod takedown;
pub mod witness;

pub mod backup;
pub mod fsck;
pub mod gc;
pub mod rebuild;
pub mod restore;
pub mod scrub;

use crate::care::CareError;
use crate::config::Config;
use crate::directory::DirectoryError;
use crate::log::{Cosigning, Fatal};
use clap::{Args, Parser, Subcommand};
use describe::Described;
use serde::Serialize;
use std::error::Error;
use std::fmt::Display;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// The command line.
#[derive(Debug, Parser)]
#[command(
    name = "tenon-registry",
    version,
    about = "A registry of WebAssembly components",
    after_help = "`tenon-registry serve` is all that it takes to begin.\n\n\
        Exit codes: 0 it is done; 1 it is not; 2 the command line is wrong; 10 to 15 something is wrong \
        with the log itself, its files, content, the database, keys, or what was taken down and is there"
)]
pub struct CommandLine {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    command: Command,
}

/// Where the registry is.
#[derive(Clone, Debug, Args)]
struct Place {
    /// The directory that holds everything
    #[arg(
        long,
        global = true,
        env = "TENON_REGISTRY_DATA",
        default_value = "tenon-registry-data"
    )]
    data: PathBuf,
    /// The configuration, if it is not `config.toml` in the data directory
    #[arg(long, global = true, env = "TENON_REGISTRY_CONFIG")]
    config: Option<PathBuf>,
    /// Sets what the configuration could set, such as `limits.connections=100`
    #[arg(long = "set", global = true, value_name = "KEY=VALUE", value_parser = setting)]
    settings: Vec<(String, String)>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve a registry; make one first, if there is none
    Serve(serve::Serve),
    /// Make a registry without serving it
    Init(init::Init),
    /// Make, list and revoke tokens
    #[command(subcommand)]
    Token(token::Token),
    /// List and replace the registry's own keys
    Key(key::KeyArgs),
    /// List and reserve namespaces
    Namespace(namespace::NamespaceArgs),
    /// Take the content of a release away, for good: its record stays, and says so
    Takedown(takedown::TakedownArgs),
    /// Cosign the checkpoints of other registries
    Witness(witness::WitnessArgs),
    /// Compare everything in a data directory with everything else
    Fsck(fsck::FsckArgs),
    /// Make the database again from the log and the content
    Rebuild(rebuild::RebuildArgs),
    /// Hash all content again and read all tiles
    Scrub(scrub::ScrubArgs),
    /// Remove content that no release names
    Gc(gc::GcArgs),
    /// Copy a data directory; the registry may run
    Backup(backup::BackupArgs),
    /// Put a copy that `backup` made into an empty data directory
    Restore(restore::RestoreArgs),
}

/// What may go wrong with a command: whatever it is, it is shown and that is all.
type Failure = Box<dyn Error + Send + Sync>;

impl CommandLine {
    /// Does what it says.
    pub fn run(self) -> ExitCode {
        let CommandLine { place, command } = self;
        let (data, mut out) = (place.data.as_path(), io::stdout());
        let cared = match command {
            Command::Serve(serve) => return end(serve::serve(&place, serve)),
            Command::Init(init) => return end(init::init(&place, &init)),
            Command::Token(token) => return end(token::token(&place, token)),
            Command::Key(args) => {
                return end(offline(&place, |cosigning| args.run(data, cosigning)));
            }
            Command::Namespace(args) => {
                return end(offline(&place, |cosigning| args.run(data, cosigning)));
            }
            Command::Takedown(args) => {
                return end(offline(&place, |cosigning| args.run(data, cosigning)));
            }
            Command::Witness(args) => return end(witness::serve(data, &args)),
            Command::Fsck(args) => match Described::start() {
                Ok(described) => fsck::run(data, &args, Some(&described), &mut out),
                Err(error) => return end(Err(error.into())),
            },
            Command::Rebuild(args) => match Described::start() {
                Ok(described) => rebuild::run(data, &args, Some(&described), &mut out),
                Err(error) => return end(Err(error.into())),
            },
            Command::Scrub(args) => scrub::run(data, &args, &AtomicBool::new(false), &mut out),
            Command::Gc(args) => gc::run(data, &args, &mut out),
            Command::Backup(args) => backup::run(data, &args, &mut out),
            Command::Restore(args) => restore::run(data, &args, vec![], &mut out),
        };
        match cared {
            Ok(code) => code.into(),
            Err(error) => {
                say_error(&error);
                error.exit_code().into()
            }
        }
    }
}

impl Place {
    /// The configuration, in which the command line has the last word.
    fn load(&self, flags: Vec<(String, String)>) -> Result<Config, Failure> {
        let own = self.data.join("config.toml");
        let file = match &self.config {
            Some(file) => Some(file.clone()),
            None => own.exists().then_some(own),
        };
        let flags = flags.into_iter().chain(self.settings.clone());
        Ok(Config::load(file.as_deref(), std::env::vars(), flags)?)
    }
}

/// Does what opens the log of a registry that is stopped, and shows what came of it.
fn offline<T: Display, E: Into<Failure>>(
    place: &Place,
    act: impl AsyncFnOnce(Cosigning) -> Result<T, E>,
) -> Result<(), Failure> {
    if !place.data.join("registry.sqlite").exists() {
        return Err(DirectoryError::Nothing(place.data.clone()).into());
    }
    let cosigning = place.load(vec![])?.cosigning()?;
    let runtime = tokio::runtime::Runtime::new()?;
    let done = runtime.block_on(act(cosigning)).map_err(Into::into)?;
    say(done.to_string().trim_end());
    Ok(())
}

fn end(done: Result<(), Failure>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say_error(error.as_ref());
            ExitCode::FAILURE
        }
    }
}

/// What is done when nothing may be written any more: what was written is found out by a restart.
pub(crate) fn fatal() -> Fatal {
    Arc::new(|reason: &str| {
        tracing::error!(reason, "this cannot go on: ending");
        std::process::abort()
    })
}

fn setting(text: &str) -> Result<(String, String), String> {
    let parts = text.split_once('=');
    let (key, value) = parts.ok_or_else(|| format!("`{text}` is not `KEY=VALUE`"))?;
    Ok((key.to_owned(), value.to_owned()))
}

/// Shows what is asked for. That nobody reads it is no reason to stop.
fn say(text: &str) {
    // All lines at once, so that whoever reads them does not have to wait for more.
    let _ = std::io::stdout().write_all(format!("{text}\n").as_bytes());
}

fn say_error(error: &dyn Error) {
    let mut text = format!("error: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!("\n  cause: {error}"));
        cause = error.source();
    }
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Why a command was not done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// It cannot be done.
    #[error(transparent)]
    Care(#[from] CareError),
    /// A file that was named cannot be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Nobody takes the report.
    #[error("cannot write the report")]
    Write(#[source] io::Error),
}

impl CommandError {
    /// The exit code: that of the gravest finding, if there are any, else 1.
    pub fn exit_code(&self) -> u8 {
        match self {
            CommandError::Care(CareError::Damaged { findings, .. }) => {
                let gravest = findings.iter().map(|finding| finding.kind).min();
                gravest.map_or(1, crate::care::FindingKind::exit_code)
            }
            _ => 1,
        }
    }
}

/// Checkpoints that others have seen.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct KnownArgs {
    /// A checkpoint that a witness, a mirror or a client has, as a file; can be given several times
    #[arg(long = "known-checkpoint", value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

impl KnownArgs {
    fn read(&self) -> Result<Vec<Vec<u8>>, CommandError> {
        let read = |path: &PathBuf| {
            std::fs::read(path).map_err(|source| CommandError::Read {
                path: path.clone(),
                source,
            })
        };
        self.files.iter().map(read).collect()
    }
}

fn write(
    out: &mut dyn Write,
    report: &(impl Serialize + Display),
    json: bool,
) -> Result<(), CommandError> {
    let written = match json {
        true => serde_json::to_writer_pretty(&mut *out, report)
            .map_err(io::Error::from)
            .and_then(|()| writeln!(out)),
        false => write!(out, "{report}"),
    };
    written.map_err(CommandError::Write)
}

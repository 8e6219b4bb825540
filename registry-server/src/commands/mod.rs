//! What `tenon-registry` does, one file for each command.

mod init;
mod serve;
mod token;

use clap::{Args, Parser, Subcommand};
use std::error::Error;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use tenon_registry_server::config::Config;

/// The command line.
#[derive(Debug, Parser)]
#[command(
    name = "tenon-registry",
    version,
    about = "A registry of WebAssembly components"
)]
pub(crate) struct CommandLine {
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
}

/// What may go wrong with a command: whatever it is, it is shown and that is all.
type Failure = Box<dyn Error + Send + Sync>;

impl CommandLine {
    /// Does what it says.
    pub(crate) fn run(self) -> ExitCode {
        let CommandLine { place, command } = self;
        let done = match command {
            Command::Serve(serve) => serve::serve(&place, serve),
            Command::Init(init) => init::init(&place, &init),
            Command::Token(token) => token::token(&place, token),
        };
        match done {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                say_error(error.as_ref());
                ExitCode::FAILURE
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

fn say_error(error: &(dyn Error + Send + Sync)) {
    let mut text = format!("error: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!("\n  cause: {error}"));
        cause = error.source();
    }
    let _ = writeln!(std::io::stderr(), "{text}");
}

//! The command that shows the configuration.

use clap::{Args, Subcommand};

/// Show what is configured, and what says so.
#[derive(Subcommand)]
pub(crate) enum Config {
    Show(ConfigShow),
}

/// Show what is configured: registries, namespaces, directories, and the environment.
///
/// The command line outweighs the environment, that the project's `tenon.toml`, that your `config.toml`, and that the
/// configuration of `wkg`, of which only the namespaces count. No token is shown.
#[derive(Args)]
#[command(after_help = "Example: tenon config show --origin")]
pub(crate) struct ConfigShow {
    /// Say which file or variable each comes from, and what it outweighs.
    #[arg(long)]
    pub(crate) origin: bool,
}

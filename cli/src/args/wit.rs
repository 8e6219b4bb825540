//! The command lines of WIT.

use super::{Agreement, Packages};
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Print WIT, fetch what it uses, or build a WIT package.
#[derive(Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "A file that is called as a command is named with its folder: `tenon wit ./build`."
)]
pub(crate) struct Wit {
    #[command(subcommand)]
    pub(crate) command: Option<WitCommand>,

    /// A component, a WIT package, a `.wit` file, a directory of WIT, a package of a registry, or `-` for standard input; or a
    /// document in WAC (`.wac`), of whose composition it is the WIT.
    #[arg(value_name = "PATH", required = true)]
    pub(crate) input: Option<String>,

    /// Where to write; `-` or nothing means standard output.
    #[arg(short, long, value_name = "PATH")]
    pub(crate) output: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) packages: Packages,
}

/// What else is done with WIT.
#[derive(Subcommand)]
pub(crate) enum WitCommand {
    Fetch(WitFetch),
    Build(WitBuild),
}

/// Fill the folder `deps` of the project's WIT with the packages that are locked.
///
/// What the WIT uses is locked first, if it is not yet. Each package becomes a folder with its text, in which references to
/// others are to the versions that are locked. What someone else has put there stays, and is used as it is.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  tenon wit fetch\n  tenon wit fetch --replace    # take over what `wkg` fetched"
)]
pub(crate) struct WitFetch {
    /// Fetch what someone else has put there, too, such as `wkg wit fetch`, where the registry has the same version of it.
    /// It is asked before anything is replaced that is not the same.
    #[arg(long)]
    pub(crate) replace: bool,

    #[command(flatten)]
    pub(crate) agreement: Agreement,
}

/// Make a WIT package in the binary format of a folder of WIT text.
///
/// It holds the package that the text in the folder declares. The packages that it uses are taken from the folder
/// `deps` in it; they are not part of what is made. Items that are `@unstable` are part of it, and say so.
#[derive(Args)]
#[command(after_help = "Example: tenon wit build wit -o shop.wasm")]
pub(crate) struct WitBuild {
    /// The folder of WIT text; if not given, that of the project, or else `wit`.
    #[arg(value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,

    /// Where to write; `-` means standard output. Without it, a file that is called after package and version.
    #[arg(short, long, value_name = "PATH")]
    pub(crate) output: Option<PathBuf>,
}

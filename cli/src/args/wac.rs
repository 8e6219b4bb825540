//! The command lines of documents in WAC and WIT.

use clap::Args;
use std::path::PathBuf;

/// Write documents in WAC and WIT in the one style.
///
/// Four spaces are a level, and what fits into 100 characters is on one line. Nothing of what is said changes, and comments stay. A
/// document with errors stays as it is, and all of them are shown.
#[derive(Args)]
#[command(after_help = "Examples:\n  tenon fmt .\n  tenon fmt --check app.wac wit")]
pub(crate) struct Fmt {
    /// Files; folders, of which every `.wac` and `.wit` file is meant, but none in folders that are hidden or called `deps`; or `-`
    /// for standard input, which is written to standard output.
    #[arg(value_name = "PATH", required = true)]
    pub(crate) paths: Vec<PathBuf>,

    /// Write nothing, but list what is not in the style, and end with exit code 1 if anything is not.
    #[arg(long)]
    pub(crate) check: bool,
}

/// Print what a document in WAC or WIT says, as JSON.
#[derive(Args)]
#[command(after_help = "Example: tenon parse app.wac")]
pub(crate) struct Parse {
    /// The document: a file, or `-` for standard input. Only that of a file that is not called `.wit` has to begin with `package`.
    #[arg(value_name = "PATH")]
    pub(crate) path: PathBuf,
}

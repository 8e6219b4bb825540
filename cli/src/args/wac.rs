//! The command lines of documents in WAC and WIT.

use super::GraphFormat;
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

/// Where the packages of a document are.
#[derive(Args, Clone)]
pub(crate) struct Packages {
    /// The folder with the packages of a document in WAC: `NAMESPACE/NAME.wasm`, `.wat` or `.wit`, or a folder of WIT of that name;
    /// those of a version in `NAMESPACE/NAME/VERSION.wasm`, and so on. It is `deps` if not given.
    #[arg(long, value_name = "DIR")]
    pub(crate) deps_dir: Option<PathBuf>,

    /// Where a package of the document is, whatever the folder has: a component, a WIT package or a folder of WIT. Without a
    /// version, it is the package in every version. May be given several times.
    #[arg(short, long = "dep", value_name = "NAME[@VERSION]=PATH")]
    pub(crate) deps: Vec<String>,
}

/// Say what is wrong with a document in WAC, and build nothing.
///
/// Its packages are found and validated, and everything is looked at that `tenon compose` would, with the world that it targets. All
/// errors are shown; there is exit code 1 if there are any.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  tenon check shop.wac\n  tenon check shop.wac --json    # for an editor"
)]
pub(crate) struct Check {
    /// The document: a file, or `-` for standard input. If it is not given, the one that the project composes.
    #[arg(value_name = "PATH")]
    pub(crate) path: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) packages: Packages,

    /// Do not validate function bodies. Types, and the composition itself, are always checked.
    #[arg(long)]
    pub(crate) no_validate: bool,
}

/// Draw how what a document in WAC describes is wired.
///
/// The document must be without errors; nothing is built.
#[derive(Args)]
#[command(after_help = "Example: tenon resolve shop.wac --format dot")]
pub(crate) struct Resolve {
    /// The document: a file, or `-` for standard input.
    #[arg(value_name = "PATH")]
    pub(crate) path: PathBuf,

    #[command(flatten)]
    pub(crate) packages: Packages,

    /// In which form.
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: GraphFormat,
}

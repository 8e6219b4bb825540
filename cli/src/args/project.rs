//! The arguments of the commands for projects.

use clap::Args;
use std::path::PathBuf;

/// Make a project: a `tenon.toml`.
///
/// What is there already is taken over: the name of a WIT package in `wit/`, what `wkg.toml` overrides and says of the
/// package, and, when the project is locked for the first time, the versions in `wkg.lock`.
#[derive(Args)]
#[command(after_help = "Example: tenon init --name acme:shop --socket app.wasm")]
pub(crate) struct Init {
    /// The folder, which is made if it is not there; the current one if not given.
    #[arg(value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,

    /// What the project is called, as a package: `NAMESPACE:NAME`.
    #[arg(long, value_name = "PACKAGE")]
    pub(crate) name: Option<String>,

    /// The component whose imports are to be filled: a file, or a package.
    #[arg(long, value_name = "PATH")]
    pub(crate) socket: Option<PathBuf>,
}

/// Add packages to the project, and lock them.
///
/// Without a version it is the highest that is neither yanked nor a prerelease. A whole version is locked as it is, and
/// may be updated to those that are compatible with it; anything else is the requirement.
#[derive(Args)]
#[command(after_help = "Example: tenon add acme:logger wasi:http@0.2")]
pub(crate) struct Add {
    /// The packages, as `NAMESPACE:NAME` or `NAMESPACE:NAME@REQUIREMENT`.
    #[arg(value_name = "PACKAGE", required = true)]
    pub(crate) packages: Vec<String>,

    /// A component, a WIT package or a folder of WIT that is this package, in place of a release.
    #[arg(long, value_name = "PATH")]
    pub(crate) path: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) agreement: Agreement,
}

/// Remove packages from the project, and from its lock file.
#[derive(Args)]
pub(crate) struct Remove {
    /// The packages, as `NAMESPACE:NAME`.
    #[arg(value_name = "PACKAGE", required = true)]
    pub(crate) packages: Vec<String>,

    #[command(flatten)]
    pub(crate) agreement: Agreement,
}

/// Bring the lock file up to date with what the project asks for.
///
/// What is locked stays where it still fits. A lock file that fits already is left as it is, and no registry is asked.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  tenon lock\n  tenon lock --locked     # in CI: fail if it would change\n  \
    tenon lock --merge      # after a merge with conflicts in tenon.lock"
)]
pub(crate) struct Lock {
    /// Make one lock file of the two sides of a merge that left its conflicts in it.
    #[arg(long)]
    pub(crate) merge: bool,

    #[command(flatten)]
    pub(crate) agreement: Agreement,
}

/// Take newer versions of what is locked, as far as the requirements let.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  tenon update\n  tenon update acme:logger\n  \
    tenon update acme:logger --precise 1.2.0"
)]
pub(crate) struct Update {
    /// Only these packages; all if none is given.
    #[arg(value_name = "PACKAGE")]
    pub(crate) packages: Vec<String>,

    /// Take this version, yanked or not.
    #[arg(long, value_name = "VERSION", requires = "packages")]
    pub(crate) precise: Option<String>,

    /// Show what would change, and write nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,

    #[command(flatten)]
    pub(crate) agreement: Agreement,
}

/// Build the project: fetch, verify and compose what is locked, or make its WIT package.
///
/// If nothing has changed since the last build, nothing is done.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  tenon build\n  tenon build --auto      # look in registries for what fills open imports"
)]
pub(crate) struct Build {
    /// Look in the registries for packages that export what is left open, and add them to the project.
    ///
    /// The names of open imports are sent to the registries that namespaces are mapped to, and to the default. A package
    /// that is the only one to fit in such a namespace is taken; anything else is asked. `--yes` takes the first of several,
    /// but none of a namespace that nobody knows, unless it is the only one.
    #[arg(long)]
    pub(crate) auto: bool,

    /// Where to write; what the manifest says, or else `build/NAME.wasm`.
    #[arg(short, long, value_name = "PATH")]
    pub(crate) output: Option<PathBuf>,

    /// Build, even if nothing has changed.
    #[arg(long)]
    pub(crate) force: bool,

    /// Do not validate function bodies. Types, and the composition itself, are always checked.
    #[arg(long)]
    pub(crate) no_validate: bool,

    #[command(flatten)]
    pub(crate) agreement: Agreement,
}

/// Show what the project depends on, and what that does.
#[derive(Args)]
pub(crate) struct Tree {
    /// Show who needs what, from each package to the project.
    #[arg(long)]
    pub(crate) invert: bool,
}

/// Say why a package is locked, and why in this version.
#[derive(Args)]
pub(crate) struct Why {
    /// The package, as `NAMESPACE:NAME`.
    #[arg(value_name = "PACKAGE")]
    pub(crate) package: String,
}

/// List what is locked and has newer releases, or is yanked.
#[derive(Args)]
pub(crate) struct Outdated {
    /// End with exit code 1 if there is anything to list.
    #[arg(long)]
    pub(crate) exit_code: bool,
}

/// What is agreed to without being asked.
#[derive(Args)]
pub(crate) struct Agreement {
    /// Do not ask.
    #[arg(short, long)]
    pub(crate) yes: bool,
}

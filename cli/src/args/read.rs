//! The commands that ask a registry, and change nothing of it.

use super::Agreement;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

/// Fetch a release, verify it, and write it to a file.
///
/// Without a version it is the highest that is neither yanked nor a prerelease. A whole version means that
/// one, yanked or not; anything else, such as `1.4` or `^1.4`, the highest that meets it, as cargo has it.
#[derive(Args)]
#[command(after_help = "Example: tenon get acme:http@1.4 -o http.wasm")]
pub(crate) struct Get {
    /// The package, as `NAMESPACE:NAME` or `NAMESPACE:NAME@VERSION`; or a place in a registry that speaks OCI, of which
    /// nothing is verified but the digest: `oci://HOST/NAMESPACE/NAME:TAG`, or with `@sha256:...`.
    #[arg(value_name = "PACKAGE")]
    pub(crate) package: String,

    /// Where to write: a file, a folder, or `-` for standard output; else `NAMESPACE-NAME-VERSION.wasm` here.
    #[arg(short, long, value_name = "PATH")]
    pub(crate) output: Option<PathBuf>,
}

/// Fetch releases into the cache and verify them, to use them without the network.
///
/// A package that is named without a version is the highest there is, in a project, too; with `--locked` it is what the
/// project has locked. Of what a document names, it is what the project has locked, as for `tenon compose`.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  tenon fetch acme:http@1.4\n  tenon fetch --deps-dir deps shop.wac    # for `wac`, or to compose without a registry"
)]
pub(crate) struct Fetch {
    /// The packages, as for `tenon get`, or documents called `.wac`, whose packages are meant; if none is given, all that the
    /// project has locked.
    #[arg(value_name = "PACKAGE")]
    pub(crate) packages: Vec<String>,

    /// A folder that they are written to as well, laid out as `tenon compose` and `wac` look for packages: a package that is
    /// named without a version as `NAMESPACE/NAME.wasm`, else `NAMESPACE/NAME/VERSION.wasm`.
    #[arg(long, value_name = "DIR")]
    pub(crate) deps_dir: Option<PathBuf>,

    /// Replace what that folder has in their places with other bytes.
    #[arg(long, requires = "deps_dir")]
    pub(crate) replace: bool,

    #[command(flatten)]
    pub(crate) agreement: Agreement,
}

/// Show a package: what the log proves, and what the registry says.
#[derive(Args)]
pub(crate) struct Info {
    /// The package, as for `tenon get`.
    #[arg(value_name = "PACKAGE")]
    pub(crate) package: String,
}

/// Search a registry for packages.
///
/// What is found is the registry's word, and nothing is downloaded.
#[derive(Args)]
#[command(after_help = "Example: tenon search --exports wasi:http/incoming-handler@0.2")]
pub(crate) struct Search {
    /// Words in the name or the description.
    #[arg(value_name = "WORD")]
    pub(crate) words: Vec<String>,

    /// An interface that it exports, such as `wasi:http/incoming-handler@0.2`.
    #[arg(long, value_name = "INTERFACE")]
    pub(crate) exports: Option<String>,

    /// An interface that it imports.
    #[arg(long, value_name = "INTERFACE")]
    pub(crate) imports: Option<String>,

    /// What it is.
    #[arg(long, value_name = "KIND")]
    pub(crate) kind: Option<PackageKind>,

    /// Its namespace.
    #[arg(long, value_name = "NAMESPACE")]
    pub(crate) namespace: Option<String>,

    /// The most packages to list.
    #[arg(long, value_name = "NUMBER", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) limit: u32,
}

/// The kinds of packages.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum PackageKind {
    /// A component.
    Component,
    /// A WIT package.
    Wit,
}

/// Verify a release, and say what was checked.
#[derive(Args)]
#[command(after_help = "Example: tenon verify acme:http@1.4.0 http.wasm")]
pub(crate) struct Verify {
    /// The package, as for `tenon get`.
    #[arg(value_name = "PACKAGE")]
    pub(crate) package: String,

    /// A file that should be this release; without one, its content is fetched.
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<String>,
}

/// Look at the log of a registry.
#[derive(Subcommand)]
pub(crate) enum Log {
    Show(LogShow),
    Record(LogRecord),
    Monitor(LogMonitor),
    Mirror(LogMirror),
}

/// Show the checkpoint of the log, who vouches for it, and its keys.
#[derive(Args)]
pub(crate) struct LogShow {}

/// Print a record of the log, once it is proved to be there.
#[derive(Args)]
pub(crate) struct LogRecord {
    /// Its index; the first is 0.
    #[arg(value_name = "INDEX")]
    pub(crate) index: u64,
}

/// Read the whole log, and report what no honest registry writes.
///
/// It computes for itself what other commands take from the registry's map, and so finds out what is
/// hidden. It begins with the first record each time it is started, and then reads what is new. What the
/// other commands verified of the log is remembered as always, so that the log cannot be another one the
/// next time. The first finding ends it.
#[derive(Args)]
pub(crate) struct LogMonitor {
    /// Read what there is now, and end.
    #[arg(long)]
    pub(crate) once: bool,

    /// How long to wait before looking again, such as `5m`.
    #[arg(long, value_name = "DURATION", default_value = "1m", value_parser = interval, conflicts_with = "once")]
    pub(crate) interval: Duration,
}

/// Copy the log to a folder of static files, which any web server can serve.
///
/// Nothing gets its place before it is verified. Run it again to copy what is new, or what is missing after
/// it was interrupted.
#[derive(Args)]
pub(crate) struct LogMirror {
    /// The folder.
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
}

fn interval(text: &str) -> Result<Duration, String> {
    let duration = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    match duration < Duration::from_secs(1) {
        true => Err("it is shorter than a second".to_owned()),
        false => Ok(duration),
    }
}

impl PackageKind {
    pub(crate) fn word(self) -> &'static str {
        match self {
            PackageKind::Component => "component",
            PackageKind::Wit => "wit",
        }
    }
}

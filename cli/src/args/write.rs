//! The command lines of what changes a registry.

use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use std::path::PathBuf;
use tenon_registry_client::record;

/// Which key signs.
#[derive(Args)]
pub(crate) struct Signing {
    /// The key to sign with: its name, or its file; else what `TENON_KEY` names, or the only key there is.
    #[arg(long, value_name = "NAME")]
    pub(crate) key: Option<String>,

    /// Take the first line of this file as the passphrase of the key.
    #[arg(long, value_name = "PATH")]
    pub(crate) passphrase_file: Option<PathBuf>,
}

/// Whether to ask, and whether to do it.
#[derive(Args)]
pub(crate) struct Consent {
    /// Do not ask.
    #[arg(short, long)]
    pub(crate) yes: bool,

    /// Check, show and sign, but send nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Publish a component or a WIT package.
///
/// It is checked here, and compared with the release before it: a version that breaks what it should be
/// compatible with is refused. Then the plan is shown, and after you agree, it is uploaded, and the record
/// of it is signed with your key and put into the registry's log.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  tenon publish http.wasm --package acme:http --version 1.4.0\n  tenon publish http.wasm --oci oci://registry.example/acme/http:1.4.0"
)]
pub(crate) struct Publish {
    /// A component or a WIT package: a file (`.wasm`, `.wat`, `.wit`), or a directory of WIT.
    #[arg(value_name = "PATH")]
    pub(crate) path: String,

    /// Where to publish it without a log: `oci://HOST/NAMESPACE/NAME:TAG`, in a registry that speaks OCI.
    #[arg(value_name = "REFERENCE")]
    pub(crate) reference: Option<String>,

    /// Publish it to a registry that speaks OCI: the one that is named, or that the namespace is mapped to. Nothing is
    /// signed, and no log has it.
    #[arg(long)]
    pub(crate) oci: bool,

    /// The package, such as `acme:http`; a WIT package says itself what it is.
    #[arg(long, value_name = "NAMESPACE:NAME")]
    pub(crate) package: Option<String>,

    /// The version; that of the WIT package, or of the component's metadata, if not given.
    #[arg(long, value_name = "VERSION")]
    pub(crate) version: Option<String>,

    /// Publish it even if it breaks what depends on the release before it.
    #[arg(long)]
    pub(crate) allow_breaking: bool,

    #[command(flatten)]
    pub(crate) signing: Signing,

    #[command(flatten)]
    pub(crate) consent: Consent,
}

/// Advise against a release, or take the advice back.
///
/// It stays in the log, and whoever has it in a lock file can go on to fetch it; it is not chosen any more.
#[derive(Args)]
#[command(
    after_help = "Example: tenon yank acme:http@1.4.0 --reason broken",
    group = ArgGroup::new("what").required(true).args(["reason", "undo"])
)]
pub(crate) struct Yank {
    /// The release, such as `acme:http@1.4.0`.
    #[arg(value_name = "NAMESPACE:NAME@VERSION")]
    pub(crate) release: String,

    /// Why.
    #[arg(long, value_name = "REASON")]
    pub(crate) reason: Option<YankReason>,

    /// Take the advice back.
    #[arg(long)]
    pub(crate) undo: bool,

    #[command(flatten)]
    pub(crate) signing: Signing,

    #[command(flatten)]
    pub(crate) consent: Consent,
}

/// Why a release should not be chosen.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum YankReason {
    /// It does not work.
    Broken,
    /// It has a vulnerability.
    Security,
    /// Another version or package takes its place.
    Superseded,
    /// It should not have been published.
    Mistake,
    /// None of these.
    Other,
}

impl From<YankReason> for record::YankReason {
    fn from(reason: YankReason) -> Self {
        match reason {
            YankReason::Broken => record::YankReason::Broken,
            YankReason::Security => record::YankReason::Security,
            YankReason::Superseded => record::YankReason::Superseded,
            YankReason::Mistake => record::YankReason::Mistake,
            YankReason::Other => record::YankReason::Other,
        }
    }
}

/// Say what a registry knows you as.
#[derive(Args)]
pub(crate) struct Whoami {}

/// Make a namespace, and say whose keys may do what in it.
#[derive(Subcommand)]
pub(crate) enum Namespace {
    Create(NamespaceCreate),
    Grant(NamespaceGrant),
    Revoke(NamespaceRevoke),
    Threshold(NamespaceThreshold),
    Show(NamespaceShow),
    Sign(NamespaceSign),
    Submit(NamespaceSubmit),
}

/// How a change of a namespace is signed.
#[derive(Args)]
pub(crate) struct Change {
    /// Write the record with this one signature to a file, for other owners to sign, and send nothing.
    #[arg(long, value_name = "PATH")]
    pub(crate) sign_to: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) signing: Signing,

    #[command(flatten)]
    pub(crate) consent: Consent,
}

/// Make a namespace, owned by your key.
///
/// To own a namespace is to say whose keys may do what in it. To release packages and to yank them takes
/// a grant, which your key is given as well, unless you ask for owners only.
#[derive(Args)]
#[command(after_help = "Example: tenon namespace create acme")]
pub(crate) struct NamespaceCreate {
    /// Its name: the part of a package's name before the `:`.
    #[arg(value_name = "NAMESPACE")]
    pub(crate) namespace: String,

    /// How many owners must sign together what is done with the namespace.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=16))]
    pub(crate) threshold: u32,

    /// Another owner: what `tenon key show` prints for them; may be given several times.
    #[arg(long = "owner", value_name = "VKEY")]
    pub(crate) owners: Vec<String>,

    /// Do not let your key release and yank.
    #[arg(long)]
    pub(crate) owners_only: bool,

    #[command(flatten)]
    pub(crate) change: Change,
}

/// Say what a key may do in a namespace, in place of what it may do so far.
#[derive(Args)]
#[command(
    after_help = "Example: tenon namespace grant acme acme/ci+0a1b2c3d+AZ… --allow release --packages http-* --expires 90d"
)]
pub(crate) struct NamespaceGrant {
    /// The namespace.
    #[arg(value_name = "NAMESPACE")]
    pub(crate) namespace: String,

    /// The key: what `tenon key show` prints, or the name of a key that the namespace has.
    #[arg(value_name = "VKEY")]
    pub(crate) vkey: String,

    /// What it may do; several with commas.
    #[arg(
        long,
        value_name = "PERMISSION",
        required = true,
        value_delimiter = ','
    )]
    pub(crate) allow: Vec<Permission>,

    /// With which packages: `*`, a name, or `<prefix>-*`; the part after the `:`.
    #[arg(long, value_name = "PATTERN", default_value = "*")]
    pub(crate) packages: String,

    /// For how long, such as `90d`; or until when, such as `2027-01-31`.
    #[arg(long, value_name = "WHEN")]
    pub(crate) expires: Option<String>,

    #[command(flatten)]
    pub(crate) change: Change,
}

/// What a key may do in a namespace.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Permission {
    /// Release packages.
    Release,
    /// Yank releases.
    Yank,
    /// Say whose keys may do what.
    Own,
}

impl From<Permission> for record::Permission {
    fn from(permission: Permission) -> Self {
        match permission {
            Permission::Release => record::Permission::Release,
            Permission::Yank => record::Permission::Yank,
            Permission::Own => record::Permission::Own,
        }
    }
}

/// Take everything from a key, for good.
///
/// What it released before stays. If the key was in wrong hands, `--from-index` makes void what it signed
/// since a place in the log; which releases that are is shown first.
#[derive(Args)]
pub(crate) struct NamespaceRevoke {
    /// The namespace.
    #[arg(value_name = "NAMESPACE")]
    pub(crate) namespace: String,

    /// The key, or its name.
    #[arg(value_name = "VKEY")]
    pub(crate) vkey: String,

    /// Make void what the key signed from this record of the log on.
    #[arg(long, value_name = "INDEX")]
    pub(crate) from_index: Option<u64>,

    #[command(flatten)]
    pub(crate) change: Change,
}

/// Change how many owners must sign together.
#[derive(Args)]
pub(crate) struct NamespaceThreshold {
    /// The namespace.
    #[arg(value_name = "NAMESPACE")]
    pub(crate) namespace: String,

    /// How many.
    #[arg(value_name = "N", value_parser = clap::value_parser!(u32).range(1..=16))]
    pub(crate) threshold: u32,

    #[command(flatten)]
    pub(crate) change: Change,
}

/// Show whose keys may do what in a namespace.
#[derive(Args)]
pub(crate) struct NamespaceShow {
    /// The namespace.
    #[arg(value_name = "NAMESPACE")]
    pub(crate) namespace: String,
}

/// Sign what another owner wants to do.
///
/// The file is what `--sign-to` wrote. What it says is shown; your signature is added to the file, which
/// goes on to the next owner, or to `tenon namespace submit`.
#[derive(Args)]
pub(crate) struct NamespaceSign {
    /// The file.
    #[arg(value_name = "PATH")]
    pub(crate) file: PathBuf,

    #[command(flatten)]
    pub(crate) signing: Signing,

    #[command(flatten)]
    pub(crate) consent: Consent,
}

/// Send what enough owners have signed.
#[derive(Args)]
pub(crate) struct NamespaceSubmit {
    /// The file.
    #[arg(value_name = "PATH")]
    pub(crate) file: PathBuf,

    #[command(flatten)]
    pub(crate) consent: Consent,
}

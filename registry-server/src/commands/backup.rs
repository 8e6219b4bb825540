//! `tenon-registry backup`.

use super::{CommandError, write};
use crate::care::{BackupOptions, DataDir, backup};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Copy a data directory; the registry may run
#[derive(Clone, Debug, clap::Args)]
pub struct BackupArgs {
    /// Where to, a directory that is empty or not there
    #[arg(value_name = "TO")]
    pub to: PathBuf,
    /// Copy the secret keys too, as they are: whoever reads the copy can sign as this registry
    #[arg(long)]
    pub with_keys: bool,
    /// Give files a second name where the file system can, instead of copying them
    #[arg(long)]
    pub hard_links: bool,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}

/// Does it: the exit code is 12 if damaged content was left out, else 0.
///
/// # Errors
///
/// [`CommandError`].
pub fn run(data: &Path, args: &BackupArgs, out: &mut dyn Write) -> Result<u8, CommandError> {
    let options = BackupOptions {
        with_keys: args.with_keys,
        hard_links: args.hard_links,
    };
    let report = backup(&DataDir::open(data)?, &args.to, &options)?;
    write(out, &report, args.json)?;
    let damaged = report.damaged.first();
    Ok(damaged.map_or(0, |finding| finding.kind.exit_code()))
}

//! `tenon-registry gc`.

use super::{CommandError, write};
use crate::care::{Claims, DataDir, GcOptions, gc};
use std::io::Write;
use std::path::Path;
use std::time::Duration;

/// Remove content that no release names, content that was taken down, and partial tiles that were replaced
///
/// The registry must not run; a running one does this by itself.
#[derive(Clone, Debug, clap::Args)]
pub struct GcArgs {
    /// How many hours unnamed content must have been there
    #[arg(long, default_value_t = 24, value_name = "HOURS")]
    pub min_age: u64,
    /// Say what would be removed, and leave it
    #[arg(long)]
    pub dry_run: bool,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}

/// Does it.
///
/// # Errors
///
/// [`CommandError`].
pub fn run(data: &Path, args: &GcArgs, out: &mut dyn Write) -> Result<u8, CommandError> {
    let options = GcOptions {
        min_age: Duration::from_secs(args.min_age.saturating_mul(3_600)),
        dry_run: args.dry_run,
    };
    let report = gc(&DataDir::lock(data)?, &options, &Claims::default())?;
    write(out, &report, args.json)?;
    Ok(0)
}

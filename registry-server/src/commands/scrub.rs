//! `tenon-registry scrub`.

use super::{CommandError, write};
use crate::care::{CareError, DataDir, Pace, Scrub};
use crate::store::database::Database;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Read all content and all tiles again, and put what is damaged into quarantine
///
/// A running registry does this by itself.
#[derive(Clone, Debug, clap::Args)]
pub struct ScrubArgs {
    /// The most bytes to read in a second
    #[arg(long, value_name = "BYTES")]
    pub rate: Option<u64>,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}

/// Does it, until `stop` says so; it goes on from there the next time.
///
/// # Errors
///
/// [`CommandError`].
pub fn run(
    data: &Path,
    args: &ScrubArgs,
    stop: &AtomicBool,
    out: &mut dyn Write,
) -> Result<u8, CommandError> {
    let dir = DataDir::lock(data)?;
    let database = Database::open(&dir.database()).map_err(CareError::from)?;
    let pace = Pace {
        bytes_per_second: args.rate,
    };
    let report = Scrub::new(dir, Arc::new(database)).run(&pace, stop)?;
    write(out, &report, args.json)?;
    Ok(report.exit_code())
}

//! `tenon-registry fsck`.

use super::{CommandError, KnownArgs, write};
use crate::care::{DataDir, Describe, FsckOptions, fsck};
use std::io::Write;
use std::path::Path;

/// Compare everything in a data directory with everything else
#[derive(Clone, Debug, clap::Args)]
pub struct FsckArgs {
    /// Read it while the registry runs, as it is at one moment
    #[arg(long)]
    pub online: bool,
    #[command(flatten)]
    #[expect(
        missing_docs,
        reason = "it would be shown in place of the help of its arguments"
    )]
    pub known: KnownArgs,
    /// How many releases are looked into at once
    #[arg(long, default_value_t = 2, value_name = "N")]
    pub jobs: usize,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}

/// Does it; `describe` says what content is. The exit code is 0 if nothing is wrong, else 10 (the log itself), 11 (its files), 12 (content),
/// 13 (the database), 14 (keys) or 15 (content that was taken down), the first of these that is.
///
/// # Errors
///
/// [`CommandError`].
pub fn run(
    data: &Path,
    args: &FsckArgs,
    describe: Option<&dyn Describe>,
    out: &mut dyn Write,
) -> Result<u8, CommandError> {
    let dir = match args.online {
        true => DataDir::open(data)?,
        false => DataDir::lock(data)?,
    };
    let options = FsckOptions {
        describe: describe.map(|describe| (describe, args.jobs)),
        known: args.known.read()?,
    };
    let report = fsck(&dir, &options)?;
    write(out, &report, args.json)?;
    Ok(report.exit_code())
}

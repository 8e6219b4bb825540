//! `tenon-registry restore`.

use super::{CommandError, KnownArgs, write};
use crate::care::restore;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Put a copy that `backup` made into an empty data directory
///
/// It is refused if it is behind a checkpoint that somebody has seen: clients would take it for a fork.
#[derive(Clone, Debug, clap::Args)]
pub struct RestoreArgs {
    /// The copy
    #[arg(value_name = "FROM")]
    pub from: PathBuf,
    #[command(flatten)]
    #[expect(
        missing_docs,
        reason = "it would be shown in place of the help of its arguments"
    )]
    pub known: KnownArgs,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}

/// Does it. `witnessed` are the checkpoints that the configured witnesses have.
///
/// # Errors
///
/// [`CommandError`].
pub fn run(
    data: &Path,
    args: &RestoreArgs,
    witnessed: Vec<Vec<u8>>,
    out: &mut dyn Write,
) -> Result<u8, CommandError> {
    let mut known = args.known.read()?;
    known.extend(witnessed);
    let report = restore(&args.from, data, &known)?;
    write(out, &report, args.json)?;
    Ok(0)
}

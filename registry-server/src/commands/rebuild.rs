//! `tenon-registry rebuild`.

use super::{CommandError, KnownArgs, write};
use crate::care::{DataDir, Describe, RebuildOptions, rebuild};
use std::io::Write;
use std::path::Path;

/// Make the database again from the log and the content
#[derive(Clone, Debug, clap::Args)]
pub struct RebuildArgs {
    #[command(flatten)]
    #[expect(
        missing_docs,
        reason = "it would be shown in place of the help of its arguments"
    )]
    pub known: KnownArgs,
    /// Entries that no checkpoint reaches were never published: move them to `quarantine`
    #[arg(long)]
    pub unpublished: bool,
    /// How many releases are looked into at once
    #[arg(long, default_value_t = 2, value_name = "N")]
    pub jobs: usize,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}

/// Does it. `describe` says what content is.
///
/// # Errors
///
/// [`CommandError`].
pub fn run(
    data: &Path,
    args: &RebuildArgs,
    describe: Option<&dyn Describe>,
    out: &mut dyn Write,
) -> Result<u8, CommandError> {
    let options = RebuildOptions {
        describe: describe.map(|describe| (describe, args.jobs)),
        known: args.known.read()?,
        unpublished: args.unpublished,
    };
    let report = rebuild(&DataDir::lock(data)?, &options)?;
    write(out, &report, args.json)?;
    Ok(0)
}

//! `tenon-registry takedown`: takes the content of a release away, of a registry that is stopped.

use super::key::{KeyError, KeyPlace, Opened};
use super::{CommandError, Failure};
use crate::care::{Claims, DataDir, GcOptions, GcReport, gc};
use crate::log::Cosigning;
use std::path::Path;
use tenon_registry_client::log::Hash;
use tenon_registry_client::name::{PackageName, Version};
use tenon_registry_client::record::{Link, PackageAct, Statement, Subject, TakedownReason};

/// Take the content of a release away, for good: its record stays, and says so
///
/// The content is removed at once, unless another release needs it.
#[derive(Clone, Debug, clap::Args)]
pub struct TakedownArgs {
    /// The package, such as `acme:http`
    #[arg(value_name = "NS:NAME")]
    pub package: PackageName,
    /// Its version
    pub version: Version,
    /// Why: `legal`, `malware`, `secret` or `abuse`, which everyone can read
    #[arg(long, value_parser = reason)]
    pub reason: TakedownReason,
    /// A package of the private log, not of the public one
    #[arg(long)]
    pub private: bool,
}

impl TakedownArgs {
    /// Does it; what was removed.
    ///
    /// # Errors
    ///
    /// The log does not take the record, or the content cannot be removed: then `gc` does that.
    pub async fn run(&self, data: &Path, cosigning: Cosigning) -> Result<GcReport, Failure> {
        let place = KeyPlace::new(data, self.private, None, cosigning);
        let opened = Opened::open(&place)?;
        let logged = self.log(&opened).await;
        opened.close(logged).await?;
        let dir = DataDir::lock(data).map_err(CommandError::Care)?;
        let report = gc(&dir, &GcOptions::default(), &Claims::default());
        Ok(report.map_err(CommandError::Care)?)
    }

    async fn log(&self, opened: &Opened) -> Result<(), KeyError> {
        let records = opened.chain(&Subject::Package(self.package.clone()))?;
        let link = Link {
            seq: u32::try_from(records.len()).unwrap_or(u32::MAX),
            prev: records.last().map_or(Hash::ZERO, |record| record.hash()),
        };
        let statement = Statement::Package {
            package: self.package.clone(),
            link,
            authority: opened.registry_head()?,
            act: PackageAct::Takedown {
                version: self.version.clone(),
                reason: self.reason,
            },
        };
        opened.submit(statement, &opened.keys().index).await
    }
}

fn reason(text: &str) -> Result<TakedownReason, String> {
    let mut all = TakedownReason::ALL.iter().copied();
    let found = all.find(|reason| reason.as_str() == text);
    found.ok_or_else(|| "expected `legal`, `malware`, `secret` or `abuse`".to_owned())
}

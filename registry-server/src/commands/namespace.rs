//! `tenon-registry namespace`: what the operator says about namespaces. They are listed while the registry runs, and
//! reserved while it is stopped.

use super::key::{KeyError, KeyPlace, Opened, look};
use crate::catalog::Catalog;
use crate::log::LogId;
use crate::store::DiskError;
use crate::store::database::Database;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tenon_registry_client::log::Vkey;
use tenon_registry_client::name::Namespace;
use tenon_registry_client::record::{RegistryAct, SignedRecord, Statement, Time};

/// `tenon-registry namespace`
#[derive(Clone, Debug, clap::Args)]
pub struct NamespaceArgs {
    /// Those of the private log, not of the public one
    #[arg(long)]
    pub private: bool,
    /// The file of the root key, if it is kept elsewhere
    #[arg(long, value_name = "FILE")]
    pub root_key: Option<PathBuf>,
    /// What to do
    #[command(subcommand)]
    pub command: NamespaceCommand,
}

/// What to do with namespaces.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum NamespaceCommand {
    /// Keep a namespace for its owners, or for nobody: it can be created with these owners only
    ///
    /// A later reservation takes the place of an earlier one. A namespace that exists is not changed.
    Reserve {
        /// The namespace
        #[arg(value_name = "NAME")]
        namespace: Namespace,
        /// The verifier keys of the only owners it can be created with; without any, nobody can create it
        #[arg(long = "owner", value_name = "VKEY", num_args = 1..)]
        owners: Vec<Vkey>,
    },
    /// List the namespaces there are, and those that are reserved
    List,
}

/// A namespace, and what is known of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListedNamespace {
    /// How many records it has; none if it was not created.
    pub records: Option<u32>,
    /// For whom it is kept, by the last reservation.
    pub reserved: Option<Vec<Vkey>>,
}

impl NamespaceArgs {
    /// Does what was asked for; what to tell the operator.
    ///
    /// # Errors
    ///
    /// [`KeyError`].
    pub async fn run(
        &self,
        data: &Path,
        cosigning: crate::log::Cosigning,
    ) -> Result<String, KeyError> {
        let place = KeyPlace::new(data, self.private, self.root_key.clone(), cosigning);
        match &self.command {
            NamespaceCommand::Reserve { namespace, owners } => {
                reserve(&place, namespace, owners).await?;
                Ok(match owners.is_empty() {
                    true => format!("{namespace} can be created by nobody.\n"),
                    false => format!("{namespace} can be created by its owners only.\n"),
                })
            }
            NamespaceCommand::List => {
                let listed = list(&place).await?;
                let line =
                    |(name, listed): (&Namespace, &ListedNamespace)| format!("{name}{listed}\n");
                Ok(listed.iter().map(line).collect())
            }
        }
    }
}

/// Logs that a namespace is kept for owners; for nobody, if there are none.
///
/// # Errors
///
/// [`KeyError`].
pub async fn reserve(
    place: &KeyPlace,
    namespace: &Namespace,
    owners: &[Vkey],
) -> Result<(), KeyError> {
    let mut owners = owners.to_vec();
    // In the one order in which a record may name them.
    owners.sort_by_key(|owner| *owner.key().as_bytes());
    let namespace = namespace.clone();
    let opened = Opened::open(place)?;
    let logged = opened
        .log(place, RegistryAct::Reserve { namespace, owners })
        .await;
    opened.close(logged).await
}

/// The namespaces that were created or reserved.
///
/// # Errors
///
/// [`KeyError`].
pub async fn list(place: &KeyPlace) -> Result<BTreeMap<Namespace, ListedNamespace>, KeyError> {
    let opened = match Opened::open(place) {
        Err(KeyError::Disk(DiskError::InUse { .. })) => {
            let (seen, database) = look(place)?;
            return listed(place.log, &database, seen.registry()?);
        }
        opened => opened?,
    };
    let registry = opened.registry();
    let listed = registry.and_then(|records| listed(place.log, opened.database(), records));
    opened.close(listed).await
}

fn listed(
    log: LogId,
    database: &Database,
    registry: Vec<(SignedRecord, Time)>,
) -> Result<BTreeMap<Namespace, ListedNamespace>, KeyError> {
    let mut listed: BTreeMap<Namespace, ListedNamespace> = BTreeMap::new();
    let created = database.read(|tx| Catalog::new(tx, log).namespaces())?;
    for (name, records) in created {
        listed.entry(name).or_default().records = Some(records);
    }
    for (record, _) in registry {
        if let Statement::Registry {
            act: RegistryAct::Reserve { namespace, owners },
            ..
        } = &record.record().statement
        {
            listed.entry(namespace.clone()).or_default().reserved = Some(owners.clone());
        }
    }
    Ok(listed)
}

impl std::fmt::Display for ListedNamespace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(records) = self.records {
            write!(f, " records {records}")?;
        }
        match self.reserved.as_deref() {
            None => Ok(()),
            Some([]) => write!(f, " reserved for nobody"),
            Some(owners) => {
                write!(f, " reserved for")?;
                owners.iter().try_for_each(|owner| write!(f, " {owner}"))
            }
        }
    }
}

//! Where the program keeps what is its own: configuration, cache and state, each in a directory of
//! its kind.

use crate::error::Failure;
use etcetera::BaseStrategy;
use std::path::PathBuf;

/// A kind of directory.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    /// What the user decided: `config.toml`, keys, credentials.
    Config,
    /// What can be fetched or computed again.
    Cache,
    /// What was verified of registries. It is no cache: whoever loses it can be shown the past again.
    State,
}

impl Place {
    /// Every kind.
    pub(crate) const ALL: [Place; 3] = [Place::Config, Place::Cache, Place::State];

    /// What the directory is called, among those that are set.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Place::Config => "config",
            Place::Cache => "cache",
            Place::State => "state",
        }
    }

    /// The directory: what the variable of its own says, or else what the system has for this kind.
    pub(crate) fn folder(self) -> Result<PathBuf, Failure> {
        self.find().ok_or_else(|| {
            Failure::configuration(
                "config::no-home",
                "there is no home directory to keep files in",
            )
            .help(format!(
                "set `HOME`, or `{}` to a directory",
                self.variable()
            ))
        })
    }

    fn find(self) -> Option<PathBuf> {
        match std::env::var_os(self.variable()) {
            Some(folder) if !folder.is_empty() => std::path::absolute(folder).ok(),
            _ => {
                let base = etcetera::choose_base_strategy().ok()?;
                let folder = match self {
                    Place::Config => base.config_dir(),
                    Place::Cache => base.cache_dir(),
                    Place::State => base.state_dir().unwrap_or_else(|| base.data_dir()),
                };
                Some(folder.join("tenon"))
            }
        }
    }

    /// The variable that names the directory.
    pub(crate) fn variable(self) -> &'static str {
        match self {
            Place::Config => "TENON_CONFIG_DIR",
            Place::Cache => "TENON_CACHE_DIR",
            Place::State => "TENON_STATE_DIR",
        }
    }
}

//! What a registry is convinced with: tenon's own token for it, or else what other tools keep.

use super::helper;
use crate::config::{Config, wkg_credential};
use crate::credentials;
use crate::stored::{self, Access};
use etcetera::BaseStrategy;
use std::error::Error;
use std::path::{Path, PathBuf};
use tenon_registry_client::http::oci::{
    AuthFile, Host, Kept, OciCredential, OciCredentials, Repository,
};
use tenon_registry_client::http::{BaseUrl, Token};

type Found = Result<Option<OciCredential>, Box<dyn Error + Send + Sync>>;

/// The user's credentials, which are not looked for before a registry asks.
pub(super) struct Keychain {
    pub(super) config: Config,
    pub(super) flag: Option<String>,
    pub(super) base: BaseUrl,
}

impl OciCredentials for Keychain {
    fn find(&self, host: &Host, repository: &Repository) -> Found {
        let own = credentials::find(&self.config, self.flag.as_deref(), &self.base);
        if let Some((token, _)) = own.map_err(|failure| failure.summary())? {
            return Ok(Some(OciCredential::Bearer(Token::new(token.expose())?)));
        }
        if let Some((user, password)) = wkg_credential(host.as_str())? {
            return Ok(Some(OciCredential::Basic { user, password }));
        }
        for path in files() {
            if let Some(found) = kept(&path, host, repository)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}

/// What a file of docker or podman has.
fn kept(path: &Path, host: &Host, repository: &Repository) -> Found {
    let text = stored::read_plain(path, Access::Shared).map_err(|failure| failure.summary())?;
    let Some(text) = text else {
        return Ok(None);
    };
    let wrong = |error| format!("`{}`: {error}", path.display());
    let file = AuthFile::parse(text.as_bytes()).map_err(wrong)?;
    match file.find(host, repository).map_err(wrong)? {
        None => Ok(None),
        Some(Kept::Here(credential)) => Ok(Some(credential)),
        Some(Kept::Helper { name, server }) => helper::ask(&name, &server),
    }
}

/// The files that are looked at, in this order; what a variable names is looked at in place of all others, as podman and
/// docker have it.
fn files() -> Vec<PathBuf> {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    if let Some(path) = variable("REGISTRY_AUTH_FILE") {
        return vec![path.into()];
    }
    let mut files = vec![];
    if let Some(folder) = variable("XDG_RUNTIME_DIR") {
        files.push(PathBuf::from(folder).join("containers/auth.json"));
    }
    let base = etcetera::choose_base_strategy().ok();
    files.extend(
        base.as_ref()
            .map(|base| base.config_dir().join("containers/auth.json")),
    );
    match variable("DOCKER_CONFIG") {
        Some(folder) => files.push(PathBuf::from(folder).join("config.json")),
        None => files.extend(base.map(|base| base.home_dir().join(".docker/config.json"))),
    }
    files
}

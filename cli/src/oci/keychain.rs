//! What a registry is convinced with: tenon's own token for it, or else what other tools keep.

use super::{PRIVATE, helper, private_of};
use crate::config::{Config, wkg_credential};
use crate::credentials;
use crate::stored::{self, Access};
use etcetera::BaseStrategy;
use std::error::Error;
use std::ffi::OsString;
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
        for url in self.own(repository) {
            let own = credentials::find(&self.config, self.flag.as_deref(), &url);
            if let Some((token, _)) = own.map_err(|failure| failure.summary())? {
                return Ok(Some(OciCredential::Bearer(Token::new(token.expose())?)));
            }
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

impl Keychain {
    /// The registries of tenon that may have a repository, the narrowest first: what begins with `private/` is of the
    /// private log, which `tenon login` knows by this path. Its token is shown for nothing else.
    fn own(&self, repository: &Repository) -> Vec<BaseUrl> {
        let is_private = repository.as_str().starts_with(PRIVATE);
        let private = private_of(&self.base).filter(|_| is_private);
        private.into_iter().chain([self.base.clone()]).collect()
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
    files_of(
        |name| std::env::var_os(name),
        etcetera::choose_base_strategy().ok(),
    )
}

fn files_of(
    variable: impl Fn(&str) -> Option<OsString>,
    base: Option<impl BaseStrategy>,
) -> Vec<PathBuf> {
    let variable = |name| variable(name).filter(|value| !value.is_empty());
    if let Some(path) = variable("REGISTRY_AUTH_FILE") {
        return vec![path.into()];
    }
    let mut files = vec![];
    match variable("XDG_RUNTIME_DIR") {
        Some(folder) => files.push(PathBuf::from(folder).join("containers/auth.json")),
        None => files.extend(runtime_file()),
    }
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

/// Where podman keeps credentials without `XDG_RUNTIME_DIR`: in a folder of the user of this process, which is asked of the
/// system; where that has no `/proc`, podman keeps them elsewhere, too.
#[cfg(unix)]
fn runtime_file() -> Option<PathBuf> {
    use std::os::unix::fs::MetadataExt;
    let user = std::fs::metadata("/proc/self").ok()?.uid();
    Some(format!("/run/containers/{user}/auth.json").into())
}

#[cfg(not(unix))]
fn runtime_file() -> Option<PathBuf> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use etcetera::HomeDirError;
    use etcetera::base_strategy::Xdg;

    #[test]
    fn podman_is_looked_for_where_it_keeps_things() -> Result<(), HomeDirError> {
        let found = |variables: &[(&str, &str)]| {
            let variable = |name: &str| {
                let found = variables.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| value.into())
            };
            Ok::<_, HomeDirError>(files_of(variable, Some(Xdg::new()?)))
        };
        let own = runtime_file();
        let is_own = |path: &PathBuf| Some(path) == own.as_ref();
        for variables in [&[][..], &[("XDG_RUNTIME_DIR", "")]] {
            assert_eq!(found(variables)?.first(), own.as_ref());
        }
        if cfg!(target_os = "linux") {
            let own = own.iter().map(|path| path.display().to_string());
            let own: Vec<_> = own.collect();
            assert!(
                matches!(&*own, [path] if path.starts_with("/run/containers/") && path.ends_with("/auth.json")),
                "{own:?}"
            );
        }
        let files = found(&[("XDG_RUNTIME_DIR", "/run/user/7")])?;
        let first = Path::new("/run/user/7/containers/auth.json");
        assert_eq!(files.first().map(PathBuf::as_path), Some(first));
        assert!(!files.iter().any(is_own));
        let files = found(&[("REGISTRY_AUTH_FILE", "/a.json")])?;
        assert_eq!(files, [PathBuf::from("/a.json")]);
        Ok(())
    }
}

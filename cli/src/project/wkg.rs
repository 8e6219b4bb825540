//! The files of a project of `wkg`, from which a project can move over.

use crate::error::Failure;
use crate::stored;
use crate::ui;
use std::path::{Path, PathBuf};
use tenon_registry_client::project::wkg::{WkgError, WkgLock, WkgManifest};
use tenon_registry_client::project::{About, Dependency, MAX_MANIFEST, Manifest};

const MANIFEST: &str = "wkg.toml";
const LOCK: &str = "wkg.lock";

/// What `wkg` knows of a project.
pub(crate) struct WkgProject {
    manifest: WkgManifest,
    /// The files that there are.
    pub(crate) files: Vec<PathBuf>,
}

impl WkgProject {
    /// Reads what is in a folder; nothing if there is nothing of `wkg` in it.
    pub(crate) fn read(folder: &Path) -> Result<Option<WkgProject>, Failure> {
        let path = folder.join(MANIFEST);
        let manifest = read(&path, WkgManifest::parse)?;
        let lock = read_lock(folder)?;
        let there = [
            (manifest.is_some(), path),
            (lock.is_some(), folder.join(LOCK)),
        ];
        let files: Vec<_> = there
            .into_iter()
            .filter(|(is_there, _)| *is_there)
            .map(|(_, path)| path)
            .collect();
        let manifest = manifest.unwrap_or_default();
        Ok((!files.is_empty()).then_some(WkgProject { manifest, files }))
    }

    /// The folders of the projects of a workspace, or patterns of these.
    pub(crate) fn members(&self) -> &[String] {
        let workspace = self.manifest.workspace.as_ref();
        workspace.map_or(&[], |workspace| &workspace.members)
    }

    /// Adds to a new manifest what it overrides, and what it says of the package where nothing else does.
    pub(crate) fn take_over(&self, new: &mut Manifest) {
        for (package, from) in &self.manifest.overrides {
            let dependency = match (&from.path, &from.version) {
                (Some(path), _) => Dependency::Path(path.clone()),
                (None, Some(version)) => Dependency::Registry(version.clone()),
                (None, None) => continue,
            };
            new.dependencies.insert(package.clone(), dependency);
        }
        let workspace = self.manifest.workspace.as_ref();
        let said = workspace.and_then(|workspace| workspace.metadata.as_ref());
        let said = self.manifest.metadata.as_ref().or(said);
        if let (Some(about), Some(said)) = (&mut new.package, said) {
            let About {
                authors,
                description,
                licenses,
                homepage,
                source,
                ..
            } = about;
            authors.clone_from(&said.authors);
            description.clone_from(&said.description);
            licenses.clone_from(&said.licenses);
            homepage.clone_from(&said.homepage);
            source.clone_from(&said.source);
        }
    }
}

/// What `wkg` has locked in a folder, if anything.
pub(super) fn read_lock(folder: &Path) -> Result<Option<WkgLock>, Failure> {
    read(&folder.join(LOCK), WkgLock::parse)
}

fn read<T>(
    path: &Path,
    parse: impl FnOnce(&str) -> Result<T, WkgError>,
) -> Result<Option<T>, Failure> {
    let Some(text) = stored::read_text(path, MAX_MANIFEST as u64)? else {
        return Ok(None);
    };
    let parsed = parse(&text).map_err(|error| {
        let message = format!("`{}` cannot be taken over", path.display());
        Failure::configuration("project::wkg", message)
            .cause(ui::clean(&error.to_string()))
            .help("correct it, or move it away")
    });
    parsed.map(Some)
}

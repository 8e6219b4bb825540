//! The files of a project of [`wkg`](https://github.com/bytecodealliance/wasm-pkg-tools), read as data,
//! so that it can move: as of its version 0.16.

use super::fault::Fault;
use super::manifest::{MAX_MANIFEST, requirement};
use super::table::{Field, Table};
use crate::Digest;
use crate::name::{PackageName, Version};
use semver::VersionReq;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Its manifest, `wkg.toml`. What a project depends on is not there: that is said by its WIT.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WkgManifest {
    /// Packages that are taken from elsewhere, or in other versions, than the WIT says.
    pub overrides: BTreeMap<PackageName, WkgOverride>,
    /// What the project says of itself.
    pub metadata: Option<WkgMetadata>,
    /// The projects that belong together; then there are no overrides.
    pub workspace: Option<WkgWorkspace>,
}

/// Where a package is taken from. If both are there, `wkg` takes the path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WkgOverride {
    /// A file or folder.
    pub path: Option<PathBuf>,
    /// Another version.
    pub version: Option<VersionReq>,
}

/// What a project says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WkgMetadata {
    /// Who made it.
    pub authors: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Under which licenses.
    pub licenses: Option<String>,
    /// Where its source is.
    pub source: Option<String>,
    /// Its home page.
    pub homepage: Option<String>,
    /// Of which state of the source it is made.
    pub revision: Option<String>,
}

/// Projects that belong together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WkgWorkspace {
    /// Their folders, or patterns of these; none for a member, which names its root.
    pub members: Vec<String>,
    /// Where the workspace is that the project is a member of.
    pub root: Option<String>,
    /// What all of them say of themselves.
    pub metadata: Option<WkgMetadata>,
}

/// Its lock file, `wkg.lock`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WkgLock {
    /// What is locked, in the order of the file.
    pub packages: Vec<WkgLocked>,
}

/// A release that is locked for one requirement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WkgLocked {
    /// The package.
    pub name: PackageName,
    /// The registry that it came from, a host, if it is said.
    pub registry: Option<String>,
    /// What was asked for.
    pub requirement: VersionReq,
    /// What it came to.
    pub version: Version,
    /// The digest of its content.
    pub digest: Digest,
}

/// Why a text is no file of `wkg`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WkgError {
    /// It is longer than [`MAX_MANIFEST`].
    #[error("the file has {0} bytes, of at most {MAX_MANIFEST}")]
    TooLong(usize),
    /// It is of a format that is not known here.
    #[error("`wkg.lock` has version {0}, and only version 1 is known")]
    Version(u64),
    /// Something in it is wrong.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl WkgManifest {
    /// Reads `wkg.toml`.
    ///
    /// # Errors
    ///
    /// The text is too long, or `wkg` would not read it, or a package has a name that no package can have here.
    pub fn parse(text: &str) -> Result<WkgManifest, WkgError> {
        let mut file = parse(text)?;
        let mut manifest = WkgManifest::default();
        if let Some(field) = file.take("overrides") {
            for (key, place, field) in field.table("`[overrides]`")?.entries() {
                let name: PackageName = key.parse().map_err(|error| place.fault(error))?;
                manifest.overrides.insert(name, override_of(field)?);
            }
        }
        manifest.metadata = file.take("metadata").map(metadata).transpose()?;
        if let Some(field) = file.take("workspace") {
            let place = field.place;
            manifest.workspace = Some(workspace(field)?);
            if !manifest.overrides.is_empty() || manifest.metadata.is_some() {
                let what = "beside `[workspace]` there is no `[overrides]` and no `[metadata]`";
                return Err(place.fault(what).into());
            }
        }
        file.finish()?;
        Ok(manifest)
    }
}

impl WkgLock {
    /// Reads `wkg.lock`.
    ///
    /// # Errors
    ///
    /// As [`WkgManifest::parse`]; and [`WkgError::Version`].
    pub fn parse(text: &str) -> Result<WkgLock, WkgError> {
        let mut file = parse(text)?;
        match file.need("version")?.number()? {
            1 => {}
            other => return Err(WkgError::Version(other)),
        }
        let mut packages = vec![];
        for field in either(&mut file, "packages", "package")?.map_or(Ok(vec![]), Field::list)? {
            let mut table = field.table("`[[packages]]`")?;
            let name: PackageName = table.need("name")?.parse()?;
            let registry = table.take("registry").map(Field::text).transpose()?;
            let versions = either(&mut table, "versions", "version")?;
            for field in versions.map_or(Ok(vec![]), Field::list)? {
                let mut table = field.table("`[[packages.versions]]`")?;
                packages.push(WkgLocked {
                    name: name.clone(),
                    registry: registry.clone(),
                    requirement: requirement(table.need("requirement")?)?,
                    version: table.need("version")?.parse()?,
                    digest: table.need("digest")?.parse()?,
                });
            }
        }
        // It may have more, which `wkg` does not read either.
        Ok(WkgLock { packages })
    }
}

fn parse(text: &str) -> Result<Table<'_>, WkgError> {
    if text.len() > MAX_MANIFEST {
        return Err(WkgError::TooLong(text.len()));
    }
    Ok(Table::parse(text)?)
}

fn override_of(field: Field<'_>) -> Result<WkgOverride, Fault> {
    let mut table = field.table("the override")?;
    let path = table.take("path").map(Field::some_text).transpose()?;
    let version = table.take("version").map(requirement).transpose()?;
    table.finish()?;
    let path = path.map(PathBuf::from);
    Ok(WkgOverride { path, version })
}

fn metadata(field: Field<'_>) -> Result<WkgMetadata, Fault> {
    let mut table = field.table("`[metadata]`")?;
    let mut text = |key, alias| {
        let field = match alias {
            Some(alias) => either(&mut table, key, alias)?,
            None => table.take(key),
        };
        field.map(Field::text).transpose()
    };
    let metadata = WkgMetadata {
        authors: text("authors", Some("author"))?,
        description: text("description", None)?,
        licenses: text("licenses", Some("license"))?,
        source: text("source", Some("repository"))?,
        homepage: text("homepage", None)?,
        revision: text("revision", None)?,
    };
    table.finish()?;
    Ok(metadata)
}

fn workspace(field: Field<'_>) -> Result<WkgWorkspace, Fault> {
    let mut table = field.table("`[workspace]`")?;
    let members = table.take("members").map(Field::texts).transpose()?;
    Ok(WkgWorkspace {
        members: members.unwrap_or_default(),
        root: table.take("root").map(Field::text).transpose()?,
        metadata: table.take("metadata").map(metadata).transpose()?,
    })
}

/// The value of a key that has two names.
fn either<'a>(
    table: &mut Table<'a>,
    key: &'static str,
    alias: &'static str,
) -> Result<Option<Field<'a>>, Fault> {
    match (table.take(key), table.take(alias)) {
        (Some(_), Some(twice)) => {
            let what = format!("`{alias}` is `{key}`, which is there already");
            Err(twice.place.fault(what))
        }
        (field, alias) => Ok(field.or(alias)),
    }
}

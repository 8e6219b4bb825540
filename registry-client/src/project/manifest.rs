//! `tenon.toml`: what a project is, what it depends on, and what is composed.

use super::conflict;
use super::fault::Fault;
use super::table::{Field, Table};
use crate::name::{PackageName, Version};
use crate::text;
use semver::VersionReq;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The longest manifest that is read: 1 MiB.
pub const MAX_MANIFEST: usize = 1 << 20;

/// What a manifest says. Paths are as written, relative to the manifest.
///
/// The tables `[registries]` and `[namespaces]` may be in the same file and are not read here: they are
/// configuration, as a user's is.
///
/// ```
/// use tenon_registry_client::project::{Dependency, Manifest};
///
/// let manifest = Manifest::parse(r#"
/// [dependencies]
/// "acme:logger" = "^1.2"
///
/// [compose]
/// socket = "./app.wasm"
/// "#)?;
/// let logger = manifest.dependencies.get(&"acme:logger".parse()?);
/// assert_eq!(logger, Some(&Dependency::Registry("^1.2".parse()?)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// What the project says of itself; nothing, if it only composes.
    pub package: Option<About>,
    /// Components and WIT packages alike.
    pub dependencies: BTreeMap<PackageName, Dependency>,
    /// What is composed, if anything is.
    pub compose: Option<Compose>,
    /// Where the project's own WIT is.
    pub wit: WitFolder,
}

/// `[package]`: what a project says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// The package that it is.
    pub name: PackageName,
    /// Its version.
    pub version: Option<Version>,
    /// What it is for.
    pub description: Option<String>,
    /// Who made it: one text, as a component's metadata has it.
    pub authors: Option<String>,
    /// Under which licenses: an SPDX expression.
    pub licenses: Option<String>,
    /// Its home page.
    pub homepage: Option<String>,
    /// Where its source is.
    pub source: Option<String>,
}

/// Where a dependency comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dependency {
    /// The registry of its namespace, in a version that meets the requirement: `"^1.2"`.
    Registry(VersionReq),
    /// A file or folder: `{ path = "../logger.wasm" }`.
    Path(PathBuf),
}

/// `[compose]`: what is composed, with the options of `tenon plug` as texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compose {
    /// What of.
    pub what: Subject,
    /// Plugs in the order in which they are chained: `a,b`.
    pub chains: Vec<String>,
    /// Single imports and what fills them: `app#x=y`.
    pub wires: Vec<String>,
    /// Which plugs win where several could fill an import.
    pub prefer: Vec<String>,
    /// Imports that stay open.
    pub keep_imports: Vec<String>,
    /// What is exported besides.
    pub exports: Vec<String>,
    /// Imports that are called otherwise.
    pub renames: Vec<String>,
    /// What becomes of an interface that stays imported in several versions.
    pub versions: Option<String>,
    /// What is put into the composition only once.
    pub dedupe: Option<String>,
    /// Whether every plug must be used, and everything decided.
    pub strict: bool,
    /// The name of the composition.
    pub name: Option<String>,
    /// Where it is written.
    pub output: Option<PathBuf>,
}

/// What a composition is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Sockets, whose imports plugs fill. Each is a path, or the name of a dependency.
    Plug {
        /// The sockets, at least one.
        sockets: Vec<String>,
        /// The plugs; every dependency that is a component, if nothing is said.
        plugs: Option<Vec<String>>,
    },
    /// A file that describes it.
    File(PathBuf),
}

impl Compose {
    /// A component whose imports the dependencies fill, and nothing else that is said.
    pub fn of_socket(socket: impl Into<String>) -> Compose {
        Compose {
            what: Subject::Plug {
                sockets: vec![socket.into()],
                plugs: None,
            },
            chains: vec![],
            wires: vec![],
            prefer: vec![],
            keep_imports: vec![],
            exports: vec![],
            renames: vec![],
            versions: None,
            dedupe: None,
            strict: false,
            name: None,
            output: None,
        }
    }
}

/// `[wit]`: where the project's own WIT is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitFolder {
    /// The folder; `wit` if nothing is said.
    pub dir: PathBuf,
}

/// Why a text is no manifest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// It is longer than [`MAX_MANIFEST`].
    #[error("the manifest has {0} bytes, of at most {MAX_MANIFEST}")]
    TooLong(usize),
    /// A merge left both sides of a conflict in it.
    #[error(
        "line {line}: git left a merge conflict here: keep what is right of both sides, and remove the lines of markers"
    )]
    Conflict {
        /// The line of the first marker, from 1.
        line: usize,
    },
    /// Something in it is wrong.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl Default for WitFolder {
    fn default() -> WitFolder {
        let dir = PathBuf::from("wit");
        WitFolder { dir }
    }
}

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    ///
    /// The text is too long, has the markers of a merge conflict, is not TOML, or has a key or value that no
    /// manifest has; with line and column, and what is expected.
    pub fn parse(text: &str) -> Result<Manifest, ManifestError> {
        if text.len() > MAX_MANIFEST {
            return Err(ManifestError::TooLong(text.len()));
        }
        if let Some(line) = conflict::first_marker(text) {
            return Err(ManifestError::Conflict { line });
        }
        let mut file = Table::parse(text)?;
        let package = file.take("package").map(about).transpose()?;
        let dependencies = file.take("dependencies");
        let mut manifest = Manifest {
            dependencies: dependencies
                .map(|field| dependencies_of(field, package.as_ref()))
                .transpose()?
                .unwrap_or_default(),
            package,
            compose: file.take("compose").map(compose).transpose()?,
            wit: WitFolder::default(),
        };
        if let Some(field) = file.take("wit") {
            let mut table = field.table("`[wit]`")?;
            if let Some(dir) = table.take("dir") {
                manifest.wit.dir = dir.some_text()?.into();
            }
            table.finish()?;
        }
        // Where packages come from is read by whoever talks to registries; that no key is misspelt is seen to here.
        if let Some(field) = file.take("registries") {
            for (name, _, field) in field.table("`[registries]`")?.entries() {
                let mut table = field.table(format!("`[registries.{name}]`"))?;
                for key in ["url", "pin", "policy", "auditors", "max-age"] {
                    table.take(key);
                }
                table.finish()?;
            }
        }
        if let Some(field) = file.take("namespaces") {
            for (_, _, field) in field.table("`[namespaces]`")?.entries() {
                field.some_text()?;
            }
        }
        if let Some(field) = file.take("default-registry") {
            field.some_text()?;
        }
        file.finish()?;
        Ok(manifest)
    }
}

fn about(field: Field<'_>) -> Result<About, Fault> {
    let mut table = field.table("`[package]`")?;
    let about = About {
        name: table.need("name")?.parse()?,
        version: table.take("version").map(Field::parse).transpose()?,
        description: table.take("description").map(Field::text).transpose()?,
        authors: table.take("authors").map(Field::text).transpose()?,
        licenses: table.take("licenses").map(Field::text).transpose()?,
        homepage: table.take("homepage").map(Field::text).transpose()?,
        source: table.take("source").map(Field::text).transpose()?,
    };
    table.finish()?;
    Ok(about)
}

fn dependencies_of(
    field: Field<'_>,
    about: Option<&About>,
) -> Result<BTreeMap<PackageName, Dependency>, Fault> {
    let mut found = BTreeMap::new();
    for (key, place, field) in field.table("`[dependencies]`")?.entries() {
        let name: PackageName = key.parse().map_err(|error| place.fault(error))?;
        if about.is_some_and(|about| about.name == name) {
            return Err(place.fault(format_args!("`{name}` is this package itself")));
        }
        found.insert(name, dependency(&key, field)?);
    }
    Ok(found)
}

fn dependency(name: &str, field: Field<'_>) -> Result<Dependency, Fault> {
    if field.is_text() {
        return requirement(field).map(Dependency::Registry);
    }
    if !field.is_table() {
        return Err(field.expected(r#"a requirement such as `"^1.2"`, or `{ path = "…" }`"#));
    }
    let mut table = field.table(format!("the dependency `{name}`"))?;
    let (version, path) = (table.take("version"), table.take("path"));
    let dependency = match (version, path) {
        (Some(version), None) => Dependency::Registry(requirement(version)?),
        (None, Some(path)) => Dependency::Path(path.some_text()?.into()),
        (Some(_), Some(path)) => {
            let what = format!(
                "`{name}` has both `version` and `path`: it comes from a registry or from a path, not from both"
            );
            return Err(path.place.fault(what));
        }
        (None, None) => {
            let place = table.place;
            table.finish()?;
            let what = "has neither `version` nor `path`";
            return Err(place.fault(format_args!("`{name}` {what}")));
        }
    };
    table.finish()?;
    Ok(dependency)
}

/// A requirement, as cargo reads it.
pub(super) fn requirement(field: Field<'_>) -> Result<VersionReq, Fault> {
    let place = field.place;
    let text = field.text()?;
    VersionReq::parse(&text).map_err(|error| {
        let text = text::excerpt(&text);
        place.fault(format_args!(
            "`{text}` is not a requirement: {error}; expected one such as `^1.2`, `=0.2.3` or `>=1, <3`"
        ))
    })
}

fn compose(field: Field<'_>) -> Result<Compose, Fault> {
    let mut table = field.table("`[compose]`")?;
    let what = subject(&mut table)?;
    let mut texts = |key| -> Result<Vec<String>, Fault> {
        let Some(field) = table.take(key) else {
            return Ok(vec![]);
        };
        not_for_files(&what, key, &field)?;
        field.texts()
    };
    let (chains, wires, prefer) = (texts("chains")?, texts("wires")?, texts("prefer")?);
    let (keep_imports, exports) = (texts("keep-imports")?, texts("exports")?);
    let renames = texts("renames")?;
    let mut plain = |key, what: Option<&Subject>| {
        let Some(field) = table.take(key) else {
            return Ok(None);
        };
        what.map_or(Ok(()), |what| not_for_files(what, key, &field))?;
        field.some_text().map(Some)
    };
    let (versions, dedupe) = (plain("versions", Some(&what))?, plain("dedupe", None)?);
    let (name, output) = (plain("name", None)?, plain("output", None)?);
    let strict = match table.take("strict") {
        Some(field) => {
            not_for_files(&what, "strict", &field)?;
            field.flag()?
        }
        None => false,
    };
    table.finish()?;
    Ok(Compose {
        what,
        chains,
        wires,
        prefer,
        keep_imports,
        exports,
        renames,
        versions,
        dedupe,
        strict,
        name,
        output: output.map(PathBuf::from),
    })
}

fn subject(table: &mut Table<'_>) -> Result<Subject, Fault> {
    let (file, socket) = (table.take("file"), table.take("socket"));
    let (sockets, plugs) = (table.take("sockets"), table.take("plugs"));
    if let (Some(_), Some(sockets)) = (&socket, &sockets) {
        return Err(sockets
            .place
            .fault("there is `socket` already: put all of them into `sockets`"));
    }
    let sockets = match (socket, sockets) {
        (Some(socket), _) => Some((socket.place, vec![socket.some_text()?])),
        (None, Some(sockets)) => {
            let (place, texts) = (sockets.place, sockets.texts()?);
            if texts.is_empty() {
                return Err(place.fault("`sockets` is empty: expected at least one"));
            }
            Some((place, texts))
        }
        (None, None) => None,
    };
    match (file, sockets) {
        (Some(_), Some((place, _))) => Err(place.fault(
            "there are both `file` and a socket: a composition is described by a file or by plugs, not by both",
        )),
        (Some(file), None) => {
            let subject = Subject::File(file.some_text()?.into());
            if let Some(plugs) = plugs {
                not_for_files(&subject, "plugs", &plugs)?;
            }
            Ok(subject)
        }
        (None, Some((_, sockets))) => {
            let plugs = plugs.map(Field::texts).transpose()?;
            Ok(Subject::Plug { sockets, plugs })
        }
        (None, None) => {
            let what = "`[compose]` does not say what to compose: expected `socket`, `sockets` or `file`";
            Err(table.misspelt().unwrap_or_else(|| table.place.fault(what)))
        }
    }
}

/// What a file that describes a composition says itself.
fn not_for_files(what: &Subject, key: &str, field: &Field<'_>) -> Result<(), Fault> {
    match what {
        Subject::Plug { .. } => Ok(()),
        Subject::File(_) => Err(field.place.fault(format_args!(
            "`{key}` goes with `socket`: where there is `file`, the file says it"
        ))),
    }
}

//! A project: the folder of a `tenon.toml`, what it asks for, and what is locked for it.
//!
//! | module | what |
//! |---|---|
//! | `asked` | what the project asks for, and who in it does |
//! | `remotes` | the registries that its packages come from |
//! | `unlogged` | what there is in registries without logs, and what is locked from them |
//! | `universe` | what there is, by the registries or by the cache |
//! | `locking` | the lock file made to answer what is asked |
//! | `entries` | what stands in a lock file |
//! | `moved` | whether what is locked comes from where it was locked from |
//! | `known` | whose releases were taken before, in any project |
//! | `publishers` | whether releases come from who they came from before |
//! | `change` | what became another in the lock file |
//! | `install` | what is locked, fetched and verified |
//! | `auto` | what could fill an import that stays open |
//! | `merge` | a lock file with conflicts, made whole |
//! | `wkg` | the files of another tool, from which a project can move over |
//! | `built` | what the last build was made of |

mod asked;
pub(crate) mod auto;
mod built;
mod change;
mod entries;
mod install;
mod known;
mod locking;
mod merge;
mod moved;
mod publishers;
mod remotes;
mod universe;
mod unlogged;
mod wkg;

pub(crate) use asked::{Asked, nothing_at};
pub(crate) use built::Built;
pub(crate) use change::{Change, Changes};
pub(crate) use install::{install, locked_version, pull_locked};
pub(crate) use locking::{Freedom, Locking};
pub(crate) use remotes::{Remotes, look};
pub(crate) use unlogged::tag_moved;
pub(crate) use wkg::WkgProject;

use crate::config::manifest;
use crate::error::Failure;
use crate::places::Place;
use crate::stored;
use crate::ui;
use crate::wit::Vendored;
use semver::VersionReq;
use std::fs::File;
use std::path::{Path, PathBuf};
use tenon_registry_client::Digest;
use tenon_registry_client::name::PackageName;
use tenon_registry_client::project::conflict::has_markers;
use tenon_registry_client::project::{
    LockFile, LockFileError, LockedPackage, MAX_LOCK_FILE, Manifest,
};

pub(crate) use crate::config::manifest::NAME as MANIFEST;
/// The name of a lock file.
pub(crate) const LOCK: &str = "tenon.lock";
/// The longest manifest that is read, in bytes.
const MAX_MANIFEST: u64 = 1 << 20;
/// The longest lock file that is read, in bytes.
const MAX_LOCK: u64 = MAX_LOCK_FILE as u64;

/// A project.
pub(crate) struct Project {
    /// Its folder, as seen from the current one: empty where they are the same.
    pub(crate) root: PathBuf,
    /// The current folder, as seen from the project's.
    from: PathBuf,
    pub(crate) manifest: Manifest,
    /// The manifest as it was read.
    pub(crate) text: String,
    /// What is locked, if there is a lock file, and it can be understood.
    pub(crate) lock: Option<LockFile>,
    /// The lock file as it was read.
    lock_text: Option<String>,
    /// What someone has put into the folder of the project's WIT, and is going to be fetched in place of it.
    pub(crate) replaced: Vec<Vendored>,
    /// Keeps other processes from changing the same project.
    _alone: Option<File>,
}

/// Whether a command is going to change a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// It looks only.
    Look,
    /// It may write the manifest, the lock file, or what is built.
    Change,
}

impl Project {
    /// The project of the current folder, or of the nearest one above it.
    pub(crate) fn open(purpose: Purpose) -> Result<Project, Failure> {
        let mut project = Project::open_unlocked(purpose)?;
        let lock = project.lock_text.as_deref().map(LockFile::parse);
        let lock = lock.transpose().map_err(|error| {
            let text = project.lock_text.as_deref().unwrap_or_default();
            not_a_lock(&project.lock_path(), text, &error)
        });
        project.lock = lock?;
        Ok(project)
    }

    /// As [`Project::open`], where what is locked is not looked at.
    fn open_unlocked(purpose: Purpose) -> Result<Project, Failure> {
        let (root, from) = find()?;
        let alone = match purpose {
            Purpose::Look => None,
            Purpose::Change => Some(alone(&root)?),
        };
        let path = root.join(MANIFEST);
        let text = stored::read_text(&path, MAX_MANIFEST)?.ok_or_else(none)?;
        let manifest = Manifest::parse(&text).map_err(|error| {
            Failure::configuration(
                "project::manifest",
                format!("`{}` cannot be understood", path.display()),
            )
            .cause(ui::clean(&error.to_string()))
            .help("correct it where it is wrong; nothing was changed")
        })?;
        let lock_text = stored::read_text(&root.join(LOCK), MAX_LOCK)?;
        Ok(Project {
            root,
            from,
            manifest,
            text,
            lock: None,
            lock_text,
            replaced: vec![],
            _alone: alone,
        })
    }

    /// Where the manifest is.
    pub(crate) fn manifest_path(&self) -> PathBuf {
        self.root.join(MANIFEST)
    }

    /// Where the lock file is, or would be.
    pub(crate) fn lock_path(&self) -> PathBuf {
        self.root.join(LOCK)
    }

    /// The folder of the project's WIT, which need not be there.
    pub(crate) fn wit_folder(&self) -> PathBuf {
        self.root.join(&self.manifest.wit.dir)
    }

    /// A path as the manifest has it, for one that the command line has.
    pub(crate) fn relative(&self, path: &Path) -> PathBuf {
        if path.is_absolute() {
            return path.to_owned();
        }
        let mut relative = PathBuf::new();
        for part in self.from.join(path).components() {
            let is_above = relative.file_name().is_none();
            match part {
                std::path::Component::ParentDir if !is_above => drop(relative.pop()),
                std::path::Component::CurDir => {}
                part => relative.push(part),
            }
        }
        match relative.as_os_str().is_empty() {
            true => ".".into(),
            false => relative,
        }
    }

    /// A path of the manifest as seen from here, which is no name of a package, nor of standard input.
    pub(crate) fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        let is_plain = path.is_absolute() || !self.root.as_os_str().is_empty();
        match is_plain || !(path == "-" || path.to_string_lossy().contains(':')) {
            true => self.root.join(path),
            false => Path::new(".").join(path),
        }
    }

    /// Refuses to write at a path that leads out of the project, also by links: who wrote the manifest may be someone else.
    pub(crate) fn check_inside(&self, path: &Path, what: &str, help: &str) -> Result<(), Failure> {
        let failed = |error: &std::io::Error| Failure::io("look at", path, error);
        let root = std::fs::canonicalize(self.path("."));
        let root = root.map_err(|error| failed(&error))?;
        // The nearest that is there says where the rest would be.
        let absolute = std::path::absolute(path).map_err(|error| failed(&error))?;
        let mut there = absolute
            .ancestors()
            .filter_map(|path| std::fs::canonicalize(path).ok());
        let is_inside = there.next().is_some_and(|there| there.starts_with(&root));
        // A folder that is not there yet could be stepped out of once it was made.
        let mut depth = 0_i64;
        let within = path.strip_prefix(&self.root).unwrap_or(path);
        let steps_out = within.components().any(|part| {
            depth += match part {
                std::path::Component::ParentDir => -1,
                std::path::Component::Normal(_) => 1,
                _ => 0,
            };
            depth < 0
        });
        match is_inside && !steps_out {
            true => Ok(()),
            false => Err(Failure::configuration(
                "project::outside",
                format!("{what} leads out of the project: `{}`", path.display()),
            )
            .help(help)),
        }
    }

    /// The highest release that is locked and meets a requirement.
    pub(crate) fn locked_for(
        &self,
        package: &PackageName,
        requirement: &VersionReq,
    ) -> Option<&LockedPackage> {
        let packages = self.lock.as_ref()?.packages.iter().rev();
        let mut fitting = packages.filter(|((name, version), _)| {
            name == package && requirement.matches(version.semver())
        });
        fitting.next().map(|(_, locked)| locked)
    }

    /// Replaces the manifest, unless it was changed since it was read.
    pub(crate) fn write_manifest(&mut self, text: String) -> Result<(), Failure> {
        let path = self.manifest_path();
        if stored::read_text(&path, MAX_MANIFEST)?.as_deref() != Some(self.text.as_str()) {
            return Err(changed(&path));
        }
        stored::replace(&path, &text)?;
        self.text = text;
        Ok(())
    }

    /// Replaces the lock file, unless it was changed since it was read.
    pub(crate) fn write_lock(&mut self, lock: LockFile) -> Result<(), Failure> {
        let path = self.lock_path();
        if stored::read_text(&path, MAX_LOCK)? != self.lock_text {
            return Err(changed(&path));
        }
        let text = lock.to_string();
        // What one lock file cannot hold is no use to anyone.
        if let Err(error) = LockFile::parse(&text) {
            let message = format!("`{LOCK}` cannot hold what is chosen");
            return Err(Failure::new("project::lock-file", message).cause(error));
        }
        if self.lock_text.as_ref() != Some(&text) {
            stored::replace(&path, &text)?;
        }
        self.lock_text = Some(text);
        self.lock = Some(lock);
        Ok(())
    }

    /// A folder for what this program remembers of the project, which is not there yet perhaps.
    fn memory(&self) -> Result<PathBuf, Failure> {
        memory_of(&self.root)
    }
}

/// The folder of the nearest manifest as seen from the current one, and the other way round.
fn find() -> Result<(PathBuf, PathBuf), Failure> {
    let here = std::env::current_dir()
        .map_err(|error| Failure::io("look at", "the current folder", &error))?;
    let path = manifest::of_here().ok_or_else(none)?;
    let folder = path.parent().unwrap_or(Path::new("/"));
    let from = here.strip_prefix(folder).unwrap_or(Path::new(""));
    let root = from.components().map(|_| "..").collect();
    Ok((root, from.to_owned()))
}

fn none() -> Failure {
    Failure::configuration("project::none", "there is no `tenon.toml` here, nor above")
        .help("make one with `tenon init`, or go to the folder of a project")
}

/// Waits until no other process changes the project at `root`.
fn alone(root: &Path) -> Result<File, Failure> {
    let folder = memory_of(root)?;
    stored::lock(&folder.join("lock"), &root.join(MANIFEST))
}

fn memory_of(root: &Path) -> Result<PathBuf, Failure> {
    let path = std::path::absolute(root.join(MANIFEST));
    let path = path.and_then(std::fs::canonicalize);
    let path = path.map_err(|error| Failure::io("look at", root.join(MANIFEST), &error))?;
    let name = Digest::of(path.as_os_str().as_encoded_bytes()).hex();
    Ok(Place::Cache.folder()?.join("projects").join(name))
}

fn changed(path: &Path) -> Failure {
    Failure::new(
        "project::changed",
        format!("`{}` was changed by someone else meanwhile", path.display()),
    )
    .help("nothing was overwritten: run the same command again")
}

fn not_a_lock(path: &Path, text: &str, error: &LockFileError) -> Failure {
    let path = path.display();
    if has_markers(text) {
        return Failure::new(
            "project::lock-conflict",
            format!("`{path}` has the conflicts of a merge in it"),
        )
        .help(
            "resolve those of `tenon.toml` first, if there are any; then run `tenon lock --merge`",
        );
    }
    if LockFile::parse_merged(text).is_ok() {
        return Failure::new(
            "project::lock-conflict",
            format!("`{path}` has more of a package than a project takes, as a merge can leave it"),
        )
        .cause(ui::clean(&error.to_string()))
        .help("run `tenon lock --merge`, which keeps what fits");
    }
    Failure::new(
        "project::lock-file",
        format!("`{path}` cannot be understood"),
    )
    .cause(ui::clean(&error.to_string()))
    .help(match error {
        LockFileError::Newer(_) => "use the `tenon` that made it, or a newer one",
        _ => "take it from your version control again, or remove it and run `tenon lock`",
    })
}

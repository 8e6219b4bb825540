//! What the last build of a project was made of, so that the next can tell that nothing has changed.

use super::Project;
use crate::error::Failure;
use crate::remembered::{Identity, Memory};
use crate::source::Named;
use crate::stored;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use tenon_registry_client::{Digest, Hasher};

/// The longest record of a build that is read, in bytes.
const MAX_RECORD: u64 = 1 << 20;

/// What a build is made of, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Built {
    /// The program that built, since another one may build otherwise.
    tenon: String,
    /// The digest of everything that is not a file: what the manifest and the command line say.
    recipe: String,
    /// The releases that went in, with their digests.
    releases: BTreeMap<String, String>,
    /// The files that went in, with their digests.
    files: BTreeMap<PathBuf, String>,
    /// What came of it, with its digest.
    output: (PathBuf, String),
}

impl Built {
    /// A build that is going to be, as far as it is known before: all but its output.
    ///
    /// # Errors
    ///
    /// A file cannot be read.
    pub(crate) fn plan(
        recipe: &[&str],
        releases: BTreeMap<String, String>,
        files: impl IntoIterator<Item = PathBuf>,
        output: &Path,
    ) -> Result<Built, Failure> {
        let mut hasher = Hasher::new();
        for part in recipe {
            hasher.update(&(part.len() as u64).to_be_bytes());
            hasher.update(part.as_bytes());
        }
        let mut digests = BTreeMap::new();
        for file in files {
            let digest = digest_of(&file)?;
            digests.insert(settled(&file), digest);
        }
        Ok(Built {
            tenon: env!("CARGO_PKG_VERSION").to_owned(),
            recipe: hasher.finish().to_string(),
            releases,
            files: digests,
            output: (settled(output), String::new()),
        })
    }

    /// Whether the last build was the same, and nothing that went in or came out of it has changed.
    pub(crate) fn is_last_of(&self, project: &Project) -> bool {
        let record = project.memory().map(|folder| folder.join("built.json"));
        let text = record.and_then(|path| stored::read_text(&path, MAX_RECORD));
        let Ok(Some(text)) = text else {
            return false;
        };
        let Ok(last) = serde_json::from_str::<Built>(&text) else {
            return false;
        };
        let is_same = |(path, digest): (&PathBuf, &String)| match self.files.get(path) {
            Some(now) => now == digest,
            // What the files of the last build named besides.
            None => digest_of(path).is_ok_and(|now| now == *digest),
        };
        let (output, digest) = &last.output;
        (&self.tenon, &self.recipe) == (&last.tenon, &last.recipe)
            && self.releases == last.releases
            && self.files.keys().all(|path| last.files.contains_key(path))
            && last.files.iter().all(is_same)
            && self.output.0 == *output
            && digest_of(output).is_ok_and(|now| now == *digest)
    }

    /// Remembers the build, now that it is done, with further files that went in. That this fails costs another build.
    pub(crate) fn keep(mut self, project: &Project, further: impl IntoIterator<Item = PathBuf>) {
        // Its folder may be there only now.
        self.output.0 = settled(&self.output.0);
        for file in further {
            match digest_of(&file) {
                Ok(digest) => drop(self.files.insert(settled(&file), digest)),
                Err(_) => return,
            }
        }
        let Ok(digest) = digest_of(&self.output.0) else {
            return;
        };
        self.output.1 = digest;
        if let Ok(folder) = project.memory()
            && let Ok(text) = serde_json::to_string_pretty(&self)
        {
            let _ = stored::replace(&folder.join("built.json"), &text);
        }
    }
}

/// A path that is the same from wherever the program is run.
fn settled(path: &Path) -> PathBuf {
    let whole = || std::fs::canonicalize(path).ok();
    // What is not there yet is in a folder that is.
    let below = || {
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let folder = std::fs::canonicalize(folder.unwrap_or(Path::new("."))).ok()?;
        Some(folder.join(path.file_name()?))
    };
    let settled = whole().or_else(below);
    settled.unwrap_or_else(|| path.to_owned())
}

/// The digest of a file, which is remembered as long as the file does not change.
fn digest_of(path: &Path) -> Result<String, Failure> {
    let memory = Memory::open();
    let failed = |error: std::io::Error| Failure::io("read", path, &error);
    let identity = File::open(path).map(|file| Identity::of(&file));
    let identity = identity.map_err(failed)?;
    if let Some((digest, _)) = identity.as_ref().and_then(|known| memory.recall(known)) {
        return Ok(digest.to_string());
    }
    let named = Named::open_raw(&path.to_string_lossy())?;
    let digest: Digest = named.digest()?;
    named.remember(&memory, digest, false);
    Ok(digest.to_string())
}

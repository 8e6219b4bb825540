//! Documents in WAC: their packages, and what they mean.
//!
//! | module | what |
//! |---|---|
//! | `given` | packages that the command line names |
//! | `folder` | the folder with packages |
//! | `opened` | what is at a path, as a component or WIT package |
//! | `search` | where packages are looked for, in order |
//! | `absent` | packages that are nowhere, and what is said of them |
//! | `subject` | what an argument names, where a document is one of the things that it may name |
//! | `meaning` | the document understood, with all that is wrong with it |

mod absent;
mod folder;
mod given;
mod meaning;
mod opened;
mod search;
mod subject;

pub(crate) use folder::{files_in, place_in};
pub(crate) use meaning::{Making, Read};
pub(crate) use search::{Search, release_of};
pub(crate) use subject::Subject;

use std::path::Path;
use tenon_composer::wac::Wanted;

/// The folder with packages, if nothing else is said.
pub(crate) const DEPS: &str = "deps";

/// Whether a file is a document by its name.
pub(crate) fn is_document(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "wac")
}

/// Whether a version is one of those that a document asks for. A prerelease is only where it is named.
fn admits(wanted: Option<&Wanted>, version: &semver::Version) -> bool {
    match wanted {
        None => version.pre.is_empty(),
        Some(Wanted::Exact(exact)) => exact == version,
        Some(Wanted::Requirement(requirement)) => requirement.matches(version),
    }
}

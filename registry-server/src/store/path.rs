//! Where a file is, below the one directory that holds everything.

use std::fmt;
use std::str::FromStr;

/// A path below the root of a [`Files`](super::Files): parts joined by `/`, none of which can lead out of it.
///
/// A part is 1 to 255 bytes of `A-Z a-z 0-9 . _ -` that do not begin with `.`; the whole has at most
/// 1,024 bytes. Text never parses to the root itself, which is [`FilePath::root`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FilePath(String);

/// Why a text is not a path below the root.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FilePathError {
    /// A part breaks the rules.
    #[error(
        "`{part}` in `{path}` cannot be the name of a file here: expected 1 to 255 of `A-Z a-z 0-9 . _ -`, \
         not beginning with `.`"
    )]
    Part {
        /// The part.
        part: String,
        /// All of it.
        path: String,
    },
    /// There is more of it than some systems can open.
    #[error("a path of {0} bytes is too long: at most {MOST_BYTES} bytes")]
    TooLong(usize),
}

const MOST_BYTES: usize = 1024;
const MOST_PART_BYTES: usize = 255;

impl FilePath {
    /// The directory that holds everything.
    pub fn root() -> FilePath {
        FilePath(String::new())
    }

    /// The directory of files that are not finished.
    pub fn tmp() -> FilePath {
        FilePath("tmp".to_owned())
    }

    /// An unfinished file, by its number.
    pub(super) fn in_tmp(number: u64) -> FilePath {
        FilePath(format!("tmp/{number}"))
    }

    /// Whether it is the directory that holds everything.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// What is at `rest`, one part or several, below this directory.
    ///
    /// # Errors
    ///
    /// `rest` is not a path, or both together are too long.
    pub fn join(&self, rest: &str) -> Result<FilePath, FilePathError> {
        if self.is_root() {
            return rest.parse();
        }
        rest.parse::<FilePath>()?;
        format!("{}/{rest}", self.0).parse()
    }

    /// The directory it is in. The root is in none.
    pub fn parent(&self) -> Option<FilePath> {
        Some(self.split()?.0)
    }

    /// The last part. The root has none.
    pub fn name(&self) -> Option<&str> {
        Some(self.split()?.1)
    }

    /// The directory it is in, and its name there. `None` for the root.
    pub fn split(&self) -> Option<(FilePath, &str)> {
        if self.is_root() {
            return None;
        }
        let (parent, name) = self.0.rsplit_once('/').unwrap_or(("", &self.0));
        Some((FilePath(parent.to_owned()), name))
    }

    /// The directories it is in, from the root on.
    pub fn ancestors(&self) -> Vec<FilePath> {
        let mut ancestors: Vec<FilePath> =
            std::iter::successors(self.parent(), FilePath::parent).collect();
        ancestors.reverse();
        ancestors
    }

    /// The parts, from the root on.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').filter(|part| !part.is_empty())
    }

    /// As text; `.` for the root.
    pub fn as_str(&self) -> &str {
        if self.is_root() { "." } else { &self.0 }
    }
}

impl FromStr for FilePath {
    type Err = FilePathError;

    fn from_str(text: &str) -> Result<FilePath, FilePathError> {
        if text.len() > MOST_BYTES {
            return Err(FilePathError::TooLong(text.len()));
        }
        match text.split('/').find(|part| !is_part(part)) {
            Some(part) => Err(FilePathError::Part {
                part: part.to_owned(),
                path: text.to_owned(),
            }),
            None => Ok(FilePath(text.to_owned())),
        }
    }
}

impl fmt::Display for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{self}`")
    }
}

fn is_part(part: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=MOST_PART_BYTES).contains(&part.len())
        && !part.starts_with('.')
        && part.bytes().all(allowed)
}

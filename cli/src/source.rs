//! What a user names: a file, text to be parsed, or standard input.

use crate::error::Failure;
use crate::remembered::{Identity, Memory};
use crate::ui;
use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::Path;
use tenon_composer::{Input, Kind};
use tenon_registry_client::{Digest, Hasher};

/// How much is read at once to hash a file.
const CHUNK: usize = 1 << 20;

/// Bytes that a user named.
pub(crate) struct Named {
    /// As it was given.
    pub(crate) argument: String,
    /// A short name for messages and for the composition.
    pub(crate) name: String,
    pub(crate) bytes: Bytes,
}

/// Where the bytes are.
pub(crate) enum Bytes {
    /// In a file, which is never read whole.
    File(FileInput),
    /// In memory: standard input, a pipe, or the binary that text was turned into.
    Memory(Vec<u8>),
}

/// A file as an input of the composer.
pub(crate) struct FileInput {
    file: File,
    size: u64,
    identity: Option<Identity>,
}

impl Named {
    /// Opens what `argument` names. WebAssembly text is turned into binary.
    pub(crate) fn open(argument: &str) -> Result<Named, Failure> {
        let named = Named::open_raw(argument)?;
        let is_wat = Path::new(argument)
            .extension()
            .is_some_and(|extension| extension == "wat");
        if !is_wat && Kind::of(&named.prefix()?) != Kind::Wat {
            return Ok(named);
        }
        let text = named.read_all()?;
        let binary = wat::Parser::new()
            .parse_bytes(Some(Path::new(argument)), &text)
            .map_err(|error| {
                Failure::new(
                    "cli::wat",
                    format!("`{argument}` is not valid WebAssembly text"),
                )
                .cause(error)
                .help("correct the text at the place that is shown")
            })?
            .into_owned();
        Ok(Named {
            bytes: Bytes::Memory(binary),
            ..named
        })
    }

    /// Opens what `argument` names, as it is.
    pub(crate) fn open_raw(argument: &str) -> Result<Named, Failure> {
        if argument == "-" {
            let mut bytes = Vec::new();
            io::stdin()
                .lock()
                .read_to_end(&mut bytes)
                .map_err(|error| Failure::io("read", "standard input", &error))?;
            return Ok(Named {
                argument: argument.to_owned(),
                name: "stdin".to_owned(),
                bytes: Bytes::Memory(bytes),
            });
        }
        let path = Path::new(argument);
        if argument.contains(':') && !path.exists() {
            return Err(no_registry(argument));
        }
        let bytes = Bytes::open(path).map_err(|error| not_opened(path, &error))?;
        Ok(Named {
            argument: argument.to_owned(),
            name: ui::clean(
                &path
                    .file_stem()
                    .unwrap_or(path.as_os_str())
                    .to_string_lossy(),
            ),
            bytes,
        })
    }

    pub(crate) fn input(&self) -> &dyn Input {
        self.bytes.input()
    }

    /// What the bytes are.
    pub(crate) fn kind(&self) -> Result<Kind, Failure> {
        Ok(Kind::of(&self.prefix()?))
    }

    /// All bytes, in memory.
    pub(crate) fn read_all(&self) -> Result<Vec<u8>, Failure> {
        let mut bytes = vec![0; self.input().size() as usize];
        self.read_at(0, &mut bytes)?;
        Ok(bytes)
    }

    /// What is remembered of a file: its digest, and whether it is known to be valid.
    pub(crate) fn recall(&self, memory: &Memory) -> Option<(Digest, bool)> {
        match &self.bytes {
            Bytes::File(file) => memory.recall(file.identity.as_ref()?),
            Bytes::Memory(_) => None,
        }
    }

    /// The digest of the bytes.
    pub(crate) fn digest(&self) -> Result<Digest, Failure> {
        let mut hasher = Hasher::new();
        self.read_range(0..self.input().size(), |bytes| hasher.update(bytes))?;
        Ok(hasher.finish())
    }

    /// Reads `range` in parts, and hands each to `each`.
    pub(crate) fn read_range(
        &self,
        range: Range<u64>,
        mut each: impl FnMut(&[u8]),
    ) -> Result<(), Failure> {
        let mut buffer = vec![0; CHUNK.min((range.end - range.start) as usize)];
        let mut offset = range.start;
        while offset < range.end {
            buffer.truncate((range.end - offset) as usize);
            self.read_at(offset, &mut buffer)?;
            each(&buffer);
            offset += buffer.len() as u64;
        }
        Ok(())
    }

    /// Remembers what was found out about a file.
    pub(crate) fn remember(&self, memory: &Memory, digest: Digest, is_valid: bool) {
        if let Bytes::File(file) = &self.bytes
            && let Some(identity) = &file.identity
            && self.is_unchanged()
        {
            memory.remember(identity, digest, is_valid);
        }
    }

    /// Whether a file is still as it was when it was opened.
    pub(crate) fn is_unchanged(&self) -> bool {
        match &self.bytes {
            Bytes::File(file) => Identity::of(&file.file) == file.identity,
            Bytes::Memory(_) => true,
        }
    }

    fn prefix(&self) -> Result<Vec<u8>, Failure> {
        let mut prefix = vec![0; self.input().size().min(Kind::PREFIX as u64) as usize];
        self.read_at(0, &mut prefix)?;
        Ok(prefix)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), Failure> {
        self.input()
            .read_at(offset, buffer)
            .map_err(|error| Failure::io("read", &self.argument, &error))
    }
}

impl Bytes {
    pub(crate) fn input(&self) -> &dyn Input {
        match self {
            Bytes::File(file) => file,
            Bytes::Memory(bytes) => bytes,
        }
    }

    fn open(path: &Path) -> io::Result<Bytes> {
        Bytes::of(File::open(path)?)
    }

    /// The bytes of a file that is open.
    pub(crate) fn of(mut file: File) -> io::Result<Bytes> {
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        if !metadata.is_file() {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            return Ok(Bytes::Memory(bytes));
        }
        Ok(Bytes::File(FileInput {
            size: metadata.len(),
            identity: Identity::of(&file),
            file,
        }))
    }
}

impl Input for FileInput {
    fn size(&self) -> u64 {
        self.size
    }

    #[cfg(unix)]
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        use std::os::unix::fs::FileExt;
        self.file.read_exact_at(buffer, offset)
    }

    #[cfg(windows)]
    fn read_at(&self, mut offset: u64, mut buffer: &mut [u8]) -> io::Result<()> {
        use std::os::windows::fs::FileExt;
        while !buffer.is_empty() {
            let read = self.file.seek_read(buffer, offset)?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            buffer = buffer.get_mut(read..).unwrap_or_default();
            offset += read as u64;
        }
        Ok(())
    }
}

fn not_opened(path: &Path, error: &io::Error) -> Failure {
    let failure = Failure::io("read", path, error);
    if error.kind() != io::ErrorKind::NotFound {
        return failure;
    }
    let nearest = path.file_name().and_then(|name| {
        let name = name.to_string_lossy().into_owned();
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let siblings = std::fs::read_dir(folder.unwrap_or(Path::new("."))).ok()?;
        siblings
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .map(|sibling| (strsim::levenshtein(&name, &sibling), sibling))
            .filter(|(distance, _)| *distance <= 2)
            .min()
            .map(|(_, sibling)| path.with_file_name(sibling))
    });
    match nearest {
        Some(nearest) => failure.help(format!("did you mean `{}`?", nearest.display())),
        None => failure,
    }
}

fn no_registry(argument: &str) -> Failure {
    Failure {
        exit: crate::exit::ExitKind::Usage,
        ..Failure::new(
            "cli::no-registry",
            format!("`{argument}` is no file, and as the name of a package it needs a registry"),
        )
    }
    .help("this version of `tenon` has no registry client yet: fetch the package with the client of your registry, and name the file")
}

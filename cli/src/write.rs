//! Writing a result: all of it, or nothing.

use crate::error::Failure;
use crate::source::{Bytes, Named};
use std::fs::{self, File, OpenOptions};
use std::io::{self, IsTerminal, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use tenon_composer::{Composition, Piece};

/// Where a result goes.
pub(crate) enum Target {
    Stdout,
    /// A file, which appears whole or not at all.
    File(PathBuf),
}

/// What is written.
pub(crate) enum Content<'c> {
    /// Text, which may go to a terminal.
    Text(&'c str),
    /// A composition made of these inputs.
    Composition(&'c Composition<'c>, &'c [Named]),
}

impl Target {
    pub(crate) fn of(output: Option<&Path>) -> Target {
        match output {
            None => Target::Stdout,
            Some(path) if path == Path::new("-") => Target::Stdout,
            Some(path) => Target::File(path.to_owned()),
        }
    }

    pub(crate) fn is_stdout(&self) -> bool {
        matches!(self, Target::Stdout)
    }

    /// Refuses what cannot work, before anything is done.
    pub(crate) fn check(&self, is_text: bool) -> Result<(), Failure> {
        match self {
            Target::Stdout if !is_text && io::stdout().is_terminal() => Err(Failure::usage(
                "a component is binary, and standard output is a terminal",
            )
            .help("write to a file with `-o FILE`, or print text with `--wat`")),
            Target::Stdout => Ok(()),
            Target::File(path) if path.is_dir() => Err(Failure::io(
                "write",
                path,
                &io::ErrorKind::IsADirectory.into(),
            )),
            Target::File(path) => match folder_of(path) {
                folder if folder.is_dir() => Ok(()),
                folder => Err(Failure::io("write", path, &io::ErrorKind::NotFound.into())
                    .help(format!("make the folder `{}` first", folder.display()))),
            },
        }
    }

    /// Writes `content`.
    pub(crate) fn write(&self, content: &Content<'_>) -> Result<(), Failure> {
        match self {
            Target::Stdout => {
                let mut stdout = io::stdout().lock();
                content
                    .write_to(&mut stdout, None)
                    .and_then(|()| stdout.flush())
                    .map_err(|error| Failure::io("write to", "standard output", &error))
            }
            Target::File(path) => {
                write_file(path, content).map_err(|error| Failure::io("write", path, &error))
            }
        }
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn write_file(path: &Path, content: &Content<'_>) -> io::Result<()> {
    // What a link points to is replaced, not the link.
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let existing = fs::metadata(path).ok();
    if existing
        .as_ref()
        .is_some_and(|metadata| !metadata.is_file())
    {
        let file = OpenOptions::new().write(true).open(path)?;
        return content.write_to(&mut &file, Some(&file));
    }
    let mut builder = tempfile::Builder::new();
    builder.prefix(".tenon-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = existing.map_or(0o666, |metadata| metadata.permissions().mode() & 0o777);
        builder.permissions(fs::Permissions::from_mode(mode));
    }
    let file = builder.tempfile_in(folder_of(path))?;
    content.write_to(&mut file.as_file(), Some(file.as_file()))?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

impl Content<'_> {
    /// Writes to `out`, which is also `file` where it is one: files are copied by the system.
    fn write_to(&self, out: &mut dyn Write, file: Option<&File>) -> io::Result<()> {
        let (composition, inputs) = match self {
            Content::Text(text) => return out.write_all(text.as_bytes()),
            Content::Composition(composition, inputs) => (composition, inputs),
        };
        for piece in composition.pieces() {
            match piece {
                Piece::Bytes(bytes) => out.write_all(bytes)?,
                Piece::Input(input) => {
                    let source = inputs
                        .iter()
                        .find(|named| std::ptr::addr_eq(named.input(), *input))
                        .ok_or_else(|| io::Error::other("an input is gone"))?;
                    copy(source, out, file)?;
                }
            }
        }
        Ok(())
    }
}

fn copy(source: &Named, out: &mut dyn Write, file: Option<&File>) -> io::Result<()> {
    let input = match &source.bytes {
        Bytes::Memory(bytes) => return out.write_all(bytes),
        Bytes::File(input) => input,
    };
    let size = source.input().size();
    let mut from = &input.file;
    from.seek(SeekFrom::Start(0))?;
    let mut from = from.take(size);
    let copied = match file {
        // Between two files the standard library has the system copy.
        Some(mut file) => io::copy(&mut from, &mut file)?,
        None => io::copy(&mut from, out)?,
    };
    if copied == size && source.is_unchanged() {
        return Ok(());
    }
    Err(io::Error::other(format!(
        "`{}` changed while it was read",
        source.argument
    )))
}

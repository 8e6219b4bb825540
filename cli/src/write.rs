//! Writing a result: all of it, or nothing.

use crate::error::Failure;
use crate::interrupted::Unfinished;
use crate::reading::Hashing;
use crate::source::Named;
use std::cell::RefCell;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, IsTerminal, Read, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;
use tenon_composer::{Composition, Extracted, Input, Piece};
use tenon_registry_client::chain::Release;
use tenon_registry_client::verify::Verified;
use tenon_registry_client::{Digest, Hasher};

/// How much is held in memory to be copied.
const CHUNK: u64 = 1 << 20;
/// How much of small parts is written at once.
const TOGETHER: usize = 64 << 10;

/// Where a result goes.
pub(crate) enum Target {
    Stdout,
    /// A file, which appears whole or not at all.
    File(PathBuf),
    /// As [`Target::File`], of a name that the user did not give: where a link is, the link is replaced.
    Derived(PathBuf),
}

/// What is written.
pub(crate) enum Content<'c> {
    /// Text, which may go to a terminal.
    Text(&'c str),
    /// Bytes, for which no terminal is the place.
    Bytes(&'c [u8]),
    /// A composition made of these inputs.
    Composition(&'c Composition<'c>, &'c [&'c Named]),
    /// What knows how to write itself.
    Made(&'c dyn Fn(&mut dyn Write) -> io::Result<()>),
    /// The bytes of a release, which are checked once more on their way.
    Release(&'c Verified<Release>, &'c dyn Input),
    /// Bytes with this digest, which no log proves; they are checked once more on their way.
    Unlogged(Digest, &'c dyn Input),
}

impl Target {
    pub(crate) fn of(output: Option<&Path>) -> Target {
        match output {
            None => Target::Stdout,
            Some(path) if path == Path::new("-") => Target::Stdout,
            Some(path) => Target::File(path.to_owned()),
        }
    }

    /// The file, if it is one.
    pub(crate) fn path(&self) -> Option<&Path> {
        match self {
            Target::Stdout => None,
            Target::File(path) | Target::Derived(path) => Some(path),
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
            Target::File(path) | Target::Derived(path) if path.is_dir() => Err(Failure::io(
                "write",
                path,
                &io::ErrorKind::IsADirectory.into(),
            )),
            Target::File(path) | Target::Derived(path) => match folder_of(path) {
                folder if folder.is_dir() => Ok(()),
                folder => Err(Failure::new(
                    "cli::io",
                    format!(
                        "cannot write `{}`: there is no folder `{}`",
                        path.display(),
                        folder.display()
                    ),
                )
                .help("make the folder first, or write elsewhere")),
            },
        }
    }

    /// Writes `content`.
    pub(crate) fn write(&self, content: &Content<'_>) -> Result<(), Failure> {
        match self {
            Target::Stdout => {
                let mut stdout = io::stdout().lock();
                content
                    .write_to(&mut stdout)
                    .and_then(|()| stdout.flush())
                    .map_err(|error| Failure::io("write to", "standard output", &error))
            }
            Target::File(path) => {
                let written = match fs::metadata(path) {
                    // `/dev/stdout` is a link to what has no path of its own, if it is a pipe.
                    Ok(metadata) if !metadata.is_file() => write_through(path, content),
                    // What a link points to is replaced, not the link.
                    _ => {
                        let end = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
                        write_file(&end, content)
                    }
                };
                written.map_err(|error| Failure::io("write", path, &error))
            }
            Target::Derived(path) => {
                write_file(path, content).map_err(|error| Failure::io("write", path, &error))
            }
        }
    }
}

/// Writes a composition of `inputs` while some of these are hashed: the digests are in its last piece.
pub(crate) fn write_hashed(
    target: &Target,
    composition: &mut Composition<'_>,
    inputs: &[&Named],
    hashing: &Hashing<'_, '_>,
) -> Result<(), Failure> {
    let composition = RefCell::new(composition);
    target.write(&Content::Made(&|out| {
        let mut composition = composition.borrow_mut();
        let mut out = BufWriter::with_capacity(TOGETHER, out);
        let before = composition.pieces().len().saturating_sub(1);
        let (first, _) = composition.pieces().split_at(before);
        copy_pieces(first, &mut out)?;
        let digests = hashing.digests();
        composition.set_digests(digests.map_err(|failure| io::Error::other(failure.message))?);
        let (_, last) = composition.pieces().split_at(before);
        copy_pieces(last, &mut out)?;
        out.flush()?;
        check_unchanged(inputs)
    }))
}

/// Refuses to write over one of the files that are read.
pub(crate) fn check_not_read<P: AsRef<Path>>(
    output: &Path,
    inputs: impl IntoIterator<Item = P>,
) -> Result<(), Failure> {
    let size = |path: &Path| fs::metadata(path).map(|metadata| metadata.len()).ok();
    let (end, end_size) = (fs::canonicalize(output).ok(), size(output));
    let is_same = |input: &P| {
        let input = input.as_ref();
        // There may be a thousand inputs, and few have the size of what is there.
        let may_be = end.is_some() && size(input) == end_size;
        input == output || (may_be && fs::canonicalize(input).ok() == end)
    };
    match inputs.into_iter().any(|input| is_same(&input)) {
        true => Err(Failure::usage(format!(
            "`{}` is an input, and would be overwritten",
            output.display()
        ))
        .help("write to another file")),
        false => Ok(()),
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn write_file(path: &Path, content: &Content<'_>) -> io::Result<()> {
    let existing = fs::symlink_metadata(path).ok();
    let existing = existing.filter(|metadata| !metadata.is_symlink());
    if existing
        .as_ref()
        .is_some_and(|metadata| !metadata.is_file())
    {
        return write_through(path, content);
    }
    let (file, _unfinished) = temporary(folder_of(path), existing.as_ref())?;
    content.write_to(&mut file.as_file())?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Writes to a device or a pipe, which stays what it is.
fn write_through(path: &Path, content: &Content<'_>) -> io::Result<()> {
    let file = OpenOptions::new().write(true).open(path)?;
    content.write_to(&mut &file)
}

/// A temporary file in `folder`, with the permissions of what it is to replace, and what has it removed
/// should the program be told to stop.
fn temporary(
    folder: &Path,
    existing: Option<&fs::Metadata>,
) -> io::Result<(NamedTempFile, Unfinished)> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".tenon-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = existing.map_or(0o666, |metadata| metadata.permissions().mode() & 0o777);
        builder.permissions(fs::Permissions::from_mode(mode));
    }
    Unfinished::listen();
    let file = builder.tempfile_in(folder)?;
    let unfinished = Unfinished::new(file.path());
    Ok((file, unfinished))
}

/// Writes components that were taken out of `input` to files, all of them or none, and says of each
/// whether the file was there already, with the same bytes.
pub(crate) fn write_new(
    files: &[(PathBuf, &Extracted<'_>)],
    input: &Named,
) -> Result<Vec<bool>, Failure> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |error: io::Error| Failure::io("write", &path, &error)
    };
    let mut there = Vec::new();
    for (path, extracted) in files {
        let is_there = fs::symlink_metadata(path).is_ok();
        if is_there && !has_bytes(path, *extracted).map_err(failed(path))? {
            return Err(Failure::new(
                "cli::io",
                format!("`{}` is there already, and is another one", path.display()),
            )
            .help("move it away, or extract to another folder"));
        }
        there.push(is_there);
    }
    let mut written = Vec::new();
    for ((path, extracted), is_there) in files.iter().zip(&there) {
        if *is_there {
            continue;
        }
        let folder = folder_of(path);
        fs::create_dir_all(folder).map_err(failed(folder))?;
        let file = temporary(folder, None)
            .and_then(|(file, unfinished)| {
                copy_pieces(extracted.pieces(), &mut file.as_file())?;
                Ok((file.into_temp_path(), unfinished))
            })
            .map_err(failed(path))?;
        written.push((path, file));
    }
    if !input.is_unchanged() {
        return Err(Failure::io("read", &input.argument, &changed(input)));
    }
    let mut named = Vec::new();
    for (path, (file, _unfinished)) in written {
        if let Err(error) = file.persist_noclobber(path) {
            // Another process was faster.
            named
                .into_iter()
                .for_each(|path| drop(fs::remove_file(path)));
            return Err(failed(path)(error.error));
        }
        named.push(path);
    }
    Ok(there)
}

/// Whether a file has just these bytes. What is no file has none.
fn has_bytes(path: &Path, wanted: &dyn Input) -> io::Result<bool> {
    let is_file = fs::metadata(path)
        .is_ok_and(|metadata| metadata.is_file() && metadata.len() == wanted.size());
    if !is_file {
        return Ok(false);
    }
    let mut file = File::open(path)?;
    let mut is_same = true;
    let mut found = Vec::new();
    copy_each(wanted, 0..wanted.size(), |bytes| {
        found.resize(bytes.len(), 0);
        file.read_exact(&mut found)?;
        is_same &= found == bytes;
        Ok(())
    })?;
    Ok(is_same)
}

fn changed(input: &Named) -> io::Error {
    io::Error::other(format!("`{}` changed while it was read", input.argument))
}

impl Content<'_> {
    fn write_to(&self, out: &mut dyn Write) -> io::Result<()> {
        let (composition, inputs) = match self {
            Content::Text(text) => return out.write_all(text.as_bytes()),
            Content::Bytes(bytes) => return out.write_all(bytes),
            Content::Composition(composition, inputs) => (composition, inputs),
            Content::Made(write_to) => return write_to(out),
            Content::Release(release, input) => return copy_checked(release, *input, out),
            Content::Unlogged(digest, input) => return copy_hashed(*digest, *input, out),
        };
        // Small pieces are written together; large ones go past the buffer.
        let mut out = BufWriter::with_capacity(TOGETHER, out);
        copy_pieces(composition.pieces(), &mut out)?;
        out.flush()?;
        check_unchanged(inputs)
    }
}

fn check_unchanged(inputs: &[&Named]) -> io::Result<()> {
    match inputs.iter().find(|input| !input.is_unchanged()) {
        None => Ok(()),
        Some(input) => Err(changed(input)),
    }
}

/// Copies the content of a release; an error if it is not that, before a file gets its name.
fn copy_checked(
    release: &Verified<Release>,
    input: &dyn Input,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut check = release.check();
    copy_each(input, 0..input.size(), |bytes| {
        check.update(bytes).map_err(io::Error::other)?;
        out.write_all(bytes)
    })?;
    check.finish().map(drop).map_err(io::Error::other)
}

/// Copies bytes with a digest; an error if they have another one, before a file gets its name.
fn copy_hashed(digest: Digest, input: &dyn Input, out: &mut dyn Write) -> io::Result<()> {
    let mut hasher = Hasher::new();
    copy_each(input, 0..input.size(), |bytes| {
        hasher.update(bytes);
        out.write_all(bytes)
    })?;
    match hasher.finish() {
        found if found == digest => Ok(()),
        found => Err(io::Error::other(format!(
            "the bytes in the cache are {found} by now, not {digest}"
        ))),
    }
}

/// Copies pieces, those of inputs in large parts.
///
/// They begin at odd offsets of the output, where this takes half the time of `copy_file_range`:
/// the system would copy page by page, each to parts of two.
fn copy_pieces(pieces: &[Piece<'_>], out: &mut dyn Write) -> io::Result<()> {
    for piece in pieces {
        match piece {
            Piece::Bytes(bytes) => out.write_all(bytes)?,
            Piece::Input(input, range) => {
                copy_each(*input, range.clone(), |bytes| out.write_all(bytes))?;
            }
        }
    }
    Ok(())
}

/// Hands on a range of `input` in parts that are held in memory one by one.
fn copy_each(
    input: &dyn Input,
    range: Range<u64>,
    mut take: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let mut buffer = vec![0; (range.end - range.start).min(CHUNK) as usize];
    let mut offset = range.start;
    while offset < range.end {
        buffer.truncate((range.end - offset) as usize);
        input.read_at(offset, &mut buffer)?;
        take(&buffer)?;
        offset += buffer.len() as u64;
    }
    Ok(())
}

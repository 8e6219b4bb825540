//! What a user names: a file, text to be parsed, standard input, or a package of a registry.

use crate::args::Global;
use crate::error::Failure;
use crate::oci::{self, Unlogged};
use crate::pulled::{Brought, pull, pull_one};
use crate::remembered::{Identity, Memory};
use crate::suggestion::is_near;
use crate::ui::{self, ReleaseData, Ui};
use crate::wac::is_document;
use crate::wanted::Wanted;
use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::Path;
use tenon_composer::{Input, Kind, Release};
use tenon_registry_client::http::oci::Reference;
use tenon_registry_client::name::{PackageName, Version};
use tenon_registry_client::{Digest, Hasher};

/// How much is read at once to hash a file.
const CHUNK: usize = 1 << 20;
/// The most bytes that are held in memory: of standard input, of a pipe, of text.
const MAX_MEMORY: u64 = 1 << 30;
/// A file of so many bytes is read at once when it is opened: there may be a thousand of them.
const SMALL: u64 = 8 << 10;

/// Bytes that a user named.
pub(crate) struct Named {
    /// As it was given.
    pub(crate) argument: String,
    /// A short name for messages and for the composition.
    pub(crate) name: String,
    pub(crate) bytes: Bytes,
    /// The release of a registry that the bytes are of, if they are.
    pub(crate) release: Option<Box<Origin>>,
}

/// Which release of which registry bytes are from, and how that was verified, if it was.
pub(crate) struct Origin {
    /// The release; none where only a place in a registry was named.
    pub(crate) package: Option<(PackageName, Version)>,
    pub(crate) digest: Digest,
    /// The origin of the registry's log; of one without a log, `oci://`, its host and the repository.
    pub(crate) registry: String,
    /// What was verified, or that nothing was, for a report.
    pub(crate) data: ReleaseData,
    /// What was fetched and from where, in one line.
    pub(crate) line: String,
}

/// Opens what a user names: files, and packages of registries.
#[derive(Clone, Copy)]
pub(crate) struct Sources<'a> {
    pub(crate) ui: &'a Ui,
    pub(crate) global: &'a Global,
}

/// Where the bytes are.
pub(crate) enum Bytes {
    /// In a file, which is never read whole.
    File(FileInput),
    /// In memory: standard input, a pipe, a small file, or the binary that text was turned into.
    Memory(Vec<u8>),
}

/// A file as an input of the composer.
pub(crate) struct FileInput {
    file: File,
    size: u64,
    identity: Option<Identity>,
}

impl Sources<'_> {
    /// Opens what `argument` names: as [`Named::open`], a package, or a place in an OCI registry.
    pub(crate) fn open(&self, argument: &str) -> Result<Named, Failure> {
        match meant(argument)? {
            Meant::Package(wanted) => {
                let brought = pull_one(self.ui, self.global, &wanted)?;
                Ok(self.named(argument, brought))
            }
            Meant::Place(place) => {
                let unlogged = Unlogged::fetch(self.ui, self.global, &place)?;
                Ok(self.named(argument, unlogged.into()))
            }
            Meant::File => Named::open(argument),
        }
    }

    /// Opens a package, whatever files there are.
    pub(crate) fn open_package(&self, wanted: &Wanted) -> Result<Named, Failure> {
        let brought = pull_one(self.ui, self.global, wanted)?;
        Ok(self.named(&wanted.to_string(), brought))
    }

    /// Opens what arguments name, in their order. Packages are fetched together.
    pub(crate) fn open_all(&self, arguments: &[&str]) -> Result<Vec<Named>, Failure> {
        let mut wanted = Vec::new();
        let mut opened = Vec::new();
        for argument in arguments {
            opened.push(match meant(argument)? {
                Meant::Package(package) => {
                    wanted.push(package);
                    None
                }
                Meant::Place(_) | Meant::File => Some(self.open(argument)?),
            });
        }
        // Nothing is read of registries, nor of the configuration, where no package is named.
        if wanted.is_empty() {
            return Ok(opened.into_iter().flatten().collect());
        }
        let mut pulled = pull(self.ui, self.global, &wanted)?.into_iter();
        let all = opened.into_iter().zip(arguments);
        let all = all.filter_map(|(opened, argument)| match opened {
            None => Some(self.named(argument, pulled.next()?)),
            opened => opened,
        });
        Ok(all.collect())
    }

    /// What was fetched, with a warning if no log proves it; of what is locked, there was one.
    fn named(&self, argument: &str, brought: Brought) -> Named {
        if let Brought::Unlogged(unlogged) = &brought
            && unlogged.manifest.is_some()
        {
            unlogged.warn(self.ui);
        }
        Named::of(argument, brought)
    }
}

/// What an argument names.
enum Meant {
    Package(Wanted),
    Place(Reference),
    File,
}

/// What an argument names: a file, where there is one of that name.
fn meant(argument: &str) -> Result<Meant, Failure> {
    let path = Path::new(argument);
    if argument.starts_with(Reference::SCHEME) {
        return oci::reference(argument).map(Meant::Place);
    }
    if !argument.contains(':') || path.exists() {
        return Ok(Meant::File);
    }
    match argument.parse::<Wanted>() {
        Ok(wanted) => Ok(Meant::Package(wanted)),
        // A path that leads nowhere; opening it says so.
        Err(_) if argument.contains(['/', '\\']) => Ok(Meant::File),
        Err(error) => Err(Failure::usage(format!(
            "`{}` is no file, and no name of a package",
            ui::clean_line(argument)
        ))
        .cause(ui::clean_line(&error.to_string()))
        .help("name a file, or a package as `acme:http` or `acme:http@1.4.0`")),
    }
}

impl Named {
    /// A package, as it was fetched.
    pub(crate) fn of(argument: &str, brought: Brought) -> Named {
        let (package, digest, registry) = match &brought {
            Brought::Logged(pulled) => {
                let release = &pulled.fetched.release;
                let package = (release.package.clone(), release.version.clone());
                (
                    Some(package),
                    release.content.digest,
                    pulled.origin().to_owned(),
                )
            }
            Brought::Unlogged(it) => (it.package.clone(), it.digest, it.registry()),
        };
        let size = brought.size();
        Named {
            argument: argument.to_owned(),
            name: brought.name(),
            release: Some(Box::new(Origin {
                package,
                digest,
                registry,
                data: brought.data(),
                line: brought.line(),
            })),
            bytes: Bytes::File(FileInput::new(brought.into_file(), size)),
        }
    }

    /// Opens what `argument` names here, not in a registry. WebAssembly text is turned into binary.
    pub(crate) fn open(argument: &str) -> Result<Named, Failure> {
        let named = Named::open_raw(argument)?;
        if is_document(Path::new(argument)) {
            let shown = ui::clean_line(argument);
            let message = format!("`{shown}` is a document in WAC, and no component yet");
            return Err(Failure::new("cli::document", message).help(format!(
                "compose it first: `tenon compose {shown} -o {}`",
                ui::clean_line(&Path::new(argument).with_extension("wasm").to_string_lossy())
            )));
        }
        named.assembled()
    }

    /// The same, with WebAssembly text turned into binary.
    pub(crate) fn assembled(self) -> Result<Named, Failure> {
        let named = self;
        let argument = &named.argument;
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
            let bytes = read_stream(io::stdin().lock())
                .map_err(|error| Failure::io("read", "standard input", &error))?;
            return Ok(Named {
                argument: argument.to_owned(),
                name: "stdin".to_owned(),
                bytes: Bytes::Memory(bytes),
                release: None,
            });
        }
        let path = Path::new(argument);
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
            release: None,
        })
    }

    /// What to call a composition that is made around it.
    pub(crate) fn title(&self) -> String {
        match &self.release {
            Some(release) => match &release.package {
                Some((package, _)) => package.name().to_owned(),
                None => release.place().to_owned(),
            },
            None => self.name.clone(),
        }
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
        let size = self.input().size();
        if size > MAX_MEMORY {
            return Err(Failure::io("read", &self.argument, &too_large()));
        }
        let mut bytes = vec![0; size as usize];
        self.read_at(0, &mut bytes)?;
        Ok(bytes)
    }

    /// What is remembered of a file: its digest, and whether it is known to be valid.
    pub(crate) fn recall(&self, memory: &Memory) -> Option<(Digest, bool)> {
        let remembered = match &self.bytes {
            Bytes::File(file) => file.identity.as_ref().and_then(|file| memory.recall(file)),
            Bytes::Memory(_) => None,
        };
        match &self.release {
            None => remembered,
            // They were hashed when they were opened.
            Some(release) => {
                let same = remembered.filter(|(digest, _)| *digest == release.digest);
                Some((release.digest, same.is_some_and(|(_, is_valid)| is_valid)))
            }
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

impl Origin {
    /// As the composer records it; what is no release is recorded by its digest.
    pub(crate) fn to_release(&self) -> Option<Release> {
        let (package, version) = self.package.as_ref()?;
        Some(Release {
            package: package.to_string(),
            version: version.semver().clone(),
            registry: self.registry.clone(),
        })
    }

    /// The last part of the registry's name, which is that of the component where it is a repository.
    fn place(&self) -> &str {
        self.registry.rsplit('/').next().unwrap_or_default()
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
    pub(crate) fn of(file: File) -> io::Result<Bytes> {
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        if !metadata.is_file() {
            return read_stream(file).map(Bytes::Memory);
        }
        if metadata.len() <= SMALL {
            let input = FileInput {
                file,
                size: metadata.len(),
                identity: None,
            };
            let mut bytes = vec![0; metadata.len() as usize];
            input.read_at(0, &mut bytes)?;
            return Ok(Bytes::Memory(bytes));
        }
        Ok(Bytes::File(FileInput::new(file, metadata.len())))
    }
}

impl FileInput {
    pub(crate) fn new(file: File, size: u64) -> FileInput {
        FileInput {
            identity: Identity::of(&file),
            file,
            size,
        }
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

/// What comes out of a stream, which may have no end.
fn read_stream(stream: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    stream.take(MAX_MEMORY + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > MAX_MEMORY {
        true => Err(too_large()),
        false => Ok(bytes),
    }
}

fn too_large() -> io::Error {
    let message = format!("more than {} would be held in memory", ui::size(MAX_MEMORY));
    io::Error::new(io::ErrorKind::FileTooLarge, message)
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
        let stem = |name: &str| {
            Path::new(name)
                .file_stem()
                .map(|it| it.to_string_lossy().into_owned())
        };
        siblings
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            // What files end in makes none like another.
            .filter(|sibling| {
                let stems = stem(&name).zip(stem(sibling));
                stems.is_some_and(|(name, sibling)| is_near(&name, &sibling))
            })
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

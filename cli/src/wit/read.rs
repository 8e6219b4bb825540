//! Reading WIT from whatever has some: text, folders of text, WIT packages, components.

use super::fault::fault;
use super::folder::{names, texts_in};
use crate::error::{Failure, wit_failure};
use crate::source::{Named, Sources};
use std::collections::BTreeSet;
use std::fs;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use tenon_composer::{Bodies, Kind, Source, validate};
use wit_component::DecodedWasm;
use wit_parser::{PackageId, PackageName, Resolve, ResolveErrorKind, UnresolvedPackageGroup};

/// The largest WIT package in the binary format, in bytes; registries keep none that is larger.
const MAX_PACKAGE: usize = 16 << 20;

/// What becomes of items that are `@unstable`, each of which is behind a gate of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gates {
    /// They are not there.
    Closed,
    /// They are there, and say which gate they are behind.
    Open,
}

impl Gates {
    /// Where nothing is yet.
    pub(super) fn resolve(self) -> Resolve {
        Resolve {
            all_features: self == Gates::Open,
            ..Resolve::new()
        }
    }
}

/// Reads WIT from whatever has some, and gives the package that is meant.
pub(crate) fn read(
    sources: Sources<'_>,
    argument: &str,
    gates: Gates,
) -> Result<(Resolve, PackageId), Failure> {
    if Path::new(argument).is_dir() {
        if texts_in(Path::new(argument))?.is_empty() {
            return Err(without_text(argument));
        }
        return guarded(argument, || {
            let mut resolve = gates.resolve();
            let pushed = resolve.push_dir(argument);
            let (package, _) = pushed
                .map_err(|error| fault(argument, error.as_ref(), &resolve.source_map, None))?;
            Ok((resolve, package))
        });
    }
    read_named(sources.open(argument)?, argument, gates)
}

/// A folder that was named for its WIT, and has none.
fn without_text(argument: &str) -> Failure {
    let message = format!("there is no `.wit` file in the folder `{argument}`");
    Failure::new("cli::wit", message)
        .help("name a folder with the WIT of a package right in it, such as `wit`; or a file: a component, or a WIT package")
}

/// The same, of what was opened as `argument` names it.
pub(crate) fn read_named(
    named: Named,
    argument: &str,
    gates: Gates,
) -> Result<(Resolve, PackageId), Failure> {
    let bytes = named.read_all()?;
    let is_wit = Path::new(argument)
        .extension()
        .is_some_and(|extension| extension == "wit");
    match named.kind()? {
        Kind::Component => decode(&named.argument, &bytes),
        Kind::Wit => parse(argument, bytes, gates),
        Kind::Text if is_wit => parse(argument, bytes, gates),
        _ => {
            // Whatever else it is, reading it says so.
            let source = Source {
                name: named.argument.clone(),
                input: named.input(),
                digest: None,
                bodies: Bodies::Skip,
            };
            Err(match validate(&source) {
                Err(error) => error.into(),
                Ok(_) => Failure::new(
                    "cli::no-wit",
                    format!("`{argument}` is a core module, which has no WIT"),
                )
                .help("make a component of it with `wasm-tools component new`"),
            })
        }
    }
}

/// The WIT of a component or a WIT package in the binary format, which messages call `name`.
pub(crate) fn decode(name: &str, bytes: &[u8]) -> Result<(Resolve, PackageId), Failure> {
    let decoded = decode_any(name, bytes)?;
    let package = decoded.package();
    Ok(match decoded {
        DecodedWasm::WitPackage(resolve, _) | DecodedWasm::Component(resolve, _) => {
            (resolve, package)
        }
    })
}

/// The WIT package in the binary format that messages call `name`.
pub(super) fn decode_package(name: &str, bytes: &[u8]) -> Result<(Resolve, PackageId), Failure> {
    if bytes.len() > MAX_PACKAGE {
        let message = format!(
            "`{name}` has {} bytes; a WIT package has {MAX_PACKAGE} at most",
            bytes.len()
        );
        return Err(Failure::new("wit::dependency", message).help("split it up"));
    }
    match decode_any(name, bytes)? {
        DecodedWasm::WitPackage(resolve, package) => Ok((resolve, package)),
        DecodedWasm::Component(..) => Err(Failure::new(
            "wit::dependency",
            format!("`{name}` is a component, not a WIT package"),
        )
        .help("`tenon wit` prints the WIT of a component")),
    }
}

fn decode_any(name: &str, bytes: &[u8]) -> Result<DecodedWasm, Failure> {
    // The decoder relies on what it is given being valid.
    validate(&Source {
        name: name.to_owned(),
        input: &bytes,
        digest: None,
        bodies: Bodies::Skip,
    })?;
    let inexpressible = |cause: String| {
        let message = format!("`{name}` has imports or exports that WIT cannot express");
        Failure::new("cli::no-wit", message)
            .cause(cause)
            .help("`tenon inspect` shows them")
    };
    caught(|| wit_component::decode(bytes))
        .map_err(|panic| inexpressible(format!("the decoder gave up: {panic}")))?
        .map_err(|error| inexpressible(format!("{error:#}")))
}

/// Runs what may panic on WIT that nobody thought of, and makes an error of the panic.
pub(super) fn caught<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let result = panic::catch_unwind(AssertUnwindSafe(run));
    panic::set_hook(hook);
    result.map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        text.unwrap_or("for no stated reason").to_owned()
    })
}

/// The WIT of a text; a folder `deps` beside its file may have packages that it uses.
pub(crate) fn parse(
    argument: &str,
    bytes: Vec<u8>,
    gates: Gates,
) -> Result<(Resolve, PackageId), Failure> {
    guarded(argument, || parse_text(argument, bytes, gates))
}

/// Reads WIT, which may make the reader panic, and says so then.
fn guarded<T>(argument: &str, read: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    let gave_up = |panic| wit_failure(argument, &format_args!("the reader gave up: {panic}"));
    caught(read).map_err(gave_up)?
}

fn parse_text(
    argument: &str,
    bytes: Vec<u8>,
    gates: Gates,
) -> Result<(Resolve, PackageId), Failure> {
    let text = String::from_utf8(bytes).map_err(|error| wit_failure(argument, &error))?;
    let mut resolve = gates.resolve();
    let main = UnresolvedPackageGroup::parse(argument, &text)
        .map_err(|(sources, error)| fault(argument, &error, &sources, Some(&text)))?;
    let (dependencies, unread) = dependencies(&mut resolve, argument, &main)?;
    let pushed = resolve.push_groups(main, dependencies);
    let package = pushed.map_err(|error| {
        let mut failure = fault(argument, &error, &resolve.source_map, Some(&text));
        // What it lacks may be what could not be read.
        if let ResolveErrorKind::PackageNotFound { .. } = error.kind() {
            let unread: Vec<_> = unread.iter().map(Failure::summary).collect();
            for diagnostic in &mut failure.findings.diagnostics {
                diagnostic.causes.extend_from_slice(&unread);
            }
            failure.causes.extend(unread);
        }
        failure
    })?;
    Ok((resolve, package))
}

/// The WIT packages that the text of a file needs and that are in the folder `deps` beside it, with what is wrong with what else
/// is there, which need be no WIT at all. Those in binary form are in `resolve` already.
fn dependencies(
    resolve: &mut Resolve,
    file: &str,
    main: &UnresolvedPackageGroup,
) -> Result<(Vec<UnresolvedPackageGroup>, Vec<Failure>), Failure> {
    let folder = Path::new(file).with_file_name("deps");
    let mut needed = foreign(main);
    let (mut taken, mut unread) = (Vec::new(), Vec::new());
    if needed.is_empty() || file == "-" || !folder.is_dir() {
        return Ok((taken, unread));
    }
    let paths = sorted(&folder)?;
    let mut groups = Vec::new();
    for path in &paths {
        match group_at(path) {
            Ok(group) => groups.extend(group),
            Err(failure) => unread.push(failure),
        }
    }
    // What is taken may need others in its turn.
    loop {
        let (now, later): (Vec<_>, Vec<_>) = groups
            .into_iter()
            .partition(|group| names(group).any(|name| needed.contains(name)));
        if now.is_empty() {
            break;
        }
        needed.extend(now.iter().flat_map(foreign));
        taken.extend(now);
        groups = later;
    }
    for path in paths
        .iter()
        .filter(|path| has_extension(path, &["wasm", "wat"]))
    {
        let name = path.to_string_lossy();
        let opened = Named::open(&name).and_then(|named| named.read_all());
        match opened.and_then(|bytes| decode_package(&name, &bytes)) {
            Ok((binary, _)) => {
                let mut there = binary.packages.iter().map(|(_, package)| &package.name);
                if there.any(|name| needed.contains(name)) {
                    let merged = resolve.merge(binary);
                    merged.map_err(|error| wit_failure(&name, &format_args!("{error:#}")))?;
                }
            }
            Err(failure) => unread.push(failure),
        }
    }
    Ok((taken, unread))
}

/// The packages that a text uses, and does not have itself.
fn foreign(group: &UnresolvedPackageGroup) -> BTreeSet<PackageName> {
    let own: BTreeSet<_> = names(group).collect();
    let packages = std::iter::once(&group.main).chain(&group.nested);
    let used = packages.flat_map(|package| package.foreign_deps.keys());
    used.filter(|name| !own.contains(name)).cloned().collect()
}

/// The text at a path: a file, or a folder of files.
fn group_at(path: &Path) -> Result<Option<UnresolvedPackageGroup>, Failure> {
    let name = path.to_string_lossy();
    if path.is_dir() {
        let group = UnresolvedPackageGroup::parse_dir(path);
        return group
            .map(Some)
            .map_err(|error| wit_failure(&name, &error.to_string()));
    }
    if !has_extension(path, &["wit"]) {
        return Ok(None);
    }
    let text = fs::read_to_string(path).map_err(|error| Failure::io("read", path, &error))?;
    parse_group(&name, &text).map(Some)
}

fn has_extension(path: &Path, known: &[&str]) -> bool {
    let extension = path.extension();
    extension.is_some_and(|extension| known.iter().any(|known| extension == *known))
}

/// What is in a folder, in the order of its names.
pub(super) fn sorted(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let unread = |error| Failure::io("read", folder, &error);
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(unread)? {
        paths.push(entry.map_err(unread)?.path());
    }
    paths.sort();
    Ok(paths)
}

/// The packages of a text, which messages call `name`.
pub(super) fn parse_group(name: &str, text: &str) -> Result<UnresolvedPackageGroup, Failure> {
    UnresolvedPackageGroup::parse(name, text)
        .map_err(|(sources, error)| wit_failure(name, &error.render(&sources)))
}

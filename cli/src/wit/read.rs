//! Reading WIT from whatever has some: text, folders of text, WIT packages, components.

use crate::error::{Failure, wit_failure};
use crate::source::Sources;
use std::fs;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use tenon_composer::{Bodies, Kind, Source, validate};
use wit_component::DecodedWasm;
use wit_parser::{PackageId, Resolve, UnresolvedPackageGroup};

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
        return guarded(argument, || {
            let mut resolve = gates.resolve();
            let (package, _) = resolve
                .push_dir(argument)
                .map_err(|error| wit_failure(argument, &error))?;
            Ok((resolve, package))
        });
    }
    let named = sources.open(argument)?;
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

/// The WIT of a text; a folder `deps` beside its file has the packages that it uses.
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
    let dependencies = dependencies(&mut resolve, argument)?;
    let package = match dependencies.is_empty() {
        true => resolve
            .push_str(argument, &text)
            .map_err(|error| wit_failure(argument, &error))?,
        false => {
            let main = parse_group(argument, &text)?;
            let pushed = resolve.push_groups(main, dependencies);
            pushed.map_err(|error| wit_failure(argument, &error.render(&resolve.source_map)))?
        }
    };
    Ok((resolve, package))
}

/// The WIT packages in the folder `deps` beside a file, if there is one. Those in binary form are in
/// `resolve` already.
fn dependencies(resolve: &mut Resolve, file: &str) -> Result<Vec<UnresolvedPackageGroup>, Failure> {
    let folder = Path::new(file).with_file_name("deps");
    if file == "-" || !folder.is_dir() {
        return Ok(vec![]);
    }
    let mut groups = Vec::new();
    for path in sorted(&folder)? {
        let name = path.to_string_lossy();
        let failed = |error| wit_failure(&name, &format_args!("{error:#}"));
        let extension = path.extension().and_then(|extension| extension.to_str());
        match extension {
            _ if path.is_dir() => {
                groups.push(UnresolvedPackageGroup::parse_dir(&path).map_err(failed)?);
            }
            Some("wit") => {
                let text = fs::read_to_string(&path);
                let text = text.map_err(|error| Failure::io("read", &path, &error))?;
                groups.push(parse_group(&name, &text)?);
            }
            Some("wasm" | "wat") => {
                resolve.push_file(&path).map_err(failed)?;
            }
            _ => {}
        }
    }
    Ok(groups)
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

//! `tenon wit`: the WIT of a component or a package.

use crate::args::{Global, Wit};
use crate::error::{Failure, wit_failure};
use crate::source::{Named, Sources};
use crate::ui::{Document, Ui};
use crate::write::{Content, Target};
use serde::Serialize;
use std::fs;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use tenon_composer::{Bodies, Kind, Source, validate};
use wit_component::{DecodedWasm, WitPrinter};
use wit_parser::{PackageId, Resolve, Type, TypeDefKind, TypeOwner, UnresolvedPackageGroup};

#[derive(Serialize)]
struct WitContent {
    wit: String,
}

pub(crate) fn run(ui: &Ui, args: &Wit, global: &Global) -> Result<(), Failure> {
    let target = Target::of(args.output.as_deref());
    target.check(true)?;
    let (resolve, package) = read(Sources { ui, global }, &args.input)?;
    let nested: Vec<PackageId> = resolve
        .packages
        .iter()
        .map(|(id, _)| id)
        .filter(|id| *id != package)
        .collect();
    if let Some(name) = type_without_interface(&resolve) {
        return Err(Failure::new(
            "cli::no-wit",
            format!(
                "`{}` uses the type `{name}` of an interface that has no package, which WIT cannot express",
                args.input
            ),
        )
        .help("`tenon inspect` shows the imports and exports"));
    }
    let mut printer = WitPrinter::default();
    printer
        .print(&resolve, package, &nested)
        .map_err(|error| wit_failure(&args.input, &error))?;
    let wit = printer.output.to_string();
    if ui.json && target.is_stdout() {
        return ui.document(&Document::new("tenon/wit/1", WitContent { wit }));
    }
    match &target {
        Target::Stdout => ui.print(&wit),
        Target::File(_) | Target::Derived(_) => target.write(&Content::Text(&wit)),
    }
}

/// A type that is used across interfaces, but belongs to one that nothing can name: the printer takes
/// it for granted that there is none.
fn type_without_interface(resolve: &Resolve) -> Option<&str> {
    resolve.types.iter().find_map(|(_, ty)| {
        let TypeDefKind::Type(Type::Id(used)) = ty.kind else {
            return None;
        };
        let used = resolve.types.get(used)?;
        let TypeOwner::Interface(interface) = used.owner else {
            return None;
        };
        let is_named = resolve.interfaces.get(interface)?.name.is_some();
        match is_named || ty.owner == used.owner {
            true => None,
            false => used.name.as_deref(),
        }
    })
}

/// Reads WIT from whatever has some, and gives the package that is meant.
pub(crate) fn read(sources: Sources<'_>, argument: &str) -> Result<(Resolve, PackageId), Failure> {
    if Path::new(argument).is_dir() {
        let mut resolve = Resolve::new();
        let (package, _) = resolve
            .push_dir(argument)
            .map_err(|error| wit_failure(argument, &error))?;
        return Ok((resolve, package));
    }
    let named = sources.open(argument)?;
    let bytes = named.read_all()?;
    let is_wit = Path::new(argument)
        .extension()
        .is_some_and(|extension| extension == "wit");
    match named.kind()? {
        Kind::Component => decode(&named, &bytes),
        Kind::Wit => parse(argument, bytes),
        Kind::Text if is_wit => parse(argument, bytes),
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

/// The WIT of a component or a WIT package in the binary format.
pub(crate) fn decode(named: &Named, bytes: &[u8]) -> Result<(Resolve, PackageId), Failure> {
    // The decoder relies on what it is given being valid.
    validate(&Source {
        name: named.argument.clone(),
        input: named.input(),
        digest: None,
        bodies: Bodies::Skip,
    })?;
    let inexpressible = |cause: String| {
        let message = format!(
            "`{}` has imports or exports that WIT cannot express",
            named.argument
        );
        Failure::new("cli::no-wit", message)
            .cause(cause)
            .help("`tenon inspect` shows them")
    };
    let decoded = caught(|| wit_component::decode(bytes))
        .map_err(|panic| inexpressible(format!("the decoder gave up: {panic}")))?
        .map_err(|error| inexpressible(format!("{error:#}")))?;
    let package = decoded.package();
    Ok(match decoded {
        DecodedWasm::WitPackage(resolve, _) | DecodedWasm::Component(resolve, _) => {
            (resolve, package)
        }
    })
}

/// Runs what may panic on components that nobody thought of, and makes an error of the panic.
fn caught<T>(run: impl FnOnce() -> T) -> Result<T, String> {
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
pub(crate) fn parse(argument: &str, bytes: Vec<u8>) -> Result<(Resolve, PackageId), Failure> {
    let text = String::from_utf8(bytes).map_err(|error| wit_failure(argument, &error))?;
    let mut resolve = Resolve::new();
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
    let unread = |error| Failure::io("read", &folder, &error);
    let entries = fs::read_dir(&folder).map_err(unread)?;
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry.map_err(unread)?.path());
    }
    paths.sort();
    let mut groups = Vec::new();
    for path in paths {
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

fn parse_group(name: &str, text: &str) -> Result<UnresolvedPackageGroup, Failure> {
    UnresolvedPackageGroup::parse(name, text)
        .map_err(|(sources, error)| wit_failure(name, &error.render(&sources)))
}

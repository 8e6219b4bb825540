//! What comes of a document, here and in `wac-parser`.

use crate::suite::{Name, Packages};
use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use tenon_composer::wac::{self, parse, resolve};
use tenon_composer::{Arena, Options, Source, encode};
use wac_graph::EncodeOptions;
use wac_types::BorrowedPackageKey;
use wasmparser::{Validator, WasmFeatures};

/// What came of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// A valid component.
    Composed(Vec<u8>),
    /// What is wrong with the document: each with its code, if it has one.
    Refused(Vec<String>),
    /// A component that is not valid, or a panic.
    Broken(String),
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Composed(_) => f.write_str("composed"),
            Outcome::Refused(errors) => f.write_str(&errors.join("; ")),
            Outcome::Broken(error) => write!(f, "broken: {error}"),
        }
    }
}

impl Outcome {
    /// What came of a composition that may panic, and may not be valid.
    pub(crate) fn of(compose: impl FnOnce() -> Result<Vec<u8>, Vec<String>>) -> Outcome {
        let bytes = match catch_unwind(AssertUnwindSafe(compose)) {
            Ok(Ok(bytes)) => bytes,
            Ok(Err(errors)) if errors.is_empty() => {
                return Outcome::Broken("refused for no reason".to_owned());
            }
            Ok(Err(errors)) => return Outcome::Refused(errors),
            Err(panic) => {
                let text = panic.downcast_ref::<String>().cloned();
                let text = text.or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()));
                return Outcome::Broken(text.unwrap_or_default());
            }
        };
        match Validator::new_with_features(WasmFeatures::all()).validate_all(&bytes) {
            Ok(_) => Outcome::Composed(bytes),
            // What follows has numbers in it that are not always the same.
            Err(error) => Outcome::Broken(first_line(&error)),
        }
    }

    /// What is composed, if that is what came of it.
    pub(crate) fn composed(&self) -> Option<&Vec<u8>> {
        match self {
            Outcome::Composed(bytes) => Some(bytes),
            _ => None,
        }
    }
}

/// What comes of a document here.
pub(crate) fn ours(source: &str, packages: &Packages) -> Outcome {
    Outcome::of(|| compose(source, packages))
}

fn compose(source: &str, packages: &Packages) -> Result<Vec<u8>, Vec<String>> {
    let parsed = parse(source);
    if !parsed.errors.is_empty() {
        return Err(said(&parsed.errors, |error| error.code()));
    }
    if let Some(error) = &packages.unreadable {
        return Err(vec![format!("not read: {error}")]);
    }
    let mut arena = Arena::new();
    let mut known = wac::Packages::new();
    for (name, bytes) in &packages.all {
        let name = written(name);
        let read = arena.read_release(Source::new(name.clone(), bytes));
        known.add(name, read.map_err(coded)?);
    }
    let resolution = resolve(&mut arena, &parsed.document, &known);
    let resolution = resolution.map_err(|errors| said(&errors, |error| error.code()))?;
    let encoded = encode(arena, resolution.graph().clone(), &Options::default());
    let encoded = encoded.map_err(|error| {
        let located = resolution.locate(&error);
        match located.is_empty() {
            true => coded(error),
            false => said(&located, |error| error.code()),
        }
    })?;
    let bytes = encoded.to_bytes().unwrap();
    let differences = resolution.check_target(&bytes).map_err(coded)?;
    match differences.is_empty() {
        true => Ok(bytes),
        false => Err(said(&differences, |error| error.code())),
    }
}

/// A name as a document has it.
fn written((name, version): &Name) -> String {
    match version {
        Some(version) => format!("{name}@{version}"),
        None => name.clone(),
    }
}

/// An error with its code.
pub(crate) fn coded(error: tenon_composer::Error) -> Vec<String> {
    said(&[error], |error| error.code())
}

/// The first line of each error, with its code.
pub(crate) fn said<E: fmt::Display>(errors: &[E], code: impl Fn(&E) -> &str) -> Vec<String> {
    let lines = errors
        .iter()
        .map(|error| format!("{}: {}", code(error), first_line(error)));
    lines.collect()
}

/// What `wac-parser` makes of a document.
pub(crate) fn theirs(source: &str, packages: &Packages) -> Outcome {
    Outcome::of(|| wac_compose(source, packages))
}

fn wac_compose(source: &str, packages: &Packages) -> Result<Vec<u8>, Vec<String>> {
    let document = wac_parser::Document::parse(source).map_err(whole)?;
    if let Some(error) = &packages.unreadable {
        return Err(vec![error.clone()]);
    }
    let known = packages.all.iter().map(|((name, version), bytes)| {
        let key = BorrowedPackageKey::from_name_and_version(name, version.as_ref());
        (key, bytes.clone())
    });
    let resolution = document.resolve(known.collect()).map_err(whole)?;
    let options = EncodeOptions {
        define_components: true,
        validate: false,
        ..EncodeOptions::default()
    };
    resolution.encode(options).map_err(whole)
}

/// An error with all its causes, in one line.
pub(crate) fn whole(error: impl Error) -> Vec<String> {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text = format!("{text}: {error}");
        next = error.source();
    }
    vec![first_line(&text)]
}

fn first_line(text: &impl fmt::Display) -> String {
    let text = text.to_string();
    text.lines().next().unwrap_or_default().to_owned()
}

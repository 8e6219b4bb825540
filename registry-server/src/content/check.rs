//! Whether bytes are what a release says they are.

use super::describe::{MAX_ITEMS, count, describe, whole};
use super::refusal::{Refusal, RefusalCode, harmless};
use super::wit;
use std::collections::BTreeSet;
use std::error::Error as _;
use std::io;
use tenon_composer::{
    Arena, Bodies, Error, ErrorKind, Feature, Input, Kind, Mention, Source, breaks_in_words,
    inspect, mentions,
};
use tenon_registry_client::api::world::{WitReference, World};
use tenon_registry_client::name::{PackageName, Version};
use tenon_registry_client::record::ContentKind;

/// The most bytes that a description may take as JSON.
const MAX_WORLD: usize = 1 << 20;

/// How many breaks are told.
const MAX_TOLD: usize = 8;

/// Why there is no description of some content.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The content must not be published.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The content could not be read, which says nothing about it.
    #[error("the content cannot be read: {0}")]
    Unreadable(String),
}

/// A release that is there.
#[derive(Clone, Copy)]
pub struct Near<'a> {
    /// What messages call it.
    pub name: &'a str,
    /// Its content, which was checked when it was published.
    pub input: &'a dyn Input,
}

/// Checks that `input` is a valid component or WIT package, whichever `kind` says, and describes it.
///
/// All of it is validated, function bodies too, with every feature that [`Feature`] names; what uses
/// anything else is refused. A WIT package must declare that it is the `expected` package in that
/// version. A component does not say reliably what it is called, so for it `expected` is only what
/// messages call it. It must not break those who use the first of its
/// `neighbours`, and the second must not break those who are going to use it.
///
/// Whoever made the input may make this take time and memory, and may find a defect that ends the
/// process: see [`Workers`](super::Workers).
///
/// # Errors
///
/// Content that must not be published is refused; an input that cannot be read is an error of its own.
pub fn check(
    input: &dyn Input,
    kind: ContentKind,
    expected: Option<&(PackageName, Version)>,
    neighbours: [Option<Near<'_>>; 2],
) -> Result<World, CheckError> {
    let name = match expected {
        Some((package, version)) => format!("{package}@{version}"),
        None => "content".to_owned(),
    };
    let packages = validate(&name, input, kind, neighbours)?;
    let anatomy = inspect(&name, input).map_err(|error| fault(&error, kind))?;
    if anatomy.root.all_features().contains(Feature::Unknown) {
        let message =
            format!("`{name}` uses instructions or sections that this registry does not know");
        return Err(Refusal::new(RefusalCode::TooNew, &message, UPDATE).into());
    }
    let mut world = describe(&name, &anatomy)?;
    world.packages = references(&name, packages)?;
    if kind == ContentKind::Wit {
        wit::declare(&name, input, expected, &mut world)?;
    }
    let mut room = Room(MAX_WORLD);
    if serde_json::to_writer(&mut room, &world).is_err() {
        let message = format!(
            "`{name}` cannot be described: its imports, exports, producers and dependencies take more than \
             {MAX_WORLD} bytes together"
        );
        return Err(Refusal::new(
            RefusalCode::TooLarge,
            &message,
            "split it up, or shorten its names",
        )
        .into());
    }
    Ok(world)
}

const UPDATE: &str =
    "build it with the toolchain's stable features, or ask whoever runs the registry to update it";

/// Validates all of it, has it break nothing, and gives the WIT packages that it mentions.
fn validate(
    name: &str,
    input: &dyn Input,
    kind: ContentKind,
    neighbours: [Option<Near<'_>>; 2],
) -> Result<BTreeSet<Mention>, CheckError> {
    let mut arena = Arena::new();
    let source = Source {
        name: name.to_owned(),
        input,
        digest: None,
        bodies: Bodies::Validate,
    };
    let read = match kind {
        ContentKind::Component => arena.read(source),
        ContentKind::Wit => arena.read_release(source),
    };
    let id = read.map_err(|error| fault(&error, kind))?;
    if kind == ContentKind::Wit && !arena.component(id).is_wit_package() {
        let message = format!("`{name}` is a component, not a WIT package in the binary format");
        let help = "publish it as a component, or publish what `wkg wit build` writes";
        return Err(Refusal::new(RefusalCode::NotAWitPackage, &message, help).into());
    }
    let [before, after] = neighbours;
    for (near, is_before) in [(before, true), (after, false)] {
        let Some(near) = near else { continue };
        let other = arena.read_release(Source {
            name: near.name.to_owned(),
            input: near.input,
            digest: None,
            bodies: Bodies::Skip,
        });
        let other = other.map_err(|error| match (error.kind(), error.source()) {
            (ErrorKind::Read { .. }, Some(source)) => {
                CheckError::Unreadable(incomparable(near.name, source))
            }
            _ => CheckError::Unreadable(incomparable(near.name, &error)),
        })?;
        match is_before {
            true => must_not_break(near.name, name, &breaks_in_words(&arena, other, id), BEFORE)?,
            false => must_not_break(name, near.name, &breaks_in_words(&arena, id, other), AFTER)?,
        }
    }
    Ok(mentions(&arena, id))
}

/// That a neighbour cannot be read, which is no fault of what is published.
pub(super) fn incomparable(near: &str, error: &dyn std::error::Error) -> String {
    harmless(&format!("`{near}`, which it is compared with: {error}"))
}

const BEFORE: &str = "publish it as a version of another track, such as the next major one: this registry takes no version \
                      of this package that breaks the one before it";

const AFTER: &str = "publish it as a version above that one: this registry takes no version of this package that the one \
                     behind it would break";

fn must_not_break(old: &str, new: &str, breaks: &[String], help: &str) -> Result<(), Refusal> {
    let (told, more) = match breaks {
        [] => return Ok(()),
        breaks => breaks.split_at(breaks.len().min(MAX_TOLD)),
    };
    let more = match more.len() {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    let message = format!(
        "`{new}` breaks those who use `{old}`: {}{more}",
        told.join("; ")
    );
    Err(Refusal::new(RefusalCode::Breaking, &message, help))
}

/// What is mentioned, in the words of the wire.
fn references(name: &str, mentions: BTreeSet<Mention>) -> Result<Vec<WitReference>, Refusal> {
    let reference = |mention: Mention| {
        Ok(WitReference {
            name: whole(name, &mention.package)?,
            version: mention.version,
        })
    };
    count(name, "WIT packages it mentions", mentions.len(), MAX_ITEMS)?;
    mentions.into_iter().map(reference).collect()
}

/// What the composer has against the content, and what its publisher can do.
fn fault(error: &Error, wanted: ContentKind) -> CheckError {
    let (code, help) = match error.kind() {
        ErrorKind::Read { .. } => {
            let reason = error.source().map(ToString::to_string);
            return CheckError::Unreadable(harmless(&reason.unwrap_or_default()));
        }
        ErrorKind::NotAComponent { kind, .. } => {
            return not_what_is_wanted(error, *kind, wanted).into();
        }
        ErrorKind::WitPackage { .. } => (RefusalCode::NotAComponent, "publish it as a WIT package"),
        ErrorKind::Truncated { .. } => (
            RefusalCode::Invalid,
            "publish it again; it is shorter than it says it is",
        ),
        ErrorKind::Trailing { .. } => (
            RefusalCode::Invalid,
            "build it again; what follows the component must go",
        ),
        ErrorKind::NewerThanUs { .. } => (RefusalCode::TooNew, UPDATE),
        ErrorKind::Limit { .. } | ErrorKind::InputLimit { .. } => {
            (RefusalCode::TooComplex, "split it up")
        }
        _ => (
            RefusalCode::Invalid,
            "build it again with a current toolchain; `tenon validate` checks a file before it is published",
        ),
    };
    Refusal::new(code, &error.to_string(), help).into()
}

fn not_what_is_wanted(error: &Error, kind: Kind, wanted: ContentKind) -> Refusal {
    let (code, otherwise) = match wanted {
        ContentKind::Component => (
            RefusalCode::NotAComponent,
            "publish a component in the binary format",
        ),
        ContentKind::Wit => (
            RefusalCode::NotAWitPackage,
            "publish a WIT package in the binary format, such as `wkg wit build` writes",
        ),
    };
    let help = match kind {
        Kind::CoreModule if wanted == ContentKind::Component => {
            "make a component of it with `wasm-tools component new`, and publish that"
        }
        Kind::Wit => {
            "turn it into a WIT package in the binary format with `wkg wit build`, and publish that"
        }
        Kind::Wat => "turn it into the binary format with `wasm-tools parse`, and publish that",
        Kind::Empty => "check the command that was to write it",
        _ => otherwise,
    };
    Refusal::new(code, &error.to_string(), help)
}

/// Room for so many bytes, which are not kept.
struct Room(usize);

impl io::Write for Room {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let left = self.0.checked_sub(bytes.len());
        self.0 = left.ok_or(io::ErrorKind::StorageFull)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

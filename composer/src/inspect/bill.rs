//! The bill of materials that a binary carries.

use wasm_encoder::{CustomSection, Module};
use wasm_metadata::Payload;

/// The custom section that holds a bill of materials, as `cargo auditable` writes it.
pub(super) const SECTION: &str = ".dep-v0";

/// An entry of a bill of materials: a package that went into a binary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ingredient {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: semver::Version,
    /// Where it is from: `crates.io`, `local`, `sha256:` and a digest, and for a release of a registry
    /// the origin of its log, `#`, and such a digest.
    pub source: String,
    /// Whether it was only needed to build the binary.
    pub is_build_only: bool,
    /// Whether it is what the bill is of.
    pub is_root: bool,
    /// The numbers of the entries it depends on.
    pub dependencies: Vec<usize>,
}

/// The entries of a bill of materials; none if it cannot be read.
pub(super) fn read(section: &[u8]) -> Vec<Ingredient> {
    // The decoder is only to be had for whole binaries: one is made that has nothing else.
    let mut binary = Module::new();
    binary.section(&CustomSection {
        name: SECTION.into(),
        data: section.into(),
    });
    let Ok(payload) = Payload::from_binary(&binary.finish()) else {
        return Vec::new();
    };
    let Some(bill) = &payload.metadata().dependencies else {
        return Vec::new();
    };
    let entries = bill.version_info().packages.iter();
    entries
        .map(|package| Ingredient {
            name: package.name.clone(),
            version: package.version.clone(),
            source: String::from(package.source.clone()),
            is_build_only: package.kind == auditable_serde::DependencyKind::Build,
            is_root: package.root,
            dependencies: package.dependencies.clone(),
        })
        .collect()
}

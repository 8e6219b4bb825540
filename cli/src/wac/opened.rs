//! What is at a path, as a component or a WIT package.

use crate::error::Failure;
use crate::source::{Bytes, Named, Sources};
use crate::wit::build::{AboutData, encode};
use crate::wit::{self, Gates};
use semver::Version;
use std::path::{Path, PathBuf};
use tenon_composer::{Arena, Bodies, Source};
use wit_parser::{PackageId, Resolve};

/// A component or a WIT package, and the files that it was read from.
pub(super) struct Opened {
    pub(super) named: Named,
    pub(super) files: Vec<PathBuf>,
    /// The version that its text says it is.
    version: Option<Version>,
}

impl Opened {
    /// Opens what `argument` names: a file, a folder of WIT, or a package of a registry.
    pub(super) fn open(sources: Sources<'_>, argument: &str) -> Result<Opened, Failure> {
        let path = Path::new(argument);
        let is_folder = path.is_dir();
        if !is_folder && path.extension().is_none_or(|extension| extension != "wit") {
            let named = sources.open(argument)?;
            let is_file = named.release.is_none() && argument != "-";
            return Ok(Opened {
                named,
                files: Vec::from_iter(is_file.then(|| path.to_owned())),
                version: None,
            });
        }
        let (resolve, package) = wit::read(sources, argument, Gates::Closed)?;
        let bytes = encode(argument, &resolve, package, &AboutData::default())?;
        Ok(Opened {
            named: Named {
                argument: argument.to_owned(),
                name: argument.to_owned(),
                bytes: Bytes::Memory(bytes),
                release: None,
            },
            files: match is_folder {
                true => wit::inputs(path)?.into_iter().collect(),
                false => vec![path.to_owned()],
            },
            version: declared(&resolve, package),
        })
    }

    /// The version that it says it is, in its metadata or in its WIT.
    pub(super) fn version(&self) -> Result<Option<Version>, Failure> {
        if self.version.is_some() {
            return Ok(self.version.clone());
        }
        let argument = &self.named.argument;
        let mut arena = Arena::new();
        let read = arena.read_release(Source {
            bodies: Bodies::Skip,
            ..Source::new(argument, self.named.input())
        });
        let component = arena.component(read?);
        if component.is_wit_package() {
            let (resolve, package) = wit::decode(argument, &self.named.read_all()?)?;
            return Ok(declared(&resolve, package));
        }
        let version = component.metadata().version.as_ref();
        Ok(version.and_then(|version| Version::parse(version).ok()))
    }
}

fn declared(resolve: &Resolve, package: PackageId) -> Option<Version> {
    resolve.packages.get(package)?.name.version.clone()
}

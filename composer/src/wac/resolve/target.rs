//! The world that a document targets.

use super::declare::DeclaredKind;
use super::error::{ResolveError, ResolveErrorKind};
use super::locate::Places;
use super::names::near;
use super::resolver::Resolver;
use super::words::{did_you_mean, listing};
use crate::component::{Arena, ComponentId, Declared, DefinitionKind, Source};
use crate::error::Error;
use crate::input::Input;
use crate::targets::{World, targets};
use crate::types::{Difference, Reason, Step};
use crate::wac::ast::PackagePath;
use crate::wac::span::Span;
use std::io;

/// A world that a composition must conform to.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// Where it is named.
    span: Span,
    /// Its name, as it is written.
    name: String,
    /// Its name within its package.
    world: String,
    package: Package,
}

/// What has a world.
#[derive(Clone, Debug)]
enum Package {
    /// A WIT package in the binary format.
    Read(Vec<u8>),
    /// The document.
    Declared(Declared),
}

impl Target {
    /// The world that `path` leads to.
    pub(super) fn find(
        resolver: &Resolver<'_, '_, '_>,
        path: &PackagePath<'_>,
    ) -> Result<Target, ResolveError> {
        let world = path.item();
        let package = match resolver.is_own(&path.package) {
            true => own(resolver, path, &world)?,
            false if resolver.declared.has_package(&path.package) => {
                match resolver.declared.defined(path) {
                    Some((package, DefinitionKind::World)) => package,
                    Some(_) => return Err(not_a_world(path)),
                    None => return Err(unknown(path, &world, &[])),
                }
            }
            false => foreign(resolver, path, &world)?,
        };
        let read = |error| {
            let error = Error::read(&path.package.to_string(), error);
            ResolveError::composition(&error, path.span, "the world is in it")
        };
        let package = match resolver.arena.declared(package) {
            Some(declared) => Package::Declared(declared),
            None => {
                let input = resolver.arena.component(package).input();
                Package::Read(bytes(input).map_err(read)?)
            }
        };
        Ok(Target {
            span: path.span,
            name: path.to_string(),
            world,
            package,
        })
    }

    /// What keeps `composition` from conforming to the world.
    pub(super) fn check(
        &self,
        composition: &dyn Input,
        places: &Places,
    ) -> Result<Vec<ResolveError>, Error> {
        let mut arena = Arena::new();
        let package = match &self.package {
            Package::Read(bytes) => arena.read_release(Source::new(&*self.name, bytes))?,
            Package::Declared(declared) => arena.declare(&self.name, declared.clone())?,
        };
        let composition = arena.read_release(Source::new("composition", composition))?;
        let worlds = World::all(&arena, package);
        let mut worlds = worlds.iter();
        let world = worlds.find(|world| world.short_name() == self.world);
        let differences = world.map(|world| targets(&arena, composition, world));
        let differences = differences.unwrap_or_default().into_iter();
        Ok(differences.map(|it| self.mismatch(it, places)).collect())
    }

    fn mismatch(&self, difference: Difference, places: &Places) -> ResolveError {
        let (label, help) = match (&difference.reason, difference.path.first()) {
            (Reason::NotOffered, _) => (
                "this world does not have the import",
                "give what imports it something else, or target another world",
            ),
            (Reason::Missing { .. }, None) => (
                "this world has the export",
                "export something of this name: `export … as name;`",
            ),
            (Reason::Missing { .. }, Some(Step::Import(_))) => (
                "the import of this world does not have it",
                "use no more than the world offers, or target another world",
            ),
            _ => (
                "this world has it with another type",
                "make it as the world has it, or target another world",
            ),
        };
        let statement = match difference.path.first() {
            Some(Step::Import(name)) => places.imports.get(name).map(|at| (*at, "imported here")),
            Some(Step::Export(name)) => places.exports.get(name).map(|at| (*at, "exported here")),
            _ => None,
        };
        let kind = ResolveErrorKind::TargetMismatch {
            world: self.name.clone(),
            difference,
        };
        let error = ResolveError::new(kind, self.span, label).with_help(help);
        match statement {
            Some((span, label)) => error.with_related(span, label),
            None => error,
        }
    }
}

/// The package that has a world which the document declares.
fn own(
    resolver: &Resolver<'_, '_, '_>,
    path: &PackagePath<'_>,
    world: &str,
) -> Result<ComponentId, ResolveError> {
    let Some(declared) = resolver.declared.get(world) else {
        let worlds = resolver.declared.iter();
        let worlds: Vec<_> = worlds
            .filter(|(_, it)| matches!(it.kind, DeclaredKind::World))
            .map(|(name, _)| name)
            .collect();
        return Err(unknown(path, world, &worlds));
    };
    match declared.kind {
        DeclaredKind::World => Ok(declared.component),
        _ => Err(not_a_world(path).with_related(declared.span, "declared here")),
    }
}

/// The package that has a world of another one.
fn foreign(
    resolver: &Resolver<'_, '_, '_>,
    path: &PackagePath<'_>,
    world: &str,
) -> Result<ComponentId, ResolveError> {
    let name = path.package.to_string();
    let Some(package) = resolver.packages.get(&name) else {
        return Err(resolver.unknown_package(name, path.package.span));
    };
    let worlds = match resolver.arena.component(package).is_wit_package() {
        true => World::all(resolver.arena, package),
        false => Vec::new(),
    };
    let worlds: Vec<_> = worlds.iter().map(World::short_name).collect();
    if worlds.contains(&world) {
        return Ok(package);
    }
    let ty = resolver.arena.type_of(package);
    Err(match ty.exports.contains_key(world) {
        true => not_a_world(path),
        false => unknown(path, world, &worlds),
    })
}

fn unknown(path: &PackagePath<'_>, world: &str, worlds: &[&str]) -> ResolveError {
    let kind = ResolveErrorKind::UnknownWorld {
        package: path.package.to_string(),
        name: world.to_owned(),
    };
    let near = near(world, worlds.iter().copied());
    let help = did_you_mean(&near).unwrap_or_else(|| match worlds {
        [] => "it has no worlds".to_owned(),
        worlds => listing("its worlds are", worlds.iter().copied()),
    });
    ResolveError::new(kind, path.span, "no such world").with_help(help)
}

fn not_a_world(path: &PackagePath<'_>) -> ResolveError {
    let kind = ResolveErrorKind::NotAWorld(path.to_string());
    ResolveError::new(kind, path.span, "not a world").with_help("target a world of the package")
}

fn bytes(input: &dyn Input) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(input.size()).map_err(io::Error::other)?];
    input.read_at(0, &mut bytes)?;
    Ok(bytes)
}

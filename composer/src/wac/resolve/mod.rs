//! What a document means: the graph of a composition.

mod error;
mod wanted;

pub use error::{ResolveError, ResolveErrorKind};
pub use wanted::{WantedPackage, wanted};

use super::ast::Document;
use super::span::Span;
use crate::component::{Arena, ComponentId};
use crate::error::Error;
use crate::graph::Graph;
use crate::input::Input;
use std::collections::BTreeMap;

/// What the packages are that a document names: each as it is written there, such as `acme:log@^1.2`, with the component
/// or WIT package that it is.
#[derive(Clone, Debug, Default)]
pub struct Packages(BTreeMap<String, ComponentId>);

impl Packages {
    /// Without any.
    pub fn new() -> Packages {
        Packages::default()
    }

    /// Takes note of what `name` is, which may end in a version or a requirement, as the document has it.
    pub fn add(&mut self, name: impl Into<String>, component: ComponentId) {
        self.0.insert(name.into(), component);
    }

    pub(super) fn get(&self, name: &str) -> Option<ComponentId> {
        self.0.get(name).copied()
    }
}

/// A document that was understood.
#[derive(Clone, Debug)]
pub struct Resolution {
    graph: Graph,
    /// Where each instance of the graph is made or imported, by its name.
    instances: BTreeMap<String, Span>,
}

impl Resolution {
    /// The graph that it describes, to be encoded or drawn.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Where in the document an error is to be found that came of encoding the graph.
    pub fn locate(&self, error: &Error) -> Vec<ResolveError> {
        let _ = (&self.instances, error);
        Vec::new()
    }

    /// What keeps a composition that was made of the graph from conforming to the world that the document targets; nothing
    /// if it targets none. `package` is the WIT package of the world, as [`Arena::read_wit_package`] takes it.
    ///
    /// # Errors
    ///
    /// It is an error if the composition or the package cannot be read.
    pub fn check_target(
        &self,
        composition: &dyn Input,
        package: &dyn Input,
    ) -> Result<Vec<ResolveError>, Error> {
        let _ = (composition, package);
        Ok(Vec::new())
    }
}

/// Finds out what `document` means, whose packages are those of `packages`, all in `arena`. What the document declares is
/// added to the arena.
///
/// # Errors
///
/// All that is wrong with the document, in the order in which it stands there.
///
/// # Panics
///
/// Panics if a package comes from another arena.
pub fn resolve(
    arena: &mut Arena<'_>,
    document: &Document<'_>,
    packages: &Packages,
) -> Result<Resolution, Vec<ResolveError>> {
    let _ = (arena, document, packages);
    Err(Vec::new())
}

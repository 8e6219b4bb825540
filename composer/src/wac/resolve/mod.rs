//! What a document means: the graph of a composition.

mod argument;
mod declare;
mod error;
mod export;
mod expression;
mod fault;
mod locate;
mod names;
mod resolver;
mod scope;
mod target;
mod wanted;
mod words;

pub use error::{ResolveError, ResolveErrorKind};
pub use wanted::{WantedPackage, wanted};

use super::ast::Document;
use crate::component::{Arena, ComponentId};
use crate::error::Error;
use crate::graph::Graph;
use crate::input::Input;
use locate::Places;
use resolver::Resolver;
use std::collections::BTreeMap;
use target::Target;

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

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// A document that was understood.
#[derive(Clone, Debug)]
pub struct Resolution {
    graph: Graph,
    places: Places,
    target: Option<Target>,
}

impl Resolution {
    /// The graph that it describes, to be encoded or drawn.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Where in the document an error is to be found that came of encoding the graph; nothing, if it does not speak of
    /// what the document says.
    pub fn locate(&self, error: &Error) -> Vec<ResolveError> {
        self.places.locate(error).into_iter().collect()
    }

    /// What keeps a composition that was made of the graph from conforming to the world that the document targets; nothing
    /// if it targets none.
    ///
    /// # Errors
    ///
    /// It is an error if the composition, or the package of the world, is not valid.
    pub fn check_target(&self, composition: &dyn Input) -> Result<Vec<ResolveError>, Error> {
        match &self.target {
            Some(target) => target.check(composition, &self.places),
            None => Ok(Vec::new()),
        }
    }
}

/// Finds out what `document` means, whose packages are those of `packages`, all in `arena`. What the document declares is
/// added to the arena.
///
/// # Errors
///
/// All that is wrong with the document, in the order in which it stands there; no more than
/// [`MAX_ERRORS`](super::MAX_ERRORS).
///
/// # Panics
///
/// Panics if a package comes from another arena.
pub fn resolve(
    arena: &mut Arena<'_>,
    document: &Document<'_>,
    packages: &Packages,
) -> Result<Resolution, Vec<ResolveError>> {
    Resolver::new(arena, document, packages).resolve()
}

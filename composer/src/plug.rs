//! From a pile of components to a plan: every import, what fills it, why, and what came near.
//!
//! An export fills an import of the same name, or else of the same interface on the same
//! compatibility track, if its type fits. Plugs may fill plugs. The plan does not depend on the
//! order of the plugs, except where the order is what was asked for.

mod chain;
mod explicit;
mod fit;
mod index;
mod lineup;
mod named;
mod near;
mod outside;
mod planner;
mod report;
mod request;

pub use fit::Rule;
pub(crate) use named::unknown;
pub(crate) use near::is_near;
pub use report::{ImportReport, Miss, NearMiss, State, Useless};
pub(crate) use report::{mark_used_types, release_types};
pub use request::{
    ExportRequest, KeepRequest, Member, RenameRequest, Request, Side, WireRequest, WiredExport,
};

use crate::component::Arena;
use crate::component::limits::MAX_ARGUMENTS;
use crate::error::{Error, ErrorKind};
use crate::graph::Graph;
use lineup::Lineup;
use planner::Planner;

/// What is plugged into what, and what is not.
#[derive(Debug)]
#[non_exhaustive]
pub struct Plan {
    /// The instances and the edges between them.
    pub graph: Graph,
    /// Every import of every instance, in order.
    pub imports: Vec<ImportReport>,
    /// The plugs that fill nothing, and why that may be.
    pub useless: Vec<Useless>,
}

/// Plans how the plugs of `request` fill the imports of its sockets and of each other.
///
/// # Errors
///
/// It is an error if no plug fits at all, if two plugs fit one import equally well, if nothing gives
/// the order of the links of a chain, if components need each other in a circle, if sockets export two
/// things of one name, if what the request names is not there or does not fit, and, in a strict
/// request, if anything is left over.
///
/// # Panics
///
/// Panics if a component of the request comes from another arena.
pub fn plug(arena: &Arena<'_>, request: &Request) -> Result<Plan, Error> {
    if request.sockets.is_empty() {
        let message = "a composition needs a socket: there is nothing to plug into";
        return Err(Error::new(ErrorKind::Graph(message.to_owned())));
    }
    check_limits(arena, request)?;
    let lineup = Lineup::of(arena, request)?;
    let plan = Planner::plan(arena, request, &lineup)?;
    if request.strict {
        plan.check_strict()?;
    }
    Ok(plan)
}

/// Refuses components that cannot be instantiated, before anything is looked for.
fn check_limits(arena: &Arena<'_>, request: &Request) -> Result<(), Error> {
    let components = request.plugs.iter().chain(&request.sockets);
    let imports = components.map(|id| (arena.type_of(*id).imports.len() as u64, *id));
    match imports.max() {
        Some((count, id)) if count > MAX_ARGUMENTS => {
            let most = vec![(arena.component(id).name().to_owned(), count)];
            let what = "arguments of one instance";
            Err(Error::new(ErrorKind::limit(
                what,
                count,
                MAX_ARGUMENTS,
                most,
            )))
        }
        _ => Ok(()),
    }
}

impl Plan {
    /// The imports that are left open, but for those that were asked to be.
    pub fn open(&self) -> impl Iterator<Item = &ImportReport> {
        self.imports
            .iter()
            .filter(|import| matches!(import.state, State::Open { .. }))
    }

    /// Refuses what a strict plan may not have: useless plugs, and open imports that are not the
    /// host's. The host fills the interfaces of the `wasi` namespace, and those that hold only types.
    fn check_strict(&self) -> Result<(), Error> {
        let open: Vec<_> = self
            .open()
            .filter(|import| !import.host && !import.only_types)
            .map(|import| (import.consumer.clone(), import.import.clone()))
            .collect();
        let mut useless: Vec<_> = self.useless.iter().map(|plug| plug.plug.clone()).collect();
        useless.sort();
        if open.is_empty() && useless.is_empty() {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Strict { open, useless }))
    }
}

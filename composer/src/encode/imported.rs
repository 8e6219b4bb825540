//! Components that the composition imports, and does not embed.

use super::open::OpenImports;
use super::types::{Reason, Unwritable};
use crate::component::{Arena, ComponentId};
use crate::error::{Error, ErrorKind};
use crate::graph::{Graph, InstanceId};
use std::collections::BTreeMap;
use wasmparser::names::ComponentName;

/// A component that is imported.
pub(super) struct ImportedComponent<'o> {
    pub(super) id: ComponentId,
    /// The name of its import.
    pub(super) name: &'o str,
    /// The first instance that is made of it.
    pub(super) instance: InstanceId,
}

impl<'o> ImportedComponent<'o> {
    /// Those of the components of `graph` that have a name in `names`, in the order of the instances.
    ///
    /// # Errors
    ///
    /// A name that no import can have, or that another import of the composition has, is an error.
    pub(super) fn all(
        arena: &Arena<'_>,
        graph: &Graph,
        open: &OpenImports,
        names: &'o BTreeMap<ComponentId, String>,
    ) -> Result<Vec<Self>, Error> {
        let mut all: Vec<Self> = Vec::new();
        let mut taken: BTreeMap<String, String> = BTreeMap::new();
        for (_, group) in open.iter() {
            let (name, _) = group.item(arena, graph);
            let what = format!("the composition imports `{name}` too");
            taken.insert(name.to_lowercase(), what);
        }
        for (instance, wired) in graph.instances() {
            let id = wired.component();
            let Some(name) = names.get(&id) else {
                continue;
            };
            if all.iter().any(|known| known.id == id) {
                continue;
            }
            let imported = ImportedComponent { id, name, instance };
            let component = arena.component(id).name();
            if let Err(error) = ComponentName::new(name, 0) {
                return Err(imported.refused(component, error.message().to_owned()));
            }
            let what = format!("`{component}` is imported under that name too");
            if let Some(other) = taken.insert(name.to_lowercase(), what) {
                return Err(imported.refused(component, other));
            }
            all.push(imported);
        }
        Ok(all)
    }

    /// The error for a type that cannot be written.
    pub(super) fn unwritable(&self, component: &str, reason: Unwritable) -> Error {
        let reason = match reason.0 {
            Reason::Resource(..) => "its type speaks of a resource that it does not name",
            Reason::Other(what) => what,
        };
        self.refused(component, reason.to_owned())
    }

    fn refused(&self, component: &str, reason: String) -> Error {
        Error::new(ErrorKind::ComponentImport {
            component: component.to_owned(),
            name: self.name.to_owned(),
            reason,
        })
    }
}

//! A composition as a graph: instances of components, and which export fills which import.

use crate::component::{Arena, ComponentId, ExternName, Found};
use crate::error::{Error, ErrorKind};
use crate::hash::{HashMap, HashSet};
use crate::name::{ItemPath, Versions};
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, btree_map};
use wasmparser::component_types::ComponentItem;

/// Instances, the edges between them, and what the composition exports.
///
/// Items are named by the names the components themselves use for them, as they stand in the binary.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    instances: Vec<Instance>,
    exports: Vec<Export>,
    instance_names: Taken,
    /// The names of the exports, with the place of each.
    export_names: HashMap<ExternName, usize>,
    versions: Versions,
    /// Whether an interface that is exported under a plain name is not said to implement itself.
    is_plain: bool,
}

/// The number of an instance in its [`Graph`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceId(u32);

/// One instance of a component.
#[derive(Clone, Debug)]
pub struct Instance {
    name: String,
    component: ComponentId,
    arguments: BTreeMap<String, Edge>,
    import_names: BTreeMap<String, String>,
    /// What names the types of imports that are filled.
    type_names: BTreeMap<String, Edge>,
    is_host: bool,
}

/// Where an item comes from: an instance, or something that an instance exports.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Edge {
    /// The instance that gives the item.
    pub provider: InstanceId,
    /// The names that lead to the item: an export of the instance, then an item within that, and so
    /// on. Without any, it is the instance as a whole.
    pub path: Vec<String>,
}

/// An export of the composition.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Export {
    /// The name under which the composition exports the item.
    pub name: String,
    /// Where the item comes from.
    pub edge: Edge,
    /// Whether the item was not asked for, but is needed since another export uses its types.
    pub implied: bool,
}

impl Graph {
    /// A graph without instances.
    pub fn new() -> Graph {
        Graph::default()
    }

    /// Adds an instance of `component`; `name` gets a number if another instance has it.
    pub fn add(&mut self, name: &str, component: ComponentId) -> InstanceId {
        self.add_instance(name, component, false)
    }

    /// Adds what the host of the composition gives: an instance that is not made, of a component that was declared. What
    /// it imports, the composition imports, and it gives that to others. Types that it exports are those of the composition.
    pub(crate) fn add_host(&mut self, name: &str, component: ComponentId) -> InstanceId {
        self.add_instance(name, component, true)
    }

    fn add_instance(&mut self, name: &str, component: ComponentId, is_host: bool) -> InstanceId {
        self.instances.push(Instance {
            name: unique(name, &mut self.instance_names),
            component,
            arguments: BTreeMap::new(),
            import_names: BTreeMap::new(),
            type_names: BTreeMap::new(),
            is_host,
        });
        InstanceId(self.instances.len() as u32 - 1)
    }

    /// Fills `import` of `consumer` with what `edge` leads to: an export, if it is given as
    /// `(provider, name)`.
    ///
    /// # Errors
    ///
    /// There is an error if there is no such item, or the import is filled already. Whether the
    /// types fit is checked when the graph is encoded.
    ///
    /// # Panics
    ///
    /// Panics if a component of the graph comes from another arena.
    pub fn connect(
        &mut self,
        arena: &Arena<'_>,
        (consumer, import): (InstanceId, &str),
        edge: impl Into<Edge>,
    ) -> Result<(), Error> {
        let edge = edge.into();
        self.check(arena, &edge)?;
        self.check_import(arena, consumer, import)?;
        if let Some(instance) = self.instances.get_mut(consumer.0 as usize) {
            match instance.arguments.entry(import.to_owned()) {
                btree_map::Entry::Vacant(open) => {
                    open.insert(edge);
                }
                btree_map::Entry::Occupied(_) => return Err(filled(&instance.name, import)),
            }
        }
        Ok(())
    }

    /// Has the composition import `import` of `consumer`, which stays open, as `name`.
    ///
    /// Imports that are given one name, or have it of their own, become one import: the union of what
    /// each asks for, as far as they agree. An interface that gets a plain name is said to implement
    /// the interface.
    ///
    /// # Errors
    ///
    /// There is an error if there is no such import, if it is filled, or if the name cannot be that of
    /// an import of its kind. Whether the imports of one name agree is checked when the graph is
    /// encoded.
    ///
    /// # Panics
    ///
    /// Panics if a component of the graph comes from another arena.
    pub fn name_import(
        &mut self,
        arena: &Arena<'_>,
        (consumer, import): (InstanceId, &str),
        name: &str,
    ) -> Result<(), Error> {
        self.check_open(arena, consumer, import)?;
        let component = self.get(consumer)?.component;
        if let Some(item) = arena.type_of(component).imports.get(import) {
            ExternName::parse(name, import, &item.ty)?;
        }
        self.rename_import(consumer, import, name);
        Ok(())
    }

    /// Has an import be called `name`, which is known to be a name that it can have.
    pub(crate) fn rename_import(&mut self, consumer: InstanceId, import: &str, name: &str) {
        if let Some(instance) = self.instances.get_mut(consumer.0 as usize) {
            let names = &mut instance.import_names;
            names.insert(import.to_owned(), name.to_owned());
        }
    }

    /// Has the types of an import that is filled named by what `edge` leads to.
    pub(crate) fn name_types(&mut self, (consumer, import): (InstanceId, &str), edge: Edge) {
        if let Some(instance) = self.instances.get_mut(consumer.0 as usize) {
            instance.type_names.insert(import.to_owned(), edge);
        }
    }

    /// The instances that are there to name types.
    pub(crate) fn type_namers(&self) -> HashSet<InstanceId> {
        let edges = self.instances.iter().flat_map(|it| it.type_names.values());
        edges.map(|edge| edge.provider).collect()
    }

    /// Whether types can be named after what `edge` leads to: the host gives it, and as an interface.
    pub(crate) fn has_names(&self, edge: &Edge) -> bool {
        let instance = self.instances.get(edge.provider.0 as usize);
        let first = edge.path.first();
        instance.is_some_and(|it| it.is_host)
            && first.is_some_and(|name| ItemPath::parse(name, None).is_some())
    }

    /// Leaves an import open that was filled.
    pub(crate) fn disconnect(&mut self, consumer: InstanceId, import: &str) {
        if let Some(instance) = self.instances.get_mut(consumer.0 as usize) {
            instance.arguments.remove(import);
        }
    }

    /// Says what becomes of an interface that stays imported in several versions.
    pub fn set_versions(&mut self, versions: Versions) {
        self.versions = versions;
    }

    /// What becomes of an interface that stays imported in several versions.
    pub fn versions(&self) -> Versions {
        self.versions
    }

    /// Says nothing of what interfaces were called that are exported under plain names: not every host knows that an export
    /// can say what it implements.
    pub(crate) fn export_plainly(&mut self) {
        self.is_plain = true;
    }

    /// Whether an interface that is exported under a plain name is said to implement itself.
    pub(crate) fn implements(&self) -> bool {
        !self.is_plain
    }

    /// Exports what `edge` leads to from the composition, as `name`.
    ///
    /// # Errors
    ///
    /// There is an error if there is no such item, if the name cannot be that of an export of its
    /// kind, or if the name is exported already: names must differ by more than upper and lower case.
    ///
    /// # Panics
    ///
    /// Panics if a component of the graph comes from another arena.
    pub fn export(
        &mut self,
        arena: &Arena<'_>,
        name: &str,
        edge: impl Into<Edge>,
    ) -> Result<(), Error> {
        let edge = edge.into();
        self.check(arena, &edge)?;
        let extern_name = match self.find(arena, &edge) {
            Some(Found::Item(own, item)) => ExternName::parse(name, own, &item.ty)?,
            _ => ExternName::of_instance(name)?,
        };
        if let Some(taken) = self.export_names.get(&extern_name)
            && let Some(taken) = self.exports.get(*taken)
        {
            return Err(self.name_taken(name, &taken.edge, &edge));
        }
        self.export_names.insert(extern_name, self.exports.len());
        self.exports.push(Export {
            name: name.to_owned(),
            edge,
            implied: false,
        });
        Ok(())
    }

    /// The instances, with their numbers.
    pub fn instances(&self) -> impl Iterator<Item = (InstanceId, &Instance)> {
        (0..).map(InstanceId).zip(&self.instances)
    }

    /// The instance of this number.
    ///
    /// # Panics
    ///
    /// Panics if `id` comes from another graph.
    #[expect(clippy::indexing_slicing, reason = "ids come from `add`")]
    pub fn instance(&self, id: InstanceId) -> &Instance {
        &self.instances[id.0 as usize]
    }

    /// What the composition exports, in order.
    pub fn exports(&self) -> &[Export] {
        &self.exports
    }

    /// The instances in an order in which each comes after those that fill its imports.
    ///
    /// # Errors
    ///
    /// Instances that need each other in a circle are an error that names the whole circle.
    pub fn order(&self) -> Result<Vec<InstanceId>, Error> {
        #[derive(Clone, Copy, PartialEq)]
        enum State {
            New,
            Open,
            Done,
        }
        let mut states = vec![State::New; self.instances.len()];
        let mut order = Vec::with_capacity(self.instances.len());
        let state = |states: &[State], id: InstanceId| states.get(id.0 as usize).copied();
        for (root, _) in self.instances() {
            if state(&states, root) != Some(State::New) {
                continue;
            }
            // The path from the root, each instance with the edges still to be followed.
            let mut path = vec![(root, self.instance(root).arguments.iter())];
            if let Some(state) = states.get_mut(root.0 as usize) {
                *state = State::Open;
            }
            while let Some((id, edges)) = path.last_mut() {
                let id = *id;
                let Some((_, edge)) = edges.next() else {
                    if let Some(state) = states.get_mut(id.0 as usize) {
                        *state = State::Done;
                    }
                    order.push(id);
                    path.pop();
                    continue;
                };
                match state(&states, edge.provider) {
                    Some(State::Open) => {
                        let members: Vec<_> = path.iter().map(|(id, _)| *id).collect();
                        return Err(self.circle(&members, edge.provider));
                    }
                    Some(State::New) => {
                        if let Some(state) = states.get_mut(edge.provider.0 as usize) {
                            *state = State::Open;
                        }
                        let next = self.instance(edge.provider);
                        path.push((edge.provider, next.arguments.iter()));
                    }
                    _ => {}
                }
            }
        }
        Ok(order)
    }

    /// The error for the circle that closes at `start`, the end of `path` being a consumer of it.
    fn circle(&self, path: &[InstanceId], start: InstanceId) -> Error {
        let from = path.iter().position(|id| *id == start).unwrap_or_default();
        let members = path.get(from..).unwrap_or_default();
        let next = members.iter().skip(1).chain([&start]);
        let steps = members
            .iter()
            .zip(next)
            .map(|(consumer, provider)| {
                let consumer = self.instance(*consumer);
                let import = consumer
                    .arguments
                    .iter()
                    .find(|(_, edge)| edge.provider == *provider)
                    .map(|(import, _)| import.clone())
                    .unwrap_or_default();
                (consumer.name.clone(), import)
            })
            .collect();
        Error::new(ErrorKind::Cycle { steps })
    }

    /// Exports what another export uses, unless its name is taken: an `Err` has what it is taken by.
    pub(crate) fn export_implied(&mut self, export: Export) -> Result<(), Edge> {
        // The name is one that its owner has for it.
        let Some(name) = ExternName::of(&export.name) else {
            return Ok(());
        };
        match self.export_names.entry(name) {
            Entry::Vacant(free) => {
                free.insert(self.exports.len());
                self.exports.push(export);
                Ok(())
            }
            Entry::Occupied(taken) => match self.exports.get(*taken.get()) {
                Some(other) if other.edge != export.edge => Err(other.edge.clone()),
                _ => Ok(()),
            },
        }
    }

    /// The error for two items that would be exported under one name.
    pub(crate) fn name_taken(&self, name: &str, first: &Edge, second: &Edge) -> Error {
        let of = |edge: &Edge| (self.instance(edge.provider).name.clone(), edge.item());
        Error::new(ErrorKind::NameTaken {
            side: "exports",
            name: name.to_owned(),
            first: of(first),
            second: of(second),
        })
    }

    /// An error if there is no such import, or it is filled.
    fn check_open(
        &self,
        arena: &Arena<'_>,
        consumer: InstanceId,
        import: &str,
    ) -> Result<(), Error> {
        self.check_import(arena, consumer, import)?;
        let instance = self.get(consumer)?;
        match instance.arguments.contains_key(import) {
            true => Err(filled(&instance.name, import)),
            false => Ok(()),
        }
    }

    /// An error if there is no such import.
    fn check_import(
        &self,
        arena: &Arena<'_>,
        consumer: InstanceId,
        import: &str,
    ) -> Result<(), Error> {
        let instance = self.get(consumer)?;
        let imports = &arena.type_of(instance.component).imports;
        match imports.contains_key(import) {
            true => Ok(()),
            false => Err(fault(format!(
                "`{}` has no import `{import}`",
                instance.name
            ))),
        }
    }

    fn get(&self, id: InstanceId) -> Result<&Instance, Error> {
        self.instances
            .get(id.0 as usize)
            .ok_or_else(|| fault(format!("there is no instance {}", id.0)))
    }

    /// What `edge` leads to.
    pub(crate) fn find<'a>(&self, arena: &'a Arena<'_>, edge: &Edge) -> Option<Found<'a>> {
        let provider = self.instances.get(edge.provider.0 as usize)?;
        arena.find(provider.component, &edge.path)
    }

    /// The type that `edge` leads to, if it is one that the composition itself declares.
    pub(crate) fn declared<'a>(
        &self,
        arena: &'a Arena<'_>,
        edge: &Edge,
    ) -> Option<&'a ComponentItem> {
        let instance = self.instances.get(edge.provider.0 as usize)?;
        let [name] = edge.path.as_slice() else {
            return None;
        };
        let exports = &arena.type_of(instance.component).exports;
        exports.get(name).filter(|_| instance.is_host)
    }

    fn check(&self, arena: &Arena<'_>, edge: &Edge) -> Result<(), Error> {
        let instance = self.get(edge.provider)?;
        match arena.find(instance.component, &edge.path) {
            Some(_) => Ok(()),
            None => Err(fault(format!(
                "`{}` has no export `{}`",
                instance.name,
                edge.item()
            ))),
        }
    }
}

impl Edge {
    /// The instance as a whole.
    pub fn whole(provider: InstanceId) -> Edge {
        Edge {
            provider,
            path: Vec::new(),
        }
    }

    /// The item within this one that `path` leads to.
    pub(crate) fn within(mut self, path: &[String]) -> Edge {
        self.path.extend_from_slice(path);
        self
    }

    /// The names that lead to the item, joined by `#`; empty for the instance as a whole.
    pub fn item(&self) -> String {
        self.path.join("#")
    }
}

/// An export of an instance.
impl From<(InstanceId, &str)> for Edge {
    fn from((provider, export): (InstanceId, &str)) -> Edge {
        Edge {
            provider,
            path: vec![export.to_owned()],
        }
    }
}

impl InstanceId {
    /// The number, from 0, in the order of adding.
    pub fn index(self) -> u32 {
        self.0
    }
}

impl Instance {
    /// Its name, which no other instance of the graph has.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The component it is an instance of.
    pub fn component(&self) -> ComponentId {
        self.component
    }

    /// Whether it stands for what the host of the composition gives, and is not made.
    pub fn is_host(&self) -> bool {
        self.is_host
    }

    /// Its imports that are filled, by name, with what fills them.
    pub fn arguments(&self) -> &BTreeMap<String, Edge> {
        &self.arguments
    }

    /// Whether none of its imports is left open: there may be thousands, which then need no look.
    pub(crate) fn is_filled(&self, arena: &Arena<'_>) -> bool {
        self.arguments.len() == arena.type_of(self.component).imports.len()
    }

    /// What names the types of an import that is filled, if what fills it does not.
    pub(crate) fn type_names(&self, import: &str) -> Option<&Edge> {
        self.type_names.get(import)
    }

    /// Its imports that were given a name in the composition, with the name.
    pub fn import_names(&self) -> &BTreeMap<String, String> {
        &self.import_names
    }
}

/// Names in use, each with the number that the next thing of this name could have.
pub(crate) type Taken = HashMap<String, u32>;

/// `name`, with a number if it is taken already.
pub(crate) fn unique(name: &str, taken: &mut Taken) -> String {
    let mut unique = name.to_owned();
    let mut next = taken.get(name).copied().unwrap_or_default().max(2);
    while taken.contains_key(&unique) {
        unique = format!("{name}-{next}");
        next += 1;
    }
    taken.insert(name.to_owned(), next);
    taken.entry(unique.clone()).or_default();
    unique
}

fn filled(instance: &str, import: &str) -> Error {
    fault(format!(
        "import `{import}` of `{instance}` is filled already"
    ))
}

fn fault(message: String) -> Error {
    Error::new(ErrorKind::Graph(message))
}

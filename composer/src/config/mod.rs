//! A composition as a configuration of [`wasm-compose`] describes it.
//!
//! Each import of an instance that is an instance itself is looked for by name: a definition that
//! exports it fills it, or else the instance that the configuration names as the argument, or else the
//! instance of the import's own name. An instance is made of the dependency that the configuration names,
//! or of the one of its own name; where there is none, the import stays open. So the composition grows
//! from its root until nothing is left to be looked for.
//!
//! [`wasm-compose`]: https://docs.rs/wasm-compose

mod fit;
mod remark;

pub use remark::Remark;

use crate::component::{Arena, ComponentId};
use crate::error::{Error, ErrorKind, Owner};
use crate::graph::{Edge, Graph, InstanceId};
use crate::hash::HashMap;
use crate::plug::{ImportReport, Plan, Rule, State, mark_used_types, release_types, unknown};
use fit::Fit;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use wasmparser::component_types::ComponentEntityType;

/// The name of the instance that the composition is built around, and of its component.
pub const ROOT: &str = "root";

/// What a configuration says, where the components that it names are known by name.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// The component whose exports the composition will have.
    pub root: ComponentId,
    /// Components whose exports fill every import of the same name, each with its own name. The first
    /// one that has an export is taken.
    pub definitions: Vec<(String, ComponentId)>,
    /// What is said of instances, by their names.
    pub instantiations: BTreeMap<String, Instantiation>,
    /// Whether every interface that is looked for must be found.
    pub disallow_imports: bool,
}

/// How an instance is made.
#[derive(Clone, Debug, Default)]
pub struct Instantiation {
    /// The name of its component; if it is not given, that of the instance itself.
    pub dependency: Option<String>,
    /// What fills its imports, by their names.
    pub arguments: BTreeMap<String, InstanceArgument>,
}

/// What fills an import.
#[derive(Clone, Debug)]
pub struct InstanceArgument {
    /// The name of an instance.
    pub instance: String,
    /// The export of the instance. If it is not given, it is the instance as a whole, or else the first
    /// of its exports whose type fits.
    pub export: Option<String>,
}

/// What a configuration comes to.
#[derive(Debug)]
#[non_exhaustive]
pub struct Configured {
    /// The instances, and what fills each import.
    pub plan: Plan,
    /// The name by which each component of the plan was found first.
    pub names: BTreeMap<ComponentId, String>,
    /// What is said, but has no effect.
    pub remarks: Vec<Remark>,
}

/// Builds the composition that `configuration` describes.
///
/// ```
/// use std::collections::BTreeMap;
/// use tenon_composer::{Arena, Bodies, Configuration, Error, Options, Source, configure, encode};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let app = wat::parse_str(r#"(component (import "clock" (instance (export "now" (func)))))"#)?;
/// let clock = wat::parse_str(
///     r#"(component (import "tick" (func $f)) (export "now" (func $f)))"#,
/// )?;
/// let source = |name: &str, input| Source {
///     name: name.to_owned(),
///     input,
///     digest: None,
///     bodies: Bodies::Validate,
/// };
/// let mut arena = Arena::new();
/// let configuration = Configuration {
///     root: arena.read(source("app", &app))?,
///     definitions: Vec::new(),
///     instantiations: BTreeMap::new(),
///     disallow_imports: false,
/// };
/// let configured = configure(&mut arena, &configuration, |arena, name| match name {
///     "clock" => arena.read(source("clock", &clock)).map(Some),
///     _ => Ok::<_, Error>(None),
/// })?;
/// let composition = encode(arena, configured.plan.graph, &Options::default())?;
/// assert_eq!(composition.imports.len(), 1, "`tick` stays open");
/// # Ok(())
/// # }
/// ```
///
/// `find` gives the component of a name: it reads it into the arena, or says that there is none. It is
/// asked for each name once, and not for those of the root and the definitions.
///
/// # Errors
///
/// It is an error if nothing is found for the root, if an argument or an export that the configuration
/// names does not exist, if what is found for an import does not fit, if instances need each other in
/// a circle, and where imports are disallowed, if one stays open. What `find` gives as an error is
/// handed on.
///
/// # Panics
///
/// Panics if a component of the configuration comes from another arena.
pub fn configure<'i, F: From<Error>>(
    arena: &mut Arena<'i>,
    configuration: &Configuration,
    find: impl FnMut(&mut Arena<'i>, &str) -> Result<Option<ComponentId>, F>,
) -> Result<Configured, F> {
    let mut builder = Builder::new(configuration);
    builder.build(arena, find)?;
    Ok(builder.finish(arena)?)
}

struct Builder<'c> {
    configuration: &'c Configuration,
    graph: Graph,
    instances: HashMap<String, InstanceId>,
    components: HashMap<String, Option<ComponentId>>,
    names: BTreeMap<ComponentId, String>,
    /// The instance of each definition that is used.
    definitions: Vec<Option<InstanceId>>,
    /// Instances whose imports are still to be filled, with their names in the configuration.
    queue: VecDeque<(String, InstanceId)>,
    imports: Vec<ImportReport>,
    remarks: Vec<Remark>,
    /// The names for which there is no component.
    missing: BTreeSet<String>,
}

/// An import that is to be filled.
struct Wanted<'w> {
    /// The consumer's name in the configuration.
    consumer: &'w str,
    instance: InstanceId,
    name: &'w str,
    is_instance: bool,
}

impl<'c> Builder<'c> {
    fn new(configuration: &'c Configuration) -> Self {
        let mut builder = Builder {
            configuration,
            graph: Graph::new(),
            instances: HashMap::default(),
            components: HashMap::default(),
            names: BTreeMap::new(),
            definitions: vec![None; configuration.definitions.len()],
            queue: VecDeque::new(),
            imports: Vec::new(),
            remarks: Vec::new(),
            missing: BTreeSet::new(),
        };
        builder.call(ROOT, configuration.root);
        for (name, id) in &configuration.definitions {
            builder.call(name, *id);
        }
        builder
    }

    /// The first one of a name has it.
    fn call(&mut self, name: &str, id: ComponentId) {
        let known = self.components.entry(name.to_owned());
        known.or_insert(Some(id));
        self.names.entry(id).or_insert_with(|| name.to_owned());
    }

    fn build<'i, F: From<Error>>(
        &mut self,
        arena: &mut Arena<'i>,
        mut find: impl FnMut(&mut Arena<'i>, &str) -> Result<Option<ComponentId>, F>,
    ) -> Result<(), F> {
        self.instantiate(ROOT, ROOT, self.configuration.root);
        while let Some((consumer, instance)) = self.queue.pop_front() {
            let component = self.graph.instance(instance).component();
            self.check_arguments(arena, &consumer, component)?;
            let imports = arena.type_of(component).imports.iter();
            let imports: Vec<(String, bool)> = imports
                .map(|(name, item)| {
                    let is_instance = matches!(item.ty, ComponentEntityType::Instance(_));
                    (name.clone(), is_instance)
                })
                .collect();
            for (name, is_instance) in &imports {
                let wanted = Wanted {
                    consumer: &consumer,
                    instance,
                    name,
                    is_instance: *is_instance,
                };
                let filled = match self.define(arena, &wanted)? {
                    None => self.depend(arena, &wanted, &mut find)?,
                    filled => filled,
                };
                self.fill(arena, &wanted, filled)?;
            }
        }
        Ok(())
    }

    /// Makes the instance that the configuration knows as `name`, and the composition as `shown`.
    fn instantiate(&mut self, name: &str, shown: &str, component: ComponentId) -> InstanceId {
        let id = self.graph.add(shown, component);
        self.instances.insert(name.to_owned(), id);
        self.queue.push_back((name.to_owned(), id));
        id
    }

    /// Refuses arguments for imports that there are not.
    fn check_arguments(
        &self,
        arena: &Arena<'_>,
        consumer: &str,
        component: ComponentId,
    ) -> Result<(), Error> {
        let imports = &arena.type_of(component).imports;
        let said = self.configuration.instantiations.get(consumer);
        let arguments = said.into_iter().flat_map(|said| said.arguments.keys());
        for argument in arguments {
            if !imports.contains_key(argument) {
                let consumer = Owner::Component(consumer.to_owned());
                let all: Vec<_> = imports.keys().cloned().collect();
                return Err(unknown(consumer, "import", argument, &all, Vec::new()));
            }
        }
        Ok(())
    }

    fn argument(&self, wanted: &Wanted<'_>) -> Option<&'c InstanceArgument> {
        let said = self.configuration.instantiations.get(wanted.consumer)?;
        said.arguments.get(wanted.name)
    }

    /// What a definition gives for an import.
    fn define(
        &mut self,
        arena: &Arena<'_>,
        wanted: &Wanted<'_>,
    ) -> Result<Option<(Edge, Rule)>, Error> {
        if !wanted.is_instance {
            return Ok(None);
        }
        let mut definitions = self.configuration.definitions.iter().enumerate();
        let found = definitions.find(|(_, (_, id))| {
            let export = arena.type_of(*id).exports.get(wanted.name);
            export.is_some_and(|item| matches!(item.ty, ComponentEntityType::Instance(_)))
        });
        let Some((at, (name, id))) = found else {
            return Ok(None);
        };
        let provider = match self.definitions.get(at).copied().flatten() {
            Some(provider) => provider,
            None => {
                let provider = self.graph.add(name, *id);
                if let Some(instance) = self.definitions.get_mut(at) {
                    *instance = Some(provider);
                }
                self.leave_open(arena, provider);
                provider
            }
        };
        if self.argument(wanted).is_some() {
            self.remarks.push(Remark::DefinitionFirst {
                consumer: wanted.consumer.to_owned(),
                import: wanted.name.to_owned(),
                definition: name.clone(),
            });
        }
        let edge = Edge::from((provider, wanted.name));
        self.fit(arena, wanted).check(&edge)?;
        Ok(Some((edge, Rule::Definition)))
    }

    /// What the configuration, or else the import's own name, leads to.
    fn depend<'i, F: From<Error>>(
        &mut self,
        arena: &mut Arena<'i>,
        wanted: &Wanted<'_>,
        find: &mut impl FnMut(&mut Arena<'i>, &str) -> Result<Option<ComponentId>, F>,
    ) -> Result<Option<(Edge, Rule)>, F> {
        let argument = self.argument(wanted);
        if argument.is_none() && !wanted.is_instance {
            return Ok(None);
        }
        let name = argument.map_or(wanted.name, |argument| &argument.instance);
        let export = argument.and_then(|argument| argument.export.as_deref());
        let provider = match self.instances.get(name) {
            Some(provider) => *provider,
            None => {
                let said = self.configuration.instantiations.get(name);
                let dependency = said.and_then(|said| said.dependency.as_deref());
                let dependency = dependency.unwrap_or(name);
                match self.component(arena, dependency, find)? {
                    Some(component) => {
                        // Where the configuration has no name for it, it has that of its component.
                        let is_named = argument.is_some() || said.is_some();
                        let shown = match is_named {
                            true => name.to_owned(),
                            false => arena.component(component).name().to_owned(),
                        };
                        self.instantiate(name, &shown, component)
                    }
                    None => {
                        self.miss(wanted, dependency, argument)?;
                        return Ok(None);
                    }
                }
            }
        };
        let rule = match argument {
            Some(_) => Rule::Argument,
            None => Rule::Dependency,
        };
        let fit = self.fit(arena, wanted);
        let edge = match export {
            Some(export) => {
                let edge = Edge::from((provider, export));
                fit.check_export(&edge, export)?;
                edge
            }
            None => fit.best(provider)?,
        };
        Ok(Some((edge, rule)))
    }

    /// The component of a name.
    fn component<'i, F: From<Error>>(
        &mut self,
        arena: &mut Arena<'i>,
        name: &str,
        find: &mut impl FnMut(&mut Arena<'i>, &str) -> Result<Option<ComponentId>, F>,
    ) -> Result<Option<ComponentId>, F> {
        if let Some(known) = self.components.get(name) {
            return Ok(*known);
        }
        let found = find(arena, name)?;
        match found {
            Some(id) => self.call(name, id),
            None => {
                self.components.insert(name.to_owned(), None);
            }
        }
        Ok(found)
    }

    /// Takes note that there is no component for an import, if that may be.
    fn miss(
        &mut self,
        wanted: &Wanted<'_>,
        dependency: &str,
        argument: Option<&InstanceArgument>,
    ) -> Result<(), Error> {
        let export = argument.and_then(|argument| argument.export.clone());
        if export.is_some() || (self.configuration.disallow_imports && wanted.is_instance) {
            return Err(Error::new(ErrorKind::MissingDependency {
                consumer: wanted.consumer.to_owned(),
                import: wanted.name.to_owned(),
                dependency: dependency.to_owned(),
                export,
            }));
        }
        self.missing.insert(dependency.to_owned());
        if let Some(argument) = argument
            && argument.instance != wanted.name
        {
            self.remarks.push(Remark::NoSuchInstance {
                consumer: wanted.consumer.to_owned(),
                import: wanted.name.to_owned(),
                instance: argument.instance.clone(),
            });
        }
        Ok(())
    }

    fn fit<'f, 'i>(&'f self, arena: &'f Arena<'i>, wanted: &'f Wanted<'_>) -> Fit<'f, 'i> {
        Fit {
            arena,
            graph: &self.graph,
            consumer: wanted.instance,
            import: wanted.name,
        }
    }

    /// Fills an import, and reports it.
    fn fill(
        &mut self,
        arena: &Arena<'_>,
        wanted: &Wanted<'_>,
        filled: Option<(Edge, Rule)>,
    ) -> Result<(), Error> {
        let state = match filled {
            None => State::Open { near: Vec::new() },
            Some((edge, rule)) => {
                let provider = self.graph.instance(edge.provider);
                let (provider, component) = (provider.name().to_owned(), provider.component());
                let export = edge.path.first().map(|name| {
                    let item = arena.type_of(component).exports.get(name);
                    item.map_or(name.clone(), |item| item.full_name(name).into_owned())
                });
                let consumer = (wanted.instance, wanted.name);
                self.graph.connect(arena, consumer, edge)?;
                State::Filled {
                    provider,
                    export: export.unwrap_or_default(),
                    rule,
                }
            }
        };
        self.report(arena, wanted.instance, wanted.name, state);
        Ok(())
    }

    /// Reports that an instance has its imports from whoever runs the composition.
    fn leave_open(&mut self, arena: &Arena<'_>, instance: InstanceId) {
        let component = self.graph.instance(instance).component();
        for name in arena.type_of(component).imports.keys() {
            self.report(arena, instance, name, State::Open { near: Vec::new() });
        }
    }

    fn report(&mut self, arena: &Arena<'_>, instance: InstanceId, name: &str, state: State) {
        let consumer = self.graph.instance(instance);
        if let Some(item) = arena.type_of(consumer.component()).imports.get(name) {
            let consumer = consumer.name().to_owned();
            let report = ImportReport::new(arena, consumer, name, item, state);
            self.imports.push(report);
        }
    }

    fn finish(mut self, arena: &Arena<'_>) -> Result<Configured, Error> {
        let root = self.configuration.root;
        self.graph.order()?;
        if self.graph.instances().nth(1).is_none() {
            return Err(Error::new(ErrorKind::NoDependency {
                component: arena.component(root).name().to_owned(),
                missing: self.missing.into_iter().collect(),
            }));
        }
        if let Some(instance) = self.instances.get(ROOT) {
            for name in arena.type_of(root).exports.keys() {
                self.graph.export(arena, name, (*instance, name.as_str()))?;
            }
        }
        release_types(arena, &mut self.graph, &mut self.imports);
        mark_used_types(arena, &self.graph, &mut self.imports);
        let plan = Plan {
            graph: self.graph.clone(),
            imports: std::mem::take(&mut self.imports),
            useless: Vec::new(),
        };
        Ok(Configured {
            plan,
            names: std::mem::take(&mut self.names),
            remarks: self.remarks(),
        })
    }

    /// The remarks, with what was never come to.
    fn remarks(mut self) -> Vec<Remark> {
        let is_used = |id: ComponentId| {
            let mut instances = self.graph.instances();
            instances.any(|(_, instance)| instance.component() == id)
        };
        for (name, id) in &self.configuration.definitions {
            if !is_used(*id) {
                let remark = Remark::UnusedDefinition(name.clone());
                self.remarks.push(remark);
            }
        }
        // An instance that was asked for, but has no component, is spoken of already.
        let missing = self.remarks.iter().filter_map(|remark| match remark {
            Remark::NoSuchInstance { instance, .. } => Some(instance.clone()),
            _ => None,
        });
        let missing: BTreeSet<_> = missing.collect();
        for name in self.configuration.instantiations.keys() {
            if !self.instances.contains_key(name) && !missing.contains(name) {
                let remark = Remark::UnusedInstantiation(name.clone());
                self.remarks.push(remark);
            }
        }
        self.remarks
    }
}

//! Where in a document an error of its graph is to be found.

use super::error::ResolveError;
use crate::encode::OpenImport;
use crate::error::{Error, ErrorKind, Provider};
use crate::graph::Graph;
use crate::hash::HashMap;
use crate::wac::span::Span;

/// Where what a graph has stands in its document.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    /// What stands for the document as a whole.
    pub(super) document: Span,
    /// The instances, by the names that they have in the graph.
    pub(super) instances: HashMap<String, Place>,
    /// What is imported, by name.
    pub(super) imports: HashMap<String, Span>,
    /// What is exported, by name.
    pub(super) exports: HashMap<String, Span>,
}

/// Where an instance stands.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// Where it is made, imported or declared.
    pub(super) span: Span,
    pub(super) origin: Origin,
    /// Where each import gets something, by its name with its whole version.
    pub(super) arguments: HashMap<String, Span>,
    /// The `...` by which the other imports stay open.
    pub(super) fill: Option<Span>,
}

/// Where an instance comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// A `new` expression.
    Made,
    /// An `import` statement.
    Imported,
    /// A declaration of a type, an interface or a world.
    Declared,
}

impl Place {
    /// The place of an instance that is given nothing.
    pub(super) fn new(span: Span, origin: Origin) -> Place {
        Place {
            span,
            origin,
            arguments: HashMap::default(),
            fill: None,
        }
    }
}

/// A place, and what is said of it.
type Label = (Span, String);

impl Places {
    /// The error, where what it speaks of stands; nothing, if it does not speak of the document.
    pub(super) fn locate(&self, error: &Error) -> Option<ResolveError> {
        let mut labels = self.labels(error.kind())?.into_iter();
        let (span, label) = labels.next()?;
        let mut located = ResolveError::composition(error, span, label);
        let mut known = vec![span];
        for (span, label) in labels {
            if !known.contains(&span) {
                known.push(span);
                located = located.with_related(span, label);
            }
        }
        Some(located)
    }

    /// The same, at the document as a whole if no other place is known.
    pub(super) fn locate_anyhow(&self, error: &Error) -> ResolveError {
        let anywhere = || ResolveError::composition(error, self.document, "in this document");
        self.locate(error).unwrap_or_else(anywhere)
    }

    /// The places that have to do with an error, the one to blame first.
    fn labels(&self, kind: &ErrorKind) -> Option<Vec<Label>> {
        let labels = match kind {
            ErrorKind::ArgumentType {
                consumer,
                import,
                provider,
                ..
            } => vec![self.argument(consumer, import), self.instance(provider)],
            ErrorKind::ResourceClash(clash) => {
                let provider = |provider: &Provider| match provider {
                    Provider::Component(name) => self.instance(name),
                    Provider::Host => None,
                };
                vec![
                    self.argument(&clash.consumer, &clash.other.0),
                    self.argument(&clash.consumer, &clash.known.0),
                    provider(&clash.other.1),
                    provider(&clash.known.1),
                    provider(&clash.owner),
                ]
            }
            ErrorKind::ImportConflict { first, second, .. } => {
                let mut places = vec![
                    self.argument(&first.0, &first.1),
                    self.argument(&second.0, &second.1),
                ];
                places.sort_by_key(|place| place.as_ref().map(|(span, _)| *span));
                places.reverse();
                places
            }
            ErrorKind::NameTaken {
                side,
                name,
                first,
                second,
            } => {
                let named = match *side {
                    "imports" => &self.imports,
                    _ => &self.exports,
                };
                let named = named.get(name).map(|span| (*span, format!("`{name}`")));
                vec![named, self.instance(&second.0), self.instance(&first.0)]
            }
            ErrorKind::BadName { name, .. } => {
                let span = self.exports.get(name).or_else(|| self.imports.get(name));
                vec![span.map(|span| (*span, "no name for it".to_owned()))]
            }
            ErrorKind::Cycle { steps } => {
                let step = |(consumer, import): &(String, String)| self.argument(consumer, import);
                steps.iter().map(step).collect()
            }
            ErrorKind::Unwritable { import, .. } => {
                let span = self.imports.get(import);
                vec![span.map(|span| (*span, "it stays imported".to_owned()))]
            }
            ErrorKind::Limit { .. } | ErrorKind::ComponentImport { .. } => {
                vec![Some((self.document, "in this document".to_owned()))]
            }
            _ => return None,
        };
        Some(labels.into_iter().flatten().collect())
    }

    /// Where an import of an instance gets something, or stays open.
    fn argument(&self, consumer: &str, import: &str) -> Option<Label> {
        let place = self.instances.get(consumer)?;
        if let Some(span) = place.arguments.get(import) {
            return Some((*span, format!("given to `{consumer}` as `{import}`")));
        }
        if place.origin != Origin::Made {
            return self.instance(consumer);
        }
        let span = place.fill.unwrap_or(place.span);
        Some((span, format!("`{consumer}` imports `{import}`")))
    }

    /// Where an instance comes from.
    fn instance(&self, name: &str) -> Option<Label> {
        let place = self.instances.get(name)?;
        let label = match place.origin {
            Origin::Made => format!("`{name}` is made here"),
            Origin::Imported => format!("`{name}` is imported here"),
            Origin::Declared => format!("`{name}` is declared here"),
        };
        Some((place.span, label))
    }

    /// Takes note of who leaves imports open, for those that no statement imports.
    pub(super) fn add_open_imports(&mut self, graph: &Graph, open: Vec<OpenImport>) {
        for import in open {
            let first = import.members.first();
            let place =
                first.and_then(|(id, name)| self.argument(graph.instance(*id).name(), name));
            if let Some((span, _)) = place {
                self.imports.entry(import.full_name).or_insert(span);
            }
        }
    }
}

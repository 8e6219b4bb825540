//! Faults of a graph, in the words of the document that it comes from.

use super::error::ResolveError;
use super::expression::NamesOf;
use super::locate::Origin;
use super::names::{is_word, last_part};
use super::resolver::Resolver;
use super::words::listing;
use crate::component::ComponentId;
use crate::encode::used::{NamedTypes, exporter};
use crate::error::{Error, ErrorKind, article};
use crate::name::ItemPath;
use crate::types::{Difference, Reason};
use crate::wac::span::Span;

/// An item of an instance, each by its name.
type Item = (String, String);

impl Resolver<'_, '_, '_> {
    /// The error for a fault, at the place to blame.
    pub(super) fn told(&mut self, fault: &Error) -> ResolveError {
        let error = self.places.locate_anyhow(fault);
        match fault.kind() {
            ErrorKind::ArgumentType {
                consumer,
                import,
                provider,
                export,
                differences,
            } => {
                let path = export.split('#').filter(|name| !name.is_empty()).collect();
                let consumer = format!("import `{import}` of `{consumer}`");
                let difference = differences.first();
                self.argument(error, (consumer, import), (provider, path), difference)
            }
            ErrorKind::NameTaken {
                side: "exports",
                name,
                first,
                second,
            } => self.name_taken(fault, error, name, [second, first]),
            ErrorKind::ImportConflict {
                first,
                second,
                difference,
            } if difference.reason == Reason::Resource => {
                self.other_resource(fault, error, [second, first])
            }
            _ => error,
        }
    }

    /// What is given to an import does not fit.
    fn argument(
        &mut self,
        error: ResolveError,
        (consumer, import): (String, &str),
        (provider, path): (&str, Vec<&str>),
        difference: Option<&Difference>,
    ) -> ResolveError {
        let origin = self.places.instances.get(provider).map(|it| it.origin);
        let whole = difference.filter(|difference| difference.path.is_empty());
        let reason = whole.map(|difference| &difference.reason);
        if let (
            Some(Origin::Declared),
            [name],
            Some(Reason::Kind {
                expected,
                found: "type",
            }),
        ) = (origin, &*path, reason)
        {
            let expected = match *expected {
                "interface" => "instance",
                expected => expected,
            };
            let what = article(expected);
            return error
                .with_message(format!(
                    "`{name}` is declared, not {what} that could fill {consumer}"
                ))
                .with_help(format!(
                    "import it first: `import name: {name};` gives {what}"
                ));
        }
        let text = self.written(provider, origin, &path);
        let differs = difference.map_or(String::new(), |difference| format!(": {difference}"));
        let error = error.with_message(format!("`{text}` cannot fill {consumer}{differs}"));
        if !path.is_empty() {
            return error.with_help(
                "build both against the same WIT, or give it something else; `tenon wit` prints what each has",
            );
        }
        let Some(component) = self.component_of(provider) else {
            return error;
        };
        let exports = self.names(NamesOf::Exports(component));
        let wanted = ItemPath::parse(import, None);
        let found = exports.for_import(import, wanted.as_ref());
        let found = found.or_else(|| exports.of_identifier(last_part(import)).one());
        match found.map(str::to_owned) {
            Some(export) => {
                let text = self.written(provider, origin, &[&export]);
                error.with_help(format!("did you mean `{text}`?"))
            }
            None => error.with_help(format!(
                "give it something else; {}",
                listing(&format!("`{text}` exports"), exports.iter())
            )),
        }
    }

    /// How a document says what `path` leads to in an instance.
    fn written(&mut self, provider: &str, origin: Option<Origin>, path: &[&str]) -> String {
        // An instance that no statement gives a name may be called as its package is.
        let local = match is_word(provider) {
            true => provider.to_owned(),
            false => format!("(new {provider} …)"),
        };
        let (mut text, rest) = match (origin, path.split_first()) {
            (Some(Origin::Imported), Some((_, rest))) => (local, rest),
            (Some(Origin::Declared), Some((name, rest))) => ((*name).to_owned(), rest),
            (_, Some((name, rest))) => {
                let component = self.component_of(provider);
                let names = component.map(|component| self.names(NamesOf::Exports(component)));
                let word = names.as_ref().and_then(|names| names.identifier(name));
                (format!("{local}{}", access(name, word)), rest)
            }
            (_, None) => (local, path),
        };
        for name in rest {
            text.push_str(&access(name, Some(*name).filter(|name| is_word(name))));
        }
        text
    }

    /// Two things are exported under one name, if only for the sake of what uses their types.
    fn name_taken(
        &self,
        fault: &Error,
        error: ResolveError,
        name: &str,
        items: [&Item; 2],
    ) -> ResolveError {
        let statements = items.iter().filter_map(|(instance, item)| {
            let export = exporter(self.arena, &self.graph, instance, item)?;
            let span = self.places.exports.get(&export.name)?;
            let is_itself = export.edge.item() == *item
                && self.graph.instance(export.edge.provider).name() == instance;
            let label = match is_itself {
                true => format!("exported here as `{name}`"),
                false => format!("exports `{item}` of `{instance}` too, since it uses its types"),
            };
            Some((*span, label))
        });
        blamed(fault, error, statements.collect()).with_help(
            "give one of them another name, in a statement of its own: `export … as name;`",
        )
    }

    /// Two instances leave an import open, each with another resource.
    fn other_resource(
        &self,
        fault: &Error,
        error: ResolveError,
        members: [&Item; 2],
    ) -> ResolveError {
        let mut labels = Vec::new();
        let mut help = None;
        for (name, import) in members {
            let Some(component) = self.component_of(name) else {
                continue;
            };
            let imports = &self.arena.type_of(component).imports;
            let named = |(known, item): &(&String, &_)| {
                let item: &wasmparser::component_types::ComponentItem = item;
                item.full_name(known) == **import
            };
            let Some((_, item)) = imports.iter().find(named) else {
                continue;
            };
            let named = NamedTypes::of(self.arena, component);
            for owner in named.owners_of_resources(self.arena, &item.ty) {
                let owner = match imports.get(&owner) {
                    Some(item) => item.full_name(&owner).into_owned(),
                    None => owner,
                };
                if owner == *import {
                    continue;
                }
                let place = self.places.instances.get(name);
                if let Some(span) = place.and_then(|place| place.arguments.get(&owner)) {
                    let label = format!("the resource of `{name}` comes from here, as `{owner}`");
                    labels.push((*span, label));
                    help.get_or_insert_with(|| format!(
                        "give `{name}` an argument for `{import}`, too, which speaks of the same resource, or none for `{owner}`"
                    ));
                }
            }
        }
        let error = blamed(fault, error, labels);
        match help {
            Some(help) => error.with_help(help),
            None => error,
        }
    }

    /// The component of the instance of this name.
    fn component_of(&self, instance: &str) -> Option<ComponentId> {
        let mut instances = self.graph.instances();
        let (_, found) = instances.find(|(_, it)| it.name() == instance)?;
        Some(found.component())
    }
}

/// The error at the first of these places, with the others, and those that it has already.
fn blamed(fault: &Error, error: ResolveError, labels: Vec<(Span, String)>) -> ResolveError {
    let mut labels = labels.into_iter();
    let Some((span, label)) = labels.next() else {
        return error;
    };
    let mut blamed = ResolveError::composition(fault, span, label);
    let mut known = vec![span];
    let old = [(error.span(), error.label())].into_iter();
    let old = old.chain(error.related());
    for (span, label) in labels.chain(old.map(|(span, label)| (span, label.to_owned()))) {
        if !known.contains(&span) {
            known.push(span);
            blamed = blamed.with_related(span, label);
        }
    }
    blamed
}

/// `.log`, or `["acme:log/log@1.0.0"]` where there is no word for it.
fn access(name: &str, word: Option<&str>) -> String {
    match word {
        Some(word) => format!(".{word}"),
        None => format!("[\"{name}\"]"),
    }
}

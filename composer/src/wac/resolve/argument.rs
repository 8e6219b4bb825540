//! Instances, and what their imports get.

use super::error::{ResolveError, ResolveErrorKind};
use super::expression::{NamesOf, ambiguous};
use super::locate::{Origin, Place};
use super::names::{Match, Names};
use super::resolver::Resolver;
use super::scope::Value;
use super::words::{did_you_mean, listing};
use crate::component::ComponentId;
use crate::encode::used::NamedTypes;
use crate::graph::Edge;
use crate::hash::HashSet;
use crate::wac::ast::{Argument, ExternName, Ident, New, PackageName};
use crate::wac::span::Span;
use indexmap::IndexMap;
use indexmap::map::Entry;
use std::rc::Rc;

/// At most this many values are named that come near to imports which have nothing.
const MAX_LIKE: usize = 4;
/// For this many imports at most it is found out whether there are any.
const MAX_LOOKED_AT: usize = 1_000;

/// What the imports of a new instance get.
struct Arguments {
    package: String,
    imports: Rc<Names>,
    /// What each import gets, by its name, and where that is said; nothing for what is in error.
    given: IndexMap<String, (Span, Option<Value>)>,
    /// Whether something is in error that may be what an import should get.
    is_unsure: bool,
}

impl<'d> Resolver<'_, 'd, '_> {
    /// A new instance, called `name` if it has a name of its own.
    pub(super) fn instance(&mut self, new: &'d New<'d>, name: Option<&str>) -> Option<Value> {
        self.check_fill(new);
        let Some(component) = self.component(&new.package) else {
            self.look_through(new);
            return None;
        };
        let mut arguments = Arguments {
            package: new.package.to_string(),
            imports: self.names(NamesOf::Imports(component)),
            given: IndexMap::new(),
            is_unsure: false,
        };
        for argument in &new.arguments {
            if self.is_enough() {
                return None;
            }
            match argument {
                Argument::Inferred(id) => self.inferred(&mut arguments, id),
                Argument::Named { span, name, value } => {
                    let value = self.expression(value, None);
                    self.named(&mut arguments, name, *span, value);
                }
                Argument::Spread { .. } | Argument::Fill { .. } => {}
            }
        }
        // What is named comes first, wherever the instance stands that gives the rest.
        for argument in &new.arguments {
            if let Argument::Spread { span, id } = argument
                && !self.is_enough()
            {
                self.spread(&mut arguments, *span, id);
            }
        }
        Some(self.add(new, name, component, arguments))
    }

    /// The component that a package is.
    fn component(&mut self, package: &PackageName<'_>) -> Option<ComponentId> {
        let name = package.to_string();
        let error = if self.is_own(package) {
            let kind = ResolveErrorKind::OwnPackage(name);
            ResolveError::new(kind, package.span, "this document")
                .with_help("name another package; a document cannot be a part of itself")
        } else if let Some(component) = self.packages.get(&name) {
            if !self.arena.component(component).is_wit_package() {
                return Some(component);
            }
            not_a_component(name, package.span)
        } else if self.declared.has_package(package) {
            not_a_component(name, package.span)
        } else {
            self.unknown_package(name, package.span)
        };
        self.errors.push(error);
        None
    }

    /// Makes the instance and connects it.
    fn add(
        &mut self,
        new: &New<'_>,
        name: Option<&str>,
        component: ComponentId,
        arguments: Arguments,
    ) -> Value {
        let id = match (name, new.package.parts.last()) {
            (Some(name), _) => self.graph.add(name, component),
            // A name of the document is that of another thing.
            (None, Some(last)) if self.scope.defined(last.name).is_none() => {
                self.graph.add(last.name, component)
            }
            (None, _) => self.graph.add(&new.package.name(), component),
        };
        let fill = new.arguments.iter().find_map(|argument| match argument {
            Argument::Fill { span } => Some(*span),
            _ => None,
        });
        if fill.is_none() && !arguments.is_unsure {
            self.check_missing(new, component, &arguments);
        }
        let span = Span::new(new.span.start, new.package.span.end);
        let mut place = Place::new(span, Origin::Made);
        place.fill = fill;
        for (import, (span, value)) in arguments.given {
            let imports = &self.arena.type_of(component).imports;
            if let Some(item) = imports.get(&import) {
                let full_name = item.full_name(&import).into_owned();
                place.arguments.insert(full_name, span);
            }
            if let Some(value) = value
                && let Err(error) = self.graph.connect(self.arena, (id, &import), value.edge)
            {
                self.errors
                    .push(ResolveError::composition(&error, span, "not possible"));
            }
        }
        let name = self.graph.instance(id).name().to_owned();
        self.places.instances.insert(name, place);
        Value {
            edge: Edge::whole(id),
            interface: None,
        }
    }

    /// `name` alone: which import it is for follows from what it is, and then from what it is called.
    fn inferred(&mut self, arguments: &mut Arguments, id: &Ident<'_>) {
        let Some(value) = self.local(id) else {
            match arguments.imports.of_identifier(id.name) {
                Match::One(import) => {
                    let import = import.to_owned();
                    self.give(arguments, import, id.span, None);
                }
                _ => arguments.is_unsure = true,
            }
            return;
        };
        let imports = Rc::clone(&arguments.imports);
        let own = [value.interface.clone(), value.edge.path.last().cloned()];
        let own = own.iter().flatten();
        let by_identifier = || imports.of_identifier(id.name);
        let exact = own.clone().find_map(|name| imports.exact(name));
        let found = match exact.map_or_else(by_identifier, Match::One) {
            Match::One(import) => Match::One(import),
            // Beyond the names themselves, another version of the interface will do.
            found => {
                let mut others = own.map(|name| imports.on_track(name));
                others
                    .find(|other| matches!(other, Match::One(_)))
                    .unwrap_or(found)
            }
        };
        if found == Match::Nothing
            && let Some(spread) = self.could_spread(arguments, id.name, &value)
        {
            let kind = ResolveErrorKind::UnknownArgument {
                package: arguments.package.clone(),
                name: id.name.to_owned(),
            };
            let error = ResolveError::new(kind, id.span, "no such import");
            self.errors.push(error.with_help(spread));
            arguments.is_unsure = true;
            return;
        }
        self.take(arguments, found, (id.name, id.span), id.span, Some(value));
    }

    /// What to do with an instance that no import is called after, if imports are called as its exports are.
    fn could_spread(&mut self, arguments: &Arguments, name: &str, value: &Value) -> Option<String> {
        let exports = self.names_of(value)?;
        let imports = arguments.imports.iter().take(MAX_LOOKED_AT);
        let found: Vec<_> = imports
            .filter(|import| {
                let path = arguments.imports.path(import);
                exports.for_import(import, path).is_some()
            })
            .collect();
        (!found.is_empty()).then(|| {
            listing(
                &format!(
                    "write `...{name}`: what it exports is what `{}` imports as",
                    arguments.package
                ),
                found.into_iter(),
            )
        })
    }

    /// `name: value`
    fn named(
        &mut self,
        arguments: &mut Arguments,
        name: &ExternName<'_>,
        span: Span,
        value: Option<Value>,
    ) {
        let imports = Rc::clone(&arguments.imports);
        let found = match name {
            ExternName::Ident(id) => imports.of_identifier(id.name),
            ExternName::Text(text) => imports.of_text(&text.value),
        };
        self.take(arguments, found, (name.as_str(), name.span()), span, value);
    }

    /// Gives `value` to the import that was found for a name.
    fn take(
        &mut self,
        arguments: &mut Arguments,
        found: Match<'_>,
        (name, name_span): (&str, Span),
        span: Span,
        value: Option<Value>,
    ) {
        let error = match found {
            Match::One(import) => {
                self.give(arguments, import.to_owned(), span, value);
                return;
            }
            Match::Several(several) => ambiguous(name, &several, "import", name_span),
            Match::Nothing => {
                let kind = ResolveErrorKind::UnknownArgument {
                    package: arguments.package.clone(),
                    name: name.to_owned(),
                };
                let help = did_you_mean(&arguments.imports.near(name))
                    .unwrap_or_else(|| listing("it imports", arguments.imports.iter()));
                ResolveError::new(kind, name_span, "no such import").with_help(help)
            }
        };
        self.errors.push(error);
        arguments.is_unsure = true;
    }

    fn give(
        &mut self,
        arguments: &mut Arguments,
        import: String,
        span: Span,
        value: Option<Value>,
    ) {
        match arguments.given.entry(import) {
            Entry::Vacant(entry) => {
                entry.insert((span, value));
            }
            // What is in error may have been meant for another import.
            Entry::Occupied(_) if value.is_none() => {}
            Entry::Occupied(first) => {
                let kind = ResolveErrorKind::DuplicateArgument {
                    package: arguments.package.clone(),
                    import: first.key().clone(),
                };
                let error = ResolveError::new(kind, span, "given again")
                    .with_help("leave out one of them")
                    .with_related(first.get().0, "given here first");
                self.errors.push(error);
            }
        }
    }

    /// `...id`: what the instance exports, for the imports that have nothing yet.
    fn spread(&mut self, arguments: &mut Arguments, span: Span, id: &Ident<'_>) {
        let value = self.local(id);
        let exports = value.and_then(|value| {
            let names =
                self.exports_of(&value, id.span, "it has no exports that could be spread")?;
            Some((value, names))
        });
        let Some((value, exports)) = exports else {
            arguments.is_unsure = true;
            return;
        };
        let imports = Rc::clone(&arguments.imports);
        let mut open = imports
            .iter()
            .filter(|import| !arguments.given.contains_key(*import));
        let mut found = Vec::new();
        let mut is_open = false;
        for import in open.by_ref() {
            is_open = true;
            if let Some(export) = exports.for_import(import, imports.path(import)) {
                found.push((import.to_owned(), self.export_of(&value, export)));
            }
        }
        if found.is_empty() && !arguments.is_unsure {
            let kind = ResolveErrorKind::SpreadNoEffect {
                name: id.name.to_owned(),
            };
            let package = &arguments.package;
            let label = match imports.iter().len() {
                0 => format!("`{package}` imports nothing"),
                _ if is_open => format!("it exports nothing that `{package}` still needs"),
                _ => format!("each import of `{package}` has something already"),
            };
            let error = ResolveError::new(kind, span, label);
            // What the other imports lack is told with it.
            arguments.is_unsure |= is_open;
            let open = imports.iter();
            let open: Vec<_> = open
                .filter(|import| !arguments.given.contains_key(*import))
                .collect();
            self.errors.push(match is_open {
                true => error.with_help(format!(
                    "{}; {}",
                    listing("it exports", exports.iter()),
                    listing(&format!("`{package}` still needs"), open.into_iter())
                )),
                false => error.with_help("leave it out"),
            });
        }
        for (import, value) in found {
            arguments.given.insert(import, (span, Some(value)));
        }
    }

    /// Without `...`, each import gets something.
    fn check_missing(&mut self, new: &New<'_>, component: ComponentId, arguments: &Arguments) {
        let imports = arguments.imports.iter();
        let mut missing: Vec<_> = imports
            .filter(|import| !arguments.given.contains_key(*import))
            .map(str::to_owned)
            .collect();
        if missing.is_empty() {
            return;
        }
        let used = self.used_types(component);
        missing.retain(|import| !used.contains(import));
        if missing.is_empty() {
            return;
        }
        let looked_at = missing.iter().take(MAX_LOOKED_AT);
        let like: Vec<_> = looked_at
            .filter_map(|import| {
                let (name, fits) = self.scope.like(import)?;
                let label = match fits {
                    true => format!("`{name}` could be `{import}`"),
                    false => format!("`{name}` is another version of `{import}`"),
                };
                Some((self.scope.defined(name)?, label))
            })
            .take(MAX_LIKE)
            .collect();
        let label = match missing.len() {
            1 => "1 import has no argument".to_owned(),
            count => format!("{count} imports have no argument"),
        };
        let kind = ResolveErrorKind::MissingArguments {
            package: arguments.package.clone(),
            imports: missing,
        };
        let mut error = ResolveError::new(kind, new.package.span, label).with_help(
            "give an argument for each, or end with `...`, so that the composition imports the rest",
        );
        for (span, label) in like {
            error = error.with_related(span, label);
        }
        self.errors.push(error);
    }

    /// The imports that are types of interfaces which are imported too: whoever fills those fills these.
    fn used_types(&mut self, component: ComponentId) -> Rc<HashSet<String>> {
        let known = self.used_types.entry(component).or_insert_with(|| {
            let named = NamedTypes::of(self.arena, component);
            let imports = self.arena.type_of(component).imports.iter();
            let used = imports.filter(|(_, item)| named.is_of_interface(&item.ty));
            Rc::new(used.map(|(import, _)| import.clone()).collect())
        });
        Rc::clone(known)
    }

    /// `...` stands at the end.
    fn check_fill(&mut self, new: &New<'_>) {
        let Some((_, before)) = new.arguments.split_last() else {
            return;
        };
        for argument in before {
            if let Argument::Fill { span } = argument
                && !self.is_enough()
            {
                let kind = ResolveErrorKind::FillNotLast;
                let error = ResolveError::new(kind, *span, "something follows")
                    .with_help("write `...` once, behind all other arguments");
                self.errors.push(error);
            }
        }
    }

    /// What stands in the arguments of an instance that is in error may be wrong too.
    fn look_through(&mut self, new: &'d New<'d>) {
        for argument in &new.arguments {
            if self.is_enough() {
                return;
            }
            match argument {
                Argument::Inferred(id) | Argument::Spread { id, .. } => {
                    self.local(id);
                }
                Argument::Named { value, .. } => {
                    self.expression(value, None);
                }
                Argument::Fill { .. } => {}
            }
        }
    }
}

fn not_a_component(name: String, span: Span) -> ResolveError {
    ResolveError::new(ResolveErrorKind::NotAComponent(name), span, "no component")
        .with_help("give the component that has the code, or `import` an interface of the package")
}

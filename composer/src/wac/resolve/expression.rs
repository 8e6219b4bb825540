//! What expressions stand for.

use super::error::{ResolveError, ResolveErrorKind};
use super::names::{Match, Names};
use super::resolver::Resolver;
use super::scope::{Local, Value};
use super::words::{did_you_mean, listing};
use crate::component::{ComponentId, DefinitionKind, Found};
use crate::error::article;
use crate::hash::{HashMap, HashSet};
use crate::name::ItemPath;
use crate::types::{Data, any_type_name, kind_name};
use crate::wac::ast::{Argument, Expression, Ident, Postfix, Primary, Statement};
use crate::wac::span::Span;
use std::rc::Rc;
use wasmparser::component_types::{ComponentEntityType, ComponentInstanceTypeId};

/// Whose names they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum NamesOf {
    /// The imports of a component.
    Imports(ComponentId),
    /// The exports of an instance of a component.
    Exports(ComponentId),
    /// The exports of an instance that something exports.
    Instance(ComponentInstanceTypeId),
}

impl<'d> Resolver<'_, 'd, '_> {
    /// The value of an expression; an instance that it is alone is called `name`. Without a value, an error was added.
    pub(super) fn expression(
        &mut self,
        expression: &'d Expression<'d>,
        name: Option<&str>,
    ) -> Option<Value> {
        let name = name.filter(|_| expression.postfix.is_empty());
        let (mut value, mut span) = match &expression.primary {
            Primary::New(new) => (self.instance(new, name)?, new.span),
            Primary::Nested { span, value } => (self.expression(value, name)?, *span),
            Primary::Ident(id) => (self.local(id)?, id.span),
        };
        for postfix in &expression.postfix {
            value = self.access(&value, postfix, span)?;
            span = postfix.span();
        }
        Some(value)
    }

    /// What a name of the document stands for.
    pub(super) fn local(&mut self, id: &Ident<'_>) -> Option<Value> {
        match self.scope.get(id.name) {
            Some(Local::Value(value)) => return Some(value.clone()),
            Some(Local::Wrong) => {}
            Some(Local::Name) => {
                let kind = ResolveErrorKind::NotAValue(id.name.to_owned());
                let error = ResolveError::new(kind, id.span, "not a value")
                    .with_help("import it: `import name: path;` gives an instance of an interface");
                self.errors.push(match self.scope.defined(id.name) {
                    Some(first) => error.with_related(first, "another name for it"),
                    None => error,
                });
            }
            None => self.undefined(id),
        }
        None
    }

    fn undefined(&mut self, id: &Ident<'_>) {
        let kind = ResolveErrorKind::UndefinedName(id.name.to_owned());
        let error = ResolveError::new(kind, id.span, "not known here");
        let error = match self.scope.defined(id.name) {
            Some(later) if self.bound.is_some_and(|name| self.needs(id.name, name)) => error
                .with_help(match self.bound == Some(id.name) {
                    true => "a value cannot be made of itself; give it something else",
                    false => "the two need each other in a circle; give one of them something else",
                })
                .with_related(later, "it gets its value here"),
            Some(later) => error
                .with_help("move this statement behind the one that gives the name a value")
                .with_related(later, "it gets its value here"),
            None if id.name == "new" => error
                .with_help("what follows `new` is the package of a component: `new acme:http { … }`"),
            None => match did_you_mean(&super::names::near(id.name, self.scope.names())) {
                Some(help) => error.with_help(help),
                None => error.with_help(
                    "names come from `let` and `import` statements, and from what the document declares",
                ),
            },
        };
        self.errors.push(error);
    }

    /// Whether what is called `name` is made of `other`, or of what is made of that, or is it.
    fn needs(&self, name: &str, other: &str) -> bool {
        let statements = self.document.statements.iter();
        let values: HashMap<&str, &Expression<'_>> = statements
            .filter_map(|statement| match statement {
                Statement::Let(it) => Some((it.id.name, &it.value)),
                _ => None,
            })
            .collect();
        let (mut open, mut seen) = (vec![name], HashSet::default());
        while let Some(name) = open.pop() {
            if name == other {
                return true;
            }
            if let Some(value) = values.get(name).filter(|_| seen.insert(name)) {
                add_names(value, &mut open);
            }
        }
        false
    }

    /// What is taken of `value`, which stands at `span`.
    fn access(&mut self, value: &Value, postfix: &Postfix<'_>, span: Span) -> Option<Value> {
        let names = self.exports_of(value, span, "it has no exports that could be taken")?;
        let (written, found) = match postfix {
            Postfix::Access { id, .. } => (id.name, names.of_identifier(id.name)),
            Postfix::NamedAccess { name, .. } => (&*name.value, names.of_text(&name.value)),
        };
        let several = match found {
            Match::One(name) => return Some(self.export_of(value, name)),
            Match::Nothing => Vec::new(),
            Match::Several(several) => several,
        };
        let of = self.describe(value);
        self.errors.push(match several.is_empty() {
            true => {
                let name = written.to_owned();
                let kind = ResolveErrorKind::UnknownExport { of, name };
                let mut near = names.near(written);
                if let Postfix::Access { .. } = postfix {
                    let word = |name: &String| match names.identifier(name) {
                        Some(word) => word.to_owned(),
                        None => format!("[\"{name}\"]"),
                    };
                    near = near.iter().map(word).collect();
                }
                let help =
                    did_you_mean(&near).unwrap_or_else(|| listing("it exports", names.iter()));
                ResolveError::new(kind, postfix.span(), "no such export").with_help(help)
            }
            false => ambiguous(written, &several, "export", postfix.span()),
        });
        None
    }

    /// The names of the exports of `value`, which stands at `span`; an error with `label` if it is no instance.
    pub(super) fn exports_of(
        &mut self,
        value: &Value,
        span: Span,
        label: &str,
    ) -> Option<Rc<Names>> {
        if let Some(names) = self.names_of(value) {
            return Some(names);
        }
        let provider = self.graph.instance(value.edge.provider).component();
        let Some(Found::Item(_, item)) = self.graph.find(self.arena, &value.edge) else {
            return None;
        };
        let kind = match item.ty {
            ComponentEntityType::Type { created, .. } => {
                let defined = value.edge.path.last();
                let defined = defined.and_then(|name| self.arena.definition(provider, name));
                match defined.map(|it| it.kind) {
                    Some(DefinitionKind::Interface) => "interface that is declared",
                    Some(DefinitionKind::World) => "world",
                    None => any_type_name(self.arena.types(), created),
                }
            }
            other => kind_name(&other),
        };
        let kind = ResolveErrorKind::NotAnInstance {
            what: self.describe(value),
            kind: article(kind),
        };
        self.errors.push(ResolveError::new(kind, span, label));
        None
    }

    /// The names of the exports of `value`, if it is an instance.
    pub(super) fn names_of(&mut self, value: &Value) -> Option<Rc<Names>> {
        let provider = self.graph.instance(value.edge.provider).component();
        let of = match self.graph.find(self.arena, &value.edge) {
            Some(Found::Item(_, item)) => match item.ty {
                ComponentEntityType::Instance(id) => NamesOf::Instance(id),
                _ => return None,
            },
            _ => NamesOf::Exports(provider),
        };
        Some(self.names(of))
    }

    /// What `value`, an instance, exports as `name`.
    pub(super) fn export_of(&self, value: &Value, name: &str) -> Value {
        let edge = value.edge.clone().within(&[name.to_owned()]);
        let interface = match self.graph.find(self.arena, &edge) {
            Some(Found::Item(own, item)) if matches!(item.ty, ComponentEntityType::Instance(_)) => {
                let suffix = item.version_suffix.as_deref();
                match ItemPath::parse(own, suffix) {
                    Some(_) => Some(own.to_owned()),
                    None => item.full_implements().map(|name| name.into_owned()),
                }
            }
            _ => None,
        };
        Value { edge, interface }
    }

    /// The names of this, which are made out once.
    pub(super) fn names(&mut self, of: NamesOf) -> Rc<Names> {
        let known = self.names.entry(of).or_insert_with(|| {
            let arena = &*self.arena;
            Rc::new(Names::of(match of {
                NamesOf::Imports(component) => &arena.type_of(component).imports,
                NamesOf::Exports(component) => &arena.type_of(component).exports,
                NamesOf::Instance(id) => &arena.types().data(id).exports,
            }))
        });
        Rc::clone(known)
    }

    /// What a value is called in messages: the name of the item, else of the instance.
    pub(super) fn describe(&self, value: &Value) -> String {
        match value.edge.path.last() {
            Some(name) => name.clone(),
            None => self.graph.instance(value.edge.provider).name().to_owned(),
        }
    }
}

/// Adds the names that an expression has in it, which the parser has bounded in depth.
fn add_names<'d>(expression: &'d Expression<'d>, names: &mut Vec<&'d str>) {
    match &expression.primary {
        Primary::Ident(id) => names.push(id.name),
        Primary::Nested { value, .. } => add_names(value, names),
        Primary::New(new) => {
            for argument in &new.arguments {
                match argument {
                    Argument::Inferred(id) | Argument::Spread { id, .. } => names.push(id.name),
                    Argument::Named { value, .. } => add_names(value, names),
                    Argument::Fill { .. } => {}
                }
            }
        }
    }
}

/// The error for a name that may stand for several things.
pub(super) fn ambiguous(
    name: &str,
    several: &[&str],
    what: &'static str,
    span: Span,
) -> ResolveError {
    let kind = ResolveErrorKind::AmbiguousName {
        name: name.to_owned(),
        what,
        several: several.iter().map(|name| (*name).to_owned()).collect(),
    };
    ResolveError::new(kind, span, "may be any of them")
        .with_help("write the whole name as a string, with its version")
}

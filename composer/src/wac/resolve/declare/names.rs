//! Names that have to be different, and names that come near.

use crate::component::ExternName;
use crate::hash::HashMap;
use crate::wac::ast::Ident;
use crate::wac::lexer::MAX_ERRORS;
use crate::wac::resolve::error::{ResolveError, ResolveErrorKind};
use crate::wac::resolve::names::near;
use crate::wac::resolve::words::did_you_mean;
use crate::wac::span::Span;
use std::collections::BTreeMap;

/// Names of one place, no two of which may be equal, or different in nothing but capital letters.
pub(super) struct Names {
    what: &'static str,
    seen: HashMap<ExternName, (Span, String)>,
}

impl Names {
    /// No names yet, of things that are called `what` in errors.
    pub(super) fn new(what: &'static str) -> Names {
        Names {
            what,
            seen: HashMap::default(),
        }
    }

    /// Adds a name, unless it is there: that is an error.
    pub(super) fn add(&mut self, name: &str, span: Span, errors: &mut Vec<ResolveError>) -> bool {
        let Some((first, known)) = self.insert(name, span) else {
            return true;
        };
        let label = if spelt(name) == spelt(&known) {
            "once more".to_owned()
        } else if name.eq_ignore_ascii_case(&known) {
            format!("no different from `{known}`: capital letters do not count")
        } else {
            format!("no different from `{known}` in the Component Model")
        };
        let is_member = is_member(name);
        let (what, name) = (self.what, spelt(name));
        let kind = if PARTS.contains(&what) {
            ResolveErrorKind::DuplicateMember { what, name }
        } else if is_member {
            let what = "function of the resource";
            ResolveErrorKind::DuplicateMember { what, name }
        } else {
            ResolveErrorKind::DuplicateItem { what, name }
        };
        errors.push(ResolveError::new(kind, span, label).with_related(first, "first here"));
        false
    }

    /// Adds a name; if it is there, gives where, and how it is written there.
    pub(super) fn insert(&mut self, name: &str, span: Span) -> Option<(Span, String)> {
        let key = ExternName::of(name)?;
        if let Some(known) = self.seen.get(&key) {
            return Some(known.clone());
        }
        self.seen.insert(key, (span, name.to_owned()));
        None
    }

    /// Whether this very name is there.
    pub(super) fn contains(&self, name: &str) -> bool {
        let key = ExternName::of(name);
        key.is_some_and(|key| self.seen.get(&key).is_some_and(|(_, known)| known == name))
    }
}

/// Whether a name is that of a function of a resource.
pub(super) fn is_member(name: &str) -> bool {
    let mut starts = ["[constructor]", "[method]", "[static]"].iter();
    starts.any(|start| name.starts_with(start))
}

/// A name as documents have it, with that of the resource for a function of one.
fn spelt(name: &str) -> String {
    if let Some(resource) = name.strip_prefix("[constructor]") {
        return format!("{resource}.constructor");
    }
    let start = name.rfind(']').map_or(0, |at| at + 1);
    name.get(start..).unwrap_or(name).to_owned()
}

/// What is part of a type, and not an item of its own.
const PARTS: &[&str] = &["field", "case", "flag", "parameter"];

/// The error that nothing is called `id`, after `told` others, where `known` are the names there are, and `gated` what is left
/// out.
pub(super) fn undefined<'n>(
    id: Ident<'_>,
    told: usize,
    gated: &BTreeMap<&str, &str>,
    known: impl Iterator<Item = &'n str>,
) -> ResolveError {
    let kind = ResolveErrorKind::UndefinedName(id.name.to_owned());
    let error = ResolveError::new(kind, id.span, "nothing is called so");
    match gated.get(id.name) {
        Some(feature) => error.with_help(format!(
            "`{}` belongs to the feature `{feature}`, which is unstable, and is left out",
            id.name
        )),
        None => with_near(error, id.name, told, known),
    }
}

/// The error, after `told` others, with those of the `known` names that come near `name`.
pub(super) fn with_near<'n>(
    error: ResolveError,
    name: &str,
    told: usize,
    known: impl Iterator<Item = &'n str>,
) -> ResolveError {
    // No more errors are shown, and comparing names takes time.
    if told >= MAX_ERRORS {
        return error;
    }
    match did_you_mean(&near(name, known)) {
        Some(help) => error.with_help(help),
        None => error,
    }
}

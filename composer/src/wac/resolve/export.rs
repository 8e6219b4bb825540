//! What the composition exports.

use super::error::{ResolveError, ResolveErrorKind};
use super::resolver::Resolver;
use super::scope::{Local, Value};
use crate::component::ExternName;
use crate::error::ErrorKind;
use crate::wac::ast::{Export, ExportAs, Ident};
use crate::wac::span::Span;

/// What to do where the name of an export is taken.
const OTHER_NAME: &str = "give it another name: `export … as name;`";
/// What to do where it is taken by one with capitals elsewhere.
const OTHER_CASE: &str =
    "names must differ by more than case; give it another name: `export … as name;`";
/// What to do where the name of a declaration is taken.
const OTHER_DECLARATION: &str =
    "give the declaration another name, or the other export: `export … as name;`";

impl<'d> Resolver<'_, 'd, '_> {
    /// `export value;`
    pub(super) fn export(&mut self, export: &'d Export<'d>) {
        let Some(value) = self.expression(&export.value, None) else {
            return;
        };
        let span = export.value.span;
        match &export.name {
            ExportAs::Name { name } => self.export_as(name.as_str(), name.span(), value),
            ExportAs::Spread { span: dots } => self.export_all(span.to(*dots), span, &value),
            ExportAs::Inferred => {
                let name = value.interface.clone();
                match name.or_else(|| value.edge.path.last().cloned()) {
                    Some(name) => self.export_as(&name, span, value),
                    None => {
                        let kind = ResolveErrorKind::ExportNeedsAs;
                        let error = ResolveError::new(kind, span, "an instance as a whole")
                            .with_help("say a name: `export … as name;`, or export all that it exports: `export …...;`");
                        self.errors.push(error);
                    }
                }
            }
        }
    }

    /// What a document declares is exported under its own name.
    pub(super) fn export_declared(&mut self, id: &Ident<'_>) {
        let Some(declared) = self.declared.get(id.name).filter(|it| it.span == id.span) else {
            return;
        };
        if let Some(name) = declared.export.clone()
            && let Some(Local::Value(value)) = self.scope.get(id.name).cloned()
        {
            self.export_as(&name, id.span, value);
        }
    }

    /// `export value...;`, where nothing is done for names that are exported already.
    fn export_all(&mut self, span: Span, value_span: Span, value: &Value) {
        let label = "it has no exports that could be spread";
        let Some(exports) = self.exports_of(value, value_span, label) else {
            return;
        };
        let mut is_any = false;
        for name in exports.iter() {
            let is_taken = self
                .declared
                .get(name)
                .is_some_and(|it| it.export.is_some())
                || ExternName::of(name).is_some_and(|name| self.exports.contains_key(&name));
            if !is_taken {
                is_any = true;
                let value = self.export_of(value, name);
                self.export_as(name, span, value);
            }
        }
        if !is_any {
            let label = match exports.iter().len() {
                0 => "it exports nothing",
                _ => "all that it exports is exported already",
            };
            let name = self.describe(value);
            let kind = ResolveErrorKind::SpreadNoEffect { name };
            self.errors
                .push(ResolveError::new(kind, span, label).with_help("leave the statement out"));
        }
    }

    fn export_as(&mut self, name: &str, span: Span, value: Value) {
        let key = ExternName::of(name);
        if let Some(first) = key.as_ref().and_then(|key| self.exports.get(key)) {
            let kind = ResolveErrorKind::DuplicateExport(name.to_owned());
            let is_declared = |span| self.declared.iter().any(|(_, it)| it.span == span);
            let (label, help) = match is_declared(span) {
                true => ("declared here, and exported by that", OTHER_DECLARATION),
                false if !self.places.exports.contains_key(name) => ("exported again", OTHER_CASE),
                false => ("exported again", OTHER_NAME),
            };
            let first_label = match is_declared(*first) {
                true => "declared here, and exported by that",
                false => "exported here first",
            };
            let error = ResolveError::new(kind, span, label)
                .with_help(help)
                .with_related(*first, first_label);
            self.errors.push(error);
            return;
        }
        if let Err(error) = self.graph.export(self.arena, name, value.edge) {
            let label = match error.kind() {
                ErrorKind::BadName { .. } => "no name for an export",
                _ => "cannot be exported",
            };
            let located = ResolveError::composition(&error, span, label);
            self.errors.push(match error.kind() {
                ErrorKind::BadName { kind, .. } if *kind != "interface" => {
                    located.with_help("use a plain name, such as `log` or `key-value`")
                }
                _ => located,
            });
            return;
        }
        self.places.exports.insert(name.to_owned(), span);
        if let Some(key) = key {
            self.exports.insert(key, span);
        }
    }
}

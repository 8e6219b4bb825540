//! Stub.
use super::Packages;
use super::error::ResolveError;
use crate::component::{Arena, ComponentId};
use crate::wac::ast::{Document, Import, ImportKind};
use crate::wac::span::Span;

pub(super) struct Declarations(Packages);
impl Declarations {
    pub(super) fn of(
        _: &mut Arena<'_>,
        _: &Document<'_>,
        p: &Packages,
        _: &mut Vec<ResolveError>,
    ) -> Declarations {
        Declarations(p.clone())
    }
    pub(super) fn get(&self, _: &str) -> Option<&Declared> {
        None
    }
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Declared)> {
        [].into_iter()
    }
    pub(super) fn import(
        &self,
        arena: &mut Arena<'_>,
        import: &Import<'_>,
        _: &dyn Fn(&str) -> Option<(ComponentId, Vec<String>)>,
        _: &mut Vec<ResolveError>,
    ) -> Option<Imported> {
        let ImportKind::Path(path) = &import.import else {
            return None;
        };
        let package = self.0.get(&path.package.to_string())?;
        let definition = arena.definition(package, &path.item())?;
        let interface = arena.definition_name(definition);
        let name = import
            .name
            .as_ref()
            .map_or(interface.clone(), |it| it.as_str().to_owned());
        let component = arena.as_import(definition, &name).ok()?;
        Some(Imported {
            component,
            name,
            name_span: path.span,
            interface: Some(interface),
        })
    }
}
pub(super) struct Declared {
    pub(super) span: Span,
    pub(super) kind: DeclaredKind,
    pub(super) component: ComponentId,
    pub(super) export: Option<String>,
}
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum DeclaredKind {
    Type,
    Func,
    Interface,
    World,
}
pub(super) struct Imported {
    pub(super) component: ComponentId,
    pub(super) name: String,
    pub(super) name_span: Span,
    pub(super) interface: Option<String>,
}

//! Functions, in one form wherever they stand.

use super::names::Names;
use super::outline::{external_id, feature};
use crate::wac::ast::{
    Definition, Field, Flavor, Func, FuncRef, FuncType, Ident, ResourceItem, Type, TypeDecl,
    TypeKind,
};
use crate::wac::resolve::error::{ResolveError, ResolveErrorKind};
use crate::wac::span::Span;

/// A function that an interface or a world has.
pub(super) struct Function<'d> {
    /// Its name in the Component Model, such as `[method]file.read`.
    pub(super) name: String,
    /// Where its name stands.
    pub(super) span: Span,
    pub(super) external_id: Option<&'d str>,
    pub(super) ty: FunctionType<'d>,
}

/// The type of a function.
pub(super) enum FunctionType<'d> {
    Signature(Signature<'d>),
    /// A type with this name.
    Named(Ident<'d>),
}

/// What a function takes and gives.
#[derive(Clone, Copy)]
pub(super) struct Signature<'d> {
    /// The resource of a method.
    pub(super) receiver: Option<&'d str>,
    pub(super) params: &'d [Field<'d>],
    pub(super) result: Returned<'d>,
    pub(super) is_async: bool,
}

/// What a function gives.
#[derive(Clone, Copy)]
pub(super) enum Returned<'d> {
    Nothing,
    Type(&'d Type<'d>),
    /// A resource of this name.
    Own(&'d str),
}

impl<'d> Function<'d> {
    /// A function of an interface.
    pub(super) fn of(func: &'d Func<'d>, errors: &mut Vec<ResolveError>) -> Function<'d> {
        let ty = match &func.func {
            FuncRef::Func(ty) => {
                return Function::plain(func.id, ty, external_id(&func.attributes), errors);
            }
            FuncRef::Ident(id) => FunctionType::Named(*id),
        };
        Function {
            name: func.id.name.to_owned(),
            span: func.id.span,
            external_id: external_id(&func.attributes),
            ty,
        }
    }

    /// A function that belongs to no resource.
    pub(super) fn plain(
        id: Ident<'d>,
        ty: &'d FuncType<'d>,
        external_id: Option<&'d str>,
        errors: &mut Vec<ResolveError>,
    ) -> Function<'d> {
        check_flavor(ty, errors);
        Function {
            name: format!("{}{}", prefix(ty.flavor), id.name),
            span: id.span,
            external_id,
            ty: FunctionType::Signature(Signature::of(ty)),
        }
    }

    /// The functions of a resource.
    pub(super) fn of_resource(
        decl: &'d TypeDecl<'d>,
        errors: &mut Vec<ResolveError>,
    ) -> Vec<Function<'d>> {
        let Definition::Resource { items } = &decl.definition else {
            return Vec::new();
        };
        let resource = decl.id.name;
        let mut functions = Vec::new();
        for item in items {
            match item {
                ResourceItem::Constructor {
                    attributes,
                    span,
                    params,
                    result,
                    ..
                } => {
                    if feature(attributes).is_some() {
                        continue;
                    }
                    if let Some(ty) = result {
                        check_constructor(resource, ty, errors);
                    }
                    functions.push(Function {
                        name: format!("[constructor]{resource}"),
                        span: Span::new(span.start, span.start + "constructor".len() as u32),
                        external_id: external_id(attributes),
                        ty: FunctionType::Signature(Signature {
                            receiver: None,
                            params,
                            result: result
                                .as_ref()
                                .map_or(Returned::Own(resource), Returned::Type),
                            is_async: false,
                        }),
                    });
                }
                ResourceItem::Method {
                    attributes,
                    id,
                    is_static,
                    func,
                    ..
                } => {
                    if feature(attributes).is_some() {
                        continue;
                    }
                    check_flavor(func, errors);
                    let (what, receiver) = match is_static {
                        true => ("[static]", None),
                        false => ("[method]", Some(resource)),
                    };
                    functions.push(Function {
                        name: format!("{what}{}{resource}.{}", prefix(func.flavor), id.name),
                        span: id.span,
                        external_id: external_id(attributes),
                        ty: FunctionType::Signature(Signature {
                            receiver,
                            ..Signature::of(func)
                        }),
                    });
                }
            }
        }
        functions
    }
}

impl<'d> Signature<'d> {
    pub(super) fn of(ty: &'d FuncType<'d>) -> Signature<'d> {
        Signature {
            receiver: None,
            params: &ty.params,
            result: ty.result.as_ref().map_or(Returned::Nothing, Returned::Type),
            is_async: ty.flavor == Flavor::Async,
        }
    }
}

/// Finds functions that set a property which no function of these `names` gets.
pub(super) fn check_setters<'f, 'd: 'f>(
    functions: impl Iterator<Item = &'f Function<'d>>,
    names: &Names,
    errors: &mut Vec<ResolveError>,
) {
    for function in functions {
        let getter = function.name.replacen("[set]", "[get]", 1);
        if is_setter(&function.name) && !names.contains(&getter) {
            let message = "a property that can be set can be got, too".to_owned();
            let error = ResolveError::new(
                ResolveErrorKind::InvalidFunction(message),
                function.span,
                "nothing gets this property",
            );
            errors.push(error.with_help("add `get() -> …` of the same name"));
        }
    }
}

/// Whether a function sets a property: it comes after the one that gets it.
pub(super) fn is_setter(name: &str) -> bool {
    name.starts_with('[') && name.contains("[set]")
}

/// What stands before the name of a function of this sort.
pub(super) fn prefix(flavor: Flavor) -> &'static str {
    match flavor {
        Flavor::Sync | Flavor::Async => "",
        Flavor::Getter => "[get]",
        Flavor::Setter => "[set]",
    }
}

fn check_flavor(ty: &FuncType<'_>, errors: &mut Vec<ResolveError>) {
    let mut wrong = |span, message: &str, label: &str| {
        let kind = ResolveErrorKind::InvalidFunction(message.to_owned());
        errors.push(ResolveError::new(kind, span, label));
    };
    match ty.flavor {
        Flavor::Sync | Flavor::Async => {}
        Flavor::Getter => {
            if let Some(param) = ty.params.first() {
                wrong(param.span, "`get` takes no parameters", "this one");
            }
            if ty.result.is_none() {
                wrong(ty.span, "`get` gives something", "it gives nothing");
            }
        }
        Flavor::Setter => {
            if ty.params.len() != 1 {
                let span = ty.params.get(1).map_or(ty.span, |param| param.span);
                let label = format!("it has {}", ty.params.len());
                wrong(span, "`set` takes one parameter", &label);
            }
            if let Some(result) = &ty.result
                && !matches!(result.kind, TypeKind::Result { ok: None, .. })
            {
                let message = "`set` gives nothing, or a `result` with nothing but an error";
                wrong(result.span, message, "it gives this");
            }
        }
    }
}

/// A constructor gives its resource, or a result of it.
fn check_constructor(resource: &str, ty: &Type<'_>, errors: &mut Vec<ResolveError>) {
    let is_it = match &ty.kind {
        TypeKind::Result { ok: Some(ok), .. } => match &ok.kind {
            TypeKind::Name(id) => id.name == resource,
            TypeKind::Own { resource: id } => id.name == resource,
            _ => false,
        },
        _ => false,
    };
    if !is_it {
        let message = format!(
            "a constructor of `{resource}` gives `result<{resource}, …>`, if it says what it gives"
        );
        let kind = ResolveErrorKind::InvalidFunction(message);
        errors.push(ResolveError::new(kind, ty.span, "it gives this"));
    }
}

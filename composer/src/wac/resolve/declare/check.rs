//! Whether types are what they can be, before any is written.

use super::library::wrong_kind;
use super::names::Names;
use super::scope::Scope;
use super::signature::{Function, FunctionType, Returned, Signature};
use crate::types::{Content, Sort};
use crate::wac::ast::{Definition, Ident, Primitive, Type, TypeDecl, TypeKind};
use crate::wac::resolve::error::{ResolveError, ResolveErrorKind};
use crate::wac::span::Span;

/// Checks types that speak of those in a scope.
pub(super) struct Checker<'c, 'd> {
    scope: &'c Scope<'d>,
    errors: &'c mut Vec<ResolveError>,
}

impl<'c, 'd> Checker<'c, 'd> {
    pub(super) fn new(scope: &'c Scope<'d>, errors: &'c mut Vec<ResolveError>) -> Self {
        Checker { scope, errors }
    }

    /// What a type has in it that is declared.
    pub(super) fn declaration(&mut self, decl: &TypeDecl<'_>) -> Content {
        let mut content = Content::default();
        match &decl.definition {
            Definition::Alias { ty } => match &ty.kind {
                TypeKind::Name(id) => return self.scope.find(*id, self.errors),
                _ => content = self.value(ty),
            },
            Definition::Func(ty) => {
                self.signature(&Signature::of(ty));
                content.sort = Sort::Function;
            }
            Definition::Record { fields } => {
                let mut names = Names::new("field");
                for field in fields {
                    names.add(field.id.name, field.id.span, self.errors);
                    content = with(content, self.value(&field.ty));
                }
            }
            Definition::Variant { cases } => {
                let mut names = Names::new("case");
                for case in cases {
                    names.add(case.id.name, case.id.span, self.errors);
                    if let Some(ty) = &case.ty {
                        content = with(content, self.value(ty));
                    }
                }
            }
            Definition::Enum { cases } => {
                let mut names = Names::new("case");
                for case in cases {
                    names.add(case.id.name, case.id.span, self.errors);
                }
            }
            Definition::Flags { flags } => {
                let mut names = Names::new("flag");
                for flag in flags {
                    names.add(flag.id.name, flag.id.span, self.errors);
                }
                if let Some(flag) = flags.get(MAX_FLAGS) {
                    let message = format!(
                        "flags are {MAX_FLAGS} at most, and these are {}",
                        flags.len()
                    );
                    self.invalid(message, flag.id.span, "this is one too many");
                }
            }
            Definition::Resource { .. } => content.sort = Sort::Resource,
        }
        content
    }

    /// Checks a function.
    pub(super) fn function(&mut self, function: &Function<'_>) {
        match &function.ty {
            FunctionType::Signature(signature) => self.signature(signature),
            FunctionType::Named(id) => {
                let sort = self.scope.find(*id, self.errors).sort;
                if let Sort::Value | Sort::Resource = sort {
                    let (found, expected) = (of_sort(sort), of_sort(Sort::Function));
                    let error = wrong_kind(id.name.to_owned(), id.span, found, expected);
                    self.errors.push(error);
                }
            }
        }
    }

    pub(super) fn signature(&mut self, signature: &Signature<'_>) {
        let mut names = Names::new("parameter");
        if signature.receiver.is_some() {
            names.insert("self", Span::default());
        }
        for param in signature.params {
            if signature.receiver.is_some() && param.id.name == "self" {
                let message = "a method has a parameter `self` already: its resource".to_owned();
                let kind = ResolveErrorKind::InvalidFunction(message);
                self.errors
                    .push(ResolveError::new(kind, param.id.span, "this one"));
            } else {
                names.add(param.id.name, param.id.span, self.errors);
            }
            self.value(&param.ty);
        }
        if let Returned::Type(ty) = signature.result
            && self.value(ty).borrows
        {
            let kind = ResolveErrorKind::BorrowInResult;
            let error = ResolveError::new(kind, ty.span, "there is a `borrow` in this");
            self.errors
                .push(error.with_help("give the resource itself, or something that it has"));
        }
    }

    /// What a type of values has in it.
    fn value(&mut self, ty: &Type<'_>) -> Content {
        let mut content = Content::default();
        match &ty.kind {
            TypeKind::Primitive { .. } | TypeKind::ErrorContext => {}
            TypeKind::Name(id) => {
                content = self.scope.find(*id, self.errors);
                match content.sort {
                    Sort::Value | Sort::Wrong => {}
                    Sort::Resource => content.handles = true,
                    Sort::Function => {
                        let (found, expected) = (of_sort(Sort::Function), of_sort(Sort::Value));
                        let error = wrong_kind(id.name.to_owned(), id.span, found, expected);
                        self.errors.push(error);
                    }
                }
                content.sort = Sort::Value;
            }
            TypeKind::Own { resource } => {
                self.resource(*resource);
                content.handles = true;
            }
            TypeKind::Borrow { resource } => {
                self.resource(*resource);
                (content.handles, content.borrows) = (true, true);
            }
            TypeKind::List { element: ty, .. } | TypeKind::Option { some: ty } => {
                content = self.value(ty);
            }
            TypeKind::Map { key, value } => {
                self.key(key);
                content = self.value(value);
                if content.handles {
                    let message =
                        "the values of a map cannot have resources, streams or futures in them";
                    self.invalid(message.to_owned(), value.span, "there is one in this");
                }
            }
            TypeKind::Result { ok, err } => {
                for ty in ok.iter().chain(err) {
                    content = with(content, self.value(ty));
                }
            }
            TypeKind::Tuple { types } => {
                for ty in types {
                    content = with(content, self.value(ty));
                }
            }
            TypeKind::Stream { element } => {
                self.carried(element.as_deref(), "a stream");
                content.handles = true;
            }
            TypeKind::Future { element } => {
                self.carried(element.as_deref(), "a future");
                content.handles = true;
            }
        }
        content
    }

    fn carried(&mut self, element: Option<&Type<'_>>, what: &str) {
        let Some(ty) = element else {
            return;
        };
        if let TypeKind::Primitive {
            name: Primitive::Char,
        } = &ty.kind
            && what == "a stream"
        {
            let message = "there are no streams of `char` yet".to_owned();
            self.invalid(message, ty.span, "`stream<u8>` will do");
        }
        if self.value(ty).borrows {
            let message = format!("{what} cannot carry what has a `borrow` in it");
            self.invalid(message, ty.span, "there is one in this");
        }
    }

    fn key(&mut self, ty: &Type<'_>) {
        let is_key = match &ty.kind {
            TypeKind::Primitive { name } => !matches!(name, Primitive::F32 | Primitive::F64),
            _ => false,
        };
        if !is_key {
            let message =
                "a key of a map is a `bool`, a number without fractions, a `char` or a `string`";
            self.invalid(message.to_owned(), ty.span, "this cannot be one");
        }
    }

    fn resource(&mut self, id: Ident<'_>) {
        let sort = self.scope.find(id, self.errors).sort;
        if let Sort::Value | Sort::Function = sort {
            let (found, expected) = (of_sort(sort), of_sort(Sort::Resource));
            let error = wrong_kind(id.name.to_owned(), id.span, found, expected);
            self.errors.push(error);
        }
    }

    fn invalid(&mut self, message: String, span: Span, label: &str) {
        let kind = ResolveErrorKind::InvalidType(message);
        self.errors.push(ResolveError::new(kind, span, label));
    }
}

/// How many flags there can be in one type.
const MAX_FLAGS: usize = 32;

fn with(content: Content, part: Content) -> Content {
    Content {
        sort: Sort::Value,
        borrows: content.borrows | part.borrows,
        handles: content.handles | part.handles,
        ..Content::default()
    }
}

fn of_sort(sort: Sort) -> &'static str {
    match sort {
        Sort::Value => "a type of values",
        Sort::Resource => "a resource",
        Sort::Function => "a function type",
        Sort::Wrong => "in error",
    }
}

//! Types, and functions.

use super::{Attribute, Doc, Ident, Span};
use serde::Serialize;

/// A type with a name.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct TypeDecl<'a> {
    /// Its documentation.
    pub docs: Vec<Doc<'a>>,
    /// Its attributes.
    pub attributes: Vec<Attribute<'a>>,
    /// From its keyword to its end.
    pub span: Span,
    /// Its name.
    pub id: Ident<'a>,
    /// What it is.
    pub definition: Definition<'a>,
}

/// What a type with a name is.
#[derive(Clone, Debug, Serialize)]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case"
)]
#[non_exhaustive]
pub enum Definition<'a> {
    /// `type name = u32;`
    Alias {
        /// The other type.
        ty: Type<'a>,
    },
    /// `type name = func();`, which WIT has not.
    Func(FuncType<'a>),
    /// `record`
    Record {
        /// Its fields, at least one.
        fields: Vec<Field<'a>>,
    },
    /// `variant`
    Variant {
        /// Its cases, at least one.
        cases: Vec<Case<'a>>,
    },
    /// `enum`
    Enum {
        /// Its cases, at least one.
        cases: Vec<Label<'a>>,
    },
    /// `flags`
    Flags {
        /// The flags, at least one.
        flags: Vec<Label<'a>>,
    },
    /// `resource`; one of a document itself, outside of interfaces and worlds, is refused.
    Resource {
        /// Its constructors and functions.
        items: Vec<ResourceItem<'a>>,
    },
}

/// A field of a record, or a parameter of a function.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Field<'a> {
    /// Its documentation.
    pub docs: Vec<Doc<'a>>,
    /// All of it.
    pub span: Span,
    /// Its name.
    pub id: Ident<'a>,
    /// Its type.
    pub ty: Type<'a>,
}

/// A case of a variant.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Case<'a> {
    /// Its documentation.
    pub docs: Vec<Doc<'a>>,
    /// All of it.
    pub span: Span,
    /// Its name.
    pub id: Ident<'a>,
    /// What it carries.
    pub ty: Option<Type<'a>>,
}

/// A case of an enum, or a flag.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Label<'a> {
    /// Its documentation.
    pub docs: Vec<Doc<'a>>,
    /// Its name.
    pub id: Ident<'a>,
}

/// A function of a resource.
#[derive(Clone, Debug, Serialize)]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case"
)]
pub enum ResourceItem<'a> {
    /// `constructor(…);`
    Constructor {
        /// Its documentation.
        docs: Vec<Doc<'a>>,
        /// Its attributes.
        attributes: Vec<Attribute<'a>>,
        /// From `constructor` to the `;`.
        span: Span,
        /// Its parameters.
        params: Vec<Field<'a>>,
        /// What it gives, if that is not the resource itself: a `result` of it.
        result: Option<Type<'a>>,
    },
    /// `name: func(…);` or `name: static func(…);`
    Method {
        /// Its documentation.
        docs: Vec<Doc<'a>>,
        /// Its attributes.
        attributes: Vec<Attribute<'a>>,
        /// From its name to the `;`.
        span: Span,
        /// Its name.
        id: Ident<'a>,
        /// Whether it belongs to the resource, not to each of them.
        is_static: bool,
        /// Its type.
        func: FuncType<'a>,
    },
}

/// The type of a function.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct FuncType<'a> {
    /// From `async`, `func`, `get` or `set` to its end.
    pub span: Span,
    /// What sort of function it is.
    pub flavor: Flavor,
    /// Its parameters.
    pub params: Vec<Field<'a>>,
    /// Its result.
    pub result: Option<Type<'a>>,
}

/// What sort of function it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Flavor {
    /// `func`
    Sync,
    /// `async func`
    Async,
    /// `get`, for what looks like a property.
    Getter,
    /// `set`, for what looks like a property.
    Setter,
}

/// A type.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Type<'a> {
    /// All of it.
    pub span: Span,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: TypeKind<'a>,
}

/// What a type is.
#[derive(Clone, Debug, Serialize)]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case"
)]
#[non_exhaustive]
pub enum TypeKind<'a> {
    /// `u32`, `string` and so on.
    Primitive {
        /// Which one.
        name: Primitive,
    },
    /// `error-context`
    ErrorContext,
    /// `list<T>` or `list<T, 4>`
    List {
        /// What it has.
        element: Box<Type<'a>>,
        /// How many of them, if there are always as many.
        length: Option<u32>,
    },
    /// `map<K, V>`
    Map {
        /// The type of keys.
        key: Box<Type<'a>>,
        /// The type of values.
        value: Box<Type<'a>>,
    },
    /// `option<T>`
    Option {
        /// What may be there.
        some: Box<Type<'a>>,
    },
    /// `result`, `result<T>`, `result<_, E>` or `result<T, E>`
    Result {
        /// What there is of success.
        ok: Option<Box<Type<'a>>>,
        /// What there is of failure.
        err: Option<Box<Type<'a>>>,
    },
    /// `tuple<T, U>`
    Tuple {
        /// At least one type.
        types: Vec<Type<'a>>,
    },
    /// `own<R>`
    Own {
        /// The resource.
        resource: Ident<'a>,
    },
    /// `borrow<R>`
    Borrow {
        /// The resource.
        resource: Ident<'a>,
    },
    /// `stream` or `stream<T>`
    Stream {
        /// What it carries.
        element: Option<Box<Type<'a>>>,
    },
    /// `future` or `future<T>`
    Future {
        /// What it carries.
        element: Option<Box<Type<'a>>>,
    },
    /// A type with this name.
    Name(Ident<'a>),
}

/// A type that has nothing inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "they are called as in WIT")]
pub enum Primitive {
    Bool,
    U8,
    U16,
    U32,
    U64,
    S8,
    S16,
    S32,
    S64,
    F32,
    F64,
    Char,
    String,
}

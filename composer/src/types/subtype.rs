//! Is one type below another, and if not, why not: every difference, each with the path that leads to it.
//!
//! The rules are those of the validator: an instance may export more than is asked of it; functions
//! and value types must be equal. Whether two resources are the same cannot be seen from two types
//! alone, so the caller says.

use crate::types::Data;
use crate::types::{kind_name, value_type};
use std::collections::{HashMap, HashSet};
use std::fmt;
use wasmparser::component_types::{
    ComponentAnyTypeId, ComponentDefinedType, ComponentDefinedTypeId, ComponentEntityType,
    ComponentFuncTypeId, ComponentInstanceTypeId, ComponentItem, ComponentType, ComponentValType,
    ResourceId, SubtypeCx,
};
use wasmparser::types::TypesRef;

/// At most this many differences are collected for one pair of types.
const MAX_DIFFERENCES: usize = 64;

/// One place where two types part ways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The way from the item compared to the place where it differs.
    pub path: Vec<Step>,
    /// What differs there.
    pub reason: Reason,
}

/// A step into a type.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// Into the interface of this name.
    Interface(String),
    /// Into the function of this name.
    Function(String),
    /// Into the type of this name.
    Type(String),
    /// Into the other kind of item that has this name.
    Item(String),
    /// Into the import of this name, of a component.
    Import(String),
    /// Into the export of this name, of a component.
    Export(String),
    /// Into the parameter of this name.
    Parameter(String),
    /// Into the result of a function.
    Result,
    /// Into the field of this name, of a record.
    Field(String),
    /// Into the case of this name, of a variant.
    Case(String),
    /// Into the element at this index, of a tuple.
    Element(usize),
    /// Into what a list, an option, a stream or a future holds.
    Payload,
    /// Into the key of a map.
    Key,
    /// Into the value of a map.
    Value,
    /// Into the success type of a result.
    Ok,
    /// Into the error type of a result.
    Err,
}

/// What is different between the type expected (the import's) and the one found (the export's).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// An item is asked for that is not there.
    Missing {
        /// What sort of item: `function`, `type`, ...
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// One is, say, a function and the other a type.
    Kind {
        /// The sort asked for.
        expected: &'static str,
        /// The sort found.
        found: &'static str,
    },
    /// A function is `async` on one side only.
    Async {
        /// Whether the function asked for is `async`.
        expected: bool,
    },
    /// A parameter has another name, or stands elsewhere.
    ParameterName {
        /// Its position, from 1.
        position: usize,
        /// The name asked for.
        expected: String,
        /// The name found.
        found: String,
    },
    /// Functions with a different number of parameters.
    ParameterCount {
        /// The number asked for.
        expected: usize,
        /// The number found.
        found: usize,
    },
    /// A function gives a result on one side only.
    ResultPresence {
        /// Whether a result is asked for.
        expected: bool,
    },
    /// The same names in another order: fields of a record, cases of a variant.
    Order {
        /// `fields`, `cases` or `flags`.
        what: &'static str,
        /// The names as asked for.
        expected: Vec<String>,
        /// The names as found.
        found: Vec<String>,
    },
    /// Names that only one side has: fields of a record, cases of a variant.
    Names {
        /// `field`, `case` or `flag`.
        what: &'static str,
        /// Names asked for and not found.
        missing: Vec<String>,
        /// Names found and not asked for.
        extra: Vec<String>,
    },
    /// Two different types.
    Type {
        /// The type asked for, as WIT text.
        expected: String,
        /// The type found, as WIT text.
        found: String,
    },
    /// A component imports what the world does not offer.
    NotOffered,
    /// A resource on both sides, but not the same one.
    Resource,
    /// What the validator says of types that are compared by it alone, such as core modules.
    Other(String),
}

impl Step {
    /// The step into an item of an instance or a component.
    pub(crate) fn into_item(name: &str, ty: &ComponentEntityType) -> Step {
        let name = name.to_owned();
        match ty {
            ComponentEntityType::Func(_) => Step::Function(name),
            ComponentEntityType::Type { .. } => Step::Type(name),
            ComponentEntityType::Instance(_) => Step::Interface(name),
            _ => Step::Item(name),
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.path {
            write!(f, "{step}: ")?;
        }
        write!(f, "{}", self.reason)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Interface(name) => write!(f, "interface `{name}`"),
            Step::Function(name) => write!(f, "function `{name}`"),
            Step::Type(name) => write!(f, "type `{name}`"),
            Step::Item(name) => write!(f, "`{name}`"),
            Step::Import(name) => write!(f, "import `{name}`"),
            Step::Export(name) => write!(f, "export `{name}`"),
            Step::Parameter(name) => write!(f, "parameter `{name}`"),
            Step::Result => f.write_str("result"),
            Step::Field(name) => write!(f, "field `{name}`"),
            Step::Case(name) => write!(f, "case `{name}`"),
            Step::Element(index) => write!(f, "element {index}"),
            Step::Payload => f.write_str("payload"),
            Step::Key => f.write_str("key"),
            Step::Value => f.write_str("value"),
            Step::Ok => f.write_str("ok"),
            Step::Err => f.write_str("error"),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Missing { kind, name } => write!(f, "{kind} `{name}` is missing"),
            Reason::Kind { expected, found } => write!(f, "expected a {expected}, found a {found}"),
            Reason::Async { expected: true } => {
                f.write_str("expected an `async` function, found one that is not")
            }
            Reason::Async { expected: false } => {
                f.write_str("expected a function that is not `async`, found one that is")
            }
            Reason::ParameterName {
                position,
                expected,
                found,
            } => write!(
                f,
                "parameter {position} is expected to be named `{expected}`, but is named `{found}`"
            ),
            Reason::ParameterCount { expected, found } => {
                write!(f, "expected {expected} parameters, found {found}")
            }
            Reason::ResultPresence { expected: true } => {
                f.write_str("expected a result, found none")
            }
            Reason::ResultPresence { expected: false } => {
                f.write_str("expected no result, found one")
            }
            Reason::Order {
                what,
                expected,
                found,
            } => write!(
                f,
                "the {what} are in another order: expected {}, found {}",
                list(expected),
                list(found)
            ),
            Reason::Names {
                what,
                missing,
                extra,
            } => {
                if !missing.is_empty() {
                    write!(f, "{what} {} is missing", list(missing))?;
                }
                if !missing.is_empty() && !extra.is_empty() {
                    f.write_str(", and ")?;
                }
                if !extra.is_empty() {
                    write!(f, "{what} {} is not expected", list(extra))?;
                }
                Ok(())
            }
            Reason::Type { expected, found } => write!(f, "expected `{expected}`, found `{found}`"),
            Reason::NotOffered => f.write_str("the world does not offer it"),
            Reason::Resource => f.write_str("the resource is another one"),
            Reason::Other(message) => f.write_str(message),
        }
    }
}

fn list(names: &[String]) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

/// One comparison of types from one arena; pairs already compared are not walked again.
pub(crate) struct Comparison<'t, 'r> {
    types: TypesRef<'t>,
    /// Whether resource `found` stands for resource `expected`.
    same_resource: &'r mut dyn FnMut(ResourceId, ResourceId) -> bool,
    seen: HashSet<(ComponentDefinedTypeId, ComponentDefinedTypeId)>,
    path: Vec<Step>,
    differences: Vec<Difference>,
}

impl<'t, 'r> Comparison<'t, 'r> {
    pub(crate) fn new(
        types: TypesRef<'t>,
        same_resource: &'r mut dyn FnMut(ResourceId, ResourceId) -> bool,
    ) -> Self {
        Comparison {
            types,
            same_resource,
            seen: HashSet::new(),
            path: Vec::new(),
            differences: Vec::new(),
        }
    }

    /// The differences found since the last call.
    pub(crate) fn take(&mut self) -> Vec<Difference> {
        std::mem::take(&mut self.differences)
    }

    fn differ(&mut self, reason: Reason) {
        if self.differences.len() < MAX_DIFFERENCES {
            self.differences.push(Difference {
                path: self.path.clone(),
                reason,
            });
        }
    }

    fn step(&mut self, step: Step, inside: impl FnOnce(&mut Self)) {
        self.path.push(step);
        inside(self);
        self.path.pop();
    }

    /// Compares what is `found` with what is `expected`.
    pub(crate) fn entity(&mut self, found: &ComponentEntityType, expected: &ComponentEntityType) {
        use ComponentEntityType as E;
        match (found, expected) {
            (E::Func(found), E::Func(expected)) => self.function(*found, *expected),
            (E::Instance(found), E::Instance(expected)) => self.instance(*found, *expected),
            (E::Value(found), E::Value(expected)) => self.value(found, expected),
            (
                E::Type {
                    referenced: found, ..
                },
                E::Type {
                    referenced: expected,
                    ..
                },
            ) => self.any_type(*found, *expected),
            (E::Component(found), E::Component(expected)) => {
                let result = SubtypeCx::new_with_refs(self.types, self.types)
                    .component_type(*found, *expected, 0);
                self.validator_says(result);
            }
            (E::Module(found), E::Module(expected)) => {
                let result = SubtypeCx::new_with_refs(self.types, self.types)
                    .module_type(*found, *expected, 0);
                self.validator_says(result);
            }
            (found, expected) => self.differ(Reason::Kind {
                expected: kind_name(expected),
                found: kind_name(found),
            }),
        }
    }

    fn validator_says(&mut self, result: wasmparser::Result<()>) {
        if let Err(error) = result {
            self.differ(Reason::Other(error.message().to_owned()));
        }
    }

    fn instance(&mut self, found: ComponentInstanceTypeId, expected: ComponentInstanceTypeId) {
        if found == expected {
            return;
        }
        let types = self.types;
        let (found, expected) = (&types.data(found).exports, &types.data(expected).exports);
        for (name, item) in expected {
            match found.get(name) {
                Some(other) => {
                    self.step(Step::into_item(name, &item.ty), |this| {
                        this.entity(&other.ty, &item.ty);
                    });
                }
                None => self.differ(Reason::Missing {
                    kind: kind_name(&item.ty),
                    name: name.clone(),
                }),
            }
        }
    }

    fn function(&mut self, found: ComponentFuncTypeId, expected: ComponentFuncTypeId) {
        if found == expected {
            return;
        }
        let types = self.types;
        let (found, expected) = (types.data(found), types.data(expected));
        if found.async_ != expected.async_ {
            self.differ(Reason::Async {
                expected: expected.async_,
            });
        }
        if found.params.len() != expected.params.len() {
            return self.differ(Reason::ParameterCount {
                expected: expected.params.len(),
                found: found.params.len(),
            });
        }
        for (i, (f, e)) in found.params.iter().zip(&expected.params).enumerate() {
            if f.0 == e.0 {
                self.step(Step::Parameter(e.0.to_string()), |this| {
                    this.value(&f.1, &e.1);
                });
            } else {
                self.differ(Reason::ParameterName {
                    position: i + 1,
                    expected: e.0.to_string(),
                    found: f.0.to_string(),
                });
            }
        }
        match (&found.result, &expected.result) {
            (Some(f), Some(e)) => self.step(Step::Result, |this| this.value(f, e)),
            (None, None) => {}
            (_, expected) => self.differ(Reason::ResultPresence {
                expected: expected.is_some(),
            }),
        }
    }

    fn any_type(&mut self, found: ComponentAnyTypeId, expected: ComponentAnyTypeId) {
        use ComponentAnyTypeId as T;
        match (found, expected) {
            (T::Resource(found), T::Resource(expected)) => {
                self.resource(found.resource(), expected.resource());
            }
            (T::Defined(found), T::Defined(expected)) => self.defined(found, expected),
            (T::Func(found), T::Func(expected)) => self.function(found, expected),
            (T::Instance(found), T::Instance(expected)) => self.instance(found, expected),
            (T::Component(found), T::Component(expected)) => {
                self.entity(
                    &ComponentEntityType::Component(found),
                    &ComponentEntityType::Component(expected),
                );
            }
            (found, expected) => self.differ(Reason::Kind {
                expected: any_type_name(expected),
                found: any_type_name(found),
            }),
        }
    }

    fn resource(&mut self, found: ResourceId, expected: ResourceId) {
        if !(self.same_resource)(found, expected) {
            self.differ(Reason::Resource);
        }
    }

    fn value(&mut self, found: &ComponentValType, expected: &ComponentValType) {
        use ComponentValType as V;
        match (found, expected) {
            (V::Primitive(f), V::Primitive(e)) if f == e => {}
            (V::Type(f), V::Type(e)) => self.defined(*f, *e),
            (V::Type(id), V::Primitive(primitive)) | (V::Primitive(primitive), V::Type(id)) => {
                match self.types.data(*id) {
                    ComponentDefinedType::Primitive(other) if other == primitive => {}
                    _ => self.differ_in_type(found, expected),
                }
            }
            _ => self.differ_in_type(found, expected),
        }
    }

    fn differ_in_type(&mut self, found: &ComponentValType, expected: &ComponentValType) {
        let reason = Reason::Type {
            expected: value_type(self.types, expected),
            found: value_type(self.types, found),
        };
        self.differ(reason);
    }

    fn defined(&mut self, found: ComponentDefinedTypeId, expected: ComponentDefinedTypeId) {
        use ComponentDefinedType as D;
        if found == expected || !self.seen.insert((found, expected)) {
            return;
        }
        let types = self.types;
        match (types.data(found), types.data(expected)) {
            (D::Primitive(f), D::Primitive(e)) if f == e => {}
            (D::Record(f), D::Record(e)) => {
                let same = self.names(
                    ("field", "fields"),
                    f.fields.keys().map(|name| name.as_str()),
                    e.fields.keys().map(|name| name.as_str()),
                );
                if same {
                    for ((_, f), (name, e)) in f.fields.iter().zip(&e.fields) {
                        self.step(Step::Field(name.to_string()), |this| this.value(f, e));
                    }
                }
            }
            (D::Variant(f), D::Variant(e)) => {
                let same = self.names(
                    ("case", "cases"),
                    f.cases.keys().map(|name| name.as_str()),
                    e.cases.keys().map(|name| name.as_str()),
                );
                if same {
                    for ((_, f), (name, e)) in f.cases.iter().zip(&e.cases) {
                        self.step(Step::Case(name.to_string()), |this| {
                            this.optional(f.ty.as_ref(), e.ty.as_ref());
                        });
                    }
                }
            }
            (D::Flags(f), D::Flags(e)) => {
                self.names(
                    ("flag", "flags"),
                    f.iter().map(|name| name.as_str()),
                    e.iter().map(|name| name.as_str()),
                );
            }
            (D::Enum(f), D::Enum(e)) => {
                self.names(
                    ("case", "cases"),
                    f.iter().map(|name| name.as_str()),
                    e.iter().map(|name| name.as_str()),
                );
            }
            (D::List { element: f, .. }, D::List { element: e, .. })
            | (D::Option { ty: f, .. }, D::Option { ty: e, .. }) => {
                self.step(Step::Payload, |this| this.value(f, e));
            }
            (
                D::FixedLengthList {
                    element: f,
                    length: found,
                    ..
                },
                D::FixedLengthList {
                    element: e,
                    length: expected,
                    ..
                },
            ) if found == expected => self.step(Step::Payload, |this| this.value(f, e)),
            (
                D::Map {
                    key: fk, value: fv, ..
                },
                D::Map {
                    key: ek, value: ev, ..
                },
            ) => {
                self.step(Step::Key, |this| this.value(fk, ek));
                self.step(Step::Value, |this| this.value(fv, ev));
            }
            (D::Tuple(f), D::Tuple(e)) if f.types.len() == e.types.len() => {
                for (i, (f, e)) in f.types.iter().zip(&e.types).enumerate() {
                    self.step(Step::Element(i), |this| this.value(f, e));
                }
            }
            (
                D::Result {
                    ok: fo, err: fe, ..
                },
                D::Result {
                    ok: eo, err: ee, ..
                },
            ) => {
                self.step(Step::Ok, |this| this.optional(fo.as_ref(), eo.as_ref()));
                self.step(Step::Err, |this| this.optional(fe.as_ref(), ee.as_ref()));
            }
            (D::Future { ty: f, .. }, D::Future { ty: e, .. })
            | (D::Stream { ty: f, .. }, D::Stream { ty: e, .. }) => {
                self.step(Step::Payload, |this| this.optional(f.as_ref(), e.as_ref()));
            }
            (D::Own(f), D::Own(e)) | (D::Borrow(f), D::Borrow(e)) => {
                self.resource(f.resource(), e.resource());
            }
            _ => self.differ_in_type(
                &ComponentValType::Type(found),
                &ComponentValType::Type(expected),
            ),
        }
    }

    fn optional(&mut self, found: Option<&ComponentValType>, expected: Option<&ComponentValType>) {
        let text = |ty: Option<&ComponentValType>| {
            ty.map_or_else(|| "_".to_owned(), |ty| value_type(self.types, ty))
        };
        match (found, expected) {
            (Some(found), Some(expected)) => self.value(found, expected),
            (None, None) => {}
            _ => {
                let reason = Reason::Type {
                    expected: text(expected),
                    found: text(found),
                };
                self.differ(reason);
            }
        }
    }

    /// Compares names that must be the same in the same order; gives whether they are.
    fn names<'n>(
        &mut self,
        (one, many): (&'static str, &'static str),
        found: impl Iterator<Item = &'n str> + Clone,
        expected: impl Iterator<Item = &'n str> + Clone,
    ) -> bool {
        if found.clone().eq(expected.clone()) {
            return true;
        }
        let (f, e): (HashSet<&str>, HashSet<&str>) =
            (found.clone().collect(), expected.clone().collect());
        let owned = |names: &mut dyn Iterator<Item = &str>| names.map(str::to_owned).collect();
        let reason = if f == e {
            Reason::Order {
                what: many,
                expected: owned(&mut expected.clone()),
                found: owned(&mut found.clone()),
            }
        } else {
            Reason::Names {
                what: one,
                missing: owned(&mut expected.clone().filter(|name| !f.contains(name))),
                extra: owned(&mut found.clone().filter(|name| !e.contains(name))),
            }
        };
        self.differ(reason);
        false
    }
}

impl Comparison<'_, '_> {
    /// Compares a component with the world it is meant for: it may import less and export more.
    ///
    /// `lookup` finds what answers to a name among the items of the other side.
    pub(crate) fn component(
        &mut self,
        found: &ComponentType,
        expected: &ComponentType,
        lookup: impl Fn(&str, &ComponentItem, &Items) -> Option<ComponentItem>,
    ) {
        for (name, item) in &found.imports {
            let step = Step::Import(item.full_name(name).into_owned());
            self.step(step, |this| match lookup(name, item, &expected.imports) {
                Some(offered) => this.entity(&offered.ty, &item.ty),
                None => this.differ(Reason::NotOffered),
            });
        }
        for (name, item) in &expected.exports {
            let full_name = item.full_name(name).into_owned();
            match lookup(name, item, &found.exports) {
                Some(given) => self.step(Step::Export(full_name), |this| {
                    this.entity(&given.ty, &item.ty);
                }),
                None => self.differ(Reason::Missing {
                    kind: kind_name(&item.ty),
                    name: full_name,
                }),
            }
        }
    }
}

/// Named items, as the validator keeps them.
pub(crate) type Items = wasmparser::collections::IndexMap<String, ComponentItem>;

/// The resources that `items` name, each with the first path of names that leads to it.
pub(crate) fn items_owned(types: TypesRef<'_>, items: &Items) -> HashMap<ResourceId, Vec<String>> {
    let mut owned = HashMap::new();
    collect_resources(types, items, &mut Vec::new(), &mut owned);
    owned
}

fn collect_resources(
    types: TypesRef<'_>,
    items: &Items,
    path: &mut Vec<String>,
    owned: &mut HashMap<ResourceId, Vec<String>>,
) {
    for (name, item) in items {
        path.push(name.clone());
        match item.ty {
            ComponentEntityType::Type {
                created: ComponentAnyTypeId::Resource(id),
                ..
            } => {
                owned.entry(id.resource()).or_insert_with(|| path.clone());
            }
            ComponentEntityType::Instance(id) => {
                collect_resources(types, &types.data(id).exports, path, owned);
            }
            _ => {}
        }
        path.pop();
    }
}

fn any_type_name(id: ComponentAnyTypeId) -> &'static str {
    match id {
        ComponentAnyTypeId::Resource(_) => "resource",
        ComponentAnyTypeId::Defined(_) => "value type",
        ComponentAnyTypeId::Func(_) => "function type",
        ComponentAnyTypeId::Instance(_) => "interface type",
        ComponentAnyTypeId::Component(_) => "component type",
    }
}

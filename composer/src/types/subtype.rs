//! Is one type below another, and if not, why not: every difference, each with the path that leads to it.
//!
//! The rules are those of the validator: an instance may export more than is asked of it; functions
//! and value types must be equal. Whether two resources are the same cannot be seen from two types
//! alone, so the caller says.

use crate::hash::{HashMap, HashSet};
use crate::types::Data;
use crate::types::{Difference, Reason, Step};
use crate::types::{any_type_name, kind_name, value_type};
use std::collections::BTreeSet;
use wasmparser::component_types::{
    ComponentAnyTypeId, ComponentDefinedType, ComponentDefinedTypeId, ComponentEntityType,
    ComponentFuncTypeId, ComponentInstanceTypeId, ComponentItem, ComponentType, ComponentValType,
    ResourceId, SubtypeCx,
};
use wasmparser::names::KebabString;
use wasmparser::types::TypesRef;

/// How many differences are collected for one pair of types, if not said otherwise.
const MAX_DIFFERENCES: usize = 64;

/// Types that were compared, `found` and `expected`; whatever was different was said then.
pub(crate) type Compared = HashSet<(ComponentDefinedTypeId, ComponentDefinedTypeId)>;

/// One comparison of types from one arena; pairs already compared are not walked again.
pub(crate) struct Comparison<'t, 'r> {
    types: TypesRef<'t>,
    /// Whether resource `found` stands for resource `expected`.
    same_resource: &'r mut dyn FnMut(ResourceId, ResourceId) -> bool,
    seen: Compared,
    path: Vec<Step>,
    /// The interfaces that lead to here, `found` and `expected`: they have names for resources.
    interfaces: Vec<[ComponentInstanceTypeId; 2]>,
    differences: Vec<Difference>,
    /// At most this many differences are collected.
    most: usize,
}

impl<'t, 'r> Comparison<'t, 'r> {
    pub(crate) fn new(
        types: TypesRef<'t>,
        same_resource: &'r mut dyn FnMut(ResourceId, ResourceId) -> bool,
    ) -> Self {
        Comparison::resume(types, same_resource, Compared::default())
    }

    /// Goes on where another comparison, for which the same resources are the same, came to.
    pub(crate) fn resume(
        types: TypesRef<'t>,
        same_resource: &'r mut dyn FnMut(ResourceId, ResourceId) -> bool,
        seen: Compared,
    ) -> Self {
        Comparison {
            types,
            same_resource,
            seen,
            path: Vec::new(),
            interfaces: Vec::new(),
            differences: Vec::new(),
            most: MAX_DIFFERENCES,
        }
    }

    /// Collects at most this many differences.
    pub(crate) fn at_most(mut self, most: usize) -> Self {
        self.most = most;
        self
    }

    /// The differences found since the last call.
    pub(crate) fn take(&mut self) -> Vec<Difference> {
        std::mem::take(&mut self.differences)
    }

    /// What was compared, for [`Comparison::resume`].
    pub(crate) fn into_compared(self) -> Compared {
        self.seen
    }

    fn differ(&mut self, reason: Reason) {
        if self.differences.len() < self.most {
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

    /// Compares an instance that exports `found` with what is `expected`.
    pub(crate) fn whole(&mut self, found: &Items, expected: &ComponentEntityType) {
        match expected {
            ComponentEntityType::Instance(expected) => {
                self.items(found, &self.types.data(*expected).exports);
            }
            expected => self.differ(Reason::Kind {
                expected: kind_name(expected),
                found: "instance",
            }),
        }
    }

    fn validator_says(&mut self, result: wasmparser::Result<()>) {
        if let Err(error) = result {
            self.differ(Reason::Other(error.message().to_owned()));
        }
    }

    fn instance(&mut self, found: ComponentInstanceTypeId, expected: ComponentInstanceTypeId) {
        let types = self.types;
        self.interfaces.push([found, expected]);
        self.items(&types.data(found).exports, &types.data(expected).exports);
        self.interfaces.pop();
    }

    fn items(&mut self, found: &Items, expected: &Items) {
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

    /// Compares what two instances both have, or else two items.
    fn common(&mut self, found: &ComponentEntityType, expected: &ComponentEntityType) {
        use ComponentEntityType::Instance;
        let (Instance(f), Instance(e)) = (found, expected) else {
            return self.entity(found, expected);
        };
        let types = self.types;
        self.interfaces.push([*f, *e]);
        let found = &types.data(*f).exports;
        for (name, item) in &types.data(*e).exports {
            if let Some(other) = found.get(name) {
                self.step(Step::into_item(name, &item.ty), |this| {
                    this.entity(&other.ty, &item.ty);
                });
            }
        }
        self.interfaces.pop();
    }

    fn function(&mut self, found: ComponentFuncTypeId, expected: ComponentFuncTypeId) {
        let types = self.types;
        let (found, expected) = (types.data(found), types.data(expected));
        if found.async_ != expected.async_ {
            self.differ(Reason::Async {
                expected: expected.async_,
            });
        }
        let names = |params: &[(KebabString, ComponentValType)]| -> Vec<String> {
            params.iter().map(|(name, _)| name.to_string()).collect()
        };
        let (found_names, expected_names) = (names(&found.params), names(&expected.params));
        if found.params.len() != expected.params.len() {
            return self.differ(Reason::ParameterCount {
                expected: expected_names,
                found: found_names,
            });
        }
        if found_names != expected_names {
            let (found, expected) = (found_names, expected_names);
            if BTreeSet::from_iter(&found) == BTreeSet::from_iter(&expected) {
                return self.differ(Reason::Order {
                    what: "parameters",
                    expected,
                    found,
                });
            }
        }
        for (i, (f, e)) in found.params.iter().zip(&expected.params).enumerate() {
            // Kebab names are equal whatever their case; the validator wants the same letters.
            if f.0.as_str() == e.0.as_str() {
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
                expected: any_type_name(self.types, expected),
                found: any_type_name(self.types, found),
            }),
        }
    }

    fn resource(&mut self, found: ResourceId, expected: ResourceId) {
        if !(self.same_resource)(found, expected) {
            self.differ(Reason::Resource);
        }
    }

    /// Compares what handles are to.
    fn handle(
        &mut self,
        (found, found_id): (ComponentDefinedTypeId, ResourceId),
        (expected, expected_id): (ComponentDefinedTypeId, ResourceId),
    ) {
        if (self.same_resource)(found_id, expected_id) {
            return;
        }
        let names = (
            self.resource_name(found_id),
            self.resource_name(expected_id),
        );
        match names {
            // The same name does not say what is different.
            (Some(a), Some(b)) if a != b => self.differ_in_type(
                &ComponentValType::Type(found),
                &ComponentValType::Type(expected),
            ),
            _ => self.differ(Reason::Resource),
        }
    }

    /// The name of a resource in the innermost interface that has one for it.
    fn resource_name(&self, resource: ResourceId) -> Option<&'t str> {
        let is_it = |item: &&(&String, &ComponentItem)| {
            matches!(
                item.1.ty,
                ComponentEntityType::Type { referenced: ComponentAnyTypeId::Resource(id), .. }
                    if id.resource() == resource
            )
        };
        let types = self.types;
        let innermost = self.interfaces.iter().rev().flatten();
        innermost
            .filter_map(|id| {
                let mut items = types.data(*id).exports.iter();
                items.find(|item| is_it(&item))
            })
            .map(|(name, _)| name.as_str())
            .next()
    }

    fn text(&self, ty: &ComponentValType) -> String {
        value_type(self.types, &|resource| self.resource_name(resource), ty)
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
        // Text is made for those differences only that are kept.
        if self.differences.len() < self.most {
            self.differ(Reason::Type {
                expected: self.text(expected),
                found: self.text(found),
            });
        }
    }

    fn defined(&mut self, found: ComponentDefinedTypeId, expected: ComponentDefinedTypeId) {
        use ComponentDefinedType as D;
        if !self.seen.insert((found, expected)) {
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
            (D::List { element: f, .. }, D::List { element: e, .. }) => {
                self.step(Step::ListElement, |this| this.value(f, e));
            }
            (D::Option { ty: f, .. }, D::Option { ty: e, .. }) => {
                self.step(Step::OptionPayload, |this| this.value(f, e));
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
            ) if found == expected => self.step(Step::ListElement, |this| this.value(f, e)),
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
                    self.step(Step::Element(i + 1), |this| this.value(f, e));
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
            (D::Future { ty: f, .. }, D::Future { ty: e, .. }) => {
                self.step(Step::FutureValue, |this| {
                    this.optional(f.as_ref(), e.as_ref())
                });
            }
            (D::Stream { ty: f, .. }, D::Stream { ty: e, .. }) => {
                self.step(Step::StreamElement, |this| {
                    this.optional(f.as_ref(), e.as_ref())
                });
            }
            (D::Own(f), D::Own(e)) | (D::Borrow(f), D::Borrow(e)) => {
                self.handle((found, f.resource()), (expected, e.resource()));
            }
            _ => self.differ_in_type(
                &ComponentValType::Type(found),
                &ComponentValType::Type(expected),
            ),
        }
    }

    fn optional(&mut self, found: Option<&ComponentValType>, expected: Option<&ComponentValType>) {
        match (found, expected) {
            (Some(found), Some(expected)) => self.value(found, expected),
            (None, None) => {}
            _ => {
                let text = |ty: Option<&ComponentValType>| {
                    ty.map_or_else(|| "_".to_owned(), |ty| self.text(ty))
                };
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
    /// `offered` finds what the world offers for an import, and `given` what the component gives for an
    /// export. Of an import that `is_optional`, nothing need be offered; what is, must have the same
    /// type.
    pub(crate) fn component(
        &mut self,
        found: &ComponentType,
        expected: &ComponentType,
        offered: impl Fn(&str, &ComponentItem) -> Option<ComponentItem>,
        given: impl Fn(&str, &ComponentItem) -> Option<ComponentItem>,
        is_optional: impl Fn(&ComponentEntityType) -> bool,
    ) {
        for (name, item) in &found.imports {
            let step = Step::Import(item.full_name(name).into_owned());
            let optional = is_optional(&item.ty);
            self.step(step, |this| match offered(name, item) {
                Some(offered) if optional => this.common(&offered.ty, &item.ty),
                Some(offered) => this.entity(&offered.ty, &item.ty),
                None if optional => {}
                None => this.differ(Reason::NotOffered),
            });
        }
        for (name, item) in &expected.exports {
            let full_name = item.full_name(name).into_owned();
            match given(name, item) {
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
    let mut owned = HashMap::default();
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

//! Which features of the Component Model the sections of a component use.

use super::code::Found;
use super::feature::Feature;
use super::module::Module;
use wasmparser::{
    CanonicalFunction, CanonicalOption, ComponentDefinedType, ComponentExternName,
    ComponentFuncType, ComponentType, ComponentTypeDeclaration, ComponentTypeRef, ComponentValType,
    CoreType, InstanceTypeDeclaration, ModuleTypeDeclaration, PrimitiveValType, TypeBounds,
    ValType,
};

impl Found {
    pub(super) fn core_type(&mut self, ty: &CoreType<'_>) {
        match ty {
            CoreType::Rec(group) => self.look(group),
            CoreType::Module(declarations) => {
                let mut module = Module::default();
                for declaration in declarations {
                    match declaration {
                        ModuleTypeDeclaration::Type(group) => self.look(group),
                        ModuleTypeDeclaration::Export { ty, .. } => {
                            module.declared(ty);
                        }
                        ModuleTypeDeclaration::Import(import) => {
                            module.declared(&import.ty);
                        }
                        ModuleTypeDeclaration::OuterAlias { .. } => {}
                    }
                }
                self.0.extend(module.features());
            }
        }
    }

    pub(super) fn ty(&mut self, ty: &ComponentType<'_>) {
        match ty {
            ComponentType::Defined(ty) => self.defined(ty),
            ComponentType::Func(ty) => self.function(ty),
            ComponentType::Component(declarations) => {
                for declaration in declarations {
                    match declaration {
                        ComponentTypeDeclaration::CoreType(ty) => self.core_type(ty),
                        ComponentTypeDeclaration::Type(ty) => self.ty(ty),
                        ComponentTypeDeclaration::Alias(_) => {}
                        ComponentTypeDeclaration::Export { name, ty } => {
                            self.declared(name, ty);
                        }
                        ComponentTypeDeclaration::Import(import) => {
                            self.declared(&import.name, &import.ty);
                        }
                    }
                }
            }
            ComponentType::Instance(declarations) => {
                for declaration in declarations {
                    match declaration {
                        InstanceTypeDeclaration::CoreType(ty) => self.core_type(ty),
                        InstanceTypeDeclaration::Type(ty) => self.ty(ty),
                        InstanceTypeDeclaration::Alias(_) => {}
                        InstanceTypeDeclaration::Export { name, ty } => self.declared(name, ty),
                    }
                }
            }
            ComponentType::Resource { .. } => self.0.add(Feature::Resources),
        }
    }

    fn function(&mut self, ty: &ComponentFuncType<'_>) {
        if ty.async_ {
            self.0.add(Feature::Async);
        }
        let parameters = ty.params.iter().map(|(_, ty)| ty);
        parameters.chain(&ty.result).for_each(|ty| self.value(ty));
    }

    fn defined(&mut self, ty: &ComponentDefinedType<'_>) {
        match ty {
            ComponentDefinedType::Primitive(ty) => self.primitive(*ty),
            ComponentDefinedType::Record(fields) => {
                fields.iter().for_each(|(_, ty)| self.value(ty));
            }
            ComponentDefinedType::Variant(cases) => {
                let payloads = cases.iter().filter_map(|case| case.ty.as_ref());
                payloads.for_each(|ty| self.value(ty));
            }
            ComponentDefinedType::List(ty) | ComponentDefinedType::Option(ty) => self.value(ty),
            ComponentDefinedType::Map(key, value) => {
                self.0.add(Feature::Maps);
                self.value(key);
                self.value(value);
            }
            ComponentDefinedType::FixedLengthList(ty, _) => {
                self.0.add(Feature::FixedLengthLists);
                self.value(ty);
            }
            ComponentDefinedType::Tuple(types) => types.iter().for_each(|ty| self.value(ty)),
            ComponentDefinedType::Flags(_) | ComponentDefinedType::Enum(_) => {}
            ComponentDefinedType::Result { ok, err } => {
                ok.iter().chain(err).for_each(|ty| self.value(ty));
            }
            ComponentDefinedType::Own(_) | ComponentDefinedType::Borrow(_) => {
                self.0.add(Feature::Resources);
            }
            ComponentDefinedType::Future(ty) => {
                self.0.add(Feature::Futures);
                ty.iter().for_each(|ty| self.value(ty));
            }
            ComponentDefinedType::Stream(ty) => {
                self.0.add(Feature::Streams);
                ty.iter().for_each(|ty| self.value(ty));
            }
        }
    }

    fn value(&mut self, ty: &ComponentValType) {
        if let ComponentValType::Primitive(ty) = ty {
            self.primitive(*ty);
        }
    }

    fn primitive(&mut self, ty: PrimitiveValType) {
        if ty == PrimitiveValType::ErrorContext {
            self.0.add(Feature::ErrorContext);
        }
    }

    /// Looks at an import or export of a component, or of the type of one.
    pub(super) fn declared(&mut self, name: &ComponentExternName<'_>, ty: &ComponentTypeRef) {
        self.named(name);
        match ty {
            ComponentTypeRef::Value(ty) => {
                self.0.add(Feature::Values);
                self.value(ty);
            }
            ComponentTypeRef::Type(TypeBounds::SubResource) => self.0.add(Feature::Resources),
            _ => {}
        }
    }

    /// Looks at the name of an import or export.
    pub(super) fn named(&mut self, name: &ComponentExternName<'_>) {
        if name.implements.is_some() {
            self.0.add(Feature::Implements);
        }
        if name.version_suffix.is_some() {
            self.0.add(Feature::CanonicalNames);
        }
        if name.external_id.is_some() {
            self.0.add(Feature::ExternalId);
        }
        if ["[get]", "[set]"]
            .iter()
            .any(|part| name.name.contains(part))
        {
            self.0.add(Feature::Accessors);
        }
        let names = [Some(name.name), name.implements];
        if names.into_iter().flatten().any(is_nested) {
            self.0.add(Feature::NestedNames);
        }
    }

    pub(super) fn canonical(&mut self, function: &CanonicalFunction) {
        use CanonicalFunction as F;
        match function {
            F::Lift { options, .. } => {
                let has = |wanted: fn(&CanonicalOption) -> bool| options.iter().any(wanted);
                if has(|option| matches!(option, CanonicalOption::Async))
                    && !has(|option| matches!(option, CanonicalOption::Callback(_)))
                {
                    self.0.add(Feature::AsyncStackful);
                }
                self.options(options);
            }
            F::Lower { options, .. } => self.options(options),
            F::ResourceNew { .. } | F::ResourceDrop { .. } | F::ResourceRep { .. } => {
                self.0.add(Feature::Resources);
            }
            F::ContextGet { ty, slot } | F::ContextSet { ty, slot } => {
                self.0.add(Feature::Async);
                if *slot > 0 {
                    self.0.add(Feature::Threading);
                }
                if *ty != ValType::I32 {
                    self.0.add(Feature::Context64);
                }
            }
            F::TaskReturn { result, options } => {
                self.0.add(Feature::Async);
                result.iter().for_each(|ty| self.value(ty));
                self.options(options);
            }
            F::BackpressureInc
            | F::BackpressureDec
            | F::TaskCancel
            | F::ThreadYield
            | F::SubtaskDrop
            | F::WaitableSetNew
            | F::WaitableSetWait { .. }
            | F::WaitableSetPoll { .. }
            | F::WaitableSetDrop
            | F::WaitableJoin => self.0.add(Feature::Async),
            F::SubtaskCancel { async_ } => {
                self.0.add(Feature::Async);
                self.more_builtins(*async_);
            }
            F::StreamNew { .. } | F::StreamDropReadable { .. } | F::StreamDropWritable { .. } => {
                self.0.add(Feature::Streams);
            }
            F::StreamRead { options, .. } | F::StreamWrite { options, .. } => {
                self.0.add(Feature::Streams);
                self.transfer(options);
            }
            F::StreamCancelRead { async_, .. } | F::StreamCancelWrite { async_, .. } => {
                self.0.add(Feature::Streams);
                self.more_builtins(*async_);
            }
            F::StreamForward { .. } => {
                self.0.add(Feature::Streams);
                self.0.add(Feature::Forward);
            }
            F::FutureNew { .. } | F::FutureDropReadable { .. } | F::FutureDropWritable { .. } => {
                self.0.add(Feature::Futures);
            }
            F::FutureRead { options, .. } | F::FutureWrite { options, .. } => {
                self.0.add(Feature::Futures);
                self.transfer(options);
            }
            F::FutureCancelRead { async_, .. } | F::FutureCancelWrite { async_, .. } => {
                self.0.add(Feature::Futures);
                self.more_builtins(*async_);
            }
            F::FutureForward { .. } => {
                self.0.add(Feature::Futures);
                self.0.add(Feature::Forward);
            }
            F::ErrorContextNew { options } | F::ErrorContextDebugMessage { options } => {
                self.0.add(Feature::ErrorContext);
                self.options(options);
            }
            F::ErrorContextDrop => self.0.add(Feature::ErrorContext),
            F::ThreadSpawnRef { .. }
            | F::ThreadSpawnIndirect { .. }
            | F::ThreadAvailableParallelism => {
                self.0.add(Feature::Threading);
                self.0.add(Feature::SharedEverything);
            }
            F::ThreadIndex
            | F::ThreadNewIndirect { .. }
            | F::ThreadResumeLater
            | F::ThreadSuspend
            | F::ThreadSuspendThenResume
            | F::ThreadYieldThenResume
            | F::ThreadSuspendThenPromote
            | F::ThreadYieldThenPromote => self.0.add(Feature::Threading),
        }
    }

    fn options(&mut self, options: &[CanonicalOption]) {
        for option in options {
            match option {
                CanonicalOption::Async | CanonicalOption::Callback(_) => {
                    self.0.add(Feature::Async);
                }
                CanonicalOption::CoreType(_) | CanonicalOption::Gc => self.0.add(Feature::GcAbi),
                _ => {}
            }
        }
    }

    /// Looks at the options of a read or write: those that block came later than those that do not.
    fn transfer(&mut self, options: &[CanonicalOption]) {
        self.more_builtins(!options.contains(&CanonicalOption::Async));
        self.options(options);
    }

    fn more_builtins(&mut self, does: bool) {
        if does {
            self.0.add(Feature::MoreAsyncBuiltins);
        }
    }
}

/// Whether an interface's name has more than one namespace or more than one part after the package.
fn is_nested(name: &str) -> bool {
    let path = name.split('@').next().unwrap_or_default();
    let Some((package, interface)) = path.split_once('/') else {
        return false;
    };
    // Other names with such characters are written in brackets or after an equals sign.
    !path.contains(['[', '=']) && (interface.contains('/') || package.matches(':').count() > 1)
}

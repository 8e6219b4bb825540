//! The proposals of WebAssembly and of the Component Model, and sets of them.

use std::fmt;
use wasmparser::WasmFeatures;

/// The features, each with its name, what a validator calls it, and which it belongs to.
macro_rules! features {
    ($( $(#[$doc:meta])* $feature:ident $name:literal $area:ident $flags:expr; )*) => {
        /// Something newer than the first WebAssembly and the first Component Model that a binary
        /// uses, hence something that whoever runs it must know.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Feature {
            $( $(#[$doc])* $feature, )*
        }

        impl Feature {
            /// Every feature, in order.
            pub const ALL: &'static [Feature] = &[$( Feature::$feature, )*];

            /// Its name, such as `tail-call`.
            pub fn name(self) -> &'static str {
                match self {
                    $( Feature::$feature => $name, )*
                }
            }

            fn area(self) -> Area {
                match self {
                    $( Feature::$feature => Area::$area, )*
                }
            }

            /// What a validator must have on; `None` for what it does not know.
            fn flags(self) -> Option<WasmFeatures> {
                match self {
                    $( Feature::$feature => $flags, )*
                }
            }
        }
    };
}

#[derive(PartialEq)]
enum Area {
    /// Core WebAssembly, long in every engine.
    Basic,
    /// A proposal of core WebAssembly.
    Core,
    /// A part of the Component Model.
    Model,
}

features! {
    /// Globals that are imported or exported and change.
    MutableGlobal "mutable-global" Basic Some(WasmFeatures::MUTABLE_GLOBAL);
    /// Conversions of floats to integers that do not trap.
    SaturatingFloatToInt "saturating-float-to-int" Basic Some(WasmFeatures::SATURATING_FLOAT_TO_INT);
    /// Sign extension.
    SignExtension "sign-extension" Basic Some(WasmFeatures::SIGN_EXTENSION);
    /// `externref`, and references to functions outside the first table.
    ReferenceTypes "reference-types" Basic Some(WasmFeatures::REFERENCE_TYPES);
    /// Functions and blocks with several results.
    MultiValue "multi-value" Core Some(WasmFeatures::MULTI_VALUE);
    /// Copies and fills of memories and tables.
    BulkMemory "bulk-memory" Core Some(WasmFeatures::BULK_MEMORY);
    /// Vectors of 128 bits.
    Simd "simd" Core Some(WasmFeatures::SIMD);
    /// Vector instructions whose results depend on the machine.
    RelaxedSimd "relaxed-simd" Core Some(WasmFeatures::RELAXED_SIMD);
    /// Shared memories and atomic instructions.
    Threads "threads" Core Some(WasmFeatures::THREADS);
    /// Atomic instructions with acquire and release ordering.
    AcquireReleaseAtomics "acquire-release-atomics" Core Some(WasmFeatures::ACQUIRE_RELEASE_ATOMICS);
    /// Shared functions, tables, globals and structures.
    SharedEverything "shared-everything" Core Some(WasmFeatures::SHARED_EVERYTHING_THREADS);
    /// Calls that replace their caller.
    TailCall "tail-call" Core Some(WasmFeatures::TAIL_CALL);
    /// More than one memory.
    MultiMemory "multi-memory" Core Some(WasmFeatures::MULTI_MEMORY);
    /// Memories with 64-bit addresses.
    Memory64 "memory64" Core Some(WasmFeatures::MEMORY64);
    /// Tables with 64-bit indices.
    Table64 "table64" Core Some(WasmFeatures::MEMORY64);
    /// Memories whose pages are not 64 KiB.
    CustomPageSizes "custom-page-sizes" Core Some(WasmFeatures::CUSTOM_PAGE_SIZES);
    /// Memory that is given back.
    MemoryControl "memory-control" Core Some(WasmFeatures::MEMORY_CONTROL);
    /// Exceptions.
    Exceptions "exceptions" Core Some(WasmFeatures::EXCEPTIONS);
    /// Exceptions as browsers had them first.
    LegacyExceptions "legacy-exceptions" Core Some(WasmFeatures::LEGACY_EXCEPTIONS);
    /// Arithmetic in constant expressions.
    ExtendedConst "extended-const" Core Some(WasmFeatures::EXTENDED_CONST);
    /// References to functions of a known type.
    FunctionReferences "func-refs" Core Some(WasmFeatures::FUNCTION_REFERENCES);
    /// Garbage-collected structures and arrays.
    Gc "gc" Core Some(WasmFeatures::GC);
    /// Several bytes of an array at once.
    MultibyteArrayAccess "multibyte-array-access" Core Some(WasmFeatures::MULTIBYTE_ARRAY_ACCESS);
    /// Structures that are described by other structures.
    CustomDescriptors "custom-descriptors" Core Some(WasmFeatures::CUSTOM_DESCRIPTORS);
    /// Stacks that are suspended and resumed.
    StackSwitching "stack-switching" Core Some(WasmFeatures::STACK_SWITCHING);
    /// Integer arithmetic of 128 bits.
    WideArithmetic "wide-arithmetic" Core Some(WasmFeatures::WIDE_ARITHMETIC);
    /// Imports written without repetition.
    CompactImports "compact-imports" Core Some(WasmFeatures::COMPACT_IMPORTS);
    /// Hints which way a branch goes. They stand in a custom section, so any engine takes them.
    BranchHints "branch-hints" Core Some(WasmFeatures::empty());

    /// Resources.
    Resources "resources" Model Some(WasmFeatures::COMPONENT_MODEL);
    /// Async functions and calls.
    Async "async" Model Some(WasmFeatures::CM_ASYNC);
    /// Async functions that are not driven by a callback.
    AsyncStackful "async-stackful" Model Some(WasmFeatures::CM_ASYNC_STACKFUL);
    /// Built-in functions for async code beyond the first ones.
    MoreAsyncBuiltins "more-async-builtins" Model Some(WasmFeatures::CM_MORE_ASYNC_BUILTINS);
    /// Streams.
    Streams "streams" Model Some(WasmFeatures::CM_ASYNC);
    /// Futures.
    Futures "futures" Model Some(WasmFeatures::CM_ASYNC);
    /// One stream or future handed on as another.
    Forward "forward" Model Some(WasmFeatures::CM_FORWARD);
    /// Errors with context.
    ErrorContext "error-context" Model Some(WasmFeatures::CM_ERROR_CONTEXT);
    /// Maps.
    Maps "map" Model Some(WasmFeatures::CM_MAP);
    /// Lists of a fixed length.
    FixedLengthLists "fixed-length-lists" Model Some(WasmFeatures::CM_FIXED_LENGTH_LISTS);
    /// Imports and exports that say which interface they implement under a name of their own.
    Implements "implements" Model Some(WasmFeatures::CM_IMPLEMENTS);
    /// Interface names whose version is split into what decides compatibility and the rest.
    CanonicalNames "canonical-names" Model Some(WasmFeatures::CM_CANON_NAMES);
    /// Imports and exports with an id that is meaningful to others.
    ExternalId "external-id" Model Some(WasmFeatures::CM_IMPLEMENTS);
    /// Nested namespaces and interfaces in names.
    NestedNames "nested-names" Model Some(WasmFeatures::CM_NESTED_NAMES);
    /// Functions that get or set a property.
    Accessors "accessors" Model Some(WasmFeatures::CM_ACCESSORS);
    /// Values that are imported and exported, and start functions.
    Values "values" Model Some(WasmFeatures::CM_VALUES);
    /// Values that are passed as garbage-collected structures.
    GcAbi "gc-abi" Model Some(WasmFeatures::CM_GC);
    /// 64-bit values in the context of a task.
    Context64 "64-bit-context" Model Some(WasmFeatures::CM64);
    /// Threads within a component.
    Threading "threading" Model Some(WasmFeatures::CM_THREADING);

    /// Something newer than this program.
    Unknown "unknown" Core None;
}

impl Feature {
    /// Whether every engine has had it for years, so that it is hardly worth a word.
    pub fn is_basic(self) -> bool {
        self.area() == Area::Basic
    }

    /// Whether it belongs to the Component Model, not to core WebAssembly.
    pub fn is_of_component_model(self) -> bool {
        self.area() == Area::Model
    }

    /// Whether a validator accepts it by default, as what has been standardised, or nearly so.
    pub fn is_on_by_default(self) -> bool {
        self.flags()
            .is_some_and(|flags| WasmFeatures::default().contains(flags))
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of features.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Features(u64);

impl Features {
    /// No feature.
    pub const NONE: Features = Features(0);

    /// This feature alone.
    pub const fn of(feature: Feature) -> Features {
        Features(1 << feature as u32)
    }

    /// Adds a feature.
    pub fn add(&mut self, feature: Feature) {
        self.extend(Features::of(feature));
    }

    /// Adds all of `other`.
    pub fn extend(&mut self, other: Features) {
        self.0 |= other.0;
    }

    /// Those of them that are not in `other`.
    pub fn without(self, other: Features) -> Features {
        Features(self.0 & !other.0)
    }

    /// Whether `feature` is one of them.
    pub fn contains(self, feature: Feature) -> bool {
        self.0 & Features::of(feature).0 != 0
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The features, in order.
    pub fn iter(self) -> impl Iterator<Item = Feature> {
        Feature::ALL
            .iter()
            .copied()
            .filter(move |feature| self.contains(*feature))
    }
}

impl fmt::Debug for Features {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

// A set is a word of 64 bits.
const _: () = assert!(Feature::ALL.len() <= 64);

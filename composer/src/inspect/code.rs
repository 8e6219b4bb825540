//! Which features function bodies use. Each operator is decoded once.

use super::feature::{Feature, Features};
use crate::Input;
use crate::component::limits::{MAX_BODY, MAX_ITEMS};
use crate::component::sections;
use rayon::prelude::*;
use std::io;
use std::ops::Range;
use wasmparser::{
    AbstractHeapType, BinaryReader, BlockType, BrTable, Catch, FunctionBody, HeapType, Ieee32,
    Ieee64, MemArg, MemArgTarget, OperatorsReader, OperatorsReaderAllocations, Ordering, RefType,
    ResumeTable, TryTable, V128, ValType, VisitOperator, VisitSimdOperator,
};

/// How much code is held in memory at once; a single larger body is held whole.
const BATCH: u64 = 4 << 20;

/// What the `count` bodies that stand at `range` of `input` use.
pub(super) fn features(input: &dyn Input, count: u32, range: Range<u64>) -> io::Result<Features> {
    let mut found = Features::NONE;
    let mut left = count.min(MAX_ITEMS as u32) as usize;
    let mut at = range.start;
    let mut batch = BATCH;
    let mut bytes = Vec::new();
    while left > 0 && at < range.end {
        let len = (range.end - at).min(batch);
        bytes.resize(len as usize, 0);
        input.read_at(at, &mut bytes)?;
        let (bodies, taken) = split(&bytes, at, left);
        if bodies.is_empty() {
            // A body that is cut short, or larger than any may be.
            if at + len == range.end || batch > 2 * MAX_BODY {
                found.add(Feature::Unknown);
                break;
            }
            batch *= 2;
            continue;
        }
        batch = BATCH;
        at += taken;
        left -= bodies.len();
        found.extend(in_bodies(bodies));
    }
    Ok(found)
}

/// The bodies, `most` of them, that lie whole within `bytes`, which stand at `offset` of the input, and
/// their length.
fn split(bytes: &[u8], offset: u64, most: usize) -> (Vec<BinaryReader<'_>>, u64) {
    let mut reader = sections::reader(bytes, offset);
    let mut bodies = Vec::new();
    let mut taken = 0;
    while bodies.len() < most
        && let Ok(body) = reader.read_reader()
    {
        bodies.push(body);
        taken = reader.current_position() as u64;
    }
    (bodies, taken)
}

fn in_bodies(bodies: Vec<BinaryReader<'_>>) -> Features {
    bodies
        .into_par_iter()
        .with_min_len(64)
        .map_init(OperatorsReaderAllocations::default, |allocations, body| {
            let mut found = Found::default();
            if in_body(body, allocations, &mut found).is_err() {
                found.0.add(Feature::Unknown);
            }
            found.0
        })
        .reduce(Features::default, |mut a, b| {
            a.extend(b);
            a
        })
}

/// Looks at a body up to the first operator that is not known.
fn in_body(
    body: BinaryReader<'_>,
    allocations: &mut OperatorsReaderAllocations,
    found: &mut Found,
) -> wasmparser::Result<()> {
    let body = FunctionBody::new(body);
    for local in body.get_locals_reader()? {
        found.look(&local?.1);
    }
    let operators = body.get_binary_reader_for_operators()?;
    let mut operators = OperatorsReader::new_with_allocs(operators, std::mem::take(allocations));
    while !operators.eof() {
        operators.visit_operator(found)?;
    }
    *allocations = operators.into_allocations();
    Ok(())
}

/// The features of the operators and types that were looked at.
#[derive(Default)]
pub(super) struct Found(pub(super) Features);

impl Found {
    pub(super) fn look(&mut self, thing: &impl Look) {
        self.0.extend(thing.features());
    }
}

/// Something that may be of a feature: a type, or what an operator is written with.
pub(super) trait Look {
    fn features(&self) -> Features {
        Features::NONE
    }
}

impl Look for u8 {}
impl Look for u32 {}
impl Look for i32 {}
impl Look for i64 {}
impl Look for Ieee32 {}
impl Look for Ieee64 {}
impl Look for V128 {}
impl Look for [u8; 16] {}
impl Look for BrTable<'_> {}
impl Look for ResumeTable {}

impl Look for BlockType {
    fn features(&self) -> Features {
        match self {
            BlockType::Empty => Features::NONE,
            BlockType::Type(ty) => ty.features(),
            BlockType::FuncType(_) => Features::of(Feature::MultiValue),
        }
    }
}

impl Look for TryTable {
    fn features(&self) -> Features {
        let mut found = self.ty.features();
        let has_reference =
            |catch: &Catch| matches!(catch, Catch::OneRef { .. } | Catch::AllRef { .. });
        if self.catches.iter().any(has_reference) {
            found.add(Feature::Exceptions);
        }
        found
    }
}

impl Look for MemArg {
    fn features(&self) -> Features {
        let mut found = Features::NONE;
        if self.ordering.is_some() {
            found.add(Feature::AcquireReleaseAtomics);
        }
        if matches!(self.target, MemArgTarget::Array(_)) {
            found.add(Feature::MultibyteArrayAccess);
        }
        found
    }
}

impl Look for Ordering {
    fn features(&self) -> Features {
        match self {
            Ordering::AcqRel => Features::of(Feature::AcquireReleaseAtomics),
            Ordering::SeqCst => Features::NONE,
        }
    }
}

impl Look for Vec<ValType> {
    fn features(&self) -> Features {
        let mut found = Found::default();
        self.iter().for_each(|ty| found.look(ty));
        found.0
    }
}

impl Look for ValType {
    fn features(&self) -> Features {
        match self {
            ValType::I32 | ValType::I64 | ValType::F32 | ValType::F64 => Features::NONE,
            ValType::V128 => Features::of(Feature::Simd),
            ValType::Ref(ty) => ty.features(),
        }
    }
}

impl Look for RefType {
    fn features(&self) -> Features {
        let mut found = self.heap_type().features();
        if !self.is_nullable() {
            found.add(Feature::FunctionReferences);
        }
        found
    }
}

impl Look for HeapType {
    fn features(&self) -> Features {
        use AbstractHeapType::{
            Any, Array, Cont, Eq, Exn, Extern, Func, I31, NoCont, NoExn, NoExtern, NoFunc, None,
            Struct,
        };
        let (ty, shared) = match self {
            HeapType::Concrete(_) => return Features::of(Feature::FunctionReferences),
            HeapType::Exact(_) => return Features::of(Feature::CustomDescriptors),
            HeapType::Abstract { ty, shared } => (ty, *shared),
        };
        let mut found = Features::of(match ty {
            Func | Extern => Feature::ReferenceTypes,
            Any | None | NoExtern | NoFunc | Eq | Struct | Array | I31 => Feature::Gc,
            Exn | NoExn => Feature::Exceptions,
            Cont | NoCont => Feature::StackSwitching,
        });
        if shared {
            found.add(Feature::SharedEverything);
        }
        found
    }
}

/// The features of a proposal, by wasmparser's name for it. There is no arm for other names, so that
/// a proposal that comes with a newer wasmparser is noticed.
macro_rules! proposal {
    (mvp) => {
        Features::NONE
    };
    (sign_extension) => {
        Features::of(Feature::SignExtension)
    };
    (gc) => {
        Features::of(Feature::Gc)
    };
    (custom_descriptors) => {
        Features::of(Feature::CustomDescriptors)
    };
    (saturating_float_to_int) => {
        Features::of(Feature::SaturatingFloatToInt)
    };
    (bulk_memory) => {
        Features::of(Feature::BulkMemory)
    };
    (reference_types) => {
        Features::of(Feature::ReferenceTypes)
    };
    (tail_call) => {
        Features::of(Feature::TailCall)
    };
    (memory_control) => {
        Features::of(Feature::MemoryControl)
    };
    (threads) => {
        Features::of(Feature::Threads)
    };
    (simd) => {
        Features::of(Feature::Simd)
    };
    (relaxed_simd) => {
        Features::of(Feature::RelaxedSimd)
    };
    (exceptions) => {
        Features::of(Feature::Exceptions)
    };
    (legacy_exceptions) => {
        Features::of(Feature::LegacyExceptions)
    };
    (shared_everything_threads) => {
        Features::of(Feature::SharedEverything)
    };
    (function_references) => {
        Features::of(Feature::FunctionReferences)
    };
    (stack_switching) => {
        Features::of(Feature::StackSwitching)
    };
    (wide_arithmetic) => {
        Features::of(Feature::WideArithmetic)
    };
    (acquire_release_atomics) => {
        Features::of(Feature::AcquireReleaseAtomics)
    };
}

macro_rules! visit {
    ($( @$proposal:ident $op:ident $({ $($arg:ident: $argty:ty),* })? => $visit:ident ($($ann:tt)*) )*) => {
        $(
            fn $visit(&mut self $($(, $arg: $argty)*)?) {
                self.0.extend(proposal!($proposal));
                $( $( self.look(&$arg); )* )?
            }
        )*
    };
}

impl<'a> VisitOperator<'a> for Found {
    type Output = ();

    fn simd_visitor(&mut self) -> Option<&mut dyn VisitSimdOperator<'a, Output = ()>> {
        Some(self)
    }

    wasmparser::for_each_visit_operator!(visit);
}

impl VisitSimdOperator<'_> for Found {
    wasmparser::for_each_visit_simd_operator!(visit);
}

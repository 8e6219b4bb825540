//! Function bodies, validated on every core.

use super::limits::MAX_BODY;
use super::sections::{self, Fault};
use crate::Input;
use rayon::prelude::*;
use std::io;
use std::ops::Range;
use wasmparser::{
    Error, FuncToValidate, FuncValidatorAllocations, FunctionBody, Validator, ValidatorResources,
};

/// How much code is held in memory at once; a single larger body is held whole.
const BATCH: u64 = 4 << 20;
/// What takes longer to hand to other threads than to validate.
const SMALL: usize = 16 << 10;

/// What came of validating bodies.
pub(super) enum Verdict {
    /// Every body is valid, or uses instructions that are newer than this validator.
    Valid,
    /// The first body that is not valid says why.
    Invalid(Fault),
}

struct Body {
    function: FuncToValidate<ValidatorResources>,
    start: u64,
    range: Range<usize>,
}

/// Validates `count` bodies that stand at `range` of `input`.
pub(super) fn validate(
    validator: &mut Validator,
    input: &dyn Input,
    count: u32,
    range: Range<u64>,
) -> io::Result<Verdict> {
    let mut left = count;
    let mut at = range.start;
    let mut batch = BATCH;
    while left > 0 {
        let len = (range.end - at).min(batch);
        let mut bytes = vec![0; len as usize];
        input.read_at(at, &mut bytes)?;
        let is_last = at + len == range.end;
        let bodies = match split(validator, &bytes, at, left, is_last) {
            Ok(bodies) => bodies,
            Err(error) => return Ok(Verdict::Invalid(error.into())),
        };
        let Some(last) = bodies.last() else {
            // A body is larger than this: the largest that may be is soon held whole.
            if batch > 2 * MAX_BODY {
                return Ok(Verdict::Invalid(Fault {
                    offset: at,
                    message: format!("function body size count exceeds limit of {MAX_BODY}"),
                }));
            }
            batch *= 2;
            continue;
        };
        batch = BATCH;
        left -= bodies.len() as u32;
        at += last.range.end as u64;
        if let Some(error) = first_error(bodies, &bytes) {
            return Ok(Verdict::Invalid(error.into()));
        }
    }
    if at == range.end {
        Ok(Verdict::Valid)
    } else {
        Ok(Verdict::Invalid(Fault {
            offset: at,
            message: "bytes are left over at the end of the code section".to_owned(),
        }))
    }
}

/// The bodies that lie whole within `bytes`, which stand at `offset` of the input.
fn split(
    validator: &mut Validator,
    bytes: &[u8],
    offset: u64,
    most: u32,
    is_last: bool,
) -> Result<Vec<Body>, Error> {
    let mut reader = sections::reader(bytes, offset);
    let mut bodies = Vec::new();
    while bodies.len() < most as usize {
        let body = match reader.read_reader() {
            Ok(body) => body,
            Err(error) if is_last => return Err(error),
            Err(_) => break,
        };
        let end = reader.current_position();
        let start = body.original_position();
        bodies.push(Body {
            range: end - body.bytes_remaining()..end,
            function: validator.code_section_entry(&FunctionBody::new(body))?,
            start,
        });
    }
    Ok(bodies)
}

/// The error of the first body that has one, whichever was found first.
fn first_error(bodies: Vec<Body>, bytes: &[u8]) -> Option<Error> {
    let error = |allocations: &mut FuncValidatorAllocations, body: Body| {
        let code = bytes.get(body.range).unwrap_or_default();
        let mut validator = body.function.into_validator(std::mem::take(allocations));
        let result = validator.validate(&FunctionBody::new(sections::reader(code, body.start)));
        *allocations = validator.into_allocations();
        result.err().filter(|error| !is_newer(error))
    };
    if bytes.len() <= SMALL {
        let mut allocations = FuncValidatorAllocations::default();
        let mut bodies = bodies.into_iter();
        return bodies.find_map(|body| error(&mut allocations, body));
    }
    bodies
        .into_par_iter()
        .with_min_len(64)
        .map_init(FuncValidatorAllocations::default, error)
        .flatten()
        .min_by_key(Error::offset)
}

/// Whether the validator only lacks an instruction: code from a newer toolchain is composed as it is.
fn is_newer(error: &Error) -> bool {
    let message = error.message();
    message.starts_with("illegal opcode") || message.starts_with("unknown 0x")
}

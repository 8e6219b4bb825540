//! What must be true of every answer, whatever the input.

use tenon_composer::{
    Anatomy, Arena, Bodies, Composition, Diagram, Error, ErrorKind, Input, Options, Request,
    Source, encode, inspect, plug, validate,
};
use wasmparser::{Validator, WasmFeatures};

/// No message is longer than this, whatever was in the input.
const MAX_MESSAGE: usize = 4 << 10;
/// What the inputs are called.
pub(crate) const NAME: &str = "hostile";

pub(crate) fn source<'i>(name: &str, input: &'i dyn Input) -> Source<'i> {
    Source {
        name: name.to_owned(),
        input,
        digest: None,
        bodies: Bodies::Validate,
    }
}

/// Reads a component.
pub(crate) fn read(input: &dyn Input) -> Result<(), Error> {
    sane(Arena::new().read_release(source(NAME, input)).map(drop))
}

/// Reads, validates, inspects and draws, and gives what reading says.
pub(crate) fn look(input: &dyn Input) -> Result<(), Error> {
    let read = read(input);
    let valid = sane(validate(&source(NAME, input)));
    assert_eq!(read.is_ok(), valid.is_ok(), "{read:?} but {valid:?}");
    if let Ok(anatomy) = sane(inspect(NAME, input)) {
        draw(&anatomy);
    }
    read
}

/// Draws what was looked at.
pub(crate) fn draw(anatomy: &Anatomy) {
    let diagram = Diagram::from(anatomy);
    for text in [diagram.text(), diagram.dot(), diagram.mermaid()] {
        assert!(!text.is_empty());
    }
}

/// A result, of which an error has everything that an error must have.
pub(crate) fn sane<T>(result: Result<T, Error>) -> Result<T, Error> {
    if let Err(error) = &result {
        assert!(error.code().starts_with("compose::"), "{error:?}");
        assert!(error.help().is_some(), "{error:?}");
        let message = error.to_string();
        assert!(
            !message.is_empty() && message.len() <= MAX_MESSAGE,
            "{} bytes: {:?}",
            message.len(),
            message.get(..400)
        );
        assert!(
            !matches!(error.kind(), ErrorKind::InvalidOutput { .. }),
            "{error:?}"
        );
    }
    result
}

/// The offset that an error speaks of.
pub(crate) fn offset(error: &Error) -> Option<u64> {
    match error.kind() {
        ErrorKind::Truncated { offset, .. }
        | ErrorKind::Trailing { offset, .. }
        | ErrorKind::NewerThanUs { offset, .. }
        | ErrorKind::Invalid { offset, .. } => Some(*offset),
        _ => None,
    }
}

/// That the error is about `NAME` and a place of an input of `size` bytes.
pub(crate) fn is_placed(error: &Error, size: usize) {
    let message = error.to_string();
    assert!(message.contains(&format!("`{NAME}`")), "{message}");
    let offset = offset(error).unwrap_or_else(|| panic!("no offset: {message}"));
    assert!(offset <= size as u64, "{message}");
    assert!(message.contains(&format!("{offset:#x}")), "{message}");
}

/// Plugs components into the first; what comes out is valid for an independent judge.
pub(crate) fn compose(inputs: &[&[u8]]) -> Result<Vec<u8>, Error> {
    let composed = composed(inputs)?;
    assert_eq!(is_valid(&composed), Ok(()), "an invalid composition");
    Ok(composed)
}

pub(crate) fn composed(inputs: &[&[u8]]) -> Result<Vec<u8>, Error> {
    let inputs: Vec<&dyn Input> = inputs.iter().map(|input| input as &dyn Input).collect();
    let composition = sane(compose_inputs(&inputs))?;
    Ok(composition.to_bytes().unwrap())
}

pub(crate) fn compose_inputs<'i>(inputs: &[&'i dyn Input]) -> Result<Composition<'i>, Error> {
    let mut arena = Arena::new();
    let mut ids = Vec::new();
    for (number, input) in inputs.iter().enumerate() {
        ids.push(arena.read(source(&format!("{NAME}-{number}"), *input))?);
    }
    let (socket, plugs) = ids.split_first().unwrap();
    let request = Request::new([*socket], plugs.iter().copied());
    let plan = plug(&arena, &request)?;
    encode(arena, plan.graph, &Options::default())
}

/// What wasmparser says of a whole binary; instructions of tomorrow do not count.
pub(crate) fn is_valid(bytes: &[u8]) -> Result<(), String> {
    let mut validator = Validator::new_with_features(WasmFeatures::all());
    match validator.validate_all(bytes) {
        Ok(_) => Ok(()),
        Err(error) => {
            let message = error.message();
            let is_newer =
                message.starts_with("illegal opcode") || message.starts_with("unknown 0x");
            match is_newer {
                true => Ok(()),
                false => Err(error.to_string()),
            }
        }
    }
}

//! How the worlds of two compositions differ.

use tenon_composer::{Arena, Source, diff};
use wasmparser::component_types::ComponentEntityType;
use wasmparser::{Validator, WasmFeatures};

/// How the worlds of two valid components differ; nothing, if either can stand for the other.
///
/// [`diff()`] says what differs. The validator is asked too: it knows of types that no WIT can express.
pub(crate) fn apart(ours: &Vec<u8>, theirs: &Vec<u8>) -> Vec<String> {
    let mut arena = Arena::new();
    let mut read = |name, bytes| arena.read_release(Source::new(name, bytes)).unwrap();
    let (ours_id, theirs_id) = (read("ours", ours), read("theirs", theirs));
    let changes = diff(&arena, theirs_id, ours_id).changes.into_iter();
    let mut apart: Vec<_> = changes
        .map(|change| {
            let path: Vec<_> = change.path.iter().map(ToString::to_string).collect();
            format!("{}: {:?}", path.join(", "), change.what)
        })
        .collect();
    if apart.is_empty() && subtypes(ours, theirs) != [true, true] {
        apart.push("a type that no WIT can express".to_owned());
    }
    apart
}

/// Whether the type of the one component is below that of the other, and the other way round.
fn subtypes(one: &[u8], other: &[u8]) -> [bool; 2] {
    const COMPONENT_SECTION: u8 = 4;
    let mut both = b"\0asm\x0d\0\x01\0".to_vec();
    for component in [one, other] {
        both.push(COMPONENT_SECTION);
        both.extend(length(component.len()));
        both.extend(component);
    }
    let mut validator = Validator::new_with_features(WasmFeatures::all());
    let types = validator.validate_all(&both).unwrap();
    let types = types.as_ref();
    let [one, other] = [0, 1].map(|at| ComponentEntityType::Component(types.component_at(at)));
    let is_below = |a, b| ComponentEntityType::is_subtype_of(a, types, b, types);
    [is_below(&one, &other), is_below(&other, &one)]
}

/// A number in LEB128.
fn length(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (number & 0x7f) as u8;
        number >>= 7;
        match number {
            0 => {
                bytes.push(low);
                return bytes;
            }
            _ => bytes.push(low | 0x80),
        }
    }
}

#[test]
fn what_wit_cannot_express_is_compared() {
    let component = |text: &str| wat::parse_str(format!("(component {text})")).unwrap();
    let func = component(r#"(type (export "a") (component (export "b" (func))))"#);
    let more =
        component(r#"(type (export "a") (component (export "b" (func)) (import "c" (func))))"#);
    assert_eq!(apart(&func, &func.clone()), Vec::<String>::new());
    assert!(!apart(&func, &more).is_empty());
    assert!(!apart(&more, &func).is_empty());
    let interface = component(r#"(type (export "a") (instance (export "b" (func))))"#);
    let other = component(r#"(type (export "a") (instance (export "b" (func (result u8)))))"#);
    assert!(!apart(&interface, &other).is_empty());
}

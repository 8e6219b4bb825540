//! What a diff calls major is what cannot take the place of the old one, asked of other code: whether
//! what was plugged into the old one, or it into others, still is with the new one.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop where it fails"
)]

#[path = "cases/component.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod component;

use component::Names;
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use tenon_composer::{
    Arena, Bodies, ComponentId, ErrorKind, Impact, Request, Source, State, What, diff, plug,
};

/// Versions of an interface, each with a name that a world gives it and what it has.
const INTERFACES: [(&str, &str); 10] = [
    ("", ""),
    ("1.0.0", "f: func() -> u32;"),
    ("1.1.0", "f: func() -> u32;"),
    ("1.1.0", "f: func() -> u32; g: func();"),
    ("1.0.0", "f: func() -> u64;"),
    ("1.0.0", "f: async func() -> u32;"),
    ("2.0.0", "f: func() -> u32;"),
    ("1.0.0", "record p { x: u32 } f: func() -> p;"),
    ("1.0.0", "record p { x: u32, y: u32 } f: func() -> p;"),
    ("1.0.0", "resource r { m: func(); } f: func() -> r;"),
];

/// A world with one of them on either side, by their numbers.
type World = (usize, usize);

fn wit((import, export): World) -> String {
    let item = |word: &str, name: &str, at: usize| match INTERFACES[at].0 {
        "" => String::new(),
        version => format!("{word} t:{name}/{name}@{version};\n"),
    };
    let package = |name: &str, at: usize| match INTERFACES[at] {
        ("", _) => String::new(),
        (version, body) => {
            format!("package t:{name}@{version} {{ interface {name} {{ {body} }} }}\n")
        }
    };
    format!(
        "package t:w;\nworld w {{ {}{}export run: func(); }}\n{}{}",
        item("import", "in", import),
        item("export", "out", export),
        package("in", import),
        package("out", export),
    )
}

fn build(world: World) -> Vec<u8> {
    made(wit(world))
}

/// A component, made once.
fn made(wit: String) -> Vec<u8> {
    thread_local! {
        static MADE: RefCell<HashMap<String, Vec<u8>>> = RefCell::default();
    }
    let make = |wit: &String| component::from_wit(wit, Names::Full);
    MADE.with_borrow_mut(|all| {
        let bytes = all.entry(wit).or_insert_with_key(make);
        bytes.clone()
    })
}

/// Something that imports what `world` exports.
fn consumer(world: World) -> Vec<u8> {
    made(wit((0, world.1)).replace("export t:out", "import t:out"))
}

/// Something that exports what `world` imports.
fn provider(world: World) -> Vec<u8> {
    made(wit((world.0, 0)).replace("import t:in", "export t:in"))
}

fn read<'i>(arena: &mut Arena<'i>, name: &str, bytes: &'i Vec<u8>) -> ComponentId {
    arena
        .read(Source {
            name: name.to_owned(),
            input: bytes,
            digest: None,
            bodies: Bodies::Skip,
        })
        .unwrap()
}

/// Whether `provider` fills every import of `consumer`.
fn fills(provider: &Vec<u8>, consumer: &Vec<u8>) -> bool {
    let mut arena = Arena::new();
    let socket = read(&mut arena, "socket", consumer);
    let plugs = [read(&mut arena, "plug", provider)];
    let request = Request::new([socket], plugs);
    match plug(&arena, &request) {
        Ok(plan) => {
            let mut imports = plan
                .imports
                .iter()
                .filter(|import| import.consumer == "socket");
            imports.all(|import| matches!(import.state, State::Filled { .. }))
        }
        Err(error) => {
            let ErrorKind::NothingPlugged { .. } = error.kind() else {
                panic!("{error}");
            };
            false
        }
    }
}

/// Whether something that has nothing open fills all of nothing: a plan needs a plug that is used.
fn takes_the_place(old: World, new: World, bytes: &Vec<u8>) -> bool {
    let serves = old.1 == 0 || fills(bytes, &consumer(old));
    let is_content = match (old.0, new.0) {
        (_, 0) => true,
        (0, _) => false,
        _ => fills(&provider(old), bytes),
    };
    serves && is_content
}

fn check(old: World, new: World) {
    let (before, after) = (build(old), build(new));
    let mut arena = Arena::new();
    let ids = (
        read(&mut arena, "old", &before),
        read(&mut arena, "new", &after),
    );
    let (there, back) = (diff(&arena, ids.0, ids.1), diff(&arena, ids.1, ids.0));
    let (old_wit, new_wit) = (wit(old), wit(new));
    let about = || format!("{old_wit}\n{new_wit}\n{there:#?}");
    assert_eq!(there.impact.is_none(), old == new, "{}", about());
    assert_eq!(
        there.impact == Some(Impact::Major),
        !takes_the_place(old, new, &after),
        "{}",
        about()
    );
    assert!(there.is_whole);
    assert_eq!(
        there.impact == Some(Impact::Major),
        there
            .changes
            .iter()
            .any(|change| change.impact == Impact::Major),
        "{}",
        about()
    );

    // What came on the one way goes on the other.
    let count = |diff: &tenon_composer::Diff, came: bool| {
        let all = diff.changes.iter();
        all.filter(|change| match change.what {
            What::Added { .. } => came,
            What::Removed { .. } => !came,
            _ => false,
        })
        .count()
    };
    assert_eq!(count(&there, true), count(&back, false), "{}", about());
    assert_eq!(count(&there, false), count(&back, true), "{}", about());
    let places = |diff: &tenon_composer::Diff| -> BTreeSet<_> {
        let all = diff.changes.iter().map(|change| {
            let steps = change.path.iter().map(ToString::to_string);
            let steps = steps.map(|step| step.split('@').next().unwrap().to_owned());
            steps.collect::<Vec<_>>()
        });
        all.collect()
    };
    assert_eq!(places(&there), places(&back), "{}", about());
}

#[test]
fn major_is_what_cannot_be_plugged_any_more() {
    for old in 0..INTERFACES.len() {
        for new in 0..INTERFACES.len() {
            check((old, 0), (new, 0));
            check((0, old), (0, new));
            // Both sides at once, another pair each time.
            let other = |at: usize| (at * 3 + 1) % INTERFACES.len();
            check((old, other(new)), (new, other(old)));
        }
    }
}

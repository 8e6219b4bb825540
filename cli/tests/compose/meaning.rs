//! What a composition means, whatever bytes say so: for two to be compared.

use std::collections::BTreeMap;
use std::fmt::Write;
use tenon_composer::{Anatomy, Arena, Bodies, Origin, Source, breaks, inspect};

/// Nothing, if two compositions mean the same: what they import and export, by name, kind and type,
/// and their instances, what each is made of, and what fills its imports.
pub(crate) fn difference(ours: &Vec<u8>, theirs: &Vec<u8>) -> Option<String> {
    let mut arena = Arena::new();
    let mut read = |name: &str, input| {
        let source = Source {
            name: name.to_owned(),
            input,
            digest: None,
            bodies: Bodies::Validate,
        };
        arena.read(source)
    };
    let ids = match (read("ours", ours), read("theirs", theirs)) {
        (Ok(ours), Ok(theirs)) => [ours, theirs],
        (ours, theirs) => return Some(format!("{:?}, {:?}", ours.err(), theirs.err())),
    };
    let types = [
        breaks(&arena, ids[0], ids[1]),
        breaks(&arena, ids[1], ids[0]),
    ];
    if let Some(difference) = types.iter().flatten().next() {
        return Some(difference.to_string());
    }
    let (ours, theirs) = (Meaning::of(ours).text, Meaning::of(theirs).text);
    (ours != theirs).then(|| format!("ours:\n{ours}\ntheirs:\n{theirs}"))
}

struct Meaning {
    text: String,
}

impl Meaning {
    fn of(bytes: &Vec<u8>) -> Meaning {
        let anatomy = inspect("it", bytes).unwrap();
        let mut text = String::new();
        let mut imports: Vec<_> = anatomy.imports.iter().map(|i| (i.kind, &i.name)).collect();
        imports.sort();
        writeln!(text, "imports {imports:?}").unwrap();
        let labels = labels(&anatomy, bytes);
        for export in &anatomy.wiring.exports {
            let from = origin(&anatomy, &export.origin, &labels);
            writeln!(text, "export {} {} = {from}", export.kind, export.name).unwrap();
        }
        let mut instances = labels;
        instances.sort();
        for instance in instances {
            writeln!(text, "instance {instance}").unwrap();
        }
        Meaning { text }
    }
}

/// A label for each instance, which says what it is made of, by what its imports are filled, and what
/// it fills: two instances have one label only where nothing tells them apart.
fn labels(anatomy: &Anatomy, bytes: &[u8]) -> Vec<String> {
    let instances = &anatomy.wiring.instances;
    let mut labels: Vec<String> = instances
        .iter()
        .map(|instance| component(anatomy, &instance.component, bytes))
        .collect();
    // Each round looks one instance farther.
    for _ in 0..instances.len() {
        let mut next = labels.clone();
        let mut users: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        for (number, instance) in instances.iter().enumerate() {
            let mut arguments: Vec<_> = instance
                .arguments
                .iter()
                .map(|argument| {
                    if let Origin::Instance { instance, path } = &argument.origin {
                        let user = format!("{} of {} by {path:?}", argument.name, labels[number]);
                        users.entry(*instance).or_default().push(user);
                    }
                    let from = origin(anatomy, &argument.origin, &labels);
                    format!("{} {} = {from}", argument.kind, argument.name)
                })
                .collect();
            arguments.sort();
            next[number] = format!("{} with {arguments:?}", labels[number]);
        }
        for (number, mut users) in users {
            users.sort();
            next[number].push_str(&format!(" for {users:?}"));
        }
        labels = next.iter().map(|label| digest(label.as_bytes())).collect();
    }
    let components = instances
        .iter()
        .map(|instance| component(anatomy, &instance.component, bytes));
    let labels = components.zip(labels);
    labels
        .map(|(part, label)| format!("{part} {label}"))
        .collect()
}

fn origin(anatomy: &Anatomy, origin: &Origin, labels: &[String]) -> String {
    match origin {
        Origin::Import { import, path } => {
            format!("import {} {path:?}", anatomy.imports[*import].name)
        }
        Origin::Instance { instance, path } => format!("{} {path:?}", labels[*instance]),
        other => format!("{other:?}"),
    }
}

/// What an instance is made of: the text of a component, since that outlasts being printed and parsed;
/// or the bytes, where they are many.
fn component(anatomy: &Anatomy, origin: &Origin, bytes: &[u8]) -> String {
    match origin {
        Origin::Import { import, .. } => format!("import {}", anatomy.imports[*import].name),
        Origin::Part { part } => {
            let range = &anatomy.root.parts[*part].range;
            let part = &bytes[range.start as usize..range.end as usize];
            if part.len() > 64 << 10 {
                return digest(part);
            }
            let printed = wasmprinter::print_bytes(part).unwrap();
            let again = wat::parse_str(&printed).unwrap();
            digest(wasmprinter::print_bytes(again).unwrap().as_bytes())
        }
        other => format!("{other:?}"),
    }
}

fn digest(bytes: &[u8]) -> String {
    tenon_registry_client::Digest::of(bytes).to_string()[7..23].to_owned()
}

#[test]
fn the_wiring_is_compared() {
    let make = |wiring: &str, export: &str| {
        let text = format!(
            r#"(component
                (component $p (core module $m (func (export "f")))
                    (core instance $i (instantiate $m))
                    (func (export "f") (canon lift (core func $i "f"))))
                (component $c (import "p" (instance (export "f" (func)))))
                (import "h" (instance $h (export "f" (func))))
                {wiring}
                (alias export $p1 "f" (func $f1))
                (export "{export}" (func $f1)))"#
        );
        wat::parse_str(text).unwrap()
    };
    let c = |name: &str, from: &str| {
        format!("(instance ${name} (instantiate $c (with \"p\" (instance ${from}))))")
    };
    let p = "(instance $p1 (instantiate $p)) (instance $p2 (instantiate $p))";
    let apart = make(&format!("{p} {} {}", c("a", "p1"), c("b", "p2")), "f");
    let shared = make(&format!("{p} {} {}", c("a", "p1"), c("b", "p1")), "f");
    let host = make(&format!("{p} {} {}", c("a", "p1"), c("b", "h")), "f");
    let other_name = make(&format!("{p} {} {}", c("a", "p1"), c("b", "p2")), "g");
    let turned = make(
        &format!(
            "(instance $p2 (instantiate $p)) (instance $p1 (instantiate $p)) {} {}",
            c("b", "p2"),
            c("a", "p1")
        ),
        "f",
    );
    assert_eq!(difference(&apart, &turned), None);
    for other in [&shared, &host, &other_name] {
        assert!(difference(&apart, other).is_some());
        assert!(difference(other, &apart).is_some());
    }
}

//! What the renderers have in common: who gets what from whom, in words.

use super::{Diagram, Supplier, Wire};
use crate::name::ItemPath;
use std::collections::{BTreeMap, BTreeSet};

/// How many imports that one instance fills are each worth a word.
const MANY: usize = 8;

/// The id of a node, in languages that have ids.
pub(super) fn id(supplier: Supplier) -> String {
    match supplier {
        Supplier::Host => "host".to_owned(),
        Supplier::Node(number) => format!("n{number}"),
    }
}

/// Whether the host gives anything.
pub(super) fn has_host(diagram: &Diagram) -> bool {
    let wires = diagram.wires.iter().map(|wire| wire.supplier);
    let outlets = diagram.outlets.iter().map(|outlet| outlet.supplier);
    wires
        .chain(outlets)
        .any(|supplier| supplier == Supplier::Host)
}

/// What the instance of this number gets, by who gives it: other instances in the order in which
/// their names first come up, then the host. Each item is a line.
pub(super) fn suppliers(diagram: &Diagram, consumer: usize) -> Vec<(Supplier, Vec<String>)> {
    let from = diagram
        .wires
        .partition_point(|wire| wire.consumer < consumer);
    let wires = diagram.wires.iter().skip(from);
    let wires = wires.take_while(|wire| wire.consumer == consumer);
    let mut nodes: Vec<(Supplier, Vec<&Wire>)> = Vec::new();
    let mut places = BTreeMap::new();
    let mut host = Vec::new();
    for wire in wires {
        if wire.supplier == Supplier::Host {
            host.push(wire.export.as_str());
            continue;
        }
        let place = *places.entry(wire.supplier).or_insert_with(|| {
            nodes.push((wire.supplier, Vec::new()));
            nodes.len() - 1
        });
        if let Some((_, wires)) = nodes.get_mut(place) {
            wires.push(wire);
        }
    }
    let mut suppliers: Vec<_> = nodes
        .into_iter()
        .map(|(supplier, wires)| (supplier, lines(&wires)))
        .collect();
    if !host.is_empty() {
        suppliers.push((Supplier::Host, summary(&host)));
    }
    suppliers
}

/// The imports that one instance fills, or their packages if they are many.
fn lines(wires: &[&Wire]) -> Vec<String> {
    if wires.len() > MANY && wires.iter().all(|wire| wire.import == wire.export) {
        let names: Vec<_> = wires.iter().map(|wire| wire.import.as_str()).collect();
        return summary(&names);
    }
    wires.iter().map(|wire| line(wire)).collect()
}

/// An import, with the name the supplier has for it if that is another.
fn line(wire: &Wire) -> String {
    let import = plain(&wire.import);
    if wire.import == wire.export {
        import
    } else if wire.export.is_empty() {
        format!("{import} (all of it)")
    } else {
        format!("{import} ({})", plain(&wire.export))
    }
}

/// Names, the interfaces of one package in one line.
fn summary(names: &[&str]) -> Vec<String> {
    let mut packages: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for name in names {
        let package = ItemPath::parse(name, None).map(|path| {
            let version = name.split_once('@').map(|(_, version)| version);
            let at = if version.is_some() { "@" } else { "" };
            format!("{}{at}{}", path.package(), version.unwrap_or_default())
        });
        let key = package.unwrap_or_else(|| (*name).to_owned());
        packages.entry(key).or_default().insert(name);
    }
    packages
        .into_iter()
        .map(|(package, names)| match names.len() {
            1 => names.into_iter().map(plain).collect(),
            count => format!("{} ({count} interfaces)", plain(&package)),
        })
        .collect()
}

/// What is exported, with its supplier's name for it if that is another.
pub(super) fn outlets(diagram: &Diagram) -> impl Iterator<Item = (String, Supplier)> {
    diagram.outlets.iter().map(|outlet| {
        let mut line = plain(&outlet.name);
        if outlet.name != outlet.export && !outlet.export.is_empty() {
            line = format!("{line} ({})", plain(&outlet.export));
        }
        (line, outlet.supplier)
    })
}

/// A supplier's name.
pub(super) fn name(diagram: &Diagram, supplier: Supplier) -> String {
    match supplier {
        Supplier::Host => "host".to_owned(),
        Supplier::Node(number) => diagram
            .nodes
            .get(number)
            .map_or_else(|| format!("instance {number}"), |node| plain(&node.name)),
    }
}

/// Who gives the component that an instance is of, if the composition does not have it embedded.
pub(super) fn giver(diagram: &Diagram, number: usize) -> Option<String> {
    let (supplier, component) = diagram.nodes.get(number)?.giver.as_ref()?;
    Some(match supplier {
        Supplier::Host => format!("imported as {}", plain(component)),
        Supplier::Node(_) => format!("from {} of {}", plain(component), name(diagram, *supplier)),
    })
}

/// A number of bytes, in words.
pub(super) fn size(bytes: u64) -> String {
    let kib = bytes as f64 / 1024.0;
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{kib:.1} KiB"),
        _ => format!("{:.1} MiB", kib / 1024.0),
    }
}

/// Text without characters that would move a cursor, turn the direction of writing, take no room, or
/// stand in no XML: names come from binaries and may hold anything.
pub(super) fn plain(text: &str) -> String {
    let is_odd = |c: char| {
        c.is_control()
            || matches!(c,
                '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}'
                | '\u{e0000}'..='\u{e007f}')
    };
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_odd(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

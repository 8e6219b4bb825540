//! A diagram in words, for those who do not see it.

use super::text::shortened;
use crate::draw::{Diagram, Supplier, label};
use std::collections::BTreeMap;

/// How many instances a title names.
const NAMED: usize = 4;
/// How many characters of a name are said: more than any real one has.
const LENGTH: usize = 1000;

/// What the picture is of.
pub(super) fn title(diagram: &Diagram) -> String {
    let names: Vec<String> = (0..diagram.nodes.len())
        .rev()
        .map(|node| name(diagram, Supplier::Node(node)))
        .collect();
    match names.as_slice() {
        [] => "Nothing".to_owned(),
        [name] => format!("Imports and exports of {name}"),
        names if names.len() <= NAMED => format!("Composition of {}", list(names)),
        names => {
            let named = names.get(..NAMED - 1).unwrap_or_default().join(", ");
            format!(
                "Composition of {named} and {} more",
                names.len() - (NAMED - 1)
            )
        }
    }
}

/// All that the picture shows, in sentences: who imports what from whom, and what is exported.
pub(super) fn description(diagram: &Diagram) -> String {
    let count = diagram.nodes.len();
    let mut sentences = vec![match count {
        1 => "One component.".to_owned(),
        _ => format!(
            "{count} instances of components; an arrow leads from each to what fills its imports."
        ),
    }];
    let mut imports: BTreeMap<(usize, Supplier), Vec<(&str, &str)>> = BTreeMap::new();
    for wire in &diagram.wires {
        let names = (wire.import.as_str(), wire.export.as_str());
        imports
            .entry((wire.consumer, wire.supplier))
            .or_default()
            .push(names);
    }
    // Those that others need come first in a diagram, and last in its description.
    for node in (0..count).rev() {
        if let Some(giver) = label::giver(diagram, node) {
            let name = name(diagram, Supplier::Node(node));
            sentences.push(format!(
                "{name} is an instance of a component {}.",
                said(&giver)
            ));
        }
        let mut nothing = true;
        for ((_, supplier), names) in
            imports.range((node, Supplier::Host)..(node + 1, Supplier::Host))
        {
            sentences.push(takes(diagram, node, *supplier, names) + ".");
            nothing = false;
        }
        if nothing {
            sentences.push(format!(
                "{} imports nothing.",
                name(diagram, Supplier::Node(node))
            ));
        }
    }
    let mut exports: BTreeMap<Supplier, Vec<(&str, &str)>> = BTreeMap::new();
    for outlet in &diagram.outlets {
        let names = (outlet.name.as_str(), outlet.export.as_str());
        exports.entry(outlet.supplier).or_default().push(names);
    }
    for (supplier, names) in exports {
        sentences.push(gives(diagram, supplier, &names) + ".");
    }
    sentences.join(" ")
}

/// An instance, with what is known of it.
pub(super) fn node(diagram: &Diagram, node: usize) -> String {
    let mut out = name(diagram, Supplier::Node(node));
    if let Some(giver) = label::giver(diagram, node) {
        out.push_str(&format!(" ({})", said(&giver)));
    }
    if let Some(note) = diagram
        .nodes
        .get(node)
        .and_then(|node| node.note.as_deref())
    {
        out.push_str(&format!(" ({})", said(note)));
    }
    out
}

/// That an instance imports these items from somebody.
pub(super) fn takes(
    diagram: &Diagram,
    consumer: usize,
    supplier: Supplier,
    names: &[(&str, &str)],
) -> String {
    let items: Vec<String> = names.iter().map(|names| item(*names)).collect();
    format!(
        "{} imports {} from {}",
        name(diagram, Supplier::Node(consumer)),
        list(&items),
        name(diagram, supplier)
    )
}

/// That these items are exported.
pub(super) fn gives(diagram: &Diagram, supplier: Supplier, names: &[(&str, &str)]) -> String {
    let items: Vec<String> = names.iter().map(|names| item(*names)).collect();
    let exports = if items.len() == 1 {
        "export"
    } else {
        "exports"
    };
    format!(
        "{} gives the {exports} {}",
        name(diagram, supplier),
        list(&items)
    )
}

/// Things, the last after an "and".
pub(super) fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [item] => item.clone(),
        [items @ .., last] => format!("{} and {last}", items.join(", ")),
    }
}

fn item((name, export): (&str, &str)) -> String {
    if name == export {
        said(name)
    } else if export.is_empty() {
        format!("{} (all of it)", said(name))
    } else {
        format!("{} (there {})", said(name), said(export))
    }
}

fn name(diagram: &Diagram, supplier: Supplier) -> String {
    match supplier {
        Supplier::Host => "the host".to_owned(),
        Supplier::Node(_) => shortened(&label::name(diagram, supplier), LENGTH),
    }
}

fn said(text: &str) -> String {
    shortened(&label::plain(text), LENGTH)
}

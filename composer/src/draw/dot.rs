//! A diagram in the language of Graphviz.

use super::{Diagram, Supplier, label};

pub(super) fn draw(diagram: &Diagram) -> String {
    let mut edges = String::new();
    for consumer in 0..diagram.nodes.len() {
        for (supplier, lines) in label::suppliers(diagram, consumer) {
            let lines: Vec<_> = lines.iter().map(|line| escaped(line)).collect();
            let (to, text) = (label::id(supplier), lines.join("\\n"));
            edges.push_str(&format!("  n{consumer} -> {to} [label=\"{text}\"];\n"));
        }
    }
    for (line, supplier) in label::outlets(diagram) {
        let (to, text) = (label::id(supplier), escaped(&line));
        edges.push_str(&format!(
            "  exports -> {to} [label=\"{text}\", style=dashed];\n"
        ));
    }

    let mut out = "digraph composition {\n  rankdir=LR;\n  node [shape=box];\n".to_owned();
    if !diagram.outlets.is_empty() {
        out.push_str("  exports [shape=plaintext];\n");
    }
    for number in 0..diagram.nodes.len() {
        let mut name = escaped(&label::name(diagram, Supplier::Node(number)));
        if let Some(giver) = label::giver(diagram, number) {
            name.push_str(&format!("\\n{}", escaped(&giver)));
        }
        out.push_str(&format!("  n{number} [label=\"{name}\"];\n"));
    }
    if label::has_host(diagram) {
        out.push_str("  host [shape=ellipse, style=dashed];\n");
    }
    out.push_str(&edges);
    out.push_str("}\n");
    out
}

/// The content of a quoted string, in which backslashes begin escapes and `&` begins an entity.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('&', "&amp;")
}

//! A diagram as a Mermaid flowchart.

use super::{Diagram, Supplier, label};

pub(super) fn draw(diagram: &Diagram) -> String {
    let mut edges = String::new();
    for consumer in 0..diagram.nodes.len() {
        for (supplier, lines) in label::suppliers(diagram, consumer) {
            let lines: Vec<_> = lines.iter().map(|line| escaped(line)).collect();
            let (to, text) = (label::id(supplier), lines.join("<br>"));
            edges.push_str(&format!("  n{consumer} -->|\"{text}\"| {to}\n"));
        }
    }
    for (line, supplier) in label::outlets(diagram) {
        let (to, text) = (label::id(supplier), escaped(&line));
        edges.push_str(&format!("  exports -.->|\"{text}\"| {to}\n"));
    }

    let mut out = "flowchart LR\n".to_owned();
    if !diagram.outlets.is_empty() {
        out.push_str("  exports[[\"exports\"]]\n");
    }
    for number in 0..diagram.nodes.len() {
        let mut name = escaped(&label::name(diagram, Supplier::Node(number)));
        if let Some(giver) = label::giver(diagram, number) {
            name.push_str(&format!("<br>{}", escaped(&giver)));
        }
        out.push_str(&format!("  n{number}[\"{name}\"]\n"));
    }
    if label::has_host(diagram) {
        out.push_str("  host([\"host\"])\n");
    }
    out.push_str(&edges);
    out
}

/// The content of a quoted label, in which anything but letters, digits and the marks of names may
/// mean something: a quote ends it, `#` begins an entity, others begin Markdown or HTML.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' => out.push(c),
            ' ' | '-' | '.' | '/' | ':' | '@' | '(' | ')' | ',' | '+' => out.push(c),
            c if !c.is_ascii() => out.push(c),
            c => out.push_str(&format!("#{};", u32::from(c))),
        }
    }
    out
}

//! A diagram as a tree in text.

use super::{Diagram, Supplier, label};
use crate::hash::HashSet;
use std::collections::VecDeque;

/// How deep a tree may be; what is deeper gets a tree of its own further down.
const DEPTH: usize = 40;

pub(super) fn draw(diagram: &Diagram) -> String {
    let mut tree = Tree {
        diagram,
        consumers: consumers(diagram),
        drawn: vec![false; diagram.nodes.len()],
        later: VecDeque::new(),
        out: String::new(),
    };
    let unused = |number: &usize| tree.consumers.get(*number) == Some(&0);
    let givers: HashSet<_> = diagram
        .outlets
        .iter()
        .map(|outlet| outlet.supplier)
        .collect();
    let gives = |number: &usize| givers.contains(&Supplier::Node(*number));
    let tops = (0..diagram.nodes.len()).filter(unused);
    let (sockets, others): (Vec<_>, Vec<_>) = tops.partition(gives);
    // Whatever hangs below no top, for it is in a circle, comes last.
    let all = sockets
        .into_iter()
        .chain(others)
        .chain(0..diagram.nodes.len());
    for top in all.collect::<Vec<_>>() {
        tree.draw(top);
    }
    tree.exports();
    tree.out
}

struct Tree<'d> {
    diagram: &'d Diagram,
    /// How many instances use each instance.
    consumers: Vec<usize>,
    drawn: Vec<bool>,
    later: VecDeque<usize>,
    out: String,
}

/// A line that is still to be drawn.
struct Branch {
    /// What stands before it: the lines that go past it, and its own corner.
    lead: String,
    is_last: bool,
    supplier: Supplier,
    lines: Vec<String>,
    depth: usize,
}

impl Tree<'_> {
    /// Draws the tree of an instance and those that did not fit, unless it was drawn already.
    fn draw(&mut self, top: usize) {
        self.later.push_back(top);
        while let Some(top) = self.later.pop_front() {
            if self.mark(top) {
                continue;
            }
            if !self.out.is_empty() {
                self.out.push('\n');
            }
            self.name(top);
            self.out.push('\n');
            let mut branches = self.branches(top, String::new(), 0);
            while let Some(branch) = branches.pop() {
                let below = self.branch(branch);
                branches.extend(below);
            }
        }
    }

    /// Draws a branch; gives what hangs below it, the first last.
    fn branch(&mut self, branch: Branch) -> Vec<Branch> {
        let (corner, past) = match branch.is_last {
            true => ("└── ", "    "),
            false => ("├── ", "│   "),
        };
        self.out.push_str(&branch.lead);
        self.out.push_str(corner);
        let items = branch.lines.join(", ");
        let Supplier::Node(number) = branch.supplier else {
            self.out.push_str(&format!("host: {items}\n"));
            return Vec::new();
        };
        self.out.push_str(&format!("{items} ← "));
        self.name(number);
        let is_shared = self.consumers.get(number).is_some_and(|count| *count > 1);
        let is_too_deep = branch.depth == DEPTH;
        let was_drawn = if is_too_deep {
            self.drawn.get(number).copied().unwrap_or(true)
        } else {
            self.mark(number)
        };
        let note = match (is_shared, was_drawn, is_too_deep) {
            (_, true, _) => " (shared, above)",
            (_, false, true) => " (below)",
            (true, false, false) => " (shared)",
            (false, false, false) => "",
        };
        self.out.push_str(note);
        self.out.push('\n');
        if was_drawn {
            return Vec::new();
        }
        if is_too_deep {
            self.later.push_back(number);
            return Vec::new();
        }
        self.branches(number, branch.lead + past, branch.depth + 1)
    }

    fn branches(&self, number: usize, lead: String, depth: usize) -> Vec<Branch> {
        let mut branches: Vec<_> = label::suppliers(self.diagram, number)
            .into_iter()
            .map(|(supplier, lines)| Branch {
                lead: lead.clone(),
                is_last: false,
                supplier,
                lines,
                depth,
            })
            .collect();
        if let Some(last) = branches.last_mut() {
            last.is_last = true;
        }
        branches.reverse();
        branches
    }

    /// Writes the name of an instance, and where its component is from if it is not embedded.
    fn name(&mut self, number: usize) {
        let name = label::name(self.diagram, Supplier::Node(number));
        self.out.push_str(&name);
        if let Some(giver) = label::giver(self.diagram, number) {
            self.out.push_str(&format!(" ({giver})"));
        }
    }

    fn exports(&mut self) {
        if self.diagram.outlets.is_empty() {
            return;
        }
        self.out.push_str("\nexports\n");
        let mut outlets = label::outlets(self.diagram).peekable();
        while let Some((line, supplier)) = outlets.next() {
            let corner = match outlets.peek() {
                Some(_) => "├── ",
                None => "└── ",
            };
            let name = label::name(self.diagram, supplier);
            self.out.push_str(&format!("{corner}{line} ← {name}\n"));
        }
    }

    /// Marks an instance as drawn; tells whether it was already.
    fn mark(&mut self, number: usize) -> bool {
        match self.drawn.get_mut(number) {
            Some(drawn) => std::mem::replace(drawn, true),
            None => true,
        }
    }
}

/// By how many instances each instance is used.
fn consumers(diagram: &Diagram) -> Vec<usize> {
    let mut pairs: Vec<(usize, usize)> = diagram
        .wires
        .iter()
        .filter_map(|wire| match wire.supplier {
            Supplier::Node(number) => Some((number, wire.consumer)),
            Supplier::Host => None,
        })
        .collect();
    pairs.sort_unstable();
    pairs.dedup();
    let mut counts = vec![0; diagram.nodes.len()];
    for (supplier, _) in pairs {
        if let Some(count) = counts.get_mut(supplier) {
            *count += 1;
        }
    }
    counts
}

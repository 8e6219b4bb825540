//! Drawings of a composition, for people and for programs that lay out graphs.

mod dot;
mod label;
mod mermaid;
mod text;

use crate::encode::Composition;
use crate::graph::InstanceId;
use crate::inspect::{Anatomy, Origin, Wired};
use std::collections::HashMap;
use std::sync::Arc;

/// What there is to draw: instances, what each imports from whom, and what leaves the composition.
///
/// A composition and the binary that was made of it give the same diagram.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagram {
    /// The instances, each after those that fill its imports.
    pub nodes: Vec<Node>,
    /// What fills the imports of the instances, by consumer and import.
    pub wires: Vec<Wire>,
    /// What is exported, by name.
    pub outlets: Vec<Outlet>,
}

/// An instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its name.
    pub name: String,
}

/// An import of an instance, and what fills it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wire {
    /// The number of the instance, in [`Diagram::nodes`].
    pub consumer: usize,
    /// The name of the import; where only an item within it is filled, `IMPORT#ITEM`.
    pub import: String,
    /// Who fills it.
    pub supplier: Supplier,
    /// The name by which the supplier gives it; for an item within that, `NAME#ITEM`. It is empty
    /// where the import is filled with the instance as a whole.
    pub export: String,
}

/// An export of the composition.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Outlet {
    /// Its name.
    pub name: String,
    /// Who gives it.
    pub supplier: Supplier,
    /// The name by which the supplier gives it, as in a [`Wire`].
    pub export: String,
}

/// Who gives an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Supplier {
    /// Whoever runs the composition.
    Host,
    /// The instance of this number, in [`Diagram::nodes`].
    Node(usize),
}

impl From<&Composition<'_>> for Diagram {
    fn from(composition: &Composition<'_>) -> Diagram {
        let graph = &composition.graph;
        // A composition that was encoded has no circles.
        let order = graph
            .order()
            .unwrap_or_else(|_| graph.instances().map(|(id, _)| id).collect());
        let numbers: HashMap<InstanceId, usize> = order.iter().copied().zip(0..).collect();
        let supplier = |id: InstanceId| numbers.get(&id).copied().map(Supplier::Node);

        let mut diagram = Diagram::default();
        let mut by_name = HashMap::new();
        for (number, id) in order.iter().enumerate() {
            let instance = graph.instance(*id);
            by_name.insert(instance.name(), number);
            diagram.nodes.push(Node {
                name: instance.name().to_owned(),
            });
            for (import, edge) in instance.arguments() {
                diagram
                    .wires
                    .extend(supplier(edge.provider).map(|supplier| Wire {
                        consumer: number,
                        import: import.clone(),
                        supplier,
                        export: edge.item(),
                    }));
            }
        }
        for host in &composition.imports {
            for (consumer, import) in &host.consumers {
                let consumer = by_name.get(consumer.as_str());
                diagram.wires.extend(consumer.map(|&consumer| Wire {
                    consumer,
                    import: import.clone(),
                    supplier: Supplier::Host,
                    export: host.name.clone(),
                }));
            }
        }
        for export in graph.exports() {
            let edge = &export.edge;
            diagram
                .outlets
                .extend(supplier(edge.provider).map(|supplier| Outlet {
                    name: export.name.clone(),
                    supplier,
                    export: edge.item(),
                }));
        }
        diagram.sorted()
    }
}

impl From<&Anatomy> for Diagram {
    /// A binary that is no composition is a single node.
    fn from(anatomy: &Anatomy) -> Diagram {
        if !anatomy.is_composition() {
            return single(anatomy);
        }
        let wiring = &anatomy.wiring;
        let mut diagram = Diagram::default();
        for (number, instance) in wiring.instances.iter().enumerate() {
            diagram.nodes.push(Node {
                name: name_of(anatomy, number, instance),
            });
            for argument in &instance.arguments {
                let sources = sources(anatomy, &argument.name, &argument.origin);
                let wires = sources.into_iter().map(|(import, supplier, export)| Wire {
                    consumer: number,
                    import,
                    supplier,
                    export,
                });
                diagram.wires.extend(wires);
            }
        }
        for export in &wiring.exports {
            let sources = sources(anatomy, &export.name, &export.origin);
            let outlets = sources.into_iter().map(|(name, supplier, export)| Outlet {
                name,
                supplier,
                export,
            });
            diagram.outlets.extend(outlets);
        }
        diagram.sorted()
    }
}

impl Diagram {
    /// The diagram as a tree in text: what fills the imports of each instance stands below it, the
    /// socket on top.
    pub fn text(&self) -> String {
        text::draw(self)
    }

    /// The diagram in the language of [Graphviz](https://graphviz.org/doc/info/lang.html).
    pub fn dot(&self) -> String {
        dot::draw(self)
    }

    /// The diagram as a [Mermaid](https://mermaid.js.org/syntax/flowchart.html) flowchart.
    pub fn mermaid(&self) -> String {
        mermaid::draw(self)
    }

    fn sorted(mut self) -> Diagram {
        self.wires.sort();
        self.outlets.sort();
        self
    }
}

/// A binary as one node that imports everything from the host.
fn single(anatomy: &Anatomy) -> Diagram {
    let imports = anatomy.imports.iter().map(|import| {
        let name = match &import.module {
            Some(module) => format!("{module}#{}", import.name),
            None => import.name.clone(),
        };
        Wire {
            consumer: 0,
            import: name.clone(),
            supplier: Supplier::Host,
            export: name,
        }
    });
    let exports = anatomy.exports.iter().map(|export| Outlet {
        name: export.name.clone(),
        supplier: Supplier::Node(0),
        export: export.name.clone(),
    });
    let diagram = Diagram {
        nodes: vec![Node {
            name: anatomy.name.clone(),
        }],
        wires: imports.collect(),
        outlets: exports.collect(),
    };
    diagram.sorted()
}

/// The name of an instance, or else that of its component.
fn name_of(anatomy: &Anatomy, number: usize, instance: &Wired) -> String {
    let of_component = || match &instance.component {
        Origin::Part { part } => anatomy.root.parts.get(*part)?.name.clone(),
        Origin::Import { import, .. } => Some(anatomy.imports.get(*import)?.name.clone()),
        _ => None,
    };
    let name = instance.name.clone().or_else(of_component);
    name.unwrap_or_else(|| format!("instance {number}"))
}

/// Who gives what is called `name` here, and by which name; several give parts of a bag.
fn sources(anatomy: &Anatomy, name: &str, origin: &Origin) -> Vec<(String, Supplier, String)> {
    match origin {
        Origin::Bag(items) => items
            .iter()
            .filter_map(|(item, origin)| {
                let (supplier, export) = source(anatomy, origin)?;
                Some((format!("{name}#{item}"), supplier, export))
            })
            .collect(),
        origin => source(anatomy, origin)
            .map(|(supplier, export)| (name.to_owned(), supplier, export))
            .into_iter()
            .collect(),
    }
}

fn source(anatomy: &Anatomy, origin: &Origin) -> Option<(Supplier, String)> {
    let joined = |path: &[Arc<str>]| path.join("#");
    match origin {
        Origin::Import { import, path } => {
            let mut name = anatomy.imports.get(*import)?.name.clone();
            if !path.is_empty() {
                name = format!("{name}#{}", joined(path));
            }
            Some((Supplier::Host, name))
        }
        Origin::Instance { instance, path } => Some((Supplier::Node(*instance), joined(path))),
        Origin::Part { .. } | Origin::Bag(_) | Origin::Other => None,
    }
}

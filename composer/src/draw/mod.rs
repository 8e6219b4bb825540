//! Drawings of a composition, for people and for programs that lay out graphs.

mod dot;
mod label;
mod layout;
mod link;
mod mermaid;
mod svg;
mod text;

use crate::component::{Arena, Found, Metadata};
use crate::encode::used::used_types;
use crate::encode::{closed, open_imports};
use crate::graph::{Edge, Graph, InstanceId};
use crate::hash::HashMap;
use crate::inspect::{Anatomy, Origin, Part};
use std::sync::Arc;

/// What there is to draw: instances, what each imports from whom, and what leaves the composition.
///
/// A graph and the binary that was made of it give the same diagram.
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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Who gives the component that it is an instance of, and by which name; nothing if the
    /// composition has it embedded.
    pub giver: Option<(Supplier, String)>,
    /// What else is known of what it is an instance of, in a few words: its version, its size.
    pub note: Option<String>,
    /// Where there is more about it; what is not of `http` or `https` is not drawn.
    pub link: Option<String>,
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

impl From<&Anatomy> for Diagram {
    /// A binary that is no composition is a single node.
    fn from(anatomy: &Anatomy) -> Diagram {
        if !anatomy.is_composition() {
            return single(anatomy);
        }
        let wiring = &anatomy.wiring;
        let mut diagram = Diagram::default();
        let names = anatomy.instance_names();
        for (number, (instance, name)) in wiring.instances.iter().zip(names).enumerate() {
            let node = match &instance.component {
                Origin::Part { part } => anatomy.root.parts.get(*part).map(Node::of_part),
                origin => source(anatomy, origin).map(|(giver, component)| Node {
                    giver: Some((giver, component)),
                    ..Node::default()
                }),
            };
            diagram.nodes.push(Node {
                name,
                ..node.unwrap_or_default()
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
    /// The diagram of a graph that is not encoded yet: with the exports that will be added, and what
    /// will stay imported. The components of `graph` are those of `arena`.
    ///
    /// A graph that cannot be encoded has a diagram too, so that one can see why.
    ///
    /// # Panics
    ///
    /// Panics if a component of the graph comes from another arena.
    pub fn of(arena: &Arena<'_>, graph: &Graph) -> Diagram {
        let graph = closed(arena, graph);
        let mut order = graph
            .order()
            .unwrap_or_else(|_| graph.instances().map(|(id, _)| id).collect());
        order.retain(|id| !graph.instance(*id).is_host());
        let numbers: HashMap<InstanceId, usize> = order.iter().copied().zip(0..).collect();
        let given = |edge: &Edge| match graph.instance(edge.provider).is_host() {
            true => Some((Supplier::Host, edge.item())),
            false => {
                let number = numbers.get(&edge.provider).copied()?;
                Some((Supplier::Node(number), edge.item()))
            }
        };

        let mut diagram = Diagram::default();
        for (number, id) in order.iter().enumerate() {
            let instance = graph.instance(*id);
            let component = arena.component(instance.component());
            let size = component.input().size();
            diagram.nodes.push(Node {
                name: instance.name().to_owned(),
                ..Node::of(component.metadata(), size)
            });
            for (import, edge) in instance.arguments() {
                let wire = given(edge).map(|(supplier, export)| Wire {
                    consumer: number,
                    import: import.clone(),
                    supplier,
                    export,
                });
                diagram.wires.extend(wire);
            }
        }
        let used = used_types(arena, &graph).into_iter();
        let used = used.flat_map(|(consumer, used)| used.into_iter().map(move |it| (consumer, it)));
        for (consumer, (import, used)) in used {
            let consumer = numbers.get(&consumer).copied();
            let given = given(&used);
            let wire = consumer
                .zip(given)
                .map(|(consumer, (supplier, export))| Wire {
                    consumer,
                    import: import.to_owned(),
                    supplier,
                    export,
                });
            diagram.wires.extend(wire);
        }
        for open in open_imports(arena, &graph) {
            for (consumer, import) in open.members {
                let consumer = numbers.get(&consumer).copied();
                diagram.wires.extend(consumer.map(|consumer| Wire {
                    consumer,
                    import,
                    supplier: Supplier::Host,
                    export: open.full_name.clone(),
                }));
            }
        }
        for export in graph.exports() {
            if graph.declared(arena, &export.edge).is_some() {
                continue;
            }
            let name = match graph.find(arena, &export.edge) {
                Some(Found::Item(name, item)) if name == export.name => item.full_name(name),
                _ => export.name.as_str().into(),
            };
            let given = given(&export.edge);
            diagram
                .outlets
                .extend(given.map(|(supplier, given)| Outlet {
                    name: name.into_owned(),
                    supplier,
                    export: given,
                }));
        }
        diagram.sorted()
    }

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

    /// The diagram as a picture, [SVG](https://www.w3.org/TR/SVG2/): light or dark as the reader
    /// likes it, with a description in words, and links to the pages of components.
    ///
    /// It has no script and needs nothing from elsewhere: it can be a file, stand in an `img`, or be
    /// put into a page of HTML, also where a content security policy allows no more than
    /// `style-src 'unsafe-inline'`. To the left is what is exported, to the right the host.
    pub fn svg(&self) -> String {
        svg::draw(self)
    }

    fn sorted(mut self) -> Diagram {
        self.wires.sort();
        self.outlets.sort();
        self
    }
}

impl Node {
    /// An instance without a name, of a component that says this of itself and has this size.
    fn of(metadata: &Metadata, size: u64) -> Node {
        let version = metadata.version.iter().map(|version| label::plain(version));
        let words: Vec<String> = version.chain([label::size(size)]).collect();
        let links = [&metadata.homepage, &metadata.source];
        let mut links = links.into_iter().flatten();
        Node {
            name: String::new(),
            giver: None,
            note: Some(words.join(" · ")),
            link: links.find_map(|link| link::web(link)),
        }
    }

    fn of_part(part: &Part) -> Node {
        Node::of(&part.metadata, part.size())
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
            ..Node::of_part(&anatomy.root)
        }],
        wires: imports.collect(),
        outlets: exports.collect(),
    };
    diagram.sorted()
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

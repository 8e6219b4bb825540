//! A diagram as a picture that stands for itself: no script, no font, nothing from elsewhere.

mod caption;
mod text;
mod words;

use crate::draw::layout::{Area, Block, Layout, Link, Route, Side, lay_out};
use crate::draw::{Diagram, Supplier, label, link};
use caption::Row;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use text::{Font, escaped, hash, shortened, width};

/// Colours, in light and dark. Every name has a prefix, since a picture may stand in a page; what
/// does not know custom properties takes the colours before them.
const STYLE: &str = include_str!("style.css");
/// Room around everything.
const MARGIN: f64 = 20.0;
/// Room between the frame around a composition and what is in it.
const FRAME: f64 = 18.0;
/// How high a line of a label is.
const LINE: f64 = 14.0;
/// Room between a label and its line.
const ABOVE: f64 = 5.0;
/// The radius of the circle at the outer end of exports.
const END: f64 = 4.5;
/// How many characters of a name are shown, and of what stands below it.
const NAME: usize = 30;
const NOTE: usize = 40;

pub(super) fn draw(diagram: &Diagram) -> String {
    let sketch = Sketch::of(diagram);
    let blocks: Vec<Block> = sketch.boxes.iter().map(Shape::block).collect();
    let links: Vec<Link> = sketch.lines.iter().map(Line::link).collect();
    let layout = lay_out(&blocks, &links);
    Page {
        diagram,
        sketch: &sketch,
        layout: &layout,
        out: String::new(),
    }
    .draw()
}

/// What is drawn.
struct Sketch {
    boxes: Vec<Shape>,
    lines: Vec<Line>,
    /// Who gives what is exported.
    gives: BTreeSet<Supplier>,
}

/// A box, or the end of a line that leads out.
struct Shape {
    kind: Kind,
    width: f64,
    height: f64,
}

enum Kind {
    /// The instance of this number.
    Node(usize),
    Host,
    /// The outer end of exports, with their names.
    Exports(Vec<Row>, Vec<String>),
}

/// A line from who imports to who provides.
struct Line {
    from: usize,
    to: usize,
    rows: Vec<Row>,
    title: String,
}

impl Sketch {
    fn of(diagram: &Diagram) -> Sketch {
        let mut boxes: Vec<Shape> = (0..diagram.nodes.len())
            .map(|at| Shape::node(diagram, at))
            .collect();
        let count = diagram.nodes.len();
        let mut lines = Vec::new();
        let mut exports: BTreeMap<Supplier, Vec<(&str, &str)>> = BTreeMap::new();
        for outlet in &diagram.outlets {
            let names = (outlet.name.as_str(), outlet.export.as_str());
            exports.entry(outlet.supplier).or_default().push(names);
        }
        let mut imports: BTreeMap<(usize, Supplier), Vec<(&str, &str)>> = BTreeMap::new();
        for wire in &diagram.wires {
            let names = (wire.import.as_str(), wire.export.as_str());
            imports
                .entry((wire.consumer, wire.supplier))
                .or_default()
                .push(names);
        }
        let is_host = |supplier: &Supplier| *supplier == Supplier::Host;
        if exports
            .keys()
            .chain(imports.keys().map(|(_, supplier)| supplier))
            .any(is_host)
        {
            boxes.push(Shape::host());
        }
        // An instance that is not there, or is its own supplier, has no line.
        let place = |supplier: Supplier| match supplier {
            Supplier::Host => Some(count),
            Supplier::Node(number) => (number < count).then_some(number),
        };
        let gives = exports.keys().copied().collect();
        for (supplier, names) in exports {
            let Some(to) = place(supplier) else { continue };
            lines.push(Line {
                from: boxes.len(),
                to,
                rows: Vec::new(),
                title: words::gives(diagram, supplier, &names),
            });
            boxes.push(Shape::exports(&names));
        }
        for ((consumer, supplier), names) in imports {
            let Some(to) = place(supplier).filter(|to| *to != consumer) else {
                continue;
            };
            if consumer >= count {
                continue;
            }
            lines.push(Line {
                from: consumer,
                to,
                rows: caption::rows(&shown(supplier, &names)),
                title: words::takes(diagram, consumer, supplier, &names),
            });
        }
        Sketch {
            boxes,
            lines,
            gives,
        }
    }
}

impl Shape {
    fn node(diagram: &Diagram, number: usize) -> Shape {
        let name = label::name(diagram, Supplier::Node(number));
        let note = note(diagram, number);
        let widest = width(&shortened(&name, NAME), Font::Name)
            .max(note.as_deref().map_or(0.0, |note| width(note, Font::Note)));
        Shape {
            kind: Kind::Node(number),
            width: (widest + 32.0).max(96.0),
            height: if note.is_some() { 50.0 } else { 38.0 },
        }
    }

    fn host() -> Shape {
        Shape {
            kind: Kind::Host,
            width: 76.0,
            height: 38.0,
        }
    }

    fn exports(names: &[(&str, &str)]) -> Shape {
        let rows = caption::rows(names);
        Shape {
            width: caption::width(&rows) + 14.0,
            height: caption::height(&rows),
            kind: Kind::Exports(
                rows,
                names.iter().map(|(name, _)| label::plain(name)).collect(),
            ),
        }
    }

    fn block(&self) -> Block {
        let side = match self.kind {
            Kind::Node(_) => Side::Middle,
            Kind::Host => Side::Right,
            Kind::Exports(..) => Side::Left,
        };
        Block {
            side,
            width: self.width,
            height: self.height,
        }
    }
}

impl Line {
    fn link(&self) -> Link {
        let label = match self.rows.is_empty() {
            true => (0.0, 0.0),
            false => (
                caption::width(&self.rows) + 8.0,
                caption::height(&self.rows),
            ),
        };
        Link {
            from: self.from,
            to: self.to,
            label,
        }
    }
}

/// The names that a label has: of what the host gives, the host's.
fn shown<'n>(supplier: Supplier, names: &[(&'n str, &'n str)]) -> Vec<(&'n str, &'n str)> {
    match supplier {
        Supplier::Host => names.iter().map(|(_, export)| (*export, *export)).collect(),
        Supplier::Node(_) => names.to_vec(),
    }
}

/// What stands below the name of an instance, cleaned and shortened.
fn note(diagram: &Diagram, number: usize) -> Option<String> {
    let note = diagram.nodes.get(number)?.note.as_deref().map(label::plain);
    let note = label::giver(diagram, number).or(note)?;
    Some(shortened(&note, NOTE))
}

/// The picture while it is written.
struct Page<'p> {
    diagram: &'p Diagram,
    sketch: &'p Sketch,
    layout: &'p Layout,
    out: String,
}

// Writing to a string cannot fail.
macro_rules! put {
    ($page:expr, $($format:tt)*) => {{ let _ = write!($page.out, $($format)*); }};
}

impl<'p> Page<'p> {
    fn draw(mut self) -> String {
        let title = words::title(self.diagram);
        let description = words::description(self.diagram);
        let has_frame = self.diagram.nodes.len() > 1;
        let frame = self.frame();
        let all = self.around(frame, has_frame);
        // Pictures in one page need ids that differ.
        let id = format!("tenon-{:016x}", hash(&description));
        let has_links = self
            .diagram
            .nodes
            .iter()
            .any(|node| url(node.link.as_deref()).is_some());
        // What is within an image has no links for those who do not see it.
        let role = if has_links { "group" } else { "img" };
        let (width, height) = (all.right - all.left, all.bottom - all.top);
        put!(
            self,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"tenon-graph\" role=\"{role}\" \
             aria-labelledby=\"{id}-title {id}-text\" viewBox=\"{} {} {width} {height}\" \
             width=\"{width}\" height=\"{height}\">\n",
            all.left,
            all.top,
        );
        put!(
            self,
            "<title id=\"{id}-title\">{}</title>\n",
            escaped(&title)
        );
        put!(
            self,
            "<desc id=\"{id}-text\">{}</desc>\n",
            escaped(&description)
        );
        put!(self, "<style>\n{STYLE}</style>\n");
        self.rectangle("tenon-paper", all, 0);
        if has_frame {
            self.rectangle("tenon-frame", frame, 12);
        }
        for (line, route) in self.sketch.lines.iter().zip(&self.layout.routes) {
            self.line(line, route);
        }
        for (number, shape) in self.sketch.boxes.iter().enumerate() {
            if let Some(area) = self.layout.blocks.get(number).copied() {
                self.shape(number, shape, area);
            }
        }
        self.out.push_str("</svg>\n");
        self.out
    }

    /// What is around the instances and their labels.
    fn frame(&self) -> Area {
        let middle = self.layout.middle;
        Area {
            left: middle.left - FRAME,
            top: middle.top - FRAME,
            right: middle.right + FRAME,
            bottom: middle.bottom + FRAME,
        }
    }

    fn around(&self, frame: Area, has_frame: bool) -> Area {
        let mut all = self.layout.all;
        if self.sketch.boxes.is_empty() {
            all = Area {
                left: 0.0,
                top: 0.0,
                right: 0.0,
                bottom: 0.0,
            };
        } else if has_frame {
            all = all.around(frame);
        }
        Area {
            left: (all.left - MARGIN).floor(),
            top: (all.top - MARGIN).floor(),
            right: (all.right + MARGIN).ceil(),
            bottom: (all.bottom + MARGIN).ceil(),
        }
    }

    fn rectangle(&mut self, class: &str, area: Area, radius: u32) {
        put!(
            self,
            "<rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{radius}\"/>\n",
            number(area.left),
            number(area.top),
            number(area.right - area.left),
            number(area.bottom - area.top),
        );
    }

    fn line(&mut self, line: &Line, route: &Route) {
        let (from, to) = (self.shape_at(line.from), self.shape_at(line.to));
        let kind = match (from, to) {
            (Some(Kind::Exports(..)), _) => " tenon-out",
            (_, Some(Kind::Host)) => " tenon-open",
            _ => "",
        };
        let straight = if route.is_straight {
            " tenon-straight"
        } else {
            ""
        };
        put!(
            self,
            "<g class=\"tenon-line{kind}{straight}\" data-from=\"{}\" data-to=\"{}\">\n<title>{}</title>\n",
            self.id(line.from),
            self.id(line.to),
            escaped(&line.title),
        );
        let begin = matches!(from, Some(Kind::Exports(..)))
            .then(|| self.layout.blocks.get(line.from))
            .flatten();
        let path = path(route, begin.map(|area| area.left + 2.0 * END));
        put!(self, "<path class=\"tenon-way\" d=\"{path}\"/>\n");
        if let Some((_, x, y)) = route.stretches.last() {
            let back = if route.is_backward { 8.0 } else { -8.0 };
            let (x, y, back) = (number(*x), number(*y), number(x + back));
            let (above, below) = (number(y - 4.0), number(y + 4.0));
            put!(
                self,
                "<path class=\"tenon-head\" d=\"M{back} {above}L{x} {y}L{back} {below}z\"/>\n"
            );
        }
        if !line.rows.is_empty() {
            let (left, bottom) = route.label;
            self.rows(&line.rows, left + 4.0, bottom - ABOVE);
        }
        self.out.push_str("</g>\n");
    }

    /// Lines of text, the last at this height.
    fn rows(&mut self, rows: &[Row], left: f64, bottom: f64) {
        for (above, row) in (0..rows.len()).rev().zip(rows) {
            let class = if row.is_dim {
                "tenon-label tenon-dim"
            } else {
                "tenon-label"
            };
            put!(
                self,
                "<text class=\"{class}\" x=\"{}\" y=\"{}\">{}</text>\n",
                number(left + row.indent),
                number(bottom - LINE * above as f64),
                escaped(&row.text),
            );
        }
    }

    fn shape(&mut self, at: usize, shape: &Shape, area: Area) {
        let id = self.id(at);
        let (x, y) = area.middle();
        match &shape.kind {
            Kind::Node(node) => self.node(*node, &id, area),
            Kind::Host => {
                put!(self, "<g class=\"tenon-host\" data-id=\"{id}\">\n");
                self.rectangle("tenon-box", area, 8);
                put!(
                    self,
                    "<text class=\"tenon-name\" x=\"{}\" y=\"{}\">host</text>\n</g>\n",
                    number(x),
                    number(y + 5.0)
                );
            }
            Kind::Exports(rows, names) => {
                let y = area.bottom - 4.0;
                put!(
                    self,
                    "<g class=\"tenon-export\" data-id=\"{id}\">\n<title>{}</title>\n",
                    escaped(&words::list(names))
                );
                put!(
                    self,
                    "<circle class=\"tenon-end\" cx=\"{}\" cy=\"{}\" r=\"{END}\"/>\n",
                    number(area.left + END),
                    number(y)
                );
                self.rows(rows, area.left + 12.0, y - ABOVE);
                self.out.push_str("</g>\n");
            }
        }
    }

    fn node(&mut self, node: usize, id: &str, area: Area) {
        let full = label::name(self.diagram, Supplier::Node(node));
        let name = shortened(&full, NAME);
        let link = self
            .diagram
            .nodes
            .get(node)
            .and_then(|node| url(node.link.as_deref()));
        if let Some(link) = &link {
            put!(
                self,
                "<a class=\"tenon-link\" href=\"{}\" rel=\"noopener noreferrer\">\n",
                escaped(link)
            );
        }
        let gives = self.sketch.gives.contains(&Supplier::Node(node));
        let kind = if gives { " tenon-gives" } else { "" };
        let is_given = self
            .diagram
            .nodes
            .get(node)
            .is_some_and(|node| node.giver.is_some());
        let given = if is_given { " tenon-given" } else { "" };
        put!(
            self,
            "<g class=\"tenon-node{kind}{given}\" data-id=\"{id}\">\n<title>{}</title>\n",
            escaped(&words::node(self.diagram, node))
        );
        self.rectangle("tenon-box", area, 8);
        let (x, y) = area.middle();
        let note = note(self.diagram, node);
        let lift = if note.is_some() { -3.0 } else { 5.0 };
        put!(
            self,
            "<text class=\"tenon-name\" x=\"{}\" y=\"{}\">{}</text>\n",
            number(x),
            number(y + lift),
            escaped(&name)
        );
        if let Some(note) = note {
            put!(
                self,
                "<text class=\"tenon-note\" x=\"{}\" y=\"{}\">{}</text>\n",
                number(x),
                number(y + 14.0),
                escaped(&note)
            );
        }
        self.out.push_str("</g>\n");
        if link.is_some() {
            self.out.push_str("</a>\n");
        }
    }

    fn shape_at(&self, number: usize) -> Option<&'p Kind> {
        self.sketch.boxes.get(number).map(|shape| &shape.kind)
    }

    fn id(&self, number: usize) -> String {
        match self.shape_at(number) {
            Some(Kind::Host) => label::id(Supplier::Host),
            Some(Kind::Exports(..)) => format!("e{number}"),
            _ => label::id(Supplier::Node(number)),
        }
    }
}

/// A path along the stretches of a route, which bends from one to the next; it begins at `begin`, if
/// that is to the left of the route.
fn path(route: &Route, begin: Option<f64>) -> String {
    let mut out = String::new();
    let Some((x, _, y)) = route.stretches.first() else {
        return out;
    };
    // Level stretches are written once it is known where they end.
    let (mut x, mut y) = (*x, *y);
    let mut written = begin.unwrap_or(x);
    let _ = write!(out, "M{} {}", number(written), number(y));
    let level = |out: &mut String, x: f64, written: &mut f64| {
        if number(x) != number(*written) {
            let _ = write!(out, "H{}", number(x));
        }
        *written = x;
    };
    for (left, right, height) in route.stretches.iter().skip(1) {
        if number(*height) != number(y) {
            level(&mut out, x, &mut written);
            let middle = number((x + left) / 2.0);
            let (end, y, height) = (number(*left), number(y), number(*height));
            let _ = write!(out, "C{middle} {y} {middle} {height} {end} {height}");
            written = *left;
        }
        (x, y) = (*right, *height);
    }
    level(&mut out, x, &mut written);
    out
}

/// A number as it stands in the picture: of one decimal at most.
fn number(value: f64) -> f64 {
    // There is no negative zero in the picture.
    (value * 10.0).round() / 10.0 + 0.0
}

/// A link that may be followed.
fn url(link: Option<&str>) -> Option<String> {
    link::web(link?)
}

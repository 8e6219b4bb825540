//! The drawings of a diagram. The picture is well-formed, complete, harmless, and drawn so that it can
//! be read.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may stop where it fails"
)]

#[path = "drawing/xml.rs"]
mod xml;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tenon_composer::{Diagram, Node, Outlet, Supplier, Wire};
use xml::Element;

/// A rectangle: left, top, right, bottom.
type Area = [f64; 4];

fn node(name: &str) -> Node {
    Node {
        name: name.to_owned(),
        ..Node::default()
    }
}

fn wire(consumer: usize, import: &str, supplier: Supplier) -> Wire {
    Wire {
        consumer,
        import: import.to_owned(),
        supplier,
        export: import.to_owned(),
    }
}

fn outlet(name: &str, supplier: Supplier) -> Outlet {
    Outlet {
        name: name.to_owned(),
        supplier,
        export: name.to_owned(),
    }
}

/// An app, a logger that needs a clock of the host, and a cache that both use.
fn shop() -> Diagram {
    Diagram {
        nodes: vec![node("cache"), node("logger"), node("app")],
        wires: vec![
            wire(1, "acme:cache/store@1.0.0", Supplier::Node(0)),
            wire(1, "wasi:clocks/wall-clock@0.2.6", Supplier::Host),
            wire(2, "acme:cache/admin@1.0.0", Supplier::Node(0)),
            wire(2, "acme:cache/store@1.0.0", Supplier::Node(0)),
            wire(2, "acme:log/logger@2.1.0", Supplier::Node(1)),
        ],
        outlets: vec![outlet("run", Supplier::Node(2))],
    }
}

/// The picture, which must be well-formed.
fn picture(diagram: &Diagram) -> Element {
    let text = diagram.svg();
    assert_eq!(text, diagram.svg());
    xml::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn number(element: &Element, name: &str) -> f64 {
    element.attributes[name].parse().unwrap()
}

fn rectangle(element: &Element) -> Area {
    let [x, y, width, height] = ["x", "y", "width", "height"].map(|name| number(element, name));
    [x, y, x + width, y + height]
}

/// The boxes, by id; of exports, the circle at their outer end.
fn boxes(picture: &Element) -> BTreeMap<String, Area> {
    let shapes = picture
        .all()
        .into_iter()
        .filter(|element| element.attributes.contains_key("data-id"));
    shapes
        .map(|shape| {
            let area = match shape.children.iter().find(|child| child.name == "rect") {
                Some(child) => rectangle(child),
                None => {
                    let circle = shape
                        .children
                        .iter()
                        .find(|child| child.name == "circle")
                        .unwrap();
                    let [x, y, r] = ["cx", "cy", "r"].map(|name| number(circle, name));
                    [x - r, y - r, x + r, y + r]
                }
            };
            (shape.attributes["data-id"].clone(), area)
        })
        .collect()
}

fn of_class<'e>(picture: &'e Element, class: &str) -> Vec<&'e Element> {
    picture
        .all()
        .into_iter()
        .filter(|element| element.has_class(class))
        .collect()
}

/// The points that a path leads through, from its first to its last.
fn points(path: &str) -> Vec<(f64, f64)> {
    let spaced: String = path
        .chars()
        .map(|c| {
            if c.is_ascii_alphabetic() {
                format!(" {c} ")
            } else {
                c.to_string()
            }
        })
        .collect();
    let mut words = spaced.split_whitespace();
    let mut points: Vec<(f64, f64)> = Vec::new();
    while let Some(command) = words.next() {
        let mut take = || words.next().unwrap().parse::<f64>().unwrap();
        let last = points.last().copied();
        match command {
            "M" => points.push((take(), take())),
            "H" => points.push((take(), last.unwrap().1)),
            "C" => {
                let (x0, y0) = last.unwrap();
                let [x1, y1, x2, y2, x3, y3] = std::array::from_fn(|_| take());
                for step in 1..=16 {
                    let t = f64::from(step) / 16.0;
                    let [a, b, c, d] = [
                        (1.0 - t).powi(3),
                        3.0 * t * (1.0 - t).powi(2),
                        3.0 * t * t * (1.0 - t),
                        t.powi(3),
                    ];
                    points.push((
                        a * x0 + b * x1 + c * x2 + d * x3,
                        a * y0 + b * y1 + c * y2 + d * y3,
                    ));
                }
            }
            other => panic!("{other}"),
        }
    }
    points
}

fn overlap(a: Area, b: Area) -> bool {
    a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3]
}

/// Checks what can be checked of any picture.
fn check(diagram: &Diagram) {
    let picture = picture(diagram);
    assert_eq!(picture.name, "svg");
    let mut ids: Vec<_> = picture
        .all()
        .iter()
        .filter_map(|e| e.attributes.get("id").cloned())
        .collect();
    let labelled: Vec<_> = picture.attributes["aria-labelledby"].split(' ').collect();
    assert_eq!(ids, labelled);
    ids.dedup();
    assert_eq!(ids.len(), 2);

    // Nothing goes out of the picture, no box touches another, no label another or a box.
    let view: Vec<f64> = picture.attributes["viewBox"]
        .split(' ')
        .map(|n| n.parse().unwrap())
        .collect();
    let view = [view[0], view[1], view[0] + view[2], view[1] + view[3]];
    let boxes = boxes(&picture);
    let mut areas: Vec<(String, Area)> =
        boxes.iter().map(|(id, area)| (id.clone(), *area)).collect();
    for label in of_class(&picture, "tenon-label") {
        let [x, y] = [number(label, "x"), number(label, "y")];
        let width = label.text.chars().filter(char::is_ascii).count() as f64 * 6.7;
        areas.push((label.text.clone(), [x, y - 10.0, x + width, y + 3.0]));
    }
    for (at, (name, area)) in areas.iter().enumerate() {
        assert!(
            view[0] <= area[0] && area[2] <= view[2],
            "{name}: {area:?} {view:?}"
        );
        assert!(
            view[1] <= area[1] && area[3] <= view[3],
            "{name}: {area:?} {view:?}"
        );
        for (other_name, other) in &areas[..at] {
            assert!(
                !overlap(*area, *other),
                "{name} {area:?} and {other_name} {other:?}"
            );
        }
    }

    // Each line begins and ends at its boxes, and runs through none.
    for line in of_class(&picture, "tenon-line") {
        let [from, to] = ["data-from", "data-to"].map(|end| boxes[&line.attributes[end]]);
        let way = line
            .children
            .iter()
            .find(|child| child.has_class("tenon-way"))
            .unwrap();
        let points = points(&way.attributes["d"]);
        let (first, last) = (points[0], points[points.len() - 1]);
        let is_at = |(x, y): (f64, f64), area: Area, side: usize| {
            (x - area[side]).abs() < 0.2 && area[1] <= y && y <= area[3]
        };
        let forward = is_at(first, from, 2) && is_at(last, to, 0);
        let backward = is_at(first, from, 0) && is_at(last, to, 2);
        assert!(forward || backward, "{first:?} {from:?} {last:?} {to:?}");
        let head = line
            .children
            .iter()
            .find(|child| child.has_class("tenon-head"))
            .unwrap();
        let tip = format!("L{} {}L", last.0, last.1);
        assert!(
            head.attributes["d"].contains(&tip),
            "{tip} {}",
            head.attributes["d"]
        );
        if line.has_class("tenon-straight") {
            continue;
        }
        for pair in points.windows(2) {
            let way = [
                pair[0].0.min(pair[1].0) + 0.2,
                pair[0].1.min(pair[1].1) + 0.2,
                pair[0].0.max(pair[1].0) - 0.2,
                pair[0].1.max(pair[1].1) - 0.2,
            ];
            for (id, area) in &boxes {
                assert!(!overlap(way, *area), "a line runs through {id}");
            }
        }
    }
}

/// A name such as one finds, or such as nobody wants to find.
fn name() -> impl Strategy<Value = String> {
    let real = prop::sample::select(vec![
        "app",
        "run",
        "acme:log/logger@1.2.0",
        "wasi:io/streams@0.2.6",
        "wasi:io/poll@0.2.6",
        "wasi:http/types@0.2.6",
        "wasi:cli/environment@0.2.6",
        "a:b/c#item",
        "",
        "日本語の名前",
    ]);
    prop_oneof![
        8 => real.prop_map(str::to_owned),
        1 => "[a-z-]{1,120}",
        1 => any::<String>(),
        1 => "[<>&\"'\u{1b}\u{202e}\u{fffe}\u{0}\\]a]{1,12}",
    ]
}

fn diagram() -> impl Strategy<Value = Diagram> {
    // Numbers of instances that are not there among them, and circles.
    let supplier =
        || prop_oneof![1 => Just(Supplier::Host), 4 => (0usize..16).prop_map(Supplier::Node)];
    let node = (name(), prop::option::of(name()), prop::option::of(name())).prop_map(
        |(name, note, link)| Node {
            giver: note
                .clone()
                .filter(|note| note.len() < 4)
                .map(|note| (Supplier::Host, note)),
            name,
            note,
            link,
        },
    );
    let wire = (0usize..15, name(), supplier(), name()).prop_map(
        |(consumer, import, supplier, export)| Wire {
            consumer,
            import,
            supplier,
            export,
        },
    );
    let outlet = (name(), supplier(), name()).prop_map(|(name, supplier, export)| Outlet {
        name,
        supplier,
        export,
    });
    let nodes = prop::collection::vec(node, 0..14);
    let wires = prop::collection::vec(wire, 0..40);
    let outlets = prop::collection::vec(outlet, 0..4);
    (nodes, wires, outlets).prop_map(|(nodes, mut wires, mut outlets)| {
        wires.sort();
        outlets.sort();
        Diagram {
            nodes,
            wires,
            outlets,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 128,
        failure_persistence: None,
        // The same cases on every run.
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_diagram_is_drawn_well(diagram in diagram()) {
        check(&diagram);
    }

    #[test]
    fn every_name_is_in_the_description(
        names in prop::collection::vec("[a-zA-Z0-9<>&\" ]{1,60}", 1..8),
        imports in prop::collection::vec("[a-z]{2,5}:[a-z]{2,5}/[a-z]{2,40}@[1-9][.][0-9][.]0", 1..30),
    ) {
        let count = names.len();
        let mut diagram = Diagram {
            nodes: names.iter().map(|name| node(name)).collect(),
            ..Diagram::default()
        };
        for (at, import) in imports.iter().enumerate() {
            let consumer = at % count;
            let supplier = match consumer {
                0 => Supplier::Host,
                _ => Supplier::Node(at % consumer),
            };
            diagram.wires.push(wire(consumer, import, supplier));
        }
        diagram.wires.sort();
        diagram.outlets.push(outlet("the-export", Supplier::Node(count - 1)));
        check(&diagram);
        let picture = picture(&diagram);
        let description = &picture.children.iter().find(|child| child.name == "desc").unwrap().text;
        for name in names.iter().chain(&imports).map(String::as_str).chain(["the-export"]) {
            prop_assert!(description.contains(name), "{name}: {description}");
        }
        let titles: Vec<_> = picture.all().into_iter().filter(|e| e.name == "title").map(|e| &e.text).collect();
        for name in names.iter().chain(&imports) {
            prop_assert!(titles.iter().any(|title| title.contains(name.as_str())), "{name}: {titles:?}");
        }
    }
}

#[test]
fn a_picture_says_in_words_what_it_shows() {
    let picture = picture(&shop());
    let text = |name: &str| {
        &picture
            .children
            .iter()
            .find(|child| child.name == name)
            .unwrap()
            .text
    };
    assert_eq!(text("title"), "Composition of app, logger and cache");
    assert_eq!(
        text("desc"),
        "3 instances of components; an arrow leads from each to what fills its imports. \
         app imports acme:cache/admin@1.0.0 and acme:cache/store@1.0.0 from cache. \
         app imports acme:log/logger@2.1.0 from logger. \
         logger imports wasi:clocks/wall-clock@0.2.6 from the host. \
         logger imports acme:cache/store@1.0.0 from cache. \
         cache imports nothing. \
         app gives the export run."
    );
    assert_eq!(picture.attributes["role"], "img");
}

#[test]
fn what_exports_stands_left_and_the_host_right() {
    let picture = picture(&shop());
    let boxes = boxes(&picture);
    let left = |id: &str| boxes[id][0];
    let order = ["e4", "n2", "n1", "n0", "host"];
    assert!(
        order.windows(2).all(|pair| left(pair[0]) < left(pair[1])),
        "{boxes:?}"
    );
    let labels: Vec<_> = of_class(&picture, "tenon-label")
        .iter()
        .map(|label| label.text.clone())
        .collect();
    assert!(
        labels.contains(&"acme:cache@1.0.0".to_owned()),
        "{labels:?}"
    );
    assert!(labels.contains(&"admin, store".to_owned()), "{labels:?}");
    let open: Vec<_> = of_class(&picture, "tenon-open")
        .iter()
        .map(|line| line.attributes["data-from"].clone())
        .collect();
    assert_eq!(open, ["n1"]);
}

#[test]
fn only_links_to_pages_are_links() {
    let linked = |link: &str| {
        let mut diagram = shop();
        diagram.nodes[0].link = Some(link.to_owned());
        let picture = picture(&diagram);
        let links = picture
            .all()
            .into_iter()
            .filter(|element| element.name == "a");
        let links: Vec<_> = links.map(|link| link.attributes["href"].clone()).collect();
        // What is in an image is no link for those who do not see it.
        assert_eq!(
            picture.attributes["role"],
            if links.is_empty() { "img" } else { "group" }
        );
        links
    };
    for link in [
        "https://example.com/x?a=1&b='2'",
        "HTTP://example.com",
        "https://[::1]:80/",
    ] {
        assert_eq!(linked(link), [link]);
    }
    for link in [
        "javascript:alert(1)",
        "data:text/html,x",
        "//example.com",
        "/page",
        "mailto:a@b.c",
        "https://",
        "https://a b",
        "https:///etc",
        "java\nscript:x",
        "https://a\"onclick=\"x",
        "vbscript://a",
        "file://host/x",
        "https://example.com/\u{202e}",
        "https://\u{e9}.example",
    ] {
        assert!(linked(link).is_empty(), "{link}");
    }
    assert!(linked(&format!("https://example.com/{}", "x".repeat(3000))).is_empty());
}

#[test]
fn a_picture_has_nothing_that_acts_or_comes_from_elsewhere() {
    let mut diagram = shop();
    diagram.nodes[1].link = Some("https://example.com/".to_owned());
    diagram.nodes[2].name = "</title><script>alert(1)</script>".to_owned();
    let picture = picture(&diagram);
    let known = [
        "a", "circle", "desc", "g", "path", "rect", "style", "svg", "text", "title",
    ];
    for element in picture.all() {
        assert!(known.contains(&element.name.as_str()), "{}", element.name);
        for name in element.attributes.keys() {
            assert!(!name.starts_with("on") && name != "style", "{name}");
        }
        if let Some(class) = element.attributes.get("class") {
            assert!(
                class.split(' ').all(|class| class.starts_with("tenon-")),
                "{class}"
            );
        }
    }
    let style = &picture
        .all()
        .into_iter()
        .find(|element| element.name == "style")
        .unwrap()
        .text;
    assert!(!style.contains("url(") && !style.contains("@import"));
    assert!(style.contains("@media (prefers-color-scheme:dark)"));
    // Every rule is of a class of ours, so that it means nothing to the page around it.
    for rule in style
        .split('}')
        .map(str::trim)
        .filter(|rule| !rule.is_empty())
    {
        let rule = rule.trim_start_matches("@media (prefers-color-scheme:dark){");
        let selectors = rule.split('{').next().unwrap();
        assert!(
            selectors
                .split(',')
                .all(|selector| selector.starts_with(".tenon-")),
            "{rule}"
        );
    }
}

#[test]
fn long_names_are_shortened_where_they_are_shown() {
    let long = "a".repeat(50) + &"z".repeat(50);
    let mut diagram = shop();
    diagram.nodes[0].name.clone_from(&long);
    let picture = picture(&diagram);
    let names: Vec<_> = of_class(&picture, "tenon-name")
        .iter()
        .map(|name| name.text.clone())
        .collect();
    assert_eq!(names[0], "aaaaaaaaaaaaaaa…zzzzzzzzzzzzzz");
    let titles = picture
        .all()
        .into_iter()
        .filter(|element| element.name == "title");
    assert!(titles.into_iter().any(|title| title.text == long));
    check(&diagram);
}

/// A composition of `count` instances, each with imports from `wires` of those before it.
fn large(count: usize, wires: usize) -> Diagram {
    // A linear congruential generator: the same wires on every run.
    let mut state = 1u64;
    let mut random = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let mut diagram = Diagram {
        nodes: (0..count)
            .map(|number| node(&format!("n{number}")))
            .collect(),
        ..Diagram::default()
    };
    for consumer in 1..count {
        for number in 0..wires {
            let import = format!("acme:p{number}/i@1.0.0");
            diagram
                .wires
                .push(wire(consumer, &import, Supplier::Node(random(consumer))));
        }
    }
    diagram.wires.sort();
    diagram
}

#[test]
fn large_compositions_are_drawn_in_time() {
    for (count, wires) in [(200, 40), (1000, 4)] {
        let diagram = large(count, wires);
        let start = Instant::now();
        let text = diagram.svg();
        let took = start.elapsed();
        assert!(
            took < Duration::from_secs(60),
            "{count} x {wires}: {took:?}"
        );
        assert!(text.ends_with("</svg>\n"));
    }
}

#[test]
fn names_cannot_break_a_drawing() {
    let name = "a\"b\\c\n<d>#e`\u{1b}[31m\u{202e}&;end";
    let diagram = Diagram {
        nodes: vec![node(name)],
        wires: vec![wire(0, name, Supplier::Host)],
        outlets: vec![Outlet {
            name: name.to_owned(),
            supplier: Supplier::Node(0),
            export: name.to_owned(),
        }],
    };
    let dot = r#""a\"b\\c\\u{a}<d>#e`\\u{1b}[31m\\u{202e}&amp;;end""#;
    assert_eq!(diagram.dot().matches(dot).count(), 3, "{}", diagram.dot());
    let mermaid = "\"a#34;b#92;c#92;u#123;a#125;#60;d#62;#35;e#96;";
    let drawn = diagram.mermaid();
    assert_eq!(drawn.matches(mermaid).count(), 3, "{drawn}");
    assert!(!diagram.text().contains(['\u{1b}', '\u{202e}']));
    assert_eq!(diagram.text().lines().count(), 5);
}

#[test]
fn host_imports_are_summarised_by_package() {
    let hosts = ["a:b/c@1.0.0", "a:b/d@1.0.0", "a:b/e@2.0.0", "f", "g:h/i"];
    let diagram = Diagram {
        nodes: vec![node("app")],
        wires: hosts.map(|name| wire(0, name, Supplier::Host)).to_vec(),
        outlets: Vec::new(),
    };
    assert_eq!(
        diagram.text(),
        "app\n└── host: a:b@1.0.0 (2 interfaces), a:b/e@2.0.0, f, g:h/i\n"
    );
}

#[test]
fn drawings_of_odd_diagrams_end() {
    // A chain that is too deep for one tree, a circle, and numbers of nodes that are not there.
    let deep = 100;
    let mut diagram = Diagram {
        nodes: (0..deep)
            .map(|number| node(&format!("n{number}")))
            .collect(),
        wires: (1..deep)
            .map(|number| wire(number, "i", Supplier::Node(number - 1)))
            .collect(),
        outlets: Vec::new(),
    };
    let text = diagram.text();
    assert!(text.starts_with("n99\n└── i ← n98\n"));
    assert_eq!(text.matches("(below)").count(), 2);
    assert_eq!(text.lines().filter(|line| line.ends_with(" n0")).count(), 1);
    assert!(text.lines().all(|line| line.chars().count() < 200));

    diagram.wires.insert(0, wire(0, "i", Supplier::Node(99)));
    diagram.wires.push(Wire {
        export: String::new(),
        ..wire(99, "j", Supplier::Node(1000))
    });
    diagram.wires.push(wire(2000, "j", Supplier::Node(1)));
    assert!(diagram.text().contains("i ← n99"));
    assert!(diagram.text().contains("j (all of it) ← instance 1000"));
    assert!(diagram.dot().ends_with("}\n"));
    assert!(diagram.mermaid().starts_with("flowchart"));
}

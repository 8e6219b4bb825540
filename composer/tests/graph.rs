//! Graphs by hand: edges to whole instances, to exports, and to what is within them.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test: a panic is how it fails"
)]

use tenon_composer::{
    Anatomy, Arena, Bodies, ComponentId, Diagram, Edge, Error, Graph, InstanceId, Options, Source,
    Supplier, encode, inspect,
};
use wasmparser::{Validator, WasmFeatures};

/// Gives numbers: as its own exports, as an instance, and as an instance within one.
const NUMBERS: &str = r#"(component
    (core module $m
        (func (export "one") (result i32) (i32.const 1))
        (func (export "two") (result i32) (i32.const 2)))
    (core instance $i (instantiate $m))
    (func $one (result u32) (canon lift (core func $i "one")))
    (func $two (result u32) (canon lift (core func $i "two")))
    (instance $inner (export "get" (func $two)))
    (instance $outer (export "get" (func $one)) (export "inner" (instance $inner)))
    (export "get" (func $one))
    (export "acme:num/outer@1.0.0" (instance $outer)))"#;

/// Wants an instance that has a number.
const APP: &str = r#"(component
    (import "num" (instance $num (export "get" (func (result u32)))))
    (alias export $num "get" (func $get))
    (export "run" (func $get)))"#;

/// Has a resource, as its own exports.
const STORE: &str = r#"(component
    (type $r' (resource (rep i32)))
    (export $r "bucket" (type $r'))
    (core module $m (func (export "open") (result i32) (i32.const 0)))
    (core instance $i (instantiate $m))
    (func (export "open") (result (own $r)) (canon lift (core func $i "open"))))"#;

/// Wants buckets from one and has a number for each.
const COUNT: &str = r#"(component
    (import "store" (instance $store
        (export "bucket" (type $r (sub resource)))
        (export "open" (func (result (own $r))))))
    (alias export $store "bucket" (type $bucket))
    (core module $m (func (export "count") (param i32) (result i32) (i32.const 3)))
    (core instance $i (instantiate $m))
    (func (export "count") (param "b" (borrow $bucket)) (result u32)
        (canon lift (core func $i "count"))))"#;

/// Wants both, of the same bucket.
const BOTH: &str = r#"(component
    (import "store" (instance $store
        (export "bucket" (type $r (sub resource)))
        (export "open" (func (result (own $r))))))
    (alias export $store "bucket" (type $bucket))
    (import "counter" (instance $counter
        (export "count" (func (param "b" (borrow $bucket)) (result u32)))))
    (alias export $store "open" (func $open))
    (export "bucket" (type $bucket))
    (export "open" (func $open)))"#;

struct Parts(Vec<(&'static str, Vec<u8>)>);

impl Parts {
    fn new(parts: &[(&'static str, &str)]) -> Parts {
        let parse = |(name, text): &(&'static str, &str)| (*name, wat::parse_str(text).unwrap());
        Parts(parts.iter().map(parse).collect())
    }

    fn read<'i>(&'i self, arena: &mut Arena<'i>) -> Vec<ComponentId> {
        let read = |(name, input): &'i (&'static str, Vec<u8>)| {
            arena.read(Source {
                name: (*name).to_owned(),
                input,
                digest: None,
                bodies: Bodies::Validate,
            })
        };
        self.0.iter().map(read).collect::<Result<_, _>>().unwrap()
    }

    /// What comes of an instance of each part, wired by `wire`.
    fn compose(
        &self,
        wire: impl FnOnce(&mut Graph, &Arena<'_>, &[InstanceId]) -> Result<(), Error>,
    ) -> Result<Made, Error> {
        let mut arena = Arena::new();
        let ids = self.read(&mut arena);
        let mut graph = Graph::new();
        let instances: Vec<_> = self
            .0
            .iter()
            .zip(ids)
            .map(|((name, _), id)| graph.add(name, id))
            .collect();
        wire(&mut graph, &arena, &instances)?;
        let drawn = Diagram::of(&arena, &graph);
        let composition = encode(arena, graph, &Options::default())?;
        let bytes = composition.to_bytes().unwrap();
        Validator::new_with_features(WasmFeatures::all())
            .validate_all(&bytes)
            .unwrap();
        let anatomy = inspect("whole", &bytes).unwrap();
        let diagram = Diagram::from(&anatomy);
        assert_eq!(diagram, drawn);
        Ok(Made { anatomy, diagram })
    }

    fn refused(
        &self,
        wire: impl FnOnce(&mut Graph, &Arena<'_>, &[InstanceId]) -> Result<(), Error>,
    ) -> (&'static str, String) {
        let error = self.compose(wire).map(|_| ()).unwrap_err();
        (error.code(), error.to_string())
    }
}

#[derive(Debug)]
struct Made {
    anatomy: Anatomy,
    diagram: Diagram,
}

impl Made {
    /// `consumer.import <- provider#item` of each wire.
    fn wires(&self) -> Vec<String> {
        let name = |number: usize| self.diagram.nodes[number].name.clone();
        let wires = self.diagram.wires.iter().map(|wire| {
            let supplier = match wire.supplier {
                Supplier::Host => "host".to_owned(),
                Supplier::Node(number) => name(number),
            };
            format!(
                "{}.{} <- {supplier}#{}",
                name(wire.consumer),
                wire.import,
                wire.export
            )
        });
        wires.collect()
    }

    fn exports(&self) -> Vec<(&str, &str)> {
        let exports = self.anatomy.exports.iter();
        exports.map(|item| (&*item.name, item.kind)).collect()
    }
}

fn path(provider: InstanceId, path: &[&str]) -> Edge {
    Edge {
        provider,
        path: path.iter().map(|name| (*name).to_owned()).collect(),
    }
}

#[test]
fn each_sort_of_edge_fills_an_import() {
    let parts = Parts::new(&[("app", APP), ("numbers", NUMBERS)]);
    for (names, expected) in [
        (&[][..], "app.num <- numbers#"),
        (
            &["acme:num/outer@1.0.0"],
            "app.num <- numbers#acme:num/outer@1.0.0",
        ),
        (
            &["acme:num/outer@1.0.0", "inner"],
            "app.num <- numbers#acme:num/outer@1.0.0#inner",
        ),
    ] {
        let made = parts.compose(|graph, arena, of| {
            graph.connect(arena, (of[0], "num"), path(of[1], names))?;
            graph.export(arena, "run", (of[0], "run"))
        });
        let made = made.unwrap();
        assert_eq!(made.wires(), [expected]);
        assert_eq!(made.exports(), [("run", "function")]);
        assert!(made.anatomy.imports.is_empty());
    }
}

#[test]
fn a_function_within_an_instance_fills_an_import() {
    let wants = r#"(component
        (import "f" (func $f (result u32)))
        (import "g" (func $g (result u32)))
        (export "f" (func $f)) (export "g" (func $g)))"#;
    let made = Parts::new(&[("wants", wants), ("numbers", NUMBERS)])
        .compose(|graph, arena, of| {
            graph.connect(arena, (of[0], "f"), path(of[1], &["get"]))?;
            let inner = ["acme:num/outer@1.0.0", "inner", "get"];
            graph.connect(arena, (of[0], "g"), path(of[1], &inner))
        })
        .unwrap();
    assert_eq!(
        made.wires(),
        [
            "wants.f <- numbers#get",
            "wants.g <- numbers#acme:num/outer@1.0.0#inner#get"
        ]
    );
}

#[test]
fn each_sort_of_edge_is_exported_under_any_name() {
    let made = Parts::new(&[("numbers", NUMBERS)])
        .compose(|graph, arena, of| {
            graph.export(arena, "all", Edge::whole(of[0]))?;
            graph.export(
                arena,
                "acme:num/renamed@2.0.0",
                (of[0], "acme:num/outer@1.0.0"),
            )?;
            graph.export(
                arena,
                "inner",
                path(of[0], &["acme:num/outer@1.0.0", "inner"]),
            )?;
            graph.export(
                arena,
                "two",
                path(of[0], &["acme:num/outer@1.0.0", "inner", "get"]),
            )?;
            graph.export(arena, "one", (of[0], "get"))
        })
        .unwrap();
    assert_eq!(
        made.exports(),
        [
            ("all", "interface"),
            ("acme:num/renamed@2.0.0", "interface"),
            ("inner", "interface"),
            ("two", "function"),
            ("one", "function"),
        ]
    );
}

#[test]
fn a_whole_instance_that_has_a_resource_is_exported() {
    let made = Parts::new(&[("store", STORE)])
        .compose(|graph, arena, of| graph.export(arena, "acme:kv/store", Edge::whole(of[0])))
        .unwrap();
    assert_eq!(made.exports(), [("acme:kv/store", "interface")]);
}

#[test]
fn a_resource_of_a_whole_instance_is_one_resource() {
    let parts = Parts::new(&[("both", BOTH), ("count", COUNT), ("store", STORE)]);
    let made = parts.compose(|graph, arena, of| {
        graph.connect(arena, (of[0], "store"), Edge::whole(of[2]))?;
        graph.connect(arena, (of[1], "store"), Edge::whole(of[2]))?;
        graph.connect(arena, (of[0], "counter"), Edge::whole(of[1]))?;
        graph.export(arena, "bucket", (of[0], "bucket"))?;
        graph.export(arena, "open", (of[0], "open"))
    });
    assert_eq!(
        made.unwrap().wires(),
        [
            "count.store <- store#",
            "both.counter <- count#",
            "both.store <- store#"
        ]
    );
}

#[test]
fn two_whole_instances_have_two_resources() {
    let parts = Parts::new(&[
        ("both", BOTH),
        ("count", COUNT),
        ("store", STORE),
        ("other", STORE),
    ]);
    let said = parts.refused(|graph, arena, of| {
        graph.connect(arena, (of[0], "store"), Edge::whole(of[2]))?;
        graph.connect(arena, (of[1], "store"), Edge::whole(of[3]))?;
        graph.connect(arena, (of[0], "counter"), Edge::whole(of[1]))
    });
    assert_eq!(
        said,
        (
            "compose::resource-clash",
            "`both` gets `store` from `store` but `counter` from `count`, which has it from `other`; \
             both must speak of the same `bucket`"
                .to_owned()
        )
    );
    // The host's buckets are not those of the store either.
    let said = parts.refused(|graph, arena, of| {
        graph.connect(arena, (of[0], "store"), Edge::whole(of[2]))?;
        graph.connect(arena, (of[0], "counter"), Edge::whole(of[1]))
    });
    assert_eq!(
        said,
        (
            "compose::resource-clash",
            "`both` gets `store` from `store` but `counter` from `count`, which has it from the host; \
             both must speak of the same `bucket`"
                .to_owned()
        )
    );
}

#[test]
fn what_uses_a_whole_instance_takes_it_along() {
    // The functions of `both` use a resource that has its name from an instance as a whole.
    let user = r#"(component
        (import "store" (instance $store
            (export "bucket" (type $r (sub resource)))
            (export "open" (func (result (own $r))))))
        (alias export $store "bucket" (type $bucket))
        (alias export $store "open" (func $open))
        (export "start" (func $open)))"#;
    let made = Parts::new(&[("user", user), ("store", STORE)])
        .compose(|graph, arena, of| {
            graph.connect(arena, (of[0], "store"), Edge::whole(of[1]))?;
            graph.export(arena, "start", (of[0], "start"))
        })
        .unwrap();
    assert_eq!(
        made.exports(),
        [
            ("bucket", "type"),
            ("store", "interface"),
            ("start", "function")
        ],
        "a function outside needs names for what it uses"
    );
}

#[test]
fn a_whole_instance_must_fit() {
    let cases = [
        (
            APP,
            r#"(component)"#,
            "`given` as a whole cannot fill import `num` of `app`: function `get` is missing",
        ),
        (
            APP,
            r#"(component (import "g" (func $g (result u64))) (export "get" (func $g)))"#,
            "`given` as a whole cannot fill import `num` of `app`: function `get`: result: expected `u32`, found `u64`",
        ),
        (
            r#"(component (import "num" (func)))"#,
            r#"(component)"#,
            "`given` as a whole cannot fill import `num` of `app`: expected a function, found an instance",
        ),
    ];
    for (app, given, message) in cases {
        let parts = Parts::new(&[("app", app), ("given", given)]);
        let said = parts
            .refused(|graph, arena, of| graph.connect(arena, (of[0], "num"), Edge::whole(of[1])));
        assert_eq!(said, ("compose::argument-type", message.to_owned()));
    }
}

#[test]
fn an_edge_to_nowhere_is_refused() {
    let parts = Parts::new(&[("app", APP), ("numbers", NUMBERS)]);
    for (names, message) in [
        (&["nope"][..], "`numbers` has no export `nope`"),
        (&["get", "get"], "`numbers` has no export `get#get`"),
        (
            &["acme:num/outer@1.0.0", "nope"],
            "`numbers` has no export `acme:num/outer@1.0.0#nope`",
        ),
    ] {
        let to = |of: &[InstanceId]| path(of[1], names);
        let connected =
            parts.refused(|graph, arena, of| graph.connect(arena, (of[0], "num"), to(of)));
        let exported = parts.refused(|graph, arena, of| graph.export(arena, "x", to(of)));
        assert_eq!(connected, ("compose::graph", message.to_owned()));
        assert_eq!(exported, connected);
    }
    let said =
        parts.refused(|graph, arena, of| graph.connect(arena, (of[0], "nope"), Edge::whole(of[1])));
    assert_eq!(said.1, "`app` has no import `nope`");
    let said = parts.refused(|graph, arena, of| {
        graph.connect(arena, (of[0], "num"), Edge::whole(of[1]))?;
        graph.connect(arena, (of[0], "num"), Edge::whole(of[1]))
    });
    assert_eq!(said.1, "import `num` of `app` is filled already");
    let said = parts.refused(|graph, arena, of| {
        graph.export(arena, "x", Edge::whole(of[1]))?;
        graph.export(arena, "x", (of[0], "run"))
    });
    assert_eq!(
        said.1,
        "the composition would have two exports called `x`: `numbers` as a whole and `run` of `app`"
    );
}

#[test]
fn an_instance_cannot_be_its_own_argument() {
    let app = r#"(component
        (import "num" (instance $num (export "get" (func (result u32)))))
        (alias export $num "get" (func $get))
        (export "get" (func $get)))"#;
    let parts = Parts::new(&[("app", app), ("next", app)]);
    let said =
        parts.refused(|graph, arena, of| graph.connect(arena, (of[0], "num"), Edge::whole(of[0])));
    assert_eq!(
        said,
        (
            "compose::cycle",
            "the components need each other in a circle: `app` imports `num` from `app`".to_owned()
        )
    );
}

//! Composes WebAssembly components.
//!
//! A component imports and exports typed interfaces. To compose is to fill the imports of one with the
//! exports of others, and to make one component of them all. This crate reads components, plans what
//! fits what, says why something does not, and encodes the result; it looks into compositions, whoever
//! made them, and tells what changed between two components. It is made to be embedded, in a build tool
//! or in a host: it does no I/O, prints nothing and keeps nothing. Bytes come in through [`Input`] and go
//! out as [`Piece`]s.
//!
//! # From components to a component
//!
//! An [`Arena`] holds the components of one composition; [`plug()`] plans, and [`encode()`] makes bytes
//! of the plan.
//!
//! ```
//! use tenon_composer::{Arena, Options, Request, Rule, Source, State, encode, plug};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // One that wants a number from somebody...
//! let app = wat::parse_str(
//!     r#"(component
//!         (import "acme:num/source@1.0.0" (instance $source (export "get" (func (result u32)))))
//!         (alias export $source "get" (func $get))
//!         (export "get" (func $get)))"#,
//! )?;
//! // ... and one that has a number, under a later version that is compatible.
//! let num = wat::parse_str(
//!     r#"(component
//!         (core module $m (func (export "get") (result i32) (i32.const 7)))
//!         (core instance $i (instantiate $m))
//!         (func $get (result u32) (canon lift (core func $i "get")))
//!         (instance $source (export "get" (func $get)))
//!         (export "acme:num/source@1.2.0" (instance $source)))"#,
//! )?;
//!
//! let mut arena = Arena::new();
//! let socket = arena.read(Source::new("app", &app))?;
//! let plugs = [arena.read(Source::new("num", &num))?];
//! let plan = plug(&arena, &Request::new([socket], plugs))?;
//!
//! // Every import is in the report: what fills it and by which rule, or what came near.
//! let import = &plan.imports[0];
//! assert_eq!((&*import.consumer, &*import.import), ("app", "acme:num/source@1.0.0"));
//! assert!(matches!(&import.state, State::Filled { provider, rule: Rule::Track, .. } if provider == "num"));
//!
//! let composition = encode(arena, plan.graph, &Options::default())?;
//! assert!(composition.imports.is_empty(), "nothing is left for the host to provide");
//! let bytes = composition.to_bytes()?;
//! # assert!(bytes.starts_with(b"\0asm"));
//! # Ok(())
//! # }
//! ```
//!
//! The same components, in whatever order they are read, give the same bytes, on every machine. What comes
//! out was validated, or it does not come out.
//!
//! # Bytes from anywhere
//!
//! Of a component only what describes it is read, and its code to be validated, on every core; to leave
//! that out, say [`Bodies::Skip`]. So a component need not be in memory. An [`Input`] is anything that can
//! be read at an offset, and a [`Composition`] is written some bytes at a time, or [piece](Piece) by piece
//! by whoever can copy faster than through memory.
//!
//! ```
//! use std::{fs::File, io, os::unix::fs::FileExt};
//! use tenon_composer::{Arena, Bodies, Input, Options, Request, Source, encode, plug};
//!
//! struct Opened(File, u64);
//!
//! impl Input for Opened {
//!     fn size(&self) -> u64 {
//!         self.1
//!     }
//!
//!     fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<()> {
//!         self.0.read_exact_at(buf, offset)
//!     }
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let at = |name: &str| folder.path().join(name);
//! # std::fs::write(at("app.wasm"), wat::parse_str(r#"(component (import "f" (func $f)) (export "go" (func $f)))"#)?)?;
//! # std::fs::write(at("f.wasm"), wat::parse_str(r#"(component
//! #     (core module $m (func (export "f"))) (core instance $i (instantiate $m))
//! #     (func $f (canon lift (core func $i "f"))) (export "f" (func $f)))"#)?)?;
//! let open = |name: &str| -> io::Result<Opened> {
//!     let file = File::open(at(name))?;
//!     let size = file.metadata()?.len();
//!     Ok(Opened(file, size))
//! };
//! let (app, f) = (open("app.wasm")?, open("f.wasm")?);
//! let mut arena = Arena::new();
//! let socket = arena.read(Source::new("app", &app))?;
//! // This one was validated before. Its digest goes into the bill of materials, if it is known.
//! let known = Source { bodies: Bodies::Skip, digest: Some([7; 32]), ..Source::new("f", &f) };
//! let plugs = [arena.read(known)?];
//! let plan = plug(&arena, &Request::new([socket], plugs))?;
//! let composition = encode(arena, plan.graph, &Options::default())?;
//! composition.write_to(&mut File::create(at("composed.wasm"))?)?;
//! # assert_eq!(std::fs::read(at("composed.wasm"))?, composition.to_bytes()?);
//! # Ok(())
//! # }
//! ```
//!
//! # When it does not fit
//!
//! An [`Error`] has a stable [code](Error::code), a sentence of [help](Error::help), and its
//! [kind](Error::kind) as data; [`explain()`] has more to say on each code. Types that differ are told
//! apart to the field:
//!
//! ```
//! # use tenon_composer::{Arena, Request, Source, plug};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let app = wat::parse_str(
//! #     r#"(component (import "acme:num/source@1.0.0" (instance (export "get" (func (result u32))))))"#,
//! # )?;
//! # let num = wat::parse_str(
//! #     r#"(component
//! #         (core module $m (func (export "get") (result i64) (i64.const 7)))
//! #         (core instance $i (instantiate $m))
//! #         (func $get (result u64) (canon lift (core func $i "get")))
//! #         (instance $source (export "get" (func $get)))
//! #         (export "acme:num/source@1.0.0" (instance $source)))"#,
//! # )?;
//! # let mut arena = Arena::new();
//! # let socket = arena.read(Source::new("app", &app))?;
//! # let plugs = [arena.read(Source::new("num", &num))?];
//! let error = plug(&arena, &Request::new([socket], plugs)).unwrap_err();
//! assert_eq!(error.code(), "compose::argument-type");
//! assert_eq!(
//!     error.to_string(),
//!     "nothing was plugged into `app`: `num` exports `acme:num/source@1.0.0`, but not as `app` \
//!      imports it: function `get`: result: expected `u32`, found `u64`"
//! );
//! # Ok(())
//! # }
//! ```
//!
//! What comes in may be hostile: nothing panics, and no input costs more than in proportion to what
//! describes it. An arena in which reading failed is as it was before.
//!
//! # When matching does not know
//!
//! A [`Request`] may say more: the order of middleware, what fills one import, what to prefer, what stays
//! open, and how the composition calls what it imports and exports.
//!
//! ```
//! # use tenon_composer::{
//! #     Arena, Member, Options, Request, Rule, Source, State, WireRequest, WiredExport, encode, plug,
//! # };
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let app = wat::parse_str(
//! #     r#"(component
//! #         (import "acme:num/source@1.0.0" (instance $source (export "get" (func (result u32)))))
//! #         (alias export $source "get" (func $get))
//! #         (export "get" (func $get)))"#,
//! # )?;
//! # let number = |n: u32| wat::parse_str(format!(
//! #     r#"(component
//! #         (core module $m (func (export "get") (result i32) (i32.const {n})))
//! #         (core instance $i (instantiate $m))
//! #         (func $get (result u32) (canon lift (core func $i "get")))
//! #         (instance $source (export "get" (func $get)))
//! #         (export "acme:num/source@1.0.0" (instance $source)))"#,
//! # ));
//! # let (seven, eight) = (number(7)?, number(8)?);
//! # let mut arena = Arena::new();
//! # let socket = arena.read(Source::new("app", &app))?;
//! # let plugs = [arena.read(Source::new("seven", &seven))?, arena.read(Source::new("eight", &eight))?];
//! // Both plugs have a number, and neither fits better.
//! let mut request = Request::new([socket], plugs);
//! assert_eq!(plug(&arena, &request).unwrap_err().code(), "compose::two-providers");
//!
//! request.wires = vec![WireRequest {
//!     consumer: request.member(&arena, "app")?,
//!     import: "acme:num/source".to_owned(),
//!     provider: Member::Plug(1),
//!     export: WiredExport::Fitting,
//! }];
//! let plan = plug(&arena, &request)?;
//! assert!(matches!(&plan.imports[0].state, State::Filled { provider, rule: Rule::Wire, .. } if provider == "eight"));
//! # encode(arena, plan.graph, &Options::default())?;
//! # Ok(())
//! # }
//! ```
//!
//! # Graphs by hand
//!
//! A plan comes to a [`Graph`]: instances of components, the edges between them, and the names outside. One
//! can be built without [`plug()`]: from a file that says how things are wired, for instance, as
//! [`configure()`] does with those of `wasm-compose`. A graph that is built again from what another one says,
//! of the same components, comes to the same bytes. A [`Diagram`] draws it.
//!
//! ```
//! # use tenon_composer::{Arena, Diagram, Edge, Graph, Options, Source, encode};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let app = wat::parse_str(r#"(component
//! #     (import "log" (instance $log (export "f" (func))))
//! #     (alias export $log "f" (func $f)) (export "run" (func $f)))"#)?;
//! # let tools = wat::parse_str(r#"(component
//! #     (core module $m (func (export "f"))) (core instance $i (instantiate $m))
//! #     (func $f (canon lift (core func $i "f"))) (export "f" (func $f)))"#)?;
//! # let mut arena = Arena::new();
//! # let ids = [arena.read(Source::new("app", &app))?, arena.read(Source::new("tools", &tools))?];
//! let mut graph = Graph::new();
//! let (app, tools) = (graph.add("app", ids[0]), graph.add("tools", ids[1]));
//! // An instance as a whole fills an import that is an interface; a path leads to an export, or further.
//! graph.connect(&arena, (app, "log"), Edge::whole(tools))?;
//! graph.export(&arena, "run", (app, "run"))?;
//! graph.export(&arena, "again", (app, "run"))?;
//! assert_eq!(
//!     Diagram::of(&arena, &graph).text(),
//!     "app\n└── log (all of it) ← tools\n\nexports\n├── again (run) ← app\n└── run ← app\n"
//! );
//! let composition = encode(arena, graph, &Options::default())?;
//! # composition.to_bytes()?;
//! # Ok(())
//! # }
//! ```
//!
//! # Looking into compositions
//!
//! [`inspect()`] tells what a binary is made of, whatever tool made it: its parts, how they are wired, which
//! features they use, and which [hosts](Host) have these. What was composed can be had back:
//! [`extract()`] gives the components, byte for byte, and [`Anatomy::graph`] the graph.
//!
//! ```
//! # use tenon_composer::{Arena, Options, Request, Source, encode, extract, inspect, plug};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let app = wat::parse_str(r#"(component (import "f" (func $f)) (export "go" (func $f)))"#)?;
//! # let f = wat::parse_str(r#"(component
//! #     (core module $m (func (export "f"))) (core instance $i (instantiate $m))
//! #     (func $f (canon lift (core func $i "f"))) (export "f" (func $f)))"#)?;
//! # let mut arena = Arena::new();
//! # let (socket, plugs) = (arena.read(Source::new("app", &app))?, [arena.read(Source::new("f", &f))?]);
//! # let plan = plug(&arena, &Request::new([socket], plugs))?;
//! # let bytes = encode(arena, plan.graph, &Options::default())?.to_bytes()?;
//! let anatomy = inspect("composed", &bytes)?;
//! assert!(anatomy.is_composition());
//! let parts = extract(&bytes, &anatomy)?;
//! assert_eq!(parts.iter().map(|part| part.name()).collect::<Vec<_>>(), ["app", "f"]);
//!
//! // They can be read as any input, and put together as they were.
//! let mut arena = Arena::new();
//! let mut ids = Vec::new();
//! for part in &parts {
//!     ids.push(arena.read(Source::new(part.name(), part))?);
//! }
//! let graph = anatomy.graph(&arena, &ids)?;
//! let again = encode(arena, graph, &Options::default())?;
//! assert_eq!(again.to_bytes()?, bytes);
//! # Ok(())
//! # }
//! ```
//!
//! # What changed
//!
//! [`diff()`] compares the worlds of two components and says what the difference means for whoever uses
//! them: whether it is major, minor or a patch. [`targets()`] holds a component against a world.
//!
//! ```
//! # use tenon_composer::{Arena, Impact, Source, diff};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let make = |exports: &str| wat::parse_str(format!(r#"(component
//! #     (core module $m (func (export "f"))) (core instance $i (instantiate $m))
//! #     (func $f (canon lift (core func $i "f"))) {exports})"#));
//! let old = make(r#"(export "start" (func $f))"#)?;
//! let new = make(r#"(export "start" (func $f)) (export "stop" (func $f))"#)?;
//! let mut arena = Arena::new();
//! let (old, new) = (arena.read(Source::new("old", &old))?, arena.read(Source::new("new", &new))?);
//! assert_eq!(diff(&arena, old, new).impact, Some(Impact::Minor));
//! assert_eq!(diff(&arena, new, old).impact, Some(Impact::Major));
//! # Ok(())
//! # }
//! ```
//!
//! # Documents
//!
//! [`wac`] reads and writes the text of documents in the WAC language, in which compositions can be described.

mod component;
mod config;
mod diff;
mod digest;
mod draw;
mod encode;
mod error;
mod explain;
mod graph;
mod hash;
mod input;
mod inspect;
mod mention;
mod name;
mod plug;
mod succession;
mod targets;
mod types;
pub mod wac;

pub use component::{
    Arena, Bodies, Component, ComponentId, Kind, Metadata, Parts, Release, Source, validate,
};
pub use config::{
    Configuration, Configured, InstanceArgument, Instantiation, ROOT, Remark, configure,
};
pub use diff::{Change, Diff, Impact, Makeup, Update, What, diff};
pub use draw::{Diagram, Node, Outlet, Supplier, Wire};
pub use encode::{Composition, Dedupe, HoistedModule, HostImport, Options, Piece, encode};
pub use error::{Error, ErrorKind, Owner, Provider, ResourceClash};
pub use explain::{Explanation, explain, explanations};
pub use graph::{Edge, Export, Graph, Instance, InstanceId};
pub use input::Input;
pub use inspect::{
    Anatomy, Argument, Borrowed, Extracted, Feature, Features, Fit, Host, Ingredient, Item, Need,
    Origin, Part, PartKind, Support, Verdict, Wired, Wiring, extract, inspect,
};
pub use mention::{Mention, mentions};
pub use name::{ItemPath, NameFit, Track, Versions};
pub use plug::{
    ExportRequest, ImportReport, KeepRequest, Member, Miss, NearMiss, Plan, RenameRequest, Request,
    Rule, Side, State, Useless, WireRequest, WiredExport, plug,
};
pub use succession::{breaks, breaks_in_words};
pub use targets::{World, targets};
pub use types::{Difference, Reason, Step};

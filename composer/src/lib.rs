//! Composes WebAssembly components.
//!
//! A component imports and exports typed interfaces. To compose is to fill the imports of one with the
//! exports of others, and to make one component of them all. This crate reads components, plans what
//! fits what, says why something does not, and encodes the result. It does no I/O: bytes come in through
//! [`Input`] and go out as [`Piece`]s.
//!
//! # From components to a component
//!
//! An [`Arena`] holds the components of one composition; [`plug()`] plans, and [`encode()`] makes bytes
//! of the plan.
//!
//! ```
//! use tenon_composer::{Arena, Bodies, Options, Request, Rule, Source, State, encode, plug};
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
//! let source = |name: &str, input| Source {
//!     name: name.to_owned(),
//!     input,
//!     digest: None,
//!     bodies: Bodies::Validate,
//! };
//!
//! let mut arena = Arena::new();
//! let socket = arena.read(source("app", &app))?;
//! let plugs = [arena.read(source("num", &num))?];
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
//! # When it does not fit
//!
//! An [`Error`] has a stable [code](Error::code), a sentence of [help](Error::help), and its
//! [kind](Error::kind) as data. Types that differ are told apart to the field:
//!
//! ```
//! # use tenon_composer::{Arena, Bodies, Request, Source, plug};
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
//! # let source = |name: &str, input| Source {
//! #     name: name.to_owned(), input, digest: None, bodies: Bodies::Validate,
//! # };
//! # let mut arena = Arena::new();
//! # let socket = arena.read(source("app", &app))?;
//! # let plugs = [arena.read(source("num", &num))?];
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
//! # When matching does not know
//!
//! A [`Request`] may say more: the order of middleware, what fills one import, what to prefer, what stays
//! open, and how the composition calls what it imports and exports.
//!
//! ```
//! # use tenon_composer::{
//! #     Arena, Bodies, Member, Options, Request, Rule, Source, State, WireRequest, WiredExport, encode, plug,
//! # };
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let app = wat::parse_str(
//! #     r#"(component
//! #         (import "acme:num/source@1.0.0" (instance $source (export "get" (func (result u32)))))
//! #         (alias export $source "get" (func $get))
//! #         (export "get" (func $get)))"#,
//! # )?;
//! # let number = |n: u32, extra: &str| wat::parse_str(format!(
//! #     r#"(component
//! #         (core module $m (func (export "get") (result i32) (i32.const {n})))
//! #         (core instance $i (instantiate $m))
//! #         (func $get (result u32) (canon lift (core func $i "get")))
//! #         (instance $source (export "get" (func $get)))
//! #         (export "acme:num/source@1.0.0" (instance $source)) {extra})"#,
//! # ));
//! # let (seven, eight) = (number(7, "")?, number(8, "")?);
//! # let source = |name: &str, input| Source {
//! #     name: name.to_owned(), input, digest: None, bodies: Bodies::Validate,
//! # };
//! # let mut arena = Arena::new();
//! # let socket = arena.read(source("app", &app))?;
//! # let plugs = [arena.read(source("seven", &seven))?, arena.read(source("eight", &eight))?];
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
//! can be built without [`plug()`]: from a file that says how things are wired, for instance. A graph that
//! is built again from what another one says, of the same components, comes to the same bytes.

mod component;
mod config;
mod diff;
mod digest;
mod draw;
mod encode;
mod error;
mod explain;
mod graph;
mod input;
mod inspect;
mod name;
mod plug;
mod succession;
mod targets;
mod types;

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
pub use name::{ItemPath, NameFit, Track, Versions};
pub use plug::{
    ExportRequest, ImportReport, KeepRequest, Member, Miss, NearMiss, Plan, RenameRequest, Request,
    Rule, Side, State, Useless, WireRequest, WiredExport, plug,
};
pub use succession::breaks;
pub use targets::{World, targets};
pub use types::{Difference, Reason, Step};

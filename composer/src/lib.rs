//! Composes WebAssembly components.

mod component;
mod encode;
mod error;
mod explain;
mod graph;
mod input;
mod name;
mod plug;
mod targets;
mod types;

pub use component::{
    Arena, Bodies, Component, ComponentId, Kind, Metadata, Parts, Source, validate,
};
pub use encode::{Composition, HostImport, Options, Piece, encode};
pub use error::{Error, ErrorKind, Provider, ResourceClash};
pub use explain::{Explanation, explain, explanations};
pub use graph::{Edge, Export, Graph, Instance, InstanceId};
pub use input::Input;
pub use name::{ItemPath, NameFit, Track};
pub use plug::{ImportReport, Miss, NearMiss, Plan, Request, Rule, State, Useless, plug};
pub use targets::{World, targets};
pub use types::{Difference, Reason, Step};

//! The packages that a document names.

use crate::wac::ast::{Document, PackageName};
use crate::wac::span::Span;

/// A package that a document names, which must be found before the document can be understood.
#[derive(Clone, Debug)]
pub struct WantedPackage<'d> {
    /// Its name, with a version or a requirement, as it is written: the key under which [`Packages`](super::Packages) has it.
    pub name: String,
    /// The same, in parts.
    pub package: &'d PackageName<'d>,
    /// Whether it is instantiated: then it must be a component.
    pub is_instantiated: bool,
    /// Where it is named, in order.
    pub spans: Vec<Span>,
}

/// The packages that `document` names and does not have in it, each once, in the order in which they are named.
pub fn wanted<'d>(document: &'d Document<'d>) -> Vec<WantedPackage<'d>> {
    let _ = document;
    Vec::new()
}

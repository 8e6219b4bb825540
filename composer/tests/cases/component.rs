//! Components made from WIT, so that a case is as short as the types it is about.

use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata};
use wit_parser::{LiftLowerAbi, ManglingAndAbi, Resolve};

/// How versions are written in the names of a component.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Names {
    /// `a:b/c@1.2.3`.
    Full,
    /// `a:b/c@1`, with the rest in an attribute.
    Canonical,
}

/// A component of the only world of `wit`; its functions trap.
pub(crate) fn from_wit(wit: &str, names: Names) -> Vec<u8> {
    let canonical = names == Names::Canonical;
    let mut resolve = Resolve {
        all_features: true,
        ..Resolve::default()
    };
    let package = resolve
        .push_source("component.wit", wit)
        .unwrap_or_else(|error| panic!("the WIT is wrong: {error:?}\n{wit}"));
    let world = resolve.select_world(&[package], None).unwrap();
    let abi = ManglingAndAbi::Legacy(LiftLowerAbi::Sync);
    let mut module = dummy_module(&resolve, world, abi);
    let encoding = StringEncoding::UTF8;
    embed_component_metadata(&mut module, &resolve, world, encoding, canonical).unwrap();
    ComponentEncoder::default()
        // Two versions of one interface stay two, as they are written.
        .merge_imports_based_on_semver(false)
        .emit_canonical_names(canonical)
        .validate(true)
        .module(&module)
        .and_then(|encoder| encoder.encode())
        .unwrap_or_else(|error| panic!("no component can be made of this WIT: {error:?}\n{wit}"))
}

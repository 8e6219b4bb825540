//! Types, compared and explained.
//!
//! There is no type model of our own: ids and definitions are those of the validator that typed the
//! inputs, and it has the last word on every composition. What is here says *why not*.

mod content;
mod difference;
mod subtype;
mod text;

pub(crate) use content::{Content, Sort};
pub use difference::{Difference, Reason, Step};
pub(crate) use subtype::{Compared, Comparison, Items, items_owned};
pub(crate) use text::{any_type_name, kind_name, value_type};

use wasmparser::types::{TypeIdentifier, TypesRef};

/// Looks up what an id stands for.
pub(crate) trait Data<'t> {
    /// What `id`, which was given out by the same validator, stands for.
    fn data<T: TypeIdentifier>(&self, id: T) -> &'t T::Data;
}

impl<'t> Data<'t> for TypesRef<'t> {
    fn data<T: TypeIdentifier>(&self, id: T) -> &'t T::Data {
        #[expect(
            clippy::expect_used,
            reason = "there is one validator, and it forgets nothing"
        )]
        self.get(id).expect("an id of this validator")
    }
}

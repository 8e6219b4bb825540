//! WIT as text.

use super::read::caught;
use crate::error::{Failure, wit_failure};
use wit_component::WitPrinter;
use wit_parser::{PackageId, Resolve, Type, TypeDefKind, TypeOwner};

/// The text of a package, and of others within it, which are of what messages call `name`.
pub(crate) fn print(
    name: &str,
    resolve: &Resolve,
    package: PackageId,
    nested: &[PackageId],
) -> Result<String, Failure> {
    if let Some(ty) = type_without_interface(resolve) {
        return Err(Failure::new(
            "cli::no-wit",
            format!(
                "`{name}` uses the type `{ty}` of an interface that has no package, which WIT cannot express"
            ),
        )
        .help("`tenon inspect` shows the imports and exports"));
    }
    let mut printer = WitPrinter::default();
    caught(|| printer.print(resolve, package, nested))
        .map_err(|panic| wit_failure(name, &format_args!("the printer gave up: {panic}")))?
        .map_err(|error| wit_failure(name, &error))?;
    Ok(printer.output.to_string())
}

/// A type that is used across interfaces, but belongs to one that nothing can name: the printer takes
/// it for granted that there is none.
fn type_without_interface(resolve: &Resolve) -> Option<&str> {
    resolve.types.iter().find_map(|(_, ty)| {
        let TypeDefKind::Type(Type::Id(used)) = ty.kind else {
            return None;
        };
        let used = resolve.types.get(used)?;
        let TypeOwner::Interface(interface) = used.owner else {
            return None;
        };
        let is_named = resolve.interfaces.get(interface)?.name.is_some();
        match is_named || ty.owner == used.owner {
            true => None,
            false => used.name.as_deref(),
        }
    })
}

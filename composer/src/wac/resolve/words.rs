//! Words of what is said of documents.

use crate::error::listed;

/// At most this many names are in a help.
const MAX_NAMES: usize = 8;

/// Asks whether one of these names was meant, if there are any.
pub(super) fn did_you_mean(near: &[String]) -> Option<String> {
    (!near.is_empty()).then(|| format!("did you mean {}?", listed(near, "or", MAX_NAMES)))
}

/// `it imports`, with what it does, or `nothing`.
pub(super) fn listing<'n>(does: &str, names: impl ExactSizeIterator<Item = &'n str>) -> String {
    if names.len() == 0 {
        return format!("{does} nothing");
    }
    let names: Vec<_> = names.map(str::to_owned).collect();
    format!("{does} {}", listed(&names, "and", MAX_NAMES))
}

//! Which packages a reader may see.

use tenon_registry_client::name::{Namespace, Pattern};

/// Which packages a reader may see: what none of the scopes covers is to it as if it were not there.
///
/// It is part of each query, so that neither pages nor their ends tell of anything else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readable(Vec<Scope>);

/// Some packages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of them.
    All,
    /// Those of a namespace that match.
    Within(Namespace, Pattern),
}

/// The names from the first to before the second.
pub(super) type Range = (String, String);

/// Comes after whatever a name can go on with, all of which is ASCII.
const LAST: char = '\x7f';

/// Comes before whatever a name can go on with.
const FIRST: char = '!';

impl Readable {
    /// Everything.
    pub fn all() -> Readable {
        Readable(vec![Scope::All])
    }

    /// What these cover, which is nothing if there are none.
    pub fn scopes(scopes: impl IntoIterator<Item = Scope>) -> Readable {
        Readable(scopes.into_iter().collect())
    }

    /// The names that may be seen, begin with `prefix` and come after `after`: in order, and none twice.
    pub(super) fn ranges(&self, prefix: &str, after: Option<&str>) -> Vec<Range> {
        let end = format!("{prefix}{LAST}");
        let start = match after {
            Some(after) => prefix.to_owned().max(next(after)),
            None => prefix.to_owned(),
        };
        let within = |(from, to): Range| (from.max(start.clone()), to.min(end.clone()));
        let ranges = self.0.iter().map(|scope| within(scope.range()));
        let mut ranges: Vec<Range> = ranges.filter(|(from, to)| from < to).collect();
        ranges.sort();
        ranges
            .into_iter()
            .fold(vec![], |mut merged: Vec<Range>, next| {
                match merged.last_mut() {
                    Some(last) if next.0 <= last.1 => last.1 = next.1.max(last.1.clone()),
                    _ => merged.push(next),
                }
                merged
            })
    }
}

impl Scope {
    fn range(&self) -> Range {
        let prefix = match self {
            Scope::All => String::new(),
            Scope::Within(namespace, pattern) => {
                let full = format!("{namespace}:{pattern}");
                match full.strip_suffix('*') {
                    Some(prefix) => prefix.to_owned(),
                    None => return (full.clone(), next(&full)),
                }
            }
        };
        let end = format!("{prefix}{LAST}");
        (prefix, end)
    }
}

/// What comes right after a name.
fn next(name: &str) -> String {
    format!("{name}{FIRST}")
}

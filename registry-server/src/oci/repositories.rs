//! The list of repositories, which the specification has no more, and many clients ask for.

use super::Answer;
use super::auth::Caller;
use super::name::Name;
use super::paging::Page;
use super::place::{CATALOG, Parameters};
use crate::access::{Action, Token, TokenScope};
use crate::api::reply;
use crate::app::App;
use crate::domain::Error;
use crate::log::LogId;
use http::header::LINK;
use http::{StatusCode, Uri};
use rusqlite::{OptionalExtension, Transaction, params};
use serde::Serialize;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The most that are listed at once, and how many are if nothing is said.
const MOST: u32 = 1_000;

/// What the names of the private log's repositories begin with.
const PRIVATE: &str = "private/";

/// Comes before whatever a name can go on with.
const FIRST: char = '!';

/// Comes after whatever a name can go on with, all of which is ASCII.
const LAST: char = '\x7f';

#[derive(Serialize)]
struct Listed {
    repositories: Vec<String>,
}

/// Names of repositories in a log, from the first to before the second.
type Range = (String, String);

/// How the repositories of a log are gone through. Only where the scopes of who asks are is anything read, and no more
/// than goes on the page, lest the time that it takes tell what else there is.
struct Walk<'a> {
    tx: &'a Transaction<'a>,
    log: LogId,
    /// What the names of the log's repositories begin with.
    prefix: &'static str,
    /// The most that are found.
    most: usize,
    caller: &'a Caller,
}

/// Lists the repositories that whoever asks may read, in the order of their bytes: packages that have releases, and
/// all to which something was pushed.
pub(super) async fn list(app: &Arc<App>, caller: Caller, uri: &Uri) -> Answer {
    let asked = Page::of(&Parameters::of(uri))?;
    let page = Page {
        n: Some(asked.n.unwrap_or(MOST).min(MOST)),
        after: asked.after,
    };
    let (after, most) = (page.after.clone(), page.n.unwrap_or(MOST) as usize + 1);
    let has_private = app.private().is_some();
    let database = Arc::clone(app.database());
    let found = app.heavy(move || {
        database.read(|tx| {
            let walk = |log, prefix| Walk {
                tx,
                log,
                prefix,
                most,
                caller: &caller,
            };
            let mut names = walk(LogId::Public, "").behind(&after, &[TokenScope::All])?;
            let reads = |token: &&Arc<Token>| has_private && token.allows(Action::Read);
            if let Some(token) = caller.token.as_ref().filter(reads) {
                // Behind a name that is not private, all that are private come, or none.
                let after = match after.strip_prefix(PRIVATE) {
                    None if *after > *PRIVATE => return Ok(names),
                    after => after.unwrap_or_default(),
                };
                names.append(&mut walk(LogId::Private, PRIVATE).behind(after, &token.scopes)?);
            }
            Ok::<_, Error>(names)
        })
    });
    let mut repositories = found.await?.into_iter().collect();
    let next = page.cut(&mut repositories, CATALOG);
    let mut response = reply::json(StatusCode::OK, &Listed { repositories })?;
    if let Some(next) = next {
        reply::set(&mut response, LINK, next);
    }
    Ok(response)
}

impl Walk<'_> {
    /// The first packages, and the first others, behind a name, of those that are in these scopes.
    fn behind(&self, after: &str, scopes: &[TokenScope]) -> Result<BTreeSet<String>, Error> {
        let mut ranges: Vec<Range> = scopes.iter().flat_map(ranges).collect();
        // One of them is in another or apart from it, so that the first ones have the first names.
        ranges.sort();
        let (mut packages, mut others) = (BTreeSet::new(), BTreeSet::new());
        if scopes.contains(&TokenScope::All) {
            self.all_packages(after, &mut packages)?;
        } else {
            for range in &ranges {
                self.packages(range, after, &mut packages)?;
            }
        }
        for range in &ranges {
            self.others(range, after, &mut others)?;
        }
        packages.append(&mut others);
        Ok(packages)
    }

    /// Goes through packages of all namespaces in the order of their repositories. That of their own names, in which
    /// they can be found, is another one: what is of `a` is behind what is of `a0` there, as `:` is behind digits and
    /// `/` is not. There is no other difference, for nothing but digits is between the two.
    fn all_packages(&self, after: &str, found: &mut BTreeSet<String>) -> Result<(), Error> {
        let mut select = self.tx.prepare_cached(
            "SELECT name FROM package WHERE log = ?1 AND name >= ?2 ORDER BY name LIMIT 1",
        )?;
        let mut done = after.to_owned();
        let mut from = match after.split_once('/') {
            Some((namespace, _)) => format!("{namespace}0"),
            None => after.to_owned(),
        };
        while found.len() < self.most {
            let next = select.query_row(params![self.log.number(), from], |row| row.get(0));
            let next: Option<String> = next.optional()?;
            let Some((namespace, _)) = next.as_ref().and_then(|name| name.split_once(':')) else {
                break;
            };
            let shorter = namespace.char_indices().filter(|(_, c)| c.is_ascii_digit());
            let shorter = shorter.filter_map(|(at, _)| namespace.get(..at));
            for namespace in shorter.chain([namespace]) {
                let range = all(&format!("{namespace}/"));
                self.packages(&range, &done, found)?;
                done = done.max(range.1);
            }
            from = format!("{namespace};");
        }
        Ok(())
    }

    /// Finds packages in a range of which all are of one namespace.
    fn packages(
        &self,
        range: &Range,
        after: &str,
        found: &mut BTreeSet<String>,
    ) -> Result<(), Error> {
        let select = "SELECT name FROM package WHERE log = ?1 AND name >= ?2 AND name < ?3
             AND EXISTS (SELECT 1 FROM release WHERE package = package.id) ORDER BY name";
        let Some((from, to)) = cut(range, after) else {
            return Ok(());
        };
        let own = |name: String| name.replacen('/', ":", 1);
        self.find(select, (own(from), own(to)), found)
    }

    /// Finds repositories to which something was pushed.
    fn others(
        &self,
        range: &Range,
        after: &str,
        found: &mut BTreeSet<String>,
    ) -> Result<(), Error> {
        let select = "SELECT name FROM oci_repository WHERE log = ?1 AND name >= ?2 AND name < ?3 ORDER BY name";
        match cut(range, after) {
            Some(range) => self.find(select, range, found),
            None => Ok(()),
        }
    }

    /// Finds what may be read, until there is enough.
    fn find(&self, select: &str, range: Range, found: &mut BTreeSet<String>) -> Result<(), Error> {
        if found.len() >= self.most {
            return Ok(());
        }
        let mut select = self.tx.prepare_cached(select)?;
        let mut rows = select.query(params![self.log.number(), range.0, range.1])?;
        while let Some(row) = rows.next()? {
            let name: String = row.get(0)?;
            found.extend(self.readable(&name.replacen(':', "/", 1)));
            if found.len() >= self.most {
                break;
            }
        }
        Ok(())
    }

    fn readable(&self, within: &str) -> Option<String> {
        let name: Name = format!("{}{within}", self.prefix).parse().ok()?;
        // What is of a public namespace `private` has no repository, since its name would mean another.
        let is_here = name.log() == self.log;
        let may = self.log == LogId::Public || self.caller.may(Action::Read, &name);
        (is_here && may).then(|| name.to_string())
    }
}

/// Where the repositories are that a scope covers, with some that it may not.
fn ranges(scope: &TokenScope) -> Vec<Range> {
    let only = |name: &str| (name.to_owned(), format!("{name}{FIRST}"));
    let TokenScope::Within(namespace, pattern) = scope else {
        return vec![all("")];
    };
    let whole = format!("{namespace}/{pattern}");
    match whole.strip_suffix('*') {
        Some(start) if pattern.is_all() => vec![only(namespace.as_str()), all(start)],
        Some(start) => vec![all(start)],
        None => vec![only(&whole), all(&format!("{whole}/"))],
    }
}

/// All names that begin so.
fn all(start: &str) -> Range {
    (start.to_owned(), format!("{start}{LAST}"))
}

/// What of a range comes after a name.
fn cut((from, to): &Range, after: &str) -> Option<Range> {
    let from = from.clone().max(format!("{after}{FIRST}"));
    (from < *to).then(|| (from, to.clone()))
}

//! The list of repositories, which the specification has no more, and many clients ask for.

use super::Answer;
use super::auth::Caller;
use super::name::Name;
use super::paging::Page;
use super::place::{CATALOG, Parameters};
use crate::access::Action;
use crate::api::reply;
use crate::app::App;
use crate::domain::Error;
use crate::log::LogId;
use http::header::LINK;
use http::{StatusCode, Uri};
use rusqlite::{Transaction, params};
use serde::Serialize;
use std::sync::Arc;

/// The most that are listed at once, and how many are if nothing is said.
const MOST: u32 = 1_000;

/// What the names of the private log's repositories begin with.
const PRIVATE: &str = "private/";

#[derive(Serialize)]
struct Listed {
    repositories: Vec<String>,
}

/// Lists the repositories that whoever asks may read, in the order of their bytes: packages that have releases, and
/// all to which something was pushed.
pub(super) async fn list(app: &Arc<App>, caller: Caller, uri: &Uri) -> Answer {
    let asked = Page::of(&Parameters::of(uri))?;
    let page = Page {
        n: Some(asked.n.unwrap_or(MOST).min(MOST)),
        after: asked.after,
    };
    let prefixes: &[&str] = match (app.private(), &caller.token) {
        (Some(_), Some(_)) => &["", PRIVATE],
        _ => &[""],
    };
    let (after, most) = (page.after.clone(), page.n.unwrap_or(MOST) as usize + 1);
    let database = Arc::clone(app.database());
    let found = app.heavy(move || {
        database.read(|tx| {
            let mut names = vec![];
            for prefix in prefixes {
                names.extend(below(tx, prefix, &after, most, &caller)?);
            }
            names.sort();
            names.dedup();
            Ok::<_, Error>(names)
        })
    });
    let mut repositories = found.await?;
    let next = page.cut(&mut repositories, CATALOG);
    let mut response = reply::json(StatusCode::OK, &Listed { repositories })?;
    if let Some(next) = next {
        reply::set(&mut response, LINK, next);
    }
    Ok(response)
}

/// The first repositories of a log, whose names begin so, behind one; in order, but for those that are packages,
/// which come first.
fn below(
    tx: &Transaction<'_>,
    prefix: &str,
    after: &str,
    most: usize,
    caller: &Caller,
) -> Result<Vec<String>, Error> {
    let (log, after) = match (prefix, after.strip_prefix(prefix)) {
        ("", _) => (LogId::Public, after),
        (_, Some(after)) => (LogId::Private, after),
        (_, None) if after < prefix => (LogId::Private, ""),
        (_, None) => return Ok(vec![]),
    };
    let readable = |within: &str| {
        let name: Name = format!("{prefix}{within}").parse().ok()?;
        let may = log == LogId::Public || caller.may(Action::Read, &name);
        may.then(|| name.to_string())
    };
    let mut packages = vec![];
    for namespace in namespaces(tx, log)? {
        // Names of packages have a `:` there, which sorts otherwise among names that begin alike.
        let (from, to) = (format!("{namespace}:"), format!("{namespace};"));
        let begun = after.strip_prefix(&format!("{namespace}/"));
        if begun.is_none() && *after > *format!("{namespace}/") {
            continue;
        }
        let from = format!("{from}{}", begun.unwrap_or_default());
        let mut select = tx.prepare_cached(
            "SELECT name FROM package WHERE log = ?1 AND name > ?2 AND name < ?3
               AND EXISTS (SELECT 1 FROM release WHERE package = package.id) ORDER BY name",
        )?;
        let mut rows = select.query(params![log.number(), from, to])?;
        while let Some(row) = rows.next()? {
            let name: String = row.get(0)?;
            packages.extend(readable(&name.replacen(':', "/", 1)));
            if packages.len() == most {
                break;
            }
        }
        if packages.len() == most {
            break;
        }
    }
    let mut others = vec![];
    let mut select = tx.prepare_cached(
        "SELECT name FROM oci_repository WHERE log = ?1 AND name > ?2 ORDER BY name",
    )?;
    let mut rows = select.query(params![log.number(), after])?;
    while let Some(row) = rows.next()? {
        others.extend(readable(&row.get::<_, String>(0)?));
        if others.len() == most {
            break;
        }
    }
    packages.extend(others);
    Ok(packages)
}

/// The namespaces of a log, in the order in which the names of their repositories are.
fn namespaces(tx: &Transaction<'_>, log: LogId) -> Result<Vec<String>, Error> {
    let mut select = tx.prepare_cached("SELECT name FROM namespace WHERE log = ?1")?;
    let names = select.query_map([log.number()], |row| row.get(0))?;
    let mut names: Vec<String> = names.collect::<rusqlite::Result<_>>()?;
    names.sort_by_key(|name| format!("{name}/"));
    Ok(names)
}

//! The list of tags.

use super::error::{Code, Failure};
use super::place::{Parameters, escape};
use super::reference::LATEST;
use super::{Answer, Asked, package, repository, takedown};
use crate::api::reply;
use http::StatusCode;
use http::header::LINK;
use serde::Serialize;

#[derive(Serialize)]
struct Page<'a> {
    name: &'a str,
    tags: Vec<String>,
}

/// Lists tags in the order of their bytes: all of them, or `n` after `last`.
pub(super) async fn list(asked: &Asked<'_>) -> Answer {
    asked.must_read()?;
    let parameters = Parameters::of(&asked.parts.uri);
    let n = match parameters.get("n") {
        None => None,
        Some(text) => Some(text.parse::<u32>().map_err(|_| {
            let message = "`n` is how many tags to list: a number of at most 32 bits";
            Failure::new(Code::Unsupported, message)
        })?),
    };
    let last = parameters.get("last").unwrap_or_default().to_owned();
    let (name, after) = (asked.name.clone(), last.clone());
    let found = asked.read(move |tx| {
        let mut known = false;
        let mut tags = vec![];
        let package = name.package();
        if let Some(id) = repository::find(tx, &name)? {
            known = true;
            let gone = package.as_ref();
            let gone = gone.map(|package| takedown::gone(tx, name.log(), package, id));
            let gone = gone.transpose()?.unwrap_or_default();
            let mut select = tx.prepare_cached(
                "SELECT tag, digest FROM oci_tag WHERE repository = ?1 AND tag > ?2 ORDER BY tag",
            )?;
            let mut rows = select.query((id.0, &after))?;
            while let Some(row) = rows.next()? {
                if gone.is_empty() || !gone.contains(&row.get::<_, String>(1)?) {
                    tags.push(row.get(0)?);
                }
            }
        }
        if let Some(package) = package
            && let Some(versions) = package::tags(tx, name.log(), &package)?
        {
            known = true;
            tags.retain(|tag| tag != LATEST);
            tags.extend(versions.into_iter().filter(|tag| *tag > after));
            tags.sort();
            tags.dedup();
        }
        Ok(known.then_some(tags))
    });
    let mut tags = found.await?.ok_or_else(|| asked.unknown())?;
    let more = n.is_some_and(|n| tags.len() > n as usize);
    tags.truncate(n.map_or(usize::MAX, |n| n as usize));
    let next = tags.last().filter(|_| more);
    let next = next.map(|last| {
        let (name, n) = (&asked.name, n.unwrap_or_default());
        format!(
            "</v2/{name}/tags/list?n={n}&last={}>; rel=\"next\"",
            escape(last)
        )
    });
    let page = Page {
        name: asked.name.as_str(),
        tags,
    };
    let mut response = reply::json(StatusCode::OK, &page)?;
    if let Some(next) = next {
        reply::set(&mut response, LINK, reply::header(&next));
    }
    Ok(response)
}

//! The list of tags.

use super::paging::Page;
use super::place::Parameters;
use super::reference::LATEST;
use super::{Answer, Asked, package, repository, takedown};
use crate::api::reply;
use http::StatusCode;
use http::header::LINK;
use serde::Serialize;

#[derive(Serialize)]
struct Listed<'a> {
    name: &'a str,
    tags: Vec<String>,
}

/// Lists tags in the order of their bytes: all of them, or `n` after `last`.
pub(super) async fn list(asked: &Asked<'_>) -> Answer {
    asked.must_read()?;
    let page = Page::of(&Parameters::of(&asked.parts.uri))?;
    let (name, after) = (asked.name.clone(), page.after.clone());
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
    let next = page.cut(&mut tags, &format!("/v2/{}/tags/list", asked.name));
    let listed = Listed {
        name: asked.name.as_str(),
        tags,
    };
    let mut response = reply::json(StatusCode::OK, &listed)?;
    if let Some(next) = next {
        reply::set(&mut response, LINK, next);
    }
    Ok(response)
}

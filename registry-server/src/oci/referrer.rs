//! What refers to a manifest, which need not be there.

use super::document::INDEX;
use super::place::{Parameters, escape};
use super::{Answer, Asked, blob, repository, takedown, yank};
use crate::api::reply;
use bytes::Bytes;
use http::header::LINK;
use http::{HeaderName, HeaderValue, StatusCode};
use rusqlite::params;

const FILTERS: HeaderName = HeaderName::from_static("oci-filters-applied");

/// The most entries of a page, and about how many bytes of them.
const PAGE: (usize, usize) = (1_000, 3 << 20);

/// Entries of a page: digests, and how they are listed.
#[derive(Default)]
struct Page {
    entries: Vec<(String, String)>,
    bytes: usize,
}

impl Page {
    /// Adds the next entry, if there is room for it.
    fn take(&mut self, entry: (String, String)) -> bool {
        self.bytes += entry.1.len();
        if !self.entries.is_empty() && (self.entries.len() >= PAGE.0 || self.bytes > PAGE.1) {
            return false;
        }
        self.entries.push(entry);
        true
    }
}

/// Lists the manifests with this subject, or those of them that are of a type: of the empty one are those
/// that have none.
pub(super) async fn list(asked: &Asked<'_>, digest: &str) -> Answer {
    let digest = blob::parse(digest)?;
    asked.must_read()?;
    let parameters = Parameters::of(&asked.parts.uri);
    let of_type = parameters.get("artifactType").map(str::to_owned);
    let last = parameters.get("last").unwrap_or_default().to_owned();
    let said = match asked.name.package() {
        Some(package) if of_type.as_deref().is_none_or(|it| it == yank::YANK) => {
            yank::about(asked, &package, &digest).await?
        }
        _ => vec![],
    };
    let said = said.into_iter();
    let said = said.map(|artefact| (artefact.digest.to_string(), artefact.descriptor));
    let after = last.clone();
    let mut said = said.filter(move |(digest, _)| *digest > after).peekable();
    let (name, subject, wanted) = (asked.name.clone(), digest.to_string(), of_type.clone());
    let found = asked.read(move |tx| {
        let mut page = Page::default();
        let Some(id) = repository::find(tx, &name)? else {
            let all = said.all(|entry| page.take(entry));
            return Ok((page.entries, !all));
        };
        let package = name.package();
        let gone = package.map(|package| takedown::gone(tx, name.log(), &package, id));
        let gone = gone.transpose()?.unwrap_or_default();
        let mut select = tx.prepare_cached(
            "SELECT digest, descriptor FROM oci_manifest
             WHERE repository = ?1 AND subject = ?2 AND digest > ?3
               AND (?4 IS NULL OR ifnull(artifact_type, '') = ?4) ORDER BY digest",
        )?;
        let mut rows = select.query(params![id.0, subject, last, wanted])?;
        while let Some(row) = rows.next()? {
            let entry: (String, String) = (row.get(0)?, row.get(1)?);
            while let Some(before) = said.next_if(|before| before.0 <= entry.0) {
                if before.0 != entry.0 && !page.take(before) {
                    return Ok((page.entries, true));
                }
            }
            if !gone.contains(&entry.0) && !page.take(entry) {
                return Ok((page.entries, true));
            }
        }
        let all = said.all(|entry| page.take(entry));
        Ok((page.entries, !all))
    });
    let (entries, more) = found.await?;
    let descriptors: Vec<&str> = entries.iter().map(|(_, entry)| entry.as_str()).collect();
    let index = format!(
        "{{\"schemaVersion\":2,\"mediaType\":\"{INDEX}\",\"manifests\":[{}]}}",
        descriptors.join(",")
    );
    let mut response = reply::with_status(StatusCode::OK, INDEX, Bytes::from(index));
    let filter = of_type
        .as_deref()
        .map(|it| format!("artifactType={}&", escape(it)));
    if filter.is_some() {
        reply::set(
            &mut response,
            FILTERS,
            HeaderValue::from_static("artifactType"),
        );
    }
    if let Some((last, _)) = entries.last().filter(|_| more) {
        let (name, filter) = (&asked.name, filter.unwrap_or_default());
        let next = format!("</v2/{name}/referrers/{digest}?{filter}last={last}>; rel=\"next\"");
        reply::set(&mut response, LINK, reply::header(&next));
    }
    Ok(response)
}

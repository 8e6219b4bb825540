//! The log as files, and proofs about it.

use super::error::Failure;
use super::query::{Query, invalid};
use super::{Answer, Asked, reply};
use crate::domain::{Error, Reader};
use http::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH};
use http::{HeaderValue, StatusCode};
use std::sync::Arc;
use tenon_registry_client::api::{BUNDLE_TYPE, ProblemCode, ProofQuery, TEXT_TYPE};
use tenon_registry_client::log::{KeyId, TilePath};
use tenon_registry_client::verify::Request;

/// Tiles are bytes, and nothing that a browser should look into.
const TILE_TYPE: &str = "application/octet-stream";

pub(super) fn checkpoint(asked: &Asked<'_>) -> Answer {
    asked.reader()?.must_have_all()?;
    let served = asked.realm.checkpoint();
    if asked.parts.headers.get(IF_NONE_MATCH) == Some(&served.tag) {
        let mut response = reply::empty(StatusCode::NOT_MODIFIED);
        reply::set(&mut response, ETAG, served.tag);
        return Ok(response);
    }
    let mut response = reply::ok(TEXT_TYPE, served.note);
    reply::set(&mut response, ETAG, served.tag);
    Ok(response)
}

pub(super) fn last_checkpoint(asked: &Asked<'_>) -> Answer {
    asked.reader()?.must_have_all()?;
    let text = asked.arguments.first();
    let hex = text.len() == 8
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let id = hex.then(|| u32::from_str_radix(text, 16).ok()).flatten();
    let id = id.map(|id| KeyId(id.to_be_bytes()));
    let note = match id {
        Some(id) => asked.realm.log().last_checkpoint(id)?,
        None => None,
    };
    match note {
        Some(note) => Ok(reply::ok(TEXT_TYPE, note.into())),
        None => Err(missing("no key of this id is one that no longer signs")),
    }
}

pub(super) fn tile(asked: &Asked<'_>) -> Answer {
    asked.reader()?.must_have_all()?;
    let path: Result<TilePath, _> = format!("tile/{}", asked.arguments.first()).parse();
    let path = path.map_err(|error| missing(&error.to_string()))?;
    let Some(bytes) = asked.realm.log().tile(path)? else {
        return Err(missing("the log is not large enough to have this tile"));
    };
    let mut response = reply::ok(TILE_TYPE, bytes.into());
    reply::keep_for_ever(&mut response, asked.realm.id());
    Ok(response)
}

pub(super) async fn proof(asked: &Asked<'_>) -> Answer {
    let reader = asked.reader()?;
    reader.must_have_any()?;
    let query: ProofQuery = asked
        .parts
        .uri
        .query()
        .unwrap_or_default()
        .parse()
        .map_err(|error: tenon_registry_client::api::ProofQueryError| invalid(error.to_string()))?;
    // What may not be read is not even looked for: then the time it takes says nothing, either.
    if !may_prove(&reader, &query.request) {
        return Err(missing("there is no such package or namespace"));
    }
    let realm = Arc::clone(asked.realm);
    let app = Arc::clone(asked.app);
    let bundle = asked.app.heavy(move || {
        let room = app.room_for(realm.log().weight(&query)?)?;
        Ok((realm.log().prove(&query)?, room))
    });
    let (bundle, room) = bundle.await?;
    let mut response = reply::ok(BUNDLE_TYPE, bundle.into());
    response.body_mut().in_room(room);
    Ok(response)
}

fn may_prove(reader: &Reader, request: &Request) -> bool {
    match request {
        Request::Registry => true,
        Request::Namespace(namespace) => reader.has_namespace(namespace),
        Request::Package { package, .. } => reader.has_package(package),
    }
}

pub(super) async fn consistency(asked: &Asked<'_>) -> Answer {
    asked.reader()?.must_have_all()?;
    let mut query = Query::read(&asked.parts.uri, &asked.route.query_names())?;
    let (old, new) = (query.value("old")?, query.value("new")?);
    let (Some(old), Some(new)): (Option<u64>, Option<u64>) = (old, new) else {
        return Err(invalid("both `old` and `new` are needed"));
    };
    if old > new || old == 0 {
        return Err(invalid(format!(
            "there is no proof from size {old} to size {new}"
        )));
    }
    let realm = Arc::clone(asked.realm);
    let proof = asked
        .app
        .heavy(move || Ok(realm.log().consistency(old, new)?));
    let lines: String = proof
        .await?
        .iter()
        .map(|hash| format!("{hash}\n"))
        .collect();
    let mut response = reply::ok(TEXT_TYPE, lines.into());
    reply::set(
        &mut response,
        CACHE_CONTROL,
        HeaderValue::from_static("no-cache"),
    );
    Ok(response)
}

fn missing(detail: &str) -> Failure {
    Error::new(ProblemCode::NotFound, detail).into()
}

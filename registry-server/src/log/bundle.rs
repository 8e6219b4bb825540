//! Bundles: everything that proves what a client asks for.

use super::shared::Shared;
use super::stored::{Stored, StoredError};
use super::{BundleError, Published};
use std::sync::Arc;
use tenon_registry_client::api::ProofQuery;
use tenon_registry_client::chain::IndexTimes;
use tenon_registry_client::log::Origin;
use tenon_registry_client::record::{NamespaceAct, Statement, Subject, Time};
use tenon_registry_client::verify::{LogView, Placed, ProveError, Request, prove};

/// Makes the bundle for a query.
pub(super) fn bundle(
    stored: &Stored,
    shared: &Shared,
    origin: &Origin,
    query: &ProofQuery,
) -> Result<Vec<u8>, BundleError> {
    let published = match query.size {
        None => shared.published(),
        Some(size) => match shared.of_size(size) {
            Some(published) => published,
            None => retired(stored, shared, size)?,
        },
    };
    let size = published.checkpoint.size;
    let chain = |subject| stored.chain(subject, size).map_err(unreadable);
    let registry = chain(&Subject::Registry)?;
    let (namespace, package) = match &query.request {
        Request::Registry => (vec![], vec![]),
        Request::Namespace(name) => (chain(&Subject::Namespace(name.clone()))?, vec![]),
        Request::Package { package, .. } => (
            chain(&Subject::Namespace(package.namespace().clone()))?,
            chain(&Subject::Package(package.clone()))?,
        ),
    };
    let index_times = index_times(shared, &published, [&registry, &namespace, &package])?;
    let view = LogView {
        origin,
        checkpoint: &published.note,
        size,
        nodes: &stored.nodes(size),
        map: &published.map,
        registry: &registry,
        namespace: &namespace,
        package: &package,
        index_times: &index_times,
        leaf: &|index| stored.leaf(index, size).ok(),
    };
    match prove(&view, &query.request, &query.known) {
        Ok(bundle) => Ok(bundle.encode()),
        Err(ProveError::ClientAhead) => Err(BundleError::ClientAhead),
        Err(error) => Err(BundleError::Unreadable(error.to_string())),
    }
}

/// A last checkpoint under a key that no longer signs, for a client who slept since.
fn retired(stored: &Stored, shared: &Shared, size: u64) -> Result<Arc<Published>, BundleError> {
    let retired = shared.retired(size);
    let retired = retired.ok_or(BundleError::SizeNotHeld(size))?;
    if let Some(published) = retired.published.get() {
        return Ok(published.clone());
    }
    let published = Published {
        note: retired.note.clone(),
        checkpoint: retired.checkpoint.clone(),
        map: stored.map(size).map_err(unreadable)?,
    };
    Ok(retired
        .published
        .get_or_init(|| Arc::new(published))
        .clone())
}

/// How many bytes the records of the chains have that a request is about.
pub(super) fn weight(stored: &Stored, request: &Request) -> Result<u64, StoredError> {
    let (namespace, package) = match request {
        Request::Registry => (None, None),
        Request::Namespace(name) => (Some(name), None),
        Request::Package { package, .. } => (Some(package.namespace()), Some(package)),
    };
    let namespace = namespace.cloned().map(Subject::Namespace);
    let package = package.cloned().map(Subject::Package);
    let subjects = [Some(Subject::Registry), namespace, package];
    let weights = subjects
        .iter()
        .flatten()
        .map(|subject| stored.weight(subject));
    weights.sum()
}

/// Those index records that the rules can ask for: the first after each record, the last before each
/// expiry, and the last of all.
fn index_times(
    shared: &Shared,
    published: &Published,
    chains: [&[Placed]; 3],
) -> Result<IndexTimes, BundleError> {
    let records = || chains.into_iter().flatten();
    let expiries = records().filter_map(|placed| match &placed.record.record().statement {
        Statement::Namespace {
            act: NamespaceAct::Grant(_, grant),
            ..
        } => grant.expires,
        _ => None,
    });
    let wanted: Vec<(u64, Time)> = shared.batches(published.checkpoint.size, |batches| {
        let after =
            records().map(|placed| batches.partition_point(|(index, _)| *index <= placed.index));
        let before = expiries.filter_map(|expiry| {
            batches
                .partition_point(|(_, time)| *time < expiry)
                .checked_sub(1)
        });
        let last = batches.len().checked_sub(1);
        let wanted = after.chain(before).chain(last);
        wanted.filter_map(|at| batches.get(at).copied()).collect()
    });
    let mut times = IndexTimes::new();
    for (index, time) in wanted {
        let inserted = times.insert(index, time);
        inserted.map_err(|_| {
            BundleError::Unreadable("the times of batches are out of order".to_owned())
        })?;
    }
    Ok(times)
}

fn unreadable(error: StoredError) -> BundleError {
    BundleError::Unreadable(error.to_string())
}

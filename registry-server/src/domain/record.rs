//! Records that someone wants to be logged.

use super::quota::used_up;
use super::{Error, Reader, chain_of};
use crate::access::{Action, Token, now};
use crate::app::{App, Realm};
use crate::catalog::Catalog;
use crate::content::{Neighbours, RefusalCode, Release};
use crate::log::{LogId, Logged, Submission};
use std::path::PathBuf;
use std::sync::Arc;
use tenon_registry_client::Digest;
use tenon_registry_client::api::world::World;
use tenon_registry_client::api::{Accepted, ProblemCode};
use tenon_registry_client::log::Hash;
use tenon_registry_client::name::{Namespace, PackageName, Version};
use tenon_registry_client::record::{
    Content, Link, NamespaceAct, PackageAct, Record, RecordError, SignedRecord, Statement, Subject,
    Time,
};

/// A record that is in the log.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Where.
    pub accepted: Accepted,
    /// Whether it was there before.
    pub repeated: bool,
}

/// Has a record logged, if the token and the rules allow it. Whether its own signatures do is for the
/// log to judge.
///
/// # Errors
///
/// Whatever it is refused for.
pub async fn submit(
    app: &Arc<App>,
    realm: &Arc<Realm>,
    token: &Arc<Token>,
    bytes: &[u8],
) -> Result<Outcome, Error> {
    let signed = SignedRecord::parse(bytes).map_err(|error| refuse_text(&error, bytes))?;
    let record = signed.record();
    if record.origin != *realm.log().origin() {
        let (wanted, found) = (realm.log().origin(), &record.origin);
        let detail = format!(
            "the record is for the log `{found}`; this one is `{wanted}`",
            found = found.as_str(),
            wanted = wanted.as_str()
        );
        return Err(Error::new(ProblemCode::OriginWrong, detail));
    }
    authorise(token, record)?;
    let (known, sought) = (Arc::clone(realm), signed.clone());
    let found = app.heavy(move || Ok(known.log().find(&sought)?)).await?;
    // Whoever did not get the answer asks again: that costs nothing, and is right whatever came since.
    if let Some(logged) = found {
        return accepted(app, realm, logged).await;
    }
    let charges = charge(app, realm, token, record).await?;
    let claim = match &record.statement {
        Statement::Package {
            act: PackageAct::Release { content, .. },
            ..
        } => Some(app.claims().claim(content.digest)),
        _ => None,
    };
    let world = match &record.statement {
        Statement::Package {
            package,
            link,
            act: PackageAct::Release {
                version, content, ..
            },
            ..
        } => {
            let neighbours = neighbours(app, realm, (package, version), link).await?;
            let release = (package, version);
            Some(check_content(app, realm, token, release, content, &neighbours).await?)
        }
        _ => None,
    };
    let submission = Submission {
        record: signed,
        world,
    };
    let log = realm.log().clone();
    // Whoever asked may go before the log answers, and the content has to stay until then.
    let logged = tokio::spawn(async move {
        let _claim = claim;
        log.submit(submission).await
    });
    let logged = logged.await??;
    if !logged.repeated {
        charges.into_iter().for_each(super::quota::Charge::keep);
    }
    accepted(app, realm, logged).await
}

/// Where a record is, with the proof of it.
async fn accepted(app: &App, realm: &Arc<Realm>, logged: Logged) -> Result<Outcome, Error> {
    let prover = Arc::clone(realm);
    let repeated = logged.repeated;
    let accepted = app.heavy(move || {
        let inclusion = prover.log().inclusion(logged.index, &logged.published)?;
        Ok(Accepted {
            index: logged.index,
            size: logged.published.checkpoint.size,
            checkpoint: String::from_utf8_lossy(&logged.published.note).into_owned(),
            inclusion: inclusion.iter().map(ToString::to_string).collect(),
        })
    });
    let accepted = accepted.await?;
    Ok(Outcome { accepted, repeated })
}

/// Why a text is no record: as precise as can be said.
fn refuse_text(error: &RecordError, bytes: &[u8]) -> Error {
    let code = match error {
        RecordError::TooLong(_) => ProblemCode::TooLarge,
        RecordError::Value { line, .. } => {
            let text = String::from_utf8_lossy(bytes);
            let line = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
            match line.split(' ').next() {
                Some("subject") => ProblemCode::NameInvalid,
                Some("version") => ProblemCode::VersionInvalid,
                _ => ProblemCode::RecordInvalid,
            }
        }
        _ => ProblemCode::RecordInvalid,
    };
    Error::new(code, chain_of(error))
}

/// Whether the token may have such a record logged.
fn authorise(token: &Token, record: &Record) -> Result<(), Error> {
    let (action, allowed) = match &record.statement {
        // They are the registry's own: the log refuses them.
        Statement::Index { .. } => (Action::Operate, true),
        Statement::Registry { .. } => (Action::Operate, token.allows(Action::Operate)),
        Statement::Namespace { namespace, .. } => {
            let action = Action::Namespace;
            (action, token.allows_namespace(action, namespace))
        }
        Statement::Package { package, act, .. } => {
            let action = match act {
                PackageAct::Release { .. } => Action::Publish,
                PackageAct::Yank { .. } | PackageAct::Unyank { .. } => Action::Yank,
                PackageAct::Takedown { .. } => Action::Operate,
            };
            (action, token.allows_package(action, package))
        }
    };
    if allowed {
        return Ok(());
    }
    let (subject, action) = (record.subject(), action.as_str());
    let detail =
        format!("this takes a token that may `{action}` for the {subject}; this one may not");
    Err(Error::new(ProblemCode::Forbidden, detail))
}

/// Counts the record against today's quotas.
async fn charge<'a>(
    app: &'a Arc<App>,
    realm: &Arc<Realm>,
    token: &Token,
    record: &Record,
) -> Result<Vec<super::quota::Charge<'a>>, Error> {
    let quotas = app.quotas();
    match &record.statement {
        Statement::Namespace { namespace, act, .. } => {
            let mut charges = vec![quotas.charge_record(realm.id(), namespace)?];
            if matches!(act, NamespaceAct::Create { .. }) {
                charges.push(quotas.charge_namespace(token.id)?);
            }
            Ok(charges)
        }
        Statement::Package {
            package, act, link, ..
        } => {
            let charges = vec![quotas.charge_record(realm.id(), package.namespace())?];
            if let PackageAct::Release { content, .. } = act {
                let is_first = link.seq == 0;
                let namespace = package.namespace().clone();
                check_usage(app, realm, namespace, is_first, content.size).await?;
            }
            Ok(charges)
        }
        _ => Ok(vec![]),
    }
}

async fn check_usage(
    app: &Arc<App>,
    realm: &Arc<Realm>,
    namespace: Namespace,
    begins_package: bool,
    bytes: u64,
) -> Result<(), Error> {
    let usage = realm.catalog(app, move |catalog: &Catalog<'_>| {
        let today = Time::from_seconds(now()).ok();
        Ok(catalog.usage(&namespace, today)?)
    });
    let usage = usage.await?;
    let limits = app.quotas().limits();
    if begins_package && usage.packages >= limits.packages_per_namespace {
        return Err(used_up(
            limits.packages_per_namespace,
            "packages begun in this namespace",
        ));
    }
    if usage.bytes.saturating_add(bytes) > limits.bytes_per_namespace {
        return Err(used_up(
            limits.bytes_per_namespace,
            "bytes released in this namespace",
        ));
    }
    Ok(())
}

/// The releases that this one comes between, if it is of a package that refuses what breaks others.
async fn neighbours(
    app: &Arc<App>,
    realm: &Arc<Realm>,
    (package, version): (&PackageName, &Version),
    link: &Link,
) -> Result<Neighbours, Error> {
    if !app.config().refuses_breaking(package) {
        return Ok(Neighbours::default());
    }
    // Which releases these are must not change until this one is logged. If another record comes before it, it no
    // longer follows the last one, and the log refuses it; and the same if it follows what is still to come.
    let subject = Subject::Package(package.clone());
    let published = realm.log().published();
    let last = published.map.get(&subject.map_key());
    if link.prev != last.map_or(Hash::ZERO, |last| last.hash) {
        let detail = format!(
            "the record does not follow the last one of `{package}`: make it anew, and sign that"
        );
        return Err(Error::new(ProblemCode::Conflict, detail));
    }
    let (name, wanted) = (package.clone(), version.clone());
    let found = realm.catalog(app, move |catalog: &Catalog<'_>| {
        Ok(catalog.neighbours(&name, &wanted)?)
    });
    let [before, after] = found.await?.map(|found| {
        found.map(|(version, digest)| Release {
            name: format!("{package}@{version}"),
            path: path_of(app, realm, &digest),
        })
    });
    Ok(Neighbours { before, after })
}

fn path_of(app: &App, realm: &Realm, digest: &Digest) -> PathBuf {
    app.data().join(realm.blobs().path(digest).as_str())
}

/// Whether the content is there, and what the record says it is.
async fn check_content(
    app: &Arc<App>,
    realm: &Arc<Realm>,
    token: &Arc<Token>,
    (package, version): (&PackageName, &Version),
    content: &Content,
    neighbours: &Neighbours,
) -> Result<World, Error> {
    let digest = content.digest;
    super::upload::must_not_be_taken_down(app, realm, digest).await?;
    let missing = || {
        let detail = format!("the content `{digest}` is not here: upload it first");
        Error::new(ProblemCode::ContentMissing, detail)
    };
    let found = realm.blobs().find(&digest)?.ok_or_else(missing)?;
    // Who names the digest of what they cannot read would be given it.
    if realm.id() == LogId::Private && !realm.was_uploaded(token.id, &digest) {
        let reader = Reader::of(realm, Some(Arc::clone(token)))?;
        let may_read =
            move |catalog: &Catalog<'_>| super::upload::may_read(catalog, &reader, &digest);
        if !realm.catalog(app, may_read).await? {
            return Err(missing());
        }
    }
    if found.size != content.size {
        let (said, is) = (content.size, found.size);
        let detail = format!("the record says that `{digest}` has {said} bytes, but it has {is}");
        return Err(Error::new(ProblemCode::ContentInvalid, detail));
    }
    let path = path_of(app, realm, &digest);
    let expected = (package.clone(), version.clone());
    let checked = app
        .workers()
        .check_between(neighbours, &path, content.kind, Some(&expected));
    checked.await?.map_err(|refusal| {
        let code = match refusal.code {
            RefusalCode::Breaking => ProblemCode::VersionBreaking,
            _ => ProblemCode::ContentInvalid,
        };
        let is_secret = realm.id() == LogId::Private && !token.allows_package(Action::Read, package);
        let detail = match code == ProblemCode::VersionBreaking && is_secret {
            // What it has is for those to know who may read it.
            true => format!(
                "{}: this version breaks those who use the one before it, or the one behind it breaks those who use this: publish it as a version of another track; how it breaks them is told to a token that may `read` the package",
                refusal.code
            ),
            false => format!("{}: {}; {}", refusal.code, refusal.message, refusal.help),
        };
        Error::new(code, detail)
    })
}

//! A release that is pushed: logged like any other, signed by the registry for whoever has the token,
//! where the namespace lets it.
//!
//! Its manifest is kept before, and counts from the moment on that the release is in the log, by the log's
//! own transaction: so there is no moment when one is there without the other.

use super::arrival::New;
use super::document::{Descriptor, Document, invalid};
use super::error::{Code, Failure};
use super::form::LAYER;
use super::manifest::Manifest;
use super::reference::{Reference, Tag};
use super::repository;
use super::{Asked, ingest, package};
use crate::access::{Token, now};
use crate::app::{App, Realm};
use crate::catalog::rank;
use crate::content::RefusalCode;
use crate::domain::{self, Error};
use crate::log::LogId;
use http::StatusCode;
use rusqlite::params;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use tenon_registry_client::Digest;
use tenon_registry_client::api::ProblemCode;
use tenon_registry_client::log::{Hash, SigningKey};
use tenon_registry_client::name::{PackageName, Version};
use tenon_registry_client::record::{
    Attestation, Content, ContentKind, Link, PackageAct, Record, Reference as Authority,
    SignedRecord, Statement, Subject, Time,
};

/// The longest config that is kept with a release.
const MOST_CONFIG: u64 = 1 << 20;

/// How often a record is made anew, if another one of the package came first.
const TRIES: u32 = 5;

/// What a component has been called in layers.
const LAYERS: [&str; 2] = [LAYER, "application/vnd.wasm.content.layer.v1+wasm"];

/// Turns in which releases of a package are pushed.
#[derive(Debug)]
pub(super) struct Turns([Arc<tokio::sync::Mutex<()>>; 64]);

impl Default for Turns {
    fn default() -> Turns {
        Turns(std::array::from_fn(|_| Arc::default()))
    }
}

impl Turns {
    async fn take(&self, log: LogId, package: &PackageName) -> tokio::sync::OwnedMutexGuard<()> {
        let mut hasher = DefaultHasher::new();
        (log, package).hash(&mut hasher);
        let count = self.0.len() as u64;
        let at = usize::try_from(hasher.finish() % count).unwrap_or_default();
        let turn = self.0.get(at).map(Arc::clone).unwrap_or_default();
        turn.lock_owned().await
    }
}

/// What is going to be released, all of which is here.
struct Pushed {
    package: PackageName,
    version: Version,
    content: Content,
    digest: String,
    media_type: String,
    manifest: Vec<u8>,
    config_digest: String,
    config: Vec<u8>,
    /// What the registry signs with.
    signer: SigningKey,
}

/// What a push of a version came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The manifest is that of the release.
    Released,
    /// The release has this very content, by another manifest, which stays its own.
    SameContent,
}

/// Has a manifest be a release. If it is one already, nothing happens, and neither does anything where only the manifest is
/// another one, since clients write the time into it whenever they push; other content is refused.
pub(super) async fn push(
    asked: &Asked<'_>,
    package: &PackageName,
    version: &Version,
    new: &New<'_>,
) -> Result<Outcome, Failure> {
    let turn = asked.app.oci().turns.take(asked.name.log(), package).await;
    if let Some(there) = find_released(asked, package, version, new).await? {
        return Ok(there);
    }
    let token = Arc::clone(asked.caller.must_push(&asked.name)?);
    let (content, size) = layer(asked, new.document).await?;
    let (config_digest, config) = config(asked, new.document).await?;
    let digest = content;
    let signer = ingest::signer(asked, package).await?;
    let claim = asked.app.claims().claim(digest);
    let kind = kind_of(asked, &digest, package, version).await?;
    let pushed = Pushed {
        package: package.clone(),
        version: version.clone(),
        content: Content { digest, size, kind },
        digest: new.digest.to_string(),
        media_type: new.document.media_type.clone(),
        manifest: new.bytes.to_vec(),
        config_digest,
        config,
        signer,
    };
    // So that what is looked at in private is what this token brought.
    asked.realm.note_upload(token.id, &digest);
    let (app, realm) = (Arc::clone(asked.app), Arc::clone(asked.realm));
    // Whoever asked may go before the log answers.
    let done = tokio::spawn(async move {
        let done = log(&app, &realm, &token, pushed).await;
        drop((turn, claim));
        done
    });
    done.await.map_err(Error::from)??;
    Ok(Outcome::Released)
}

/// What the version is already, if it is released; as other content, or yanked and by another manifest, it is refused.
pub(super) async fn find_released(
    asked: &Asked<'_>,
    package: &PackageName,
    version: &Version,
    new: &New<'_>,
) -> Result<Option<Outcome>, Failure> {
    let (log, name, wanted) = (asked.name.log(), package.clone(), version.clone());
    let taken = asked.read(move |tx| package::version_taken(tx, log, &name, &wanted));
    let Some(taken) = taken.await? else {
        return Ok(None);
    };
    let tag = Tag::of(&taken).map(Reference::Tag);
    let found = match tag {
        Some(tag) if taken == version.to_string() => package::find(asked, package, &tag).await?,
        _ => None,
    };
    let is_yanked = found.as_ref().and_then(|found| found.release.as_ref());
    let is_yanked = is_yanked.is_some_and(|release| release.yanked().is_some());
    match found {
        // By whichever digest it was pushed.
        Some(found) if found.bytes == *new.bytes => Ok(Some(Outcome::Released)),
        // Whoever pushes what is yanked means to have it back, which a push cannot do.
        Some(found) if !is_yanked && is_same_content(&found, new.document) => {
            Ok(Some(Outcome::SameContent))
        }
        _ => {
            let how = if is_yanked { ", which is yanked," } else { "" };
            let message = format!(
                "`{package}` has the version {taken}{how} already, and a version is used once: push another one"
            );
            Err(Failure::new(Code::Denied, message).with_status(StatusCode::CONFLICT))
        }
    }
}

/// Whether a release's manifest has the one layer that another one has.
pub(super) fn is_same_content(released: &Manifest, new: &Document) -> bool {
    let released = Document::read(&released.bytes, Some(&released.media_type));
    released.is_ok_and(|released| match (&*released.layers, &*new.layers) {
        ([released], [new]) => (&released.digest, released.size) == (&new.digest, new.size),
        _ => false,
    })
}

/// The component that a manifest is of, and its size.
async fn layer(asked: &Asked<'_>, document: &Document) -> Result<(Digest, u64), Failure> {
    // As denied: clients of images take an invalid manifest for one of a type that is not known here, and
    // push others of each type that they know.
    let other = |what: &str| {
        let name = &asked.name;
        let message = format!(
            "a version of a package is a component, and so {what}: push anything else by a tag that is no version, or to a repository of more segments, such as `{name}/image`"
        );
        Failure::new(Code::Denied, message)
    };
    let [layer] = document.layers.as_slice() else {
        return Err(other("one layer"));
    };
    if !LAYERS.contains(&layer.media_type.as_str()) {
        return Err(other(&format!("a layer of the type `{LAYER}`")));
    }
    let super::digest::Digest::Sha256(digest) = layer.digest else {
        return Err(invalid(
            "a release is named by its SHA-256: push the layer by that",
        ));
    };
    let held = held(asked, &layer.digest).await?;
    let size = match held {
        Some(package::Content::Release(content)) => super::blob::is_there(asked.realm, &content)?,
        _ => None,
    };
    let size = size.ok_or_else(|| missing(asked, &layer.digest))?;
    must_have_size(layer, size)?;
    Ok((digest, size))
}

/// Refuses a descriptor of another size than the content has: clients would refuse the release, which stays.
fn must_have_size(descriptor: &Descriptor, size: u64) -> Result<(), Failure> {
    if descriptor.size == size {
        return Ok(());
    }
    let (digest, said) = (&descriptor.digest, descriptor.size);
    Err(invalid(format!(
        "the manifest says that `{digest}` has {said} bytes, and it has {size}: push it with that `size`"
    )))
}

/// What describes the component: its digest, and its bytes, which are kept with the release.
async fn config(asked: &Asked<'_>, document: &Document) -> Result<(String, Vec<u8>), Failure> {
    let Some(config) = &document.config else {
        return Err(invalid("the manifest of a release has a config"));
    };
    let bytes = match held(asked, &config.digest).await? {
        Some(package::Content::Config(bytes)) => Some(bytes.to_vec()),
        Some(package::Content::Release(content)) => {
            let blobs = asked.realm.blobs().clone();
            let read = asked.app.heavy(move || match blobs.find(&content)? {
                Some(blob) if blob.size > MOST_CONFIG => Ok(Some(Err(()))),
                Some(blob) => {
                    let mut bytes = vec![0; usize::try_from(blob.size).unwrap_or_default()];
                    let read = blob.file.read_at(0, &mut bytes)?;
                    bytes.truncate(read);
                    Ok(Some(Ok(bytes)))
                }
                None => Ok(None),
            });
            match read.await? {
                Some(Err(())) => return Err(invalid("the config of a release has at most 1 MiB")),
                Some(Ok(bytes)) => Some(bytes),
                None => None,
            }
        }
        None => None,
    };
    let bytes = bytes.ok_or_else(|| missing(asked, &config.digest))?;
    must_have_size(config, bytes.len() as u64)?;
    Ok((config.digest.to_string(), bytes))
}

/// What the repository has by a digest, wherever it comes from.
async fn held(
    asked: &Asked<'_>,
    digest: &super::digest::Digest,
) -> Result<Option<package::Content>, Failure> {
    let (name, wanted) = (asked.name.clone(), digest.clone());
    let found = asked.read(move |tx| {
        if let Some(id) = repository::find(tx, &name)?
            && let Some(held) = repository::held(tx, id, &wanted)?
        {
            return Ok(Some(package::Content::Release(held.content)));
        }
        match name.package() {
            Some(package) => package::content(tx, name.log(), &package, &wanted),
            None => Ok(None),
        }
    });
    found.await
}

fn missing(asked: &Asked<'_>, digest: &super::digest::Digest) -> Failure {
    let name = &asked.name;
    let message =
        format!("the manifest names `{digest}`, which is not in `{name}`: push that first");
    Failure::new(Code::ManifestBlobUnknown, message)
}

/// Whether it is a component or a WIT package, which their manifests do not say.
async fn kind_of(
    asked: &Asked<'_>,
    digest: &Digest,
    package: &PackageName,
    version: &Version,
) -> Result<ContentKind, Failure> {
    let app = asked.app;
    let path = app.data().join(asked.realm.blobs().path(digest).as_str());
    let expected = (package.clone(), version.clone());
    let check = async |kind| {
        let checked = app.workers().check(&path, kind, Some(&expected)).await;
        checked.map_err(Error::from)
    };
    let Err(refusal) = check(ContentKind::Component).await? else {
        return Ok(ContentKind::Component);
    };
    let refusal = match refusal.code {
        RefusalCode::NotAComponent => match check(ContentKind::Wit).await? {
            Ok(_) => return Ok(ContentKind::Wit),
            Err(other) if other.code == RefusalCode::NotAWitPackage => refusal,
            Err(other) => other,
        },
        _ => refusal,
    };
    let (code, message, help) = (refusal.code.as_str(), refusal.message, refusal.help);
    Err(invalid(format!("{code}: {message}; {help}")))
}

/// Keeps the manifest, and has the release logged; what came to nothing leaves nothing.
async fn log(
    app: &Arc<App>,
    realm: &Arc<Realm>,
    token: &Arc<Token>,
    pushed: Pushed,
) -> Result<(), Error> {
    let pushed = Arc::new(pushed);
    let id = realm.id();
    let (database, kept) = (Arc::clone(app.database()), Arc::clone(&pushed));
    // The log's own transaction comes behind it in the same file, and makes it durable.
    app.heavy(move || database.write_early(|tx| Ok::<_, Error>(keep(tx, id, &kept)?)))
        .await?;
    let logged = submit(app, realm, token, &pushed).await;
    if logged.is_err() {
        let database = Arc::clone(app.database());
        let forgotten = app.heavy(move || database.write(|tx| Ok(forget(tx, id, &pushed)?)));
        if let Err(error) = forgotten.await {
            tracing::warn!(%error, "a manifest without a release stays, which counts for nothing");
        }
    }
    logged
}

async fn submit(
    app: &Arc<App>,
    realm: &Arc<Realm>,
    token: &Arc<Token>,
    pushed: &Pushed,
) -> Result<(), Error> {
    let mut tries = 0;
    loop {
        tries += 1;
        let record = record(realm, token, pushed)?;
        match domain::submit(app, realm, token, record.bytes()).await {
            Ok(_) => return Ok(()),
            // Another record of the package came first; a version that is taken is so the next time, too.
            Err(error) if error.code == ProblemCode::Conflict && tries < TRIES => {}
            Err(error) => return Err(error),
        }
    }
}

/// The next record of the package, by what is published.
fn record(realm: &Realm, token: &Token, pushed: &Pushed) -> Result<SignedRecord, Error> {
    let published = realm.log().published();
    let head = |subject: Subject| published.map.get(&subject.map_key());
    let namespace = pushed.package.namespace();
    let authority = head(Subject::Namespace(namespace.clone())).ok_or_else(|| {
        let detail = format!("there is no namespace `{namespace}`");
        Error::new(ProblemCode::NotAuthorised, detail)
    })?;
    let last = head(Subject::Package(pushed.package.clone()));
    let statement = Statement::Package {
        package: pushed.package.clone(),
        link: Link {
            seq: last.map_or(0, |last| last.seq + 1),
            prev: last.map_or(Hash::ZERO, |last| last.hash),
        },
        authority: Authority {
            seq: authority.seq,
            hash: authority.hash,
        },
        act: PackageAct::Release {
            version: pushed.version.clone(),
            content: pushed.content,
            attestation: Some(Attestation::Token(token.id.to_string())),
        },
    };
    let record = Record {
        origin: realm.log().origin().clone(),
        statement,
        time: Time::from_seconds(now()).map_err(Error::internal)?,
    };
    SignedRecord::sign(record, &[&pushed.signer]).map_err(Error::internal)
}

/// What was pushed and never released makes room; the form of a release that came first stays.
fn keep(tx: &rusqlite::Transaction<'_>, log: LogId, pushed: &Pushed) -> rusqlite::Result<()> {
    tx.execute(
        "INSERT INTO oci_release VALUES (?1, ?2, ?3, ?4, 1, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT DO UPDATE SET content = ?4, pushed = 1, digest = ?5, media_type = ?6,
           manifest = ?7, config_digest = ?8, config = ?9
         WHERE NOT EXISTS (
           SELECT 1 FROM package p JOIN release r ON r.package = p.id
           WHERE p.log = ?1 AND p.name = ?2 AND r.rank = ?3 AND r.digest = oci_release.content)",
        params![
            log.number(),
            pushed.package.to_string(),
            rank(&pushed.version),
            pushed.content.digest.as_bytes(),
            pushed.digest,
            pushed.media_type,
            pushed.manifest,
            pushed.config_digest,
            pushed.config,
        ],
    )?;
    Ok(())
}

/// What is in the log after all stays: not every error says that it is not.
fn forget(tx: &rusqlite::Transaction<'_>, log: LogId, pushed: &Pushed) -> rusqlite::Result<()> {
    tx.execute(
        "DELETE FROM oci_release
         WHERE log = ?1 AND package = ?2 AND rank = ?3 AND pushed = 1 AND digest = ?4
           AND NOT EXISTS (
             SELECT 1 FROM package p JOIN release r ON r.package = p.id
             WHERE p.log = ?1 AND p.name = ?2 AND r.rank = ?3 AND r.digest = content
               AND json_extract(r.publisher, '$.by') = 'registry')",
        params![
            log.number(),
            pushed.package.to_string(),
            rank(&pushed.version),
            pushed.digest,
        ],
    )?;
    Ok(())
}

//! That a release is yanked, as what refers to its manifest: an artefact without content, which says in annotations why,
//! since when, and by which record of the log. It is always the same bytes for the same record, and no row has them.
//!
//! That a release is yanked is read in the catalog. By which record is read in the package's chain, once for as long as
//! nothing is logged of the package; a chain has a bounded number of records, and so few can be yanked that the artefact of a
//! digest is found by making all of them, also once.

use super::Asked;
use super::digest::Digest;
use super::document::{Document, EMPTY, IMAGE, NOTHING};
use super::error::Failure;
use super::manifest::{self, Manifest};
use super::package::{self, FORMS, Release};
use super::reference::Reference;
use super::repository;
use crate::domain::Error;
use crate::log::{Log, LogId};
use bytes::Bytes;
use rusqlite::{OptionalExtension, Transaction, named_params, params};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use tenon_registry_client::log::Hash;
use tenon_registry_client::name::PackageName;
use tenon_registry_client::record::{PackageAct, Statement, Subject, Time};

/// The type of what says that a release is yanked.
pub(super) const YANK: &str = "application/vnd.tenon.yank.v1+json";

/// How many yanks of packages that were asked for are remembered.
const MOST_KNOWN: usize = 20_000;

/// What says that a release is yanked.
#[derive(Clone, Debug)]
pub(super) struct Artefact {
    /// Its digest.
    pub(super) digest: Digest,
    /// How it is listed.
    pub(super) descriptor: String,
    bytes: Bytes,
}

impl Artefact {
    fn manifest(self) -> Manifest {
        Manifest {
            digest: self.digest.to_string(),
            media_type: IMAGE.to_owned(),
            bytes: self.bytes,
            release: None,
        }
    }
}

/// What says that releases with this manifest are yanked, in the order of the digests: of each release that is.
pub(super) async fn about(
    asked: &Asked<'_>,
    package: &PackageName,
    manifest: &Digest,
) -> Result<Vec<Artefact>, Failure> {
    let reference = Reference::Digest(manifest.clone());
    let released = package::find(asked, package, &reference).await?;
    let (name, of) = (asked.name.clone(), package.clone());
    let yanked = asked.read(move |tx| {
        let found = match (released, repository::find(tx, &name)?) {
            (Some(released), _) => Some(released),
            (None, Some(id)) => manifest::find(tx, id, &reference)?,
            (None, None) => None,
        };
        let Some(found) = found else {
            return Ok(None);
        };
        let mut releases = yanked_with(tx, name.log(), &of, &found.bytes)?;
        if releases.is_empty() {
            // A form that a full disk has no room for is in no row.
            let own = found.release.clone();
            let own = own.filter(|own| own.yanked().is_some());
            releases.extend(own.map(|own| (own, found.media_type.clone())));
        }
        Ok(Some((found.bytes.len(), releases)))
    });
    let Some((size, releases)) = yanked.await?.filter(|(_, releases)| !releases.is_empty()) else {
        return Ok(vec![]);
    };
    let Some(known) = known(asked, package).await? else {
        return Ok(vec![]);
    };
    let mut artefacts = vec![];
    for (release, media_type) in &releases {
        let subject = Part {
            media_type,
            digest: manifest.to_string(),
            size,
            data: None,
        };
        artefacts.extend(known.artefact(release, &subject)?);
    }
    artefacts.sort_by_key(|artefact| artefact.digest.to_string());
    Ok(artefacts)
}

/// What says that a release of the package is yanked, by its own digest.
pub(super) async fn find(
    asked: &Asked<'_>,
    package: &PackageName,
    digest: &Digest,
) -> Result<Option<Manifest>, Failure> {
    let Digest::Sha256(wanted) = digest else {
        return Ok(None);
    };
    let (log, name) = (asked.name.log(), package.clone());
    let is_any = asked.read(move |tx| is_any_yanked(tx, log, &name));
    if !is_any.await? {
        return Ok(None);
    }
    let Some(known) = known(asked, package).await? else {
        return Ok(None);
    };
    // A form that a full disk has no room for is in no row.
    for (source, formed) in package::form_missing(asked, package, None).await? {
        let release = Release {
            package: package.clone(),
            version: source.version,
            status: source.status,
        };
        let subject = Part {
            media_type: formed.media_type,
            digest: formed.digest,
            size: formed.manifest.len(),
            data: None,
        };
        let artefact = known.artefact(&release, &subject)?;
        if let Some(found) = artefact.filter(|found| found.digest == *digest) {
            return Ok(Some(found.manifest()));
        }
    }
    let (name, sought) = (package.clone(), *wanted);
    let subject = asked.read(move |tx| known.subject(tx, log, &name, &sought));
    let Some(subject) = subject.await? else {
        return Ok(None);
    };
    let artefacts = about(asked, package, &subject).await?;
    let found = artefacts.into_iter().find(|one| one.digest == *digest);
    Ok(found.map(Artefact::manifest))
}

/// What the log says of yanks in packages that were asked for.
#[derive(Debug, Default)]
pub(super) struct Yanks(Mutex<HashMap<(LogId, PackageName), Arc<Known>>>);

impl Yanks {
    fn get(&self, log: LogId, package: &PackageName, head: Hash) -> Option<Arc<Known>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.get(&(log, package.clone()));
        known.filter(|known| known.head == head).cloned()
    }

    fn put(&self, log: LogId, package: &PackageName, known: &Arc<Known>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut size: usize = all.values().map(|known| known.weight()).sum();
        // Some go, whichever they are: all at once would have all of them be read again.
        while size + known.weight() > MOST_KNOWN
            && let Some(some) = all.keys().next().cloned()
        {
            size -= all.remove(&some).map_or(0, |gone| gone.weight());
        }
        all.insert((log, package.clone()), Arc::clone(known));
    }
}

/// Yanks of a package, as long as its chain ends where it did.
#[derive(Debug)]
struct Known {
    head: Hash,
    log: String,
    /// The last record that yanks a version for a reason: which reason counts, and whether any does, is in the catalog.
    records: HashMap<(String, String), Yank>,
    subjects: Mutex<Option<Subjects>>,
}

/// A record that yanks a release.
#[derive(Clone, Copy, Debug)]
struct Yank {
    index: u64,
    hash: Hash,
    /// When it was logged.
    time: Time,
}

/// The manifests that artefacts refer to, by the digests of these, while the catalog is as it was.
#[derive(Debug)]
struct Subjects {
    state: Vec<Vec<u8>>,
    all: HashMap<tenon_registry_client::Digest, Digest>,
}

async fn known(asked: &Asked<'_>, package: &PackageName) -> Result<Option<Arc<Known>>, Failure> {
    // Before the chain is read, which is never behind it.
    let Some(head) = package::head(asked, package) else {
        return Ok(None);
    };
    let (log, yanks) = (asked.name.log(), &asked.app.oci().yanks);
    if let Some(known) = yanks.get(log, package, head) {
        return Ok(Some(known));
    }
    let (realm, name) = (Arc::clone(asked.realm), package.clone());
    let read = asked
        .app
        .heavy(move || Known::read(realm.log(), name, head));
    let known = Arc::new(read.await?);
    yanks.put(log, package, &known);
    Ok(Some(known))
}

impl Known {
    fn read(log: &Log, package: PackageName, head: Hash) -> Result<Known, Error> {
        let chain = log.placed(&Subject::Package(package));
        let mut records = HashMap::new();
        for (index, record, time) in chain.map_err(Error::internal)? {
            if let Statement::Package { act, .. } = &record.record().statement
                && let PackageAct::Yank { version, reason } = act
            {
                let yank = Yank {
                    index,
                    hash: record.hash(),
                    time,
                };
                records.insert((version.to_string(), reason.to_string()), yank);
            }
        }
        Ok(Known {
            head,
            log: log.origin().to_string(),
            records,
            subjects: Mutex::default(),
        })
    }

    /// How much it holds: each yank with its record, and with two subjects.
    fn weight(&self) -> usize {
        1 + self.records.len()
    }

    /// What says of a release with this manifest that it is yanked, once the record that does it is published.
    fn artefact(&self, release: &Release, subject: &Part<'_>) -> Result<Option<Artefact>, Error> {
        let Some((reason, warning)) = release.yanked().zip(release.warning()) else {
            return Ok(None);
        };
        let key = (release.version.clone(), reason.to_owned());
        let Some(yank) = self.records.get(&key) else {
            return Ok(None);
        };
        let nothing = Part {
            media_type: EMPTY,
            digest: Digest::of(NOTHING).to_string(),
            size: NOTHING.len(),
            data: Some("e30="),
        };
        let (version, reason) = key;
        let said = Said {
            schema_version: 2,
            media_type: IMAGE,
            artifact_type: YANK,
            config: nothing.clone(),
            layers: [nothing],
            subject: subject.clone(),
            annotations: BTreeMap::from([
                ("org.opencontainers.image.description", warning),
                ("vnd.tenon.yank.index", yank.index.to_string()),
                ("vnd.tenon.yank.log", self.log.clone()),
                ("vnd.tenon.yank.package", release.package.to_string()),
                ("vnd.tenon.yank.reason", reason),
                ("vnd.tenon.yank.record", yank.hash.to_string()),
                ("vnd.tenon.yank.since", yank.time.to_string()),
                ("vnd.tenon.yank.version", version),
            ]),
        };
        let bytes = Bytes::from(serde_json::to_vec(&said).map_err(Error::internal)?);
        let digest = Digest::of(&bytes);
        let document = Document::read(&bytes, Some(IMAGE));
        let document = document.map_err(|_| Error::internal("a yank has no manifest"))?;
        Ok(Some(Artefact {
            descriptor: document.referrer(&digest, bytes.len()),
            digest,
            bytes,
        }))
    }

    /// The manifest that the artefact of a digest refers to.
    fn subject(
        &self,
        tx: &Transaction<'_>,
        log: LogId,
        package: &PackageName,
        wanted: &tenon_registry_client::Digest,
    ) -> Result<Option<Digest>, Error> {
        let state = state(tx, log, package)?;
        let mut subjects = self.subjects.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = subjects.as_ref().filter(|known| known.state == state) {
            return Ok(known.all.get(wanted).cloned());
        }
        let mut all = HashMap::new();
        let whole = each_yanked(tx, log, package, |release, media_type, manifest| {
            for digest in [Digest::of(manifest), Digest::sha512(manifest)] {
                let subject = Part {
                    media_type,
                    digest: digest.to_string(),
                    size: manifest.len(),
                    data: None,
                };
                let artefact = self.artefact(release, &subject)?;
                if let Some(Digest::Sha256(own)) = artefact.map(|artefact| artefact.digest) {
                    all.insert(own, digest);
                }
            }
            Ok(())
        })?;
        let found = all.get(wanted).cloned();
        *subjects = whole.then_some(Subjects { state, all });
        Ok(found)
    }
}

/// What the catalog's word on a package depends on: the ends of its chain and of its namespace's, as the database has them.
fn state(
    tx: &Transaction<'_>,
    log: LogId,
    package: &PackageName,
) -> rusqlite::Result<Vec<Vec<u8>>> {
    let namespace = Subject::Namespace(package.namespace().clone());
    let subjects = [namespace, Subject::Package(package.clone())];
    let mut select = tx.prepare_cached("SELECT hash FROM subject WHERE log = ?1 AND text = ?2")?;
    let mut hash = |subject: &Subject| {
        let values = params![log.number(), subject.to_string()];
        let hash = select.query_row(values, |row| row.get::<_, Vec<u8>>(0));
        hash.optional().map(Option::unwrap_or_default)
    };
    subjects.iter().map(&mut hash).collect()
}

/// Which of the forms that count are of yanked releases.
const YANKED: &str = "AND r.choice = 0 AND json_extract(r.status, '$.is') = 'yanked'";

/// Whether any release of a package is yanked.
fn is_any_yanked(tx: &Transaction<'_>, log: LogId, package: &PackageName) -> Result<bool, Error> {
    Ok(count_yanked(tx, log, package, 1)? > 0)
}

fn count_yanked(
    tx: &Transaction<'_>,
    log: LogId,
    package: &PackageName,
    most: u32,
) -> rusqlite::Result<u32> {
    let mut select = tx.prepare_cached(&format!(
        "SELECT count(*) FROM (SELECT 1 FROM package p
           CROSS JOIN release r INDEXED BY release_choice ON r.package = p.id
           WHERE p.log = ?1 AND p.name = ?2 {YANKED} LIMIT ?3)"
    ))?;
    let values = params![log.number(), package.to_string(), most];
    select.query_row(values, |row| row.get(0))
}

/// The yanked releases that have a manifest of these bytes, each with the type of that.
fn yanked_with(
    tx: &Transaction<'_>,
    log: LogId,
    package: &PackageName,
    manifest: &[u8],
) -> Result<Vec<(Release, String)>, Error> {
    let mut select = tx.prepare_cached(&format!(
        "SELECT r.version, r.status, f.media_type
         FROM oci_release f INDEXED BY oci_release_digest {FORMS}
           AND f.digest IN (:one, :other) {YANKED} ORDER BY r.rank"
    ))?;
    let mut rows = select.query(named_params! {
        ":log": log.number(),
        ":package": package.to_string(),
        ":one": Digest::of(manifest).to_string(),
        ":other": Digest::sha512(manifest).to_string(),
    })?;
    let mut yanked = vec![];
    while let Some(row) = rows.next()? {
        yanked.push((Release::read(package, row)?, row.get(2)?));
    }
    Ok(yanked)
}

/// Shows each yanked release, with the type of its manifest and all of it. Returns whether all of them had one.
fn each_yanked(
    tx: &Transaction<'_>,
    log: LogId,
    package: &PackageName,
    mut show: impl FnMut(&Release, &str, &[u8]) -> Result<(), Error>,
) -> Result<bool, Error> {
    let mut select = tx.prepare_cached(&format!(
        "SELECT r.version, r.status, f.media_type, f.manifest FROM oci_release f {FORMS} {YANKED}"
    ))?;
    let mut rows = select.query(named_params! {
        ":log": log.number(), ":package": package.to_string(),
    })?;
    let mut shown = 0;
    while let Some(row) = rows.next()? {
        let release = Release::read(package, row)?;
        show(
            &release,
            &row.get::<_, String>(2)?,
            &row.get::<_, Vec<u8>>(3)?,
        )?;
        shown += 1;
    }
    Ok(shown == count_yanked(tx, log, package, u32::MAX)?)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Said<'a> {
    schema_version: u8,
    media_type: &'static str,
    artifact_type: &'static str,
    config: Part<'static>,
    layers: [Part<'static>; 1],
    subject: Part<'a>,
    annotations: BTreeMap<&'static str, String>,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Part<'a> {
    media_type: &'a str,
    digest: String,
    size: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'static str>,
}

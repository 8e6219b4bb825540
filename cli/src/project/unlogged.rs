//! What there is in registries without logs, and what is locked from them.
//!
//! A version is a tag, which may be given to other content: what is locked is held by its digest, and a tag that has moved
//! since is refused. What a release needs is computed from its bytes, since nobody else is believed.

use super::LOCK;
use super::install::check_needs;
use super::universe::Gathered;
use crate::args::Global;
use crate::error::Failure;
use crate::exit::ExitKind;
use crate::oci::home::Resolved;
use crate::oci::{Foreign, Unlogged, reference};
use crate::source::Bytes;
use crate::ui::Ui;
use crate::wit::needs::needs_of;
use std::collections::{BTreeMap, BTreeSet};
use tenon_registry_client::Digest;
use tenon_registry_client::http::oci::{Pick, Tag, tag_of};
use tenon_registry_client::http::{Error, ErrorKind};
use tenon_registry_client::name::{PackageName, Version};
use tenon_registry_client::project::{LockedPackage, LockedSource, UnloggedPlace, UnloggedRelease};
use tenon_registry_client::record::ContentKind;
use tenon_registry_client::resolve::Need;

/// Of how many versions of a package, from the highest, the manifests are looked at.
const MOST_VERSIONS: usize = 64;
/// Of how many of these the content is fetched, however large it is.
const MOST_LARGE: usize = 8;
/// The content of any of them is fetched if it has no more bytes than this.
const SMALL: u64 = 1 << 20;
/// A version that could be chosen.
pub(super) struct UnloggedCandidate {
    pub(super) digest: Digest,
    pub(super) size: u64,
    pub(super) kind: ContentKind,
    pub(super) needs: Vec<Need>,
    pub(super) place: UnloggedPlace,
}

impl UnloggedCandidate {
    /// As a lock file has it.
    pub(super) fn locked(&self, package: &PackageName, version: &Version) -> LockedPackage {
        LockedPackage {
            source: LockedSource::Unlogged(UnloggedRelease {
                package: package.clone(),
                version: version.clone(),
                digest: self.digest,
                place: self.place.clone(),
            }),
            kind: self.kind,
            size: self.size,
            needs: self.needs.clone(),
        }
    }

    fn of_locked(locked: &LockedPackage, place: &UnloggedPlace) -> UnloggedCandidate {
        UnloggedCandidate {
            digest: *locked.digest(),
            size: locked.size,
            kind: locked.kind,
            needs: locked.needs.clone(),
            place: place.clone(),
        }
    }
}

/// Says that what is locked now is proved by nobody.
pub(super) fn warn_of(ui: &Ui, package: &PackageName, version: &Version) {
    ui.warn_once(&format!(
        "`{package}@{version}` is locked unverified: no log has it, so its digest is all that holds it"
    ));
}

/// Says which of the releases that are used are proved by nobody.
pub(super) fn warn_of_all(ui: &Ui, all: &[Unlogged]) {
    let names: Vec<_> = all.iter().map(|one| format!("`{}`", one.name())).collect();
    let names = match names.as_slice() {
        [] => return,
        [one] => format!("no log has it: {one}; that it is"),
        all => format!("no log has them: {}; that they are", all.join(", ")),
    };
    ui.warn_once(&format!(
        "unverified, as {names} what is locked is all that is known"
    ));
}

/// Says that a version is taken that is other content than before.
pub(super) fn warn_of_other(ui: &Ui, before: &LockedPackage, gathered: &Gathered) {
    let (package, version) = (before.package(), before.version());
    let Some(now) = gathered.unlogged(package, version) else {
        return;
    };
    if now.digest != *before.digest() {
        ui.warn(&format!(
            "`{package}@{version}` is other content than was locked: {} in place of {}",
            now.digest,
            before.digest()
        ));
    }
}

/// The versions of a package, of which `kept` are locked and may stay, and `precise` is asked for.
pub(super) fn candidates(
    ui: &Ui,
    global: &Global,
    resolved: &Resolved,
    package: &PackageName,
    kept: &[&LockedPackage],
    precise: Option<&Version>,
) -> Result<BTreeMap<Version, UnloggedCandidate>, Failure> {
    let (repository, place) = (resolved.repository(package)?, resolved.place(package)?);
    let of_lock = |locked: &&LockedPackage| {
        let version = locked.version().clone();
        (version, UnloggedCandidate::of_locked(locked, &place))
    };
    if global.offline {
        return Ok(kept.iter().map(of_lock).collect());
    }
    let foreign = Foreign::open(ui, global, &resolved.host)?;
    let tags = foreign.wait_raw(foreign.client.versions(&repository));
    let tags = tags.map_err(|error| absent(package, &place, error))?;
    let chosen = choose(&tags, kept, precise);
    let mut found = BTreeMap::new();
    // What is locked stays where its tag is gone: it is held by its digest.
    let untagged = kept
        .iter()
        .filter(|locked| !tags.contains_key(locked.version()));
    found.extend(untagged.map(of_lock));
    let manifests = foreign.manifests(&repository, &chosen);
    for (rank, (version, manifest)) in manifests.into_iter().enumerate() {
        let locked = kept.iter().find(|locked| *locked.version() == version);
        let named = match manifest {
            Ok(named) => named,
            // Something else may have a version for its tag.
            Err(error) if matches!(*error.kind, ErrorKind::NoComponent { .. }) => continue,
            Err(error) => return Err(error.into()),
        };
        let Ok(layer) = named.manifest.component() else {
            continue;
        };
        if let Some(locked) = locked {
            if layer.digest != *locked.digest() {
                return Err(tag_moved(locked, layer.digest));
            }
            found.extend([of_lock(locked)]);
            continue;
        }
        let is_asked = precise == Some(&version);
        if !is_asked && rank >= MOST_LARGE && layer.size > SMALL {
            continue;
        }
        let blob = foreign.wait(foreign.client.blob(&repository, layer.digest, layer.size))?;
        let name = format!("{package}@{version}");
        let bytes = Bytes::of(blob.file).map_err(|error| Failure::io("read", &name, &error))?;
        // What cannot be read is none that could be taken, whoever pushed it.
        let Ok((kind, needs)) = needs_of(&name, bytes.input()) else {
            continue;
        };
        let candidate = UnloggedCandidate {
            digest: layer.digest,
            size: layer.size,
            kind,
            needs,
            place: place.clone(),
        };
        found.insert(version, candidate);
    }
    Ok(found)
}

/// The versions that are looked at, from the highest.
fn choose(
    tags: &BTreeMap<Version, Tag>,
    kept: &[&LockedPackage],
    precise: Option<&Version>,
) -> Vec<(Version, Tag)> {
    let named: BTreeSet<&Version> = kept
        .iter()
        .map(|locked| locked.version())
        .chain(precise)
        .collect();
    let all = tags.iter().rev().enumerate();
    let chosen =
        all.filter(|(rank, (version, _))| *rank < MOST_VERSIONS || named.contains(version));
    chosen
        .map(|(_, (version, tag))| (version.clone(), tag.clone()))
        .collect()
}

/// Fetches what is locked, by its digest. Whether the namespace is mapped there was looked at before.
pub(super) fn install(
    ui: &Ui,
    global: &Global,
    locked: &LockedPackage,
    release: &UnloggedRelease,
) -> Result<Unlogged, Failure> {
    let mut reference = reference(release.place.as_str())?;
    let tag = tag_of(&release.version);
    reference.pick = tag.map_or(reference.pick, Pick::Tag);
    let foreign = Foreign::open(ui, global, &reference.host)?;
    let blob = foreign
        .client
        .blob(&reference.repository, release.digest, locked.size);
    let blob = foreign
        .wait_raw(blob)
        .map_err(|error| missing(locked, error))?;
    let unlogged = Unlogged {
        reference,
        package: Some(locked.key()),
        digest: release.digest,
        size: locked.size,
        manifest: None,
        log: None,
        file: blob.file,
        path: blob.path,
        from: blob.from,
    };
    check_kind(locked, &unlogged)?;
    check_needs(locked, &unlogged.name(), &unlogged.file)?;
    Ok(unlogged)
}

/// Whether content is of the kind that the lock file says.
fn check_kind(locked: &LockedPackage, unlogged: &Unlogged) -> Result<(), Failure> {
    let name = unlogged.name();
    let bytes = unlogged.file.try_clone().and_then(Bytes::of);
    let bytes = bytes.map_err(|error| Failure::io("read", &name, &error))?;
    let (kind, _) = needs_of(&name, bytes.input())?;
    if kind == locked.kind {
        return Ok(());
    }
    Err(Failure {
        exit: ExitKind::Refused,
        ..Failure::new(
            "registry::lock",
            format!("`{name}` is not what `{LOCK}` says"),
        )
    }
    .cause(format!("`{LOCK}` has {}", locked.kind))
    .cause(format!("its content is {kind}"))
    .help("take the lock file from your version control again"))
}

fn missing(locked: &LockedPackage, error: Error) -> Failure {
    match error.is_not_found() {
        false => error.into(),
        true => {
            let name = format!("{}@{}", locked.package(), locked.version());
            let failure = Failure::from(error)
                .cause(format!("`{LOCK}` has `{name}` with {}", locked.digest()));
            failure.help("ask whoever runs the registry where it went; `tenon update` takes what there is now")
        }
    }
}

/// Another content than the one that is locked has the tag of its version.
/// A version whose tag has other content than what is locked.
pub(crate) fn tag_moved(locked: &LockedPackage, found: Digest) -> Failure {
    let name = format!("{}@{}", locked.package(), locked.version());
    Failure {
        exit: ExitKind::Refused,
        ..Failure::new("oci::tag-moved", format!("`{name}` is other content than `{LOCK}` says"))
    }
    .cause(format!("`{LOCK}` has {}", locked.digest()))
    .cause(format!("the tag has {found} now"))
    .help(format!(
        "ask whoever runs the registry why; if the new content is right, take it with `tenon update {}`",
        locked.package()
    ))
}

fn absent(package: &PackageName, place: &UnloggedPlace, error: Error) -> Failure {
    match error.is_not_found() {
        false => error.into(),
        true => {
            let mut failure = Failure::from(error);
            failure.message = format!("there is no `{package}` in `{place}`");
            failure
        }
    }
}

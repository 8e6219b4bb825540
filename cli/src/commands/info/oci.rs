//! `tenon info` of what is in a registry without a log: all of it is the registry's word.

use super::LISTED;
use crate::args::Global;
use crate::config::{Config, RegistryName};
use crate::error::Failure;
use crate::oci::{Foreign, OciHome};
use crate::remote::Remote;
use crate::ui::{self, Document, Ui};
use crate::wanted::{Selection, Wanted};
use serde::Serialize;
use std::collections::BTreeMap;
use tenon_registry_client::chain::Release;
use tenon_registry_client::http::ErrorKind;
use tenon_registry_client::http::oci::{
    Descriptor, NamedManifest, Pick, Reference, Tag, media, tag_of, version_of,
};
use tenon_registry_client::name::Version;

/// Of how many versions, from the highest, the manifests are looked at.
const MOST_VERSIONS: usize = 64;
/// How many referrers, and how many annotations of one thing, are shown.
pub(super) const SHOWN: usize = 50;

#[derive(Serialize)]
struct InfoContent {
    /// Always `true`.
    unverified: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    package: Option<String>,
    /// Registry and repository.
    registry: String,
    /// The tags that are versions, the highest first.
    versions: Vec<VersionData>,
    /// The other tags.
    tags: Vec<String>,
    /// What is shown of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    manifest: Option<ManifestData>,
    /// The registry there whose log is known.
    #[serde(skip)]
    log: Option<RegistryName>,
}

#[derive(Serialize)]
struct VersionData {
    version: String,
    /// The manifest and what it is of, if they were looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    manifest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<ContentData>,
}

#[derive(Serialize)]
struct ContentData {
    digest: String,
    size: u64,
}

#[derive(Serialize)]
struct ManifestData {
    /// What it was asked for as.
    reference: String,
    digest: String,
    /// The component that it is of, if it is of one.
    content: Option<ContentData>,
    annotations: BTreeMap<String, String>,
    /// That it is yanked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    yanked: Vec<YankData>,
    /// What others say about it.
    referrers: Vec<ReferrerData>,
}

/// That a version of a manifest is yanked, in the words of what refers to it.
#[derive(Serialize)]
struct YankData {
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
}

/// What someone says about a manifest.
#[derive(Serialize)]
pub(super) struct ReferrerData {
    /// What it is.
    kind: String,
    digest: String,
    size: u64,
    annotations: BTreeMap<String, String>,
}

/// Shows a package of a namespace that comes from there.
pub(super) fn run(
    ui: &Ui,
    global: &Global,
    home: &OciHome,
    wanted: &Wanted,
) -> Result<(), Failure> {
    let (host, repository) = home.locate(ui, global, &wanted.package)?;
    let reference = Reference {
        host,
        repository,
        pick: Pick::Tag(Tag::latest()),
    };
    let foreign = Foreign::open(ui, global, &reference.host)?;
    let tags = foreign.wait_raw(foreign.client.tags(&reference.repository));
    let tags = tags.map_err(|error| foreign.failure(&reference, error))?;
    let versions: BTreeMap<Version, Tag> = tags
        .iter()
        .filter_map(|tag| Some((version_of(tag)?, tag.clone())))
        .collect();
    let mut admitted = versions.iter().rev();
    let shown = admitted.find(|(version, _)| wanted.version.admits(version));
    // What is yanked is not listed, and there for those who ask for it.
    let tag = match (shown, &wanted.version) {
        (Some((_, tag)), _) => Some(tag.clone()),
        (None, Selection::Highest) => None,
        (None, Selection::Exact(version)) => {
            let pick = tag_of(version).map(Pick::Tag);
            let pick = pick.ok_or_else(|| super::none_of(wanted))?;
            let there = foreign.wait(foreign.client.digest(&reference.repository, &pick))?;
            match (there, pick) {
                (Some(_), Pick::Tag(tag)) => Some(tag),
                _ => return Err(super::none_of(wanted)),
            }
        }
        (None, Selection::Meeting(_)) => return Err(super::none_of(wanted)),
    };
    let manifest = tag.map(|tag| {
        let reference = reference.with(Pick::Tag(tag));
        shown_of(ui, &foreign, &reference)
    });
    let manifest = manifest.transpose()?;
    let Reference {
        host, repository, ..
    } = &reference;
    let listed: Vec<_> = versions.into_iter().rev().collect();
    let content = InfoContent {
        unverified: true,
        package: Some(wanted.package.to_string()),
        registry: format!("{}{host}/{repository}", Reference::SCHEME),
        versions: described(&foreign, &reference, &listed, ui)?,
        tags: tags
            .iter()
            .filter(|tag| version_of(tag).is_none())
            .map(ToString::to_string)
            .collect(),
        manifest,
        log: log_at(&reference)?,
    };
    content.print(ui)
}

/// Shows what is at a place.
pub(super) fn run_place(ui: &Ui, global: &Global, reference: &Reference) -> Result<(), Failure> {
    let foreign = Foreign::open(ui, global, &reference.host)?;
    let Reference {
        host, repository, ..
    } = reference;
    let content = InfoContent {
        unverified: true,
        package: None,
        registry: format!("{}{host}/{repository}", Reference::SCHEME),
        versions: vec![],
        tags: vec![],
        manifest: Some(shown_of(ui, &foreign, reference)?),
        log: log_at(reference)?,
    };
    content.print(ui)
}

/// What others say about a release that a log has, by the word of its registry, if that is one for OCI clients, too.
pub(super) fn referrers_of(
    ui: &Ui,
    global: &Global,
    remote: &Remote,
    release: &Release,
) -> Result<Vec<ReferrerData>, Failure> {
    let foreign = Foreign::at(ui, global, &remote.registry.url)?;
    let (package, version) = (&release.package, &release.version);
    let repository = format!("{}/{}", package.namespace(), package.name()).parse();
    let (Some(foreign), Some(tag), Ok(repository)) = (foreign, tag_of(version), repository) else {
        return Ok(vec![]);
    };
    let pick = Pick::Tag(tag);
    let Some(digest) = foreign.wait(foreign.client.digest(&repository, &pick))? else {
        return Ok(vec![]);
    };
    let referrers = foreign.wait(foreign.client.referrers(&repository, &digest, None))?;
    // What is yanked is in the log, and shown as the log has it.
    let others = referrers.into_iter().filter(|one| !is_yank(one));
    Ok(others.map(ReferrerData::of).collect())
}

/// The versions, with what is known of as many of them as are shown.
fn described(
    foreign: &Foreign,
    reference: &Reference,
    listed: &[(Version, Tag)],
    ui: &Ui,
) -> Result<Vec<VersionData>, Failure> {
    let most = match ui.verbose || ui.json {
        true => MOST_VERSIONS,
        false => LISTED,
    };
    let (asked, rest) = listed.split_at(most.min(listed.len()));
    let mut all = vec![];
    for (version, named) in foreign.manifests(&reference.repository, asked) {
        let named = match named {
            Ok(named) => Some(named),
            // Something else may have a version for its tag, or it is gone by now.
            Err(error) if matches!(*error.kind, ErrorKind::NoComponent { .. }) => None,
            Err(error) if error.is_not_found() => None,
            Err(error) => return Err(error.into()),
        };
        all.push(VersionData {
            version: version.to_string(),
            manifest: named.as_ref().map(|named| named.digest.to_string()),
            content: named.as_ref().and_then(ContentData::of),
        });
    }
    all.extend(rest.iter().map(|(version, _)| VersionData {
        version: version.to_string(),
        manifest: None,
        content: None,
    }));
    Ok(all)
}

/// The registry with a known log that is at the host of a reference.
fn log_at(reference: &Reference) -> Result<Option<RegistryName>, Failure> {
    Ok(Config::read()?.at_host(reference.host.as_str()).cloned())
}

/// A manifest, and what others say about it.
fn shown_of(ui: &Ui, foreign: &Foreign, reference: &Reference) -> Result<ManifestData, Failure> {
    let (repository, pick) = (&reference.repository, &reference.pick);
    let failure = |error| foreign.failure(reference, error);
    let named = match foreign.wait_raw(foreign.client.manifest(repository, pick)) {
        Ok(named) => Some(named),
        Err(error) if matches!(*error.kind, ErrorKind::NoComponent { .. }) => None,
        Err(error) => return Err(failure(error)),
    };
    let digest = match (&named, pick) {
        (Some(named), _) => named.digest,
        (None, Pick::Digest(digest)) => *digest,
        (None, Pick::Tag(_)) => {
            let digest = foreign.wait_raw(foreign.client.digest(repository, pick));
            let digest = digest.map_err(failure)?;
            digest.ok_or_else(|| {
                Failure::new("oci::not-found", format!("`{reference}` is gone")).help("try again")
            })?
        }
    };
    let referrers = foreign.wait(foreign.client.referrers(repository, &digest, None));
    let referrers = referrers.unwrap_or_else(|failure| {
        let why = failure.summary();
        ui.warn(&format!("what others say about it is not known: {why}"));
        vec![]
    });
    let (yanks, referrers): (Vec<_>, Vec<_>) = referrers.into_iter().partition(is_yank);
    let tag = match pick {
        Pick::Tag(tag) => version_of(tag),
        Pick::Digest(_) => None,
    };
    // Versions may share a manifest.
    let is_of_it = |yank: &YankData| match (&tag, &yank.version) {
        (Some(tag), Some(version)) => *version == tag.to_string(),
        _ => true,
    };
    Ok(ManifestData {
        yanked: yanks.iter().map(YankData::of).filter(is_of_it).collect(),
        reference: reference.to_string(),
        digest: digest.to_string(),
        content: named.as_ref().and_then(ContentData::of),
        annotations: named.map(|it| it.manifest.annotations).unwrap_or_default(),
        referrers: referrers.into_iter().map(ReferrerData::of).collect(),
    })
}

/// Whether it says that a release is yanked.
fn is_yank(one: &Descriptor) -> bool {
    one.artifact_type.as_deref() == Some(media::YANK)
}

impl YankData {
    fn of(descriptor: &Descriptor) -> YankData {
        let said = |name: &str| {
            let key = format!("vnd.tenon.yank.{name}");
            descriptor.annotations.get(&key).cloned()
        };
        YankData {
            version: said("version"),
            reason: said("reason"),
            since: said("since"),
        }
    }

    fn line(&self) -> String {
        let reason = self.reason.iter().map(|it| format!(": {it}"));
        let since = self.since.iter().map(|it| format!(", since {it}"));
        let version = self.version.iter().map(|it| format!(", as {it}"));
        let all: String = reason.chain(since).chain(version).collect();
        ui::clean_line(&format!("yanked{all}"))
    }
}

impl ContentData {
    fn of(named: &NamedManifest) -> Option<ContentData> {
        let layer = named.manifest.component().ok()?;
        Some(ContentData {
            digest: layer.digest.to_string(),
            size: layer.size,
        })
    }

    fn line(content: Option<&ContentData>) -> String {
        match content {
            Some(content) => format!("{}, {}", content.digest, ui::size(content.size)),
            None => "no component".to_owned(),
        }
    }
}

impl ReferrerData {
    fn of(descriptor: Descriptor) -> ReferrerData {
        ReferrerData {
            kind: descriptor.artifact_type.unwrap_or(descriptor.media_type),
            digest: descriptor.digest.to_string(),
            size: descriptor.size,
            annotations: descriptor.annotations,
        }
    }
}

impl InfoContent {
    fn print(&self, ui: &Ui) -> Result<(), Failure> {
        if ui.json {
            return ui.document(&Document::new("tenon/info/1", self));
        }
        let all = match ui.verbose {
            true => usize::MAX,
            false => SHOWN,
        };
        ui.print(&self.text(ui.verbose, all))?;
        let why = match &self.log {
            Some(log) => {
                format!("; the log of the registry `{log}`, which is there, was not asked")
            }
            None => ", which has no log".to_owned(),
        };
        ui.say(&format!(
            "all of it is the word of {}{why}: nothing says who published it, or that others are told the same",
            self.registry
        ));
        Ok(())
    }

    fn text(&self, verbose: bool, most: usize) -> String {
        let title = self.package.as_ref().unwrap_or(&self.registry);
        let mut out = format!("{}\n", ui::bold(title));
        let listed = match verbose {
            true => usize::MAX,
            false => LISTED,
        };
        let known = |one: &&VersionData| one.manifest.is_some() || one.content.is_some();
        let rows = self.versions.iter().take(listed);
        let rows: Vec<_> = rows
            .map(|one| {
                let said = match known(&one) {
                    true => ContentData::line(one.content.as_ref()),
                    false => String::new(),
                };
                vec![format!("  {}", one.version), said]
            })
            .collect();
        out.push_str(&ui::table(&rows));
        let left = self.versions.len() - rows.len();
        if left > 0 {
            out.push_str(&ui::dim(&format!("  and {left} more, which `-v` lists\n")));
        }
        if !self.tags.is_empty() {
            let tags: Vec<_> = self
                .tags
                .iter()
                .take(most)
                .map(|tag| tag.as_str())
                .collect();
            let more = self.tags.len() - tags.len();
            let more = if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            };
            out.push_str(&format!("  other tags: {}{more}\n", tags.join(", ")));
        }
        if let Some(manifest) = &self.manifest {
            manifest.write(&mut out, most);
        }
        out
    }
}

impl ManifestData {
    fn write(&self, out: &mut String, most: usize) {
        out.push_str(&format!(
            "{} {}\n  {}\n  manifest {}\n",
            ui::bold("at"),
            self.reference,
            ContentData::line(self.content.as_ref()),
            self.digest,
        ));
        for yank in self.yanked.iter().take(most) {
            out.push_str(&format!("  {}\n", yank.line()));
        }
        annotations(out, "  ", &self.annotations, most);
        write_referrers(out, &self.referrers, most);
    }
}

/// What others say, at most so many of them.
pub(super) fn write_referrers(out: &mut String, all: &[ReferrerData], most: usize) {
    if all.is_empty() {
        return;
    }
    out.push_str(&format!("{}\n", ui::bold("what others say about it")));
    for one in all.iter().take(most) {
        out.push_str(&format!(
            "  {}, {}, {}\n",
            ui::clean_line(&one.kind),
            one.digest,
            ui::size(one.size)
        ));
        annotations(out, "    ", &one.annotations, most);
    }
    let left = all.len().saturating_sub(most);
    if left > 0 {
        out.push_str(&ui::dim(&format!("  and {left} more, which `-v` lists\n")));
    }
}

fn annotations(out: &mut String, indent: &str, all: &BTreeMap<String, String>, most: usize) {
    for (key, value) in all.iter().take(most) {
        let (key, value) = (ui::clean_line(key), ui::clean_line(value));
        out.push_str(&format!("{indent}{key}: {value}\n"));
    }
}

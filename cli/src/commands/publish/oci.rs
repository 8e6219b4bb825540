//! `tenon publish --oci`: into a registry that speaks OCI, without a record in a log.

use super::{PreviousData, bill};
use crate::args::{Global, Publish};
use crate::baseline;
use crate::config::Config;
use crate::error::Failure;
use crate::oci::{Foreign, OciHome, home, reference, released_at};
use crate::publication::{Outline, Publication};
use crate::source::{Bytes, Sources};
use crate::ui::{self, Document, Ui};
use serde::Serialize;
use std::collections::BTreeMap;
use tenon_registry_client::Digest;
use tenon_registry_client::http::oci::{
    ComponentForm, ComponentPackage, Descriptor, Pick, Reference, Tag, media, tag_of, version_of,
};
use tenon_registry_client::http::{ErrorKind, Uploaded};
use tenon_registry_client::name::Version;

#[derive(Serialize)]
struct PublishContent {
    /// Where it is, by its tag.
    reference: String,
    /// Where it is, by its digest.
    pinned: String,
    /// Whether no log has it.
    unverified: bool,
    /// The release that the registry makes of it, in a log that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    released_as: Option<ReleasedData>,
    /// `component` or `wit`.
    kind: &'static str,
    size: u64,
    digest: String,
    manifest: String,
    /// What the tag meant before, if that was another manifest.
    #[serde(skip_serializing_if = "Option::is_none")]
    replaces: Option<String>,
    /// The version that it was compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<PreviousData>,
    /// The manifest of the bill of materials, if it has one and it was attached.
    #[serde(skip_serializing_if = "Option::is_none")]
    bill_of_materials: Option<String>,
    state: State,
}

/// A release that a registry makes of what is pushed.
#[derive(Serialize)]
struct ReleasedData {
    /// What the registry is called here.
    registry: String,
    package: String,
    version: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    /// With `--dry-run`.
    Planned,
    Published,
    /// The tag has this manifest already.
    PublishedBefore,
}

/// What the two places of the command line name: what is published, and where, if a place is named.
pub(super) fn places(args: &Publish) -> Result<(&str, Option<&str>), Failure> {
    let is_place = |text: &str| text.starts_with(Reference::SCHEME);
    match (args.path.as_str(), args.reference.as_deref()) {
        (path, None) if is_place(path) => {
            Err(Failure::usage(format!("`{}` says where, and nothing says what", ui::clean_line(path)))
                .help("name a component before it: `tenon publish app.wasm --oci oci://HOST/NAMESPACE/NAME:1.0.0`"))
        }
        (path, None) => Ok((path, None)),
        (place, Some(path)) if is_place(place) && !is_place(path) => Ok((path, Some(place))),
        (path, Some(place)) if is_place(place) && !is_place(path) => Ok((path, Some(place))),
        (_, Some(other)) => Err(Failure::usage(format!(
            "`{}` is no place in an OCI registry",
            ui::clean_line(other)
        ))
        .help("one thing is published at once, to `oci://HOST/NAMESPACE/NAME:TAG`")),
    }
}

pub(super) fn run(
    ui: &Ui,
    args: &Publish,
    global: &Global,
    path: &str,
    place: Option<&str>,
) -> Result<(), Failure> {
    let publication = Publication::read(Sources { ui, global }, path)?;
    let (reference, tag, version) = match place {
        Some(place) => named(args, &publication, place)?,
        None => mapped(ui, args, global, &publication)?,
    };
    let package = form(&publication, &reference, version.as_ref())
        .package(publication.content.digest, publication.content.size);
    let foreign = Foreign::open(ui, global, &reference.host)?;
    let there = foreign.wait(
        foreign
            .client
            .digest(&reference.repository, &reference.pick),
    )?;
    let mut content = PublishContent::of(&reference, &publication, &package, there);
    if let Some((registry, package, version)) = released_at(&Config::read()?, &reference) {
        content.unverified = false;
        content.released_as = Some(ReleasedData {
            registry: registry.to_string(),
            package: package.to_string(),
            version: version.to_string(),
        });
    }
    if let (Some(there), Some(version)) =
        (there.filter(|there| *there != package.digest()), &version)
    {
        if !has_these_bytes(&foreign, &reference, &publication, there) {
            return Err(taken(&reference, version, there));
        }
        content.is_there_as(&reference, there);
        ui.say(&content.nothing_to_do());
        return content.print(ui);
    }
    let gated = version.as_ref().filter(|_| there.is_none());
    if let Some(version) = gated {
        content.previous = compare(ui, &foreign, &reference, &publication, version)?;
    }
    ui.say(&content.plan(&publication, gated.is_some()));
    let attach = || {
        let subject = Descriptor::of(media::MANIFEST, &package.bytes());
        bill::attach(&foreign, &reference.repository, &subject, &publication)
    };
    if there == Some(package.digest()) {
        content.state = State::PublishedBefore;
        // Its bill may not have come so far.
        if !args.consent.dry_run {
            content.bill_of_materials = attach()?;
        }
        ui.say("it is published already, as this very manifest");
        return content.print(ui);
    }
    let broken = content.previous.as_ref().filter(|p| !p.breaking.is_empty());
    if let (Some(previous), Some(version)) = (broken, &version) {
        if !args.allow_breaking {
            return Err(super::breaking(&content.reference, version, previous));
        }
        ui.warn(&super::allowed(previous));
    }
    if args.consent.dry_run {
        ui.say("this is all that was done: `--dry-run` sends nothing");
        return content.print(ui);
    }
    ui.confirm("publish it?", args.consent.yes)?;
    if !publication.named.is_unchanged() {
        let message = format!(
            "`{}` was changed after it was checked",
            ui::clean_line(path)
        );
        return Err(Failure::new("cli::io", message).help("try again"));
    }
    let push = foreign.client.push(
        &reference.repository,
        &tag,
        publication.uploading(),
        &package,
    );
    if foreign.wait(push)? == Uploaded::AlreadyThere && ui.verbose {
        ui.say("the registry had the content already");
    }
    content.state = State::Published;
    content.bill_of_materials = attach()?;
    ui.say(&content.sentence());
    content.print(ui)
}

/// The place that the command line names; without a tag, it is that of the version.
fn named(
    args: &Publish,
    publication: &Publication,
    place: &str,
) -> Result<(Reference, Tag, Option<Version>), Failure> {
    let mut reference = reference(place)?;
    let has_tag = place
        .rsplit('/')
        .next()
        .is_some_and(|last| last.contains(':'));
    let tag = match &reference.pick {
        Pick::Digest(_) => {
            return Err(
                Failure::usage("what is published gets a tag, and its digest by itself")
                    .help("name it as `oci://HOST/NAMESPACE/NAME:TAG`"),
            );
        }
        Pick::Tag(tag) if has_tag => tag.clone(),
        Pick::Tag(_) => {
            let version = publication.version(args.version.as_deref())?;
            let tag = tag_of(&version).ok_or_else(|| home::no_tag(&version))?;
            reference.pick = Pick::Tag(tag.clone());
            tag
        }
    };
    let version = version_of(&tag);
    let says = publication.said_version(args.version.as_deref());
    if let (Some(version), Some(says)) = (&version, says)
        && says != version.to_string()
    {
        let says = ui::clean_line(&says);
        return Err(Failure::configuration(
            "publish::name",
            format!("the tag says that it is {version}, and it says itself that it is {says}"),
        )
        .help(format!("publish it as `{}`", reference.repository)));
    }
    Ok((reference, tag, version))
}

/// The place of a package in the registry that its namespace is mapped to.
fn mapped(
    ui: &Ui,
    args: &Publish,
    global: &Global,
    publication: &Publication,
) -> Result<(Reference, Tag, Option<Version>), Failure> {
    let (package, version) = publication.name(args.package.as_deref(), args.version.as_deref())?;
    let namespace = package.namespace();
    let home = OciHome::of(global, &package)?.ok_or_else(|| {
        Failure::configuration(
            "oci::home",
            format!("nothing says in which OCI registry the namespace `{namespace}` is"),
        )
        .help(format!(
            "name the place: `--oci oci://HOST/{namespace}/{}:{version}`; or map the namespace in the configuration: `{namespace} = \"oci://HOST\"` under `[namespaces]`",
            package.name()
        ))
    })?;
    let (host, repository) = home.locate(ui, global, &package)?;
    let tag = tag_of(&version).ok_or_else(|| home::no_tag(&version))?;
    let reference = Reference {
        host,
        repository,
        pick: Pick::Tag(tag.clone()),
    };
    Ok((reference, tag, Some(version)))
}

/// What is said of it besides its bytes, as `wkg` says it.
fn form(
    publication: &Publication,
    reference: &Reference,
    version: Option<&Version>,
) -> ComponentForm {
    let version = version.map(|version| ("version", version.to_string()));
    let said = version.into_iter().chain(publication.said.iter().cloned());
    let said = said.map(|(key, value)| (format!("org.opencontainers.image.{key}"), value));
    let (imports, exports) = match &publication.outline {
        Outline::Component { imports, exports } => (imports.clone(), exports.clone()),
        Outline::Wit { interfaces, worlds } => {
            let all = interfaces.iter().chain(worlds);
            let all = all.filter_map(|item| publication.item(item));
            (vec![], all.collect())
        }
    };
    let name = reference
        .repository
        .as_str()
        .rsplit('/')
        .next()
        .unwrap_or_default();
    ComponentForm {
        author: None,
        imports,
        exports,
        title: Some(format!("{name}.wasm")),
        annotations: said.collect::<BTreeMap<_, _>>(),
    }
}

/// Whether a manifest has the bytes that are published, however it describes them.
fn has_these_bytes(
    foreign: &Foreign,
    reference: &Reference,
    publication: &Publication,
    there: Digest,
) -> bool {
    let manifest = foreign.wait_raw(
        foreign
            .client
            .manifest(&reference.repository, &Pick::Digest(there)),
    );
    manifest.is_ok_and(|named| {
        let layer = named.manifest.component();
        layer.is_ok_and(|layer| layer.digest == publication.content.digest)
    })
}

/// A version is used once: other content under its tag would be another release of the same name.
fn taken(reference: &Reference, version: &Version, there: Digest) -> Failure {
    Failure::new(
        "oci::version",
        format!(
            "{version} is in `{}` already, with other bytes",
            reference.repository
        ),
    )
    .cause(format!("its manifest is {there}"))
    .help("a version is used once: publish what has changed as a higher version")
}

/// Compares with the version before, if there is one that can be compared with.
fn compare(
    ui: &Ui,
    foreign: &Foreign,
    reference: &Reference,
    publication: &Publication,
    version: &Version,
) -> Result<Option<PreviousData>, Failure> {
    let repository = &reference.repository;
    let versions = match foreign.wait_raw(foreign.client.versions(repository)) {
        Ok(versions) => versions,
        Err(error) if error.is_not_found() => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let before = baseline::before(repository.as_str(), versions.keys(), version)?;
    let Some((before, tag)) = before.and_then(|before| versions.get_key_value(before)) else {
        return Ok(None);
    };
    let pick = Pick::Tag(tag.clone());
    let pulled = match foreign.wait_raw(foreign.client.pull(repository, &pick)) {
        Ok(pulled) => pulled,
        Err(error) if matches!(*error.kind, ErrorKind::NoComponent { .. }) => {
            ui.warn(&format!(
                "{before} is no component, so nothing is known of what depends on it"
            ));
            return Ok(None);
        }
        Err(error) => return Err(error.into()),
    };
    let breaking = match pulled.digest == publication.content.digest {
        true => vec![],
        false => {
            let old = Bytes::of(pulled.blob.file);
            let old = old.map_err(|error| Failure::io("read", &pulled.blob.path, &error))?;
            let name = reference.with(pick).to_string();
            baseline::compare_content(&name, &old, publication)?
        }
    };
    Ok(Some(PreviousData {
        version: before.to_string(),
        breaking,
    }))
}

impl PublishContent {
    fn of(
        reference: &Reference,
        publication: &Publication,
        package: &ComponentPackage,
        there: Option<Digest>,
    ) -> PublishContent {
        let manifest = package.digest();
        PublishContent {
            reference: reference.to_string(),
            pinned: reference.with(Pick::Digest(manifest)).to_string(),
            unverified: true,
            released_as: None,
            kind: publication.content.kind.as_str(),
            size: publication.content.size,
            digest: publication.content.digest.to_string(),
            manifest: manifest.to_string(),
            replaces: there
                .filter(|there| *there != manifest)
                .map(|there| there.to_string()),
            previous: None,
            bill_of_materials: None,
            state: State::Planned,
        }
    }

    /// The same bytes are there, as a manifest that describes them otherwise.
    fn is_there_as(&mut self, reference: &Reference, manifest: Digest) {
        self.manifest = manifest.to_string();
        self.pinned = reference.with(Pick::Digest(manifest)).to_string();
        self.replaces = None;
        self.state = State::PublishedBefore;
    }

    fn nothing_to_do(&self) -> String {
        let yanked = match &self.released_as {
            Some(ReleasedData {
                package, version, ..
            }) => {
                format!(
                    "; if it is yanked, `tenon yank {package}@{version} --undo` takes the yank back"
                )
            }
            None => String::new(),
        };
        format!(
            "`{}` is there already, with these bytes: nothing is to be done{yanked}",
            self.reference
        )
    }

    fn print(&self, ui: &Ui) -> Result<(), Failure> {
        match ui.json {
            true => ui.document(&Document::new("tenon/publish-oci/1", self)),
            false => Ok(()),
        }
    }

    /// The plan; with the version before, if that was looked for.
    fn plan(&self, publication: &Publication, gated: bool) -> String {
        let bill = match publication.bill.len() {
            0 => "none".to_owned(),
            entries => format!("attached, {}", ui::count(entries, "part")),
        };
        let mut text = format!("{} {}\n", ui::bold("to publish"), ui::bold(&self.reference));
        let kind = match self.kind {
            "wit" => "WIT package",
            kind => kind,
        };
        for (label, line) in [
            ("what", format!("{kind}, {}", ui::size(self.size))),
            ("digest", self.digest.clone()),
            ("manifest", self.manifest.clone()),
            ("materials", bill),
            ("log", self.log()),
        ] {
            text.push_str(&format!("  {label:<10} {}\n", ui::clean(&line)));
        }
        let previous = gated.then(|| PreviousData::line(self.previous.as_ref()));
        for (label, line) in [("replaces", self.replaces.clone()), ("previous", previous)] {
            if let Some(line) = line {
                text.push_str(&format!("  {label:<10} {}\n", ui::clean(&line)));
            }
        }
        text
    }

    /// What a log will say of it.
    fn log(&self) -> String {
        match &self.released_as {
            Some(release) => format!(
                "that of `{}`: the registry releases it as `{}@{}`, for good, and attests that your token brought it; `tenon publish` signs it with your key",
                release.registry, release.package, release.version
            ),
            None => "none: whoever gets it is told that it is unverified".to_owned(),
        }
    }

    fn sentence(&self) -> String {
        let bill = match self.bill_of_materials {
            Some(_) => ", with its bill of materials",
            None => "",
        };
        if let Some(release) = &self.released_as {
            return format!(
                "published `{}`{bill}; it is `{}@{}` in the log of `{}`, attested by the registry",
                self.reference, release.package, release.version, release.registry
            );
        }
        format!(
            "published `{}`{bill}; it is unverified, as no log has it: to get just this, name it as `{}`",
            self.reference, self.pinned
        )
    }
}

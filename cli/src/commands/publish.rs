//! `tenon publish`: a component or a WIT package, released.

mod bill;
mod oci;

use crate::args::{Global, Publish};
use crate::baseline;
use crate::error::Failure;
use crate::publication::{Outline, Publication};
use crate::remote::Remote;
use crate::signing::{self, Logged};
use crate::source::Sources;
use crate::ui::{self, Document, Seen, Ui};
use serde::Serialize;
use tenon_registry_client::chain::{Availability, Publisher, Release};
use tenon_registry_client::http::{Draft, Uploaded};
use tenon_registry_client::log::Vkey;
use tenon_registry_client::name::{PackageName, Version};
use tenon_registry_client::record::Permission;
use tenon_registry_client::verify::{Request, Verified, View};

/// How many imports or exports the plan names; `--verbose` shows all.
const SHOWN: usize = 6;

#[derive(Serialize)]
struct PublishContent {
    package: String,
    version: String,
    /// `component` or `wit`.
    kind: &'static str,
    size: u64,
    digest: String,
    registry: String,
    url: String,
    origin: String,
    key: String,
    /// What lets the key release it.
    grant: Option<GrantData>,
    #[serde(flatten)]
    outline: Outline,
    /// The release that it was compared with.
    previous: Option<PreviousData>,
    state: State,
    /// Where it is in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<RecordData>,
    /// The manifest of the bill of materials, if it has one and it was attached.
    #[serde(skip_serializing_if = "Option::is_none")]
    bill_of_materials: Option<String>,
}

#[derive(Serialize)]
struct GrantData {
    /// The record of the namespace.
    record: u32,
    packages: String,
    expires: Option<String>,
}

#[derive(Serialize)]
struct PreviousData {
    version: String,
    /// What breaks, a line each.
    breaking: Vec<String>,
}

#[derive(Serialize)]
struct RecordData {
    index: Option<u64>,
    signed_by: Vec<String>,
    log: Seen,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    /// With `--dry-run`.
    Planned,
    Published,
    /// By this key, with these bytes, before.
    PublishedBefore,
}

pub(crate) fn run(ui: &Ui, args: &Publish, global: &Global) -> Result<(), Failure> {
    let (path, place) = oci::places(args)?;
    if args.oci || place.is_some() {
        return oci::run(ui, args, global, path, place);
    }
    let publication = Publication::read(Sources { ui, global }, path)?;
    let (package, version) = publication.name(args.package.as_deref(), args.version.as_deref())?;
    let vkey = args.signing.vkey()?;
    let remote = Remote::of(ui, global, &package)?;
    let request = Request::release(package.clone(), version.clone());
    let view = remote.view(&request)?;
    let there = view
        .package()
        .and_then(|found| found.releases().get(&version));
    let mut content = PublishContent::of(&remote, &publication, &package, &version, &vkey);
    if let Some(release) = there {
        check_same(release, &publication, &vkey)?;
        published_before(ui, &remote, &mut content, &view, release)?;
        if !args.consent.dry_run {
            // It may not have come so far.
            let release = (&package, &version);
            content.attach(ui, global, &remote, release, &publication)?;
        }
        return content.print(ui);
    }
    let previous = baseline::choose(view.package(), &version)?;
    let mut draft = Draft::release(
        &view,
        &package,
        version.clone(),
        publication.content,
        &vkey,
        remote.now(),
    )?;
    let what = (&package, Permission::Release);
    if let Some((record, grant)) = signing::grant(&view, &vkey, what, remote.now())? {
        content.grant = Some(GrantData {
            record,
            packages: grant.pattern.to_string(),
            expires: grant.expires.map(|time| time.to_string()),
        });
    }
    if let Some(release) = previous {
        content.previous = Some(PreviousData {
            version: release.version.to_string(),
            breaking: baseline::compare(&remote, &package, release, &publication)?,
        });
    }
    ui.say(&content.plan(ui.verbose));
    let broken = content.previous.as_ref().filter(|p| !p.breaking.is_empty());
    if let Some(previous) = broken {
        if !args.allow_breaking {
            return Err(breaking(
                &format!("{package}@{version}"),
                &version,
                previous,
            ));
        }
        ui.warn(&allowed(previous));
    }
    if !args.consent.dry_run {
        ui.confirm("publish it?", args.consent.yes)?;
    }
    draft.sign(&args.signing.load(&vkey)?)?;
    let record = draft.signed()?;
    if args.consent.dry_run {
        ui.say("this is all that was done: `--dry-run` sends nothing");
        return content.print(ui);
    }
    if !publication.named.is_unchanged() {
        let message = format!("`{}` was changed after it was checked", args.path);
        return Err(Failure::new("cli::io", message).help("try again"));
    }
    let upload = remote.client.upload(
        publication.uploading(),
        publication.digest(),
        publication.content.size,
    );
    if remote.wait(upload)? == Uploaded::AlreadyThere && ui.verbose {
        ui.say("the registry had the content already");
    }
    let Logged { index, seen } = remote.log(ui, &record, &request)?;
    let what = format!("`{package}@{version}`");
    let by = ui::signed_by_keys([&vkey]);
    ui.say(&ui::proof(&what, index, &by, &seen, remote.now()));
    content.state = State::Published;
    content.record = Some(RecordData {
        index,
        signed_by: vec![vkey.name().to_string()],
        log: seen,
    });
    let release = (&package, &version);
    content.attach(ui, global, &remote, release, &publication)?;
    content.print(ui)
}

/// A version is used once: what is there must be what is published, by the same key.
fn check_same(release: &Release, publication: &Publication, vkey: &Vkey) -> Result<(), Failure> {
    let (package, version) = (&release.package, &release.version);
    let taken = |message: String| {
        Err(Failure::new("publish::version", message)
            .help("a version is used once: publish what has changed as a higher version"))
    };
    if release.content != publication.content {
        return taken(format!(
            "`{package}@{version}` is released already, with other bytes: {}",
            release.content.digest
        ));
    }
    match &release.publisher {
        Publisher::Keys(keys) if keys.contains(vkey) => Ok(()),
        publisher => taken(format!(
            "`{package}@{version}` is released already with the same bytes, {}",
            ui::publisher(publisher)
        )),
    }
}

/// The answer to the command may have been lost, so to give it again is no mistake.
fn published_before(
    ui: &Ui,
    remote: &Remote,
    content: &mut PublishContent,
    view: &Verified<View>,
    release: &Release,
) -> Result<(), Failure> {
    let (package, version) = (&release.package, &release.version);
    match release.availability {
        Availability::Available => {}
        Availability::Yanked(reason) => ui.warn(&format!(
            "{version} is yanked ({reason}); `tenon yank {package}@{version} --undo` takes that back"
        )),
        Availability::TakenDown(reason) => {
            let message =
                format!("`{package}@{version}` was taken down by the registry ({reason})");
            return Err(Failure::new("publish::version", message)
                .help("publish as a higher version what may be published"));
        }
    }
    let proven = view.release(version);
    let index = proven.ok().and_then(|release| view.index_of(&release));
    let seen = Seen::of(view, &remote.client.options().rules);
    let what = format!("`{package}@{version}`");
    ui.say("it is published already, with these bytes and by this key");
    let by = ui::publisher(&release.publisher);
    ui.say(&ui::proof(&what, index, &by, &seen, remote.now()));
    content.state = State::PublishedBefore;
    content.record = Some(RecordData {
        index,
        signed_by: match &release.publisher {
            Publisher::Keys(keys) => keys.iter().map(|key| key.name().to_string()).collect(),
            Publisher::Registry { key, .. } => vec![key.name().to_string()],
        },
        log: seen,
    });
    Ok(())
}

/// A release, called `name`, that cannot take the place of the one before it.
fn breaking(name: &str, version: &Version, previous: &PreviousData) -> Failure {
    let semver = version.semver();
    let next = match (semver.major, semver.minor) {
        (0, minor) => format!("0.{}.0", minor + 1),
        (major, _) => format!("{}.0.0", major + 1),
    };
    let before = &previous.version;
    let message = format!("`{name}` would break those who use {before}");
    Failure {
        causes: previous.breaking.clone(),
        ..Failure::new("publish::breaking", message)
    }
    .help(format!(
        "publish it as {next}; or, if nobody can depend on what changed, with `--allow-breaking`"
    ))
}

/// That it breaks what it may break.
fn allowed(previous: &PreviousData) -> String {
    let before = &previous.version;
    format!("it breaks those who use {before}, as `--allow-breaking` allows")
}

impl PreviousData {
    /// As the plan has it.
    fn line(previous: Option<&PreviousData>) -> String {
        match previous {
            None => "none that it must be compatible with".to_owned(),
            Some(previous) if previous.breaking.is_empty() => {
                format!("{}, which it can take the place of", previous.version)
            }
            Some(previous) => {
                let lines = previous.breaking.iter().map(|line| format!("\n    {line}"));
                format!(
                    "{}, which it breaks:{}",
                    previous.version,
                    lines.collect::<String>()
                )
            }
        }
    }
}

impl PublishContent {
    fn of(
        remote: &Remote,
        publication: &Publication,
        package: &PackageName,
        version: &Version,
        vkey: &Vkey,
    ) -> PublishContent {
        PublishContent {
            package: package.to_string(),
            version: version.to_string(),
            kind: publication.content.kind.as_str(),
            size: publication.content.size,
            digest: publication.content.digest.to_string(),
            registry: remote.name.to_string(),
            url: remote.registry.url.to_string(),
            origin: remote.registry.pin.origin().to_string(),
            key: vkey.to_string(),
            grant: None,
            outline: publication.outline.clone(),
            previous: None,
            state: State::Planned,
            record: None,
            bill_of_materials: None,
        }
    }

    /// Attaches the bill of materials to what is published, where other tools look for it.
    fn attach(
        &mut self,
        ui: &Ui,
        global: &Global,
        remote: &Remote,
        release: (&PackageName, &Version),
        publication: &Publication,
    ) -> Result<(), Failure> {
        self.bill_of_materials = bill::attach_to_release(ui, global, remote, release, publication)?;
        if let Some(digest) = &self.bill_of_materials {
            ui.say(&format!(
                "its bill of materials is {}, which refers to it",
                ui::clean_line(digest)
            ));
        }
        Ok(())
    }

    fn print(&self, ui: &Ui) -> Result<(), Failure> {
        match ui.json {
            true => ui.document(&Document::new("tenon/publish/1", self)),
            false => Ok(()),
        }
    }

    fn plan(&self, all: bool) -> String {
        let (what, first, second) = match &self.outline {
            Outline::Component { imports, exports } => {
                ("component", ("imports", imports), ("exports", exports))
            }
            Outline::Wit { interfaces, worlds } => (
                "WIT package",
                ("interfaces", interfaces),
                ("worlds", worlds),
            ),
        };
        let namespace = self.package.split(':').next().unwrap_or_default();
        let name = self.key.split('+').next().unwrap_or_default();
        let key = match &self.grant {
            Some(GrantData {
                record,
                packages,
                expires,
            }) => {
                let until = expires.as_ref().map(|time| format!(" until {time}"));
                format!(
                    "{name}, which record {} of the namespace `{namespace}` lets release `{namespace}:{packages}`{}",
                    ui::thousands((*record).into()),
                    until.unwrap_or_default()
                )
            }
            None => name.to_owned(),
        };
        let title = format!("{}@{}", self.package, self.version);
        let mut text = format!("{} {}\n", ui::bold("to publish"), ui::bold(&title));
        for (label, line) in [
            ("what", format!("{what}, {}", ui::size(self.size))),
            ("digest", self.digest.clone()),
            (
                "registry",
                format!("{} ({}), log {}", self.registry, self.url, self.origin),
            ),
            ("key", key),
            (first.0, list(first.1, all)),
            (second.0, list(second.1, all)),
            ("previous", PreviousData::line(self.previous.as_ref())),
        ] {
            text.push_str(&format!("  {label:<10} {}\n", ui::clean(&line)));
        }
        text
    }
}

fn list(names: &[String], all: bool) -> String {
    let shown = match all {
        true => names.len(),
        false => SHOWN,
    };
    let first = names.iter().take(shown).map(String::as_str);
    let text = first.collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(shown) {
        0 if names.is_empty() => "none".to_owned(),
        0 => text,
        more => format!("{text} and {more} more"),
    }
}

//! `tenon info`: a package, by the log and by the registry's word.

mod oci;

use crate::args::{Global, Info};
use crate::error::Failure;
use crate::oci::{OciHome, reference};
use crate::pulled;
use crate::remote::Remote;
use crate::suggestion;
use crate::ui::{self, Document, PublisherData, ReleaseData, StatusData, Ui};
use crate::wanted::{Selection, Wanted};
use oci::ReferrerData;
use serde::Serialize;
use std::collections::BTreeSet;
use tenon_registry_client::api::{self, PackageInfo, ReleaseInfo, ReleaseStatus, world::World};
use tenon_registry_client::chain::{Availability, Package, Release};
use tenon_registry_client::http::oci::Reference;
use tenon_registry_client::name::Version;
use tenon_registry_client::verify::{Request, Verified, VerifyError, View};

/// How many versions are listed, unless all are asked for.
const LISTED: usize = 10;

#[derive(Serialize)]
struct InfoContent<'i> {
    package: String,
    /// Every release, by the log; the highest first.
    versions: Vec<VersionData>,
    /// The release that is shown, by the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    release: Option<ReleaseData>,
    /// What the registry says of that release: not verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    by_registry: Option<&'i ReleaseInfo>,
    /// What others say of that release, by the registry's word.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    referrers: Vec<ReferrerData>,
    /// What the registry says against the log, and what it does not say.
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct VersionData {
    version: String,
    digest: String,
    size: u64,
    publisher: PublisherData,
    status: StatusData,
}

pub(crate) fn run(ui: &Ui, args: &Info, global: &Global) -> Result<(), Failure> {
    if args.package.starts_with(Reference::SCHEME) {
        return oci::run_place(ui, global, &reference(&args.package)?);
    }
    let wanted = pulled::wanted_by(global, &args.package)?;
    if let Some(home) = OciHome::of(global, &wanted.package)? {
        return oci::run(ui, global, &home, &wanted);
    }
    let remote = Remote::of(ui, global, &wanted.package)?;
    let (view, shown) = verified(&remote, &wanted)?;
    let Some(package) = view.package() else {
        return Err(Failure::new(
            "verify::no-such-package",
            "there is no such package",
        ));
    };
    let release = shown.and_then(|version| view.release(&version).ok());
    let (info, mut warnings) = word(&remote, &wanted, package, global);
    let said = info
        .as_ref()
        .zip(release.as_ref())
        .and_then(|(info, release)| {
            let version = release.version.to_string();
            info.releases.iter().find(|said| said.version == version)
        });
    if let (Some(release), Some(said)) = (&release, said) {
        warnings.extend(contradictions(&view, release, said));
    }
    let referrers = match release.as_ref().filter(|_| !global.offline) {
        Some(release) => oci::referrers_of(ui, global, &remote, release),
        None => Ok(vec![]),
    };
    let referrers = referrers.unwrap_or_else(|failure| {
        let why = failure.summary();
        warnings.push(format!("what others say about it is not known: {why}"));
        vec![]
    });
    for warning in &warnings {
        ui.warn(warning);
    }
    if ui.json {
        let content = InfoContent {
            package: package.name().to_string(),
            versions: package
                .releases()
                .values()
                .rev()
                .map(VersionData::of)
                .collect(),
            release: release
                .as_ref()
                .map(|release| ReleaseData::of(release, &view, &remote.registry.rules)),
            by_registry: said,
            referrers,
            warnings,
        };
        return ui.document(&Document::new("tenon/info/1", content));
    }
    let mut out = text(package, release.as_ref(), said, ui.verbose);
    let most = match ui.verbose {
        true => usize::MAX,
        false => oci::SHOWN,
    };
    oci::write_referrers(&mut out, &referrers, most);
    ui.print(&out)?;
    match &release {
        Some(release) => {
            let rules = &remote.registry.rules;
            ui.say(&ui::sentence(release, &view, rules, remote.now()));
        }
        None => ui.say(&format!("nothing of `{}` can be used", package.name())),
    }
    Ok(())
}

/// The package with all its releases, and the place of the one that is shown.
fn verified(
    remote: &Remote,
    wanted: &Wanted,
) -> Result<(Verified<View>, Option<Version>), Failure> {
    let name = &wanted.package;
    let ask = |releases| {
        let request = Request::Package {
            package: name.clone(),
            releases,
        };
        let view = remote.wait_raw(remote.client.view(&request))?;
        match view.package() {
            Some(_) => Ok(view),
            None => Err(VerifyError::NoSuchPackage(name.clone()).into()),
        }
    };
    let refused = |error| suggestion::failure(remote, wanted, error);
    let view = ask(BTreeSet::new()).map_err(refused)?;
    let shown = view
        .package()
        .and_then(|package| shown(package, &wanted.version));
    let Some(version) = shown else {
        return match &wanted.version {
            Selection::Highest => Ok((view, None)),
            Selection::Exact(version) => {
                let error = view.release(version).err();
                let error = error.map(|error| refused(error.into()));
                Err(error.unwrap_or_else(|| none_of(wanted)))
            }
            Selection::Meeting(_) => Err(none_of(wanted)),
        };
    };
    let view = ask([version.clone()].into()).map_err(refused)?;
    Ok((view, Some(version)))
}

fn none_of(wanted: &Wanted) -> Failure {
    Failure::new(
        "registry::no-match",
        format!("there is no release `{wanted}`"),
    )
    .help(format!(
        "`tenon info {}` lists those that there are",
        wanted.package
    ))
}

/// The highest version that is wanted and can be used, or else that is not taken down.
fn shown(package: &Package, wanted: &Selection) -> Option<Version> {
    let all = || {
        package
            .releases()
            .values()
            .rev()
            .filter(|r| wanted.admits(&r.version))
    };
    let available = all().find(|release| release.availability == Availability::Available);
    let there = |release: &&Release| !matches!(release.availability, Availability::TakenDown(_));
    let release = available.or_else(|| all().find(there))?;
    Some(release.version.clone())
}

/// What the registry says of a package, and what is to be said of that.
fn word(
    remote: &Remote,
    wanted: &Wanted,
    package: &Package,
    global: &Global,
) -> (Option<PackageInfo>, Vec<String>) {
    if global.offline {
        return (None, vec![]);
    }
    let info = match remote.wait_raw(remote.client.info(&wanted.package)) {
        Ok(info) => info,
        Err(error) => {
            let why = remote.failure(error).summary();
            return (
                None,
                vec![format!("the registry does not describe it: {why}")],
            );
        }
    };
    let known = |said: &&ReleaseInfo| {
        let version = said.version.parse::<Version>();
        version.is_ok_and(|version| package.releases().contains_key(&version))
    };
    let invented = info.releases.iter().filter(|said| !known(said));
    let invented: Vec<_> = invented.map(|said| ui::clean_line(&said.version)).collect();
    let mut warnings = vec![];
    if !invented.is_empty() {
        warnings.push(format!(
            "the registry lists releases that are not in its log: {}",
            invented.join(", ")
        ));
    }
    (Some(info), warnings)
}

/// Where the registry says something else than its log.
fn contradictions(
    view: &Verified<View>,
    release: &Verified<Release>,
    said: &ReleaseInfo,
) -> Vec<String> {
    let content = release.content;
    let status = match release.availability {
        Availability::Available => ReleaseStatus::Available,
        Availability::Yanked(reason) => ReleaseStatus::Yanked {
            reason: reason.to_string(),
        },
        Availability::TakenDown(reason) => ReleaseStatus::TakenDown {
            reason: reason.to_string(),
        },
    };
    let by_registry = matches!(said.publisher, api::PublisherInfo::Registry { .. });
    let attested = matches!(
        release.publisher,
        tenon_registry_client::chain::Publisher::Registry { .. }
    );
    let differs = [
        ("digest", said.digest != content.digest.to_string()),
        ("size", said.content_size != content.size),
        ("status", said.status != status),
        ("publisher", by_registry != attested),
        (
            "place in the log",
            Some(said.index) != view.index_of(release),
        ),
    ];
    let differs = differs.into_iter().filter(|(_, differs)| *differs);
    differs
        .map(|(what, _)| {
            format!(
                "the registry says another {what} of {} than its log, which is what counts",
                release.version
            )
        })
        .collect()
}

fn text(
    package: &Package,
    release: Option<&Verified<Release>>,
    said: Option<&ReleaseInfo>,
    verbose: bool,
) -> String {
    let mut out = format!("{}\n", ui::bold(&package.name().to_string()));
    let most = if verbose { usize::MAX } else { LISTED };
    let rows = package.releases().values().rev().take(most).map(row);
    let rows: Vec<_> = rows.collect();
    let left = package.releases().len() - rows.len();
    out.push_str(&ui::table(&rows));
    if left > 0 {
        out.push_str(&ui::dim(&format!("  and {left} more, which `-v` lists\n")));
    }
    if let Some(release) = release {
        out.push_str(&format!(
            "{} {}\n  {}, {}\n",
            ui::bold("release"),
            release.version,
            release.content.digest,
            ui::size(release.content.size),
        ));
    }
    if let Some(world) = said.and_then(|said| said.world.as_ref()) {
        out.push_str(&format!(
            "{}\n",
            ui::bold("by the registry's word, not verified")
        ));
        out.push_str(&described(world));
    }
    out
}

fn row(release: &Release) -> Vec<String> {
    vec![
        format!("  {}", release.version),
        match release.availability {
            Availability::Available => "available".to_owned(),
            Availability::Yanked(reason) => format!("yanked ({reason})"),
            Availability::TakenDown(reason) => format!("taken down ({reason})"),
        },
        ui::publisher(&release.publisher),
    ]
}

/// What the registry read in the content.
fn described(world: &World) -> String {
    let mut out = String::new();
    let metadata = &world.metadata;
    for (what, text) in [
        ("description", &metadata.description),
        ("authors", &metadata.authors),
        ("licenses", &metadata.licenses),
        ("source", &metadata.source),
        ("homepage", &metadata.homepage),
    ] {
        if let Some(text) = text {
            out.push_str(&format!("  {what}: {}\n", ui::clean_line(text)));
        }
    }
    for (what, items) in [("imports", &world.imports), ("exports", &world.exports)] {
        for item in items {
            out.push_str(&format!("  {what} {}\n", ui::clean_line(&item.name)));
        }
    }
    if let Some(wit) = &world.wit {
        for (what, items) in [("interface", &wit.interfaces), ("world", &wit.worlds)] {
            for item in items {
                out.push_str(&format!("  {what} {}\n", ui::clean_line(&item.name)));
            }
        }
    }
    out
}

impl VersionData {
    fn of(release: &Release) -> VersionData {
        VersionData {
            version: release.version.to_string(),
            digest: release.content.digest.to_string(),
            size: release.content.size,
            publisher: PublisherData::of(&release.publisher),
            status: StatusData::of(release.availability),
        }
    }
}

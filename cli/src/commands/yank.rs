//! `tenon yank`: the advice against a release, and that it is taken back.

use crate::args::{Global, Yank};
use crate::error::Failure;
use crate::remote::Remote;
use crate::signing::{self, Logged};
use crate::ui::{self, Document, Seen, Ui};
use serde::Serialize;
use tenon_registry_client::chain::Availability;
use tenon_registry_client::http::Draft;
use tenon_registry_client::name::{NameError, PackageName, Version};
use tenon_registry_client::record::{Permission, YankReason};
use tenon_registry_client::verify::Request;

#[derive(Serialize)]
struct YankContent {
    package: String,
    version: String,
    registry: String,
    url: String,
    key: String,
    /// Why; nothing, if the advice is taken back.
    reason: Option<&'static str>,
    /// `planned`, `logged`, or `as-it-was` if there was nothing to change.
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    log: Option<Seen>,
}

pub(crate) fn run(ui: &Ui, args: &Yank, global: &Global) -> Result<(), Failure> {
    let (package, version) = parse(&args.release)?;
    let reason = args.reason.map(YankReason::from);
    let vkey = args.signing.vkey()?;
    let remote = Remote::of(ui, global, &package)?;
    let request = Request::release(package.clone(), version.clone());
    let view = remote.view(&request)?;
    let release = view
        .package()
        .and_then(|found| found.releases().get(&version));
    let what = format!("`{package}@{version}`");
    let mut content = YankContent {
        package: package.to_string(),
        version: version.to_string(),
        registry: remote.name.to_string(),
        url: remote.registry.url.to_string(),
        key: vkey.to_string(),
        reason: reason.map(YankReason::as_str),
        state: "as-it-was",
        index: None,
        log: None,
    };
    let as_it_was = match (release.map(|release| release.availability), reason) {
        (Some(Availability::Yanked(there)), Some(reason)) if there == reason => {
            Some(format!("{what} is yanked already ({reason})"))
        }
        (Some(Availability::Available), None) => Some(format!("{what} is not yanked")),
        (Some(Availability::TakenDown(why)), _) => {
            let message = format!("{what} was taken down by the registry ({why}), for good");
            return Err(Failure::new("registry::no-match", message)
                .help("there is nothing left to advise against"));
        }
        _ => None,
    };
    if let Some(text) = as_it_was {
        ui.say(&text);
        return content.print(ui);
    }
    let (now, number) = (remote.now(), version.clone());
    let mut draft = match reason {
        Some(reason) => Draft::yank(&view, &package, number, reason, &vkey, now)?,
        None => Draft::unyank(&view, &package, number, &vkey, now)?,
    };
    signing::grant(&view, &vkey, (&package, Permission::Yank), now)?;
    let (plan, question) = match reason {
        Some(reason) => (
            format!(
                "{what} is going to be yanked in `{}`, as {reason}: it is not chosen any more; lock files that have it go on to work, with a warning",
                remote.name
            ),
            "yank it?",
        ),
        None => (
            format!(
                "{what} is no longer going to be yanked in `{}`: it can be chosen again",
                remote.name
            ),
            "take the advice back?",
        ),
    };
    ui.say(&plan);
    if !args.consent.dry_run {
        ui.confirm(question, args.consent.yes)?;
    }
    draft.sign(&args.signing.load(&vkey)?)?;
    let record = draft.signed()?;
    if args.consent.dry_run {
        ui.say("this is all that was done: `--dry-run` sends nothing");
        content.state = "planned";
        return content.print(ui);
    }
    let Logged { index, seen } = remote.log(ui, &record, &request)?;
    let done = match reason {
        Some(_) => format!("the yank of {what}"),
        None => format!("that {what} is not yanked"),
    };
    let by = ui::signed_by_keys([&vkey]);
    ui.say(&ui::proof(&done, index, &by, &seen, remote.now()));
    content.state = "logged";
    content.index = index;
    content.log = Some(seen);
    content.print(ui)
}

impl YankContent {
    fn print(&self, ui: &Ui) -> Result<(), Failure> {
        match ui.json {
            true => ui.document(&Document::new("tenon/yank/1", self)),
            false => Ok(()),
        }
    }
}

fn parse(text: &str) -> Result<(PackageName, Version), Failure> {
    let wrong = |error: NameError| {
        Failure::usage(error.to_string()).help("name a release, such as `acme:http@1.4.0`")
    };
    let (package, version) = text.split_once('@').unwrap_or((text, ""));
    Ok((
        package.parse().map_err(wrong)?,
        version.parse().map_err(wrong)?,
    ))
}

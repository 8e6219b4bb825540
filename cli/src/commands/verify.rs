//! `tenon verify`: everything that is checked of a release, in words.

mod oci;

use crate::args::{Global, Verify};
use crate::error::Failure;
use crate::obligation::{Obligation, held_before};
use crate::oci::OciHome;
use crate::pulled::{self, pull_one};
use crate::remote::{Remote, is_proved};
use crate::source::Named;
use crate::suggestion;
use crate::ui::{self, Document, ReleaseData, Ui};
use crate::wanted::{Selection, Wanted};
use serde::Serialize;
use std::fmt::Display;
use tenon_registry_client::chain::Release;
use tenon_registry_client::http::Error;
use tenon_registry_client::log::Vkey;
use tenon_registry_client::name::Version;
use tenon_registry_client::record::{Role, Subject};
use tenon_registry_client::state::TrustState;
use tenon_registry_client::verify::{Freshness, Request, Rules, Verified, View};

#[derive(Serialize)]
struct VerifyContent {
    #[serde(flatten)]
    release: ReleaseData,
    obligations: Vec<ObligationData>,
}

#[derive(Serialize)]
struct ObligationData {
    /// The letter by which the documentation has it.
    letter: char,
    name: &'static str,
    /// What was checked.
    checked: String,
}

/// What was verified, and against what.
struct Done {
    view: Verified<View>,
    release: Verified<Release>,
    /// What was seen of the log before.
    before: Option<TrustState>,
    /// What the content was, and where.
    content: String,
}

pub(crate) fn run(ui: &Ui, args: &Verify, global: &Global) -> Result<(), Failure> {
    let wanted = pulled::wanted_by(global, &args.package)?;
    if let Some(home) = OciHome::of(global, &wanted.package)? {
        return oci::run(ui, args, global, &home, &wanted);
    }
    if global.locked {
        // That it is what is locked, too.
        pull_one(ui, global, &wanted)?;
    }
    let file = args.file.as_deref().map(Named::open_raw).transpose()?;
    let remote = Remote::of(ui, global, &wanted.package)?;
    let done = verified(&remote, &wanted, file.as_ref())
        .map_err(|error| refused(&remote, &wanted, error))?;
    pulled::warn_of(ui, &done.release);
    let rules = &remote.registry.rules;
    let obligations = Obligation::ALL.map(|obligation| ObligationData {
        letter: obligation.letter(),
        name: obligation.name(),
        checked: done.checked(obligation, rules),
    });
    if ui.json {
        let content = VerifyContent {
            release: ReleaseData::of(&done.release, &done.view, rules),
            obligations: obligations.into(),
        };
        return ui.document(&Document::new("tenon/verify/1", content));
    }
    let mut out = String::new();
    for ObligationData {
        letter,
        name,
        checked,
    } in &obligations
    {
        out.push_str(&format!("({letter}) {:<11} {checked}\n", name));
    }
    ui.print(&out)?;
    ui.say(&ui::sentence(
        &done.release,
        &done.view,
        rules,
        remote.now(),
    ));
    Ok(())
}

fn verified(remote: &Remote, wanted: &Wanted, file: Option<&Named>) -> Result<Done, Problem> {
    let client = &remote.client;
    let before = remote.wait_raw(client.trust_state())?;
    let version = chosen(remote, wanted)?;
    let Some(file) = file else {
        let fetched = remote.wait_raw(client.fetch(&wanted.package, &version))?;
        return Ok(Done {
            content: format!("{}, every byte of it", described(&fetched.release)),
            view: fetched.view,
            release: fetched.release,
            before,
        });
    };
    let request = Request::release(wanted.package.clone(), version.clone());
    let view = remote.wait_raw(client.view(&request))?;
    let release = view.release(&version).map_err(Error::from)?;
    let mut check = release.check();
    let mut result = Ok(());
    file.read_range(0..file.input().size(), |bytes| {
        if result.is_ok() {
            result = check.update(bytes);
        }
    })?;
    result.and_then(|()| check.finish()).map_err(Error::from)?;
    Ok(Done {
        content: format!("{}, every byte of `{}`", described(&release), file.argument),
        view,
        release,
        before,
    })
}

/// Why something is not verified, or could not be looked at.
enum Problem {
    Client(Error),
    Own(Failure),
}

fn chosen(remote: &Remote, wanted: &Wanted) -> Result<Version, Error> {
    let requirement = match &wanted.version {
        Selection::Exact(version) => return Ok(version.clone()),
        Selection::Highest => None,
        Selection::Meeting(requirement) => Some(requirement),
    };
    let resolved = remote.wait_raw(remote.client.resolve(&wanted.package, requirement))?;
    Ok(resolved.version)
}

/// The failure, with what is known to have held before it.
fn refused(remote: &Remote, wanted: &Wanted, problem: Problem) -> Failure {
    let error = match problem {
        Problem::Own(failure) => return failure,
        Problem::Client(error) => error,
    };
    let mut lines = vec![];
    if let Some(verify) = error.verify().filter(|verify| !is_proved(verify)) {
        let (held, failed) = held_before(verify);
        let line = |obligation: &Obligation, result: &str| {
            format!("({}) {}: {result}", obligation.letter(), obligation.name())
        };
        lines.extend(held.iter().map(|held| line(held, "held")));
        lines.extend(failed.map(|failed| line(&failed, "refused")));
        let reached = |obligation: &Obligation| {
            held.contains(obligation) || failed.as_ref() == Some(obligation)
        };
        let rest = Obligation::ALL
            .iter()
            .filter(|obligation| !reached(obligation));
        lines.extend(rest.map(|rest| line(rest, "not established")));
    }
    suggestion::failure(remote, wanted, error).notes(lines)
}

fn described(release: &Release) -> String {
    let content = release.content;
    format!("{}, {} bytes", content.digest, ui::thousands(content.size))
}

impl Done {
    /// What was checked for an obligation.
    fn checked(&self, obligation: Obligation, rules: &Rules) -> String {
        let view = &self.view;
        let signed = view.checkpoint();
        let checkpoint = signed.checkpoint();
        match obligation {
            Obligation::Signed => {
                let signers = signed.signers(view.registry().active(Role::Log));
                let signers = signers.into_iter().flatten();
                format!(
                    "the checkpoint of {} at {} records, root {}, is signed by {}",
                    ui::clean_line(checkpoint.origin.as_str()),
                    ui::thousands(checkpoint.size),
                    checkpoint.root,
                    list(signers.map(|by| by.key)),
                )
            }
            Obligation::Consistent => match &self.before {
                None => {
                    "nothing was seen of the log before; it begins with the record that is pinned"
                        .to_owned()
                }
                Some(before) if before.checkpoint().size == checkpoint.size => {
                    "the log is the one that was seen before".to_owned()
                }
                Some(before) => format!(
                    "the log of {} records that was seen before is part of it",
                    ui::thousands(before.checkpoint().size)
                ),
            },
            Obligation::Complete => format!(
                "record {} covers all before it, and its map ends the chains at {}; map: {}",
                ui::thousands(checkpoint.size.saturating_sub(1)),
                view.heads()
                    .iter()
                    .map(|(subject, head)| format!("`{subject}` record {}", head.seq))
                    .collect::<Vec<_>>()
                    .join(", "),
                match view.vouched().auditors.as_slice() {
                    [] => "operator's word".to_owned(),
                    auditors => format!("audited by {}", names(auditors)),
                }
            ),
            Obligation::Included => {
                let heads = view.heads().values().map(|head| head.index);
                let mut indices: Vec<u64> = heads.chain(view.index_of(&self.release)).collect();
                indices.sort_unstable();
                indices.dedup();
                let indices: Vec<_> = indices.iter().map(u64::to_string).collect();
                format!("the records {} are in the log", indices.join(", "))
            }
            Obligation::Unbroken => self.unbroken(),
            Obligation::Authorised => {
                let held = view.held();
                format!(
                    "all records follow the rules: {} of the registry, {} of the namespace, {} of the package; the release is record {} of the package, {}",
                    held.registry.len(),
                    held.namespace.len(),
                    held.package.len(),
                    self.release.seq,
                    ui::publisher(&self.release.publisher),
                )
            }
            Obligation::Witnessed => {
                let agree = ui::witnesses(view, rules);
                match view.vouched().witnesses.as_slice() {
                    [] => agree,
                    witnesses => format!("{agree}: {}", names(witnesses)),
                }
            }
            Obligation::Fresh => match view.freshness() {
                Freshness::Witnessed(time) => format!("witnesses saw it at {time} or later"),
                Freshness::RegistrysWord(time) => format!("registry's word, of {time}"),
                Freshness::Unchecked => format!(
                    "not asked for; the registry logged its last record at {}, by its word",
                    view.index_time()
                ),
            },
            Obligation::Content => self.content.clone(),
        }
    }
}

impl Done {
    /// Which chains were seen before, and go on from there.
    fn unbroken(&self) -> String {
        let known = self.before.as_ref().map(TrustState::heads);
        let is_known = |subject: &&Subject| known.is_some_and(|known| known.contains_key(subject));
        let (old, new): (Vec<_>, Vec<_>) = self.view.heads().keys().partition(is_known);
        let parts = [
            ("what was seen before is part of", old),
            ("nothing was seen before of", new),
        ];
        let parts = parts.iter().filter(|(_, subjects)| !subjects.is_empty());
        let parts: Vec<_> = parts
            .map(|(what, subjects)| format!("{what} {}", names(subjects)))
            .collect();
        parts.join("; ")
    }
}

fn list<'k>(keys: impl Iterator<Item = &'k Vkey>) -> String {
    let names: Vec<_> = keys
        .map(|key| format!("`{}`", ui::clean_line(&key.to_string())))
        .collect();
    names.join(", ")
}

fn names(all: &[impl Display]) -> String {
    let names: Vec<_> = all
        .iter()
        .map(|name| format!("`{}`", ui::clean_line(&name.to_string())))
        .collect();
    names.join(", ")
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Problem::Client(error)
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        Problem::Own(failure)
    }
}

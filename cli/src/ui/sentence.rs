//! What was verified of a release, in one sentence.

use super::clean_line;
use super::text::thousands;
use tenon_registry_client::chain::{Publisher, Release};
use tenon_registry_client::log::Vkey;
use tenon_registry_client::record::{Attestation, Time};
use tenon_registry_client::verify::{Freshness, Rules, Verified, View};

/// Where a release is in the log, who is answerable for it, and who vouches for all that, such as: "`acme:http@1.4.0`
/// is record 4,211 of registry.example/log, signed by `acme/alice`; the log had 5,003 records at 10:02 UTC; 2 of 3
/// witnesses agree." What rests on the operator's word alone is said to.
///
/// The release must be one that the view was asked for; `rules` are those it was verified by.
pub(crate) fn sentence(
    release: &Verified<Release>,
    view: &Verified<View>,
    rules: &Rules,
    now: Time,
) -> String {
    let checkpoint = view.checkpoint().checkpoint();
    let place = match view.index_of(release) {
        Some(index) => format!("record {} of", thousands(index)),
        None => "in".to_owned(),
    };
    format!(
        "`{}@{}` is {place} {}, {}; the log had {} records at {}; {}.",
        release.package,
        release.version,
        clean_line(checkpoint.origin.as_str()),
        publisher(&release.publisher),
        thousands(checkpoint.size),
        moment(seen_at(view), now),
        standing(view, rules),
    )
}

/// What was verified of a log, in one sentence.
pub(crate) fn log_sentence(view: &Verified<View>, rules: &Rules, now: Time) -> String {
    let checkpoint = view.checkpoint().checkpoint();
    format!(
        "{} had {} records at {}; {}.",
        clean_line(checkpoint.origin.as_str()),
        thousands(checkpoint.size),
        moment(seen_at(view), now),
        standing(view, rules),
    )
}

/// Who is answerable: "signed by `acme/alice`", "attested by the registry for ...".
pub(crate) fn publisher(publisher: &Publisher) -> String {
    match publisher {
        Publisher::Keys(keys) => signed_by_keys(keys),
        Publisher::Registry { attestation, .. } => {
            format!("attested by the registry for {}", attested(attestation))
        }
    }
}

/// "signed by `acme/alice` and `acme/bob`".
pub(crate) fn signed_by_keys<'k>(keys: impl IntoIterator<Item = &'k Vkey>) -> String {
    let names = keys.into_iter().map(|key| clean_line(key.name().as_str()));
    let names: Vec<_> = names.map(|name| format!("`{name}`")).collect();
    format!("signed by {}", names.join(" and "))
}

/// For whom the registry signed.
pub(crate) fn attested(attestation: &Attestation) -> String {
    match attestation {
        Attestation::Token(id) => format!("the token `{}`", clean_line(id)),
        Attestation::Oidc { rule, commit } => format!(
            "the workflow `{}` of the repository `{}` at `{}`, by the word of {}",
            clean_line(&rule.workflow),
            clean_line(&rule.repository),
            clean_line(commit),
            clean_line(&rule.issuer),
        ),
    }
}

/// The witnesses that agree, of those that are asked for.
pub(crate) fn witnesses(view: &View, rules: &Rules) -> String {
    let known = rules.witnesses.witnesses().len();
    match rules.witnesses.is_none() {
        true => "no witness is asked for".to_owned(),
        false => {
            let agree = view.vouched().witnesses.len();
            let verb = if known == 1 {
                "witness agrees"
            } else {
                "witnesses agree"
            };
            format!("{agree} of {known} {verb}")
        }
    }
}

/// A time, as short as can be understood now.
pub(super) fn moment(time: Time, now: Time) -> String {
    let (text, today) = (time.to_string(), now.to_string());
    let (date, clock) = (text.get(..10), text.get(11..16));
    match (date, clock) {
        (Some(date), Some(clock)) if today.starts_with(date) => format!("{clock} UTC"),
        (Some(date), Some(clock)) => format!("{date} {clock} UTC"),
        _ => text,
    }
}

/// Who vouches for the checkpoint and the map, and what nobody but the operator does.
fn standing(view: &View, rules: &Rules) -> String {
    let vouched = view.vouched();
    let auditors: Vec<_> = vouched
        .auditors
        .iter()
        .map(|name| format!("`{}`", clean_line(name)))
        .collect();
    let witnesses = witnesses(view, rules);
    match (vouched.freshness, auditors.is_empty()) {
        (Freshness::RegistrysWord(_), _) => format!(
            "{witnesses}, so that it is the operator's word that this is the latest and nothing is hidden"
        ),
        (_, true) => format!("{witnesses}, and that nothing is hidden is the operator's word"),
        (_, false) => format!("{witnesses}, and {} audited the map", auditors.join(", ")),
    }
}

/// When the log was like this, by whoever says so.
fn seen_at(view: &View) -> Time {
    match view.freshness() {
        Freshness::Witnessed(time) | Freshness::RegistrysWord(time) => time,
        Freshness::Unchecked => view.index_time(),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop where it fails")]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_today_has_no_date() {
        let now = "2026-09-01T10:00:00Z".parse().unwrap();
        let at = |text: &str| moment(text.parse().unwrap(), now);
        assert_eq!(at("2026-09-01T09:02:59Z"), "09:02 UTC");
        assert_eq!(at("2026-08-31T23:59:00Z"), "2026-08-31 23:59 UTC");
    }
}

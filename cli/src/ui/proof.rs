//! Where a record is in a log, and who says so, in one sentence.

use super::sentence::moment;
use super::text::thousands;
use serde::Serialize;
use tenon_registry_client::log::Checkpoint;
use tenon_registry_client::record::Time;
use tenon_registry_client::verify::{Freshness, Rules, View};

/// A log as it was seen.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Seen {
    /// The log.
    origin: String,
    /// How many records it has.
    size: u64,
    /// When, by the witnesses if they are asked, or else by the registry.
    time: Option<String>,
    #[serde(flatten)]
    witnesses: Witnesses,
    #[serde(skip)]
    at: Option<Time>,
}

/// Who says besides the log that it is the same for everyone.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "kebab-case", tag = "witnesses")]
enum Witnesses {
    NotAsked,
    Agree { agree: usize, asked: usize },
    Unknown { asked: usize },
}

impl Seen {
    /// A log as a view of it shows it.
    pub(crate) fn of(view: &View, rules: &Rules) -> Seen {
        let at = match view.freshness() {
            Freshness::Witnessed(time) | Freshness::RegistrysWord(time) => time,
            Freshness::Unchecked => view.index_time(),
        };
        let asked = rules.witnesses.witnesses().len();
        let agree = view.vouched().witnesses.len();
        let witnesses = match rules.witnesses.is_none() {
            true => Witnesses::NotAsked,
            false => Witnesses::Agree { agree, asked },
        };
        Seen::new(view.checkpoint().checkpoint(), Some(at), witnesses)
    }

    /// A log by a checkpoint of which nobody has said yet whether the witnesses agree with it.
    pub(crate) fn unwitnessed(checkpoint: &Checkpoint, rules: &Rules) -> Seen {
        let asked = rules.witnesses.witnesses().len();
        let witnesses = match rules.witnesses.is_none() {
            true => Witnesses::NotAsked,
            false => Witnesses::Unknown { asked },
        };
        Seen::new(checkpoint, None, witnesses)
    }

    fn new(checkpoint: &Checkpoint, at: Option<Time>, witnesses: Witnesses) -> Seen {
        Seen {
            origin: checkpoint.origin.to_string(),
            size: checkpoint.size,
            time: at.map(|at| at.to_string()),
            witnesses,
            at,
        }
    }
}

/// "`acme:http@1.4.0` is record 4,211 of registry.example/log, signed by `acme/alice`; the log has
/// 5,003 records at 10:02 UTC; 2 of 3 witnesses agree": `what` is the first part, `by` the one after the log.
pub(crate) fn proof(what: &str, index: Option<u64>, by: &str, seen: &Seen, now: Time) -> String {
    let origin = super::clean_line(&seen.origin);
    let record = match index {
        Some(index) => format!("record {}", thousands(index)),
        None => "a record".to_owned(),
    };
    let size = match seen.size {
        1 => "1 record".to_owned(),
        size => format!("{} records", thousands(size)),
    };
    let time = seen.at.map(|at| format!(" at {}", moment(at, now)));
    let witnesses = match seen.witnesses {
        Witnesses::NotAsked => "no witness is asked for".to_owned(),
        Witnesses::Agree { agree, asked } => format!("{agree} of {asked} witnesses agree"),
        Witnesses::Unknown { asked } => {
            format!("whether its {asked} witnesses agree is not known yet")
        }
    };
    format!(
        "{what} is {record} of {origin}, {by}; the log has {size}{}; {witnesses}",
        time.unwrap_or_default()
    )
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop where it fails")]
mod tests {
    use super::*;

    #[test]
    fn one_sentence_says_it_all() {
        let now: Time = "2026-09-01T10:02:59Z".parse().unwrap();
        let seen = |at: &str, witnesses| {
            let checkpoint = Checkpoint {
                origin: tenon_registry_client::log::Origin::new("registry.example/log").unwrap(),
                size: 5_003,
                root: tenon_registry_client::log::Hash::ZERO,
            };
            Seen::new(&checkpoint, at.parse().ok(), witnesses)
        };
        let say = |index, seen| proof("`acme:http@1.4.0`", index, "signed by `a`", &seen, now);
        let (agree, asked) = (2, 3);
        assert_eq!(
            say(
                Some(4211),
                seen("2026-09-01T10:02:00Z", Witnesses::Agree { agree, asked })
            ),
            "`acme:http@1.4.0` is record 4,211 of registry.example/log, signed by `a`; \
             the log has 5,003 records at 10:02 UTC; 2 of 3 witnesses agree"
        );
        assert_eq!(
            say(None, seen("2026-08-31T23:59:00Z", Witnesses::NotAsked)),
            "`acme:http@1.4.0` is a record of registry.example/log, signed by `a`; \
             the log has 5,003 records at 2026-08-31 23:59 UTC; no witness is asked for"
        );
        assert!(say(None, seen("", Witnesses::Unknown { asked })).ends_with(
            "the log has 5,003 records; whether its 3 witnesses agree is not known yet"
        ));
    }
}

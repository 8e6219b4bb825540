//! Which candidate is taken: the only one there is, or the one that whoever builds names.

use super::{Candidate, Standing};
use crate::error::Failure;
use crate::project::MANIFEST;
use crate::ui::{self, Ui};
use std::cmp::Reverse;

/// How often an answer that is none is asked for again.
const MAX_ANSWERS: usize = 3;

/// How much of what there is was looked into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Seen {
    /// Not all, not even of namespaces that are mapped.
    Some,
    /// All of namespaces that are mapped.
    Mapped,
    /// All.
    All,
}

/// What is to be done about an import, by its candidates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Nothing fits: it stays open.
    Nothing,
    /// The first fits, and is the only dependency that does, or the only one in a mapped namespace.
    Take,
    /// Several fit, or none that somebody vouches for; the first is one that `--yes` may take.
    Agree,
    /// Several fit, and nothing is known of any.
    Name,
}

/// What was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Picked {
    /// This candidate, by its place.
    One(usize),
    /// None: the import stays open.
    None,
}

/// Puts candidates in order, the best first, and says what is to be done.
///
/// What fits comes before what does not, then what more was said of, then names. Versions of different packages mean
/// nothing to each other: whoever wanted to be the first would take a high one.
pub(crate) fn decide(candidates: &mut [Candidate], seen: Seen) -> Decision {
    candidates.sort_by_key(|candidate| {
        (
            Reverse(candidate.fits()),
            candidate.standing,
            candidate.package.clone(),
            candidate.registry.clone(),
        )
    });
    let mut fitting = candidates.iter().filter(|candidate| candidate.fits());
    let Some(first) = fitting.next().map(|first| first.standing) else {
        return Decision::Nothing;
    };
    let second = fitting.next().map(|second| second.standing);
    let is_alone = second != Some(first);
    match first {
        Standing::Dependency if is_alone => Decision::Take,
        Standing::Mapped if is_alone && seen >= Seen::Mapped => Decision::Take,
        Standing::Stranger if second.is_some() || seen < Seen::All => Decision::Name,
        _ => Decision::Agree,
    }
}

/// Has one of the candidates chosen, of which those that fit come first: the first with `yes`, if that is enough to
/// take it, and else by asking.
///
/// # Errors
///
/// `yes` is not enough, there is no terminal to ask on, or no answer there that is one.
pub(crate) fn pick(
    ui: &Ui,
    import: &str,
    candidates: &[Candidate],
    decision: Decision,
    yes: bool,
) -> Result<Picked, Failure> {
    match (decision, yes) {
        (Decision::Nothing, _) => return Ok(Picked::None),
        (Decision::Take, _) | (Decision::Agree, true) => return Ok(Picked::One(0)),
        (Decision::Name, true) => return Err(unanswered(ui, import, candidates, decision)),
        (Decision::Agree | Decision::Name, false) => {}
    }
    let fitting = candidates.iter().take_while(|candidate| candidate.fits());
    let lines = fitting.enumerate().map(|(at, candidate)| {
        let number = at + 1;
        format!("{number:>3}  {}\n", candidate.line())
    });
    let list: String = lines.collect();
    let fitting = list.lines().count();
    let import_line = ui::clean_line(import);
    let mut question =
        format!("{list}  0  leave it open\nwhich is to fill `{import_line}`? [0-{fitting}] ");
    for _ in 0..MAX_ANSWERS {
        let Some(answer) = ui.ask(&question)? else {
            break;
        };
        if let Some(picked) = read_answer(&answer, fitting) {
            return Ok(picked);
        }
        question = format!("a number from 0 to {fitting}: ");
    }
    Err(unanswered(ui, import, candidates, decision))
}

/// What an answer says, if it is one.
fn read_answer(answer: &str, fitting: usize) -> Option<Picked> {
    match answer.trim() {
        "" => Some(Picked::None),
        answer => match answer.parse::<usize>().ok()? {
            0 => Some(Picked::None),
            number if number <= fitting => Some(Picked::One(number - 1)),
            _ => None,
        },
    }
}

fn unanswered(ui: &Ui, import: &str, candidates: &[Candidate], decision: Decision) -> Failure {
    let fitting: Vec<_> = candidates.iter().filter(|it| it.fits()).collect();
    let import = ui::clean_line(import);
    let is_sure = fitting
        .first()
        .is_some_and(|first| first.standing.is_sure());
    let message = match is_sure {
        true => format!("several packages fit `{import}`"),
        false => format!("what fits `{import}` is in no namespace that is mapped"),
    };
    let data: Vec<_> = candidates.iter().map(Candidate::data).collect();
    ui.detail(serde_json::json!({ "import": import, "candidates": data }));
    Failure::new("project::choose", message)
        .notes(candidates.iter().map(Candidate::line))
        .help(help(&fitting, decision, is_sure))
}

/// What to do where a choice is open. No stranger is proposed: who publishes one would choose its name for that.
fn help(fitting: &[&Candidate], decision: Decision, is_sure: bool) -> String {
    let known = fitting
        .first()
        .filter(|first| first.standing != Standing::Stranger);
    let name = known.map_or_else(
        || "NAME".to_owned(),
        |candidate| candidate.package.to_string(),
    );
    let add = match known {
        Some(_) => format!("name the one you mean, such as with `tenon add {name}`"),
        None => format!("name the one you mean with `tenon add {name}`"),
    };
    let yes = match decision {
        Decision::Agree => "; `--yes` takes the first",
        _ => "",
    };
    if is_sure {
        return format!("{add}{yes}; on a terminal it is asked for");
    }
    let namespace = known.map_or("NAMESPACE", |it| it.package.namespace().as_str());
    let registry = fitting
        .first()
        .map_or_else(|| "NAME".to_owned(), |it| it.registry.to_string());
    format!(
        "{add}{yes}; or map a namespace that you trust: `{namespace} = \"{registry}\"` under `[namespaces]` of `{MANIFEST}`, or `tenon registry add NAME URL PIN --namespace {namespace}`"
    )
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop where it fails")]
mod tests {
    use super::super::Verdict;
    use super::*;

    fn candidate(name: &str, version: &str, standing: Standing, fits: bool) -> Candidate {
        Candidate {
            package: name.parse().unwrap(),
            version: Some(version.parse().unwrap()),
            registry: "local".parse().unwrap(),
            standing,
            verdict: match fits {
                true => Verdict::Fits {
                    fills: vec![],
                    opens: vec![],
                },
                false => Verdict::Not(vec!["why not".to_owned()]),
            },
        }
    }

    fn order(candidates: &[Candidate]) -> Vec<String> {
        candidates.iter().map(Candidate::title).collect()
    }

    #[test]
    fn the_best_come_first_whatever_their_versions() {
        use Standing::{Dependency, Mapped, Neighbor, Stranger};
        let mut all = [
            candidate("a:stranger", "99.0.0", Stranger, true),
            candidate("a:wrong", "10.0.0", Dependency, false),
            candidate("c:mapped", "2.0.0", Mapped, true),
            candidate("b:mapped", "1.0.0", Mapped, true),
            candidate("d:near", "3.0.0", Neighbor, true),
            candidate("z:mine", "0.1.0", Dependency, true),
        ];
        assert_eq!(decide(&mut all, Seen::All), Decision::Take);
        let expected = [
            "z:mine 0.1.0",
            "b:mapped 1.0.0",
            "c:mapped 2.0.0",
            "d:near 3.0.0",
            "a:stranger 99.0.0",
            "a:wrong 10.0.0",
        ];
        assert_eq!(order(&all), expected);
    }

    #[test]
    fn what_is_done_depends_on_what_is_known() {
        let of = |letter: char| match letter {
            'd' => candidate("a:d", "1.0.0", Standing::Dependency, true),
            'm' => candidate("a:m", "1.0.0", Standing::Mapped, true),
            'n' => candidate("a:n", "1.0.0", Standing::Neighbor, true),
            's' => candidate("a:s", "9.0.0", Standing::Stranger, true),
            _ => candidate("a:x", "9.0.0", Standing::Mapped, false),
        };
        use Decision::{Agree, Name, Nothing, Take};
        for (letters, seen, expected) in [
            ("", Seen::All, Nothing),
            ("x", Seen::All, Nothing),
            ("xm", Seen::All, Take),
            ("sm", Seen::Mapped, Take),
            ("m", Seen::Some, Agree),
            ("mm", Seen::All, Agree),
            ("smd", Seen::Some, Take),
            ("dd", Seen::All, Agree),
            ("sn", Seen::Some, Agree),
            ("n", Seen::All, Agree),
            ("s", Seen::All, Agree),
            ("sx", Seen::All, Agree),
            ("s", Seen::Mapped, Name),
            ("ss", Seen::All, Name),
        ] {
            let mut all: Vec<_> = letters.chars().map(of).collect();
            assert_eq!(decide(&mut all, seen), expected, "{letters}, {seen:?}");
        }
    }

    #[test]
    fn an_answer_is_a_number_of_the_list() {
        for (answer, expected) in [
            ("", Some(Picked::None)),
            ("\n", Some(Picked::None)),
            ("0\n", Some(Picked::None)),
            (" 2 \n", Some(Picked::One(1))),
            ("3", None),
            ("-1", None),
            ("y", None),
            ("1\u{1b}[2J", None),
            ("99999999999999999999999", None),
        ] {
            assert_eq!(read_answer(answer, 2), expected, "{answer:?}");
        }
    }
}

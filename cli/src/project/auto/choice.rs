//! Which candidate is taken: the only one there is, or the one that whoever builds names.

use super::Candidate;
use crate::error::Failure;
use crate::ui::{self, Ui};
use std::cmp::Reverse;
use tenon_registry_client::name::Version;

/// How often an answer that is none is asked for again.
const MAX_ANSWERS: usize = 3;

/// What is to be done about an import, by its candidates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Nothing fits: it stays open.
    Nothing,
    /// The first fits, and is the only one in a pinned namespace that does.
    Take,
    /// Several fit, or none in a pinned namespace.
    Ask,
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
/// What fits comes before what does not, then what is in pinned namespaces, then higher versions, then names.
/// `complete` says that no package in a pinned namespace was left out.
pub(crate) fn decide(candidates: &mut [Candidate], complete: bool) -> Decision {
    candidates.sort_by(|a, b| {
        let key = |candidate: &Candidate| {
            let version: Option<Version> = candidate.version.clone();
            (
                Reverse(candidate.fits()),
                Reverse(candidate.pinned),
                Reverse(version),
                candidate.package.clone(),
                candidate.registry.clone(),
            )
        };
        key(a).cmp(&key(b))
    });
    let fitting = || candidates.iter().filter(|candidate| candidate.fits());
    let pinned = fitting().filter(|candidate| candidate.pinned).count();
    match (fitting().count(), pinned) {
        (0, _) => Decision::Nothing,
        (_, 1) if complete => Decision::Take,
        _ => Decision::Ask,
    }
}

/// Has one of the candidates chosen, of which the first `fitting` fit: the first with `yes`, and else by asking.
///
/// # Errors
///
/// There is no terminal to ask on, or no answer there that is one.
pub(crate) fn pick(
    ui: &Ui,
    import: &str,
    candidates: &[Candidate],
    yes: bool,
) -> Result<Picked, Failure> {
    if yes {
        return Ok(Picked::One(0));
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
    Err(unanswered(ui, import, candidates))
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

fn unanswered(ui: &Ui, import: &str, candidates: &[Candidate]) -> Failure {
    let fitting = candidates.iter().filter(|candidate| candidate.fits());
    let pinned = fitting.clone().filter(|candidate| candidate.pinned).count();
    let import = ui::clean_line(import);
    let message = match pinned {
        0 => format!("what fits `{import}` is in no namespace that is pinned"),
        _ => format!("several packages fit `{import}`"),
    };
    let first = fitting.clone().next();
    let first = first.map(|candidate| candidate.package.to_string());
    let data: Vec<_> = candidates.iter().map(Candidate::data).collect();
    ui.detail(serde_json::json!({ "import": import, "candidates": data }));
    Failure::new("project::choose", message)
    .notes(candidates.iter().map(Candidate::line))
    .help(format!(
        "add the one you mean, such as with `tenon add {}`; `--yes` takes the first; on a terminal it is asked for",
        first.unwrap_or_default()
    ))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop where it fails")]
mod tests {
    use super::super::Verdict;
    use super::*;

    fn candidate(name: &str, version: &str, pinned: bool, fits: bool) -> Candidate {
        Candidate {
            package: name.parse().unwrap(),
            version: Some(version.parse().unwrap()),
            registry: "local".parse().unwrap(),
            pinned,
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
    fn the_best_come_first() {
        let mut all = [
            candidate("a:open", "9.0.0", false, true),
            candidate("z:wrong", "10.0.0", true, false),
            candidate("b:low", "1.0.0", true, true),
            candidate("d:high", "1.10.0", true, true),
            candidate("c:high", "1.10.0", true, true),
        ];
        assert_eq!(decide(&mut all, true), Decision::Ask);
        let expected = [
            "c:high 1.10.0",
            "d:high 1.10.0",
            "b:low 1.0.0",
            "a:open 9.0.0",
            "z:wrong 10.0.0",
        ];
        assert_eq!(order(&all), expected);
    }

    #[test]
    fn only_one_in_a_pinned_namespace_is_taken_unasked() {
        let pinned = || candidate("a:x", "1.0.0", true, true);
        let open = || candidate("b:x", "2.0.0", false, true);
        let wrong = || candidate("c:x", "3.0.0", true, false);
        for (mut all, complete, expected) in [
            (vec![], true, Decision::Nothing),
            (vec![wrong()], true, Decision::Nothing),
            (vec![wrong(), pinned()], true, Decision::Take),
            (vec![open(), pinned()], true, Decision::Take),
            (vec![pinned()], false, Decision::Ask),
            (vec![open()], true, Decision::Ask),
            (vec![pinned(), pinned()], true, Decision::Ask),
        ] {
            assert_eq!(decide(&mut all, complete), expected, "{:?}", order(&all));
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

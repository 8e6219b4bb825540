//! `tenon explain`: the long text of an error code.

use crate::args::Explain;
use crate::error::Failure;
use crate::explain::explanations;
use crate::ui::{self, Document, Ui};
use serde::Serialize;
use tenon_composer::Explanation;

#[derive(Serialize)]
struct ExplainContent {
    codes: Vec<Code>,
}

#[derive(Serialize)]
struct Code {
    code: &'static str,
    help: &'static str,
    text: &'static str,
}

pub(crate) fn run(ui: &Ui, args: &Explain) -> Result<(), Failure> {
    let chosen: Vec<&Explanation> = match &args.code {
        None => explanations().collect(),
        Some(code) => vec![find(code)?],
    };
    if ui.json {
        let codes = chosen
            .iter()
            .map(|explanation| Code {
                code: explanation.code,
                help: explanation.help,
                text: explanation.text,
            })
            .collect();
        return ui.document(&Document::new("tenon/explain/1", ExplainContent { codes }));
    }
    let mut out = String::new();
    match (&args.code, chosen.as_slice()) {
        (Some(_), [explanation]) => {
            out.push_str(&format!(
                "{}\n\n{}\n\nWhat to do: {}\n",
                ui::bold(explanation.code),
                explanation.text,
                explanation.help
            ));
        }
        (_, all) => {
            for explanation in all {
                out.push_str(&format!("{:<26} {}\n", explanation.code, explanation.help));
            }
        }
    }
    ui.print(&out)
}

/// The explanation of a code, of which the part after `::` is enough.
fn find(code: &str) -> Result<&'static Explanation, Failure> {
    let short = |known: &Explanation| known.code.split_once("::").map_or("", |(_, short)| short);
    if let Some(known) = explanations().find(|known| known.code == code || short(known) == code) {
        return Ok(known);
    }
    let nearest = explanations()
        .map(|known| {
            let distance = |name| strsim::levenshtein(name, code);
            (distance(known.code).min(distance(short(known))), known.code)
        })
        .min()
        .filter(|(distance, _)| *distance <= 3);
    Err(
        Failure::usage(format!("there is no error code `{code}`")).help(match nearest {
            Some((_, nearest)) => format!("did you mean `{nearest}`?"),
            None => "`tenon explain` lists the codes".to_owned(),
        }),
    )
}

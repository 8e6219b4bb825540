//! `tenon validate`: whether files are what they claim to be.

use crate::args::{Global, Validate};
use crate::error::Failure;
use crate::source::Sources;
use crate::ui::{Document, Ui};
use serde::Serialize;
use tenon_composer::{Bodies, Kind, Source, validate};

#[derive(Serialize)]
struct ValidateContent {
    files: Vec<File>,
}

#[derive(Serialize)]
struct File {
    path: String,
    kind: &'static str,
}

pub(crate) fn run(ui: &Ui, args: &Validate, global: &Global) -> Result<(), Failure> {
    let mut files = Vec::new();
    for argument in &args.inputs {
        let named = Sources { ui, global }.open(argument)?;
        let kind = validate(&Source {
            name: argument.clone(),
            input: named.input(),
            digest: None,
            bodies: Bodies::Validate,
        })?;
        let kind = match kind {
            Kind::CoreModule => "core module",
            _ => "component",
        };
        ui.say(&format!("`{argument}` is a valid {kind}"));
        files.push(File {
            path: argument.clone(),
            kind,
        });
    }
    if ui.json {
        return ui.document(&Document::new(
            "tenon/validate/1",
            ValidateContent { files },
        ));
    }
    Ok(())
}

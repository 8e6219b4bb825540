//! `tenon get`: a release, verified, as a file.

use crate::args::{Get, Global};
use crate::error::Failure;
use crate::oci::{self, Unlogged};
use crate::pulled::{self, Brought, pull_one};
use crate::source::FileInput;
use crate::ui::{self, Document, ReleaseData, Ui};
use crate::write::{Content, Target};
use serde::Serialize;
use std::path::Path;
use tenon_registry_client::http::Fetched;
use tenon_registry_client::http::oci::Reference;

#[derive(Serialize)]
struct GetContent {
    #[serde(flatten)]
    release: ReleaseData,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<String>,
}

pub(crate) fn run(ui: &mut Ui, args: &Get, global: &Global) -> Result<(), Failure> {
    let package = &args.package;
    let place = match package.starts_with(Reference::SCHEME) {
        true => Some(oci::reference(package)?),
        false => None,
    };
    let wanted = match place {
        Some(_) => None,
        None => Some(pulled::wanted(package)?),
    };
    let folder = match args.output.as_deref() {
        None => Some(Path::new("")),
        Some(path) => path.is_dir().then_some(path),
    };
    if folder.is_none() {
        // Before anything is fetched for nothing.
        let target = Target::of(args.output.as_deref());
        target.check(false)?;
        if target.is_stdout() {
            ui.take_stdout();
        }
    }
    let brought = match (&wanted, &place) {
        (Some(wanted), _) => pull_one(ui, global, wanted)?,
        (None, Some(place)) => Unlogged::fetch(ui, global, place)?.into(),
        (None, None) => return Ok(()),
    };
    let target = match folder {
        Some(folder) => Target::Derived(folder.join(brought.file_name())),
        None => Target::of(args.output.as_deref()),
    };
    target.check(false)?;
    let (line, data, size) = (brought.sentence(), brought.data(), brought.size());
    match brought {
        Brought::Logged(pulled) => {
            let Fetched { release, file, .. } = pulled.fetched;
            let input = FileInput::new(file, size);
            target.write(&Content::Release(&release, &input))?;
        }
        Brought::Unlogged(unlogged) => {
            let input = FileInput::new(unlogged.file, size);
            target.write(&Content::Unlogged(unlogged.digest, &input))?;
        }
    }
    let output = target.path().map(|path| path.display().to_string());
    if ui.json {
        let release = data;
        return ui.document(&Document::new(
            "tenon/get/1",
            GetContent { release, output },
        ));
    }
    if let Some(output) = output {
        let size = ui::size(size);
        ui.say(&format!("{} {output} ({size})", ui::bold("wrote")));
    }
    ui.say(&line);
    Ok(())
}

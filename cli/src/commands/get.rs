//! `tenon get`: a release, verified, as a file.

use crate::args::{Get, Global};
use crate::error::Failure;
use crate::pulled::{self, Pulled, pull_one};
use crate::source::FileInput;
use crate::ui::{self, Document, ReleaseData, Ui};
use crate::write::{Content, Target};
use serde::Serialize;
use std::path::{Path, PathBuf};
use tenon_registry_client::http::Fetched;

#[derive(Serialize)]
struct GetContent {
    #[serde(flatten)]
    release: ReleaseData,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<String>,
}

pub(crate) fn run(ui: &mut Ui, args: &Get, global: &Global) -> Result<(), Failure> {
    let wanted = pulled::wanted(&args.package)?;
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
    let pulled = pull_one(ui, global, &wanted)?;
    let target = match folder {
        Some(folder) => Target::Derived(folder.join(file_name(&pulled))),
        None => Target::of(args.output.as_deref()),
    };
    target.check(false)?;
    let line = pulled.sentence();
    let Fetched {
        release,
        view,
        file,
        ..
    } = pulled.fetched;
    let data = ReleaseData::of(&release, &view, &pulled.rules);
    let input = FileInput::new(file, release.content.size);
    target.write(&Content::Release(&release, &input))?;
    let output = target.path().map(|path| path.display().to_string());
    if ui.json {
        let release = data;
        return ui.document(&Document::new(
            "tenon/get/1",
            GetContent { release, output },
        ));
    }
    if let Some(output) = output {
        let size = ui::size(release.content.size);
        ui.say(&format!("{} {output} ({size})", ui::bold("wrote")));
    }
    ui.say(&line);
    Ok(())
}

/// A name that is made of what was verified, and of nothing that a registry says.
fn file_name(pulled: &Pulled) -> PathBuf {
    let release = &pulled.fetched.release;
    let (namespace, name) = (release.package.namespace(), release.package.name());
    format!("{namespace}-{name}-{}.wasm", release.version).into()
}

//! `tenon fmt`: documents in WAC and WIT in the one style.

use crate::args::Fmt;
use crate::diagnostic::Diagnostic;
use crate::error::Failure;
use crate::script::Script;
use crate::stored;
use crate::ui::{self, Document, Ui};
use serde::Serialize;
use std::fs;
use std::path::{Path, PathBuf};
use tenon_composer::wac;

#[derive(Serialize)]
struct FmtContent {
    files: Vec<FileData>,
}

#[derive(Serialize)]
struct FileData {
    path: String,
    state: State,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Diagnostic>,
}

/// What became of a file.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    /// It was not in the style, and is now.
    Formatted,
    /// It was in the style.
    Unchanged,
    /// It is not in the style, and stays so.
    Unformatted,
    /// Something is wrong with it, so it stays as it is.
    Refused,
}

pub(crate) fn run(ui: &mut Ui, args: &Fmt) -> Result<(), Failure> {
    if !args.check && args.paths.iter().any(|path| is_stdin(path)) {
        ui.take_stdout();
    }
    let mut paths = Vec::new();
    for path in &args.paths {
        match path.is_dir() {
            true => paths.extend(documents_in(path)?),
            false => paths.push(path.clone()),
        }
    }
    let files = paths.iter().map(|path| file(ui, path, args.check));
    let files: Vec<FileData> = files.collect();
    conclude(ui, files)
}

/// Formats a file, or looks at whether it is.
fn file(ui: &Ui, path: &Path, check: bool) -> FileData {
    let shown = path.display().to_string();
    let (state, errors) = match format(ui, path, check) {
        Ok(state) => (state, Vec::new()),
        Err(failure) => {
            ui.report(&failure);
            let errors = match failure.findings.diagnostics.is_empty() {
                true => vec![Diagnostic::of_failure(&failure)],
                false => failure.findings.diagnostics,
            };
            (State::Refused, errors)
        }
    };
    if state == State::Formatted && !is_stdin(path) {
        ui.say(&format!("formatted `{}`", ui::clean_line(&shown)));
    }
    FileData {
        path: shown,
        state,
        errors,
    }
}

fn format(ui: &Ui, path: &Path, check: bool) -> Result<State, Failure> {
    let is_stdin = is_stdin(path);
    // A pipe could be read, but is not what is to be replaced.
    if !is_stdin && fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        let message = format!("`{}` is no plain file", path.display());
        return Err(Failure::usage(message).help("give `-` to format standard input"));
    }
    let script = Script::read(path)?;
    let parsed = script.parse()?;
    // It has no errors, which are all that could be in the way.
    let Ok(formatted) = wac::format(&parsed) else {
        return Ok(State::Refused);
    };
    let formatted = with_line_ends_of(&script.text, formatted);
    let is_same = formatted == script.text;
    match (check, is_stdin) {
        (true, _) if !is_same => return Ok(State::Unformatted),
        (false, true) => ui.print(&formatted)?,
        (false, false) if !is_same => stored::replace(path, &formatted)?,
        _ => {}
    }
    Ok(match is_same {
        true => State::Unchanged,
        false => State::Formatted,
    })
}

/// Lines end as all lines of the text before did, if that is with `\r\n`.
fn with_line_ends_of(before: &str, formatted: String) -> String {
    let mut lines = before.split_inclusive('\n').peekable();
    let is_other =
        before.contains('\n') && lines.all(|line| line.ends_with("\r\n") || !line.ends_with('\n'));
    match is_other {
        true => formatted.replace('\n', "\r\n"),
        false => formatted,
    }
}

/// Says what became of all files.
fn conclude(ui: &mut Ui, files: Vec<FileData>) -> Result<(), Failure> {
    let number = |state| files.iter().filter(|file| file.state == state).count();
    let (refused, unformatted) = (number(State::Refused), number(State::Unformatted));
    let (all, unchanged) = (files.len(), number(State::Unchanged));
    let all = ui::count(all, "file");

    if !ui.json {
        let listed = files.iter().filter(|file| file.state == State::Unformatted);
        let listed: String = listed
            .map(|file| ui::clean_line(&file.path) + "\n")
            .collect();
        ui.print(&listed)?;
    }
    if unchanged == files.len() {
        ui.say(&format!("nothing to change in {all}"));
    }
    if ui.json {
        ui.document(&Document::new("tenon/fmt/1", FmtContent { files }))?;
        // The document is whole; what the exit code means goes elsewhere.
        ui.take_stdout();
    }
    let not_formatted = format!("{unformatted} of {all} would be changed");
    match (refused, unformatted) {
        (0, 0) => Ok(()),
        (0, _) => Err(Failure::new("fmt::unformatted", not_formatted)
            .help("run `tenon fmt` on the same paths, without `--check`")),
        (_, unformatted) => Err(Failure::new(
            "fmt::refused",
            format!("{refused} of {all} cannot be formatted"),
        )
        .notes((unformatted > 0).then_some(not_formatted))
        .help("correct what is shown, and run `tenon fmt` again")),
    }
}

/// The files in a folder and below it that are documents, in order. Links are not followed.
fn documents_in(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let failed = |error: &_| Failure::io("read the folder", &folder, error);
        for entry in fs::read_dir(&folder).map_err(|error| failed(&error))? {
            let entry = entry.map_err(|error| failed(&error))?;
            let kind = entry.file_type().map_err(|error| failed(&error))?;
            let (name, path) = (entry.file_name(), entry.path());
            // What is in `deps` was made by others.
            if name.as_encoded_bytes().starts_with(b".") || kind.is_dir() && name == "deps" {
                continue;
            }
            let extension = path.extension();
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file() && extension.is_some_and(|it| it == "wac" || it == "wit") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

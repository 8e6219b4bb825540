//! The components of a composition as files of their own.

use crate::error::Failure;
use crate::source::Named;
use crate::ui::{self, Document, Ui};
use crate::write;
use serde::Serialize;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use tenon_composer::{Anatomy, Extracted, Input, extract};

/// The most bytes that a file is named with, its number and extension left out.
const MAX_NAME: usize = 128;

#[derive(Serialize)]
struct ExtractContent {
    path: String,
    components: Vec<ComponentData>,
}

#[derive(Serialize)]
struct ComponentData {
    name: String,
    file: String,
    size: u64,
    /// As the bill of materials records it; it was checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    /// Whether the file was there before, with the same bytes.
    was_there: bool,
}

/// Writes the components in `named` to files in `folder`.
pub(crate) fn run(ui: &Ui, named: &Named, anatomy: &Anatomy, folder: &Path) -> Result<(), Failure> {
    let all = extract(named.input(), anatomy).map_err(|error| error.about(&named.argument))?;
    if all.is_empty() {
        let message = format!("`{}` has no components in it to extract", named.argument);
        return Err(Failure::new("cli::extract", message)
            .help("give a composition; `tenon inspect` without `--extract` shows what there is"));
    }
    if folder.exists() && !folder.is_dir() {
        let message = format!("cannot write to `{}`: it is no folder", folder.display());
        return Err(Failure::new("cli::io", message).help("name another folder"));
    }
    let names = file_names(all.iter().map(Extracted::name));
    let files: Vec<(PathBuf, _)> = names
        .into_iter()
        .map(|name| folder.join(name))
        .zip(&all)
        .collect();
    let there = write::write_new(&files, named)?;
    let components: Vec<_> = files
        .iter()
        .zip(there)
        .map(|((path, extracted), was_there)| ComponentData {
            name: extracted.name().to_owned(),
            file: path.display().to_string(),
            size: extracted.size(),
            digest: extracted
                .digest()
                .map(|digest| tenon_registry_client::Digest::from(*digest).to_string()),
            was_there,
        })
        .collect();
    if ui.json {
        let content = ExtractContent {
            path: named.argument.clone(),
            components,
        };
        return ui.document(&Document::new("tenon/extract/1", content));
    }
    let lines: Vec<_> = components.iter().map(line).collect();
    ui.print(&lines.concat())
}

fn line(component: &ComponentData) -> String {
    let what = match component.was_there {
        true => "there already:",
        false => "wrote",
    };
    let why = match &component.digest {
        Some(digest) => format!(" {digest}, as recorded"),
        None => " (no digest is recorded)".to_owned(),
    };
    let (file, size) = (&component.file, ui::size(component.size));
    format!("{} {file} ({size}){}\n", ui::bold(what), ui::dim(&why))
}

/// The file names for components of these names: they name files in one folder, on every system, and
/// each another one.
fn file_names<'n>(names: impl Iterator<Item = &'n str>) -> Vec<String> {
    let mut taken = HashSet::new();
    names
        .map(|name| {
            let stem = stem(name);
            let numbered = (2..).map(|number| format!("{stem}-{number}"));
            let mut free = std::iter::once(stem.clone()).chain(numbered);
            // There are as many numbers as it takes.
            let free = free.find(|stem| taken.insert(stem.to_lowercase()));
            format!("{}.wasm", free.unwrap_or(stem))
        })
        .collect()
}

/// A file name without extension, made of what somebody else wrote: letters, digits and a few signs,
/// none that means something at its beginning or end.
fn stem(name: &str) -> String {
    let harmless = |c: char| match c {
        '-' | '_' | '.' | '@' | '+' => c,
        c if c.is_alphanumeric() => c,
        _ => '-',
    };
    let begin = name.get(..name.floor_char_boundary(MAX_NAME));
    let name: String = begin.unwrap_or_default().chars().map(harmless).collect();
    let stem = name.trim_matches(['-', '.']);
    let device = stem.split('.').next().unwrap_or_default();
    match device.to_ascii_lowercase().as_str() {
        "" => "component".to_owned(),
        // What Windows takes for a device, whatever the extension.
        "con" | "prn" | "aux" | "nul" | "conin$" | "conout$" => format!("component-{stem}"),
        port if is_port(port) => format!("component-{stem}"),
        _ => stem.to_owned(),
    }
}

fn is_port(name: &str) -> bool {
    let number = name.strip_prefix("com").or(name.strip_prefix("lpt"));
    number.is_some_and(|number| number.chars().count() == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(names: &[&str]) -> Vec<String> {
        file_names(names.iter().copied())
    }

    #[test]
    fn files_are_named_after_components() {
        assert_eq!(
            names(&["app", "acme:http", "日本語", "log.v2"]),
            ["app.wasm", "acme-http.wasm", "日本語.wasm", "log.v2.wasm"]
        );
        assert_eq!(
            names(&["a", "A", "a", "a-2", "a"]),
            ["a.wasm", "A-2.wasm", "a-3.wasm", "a-2-2.wasm", "a-4.wasm"]
        );
    }

    #[test]
    fn dangerous_names_are_not_taken() {
        for (name, file) in [
            ("", "component.wasm"),
            ("..", "component.wasm"),
            ("../../etc/passwd", "etc-passwd.wasm"),
            ("/absolute", "absolute.wasm"),
            ("C:\\windows", "C--windows.wasm"),
            (".hidden", "hidden.wasm"),
            ("-rf", "rf.wasm"),
            ("nul", "component-nul.wasm"),
            ("Com1.x", "component-Com1.x.wasm"),
            ("com", "com.wasm"),
            ("a\u{202e}\n\u{0}b", "a---b.wasm"),
        ] {
            assert_eq!(names(&[name]), [file]);
        }
    }

    proptest! {
        #[test]
        fn names_are_unique_and_harmless(given in prop::collection::vec(".{0,80}|[aA./:-]{0,3}", 0..12)) {
            let names = file_names(given.iter().map(String::as_str));
            let different: HashSet<_> = names.iter().map(|name| name.to_lowercase()).collect();
            prop_assert_eq!(different.len(), given.len());
            for name in names {
                prop_assert!(!name.starts_with(['.', '-']) && name.ends_with(".wasm"));
                prop_assert!(!name.contains(|c: char| c.is_control() || "/\\:*?\"<>|".contains(c)));
                prop_assert_eq!(Path::new(&name).file_name().and_then(|n| n.to_str()), Some(&*name));
            }
        }
    }
}

//! A manifest as a text that is changed: what is around a change stays byte for byte.

use super::fault::Fault;
use super::list::{List, splice};
use super::manifest::{Compose, Dependency, Manifest, ManifestError, Subject};
use super::quoted::Quoted;
use super::starter::{entry, path};
use crate::name::PackageName;
use std::fmt;
use std::ops::Range;
use toml_edit::{Array, Document, Item, Table, TableLike, Value};

/// A manifest that is changed without touching anything else: comments, order, white space and the
/// ends of lines stay. `Display` writes it.
///
/// ```
/// use tenon_registry_client::project::{Dependency, ManifestEdit};
///
/// let mut edit = ManifestEdit::parse("[dependencies]\n\"a:c\" = \"1\" # for now\n")?;
/// edit.set_dependency(&"a:b".parse()?, &Dependency::Registry("^2.1".parse()?))?;
/// assert_eq!(edit.to_string(), "[dependencies]\n\"a:b\" = \"^2.1\"\n\"a:c\" = \"1\" # for now\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ManifestEdit {
    /// With `\n` at the ends of lines, if all of them are the same, and without a byte order mark.
    text: String,
    bom: bool,
    /// All lines end with `\r\n`.
    crlf: bool,
    manifest: Manifest,
}

/// The last column in which values are put below each other.
const MAX_COLUMN: usize = 200;

impl ManifestEdit {
    /// Reads a manifest to change it.
    ///
    /// # Errors
    ///
    /// As [`Manifest::parse`].
    pub fn parse(text: &str) -> Result<ManifestEdit, ManifestError> {
        let manifest = Manifest::parse(text)?;
        let (bom, text) = match text.strip_prefix('\u{feff}') {
            Some(text) => (true, text),
            None => (false, text),
        };
        let ends = (text.matches('\n').count(), text.matches("\r\n").count());
        let crlf = ends.0 == ends.1 && ends.0 > 0;
        let text = match crlf {
            true => text.replace("\r\n", "\n"),
            false => text.to_owned(),
        };
        Ok(ManifestEdit {
            text,
            bom,
            crlf,
            manifest,
        })
    }

    /// What it says now.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Adds a dependency, or changes where one comes from. A new one is put in order, if the others are in
    /// order, or else after them.
    ///
    /// # Errors
    ///
    /// The package depends on itself, or the path is empty or not UTF-8.
    pub fn set_dependency(
        &mut self,
        name: &PackageName,
        dependency: &Dependency,
    ) -> Result<(), ManifestError> {
        if self.manifest.dependencies.get(name) == Some(dependency) {
            return Ok(());
        }
        let mut wanted = self.manifest.clone();
        wanted.dependencies.insert(name.clone(), dependency.clone());
        let key = name.to_string();
        self.change(wanted, |text, root| {
            let place = Dependencies::of(root)?;
            match place.table.and_then(|table| table.get(&key)) {
                Some(item) => replaced(text, item, dependency),
                None => place.insert(text, root, &key, &entry(dependency)),
            }
        })
    }

    /// Removes a dependency; whether there was one. A comment beside it goes too, and so do
    /// those right above it, unless another dependency is right below: then they may be about both.
    ///
    /// # Errors
    ///
    /// None, as far as is known.
    pub fn remove_dependency(&mut self, name: &PackageName) -> Result<bool, ManifestError> {
        let mut wanted = self.manifest.clone();
        if wanted.dependencies.remove(name).is_none() {
            return Ok(false);
        }
        let key = name.to_string();
        self.change(wanted, |text, root| {
            Dependencies::of(root)?.remove(text, &key)
        })?;
        Ok(true)
    }

    /// Adds to the list of plugs; whether it was changed. Where there is no list, there is nothing to
    /// add to: every dependency is a plug, or none is asked for.
    ///
    /// # Errors
    ///
    /// The plug is an empty text.
    pub fn add_plug(&mut self, plug: &str) -> Result<bool, ManifestError> {
        let mut wanted = self.manifest.clone();
        match plugs(&mut wanted) {
            Some(plugs) if !plugs.iter().any(|other| other == plug) => plugs.push(plug.to_owned()),
            _ => return Ok(false),
        }
        let item = Quoted(plug).to_string();
        self.change(wanted, |text, root| {
            let list = array(root.get("compose")?.get("plugs")?.as_array()?)?;
            list.insert(text, list.items.len(), &item)
        })?;
        Ok(true)
    }

    /// Removes from the list of plugs; whether it was there. The last one leaves an empty list.
    ///
    /// # Errors
    ///
    /// None, as far as is known.
    pub fn remove_plug(&mut self, plug: &str) -> Result<bool, ManifestError> {
        let mut changed = false;
        // It may be there more than once.
        while let Some(at) = self.plug(plug) {
            let mut wanted = self.manifest.clone();
            if let Some(plugs) = plugs(&mut wanted) {
                plugs.remove(at);
            }
            self.change(wanted, |text, root| {
                array(root.get("compose")?.get("plugs")?.as_array()?)?.remove(text, at)
            })?;
            changed = true;
        }
        Ok(changed)
    }

    fn plug(&self, plug: &str) -> Option<usize> {
        let Subject::Plug { plugs, .. } = &self.manifest.compose.as_ref()?.what else {
            return None;
        };
        plugs.as_ref()?.iter().position(|other| other == plug)
    }

    /// Makes a change that has to come to what is wanted.
    fn change(
        &mut self,
        wanted: Manifest,
        change: impl FnOnce(&str, &Table) -> Option<String>,
    ) -> Result<(), ManifestError> {
        let document = Document::parse(&*self.text).map_err(|error| {
            let at = error.span().map(|span| span.start);
            Fault::toml(&self.text, error.message(), at)
        })?;
        let by_hand = || {
            Fault::at(
                &self.text,
                0,
                "the change cannot be made for you here: edit the file by hand",
            )
        };
        let text = change(&self.text, document.as_table()).ok_or_else(by_hand)?;
        let manifest = Manifest::parse(&text)?;
        if manifest != wanted {
            return Err(by_hand().into());
        }
        (self.text, self.manifest) = (text, manifest);
        Ok(())
    }
}

impl fmt::Display for ManifestEdit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.bom {
            f.write_str("\u{feff}")?;
        }
        match self.crlf {
            true => f.write_str(&self.text.replace('\n', "\r\n")),
            false => f.write_str(&self.text),
        }
    }
}

fn plugs(manifest: &mut Manifest) -> Option<&mut Vec<String>> {
    match &mut manifest.compose {
        Some(Compose {
            what: Subject::Plug { plugs, .. },
            ..
        }) => plugs.as_mut(),
        _ => None,
    }
}

/// The text with another source in the place of a dependency's.
fn replaced(text: &str, item: &Item, dependency: &Dependency) -> Option<String> {
    let Some(table) = item.as_table_like() else {
        return splice(text, item.span()?, &entry(dependency));
    };
    let (key, value) = table.iter().next()?;
    let range = table.key(key)?.span()?.start..value.span()?.end;
    let source = match dependency {
        Dependency::Registry(it) => format!("version = {}", Quoted(&it.to_string())),
        Dependency::Path(from) => format!("path = {}", path(from)),
    };
    splice(text, range, &source)
}

/// Where dependencies are in a document.
struct Dependencies<'d> {
    table: Option<&'d dyn TableLike>,
    /// Its brackets, or its first header.
    span: Option<Range<usize>>,
    shape: Shape,
}

/// How a table of dependencies is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// Not at all.
    Missing,
    /// `[dependencies]`, and maybe `[dependencies."a:b"]`
    Header,
    /// `[dependencies."a:b"]` only
    Headers,
    /// `dependencies."a:b" = …`
    Dotted,
    /// `dependencies = { … }`
    Inline,
}

/// An entry of dependencies.
struct Line {
    name: String,
    /// From its key to its value.
    span: Range<usize>,
    /// From its key to its value, if it is one key and one value.
    gap: Option<usize>,
    key: usize,
    /// It is a table with a header of its own.
    header: bool,
}

impl<'d> Dependencies<'d> {
    fn of(root: &'d Table) -> Option<Dependencies<'d>> {
        let Some(item) = root.get("dependencies") else {
            return Some(Dependencies {
                table: None,
                span: None,
                shape: Shape::Missing,
            });
        };
        let shape = match item {
            Item::Table(table) if table.is_dotted() => Shape::Dotted,
            Item::Table(table) if table.is_implicit() => Shape::Headers,
            Item::Table(_) => Shape::Header,
            _ => Shape::Inline,
        };
        let table = Some(item.as_table_like()?);
        let span = item.span();
        Some(Dependencies { table, span, shape })
    }

    /// The entries, in the order of the text.
    fn lines(&self) -> Option<Vec<Line>> {
        let table = self.table?;
        let mut lines = vec![];
        for (name, item) in table.iter() {
            let key = table.key(name)?.span()?;
            let end = end(item)?;
            let header = matches!(item, Item::Table(table) if !table.is_dotted());
            let start = if header {
                item.span()?.start
            } else {
                key.start
            };
            let value = item.as_value().filter(|value| !dotted(value));
            lines.push(Line {
                name: name.to_owned(),
                span: start..end,
                gap: value.and_then(|value| Some(value.span()?.start - key.start)),
                key: key.len(),
                header,
            });
        }
        lines.sort_by_key(|line| line.span.start);
        Some(lines)
    }

    fn insert(&self, text: &str, root: &Table, key: &str, value: &str) -> Option<String> {
        let quoted = Quoted(key);
        if self.shape == Shape::Missing {
            let table = format!("[dependencies]\n{quoted} = {value}");
            return new_table(text, root, &table);
        }
        let mut lines = self.lines()?;
        if self.shape == Shape::Headers {
            let first = above(text, line_start(text, lines.first()?.span.start));
            let table = format!("[dependencies]\n{quoted} = {value}\n\n");
            return splice(text, first..first, &table);
        }
        lines.retain(|line| !line.header);
        let index = match lines.is_sorted_by(|a, b| a.name <= b.name) {
            true => lines.partition_point(|line| &*line.name < key),
            false => lines.len(),
        };
        if self.shape == Shape::Inline {
            let list = List {
                span: self.span.clone()?,
                items: lines.into_iter().map(|line| line.span).collect(),
                pad: " ",
            };
            return list.insert(text, index, &format!("{quoted} = {value}"));
        }
        let prefix = match self.shape {
            Shape::Dotted => "dependencies.",
            _ => "",
        };
        // Where the others have their values in one column, so has this one.
        let key = quoted.to_string();
        let gap = lines.first().and_then(|line| line.gap).filter(|gap| {
            let same = lines.iter().all(|line| line.gap == Some(*gap));
            let aligned = lines.iter().any(|line| line.key + 3 < *gap);
            // What is wider than any line is no column that anyone meant.
            same && aligned && *gap <= MAX_COLUMN
        });
        let width = gap.map_or(0, |gap| gap.saturating_sub(3));
        let neighbour = lines.get(index.saturating_sub(1));
        let indent = neighbour.and_then(|line| {
            let start = line_start(text, line.span.start);
            let line = text.get(start..line.span.start)?;
            line.get(..line.len() - line.trim_start().len())
        });
        let indent = indent.unwrap_or_default();
        let line = format!("{indent}{prefix}{key:width$} = {value}");
        let at = match (
            index.checked_sub(1).and_then(|at| lines.get(at)),
            lines.first(),
        ) {
            (Some(previous), _) => line_end(text, previous.span.end),
            (None, Some(first)) => above(text, line_start(text, first.span.start)),
            (None, None) => line_end(text, self.span.clone()?.end),
        };
        insert_line(text, at, &line)
    }

    fn remove(&self, text: &str, key: &str) -> Option<String> {
        let lines = self.lines()?;
        let index = lines.iter().position(|line| line.name == key)?;
        if self.shape == Shape::Inline {
            let list = List {
                span: self.span.clone()?,
                items: lines.into_iter().map(|line| line.span).collect(),
                pad: " ",
            };
            return list.remove(text, index);
        }
        let Line { span, header, .. } = lines.get(index)?;
        let (mut start, mut end) = (line_start(text, span.start), line_end(text, span.end));
        let below = text.get(end..)?.lines().next().unwrap_or_default().trim();
        let separate = below.is_empty() || below.starts_with(['#', '[']);
        if separate {
            start = above(text, start);
        }
        // A table with a header stands between blank lines, of which one goes with it.
        let before = text.get(..start)?;
        if *header && below.is_empty() && (before.is_empty() || before.ends_with("\n\n")) {
            end = line_end(text, end);
        }
        splice(text, start..end, "")
    }
}

/// Where the value of an item ends, or the last one in it.
fn end(item: &Item) -> Option<usize> {
    let Some(table) = item.as_table_like() else {
        return Some(item.span()?.end);
    };
    match item {
        Item::Value(value) if !dotted(value) => Some(item.span()?.end),
        _ => table
            .iter()
            .filter_map(|(_, item)| Some(item.span()?.end))
            .max(),
    }
}

fn dotted(value: &Value) -> bool {
    value
        .as_inline_table()
        .is_some_and(|table| table.is_dotted())
}

fn array(array: &Array) -> Option<List> {
    let items: Option<Vec<_>> = array.iter().map(|value| value.span()).collect();
    Some(List {
        span: array.span()?,
        items: items?,
        pad: "",
    })
}

/// The text with a new table: after `[package]`, or at the end.
fn new_table(text: &str, root: &Table, table: &str) -> Option<String> {
    let package = root.get("package").and_then(Item::as_table);
    let package = package.filter(|it| !it.is_dotted() && !it.is_implicit());
    if let Some(package) = package {
        let ends = package.iter().filter_map(|(_, item)| end(item));
        let mut at = line_end(text, ends.max()?);
        while text
            .get(at..)?
            .trim_start_matches([' ', '\t'])
            .starts_with('#')
        {
            at = line_end(text, at);
        }
        return insert_line(text, at, &format!("\n{table}"));
    }
    let gap = if text.trim().is_empty() { "" } else { "\n" };
    insert_line(text, text.len(), &format!("{gap}{table}"))
}

/// The text with a line at the beginning of another, or at the end.
fn insert_line(text: &str, at: usize, line: &str) -> Option<String> {
    match text.get(..at)? {
        before if before.is_empty() || before.ends_with('\n') => {
            splice(text, at..at, &format!("{line}\n"))
        }
        // The last line has no end, and so it is with the new one.
        _ => splice(text, at..at, &format!("\n{line}")),
    }
}

/// Where the comments begin that are right above a line.
fn above(text: &str, mut start: usize) -> usize {
    loop {
        let Some(before) = start.checked_sub(1) else {
            return start;
        };
        let line = line_start(text, before);
        match text.get(line..before) {
            Some(comment) if comment.trim_start().starts_with('#') => start = line,
            _ => return start,
        }
    }
}

fn line_start(text: &str, at: usize) -> usize {
    let before = text.get(..at).unwrap_or_default();
    before.rfind('\n').map_or(0, |newline| newline + 1)
}

/// Where the line after that of a place begins.
fn line_end(text: &str, at: usize) -> usize {
    let after = text.get(at..).unwrap_or_default();
    after
        .find('\n')
        .map_or(text.len(), |newline| at + newline + 1)
}

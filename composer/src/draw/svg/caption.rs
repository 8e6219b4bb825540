//! What stands at a line: the interfaces, by package, as far as there is room for them.

use super::LINE;
use super::text::{self, Font, shortened};
use crate::draw::label;
use crate::name::ItemPath;
use std::collections::BTreeMap;

/// How many characters a line of a label has.
const LENGTH: usize = 30;
/// How many lines a label has.
const LINES: usize = 4;

/// How far to the right of its package an interface begins.
const INDENT: f64 = 12.0;

/// A line of a label.
pub(super) struct Row {
    pub(super) text: String,
    /// Whether it only says what the lines below it belong to, or that there is more.
    pub(super) is_dim: bool,
    /// How far to the right it begins.
    pub(super) indent: f64,
}

/// The lines for items, each with its name here and the name that the supplier has for it.
///
/// The interfaces of one package stand below its name; of many packages only the names are shown.
pub(super) fn rows(names: &[(&str, &str)]) -> Vec<Row> {
    let mut packages: BTreeMap<String, Vec<(&str, String)>> = BTreeMap::new();
    let mut rows = Vec::new();
    for (name, export) in names {
        let other = other(name, export);
        match package(name) {
            Some((package, interface)) => {
                let interfaces = packages.entry(package).or_default();
                interfaces.push((*name, interface + &other));
            }
            None => rows.push(item(&(label::plain(name) + &other))),
        }
    }
    let is_short = rows.len() + 2 * packages.len() <= LINES;
    for (package, interfaces) in &packages {
        match interfaces.as_slice() {
            [(name, _)] if !is_short || name.chars().count() <= LENGTH => {
                rows.push(item(&label::plain(name)));
            }
            _ if !is_short => rows.push(item(&format!("{package} ({})", interfaces.len()))),
            _ => {
                rows.push(dim(package));
                let lines = if packages.len() == 1 { LINES - 1 } else { 1 };
                rows.extend(wrapped(interfaces, lines));
            }
        }
    }
    if rows.len() > LINES {
        let hidden = rows.split_off(LINES - 1).len();
        rows.push(dim(&format!("+ {hidden} more")));
    }
    rows
}

/// How wide the widest line is.
pub(super) fn width(rows: &[Row]) -> f64 {
    let widths = rows
        .iter()
        .map(|row| row.indent + text::width(&row.text, Font::Label));
    widths.fold(0.0, f64::max)
}

/// How high the lines are, with the room below them.
pub(super) fn height(rows: &[Row]) -> f64 {
    LINE * rows.len() as f64 + super::ABOVE
}

/// Interfaces, as many to a line as fit, in no more than `most` lines.
fn wrapped(interfaces: &[(&str, String)], most: usize) -> Vec<Row> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    for (_, interface) in interfaces {
        let interface = shortened(interface, LENGTH - 2);
        match lines.last_mut() {
            Some((count, line)) if line.len() + 2 + interface.len() <= LENGTH - 2 => {
                *count += 1;
                line.push_str(", ");
                line.push_str(&interface);
            }
            _ => lines.push((1, interface)),
        }
    }
    let mut hidden = 0;
    if lines.len() > most {
        hidden = lines
            .split_off(most.saturating_sub(1).max(1))
            .iter()
            .map(|(count, _)| count)
            .sum();
    }
    let mut rows: Vec<Row> = lines.iter().map(|(_, line)| indented(item(line))).collect();
    match rows.last_mut() {
        Some(row) if hidden > 0 && most == 1 => row.text.push_str(&format!(" + {hidden}")),
        _ if hidden > 0 => rows.push(indented(dim(&format!("+ {hidden} more")))),
        _ => {}
    }
    rows
}

/// The package of an interface with its version, and the interface in it.
fn package(name: &str) -> Option<(String, String)> {
    let (path, within) = name.split_once('#').unwrap_or((name, ""));
    let parsed = ItemPath::parse(path, None)?;
    let (unversioned, version) = path.split_once('@').unwrap_or((path, ""));
    let interface = unversioned
        .strip_prefix(parsed.package())?
        .strip_prefix('/')?;
    let at = |mark, text: &str| {
        if text.is_empty() {
            String::new()
        } else {
            format!("{mark}{text}")
        }
    };
    Some((
        label::plain(&format!("{}{}", parsed.package(), at('@', version))),
        label::plain(&format!("{interface}{}", at('#', within))),
    ))
}

/// What the supplier calls an item, in brackets, if that is another name.
fn other(name: &str, export: &str) -> String {
    if name == export {
        return String::new();
    }
    if export.is_empty() {
        return " (all of it)".to_owned();
    }
    let path = |name: &str| name.split('@').next().unwrap_or_default().to_owned();
    let version = export.split_once('@').map(|(_, version)| version);
    match (version, package(name), package(export)) {
        (Some(version), ..) if path(name) == path(export) => {
            format!(" (@{})", label::plain(version))
        }
        (_, Some((here, _)), Some((there, interface))) if here == there => {
            format!(" ({interface})")
        }
        _ => format!(" ({})", label::plain(export)),
    }
}

fn item(text: &str) -> Row {
    Row {
        text: shortened(text, LENGTH),
        is_dim: false,
        indent: 0.0,
    }
}

fn dim(text: &str) -> Row {
    Row {
        text: shortened(text, LENGTH),
        is_dim: true,
        indent: 0.0,
    }
}

fn indented(row: Row) -> Row {
    Row {
        indent: INDENT,
        ..row
    }
}

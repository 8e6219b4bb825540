//! `tenon diff`: what changed between two components, and what that is for those who use them.

use crate::args::{self, Diff as Arguments, Global};
use crate::error::Failure;
use crate::source::{Bytes, Named, Sources};
use crate::ui::{self, Document, Ui};
use crate::wit::build::{AboutData, encode};
use crate::wit::{self, Gates};
use serde::Serialize;
use std::path::Path;
use tenon_composer::{
    Arena, Bodies, Change, ComponentId, Diff, Impact, Kind, Makeup, Source, Step, Update, What,
    diff, inspect,
};

#[derive(Serialize)]
struct DiffContent<'d> {
    old: SideData<'d>,
    new: SideData<'d>,
    /// `identical`, `patch`, `minor` or `major`.
    verdict: &'static str,
    /// Whether these are all changes.
    is_whole: bool,
    changes: Vec<ChangeData<'d>>,
    /// Features that only the new one uses, and that only the old one does.
    needs: Vec<&'static str>,
    drops: Vec<&'static str>,
    bill: Vec<UpdateData<'d>>,
    producers: Vec<UpdateData<'d>>,
}

#[derive(Serialize)]
struct SideData<'d> {
    path: &'d str,
    size: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    package: Option<&'d str>,
}

#[derive(Serialize)]
struct ChangeData<'d> {
    impact: &'static str,
    path: Vec<String>,
    /// `added`, `removed`, `moved`, `version` or `changed`.
    what: &'static str,
    /// What sort of thing came or went.
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'d str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<&'d str>,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'static str>,
}

#[derive(Serialize)]
struct UpdateData<'d> {
    name: &'d str,
    before: Option<&'d str>,
    after: Option<&'d str>,
}

pub(crate) fn run(ui: &mut Ui, args: &Arguments, global: &Global) -> Result<(), Failure> {
    if args.old == "-" && args.new == "-" {
        return Err(Failure::usage("both cannot be standard input")
            .help("name a file or a package for one of them"));
    }
    let sources = Sources { ui, global };
    let (old, new) = (open(sources, &args.old)?, open(sources, &args.new)?);
    let mut arena = Arena::new();
    let ids = (read(&mut arena, &old)?, read(&mut arena, &new)?);
    let diff = diff(&arena, ids.0, ids.1);
    let anatomy = |named: &Named| {
        inspect(&named.name, named.input()).map_err(|error| error.about(&named.argument))
    };
    let makeup = Makeup::between(&anatomy(&old)?, &anatomy(&new)?);
    if ui.json {
        let content = DiffContent::of(args, &diff, &makeup);
        ui.conclude(&Document::new("tenon/diff/1", content))?;
    } else {
        ui.print(&text(args, &diff, &makeup))?;
    }
    let refused = args.fail_on.map(args::Impact::as_composer);
    match (diff.impact, refused) {
        (Some(found), Some(refused)) if found >= refused => Err(Failure::new(
            "cli::diff",
            format!("from `{}` to `{}` is {found}", args.old, args.new),
        )
        .help(match found {
            Impact::Patch => "the bytes must not change here".to_owned(),
            _ => format!("take it back, or let the next version be a {found} one"),
        })),
        _ => Ok(()),
    }
}

impl args::Impact {
    fn as_composer(self) -> Impact {
        match self {
            args::Impact::Major => Impact::Major,
            args::Impact::Minor => Impact::Minor,
            args::Impact::Patch => Impact::Patch,
        }
    }
}

/// Opens what `argument` names; WIT in text form is turned into a package in binary form.
fn open(sources: Sources<'_>, argument: &str) -> Result<Named, Failure> {
    let path = Path::new(argument);
    let name = || {
        let name = path.file_stem().unwrap_or(path.as_os_str());
        ui::clean(&name.to_string_lossy())
    };
    let encoded = |read: Result<_, Failure>| {
        let (resolve, package) = read?;
        let binary = encode(argument, &resolve, package, &AboutData::default())?;
        Ok(Named {
            argument: argument.to_owned(),
            name: name(),
            bytes: Bytes::Memory(binary),
            release: None,
        })
    };
    if path.is_dir() {
        return encoded(wit::read(sources, argument, Gates::Open));
    }
    let named = sources.open(argument)?;
    let is_wit = path.extension().is_some_and(|extension| extension == "wit");
    match named.kind()? {
        Kind::Wit => encoded(wit::parse(argument, named.read_all()?, Gates::Open)),
        Kind::Text if is_wit => encoded(wit::parse(argument, named.read_all()?, Gates::Open)),
        _ => Ok(named),
    }
}

fn read<'i>(arena: &mut Arena<'i>, named: &'i Named) -> Result<ComponentId, Failure> {
    Ok(arena.read_release(Source {
        name: named.argument.clone(),
        input: named.input(),
        digest: None,
        bodies: Bodies::Skip,
    })?)
}

fn verdict(diff: &Diff) -> &'static str {
    diff.impact.map_or("identical", Impact::name)
}

fn text(args: &Arguments, diff: &Diff, makeup: &Makeup) -> String {
    let mut out = format!(
        "{} {} -> {}\n",
        ui::bold(verdict(diff)),
        ui::clean_line(&args.old),
        ui::clean_line(&args.new)
    );
    if let Some((old, new)) = &diff.packages {
        out.push_str(&format!("{} {old} -> {new}\n", ui::bold("package")));
    }
    let mut title = None;
    let mut item: &[Step] = &[];
    for change in &diff.changes {
        let (group, own, inside) = split(change);
        if title.as_ref() != Some(&group) {
            out.push_str(&format!("{}\n", ui::bold(&ui::clean_line(&group))));
            title = Some(group);
        }
        if !inside.is_empty() && item != own {
            out.push_str(&format!("         {}\n", named(own)));
        }
        item = own;
        out.push_str(&line(change, own, inside));
    }
    if !diff.is_whole {
        out.push_str("and more: these are the first of thousands\n");
    }
    facts(makeup, &mut out);
    out
}

/// The title under which a change stands, the import, export or interface, and the way on from there.
fn split(change: &Change) -> (String, &[Step], &[Step]) {
    let path = change.path.as_slice();
    let (world, len) = match path {
        [Step::World(name), _, ..] => (Some(name), 2),
        _ => (None, path.len().min(1)),
    };
    let (own, inside) = path.split_at(len);
    let sort = match own.last() {
        Some(Step::Import(_)) => "imports",
        Some(Step::Export(_)) => "exports",
        Some(Step::Interface(_)) => "interfaces",
        Some(Step::World(_)) => "worlds",
        _ => "as a whole",
    };
    let title = match world {
        Some(world) => format!("{sort} of world {world}"),
        None => sort.to_owned(),
    };
    (title, own, inside)
}

/// The name of an import, export, interface or world.
fn named(own: &[Step]) -> String {
    match own.last() {
        Some(
            Step::Import(name)
            | Step::Export(name)
            | Step::Interface(name)
            | Step::World(name)
            | Step::Item(name),
        ) => ui::clean_line(name),
        _ => String::new(),
    }
}

fn line(change: &Change, own: &[Step], inside: &[Step]) -> String {
    let marker = match &change.what {
        What::Added { .. } => "+",
        What::Removed { .. } => "-",
        _ => "~",
    };
    let (indent, place) = match inside {
        [] => ("", named(own)),
        _ => {
            let steps: Vec<_> = inside.iter().map(ToString::to_string).collect();
            ("    ", ui::clean_line(&steps.join(", ")))
        }
    };
    let sort = match &change.what {
        What::Added { kind } | What::Removed { kind }
            if inside.is_empty() && !matches!(*kind, "interface" | "world") =>
        {
            ui::dim(&format!(" ({kind})"))
        }
        _ => String::new(),
    };
    let said = match &change.what {
        What::Added { .. } | What::Removed { .. } => None,
        What::Moved { from, .. } => Some(format!("was `{from}`")),
        what => Some(what.to_string()),
    };
    let said = said.into_iter().chain(change.why().map(str::to_owned));
    let said = ui::clean_line(&said.collect::<Vec<_>>().join("; "));
    let impact = format!("{:5}", change.impact.name());
    let impact = match change.impact {
        Impact::Major => ui::bold(&impact),
        _ => ui::dim(&impact),
    };
    let colon = match said.is_empty() || place.is_empty() {
        true => "",
        false => ": ",
    };
    format!("  {impact}{indent}  {marker} {place}{sort}{colon}{said}\n")
}

fn facts(makeup: &Makeup, out: &mut String) {
    let (old, new) = makeup.sizes;
    if old != new {
        let (old, new) = (ui::size(old), ui::size(new));
        out.push_str(&format!("{} {old} -> {new}\n", ui::bold("size")));
    }
    for (title, features, end) in [
        (
            "needs now",
            makeup.needed,
            ": a host without them cannot run it",
        ),
        ("needs no longer", makeup.dropped, ""),
    ] {
        let names: Vec<_> = features.iter().map(|feature| feature.name()).collect();
        if !names.is_empty() {
            let names = names.join(", ");
            out.push_str(&format!("{} {names}{end}\n", ui::bold(title)));
        }
    }
    for (title, updates) in [
        ("bill of materials", &makeup.ingredients),
        ("made by", &makeup.producers),
    ] {
        if !updates.is_empty() {
            out.push_str(&format!("{}\n", ui::bold(title)));
        }
        for update in updates {
            out.push_str(&format!("  {}\n", ui::clean_line(&update_text(update))));
        }
    }
}

fn update_text(update: &Update) -> String {
    let name = &update.name;
    match (&update.before, &update.after) {
        (Some(before), Some(after)) => format!("~ {name} {before} -> {after}"),
        (None, Some(after)) => format!("+ {name} {after}"),
        (Some(before), None) => format!("- {name} {before}"),
        (None, None) => name.clone(),
    }
    .trim_end()
    .to_owned()
}

impl<'d> DiffContent<'d> {
    fn of(args: &'d Arguments, diff: &'d Diff, makeup: &'d Makeup) -> Self {
        let packages = diff.packages.as_ref();
        DiffContent {
            old: SideData {
                path: &args.old,
                size: makeup.sizes.0,
                package: packages.map(|(old, _)| old.as_str()),
            },
            new: SideData {
                path: &args.new,
                size: makeup.sizes.1,
                package: packages.map(|(_, new)| new.as_str()),
            },
            verdict: verdict(diff),
            is_whole: diff.is_whole,
            changes: diff.changes.iter().map(ChangeData::of).collect(),
            needs: makeup.needed.iter().map(|feature| feature.name()).collect(),
            drops: makeup
                .dropped
                .iter()
                .map(|feature| feature.name())
                .collect(),
            bill: makeup.ingredients.iter().map(UpdateData::of).collect(),
            producers: makeup.producers.iter().map(UpdateData::of).collect(),
        }
    }
}

impl<'d> ChangeData<'d> {
    fn of(change: &'d Change) -> Self {
        let (what, kind, names) = match &change.what {
            What::Added { kind } => ("added", Some(*kind), None),
            What::Removed { kind } => ("removed", Some(*kind), None),
            What::Moved { from, to } => ("moved", None, Some((from, to))),
            What::Version { from, to } => ("version", None, Some((from, to))),
            _ => ("changed", None, None),
        };
        ChangeData {
            impact: change.impact.name(),
            path: change.path.iter().map(ToString::to_string).collect(),
            what,
            kind,
            from: names.map(|(from, _)| from.as_str()),
            to: names.map(|(_, to)| to.as_str()),
            text: change.what.to_string(),
            why: change.why(),
        }
    }
}

impl<'d> UpdateData<'d> {
    fn of(update: &'d Update) -> Self {
        UpdateData {
            name: &update.name,
            before: update.before.as_deref(),
            after: update.after.as_deref(),
        }
    }
}

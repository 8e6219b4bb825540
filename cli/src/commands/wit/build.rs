//! `tenon wit build`: a folder of WIT text made a WIT package in the binary format.

use crate::args::WitBuild;
use crate::config::manifest;
use crate::error::Failure;
use crate::project::{LOCK, Project, Purpose};
use crate::ui::{self, Document, Ui};
use crate::wit::build::{AboutData, Built, build};
use crate::wit::deps::all_made;
use crate::wit::inputs;
use crate::write::{Content, Target, check_not_read};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tenon_registry_client::Digest;

#[derive(Serialize)]
struct BuildContent<'b> {
    package: &'b str,
    version: Option<&'b str>,
    digest: String,
    size: usize,
    /// The packages that it uses, and does not hold.
    uses: &'b [String],
    /// The packages that are nested in its text, and no part of it.
    nested: &'b [String],
    /// The file; none if it went to standard output.
    output: Option<String>,
}

pub(super) fn run(ui: &mut Ui, args: &WitBuild) -> Result<(), Failure> {
    let output = args.output.as_deref();
    if let Some(folder) = &args.folder {
        return make(ui, folder, &AboutData::default(), output).map(drop);
    }
    match manifest::of_here() {
        Some(_) => {
            let project = Project::open(Purpose::Look)?;
            check_deps(&project)?;
            of_project(ui, &project, output).map(drop)
        }
        None => make(ui, Path::new("wit"), &AboutData::default(), output).map(drop),
    }
}

/// Refuses what was put into `deps` from other releases than those that are locked by now.
fn check_deps(project: &Project) -> Result<(), Failure> {
    let Some(lock) = &project.lock else {
        return Ok(());
    };
    let deps = project.wit_folder().join("deps");
    let locked = lock.packages.values();
    let locked = locked.map(|locked| {
        let name = format!("{}@{}", locked.package(), locked.version());
        (name, locked.digest().to_string())
    });
    let locked: BTreeMap<_, _> = locked.collect();
    let made = all_made(&deps)?;
    let of_releases = made
        .iter()
        .filter(|there| there.origin.parse::<Digest>().is_ok());
    let stale = of_releases.filter_map(|there| {
        let now = locked.get(&there.package);
        let why = match now {
            Some(digest) if *digest == there.origin => return None,
            Some(_) => "is locked with other content",
            None => "is not locked",
        };
        let package = ui::clean_line(&there.package);
        Some(format!("`{}`: `{package}` {why}", there.path.display()))
    });
    let stale: Vec<_> = stale.collect();
    if stale.is_empty() {
        return Ok(());
    }
    let message = format!("`{}` is not what `{LOCK}` says", deps.display());
    Err(Failure::new("wit::deps-stale", message)
        .notes(stale)
        .help("run `tenon wit fetch` first; `tenon build` does both"))
}

/// Makes the WIT package of a project, and gives the file that it was written to, if it was one.
pub(in crate::commands) fn of_project(
    ui: &mut Ui,
    project: &Project,
    output: Option<&Path>,
) -> Result<Option<PathBuf>, Failure> {
    let about = match &project.manifest.package {
        None => AboutData::default(),
        Some(about) => AboutData {
            name: Some(about.name.to_string()),
            version: about.version.as_ref().map(ToString::to_string),
            description: about.description.clone(),
            authors: about.authors.clone(),
            licenses: about.licenses.clone(),
            homepage: about.homepage.clone(),
            source: about.source.clone(),
        },
    };
    make(ui, &project.wit_folder(), &about, output)
}

fn make(
    ui: &mut Ui,
    folder: &Path,
    about: &AboutData,
    output: Option<&Path>,
) -> Result<Option<PathBuf>, Failure> {
    let built = build(folder, about)?;
    let target = match output {
        Some(output) => Target::of(Some(output)),
        None => Target::Derived(PathBuf::from(file_name(&built))),
    };
    target.check(false)?;
    if let Some(path) = target.path() {
        check_not_read(path, inputs(folder)?)?;
    }
    if target.is_stdout() {
        ui.take_stdout();
    }
    target.write(&Content::Bytes(&built.bytes))?;
    for nested in &built.nested {
        ui.warn(&format!(
            "the package `{nested}` is nested in the text, and no part of what was made: to publish it, put it into a \
             folder of its own"
        ));
    }
    let output = target.path().map(|path| path.display().to_string());
    if ui.json {
        ui.document(&Document::new(
            "tenon/wit-build/1",
            BuildContent {
                package: &built.package,
                version: built.version.as_deref(),
                digest: Digest::of(&built.bytes).to_string(),
                size: built.bytes.len(),
                uses: &built.uses,
                nested: &built.nested,
                output,
            },
        ))?;
    } else {
        ui.say(&sentences(&built, output.as_deref()));
    }
    Ok(target.path().map(Path::to_owned))
}

/// What was made, and what comes next.
fn sentences(built: &Built, output: Option<&str>) -> String {
    let size = ui::size(built.bytes.len() as u64);
    let uses: Vec<_> = built.uses.iter().map(|name| format!("`{name}`")).collect();
    let uses = match uses.is_empty() {
        true => String::new(),
        false => format!(", uses {}", uses.join(", ")),
    };
    let (name, next) = match (&built.version, output) {
        (Some(version), Some(output)) => (
            format!("{}@{version}", built.package),
            format!("\nnext: `tenon publish {output}`"),
        ),
        (Some(version), None) => (format!("{}@{version}", built.package), String::new()),
        (None, _) => (
            built.package.clone(),
            format!(
                "\nit has no version, which a registry asks for: write `package {}@0.1.0;` into the WIT",
                built.package
            ),
        ),
    };
    let place = output.map_or(String::new(), |output| format!(" in `{output}`"));
    format!("built `{name}`{place}: {size}{uses}{next}")
}

/// The name of the file, in which some systems can have no `:`.
fn file_name(built: &Built) -> String {
    let name = built.package.replace(':', "-");
    match &built.version {
        Some(version) => format!("{name}-{version}.wasm"),
        None => format!("{name}.wasm"),
    }
}

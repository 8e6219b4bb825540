//! `tenon compose`: what a file describes, as one component.

mod config;
pub(super) mod plan;
mod shelf;
mod yaml;

use crate::args::{Compose, Global};
use crate::commands::plug;
use crate::error::Failure;
use crate::source::{Named, Sources};
use crate::ui::{self, Document, Ui};
use crate::write::Target;
use std::path::{Path, PathBuf};
use tenon_composer::{Composition, Kind, Plan, ROOT, State};

/// Composes, and gives the files that went in.
pub(crate) fn run(ui: &mut Ui, args: &Compose, global: &Global) -> Result<Vec<PathBuf>, Failure> {
    let target = Target::of(args.output.as_deref());
    if !args.dry_run {
        target.check(args.wat)?;
        if target.is_stdout() {
            ui.take_stdout();
        }
    }
    check_stdin(args)?;
    match Subject::of(args)? {
        Subject::Component => config::run(ui, args, global, &target, args.config.as_deref()),
        Subject::Configuration => config::run(ui, args, global, &target, Some(&args.input)),
        Subject::Plan => plan::apply(Sources { ui, global }, args, &target),
    }
}

/// What is composed.
enum Subject {
    /// The root component, with a configuration beside it or without.
    Component,
    /// A configuration that says what its root is.
    Configuration,
    /// A plan that `tenon plug` wrote.
    Plan,
}

impl Subject {
    /// What the input is, by its name, or else by how it begins.
    fn of(args: &Compose) -> Result<Subject, Failure> {
        let input = &args.input;
        if args.config.is_some() {
            return Ok(Subject::Component);
        }
        let extension = Path::new(input).extension();
        let is_any = |known: &[&str]| {
            extension.is_some_and(|extension| known.iter().any(|known| extension == *known))
        };
        if is_any(&["yml", "yaml"]) {
            return Ok(Subject::Configuration);
        }
        if is_any(&["json"]) {
            return Ok(Subject::Plan);
        }
        if args.root.is_some() {
            let message =
                format!("`{input}` is no configuration, so it has no root besides itself");
            return Err(Failure::usage(message).help("leave out `--root`, or name a `.yml` file"));
        }
        // A pipe could be read once only.
        if is_any(&["wasm", "wat"]) || !Path::new(input).is_file() {
            return Ok(Subject::Component);
        }
        let what = match Named::open_raw(input)?.kind()? {
            Kind::Wit => "it looks like WIT or WAC",
            Kind::Text => "it is text",
            Kind::Other(_) => "it is no WebAssembly",
            _ => return Ok(Subject::Component),
        };
        let message = format!("`{input}` is nothing that `tenon compose` takes");
        Err(Failure::usage(message).cause(what).help(
            "name a configuration of `wasm-compose` (`.yml`, `.yaml`, or any file with `--config`), a plan \
             (`.json`), or a component (`.wasm`, `.wat`, or a package such as `acme:http`)",
        ))
    }
}

fn check_stdin(args: &Compose) -> Result<(), Failure> {
    let named = [Some(&args.input), args.config.as_ref(), args.root.as_ref()];
    let named = named.into_iter().flatten().chain(&args.definitions);
    match named.filter(|name| *name == "-").count() {
        0 | 1 => Ok(()),
        _ => Err(Failure::usage("standard input can be read once only")
            .help("write it to a file first, and name the file twice")),
    }
}

/// What a composition comes to, besides the composition.
struct Outcome<'o> {
    plan: Plan,
    /// What may be wrong, in sentences.
    remarks: Vec<String>,
    inputs: &'o [&'o Named],
}

/// The files among inputs.
fn files<'n>(inputs: impl IntoIterator<Item = &'n Named>) -> Vec<PathBuf> {
    let files = inputs.into_iter().filter(|input| input.release.is_none());
    files.map(|input| PathBuf::from(&input.argument)).collect()
}

/// Writes a composition, and reports it.
fn finish(
    ui: &Ui,
    args: &Compose,
    target: &Target,
    composition: &Composition<'_>,
    outcome: Outcome<'_>,
) -> Result<(), Failure> {
    let Outcome {
        mut plan,
        remarks,
        inputs,
    } = outcome;
    for remark in &remarks {
        ui.warn(&ui::clean_line(remark));
    }
    if !args.dry_run {
        plug::write(args.wat, target, composition, inputs)?;
    }
    let output = plug::output_of(target, args.dry_run);
    if ui.json {
        let releases = plug::releases(inputs.iter().copied());
        let document = Document::compose(&plan, composition, releases, remarks, output);
        return ui.document(&document);
    }
    let (components, mut imports): (Vec<_>, Vec<_>) = composition
        .imports
        .iter()
        .cloned()
        .partition(|import| import.consumers.is_empty());
    // Names of instances are what the file has, whoever wrote it.
    for import in &mut plan.imports {
        import.consumer = ui::clean_line(&import.consumer);
        if let State::Filled { provider, .. } = &mut import.state {
            *provider = ui::clean_line(provider);
        }
    }
    for (consumer, _) in imports.iter_mut().flat_map(|import| &mut import.consumers) {
        *consumer = ui::clean_line(consumer);
    }
    ui.say(&ui::plan(&plan, &imports, &[ROOT], 1, ui.verbose));
    if !components.is_empty() {
        ui.say(&ui::bold("components that whoever runs it must provide"));
    }
    for component in &components {
        ui.say(&format!("  {}", component.name));
    }
    plug::say_additions(ui, composition);
    let next = |path: &str| match components.is_empty() {
        true => plug::next_command(&plan, composition, path),
        false => format!("tenon inspect {path}"),
    };
    plug::say_made(ui, composition, args.dry_run, output.as_deref(), next);
    Ok(())
}

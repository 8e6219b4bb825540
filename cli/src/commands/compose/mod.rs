//! `tenon compose`: what a file describes, as one component.

mod config;
mod document;
pub(super) mod plan;
mod shelf;
mod yaml;

use crate::args::{Compose, Global};
use crate::commands::plug;
use crate::error::Failure;
use crate::script::Script;
use crate::source::{Named, Sources};
use crate::ui::{self, Document, Ui};
use crate::wac::is_document;
use crate::write::Target;
use std::path::{Path, PathBuf};
use tenon_composer::{Composition, HostImport, Kind, Plan, ROOT, State};

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
    let sources = Sources { ui, global };
    let subject = Subject::of(args)?;
    if args.deps_dir.is_some() && !matches!(subject, Subject::Document(_)) {
        refuse(
            &[("--deps-dir", true)],
            "anything but a document in WAC",
            "leave it out",
        )?;
    }
    match subject {
        Subject::Document(script) => document::run(sources, args, &target, &script),
        Subject::Component(given) => {
            let path = args.config.as_deref();
            config::run(sources, args, &target, path, given.map(|given| *given))
        }
        Subject::Configuration => config::run(sources, args, &target, Some(&args.input), None),
        Subject::Plan => plan::apply(sources, args, &target),
    }
}

/// What is composed.
enum Subject {
    /// A document in WAC.
    Document(Script),
    /// The root component, with a configuration beside it or without; as it is, if it came on standard input.
    Component(Option<Box<Named>>),
    /// A configuration that says what its root is.
    Configuration,
    /// A plan that `tenon plug` wrote.
    Plan,
}

impl Subject {
    /// What the input is, by its name, or else by how it begins.
    fn of(args: &Compose) -> Result<Subject, Failure> {
        let input = &args.input;
        let path = Path::new(input);
        let extension = path.extension();
        let is_any = |known: &[&str]| {
            extension.is_some_and(|extension| known.iter().any(|known| extension == *known))
        };
        if is_document(path) {
            return Script::read(path).map(Subject::Document);
        }
        if args.config.is_some() && input != "-" {
            return Ok(Subject::Component(None));
        }
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
        if input == "-" {
            return Subject::of_stdin();
        }
        // A pipe could be read once only.
        if is_any(&["wasm", "wat"]) || !path.is_file() {
            return Ok(Subject::Component(None));
        }
        let what = match Named::open_raw(input)?.kind()? {
            Kind::Wit => return Script::read(path).map(Subject::Document),
            Kind::Text => "it is text",
            Kind::Other(_) => "it is no WebAssembly",
            _ => return Ok(Subject::Component(None)),
        };
        let message = format!("`{input}` is nothing that `tenon compose` takes");
        Err(Failure::usage(message).cause(what).help(
            "name a document in WAC (`.wac`), a configuration of `wasm-compose` (`.yml`, `.yaml`, or any file with \
             `--config`), a plan (`.json`), or a component (`.wasm`, `.wat`, or a package such as `acme:http`)",
        ))
    }

    /// What standard input has, which can be read once only.
    fn of_stdin() -> Result<Subject, Failure> {
        let named = Named::open_raw("-")?;
        match named.kind()? {
            Kind::Wit | Kind::Text => {
                let bytes = named.read_all()?;
                Script::of_stdin(bytes.as_slice()).map(Subject::Document)
            }
            _ => Ok(Subject::Component(Some(Box::new(named.assembled()?)))),
        }
    }
}

/// Refuses options that change nothing for what is composed, the first of which is said.
fn refuse(given: &[(&str, bool)], what: &str, help: &str) -> Result<(), Failure> {
    match given.iter().find(|(_, is_given)| *is_given) {
        None => Ok(()),
        Some((option, _)) => {
            Err(Failure::usage(format!("`{option}` changes nothing in {what}")).help(help))
        }
    }
}

fn check_stdin(args: &Compose) -> Result<(), Failure> {
    let named = [Some(&args.input), args.config.as_ref(), args.root.as_ref()];
    let named = named.into_iter().flatten().chain(&args.deps);
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
    let (components, imports) = divided(composition);
    for import in &mut plan.imports {
        import.consumer = ui::clean_line(&import.consumer);
        if let State::Filled { provider, .. } = &mut import.state {
            *provider = ui::clean_line(provider);
        }
    }
    ui.say(&ui::plan(&plan, &imports, &[ROOT], 1, ui.verbose));
    say_components(ui, &components);
    plug::say_additions(ui, composition);
    let next = |path: &str| match components.is_empty() {
        true => plug::next_command(&plan, composition, path),
        false => format!("tenon inspect {path}"),
    };
    plug::say_made(ui, composition, args.dry_run, output.as_deref(), next);
    Ok(())
}

/// Says what a composition imports.
fn say_host(ui: &Ui, composition: &Composition<'_>) {
    if composition.imports.is_empty() {
        ui.say(&ui::dim("nothing stays open"));
    }
    let (components, imports) = divided(composition);
    if !imports.is_empty() {
        ui.say(&ui::bold("left open, for the host to provide"));
    }
    for import in &imports {
        ui.say(&format!("  {}", import.name));
        for (instance, _) in import.consumers.iter().filter(|_| ui.verbose) {
            ui.say(&ui::dim(&format!("    for {instance}")));
        }
    }
    say_components(ui, &components);
}

/// Says which components a composition imports.
fn say_components(ui: &Ui, components: &[HostImport]) {
    if !components.is_empty() {
        ui.say(&ui::bold("components that whoever runs it must provide"));
    }
    for component in components {
        ui.say(&format!("  {}", component.name));
    }
}

/// The components that a composition imports, and what else, with names of instances fit to be shown: they are what the
/// file has, whoever wrote it.
fn divided(composition: &Composition<'_>) -> (Vec<HostImport>, Vec<HostImport>) {
    let mut imports = composition.imports.clone();
    for (consumer, _) in imports.iter_mut().flat_map(|import| &mut import.consumers) {
        *consumer = ui::clean_line(consumer);
    }
    imports
        .into_iter()
        .partition(|import| import.consumers.is_empty())
}

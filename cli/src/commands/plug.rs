//! `tenon plug`: the exports of components into the imports of others.

mod request;
mod trial;

pub(super) use trial::{Interface, Open, Trial};

use super::compose::plan;
use crate::args::{Global, Plug};
use crate::error::Failure;
use crate::reading::{Hashing, read_ahead};
use crate::source::{Named, Sources};
use crate::ui::{self, Document, ReleaseData, Ui};
use crate::write::{Content, Target, check_not_read, write_hashed};
use request::Lineup;
use std::path::Path;
use std::thread;
use tenon_composer::{
    Arena, ComponentId, Composition, Error, ErrorKind, Options, Plan, Request, encode, plug,
};

pub(crate) fn run(ui: &mut Ui, args: &Plug, global: &Global) -> Result<(), Failure> {
    match make(ui, args, global) {
        Ok(_) => Ok(()),
        Err(unmade) => Err(*unmade.failure),
    }
}

/// Why there is no composition.
pub(super) struct Unmade {
    pub(super) failure: Box<Failure>,
    /// The interfaces that no plug fits, and that hosts do not provide as a rule, if that is why; none where socket and
    /// plug are the wrong way round.
    pub(super) open: Vec<String>,
}

impl<E: Into<Failure>> From<E> for Unmade {
    fn from(error: E) -> Unmade {
        Unmade {
            failure: Box::new(error.into()),
            open: vec![],
        }
    }
}

/// Makes a composition; the interfaces that it leaves open and hosts do not provide as a rule.
pub(super) fn make(ui: &mut Ui, args: &Plug, global: &Global) -> Result<Vec<String>, Unmade> {
    let target = Target::of(args.output.as_deref());
    if !args.dry_run {
        target.check(args.wat)?;
        if target.is_stdout() {
            ui.take_stdout();
        }
    }
    let lineup = Lineup::of(args)?;
    if let Some(path) = &args.plan {
        check_plan_path(path, &target, &lineup.arguments())?;
    }
    let inputs = Sources { ui, global }.open_all(&lineup.arguments())?;
    for release in inputs.iter().filter_map(|input| input.release.as_ref()) {
        ui.say(&release.line);
    }
    thread::scope(|scope| {
        let mut arena = Arena::new();
        let (ids, hashing) = read_ahead(scope, &mut arena, &inputs, args.no_validate)?;
        let read = (arena, ids, &hashing);
        let open = compose(ui, args, &lineup, &target, &inputs, read);
        // What was read is remembered, whatever came of it.
        hashing.wait();
        open
    })
}

/// Makes a composition of components that were read.
fn compose<'i>(
    ui: &Ui,
    args: &Plug,
    lineup: &Lineup,
    target: &Target,
    inputs: &'i [Named],
    (arena, ids, hashing): (Arena<'i>, Vec<ComponentId>, &Hashing<'_, '_>),
) -> Result<Vec<String>, Unmade> {
    let request = lineup.request(&arena, &ids, args)?;
    let mut plan = plug(&arena, &request).map_err(|error| nothing_fits(&arena, &request, error))?;
    let Some(socket) = request.sockets.first() else {
        return Err(Failure::usage("a socket is needed").into());
    };
    let metadata = arena.component(*socket).metadata();
    let options = Options {
        name: args
            .name
            .clone()
            .or_else(|| metadata.name.clone())
            .or_else(|| inputs.first().map(Named::title)),
        version: metadata.version.clone(),
        dedupe: args.dedupe.into(),
        ..Options::default()
    };
    let mut composition = encode(arena, std::mem::take(&mut plan.graph), &options)?;

    for warning in warnings(&plan, &composition) {
        ui.warn(&warning);
    }
    let all = Vec::from_iter(inputs);
    if !args.dry_run && !args.wat {
        write_hashed(target, &mut composition, &all, hashing)?;
    }
    composition.set_digests(hashing.digests()?);
    if !args.dry_run && args.wat {
        write(true, target, &composition, &all)?;
    }
    if let Some(path) = &args.plan {
        let sources = ids.iter().zip(inputs);
        let sources = sources.map(|(id, input)| {
            let digest = composition.component(*id).digest();
            (*id, input, digest.copied())
        });
        plan::write(path, &composition, sources.collect(), &options, args.dedupe)?;
    }
    report(ui, args, target, &plan, &composition, inputs)?;
    Ok(open_names(&plan))
}

/// An error, and what stays open if it is that no plug fits anything.
fn nothing_fits(arena: &Arena<'_>, request: &Request, error: Error) -> Unmade {
    let open = match error.kind() {
        ErrorKind::NothingPlugged { near, swapped, .. }
            if !near.is_empty() || swapped.is_none() =>
        {
            let sockets = Request::new(request.sockets.clone(), []);
            plug(arena, &sockets).map_or(vec![], |plan| open_names(&plan))
        }
        _ => vec![],
    };
    let failure = Box::new(error.into());
    Unmade { failure, open }
}

fn open_names(plan: &Plan) -> Vec<String> {
    let open = trial::open(plan).into_iter();
    open.map(|open| open.name).collect()
}

/// Refuses a plan that could not be written, before anything is done.
fn check_plan_path(path: &Path, target: &Target, inputs: &[&str]) -> Result<(), Failure> {
    if path == Path::new("-") {
        return Err(
            Failure::usage("a plan is written to a file, not to standard output")
                .help("the paths in it are relative to where it is: name the file"),
        );
    }
    if target.path() == Some(path) {
        return Err(Failure::usage(
            "the plan and the composition cannot be one file",
        ));
    }
    // A plan of what is overwritten could not be applied.
    for output in [Some(path), target.path()].into_iter().flatten() {
        check_not_read(output, inputs)?;
    }
    Target::File(path.to_owned()).check(true)
}

/// Writes a composition of `inputs`, as text if `wat` says so.
pub(super) fn write(
    wat: bool,
    target: &Target,
    composition: &Composition<'_>,
    inputs: &[&Named],
) -> Result<(), Failure> {
    if !wat {
        return target.write(&Content::Composition(composition, inputs));
    }
    let text = composition
        .to_bytes()
        .map_err(|error| Failure::io("read", "the inputs again", &error))
        .and_then(|bytes| {
            wasmprinter::print_bytes(bytes).map_err(|error| {
                Failure::new("cli::wat", "the composition cannot be printed as text")
                    .cause(format!("{error:#}"))
            })
        })?;
    target.write(&Content::Text(&(text + "\n")))
}

/// What may be wrong with a plan that works.
fn warnings(plan: &Plan, composition: &Composition<'_>) -> Vec<String> {
    let mut warnings = Vec::new();
    for useless in &plan.useless {
        let why = match (&useless.same_as_used, &useless.would_take_socket) {
            (true, _) => "; it is the same component as another plug, which is used".to_owned(),
            (false, Some(import)) => format!(
                "; it imports `{import}`, which the socket exports: are the two meant the other way round?"
            ),
            (false, None) => String::new(),
        };
        warnings.push(format!("plug `{}` fills nothing{why}", useless.plug));
    }
    for import in plan.open() {
        if let tenon_composer::State::Open { near } = &import.state {
            for line in ui::near_misses(near, 0) {
                warnings.push(format!("`{}` stays open: {line}", import.import));
            }
        }
    }
    for import in composition
        .imports
        .iter()
        .filter(|import| !import.later.is_empty())
    {
        let later = import.later.iter();
        let later = later.map(|(name, version)| format!("`{name}` (asked of {version})"));
        warnings.push(format!(
            "`{}` is imported in the lowest version that is asked for, and a host that has it may not have {}",
            import.name,
            later.collect::<Vec<_>>().join(", ")
        ));
    }
    warnings
}

fn report(
    ui: &Ui,
    args: &Plug,
    target: &Target,
    plan: &Plan,
    composition: &Composition<'_>,
    inputs: &[Named],
) -> Result<(), Failure> {
    let output = output_of(target, args.dry_run);
    if ui.json {
        let releases = releases(inputs);
        return ui.document(&Document::plug(plan, composition, releases, output));
    }
    let instances = composition.graph.instances();
    let instances: Vec<_> = instances.map(|(_, instance)| instance.name()).collect();
    let sockets = args.sockets.len().max(1);
    let host = &composition.imports;
    ui.say(&ui::plan(plan, host, &instances, sockets, ui.verbose));
    say_additions(ui, composition);
    if let Some(path) = &args.plan {
        ui.say(&format!(
            "{} {}",
            ui::bold("wrote the plan"),
            path.display()
        ));
    }
    let next = |path: &str| next_command(plan, composition, path);
    say_made(ui, composition, args.dry_run, output.as_deref(), next);
    Ok(())
}

/// The file that a composition is written to, if it is one.
pub(super) fn output_of(target: &Target, dry_run: bool) -> Option<String> {
    match target {
        Target::File(path) if !dry_run => Some(path.display().to_string()),
        _ => None,
    }
}

/// The inputs that are releases of registries.
pub(super) fn releases<'n>(inputs: impl IntoIterator<Item = &'n Named>) -> Vec<&'n ReleaseData> {
    let releases = inputs
        .into_iter()
        .filter_map(|input| input.release.as_ref());
    releases.map(|release| &release.data).collect()
}

/// Says what was written to `output`, if it is a file, and the command that `next` has for it.
pub(super) fn say_made(
    ui: &Ui,
    composition: &Composition<'_>,
    dry_run: bool,
    output: Option<&str>,
    next: impl FnOnce(&str) -> String,
) {
    let made = ui::made(composition);
    ui.say(&match output {
        // Nobody reads what was written to a device.
        Some(path) if !Path::new(path).is_file() => {
            format!("{} {path} ({made})", ui::bold("wrote"))
        }
        Some(path) => format!(
            "{} {path} ({made})\n{} {}",
            ui::bold("wrote"),
            ui::bold("next:"),
            next(path)
        ),
        None if dry_run => format!("{} ({made})", ui::bold("would write")),
        None => format!("{} ({made})", ui::bold("wrote")),
    });
}

/// Says what the composition has that was not asked for: exports for the sake of others, and core modules
/// that it holds once.
pub(super) fn say_additions(ui: &Ui, composition: &Composition<'_>) {
    for export in composition.graph.exports().iter().filter(|e| e.implied) {
        ui.say(&format!(
            "{} {}, since other exports use its types",
            ui::bold("also exports"),
            export.name
        ));
    }
    if let Some(hoisted) = ui::hoisted(composition, ui.verbose) {
        ui.say(&hoisted);
    }
}

/// What one would do with the composition.
pub(super) fn next_command(plan: &Plan, composition: &Composition<'_>, path: &str) -> String {
    let exports = |prefix: &str| {
        let mut exports = composition.graph.exports().iter();
        exports.any(|export| export.name.starts_with(prefix))
    };
    if !ui::unusual(plan, &composition.imports).is_empty() {
        format!("tenon wit {path}")
    } else if exports("wasi:cli/run@") {
        format!("wasmtime run {path}")
    } else if exports("wasi:http/incoming-handler@") || exports("wasi:http/handler@") {
        format!("wasmtime serve {path}")
    } else {
        format!("tenon wit {path}")
    }
}

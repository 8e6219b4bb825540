//! Plans: what `tenon plug --plan` writes, and `tenon compose` applies.

mod format;

use super::{files, refuse};
use crate::args::{Compose, Dedupe};
use crate::commands::plug::{
    output_of, releases, say_additions, say_made, write as write_composition,
};
use crate::error::Failure;
use crate::exit::ExitKind;
use crate::reading::read;
use crate::remembered::Memory;
use crate::source::{Named, Sources};
use crate::ui::{self, Document, ReleaseData, UnverifiedData};
use crate::write::{Content, Target};
use clap::ValueEnum;
use format::{
    Argument, ComponentEntry, ExportEntry, ImportName, InstanceEntry, PlanFile, SCHEMA, SourceEntry,
};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Component as Step, Path, PathBuf};
use tenon_composer::{
    Arena, ComponentId, Composition, Diagram, Edge, Graph, InstanceId, Options, Versions, encode,
};
use tenon_registry_client::Digest;

/// No plan is larger: what is larger is none.
const MAX_SIZE: u64 = 64 << 20;

/// An input, the component that it is, and its digest.
type Source<'s> = (ComponentId, &'s Named, Option<[u8; 32]>);

/// Writes the plan that a composition was made from.
pub(in crate::commands) fn write(
    path: &Path,
    composition: &Composition<'_>,
    sources: Vec<Source<'_>>,
    options: &Options,
    dedupe: Dedupe,
) -> Result<(), Failure> {
    let graph = &composition.graph;
    let folder = folder_of(path);
    let folder = fs::canonicalize(folder).map_err(|error| Failure::io("open", folder, &error))?;
    let component = |id: &ComponentId| {
        let source = sources.iter().find(|(source, _, _)| source == id);
        source.map(|source| ComponentEntry::of(source, &folder))
    };
    let name = |id: InstanceId| graph.instance(id).name().to_owned();
    let place = |id: ComponentId| {
        let components = composition.components.iter();
        components
            .into_iter()
            .position(|other| *other == id)
            .unwrap_or_default()
    };
    let instances = graph.instances().map(|(_, instance)| InstanceEntry {
        name: instance.name().to_owned(),
        component: place(instance.component()),
        arguments: instance
            .arguments()
            .iter()
            .map(|(import, edge)| Argument {
                import: import.clone(),
                instance: name(edge.provider),
                path: edge.path.clone(),
            })
            .collect(),
        imports: instance
            .import_names()
            .iter()
            .map(|(import, name)| ImportName {
                import: import.clone(),
                name: name.clone(),
            })
            .collect(),
    });
    let asked = graph.exports().iter().filter(|export| !export.implied);
    let plan = PlanFile {
        schema: SCHEMA.to_owned(),
        name: options.name.clone(),
        version: options.version.clone(),
        dedupe: dedupe.name(),
        versions: graph.versions().as_str().to_owned(),
        components: composition
            .components
            .iter()
            .filter_map(component)
            .collect::<Result<_, _>>()?,
        instances: instances.collect(),
        exports: asked
            .map(|export| ExportEntry {
                name: export.name.clone(),
                instance: name(export.edge.provider),
                path: export.edge.path.clone(),
            })
            .collect(),
    };
    let text = plan.to_text()?;
    Target::File(path.to_owned()).write(&Content::Text(&text))
}

/// Composes what a plan describes, and reports it.
pub(super) fn apply(
    sources: Sources<'_>,
    args: &Compose,
    target: &Target,
) -> Result<Vec<PathBuf>, Failure> {
    let ui = sources.ui;
    let path = Path::new(&args.input);
    check_arguments(args)?;
    let (plan, inputs) = open(sources, path)?;
    let mut arena = Arena::new();
    let ids = read(&mut arena, &inputs, args.skip_validation)?;
    let graph = plan.graph(&arena, &ids)?;
    let options = Options {
        name: plan.name.clone(),
        version: plan.version.clone(),
        dedupe: plan.dedupe(args)?.into(),
        ..Options::default()
    };
    let composition = encode(arena, graph, &options)?;
    if !args.dry_run {
        write_composition(args.wat, target, &composition, &Vec::from_iter(&inputs))?;
    }
    let output = output_of(target, args.dry_run);
    if ui.json {
        let releases = releases(&inputs);
        ui.document(&Document::applied(&composition, releases, output))?;
        return Ok(files(&inputs));
    }
    say_additions(ui, &composition);
    let next = |path: &str| format!("tenon inspect {path}");
    say_made(ui, &composition, args.dry_run, output.as_deref(), next);
    Ok(files(&inputs))
}

/// Draws what a plan describes.
pub(in crate::commands) fn diagram(sources: Sources<'_>, path: &Path) -> Result<Diagram, Failure> {
    let (plan, inputs) = open(sources, path)?;
    let mut arena = Arena::new();
    let ids = read(&mut arena, &inputs, true)?;
    let graph = plan.graph(&arena, &ids)?;
    Ok(Diagram::of(&arena, &graph))
}

/// Opens a plan, and its components.
fn open(sources: Sources<'_>, path: &Path) -> Result<(PlanFile, Vec<Named>), Failure> {
    let plan = PlanFile::open(path, MAX_SIZE)?;
    let folder = folder_of(path);
    let mut inputs = Vec::new();
    for (at, entry) in plan.components.iter().enumerate() {
        inputs.push(entry.open(sources, folder, at)?);
    }
    for release in inputs.iter().filter_map(|input| input.release.as_ref()) {
        sources.ui.say(&release.line);
    }
    Ok((plan, inputs))
}

impl ComponentEntry {
    fn of((_, input, digest): &Source<'_>, folder: &Path) -> Result<ComponentEntry, Failure> {
        let digest = match digest {
            Some(digest) => Digest::from(*digest),
            None => input.digest()?,
        };
        let release = input.release.as_ref();
        let source = match release.map(|it| (&it.package, &it.registry, &it.data)) {
            Some((Some((package, version)), registry, _)) => SourceEntry::Package {
                package: package.to_string(),
                version: version.to_string(),
                registry: registry.clone(),
            },
            Some((
                None,
                _,
                ReleaseData::Unverified(UnverifiedData {
                    reference: Some(pinned),
                    ..
                }),
            )) => SourceEntry::Reference {
                reference: pinned.clone(),
            },
            Some((None, _, _)) => {
                return Err(Failure::usage(format!(
                    "a plan cannot name `{}`, whose manifest is not known",
                    input.argument
                ))
                .help("write it to a file first, with `tenon get`"));
            }
            None if input.argument == "-" => {
                return Err(Failure::usage(
                    "a plan cannot name standard input, which nobody could open again",
                )
                .help("write the component to a file first"));
            }
            None => SourceEntry::Path {
                path: relative(Path::new(&input.argument), folder)?,
            },
        };
        Ok(ComponentEntry::new(
            input.name.clone(),
            source,
            input.input().size(),
            digest,
        ))
    }

    /// Opens the component, which must be what it was when the plan was made.
    fn open(&self, sources: Sources<'_>, folder: &Path, at: usize) -> Result<Named, Failure> {
        let mut named = match self.source(at)? {
            SourceEntry::Path { path } => {
                let path = folder.join(path);
                let Some(path) = path.to_str() else {
                    return Err(not_unicode(&path));
                };
                Named::open(path)?
            }
            SourceEntry::Reference { reference } => {
                sources.open(&self.place(at, &reference)?.to_string())?
            }
            SourceEntry::Package {
                package,
                version,
                registry,
            } => {
                let named = sources.open_package(&self.wanted(at, &package, &version)?)?;
                let found = named
                    .release
                    .as_ref()
                    .map(|release| release.registry.as_str());
                if found != Some(registry.as_str()) {
                    return Err(self.changed(
                        &named,
                        format!("from `{}`", ui::clean_line(&registry)),
                        format!("from `{}`", ui::clean_line(found.unwrap_or_default())),
                    ));
                }
                named
            }
        };
        let size = named.input().size();
        if size != self.size {
            let bytes = |size| format!("{} bytes", ui::thousands(size));
            return Err(self.changed(&named, bytes(self.size), bytes(size)));
        }
        let memory = Memory::open();
        let digest = match named.recall(&memory) {
            Some((digest, _)) => digest,
            None => {
                let digest = named.digest()?;
                // So that it is not hashed again to be read.
                named.remember(&memory, digest, false);
                digest
            }
        };
        let expected = self.digest(at)?;
        if digest != expected {
            return Err(self.changed(&named, expected.to_string(), digest.to_string()));
        }
        named.name.clone_from(&self.name);
        Ok(named)
    }

    fn changed(&self, named: &Named, expected: String, found: String) -> Failure {
        Failure {
            exit: ExitKind::Refused,
            ..Failure::new(
                "plan::changed",
                format!(
                    "`{}` is not the component that the plan was made with: expected {expected}, got {found}",
                    named.argument
                ),
            )
        }
        .help("plan again with `tenon plug --plan`, or bring back the component")
    }
}

impl PlanFile {
    /// What the composition is to hold only once, if the command line does not say otherwise.
    fn dedupe(&self, args: &Compose) -> Result<Dedupe, Failure> {
        if let Some(dedupe) = args.dedupe {
            return Ok(dedupe);
        }
        Dedupe::from_str(&self.dedupe, false).map_err(|_| {
            let known: Vec<_> = Dedupe::value_variants()
                .iter()
                .map(|known| format!("`{}`", known.name()))
                .collect();
            format::invalid("dedupe", format!("expected one of {}", known.join(", ")))
        })
    }

    /// The graph that the plan describes, of components that were read as `ids`.
    fn graph(&self, arena: &Arena<'_>, ids: &[ComponentId]) -> Result<Graph, Failure> {
        let mut graph = Graph::new();
        let policy = Versions::ALL
            .into_iter()
            .find(|policy| policy.as_str() == self.versions);
        let Some(policy) = policy else {
            let names: Vec<_> = Versions::ALL
                .iter()
                .map(|policy| format!("`{policy}`"))
                .collect();
            return Err(format::invalid(
                "versions",
                format!("expected one of {}", names.join(", ")),
            ));
        };
        graph.set_versions(policy);
        let mut instances: BTreeMap<&str, InstanceId> = BTreeMap::new();
        for (at, instance) in self.instances.iter().enumerate() {
            let place = format!("instances[{at}]");
            let Some(component) = ids.get(instance.component) else {
                let count = ids.len();
                return Err(format::invalid(
                    &format!("{place}.component"),
                    format!(
                        "there is no component {}, of {count} from 0",
                        instance.component
                    ),
                ));
            };
            let id = graph.add(&instance.name, *component);
            if instances.insert(&instance.name, id).is_some() {
                return Err(format::invalid(
                    &format!("{place}.name"),
                    format!(
                        "two instances are called `{}`",
                        ui::clean_line(&instance.name)
                    ),
                ));
            }
        }
        let find = |place: String, name: &str| {
            let found = instances.get(name).copied();
            found.ok_or_else(|| {
                let message = format!("there is no instance `{}`", ui::clean_line(name));
                format::invalid(&place, message)
            })
        };
        for (at, instance) in self.instances.iter().enumerate() {
            let consumer = find(format!("instances[{at}].name"), &instance.name)?;
            for (number, argument) in instance.arguments.iter().enumerate() {
                let place = format!("instances[{at}].arguments[{number}]");
                let provider = find(format!("{place}.instance"), &argument.instance)?;
                let edge = Edge {
                    provider,
                    path: argument.path.clone(),
                };
                let connected = graph.connect(arena, (consumer, &argument.import), edge);
                connected.map_err(|error| format::invalid(&place, error))?;
            }
            for (number, named) in instance.imports.iter().enumerate() {
                let place = format!("instances[{at}].imports[{number}]");
                let before = instance.imports.iter().take(number);
                if before.clone().any(|other| other.import == named.import) {
                    let import = ui::clean_line(&named.import);
                    let message = format!("import `{import}` has a name already");
                    return Err(format::invalid(&place, message));
                }
                let given = graph.name_import(arena, (consumer, &named.import), &named.name);
                given.map_err(|error| format::invalid(&place, error))?;
            }
        }
        for (at, export) in self.exports.iter().enumerate() {
            let place = format!("exports[{at}]");
            let provider = find(format!("{place}.instance"), &export.instance)?;
            let edge = Edge {
                provider,
                path: export.path.clone(),
            };
            let exported = graph.export(arena, &export.name, edge);
            exported.map_err(|error| format::invalid(&place, error))?;
        }
        Ok(graph)
    }
}

/// Refuses what a plan leaves no choice about.
fn check_arguments(args: &Compose) -> Result<(), Failure> {
    let given = [
        ("--root", args.root.is_some()),
        ("--definitions", !args.deps.is_empty()),
        ("--search-path", !args.search_paths.is_empty()),
        ("--import-components", args.import_components),
        ("--disallow-imports", args.disallow_imports),
        ("--name", args.name.is_some()),
    ];
    refuse(
        &given,
        "a plan, which says all that is to be said",
        "leave it out, or plan again with `tenon plug --plan`",
    )
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// The way from `folder`, which is free of links, to a file; absolute if there is none. The file's own
/// name may be a link, and stays one.
fn relative(file: &Path, folder: &Path) -> Result<String, Failure> {
    let place = folder_of(file);
    let place = fs::canonicalize(place).map_err(|error| Failure::io("open", place, &error))?;
    let mut from = folder.components().peekable();
    let mut to = place.components().peekable();
    let same_root = from.peek() == to.peek();
    while same_root && from.peek().is_some() && from.peek() == to.peek() {
        from.next();
        to.next();
    }
    let mut path: PathBuf = match same_root {
        true => from.map(|_| Step::ParentDir).chain(to).collect(),
        false => place,
    };
    path.push(file.file_name().unwrap_or(file.as_os_str()));
    let Some(text) = path.to_str() else {
        return Err(not_unicode(file));
    };
    Ok(match cfg!(windows) && same_root {
        true => text.replace('\\', "/"),
        false => text.to_owned(),
    })
}

fn not_unicode(path: &Path) -> Failure {
    Failure::usage(format!("the path `{}` is not Unicode", path.display()))
        .help("a plan names paths in Unicode: give the file another name")
}

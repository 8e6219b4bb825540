//! `tenon build`: what a project is for.

mod auto;
mod output;

use super::{compose, lock, plug, wit};
use crate::args::{Build, Compose, Dedupe, Global, Plug, VersionPolicy};
use crate::error::Failure;
use crate::project::{Built, Changes, Locking, Project, Purpose};
use crate::source::Named;
use crate::suggestion::near;
use crate::ui::{self, Fields, Ui};
use crate::wac::{DEPS, files_in, is_document};
use crate::wit::inputs;
use crate::wit::needs::needs_of;
use clap::ValueEnum;
use semver::VersionReq;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use tenon_registry_client::name::PackageName;
use tenon_registry_client::project::{self, Dependency, Subject};
use tenon_registry_client::record::ContentKind;

/// How many open imports a hint names.
const MAX_HINTED: usize = 3;

/// What was done before anything is built.
#[derive(Clone)]
struct Before {
    changes: Changes,
    auto: Option<Vec<auto::Sought>>,
}

pub(crate) fn run(ui: &mut Ui, args: &Build, global: &Global) -> Result<(), Failure> {
    let mut project = Project::open(Purpose::Change)?;
    let old = project.lock.clone();
    let changes = project.lock(ui, &Locking::keep(global, args.agreement.yes))?;
    lock::say(ui, &changes);
    let mut before = Before {
        changes,
        auto: None,
    };
    if args.auto {
        before.auto = Some(auto::run(ui, args, global, &mut project)?);
        if let Some(lock) = &project.lock {
            before.changes = Changes::between(old.as_ref(), lock);
        }
    }
    if let Some(lock) = &project.lock {
        // Also where nothing is going to be built; what that takes is looked at again, by whoever has to be asked.
        project.check_origins(ui, &offline(global), lock)?;
    }
    match project.manifest.compose.clone() {
        Some(what) => compose(ui, args, global, &project, &what, before),
        None if project.wit_folder().is_dir() => {
            wit_package(ui, args, global, &project, before)
        }
        None => Err(Failure::configuration(
            "project::nothing",
            "there is nothing to build: `tenon.toml` has no `[compose]`, and there is no folder of WIT",
        )
        .help("name the component whose imports are to be filled: `[compose]` with `socket = \"app.wasm\"`")),
    }
}

/// Composes what the manifest says.
fn compose(
    ui: &mut Ui,
    args: &Build,
    global: &Global,
    project: &Project,
    what: &project::Compose,
    before: Before,
) -> Result<(), Failure> {
    let output = output::place(project, args, what.output.as_deref())?;
    let plan = Plan::of(project, what)?;
    output::check(project, args, &output, &plan.files)?;
    let recipe = [
        what_is_said(project),
        format!("{}", args.no_validate),
        project.homes(global)?,
    ];
    let recipe: Vec<&str> = recipe.iter().map(String::as_str).collect();
    let built = Built::plan(&recipe, plan.releases, plan.files, &output)?;
    if !args.force && built.is_last_of(project) {
        return nothing_to_do(ui, &output, &before);
    }
    output::make_folder(&output)?;
    let locked = locked(global);
    frame(ui, &output, &before)?;
    match &what.what {
        Subject::Plug { .. } => {
            let plug = arguments(project, args, what, plan.sockets, plan.plugs, &output)?;
            let made = plug::make(ui, &plug, &locked);
            let left = made.map_err(|unmade| in_manifest(unfit(args, unmade)))?;
            built.keep(project, []);
            if !args.auto {
                hint_at_auto(ui, &left);
            }
        }
        Subject::File(file) => {
            let dedupe = what.dedupe.as_deref();
            let dedupe = dedupe.map(|dedupe| choice("dedupe", Some(dedupe), Dedupe::Auto));
            let compose = Compose {
                input: project.path(file).to_string_lossy().into_owned(),
                config: None,
                root: None,
                deps_dir: is_document(file).then(|| project.path(DEPS)),
                deps: vec![],
                search_paths: vec![],
                import_components: false,
                disallow_imports: what.strict,
                skip_validation: args.no_validate,
                dedupe: dedupe.transpose()?,
                output: Some(output.clone()),
                wat: false,
                dry_run: false,
                // A document says itself what it is called.
                name: match is_document(file) {
                    true => what.name.clone(),
                    false => what.name.clone().or_else(|| project.title()),
                },
            };
            let inputs = compose::run(ui, &compose, &locked)?;
            built.keep(project, inputs);
        }
    }
    Ok(())
}

/// What `tenon plug` would be given for what the manifest says.
fn arguments(
    project: &Project,
    args: &Build,
    what: &project::Compose,
    sockets: Vec<String>,
    plugs: Vec<String>,
    output: &Path,
) -> Result<Plug, Failure> {
    let each = |names: &[String]| names.iter().map(|name| project.arguments(name)).collect();
    Ok(Plug {
        sockets,
        plugs,
        chains: each(&what.chains),
        wires: what.wires.clone(),
        prefer: each(&what.prefer),
        keep: what.keep_imports.clone(),
        exports: what.exports.clone(),
        renames: what.renames.clone(),
        versions: choice("versions", what.versions.as_deref(), VersionPolicy::Highest)?,
        plan: None,
        output: Some(output.to_owned()),
        wat: false,
        strict: what.strict,
        dry_run: false,
        no_validate: args.no_validate,
        dedupe: choice("dedupe", what.dedupe.as_deref(), Dedupe::Auto)?,
        name: what.name.clone().or_else(|| project.title()),
    })
}

/// Packages are those that are locked, whatever else there is.
fn locked(global: &Global) -> Global {
    Global {
        locked: true,
        ..global.clone()
    }
}

/// Nobody is asked.
fn offline(global: &Global) -> Global {
    Global {
        offline: true,
        ..global.clone()
    }
}

/// Says what could be done about what stays open, if hosts do not provide it.
fn hint_at_auto(ui: &Ui, left: &[String]) {
    let names = left
        .iter()
        .map(|name| format!("`{}`", ui::clean_line(name)));
    let mut names: Vec<_> = names.take(MAX_HINTED).collect();
    if names.is_empty() {
        return;
    }
    if left.len() > MAX_HINTED {
        names.push("more".to_owned());
    }
    ui.say(&format!(
        "{} `tenon build --auto` looks in the registries for what exports {}",
        ui::bold("hint:"),
        names.join(", ")
    ));
}

/// Makes the WIT package of a project that has nothing to compose.
fn wit_package(
    ui: &mut Ui,
    args: &Build,
    global: &Global,
    project: &Project,
    before: Before,
) -> Result<(), Failure> {
    let output = output::place(project, args, None)?;
    output::check(project, args, &output, &wit_files(project)?)?;
    let (recipe, homes) = (what_is_said(project), project.homes(global)?);
    let plan = |project: &Project| {
        let files = wit_files(project)?;
        Built::plan(&[&recipe, &homes], releases(project), files, &output)
    };
    if !args.force && plan(project)?.is_last_of(project) {
        return nothing_to_do(ui, &output, &before);
    }
    wit::fetch(ui, global, project)?;
    output::make_folder(&output)?;
    frame(ui, &output, &before)?;
    wit::of_project(ui, project, Some(&output))?;
    plan(project)?.keep(project, []);
    Ok(())
}

/// All that is locked, with its digests.
fn releases(project: &Project) -> BTreeMap<String, String> {
    let locked = project.lock.iter().flat_map(|lock| &lock.packages);
    let releases = locked.map(|((package, version), locked)| {
        let digest = locked.digest().to_string();
        (format!("{package}@{version}"), digest)
    });
    releases.collect()
}

/// The files that a WIT package is made of: those of the project, and those of its dependencies with paths.
fn wit_files(project: &Project) -> Result<BTreeSet<PathBuf>, Failure> {
    let mut files = inputs(&project.wit_folder())?;
    files.append(&mut local_files(project)?);
    Ok(files)
}

/// The files that dependencies with paths are made of.
fn local_files(project: &Project) -> Result<BTreeSet<PathBuf>, Failure> {
    let mut files = BTreeSet::new();
    for dependency in project.manifest.dependencies.values() {
        if let Dependency::Path(path) = dependency {
            let path = project.path(path);
            match path.is_dir() {
                true => files.extend(inputs(&path)?),
                false => drop(files.insert(path)),
            }
        }
    }
    Ok(files)
}

/// What goes into a composition.
struct Plan {
    sockets: Vec<String>,
    plugs: Vec<String>,
    /// The releases, with their digests.
    releases: BTreeMap<String, String>,
    files: BTreeSet<PathBuf>,
}

impl Plan {
    fn of(project: &Project, what: &project::Compose) -> Result<Plan, Failure> {
        let mut plan = Plan {
            sockets: vec![],
            plugs: vec![],
            releases: BTreeMap::new(),
            files: BTreeSet::new(),
        };
        match &what.what {
            Subject::Plug { sockets, plugs } => {
                for socket in sockets {
                    let argument = plan.add(project, socket)?;
                    plan.sockets.push(argument);
                }
                let plugs = match plugs {
                    Some(plugs) => plugs.clone(),
                    None => project.plugs(sockets),
                };
                for plug in &plugs {
                    let argument = plan.add(project, plug)?;
                    plan.plugs.push(argument);
                }
                for chain in &what.chains {
                    for link in project.arguments(chain).split(',') {
                        if Path::new(link).is_file() {
                            plan.files.insert(link.into());
                        }
                    }
                    // A link may be a dependency that is named nowhere else.
                    plan.releases.extend(releases(project));
                }
            }
            Subject::File(file) => {
                // What the file names is known once it was read; any release may be among it.
                let file = project.path(file);
                if !file.exists() {
                    return Err(absent(&file));
                }
                if is_document(&file) {
                    // What is put there later may be taken in place of what was there.
                    plan.files = files_in(&project.path(DEPS));
                    plan.files.append(&mut local_files(project)?);
                }
                plan.files.insert(file);
                plan.releases = releases(project);
            }
        }
        Ok(plan)
    }

    /// Adds what the manifest names: a dependency, or a file.
    fn add(&mut self, project: &Project, name: &str) -> Result<String, Failure> {
        let file = match project.dependency(name) {
            Some((package, Dependency::Registry(requirement))) => {
                return self.add_release(project, &package, requirement);
            }
            Some((_, Dependency::Path(path))) => project.path(path),
            None => match no_dependency(project, name) {
                Some(failure) => return Err(failure),
                None => project.path(name),
            },
        };
        if !file.exists() {
            return Err(absent(&file));
        }
        self.files.insert(file.clone());
        Ok(file.to_string_lossy().into_owned())
    }

    /// Adds the release that is locked for a requirement.
    fn add_release(
        &mut self,
        project: &Project,
        package: &PackageName,
        requirement: &VersionReq,
    ) -> Result<String, Failure> {
        let Some(locked) = project.locked_for(package, requirement) else {
            return Err(
                Failure::new("project::locked", format!("`{package}` is not locked"))
                    .help("run `tenon lock`"),
            );
        };
        let name = format!("{package}@{}", locked.version());
        let digest = locked.digest().to_string();
        self.releases.insert(name.clone(), digest);
        Ok(name)
    }
}

impl Project {
    /// Whether what is locked for a requirement is a component.
    pub(super) fn is_component(&self, package: &PackageName, requirement: &VersionReq) -> bool {
        let locked = self.locked_for(package, requirement);
        locked.is_some_and(|locked| locked.kind == ContentKind::Component)
    }

    /// What is plugged in where the manifest does not say it: every dependency that is a component and no socket.
    fn plugs(&self, sockets: &[String]) -> Vec<String> {
        let dependencies = self.manifest.dependencies.iter();
        let plugs = dependencies.filter(|(package, dependency)| match dependency {
            Dependency::Registry(requirement) => self.is_component(package, requirement),
            Dependency::Path(path) => is_component(&self.path(path)),
        });
        let names = plugs.map(|(package, _)| package.to_string());
        names.filter(|name| !sockets.contains(name)).collect()
    }

    /// Names in the manifest, with commas between, as `plug` takes them: dependencies as what they are, and paths as
    /// seen from here.
    fn arguments(&self, names: &str) -> String {
        let arguments = names.split(',').map(|name| match self.dependency(name) {
            Some((package, Dependency::Registry(requirement))) => {
                let locked = self.locked_for(&package, requirement);
                locked.map_or(name.to_owned(), |locked| {
                    format!("{package}@{}", locked.version())
                })
            }
            Some((_, Dependency::Path(path))) => self.path(path).to_string_lossy().into_owned(),
            None => {
                let path = self.path(name);
                // What is no file may be what a plug is called.
                match path.is_file() || name.contains(['/', '.']) {
                    true => path.to_string_lossy().into_owned(),
                    false => name.to_owned(),
                }
            }
        });
        arguments.collect::<Vec<_>>().join(",")
    }

    /// What the manifest calls the project.
    pub(super) fn title(&self) -> Option<String> {
        let about = self.manifest.package.as_ref()?;
        Some(about.name.name().to_owned())
    }
}

/// What is to be composed and names a package, where there is no such dependency.
fn no_dependency(project: &Project, name: &str) -> Option<Failure> {
    let (package, version) = match name.split_once('@') {
        Some((package, version)) => (package, Some(version)),
        None => (name, None),
    };
    package
        .parse::<PackageName>()
        .ok()
        .filter(|_| package.contains(':'))?;
    let shown = ui::clean_line(name);
    let failure = |what| Failure::configuration("project::manifest", format!("`{shown}` {what}"));
    let names = project.manifest.dependencies.keys();
    let names: BTreeSet<String> = names.map(ToString::to_string).collect();
    Some(match (version, names.contains(package)) {
        (Some(_), true) => failure("is to be composed, and names a version")
            .cause("a version belongs to `[dependencies]`")
            .help(format!("name it as `{package}`")),
        _ => {
            let failure = failure("is to be composed, and is no dependency");
            match near(package, &names) {
                Some(near) => failure.help(format!("did you mean `{near}`?")),
                None => failure.help(format!("add it with `tenon add {shown}`")),
            }
        }
    })
}

/// What is to be composed, and is not there.
pub(super) fn absent(file: &Path) -> Failure {
    let failure = Failure::io("read", file, &std::io::ErrorKind::NotFound.into());
    failure.help("`[compose]` in `tenon.toml` names it: build it first, or correct the path there")
}

/// Whether a file is a component. What cannot be read is said to be one, so that reading it says why.
fn is_component(path: &Path) -> bool {
    let named = match path.is_dir() {
        true => return false,
        false => Named::open(&path.to_string_lossy()),
    };
    let needs = named.and_then(|named| needs_of(&named.argument, named.input()));
    needs.map_or(true, |(kind, _)| kind == ContentKind::Component)
}

/// A value of the manifest that is one of a few words.
fn choice<T: ValueEnum>(key: &str, text: Option<&str>, default: T) -> Result<T, Failure> {
    let Some(text) = text else {
        return Ok(default);
    };
    T::from_str(text, false).map_err(|_| {
        let words = T::value_variants()
            .iter()
            .filter_map(ValueEnum::to_possible_value);
        let words: Vec<_> = words.map(|word| format!("`{}`", word.get_name())).collect();
        Failure::configuration(
            "project::manifest",
            format!(
                "`{key} = \"{}\"` under `[compose]` is none of its values",
                ui::clean_line(text)
            ),
        )
        .help(format!("take one of {}", words.join(", ")))
    })
}

/// What the manifest says of the composition, in one spelling.
fn what_is_said(project: &Project) -> String {
    format!(
        "{:?} {:?} {:?}",
        project.manifest.compose, project.manifest.package, project.manifest.dependencies
    )
}

/// Says what is left open where nothing fits, and how to come by what does.
fn unfit(args: &Build, unmade: plug::Unmade) -> Failure {
    let plug::Unmade { failure, open } = unmade;
    if open.is_empty() {
        return *failure;
    }
    let mut notes: Vec<_> = open
        .iter()
        .take(MAX_HINTED)
        .map(|name| format!("`{}` stays open", ui::clean_line(name)))
        .collect();
    if let more @ 1.. = open.len().saturating_sub(MAX_HINTED) {
        notes.push(format!("{} stay open", ui::count(more, "more import")));
    }
    let failure = failure.notes(notes);
    match args.auto {
        true => failure.help("add a component that fits with `tenon add NAMESPACE:NAME`"),
        false => failure.help(
            "`tenon build --auto` looks in the registries for what fits; a component that you know is added with \
             `tenon add NAMESPACE:NAME`",
        ),
    }
}

/// Says how options that a failure speaks of are called in the manifest.
fn in_manifest(failure: Failure) -> Failure {
    let words = [
        ("--chain", "chains"),
        ("--dedupe", "dedupe"),
        ("--export", "exports"),
        ("--keep-import", "keep-imports"),
        ("--name", "name"),
        ("--prefer", "prefer"),
        ("--rename", "renames"),
        ("--versions", "versions"),
        ("--wire", "wires"),
    ];
    let said = format!(
        "{} {}",
        failure.summary(),
        failure.help.as_deref().unwrap_or_default()
    );
    let notes = words
        .into_iter()
        .filter(|(option, _)| has_option(&said, option));
    let notes = notes
        .map(|(option, key)| format!("`{option}` is `{key}` under `[compose]` in `tenon.toml`"));
    failure.notes(notes)
}

/// Whether a text speaks of an option, and not only of one whose name begins like it.
fn has_option(text: &str, option: &str) -> bool {
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
    text.split(|letter| !is_word(letter))
        .any(|word| word == option)
}

/// Has the report of a composition be a part of that of the build.
fn frame(ui: &mut Ui, output: &Path, before: &Before) -> Result<(), Failure> {
    if ui.json {
        ui.frame(fields("built", output, before)?);
    }
    Ok(())
}

/// What is said of a build, whatever it is of.
fn fields(state: &str, output: &Path, before: &Before) -> Result<Fields, Failure> {
    let value = |value: serde_json::Result<serde_json::Value>| {
        value.map_err(|error| {
            Failure::new("cli::json", "the report cannot be written as JSON").cause(error)
        })
    };
    let mut fields = vec![
        ("schema", "tenon/build/1".into()),
        ("state", state.into()),
        ("output", output.display().to_string().into()),
        (
            "changes",
            value(serde_json::to_value(&before.changes.changes))?,
        ),
    ];
    if let Some(sought) = &before.auto {
        fields.push(("auto", value(serde_json::to_value(sought))?));
    }
    Ok(Fields(fields))
}

fn nothing_to_do(ui: &Ui, output: &Path, before: &Before) -> Result<(), Failure> {
    if ui.json {
        return ui.document(&fields("up-to-date", output, before)?);
    }
    ui.say(&format!(
        "`{}` is up to date: nothing has changed since it was built",
        output.display()
    ));
    Ok(())
}

//! `tenon build --auto`: what stays open is looked for in registries, and what is chosen becomes a dependency.

use super::{Plan, arguments, locked};
use crate::args::{Build, Global, Plug};
use crate::commands::plug::{Interface, Open, Trial};
use crate::commands::{add, lock};
use crate::error::Failure;
use crate::exit::ExitKind;
use crate::project::auto::{
    Candidate, CandidateData, Decision, Found, Home, Picked, Registries, Seen, Standing, Verdict,
    decide, pick,
};
use crate::project::{Freedom, Locking, MANIFEST, Project};
use crate::pulled::Pulled;
use crate::remote::is_proved;
use crate::source::{Named, Sources};
use crate::ui::{self, Ui};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use tenon_registry_client::http::{Error, ErrorKind};
use tenon_registry_client::name::{PackageName, Version};
use tenon_registry_client::project::{Dependency, Subject};
use tenon_registry_client::record::{Content, ContentKind};
use tenon_registry_client::resolve::compatible_with;

/// How many packages are added at most.
const MAX_ADDED: usize = 64;
/// How many dependencies and packages in mapped namespaces are looked into for one import.
const MAX_MAPPED: usize = 64;
/// How many other packages are.
const MAX_OTHERS: usize = 8;
/// How many bytes are fetched of packages in namespaces that nobody has mapped, for one import: anyone may publish one.
const MAX_BYTES: u64 = 256 << 20;
/// How many candidates that were left out are shown.
const MAX_SHOWN: usize = 20;

/// An import that was looked for.
#[derive(Clone, Serialize)]
pub(super) struct Sought {
    import: String,
    /// The release that was added for it.
    chosen: Option<String>,
    /// Why that one, or why none.
    why: String,
    candidates: Vec<CandidateData>,
}

/// Looks in registries for what fills the imports that stay open, and adds what is chosen to the project. What nothing is
/// found for stays open.
///
/// # Errors
///
/// A choice has to be made, and nobody can be asked; or a registry does not answer, or is refused.
pub(super) fn run(
    ui: &Ui,
    args: &Build,
    global: &Global,
    project: &mut Project,
) -> Result<Vec<Sought>, Failure> {
    let what = project.manifest.compose.as_ref();
    if !matches!(what.map(|what| &what.what), Some(Subject::Plug { .. })) {
        return Err(Failure::usage(
            "`--auto` fills imports of a `socket`, and `[compose]` names none",
        )
        .help("leave `--auto` away: what a file says of a composition is changed by hand"));
    }
    let mut auto = Auto {
        ui,
        args,
        global,
        project,
        inputs: BTreeMap::new(),
    };
    let mut registries = None;
    let mut settled: BTreeSet<Interface> = BTreeSet::new();
    let mut sought = vec![];
    let mut added = 0;
    loop {
        let plug = auto.plug()?;
        let open = auto.open(&plug)?;
        let is_new = |open: &Open| !settled.contains(&open.interface);
        let Some(open) = open.into_iter().find(is_new) else {
            break;
        };
        if added == MAX_ADDED {
            ui.warn(&format!("{added} packages were added, and that is enough: look at what they ask for, and run this again"));
            break;
        }
        let registries = match &registries {
            Some(registries) => registries,
            None => {
                auto.check_allowed(&open)?;
                registries.insert(Registries::open(ui, global)?)
            }
        };
        let one = auto.fill(registries, &plug, &open)?;
        match &one.chosen {
            Some(_) => added += 1,
            None => drop(settled.insert(open.interface)),
        }
        sought.push(one);
    }
    Ok(sought)
}

struct Auto<'a> {
    ui: &'a Ui,
    args: &'a Build,
    global: &'a Global,
    project: &'a mut Project,
    /// What was opened, by the arguments that name it.
    inputs: BTreeMap<String, Named>,
}

impl Auto<'_> {
    /// What the manifest says now, as `tenon plug` would be given it.
    fn plug(&self) -> Result<Plug, Failure> {
        let Some(what) = &self.project.manifest.compose else {
            return Err(Failure::usage("there is nothing to compose"));
        };
        let plan = Plan::of(self.project, what)?;
        let (sockets, plugs) = (plan.sockets, plan.plugs);
        arguments(
            self.project,
            self.args,
            what,
            sockets,
            plugs,
            Path::new("composition.wasm"),
        )
    }

    /// What stays open of that.
    fn open(&mut self, plug: &Plug) -> Result<Vec<Open>, Failure> {
        let wanted = Trial::arguments(plug)?;
        let new = wanted
            .iter()
            .filter(|argument| !self.inputs.contains_key(*argument));
        let new: BTreeSet<&str> = new.map(String::as_str).collect();
        let new: Vec<&str> = new.into_iter().collect();
        let locked = locked(self.global);
        let sources = Sources {
            ui: self.ui,
            global: &locked,
        };
        for named in sources.open_all(&new)? {
            self.inputs.insert(named.argument.clone(), named);
        }
        self.trial(plug)?.open(plug)
    }

    /// All that is plugged, read.
    fn trial(&self, plug: &Plug) -> Result<Trial<'_>, Failure> {
        let mut trial = Trial::new(self.args.no_validate);
        for argument in Trial::arguments(plug)?.into_iter().collect::<BTreeSet<_>>() {
            if let Some(named) = self.inputs.get(&argument) {
                trial.read(named)?;
            }
        }
        Ok(trial)
    }

    /// Refuses to look for anything where nothing may be changed, or nobody asked.
    fn check_allowed(&self, open: &Open) -> Result<(), Failure> {
        let name = ui::clean_line(&open.name);
        if self.global.locked {
            return Err(Failure::new(
                "project::locked",
                format!("`{name}` is open, and with `--locked` nothing can be added to fill it"),
            )
            .help("leave `--auto` away, or `--locked` and `--frozen`"));
        }
        if self.global.offline {
            return Err(Failure {
                exit: ExitKind::Unavailable,
                ..Failure::new(
                    "registry::offline",
                    format!("`{name}` is open, and what exports it cannot be looked for with `--offline`"),
                )
            }
            .help("leave `--auto` away, or `--offline`"));
        }
        Ok(())
    }

    /// Looks for what fills an import, and adds what is chosen.
    fn fill(
        &mut self,
        registries: &Registries,
        plug: &Plug,
        open: &Open,
    ) -> Result<Sought, Failure> {
        let ui = self.ui;
        let found = registries.search(&open.name)?;
        let (mut candidates, seen) = self.candidates(registries, &found, plug, open)?;
        let decision = decide(&mut candidates, seen);
        let (name, consumers) = (ui::clean_line(&open.name), consumers(open));
        if !candidates.is_empty() {
            ui.say(&format!("`{name}` is open, for {consumers}"));
        }
        let yes = self.args.agreement.yes;
        let fitting = candidates.iter().filter(|it| it.fits()).count();
        let listed = match decision {
            // The question or the error has those that fit.
            Decision::Agree if !yes => fitting,
            Decision::Name => fitting,
            _ => 0,
        };
        self.show(&found, &candidates, listed);
        let chosen = match pick(ui, &open.name, &candidates, decision, yes)? {
            Picked::One(at) => candidates.get(at),
            Picked::None => None,
        };
        let why = match (decision, chosen) {
            (Decision::Take, Some(taken)) => match taken.standing {
                Standing::Dependency => "the project depends on it already".to_owned(),
                _ => "it is the only one that fits in a namespace that is mapped".to_owned(),
            },
            (_, Some(_)) if yes && fitting == 1 => {
                "it is the only one that fits, and `--yes` takes it".to_owned()
            }
            (_, Some(_)) if yes => {
                format!("it is the first of {fitting} that fit, and `--yes` takes it")
            }
            (_, Some(_)) => "it was chosen".to_owned(),
            (Decision::Nothing, None) if candidates.is_empty() => {
                format!("nothing in {} exports it", registries.names())
            }
            (Decision::Nothing, None) => "nothing that exports it can be taken".to_owned(),
            (_, None) => "nothing was chosen".to_owned(),
        };
        match chosen {
            Some(candidate) => self.add(candidate, &name, &why)?,
            // Nothing was said of it yet.
            None if candidates.is_empty() => {
                ui.say(&format!("`{name}` stays open, for {consumers}: {why}"));
            }
            None => ui.say(&format!("`{name}` stays open: {why}")),
        }
        Ok(Sought {
            import: open.name.clone(),
            chosen: chosen.and_then(Candidate::release),
            why,
            candidates: candidates.iter().map(Candidate::data).collect(),
        })
    }

    /// Says what was found, but for the first `skip` candidates.
    fn show(&self, found: &Found, candidates: &[Candidate], skip: usize) {
        for candidate in candidates.iter().skip(skip).take(MAX_SHOWN) {
            self.ui.say(&format!("  {}", candidate.line()));
        }
        let more = candidates.len().saturating_sub(skip + MAX_SHOWN);
        if more > 0 {
            self.ui.say(&ui::dim(&format!(
                "  {} more",
                ui::count(more, "candidate")
            )));
        }
        if found.nameless > 0 {
            let names = ui::count(found.nameless, "name");
            self.ui.say(&ui::dim(&format!(
                "  the registries say {names} besides that no package can have"
            )));
        }
        if found.more || found.more_mapped {
            self.ui.say(&ui::dim(
                "  there are more, which `tenon search --exports` lists",
            ));
        }
    }

    /// Tries what was found, and says how much of it was tried.
    fn candidates(
        &mut self,
        registries: &Registries,
        found: &Found,
        plug: &Plug,
        open: &Open,
    ) -> Result<(Vec<Candidate>, Seen), Failure> {
        let all = found.packages.iter().map(|(package, home)| Candidate {
            package: package.clone(),
            version: None,
            registry: home.registry.clone(),
            standing: self.standing(package, home),
            verdict: Verdict::Not(vec!["too many were found to look into it".to_owned()]),
        });
        let mut all: Vec<_> = all.collect();
        all.sort_by_key(|candidate| candidate.standing);
        let (mut all, others): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|it| it.standing.is_sure());
        let seen = match () {
            () if all.len() > MAX_MAPPED || found.more_mapped => Seen::Some,
            () if others.len() > MAX_OTHERS || found.more => Seen::Mapped,
            () => Seen::All,
        };
        let tried = all.len().min(MAX_MAPPED);
        let rest = all.split_off(tried);
        let tried = tried + others.len().min(MAX_OTHERS);
        all.extend(others);
        all.extend(rest);
        let mine = all.get_mut(..tried).unwrap_or_default();
        let fetched = self.fetch(registries, mine, plug)?;
        let mut trial = self.trial(plug)?;
        for (at, argument) in fetched {
            let (Some(candidate), Some(named)) = (all.get_mut(at), self.inputs.get(&argument))
            else {
                continue;
            };
            let tried = trial.read(named);
            let mut tried = tried.and_then(|()| trial.with(plug, named, open));
            if matches!(tried, Ok(Verdict::Fits { .. })) {
                let mut alone = self.trial(plug)?;
                alone.read(named)?;
                tried = alone.check(plug, named).and(tried);
            }
            candidate.verdict =
                tried.unwrap_or_else(|failure| Verdict::Not(vec![failure.summary()]));
        }
        let misplaced = found.misplaced.iter().take(MAX_SHOWN);
        all.extend(misplaced.map(|((package, registry), why)| Candidate {
            package: package.clone(),
            version: None,
            registry: registry.clone(),
            standing: Standing::Stranger,
            verdict: Verdict::Not(vec![format!("it is not for this registry to offer: {why}")]),
        }));
        Ok((all, seen))
    }

    /// What the project or the user have said of a package.
    fn standing(&self, package: &PackageName, home: &Home) -> Standing {
        let dependencies = &self.project.manifest.dependencies;
        let mut names = dependencies.keys();
        match home.mapped {
            _ if dependencies.contains_key(package) => Standing::Dependency,
            true => Standing::Mapped,
            false if names.any(|name| name.namespace() == package.namespace()) => {
                Standing::Neighbor
            }
            false => Standing::Stranger,
        }
    }

    /// Fetches and verifies candidates, as far as there is no reason against them; the arguments that name what was
    /// fetched, by the places of the candidates.
    fn fetch(
        &mut self,
        registries: &Registries,
        candidates: &mut [Candidate],
        plug: &Plug,
    ) -> Result<Vec<(usize, String)>, Failure> {
        let contents = self.choose_versions(registries, candidates, plug)?;
        let mut left = MAX_BYTES;
        let mut wanted = vec![];
        for (at, content) in contents {
            let Some(candidate) = candidates.get_mut(at) else {
                continue;
            };
            if content.kind != ContentKind::Component {
                candidate.verdict = Verdict::Not(vec!["it is no component".to_owned()]);
            } else if !candidate.standing.is_sure() && content.size > left {
                let size = ui::size(content.size);
                candidate.verdict = Verdict::Not(vec![format!(
                    "nothing maps its namespace, and {size} are too much to look into it"
                )]);
            } else {
                if !candidate.standing.is_sure() {
                    left -= content.size;
                }
                wanted.push(at);
            }
        }
        let work = wanted.into_iter().filter_map(|at| {
            let candidate = candidates.get(at)?;
            let client = registries.get(&candidate.registry)?.client.clone();
            let (package, version) = (candidate.package.clone(), candidate.version.clone()?);
            Some(async move { (at, client.fetch(&package, &version).await) })
        });
        let work: Vec<_> = work.collect();
        let mut fetched = vec![];
        for (at, result) in registries.wait_for_all(work) {
            let Some(candidate) = candidates.get_mut(at) else {
                continue;
            };
            let Some(remote) = registries.get(&candidate.registry) else {
                continue;
            };
            match result {
                Ok(release) => {
                    let pulled = Pulled::of(remote, release);
                    let argument = pulled.name();
                    let named = Named::of(&argument, pulled.into());
                    self.inputs.entry(argument.clone()).or_insert(named);
                    fetched.push((at, argument));
                }
                Err(error) => candidate.verdict = against(candidate, error, registries)?,
            }
        }
        Ok(fetched)
    }

    /// Finds the version of each candidate that would be added, and what its content is: the highest that is neither yanked
    /// nor a prerelease, or the one that is locked already.
    fn choose_versions(
        &self,
        registries: &Registries,
        candidates: &mut [Candidate],
        plug: &Plug,
    ) -> Result<Vec<(usize, Content)>, Failure> {
        let mut contents = vec![];
        let mut wanted = vec![];
        let about = self.project.manifest.package.as_ref();
        let own = about.map(|about| about.name.clone());
        for (at, candidate) in candidates.iter_mut().enumerate() {
            let package = candidate.package.clone();
            let is_plugged = || {
                let mut all = plug.plugs.iter().chain(&plug.sockets);
                all.any(|argument| {
                    argument.split_once('@').map(|(name, _)| name) == Some(&*package.to_string())
                })
            };
            let refused = match self.project.manifest.dependencies.get(&package) {
                _ if own.as_ref() == Some(&package) => Some("it is this project"),
                Some(Dependency::Path(_)) => Some("the project has it from a path"),
                Some(_) if is_plugged() => Some("it is a part of the composition already"),
                _ => None,
            };
            if let Some(why) = refused {
                candidate.verdict = Verdict::Not(vec![why.to_owned()]);
                continue;
            }
            let client = registries.get(&candidate.registry);
            if let Some(client) = client.map(|remote| remote.client.clone()) {
                let locked = self.locked_version(&package);
                wanted.push(async move { (at, locked, client.resolve(&package, None).await) });
            }
        }
        for (at, locked, result) in registries.wait_for_all(wanted) {
            let Some(candidate) = candidates.get_mut(at) else {
                continue;
            };
            match result {
                Ok(resolved) => {
                    let version = locked.unwrap_or(resolved.version);
                    let package = resolved.view.package();
                    let release = package.and_then(|package| package.releases().get(&version));
                    contents.extend(release.map(|release| (at, release.content)));
                    candidate.version = Some(version);
                }
                Err(error) => candidate.verdict = against(candidate, error, registries)?,
            }
        }
        Ok(contents)
    }

    /// The version of a dependency that is locked.
    fn locked_version(&self, package: &PackageName) -> Option<Version> {
        if !self.project.manifest.dependencies.contains_key(package) {
            return None;
        }
        let packages = &self.project.lock.as_ref()?.packages;
        let mut of_name = packages.keys().rev().filter(|(name, _)| name == package);
        of_name.next().map(|(_, version)| version.clone())
    }

    /// Adds a package to the manifest and to the lock file, in the version that was tried.
    fn add(&mut self, candidate: &Candidate, import: &str, why: &str) -> Result<(), Failure> {
        let package = &candidate.package;
        let Some(version) = &candidate.version else {
            return Ok(());
        };
        let mut edit = add::edit(self.project)?;
        if !self.project.manifest.dependencies.contains_key(package) {
            let dependency = Dependency::Registry(compatible_with(version.semver()));
            edit.set_dependency(package, &dependency)
                .map_err(|error| add::invalid(&error))?;
        }
        edit.add_plug(&package.to_string())
            .map_err(|error| add::invalid(&error))?;
        let text = edit.to_string();
        self.project.manifest = add::parse(&text)?;
        let locking = Locking {
            freedom: Freedom::Of(BTreeSet::from([package.clone()])),
            precise: BTreeMap::from([(package.clone(), version.clone())]),
            takes_moved: false,
            yes: self.args.agreement.yes,
            global: self.global,
        };
        let changes = self.project.lock_with_manifest(self.ui, &locking, text)?;
        self.ui.say(&format!(
            "{} {} of `{}` for `{import}`, and into `{MANIFEST}`: {why}",
            ui::bold("plugged in"),
            candidate.title(),
            candidate.registry
        ));
        lock::say(self.ui, &changes);
        Ok(())
    }
}

/// What an error says against a candidate. A registry that is refused, or does not answer about a package in a namespace
/// that is mapped to it, or about a dependency, ends it all: else it could choose by leaving out.
fn against(
    candidate: &Candidate,
    error: Error,
    registries: &Registries,
) -> Result<Verdict, Failure> {
    let is_proved = error.verify().is_some_and(is_proved);
    let nothing = matches!(*error.kind, ErrorKind::NoMatch(_)) || error.is_not_found();
    let goes_on = is_proved || nothing || !candidate.standing.is_sure() && !error.is_verification();
    let failure = match registries.get(&candidate.registry) {
        Some(remote) => remote.failure(error),
        None => Failure::from(error),
    };
    match goes_on {
        true => Ok(Verdict::Not(vec![failure.summary()])),
        false => Err(failure),
    }
}

/// Who imports what is open, in quotes.
fn consumers(open: &Open) -> String {
    let consumers: BTreeSet<&str> = open.imports.iter().map(|(who, _)| who.as_str()).collect();
    let consumers: Vec<_> = consumers
        .into_iter()
        .map(|who| format!("`{}`", ui::clean_line(who)))
        .collect();
    consumers.join(", ")
}

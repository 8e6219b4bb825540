//! Which registry is meant, and what says so.
//!
//! A namespace comes from one registry, and is never looked for in another: whoever could offer a
//! package of the same name elsewhere must not be asked.

use crate::config::{Config, Elsewhere, Layer, Registry, RegistryName, manifest};
use crate::error::Failure;
use crate::oci::OciHome;
use crate::ui;
use std::fmt;
use std::path::Path;
use tenon_registry_client::http::BaseUrl;
use tenon_registry_client::name::{Namespace, PackageName};

/// The variable that names the registry of namespaces that are not mapped.
pub(crate) const VARIABLE: &str = "TENON_REGISTRY";

/// A registry that was chosen.
#[derive(Clone, Copy)]
pub(crate) struct Choice<'c> {
    pub(crate) name: &'c RegistryName,
    pub(crate) registry: &'c Registry,
    pub(crate) reason: Reason,
}

/// What says that it is this registry: the first of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// The command line.
    Flag,
    /// `TENON_REGISTRY`.
    Environment,
    /// `[namespaces]`, which the environment does not outweigh; or wkg's configuration, which it does.
    Namespace(Layer),
    /// `default-registry`.
    Default(Layer),
    /// There is no other one.
    Only,
}

/// What a registry is sought for.
#[derive(Clone, Copy)]
pub(crate) enum Sought<'a> {
    /// Whatever is in a namespace.
    Namespace(&'a Namespace),
    /// One package, which may not come from where its namespace does: wkg's configuration can say so.
    Package(&'a PackageName),
}

impl<'a> Sought<'a> {
    pub(crate) fn namespace(self) -> &'a Namespace {
        match self {
            Sought::Namespace(namespace) => namespace,
            Sought::Package(package) => package.namespace(),
        }
    }

    pub(crate) fn package(self) -> Option<&'a PackageName> {
        match self {
            Sought::Namespace(_) => None,
            Sought::Package(package) => Some(package),
        }
    }
}

impl<'a> From<&'a Namespace> for Sought<'a> {
    fn from(namespace: &'a Namespace) -> Sought<'a> {
        Sought::Namespace(namespace)
    }
}

impl<'a> From<&'a PackageName> for Sought<'a> {
    fn from(package: &'a PackageName) -> Sought<'a> {
        Sought::Package(package)
    }
}

/// The registry to talk to where no namespace is meant: as for one, or else the only one there is.
pub(crate) fn choose<'c>(config: &'c Config, flag: Option<&str>) -> Result<Choice<'c>, Failure> {
    if let Some(chosen) = named(config, flag)? {
        return Ok(chosen);
    }
    if let Some(chosen) = by_default(config)? {
        return Ok(chosen);
    }
    let all = config.registries();
    let mut each = all.iter();
    match (each.next(), each.next()) {
        (Some((name, registry)), None) => believed(
            config,
            Choice {
                name,
                registry,
                reason: Reason::Only,
            },
        ),
        (None, _) => Err(
            Failure::configuration("registry::none", "no registry is known")
                .help("make one known with `tenon registry add NAME URL PIN`"),
        ),
        _ => {
            let names: Vec<_> = all.keys().map(|name| format!("`{name}`")).collect();
            let message = format!("there are several registries: {}", names.join(", "));
            Err(
                Failure::configuration("registry::none", message).help(format!(
                    "name one with `--registry NAME`, or set `{VARIABLE}`"
                )),
            )
        }
    }
}

/// The registry that a namespace, or a package of it, comes from.
pub(crate) fn choose_for<'c, 's>(
    config: &'c Config,
    flag: Option<&str>,
    sought: impl Into<Sought<'s>>,
) -> Result<Choice<'c>, Failure> {
    let sought = sought.into();
    let namespace = sought.namespace();
    if let Some(home) = unlogged_home(config, flag, sought)? {
        return Err(unlogged(config, sought, &home));
    }
    let Some((mapped, layer)) = config.mapped(namespace) else {
        return choose_unmapped(config, flag, sought);
    };
    let what = format!("the namespace `{namespace}` comes from it");
    let (name, registry) = look_up(config, mapped, layer, &what)?;
    if let Some(flag) = flag {
        let (wanted, it) = config.find(flag)?;
        if wanted != name && !is_same(it, registry) {
            let path = config.file(layer).unwrap_or(&config.user.path);
            return Err(mapped_elsewhere(path, namespace, name, wanted));
        }
    }
    let reason = match flag {
        Some(_) => Reason::Flag,
        None => Reason::Namespace(layer),
    };
    believed(
        config,
        Choice {
            name,
            registry,
            reason,
        },
    )
}

/// Where a namespace, or a package of it, comes from, if that is a registry without a log. Nothing but a mapping makes it one: no flag, no
/// default, no lock file and no registry does.
pub(crate) fn unlogged_home<'s>(
    config: &Config,
    flag: Option<&str>,
    sought: impl Into<Sought<'s>>,
) -> Result<Option<OciHome>, Failure> {
    let sought = sought.into();
    let namespace = sought.namespace();
    if let Some((home, layer)) = config.unlogged(namespace) {
        let user = config.user.namespaces.get(namespace);
        return match (flag, user.filter(|_| layer == Layer::Project)) {
            (_, Some(own)) => Err(downgrade(config, namespace, home, own)),
            (Some(flag), None) => Err(not_asked(config, layer, namespace, home, flag)),
            (None, None) => Ok(Some(home.clone())),
        };
    }
    let is_ours = config.mapped(namespace).is_some() || flag_or_environment(flag).is_some();
    let elsewhere = config.wkg.elsewhere(sought).filter(|_| !is_ours);
    // At a host of ours there is a log, be it one of several: it is not passed over.
    let elsewhere = elsewhere.filter(|elsewhere| !config.is_ours(elsewhere));
    Ok(elsewhere.and_then(Elsewhere::home))
}

/// The registry that a token is for: as the user names it, by a name of their own or by its URL. Which names mean what in
/// a project is for the project to say, and where a token goes is not.
pub(crate) fn choose_for_token<'c>(
    config: &'c Config,
    flag: Option<&str>,
) -> Result<Choice<'c>, Failure> {
    let user = &config.user;
    let mut all = user.registries.iter();
    let only = all.next().filter(|_| all.next().is_none());
    let (text, reason) = match (flag_or_environment(flag), &user.default, only) {
        (Some(named), _, _) => named,
        (None, Some(name), _) => (name.to_string(), Reason::Default(Layer::User)),
        (None, None, Some((name, _))) => (name.to_string(), Reason::Only),
        // There is none of the user, or there are several.
        (None, None, None) => {
            let chosen = choose(config, None)?;
            return Err(not_of_the_user(chosen.name, chosen.registry));
        }
    };
    let found = match text.parse::<BaseUrl>() {
        Ok(_) => user.find(&text).or_else(|_| config.find(&text)),
        Err(_) => user
            .find(&text)
            .map_err(|failure| match config.find(&text) {
                Ok((name, registry)) => not_of_the_user(name, registry),
                Err(_) => failure,
            }),
    };
    let (name, registry) = found.map_err(|failure| blame(failure, reason))?;
    believed(
        config,
        Choice {
            name,
            registry,
            reason,
        },
    )
}

/// What whoever uses a registry for a namespace should know of how it was chosen, a line each.
pub(crate) fn warnings(
    config: &Config,
    namespace: Option<&Namespace>,
    choice: Choice<'_>,
) -> Vec<String> {
    let mut warnings = Vec::new();
    let project = config.project.as_ref();
    let mapped = namespace.and_then(|namespace| {
        let theirs = project?.namespaces.get(namespace)?;
        let ours = config.user.namespaces.get(namespace)?;
        (theirs != ours).then_some((namespace, theirs, ours))
    });
    if let Some((namespace, theirs, ours)) = mapped {
        warnings.push(format!(
            "the project maps `{namespace}` to `{theirs}`, your configuration to `{ours}`"
        ));
    }
    let renamed = config.user.registries.get(choice.name);
    if let Some(ours) = renamed.filter(|ours| !is_same(ours, choice.registry)) {
        let name = choice.name;
        warnings.push(match ours.url == choice.registry.url {
            true => format!(
                "the registry `{name}` of the project has another log than yours of this name"
            ),
            false => format!(
                "the registry `{name}` of the project is at {}, yours of this name at {}",
                choice.registry.url, ours.url
            ),
        });
    }
    let wkg_is_asked = namespace.is_some()
        && matches!(
            choice.reason,
            Reason::Default(_) | Reason::Only | Reason::Namespace(Layer::Wkg)
        );
    warnings.extend(wkg_trouble(config).filter(|_| wkg_is_asked));
    warnings
}

/// That wkg's configuration is there, and cannot be used.
pub(crate) fn wkg_trouble(config: &Config) -> Option<String> {
    let (path, trouble) = (config.wkg.path.as_ref()?, config.wkg.trouble.as_ref()?);
    Some(format!(
        "wkg's configuration `{}` is left out of account: {}",
        ui::clean_line(&path.to_string_lossy()),
        ui::clean_line(trouble)
    ))
}

/// A namespace that comes from one registry, and should come from another; `path` is the file that maps it.
pub(crate) fn mapped_elsewhere(
    path: &Path,
    namespace: &Namespace,
    mapped: &RegistryName,
    wanted: &RegistryName,
) -> Failure {
    Failure::configuration(
        "registry::mapped",
        format!("the namespace `{namespace}` comes from the registry `{mapped}`, not from `{wanted}`"),
    )
    .help(format!(
        "a namespace is looked for in one registry only; if it has moved, change its line under `[namespaces]` in `{}`",
        path.display()
    ))
}

/// What the command line or the environment names.
pub(crate) fn flag_or_environment(flag: Option<&str>) -> Option<(String, Reason)> {
    let flag = flag.map(|flag| (flag.to_owned(), Reason::Flag));
    flag.or_else(|| {
        let name = std::env::var(VARIABLE).ok()?;
        (!name.is_empty()).then_some((name, Reason::Environment))
    })
}

/// The registry of a namespace that neither the project nor the user maps.
fn choose_unmapped<'c>(
    config: &'c Config,
    flag: Option<&str>,
    sought: Sought<'_>,
) -> Result<Choice<'c>, Failure> {
    if let Some(chosen) = named(config, flag)? {
        return Ok(chosen);
    }
    // It goes before the default: what is mapped to another registry must not be asked for in this one.
    let namespace = sought.namespace();
    if let Some(elsewhere) = config.wkg.elsewhere(sought) {
        let (name, registry) = config
            .at(elsewhere)
            .ok_or_else(|| foreign(config, namespace, elsewhere))?;
        let reason = Reason::Namespace(Layer::Wkg);
        return believed(
            config,
            Choice {
                name,
                registry,
                reason,
            },
        );
    }
    by_default(config)?.ok_or_else(|| none(config, namespace))
}

fn named<'c>(config: &'c Config, flag: Option<&str>) -> Result<Option<Choice<'c>>, Failure> {
    let Some((text, reason)) = flag_or_environment(flag) else {
        return Ok(None);
    };
    let found = config.find(&text);
    let (name, registry) = found.map_err(|failure| blame(failure, reason))?;
    let choice = Choice {
        name,
        registry,
        reason,
    };
    believed(config, choice).map(Some)
}

fn by_default(config: &Config) -> Result<Option<Choice<'_>>, Failure> {
    let Some((default, layer)) = config.default() else {
        return Ok(None);
    };
    let (name, registry) = look_up(config, default, layer, "`default-registry` names it")?;
    let choice = Choice {
        name,
        registry,
        reason: Reason::Default(layer),
    };
    believed(config, choice).map(Some)
}

/// The registry of a name that a file refers to.
fn look_up<'c>(
    config: &'c Config,
    name: &RegistryName,
    layer: Layer,
    what: &str,
) -> Result<(&'c RegistryName, &'c Registry), Failure> {
    config.find(&name.to_string()).map_err(|failure| {
        let path = config.file(layer).unwrap_or(&config.user.path).display();
        failure
            .cause(format!("{what}, as `{path}` says"))
            .help(format!(
                "make it known with `tenon registry add {name} URL PIN`, or correct the file"
            ))
    })
}

/// The choice, unless a project wants to be believed about a registry that the user knows otherwise.
fn believed<'c>(config: &'c Config, choice: Choice<'c>) -> Result<Choice<'c>, Failure> {
    let Choice { name, registry, .. } = choice;
    if registry.layer != Layer::Project {
        return Ok(choice);
    }
    let mut users = config.user.registries.iter();
    let known = users.find(|(_, known)| {
        let is_it = known.url == registry.url || known.pin.origin() == registry.pin.origin();
        is_it && known.pin != registry.pin
    });
    let is_known_so = config
        .user
        .registries
        .values()
        .any(|known| is_same(known, registry));
    let Some((own, known)) = known.filter(|_| !is_known_so) else {
        return Ok(choice);
    };
    let project = config
        .file(Layer::Project)
        .unwrap_or(Path::new(manifest::NAME));
    let message = format!(
        "the project has another pin for `{}` than you have",
        registry.pin.origin()
    );
    Err(Failure::configuration("registry::conflict", message)
        .cause(format!("`{name}` in `{}` is `{}`", project.display(), registry.pin))
        .cause(format!("`{own}` in `{}` is `{}`", config.user.path.display(), known.pin))
        .help(format!(
            "ask the people who run the registry which one is right: `tenon registry reset {own} PIN` takes a new one; else correct the project's file"
        )))
}

fn is_same(a: &Registry, b: &Registry) -> bool {
    a.url == b.url && a.pin == b.pin
}

fn blame(failure: Failure, reason: Reason) -> Failure {
    match reason {
        Reason::Environment => failure.cause(format!("`{VARIABLE}` names it")),
        _ => failure,
    }
}

/// A registry of which only the project says that it is meant.
fn not_of_the_user(name: &RegistryName, registry: &Registry) -> Failure {
    let message = match registry.layer {
        Layer::Project => {
            format!("`{name}` is no registry of yours, but one that the project names")
        }
        _ => format!("only the project says that `{name}` is meant"),
    };
    Failure::configuration("registry::of-project", message).help(format!(
        "a project does not decide where a token goes: if this is the registry you mean, name it by its URL, {}",
        registry.url
    ))
}

/// A project that would have what a log proves come from where none does.
fn downgrade(
    config: &Config,
    namespace: &Namespace,
    home: &OciHome,
    own: &RegistryName,
) -> Failure {
    let project = config
        .file(Layer::Project)
        .unwrap_or(Path::new(manifest::NAME));
    let message = format!("the project takes `{namespace}` from `{home}`, which has no log");
    Failure::configuration("oci::downgrade", message)
        .cause(format!("`{}` says so", project.display()))
        .cause(format!(
            "your configuration has it come from the registry `{own}`, whose log proves what it has"
        ))
        .help(format!(
            "if that is right, remove `{namespace}` from `[namespaces]` in `{}`; else from the project's file",
            config.user.path.display()
        ))
}

/// A namespace that comes from a registry without a log, where another one is named.
fn not_asked(
    config: &Config,
    layer: Layer,
    namespace: &Namespace,
    home: &OciHome,
    flag: &str,
) -> Failure {
    let path = config.file(layer).unwrap_or(&config.user.path);
    let message = format!(
        "the namespace `{namespace}` comes from `{home}`, not from `{}`",
        ui::clean_line(flag)
    );
    Failure::configuration("registry::mapped", message).help(format!(
        "a namespace is looked for in one registry only; if it has moved, change its line under `[namespaces]` in `{}`",
        path.display()
    ))
}

/// A namespace without a log, or a package that is taken from elsewhere, for what takes one.
fn unlogged(config: &Config, sought: Sought<'_>, home: &OciHome) -> Failure {
    let overridden = &config.wkg.packages;
    let what = match sought
        .package()
        .filter(|package| overridden.contains_key(*package))
    {
        Some(package) => format!("`{package}`"),
        None => format!("the namespace `{}`", sought.namespace()),
    };
    let message = format!("{what} comes from `{home}`, which has no log");
    Failure::configuration("oci::no-log", message)
        .cause("this command is about what a log proves")
        .help("`get`, `info`, `fetch`, `add`, `lock`, `build` and `publish --oci` take it, and call it unverified")
}

/// A namespace that wkg's configuration maps to something that is no registry of ours.
fn foreign(config: &Config, namespace: &Namespace, elsewhere: &Elsewhere) -> Failure {
    let host = ui::clean_line(elsewhere.name());
    let message = format!(
        "the namespace `{namespace}` comes from `{host}`, and that is no one registry that `tenon` knows or can ask"
    );
    let failure = Failure::configuration("registry::foreign", message);
    let path = config.file(Layer::Wkg).map(Path::to_string_lossy);
    failure
        .cause(format!(
            "wkg's configuration `{}` says so",
            ui::clean_line(&path.unwrap_or_default())
        ))
        .help(format!(
            "if it is in a registry of `tenon`, say in which with `tenon registry add NAME URL PIN --namespace {namespace}`; it is not looked for elsewhere"
        ))
}

fn none(config: &Config, namespace: &Namespace) -> Failure {
    let message = format!("nothing says which registry the namespace `{namespace}` comes from");
    let failure = Failure::configuration("registry::none", message);
    let add = format!("`tenon registry add NAME URL PIN --namespace {namespace}`");
    let project = match config.file(Layer::Project) {
        Some(path) => format!(", or for this project in `{}`", path.display()),
        None => String::new(),
    };
    let registries = config.registries();
    if registries.is_empty() {
        return failure.help(format!("make a registry known with {add}{project}"));
    }
    let names: Vec<_> = registries.keys().map(ToString::to_string).collect();
    failure.help(format!(
        "name one for this command with `--registry {}`, or for all with {add}, or with a line `{namespace} = \"NAME\"` under `[namespaces]` in `{}`{project}",
        names.join("|"),
        config.user.path.display()
    ))
}

impl Reason {
    /// As JSON has it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Reason::Flag => "flag",
            Reason::Environment => "environment",
            Reason::Namespace(_) => "namespace",
            Reason::Default(_) => "default",
            Reason::Only => "only",
        }
    }

    /// Whose file says so, if one does.
    pub(crate) fn layer(self) -> Option<Layer> {
        match self {
            Reason::Namespace(layer) | Reason::Default(layer) => Some(layer),
            Reason::Flag | Reason::Environment | Reason::Only => None,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reason::Flag => "the command line says so",
            Reason::Environment => "`TENON_REGISTRY` says so",
            Reason::Namespace(Layer::Project) => {
                "`[namespaces]` in the project's `tenon.toml` says so"
            }
            Reason::Namespace(Layer::User) => "`[namespaces]` in the configuration says so",
            Reason::Namespace(Layer::Wkg) => "wkg's configuration says so",
            Reason::Default(Layer::Project) => "it is the project's default",
            Reason::Default(_) => "it is the default",
            Reason::Only => "there is no other",
        })
    }
}

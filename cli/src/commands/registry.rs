//! `tenon registry`: which registries there are, what is believed of them, and what comes from where.

use crate::args::{Registry, RegistryAdd, RegistryRemove, RegistryReset, RegistryWhich};
use crate::choice::{self, Choice, Reason};
use crate::config::{self, Config, Layer, RegistryName, Settings};
use crate::credentials::{self, Keeper};
use crate::error::Failure;
use crate::oci::OciHome;
use crate::stored::{self, Access};
use crate::ui::{self, Document, Ui};
use serde::Serialize;
use std::io;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};
use tenon_registry_client::http::{BaseUrl, BaseUrlError, Error};
use tenon_registry_client::name::{NameError, Namespace};
use tenon_registry_client::record::Time;
use tenon_registry_client::state::Pin;
use toml_edit::{DocumentMut, value};

#[derive(Serialize)]
struct RegistryContent {
    name: String,
    url: String,
    origin: String,
    pin: String,
    /// Who names it.
    layer: Layer,
    default: bool,
    namespaces: Vec<String>,
    /// Whether a quorum of witnesses is asked for.
    witnessed: bool,
    witnesses: Vec<String>,
    auditors: Vec<String>,
    /// In seconds.
    max_age: Option<u64>,
}

#[derive(Serialize)]
struct RegistriesContent {
    registries: Vec<RegistryContent>,
}

#[derive(Serialize)]
struct WhichContent {
    namespace: String,
    registry: String,
    url: String,
    reason: &'static str,
    /// Whose file says so, if one does.
    layer: Option<Layer>,
    /// Whether the namespace is mapped, so that no other registry can be chosen for it.
    mapped: bool,
    /// Whether it has no log.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    unverified: bool,
    /// The packages that come from elsewhere.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    overrides: Vec<OverrideContent>,
}

/// A package that does not come from where its namespace does.
#[derive(Serialize)]
struct OverrideContent {
    package: String,
    /// None if nothing can be had from there.
    registry: Option<String>,
    /// Whether it has no log.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    unverified: bool,
    /// Why nothing can be had from there.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

#[derive(Serialize)]
struct RemovedContent<'r> {
    removed: &'r str,
    namespaces: Vec<String>,
}

#[derive(Serialize)]
struct ResetContent<'r> {
    registry: &'r str,
    pin: String,
    /// Where what was verified before is now.
    archive: Option<String>,
}

pub(crate) fn run(ui: &Ui, command: &Registry, flag: Option<&str>) -> Result<(), Failure> {
    match command {
        Registry::Add(args) => add(ui, args),
        Registry::List(_) => list(ui, flag),
        Registry::Which(args) => which(ui, args, flag),
        Registry::Remove(args) => remove(ui, args),
        Registry::Reset(args) => reset(ui, args),
    }
}

fn add(ui: &Ui, args: &RegistryAdd) -> Result<(), Failure> {
    let name: RegistryName = parse_name(&args.name)?;
    let url: BaseUrl = args.url.parse().map_err(|error: BaseUrlError| {
        Failure::configuration("registry::url", error.to_string())
            .help("give `https://` and the host, with the port and the path if there are any")
    })?;
    let pin = parse_pin(&args.pin)?;
    let mut namespaces: Vec<Namespace> = Vec::new();
    for namespace in &args.namespaces {
        namespaces.push(parse_name(namespace)?);
    }
    let policy = args
        .policy
        .as_deref()
        .map(|path| read_policy(path, &pin))
        .transpose()?;
    let before = Settings::change(|settings, document| {
        let known = settings.registries.get(&name);
        if let Some(known) = known {
            check_same(&name, known, &url, &pin)?;
        }
        let elsewhere = namespaces.iter().find_map(|namespace| {
            let mapped = settings.namespaces.get(namespace)?;
            (*mapped != name).then_some((namespace, mapped))
        });
        if let Some((namespace, mapped)) = elsewhere {
            return Err(choice::mapped_elsewhere(
                &settings.path,
                namespace,
                mapped,
                &name,
            ));
        }
        let entry = entry(document, &name)?;
        if known.is_none() {
            entry.insert("url", value(url.to_string()));
            entry.insert("pin", value(pin.to_string()));
        }
        if let Some(policy) = &policy {
            entry.insert("policy", value(policy));
        }
        for namespace in &namespaces {
            config::table(document.as_table_mut(), "namespaces")?
                .insert(namespace.as_str(), value(name.to_string()));
        }
        if args.default {
            document.insert("default-registry", value(name.to_string()));
        }
        Ok(known.is_some())
    })?;
    let settings = Settings::of_user()?;
    if ui.json {
        let registry = settings.registries.get(&name);
        return registry.map_or(Ok(()), |registry| {
            let is_default = settings.default.as_ref() == Some(&name);
            let content =
                RegistryContent::of(&name, registry, is_default, mapped_to(&settings, &name));
            ui.document(&Document::new("tenon/registry/1", content))
        });
    }
    ui.say(&match before {
        true => format!("`{name}` is known; what was given was added"),
        false => format!(
            "`{name}` is known now, as the log `{}` at {url} (not asked yet)",
            pin.origin()
        ),
    });
    if args.default {
        ui.say("every namespace that is not mapped comes from it");
    }
    for namespace in &namespaces {
        ui.say(&format!("the namespace `{namespace}` comes from it"));
    }
    if settings.default.is_none() && mapped_to(&settings, &name).is_empty() {
        ui.say("nothing comes from it yet: add it again with `--default`, or with `--namespace NAMESPACE`");
    }
    Ok(())
}

fn list(ui: &Ui, flag: Option<&str>) -> Result<(), Failure> {
    let config = Config::read()?;
    let mapped = config.namespaces();
    let default = config.default().map(|(name, _)| name);
    let all = config.registries().into_iter();
    let registries: Vec<_> = all
        .map(|(name, registry)| {
            let namespaces = mapped.iter().filter(|(_, (mapped, _))| *mapped == name);
            let namespaces = namespaces.map(|(namespace, _)| namespace.to_string());
            RegistryContent::of(name, registry, default == Some(name), namespaces.collect())
        })
        .collect();
    if ui.json {
        return ui.document(&Document::new(
            "tenon/registries/1",
            RegistriesContent { registries },
        ));
    }
    if registries.is_empty() {
        ui.say("no registry is known; `tenon registry add NAME URL PIN` makes one known");
    }
    let mut out = String::new();
    for registry in &registries {
        out.push_str(&ui::bold(&registry.name));
        let is_default = registry.default.then_some("default");
        let is_of_project = (registry.layer == Layer::Project).then_some("of the project");
        let notes: Vec<_> = is_default.into_iter().chain(is_of_project).collect();
        if !notes.is_empty() {
            out.push_str(&format!(" ({})", notes.join(", ")));
        }
        out.push('\n');
        let mut line = |label: &str, text: &str| {
            out.push_str(&format!("  {label:<11} {}\n", ui::clean(text)));
        };
        line("url", &registry.url);
        line("log", &registry.origin);
        if let (Layer::Project, Some(path)) = (registry.layer, config.file(registry.layer)) {
            line("from", &path.to_string_lossy());
        }
        if !registry.namespaces.is_empty() {
            line("namespaces", &registry.namespaces.join(", "));
        }
        line("witnesses", &registry.witnesses());
        if ui.verbose {
            line("pin", &registry.pin);
            line("token", &token(&config, flag, &registry.url)?);
        }
    }
    ui.print(&out)
}

fn which(ui: &Ui, args: &RegistryWhich, flag: Option<&str>) -> Result<(), Failure> {
    let namespace: Namespace = parse_name(&args.namespace)?;
    let config = Config::read()?;
    if let Some(home) = choice::unlogged_home(&config, flag, &namespace)? {
        return which_unlogged(ui, &config, flag, &namespace, &home);
    }
    let overrides = overrides(&config, flag, &namespace);
    let choice = choice::choose_for(&config, flag, &namespace);
    let choice =
        choice.map_err(|failure| failure.notes(overrides.iter().map(OverrideContent::sentence)))?;
    let Choice {
        name,
        registry,
        reason,
    } = choice;
    for warning in choice::warnings(&config, Some(&namespace), choice) {
        ui.warn_once(&warning);
    }
    if ui.json {
        return ui.document(&Document::new(
            "tenon/which/1",
            WhichContent {
                namespace: namespace.to_string(),
                registry: name.to_string(),
                url: registry.url.to_string(),
                reason: reason.name(),
                layer: reason.layer(),
                mapped: config.is_mapped(&namespace),
                unverified: false,
                overrides,
            },
        ));
    }
    ui.say(&format!(
        "`{namespace}` comes from {}, since {reason}",
        registry.url
    ));
    for package in &overrides {
        ui.say(&package.sentence());
    }
    ui.print(&format!("{name}\n"))
}

/// The packages of a namespace that wkg's configuration has come from elsewhere, where that counts.
fn overrides(config: &Config, flag: Option<&str>, namespace: &Namespace) -> Vec<OverrideContent> {
    let all = config.wkg.packages.keys();
    let all = all.filter(|package| package.namespace() == namespace);
    let is_heard = !config.is_mapped(namespace) && choice::flag_or_environment(flag).is_none();
    let heard = all.filter(|_| is_heard);
    let each = heard.map(|package| {
        let home = choice::unlogged_home(config, flag, package);
        let registry = home.and_then(|home| match home {
            Some(home) => Ok((home.to_string(), true)),
            None => {
                let chosen = choice::choose_for(config, flag, package)?;
                Ok((chosen.name.to_string(), false))
            }
        });
        let (registry, error) = match registry {
            Ok(registry) => (Some(registry), None),
            Err(failure) => (None, Some(failure.message)),
        };
        OverrideContent {
            package: package.to_string(),
            unverified: registry.as_ref().is_some_and(|(_, unverified)| *unverified),
            registry: registry.map(|(registry, _)| registry),
            error,
        }
    });
    each.collect()
}

/// A namespace that comes from a registry without a log.
fn which_unlogged(
    ui: &Ui,
    config: &Config,
    flag: Option<&str>,
    namespace: &Namespace,
    home: &OciHome,
) -> Result<(), Failure> {
    let overrides = overrides(config, flag, namespace);
    let layer = config.unlogged(namespace);
    let reason = Reason::Namespace(layer.map_or(Layer::Wkg, |(_, layer)| layer));
    if ui.json {
        return ui.document(&Document::new(
            "tenon/which/1",
            WhichContent {
                namespace: namespace.to_string(),
                registry: home.to_string(),
                url: home.to_string(),
                reason: reason.name(),
                layer: reason.layer(),
                mapped: config.is_mapped(namespace),
                unverified: true,
                overrides,
            },
        ));
    }
    ui.say(&format!(
        "`{namespace}` comes from {home}, since {reason}; it has no log, so what comes from there is unverified"
    ));
    for package in &overrides {
        ui.say(&package.sentence());
    }
    ui.print(&format!("{home}\n"))
}

fn remove(ui: &Ui, args: &RegistryRemove) -> Result<(), Failure> {
    let (name, url, namespaces) = Settings::change(|settings, document| {
        let (name, registry) = settings.find(&args.name)?;
        let namespaces: Vec<_> = mapped_to(settings, name);
        config::table(document.as_table_mut(), "registries")?.remove(&name.to_string());
        for namespace in &namespaces {
            config::table(document.as_table_mut(), "namespaces")?.remove(namespace);
        }
        if settings.default.as_ref() == Some(name) {
            document.remove("default-registry");
        }
        Ok((name.to_string(), registry.url.clone(), namespaces))
    })?;
    if ui.json {
        return ui.document(&Document::new(
            "tenon/removed/1",
            RemovedContent {
                removed: &name,
                namespaces,
            },
        ));
    }
    ui.say(&format!(
        "`{name}` ({url}) is no longer known; what was verified of its log is kept"
    ));
    for namespace in &namespaces {
        ui.say(&format!(
            "the namespace `{namespace}` comes from nowhere now"
        ));
    }
    Ok(())
}

fn reset(ui: &Ui, args: &RegistryReset) -> Result<(), Failure> {
    let pin = parse_pin(&args.pin)?;
    let (name, old) = Settings::change(|settings, document| {
        let (name, registry) = settings.find(&args.name)?;
        if registry.pin != pin {
            entry(document, name)?.insert("pin", value(pin.to_string()));
        }
        Ok((name.to_string(), registry.state()?))
    })?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = Time::from_seconds(now.map_or(0, |now| now.as_secs()));
    let now =
        now.map_err(|error| Failure::new("cli::io", "the clock says no time").cause(error))?;
    let archive = old
        .reset(now)
        .map_err(|error| Failure::from(Error::from(error)))?;
    if ui.json {
        return ui.document(&Document::new(
            "tenon/reset/1",
            ResetContent {
                registry: &name,
                pin: pin.to_string(),
                archive: archive.map(|path| path.to_string_lossy().into_owned()),
            },
        ));
    }
    ui.say(&format!(
        "`{name}` is believed anew, as the log `{}`",
        pin.origin()
    ));
    ui.say(&match archive {
        Some(path) => format!(
            "what was verified before is in `{}`",
            ui::clean(&path.to_string_lossy())
        ),
        None => "nothing was verified before".to_owned(),
    });
    Ok(())
}

/// A registry is what it was when it was added, or it is another one.
fn check_same(
    name: &RegistryName,
    known: &config::Registry,
    url: &BaseUrl,
    pin: &Pin,
) -> Result<(), Failure> {
    let conflict = |message| Failure::configuration("registry::conflict", message);
    if known.pin != *pin {
        let message = format!(
            "the registry `{name}` is known by another pin: `{}`",
            known.pin
        );
        return Err(conflict(message).help(format!(
            "if you have the new pin from people who run the registry, `tenon registry reset {name} PIN` takes it; else choose another name"
        )));
    }
    if known.url != *url {
        let message = format!(
            "the registry `{name}` is known at another URL: {}",
            known.url
        );
        return Err(conflict(message).help(format!(
            "if it has moved, run `tenon registry remove {name}` and add it again, then `tenon login {name}`; else choose another name"
        )));
    }
    Ok(())
}

fn entry<'d>(
    document: &'d mut DocumentMut,
    name: &RegistryName,
) -> Result<&'d mut dyn toml_edit::TableLike, Failure> {
    let registries = config::table(document.as_table_mut(), "registries")?;
    config::table(registries, &name.to_string())
}

fn parse_name<T: std::str::FromStr<Err = NameError>>(text: &str) -> Result<T, Failure> {
    text.parse()
        .map_err(|error: NameError| Failure::usage(error.to_string()).help("choose such a name"))
}

fn parse_pin(text: &str) -> Result<Pin, Failure> {
    text.parse().map_err(|error| {
        Failure::configuration("registry::pin", "the pin cannot be read")
            .cause(config::chain(&error))
            .help("copy all of it, in quotes: a shell takes `#` for a comment where a word begins with it")
    })
}

fn read_policy(path: &Path, pin: &Pin) -> Result<String, Failure> {
    let text = stored::read(path, Access::Shared)?
        .ok_or_else(|| Failure::io("read", path, &io::ErrorKind::NotFound.into()))?;
    match config::policy_for(pin, &text) {
        Ok(_) => Ok(text.to_string()),
        Err(why) => Err(Failure::configuration(
            "registry::policy",
            format!("`{}` is no policy for this registry", path.display()),
        )
        .cause(why)
        .help("correct the policy; it has the form of C2SP's tlog-policy")),
    }
}

fn mapped_to(settings: &Settings, name: &RegistryName) -> Vec<String> {
    let mapped = settings.namespaces.iter();
    mapped
        .filter(|(_, registry)| *registry == name)
        .map(|(namespace, _)| namespace.to_string())
        .collect()
}

/// Where the token for a registry comes from, in words.
fn token(config: &Config, flag: Option<&str>, url: &str) -> Result<String, Failure> {
    let (_, registry) = config.find(url)?;
    Ok(match credentials::find(config, flag, &registry.url)? {
        None => "none".to_owned(),
        Some((token, Keeper::Environment)) => {
            format!("{}, from `{}`", token.id(), credentials::VARIABLE)
        }
        Some((token, Keeper::File)) => token.id().to_owned(),
    })
}

impl OverrideContent {
    fn sentence(&self) -> String {
        let package = &self.package;
        let why = "`package_registry_overrides` in wkg's configuration says so";
        match (&self.registry, &self.error) {
            (Some(registry), _) if self.unverified => {
                format!("`{package}` comes from {registry}, since {why}; it has no log")
            }
            (Some(registry), _) => format!("`{package}` comes from `{registry}`, since {why}"),
            (None, error) => {
                let error = error.as_deref().unwrap_or_default();
                format!("`{package}` comes from elsewhere, since {why}: {error}")
            }
        }
    }
}

impl RegistryContent {
    fn of(
        name: &RegistryName,
        registry: &config::Registry,
        is_default: bool,
        namespaces: Vec<String>,
    ) -> RegistryContent {
        let policy = &registry.rules.witnesses;
        RegistryContent {
            name: name.to_string(),
            url: registry.url.to_string(),
            origin: registry.pin.origin().to_string(),
            pin: registry.pin.to_string(),
            layer: registry.layer,
            default: is_default,
            namespaces,
            witnessed: !policy.is_none(),
            witnesses: policy
                .witnesses()
                .iter()
                .map(|witness| witness.name().into_owned())
                .collect(),
            auditors: registry.rules.auditors.clone(),
            max_age: registry.rules.max_age,
        }
    }

    fn witnesses(&self) -> String {
        let age = match self.max_age {
            Some(age) if age % 3600 == 0 => format!(", at most {} h old", age / 3600),
            Some(age) => format!(", at most {age} s old"),
            None => String::new(),
        };
        let who = match (self.witnessed, self.auditors.as_slice()) {
            (false, _) => "none is asked for".to_owned(),
            (true, []) => self.witnesses.join(", "),
            (true, auditors) => format!(
                "{}; the map must be vouched for by {}",
                self.witnesses.join(", "),
                auditors.join(", ")
            ),
        };
        who + &age
    }
}

//! Which registry is meant, and what says so.
//!
//! A namespace comes from one registry, and is never looked for in another: whoever could offer a
//! package of the same name elsewhere must not be asked.

use crate::config::{Config, Registry, RegistryName};
use crate::error::Failure;
use serde::Serialize;
use std::fmt;
use tenon_registry_client::name::Namespace;

/// A registry that was chosen.
#[derive(Clone, Copy)]
pub(crate) struct Choice<'c> {
    pub(crate) name: &'c RegistryName,
    pub(crate) registry: &'c Registry,
    pub(crate) reason: Reason,
}

/// What says that it is this registry: the first of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Reason {
    /// The command line.
    Flag,
    /// `TENON_REGISTRY`.
    Environment,
    /// `[namespaces]` in the configuration. The environment does not outweigh it.
    Namespace,
    /// `default-registry` in the configuration.
    Default,
    /// There is no other one.
    Only,
}

/// The registry to talk to where no namespace is meant: as for one, or else the only one there is.
pub(crate) fn choose<'c>(config: &'c Config, flag: Option<&str>) -> Result<Choice<'c>, Failure> {
    if let Some(chosen) = chosen(config, flag)? {
        return Ok(chosen);
    }
    let mut all = config.registries.iter();
    match (all.next(), all.next()) {
        (Some((name, registry)), None) => Ok(Choice {
            name,
            registry,
            reason: Reason::Only,
        }),
        (None, _) => Err(
            Failure::configuration("registry::none", "no registry is known")
                .help("make one known with `tenon registry add NAME URL PIN`"),
        ),
        _ => {
            let names: Vec<_> = config.registries.keys().map(|n| format!("`{n}`")).collect();
            let message = format!("there are several registries: {}", names.join(", "));
            Err(Failure::configuration("registry::none", message)
                .help("name one with `--registry NAME`, or set `TENON_REGISTRY`"))
        }
    }
}

/// The registry that a namespace comes from.
pub(crate) fn choose_for<'c>(
    config: &'c Config,
    flag: Option<&str>,
    namespace: &Namespace,
) -> Result<Choice<'c>, Failure> {
    let mapped = config
        .namespaces
        .get(namespace)
        .and_then(|name| config.registries.get_key_value(name));
    let Some((name, registry)) = mapped else {
        return chosen(config, flag)?.ok_or_else(|| none(config, namespace));
    };
    if let Some(flag) = flag {
        let (wanted, _) = config.find(flag)?;
        if wanted != name {
            return Err(mapped_elsewhere(config, namespace, name, wanted));
        }
    }
    Ok(Choice {
        name,
        registry,
        reason: match flag {
            Some(_) => Reason::Flag,
            None => Reason::Namespace,
        },
    })
}

/// A namespace that comes from one registry, and should come from another.
pub(crate) fn mapped_elsewhere(
    config: &Config,
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
        config.path.display()
    ))
}

fn chosen<'c>(config: &'c Config, flag: Option<&str>) -> Result<Option<Choice<'c>>, Failure> {
    let environment = std::env::var("TENON_REGISTRY").ok();
    let environment = environment.filter(|name| !name.is_empty());
    let wanted = match (flag, &environment, &config.default) {
        (Some(flag), _, _) => (flag.to_owned(), Reason::Flag),
        (None, Some(name), _) => (name.clone(), Reason::Environment),
        (None, None, Some(name)) => (name.to_string(), Reason::Default),
        (None, None, None) => return Ok(None),
    };
    let (text, reason) = wanted;
    let (name, registry) = config.find(&text).map_err(|failure| match reason {
        Reason::Environment => failure.cause("`TENON_REGISTRY` names it"),
        _ => failure,
    })?;
    Ok(Some(Choice {
        name,
        registry,
        reason,
    }))
}

fn none(config: &Config, namespace: &Namespace) -> Failure {
    let message = format!("nothing says which registry the namespace `{namespace}` comes from");
    let failure = Failure::configuration("registry::none", message);
    let add = format!("`tenon registry add NAME URL PIN --namespace {namespace}`");
    if config.registries.is_empty() {
        return failure.help(format!("make a registry known with {add}"));
    }
    let names: Vec<_> = config.registries.keys().map(ToString::to_string).collect();
    failure.help(format!(
        "name one for this command with `--registry {}`, or for all with {add}, or with a line `{namespace} = \"NAME\"` under `[namespaces]` in `{}`",
        names.join("|"),
        config.path.display()
    ))
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reason::Flag => "the command line says so",
            Reason::Environment => "`TENON_REGISTRY` says so",
            Reason::Namespace => "`[namespaces]` in the configuration says so",
            Reason::Default => "it is the default",
            Reason::Only => "there is no other",
        })
    }
}

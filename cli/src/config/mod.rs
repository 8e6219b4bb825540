//! Which registries there are, what is trusted of each, and which namespace comes from which: what the
//! project says, then the user's `config.toml`, then wkg's configuration.
//!
//! Whoever clones a project has not read its `tenon.toml`. So it may say where its packages come from, but it
//! neither loosens what the user asks of a log, nor is believed of a registry that the user knows otherwise, nor
//! has a token shown to anyone.

pub(crate) mod manifest;
mod settings;
mod wkg;

pub(crate) use settings::{Registry, RegistryName, Settings, chain, policy_for, table};
pub(crate) use wkg::{Elsewhere, VARIABLE as WKG_VARIABLE, Wkg, wkg_credential};

use crate::error::Failure;
use crate::oci::OciHome;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;
use tenon_registry_client::http::BaseUrl;
use tenon_registry_client::name::Namespace;

/// Everything that is configured.
#[derive(Clone)]
pub(crate) struct Config {
    /// What `tenon.toml` says, inside of a project.
    pub(crate) project: Option<Settings>,
    pub(crate) user: Settings,
    pub(crate) wkg: Wkg,
}

/// Who says something, from the one that outweighs the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Layer {
    /// The `tenon.toml` of the project.
    Project,
    /// The user's `config.toml`.
    User,
    /// The configuration of wkg.
    Wkg,
}

impl Config {
    /// Reads the files of all layers. One that is not there says nothing.
    pub(crate) fn read() -> Result<Config, Failure> {
        let user = Settings::of_user()?;
        let mut project = manifest::of_here()
            .map(|path| Settings::of_project(&path))
            .transpose()?;
        for registry in project.iter_mut().flat_map(|it| it.registries.values_mut()) {
            registry.hold_to(user.registries.values());
        }
        Ok(Config {
            project,
            user,
            wkg: Wkg::read(),
        })
    }

    /// The registries that there are, each with what calls it so first.
    pub(crate) fn registries(&self) -> BTreeMap<&RegistryName, &Registry> {
        let mut all: BTreeMap<_, _> = self.user.registries.iter().collect();
        all.extend(self.project.iter().flat_map(|project| &project.registries));
        all
    }

    /// The registry of this name, or at this address.
    pub(crate) fn find(&self, text: &str) -> Result<(&RegistryName, &Registry), Failure> {
        settings::find(&self.registries(), text)
    }

    /// Which registry `[namespaces]` says that a namespace comes from. It may be one that is not known here.
    pub(crate) fn mapped(&self, namespace: &Namespace) -> Option<(&RegistryName, Layer)> {
        let settings = self.ours().find(|settings| settings.maps(namespace))?;
        Some((settings.namespaces.get(namespace)?, settings.layer))
    }

    /// Which registry without a log `[namespaces]` says that a namespace comes from.
    pub(crate) fn unlogged(&self, namespace: &Namespace) -> Option<(&OciHome, Layer)> {
        let settings = self.ours().find(|settings| settings.maps(namespace))?;
        Some((settings.unlogged.get(namespace)?, settings.layer))
    }

    /// Everything that `[namespaces]` says.
    pub(crate) fn namespaces(&self) -> BTreeMap<&Namespace, (&RegistryName, Layer)> {
        let files = [Some(&self.user), self.project.as_ref()];
        let all = files.into_iter().flatten().flat_map(|settings| {
            let mapped = settings.namespaces.iter();
            mapped.map(|(namespace, name)| (namespace, (name, settings.layer)))
        });
        // A project may map to a registry without a log what its user maps to another one.
        let all = all.filter(|(namespace, _)| self.mapped(namespace).is_some());
        all.collect()
    }

    /// Whether the project or the user says where this namespace comes from, and not only where everything
    /// does.
    pub(crate) fn is_mapped(&self, namespace: &Namespace) -> bool {
        self.ours().any(|settings| settings.maps(namespace))
    }

    /// Where every namespace comes from that is not mapped.
    pub(crate) fn default(&self) -> Option<(&RegistryName, Layer)> {
        let mut ours = self.ours();
        ours.find_map(|settings| Some((settings.default.as_ref()?, settings.layer)))
    }

    /// The registry of ours that wkg's configuration means, if it is one, and only one is at that host.
    pub(crate) fn at(&self, elsewhere: &Elsewhere) -> Option<(&RegistryName, &Registry)> {
        let Elsewhere::Host(host) = elsewhere else {
            return None;
        };
        let all = self.registries().into_iter();
        let mut there = all.filter(|(_, registry)| is_at(&registry.url, host));
        let first = there.next()?;
        there.next().is_none().then_some(first)
    }

    /// The registry of ours that is at a host.
    pub(crate) fn at_host(&self, host: &str) -> Option<&RegistryName> {
        self.all_at_host(host).next().map(|(name, _)| name)
    }

    /// The registries of ours that are at a host.
    pub(crate) fn all_at_host(
        &self,
        host: &str,
    ) -> impl Iterator<Item = (&RegistryName, &Registry)> {
        let all = self.registries().into_iter();
        all.filter(move |(_, registry)| is_at(&registry.url, host))
    }

    /// Whether a registry of ours is at the host that wkg's configuration means, or several are.
    pub(crate) fn is_ours(&self, elsewhere: &Elsewhere) -> bool {
        self.at_host(elsewhere.name()).is_some()
    }

    /// The file of a layer, if there is one.
    pub(crate) fn file(&self, layer: Layer) -> Option<&Path> {
        match layer {
            Layer::Project => self.project.as_ref().map(|project| project.path.as_path()),
            Layer::User => Some(&self.user.path),
            Layer::Wkg => self.wkg.path.as_deref(),
        }
    }

    /// The files of ours, from the one that outweighs the other.
    pub(crate) fn ours(&self) -> impl Iterator<Item = &Settings> {
        self.project.iter().chain([&self.user])
    }
}

impl Layer {
    /// As JSON has it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Layer::Project => "project",
            Layer::User => "user",
            Layer::Wkg => "wkg",
        }
    }
}

/// Whether a registry is at a host, which may have a port.
fn is_at(url: &BaseUrl, host: &str) -> bool {
    let url = url.to_string();
    let Some((scheme, rest)) = url.split_once("://") else {
        return false;
    };
    // It is brought into the one spelling that URLs have.
    let wanted = format!("{scheme}://{host}").parse::<BaseUrl>();
    let authority = rest.split('/').next();
    wanted.is_ok_and(|wanted| {
        let wanted = wanted.to_string();
        wanted.split_once("://").map(|(_, host)| host) == authority
    })
}

#[cfg(test)]
mod tests {
    use super::is_at;

    #[test]
    fn a_host_is_that_of_a_registry_in_any_spelling() {
        for (url, host, expected) in [
            ("https://registry.example", "registry.example", true),
            ("https://registry.example/a/b", "Registry.Example", true),
            ("https://registry.example", "registry.example:443", true),
            (
                "https://registry.example:8443",
                "registry.example:8443",
                true,
            ),
            ("http://127.0.0.1:8080", "127.0.0.1:8080", true),
            ("http://[::1]:8080/x", "[::1]:8080", true),
            ("https://registry.example:8443", "registry.example", false),
            ("https://registry.example", "registry.example:8443", false),
            ("https://registry.example", "example", false),
            ("https://registry.example", "evil.example", false),
            ("https://registry.example/a", "registry.example/a", false),
            ("https://registry.example", "me@registry.example", false),
            ("https://registry.example", "registry.example?a", false),
            ("https://registry.example", "", false),
            ("http://localhost:1234", "localhost:1234", true),
        ] {
            let found = url.parse().is_ok_and(|url| is_at(&url, host));
            assert_eq!(found, expected, "{url} {host}");
        }
    }
}

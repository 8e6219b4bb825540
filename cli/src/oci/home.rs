//! Where the packages of a namespace are, if that is a registry without a log.

use super::{Foreign, Unlogged, foreign};
use crate::args::Global;
use crate::choice::{self, Sought};
use crate::config::Config;
use crate::error::Failure;
use crate::ui::{self, Ui};
use crate::wanted::{Selection, Wanted};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;
use tenon_registry_client::Digest;
use tenon_registry_client::http::ErrorKind;
use tenon_registry_client::http::oci::{
    Host, Metadata, Pick, Reference, ReferenceError, Repository, tag_of,
};
use tenon_registry_client::name::{PackageName, Version};
use tenon_registry_client::project::{UnloggedPlace, UnloggedPlaceError};

/// Where the packages of a namespace are: in repositories that are called as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OciHome {
    /// In this registry, with this before the namespace in the names of repositories.
    At { host: Host, prefix: String },
    /// Where this host says, or else there.
    Asked(Host),
}

/// Where the packages of a namespace really are.
#[derive(Clone)]
pub(crate) struct Resolved {
    home: OciHome,
    pub(crate) host: Host,
    metadata: Metadata,
}

impl Resolved {
    /// The repository of a package.
    pub(crate) fn repository(&self, package: &PackageName) -> Result<Repository, Failure> {
        let repository = self.metadata.repository(package);
        repository.map_err(|error| self.home.wrong(&error))
    }

    /// The place of a package, as a lock file has it.
    pub(crate) fn place(&self, package: &PackageName) -> Result<UnloggedPlace, Failure> {
        let repository = self.repository(package)?;
        let place = format!("{}{}/{repository}", Reference::SCHEME, self.host);
        place.parse().map_err(|error: UnloggedPlaceError| {
            Failure::configuration("oci::home", "a lock file cannot have this place")
                .cause(ui::clean_line(&error.to_string()))
                .help("take a shorter prefix")
        })
    }
}

impl OciHome {
    /// The home of a package, or of all of a namespace, if that comes from a registry without a log.
    pub(crate) fn of<'s>(
        global: &Global,
        sought: impl Into<Sought<'s>>,
    ) -> Result<Option<OciHome>, Failure> {
        let config = Config::read()?;
        choice::unlogged_home(&config, global.registry.as_deref(), sought)
    }

    /// Where it is, once who has to be asked was asked.
    pub(crate) fn resolve(&self, ui: &Ui, global: &Global) -> Result<Resolved, Failure> {
        let (host, metadata) = match self {
            OciHome::At { host, prefix } => {
                (host.clone(), Metadata::new(None, Some(prefix.clone())))
            }
            OciHome::Asked(host) => {
                let said = foreign::metadata(ui, global, host)?.unwrap_or_default();
                let host = match said.registry() {
                    Some(other) => other.parse().map_err(|error| self.wrong(&error))?,
                    None => host.clone(),
                };
                (host, said)
            }
        };
        Ok(Resolved {
            home: self.clone(),
            host,
            metadata,
        })
    }

    /// Where a package is.
    pub(crate) fn locate(
        &self,
        ui: &Ui,
        global: &Global,
        package: &PackageName,
    ) -> Result<(Host, Repository), Failure> {
        let resolved = self.resolve(ui, global)?;
        let repository = resolved.repository(package)?;
        Ok((resolved.host, repository))
    }

    fn wrong(&self, error: &ReferenceError) -> Failure {
        Failure::configuration(
            "oci::home",
            format!("`{self}` does not say where packages are"),
        )
        .cause(ui::clean_line(&error.to_string()))
        .help("correct what maps the namespace; `tenon config show --origin` says what does")
    }
}

/// Fetches a package that is in a registry without a log.
pub(crate) fn fetch(
    ui: &Ui,
    global: &Global,
    home: &OciHome,
    wanted: &Wanted,
) -> Result<Unlogged, Failure> {
    let (host, repository) = home.locate(ui, global, &wanted.package)?;
    let foreign = Foreign::open(ui, global, &host)?;
    let version = match &wanted.version {
        Selection::Exact(version) => version.clone(),
        _ => highest(&foreign, &repository, wanted)?,
    };
    let tag = tag_of(&version).ok_or_else(|| no_tag(&version))?;
    let reference = Reference {
        host,
        repository,
        pick: Pick::Tag(tag),
    };
    let pulled = foreign.wait_raw(foreign.client.pull(&reference.repository, &reference.pick));
    let pulled = pulled.map_err(|error| foreign.failure(&reference, error))?;
    Ok(Unlogged::of(
        reference,
        Some((wanted.package.clone(), version)),
        pulled,
    ))
}

/// What a registry without a log has of a package now.
pub(crate) struct Tagged {
    /// The versions, by its tags.
    pub(crate) versions: BTreeSet<Version>,
    /// The content that some of them have; those that are no component have none.
    pub(crate) content: BTreeMap<Version, Option<Digest>>,
}

/// What there is of a package whose registry has no log, with the content of those of these versions that are there.
pub(crate) fn tagged(
    ui: &Ui,
    global: &Global,
    package: &PackageName,
    wanted: &BTreeSet<&Version>,
) -> Result<Tagged, Failure> {
    let home = OciHome::of(global, package)?;
    let home = home.ok_or_else(|| {
        let message = format!("`{package}` comes from no registry without a log");
        Failure::configuration("oci::home", message)
    })?;
    let (host, repository) = home.locate(ui, global, package)?;
    let foreign = Foreign::open(ui, global, &host)?;
    let tags = foreign.wait(foreign.client.versions(&repository))?;
    let asked = tags.iter().filter(|(version, _)| wanted.contains(version));
    let asked: Vec<_> = asked
        .map(|(version, tag)| (version.clone(), tag.clone()))
        .collect();
    let mut content = BTreeMap::new();
    for (version, named) in foreign.manifests(&repository, &asked) {
        let digest = match named {
            Ok(named) => named.manifest.component().ok().map(|layer| layer.digest),
            Err(error) if matches!(*error.kind, ErrorKind::NoComponent { .. }) => None,
            // It went away meanwhile.
            Err(error) if error.is_not_found() => continue,
            Err(error) => return Err(error.into()),
        };
        content.insert(version, digest);
    }
    Ok(Tagged {
        versions: tags.into_keys().collect(),
        content,
    })
}

/// The highest version of a package.
pub(crate) fn newest(
    ui: &Ui,
    global: &Global,
    home: &OciHome,
    wanted: &Wanted,
) -> Result<Version, Failure> {
    let (host, repository) = home.locate(ui, global, &wanted.package)?;
    highest(&Foreign::open(ui, global, &host)?, &repository, wanted)
}

/// The highest version that is wanted.
fn highest(
    foreign: &Foreign,
    repository: &Repository,
    wanted: &Wanted,
) -> Result<Version, Failure> {
    let versions = foreign.wait(foreign.client.versions(repository))?;
    let found = versions
        .keys()
        .rev()
        .find(|version| wanted.version.admits(version));
    found.cloned().ok_or_else(|| {
        let newest: Vec<_> = versions
            .keys()
            .rev()
            .take(5)
            .map(ToString::to_string)
            .collect();
        let failure = Failure::new(
            "registry::no-match",
            format!("no version of `{wanted}` is to be chosen"),
        );
        match newest.is_empty() {
            true => failure
                .cause(format!("no tag of `{repository}` is a version"))
                .help("name the tag or the digest, with `oci://` before the registry"),
            false => failure.help(format!("there are {}", newest.join(", "))),
        }
    })
}

/// A version that cannot be a tag.
pub(crate) fn no_tag(version: &Version) -> Failure {
    Failure::new("oci::reference", format!("{version} cannot be a tag"))
        .cause("a tag has 128 characters at most")
        .help("take a shorter version")
}

impl FromStr for OciHome {
    type Err = ReferenceError;

    /// `oci://HOST`, or `oci://HOST/PREFIX`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rest = text.strip_prefix(Reference::SCHEME).unwrap_or(text);
        let (host, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let host = host.parse()?;
        let prefix = prefix.trim_end_matches('/');
        if prefix.is_empty() {
            return Ok(OciHome::At {
                host,
                prefix: String::new(),
            });
        }
        let _: Repository = prefix.parse()?;
        Ok(OciHome::At {
            host,
            prefix: format!("{prefix}/"),
        })
    }
}

impl fmt::Display for OciHome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = Reference::SCHEME;
        match self {
            OciHome::At { host, prefix } if prefix.is_empty() => write!(f, "{scheme}{host}"),
            OciHome::At { host, prefix } => {
                write!(f, "{scheme}{host}/{}", prefix.trim_end_matches('/'))
            }
            OciHome::Asked(host) => write!(f, "{scheme}{host}"),
        }
    }
}

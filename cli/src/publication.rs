//! What is going to be published: a component or a WIT package, checked, and what it says of itself.

use crate::error::Failure;
use crate::source::{Bytes, Named, Sources};
use crate::ui;
use crate::wit::build::{AboutData, encode};
use crate::wit::{self, Gates};
use serde::Serialize;
use std::path::{Path, PathBuf};
use tenon_composer::{Arena, Bodies, Ingredient, Item, Kind, Metadata, Source, inspect};
use tenon_registry_client::Digest;
use tenon_registry_client::http::Uploading;
use tenon_registry_client::name::{NameError, PackageName, Version};
use tenon_registry_client::record::{Content, ContentKind};
use wit_parser::{PackageId, Resolve};

/// What is going to be published.
pub(crate) struct Publication {
    pub(crate) named: Named,
    pub(crate) content: Content,
    pub(crate) outline: Outline,
    /// What it says of itself, by the names that images have for it.
    pub(crate) said: Vec<(&'static str, String)>,
    /// The bill of materials that it carries.
    pub(crate) bill: Vec<Ingredient>,
    /// The name that a WIT package declares, and the version that either does.
    declared: (Option<String>, Option<String>),
}

/// What it is in short, by names.
#[derive(Clone, Serialize)]
#[serde(untagged)]
pub(crate) enum Outline {
    Component {
        imports: Vec<String>,
        exports: Vec<String>,
    },
    Wit {
        interfaces: Vec<String>,
        worlds: Vec<String>,
    },
}

impl Publication {
    /// Reads and checks what `argument` names. WIT in text form is turned into binary.
    pub(crate) fn read(sources: Sources<'_>, argument: &str) -> Result<Publication, Failure> {
        let path = Path::new(argument);
        if path.is_dir() {
            return Publication::text(argument, wit::read(sources, argument, Gates::Open)?);
        }
        let named = Named::open(argument)?;
        let is_wit = path.extension().is_some_and(|extension| extension == "wit");
        match is_wit || named.kind()? == Kind::Wit {
            true => Publication::text(
                argument,
                wit::parse(argument, named.read_all()?, Gates::Open)?,
            ),
            false => Publication::binary(named),
        }
    }

    fn text(
        argument: &str,
        (resolve, package): (Resolve, PackageId),
    ) -> Result<Publication, Failure> {
        let bytes = encode(argument, &resolve, package, &AboutData::default())?;
        Publication::binary(Named {
            argument: argument.to_owned(),
            name: argument.to_owned(),
            bytes: Bytes::Memory(bytes),
            release: None,
        })
    }

    fn binary(named: Named) -> Result<Publication, Failure> {
        let mut arena = Arena::new();
        let id = arena.read_release(Source {
            name: named.argument.clone(),
            input: named.input(),
            digest: None,
            bodies: Bodies::Validate,
        })?;
        let component = arena.component(id);
        let said = said(component.metadata());
        let (kind, outline, declared);
        let mut bill = vec![];
        if component.is_wit_package() {
            let (resolve, package) = wit::decode(&named.argument, &named.read_all()?)?;
            kind = ContentKind::Wit;
            (outline, declared) = describe(&resolve, package);
        } else {
            let anatomy = inspect(&named.argument, named.input())?;
            let names = |items: Vec<Item>| items.into_iter().map(|item| item.name).collect();
            kind = ContentKind::Component;
            bill.clone_from(&anatomy.root.bill);
            outline = Outline::Component {
                imports: names(anatomy.imports),
                exports: names(anatomy.exports),
            };
            declared = (None, component.metadata().version.clone());
        }
        let (digest, size) = (named.digest()?, named.input().size());
        Ok(Publication {
            content: Content { digest, size, kind },
            named,
            outline,
            said,
            bill,
            declared,
        })
    }

    /// The name and version to publish it under: those that are asked for, or those that it declares.
    pub(crate) fn name(
        &self,
        package: Option<&str>,
        version: Option<&str>,
    ) -> Result<(PackageName, Version), Failure> {
        let (declared_package, declared_version) = &self.declared;
        let argument = &self.named.argument;
        let missing = |what: &str, flag: &str| {
            let message = format!("nothing says {what} of `{argument}`");
            Failure::configuration("publish::name", message).help(format!("give it with `{flag}`"))
        };
        let wrong = |what: &str, error: &dyn std::fmt::Display| {
            Failure::configuration(
                "publish::name",
                format!("{what} is no name to publish under"),
            )
            .cause(ui::clean_line(&error.to_string()))
            .help("give `--package NAMESPACE:NAME` and `--version MAJOR.MINOR.PATCH`")
        };
        let (name, from) = match (package, declared_package) {
            (Some(package), _) => (package, "`--package`"),
            (None, Some(package)) => (package.as_str(), "what the WIT package declares"),
            (None, None) => {
                return Err(missing(
                    "which package it is a release",
                    "--package NAMESPACE:NAME",
                ));
            }
        };
        let name: PackageName = name.parse().map_err(|error| wrong(from, &error))?;
        let is_wit = self.content.kind == ContentKind::Wit;
        if is_wit && declared_version.is_none() {
            let declared = ui::clean_line(declared_package.as_deref().unwrap_or_default());
            let message = format!("the WIT package `{declared}` declares no version");
            let wanted = version.unwrap_or("1.0.0");
            return Err(Failure::new("publish::name", message).help(format!(
                "write its version into it: `package {declared}@{};`",
                ui::clean_line(wanted)
            )));
        }
        let (number, from) = match (version, declared_version) {
            (Some(version), _) => (version, "`--version`"),
            (None, Some(version)) => (version.as_str(), "the version that it declares"),
            (None, None) => {
                return Err(missing("the version", "--version MAJOR.MINOR.PATCH"));
            }
        };
        let number: Version = number.parse().map_err(|error| wrong(from, &error))?;
        let says = (
            declared_package.as_deref(),
            declared_version.as_deref().unwrap_or_default(),
        );
        if let (Some(says), declared) = says
            && (says != name.to_string() || declared != number.to_string())
        {
            let (says, declared) = (ui::clean_line(says), ui::clean_line(declared));
            let message = format!(
                "the WIT package declares that it is `{says}@{declared}`, not `{name}@{number}`"
            );
            return Err(Failure::configuration("publish::name", message)
                .help("leave out the options, or change the `package` line of the WIT"));
        }
        Ok((name, number))
    }

    /// The version to publish it as: what is asked for, or what it declares.
    pub(crate) fn version(&self, version: Option<&str>) -> Result<Version, Failure> {
        let said = self.said_version(version).ok_or_else(|| {
            let message = format!("nothing says the version of `{}`", self.named.argument);
            Failure::configuration("publish::name", message)
                .help("give it as the tag, or with `--version MAJOR.MINOR.PATCH`")
        })?;
        said.parse().map_err(|error: NameError| {
            Failure::configuration("publish::name", "the version is no version to publish as")
                .cause(ui::clean_line(&error.to_string()))
                .help("give `--version MAJOR.MINOR.PATCH`")
        })
    }

    /// The version that is asked for, or that it declares, as it is written.
    pub(crate) fn said_version(&self, version: Option<&str>) -> Option<String> {
        let declared = self.declared.1.as_deref();
        version.or(declared).map(str::to_owned)
    }

    /// The whole name of an interface or a world of a WIT package.
    pub(crate) fn item(&self, name: &str) -> Option<String> {
        let (package, version) = &self.declared;
        let version = version.iter().map(|version| format!("@{version}"));
        Some(format!(
            "{}/{name}{}",
            package.as_ref()?,
            version.collect::<String>()
        ))
    }

    /// The bytes, to be sent.
    pub(crate) fn uploading(&self) -> Uploading {
        match &self.named.bytes {
            Bytes::File(_) => Uploading::File(PathBuf::from(&self.named.argument)),
            Bytes::Memory(bytes) => Uploading::Bytes(bytes.clone().into()),
        }
    }

    /// The digest of the bytes.
    pub(crate) fn digest(&self) -> &Digest {
        &self.content.digest
    }
}

/// What a component says of itself, by the names that images have for it.
fn said(metadata: &Metadata) -> Vec<(&'static str, String)> {
    let said = [
        ("description", &metadata.description),
        ("licenses", &metadata.licenses),
        ("source", &metadata.source),
        ("url", &metadata.homepage),
        ("authors", &metadata.authors),
        ("revision", &metadata.revision),
    ];
    let said = said.into_iter();
    said.filter_map(|(key, value)| Some((key, value.clone()?)))
        .collect()
}

/// The interfaces and worlds of a WIT package, and its name and version.
fn describe(resolve: &Resolve, package: PackageId) -> (Outline, (Option<String>, Option<String>)) {
    let package = resolve.packages.get(package);
    let interfaces = package
        .into_iter()
        .flat_map(|package| package.interfaces.keys());
    let worlds = package
        .into_iter()
        .flat_map(|package| package.worlds.keys());
    let outline = Outline::Wit {
        interfaces: interfaces.cloned().collect(),
        worlds: worlds.cloned().collect(),
    };
    let name = package.map(|package| &package.name);
    let version = name.and_then(|name| name.version.as_ref());
    let declared = (
        name.map(|name| format!("{}:{}", name.namespace, name.name)),
        version.map(ToString::to_string),
    );
    (outline, declared)
}

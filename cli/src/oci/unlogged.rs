//! A component from a registry without a log.

use super::{Foreign, PRIVATE, private_of};
use crate::args::Global;
use crate::choice::choose_for;
use crate::config::{Config, RegistryName};
use crate::error::Failure;
use crate::ui::{self, Ui, UnverifiedData};
use std::fs::File;
use std::io::{Read, Seek};
use std::path::PathBuf;
use tenon_registry_client::Digest;
use tenon_registry_client::http::oci::{
    OciBlob, OciPulled, Pick, Reference, ReferenceError, version_of,
};
use tenon_registry_client::http::{BaseUrl, FetchedFrom};
use tenon_registry_client::name::{PackageName, Version};

/// A component from a registry without a log. Its bytes have the digest that is said here, and that is all that is known.
pub(crate) struct Unlogged {
    /// What was asked for.
    pub(crate) reference: Reference,
    /// Which release the project, or whoever gave the command, takes it for.
    pub(crate) package: Option<(PackageName, Version)>,
    /// The digest of the content.
    pub(crate) digest: Digest,
    pub(crate) size: u64,
    /// The digest of the manifest, if it was asked for.
    pub(crate) manifest: Option<Digest>,
    /// The registry with a log that it is from, if that is known, and what would be verified by that log.
    pub(crate) log: Option<KnownLog>,
    /// The very bytes that were hashed, at their start.
    pub(crate) file: File,
    /// Where they are, in the cache.
    pub(crate) path: PathBuf,
    pub(crate) from: FetchedFrom,
}

/// A log that was not asked, because what it has was named by its place.
pub(crate) struct KnownLog {
    /// What the registry is called.
    registry: RegistryName,
    /// What to name in place of it, if it is where a release is: `acme:http@1.4.0`, with the option that it takes.
    package: Option<String>,
}

/// A reference that a command line names.
pub(crate) fn reference(text: &str) -> Result<Reference, Failure> {
    text.parse().map_err(|error: ReferenceError| {
        Failure {
            exit: crate::exit::ExitKind::Usage,
            ..Failure::new("oci::reference", "this names nothing in an OCI registry")
        }
        .cause(ui::clean_line(&error.to_string()))
        .help("name it as `oci://HOST/NAMESPACE/NAME:TAG`, or with `@sha256:…` in place of the tag")
    })
}

/// The registry with a known log that makes a release of what is pushed to a place, and that release.
pub(crate) fn released_at(
    config: &Config,
    reference: &Reference,
) -> Option<(RegistryName, PackageName, Version)> {
    let (registry, repository) = log_at(config, reference)?;
    let (package, version) = package_of(repository, &reference.pick)?;
    Some((registry.clone(), package, version))
}

/// The registry with a known log that has a place, and what its repository is called there: what begins with `private/` is
/// of the private log, and nothing else is.
fn log_at<'c, 'r>(
    config: &'c Config,
    reference: &'r Reference,
) -> Option<(&'c RegistryName, &'r str)> {
    let repository = reference.repository.as_str();
    let within = repository.strip_prefix(PRIVATE);
    let private = reference.host.base().ok();
    let private = private.as_ref().and_then(private_of);
    let mut there = config.all_at_host(reference.host.as_str());
    let is_it = |url: &BaseUrl| (Some(url) == private.as_ref()) == within.is_some();
    let (registry, _) = there.find(|(_, registry)| is_it(&registry.url))?;
    Some((registry, within.unwrap_or(repository)))
}

/// The release that a registry with a log has in a repository.
fn package_of(repository: &str, pick: &Pick) -> Option<(PackageName, Version)> {
    let Pick::Tag(tag) = pick else {
        return None;
    };
    let (namespace, name) = repository.split_once('/')?;
    let package = format!("{namespace}:{name}").parse().ok()?;
    Some((package, version_of(tag)?))
}

impl Unlogged {
    /// Fetches what a reference names.
    pub(crate) fn fetch(
        ui: &Ui,
        global: &Global,
        reference: &Reference,
    ) -> Result<Unlogged, Failure> {
        if global.locked && matches!(reference.pick, Pick::Tag(_)) {
            return Err(Failure::usage(format!("`{reference}` is locked by nothing"))
                .cause("a tag may mean something else tomorrow")
                .help("with `--locked`, name it by its digest: `oci://HOST/NAMESPACE/NAME@sha256:…`"));
        }
        let foreign = Foreign::open(ui, global, &reference.host)?;
        let pulled = foreign.wait_raw(foreign.client.pull(&reference.repository, &reference.pick));
        let log = KnownLog::of(&Config::read()?, reference);
        let pulled = pulled.map_err(|error| {
            let failure = foreign.failure(reference, error);
            let known = |log: &KnownLog| {
                let (name, host) = (&log.registry, &reference.host);
                format!("the registry `{name}` at {host} has a log{}", log.hint())
            };
            failure.notes(log.as_ref().map(known))
        })?;
        must_be_wasm(reference, &pulled.blob)?;
        Ok(Unlogged {
            log,
            ..Unlogged::of(reference.clone(), None, pulled)
        })
    }

    pub(crate) fn of(
        reference: Reference,
        package: Option<(PackageName, Version)>,
        pulled: OciPulled,
    ) -> Unlogged {
        let OciBlob { file, path, from } = pulled.blob;
        Unlogged {
            reference,
            package,
            digest: pulled.digest,
            size: pulled.size,
            manifest: Some(pulled.manifest),
            log: None,
            file,
            path,
            from,
        }
    }

    /// What it is called: as a package, or as it was asked for.
    pub(crate) fn name(&self) -> String {
        match &self.package {
            Some((package, version)) => format!("{package}@{version}"),
            None => self.reference.to_string(),
        }
    }

    /// Where it is from: registry and repository.
    pub(crate) fn registry(&self) -> String {
        let Reference {
            host, repository, ..
        } = &self.reference;
        format!("{}{host}/{repository}", Reference::SCHEME)
    }

    /// A name for a file with it.
    pub(crate) fn file_name(&self) -> PathBuf {
        let repository = self.reference.repository.as_str().replace('/', "-");
        let version = match (&self.package, &self.reference.pick) {
            (Some((package, version)), _) => {
                return format!("{}-{}-{version}.wasm", package.namespace(), package.name()).into();
            }
            (None, Pick::Tag(tag)) => {
                version_of(tag).map_or_else(|| tag.to_string(), |it| it.to_string())
            }
            (None, Pick::Digest(digest)) => digest.hex().chars().take(12).collect(),
        };
        format!("{repository}-{version}.wasm").into()
    }

    /// Where it is from, and that nobody is answerable for it, in one line.
    pub(crate) fn line(&self) -> String {
        let (done, kept) = match self.from {
            FetchedFrom::Registry => ("fetched", ""),
            FetchedFrom::Cache => ("took", ", which was kept here"),
        };
        let of = match self.package {
            Some(_) => format!(" of {}", self.registry()),
            None => String::new(),
        };
        format!(
            "{} `{}`{of}: {}, unverified{kept}",
            ui::bold(done),
            self.name(),
            self.digest,
        )
    }

    /// Warns that nobody is answerable for it.
    pub(crate) fn warn(&self, ui: &Ui) {
        let hint = self.log.as_ref().map(KnownLog::hint);
        ui.warn_once(&format!("{}{}", self.reason(), hint.unwrap_or_default()));
    }

    /// That it is unverified, and why.
    fn reason(&self) -> String {
        let reason = match &self.log {
            Some(log) => log.reason(),
            None => "no log has it, so nothing says who published it, or that others get the same"
                .into(),
        };
        format!("`{}` is unverified: {reason}", self.name())
    }

    /// What is known of it, and what is not, in sentences.
    pub(crate) fn sentence(&self) -> String {
        let pinned = match self.manifest {
            Some(manifest) => format!(
                " To have the same again, name it as `{}`.",
                self.reference.with(Pick::Digest(manifest))
            ),
            None => String::new(),
        };
        let hint = self.log.as_ref().map(KnownLog::hint).unwrap_or_default();
        format!(
            "{}{hint}; its content is {}.{pinned}",
            self.reason(),
            self.digest
        )
    }

    /// As JSON has it.
    pub(crate) fn data(&self) -> UnverifiedData {
        let (package, version) = self.package.clone().unzip();
        UnverifiedData {
            unverified: true,
            package: package.map(|package| package.to_string()),
            version: version.map(|version| version.to_string()),
            digest: self.digest.to_string(),
            size: self.size,
            registry: self.registry(),
            reference: self
                .manifest
                .map(|it| self.reference.with(Pick::Digest(it)).to_string()),
            logged_as: self.log.as_ref().and_then(|log| log.package.clone()),
        }
    }
}

/// Refuses what is called WebAssembly and is something else.
fn must_be_wasm(reference: &Reference, blob: &OciBlob) -> Result<(), Failure> {
    let mut magic = [0; 4];
    let read = (&blob.file).read(&mut magic);
    let rewound = (&blob.file).rewind();
    let failed = |error| Failure::io("read", &blob.path, &error);
    let count = read.map_err(failed)?;
    rewound.map_err(failed)?;
    match magic.get(..count) == Some(b"\0asm") {
        true => Ok(()),
        false => {
            let message = format!("what is at `{reference}` is no component");
            Err(Failure::new("oci::no-component", message)
                .cause("its layer has the type `application/wasm`, and something else in it")
                .help("ask whoever pushed it"))
        }
    }
}

impl KnownLog {
    /// The log of the registry that a reference is of, if it is known.
    fn of(config: &Config, reference: &Reference) -> Option<KnownLog> {
        let (registry, repository) = log_at(config, reference)?;
        let package = package_of(repository, &reference.pick);
        let comes = |flag: Option<&str>| {
            let choice = choose_for(config, flag, &package.as_ref()?.0).ok()?;
            (choice.name == registry).then_some(())
        };
        let name = registry.to_string();
        let option = match (comes(None), comes(Some(&name))) {
            (Some(()), _) => Some(String::new()),
            (None, Some(())) => Some(format!("--registry {name} ")),
            // It is not looked for there.
            (None, None) => None,
        };
        let package = package.zip(option);
        Some(KnownLog {
            registry: registry.clone(),
            package: package
                .map(|((package, version), option)| format!("{option}{package}@{version}")),
        })
    }

    /// Why the log says nothing of it.
    fn reason(&self) -> String {
        format!(
            "it was named by its place, and so the log of the registry `{}` was not asked who published it",
            self.registry
        )
    }

    /// What to do so that it is asked.
    fn hint(&self) -> String {
        match &self.package {
            Some(package) => format!("; `tenon get {package}` verifies it by that log"),
            None => "; a release of it is verified where it is named as a package".to_owned(),
        }
    }
}

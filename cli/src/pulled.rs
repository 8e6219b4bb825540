//! Packages from registries: chosen, fetched, verified, and kept in the cache.

use crate::args::Global;
use crate::error::Failure;
use crate::oci::{OciHome, Unlogged, home};
use crate::project::{Remotes, locked_version, pull_locked};
use crate::remote::Remote;
use crate::suggestion;
use crate::ui::{self, ReleaseData, Ui};
use crate::wanted::{Selection, Wanted, WantedError};
use std::fs::File;
use std::path::{Path, PathBuf};
use tenon_registry_client::chain::{Availability, Release};
use tenon_registry_client::http::oci::Reference;
use tenon_registry_client::http::{Client, Error, Fetched, FetchedFrom};
use tenon_registry_client::record::Time;
use tenon_registry_client::verify::Rules;

/// A release that was fetched and verified.
pub(crate) struct Pulled {
    pub(crate) fetched: Fetched,
    /// What was asked of the checkpoint.
    pub(crate) rules: Rules,
    /// When.
    pub(crate) now: Time,
}

/// Content that was fetched, and what is known of it.
pub(crate) enum Brought {
    /// A release that a log proves.
    Logged(Box<Pulled>),
    /// What a registry without a log has.
    Unlogged(Box<Unlogged>),
}

/// A package that a command line names.
pub(crate) fn wanted(text: &str) -> Result<Wanted, Failure> {
    if text.starts_with(Reference::SCHEME) {
        let message = format!(
            "`{}` is a place, and this takes a package",
            ui::clean_line(text)
        );
        return Err(Failure::usage(message).help(
            "name the package, as `acme:http@1.4.0`, with its namespace mapped to the registry if that has no log; `tenon get` and whatever takes a component take a place",
        ));
    }
    text.parse().map_err(|error: WantedError| {
        let failure = Failure::usage(format!("`{}` names no package", ui::clean_line(text)))
            .cause(ui::clean_line(&error.to_string()))
            .help("name one as `acme:http`, `acme:http@1.4.0` or `acme:http@^1.4`");
        failure.notes(meant_as_place(text))
    })
}

/// What to say of what looks like a place in an OCI registry, and is not written as one.
fn meant_as_place(text: &str) -> Option<String> {
    let is_scheme = |scheme: &&str| {
        let begin = text.get(..scheme.len());
        begin.is_some_and(|begin| begin.eq_ignore_ascii_case(scheme))
    };
    let scheme = ["https:", "http:", "oci"].into_iter().find(is_scheme);
    let rest = scheme.map_or(text, |scheme| text.get(scheme.len()..).unwrap_or_default());
    let bare = rest.trim_start_matches([':', '/']);
    let host = bare.split_once('/')?.0;
    let is_said = bare.len() < rest.len() && rest.len() < text.len();
    let is_named = host.contains('.') || host.contains(':') || host == "localhost";
    let is_host = is_named && !host.starts_with('.');
    let is_place = (is_said || rest.len() == text.len()) && is_host;
    let place = format!("{}{bare}", Reference::SCHEME);
    let place = is_place
        .then(|| place.parse::<Reference>())
        .and_then(Result::ok)?;
    Some(format!(
        "`{}` would be a place in an OCI registry",
        ui::clean_line(&place.to_string())
    ))
}

/// As [`wanted`]; with `--locked` it is the version that the project has locked.
pub(crate) fn wanted_by(global: &Global, text: &str) -> Result<Wanted, Failure> {
    let wanted = wanted(text)?;
    match global.locked {
        true => Ok(Wanted {
            version: Selection::Exact(locked_version(&wanted)?),
            ..wanted
        }),
        false => Ok(wanted),
    }
}

/// Warns of a release that its publisher advises against.
pub(crate) fn warn_of(ui: &Ui, release: &Release) {
    if let Availability::Yanked(reason) = release.availability {
        ui.warn_once(&format!(
            "`{}@{}` is yanked ({reason}): its publisher advises against it",
            release.package, release.version
        ));
    }
}

/// Fetches packages, each from the registry of its namespace; in the order in which they are wanted.
///
/// With `--locked` it is the versions that the project has locked.
pub(crate) fn pull(ui: &Ui, global: &Global, all: &[Wanted]) -> Result<Vec<Brought>, Failure> {
    if global.locked {
        return pull_locked(ui, global, all);
    }
    let homes = all.iter();
    let homes = homes.map(|wanted| OciHome::of(global, &wanted.package));
    let homes = homes.collect::<Result<Vec<_>, _>>()?;
    let logged = all.iter().zip(&homes).filter(|(_, home)| home.is_none());
    let logged: Vec<Wanted> = logged.map(|(wanted, _)| wanted.clone()).collect();
    let mut logged = pull_logged(ui, global, &logged)?.into_iter();
    let each = all
        .iter()
        .zip(homes)
        .filter_map(|(wanted, home)| match home {
            None => logged.next().map(|pulled| Ok(Brought::from(pulled))),
            Some(home) => Some(home::fetch(ui, global, &home, wanted).map(Brought::from)),
        });
    each.collect()
}

/// Fetches packages of registries that have logs.
fn pull_logged(ui: &Ui, global: &Global, all: &[Wanted]) -> Result<Vec<Pulled>, Failure> {
    let mut remotes = Remotes::default();
    for wanted in all {
        remotes.find(ui, global, &wanted.package)?;
    }
    let get = |client: Client, wanted: Wanted| async move { fetch(&client, &wanted).await };
    let results = remotes.each(all, |wanted| &wanted.package, get)?;
    let pulled = all.iter().zip(results);
    let pulled = pulled.map(|(wanted, (remote, result))| Pulled::take(remote, wanted, result));
    let pulled = pulled.collect::<Result<Vec<_>, _>>()?;
    for one in &pulled {
        warn_of(ui, &one.fetched.release);
    }
    Ok(pulled)
}

/// Fetches one package.
pub(crate) fn pull_one(ui: &Ui, global: &Global, wanted: &Wanted) -> Result<Brought, Failure> {
    let mut pulled = pull(ui, global, std::slice::from_ref(wanted))?;
    pulled.pop().ok_or_else(|| {
        let message = format!("`{wanted}` was not fetched");
        Failure::new("registry::unavailable", message).help("try again")
    })
}

async fn fetch(client: &Client, wanted: &Wanted) -> Result<Fetched, Error> {
    let package = &wanted.package;
    let version = match &wanted.version {
        Selection::Exact(version) => version.clone(),
        Selection::Highest => client.resolve(package, None).await?.version,
        Selection::Meeting(requirement) => {
            client.resolve(package, Some(requirement)).await?.version
        }
    };
    client.fetch(package, &version).await
}

impl Pulled {
    fn take(
        remote: &Remote,
        wanted: &Wanted,
        result: Result<Fetched, Error>,
    ) -> Result<Pulled, Failure> {
        let fetched = result.map_err(|error| suggestion::failure(remote, wanted, error))?;
        Ok(Pulled::of(remote, fetched))
    }

    /// What was fetched from a registry just now.
    pub(crate) fn of(remote: &Remote, fetched: Fetched) -> Pulled {
        Pulled {
            fetched,
            rules: remote.registry.rules.clone(),
            now: remote.now(),
        }
    }

    /// Package and version: `acme:http@1.4.0`.
    pub(crate) fn name(&self) -> String {
        let release = &self.fetched.release;
        format!("{}@{}", release.package, release.version)
    }

    /// The origin of the log that it is in.
    pub(crate) fn origin(&self) -> &str {
        let checkpoint = self.fetched.view.checkpoint().checkpoint();
        checkpoint.origin.as_str()
    }

    /// Where it is from, and who is answerable for it, in one line.
    pub(crate) fn line(&self) -> String {
        let Fetched {
            release,
            index,
            from,
            ..
        } = &self.fetched;
        let done = match from {
            FetchedFrom::Registry => "fetched",
            FetchedFrom::Cache => "verified",
        };
        let kept = match from {
            FetchedFrom::Registry => "",
            FetchedFrom::Cache => ", which was kept here",
        };
        format!(
            "{} `{}` of {}: record {}, {}{kept}",
            ui::bold(done),
            self.name(),
            ui::clean_line(self.origin()),
            ui::thousands(*index),
            ui::publisher(&release.publisher),
        )
    }

    /// How many records the log had when it was verified.
    pub(crate) fn log_size(&self) -> u64 {
        self.fetched.view.checkpoint().checkpoint().size
    }

    /// What was verified of the log that it is in, in one sentence.
    pub(crate) fn log_sentence(&self) -> String {
        ui::log_sentence(&self.fetched.view, &self.rules, self.now)
    }

    /// All that was verified, in one sentence.
    pub(crate) fn sentence(&self) -> String {
        ui::sentence(
            &self.fetched.release,
            &self.fetched.view,
            &self.rules,
            self.now,
        )
    }
}

impl Brought {
    /// Package and version, or what else it was asked for as.
    pub(crate) fn name(&self) -> String {
        match self {
            Brought::Logged(pulled) => pulled.name(),
            Brought::Unlogged(unlogged) => unlogged.name(),
        }
    }

    /// Where it is from, and who is answerable for it, in one line.
    pub(crate) fn line(&self) -> String {
        match self {
            Brought::Logged(pulled) => pulled.line(),
            Brought::Unlogged(unlogged) => unlogged.line(),
        }
    }

    /// All that was verified, or that nothing was.
    pub(crate) fn sentence(&self) -> String {
        match self {
            Brought::Logged(pulled) => pulled.sentence(),
            Brought::Unlogged(unlogged) => unlogged.sentence(),
        }
    }

    /// Whether a log proves it.
    pub(crate) fn is_logged(&self) -> bool {
        matches!(self, Brought::Logged(_))
    }

    /// As JSON has it.
    pub(crate) fn data(&self) -> ReleaseData {
        match self {
            Brought::Logged(pulled) => {
                let Fetched { release, view, .. } = &pulled.fetched;
                ReleaseData::of(release, view, &pulled.rules)
            }
            Brought::Unlogged(unlogged) => ReleaseData::Unverified(unlogged.data()),
        }
    }

    /// A name for a file, made of what was asked for and what was verified, and of nothing that a registry says.
    pub(crate) fn file_name(&self) -> PathBuf {
        match self {
            Brought::Logged(pulled) => {
                let release = &pulled.fetched.release;
                let (namespace, name) = (release.package.namespace(), release.package.name());
                format!("{namespace}-{name}-{}.wasm", release.version).into()
            }
            Brought::Unlogged(unlogged) => unlogged.file_name(),
        }
    }

    /// How many bytes its content has.
    pub(crate) fn size(&self) -> u64 {
        match self {
            Brought::Logged(pulled) => pulled.fetched.release.content.size,
            Brought::Unlogged(unlogged) => unlogged.size,
        }
    }

    /// Whether it was in the cache already.
    pub(crate) fn was_cached(&self) -> bool {
        let from = match self {
            Brought::Logged(pulled) => pulled.fetched.from,
            Brought::Unlogged(unlogged) => unlogged.from,
        };
        from == FetchedFrom::Cache
    }

    /// Where its content is, in the cache.
    pub(crate) fn path(&self) -> &Path {
        match self {
            Brought::Logged(pulled) => &pulled.fetched.path,
            Brought::Unlogged(unlogged) => &unlogged.path,
        }
    }

    /// The very bytes that were checked, open at their start.
    pub(crate) fn into_file(self) -> File {
        match self {
            Brought::Logged(pulled) => pulled.fetched.file,
            Brought::Unlogged(unlogged) => unlogged.file,
        }
    }
}

impl From<Pulled> for Brought {
    fn from(pulled: Pulled) -> Brought {
        Brought::Logged(Box::new(pulled))
    }
}

impl From<Unlogged> for Brought {
    fn from(unlogged: Unlogged) -> Brought {
        Brought::Unlogged(Box::new(unlogged))
    }
}

//! An OCI registry, as commands talk to it.

use super::keychain::Keychain;
use crate::args::Global;
use crate::config::Config;
use crate::error::Failure;
use crate::places::Place;
use crate::remote::runtime;
use crate::ui::{self, Ui};
use futures_util::{StreamExt, stream};
use std::future::Future;
use std::sync::Arc;
use tenon_registry_client::http::oci::{
    Host, Metadata, NamedManifest, OciClient, OciOptions, Pick, Reference, Repository, Tag,
    discover,
};
use tenon_registry_client::http::{BaseUrl, Error, ErrorKind, Network};
use tenon_registry_client::name::Version;
use tokio::runtime::Runtime;

/// How much is asked for at once.
const AT_ONCE: usize = 8;

/// An OCI registry to talk to.
#[derive(Clone)]
pub(crate) struct Foreign {
    pub(crate) client: OciClient,
    runtime: &'static Runtime,
}

impl Foreign {
    /// The registry at a host. Nothing is asked yet.
    pub(crate) fn open(ui: &Ui, global: &Global, host: &Host) -> Result<Foreign, Failure> {
        Ok(Foreign {
            client: OciClient::new(options(ui, global, host)?)?,
            runtime: runtime()?,
        })
    }

    /// The registry of this address, as an OCI registry; `None` if the address has a path, since that is where OCI
    /// clients do not ask, and a token for what is below it is shown to nobody else.
    pub(crate) fn at(ui: &Ui, global: &Global, url: &BaseUrl) -> Result<Option<Foreign>, Failure> {
        let url = url.to_string();
        let host = url.split_once("://").map(|(_, host)| host.parse::<Host>());
        match host {
            Some(Ok(host)) => Foreign::open(ui, global, &host).map(Some),
            _ => Ok(None),
        }
    }

    /// Waits for what the client does.
    pub(crate) fn wait<T>(
        &self,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Failure> {
        self.wait_raw(work).map_err(Failure::from)
    }

    /// Waits for what the client does, where its errors decide what comes next.
    pub(crate) fn wait_raw<T>(
        &self,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        self.runtime.block_on(work)
    }

    /// The manifests of some versions, in their order; some are asked for at once.
    pub(crate) fn manifests(
        &self,
        repository: &Repository,
        versions: &[(Version, Tag)],
    ) -> Vec<(Version, Result<NamedManifest, Error>)> {
        let ask = versions.iter().map(|(version, tag)| {
            let (client, pick) = (self.client.clone(), Pick::Tag(tag.clone()));
            async move { (version.clone(), client.manifest(repository, &pick).await) }
        });
        let all = stream::iter(ask).buffered(AT_ONCE).collect::<Vec<_>>();
        self.runtime.block_on(all)
    }

    /// An error about a reference as it is reported, with the versions that there are if there is no such one.
    pub(crate) fn failure(&self, reference: &Reference, error: Error) -> Failure {
        if !error.is_not_found() {
            return error.into();
        }
        let mut failure = Failure::from(error);
        failure.message = format!("there is no `{reference}`");
        let versions = self.wait_raw(self.client.versions(&reference.repository));
        let Ok(versions) = versions else {
            return failure;
        };
        let newest: Vec<_> = versions
            .keys()
            .rev()
            .take(5)
            .map(ToString::to_string)
            .collect();
        match newest.is_empty() {
            true => failure
                .help("the repository has no tag that is a version; name another tag, or a digest"),
            false => failure.help(format!("there are {}", ui::clean_line(&newest.join(", ")))),
        }
    }
}

/// What a host says of where its packages are; `None` if it says nothing.
pub(super) fn metadata(ui: &Ui, global: &Global, host: &Host) -> Result<Option<Metadata>, Error> {
    let setup = |failure: Failure| Error::from(ErrorKind::Setup(failure.summary().into()));
    let options = options(ui, global, host).map_err(setup)?;
    runtime().map_err(setup)?.block_on(discover(&options))
}

fn options(ui: &Ui, global: &Global, host: &Host) -> Result<OciOptions, Failure> {
    let options = OciOptions::new(host.clone(), Place::Cache.folder()?);
    let mut options = options.map_err(|error| {
        Failure::usage(format!("`{host}` cannot be the host of a registry"))
            .cause(ui::clean_line(&error.to_string()))
    })?;
    options.credentials = Arc::new(Keychain {
        config: Config::read()?,
        flag: global.registry.clone(),
        base: options.base.clone(),
    });
    options.progress = ui.progress();
    options.warned = ui.warned_by(&host.to_string());
    options.network = match global.offline {
        true => Network::Offline,
        false => Network::Online,
    };
    Ok(options)
}

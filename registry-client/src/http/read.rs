//! What a registry says, for people: nothing of it is verified.

use super::transport::{Ask, Reach, Transport, WhenToken};
use super::{BaseUrl, Client, Credentials, Error, ErrorKind, Limits, Network, Timeouts};
use crate::api::{
    PackageInfo, PackagePage, Paths, RegistryInfo, SearchPage, SearchQuery, TokenInfo,
};
use crate::name::PackageName;
use crate::verify::{Request, VerifyError};
use reqwest::Url;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a registry says of itself to someone who has no pin for it yet. Whoever takes the pin from
/// there trusts whoever answers this once, and should be shown it and asked.
///
/// # Errors
///
/// Why there is no answer.
pub async fn introduce(
    base: &BaseUrl,
    credentials: Arc<dyn Credentials>,
    extra_roots: &[Vec<u8>],
) -> Result<RegistryInfo, Error> {
    let transport = Transport::new(&Reach {
        base,
        credentials,
        timeouts: Timeouts::default(),
        network: Network::Online,
        extra_roots,
        user_agent: super::options::USER_AGENT,
    })?;
    let ask = Ask::get(Paths::registry(), Limits::default().json);
    parse(&transport.get(&ask).await?, &transport.url(&ask.path))
}

impl Client {
    /// What the registry says of a package.
    ///
    /// # Errors
    ///
    /// Why there is no answer. If the registry says that there is no such package, that is verified: with
    /// [`VerifyError::NoSuchPackage`] the log proves it ([`Error::is_proven_absent`]); a problem of status 404 says
    /// only that this registry does not show it.
    pub async fn info(&self, package: &PackageName) -> Result<PackageInfo, Error> {
        let error = match self
            .json(Ask::get(Paths::package(package), self.most()))
            .await
        {
            Err(error) if error.is_not_found() => error,
            other => return other,
        };
        let request = Request::Package {
            package: package.clone(),
            releases: BTreeSet::new(),
        };
        match self.view(&request).await {
            Ok(view) if view.package().is_none() => {
                Err(VerifyError::NoSuchPackage(package.clone()).into())
            }
            // A proof that is refused is worse news.
            Err(refused) if refused.is_verification() => Err(refused),
            _ => Err(error),
        }
    }

    /// A page of all packages, after the one whose [`PackagePage::next`] is given; at most `n` of them.
    ///
    /// # Errors
    ///
    /// Why there is no answer.
    pub async fn packages(
        &self,
        after: Option<&str>,
        n: Option<u32>,
    ) -> Result<PackagePage, Error> {
        let n = n.map(|n| n.to_string());
        let query = [("after", after), ("n", n.as_deref())];
        self.json(Ask::get(with_query(Paths::packages(), &query), self.most()))
            .await
    }

    /// A page of what is found.
    ///
    /// # Errors
    ///
    /// Why there is no answer.
    pub async fn search(&self, query: &SearchQuery) -> Result<SearchPage, Error> {
        let n = query.n.map(|n| n.to_string());
        let query = [
            ("q", query.q.as_deref()),
            ("exports", query.exports.as_deref()),
            ("imports", query.imports.as_deref()),
            ("kind", query.kind.as_deref()),
            ("namespace", query.namespace.as_deref()),
            ("after", query.after.as_deref()),
            ("n", n.as_deref()),
        ];
        self.json(Ask::get(with_query(Paths::search(), &query), self.most()))
            .await
    }

    /// What the registry knows of the token that this client has for it.
    ///
    /// # Errors
    ///
    /// Why there is no answer; of a token that is not known, or none, a problem of status 401.
    pub async fn whoami(&self) -> Result<TokenInfo, Error> {
        let ask = Ask {
            token: WhenToken::AtOnce,
            ..Ask::get(Paths::whoami(), self.most())
        };
        self.json(ask).await
    }

    /// What the registry says of itself. Its pin is not to be taken from here without asking the user.
    ///
    /// # Errors
    ///
    /// Why there is no answer.
    pub async fn registry_info(&self) -> Result<RegistryInfo, Error> {
        self.json(Ask::get(Paths::registry(), self.most())).await
    }

    pub(super) fn most(&self) -> u64 {
        self.0.options.limits.json
    }

    pub(super) async fn json<T: DeserializeOwned>(&self, ask: Ask) -> Result<T, Error> {
        let url = self.0.transport.url(&ask.path);
        parse(&self.get(ask).await?, &url)
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8], url: &Url) -> Result<T, Error> {
    serde_json::from_slice(bytes).map_err(|error| {
        let what = "the JSON that this version understands";
        let source = error.into();
        Error::new(ErrorKind::Malformed { what, source }, url.as_str(), 1)
    })
}

/// A path with those parameters that there are, encoded.
fn with_query(path: &str, query: &[(&str, Option<&str>)]) -> String {
    let given = query
        .iter()
        .filter_map(|(name, value)| Some((name, (*value)?)));
    // The base is only there to be taken away again.
    let Ok(url) = Url::parse_with_params("http://localhost", given) else {
        return path.to_owned();
    };
    match url.query().filter(|query| !query.is_empty()) {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    }
}

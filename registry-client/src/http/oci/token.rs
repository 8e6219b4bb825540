//! Tokens of a registry's token service ([as docker's registry specifies it]).
//!
//! [as docker's registry specifies it]: https://distribution.github.io/distribution/spec/auth/token/

use super::OciCredential;
use super::challenge::Challenge;
use super::link::{Link, Scope, bearer};
use crate::http::ErrorKind;
use crate::http::body::Body;
use crate::http::transport::Failure;
use reqwest::Url;
use reqwest::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, WWW_AUTHENTICATE,
};
use serde::Deserialize;
use tokio::time::timeout;

/// The longest answer of a token service.
const MAX_ANSWER: u64 = 1 << 20;
/// Who asks, by the name that token services know clients by.
const CLIENT: &str = "tenon";

#[derive(Deserialize)]
struct Answer {
    token: Option<String>,
    access_token: Option<String>,
}

impl Link {
    /// The header that a registry asks for; `None` if there is nothing to convince it with.
    pub(super) async fn convince(
        &self,
        headers: &HeaderMap,
        scope: &Scope,
    ) -> Result<Option<HeaderValue>, Failure> {
        let challenges = headers.get_all(WWW_AUTHENTICATE).iter();
        let challenges = challenges.filter_map(|header| header.to_str().ok());
        let challenges: Vec<_> = challenges.flat_map(Challenge::parse).collect();
        let credential = self.credential(scope).await?;
        let tokens = challenges.iter().find_map(|challenge| match challenge {
            Challenge::Bearer { realm, service, .. } => Some((realm, service)),
            Challenge::Basic => None,
        });
        let Some((realm, service)) = tokens else {
            return Ok(match (&credential, &*challenges) {
                (Some(credential), [Challenge::Basic, ..]) => credential.basic(),
                _ => None,
            });
        };
        // A registry of ours, and some others, take a token that was given to the user as it is.
        if let Some(OciCredential::Bearer(token)) = &credential {
            return Ok(Some(token.header()));
        }
        self.exchange(realm, service.as_deref(), scope, credential.as_ref())
            .await
    }

    /// A token for one repository, for a credential or for nobody.
    async fn exchange(
        &self,
        realm: &str,
        service: Option<&str>,
        scope: &Scope,
        credential: Option<&OciCredential>,
    ) -> Result<Option<HeaderValue>, Failure> {
        let refuse = |reason| {
            let to = crate::text::excerpt(realm.split('?').next().unwrap_or_default());
            Failure::never(ErrorKind::Redirect { to, reason })
        };
        let url = Url::parse(realm).map_err(|_| refuse("that is no URL of a token service"))?;
        if url.origin() != self.base.origin() && !self.may_leave(&url) {
            return Err(refuse("a token service is asked over https only"));
        }
        let scope = scope.text();
        let mut query = vec![("scope", scope.as_str())];
        query.extend(service.map(|service| ("service", service)));
        let request = match credential {
            Some(OciCredential::Identity(token)) => {
                query.extend([
                    ("grant_type", "refresh_token"),
                    ("client_id", CLIENT),
                    ("refresh_token", token),
                ]);
                let form = "application/x-www-form-urlencoded";
                self.wire
                    .http
                    .post(url.clone())
                    .header(CONTENT_TYPE, form)
                    .body(encoded(&query))
            }
            other => {
                let mut url = url.clone();
                url.query_pairs_mut().extend_pairs(&query);
                let request = self.wire.http.get(url);
                match other.and_then(OciCredential::basic) {
                    Some(header) => request.header(AUTHORIZATION, header),
                    None => request,
                }
            }
        };
        let limit = self.wire.timeouts.idle;
        let sent = request.header(ACCEPT_ENCODING, "identity").send();
        let response = timeout(limit, sent).await.map_err(|_| {
            let what = "the answer of the token service";
            Failure::never(ErrorKind::Timeout { what, limit })
        })?;
        let response = response.map_err(Failure::of)?;
        match response.status().as_u16() {
            200..300 => {}
            // Whoever is not known there, or may not do this, is told so by the registry.
            400..500 => return Ok(None),
            status => return Err(Failure::soon(ErrorKind::Status(status))),
        }
        let bytes = Body::new(response, MAX_ANSWER, &self.wire.timeouts)?
            .all()
            .await?;
        let malformed = |source: Box<dyn std::error::Error + Send + Sync>| {
            let what = "a token of the registry's token service";
            Failure::never(ErrorKind::Malformed { what, source })
        };
        let answer: Answer =
            serde_json::from_slice(&bytes).map_err(|_| malformed("it has no JSON".into()))?;
        let token = answer.token.or(answer.access_token).unwrap_or_default();
        let header = bearer(&token).filter(|_| !token.is_empty());
        header
            .map(Some)
            .ok_or_else(|| malformed("there is none in it".into()))
    }

    /// What there is to convince the registry with.
    async fn credential(&self, scope: &Scope) -> Result<Option<OciCredential>, Failure> {
        let (credentials, host) = (self.credentials.clone(), self.host.clone());
        let repository = scope.repository.clone();
        let found = tokio::task::spawn_blocking(move || credentials.find(&host, &repository)).await;
        let found = found.unwrap_or_else(|error| Err(error.into()));
        found.map_err(|source| Failure::never(ErrorKind::Credentials(source)))
    }
}

/// As a form is sent.
fn encoded(pairs: &[(&str, &str)]) -> String {
    // The base is only there to be taken away again.
    let url = Url::parse_with_params("http://localhost", pairs);
    let url = url.ok();
    url.and_then(|url| url.query().map(str::to_owned))
        .unwrap_or_default()
}

//! Who asks: with an API token as a Bearer token, or as the password of whatever user; or nobody, to
//! whom a token is given that stands for nobody.

use super::error::{Code, Failure};
use super::name::{Name, Owner};
use super::place::{Parameters, TOKENS};
use crate::access::{AccessError, Action, Class, Secret, Token};
use crate::api::caller::{client_address, guessed_too_often, too_often};
use crate::app::App;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use http::header::{AUTHORIZATION, HOST, HeaderName, USER_AGENT};
use http::request::Parts;
use http::{HeaderMap, Method};
use serde::Serialize;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tenon_registry_client::record::Time;

/// The token that stands for nobody, for clients that do not ask without one.
pub(super) const NOBODY: &str = "tnr_anonymous";

/// What the registry calls itself where tokens are asked for.
const SERVICE: &str = "tenon-registry";

/// What is said to whoever says nothing of themselves.
pub(super) const SAY_WHO: &str = "say who you are, or ask for a token as nobody";

/// For how long clients are told that a token can be used. It is the API token, so that they may ask
/// for it again as often as they like.
const SECONDS: u64 = 300;

const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// As clients write `user:token`; some leave the padding out.
const BASIC: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Who asks.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    /// What they may do, if they say who they are.
    pub(super) token: Option<Arc<Token>>,
    /// Whether they say that they are nobody.
    pub(super) is_nobody: bool,
}

/// What is answered to whoever asks for a token.
#[derive(Serialize)]
pub(super) struct Granted {
    token: String,
    access_token: String,
    expires_in: u64,
    issued_at: String,
}

/// Finds out who asks, and whether they ask too often.
pub(super) fn identify(app: &App, peer: SocketAddr, parts: &Parts) -> Result<Caller, Failure> {
    let client = client_address(app, peer.ip(), &parts.headers);
    let caller = authenticate(app, client, &parts.headers)?;
    let class = match (&caller.token, parts.method.is_safe()) {
        (Some(_), false) => Class::Write,
        (Some(_), true) => Class::AuthenticatedRead,
        (None, _) => Class::AnonymousRead,
    };
    let taken = app.rates().take(class, client);
    taken.map_err(|wait| Failure::from(too_often(wait)))?;
    Ok(caller)
}

impl Caller {
    /// Whether they may do something with what is in a repository.
    pub(super) fn may(&self, action: Action, name: &Name) -> bool {
        let Some(token) = &self.token else {
            return false;
        };
        match name.owner() {
            Owner::Package(package) => token.allows_package(action, &package),
            Owner::Namespace(namespace) => token.allows_namespace(action, &namespace),
            Owner::Nobody => token.allows_all(action),
        }
    }

    /// Refuses whoever says nothing of themselves and is going to need it for what comes next. Clients made of
    /// containerd, such as 1.6, look for all parts of an image, and push its manifest if they are there; asked for a
    /// token only then, they send the manifest again without its bytes, and wait.
    pub(super) fn must_be_ready(&self, parts: &Parts) -> Result<(), Failure> {
        let agent = parts.headers.get(USER_AGENT);
        let agent = agent.and_then(|agent| agent.to_str().ok());
        let forgets = |agent: &str| {
            let names = ["containerd/", "buildkit/"];
            names.iter().any(|name| agent.starts_with(name))
        };
        let says_nothing = self.token.is_none() && !self.is_nobody;
        match says_nothing && parts.method == Method::HEAD && agent.is_some_and(forgets) {
            true => Err(Failure::new(Code::Unauthorized, SAY_WHO)),
            false => Ok(()),
        }
    }

    /// Their token, with which they may push to a repository.
    pub(super) fn must_push(&self, name: &Name) -> Result<&Arc<Token>, Failure> {
        let Some(token) = &self.token else {
            let message = "to push or delete takes a token that may `publish`: log in with it as the password; if you did, it was not accepted";
            return Err(Failure::new(Code::Unauthorized, message));
        };
        match self.may(Action::Publish, name) {
            true => Ok(token),
            false => {
                let message =
                    format!("this takes a token that may `publish` to `{name}`; this one may not");
                Err(Failure::new(Code::Denied, message))
            }
        }
    }
}

fn authenticate(app: &App, client: IpAddr, headers: &HeaderMap) -> Result<Caller, Failure> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let nobody = |is_nobody| Caller {
        token: None,
        is_nobody,
    };
    let Some(value) = values.next() else {
        return Ok(nobody(false));
    };
    if values.next().is_some() {
        let message = "there are two `authorization` headers: send one";
        return Err(Failure::new(Code::Unsupported, message));
    }
    let text = value.to_str().ok().and_then(|text| text.split_once(' '));
    let secret = match text {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Some(token.to_owned()),
        Some((scheme, pair)) if scheme.eq_ignore_ascii_case("basic") => password(pair),
        _ => None,
    };
    match secret.as_deref() {
        Some(NOBODY) => Ok(nobody(true)),
        secret => {
            let token = check(app, client, secret)?;
            Ok(Caller {
                token: Some(token),
                is_nobody: false,
            })
        }
    }
}

/// The password of `user:password`, encoded.
pub(super) fn password(pair: &str) -> Option<String> {
    let pair = String::from_utf8(BASIC.decode(pair.trim()).ok()?).ok()?;
    Some(pair.split_once(':')?.1.to_owned())
}

/// The token that a text is. What is none counts against whoever sent it.
fn check(app: &App, client: IpAddr, secret: Option<&str>) -> Result<Arc<Token>, Failure> {
    // Who guessed too often is not even heard, lest a right guess be told from a wrong one.
    let heard = app.rates().look(Class::Failure, client);
    heard.map_err(|wait| Failure::from(guessed_too_often(wait)))?;
    let refused = |message: String| {
        // It may be the last that is heard.
        let _ = app.rates().take(Class::Failure, client);
        Failure::new(Code::Unauthorized, message)
    };
    let form = "send a token as `authorization: Bearer tnr_…`, or as the password of any user";
    let secret = secret.ok_or_else(|| refused(form.to_owned()))?;
    let secret: Secret = secret
        .parse()
        .map_err(|error: crate::access::SecretError| refused(error.to_string()))?;
    match app.access().authenticate(&secret) {
        Ok(token) => Ok(token),
        Err(error @ AccessError::Unknown) => Err(refused(error.to_string())),
        Err(error) => Err(error.into()),
    }
}

/// Gives out a token: the API token that is the password, or the one that stands for nobody. The
/// parameters are those of a query or, as OAuth has them, of a form, in which the password can be.
///
/// There is never a token to refresh it with, which may always be left out: `docker login` would keep that in
/// the place of the password, and `wkg`, among others, does not know what to do with it. Those that were kept
/// when there was one go on to be taken.
pub(super) fn grant(
    app: &App,
    peer: SocketAddr,
    parts: &Parts,
    parameters: &Parameters,
) -> Result<Granted, Failure> {
    let client = client_address(app, peer.ip(), &parts.headers);
    let taken = app.rates().take(Class::AnonymousRead, client);
    taken.map_err(|wait| Failure::from(too_often(wait)))?;
    // A URL is no place for a secret.
    let form = parameters
        .get("grant_type")
        .filter(|_| parts.method == Method::POST);
    let mut secret = match form {
        Some("password") => parameters.get("password").map(str::to_owned),
        Some("refresh_token") => parameters.get("refresh_token").map(str::to_owned),
        Some(_) => {
            let message = "`grant_type` is `password` or `refresh_token`";
            return Err(Failure::new(Code::Unsupported, message));
        }
        None => None,
    };
    if let Some(secret) = &secret {
        check(app, client, Some(secret))?;
    } else if authenticate(app, client, &parts.headers)?.token.is_some() {
        let text = parts.headers.get(AUTHORIZATION);
        let text = text.and_then(|text| text.to_str().ok()?.split_once(' '));
        secret = text.and_then(
            |(scheme, value)| match scheme.eq_ignore_ascii_case("basic") {
                true => password(value),
                false => Some(value.to_owned()),
            },
        );
    }
    let token = secret.unwrap_or_else(|| NOBODY.to_owned());
    let now = Time::from_seconds(crate::access::now()).unwrap_or(Time::EPOCH);
    Ok(Granted {
        access_token: token.clone(),
        token,
        expires_in: SECONDS,
        issued_at: now.to_string(),
    })
}

/// The header that says where a token is got from.
pub(super) fn challenge(app: &App, peer: SocketAddr, headers: &HeaderMap, scope: &str) -> String {
    let base = base(app, peer, headers);
    let mut challenge = format!("Bearer realm=\"{base}{TOKENS}\",service=\"{SERVICE}\"");
    if !scope.is_empty() {
        challenge.push_str(&format!(",scope=\"{scope}\""));
    }
    challenge
}

/// Where this registry is, as the client sees it.
fn base(app: &App, peer: SocketAddr, headers: &HeaderMap) -> String {
    let config = app.config();
    if let Some(url) = &config.public_url {
        return url.trim_end_matches('/').to_owned();
    }
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let trusted = config.is_trusted_proxy(peer.ip());
    let forwarded = text(FORWARDED_PROTO).filter(|_| trusted);
    let scheme = match (forwarded, &config.tls) {
        (Some("https"), _) | (None, Some(_)) => "https",
        _ => "http",
    };
    // What is not the name of a host would be another parameter of the challenge.
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]_".contains(&byte);
    let host = text(HOST).filter(|host| host.bytes().all(is_plain));
    let host = host.map_or_else(|| config.listen.to_string(), str::to_owned);
    format!("{scheme}://{host}")
}

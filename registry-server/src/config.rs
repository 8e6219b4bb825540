//! What an operator can set: in a file, in the environment, or on the command line, the later over
//! the earlier; nothing has to be set.

use crate::access::TokenScope;
use crate::log::{Cosigning, WitnessConfig};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;
use tenon_registry_client::name::PackageName;
use toml::{Table, Value};

/// What begins the name of each variable of the environment.
const PREFIX: &str = "TENON_REGISTRY_";

/// How a registry is run.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// What clients call it, to be shown: such as `https://registry.example`.
    pub public_url: Option<String>,
    /// The origin of the public log, instead of one made of its key. It cannot change later.
    pub origin: Option<String>,
    /// Whether there is a private log too, under `/private`.
    pub private: bool,
    /// Proxies whose `X-Forwarded-For` is believed: addresses, or networks such as `10.0.0.0/8`.
    pub trusted_proxies: Vec<Network>,
    /// Packages that take no version that breaks those who use the one before it on its track.
    pub refuse_breaking: Vec<TokenScope>,
    /// What is written to the standard error.
    pub log: LogConfig,
    /// Certificate and key, for HTTPS.
    pub tls: Option<Tls>,
    /// How much of everything.
    pub limits: Limits,
    /// How often.
    pub rates: Rates,
    /// How much in a day.
    pub quota: Quota,
    /// How everything is read again.
    pub scrub: Scrub,
    /// How what nothing names is removed.
    pub gc: Gc,
    /// How cosignatures are asked for.
    pub cosigning: Asking,
    /// Who cosigns checkpoints.
    pub witness: Vec<Witness>,
}

/// How everything is read again, to find damage: once a day, if that is enough time.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Scrub {
    /// How fast; 0 not to read anything.
    pub bytes_per_second: u64,
}

/// How content is removed that no release names.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Gc {
    /// Seconds from one time to the next, the first being the start; 0 not to remove anything.
    pub every_seconds: u64,
    /// Seconds that content stays after it was uploaded, at least.
    pub min_age_seconds: u64,
}

/// How cosignatures are asked for.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Asking {
    /// Seconds that a batch waits for all witnesses together.
    pub patience_seconds: u64,
    /// Seconds after which cosignatures are renewed: a quarter of the age that clients accept.
    pub renew_after_seconds: u64,
}

/// What is written to the standard error.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct LogConfig {
    /// From which level on.
    pub level: Level,
    /// How; on a terminal as text, else as JSON, unless it is said here.
    pub format: Option<Format>,
}

/// How important a line is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "they are what everyone calls them")]
pub enum Level {
    Error,
    Warn,
    #[default]
    Info,
    Debug,
    Trace,
}

/// How lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// For people.
    Text,
    /// One object in each line.
    Json,
}

/// Certificate and key, in PEM.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Tls {
    /// The file of the certificate and those it depends on.
    pub cert: PathBuf,
    /// The file of its key.
    pub key: PathBuf,
}

/// Who cosigns checkpoints.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Witness {
    /// Where it is asked.
    pub url: String,
    /// Its key.
    pub vkey: String,
}

/// How much of everything.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Limits {
    /// Connections at a time.
    pub connections: usize,
    /// Connections at a time from one address, or one IPv6 network of 64 bits.
    pub connections_per_address: u32,
    /// Bytes of a request's head.
    pub header_bytes: usize,
    /// Headers of a request.
    pub headers: usize,
    /// Bytes of a URL.
    pub url_bytes: usize,
    /// Seconds until a head is complete.
    pub header_seconds: u64,
    /// Seconds between requests, or without the client taking a byte.
    pub idle_seconds: u64,
    /// Seconds that a body may take before its speed counts.
    pub body_grace_seconds: u64,
    /// Bytes of a body in each second after that.
    pub body_bytes_per_second: u64,
    /// Bytes of content.
    pub content_bytes: u64,
    /// Entries of a page.
    pub page: u32,
    /// Bytes of the disk that stay free: with less, nothing is taken in. Up to 64 MiB of them more are
    /// kept in a file, for a start on a full disk.
    pub disk_reserve_bytes: u64,
    /// Requests at a time that read much or compute: proofs, searches.
    pub heavy_requests: usize,
    /// Seconds that requests have to end when the registry stops.
    pub stop_seconds: u64,
}

/// How often one client may do something.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Rates {
    /// Reads without a token.
    pub anonymous_reads: Rate,
    /// Reads with a token.
    pub authenticated_reads: Rate,
    /// Whatever changes something.
    pub writes: Rate,
    /// Tokens that are none.
    pub authentication_failures: Rate,
    /// For how many clients this is counted.
    pub clients: usize,
}

/// A rate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Rate {
    /// How many in a second, in the long run; 0 for as many as they like.
    pub per_second: f64,
    /// How many at once.
    pub burst: u32,
}

/// How much in a day, which begins at midnight UTC.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Quota {
    /// Namespaces that one token creates.
    pub namespaces_per_token: u64,
    /// Bytes that one token uploads.
    pub bytes_per_token: u64,
    /// Packages that begin in one namespace.
    pub packages_per_namespace: u64,
    /// Records of one namespace and its packages.
    pub records_per_namespace: u64,
    /// Bytes that are released in one namespace.
    pub bytes_per_namespace: u64,
}

/// Addresses that begin alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file is not TOML.
    #[error("the configuration `{}` is not TOML", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Where and why.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// There is nothing of this name to set.
    #[error("there is no setting `{key}`, which {place} sets{}", hint(nearest))]
    Unknown {
        /// The name.
        key: String,
        /// Who sets it.
        place: String,
        /// What may be meant.
        nearest: Option<String>,
    },
    /// A value cannot be what it is for.
    #[error("the settings cannot be used: {0}")]
    Value(String),
    /// A text is not what the setting takes.
    #[error("the setting `{key}` cannot be `{value}`: {reason}")]
    Text {
        /// The name.
        key: &'static str,
        /// The value.
        value: String,
        /// What is expected.
        reason: &'static str,
    },
    /// A number is out of bounds.
    #[error("the setting `{key}` cannot be {value}: {reason}")]
    Bounds {
        /// The name.
        key: &'static str,
        /// The value.
        value: u64,
        /// Why not.
        reason: &'static str,
    },
    /// A rate is none.
    #[error(
        "the setting `{key}.per-second` cannot be {value}: expected 0, or from {LEAST_RATE} on"
    )]
    Rate {
        /// The name.
        key: &'static str,
        /// The value.
        value: f64,
    },
    /// A witness cannot be asked.
    #[error("the witness `{url}` cannot be asked: {reason}")]
    Witness {
        /// Where it should be.
        url: String,
        /// Why not.
        reason: String,
    },
}

/// The lowest rate, of one in some days: what is less cannot be waited for.
const LEAST_RATE: f64 = 1e-6;

/// The longest time that can be set.
const MOST_SECONDS: u64 = 366 * 86_400;

fn hint(nearest: &Option<String>) -> String {
    match nearest {
        Some(nearest) => format!(": did you mean `{nearest}`?"),
        None => String::new(),
    }
}

impl Default for Asking {
    fn default() -> Self {
        let Cosigning {
            patience,
            renew_after,
            ..
        } = Cosigning::default();
        Asking {
            patience_seconds: patience.as_secs(),
            renew_after_seconds: renew_after.as_secs(),
        }
    }
}

impl Config {
    /// How checkpoints are cosigned.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Witness`].
    pub fn cosigning(&self) -> Result<Cosigning, ConfigError> {
        let witness = |Witness { url, vkey }: &Witness| {
            let wrong = |reason: String| ConfigError::Witness {
                url: url.clone(),
                reason,
            };
            Ok(WitnessConfig {
                url: url.parse().map_err(|error| wrong(format!("{error}")))?,
                vkey: vkey.parse().map_err(|error| wrong(format!("{error}")))?,
            })
        };
        Ok(Cosigning {
            witnesses: self.witness.iter().map(witness).collect::<Result<_, _>>()?,
            patience: Duration::from_secs(self.cosigning.patience_seconds),
            renew_after: Duration::from_secs(self.cosigning.renew_after_seconds),
        })
    }

    /// Puts a configuration together: the defaults, the file if there is one, variables of the
    /// environment such as `TENON_REGISTRY_LIMITS_CONNECTIONS`, and what the command line sets, by
    /// the names of the file such as `limits.connections`.
    ///
    /// # Errors
    ///
    /// [`ConfigError`].
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
        flags: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Config, ConfigError> {
        let known = settings();
        let mut table = defaults();
        if let Some(path) = file {
            let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
                path: path.to_owned(),
                source,
            })?;
            let own = text.parse().map_err(|source| ConfigError::Syntax {
                path: path.to_owned(),
                source: Box::new(source),
            })?;
            check_keys(&own, "", &known, &format!("`{}`", path.display()))?;
            merge(&mut table, own);
        }
        let by_variable: BTreeMap<String, &str> = known
            .keys()
            .map(|key| (variable(key), key.as_str()))
            .collect();
        for (name, text) in environment {
            // The directory is no setting: it is where settings are.
            if !name.starts_with(PREFIX)
                || name == "TENON_REGISTRY_DATA"
                || name == "TENON_REGISTRY_CONFIG"
            {
                continue;
            }
            let key = by_variable.get(&name).ok_or_else(|| ConfigError::Unknown {
                nearest: nearest(&name, by_variable.keys().map(String::as_str)),
                place: "the environment".to_owned(),
                key: name.clone(),
            })?;
            set(&mut table, key, value(&text, known.get(*key)));
        }
        for (key, text) in flags {
            if !known.contains_key(&key) {
                return Err(unknown(&key, &known, "the command line"));
            }
            set(&mut table, &key, value(&text, known.get(&key)));
        }
        let config: Config = Value::Table(table)
            .try_into()
            .map_err(|error: toml::de::Error| {
                let lines: Vec<String> = error.to_string().lines().map(str::to_owned).collect();
                ConfigError::Value(lines.join(" "))
            })?;
        config.check()?;
        Ok(config)
    }

    /// Whether an address is that of a proxy whose word counts.
    pub fn is_trusted_proxy(&self, address: IpAddr) -> bool {
        let contains = |network: &Network| network.contains(address);
        self.trusted_proxies.iter().any(contains)
    }

    /// Whether a package takes no version that breaks those who use the one before it.
    pub fn refuses_breaking(&self, package: &PackageName) -> bool {
        let has = |packages: &TokenScope| packages.has_package(package);
        self.refuse_breaking.iter().any(has)
    }

    fn check(&self) -> Result<(), ConfigError> {
        let text = |key, value: &Option<String>, reason| {
            let value = value.clone().unwrap_or_default();
            Err(ConfigError::Text { key, value, reason })
        };
        if self.public_url.as_deref().is_some_and(|url| !is_url(url)) {
            let reason = "expected a URL such as `https://registry.example`";
            return text("public-url", &self.public_url, reason);
        }
        let origin = self.origin.as_deref();
        if origin.is_some_and(|origin| origin.contains("://")) {
            let reason = "it is a name and no address: such as `registry.example/log`";
            return text("origin", &self.origin, reason);
        }
        let limits = &self.limits;
        let at_least_one = [
            ("limits.connections", limits.connections as u64),
            ("limits.header-seconds", limits.header_seconds),
            ("limits.idle-seconds", limits.idle_seconds),
            ("limits.body-bytes-per-second", limits.body_bytes_per_second),
            ("limits.heavy-requests", limits.heavy_requests as u64),
            ("limits.headers", limits.headers as u64),
            ("limits.page", limits.page.into()),
        ];
        if let Some((key, value)) = at_least_one.into_iter().find(|(_, value)| *value == 0) {
            let reason = "at least 1 is needed";
            return Err(ConfigError::Bounds { key, value, reason });
        }
        let rates = &self.rates;
        let rates = [
            ("rates.anonymous-reads", rates.anonymous_reads),
            ("rates.authenticated-reads", rates.authenticated_reads),
            ("rates.writes", rates.writes),
            (
                "rates.authentication-failures",
                rates.authentication_failures,
            ),
        ];
        let is_one = |rate: f64| rate == 0.0 || (LEAST_RATE..=f64::MAX).contains(&rate);
        if let Some((key, rate)) = rates.iter().find(|(_, rate)| !is_one(rate.per_second)) {
            return Err(ConfigError::Rate {
                key,
                value: rate.per_second,
            });
        }
        let seconds = [
            ("limits.header-seconds", limits.header_seconds),
            ("limits.idle-seconds", limits.idle_seconds),
            ("limits.body-grace-seconds", limits.body_grace_seconds),
            ("limits.stop-seconds", limits.stop_seconds),
            (
                "cosigning.patience-seconds",
                self.cosigning.patience_seconds,
            ),
            (
                "cosigning.renew-after-seconds",
                self.cosigning.renew_after_seconds,
            ),
        ];
        let too_long = seconds.into_iter().find(|(_, value)| *value > MOST_SECONDS);
        if let Some((key, value)) = too_long {
            let reason = "a year is the most";
            return Err(ConfigError::Bounds { key, value, reason });
        }
        let at_most = [
            (
                "limits.page",
                limits.page as u64,
                u64::from(tenon_registry_client::api::MAX_PAGE),
                "at most 1,000 are in a page",
            ),
            (
                "limits.header-bytes",
                limits.header_bytes as u64,
                64 << 10,
                "at most 64 KiB are read",
            ),
            (
                "limits.headers",
                limits.headers as u64,
                1000,
                "at most 1,000 are read",
            ),
        ];
        match at_most.into_iter().find(|(_, value, most, _)| value > most) {
            Some((key, value, _, reason)) => Err(ConfigError::Bounds { key, value, reason }),
            None => Ok(()),
        }
    }
}

impl Default for Config {
    fn default() -> Config {
        Config {
            listen: SocketAddr::from(([127, 0, 0, 1], 7180)),
            public_url: None,
            origin: None,
            private: false,
            trusted_proxies: vec![],
            refuse_breaking: vec![],
            log: LogConfig::default(),
            tls: None,
            limits: Limits::default(),
            rates: Rates::default(),
            quota: Quota::default(),
            scrub: Scrub::default(),
            gc: Gc::default(),
            cosigning: Asking::default(),
            witness: vec![],
        }
    }
}

impl Default for Scrub {
    fn default() -> Scrub {
        Scrub {
            bytes_per_second: 8 << 20,
        }
    }
}

impl Default for Gc {
    fn default() -> Gc {
        Gc {
            every_seconds: 24 * 60 * 60,
            min_age_seconds: 24 * 60 * 60,
        }
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connections: 1024,
            connections_per_address: 64,
            header_bytes: 16 << 10,
            headers: 100,
            url_bytes: 4 << 10,
            header_seconds: 10,
            idle_seconds: 60,
            body_grace_seconds: 5,
            body_bytes_per_second: 16 << 10,
            content_bytes: 64 << 20,
            page: 1000,
            disk_reserve_bytes: 256 << 20,
            heavy_requests: 64,
            stop_seconds: 30,
        }
    }
}

impl Default for Rates {
    fn default() -> Rates {
        let rate = |per_second, burst| Rate { per_second, burst };
        Rates {
            anonymous_reads: rate(200.0, 2_000),
            authenticated_reads: rate(1_000.0, 10_000),
            writes: rate(200.0, 5_000),
            authentication_failures: rate(0.2, 20),
            clients: 65_536,
        }
    }
}

impl Default for Quota {
    fn default() -> Quota {
        Quota {
            namespaces_per_token: 20,
            bytes_per_token: 10 << 30,
            packages_per_namespace: 1_000,
            records_per_namespace: 10_000,
            bytes_per_namespace: 10 << 30,
        }
    }
}

impl Network {
    /// Whether the address is in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let shift = 32_u32.saturating_sub(self.prefix.into());
                let bits = |address: std::net::Ipv4Addr| u64::from(address.to_bits()) >> shift;
                bits(network) == bits(address)
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let shift = 128_u32.saturating_sub(self.prefix.into());
                let bits = |address: std::net::Ipv6Addr| address.to_bits().checked_shr(shift);
                bits(network) == bits(address)
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Network, String> {
        let wrong = || format!("`{text}` is no address or network, such as `10.0.0.0/8`");
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(most), str::parse).map_err(|_| wrong())?;
        if prefix > most {
            return Err(wrong());
        }
        Ok(Network { address, prefix })
    }
}

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(text: String) -> Result<Network, String> {
        text.parse()
    }
}

impl From<Network> for String {
    fn from(network: Network) -> String {
        network.to_string()
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// Whether a text is the URL of something that is served.
fn is_url(text: &str) -> bool {
    let url: Result<http::Uri, _> = text.parse();
    url.is_ok_and(|url| {
        matches!(url.scheme_str(), Some("http" | "https"))
            && url.host().is_some_and(|host| !host.is_empty())
            && url.query().is_none()
    })
}

/// Everything that can be set, with a value of its type.
fn settings() -> BTreeMap<String, Value> {
    let text = || Value::String(String::new());
    let mut settings: BTreeMap<String, Value> =
        ["public-url", "origin", "log.format", "tls.cert", "tls.key"]
            .map(|key| (key.to_owned(), text()))
            .into();
    // What has no value by default is not in here, but above.
    flatten(defaults(), "", &mut settings);
    settings
}

fn defaults() -> Table {
    Table::try_from(Config::default()).unwrap_or_default()
}

/// Puts what is in the second table over what is in the first.
fn merge(table: &mut Table, over: Table) {
    for (key, value) in over {
        match (table.get_mut(&key), value) {
            (Some(Value::Table(table)), Value::Table(over)) => merge(table, over),
            (_, value) => {
                table.insert(key, value);
            }
        }
    }
}

fn flatten(table: Table, prefix: &str, into: &mut BTreeMap<String, Value>) {
    for (key, value) in table {
        let key = format!("{prefix}{key}");
        match value {
            Value::Table(table) => flatten(table, &format!("{key}."), into),
            value => {
                into.insert(key, value);
            }
        }
    }
}

fn check_keys(
    table: &Table,
    prefix: &str,
    known: &BTreeMap<String, Value>,
    place: &str,
) -> Result<(), ConfigError> {
    for (key, value) in table {
        let key = format!("{prefix}{key}");
        let inside = format!("{key}.");
        let is_group = known.keys().any(|known| known.starts_with(&inside));
        match value {
            Value::Table(table) if is_group => check_keys(table, &inside, known, place)?,
            _ if known.contains_key(&key) || is_group => {}
            _ => return Err(unknown(&key, known, place)),
        }
    }
    Ok(())
}

fn unknown(key: &str, known: &BTreeMap<String, Value>, place: &str) -> ConfigError {
    ConfigError::Unknown {
        nearest: nearest(key, known.keys().map(String::as_str)),
        place: place.to_owned(),
        key: key.to_owned(),
    }
}

fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    known
        .map(|known| (strsim::jaro_winkler(name, known), known))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known.to_owned())
}

fn variable(key: &str) -> String {
    format!(
        "{PREFIX}{}",
        key.to_ascii_uppercase().replace(['.', '-'], "_")
    )
}

/// A text as a value like another one; as text, where it cannot be, so that it is refused as a value.
fn value(text: &str, like: Option<&Value>) -> Value {
    let parsed = match like {
        Some(Value::Integer(_)) => text.parse().ok().map(Value::Integer),
        Some(Value::Float(_)) => text.parse().ok().map(Value::Float),
        Some(Value::Boolean(_)) => text.parse().ok().map(Value::Boolean),
        Some(Value::Array(_)) => {
            let parts = text
                .split(',')
                .map(str::trim)
                .filter(|part| !part.is_empty());
            Some(Value::Array(
                parts.map(|part| Value::String(part.to_owned())).collect(),
            ))
        }
        _ => None,
    };
    parsed.unwrap_or_else(|| Value::String(text.to_owned()))
}

fn set(table: &mut Table, key: &str, value: Value) {
    match key.split_once('.') {
        None => {
            table.insert(key.to_owned(), value);
        }
        Some((group, rest)) => {
            let group = table
                .entry(group)
                .or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(group) = group {
                set(group, rest, value);
            }
        }
    }
}

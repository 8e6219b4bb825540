//! What the configuration of wkg says of namespaces, where nothing of ours does.
//!
//! It names registries by their hosts, and knows no pins: so it can say which of our registries a namespace comes
//! from, or which OCI registry, of which no log is known. Of what else is in it, passwords are read when a registry asks;
//! what is not understood is not our business.

use crate::choice::Sought;
use crate::oci::OciHome;
use crate::stored::{self, Access};
use base64::Engine as _;
use etcetera::BaseStrategy;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use tenon_registry_client::name::{Namespace, PackageName};
use toml::{Table, Value};

/// The variable that names the file in place of the usual one, as wkg has it.
pub(crate) const VARIABLE: &str = "WKG_CONFIG_FILE";

/// What wkg's configuration says.
#[derive(Clone, Default)]
pub(crate) struct Wkg {
    /// The file, whether or not it is there.
    pub(crate) path: Option<PathBuf>,
    /// Where a namespace comes from.
    pub(crate) namespaces: BTreeMap<Namespace, Elsewhere>,
    /// Where a package comes from that does not come from where its namespace does.
    pub(crate) packages: BTreeMap<PackageName, Elsewhere>,
    /// Why the file could not be used, in a line.
    pub(crate) trouble: Option<String>,
}

/// A registry, as wkg names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Elsewhere {
    /// By its host, with a port if it has one.
    Host(String),
    /// By how it is reached: an OCI registry, and what comes before the namespace in the names of its repositories.
    Oci {
        /// The host, with a port if it has one.
        host: String,
        prefix: String,
    },
    /// By how it is reached, in a way that is not understood.
    Custom(String),
}

impl Wkg {
    /// Reads the file that wkg would read. Trouble with it is told by those who would have needed it.
    pub(crate) fn read() -> Wkg {
        let named = std::env::var_os(VARIABLE).filter(|path| !path.is_empty());
        let is_named = named.is_some();
        let Some(path) = named.map(PathBuf::from).or_else(usual_path) else {
            return Wkg::default();
        };
        let result = read(&path).and_then(|text| match text {
            Some(text) => parse(&text),
            None if is_named => Err(format!("there is no such file, but `{VARIABLE}` names it")),
            None => Ok(Wkg::default()),
        });
        let trouble = |why| Wkg {
            trouble: Some(why),
            ..Wkg::default()
        };
        Wkg {
            path: Some(path),
            ..result.unwrap_or_else(trouble)
        }
    }

    /// Where something comes from: a package as it is overridden, or else as its namespace is mapped.
    pub(crate) fn elsewhere(&self, sought: Sought<'_>) -> Option<&Elsewhere> {
        let package = sought.package();
        let overridden = package.and_then(|package| self.packages.get(package));
        overridden.or_else(|| self.namespaces.get(sought.namespace()))
    }
}

/// What a registry is called that is mapped in a way that is not understood.
const UNKNOWN: &str = "something that tenon does not understand";

impl Elsewhere {
    /// What it is called: a host, with a port if it has one.
    pub(crate) fn name(&self) -> &str {
        match self {
            Elsewhere::Host(name) | Elsewhere::Custom(name) => name,
            Elsewhere::Oci { host, .. } => host,
        }
    }

    /// Where the packages are, if it is an OCI registry, or may be one.
    pub(crate) fn home(&self) -> Option<OciHome> {
        match self {
            Elsewhere::Host(host) => host.parse().ok().map(OciHome::Asked),
            Elsewhere::Oci { host, prefix } => {
                let (host, prefix) = (host.parse().ok()?, prefix.clone());
                Some(OciHome::At { host, prefix })
            }
            Elsewhere::Custom(_) => None,
        }
    }

    fn of(value: &Value) -> Option<Elsewhere> {
        let table = match value {
            Value::String(host) => return Some(Elsewhere::Host(host.clone())),
            Value::Table(table) => table,
            _ => return None,
        };
        // Where it really is, if that is said; what is before it is a name for the rest.
        let metadata = table.get("metadata").and_then(Value::as_table);
        let said = |key: &str, former: &str| {
            let metadata = metadata?;
            let oci = metadata.get("oci").and_then(|oci| oci.get(key));
            metadata.get(former).or(oci).and_then(Value::as_str)
        };
        let registry = table.get("registry").and_then(Value::as_str);
        let host = said("registry", "ociRegistry").or(registry)?.to_owned();
        let protocol = metadata.and_then(|metadata| metadata.get("preferredProtocol"));
        if protocol.is_some_and(|protocol| protocol.as_str() != Some("oci")) {
            return Some(Elsewhere::Custom(host));
        }
        let prefix = said("namespacePrefix", "ociNamespacePrefix").unwrap_or_default();
        let prefix = prefix.to_owned();
        Some(Elsewhere::Oci { host, prefix })
    }
}

/// The name and password that wkg's configuration has for a registry. It is read again, so that they are in memory only
/// where a registry asks.
pub(crate) fn wkg_credential(host: &str) -> Result<Option<(String, String)>, String> {
    let Some(path) = path() else {
        return Ok(None);
    };
    let Some(text) = read(&path)? else {
        return Ok(None);
    };
    credential(&text, host)
        .map_err(|why| format!("wkg's configuration `{}`: {why}", path.display()))
}

fn credential(text: &str, host: &str) -> Result<Option<(String, String)>, String> {
    let file = table(text)?;
    let registry = file.get("registry").and_then(|all| all.get(host));
    let auth = registry.and_then(|it| it.get("oci")?.get("auth"));
    let wrong = || format!("what is kept for `{host}` is no name and password");
    match auth {
        None => Ok(None),
        Some(Value::String(encoded)) => {
            let engine = base64::engine::GeneralPurpose::new(
                &base64::alphabet::STANDARD,
                base64::engine::GeneralPurposeConfig::new()
                    .with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent),
            );
            let decoded = engine.decode(encoded.trim()).map_err(|_| wrong())?;
            let text = String::from_utf8(decoded).map_err(|_| wrong())?;
            let (user, password) = text.split_once(':').ok_or_else(wrong)?;
            Ok(Some((user.to_owned(), password.to_owned())))
        }
        Some(auth) => {
            let part = |key| auth.get(key).and_then(Value::as_str).map(str::to_owned);
            let both = part("username").zip(part("password"));
            both.map(Some).ok_or_else(wrong)
        }
    }
}

/// The file that wkg would read.
fn path() -> Option<PathBuf> {
    let named = std::env::var_os(VARIABLE).filter(|path| !path.is_empty());
    named.map(PathBuf::from).or_else(usual_path)
}

fn usual_path() -> Option<PathBuf> {
    let base = etcetera::choose_base_strategy().ok()?;
    Some(base.config_dir().join("wasm-pkg").join("config.toml"))
}

fn read(path: &Path) -> Result<Option<String>, String> {
    let text = stored::read_plain(path, Access::Shared);
    let text = text.map_err(|failure| failure.summary())?;
    Ok(text.map(|text| text.to_string()))
}

fn parse(text: &str) -> Result<Wkg, String> {
    let file = table(text)?;
    Ok(Wkg {
        namespaces: mapped(&file, "namespace_registries"),
        packages: mapped(&file, "package_registry_overrides"),
        ..Wkg::default()
    })
}

/// What a table maps that has names that can be had here.
fn mapped<N: FromStr + Ord>(file: &Table, key: &str) -> BTreeMap<N, Elsewhere> {
    let mapped = file.get(key).and_then(Value::as_table);
    let mapped = mapped.into_iter().flatten();
    mapped
        .filter_map(|(name, value)| {
            // What is mapped in a way that is not understood is elsewhere all the same, and must not be asked for here.
            let elsewhere = Elsewhere::of(value);
            let elsewhere = elsewhere.unwrap_or_else(|| Elsewhere::Custom(UNKNOWN.to_owned()));
            Some((name.parse().ok()?, elsewhere))
        })
        .collect()
}

fn table(text: &str) -> Result<Table, String> {
    // The library's own message would show a line, and there may be passwords in this file.
    toml::from_str(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start));
        let line = before.map_or(1, |before| before.matches('\n').count() + 1);
        format!("line {line} is not as TOML has it")
    })
}

#[cfg(test)]
#[path = "../../../registry-client/tests/parsers/change.rs"]
#[expect(clippy::indexing_slicing, reason = "a test may stop where it fails")]
mod change;

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop where it fails")]
mod tests {
    use super::*;

    /// What is changed in many ways.
    const SEEDS: [&str; 6] = [
        "[namespace_registries]\nacme = \"registry.example:8443\"\nbare = { registry = \"b.example\", metadata = {} }\n",
        "[namespace_registries]\nwasi = { registry = \"localhost\", metadata = { preferredProtocol = \"oci\", oci = { registry = \"ghcr.io\", namespacePrefix = \"webassembly/\" } } }\n",
        "[namespace_registries.old]\nregistry = \"old.example\"\nmetadata = { ociRegistry = \"docker.example\", ociNamespacePrefix = \"a/\" }\n",
        "[registry.\"a.example\".oci]\nauth = { username = \"open\", password = \"sesame\" }\n",
        "[registry.\"a.example\".oci]\nauth = \"b3BlbjpzZXNhbWU\"\n",
        "[package_registry_overrides]\n\"acme:http\" = \"registry.example\"\n",
    ];

    #[test]
    fn whatever_is_in_the_file_nothing_of_it_is_in_an_error() {
        let seeds: Vec<Vec<u8>> = SEEDS.iter().map(|seed| seed.as_bytes().to_vec()).collect();
        let mut random = change::Random::new("wkg-config");
        let mut deep: Vec<String> = ["[", "{ a = ", "a.", "[[", "\"\"\""]
            .iter()
            .map(|open| format!("a = {}", open.repeat(200_000)))
            .collect();
        deep.push(format!("{}a = 1", "a.".repeat(200_000)));
        deep.push(format!("[{}a]", "a.".repeat(200_000)));
        let changes = (0..10_000).map(|_| change::change(&seeds, &mut random));
        let changes = changes.filter_map(|bytes| String::from_utf8(bytes).ok());
        for text in changes.chain(deep) {
            match parse(&text) {
                Ok(wkg) => {
                    for elsewhere in wkg.namespaces.values().chain(wkg.packages.values()) {
                        let _ = (elsewhere.name(), elsewhere.home());
                    }
                }
                Err(error) => assert!(error.ends_with(" is not as TOML has it"), "{error}"),
            }
            if let Err(error) = credential(&text, "a.example") {
                let is_told = error.contains("a.example") || error.starts_with("line ");
                assert!(is_told && !error.contains("sesame"), "{error}");
            }
        }
    }

    #[test]
    fn every_way_to_map_a_namespace_is_understood() {
        let text = r#"
            default_registry = "example.com"
            later = [1, 2]
            [namespace_registries]
            acme = "registry.example:8443"
            wasi = { registry = "localhost", metadata = { preferredProtocol = "oci", oci = { registry = "ghcr.io", namespacePrefix = "webassembly/" } } }
            old = { registry = "old.example", metadata = { ociRegistry = "docker.example" } }
            local = { registry = "local", metadata = { preferredProtocol = "local" } }
            bare = { registry = "bare.example", metadata = {} }
            UPPER = "is-no-namespace.example"
            wrong = 5
            strange = { other = "x" }
            [namespace_registries.table]
            registry = "table.example"
            [package_registry_overrides]
            "acme:http" = "example.com"
            "acme:kv" = { registry = "kv.example", metadata = { preferredProtocol = "oci", oci = { namespacePrefix = "a/" } } }
            "no package" = "example.com"
            "acme:strange" = []
            [registry."localhost".oci]
            auth = { username = "open", password = "sesame" }
        "#;
        let custom = |name: &str| Elsewhere::Custom(name.to_owned());
        let oci = |host: &str, prefix: &str| Elsewhere::Oci {
            host: host.to_owned(),
            prefix: prefix.to_owned(),
        };
        let expected = [
            ("acme", Elsewhere::Host("registry.example:8443".to_owned())),
            ("bare", oci("bare.example", "")),
            ("local", custom("local")),
            ("old", oci("docker.example", "")),
            ("strange", custom(UNKNOWN)),
            ("table", oci("table.example", "")),
            ("wasi", oci("ghcr.io", "webassembly/")),
            ("wrong", custom(UNKNOWN)),
        ];
        let expected = expected.map(|(namespace, to)| (namespace.parse().unwrap(), to));
        let read = parse(text).unwrap();
        assert_eq!(read.namespaces, BTreeMap::from(expected));
        let expected = [
            ("acme:http", Elsewhere::Host("example.com".to_owned())),
            ("acme:kv", oci("kv.example", "a/")),
            ("acme:strange", custom(UNKNOWN)),
        ];
        let expected = expected.map(|(package, to)| (package.parse().unwrap(), to));
        assert_eq!(read.packages, BTreeMap::from(expected));
        let package: PackageName = "acme:http".parse().unwrap();
        for (sought, expected) in [
            (Sought::from(&package), "example.com"),
            (Sought::from(package.namespace()), "registry.example:8443"),
        ] {
            assert_eq!(read.elsewhere(sought).unwrap().name(), expected);
        }
        for empty in ["", "namespace_registries = 1", "[namespace_registries]"] {
            let read = parse(empty).unwrap();
            assert!(
                read.namespaces.is_empty() && read.packages.is_empty(),
                "{empty}"
            );
        }
    }

    #[test]
    fn a_password_is_read_for_its_registry_only() {
        let text = r#"
            [registry."a.example".oci]
            auth = { username = "open", password = "sesame" }
            [registry."b.example:5000".oci]
            auth = "cGluZzpwb25n"
            [registry."c.example"]
            type = "oci"
            [registry."d.example".oci]
            auth = "hunter2"
        "#;
        let find = |host| credential(text, host);
        let pair = |user: &str, password: &str| Ok(Some((user.to_owned(), password.to_owned())));
        assert_eq!(find("a.example"), pair("open", "sesame"));
        assert_eq!(find("b.example:5000"), pair("ping", "pong"));
        assert_eq!(find("b.example"), Ok(None));
        assert_eq!(find("c.example"), Ok(None));
        let error = find("d.example").unwrap_err();
        assert!(!error.contains("hunter2"), "{error}");
    }

    #[test]
    fn what_is_no_toml_is_told_without_what_is_in_it() {
        let text = "[registry.\"a.example\".oci]\nauth = { password = \"sesame\n";
        assert_eq!(parse(text).err().unwrap(), "line 2 is not as TOML has it");
    }
}

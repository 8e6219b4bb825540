//! What the configuration of wkg says of namespaces, where nothing of ours does.
//!
//! It names registries by their hosts, and knows no pins: so it can say which of our registries a namespace comes
//! from, or that it comes from none of them. What else is in it, and what is not understood of it, is not our
//! business.

use crate::stored::{self, Access};
use etcetera::BaseStrategy;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tenon_registry_client::name::Namespace;
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
    /// Why the file could not be used, in a line.
    pub(crate) trouble: Option<String>,
}

/// A registry, as wkg names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Elsewhere {
    /// By its host, with a port if it has one.
    Host(String),
    /// By how it is reached: something that is no registry of ours.
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
            None => Ok(BTreeMap::new()),
        });
        let (namespaces, trouble) = match result {
            Ok(namespaces) => (namespaces, None),
            Err(why) => (BTreeMap::new(), Some(why)),
        };
        Wkg {
            path: Some(path),
            namespaces,
            trouble,
        }
    }
}

/// What a registry is called that is mapped in a way that is not understood.
const UNKNOWN: &str = "something that tenon does not understand";

impl Elsewhere {
    /// What it is called: a host, with a port if it has one.
    pub(crate) fn name(&self) -> &str {
        match self {
            Elsewhere::Host(name) | Elsewhere::Custom(name) => name,
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
        let oci = metadata.and_then(|metadata| {
            let oci = metadata.get("oci").and_then(|oci| oci.get("registry"));
            oci.or_else(|| metadata.get("ociRegistry"))
        });
        let name = oci.or_else(|| table.get("registry"))?.as_str()?;
        Some(Elsewhere::Custom(name.to_owned()))
    }
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

fn parse(text: &str) -> Result<BTreeMap<Namespace, Elsewhere>, String> {
    // The library's own message would show a line, and there may be passwords in this file.
    let file: Table = toml::from_str(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start));
        let line = before.map_or(1, |before| before.matches('\n').count() + 1);
        format!("line {line} is not as TOML has it")
    })?;
    let mapped = file.get("namespace_registries").and_then(Value::as_table);
    let mapped = mapped.into_iter().flatten();
    Ok(mapped
        .filter_map(|(namespace, value)| {
            // What is mapped in a way that is not understood is elsewhere all the same, and must not be asked for here.
            let elsewhere = Elsewhere::of(value);
            let elsewhere = elsewhere.unwrap_or_else(|| Elsewhere::Custom(UNKNOWN.to_owned()));
            Some((namespace.parse().ok()?, elsewhere))
        })
        .collect())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop where it fails")]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_map_a_namespace_is_understood() {
        let text = r#"
            default_registry = "example.com"
            later = [1, 2]
            [namespace_registries]
            acme = "registry.example:8443"
            wasi = { registry = "localhost", metadata = { preferredProtocol = "oci", oci = { registry = "ghcr.io", namespacePrefix = "webassembly/" } } }
            old = { registry = "old.example", metadata = { ociRegistry = "docker.example" } }
            bare = { registry = "bare.example", metadata = {} }
            UPPER = "is-no-namespace.example"
            wrong = 5
            strange = { other = "x" }
            [namespace_registries.table]
            registry = "table.example"
            [package_registry_overrides]
            "acme:http" = "example.com"
            [registry."localhost".oci]
            auth = { username = "open", password = "sesame" }
        "#;
        let custom = |name: &str| Elsewhere::Custom(name.to_owned());
        let expected = [
            ("acme", Elsewhere::Host("registry.example:8443".to_owned())),
            ("bare", custom("bare.example")),
            ("old", custom("docker.example")),
            ("strange", custom(UNKNOWN)),
            ("table", custom("table.example")),
            ("wasi", custom("ghcr.io")),
            ("wrong", custom(UNKNOWN)),
        ];
        let expected = expected.map(|(namespace, to)| (namespace.parse().unwrap(), to));
        assert_eq!(parse(text).unwrap(), BTreeMap::from(expected));
        for empty in ["", "namespace_registries = 1", "[namespace_registries]"] {
            assert_eq!(parse(empty).unwrap(), BTreeMap::new(), "{empty}");
        }
    }

    #[test]
    fn what_is_no_toml_is_told_without_what_is_in_it() {
        let text = "[registry.\"a.example\".oci]\nauth = { password = \"sesame\n";
        assert_eq!(parse(text).unwrap_err(), "line 2 is not as TOML has it");
    }
}

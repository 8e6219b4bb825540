//! What one file says: the user's `config.toml`, or those tables of a project's `tenon.toml` that are the same.
//!
//! It is read as data, and changed as text: comments, and keys that are not known here, stay.

use super::{Layer, manifest};
use crate::error::Failure;
use crate::oci::OciHome;
use crate::places::Place;
use crate::stored::{self, Access};
use crate::ui;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use tenon_registry_client::http::oci::{Reference, ReferenceError};
use tenon_registry_client::http::{BaseUrl, BaseUrlError};
use tenon_registry_client::log::Policy;
use tenon_registry_client::name::{NameError, Namespace};
use tenon_registry_client::state::Pin;
use tenon_registry_client::store::StateDir;
use tenon_registry_client::verify::Rules;
use toml_edit::{DocumentMut, Item, Table, TableLike};

/// What one file says.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) layer: Layer,
    /// Where the file is, whether or not it is there.
    pub(crate) path: PathBuf,
    pub(crate) registries: BTreeMap<RegistryName, Registry>,
    /// Where a namespace comes from. A project may name a registry that only its users know.
    pub(crate) namespaces: BTreeMap<Namespace, RegistryName>,
    /// Where a namespace comes from that comes from a registry without a log.
    pub(crate) unlogged: BTreeMap<Namespace, OciHome>,
    /// Where every other namespace comes from.
    pub(crate) default: Option<RegistryName>,
}

/// What a registry is called: a name as namespaces have it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct RegistryName(String);

/// A registry that is known.
#[derive(Clone, Debug)]
pub(crate) struct Registry {
    /// Whose registry it is.
    pub(crate) layer: Layer,
    pub(crate) url: BaseUrl,
    pub(crate) pin: Pin,
    /// What is asked of its checkpoints.
    pub(crate) rules: Rules,
    /// Who asks for the witnesses and auditors, if anyone does.
    pub(crate) policy_by: Option<Layer>,
    /// Who says how old a checkpoint may be; the default holds if nobody does.
    pub(crate) max_age_by: Option<Layer>,
}

/// The file as it is written.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Written {
    registries: BTreeMap<RegistryName, WrittenRegistry>,
    namespaces: BTreeMap<String, String>,
    default_registry: Option<RegistryName>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct WrittenRegistry {
    url: String,
    pin: String,
    /// The text of a policy.
    policy: Option<String>,
    #[serde(default)]
    auditors: Vec<String>,
    /// A duration such as `24h`.
    max_age: Option<String>,
}

impl Settings {
    /// Reads the file of the user. One that is not there says nothing.
    pub(crate) fn of_user() -> Result<Settings, Failure> {
        let path = Settings::user_path()?;
        let text = stored::read(&path, Access::Shared)?;
        Settings::parse(
            Layer::User,
            path,
            text.as_deref().map_or("", String::as_str),
        )
    }

    /// Reads the manifest of a project, which is there in some way.
    pub(super) fn of_project(path: &Path) -> Result<Settings, Failure> {
        let text = stored::read_plain(path, Access::Shared)?;
        let text = text.ok_or_else(|| {
            let message = format!("`{}` is a link to nothing", path.display());
            Failure::configuration("config::invalid", message).help(format!(
                "restore what it points to, or remove it if this is no project: a `{}` is never passed over",
                manifest::NAME
            ))
        })?;
        Settings::parse(Layer::Project, path.to_owned(), &text)
    }

    /// Changes the file of the user, while no other process does. What `edit` leaves behind must be a
    /// configuration.
    pub(crate) fn change<T>(
        edit: impl FnOnce(&Settings, &mut DocumentMut) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let path = Settings::user_path()?;
        stored::change(&path, Access::Shared, |text| {
            let settings = Settings::parse(Layer::User, path.clone(), text)?;
            let mut document: DocumentMut = text
                .parse()
                .map_err(|error: toml_edit::TomlError| invalid(&path, error.message()))?;
            let result = edit(&settings, &mut document)?;
            let text = document.to_string();
            Settings::parse(Layer::User, path.clone(), &text)?;
            Ok((text, result))
        })
    }

    fn user_path() -> Result<PathBuf, Failure> {
        Ok(Place::Config.folder()?.join("config.toml"))
    }

    fn parse(layer: Layer, path: PathBuf, text: &str) -> Result<Settings, Failure> {
        let written: Written =
            toml::from_str(text).map_err(|error| invalid(&path, &error.to_string()))?;
        let mut registries = BTreeMap::new();
        for (name, registry) in written.registries {
            let registry = registry
                .understand(layer)
                .map_err(|why| invalid(&path, &format!("in `[registries.{name}]`: {why}")))?;
            registries.insert(name, registry);
        }
        // A project may leave it to its users where a registry is; nobody can leave it to a project.
        let is_known =
            |name: &RegistryName| layer == Layer::Project || registries.contains_key(name);
        let known = |name: RegistryName, what: &str| match is_known(&name) {
            true => Ok(name),
            false => Err(invalid(
                &path,
                &format!("{what} is `{name}`, but there is no `[registries.{name}]`"),
            )),
        };
        let (mut namespaces, mut unlogged) = (BTreeMap::new(), BTreeMap::new());
        for (namespace, registry) in written.namespaces {
            let namespace: Namespace = namespace.parse().map_err(|error: NameError| {
                invalid(&path, &format!("in `[namespaces]`: {error}"))
            })?;
            if registry.starts_with(Reference::SCHEME) {
                let home = registry.parse().map_err(|error: ReferenceError| {
                    invalid(
                        &path,
                        &format!("in `[namespaces]`, of `{namespace}`: {error}"),
                    )
                })?;
                unlogged.insert(namespace, home);
                continue;
            }
            let registry: RegistryName = registry.parse().map_err(|error: NameError| {
                invalid(
                    &path,
                    &format!(
                        "in `[namespaces]`, of `{namespace}`: {error}{}",
                        meant(&registry)
                    ),
                )
            })?;
            let what = format!("the registry of the namespace `{namespace}`");
            namespaces.insert(namespace, known(registry, &what)?);
        }
        let default = written
            .default_registry
            .map(|name| known(name, "`default-registry`"))
            .transpose()?;
        Ok(Settings {
            layer,
            path,
            registries,
            namespaces,
            unlogged,
            default,
        })
    }

    /// Whether it says where a namespace comes from.
    pub(super) fn maps(&self, namespace: &Namespace) -> bool {
        self.namespaces.contains_key(namespace) || self.unlogged.contains_key(namespace)
    }

    /// The registry of this name, or at this address.
    pub(crate) fn find(&self, text: &str) -> Result<(&RegistryName, &Registry), Failure> {
        find(&self.registries.iter().collect(), text)
    }
}

/// The one among these registries that has this name, or is at this address.
pub(super) fn find<'r>(
    registries: &BTreeMap<&'r RegistryName, &'r Registry>,
    text: &str,
) -> Result<(&'r RegistryName, &'r Registry), Failure> {
    let url = text.parse::<BaseUrl>().ok();
    let mut all = registries.iter();
    if let Some((name, registry)) =
        all.find(|(name, registry)| name.0 == text || Some(&registry.url) == url.as_ref())
    {
        return Ok((name, registry));
    }
    let failure = Failure::configuration(
        "registry::unknown",
        format!("there is no registry `{}`", ui::clean_line(text)),
    );
    let names = registries.keys().map(|name| name.0.as_str());
    let nearest = names
        .map(|name| (strsim::levenshtein(name, text), name))
        .filter(|(distance, _)| *distance <= 2)
        .min();
    Err(match nearest {
        Some((_, nearest)) => failure.help(format!("did you mean `{nearest}`?")),
        None if registries.is_empty() => {
            failure.help("make it known with `tenon registry add NAME URL PIN`")
        }
        None => failure.help("`tenon registry list` says which there are"),
    })
}

impl Registry {
    /// The directory with what was verified of this registry's log: a log has one, whatever the
    /// registry is called and wherever it is.
    pub(crate) fn state(&self) -> Result<StateDir, Failure> {
        Ok(StateDir::new(Place::State.folder()?, &self.pin))
    }

    /// Asks of a project's registry what the user asks of the same log, or more: the witnesses of the user if the
    /// user asks for any, and checkpoints that are no older than the user has them.
    ///
    /// `known` are the registries of the user. Where one of them is at the same address, it is the one that is meant.
    pub(super) fn hold_to<'r>(&mut self, known: impl Iterator<Item = &'r Registry>) {
        let mut same: Vec<_> = known.filter(|known| known.pin == self.pin).collect();
        if same.iter().any(|known| known.url == self.url) {
            same.retain(|known| known.url == self.url);
        }
        let mut witnessed = same.iter();
        if let Some(known) = witnessed.find(|known| !known.rules.witnesses.is_none()) {
            self.rules.witnesses = known.rules.witnesses.clone();
            self.rules.auditors = known.rules.auditors.clone();
            self.policy_by = known.policy_by;
        }
        let age = |registry: &Registry| registry.rules.max_age.unwrap_or(u64::MAX);
        for known in same {
            if age(known) < age(self) {
                self.rules.max_age = known.rules.max_age;
                self.max_age_by = known.max_age_by;
            }
        }
    }
}

impl WrittenRegistry {
    fn understand(self, layer: Layer) -> Result<Registry, String> {
        let url = self.url.parse();
        let url = url.map_err(|error: BaseUrlError| error.to_string())?;
        let pin: Pin = self.pin.parse().map_err(|error| chain(&error))?;
        let mut rules = Rules::default();
        if let Some(policy) = &self.policy {
            rules.witnesses = policy_for(&pin, policy)?;
        }
        let unknown = |auditor: &&String| {
            let mut witnesses = rules.witnesses.witnesses().iter();
            !witnesses.any(|witness| witness.name() == auditor.as_str())
        };
        if let Some(auditor) = self.auditors.iter().find(unknown) {
            let auditor = ui::clean_line(auditor);
            return Err(format!(
                "the auditor `{auditor}` is no witness of the policy"
            ));
        }
        rules.auditors = self.auditors;
        if let Some(age) = &self.max_age {
            let age = humantime::parse_duration(age)
                .map_err(|error| format!("`max-age` is not a duration such as `24h`: {error}"))?;
            rules.max_age = Some(age.as_secs());
        }
        Ok(Registry {
            layer,
            url,
            pin,
            rules,
            policy_by: self.policy.map(|_| layer),
            max_age_by: self.max_age.map(|_| layer),
        })
    }
}

/// Reads a policy that may be used for the log of `pin`.
pub(crate) fn policy_for(pin: &Pin, text: &str) -> Result<Policy, String> {
    let policy = Policy::parse(text.as_bytes()).map_err(|error| chain(&error))?;
    match policy.log_of_another_origin(pin.origin()) {
        None => Ok(policy),
        Some(log) => Err(format!(
            "the policy lists the log `{}`, but the pin is of `{}`",
            ui::clean_line(log.vkey.name().as_str()),
            pin.origin()
        )),
    }
}

/// The table at `key`, which is made if there is none.
pub(crate) fn table<'d>(
    parent: &'d mut dyn TableLike,
    key: &str,
) -> Result<&'d mut dyn TableLike, Failure> {
    let mut fresh = Table::new();
    fresh.set_implicit(true);
    parent
        .entry(key)
        .or_insert(Item::Table(fresh))
        .as_table_like_mut()
        .ok_or_else(|| {
            let message = format!("`{key}` in the configuration is not a table");
            Failure::configuration("config::invalid", message).help("correct it, and try again")
        })
}

/// An error and its causes in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let causes: Vec<_> = causes.map(ToString::to_string).collect();
    causes.join(": ")
}

/// What to write in place of an address.
fn meant(registry: &str) -> String {
    let schemes = ["http://", "https://"];
    let host = schemes
        .iter()
        .find_map(|scheme| registry.strip_prefix(scheme));
    host.map_or_else(String::new, |host| {
        format!(
            "; a registry that speaks OCI is named as `{}{}`",
            Reference::SCHEME,
            ui::clean_line(host.trim_end_matches('/'))
        )
    })
}

fn invalid(path: &Path, why: &str) -> Failure {
    let message = format!("`{}` is not a configuration", path.display());
    Failure::configuration("config::invalid", message)
        .cause(why.trim_end())
        .help("correct the file where it is wrong; nothing was changed")
}

impl FromStr for RegistryName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let name: Namespace = text.parse()?;
        Ok(RegistryName(name.to_string()))
    }
}

impl TryFrom<String> for RegistryName {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<RegistryName> for String {
    fn from(name: RegistryName) -> Self {
        name.0
    }
}

impl fmt::Display for RegistryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop where it fails")]
mod tests {
    use super::*;

    const PIN: &str = "registry.example/log+b46fa9f3+AZJ6/F7fWR00lAB2mSKdlyzbZ4mwkVW9LI5hFrPIqQ/j#e0b3e9d6c605157bd937ac54f8f271f2fedcbda6e6b8e7551e8c6fc3cf28de23";
    const POLICY: &str =
        "witness w0 w.example/0+3315a576+BD+eXw8e37NC3e6AZmyjapN9NGxeG7sBcmpuvHb3Wre/\nquorum w0\n";

    fn parse(text: &str) -> Result<Settings, String> {
        parse_as(Layer::User, text)
    }

    fn parse_as(layer: Layer, text: &str) -> Result<Settings, String> {
        Settings::parse(layer, PathBuf::from("config.toml"), text)
            .map_err(|failure| failure.causes.join("; "))
    }

    fn with(more: &str) -> String {
        format!("[registries.corp]\nurl = \"https://a.example/\"\npin = \"{PIN}\"\n{more}\n")
    }

    #[test]
    fn everything_it_can_say_is_understood() {
        let rules =
            format!("policy = '''\n{POLICY}'''\nauditors = ['w0']\nmax-age = '90m'\nlater = [1]");
        let text = format!(
            "default-registry = \"corp\"\nlater = 1\n{}[namespaces]\nacme = \"corp\"\n",
            with(&rules)
        );
        let config = parse(&text).unwrap();
        let (name, registry) = config.find("corp").unwrap();
        assert_eq!(registry.url.to_string(), "https://a.example");
        assert_eq!(registry.pin.to_string(), PIN);
        assert_eq!(registry.rules.max_age, Some(5400));
        assert_eq!(
            registry.rules.witnesses,
            Policy::parse(POLICY.as_bytes()).unwrap()
        );
        assert_eq!(registry.rules.auditors, ["w0"]);
        assert_eq!(config.default.as_ref(), Some(name));
        assert_eq!(config.namespaces.values().collect::<Vec<_>>(), [name]);
        assert_eq!(config.find("https://A.example").unwrap().0, name);
        assert!(parse("").unwrap().registries.is_empty());
        let plain = parse(&with("")).unwrap();
        assert_eq!(plain.find("corp").unwrap().1.rules, Rules::default());
    }

    #[test]
    fn what_is_wrong_is_named() {
        let wrong_pin = with("").replace("#e0b3", "#E0b3");
        let other_quorum = POLICY.replace("quorum w0", "quorum w9");
        let log = PIN.split('#').next().unwrap_or_default();
        let other_log = format!("log {log}\nquorum none\n").replace("b46fa9f3", "00000000");
        for (text, why) in [
            (
                "default-registry = \"corp\"",
                "there is no `[registries.corp]`",
            ),
            (
                "[namespaces]\nacme = \"corp\"",
                "there is no `[registries.corp]`",
            ),
            ("[namespaces]\nACME = \"corp\"", "`ACME` is not a name"),
            ("[registries.corp]", "missing field `url`"),
            ("[registries.Corp]", "`Corp` is not a name"),
            ("registries = 1", "invalid type"),
            ("[registries", "line 1"),
            (
                &with("").replace("https:", "http:"),
                "plain `http` is for this machine only",
            ),
            (&wrong_pin, "is not a pin"),
            (&with("max-age = \"soon\""), "`max-age` is not a duration"),
            (
                &with("auditors = [\"w1\"]"),
                "`w1` is no witness of the policy",
            ),
            (&with("policy = \"x\\n\""), "line 1 of the policy"),
            (
                &with(&format!("policy = '''\n{other_quorum}'''")),
                "line 2 of the policy",
            ),
            (
                &with(&format!("policy = '''\n{other_log}'''")),
                "line 1 of the policy",
            ),
        ] {
            let error = parse(text).err().unwrap();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn a_project_may_leave_it_to_its_users_where_a_registry_is() {
        let text =
            "default-registry = \"corp\"\n[namespaces]\nacme = \"corp\"\n[package]\nname = 1";
        let settings = parse_as(Layer::Project, text).unwrap();
        assert_eq!(settings.default.unwrap().to_string(), "corp");
        assert_eq!(settings.namespaces.len(), 1);
    }

    /// The registry of a project with these lines, held to the user's with those.
    fn held(project: &str, user: &str) -> Registry {
        let user = parse(user).unwrap();
        let project = parse_as(Layer::Project, &with(project)).unwrap();
        let mut registry = project.registries.into_values().next().unwrap();
        registry.hold_to(user.registries.values());
        registry
    }

    #[test]
    fn what_the_user_asks_of_a_log_outweighs_a_project() {
        let policy = format!("policy = '''\n{POLICY}'''\nauditors = ['w0']\n");
        let other = POLICY.replace("w0", "w1");
        let weaker = format!("policy = '''\n{other}'''\nmax-age = '99days'\n");
        let is_users = |registry: &Registry| {
            registry.rules.witnesses == Policy::parse(POLICY.as_bytes()).unwrap()
                && registry.rules.auditors == ["w0"]
                && registry.policy_by == Some(Layer::User)
        };
        // Nothing, or something else, in place of the user's.
        for project in ["", &weaker, "policy = \"quorum none\\n\""] {
            let registry = held(project, &with(&policy));
            assert!(is_users(&registry), "{project}");
            assert_eq!(registry.rules.max_age, Some(24 * 60 * 60), "{project}");
        }
        // The same log at another address, and under another name.
        let elsewhere = with(&policy).replace("a.example", "b.example");
        assert!(is_users(&held("", &elsewhere.replace("corp", "mine"))));
        let plain = with("max-age = '1h'")
            .replace("corp", "aaa")
            .replace("a.example", "c.example");
        assert!(is_users(&held("", &format!("{plain}{elsewhere}"))));
        // What is at the same address is what is meant.
        let registry = held("", &format!("{plain}{}", with("max-age = '9h'")));
        assert_eq!(registry.rules.max_age, Some(9 * 60 * 60));
        // More may be asked, and of a log that the user does not know, anything.
        let registry = held(&weaker.replace("99days", "10m"), &with(""));
        assert_eq!(registry.rules.max_age, Some(600));
        assert_eq!(registry.policy_by, Some(Layer::Project));
        let registry = held(&weaker, &with(&policy).replace("#e0b3", "#e0b4"));
        assert_eq!(registry.rules.max_age, Some(99 * 24 * 60 * 60));
        assert_eq!(registry.policy_by, Some(Layer::Project));
    }
}

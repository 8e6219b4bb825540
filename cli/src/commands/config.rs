//! `tenon config`: what is configured, and what says so.

use crate::args::{Config as Command, ConfigShow};
use crate::choice;
use crate::config::{self, Config, Layer, Registry};
use crate::credentials;
use crate::error::Failure;
use crate::places::Place;
use crate::ui::{self, Document, Ui};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

/// The variables of the environment that decide something, and can be shown.
const VARIABLES: &[&str] = &[
    "CI",
    "NO_COLOR",
    "NO_PROXY",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TENON_CACHE_DIR",
    "TENON_CONFIG_DIR",
    "TENON_KEY",
    choice::VARIABLE,
    "TENON_STATE_DIR",
    config::WKG_VARIABLE,
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_STATE_HOME",
    "no_proxy",
];

/// Those that can have a secret in them, so that what is set is not shown: addresses of proxies have passwords.
const SECRETS: &[&str] = &[
    "ALL_PROXY",
    "HTTPS_PROXY",
    "all_proxy",
    "https_proxy",
    credentials::VARIABLE,
];

#[derive(Serialize)]
struct ConfigContent {
    settings: Vec<SettingContent>,
}

/// One thing that is set.
#[derive(Serialize)]
struct SettingContent {
    /// Names with dots between them, such as `registries.corp.url`.
    key: String,
    #[serde(flatten)]
    said: SaidContent,
    /// What others say, and is outweighed; the weightiest first.
    outweighs: Vec<SaidContent>,
}

/// A value, and what says it.
#[derive(Serialize)]
struct SaidContent {
    value: String,
    by: By,
    /// The file, the variable or the option.
    from: Option<String>,
}

/// Who says something.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum By {
    Flag,
    Environment,
    Project,
    User,
    Wkg,
    /// Nobody: it is so unless someone says something else.
    Default,
}

pub(crate) fn run(ui: &Ui, command: &Command, flag: Option<&str>) -> Result<(), Failure> {
    match command {
        Command::Show(args) => show(ui, args, flag),
    }
}

fn show(ui: &Ui, args: &ConfigShow, flag: Option<&str>) -> Result<(), Failure> {
    let config = Config::read()?;
    let mut settings = vec![default_registry(&config, flag)];
    settings.extend(namespaces(&config));
    settings.extend(registries(&config));
    settings.extend(files(&config));
    settings.extend(directories()?);
    settings.extend(environment());
    let settings = settings.into_iter().flatten().collect();
    if let Some(warning) = choice::wkg_trouble(&config) {
        ui.warn(&warning);
    }
    if ui.json {
        let content = ConfigContent { settings };
        return ui.document(&Document::new("tenon/config/1", content));
    }
    let mut out = String::new();
    for setting in &settings {
        let value = ui::clean_line(&setting.said.value);
        out.push_str(&format!("{} = {value}\n", ui::bold(&setting.key)));
        if !args.origin {
            continue;
        }
        out.push_str(&format!("  {}\n", setting.said.origin()));
        let others = setting.outweighs.iter();
        for other in others.filter(|other| other.value != setting.said.value) {
            let value = ui::clean_line(&other.value);
            out.push_str(&format!("  outweighs `{value}` {}\n", other.origin()));
        }
    }
    ui.print(&out)
}

fn default_registry(config: &Config, flag: Option<&str>) -> Option<SettingContent> {
    let flag = flag.map(|name| SaidContent::new(name, By::Flag, "--registry"));
    let variable = choice::flag_or_environment(None)
        .map(|(name, _)| SaidContent::new(name, By::Environment, choice::VARIABLE));
    let files = config.ours().filter_map(|settings| {
        let name = settings.default.as_ref()?;
        Some(SaidContent::of_layer(config, name, settings.layer))
    });
    let said = flag.into_iter().chain(variable).chain(files);
    SettingContent::of("default-registry", said)
}

fn namespaces(config: &Config) -> Vec<Option<SettingContent>> {
    let mut said: BTreeMap<_, Vec<SaidContent>> = BTreeMap::new();
    for settings in config.ours() {
        for (namespace, name) in &settings.namespaces {
            let one = SaidContent::of_layer(config, name, settings.layer);
            said.entry(namespace).or_default().push(one);
        }
        for (namespace, home) in &settings.unlogged {
            let one = SaidContent::of_layer(config, home, settings.layer);
            said.entry(namespace).or_default().push(one);
        }
    }
    for (namespace, elsewhere) in &config.wkg.namespaces {
        let one = SaidContent::of_layer(config, elsewhere.name(), Layer::Wkg);
        said.entry(namespace).or_default().push(one);
    }
    let said = said.into_iter();
    said.map(|(namespace, said)| SettingContent::of(format!("namespaces.{namespace}"), said))
        .collect()
}

fn registries(config: &Config) -> Vec<Option<SettingContent>> {
    let mut settings = Vec::new();
    for name in config.registries().into_keys() {
        let each = config.ours().filter_map(|file| file.registries.get(name));
        let each: Vec<&Registry> = each.collect();
        let mut set = |key: &str, say: &dyn Fn(&Registry) -> SaidContent| {
            let said = each.iter().map(|registry| say(registry));
            settings.push(SettingContent::of(format!("registries.{name}.{key}"), said));
        };
        let by = |layer: Option<Layer>, value: String| match layer {
            Some(layer) => SaidContent::of_layer(config, value, layer),
            None => SaidContent::by_default(value),
        };
        set("url", &|it| by(Some(it.layer), it.url.to_string()));
        set("pin", &|it| by(Some(it.layer), it.pin.to_string()));
        set("witnesses", &|it| {
            let witnesses = it.rules.witnesses.witnesses().iter();
            let names = witnesses.map(|witness| witness.name().into_owned());
            by(it.policy_by, list(names.collect()))
        });
        set("auditors", &|it| {
            by(it.policy_by, list(it.rules.auditors.clone()))
        });
        set("max-age", &|it| {
            let age = it.rules.max_age.map(Duration::from_secs);
            let age = age.map_or("any".to_owned(), |age| {
                humantime::format_duration(age).to_string()
            });
            by(it.max_age_by, age)
        });
    }
    settings
}

fn files(config: &Config) -> Vec<Option<SettingContent>> {
    let layers = [Layer::Project, Layer::User, Layer::Wkg].into_iter();
    let files = layers.filter_map(|layer| {
        let path = config.file(layer)?;
        let variable = match layer {
            Layer::Project => None,
            Layer::User => Some(Place::Config.variable()),
            Layer::Wkg => Some(config::WKG_VARIABLE),
        };
        let said = SaidContent::path(path, variable);
        Some(SettingContent::of(
            format!("files.{}", layer.name()),
            [said],
        ))
    });
    files.collect()
}

fn directories() -> Result<Vec<Option<SettingContent>>, Failure> {
    let each = Place::ALL.into_iter().map(|place| {
        let said = SaidContent::path(&place.folder()?, Some(place.variable()));
        Ok(SettingContent::of(
            format!("directories.{}", place.name()),
            [said],
        ))
    });
    each.collect()
}

fn environment() -> Vec<Option<SettingContent>> {
    let all: BTreeSet<&str> = VARIABLES.iter().chain(SECRETS).copied().collect();
    let set = all.into_iter().filter_map(|name| {
        let value = std::env::var_os(name).filter(|value| !value.is_empty())?;
        let value = match SECRETS.contains(&name) {
            true => "(set, and not shown)".into(),
            false => value.to_string_lossy(),
        };
        let said = SaidContent::new(value, By::Environment, name);
        Some(SettingContent::of(format!("environment.{name}"), [said]))
    });
    set.collect()
}

fn list(names: Vec<String>) -> String {
    match names.is_empty() {
        true => "none".to_owned(),
        false => names.join(", "),
    }
}

impl SettingContent {
    /// A setting, if anybody says what it is; whoever says it first is right.
    fn of(
        key: impl Into<String>,
        said: impl IntoIterator<Item = SaidContent>,
    ) -> Option<SettingContent> {
        let mut said = said.into_iter();
        Some(SettingContent {
            key: key.into(),
            said: said.next()?,
            // What is so by default is outweighed by everything.
            outweighs: said.filter(|said| said.by != By::Default).collect(),
        })
    }
}

impl SaidContent {
    fn new(value: impl Into<String>, by: By, from: impl Into<String>) -> SaidContent {
        SaidContent {
            value: value.into(),
            by,
            from: Some(from.into()),
        }
    }

    fn of_layer(config: &Config, value: impl ToString, layer: Layer) -> SaidContent {
        SaidContent {
            value: value.to_string(),
            by: match layer {
                Layer::Project => By::Project,
                Layer::User => By::User,
                Layer::Wkg => By::Wkg,
            },
            from: config
                .file(layer)
                .map(|path| path.to_string_lossy().into_owned()),
        }
    }

    fn by_default(value: impl Into<String>) -> SaidContent {
        SaidContent {
            value: value.into(),
            by: By::Default,
            from: None,
        }
    }

    /// A path that a variable decides, if it is set.
    fn path(path: &Path, variable: Option<&str>) -> SaidContent {
        let path = path.to_string_lossy();
        let is_set = |name: &&str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        match variable.filter(is_set) {
            Some(variable) => SaidContent::new(path, By::Environment, variable),
            None => SaidContent::by_default(path),
        }
    }

    fn origin(&self) -> String {
        match &self.from {
            Some(from) => format!("from `{}`", ui::clean_line(from)),
            None => "by default".to_owned(),
        }
    }
}

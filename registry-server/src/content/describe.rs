//! What a component is made of, in the words of the wire.

use super::refusal::{Refusal, RefusalCode};
use std::collections::BTreeSet;
use tenon_composer::{Anatomy, Features, Item, ItemPath, Part, PartKind};
use tenon_registry_client::api::world::{
    Dependency, Extern, ExternKind, Feature, FeatureArea, InterfaceName, Metadata, Producer, Sizes,
    World,
};

/// The longest name, and the longest text but for descriptions, in bytes.
pub(super) const MAX_TEXT: usize = 4 << 10;
/// The longest description, in bytes.
const MAX_DESCRIPTION: usize = 16 << 10;
/// How many imports, exports, producers and dependencies there may be, each.
pub(super) const MAX_ITEMS: usize = 10_000;

/// Describes what `anatomy` is of, which messages call `name`, but for the WIT packages that it mentions.
pub(super) fn describe(name: &str, anatomy: &Anatomy) -> Result<World, Refusal> {
    let root = &anatomy.root;
    let mut made = Made::default();
    made.part(name, root)?;
    let components = root
        .parts
        .iter()
        .filter(|part| part.kind == PartKind::Component);
    made.sizes.components = components.map(Part::size).sum();
    made.sizes.whole = root.size();
    let imports = externs(name, "imports", &anatomy.imports)?;
    let exports = externs(name, "exports", &anatomy.exports)?;
    Ok(World {
        packages: Vec::new(),
        imports,
        exports,
        wit: None,
        metadata: metadata(root),
        producers: made.producers.into_iter().collect(),
        sizes: made.sizes,
        features: features(root.all_features()),
        dependencies: made.dependencies.into_iter().collect(),
    })
}

/// Refuses more than `most` of something.
pub(super) fn count(name: &str, what: &str, count: usize, most: usize) -> Result<(), Refusal> {
    if count <= most {
        return Ok(());
    }
    let message = format!("`{name}` has {count} {what}, or more; a registry keeps {most} at most");
    Err(Refusal::new(RefusalCode::TooLarge, &message, "split it up"))
}

/// A name, which must not be cut: it would be another one.
pub(super) fn whole(name: &str, text: &str) -> Result<String, Refusal> {
    if text.len() <= MAX_TEXT {
        return Ok(text.to_owned());
    }
    let begin: String = text.chars().take(64).collect();
    let message = format!(
        "`{name}` has a name of {} bytes, `{begin}…`; a registry keeps {MAX_TEXT} bytes at most",
        text.len()
    );
    Err(Refusal::new(
        RefusalCode::TooLarge,
        &message,
        "shorten the name",
    ))
}

/// Prose, cut where it is longer than `most` bytes.
pub(super) fn prose(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(most - '…'.len_utf8());
    format!("{}…", text.get(..end).unwrap_or_default())
}

fn externs(name: &str, what: &str, items: &[Item]) -> Result<Vec<Extern>, Refusal> {
    count(name, what, items.len(), MAX_ITEMS)?;
    let externs = items.iter().map(|item| {
        let implements = item
            .implements
            .as_deref()
            .map(|text| whole(name, text))
            .transpose()?;
        let external_id = item
            .external_id
            .as_deref()
            .map(|text| whole(name, text))
            .transpose()?;
        Ok(Extern {
            name: whole(name, &item.name)?,
            kind: kind(item.kind),
            interface: interface(implements.as_deref().unwrap_or(&item.name)),
            implements,
            external_id,
        })
    });
    externs.collect()
}

fn kind(word: &str) -> ExternKind {
    match word {
        "interface" => ExternKind::Interface,
        "function" => ExternKind::Function,
        "type" => ExternKind::Type,
        "resource" => ExternKind::Resource,
        "component" => ExternKind::Component,
        "core module" => ExternKind::CoreModule,
        "value" => ExternKind::Value,
        _ => ExternKind::Other,
    }
}

fn interface(name: &str) -> Option<InterfaceName> {
    let path = ItemPath::parse(name, None)?;
    let (package, interface) = path.base().split_once('/')?;
    Some(InterfaceName {
        package: package.to_owned(),
        interface: interface.to_owned(),
        version: path.version().map(ToString::to_string),
        track: path.track().map(|track| track.to_string()),
    })
}

fn metadata(part: &Part) -> Metadata {
    let said = &part.metadata;
    let text = |text: &Option<String>| text.as_deref().map(|text| prose(text, MAX_TEXT));
    let description = said.description.as_deref();
    Metadata {
        name: text(&said.name),
        description: description.map(|text| prose(text, MAX_DESCRIPTION)),
        authors: text(&said.authors),
        licenses: text(&said.licenses),
        source: text(&said.source),
        homepage: text(&said.homepage),
        revision: text(&said.revision),
        version: text(&said.version),
    }
}

fn features(features: Features) -> Vec<Feature> {
    let notable = features.iter().filter(|feature| !feature.is_basic());
    let features = notable.map(|feature| Feature {
        name: feature.name().to_owned(),
        area: match feature.is_of_component_model() {
            true => FeatureArea::ComponentModel,
            false => FeatureArea::Core,
        },
        on_by_default: feature.is_on_by_default(),
    });
    features.collect()
}

/// What is gathered from every part.
#[derive(Default)]
struct Made {
    producers: BTreeSet<Producer>,
    dependencies: BTreeSet<Dependency>,
    sizes: Sizes,
}

impl Made {
    // The composer bounds how deep parts are nested.
    fn part(&mut self, name: &str, part: &Part) -> Result<(), Refusal> {
        self.sizes.custom += part.custom;
        for (field, values) in part.metadata.producers.iter() {
            let made_with = values.iter().map(|(tool, version)| Producer {
                field: prose(field, MAX_TEXT),
                name: prose(tool, MAX_TEXT),
                version: prose(version, MAX_TEXT),
            });
            self.producers.extend(made_with);
        }
        self.dependencies
            .extend(part.bill.iter().map(|entry| Dependency {
                name: prose(&entry.name, MAX_TEXT),
                version: prose(&entry.version.to_string(), MAX_TEXT),
                source: prose(&entry.source, MAX_TEXT),
                root: entry.is_root,
                build_only: entry.is_build_only,
            }));
        count(name, "producers", self.producers.len(), MAX_ITEMS)?;
        count(name, "dependencies", self.dependencies.len(), MAX_ITEMS)?;
        for inner in &part.parts {
            let size = inner.size();
            match inner.kind {
                PartKind::CoreModule => {
                    self.sizes.core_modules += size;
                    self.sizes.core_module_count += 1;
                }
                PartKind::Component => self.sizes.component_count += 1,
            }
            self.part(name, inner)?;
        }
        Ok(())
    }
}

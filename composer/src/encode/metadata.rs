//! What the composition says of itself: its name, the names of its parts, who made it, its bill of
//! materials.

use super::hoist::Hoist;
use super::{Layout, Options};
use crate::component::Component;
use crate::digest;
use crate::graph::Graph;
use auditable_serde::{DependencyKind, Package, Source, VersionInfo};
use std::collections::BTreeMap;
use wasm_encoder::{ComponentNameSection, CustomSection, NameMap};
use wasm_metadata::{Dependencies, Producers};

/// How this program names itself to others.
const NAME: &str = "tenon";
/// The id of custom sections.
const CUSTOM_SECTION: u8 = 0;

/// The custom sections of a composition, each with its id and size.
pub(super) fn sections(
    components: &[&Component<'_>],
    hoist: &Hoist<'_>,
    graph: &Graph,
    layout: &Layout,
    options: &Options,
) -> Vec<u8> {
    let mut out = Vec::new();
    names(components, graph, layout, options, &mut out);
    let mut all = Producers::empty();
    for component in components {
        all.merge(&component.metadata().producers);
    }
    all.add("processed-by", NAME, env!("CARGO_PKG_VERSION"));
    out.push(CUSTOM_SECTION);
    out.extend(all.raw_custom_section());
    if let Some(bill) = bill_of_materials(components, hoist, options) {
        section(&bill, &mut out);
    }
    out
}

/// A custom section, with its id and size.
pub(super) fn custom(name: &str, data: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let custom = CustomSection {
        name: name.into(),
        data: data.into(),
    };
    section(&custom, &mut out);
    out
}

fn names(
    components: &[&Component<'_>],
    graph: &Graph,
    layout: &Layout,
    options: &Options,
    out: &mut Vec<u8>,
) {
    let mut names = ComponentNameSection::new();
    if let Some(name) = &options.name {
        names.component(name);
    }
    let mut parts = NameMap::new();
    for (index, component) in (0..).zip(components) {
        parts.append(index, component.name());
    }
    names.components(&parts);
    let named: BTreeMap<u32, &str> = graph
        .instances()
        .filter_map(|(id, instance)| Some((*layout.instances.get(&id)?, instance.name())))
        .collect();
    let mut instances = NameMap::new();
    for (index, name) in named {
        instances.append(index, name);
    }
    names.instances(&instances);
    section(&names, out);
}

/// The composition as the root, and the embedded components, in order, as what it depends on. The core
/// modules that were hoisted out of a component are what that one depends on.
///
/// The digests are those of the components as they were. The format has no place for a digest of its own; it stands where the source does, as
/// `sha256:` and 64 hexadecimal digits. Of a release of a registry, that comes after the origin of the
/// registry's log and `#`.
fn bill_of_materials(
    components: &[&Component<'_>],
    hoist: &Hoist<'_>,
    options: &Options,
) -> Option<Dependencies> {
    let version = |text: Option<&String>| {
        text.and_then(|text| semver::Version::parse(text).ok())
            .unwrap_or(semver::Version::new(0, 0, 0))
    };
    let of_component = |number| {
        let modules = hoist.of_component(number).into_iter();
        modules.map(|index| components.len() + index).collect()
    };
    let mut packages: Vec<_> = components
        .iter()
        .enumerate()
        .map(|(number, component)| {
            let (name, version) = match component.release() {
                Some(release) => (release.package.as_str(), release.version.clone()),
                None => (
                    component.name(),
                    version(component.metadata().version.as_ref()),
                ),
            };
            Package {
                name: name.to_owned(),
                version,
                source: source(component),
                kind: DependencyKind::Runtime,
                dependencies: of_component(number),
                root: false,
            }
        })
        .collect();
    let core_modules = hoist.modules.iter().enumerate();
    packages.extend(core_modules.map(|(index, module)| Package {
        name: format!("core-module-{index}"),
        version: semver::Version::new(0, 0, 0),
        source: Source::Other(digest::text(&module.digest)),
        kind: DependencyKind::Runtime,
        dependencies: Vec::new(),
        root: false,
    }));
    packages.push(Package {
        name: options
            .name
            .clone()
            .unwrap_or_else(|| "composition".to_owned()),
        version: version(options.version.as_ref()),
        source: Source::Local,
        kind: DependencyKind::Runtime,
        dependencies: (0..components.len()).collect(),
        root: true,
    });
    let info = VersionInfo {
        packages,
        format: 0,
    };
    Dependencies::new(info).ok()
}

fn source(component: &Component<'_>) -> Source {
    let digest = component.digest().map(digest::text);
    let registry = component.release().map(|release| release.registry.clone());
    match (registry, digest) {
        (Some(registry), Some(digest)) => Source::Other(format!("{registry}#{digest}")),
        (Some(source), None) | (None, Some(source)) => Source::Other(source),
        (None, None) => Source::Local,
    }
}

fn section(section: &(impl wasm_encoder::ComponentSection + ?Sized), out: &mut Vec<u8>) {
    out.push(section.id());
    section.encode(out);
}

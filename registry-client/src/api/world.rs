//! What a registry knows of a component or WIT package, from its bytes alone.

use serde::{Deserialize, Serialize};

/// What a component or WIT package is, seen from outside, and what it is made of.
///
/// Everything in it is what the content says; names are whole, prose that is too long ends in `…`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct World {
    /// What it imports, in order. A WIT package imports nothing.
    pub imports: Vec<Extern>,
    /// What it exports, in order. What a WIT package declares is in `wit` instead.
    pub exports: Vec<Extern>,
    /// What it declares, if it is a WIT package.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wit: Option<WitPackage>,
    /// The WIT packages that its imports and exports are of, or that a WIT package depends on, in
    /// the order of their names.
    pub packages: Vec<WitReference>,
    /// What it says of itself.
    pub metadata: Metadata,
    /// Which languages, tools and SDKs it and what is in it were made with, without repetition.
    pub producers: Vec<Producer>,
    /// How large it and what is in it are.
    pub sizes: Sizes,
    /// What a host must know to run it, beyond the first WebAssembly and the first Component Model.
    pub features: Vec<Feature>,
    /// What went into it, by the bills of materials it carries, in the order of their names.
    pub dependencies: Vec<Dependency>,
}

/// An import or export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Extern {
    /// Its name, as the component has it: `wasi:http/incoming-handler@0.2.3`, `run`.
    pub name: String,
    /// What sort of item it is.
    pub kind: ExternKind,
    /// The interface it is of, by its own name or by the one that it says it implements.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interface: Option<InterfaceName>,
    /// The interface it says it implements under a name of its own: `wasi:keyvalue/store@0.2.0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub implements: Option<String>,
    /// The id by which others know it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
}

/// A sort of import or export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ExternKind {
    /// An instance: an interface.
    Interface,
    /// A function.
    Function,
    /// A type.
    Type,
    /// A resource type.
    Resource,
    /// A component.
    Component,
    /// A core module.
    CoreModule,
    /// A value.
    Value,
    /// Something newer than this program.
    #[serde(other)]
    Other,
}

/// The name of an interface, taken apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InterfaceName {
    /// The WIT package: `wasi:http`.
    pub package: String,
    /// The interface in the package: `incoming-handler`.
    pub interface: String,
    /// The whole version: `0.2.3`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The track, whose versions may stand in for each other: `0.2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub track: Option<String>,
}

/// A WIT package that is mentioned.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WitReference {
    /// Its name: `wasi:http`.
    pub name: String,
    /// The version it is mentioned with: a whole one, or only a track, such as `0.2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// What a WIT package declares.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WitPackage {
    /// Its name: `wasi:http`.
    pub name: String,
    /// Its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The first sentence of its documentation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub docs: Option<String>,
    /// Its interfaces, in order.
    pub interfaces: Vec<WitItem>,
    /// Its worlds, in order.
    pub worlds: Vec<WitItem>,
}

/// An interface or world of a WIT package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WitItem {
    /// Its name in the package: `incoming-handler`.
    pub name: String,
    /// The first sentence of its documentation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub docs: Option<String>,
}

/// What a component or WIT package says of itself, in the custom sections that toolchains agreed on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Metadata {
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Who wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authors: Option<String>,
    /// Its licences, as an SPDX expression.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licenses: Option<String>,
    /// Where its source is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Its home page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub homepage: Option<String>,
    /// The revision of its source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// The version it says it has; the version of the release is that of its record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// Something that a binary was made with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Producer {
    /// In which way: `language`, `processed-by` or `sdk`.
    pub field: String,
    /// What it is: `Rust`, `wit-component`.
    pub name: String,
    /// Its version; may be empty.
    pub version: String,
}

/// Sizes in bytes, and counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Sizes {
    /// Bytes of all of it.
    pub whole: u64,
    /// Bytes of the core modules in it, however deep.
    pub core_modules: u64,
    /// How many core modules there are, however deep.
    pub core_module_count: u64,
    /// Bytes of the components right within it, with what is in those.
    pub components: u64,
    /// How many components are in it, however deep.
    pub component_count: u64,
    /// Bytes of custom sections, however deep.
    pub custom: u64,
}

/// A feature of WebAssembly or of the Component Model that is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Feature {
    /// Its name: `tail-call`, `resources`.
    pub name: String,
    /// What it belongs to.
    pub area: FeatureArea,
    /// Whether it has been standardised, or nearly so, so that a host has it on by default.
    pub on_by_default: bool,
}

/// What a feature belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum FeatureArea {
    /// Core WebAssembly.
    Core,
    /// The Component Model.
    ComponentModel,
    /// Something newer than this program.
    #[serde(other)]
    Other,
}

/// An entry of a bill of materials: a package that went into a component.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Dependency {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Where it is from: `crates.io`, `local`, `sha256:` and a digest, ...
    pub source: String,
    /// Whether it is what the bill is of.
    #[serde(default)]
    pub root: bool,
    /// Whether it was only needed to build the component.
    #[serde(default)]
    pub build_only: bool,
}

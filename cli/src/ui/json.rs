//! The documents that `--json` prints. Each names its schema with a version, which grows when a field
//! changes its meaning or goes; new fields may come at any time.

use super::ReleaseData;
use crate::diagnostic::Diagnostic;
use crate::error::Failure;
use crate::source::Named;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use tenon_composer::{
    ComponentId, Composition, Difference, HoistedModule, HostImport, ImportReport, NearMiss, Plan,
    State,
};
use tenon_registry_client::Digest;

/// A document: its schema, and what it holds.
#[derive(Serialize)]
pub(crate) struct Document<T> {
    schema: &'static str,
    #[serde(flatten)]
    content: T,
}

impl<T: Serialize> Document<T> {
    pub(crate) fn new(schema: &'static str, content: T) -> Self {
        Document { schema, content }
    }
}

/// The fields of a document, in their order.
pub(crate) struct Fields(pub(crate) Vec<(&'static str, serde_json::Value)>);

/// A document that is a part of one with other fields.
pub(super) struct Framed<'d, T> {
    pub(super) fields: &'d Fields,
    pub(super) document: &'d T,
}

/// A document with what may be wrong, if anything is.
#[derive(Serialize)]
pub(super) struct Warned<'d, T> {
    #[serde(flatten)]
    pub(super) document: &'d T,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub(super) warnings: &'d [String],
}

impl Fields {
    fn write<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let mut fields = self.0.iter();
        fields.try_for_each(|(key, value)| map.serialize_entry(key, value))
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        self.write(&mut map)?;
        map.end()
    }
}

impl<T: Serialize> Serialize for Framed<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.fields.0.len() + 1))?;
        self.fields.write(&mut map)?;
        map.serialize_entry("composition", self.document)?;
        map.end()
    }
}

#[derive(Serialize)]
pub(crate) struct ErrorContent<'e> {
    error: ErrorData<'e>,
}

#[derive(Serialize)]
struct ErrorData<'e> {
    code: &'e str,
    message: &'e str,
    causes: &'e [String],
    notes: &'e [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<serde_json::Value>,
    /// All that is wrong with texts; the first has the code and the message of the error.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    diagnostics: &'e [Diagnostic],
}

impl<'e> Document<ErrorContent<'e>> {
    pub(crate) fn error(failure: &'e Failure, details: Option<serde_json::Value>) -> Self {
        Document::new(
            "tenon/error/1",
            ErrorContent {
                error: ErrorData {
                    code: failure.code,
                    message: &failure.message,
                    causes: &failure.causes,
                    notes: &failure.findings.notes,
                    help: failure.help.as_deref(),
                    details,
                    diagnostics: &failure.findings.diagnostics,
                },
            },
        )
    }
}

/// The report of `plug` and of `compose`.
#[derive(Serialize)]
pub(crate) struct PlugContent<'r> {
    instances: Vec<InstanceData>,
    imports: Vec<ImportData>,
    useless: Vec<UselessData>,
    #[serde(flatten)]
    made: MadeContent<'r>,
}

/// The report of `compose`.
#[derive(Serialize)]
pub(crate) struct AppliedContent<'r> {
    instances: Vec<InstanceData>,
    #[serde(flatten)]
    made: MadeContent<'r>,
}

/// The report of `compose` on a document in WAC.
#[derive(Serialize)]
pub(crate) struct DescribedContent<'r> {
    packages: Vec<PackageData>,
    instances: Vec<InstanceData>,
    #[serde(flatten)]
    made: MadeContent<'r>,
}

/// A package that a document names, and where it is.
#[derive(Serialize)]
pub(crate) struct PackageData {
    /// As the document has it.
    name: String,
    /// A path or an argument of the command line; nothing, if it is of a registry.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    /// The release of a registry.
    #[serde(skip_serializing_if = "Option::is_none")]
    release: Option<String>,
}

impl PackageData {
    pub(crate) fn all<'p>(
        packages: impl IntoIterator<Item = (&'p str, &'p Named)>,
    ) -> Vec<PackageData> {
        let packages = packages.into_iter().map(|(name, named)| PackageData {
            name: name.to_owned(),
            path: named.release.is_none().then(|| named.argument.clone()),
            release: named.release.as_ref().map(|origin| match &origin.package {
                Some((package, version)) => format!("{package}@{version}"),
                None => origin.registry.clone(),
            }),
        });
        packages.collect()
    }
}

/// A composition.
#[derive(Serialize)]
struct MadeContent<'r> {
    /// What whoever runs the composition must provide.
    host: Vec<HostData>,
    exports: Vec<ExportData>,
    /// Core modules that are in the composition once, in place of these components.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hoisted: Vec<HoistedData>,
    size: u64,
    /// The inputs that are from registries.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    releases: Vec<&'r ReleaseData>,
    /// What a configuration says without effect.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    remarks: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<String>,
}

impl<'r> MadeContent<'r> {
    fn of(
        composition: &Composition<'_>,
        releases: Vec<&'r ReleaseData>,
        output: Option<String>,
    ) -> Self {
        let graph = &composition.graph;
        MadeContent {
            host: composition.imports.iter().map(HostData::of).collect(),
            exports: graph
                .exports()
                .iter()
                .map(|export| ExportData {
                    name: export.name.clone(),
                    instance: graph.instance(export.edge.provider).name().to_owned(),
                    export: export.edge.item(),
                    implied: export.implied,
                })
                .collect(),
            hoisted: composition
                .hoisted
                .iter()
                .map(|module| HoistedData::of(module, composition))
                .collect(),
            size: composition.size(),
            releases,
            remarks: Vec::new(),
            output,
        }
    }
}

/// The number of a component among those that are embedded, if it is.
fn number_of(component: ComponentId, composition: &Composition<'_>) -> Option<u32> {
    let mut embedded = composition.components.iter();
    let at = embedded.position(|other| *other == component);
    at.map(|at| at as u32)
}

impl HoistedData {
    fn of(module: &HoistedModule, composition: &Composition<'_>) -> Self {
        let components = module.components.iter();
        HoistedData {
            digest: Digest::from(module.digest).to_string(),
            size: module.size,
            components: components
                .filter_map(|id| number_of(*id, composition))
                .collect(),
            saved: module.saved,
        }
    }
}

impl InstanceData {
    fn all(composition: &Composition<'_>) -> Vec<InstanceData> {
        let instances = composition.graph.instances();
        let instances = instances.map(|(_, instance)| InstanceData {
            name: instance.name().to_owned(),
            component: number_of(instance.component(), composition),
        });
        instances.collect()
    }
}

impl HostData {
    fn of(import: &HostImport) -> Self {
        HostData {
            name: import.name.clone(),
            kind: import.kind,
            lowest: import.lowest.as_ref().map(ToString::to_string),
            highest: import.highest.as_ref().map(ToString::to_string),
            types_only: import.types_only,
            later: import
                .later
                .iter()
                .map(|(name, version)| LaterData {
                    name: name.clone(),
                    version: version.to_string(),
                })
                .collect(),
            consumers: import
                .consumers
                .iter()
                .map(|(instance, import)| ConsumerData {
                    instance: instance.clone(),
                    import: import.clone(),
                })
                .collect(),
        }
    }
}

#[derive(Serialize)]
struct InstanceData {
    name: String,
    /// The number of the component among those that are embedded, if it is.
    component: Option<u32>,
}

#[derive(Serialize)]
struct ImportData {
    consumer: String,
    import: String,
    kind: &'static str,
    #[serde(flatten)]
    state: StateData,
}

#[derive(Serialize)]
#[serde(tag = "state", rename_all = "lowercase")]
enum StateData {
    Filled {
        provider: String,
        export: String,
        rule: String,
    },
    Open {
        near: Vec<NearData>,
    },
    Kept,
}

#[derive(Serialize)]
struct NearData {
    provider: String,
    export: String,
    code: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    differences: Vec<DifferenceData>,
}

/// A place where two types differ.
#[derive(Serialize)]
pub(crate) struct DifferenceData {
    path: Vec<String>,
    reason: String,
}

#[derive(Serialize)]
struct UselessData {
    plug: String,
    same_as_used: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    would_take_socket: Option<String>,
}

#[derive(Serialize)]
struct HostData {
    name: String,
    kind: &'static str,
    /// The lowest and the highest version that is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    lowest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    highest: Option<String>,
    /// What is asked only of later versions than the one that is imported.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    later: Vec<LaterData>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    types_only: bool,
    consumers: Vec<ConsumerData>,
}

#[derive(Serialize)]
struct LaterData {
    name: String,
    version: String,
}

#[derive(Serialize)]
struct ConsumerData {
    instance: String,
    import: String,
}

#[derive(Serialize)]
struct HoistedData {
    digest: String,
    size: u64,
    components: Vec<u32>,
    saved: u64,
}

#[derive(Serialize)]
struct ExportData {
    name: String,
    instance: String,
    /// What the instance calls it.
    export: String,
    implied: bool,
}

impl<'r> Document<PlugContent<'r>> {
    pub(crate) fn plug(
        plan: &Plan,
        composition: &Composition<'_>,
        releases: Vec<&'r ReleaseData>,
        output: Option<String>,
    ) -> Self {
        let content = PlugContent {
            instances: InstanceData::all(composition),
            imports: plan.imports.iter().map(ImportData::of).collect(),
            useless: plan
                .useless
                .iter()
                .map(|useless| UselessData {
                    plug: useless.plug.clone(),
                    same_as_used: useless.same_as_used,
                    would_take_socket: useless.would_take_socket.clone(),
                })
                .collect(),
            made: MadeContent::of(composition, releases, output),
        };
        Document::new("tenon/plug/1", content)
    }

    pub(crate) fn compose(
        plan: &Plan,
        composition: &Composition<'_>,
        releases: Vec<&'r ReleaseData>,
        remarks: Vec<String>,
        output: Option<String>,
    ) -> Self {
        let mut document = Document::plug(plan, composition, releases, output);
        document.content.made.remarks = remarks;
        document.schema = "tenon/compose/1";
        document
    }
}

impl<'r> Document<AppliedContent<'r>> {
    /// Of a plan that was applied.
    pub(crate) fn applied(
        composition: &Composition<'_>,
        releases: Vec<&'r ReleaseData>,
        output: Option<String>,
    ) -> Self {
        let content = AppliedContent {
            instances: InstanceData::all(composition),
            made: MadeContent::of(composition, releases, output),
        };
        Document::new("tenon/compose-plan/1", content)
    }
}

impl<'r> Document<DescribedContent<'r>> {
    /// Of a document in WAC, with its packages.
    pub(crate) fn described<'p>(
        packages: impl IntoIterator<Item = (&'p str, &'p Named)>,
        composition: &Composition<'_>,
        releases: Vec<&'r ReleaseData>,
        output: Option<String>,
    ) -> Self {
        let content = DescribedContent {
            packages: PackageData::all(packages),
            instances: InstanceData::all(composition),
            made: MadeContent::of(composition, releases, output),
        };
        Document::new("tenon/compose-document/1", content)
    }
}

impl ImportData {
    fn of(import: &ImportReport) -> Self {
        ImportData {
            consumer: import.consumer.clone(),
            import: import.import.clone(),
            kind: import.kind,
            state: match &import.state {
                State::Filled {
                    provider,
                    export,
                    rule,
                } => StateData::Filled {
                    provider: provider.clone(),
                    export: export.clone(),
                    rule: rule.to_string(),
                },
                State::Open { near } => StateData::Open {
                    near: near.iter().map(NearData::of).collect(),
                },
                _ => StateData::Kept,
            },
        }
    }
}

impl NearData {
    fn of(miss: &NearMiss) -> Self {
        NearData {
            provider: miss.provider.clone(),
            export: miss.export.clone(),
            code: miss.code(),
            message: miss.to_string(),
            differences: miss.differences().iter().map(DifferenceData::of).collect(),
        }
    }
}

impl DifferenceData {
    pub(crate) fn of(difference: &Difference) -> Self {
        DifferenceData {
            path: difference.path.iter().map(ToString::to_string).collect(),
            reason: difference.reason.to_string(),
        }
    }
}

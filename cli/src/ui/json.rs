//! The documents that `--json` prints. Each names its schema with a version, which grows when a field
//! changes its meaning or goes; new fields may come at any time.

use super::ReleaseData;
use crate::error::Failure;
use serde::Serialize;
use tenon_composer::{Composition, Difference, ImportReport, NearMiss, Plan, State};
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
}

impl<'e> Document<ErrorContent<'e>> {
    pub(crate) fn error(failure: &'e Failure) -> Self {
        Document::new(
            "tenon/error/1",
            ErrorContent {
                error: ErrorData {
                    code: failure.code,
                    message: &failure.message,
                    causes: &failure.causes,
                    notes: &failure.notes,
                    help: failure.help.as_deref(),
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
    consumers: Vec<ConsumerData>,
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
    implied: bool,
}

impl<'r> Document<PlugContent<'r>> {
    pub(crate) fn plug(
        plan: &Plan,
        composition: &Composition<'_>,
        releases: Vec<&'r ReleaseData>,
        output: Option<String>,
    ) -> Self {
        let graph = &composition.graph;
        let component = |id| {
            let at = composition.components.iter().position(|other| *other == id);
            at.map(|at| at as u32)
        };
        let content = PlugContent {
            instances: graph
                .instances()
                .map(|(_, instance)| InstanceData {
                    name: instance.name().to_owned(),
                    component: component(instance.component()),
                })
                .collect(),
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
            host: composition
                .imports
                .iter()
                .map(|import| HostData {
                    name: import.name.clone(),
                    kind: import.kind,
                    consumers: import
                        .consumers
                        .iter()
                        .map(|(instance, import)| ConsumerData {
                            instance: instance.clone(),
                            import: import.clone(),
                        })
                        .collect(),
                })
                .collect(),
            exports: graph
                .exports()
                .iter()
                .map(|export| ExportData {
                    name: export.name.clone(),
                    instance: graph.instance(export.edge.provider).name().to_owned(),
                    implied: export.implied,
                })
                .collect(),
            hoisted: composition
                .hoisted
                .iter()
                .map(|module| HoistedData {
                    digest: Digest::from(module.digest).to_string(),
                    size: module.size,
                    components: module
                        .components
                        .iter()
                        .filter_map(|id| component(*id))
                        .collect(),
                    saved: module.saved,
                })
                .collect(),
            size: composition.size(),
            releases,
            remarks: Vec::new(),
            output,
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
        document.content.remarks = remarks;
        document.schema = "tenon/compose/1";
        document
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

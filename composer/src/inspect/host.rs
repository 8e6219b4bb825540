//! Which hosts can run a binary: what each is known to support, and how that is known.
//!
//! Nothing here is hearsay: a component for each feature, and one for each package of WASI, was given to
//! each host. What is not known is said to be so.

use super::feature::Feature;
use super::{Anatomy, Part, PartKind};
use crate::name::ItemPath;
use std::collections::BTreeSet;

/// A program that runs components, in one version.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Host {
    /// Its name: `Wasmtime`, or `jco 1.35.0 on Node` for what needs another program in its turn.
    pub name: &'static str,
    /// Its version, or that of the other program.
    pub version: &'static str,
    /// How it is known which features it supports.
    pub feature_evidence: &'static str,
    /// How it is known which packages it provides.
    pub package_evidence: &'static str,
    column: usize,
}

/// Whether a host supports a feature, or provides a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Support {
    /// It does, as it comes.
    Default,
    /// It does, if these switches are on. A name such as `wasm_gc` is a method of Wasmtime's `Config`, and an
    /// option such as `-S http` one of its command.
    Switches(&'static [&'static str]),
    /// It is not known whether it does.
    Unknown,
    /// It does not.
    No,
}

/// Whether a host can run a binary.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fit {
    /// The host.
    pub host: &'static Host,
    /// What the binary uses that the host does not support by default; nothing, if it runs as it is.
    pub needs: Vec<Need>,
}

/// Something that a binary uses.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Need {
    /// The name of a feature, or a package with its track: `gc`, `wasi:http@0.2`.
    pub name: String,
    /// What the host has of it.
    pub support: Support,
    /// How that is known.
    pub evidence: &'static str,
}

/// What a fit comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// The host runs the binary as it comes.
    Runs,
    /// The host runs it if switches are on.
    NeedsSwitches,
    /// It is not known.
    Unknown,
    /// The host cannot run it.
    Cannot,
}

impl Host {
    /// Every host that is known, the newest of each kind last.
    pub const ALL: &'static [Host] = &[
        Host {
            name: "Wasmtime",
            version: "24.0.13",
            feature_evidence: "a probe for each, compiled and instantiated by the crate with its features \
                `async`, `component-model`, `cranelift`, `gc` and `threads` (2026-11-23)",
            package_evidence: "an import of each, linked by `wasmtime_wasi::add_to_linker_sync` (2026-11-23)",
            column: 0,
        },
        Host {
            name: "Wasmtime",
            version: "36.0.20",
            feature_evidence: "a probe for each, compiled and instantiated by the crate with its features `async`, \
                `component-model`, `component-model-async`, `cranelift`, `gc`, `gc-null` and `threads` (2026-11-23)",
            package_evidence: "an import of each, linked by `wasmtime_wasi::p2::add_to_linker_sync` (2026-11-23)",
            column: 1,
        },
        Host {
            name: "Wasmtime",
            version: "48.0.8",
            feature_evidence: "`tests/tests/hosts.rs`, which compiles and instantiates a probe for each whenever the \
                tests run",
            package_evidence: "`tests/tests/hosts.rs`, which links an import of each whenever the tests run; the \
                options of the command are those of the crate `wasmtime-cli-flags`, `src/lib.rs`",
            column: 2,
        },
        Host {
            name: "jco 1.35.0 on Node",
            version: "20.20.2",
            feature_evidence: "a probe for each, transpiled with `instantiation: async` and instantiated (2026-11-23)",
            package_evidence: "an import of each, transpiled as by default and loaded with `preview2-shim` 0.26.1 or \
                `preview3-shim` 0.7.0 (2026-11-23)",
            column: 3,
        },
        Host {
            name: "jco 1.35.0 on Node",
            version: "24.21.0",
            feature_evidence: "a probe for each, transpiled with `instantiation: async` and instantiated (2026-11-23)",
            package_evidence: "an import of each, transpiled as by default and loaded with `preview2-shim` 0.26.1 or \
                `preview3-shim` 0.7.0 (2026-11-23)",
            column: 4,
        },
    ];

    /// Whether it supports a feature.
    pub fn feature(&self, feature: Feature) -> Support {
        let row = FEATURES.iter().find(|(known, _)| *known == feature);
        self.cell(row.map(|(_, cells)| cells))
    }

    /// Whether it provides a package, which is named with its track: `wasi:cli@0.2`.
    pub fn package(&self, package: &str) -> Support {
        let row = PACKAGES.iter().find(|(known, _)| *known == package);
        self.cell(row.map(|(_, cells)| cells))
    }

    /// The packages that it is known of some host whether it provides them.
    pub fn packages() -> impl Iterator<Item = &'static str> {
        PACKAGES.iter().map(|(package, _)| *package)
    }

    fn cell(&self, row: Option<&[Support; 5]>) -> Support {
        let cell = row.and_then(|cells| cells.get(self.column));
        cell.copied().unwrap_or(U)
    }
}

impl Fit {
    /// Which hosts can run what `anatomy` is of; none is given for a binary without code, such as a WIT
    /// package, and for a core module.
    ///
    /// Imports that are none of WASI's are not counted: whoever embeds a host provides them.
    pub fn all(anatomy: &Anatomy) -> Vec<Fit> {
        if anatomy.root.kind != PartKind::Component || !has_code(&anatomy.root) {
            return Vec::new();
        }
        let features = anatomy.root.all_features();
        let packages = anatomy.imports.iter().filter_map(|item| wasi(&item.name));
        let packages: BTreeSet<String> = packages.collect();
        let fit = |host: &'static Host| {
            let features = features.iter().map(|feature| Need {
                name: feature.name().to_owned(),
                support: host.feature(feature),
                evidence: host.feature_evidence,
            });
            let packages = packages.iter().map(|package| Need {
                name: package.clone(),
                support: host.package(package),
                evidence: host.package_evidence,
            });
            let all = features.chain(packages);
            Fit {
                host,
                needs: all
                    .filter(|need| need.support != Support::Default)
                    .collect(),
            }
        };
        Host::ALL.iter().map(fit).collect()
    }

    /// What it comes to.
    pub fn verdict(&self) -> Verdict {
        let of = |need: &Need| match need.support {
            Support::Default => Verdict::Runs,
            Support::Switches(_) => Verdict::NeedsSwitches,
            Support::Unknown => Verdict::Unknown,
            Support::No => Verdict::Cannot,
        };
        self.needs.iter().map(of).max().unwrap_or(Verdict::Runs)
    }
}

fn has_code(part: &Part) -> bool {
    part.kind == PartKind::CoreModule || part.parts.iter().any(has_code)
}

/// The package of WASI that an import is of, with its track.
fn wasi(import: &str) -> Option<String> {
    let path = ItemPath::parse(import, None)?;
    let package = path.package();
    package.starts_with("wasi:").then(|| match path.track() {
        Some(track) => format!("{package}@{track}"),
        None => package.to_owned(),
    })
}

const Y: Support = Support::Default;
const N: Support = Support::No;
const U: Support = Support::Unknown;

const fn s(switches: &'static [&'static str]) -> Support {
    Support::Switches(switches)
}

const ASYNC: Support = s(&["wasm_component_model_async"]);
const P3: Support = s(&["-S p3"]);

/// For each feature what the hosts have of it, in their order.
const FEATURES: &[(Feature, [Support; 5])] = {
    use Feature as F;
    &[
        (F::MutableGlobal, [Y, Y, Y, Y, Y]),
        (F::SaturatingFloatToInt, [Y, Y, Y, Y, Y]),
        (F::SignExtension, [Y, Y, Y, Y, Y]),
        (F::ReferenceTypes, [Y, Y, Y, Y, Y]),
        (F::MultiValue, [Y, Y, Y, Y, Y]),
        (F::BulkMemory, [Y, Y, Y, Y, Y]),
        (F::Simd, [Y, Y, Y, Y, Y]),
        (F::RelaxedSimd, [Y, Y, Y, N, Y]),
        (F::Threads, [Y, Y, s(&["shared_memory"]), Y, Y]),
        (F::AcquireReleaseAtomics, [N, N, N, N, N]),
        (
            F::SharedEverything,
            [
                N,
                s(&["wasm_shared_everything_threads"]),
                s(&["wasm_shared_everything_threads"]),
                N,
                N,
            ],
        ),
        (F::TailCall, [Y, Y, Y, Y, Y]),
        (F::MultiMemory, [Y, Y, Y, N, N]),
        (F::Memory64, [s(&["wasm_memory64"]), Y, Y, N, Y]),
        (F::Table64, [N, Y, Y, N, Y]),
        (
            F::CustomPageSizes,
            [
                s(&["wasm_custom_page_sizes"]),
                s(&["wasm_custom_page_sizes"]),
                s(&["wasm_custom_page_sizes"]),
                N,
                N,
            ],
        ),
        (F::MemoryControl, [N, N, N, N, N]),
        (F::Exceptions, [N, N, Y, N, N]),
        (F::LegacyExceptions, [N, N, N, N, N]),
        (F::ExtendedConst, [N, Y, Y, N, Y]),
        (
            F::FunctionReferences,
            [
                s(&["wasm_function_references"]),
                s(&["wasm_function_references"]),
                Y,
                N,
                Y,
            ],
        ),
        (F::Gc, [N, s(&["wasm_gc"]), Y, N, Y]),
        (F::CustomDescriptors, [N, N, N, N, N]),
        (
            F::StackSwitching,
            [N, N, s(&["wasm_stack_switching"]), N, N],
        ),
        (
            F::WideArithmetic,
            [
                N,
                s(&["wasm_wide_arithmetic"]),
                s(&["wasm_wide_arithmetic"]),
                N,
                N,
            ],
        ),
        (F::BranchHints, [Y, Y, Y, Y, Y]),
        (F::Resources, [Y, Y, Y, Y, Y]),
        (F::Async, [N, N, Y, N, Y]),
        (
            F::AsyncStackful,
            [N, N, s(&["wasm_component_model_async_stackful"]), N, Y],
        ),
        (
            F::MoreAsyncBuiltins,
            [
                N,
                s(&[
                    "wasm_component_model_async",
                    "wasm_component_model_async_builtins",
                ]),
                s(&["wasm_component_model_more_async_builtins"]),
                Y,
                Y,
            ],
        ),
        (F::Streams, [N, ASYNC, Y, Y, Y]),
        (F::Futures, [N, ASYNC, Y, Y, Y]),
        (F::Forward, [N, N, N, N, N]),
        (
            F::ErrorContext,
            [
                N,
                s(&["wasm_component_model_error_context"]),
                s(&["wasm_component_model_error_context"]),
                Y,
                Y,
            ],
        ),
        (F::Maps, [N, N, s(&["wasm_component_model_map"]), Y, Y]),
        (
            F::FixedLengthLists,
            [N, N, s(&["wasm_component_model_fixed_length_lists"]), Y, Y],
        ),
        (
            F::Implements,
            [N, N, s(&["wasm_component_model_implements"]), Y, Y],
        ),
        (F::CanonicalNames, [N, N, N, N, N]),
        (
            F::ExternalId,
            [N, N, s(&["wasm_component_model_implements"]), Y, Y],
        ),
        (F::NestedNames, [N, N, N, N, N]),
        (F::Accessors, [N, N, N, N, N]),
        (F::Values, [N, N, N, N, N]),
        (F::GcAbi, [N, U, s(&["wasm_component_model_gc"]), N, N]),
        (F::Context64, [N, N, N, N, N]),
        (
            F::Threading,
            [N, N, s(&["wasm_component_model_threading"]), N, N],
        ),
    ]
};

/// For each package of WASI which hosts provide it, in their order.
const PACKAGES: &[(&str, [Support; 5])] = &[
    ("wasi:cli@0.2", [Y, Y, Y, Y, Y]),
    ("wasi:clocks@0.2", [Y, Y, Y, Y, Y]),
    ("wasi:filesystem@0.2", [Y, Y, Y, Y, Y]),
    ("wasi:io@0.2", [Y, Y, Y, Y, Y]),
    ("wasi:random@0.2", [Y, Y, Y, Y, Y]),
    ("wasi:sockets@0.2", [Y, Y, Y, Y, Y]),
    ("wasi:http@0.2", [U, U, s(&["-S http"]), Y, Y]),
    ("wasi:cli@0.3", [N, U, P3, Y, Y]),
    ("wasi:clocks@0.3", [N, U, P3, Y, Y]),
    ("wasi:filesystem@0.3", [N, U, P3, Y, Y]),
    ("wasi:random@0.3", [N, U, P3, Y, Y]),
    ("wasi:sockets@0.3", [N, U, P3, Y, Y]),
    ("wasi:http@0.3", [N, U, U, Y, Y]),
];

//! The file format of plans, `tenon/plan/1`: see `docs/plan.md`.

use crate::error::Failure;
use crate::ui;
use crate::wanted::{Selection, Wanted};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use tenon_registry_client::Digest;
use tenon_registry_client::http::oci::{Pick, Reference};

/// The schema that is written and read.
pub(super) const SCHEMA: &str = "tenon/plan/1";

/// A plan. A field that is not known is an error: it would be a plan that is followed in part.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlanFile {
    pub(super) schema: String,
    /// The name of the composition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    /// The version of its package.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<String>,
    /// What the composition is to hold only once.
    pub(super) dedupe: String,
    /// The policy for what stays imported in several versions.
    pub(super) versions: String,
    pub(super) components: Vec<ComponentEntry>,
    pub(super) instances: Vec<InstanceEntry>,
    pub(super) exports: Vec<ExportEntry>,
}

/// A component: either `path`, or `reference`, or `package`, `version` and `registry`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ComponentEntry {
    /// What it is called in the composition.
    pub(super) name: String,
    /// A file, relative to the plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    /// A place in an OCI registry, by the digest of a manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    package: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    /// The origin of the registry's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    registry: Option<String>,
    /// The number of its bytes, in the binary format.
    pub(super) size: u64,
    /// The digest of these bytes, in 64 hexadecimal digits.
    sha256: String,
}

/// An instance of a component.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InstanceEntry {
    pub(super) name: String,
    /// Its component, by its place in the list from 0.
    pub(super) component: usize,
    /// What fills its imports.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) arguments: Vec<Argument>,
    /// What the composition calls imports of it that stay open, where that is not their own name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) imports: Vec<ImportName>,
}

/// What fills an import.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Argument {
    pub(super) import: String,
    /// The name of the instance that has it.
    pub(super) instance: String,
    /// The names that lead to it there; without any, it is the instance as a whole.
    pub(super) path: Vec<String>,
}

/// What an open import is called.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ImportName {
    pub(super) import: String,
    pub(super) name: String,
}

/// An export of the composition.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExportEntry {
    pub(super) name: String,
    pub(super) instance: String,
    pub(super) path: Vec<String>,
}

/// Where a component is.
pub(super) enum SourceEntry {
    Path {
        path: String,
    },
    Reference {
        reference: String,
    },
    Package {
        package: String,
        version: String,
        registry: String,
    },
}

impl PlanFile {
    /// Reads a plan of `max` bytes at most.
    pub(super) fn open(path: &Path, max: u64) -> Result<PlanFile, Failure> {
        let io = |error| Failure::io("read", path, &error);
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(io)?;
        file.take(max + 1).read_to_end(&mut bytes).map_err(io)?;
        if bytes.len() as u64 > max {
            let size = ui::size(max);
            return Err(not_a_plan(path).cause(format!("it is larger than {size}, as no plan is")));
        }
        let value: serde_json::Value =
            serde_json::from_slice(&bytes).map_err(|error| not_a_plan(path).cause(error))?;
        match value.get("schema").and_then(|schema| schema.as_str()) {
            Some(SCHEMA) => {}
            Some(schema) if schema.starts_with("tenon/plan/") => {
                return Err(not_a_plan(path)
                    .cause(format!(
                        "its schema is `{}`, and this is `{SCHEMA}`",
                        ui::clean_line(schema)
                    ))
                    .help(
                        "it was written by another version of `tenon`: use that one, or plan again",
                    ));
            }
            _ => {
                return Err(not_a_plan(path).cause(format!("its `schema` is not `{SCHEMA}`")));
            }
        }
        // From the text once more, so that an error can say where it is.
        serde_json::from_slice(&bytes).map_err(|error| not_a_plan(path).cause(error))
    }

    pub(super) fn to_text(&self) -> Result<String, Failure> {
        let text = serde_json::to_string_pretty(self);
        let text = text
            .map_err(|error| Failure::new("cli::io", "the plan cannot be written").cause(error))?;
        Ok(text + "\n")
    }
}

impl ComponentEntry {
    pub(super) fn new(name: String, source: SourceEntry, size: u64, digest: Digest) -> Self {
        let mut entry = ComponentEntry {
            name,
            path: None,
            reference: None,
            package: None,
            version: None,
            registry: None,
            size,
            sha256: digest.hex(),
        };
        match source {
            SourceEntry::Path { path } => entry.path = Some(path),
            SourceEntry::Reference { reference } => entry.reference = Some(reference),
            SourceEntry::Package {
                package,
                version,
                registry,
            } => {
                entry.package = Some(package);
                entry.version = Some(version);
                entry.registry = Some(registry);
            }
        }
        entry
    }

    /// Where the component is; `at` is its place in the list.
    pub(super) fn source(&self, at: usize) -> Result<SourceEntry, Failure> {
        let release = (&self.package, &self.version, &self.registry);
        match (&self.path, &self.reference, release) {
            (Some(path), None, (None, None, None)) => Ok(SourceEntry::Path { path: path.clone() }),
            (None, Some(reference), (None, None, None)) => Ok(SourceEntry::Reference {
                reference: reference.clone(),
            }),
            (None, None, (Some(package), Some(version), Some(registry))) => {
                Ok(SourceEntry::Package {
                    package: package.clone(),
                    version: version.clone(),
                    registry: registry.clone(),
                })
            }
            _ => Err(invalid(
                &format!("components[{at}]"),
                "expected either `path`, or `reference`, or `package`, `version` and `registry`",
            )),
        }
    }

    /// A place in an OCI registry, which a plan names by digest: a tag may mean something else when it is applied.
    pub(super) fn place(&self, at: usize, reference: &str) -> Result<Reference, Failure> {
        let wrong = |why: &dyn std::fmt::Display| {
            let place = format!("components[{at}].reference");
            invalid(&place, ui::clean_line(&why.to_string()))
        };
        let reference: Reference = reference.parse().map_err(|error| wrong(&error))?;
        match reference.pick {
            Pick::Digest(_) => Ok(reference),
            Pick::Tag(_) => Err(wrong(&"expected `oci://HOST/NAMESPACE/NAME@sha256:…`")),
        }
    }

    /// The package as it would be named on the command line.
    pub(super) fn wanted(
        &self,
        at: usize,
        package: &str,
        version: &str,
    ) -> Result<Wanted, Failure> {
        let package = package.parse().map_err(|error| {
            invalid(
                &format!("components[{at}].package"),
                ui::clean_line(&format!("{error}")),
            )
        })?;
        let version = version.parse().map_err(|_| {
            invalid(
                &format!("components[{at}].version"),
                "expected a whole version",
            )
        })?;
        Ok(Wanted {
            package,
            version: Selection::Exact(version),
        })
    }

    /// The digest that the component must have.
    pub(super) fn digest(&self, at: usize) -> Result<Digest, Failure> {
        format!("sha256:{}", self.sha256).parse().map_err(|_| {
            invalid(
                &format!("components[{at}].sha256"),
                "expected 64 hexadecimal digits, in lower case",
            )
        })
    }
}

/// A plan that cannot be followed, for what is at this place in it.
pub(super) fn invalid(place: &str, why: impl std::fmt::Display) -> Failure {
    Failure::new(
        "plan::invalid",
        format!("the plan is wrong at `{place}`: {why}"),
    )
    .help("plan again with `tenon plug --plan`, or correct it there")
}

fn not_a_plan(path: &Path) -> Failure {
    Failure::new(
        "plan::invalid",
        format!("`{}` is not a plan", path.display()),
    )
    .help("give a file that `tenon plug --plan` wrote")
}

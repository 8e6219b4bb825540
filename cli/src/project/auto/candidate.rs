//! A package that a registry names, and what speaks for it and against it.

use crate::config::RegistryName;
use crate::ui;
use serde::Serialize;
use tenon_registry_client::name::{PackageName, Version};

/// A package that may fill an import.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    pub(crate) package: PackageName,
    /// The release that was looked at.
    pub(crate) version: Option<Version>,
    pub(crate) registry: RegistryName,
    pub(crate) standing: Standing,
    pub(crate) verdict: Verdict,
}

/// What the project or the user have said of a package before it was found; what says more comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Standing {
    /// It is in the manifest.
    Dependency,
    /// Project or user map its namespace to the registry that has it.
    Mapped,
    /// Nothing maps its namespace, but the project depends on others of it.
    Neighbor,
    /// Nothing: anyone may have published it.
    Stranger,
}

impl Standing {
    /// Whether a registry that leaves it out would choose in place of who builds.
    pub(crate) fn is_sure(self) -> bool {
        self <= Standing::Mapped
    }
}

/// What came of trying a candidate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It fits.
    Fits {
        /// What else it would fill.
        fills: Vec<String>,
        /// What would stay open in its turn.
        opens: Vec<String>,
    },
    /// It is not to be taken; the reasons.
    Not(Vec<String>),
}

/// A candidate as `--json` has it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct CandidateData {
    package: String,
    version: Option<String>,
    registry: String,
    standing: Standing,
    fits: bool,
    reasons: Vec<String>,
    fills: Vec<String>,
    opens: Vec<String>,
}

impl Candidate {
    pub(crate) fn fits(&self) -> bool {
        matches!(self.verdict, Verdict::Fits { .. })
    }

    /// The release, as it is named on a command line: `acme:http@1.4.0`.
    pub(crate) fn release(&self) -> Option<String> {
        let version = self.version.as_ref()?;
        Some(format!("{}@{version}", self.package))
    }

    /// Package and version, as they are read.
    pub(crate) fn title(&self) -> String {
        match &self.version {
            Some(version) => format!("{} {version}", self.package),
            None => self.package.to_string(),
        }
    }

    /// What it is, and what speaks for it or against it, in one line.
    pub(crate) fn line(&self) -> String {
        let reasons = self.reasons().join("; ");
        format!("{} of `{}`: {reasons}", self.title(), self.registry)
    }

    /// What speaks for it, or else what against it.
    pub(crate) fn reasons(&self) -> Vec<String> {
        let Verdict::Fits { fills, opens } = &self.verdict else {
            return self.against();
        };
        let mut reasons = vec!["it fits".to_owned()];
        let namespace = self.package.namespace();
        reasons.push(match self.standing {
            Standing::Dependency => "the project depends on it".to_owned(),
            Standing::Mapped => format!("`{namespace}` is mapped to `{}`", self.registry),
            Standing::Neighbor => {
                format!("nothing maps `{namespace}`, but the project depends on others of it")
            }
            Standing::Stranger => format!("nothing maps `{namespace}`"),
        });
        if !fills.is_empty() {
            reasons.push(format!("fills {} too", quoted(fills)));
        }
        if !opens.is_empty() {
            reasons.push(format!("asks for {} in its turn", quoted(opens)));
        }
        reasons
    }

    pub(crate) fn data(&self) -> CandidateData {
        let (fills, opens) = match &self.verdict {
            Verdict::Fits { fills, opens } => (fills.clone(), opens.clone()),
            Verdict::Not(_) => (vec![], vec![]),
        };
        CandidateData {
            package: self.package.to_string(),
            version: self.version.as_ref().map(ToString::to_string),
            registry: self.registry.to_string(),
            standing: self.standing,
            fits: self.fits(),
            reasons: self.reasons(),
            fills,
            opens,
        }
    }

    fn against(&self) -> Vec<String> {
        match &self.verdict {
            Verdict::Fits { .. } => vec![],
            Verdict::Not(reasons) => reasons.iter().map(|why| ui::clean_line(why)).collect(),
        }
    }
}

fn quoted(names: &[String]) -> String {
    let names: Vec<_> = names
        .iter()
        .map(|name| format!("`{}`", ui::clean_line(name)))
        .collect();
    names.join(", ")
}

//! Names, and versions of packages.

use super::Span;
use serde::{Serialize, Serializer};
use std::fmt;

/// An identifier.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Ident<'a> {
    /// Where it stands, with the `%`, if it has one.
    pub span: Span,
    /// The name, without the `%`.
    pub name: &'a str,
}

/// A string.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Text {
    /// Where it stands, with its quotes.
    pub span: Span,
    /// What it says.
    pub value: String,
}

/// The name of an import, an export or an argument: an identifier or any string.
#[derive(Clone, Debug, Serialize)]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case"
)]
pub enum ExternName<'a> {
    /// `logger`
    Ident(Ident<'a>),
    /// `"acme:log/logger"`
    Text(Text),
}

impl ExternName<'_> {
    /// The name.
    pub fn as_str(&self) -> &str {
        match self {
            ExternName::Ident(ident) => ident.name,
            ExternName::Text(text) => &text.value,
        }
    }

    /// Where it stands.
    pub fn span(&self) -> Span {
        match self {
            ExternName::Ident(ident) => ident.span,
            ExternName::Text(text) => text.span,
        }
    }
}

/// `acme:logger` or `acme:logger@^1.2`
///
/// [`Display`](fmt::Display) writes it in one piece, with its version.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PackageName<'a> {
    /// Where it stands, with its version, if that follows it at once.
    pub span: Span,
    /// What stands between the `:`, two or more.
    pub parts: Vec<Ident<'a>>,
    /// The version, or what versions will do.
    pub version: Option<Version<'a>>,
}

impl PackageName<'_> {
    /// The name without a version, such as `acme:logger`.
    pub fn name(&self) -> String {
        let parts: Vec<_> = self.parts.iter().map(|part| part.name).collect();
        parts.join(":")
    }
}

impl fmt::Display for PackageName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())?;
        version(f, self.version.as_ref())
    }
}

/// `acme:log/logger@1.0.0`
///
/// [`Display`](fmt::Display) writes it in one piece, with its version, as imports and exports are called.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PackagePath<'a> {
    /// Where it stands.
    pub span: Span,
    /// The package, with the version that stands at the end of the path.
    pub package: PackageName<'a>,
    /// What follows the package, each after a `/`; one or more.
    pub segments: Vec<Ident<'a>>,
}

impl PackagePath<'_> {
    /// What follows the package, with `/` between, such as `logger`.
    pub fn item(&self) -> String {
        let segments: Vec<_> = self.segments.iter().map(|segment| segment.name).collect();
        segments.join("/")
    }
}

impl fmt::Display for PackagePath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.package.name(), self.item())?;
        version(f, self.package.version.as_ref())
    }
}

fn version(f: &mut fmt::Formatter<'_>, version: Option<&Version<'_>>) -> fmt::Result {
    version.map_or(Ok(()), |version| write!(f, "@{}", version.text))
}

/// An interface or a world, by its name in this document or by its path.
#[derive(Clone, Debug, Serialize)]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case"
)]
pub enum UsePath<'a> {
    /// `logger`
    Ident(Ident<'a>),
    /// `acme:log/logger@1.0.0`; a version is a whole one.
    Package(PackagePath<'a>),
}

impl UsePath<'_> {
    /// Where it stands.
    pub fn span(&self) -> Span {
        match self {
            UsePath::Ident(ident) => ident.span,
            UsePath::Package(path) => path.span,
        }
    }
}

impl fmt::Display for UsePath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UsePath::Ident(ident) => f.write_str(ident.name),
            UsePath::Package(path) => path.fmt(f),
        }
    }
}

/// What follows the `@` of a package.
///
/// As JSON it has the text, and `exact`.
#[derive(Clone, Debug)]
pub struct Version<'a> {
    /// Where it stands, without the `@`.
    pub span: Span,
    /// The text.
    pub text: &'a str,
    /// What it means.
    pub wanted: Wanted,
}

/// Which versions will do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// This one: `1.2.0`
    Exact(semver::Version),
    /// Any of these: `^1.2`, `0.2`, `>=1, <3`, `*`
    Requirement(semver::VersionReq),
}

impl Version<'_> {
    /// The version, if it is a whole one.
    pub fn exact(&self) -> Option<&semver::Version> {
        match &self.wanted {
            Wanted::Exact(version) => Some(version),
            Wanted::Requirement(_) => None,
        }
    }
}

impl Serialize for Version<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Written<'t> {
            span: Span,
            text: &'t str,
            exact: bool,
        }
        let written = Written {
            span: self.span,
            text: self.text,
            exact: self.exact().is_some(),
        };
        written.serialize(serializer)
    }
}

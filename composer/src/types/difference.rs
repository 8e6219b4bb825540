//! Where two types part ways, and how.

use crate::error::count;
use std::fmt;
use wasmparser::component_types::ComponentEntityType;

/// At most this many names are listed in a message.
const MAX_NAMES: usize = 6;

/// One place where two types part ways.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// The way from the item compared to the place where it differs.
    pub path: Vec<Step>,
    /// What differs there.
    pub reason: Reason,
}

/// A step into a type.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// Into the interface of this name.
    Interface(String),
    /// Into the function of this name.
    Function(String),
    /// Into the type of this name.
    Type(String),
    /// Into the other kind of item that has this name.
    Item(String),
    /// Into the world of this name.
    World(String),
    /// Into the import of this name, of a component.
    Import(String),
    /// Into the export of this name, of a component.
    Export(String),
    /// Into the parameter of this name.
    Parameter(String),
    /// Into the result of a function.
    Result,
    /// Into the field of this name, of a record.
    Field(String),
    /// Into the case of this name, of a variant.
    Case(String),
    /// To the flag of this name.
    Flag(String),
    /// Into the element of a tuple at this position, from 1.
    Element(usize),
    /// Into the elements of a list.
    ListElement,
    /// Into what an option holds.
    OptionPayload,
    /// Into the elements of a stream.
    StreamElement,
    /// Into the value of a future.
    FutureValue,
    /// Into the key of a map.
    Key,
    /// Into the value of a map.
    Value,
    /// Into the success type of a result.
    Ok,
    /// Into the error type of a result.
    Err,
}

/// What is different between the type expected (the import's) and the one found (the export's).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// An item is asked for that is not there.
    Missing {
        /// What sort of item: `function`, `type`, ...
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// One is, say, a function and the other a type.
    Kind {
        /// The sort asked for.
        expected: &'static str,
        /// The sort found.
        found: &'static str,
    },
    /// A function is `async` on one side only.
    Async {
        /// Whether the function asked for is `async`.
        expected: bool,
    },
    /// A parameter has another name.
    ParameterName {
        /// Its position, from 1.
        position: usize,
        /// The name asked for.
        expected: String,
        /// The name found.
        found: String,
    },
    /// Functions with a different number of parameters.
    ParameterCount {
        /// The names of those asked for.
        expected: Vec<String>,
        /// The names of those found.
        found: Vec<String>,
    },
    /// A function gives a result on one side only.
    ResultPresence {
        /// Whether a result is asked for.
        expected: bool,
    },
    /// The same names in another order: parameters, fields of a record, cases of a variant.
    Order {
        /// `parameters`, `fields`, `cases` or `flags`.
        what: &'static str,
        /// The names as asked for.
        expected: Vec<String>,
        /// The names as found.
        found: Vec<String>,
    },
    /// Names that only one side has: fields of a record, cases of a variant.
    Names {
        /// `field`, `case` or `flag`.
        what: &'static str,
        /// Names asked for and not found.
        missing: Vec<String>,
        /// Names found and not asked for.
        extra: Vec<String>,
    },
    /// Two different types.
    Type {
        /// The type asked for, as WIT text.
        expected: String,
        /// The type found, as WIT text.
        found: String,
    },
    /// A component imports what the world does not offer.
    NotOffered,
    /// A resource on both sides, but not the same one.
    Resource,
    /// An import or export says of itself what the one found does not say: that it implements an
    /// interface, or by which id others know it.
    Attribute {
        /// `implements` or `external-id`.
        what: &'static str,
        /// What is asked for.
        expected: Option<String>,
        /// What was found.
        found: Option<String>,
    },
    /// A package of another name, or in a version on another track.
    Package {
        /// The package asked for, with its version.
        expected: String,
        /// The package found, with its version.
        found: String,
    },
    /// What the validator says of types that are compared by it alone, such as core modules.
    Other(String),
}

impl Step {
    /// The step into an item of an instance or a component.
    pub(crate) fn into_item(name: &str, ty: &ComponentEntityType) -> Step {
        let name = name.to_owned();
        match ty {
            ComponentEntityType::Func(_) => Step::Function(name),
            ComponentEntityType::Type { .. } => Step::Type(name),
            ComponentEntityType::Instance(_) => Step::Interface(name),
            _ => Step::Item(name),
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.path {
            write!(f, "{step}: ")?;
        }
        write!(f, "{}", self.reason)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Interface(name) => write!(f, "interface `{name}`"),
            Step::Function(name) => write!(f, "function `{name}`"),
            Step::Type(name) => write!(f, "type `{name}`"),
            Step::Item(name) => write!(f, "`{name}`"),
            Step::World(name) => write!(f, "world `{name}`"),
            Step::Import(name) => write!(f, "import `{name}`"),
            Step::Export(name) => write!(f, "export `{name}`"),
            Step::Parameter(name) => write!(f, "parameter `{name}`"),
            Step::Result => f.write_str("result"),
            Step::Field(name) => write!(f, "field `{name}`"),
            Step::Case(name) => write!(f, "case `{name}`"),
            Step::Flag(name) => write!(f, "flag `{name}`"),
            Step::Element(position) => write!(f, "tuple element {position}"),
            Step::ListElement => f.write_str("list element"),
            Step::OptionPayload => f.write_str("option payload"),
            Step::StreamElement => f.write_str("stream element"),
            Step::FutureValue => f.write_str("future value"),
            Step::Key => f.write_str("map key"),
            Step::Value => f.write_str("map value"),
            Step::Ok => f.write_str("ok"),
            Step::Err => f.write_str("error"),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Missing { kind, name } => write!(f, "{kind} `{name}` is missing"),
            Reason::Kind { expected, found } => {
                write!(
                    f,
                    "expected {}, found {}",
                    article(expected),
                    article(found)
                )
            }
            Reason::Async { expected: true } => {
                f.write_str("expected an `async` function, found one that is not")
            }
            Reason::Async { expected: false } => {
                f.write_str("expected a function that is not `async`, found one that is")
            }
            Reason::ParameterName {
                position,
                expected,
                found,
            } => write!(
                f,
                "parameter {position} is expected to be named `{expected}`, but is named `{found}`"
            ),
            Reason::ParameterCount { expected, found } => {
                let expected = count(expected.len() as u64, "parameter");
                write!(f, "expected {expected}, found {}", found.len())
            }
            Reason::ResultPresence { expected: true } => {
                f.write_str("expected a result, found none")
            }
            Reason::ResultPresence { expected: false } => {
                f.write_str("expected no result, found one")
            }
            Reason::Order {
                what,
                expected,
                found,
            } if expected.len() <= MAX_NAMES => write!(
                f,
                "the {what} are in another order: expected {}, found {}",
                list(expected),
                list(found)
            ),
            Reason::Order {
                what,
                expected,
                found,
            } => {
                let mut pairs = expected.iter().zip(found).enumerate();
                write!(f, "the {what} are in another order")?;
                match pairs.find(|(_, (e, f))| e != f) {
                    Some((at, (expected, found))) => write!(
                        f,
                        ": number {} is expected to be `{expected}`, but is `{found}`",
                        at + 1
                    ),
                    None => Ok(()),
                }
            }
            Reason::Names {
                what,
                missing,
                extra,
            } => {
                let number = |names: &[String]| match names.len() {
                    1 => ("", "is"),
                    _ => ("s", "are"),
                };
                let (s, is) = number(missing);
                if !missing.is_empty() {
                    write!(f, "{what}{s} {} {is} missing", list(missing))?;
                }
                if !missing.is_empty() && !extra.is_empty() {
                    f.write_str(", and ")?;
                }
                let (s, is) = number(extra);
                if !extra.is_empty() {
                    write!(f, "{what}{s} {} {is} not expected", list(extra))?;
                }
                Ok(())
            }
            Reason::Type { expected, found } => write!(f, "expected `{expected}`, found `{found}`"),
            Reason::NotOffered => f.write_str("the world does not offer it"),
            Reason::Resource => f.write_str("the resource is another one"),
            Reason::Attribute {
                what,
                expected,
                found,
            } => {
                let said = |value: &Option<String>| match value {
                    Some(value) => format!("`{value}`"),
                    None => "nothing".to_owned(),
                };
                let (expected, found) = (said(expected), said(found));
                write!(f, "expected `{what}` to say {expected}, found {found}")
            }
            Reason::Package { expected, found } => {
                write!(f, "expected the package `{expected}`, found `{found}`")
            }
            Reason::Other(message) => f.write_str(message),
        }
    }
}

/// `a type`, `an interface`, `flags`.
fn article(noun: &str) -> String {
    match noun.chars().next() {
        _ if noun.ends_with('s') => noun.to_owned(),
        Some('a' | 'e' | 'i' | 'o' | 'u') => format!("an {noun}"),
        _ => format!("a {noun}"),
    }
}

fn list(names: &[String]) -> String {
    let quoted = names.iter().take(MAX_NAMES).map(|name| format!("`{name}`"));
    let text = quoted.collect::<Vec<_>>().join(", ");
    match names.len().checked_sub(MAX_NAMES) {
        Some(more @ 1..) => format!("{text} and {more} more"),
        _ => text,
    }
}

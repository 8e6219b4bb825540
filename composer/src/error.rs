//! What can go wrong, each kind with a code, and what to do about it.

mod text;

pub(crate) use text::{article, count, listed};

use crate::component::Kind;
use crate::component::limits::{Limit, PARTS, limit_of};
use crate::explain;
use crate::plug::NearMiss;
use crate::types::Difference;
use std::fmt;
use std::io;
use text::{
    both_import, circle, contributors, cut, either, exported, first, item_of, made_by,
    missing_dependency, no_chain, no_one_export, not_a_component, nothing_found, strict, together,
    unknown_item, unknown_member, why_nothing,
};

/// An error of the composer.
///
/// Its [`code`](Error::code) is stable; [`explain`](crate::explain) has a longer text for each.
#[derive(Debug, thiserror::Error)]
#[error("{}", cut(&.kind.to_string()))]
pub struct Error {
    #[source]
    source: Option<io::Error>,
    kind: Box<ErrorKind>,
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The input could not be read.
    #[error("`{input}` cannot be read")]
    Read {
        /// The input's name.
        input: String,
    },
    /// The input is no component at all.
    #[error("`{input}` {}", not_a_component(.kind, .prefix))]
    NotAComponent {
        /// The input's name.
        input: String,
        /// What it is instead.
        kind: Kind,
        /// How it begins.
        prefix: Vec<u8>,
    },
    /// The input is a WIT package in the binary format.
    #[error("`{input}` is a WIT package: it describes interfaces and holds no code")]
    WitPackage {
        /// The input's name.
        input: String,
    },
    /// The input ends too early.
    #[error(
        "`{input}` is cut short: the section at offset {offset:#x} lacks at least {}", count(*.missing, "byte")
    )]
    Truncated {
        /// The input's name.
        input: String,
        /// Where the section that is cut begins.
        offset: u64,
        /// How many bytes are missing, at least.
        missing: u64,
    },
    /// The component ends before the input does.
    #[error("`{input}` goes on for {} after its component ends, at offset {offset:#x}", count(*.len, "byte"))]
    Trailing {
        /// The input's name.
        input: String,
        /// Where the component ends.
        offset: u64,
        /// How many bytes follow.
        len: u64,
    },
    /// The component uses a part of the format that is newer than this program.
    #[error("`{input}` uses a newer Component Model: {what} at offset {offset:#x} is not known{}", made_by(.producer))]
    NewerThanUs {
        /// The input's name.
        input: String,
        /// Where the unknown part stands.
        offset: u64,
        /// What is not known.
        what: String,
        /// Who made the component, if it says so before that place.
        producer: Option<String>,
    },
    /// The component is not valid.
    #[error("`{input}` is not a valid component: {message}, at offset {offset:#x}")]
    Invalid {
        /// The input's name.
        input: String,
        /// Where the first fault is.
        offset: u64,
        /// What the fault is.
        message: String,
    },
    /// No plug fills an import of a socket.
    #[error("nothing was plugged into {}: {}", either(.sockets), why_nothing(.sockets, *.imports_nothing, .near, .swapped))]
    NothingPlugged {
        /// The names of the sockets.
        sockets: Vec<String>,
        /// Whether the sockets import nothing.
        imports_nothing: bool,
        /// What came near, the nearest first.
        near: Vec<NearMiss>,
        /// A plug and an import of it that a socket could fill: perhaps the two are meant the other
        /// way round.
        swapped: Option<(String, String)>,
    },
    /// An export was chosen to fill an import, and its type does not fit.
    #[error("{} cannot fill import `{import}` of `{consumer}`{}", exported(.provider, .export), first(.differences))]
    ArgumentType {
        /// Whose import it is.
        consumer: String,
        /// The import's name, with its whole version.
        import: String,
        /// The instance that was chosen.
        provider: String,
        /// The export's name, with its whole version; empty for the instance as a whole.
        export: String,
        /// Where the types differ.
        differences: Vec<Difference>,
    },
    /// An instance was chosen to fill an import, and none of its exports does, or several do.
    #[error("{}", no_one_export(.consumer, .import, .provider, .exports))]
    NoOneExport {
        /// Whose import it is.
        consumer: String,
        /// The import's name, with its whole version.
        import: String,
        /// The instance that was chosen.
        provider: String,
        /// Those of its exports whose types fit, if any do.
        exports: Vec<String>,
    },
    /// A name stands for no socket or plug, or for several.
    #[error("{}", unknown_member(.name, .near, .known, *.several))]
    UnknownMember {
        /// The name.
        name: String,
        /// Names that come near it.
        near: Vec<String>,
        /// All names there are.
        known: Vec<String>,
        /// Whether several components have the name.
        several: bool,
    },
    /// A name stands for no import or export, or for several.
    #[error("{}", unknown_item(.of, .what, .name, .near, .several))]
    UnknownItem {
        /// Who was to have it.
        of: Owner,
        /// `import` or `export`.
        what: &'static str,
        /// The name.
        name: String,
        /// Names that come near it.
        near: Vec<String>,
        /// The items that it stands for, where it is not clear which is meant.
        several: Vec<String>,
    },
    /// What was asked for one import cannot all be.
    #[error("import `{import}` of `{consumer}` is asked to be {first}, and to be {second}")]
    Contradiction {
        /// Whose import it is.
        consumer: String,
        /// The import's name, with its whole version.
        import: String,
        /// What it is asked to be: ``filled from `logger` ``, `left open`.
        first: String,
        /// And what else.
        second: String,
    },
    /// The links of a chain have no interface in common, or one stands in it twice.
    #[error("{}", no_chain(.links, *.repeated))]
    NoChain {
        /// The links, in order: name, imports, exports; of a socket only the imports.
        links: Vec<(String, Vec<String>, Vec<String>)>,
        /// Whether it is that one instance stands in the chain twice.
        repeated: bool,
    },
    /// Two things would be imported, or exported, under one name.
    #[error("the composition would have two {side} called `{name}`: {} and {}", item_of(.first), item_of(.second))]
    NameTaken {
        /// `imports` or `exports`.
        side: &'static str,
        /// The name.
        name: String,
        /// An instance that has the one, and its name there.
        first: (String, String),
        /// An instance that has the other, and its name there.
        second: (String, String),
    },
    /// Nothing of this kind may have this name.
    #[error("`{name}` cannot be the name of {}: {reason}", article(.kind))]
    BadName {
        /// The name.
        name: String,
        /// What it was to be the name of: `interface`, `function`, ...
        kind: &'static str,
        /// What is in the way.
        reason: String,
    },
    /// Several plugs could fill one import.
    #[error("{} export what `{consumer}` imports as `{import}`", together(.providers))]
    TwoProviders {
        /// Whose import it is.
        consumer: String,
        /// The import's name.
        import: String,
        /// The plugs that could fill it, in alphabetical order; or `plug#export` for each export of one
        /// plug that could.
        providers: Vec<String>,
    },
    /// Several plugs are links of the chain that fills one import, and nothing says which is first.
    #[error(
        "{} import and export what `{consumer}` imports as `{import}`, and nothing gives their order",
        together(.links)
    )]
    NoOrder {
        /// Whose import it is.
        consumer: String,
        /// The import's name.
        import: String,
        /// The links, in alphabetical order.
        links: Vec<String>,
    },
    /// A configuration comes to nothing: there is no component for any import of its root.
    #[error("there is nothing to compose `{component}` with: {}", nothing_found(.missing))]
    NoDependency {
        /// The root.
        component: String,
        /// The names for which there is no component; none if it imports no interface.
        missing: Vec<String>,
    },
    /// A component that must be there is not.
    #[error("{}", missing_dependency(.consumer, .import, .dependency, .export))]
    MissingDependency {
        /// The instance that has the import.
        consumer: String,
        /// The import.
        import: String,
        /// The name of the component.
        dependency: String,
        /// The export of it that is to fill the import, if one is named.
        export: Option<String>,
    },
    /// Components need each other in a circle.
    #[error("the components need each other in a circle: {}", circle(.steps))]
    Cycle {
        /// Each component on the circle with the import by which it needs the next.
        steps: Vec<(String, String)>,
    },
    /// Two imports of one component must speak of the same resource, and do not.
    #[error("{0}")]
    ResourceClash(ResourceClash),
    /// Two components import one interface with types that do not agree.
    #[error("{}, but they disagree on it: {difference}", both_import(.first, .second))]
    ImportConflict {
        /// A component that imports it, and the import's name there.
        first: (String, String),
        /// Another one.
        second: (String, String),
        /// The first thing they disagree on.
        difference: Difference,
    },
    /// An import uses a type of a kind that an import's type cannot be written with.
    #[error("`{import}` stays imported, but its type cannot be written down: {what}")]
    Unwritable {
        /// The import's name.
        import: String,
        /// What cannot be written.
        what: String,
    },
    /// A component cannot be imported, as it is to be.
    #[error("`{component}` cannot be imported as `{name}`: {reason}")]
    ComponentImport {
        /// The component.
        component: String,
        /// The name of its import.
        name: String,
        /// Why not.
        reason: String,
    },
    /// The composition would exceed a limit that every engine has.
    #[error("the composition would have {count} {what}, or more; engines accept {max} at most{}", contributors(.most))]
    Limit {
        /// What there is too much of.
        what: &'static str,
        /// How many there would be, at least.
        count: u64,
        /// How many there may be.
        max: u64,
        /// Which components bring most of them, with how many each, the most first.
        most: Vec<(String, u64)>,
    },
    /// The input has more of something than engines accept, or than is read.
    #[error("`{input}` has more than {max} {what}, at offset {offset:#x}")]
    InputLimit {
        /// The input's name.
        input: String,
        /// Where the limit is passed.
        offset: u64,
        /// What there is too much of.
        what: &'static str,
        /// How many there may be.
        max: u64,
    },
    /// A graph was built from parts that do not exist or do not fit.
    #[error("{0}")]
    Graph(String),
    /// A binary is wired in a way that a graph has no words for.
    #[error("`{name}` cannot be read back as a graph: {why}")]
    NoGraph {
        /// What the caller calls the binary.
        name: String,
        /// What a graph has no words for, and where.
        why: String,
    },
    /// A strict plan has something left over.
    #[error("{}", strict(.open, .useless))]
    Strict {
        /// Imports left open, with the component that has them.
        open: Vec<(String, String)>,
        /// Plugs that fill nothing.
        useless: Vec<String>,
    },
    /// A component in a composition has something from the composition around it.
    #[error(
        "`{component}` in `{input}` has items from the composition around it, and is nothing by itself"
    )]
    NotClosed {
        /// The composition's name.
        input: String,
        /// The component's name.
        component: String,
    },
    /// A composition does not fit what it records of hoisted core modules.
    #[error("`{input}` does not fit its own record of hoisted core modules: {message}")]
    Hoisted {
        /// The composition's name.
        input: String,
        /// What does not fit.
        message: String,
    },
    /// A component in a composition is not the one that the bill of materials names.
    #[error(
        "`{component}` in `{input}` is not what the bill of materials says: its digest is {found}, recorded is {recorded}"
    )]
    DigestDiffers {
        /// The composition's name.
        input: String,
        /// The component's name.
        component: String,
        /// The digest that is recorded.
        recorded: String,
        /// The digest of the component.
        found: String,
    },
    /// The result is not valid: a defect of this program.
    #[error("the composition came out invalid: {message}")]
    InvalidOutput {
        /// What the validator says.
        message: String,
    },
}

/// Who was to have an import or an export.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Owner {
    /// The socket or plug of this name.
    Component(String),
    /// Any of the sockets and plugs.
    Any,
    /// The composition.
    Composition,
}

/// Two imports of one component that must speak of the same resource, and do not.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResourceClash {
    /// The component that has both imports.
    pub consumer: String,
    /// The resource.
    pub resource: String,
    /// The import by which the component knows the resource, and who fills it.
    pub known: (String, Provider),
    /// The import that speaks of another resource, and who fills it.
    pub other: (String, Provider),
    /// Whose resource it is that the other import speaks of.
    pub owner: Provider,
    /// Whether each version of an interface is an import of its own, which may be what keeps them apart.
    pub separate: bool,
}

/// Who fills an import.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Provider {
    /// The component of this name.
    Component(String),
    /// Whoever runs the composition.
    Host,
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Provider::Component(name) => write!(f, "`{name}`"),
            Provider::Host => f.write_str("the host"),
        }
    }
}

impl fmt::Display for ResourceClash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ResourceClash {
            consumer,
            resource,
            known,
            other,
            owner,
            separate: _,
        } = self;
        if known.1 == other.1 {
            return write!(
                f,
                "`{consumer}` gets `{}` and `{}` from {}, but each with a `{resource}` of its own; both \
                 must speak of the same one",
                known.0, other.0, known.1
            );
        }
        write!(
            f,
            "`{consumer}` gets `{}` from {} but `{}` from {}",
            known.0, known.1, other.0, other.1
        )?;
        if *owner != other.1 {
            write!(f, ", which has it from {owner}")?;
        } else if *owner != Provider::Host {
            f.write_str(", which has one of its own")?;
        }
        write!(f, "; both must speak of the same `{resource}`")
    }
}

impl ErrorKind {
    /// Too much of something, of which each component brings so much.
    pub(crate) fn limit(
        what: &'static str,
        count: u64,
        max: u64,
        mut most: Vec<(String, u64)>,
    ) -> ErrorKind {
        most.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        ErrorKind::Limit {
            what,
            count,
            max,
            most,
        }
    }
}

impl Error {
    /// What went wrong, as data.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// The stable code of this kind of error, such as `compose::argument-type`.
    pub fn code(&self) -> &'static str {
        match self.kind() {
            ErrorKind::Read { .. } => "compose::read",
            ErrorKind::NotAComponent { kind, .. } => match kind {
                Kind::Empty => "compose::empty",
                Kind::CoreModule => "compose::core-module",
                Kind::Wit => "compose::wit-text",
                Kind::Wat | Kind::Text => "compose::text",
                _ => "compose::not-wasm",
            },
            ErrorKind::WitPackage { .. } => "compose::wit-package",
            ErrorKind::Truncated { .. } => "compose::truncated",
            ErrorKind::Trailing { .. } => "compose::trailing-bytes",
            ErrorKind::NewerThanUs { .. } => "compose::newer-than-us",
            ErrorKind::Invalid { .. } => "compose::invalid",
            ErrorKind::NothingPlugged { near, .. } => near
                .first()
                .map_or("compose::nothing-plugged", NearMiss::code),
            ErrorKind::ArgumentType { .. } => "compose::argument-type",
            ErrorKind::NoOneExport { .. } => "compose::no-one-export",
            ErrorKind::UnknownMember { .. } => "compose::unknown-instance",
            ErrorKind::UnknownItem { .. } => "compose::unknown-item",
            ErrorKind::Contradiction { .. } => "compose::contradiction",
            ErrorKind::NoChain { .. } => "compose::no-chain",
            ErrorKind::NameTaken { .. } => "compose::name-taken",
            ErrorKind::BadName { .. } => "compose::bad-name",
            ErrorKind::TwoProviders { .. } | ErrorKind::NoOrder { .. } => "compose::two-providers",
            ErrorKind::NoDependency { .. } => "compose::no-dependency",
            ErrorKind::MissingDependency { .. } => "compose::not-found",
            ErrorKind::Cycle { .. } => "compose::cycle",
            ErrorKind::ResourceClash(_) => "compose::resource-clash",
            ErrorKind::ImportConflict { .. } => "compose::import-conflict",
            ErrorKind::Unwritable { .. } => "compose::unwritable",
            ErrorKind::ComponentImport { .. } => "compose::component-import",
            ErrorKind::Limit { .. } | ErrorKind::InputLimit { .. } => "compose::limit",
            ErrorKind::Graph(_) => "compose::graph",
            ErrorKind::NoGraph { .. } => "compose::no-graph",
            ErrorKind::Strict { .. } => "compose::strict",
            ErrorKind::NotClosed { .. } => "compose::not-closed",
            ErrorKind::Hoisted { .. } => "compose::hoisted",
            ErrorKind::DigestDiffers { .. } => "compose::digest-differs",
            ErrorKind::InvalidOutput { .. } => "compose::invalid-output",
        }
    }

    /// What to do about it, in a sentence.
    pub fn help(&self) -> Option<&'static str> {
        match self.kind() {
            ErrorKind::NothingPlugged {
                near,
                swapped: Some(_),
                ..
            } if near.is_empty() => Some(
                "swap the two: the socket is the component whose imports are filled, and whose exports \
                 the result has",
            ),
            ErrorKind::NothingPlugged {
                imports_nothing: true,
                ..
            } => Some(
                "give the component whose imports are to be filled as the socket; one that imports \
                 nothing needs no plugs",
            ),
            ErrorKind::InputLimit { .. } => Some(
                "build it with fewer of them; if a tool wrote it, report it to the tool's authors",
            ),
            ErrorKind::NoOrder { .. } => Some(
                "give their order with `--chain FIRST,SECOND`, the first being what the consumer calls; or \
                 leave out all but one of them",
            ),
            ErrorKind::NoChain { repeated: true, .. } => Some(
                "give the plug once more, so that there are two instances of it, and name the second one",
            ),
            ErrorKind::NoOneExport { exports, .. } if exports.is_empty() => Some(
                "wire another component, or build both against the same WIT: `tenon wit FILE` prints what \
                 each has",
            ),
            ErrorKind::NameTaken {
                side: "imports", ..
            } => Some("give it a name that no other import has"),
            ErrorKind::UnknownMember { several: true, .. } => {
                Some("use the path under which it was given, or give one of the files another name")
            }
            ErrorKind::UnknownItem { several, .. } if !several.is_empty() => {
                Some("write the whole name, with its version")
            }
            ErrorKind::ResourceClash(clash) if clash.separate => Some(
                "let the versions of one interface become one import: use another version policy than \
                 `separate`",
            ),
            ErrorKind::Limit { what, .. } if *what == PARTS => Some(
                "leave out what is not needed, or build the components that bring most of them with fewer \
                 core modules inside; composing in steps does not help",
            ),
            _ => explain::help(self.code()),
        }
    }

    /// Calls the input by another name, such as its path, if the error is about the bytes of one.
    pub fn about(mut self, name: &str) -> Error {
        match &mut *self.kind {
            ErrorKind::Read { input }
            | ErrorKind::NotAComponent { input, .. }
            | ErrorKind::WitPackage { input }
            | ErrorKind::Truncated { input, .. }
            | ErrorKind::Trailing { input, .. }
            | ErrorKind::NewerThanUs { input, .. }
            | ErrorKind::Invalid { input, .. }
            | ErrorKind::InputLimit { input, .. }
            | ErrorKind::NotClosed { input, .. }
            | ErrorKind::Hoisted { input, .. }
            | ErrorKind::DigestDiffers { input, .. } => name.clone_into(input),
            _ => {}
        }
        self
    }

    pub(crate) fn new(kind: ErrorKind) -> Error {
        Error {
            kind: Box::new(kind),
            source: None,
        }
    }

    pub(crate) fn read(input: &str, source: io::Error) -> Error {
        Error {
            source: Some(source),
            ..Error::new(ErrorKind::Read {
                input: input.to_owned(),
            })
        }
    }

    pub(crate) fn not_a_component(input: &str, kind: Kind, prefix: &[u8]) -> Error {
        Error::new(ErrorKind::NotAComponent {
            input: input.to_owned(),
            kind,
            prefix: prefix.get(..8).unwrap_or(prefix).to_vec(),
        })
    }

    pub(crate) fn wit_package(input: &str) -> Error {
        Error::new(ErrorKind::WitPackage {
            input: input.to_owned(),
        })
    }

    pub(crate) fn truncated(input: &str, offset: u64, missing: u64) -> Error {
        Error::new(ErrorKind::Truncated {
            input: input.to_owned(),
            offset,
            missing,
        })
    }

    pub(crate) fn trailing(input: &str, offset: u64, len: u64) -> Error {
        Error::new(ErrorKind::Trailing {
            input: input.to_owned(),
            offset,
            len,
        })
    }

    pub(crate) fn newer_than_us(
        input: &str,
        offset: u64,
        what: String,
        producer: Option<String>,
    ) -> Error {
        Error::new(ErrorKind::NewerThanUs {
            input: input.to_owned(),
            offset,
            what,
            producer,
        })
    }

    /// An input that is not valid, or has too much of what `message` speaks of.
    pub(crate) fn invalid(input: &str, offset: u64, message: impl Into<String>) -> Error {
        let message = message.into();
        match limit_of(&message) {
            Some(limit) => Error::input_limit(input, offset, limit),
            None => Error::new(ErrorKind::Invalid {
                input: input.to_owned(),
                offset,
                message,
            }),
        }
    }

    pub(crate) fn input_limit(input: &str, offset: u64, (what, max): Limit) -> Error {
        Error::new(ErrorKind::InputLimit {
            input: input.to_owned(),
            offset,
            what,
            max,
        })
    }
}

impl miette::Diagnostic for Error {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(Error::code(self)))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(Error::help(self)?))
    }
}

//! What can go wrong, each kind with a code, and what to do about it.

use crate::component::Kind;
use crate::component::limits::{Limit, limit_of};
use crate::explain;
use crate::plug::NearMiss;
use crate::types::Difference;
use std::borrow::Cow;
use std::fmt;
use std::io;

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

/// How many bytes of a message are shown: names in it may be of any length.
const MAX_MESSAGE: usize = 2 << 10;

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
    /// No plug fills an import of the socket.
    #[error("nothing was plugged into `{socket}`: {}", why_nothing(.socket, *.imports_nothing, .near, .swapped))]
    NothingPlugged {
        /// The socket's name.
        socket: String,
        /// Whether the socket imports nothing.
        imports_nothing: bool,
        /// What came near, the nearest first.
        near: Vec<NearMiss>,
        /// A plug and an import of it that the socket could fill: perhaps the two are meant the other
        /// way round.
        swapped: Option<(String, String)>,
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
    /// A configuration gives an argument for an import that there is not.
    #[error("`{instance}` has no import `{argument}`{}", did_you_mean(.nearest))]
    UnknownArgument {
        /// The instance.
        instance: String,
        /// The name of the argument.
        argument: String,
        /// The import that may be meant.
        nearest: Option<String>,
    },
    /// A configuration names an export that there is not.
    #[error("`{instance}` has no export `{export}`{}", did_you_mean(.nearest))]
    UnknownExport {
        /// The instance.
        instance: String,
        /// The name of the export.
        export: String,
        /// The export that may be meant.
        nearest: Option<String>,
    },
    /// What a configuration gives for an import does not fit.
    #[error("{}", unfit(.consumer, .import, .provider, .export, .differences))]
    Unfit {
        /// The instance that has the import.
        consumer: String,
        /// The import's name, with its whole version.
        import: String,
        /// The instance that is to fill it.
        provider: String,
        /// The export of it that is meant, or comes nearest; none if it is the instance as a whole.
        export: Option<String>,
        /// Where the types differ.
        differences: Vec<Difference>,
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
    #[error("the composition would have {count} {what}, or more; engines accept {max} at most")]
    Limit {
        /// What there is too much of.
        what: &'static str,
        /// How many there would be, at least.
        count: u64,
        /// How many there may be.
        max: u64,
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
        "`{component}` in `{input}` is not what the bill of materials says: its digest is {found},          recorded is {recorded}"
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

/// Two imports of one component that must speak of the same resource, and do not.
#[derive(Clone, Debug, PartialEq, Eq)]
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
}

/// Who fills an import.
#[derive(Clone, Debug, PartialEq, Eq)]
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
            ErrorKind::TwoProviders { .. } | ErrorKind::NoOrder { .. } => "compose::two-providers",
            ErrorKind::NoDependency { .. } => "compose::no-dependency",
            ErrorKind::MissingDependency { .. } => "compose::not-found",
            ErrorKind::UnknownArgument { .. } => "compose::unknown-argument",
            ErrorKind::UnknownExport { .. } => "compose::unknown-export",
            ErrorKind::Unfit { .. } => "compose::argument-type",
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
                "leave out all but one of them; or compose the inner one with the end of the chain first, \
                 and plug the result",
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

fn not_a_component(kind: &Kind, prefix: &[u8]) -> String {
    match kind {
        Kind::Empty => "is empty".to_owned(),
        Kind::CoreModule => "is a core module, not a component".to_owned(),
        Kind::Wat => "is WebAssembly text, where a component's bytes are needed".to_owned(),
        Kind::Wit => "is WIT text: it describes interfaces and holds no code".to_owned(),
        Kind::Text => "is text, not a component".to_owned(),
        Kind::OtherWasm | Kind::Component => {
            "has a WebAssembly header of another version of the format".to_owned()
        }
        Kind::Other(Some(name)) => format!("is {name}, not a component"),
        Kind::Other(None) => {
            let bytes: Vec<_> = prefix.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("is not WebAssembly: it begins with {}", bytes.join(" "))
        }
    }
}

/// A message that is not too long, whatever it quotes.
fn cut(message: &str) -> Cow<'_, str> {
    match message.len() > MAX_MESSAGE {
        false => message.into(),
        true => {
            let end = message.floor_char_boundary(MAX_MESSAGE);
            format!("{}…", message.get(..end).unwrap_or_default()).into()
        }
    }
}

fn made_by(producer: &Option<String>) -> String {
    producer
        .as_ref()
        .map(|producer| format!("; it was made by {producer}"))
        .unwrap_or_default()
}

/// `1 byte`, `2 bytes`.
pub(crate) fn count(count: u64, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

fn why_nothing(
    socket: &str,
    imports_nothing: bool,
    near: &[NearMiss],
    swapped: &Option<(String, String)>,
) -> String {
    let mut text = match (near.first(), imports_nothing) {
        (Some(miss), _) => miss.to_string(),
        (None, true) => "it imports nothing".to_owned(),
        (None, false) => "no plug exports what it imports".to_owned(),
    };
    if let Some((plug, import)) = swapped {
        text.push_str(&format!(
            "; `{plug}` imports `{import}`, which `{socket}` exports, so the two may be meant the other \
             way round"
        ));
    }
    text
}

/// ``"`a` and `b` both"``, ``"`a`, `b` and `c` all"``.
fn together(names: &[String]) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    let all = if quoted.len() == 2 { "both" } else { "all" };
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last} {all}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

fn nothing_found(missing: &[String]) -> String {
    const MOST: usize = 8;
    let quoted = missing.iter().take(MOST).map(|name| format!("`{name}`"));
    let names = quoted.collect::<Vec<_>>().join(", ");
    match missing.len() {
        0 => "it imports no interface".to_owned(),
        1 => format!("there is no component {names}"),
        count if count > MOST => {
            let more = count - MOST;
            format!("there is no component for {names} and {more} more")
        }
        _ => format!("there is no component for {names}"),
    }
}

fn missing_dependency(
    consumer: &str,
    import: &str,
    dependency: &str,
    export: &Option<String>,
) -> String {
    match export {
        Some(export) => format!(
            "`{import}` of `{consumer}` is to be export `{export}` of `{dependency}`, but there is no \
             component `{dependency}`"
        ),
        None => format!(
            "`{consumer}` imports `{import}`, but there is no component `{dependency}`, and no \
             interface may stay imported"
        ),
    }
}

fn did_you_mean(nearest: &Option<String>) -> String {
    match nearest {
        Some(nearest) => format!("; did you mean `{nearest}`?"),
        None => String::new(),
    }
}

fn unfit(
    consumer: &str,
    import: &str,
    provider: &str,
    export: &Option<String>,
    differences: &[Difference],
) -> String {
    let what = match export {
        Some(export) => format!("export `{export}` of `{provider}`"),
        None => format!("`{provider}`"),
    };
    let why = differences.first().map(|first| format!(": {first}"));
    let why = why.unwrap_or_default();
    format!("{what} cannot fill import `{import}` of `{consumer}`{why}")
}

fn both_import(first: &(String, String), second: &(String, String)) -> String {
    let ((a, name), (b, other_name)) = (first, second);
    match name == other_name {
        true => format!("`{a}` and `{b}` both import `{name}`"),
        false => {
            format!("`{a}` imports `{name}` and `{b}` imports `{other_name}`, which are one import")
        }
    }
}

fn circle(steps: &[(String, String)]) -> String {
    let first = steps.first().map(|(component, _)| format!("`{component}`"));
    let mut text = first.clone().unwrap_or_default();
    let providers = steps
        .iter()
        .skip(1)
        .map(|(component, _)| format!("`{component}`"));
    for (at, ((_, import), provider)) in steps.iter().zip(providers.chain(first)).enumerate() {
        let which = if at > 0 { ", which" } else { "" };
        text.push_str(&format!("{which} imports `{import}` from {provider}"));
    }
    text
}

fn strict(open: &[(String, String)], useless: &[String]) -> String {
    let mut parts = Vec::new();
    for (component, import) in open {
        parts.push(format!("import `{import}` of `{component}` stays open"));
    }
    for plug in useless {
        parts.push(format!("plug `{plug}` fills nothing"));
    }
    parts.join("; ")
}

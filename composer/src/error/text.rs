//! What errors say, where it takes more than a line.

use super::Owner;
use crate::component::Kind;
use crate::plug::NearMiss;
use crate::types::Difference;
use std::borrow::Cow;

pub(super) fn not_a_component(kind: &Kind, prefix: &[u8]) -> String {
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

pub(super) fn made_by(producer: &Option<String>) -> String {
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

pub(super) fn why_nothing(
    sockets: &[String],
    imports_nothing: bool,
    near: &[NearMiss],
    swapped: &Option<(String, String)>,
) -> String {
    let mut text = match (near.first(), imports_nothing) {
        (Some(miss), _) => miss.to_string(),
        (None, true) if sockets.len() > 1 => "they import nothing".to_owned(),
        (None, true) => "it imports nothing".to_owned(),
        (None, false) if sockets.len() > 1 => "no plug exports what they import".to_owned(),
        (None, false) => "no plug exports what it imports".to_owned(),
    };
    if let Some((plug, import)) = swapped {
        text.push_str(&format!(
            "; `{plug}` imports `{import}`, which {} exports, so the two may be meant the other way round",
            either(sockets)
        ));
    }
    text
}

/// `` `a` or `b` ``.
pub(super) fn either(names: &[String]) -> String {
    listed(names, "or", usize::MAX)
}

/// The names in quotes, `most` of them.
pub(crate) fn listed(names: &[String], word: &str, most: usize) -> String {
    let mut quoted: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    if let Some(more) = quoted.len().checked_sub(most).filter(|more| *more > 0) {
        quoted.truncate(most);
        quoted.push(format!("{more} more"));
    }
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} {word} {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

/// How many names of a list are in a message.
pub(super) const MAX_NAMES: usize = 6;

pub(super) fn exported(provider: &str, export: &str) -> String {
    match export {
        "" => format!("`{provider}` as a whole"),
        export => format!("`{provider}#{export}`"),
    }
}

pub(super) fn first(differences: &[Difference]) -> String {
    let first = differences.first();
    first.map_or(String::new(), |difference| format!(": {difference}"))
}

pub(super) fn no_one_export(
    consumer: &str,
    import: &str,
    provider: &str,
    exports: &[String],
) -> String {
    match exports {
        [] => format!("no export of `{provider}` fits import `{import}` of `{consumer}`"),
        exports => format!(
            "several exports of `{provider}` fit import `{import}` of `{consumer}` by their types: {}",
            listed(exports, "and", MAX_NAMES)
        ),
    }
}

pub(super) fn unknown_member(
    name: &str,
    near: &[String],
    known: &[String],
    several: bool,
) -> String {
    if several {
        return format!("several components are called `{name}`");
    }
    let text = format!("there is no socket or plug `{name}`");
    match (near, known) {
        ([], []) => text,
        ([], [known]) => format!("{text}; there is `{known}`"),
        ([], known) => format!("{text}; there are {}", listed(known, "and", MAX_NAMES)),
        (near, _) => format!("{text}; did you mean {}?", listed(near, "or", MAX_NAMES)),
    }
}

pub(super) fn unknown_item(
    of: &Owner,
    what: &str,
    name: &str,
    near: &[String],
    several: &[String],
) -> String {
    if !several.is_empty() {
        let several = listed(several, "and", MAX_NAMES);
        let of = match of {
            Owner::Component(of) => format!("of `{of}`"),
            Owner::Any => "of the components".to_owned(),
            Owner::Composition => "of the composition".to_owned(),
        };
        return format!("`{name}` may be any of several {what}s {of}: {several}");
    }
    let text = match of {
        Owner::Component(of) => format!("`{of}` has no {what} `{name}`"),
        Owner::Any => format!("no socket or plug has an {what} `{name}`"),
        Owner::Composition => format!("the composition has no {what} `{name}`"),
    };
    match near {
        [] => text,
        near => format!("{text}; did you mean {}?", listed(near, "or", MAX_NAMES)),
    }
}

pub(super) fn no_chain(links: &[(String, Vec<String>, Vec<String>)], repeated: bool) -> String {
    let names: Vec<_> = links.iter().map(|(name, _, _)| name.clone()).collect();
    let text = format!("{} are no chain", listed(&names, "and", usize::MAX));
    if repeated {
        return format!("{text}: one instance stands in it twice");
    }
    let items = |items: &[String]| match items {
        [] => "nothing".to_owned(),
        items => listed(items, "and", MAX_NAMES),
    };
    let last = links.len().saturating_sub(1);
    let what = links
        .iter()
        .enumerate()
        .map(|(at, (name, imports, exports))| {
            let exports_nothing = exports.is_empty();
            let (imports, exports) = (items(imports), items(exports));
            match at {
                0 if exports_nothing => format!("`{name}` imports {imports}"),
                at if at == last => format!("`{name}` exports {exports}"),
                _ => format!("`{name}` imports {imports} and exports {exports}"),
            }
        });
    let what: Vec<_> = what.collect();
    format!(
        "{text}, since they have no interface in common: {}",
        what.join("; ")
    )
}

pub(super) fn item_of((instance, item): &(String, String)) -> String {
    match item.as_str() {
        "" => format!("`{instance}` as a whole"),
        item => format!("`{item}` of `{instance}`"),
    }
}

/// `an interface`, `a function`.
pub(crate) fn article(kind: &str) -> String {
    let vowel = kind.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {kind}", if vowel { "an" } else { "a" })
}

pub(super) fn contributors(most: &[(String, u64)]) -> String {
    let most: Vec<_> = most.iter().take(3).collect();
    let each = most
        .iter()
        .map(|(name, count)| format!("`{name}` ({count})"));
    match each.collect::<Vec<_>>().join(", ") {
        each if each.is_empty() => each,
        each => format!("; most come with {each}"),
    }
}

/// ``"`a` and `b` both"``, ``"`a`, `b` and `c` all"``.
pub(super) fn together(names: &[String]) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    let all = if quoted.len() == 2 { "both" } else { "all" };
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last} {all}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

pub(super) fn both_import(first: &(String, String), second: &(String, String)) -> String {
    let ((a, name), (b, other_name)) = (first, second);
    match name == other_name {
        true => format!("`{a}` and `{b}` both import `{name}`"),
        false => {
            format!("`{a}` imports `{name}` and `{b}` imports `{other_name}`, which are one import")
        }
    }
}

pub(super) fn circle(steps: &[(String, String)]) -> String {
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

pub(super) fn strict(open: &[(String, String)], useless: &[String]) -> String {
    let mut parts = Vec::new();
    for (component, import) in open {
        parts.push(format!("import `{import}` of `{component}` stays open"));
    }
    for plug in useless {
        parts.push(format!("plug `{plug}` fills nothing"));
    }
    parts.join("; ")
}

/// How many bytes of a message are shown: names in it may be of any length.
const MAX_MESSAGE: usize = 2 << 10;

/// A message that is not too long, whatever it quotes.
pub(super) fn cut(message: &str) -> Cow<'_, str> {
    match message.len() > MAX_MESSAGE {
        false => message.into(),
        true => {
            let end = message.floor_char_boundary(MAX_MESSAGE);
            format!("{}…", message.get(..end).unwrap_or_default()).into()
        }
    }
}

pub(super) fn nothing_found(missing: &[String]) -> String {
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

pub(super) fn missing_dependency(
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

//! The text of a configuration, and what is wrong with it.

use crate::error::Failure;
use crate::source::Named;
use wasm_compose::config::Config;

/// No configuration is longer: it names components, and a composition has a thousand at most.
const MOST_BYTES: u64 = 16 << 20;

/// Reads the configuration at `path`; its folder is still to be set.
///
/// # Errors
///
/// What is no configuration is an error, with the line where the parser says it.
pub(super) fn parse(path: &str) -> Result<Config, Failure> {
    let named = Named::open_raw(path)?;
    let wrong = || {
        Failure::new(
            "cli::compose-config",
            format!("`{path}` is no configuration"),
        )
    };
    if named.input().size() > MOST_BYTES {
        return Err(wrong()
            .cause(format!("it has {} bytes", named.input().size()))
            .help("name a configuration of `wasm-compose`"));
    }
    let text = String::from_utf8(named.read_all()?)
        .map_err(|error| wrong().cause(error).help("write it as UTF-8"))?;
    serde_yaml2::from_str(&text).map_err(|error| {
        wrong()
            .cause(fault(&text, &error.to_string()))
            .help("`tenon explain cli::compose-config` says what a configuration has")
    })
}

/// What the parser has against the text, with the line.
fn fault(text: &str, message: &str) -> String {
    let line = |number: usize| {
        // The end of a map may be where the next one begins, or the text ends.
        let lines: Vec<_> = text.lines().take(number.max(1)).enumerate().collect();
        let last = lines.iter().rev().find(|(_, line)| !line.trim().is_empty());
        last.map(|(at, line)| {
            let start: String = line.trim().chars().take(60).collect();
            format!("line {}, `{start}`: ", at + 1)
        })
    };
    let position = |message: &str| -> Option<usize> {
        let (_, rest) = message.split_once("Line: ")?;
        rest.split_once(',')?.0.parse().ok()
    };
    if let Some(number) = position(message) {
        let line = line(number).unwrap_or_default();
        let Some((_, rest)) = message.split_once("Expected: ") else {
            return format!("{line}this is no YAML");
        };
        let (wanted, got) = rest
            .split_once(", got: ")
            .unwrap_or((rest, "something else"));
        return format!("{line}expected {}, found {}", event(wanted), event(got));
    }
    // A key is named in backticks.
    let key = message.split('`').nth(1).unwrap_or_default();
    let has_key = |line: &&str| {
        let line = line.trim_start_matches(['-', ' ', '{']);
        let rest = line.trim_start_matches(['"', '\'']).strip_prefix(key);
        rest.is_some_and(|rest| {
            rest.trim_start_matches(['"', '\''])
                .trim_start()
                .starts_with(':')
        })
    };
    let at = match message.starts_with("unknown field") {
        true => text.lines().position(|line| has_key(&line)),
        false => None,
    };
    let at = at.and_then(|at| line(at + 1)).unwrap_or_default();
    format!("{at}{}", message.replace("unknown field", "unknown key"))
}

/// What the parser calls an event, in words.
fn event(name: &str) -> String {
    let scalar = name.strip_prefix("Scalar(\"");
    match name {
        _ if name.starts_with("MappingStart") => "a map".to_owned(),
        _ if name.starts_with("SequenceStart") => "a list".to_owned(),
        _ if name.starts_with("StreamEnd") || name.starts_with("DocumentEnd") => {
            "nothing".to_owned()
        }
        _ if name.starts_with("Alias") => "an alias".to_owned(),
        "MappingEnd" => "the end of the map".to_owned(),
        "Scalar" | "Plain scalar" => "a value".to_owned(),
        "'true' of 'false'" => "`true` or `false`".to_owned(),
        "Scalar(\"~\", Plain, 0, None)" => "nothing".to_owned(),
        _ => match scalar.and_then(|rest| rest.split_once("\", ")) {
            Some((value, _)) => format!("`{}`", value.chars().take(20).collect::<String>()),
            None => format!("`{name}`"),
        },
    }
}

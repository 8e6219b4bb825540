//! Plans and sizes in words.

use super::{bold, dim};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use tenon_composer::{Composition, HostImport, ImportReport, NearMiss, Plan, Rule, State};
use tenon_registry_client::Digest;

/// A number of things: `1 component`, `2 components`.
pub(crate) fn count(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}

/// A number with its thousands apart: `5,003`.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (left, digit) in (0..digits.len()).rev().zip(digits.chars()) {
        text.push(digit);
        if left > 0 && left % 3 == 0 {
            text.push(',');
        }
    }
    text
}

/// A number of bytes as people read it.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    let mut value = bytes as f64;
    let mut unit = "B";
    for next in UNITS {
        if value < 1024.0 {
            break;
        }
        value /= 1024.0;
        unit = next;
    }
    match unit {
        "B" => format!("{bytes} B"),
        _ => format!("{value:.1} {unit}"),
    }
}

/// Near misses as lines, without the first `skip` and without saying anything twice.
pub(crate) fn near_misses(near: &[NearMiss], skip: usize) -> Vec<String> {
    const MAX_LINES: usize = 100;
    let mut seen = BTreeSet::new();
    let mut lines = Vec::new();
    for (at, miss) in near.iter().enumerate() {
        if lines.len() >= MAX_LINES {
            lines.push(format!("{} more come near", near.len() - at));
            break;
        }
        let line = miss.to_string();
        if seen.insert(line.clone()) && at >= skip {
            lines.push(line);
        }
        for difference in miss.differences().iter().skip(1) {
            let line = format!("`{}`: {difference}", miss.export);
            if seen.insert(line.clone()) {
                lines.push(line);
            }
        }
    }
    lines
}

/// What a composition consists of, in a few words.
pub(crate) fn made(composition: &Composition<'_>) -> String {
    format!(
        "{}, {}, {}",
        size(composition.size()),
        count(composition.components.len(), "component"),
        count(instances(composition), "instance"),
    )
}

/// How many instances a composition makes, which those that it imports are not among.
pub(crate) fn instances(composition: &Composition<'_>) -> usize {
    let all = composition.graph.instances();
    all.filter(|(_, instance)| !instance.is_host()).count()
}

/// What was plugged into what, and what stays open for the host; `verbose` says for whom. The first
/// `sockets` of the `instances` are the sockets.
pub(crate) fn plan(
    plan: &Plan,
    host: &[HostImport],
    instances: &[&str],
    sockets: usize,
    verbose: bool,
) -> String {
    let mut filled: BTreeMap<&str, Vec<&ImportReport>> = BTreeMap::new();
    for import in &plan.imports {
        if let State::Filled { .. } = import.state {
            filled.entry(&import.consumer).or_default().push(import);
        }
    }
    let mut lines = Vec::new();
    let mut shown = BTreeSet::new();
    for (at, name) in instances.iter().enumerate() {
        // What nothing is plugged into is there for its exports.
        if at < sockets || !shown.contains(*name) && filled.contains_key(name) {
            lines.push(format!("{} {}", bold("plugged into"), bold(name)));
            shown.insert((*name).to_owned());
            fills(&filled, name, 1, &mut shown, &mut lines);
        }
    }
    if host.is_empty() {
        lines.push(dim("nothing stays open"));
    }
    let kept: HashSet<(&str, &str)> = plan
        .imports
        .iter()
        .filter(|import| matches!(import.state, State::Kept))
        .map(|import| (import.consumer.as_str(), import.import.as_str()))
        .collect();
    let own = unusual(plan, host);
    let is_own: HashSet<&str> = own.iter().map(|import| import.name.as_str()).collect();
    let usual = host.iter().filter(|import| !is_own.contains(&*import.name));
    for (title, imports) in [
        ("left open, for the host to provide", usual.collect()),
        ("left open, for another plug or a host of your own", own),
    ] {
        if !imports.is_empty() {
            lines.push(bold(title));
        }
        for import in imports {
            let is_kept = |(instance, name): &(String, String)| {
                kept.contains(&(instance.as_str(), name.as_str()))
            };
            let mut notes = Vec::new();
            if let (Some(lowest), Some(highest)) = (&import.lowest, &import.highest)
                && lowest != highest
            {
                notes.push(format!("asked for as {lowest} to {highest}"));
            }
            if import.consumers.iter().any(is_kept) {
                notes.push("kept open".to_owned());
            }
            if import.types_only {
                notes.push("for its types only".to_owned());
            }
            let notes = match notes.is_empty() {
                true => String::new(),
                false => dim(&format!(" ({})", notes.join(", "))),
            };
            lines.push(format!("  {}{notes}", import.name));
            for (instance, name) in import.consumers.iter().filter(|_| verbose) {
                let as_name = match name == &import.name {
                    true => String::new(),
                    false => format!(" as {name}"),
                };
                lines.push(dim(&format!("    for {instance}{as_name}")));
            }
        }
    }
    lines.join("\n")
}

/// What components of a composition share, and how much smaller it is for it; `verbose` says what that is.
pub(crate) fn hoisted(composition: &Composition<'_>, verbose: bool) -> Option<String> {
    let hoisted = &composition.hoisted;
    if hoisted.is_empty() {
        return None;
    }
    let saved = hoisted.iter().map(|module| module.saved).sum();
    let mut lines = vec![format!(
        "{} {}, which saves {}",
        bold("hoisted"),
        count(hoisted.len(), "core module"),
        size(saved)
    )];
    let graph = &composition.graph;
    for module in hoisted.iter().filter(|_| verbose) {
        let of_these = |id| module.components.contains(&id);
        let instances = graph.instances().map(|(_, instance)| instance);
        let holders: BTreeSet<&str> = instances
            .filter(|instance| of_these(instance.component()))
            .map(|instance| instance.name())
            .collect();
        let holders: Vec<_> = holders.into_iter().collect();
        lines.push(format!(
            "  {} of {}{}",
            size(module.size),
            holders.join(", "),
            dim(&format!(" {}", Digest::from(module.digest)))
        ));
    }
    Some(lines.join("\n"))
}

/// The imports of the composition that ask for more than hosts have as a rule: they are no part of
/// WASI, and are not made of types alone.
pub(crate) fn unusual<'h>(plan: &Plan, host: &'h [HostImport]) -> Vec<&'h HostImport> {
    let is_open = |import: &&ImportReport| !matches!(import.state, State::Filled { .. });
    let asked: HashSet<(&str, &str)> = plan
        .imports
        .iter()
        .filter(is_open)
        .filter(|open| !open.host && !open.only_types)
        .map(|open| (open.consumer.as_str(), open.import.as_str()))
        .collect();
    let is_asked = |(instance, name): &(String, String)| asked.contains(&(instance, name));
    host.iter()
        .filter(|import| import.consumers.iter().any(is_asked))
        .collect()
}

/// The imports of `consumer` that are filled, each with those of what fills it; `filled` has those of
/// every consumer.
fn fills(
    filled: &BTreeMap<&str, Vec<&ImportReport>>,
    consumer: &str,
    depth: usize,
    shown: &mut BTreeSet<String>,
    lines: &mut Vec<String>,
) {
    for import in filled.get(consumer).into_iter().flatten() {
        let State::Filled {
            provider,
            export,
            rule,
        } = &import.state
        else {
            continue;
        };
        let why = match rule {
            Rule::Name => String::new(),
            rule if *export == import.import => dim(&format!(": {rule}")),
            rule if export.is_empty() => dim(&format!(" as a whole: {rule}")),
            rule => dim(&format!(" as {export}: {rule}")),
        };
        let again = !shown.insert(provider.clone());
        let has_more = again && filled.contains_key(provider.as_str());
        // There may be thousands, for which putting strings together is faster than formatting.
        let indent = "  ".repeat(depth);
        let more = match has_more {
            true => dim(" (see above)"),
            false => String::new(),
        };
        let parts = [
            indent.as_str(),
            &import.import,
            " <- ",
            &bold(provider),
            &why,
            &more,
        ];
        lines.push(parts.concat());
        if !again {
            fills(filled, provider, depth + 1, shown, lines);
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn thousands_are_apart() {
        let numbers = [0, 999, 1000, 5003, 12_345_678].map(super::thousands);
        assert_eq!(numbers, ["0", "999", "1,000", "5,003", "12,345,678"]);
    }

    #[test]
    fn sizes_are_short() {
        assert_eq!(super::size(0), "0 B");
        assert_eq!(super::size(1023), "1023 B");
        assert_eq!(super::size(1536), "1.5 KiB");
        assert_eq!(super::size(18 << 20), "18.0 MiB");
    }
}

//! Plans and sizes in words.

use super::{bold, dim};
use std::collections::BTreeSet;
use tenon_composer::{HostImport, ImportReport, NearMiss, Plan, Rule, State};

/// A number of things: `1 component`, `2 components`.
pub(crate) fn count(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
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
    let mut seen = BTreeSet::new();
    let mut lines = Vec::new();
    for (at, miss) in near.iter().enumerate() {
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

/// What was plugged into what, and what stays open for the host; `verbose` says for whom.
pub(crate) fn plan(plan: &Plan, host: &[HostImport], socket: &str, verbose: bool) -> String {
    let mut lines = vec![format!("{} {}", bold("plugged into"), bold(socket))];
    fills(plan, socket, 1, &mut BTreeSet::new(), &mut lines);
    if host.is_empty() {
        lines.push(dim("nothing stays open"));
    } else {
        lines.push(bold("left open, for the host to provide"));
        for import in host {
            lines.push(format!("  {}", import.name));
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

/// The imports of `consumer` that are filled, each with those of what fills it.
fn fills(
    plan: &Plan,
    consumer: &str,
    depth: usize,
    shown: &mut BTreeSet<String>,
    lines: &mut Vec<String>,
) {
    for import in plan.imports.iter().filter(|i| i.consumer == consumer) {
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
            rule => dim(&format!(" as {export}: {rule}")),
        };
        let again = !shown.insert(provider.clone());
        let has_more = again && has_fills(plan, provider);
        lines.push(format!(
            "{}{} <- {}{why}{}",
            "  ".repeat(depth),
            import.import,
            bold(provider),
            if has_more {
                dim(" (see above)")
            } else {
                String::new()
            }
        ));
        if !again {
            fills(plan, provider, depth + 1, shown, lines);
        }
    }
}

fn has_fills(plan: &Plan, consumer: &str) -> bool {
    let is_filled = |import: &&ImportReport| matches!(import.state, State::Filled { .. });
    plan.imports
        .iter()
        .filter(is_filled)
        .any(|import| import.consumer == consumer)
}

#[cfg(test)]
mod tests {
    #[test]
    fn sizes_are_short() {
        assert_eq!(super::size(0), "0 B");
        assert_eq!(super::size(1023), "1023 B");
        assert_eq!(super::size(1536), "1.5 KiB");
        assert_eq!(super::size(18 << 20), "18.0 MiB");
    }
}

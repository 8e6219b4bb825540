//! What a client does to believe in a release, and what its registry does for it.

use crate::large::{Planned, large, nth_version, other_heads, witnessed};
use crate::parts::dalek;
use crate::support::{Client, Registry, asking, package};
use crate::table::{alone, head, row};
use ed25519_dalek::Signer as _;
use std::sync::Arc;
use tenon_registry_client::record::Subject;
use tenon_registry_client::state::TrustState;
use tenon_registry_client::verify::{Held, Known, LogView, Placed, Request, Trust, prove, verify};

/// A client of one package, at one time.
struct Case {
    request: Request,
    held: Held,
    state: Option<TrustState>,
    bundle: Vec<u8>,
    /// How many signatures there are to verify.
    signatures: usize,
}

pub(crate) fn print() {
    let packages = [
        Planned::new("acme", "http", 1),
        Planned::new("kilo", "http", 1_000),
        // With one new, as many releases as a chain has room for.
        Planned::new("myriad", "http", 8_999),
    ];
    let mut registry = large(1_000_000, 100_000, &packages);
    let mut client = Client::new(&registry);
    client.rules = witnessed(&registry);
    let mut cases = vec![];
    let mut later = vec![];
    for package in &packages {
        let what = match package.releases {
            1 => "4 records in all".to_owned(),
            releases => format!("a chain of {releases}"),
        };
        let last = nth_version(package.releases - 1);
        let request = asking(&package.name, &[&last]);
        let cold = case(&registry, &request, Held::default(), None);
        let view = client.look(&cold.bundle, &request).unwrap();
        let state = view.advance(None).unwrap();
        let held = view.held().clone();
        cases.push((format!("{what}, cold"), cold));
        let warm = case(&registry, &request, held.clone(), Some(state.clone()));
        cases.push((format!("{what}, warm, nothing new"), warm));
        if package.releases == 1 {
            let used = with_heads(&state, &client, 1_000);
            let warm = case(&registry, &request, held.clone(), Some(used));
            let name = format!("{what}, warm, nothing new, 1,000 other packages used");
            cases.push((name, warm));
        }
        later.push((what, package, held, state));
    }
    for package in &packages {
        let version = nth_version(package.releases);
        registry.release(&package.name, &version, &package.publisher());
    }
    registry.seal();
    for (what, package, held, state) in later {
        let request = asking(&package.name, &[&nth_version(package.releases)]);
        let new = case(&registry, &request, held, Some(state));
        cases.push((format!("{what}, warm, one new"), new));
    }

    println!(
        "\nA log of 1,000,000 records, 100,000 subjects, 3 witnesses. The baseline is Ed25519 alone."
    );
    head();
    let secret = dalek("someone");
    let text = [7; 400];
    let (public, signature) = (secret.verifying_key(), secret.sign(&text));
    for (what, case) in &cases {
        let trust = Trust {
            state: case.state.as_ref(),
            ..client.trust()
        };
        let signatures = case.signatures;
        row(
            &format!("{what}: {} bytes", case.bundle.len()),
            || verify(&case.bundle, &case.request, &case.held, &trust).unwrap(),
            &format!("{signatures} signatures"),
            || {
                for _ in 0..signatures {
                    public.verify_strict(&text, &signature).unwrap();
                }
            },
        );
    }
    println!("\nThe same at the server; the log has 100,000 index records.");
    head();
    for planned in &packages {
        let request = asking(&planned.name, &[&nth_version(planned.releases)]);
        with_view(&registry, &planned.name, |view| {
            let what = format!("make the bundle for {} releases", planned.releases + 1);
            alone(&what, || prove(view, &request, &Known::default()).unwrap());
        });
    }
}

fn case(registry: &Registry, request: &Request, held: Held, state: Option<TrustState>) -> Case {
    let size = state.as_ref().map_or(0, |state| state.checkpoint().size);
    let bundle = registry.bundle(request, &Known::of(size, &held));
    let new = [&bundle.registry, &bundle.namespace, &bundle.package];
    // The witnesses, the log and the index record sign whatever is new.
    let signatures = 5 + new.iter().map(|new| new.records.len()).sum::<usize>();
    Case {
        request: request.clone(),
        held,
        state,
        bundle: bundle.encode(),
        signatures,
    }
}

/// A state with the heads of so many other packages.
fn with_heads(state: &TrustState, client: &Client, count: usize) -> TrustState {
    let text = state.to_string();
    let (header, note) = text.split_once("\n\n").unwrap();
    let mut lines: Vec<&str> = header.split('\n').collect();
    let others = other_heads(count);
    lines.extend(others.lines());
    // Heads come last, by subject.
    let is_head = |line: &&str| line.starts_with("head ");
    let start = lines.iter().position(is_head).unwrap();
    lines[start..].sort_by_key(|line| {
        let subject = line.splitn(5, ' ').nth(4).unwrap();
        subject.parse::<Subject>().unwrap()
    });
    let text = format!("{}\n\n{note}", lines.join("\n"));
    TrustState::parse(text.as_bytes(), &client.pin).unwrap()
}

/// The last state of a registry, as its server sees it.
pub(crate) fn with_view<T>(
    registry: &Registry,
    name: &str,
    then: impl FnOnce(&LogView<'_, Registry>) -> T,
) -> T {
    let name = package(name);
    let (size, (checkpoint, map)) = registry.published.last_key_value().unwrap();
    let note = checkpoint.to_string();
    let none: Vec<Placed> = vec![];
    let chain = |subject: &Subject| registry.chains.get(subject).unwrap_or(&none);
    then(&LogView {
        origin: &registry.origin,
        checkpoint: note.as_bytes(),
        size: *size,
        nodes: registry,
        map,
        registry: chain(&Subject::Registry),
        namespace: chain(&Subject::Namespace(name.namespace().clone())),
        package: chain(&Subject::Package(name.clone())),
        index_times: &Arc::new(registry.index_times.clone()),
        leaf: &|index| registry.leaves.get(index as usize).cloned(),
    })
}

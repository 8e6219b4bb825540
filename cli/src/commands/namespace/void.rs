//! The releases that a revocation makes void.

use crate::error::Failure;
use crate::remote::Remote;
use crate::ui;
use std::collections::BTreeSet;
use tenon_registry_client::chain::Publisher;
use tenon_registry_client::log::Vkey;
use tenon_registry_client::name::{Namespace, PackageName};
use tenon_registry_client::record::Subject;
use tenon_registry_client::verify::Request;

/// The releases of a namespace that a key signed at `from` in the log or above.
///
/// Which packages there are is the registry's word, but for those that were seen before; what each of them is, and where in the log, is verified.
pub(super) fn find(
    remote: &Remote,
    namespace: &Namespace,
    vkey: &Vkey,
    from: u64,
) -> Result<Vec<String>, Failure> {
    let mut void = Vec::new();
    for package in packages(remote, namespace)? {
        let view = remote.view(&Request::Package {
            package: package.clone(),
            releases: [].into(),
        })?;
        let Some(found) = view.package() else {
            continue;
        };
        let signed = found.releases().values().filter(
            |release| matches!(&release.publisher, Publisher::Keys(keys) if keys.contains(vkey)),
        );
        let releases: BTreeSet<_> = signed.map(|release| release.version.clone()).collect();
        if releases.is_empty() {
            continue;
        }
        let view = remote.view(&Request::Package {
            package: package.clone(),
            releases: releases.clone(),
        })?;
        for version in &releases {
            let proven = view.release(version).ok();
            let index = proven.and_then(|release| view.index_of(&release));
            if let Some(index) = index.filter(|index| *index >= from) {
                let place = ui::thousands(index);
                void.push(format!("{package}@{version}, record {place}"));
            }
        }
    }
    Ok(void)
}

/// The packages of a namespace, as the registry lists them, and those that were seen before.
fn packages(remote: &Remote, namespace: &Namespace) -> Result<BTreeSet<PackageName>, Failure> {
    let of_namespace = |name: &PackageName| name.namespace() == namespace;
    let state = remote.wait(remote.client.trust_state())?;
    let subjects = state.iter().flat_map(|state| state.heads().keys());
    let seen = subjects.filter_map(|subject| match subject {
        Subject::Package(package) => Some(package.clone()),
        _ => None,
    });
    let mut found: BTreeSet<PackageName> = seen.filter(of_namespace).collect();
    // The list goes on after a name, and this one is before every other of the namespace.
    let first = format!("{namespace}:a");
    found.extend(first.parse());
    let mut after = Some(first);
    while let Some(name) = after {
        let page = remote.wait(remote.client.packages(Some(&name), None))?;
        let names = page.packages.iter();
        let names = names.filter_map(|package| package.name.parse().ok());
        let names: Vec<PackageName> = names.filter(of_namespace).collect();
        // A list that does not go on would never end.
        after = page.next.filter(|next| *next > name && !names.is_empty());
        found.extend(names);
    }
    Ok(found)
}

//! What else there is, where the log proves that something is not.

use crate::error::Failure;
use crate::remote::Remote;
use crate::wanted::Wanted;
use std::collections::BTreeSet;
use tenon_registry_client::api::SearchQuery;
use tenon_registry_client::http::Error;
use tenon_registry_client::name::PackageName;
use tenon_registry_client::verify::{Request, VerifyError};

/// The most packages of a namespace that are looked through.
const MOST: u32 = 1000;

/// The failure, with the nearest names or versions if the log proves that there is none of this one.
///
/// Only the registry that the namespace comes from is asked.
pub(crate) fn failure(remote: &Remote, wanted: &Wanted, error: Error) -> Failure {
    let help = match error.verify() {
        Some(VerifyError::NoSuchPackage(package)) => {
            nearest(remote, package).map(|nearest| format!("did you mean `{nearest}`?"))
        }
        Some(VerifyError::NoSuchRelease { void: false, .. }) => versions(remote, &wanted.package),
        _ => None,
    };
    let failure = remote.failure(error);
    match help {
        Some(help) => failure.help(help),
        None => failure,
    }
}

/// The package whose name is like this one, by the registry's word.
fn nearest(remote: &Remote, package: &PackageName) -> Option<PackageName> {
    let same_namespace = SearchQuery {
        namespace: Some(package.namespace().to_string()),
        n: Some(MOST),
        ..SearchQuery::default()
    };
    let same_word = SearchQuery {
        q: Some(package.name().to_owned()),
        n: Some(20),
        ..SearchQuery::default()
    };
    let name = package.to_string();
    [same_namespace, same_word].iter().find_map(|query| {
        let page = remote.wait_raw(remote.client.search(query)).ok()?;
        let names = page
            .hits
            .iter()
            .filter_map(|hit| hit.package.name.parse().ok());
        let names: BTreeSet<PackageName> = names.filter(|found| found != package).collect();
        let far = |found: &PackageName| strsim::levenshtein(&found.to_string(), &name);
        let nearest = names.into_iter().min_by_key(far)?;
        let is_near = far(&nearest) <= 2 || nearest.name() == package.name();
        is_near.then_some(nearest)
    })
}

/// The highest versions of a package, by the log.
fn versions(remote: &Remote, package: &PackageName) -> Option<String> {
    let request = Request::Package {
        package: package.clone(),
        releases: BTreeSet::new(),
    };
    let view = remote.wait_raw(remote.client.view(&request)).ok()?;
    let versions = view.package()?.releases().keys().rev().take(5);
    let versions: Vec<_> = versions.map(|version| format!("`{version}`")).collect();
    match versions.is_empty() {
        true => None,
        false => Some(format!(
            "the highest that there are: {}",
            versions.join(", ")
        )),
    }
}

/// The name that was meant, if one of these is much like it.
pub(crate) fn near<'n>(text: &str, names: &'n BTreeSet<String>) -> Option<&'n str> {
    let nearest = names
        .iter()
        .min_by_key(|name| strsim::levenshtein(text, name))?;
    is_near(text, nearest).then_some(nearest)
}

/// Whether one name may have been meant by another: few of its characters are others.
pub(crate) fn is_near(text: &str, name: &str) -> bool {
    let length = text.chars().count();
    let most = (length / 3).clamp(1, 2).min(length.saturating_sub(1));
    strsim::levenshtein(text, name) <= most
}

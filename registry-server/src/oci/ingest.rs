//! Which key of the registry signs a release for whoever has the token.

use super::Asked;
use super::error::{Code, Failure};
use crate::domain::Error;
use crate::log::LogId;
use tenon_registry_client::api::NamespaceInfo;
use tenon_registry_client::log::{SigningKey, Vkey};
use tenon_registry_client::name::{Namespace, PackageName, Pattern};
use tenon_registry_client::record::{NamespaceAct, Statement, Subject};

/// The newest key that an owner let sign; where there is none, it says what to do instead.
pub(super) async fn signer(
    asked: &Asked<'_>,
    package: &PackageName,
) -> Result<SigningKey, Failure> {
    let namespace = package.namespace().clone();
    let wanted = namespace.clone();
    let known = asked
        .realm
        .catalog(asked.app, move |catalog| Ok(catalog.namespace(&wanted)?));
    let Some(known) = known.await? else {
        let message = format!(
            "there is no namespace `{namespace}`, so nothing can be released in it: create it with `tenon namespace create {namespace}`, or push by a tag that is no version"
        );
        return Err(Failure::new(Code::Denied, message));
    };
    let own = asked.realm.log().ingest();
    match own.iter().find(|key| may_sign(&known, key.vkey(), package)) {
        Some(key) => Ok(key.clone()),
        None => Err(refusal(asked, namespace).await?),
    }
}

fn may_sign(namespace: &NamespaceInfo, own: &Vkey, package: &PackageName) -> bool {
    let own = own.to_string();
    namespace.keys.iter().any(|key| {
        let pattern: Result<Pattern, _> = key.pattern.parse();
        let mut permissions = key.permissions.iter();
        key.vkey == own
            && permissions.any(|permission| permission == "release")
            && pattern.is_ok_and(|pattern| pattern.matches(package.name()))
    })
}

/// What an owner can do, and what only the operator can: a key that was revoked is never granted again.
async fn refusal(asked: &Asked<'_>, namespace: Namespace) -> Result<Failure, Failure> {
    let own = asked.realm.log().ingest();
    let revoked = revoked(asked, namespace.clone()).await?;
    let is_revoked = |key: &&SigningKey| revoked.iter().any(|it| it.key() == key.vkey().key());
    let which = match asked.realm.id() {
        LogId::Public => "",
        LogId::Private => "--private ",
    };
    let ask = format!(
        "publish with `tenon publish`, or ask the registry's operator for another key, which an owner can grant (`tenon-registry key {which}rotate ingest` makes one)"
    );
    let message = match own.iter().find(|key| !is_revoked(key)) {
        Some(key) => format!(
            "the namespace `{namespace}` demands the signatures of its publishers: publish with `tenon publish`, or have an owner let this registry sign for tokens with `tenon namespace grant {namespace} {} --allow release`",
            key.vkey()
        ),
        None if own.is_empty() => {
            format!("this registry has no key to sign for tokens with any more: {ask}")
        }
        None => format!(
            "the namespace `{namespace}` revoked the key by which this registry signs for tokens, and what is revoked is never granted again: {ask}"
        ),
    };
    Ok(Failure::new(Code::Denied, message))
}

/// The keys that a namespace revoked. It reads all of the namespace's records, which only who is refused waits for.
async fn revoked(asked: &Asked<'_>, namespace: Namespace) -> Result<Vec<Vkey>, Error> {
    let realm = std::sync::Arc::clone(asked.realm);
    let read = move || {
        let records = realm.log().chain(&Subject::Namespace(namespace))?;
        let revoked = records
            .iter()
            .filter_map(|record| match &record.record().statement {
                Statement::Namespace {
                    act: NamespaceAct::Revoke { key, .. },
                    ..
                } => Some(key.clone()),
                _ => None,
            });
        Ok(revoked.collect())
    };
    asked.app.heavy(read).await
}

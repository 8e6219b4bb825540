//! A change of a namespace: planned, agreed to, signed, and sent or handed on.

use crate::args::Change;
use crate::error::Failure;
use crate::remote::Remote;
use crate::signing::Logged;
use crate::ui::{self, Document, Seen, Ui};
use crate::write::{Content, Target};
use serde::Serialize;
use tenon_registry_client::chain::{ChainErrorKind, NamespaceChain};
use tenon_registry_client::http::Draft;
use tenon_registry_client::log::{SigningKey, Vkey};
use tenon_registry_client::name::Namespace;
use tenon_registry_client::record::{Grant, NamespaceAct, Permission, SignedRecord, Statement};
use tenon_registry_client::verify::{Request, Verified, View};

/// A change that is planned.
pub(super) struct Planned<'p> {
    pub(super) remote: &'p Remote,
    view: &'p Verified<View>,
    namespace: &'p Namespace,
    args: &'p Change,
    notes: Vec<String>,
    /// The releases that become void.
    pub(super) void: Vec<String>,
}

/// What became of a change.
#[derive(Serialize)]
pub(super) struct ChangeContent {
    namespace: String,
    registry: String,
    url: String,
    /// What kind of record it is: `create`, `grant`, `revoke`, `threshold`.
    change: String,
    /// The same in words.
    says: String,
    /// `planned`, `signed`, `logged`, or `as-it-was` if there was nothing to change.
    state: &'static str,
    signed_by: Vec<String>,
    /// How many must sign.
    threshold: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    void: Vec<String>,
    /// The file with what was signed so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    log: Option<Seen>,
    /// The change that came with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    then: Option<Box<ChangeContent>>,
}

impl<'p> Planned<'p> {
    pub(super) fn new(
        remote: &'p Remote,
        view: &'p Verified<View>,
        namespace: &'p Namespace,
        args: &'p Change,
    ) -> Planned<'p> {
        Planned {
            remote,
            view,
            namespace,
            args,
            notes: vec![],
            void: vec![],
        }
    }

    /// Says more of the plan.
    pub(super) fn note(&mut self, text: String) {
        self.notes.push(text);
    }

    /// There is nothing to change.
    pub(super) fn as_it_was(&self, ui: &Ui, act: &NamespaceAct) -> Result<(), Failure> {
        self.content(act, "as-it-was", &[]).print(ui)
    }

    /// Shows it, asks, and does it.
    pub(super) fn run(&self, ui: &Ui, act: NamespaceAct) -> Result<(), Failure> {
        let key = self.agree(ui, &act)?;
        self.send(ui, act, &key)?.print(ui)
    }

    /// Shows it and asks: the key to sign with.
    pub(super) fn agree(&self, ui: &Ui, act: &NamespaceAct) -> Result<SigningKey, Failure> {
        let needed = needed(self.view.namespace(), act);
        let mut text = format!(
            "{} {} in `{}` ({}), log {}",
            ui::bold("to"),
            describe(self.namespace, act),
            self.remote.name,
            self.remote.registry.url,
            self.remote.registry.pin.origin()
        );
        for note in &self.notes {
            text.push_str(&format!("\n  {note}"));
        }
        ui.say(&text);
        // It is checked before anybody is asked anything.
        let vkey = self.args.signing.vkey()?;
        check_owner(self.view.namespace(), self.namespace, act, &vkey)?;
        if needed > 1 && self.args.sign_to.is_none() && !alone(act, &vkey) {
            let message = format!(
                "{needed} owners of the namespace `{}` must sign this together",
                self.namespace
            );
            return Err(Failure::new("namespace::threshold", message).help(
                "write it to a file with `--sign-to PATH`, have the others run `tenon namespace sign PATH`, and then `tenon namespace submit PATH`",
            ));
        }
        if !self.args.consent.dry_run {
            ui.confirm("sign it?", self.args.consent.yes)?;
        }
        self.args.signing.load(&vkey)
    }

    /// Signs it, and sends it or writes it to the file.
    pub(super) fn send(
        &self,
        ui: &Ui,
        act: NamespaceAct,
        key: &SigningKey,
    ) -> Result<ChangeContent, Failure> {
        let now = self.remote.now();
        let mut draft = Draft::namespace(self.view, self.namespace, act.clone(), now)?;
        draft.sign(key)?;
        let record = draft.signed()?;
        let keys = [key.vkey()];
        if self.args.consent.dry_run {
            ui.say("this is all that was done: `--dry-run` sends nothing");
            return Ok(self.content(&act, "planned", &keys));
        }
        if let Some(path) = &self.args.sign_to {
            let needed = needed(self.view.namespace(), &act);
            write(path, &record)?;
            let path = ui::clean_line(&path.to_string_lossy());
            ui.say(&format!(
                "signed by 1 of {needed}: `{path}` goes to the next owner, for `tenon namespace sign {path}`, or to `tenon namespace submit {path}`"
            ));
            return Ok(ChangeContent {
                file: Some(path),
                ..self.content(&act, "signed", &keys)
            });
        }
        check(self.view, self.namespace, &record)?;
        let request = Request::Namespace(self.namespace.clone());
        let Logged { index, seen } = self.remote.log(ui, &record, &request)?;
        let by = ui::signed_by_keys(keys);
        let what = title(self.namespace, &act);
        ui.say(&ui::proof(&what, index, &by, &seen, self.remote.now()));
        Ok(ChangeContent {
            index,
            log: Some(seen),
            ..self.content(&act, "logged", &keys)
        })
    }

    fn content(&self, act: &NamespaceAct, state: &'static str, keys: &[&Vkey]) -> ChangeContent {
        ChangeContent {
            void: self.void.clone(),
            ..ChangeContent::new(self.remote, self.view, (self.namespace, act), state, keys)
        }
    }
}

impl ChangeContent {
    pub(super) fn new(
        remote: &Remote,
        view: &View,
        (namespace, act): (&Namespace, &NamespaceAct),
        state: &'static str,
        keys: &[&Vkey],
    ) -> ChangeContent {
        ChangeContent {
            namespace: namespace.to_string(),
            registry: remote.name.to_string(),
            url: remote.registry.url.to_string(),
            change: word(act).to_owned(),
            says: describe(namespace, act),
            state,
            signed_by: keys.iter().map(|key| key.name().to_string()).collect(),
            threshold: needed(view.namespace(), act),
            void: vec![],
            file: None,
            index: None,
            log: None,
            then: None,
        }
    }

    pub(super) fn followed_by(self, next: ChangeContent) -> ChangeContent {
        ChangeContent {
            then: Some(Box::new(next)),
            ..self
        }
    }

    pub(super) fn logged(self, Logged { index, seen }: Logged) -> ChangeContent {
        ChangeContent {
            index,
            log: Some(seen),
            ..self
        }
    }

    pub(super) fn in_file(self, path: String) -> ChangeContent {
        ChangeContent {
            file: Some(path),
            ..self
        }
    }

    pub(super) fn print(&self, ui: &Ui) -> Result<(), Failure> {
        match ui.json {
            true => ui.document(&Document::new("tenon/namespace-change/1", self)),
            false => Ok(()),
        }
    }
}

/// What a change does, in words that follow "to".
pub(super) fn describe(namespace: &Namespace, act: &NamespaceAct) -> String {
    let text = match act {
        NamespaceAct::Create { owners, threshold } => {
            let keys: Vec<_> = owners.iter().map(|owner| format!("`{owner}`")).collect();
            let together = match (keys.len(), threshold) {
                (1, _) => String::new(),
                (_, 1) => ", each of whom decides on their own".to_owned(),
                (_, threshold) => format!(", {threshold} of whom decide together"),
            };
            let keys = keys.join(" and ");
            format!("make the namespace `{namespace}`, owned by {keys}{together}")
        }
        NamespaceAct::Grant(key, grant) => {
            format!("let `{key}` {}", rights(namespace, grant))
        }
        NamespaceAct::Revoke {
            key,
            from_index: None,
        } => {
            format!("take everything in the namespace `{namespace}` from `{key}`, for good")
        }
        NamespaceAct::Revoke {
            key,
            from_index: Some(index),
        } => format!(
            "take everything in the namespace `{namespace}` from `{key}`, for good, and make void what it signed from record {} on",
            ui::thousands(*index)
        ),
        NamespaceAct::Threshold(threshold) => {
            format!(
                "have {threshold} of the owners sign what is done with the namespace `{namespace}`"
            )
        }
        NamespaceAct::TrustOidc(rule) => format!(
            "let the registry sign releases in the namespace `{namespace}` for the job `{}` of the repository `{}` of {}",
            rule.workflow, rule.repository, rule.issuer
        ),
    };
    ui::clean(&text)
}

/// What a grant allows, in words that follow "may".
pub(super) fn rights(namespace: &Namespace, grant: &Grant) -> String {
    let permissions = grant.permissions.iter();
    let packages = permissions.filter(|permission| **permission != Permission::Own);
    let packages: Vec<_> = packages.map(|permission| permission.as_str()).collect();
    let mut parts = vec![];
    if grant.permissions.contains(&Permission::Own) {
        parts.push(format!("own the namespace `{namespace}`"));
    }
    if !packages.is_empty() {
        parts.push(format!(
            "{} `{namespace}:{}`",
            packages.join(" and "),
            grant.pattern
        ));
    }
    let until = grant.expires.map(|time| format!(" until {time}"));
    parts.join(", and ") + &until.unwrap_or_default()
}

/// What a change is, as a thing.
pub(super) fn title(namespace: &Namespace, act: &NamespaceAct) -> String {
    let name = |key: &Vkey| ui::clean_line(key.name().as_str());
    match act {
        NamespaceAct::Create { .. } => format!("the beginning of the namespace `{namespace}`"),
        NamespaceAct::Grant(key, _) => {
            format!(
                "the grant to `{}` in the namespace `{namespace}`",
                name(key)
            )
        }
        NamespaceAct::Revoke { key, .. } => {
            format!(
                "the revocation of `{}` in the namespace `{namespace}`",
                name(key)
            )
        }
        NamespaceAct::Threshold(_) => format!("the threshold of the namespace `{namespace}`"),
        NamespaceAct::TrustOidc(_) => format!("the trusted job of the namespace `{namespace}`"),
    }
}

fn word(act: &NamespaceAct) -> &'static str {
    match act {
        NamespaceAct::Create { .. } => "create",
        NamespaceAct::Grant(..) => "grant",
        NamespaceAct::Revoke { .. } => "revoke",
        NamespaceAct::Threshold(_) => "threshold",
        NamespaceAct::TrustOidc(_) => "trust-oidc",
    }
}

/// How many owners must sign a change.
pub(super) fn needed(chain: Option<&NamespaceChain>, act: &NamespaceAct) -> u32 {
    match (act, chain) {
        (NamespaceAct::Create { threshold, .. }, _) => *threshold,
        (_, Some(chain)) => chain.threshold(),
        (_, None) => 1,
    }
}

/// Whether the key does what it may do without the other owners: remove itself.
pub(super) fn alone(act: &NamespaceAct, vkey: &Vkey) -> bool {
    matches!(act, NamespaceAct::Revoke { key, from_index: None } if key == vkey)
}

/// The keys that may sign a change.
pub(super) fn signers(chain: Option<&NamespaceChain>, act: &NamespaceAct) -> Vec<Vkey> {
    match act {
        NamespaceAct::Create { owners, .. } => owners.clone(),
        _ => chain
            .into_iter()
            .flat_map(|chain| chain.owners().cloned())
            .collect(),
    }
}

pub(super) fn check_owner(
    chain: Option<&NamespaceChain>,
    namespace: &Namespace,
    act: &NamespaceAct,
    vkey: &Vkey,
) -> Result<(), Failure> {
    let owners = signers(chain, act);
    if chain.is_none() && !matches!(act, NamespaceAct::Create { .. }) {
        let error = tenon_registry_client::http::DraftError::NoNamespace(namespace.clone());
        return Err(error.into());
    }
    if owners.contains(vkey) || alone(act, vkey) {
        return Ok(());
    }
    let name = ui::clean_line(vkey.name().as_str());
    let names: Vec<_> = owners
        .iter()
        .map(|owner| format!("`{}`", ui::clean_line(owner.name().as_str())))
        .collect();
    let message = format!("the key `{name}` does not own the namespace `{namespace}`");
    Err(
        Failure::new("namespace::not-granted", message).help(format!(
            "its owners are {}; sign with one of these",
            names.join(", ")
        )),
    )
}

/// Checks a record by the rules of its chain, before it is sent.
pub(super) fn check(
    view: &View,
    namespace: &Namespace,
    record: &SignedRecord,
) -> Result<(), Failure> {
    let origin = || view.checkpoint().checkpoint().origin.clone();
    let mut chain = match view.namespace() {
        Some(chain) => chain.clone(),
        None => NamespaceChain::new(origin(), namespace.clone()),
    };
    chain.apply(record).map_err(|error| {
        let help = match &*error.kind {
            ChainErrorKind::KeyRevoked(_) => "for a registry's key, its operator makes another one with `tenon-registry key rotate ingest`; for a person's, make one with `tenon key generate` and grant that".to_owned(),
            _ => format!("`tenon namespace show {namespace}` says how things are now"),
        };
        let causes = std::iter::successors(std::error::Error::source(&error), |e| e.source());
        let causes = causes
            .map(|cause| ui::clean_line(&cause.to_string()))
            .collect();
        Failure {
            causes,
            ..Failure::new("namespace::draft", "the rules do not allow this change")
        }
        .help(help)
    })
}

pub(super) fn write(path: &std::path::Path, record: &SignedRecord) -> Result<(), Failure> {
    let text = String::from_utf8_lossy(record.bytes());
    Target::of(Some(path)).write(&Content::Text(&text))
}

/// The namespace and the change of a record, if it is of a namespace.
pub(super) fn parts(record: &SignedRecord) -> Option<(&Namespace, &NamespaceAct)> {
    match &record.record().statement {
        Statement::Namespace { namespace, act, .. } => Some((namespace, act)),
        _ => None,
    }
}

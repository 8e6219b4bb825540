//! `tenon namespace sign` and `submit`: what several owners sign together, in a file.

use super::change::{self, ChangeContent};
use crate::args::{Global, NamespaceSign, NamespaceSubmit};
use crate::error::Failure;
use crate::remote::Remote;
use crate::ui::{self, Ui};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use tenon_registry_client::http::Draft;
use tenon_registry_client::log::{Hash, Vkey};
use tenon_registry_client::name::Namespace;
use tenon_registry_client::record::{MAX_RECORD, NamespaceAct, SignedRecord};
use tenon_registry_client::verify::{Request, Verified, View};

/// A change that others have signed, and the namespace as it is.
struct Opened {
    remote: Remote,
    view: Verified<View>,
    namespace: Namespace,
    act: NamespaceAct,
    draft: Draft,
    record: SignedRecord,
}

pub(super) fn sign(ui: &Ui, args: &NamespaceSign, global: &Global) -> Result<(), Failure> {
    let opened = Opened::read(ui, &args.file, global)?;
    if opened.is_logged() {
        return opened.logged_already(ui);
    }
    opened.check_next()?;
    let (namespace, act) = (&opened.namespace, &opened.act);
    let vkey = args.signing.vkey()?;
    change::check_owner(opened.view.namespace(), namespace, act, &vkey)?;
    opened.show(ui);
    if !args.consent.dry_run {
        ui.confirm("sign it?", args.consent.yes)?;
    }
    let mut draft = opened.draft.clone();
    draft.sign(&args.signing.load(&vkey)?)?;
    let keys: Vec<_> = draft.signers().collect();
    if args.consent.dry_run {
        ui.say("this is all that was done: `--dry-run` changes nothing");
        return opened.content("planned", &keys).print(ui);
    }
    change::write(&args.file, &draft.signed()?)?;
    let path = ui::clean_line(&args.file.to_string_lossy());
    let (found, needed) = (keys.len(), change::needed(opened.view.namespace(), act));
    ui.say(&match found < needed as usize {
        true => format!("signed by {found} of {needed}: `{path}` goes to the next owner"),
        false => format!(
            "signed by {found} of {needed}, which is enough: `tenon namespace submit {path}` sends it"
        ),
    });
    opened.content("signed", &keys).in_file(path).print(ui)
}

pub(super) fn submit(ui: &Ui, args: &NamespaceSubmit, global: &Global) -> Result<(), Failure> {
    let opened = Opened::read(ui, &args.file, global)?;
    if opened.is_logged() {
        return opened.logged_already(ui);
    }
    opened.check_next()?;
    opened.show(ui);
    let keys: Vec<_> = opened.draft.signers().collect();
    let (found, needed) = (
        keys.len(),
        change::needed(opened.view.namespace(), &opened.act),
    );
    let alone = keys
        .first()
        .is_some_and(|key| change::alone(&opened.act, key));
    if found < needed as usize && !alone {
        let message = format!("{found} of the {needed} owners that must sign have signed");
        let file = ui::clean_line(&args.file.to_string_lossy());
        return Err(Failure::new("namespace::threshold", message).help(format!(
            "another owner signs with `tenon namespace sign {file}`"
        )));
    }
    change::check(&opened.view, &opened.namespace, &opened.record)?;
    if args.consent.dry_run {
        ui.say("this is all that was done: `--dry-run` sends nothing");
        return opened.content("planned", &keys).print(ui);
    }
    ui.confirm("send it?", args.consent.yes)?;
    let request = Request::Namespace(opened.namespace.clone());
    let logged = opened.remote.log(ui, &opened.record, &request)?;
    let what = change::title(&opened.namespace, &opened.act);
    let by = ui::signed_by_keys(keys.iter().copied());
    let now = opened.remote.now();
    ui.say(&ui::proof(&what, logged.index, &by, &logged.seen, now));
    opened.content("logged", &keys).logged(logged).print(ui)
}

impl Opened {
    fn read(ui: &Ui, path: &Path, global: &Global) -> Result<Opened, Failure> {
        let no_draft = |cause: &dyn std::fmt::Display| {
            let message = format!("`{}` is no change of a namespace", path.display());
            Failure::new("namespace::draft", message)
                .cause(ui::clean_line(&cause.to_string()))
                .help("take the file that `--sign-to` wrote, unchanged")
        };
        let bytes = read(path)?;
        let record = SignedRecord::parse(&bytes).map_err(|error| no_draft(&error))?;
        let Some((namespace, act)) = change::parts(&record) else {
            return Err(no_draft(&format!(
                "it is a record of `{}`",
                record.record().subject()
            )));
        };
        let (namespace, act) = (namespace.clone(), act.clone());
        let remote = Remote::of(ui, global, &namespace)?;
        let origin = remote.registry.pin.origin();
        if record.record().origin != *origin {
            let of = &record.record().origin;
            return Err(no_draft(&format!(
                "it is for the log {of}, not for {origin}"
            )));
        }
        let view = remote.view(&Request::Namespace(namespace.clone()))?;
        let mut known = change::signers(view.namespace(), &act);
        if let NamespaceAct::Revoke { key, .. } = &act {
            known.push(key.clone());
        }
        // What is logged may have been signed by keys that are gone since.
        let is_logged = contains(&view, &record);
        if is_logged {
            let keys = view.namespace().into_iter().flat_map(|chain| chain.keys());
            known.extend(keys.map(|key| key.vkey.clone()));
        }
        let draft = Draft::open(&bytes, &known).map_err(|error| no_draft(&error))?;
        Ok(Opened {
            remote,
            view,
            namespace,
            act,
            draft,
            record,
        })
    }

    fn is_logged(&self) -> bool {
        contains(&self.view, &self.record)
    }

    fn logged_already(&self, ui: &Ui) -> Result<(), Failure> {
        ui.say("it is in the log already");
        let keys: Vec<_> = self.draft.signers().collect();
        self.content("as-it-was", &keys).print(ui)
    }

    /// Whether it follows the last record of the namespace.
    fn check_next(&self) -> Result<(), Failure> {
        let records = &self.view.held().namespace;
        let prev = records.last().map_or(Hash::ZERO, SignedRecord::hash);
        let link = self.record.record().link();
        if link.is_some_and(|link| link.seq as usize == records.len() && link.prev == prev) {
            return Ok(());
        }
        let message = format!(
            "the namespace `{}` has changed since this was written",
            self.namespace
        );
        Err(Failure::new("namespace::draft", message)
            .help("begin again with `--sign-to`, and have it signed anew"))
    }

    fn show(&self, ui: &Ui) {
        let by = ui::signed_by_keys(self.draft.signers());
        let says = change::describe(&self.namespace, &self.act);
        ui.say(&format!(
            "{} {says} in `{}` ({}), log {}\n  written {}, {by}",
            ui::bold("to"),
            self.remote.name,
            self.remote.registry.url,
            self.remote.registry.pin.origin(),
            self.record.record().time
        ));
    }

    fn content(&self, state: &'static str, keys: &[&Vkey]) -> ChangeContent {
        let what = (&self.namespace, &self.act);
        ChangeContent::new(&self.remote, &self.view, what, state, keys)
    }
}

fn contains(view: &View, record: &SignedRecord) -> bool {
    let mut records = view.held().namespace.iter();
    records.any(|there| there.hash() == record.hash())
}

/// As much of a file as a record can have.
fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read =
        File::open(path).and_then(|file| file.take(MAX_RECORD as u64 + 1).read_to_end(&mut bytes));
    read.map_err(|error| Failure::io("read", path, &error))?;
    Ok(bytes)
}

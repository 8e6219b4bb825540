//! Records on their way into the log: signed, sent, and seen there.

use crate::args::Signing;
use crate::error::Failure;
use crate::keys;
use crate::remote::Remote;
use crate::secret::Passphrase;
use crate::ui::{self, Seen, Ui};
use tenon_registry_client::http::DraftError;
use tenon_registry_client::log::{SigningKey, Vkey};
use tenon_registry_client::name::PackageName;
use tenon_registry_client::record::{Grant, Permission, SignedRecord, Time};
use tenon_registry_client::verify::{Request, Verified, VerifyError, View};

/// A record that is in the log.
pub(crate) struct Logged {
    pub(crate) index: Option<u64>,
    pub(crate) seen: Seen,
}

impl Signing {
    /// The public half of the key, for which no passphrase is needed.
    pub(crate) fn vkey(&self) -> Result<Vkey, Failure> {
        Ok(keys::find(self.key.as_deref())?.file.vkey().clone())
    }

    /// The key that `vkey` is of. Its passphrase is asked for if it has one.
    pub(crate) fn load(&self, vkey: &Vkey) -> Result<SigningKey, Failure> {
        let passphrase = Passphrase::of(self.passphrase_file.as_deref());
        let key = keys::load(self.key.as_deref(), &passphrase)?;
        if key.vkey() != vkey {
            let name = ui::clean_line(vkey.name().as_str());
            let message = format!("the key `{name}` is not the one that its file says it is");
            return Err(Failure::new("key::damaged", message)
                .help("take it from a copy, or make another key and have it granted"));
        }
        Ok(key)
    }
}

impl Remote {
    /// The time for a record.
    pub(crate) fn now(&self) -> Time {
        (self.client.options().clock)()
    }

    /// Everything about a request, verified.
    pub(crate) fn view(&self, request: &Request) -> Result<Verified<View>, Failure> {
        self.wait(self.client.view(request))
    }

    /// Puts a record into the log, and looks at what `request` asks for once it is there.
    ///
    /// If that cannot be looked at yet, as long as too few witnesses have agreed, it is said, and is no failure:
    /// the record is in the log.
    pub(crate) fn log(
        &self,
        ui: &Ui,
        record: &SignedRecord,
        request: &Request,
    ) -> Result<Logged, Failure> {
        let receipt = self.wait(self.client.submit(record))?;
        let rules = &self.client.options().rules;
        let view = match self.wait_raw(self.client.view(request)) {
            Ok(view) => view,
            Err(error) => {
                let waits = matches!(
                    error.verify(),
                    Some(VerifyError::Quorum(_) | VerifyError::Stale { .. })
                );
                if !waits && error.is_verification() {
                    return Err(self.failure(error));
                }
                let why = ui::clean_line(&self.failure(error).summary());
                ui.warn(&format!(
                    "the record is in the log, but could not be looked at there yet: {why}"
                ));
                return Ok(Logged {
                    index: receipt.index,
                    seen: Seen::unwitnessed(receipt.checkpoint.checkpoint(), rules),
                });
            }
        };
        let head = view.heads().get(&record.record().subject());
        let head = head.filter(|head| head.hash == record.hash());
        Ok(Logged {
            index: receipt.index.or(head.map(|head| head.index)),
            seen: Seen::of(&view, rules),
        })
    }
}

/// The grant by which a key may do something with a package: the number of the namespace's record, and
/// what it says. That there is one is checked where the record is drafted.
///
/// # Errors
///
/// It has expired.
pub(crate) fn grant<'v>(
    view: &'v View,
    vkey: &Vkey,
    (package, permission): (&PackageName, Permission),
    now: Time,
) -> Result<Option<(u32, &'v Grant)>, Failure> {
    let namespace = view.namespace();
    let history = namespace.and_then(|namespace| namespace.key(vkey.key()));
    let change = history.and_then(|history| history.changes.last());
    let found = change.and_then(|change| Some((change.seq, change.grant.as_ref()?)));
    let expires = found.and_then(|(_, grant)| grant.expires);
    match expires.filter(|expires| *expires <= now.max(view.index_time())) {
        None => Ok(found),
        Some(expires) => {
            let (name, namespace) = (vkey.name(), package.namespace());
            let message = format!(
                "the key `{}` could {permission} `{package}` until {expires}",
                ui::clean_line(name.as_str())
            );
            Err(Failure::new("namespace::not-granted", message).help(format!(
                "an owner can grant it again: `tenon namespace grant {namespace} {vkey} --allow {permission}`"
            )))
        }
    }
}

impl From<DraftError> for Failure {
    fn from(error: DraftError) -> Self {
        let code = match &error {
            DraftError::NoNamespace(_) => "namespace::unknown",
            DraftError::NamespaceTaken(_) => "namespace::taken",
            DraftError::NotGranted { .. } => "namespace::not-granted",
            DraftError::VersionTaken { .. } => "publish::version",
            DraftError::NoSuchVersion { .. } => "registry::no-match",
            DraftError::UnknownSigner | DraftError::Signature(_) => "namespace::draft",
            _ => "registry::record",
        };
        let help = match &error {
            DraftError::NoNamespace(namespace) => {
                format!("make it with `tenon namespace create {namespace}`, or correct the name")
            }
            DraftError::NamespaceTaken(namespace) => format!(
                "choose another name; `tenon namespace show {namespace}` says who may let you in"
            ),
            DraftError::NotGranted {
                permission,
                package,
                ..
            } => {
                let namespace = package.namespace();
                format!(
                    "`tenon namespace show {namespace}` says who owns it; an owner runs \
                     `tenon namespace grant {namespace} VKEY --allow {permission}`, with what `tenon key show` prints for VKEY"
                )
            }
            DraftError::VersionTaken { .. } => {
                "publish what has changed as a higher version".to_owned()
            }
            DraftError::NoSuchVersion { package, .. } => {
                format!("`tenon info {package}` says which there are")
            }
            _ => "begin again with the log as it is now".to_owned(),
        };
        let causes = std::iter::successors(std::error::Error::source(&error), |e| e.source());
        let causes = causes.map(|cause| ui::clean_line(&cause.to_string()));
        Failure {
            causes: causes.collect(),
            ..Failure::new(code, ui::clean_line(&error.to_string())).help(help)
        }
    }
}

//! Asking for a bundle, verifying it, and remembering what it says.

use super::client::{Parts, hashes};
use super::since::Since;
use super::transport::Ask;
use super::turn::StateTurn;
use super::{Client, Error, ErrorKind};
use crate::api::{Paths, ProblemCode, ProofQuery};
use crate::log::{CheckpointError, Head, MAX_NOTE, NoteError, ProofError, SignedCheckpoint};
use crate::name::Namespace;
use crate::record::{Reference, Subject};
use crate::state::{ForkEvidence, Pin, TrustState};
use crate::store::Step;
use crate::verify::{
    Bundle, Held, Known, MAX_BUNDLE, Records, Request, Rules, StateMoved, Trust, Verified,
    VerifyError, View, classify_smaller, verify,
};
use std::collections::BTreeMap;

/// How often something is begun again because the log or the trust state moved meanwhile.
pub(super) const MAX_TRIES: u32 = 5;

/// How often a size is asked for that the registry does not hold.
const MAX_MOVES: u32 = 3;

/// How many changes of the log's key are caught up with.
const MAX_ROTATIONS: u32 = 16;

/// Records that must be in their chains.
pub(super) type Locked = BTreeMap<Subject, Reference>;

/// What was verified, and not remembered yet.
pub(super) struct Look {
    pub(super) view: Verified<View>,
    request: Request,
    /// What it was verified against.
    base: Option<TrustState>,
    /// What proved it; `None` offline, where nothing new was learned.
    bundle: Option<Bundle>,
}

impl Client {
    /// Everything about a request at the registry's latest checkpoint, verified and remembered.
    ///
    /// Of a package or a namespace that is not there, the view has none, and proves it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Verify`] if anything is wrong with what the registry shows: the trust state is what it
    /// was, and if there are two histories, the notes of both are kept beside it. Else why there is no
    /// answer, or no way to remember it.
    pub async fn view(&self, request: &Request) -> Result<Verified<View>, Error> {
        self.view_locked(request, &BTreeMap::new()).await
    }

    /// As [`Client::view`], where these records must be in their chains, too.
    ///
    /// # Errors
    ///
    /// As [`Client::view`].
    pub async fn view_locked(
        &self,
        request: &Request,
        locked: &BTreeMap<Subject, Reference>,
    ) -> Result<Verified<View>, Error> {
        let mut turn = None;
        for _ in 0..MAX_TRIES {
            let look = self.look(request, locked).await?;
            if let Some(view) = self.keep(look, &mut turn).await? {
                return Ok(view);
            }
        }
        Err(ErrorKind::Contended(MAX_TRIES).into())
    }

    /// The registry's own keys.
    ///
    /// # Errors
    ///
    /// As [`Client::view`].
    pub async fn registry(&self) -> Result<Verified<View>, Error> {
        self.view(&Request::Registry).await
    }

    /// A namespace: who may do what in it.
    ///
    /// # Errors
    ///
    /// As [`Client::view`].
    pub async fn namespace(&self, namespace: &Namespace) -> Result<Verified<View>, Error> {
        self.view(&Request::Namespace(namespace.clone())).await
    }

    /// Verifies, and remembers nothing but what it takes to catch up with changes of the log's key.
    pub(super) async fn look(&self, request: &Request, locked: &Locked) -> Result<Look, Error> {
        if self.is_offline() {
            return self.look_offline(request, locked).await;
        }
        let (mut uncached, mut from_nothing, mut moves, mut rotations) = (false, false, 0, 0);
        loop {
            let state = self.trust_state().await?;
            let held = match from_nothing {
                true => Held::default(),
                false => self.held(request).await?,
            };
            let query = ProofQuery {
                request: request.clone(),
                known: Known::of(size_of(state.as_ref()), &held),
                size: None,
            };
            let url = self.url(&Paths::proof(&query));
            let bytes = match self.ask_proof(&query, uncached).await {
                Ok(bytes) => bytes,
                Err(error) if error.has_code(ProblemCode::SizeNotHeld) => {
                    moves += 1;
                    if moves < MAX_MOVES {
                        // Behind is a cache, or the registry itself, or this client's own records.
                        uncached = true;
                        from_nothing |= moves > 1;
                        continue;
                    }
                    self.check_latest(state.as_ref()).await?;
                    return Err(error);
                }
                Err(error) => return Err(error),
            };
            let rules = &self.0.options.rules;
            let error = match self.verified(&bytes, request, &held, state.as_ref(), locked, rules) {
                Ok(view) => {
                    return Ok(Look {
                        view,
                        request: request.clone(),
                        base: state,
                        bundle: Bundle::decode(&bytes).ok(),
                    });
                }
                Err(error) => error,
            };
            match &error {
                VerifyError::CacheDamaged(_) if !from_nothing => {
                    from_nothing = true;
                    self.forget(request).await?;
                    continue;
                }
                VerifyError::StaleMirror { .. } | VerifyError::Rollback { .. } => {
                    if !uncached {
                        uncached = true;
                        continue;
                    }
                    if let Ok(bundle) = Bundle::decode(&bytes) {
                        self.check_smaller(state.as_ref(), &bundle.checkpoint)
                            .await?;
                    }
                }
                VerifyError::SplitView { evidence, .. } => {
                    self.keep_evidence(&evidence.held, &evidence.offered).await;
                }
                VerifyError::Checkpoint(CheckpointError::Note(NoteError::NoKnownKey(_)))
                    if rotations < MAX_ROTATIONS =>
                {
                    rotations += 1;
                    match self.catch_up(state.as_ref()).await {
                        Ok(true) => continue,
                        Err(refused) if refused.is_verification() => return Err(refused),
                        // That there is no next key to be seen leaves the checkpoint refused.
                        Ok(false) | Err(_) => {}
                    }
                }
                _ => {}
            }
            return Err(Error::new(ErrorKind::Verify(error), url, 1));
        }
    }

    /// Remembers what was verified; `None` if someone has remembered something else since, and it must be
    /// verified again.
    ///
    /// It waits for its turn, and leaves that with the caller if it must be verified again: the second time only
    /// another process can come in between, however many ask this client at once.
    pub(super) async fn keep<'c>(
        &'c self,
        look: Look,
        turn: &mut Option<StateTurn<'c>>,
    ) -> Result<Option<Verified<View>>, Error> {
        if look.bundle.is_none() {
            return Ok(Some(look.view));
        }
        if turn.is_none() {
            *turn = Some(self.0.turns.state().await);
        }
        if !self.advance(&look.view).await? {
            return Ok(None);
        }
        // What follows is for the cache, and takes longer.
        *turn = None;
        Ok(Some(self.keep_look(look).await))
    }

    /// Replaces the trust state by the one that follows from a view; `false` if it follows from none.
    async fn advance(&self, view: &Verified<View>) -> Result<bool, Error> {
        let view = view.clone();
        let written = self
            .on_disk(move |parts| parts.state.update(|current| view.advance(current)))
            .await?;
        Ok(!matches!(written, Err(StateMoved)))
    }

    /// Keeps in the cache what proved a view.
    async fn keep_look(&self, look: Look) -> Verified<View> {
        let Look {
            view,
            request,
            base,
            bundle,
        } = look;
        let Some(bundle) = bundle else {
            return view;
        };
        let kept = view.clone();
        // A cache that cannot be written to costs time, and nothing else.
        let _ = self
            .on_disk(move |parts| parts.keep_evidence_of(&kept, &request, base.as_ref(), bundle))
            .await;
        view
    }

    async fn ask_proof(&self, query: &ProofQuery, uncached: bool) -> Result<Vec<u8>, Error> {
        let ask = Ask::get(Paths::proof(query), MAX_BUNDLE as u64);
        let ask = if uncached { ask.uncached() } else { ask };
        self.get(ask).await.map(Vec::from)
    }

    fn verified(
        &self,
        bundle: &[u8],
        request: &Request,
        held: &Held,
        state: Option<&TrustState>,
        locked: &Locked,
        rules: &Rules,
    ) -> Result<Verified<View>, VerifyError> {
        let trust = Trust {
            pin: self.pin(),
            state,
            locked,
            rules,
            now: self.now(),
        };
        verify(bundle, request, held, &trust)
    }

    /// The records that are kept of the chains of a request.
    async fn held(&self, request: &Request) -> Result<Held, Error> {
        let subjects = subjects(request);
        self.on_disk(move |parts| {
            let chain = |subject: Option<&Subject>| match subject {
                Some(subject) => parts.cache.chain(&parts.options.pin, subject),
                None => vec![],
            };
            Ok(Held {
                registry: chain(subjects.first()),
                namespace: chain(subjects.get(1)),
                package: chain(subjects.get(2)),
            })
        })
        .await
    }

    async fn forget(&self, request: &Request) -> Result<(), Error> {
        let subjects = subjects(request);
        self.on_disk(move |parts| {
            let mut subjects = subjects.iter();
            subjects.try_for_each(|subject| parts.cache.forget_chain(&parts.options.pin, subject))
        })
        .await
    }

    /// Whether the registry's checkpoint, past any cache, is at least as large as what was verified, and the
    /// same if it is as large. If not, this is the reason for whatever went wrong.
    pub(super) async fn check_latest(&self, state: Option<&TrustState>) -> Result<(), Error> {
        let ask = Ask::get(Paths::checkpoint(), MAX_NOTE as u64).uncached();
        let note = self.get(ask).await?;
        self.check_smaller(state, &note).await
    }

    async fn check_smaller(&self, state: Option<&TrustState>, note: &[u8]) -> Result<(), Error> {
        let Some(state) = state else {
            return Ok(());
        };
        let url = self.url(Paths::checkpoint());
        let refused = |error| Error::new(ErrorKind::Verify(error), url.clone(), 1);
        let signed = SignedCheckpoint::open(note, self.pin().origin(), state.log_keys())
            .map_err(|error| refused(VerifyError::Checkpoint(error)))?;
        let (held, offered) = (state.checkpoint(), signed.checkpoint());
        if offered == held || offered.size > held.size {
            return Ok(());
        }
        if offered.size == held.size {
            self.keep_evidence(state.note(), &signed).await;
            let (size, old, new) = (held.size, held.root, offered.root);
            let evidence = Box::new(ForkEvidence {
                held: state.note().clone(),
                offered: signed,
            });
            let reason = ProofError::TwoRoots { size, old, new };
            return Err(refused(VerifyError::SplitView { evidence, reason }));
        }
        let (from, to) = ((offered.size, offered.root), (held.size, held.root));
        let pin = self.pin().clone();
        let steps = self.on_disk(move |parts| Ok(parts.cache.leads(&pin, from, to)));
        if steps.await? {
            let (held, offered) = (held.size, offered.size);
            return Err(refused(VerifyError::StaleMirror { held, offered }));
        }
        let proof = self.consistency(offered.size, held.size).await;
        // Whoever cannot prove that it is the same log is not believed.
        let error = classify_smaller(&signed, state, &proof.unwrap_or_default());
        if let VerifyError::Rollback { .. } = error {
            self.keep_evidence(state.note(), &signed).await;
        }
        Err(refused(error))
    }

    /// A proof that the log grew; not verified yet.
    pub(super) async fn consistency(
        &self,
        old: u64,
        new: u64,
    ) -> Result<Vec<crate::log::Hash>, Error> {
        let path = Paths::consistency(old, new);
        let url = self.url(&path);
        hashes(&self.get(Ask::get(path, 8 << 10)).await?, &url)
    }

    /// Verifies the last checkpoint of a key that the log no longer signs with, which shows the next
    /// key; `false` if there is none.
    async fn catch_up(&self, state: Option<&TrustState>) -> Result<bool, Error> {
        for key in self.log_keys(state) {
            let path = Paths::last_checkpoint(key.id());
            let note = match self.get(Ask::get(path, MAX_NOTE as u64)).await {
                Ok(note) => note,
                Err(error) if error.is_not_found() => continue,
                Err(error) => return Err(error),
            };
            let signed = SignedCheckpoint::open(&note, self.pin().origin(), [&key])
                .map_err(VerifyError::Checkpoint)?;
            let size = signed.checkpoint().size;
            let request = Request::Registry;
            let query = ProofQuery {
                request: request.clone(),
                known: Known::of(size_of(state), &Held::default()),
                size: Some(size),
            };
            let bytes = self.ask_proof(&query, false).await?;
            let rules = Rules {
                max_age: None,
                ..self.0.options.rules.clone()
            };
            let (held, locked) = (Held::default(), Locked::new());
            let view = self.verified(&bytes, &request, &held, state, &locked, &rules)?;
            let keys: Vec<_> = view.registry().active(crate::record::Role::Log).collect();
            let learned = keys.iter().any(|new| **new != key);
            let look = Look {
                view,
                request,
                base: state.cloned(),
                bundle: Bundle::decode(&bytes).ok(),
            };
            // If someone was faster, the key is known now. This takes no turn, since whoever looks may have it.
            if learned {
                if self.advance(&look.view).await? {
                    self.keep_look(look).await;
                }
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Verifies again what was verified before, from the trust state and what is kept.
    async fn look_offline(&self, request: &Request, locked: &Locked) -> Result<Look, Error> {
        let missing = || Error::from(ErrorKind::Offline(describe(request)));
        let state = self.trust_state().await?.ok_or_else(missing)?;
        let (pin, asked) = (self.pin().clone(), request.clone());
        let bundle = self.on_disk(move |parts| Ok(parts.cache.bundle(&pin, &asked)));
        let mut bundle = bundle.await?.ok_or_else(missing)?;
        let origin = self.pin().origin();
        let signed = match SignedCheckpoint::open(&bundle.checkpoint, origin, state.log_keys()) {
            // It was verified with a key that the log has replaced since.
            Err(CheckpointError::Note(NoteError::NoKnownKey(_))) => return Err(missing()),
            signed => signed.map_err(VerifyError::Checkpoint)?,
        };
        let rules = Rules {
            max_age: None,
            ..self.0.options.rules.clone()
        };
        let held = Held::default();
        // That a lock file knows more than was ever shown here makes nobody suspect.
        let refused = |error: VerifyError| match &error {
            VerifyError::SubjectRollback { subject, held, .. }
                if state
                    .heads()
                    .get(subject)
                    .is_none_or(|seen| seen.seq < *held) =>
            {
                missing()
            }
            _ => error.into(),
        };
        if signed.checkpoint().size == state.checkpoint().size {
            bundle.known_size = state.checkpoint().size;
            let bytes = bundle.encode();
            let view = self.verified(&bytes, request, &held, Some(&state), locked, &rules);
            let view = view.map_err(refused)?;
            return Ok(Look::again(view, request, state));
        }
        let at = |checkpoint: &crate::log::Checkpoint| (checkpoint.size, checkpoint.root);
        let (from, to) = (at(signed.checkpoint()), at(state.checkpoint()));
        let pin = self.pin().clone();
        let steps = self.on_disk(move |parts| Ok(parts.cache.leads(&pin, from, to)));
        if !steps.await? {
            return Err(missing());
        }
        let signers = signed.signers(state.log_keys());
        let signers = signers.map_err(VerifyError::Checkpoint)?;
        let key = signers
            .first()
            .map(|by| by.key.clone())
            .ok_or_else(missing)?;
        let pin = Pin::new(key, self.pin().init()).map_err(|_| missing())?;
        let bytes = bundle.encode();
        let again = |locked: &Locked| {
            let trust = Trust {
                pin: &pin,
                state: None,
                locked,
                rules: &rules,
                now: self.now(),
            };
            verify(&bytes, request, &held, &trust).map_err(refused)
        };
        // The log of the bundle is a part of the one that was verified. No chain may end before what was
        // seen of it, whatever an older lock file has, unless it is known that what followed changes nothing.
        let seen = |subject: Subject| {
            let Head { seq, hash, .. } = *state.heads().get(&subject)?;
            Some((subject, Reference { seq, hash }))
        };
        let seen: Locked = subjects(request).into_iter().filter_map(seen).collect();
        let kept = self.held(request).await?;
        let mut view = again(&Locked::new())?;
        for required in [&seen, locked] {
            let since = Since::of(view.held(), &kept, request);
            let required = since.forgive(required).ok_or_else(missing)?;
            if !required.is_empty() {
                view = again(&required)?;
            }
        }
        Ok(Look::again(view, request, state))
    }
}

impl Look {
    fn again(view: Verified<View>, request: &Request, base: TrustState) -> Look {
        Look {
            view,
            request: request.clone(),
            base: Some(base),
            bundle: None,
        }
    }
}

impl Parts {
    /// Keeps what makes the next request small, and one without a network possible.
    fn keep_evidence_of(
        &self,
        view: &View,
        request: &Request,
        base: Option<&TrustState>,
        bundle: Bundle,
    ) -> Result<(), crate::store::StoreError> {
        let (pin, held) = (&self.options.pin, view.held());
        let chains = [&held.registry, &held.namespace, &held.package];
        for (subject, records) in subjects(request).iter().zip(chains) {
            self.cache.keep_chain(pin, subject, records)?;
        }
        let checkpoint = view.checkpoint().checkpoint();
        if let Some(base) = base.filter(|base| base.checkpoint().size < checkpoint.size) {
            let step = Step {
                size: checkpoint.size,
                root: checkpoint.root,
                proof: bundle.consistency.clone(),
            };
            self.cache.keep_step(pin, base.checkpoint().size, &step)?;
        }
        let all = |records: &[crate::record::SignedRecord]| Records {
            from: 0,
            records: records
                .iter()
                .map(|record| record.bytes().to_vec())
                .collect(),
        };
        let bundle = Bundle {
            known_size: 0,
            consistency: vec![],
            registry: all(&held.registry),
            namespace: all(&held.namespace),
            package: all(&held.package),
            ..bundle
        };
        self.cache.keep_bundle(pin, request, &bundle)
    }
}

fn size_of(state: Option<&TrustState>) -> u64 {
    state.map_or(0, |state| state.checkpoint().size)
}

/// The chains of a request: registry, namespace, package.
pub(super) fn subjects(request: &Request) -> Vec<Subject> {
    let mut subjects = vec![Subject::Registry];
    match request {
        Request::Registry => {}
        Request::Namespace(namespace) => subjects.push(Subject::Namespace(namespace.clone())),
        Request::Package { package, .. } => {
            subjects.push(Subject::Namespace(package.namespace().clone()));
            subjects.push(Subject::Package(package.clone()));
        }
    }
    subjects
}

/// A request in words.
pub(super) fn describe(request: &Request) -> String {
    match request {
        Request::Registry => "the registry's chain".to_owned(),
        Request::Namespace(namespace) => format!("the namespace `{namespace}`"),
        Request::Package { package, releases } => {
            let versions: Vec<_> = releases.iter().map(ToString::to_string).collect();
            match versions.is_empty() {
                true => format!("the package `{package}`"),
                false => format!("`{package}@{}`", versions.join(", ")),
            }
        }
    }
}

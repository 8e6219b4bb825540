//! Cosignatures: the witnesses that a log asks, and what they answered for its latest checkpoint.
//!
//! The writer says what is to be cosigned and waits a little; the questions themselves are put by a
//! thread of their own, which keeps asking whoever did not answer.

mod ask;

use super::OpenError;
use super::stored::Stored;
use crate::log::clock::Clock;
use crate::outbound::BaseUrl;
use ask::{Answer, Asker};
use std::collections::BTreeSet;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tenon_registry_client::log::{Algorithm, Checkpoint, NoteSignature, SignedCheckpoint, Vkey};
use tokio::sync::watch;

/// The most witnesses of a log: with two keys of its own, the time key and a line for readers to
/// ignore, its notes then have 16 lines, which every reader takes.
pub const MAX_WITNESSES: usize = 12;

/// How a log's checkpoints get their cosignatures.
#[derive(Clone, Debug)]
pub struct Cosigning {
    /// Who is asked.
    pub witnesses: Vec<WitnessConfig>,
    /// How long a batch waits for all of them together.
    pub patience: Duration,
    /// After how long cosignatures are renewed, that of the time key too: at most a quarter of the
    /// age that clients accept.
    pub renew_after: Duration,
}

/// A witness that is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessConfig {
    /// What `/add-checkpoint` is put behind.
    pub url: BaseUrl,
    /// The key by which its cosignatures are known.
    pub vkey: Vkey,
}

/// What came of asking, since the log was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CosignFigures {
    /// Batches that went out without a cosignature of some witness.
    pub incomplete: u64,
    /// Each witness, in the order in which they were configured.
    pub witnesses: Vec<WitnessFigures>,
}

/// What came of asking one witness.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WitnessFigures {
    /// The name of its key.
    pub name: String,
    /// Cosignatures that were taken.
    pub cosigned: u64,
    /// Questions that came to nothing.
    pub failed: u64,
    /// Batches that it was waited for in vain.
    pub late: u64,
    /// Whether the next batch waits for it.
    pub waited_for: bool,
    /// The time of its last cosignature, in seconds since 1970.
    pub last: Option<u64>,
    /// Why the last question came to nothing, if it did.
    pub problem: Option<String>,
}

impl Default for Cosigning {
    /// No witnesses; 5 seconds; a quarter of 24 hours.
    fn default() -> Self {
        Cosigning {
            witnesses: vec![],
            patience: Duration::from_secs(5),
            renew_after: Duration::from_secs(6 * 60 * 60),
        }
    }
}

/// What is to be cosigned.
struct Target {
    /// Grows with each.
    number: u64,
    checkpoint: Checkpoint,
    /// The note, signed by the log.
    note: SignedCheckpoint,
}

/// The witnesses of a log.
pub(super) struct Cosigners {
    config: Cosigning,
    witnesses: Vec<Asked>,
    number: u64,
    checkpoint: Option<Checkpoint>,
    targets: Option<watch::Sender<Option<Arc<Target>>>>,
    answers: Receiver<Answer>,
    thread: Option<JoinHandle<()>>,
    figures: Arc<Mutex<CosignFigures>>,
}

/// What is known of one witness.
struct Asked {
    waited_for: bool,
    /// The last target that it answered.
    answered: u64,
    /// Its cosignature of the latest checkpoint, and the time of it.
    line: Option<(u64, NoteSignature)>,
}

impl Cosigners {
    /// Starts to ask these witnesses about a log, which has these keys itself.
    pub(super) fn start(
        config: &Cosigning,
        stored: &Stored,
        clock: &Arc<dyn Clock>,
        own: &[Vkey],
    ) -> Result<Cosigners, OpenError> {
        check(config, own)?;
        let (targets, receiver) = watch::channel(None);
        let (sender, answers) = channel();
        let askers = config.witnesses.iter().enumerate().map(|(witness, to)| {
            let (to, stored, clock) = (to.clone(), stored.clone(), clock.clone());
            Asker::new(witness, to, stored, clock, sender.clone())
        });
        let askers: Vec<Asker> = askers
            .collect::<Result<_, _>>()
            .map_err(OpenError::Witnesses)?;
        let thread = match askers.is_empty() {
            true => None,
            false => {
                let failed = |error: std::io::Error| OpenError::Witnesses(error.to_string());
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .map_err(failed)?;
                let thread = std::thread::Builder::new().name("cosign".to_owned());
                let run = move || {
                    runtime.block_on(ask::run(askers, receiver));
                    // A name that is being looked up is not waited for.
                    runtime.shutdown_background();
                };
                Some(thread.spawn(run).map_err(failed)?)
            }
        };
        let witnesses = config.witnesses.iter().map(|_| Asked {
            waited_for: true,
            answered: 0,
            line: None,
        });
        let figures = config.witnesses.iter().map(|witness| WitnessFigures {
            name: witness.vkey.name().to_string(),
            waited_for: true,
            ..WitnessFigures::default()
        });
        let figures = CosignFigures {
            incomplete: 0,
            witnesses: figures.collect(),
        };
        Ok(Cosigners {
            config: config.clone(),
            witnesses: witnesses.collect(),
            number: 0,
            checkpoint: None,
            targets: Some(targets),
            answers,
            thread,
            figures: Arc::new(Mutex::new(figures)),
        })
    }

    /// What came of asking, for whoever wants to know.
    pub(super) fn figures(&self) -> Arc<Mutex<CosignFigures>> {
        self.figures.clone()
    }

    /// After how long cosignatures are renewed, in seconds.
    pub(super) fn renew_after(&self) -> u64 {
        self.config.renew_after.as_secs()
    }

    /// Takes the cosignatures that a note bears, which was published before.
    pub(super) fn remember(&mut self, note: &SignedCheckpoint) {
        self.checkpoint = Some(note.checkpoint().clone());
        for (asked, config) in self.witnesses.iter_mut().zip(&self.config.witnesses) {
            let lines = note.note().signatures().iter();
            let lines = lines.filter_map(|line| ask::cosigned(note, &config.vkey, line));
            asked.line = lines.max_by_key(|(time, _)| *time);
        }
    }

    /// Asks for cosignatures of a checkpoint: of a new one, or of the same again.
    pub(super) fn ask(&mut self, note: &SignedCheckpoint) {
        let checkpoint = note.checkpoint().clone();
        if self.checkpoint.as_ref() != Some(&checkpoint) {
            self.witnesses
                .iter_mut()
                .for_each(|asked| asked.line = None);
            self.checkpoint = Some(checkpoint.clone());
        }
        self.number += 1;
        if let Some(targets) = &self.targets {
            let (number, note) = (self.number, note.clone());
            targets.send_replace(Some(Arc::new(Target {
                number,
                checkpoint,
                note,
            })));
        }
    }

    /// Waits until all who are waited for have answered, but not for long.
    pub(super) fn wait(&mut self) {
        let end = Instant::now() + self.config.patience;
        let number = self.number;
        let missing = |asked: &Asked| asked.waited_for && asked.answered < number;
        while self.witnesses.iter().any(missing) {
            let left = end.saturating_duration_since(Instant::now());
            match self.answers.recv_timeout(left) {
                Ok(answer) => drop(self.take(answer)),
                Err(_) => break,
            }
        }
        let mut figures = lock(&self.figures);
        let all = self.witnesses.iter_mut().zip(&mut figures.witnesses);
        for (asked, figures) in all.filter(|(asked, _)| missing(asked)) {
            (asked.waited_for, figures.waited_for) = (false, false);
            figures.late += 1;
            tracing::warn!(
                witness = figures.name,
                "the witness did not answer in time: it is asked again, and not waited for until it answers"
            );
        }
        if self.witnesses.iter().any(|asked| asked.line.is_none()) {
            figures.incomplete += 1;
        }
    }

    /// Takes what was answered meanwhile; whether there is a new cosignature.
    pub(super) fn poll(&mut self) -> bool {
        let mut new = false;
        while let Ok(answer) = self.answers.try_recv() {
            new |= self.take(answer);
        }
        new
    }

    /// Adds the cosignatures that there are to a note of the latest checkpoint.
    pub(super) fn cosign(&self, note: &SignedCheckpoint) -> SignedCheckpoint {
        let mut cosigned = note.clone();
        let lines = self
            .witnesses
            .iter()
            .filter_map(|asked| asked.line.as_ref());
        for (_, line) in lines {
            // There is room: that was checked when the log was opened.
            if let Err(error) = cosigned.push(line.clone()) {
                tracing::error!(%error, "a cosignature has no room");
            }
        }
        cosigned
    }

    fn take(&mut self, answer: Answer) -> bool {
        let mut figures = lock(&self.figures);
        let asked = self.witnesses.get_mut(answer.witness);
        let Some((asked, figures)) = asked.zip(figures.witnesses.get_mut(answer.witness)) else {
            return false;
        };
        let witness = &figures.name;
        match answer.result {
            Ok((time, line)) => {
                if figures.problem.is_some() || !asked.waited_for {
                    tracing::info!(witness, "the witness answers again");
                }
                figures.cosigned += 1;
                figures.problem = None;
                (asked.waited_for, figures.waited_for) = (true, true);
                asked.answered = asked.answered.max(answer.number);
                let newer = asked.line.as_ref().is_none_or(|(held, _)| *held < time);
                if self.checkpoint.as_ref() != Some(&answer.checkpoint) || !newer {
                    return false;
                }
                figures.last = Some(time);
                asked.line = Some((time, line));
                true
            }
            Err(problem) => {
                figures.failed += 1;
                let text = problem.to_string();
                if figures.problem.as_ref() != Some(&text) {
                    match problem.is_alarm() {
                        true => tracing::error!(
                            witness,
                            problem = text,
                            "a witness contradicts this log"
                        ),
                        false => {
                            tracing::warn!(witness, problem = text, "a witness did not cosign")
                        }
                    }
                }
                figures.problem = Some(text);
                (asked.waited_for, figures.waited_for) = (false, false);
                false
            }
        }
    }
}

impl Drop for Cosigners {
    fn drop(&mut self) {
        drop(self.targets.take());
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has ended, too.
            let _ = thread.join();
        }
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn check(config: &Cosigning, own: &[Vkey]) -> Result<(), OpenError> {
    let refused = |text: String| Err(OpenError::Witnesses(text));
    if config.witnesses.len() > MAX_WITNESSES {
        let found = config.witnesses.len();
        return refused(format!(
            "there are {found} witnesses, of at most {MAX_WITNESSES}"
        ));
    }
    let mut keys: BTreeSet<_> = own.iter().map(Vkey::key).collect();
    for WitnessConfig { vkey, .. } in &config.witnesses {
        if vkey.algorithm() != Algorithm::Cosignature {
            return refused(format!(
                "the key `{vkey}` is no witness's: it does not sign with type 0x04"
            ));
        }
        if !keys.insert(vkey.key()) {
            return refused(format!(
                "the witness `{vkey}` is listed twice, or has a key of this registry: one key counts once"
            ));
        }
    }
    Ok(())
}

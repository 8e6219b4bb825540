//! Asking one witness, as in [tlog-witness](https://c2sp.org/tlog-witness).

use super::{Target, WitnessConfig};
use crate::log::clock::Clock;
use crate::log::stored::Stored;
use crate::outbound::{Outbound, OutboundError};
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;
use tenon_registry_client::log::{
    AddCheckpoint, Checkpoint, Note, NoteSignature, SignedCheckpoint, Vkey, prove_consistency,
};
use tenon_registry_client::record::Time;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// The longest answer.
const MAX_ANSWER: usize = 16 << 10;

/// How often one question is put, each time from the size that the witness says it has.
const TRIES: usize = 3;

/// How long a witness that failed is left alone: twice as long each time, up to the second.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// What a witness answered, or why there is no answer.
pub(super) struct Answer {
    pub(super) witness: usize,
    /// The number of the target.
    pub(super) number: u64,
    pub(super) checkpoint: Checkpoint,
    /// The cosignature and its time, in seconds since 1970.
    pub(super) result: Result<(u64, NoteSignature), AskError>,
}

/// Why there is no cosignature.
#[derive(Debug, thiserror::Error)]
pub(super) enum AskError {
    #[error("{0}")]
    Unreachable(String),
    #[error("it answered with status {status}: {text}")]
    Status { status: u16, text: String },
    #[error("it answered that it has another size, and not which one")]
    NoSize,
    #[error("it has cosigned size {held}, and this log has {size}: was an old backup restored?")]
    Ahead { held: u64, size: u64 },
    #[error("it has cosigned another root of size {0}: there are two logs of this name")]
    OtherRoot(u64),
    #[error("it was asked {TRIES} times, and had another size each time")]
    Moving,
    #[error("the log cannot be read: {0}")]
    Unreadable(String),
    #[error("its answer has no cosignature of this checkpoint by `{0}`")]
    NotCosigned(Vkey),
    #[error(
        "its cosignature is of {time} s since 1970, and now is {now}: one of the clocks is wrong"
    )]
    Time { time: u64, now: u64 },
}

impl AskError {
    /// Whether someone should look at once.
    pub(super) fn is_alarm(&self) -> bool {
        matches!(self, AskError::Ahead { .. } | AskError::OtherRoot(_))
    }
}

impl From<OutboundError> for AskError {
    fn from(error: OutboundError) -> Self {
        let mut text = error.to_string();
        let mut source = std::error::Error::source(&error);
        while let Some(error) = source {
            text = format!("{text}: {error}");
            source = error.source();
        }
        AskError::Unreachable(text)
    }
}

/// Asks one witness.
pub(super) struct Asker {
    witness: usize,
    to: WitnessConfig,
    stored: Stored,
    clock: Arc<dyn Clock>,
    answers: Sender<Answer>,
    outbound: Outbound,
    /// What the witness cosigned last, as far as is known.
    held: u64,
}

/// Asks all of them, until there are no more targets.
pub(super) async fn run(askers: Vec<Asker>, mut targets: watch::Receiver<Option<Arc<Target>>>) {
    let mut tasks = JoinSet::new();
    for asker in askers {
        tasks.spawn(asker.run(targets.clone()));
    }
    while targets.changed().await.is_ok() {}
}

/// The time of a cosignature by this key over this checkpoint, if the line is one.
pub(super) fn cosigned(
    checkpoint: &SignedCheckpoint,
    vkey: &Vkey,
    line: &NoteSignature,
) -> Option<(u64, NoteSignature)> {
    let mut note = Note::new(checkpoint.note().text()).ok()?;
    note.push(line.clone()).ok()?;
    let signed = note.verify([vkey]).ok()?;
    Some((signed.first()?.time?, line.clone()))
}

impl Asker {
    pub(super) fn new(
        witness: usize,
        to: WitnessConfig,
        stored: Stored,
        clock: Arc<dyn Clock>,
        answers: Sender<Answer>,
    ) -> Result<Asker, String> {
        let outbound = Outbound::new().map_err(|error| AskError::from(error).to_string())?;
        Ok(Asker {
            witness,
            to,
            stored,
            clock,
            answers,
            outbound,
            held: 0,
        })
    }

    async fn run(mut self, mut targets: watch::Receiver<Option<Arc<Target>>>) {
        let (mut done, mut pause) = (0, PAUSES.0);
        loop {
            let target = targets.borrow_and_update().clone();
            let Some(target) = target.filter(|target| target.number > done) else {
                match targets.changed().await {
                    Ok(()) => continue,
                    Err(_) => return,
                }
            };
            let result = self.ask(&target).await;
            let failed = result.is_err();
            let (number, checkpoint) = (target.number, target.checkpoint.clone());
            let witness = self.witness;
            let sent = self.answers.send(Answer {
                witness,
                number,
                checkpoint,
                result,
            });
            if sent.is_err() {
                return;
            }
            match failed {
                false => (done, pause) = (number, PAUSES.0),
                true => {
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(PAUSES.1);
                }
            }
        }
    }

    async fn ask(&mut self, target: &Target) -> Result<(u64, NoteSignature), AskError> {
        let size = target.checkpoint.size;
        for _ in 0..TRIES {
            let old = self.held;
            let request = self.request(target)?;
            let path = "/add-checkpoint";
            let asked = self.outbound.post(&self.to.url, path, request, MAX_ANSWER);
            let answer = asked.await?;
            match answer.status {
                200 => {
                    let cosigned = self.read(target, &answer.body)?;
                    self.held = size;
                    return Ok(cosigned);
                }
                409 => {
                    let text = std::str::from_utf8(&answer.body).ok();
                    let held = text.and_then(|text| text.trim_ascii_end().parse().ok());
                    let held: u64 = held.ok_or(AskError::NoSize)?;
                    if held > size {
                        return Err(AskError::Ahead { held, size });
                    }
                    if held == size && held == old {
                        return Err(AskError::OtherRoot(held));
                    }
                    self.held = held;
                }
                status => {
                    let text = String::from_utf8_lossy(&answer.body);
                    let text = text.trim().chars().take(200);
                    let text = text.flat_map(char::escape_debug).collect();
                    return Err(AskError::Status { status, text });
                }
            }
        }
        Err(AskError::Moving)
    }

    fn request(&self, target: &Target) -> Result<String, AskError> {
        let (old, size) = (self.held, target.checkpoint.size);
        let proof = match old == 0 || old == size {
            true => vec![],
            false => prove_consistency(&self.stored.nodes(size), old, size)
                .map_err(|error| AskError::Unreadable(error.to_string()))?,
        };
        let checkpoint = target.note.note().clone();
        let request = AddCheckpoint {
            old,
            proof,
            checkpoint,
        };
        Ok(request.to_string())
    }

    fn read(&self, target: &Target, body: &[u8]) -> Result<(u64, NoteSignature), AskError> {
        let vkey = &self.to.vkey;
        let lines = std::str::from_utf8(body).unwrap_or_default().lines();
        let lines = lines.filter_map(|line| line.parse().ok());
        let lines = lines.filter_map(|line| cosigned(&target.note, vkey, &line));
        let latest = lines.max_by_key(|(time, _)| *time);
        let (time, line) = latest.ok_or_else(|| AskError::NotCosigned(vkey.clone()))?;
        let now = self.clock.wall().as_secs();
        let ahead = Time::from_seconds(time)
            .ok()
            .zip(Time::from_seconds(now).ok())
            .is_none_or(|(time, now)| time.is_ahead_of(now));
        match ahead {
            true => Err(AskError::Time { time, now }),
            false => Ok((time, line)),
        }
    }
}

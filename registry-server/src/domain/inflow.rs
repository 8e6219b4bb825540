//! Bytes of content, as they flow in: they are hashed and written in parts, while more come.

use super::Error;
use crate::store::blobs::{Blobs, Incoming};
use tenon_registry_client::api::ProblemCode;
use tokio::task::JoinHandle;

/// How much is written at once, and how much may come in meanwhile.
const PART: usize = 256 << 10;

/// The most that came in and is not written yet: a part that is being written, and the next one.
pub(super) const UNWRITTEN: u64 = 2 * PART as u64;

/// What came in of content. Dropping it leaves nothing.
#[derive(Debug)]
pub(crate) struct Inflow {
    blobs: Blobs,
    size: u64,
    /// What is not being written yet.
    part: Vec<u8>,
    writing: Writing,
}

#[derive(Debug)]
enum Writing {
    Idle(Option<Box<Incoming>>),
    Busy(JoinHandle<Result<Box<Incoming>, Error>>),
    /// There is nothing to go on with.
    Ended,
}

impl Inflow {
    /// Nothing came in yet, and no file is made before there is something to write.
    pub(crate) fn new(blobs: &Blobs) -> Inflow {
        Inflow {
            blobs: blobs.clone(),
            size: 0,
            part: Vec::new(),
            writing: Writing::Idle(None),
        }
    }

    /// How many bytes came in.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Whether it was kept, or a part of it could not be written: it goes no further.
    pub(crate) fn has_ended(&self) -> bool {
        matches!(self.writing, Writing::Ended)
    }

    /// Takes the next bytes. They stay, also if whoever waits for this goes before it is done.
    ///
    /// # Errors
    ///
    /// Something could not be written, maybe of what came before.
    pub(crate) async fn push(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.size = self.size.saturating_add(bytes.len() as u64);
        self.part.extend_from_slice(bytes);
        match self.part.len() < PART {
            true => Ok(()),
            false => self.write_part().await,
        }
    }

    /// Has all of it kept, where that may block. There is no more to come then, either way.
    ///
    /// # Errors
    ///
    /// Something could not be written, or what `keep` returns.
    pub(crate) async fn finish<T: Send + 'static>(
        &mut self,
        keep: impl FnOnce(Incoming) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let incoming = self.written().await?;
        self.writing = Writing::Ended;
        let (blobs, part) = (self.blobs.clone(), std::mem::take(&mut self.part));
        let kept = tokio::task::spawn_blocking(move || keep(*write(&blobs, incoming, &part)?));
        kept.await?
    }

    /// Hands what came in to be written, while more comes in.
    async fn write_part(&mut self) -> Result<(), Error> {
        let incoming = self.written().await?;
        let part = std::mem::replace(&mut self.part, Vec::with_capacity(PART + PART / 2));
        let blobs = self.blobs.clone();
        let writing = tokio::task::spawn_blocking(move || write(&blobs, incoming, &part));
        self.writing = Writing::Busy(writing);
        Ok(())
    }

    /// The file, once what was handed over is written.
    async fn written(&mut self) -> Result<Option<Box<Incoming>>, Error> {
        if let Writing::Busy(writing) = &mut self.writing {
            let written = writing.await.map_err(Error::from);
            self.writing = Writing::Ended;
            self.writing = Writing::Idle(Some(written??));
        }
        match std::mem::replace(&mut self.writing, Writing::Ended) {
            Writing::Idle(incoming) => {
                self.writing = Writing::Idle(None);
                Ok(incoming)
            }
            _ => {
                let detail = "a part of this upload could not be kept: begin it again";
                Err(Error::new(ProblemCode::RequestInvalid, detail))
            }
        }
    }
}

fn write(
    blobs: &Blobs,
    incoming: Option<Box<Incoming>>,
    part: &[u8],
) -> Result<Box<Incoming>, Error> {
    let mut incoming = match incoming {
        Some(incoming) => incoming,
        None => Box::new(blobs.begin()?),
    };
    incoming.write(part)?;
    Ok(incoming)
}

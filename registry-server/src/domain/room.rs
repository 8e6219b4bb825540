//! Room on the disk for content on its way in.
//!
//! Nobody is promised all that they announce: whoever says much and sends little would shut everybody else
//! out. What is promised grows with what came in, and is as much again: so it takes a byte to hold a byte,
//! and whoever sent three quarters of what they announced is sure of the rest.

use super::Error;
use super::inflow::UNWRITTEN;
use crate::app::{App, Realm};
use std::sync::atomic::Ordering;

/// The least that is promised at a time, unless less is to come.
const LEAST: u64 = 1 << 20;

/// The most that is promised at a time to whoever does not say how much comes.
const MOST_OF_UNKNOWN: u64 = 8 << 20;

/// Room that is promised to one upload, and free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Room<'a> {
    app: &'a App,
    realm: &'a Realm,
    announced: Option<u64>,
    promised: u64,
    came: u64,
    /// How much has come in when there has to be more room, or some can be given back.
    enough_for: u64,
    /// Up to which byte there was room when it was last looked; nothing before that has to be looked for again.
    secured: u64,
}

impl<'a> Room<'a> {
    /// Room for the first of what comes.
    ///
    /// # Errors
    ///
    /// There is less than is announced, beside what is promised to others, and what has to stay free.
    pub(crate) fn take(
        app: &'a App,
        realm: &'a Realm,
        announced: Option<u64>,
    ) -> Result<Room<'a>, Error> {
        let mut room = Room {
            app,
            realm,
            announced,
            promised: 0,
            came: 0,
            enough_for: 0,
            secured: 0,
        };
        room.grow()?;
        Ok(room)
    }

    /// Counts bytes that came in, and has room for the next ones.
    ///
    /// # Errors
    ///
    /// There is no more room.
    pub(crate) fn fill(&mut self, bytes: u64) -> Result<(), Error> {
        self.came = self.came.saturating_add(bytes);
        match self.came >= self.enough_for {
            true => self.grow(),
            false => Ok(()),
        }
    }

    /// Room for a step that begins now. What came in is written by and by and not free any more, so it
    /// is not promised besides; half of a step is for what is not written yet.
    fn grow(&mut self) -> Result<(), Error> {
        let step = match self.announced {
            Some(announced) => {
                // Of what came, some may have to be written yet.
                let unwritten = self.came.min(UNWRITTEN);
                let left = announced.saturating_sub(self.came);
                self.came.max(LEAST).min(left.saturating_add(unwritten))
            }
            None => self.came.clamp(LEAST, MOST_OF_UNKNOWN),
        };
        let step = step.min(self.app.config().limits.content_bytes);
        self.promise(step)?;
        // A step of nothing is the last one.
        self.enough_for = self.came.saturating_add((step / 2).max(1));
        Ok(())
    }

    /// Promises so many bytes in place of those that were. What is refused is not promised meanwhile
    /// either, so that it takes nothing from others.
    fn promise(&mut self, bytes: u64) -> Result<(), Error> {
        let (before, promised) = (self.promised, self.app.promised());
        let reach = self.came.saturating_add(bytes);
        let reach = self
            .announced
            .map_or(reach, |announced| announced.min(reach));
        if bytes <= before && reach <= self.secured && self.came > 0 {
            promised.fetch_sub(before - bytes, Ordering::Relaxed);
            self.promised = bytes;
            return Ok(());
        }
        // What can never fit is refused before any of it comes.
        let whole = self.announced.filter(|_| self.came == 0);
        let wanted = whole.map_or(bytes, |whole| whole.max(bytes));
        let reserve = self.app.config().limits.disk_reserve_bytes;
        let free = self.realm.blobs().free_space()?;
        let kept = promised.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |all| {
            let others = all.saturating_sub(before);
            let needed = others.saturating_add(wanted).saturating_add(reserve);
            (needed <= free).then(|| others.saturating_add(bytes))
        });
        kept.map_err(|_| Error::storage_full())?;
        self.promised = bytes;
        self.secured = reach;
        Ok(())
    }
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        let promised = self.app.promised();
        promised.fetch_sub(self.promised, Ordering::Relaxed);
    }
}

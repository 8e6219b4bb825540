//! Room on the disk for content on its way in.

use super::Error;
use crate::app::{App, Realm};
use std::sync::atomic::{AtomicU64, Ordering};

/// The least room for content of a length that nobody knows, and the most at a time: it grows with what
/// came in, so that whoever sends little shuts nobody out.
const STEPS: (u64, u64) = (1 << 20, 8 << 20);

/// Room that is promised to one upload, and free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Room<'a> {
    app: &'a App,
    realm: &'a Realm,
    promised: u64,
    came: u64,
    /// How much may come in before there has to be more room; `None` if there is room for all of it.
    enough_for: Option<u64>,
}

impl<'a> Room<'a> {
    /// Room for as much as is announced, or for the first of it if nothing is.
    ///
    /// # Errors
    ///
    /// There is not that much beside what is promised to others, and what has to stay free.
    pub(crate) fn take(
        app: &'a App,
        realm: &'a Realm,
        announced: Option<u64>,
    ) -> Result<Room<'a>, Error> {
        let mut room = Room {
            app,
            realm,
            promised: 0,
            came: 0,
            enough_for: announced.is_none().then_some(0),
        };
        match announced {
            Some(bytes) => room.promise(bytes)?,
            None => room.grow()?,
        }
        Ok(room)
    }

    /// Counts bytes that came in, and has room for the next ones.
    ///
    /// # Errors
    ///
    /// There is no more room.
    pub(crate) fn fill(&mut self, bytes: u64) -> Result<(), Error> {
        self.came = self.came.saturating_add(bytes);
        match self.enough_for {
            Some(enough) if self.came >= enough => self.grow(),
            _ => Ok(()),
        }
    }

    /// Room for a step that begins now. What came in is written by and by and not free any more, so it
    /// is not promised besides; half of a step is for what is not written yet.
    fn grow(&mut self) -> Result<(), Error> {
        let (least, most) = STEPS;
        let step = self.came.clamp(least, most);
        let step = step.min(self.app.config().limits.content_bytes);
        self.enough_for = Some(self.came.saturating_add(step / 2));
        self.promise(step)
    }

    /// Promises so many bytes in place of those that were.
    fn promise(&mut self, bytes: u64) -> Result<(), Error> {
        let promised = self.app.promised();
        give_back(promised, std::mem::replace(&mut self.promised, bytes));
        let others = promised.fetch_add(bytes, Ordering::Relaxed);
        let reserve = self.app.config().limits.disk_reserve_bytes;
        let needed = others.saturating_add(bytes).saturating_add(reserve);
        match self.realm.blobs().free_space()? < needed {
            true => Err(Error::storage_full()),
            false => Ok(()),
        }
    }
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        give_back(self.app.promised(), self.promised);
    }
}

fn give_back(promised: &AtomicU64, bytes: u64) {
    promised.fetch_sub(bytes, Ordering::Relaxed);
}

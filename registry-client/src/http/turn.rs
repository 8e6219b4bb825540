//! Who waits for whom within one client.

use crate::Digest;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, Weak};
use tokio::sync::{Mutex, MutexGuard, OwnedMutexGuard};

/// The turns of one client, which its clones share. Whoever needs both takes that of the content first.
#[derive(Default)]
pub(super) struct Turns {
    state: Mutex<()>,
    contents: std::sync::Mutex<BTreeMap<Digest, Weak<Mutex<()>>>>,
}

/// The turn to replace the trust state: nobody else of this client does as long as it is held.
pub(super) type StateTurn<'a> = MutexGuard<'a, ()>;

/// The turn to bring some content to the cache.
pub(super) type ContentTurn = OwnedMutexGuard<()>;

impl Turns {
    pub(super) async fn state(&self) -> StateTurn<'_> {
        self.state.lock().await
    }

    pub(super) async fn content(&self, digest: Digest) -> ContentTurn {
        let turn = {
            let contents = self.contents.lock();
            let mut contents = contents.unwrap_or_else(PoisonError::into_inner);
            contents.retain(|_, turn| turn.strong_count() > 0);
            let turn = contents.get(&digest).and_then(Weak::upgrade);
            let turn = turn.unwrap_or_default();
            contents.insert(digest, Arc::downgrade(&turn));
            turn
        };
        turn.lock_owned().await
    }
}

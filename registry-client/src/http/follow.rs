//! The log itself, read from its start.

use super::progress::{Transfer, TransferKind};
use super::transport::Ask;
use super::{Client, Error, ErrorKind};
use crate::api::Paths;
use crate::log::{
    Hash, MAX_ENTRY_BUNDLE, MAX_NOTE, NodeId, ProofError, SignedCheckpoint, TilePath, Vkey,
    decode_entries,
};
use crate::monitor::Monitor;
use crate::record::Role;
use crate::state::{ForkEvidence, TrustState};
use crate::verify::VerifyError;
use bytes::Bytes;
use std::collections::BTreeMap;

/// The bytes of the largest tile of hashes.
const MAX_TILE: u64 = 256 * 32;

/// How far a monitor was brought.
#[derive(Clone, Debug)]
pub struct Followed {
    /// The size before.
    pub from: u64,
    /// The checkpoint up to which it has read now. What is wrong with the log is among
    /// [`Monitor::findings`].
    pub checkpoint: SignedCheckpoint,
    /// How many tiles of hashes were compared with what the leaves give.
    pub tiles: u64,
}

impl Client {
    /// The registry's latest checkpoint, past any cache: signed by a key of the log, and not compared
    /// with anything else.
    ///
    /// # Errors
    ///
    /// Why there is none; [`VerifyError::Checkpoint`] if it is not the log's.
    pub async fn checkpoint(&self) -> Result<SignedCheckpoint, Error> {
        let state = self.trust_state().await?;
        self.checkpoint_by(&self.log_keys(state.as_ref())).await
    }

    pub(super) async fn checkpoint_by(&self, keys: &[Vkey]) -> Result<SignedCheckpoint, Error> {
        let ask = Ask::get(Paths::checkpoint(), MAX_NOTE as u64).uncached();
        let note = self.get(ask).await?;
        SignedCheckpoint::open(&note, self.pin().origin(), keys).map_err(|error| {
            let url = self.url(Paths::checkpoint());
            Error::new(ErrorKind::Verify(VerifyError::Checkpoint(error)), url, 1)
        })
    }

    /// A file of the log: a tile of hashes, or an entry bundle. Of a partial one that is not there any
    /// more, the full one is taken and cut. Nothing of it is verified.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub async fn tile(&self, path: TilePath) -> Result<Bytes, Error> {
        let most = match path.level() {
            Some(_) => MAX_TILE,
            None => MAX_ENTRY_BUNDLE as u64,
        };
        let error = match self.get(Ask::get(Paths::tile(path), most)).await {
            Err(error) if error.is_not_found() && path.is_partial() => error,
            other => return other,
        };
        let Ok(mut full) = self.get(Ask::get(Paths::tile(path.full()), most)).await else {
            return Err(error);
        };
        let kept = match path.level() {
            Some(_) => usize::from(path.width()) * 32,
            None => {
                let entries = decode_entries(&full, path.full().width());
                let entries = entries.map_err(|source| {
                    let path = path.full();
                    Error::from(ErrorKind::Entries { path, source })
                })?;
                let kept = entries.iter().take(path.width().into());
                kept.map(|entry| entry.len() + 2).sum()
            }
        };
        full.truncate(kept);
        Ok(full)
    }

    /// The entries of an entry bundle; not verified.
    ///
    /// # Errors
    ///
    /// Why there are none; [`ErrorKind::Entries`] if the bytes are not as many entries as the path says.
    pub async fn entries(&self, path: TilePath) -> Result<Vec<Vec<u8>>, Error> {
        let bytes = self.tile(path).await?;
        let entries = decode_entries(&bytes, path.width()).map_err(|source| {
            let url = self.url(&Paths::tile(path));
            Error::new(ErrorKind::Entries { path, source }, url, 1)
        })?;
        Ok(entries.into_iter().map(<[u8]>::to_vec).collect())
    }

    /// Has a monitor read everything that is new in the log, and compares what it comes to with the
    /// registry's checkpoint, with its tiles, and with the trust state.
    ///
    /// The monitor must be of this log, best [`Monitor::pinned`]. It stays as it was if the leaves
    /// are not those of the checkpoint. What they say is not judged here: that is in
    /// [`Monitor::findings`].
    ///
    /// # Errors
    ///
    /// Why something cannot be read; [`ErrorKind::LogDiffers`]; [`VerifyError::Rollback`] if the log is
    /// smaller than what was read; [`VerifyError::SplitView`] if it is not the log of the trust state.
    pub async fn follow(&self, monitor: &mut Monitor) -> Result<Followed, Error> {
        let state = self.trust_state().await?;
        // Whoever is behind may know the next key from elsewhere, or not know of it yet.
        let mut keys: Vec<Vkey> = monitor.registry().active(Role::Log).cloned().collect();
        keys.extend(self.log_keys(state.as_ref()));
        let signed = self.checkpoint_by(&keys).await?;
        let (from, size) = (monitor.size(), signed.checkpoint().size);
        self.check_grown(from, state.as_ref(), &signed).await?;
        let mut meter = self.0.options.progress.begin(Transfer {
            kind: TransferKind::Log,
            what: signed.checkpoint().origin.as_str(),
            total: size - from,
        });
        let mut reading = monitor.clone();
        let mut rows = Rows::default();
        for path in bundles_from(from, size) {
            let start = path.start().unwrap_or_default();
            let entries = self.entries(path).await?;
            let read = usize::try_from(from.saturating_sub(start)).unwrap_or(usize::MAX);
            for entry in entries.iter().skip(read) {
                let nodes = reading.read(entry);
                rows.take(&nodes);
                let root = || reading.root();
                self.check_state_at(reading.size(), root, state.as_ref(), &signed)
                    .await?;
            }
            meter.reach(reading.size() - from);
        }
        if reading.root() != signed.checkpoint().root {
            let (path, size) = ("checkpoint".to_owned(), size);
            return Err(ErrorKind::LogDiffers { path, size }.into());
        }
        let mut tiles = 0;
        for path in TilePath::tiles_between(from, size) {
            let bytes = self.tile(path).await?;
            if !rows.agree(path, &bytes) {
                let path = path.to_string();
                return Err(ErrorKind::LogDiffers { path, size }.into());
            }
            tiles += 1;
        }
        reading.check(&signed);
        *monitor = reading;
        Ok(Followed {
            from,
            checkpoint: signed,
            tiles,
        })
    }

    /// Whether a checkpoint is not smaller than what was read of the log, nor than the trust state.
    pub(super) async fn check_grown(
        &self,
        from: u64,
        state: Option<&TrustState>,
        signed: &SignedCheckpoint,
    ) -> Result<(), Error> {
        let offered = signed.checkpoint().size;
        if state.is_some_and(|state| offered < state.checkpoint().size) {
            self.check_latest(state).await?;
        }
        if offered < from {
            let held = from;
            return Err(VerifyError::Rollback { held, offered }.into());
        }
        Ok(())
    }

    /// Whether the log has the root of the trust state, where it has its size.
    pub(super) async fn check_state_at(
        &self,
        size: u64,
        root: impl FnOnce() -> Hash,
        state: Option<&TrustState>,
        signed: &SignedCheckpoint,
    ) -> Result<(), Error> {
        let held = state.filter(|state| state.checkpoint().size == size);
        let Some(state) = held else {
            return Ok(());
        };
        let (expected, computed) = (state.checkpoint().root, root());
        if expected == computed {
            return Ok(());
        }
        self.keep_evidence(state.note(), signed).await;
        let evidence = Box::new(ForkEvidence {
            held: state.note().clone(),
            offered: signed.clone(),
        });
        let reason = ProofError::RootDiffers {
            size,
            expected,
            computed,
        };
        Err(VerifyError::SplitView { evidence, reason }.into())
    }
}

/// The entry bundles that have leaves from one size to another, as a log of the second has them.
pub(super) fn bundles_from(from: u64, size: u64) -> impl Iterator<Item = TilePath> {
    let width = u64::from(crate::log::ENTRIES_PER_BUNDLE);
    let starts = (from / width..).map(move |index| index * width);
    starts
        .take_while(move |start| from < size && *start < size)
        .filter_map(move |start| TilePath::bundle_of(start, size))
}

/// The hashes of tiles that leaves gave, by tile: the position of the first, and the hashes.
#[derive(Default)]
pub(super) struct Rows(BTreeMap<(u8, u64), (usize, Vec<Hash>)>);

impl Rows {
    /// Takes the nodes that a leaf completed.
    pub(super) fn take(&mut self, nodes: &[(NodeId, Hash)]) {
        for (id, hash) in nodes.iter().filter(|(id, _)| id.level % 8 == 0) {
            let position = usize::try_from(id.index % 256).unwrap_or_default();
            let row = self.0.entry((id.level / 8, id.index / 256));
            row.or_insert((position, vec![])).1.push(*hash);
        }
    }

    /// Takes the hashes of a partial tile that there is already.
    pub(super) fn begin(&mut self, path: TilePath, bytes: &[u8]) {
        let hashes = bytes.as_chunks::<32>().0.iter();
        let hashes = hashes.map(|hash| Hash::from(*hash)).collect();
        if let Some(level) = path.level() {
            self.0.insert((level, path.index()), (0, hashes));
        }
    }

    /// The hash of a leaf.
    pub(super) fn leaf(&self, index: u64) -> Option<Hash> {
        let (first, row) = self.0.get(&(0, index / 256))?;
        let position = usize::try_from(index % 256).ok()?;
        row.get(position.checked_sub(*first)?).copied()
    }

    /// The bytes of a tile of which all hashes are here.
    pub(super) fn bytes(&self, path: TilePath) -> Vec<u8> {
        let row = path
            .level()
            .and_then(|level| self.0.get(&(level, path.index())));
        let hashes = row.into_iter().flat_map(|(_, row)| row);
        hashes.flat_map(|hash| *hash.as_bytes()).collect()
    }

    /// Whether a tile has the hashes that the leaves gave, as far as they did.
    pub(super) fn agree(&self, path: TilePath, bytes: &[u8]) -> bool {
        let (hashes, rest) = bytes.as_chunks::<32>();
        let row = path
            .level()
            .and_then(|level| self.0.get(&(level, path.index())));
        let Some((first, row)) = row else {
            return false;
        };
        let shown = hashes.get(*first..).unwrap_or_default();
        rest.is_empty()
            && hashes.len() == usize::from(path.width())
            && shown.len() == row.len()
            && shown
                .iter()
                .zip(row)
                .all(|(shown, hash)| shown == hash.as_bytes())
    }
}

//! Opening a log after the power failed, and holding it against what was promised.

use crate::recorder::{Copy, Recorder};
use crate::story::{Story, source};
use crate::support::{Publisher, Registry};
use crate::truth::{Truth, audit, leaves};
use std::sync::Arc;
use tenon_registry_client::log::TilePath;
use tenon_registry_client::monitor::Monitor;
use tenon_registry_server::log::{Layout, LogId};
use tenon_registry_server::store::{Files, Simulated};

/// What the power left.
pub(crate) struct Left<'a> {
    pub(crate) disk: Simulated,
    pub(crate) copy: &'a Copy,
}

impl Left<'_> {
    /// Recovers, and expects everything that was promised. Returns what recovering did, if it is asked for.
    pub(crate) async fn recover(self, story: &Story, record: bool) -> Option<Recorder> {
        let dir = crate::watch::scratch();
        let database = dir.path().join("registry.sqlite");
        std::fs::copy(&self.copy.path, &database).unwrap();
        let recorder = record.then(|| Recorder::new(self.disk.clone(), &database));
        let files: Arc<dyn Files> = match &recorder {
            Some(recorder) => Arc::new(recorder.clone()),
            None => Arc::new(self.disk.clone()),
        };
        let registry = Registry::try_open(&source(files, &database, &story.keys)).unwrap();
        if let Some(recorder) = &recorder {
            recorder.observe();
        }
        // What it did is known; what follows is done to another disk.
        let recovered = recorder.map(Recorder::so_far);
        match self.copy.size {
            Some(size) => self.hold(story, &registry, size),
            None => {
                let leaves = leaves(&registry);
                assert_eq!(leaves.len(), 2);
                audit(&registry, Monitor::pinned(registry.log.pin()), &leaves);
            }
        }
        self.go_on(story, &registry).await;
        assert_eq!(*registry.fatal.lock().unwrap(), [""; 0]);
        registry.log.close().await;
        let kept: Vec<_> = self
            .disk
            .tree()
            .into_keys()
            .filter(|path| path.as_str().starts_with("tmp/"))
            .collect();
        assert_eq!(kept, []);
        recovered
    }

    /// What was promised is there: on the disk, and for everyone who asks.
    fn hold(&self, story: &Story, registry: &Registry, size: u64) {
        let (truth, log) = (&story.truth, &registry.log);
        let published = log.published();
        assert_eq!(published.checkpoint.size, size);
        assert_eq!(published.checkpoint.root, truth.monitor(size).root());
        assert_eq!(
            note_text(&published.note),
            note_text(&self.copy.note),
            "the checkpoint is not that of the database"
        );
        let layout = Layout::of(LogId::Public);
        assert_eq!(
            self.disk.read(&layout.checkpoint()).unwrap(),
            published.note
        );
        for path in TilePath::tiles(size).chain(TilePath::bundles(size)) {
            let expected = truth.tile(path);
            assert!(
                self.disk.read(&layout.tile(path)).unwrap() == expected,
                "{path}"
            );
            assert!(log.tile(path).unwrap().unwrap() == expected, "{path}");
        }
        self.hold_earlier(truth, registry, size);
        assert!(leaves(registry) == truth.leaves[..usize::try_from(size).unwrap()]);
        audit(
            registry,
            truth.monitor(size).clone(),
            &truth.leaves[..usize::try_from(size).unwrap()],
        );
    }

    /// Files of earlier sizes are served as they were; and no file is there with anything else.
    fn hold_earlier(&self, truth: &Truth, registry: &Registry, size: u64) {
        let sizes: Vec<u64> = truth.sizes().filter(|earlier| *earlier < size).collect();
        let step = sizes.len() / 8 + 1;
        let some = sizes.iter().rev().enumerate();
        let some = some.filter(|(at, _)| *at < 3 || at % step == 0);
        for earlier in some.map(|(_, earlier)| *earlier) {
            let partial = TilePath::partial_tiles(earlier).chain(TilePath::partial_bundle(earlier));
            for path in partial {
                let served = registry.log.tile(path).unwrap().unwrap();
                assert!(served == truth.tile(path), "{path}");
            }
        }
        let layout = Layout::of(LogId::Public);
        for path in self.disk.tree().into_keys() {
            if let Some(tile) = layout
                .is_tile(&path)
                .filter(|tile| tile.end().unwrap() <= size)
            {
                assert!(
                    self.disk.read(&path).unwrap() == truth.tile(tile),
                    "stale: {path}"
                );
            }
        }
    }

    /// One more record can be logged, and whoever knew the log before knows it again.
    async fn go_on(&self, story: &Story, registry: &Registry) {
        let size = self.copy.size.unwrap_or(0);
        let state = story
            .states
            .range(..=size)
            .next_back()
            .map(|(_, state)| state);
        let mut acme = match self.copy.size {
            Some(size) => story.truth.publisher(registry, size),
            None => Publisher::new(registry.log.origin(), "acme", 1),
        };
        let before = registry.verify(&acme.request(), state).unwrap();
        let state = before.advance(state).unwrap();
        let record = acme.next();
        let logged = acme.submit(&registry.log, record.clone()).await.unwrap();
        assert_eq!((logged.index, logged.repeated), (size.max(2), false));
        let after = registry.verify(&acme.request(), Some(&state)).unwrap();
        after.advance(Some(&state)).unwrap();
        if let Some(size) = self.copy.size {
            let leaves = leaves(registry);
            assert!(leaves[usize::try_from(size).unwrap()] == record.bytes());
            audit(registry, story.truth.monitor(size).clone(), &leaves);
        }
    }
}

/// What a note says, without its signatures.
fn note_text(note: &[u8]) -> &[u8] {
    let end = note.windows(2).position(|two| two == b"\n\n").unwrap();
    &note[..end]
}

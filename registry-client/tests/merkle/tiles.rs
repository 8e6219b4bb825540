//! A log laid out in tiles gives the same nodes, roots and proofs, from no more tiles than needed.

use crate::log::{LOG, SIZE, indices};
use std::collections::BTreeSet;
use tenon_registry_client::log::{
    MissingNode, NodeId, Nodes, ProveError, TilePath, Tiles, compute_root, prove_consistency,
    prove_inclusion, prove_inclusions, tiles_for_consistency, tiles_for_inclusion,
    tiles_for_inclusions, tiles_for_root,
};

fn bytes(path: TilePath) -> Vec<u8> {
    let level = 8 * usize::from(path.level().unwrap());
    let start = 256 * path.index() as usize;
    let row = &LOG.levels[level][start..start + usize::from(path.width())];
    row.iter().flat_map(|hash| *hash.as_bytes()).collect()
}

fn fetch(paths: impl IntoIterator<Item = TilePath>) -> Tiles {
    let mut tiles = Tiles::new();
    for path in paths {
        tiles.insert(path, &bytes(path)).unwrap();
    }
    tiles
}

/// Checks that `make` succeeds with these tiles, and without none of them.
fn check_needed<T: PartialEq + std::fmt::Debug>(
    paths: &BTreeSet<TilePath>,
    wanted: &T,
    make: impl Fn(&Tiles) -> Result<T, ProveError<MissingNode>>,
) {
    let made = make(&fetch(paths.iter().copied()));
    assert_eq!(made.as_ref(), Ok(wanted), "{paths:?}");
    // A full tile serves in place of a partial one, where there is one by now.
    let later = paths.iter().map(|path| {
        let full = path.full();
        let exists = full.end().is_some_and(|end| end <= SIZE);
        if exists { full } else { *path }
    });
    assert_eq!(make(&fetch(later)).as_ref(), Ok(wanted), "{paths:?}");
    for without in paths {
        let tiles = fetch(paths.iter().copied().filter(|path| path != without));
        let refused = make(&tiles);
        assert!(matches!(refused, Err(ProveError::Node { .. })), "{without}");
    }
}

#[test]
fn the_tiles_of_70000_leaves_are_those_of_the_specification() {
    let paths: Vec<TilePath> = TilePath::tiles(SIZE).collect();
    let of = |level, partial| {
        let paths = paths.iter().filter(|path| path.is_partial() == partial);
        let paths = paths.filter(|path| path.level() == Some(level));
        paths.map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(of(0, false).len(), 273);
    assert_eq!(of(0, true), ["tile/0/273.p/112"]);
    assert_eq!(of(1, false), ["tile/1/000"]);
    assert_eq!(of(1, true), ["tile/1/001.p/17"]);
    assert_eq!(of(2, true), ["tile/2/000.p/1"]);
    assert_eq!(paths.len(), 277);
    let partial: Vec<_> = TilePath::partial_tiles(SIZE)
        .map(|path| path.to_string())
        .collect();
    assert_eq!(
        partial,
        ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"]
    );
    let bundle = TilePath::partial_bundle(SIZE).map(|path| path.to_string());
    assert_eq!(bundle.as_deref(), Some("tile/entries/273.p/112"));
    assert_eq!(TilePath::bundles(SIZE).count(), 274);
    let small: Vec<_> = TilePath::tiles(256).map(|path| path.to_string()).collect();
    assert_eq!(small, ["tile/0/000", "tile/1/000.p/1"]);
    assert_eq!(TilePath::tiles(0).count() + TilePath::bundles(0).count(), 0);
    let long = TilePath::hashes(0, 1_234_067, 256).map(|path| path.to_string());
    assert_eq!(long.as_deref(), Some("tile/0/x001/x234/067"));
}

#[test]
fn tiles_have_every_node() {
    let tiles = fetch(TilePath::tiles(SIZE));
    let mut count = 0;
    for (level, row) in (0..).zip(&LOG.levels) {
        for (index, hash) in (0..).zip(row) {
            let id = NodeId { level, index };
            assert_eq!(tiles.node(id).as_ref(), Ok(hash), "{id}");
            let path = TilePath::covering(id, SIZE).unwrap();
            assert!(path.start().unwrap() <= id.leaves().unwrap().start, "{id}");
            assert!(path.end().unwrap() >= id.leaves().unwrap().end, "{id}");
            count += 1;
        }
        let index = row.len() as u64;
        let beyond = NodeId { level, index };
        assert_eq!(tiles.node(beyond), Err(MissingNode(beyond)));
        assert_eq!(TilePath::covering(beyond, SIZE), None);
    }
    assert_eq!(count, 139_994);
}

#[test]
fn proofs_come_from_the_tiles_named_for_them_and_from_no_fewer() {
    for size in [
        1,
        2,
        255,
        256,
        257,
        1000,
        65_535,
        65_536,
        65_537,
        SIZE - 1,
        SIZE,
    ] {
        check_needed(&tiles_for_root(size), &LOG.root(size), |tiles| {
            compute_root(tiles, size)
        });
        let some: Vec<u64> = indices(size)
            .into_iter()
            .step_by(if size > 9 { 5 } else { 1 })
            .collect();
        for &index in &some {
            let proof = prove_inclusion(&*LOG, index, size).unwrap();
            check_needed(
                &tiles_for_inclusion(index, size).unwrap(),
                &proof,
                |tiles| prove_inclusion(tiles, index, size),
            );
        }
        for &old in some.iter().filter(|old| **old > 0) {
            let proof = prove_consistency(&*LOG, old, size).unwrap();
            check_needed(
                &tiles_for_consistency(old, size).unwrap(),
                &proof,
                |tiles| prove_consistency(tiles, old, size),
            );
        }
        let proof = prove_inclusions(&*LOG, &some, size).unwrap();
        check_needed(
            &tiles_for_inclusions(&some, size).unwrap(),
            &proof,
            |tiles| prove_inclusions(tiles, &some, size),
        );
    }
    assert!(tiles_for_root(0).is_empty());
}

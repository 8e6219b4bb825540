//! Whether the tiles of a log fit each other, its entry bundles and its root.

use super::history::{Fault, History, Replaced};
use tenon_registry_client::log::{HASHES_PER_TILE, Hash, TilePath, compute_root};

/// A file of a log that is not what the others say it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Damage {
    pub(super) path: TilePath,
    pub(super) problem: String,
}

/// Compares a tile with what is below it: entries, or tiles of the level below. Where they differ, what
/// is above, or the root, tells which of them is damaged.
pub(super) fn check_tile(history: &History<'_>, path: TilePath, root: &Hash) -> Vec<Damage> {
    let mut damaged = vec![];
    let mut damage = |path, problem: String| damaged.push(Damage { path, problem });
    let row = history.row(path);
    if let Err(fault) = &row {
        damage(path, fault.to_string());
    }
    let below = match below(history, path) {
        Ok(below) => below,
        Err((path, fault)) => {
            // What cannot be read of the tiles below is said when they are checked.
            if path.level().is_none() {
                damage(path, fault.to_string());
            }
            return damaged;
        }
    };
    let Ok(row) = row else { return damaged };
    let differing = row
        .iter()
        .zip(&below)
        .position(|(found, wanted)| found != wanted);
    let Some(at) = differing else { return damaged };
    let first = path.index() * u64::from(HASHES_PER_TILE) + at as u64;
    let (under, what) = match path.level() {
        Some(0) => (
            TilePath::bundle_of(first, history.size),
            format!("leaf {first}"),
        ),
        level => {
            let under = level
                .and_then(|level| TilePath::hashes(level.checked_sub(1)?, first, HASHES_PER_TILE));
            (under, format!("the tile {first} below"))
        }
    };
    let (tile_fits, below_fits) = (
        fits(history, path, &row, root),
        fits(history, path, &below, root),
    );
    if !tile_fits {
        let sure = if below_fits { "is not" } else { "may not be" };
        damage(
            path,
            format!("its hash of {what} {sure} the one that was logged"),
        );
    }
    if let Some(under) = under.filter(|_| !below_fits) {
        let sure = if tile_fits { "is not" } else { "may not be" };
        damage(under, format!("{what} {sure} the one that was logged"));
    }
    damaged
}

/// Whether the tiles lead to the root.
pub(super) fn check_root(history: &History<'_>, root: &Hash) -> Result<(), String> {
    let nodes = Replaced {
        history,
        tile: None,
    };
    match compute_root(&nodes, history.size) {
        Ok(found) if found == *root => Ok(()),
        Ok(found) => Err(format!(
            "the tiles have the root {found}, the checkpoint {root}"
        )),
        Err(error) => Err(format!("the tiles lead to no root: {error}")),
    }
}

/// The hashes of a tile, from what is below it.
fn below(history: &History<'_>, path: TilePath) -> Result<Vec<Hash>, (TilePath, Fault)> {
    let indices =
        (0..u64::from(path.width())).map(|at| path.index() * u64::from(HASHES_PER_TILE) + at);
    let Some(level) = path.level().and_then(|level| level.checked_sub(1)) else {
        let bundle = TilePath::entries(path.index(), path.width()).unwrap_or(path);
        let leaves = history.leaves(bundle).map_err(|fault| (bundle, fault))?;
        return Ok(leaves.iter().map(|leaf| Hash::leaf(leaf)).collect());
    };
    let roots = indices.map(|index| {
        let child = TilePath::hashes(level, index, HASHES_PER_TILE).unwrap_or(path);
        let row = history.row(child).map_err(|fault| (child, fault))?;
        row_root(&row).ok_or((child, Fault::Missing))
    });
    roots.collect()
}

/// Whether a row of hashes is what is above it: the hash in the tile of the next level, or the root.
fn fits(history: &History<'_>, path: TilePath, row: &[Hash], root: &Hash) -> bool {
    if path.is_partial() {
        let tile = Some((path, row));
        let found = compute_root(&Replaced { history, tile }, history.size);
        return found.is_ok_and(|found| found == *root);
    }
    let above = path.level().and_then(|level| {
        let index = path.index() / u64::from(HASHES_PER_TILE);
        let above = TilePath::hashes(level.checked_add(1)?, index, HASHES_PER_TILE)?;
        let above = history.row(above.at(history.size)?).ok()?;
        let at = usize::try_from(path.index() % u64::from(HASHES_PER_TILE)).ok()?;
        above.get(at).copied()
    });
    above.is_some() && above == row_root(row)
}

/// The root of a full tile.
fn row_root(row: &[Hash]) -> Option<Hash> {
    let mut row = row.to_vec();
    while row.len() > 1 {
        let pairs = row.chunks(2);
        row = pairs
            .map(|pair| match pair {
                [left, right] => Some(Hash::node(left, right)),
                _ => None,
            })
            .collect::<Option<_>>()?;
    }
    row.pop()
}

//! The order of what is in a column: lines should cross as little as possible.

use super::columns::Grid;

/// How often the columns are gone through, forth and back.
const SWEEPS: usize = 8;
/// How many items a drawing may have for neighbours to be tried the other way round.
const FEW: usize = 1500;
/// How often that is tried at most.
const ROUNDS: usize = 12;

pub(super) fn order(grid: &mut Grid) {
    let mut best = grid.columns.clone();
    let mut fewest = usize::MAX;
    for sweep in 0..SWEEPS {
        let columns = grid.columns.len();
        let is_forth = sweep % 2 == 0;
        let mut positions = grid.positions();
        for step in 0..columns {
            let column = if is_forth { step } else { columns - 1 - step };
            sort(grid, column, is_forth, &mut positions);
        }
        if grid.items.len() <= FEW {
            exchange(grid, &mut positions);
        }
        let crossings = crossings(grid, &positions);
        if crossings < fewest {
            fewest = crossings;
            best.clone_from(&grid.columns);
        }
        if fewest == 0 {
            break;
        }
    }
    grid.columns = best;
}

/// Orders a column by where its items' neighbours stand in the column before, or after.
fn sort(grid: &mut Grid, column: usize, is_forth: bool, positions: &mut [usize]) {
    let items = &grid.items;
    let mut keyed: Vec<(f64, usize)> = grid.columns[column]
        .iter()
        .map(|number| {
            let item = &items[*number];
            let neighbours = if is_forth { &item.before } else { &item.after };
            let sum: usize = neighbours.iter().map(|(other, _)| positions[*other]).sum();
            let mean = match neighbours.len() {
                0 => positions[*number] as f64,
                count => sum as f64 / count as f64,
            };
            (mean, *number)
        })
        .collect();
    keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (position, (_, item)) in keyed.iter().enumerate() {
        positions[*item] = position;
        grid.columns[column][position] = *item;
    }
}

/// Exchanges neighbours in a column for as long as that leaves fewer crossings.
fn exchange(grid: &mut Grid, positions: &mut [usize]) {
    for _ in 0..ROUNDS {
        let mut is_better = false;
        for column in &mut grid.columns {
            for at in 1..column.len() {
                let (upper, lower) = (column[at - 1], column[at]);
                let (a, b) = (&grid.items[upper], &grid.items[lower]);
                let count = |a: &[(usize, usize)], b: &[(usize, usize)]| -> usize {
                    let at = |(item, _): &(usize, usize)| positions[*item];
                    let pairs = a.iter().flat_map(|a| b.iter().map(move |b| (at(a), at(b))));
                    pairs.filter(|(a, b)| a > b).count()
                };
                let now = count(&a.before, &b.before) + count(&a.after, &b.after);
                let then = count(&b.before, &a.before) + count(&b.after, &a.after);
                if then < now {
                    column.swap(at - 1, at);
                    positions[upper] = at;
                    positions[lower] = at - 1;
                    is_better = true;
                }
            }
        }
        if !is_better {
            break;
        }
    }
}

/// How many pairs of lines cross.
fn crossings(grid: &Grid, positions: &[usize]) -> usize {
    let mut count = 0;
    for (number, column) in grid.columns.iter().enumerate() {
        let mut ends: Vec<usize> = Vec::new();
        for item in column {
            let others = grid.items[*item].after.iter();
            let next = others.filter(|(other, _)| grid.items[*other].column == number + 1);
            let mut next: Vec<usize> = next.map(|(other, _)| positions[*other]).collect();
            next.sort_unstable();
            ends.extend(next);
        }
        let width = ends.iter().max().map_or(0, |last| last + 1);
        // A Fenwick tree: how many ends seen so far stand no lower than each position.
        let mut tree = vec![0usize; width + 1];
        for (seen, end) in ends.iter().enumerate() {
            let mut at = end + 1;
            let mut not_below = 0;
            while at > 0 {
                not_below += tree[at];
                at &= at - 1;
            }
            count += seen - not_below;
            at = end + 1;
            while at <= width {
                tree[at] += 1;
                at += at & at.wrapping_neg();
            }
        }
    }
    count
}

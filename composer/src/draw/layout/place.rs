//! The heights of what is in a column: as near to its neighbours as the others let it.

use super::columns::Grid;

/// How often the columns are gone through, forth and back.
const SWEEPS: usize = 24;
/// How far a box is moved to make a line level.
const LITTLE: f64 = 8.0;
/// How often lines are straightened: one may make room for another.
const STRAIGHTENINGS: usize = 3;

pub(super) fn place(grid: &mut Grid) {
    for column in 0..grid.columns.len() {
        settle(grid, column, &|_, _| (0.0, 1.0));
    }
    let columns = grid.columns.len();
    for sweep in 0..SWEEPS {
        // At first what is before counts, or what is after; in the end both do.
        let both = sweep >= SWEEPS / 2;
        let is_forth = sweep % 2 == 0;
        for step in 0..columns {
            let column = if is_forth { step } else { columns - 1 - step };
            settle(grid, column, &|grid, item| {
                wish(grid, item, both || is_forth, both || !is_forth)
            });
        }
    }
    for _ in 0..STRAIGHTENINGS {
        align(grid);
        straighten(grid);
    }
    for item in &mut grid.items {
        item.y = item.y.round();
    }
}

/// The height an item should have for the sake of its neighbours, and how much that matters.
fn wish(grid: &Grid, number: usize, by_before: bool, by_after: bool) -> (f64, f64) {
    let item = &grid.items[number];
    let before = item.before.iter().filter(|_| by_before);
    let after = item.after.iter().filter(|_| by_after);
    let (mut sum, mut weight) = (0.0, 0.0);
    for (other, line) in before.chain(after) {
        let chain = &grid.chains[*line];
        let is_first = |item: usize| chain.items.first() == Some(&item);
        let is_last = |item: usize| chain.items.last() == Some(&item);
        let port = |item: usize| match (is_first(item), is_last(item)) {
            (true, _) => chain.ports.0,
            (_, true) => chain.ports.1,
            _ => 0.0,
        };
        let other_item = &grid.items[*other];
        // A bend hurts the more the longer the line is; a box is where it may bend.
        let boxes = usize::from(item.block.is_some()) + usize::from(other_item.block.is_some());
        let matters = match boxes {
            0 => 8.0,
            1 => 2.0,
            _ => 1.0,
        };
        sum += matters * (other_item.y + port(*other) - port(number));
        weight += matters;
    }
    match weight > 0.0 {
        true => (sum / weight, weight),
        false => (item.y, 0.1),
    }
}

/// A run of items that touch each other.
struct Run {
    sum: f64,
    weight: f64,
    len: usize,
}

/// Moves the items of a column to the heights they should have, as far as their order and the room
/// between them allow: with the least sum of squares (by pooling adjacent violators).
fn settle(grid: &mut Grid, column: usize, wish: &dyn Fn(&Grid, usize) -> (f64, f64)) {
    let items = &grid.columns[column];
    let mut offsets = Vec::with_capacity(items.len());
    let mut runs: Vec<Run> = Vec::new();
    let mut offset = 0.0;
    for (at, number) in items.iter().enumerate() {
        let item = &grid.items[*number];
        if let Some(above) = at.checked_sub(1).map(|above| &grid.items[items[above]]) {
            offset += above.down + item.up + above.gap.max(item.gap);
        }
        offsets.push(offset);
        let (height, weight) = wish(grid, *number);
        let mut run = Run {
            sum: (height - offset) * weight,
            weight,
            len: 1,
        };
        while let Some(above) = runs.pop_if(|above| above.sum / above.weight > run.sum / run.weight)
        {
            run.sum += above.sum;
            run.weight += above.weight;
            run.len += above.len;
        }
        runs.push(run);
    }
    let heights = runs
        .iter()
        .flat_map(|run| std::iter::repeat_n(run.sum / run.weight, run.len));
    for ((number, offset), height) in items.iter().zip(offsets).zip(heights) {
        grid.items[*number].y = offset + height;
    }
}

/// Moves each box with one line at its left a little, where that makes the line level.
fn align(grid: &mut Grid) {
    let positions = grid.positions();
    for number in 0..grid.items.len() {
        let item = &grid.items[number];
        let (Some(_), [(other, line)]) = (item.block, item.before.as_slice()) else {
            continue;
        };
        let chain = &grid.chains[*line];
        let from = match chain.items.first() == Some(other) {
            true => grid.items[*other].y + chain.ports.0,
            false => grid.items[*other].y,
        };
        let height = from - chain.ports.1;
        let (low, high) = room(grid, &positions, number);
        if (height - item.y).abs() <= LITTLE && low <= height && height <= high {
            grid.items[number].y = height;
        }
    }
}

/// Brings the places of each line to one height where there is room for it, so that it has few bends:
/// with the box that it comes from, or the one that it leads to, or else near where they are.
fn straighten(grid: &mut Grid) {
    let positions = grid.positions();
    for number in 0..grid.chains.len() {
        let chain = &grid.chains[number];
        let heights = grid.heights(chain);
        let last = heights.len() - 1;
        let mut moves: Vec<(usize, f64)> = Vec::new();
        let mut at = 1;
        while at < last {
            let start = at;
            let mut room = room(grid, &positions, chain.items[at]);
            at += 1;
            while at < last {
                let next = self::room(grid, &positions, chain.items[at]);
                let both = (room.0.max(next.0), room.1.min(next.1));
                if both.0 > both.1 {
                    break;
                }
                room = both;
                at += 1;
            }
            let run = &heights[start..at];
            let fits = |height: &f64| room.0 <= *height && *height <= room.1;
            let ends = [(start == 1, heights[0]), (at == last, heights[last])];
            let end = ends
                .iter()
                .filter(|(is_next, _)| *is_next)
                .map(|(_, height)| *height);
            let mean = run.iter().sum::<f64>() / run.len() as f64;
            let height = end.clone().find(fits).unwrap_or(mean);
            let height = height.min(room.1).max(room.0);
            moves.extend(chain.items[start..at].iter().map(|item| (*item, height)));
        }
        for (item, height) in moves {
            grid.items[item].y = height;
        }
    }
}

/// From where to where an item may move while the others stay.
fn room(grid: &Grid, positions: &[usize], number: usize) -> (f64, f64) {
    let item = &grid.items[number];
    let column = &grid.columns[item.column];
    let position = positions[number];
    let above = position.checked_sub(1).map(|at| &grid.items[column[at]]);
    let below = column.get(position + 1).map(|at| &grid.items[*at]);
    let low = above.map_or(f64::MIN, |above| {
        above.y + above.down + item.up + above.gap.max(item.gap)
    });
    let high = below.map_or(f64::MAX, |below| {
        below.y - below.up - item.down - below.gap.max(item.gap)
    });
    (low, high)
}

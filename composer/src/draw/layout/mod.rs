//! Where boxes and lines go: a drawing in layers, from left to right.
//!
//! Boxes stand in columns, each to the right of those that point at it. Between two columns of boxes
//! is one of labels. A line goes through every column on its way and has a place of its own there, so
//! that it runs through no box and no label. What is in a column is ordered to have few crossings
//! (barycentres of neighbours, then exchanges), and then placed as near to its neighbours as the
//! others let it (isotonic regression).

#![expect(
    clippy::indexing_slicing,
    reason = "every number is one that this module gave"
)]

mod columns;
mod order;
mod place;

use columns::Grid;

/// Room between a line or label and the next.
const LINE_GAP: f64 = 7.0;
/// Room between a box and the next.
const BOX_GAP: f64 = 22.0;
/// Room between two lines at a box.
const PORT_GAP: f64 = 16.0;
/// How high the lines at one side of a box make it; more lines stand closer.
const MOST_PORTS: f64 = 480.0;
/// The narrowest and the widest room between two columns.
const COLUMN_GAPS: (f64, f64) = (26.0, 90.0);
/// The narrowest room beside what stands at a side.
const SIDE_GAP: f64 = 52.0;
/// How many places lines may have in the columns of boxes that they pass. Those that would need
/// more, the longest, go straight.
const MOST_PLACES: usize = 10_000;

/// A box.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    pub(super) side: Side,
    pub(super) width: f64,
    /// Its height if no lines make it higher.
    pub(super) height: f64,
}

/// Where a box stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// To the left of all others. Its line leaves it at its lower end.
    Left,
    Middle,
    /// To the right of all others.
    Right,
}

/// A line between two boxes, which are not the same.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    pub(super) from: usize,
    pub(super) to: usize,
    /// The width and height of its label.
    pub(super) label: (f64, f64),
}

/// Where everything goes.
#[derive(Debug)]
pub(super) struct Layout {
    /// The boxes, by number.
    pub(super) blocks: Vec<Area>,
    /// The lines, by number.
    pub(super) routes: Vec<Route>,
    /// What is around everything.
    pub(super) all: Area,
    /// What is around everything but what stands at a side.
    pub(super) middle: Area,
}

/// A rectangle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Area {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

/// The way of a line.
#[derive(Debug)]
pub(super) struct Route {
    /// Level stretches, from the box where it begins to the one where it ends: each from one place
    /// to another at one height. Between two of them the line bends.
    pub(super) stretches: Vec<(f64, f64, f64)>,
    /// The lower left corner of its label.
    pub(super) label: (f64, f64),
    /// Whether it ends to the left of where it begins, being the last of a circle.
    pub(super) is_backward: bool,
    /// Whether it goes straight, past whatever is in between.
    pub(super) is_straight: bool,
}

impl Area {
    const NOTHING: Area = Area {
        left: f64::MAX,
        top: f64::MAX,
        right: f64::MIN,
        bottom: f64::MIN,
    };

    /// The area around both.
    pub(super) fn around(self, other: Area) -> Area {
        Area {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }

    /// The point in its middle.
    pub(super) fn middle(self) -> (f64, f64) {
        (
            (self.left + self.right) / 2.0,
            (self.top + self.bottom) / 2.0,
        )
    }
}

/// Finds a place for everything. The same boxes and links have the same places on every run.
pub(super) fn lay_out(blocks: &[Block], links: &[Link]) -> Layout {
    let mut grid = Grid::new(blocks, links);
    order::order(&mut grid);
    grid.set_ports();
    place::place(&mut grid);
    let across = across(&grid, blocks);
    let mut layout = Layout {
        blocks: vec![Area::NOTHING; blocks.len()],
        routes: Vec::with_capacity(links.len()),
        all: Area::NOTHING,
        middle: Area::NOTHING,
    };
    for item in &grid.items {
        let (left, right) = across[item.column];
        let (top, bottom) = (item.y - item.up, item.y + item.down);
        let area = Area {
            left,
            top,
            right,
            bottom,
        };
        layout.all = layout.all.around(area);
        let Some(block) = item.block else {
            layout.middle = layout.middle.around(area);
            continue;
        };
        layout.blocks[block] = area;
        if blocks[block].side == Side::Middle {
            layout.middle = layout.middle.around(area);
        }
    }
    for (chain, link) in grid.chains.iter().zip(links) {
        let heights = grid.heights(chain);
        let last = chain.items.len() - 1;
        let mut stretches = Vec::with_capacity(heights.len());
        for (at, (item, y)) in chain.items.iter().zip(&heights).enumerate() {
            let (left, right) = across[grid.items[*item].column];
            stretches.push(match at {
                0 => (right, right, *y),
                _ if at == last => (left, left, *y),
                _ => (left, right, *y),
            });
        }
        let label = stretches[usize::from(link.label.0 > 0.0)];
        if chain.is_backward {
            stretches.reverse();
            stretches
                .iter_mut()
                .for_each(|(from, to, _)| std::mem::swap(from, to));
        }
        layout.routes.push(Route {
            stretches,
            label: (label.0, label.2),
            is_backward: chain.is_backward,
            is_straight: chain.is_straight,
        });
    }
    layout
}

/// From where to where each column goes.
fn across(grid: &Grid, blocks: &[Block]) -> Vec<(f64, f64)> {
    let mut gaps = vec![COLUMN_GAPS.0; grid.columns.len()];
    for chain in &grid.chains {
        let heights = grid.heights(chain);
        for (pair, heights) in chain.items.windows(2).zip(heights.windows(2)) {
            let gap = &mut gaps[grid.items[pair[0]].column];
            *gap = gap.max((heights[0] - heights[1]).abs() * 0.3);
        }
    }
    // What stands at a side is farther away, since a frame is in between.
    let mut at_side = |block: &Block, number: usize| {
        let column = grid.items[number].column;
        match block.side {
            Side::Left => gaps[column] = gaps[column].max(SIDE_GAP),
            Side::Right => gaps[column - 1] = gaps[column - 1].max(SIDE_GAP),
            Side::Middle => {}
        }
    };
    blocks
        .iter()
        .enumerate()
        .for_each(|(number, block)| at_side(block, number));
    let mut left = 0.0;
    let mut columns = Vec::with_capacity(grid.columns.len());
    for (column, gap) in grid.columns.iter().zip(gaps) {
        let widths = column.iter().map(|item| grid.items[*item].width);
        let right = left + widths.fold(0.0, f64::max).ceil();
        columns.push((left, right));
        left = right + gap.min(COLUMN_GAPS.1).round();
    }
    columns
}

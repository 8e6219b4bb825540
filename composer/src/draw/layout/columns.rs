//! Which column everything is in.

use super::{BOX_GAP, Block, LINE_GAP, Link, MOST_PLACES, MOST_PORTS, PORT_GAP, Side};

/// What stands in the columns, and which line goes through what.
pub(super) struct Grid {
    pub(super) items: Vec<Item>,
    /// The items of each column, from top to bottom.
    pub(super) columns: Vec<Vec<usize>>,
    /// The lines, by number.
    pub(super) chains: Vec<Chain>,
}

/// What has a place in a column: a box, or the place where a line passes, with its label or without.
pub(super) struct Item {
    pub(super) column: usize,
    pub(super) block: Option<usize>,
    pub(super) width: f64,
    /// The height of what lines lead to, and how far the item goes up and down from it.
    pub(super) y: f64,
    pub(super) up: f64,
    pub(super) down: f64,
    /// How much room there is to the next.
    pub(super) gap: f64,
    /// The lines to the left and right: the item at the other end, and the line's number.
    pub(super) before: Vec<(usize, usize)>,
    pub(super) after: Vec<(usize, usize)>,
}

/// The items that a line goes through, from left to right.
pub(super) struct Chain {
    pub(super) items: Vec<usize>,
    pub(super) is_backward: bool,
    pub(super) is_straight: bool,
    /// How far from the heights of the first and last item it begins and ends.
    pub(super) ports: (f64, f64),
}

impl Grid {
    pub(super) fn new(blocks: &[Block], links: &[Link]) -> Grid {
        let backward = backward(blocks.len(), links);
        let columns = columns(blocks, links, &backward);
        let mut grid = Grid {
            items: Vec::new(),
            columns: vec![Vec::new(); columns.iter().max().map_or(0, |last| last + 1)],
            chains: Vec::new(),
        };
        for (number, (block, column)) in blocks.iter().zip(&columns).enumerate() {
            let half = block.height / 2.0;
            let (up, down) = match block.side {
                Side::Left => (block.height, 4.0),
                _ => (half, half),
            };
            grid.add(Item {
                block: Some(number),
                ..Item::new(*column, block.width, up, down, BOX_GAP)
            });
        }
        let ends = |link: &Link, is_backward: bool| match is_backward {
            true => (link.to, link.from),
            false => (link.from, link.to),
        };
        let span = |number: &usize| {
            let (from, to) = ends(&links[*number], backward[*number]);
            columns[to] - columns[from]
        };
        // Short lines come first to what places there are.
        let mut by_length: Vec<usize> = (0..links.len()).collect();
        by_length.sort_by_key(span);
        let mut places = 0;
        let mut is_straight = vec![false; links.len()];
        for number in by_length {
            places += span(&number).saturating_sub(2);
            is_straight[number] = places > MOST_PLACES;
        }
        for (number, link) in links.iter().enumerate() {
            let is_straight = is_straight[number];
            let (from, to) = ends(link, backward[number]);
            let mut items = vec![from];
            for column in columns[from] + 1..columns[to] {
                let (width, height) = match column == columns[from] + 1 {
                    true => link.label,
                    false if is_straight => break,
                    false => (0.0, 0.0),
                };
                items.push(grid.add(Item::new(column, width, height.max(2.0), 2.0, LINE_GAP)));
            }
            items.push(to);
            for pair in items.windows(2) {
                grid.items[pair[0]].after.push((pair[1], number));
                grid.items[pair[1]].before.push((pair[0], number));
            }
            grid.chains.push(Chain {
                items,
                is_backward: backward[number],
                is_straight,
                ports: (0.0, 0.0),
            });
        }
        grid
    }

    fn add(&mut self, item: Item) -> usize {
        self.columns[item.column].push(self.items.len());
        self.items.push(item);
        self.items.len() - 1
    }

    /// Where each item stands in its column.
    pub(super) fn positions(&self) -> Vec<usize> {
        let mut positions = vec![0; self.items.len()];
        for column in &self.columns {
            for (position, item) in column.iter().enumerate() {
                positions[*item] = position;
            }
        }
        positions
    }

    /// Gives the lines at each side of a box the order of what they lead to, and the box the height
    /// that they need.
    pub(super) fn set_ports(&mut self) {
        let positions = self.positions();
        for number in 0..self.items.len() {
            if self.items[number].block.is_none() {
                continue;
            }
            for is_left in [true, false] {
                let item = &self.items[number];
                let lines = if is_left { &item.before } else { &item.after };
                let mut lines = lines.clone();
                // A line that goes straight leads to another column than the next, as far as can be told.
                lines.sort_by_key(|(other, line)| (positions[*other], *line));
                let gaps = lines.len().saturating_sub(1) as f64;
                let gap = PORT_GAP.min(MOST_PORTS / gaps.max(1.0));
                for (at, (_, line)) in lines.iter().enumerate() {
                    let offset = gap * (at as f64 - gaps / 2.0);
                    let ports = &mut self.chains[*line].ports;
                    *(if is_left { &mut ports.1 } else { &mut ports.0 }) = offset.round();
                }
                let half = gap * gaps / 2.0 + 14.0;
                let item = &mut self.items[number];
                if gaps > 0.0 {
                    item.up = item.up.max(half);
                    item.down = item.down.max(half);
                }
            }
        }
    }

    /// The heights at which a line goes through its items, in whole pixels once these are.
    pub(super) fn heights(&self, chain: &Chain) -> Vec<f64> {
        let mut heights: Vec<f64> = chain.items.iter().map(|item| self.items[*item].y).collect();
        if let Some(first) = heights.first_mut() {
            *first += chain.ports.0;
        }
        if let Some(last) = heights.last_mut() {
            *last += chain.ports.1;
        }
        heights
    }
}

impl Item {
    fn new(column: usize, width: f64, up: f64, down: f64, gap: f64) -> Item {
        Item {
            column,
            block: None,
            width,
            y: 0.0,
            up,
            down,
            gap,
            before: Vec::new(),
            after: Vec::new(),
        }
    }
}

/// Which links close a circle, and so have to lead back.
fn backward(blocks: usize, links: &[Link]) -> Vec<bool> {
    let after = outgoing(blocks, links);
    let mut backward = vec![false; links.len()];
    // 0: not seen yet, 1: on the path, 2: done.
    let mut states = vec![0u8; blocks];
    for root in 0..blocks {
        if states[root] != 0 {
            continue;
        }
        states[root] = 1;
        let mut path = vec![(root, 0)];
        while let Some((block, next)) = path.last_mut() {
            let block = *block;
            let Some(link) = after[block].get(*next) else {
                states[block] = 2;
                path.pop();
                continue;
            };
            *next += 1;
            let to = links[*link].to;
            match states[to] {
                0 => {
                    states[to] = 1;
                    path.push((to, 0));
                }
                1 => backward[*link] = true,
                _ => {}
            }
        }
    }
    backward
}

/// The column of each block: what stands at the left has the first, boxes every other one, each as
/// far to the left as those that point at it allow.
fn columns(blocks: &[Block], links: &[Link], backward: &[bool]) -> Vec<usize> {
    let mut before = vec![0usize; blocks.len()];
    let mut after = vec![Vec::new(); blocks.len()];
    for (link, backward) in links.iter().zip(backward) {
        let (from, to) = match backward {
            true => (link.to, link.from),
            false => (link.from, link.to),
        };
        after[from].push(to);
        before[to] += 1;
    }
    let mut columns: Vec<usize> = vec![1; blocks.len()];
    let is_free: Vec<bool> = before.iter().map(|count| *count == 0).collect();
    let mut ready: Vec<usize> = (0..blocks.len()).filter(|block| is_free[*block]).collect();
    let mut done = 0;
    while let Some(block) = ready.get(done).copied() {
        done += 1;
        let next = match blocks[block].side {
            Side::Left => 1,
            _ => columns[block] + 2,
        };
        for to in &after[block] {
            columns[*to] = columns[*to].max(next);
            before[*to] -= 1;
            if before[*to] == 0 {
                ready.push(*to);
            }
        }
    }
    // What nothing points at moves to what it points at.
    for block in 0..blocks.len() {
        let nearest = after[block]
            .iter()
            .map(|to| (blocks[*to].side, columns[*to]));
        let nearest = nearest.filter(|(side, _)| *side == Side::Middle);
        if let (true, Some((_, nearest))) = (is_free[block], nearest.min_by_key(|(_, at)| *at)) {
            columns[block] = nearest.saturating_sub(2).max(1);
        }
    }
    let is_middle = |block: &usize| blocks[*block].side == Side::Middle;
    let last = (0..blocks.len())
        .filter(is_middle)
        .map(|block| columns[block]);
    let last = last.max().unwrap_or_default();
    for (block, column) in blocks.iter().zip(&mut columns) {
        match block.side {
            Side::Left => *column = 0,
            Side::Middle => {}
            Side::Right => *column = last + 2,
        }
    }
    columns
}

fn outgoing(blocks: usize, links: &[Link]) -> Vec<Vec<usize>> {
    let mut after = vec![Vec::new(); blocks];
    for (number, link) in links.iter().enumerate() {
        after[link.from].push(number);
    }
    after
}

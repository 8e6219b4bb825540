//! An order in which each comes after what it needs.

/// Numbers, each after those it needs, and the circles that were found on the way.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Order {
    /// All of them; within a circle, some come before what they need.
    pub(super) sorted: Vec<usize>,
    /// Each needs the next, and the last the first.
    pub(super) circles: Vec<Vec<usize>>,
}

impl Order {
    /// Orders the numbers from 0, where `needs` has what each of them needs. What need not move keeps its place.
    pub(super) fn of(needs: &[Vec<usize>]) -> Order {
        let mut order = Order::default();
        let mut states = vec![State::New; needs.len()];
        for start in 0..needs.len() {
            order.visit(start, needs, &mut states);
        }
        order
    }

    fn visit(&mut self, start: usize, needs: &[Vec<usize>], states: &mut [State]) {
        let mut path: Vec<(usize, std::slice::Iter<'_, usize>)> = Vec::new();
        let mut next = Some(start);
        loop {
            match next.and_then(|node| Some((node, *states.get(node)?))) {
                Some((node, State::New)) => {
                    set(states, node, State::Open);
                    path.push((
                        node,
                        needs.get(node).map_or([].iter(), |needs| needs.iter()),
                    ));
                }
                Some((node, State::Open)) => {
                    let circle = path.iter().map(|(node, _)| *node);
                    self.circles
                        .push(circle.skip_while(|open| *open != node).collect());
                }
                _ => {}
            }
            let Some((node, needs)) = path.last_mut() else {
                return;
            };
            next = needs.next().copied();
            if next.is_none() {
                set(states, *node, State::Done);
                self.sorted.push(*node);
                path.pop();
            }
        }
    }
}

#[derive(Clone, Copy)]
enum State {
    New,
    Open,
    Done,
}

fn set(states: &mut [State], node: usize, state: State) {
    if let Some(at) = states.get_mut(node) {
        *at = state;
    }
}

#[cfg(test)]
mod tests {
    use super::Order;

    #[test]
    fn each_comes_after_what_it_needs() {
        let order = Order::of(&[vec![2], vec![], vec![3, 1], vec![]]);
        assert_eq!(order.sorted, [3, 1, 2, 0]);
        assert_eq!(order.circles, Vec::<Vec<usize>>::new());
    }

    #[test]
    fn circles_are_found_wherever_they_begin() {
        let order = Order::of(&[vec![1], vec![2, 3], vec![1], vec![3]]);
        assert_eq!(order.circles, [vec![1, 2], vec![3]]);
        assert_eq!(order.sorted.len(), 4);
    }

    #[test]
    fn a_long_chain_is_no_deep_recursion() {
        let needs: Vec<_> = (0..100_000usize).map(|at| vec![at + 1]).collect();
        assert_eq!(Order::of(&needs).sorted.first(), Some(&99_999));
    }
}

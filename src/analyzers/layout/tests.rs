use std::collections::HashSet;

use proptest::prelude::*;

use super::tree::{RowState, rows};
use super::*;

fn graph(count: usize, edges: &[(usize, usize)]) -> Graph {
    let boxes = (0..count).map(|at| Size { width: 7 + (at as i32 % 5) * 3, height: 3 });
    Graph { boxes: boxes.collect(), edges: edges.to_vec(), labels: vec![] }
}

/// Paints a drawing, box `n` filled with its number.
fn paint(drawing: &Drawing) -> String {
    let mut rows = vec![vec![' '; drawing.width as usize]; drawing.height as usize];
    for (at, area) in drawing.boxes.iter().enumerate() {
        for y in area.y..=area.bottom() {
            for x in area.x..area.x + area.width {
                rows[y as usize][x as usize] = '#';
            }
        }
        let name: Vec<char> = at.to_string().chars().collect();
        for (place, c) in name.into_iter().enumerate() {
            rows[area.y as usize + 1][area.x as usize + 1 + place] = c;
        }
    }
    for cell in drawing.cells() {
        let back = drawing.routes[cell.route].back;
        rows[cell.y as usize][cell.x as usize] = match cell.arrow {
            Some(true) => '▲',
            Some(false) => '▼',
            None => cell.sides.glyph(back),
        };
    }
    rows.iter().map(|row| row.iter().collect::<String>().trim_end().to_owned() + "\n").collect()
}

/// Every edge has a connected line of its own caller from the caller's border to an arrow head
/// next to the callee.
fn check(graph: &Graph, drawing: &Drawing) {
    for (at, one) in drawing.boxes.iter().enumerate() {
        assert!(one.x >= 0 && one.y >= 0);
        assert!(one.x + one.width <= drawing.width && one.bottom() < drawing.height);
        for other in &drawing.boxes[at + 1..] {
            let beside = one.x + one.width < other.x || other.x + other.width < one.x;
            let over = one.bottom() < other.y || other.bottom() < one.y;
            assert!(beside || over, "boxes touch: {one:?} {other:?}\n{}", paint(drawing));
        }
    }
    let mut owner = std::collections::HashMap::new();
    for (at, route) in drawing.routes.iter().enumerate() {
        let mut own = HashSet::new();
        for segment in &route.segments {
            let (from, to) = (segment.from, segment.to);
            assert!(from.0 == to.0 || from.1 == to.1);
            assert!(from <= to, "segments run right or down: {segment:?}");
            let vertical = from.0 == to.0;
            for y in from.1..=to.1 {
                for x in from.0..=to.0 {
                    own.insert((x, y));
                    let inside = drawing.boxes.iter().find(|area| area.contains(x, y));
                    if let Some(area) = inside {
                        let ends = (x, y) == from || (x, y) == to;
                        assert!(
                            ends && (y == area.y || y == area.bottom()),
                            "a line runs through a box"
                        );
                        continue;
                    }
                    let straight = ((x, y) != from && (x, y) != to).then_some(vertical);
                    let others: &mut Vec<(usize, Option<bool>)> = owner.entry((x, y)).or_default();
                    for (other, way) in others.iter().filter(|(other, _)| *other != at) {
                        let crossing = matches!((way, straight), (Some(a), Some(b)) if *a != b);
                        assert!(
                            crossing,
                            "callers {at} and {other} touch at {x},{y}\n{}",
                            paint(drawing)
                        );
                    }
                    others.push((at, straight));
                }
            }
        }
        assert!(own.contains(&route.exit));
        let mut reached = HashSet::from([route.exit]);
        let mut open = vec![route.exit];
        while let Some((x, y)) = open.pop() {
            for next in [(x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)] {
                if own.contains(&next) && reached.insert(next) {
                    open.push(next);
                }
            }
        }
        assert_eq!(reached, own, "a route is in one piece\n{}", paint(drawing));
        let home = drawing.boxes[route.caller];
        assert!(home.contains(route.exit.0, route.exit.1));
    }
    let drawn: HashSet<(usize, usize)> = drawing
        .routes
        .iter()
        .flat_map(|route| {
            route.arrows.iter().map(move |arrow| {
                let (from, to) = graph.edges[arrow.edge];
                assert_eq!(from, route.caller);
                assert_eq!(arrow.up, route.back);
                let area = drawing.boxes[to];
                let touches =
                    if arrow.up { arrow.y == area.bottom() + 1 } else { arrow.y == area.y - 1 };
                assert!(touches && arrow.x > area.x && arrow.x < area.x + area.width - 1);
                (from, to)
            })
        })
        .chain(drawing.loops.iter().map(|(node, _)| (*node, *node)))
        .collect();
    let wanted: HashSet<(usize, usize)> = graph.edges.iter().copied().collect();
    assert_eq!(drawn, wanted, "{}", paint(drawing));
}

fn any_graph() -> impl Strategy<Value = Graph> {
    (1usize..24).prop_flat_map(|count| {
        let sizes = prop::collection::vec((3i32..30, 1i32..6), count);
        let edges = prop::collection::vec((0..count, 0..count), 0..3 * count);
        let labels = prop::collection::vec(0i32..12, 0..3 * count);
        (sizes, edges, labels).prop_map(|(sizes, edges, labels)| Graph {
            labels,
            boxes: sizes.into_iter().map(|(width, height)| Size { width, height }).collect(),
            edges,
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_graph_is_drawn_whole(graph in any_graph(), width in prop::option::of(20i32..150)) {
        let settings = Settings { max_width: width, previous: vec![] };
        let drawing = lay_out(&graph, &settings);
        check(&graph, &drawing);
        prop_assert_eq!(lay_out(&graph, &settings), drawing, "the same graph is drawn the same");
    }

    #[test]
    fn a_drawing_is_the_starting_point_of_the_next(graph in any_graph()) {
        let first = lay_out(&graph, &Settings::default());
        let previous = first.boxes.iter().map(|area| Some(area.x)).collect();
        let second = lay_out(&graph, &Settings { max_width: None, previous });
        check(&graph, &second);
    }

    #[test]
    fn trees_end_and_open_each_box_once(graph in any_graph()) {
        let roots: Vec<usize> = (0..graph.boxes.len()).collect();
        let rows = rows(&graph, &roots, 10_000);
        let open = rows.iter().filter(|row| row.state == RowState::Open).map(|row| row.node);
        let open: Vec<usize> = open.collect();
        let distinct: HashSet<usize> = open.iter().copied().collect();
        prop_assert_eq!(open.len(), distinct.len());
        let shown: HashSet<usize> = rows.iter().map(|row| row.node).collect();
        prop_assert_eq!(shown.len(), graph.boxes.len(), "every box has a row");
    }
}

#[test]
fn a_caller_shares_one_trunk_and_a_cycle_is_dashed_upwards() {
    let graph = graph(5, &[(0, 1), (0, 2), (1, 3), (2, 3), (0, 4), (3, 4), (4, 0)]);
    let drawing = lay_out(&graph, &Settings::default());
    check(&graph, &drawing);
    let back: Vec<&Route> = drawing.routes.iter().filter(|route| route.back).collect();
    assert_eq!(back.len(), 1);
    assert_eq!((back[0].caller, back[0].arrows[0].up), (4, true));
    // 0 calls into three layers; its one route carries all of them.
    let from_first = drawing.routes.iter().filter(|route| route.caller == 0).count();
    assert_eq!(from_first, 1);
    insta::assert_snapshot!(paint(&drawing));
}

#[test]
fn a_wide_layer_is_wrapped_to_the_width() {
    let edges: Vec<(usize, usize)> = (1..14).map(|to| (0, to)).collect();
    let graph = graph(14, &edges);
    let drawing = lay_out(&graph, &Settings { max_width: Some(60), ..Settings::default() });
    check(&graph, &drawing);
    assert!(drawing.width <= 60, "{}", paint(&drawing));
    insta::assert_snapshot!(paint(&drawing));
}

#[test]
fn neighbours_swap_to_avoid_a_crossing_but_an_equal_order_is_kept() {
    let crossed = graph(4, &[(0, 3), (1, 2)]);
    let drawing = lay_out(&crossed, &Settings::default());
    assert!(drawing.cells().iter().all(|cell| !cell.crossing));
    // Two callees of one caller may stand either way round: the former order decides.
    let fan = graph(3, &[(0, 1), (0, 2)]);
    for (first, second) in [(1, 2), (2, 1)] {
        let mut previous = vec![None, Some(0), Some(0)];
        previous[second] = Some(40);
        let drawing = lay_out(&fan, &Settings { max_width: None, previous });
        assert!(drawing.boxes[first].x < drawing.boxes[second].x);
    }
}

#[test]
fn a_recursive_function_is_a_loop_not_a_line() {
    let drawing = lay_out(&graph(1, &[(0, 0)]), &Settings::default());
    assert_eq!((drawing.loops.clone(), drawing.routes.len()), (vec![(0, 0)], 0));
}

#[test]
fn tree_rows_say_why_they_are_not_opened() {
    let graph = graph(3, &[(0, 1), (0, 2), (1, 2), (2, 0)]);
    let rows = rows(&graph, &[0], 100);
    let seen: Vec<(usize, RowState, String)> =
        rows.iter().map(|row| (row.node, row.state, row.prefix())).collect();
    let expected = [
        (0, RowState::Open, ""),
        (1, RowState::Open, "├─ "),
        (2, RowState::Open, "│  └─ "),
        (0, RowState::Recursive, "│     └─ "),
        (2, RowState::Repeated, "└─ "),
    ];
    assert_eq!(seen, expected.map(|(node, state, prefix)| (node, state, prefix.to_owned())));
}

//! The engine on hand-made graphs.

use super::*;
use crate::model::RemoteOps;

fn op(graph: &mut Graph, uses: &[&str], defs: &[&str]) -> Op {
    let mut effects = Effects::default();
    uses.iter().for_each(|name| effects.read(graph.vars.local(name)));
    defs.iter().for_each(|name| effects.write(graph.vars.local(name)));
    Op { effects, ..Op::default() }
}

fn cut(graph: &mut Graph, result: Option<&str>) -> usize {
    let result = result.map(|name| graph.vars.local(name));
    graph.suspensions.push(Cut {
        kind: crate::model::SuspensionKind::Call,
        target: "X.f".into(),
        reaches: Vec::new(),
        receiver: None,
        member: "f".into(),
        args: Vec::new(),
        result,
        request: Op::default(),
        start: graph.suspensions.len() as u32,
        end: graph.suspensions.len() as u32 + 1,
        access: graph::Access::Call,
    });
    graph.suspensions.len() - 1
}

/// `a` and `b` are given; suspend; `c` is the reply; a loop over empty jumps leads to the return.
#[test]
fn simplifies_numbers_and_saves_only_what_is_needed() {
    let mut graph = Graph::default();
    let (a, b) = (graph.vars.local("a"), graph.vars.local("b"));
    graph.params = vec![a, b];
    let [entry, dead, hop, resume, last] = [0; 5].map(|_: i32| graph.block(1, None));
    graph.entry = entry;
    graph.blocks[entry].end = End::Jump(hop);
    graph.blocks[dead].end = End::Jump(hop);
    let suspension = cut(&mut graph, Some("c"));
    graph.blocks[hop].end = End::Suspend { suspension, resume };
    graph.blocks[resume].resume_of = Some(suspension);
    graph.blocks[resume].end = End::Jump(last);
    let value = op(&mut graph, &["a", "c"], &[]);
    graph.blocks[last].end = End::Return { value: Some(value), constant: false };
    simplify(&mut graph);
    assert_eq!(graph.blocks.len(), 2);
    let live = Liveness::of(&graph);
    let c = graph.vars.find("c").unwrap();
    assert_eq!(live.live_out[0], VarSet::from_iter([a]));
    assert_eq!(live.live_in[1], VarSet::from_iter([a, c]));
    let one = |_: usize| RemoteOps { min: 1, max: Some(1) };
    assert_eq!(counts::remote_ops(&graph, &one), Some(RemoteOps { min: 1, max: Some(1) }));
}

#[test]
fn a_suspension_in_a_loop_has_no_upper_bound() {
    let mut graph = Graph::default();
    let [head, body, resume, last] = [0; 4].map(|_: i32| graph.block(1, None));
    graph.entry = head;
    let test = op(&mut graph, &["n"], &[]);
    graph.blocks[head].end = End::Branch { test, then: body, other: last };
    let suspension = cut(&mut graph, None);
    graph.blocks[body].end = End::Suspend { suspension, resume };
    graph.blocks[resume].resume_of = Some(suspension);
    graph.blocks[resume].end = End::Jump(head);
    graph.blocks[last].end = End::Return { value: None, constant: true };
    simplify(&mut graph);
    let one = |_: usize| RemoteOps { min: 1, max: Some(1) };
    assert_eq!(counts::remote_ops(&graph, &one), Some(RemoteOps { min: 0, max: None }));
}

#[test]
fn a_handler_needs_old_values_everywhere_in_the_protected_body() {
    let mut graph = Graph::default();
    let x = graph.vars.local("x");
    let caught = graph.hidden("_e".into());
    graph.params = vec![x];
    let [handler, body, resume] = [0; 3].map(|_: i32| graph.block(1, None));
    graph.entry = body;
    for at in [body, resume] {
        graph.blocks[at].on_error = Some((handler, caught));
    }
    let suspension = cut(&mut graph, Some("x"));
    graph.blocks[body].end = End::Suspend { suspension, resume };
    graph.blocks[resume].resume_of = Some(suspension);
    graph.blocks[resume].end = End::Return { value: None, constant: true };
    let value = op(&mut graph, &["x"], &[]);
    graph.blocks[handler].end = End::Return { value: Some(value), constant: false };
    simplify(&mut graph);
    let live = Liveness::of(&graph);
    assert!(live.live_out[0].contains(x), "the reply takes x only when it arrives");
}

#[test]
fn effects_follow_each_other() {
    let mut graph = Graph::default();
    let mut first = op(&mut graph, &[], &["x"]).effects;
    let second = op(&mut graph, &["x", "y"], &[]).effects;
    first.then(&second);
    let (x, y) = (graph.vars.local("x"), graph.vars.local("y"));
    assert!(!first.uses.contains(x) && first.uses.contains(y));
    let maybe = op(&mut graph, &[], &["z"]).effects.maybe();
    let z = graph.vars.local("z");
    assert!(maybe.defs.contains(z) && !maybe.kills.contains(z));
}

/// A loop of two suspensions, entered or not, with a way out in its middle.
#[test]
fn the_longest_way_goes_round_a_loop_once() {
    let mut graph = Graph::default();
    let [head, first, resume, second, again, last] = [0; 6].map(|_: i32| graph.block(1, None));
    graph.entry = head;
    let test = op(&mut graph, &["a"], &[]);
    graph.blocks[head].end = End::Branch { test: test.clone(), then: first, other: last };
    let cuts = [cut(&mut graph, None), cut(&mut graph, None)];
    graph.blocks[first].end = End::Suspend { suspension: cuts[0], resume };
    graph.blocks[resume].end = End::Branch { test, then: second, other: last };
    graph.blocks[second].end = End::Suspend { suspension: cuts[1], resume: again };
    graph.blocks[again].end = End::Jump(head);
    graph.blocks[last].end = End::Return { value: None, constant: true };
    let way: Vec<usize> = most_hops(&graph).into_iter().map(|at| at as usize).collect();
    // Once round, then out in the middle of the next round.
    assert_eq!(way, [head, first, resume, second, again, head, first, resume, last]);
    assert_eq!(most_hops(&Graph::default()), Vec::<u32>::new());
}

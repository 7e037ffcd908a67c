//! The constraint graph: variables with growing sets of values, edges along which values flow,
//! and rules that wake when a variable gains a value. All lists live in shared pools.

use rustc_hash::FxHashSet;

use super::values::{ValueId, Var};

/// More values than this in one variable say nothing any more; further ones are dropped, which
/// bounds the work however wild the program is. Large programs get by with fewer, since the work
/// grows with both.
fn most_values(vars: usize) -> u16 {
    match vars {
        0..100_000 => 48,
        100_000..300_000 => 24,
        _ => 12,
    }
}

const END: u32 = u32::MAX;

/// A rule to run for each value of a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// The operation with this index, for its main operand.
    Op(u32),
    /// The same for its second operand.
    Other(u32),
    /// A rule made while solving.
    Hidden(u32),
}

#[derive(Clone, Copy)]
struct Node {
    first: u32,
    last: u32,
    /// The last value already passed on.
    done: u32,
    edges: u32,
    rules: u32,
    count: u16,
    queued: bool,
}

const EMPTY: Node =
    Node { first: END, last: END, done: END, edges: END, rules: END, count: 0, queued: false };

#[derive(Default)]
pub struct Graph {
    /// How many values a variable takes.
    most: u16,
    nodes: Vec<Node>,
    values: Vec<(ValueId, u32)>,
    edges: Vec<(Var, u32)>,
    rules: Vec<(Rule, u32)>,
    known: FxHashSet<(Var, Var)>,
    queue: std::collections::VecDeque<Var>,
}

impl Graph {
    /// Makes `count` variables at once; variable 0 is nobody's.
    pub fn with_vars(count: usize) -> Self {
        Self { nodes: vec![EMPTY; count + 1], most: most_values(count), ..Self::default() }
    }

    pub fn var(&mut self) -> Var {
        self.nodes.push(EMPTY);
        self.nodes.len() as Var - 1
    }

    /// Adds a value; nothing happens when it is known.
    pub fn add(&mut self, var: Var, value: ValueId) {
        // A full variable takes nothing more: no need to look for the value in it.
        if var == 0 || self.nodes[var as usize].count >= self.most || self.holds(var, value) {
            return;
        }
        let node = &mut self.nodes[var as usize];
        let at = self.values.len() as u32;
        self.values.push((value, END));
        if node.first == END {
            node.first = at;
        } else {
            self.values[node.last as usize].1 = at;
        }
        node.last = at;
        node.count += 1;
        if !node.queued {
            node.queued = true;
            self.queue.push_back(var);
        }
    }

    pub fn holds(&self, var: Var, value: ValueId) -> bool {
        self.values(var).any(|known| known == value)
    }

    pub fn values(&self, var: Var) -> impl Iterator<Item = ValueId> + '_ {
        let mut at = self.nodes[var as usize].first;
        std::iter::from_fn(move || {
            let (value, next) = *self.values.get(at as usize)?;
            at = next;
            Some(value)
        })
    }

    pub fn is_empty(&self, var: Var) -> bool {
        self.nodes[var as usize].first == END
    }

    /// Lets values flow from one variable to another.
    pub fn edge(&mut self, from: Var, to: Var) {
        if from == 0 || to == 0 || from == to {
            return;
        }
        if !self.known.insert((from, to)) {
            return;
        }
        let head = self.nodes[from as usize].edges;
        self.edges.push((to, head));
        self.nodes[from as usize].edges = self.edges.len() as u32 - 1;
        self.replay(from, |graph, value| graph.add(to, value));
    }

    fn replay(&mut self, from: Var, mut each: impl FnMut(&mut Self, ValueId)) {
        let mut at = self.nodes[from as usize].first;
        while at != END {
            let (value, next) = self.values[at as usize];
            each(self, value);
            at = next;
        }
    }

    /// Attaches a rule; the caller runs it for the values already passed on.
    pub fn rule(&mut self, var: Var, rule: Rule) -> Vec<ValueId> {
        if var == 0 {
            return Vec::new();
        }
        let head = self.nodes[var as usize].rules;
        self.rules.push((rule, head));
        self.nodes[var as usize].rules = self.rules.len() as u32 - 1;
        let node = self.nodes[var as usize];
        let mut seen = Vec::new();
        if node.done == END {
            return seen;
        }
        let mut at = node.first;
        while at != END {
            let (value, next) = self.values[at as usize];
            seen.push(value);
            if at == node.done {
                break;
            }
            at = next;
        }
        seen
    }

    /// Passes the new values of the next waiting variable on along its edges, and hands out the
    /// values and rules that are to run. `None` when all is quiet.
    pub fn step(&mut self, values: &mut Vec<ValueId>, rules: &mut Vec<Rule>) -> bool {
        values.clear();
        rules.clear();
        let Some(var) = self.queue.pop_front() else { return false };
        let node = self.nodes[var as usize];
        self.nodes[var as usize].queued = false;
        self.nodes[var as usize].done = node.last;
        let mut at = if node.done == END { node.first } else { self.values[node.done as usize].1 };
        while at != END {
            let (value, next) = self.values[at as usize];
            values.push(value);
            at = next;
        }
        let mut edge = node.edges;
        while edge != END {
            let (to, next) = self.edges[edge as usize];
            for value in values.iter() {
                self.add(to, *value);
            }
            edge = next;
        }
        let mut rule = node.rules;
        while rule != END {
            let (found, next) = self.rules[rule as usize];
            rules.push(found);
            rule = next;
        }
        true
    }
}

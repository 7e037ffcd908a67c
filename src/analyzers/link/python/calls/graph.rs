//! The constraint graph: variables with growing sets of values, edges along which values flow,
//! and rules that wake when a variable gains a value. All lists live in shared pools.

use rustc_hash::FxHashSet;

use super::pool::{List, Pool};
use super::values::{ValueId, Var};

/// More values than this in one variable say nothing any more; further ones are dropped, which
/// bounds the work however wild the program is. Large programs get by with fewer, since the work
/// grows with both.
fn most_values(vars: usize) -> u32 {
    match vars {
        0..60_000 => 80,
        60_000..100_000 => 48,
        100_000..300_000 => 24,
        _ => 12,
    }
}

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

#[derive(Clone, Copy, Default)]
struct Node {
    values: List,
    edges: List,
    rules: List,
    /// How many of the values were passed on.
    done: u16,
    queued: bool,
}

#[derive(Default)]
pub struct Graph {
    /// How many values a variable takes.
    most: u32,
    nodes: Vec<Node>,
    values: Pool<ValueId>,
    edges: Pool<Var>,
    rules: Pool<Rule>,
    /// Both ends of each edge in one number.
    known: FxHashSet<u64>,
    queue: std::collections::VecDeque<Var>,
}

impl Graph {
    /// Makes `count` variables at once; variable 0 is nobody's.
    pub fn with_vars(count: usize) -> Self {
        let mut known = FxHashSet::default();
        known.reserve(count);
        Self {
            nodes: vec![Node::default(); count + 1],
            most: most_values(count),
            known,
            ..Self::default()
        }
    }

    pub fn var(&mut self) -> Var {
        self.nodes.push(Node::default());
        self.nodes.len() as Var - 1
    }

    /// Adds a value; nothing happens when it is known.
    pub fn add(&mut self, var: Var, value: ValueId) {
        if var == 0 {
            return;
        }
        let node = &mut self.nodes[var as usize];
        // A full variable takes nothing more: no need to look for the value in it.
        if node.values.len() >= self.most || self.values.of(node.values).contains(&value) {
            return;
        }
        self.values.push(&mut node.values, value);
        if !node.queued {
            node.queued = true;
            self.queue.push_back(var);
        }
    }

    pub fn values(&self, var: Var) -> &[ValueId] {
        self.values.of(self.nodes[var as usize].values)
    }

    pub fn is_empty(&self, var: Var) -> bool {
        self.nodes[var as usize].values.len() == 0
    }

    /// Lets values flow from one variable to another.
    pub fn edge(&mut self, from: Var, to: Var) {
        if from == 0 || to == 0 || from == to {
            return;
        }
        if !self.known.insert(u64::from(from) << 32 | u64::from(to)) {
            return;
        }
        self.edges.push(&mut self.nodes[from as usize].edges, to);
        let held = self.nodes[from as usize].values;
        for at in 0..held.len() {
            self.add(to, self.values.at(held, at));
        }
    }

    /// Attaches a rule; the caller runs it for the values already passed on.
    pub fn rule(&mut self, var: Var, rule: Rule) -> &[ValueId] {
        if var == 0 {
            return &[];
        }
        let node = &mut self.nodes[var as usize];
        self.rules.push(&mut node.rules, rule);
        &self.values.of(node.values)[..usize::from(node.done)]
    }

    /// Passes the new values of the next waiting variable on along its edges, and hands out the
    /// values and rules that are to run, latest rules first. False when all is quiet.
    pub fn step(&mut self, values: &mut Vec<ValueId>, rules: &mut Vec<Rule>) -> bool {
        values.clear();
        rules.clear();
        let Some(var) = self.queue.pop_front() else { return false };
        let node = &mut self.nodes[var as usize];
        node.queued = false;
        values.extend_from_slice(&self.values.of(node.values)[usize::from(node.done)..]);
        // No variable takes more than `most_values` says.
        node.done = node.values.len() as u16;
        let (edges, attached) = (node.edges, node.rules);
        rules.extend(self.rules.of(attached).iter().rev());
        for at in (0..edges.len()).rev() {
            let to = self.edges.at(edges, at);
            for value in values.iter() {
                self.add(to, *value);
            }
        }
        true
    }
}

//! Loops: over the streams of a fork round by round, else drawn once.

use serde_json::{Value as Json, json};

use super::builder::{Builder, Leaving, MAX_STREAMS, Round, Tail, merge, merge_env, target_names};
use super::data::{Link, StreamId};
use super::values::{Env, Reads, Value};
use crate::analyzers::link::python::flows::callee_name;
use crate::model::Name;
use crate::model::facts::python::flows::{Expr, ExprKind, Stmt, StmtKind};

impl Builder<'_, '_> {
    /// A `while`; gives the paths that leave it by `break`.
    pub(super) fn while_loop(
        &mut self,
        line: u32,
        test: &Expr,
        body: &[Stmt],
        env: &mut Env,
    ) -> Vec<Vec<Tail>> {
        // What the body changes is not constant in the test either.
        forget_assigned(body, env);
        let reads = self.reads(test, env);
        let is_endless = match self.constant(test, env) {
            Some(Json::Bool(value)) => value,
            Some(Json::Number(value)) => value.as_i64() != Some(0),
            _ => false,
        };
        let header = json!({
            "loop": "while", "header": test.text, "count": null, "reads": reads.names,
        });
        self.repeat(line, header, reads, is_endless, body, env)
    }

    /// A `for`; gives the paths that leave it by `break`.
    pub(super) fn for_loop(
        &mut self,
        line: u32,
        target: &Expr,
        iter: &Expr,
        body: &[Stmt],
        env: &mut Env,
    ) -> Vec<Vec<Tail>> {
        // `for f in s.fork(2)`: the fork happens first.
        let forked;
        let mut iter = iter;
        if let Value::Group(group) = self.fork_in(iter, env) {
            let name: Name = format!("<{}>", self.groups[group].name).into();
            env.insert(name.clone(), Value::Group(group));
            forked = Expr { kind: ExprKind::Name { name, origins: Vec::new() }, ..iter.clone() };
            iter = &forked;
        }
        let rounds = self.unrolled(target, iter, env).filter(|rounds| {
            rounds.iter().any(|round| round.stream.is_some())
                || self.indexes_group(target, body, env)
        });
        if let Some(rounds) = rounds {
            let outer = self.current;
            self.loops.push(Leaving::default());
            for round in rounds {
                env.extend(round.bound);
                self.current = round.stream.unwrap_or(outer);
                if !self.is_reachable() {
                    continue;
                }
                self.body(body, env);
                if let Some(frame) = self.loops.last_mut() {
                    let continued = std::mem::take(&mut frame.continues);
                    merge(&mut self.tails, continued);
                }
            }
            self.current = outer;
            return self.loops.pop().unwrap_or_default().breaks;
        }
        let reads = self.reads(iter, env);
        let count = self.trip_count(iter, env);
        let header = json!({
            "loop": "for", "header": format!("{} in {}", target.text, iter.text), "count": count,
            "reads": reads.names,
        });
        let mut names = Vec::new();
        target_names(target, &mut names);
        env.extend(names.into_iter().map(|name| (name, Value::Host(reads.clone()))));
        forget_assigned(body, env);
        self.repeat(line, header, reads, false, body, env)
    }

    /// The group of a `fork(…)` call written where a group is expected, directly or in `enumerate`.
    pub(super) fn fork_in(&mut self, iter: &Expr, env: &Env) -> Value {
        match &iter.kind {
            ExprKind::Call { func, .. } if callee_name(func) == "fork" => {
                self.value(iter, "fork", env)
            }
            _ => Value::Host(Reads::default()),
        }
    }

    /// A loop whose body is drawn once.
    pub(super) fn repeat(
        &mut self,
        line: u32,
        header: Json,
        reads: Reads,
        is_endless: bool,
        body: &[Stmt],
        env: &mut Env,
    ) -> Vec<Vec<Tail>> {
        if reads.has_variables() {
            self.graph.lose(
                "T001",
                line,
                "tracing loses this loop: its end depends on what is generated",
            );
        }
        let Some(node) = self.add(self.current, "Loop", line, header, reads) else {
            return Vec::new();
        };
        let (before, before_env) = (self.tails.clone(), env.clone());
        self.tails[self.current] = vec![Tail { node, kind: "ctrl", label: Some("body") }];
        self.loops.push(Leaving::default());
        self.body(body, env);
        let frame = self.loops.pop().unwrap_or_default();
        merge(&mut self.tails, frame.continues);
        for tail in std::mem::take(&mut self.tails[self.current]) {
            let back = Link { from: tail.node, to: node, kind: "ctrl", label: Some("back") };
            self.graph.link(back);
        }
        self.tails[self.current] = if is_endless {
            Vec::new()
        } else {
            vec![Tail { node, kind: "ctrl", label: Some("exit") }]
        };
        // The other streams may not have been touched at all.
        let mut untouched = before;
        untouched[self.current].clear();
        merge(&mut self.tails, untouched);
        merge_env(env, before_env);
        frame.breaks
    }

    /// The rounds of a loop over a group's streams or over a literal range or list.
    pub fn unrolled(&self, target: &Expr, iter: &Expr, env: &Env) -> Option<Vec<Round>> {
        let bind = |target: &Expr, value: Value| -> Option<(Name, Value)> {
            match &target.kind {
                ExprKind::Name { name, .. } => Some((name.clone(), value)),
                _ => None,
            }
        };
        if let Some(group) = self.group(iter, env) {
            let streams = &self.groups[group].streams;
            let round = |stream: &StreamId| {
                let bound = [bind(target, Value::State(*stream))?].into_iter().collect();
                Some(Round { bound, stream: Some(*stream) })
            };
            return streams.iter().map(round).collect();
        }
        match &iter.kind {
            ExprKind::Call { func, args, .. } => match (callee_name(func), args.as_slice()) {
                ("enumerate", [inner, ..]) => {
                    let ExprKind::Tuple(parts) = &target.kind else { return None };
                    let [index, item] = parts.as_slice() else { return None };
                    let is_symbolic =
                        self.group(inner, env).is_some_and(|group| self.groups[group].is_symbolic);
                    let mut rounds = self.unrolled(item, inner, env)?;
                    for (at, round) in rounds.iter_mut().enumerate() {
                        let number = if is_symbolic {
                            Value::Host(Reads::default())
                        } else {
                            Value::Literal(at.into())
                        };
                        round.bound.extend(bind(index, number));
                    }
                    Some(rounds)
                }
                ("zip", inner) if !inner.is_empty() => {
                    let ExprKind::Tuple(parts) = &target.kind else { return None };
                    let all: Option<Vec<Vec<Round>>> = parts
                        .iter()
                        .zip(inner)
                        .map(|(target, iter)| self.unrolled(target, iter, env))
                        .collect();
                    let known = match all {
                        Some(all) => all,
                        // One side is a group, the other is not known: its items are host values.
                        None => parts
                            .iter()
                            .zip(inner)
                            .filter_map(|(target, iter)| self.unrolled(target, iter, env))
                            .collect(),
                    };
                    let length = known.iter().map(Vec::len).min()?;
                    let mut rounds: Vec<Round> = (0..length)
                        .map(|_| Round { bound: Env::default(), stream: None })
                        .collect();
                    for side in known {
                        for (round, part) in rounds.iter_mut().zip(side) {
                            round.bound.extend(part.bound);
                            round.stream = round.stream.or(part.stream);
                        }
                    }
                    for (target, iter) in parts.iter().zip(inner) {
                        if self.unrolled(target, iter, env).is_none() {
                            let reads = self.reads(iter, env);
                            for round in &mut rounds {
                                round.bound.extend(bind(target, Value::Host(reads.clone())));
                            }
                        }
                    }
                    Some(rounds)
                }
                ("range", [size]) => {
                    let size =
                        self.constant(size, env)?.as_u64().filter(|size| *size <= MAX_STREAMS)?;
                    let round = |at: u64| {
                        let bound =
                            [bind(target, Value::Literal(at.into()))?].into_iter().collect();
                        Some(Round { bound, stream: None })
                    };
                    (0..size).map(round).collect()
                }
                _ => None,
            },
            ExprKind::List(items) | ExprKind::Tuple(items) if items.len() as u64 <= MAX_STREAMS => {
                let round = |item: &Expr| {
                    let value = match self.constant(item, env) {
                        Some(value) => Value::Literal(value),
                        None => Value::Host(self.reads(item, env)),
                    };
                    Some(Round {
                        bound: [bind(target, value)?].into_iter().collect(),
                        stream: None,
                    })
                };
                items.iter().map(round).collect()
            }
            _ => None,
        }
    }

    /// Whether a loop over numbers appends to a group's streams by them.
    pub(super) fn indexes_group(&self, target: &Expr, body: &[Stmt], env: &Env) -> bool {
        let ExprKind::Name { name, .. } = &target.kind else { return false };
        let by_name = |expr: &Expr| match &expr.kind {
            ExprKind::Subscript { value, index } => {
                let is_index =
                    matches!(&index.kind, ExprKind::Name { name: index, .. } if index == name);
                is_index && self.group(value, env).is_some()
            }
            _ => false,
        };
        body.iter().any(|stmt| match &stmt.kind {
            StmtKind::Augment { target, .. } => by_name(target),
            StmtKind::Assign { targets, value } => {
                by_name(value)
                    || targets.iter().any(|target| match &target.kind {
                        ExprKind::Subscript { value, .. } => by_name(value),
                        _ => false,
                    })
            }
            _ => false,
        })
    }

    /// How often a loop runs, when that is constant.
    pub(super) fn trip_count(&self, iter: &Expr, env: &Env) -> Json {
        if let Some(Json::Array(items)) = self.constant(iter, env) {
            return items.len().into();
        }
        let ExprKind::Call { func, args, .. } = &iter.kind else { return Json::Null };
        let number = |expr: &Expr| self.constant(expr, env).and_then(|value| value.as_i64());
        let count = match (callee_name(func), args.as_slice()) {
            ("range", [end]) => number(end),
            ("range", [start, end]) => match (number(start), number(end)) {
                (Some(start), Some(end)) => end.checked_sub(start),
                _ => None,
            },
            ("range", [start, end, step]) => match (number(start), number(end), number(step)) {
                (Some(start), Some(end), Some(step)) if step > 0 => end
                    .checked_sub(start)
                    .map(|length| length.div_euclid(step) + i64::from(length.rem_euclid(step) > 0)),
                _ => None,
            },
            ("enumerate", [inner, ..]) => return self.trip_count(inner, env),
            _ => None,
        };
        count.map_or(Json::Null, |count| count.max(0).into())
    }
}

/// Names that a loop's body binds again hold no constant while it runs.
fn forget_assigned(body: &[Stmt], env: &mut Env) {
    let mut names = Vec::new();
    assigned(body, &mut names);
    for name in names {
        if let Some(value @ Value::Literal(_)) = env.get_mut(&name) {
            *value = Value::Host(Reads::default());
        }
    }
}

fn assigned(body: &[Stmt], names: &mut Vec<Name>) {
    for stmt in body {
        match &stmt.kind {
            StmtKind::Assign { targets, .. } => {
                targets.iter().for_each(|target| target_names(target, names));
            }
            StmtKind::Augment { target, .. } => target_names(target, names),
            StmtKind::For { target, body, orelse, .. } => {
                target_names(target, names);
                assigned(body, names);
                assigned(orelse, names);
            }
            StmtKind::If { body, orelse, .. } | StmtKind::While { body, orelse, .. } => {
                assigned(body, names);
                assigned(orelse, names);
            }
            StmtKind::With { body, .. } => assigned(body, names),
            StmtKind::Try { body, handlers, orelse, last } => {
                let all = [body, orelse, last].into_iter().chain(handlers);
                all.for_each(|body| assigned(body, names));
            }
            StmtKind::Match { cases, .. } => {
                cases.iter().for_each(|(_, _, body)| assigned(body, names));
            }
            _ => {}
        }
    }
}

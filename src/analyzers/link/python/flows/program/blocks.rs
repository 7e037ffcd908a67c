//! Branches, `try`, `match`, `with` blocks and early returns.

use serde_json::json;

use super::builder::{Builder, Tail, merge, merge_env};
use super::values::{Env, Reads};
use crate::model::Name;
use crate::model::facts::python::flows::{Expr, ExprKind, Stmt, StmtKind};

impl Builder<'_, '_> {
    pub(super) fn branch(
        &mut self,
        line: u32,
        test: &Expr,
        body: &[Stmt],
        orelse: &[Stmt],
        env: &mut Env,
    ) {
        let reads = self.reads(test, env);
        if reads.has_variables() {
            self.graph.lose(
                "T001",
                line,
                format!(
                    "tracing loses this branch: {} is decided before anything is generated",
                    test.text
                ),
            );
        }
        let data = json!({ "test": test.text, "reads": reads.names });
        let Some(node) = self.add(self.current, "Branch", line, data, reads) else { return };
        let before = self.tails.clone();
        let mut other = env.clone();
        self.tails[self.current] = vec![Tail { node, kind: "ctrl", label: Some("true") }];
        self.body(body, env);
        let after = std::mem::replace(&mut self.tails, before);
        self.tails[self.current] = vec![Tail { node, kind: "ctrl", label: Some("false") }];
        self.tails.resize(after.len(), Vec::new());
        self.body(orelse, &mut other);
        merge(&mut self.tails, after);
        merge_env(env, other);
    }

    /// A `try`: a handler may start before or after anything in the body.
    pub(super) fn attempt(
        &mut self,
        body: &[Stmt],
        handlers: &[Vec<Stmt>],
        orelse: &[Stmt],
        env: &mut Env,
    ) {
        let (start, first) = (self.tails.clone(), self.graph.list.len());
        let mut started = env.clone();
        self.body(body, env);
        let mut raising = start;
        merge(&mut raising, self.tails.clone());
        for node in first..self.graph.list.len() {
            let stream = self.graph.list[node].stream;
            let tail = Tail { node, kind: "seq", label: None };
            if stream == self.current && !raising[stream].contains(&tail) {
                raising[stream].push(tail);
            }
        }
        merge_env(&mut started, env.clone());
        self.body(orelse, env);
        for handler in handlers {
            let after = std::mem::replace(&mut self.tails, raising.clone());
            let mut inner = started.clone();
            // Only handlers that say something belong to the graph.
            if !self.says(handler) {
                self.tails = after;
                self.host_only(handler, &mut inner);
                merge_env(env, inner);
                continue;
            }
            self.tails.resize(after.len(), Vec::new());
            self.body(handler, &mut inner);
            merge(&mut self.tails, after);
            merge_env(env, inner);
        }
    }

    /// A handler that touches no state: what it assigns is all there is to it.
    fn host_only(&mut self, body: &[Stmt], env: &mut Env) {
        let tails = self.tails.clone();
        self.body(body, env);
        self.tails = tails;
    }

    /// Whether walking statements would add a node or leave the way they go.
    fn says(&self, body: &[Stmt]) -> bool {
        body.iter().any(|stmt| match &stmt.kind {
            StmtKind::Assign { targets, value } => {
                self.speaks(value)
                    || targets
                        .iter()
                        .any(|target| matches!(target.kind, ExprKind::Subscript { .. }))
            }
            StmtKind::Pass | StmtKind::Other { .. } | StmtKind::Def(_) => false,
            StmtKind::Expr(expr) => self.speaks(expr),
            _ => true,
        })
    }

    /// A `match`: a chain of branches, one per case.
    pub(super) fn choose(
        &mut self,
        line: u32,
        subject: &Expr,
        cases: &[(Name, Option<Expr>, Vec<Stmt>)],
        env: &mut Env,
    ) {
        let mut reads = self.reads(subject, env);
        if reads.has_variables() {
            let message = "tracing loses this match: it is decided before anything is generated";
            self.graph.lose("T001", line, message);
        }
        let mut ends: Vec<Vec<Tail>> = Vec::new();
        let mut after: Option<Env> = None;
        for (pattern, guard, body) in cases {
            let mut inner = env.clone();
            let is_open = &**pattern == "_";
            if !is_open {
                if let Some(guard) = guard {
                    reads.add(self.reads(guard, env));
                }
                let line = body.first().map_or(line, |stmt| stmt.line.saturating_sub(1).max(line));
                let test = format!("{} matches {pattern}", subject.text);
                let data = json!({ "test": test, "reads": reads.names });
                let Some(node) = self.add(self.current, "Branch", line, data, reads.clone()) else {
                    break;
                };
                let mut other = self.tails.clone();
                other[self.current] = vec![Tail { node, kind: "ctrl", label: Some("false") }];
                self.tails[self.current] = vec![Tail { node, kind: "ctrl", label: Some("true") }];
                self.body(body, &mut inner);
                let done = std::mem::replace(&mut self.tails, other);
                self.tails.resize(done.len(), Vec::new());
                merge(&mut ends, done);
            } else {
                self.body(body, &mut inner);
            }
            match &mut after {
                Some(after) => merge_env(after, inner),
                None => after = Some(inner),
            }
            if is_open {
                break;
            }
        }
        merge(&mut self.tails, ends);
        if let Some(after) = after {
            merge_env(env, after);
        }
    }

    pub(super) fn with(
        &mut self,
        line: u32,
        items: &[(Expr, Option<Expr>)],
        body: &[Stmt],
        env: &mut Env,
    ) {
        let Some(((context, target), rest)) = items.split_first() else {
            return self.body(body, env);
        };
        let method = match &context.kind {
            ExprKind::Call { func, args, .. } => match &func.kind {
                ExprKind::Attribute { value, attr, .. } => {
                    self.state(value, env).map(|stream| (stream, attr.clone(), args.first()))
                }
                _ => None,
            },
            _ => None,
        };
        match method {
            Some((stream, role, None)) if matches!(&*role, "system" | "user" | "assistant") => {
                self.graph.lose("T005", line, "roles as methods cannot be traced");
                self.role(&role, stream, line, true);
                self.with(line, rest, body, env);
                self.role(&role, stream, line, false);
            }
            Some((stream, scope, Some(name))) if &*scope == "var_scope" => {
                self.graph.lose("T006", line, "var_scope() cannot be traced");
                let name = self.dynamic_name(name, env);
                self.add(stream, "VarScopeBegin", line, json!({ "name": name }), Reads::default());
                self.with(line, rest, body, env);
                let end = self.add(
                    stream,
                    "VarScopeEnd",
                    line,
                    json!({ "name": name }),
                    Reads::default(),
                );
                if let Some(end) = end {
                    self.graph.list[end].defines = Some(name.into());
                }
            }
            Some((_, copy, _)) if &*copy == "copy" => {
                let name = target.as_ref().map_or("copy", |target| &target.text).to_owned();
                let held = self.value(context, &name, env);
                let group = self.groups.len().checked_sub(1);
                env.insert(name.into(), held);
                self.with(line, rest, body, env);
                if let Some(group) = group {
                    self.join(group, "gather_variable", line);
                }
            }
            _ => {
                let held = self.value(context, "fork", env);
                if let Some(Expr { kind: ExprKind::Name { name, .. }, .. }) = target {
                    env.insert(name.clone(), held);
                }
                self.with(line, rest, body, env);
            }
        }
    }

    pub(super) fn leave(&mut self, line: u32, value: Option<&Expr>, env: &Env) {
        let reads = value.map(|value| self.reads(value, env)).unwrap_or_default();
        if self.via.is_empty() {
            let data = json!({ "code": value.map(|value| &value.text), "reads": reads.names });
            self.add(self.current, "Return", line, data, reads);
        }
        let tails = self.take_tails();
        if let Some(frame) = self.returns.last_mut() {
            merge(frame, tails);
        }
    }
}

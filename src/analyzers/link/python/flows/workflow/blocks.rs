//! Blocks: sequences, parallel parts, conditions, handlers.

use super::super::callee_name;
use super::{Around, BLOCKS, Builder, Part};
use crate::model::StepEdgeKind;
use crate::model::facts::python::flows::{Expr, ExprKind, Stmt, StmtKind};

impl Builder<'_, '_> {
    /// A block whose items run one after the other.
    pub(super) fn sequence(&mut self, body: &[Stmt], around: &Around) -> Part {
        let parts = self.parts(body, around);
        let mut whole = Part::default();
        let mut before: Option<Vec<usize>> = None;
        for part in parts.into_iter().filter(|part| !part.nodes.is_empty()) {
            if let Some(before) = &before
                && !part.is_handler
            {
                for from in before {
                    for to in &part.entries {
                        if !self.is_joined(*from, *to) {
                            self.connect(*from, *to, StepEdgeKind::Order, None);
                        }
                    }
                }
            }
            if whole.nodes.is_empty() {
                whole.entries.clone_from(&part.entries);
            }
            whole.exits.clone_from(&part.exits);
            whole.nodes.extend(part.nodes);
            before = Some(part.exits);
        }
        whole
    }

    /// A block whose items may run together.
    pub(super) fn parallel(&mut self, body: &[Stmt], around: &Around) -> Part {
        let mut whole = Part::default();
        for part in self.parts(body, around) {
            whole.entries.extend(part.entries);
            whole.exits.extend(part.exits);
            whole.nodes.extend(part.nodes);
        }
        whole
    }

    /// The items of a block, with handlers attached to what stands before them.
    pub(super) fn parts(&mut self, body: &[Stmt], around: &Around) -> Vec<Part> {
        let mut parts: Vec<Part> = Vec::new();
        let mut unprotected = 0;
        for stmt in body {
            let Some(part) = self.statement(stmt, around) else { continue };
            if part.is_handler {
                let protected: Vec<usize> =
                    parts[unprotected..].iter().flat_map(|part| part.nodes.clone()).collect();
                if protected.is_empty() {
                    self.report(
                        "W005",
                        stmt.line,
                        stmt.column,
                        "this handler protects nothing: put it after what may fail",
                    );
                }
                for from in &protected {
                    for to in &part.entries {
                        self.connect(*from, *to, StepEdgeKind::Error, None);
                    }
                }
                for at in &part.nodes {
                    // A handler within this one has protected its own already.
                    if self.nodes[*at].protects.is_empty() {
                        self.nodes[*at].protects.clone_from(&protected);
                    }
                }
                parts.push(part);
                unprotected = parts.len();
            } else {
                parts.push(part);
            }
        }
        parts
    }

    pub(super) fn statement(&mut self, stmt: &Stmt, around: &Around) -> Option<Part> {
        match &stmt.kind {
            StmtKind::Pass => None,
            StmtKind::Expr(expr) => match &expr.kind {
                ExprKind::Call { .. } => self.call(expr, None, around),
                _ => {
                    self.report(
                        "W001",
                        stmt.line,
                        stmt.column,
                        "only task calls, `with` blocks and a final return are allowed",
                    );
                    None
                }
            },
            StmtKind::Assign { targets, value } => match (targets.as_slice(), &value.kind) {
                ([Expr { kind: ExprKind::Name { name, .. }, .. }], ExprKind::Call { .. }) => {
                    let part = self.call(value, Some(name), around);
                    if part.is_none() {
                        self.broken.insert(name.clone());
                    }
                    part
                }
                (targets, _) => {
                    self.broken.extend(targets.iter().filter_map(|target| match &target.kind {
                        ExprKind::Name { name, .. } => Some(name.clone()),
                        _ => None,
                    }));
                    self.report(
                        "W001",
                        stmt.line,
                        stmt.column,
                        "only the outcome of a task can be assigned, to one name",
                    );
                    None
                }
            },
            StmtKind::With { items, body } => self.with(items, body, around),
            StmtKind::Return(_) => {
                self.report("W001", stmt.line, stmt.column, "return is allowed at the end only");
                None
            }
            other => {
                let what = match other {
                    StmtKind::If { .. } => "use `with conditional(…)` instead of if",
                    StmtKind::For { .. } | StmtKind::While { .. } => {
                        "loops are not allowed: the graph must be finite"
                    }
                    StmtKind::Augment { .. } => "augmented assignment is not allowed",
                    StmtKind::Def(_) => "nested functions are not allowed",
                    _ => "this statement is not allowed in a workflow",
                };
                self.report("W001", stmt.line, stmt.column, what);
                None
            }
        }
    }

    pub(super) fn with(
        &mut self,
        items: &[(Expr, Option<Expr>)],
        body: &[Stmt],
        around: &Around,
    ) -> Option<Part> {
        let [(context, target), rest @ ..] = items else { return None };
        if let Some(target) = target {
            self.report_at("W001", target, "blocks have no name: leave out `as`");
        }
        let block = match &context.kind {
            ExprKind::Call { func, args, keywords } => BLOCKS
                .iter()
                .find(|name| **name == callee_name(func))
                .map(|name| (*name, args, keywords)),
            _ => None,
        };
        let Some((block, args, keywords)) = block else {
            self.report_at(
                "W001",
                context,
                "use parallel(), sequential(), conditional(…) or error_handler()",
            );
            return None;
        };
        let inner = |this: &mut Self, around: &Around| match rest {
            [] if block == "parallel" => Some(this.parallel(body, around)),
            [] => Some(this.sequence(body, around)),
            rest => this.with(rest, body, around),
        };
        match block {
            "conditional" => {
                let ([condition], []) = (args.as_slice(), keywords.as_slice()) else {
                    self.report_at("W003", context, "conditional() takes one expression");
                    return inner(self, around);
                };
                let mut named = Vec::new();
                let remarks = self.diagnostics.len();
                let term = self.condition(condition, around, &mut named);
                // What it names wrongly has been said already.
                if named.is_empty() && self.diagnostics.len() == remarks {
                    self.report_at("W004", condition, "this condition depends on no task");
                }
                let mut guarded = around.clone();
                guarded.guards.push(condition.text.clone());
                guarded.conditions.push(term);
                let part = inner(self, &guarded)?;
                for from in &named {
                    for to in &part.nodes {
                        self.connect(*from, *to, StepEdgeKind::Control, None);
                    }
                }
                // An order edge gives way to a control edge between the same two.
                self.drop_doubled_order();
                Some(part)
            }
            "error_handler" => {
                let mut handling = around.clone();
                handling.handler = Some(self.handlers);
                self.handlers += 1;
                let mut part = inner(self, &handling)?;
                part.is_handler = true;
                Some(part)
            }
            _ => inner(self, around),
        }
    }

    pub(super) fn drop_doubled_order(&mut self) {
        let joined: Vec<(usize, usize)> = self
            .edges
            .iter()
            .filter(|edge| matches!(edge.kind, StepEdgeKind::Data | StepEdgeKind::Control))
            .map(|edge| (edge.from, edge.to))
            .collect();
        self.edges.retain(|edge| {
            edge.kind != StepEdgeKind::Order || !joined.contains(&(edge.from, edge.to))
        });
    }
}

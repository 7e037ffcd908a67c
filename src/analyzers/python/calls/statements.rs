//! Statements, in the order they run.

use ruff_python_ast::{
    ExceptHandler, Expr, MatchCase, Pattern, Stmt, StmtFor, StmtIf, StmtMatch, StmtTry, StmtWhile,
    StmtWith,
};

use super::Lowering;
use super::narrowing::assigned_names;
use crate::analyzers::python::scopes::absolute;
use crate::model::facts::python::calls::{CallForm, NONE, Op, SiteId, Var};

impl<'a> Lowering<'a, '_> {
    pub(super) fn statements(&mut self, body: &'a [Stmt]) {
        body.iter().for_each(|stmt| self.statement(stmt));
    }

    fn statement(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::Expr(node) => {
                if !self.folds_update(&node.value) {
                    self.expression(&node.value);
                }
            }
            Stmt::Assign(node) => {
                let value = self.expression(&node.value);
                for target in &node.targets {
                    self.assign_target(target, value, Some(&node.value));
                }
            }
            Stmt::AnnAssign(node) => self.annotated_assignment(node),
            Stmt::AugAssign(node) => {
                let left = self.read_target(&node.target);
                let right = self.expression(&node.value);
                let to = self.binary(node, left, right, node.op.dunder(), true);
                self.assign_target(&node.target, to, None);
            }
            Stmt::TypeAlias(node) => {
                let value = self.expression(&node.value);
                self.assign_target(&node.name, value, None);
            }
            Stmt::Delete(node) => node.targets.iter().for_each(|target| self.delete(target)),
            Stmt::FunctionDef(def) => self.function(def),
            Stmt::ClassDef(def) => self.class(def),
            Stmt::Return(node) => {
                if let Some(value) = &node.value {
                    let value = self.expression(value);
                    self.returned(value);
                }
                self.frame().live = false;
            }
            Stmt::Raise(node) => {
                for value in [&node.exc, &node.cause].into_iter().flatten() {
                    let from = self.expression(value);
                    let text = self.source.text_of(&**value);
                    let site = self.site(&**value, text);
                    self.op(Op::Raise { from, site });
                }
                self.frame().live = false;
            }
            Stmt::If(node) => self.if_statement(node),
            Stmt::While(node) => self.while_loop(node),
            Stmt::For(node) => self.for_loop(node),
            Stmt::With(node) => self.with(node),
            Stmt::Try(node) => self.try_statement(node),
            Stmt::Match(node) => self.match_statement(node),
            Stmt::Assert(node) => {
                self.test(&node.test);
                if let Some(message) = &node.msg {
                    self.expression(message);
                }
                self.narrow(&node.test, true);
            }
            Stmt::Import(node) => {
                for alias in &node.names {
                    let name = alias.name.as_str();
                    let top = name.split('.').next().unwrap_or(name);
                    let (bound, origin) = match &alias.asname {
                        Some(asname) => (asname.as_str(), name),
                        None => (top, top),
                    };
                    let to = self.import(origin, 0);
                    self.assign(bound, to);
                }
            }
            Stmt::ImportFrom(node) => {
                let module = node.module.as_ref().map_or("", |module| module.as_str());
                let module = absolute(self.package, node.level, module);
                let site = self.site(node, &module);
                for alias in node.names.iter().filter(|alias| alias.name.as_str() != "*") {
                    let name = alias.name.as_str();
                    let to = self.import(&format!("{module}.{name}"), site);
                    let bound = alias.asname.as_ref().unwrap_or(&alias.name).as_str();
                    self.assign(bound, to);
                }
            }
            Stmt::Break(_) | Stmt::Continue(_) => {
                self.feed_loop();
                self.frame().live = false;
            }
            Stmt::Global(_) | Stmt::Nonlocal(_) | Stmt::Pass(_) | Stmt::IpyEscapeCommand(_) => {}
        }
    }

    fn import(&mut self, origin: &str, site: SiteId) -> Var {
        let to = self.var();
        let origin = self.intern(origin.trim_start_matches('.'));
        self.op(Op::Import { to, origin, site });
        to
    }

    /// A value leaves the body by `return`.
    pub(super) fn returned(&mut self, value: Var) {
        let frame = self.frame();
        let (body, parameter) = (frame.body as usize, frame.params.get(&value).copied());
        let body = &mut self.facts.bodies[body];
        match parameter {
            Some(at) if !body.passes.contains(&at) => body.passes.push(at),
            Some(_) => {}
            None => {
                let result = body.result;
                self.copy(result, value);
            }
        }
    }

    fn if_statement(&mut self, node: &'a StmtIf) {
        let mut outcomes: Vec<Option<Vec<Var>>> = Vec::new();
        self.test(&node.test);
        let mut otherwise = self.state();
        self.narrow(&node.test, true);
        self.frame().fresh.clear();
        self.statements(&node.body);
        outcomes.push(self.state());
        let mut failed: &'a Expr = &node.test;
        let mut has_else = false;
        for clause in &node.elif_else_clauses {
            self.resume(otherwise.take());
            self.narrow(failed, false);
            if let Some(test) = &clause.test {
                self.test(test);
                otherwise = self.state();
                self.narrow(test, true);
                failed = test;
            } else {
                has_else = true;
            }
            self.statements(&clause.body);
            outcomes.push(self.state());
        }
        if !has_else {
            self.resume(otherwise);
            self.narrow(failed, false);
            outcomes.push(self.state());
        }
        self.join(outcomes);
        self.frame().fresh.clear();
    }

    fn while_loop(&mut self, node: &'a StmtWhile) {
        self.open_loop(&assigned_names(&node.body, Some(&node.test)));
        self.test(&node.test);
        let skipped = self.state();
        self.narrow(&node.test, true);
        self.statements(&node.body);
        self.close_loop();
        if skipped.is_some() {
            self.statements(&node.orelse);
        }
    }

    fn for_loop(&mut self, node: &'a StmtFor) {
        let iterable = self.expression(&node.iter);
        let element = self.iterate(&*node.iter, iterable, node.is_async);
        let mut names = assigned_names(&node.body, None);
        super::narrowing::target_names(&node.target, &mut names);
        self.open_loop(&names);
        self.assign_target(&node.target, element, None);
        self.statements(&node.body);
        self.close_loop();
        self.statements(&node.orelse);
    }

    fn with(&mut self, node: &'a StmtWith) {
        for item in &node.items {
            let manager = self.expression(&item.context_expr);
            let text = self.source.text_of(&item.context_expr);
            let site = self.site(&item.context_expr, text);
            let to = self.var();
            self.op(Op::Enter { to, from: manager, site, is_async: node.is_async });
            if let Some(target) = &item.optional_vars {
                self.assign_target(target, to, None);
            }
        }
        self.frame().fresh.clear();
        self.statements(&node.body);
        // A manager may swallow what the body raises.
        self.frame().fresh.clear();
    }

    fn try_statement(&mut self, node: &'a StmtTry) {
        self.frame().fresh.clear();
        let before = self.frame().now.clone();
        let outer = self.frame().journal.replace(Vec::new());
        self.statements(&node.body);
        self.statements(&node.orelse);
        let journal = self.frame().journal.take().unwrap_or_default();
        self.frame().journal = outer;
        if let Some(outer) = &mut self.frame().journal {
            outer.extend_from_slice(&journal);
        }
        let mut outcomes = vec![self.state()];
        // Anything the body assigned may or may not have happened when a handler starts.
        let mut interrupted = before;
        let width = self.frame().now.len();
        interrupted.resize(width, NONE);
        let mut joined: Vec<u32> = Vec::new();
        for (slot, version) in journal {
            let at = slot as usize;
            if !joined.contains(&slot) {
                joined.push(slot);
                let both = self.var();
                self.copy(both, interrupted[at]);
                interrupted[at] = both;
            }
            self.copy(interrupted[at], version);
        }
        for handler in &node.handlers {
            let ExceptHandler::ExceptHandler(handler) = handler;
            self.resume(Some(interrupted.clone()));
            let kind = handler.type_.as_ref().map_or(NONE, |kind| self.expression(kind));
            if let Some(name) = &handler.name {
                let to = self.var();
                self.op(Op::Narrow { to, from: NONE, class: kind });
                self.assign(name.as_str(), to);
            }
            self.statements(&handler.body);
            outcomes.push(self.state());
        }
        self.join(outcomes);
        if !self.frame().live && !node.finalbody.is_empty() {
            self.resume(Some(interrupted));
            self.statements(&node.finalbody);
            self.frame().live = false;
        } else {
            self.statements(&node.finalbody);
        }
        self.frame().fresh.clear();
    }

    fn match_statement(&mut self, node: &'a StmtMatch) {
        let subject = self.expression(&node.subject);
        let mut outcomes: Vec<Option<Vec<Var>>> = Vec::new();
        let before = self.state();
        let mut is_total = false;
        for case in &node.cases {
            self.resume(before.clone());
            self.match_case(&node.subject, case, subject);
            outcomes.push(self.state());
            is_total |= case.guard.is_none()
                && matches!(&case.pattern, Pattern::MatchAs(node) if node.pattern.is_none());
        }
        if !is_total {
            outcomes.push(before);
        }
        self.join(outcomes);
        self.frame().fresh.clear();
    }

    fn match_case(&mut self, subject_expr: &'a Expr, case: &'a MatchCase, subject: Var) {
        let matched = self.pattern(&case.pattern, subject);
        if let Expr::Name(name) = subject_expr
            && matched != subject
        {
            self.refine(name.id.as_str(), |_, _| matched);
        }
        if let Some(guard) = &case.guard {
            self.test(guard);
            self.narrow(guard, true);
        }
        self.statements(&case.body);
    }

    /// Binds a pattern's names; hands back what the subject is known to be.
    fn pattern(&mut self, pattern: &'a Pattern, subject: Var) -> Var {
        match pattern {
            Pattern::MatchAs(node) => {
                let mut matched = subject;
                if let Some(inner) = &node.pattern {
                    matched = self.pattern(inner, subject);
                }
                if let Some(name) = &node.name {
                    self.assign(name.as_str(), matched);
                }
                matched
            }
            Pattern::MatchClass(node) => {
                let class = self.expression(&node.cls);
                let matched = self.var();
                self.op(Op::Narrow { to: matched, from: subject, class });
                for (index, pattern) in node.arguments.patterns.iter().enumerate() {
                    let to = self.var();
                    let site = self.site(pattern, self.source.text_of(pattern));
                    self.op(Op::MatchArg { to, from: matched, index: index as u32, site });
                    self.pattern(pattern, to);
                }
                for keyword in &node.arguments.keywords {
                    let value = self.attribute(&keyword.pattern, matched, keyword.attr.as_str());
                    self.pattern(&keyword.pattern, value);
                }
                matched
            }
            Pattern::MatchSequence(node) => {
                for (at, inner) in node.patterns.iter().enumerate() {
                    let to = self.var();
                    let rest = matches!(inner, Pattern::MatchStar(_));
                    self.op(Op::Unpack { to, from: subject, index: at as i32, rest });
                    self.pattern(inner, to);
                }
                subject
            }
            Pattern::MatchStar(node) => {
                if let Some(name) = &node.name {
                    self.assign(name.as_str(), subject);
                }
                subject
            }
            Pattern::MatchMapping(node) => {
                for (key, inner) in node.keys.iter().zip(&node.patterns) {
                    let key_var = self.expression(key);
                    let to = self.var();
                    let site = self.site(key, self.source.text_of(key));
                    self.op(Op::GetItem { to, base: subject, key: key_var, site });
                    self.pattern(inner, to);
                }
                if let Some(name) = &node.rest {
                    self.assign(name.as_str(), subject);
                }
                subject
            }
            Pattern::MatchOr(node) => {
                let joined = self.var();
                for inner in &node.patterns {
                    let one = self.pattern(inner, subject);
                    self.copy(joined, one);
                }
                joined
            }
            Pattern::MatchValue(node) => {
                self.expression(&node.value);
                subject
            }
            Pattern::MatchSingleton(_) => subject,
        }
    }

    /// `@decorator` over `value`.
    pub(super) fn decorate(&mut self, decorator: &'a Expr, callee: Var, value: Var) -> Var {
        let site = self.site(decorator, self.source.text_of(decorator));
        let to = self.var();
        let first = self.facts.args.len() as u32;
        self.push_argument(value);
        self.op(Op::Call { to, callee, first, count: 1, site, form: CallForm::Decorator });
        to
    }
}

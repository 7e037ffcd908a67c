//! Calls: other programs, helpers that receive the state, methods of a state.

use serde_json::{Value as Json, json};

use super::builder::{Builder, MAX_DEPTH, merge};
use super::data::StreamId;
use super::values::{Env, Reads, Value};
use crate::analyzers::link::python::flows::last;
use crate::model::Name;
use crate::model::facts::python::flows::{Expr, ExprKind, Function, StmtKind};

impl Builder<'_, '_> {
    /// An expression evaluated for its effect; what it holds if it is a state or a program's run.
    pub(super) fn expression(&mut self, expr: &Expr, env: &Env) -> Option<Value> {
        let ExprKind::Call { func, args, keywords } = &expr.kind else { return None };
        if let ExprKind::Attribute { value, attr, .. } = &func.kind {
            if let Some(stream) = self.state(value, env) {
                return self.method(expr, attr, args, keywords, stream, env);
            }
            if let Some(group) = self.group(value, env) {
                if &**attr == "join" {
                    let mode = args.first().and_then(|mode| self.constant(mode, env));
                    let mode = mode
                        .as_ref()
                        .and_then(Json::as_str)
                        .unwrap_or("gather_variable")
                        .to_owned();
                    self.graph.lose("T003", expr.line, "join() cannot be traced");
                    self.join(group, &mode, expr.line);
                }
                return None;
            }
            let is_run = matches!(&**attr, "run" | "run_batch" | "stream");
            if is_run
                && let Some(found) = self.world.function(value)
                && super::language_of(self.world, found.function).is_some()
            {
                return Some(self.run_program(&found.function.name, expr, args, keywords, env));
            }
        }
        let (helper, receiver) = self.callee(func, env)?;
        let states = args.iter().chain(keywords.iter().map(|(_, value)| value));
        let has_state = states.clone().any(|argument| {
            self.state(argument, env).is_some() || self.group(argument, env).is_some()
        });
        if !has_state {
            let is_program = super::language_of(self.world, &helper).is_some();
            return is_program.then(|| self.run_program(&helper.name, expr, args, keywords, env));
        }
        if self.via.contains(&helper.name) || helper.name == self.own || self.via.len() >= MAX_DEPTH
        {
            let data = json!({ "callee": helper.name, "recursive": true });
            self.add(self.current, "Call", expr.line, data, Reads::default());
            return None;
        }
        Some(self.inline(&helper, receiver, args, keywords, env))
    }

    pub(super) fn run_program(
        &mut self,
        callee: &Name,
        expr: &Expr,
        args: &[Expr],
        keywords: &[(Option<Name>, Expr)],
        env: &Env,
    ) -> Value {
        let mut reads = Reads::default();
        for argument in args.iter().chain(keywords.iter().map(|(_, value)| value)) {
            reads.add(self.reads(argument, env));
        }
        let data = json!({ "callee": callee, "reads": reads.names });
        let node = self.add(self.current, "Call", expr.line, data, reads);
        node.map_or_else(|| Value::Host(Reads::default()), Value::Run)
    }

    /// A helper that receives the state, walked as if written here.
    pub(super) fn inline(
        &mut self,
        helper: &Function,
        receiver: Option<Value>,
        args: &[Expr],
        keywords: &[(Option<Name>, Expr)],
        env: &Env,
    ) -> Value {
        let mut scope = self.bind(helper, receiver, args, keywords, env);
        self.via.push(helper.name.clone());
        self.returns.push(Vec::new());
        self.body(&helper.body, &mut scope);
        let returned = self.returns.pop().unwrap_or_default();
        merge(&mut self.tails, returned);
        self.via.pop();
        let value = helper.body.iter().rev().find_map(|stmt| match &stmt.kind {
            StmtKind::Return(Some(value)) => Some(value),
            _ => None,
        });
        match value.and_then(|value| self.state(value, &scope)) {
            Some(stream) => Value::State(stream),
            None => Value::Host(value.map(|value| self.reads(value, &scope)).unwrap_or_default()),
        }
    }

    /// The function that a callee names, with what its first parameter holds for a method: a
    /// nested one, a method of an instance, or one of the project.
    pub(super) fn callee(&self, func: &Expr, env: &Env) -> Option<(Function, Option<Value>)> {
        match &func.kind {
            ExprKind::Name { name, .. } => {
                if let Some(Value::Function(function)) = env.get(name) {
                    return Some(((**function).clone(), None));
                }
            }
            ExprKind::Attribute { value, attr, .. } => {
                let class = match &value.kind {
                    ExprKind::Name { name, .. } => match env.get(name) {
                        Some(Value::Instance(class)) => Some(class.clone()),
                        _ => None,
                    },
                    _ => self.world.constructed(value),
                };
                if let Some(class) = class {
                    let found = self.world.method(&class, attr)?;
                    return Some((found.function.clone(), Some(Value::Instance(class))));
                }
            }
            _ => {}
        }
        self.world.function(func).map(|found| (found.function.clone(), None))
    }

    /// What a helper's parameters hold at a call.
    pub fn bind(
        &mut self,
        helper: &Function,
        receiver: Option<Value>,
        args: &[Expr],
        keywords: &[(Option<Name>, Expr)],
        env: &Env,
    ) -> Env {
        let mut scope: Env = env
            .iter()
            .filter(|(_, value)| matches!(value, Value::Function(_)))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        // A nested function also sees what surrounds it.
        if helper.name.starts_with(&*self.own) {
            scope.clone_from(env);
        }
        for (name, default) in &helper.defaults {
            let value = match self.constant(default, &Env::default()) {
                Some(value) => Value::Literal(value),
                None => Value::Host(Reads::default()),
            };
            scope.insert(name.clone(), value);
        }
        let mut marks = helper.decorators.iter().flatten();
        let is_static = marks.any(|name| last(name) == "staticmethod");
        let receiver = receiver.filter(|_| !is_static);
        let skipped = usize::from(receiver.is_some());
        scope.extend(helper.params.first().cloned().zip(receiver));
        let positional = helper.params.iter().skip(skipped).cloned().zip(args);
        let named = keywords.iter().filter_map(|(key, value)| Some((key.clone()?, value)));
        for (name, argument) in positional.chain(named).collect::<Vec<_>>() {
            let value = self.value(argument, &name, env);
            scope.insert(name, value);
        }
        scope
    }

    /// A method of a state: roles, `set_var`, `fork` for its own sake.
    pub(super) fn method(
        &mut self,
        call: &Expr,
        method: &str,
        args: &[Expr],
        keywords: &[(Option<Name>, Expr)],
        stream: StreamId,
        env: &Env,
    ) -> Option<Value> {
        match (method, args) {
            ("system" | "user" | "assistant", [inner, ..]) => {
                self.graph.lose("T005", call.line, "roles as methods cannot be traced");
                self.bracketed(method, inner, stream, env);
            }
            ("system_begin" | "user_begin" | "assistant_begin", _) => {
                self.role(method.trim_end_matches("_begin"), stream, call.line, true);
            }
            ("system_end" | "user_end" | "assistant_end", _) => {
                self.role(method.trim_end_matches("_end"), stream, call.line, false);
            }
            ("set_var", _) => {
                let given = |at: usize, key: &str| {
                    let named = keywords.iter().find(|(name, _)| name.as_deref() == Some(key));
                    args.get(at).or(named.map(|(_, value)| value))
                };
                if let (Some(name), Some(value)) = (given(0, "name"), given(1, "value")) {
                    let name = self.dynamic_name(name, env);
                    self.set_variable(stream, name, value, call.line, env);
                }
            }
            ("fork", _) => {
                let group = self.fork("fork", args.first(), stream, call.line, env);
                return Some(Value::Group(group));
            }
            _ => {}
        }
        None
    }
}

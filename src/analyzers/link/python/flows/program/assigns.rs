//! What assignments do: appending to streams, setting variables, naming values.

use serde_json::{Value as Json, json};

use super::builder::{Builder, target_names};
use super::data::StreamId;
use super::values::{Env, Value};
use crate::model::facts::python::flows::{Expr, ExprKind, Stmt};

impl Builder<'_, '_> {
    pub(super) fn augment(&mut self, target: &Expr, value: &Expr, is_add: bool, env: &mut Env) {
        if is_add && let Some(stream) = self.state(target, env) {
            return self.emit(value, stream, env);
        }
        if is_add && let Some(group) = self.group(target, env) {
            let streams = self.groups[group].streams.clone();
            for (index, stream) in streams.into_iter().enumerate() {
                match &value.kind {
                    // A callable gets the index; a list has one item per stream.
                    ExprKind::Lambda { params, body } => {
                        let mut scope = env.clone();
                        if let Some(name) = params.first() {
                            scope.insert(name.clone(), Value::Literal(index.into()));
                        }
                        self.emit(body, stream, &scope);
                    }
                    ExprKind::List(items) | ExprKind::Tuple(items) => {
                        if let Some(item) = items.get(index) {
                            self.emit(item, stream, env);
                        }
                    }
                    _ => self.emit(value, stream, env),
                }
            }
            return;
        }
        if let ExprKind::Subscript { value: object, index } = &target.kind
            && let Some(stream) = self.state(object, env)
        {
            // `s["x"] += v` reads the variable first.
            let name = self.dynamic_name(index, env);
            let mut reads = self.reads(target, env);
            reads.add(self.reads(value, env));
            let code = format!("{} {} {}", target.text, if is_add { "+" } else { "…" }, value.text);
            let data = json!({ "name": name, "code": code, "reads": reads.names });
            let node = self.add(stream, "SetVar", target.line, data, reads);
            if let Some(node) = node {
                self.graph.list[node].defines = Some(name.into());
            }
            return;
        }
        if let ExprKind::Name { name, .. } = &target.kind {
            let mut reads = self.reads(target, env);
            reads.add(self.reads(value, env));
            let value = match env.get(name) {
                Some(Value::Deferred(before, scope)) if is_add => {
                    let kind = ExprKind::Add(before.clone(), Box::new(value.clone()));
                    let sum = Expr { kind, ..value.clone() };
                    let mut scope = (**scope).clone();
                    scope.extend(env.iter().map(|(name, value)| (name.clone(), value.clone())));
                    scope.remove(name);
                    Value::Deferred(Box::new(sum), Box::new(scope))
                }
                _ => Value::Host(reads),
            };
            env.insert(name.clone(), value);
        }
    }

    pub(super) fn assign(&mut self, stmt: &Stmt, targets: &[Expr], value: &Expr, env: &mut Env) {
        for target in targets {
            if let ExprKind::Subscript { value: object, index } = &target.kind
                && let Some(stream) = self.state(object, env)
            {
                let name = self.dynamic_name(index, env);
                self.set_variable(stream, name, value, stmt.line, env);
                return;
            }
        }
        let name = targets.iter().find_map(|target| match &target.kind {
            ExprKind::Name { name, .. } => Some(name.clone()),
            _ => None,
        });
        let hint = name.as_deref().unwrap_or("fork").to_owned();
        let held = self.value(value, &hint, env);
        if let Some(name) = name {
            env.insert(name, held);
            return;
        }
        if let ([target], Value::Group(group)) = (targets, &held)
            && let ExprKind::Tuple(parts) | ExprKind::List(parts) = &target.kind
        {
            // `a, b = s.fork(2)`
            let streams = self.groups[*group].streams.clone();
            for (part, stream) in parts.iter().zip(streams) {
                if let ExprKind::Name { name, .. } = &part.kind {
                    env.insert(name.clone(), Value::State(stream));
                }
            }
            return;
        }
        // Unpacking: each name may hold any part of what the value reads.
        let reads = self.reads(value, env);
        for target in targets {
            let mut names = Vec::new();
            target_names(target, &mut names);
            env.extend(names.into_iter().map(|name| (name, Value::Host(reads.clone()))));
        }
    }

    pub(super) fn set_variable(
        &mut self,
        stream: StreamId,
        name: String,
        value: &Expr,
        line: u32,
        env: &Env,
    ) {
        let reads = self.reads(value, env);
        let mut data = json!({ "name": name, "code": value.text, "reads": reads.names });
        if let (Some(constant), Json::Object(data)) = (self.constant(value, env), &mut data) {
            data.insert("value".into(), constant);
        }
        let node = self.add(stream, "SetVar", line, data, reads);
        if let Some(node) = node {
            self.graph.list[node].defines = Some(name.into());
        }
    }

    /// What an expression holds; effects on states happen here. `hint` names a fork.
    pub(super) fn value(&mut self, expr: &Expr, hint: &str, env: &Env) -> Value {
        if let Some(constant) = self.constant(expr, env) {
            return Value::Literal(constant);
        }
        if let Some(stream) = self.state(expr, env) {
            return Value::State(stream);
        }
        if let Some(group) = self.group(expr, env) {
            return Value::Group(group);
        }
        if let ExprKind::Call { func, args, keywords } = &expr.kind
            && let ExprKind::Attribute { value, attr, .. } = &func.kind
            && let Some(stream) = self.state(value, env)
        {
            match &**attr {
                "fork" => {
                    let size = args.first().or(keywords.first().map(|(_, value)| value));
                    return Value::Group(self.fork(hint, size, stream, expr.line, env));
                }
                "copy" => {
                    self.graph.lose("T004", expr.line, "copy() cannot be traced");
                    let group = self.fork(hint, None, stream, expr.line, &Env::default());
                    return Value::State(self.groups[group].streams[0]);
                }
                _ => {}
            }
        }
        if let Some(value) = self.expression(expr, env) {
            return value;
        }
        if let ExprKind::Name { name, .. } = &expr.kind
            && let Some(value) = env.get(name)
        {
            return value.clone();
        }
        if let Some(class) = self.world.constructed(expr) {
            return Value::Instance(class);
        }
        if self.speaks(expr) {
            return Value::Deferred(Box::new(expr.clone()), Box::new(env.clone()));
        }
        Value::Host(self.reads(expr, env))
    }
}

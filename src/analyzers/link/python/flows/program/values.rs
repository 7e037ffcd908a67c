//! What the names of a program hold while its graph is recovered.

use rustc_hash::FxHashMap;
use serde_json::Value as Json;

use super::builder::Builder;
use super::data::{NodeId, StreamId, Use};
use crate::analyzers::link::python::flows::{callee_name, literal};
use crate::model::Name;
use crate::model::facts::python::flows::{Expr, ExprKind, Function};

#[derive(Clone)]
pub enum Value {
    /// A state: the stream it appends to.
    State(StreamId),
    /// The streams of a fork, by index of the group.
    Group(usize),
    Literal(Json),
    Param(Name),
    /// An expression of the language kept in a variable, with what its names meant there.
    Deferred(Box<Expr>, Box<Env>),
    /// A value of the host, with what it was computed from.
    Host(Reads),
    Function(Box<Function>),
    /// An instance of a class of the project.
    Instance(Name),
    /// The state of another program's run: the node that called it.
    Run(NodeId),
}

pub type Env = FxHashMap<Name, Value>;

/// What an expression reads: shown as `arg:x` and `var:x`, and used for data edges.
#[derive(Clone, Default)]
pub struct Reads {
    pub names: Vec<String>,
    pub uses: Vec<Use>,
}

impl Reads {
    pub fn add(&mut self, other: Self) {
        for name in other.names {
            if !self.names.contains(&name) {
                self.names.push(name);
            }
        }
        for used in other.uses {
            if !self.uses.contains(&used) {
                self.uses.push(used);
            }
        }
    }

    pub fn has_variables(&self) -> bool {
        !self.uses.is_empty()
    }
}

impl Builder<'_, '_> {
    /// The stream of an expression that is a state.
    pub fn state(&self, expr: &Expr, env: &Env) -> Option<StreamId> {
        match &expr.kind {
            ExprKind::Name { name, .. } => match env.get(name)? {
                Value::State(stream) => Some(*stream),
                _ => None,
            },
            ExprKind::Subscript { value, index } => {
                let group = self.group(value, env)?;
                let streams = &self.groups[group].streams;
                let is_symbolic = self.groups[group].is_symbolic;
                match self.constant(index, env) {
                    Some(Json::Number(index)) => {
                        let index = index.as_i64()?;
                        let at = if index < 0 { streams.len() as i64 + index } else { index };
                        let at = if is_symbolic { 0 } else { usize::try_from(at).ok()? };
                        streams.get(at).copied()
                    }
                    _ if is_symbolic => streams.first().copied(),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// All streams that an expression may stand for: those of a state, or of a whole fork when
    /// which of them is meant is not known.
    pub fn states(&self, expr: &Expr, env: &Env) -> Vec<StreamId> {
        if let Some(stream) = self.state(expr, env) {
            return vec![stream];
        }
        match &expr.kind {
            ExprKind::Subscript { value, index } if self.constant(index, env).is_none() => {
                let group = self.group(value, env).map(|group| &self.groups[group]);
                group.map(|group| group.streams.clone()).unwrap_or_default()
            }
            _ => Vec::new(),
        }
    }

    /// The group of an expression that is a fork's streams.
    pub fn group(&self, expr: &Expr, env: &Env) -> Option<usize> {
        match &expr.kind {
            ExprKind::Name { name, .. } => match env.get(name)? {
                Value::Group(group) => Some(*group),
                _ => None,
            },
            _ => None,
        }
    }

    /// The constant value of an expression, folded as far as text and small numbers go.
    pub fn constant(&self, expr: &Expr, env: &Env) -> Option<Json> {
        if let Some(value) = literal(expr) {
            return Some(value);
        }
        match &expr.kind {
            ExprKind::Name { name, .. } => match env.get(name) {
                Some(Value::Literal(value)) => Some(value.clone()),
                Some(_) => None,
                None => self.world.constant(expr),
            },
            ExprKind::Attribute { .. } => self.world.constant(expr),
            ExprKind::Add(left, right) => {
                match (self.constant(left, env)?, self.constant(right, env)?) {
                    (Json::String(left), Json::String(right)) => Some((left + &right).into()),
                    (Json::Number(left), Json::Number(right)) => {
                        Some(left.as_i64()?.checked_add(right.as_i64()?)?.into())
                    }
                    (Json::Array(mut left), Json::Array(right)) => {
                        left.extend(right);
                        Some(left.into())
                    }
                    _ => None,
                }
            }
            ExprKind::FString(parts) => {
                let mut text = String::new();
                for part in parts {
                    text.push_str(&plain(&self.constant(part, env)?)?);
                }
                Some(text.into())
            }
            ExprKind::List(items) | ExprKind::Tuple(items) => {
                let items = items.iter().map(|item| self.constant(item, env));
                items.collect::<Option<Vec<Json>>>().map(Json::Array)
            }
            ExprKind::Call { func, args, keywords } if keywords.is_empty() => {
                match (callee_name(func), args.as_slice()) {
                    ("str", [only]) => Some(plain(&self.constant(only, env)?)?.into()),
                    ("len", [only]) => match self.group(only, env) {
                        Some(group) if !self.groups[group].is_symbolic => {
                            Some(self.groups[group].streams.len().into())
                        }
                        Some(_) => None,
                        None => Some(self.constant(only, env)?.as_array()?.len().into()),
                    },
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// A name that may be computed: what is constant in it, with placeholders for the rest.
    pub fn dynamic_name(&self, expr: &Expr, env: &Env) -> String {
        if let Some(text) = self.constant(expr, env).as_ref().and_then(plain) {
            return text;
        }
        match &expr.kind {
            ExprKind::FString(parts) => {
                parts.iter().map(|part| self.dynamic_name(part, env)).collect()
            }
            ExprKind::Add(left, right) => {
                self.dynamic_name(left, env) + &self.dynamic_name(right, env)
            }
            ExprKind::Call { func, args, .. } if callee_name(func) == "str" && args.len() == 1 => {
                self.dynamic_name(&args[0], env)
            }
            _ => format!("{{{}}}", expr.text),
        }
    }

    /// What an expression reads of parameters and of variables of states.
    pub fn reads(&self, expr: &Expr, env: &Env) -> Reads {
        let mut reads = Reads::default();
        self.collect(expr, env, &mut reads);
        reads
    }

    fn collect(&self, expr: &Expr, env: &Env, reads: &mut Reads) {
        match &expr.kind {
            ExprKind::Name { name, .. } => match env.get(name) {
                Some(Value::Param(name)) => {
                    reads.add(Reads { names: vec![format!("arg:{name}")], uses: Vec::new() })
                }
                Some(Value::Host(inner)) => reads.add(inner.clone()),
                Some(Value::Deferred(inner, scope)) => self.collect(inner, scope, reads),
                _ => {}
            },
            ExprKind::Subscript { value, index } => {
                if let Some(run) = self.run_of(value, env) {
                    self.read_run(run, self.dynamic_name(index, env), reads);
                    return;
                }
                let streams = self.states(value, env);
                for stream in &streams {
                    self.read_variable(*stream, self.dynamic_name(index, env), reads);
                }
                if streams.is_empty() {
                    self.collect(value, env, reads);
                    self.collect(index, env, reads);
                }
            }
            ExprKind::Compare { left, ops, others } => {
                for (op, other) in ops.iter().zip(others) {
                    if matches!(&**op, "in" | "not in")
                        && let Some(stream) = self.state(other, env)
                    {
                        self.read_variable(stream, self.dynamic_name(left, env), reads);
                        return;
                    }
                }
                self.collect(left, env, reads);
                others.iter().for_each(|other| self.collect(other, env, reads));
            }
            ExprKind::Call { func, args, keywords } => {
                if let ExprKind::Attribute { value, attr, .. } = &func.kind
                    && let Some(stream) = self.state(value, env)
                    && matches!(&**attr, "get_var" | "get_meta_info" | "get")
                    && let Some(name) = args.first()
                {
                    return self.read_variable(stream, self.dynamic_name(name, env), reads);
                }
                self.collect(func, env, reads);
                args.iter().for_each(|argument| self.collect(argument, env, reads));
                keywords.iter().for_each(|(_, argument)| self.collect(argument, env, reads));
            }
            ExprKind::Attribute { value, .. } => self.collect(value, env, reads),
            ExprKind::Add(left, right) => {
                self.collect(left, env, reads);
                self.collect(right, env, reads);
            }
            ExprKind::FString(parts)
            | ExprKind::List(parts)
            | ExprKind::Tuple(parts)
            | ExprKind::Other(parts)
            | ExprKind::Bool { parts, .. } => {
                parts.iter().for_each(|part| self.collect(part, env, reads));
            }
            ExprKind::Dict(items) => {
                for (key, value) in items {
                    self.collect(key, env, reads);
                    self.collect(value, env, reads);
                }
            }
            ExprKind::Conditional { test, body, orelse } => {
                [test, body, orelse].into_iter().for_each(|part| self.collect(part, env, reads));
            }
            ExprKind::Not(inner) | ExprKind::Starred(inner) => self.collect(inner, env, reads),
            ExprKind::Lambda { body, .. } => self.collect(body, env, reads),
            ExprKind::Comprehension { element, loops } => {
                self.comprehension(element, loops, env, reads)
            }
            ExprKind::Str(_) | ExprKind::Const(_) => {}
        }
    }

    /// `[f["x"] for f in forks]` reads the variable of every stream.
    fn comprehension(
        &self,
        element: &Expr,
        loops: &[(Expr, Expr, Vec<Expr>)],
        env: &Env,
        reads: &mut Reads,
    ) {
        let mut scopes = vec![env.clone()];
        for (target, iter, tests) in loops {
            let mut next = Vec::new();
            for scope in &scopes {
                match self.unrolled(target, iter, scope) {
                    Some(rounds) => next.extend(rounds.into_iter().map(|round| {
                        let mut scope = scope.clone();
                        scope.extend(round.bound);
                        scope
                    })),
                    None => {
                        self.collect(iter, scope, reads);
                        next.push(scope.clone());
                    }
                }
            }
            scopes = next;
            for scope in &scopes {
                tests.iter().for_each(|test| self.collect(test, scope, reads));
            }
        }
        for scope in &scopes {
            self.collect(element, scope, reads);
        }
    }

    fn read_variable(&self, stream: StreamId, name: String, reads: &mut Reads) {
        let is_other = stream != self.current;
        let seen = if is_other { self.reached(stream) } else { Vec::new() };
        let used = Use { stream, name: name.as_str().into(), seen, run: None };
        reads.add(Reads { names: vec![format!("var:{name}")], uses: vec![used] });
    }

    /// The run of another program that an expression names.
    pub fn run_of(&self, expr: &Expr, env: &Env) -> Option<NodeId> {
        match (&expr.kind, env) {
            (ExprKind::Name { name, .. }, env) => match env.get(name)? {
                Value::Run(node) => Some(*node),
                _ => None,
            },
            _ => None,
        }
    }

    /// A variable of a run's own state comes from the call itself.
    fn read_run(&self, run: NodeId, name: String, reads: &mut Reads) {
        let stream = self.current;
        let used = Use { stream, name: name.as_str().into(), seen: Vec::new(), run: Some(run) };
        reads.add(Reads { names: vec![format!("var:{name}")], uses: vec![used] });
    }
}

/// A constant as the text it becomes when appended.
pub fn plain(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        Json::Bool(value) => Some(if *value { "True" } else { "False" }.into()),
        Json::Null => Some("None".into()),
        _ => None,
    }
}

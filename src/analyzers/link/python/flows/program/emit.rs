//! Appending an expression to a stream: the nodes it becomes.

use serde_json::{Map, Value as Json, json};

use super::builder::{Builder, MAX_DEPTH, Tail};
use super::data::StreamId;
use super::values::{Env, Reads, Value, plain};
use crate::analyzers::link::python::flows::callee_name;
use crate::model::facts::python::flows::{Expr, ExprKind, StmtKind};

/// The parameters of `gen` in order, for arguments given by position. `gen_int` and `gen_string`
/// lack `min_tokens` and what follows `return_text_in_logprobs`.
const GEN: &[&str] = &[
    "name",
    "max_tokens",
    "min_tokens",
    "n",
    "stop",
    "stop_token_ids",
    "stop_regex",
    "temperature",
    "top_p",
    "top_k",
    "min_p",
    "frequency_penalty",
    "presence_penalty",
    "ignore_eos",
    "return_logprob",
    "logprob_start_len",
    "top_logprobs_num",
    "return_text_in_logprobs",
    "dtype",
    "choices",
    "choices_method",
    "regex",
    "json_schema",
];
const SELECT: &[&str] = &["name", "choices", "temperature", "choices_method"];

impl Builder<'_, '_> {
    /// Appends `expr` to `stream`.
    pub fn emit(&mut self, expr: &Expr, stream: StreamId, env: &Env) {
        if let Some(value) = self.constant(expr, env) {
            match plain(&value) {
                Some(text) => {
                    self.add(stream, "Text", expr.line, json!({ "value": text }), Reads::default());
                }
                None => self.host(expr, stream, env),
            }
            return;
        }
        match &expr.kind {
            ExprKind::Add(left, right) => {
                self.emit(left, stream, env);
                self.emit(right, stream, env);
            }
            ExprKind::Name { name, .. } => match env.get(name) {
                Some(Value::Param(name)) => {
                    let reads = self.reads(expr, env);
                    self.add(stream, "Arg", expr.line, json!({ "name": name }), reads);
                }
                Some(Value::Deferred(inner, scope)) => {
                    let (inner, scope) = (inner.clone(), scope.clone());
                    self.emit(&inner, stream, &scope);
                }
                _ => self.host(expr, stream, env),
            },
            ExprKind::Subscript { value, index } => {
                if self.states(value, env).is_empty() && self.run_of(value, env).is_none() {
                    return self.host(expr, stream, env);
                }
                let name = self.dynamic_name(index, env);
                let reads = self.reads(expr, env);
                self.add(stream, "VarRef", expr.line, json!({ "name": name }), reads);
            }
            ExprKind::Conditional { test, body, orelse }
                if self.speaks(body) || self.speaks(orelse) =>
            {
                self.either(expr, (test, body, orelse), stream, env);
            }
            ExprKind::Call { func, args, keywords } => {
                if !self.word_call(expr, func, args, keywords, stream, env)
                    && !self.helper_expression(func, args, keywords, stream, env)
                {
                    self.host(expr, stream, env);
                }
            }
            _ => self.host(expr, stream, env),
        }
    }

    /// A conditional expression of the language: a branch whose ways meet again.
    fn either(
        &mut self,
        expr: &Expr,
        (test, body, orelse): (&Expr, &Expr, &Expr),
        stream: StreamId,
        env: &Env,
    ) {
        let reads = self.reads(test, env);
        if reads.has_variables() {
            self.graph.lose(
                "T001",
                expr.line,
                format!(
                    "tracing loses this branch: {} is decided before anything is generated",
                    test.text
                ),
            );
        }
        let data = json!({ "test": test.text, "reads": reads.names });
        let Some(node) = self.add(stream, "Branch", expr.line, data, reads) else { return };
        self.tails[stream] = vec![Tail { node, kind: "ctrl", label: Some("true") }];
        self.emit(body, stream, env);
        let after = self.tails[stream].clone();
        self.tails[stream] = vec![Tail { node, kind: "ctrl", label: Some("false") }];
        self.emit(orelse, stream, env);
        self.tails[stream].extend(after);
    }

    /// Any other host expression: its code and what it reads.
    fn host(&mut self, expr: &Expr, stream: StreamId, env: &Env) {
        let reads = self.reads(expr, env);
        if reads.has_variables() && matches!(expr.kind, ExprKind::FString(_)) {
            self.graph.lose(
                "T002",
                expr.line,
                "tracing turns this f-string over generated values into constant text",
            );
        }
        let data = json!({ "code": expr.text, "reads": reads.names });
        self.add(stream, "PyText", expr.line, data, reads);
    }

    /// A word of the language: `gen`, `select`, roles, images.
    fn word_call(
        &mut self,
        call: &Expr,
        func: &Expr,
        args: &[Expr],
        keywords: &[(Option<crate::model::Name>, Expr)],
        stream: StreamId,
        env: &Env,
    ) -> bool {
        let Some(word) = self.language.word(self.world, func) else {
            return false;
        };
        match word {
            "gen" | "gen_int" | "gen_string" | "select" => {
                self.generation(word, call, args, keywords, stream, env);
            }
            "system" | "user" | "assistant" => match args {
                [] => match keywords {
                    [(_, inner), ..] => self.bracketed(word, inner, stream, env),
                    [] => {
                        self.role(word, stream, call.line, true);
                        self.role(word, stream, call.line, false);
                    }
                },
                [inner, ..] => self.bracketed(word, inner, stream, env),
            },
            // Its marks are the model's; what it brackets is ours.
            "separate_reasoning" => match args.first().or(keywords.first().map(|(_, arg)| arg)) {
                Some(inner) => {
                    let first = self.graph.list.len();
                    self.emit(inner, stream, env);
                    for node in &mut self.graph.list[first..] {
                        if node.kind == "Gen" {
                            node.data.insert("separate_reasoning".into(), true.into());
                        }
                    }
                }
                None => return false,
            },
            "image" | "video" => {
                let mut reads = Reads::default();
                args.iter().for_each(|argument| reads.add(self.reads(argument, env)));
                let data = json!({ "reads": reads.names, "media": word });
                self.add(stream, "Image", call.line, data, reads);
            }
            other => match other.split_once('_') {
                Some((role, "begin")) => self.role(role, stream, call.line, true),
                Some((role, "end")) => self.role(role, stream, call.line, false),
                _ => return false,
            },
        }
        true
    }

    /// `role(expr)`: what is in it stands between two marks.
    pub fn bracketed(&mut self, role: &str, inner: &Expr, stream: StreamId, env: &Env) {
        self.role(role, stream, inner.line, true);
        self.emit(inner, stream, env);
        self.role(role, stream, inner.line, false);
    }

    /// A role's begin or end.
    pub fn role(&mut self, role: &str, stream: StreamId, line: u32, begins: bool) {
        let kind = if begins { "RoleBegin" } else { "RoleEnd" };
        self.add(stream, kind, line, json!({ "role": role }), Reads::default());
        let roles = self.roles.entry(stream).or_default();
        if begins {
            roles.push(role.to_owned());
        } else {
            roles.pop();
        }
    }

    fn generation(
        &mut self,
        word: &str,
        call: &Expr,
        args: &[Expr],
        keywords: &[(Option<crate::model::Name>, Expr)],
        stream: StreamId,
        env: &Env,
    ) {
        let order: Vec<&str> = match word {
            "select" => SELECT.to_vec(),
            "gen" => GEN.to_vec(),
            _ => GEN[..18].iter().copied().filter(|name| *name != "min_tokens").collect(),
        };
        let mut data = Map::new();
        let mut reads = Reads::default();
        let mut name = None;
        let positional = order.iter().copied().zip(args);
        let named = keywords.iter().filter_map(|(key, value)| Some((key.as_deref()?, value)));
        for (key, value) in positional.chain(named) {
            if key == "name" {
                name = match self.constant(value, env) {
                    Some(Json::Null) => None,
                    _ => Some(self.dynamic_name(value, env)),
                };
                continue;
            }
            let constant = self.constant(value, env);
            if constant.is_none() {
                reads.add(self.reads(value, env));
            }
            match constant {
                Some(Json::Null) => {}
                Some(value) => drop(data.insert(key.into(), value)),
                None => drop(data.insert(key.into(), Json::String(value.text.to_string()))),
            }
        }
        match word {
            "gen_int" => drop(data.insert("dtype".into(), "int".into())),
            "gen_string" => drop(data.insert("dtype".into(), "str".into())),
            _ => {
                // `dtype=int` names a type, not a value.
                if let Some((_, value)) =
                    keywords.iter().find(|(key, _)| key.as_deref() == Some("dtype"))
                {
                    data.insert("dtype".into(), value.text.to_string().into());
                }
            }
        }
        let has_choices = match data.get("choices") {
            Some(Json::Array(choices)) => !choices.is_empty(),
            Some(_) => true,
            None => false,
        };
        if !has_choices {
            data.remove("choices");
        }
        let kind = if has_choices { "Select" } else { "Gen" };
        let role = self.roles.get(&stream).and_then(|roles| roles.last()).cloned();
        data.insert("name".into(), name.clone().map_or(Json::Null, Json::String));
        data.insert("role".into(), role.map_or(Json::Null, Json::String));
        if !reads.names.is_empty() {
            data.insert("reads".into(), json!(reads.names));
        }
        let node = self.add(stream, kind, call.line, Json::Object(data), reads);
        if let (Some(node), Some(name)) = (node, name) {
            self.graph.list[node].defines = Some(name.into());
        }
    }

    /// A helper that returns an expression of the language: emitted as if written here.
    fn helper_expression(
        &mut self,
        func: &Expr,
        args: &[Expr],
        keywords: &[(Option<crate::model::Name>, Expr)],
        stream: StreamId,
        env: &Env,
    ) -> bool {
        let Some((helper, receiver)) = self.callee(func, env) else { return false };
        let is_program = super::language_of(self.world, &helper).is_some();
        if is_program || self.via.len() >= MAX_DEPTH || self.via.contains(&helper.name) {
            return false;
        }
        let [body @ .., last] = helper.body.as_slice() else { return false };
        let StmtKind::Return(Some(value)) = &last.kind else { return false };
        let is_plain = body.iter().all(|stmt| matches!(&stmt.kind, StmtKind::Expr(expr) if matches!(expr.kind, ExprKind::Str(_))));
        if !is_plain || !self.speaks(value) {
            return false;
        }
        let scope = self.bind(&helper, receiver, args, keywords, env);
        self.via.push(helper.name.clone());
        self.emit(value, stream, &scope);
        self.via.pop();
        true
    }

    /// Whether an expression uses a word of the language anywhere.
    pub fn speaks(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Call { func, args, .. } => {
                self.language.word(self.world, func).is_some()
                    || args.iter().any(|argument| self.speaks(argument))
                    || self.world.function(func).is_some() && callee_name(func) != "str"
            }
            ExprKind::Add(left, right) => self.speaks(left) || self.speaks(right),
            ExprKind::Conditional { body, orelse, .. } => self.speaks(body) || self.speaks(orelse),
            _ => false,
        }
    }
}

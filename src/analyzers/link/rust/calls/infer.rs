//! Walks one body, infers the types of its expressions and notes every call.

use std::sync::Arc;

use super::super::modules::ModuleId;
use super::super::world::{Id, Prim};
use super::invoke::MethodCall;
use super::paths::{Instance, Meaning};
use super::solve::Solver;
use super::tables::{Scope, Tables};
use super::types::{T, Types, none};
use super::{Caller, Job};
use crate::model::facts::rust::calls::{Block, Body, Expr, ExprId, Literal, Site, Statement};
use crate::model::facts::rust::types::Path;
use crate::model::{Certainty, EdgeKind, Name};

/// A call that was found.
#[derive(Debug)]
pub struct Event {
    pub site: Site,
    pub kind: EdgeKind,
    pub target: Target,
}

#[derive(Debug)]
pub enum Target {
    Function {
        function: u32,
        certainty: Certainty,
        why: &'static str,
    },
    /// A trait's method, used for a type that is looked at when the body has been read.
    Method {
        function: u32,
        trait_: u32,
        args: Types,
        own: T,
        certainty: Certainty,
    },
    External(Name),
    Unresolved {
        text: String,
        reason: String,
    },
}

pub struct Inference<'t, 'w, 'a> {
    pub(super) tables: &'t Tables<'w, 'a>,
    pub(super) solver: Solver<'t, 'w, 'a>,
    pub(super) body: &'a Body,
    pub(super) scope: Scope,
    pub(super) module: ModuleId,
    pub(super) locals: Vec<(Id, T)>,
    pub(super) events: Vec<Event>,
    pub(super) returns: Vec<T>,
    breaks: Vec<T>,
    params: Vec<T>,
    /// Overloaded dereferences and indexing by the place that needed them, as events.
    pub(super) reached: Vec<(ExprId, usize)>,
}

impl<'t, 'w, 'a> Inference<'t, 'w, 'a> {
    pub(super) fn new(tables: &'t Tables<'w, 'a>, job: &Job) -> Self {
        let world = tables.world;
        let body = &world.facts(job.file).calls.bodies[job.body as usize];
        let (scope, env, params, output) = match job.caller {
            Caller::Function(id) => {
                let sig = tables.sig(id);
                let mut scope = tables.function_scope(id);
                scope.generics = sig.generics.clone();
                (scope, sig.bounds.clone(), sig.params.clone(), sig.inner.clone())
            }
            Caller::Value(id) => {
                let item = world.value(id);
                let scope = Scope {
                    file: job.file,
                    module: world.module(job.file, item.module),
                    ..Scope::default()
                };
                let output = tables.lower(&item.ty, &scope);
                (scope, Vec::new(), Vec::new(), output)
            }
        };
        let module = world.modules.id(job.file as usize, body.module).unwrap_or(scope.module);
        let solver = Solver::new(tables, module, env);
        Self {
            tables,
            solver,
            body,
            scope,
            module,
            locals: Vec::new(),
            events: Vec::new(),
            returns: vec![output],
            breaks: Vec::new(),
            params,
            reached: Vec::new(),
        }
    }

    pub(super) fn run(mut self) -> Vec<Event> {
        let params = std::mem::take(&mut self.params);
        let own = self.tables.world.known.self_;
        let has_receiver = params.len() > self.body.params.len();
        if has_receiver {
            self.locals.push((own, params[0].clone()));
        }
        let rest = params.into_iter().skip(usize::from(has_receiver));
        let patterns = self.body.params.iter().copied();
        for (pattern, ty) in patterns.zip(rest.collect::<Vec<T>>()) {
            self.bind(pattern, &ty);
        }
        let output = self.returns.last().cloned().unwrap_or(T::Unknown);
        if !self.body.exprs.is_empty() {
            let value = self.infer(self.body.root, &output);
            self.coerce(&value, &output);
        }
        self.solver.process();
        self.finish()
    }

    pub(super) fn word(&self, word: u32) -> Id {
        self.tables.world.word(self.scope.file, word)
    }

    pub(super) fn note(&mut self, site: Site, kind: EdgeKind, target: Target) {
        if site.line > 0 {
            self.events.push(Event { site, kind, target });
        }
    }

    pub(super) fn unresolved(&mut self, site: Site, text: &str, reason: impl Into<String>) {
        let target = Target::Unresolved { text: text.into(), reason: reason.into() };
        self.note(site, EdgeKind::Call, target);
    }

    pub(super) fn note_instance(&mut self, site: Site, kind: EdgeKind, instance: &Instance) {
        let target = match &instance.through {
            Some((trait_, args, own)) => Target::Method {
                function: instance.function,
                trait_: *trait_,
                args: args.clone(),
                own: own.clone(),
                certainty: instance.certainty,
            },
            None if instance.number.is_some() => {
                let number = instance.number.map_or("u64", super::paths::prim_name);
                let name = self.world().name(self.tables.short(instance.function));
                Target::External(format!("std::primitive::{number}::{name}").into())
            }
            None => Target::Function {
                function: instance.function,
                certainty: instance.certainty,
                why: "path",
            },
        };
        self.note(site, kind, target);
    }

    /// A trait's method that the language calls for the code.
    pub(super) fn implicit(&mut self, site: Site, trait_: &str, method: &str, own: &T, args: &[T]) {
        let Some(trait_) = self.tables.std.tr(trait_) else { return };
        let Some(name) = self.world().id(method) else { return };
        let found = self.tables.traits[trait_ as usize].methods.get(&name);
        if let Some(function) = found {
            let target = Target::Method {
                function: *function,
                trait_,
                args: args.iter().cloned().collect(),
                own: own.clone(),
                certainty: Certainty::Exact,
            };
            self.note(site, EdgeKind::Implicit, target);
        }
    }

    /// The type of an expression. `expected` helps closures; it is not enforced.
    pub(super) fn infer(&mut self, id: ExprId, expected: &T) -> T {
        // Chains of methods and operators may be far longer than anything nests.
        let mut chain = Vec::new();
        let mut at = id;
        while let Some(expr) = self.body.exprs.get(at as usize) {
            match expr {
                Expr::Method { receiver, .. } => {
                    chain.push(at);
                    at = *receiver;
                }
                Expr::Binary { left, .. } => {
                    chain.push(at);
                    at = *left;
                }
                _ => break,
            }
        }
        let mut ty =
            if chain.is_empty() { self.single(at, expected) } else { self.single(at, &T::Unknown) };
        let last = id;
        let body = self.body;
        for id in chain.into_iter().rev() {
            ty = match &body.exprs[id as usize] {
                Expr::Method { receiver, name, generics, args, site } => {
                    let generics: Vec<T> = generics.iter().map(|ty| self.lower(ty)).collect();
                    let wanted = if id == last { expected.clone() } else { T::Unknown };
                    let call =
                        MethodCall { receiver: *receiver, generics: &generics, args, site: *site };
                    self.method(&ty, *name, &call, &wanted)
                }
                Expr::Binary { operator, left, right, site } => {
                    let result = self.binary(*operator, &ty, *right, *site);
                    if super::operators::assigns(*operator) {
                        self.mutate(*left);
                    }
                    result
                }
                _ => T::Unknown,
            };
        }
        ty
    }

    fn single(&mut self, id: ExprId, expected: &T) -> T {
        let body = self.body;
        let Some(expr) = body.exprs.get(id as usize) else { return T::Unknown };
        if self.solver.fuel > super::FUEL {
            return T::Unknown;
        }
        match expr {
            Expr::Path(path, site) => self.path_value(path, *site),
            Expr::Literal(literal) => self.literal(literal),
            Expr::Call { callee, args, site } => self.call(*callee, args, *site, expected),
            Expr::Field(base, name, site) => {
                let base = self.infer(*base, &T::Unknown);
                self.field(id, &base, *name, *site)
            }
            Expr::Index { base, index, site } => self.index(id, *base, *index, *site),
            Expr::Unary { operator, operand, site } => self.unary(id, *operator, *operand, *site),
            Expr::Assign(left, right) => {
                let left_type = self.infer(*left, &T::Unknown);
                let given = self.infer(*right, &left_type);
                self.coerce(&given, &left_type);
                self.mutate(*left);
                T::unit()
            }
            Expr::Ref(inner, mutable) => {
                let wanted = match self.solver.shallow(expected) {
                    T::Ref(_, inner) => (*inner).clone(),
                    _ => T::Unknown,
                };
                let inner_type = self.infer(*inner, &wanted);
                if *mutable {
                    self.mutate(*inner);
                }
                T::Ref(*mutable, Arc::new(inner_type))
            }
            Expr::Try(inner, site) => self.try_(*inner, *site),
            Expr::Await(inner, site) => self.await_(*inner, *site),
            Expr::Block(block) => self.block(block, expected),
            Expr::Async(inner) => {
                let output = self.solver.fresh();
                self.returns.push(output.clone());
                let value = self.infer(*inner, &T::Unknown);
                self.returns.pop();
                self.coerce(&value, &output);
                self.tables.future_of(output)
            }
            Expr::If { .. } => self.branches(id, expected),
            Expr::Let(pattern, value) => {
                let value = self.infer(*value, &T::Unknown);
                self.bind(*pattern, &value);
                T::Prim(Prim::Bool)
            }
            Expr::Match { subject, arms } => {
                let subject = self.infer(*subject, &T::Unknown);
                let mut result = T::Never;
                for arm in arms {
                    let mark = self.locals.len();
                    self.bind(arm.pattern, &subject);
                    if let Some(guard) = arm.guard {
                        self.infer(guard, &T::Unknown);
                    }
                    let value = self.infer(arm.body, expected);
                    self.locals.truncate(mark);
                    result = self.join(result, value);
                }
                result
            }
            Expr::Loop(inner) => {
                let result = self.solver.fresh();
                self.breaks.push(result.clone());
                self.infer(*inner, &T::Unknown);
                self.breaks.pop();
                result
            }
            Expr::While { test, body } => {
                let mark = self.locals.len();
                self.infer(*test, &T::Unknown);
                self.breaks.push(T::unit());
                self.infer(*body, &T::Unknown);
                self.breaks.pop();
                self.locals.truncate(mark);
                T::unit()
            }
            Expr::For { pattern, iterable, body, site } => {
                let iterable = self.infer(*iterable, &T::Unknown);
                let known = &self.tables.known;
                let (item, into) = (known.item, known.into_iter);
                let element = self.solver.assoc(&iterable, "IntoIterator", item);
                self.implicit(*site, "IntoIterator", "into_iter", &iterable, &[]);
                let iterator = self.solver.assoc(&iterable, "IntoIterator", into);
                self.implicit(*site, "Iterator", "next", &iterator, &[]);
                let mark = self.locals.len();
                self.bind(*pattern, &element);
                self.breaks.push(T::unit());
                self.infer(*body, &T::Unknown);
                self.breaks.pop();
                self.locals.truncate(mark);
                T::unit()
            }
            Expr::Closure { params, output, body, is_async } => {
                let wanted = self.solver.expected_closure(expected);
                let output = match output {
                    Some(output) => self.lower(output),
                    None => self.solver.fresh(),
                };
                let mark = self.locals.len();
                let mut types = Vec::with_capacity(params.len());
                for (at, pattern) in params.iter().enumerate() {
                    let given = wanted.as_ref().and_then(|(given, _)| given.get(at));
                    let ty = match given {
                        Some(ty) => self.solver.shallow(ty),
                        None => self.solver.fresh(),
                    };
                    self.bind(*pattern, &ty);
                    types.push(ty);
                }
                let hint = match (&wanted, is_async) {
                    (Some((_, wanted)), false) => wanted.clone(),
                    _ => T::Unknown,
                };
                self.returns.push(output.clone());
                let value = self.infer(*body, &hint);
                self.returns.pop();
                self.coerce(&value, &output);
                self.locals.truncate(mark);
                let output = if *is_async { self.tables.future_of(output) } else { output };
                T::Fn(true, types.into(), Arc::new(output))
            }
            Expr::Tuple(items) => {
                let wanted = self.solver.shallow(expected);
                let types = items.iter().enumerate().map(|(at, item)| {
                    let wanted = match &wanted {
                        T::Tuple(items) => items.get(at).cloned().unwrap_or(T::Unknown),
                        _ => T::Unknown,
                    };
                    self.infer(*item, &wanted)
                });
                T::Tuple(types.collect())
            }
            Expr::Array { items, is_vec } => {
                let element = self.solver.fresh();
                for item in items {
                    let ty = self.infer(*item, &element);
                    self.coerce(&ty, &element);
                }
                match (is_vec, self.tables.std.ty("Vec")) {
                    (true, Some(vec)) => T::Adt(vec, Arc::from([element])),
                    _ => T::Array(Arc::new(element)),
                }
            }
            Expr::Struct { path, fields, rest } => self.struct_literal(path, fields, *rest),
            Expr::Cast(inner, ty) => {
                self.infer(*inner, &T::Unknown);
                self.lower(ty)
            }
            Expr::Range(start, end, closed) => {
                let element = self.solver.fresh();
                for part in [start, end].into_iter().flatten() {
                    let ty = self.infer(*part, &element);
                    self.solver.unify(&element, &ty);
                }
                let name = match (start, end, closed) {
                    (Some(_), Some(_), false) => "Range",
                    (Some(_), Some(_), true) => "RangeInclusive",
                    (Some(_), None, _) => "RangeFrom",
                    (None, Some(_), false) => "RangeTo",
                    (None, Some(_), true) => "RangeToInclusive",
                    (None, None, _) => "RangeFull",
                };
                match self.tables.std.ty(name) {
                    Some(id) => T::Adt(id, Arc::from([element])),
                    None => T::Unknown,
                }
            }
            Expr::Return(value) => {
                let output = self.returns.last().cloned().unwrap_or(T::Unknown);
                if let Some(value) = value {
                    let value = self.infer(*value, &output);
                    self.coerce(&value, &output);
                }
                T::Never
            }
            Expr::Break(value) => {
                let output = self.breaks.last().cloned().unwrap_or(T::Unknown);
                let value = match value {
                    Some(value) => self.infer(*value, &output),
                    None => T::unit(),
                };
                self.coerce(&value, &output);
                T::Never
            }
            Expr::Typed(args, ty) => {
                for arg in args {
                    self.infer(*arg, &T::Unknown);
                }
                self.lower(ty)
            }
            Expr::Macro { path, args, .. } => self.macro_(path, args),
            Expr::Never => T::Never,
            Expr::Unknown => T::Unknown,
            Expr::Method { .. } | Expr::Binary { .. } => T::Unknown,
        }
    }

    fn macro_(&mut self, path: &Path, args: &[ExprId]) -> T {
        let mark = self.locals.len();
        let types: Vec<T> = args.iter().map(|arg| self.infer(*arg, &T::Unknown)).collect();
        self.locals.truncate(mark);
        let name = path.last().map(|last| self.word(last.name));
        let name = name.map_or("", |name| self.world().name(name));
        match (name, types.as_slice()) {
            ("ready", [polled]) => self.unwrapped(polled, "Poll").unwrap_or(T::Unknown),
            ("pin", [pinned]) => match self.tables.std.ty("Pin") {
                Some(pin) => T::Adt(pin, Arc::from([T::Ref(true, Arc::new(pinned.clone()))])),
                None => T::Unknown,
            },
            ("r#try" | "try", [value]) => self.opened(value).unwrap_or(T::Unknown),
            ("addr_of" | "addr_of_mut", [value]) => T::Ptr(Arc::new(value.clone())),
            _ => T::Unknown,
        }
    }

    /// The argument of a type of the standard library, when it is that type.
    pub(super) fn unwrapped(&mut self, ty: &T, name: &str) -> Option<T> {
        match self.solver.shallow(ty) {
            T::Adt(id, args) if self.tables.std.ty(name) == Some(id) => args.first().cloned(),
            _ => None,
        }
    }

    fn path_value(&mut self, path: &Path, site: Site) -> T {
        match self.meaning(path) {
            Meaning::Value(ty) | Meaning::Constructor(ty) => ty,
            Meaning::Function(instance) => {
                self.note_instance(site, EdgeKind::Callback, &instance);
                T::Fn(false, instance.params.into(), Arc::new(instance.output))
            }
            Meaning::External(_) | Meaning::Unknown(_) => T::Unknown,
        }
    }

    pub(super) fn literal(&mut self, literal: &Literal) -> T {
        let suffixed = |this: &Self, word: &Option<u32>| {
            let name = this.tables.world.name(this.word((*word)?));
            super::super::resolve::primitive(name).map(T::Prim)
        };
        match literal {
            Literal::Str(_) => T::Prim(Prim::Str).reference(),
            Literal::ByteStr => T::Array(Arc::new(T::Prim(Prim::U8))).reference(),
            Literal::CStr => match self.tables.std.ty("CStr") {
                Some(id) => T::Adt(id, none()).reference(),
                None => T::Unknown,
            },
            Literal::Byte => T::Prim(Prim::U8),
            Literal::Char => T::Prim(Prim::Char),
            Literal::Bool => T::Prim(Prim::Bool),
            Literal::Int(suffix) => {
                suffixed(self, suffix).unwrap_or_else(|| self.solver.fresh_int())
            }
            Literal::Float(suffix) => {
                suffixed(self, suffix).unwrap_or_else(|| self.solver.fresh_float())
            }
        }
    }

    fn branches(&mut self, first: ExprId, expected: &T) -> T {
        let body = self.body;
        let mut result = T::Never;
        let mut at = Some(first);
        while let Some(id) = at {
            let Some(Expr::If { test, then, otherwise }) = body.exprs.get(id as usize) else {
                let value = self.infer(id, expected);
                return self.join(result, value);
            };
            let mark = self.locals.len();
            self.infer(*test, &T::Unknown);
            let value = self.infer(*then, expected);
            self.locals.truncate(mark);
            result = self.join(result, value);
            at = *otherwise;
            if at.is_none() {
                return T::unit();
            }
        }
        result
    }

    /// The type of a value that is one or the other.
    fn join(&mut self, a: T, b: T) -> T {
        match (&a, &b) {
            (T::Never | T::Unknown, _) => b,
            (_, T::Never | T::Unknown) => a,
            _ => {
                self.coerce(&b, &a);
                a
            }
        }
    }

    fn block(&mut self, block: &Block, expected: &T) -> T {
        let mark = self.locals.len();
        let outer = (self.module, self.scope.module);
        if let Some(local) = block.module
            && let Some(inner) = self.world().modules.id(self.scope.file as usize, local)
        {
            self.module = inner;
            self.scope.module = inner;
            self.solver.module = inner;
        }
        let mut never = false;
        for statement in &block.statements {
            match statement {
                Statement::Let { pattern, value, otherwise } => {
                    let written = self.written_type(*pattern);
                    let ty = match value {
                        Some(value) => {
                            let wanted = written.clone().unwrap_or(T::Unknown);
                            let ty = self.infer(*value, &wanted);
                            match &written {
                                Some(written) => {
                                    self.coerce(&ty, written);
                                    written.clone()
                                }
                                None if ty == T::Never => T::Unknown,
                                None => ty,
                            }
                        }
                        None => written.unwrap_or_else(|| self.solver.fresh()),
                    };
                    if let Some(otherwise) = otherwise {
                        self.infer(*otherwise, &T::Unknown);
                    }
                    self.bind(*pattern, &ty);
                }
                Statement::Expr(expr) => never |= self.infer(*expr, &T::Unknown) == T::Never,
            }
        }
        let result = match block.tail {
            Some(tail) => self.infer(tail, expected),
            None if never => T::Never,
            None => T::unit(),
        };
        self.locals.truncate(mark);
        (self.module, self.scope.module) = outer;
        self.solver.module = outer.0;
        result
    }

    fn written_type(&mut self, pattern: u32) -> Option<T> {
        use crate::model::facts::rust::calls::Pattern;
        match self.body.patterns.get(pattern as usize) {
            Some(Pattern::Typed(_, ty)) => Some(self.lower(ty)),
            _ => None,
        }
    }
}

//! Walks one body, infers the types of its expressions and notes every call.

use std::sync::Arc;

use super::super::modules::ModuleId;
use super::super::world::{Id, Prim};
use super::methods::{Found, Missing};
use super::paths::{Instance, Meaning};
use super::solve::{Solver, is_int};
use super::tables::{Scope, Tables};
use super::types::{T, Types, none};
use super::{Caller, Job};
use crate::model::facts::rust::calls::{
    Binary, Block, Body, Expr, ExprId, Literal, Site, Statement, Unary,
};
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
    returns: Vec<T>,
    breaks: Vec<T>,
    params: Vec<T>,
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

    /// Decides which implementation each trait method means, now that all is inferred.
    fn finish(mut self) -> Vec<Event> {
        let events = std::mem::take(&mut self.events);
        let mut done = Vec::with_capacity(events.len());
        for event in events {
            match event.target {
                Target::Method { function, trait_, args, own, certainty } => {
                    let target = self.implementation(function, trait_, &args, &own, certainty);
                    done.push(Event { target, ..event });
                }
                _ => done.push(event),
            }
        }
        done
    }

    fn implementation(
        &mut self,
        function: u32,
        trait_: u32,
        args: &Types,
        own: &T,
        certainty: Certainty,
    ) -> Target {
        let ty = self.solver.resolve(own);
        let name = self.tables.short(function);
        let answer = |function, own: Certainty, why| Target::Function {
            function,
            certainty: own.max(certainty),
            why,
        };
        match &ty {
            T::Var(_) | T::Unknown => {
                return answer(function, Certainty::Possible, "the receiver's type is not known");
            }
            T::Param(_) | T::Proj(_) | T::Impl(_) => {
                return answer(function, Certainty::Inferred, "through a bound");
            }
            T::Dyn(bounds) if bounds.iter().any(|bound| bound.trait_ == trait_) => {
                return answer(function, Certainty::Inferred, "dynamic dispatch");
            }
            _ => {}
        }
        let args: Types = args.iter().map(|arg| self.solver.resolve(arg)).collect();
        let Some((found, _)) = self.solver.select(&ty, trait_, &args, 0) else {
            if matches!(ty, T::Dyn(_)) {
                return answer(function, Certainty::Inferred, "dynamic dispatch");
            }
            return answer(function, Certainty::Exact, "trait method");
        };
        match self.tables.impls[found as usize].methods.get(&name) {
            Some(own) => answer(*own, Certainty::Exact, "implementation"),
            None => answer(function, Certainty::Exact, "default method"),
        }
    }

    pub(super) fn word(&self, word: u32) -> Id {
        self.tables.world.word(self.scope.file, word)
    }

    fn note(&mut self, site: Site, kind: EdgeKind, target: Target) {
        if site.line > 0 {
            self.events.push(Event { site, kind, target });
        }
    }

    fn unresolved(&mut self, site: Site, text: &str, reason: impl Into<String>) {
        let target = Target::Unresolved { text: text.into(), reason: reason.into() };
        self.note(site, EdgeKind::Call, target);
    }

    fn note_instance(&mut self, site: Site, kind: EdgeKind, instance: &Instance) {
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
                Expr::Method { name, generics, args, site, .. } => {
                    let generics: Vec<T> = generics.iter().map(|ty| self.lower(ty)).collect();
                    let wanted = if id == last { expected.clone() } else { T::Unknown };
                    self.method(&ty, *name, &generics, args, *site, &wanted)
                }
                Expr::Binary { operator, right, site, .. } => {
                    self.binary(*operator, &ty, *right, *site)
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
            Expr::Field(base, name) => {
                let base = self.infer(*base, &T::Unknown);
                self.field(&base, *name)
            }
            Expr::Index { base, index, site } => self.index(*base, *index, *site),
            Expr::Unary { operator, operand, site } => self.unary(*operator, *operand, *site),
            Expr::Assign(left, right) => {
                let left = self.infer(*left, &T::Unknown);
                let right = self.infer(*right, &left);
                self.coerce(&right, &left);
                T::unit()
            }
            Expr::Ref(inner) => {
                let wanted = match self.solver.shallow(expected) {
                    T::Ref(_, inner) => (*inner).clone(),
                    _ => T::Unknown,
                };
                self.infer(*inner, &wanted).reference()
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
    fn unwrapped(&mut self, ty: &T, name: &str) -> Option<T> {
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

    fn is_closure(&self, id: ExprId) -> bool {
        matches!(self.body.exprs.get(id as usize), Some(Expr::Closure { .. }))
    }

    /// Reads the arguments of a call: closures last, when the others have told their types.
    fn arguments(&mut self, formals: &[T], args: &[ExprId], output: &T, expected: &T) {
        let closures = args.iter().any(|arg| self.is_closure(*arg));
        if closures {
            self.solver.unify(output, expected);
        }
        for pass in [false, true] {
            if pass && !closures {
                break;
            }
            for (at, arg) in args.iter().enumerate() {
                if self.is_closure(*arg) != pass {
                    continue;
                }
                let formal = formals.get(at).cloned().unwrap_or(T::Unknown);
                let given = self.infer(*arg, &formal);
                self.coerce(&given, &formal);
                if pass {
                    self.solver.process();
                }
            }
            self.solver.process();
        }
    }

    fn call(&mut self, callee: ExprId, args: &[ExprId], site: Site, expected: &T) -> T {
        let body = self.body;
        let Some(Expr::Path(path, _)) = body.exprs.get(callee as usize) else {
            let ty = self.infer(callee, &T::Unknown);
            return self.call_value(&ty, args, site, "", expected);
        };
        match self.meaning(path) {
            Meaning::Function(instance) => {
                self.note_instance(site, EdgeKind::Call, &instance);
                self.arguments(&instance.params, args, &instance.output, expected);
                self.conversion(&instance, site);
                instance.output
            }
            Meaning::Constructor(ty) => match &ty {
                T::Fn(_, params, output) => {
                    self.arguments(params, args, output, expected);
                    (**output).clone()
                }
                _ => {
                    self.arguments(&[], args, &T::Unknown, &T::Unknown);
                    ty
                }
            },
            Meaning::Value(ty) => {
                let text = self.written(path);
                self.call_value(&ty, args, site, &text, expected)
            }
            Meaning::External(name) => {
                self.note(site, EdgeKind::Call, Target::External(name));
                self.arguments(&[], args, &T::Unknown, &T::Unknown);
                T::Unknown
            }
            Meaning::Unknown(reason) => {
                let text = self.written(path);
                self.unresolved(site, &text, reason);
                self.arguments(&[], args, &T::Unknown, &T::Unknown);
                T::Unknown
            }
        }
    }

    fn written(&self, path: &Path) -> String {
        let names: Vec<&str> = self
            .tables
            .ids(path, self.scope.file)
            .iter()
            .map(|id| self.world().name(*id))
            .collect();
        names.join("::")
    }

    /// A call of a value: a closure's own calls are the enclosing function's already.
    fn call_value(&mut self, ty: &T, args: &[ExprId], site: Site, text: &str, expected: &T) -> T {
        let ty = self.solver.shallow(ty);
        let mut bare = ty.clone();
        while let T::Ref(_, inner) = &bare {
            let inner = inner.clone();
            bare = self.solver.shallow(&inner);
        }
        let is_closure = matches!(bare, T::Fn(true, ..));
        if !is_closure {
            let shown = self.solver.resolve(&bare);
            let reason = match &shown {
                T::Unknown | T::Var(_) => "a value of unknown type is called".to_string(),
                T::Fn(..) => "a function pointer is called".to_string(),
                _ => format!("a value of type `{}` is called", self.show(&shown)),
            };
            self.unresolved(site, text, reason);
        }
        match self.solver.callable(&ty, 0) {
            Some((params, output)) => {
                self.arguments(&params, args, &output, expected);
                output
            }
            None => {
                self.arguments(&[], args, &T::Unknown, &T::Unknown);
                T::Unknown
            }
        }
    }

    fn method(
        &mut self,
        receiver: &T,
        name: u32,
        generics: &[T],
        args: &[ExprId],
        site: Site,
        expected: &T,
    ) -> T {
        let name = self.word(name);
        self.solver.process();
        let missing = match self.solver.probe(receiver, name) {
            Ok(found) => return self.found(found, generics, args, site, expected),
            Err(missing) => missing,
        };
        let text = self.world().name(name).to_string();
        match missing {
            Missing::External(path) => {
                let path = format!("{path}::{text}");
                self.note(site, EdgeKind::Call, Target::External(path.into()));
            }
            Missing::NotFound(ty) if self.pinned(&ty).is_some() => {
                let reason = "not written in the source: a macro may generate it";
                self.unresolved(site, &text, reason);
                if let (Some(projected), "project" | "project_ref") = (self.pinned(&ty), &*text) {
                    return projected;
                }
            }
            Missing::NotFound(ty) => {
                let mut bare = ty.clone();
                while let T::Ref(_, inner) = &bare {
                    let inner = inner.clone();
                    bare = self.solver.shallow(&inner);
                }
                match self.std_path(&bare) {
                    Some(path) => {
                        let path = format!("{path}::{text}");
                        self.note(site, EdgeKind::Call, Target::External(path.into()));
                    }
                    None => {
                        let reason =
                            format!("no method `{text}` of `{}` is known", self.show(&bare));
                        self.unresolved(site, &text, reason);
                    }
                }
            }
            Missing::Unknown => self.by_name_only(name, args.len(), site, &text),
        }
        self.arguments(&[], args, &T::Unknown, &T::Unknown);
        T::Unknown
    }

    /// For `Pin<&mut S>` of a struct of the project: its projection.
    fn pinned(&mut self, ty: &T) -> Option<T> {
        let mut target = self.unwrapped(ty, "Pin").or_else(|| self.solver.deref(ty))?;
        for _ in 0..4 {
            target = self.solver.shallow(&target);
            match &target {
                T::Adt(id, args) => {
                    let world = self.world();
                    if !world.is_std(world.types[*id as usize].file) {
                        return Some(T::Projected(*id, args.clone()));
                    }
                    target = self.solver.deref(&target)?;
                }
                T::Ref(_, inner) => target = (**inner).clone(),
                _ => return None,
            }
        }
        None
    }

    /// The receiver's type is unknown: a name that only one method of the project has, and none
    /// of the standard library, may well mean that one.
    fn by_name_only(&mut self, name: Id, args: usize, site: Site, text: &str) {
        let candidates = self.tables.named.get(&name).map_or(&[][..], |found| found);
        let fits: Vec<u32> = candidates
            .iter()
            .copied()
            .filter(|id| {
                let item = self.world().function(*id);
                item.receiver.is_some() && item.params.len() == args
            })
            .collect();
        let known_outside = fits.iter().any(|id| self.tables.is_std_function(*id));
        match fits.as_slice() {
            [only] if !known_outside => {
                let target = Target::Function {
                    function: *only,
                    certainty: Certainty::Possible,
                    why: "the only method of this name",
                };
                self.note(site, EdgeKind::Call, target);
            }
            _ => self.unresolved(site, text, "the receiver's type is not known"),
        }
    }

    fn found(
        &mut self,
        found: Found,
        generics: &[T],
        args: &[ExprId],
        site: Site,
        expected: &T,
    ) -> T {
        for ty in &found.derefs {
            self.implicit(site, "Deref", "deref", ty, &[]);
        }
        let mut instance =
            self.instantiate(found.function, Some(&found.self_ty), found.trait_, generics);
        instance.certainty = found.certainty;
        if let Some(receiver) = instance.params.first().cloned() {
            self.solver.unify(&receiver, &found.receiver);
        }
        self.note_instance(site, EdgeKind::Call, &instance);
        let formals = instance.params.get(1..).unwrap_or_default().to_vec();
        self.arguments(&formals, args, &instance.output, expected);
        self.conversion(&instance, site);
        instance.output
    }

    /// Calls of the standard library that run the project's own code: `into` runs `From::from`,
    /// `to_string` runs `Display::fmt`, `collect` runs `FromIterator::from_iter` …
    fn conversion(&mut self, instance: &Instance, site: Site) {
        let Some((_, args, own)) = &instance.through else { return };
        if !self.tables.is_std_function(instance.function) {
            return;
        }
        match self.world().name(self.tables.short(instance.function)) {
            "into" => {
                let target = instance.output.clone();
                self.implicit(site, "From", "from", &target, std::slice::from_ref(own));
            }
            "try_into" => {
                if let Some(to) = args.first().cloned() {
                    self.implicit(site, "TryFrom", "try_from", &to, std::slice::from_ref(own));
                }
            }
            "to_string" => self.implicit(site, "Display", "fmt", own, &[]),
            "collect" => {
                let target = instance.output.clone();
                self.implicit(site, "FromIterator", "from_iter", &target, &[]);
            }
            _ => {}
        }
    }

    /// Lets a value stand where another type is wanted: by reference, dereferenced, unsized.
    pub(super) fn coerce(&mut self, given: &T, wanted: &T) {
        if self.solver.unify(given, wanted) {
            return;
        }
        let (given, wanted) = (self.solver.shallow(given), self.solver.shallow(wanted));
        let (T::Ref(_, from), T::Ref(_, to) | T::Ptr(to)) = (&given, &wanted) else { return };
        let mut from = self.solver.shallow(from);
        for _ in 0..6 {
            if self.solver.unify(&from, to) {
                return;
            }
            if let (T::Array(item), T::Slice(wanted)) = (&from, self.solver.shallow(to)) {
                self.solver.unify(item, &wanted);
                return;
            }
            match self.solver.deref(&from) {
                Some(next) => from = self.solver.shallow(&next),
                None => return,
            }
        }
    }

    fn field(&mut self, base: &T, name: u32) -> T {
        let name = self.word(name);
        let mut step = self.solver.shallow(base);
        for _ in 0..8 {
            match &step {
                T::Adt(id, args) => {
                    if let Some(ty) = self.tables.field(*id, args, 0, name) {
                        return ty;
                    }
                }
                T::Projected(id, args) => {
                    if let (Some(ty), Some(pin)) =
                        (self.tables.field(*id, args, 0, name), self.tables.std.ty("Pin"))
                    {
                        return T::Adt(pin, Arc::from([T::Ref(true, Arc::new(ty))]));
                    }
                }
                T::Tuple(items) => {
                    let at = self.world().name(name).parse::<usize>().ok();
                    if let Some(ty) = at.and_then(|at| items.get(at)) {
                        return ty.clone();
                    }
                }
                _ => {}
            }
            match self.solver.deref(&step) {
                Some(next) => step = self.solver.shallow(&next),
                None => return T::Unknown,
            }
        }
        T::Unknown
    }

    fn index(&mut self, base: ExprId, index: ExprId, site: Site) -> T {
        let base = self.infer(base, &T::Unknown);
        let index = self.infer(index, &T::Unknown);
        let key = self.solver.shallow(&index);
        let is_range = matches!(&key, T::Adt(id, _) if RANGES
            .iter()
            .any(|name| self.tables.std.ty(name) == Some(*id)));
        let mut step = self.solver.shallow(&base);
        for _ in 0..8 {
            match &step {
                T::Slice(item) | T::Array(item) => {
                    return if is_range { T::Slice(item.clone()) } else { (**item).clone() };
                }
                T::Adt(id, args) if self.tables.std.ty("Vec") == Some(*id) => {
                    let item = args.first().cloned().unwrap_or(T::Unknown);
                    return if is_range { T::Slice(Arc::new(item)) } else { item };
                }
                T::Adt(id, _) if self.tables.std.ty("String") == Some(*id) => {
                    return T::Prim(Prim::Str);
                }
                T::Prim(Prim::Str) => return step,
                T::Var(_) | T::Unknown => return T::Unknown,
                _ => {}
            }
            if let (Some(trait_), Some(name)) =
                (self.tables.std.tr("Index"), self.tables.known.output)
            {
                let args: Types = Arc::from([index.clone()]);
                if self.solver.implements(&step, trait_, &args) {
                    self.implicit(site, "Index", "index", &step, std::slice::from_ref(&index));
                    let output = super::tables::project(step, Some((trait_, args)), name);
                    return self.solver.shallow(&output);
                }
            }
            match self.solver.deref(&step) {
                Some(next) => step = self.solver.shallow(&next),
                None => return T::Unknown,
            }
        }
        T::Unknown
    }

    fn unary(&mut self, operator: Unary, operand: ExprId, site: Site) -> T {
        let ty = self.infer(operand, &T::Unknown);
        let ty = self.solver.shallow(&ty);
        match operator {
            Unary::Deref => {
                if matches!(ty, T::Adt(..) | T::Param(_) | T::Proj(_)) {
                    self.implicit(site, "Deref", "deref", &ty, &[]);
                }
                self.solver.deref(&ty).unwrap_or(T::Unknown)
            }
            Unary::Not | Unary::Neg => {
                let (trait_, method) =
                    if operator == Unary::Not { ("Not", "not") } else { ("Neg", "neg") };
                if !matches!(ty, T::Adt(..) | T::Param(_) | T::Proj(_)) {
                    return ty;
                }
                self.implicit(site, trait_, method, &ty, &[]);
                let output = self.tables.known.output;
                self.solver.assoc(&ty, trait_, output)
            }
        }
    }

    fn binary(&mut self, operator: Binary, left: &T, right: ExprId, site: Site) -> T {
        let left = self.solver.shallow(left);
        let wanted = match operator {
            Binary::Shl | Binary::Shr => T::Unknown,
            _ if matches!(left, T::Prim(_)) => left.clone(),
            _ => T::Unknown,
        };
        let right = self.infer(right, &wanted);
        let right = self.solver.shallow(&right);
        let Some((trait_, method)) = overload(operator) else { return T::Prim(Prim::Bool) };
        let compares = matches!(trait_, "PartialEq" | "PartialOrd");
        let assigns = trait_.ends_with("Assign");
        let is_number = |ty: &T| match ty {
            T::Prim(prim) => is_int(*prim) || matches!(prim, Prim::F32 | Prim::F64 | Prim::Bool),
            _ => false,
        };
        let (l, r) = (self.unreferenced(&left), self.unreferenced(&right));
        let hole = self.solver.is_number_hole(&l);
        if is_number(&l) || hole {
            if !matches!(operator, Binary::Shl | Binary::Shr)
                && (is_number(&r) || matches!(r, T::Var(_)))
            {
                self.solver.unify(&l, &r);
            }
            if is_number(&r) || matches!(r, T::Var(_) | T::Unknown) {
                return match (compares, assigns) {
                    (true, _) => T::Prim(Prim::Bool),
                    (_, true) => T::unit(),
                    _ => l,
                };
            }
        }
        let own = if compares { &l } else { &left };
        if matches!(own, T::Adt(..) | T::Param(_) | T::Proj(_) | T::Ref(..)) || hole {
            let other = if compares { &r } else { &right };
            self.implicit(site, trait_, method, own, std::slice::from_ref(other));
        }
        if compares {
            if matches!(l, T::Var(_)) || matches!(r, T::Var(_)) {
                self.solver.unify(&l, &r);
            }
            return T::Prim(Prim::Bool);
        }
        if assigns {
            return T::unit();
        }
        match (self.tables.std.tr(trait_), self.tables.known.output) {
            (Some(id), Some(name)) if !matches!(left, T::Unknown | T::Var(_)) => {
                let args: Types = Arc::from([right]);
                let output = super::tables::project(left, Some((id, args)), name);
                self.solver.shallow(&output)
            }
            _ => T::Unknown,
        }
    }

    fn unreferenced(&mut self, ty: &T) -> T {
        let mut ty = self.solver.shallow(ty);
        while let T::Ref(_, inner) = &ty {
            let inner = inner.clone();
            ty = self.solver.shallow(&inner);
        }
        ty
    }

    /// What `?` gives of a value.
    fn opened(&mut self, ty: &T) -> Option<T> {
        let ty = self.solver.shallow(ty);
        let T::Adt(id, args) = &ty else { return None };
        let std = &self.tables.std;
        if std.ty("Option") == Some(*id) || std.ty("Result") == Some(*id) {
            return args.first().cloned();
        }
        if std.ty("Poll") == Some(*id) {
            let inner = args.first()?.clone();
            let opened = self.opened(&inner)?;
            return Some(T::Adt(*id, Arc::from([opened])));
        }
        None
    }

    fn try_(&mut self, inner: ExprId, site: Site) -> T {
        let ty = self.infer(inner, &T::Unknown);
        self.solver.process();
        let value = self.opened(&ty).unwrap_or(T::Unknown);
        let result = self.tables.std.ty("Result");
        let output = self.returns.last().cloned().unwrap_or(T::Unknown);
        if let (T::Adt(id, args), T::Adt(to, to_args)) =
            (self.solver.shallow(&ty), self.solver.shallow(&output))
            && Some(id) == result
            && Some(to) == result
            && let (Some(from), Some(to)) = (args.get(1), to_args.get(1))
        {
            let (from, to) = (self.solver.resolve(from), self.solver.resolve(to));
            if from != to && matches!(to, T::Adt(..)) {
                self.implicit(site, "From", "from", &to, &[from]);
            }
        }
        value
    }

    fn await_(&mut self, inner: ExprId, site: Site) -> T {
        let ty = self.infer(inner, &T::Unknown);
        self.solver.process();
        let ty = self.solver.shallow(&ty);
        let output = self.tables.known.output;
        if matches!(ty, T::Adt(..)) {
            self.implicit(site, "Future", "poll", &ty, &[]);
        }
        match self.solver.assoc(&ty, "IntoFuture", output) {
            T::Unknown | T::Proj(_) => self.solver.assoc(&ty, "Future", output),
            known => known,
        }
    }

    fn struct_literal(&mut self, path: &Path, fields: &[(u32, ExprId)], rest: Option<ExprId>) -> T {
        let adt = match self.pattern_type(path) {
            Some((T::Adt(id, _), 0)) if path.last().is_some_and(|last| !last.args.is_empty()) => {
                let written = self.lower_path(path);
                let written = self.fill_holes(&written);
                Some((
                    if matches!(written, T::Adt(other, _) if other == id) {
                        written
                    } else {
                        self.adt_with_holes(id)
                    },
                    0,
                ))
            }
            other => other,
        };
        for (name, value) in fields {
            let name = self.word(*name);
            let wanted = match &adt {
                Some((T::Adt(id, args), variant)) => {
                    self.tables.field(*id, args, *variant, name).unwrap_or(T::Unknown)
                }
                _ => T::Unknown,
            };
            let given = self.infer(*value, &wanted);
            self.coerce(&given, &wanted);
        }
        let ty = adt.map_or_else(
            || {
                let written = self.lower_path(path);
                self.fill_holes(&written)
            },
            |(ty, _)| ty,
        );
        if let Some(rest) = rest {
            let given = self.infer(rest, &ty);
            self.coerce(&given, &ty);
        }
        ty
    }
}

const RANGES: &[&str] =
    &["Range", "RangeInclusive", "RangeFrom", "RangeTo", "RangeToInclusive", "RangeFull"];

/// The trait and method that overload an operator.
fn overload(operator: Binary) -> Option<(&'static str, &'static str)> {
    Some(match operator {
        Binary::Add => ("Add", "add"),
        Binary::Sub => ("Sub", "sub"),
        Binary::Mul => ("Mul", "mul"),
        Binary::Div => ("Div", "div"),
        Binary::Rem => ("Rem", "rem"),
        Binary::BitAnd => ("BitAnd", "bitand"),
        Binary::BitOr => ("BitOr", "bitor"),
        Binary::BitXor => ("BitXor", "bitxor"),
        Binary::Shl => ("Shl", "shl"),
        Binary::Shr => ("Shr", "shr"),
        Binary::AddAssign => ("AddAssign", "add_assign"),
        Binary::SubAssign => ("SubAssign", "sub_assign"),
        Binary::MulAssign => ("MulAssign", "mul_assign"),
        Binary::DivAssign => ("DivAssign", "div_assign"),
        Binary::RemAssign => ("RemAssign", "rem_assign"),
        Binary::BitAndAssign => ("BitAndAssign", "bitand_assign"),
        Binary::BitOrAssign => ("BitOrAssign", "bitor_assign"),
        Binary::BitXorAssign => ("BitXorAssign", "bitxor_assign"),
        Binary::ShlAssign => ("ShlAssign", "shl_assign"),
        Binary::ShrAssign => ("ShrAssign", "shr_assign"),
        Binary::Eq => ("PartialEq", "eq"),
        Binary::Ne => ("PartialEq", "ne"),
        Binary::Lt => ("PartialOrd", "lt"),
        Binary::Le => ("PartialOrd", "le"),
        Binary::Gt => ("PartialOrd", "gt"),
        Binary::Ge => ("PartialOrd", "ge"),
        Binary::Logic => return None,
    })
}

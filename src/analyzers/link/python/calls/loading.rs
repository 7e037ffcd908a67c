//! Puts the program into the graph: operations, bodies and classes.

use super::graph::Rule;
use super::solver::{Argument, Hidden, Invocation, Site, Solver};
use super::values::{BodyId, ClassId, Value, Var};
use crate::model::EdgeKind;
use crate::model::facts::python::calls::{ArgKind, BodyKind, Op, ParamKind, Shape};

/// Members of an enumeration beyond these tell no more of what makes them.
const MOST_MEMBERS: usize = 32;

impl<'a> Solver<'a, '_> {
    /// Puts all operations into the graph.
    pub fn load(&mut self) {
        for at in 0..self.ops.len() {
            let (op, file) = self.ops[at];
            self.load_op(at as u32, *op, file);
        }
        for body in 0..self.program.bodies.len() as BodyId {
            self.load_body(body);
        }
        for class in 0..self.program.classes.len() as ClassId {
            self.load_class(class);
        }
    }

    fn load_op(&mut self, at: u32, op: Op, file: u32) {
        let info = &self.program.files[file as usize];
        let base = info.vars;
        let var = |local: u32| if local == 0 { 0 } else { base + local };
        let sym = |local: u32| info.syms[local as usize];
        match op {
            Op::Copy { to, from } => self.graph.edge(var(from), var(to)),
            Op::Import { to, origin, site } => {
                let (to, origin) = (var(to), sym(origin));
                let site = self.site(file, site);
                self.import(origin, to, site);
            }
            Op::Builtin { to, name } => self.add(var(to), Value::Builtin(sym(name))),
            Op::Text { to, value } => self.add(var(to), Value::Text(sym(value))),
            Op::Number { to, value } => self.add(var(to), Value::Number(value)),
            Op::Pattern { to, prefix, suffix } => {
                self.add(var(to), Value::Pattern(sym(prefix), sym(suffix)));
            }
            Op::Literal { to, kind } => self.add(var(to), Value::Literal(kind)),
            Op::Function { to, body } => {
                let value = Value::Function(info.bodies + body);
                self.add(var(to), value);
            }
            Op::Class { to, class } => {
                let value = Value::Class(info.classes + class);
                self.add(var(to), value);
            }
            Op::Display { to, shape, first, count, site } => {
                let site = self.site(file, site);
                self.display(file, var(to), shape, (first, count), site);
            }
            Op::Load { base, .. }
            | Op::Store { base, .. }
            | Op::DelItem { base, .. }
            | Op::DelAttr { base, .. }
            | Op::Slice { base, .. } => self.wake(var(base), at),
            Op::GetItem { base, key, .. } | Op::SetItem { base, key, .. } => {
                self.wake(var(base), at);
                self.wake_other(var(key), at);
            }
            Op::Iterate { from, .. }
            | Op::Unpack { from, .. }
            | Op::MatchArg { from, .. }
            | Op::Unary { from, .. }
            | Op::Enter { from, .. }
            | Op::Await { from, .. }
            | Op::Delegate { from, .. }
            | Op::Raise { from, .. } => self.wake(var(from), at),
            Op::Call { callee, .. } => self.wake(var(callee), at),
            Op::Binary { left, right, .. } | Op::Compare { left, right, .. } => {
                self.wake(var(left), at);
                self.wake_other(var(right), at);
            }
            Op::Narrow { from, class, .. } => {
                self.wake(var(from), at);
                self.wake_other(var(class), at);
            }
            Op::Annotated { .. } => {}
        }
    }

    fn wake(&mut self, var: Var, op: u32) {
        // Nothing runs before `settle`, so there is nothing to catch up with.
        self.graph.rule(var, Rule::Op(op));
    }

    fn wake_other(&mut self, var: Var, op: u32) {
        self.graph.rule(var, Rule::Other(op));
    }

    /// Classes run their bodies; hooks of their bases and metaclass run when they are made.
    fn load_class(&mut self, class: ClassId) {
        let program = self.program;
        let info = &program.classes[class as usize];
        let site = self.site(info.file, info.facts.site);
        let made = self.values.id(Value::Class(class));
        let after = info.mro.get(1..).unwrap_or_default();
        let call = self.class_keywords(class, site);
        if let Some((_, var)) = program.member_after(after, self.known.init_subclass) {
            self.hide(var, Hidden::Hook { call, receiver: made });
        }
        if let Some(meta) = info.metaclass {
            for name in [self.known.prepare, self.known.new, self.known.init] {
                if let Some((_, var)) = program.member(meta, name) {
                    self.hide(var, Hidden::Hook { call, receiver: made });
                }
            }
        }
        let file = &program.files[info.file as usize];
        for (_, var) in &info.facts.members {
            self.hide(file.vars + var, Hidden::Named { site });
        }
        if info.is_enum {
            self.load_members(class, site);
        }
    }

    /// What a class statement hands its hooks.
    fn class_keywords(&mut self, class: ClassId, site: Site) -> Invocation {
        let info = &self.program.classes[class as usize];
        let file = &self.program.files[info.file as usize];
        let first = self.args.len() as u32;
        for (name, var) in &info.facts.keywords {
            let name = file.syms[*name as usize];
            self.args.push(Argument { kind: ArgKind::Keyword, name, var: file.vars + var });
        }
        let count = self.args.len() as u32 - first;
        Invocation { site, to: 0, first, count, kind: EdgeKind::Implicit }
    }

    /// The members of an enumeration are made with the class.
    fn load_members(&mut self, class: ClassId, site: Site) {
        let info = &self.program.classes[class as usize];
        let file = &self.program.files[info.file as usize];
        let member = self.values.id(Value::Instance(class));
        for name in [self.known.new, self.known.init] {
            let Some((_, hook)) = self.program.member(class, name) else { continue };
            for (_, var) in info.facts.members.iter().take(MOST_MEMBERS) {
                let first = self.args.len() as u32;
                self.args.push(Argument { kind: ArgKind::Star, name: 0, var: file.vars + var });
                let call = Invocation { site, to: 0, first, count: 1, kind: EdgeKind::Implicit };
                self.hide(hook, Hidden::Hook { call, receiver: member });
            }
        }
    }

    fn load_body(&mut self, body: BodyId) {
        let info = &self.program.bodies[body as usize];
        if !matches!(info.facts.kind, BodyKind::Function | BodyKind::Lambda) {
            return;
        }
        let (mut rest, mut keywords) = (None, None);
        for (at, param) in info.facts.params.iter().enumerate() {
            let shape = match param.kind {
                ParamKind::Rest => Shape::Tuple,
                ParamKind::Keywords => Shape::Dict,
                _ => continue,
            };
            let Some(var) = self.program.param_var(body, at) else { continue };
            let object = self.object(shape);
            self.add(var, Value::Object(object));
            match param.kind {
                ParamKind::Rest => rest = Some(object),
                _ => keywords = Some(object),
            }
        }
        if rest.is_some() || keywords.is_some() {
            self.rests.insert(body, (rest, keywords));
        }
        if info.facts.yields != 0 || info.facts.is_async {
            // What is handed through arrives only later: join it with the results.
            let result = self.program.var_of(body, info.facts.result);
            for at in &info.facts.passes {
                let param = self.program.param_var(body, *at as usize).unwrap_or(0);
                self.graph.edge(param, result);
            }
        }
    }
}

//! What is assumed where no flow says anything: receivers of methods, annotations, unknown keys
//! and decorators.

use super::solver::{Invocation, Solver};
use super::values::{BodyId, ClassId, Value, Var};
use crate::model::EdgeKind;
use crate::model::facts::python::calls::{BodyKind, CallForm, Op, ParamKind, Receiver};

impl<'a> Solver<'a, '_> {
    /// Before anything runs: what users of a package may hand in from outside.
    pub fn seed_library(&mut self) {
        for body in 0..self.program.bodies.len() as BodyId {
            let file = self.program.bodies[body as usize].file;
            if self.library[file as usize] {
                self.seed_receiver(body);
                self.seed_params(body);
            }
        }
        for class in 0..self.program.classes.len() as ClassId {
            self.seed_fields(class);
        }
        for at in 0..self.ops.len() {
            if let (Op::Annotated { to, annotation }, file) = self.ops[at] {
                let to = self.program.files[file as usize].vars + to;
                if self.library[file as usize] {
                    self.promise(file, *annotation, to);
                }
            }
        }
    }

    fn seed_receiver(&mut self, body: BodyId) {
        let info = &self.program.bodies[body as usize];
        let (Some(owner), Some(var)) = (info.owner, self.program.param_var(body, 0)) else {
            return;
        };
        if self.is_metaclass(owner) {
            return;
        }
        match info.facts.receiver {
            Receiver::Instance => self.add(var, Value::Bounded { class: owner, own: true }),
            Receiver::Class => self.add(var, Value::AnyClass(owner)),
            Receiver::None => {}
        }
    }

    pub fn is_metaclass(&self, class: ClassId) -> bool {
        let outside = &self.program.classes[class as usize].outside;
        outside.iter().any(|base| {
            matches!(self.syms.text(*base), "builtins.type" | "abc.ABCMeta" | "enum.EnumMeta")
        })
    }

    fn seed_params(&mut self, body: BodyId) {
        let info = &self.program.bodies[body as usize];
        if !matches!(info.facts.kind, BodyKind::Function) {
            return;
        }
        for (at, param) in info.facts.params.iter().enumerate() {
            let Some(var) = self.program.param_var(body, at) else { continue };
            let (rest, keywords) = self.rests.get(&body).copied().unwrap_or((None, None));
            let into = match (param.kind, rest, keywords) {
                (ParamKind::Rest, Some(object), _) => self.objects[object as usize].rest,
                (ParamKind::Keywords, _, Some(object)) => self.objects[object as usize].rest,
                _ => var,
            };
            self.promise(info.file, param.annotation, into);
        }
    }

    fn seed_fields(&mut self, class: ClassId) {
        let info = &self.program.classes[class as usize];
        let file = &self.program.files[info.file as usize];
        for field in &info.facts.fields {
            let var = self.attribute(class, file.syms[field.name as usize]);
            self.promise(info.file, field.annotation, var);
        }
    }

    /// After a first run: fill what is still empty. True when something was added.
    pub fn seed_gaps(&mut self) {
        for body in 0..self.program.bodies.len() as BodyId {
            let info = &self.program.bodies[body as usize];
            if !self.library[info.file as usize] {
                let is_empty =
                    self.program.param_var(body, 0).is_some_and(|var| self.graph.is_empty(var));
                if is_empty {
                    self.seed_receiver(body);
                }
                self.seed_empty_params(body);
            }
            self.seed_result(body);
        }
        for at in 0..self.ops.len() {
            let (op, file) = self.ops[at];
            self.seed_op(*op, file);
        }
        for (key, object, to) in std::mem::take(&mut self.unsure) {
            if self.graph.is_empty(key) {
                let any = self.objects[object as usize].any;
                self.graph.edge(any, to);
            } else {
                self.unsure.push((key, object, to));
            }
        }
        for (key, object, from) in std::mem::take(&mut self.unkeyed) {
            if self.graph.is_empty(key) {
                let rest = self.objects[object as usize].rest;
                self.graph.edge(from, rest);
            }
        }
    }

    fn seed_empty_params(&mut self, body: BodyId) {
        let info = &self.program.bodies[body as usize];
        for (at, param) in info.facts.params.iter().enumerate() {
            if let Some(var) = self.program.param_var(body, at)
                && param.annotation != 0
                && !self.is_ours(var)
            {
                self.promise(info.file, param.annotation, var);
            }
        }
    }

    /// Whether a variable holds anything that leads to code of the project.
    fn is_ours(&self, var: Var) -> bool {
        self.graph.values(var).iter().any(|value| {
            !matches!(
                self.values.get(*value),
                Value::Literal(_) | Value::Opaque | Value::External(_) | Value::Made(_)
            )
        })
    }

    fn seed_result(&mut self, body: BodyId) {
        let info = &self.program.bodies[body as usize];
        if info.facts.returns == 0 {
            return;
        }
        if info.facts.yields != 0 {
            let yields = self.program.var_of(body, info.facts.yields);
            if !self.is_ours(yields) {
                let made = self.graph.var();
                self.promise(info.file, info.facts.returns, made);
                let elements =
                    super::solver::Hidden::Iterate { to: yields, site: 0, is_async: false };
                self.hide(made, elements);
            }
            return;
        }
        let result = self.program.var_of(body, info.facts.result);
        if !self.is_ours(result) {
            self.promise(info.file, info.facts.returns, result);
        }
    }

    fn seed_op(&mut self, op: Op, file: u32) {
        let info = &self.program.files[file as usize];
        let base_var = info.vars;
        let var = |local: u32| if local == 0 { 0 } else { base_var + local };
        let place = |local: u32| if local == 0 { 0 } else { info.sites + local };
        match op {
            Op::GetItem { to, base, key, site } if self.graph.is_empty(var(key)) => {
                let unknown = self.values.id(Value::Opaque);
                for base in self.held(var(base)) {
                    self.get_item(base, Some(unknown), var(key), var(to), place(site));
                }
            }
            Op::SetItem { base, key, from, site } if self.graph.is_empty(var(key)) => {
                let unknown = self.values.id(Value::Opaque);
                for base in self.held(var(base)) {
                    self.set_item(base, Some(unknown), var(key), var(from), place(site));
                }
            }
            Op::Call { to, callee, first, count, site, form: CallForm::Decorator }
                if self.graph.is_empty(var(callee)) =>
            {
                self.decorate_unknown(Invocation {
                    site: place(site),
                    to: var(to),
                    first: self.arg_bases[file as usize] + first,
                    count,
                    kind: EdgeKind::Decorator,
                });
            }
            Op::Narrow { to, class, .. } => {
                for class in self.held(var(class)) {
                    self.narrow_gap(class, var(to));
                }
            }
            Op::Annotated { to, annotation }
                if !self.library[file as usize] && !self.is_ours(var(to)) =>
            {
                self.promise(file, annotation, var(to));
            }
            _ => {}
        }
    }

    /// A test for a class nothing known passes: something unknown may.
    fn narrow_gap(&mut self, class: u32, to: Var) {
        match self.values.get(class) {
            Value::Class(id) | Value::AnyClass(id) if !self.holds_instance(to, id) => {
                self.add(to, Value::Bounded { class: id, own: false });
            }
            Value::Object(object) => {
                for class in self.classes_in(object) {
                    self.narrow_gap(class, to);
                }
            }
            _ => {}
        }
    }
}

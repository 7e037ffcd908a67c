//! What a class has from others: bases outside the project, bases made at run time, `super()`.

use std::rc::Rc;

use super::effects::Effect;
use super::solver::{Hidden, Site, Solver};
use super::values::{ClassId, How, Sym, Value, ValueId, Var};
use crate::model::EdgeKind;

impl<'a> Solver<'a, '_> {
    /// The inherited method of a base outside that is known to call methods of ours.
    pub fn template(&mut self, class: ClassId, attr: Sym) -> Option<Sym> {
        let program = self.program;
        program.classes[class as usize].outside.iter().find_map(|outside| {
            let Some(Value::External(name)) = self.external_attribute(*outside, attr) else {
                return None;
            };
            let effects = self.effects_of(name)?;
            effects.iter().any(|effect| matches!(effect, Effect::Runs(_))).then_some(name)
        })
    }

    /// What an operation runs by way of an inherited method outside. False when there is none.
    pub fn run_template(&mut self, value: ValueId, name: Sym, arg: Var, site: Site) -> bool {
        let (Value::Instance(class) | Value::Bounded { class, .. }) = self.values.get(value) else {
            return false;
        };
        let Some(name) = self.template(class, name) else { return false };
        let call = self.call_with(&[arg], 0, site, EdgeKind::Implicit);
        self.run_effects(call, name, Some(value));
        true
    }

    /// Bases that only running the program tells: what their variables hold is asked.
    pub fn inherit_openly(
        &mut self,
        class: ClassId,
        base: ValueId,
        attr: Sym,
        to: Var,
        site: Site,
    ) {
        let program = self.program;
        for holder in &program.classes[class as usize].mro {
            let info = &program.classes[*holder as usize];
            let vars = program.files[info.file as usize].vars;
            for var in info.facts.bases.iter().filter(|var| **var != 0) {
                self.hide(vars + var, Hidden::Inherit { receiver: base, attr, to, site });
            }
        }
    }

    /// One class that such a base turned out to be.
    pub fn inherit(&mut self, base: ValueId, receiver: ValueId, attr: Sym, to: Var, site: Site) {
        let (Value::Class(base) | Value::AnyClass(base)) = self.values.get(base) else { return };
        let of = match self.values.get(receiver) {
            Value::Instance(of) | Value::Class(of) => of,
            Value::Bounded { class: of, .. } | Value::AnyClass(of) => of,
            _ => return,
        };
        // What the program can tell was asked already.
        if self.program.derives(of, base) {
            return;
        }
        if let Some(var) = self.kin(base, attr).own {
            self.hide(var, Hidden::Bind { receiver, to, site, how: How::Flow });
        }
    }

    pub fn load_super(
        &mut self,
        class: ClassId,
        receiver: ValueId,
        attr: Sym,
        to: Var,
        site: Site,
    ) {
        let program = self.program;
        let (of, is_bound) = match self.values.get(receiver) {
            Value::Instance(of) | Value::Class(of) => (of, false),
            Value::Bounded { class: of, .. } | Value::AnyClass(of) => (of, true),
            _ => (class, true),
        };
        let found = self.supers(class, of, attr, is_bound);
        for (var, how) in found.iter() {
            self.hide(*var, Hidden::Bind { receiver, to, site, how: *how });
        }
        if found.is_empty() && program.classes[of as usize].is_open {
            self.inherit_openly(of, receiver, attr, to, site);
        }
        if found.is_empty() {
            let outside = program.classes[class as usize].outside.first().copied();
            match outside {
                Some(_) if let Some(name) = self.template(of, attr) => {
                    self.add(to, Value::Template { receiver, name });
                }
                Some(outside) if !self.syms.text(outside).starts_with("builtins.") => {
                    if let Some(value) = self.external_attribute(outside, attr) {
                        self.add(to, value);
                    }
                }
                _ => self.add(to, Value::Native { receiver, name: attr }),
            }
        }
    }

    /// The members that `super()` in a class leads to, asked by an instance of another.
    fn supers(
        &mut self,
        class: ClassId,
        of: ClassId,
        attr: Sym,
        is_bound: bool,
    ) -> Rc<[(Var, How)]> {
        let key = (class, of, attr, is_bound);
        if let Some(known) = self.supers.get(&key) {
            return known.clone();
        }
        let program = self.program;
        let after = |of: ClassId| {
            let mro = &program.classes[of as usize].mro;
            let at = mro.iter().position(|known| *known == class)?;
            program.member_after(&mro[at + 1..], attr)
        };
        let mut found: Vec<(Var, How)> = Vec::new();
        if let Some((_, var)) = after(of).or_else(|| after(class)) {
            found.push((var, How::Flow));
        }
        if is_bound {
            // Below, other classes may stand between this one and its base.
            for below in program.classes[of as usize].below.iter().copied() {
                if let Some((_, var)) = after(below)
                    && !found.iter().any(|(known, _)| *known == var)
                {
                    found.push((var, How::Override));
                }
            }
        }
        let found: Rc<[(Var, How)]> = found.into();
        self.supers.insert(key, found.clone());
        found
    }
}

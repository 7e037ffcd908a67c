//! What tests and patterns tell of a value: `isinstance`, `except`, `match`.

use super::solver::{Hidden, Site, Solver};
use super::values::{Key, Value, ValueId, Var};

impl<'a> Solver<'a, '_> {
    /// What of `value` passes `isinstance(…, class)`.
    pub fn narrow(&mut self, value: ValueId, class: ValueId, to: Var) {
        let program = self.program;
        match self.values.get(class) {
            Value::Class(wanted) | Value::AnyClass(wanted) => match self.values.get(value) {
                Value::Instance(held) if program.derives(held, wanted) => self.graph.add(to, value),
                Value::Bounded { class: held, own } => {
                    if program.derives(held, wanted) {
                        self.graph.add(to, value);
                    } else if program.derives(wanted, held) {
                        self.add(to, Value::Bounded { class: wanted, own });
                    }
                }
                _ => {}
            },
            Value::Object(object) => {
                for class in self.classes_in(object) {
                    self.narrow(value, class, to);
                }
            }
            Value::Builtin(name) => {
                let wanted = self.syms.text(name);
                let fits = match self.values.get(value) {
                    Value::Instance(held) | Value::Bounded { class: held, .. } => {
                        let held = &program.classes[held as usize];
                        let is_wanted = |base: &str| base.strip_prefix("builtins.") == Some(wanted);
                        held.outside.iter().any(|base| is_wanted(self.syms.text(*base)))
                    }
                    Value::Class(_) | Value::AnyClass(_) => wanted == "type",
                    _ => true,
                };
                if fits {
                    self.graph.add(to, value);
                }
            }
            _ => {
                let fits = match self.values.get(value) {
                    Value::Instance(held) | Value::Bounded { class: held, .. } => {
                        let held = &program.classes[held as usize];
                        held.is_open || !held.outside.is_empty()
                    }
                    _ => true,
                };
                if fits {
                    self.graph.add(to, value);
                }
            }
        }
    }

    /// The classes in a tuple, tuples within included; a container may hold itself.
    pub fn classes_in(&self, object: u32) -> Vec<ValueId> {
        let mut found: Vec<ValueId> = Vec::new();
        let mut seen: Vec<u32> = Vec::new();
        let mut open: Vec<u32> = vec![object];
        while let Some(object) = open.pop() {
            if seen.contains(&object) {
                continue;
            }
            seen.push(object);
            for value in self.held(self.objects[object as usize].any) {
                match self.values.get(value) {
                    Value::Object(inner) => open.push(inner),
                    _ => found.push(value),
                }
            }
        }
        found
    }

    /// Any instance of a class that `except` or a pattern names.
    pub fn instances_of(&mut self, class: ValueId, to: Var) {
        match self.values.get(class) {
            Value::Class(class) | Value::AnyClass(class) => {
                self.add(to, Value::Bounded { class, own: false });
            }
            Value::Object(object) => {
                for class in self.classes_in(object) {
                    self.instances_of(class, to);
                }
            }
            Value::External(name) => self.add(to, Value::External(name)),
            Value::Builtin(name) => self.add(to, Value::Made(name)),
            _ => {}
        }
    }

    /// Whether a variable holds an instance of a class or one below.
    pub fn holds_instance(&self, var: Var, class: u32) -> bool {
        self.graph.values(var).iter().any(|value| match self.values.get(*value) {
            Value::Instance(held) | Value::Bounded { class: held, .. } => {
                self.program.derives(held, class)
            }
            _ => false,
        })
    }

    /// The sub-pattern at a position of a class pattern: `__match_args__` names the attribute,
    /// records list their fields.
    pub fn match_position(&mut self, value: ValueId, index: u32, to: Var, site: Site) {
        let (Value::Instance(class) | Value::Bounded { class, .. }) = self.values.get(value) else {
            // `str(x)` and its like hand the value itself on.
            self.graph.add(to, value);
            return;
        };
        let program = self.program;
        if let Some(names) = self.kin(class, self.known.match_args).own {
            self.hide(names, Hidden::MatchArgument { base: value, index, to, site });
            return;
        }
        let info = &program.classes[class as usize];
        if !info.is_record {
            return;
        }
        let fields = info.mro.iter().rev().flat_map(|holder| {
            let info = &program.classes[*holder as usize];
            let syms = &program.files[info.file as usize].syms;
            info.facts.fields.iter().map(|field| syms[field.name as usize])
        });
        if let Some(name) = { fields }.nth(index as usize) {
            self.load_attribute(value, name, to, site);
        }
    }

    /// The name that `__match_args__` has at a position.
    pub fn match_argument(
        &mut self,
        names: ValueId,
        base: ValueId,
        index: u32,
        to: Var,
        site: Site,
    ) {
        let Value::Object(object) = self.values.get(names) else { return };
        let field = self.field(object, Key::Number(i64::from(index)));
        for name in self.held(field) {
            self.dynamic_load(base, name, to, site);
        }
    }
}

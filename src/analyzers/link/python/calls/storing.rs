//! Stores to attributes: of instances, classes, functions and modules; setters take them.

use super::solver::{Hidden, Site, Solver};
use super::values::{How, Key, Sym, Value, ValueId, Var};
use crate::model::EdgeKind;

impl<'a> Solver<'a, '_> {
    pub fn store_attribute(&mut self, base: ValueId, attr: Sym, from: Var, site: Site) {
        let program = self.program;
        match self.values.get(base) {
            Value::Instance(class) | Value::Bounded { class, .. } => {
                if let Some(member) = self.kin(class, attr).own {
                    self.hide(member, Hidden::Set { receiver: base, from, site });
                }
                let var = self.attribute(class, attr);
                self.graph.edge(from, var);
                if self.kin(class, self.known.setattr).own.is_some() {
                    let name = self.graph.var();
                    self.add(name, Value::Text(attr));
                    let hook = self.known.setattr;
                    self.special(base, hook, &[name, from], 0, site, EdgeKind::Attribute);
                }
            }
            Value::Class(class) | Value::AnyClass(class) => {
                let var = self.attribute(class, attr);
                self.graph.edge(from, var);
                if program.foreign.contains(&attr) {
                    let var = self.class_attribute(class, attr);
                    self.graph.edge(from, var);
                }
                // The class's own binding is read by name first: let it hold the new value too.
                if let Some(member) = program.members.get(&(class, attr)) {
                    self.graph.edge(from, *member);
                }
            }
            Value::Function(body) | Value::Method { body, .. } => {
                let var = self.function_attribute(body, attr);
                self.graph.edge(from, var);
            }
            Value::Module(module) => {
                let module = self.syms.text(module);
                if let Some(file) = program.modules.get(module)
                    && let Some(var) = program.globals.get(&(*file, attr))
                {
                    self.graph.edge(from, *var);
                }
            }
            Value::Record(object) => {
                let field = self.field(object, Key::Text(attr));
                self.graph.edge(from, field);
            }
            _ => {}
        }
    }

    /// `del x.attr`
    pub fn delete_attribute(&mut self, base: ValueId, attr: Sym, site: Site) {
        let (Value::Instance(class) | Value::Bounded { class, .. }) = self.values.get(base) else {
            return;
        };
        if let Some(member) = self.kin(class, attr).own {
            self.hide(member, Hidden::Delete { receiver: base, site });
        }
        let name = self.graph.var();
        self.add(name, Value::Text(attr));
        let hook = self.known.delattr;
        self.special(base, hook, &[name], 0, site, EdgeKind::Attribute);
    }

    /// It meets a class member: properties and descriptors take it.
    pub fn delete_member(&mut self, member: ValueId, receiver: ValueId, site: Site) {
        match self.values.get(member) {
            Value::Property(id) => {
                let deleter = self.properties[id as usize].deleter;
                let this = self.graph.var();
                self.graph.add(this, receiver);
                let call = self.call_with(&[this], 0, site, EdgeKind::Attribute);
                self.hide(deleter, Hidden::Invoke { call, how: How::Flow });
            }
            Value::Instance(_) | Value::Bounded { .. } => {
                let delete = self.known.delete;
                self.special(member, delete, &[0], 0, site, EdgeKind::Attribute);
            }
            _ => {}
        }
    }

    /// A store meets a class member: properties and descriptors take it.
    pub fn set(&mut self, member: ValueId, receiver: ValueId, from: Var, site: Site) {
        match self.values.get(member) {
            Value::Property(id) => {
                let setter = self.properties[id as usize].setter;
                let this = self.graph.var();
                self.graph.add(this, receiver);
                let call = self.call_with(&[this, from], 0, site, EdgeKind::Attribute);
                self.hide(setter, Hidden::Invoke { call, how: How::Flow });
            }
            Value::Instance(class) | Value::Bounded { class, .. }
                if self.kin(class, self.known.set).own.is_some() =>
            {
                let this = self.graph.var();
                self.graph.add(this, receiver);
                let set = self.known.set;
                self.special(member, set, &[this, from], 0, site, EdgeKind::Attribute);
            }
            _ => {}
        }
    }

    /// `setattr(base, name, …)`. On a class it says nothing about the members written in its body:
    /// code that builds classes sets many names in one loop.
    pub fn dynamic_store(&mut self, base: ValueId, name: ValueId, from: Var, site: Site) {
        let Value::Text(name) = self.values.get(name) else { return };
        match self.values.get(base) {
            Value::Class(class) | Value::AnyClass(class)
                if self.program.members.contains_key(&(class, name)) => {}
            _ => self.store_attribute(base, name, from, site),
        }
    }
}

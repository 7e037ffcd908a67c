//! What a run says of its values: names, places, and what hooks and decorators did.

use super::Machine;
use super::value::{ClassIndex, Entry, How, ObjectId, Value};
use crate::model::Name;
use crate::model::facts::python::registries::Op;

impl Machine<'_, '_> {
    /// The object that stands for any instance of a class, if one was needed.
    pub fn summary_of(&self, class: ClassIndex) -> Option<ObjectId> {
        self.summaries.get(&class).copied()
    }

    /// Containers held by functions, as attributes or in the scope around them.
    pub fn function_objects(&self) -> Vec<(Name, ObjectId)> {
        let mut found: Vec<(Name, ObjectId)> = Vec::new();
        for ((file, id), attrs) in &self.function_attrs {
            let facts = self.facts(*file);
            let function = &facts.functions[*id as usize];
            let name = &facts.strings[function.name as usize];
            for (attr, value) in attrs {
                let Value::Object(object) = value else { continue };
                // What decorators note on the function itself is no registry.
                let is_other = |entry: &Entry| match &entry.value {
                    Value::Function(stored) => (stored.file, stored.id) != (*file, *id),
                    other => other.is_definition(),
                };
                if !self.objects[*object as usize].entries.iter().any(is_other) {
                    continue;
                }
                let name = if self.is_dispatch(*object) {
                    name.clone()
                } else {
                    format!("{name}.{attr}").into()
                };
                found.push((name, *object));
            }
        }
        for closure in self.closures.values() {
            let Some(env) = &closure.env else { continue };
            let facts = self.facts(closure.file);
            let function = &facts.functions[closure.id as usize];
            let name = &facts.strings[function.name as usize];
            let outer = name.rsplit_once('.').map_or(&**name, |(outer, _)| outer);
            for (variable, value) in env.vars.borrow().iter() {
                let Value::Object(object) = value else { continue };
                let by_decorator =
                    |entry: &Entry| matches!(entry.how, How::Decorator | How::DecoratorClass);
                if !self.objects[*object as usize].entries.iter().any(by_decorator) {
                    continue;
                }
                let variable = &facts.strings[*variable as usize];
                found.push((format!("{outer}.{variable}").into(), *object));
            }
        }
        found.sort();
        found
    }

    /// Whether a container is the table of a `singledispatch` function.
    pub fn is_dispatch(&self, object: ObjectId) -> bool {
        self.dispatch_tables.contains(&object)
    }

    /// How a class came to be, if it was made at run time.
    pub fn generated(&self, class: ClassIndex) -> Option<&Generated> {
        let at = self.made.binary_search_by_key(&class, |made| made.class).ok()?;
        self.made.get(at)
    }

    /// The qualified name and place of a definition.
    pub fn describe(&self, value: &Value) -> Option<(Name, u32, u32)> {
        match value {
            Value::Function(closure) => {
                if let Some(wrapped) = &*closure.wraps.borrow() {
                    return self.describe(wrapped);
                }
                let facts = self.facts(closure.file);
                let function = &facts.functions[closure.id as usize];
                Some((facts.strings[function.name as usize].clone(), closure.file, function.line))
            }
            Value::Class(class) => {
                let class = &self.classes[*class as usize];
                Some((class.name.clone(), class.file, class.line))
            }
            Value::Bound(pair) => self.describe(&pair.0),
            Value::ClassMethod(inner)
            | Value::StaticMethod(inner)
            | Value::Property(inner)
            | Value::Derived(inner) => self.describe(inner),
            Value::Partial(pair) => self.describe(&pair.0),
            _ => None,
        }
    }

    /// A decorator put something on a class: remembered as an attachment.
    pub(super) fn attach(&mut self, object: &Value, name: &Name, value: &Value) {
        let Some(subject) = &self.site.subject else { return };
        let owner = match object {
            Value::Class(class) => Some(self.classes[*class as usize].name.clone()),
            Value::Path(path) => Some(path.clone()),
            Value::Unknown => None,
            _ => return,
        };
        let is_subject = match value {
            Value::Function(closure) => closure.env.is_some() || value.same(subject) == Some(true),
            Value::Derived(_) | Value::Object(_) => true,
            other => other.same(subject) == Some(true),
        };
        if !is_subject || !matches!(subject, Value::Function(_)) {
            return;
        }
        let registrar = self.site.registrar.clone();
        self.attached.push(Attached {
            owner,
            name: name.clone(),
            subject: subject.clone(),
            registrar,
            file: self.site.file,
            line: self.site.line,
        });
    }

    /// Remembers that a hook runs for a class.
    pub(super) fn ran(&mut self, class: ClassIndex, hook: &Value) {
        if let Some((name, file, line)) = self.describe(hook) {
            self.history.push(Ran { class, name, file, line });
        }
    }

    /// Remembers what the function being executed puts on a class.
    pub(super) fn inject(&mut self, class: ClassIndex, name: &Name) {
        self.note_kept(0);
        self.note_stored();
        let Some(call) = self.stack.last() else { return };
        let facts = self.facts(call.file);
        let by = facts.strings[facts.functions[call.id as usize].name as usize].clone();
        let (file, line) = self.here;
        self.injected.push(Injected { class, name: name.clone(), by, file, line });
    }

    /// Whether making a subclass always raises.
    pub fn is_final(&self, class: ClassIndex) -> bool {
        let Some(hook) = self.classes[class as usize].own("__init_subclass__") else {
            return false;
        };
        let hook = match hook {
            Value::ClassMethod(inner) => &**inner,
            other => other,
        };
        let Value::Function(closure) = hook else { return false };
        let function = &self.facts(closure.file).functions[closure.id as usize];
        let body = function.body.as_deref().unwrap_or_default();
        matches!(body.last(), Some(last) if matches!(last.op, Op::Raise))
    }
}

/// A hook or decorator that ran when a class was made.
#[derive(Debug)]
pub struct Ran {
    pub class: ClassIndex,
    pub name: Name,
    pub file: u32,
    pub line: u32,
}

/// A member that a hook or decorator put on a class.
#[derive(Debug)]
pub struct Injected {
    pub class: ClassIndex,
    pub name: Name,
    /// The function that did.
    pub by: Name,
    pub file: u32,
    pub line: u32,
}

/// `setattr(C, name, f)` by a decorator on `f`.
#[derive(Debug)]
pub struct Attached {
    /// The class, where it is known.
    pub owner: Option<Name>,
    pub name: Name,
    pub subject: Value,
    pub registrar: Option<Name>,
    pub file: u32,
    pub line: u32,
}

/// A class made at run time, with the function that makes it and the line that does.
#[derive(Debug)]
pub struct Generated {
    pub class: ClassIndex,
    pub by: Name,
    pub file: u32,
    pub line: u32,
}

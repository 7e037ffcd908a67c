//! Functions executed on their own: what no import runs, but what could store definitions.

use std::rc::Rc;

use super::fuel::SUMMARY_FUEL;
use super::value::{Args, ClassIndex, Closure, Entry, Env, How, Kind, ObjectId, Value};
use super::{Frame, Machine, Site};
use crate::model::Name;
use crate::model::facts::python::registries::{FunctionId, RegistryFacts};

impl<'a> Machine<'_, 'a> {
    /// Executes one function on its own: parameters are what their annotations say.
    pub(super) fn run_function(&mut self, file: u32, id: FunctionId) {
        // Nested functions run when the one around them does.
        let Some(closure) = self.closures.get(&(file, id)).cloned() else { return };
        if closure.env.is_some() {
            return;
        }
        let facts = self.facts(file);
        let function = &facts.functions[id as usize];
        let Some(body) = &function.body else { return };
        let env = Env::new(None);
        let mut first = None;
        for (at, param) in function.params.iter().enumerate() {
            let mut value = match (at, closure.owner.get()) {
                (0, Some(owner)) => self.receiver(owner, &closure),
                _ => Value::Unknown,
            };
            if value.is_unknown()
                && let Some(annotation) = param.annotation
            {
                value = self.annotated(file, annotation);
            }
            if at == 0 {
                first = Some(value.clone());
            }
            env.set(param.name, value);
        }
        let within = facts.strings[function.name as usize].clone();
        self.site = Site { file, within, ..Site::default() };
        let mut frame = Frame {
            file,
            facts,
            env: Some(env),
            is_class: false,
            function: Some(closure),
            first,
            returns: Vec::new(),
        };
        self.active.insert((file, id));
        let start = self.objects.len();
        self.exec(&mut frame, body);
        self.active.remove(&(file, id));
        if let Some(env) = &frame.env {
            let name = facts.strings[function.name as usize].clone();
            self.keep_locals(&name, env, start, facts);
        }
    }

    /// Containers made in a function that its own nested definitions were registered in: they
    /// exist once it is called.
    pub(super) fn keep_locals(
        &mut self,
        name: &str,
        env: &Env,
        start: usize,
        facts: &RegistryFacts,
    ) {
        let is_filled = |id: &ObjectId| {
            let by_decorator =
                |entry: &Entry| matches!(entry.how, How::Decorator | How::DecoratorClass);
            self.objects[*id as usize].entries.iter().any(by_decorator)
        };
        let mut found: Vec<(Name, ObjectId)> = Vec::new();
        for (variable, value) in env.vars.borrow().iter() {
            let Value::Object(id) = value else { continue };
            if (*id as usize) < start {
                continue;
            }
            let name = format!("{name}.{}", facts.strings[*variable as usize]);
            if is_filled(id) {
                found.push((name.into(), *id));
                continue;
            }
            for (attr, value) in &self.objects[*id as usize].attrs {
                if let Value::Object(inner) = value
                    && is_filled(inner)
                {
                    found.push((format!("{name}.{attr}").into(), *inner));
                }
            }
        }
        found.sort();
        self.locals.append(&mut found);
    }

    /// What the first parameter of a method stands for.
    pub(super) fn receiver(&mut self, owner: ClassIndex, closure: &Rc<Closure>) -> Value {
        let facts = self.facts(closure.file);
        let function = &facts.functions[closure.id as usize];
        let is_named = |name: &str| {
            function.decorators.iter().any(|decorator| {
                use crate::model::facts::python::registries::Expr;
                matches!(&facts.exprs[*decorator as usize],
                    Expr::Name(id) if &*facts.strings[*id as usize] == name)
            })
        };
        if is_named("staticmethod") {
            return Value::Unknown;
        }
        let short = &*facts.strings[function.short as usize];
        if is_named("classmethod") || matches!(short, "__init_subclass__" | "__class_getitem__") {
            return Value::Class(owner);
        }
        if short == "__new__" {
            return Value::Class(owner);
        }
        Value::Object(self.summary(owner))
    }

    /// The object that stands for any instance of a class; its `__init__` has run.
    pub(super) fn summary(&mut self, class: ClassIndex) -> ObjectId {
        if let Some(object) = self.summaries.get(&class) {
            return *object;
        }
        let (file, line) = (self.classes[class as usize].file, self.classes[class as usize].line);
        let object = self.new_object(Kind::Instance(class), file, line);
        self.objects[object as usize].summary = true;
        self.summaries.insert(class, object);
        if let Some(init) = self.class_attr(class, "__init__") {
            let args = Args { open: true, ..Args::of(vec![Value::Object(object)]) };
            let site = self.site.clone();
            self.site.subject = None;
            // Whoever asks first: the object is everyone's.
            let (calls, dry) = (self.calls, self.dry);
            (self.calls, self.dry) = (1, false);
            self.with_pool(SUMMARY_FUEL, |machine| machine.call(&init, args));
            (self.calls, self.dry) = (calls, dry);
            self.site = site;
        }
        object
    }
}

/// Functions of a fixed name in which extensions register what they bring.
pub(super) fn is_hook(name: &str) -> bool {
    matches!(name, "setup" | "register" | "includeme" | "init_app" | "load" | "ready")
}

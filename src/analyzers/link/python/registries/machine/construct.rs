//! Instances: `__call__` of the metaclass, `__new__`, `__init__`, and generated constructors.

use super::Machine;
use super::value::{Args, Kind, Value};
use crate::model::Name;
use crate::model::facts::python::schemas::Term;

impl Machine<'_, '_> {
    /// `Class(...)`: `__new__` and `__init__` run on a new instance.
    pub(super) fn instantiate(&mut self, class: u32, args: Args, file: u32, line: u32) -> Value {
        if let Some(metaclass) = self.classes[class as usize].metaclass {
            if let Some(call) = self.class_attr(metaclass, "__call__")
                && !self.active_call(&call)
            {
                let mut whole = args.clone();
                whole.plain.insert(0, Value::Class(class));
                if let value @ Value::Object(_) = self.call(&call, whole) {
                    return value;
                }
            }
        } else if self.classes[class as usize].outside.iter().any(|base| &**base == "builtins.type")
        {
            // A metaclass called by hand makes a class.
            return self.make_class(Some(class), &args, file, line);
        }
        if let Some(new) = self.class_attr(class, "__new__")
            && !self.active_call(&new)
        {
            let mut whole = args.clone();
            whole.plain.insert(0, Value::Class(class));
            let value = self.call(&new, whole);
            match value {
                Value::Object(id) if matches!(self.objects[id as usize].kind, Kind::Instance(made) if self.derives(made, class)) =>
                {
                    self.initialise(id, class, args);
                    return value;
                }
                Value::Object(_) | Value::Function(_) | Value::Bound(_) | Value::Partial(_) => {
                    return value;
                }
                _ => {}
            }
        }
        let object = self.new_instance(class, &args, file, line);
        self.initialise(object, class, args);
        Value::Object(object)
    }

    pub(super) fn new_instance(&mut self, class: u32, args: &Args, file: u32, line: u32) -> u32 {
        let object = self.new_object(Kind::Instance(class), file, line);
        let is_text = || {
            let outside = &self.classes[class as usize].outside;
            outside.iter().any(|base| &**base == "builtins.str")
        };
        self.objects[object as usize].from = match (self.derive(args), args.plain.first()) {
            (Value::Derived(inner), _) => Some((*inner).clone()),
            (_, Some(text @ Value::Str(_))) if is_text() => Some(text.clone()),
            _ => None,
        };
        object
    }

    fn active_call(&self, value: &Value) -> bool {
        match value {
            Value::Function(closure) => self.active.contains(&(closure.file, closure.id)),
            Value::StaticMethod(inner) | Value::ClassMethod(inner) => self.active_call(inner),
            _ => false,
        }
    }

    fn initialise(&mut self, object: u32, class: u32, args: Args) {
        let source = args.plain.first().cloned();
        self.construct(object, class, args);
        // A subclass of a built-in container takes over what it is given.
        if self.is_container(class)
            && self.objects[object as usize].entries.is_empty()
            && let Some(source @ Value::Object(_)) = source
            && !matches!(&source, Value::Object(id) if *id == object)
        {
            self.extend_any(object, &source);
        }
    }

    fn construct(&mut self, object: u32, class: u32, args: Args) {
        match self.class_attr(class, "__init__") {
            Some(init) => {
                let mut whole = args;
                whole.plain.insert(0, Value::Object(object));
                self.call(&init, whole);
            }
            None => self.fill_fields(object, class, args),
        }
    }

    /// Without an `__init__` of its own a class may be a dataclass or a named tuple: its
    /// class-level names are its fields, and fresh containers come from `default_factory`.
    fn fill_fields(&mut self, object: u32, class: u32, args: Args) {
        if !args.plain.is_empty() {
            let fields = self.fields(class);
            for (name, value) in fields.into_iter().zip(args.plain) {
                self.objects[object as usize].attrs.insert(name, value);
            }
        }
        for (name, value) in args.named {
            self.objects[object as usize].attrs.insert(name, value);
        }
        let mro = self.classes[class as usize].mro.clone();
        let mut factories: Vec<(Name, Value)> = Vec::new();
        for base in mro {
            for (name, value) in &self.classes[base as usize].attrs {
                if let Value::Made(made) = value
                    && (made.callee.ends_with(".field")
                        || made.callee.ends_with(".ib")
                        || made.callee.ends_with("Factory"))
                    && let Some(factory) =
                        made.args.get(9, "default_factory").or_else(|| made.args.get(9, "factory"))
                {
                    factories.push((name.clone(), factory.clone()));
                }
            }
        }
        for (name, factory) in factories {
            if self.objects[object as usize].attrs.contains_key(&name) {
                continue;
            }
            let value = self.call(&factory, Args::default());
            self.objects[object as usize].attrs.insert(name, value);
        }
        for hook in ["__post_init__", "__attrs_post_init__"] {
            if let Some(hook) = self.class_attr(class, hook) {
                self.call(&hook, Args::of(vec![Value::Object(object)]));
            }
        }
    }

    /// The annotated names of a class and its bases, in the order of a generated `__init__`.
    fn fields(&self, class: u32) -> Vec<Name> {
        let mut fields: Vec<Name> = Vec::new();
        for base in self.classes[class as usize].mro.iter().rev() {
            let name = &*self.classes[*base as usize].name;
            let Some(shape) = self.shapes.get(name) else { continue };
            for attribute in &shape.attributes {
                let is_field = match &attribute.annotation {
                    Some(Term::Subscript(outer, _)) => !is_class_var(outer),
                    Some(annotation) => !is_class_var(annotation),
                    None => false,
                };
                if is_field && !fields.contains(&attribute.name) {
                    fields.push(attribute.name.clone());
                }
            }
        }
        fields
    }
}

fn is_class_var(annotation: &Term) -> bool {
    matches!(annotation, Term::Name { text, .. } if text.ends_with("ClassVar"))
}

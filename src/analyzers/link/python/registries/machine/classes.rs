//! Class creation: the body, the metaclass's hooks, `__set_name__`, `__init_subclass__` and the
//! class decorators, in the order in which Python runs them.

use std::rc::Rc;

use super::value::{Args, ClassIndex, ClassObject, Env, How, Kind, Value};
use super::{Frame, Machine};
use crate::model::Name;
use crate::model::facts::python::registries::ClassId;

impl<'a> Machine<'_, 'a> {
    pub(super) fn create_class(&mut self, frame: &mut Frame<'a>, id: ClassId) {
        let facts = frame.facts;
        let class = &facts.classes[id as usize];
        let name = facts.strings[class.name as usize].clone();
        let short = facts.strings[class.short as usize].clone();
        let mut bases = Vec::with_capacity(class.bases.len());
        for base in &class.bases {
            bases.push(self.base(frame, *base));
        }
        let mut keywords = Vec::new();
        for (key, value) in &class.keywords {
            let value = self.eval(frame, *value);
            keywords.push((facts.strings[*key as usize].clone(), value));
        }
        let index = self.new_class(name, short, frame.file, class.line, &bases);
        let at = keywords.iter().position(|(name, _)| &**name == "metaclass");
        if let Some(at) = at
            && let Value::Class(metaclass) = keywords.remove(at).1
        {
            self.classes[index as usize].metaclass = Some(metaclass);
        }
        let enclosing = if frame.is_class {
            frame.env.as_ref().and_then(|env| env.parent.clone())
        } else {
            frame.env.clone()
        };
        let env = Env::new(enclosing);
        let mut body = Frame {
            file: frame.file,
            facts,
            env: Some(env.clone()),
            is_class: true,
            function: None,
            first: None,
            returns: Vec::new(),
        };
        let site = self.site.clone();
        self.site.within = self.classes[index as usize].name.clone();
        self.exec(&mut body, &class.body);
        self.site = site;
        for (name, value) in env.vars.borrow().iter() {
            self.own(&value.clone(), index);
            self.classes[index as usize].set(facts.strings[*name as usize].clone(), value.clone());
        }
        self.make_choices(index);
        if self.calls == 0 {
            self.site.line = class.line;
        }
        // A method may refer to its class by name while hooks run.
        self.bind(frame, class.short, Value::Class(index));
        self.run_hooks(index, &bases, keywords);
        let value = self.decorate(frame, &class.decorators, Value::Class(index));
        self.bind(frame, class.short, value);
    }

    /// Members of an enumeration are instances of it. Those that are strings or numbers as well
    /// stay what they are.
    fn make_choices(&mut self, class: ClassIndex) {
        let this = &self.classes[class as usize];
        let is_plain = |base: &Name| matches!(&**base, "enum.Enum" | "enum.Flag");
        if !this.outside.iter().all(is_plain) || this.outside.is_empty() {
            return;
        }
        let (file, line) = (this.file, this.line);
        for (name, value) in this.attrs.clone() {
            let is_other = value.is_definition() || matches!(value, Value::Property(_));
            if name.starts_with('_') || is_other {
                continue;
            }
            let member = self.new_object(Kind::Instance(class), file, line);
            let attrs = &mut self.objects[member as usize].attrs;
            for attr in ["name", "_name_"] {
                attrs.insert(attr.into(), Value::Str(name.clone()));
            }
            for attr in ["value", "_value_"] {
                attrs.insert(attr.into(), value.clone());
            }
            self.classes[class as usize].set(name, Value::Object(member));
        }
    }

    /// Tells functions of a class body which class they stand in.
    fn own(&mut self, value: &Value, class: ClassIndex) {
        match value {
            Value::Function(closure) if closure.owner.get().is_none() => {
                closure.owner.set(Some(class));
            }
            Value::ClassMethod(inner) | Value::StaticMethod(inner) | Value::Property(inner) => {
                self.own(&inner.clone(), class);
            }
            _ => {}
        }
    }

    fn base(&mut self, frame: &mut Frame<'a>, expr: u32) -> Value {
        use crate::model::facts::python::registries::Expr;
        match &frame.facts.exprs[expr as usize] {
            // `Generic[T]`, `Base[int]`.
            Expr::Sub(value, _) => self.base(frame, *value),
            _ => self.eval(frame, expr),
        }
    }

    fn new_class(
        &mut self,
        name: Name,
        short: Name,
        file: u32,
        line: u32,
        bases: &[Value],
    ) -> ClassIndex {
        let index = self.classes.len() as ClassIndex;
        let mut lists: Vec<Vec<ClassIndex>> = Vec::new();
        let mut direct: Vec<ClassIndex> = Vec::new();
        let mut outside: Vec<Name> = Vec::new();
        for base in bases {
            match base {
                Value::Class(base) => {
                    lists.push(self.classes[*base as usize].mro.clone());
                    direct.push(*base);
                    for name in &self.classes[*base as usize].outside {
                        if !outside.contains(name) {
                            outside.push(name.clone());
                        }
                    }
                }
                Value::Path(path)
                    if &**path != "builtins.object"
                        && !path.starts_with("typing.Generic")
                        && !path.starts_with("typing.Protocol")
                        && &**path != "abc.ABC" =>
                {
                    outside.push(path.clone());
                }
                Value::Path(_) => {}
                Value::Made(made) => outside.push(made.callee.clone()),
                _ => outside.push("?".into()),
            }
        }
        lists.push(direct.clone());
        let metaclass = direct.iter().find_map(|base| self.classes[*base as usize].metaclass);
        for base in &direct {
            self.classes[*base as usize].subclasses.push(index);
        }
        self.classes.push(ClassObject {
            name: name.clone(),
            short,
            file,
            line,
            mro: linearise(index, lists),
            outside,
            attrs: Vec::new(),
            index: Default::default(),
            metaclass,
            subclasses: Vec::new(),
            generated: false,
        });
        self.class_named.insert(name, index);
        index
    }

    fn run_hooks(&mut self, class: ClassIndex, bases: &[Value], keywords: Vec<(Name, Value)>) {
        self.hooked(|machine| machine.execute_hooks(class, bases, keywords));
    }

    fn execute_hooks(&mut self, class: ClassIndex, bases: &[Value], keywords: Vec<(Name, Value)>) {
        let outer = self.site.clone();
        let subject = self.site.subject.replace(Value::Class(class));
        let is_root = self.calls == 0;
        let has_metaclass = self.classes[class as usize].metaclass.is_some();
        let namespace = if has_metaclass { self.namespace_object(class) } else { 0 };
        let head = [
            Value::Str(self.classes[class as usize].short.clone()),
            Value::Tuple(bases.into()),
            Value::Object(namespace),
        ];
        self.meta_hook(class, namespace, "__new__", &head, &keywords, is_root);
        self.set_names(class, is_root);
        let parents: Vec<ClassIndex> =
            self.classes[class as usize].mro.iter().skip(1).copied().collect();
        let hook = parents.iter().find_map(|parent| {
            let parent = &self.classes[*parent as usize];
            parent.own("__init_subclass__").map(|hook| (hook.clone(), parent.name.clone()))
        });
        if let Some((hook, owner)) = hook {
            if is_root {
                self.site.how = Some(How::InitSubclass);
                self.site.registrar = Some(format!("{owner}.__init_subclass__").into());
            }
            let hook = match hook {
                Value::ClassMethod(inner) => (*inner).clone(),
                other => other,
            };
            let args = Args { named: keywords.clone(), ..Args::of(vec![Value::Class(class)]) };
            self.ran(class, &hook);
            self.call(&hook, args);
        }
        self.meta_hook(class, namespace, "__init__", &head, &keywords, is_root);
        self.site.subject = subject;
        if is_root {
            self.site = outer;
        }
    }

    /// A hook of the metaclass, with the name, bases and namespace it is given.
    fn meta_hook(
        &mut self,
        class: ClassIndex,
        namespace: u32,
        hook: &str,
        head: &[Value],
        keywords: &[(Name, Value)],
        is_root: bool,
    ) {
        let Some(metaclass) = self.classes[class as usize].metaclass else { return };
        let Some(function) = self.class_attr(metaclass, hook) else { return };
        if is_root {
            self.site.how = Some(How::Metaclass);
            self.site.registrar = Some(self.classes[metaclass as usize].name.clone());
        }
        let first = if hook == "__new__" { metaclass } else { class };
        let mut args = Args { named: keywords.to_vec(), ..Args::default() };
        args.plain.push(Value::Class(first));
        args.plain.extend(head.iter().cloned());
        self.pending = Some((class, namespace));
        self.ran(class, &function);
        self.call(&function, args);
        self.pending = None;
    }

    /// `__set_name__` of the instances in a class body.
    fn set_names(&mut self, class: ClassIndex, is_root: bool) {
        let attrs = self.classes[class as usize].attrs.clone();
        for (name, value) in attrs {
            let Value::Object(id) = &value else { continue };
            let Kind::Instance(of) = self.objects[*id as usize].kind else { continue };
            let Some(hook) = self.class_attr(of, "__set_name__") else { continue };
            let outer = self.site.clone();
            if is_root {
                self.site.how = Some(How::SetName);
                self.site.line = self.objects[*id as usize].line;
                let owner = self.classes[of as usize].name.clone();
                self.site.registrar = Some(format!("{owner}.__set_name__").into());
            }
            self.site.subject = Some(value.clone());
            let args = Args::of(vec![value.clone(), Value::Class(class), Value::Str(name)]);
            self.ran(class, &hook);
            self.call(&hook, args);
            self.site = outer;
        }
    }

    /// The class body as the mapping that metaclasses receive.
    fn namespace_object(&mut self, class: ClassIndex) -> u32 {
        let (file, line) = (self.classes[class as usize].file, self.classes[class as usize].line);
        let object = self.new_object(Kind::Dict, file, line);
        let module = self.module_name(file);
        self.store_literal(object, Some(Value::str("__module__")), Value::Str(module));
        for (name, value) in self.classes[class as usize].attrs.clone() {
            self.store_literal(object, Some(Value::Str(name)), value);
        }
        self.objects[object as usize].exact = true;
        self.objects[object as usize].transient = true;
        object
    }

    /// `type(name, bases, namespace)`, also as `super().__new__` of a metaclass.
    pub(super) fn make_class(
        &mut self,
        metaclass: Option<ClassIndex>,
        args: &Args,
        file: u32,
        line: u32,
    ) -> Value {
        // Inside a metaclass's `__new__`: the class exists already; take over what was changed.
        if let Some((class, _)) = self.pending
            && let Some(Value::Object(given)) = args.plain.iter().find(|arg| {
                matches!(arg, Value::Object(id) if self.objects[*id as usize].kind == Kind::Dict)
            })
        {
            let pairs = self.pairs(&Value::Object(*given)).unwrap_or_default();
            for (key, value) in pairs {
                if let Value::Str(key) = key {
                    if self.classes[class as usize].own(&key).is_none() && &*key != "__module__" {
                        self.inject(class, &key);
                    }
                    self.classes[class as usize].set(key, value);
                }
            }
            return Value::Class(class);
        }
        if let Some((class, _)) = self.pending {
            return Value::Class(class);
        }
        let plain: Vec<&Value> =
            args.plain.iter().skip_while(|value| matches!(value, Value::Class(_))).collect();
        let Some(Value::Str(short)) = plain.first() else { return args.derived() };
        let bases: Vec<Value> = match plain.get(1) {
            Some(Value::Tuple(items)) => items.to_vec(),
            _ => Vec::new(),
        };
        let module = self.module_name(self.site.file);
        let name: Name = format!("{module}.{short}").into();
        let (at_file, at_line) =
            if self.calls == 0 { (file, line) } else { (self.site.file, self.site.line) };
        let class = self.new_class(name, short.clone(), at_file, at_line, &bases);
        self.classes[class as usize].generated = true;
        let by = match self.stack.last() {
            Some(call) => {
                let facts = self.facts(call.file);
                facts.strings[facts.functions[call.id as usize].name as usize].clone()
            }
            None => self.site.within.clone(),
        };
        let (file, line) = self.here;
        self.made.push(super::Generated { class, by, file, line });
        if let Some(metaclass) = metaclass {
            self.classes[class as usize].metaclass = Some(metaclass);
        }
        if let Some(namespace) = plain.get(2) {
            for (key, value) in self.pairs(namespace).unwrap_or_default() {
                if let Value::Str(key) = key {
                    self.classes[class as usize].set(key, value);
                }
            }
        }
        if self.calls < 6 {
            self.run_hooks(class, &bases, args.named.clone());
        }
        Value::Class(class)
    }

    /// A value that stands for a namespace with a class's attributes, own ones only.
    pub(super) fn namespace_pairs(&mut self, of: &Value) -> Option<Vec<(Value, Value)>> {
        let found = self.find_namespace(of);
        self.charge(found.as_ref().map_or(0, Vec::len) * 4);
        found
    }

    fn find_namespace(&mut self, of: &Value) -> Option<Vec<(Value, Value)>> {
        match of {
            Value::Class(class) => {
                let attrs = &self.classes[*class as usize].attrs;
                Some(attrs.iter().map(|(k, v)| (Value::Str(k.clone()), v.clone())).collect())
            }
            Value::Module(module) => {
                let file = *self.modules.get(module)?;
                let mut names: Vec<(Name, Value)> = self.globals[file as usize]
                    .iter()
                    .map(|(name, value)| (name.clone(), value.clone()))
                    .collect();
                // Star imports bring names in as well.
                for star in self.files[file as usize].facts.names.stars.clone() {
                    if let Some(other) = self.modules.get(&star).copied() {
                        for (name, value) in &self.globals[other as usize] {
                            if !name.starts_with('_')
                                && !self.globals[file as usize].contains_key(name)
                            {
                                names.push((name.clone(), value.clone()));
                            }
                        }
                    }
                }
                names.sort_by(|a, b| a.0.cmp(&b.0));
                Some(names.into_iter().map(|(k, v)| (Value::Str(k), v)).collect())
            }
            Value::Object(id) => {
                let mut attrs: Vec<(Name, Value)> = self.objects[*id as usize]
                    .attrs
                    .iter()
                    .map(|(name, value)| (name.clone(), value.clone()))
                    .collect();
                attrs.sort_by(|a, b| a.0.cmp(&b.0));
                Some(attrs.into_iter().map(|(k, v)| (Value::Str(k), v)).collect())
            }
            _ => None,
        }
    }

    /// `dir(x)`: all names, inherited ones included.
    pub(super) fn all_pairs(&mut self, of: &Value) -> Option<Vec<(Value, Value)>> {
        let Value::Class(class) = of else { return self.namespace_pairs(of) };
        let mut pairs: Vec<(Name, Value)> = Vec::new();
        let mut seen: rustc_hash::FxHashSet<Name> = rustc_hash::FxHashSet::default();
        for base in self.classes[*class as usize].mro.clone() {
            for (name, value) in &self.classes[base as usize].attrs {
                if seen.insert(name.clone()) {
                    pairs.push((name.clone(), value.clone()));
                }
            }
        }
        self.charge(pairs.len() * 2);
        pairs.sort_by(|a, b| a.0.cmp(&b.0));
        Some(pairs.into_iter().map(|(k, v)| (Value::Str(k), v)).collect())
    }

    /// All classes below one, as `__subclasses__` sees them now.
    pub(super) fn subclass_list(&mut self, class: ClassIndex, file: u32, line: u32) -> Value {
        let object = self.new_object(Kind::List, file, line);
        for below in self.classes[class as usize].subclasses.clone() {
            self.store_literal(object, None, Value::Class(below));
        }
        Value::Object(object)
    }

    pub(super) fn property(&self, function: Value) -> Value {
        Value::Property(Rc::new(function))
    }
}

/// C3; where no consistent order exists, the first head.
fn linearise(own: ClassIndex, mut lists: Vec<Vec<ClassIndex>>) -> Vec<ClassIndex> {
    let mut order = vec![own];
    loop {
        lists.retain(|list| !list.is_empty());
        if lists.is_empty() {
            return order;
        }
        let in_tail = |name: &ClassIndex| lists.iter().any(|list| list[1..].contains(name));
        let head = lists.iter().map(|list| list[0]).find(|head| !in_tail(head));
        let next = head.unwrap_or(lists[0][0]);
        for list in &mut lists {
            list.retain(|name| *name != next);
        }
        order.push(next);
    }
}

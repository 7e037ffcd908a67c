//! Function definitions and decorators.

use std::rc::Rc;

use super::report::Ran;
use super::value::{Env, How, Kind, Value};
use super::{Frame, Machine};
use crate::model::Name;
use crate::model::facts::python::registries::{Expr, ExprId};

impl<'a> Machine<'_, 'a> {
    /// Defines a function: its decorators run from the innermost outwards.
    pub(super) fn define(&mut self, frame: &mut Frame<'a>, id: u32) {
        let function = &frame.facts.functions[id as usize];
        let env = if frame.is_class {
            frame.env.as_ref().and_then(|env| env.parent.clone())
        } else {
            frame.env.clone()
        };
        let closure = super::Closure::new(frame.file, id, env);
        self.closures.insert((frame.file, id), closure.clone());
        let value = Value::Function(closure);
        // Other decorators must see the name already bound (`@f.register` on a second `f`).
        let value = self.decorate(frame, &function.decorators, value);
        self.bind(frame, function.short, value);
    }

    pub(super) fn decorate(
        &mut self,
        frame: &mut Frame<'a>,
        decorators: &'a [ExprId],
        subject: Value,
    ) -> Value {
        let mut value = subject.clone();
        let outer = self.site.clone();
        for decorator in decorators.iter().rev() {
            let is_root = self.calls == 0;
            if is_root {
                self.site.line = frame.facts.lines[*decorator as usize];
                self.site.file = frame.file;
            }
            let (callee, registrar, made_by_class) = self.decorator(frame, *decorator);
            let outer_subject = self.site.subject.replace(subject.clone());
            if is_root {
                let by_class = matches!(callee, Value::Class(_)) || made_by_class;
                self.site.how = Some(if by_class { How::DecoratorClass } else { How::Decorator });
                self.site.registrar = registrar.clone();
            }
            if let (Value::Class(class), Some(name)) = (&subject, &registrar) {
                let (file, line) = (frame.file, frame.facts.lines[*decorator as usize]);
                let (class, name) = (*class, name.clone());
                self.history.push(Ran { class, name, file, line });
            }
            let args = super::value::Args::of(vec![value.clone()]);
            let result = self.hooked(|machine| machine.apply_decorator(&callee, args));
            if let (Value::Function(closure), Some((wrapper, _))) =
                (&subject, self.outside(&callee))
                && !wrapper.starts_with("builtins.")
                && !wrapper.starts_with("functools.")
                && !wrapper.starts_with("metascope.")
            {
                self.wrapped.insert((closure.file, closure.id), wrapper);
            }
            if let Value::Function(wrapper) = &result
                && wrapper.env.is_some()
            {
                wrapper.wrap(&subject);
            }
            value = match result {
                Value::Unknown | Value::None => subject.clone(),
                Value::Derived(_) if subject.is_definition() => subject.clone(),
                result => result,
            };
            self.site.subject = outer_subject;
            if is_root {
                self.site = outer.clone();
            }
        }
        value
    }

    /// The decorator itself, the name of what registers, and whether a class made it.
    pub(super) fn decorator(
        &mut self,
        frame: &mut Frame<'a>,
        decorator: ExprId,
    ) -> (Value, Option<Name>, bool) {
        let facts = frame.facts;
        if let Expr::Call(func, args) = &facts.exprs[decorator as usize] {
            let mut maker = self.eval(frame, *func);
            let args = self.args(frame, args);
            if maker.is_unknown()
                && let Some(method) = self.only_method(frame, *func, &args)
            {
                maker = method;
            }
            let registrar = self.callee_name(&maker);
            if self.calls == 0 {
                self.site.registrar = registrar.clone();
                self.site.how = Some(How::Decorator);
            }
            let by_class = matches!(maker, Value::Class(_));
            let callee = self.call(&maker, args.clone());
            let callee = match callee {
                // An external factory: remember what was called with what.
                Value::Unknown | Value::Derived(_) => match self.outside(&maker) {
                    Some((callee, receiver)) => Value::Made(Rc::new(super::value::Made {
                        callee,
                        args,
                        file: frame.file,
                        line: facts.lines[decorator as usize],
                        receiver,
                    })),
                    None => callee,
                },
                callee => callee,
            };
            return (callee, registrar, by_class);
        }
        let callee = self.eval(frame, decorator);
        let registrar = self.callee_name(&callee);
        (callee, registrar, false)
    }

    /// The name of what a call runs.
    pub(super) fn callee_name(&self, callee: &Value) -> Option<Name> {
        if let Value::Object(object) = callee
            && let Kind::Instance(class) = self.objects[*object as usize].kind
        {
            return Some(self.classes[class as usize].name.clone());
        }
        self.describe(callee)
            .map(|(name, _, _)| name)
            .or_else(|| self.outside(callee).map(|(name, _)| name))
    }

    pub(super) fn frame_of(
        &mut self,
        closure: &Rc<super::Closure>,
        args: super::value::Args,
    ) -> Frame<'a> {
        let env = Env::new(closure.env.clone());
        let first = args.plain.first().cloned();
        self.bind_params(closure, &env, args);
        Frame {
            file: closure.file,
            facts: self.facts(closure.file),
            env: Some(env),
            is_class: false,
            function: Some(closure.clone()),
            first,
            returns: Vec::new(),
        }
    }
}

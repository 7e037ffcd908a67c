//! Arguments to parameters.

use std::rc::Rc;

use super::value::{Args, Closure, Env, Kind, Value};
use super::{Frame, Machine};
use crate::model::facts::python::registries::{ExprId, ParamKind};

impl Machine<'_, '_> {
    /// Binds arguments to parameters as Python does, defaults included.
    pub(super) fn bind_params(&mut self, closure: &Rc<Closure>, env: &Rc<Env>, args: Args) {
        let facts = self.facts(closure.file);
        let function = &facts.functions[closure.id as usize];
        let mut plain = args.plain.into_iter();
        let mut named = args.named;
        let (open, lines) = (args.open, args.lines);
        for param in &function.params {
            let name = &facts.strings[param.name as usize];
            let value = match param.kind {
                ParamKind::Args => Value::Tuple(plain.by_ref().collect()),
                ParamKind::Kwargs => {
                    let object = self.new_object(Kind::Dict, closure.file, function.line);
                    self.store_keywords(object, std::mem::take(&mut named), &lines);
                    self.objects[object as usize].exact = !open;
                    self.objects[object as usize].transient = true;
                    Value::Object(object)
                }
                kind => {
                    let given = if kind == ParamKind::Plain { plain.next() } else { None };
                    let given = given.or_else(|| {
                        let at = named.iter().position(|(known, _)| known == name)?;
                        Some(named.remove(at).1)
                    });
                    match (given, param.default) {
                        (Some(value), _) => value,
                        (None, _) if open => Value::Unknown,
                        (None, Some(default)) => self.default(closure, default),
                        (None, None) => Value::Unknown,
                    }
                }
            };
            env.set(param.name, value);
        }
    }

    fn default(&mut self, closure: &Rc<Closure>, default: ExprId) -> Value {
        let mut frame = Frame {
            file: closure.file,
            facts: self.facts(closure.file),
            env: closure.env.clone(),
            is_class: false,
            function: None,
            first: None,
            returns: Vec::new(),
        };
        self.eval(&mut frame, default)
    }
}

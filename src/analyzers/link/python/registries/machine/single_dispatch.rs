//! `functools.singledispatch`: the table of implementations by type.

use std::rc::Rc;

use super::Machine;
use super::value::{Args, Kind, Value};
use crate::model::facts::python::registries::{Expr, ExprId};

impl Machine<'_, '_> {
    /// Gives a function its table; the function itself serves `object`.
    pub(super) fn make_dispatch(&mut self, function: &Value) {
        let Value::Function(closure) = function else { return };
        let line = self.facts(closure.file).functions[closure.id as usize].line;
        let table = self.new_object(Kind::Dict, closure.file, line);
        self.dispatch_tables.insert(table);
        self.store(table, Some(Value::Path("builtins.object".into())), function.clone());
        self.set_attr(function, "registry".into(), Value::Object(table));
    }

    /// `f.register(T)`, `f.register(T, g)`, `@f.register` by annotation.
    pub(super) fn register_implementation(&mut self, function: &Value, args: &Args) -> Value {
        let Value::Object(table) = self.load_attr(function, "registry") else {
            return args.derived();
        };
        match &*args.plain {
            [of, implementation] => {
                self.store(table, Some(of.clone()), implementation.clone());
                implementation.clone()
            }
            [implementation @ Value::Function(closure)] => {
                let facts = self.facts(closure.file);
                let params = &facts.functions[closure.id as usize].params;
                let annotation = params.iter().find_map(|param| param.annotation);
                let keys = match annotation {
                    Some(annotation) => self.types_of(closure.file, annotation),
                    None => vec![Value::Unknown],
                };
                for key in keys {
                    self.store(table, Some(key), implementation.clone());
                }
                implementation.clone()
            }
            [of] => {
                let register: Value = Value::Method(Rc::new((function.clone(), "register".into())));
                Value::Partial(Rc::new((register, Args::of(vec![of.clone()]))))
            }
            _ => args.derived(),
        }
    }

    /// The types an annotation names: both sides of a union.
    fn types_of(&mut self, file: u32, annotation: ExprId) -> Vec<Value> {
        let facts = self.facts(file);
        match &facts.exprs[annotation as usize] {
            Expr::Binary(_, left, right) => {
                let mut types = self.types_of(file, *left);
                types.extend(self.types_of(file, *right));
                types
            }
            Expr::Name(name) => vec![self.load_global(file, &facts.strings[*name as usize])],
            Expr::Attr(object, name) => {
                let objects = self.types_of(file, *object);
                let name = &facts.strings[*name as usize];
                objects.iter().map(|object| self.load_attr(object, name)).collect()
            }
            Expr::Sub(generic, inner) => {
                let is_union = matches!(&facts.exprs[*generic as usize],
                    Expr::Name(name) | Expr::Attr(_, name)
                        if &*facts.strings[*name as usize] == "Union");
                match &facts.exprs[*inner as usize] {
                    Expr::Tuple(items) if is_union => {
                        items.iter().flat_map(|item| self.types_of(file, *item)).collect()
                    }
                    _ => self.types_of(file, *generic),
                }
            }
            Expr::None => vec![Value::Path("types.NoneType".into())],
            _ => vec![Value::Unknown],
        }
    }
}

//! Classes: their bodies run where they stand.

use ruff_python_ast::{Expr, StmtClassDef};

use super::Lowering;
use super::environment::Frame;
use crate::analyzers::python::scopes::{MODULE, ScopeKind};
use crate::model::facts::python::calls::{BodyKind, Class, NONE, Op, Str, Var};

impl<'a> Lowering<'a, '_> {
    pub(super) fn class(&mut self, def: &'a StmtClassDef) {
        let decorators: Vec<(&'a Expr, Var)> = def
            .decorator_list
            .iter()
            .map(|decorator| {
                let callee = self.expression(&decorator.expression);
                (&decorator.expression, callee)
            })
            .collect();
        let mut bases: Vec<Var> = Vec::new();
        let mut metaclass = NONE;
        let mut keywords: Vec<(Str, Var)> = Vec::new();
        if let Some(arguments) = &def.arguments {
            for base in &arguments.args {
                // `Generic[T]` and `Base[int]` are their value as far as calls go.
                let base = match base {
                    Expr::Subscript(subscript) => &subscript.value,
                    other => other,
                };
                bases.push(self.expression(base));
            }
            for keyword in &arguments.keywords {
                let var = self.expression(&keyword.value);
                match &keyword.arg {
                    Some(name) if name.as_str() == "metaclass" => metaclass = var,
                    Some(name) => {
                        let name = self.intern(name.as_str());
                        keywords.push((name, var));
                    }
                    None => {}
                }
            }
        }
        let line = self.source.line_of(&def.name);
        let scope = self.source.scopes.scope_of(def).unwrap_or(MODULE);
        let site = self.site(&def.name, def.name.as_str());
        let class = self.facts.classes.len();
        let body = self.new_body(scope, BodyKind::Class, line, None);
        let name = self.facts.bodies[body as usize].name;
        let origins = decorators.iter().flat_map(|(decorator, _)| {
            let callee = match decorator {
                Expr::Call(call) => &*call.func,
                other => *other,
            };
            let scope = self.frames.last().map_or(MODULE, |frame| frame.scope);
            self.source.scopes.resolve(callee, scope)
        });
        let origins: Vec<_> = origins.collect();
        let origins = origins.iter().map(|origin| self.intern(origin)).collect();
        self.facts.classes.push(Class {
            name,
            line,
            body,
            bases,
            metaclass,
            keywords,
            site,
            members: Vec::new(),
            fields: Vec::new(),
            stored: Vec::new(),
            decorators: origins,
        });
        self.frames.push(Frame::new(scope, body));
        self.statements(&def.body);
        let names = self.frame().names(scope);
        self.frames.pop();
        let members = names.into_iter().filter(|(_, var)| *var != NONE);
        let members = members.map(|(name, var)| (self.intern(name), var)).collect();
        self.facts.classes[class].members = members;
        let mut value = self.var();
        self.op(Op::Class { to: value, class: class as u32 });
        for (decorator, callee) in decorators.iter().rev() {
            value = self.decorate(decorator, *callee, value);
        }
        self.assign(def.name.as_str(), value);
    }

    /// The class whose body is being lowered right now.
    pub(super) fn open_class(&mut self) -> Option<usize> {
        let frame = self.frame();
        let (scope, body) = (frame.home, frame.body);
        let is_class = self.source.scopes.scope(scope).kind == ScopeKind::Class;
        let found = self.facts.classes.iter().rposition(|class| class.body == body);
        is_class.then_some(found).flatten()
    }
}

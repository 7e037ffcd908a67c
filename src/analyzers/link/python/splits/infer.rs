//! Which expressions of a body are entities, and so which operations are remote. Follows the
//! body in evaluation order with the type of each local; loops are read until nothing changes.

mod calls;
mod stmts;

use ruff_python_ast::{Expr, Number};
use ruff_text_size::Ranged;
use rustc_hash::FxHashMap;

pub use calls::is_super;

use super::program::{FunctionKind, Program};
use super::syntax;
use super::types::{Ty, of_annotation};
use crate::analyzers::python::scopes::{Bound, MODULE};
use crate::model::SuspensionKind;

/// A remote operation in a body, by the range of its call or attribute expression.
#[derive(Debug, Clone)]
pub struct Remote {
    pub start: u32,
    pub end: u32,
    pub kind: SuspensionKind,
    /// `Item.get_price`.
    pub target: String,
    /// Class and member, for each class the receiver may be of.
    pub reaches: Vec<(usize, String)>,
    /// Calls an `async def`: only meaningful when awaited at once.
    pub is_async: bool,
}

/// A load or call of one of the receiver's own methods or properties.
#[derive(Debug, Clone)]
pub struct OwnUse {
    pub start: u32,
    pub end: u32,
    pub class: usize,
    pub member: String,
    /// The functions that may run.
    pub functions: Vec<usize>,
}

/// What one body does, before it is known which own methods suspend.
#[derive(Debug, Clone, Default)]
pub struct Found {
    pub remote: FxHashMap<(u32, u32, bool), Remote>,
    pub own: FxHashMap<(u32, u32), OwnUse>,
    /// Types that assignments to `self` attributes reveal.
    pub attributes: Vec<(usize, String, Ty)>,
}

/// The types of all attributes that annotations and assignments tell, then what each body does.
pub fn infer(program: &mut Program<'_>) -> Vec<Found> {
    declare_attributes(program);
    let mut found = Vec::new();
    // The second round sees attributes that the first one revealed; a third settles chains.
    for _ in 0..3 {
        found = (0..program.functions.len()).map(|at| infer_function(program, at)).collect();
        let mut changed = false;
        for (class, name, ty) in found.iter().flat_map(|found: &Found| found.attributes.clone()) {
            let known = program.classes[class].attributes.entry(name).or_default();
            let joined = known.clone().join(ty);
            changed |= joined != *known;
            *known = joined;
        }
        if !changed {
            break;
        }
    }
    found
}

/// Annotations in class bodies.
fn declare_attributes(program: &mut Program<'_>) {
    for class in 0..program.classes.len() {
        let (module, scope, node) = {
            let class = &program.classes[class];
            (class.module, class.scope, class.node)
        };
        for stmt in &node.body {
            if let ruff_python_ast::Stmt::AnnAssign(stmt) = stmt
                && let Expr::Name(name) = &*stmt.target
            {
                let ty = of_annotation(program, module, scope, &stmt.annotation);
                program.classes[class].attributes.insert(name.id.to_string(), ty);
            }
        }
    }
}

fn infer_function(program: &Program<'_>, at: usize) -> Found {
    let function = &program.functions[at];
    let mut inference = Inference {
        program,
        module: function.module,
        scope: function.scope,
        class: function.class,
        env: FxHashMap::default(),
        found: Found::default(),
    };
    inference.bind_parameters(&function.node.parameters);
    if let Some(class) = function.class {
        let parameters = &function.node.parameters;
        let first = parameters.posonlyargs.first().or(parameters.args.first());
        let ty = match function.kind {
            FunctionKind::Method | FunctionKind::Property => Ty::Own(class),
            FunctionKind::Class => Ty::Class(class),
            FunctionKind::Plain | FunctionKind::Static => Ty::Unknown,
        };
        if let (Some(first), true) = (first, ty != Ty::Unknown) {
            inference.env.insert(first.parameter.name.to_string(), ty);
        }
    }
    inference.body(&function.node.body);
    inference.found
}

pub(super) struct Inference<'a, 'p> {
    program: &'a Program<'p>,
    module: usize,
    scope: u32,
    class: Option<usize>,
    env: FxHashMap<String, Ty>,
    found: Found,
}

impl<'p> Inference<'_, 'p> {
    fn bind_parameters(&mut self, parameters: &ruff_python_ast::Parameters) {
        for parameter in parameters.iter() {
            let node = parameter.as_parameter();
            let ty =
                node.annotation().map_or(Ty::Unknown, |annotation| self.annotation(annotation));
            self.env.insert(node.name.to_string(), ty);
        }
        for (variadic, is_map) in [(&parameters.vararg, false), (&parameters.kwarg, true)] {
            if let Some(node) = variadic {
                let ty = self.env.remove(node.name.as_str()).unwrap_or_default();
                let ty = if is_map { Ty::map(Ty::Unknown, ty) } else { Ty::each(ty) };
                self.env.insert(node.name.to_string(), ty);
            }
        }
    }

    fn annotation(&self, expr: &Expr) -> Ty {
        of_annotation(self.program, self.module, self.scope, expr)
    }

    /// The type of an expression; records the remote operations in it.
    fn expr(&mut self, expr: &Expr) -> Ty {
        match expr {
            Expr::Name(name) => match self.env.get(name.id.as_str()) {
                Some(ty) => ty.clone(),
                None => self.named(expr),
            },
            Expr::Attribute(node) => {
                let value = self.expr(&node.value);
                self.load(expr, &value, node.attr.as_str())
            }
            Expr::Call(node) => self.call(expr, node),
            Expr::Named(node) => {
                let ty = self.expr(&node.value);
                self.bind(&node.target, ty.clone());
                ty
            }
            Expr::If(node) => {
                self.expr(&node.test);
                let body = self.expr(&node.body);
                body.join(self.expr(&node.orelse))
            }
            Expr::BoolOp(node) => {
                let types: Vec<Ty> = node.values.iter().map(|value| self.expr(value)).collect();
                types.into_iter().fold(Ty::Unknown, Ty::join)
            }
            Expr::Await(node) => self.expr(&node.value),
            Expr::Starred(node) => self.expr(&node.value),
            Expr::Subscript(node) => {
                let value = self.expr(&node.value);
                self.expr(&node.slice);
                match &*node.slice {
                    Expr::Slice(_) => value,
                    slice => value.index(constant(slice)),
                }
            }
            Expr::List(node) => self.items(&node.elts),
            Expr::Set(node) => self.items(&node.elts),
            Expr::Tuple(node) => {
                if node.elts.iter().any(Expr::is_starred_expr) {
                    return self.items(&node.elts);
                }
                Ty::Tuple(node.elts.iter().map(|item| self.expr(item)).collect())
            }
            Expr::Dict(node) => {
                let (mut key, mut value) = (Ty::Unknown, Ty::Unknown);
                for item in &node.items {
                    match &item.key {
                        Some(of) => {
                            key = key.join(self.expr(of));
                            value = value.join(self.expr(&item.value));
                        }
                        None => {
                            if let Ty::Map(more_key, more) = self.expr(&item.value) {
                                key = key.join(*more_key);
                                value = value.join(*more);
                            }
                        }
                    }
                }
                Ty::map(key, value)
            }
            Expr::ListComp(_) | Expr::SetComp(_) | Expr::DictComp(_) | Expr::Generator(_) => {
                self.comprehension(expr)
            }
            Expr::Lambda(node) => {
                syntax::operands(expr).into_iter().for_each(|default| {
                    self.expr(default);
                });
                let names = node.parameters.iter().flat_map(|parameters| parameters.iter());
                let names = names.map(|parameter| parameter.name().to_string()).collect();
                self.shadowed(names, |inner| {
                    inner.expr(&node.body);
                });
                Ty::Unknown
            }
            Expr::BinOp(node) => {
                // `xs + ys`, `{**a} | b`: containers of the same things.
                let left = self.expr(&node.left);
                let right = self.expr(&node.right);
                match (&left, &right) {
                    (Ty::Each(_) | Ty::Map(..) | Ty::Tuple(_), _) => left.join(right),
                    (_, Ty::Each(_) | Ty::Map(..)) => right,
                    _ => Ty::Unknown,
                }
            }
            _ => {
                for operand in syntax::operands(expr) {
                    self.expr(operand);
                }
                Ty::Unknown
            }
        }
    }

    fn items(&mut self, items: &[Expr]) -> Ty {
        let mut all = Ty::Unknown;
        for item in items {
            let ty = self.expr(item);
            all = all.join(if item.is_starred_expr() { ty.item() } else { ty });
        }
        Ty::each(all)
    }

    /// A name that is no local: a class, or a module-level variable with a known type.
    fn named(&mut self, expr: &Expr) -> Ty {
        let names = self.program.resolve(self.module, expr, self.scope);
        let class = names.iter().find_map(|name| self.program.class(name));
        class.map_or_else(|| self.module_variable(expr), Ty::Class)
    }

    /// A variable of the module that is annotated, or only ever set to constructor calls.
    fn module_variable(&self, expr: &Expr) -> Ty {
        let Expr::Name(name) = expr else { return Ty::Unknown };
        let scopes = &self.program.modules[self.module].scopes;
        let Some((MODULE, bound)) = scopes.lookup(self.scope, name.id.as_str()) else {
            return Ty::Unknown;
        };
        let annotation = bound.iter().find_map(|(_, bound)| match bound {
            Bound::Annotation(annotation) => Some(*annotation),
            _ => None,
        });
        if let Some(annotation) = annotation {
            return of_annotation(self.program, self.module, MODULE, annotation);
        }
        let made = bound.iter().map(|(_, bound)| match bound {
            Bound::Value(Expr::Call(call)) => {
                let names = self.program.resolve(self.module, &call.func, MODULE);
                names.iter().find_map(|name| self.program.class(name))
            }
            _ => None,
        });
        let made: Option<Vec<usize>> = made.collect();
        made.filter(|made| !made.is_empty()).map_or(Ty::Unknown, |made| {
            made.into_iter().map(|at| Ty::Instance(vec![at])).fold(Ty::Unknown, Ty::join)
        })
    }

    /// An attribute load on a value of a known type.
    fn load(&mut self, expr: &Expr, value: &Ty, attribute: &str) -> Ty {
        match value {
            Ty::Own(class) => {
                let candidates = self.program.methods_of_family(*class, attribute);
                let is_property =
                    |at: &usize| self.program.functions[*at].kind == FunctionKind::Property;
                let properties: Vec<usize> = candidates.into_iter().filter(is_property).collect();
                if properties.is_empty() {
                    return self.program.attribute(*class, attribute).cloned().unwrap_or_default();
                }
                let ty = self.returned(properties.iter().copied());
                self.own_use(expr, *class, attribute, properties);
                ty
            }
            Ty::Instance(classes) => {
                self.remote(expr, SuspensionKind::Read, classes, attribute, false);
                let of_class = |class: &usize| match self.program.method(*class, attribute) {
                    Some(method)
                        if self.program.functions[method].kind == FunctionKind::Property =>
                    {
                        self.returned(std::iter::once(method))
                    }
                    _ => self.program.attribute(*class, attribute).cloned().unwrap_or_default(),
                };
                classes.iter().map(of_class).fold(Ty::Unknown, Ty::join)
            }
            // `module.Class`, or an attribute of a class object.
            _ => self.named(expr),
        }
    }

    /// What the functions' annotations say they return.
    fn returned(&self, functions: impl Iterator<Item = usize>) -> Ty {
        functions.fold(Ty::Unknown, |ty, at| {
            let function = &self.program.functions[at];
            let returns = function.node.returns.as_deref();
            let annotated = returns.map_or(Ty::Unknown, |returns| {
                of_annotation(self.program, function.module, function.scope, returns)
            });
            ty.join(annotated)
        })
    }

    /// Records a remote operation if one of the classes is an entity.
    fn remote(
        &mut self,
        expr: &Expr,
        kind: SuspensionKind,
        classes: &[usize],
        member: &str,
        is_async: bool,
    ) {
        let entities = classes.iter().filter(|class| self.program.classes[**class].entity);
        let reaches: Vec<(usize, String)> =
            entities.map(|class| (*class, member.to_string())).collect();
        if reaches.is_empty() {
            return;
        }
        let target = |(class, member): &(usize, String)| match kind {
            SuspensionKind::Create => self.program.short(*class).to_string(),
            _ => format!("{}.{member}", self.program.short(*class)),
        };
        let target = reaches.iter().map(target).collect::<Vec<String>>().join("|");
        let (start, end) = (expr.start().to_u32(), expr.end().to_u32());
        let remote = Remote { start, end, kind, target, reaches, is_async };
        self.found.remote.insert((start, end, kind == SuspensionKind::Write), remote);
    }

    fn own_use(&mut self, expr: &Expr, class: usize, member: &str, functions: Vec<usize>) {
        let (start, end) = (expr.start().to_u32(), expr.end().to_u32());
        let member = member.to_string();
        self.found.own.insert((start, end), OwnUse { start, end, class, member, functions });
    }

    fn comprehension(&mut self, expr: &Expr) -> Ty {
        let Some((parts, generators)) = syntax::comprehension(expr) else { return Ty::Unknown };
        let mut names: Vec<String> = Vec::new();
        generators.iter().for_each(|clause| target_names(&clause.target, &mut names));
        let mut types = Vec::new();
        self.shadowed(names, |inner| {
            for clause in generators {
                let iterable = inner.expr(&clause.iter);
                inner.bind(&clause.target, iterable.item());
                clause.ifs.iter().for_each(|test| {
                    inner.expr(test);
                });
            }
            types = parts.into_iter().map(|part| inner.expr(part)).collect();
        });
        match (expr, types.as_slice()) {
            (Expr::DictComp(_), [key, value]) => Ty::map(key.clone(), value.clone()),
            (_, [item]) => Ty::each(item.clone()),
            _ => Ty::Unknown,
        }
    }

    /// Runs `inside` with these names unknown, then gives them their old types back.
    fn shadowed(&mut self, names: Vec<String>, inside: impl FnOnce(&mut Self)) {
        let old: Vec<(String, Option<Ty>)> = names
            .into_iter()
            .map(|name| (name.clone(), self.env.insert(name, Ty::Unknown)))
            .collect();
        inside(self);
        for (name, ty) in old.into_iter().rev() {
            match ty {
                Some(ty) => self.env.insert(name, ty),
                None => self.env.remove(&name),
            };
        }
    }
}

/// The names that an assignment target binds.
pub fn target_names(target: &Expr, names: &mut Vec<String>) {
    match target {
        Expr::Name(name) => names.push(name.id.to_string()),
        Expr::Tuple(node) => node.elts.iter().for_each(|item| target_names(item, names)),
        Expr::List(node) => node.elts.iter().for_each(|item| target_names(item, names)),
        Expr::Starred(node) => target_names(&node.value, names),
        _ => {}
    }
}

/// A constant index.
fn constant(expr: &Expr) -> Option<i64> {
    match expr {
        Expr::NumberLiteral(node) => match &node.value {
            Number::Int(value) => value.as_i64(),
            _ => None,
        },
        Expr::UnaryOp(node) if node.op == ruff_python_ast::UnaryOp::USub => {
            constant(&node.operand).map(|value| -value)
        }
        _ => None,
    }
}

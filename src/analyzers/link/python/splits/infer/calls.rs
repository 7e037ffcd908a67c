//! Calls: on entities, on the receiver itself, on classes, containers and known builtins.

use ruff_python_ast::{Expr, ExprCall};

use super::{Inference, Ty};
use crate::analyzers::link::python::splits::program::FunctionKind;
use crate::analyzers::link::python::splits::syntax;
use crate::model::SuspensionKind;

impl Inference<'_, '_> {
    pub(super) fn call(&mut self, expr: &Expr, node: &ExprCall) -> Ty {
        if let Expr::Attribute(func) = &*node.func {
            let member = func.attr.as_str();
            if let Some(class) = self.class.filter(|_| is_super(&func.value)) {
                self.arguments(node);
                return self.super_call(expr, class, member);
            }
            let value = self.expr(&func.value);
            let args = self.arguments(node);
            match &value {
                Ty::Own(class) => return self.own_call(expr, *class, member),
                Ty::Instance(classes) => {
                    let classes = classes.clone();
                    return self.entity_call(expr, &classes, member);
                }
                Ty::Class(class) => {
                    if let Some(method) = self.program.method(*class, member) {
                        return self.returned(std::iter::once(method));
                    }
                }
                Ty::Each(_) | Ty::Map(..) | Ty::Tuple(_) => {
                    if let Some(more) = Self::inserted(member, &args) {
                        self.learn(&func.value, more);
                    }
                    return container_call(&value, member, &args);
                }
                Ty::Unknown => {
                    if let Some(more) = Self::inserted(member, &args)
                        && matches!(more.index(None), Ty::Instance(_) | Ty::Own(_))
                    {
                        self.learn(&func.value, more);
                    }
                }
            }
            return self.named_call(expr, node, &args);
        }
        let func = match &*node.func {
            Expr::Name(_) => self.expr(&node.func),
            other => self.expr(other),
        };
        let args = self.arguments(node);
        if let Ty::Class(class) = func {
            return self.create(expr, class);
        }
        if let Expr::Name(name) = &*node.func
            && self.env.contains_key(name.id.as_str())
        {
            return Ty::Unknown;
        }
        self.named_call(expr, node, &args)
    }

    fn arguments(&mut self, node: &ExprCall) -> Vec<Ty> {
        let positional = node.arguments.args.len();
        let types: Vec<Ty> = syntax::arguments(&node.arguments).map(|arg| self.expr(arg)).collect();
        types.into_iter().take(positional).collect()
    }

    fn create(&mut self, expr: &Expr, class: usize) -> Ty {
        self.remote(expr, SuspensionKind::Create, &[class], "__init__", false);
        Ty::Instance(vec![class])
    }

    fn entity_call(&mut self, expr: &Expr, classes: &[usize], member: &str) -> Ty {
        let methods: Vec<usize> =
            classes.iter().filter_map(|class| self.program.method(*class, member)).collect();
        let is_async = methods.iter().any(|at| self.program.functions[*at].node.is_async);
        self.remote(expr, SuspensionKind::Call, classes, member, is_async);
        self.returned(methods.into_iter())
    }

    fn own_call(&mut self, expr: &Expr, class: usize, member: &str) -> Ty {
        let methods = self.program.methods_of_family(class, member);
        let ty = self.returned(methods.iter().copied());
        if !methods.is_empty() {
            self.own_use(expr, class, member, methods);
        }
        ty
    }

    fn super_call(&mut self, expr: &Expr, class: usize, member: &str) -> Ty {
        let mro = &self.program.classes[class].mro;
        let above = mro.iter().skip(1);
        let method = above
            .filter_map(|base| self.program.classes[*base].methods.get(member).copied())
            .next();
        let Some(method) = method else { return Ty::Unknown };
        self.own_use(expr, class, member, vec![method]);
        self.returned(std::iter::once(method))
    }

    /// A call of a module-level function, class or builtin.
    fn named_call(&mut self, expr: &Expr, node: &ExprCall, args: &[Ty]) -> Ty {
        let names = self.program.resolve(self.module, &node.func, self.scope);
        if let Some(class) = names.iter().find_map(|name| self.program.class(name)) {
            return self.create(expr, class);
        }
        let functions: Vec<usize> =
            names.iter().filter_map(|name| self.program.function(name)).collect();
        if !functions.is_empty() {
            let plain = |at: &usize| self.program.functions[*at].kind != FunctionKind::Property;
            return self.returned(functions.into_iter().filter(plain));
        }
        let Some(name) = names.first() else { return Ty::Unknown };
        let arg = |at: usize| args.get(at).cloned().unwrap_or_default();
        match &**name {
            "builtins.enumerate" => Ty::each(Ty::Tuple(vec![Ty::Unknown, arg(0).item()])),
            "builtins.zip" | "itertools.zip_longest" | "itertools.product" => {
                Ty::each(Ty::Tuple(args.iter().map(Ty::item).collect()))
            }
            "builtins.sorted" | "builtins.reversed" | "builtins.list" | "builtins.set"
            | "builtins.frozenset" | "builtins.iter" | "builtins.tuple" | "collections.deque"
            | "itertools.islice" | "itertools.cycle" | "random.sample" | "copy.copy" => {
                match arg(0) {
                    tuple @ Ty::Tuple(_) if &**name == "builtins.tuple" => tuple,
                    other => Ty::each(other.item()),
                }
            }
            "itertools.combinations"
            | "itertools.permutations"
            | "itertools.combinations_with_replacement"
            | "itertools.pairwise"
            | "itertools.batched" => Ty::each(Ty::each(arg(0).item())),
            "itertools.groupby" => Ty::each(Ty::Tuple(vec![Ty::Unknown, Ty::each(arg(0).item())])),
            "itertools.chain.from_iterable" => Ty::each(arg(0).item().item()),
            "itertools.repeat" => Ty::each(arg(0)),
            "heapq.nlargest" | "heapq.nsmallest" => Ty::each(arg(1).item()),
            "itertools.chain" => Ty::each(args.iter().map(Ty::item).fold(Ty::Unknown, Ty::join)),
            "builtins.min" | "builtins.max" => match args {
                [one] => one.item(),
                many => many.iter().cloned().fold(Ty::Unknown, Ty::join),
            },
            "builtins.next" => arg(0).item().join(arg(1)),
            "random.choice" => arg(0).item(),
            "builtins.filter" | "itertools.takewhile" | "itertools.dropwhile" => {
                Ty::each(arg(1).item())
            }
            "builtins.dict" => match arg(0) {
                Ty::Each(pair) => Ty::map(pair.index(Some(0)), pair.index(Some(1))),
                other => other,
            },
            "builtins.type" => match arg(0) {
                Ty::Own(class) => Ty::Class(class),
                Ty::Instance(classes) => classes.first().map_or(Ty::Unknown, |at| Ty::Class(*at)),
                _ => Ty::Unknown,
            },
            "typing.cast" => match node.arguments.args.first() {
                Some(annotation) => self.annotation(annotation),
                None => Ty::Unknown,
            },
            _ => Ty::Unknown,
        }
    }

    /// What a mutating call puts into the container it is called on.
    fn inserted(member: &str, args: &[Ty]) -> Option<Ty> {
        let last = args.last()?.clone();
        match member {
            "append" | "add" | "insert" | "appendleft" | "put" => Some(Ty::each(last)),
            "extend" | "extendleft" | "update" => Some(match last {
                map @ Ty::Map(..) => map,
                other => Ty::each(other.item()),
            }),
            "setdefault" => Some(Ty::map(Ty::Unknown, last)),
            _ => None,
        }
    }

    /// What a container turns out to hold.
    fn learn(&mut self, container: &Expr, ty: Ty) {
        match container {
            Expr::Name(name) => {
                let known = self.env.entry(name.id.to_string()).or_default();
                *known = std::mem::take(known).join(ty);
            }
            Expr::Attribute(node) => {
                if let Ty::Own(class) = self.quietly(&node.value) {
                    self.found.attributes.push((class, node.attr.to_string(), ty));
                }
            }
            Expr::Subscript(node) => self.learn(&node.value, Ty::map(Ty::Unknown, ty)),
            _ => {}
        }
    }

    pub(super) fn learn_item(&mut self, container: &Expr, item: Ty) {
        let known = self.quietly(container);
        let ty = if let Ty::Each(_) = known { Ty::each(item) } else { Ty::map(Ty::Unknown, item) };
        self.learn(container, ty);
    }

    /// The type of an expression that was already read: records nothing new for plain paths.
    fn quietly(&self, expr: &Expr) -> Ty {
        match expr {
            Expr::Name(name) => self.env.get(name.id.as_str()).cloned().unwrap_or_default(),
            Expr::Attribute(node) => match self.quietly(&node.value) {
                Ty::Own(class) => {
                    self.program.attribute(class, node.attr.as_str()).cloned().unwrap_or_default()
                }
                _ => Ty::Unknown,
            },
            _ => Ty::Unknown,
        }
    }
}

/// Zero-argument `super()`.
pub fn is_super(expr: &Expr) -> bool {
    let Expr::Call(call) = expr else { return false };
    call.arguments.args.is_empty() && matches!(&*call.func, Expr::Name(name) if name.id == "super")
}

fn container_call(value: &Ty, member: &str, args: &[Ty]) -> Ty {
    match (value, member) {
        (Ty::Map(key, of), "items") => Ty::each(Ty::Tuple(vec![(**key).clone(), (**of).clone()])),
        (Ty::Map(_, of), "values") => Ty::each((**of).clone()),
        (Ty::Map(key, _), "keys") => Ty::each((**key).clone()),
        (Ty::Map(_, of), "get" | "pop" | "setdefault") => {
            (**of).clone().join(args.get(1).cloned().unwrap_or_default())
        }
        (Ty::Map(key, of), "popitem") => Ty::Tuple(vec![(**key).clone(), (**of).clone()]),
        (Ty::Each(item), "pop" | "popleft" | "get" | "get_nowait") => (**item).clone(),
        (_, "copy" | "union" | "intersection" | "difference" | "symmetric_difference") => {
            value.clone()
        }
        _ => Ty::Unknown,
    }
}

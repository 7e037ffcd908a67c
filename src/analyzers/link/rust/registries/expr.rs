//! What expressions stand for, read where they are written: names, texts, the things inside
//! wrappers and adapters.

use rustc_hash::FxHashSet;

use super::{Source, short};
use crate::analyzers::link::rust::json::show;
use crate::analyzers::link::rust::modules::ModuleId;
use crate::analyzers::link::rust::world::{Def, Id, Namespace, World};
use crate::model::Name;
use crate::model::facts::rust::calls::{
    Body, Expr, ExprId, Literal, Pattern, PatternId, Statement,
};
use crate::model::facts::rust::items::Owner;
use crate::model::facts::rust::types::{Path, Ty, Word};

/// Wrapping says nothing about what is registered.
const DEPTH: u32 = 12;

/// Functions that only wrap their argument.
const WRAPPERS: &[&str] = &[
    "Some",
    "Ok",
    "Box::new",
    "Arc::new",
    "Rc::new",
    "Box::pin",
    "Mutex::new",
    "RwLock::new",
    "RefCell::new",
    "Cell::new",
    "OnceCell::new",
    "Cow::Borrowed",
    "Cow::Owned",
    "Lazy::new",
    "LazyLock::new",
    "Into::into",
    "from_fn",
    "service_fn",
    "handler_fn",
    "Reverse",
    "Leak::new",
];

/// Associated functions that make a value of their type.
const MAKERS: &[&str] = &["new", "default", "create", "build", "builder", "init", "from"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Function,
    Type,
    Variant,
    Value,
    Closure,
    /// Something of another crate.
    Outside,
    /// A literal.
    Plain,
}

#[derive(Debug, Clone)]
pub(super) struct Target {
    pub name: Name,
    pub sort: Sort,
    /// The function, when it is one of the project's.
    pub function: Option<u32>,
    /// It is what a call gives, not the function itself.
    pub is_call: bool,
}

impl Target {
    fn new(name: impl Into<Name>, sort: Sort) -> Self {
        Self { name: name.into(), sort, function: None, is_call: false }
    }

    /// A function or type of the project.
    pub fn is_own(&self) -> bool {
        matches!(self.sort, Sort::Function | Sort::Type)
    }
}

/// Reads one body.
pub(super) struct Reader<'r, 'a> {
    pub world: &'r World<'a>,
    pub source: &'r Source<'a>,
    pub body: &'a Body,
    file: u32,
    /// The modules of its blocks, then its own.
    modules: Vec<ModuleId>,
    /// Names that parameters and patterns bind.
    locals: FxHashSet<Word>,
    /// Type parameters of the function and what it stands in.
    generics: Vec<Word>,
    functions: &'r rustc_hash::FxHashMap<&'r str, u32>,
}

impl<'r, 'a> Reader<'r, 'a> {
    pub fn new(
        world: &'r World<'a>,
        functions: &'r rustc_hash::FxHashMap<&'r str, u32>,
        source: &'r Source<'a>,
    ) -> Self {
        let body = source.body;
        let id = |local| world.modules.id(source.file, local);
        let blocks = body.exprs.iter().filter_map(|expr| match expr {
            Expr::Block(block) => id(block.module?),
            _ => None,
        });
        let mut modules: Vec<ModuleId> = blocks.collect();
        modules.extend(id(body.module));
        let locals = body.patterns.iter().filter_map(|pattern| match pattern {
            Pattern::Bind { name, .. } => Some(*name),
            _ => None,
        });
        let locals = locals.collect();
        let file = source.file as u32;
        let generics = generics(world, source);
        Self { world, source, body, file, modules, locals, generics, functions }
    }

    pub fn get(&self, id: ExprId) -> Option<&'a Expr> {
        self.body.exprs.get(id as usize)
    }

    pub fn line(&self, id: ExprId) -> u32 {
        self.body
            .lines
            .get(id as usize)
            .copied()
            .filter(|line| *line > 0)
            .unwrap_or(self.source.line)
    }

    pub fn word(&self, word: Word) -> &'a str {
        self.world.facts(self.file).word(word)
    }

    /// The expression that contains each expression.
    pub fn parents(&self) -> Vec<Option<ExprId>> {
        let mut parents = vec![None; self.body.exprs.len()];
        for (at, expr) in self.body.exprs.iter().enumerate() {
            children(expr, &mut |child| {
                if let Some(slot) = parents.get_mut(child as usize) {
                    *slot = Some(at as ExprId);
                }
            });
        }
        parents
    }

    /// References, casts, blocks of one expression and conversions taken off.
    pub fn bare(&self, mut id: ExprId) -> ExprId {
        for _ in 0..DEPTH {
            id = match self.get(id) {
                Some(Expr::Ref(inner, _) | Expr::Cast(inner, _) | Expr::Try(inner, _)) => *inner,
                Some(Expr::Block(block)) if block.statements.is_empty() => match block.tail {
                    Some(tail) => tail,
                    None => return id,
                },
                Some(Expr::Unary { operand, .. }) => *operand,
                _ => return id,
            };
        }
        id
    }

    /// The text an expression is, conversions and constants looked through.
    pub fn text(&self, id: ExprId) -> Option<Name> {
        let mut id = id;
        for _ in 0..DEPTH {
            match self.get(id)? {
                Expr::Literal(Literal::Str(text)) => return Some(self.word(*text).into()),
                Expr::Ref(inner, _) | Expr::Cast(inner, _) | Expr::Try(inner, _) => id = *inner,
                Expr::Method { receiver, args, .. } if args.is_empty() => id = *receiver,
                Expr::Array { items, .. } => id = *items.first()?,
                Expr::Call { callee, args, .. } if args.len() == 1 => {
                    let Expr::Path(path, _) = self.get(*callee)? else { return None };
                    if !matches!(
                        self.word(path.last()?.name),
                        "from" | "new" | "new_static" | "Borrowed" | "from_static"
                    ) {
                        return None;
                    }
                    id = args[0];
                }
                Expr::Path(path, _) => {
                    let Some(Def::Value(value)) = self.def(path, Namespace::Value) else {
                        return None;
                    };
                    let place = self.world.values[value as usize];
                    let facts = self.world.facts(place.file);
                    let body = facts.calls.bodies.get(self.world.value(value).body? as usize)?;
                    return match body.exprs.get(body.root as usize)? {
                        Expr::Literal(Literal::Str(text)) => Some(facts.word(*text).into()),
                        _ => None,
                    };
                }
                _ => return None,
            }
        }
        None
    }

    fn ids(&self, path: &Path) -> Vec<Id> {
        path.segments.iter().map(|part| self.world.word(self.file, part.name)).collect()
    }

    fn def(&self, path: &Path, space: Namespace) -> Option<Def> {
        let ids = self.ids(path);
        self.modules.iter().find_map(|module| {
            let found = self.world.resolve(*module, &ids, path.global, space)?;
            (found.taken == ids.len()).then_some(found.def)
        })
    }

    /// Whether the file defines a macro of this name, as functions do for themselves.
    pub fn defines_macro(&self, path: &Path) -> bool {
        let facts = self.world.facts(self.file);
        path.as_word().is_some_and(|word| facts.items.macros.iter().any(|own| own.name == word))
    }

    /// Whether a path is the name of something local.
    pub fn local(&self, id: ExprId) -> Option<Word> {
        match self.get(self.bare(id))? {
            Expr::Path(path, _) => path.as_word().filter(|word| self.locals.contains(word)),
            _ => None,
        }
    }

    /// What a path stands for.
    pub fn path(&self, path: &Path) -> Option<Target> {
        let is_local = |word| self.locals.contains(&word) || self.word(word) == "self";
        if path.as_word().is_some_and(is_local) {
            return None;
        }
        let ids = self.ids(path);
        let world = self.world;
        if path.qself.is_none()
            && ids.first() == Some(&world.known.self_type)
            && let Some(own) = &self.source.own_type
        {
            return match path.segments.get(1..)? {
                [] => Some(Target::new(own.clone(), Sort::Type)),
                [member] => Some(self.associated(own, self.word(member.name))),
                _ => None,
            };
        }
        for space in [Namespace::Value, Namespace::Type] {
            for module in &self.modules {
                let Some(found) = world.resolve(*module, &ids, path.global, space) else {
                    continue;
                };
                let left = path.segments.get(found.taken..).unwrap_or_default();
                if let Some(target) = self.target_of(found.def, left) {
                    return Some(target);
                }
            }
        }
        // A crate that is not imported by a `use`, or a name of a prelude.
        Some(Target::new(show(world, self.file, &Ty::Path(path.clone())), Sort::Outside))
    }

    fn target_of(
        &self,
        def: Def,
        left: &[crate::model::facts::rust::types::Segment],
    ) -> Option<Target> {
        let world = self.world;
        let rest = |name: &Name| {
            let mut name = name.to_string();
            for segment in left {
                name.push_str("::");
                name.push_str(self.word(segment.name));
            }
            Name::from(name)
        };
        Some(match def {
            Def::Function(id) if left.is_empty() => {
                let std = world.is_std(world.functions[id as usize].file);
                Target {
                    name: world.function_names[id as usize].clone(),
                    sort: if std { Sort::Outside } else { Sort::Function },
                    function: (!std).then_some(id),
                    is_call: false,
                }
            }
            Def::Type(id) | Def::Variant(id, _) => {
                let std = world.is_std(world.types[id as usize].file);
                let name = &world.type_names[id as usize];
                if std {
                    return Some(Target::new(rest(name), Sort::Outside));
                }
                match (def, left) {
                    (Def::Variant(_, at), _) => {
                        let variant = world.type_(id).variants.get(at as usize)?;
                        let facts = world.facts(world.types[id as usize].file);
                        let name = format!("{name}::{}", facts.word(variant.name));
                        Target::new(name, Sort::Variant)
                    }
                    (_, []) => Target::new(name.clone(), Sort::Type),
                    (_, [member]) => self.associated(name, self.word(member.name)),
                    _ => return None,
                }
            }
            Def::Trait(id) => {
                let name = rest(&world.trait_names[id as usize]);
                Target::new(name, Sort::Outside)
            }
            Def::Value(id) if left.is_empty() => {
                let place = world.values[id as usize];
                let item = world.value(id);
                let node = world.modules.node(world.module(place.file, item.module));
                let name = format!("{}::{}", node.path, world.facts(place.file).word(item.name));
                let std = world.is_std(place.file);
                Target::new(name, if std { Sort::Outside } else { Sort::Value })
            }
            Def::Alias(id) => {
                let (item, place) = (world.alias(id), world.aliases[id as usize]);
                let node = world.modules.node(world.module(place.file, item.module));
                let name = format!("{}::{}", node.path, world.facts(place.file).word(item.name));
                Target::new(rest(&name.into()), Sort::Type)
            }
            Def::External(id) => Target::new(rest(world.external_path(id)), Sort::Outside),
            _ => return None,
        })
    }

    /// `Type::name`: a method, or a constant or whatever else the type has.
    fn associated(&self, holder: &Name, name: &str) -> Target {
        let qualified = format!("{holder}::{name}");
        match self.functions.get(&*qualified) {
            Some(id) => Target { function: Some(*id), ..Target::new(qualified, Sort::Function) },
            None => Target::new(qualified, Sort::Value),
        }
    }

    /// A type as it is written between angle brackets.
    pub fn type_target(&self, ty: &Ty) -> Option<Target> {
        match ty {
            Ty::Path(path) if path.as_word().is_some_and(|word| self.generics.contains(&word)) => {
                None
            }
            Ty::Path(path) => {
                let target = match self.def(path, Namespace::Type) {
                    Some(def) => self.target_of(def, &[]),
                    None => None,
                };
                let shown = || show(self.world, self.file, ty);
                let mut target = target.unwrap_or_else(|| Target::new(shown(), Sort::Outside));
                // `Plugin<A>` and `Plugin<B>` are two.
                if path.last().is_some_and(|last| !last.args.is_empty()) {
                    let shown = shown();
                    let args = shown.find('<').map_or("", |at| &shown[at..]);
                    target.name = format!("{}{args}", target.name).into();
                }
                Some(target)
            }
            Ty::Infer | Ty::Const(_) => None,
            other => Some(Target::new(show(self.world, self.file, other), Sort::Outside)),
        }
    }

    /// What an expression hands over: the function or type inside wrappers and adapters. With
    /// `calls`, what it calls.
    pub fn target(&self, id: ExprId, calls: bool) -> Option<Target> {
        self.target_at(id, calls, 0)
    }

    fn target_at(&self, id: ExprId, calls: bool, depth: u32) -> Option<Target> {
        if depth > DEPTH {
            return None;
        }
        let next = |id: ExprId| self.target_at(id, calls, depth + 1);
        match self.get(id)? {
            Expr::Ref(inner, _)
            | Expr::Cast(inner, _)
            | Expr::Try(inner, _)
            | Expr::Await(inner, _)
            | Expr::Async(inner)
            | Expr::Return(Some(inner))
            | Expr::Unary { operand: inner, .. } => next(*inner),
            Expr::Path(path, _) => self.path(path),
            Expr::Closure { params, body, .. } => {
                // `|x| handler(x)` is the handler.
                let handler = match self.get(self.bare(*body)) {
                    Some(Expr::Call { callee, args, .. })
                        if !args.is_empty()
                            && args.len() == params.len()
                            && args.iter().all(|arg| self.local(*arg).is_some()) =>
                    {
                        self.target_at(*callee, false, depth + 1)
                    }
                    _ => None,
                };
                handler
                    .filter(|found| found.sort == Sort::Function)
                    .or_else(|| Some(Target::new("closure", Sort::Closure)))
            }
            Expr::Call { callee, args, .. } => {
                let Expr::Path(path, _) = self.get(*callee)? else { return next(*callee) };
                if let [only] = args.as_slice()
                    && self.is_wrapper(path)
                {
                    return next(*only);
                }
                let mut found = self.path(path)?;
                found.is_call = true;
                // `Function::Unary(handler)` holds the handler.
                if let ([only], Sort::Variant) = (args.as_slice(), found.sort)
                    && let Some(inner) = next(*only)
                    && inner.sort == Sort::Function
                    && !inner.is_call
                {
                    return Some(inner);
                }
                if calls || found.sort != Sort::Function {
                    // `Type::new()` of another crate hands over the type.
                    return Some(self.made(found));
                }
                let holder = found.name.rsplit_once("::");
                match holder {
                    Some((holder, name)) if is_maker(name) && self.is_type(holder) => {
                        Some(Target::new(holder, Sort::Type))
                    }
                    _ => Some(found),
                }
            }
            Expr::Method { receiver, name, args, .. } => {
                if calls
                    && let Expr::Path(path, _) = self.get(*receiver)?
                    && path.as_word().is_some_and(|word| self.word(word) == "self")
                    && let Some(own) = &self.source.own_type
                {
                    let found = self.associated(own, self.word(*name));
                    if found.function.is_some() {
                        return Some(found);
                    }
                }
                let kept = matches!(self.word(*name), "push" | "push_str" | "insert" | "set");
                next(*receiver)
                    .filter(|found| !calls || found.sort != Sort::Plain)
                    .or_else(|| args.last().filter(|_| calls && kept).and_then(|last| next(*last)))
            }
            Expr::Struct { path, .. } => self.path(path).map(|mut found| {
                if found.sort == Sort::Value {
                    found.sort = Sort::Variant;
                }
                found
            }),
            Expr::Block(block) => match (block.tail, block.statements.as_slice()) {
                (Some(tail), _) => next(tail),
                (None, [.., Statement::Expr(last)]) => next(*last),
                _ => None,
            },
            Expr::Assign(_, value) => next(*value),
            Expr::Macro { path, args, .. } => {
                let name = path.last().map_or("", |last| self.word(last.name));
                match args.first() {
                    Some(first) if name.starts_with("wrap_") || args.len() == 1 => next(*first),
                    _ => None,
                }
            }
            Expr::Literal(Literal::Str(text)) => {
                Some(Target::new(format!("{:?}", self.word(*text)), Sort::Plain))
            }
            Expr::Literal(Literal::Bool) => Some(Target::new("bool", Sort::Plain)),
            _ => None,
        }
    }

    /// `Type::new` of another crate → `Type`.
    fn made(&self, found: Target) -> Target {
        if found.sort != Sort::Outside {
            return found;
        }
        match found.name.rsplit_once("::") {
            Some((holder, name)) if is_maker(name) => Target::new(holder, Sort::Outside),
            _ => found,
        }
    }

    fn is_type(&self, name: &str) -> bool {
        let last = short(name);
        last.starts_with(|letter: char| letter.is_uppercase())
    }

    fn is_wrapper(&self, path: &Path) -> bool {
        let names: Vec<&str> = path.segments.iter().map(|part| self.word(part.name)).collect();
        let tail = |count: usize| names[names.len().saturating_sub(count)..].join("::");
        WRAPPERS.contains(&&*tail(1)) || WRAPPERS.contains(&&*tail(2))
    }

    /// The leaves of tuples, arrays and list macros, adapters around them taken off:
    /// `(a, b.after(a)).chain()` is `a` and `b`.
    pub fn leaves(&self, id: ExprId) -> Vec<ExprId> {
        let mut found = Vec::new();
        self.leaves_at(id, 0, &mut found);
        found
    }

    fn leaves_at(&self, id: ExprId, depth: u32, found: &mut Vec<ExprId>) {
        if depth > DEPTH {
            return;
        }
        match self.get(id) {
            Some(Expr::Tuple(items) | Expr::Array { items, .. }) => {
                for item in items {
                    self.leaves_at(*item, depth + 1, found);
                }
            }
            Some(Expr::Ref(inner, _) | Expr::Try(inner, _)) => {
                self.leaves_at(*inner, depth + 1, found);
            }
            Some(Expr::Macro { args, .. }) if args.len() > 1 => {
                for item in args {
                    self.leaves_at(*item, depth + 1, found);
                }
            }
            Some(Expr::Method { receiver, .. }) => {
                let inner = self.root(*receiver);
                match self.get(inner) {
                    Some(Expr::Tuple(_) | Expr::Array { .. }) => {
                        self.leaves_at(inner, depth + 1, found);
                    }
                    _ => found.push(id),
                }
            }
            Some(_) => found.push(id),
            None => {}
        }
    }

    /// Where a chain of methods starts.
    pub fn root(&self, mut id: ExprId) -> ExprId {
        while let Some(Expr::Method { receiver, .. }) = self.get(id) {
            id = *receiver;
        }
        id
    }

    /// The last segment of the path that is called.
    pub fn callee(&self, id: ExprId) -> Option<&'a str> {
        match self.get(id)? {
            Expr::Path(path, _) => Some(self.word(path.last()?.name)),
            _ => None,
        }
    }

    /// An expression in few words.
    pub fn shown(&self, id: ExprId) -> Name {
        if let Some(text) = self.text(id) {
            return text;
        }
        match self.get(self.bare(id)) {
            Some(Expr::Path(path, _)) => {
                show(self.world, self.file, &Ty::Path(path.clone())).into()
            }
            Some(Expr::Call { callee, args, .. }) => match self.get(*callee) {
                Some(Expr::Path(path, _)) => {
                    let name = show(self.world, self.file, &Ty::Path(path.clone()));
                    match args.as_slice() {
                        [] => format!("{name}()").into(),
                        [first, ..] => format!("{name}({})", self.shown(*first)).into(),
                    }
                }
                _ => "…".into(),
            },
            Some(Expr::Method { receiver, name, .. }) => match self.target(id, false) {
                Some(target) if target.sort != Sort::Plain => target.name,
                _ => format!("{}.{}", self.shown(*receiver), self.word(*name)).into(),
            },
            Some(Expr::Struct { path, .. }) => {
                show(self.world, self.file, &Ty::Path(path.clone())).into()
            }
            Some(Expr::Field(base, name, _)) => {
                format!("{}.{}", self.shown(*base), self.word(*name)).into()
            }
            Some(Expr::Closure { .. }) => "closure".into(),
            Some(Expr::Literal(literal)) => format!("{literal:?}").to_lowercase().into(),
            _ => "…".into(),
        }
    }

    /// The texts of a pattern: one, or those between `|`.
    pub fn pattern_texts(&self, id: PatternId) -> Vec<Word> {
        match self.body.patterns.get(id as usize) {
            Some(Pattern::Literal(Literal::Str(text))) => vec![*text],
            Some(Pattern::Or(cases)) => {
                cases.iter().flat_map(|case| self.pattern_texts(*case)).collect()
            }
            Some(Pattern::Ref(inner)) => self.pattern_texts(*inner),
            Some(Pattern::TupleStruct(path, inner)) if inner.len() == 1 => {
                match path.last().map(|last| self.word(last.name)) {
                    Some("Some" | "Ok") => self.pattern_texts(inner[0]),
                    _ => Vec::new(),
                }
            }
            _ => Vec::new(),
        }
    }
}

fn generics(world: &World<'_>, source: &Source<'_>) -> Vec<Word> {
    let Some(item) = source.function.map(|id| world.function(id)) else { return Vec::new() };
    let items = &world.facts(source.file as u32).items;
    let around = match item.owner {
        Owner::Impl(at) => items.impls.get(at as usize).map(|holder| &holder.generics),
        Owner::Trait(at) => items.traits.get(at as usize).map(|holder| &holder.generics),
        Owner::Module | Owner::Foreign => None,
    };
    let all = item.generics.params.iter().chain(around.into_iter().flat_map(|all| &all.params));
    all.map(|param| param.name).collect()
}

fn is_maker(name: &str) -> bool {
    MAKERS.contains(&name) || ["new_", "with_", "from_"].iter().any(|start| name.starts_with(start))
}

/// Calls `each` with every direct part of an expression.
pub(super) fn children(expr: &Expr, each: &mut dyn FnMut(ExprId)) {
    match expr {
        Expr::Path(..) | Expr::Literal(_) | Expr::Never | Expr::Unknown => {}
        Expr::Call { callee, args, .. } => {
            each(*callee);
            args.iter().copied().for_each(each);
        }
        Expr::Method { receiver, args, .. } => {
            each(*receiver);
            args.iter().copied().for_each(each);
        }
        Expr::Field(inner, _, _)
        | Expr::Ref(inner, _)
        | Expr::Try(inner, _)
        | Expr::Await(inner, _)
        | Expr::Async(inner)
        | Expr::Loop(inner)
        | Expr::Cast(inner, _)
        | Expr::Let(_, inner)
        | Expr::Unary { operand: inner, .. }
        | Expr::Closure { body: inner, .. } => each(*inner),
        Expr::Index { base, index, .. } => {
            each(*base);
            each(*index);
        }
        Expr::Binary { left, right, .. } | Expr::Assign(left, right) => {
            each(*left);
            each(*right);
        }
        Expr::Block(block) => {
            for statement in &block.statements {
                match statement {
                    Statement::Let { value, otherwise, .. } => {
                        value.iter().chain(otherwise).copied().for_each(&mut *each);
                    }
                    Statement::Expr(expr) => each(*expr),
                }
            }
            block.tail.iter().copied().for_each(each);
        }
        Expr::If { test, then, otherwise } => {
            each(*test);
            each(*then);
            otherwise.iter().copied().for_each(each);
        }
        Expr::Match { subject, arms } => {
            each(*subject);
            for arm in arms {
                arm.guard.iter().copied().for_each(&mut *each);
                each(arm.body);
            }
        }
        Expr::While { test, body } => {
            each(*test);
            each(*body);
        }
        Expr::For { iterable, body, .. } => {
            each(*iterable);
            each(*body);
        }
        Expr::Tuple(items) | Expr::Array { items, .. } => items.iter().copied().for_each(each),
        Expr::Struct { fields, rest, .. } => {
            fields.iter().for_each(|(_, value)| each(*value));
            rest.iter().copied().for_each(each);
        }
        Expr::Range(start, end, _) => start.iter().chain(end).copied().for_each(each),
        Expr::Return(value) | Expr::Break(value) => value.iter().copied().for_each(each),
        Expr::Typed(args, _) | Expr::Macro { args, .. } => args.iter().copied().for_each(each),
    }
}

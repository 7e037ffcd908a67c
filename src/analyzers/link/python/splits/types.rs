//! Types as far as entities need them: instances, and the containers they come out of.

use ruff_python_ast::{Expr, Operator};

use super::program::Program;
use crate::analyzers::python::scopes::ScopeId;

#[derive(Debug, Clone, Default, PartialEq)]
pub enum Ty {
    #[default]
    Unknown,
    /// The receiver of the method itself.
    Own(usize),
    /// An instance of one of these classes.
    Instance(Vec<usize>),
    /// A class object.
    Class(usize),
    /// Anything that is iterated or indexed for items of one type.
    Each(Box<Ty>),
    Map(Box<Ty>, Box<Ty>),
    Tuple(Vec<Ty>),
}

impl Ty {
    pub fn each(item: Self) -> Self {
        Self::Each(Box::new(item))
    }

    pub fn map(key: Self, value: Self) -> Self {
        Self::Map(Box::new(key), Box::new(value))
    }

    /// What both may be. Whatever is known of one side is kept: an entity stays one.
    pub fn join(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unknown, known) | (known, Self::Unknown) => known,
            (one, two) if one == two => one,
            (Self::Own(one), Self::Instance(many)) | (Self::Instance(many), Self::Own(one)) => {
                Self::Instance(many).join(Self::Instance(vec![one]))
            }
            (Self::Instance(mut one), Self::Instance(two)) => {
                one.extend(two);
                one.sort_unstable();
                one.dedup();
                Self::Instance(one)
            }
            (Self::Each(one), Self::Each(two)) => Self::each(one.join(*two)),
            (Self::Map(key, value), Self::Map(key_2, value_2)) => {
                Self::map(key.join(*key_2), value.join(*value_2))
            }
            (Self::Tuple(one), Self::Tuple(two)) if one.len() == two.len() => {
                Self::Tuple(one.into_iter().zip(two).map(|(one, two)| one.join(two)).collect())
            }
            (Self::Tuple(items), Self::Each(item)) | (Self::Each(item), Self::Tuple(items)) => {
                Self::each(items.into_iter().fold(*item, Self::join))
            }
            (entity @ (Self::Instance(_) | Self::Own(_)), _) => entity,
            (_, entity @ (Self::Instance(_) | Self::Own(_))) => entity,
            (first, _) => first,
        }
    }

    /// What iterating over it gives.
    pub fn item(&self) -> Self {
        match self {
            Self::Each(item) => (**item).clone(),
            Self::Map(key, _) => (**key).clone(),
            Self::Tuple(items) => items.iter().cloned().fold(Self::Unknown, Self::join),
            _ => Self::Unknown,
        }
    }

    /// What indexing it gives.
    pub fn index(&self, at: Option<i64>) -> Self {
        match (self, at) {
            (Self::Map(_, value), _) => (**value).clone(),
            (Self::Tuple(items), Some(at)) => {
                let place = if at < 0 { at + items.len() as i64 } else { at };
                usize::try_from(place)
                    .ok()
                    .and_then(|at| items.get(at))
                    .cloned()
                    .unwrap_or_default()
            }
            _ => self.item(),
        }
    }
}

/// Containers whose one argument is the type of their items.
const SEQUENCES: [&str; 28] = [
    "list",
    "List",
    "set",
    "Set",
    "frozenset",
    "FrozenSet",
    "Sequence",
    "MutableSequence",
    "Iterable",
    "Iterator",
    "Collection",
    "Container",
    "Generator",
    "AsyncIterator",
    "AsyncIterable",
    "AsyncGenerator",
    "AbstractSet",
    "MutableSet",
    "deque",
    "Deque",
    "Reversible",
    "KeysView",
    "ValuesView",
    "Counter",
    "Array",
    "Queue",
    "WeakSet",
    "UserList",
];

const MAPS: [&str; 12] = [
    "dict",
    "Dict",
    "Mapping",
    "MutableMapping",
    "defaultdict",
    "DefaultDict",
    "OrderedDict",
    "ChainMap",
    "WeakValueDictionary",
    "UserDict",
    "MappingProxyType",
    "frozendict",
];

/// Wrappers that stand for their first argument.
const TRANSPARENT: [&str; 12] = [
    "Optional",
    "Annotated",
    "Final",
    "ClassVar",
    "Required",
    "NotRequired",
    "ReadOnly",
    "Awaitable",
    "Coroutine",
    "InitVar",
    "Mapped",
    "ReadonlyRef",
];

/// The type that an annotation names. Strings in it are read as annotations.
pub fn of_annotation(program: &Program<'_>, module: usize, scope: ScopeId, expr: &Expr) -> Ty {
    Reader { program, module, scope, depth: 0 }.read(expr)
}

struct Reader<'a, 'p> {
    program: &'a Program<'p>,
    module: usize,
    scope: ScopeId,
    depth: u32,
}

impl Reader<'_, '_> {
    fn read(&self, expr: &Expr) -> Ty {
        match expr {
            Expr::StringLiteral(text) if self.depth < 3 => {
                let Ok(parsed) = ruff_python_parser::parse_expression(text.value.to_str()) else {
                    return Ty::Unknown;
                };
                Reader { depth: self.depth + 1, ..*self }.read(&parsed.syntax().body)
            }
            Expr::BinOp(node) if node.op == Operator::BitOr => {
                self.read(&node.left).join(self.read(&node.right))
            }
            Expr::Subscript(node) => self.subscript(&node.value, &node.slice),
            Expr::Name(_) | Expr::Attribute(_) => self.named(expr),
            _ => Ty::Unknown,
        }
    }

    fn named(&self, expr: &Expr) -> Ty {
        let names = self.program.resolve(self.module, expr, self.scope);
        let classes = names.iter().filter_map(|name| self.program.class(name));
        let found: Vec<usize> = classes.collect();
        if !found.is_empty() {
            return Ty::Instance(found);
        }
        match last_segment(expr) {
            Some("Self") => {
                let class = self
                    .program
                    .classes
                    .iter()
                    .position(|class| class.module == self.module && self.inside(class.scope));
                class.map_or(Ty::Unknown, |class| Ty::Instance(vec![class]))
            }
            _ => self.alias(expr),
        }
    }

    /// A module-level alias `Items = list[Item]`.
    fn alias(&self, expr: &Expr) -> Ty {
        use crate::analyzers::python::scopes::Bound;
        let (Expr::Name(name), true) = (expr, self.depth < 3) else { return Ty::Unknown };
        let scopes = &self.program.modules[self.module].scopes;
        let Some((scope, bound)) = scopes.lookup(self.scope, name.id.as_str()) else {
            return Ty::Unknown;
        };
        match bound.last() {
            Some((_, Bound::Value(value))) => {
                Reader { depth: self.depth + 1, scope, ..*self }.read(value)
            }
            _ => Ty::Unknown,
        }
    }

    fn inside(&self, class: ScopeId) -> bool {
        let scopes = &self.program.modules[self.module].scopes;
        let mut at = Some(self.scope);
        while let Some(scope) = at {
            if scope == class {
                return true;
            }
            at = scopes.scope(scope).parent;
        }
        false
    }

    fn subscript(&self, value: &Expr, slice: &Expr) -> Ty {
        let args: &[Expr] = match slice {
            Expr::Tuple(tuple) => &tuple.elts,
            one => std::slice::from_ref(one),
        };
        let arg = |at: usize| args.get(at).map_or(Ty::Unknown, |arg| self.read(arg));
        match last_segment(value) {
            Some(name) if SEQUENCES.contains(&name) => Ty::each(arg(0)),
            Some(name) if MAPS.contains(&name) => Ty::map(arg(0), arg(1)),
            Some("Coroutine") => arg(2),
            Some(name) if TRANSPARENT.contains(&name) => arg(0),
            Some("Union") => args.iter().map(|arg| self.read(arg)).fold(Ty::Unknown, Ty::join),
            Some("tuple" | "Tuple") => match args {
                [item, Expr::EllipsisLiteral(_)] => Ty::each(self.read(item)),
                items => Ty::Tuple(items.iter().map(|item| self.read(item)).collect()),
            },
            Some("type" | "Type") => match arg(0) {
                Ty::Instance(classes) => classes.first().map_or(Ty::Unknown, |at| Ty::Class(*at)),
                _ => Ty::Unknown,
            },
            // A generic class of the project.
            _ => self.read(value),
        }
    }
}

fn last_segment(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Name(name) => Some(name.id.as_str()),
        Expr::Attribute(attribute) => Some(attribute.attr.as_str()),
        _ => None,
    }
}

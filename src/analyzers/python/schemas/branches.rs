//! Names that several branches of one `if` or `try` bind: which of them holds at run time.

use ruff_python_ast::{self as ast, Expr, Stmt};
use ruff_text_size::{Ranged, TextRange, TextSize};

use crate::analyzers::python::scopes::{Bound, MODULE, Scopes};
use crate::model::Name;

/// The compound statements around the statement that is being read, outermost first.
#[derive(Default)]
pub struct Branches {
    open: Vec<Group>,
}

struct Group {
    /// `if TYPE_CHECKING:` leads it.
    for_checkers: bool,
    parts: Vec<TextRange>,
}

impl Branches {
    pub fn enter(&mut self, stmt: &Stmt) {
        let mut group = Group { for_checkers: false, parts: Vec::new() };
        let mut part = |body: &[Stmt]| {
            if let (Some(first), Some(last)) = (body.first(), body.last()) {
                group.parts.push(TextRange::new(first.start(), last.end()));
            }
        };
        match stmt {
            Stmt::If(node) => {
                part(&node.body);
                node.elif_else_clauses.iter().for_each(|clause| part(&clause.body));
                group.for_checkers = is_type_checking(&node.test);
            }
            Stmt::Try(node) => {
                part(&node.body);
                for handler in &node.handlers {
                    let ast::ExceptHandler::ExceptHandler(handler) = handler;
                    part(&handler.body);
                }
                part(&node.orelse);
            }
            _ => {}
        }
        self.open.push(group);
    }

    pub fn leave(&mut self) {
        self.open.pop();
    }

    pub fn is_inside(&self) -> bool {
        !self.open.is_empty()
    }

    /// Whether the definition at `at` stands under `if TYPE_CHECKING:` and an `else` binds its
    /// name for the run.
    pub fn only_for_checkers(&self, scopes: &Scopes<'_>, name: &str, at: TextSize) -> bool {
        self.open.iter().any(|group| {
            let first = group.parts.first().is_some_and(|part| part.contains(at));
            group.for_checkers && first && group.elsewhere(scopes, name, at).next().is_some()
        })
    }

    /// What another branch imports under the name of the definition at `at`.
    pub fn imported_instead(&self, scopes: &Scopes<'_>, name: &str, at: TextSize) -> Option<Name> {
        self.open.iter().find_map(|group| {
            group.elsewhere(scopes, name, at).find_map(|bound| match bound {
                Bound::Import(origin) => Some(origin.clone()),
                _ => None,
            })
        })
    }
}

impl Group {
    /// What the branches beside the one at `at` bind a name to.
    fn elsewhere<'s>(
        &'s self,
        scopes: &'s Scopes<'_>,
        name: &str,
        at: TextSize,
    ) -> impl Iterator<Item = &'s Bound<'s>> {
        let bindings = scopes.scope(MODULE).bindings.get(name).map_or(&[][..], Vec::as_slice);
        bindings.iter().filter_map(move |(place, bound)| {
            let place = TextSize::new(*place);
            let beside = |part: &TextRange| part.contains_inclusive(place) && !part.contains(at);
            self.parts.iter().any(beside).then_some(bound)
        })
    }
}

/// The version of Python whose branch of `if sys.version_info >= (3, 13):` is read.
const VERSION: [i64; 3] = [3, 12, 0];

/// The branch that runs, when the statement asks for nothing but the version of Python.
pub fn of_this_version(node: &ast::StmtIf) -> Option<&[Stmt]> {
    if holds(&node.test)? {
        return Some(&node.body);
    }
    for clause in &node.elif_else_clauses {
        match &clause.test {
            None => return Some(&clause.body),
            Some(test) if holds(test)? => return Some(&clause.body),
            Some(_) => {}
        }
    }
    Some(&[])
}

/// What a comparison of `sys.version_info` with a tuple comes to.
fn holds(test: &Expr) -> Option<bool> {
    let Expr::Compare(node) = test else { return None };
    let ([op], [Expr::Tuple(wanted)]) = (&*node.ops, &*node.comparators) else { return None };
    let is_version = match &*node.left {
        Expr::Attribute(attribute) => attribute.attr.as_str() == "version_info",
        Expr::Name(name) => name.id.as_str() == "version_info",
        _ => false,
    };
    if !is_version {
        return None;
    }
    let number = |part: &Expr| match part {
        Expr::NumberLiteral(number) => match &number.value {
            ast::Number::Int(value) => value.as_i64(),
            _ => None,
        },
        _ => None,
    };
    let wanted: Option<Vec<i64>> = wanted.elts.iter().map(number).collect();
    let order = VERSION.as_slice().cmp(wanted?.as_slice());
    Some(match op {
        ast::CmpOp::Gt => order.is_gt(),
        ast::CmpOp::GtE => order.is_ge(),
        ast::CmpOp::Lt => order.is_lt(),
        ast::CmpOp::LtE => order.is_le(),
        _ => return None,
    })
}

fn is_type_checking(test: &Expr) -> bool {
    match test {
        Expr::Name(name) => name.id.as_str() == "TYPE_CHECKING",
        Expr::Attribute(attribute) => attribute.attr.as_str() == "TYPE_CHECKING",
        _ => false,
    }
}

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

fn is_type_checking(test: &Expr) -> bool {
    match test {
        Expr::Name(name) => name.id.as_str() == "TYPE_CHECKING",
        Expr::Attribute(attribute) => attribute.attr.as_str() == "TYPE_CHECKING",
        _ => false,
    }
}

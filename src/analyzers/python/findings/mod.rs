//! Where the patterns of the knowledge base occur in one file: one walk, every rule at its node.
//!
//! The rules are those of the pattern pages ("How metascope detects it"). What a single file
//! cannot decide (a base class defined elsewhere) is left to the linker as a shape.

mod antipatterns;
mod assignments;
mod calls;
mod classes;
mod functions;
pub mod members;
mod wrappers;

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, Stmt, StmtClassDef, StmtFunctionDef, StmtIf};
use ruff_text_size::{Ranged, TextRange};

use super::Source;
use super::scopes::{Bound, MODULE, ScopeId};
use crate::analyzers::rules;
use crate::model::Name;
use crate::model::facts::python::findings::{FindingFacts, Hit};

pub fn extract(source: &Source<'_>) -> FindingFacts {
    let mut collector = Collector {
        source,
        scope: MODULE,
        around: Vec::new(),
        unused: None,
        is_main: false,
        out: FindingFacts::default(),
    };
    collector.visit_body(&source.ast.body);
    collector.generated_code();
    let ignored = rules::ignored(source.text, source.lines, "# ");
    if !ignored.is_empty() {
        collector.out.hits.retain(|hit| !rules::is_ignored(&ignored, hit.line, hit.rule));
    }
    collector.out
}

/// A definition the walk is inside of.
#[derive(Clone, Copy)]
enum Around<'a> {
    /// The class, and whether a direct base makes it a metaclass.
    Class(&'a StmtClassDef, bool),
    Function(&'a StmtFunctionDef),
}

struct Collector<'a, 's> {
    source: &'s Source<'a>,
    scope: ScopeId,
    around: Vec<Around<'a>>,
    /// The expression whose value the statement being visited throws away.
    unused: Option<TextRange>,
    /// Inside `if __name__ == "__main__"`.
    is_main: bool,
    out: FindingFacts,
}

impl<'a> Collector<'a, '_> {
    /// Records a hit at the line of `node`, in the definition the walk is in.
    fn hit(&mut self, rule: &str, node: &impl Ranged) {
        self.hit_as(rule, node, String::new(), false);
    }

    fn hit_as(&mut self, rule: &str, node: &impl Ranged, detail: impl Into<String>, may: bool) {
        let symbol = self.source.scopes.name_of(self.scope).clone();
        self.hit_of(rule, self.source.line_of(node), symbol, detail, may);
    }

    /// Records a hit that concerns the definition `symbol`.
    fn hit_of(
        &mut self,
        rule: &str,
        line: u32,
        symbol: Name,
        detail: impl Into<String>,
        may: bool,
    ) {
        let Some(rule) = rules::index_of(rule) else { return };
        self.out.hits.push(Hit { rule, line, symbol, detail: detail.into(), may });
    }

    /// The origins of an expression here.
    fn resolve(&self, expr: &Expr) -> Vec<Name> {
        self.source.scopes.resolve(expr, self.scope)
    }

    /// Whether an expression resolves to one of these dotted names.
    fn is_any(&self, expr: &Expr, names: &[&str]) -> bool {
        self.resolve(expr).iter().any(|origin| names.contains(&&**origin))
    }

    /// The last segment an expression's origin would have, found without resolving it whole: most
    /// names can be dismissed by it.
    fn last_segment(&self, expr: &'a Expr) -> Option<&str> {
        match expr {
            Expr::Attribute(attribute) => Some(attribute.attr.as_str()),
            Expr::Name(name) => {
                let name = name.id.as_str();
                let bound = self.source.scopes.lookup(self.scope, name);
                let imported = bound.and_then(|(_, bound)| {
                    bound.iter().find_map(|(_, bound)| match bound {
                        Bound::Import(origin) => Some(&**origin),
                        _ => None,
                    })
                });
                match imported {
                    Some(origin) => origin.rsplit('.').next(),
                    None => Some(name),
                }
            }
            Expr::Subscript(subscript) => self.last_segment(&subscript.value),
            _ => None,
        }
    }

    /// The qualified name of a definition.
    fn name_of(&self, node: &impl Ranged) -> Name {
        let scopes = self.source.scopes;
        scopes.name_of(scopes.scope_of(node).unwrap_or(self.scope)).clone()
    }

    fn enclosing_function(&self) -> Option<&'a StmtFunctionDef> {
        self.around.iter().rev().find_map(|around| match around {
            Around::Function(def) => Some(*def),
            Around::Class(..) => None,
        })
    }

    /// Whether `test` is `TYPE_CHECKING` (`Some(true)`), its negation (`Some(false)`), or neither.
    fn type_checking(test: &Expr) -> Option<bool> {
        match test {
            Expr::Name(name) if name.id.as_str() == "TYPE_CHECKING" => Some(true),
            Expr::Attribute(node) if node.attr.as_str() == "TYPE_CHECKING" => Some(true),
            Expr::UnaryOp(not) if not.op == ruff_python_ast::UnaryOp::Not => {
                Self::type_checking(&not.operand).map(|is| !is)
            }
            _ => None,
        }
    }

    fn visit_if(&mut self, node: &'a StmtIf) {
        let outer = self.is_main;
        let checking = Self::type_checking(&node.test);
        self.visit_expr(&node.test);
        self.is_main = outer || is_main_test(&node.test);
        if checking != Some(true) {
            self.visit_body(&node.body);
        }
        self.is_main = outer;
        if checking != Some(false) {
            for clause in &node.elif_else_clauses {
                clause.test.iter().for_each(|test| self.visit_expr(test));
                self.visit_body(&clause.body);
            }
        }
    }

    fn within(
        &mut self,
        node: &impl Ranged,
        around: Option<Around<'a>>,
        inside: impl FnOnce(&mut Self),
    ) {
        let outer = self.scope;
        self.scope = self.source.scopes.scope_of(node).unwrap_or(outer);
        self.around.extend(around);
        inside(self);
        if around.is_some() {
            self.around.pop();
        }
        self.scope = outer;
    }
}

/// `__name__ == "__main__"`, either way round.
fn is_main_test(test: &Expr) -> bool {
    let Expr::Compare(compare) = test else { return false };
    let mut sides = compare.comparators.iter().chain([&*compare.left]);
    let has_name = sides
        .clone()
        .any(|side| matches!(side, Expr::Name(name) if name.id.as_str() == "__name__"));
    let has_main = sides
        .any(|side| matches!(side, Expr::StringLiteral(text) if text.value.to_str() == "__main__"));
    has_name && has_main
}

impl<'a> Visitor<'a> for Collector<'a, '_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::FunctionDef(def) => {
                let overloads = ["typing.overload", "typing_extensions.overload"];
                let is_overload =
                    def.decorator_list.iter().any(|item| self.is_any(&item.expression, &overloads));
                if is_overload {
                    return;
                }
                self.function(def);
                def.decorator_list.iter().for_each(|decorator| self.visit_decorator(decorator));
                def.returns.iter().for_each(|returns| self.visit_expr(returns));
                for parameter in def.parameters.iter() {
                    parameter.default().into_iter().for_each(|default| self.visit_expr(default));
                    parameter.annotation().into_iter().for_each(|expr| self.visit_expr(expr));
                }
                self.within(def, Some(Around::Function(def)), |inside| {
                    inside.visit_body(&def.body);
                });
            }
            Stmt::ClassDef(def) => {
                let is_metaclass = self.class(def);
                def.decorator_list.iter().for_each(|decorator| self.visit_decorator(decorator));
                def.arguments.iter().for_each(|arguments| self.visit_arguments(arguments));
                self.within(def, Some(Around::Class(def, is_metaclass)), |inside| {
                    inside.visit_body(&def.body);
                });
            }
            Stmt::If(node) => self.visit_if(node),
            Stmt::Expr(node) => {
                self.expression_statement(node);
                self.unused = Some(node.value.range());
                self.visit_expr(&node.value);
            }
            Stmt::For(node) => {
                self.loop_closures(&node.target, &node.body);
                visitor::walk_stmt(self, stmt);
            }
            _ => {
                self.assignment(stmt);
                visitor::walk_stmt(self, stmt);
            }
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Call(call) => self.call(call),
            Expr::Attribute(attribute) => self.attribute(attribute),
            Expr::Yield(node) if self.unused != Some(node.range()) => self.used_yield(node),
            Expr::Lambda(_)
            | Expr::ListComp(_)
            | Expr::SetComp(_)
            | Expr::DictComp(_)
            | Expr::Generator(_) => {
                return self.within(expr, None, |inside| visitor::walk_expr(inside, expr));
            }
            _ => {}
        }
        visitor::walk_expr(self, expr);
    }
}

#[cfg(test)]
mod tests;

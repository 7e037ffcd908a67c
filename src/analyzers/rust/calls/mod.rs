//! Function bodies → small expression trees that the linker can infer types over.
//!
//! Calls inside closures and `async` blocks belong to the function around them; calls written in
//! the arguments of macros whose tokens can be read as expressions are ordinary calls.

mod exprs;
pub mod macros;
mod patterns;

use proc_macro2::Span as TokenSpan;

use super::Source;
use super::items::Lowering;
use crate::model::facts::rust::calls::{Body, Expr, ExprId, Literal, Pattern, PatternId, Site};
use crate::model::facts::rust::modules::ModuleIndex;

/// Beyond this nesting (method chains not counted) expressions are left out: no real code goes
/// there, and the linker's recursion stays bounded.
const DEPTH_LIMIT: u32 = 120;

/// Lowers one body.
pub struct BodyLowering<'l, 's, 'a> {
    lowering: &'l mut Lowering<'s, 'a>,
    body: Body,
    /// The innermost module, for blocks that hold items.
    module: ModuleIndex,
    /// The function's name within its module.
    name: String,
    depth: u32,
    /// Where the expression being lowered starts.
    line: u32,
}

pub fn lower_body(
    lowering: &mut Lowering<'_, '_>,
    module: ModuleIndex,
    name: &str,
    params: &[&syn::Pat],
    block: &syn::Block,
) -> Body {
    let mut lower = BodyLowering::new(lowering, module, name);
    lower.body.params = params.iter().map(|pattern| lower.pattern(pattern)).collect();
    lower.body.root = lower.block(block);
    lower.body
}

pub fn lower_value(
    lowering: &mut Lowering<'_, '_>,
    module: ModuleIndex,
    name: &str,
    value: &syn::Expr,
) -> Body {
    let mut lower = BodyLowering::new(lowering, module, name);
    lower.body.root = lower.expr(value);
    lower.body
}

/// Whether a body says more than a number or the like: text may be what a registry calls a thing.
pub fn says_something(body: &Body) -> bool {
    let is_plain = |expr: &Expr| match expr {
        Expr::Literal(literal) => !matches!(literal, Literal::Str(_)),
        other => matches!(other, Expr::Unary { .. }),
    };
    !body.exprs.iter().all(is_plain)
}

impl<'l, 's, 'a> BodyLowering<'l, 's, 'a> {
    fn new(lowering: &'l mut Lowering<'s, 'a>, module: ModuleIndex, name: &str) -> Self {
        let body = Body { module, ..Body::default() };
        Self { lowering, body, module, name: name.into(), depth: 0, line: 0 }
    }

    fn source(&self) -> &'s Source<'a> {
        self.lowering.source
    }

    fn push(&mut self, expr: Expr) -> ExprId {
        self.body.exprs.push(expr);
        self.body.lines.push(self.line);
        self.body.exprs.len() as ExprId - 1
    }

    fn push_pattern(&mut self, pattern: Pattern) -> PatternId {
        self.body.patterns.push(pattern);
        self.body.patterns.len() as PatternId - 1
    }
}

/// The place from the start of one token to the end of another.
fn site(start: TokenSpan, end: TokenSpan) -> Site {
    let (start, end) = (start.start(), end.end());
    Site {
        line: start.line as u32,
        column: start.column as u32 + 1,
        end_line: end.line as u32,
        end_column: end.column as u32 + 1,
    }
}

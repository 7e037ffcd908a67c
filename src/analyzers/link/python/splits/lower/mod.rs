//! Lowers a function's body to blocks cut at its remote operations (lowering rules 1 to 6).
//!
//! Code is written as the source's own text with the evaluated parts replaced by temporaries, so
//! what stays inline stays byte for byte what the user wrote.

mod assigns;
mod blocks;
mod comprehension;
mod effects;
mod expr;
mod matching;
pub mod state;
mod stmt;
mod subs;
mod tries;

use ruff_python_ast::visitor::Visitor;
use ruff_python_ast::{Expr, Stmt, StmtClassDef, StmtFunctionDef};
use ruff_text_size::{Ranged, TextRange};

use super::infer::Remote;
use super::program::{Function, Module, Program};
use super::syntax;
use crate::analyzers::split::{
    Access, Block, BlockId, Cut, Effects, End, Graph, Op, VarId, VarKind,
};
use crate::model::Refusal;
use effects::Reader;
use state::StateReader;
use subs::Subs;

/// A lowered function.
pub struct Lowered {
    pub graph: Graph,
    /// Names its body declares `global`.
    pub globals: Vec<String>,
    pub refused: Option<Refusal>,
}

/// Lowers one function. A `coarse` lowering leaves compound statements without a remote part
/// whole even where control leaves them: only to count fragments.
pub fn lower(program: &Program<'_>, at: usize, mut remote: Vec<Remote>, coarse: bool) -> Lowered {
    let function = &program.functions[at];
    remote.sort_by_key(|op| (op.start, op.end));
    let mut lowering = Lowering {
        function,
        module: &program.modules[function.module],
        remote,
        graph: Graph::default(),
        subs: Subs::default(),
        at: 0,
        on_error: None,
        contexts: Vec::new(),
        caught: Vec::new(),
        counter: 0,
        globals: Vec::new(),
        refused: None,
        self_name: None,
        deliver_to: None,
        awaiting: false,
        coarse,
        entity_attributes: program.entity_attributes(function.class),
    };
    lowering.run();
    Lowered { graph: lowering.graph, globals: lowering.globals, refused: lowering.refused }
}

struct Lowering<'a, 'p> {
    function: &'a Function<'p>,
    module: &'a Module<'p>,
    /// Sorted by place.
    remote: Vec<Remote>,
    graph: Graph,
    subs: Subs,
    /// The block being filled.
    at: BlockId,
    /// Where exceptions of the code being lowered go.
    on_error: Option<(BlockId, VarId)>,
    /// Loops and pending `finally` parts around the code being lowered, outermost first.
    contexts: Vec<Context>,
    /// The exceptions being handled, innermost last: what a bare `raise` raises.
    caught: Vec<VarId>,
    counter: u32,
    globals: Vec<String>,
    refused: Option<Refusal>,
    self_name: Option<&'p str>,
    /// The local that takes the next reply directly (`x = item.f()`).
    deliver_to: Option<VarId>,
    /// The expression being lowered is the operand of an `await`.
    awaiting: bool,
    coarse: bool,
    entity_attributes: Vec<state::EntityAttribute>,
}

enum Context {
    Loop {
        exit: BlockId,
        again: BlockId,
    },
    /// Leaving runs through here: the exit's number goes to `code`, a value to `value`.
    Finally {
        entry: BlockId,
        code: VarId,
        value: VarId,
        exits: Vec<Exit>,
    },
}

/// Ways out of a protected body.
#[derive(Debug, Clone, PartialEq)]
enum Exit {
    Fall(BlockId),
    Return {
        has_value: bool,
    },
    /// To a loop's exit or head; the loop is that context.
    Jump {
        to: BlockId,
        context: usize,
    },
    Reraise,
}

impl<'p> Lowering<'_, 'p> {
    fn run(&mut self) {
        let node = self.function.node;
        let scopes = &self.module.scopes;
        // A receiver that the body rebinds is a local like any other.
        self.self_name = self.function.self_name().filter(|name| {
            let bound = scopes.scope(self.function.scope).bindings.get(name);
            bound.is_some_and(|bound| bound.len() == 1)
        });
        for parameter in node.parameters.iter() {
            let name = parameter.name().as_str();
            if self.self_name != Some(name) {
                let var = self.graph.vars.local(name);
                self.graph.params.push(var);
            }
        }
        self.check_body(&node.body);
        if self.refused.is_some() {
            return;
        }
        let line = self.module.lines.line(node.start().to_u32());
        self.at = self.graph.block(line, None);
        self.graph.entry = self.at;
        self.body(&node.body);
        self.end(End::Return { value: None, constant: true });
        self.check_captures();
    }

    /// Refuses what no order of blocks can keep.
    fn check_body(&mut self, body: &[Stmt]) {
        let mut finder = Unsplittable::default();
        finder.visit_body(body);
        if let Some(range) = finder.yields {
            self.refuse(range, "a generator keeps its own frame: it cannot be cut");
        }
        if let Some(range) = finder.nonlocal {
            self.refuse(range, "an inner function rebinds a local of this one");
        }
        for (whole, body) in finder.inner {
            if self.has_remote(body) {
                self.refuse(whole, "a remote operation inside an inner function or class");
            }
        }
        for range in finder.lambdas {
            if self.has_remote(range) {
                self.refuse(range, "a remote operation inside a lambda");
            }
        }
        for (name, range) in finder.frames {
            if self.module.scopes.lookup(self.function.scope, name).is_none() {
                self.refuse(range, &format!("`{name}` looks at the frame, which is cut here"));
            }
        }
        self.globals = finder.globals;
    }

    /// A closure sees later assignments to what it captured; a frame on the move cannot.
    fn check_captures(&mut self) {
        let count = self.graph.blocks.len();
        let mut refused = None;
        for at in 0..count {
            let mut captured = Effects::default();
            for op in &self.graph.blocks[at].ops {
                captured.captures.union(&op.effects.captures);
            }
            if captured.captures.is_empty() {
                continue;
            }
            let mut seen = vec![false; count];
            let mut stack = self.graph.successors(at);
            while let Some(next) = stack.pop() {
                if std::mem::replace(&mut seen[next], true) {
                    continue;
                }
                stack.extend(self.graph.successors(next));
                let block = &self.graph.blocks[next];
                let ops = block.ops.iter().chain(match &block.end {
                    End::Next { target, .. } => Some(target),
                    _ => None,
                });
                let mut bound =
                    ops.flat_map(|op| op.effects.defs.iter().map(|var| (op.first_line, var)));
                let reply = block.resume_of.map(|at| &self.graph.suspensions[at]);
                let reply = reply.and_then(|cut| Some((cut.request.first_line, cut.result?)));
                let rebound = reply
                    .filter(|(_, var)| captured.captures.contains(*var))
                    .or_else(|| bound.find(|(_, var)| captured.captures.contains(*var)));
                if let Some((line, var)) = rebound {
                    refused = Some((line, self.graph.vars.name(var).to_string()));
                }
            }
        }
        if let (Some((line, name)), None) = (refused, &self.refused) {
            let reason = format!("`{name}` is rebound after a closure captured it");
            self.refused = Some(Refusal { reason, line });
        }
    }

    fn refuse(&mut self, range: TextRange, reason: &str) {
        if self.refused.is_none() {
            let line = self.module.lines.line(range.start().to_u32());
            self.refused = Some(Refusal { reason: reason.into(), line });
        }
    }

    fn has_remote(&self, range: TextRange) -> bool {
        let (start, end) = (range.start().to_u32(), range.end().to_u32());
        let first = self.remote.partition_point(|op| op.start < start);
        self.remote[first..].iter().take_while(|op| op.start < end).any(|op| op.end <= end)
    }

    /// The remote operation that an expression is. Stores are asked for on their own.
    fn remote_at(&self, expr: &Expr, store: bool) -> Option<Remote> {
        use crate::model::SuspensionKind::Write;
        let (start, end) = (expr.start().to_u32(), expr.end().to_u32());
        let first = self.remote.partition_point(|op| op.start < start);
        let here = self.remote[first..].iter().take_while(|op| op.start == start);
        here.filter(|op| op.end == end).find(|op| (op.kind == Write) == store).cloned()
    }

    // Building blocks.

    fn block(&mut self, range: TextRange) -> BlockId {
        let line = self.module.lines.line(range.start().to_u32());
        self.graph.block(line, self.on_error)
    }

    fn current(&mut self) -> &mut Block {
        &mut self.graph.blocks[self.at]
    }

    /// Ends the current block unless it already ended.
    fn end(&mut self, end: End) {
        let block = self.current();
        if matches!(block.end, End::Open) {
            block.end = end;
        }
    }

    fn go(&mut self, to: BlockId) {
        self.end(End::Jump(to));
    }

    fn reader(&mut self) -> Reader<'_, 'p> {
        Reader {
            scopes: &self.module.scopes,
            function: self.function.scope,
            scope: self.function.scope,
            self_name: self.self_name,
            vars: &mut self.graph.vars,
            subs: &self.subs,
        }
    }

    fn effects(&mut self, expr: &Expr) -> Effects {
        self.reader().of(expr)
    }

    fn render(&self, range: TextRange) -> String {
        self.subs.render(self.module.text, range)
    }

    /// An expression's lowered text, in brackets where its line breaks need them.
    fn text(&self, expr: &Expr) -> String {
        let text = self.render(expr.range());
        let bare = matches!(expr, Expr::Generator(node) if !node.parenthesized)
            || matches!(expr, Expr::Named(_) | Expr::Yield(_) | Expr::YieldFrom(_))
            || (text.contains('\n') && !is_bracketed(expr));
        if bare { format!("({text})") } else { text }
    }

    fn state_of(
        &self,
        visit: impl FnOnce(&mut StateReader<'_>),
    ) -> Vec<crate::analyzers::split::StateAccess> {
        let entities = &self.entity_attributes;
        let mut reader = StateReader { self_name: self.self_name, entities, found: Vec::new() };
        visit(&mut reader);
        reader.found
    }

    /// An operation at a place of the source. In a handler it sees the exception being handled.
    fn op(&self, code: String, mut effects: Effects, range: TextRange) -> Op {
        let lines = &self.module.lines;
        let handling = self.caught.last().copied();
        if let Some(var) = handling {
            effects.uses.insert(var);
        }
        let end = range.end().to_u32().max(range.start().to_u32() + 1) - 1;
        Op {
            code,
            effects,
            first_line: lines.line(range.start().to_u32()),
            last_line: lines.line(end),
            handling,
            ..Op::default()
        }
    }

    fn push(&mut self, op: Op) {
        let block = self.current();
        if matches!(block.end, End::Open) {
            block.ops.push(op);
        }
    }

    /// `var = code`, made by the lowering.
    fn set(&mut self, var: VarId, code: &str, mut effects: Effects, range: TextRange) {
        effects.write(var);
        let code = format!("{} = {code}", self.graph.vars.name(var));
        let op = self.op(code, effects, range);
        self.push(op);
    }

    fn temporary(&mut self, stem: &str, kind: VarKind) -> VarId {
        loop {
            self.counter += 1;
            let name = format!("_{stem}{}", self.counter);
            if !self.module.text.contains(&name) {
                return self.graph.vars.push(name, kind);
            }
        }
    }

    fn name(&self, var: VarId) -> String {
        self.graph.vars.name(var).to_string()
    }

    /// Cuts: the rest goes on in a resume block, and `range` becomes the reply.
    fn suspend(&mut self, range: TextRange, cut: Cut) -> Option<VarId> {
        let result = cut.result;
        self.graph.suspensions.push(cut);
        let suspension = self.graph.suspensions.len() - 1;
        let resume = self.block(range);
        self.graph.blocks[resume].resume_of = Some(suspension);
        self.end(End::Suspend { suspension, resume });
        self.at = resume;
        if let Some(var) = result {
            let name = self.name(var);
            self.subs.set(range, name, Some(var));
        }
        result
    }

    fn cut(&self, remote: &Remote, access: Access, request: Op) -> Cut {
        Cut {
            kind: remote.kind,
            target: remote.target.clone(),
            reaches: remote.reaches.clone(),
            receiver: None,
            member: remote.reaches.first().map(|(_, name)| name.clone()).unwrap_or_default(),
            args: Vec::new(),
            result: None,
            request,
            start: remote.start,
            end: remote.end,
            access,
        }
    }
}

/// Its own brackets keep line breaks together.
fn is_bracketed(expr: &Expr) -> bool {
    match expr {
        Expr::List(_) | Expr::Set(_) | Expr::Dict(_) => true,
        Expr::ListComp(_) | Expr::SetComp(_) | Expr::DictComp(_) => true,
        Expr::Tuple(node) => node.parenthesized,
        Expr::Generator(node) => node.parenthesized,
        _ => false,
    }
}

/// Finds what keeps a body from being cut.
#[derive(Default)]
struct Unsplittable<'v> {
    yields: Option<TextRange>,
    nonlocal: Option<TextRange>,
    /// Inner functions and classes with their bodies: defaults and decorators run here.
    inner: Vec<(TextRange, TextRange)>,
    lambdas: Vec<TextRange>,
    /// Calls that read all locals.
    frames: Vec<(&'v str, TextRange)>,
    globals: Vec<String>,
    depth: u32,
}

/// Builtins that read the caller's locals when called with at most this many arguments.
const FRAME_READERS: [(&str, usize); 5] =
    [("locals", 0), ("vars", 0), ("dir", 0), ("eval", 1), ("exec", 1)];

impl<'v> Visitor<'v> for Unsplittable<'v> {
    fn visit_stmt(&mut self, stmt: &'v Stmt) {
        match stmt {
            Stmt::FunctionDef(StmtFunctionDef { body, .. })
            | Stmt::ClassDef(StmtClassDef { body, .. }) => {
                let last = body.last().map_or(stmt.end(), Ranged::end);
                let first = body.first().map_or(stmt.start(), Ranged::start);
                self.inner.push((stmt.range(), TextRange::new(first, last)));
                self.depth += 1;
                ruff_python_ast::visitor::walk_stmt(self, stmt);
                self.depth -= 1;
                return;
            }
            Stmt::Nonlocal(node) if self.depth > 0 => self.nonlocal = Some(node.range()),
            Stmt::Global(node) if self.depth == 0 => {
                self.globals.extend(node.names.iter().map(ToString::to_string));
            }
            _ => {}
        }
        ruff_python_ast::visitor::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'v Expr) {
        match expr {
            Expr::Yield(_) | Expr::YieldFrom(_) if self.depth == 0 => {
                self.yields = Some(expr.range());
            }
            Expr::Lambda(node) => self.lambdas.push(node.body.range()),
            Expr::Call(node) if self.depth == 0 => {
                if let Expr::Name(name) = &*node.func
                    && FRAME_READERS.contains(&(name.id.as_str(), node.arguments.len()))
                {
                    self.frames.push((name.id.as_str(), expr.range()));
                }
            }
            _ => {}
        }
        ruff_python_ast::visitor::walk_expr(self, expr);
    }
}

//! Lowers one file to the assignment graph of [`crate::model::facts::python::calls`].
//!
//! Within a body names are followed in the order the code runs: each assignment makes a new
//! variable, and where branches join so do the variables. Names that other bodies read or write
//! (closures, globals) go through one *cell* per name. Function bodies are lowered after the body
//! they stand in; class bodies where they stand, because they run there.

mod bodies;
mod classes;
mod environment;
mod expressions;
mod invocations;
mod narrowing;
mod statements;
mod targets;
mod types;

use ruff_text_size::Ranged;
use rustc_hash::{FxHashMap, FxHashSet};

use super::Source;
use super::scopes::{MODULE, ScopeId};
use crate::model::Name;
use crate::model::facts::python::calls::{
    Body, BodyKind, CallFacts, NONE, Op, Receiver, Site, SiteId, Str, Type, TypeId, Var,
};
use bodies::Pending;
use environment::Frame;

/// Longest callee text that is kept for the list of unresolved calls.
const TEXT_LIMIT: usize = 80;

pub fn extract(source: &Source<'_>) -> CallFacts {
    let mut lowering = Lowering::new(source);
    lowering.run();
    lowering.facts
}

/// The state of lowering one file.
struct Lowering<'a, 's> {
    source: &'s Source<'a>,
    facts: CallFacts,
    strings: FxHashMap<Name, Str>,
    types: FxHashMap<Type, TypeId>,
    /// One variable per name that bodies share, made when first asked for.
    cells: FxHashMap<(ScopeId, &'a str), Var>,
    /// Every version of every name of function scopes, to fill the cells in the end.
    versions: Vec<(ScopeId, &'a str, Var)>,
    /// Names that `global` and `nonlocal` let other bodies write.
    shared: FxHashSet<(ScopeId, &'a str)>,
    /// Bodies still to lower.
    pending: Vec<Pending<'a>>,
    /// Variables of constants, builtins and star-imported names: one each.
    constants: FxHashMap<Constant<'a>, Var>,
    /// The body being lowered is the last; before it the bodies around a class body.
    frames: Vec<Frame<'a>>,
    /// The package relative imports climb from.
    package: &'s str,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Constant<'a> {
    Text(Str),
    Number(i64),
    Literal(crate::model::facts::python::calls::Literal),
    Builtin(&'a str),
    Star(&'a str),
}

impl<'a, 's> Lowering<'a, 's> {
    fn new(source: &'s Source<'a>) -> Self {
        let module: &'s str = source.module;
        let package = if source.is_package {
            module
        } else {
            module.rsplit_once('.').map_or("", |(parent, _)| parent)
        };
        let mut lowering = Self {
            source,
            facts: CallFacts::default(),
            strings: FxHashMap::default(),
            types: FxHashMap::default(),
            cells: FxHashMap::default(),
            versions: Vec::new(),
            shared: source.scopes.written_from_elsewhere(),
            pending: Vec::new(),
            constants: FxHashMap::default(),
            frames: Vec::new(),
            package,
        };
        lowering.intern("");
        lowering.facts.types.push(Type::Unknown);
        // Site 0 and argument 0 stand for none.
        lowering.facts.sites.push(Site { body: 0, line: 0, column: 0, text: NONE });
        lowering
    }

    fn run(&mut self) {
        let name = self.intern(self.source.module);
        self.facts.bodies.push(Body {
            name,
            kind: BodyKind::Module,
            line: 1,
            owner: 0,
            around: 0,
            params: Vec::new(),
            result: NONE,
            yields: NONE,
            sent: NONE,
            receiver: Receiver::None,
            is_async: false,
            is_hollow: false,
            passes: Vec::new(),
            returns: 0,
        });
        self.frames.push(Frame::new(MODULE, 0));
        self.statements(&self.source.ast.body);
        self.close_module();
        self.frames.clear();
        while let Some(pending) = self.pending.pop() {
            self.lower_pending(pending);
        }
        self.fill_cells();
    }

    fn var(&mut self) -> Var {
        self.facts.vars += 1;
        self.facts.vars
    }

    fn op(&mut self, op: Op) {
        self.facts.ops.push(op);
    }

    fn copy(&mut self, to: Var, from: Var) {
        if to != NONE && from != NONE && to != from {
            self.op(Op::Copy { to, from });
        }
    }

    fn intern(&mut self, text: &str) -> Str {
        if let Some(known) = self.strings.get(text) {
            return *known;
        }
        let id = self.facts.strings.len() as Str;
        let name: Name = text.into();
        self.facts.strings.push(name.clone());
        self.strings.insert(name, id);
        id
    }

    /// The site of an operation of the current body; `text` is what it works on, as written.
    fn site(&mut self, node: &impl Ranged, text: &str) -> SiteId {
        let cut = text.find('\n').unwrap_or(text.len()).min(TEXT_LIMIT);
        let cut = (0..=cut).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let text = self.intern(text[..cut].trim_end());
        let at = self.source.lines.position(self.source.text, node.start().to_u32());
        let body = self.frame().body;
        self.facts.sites.push(Site { body, line: at.line, column: at.column, text });
        self.facts.sites.len() as SiteId - 1
    }

    /// The variable of a constant; the operation that fills it is made once.
    fn constant(&mut self, constant: Constant<'a>, op: impl FnOnce(&mut Self, Var) -> Op) -> Var {
        if let Some(known) = self.constants.get(&constant) {
            return *known;
        }
        let to = self.var();
        let op = op(self, to);
        self.op(op);
        self.constants.insert(constant, to);
        to
    }
}

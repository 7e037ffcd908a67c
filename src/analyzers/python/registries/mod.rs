//! Registries of one file: lowers the code that can store definitions in containers into the
//! compact form of [`RegistryFacts`], which the linker executes over all files.

mod expr;
mod keep;
mod notice;
mod stmt;

use ruff_text_size::Ranged;
use rustc_hash::FxHashMap;

use super::Source;
use super::scopes::{MODULE, ScopeId};
use crate::model::Name;
use crate::model::facts::python::registries::{Expr, ExprId, RegistryFacts, StrId};

pub fn extract(source: &Source<'_>) -> RegistryFacts {
    let mut lowering = Lowering {
        source,
        facts: RegistryFacts::default(),
        interned: FxHashMap::default(),
        scope: MODULE,
        depth: 0,
        last_line: (0, 1),
        class: None,
        receiver: None,
        is_root: false,
        is_generator: false,
    };
    lowering.facts.body = lowering.body(&source.ast.body);
    lowering.facts
}

/// Deeper expressions and statements are dropped: no real registry nests so far.
const MAX_DEPTH: u32 = 80;

struct Lowering<'a, 's> {
    source: &'s Source<'a>,
    facts: RegistryFacts,
    interned: FxHashMap<Name, StrId>,
    scope: ScopeId,
    depth: u32,
    /// The last offset asked for and its line: offsets mostly rise.
    last_line: (u32, u32),
    /// The class whose body is being lowered.
    class: Option<ScopeId>,
    /// The class whose method is being lowered, and the name of its first parameter.
    receiver: Option<(ScopeId, &'a str)>,
    is_root: bool,
    is_generator: bool,
}

impl Lowering<'_, '_> {
    fn intern(&mut self, text: &str) -> StrId {
        if let Some(id) = self.interned.get(text) {
            return *id;
        }
        let id = self.facts.strings.len() as StrId;
        let name: Name = text.into();
        self.facts.strings.push(name.clone());
        self.interned.insert(name, id);
        id
    }

    fn line(&mut self, node: &impl Ranged) -> u32 {
        let at = node.start().to_u32();
        let (last, line) = self.last_line;
        if at < last || at - last > 4096 {
            let line = self.source.lines.line(at);
            self.last_line = (at, line);
            return line;
        }
        let mut line = line;
        while self.source.lines.start_of(line + 1).is_some_and(|start| start <= at) {
            line += 1;
        }
        self.last_line = (at, line);
        line
    }

    fn push(&mut self, expr: Expr, line: u32) -> ExprId {
        let id = self.facts.exprs.len() as ExprId;
        self.facts.exprs.push(expr);
        self.facts.lines.push(line);
        id
    }

    /// The qualified name of the function or module being lowered.
    fn within(&self) -> Name {
        self.source.scopes.name_of(self.scope).clone()
    }
}

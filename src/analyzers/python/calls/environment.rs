//! Names and what they hold at each point of a body.

use rustc_hash::FxHashMap;

use super::{Constant, Lowering};
use crate::analyzers::python::scopes::{MODULE, ScopeId, ScopeKind, is_builtin};
use crate::model::facts::python::calls::{NONE, Op, Str, Var};

/// The body being lowered.
pub(super) struct Frame<'a> {
    /// The scope of the body.
    pub home: ScopeId,
    /// The scope being read: `home`, or a comprehension within.
    pub scope: ScopeId,
    /// Open comprehensions.
    pub inner: Vec<ScopeId>,
    pub body: u32,
    slots: FxHashMap<(ScopeId, &'a str), u32>,
    /// The variable each slot's name holds now; `NONE` before it is bound.
    pub now: Vec<Var>,
    /// Whether this point can be reached.
    pub live: bool,
    /// For each open loop, the names it assigns with their joined variables.
    pub loops: Vec<Vec<(u32, Var)>>,
    /// Displays nothing has read yet, by variable: constant keys and where their items stand.
    pub fresh: FxHashMap<Var, Vec<(FreshKey, usize)>>,
    /// Parameters as they came, by variable.
    pub params: FxHashMap<Var, u16>,
    /// Every assignment so far, by slot; only kept while a `try` wants to know.
    pub journal: Option<Vec<(u32, Var)>>,
    /// The class whose method this is, and the variable of its first parameter.
    pub receiver: Option<(u32, Var)>,
}

/// A constant key of a display.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FreshKey {
    Text(Str),
    Number(i64),
}

impl<'a> Frame<'a> {
    pub fn new(home: ScopeId, body: u32) -> Self {
        Self {
            home,
            scope: home,
            inner: Vec::new(),
            body,
            slots: FxHashMap::default(),
            now: Vec::new(),
            live: true,
            loops: Vec::new(),
            fresh: FxHashMap::default(),
            params: FxHashMap::default(),
            journal: None,
            receiver: None,
        }
    }

    fn owns(&self, scope: ScopeId) -> bool {
        scope == self.home || self.inner.contains(&scope)
    }

    fn slot(&mut self, holder: ScopeId, name: &'a str) -> u32 {
        let next = self.now.len() as u32;
        let slot = *self.slots.entry((holder, name)).or_insert(next);
        if slot == next {
            self.now.push(NONE);
        }
        slot
    }

    fn version(&self, holder: ScopeId, name: &'a str) -> Var {
        self.slots.get(&(holder, name)).map_or(NONE, |slot| self.now[*slot as usize])
    }

    /// The names bound in `holder` with what they hold, in the order of their first binding.
    pub fn names(&self, holder: ScopeId) -> Vec<(&'a str, Var)> {
        let mut found: Vec<(u32, &'a str)> = self
            .slots
            .iter()
            .filter(|((scope, _), _)| *scope == holder)
            .map(|((_, name), slot)| (*slot, *name))
            .collect();
        found.sort_unstable();
        found.into_iter().map(|(slot, name)| (name, self.now[slot as usize])).collect()
    }
}

impl<'a> Lowering<'a, '_> {
    pub(super) fn frame(&mut self) -> &mut Frame<'a> {
        // A frame is pushed before anything is lowered and popped after.
        let last = self.frames.len() - 1;
        &mut self.frames[last]
    }

    /// The scope in which a name assigned here is bound.
    fn holder(&mut self, name: &'a str) -> ScopeId {
        // A walrus in a comprehension, `global` and `nonlocal` bind further out.
        self.holder_of_load(name).unwrap_or_else(|| self.frame().scope)
    }

    /// `name = value`; the value's variable becomes the name's.
    pub(super) fn assign(&mut self, name: &'a str, value: Var) {
        let holder = self.holder(name);
        self.assign_in(holder, name, value);
    }

    pub(super) fn assign_in(&mut self, holder: ScopeId, name: &'a str, value: Var) {
        // A value nobody knows is still a binding: it hides what the name held before.
        let value = if value == NONE { self.var() } else { value };
        if self.shared.contains(&(holder, name)) || !self.frame().owns(holder) {
            let cell = self.cell(holder, name);
            self.copy(cell, value);
            return;
        }
        let kind = self.source.scopes.scope(holder).kind;
        if !matches!(kind, ScopeKind::Module | ScopeKind::Class) {
            self.versions.push((holder, name, value));
        }
        let frame = self.frame();
        let slot = frame.slot(holder, name);
        frame.now[slot as usize] = value;
        if let Some(journal) = &mut frame.journal {
            journal.push((slot, value));
        }
    }

    /// Replaces what a name holds without binding it anew (narrowing).
    pub(super) fn refine(&mut self, name: &'a str, make: impl FnOnce(&mut Self, Var) -> Var) {
        let holder = self.holder_of_load(name);
        let Some(holder) = holder else { return };
        if self.shared.contains(&(holder, name)) || !self.frame().owns(holder) {
            return;
        }
        let before = self.frame().version(holder, name);
        if before == NONE {
            return;
        }
        let after = make(self, before);
        let frame = self.frame();
        let slot = frame.slot(holder, name);
        frame.now[slot as usize] = after;
    }

    fn holder_of_load(&mut self, name: &'a str) -> Option<ScopeId> {
        let scope = self.frame().scope;
        self.source.scopes.lookup(scope, name).map(|(holder, _)| holder)
    }

    pub(super) fn unbind(&mut self, name: &'a str) {
        let holder = self.holder(name);
        if self.frame().owns(holder) {
            let frame = self.frame();
            let slot = frame.slot(holder, name);
            frame.now[slot as usize] = NONE;
        }
    }

    /// What a name holds here.
    pub(super) fn load(&mut self, name: &'a str) -> Var {
        let var = self.peek(name);
        self.frame().fresh.remove(&var);
        var
    }

    /// Like [`Self::load`], without counting as a read.
    pub(super) fn peek(&mut self, name: &'a str) -> Var {
        let scope = self.frame().scope;
        let Some((holder, _)) = self.source.scopes.lookup(scope, name) else {
            return self.unbound(name);
        };
        if self.shared.contains(&(holder, name)) {
            return self.cell(holder, name);
        }
        let owner = self.frames.iter().rev().find(|frame| frame.owns(holder));
        let Some(version) = owner.map(|frame| frame.version(holder, name)) else {
            return self.cell(holder, name);
        };
        if version != NONE {
            return version;
        }
        // Not bound yet at this point: in module and class bodies the name is looked up outside.
        match self.source.scopes.scope(holder).kind {
            ScopeKind::Module if is_builtin(name) => self.unbound(name),
            ScopeKind::Class => self.load_around(holder, name),
            _ => self.cell(holder, name),
        }
    }

    /// What a class body reads before it binds the name itself.
    fn load_around(&mut self, class: ScopeId, name: &'a str) -> Var {
        let mut at = self.source.scopes.scope(class).parent;
        while let Some(scope) = at {
            let here = self.source.scopes.scope(scope);
            if here.kind != ScopeKind::Class && here.bindings.contains_key(name) {
                let owner = self.frames.iter().rev().find(|frame| frame.owns(scope));
                let version = owner.map_or(NONE, |frame| frame.version(scope, name));
                return if version == NONE { self.cell(scope, name) } else { version };
            }
            at = here.parent;
        }
        self.unbound(name)
    }

    /// A name the file binds nowhere: a builtin, or one that came by a star import.
    fn unbound(&mut self, name: &'a str) -> Var {
        if name == "__name__" {
            let module = self.source.module;
            return self.text(module);
        }
        if is_builtin(name) {
            return self.constant(Constant::Builtin(name), |lowering, to| Op::Builtin {
                to,
                name: lowering.intern(name),
            });
        }
        if let Some(known) = self.constants.get(&Constant::Star(name)) {
            return *known;
        }
        let to = self.var();
        self.constants.insert(Constant::Star(name), to);
        let source = self.source;
        if let Some(implicit) = module_attribute(name) {
            self.op(Op::Literal { to, kind: implicit });
            return to;
        }
        for star in &source.scopes.stars {
            let origin = self.intern(&format!("{star}.{name}"));
            self.op(Op::Import { to, origin, site: 0 });
        }
        to
    }

    /// The shared variable of a name.
    pub(super) fn cell(&mut self, holder: ScopeId, name: &'a str) -> Var {
        if let Some(known) = self.cells.get(&(holder, name)) {
            return *known;
        }
        let cell = self.var();
        self.cells.insert((holder, name), cell);
        cell
    }

    /// Joins the states in which control can arrive; each is `Some` when that way is open.
    pub(super) fn join(&mut self, states: Vec<Option<Vec<Var>>>) {
        let mut open: Vec<Vec<Var>> = states.into_iter().flatten().collect();
        let Some(mut joined) = open.pop() else {
            self.frame().live = false;
            return;
        };
        let width = self.frame().now.len();
        joined.resize(width, NONE);
        for (slot, held_now) in joined.iter_mut().enumerate() {
            let mut held: Vec<Var> = Vec::new();
            let all = open.iter().map(|state| state.get(slot).copied().unwrap_or(NONE));
            for version in all.chain([*held_now]) {
                if version != NONE && !held.contains(&version) {
                    held.push(version);
                }
            }
            *held_now = match held.as_slice() {
                [] => NONE,
                [only] => *only,
                several => {
                    let to = self.var();
                    let several = several.to_vec();
                    several.into_iter().for_each(|from| self.copy(to, from));
                    to
                }
            };
        }
        let frame = self.frame();
        frame.now = joined;
        frame.live = true;
    }

    /// The state here, when it can be reached.
    pub(super) fn state(&mut self) -> Option<Vec<Var>> {
        let frame = self.frame();
        frame.live.then(|| frame.now.clone())
    }

    pub(super) fn resume(&mut self, state: Option<Vec<Var>>) {
        let frame = self.frame();
        frame.live = state.is_some();
        if let Some(mut state) = state {
            state.resize(frame.now.len(), NONE);
            frame.now = state;
        }
        frame.fresh.clear();
    }

    /// Makes the joined variables of a loop that assigns `names`.
    pub(super) fn open_loop(&mut self, names: &[&'a str]) {
        let mut joined: Vec<(u32, Var)> = Vec::with_capacity(names.len());
        for name in names {
            let holder = self.holder(name);
            if self.shared.contains(&(holder, *name)) || !self.frame().owns(holder) {
                continue;
            }
            let slot = self.frame().slot(holder, name);
            if joined.iter().any(|(known, _)| *known == slot) {
                continue;
            }
            let head = self.var();
            let before = self.frame().now[slot as usize];
            self.copy(head, before);
            self.frame().now[slot as usize] = head;
            joined.push((slot, head));
        }
        let frame = self.frame();
        frame.fresh.clear();
        frame.loops.push(joined);
    }

    /// What the loop's names hold here flows back to its head: at its end, `continue`, `break`.
    pub(super) fn feed_loop(&mut self) {
        let frame = self.frame();
        if !frame.live {
            return;
        }
        let Some(joined) = frame.loops.last().cloned() else { return };
        for (slot, head) in joined {
            let now = self.frame().now[slot as usize];
            self.copy(head, now);
        }
    }

    pub(super) fn close_loop(&mut self) {
        self.feed_loop();
        let frame = self.frame();
        if let Some(joined) = frame.loops.pop() {
            for (slot, head) in joined {
                frame.now[slot as usize] = head;
            }
        }
        frame.live = true;
        frame.fresh.clear();
    }

    /// Records what the module's names hold once it has run.
    pub(super) fn close_module(&mut self) {
        let names = self.frame().names(MODULE);
        for (name, version) in names {
            let id = self.intern(name);
            if version == NONE {
                continue;
            }
            let var = match self.cells.get(&(MODULE, name)).copied() {
                Some(cell) => {
                    self.copy(cell, version);
                    cell
                }
                None => version,
            };
            // Later readers go through this variable.
            self.cells.insert((MODULE, name), var);
            self.facts.globals.push((id, var));
        }
        let source = self.source;
        for name in source.scopes.scope(MODULE).bindings.keys() {
            if self.shared.contains(&(MODULE, *name)) {
                let cell = self.cell(MODULE, name);
                let id = self.intern(name);
                self.facts.globals.push((id, cell));
            }
        }
        self.facts.globals.sort_unstable();
        self.facts.globals.dedup();
    }

    /// Lets every version of a name flow into its cell, where closures read it.
    pub(super) fn fill_cells(&mut self) {
        let versions = std::mem::take(&mut self.versions);
        for (holder, name, version) in versions {
            if let Some(cell) = self.cells.get(&(holder, name)).copied() {
                self.copy(cell, version);
            }
        }
    }
}

/// Names every module has without binding them.
fn module_attribute(name: &str) -> Option<crate::model::facts::python::calls::Literal> {
    use crate::model::facts::python::calls::Literal;
    matches!(name, "__file__" | "__doc__" | "__package__" | "__qualname__" | "__path__")
        .then_some(Literal::Text)
}

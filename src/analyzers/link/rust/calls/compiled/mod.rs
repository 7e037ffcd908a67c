//! What the compiler says, joined to what was inferred by the place of each call.
//!
//! The compiler is right wherever it speaks of the text as it is: an answer that it shares is
//! sure, another one at the same place goes, a call that was not seen is added. It says nothing
//! about calls through pointers and closures, nor who is behind `dyn` or a generic parameter: there
//! the inferred rows stay and the implementations are listed as possible.

mod resolve;

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use super::Caller;
use super::graph::Builder;
use crate::model::{
    CallEdge, Callee, Certainty, CodeSpan, CompiledCalls, EdgeKind, Name, NodeId, NodeKind,
};
use resolve::{Meaning, Resolver};

/// The reason of every row that the compiler confirmed.
const WHY: &str = "compiler";

/// Lines behind an operand on which its operator may stand.
const OPERATOR_LINES: u32 = 3;

/// Traits whose methods the language calls for operators, loops, `.await` and `?`.
const LANGUAGE: &[&str] = &["std::ops::", "core::ops::", "std::cmp::Partial", "core::cmp::Partial"];
const LANGUAGE_METHODS: &[&str] = &["into_iter", "next", "into_future", "poll", "from", "branch"];

/// One call of the compiler's, its names resolved.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    span: CodeSpan,
    caller: Option<(CallerKey, u32)>,
    meaning: Meaning,
    /// The method's own name.
    name: Name,
    is_implicit: bool,
    /// Written in a macro that stands elsewhere.
    is_generated: bool,
}

/// A [`Caller`] that can be ordered.
type CallerKey = (bool, u32);

/// Puts the compiler's rows into the graph.
pub fn join(builder: &mut Builder<'_, '_, '_>, compiled: &CompiledCalls) {
    let found = gather(builder, compiled);
    let mut rows = Rows::new(builder);
    let mut start = 0;
    while let Some(first) = found.get(start) {
        let same = |call: &&Found| {
            (&call.span.file, call.span.line, call.span.column)
                == (&first.span.file, first.span.line, first.span.column)
        };
        let count = found[start..].iter().take_while(same).count();
        rows.settle(&found[start..start + count]);
        start += count;
    }
    rows.finish();
}

/// All calls of files as they are, ordered by place and each of them once.
fn gather(builder: &Builder<'_, '_, '_>, compiled: &CompiledCalls) -> Vec<Found> {
    let resolver = Resolver::new(builder);
    let mut found = BTreeSet::new();
    for body in compiled.bodies.iter() {
        let caller = resolver.caller(body);
        for call in &body.calls {
            if compiled.hash_of(&call.span.file).is_none() {
                continue;
            }
            let Some(meaning) = resolver.meaning(&body.root, &call.callee) else { continue };
            let name = match &call.callee {
                Callee::Path(path) => path.rsplit("::").next().unwrap_or(path).into(),
                Callee::Member { name, .. } => name.clone(),
            };
            let is_generated = match caller {
                Some((Caller::Function(function), _)) => !resolver.holds(function, &call.span),
                _ => false,
            };
            let caller = caller.map(|(caller, file)| match caller {
                Caller::Function(id) => ((false, id), file),
                Caller::Value(id) => ((true, id), file),
            });
            let is_implicit = is_implicit(&call.span, &call.callee);
            let span = call.span.clone();
            found.insert(Found { span, caller, meaning, name, is_implicit, is_generated });
        }
    }
    found.into_iter().collect()
}

/// Whether the language makes the call: the place is then the whole expression, not a name.
fn is_implicit(span: &CodeSpan, callee: &Callee) -> bool {
    let Callee::Member { trait_: Some(trait_), name, .. } = callee else { return false };
    let is_name = span.line == span.end_line
        && span.end_column.saturating_sub(span.column) as usize == name.chars().count();
    let is_language =
        LANGUAGE.iter().any(|path| trait_.starts_with(path)) || LANGUAGE_METHODS.contains(&&**name);
    is_language && !is_name
}

/// The graph's rows by their places.
struct Rows<'r, 'b, 'w, 'a> {
    builder: &'r mut Builder<'b, 'w, 'a>,
    why: Name,
    /// Edges by file, line and column.
    at: FxHashMap<(Name, u32, u32), Vec<usize>>,
    /// Edges that the language makes, by file and line.
    implicit: FxHashMap<(Name, u32), Vec<usize>>,
    unresolved: FxHashMap<(Name, u32, u32), Vec<usize>>,
    /// Edges that the compiler confirmed.
    confirmed: Vec<bool>,
    gone: Vec<bool>,
    answered: Vec<bool>,
}

impl<'r, 'b, 'w, 'a> Rows<'r, 'b, 'w, 'a> {
    fn new(builder: &'r mut Builder<'b, 'w, 'a>) -> Self {
        let mut at: FxHashMap<_, Vec<usize>> = FxHashMap::default();
        let mut implicit: FxHashMap<_, Vec<usize>> = FxHashMap::default();
        let mut unresolved: FxHashMap<_, Vec<usize>> = FxHashMap::default();
        for (index, edge) in builder.edges.iter().enumerate() {
            at.entry((edge.file.clone(), edge.line, edge.column)).or_default().push(index);
            if edge.kind == EdgeKind::Implicit {
                implicit.entry((edge.file.clone(), edge.line)).or_default().push(index);
            }
        }
        for (index, call) in builder.unresolved.iter().enumerate() {
            unresolved.entry((call.file.clone(), call.line, call.column)).or_default().push(index);
        }
        let count = builder.edges.len();
        Self {
            why: builder.reason(WHY),
            confirmed: vec![false; count],
            gone: vec![false; count],
            answered: vec![false; builder.unresolved.len()],
            at,
            implicit,
            unresolved,
            builder,
        }
    }

    /// Joins all that the compiler says of one place.
    fn settle(&mut self, found: &[Found]) {
        let Some(first) = found.first() else { return };
        let place = (first.span.file.clone(), first.span.line, first.span.column);
        let here = self.at.get(&place).cloned().unwrap_or_default();
        for call in found {
            self.join(call, &here);
        }
        // Another answer for a name that the compiler has an answer for is wrong.
        for index in here {
            if self.confirmed[index] {
                continue;
            }
            let edge = &self.builder.edges[index];
            let name = self.short(edge.to);
            let is_told = found.iter().any(|call| *call.name == *name);
            let is_kept = found.iter().any(|call| match &call.meaning {
                Meaning::Open { function, .. } => {
                    let named = |id: &u32| self.builder.tables.name(*id) == &self.name(edge.to);
                    self.builder.implementations(*function).iter().any(named)
                }
                _ => false,
            });
            if is_told && !is_kept && edge.kind != EdgeKind::Callback {
                self.gone[index] = true;
            }
        }
        for index in self.unresolved.get(&place).into_iter().flatten() {
            let text = &self.builder.unresolved[*index].text;
            let name = text.rsplit(['.', ':']).next().unwrap_or(text);
            if found.iter().any(|call| *call.name == *name) {
                self.answered[*index] = true;
            }
        }
    }

    fn join(&mut self, call: &Found, here: &[usize]) {
        let target = self.target(&call.meaning);
        let is_external = matches!(call.meaning, Meaning::External(_));
        let agrees = |rows: &Self, index: usize| {
            let to = rows.builder.edges[index].to;
            match target {
                Some(target) => to == target,
                // Outside the project names have several paths; the last part tells.
                None => rows.is_outside(to) && rows.short(to) == *call.name,
            }
        };
        let mut candidates = here.to_vec();
        if call.is_implicit {
            candidates.extend(self.operators(call));
        }
        let agreed = candidates.iter().copied().find(|index| agrees(self, *index));
        if let Some(index) = agreed {
            self.confirm(index);
            self.list(call, index);
            return;
        }
        if call.is_implicit {
            // The language's call of this name, near by and answered otherwise: it is this one.
            let other = self
                .operators(call)
                .into_iter()
                .find(|index| !self.confirmed[*index] && !self.gone[*index]);
            if let Some(index) = other {
                self.gone[index] = true;
                if let Some(target) = target {
                    let edge = CallEdge { to: target, ..self.builder.edges[index].clone() };
                    let added = self.add(edge);
                    self.list(call, added);
                }
                return;
            }
        }
        if is_external {
            self.external(call, here);
            return;
        }
        let (Some(target), Some(((is_value, id), file))) = (target, call.caller) else { return };
        let caller = if is_value { Caller::Value(id) } else { Caller::Function(id) };
        let from = self.builder.caller(caller, file);
        let kind = match (call.is_generated, call.is_implicit) {
            (true, _) => EdgeKind::Macro,
            (_, true) => EdgeKind::Implicit,
            _ => EdgeKind::Call,
        };
        let edge = self.edge(call, from, target, kind);
        let added = self.add(edge);
        self.list(call, added);
    }

    /// A call that leads out of the project counts where something was written, so where we have a
    /// row for the place: what macros and the language do with other crates is no news.
    fn external(&mut self, call: &Found, here: &[usize]) {
        let Meaning::External(path) = &call.meaning else { return };
        let place = (call.span.file.clone(), call.span.line, call.span.column);
        let from = here
            .iter()
            .map(|index| &self.builder.edges[*index])
            .find(|edge| self.short(edge.to) == *call.name)
            .map(|edge| edge.from)
            .or_else(|| {
                let open = self.unresolved.get(&place)?.iter();
                let open = open.map(|index| &self.builder.unresolved[*index]);
                let is_it = |text: &str| text.rsplit(['.', ':']).next() == Some(&*call.name);
                open.into_iter().find(|open| is_it(&open.text)).map(|open| open.from)
            });
        if let Some(from) = from {
            let to = self.builder.node(&Name::from(path.as_str()), NodeKind::External, None);
            let edge = self.edge(call, from, to, EdgeKind::Call);
            self.add(edge);
        }
    }

    fn edge(&self, call: &Found, from: NodeId, to: NodeId, kind: EdgeKind) -> CallEdge {
        let CodeSpan { file, line, column, .. } = call.span.clone();
        let (certainty, why) = (Certainty::Exact, self.why.clone());
        CallEdge { from, to, file, line, column, kind, certainty, why }
    }

    /// Lists what may run behind `dyn` or a generic parameter.
    fn list(&mut self, call: &Found, index: usize) {
        let Meaning::Open { function, is_dynamic } = call.meaning else { return };
        let why = if is_dynamic { "dynamic dispatch" } else { "through a bound" };
        let why = self.builder.reason(why);
        let model = self.builder.edges[index].clone();
        for other in self.builder.implementations(function) {
            let to = self.builder.function(other);
            if to != model.to {
                let certainty = Certainty::Possible;
                let edge = CallEdge { to, certainty, why: why.clone(), ..model.clone() };
                self.builder.edges.push(edge);
                self.confirmed.push(true);
                self.gone.push(false);
            }
        }
    }

    fn confirm(&mut self, index: usize) {
        self.confirmed[index] = true;
        let why = self.why.clone();
        let edge = &mut self.builder.edges[index];
        edge.certainty = Certainty::Exact;
        edge.why = why;
    }

    fn add(&mut self, edge: CallEdge) -> usize {
        let (certainty, why) = (Certainty::Exact, self.why.clone());
        self.builder.edges.push(CallEdge { certainty, why, ..edge });
        self.confirmed.push(true);
        self.gone.push(false);
        self.builder.edges.len() - 1
    }

    /// What the language calls by this name near a place: inferred rows stand at the operator or
    /// the loop, the compiler's at the operand.
    fn operators(&self, call: &Found) -> Vec<usize> {
        let span = &call.span;
        let lines = span.line..=span.end_line.saturating_add(OPERATOR_LINES).min(span.line + 200);
        let near = lines.flat_map(|line| {
            self.implicit.get(&(span.file.clone(), line)).into_iter().flatten().copied()
        });
        near.filter(|index| self.short(self.builder.edges[*index].to) == *call.name).collect()
    }

    fn target(&mut self, meaning: &Meaning) -> Option<NodeId> {
        match meaning {
            Meaning::Function(function) | Meaning::Open { function, .. } => {
                Some(self.builder.function(*function))
            }
            Meaning::External(_) => None,
        }
    }

    fn name(&self, node: NodeId) -> Name {
        self.builder.nodes[node as usize].name.clone()
    }

    fn short(&self, node: NodeId) -> String {
        let name = &self.builder.nodes[node as usize].name;
        name.rsplit("::").next().unwrap_or(name).to_owned()
    }

    fn is_outside(&self, node: NodeId) -> bool {
        self.builder.nodes[node as usize].kind == NodeKind::External
    }

    fn finish(self) {
        let mut gone = self.gone.iter();
        self.builder.edges.retain(|_| !gone.next().copied().unwrap_or(false));
        let mut answered = self.answered.iter();
        self.builder.unresolved.retain(|_| !answered.next().copied().unwrap_or(false));
    }
}

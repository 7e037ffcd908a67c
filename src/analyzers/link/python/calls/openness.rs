//! Which operations work on what a caller hands in. The users of a package are not all seen, so
//! what a parameter of a public function was seen to hold is not all it may hold.

use rustc_hash::FxHashSet;

use super::program::Program;
use crate::model::facts::python::calls::{BodyKind, CallFacts, Op, Receiver};

/// How often a file's operations are gone through; versions of names settle in two.
const PASSES: u32 = 3;

/// For each site of the project, whether it works on something handed in from outside.
pub fn open_sites(program: &Program<'_>, library: &[bool]) -> Vec<bool> {
    let mut open = vec![false; program.sites as usize];
    for (at, file) in program.files.iter().enumerate() {
        if library[at] {
            let facts = &file.python.facts.calls;
            let vars = open_vars(facts);
            for op in &facts.ops {
                if let Some((var, site)) = subject(op)
                    && vars[var as usize]
                {
                    open[(file.sites + site) as usize] = true;
                }
            }
        }
    }
    open
}

/// The variables of a file that hold, or come of, what parameters of public functions are given.
fn open_vars(facts: &CallFacts) -> Vec<bool> {
    let mut open = vec![false; facts.vars as usize + 1];
    for body in &facts.bodies {
        let name = &facts.strings[body.name as usize];
        if body.kind != BodyKind::Function || !is_public(name) {
            continue;
        }
        let own = usize::from(body.receiver != Receiver::None);
        for param in body.params.iter().skip(own) {
            open[param.var as usize] = true;
        }
    }
    let mut attributes: FxHashSet<u32> = FxHashSet::default();
    for _ in 0..PASSES {
        let mut changed = false;
        for op in &facts.ops {
            let (to, is_open) = match op {
                Op::Copy { to, from }
                | Op::Iterate { to, from, .. }
                | Op::Unpack { to, from, .. }
                | Op::MatchArg { to, from, .. }
                | Op::Enter { to, from, .. }
                | Op::Await { to, from, .. }
                | Op::Narrow { to, from, .. } => (*to, open[*from as usize]),
                Op::GetItem { to, base, .. } | Op::Slice { to, base, .. } => {
                    (*to, open[*base as usize])
                }
                Op::Load { to, base, attr, .. } => {
                    (*to, open[*base as usize] || attributes.contains(attr))
                }
                Op::Call { to, callee, .. } => (*to, open[*callee as usize]),
                Op::Store { attr, from, .. } => {
                    if open[*from as usize] {
                        changed |= attributes.insert(*attr);
                    }
                    continue;
                }
                _ => continue,
            };
            if is_open && to != 0 && !open[to as usize] {
                open[to as usize] = true;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    open
}

/// What an operation decides its callee by, and where it stands.
fn subject(op: &Op) -> Option<(u32, u32)> {
    let (var, site) = match *op {
        Op::Call { callee, site, .. } => (callee, site),
        Op::Load { base, site, .. }
        | Op::Store { base, site, .. }
        | Op::DelAttr { base, site, .. }
        | Op::GetItem { base, site, .. }
        | Op::SetItem { base, site, .. }
        | Op::DelItem { base, site, .. }
        | Op::Slice { base, site, .. } => (base, site),
        Op::Iterate { from, site, .. }
        | Op::Unary { from, site, .. }
        | Op::Enter { from, site, .. }
        | Op::Await { from, site, .. }
        | Op::Delegate { from, site, .. }
        | Op::Raise { from, site, .. } => (from, site),
        Op::Binary { left, site, .. } | Op::Compare { left, site, .. } => (left, site),
        _ => return None,
    };
    (var != 0 && site != 0).then_some((var, site))
}

/// Whether people outside may call it: no part of its name begins with one underscore.
fn is_public(name: &str) -> bool {
    name.split('.').all(|part| !part.starts_with('_') || part.starts_with("__"))
}

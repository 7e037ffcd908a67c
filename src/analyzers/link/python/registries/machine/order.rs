//! The order in which modules run.

use super::Machine;
use crate::model::facts::python::registries::{Expr, Op, RegistryFacts, Stmt};

impl Machine<'_, '_> {
    /// Modules so that what a module imports comes before it, as far as cycles allow.
    pub(super) fn import_order(&self) -> Vec<u32> {
        let count = self.files.len();
        let mut order = Vec::with_capacity(count);
        let mut seen = vec![false; count];
        for start in 0..count as u32 {
            if std::mem::replace(&mut seen[start as usize], true) {
                continue;
            }
            let mut stack = vec![(start, self.imports(start), 0usize)];
            while let Some((file, list, at)) = stack.last_mut() {
                match list.get(*at) {
                    Some(next) => {
                        *at += 1;
                        let next = *next;
                        if !std::mem::replace(&mut seen[next as usize], true) {
                            stack.push((next, self.imports(next), 0));
                        }
                    }
                    None => {
                        order.push(*file);
                        stack.pop();
                    }
                }
            }
        }
        order
    }

    /// The modules a module imports while it runs: a package before what is in it.
    fn imports(&self, file: u32) -> Vec<u32> {
        let facts = self.facts(file);
        let mut origins: Vec<&str> = Vec::new();
        collect(facts, &facts.body, 0, &mut origins);
        let names = &self.files[file as usize].facts.names;
        origins.extend(names.stars.iter().map(|star| &**star));
        let mut found = Vec::new();
        for origin in origins {
            let mut end = Some(origin.len());
            while let Some(at) = end {
                if let Some(file) = self.modules.get(&origin[..at]) {
                    found.push(*file);
                }
                end = origin[..at].rfind('.');
            }
        }
        found
    }
}

/// The origins of imports that run with the module's body.
fn collect<'a>(facts: &'a RegistryFacts, body: &'a [Stmt], depth: u32, into: &mut Vec<&'a str>) {
    if depth > 8 {
        return;
    }
    for stmt in body {
        match &stmt.op {
            Op::Import(_, origin) => into.push(&facts.strings[*origin as usize]),
            Op::If(test, then, orelse) => {
                let is_typing = match &facts.exprs[*test as usize] {
                    Expr::Name(name) | Expr::Attr(_, name) => {
                        &*facts.strings[*name as usize] == "TYPE_CHECKING"
                    }
                    _ => false,
                };
                if !is_typing {
                    collect(facts, then, depth + 1, into);
                }
                collect(facts, orelse, depth + 1, into);
            }
            Op::Try(body, handlers) => {
                collect(facts, body, depth + 1, into);
                handlers.iter().for_each(|handler| collect(facts, handler, depth + 1, into));
            }
            Op::With(_, body) | Op::For(_, _, body) => collect(facts, body, depth + 1, into),
            Op::Class(id) => collect(facts, &facts.classes[*id as usize].body, depth + 1, into),
            _ => {}
        }
    }
}

//! `match` on text (R7): which arm each text leads to.

use super::expr::{Reader, Sort};
use super::{Census, Head};
use crate::model::Certainty;
use crate::model::facts::rust::calls::Expr;

/// Fewer texts are a condition, not a table.
const MIN_TEXTS: usize = 3;

impl Census<'_, '_> {
    pub(super) fn dispatch(&mut self, reader: &Reader<'_, '_>) {
        let source = reader.source;
        if source.is_test {
            return;
        }
        for (at, expr) in reader.body.exprs.iter().enumerate() {
            let Expr::Match { arms, .. } = expr else { continue };
            if arms.len() < 2 {
                continue;
            }
            let mut members = Vec::new();
            let mut told = 0;
            for arm in arms {
                let texts = reader.pattern_texts(arm.pattern);
                if texts.is_empty() {
                    continue;
                }
                let target = reader.target(arm.body, true);
                let is_project = target.as_ref().is_some_and(|target| {
                    !matches!(target.sort, Sort::Outside | Sort::Plain | Sort::Closure)
                });
                let says = target.as_ref().is_some_and(|target| &*target.name != "bool");
                told += if says { texts.len() } else { 0 };
                let name = target.map_or_else(|| reader.shown(arm.body), |target| target.name);
                let sure = if is_project { Certainty::Exact } else { Certainty::Inferred };
                for text in texts {
                    let key = Some(reader.word(text).into());
                    let why = "an arm of the match";
                    members.push(self.member(source.file, arm.line, key, &name, sure, why));
                }
            }
            if members.len() < MIN_TEXTS || told * 2 < members.len() {
                continue;
            }
            let head = Head {
                kind: "match-table",
                name: source.owner.clone(),
                registrar: source.owner.clone(),
                why: "a match on text that leads to functions, types or values",
            };
            let line = reader.line(at as u32);
            self.add(&head, source.file, line, members);
        }
    }
}

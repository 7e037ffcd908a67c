//! Writes an arm's body with the matched fragments in place of its variables.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};

use super::matching::Binding;
use super::rules::{Arm, Kind, Piece};
use super::tokens;

/// How the body's own tokens are written.
#[derive(Clone, Copy, Default)]
pub struct Ink {
    /// Marks their names; 0 for no mark.
    pub mark: u32,
    /// Where they stand, if not where the definition does.
    pub span: Option<Span>,
    /// How many tokens may be written.
    pub most: usize,
}

/// The tokens of an expansion.
pub fn transcribe(arm: &Arm, bindings: &[Binding], ink: Ink) -> Result<TokenStream, String> {
    let mut writer = Writer { arm, bindings, ink, written: 0, at: Vec::new() };
    let mut out = Vec::new();
    writer.write(&arm.body, &mut out)?;
    Ok(out.into_iter().collect())
}

struct Writer<'a> {
    arm: &'a Arm,
    bindings: &'a [Binding],
    ink: Ink,
    written: usize,
    /// The turn of each repetition that is being written, outermost first.
    at: Vec<usize>,
}

impl Writer<'_> {
    fn write(&mut self, pieces: &[Piece], out: &mut Vec<TokenTree>) -> Result<(), String> {
        for piece in pieces {
            self.spend(1)?;
            match piece {
                Piece::Tree(tree) => out.push(self.own(tree.clone())),
                Piece::Group(delimiter, span, inner) => {
                    let mut trees = Vec::new();
                    self.write(inner, &mut trees)?;
                    let mut group = Group::new(*delimiter, trees.into_iter().collect());
                    group.set_span(self.ink.span.unwrap_or(*span));
                    out.push(group.into());
                }
                Piece::Var(var) => self.variable(*var, out)?,
                Piece::Repeat { pieces, separator, vars } => {
                    let turns = self.turns(vars)?;
                    for turn in 0..turns {
                        if turn > 0 {
                            out.extend(separator.clone().into_iter().map(|tree| self.own(tree)));
                        }
                        self.at.push(turn);
                        let written = self.write(pieces, out);
                        self.at.pop();
                        written?;
                    }
                }
            }
        }
        Ok(())
    }

    fn spend(&mut self, tokens: usize) -> Result<(), String> {
        self.written += tokens;
        if self.written > self.ink.most {
            return Err(format!("it grew beyond {} tokens", self.ink.most));
        }
        Ok(())
    }

    /// A token of the body itself.
    fn own(&self, mut tree: TokenTree) -> TokenTree {
        if let TokenTree::Ident(ident) = &tree {
            tree = tokens::marked(ident, self.ink.mark).into();
        }
        if let Some(span) = self.ink.span {
            tree.set_span(span);
        }
        tree
    }

    fn variable(&mut self, var: usize, out: &mut Vec<TokenTree>) -> Result<(), String> {
        let Binding::One(found) = self.bound(var) else {
            return Err(format!("`${}` still repeats where it is used", self.arm.vars[var]));
        };
        let found = found.clone();
        self.spend(count(&found))?;
        match self.arm.kinds[var] {
            // One unit to whoever reads it next, whatever stands around it.
            Kind::Expr | Kind::Ty | Kind::Pat | Kind::PatParam => {
                let span = found.clone().into_iter().next().map(|tree| tree.span());
                let mut group = Group::new(Delimiter::None, found);
                if let Some(span) = span {
                    group.set_span(span);
                }
                out.push(group.into());
            }
            _ => out.extend(found),
        }
        Ok(())
    }

    /// A variable's binding in the present turns.
    fn bound(&self, var: usize) -> &Binding {
        let mut binding = &self.bindings[var];
        for turn in &self.at {
            match binding {
                Binding::Many(list) => match list.get(*turn) {
                    Some(inner) => binding = inner,
                    None => break,
                },
                Binding::One(_) => break,
            }
        }
        binding
    }

    /// How often a repetition is written: as often as its variables repeat here.
    fn turns(&self, vars: &[usize]) -> Result<usize, String> {
        let mut turns: Option<(usize, usize)> = None;
        for var in vars {
            let Binding::Many(list) = self.bound(*var) else { continue };
            match turns {
                Some((count, other)) if count != list.len() => {
                    let name = |var: usize| tokens::plain(&self.arm.vars[var]);
                    return Err(format!(
                        "`${}` repeats {} times, but `${}` repeats {} times",
                        name(other),
                        count,
                        name(*var),
                        list.len()
                    ));
                }
                _ => turns = Some((list.len(), *var)),
            }
        }
        turns.map(|(count, _)| count).ok_or_else(|| "a repetition in its body has no end".into())
    }
}

/// How many tokens there are, those inside groups included.
pub fn count(tokens: &TokenStream) -> usize {
    tokens
        .clone()
        .into_iter()
        .map(|tree| match tree {
            TokenTree::Group(group) => 1 + count(&group.stream()),
            _ => 1,
        })
        .sum()
}

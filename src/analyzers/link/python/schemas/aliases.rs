//! Aliases in a type replaced by what they stand for. `Id = int` leaves no trace at run time, so a
//! field annotated `Id | None` has the type `int | None`; what `type X = …`, `NewType` and
//! `TypeVar` make are objects of their own and stay.

use super::index::{Environment, Index, Meaning, short, substitute};
use super::leaves;
use crate::model::Name;
use crate::model::facts::python::schemas::{Assigned, Term};

/// Most parts of one type: beyond, the type as written says more.
const MAX_PARTS: u32 = 600;

/// The type with its aliases followed; `None` where there are none, or too much behind them.
pub fn followed(index: &Index<'_>, term: &Term) -> Option<Term> {
    let mut aliases = Aliases { index, parts: 0, changed: false, active: Vec::new() };
    let term = aliases.follow(term);
    (aliases.changed && aliases.parts <= MAX_PARTS).then_some(term)
}

struct Aliases<'a, 'i> {
    index: &'i Index<'a>,
    parts: u32,
    changed: bool,
    active: Vec<&'a str>,
}

impl<'a> Aliases<'a, '_> {
    fn follow(&mut self, term: &Term) -> Term {
        self.parts += 1;
        if self.parts > MAX_PARTS {
            return term.clone();
        }
        match term {
            Term::Name { .. } => match self.index.meaning(term) {
                Meaning::Assigned(assigned) => self.alias(assigned, &[]),
                Meaning::Known(name) => match leaves::annotated_base(&name) {
                    Some(base) => {
                        self.changed = true;
                        Some(super::fields::named(base, base))
                    }
                    None => self.renamed(term, &name),
                },
                Meaning::Class(name) => self.renamed(term, name),
                Meaning::Unknown => None,
            }
            .unwrap_or_else(|| term.clone()),
            Term::Subscript(head, arguments) => self.subscript(head, arguments),
            Term::Union(members) => {
                let mut flat = Vec::with_capacity(members.len());
                self.members(members, &mut flat);
                Term::Union(flat)
            }
            Term::List(members) => Term::List(self.all(members)),
            other => other.clone(),
        }
    }

    fn all(&mut self, terms: &[Term]) -> Vec<Term> {
        terms.iter().map(|term| self.follow(term)).collect()
    }

    fn subscript(&mut self, head: &Term, arguments: &[Term]) -> Term {
        let whole = || Term::Subscript(Box::new(head.clone()), arguments.to_vec());
        let known = match self.index.meaning(head) {
            Meaning::Assigned(assigned) => {
                if let Some(followed) = self.alias(assigned, arguments) {
                    return followed;
                }
                None
            }
            Meaning::Known(name) => Some(name),
            Meaning::Class(name) => {
                let head = self.renamed(head, name).unwrap_or_else(|| head.clone());
                return Term::Subscript(Box::new(head), self.all(arguments));
            }
            Meaning::Unknown => None,
        };
        let renamed = known.as_deref().and_then(|name| self.renamed(head, name));
        let head = renamed.as_ref().unwrap_or(head);
        let of = |head: &Term, arguments| Term::Subscript(Box::new(head.clone()), arguments);
        match (known.as_deref(), arguments) {
            (Some("typing.Literal"), _) => whole(),
            (
                Some(
                    "typing.Annotated"
                    | "pydantic.SerializeAsAny"
                    | "pydantic.SkipValidation"
                    | "pydantic.InstanceOf",
                ),
                [inner, ..],
            ) => self.follow(inner),
            (Some("typing.Union"), _) => {
                let mut flat = Vec::with_capacity(arguments.len());
                self.members(arguments, &mut flat);
                of(head, flat)
            }
            (Some("typing.Optional"), [inner]) => {
                let mut flat = Vec::new();
                self.members(std::slice::from_ref(inner), &mut flat);
                match flat.as_slice() {
                    [_] => of(head, flat),
                    _ => {
                        flat.retain(|member| *member != Term::None);
                        flat.push(Term::None);
                        Term::Union(flat)
                    }
                }
            }
            _ => of(head, self.all(arguments)),
        }
    }

    /// The members of a union, those of unions in it among them, each once.
    fn members(&mut self, members: &[Term], flat: &mut Vec<Term>) {
        for member in members {
            let followed = self.follow(member);
            let inner = self.index.union_of(&followed);
            for one in inner.unwrap_or(std::slice::from_ref(&followed)) {
                if !flat.contains(one) {
                    flat.push(one.clone());
                }
            }
            if self.index.is_optional(&followed) && !flat.contains(&Term::None) {
                flat.push(Term::None);
            }
        }
    }

    /// The name a class bears itself, where it was imported or assigned under another one.
    fn renamed(&mut self, term: &Term, name: &str) -> Option<Term> {
        let Term::Name { text, .. } = term else { return None };
        let own = short(name);
        if own == short(text) {
            return None;
        }
        self.changed = true;
        Some(super::fields::named(&own, name))
    }

    /// What an alias stands for; `None` if the name stays what it is.
    fn alias(&mut self, assigned: &'a Assigned, arguments: &[Term]) -> Option<Term> {
        if assigned.is_lazy || self.active.contains(&&*assigned.name) {
            return None;
        }
        let is_type = match &assigned.value {
            Term::Name { .. } => !matches!(self.index.meaning(&assigned.value), Meaning::Unknown),
            Term::Subscript(..) | Term::Union(_) | Term::None => true,
            _ => false,
        };
        if !is_type {
            return None;
        }
        // `Many = Sequence` and then `Many[int]`.
        if let (Term::Name { .. }, false) = (&assigned.value, arguments.is_empty()) {
            self.changed = true;
            let head = Box::new(assigned.value.clone());
            return Some(self.follow(&Term::Subscript(head, arguments.to_vec())));
        }
        self.active.push(&assigned.name);
        let variables: Vec<Name> = match arguments {
            [] => Vec::new(),
            _ => self.index.free_variables(&assigned.value),
        };
        let environment: Environment =
            variables.into_iter().zip(arguments.iter().cloned()).collect();
        let value = substitute(&assigned.value, &environment);
        let followed = self.follow(&value);
        self.active.pop();
        self.changed = true;
        Some(followed)
    }
}

//! What a class and its relatives bind under a name, looked up once.

use std::cell::OnceCell;
use std::rc::Rc;

use super::solver::Solver;
use super::values::{ClassId, Sym, Var};

/// The members that a name leads to from a class.
#[derive(Default)]
pub struct Kin {
    /// Of the class or the first one above that has it.
    pub own: Option<Var>,
    /// Of each class below that has it.
    below: OnceCell<Box<[(ClassId, Var)]>>,
    /// Attributes of the name stored on instances, for an instance that is known exactly and for
    /// one known from above.
    stored: [OnceCell<Stored>; 2],
    is_field: OnceCell<bool>,
}

#[derive(Clone, Default)]
pub struct Stored {
    pub vars: Rc<[Var]>,
    /// Whether anything stores the attribute at all.
    pub is_known: bool,
}

impl<'a> Solver<'a, '_> {
    pub fn kin(&mut self, class: ClassId, name: Sym) -> Rc<Kin> {
        if let Some(known) = self.kin.get(&(class, name)) {
            return known.clone();
        }
        let own = self.program.member(class, name).map(|(_, var)| var);
        let kin = Rc::new(Kin { own, ..Kin::default() });
        self.kin.insert((class, name), kin.clone());
        kin
    }

    /// The members of that name below a class.
    pub fn overrides<'k>(&self, kin: &'k Kin, class: ClassId, name: Sym) -> &'k [(ClassId, Var)] {
        kin.below.get_or_init(|| {
            let below = self.program.classes[class as usize].below.iter();
            below.filter_map(|id| Some((*id, *self.program.members.get(&(*id, name))?))).collect()
        })
    }

    /// The variables in which instances of a class may keep an attribute.
    pub fn stored(&mut self, kin: &Kin, class: ClassId, attr: Sym, is_bound: bool) -> Stored {
        if let Some(known) = kin.stored[usize::from(is_bound)].get() {
            return known.clone();
        }
        let program = self.program;
        let mut vars = Vec::new();
        let stores = program.stored.contains(&attr) && program.stores(class, attr);
        let mut is_known = stores;
        let is_stored = program.stored.contains(&attr) || program.foreign.contains(&attr);
        if is_stored && (kin.own.is_none() || stores) {
            let info = &program.classes[class as usize];
            vars.extend(info.mro.iter().map(|holder| self.attribute(*holder, attr)));
            if is_bound {
                for below in info.below.iter().copied() {
                    if program.classes[below as usize].stored.contains(&attr) {
                        is_known = true;
                        vars.push(self.attribute(below, attr));
                    }
                }
            }
        }
        let stored = Stored { vars: vars.into(), is_known };
        kin.stored[usize::from(is_bound)].get_or_init(|| stored).clone()
    }

    /// Whether the class body, or one above, declares a field of that name.
    pub fn is_field(&self, kin: &Kin, class: ClassId, attr: Sym) -> bool {
        *kin.is_field.get_or_init(|| {
            self.program.classes[class as usize].mro.iter().any(|holder| {
                let info = &self.program.classes[*holder as usize];
                let syms = &self.program.files[info.file as usize].syms;
                info.facts.fields.iter().any(|field| syms[field.name as usize] == attr)
            })
        })
    }
}

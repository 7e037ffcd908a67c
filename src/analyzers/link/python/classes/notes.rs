//! What else the making of a class says: conflicts, refusals, slots, what Python ignores.

use super::metaclass::{Metaclass, candidates, derives};
use super::{Subject, library};
use crate::model::facts::python::schemas::Term;
use crate::model::{Name, SymbolKind};

/// Most names listed in one remark.
const MOST: usize = 6;

impl Subject<'_, '_, '_> {
    pub(super) fn notes(&self, metaclass: &Metaclass, contradiction: &[Name]) -> Vec<String> {
        let mut notes = Vec::new();
        let has = |member: &str| {
            let facts = self.names.class(self.name);
            facts.is_some_and(|facts| facts.members.iter().any(|own| &**own == member))
        };
        if has("__metaclass__") {
            notes.push(
                "`__metaclass__` is Python 2's way to name a metaclass: Python 3 ignores it".into(),
            );
        }
        if !contradiction.is_empty() {
            notes.push(format!(
                "no consistent method resolution order: {} contradict each other, this class \
                 statement raises",
                list(contradiction)
            ));
        }
        self.slots(has("__slots__"), &mut notes);
        if has("__class_getitem__") {
            notes.push("`__class_getitem__` answers subscription of the class itself".into());
        }
        if self.names.derives_from(self.name, "builtins.type") {
            notes.push(
                "a metaclass: its instances are classes; its methods are not reachable from their \
                 instances"
                    .into(),
            );
        }
        self.metaclass_notes(metaclass, &mut notes);
        self.conflicts(&mut notes);
        self.refusals(&mut notes);
        if let Some(made) = self.machine.made.iter().find(|made| Some(made.class) == self.index) {
            notes.push(format!("made by `type()` in {}", made.by));
        }
        if let Some(index) = self.index
            && self.machine.classes[index as usize].outside.iter().any(|base| &**base == "?")
        {
            notes.push("a base is computed at run time: the order may be longer".into());
        }
        notes
    }

    fn metaclass_notes(&self, metaclass: &Metaclass, notes: &mut Vec<String>) {
        if &*metaclass.name == "builtins.type" {
            return;
        }
        if &*metaclass.from != self.name {
            notes.push(format!("inherits its metaclass from {}", metaclass.from));
        }
        let is_function = self
            .names
            .symbol(&metaclass.name)
            .is_some_and(|symbol| symbol.kind == SymbolKind::Function);
        if is_function {
            notes.push(format!(
                "{} is a function: the class is what it returns, and subclasses do not inherit it",
                metaclass.name
            ));
        }
        if let Some(owner) = self.names.owner_of(&metaclass.name, "__prepare__") {
            notes.push(format!("{owner}.__prepare__ makes the namespace its body runs in"));
        }
        if let Some(owner) = self.names.owner_of(&metaclass.name, "__call__") {
            notes.push(format!("{owner}.__call__ runs when it is instantiated, before `__new__`"));
        }
        let methods = self.names.class(&metaclass.name).map_or(&[][..], |facts| &facts.members);
        let reachable: Vec<Name> =
            methods.iter().filter(|name| !name.starts_with("__")).cloned().collect();
        if !reachable.is_empty() {
            notes.push(format!(
                "of {}: {} answer on the class, not on its instances",
                metaclass.name,
                list(&reachable)
            ));
        }
    }

    fn slots(&self, own: bool, notes: &mut Vec<String>) {
        if !own {
            return;
        }
        notes.push("`__slots__` fixes the instance attributes".into());
        let attributes = self.shape.map_or(&[][..], |shape| &shape.attributes);
        let slots = attributes.iter().find(|one| &*one.name == "__slots__");
        let slots: Vec<&Name> = match slots.and_then(|one| one.value.as_ref()) {
            Some(Term::Str(one)) => vec![one],
            Some(Term::Tuple(many) | Term::List(many) | Term::Set(many)) => many
                .iter()
                .filter_map(|term| match term {
                    Term::Str(name) => Some(name),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        };
        let clashing: Vec<Name> = attributes
            .iter()
            .filter(|one| one.value.is_some() && slots.contains(&&one.name))
            .map(|one| one.name.clone())
            .collect();
        if !clashing.is_empty() {
            notes.push(format!(
                "{} stands in `__slots__` and has a value in the class: this class statement raises",
                list(&clashing)
            ));
        }
        let open = self.names.mro(self.name).into_iter().skip(1).find(|base| {
            self.names
                .class(base)
                .is_some_and(|facts| !facts.members.iter().any(|own| &**own == "__slots__"))
        });
        if let Some(open) = open {
            notes.push(format!(
                "{open} has no `__slots__`: instances have a `__dict__` all the same"
            ));
        }
    }

    /// Metaclasses of which none derives from all others.
    fn conflicts(&self, notes: &mut Vec<String>) {
        let metas = candidates(self.names, self.name);
        let wins = |meta: &Name| metas.iter().all(|other| derives(self.names, meta, other));
        // A function may make of the bases what it likes.
        let is_class = |meta: &Name| {
            self.names.class(meta).is_some()
                || library::meta_derives(meta, meta) && self.names.symbol(meta).is_none()
        };
        if metas.len() > 1 && metas.iter().all(is_class) && !metas.iter().any(wins) {
            notes.push(format!(
                "metaclass conflict: {}; a metaclass deriving from all of them would resolve it",
                metas.iter().map(|meta| &**meta).collect::<Vec<_>>().join(", ")
            ));
        }
    }

    fn refusals(&self, notes: &mut Vec<String>) {
        for base in self.names.mro(self.name) {
            let Some(index) = self.machine.class_named.get(&base).copied() else { continue };
            if self.machine.is_final(index) {
                if &*base == self.name {
                    notes.push("final: subclassing it raises an error".into());
                } else {
                    notes.push(format!(
                        "{base} refuses to be subclassed: this class statement raises"
                    ));
                }
            }
        }
    }
}

fn list(names: &[Name]) -> String {
    let shown: Vec<&str> = names.iter().take(MOST).map(|name| &**name).collect();
    let more = if names.len() > MOST { " …" } else { "" };
    format!("{}{more}", shown.join(", "))
}

//! The heap: objects, what is stored in them, and by whom.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::value::{self, Args, Entry, How, Kind, Object, ObjectId, Value};
use super::{Call, Machine};

impl Machine<'_, '_> {
    pub(super) fn new_object(&mut self, kind: Kind, file: u32, line: u32) -> ObjectId {
        let id = self.objects.len() as ObjectId;
        self.objects.push(Object {
            kind,
            attrs: FxHashMap::default(),
            entries: Vec::new(),
            index: FxHashMap::default(),
            file,
            line,
            factory: None,
            from: None,
            exact: false,
            transient: false,
            summary: false,
            hooked: matches!(
                self.site.how,
                Some(How::Metaclass | How::InitSubclass | How::SetName)
            ),
        });
        id
    }

    /// What something unknown makes of its arguments: the decorated definition first.
    pub(super) fn derive(&self, args: &Args) -> Value {
        if let Some(subject) = &self.site.subject
            && subject.is_definition()
            && args.iter().any(|arg| arg.same(subject) == Some(true))
        {
            return subject.derived();
        }
        args.derived()
    }

    /// Puts something into a container at the current site.
    pub(super) fn store(&mut self, object: ObjectId, key: Option<Value>, value: Value) {
        let site = &self.site;
        let mut how = site.how.unwrap_or(How::Assigned);
        let mut registrar = site.registrar.clone();
        let mut place = (site.file, site.line);
        if how == How::Call {
            // The outermost of the calls that hand the definition on is what registers it.
            let hands_on = |call: &&Call| call.takes || call.hands_on(&value);
            let calls = self.stack.iter().rev().take_while(hands_on);
            match calls.last() {
                Some(call) => {
                    let facts = self.facts(call.file);
                    let function = &facts.functions[call.id as usize];
                    let name = &facts.strings[function.name as usize];
                    let is_init = name.ends_with(".__init__") || name.ends_with(".__new__");
                    let owner = name.rsplit_once('.').map_or(&**name, |(owner, _)| owner);
                    registrar = Some(if is_init { owner.into() } else { name.clone() });
                    place = call.at;
                }
                None => {
                    (how, registrar, place) = (How::Assigned, None, self.here);
                }
            }
        } else if how == How::Literal && !self.stack.is_empty() {
            place = self.here;
        }
        // A wrapper made while decorating stands for what is decorated.
        let value = match (&value, &self.site.subject) {
            (Value::Function(closure), Some(subject @ (Value::Function(_) | Value::Class(_))))
                if closure.env.is_some() && value.same(subject) != Some(true) =>
            {
                Value::Derived(Rc::new(subject.clone()))
            }
            _ => value,
        };
        let entry = Entry {
            key,
            value,
            file: place.0,
            line: place.1,
            how,
            text: self.key_text.take(),
            registrar,
            uncertain: self.uncertain > 0,
        };
        self.insert(object, entry);
    }

    pub(super) fn insert(&mut self, object: ObjectId, entry: Entry) {
        if entry.value.taints() || matches!(entry.value, Value::Object(_) | Value::Tuple(_)) {
            self.note_stored();
        }
        if entry.how > How::Literal && !entry.value.is_constant() && !entry.value.is_unknown() {
            self.note_kept(object);
        }
        let object = &mut self.objects[object as usize];
        if object.entries.len() > 40_000 {
            return;
        }
        if object.kind == Kind::Dict
            && let Some(key) = entry.key.as_ref().and_then(value::identity)
        {
            if let Some(at) = object.index.get(&key) {
                // What is known beats what is not, and a `try` what handles its failure.
                let old = &mut object.entries[*at as usize];
                let is_weak = entry.value.is_unknown() || self.weak > 0;
                if !is_weak || old.value.is_unknown() {
                    *old = entry;
                }
                return;
            }
            object.index.insert(key, object.entries.len() as u32);
        }
        object.entries.push(entry);
    }
}

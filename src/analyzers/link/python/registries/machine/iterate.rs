//! Elements and pairs of what is iterated over or copied.

use super::Machine;
use super::value::{Args, Kind, ObjectId, Value};

impl Machine<'_, '_> {
    /// The elements an iteration over a value gives, if all are known.
    pub(super) fn elements(&mut self, value: &Value) -> Option<Vec<Value>> {
        let found = self.find_elements(value);
        self.charge(found.as_ref().map_or(0, Vec::len));
        found
    }

    fn find_elements(&mut self, value: &Value) -> Option<Vec<Value>> {
        match value {
            Value::Tuple(items) => Some(items.to_vec()),
            Value::Object(id) => {
                let object = &self.objects[*id as usize];
                match object.kind {
                    Kind::Dict => {
                        Some(object.entries.iter().filter_map(|entry| entry.key.clone()).collect())
                    }
                    Kind::List | Kind::Set => {
                        Some(object.entries.iter().map(|entry| entry.value.clone()).collect())
                    }
                    Kind::Instance(class) => {
                        let iter = self.class_attr(class, "__iter__")?;
                        if self.calls > 4 {
                            return None;
                        }
                        match self.call(&iter, Args::of(vec![value.clone()])) {
                            Value::Object(made)
                                if !matches!(
                                    self.objects[made as usize].kind,
                                    Kind::Instance(_)
                                ) =>
                            {
                                self.elements(&Value::Object(made))
                            }
                            items @ Value::Tuple(_) => self.elements(&items),
                            _ => None,
                        }
                    }
                }
            }
            Value::Namespace(of) => {
                let pairs = self.namespace_pairs(of)?;
                Some(pairs.into_iter().map(|(key, _)| key).collect())
            }
            Value::Str(text) if text.chars().count() <= 64 => {
                Some(text.chars().map(|c| Value::str(c.encode_utf8(&mut [0; 4]))).collect())
            }
            Value::Class(class) => {
                // Enum members.
                let this = &self.classes[*class as usize];
                let is_enum = this.outside.iter().any(|base| base.starts_with("enum."));
                is_enum.then(|| {
                    let plain = this
                        .attrs
                        .iter()
                        .filter(|(name, value)| !name.starts_with('_') && !value.is_definition());
                    plain.map(|(_, value)| value.clone()).collect()
                })
            }
            _ => None,
        }
    }

    /// Keys and values of a mapping.
    pub(super) fn pairs(&mut self, value: &Value) -> Option<Vec<(Value, Value)>> {
        let found = self.find_pairs(value);
        self.charge(found.as_ref().map_or(0, Vec::len));
        found
    }

    fn find_pairs(&mut self, value: &Value) -> Option<Vec<(Value, Value)>> {
        match value {
            Value::Object(id) => {
                let object = &self.objects[*id as usize];
                match object.kind {
                    Kind::Dict => Some(
                        object
                            .entries
                            .iter()
                            .filter_map(|entry| Some((entry.key.clone()?, entry.value.clone())))
                            .collect(),
                    ),
                    _ => {
                        // An iterable of pairs.
                        let items = self.elements(value)?;
                        let mut pairs = Vec::with_capacity(items.len());
                        for item in items {
                            let pair = self.elements(&item)?;
                            let [key, value] = <[Value; 2]>::try_from(pair).ok()?;
                            pairs.push((key, value));
                        }
                        Some(pairs)
                    }
                }
            }
            Value::Tuple(items) => {
                let mut pairs = Vec::with_capacity(items.len());
                for item in items.iter() {
                    let pair = self.elements(item)?;
                    let [key, value] = <[Value; 2]>::try_from(pair).ok()?;
                    pairs.push((key, value));
                }
                Some(pairs)
            }
            Value::Namespace(of) => self.namespace_pairs(of),
            _ => None,
        }
    }

    /// `target.update(source)`.
    pub(super) fn update(&mut self, target: ObjectId, source: &Value) {
        if let Value::Object(id) = source
            && matches!(self.objects[*id as usize].kind, Kind::Dict)
        {
            return self.extend_any(target, source);
        }
        for (key, value) in self.pairs(source).unwrap_or_default() {
            self.store(target, Some(key), value);
        }
    }

    /// Copies the entries of one container into another, places included.
    pub(super) fn extend_any(&mut self, target: ObjectId, source: &Value) {
        match source {
            Value::Object(id) if !matches!(self.objects[*id as usize].kind, Kind::Instance(_)) => {
                let entries: Vec<_> = self.objects[*id as usize]
                    .entries
                    .iter()
                    .map(|entry| super::Entry {
                        key: entry.key.clone(),
                        value: entry.value.clone(),
                        file: entry.file,
                        line: entry.line,
                        how: entry.how,
                        text: entry.text.clone(),
                        registrar: entry.registrar.clone(),
                        uncertain: entry.uncertain,
                    })
                    .collect();
                self.charge(entries.len() * 2);
                for entry in entries {
                    self.insert(target, entry);
                }
            }
            other => {
                for item in self.elements(other).unwrap_or_default() {
                    self.store(target, None, item);
                }
            }
        }
    }
}

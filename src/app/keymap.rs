//! Keys → commands: the table's defaults with the user's changes merged over them.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::command::{self, Command, Context};
use super::key::{self, Key};

/// What a sequence of keys means in some contexts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookup {
    Command(&'static str),
    /// The beginning of at least one sequence.
    Prefix,
    Nothing,
}

#[derive(Debug, Clone)]
struct Binding {
    context: Context,
    keys: Vec<Key>,
    command: &'static str,
}

#[derive(Debug, Clone)]
pub struct Keymap {
    bindings: Vec<Binding>,
    by_command: FxHashMap<&'static str, Vec<Vec<Key>>>,
}

impl Default for Keymap {
    fn default() -> Self {
        Self::new(&BTreeMap::new()).0
    }
}

impl Keymap {
    /// The default keys with `changes` (command id → keys; an empty list unbinds) over them, and
    /// what is wrong with the changes. A bad entry leaves the default in place.
    pub fn new(changes: &BTreeMap<String, Vec<String>>) -> (Self, Vec<String>) {
        let mut problems = Vec::new();
        for id in changes.keys() {
            if command::find(id).is_none() {
                problems.push(unknown(id));
            }
        }
        let mut map = Self { bindings: Vec::new(), by_command: FxHashMap::default() };
        for command in command::table() {
            let mut keys = defaults(command);
            if let Some(changed) = changes.get(command.id) {
                let parsed: Vec<_> = changed.iter().map(|text| Key::parse_sequence(text)).collect();
                for (text, _) in changed.iter().zip(&parsed).filter(|(_, key)| key.is_none()) {
                    problems.push(format!(
                        "keys.\"{}\": \"{text}\" is no key; write \"gd\", \"ctrl-d\", \"alt-left\"",
                        command.id
                    ));
                }
                if parsed.iter().all(Option::is_some) {
                    keys = parsed.into_iter().flatten().collect();
                }
            }
            for context in command.contexts {
                for keys in &keys {
                    let clash = map.bindings.iter().find(|other| {
                        other.context == *context
                            && (other.keys.starts_with(keys) || keys.starts_with(&other.keys))
                    });
                    if let Some(other) = clash {
                        problems.push(format!(
                            "{} is bound to {} and to {} ({})",
                            key::show(keys),
                            other.command,
                            command.id,
                            context.title()
                        ));
                    }
                    map.bindings.push(Binding {
                        context: *context,
                        keys: keys.clone(),
                        command: command.id,
                    });
                }
            }
            map.by_command.insert(command.id, keys);
        }
        (map, problems)
    }

    /// What `keys` mean; contexts are asked in order and the first that knows them wins.
    pub fn lookup(&self, contexts: &[Context], keys: &[Key]) -> Lookup {
        for context in contexts {
            let mut prefix = false;
            for binding in self.bindings.iter().filter(|binding| binding.context == *context) {
                if binding.keys == keys {
                    return Lookup::Command(binding.command);
                }
                prefix |= binding.keys.starts_with(keys);
            }
            if prefix {
                return Lookup::Prefix;
            }
        }
        Lookup::Nothing
    }

    /// How sequences that start with `keys` go on: the rest and its command.
    pub fn continuations(
        &self,
        contexts: &[Context],
        keys: &[Key],
    ) -> Vec<(String, &'static Command)> {
        let mut found: Vec<(String, &'static Command)> = Vec::new();
        for binding in &self.bindings {
            if !contexts.contains(&binding.context) || !binding.keys.starts_with(keys) {
                continue;
            }
            let rest = key::show(&binding.keys[keys.len()..]);
            if let Some(command) = command::find(binding.command)
                && !found.iter().any(|(known, _)| *known == rest)
            {
                found.push((rest, command));
            }
        }
        found.sort_by_key(|(rest, _)| rest.to_lowercase());
        found
    }

    /// The keys of a command as shown to the user.
    pub fn keys_of(&self, id: &str) -> Vec<String> {
        self.by_command
            .get(id)
            .map(|all| all.iter().map(|k| key::show(k)).collect())
            .unwrap_or_default()
    }

    /// The first key of a command, for hints.
    pub fn key_of(&self, id: &str) -> Option<String> {
        self.by_command.get(id)?.first().map(|keys| key::show(keys))
    }
}

fn defaults(command: &Command) -> Vec<Vec<Key>> {
    command.keys.iter().filter_map(|text| Key::parse_sequence(text)).collect()
}

fn unknown(id: &str) -> String {
    let nearest = command::table()
        .iter()
        .map(|command| (distance(id, command.id), command.id))
        .min()
        .filter(|(distance, _)| *distance <= 4);
    match nearest {
        Some((_, known)) => format!("keys.\"{id}\": no such command; did you mean \"{known}\"?"),
        None => format!("keys.\"{id}\": no such command; press ? for all of them"),
    }
}

/// Levenshtein distance, for "did you mean".
pub fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = i;
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let cost = corner + usize::from(x != *y);
            corner = row[j + 1];
            row[j + 1] = cost.min(row[j] + 1).min(corner + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::view::View;

    fn keys(text: &str) -> Vec<Key> {
        Key::parse_sequence(text).unwrap()
    }

    #[test]
    fn defaults_parse_and_do_not_clash() {
        for command in command::table() {
            assert_eq!(defaults(command).len(), command.keys.len(), "{}", command.id);
        }
        assert_eq!(Keymap::new(&BTreeMap::new()).1, Vec::<String>::new());
    }

    #[test]
    fn a_view_never_gives_a_global_key_another_meaning() {
        let map = Keymap::default();
        for binding in map.bindings.iter().filter(|b| matches!(b.context, Context::View(_))) {
            let global = map.bindings.iter().find(|other| {
                other.context == Context::Global
                    && (other.keys.starts_with(&binding.keys)
                        || binding.keys.starts_with(&other.keys))
            });
            let clash = global.map(|other| (other.command, binding.command));
            assert_eq!(clash, None, "{}", key::show(&binding.keys));
        }
    }

    #[test]
    fn changes_replace_the_defaults_and_bad_ones_are_told() {
        let changes = BTreeMap::from([
            ("list.down".to_owned(), vec!["ctrl-j".to_owned()]),
            ("list.dwon".to_owned(), vec!["x".to_owned()]),
            ("list.up".to_owned(), vec!["hyper-k".to_owned()]),
        ]);
        let (map, problems) = Keymap::new(&changes);
        let contexts = [Context::View(View::Project), Context::Global];
        assert_eq!(map.lookup(&contexts, &keys("ctrl-j")), Lookup::Command("list.down"));
        assert_eq!(map.lookup(&contexts, &keys("j")), Lookup::Nothing);
        assert_eq!(map.lookup(&contexts, &keys("k")), Lookup::Command("list.up"));
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert!(problems[0].contains("did you mean \"list.down\""));
    }

    #[test]
    fn sequences_wait_for_their_end() {
        let map = Keymap::default();
        let contexts = [Context::Global];
        assert_eq!(map.lookup(&contexts, &keys("g")), Lookup::Prefix);
        assert_eq!(map.lookup(&contexts, &keys("gd")), Lookup::Command("jump.definition"));
        let next = map.continuations(&contexts, &keys("g"));
        assert!(next.iter().any(|(rest, command)| rest == "g" && command.id == "list.top"));
    }
}

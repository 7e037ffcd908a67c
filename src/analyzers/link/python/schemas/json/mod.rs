//! Types → JSON Schema 2020-12.

mod classes;
mod types;
mod unions;

use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::{Map, Value, json};

use super::index::{ClassInfo, Environment, Index, Meaning, short, substitute};
use super::kinds::Kind;
use super::text;
use crate::model::facts::python::schemas::{Assigned, Term};

/// Deepest nesting of types that is followed.
const MAX_DEPTH: u32 = 48;
/// How deep plain classes are written into one another where they stand: their `__init__`s lead
/// through a whole program, and no JSON describes that.
const MAX_PLAIN: u32 = 3;
/// Most classes written into one schema.
const MAX_DEFINITIONS: usize = 2_000;

/// Whose conventions hold: ours, or pydantic's inside its models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    Plain,
    Pydantic,
}

/// Writes one schema and the definitions it refers to.
pub struct Writer<'a, 'i> {
    pub index: &'i Index<'a>,
    dialect: Dialect,
    /// Classes are written where they stand; only recursive ones become definitions.
    inline: bool,
    depth: u32,
    definitions: Map<String, Value>,
    /// Class or alias with its arguments → its definition's name.
    keys: FxHashMap<String, String>,
    active: Vec<String>,
    recursive: FxHashSet<String>,
    /// Deepest nesting so far, and how often a schema depended on the place it is written at.
    deepest: u32,
    bound: u32,
    /// The pydantic model that stands around: its configuration holds for what is in it.
    model: Option<&'i ClassInfo<'a>>,
    /// How many plain classes stand around.
    plains: u32,
    /// How many values stood here that pydantic can only compare by `isinstance`, and the
    /// definitions that hold such a value.
    rejected: u32,
    unwritable: FxHashSet<String>,
    /// Types that have no JSON form or none we know, as written.
    pub loose: Vec<String>,
}

impl<'a, 'i> Writer<'a, 'i> {
    pub fn new(index: &'i Index<'a>, inline: bool) -> Self {
        Self {
            index,
            dialect: Dialect::Plain,
            inline,
            depth: 0,
            definitions: Map::new(),
            keys: FxHashMap::default(),
            active: Vec::new(),
            recursive: FxHashSet::default(),
            deepest: 0,
            bound: 0,
            model: None,
            plains: 0,
            rejected: 0,
            unwritable: FxHashSet::default(),
            loose: Vec::new(),
        }
    }

    /// Adds `$defs` to a finished schema.
    pub fn finish(self, mut schema: Value) -> Value {
        if !self.definitions.is_empty()
            && let Value::Object(map) = &mut schema
        {
            map.insert("$defs".into(), Value::Object(self.definitions));
        }
        schema
    }

    /// The whole schema of one class.
    pub fn root(mut self, class: &'a str) -> Value {
        let Some(info) = self.index.classes.get(class) else { return json!({}) };
        if matches!(info.kind, Kind::Dataclass | Kind::TypedDict | Kind::NamedTuple | Kind::Enum) {
            self.dialect = Dialect::Pydantic;
        }
        let name = self.define(class, class);
        self.active.push(class.into());
        let schema = self.body(info, Environment::default());
        self.active.pop();
        if self.recursive.contains(class) {
            self.definitions.insert(name.clone(), schema);
            let root = json!({ "$ref": format!("#/$defs/{name}") });
            return self.finish(root);
        }
        self.finish(schema)
    }

    /// The schema of a type.
    pub fn of(&mut self, term: &Term) -> Value {
        if self.depth >= MAX_DEPTH || self.definitions.len() > MAX_DEFINITIONS {
            self.bound += 1;
            return json!({});
        }
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
        let schema = self.type_of(term);
        self.depth -= 1;
        schema
    }

    fn type_of(&mut self, term: &Term) -> Value {
        match term {
            Term::None => json!({ "type": "null" }),
            Term::Union(members) => self.union(members),
            Term::Name { text, .. } => match self.index.meaning(term) {
                Meaning::Class(class) => self.class(class, &[]),
                Meaning::Assigned(assigned) => self.assigned(assigned, &[]),
                Meaning::Known(name) => self.known(&name, &[], text),
                Meaning::Unknown => json!({}),
            },
            Term::Subscript(head, arguments) => match self.index.meaning(head) {
                Meaning::Class(class) => self.class(class, arguments),
                Meaning::Assigned(assigned) => self.assigned(assigned, arguments),
                Meaning::Known(name) => {
                    let text = text::of_type(self.index, term);
                    self.known(&name, arguments, &text)
                }
                Meaning::Unknown => json!({}),
            },
            Term::Call(call) => self.constrained(call),
            Term::Starred(inner) => self.of(inner),
            _ => json!({}),
        }
    }
    /// An alias, a `NewType`, a type variable, or a constant that happens to be a type.
    fn assigned(&mut self, assigned: &'a Assigned, arguments: &[Term]) -> Value {
        // `Many = Sequence` and then `Many[int]`.
        if let (Term::Name { .. }, false) = (&assigned.value, arguments.is_empty()) {
            let whole = Term::Subscript(Box::new(assigned.value.clone()), arguments.to_vec());
            return self.of(&whole);
        }
        let key = format!("{}{}", assigned.name, self.arguments_text(arguments));
        if let Some(name) = self.keys.get(&key).filter(|name| self.definitions.contains_key(*name))
        {
            self.bound += 1;
            return json!({ "$ref": format!("#/$defs/{name}") });
        }
        if self.active.contains(&key) {
            self.bound += 1;
            self.recursive.insert(key.clone());
            let name = self.define(&assigned.name, &key);
            return json!({ "$ref": format!("#/$defs/{name}") });
        }
        self.active.push(key.clone());
        let schema = self.assigned_value(assigned, arguments);
        self.active.pop();
        if self.recursive.contains(&key) {
            let name = self.define(&assigned.name, &key);
            self.definitions.insert(name.clone(), schema);
            return json!({ "$ref": format!("#/$defs/{name}") });
        }
        schema
    }

    fn assigned_value(&mut self, assigned: &'a Assigned, arguments: &[Term]) -> Value {
        if let Term::Call(call) = &assigned.value {
            let known = self.index.known(&call.function);
            match known.as_deref() {
                Some("typing.NewType") => {
                    return call.arguments.get(1).map_or(json!({}), |term| self.of(term));
                }
                Some("typing.TypeVar") => {
                    if let Some(bound) = call.keyword("default").or(call.keyword("bound")) {
                        return self.of(bound);
                    }
                    let constraints = call.arguments.get(1..).unwrap_or_default();
                    return if constraints.is_empty() {
                        json!({})
                    } else {
                        self.union(constraints)
                    };
                }
                Some("typing.TypeAliasType") => {
                    let Some(value) = call.arguments.get(1) else { return json!({}) };
                    let parameters = match call.keyword("type_params") {
                        Some(Term::Tuple(parameters)) => parameters.as_slice(),
                        _ => &[],
                    };
                    let parameters = parameters.iter().filter_map(|term| match term {
                        Term::Name { text, .. } => Some(short(text)),
                        _ => None,
                    });
                    let environment = parameters.zip(arguments.iter().cloned()).collect();
                    return self.of(&substitute(value, &environment));
                }
                Some("typing.TypeVarTuple" | "typing.ParamSpec") => return json!({}),
                _ => return self.constrained(call),
            }
        }
        let parameters = match assigned.type_params.is_empty() {
            false => assigned.type_params.clone(),
            true if arguments.is_empty() => Vec::new(),
            true => self.index.free_variables(&assigned.value),
        };
        let environment: Environment =
            parameters.into_iter().zip(arguments.iter().cloned()).collect();
        let value = substitute(&assigned.value, &environment);
        match &*value {
            Term::Str(text) => {
                // `X: TypeAlias = "A | B"` is read as an annotation; a plain string is a value.
                self.loose.push(text.to_string());
                json!({})
            }
            Term::Int(_) | Term::Float(_) | Term::Bool(_) => json!({}),
            value => self.of(value),
        }
    }

    fn arguments_text(&self, arguments: &[Term]) -> String {
        if arguments.is_empty() {
            return String::new();
        }
        let texts: Vec<String> =
            arguments.iter().map(|term| text::of_type(self.index, term)).collect();
        format!("[{}]", texts.join(", "))
    }

    /// The name of a definition; a second class of that name takes its qualified one.
    fn define(&mut self, qualified: &str, key: &str) -> String {
        if let Some(name) = self.keys.get(key) {
            return name.clone();
        }
        let arguments = key.strip_prefix(qualified).unwrap_or_default();
        let tidy = |text: &str| -> String {
            let letter = |c: char| if c.is_alphanumeric() || c == '_' { c } else { '_' };
            text.chars().map(letter).collect()
        };
        let mut name = format!("{}{}", short(qualified), tidy(arguments));
        if self.keys.values().any(|known| *known == name) {
            name = tidy(key);
        }
        self.keys.insert(key.into(), name.clone());
        name
    }
}

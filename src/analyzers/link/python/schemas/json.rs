//! Types → JSON Schema 2020-12.

use std::borrow::Cow;

use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::{Map, Value, json};

use super::constraints;
use super::enums;
use super::fields::{self, Default_, FieldShape};
use super::index::{ClassInfo, Environment, Index, Inlined, Meaning, short};
use super::kinds::Kind;
use super::leaves;
use super::text;
use super::values;
use crate::model::Name;
use crate::model::facts::python::schemas::{Assigned, Call, Term};

/// Deepest nesting of types that is followed.
const MAX_DEPTH: u32 = 48;
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

    fn union(&mut self, members: &[Term]) -> Value {
        let mut any: Vec<Value> = Vec::with_capacity(members.len());
        for member in members {
            let schema = self.of(member);
            let nested = match &schema {
                Value::Object(map) if map.len() == 1 => map.get("anyOf").and_then(Value::as_array),
                _ => None,
            };
            for one in nested.cloned().unwrap_or_else(|| vec![schema.clone()]) {
                if !any.contains(&one) {
                    any.push(one);
                }
            }
        }
        if any.len() == 1 { any.remove(0) } else { json!({ "anyOf": any }) }
    }

    /// An alias, a `NewType`, a type variable, or a constant that happens to be a type.
    fn assigned(&mut self, assigned: &'a Assigned, arguments: &[Term]) -> Value {
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
                    return call.arguments.get(1).map_or(json!({}), |term| self.of(&unquote(term)));
                }
                Some("typing.TypeVar") => {
                    if let Some(bound) = call.keyword("bound") {
                        return self.of(&unquote(bound));
                    }
                    if let Some(default) = call.keyword("default") {
                        return self.of(&unquote(default));
                    }
                    let constraints = call.arguments.get(1..).unwrap_or_default();
                    return if constraints.is_empty() {
                        json!({})
                    } else {
                        self.union(constraints)
                    };
                }
                Some("typing.TypeAliasType") => {
                    return call.arguments.get(1).map_or(json!({}), |term| self.of(&unquote(term)));
                }
                Some("typing.TypeVarTuple" | "typing.ParamSpec") => return json!({}),
                _ => return self.constrained(call),
            }
        }
        let parameters = match assigned.type_params.is_empty() {
            false => assigned.type_params.clone(),
            true if arguments.is_empty() => Vec::new(),
            true => self.free_variables(&assigned.value),
        };
        let environment: Environment =
            parameters.into_iter().zip(arguments.iter().cloned()).collect();
        let value = fields_substitute(&assigned.value, &environment);
        match &*value {
            Term::Str(text) => {
                // `X: TypeAlias = "A | B"` is parsed as an annotation; a plain string is a value.
                self.loose.push(text.to_string());
                json!({})
            }
            Term::Int(_) | Term::Float(_) | Term::Bool(_) => json!({}),
            value => self.of(value),
        }
    }

    fn free_variables(&self, term: &Term) -> Vec<Name> {
        let mut found: Vec<Name> = Vec::new();
        let mut pending = vec![term];
        while let Some(term) = pending.pop() {
            match term {
                Term::Name { .. } => {
                    if let Some(name) = self.index.type_variable(term)
                        && !found.contains(&name)
                    {
                        found.push(name);
                    }
                }
                Term::Subscript(_, inner) | Term::Union(inner) | Term::List(inner) => {
                    pending.extend(inner.iter().rev());
                }
                _ => {}
            }
        }
        found
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

    fn class(&mut self, class: &'a str, arguments: &[Term]) -> Value {
        let Some(info) = self.index.classes.get(class) else { return json!({}) };
        if info.kind == Kind::Plain && info.shape.init.is_none() && is_opaque(info) {
            self.loose.push(short(class).to_string());
            return json!({});
        }
        let key = format!("{class}{}", self.arguments_text(arguments));
        let reference = |name: &str| json!({ "$ref": format!("#/$defs/{name}") });
        if self.active.contains(&key) {
            self.bound += 1;
            self.recursive.insert(key.clone());
            let name = self.define(class, &key);
            return reference(&name);
        }
        if let Some(name) = self.keys.get(&key).filter(|name| self.definitions.contains_key(*name))
        {
            self.bound += 1;
            return reference(name);
        }
        let inline = self.inline || info.kind == Kind::Enum && self.dialect == Dialect::Plain;
        let dialect = self.dialect;
        let reusable = self.inline && arguments.is_empty();
        if reusable
            && let Some(known) =
                self.index.inlined(class, dialect, MAX_DEPTH.saturating_sub(self.depth))
        {
            self.deepest = self.deepest.max(self.depth + known.depth);
            self.loose.extend(known.loose.iter().cloned());
            return known.schema.clone();
        }
        let (bound, loose) = (self.bound, self.loose.len());
        let outer = std::mem::replace(&mut self.deepest, self.depth);
        let name = if inline { String::new() } else { self.define(class, &key) };
        let parameters = self.index.parameters(info.shape);
        let environment: Environment =
            parameters.into_iter().zip(arguments.iter().cloned()).collect();
        self.active.push(key.clone());
        let schema = self.body(info, environment);
        self.active.pop();
        let depth = self.deepest - self.depth;
        self.deepest = self.deepest.max(outer);
        if reusable && bound == self.bound {
            let loose = self.loose.get(loose..).unwrap_or_default().to_vec();
            let known = Inlined { schema: schema.clone(), loose, depth };
            self.index.remember_inlined(class, dialect, known);
        }
        if inline && !self.recursive.contains(&key) {
            return schema;
        }
        let name = if inline { self.define(class, &key) } else { name };
        self.definitions.insert(name.clone(), schema);
        reference(&name)
    }

    /// What a class's instances look like.
    fn body(&mut self, info: &'i ClassInfo<'a>, environment: Environment) -> Value {
        let outer = self.dialect;
        match info.kind {
            Kind::Pydantic => self.dialect = Dialect::Pydantic,
            Kind::Plain => self.dialect = Dialect::Plain,
            _ => {}
        }
        let fields = fields::fields(self.index, info, environment);
        let mut schema = match info.kind {
            Kind::Enum => self.enumeration(info, &fields),
            Kind::NamedTuple if self.dialect == Dialect::Pydantic => self.array(&fields),
            Kind::Pydantic if is_root_model(info) => {
                let root = fields.iter().find(|field| &*field.name == "root");
                let by_base = || root_argument(self.index, info);
                match (root, by_base()) {
                    (Some(field), _) => self.property(field),
                    (None, Some(term)) => self.of(&term),
                    (None, None) => json!({}),
                }
            }
            _ => self.object(info, &fields),
        };
        if let (Value::Object(map), Some(doc)) = (&mut schema, &info.shape.doc)
            && !map.contains_key("$ref")
            && !map.contains_key("description")
            && info.kind != Kind::Django
        {
            let doc = crate::analyzers::python::schemas::clean_doc(doc);
            map.insert("description".into(), Value::String(doc));
        }
        self.dialect = outer;
        schema
    }

    fn enumeration(&mut self, info: &ClassInfo<'a>, fields: &[FieldShape<'a>]) -> Value {
        let mut members: Vec<Value> = Vec::new();
        for (name, value) in enums::values(fields, self.index) {
            let value = value.unwrap_or(Value::String(name));
            if !members.contains(&value) {
                members.push(value);
            }
        }
        let flags =
            info.external.iter().any(|base| matches!(&**base, "enum.Flag" | "enum.IntFlag"));
        if flags {
            return json!({ "type": "integer" });
        }
        let mut schema = Map::new();
        if self.dialect == Dialect::Pydantic
            && let Some(kind) = common_type(&members)
        {
            schema.insert("type".into(), kind.into());
        }
        schema.insert("enum".into(), Value::Array(members));
        Value::Object(schema)
    }

    /// Pydantic writes named tuples as arrays.
    fn array(&mut self, fields: &[FieldShape<'a>]) -> Value {
        let items: Vec<Value> = fields.iter().map(|field| self.property(field)).collect();
        let least = fields.iter().filter(|field| field.required).count();
        json!({ "type": "array", "prefixItems": items, "minItems": least, "maxItems": fields.len() })
    }

    fn object(&mut self, info: &ClassInfo<'a>, fields: &[FieldShape<'a>]) -> Value {
        let mut properties = Map::new();
        let mut required: Vec<Value> = Vec::new();
        for field in fields.iter().filter(|field| field.given) {
            properties.insert(field.key.to_string(), self.property(field));
            if field.required {
                required.push(Value::String(field.key.to_string()));
            }
        }
        let mut schema = Map::new();
        schema.insert("type".into(), "object".into());
        schema.insert("properties".into(), Value::Object(properties));
        if !required.is_empty() {
            schema.insert("required".into(), Value::Array(required));
        }
        let classes =
            || info.mro.iter().filter_map(|name| Some(self.index.classes.get(name)?.shape));
        let extra = match info.kind {
            Kind::Pydantic => {
                let told = classes().find_map(|class| fields::config(class, "extra"));
                let settings = info.external.iter().any(|base| base.ends_with("BaseSettings"));
                match told {
                    Some(Term::Str(told)) => Some(told.to_string()),
                    Some(Term::Name { text, .. }) => Some(short(text).to_string()),
                    _ if settings => Some("forbid".into()),
                    _ => None,
                }
            }
            Kind::Msgspec => {
                let told =
                    classes().find_map(|class| fields::setting(class, "forbid_unknown_fields"));
                (told == Some(&Term::Bool(true))).then(|| "forbid".into())
            }
            Kind::TypedDict => {
                let closed = classes().find_map(|class| fields::setting(class, "closed"));
                (closed == Some(&Term::Bool(true))).then(|| "forbid".into())
            }
            Kind::Dataclass | Kind::Attrs | Kind::NamedTuple | Kind::Plain if self.inline => {
                Some("forbid".into())
            }
            _ => None,
        };
        match extra.as_deref() {
            Some("forbid") => {
                schema.insert("additionalProperties".into(), false.into());
            }
            Some("allow") => {
                schema.insert("additionalProperties".into(), true.into());
            }
            _ => {}
        }
        if info.kind == Kind::Pydantic {
            let more = classes().find_map(|class| fields::config(class, "json_schema_extra"));
            if let Some(Value::Object(more)) =
                more.and_then(|term| values::constant(self.index, term))
            {
                schema.extend(more);
            }
        }
        Value::Object(schema)
    }

    /// The schema of one field: its type, constraints, default and description.
    pub fn property(&mut self, field: &FieldShape<'a>) -> Value {
        let mut schema = match &field.annotation {
            Some(term) => self.of(term),
            None => match &field.default {
                Some(Default_::Value(term)) => {
                    enums::type_of(term).map_or(json!({}), |name| self.leaf(name))
                }
                _ => json!({}),
            },
        };
        let Value::Object(_) = &schema else { return schema };
        if let Some(call) = field.details {
            schema = self.described(schema, call);
        }
        let default = match &field.default {
            Some(Default_::Value(term)) => values::constant(self.index, term),
            _ => None,
        };
        if let Value::Object(map) = &mut schema {
            if let Some(default) = default
                && !field.required
            {
                map.insert("default".into(), default);
            }
            if let Some(doc) = &field.doc {
                let doc = crate::analyzers::python::schemas::clean_doc(doc);
                map.entry("description").or_insert(Value::String(doc));
            }
        }
        schema
    }

    /// A builtin type by its name.
    fn leaf(&self, name: &str) -> Value {
        leaves::leaf(&format!("builtins.{name}"), self.dialect).unwrap_or_else(|| json!({}))
    }

    /// A schema with the constraints that a `Field(…)`-like call puts on it.
    fn described(&mut self, schema: Value, call: &Call) -> Value {
        let schema = match call.keyword("discriminator") {
            Some(Term::Str(name)) => discriminated(schema, name, &self.definitions),
            // A function tells the members apart: only the union itself can be said.
            _ => schema,
        };
        constraints::apply(self.index, schema, call)
    }

    fn known(&mut self, name: &str, arguments: &[Term], written: &str) -> Value {
        let first = |writer: &mut Self| arguments.first().map(|term| writer.of(term));
        match name {
            "typing.Optional" => {
                let inner = arguments.first().cloned().unwrap_or(Term::None);
                self.union(&[inner, Term::None])
            }
            "typing.Union" => self.union(arguments),
            "typing.Literal" => self.literal(arguments),
            "typing.Annotated" => self.annotated(arguments),
            "typing.ClassVar"
            | "typing.Final"
            | "typing.Required"
            | "typing.NotRequired"
            | "typing.ReadOnly"
            | "dataclasses.InitVar"
            | "typing.Unpack"
            | "sqlalchemy.orm.Mapped"
            | "pydantic.SerializeAsAny"
            | "pydantic.SkipValidation"
            | "typing.Awaitable"
            | "typing.Coroutine"
            | "pydantic.Json" => match name {
                "typing.Coroutine" => arguments.get(2).map_or(json!({}), |term| self.of(term)),
                "pydantic.Json" => {
                    json!({ "type": "string", "contentMediaType": "application/json" })
                }
                _ => first(self).unwrap_or_else(|| json!({})),
            },
            _ => match leaves::container(name) {
                Some(leaves::Container::List) => {
                    let mut schema = Map::new();
                    schema.insert("type".into(), "array".into());
                    if let Some(items) = first(self) {
                        schema.insert("items".into(), items);
                    }
                    Value::Object(schema)
                }
                Some(leaves::Container::Set) => {
                    let mut schema = Map::new();
                    schema.insert("type".into(), "array".into());
                    if let Some(items) = first(self) {
                        schema.insert("items".into(), items);
                    }
                    schema.insert("uniqueItems".into(), true.into());
                    Value::Object(schema)
                }
                Some(leaves::Container::Tuple) => self.tuple(arguments),
                Some(leaves::Container::Map) => self.mapping(arguments),
                Some(leaves::Container::Counter) => {
                    json!({ "type": "object", "additionalProperties": { "type": "integer" } })
                }
                None => match leaves::leaf(name, self.dialect) {
                    Some(schema) => schema,
                    None => {
                        if !matches!(name, "typing.Any" | "builtins.object") {
                            self.loose.push(written.into());
                        }
                        json!({})
                    }
                },
            },
        }
    }

    fn tuple(&mut self, arguments: &[Term]) -> Value {
        match arguments {
            [] => json!({ "type": "array" }),
            [only, Term::Ellipsis] => json!({ "type": "array", "items": self.of(only) }),
            [Term::Tuple(none)] if none.is_empty() => {
                json!({ "type": "array", "minItems": 0, "maxItems": 0 })
            }
            members => {
                let items: Vec<Value> = members.iter().map(|term| self.of(term)).collect();
                let count = items.len();
                json!({ "type": "array", "prefixItems": items, "minItems": count, "maxItems": count })
            }
        }
    }

    fn mapping(&mut self, arguments: &[Term]) -> Value {
        let mut schema = Map::new();
        schema.insert("type".into(), "object".into());
        let [key, value] = arguments else { return Value::Object(schema) };
        let values = self.of(value);
        let open = values.as_object().is_some_and(Map::is_empty);
        let keys = self.of(key);
        let told = |name: &str| keys.get(name).cloned();
        if let Some(pattern) = told("pattern").and_then(|p| p.as_str().map(String::from)) {
            schema.insert("patternProperties".into(), json!({ pattern: values }));
            return Value::Object(schema);
        }
        if told("enum").or(told("const")).is_some() || told("minLength").is_some() {
            schema.insert("propertyNames".into(), keys);
        }
        if open {
            schema.insert("additionalProperties".into(), true.into());
        } else {
            schema.insert("additionalProperties".into(), values);
        }
        Value::Object(schema)
    }

    fn literal(&mut self, arguments: &[Term]) -> Value {
        let mut members: Vec<Value> = Vec::new();
        self.literal_members(arguments, &mut members, 0);
        let mut schema = Map::new();
        if self.dialect == Dialect::Pydantic {
            if let Some(kind) = common_type(&members) {
                schema.insert("type".into(), kind.into());
            }
            if let [only] = members.as_slice() {
                schema.insert("const".into(), only.clone());
                return Value::Object(schema);
            }
        }
        schema.insert("enum".into(), Value::Array(members));
        Value::Object(schema)
    }

    fn literal_members(&self, arguments: &[Term], members: &mut Vec<Value>, depth: u32) {
        for term in arguments {
            // `Literal[Literal["a"], "b"]` and aliases of literals are one flat list.
            let nested = match term {
                Term::Subscript(_, inner) => Some(inner),
                Term::Name { .. } => match self.index.meaning(term) {
                    Meaning::Assigned(assigned) => match &assigned.value {
                        Term::Subscript(_, inner) => Some(inner),
                        _ => None,
                    },
                    _ => None,
                },
                _ => None,
            };
            if let Some(inner) = nested.filter(|_| depth < 8) {
                self.literal_members(inner, members, depth + 1);
                continue;
            }
            if let Some(value) = values::constant(self.index, term)
                && !members.contains(&value)
            {
                members.push(value);
            }
        }
    }

    fn annotated(&mut self, arguments: &[Term]) -> Value {
        let Some((inner, notes)) = arguments.split_first() else { return json!({}) };
        let mut schema = self.of(inner);
        for note in notes {
            let call = match note {
                Term::Call(call) => Some(&**call),
                Term::Name { .. } => match self.index.constant(note) {
                    Some(Term::Call(call)) => Some(&**call),
                    _ => None,
                },
                _ => None,
            };
            if let Some(call) = call.filter(|call| self.describes(call)) {
                schema = self.described(schema, call);
            }
        }
        schema
    }

    /// Whether a note in `Annotated[…]` is one that says something of the value.
    fn describes(&self, call: &Call) -> bool {
        self.index.known(&call.function).is_some_and(|name| {
            ["pydantic.", "annotated_types.", "msgspec.", "fastapi.", "sqlmodel."]
                .iter()
                .any(|library| name.starts_with(library))
        })
    }

    /// `constr(…)`, `conint(…)` and their like.
    fn constrained(&mut self, call: &Call) -> Value {
        let known = self.index.known(&call.function).unwrap_or(Cow::Borrowed(""));
        let name = known.strip_prefix("pydantic.v1.").or(known.strip_prefix("pydantic."));
        let base = match name {
            Some("constr") => json!({ "type": "string" }),
            Some("conint") => json!({ "type": "integer" }),
            Some("confloat" | "condecimal") => json!({ "type": "number" }),
            Some("conbytes") => json!({ "type": "string", "format": "binary" }),
            Some("condate") => json!({ "type": "string", "format": "date" }),
            Some("conlist" | "conset" | "confrozenset") => {
                let items = call.arguments.first().or(call.keyword("item_type"));
                let items = items.map_or(json!({}), |term| self.of(term));
                let mut schema = json!({ "type": "array", "items": items });
                if name != Some("conlist")
                    && let Value::Object(map) = &mut schema
                {
                    map.insert("uniqueItems".into(), true.into());
                }
                schema
            }
            _ => {
                self.loose.push(call.text.to_string());
                return json!({});
            }
        };
        constraints::apply(self.index, base, call)
    }
}

fn fields_substitute<'t>(term: &'t Term, environment: &Environment) -> Cow<'t, Term> {
    super::index::substitute(term, environment)
}

/// A quoted type in a value position: only its name can be read.
fn unquote(term: &Term) -> Cow<'_, Term> {
    match term {
        Term::Str(text) => Cow::Owned(Term::Name {
            text: text.clone(),
            origins: vec![format!("builtins.{text}").into()],
        }),
        other => Cow::Borrowed(other),
    }
}

/// A class of the project about which its body says nothing.
fn is_opaque(info: &ClassInfo<'_>) -> bool {
    info.mro.len() == 1 && info.shape.attributes.iter().all(|one| one.annotation.is_none())
}

fn is_root_model(info: &ClassInfo<'_>) -> bool {
    info.external.iter().any(|base| &**base == "pydantic.RootModel")
}

/// `RootModel[T]` among the bases.
fn root_argument(index: &Index<'_>, info: &ClassInfo<'_>) -> Option<Term> {
    info.mro.iter().find_map(|name| {
        index.classes.get(name)?.shape.bases.iter().find_map(|base| match base {
            Term::Subscript(head, arguments)
                if index.known(head).is_some_and(|name| name == "pydantic.RootModel") =>
            {
                arguments.first().cloned()
            }
            _ => None,
        })
    })
}

/// The JSON type that all values share.
fn common_type(values: &[Value]) -> Option<&'static str> {
    let kind = |value: &Value| match value {
        Value::String(_) => Some("string"),
        Value::Bool(_) => Some("boolean"),
        Value::Number(number) if number.is_f64() => Some("number"),
        Value::Number(_) => Some("integer"),
        Value::Null => Some("null"),
        _ => None,
    };
    let first = kind(values.first()?)?;
    values.iter().all(|value| kind(value) == Some(first)).then_some(first)
}

/// A union told apart by a property.
fn discriminated(schema: Value, property: &str, definitions: &Map<String, Value>) -> Value {
    let Value::Object(mut map) = schema else { return schema };
    let Some(Value::Array(members)) = map.remove("anyOf") else { return Value::Object(map) };
    let mut mapping = Map::new();
    for member in &members {
        let Some(reference) = member.get("$ref").and_then(Value::as_str) else { continue };
        let definition = reference.strip_prefix("#/$defs/").and_then(|name| definitions.get(name));
        let tag = definition.and_then(|schema| schema.get("properties")?.get(property));
        let Some(tag) = tag else { continue };
        let values = tag
            .get("const")
            .into_iter()
            .chain(tag.get("enum").and_then(Value::as_array).into_iter().flatten());
        for value in values.filter_map(Value::as_str) {
            mapping.insert(value.into(), reference.into());
        }
    }
    map.insert("oneOf".into(), Value::Array(members));
    let mut discriminator = Map::new();
    discriminator.insert("propertyName".into(), property.into());
    if !mapping.is_empty() {
        discriminator.insert("mapping".into(), Value::Object(mapping));
    }
    map.insert("discriminator".into(), Value::Object(discriminator));
    Value::Object(map)
}

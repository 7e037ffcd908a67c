//! Classes → their schema: objects, enumerations, named tuples, root models.

use serde_json::{Map, Value, json};

use super::types::common_type;
use super::{Dialect, MAX_DEPTH, MAX_PLAIN, Writer};
use crate::analyzers::link::python::schemas::enums;
use crate::analyzers::link::python::schemas::fields::{self, Default_, FieldShape};
use crate::analyzers::link::python::schemas::index::{ClassInfo, Environment, Inlined, short};
use crate::analyzers::link::python::schemas::kinds::Kind;
use crate::analyzers::link::python::schemas::{leaves, values};
use crate::analyzers::python::schemas::clean_doc;
use crate::model::facts::python::schemas::Term;

impl<'a, 'i> Writer<'a, 'i> {
    pub(super) fn class(&mut self, class: &'a str, arguments: &[Term]) -> Value {
        let Some(info) = self.index.classes.get(class) else { return json!({}) };
        if self.dialect == Dialect::Pydantic
            && let Some(schema) = self.instance(info)
        {
            self.loose.push(short(class).to_string());
            return schema;
        }
        if info.kind == Kind::Plain && info.shape.init.is_none() && is_opaque(info) {
            self.loose.push(short(class).to_string());
            return json!({});
        }
        if self.inline && info.kind == Kind::Plain && self.plains >= MAX_PLAIN {
            self.bound += 1;
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
            let schema = reference(name);
            self.rejected += u32::from(self.unwritable.contains(&key));
            return schema;
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
        let (bound, loose, rejected) = (self.bound, self.loose.len(), self.rejected);
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
        if rejected < self.rejected {
            self.unwritable.insert(key.clone());
        } else if reusable && bound == self.bound {
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
    pub(super) fn body(&mut self, info: &'i ClassInfo<'a>, environment: Environment) -> Value {
        let outer = (self.dialect, self.model);
        match info.kind {
            Kind::Pydantic => {
                self.dialect = Dialect::Pydantic;
                self.model = Some(info);
            }
            Kind::Plain => self.dialect = Dialect::Plain,
            _ => {}
        }
        let fields = fields::fields(self.index, info, environment);
        self.plains += u32::from(info.kind == Kind::Plain);
        let mut schema = self.shape(info, &fields);
        self.plains -= u32::from(info.kind == Kind::Plain);
        // Pydantic leaves the text of named tuples out.
        let described = match (self.dialect, info.kind) {
            (Dialect::Pydantic, kind) => kind != Kind::NamedTuple,
            (Dialect::Plain, kind) => kind != Kind::Django,
        };
        if let Value::Object(map) = &mut schema
            && info.shape.decorators.iter().any(|one| {
                self.index.known(&one.function).is_some_and(|name| {
                    matches!(&*name, "typing.deprecated" | "warnings.deprecated")
                })
            })
        {
            map.insert("deprecated".into(), true.into());
        }
        if let (Value::Object(map), Some(doc)) = (&mut schema, &info.shape.doc)
            && described
            && !doc.is_empty()
            && !map.contains_key("$ref")
            && !map.contains_key("description")
        {
            map.insert("description".into(), Value::String(clean_doc(doc)));
        }
        (self.dialect, self.model) = outer;
        schema
    }

    /// A setting of a pydantic class, its own or inherited.
    pub(super) fn told(&self, info: &ClassInfo<'a>, name: &str) -> Option<String> {
        let shapes = info.mro.iter().filter_map(|name| Some(self.index.classes.get(name)?.shape));
        match shapes.into_iter().find_map(|shape| fields::config(self.index, shape, name))? {
            Term::Str(told) => Some(told.to_string()),
            Term::Name { text, .. } => Some(short(text).to_string()),
            Term::Bool(told) => Some(told.to_string()),
            _ => None,
        }
    }

    /// A class that pydantic knows by `isinstance` only, unless it says itself how it is read.
    fn instance(&mut self, info: &ClassInfo<'a>) -> Option<Value> {
        let by_instance = matches!(
            info.kind,
            Kind::Plain
                | Kind::Protocol
                | Kind::Attrs
                | Kind::Msgspec
                | Kind::SqlAlchemy
                | Kind::Django
        );
        if !by_instance {
            return None;
        }
        let shapes =
            || info.mro.iter().filter_map(|name| Some(self.index.classes.get(name)?.shape));
        let own_schema = shapes().any(|shape| {
            shape.methods.iter().any(|method| {
                matches!(&*method.name, "__get_pydantic_core_schema__" | "__get_validators__")
            })
        });
        let by_itself = shapes().any(|shape| {
            shape.methods.iter().any(|method| {
                matches!(&method.result, Some(Term::Call(call))
                    if call.text.contains("is_instance_schema("))
            })
        });
        if own_schema && !by_itself {
            // What it makes of its base type is code; the type itself is all but always kept.
            let base = info.external.iter().find_map(|base| match &**base {
                "builtins.str" | "builtins.int" | "builtins.float" | "builtins.bytes" => {
                    leaves::leaf(base, self.dialect)
                }
                _ => None,
            });
            return Some(base.unwrap_or_else(|| json!({})));
        }
        let foreign = info.external.iter().any(|base| {
            let top = base.split('.').next().unwrap_or_default();
            !leaves::is_instance_only(base)
                && !matches!(top, "builtins" | "typing" | "abc" | "enum" | "collections")
        });
        if foreign {
            return Some(json!({}));
        }
        self.rejected += 1;
        Some(json!({}))
    }

    fn shape(&mut self, info: &'i ClassInfo<'a>, fields: &[FieldShape<'a>]) -> Value {
        match info.kind {
            Kind::Enum => self.enumeration(info, fields),
            Kind::NamedTuple if self.dialect == Dialect::Pydantic => self.array(fields),
            Kind::Pydantic if is_root_model(info) => {
                let root = fields.iter().find(|field| &*field.name == "root");
                match (root, fields::root_argument(self.index, info)) {
                    (Some(field), _) => self.property(field),
                    (None, Some(term)) => self.of(term),
                    (None, None) => json!({}),
                }
            }
            _ => self.object(info, fields),
        }
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
        // Ours takes any combination of flags; pydantic only the named ones.
        if flags && self.dialect == Dialect::Plain {
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
        let mut schema = json!({ "type": "array", "prefixItems": items, "maxItems": fields.len() });
        if let (Value::Object(map), 1..) = (&mut schema, least) {
            map.insert("minItems".into(), least.into());
        }
        schema
    }

    fn object(&mut self, info: &ClassInfo<'a>, fields: &[FieldShape<'a>]) -> Value {
        let mut properties = Map::new();
        let mut required: Vec<Value> = Vec::new();
        let is_part = |field: &&FieldShape<'a>| {
            field.given
                || info.kind == Kind::Pydantic
                || self.dialect == Dialect::Pydantic && field.default.is_some()
        };
        let parts: Vec<&FieldShape<'a>> = fields.iter().filter(is_part).collect();
        // What has no configuration of its own takes that of the model around it.
        let lent = matches!(info.kind, Kind::TypedDict | Kind::Dataclass)
            .then_some(self.model)
            .flatten()
            .filter(|_| self.dialect == Dialect::Pydantic);
        for field in parts {
            let mut key = field.key.to_string();
            if let Some(model) = lent.filter(|_| field.key == field.name)
                && let Some(alias) = fields::generated_alias(self.index, model, &field.name)
            {
                key = alias.to_string();
            }
            properties.insert(key.clone(), self.property(field));
            if field.required {
                required.push(Value::String(key));
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
                let settings = info.external.iter().any(|base| base.ends_with("BaseSettings"));
                self.told(info, "extra").or_else(|| settings.then(|| "forbid".into()))
            }
            Kind::Msgspec => {
                let told =
                    classes().find_map(|class| fields::setting(class, "forbid_unknown_fields"));
                (told == Some(&Term::Bool(true))).then(|| "forbid".into())
            }
            Kind::TypedDict => {
                let closed = classes().find_map(|class| fields::setting(class, "closed"));
                let model = || self.model.and_then(|model| self.told(model, "extra"));
                let told = || self.told(info, "extra").or_else(model);
                match closed {
                    Some(Term::Bool(true)) => Some("forbid".into()),
                    _ => told(),
                }
            }
            Kind::Dataclass if self.dialect == Dialect::Pydantic => self.told(info, "extra"),
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
            let more =
                classes().find_map(|class| fields::config(self.index, class, "json_schema_extra"));
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
            Some(Default_::Value(term)) => values::dumped(self.index, term),
            _ => None,
        };
        if let Value::Object(map) = &mut schema {
            if let Some(default) = default
                && !field.required
            {
                map.insert("default".into(), default);
            }
            if let Some(doc) = &field.doc
                && (self.dialect == Dialect::Plain || field.documented)
            {
                map.entry("description").or_insert(Value::String(clean_doc(doc)));
            }
        }
        schema
    }

    /// A builtin type by its name.
    fn leaf(&self, name: &str) -> Value {
        leaves::leaf(&format!("builtins.{name}"), self.dialect).unwrap_or_else(|| json!({}))
    }
}

/// A class of the project about which its body says nothing.
fn is_opaque(info: &ClassInfo<'_>) -> bool {
    info.mro.len() == 1 && info.shape.attributes.iter().all(|one| one.annotation.is_none())
}

fn is_root_model(info: &ClassInfo<'_>) -> bool {
    info.external.iter().any(|base| &**base == "pydantic.RootModel")
}

//! Rust types → JSON Schema 2020-12, as serde with serde_json would read and write them.

use rustc_hash::FxHashMap;
use serde_json::{Map, Value, json};

use super::modules::ModuleId;
use super::world::{Def, Id, Prim, World};
use crate::model::Name;
use crate::model::facts::rust::items::{Shape, TypeItem, TypeKind};
use crate::model::facts::rust::schemas::{FieldDefault, FieldSchema, TypeSchema, VariantSchema};
use crate::model::facts::rust::types::{Path, Ty, Word};

/// Aliases and instantiated generics beyond this are cut off with `{}`.
const DEPTH_LIMIT: u32 = 24;

/// All data types of the project, by their number in the world.
pub struct Shapes<'a> {
    pub of: FxHashMap<u32, &'a TypeSchema>,
}

impl<'a> Shapes<'a> {
    pub fn gather(world: &World<'a>) -> Self {
        let mut of = FxHashMap::default();
        for (file, bases) in world.bases.iter().enumerate() {
            for schema in &world.facts(file as u32).schemas.types {
                of.insert(bases.types + schema.item, schema);
            }
        }
        Self { of }
    }
}

/// Where a type as written is to be read: its file, module and what its parameters stand for.
#[derive(Clone)]
pub struct Scope {
    pub file: u32,
    pub module: ModuleId,
    pub arguments: FxHashMap<Id, (Ty, Option<Box<Scope>>)>,
    pub self_type: Option<u32>,
}

/// Builds one root schema with its `$defs`.
pub struct Builder<'b, 'a> {
    world: &'b World<'a>,
    shapes: &'b Shapes<'a>,
    definitions: Map<String, Value>,
    names: FxHashMap<String, String>,
    /// What has no JSON form, in the order met.
    pub refused: Vec<String>,
    depth: u32,
}

impl<'b, 'a> Builder<'b, 'a> {
    pub fn new(world: &'b World<'a>, shapes: &'b Shapes<'a>) -> Self {
        Self {
            world,
            shapes,
            definitions: Map::new(),
            names: FxHashMap::default(),
            refused: Vec::new(),
            depth: 0,
        }
    }

    pub fn scope(&self, file: u32, local: u32) -> Scope {
        Scope {
            file,
            module: self.world.module(file, local),
            arguments: FxHashMap::default(),
            self_type: None,
        }
    }

    /// Wraps a root schema with the dialect and the definitions it refers to.
    pub fn finish(self, root: Value) -> Value {
        let mut object = Map::new();
        object.insert("$schema".into(), "https://json-schema.org/draft/2020-12/schema".into());
        match root {
            Value::Object(inner) => object.extend(inner),
            Value::Bool(false) => {
                object.insert("not".into(), json!({}));
            }
            _ => {}
        }
        if !self.definitions.is_empty() {
            object.insert("$defs".into(), Value::Object(self.definitions));
        }
        Value::Object(object)
    }

    /// The schema of a type of the project as a root: inline, unless it refers to itself.
    pub fn root(mut self, id: u32) -> Value {
        let name = self.title(id);
        let reference = self.named(id, name.clone(), self.item_scope(id));
        let key = self.names.get(&name).cloned().unwrap_or(name.clone());
        let text = Value::Object(self.definitions.clone()).to_string();
        let recursive = text.contains(&format!("\"#/$defs/{key}\""));
        let root =
            if recursive { reference } else { self.definitions.remove(&key).unwrap_or(reference) };
        let mut root = root;
        if let Value::Object(object) = &mut root {
            object.insert("title".into(), name.into());
        }
        self.finish(root)
    }

    fn title(&self, id: u32) -> String {
        let (item, place) = (self.world.type_(id), self.world.types[id as usize]);
        self.world.facts(place.file).word(item.name).to_string()
    }

    fn item_scope(&self, id: u32) -> Scope {
        let (item, place) = (self.world.type_(id), self.world.types[id as usize]);
        let mut scope = self.scope(place.file, item.module);
        scope.self_type = Some(id);
        scope
    }

    pub fn ty(&mut self, ty: &Ty, scope: &Scope) -> Value {
        if self.depth > DEPTH_LIMIT {
            return json!({});
        }
        self.depth += 1;
        let value = self.of(ty, scope);
        self.depth -= 1;
        value
    }

    fn of(&mut self, ty: &Ty, scope: &Scope) -> Value {
        match ty {
            Ty::Ref { inner, .. } => self.ty(inner, scope),
            Ty::Slice(item) => json!({"type": "array", "items": self.ty(item, scope)}),
            Ty::Array(item, length) => {
                let items = self.ty(item, scope);
                let text = self.world.facts(scope.file).word(*length);
                match text.replace('_', "").trim_end_matches("usize").parse::<u64>() {
                    Ok(length) => {
                        json!({"type": "array", "items": items, "minItems": length, "maxItems": length})
                    }
                    Err(_) => json!({"type": "array", "items": items}),
                }
            }
            Ty::Tuple(items) if items.is_empty() => json!({"type": "null"}),
            Ty::Tuple(items) => {
                let items: Vec<Value> = items.iter().map(|item| self.ty(item, scope)).collect();
                tuple(items)
            }
            Ty::Path(path) => self.path(path, scope),
            Ty::Never => Value::Bool(false),
            other => {
                let shown = self.show(other, scope);
                self.refuse(format!("`{shown}` has no JSON form"))
            }
        }
    }

    fn refuse(&mut self, reason: String) -> Value {
        if !self.refused.contains(&reason) {
            self.refused.push(reason);
        }
        json!({})
    }

    fn path(&mut self, path: &Path, scope: &Scope) -> Value {
        let world = self.world;
        if path.qself.is_some() {
            let shown = self.show(&Ty::Path(path.clone()), scope);
            return self.refuse(format!("`{shown}` depends on a trait"));
        }
        if let Some(word) = path.as_word() {
            let id = world.word(scope.file, word);
            if let Some((argument, outer)) = scope.arguments.get(&id) {
                let (argument, outer) = (argument.clone(), outer.clone());
                return match outer {
                    Some(outer) => self.ty(&argument, &outer),
                    None => json!({}),
                };
            }
            if id == world.known.self_type
                && let Some(own) = scope.self_type
            {
                let title = self.title(own);
                return self.named(own, title, scope.clone());
            }
        }
        let ids: Vec<Id> = path.segments.iter().map(|s| world.word(scope.file, s.name)).collect();
        let args: &[Ty] = path.last().map_or(&[], |segment| &segment.args);
        match world.resolve_type(scope.module, &ids, path.global) {
            Some(Def::Prim(prim)) => primitive(prim),
            Some(Def::Type(id)) => {
                let place = world.types[id as usize];
                if world.is_std(place.file) {
                    let name = world.type_names[id as usize].clone();
                    let short = name.rsplit("::").next().unwrap_or(&name).to_string();
                    return self.known(&short, &name, args, scope);
                }
                self.instance(id, args, scope)
            }
            Some(Def::Alias(id)) => {
                let (alias, place) = (world.alias(id), world.aliases[id as usize]);
                let mut inner = self.scope(place.file, alias.module);
                bind(world, place.file, &alias.generics, args, scope, &mut inner);
                match &alias.ty {
                    Some(ty) => self.ty(ty, &inner),
                    None => json!({}),
                }
            }
            Some(Def::External(id)) => {
                let full = world.external_path(id).clone();
                let short = full.rsplit("::").next().unwrap_or(&full).to_string();
                self.known(&short, &full, args, scope)
            }
            _ => {
                let shown = ids.iter().map(|id| world.name(*id)).collect::<Vec<_>>().join("::");
                let short = ids.last().map_or("", |id| world.name(*id)).to_string();
                self.known(&short, &shown, args, scope)
            }
        }
    }

    /// A struct or enum of the project, perhaps with type arguments, as a reference.
    fn instance(&mut self, id: u32, args: &[Ty], scope: &Scope) -> Value {
        let (item, place) = (self.world.type_(id), self.world.types[id as usize]);
        let mut inner = self.item_scope(id);
        bind(self.world, place.file, &item.generics, args, scope, &mut inner);
        let mut name = self.title(id);
        for arg in args.iter().filter(|arg| !matches!(arg, Ty::Const(_))) {
            let shown = self.label(arg, scope);
            name.push('_');
            name.extend(shown.chars().filter(|c| c.is_alphanumeric() || *c == '_'));
        }
        self.named(id, name, inner)
    }

    /// Defines a type once under `$defs` and refers to it.
    fn named(&mut self, id: u32, name: String, scope: Scope) -> Value {
        let Some(schema) = self.shapes.of.get(&id).copied() else {
            let full = &self.world.type_names[id as usize];
            return self.refuse(format!(
                "`{full}` implements neither Serialize nor Deserialize by derive"
            ));
        };
        if !schema.deserialize && !schema.serialize && &*schema.source == "clap" {
            let full = &self.world.type_names[id as usize];
            return self.refuse(format!("`{full}` is no serde type"));
        }
        let identity = format!("{}<{name}>", self.world.type_names[id as usize]);
        if let Some(key) = self.names.get(&identity) {
            return reference(key);
        }
        let mut key = name.clone();
        let mut number = 2;
        while self.definitions.contains_key(&key) {
            key = format!("{name}{number}");
            number += 1;
        }
        self.names.insert(identity, key.clone());
        self.names.entry(name).or_insert_with(|| key.clone());
        // Taken before it is known, so that recursion finds it.
        self.definitions.insert(key.clone(), json!({}));
        let body = self.body(id, schema, &scope);
        self.definitions.insert(key.clone(), body);
        reference(&key)
    }

    fn body(&mut self, id: u32, schema: &TypeSchema, scope: &Scope) -> Value {
        let item = self.world.type_(id);
        let mut value = if let Some(via) = &schema.container.via {
            self.by_text(via, scope).unwrap_or(json!({}))
        } else if &*schema.source == "serde_with" {
            json!({})
        } else if &*schema.source == "serde_repr" {
            json!({"type": "integer"})
        } else if item.kind == TypeKind::Enum {
            self.enumeration(item, schema, scope)
        } else {
            let empty = VariantSchema::default();
            let shape = schema.variants.first().unwrap_or(&empty);
            let rename_all = schema.container.rename_all.as_deref();
            match item.variants.first() {
                Some(only) => {
                    let default = schema.container.default;
                    let mut value = self.shape(only, shape, rename_all, default, scope);
                    if schema.container.transparent
                        && let Some(field) = sole_field(&only.fields, shape)
                    {
                        value = self.ty(field, scope);
                    }
                    if schema.container.deny_unknown_fields
                        && let Value::Object(object) = &mut value
                    {
                        object.insert("additionalProperties".into(), false.into());
                    }
                    if let (Some(tag), Value::Object(_)) = (&schema.container.tag, &value) {
                        let name = self.wire_type_name(id, schema);
                        add_tag(&mut value, tag, &name);
                    }
                    value
                }
                None => json!({}),
            }
        };
        if let (Some(doc), Value::Object(object)) = (&schema.doc, &mut value) {
            object.insert("description".into(), doc.to_string().into());
        }
        value
    }

    fn wire_type_name(&self, id: u32, schema: &TypeSchema) -> String {
        schema.container.rename.as_deref().map_or_else(|| self.title(id), String::from)
    }

    /// The fields of a struct or variant.
    fn shape(
        &mut self,
        variant: &crate::model::facts::rust::items::Variant,
        schema: &VariantSchema,
        rename_all: Option<&str>,
        default: bool,
        scope: &Scope,
    ) -> Value {
        match variant.shape {
            Shape::Unit => json!({"type": "null"}),
            Shape::Tuple => {
                let mut items = Vec::new();
                for ((_, ty), field) in variant.fields.iter().zip(&schema.fields) {
                    if !(field.skip_serializing && field.skip_deserializing) {
                        items.push(self.field(ty, field, scope));
                    }
                }
                match items.len() {
                    1 if variant.fields.len() == 1 => items.pop().unwrap_or_default(),
                    _ => tuple(items),
                }
            }
            Shape::Named => self.object(&variant.fields, schema, rename_all, default, scope),
        }
    }

    fn object(
        &mut self,
        fields: &[(Word, Ty)],
        schema: &VariantSchema,
        rename_all: Option<&str>,
        default: bool,
        scope: &Scope,
    ) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        let mut others = Vec::new();
        for ((name, ty), field) in fields.iter().zip(&schema.fields) {
            if field.skip_serializing && field.skip_deserializing {
                continue;
            }
            if field.flatten {
                others.push(self.ty(ty, scope));
                continue;
            }
            let name = self.world.facts(scope.file).word(*name);
            let wire = wire_name(name, field.rename.as_deref(), rename_all, Case::field);
            let value = self.field(ty, field, scope);
            if is_required(field, ty, self.world, scope, default) {
                required.push(Value::from(wire.clone()));
            }
            properties.insert(wire, value);
        }
        let mut object = Map::new();
        object.insert("type".into(), "object".into());
        object.insert("properties".into(), Value::Object(properties));
        if !required.is_empty() {
            object.insert("required".into(), Value::Array(required));
        }
        let mut all = Vec::new();
        for other in others {
            match other.get("additionalProperties") {
                Some(rest) if other.get("properties").is_none() => {
                    object.insert("additionalProperties".into(), rest.clone());
                }
                _ => all.push(other),
            }
        }
        if !all.is_empty() {
            object.insert("allOf".into(), Value::Array(all));
        }
        Value::Object(object)
    }

    /// The type that goes over the wire instead, as `from`, `into` and `with` name it: a plain path
    /// to a type that is data, or to one that describes a type of another crate.
    fn by_text(&mut self, text: &str, scope: &Scope) -> Option<Value> {
        let ids: Option<Vec<Id>> = text.split("::").map(|part| self.world.id(part)).collect();
        match self.world.resolve_type(scope.module, &ids?, false)? {
            Def::Type(id) if self.shapes.of.contains_key(&id) => {
                Some(self.instance(id, &[], scope))
            }
            Def::Type(id) if &*self.world.type_names[id as usize] == "std::string::String" => {
                Some(json!({"type": "string"}))
            }
            Def::Prim(prim) => Some(primitive(prim)),
            _ => None,
        }
    }

    fn field(&mut self, ty: &Ty, field: &FieldSchema, scope: &Scope) -> Value {
        let remote = field.with.as_ref().and_then(|with| self.by_text(with, scope));
        let mut value = match &field.with {
            Some(_) if remote.is_some() => remote.unwrap_or_default(),
            Some(with) => json!({"$comment": format!("read and written by `{with}`")}),
            None => self.ty(ty, scope),
        };
        let doc = field.doc.as_ref();
        if let (Some(doc), Value::Object(object)) = (doc, &mut value) {
            object.insert("description".into(), doc.to_string().into());
        }
        value
    }

    fn enumeration(&mut self, item: &TypeItem, schema: &TypeSchema, scope: &Scope) -> Value {
        let container = &schema.container;
        let mut units = Vec::new();
        let mut choices = Vec::new();
        for (variant, shape) in item.variants.iter().zip(&schema.variants) {
            if shape.skip {
                continue;
            }
            let name = self.world.facts(scope.file).word(variant.name);
            let wire = wire_name(
                name,
                shape.rename.as_deref(),
                container.rename_all.as_deref(),
                Case::variant,
            );
            let inner_case = shape.rename_all.as_deref().or(container.rename_all_fields.as_deref());
            let untagged = container.untagged || shape.untagged;
            if variant.shape == Shape::Unit && !untagged && container.tag.is_none() {
                units.push((wire, shape.doc.clone()));
                continue;
            }
            let body = self.shape(variant, shape, inner_case, false, scope);
            let mut choice = match (&container.tag, &container.content) {
                _ if untagged => body,
                (Some(tag), Some(content)) => {
                    let mut properties = Map::new();
                    let mut required = vec![Value::from(&**tag)];
                    properties.insert(tag.to_string(), json!({"type": "string", "const": wire}));
                    if variant.shape != Shape::Unit {
                        properties.insert(content.to_string(), body);
                        required.push(Value::from(&**content));
                    }
                    json!({"type": "object", "properties": properties, "required": required})
                }
                (Some(tag), None) => {
                    let mut tagged = match variant.shape {
                        Shape::Unit => json!({"type": "object", "properties": {}}),
                        Shape::Named => body,
                        Shape::Tuple => {
                            json!({"type": "object", "properties": {}, "allOf": [body]})
                        }
                    };
                    add_tag(&mut tagged, tag, &wire);
                    tagged
                }
                _ => {
                    let mut properties = Map::new();
                    properties.insert(wire.clone(), body);
                    json!({
                        "type": "object", "properties": properties, "required": [wire],
                        "additionalProperties": false
                    })
                }
            };
            if let (Some(doc), Value::Object(object)) = (&shape.doc, &mut choice) {
                object.insert("description".into(), doc.to_string().into());
            }
            choices.push(choice);
        }
        let units_schema = |units: &[(String, Option<Name>)]| {
            let names: Vec<&String> = units.iter().map(|(name, _)| name).collect();
            json!({"type": "string", "enum": names})
        };
        if choices.is_empty() {
            return if units.is_empty() { Value::Bool(false) } else { units_schema(&units) };
        }
        if !units.is_empty() {
            choices.insert(0, units_schema(&units));
        }
        let keyword = if container.untagged { "anyOf" } else { "oneOf" };
        let mut object = Map::new();
        object.insert(keyword.into(), Value::Array(choices));
        Value::Object(object)
    }

    /// Types of the standard library and of well-known crates, by their last name.
    fn known(&mut self, short: &str, full: &str, args: &[Ty], scope: &Scope) -> Value {
        let first = args.first();
        match short {
            "String" | "PathBuf" | "Path" | "OsString" | "OsStr" | "CString" | "CStr"
            | "SmolStr" | "CompactString" | "ArcStr" => json!({"type": "string"}),
            "Option" => {
                let inner = first.map_or(json!({}), |ty| self.ty(ty, scope));
                json!({"anyOf": [inner, {"type": "null"}]})
            }
            "Box" | "Rc" | "Arc" | "Cow" | "Cell" | "RefCell" | "Mutex" | "RwLock" | "Reverse"
            | "Wrapping" | "Saturating" => {
                let inner = args.last();
                inner.map_or(json!({}), |ty| self.ty(ty, scope))
            }
            "Vec" | "VecDeque" | "LinkedList" | "BinaryHeap" | "SmallVec" | "ArrayVec"
            | "ThinVec" => {
                let items = match first {
                    // smallvec's array parameter.
                    Some(Ty::Array(item, _)) => self.ty(item, scope),
                    Some(item) => self.ty(item, scope),
                    None => json!({}),
                };
                json!({"type": "array", "items": items})
            }
            "HashSet" | "BTreeSet" | "IndexSet" | "FxHashSet" | "AHashSet" | "DashSet" => {
                let items = first.map_or(json!({}), |ty| self.ty(ty, scope));
                json!({"type": "array", "items": items, "uniqueItems": true})
            }
            "HashMap" | "BTreeMap" | "IndexMap" | "FxHashMap" | "AHashMap" | "DashMap"
            | "LinkedHashMap" => {
                if let Some(key) = first {
                    self.ty(key, scope);
                }
                let values = args.get(1).map_or(json!({}), |ty| self.ty(ty, scope));
                json!({"type": "object", "additionalProperties": values})
            }
            "PhantomData" => json!({"type": "null"}),
            "Duration" if full.starts_with("std") || full == "Duration" => json!({
                "type": "object",
                "properties": {
                    "secs": primitive(Prim::U64),
                    "nanos": primitive(Prim::U32)
                },
                "required": ["secs", "nanos"]
            }),
            "SystemTime" => json!({
                "type": "object",
                "properties": {
                    "secs_since_epoch": primitive(Prim::U64),
                    "nanos_since_epoch": primitive(Prim::U32)
                },
                "required": ["secs_since_epoch", "nanos_since_epoch"]
            }),
            "Range" | "RangeInclusive" => {
                let item = first.map_or(json!({}), |ty| self.ty(ty, scope));
                json!({
                    "type": "object",
                    "properties": {"start": item.clone(), "end": item},
                    "required": ["start", "end"]
                })
            }
            "Result" => {
                let ok = first.map_or(json!({}), |ty| self.ty(ty, scope));
                let err = args.get(1).map_or(json!({}), |ty| self.ty(ty, scope));
                json!({"oneOf": [
                    {"type": "object", "properties": {"Ok": ok}, "required": ["Ok"]},
                    {"type": "object", "properties": {"Err": err}, "required": ["Err"]}
                ]})
            }
            "Value" | "RawValue" => json!({}),
            "Number" => json!({"type": "number"}),
            "Map" => json!({"type": "object"}),
            "Uuid" => json!({"type": "string", "format": "uuid"}),
            "Url" | "Uri" => json!({"type": "string", "format": "uri"}),
            "DateTime" | "OffsetDateTime" | "Timestamp" | "Zoned" => {
                json!({"type": "string", "format": "date-time"})
            }
            "NaiveDateTime" => json!({"type": "string", "format": "partial-date-time"}),
            "NaiveDate" | "Date" => json!({"type": "string", "format": "date"}),
            "NaiveTime" | "Time" => json!({"type": "string", "format": "partial-time"}),
            "IpAddr" => json!({"type": "string", "format": "ip"}),
            "Ipv4Addr" => json!({"type": "string", "format": "ipv4"}),
            "Ipv6Addr" => json!({"type": "string", "format": "ipv6"}),
            "SocketAddr" | "SocketAddrV4" | "SocketAddrV6" => json!({"type": "string"}),
            "Decimal" => json!({"type": "string", "format": "decimal"}),
            "Bytes" | "BytesMut" | "ByteBuf" => {
                json!({"type": "array", "items": primitive(Prim::U8)})
            }
            "Version" | "VersionReq" => json!({"type": "string"}),
            "OrderedFloat" | "NotNan" => json!({"type": "number"}),
            "AtomicBool" => primitive(Prim::Bool),
            "AtomicUsize" | "AtomicU64" => primitive(Prim::U64),
            "AtomicU32" => primitive(Prim::U32),
            "AtomicIsize" | "AtomicI64" => primitive(Prim::I64),
            "NonZeroU8" => nonzero(Prim::U8),
            "NonZeroU16" => nonzero(Prim::U16),
            "NonZeroU32" => nonzero(Prim::U32),
            "NonZeroU64" => nonzero(Prim::U64),
            "NonZeroUsize" => nonzero(Prim::Usize),
            "NonZeroI32" => primitive(Prim::I32),
            "NonZeroI64" => primitive(Prim::I64),
            _ => self.refuse(format!("`{full}` has no known JSON form")),
        }
    }

    /// A type argument as text, with parameters replaced by what they stand for.
    fn label(&self, ty: &Ty, scope: &Scope) -> String {
        if let Ty::Path(path) = ty
            && let Some(word) = path.as_word()
            && let Some((argument, outer)) = scope.arguments.get(&self.world.word(scope.file, word))
            && let Some(outer) = outer
        {
            return self.label(argument, outer);
        }
        self.show(ty, scope)
    }

    /// A type as text, from its words.
    pub fn show(&self, ty: &Ty, scope: &Scope) -> String {
        show(self.world, scope.file, ty)
    }
}

/// A type as text.
pub fn show(world: &World<'_>, file: u32, ty: &Ty) -> String {
    let facts = world.facts(file);
    let list = |items: &[Ty]| {
        items.iter().map(|item| show(world, file, item)).collect::<Vec<_>>().join(", ")
    };
    let bounds = |paths: &[Path]| {
        let shown = paths.iter().map(|path| show(world, file, &Ty::Path(path.clone())));
        shown.collect::<Vec<_>>().join(" + ")
    };
    match ty {
        Ty::Path(path) => {
            let mut text = String::new();
            if let Some(own) = &path.qself {
                text = format!("<{}>::", show(world, file, own));
            } else if path.global {
                text.push_str("::");
            }
            for (at, segment) in path.segments.iter().enumerate() {
                if at > 0 {
                    text.push_str("::");
                }
                text.push_str(facts.word(segment.name));
                let output = segment.bindings.iter().find(|b| facts.word(b.0) == "Output");
                if let (Some((_, output)), [Ty::Tuple(inputs)]) = (output, segment.args.as_slice())
                {
                    text.push_str(&format!("({})", list(inputs)));
                    if *output != Ty::Tuple(Vec::new()) {
                        text.push_str(&format!(" -> {}", show(world, file, output)));
                    }
                    continue;
                }
                let mut parts: Vec<String> =
                    segment.args.iter().map(|arg| show(world, file, arg)).collect();
                parts.extend(segment.bindings.iter().map(|(name, ty)| {
                    format!("{} = {}", facts.word(*name), show(world, file, ty))
                }));
                if !parts.is_empty() {
                    text.push_str(&format!("<{}>", parts.join(", ")));
                }
            }
            text
        }
        Ty::Ref { mutable: true, inner } => format!("&mut {}", show(world, file, inner)),
        Ty::Ref { inner, .. } => format!("&{}", show(world, file, inner)),
        Ty::Ptr(inner) => format!("*{}", show(world, file, inner)),
        Ty::Slice(inner) => format!("[{}]", show(world, file, inner)),
        Ty::Array(inner, length) => {
            format!("[{}; {}]", show(world, file, inner), facts.word(*length))
        }
        Ty::Tuple(items) if items.len() == 1 => format!("({},)", list(items)),
        Ty::Tuple(items) => format!("({})", list(items)),
        Ty::Fn(inputs, output) => {
            format!("fn({}) -> {}", list(inputs), show(world, file, output))
        }
        Ty::Dyn(paths) => format!("dyn {}", bounds(paths)),
        Ty::Impl(paths) => format!("impl {}", bounds(paths)),
        Ty::Const(word) => facts.word(*word).into(),
        Ty::Never => "!".into(),
        Ty::Infer => "_".into(),
    }
}

/// Binds type parameters to the arguments given for them, or to their defaults.
fn bind(
    world: &World<'_>,
    file: u32,
    generics: &crate::model::facts::rust::types::Generics,
    args: &[Ty],
    outer: &Scope,
    inner: &mut Scope,
) {
    let own = inner.clone();
    for (at, param) in generics.params.iter().enumerate() {
        let name = world.word(file, param.name);
        let bound = match (args.get(at), &param.default) {
            (Some(arg), _) => (arg.clone(), Some(Box::new(outer.clone()))),
            (None, Some(default)) => (default.clone(), Some(Box::new(own.clone()))),
            (None, None) => (Ty::Infer, None),
        };
        inner.arguments.insert(name, bound);
    }
}

fn sole_field<'t>(fields: &'t [(Word, Ty)], schema: &VariantSchema) -> Option<&'t Ty> {
    let mut kept = fields
        .iter()
        .zip(&schema.fields)
        .filter(|(_, field)| !(field.skip_serializing && field.skip_deserializing));
    let ((_, ty), _) = kept.next()?;
    kept.next().is_none().then_some(ty)
}

/// Whether serde demands the field when reading.
pub fn is_required(
    field: &FieldSchema,
    ty: &Ty,
    world: &World<'_>,
    scope: &Scope,
    container_default: bool,
) -> bool {
    let optional = field.with.is_none() && is_option(world, scope.file, ty);
    field.default == FieldDefault::None
        && !container_default
        && !optional
        && !field.skip_deserializing
}

pub fn is_option(world: &World<'_>, file: u32, ty: &Ty) -> bool {
    match ty {
        Ty::Path(path) => {
            path.last().is_some_and(|segment| world.facts(file).word(segment.name) == "Option")
        }
        _ => false,
    }
}

fn tuple(items: Vec<Value>) -> Value {
    let length = items.len();
    json!({"type": "array", "prefixItems": items, "minItems": length, "maxItems": length})
}

fn reference(key: &str) -> Value {
    json!({"$ref": format!("#/$defs/{key}")})
}

fn add_tag(value: &mut Value, tag: &str, name: &str) {
    let Value::Object(object) = value else { return };
    if let Some(Value::Object(properties)) = object.get_mut("properties") {
        let mut tagged = Map::new();
        tagged.insert(tag.into(), json!({"type": "string", "const": name}));
        tagged.append(properties);
        *properties = tagged;
    }
    let required = object.entry("required").or_insert_with(|| json!([]));
    if let Value::Array(required) = required {
        required.insert(0, tag.into());
    }
}

pub fn primitive(prim: Prim) -> Value {
    let int = |min: Value, max: Value| json!({"type": "integer", "minimum": min, "maximum": max});
    match prim {
        Prim::Bool => json!({"type": "boolean"}),
        Prim::Char => json!({"type": "string", "minLength": 1, "maxLength": 1}),
        Prim::Str => json!({"type": "string"}),
        Prim::I8 => int(i8::MIN.into(), i8::MAX.into()),
        Prim::I16 => int(i16::MIN.into(), i16::MAX.into()),
        Prim::I32 => int(i32::MIN.into(), i32::MAX.into()),
        Prim::I64 | Prim::Isize => int(i64::MIN.into(), i64::MAX.into()),
        Prim::I128 => json!({"type": "integer"}),
        Prim::U8 => int(0.into(), u8::MAX.into()),
        Prim::U16 => int(0.into(), u16::MAX.into()),
        Prim::U32 => int(0.into(), u32::MAX.into()),
        Prim::U64 | Prim::Usize => int(0.into(), u64::MAX.into()),
        Prim::U128 => json!({"type": "integer", "minimum": 0}),
        Prim::F32 | Prim::F64 => json!({"type": "number"}),
    }
}

fn nonzero(prim: Prim) -> Value {
    let mut value = primitive(prim);
    if let Value::Object(object) = &mut value {
        object.insert("minimum".into(), 1.into());
    }
    value
}

/// How `rename_all` turns a name: fields are written in snake case, variants in Pascal case.
#[derive(Clone, Copy)]
pub struct Case {
    is_variant: bool,
}

#[expect(non_upper_case_globals, reason = "read as the two kinds of names")]
impl Case {
    pub const field: Self = Self { is_variant: false };
    pub const variant: Self = Self { is_variant: true };

    fn apply(self, rule: &str, name: &str) -> String {
        let words: Vec<String> = if self.is_variant {
            let mut words: Vec<String> = Vec::new();
            for letter in name.chars() {
                if letter.is_uppercase() || words.is_empty() {
                    words.push(String::new());
                }
                if let Some(last) = words.last_mut() {
                    last.extend(letter.to_lowercase());
                }
            }
            words
        } else {
            name.split('_').map(String::from).collect()
        };
        let capital = |word: &String| {
            let mut letters = word.chars();
            letters.next().map_or(String::new(), |first| {
                first.to_ascii_uppercase().to_string() + letters.as_str()
            })
        };
        match rule {
            "lowercase" if self.is_variant => name.to_ascii_lowercase(),
            "UPPERCASE" => name.to_ascii_uppercase(),
            "PascalCase" if self.is_variant => name.into(),
            "PascalCase" => words.iter().map(capital).collect(),
            "camelCase" if self.is_variant => {
                let mut letters = name.chars();
                letters.next().map_or(String::new(), |first| {
                    first.to_ascii_lowercase().to_string() + letters.as_str()
                })
            }
            "camelCase" => {
                let pascal: String = words.iter().map(capital).collect();
                let mut letters = pascal.chars();
                letters.next().map_or(String::new(), |first| {
                    first.to_ascii_lowercase().to_string() + letters.as_str()
                })
            }
            "snake_case" if self.is_variant => words.join("_"),
            "SCREAMING_SNAKE_CASE" if self.is_variant => words.join("_").to_ascii_uppercase(),
            "SCREAMING_SNAKE_CASE" => name.to_ascii_uppercase(),
            "kebab-case" if self.is_variant => words.join("-"),
            "kebab-case" => name.replace('_', "-"),
            "SCREAMING-KEBAB-CASE" if self.is_variant => words.join("-").to_ascii_uppercase(),
            "SCREAMING-KEBAB-CASE" => name.replace('_', "-").to_ascii_uppercase(),
            _ => name.into(),
        }
    }
}

/// The name on the wire.
pub fn wire_name(name: &str, rename: Option<&str>, rename_all: Option<&str>, case: Case) -> String {
    match (rename, rename_all) {
        (Some(rename), _) => rename.into(),
        (None, Some(rule)) => case.apply(rule, name),
        (None, None) => name.into(),
    }
}

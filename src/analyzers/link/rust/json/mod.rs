//! Rust types → JSON Schema 2020-12, as serde with serde_json reads and writes them, in the form
//! that schemars 1 gives them: types of the project once under `$defs`, everything else in place.

mod case;
mod containers;
mod defaults;
mod flatten;
mod library;
mod names;
mod primitives;
mod show;

use rustc_hash::FxHashMap;
use serde_json::{Map, Value, json};

pub use case::{Case, spaced_name, wire_name};
pub use show::show;

use self::primitives::{primitive, tuple};
use super::modules::ModuleId;
use super::world::{Def, Id, World};
use crate::model::facts::rust::items::TypeKind;
use crate::model::facts::rust::schemas::{FieldDefault, FieldSchema, TypeSchema};
use crate::model::facts::rust::types::{Generics, Path, Ty};

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

/// Whether a type stands where a reference to it will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Types of the project are referred to.
    Reference,
    /// The type's own schema is wanted, to be changed.
    Whole,
}

/// Builds one root schema with its `$defs`.
pub struct Builder<'b, 'a> {
    world: &'b World<'a>,
    shapes: &'b Shapes<'a>,
    definitions: Map<String, Value>,
    /// The key under `$defs` of each type, by its name and arguments.
    keys: FxHashMap<String, String>,
    /// The type that the whole schema is of: references to it are `#`.
    root: Option<String>,
    /// It describes what is read, not what is written.
    reads: bool,
    /// Numbers have the bounds of their types, also where schemars leaves them to the format.
    is_bounded: bool,
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
            keys: FxHashMap::default(),
            root: None,
            reads: true,
            is_bounded: false,
            refused: Vec::new(),
            depth: 0,
        }
    }

    /// For input that is checked before it is read: what does not fit is refused.
    pub fn bounded(mut self) -> Self {
        self.is_bounded = true;
        self
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
        object.extend(primitives::object(root));
        if !self.definitions.is_empty() {
            object.insert("$defs".into(), Value::Object(self.definitions));
        }
        Value::Object(object)
    }

    /// The schema of a type of the project as a root.
    pub fn root(mut self, id: u32) -> Value {
        let scope = self.item_scope(id);
        let Some(schema) = self.shapes.of.get(&id).copied() else { return json!({}) };
        self.reads = schema.deserialize || schema.json_schema || !schema.serialize;
        self.root = Some(self.identity(id, &[], &scope));
        let root = self.body(id, schema, &scope);
        let title = self.type_name(id, &scope);
        let root = match &root {
            Value::Object(object) if object.contains_key("title") => root,
            _ => primitives::with(root, "title", title),
        };
        self.finish(root)
    }

    /// A type's name as written.
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
        self.formed(ty, scope, Form::Reference)
    }

    fn formed(&mut self, ty: &Ty, scope: &Scope, form: Form) -> Value {
        if self.depth > DEPTH_LIMIT {
            return json!({});
        }
        self.depth += 1;
        let value = self.of(ty, scope, form);
        self.depth -= 1;
        value
    }

    fn of(&mut self, ty: &Ty, scope: &Scope, form: Form) -> Value {
        match ty {
            Ty::Ref { inner, .. } => self.formed(inner, scope, form),
            Ty::Slice(item) => json!({"type": "array", "items": self.ty(item, scope)}),
            Ty::Array(item, length) => {
                let text = self.world.facts(scope.file).word(*length);
                match text.replace('_', "").trim_end_matches("usize").parse::<u64>() {
                    Ok(0) => json!({"type": "array", "maxItems": 0}),
                    Ok(length) => json!({
                        "type": "array", "items": self.ty(item, scope),
                        "minItems": length, "maxItems": length
                    }),
                    Err(_) => json!({"type": "array", "items": self.ty(item, scope)}),
                }
            }
            Ty::Tuple(items) if items.is_empty() => json!({"type": "null"}),
            Ty::Tuple(items) => {
                let items: Vec<Value> = items.iter().map(|item| self.ty(item, scope)).collect();
                tuple(items)
            }
            Ty::Path(path) => self.path(path, scope, form),
            Ty::Never => Value::Bool(false),
            other => {
                let shown = show(self.world, scope.file, other);
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

    fn path(&mut self, path: &Path, scope: &Scope, form: Form) -> Value {
        let world = self.world;
        if path.qself.is_some() {
            let shown = show(world, scope.file, &Ty::Path(path.clone()));
            return self.refuse(format!("`{shown}` depends on a trait"));
        }
        if let Some(word) = path.as_word() {
            let id = world.word(scope.file, word);
            if let Some((argument, outer)) = scope.arguments.get(&id) {
                let (argument, outer) = (argument.clone(), outer.clone());
                return match outer {
                    Some(outer) => self.formed(&argument, &outer, form),
                    None => json!({}),
                };
            }
            if id == world.known.self_type
                && let Some(own) = scope.self_type
            {
                return self.named(own, &[], scope.clone(), form);
            }
        }
        let ids: Vec<Id> = path.segments.iter().map(|s| world.word(scope.file, s.name)).collect();
        let args: &[Ty] = path.last().map_or(&[], |segment| &segment.args);
        let (short, full) = match world.resolve_type(scope.module, &ids, path.global) {
            Some(Def::Prim(prim)) if self.is_bounded => return primitives::bounded(prim),
            Some(Def::Prim(prim)) => return primitive(prim),
            Some(Def::Type(id)) if world.is_std(world.types[id as usize].file) => {
                let full = world.type_names[id as usize].to_string();
                (full.rsplit("::").next().unwrap_or(&full).to_owned(), full)
            }
            Some(Def::Type(id)) => return self.instance(id, args, scope, form),
            Some(Def::Alias(id)) => {
                let (alias, place) = (world.alias(id), world.aliases[id as usize]);
                let mut inner = self.scope(place.file, alias.module);
                bind(world, place.file, &alias.generics, args, scope, &mut inner);
                return match &alias.ty {
                    Some(ty) => self.formed(ty, &inner, form),
                    None => json!({}),
                };
            }
            Some(Def::External(id)) => {
                let full = world.external_path(id).to_string();
                (full.rsplit("::").next().unwrap_or(&full).to_owned(), full)
            }
            _ => {
                let shown = ids.iter().map(|id| world.name(*id)).collect::<Vec<_>>().join("::");
                (ids.last().map_or("", |id| world.name(*id)).to_string(), shown)
            }
        };
        self.known(&short, &full, args, scope, form)
    }

    /// A struct or enum of the project, perhaps with type arguments.
    fn instance(&mut self, id: u32, args: &[Ty], scope: &Scope, form: Form) -> Value {
        let (item, place) = (self.world.type_(id), self.world.types[id as usize]);
        let mut inner = self.item_scope(id);
        bind(self.world, place.file, &item.generics, args, scope, &mut inner);
        self.named(id, args, inner, form)
    }

    /// A type's name and arguments, which tell it from all others.
    fn identity(&self, id: u32, args: &[Ty], scope: &Scope) -> String {
        let mut identity = self.world.type_names[id as usize].to_string();
        // Arguments are seen in the type's own scope, where its parameters stand for them.
        let place = self.world.types[id as usize];
        let params = &self.world.type_(id).generics.params;
        if !args.is_empty() || !scope.arguments.is_empty() {
            for param in params.iter().filter(|param| !param.is_const) {
                let name = self.world.word(place.file, param.name);
                if let Some((argument, Some(outer))) = scope.arguments.get(&name) {
                    identity.push(',');
                    identity.push_str(&self.label(argument, outer));
                }
            }
        }
        identity
    }

    /// Defines a type once under `$defs` and refers to it, or gives it whole.
    fn named(&mut self, id: u32, args: &[Ty], scope: Scope, form: Form) -> Value {
        let Some(schema) = self.shapes.of.get(&id).copied() else {
            let full = &self.world.type_names[id as usize];
            return self.refuse(format!(
                "`{full}` implements neither Serialize nor Deserialize by derive"
            ));
        };
        let is_other = matches!(&*schema.source, "clap" | "strum");
        if !schema.deserialize && !schema.serialize && is_other {
            let full = &self.world.type_names[id as usize];
            return self.refuse(format!("`{full}` is no serde type"));
        }
        if let Some(inner) = self.transparent(id, schema) {
            return self.formed(&inner, &scope, form);
        }
        if form == Form::Whole {
            return self.body(id, schema, &scope);
        }
        let identity = self.identity(id, args, &scope);
        if self.root.as_ref() == Some(&identity) {
            return json!({"$ref": "#"});
        }
        let name = self.type_name(id, &scope);
        self.defined(&identity, name, |builder| builder.body(id, schema, &scope))
    }

    /// Refers to a definition, made when it is asked for first.
    fn defined(
        &mut self,
        identity: &str,
        name: String,
        make: impl FnOnce(&mut Self) -> Value,
    ) -> Value {
        if let Some(key) = self.keys.get(identity) {
            return reference(key);
        }
        let mut key = name.clone();
        let mut number = 2;
        while self.definitions.contains_key(&key) {
            key = format!("{name}{number}");
            number += 1;
        }
        self.keys.insert(identity.to_owned(), key.clone());
        // Taken before it is known, so that recursion finds it.
        self.definitions.insert(key.clone(), json!({}));
        let body = make(self);
        self.definitions.insert(key.clone(), body);
        reference(&key)
    }

    /// The type that a transparent one stands for.
    fn transparent(&self, id: u32, schema: &TypeSchema) -> Option<Ty> {
        if !schema.container.transparent {
            return None;
        }
        let item = self.world.type_(id);
        let (variant, shape) = (item.variants.first()?, schema.variants.first()?);
        let is_marker = |ty: &Ty| match ty {
            Ty::Path(path) => path.last().is_some_and(|last| {
                let place = self.world.types[id as usize];
                self.world.facts(place.file).word(last.name) == "PhantomData"
            }),
            _ => false,
        };
        let mut kept = variant.fields.iter().zip(&shape.fields).filter(|((_, ty), field)| {
            !(field.skip_serializing || field.skip_deserializing || is_marker(ty))
        });
        let ((_, ty), _) = kept.next()?;
        kept.next().is_none().then(|| ty.clone())
    }

    fn body(&mut self, id: u32, schema: &TypeSchema, scope: &Scope) -> Value {
        let item = self.world.type_(id);
        let container = &schema.container;
        let via = if self.reads { &container.from } else { &container.into };
        let transparent = self.transparent(id, schema);
        let value = if let Some(inner) = transparent {
            self.formed(&inner, scope, Form::Whole)
        } else if let Some(via) = via {
            self.by_text(via, scope, Form::Whole).unwrap_or(json!({}))
        } else if &*schema.source == "serde_with" {
            json!({})
        } else if &*schema.source == "serde_repr" {
            json!({"type": "integer"})
        } else if item.kind == TypeKind::Enum {
            self.enumeration(item, schema, scope)
        } else {
            self.structure(id, schema, scope)
        };
        let value = self.described(value, schema.doc.as_deref(), container.deprecated);
        match container.title.as_deref() {
            Some(title) => primitives::with(value, "title", title),
            None => value,
        }
    }

    /// The schema with what its documentation says.
    fn described(&self, value: Value, doc: Option<&str>, deprecated: bool) -> Value {
        let mut value = value;
        if let Some(doc) = doc {
            value = primitives::with(value, "description", doc);
        }
        if deprecated {
            value = primitives::with(value, "deprecated", true);
        }
        value
    }

    /// The type that goes over the wire instead, as `from`, `into` and `with` name it: a plain path
    /// to a type that is data, or to one that describes a type of another crate.
    fn by_text(&mut self, text: &str, scope: &Scope, form: Form) -> Option<Value> {
        let text = text.trim();
        if let Some((outer, inner)) = text.strip_suffix('>').and_then(|text| text.split_once('<')) {
            let inner = self.by_text(inner, scope, Form::Reference)?;
            return match outer.rsplit("::").next()?.trim() {
                "Vec" => Some(json!({"type": "array", "items": inner})),
                "Option" => Some(primitives::nullable(inner)),
                "Box" => Some(inner),
                _ => None,
            };
        }
        let ids: Option<Vec<Id>> = text.split("::").map(|part| self.world.id(part)).collect();
        match self.world.resolve_type(scope.module, &ids?, false)? {
            Def::Type(id) if self.shapes.of.contains_key(&id) => {
                Some(self.instance(id, &[], scope, form))
            }
            Def::Type(id) if &*self.world.type_names[id as usize] == "std::string::String" => {
                Some(json!({"type": "string"}))
            }
            Def::Prim(prim) => Some(primitive(prim)),
            _ => None,
        }
    }

    /// A type argument as text, with parameters replaced by what they stand for.
    fn label(&self, ty: &Ty, scope: &Scope) -> String {
        if let Ty::Path(path) = ty
            && let Some(word) = path.as_word()
            && let Some((argument, Some(outer))) =
                scope.arguments.get(&self.world.word(scope.file, word))
        {
            return self.label(argument, outer);
        }
        show(self.world, scope.file, ty)
    }

    /// The `T` of an `Option<T>`, behind pointers and parameters, and where it is to be read.
    fn optional(&self, ty: &Ty, scope: &Scope) -> Option<(Ty, Scope)> {
        self.optional_within(ty, scope, 8)
    }

    fn optional_within(&self, ty: &Ty, scope: &Scope, depth: u32) -> Option<(Ty, Scope)> {
        let depth = depth.checked_sub(1)?;
        let path = match ty {
            Ty::Ref { inner, .. } => return self.optional_within(inner, scope, depth),
            Ty::Path(path) => path,
            _ => return None,
        };
        if let Some(word) = path.as_word()
            && let Some((argument, outer)) = scope.arguments.get(&self.world.word(scope.file, word))
        {
            return self.optional_within(argument, outer.as_ref()?, depth);
        }
        let last = path.last()?;
        match self.world.facts(scope.file).word(last.name) {
            "Option" => Some((last.args.first()?.clone(), scope.clone())),
            "Box" | "Rc" | "Arc" | "Cow" | "Mutex" | "RwLock" | "Cell" | "RefCell" => {
                self.optional_within(last.args.last()?, scope, depth)
            }
            _ => None,
        }
    }
}

/// Binds type parameters to the arguments given for them, or to their defaults.
fn bind(
    world: &World<'_>,
    file: u32,
    generics: &Generics,
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

fn reference(key: &str) -> Value {
    json!({"$ref": format!("#/$defs/{key}")})
}

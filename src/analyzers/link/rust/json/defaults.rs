//! What stands for a field that is missing, where the source tells.

use serde_json::{Map, Value, json};

use super::{Builder, Case, Scope, bind, wire_name};
use crate::analyzers::link::rust::world::{Def, Id, Namespace, Prim};
use crate::model::facts::rust::items::{Shape, TypeKind};
use crate::model::facts::rust::types::Ty;

impl Builder<'_, '_> {
    /// `Default::default()` of a type, as JSON.
    pub(super) fn default_of(&self, ty: &Ty, scope: &Scope) -> Option<Value> {
        self.default_within(ty, scope, 12)
    }

    fn default_within(&self, ty: &Ty, scope: &Scope, depth: u32) -> Option<Value> {
        let depth = depth.checked_sub(1)?;
        let world = self.world;
        let path = match ty {
            Ty::Tuple(items) if items.is_empty() => return Some(Value::Null),
            Ty::Tuple(items) => {
                let items: Option<Vec<Value>> =
                    items.iter().map(|item| self.default_within(item, scope, depth)).collect();
                return items.map(Value::Array);
            }
            Ty::Path(path) if path.qself.is_none() => path,
            _ => return None,
        };
        if let Some(word) = path.as_word()
            && let Some((argument, outer)) = scope.arguments.get(&world.word(scope.file, word))
        {
            return self.default_within(argument, outer.as_ref()?, depth);
        }
        let ids: Vec<Id> = path.segments.iter().map(|s| world.word(scope.file, s.name)).collect();
        let last = path.last()?;
        match world.resolve_type(scope.module, &ids, path.global) {
            Some(Def::Prim(prim)) => return of_primitive(prim),
            Some(Def::Type(id)) if !world.is_std(world.types[id as usize].file) => {
                return self.default_of_type(id, &last.args, scope, depth);
            }
            Some(Def::Alias(id)) => {
                let (alias, place) = (world.alias(id), world.aliases[id as usize]);
                let mut inner = self.scope(place.file, alias.module);
                bind(world, place.file, &alias.generics, &last.args, scope, &mut inner);
                return self.default_within(alias.ty.as_ref()?, &inner, depth);
            }
            _ => {}
        }
        match world.facts(scope.file).word(last.name) {
            "String" | "PathBuf" => Some(json!("")),
            "Option" => Some(Value::Null),
            "Vec" | "VecDeque" | "LinkedList" | "BinaryHeap" | "HashSet" | "BTreeSet"
            | "IndexSet" | "SmallVec" => Some(json!([])),
            "HashMap" | "BTreeMap" | "IndexMap" => Some(json!({})),
            "Box" | "Rc" | "Arc" | "Cow" | "Mutex" | "RwLock" | "Cell" | "RefCell" => {
                self.default_within(last.args.last()?, scope, depth)
            }
            _ => None,
        }
    }

    /// A derived default: that of each field, under its name on the wire.
    fn default_of_type(&self, id: u32, args: &[Ty], scope: &Scope, depth: u32) -> Option<Value> {
        let world = self.world;
        let (item, place) = (world.type_(id), world.types[id as usize]);
        let facts = world.facts(place.file);
        let schema = self.shapes.of.get(&id)?;
        let derives = item
            .derives
            .iter()
            .any(|(_, path, _)| path.last().is_some_and(|last| facts.word(last.name) == "Default"));
        let container = &schema.container;
        let via = if self.reads { &container.from } else { &container.into };
        if !derives || item.kind != TypeKind::Struct || via.is_some() {
            return None;
        }
        let mut inner = self.scope(place.file, item.module);
        inner.self_type = Some(id);
        bind(world, place.file, &item.generics, args, scope, &mut inner);
        let (variant, shape) = (item.variants.first()?, schema.variants.first()?);
        let fields = variant.fields.iter().zip(&shape.fields);
        match variant.shape {
            Shape::Unit => Some(Value::Null),
            Shape::Tuple => {
                let mut items = Vec::new();
                for ((_, ty), field) in fields {
                    if !field.skip_serializing {
                        items.push(self.default_within(ty, &inner, depth)?);
                    }
                }
                match items.len() {
                    1 if variant.fields.len() == 1 || container.transparent => items.pop(),
                    _ => Some(Value::Array(items)),
                }
            }
            Shape::Named => {
                let mut object = Map::new();
                for ((name, ty), field) in fields {
                    if field.skip_serializing {
                        continue;
                    }
                    if field.flatten || field.with.is_some() || field.skip_if.is_some() {
                        return None;
                    }
                    let value = self.default_within(ty, &inner, depth)?;
                    if container.transparent {
                        return Some(value);
                    }
                    // Defaults are values as they are written.
                    let rule = container.rename_all.get(false);
                    let name =
                        wire_name(facts.word(*name), field.rename.get(false), rule, Case::field);
                    object.insert(name, value);
                }
                Some(Value::Object(object))
            }
        }
    }

    /// What a function without parameters returns, when that is a literal.
    pub(super) fn returned(&self, path: &str, scope: &Scope) -> Option<Value> {
        let world = self.world;
        let ids: Option<Vec<Id>> = path.split("::").map(|part| world.id(part.trim())).collect();
        let ids = ids?;
        let found = world.resolve(scope.module, &ids, false, Namespace::Value)?;
        let Def::Function(id) = found.def else { return None };
        if found.taken != ids.len() {
            return None;
        }
        let place = world.functions[id as usize];
        let returns = &world.facts(place.file).schemas.returns;
        let at = returns.binary_search_by_key(&place.index, |(function, _)| *function).ok()?;
        serde_json::from_str(&returns[at].1).ok()
    }
}

fn of_primitive(prim: Prim) -> Option<Value> {
    Some(match prim {
        Prim::Bool => json!(false),
        Prim::Char => json!("\0"),
        Prim::Str => return None,
        Prim::F32 | Prim::F64 => json!(0.0),
        _ => json!(0),
    })
}

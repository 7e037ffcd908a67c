//! Functions that can be run from a form: those an attribute or a distributed registry marks,
//! and any free public function whose parameters and result have a JSON form.

use rustc_hash::FxHashMap;
use serde_json::{Map, Value, json};

use super::Context;
use super::crates::TargetKind;
use super::json::{Builder, Shapes, is_option, show};
use super::world::{Def, Id, Namespace, World};
use crate::model::facts::rust::items::{Attribute, Function, Owner};
use crate::model::facts::rust::types::{Path, Ty};
use crate::model::{Language, Name, Task};

/// Attributes that mark what others call tasks, by their last segment.
const TASK_ATTRIBUTES: &[&str] =
    &["task", "job", "command", "tool", "activity", "workflow", "flow", "cron", "actor"];

pub fn link(context: &Context<'_>) -> Vec<Task> {
    let world = context.world;
    let shapes = Shapes::gather(world);
    let registered = registered_functions(context);
    let mut tasks = Vec::new();
    for file in 0..context.files.len() {
        let Some(root) = context.modules.id(file, 0) else { continue };
        let kind = context.modules.krate(root).kind;
        if kind == TargetKind::BuildScript {
            continue;
        }
        for id in world.function_range(file) {
            let item = world.function(id as u32);
            if item.owner != Owner::Module || item.body.is_none() {
                continue;
            }
            let marked =
                item.attributes.iter().find_map(|mark| registrar(world, file as u32, item, mark));
            let registrar = marked.or_else(|| registered.get(&(id as u32)).cloned());
            let open =
                item.is_public && kind <= TargetKind::Example && !in_tests(world, file, item);
            if registrar.is_none() && !open {
                continue;
            }
            tasks.push(task(world, &shapes, id as u32, registrar));
        }
    }
    tasks
}

/// The task of a qualified name, offered in lists or not.
pub fn find(context: &Context<'_>, name: &str) -> Option<Task> {
    let world = context.world;
    let is_it = |id: &usize| {
        let item = world.function(*id as u32);
        *world.function_names[*id] == *name && item.owner == Owner::Module && item.body.is_some()
    };
    let mut files = 0..context.files.len();
    let id = files.find_map(|file| world.function_range(file).find(is_it))? as u32;
    Some(task(world, &Shapes::gather(world), id, registered_functions(context).get(&id).cloned()))
}

/// Functions inside a block or a `cfg(test)` module cannot be reached from outside.
fn in_tests(world: &World<'_>, file: usize, item: &Function) -> bool {
    let Some(mut module) = world.modules.id(file, item.module) else { return false };
    if world.facts(file as u32).word(item.name) == "main" {
        return true;
    }
    loop {
        let node = world.modules.node(module);
        if node.is_block || !node.is_active {
            return true;
        }
        match node.parent {
            Some(parent) => module = parent,
            None => return false,
        }
    }
}

/// The attribute that makes a function a task, by its full path.
fn registrar(world: &World<'_>, file: u32, item: &Function, mark: &Attribute) -> Option<Name> {
    let last = world.facts(file).word(mark.path.last()?.name);
    TASK_ATTRIBUTES
        .contains(&last)
        .then(|| full_path(world, file, world.module(file, item.module), &mark.path))
}

/// A path of an attribute or macro as its definition's name, or as imported.
pub fn full_path(world: &World<'_>, file: u32, module: u32, path: &Path) -> Name {
    let ids: Vec<Id> = path.segments.iter().map(|s| world.word(file, s.name)).collect();
    for space in [Namespace::Macro, Namespace::Value, Namespace::Type] {
        match world.resolve(module, &ids, path.global, space) {
            Some(prefix) if prefix.taken == ids.len() => match prefix.def {
                Def::External(id) => return world.external_path(id).clone(),
                Def::Function(id) => return world.function_names[id as usize].clone(),
                Def::Macro(id) => return world.macro_name(id),
                Def::Trait(id) => return world.trait_names[id as usize].clone(),
                Def::Type(id) => return world.type_names[id as usize].clone(),
                _ => {}
            },
            _ => {}
        }
    }
    show(world, file, &Ty::Path(path.clone())).into()
}

/// Functions that `inventory::submit!` or a distributed slice holds.
fn registered_functions(context: &Context<'_>) -> FxHashMap<u32, Name> {
    let world = context.world;
    let mut found = FxHashMap::default();
    for (file, facts) in context.files.iter().enumerate() {
        for entry in &facts.facts.registries.submissions {
            let Some(module) = context.modules.id(file, entry.module) else { continue };
            for path in &entry.paths {
                let ids: Vec<Id> =
                    path.segments.iter().map(|s| world.word(file as u32, s.name)).collect();
                let prefix = world.resolve(module, &ids, path.global, Namespace::Value);
                if let Some(prefix) = prefix
                    && prefix.taken == ids.len()
                    && let Def::Function(id) = prefix.def
                {
                    found.entry(id).or_insert_with(|| entry.registrar.clone());
                }
            }
        }
    }
    found
}

fn task(world: &World<'_>, shapes: &Shapes<'_>, id: u32, registrar: Option<Name>) -> Task {
    let (item, place) = (world.function(id), world.functions[id as usize]);
    let file = world.files[place.file as usize];
    let symbol = file.file.symbols.get(item.symbol as usize);
    let mut reasons: Vec<String> = Vec::new();
    let type_params: Vec<&str> =
        item.generics.params.iter().map(|param| file.facts.word(param.name)).collect();
    if !type_params.is_empty() {
        reasons
            .push(format!("generic over {}: give it concrete types first", type_params.join(", ")));
    }
    if item.is_unsafe {
        reasons.push("unsafe: its caller must uphold what it asks".into());
    }
    let mut builder = Builder::new(world, shapes).bounded();
    let mut scope = builder.scope(place.file, item.module);
    for param in &item.generics.params {
        scope.arguments.insert(world.word(place.file, param.name), (Ty::Infer, None));
    }
    let mut properties = Map::new();
    let mut required = Vec::new();
    for (at, param) in item.params.iter().enumerate() {
        let name =
            param.name.map_or_else(|| format!("arg{at}"), |word| file.facts.word(word).to_string());
        let before = builder.refused.len();
        let mut value = builder.ty(&param.ty, &scope);
        if let Some(reason) = input_trouble(world, shapes, place.file, &scope, &param.ty) {
            reasons.push(format!("parameter `{name}`: {reason}"));
        }
        if let Some(why) = builder.refused.get(before) {
            reasons.push(format!("parameter `{name}`: {why}"));
        }
        if let Value::Object(object) = &mut value
            && object.is_empty()
            && builder.refused.len() > before
        {
            object.insert("$comment".into(), show(world, place.file, &param.ty).into());
        }
        if !is_option(world, place.file, &param.ty) {
            required.push(Value::from(name.clone()));
        }
        properties.insert(name, value);
    }
    let input = builder.finish(json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false
    }));
    let mut builder = Builder::new(world, shapes);
    let output = match &item.output {
        None => json!({"type": "null"}),
        Some(ty) => builder.ty(result_value(world, place.file, ty), &scope),
    };
    if let Some(why) = builder.refused.first() {
        // Registered tasks may answer with what can only be shown; others are not offered.
        reasons.extend(registrar.is_none().then(|| format!("result: {why}")));
    }
    let output = builder.finish(output);
    Task {
        id: world.function_names[id as usize].clone(),
        name: file.facts.word(item.name).into(),
        language: Language::Rust,
        file: file.file.path.clone(),
        line: item.line,
        doc: symbol.and_then(|symbol| symbol.doc.clone()),
        registrar,
        is_async: item.is_async,
        runnable: reasons.is_empty(),
        reason: reasons.into_iter().next().map(Name::from),
        input_schema: input,
        output_schema: output,
    }
}

/// Of `Result<T, E>` the `T`: an error ends the run as failed.
fn result_value<'t>(world: &World<'_>, file: u32, ty: &'t Ty) -> &'t Ty {
    match ty {
        Ty::Path(path) => match path.last() {
            Some(segment) if world.facts(file).word(segment.name) == "Result" => {
                segment.args.first().unwrap_or(ty)
            }
            _ => ty,
        },
        _ => ty,
    }
}

/// Why a value of this type cannot be made from JSON although it has a JSON form.
fn input_trouble(
    world: &World<'_>,
    shapes: &Shapes<'_>,
    file: u32,
    scope: &super::json::Scope,
    ty: &Ty,
) -> Option<String> {
    match ty {
        Ty::Ref { mutable: true, .. } => Some("a mutable reference cannot come from a form".into()),
        Ty::Ref { inner, .. } | Ty::Slice(inner) | Ty::Array(inner, _) => {
            input_trouble(world, shapes, file, scope, inner)
        }
        Ty::Tuple(items) => {
            items.iter().find_map(|item| input_trouble(world, shapes, file, scope, item))
        }
        Ty::Path(path) => {
            let ids: Vec<Id> = path.segments.iter().map(|s| world.word(file, s.name)).collect();
            if let Some(Def::Type(id)) = world.resolve_type(scope.module, &ids, path.global)
                && let Some(schema) = shapes.of.get(&id)
                && !schema.deserialize
            {
                return Some(format!("`{}` is not Deserialize", world.type_names[id as usize]));
            }
            let args = path.last().map_or(&[][..], |segment| &segment.args);
            args.iter().find_map(|arg| input_trouble(world, shapes, file, scope, arg))
        }
        _ => None,
    }
}

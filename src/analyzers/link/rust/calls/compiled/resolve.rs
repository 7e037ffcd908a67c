//! Which functions of the project the compiler's paths mean.

use std::cell::RefCell;

use rustc_hash::FxHashMap;

use super::super::Caller;
use super::super::graph::Builder;
use super::super::types::T;
use crate::analyzers::link::rust::modules::ModuleId;
use crate::analyzers::link::rust::world::{Def, Id, Namespace, World};
use crate::model::{Callee, CodeSpan, CompiledBody, Name, TypeHead};

/// How far before a place the function it stands in may begin, counted in functions.
const NEAR: usize = 400;

/// What a callee means.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Meaning {
    Function(u32),
    /// A trait's method where the type is open or behind `dyn`: any implementation may run.
    Open {
        function: u32,
        is_dynamic: bool,
    },
    /// A name outside the project.
    External(String),
}

pub struct Resolver<'b, 'w, 'a> {
    world: &'w World<'a>,
    builder: &'b Builder<'b, 'w, 'a>,
    by_name: FxHashMap<&'w str, u32>,
    /// First line, last line and id of the functions of each file.
    places: Vec<Vec<(u32, u32, u32)>>,
    files: FxHashMap<&'b str, u32>,
    known: RefCell<FxHashMap<(Name, String), Option<Meaning>>>,
}

impl<'b, 'w, 'a> Resolver<'b, 'w, 'a> {
    pub fn new(builder: &'b Builder<'b, 'w, 'a>) -> Self {
        let world = builder.tables.world;
        let mut by_name = FxHashMap::default();
        let mut places = Vec::new();
        let mut files = FxHashMap::default();
        for (at, file) in builder.context.files.iter().enumerate() {
            files.insert(&*file.file.path, at as u32);
            let mut own = Vec::new();
            for id in world.function_range(at) {
                by_name.insert(&*world.function_names[id], id as u32);
                let item = world.function(id as u32);
                let symbol = file.file.symbols.get(item.symbol as usize);
                let end = symbol.map_or(item.line, |symbol| symbol.end_line);
                own.push((item.line, end, id as u32));
            }
            own.sort_unstable();
            places.push(own);
        }
        Self { world, builder, by_name, places, files, known: RefCell::default() }
    }

    pub fn file(&self, path: &str) -> Option<u32> {
        self.files.get(path).copied()
    }

    /// Whose body it is; `None` for what macros and derives wrote.
    pub fn caller(&self, body: &CompiledBody) -> Option<(Caller, u32)> {
        let name = own_name(&body.path);
        let file = body.place.as_ref().and_then(|place| self.file(&place.file));
        if let (Some(file), Some(place)) = (file, &body.place) {
            if let Some(function) = self.function_at(file, place.line)
                && self.short(function) == name
            {
                return Some((Caller::Function(function), file));
            }
            let bases = self.world.bases[file as usize];
            let values = &self.builder.context.files[file as usize].facts.items.values;
            let is_it = |value: &crate::model::facts::rust::items::Value| {
                self.world.name(self.world.word(file, value.name)) == name
                    && value.line.abs_diff(place.line) <= 1
            };
            if let Some(at) = values.iter().position(is_it) {
                return Some((Caller::Value(bases.values + at as u32), file));
            }
        }
        let root = self.world.modules.of_file(&body.root)?;
        let full = format!("{}::{}", self.world.modules.node(root).path, body.path);
        let function = *self.by_name.get(&*without_closures(&full))?;
        Some((Caller::Function(function), self.world.functions[function as usize].file))
    }

    /// The innermost function that a line stands in.
    fn function_at(&self, file: u32, line: u32) -> Option<u32> {
        let own = &self.places[file as usize];
        let end = own.partition_point(|(start, ..)| *start <= line);
        let mut near = own[..end].iter().rev().take(NEAR);
        near.find(|(_, last, _)| *last >= line).map(|(.., id)| *id)
    }

    /// Whether a place lies in a function's own text.
    pub fn holds(&self, function: u32, span: &CodeSpan) -> bool {
        let file = self.world.functions[function as usize].file;
        let own = self.places.get(file as usize).map_or(&[][..], |own| own);
        let found = own.iter().find(|(.., id)| *id == function);
        self.file(&span.file) == Some(file)
            && found.is_some_and(|(first, last, _)| (*first..=*last).contains(&span.line))
    }

    pub fn short(&self, function: u32) -> &'a str {
        self.world.name(self.builder.tables.short(function))
    }

    /// What a callee means in the crate with this root file.
    pub fn meaning(&self, root: &Name, callee: &Callee) -> Option<Meaning> {
        let key = (root.clone(), format!("{callee:?}"));
        if let Some(known) = self.known.borrow().get(&key) {
            return known.clone();
        }
        let module = self.world.modules.of_file(root);
        let found = module.and_then(|module| match callee {
            Callee::Path(path) => self.path(module, path),
            Callee::Member { on, trait_, name } => self.member(module, on, trait_.as_deref(), name),
        });
        self.known.borrow_mut().insert(key, found.clone());
        found
    }

    fn path(&self, root: ModuleId, path: &str) -> Option<Meaning> {
        let full = format!("{}::{path}", self.world.modules.node(root).path);
        if let Some(function) = self.by_name.get(&*full).or_else(|| self.by_name.get(path)) {
            return Some(Meaning::Function(*function));
        }
        let external = || Some(Meaning::External(outside(path)));
        let Some(ids) = self.ids(path) else { return external() };
        let Some(found) = self.world.resolve(root, &ids, false, Namespace::Value) else {
            return external();
        };
        let rest: Vec<&str> = path.split("::").skip(found.taken).collect();
        let rest = rest.join("::");
        let holder = match found.def {
            Def::Function(id) if rest.is_empty() => return self.own(id),
            Def::Type(id) => &self.world.type_names[id as usize],
            Def::Trait(id) => &self.world.trait_names[id as usize],
            // Constructors are no calls; a value that is called is a pointer.
            Def::Variant(..) | Def::Value(_) => return None,
            _ => return external(),
        };
        if rest.is_empty() {
            return None;
        }
        match self.by_name.get(&*format!("{holder}::{rest}")) {
            Some(function) => self.own(*function),
            None => external(),
        }
    }

    fn own(&self, function: u32) -> Option<Meaning> {
        let tables = self.builder.tables;
        Some(match tables.is_std_function(function) {
            true => Meaning::External(tables.name(function).to_string()),
            false => Meaning::Function(function),
        })
    }

    fn member(
        &self,
        root: ModuleId,
        on: &TypeHead,
        trait_: Option<&str>,
        name: &str,
    ) -> Option<Meaning> {
        let Some(trait_path) = trait_ else {
            let holder = self.holder(root, on);
            let own =
                holder.as_ref().and_then(|holder| self.by_name.get(&*format!("{holder}::{name}")));
            return Some(match own {
                Some(function) => Meaning::Function(*function),
                None => Meaning::External(format!("{}::{name}", outside_head(on))),
            });
        };
        let external = || Some(Meaning::External(outside(&format!("{trait_path}::{name}"))));
        let def = self.ids(trait_path).and_then(|ids| self.world.resolve_type(root, &ids, false));
        let Some(Def::Trait(trait_)) = def else {
            // A trait without source here: the type's own implementation is found by its name.
            let own = self
                .holder(root, on)
                .and_then(|holder| self.by_name.get(&*format!("{holder}::{name}")).copied());
            return match own {
                Some(function) if self.builder.tables.owner_impl(function).is_some() => {
                    Some(Meaning::Function(function))
                }
                _ => external(),
            };
        };
        let tables = self.builder.tables;
        let method = self.world.id(name)?;
        let implementors = tables.implementors.get(&trait_);
        let candidates = implementors.into_iter().flatten().filter_map(|id| {
            let info = &tables.impls[*id as usize];
            let function = *info.methods.get(&method)?;
            Some((self.agreement(root, on, &info.self_ty, 0)?, info.is_active, function))
        });
        let best = candidates.max_by_key(|(agreement, is_active, _)| (*agreement, *is_active));
        let default = tables.traits[trait_ as usize].methods.get(&method).copied();
        let is_open = self.is_open(root, on);
        match (best, default) {
            // An open type agrees with implementations for every type, but so does each other one.
            (Some((agreement, _, function)), _) if !is_open || agreement > Agreement::Any => {
                Some(Meaning::Function(function))
            }
            (_, Some(function)) if tables.is_std_function(function) => external(),
            (_, Some(function)) if is_open => {
                let is_dynamic = matches!(on, TypeHead::Dyn(_));
                Some(Meaning::Open { function, is_dynamic })
            }
            (_, Some(function)) => Some(Meaning::Function(function)),
            (_, None) => external(),
        }
    }

    /// What the members of a type's `impl`s are named after.
    fn holder(&self, root: ModuleId, on: &TypeHead) -> Option<Name> {
        match on {
            TypeHead::Ref(inner) => self.holder(root, inner),
            TypeHead::Named(path) | TypeHead::Dyn(path) => match self.type_def(root, path)? {
                Def::Type(id) => Some(self.world.type_names[id as usize].clone()),
                Def::Trait(id) => Some(self.world.trait_names[id as usize].clone()),
                _ => None,
            },
            _ => None,
        }
    }

    fn type_def(&self, root: ModuleId, path: &str) -> Option<Def> {
        self.world.resolve_type(root, &self.ids(path)?, false)
    }

    /// Whether a type is not known before the program runs, or is a generic parameter.
    fn is_open(&self, root: ModuleId, on: &TypeHead) -> bool {
        match on {
            TypeHead::Dyn(_) | TypeHead::Opaque => true,
            TypeHead::Named(path) => !path.contains("::") && self.type_def(root, path).is_none(),
            _ => false,
        }
    }

    fn ids(&self, path: &str) -> Option<Vec<Id>> {
        path.split("::").map(|name| self.world.id(name)).collect()
    }

    /// How well an implementation's type agrees with the compiler's; `None` when it does not.
    fn agreement(&self, root: ModuleId, on: &TypeHead, ty: &T, depth: u32) -> Option<Agreement> {
        let same = |is_same: bool| is_same.then_some(Agreement::Same);
        if matches!(ty, T::Param(_) | T::Unknown | T::Proj(_) | T::Var(_)) {
            return Some(if depth == 0 { Agreement::Any } else { Agreement::Partly });
        }
        match (on, ty) {
            (TypeHead::Ref(inner), T::Ref(_, ty)) if depth < 8 => {
                self.agreement(root, inner, ty, depth + 1)
            }
            (TypeHead::Named(path), T::External(name, _)) => same(last(path) == last(name)),
            (TypeHead::Named(path), _) => match (self.type_def(root, path)?, ty) {
                (Def::Type(id), T::Adt(own, _)) => same(id == *own),
                (Def::Prim(prim), T::Prim(own)) => same(prim == *own),
                _ => None,
            },
            (TypeHead::Dyn(path), T::Dyn(bounds)) => {
                let Some(Def::Trait(id)) = self.type_def(root, path) else { return None };
                same(bounds.first().is_some_and(|bound| bound.trait_ == id))
            }
            (TypeHead::Pointer, T::Ptr(_))
            | (TypeHead::Slice, T::Slice(_))
            | (TypeHead::Array, T::Array(_))
            | (TypeHead::Tuple, T::Tuple(_))
            | (TypeHead::Never, T::Never) => Some(Agreement::Partly),
            (TypeHead::Function | TypeHead::Closure, T::Fn(..)) => Some(Agreement::Partly),
            _ => None,
        }
    }
}

/// How well two types agree, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Agreement {
    /// The implementation is for every type.
    Any,
    Partly,
    Same,
}

/// The own name of a body: closures and constants in it count for what they stand in.
fn own_name(path: &str) -> &str {
    let mut rest = path;
    loop {
        let Some((before, name)) = rest.rsplit_once("::") else { return rest };
        if !name.starts_with('{') && !name.starts_with("promoted[") {
            return name;
        }
        rest = before;
    }
}

fn without_closures(path: &str) -> String {
    let is_kept = |name: &&str| !name.starts_with('{') && !name.starts_with("promoted[");
    path.split("::").filter(is_kept).collect::<Vec<_>>().join("::")
}

fn last(path: &str) -> &str {
    path.rsplit("::").next().unwrap_or(path)
}

/// A path outside the project, as other rows name it.
fn outside(path: &str) -> String {
    match path.split_once("::") {
        Some(("core" | "alloc", rest)) => format!("std::{rest}"),
        _ => path.to_owned(),
    }
}

fn outside_head(on: &TypeHead) -> String {
    let primitive = |name: &str| format!("std::primitive::{name}");
    match on {
        TypeHead::Named(path) if path.contains("::") => outside(path),
        TypeHead::Named(path) => primitive(path),
        TypeHead::Dyn(path) => outside(path),
        TypeHead::Ref(inner) => outside_head(inner),
        TypeHead::Pointer => primitive("pointer"),
        TypeHead::Slice => primitive("slice"),
        TypeHead::Array => primitive("array"),
        TypeHead::Tuple => primitive("tuple"),
        TypeHead::Function | TypeHead::Closure => primitive("fn"),
        TypeHead::Opaque | TypeHead::Never => primitive("_"),
    }
}

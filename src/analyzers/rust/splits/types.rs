//! What the syntax of one file tells of types: copied or moved, dropped or not, a reference, a
//! lock guard, how large.

use rustc_hash::{FxHashMap, FxHashSet};
use syn::{GenericArgument, PathArguments, ReturnType, Type};

use super::sizes;

/// What matters of a type here.
#[derive(Debug, Clone, PartialEq)]
pub struct Ty {
    pub copy: bool,
    /// Has a destructor to run, as far as we can tell.
    pub drops: bool,
    pub is_ref: bool,
    /// Holds a lock while it lives.
    pub guard: bool,
    /// Size and alignment in bytes, where the syntax tells.
    pub size: Option<(u64, u64)>,
    /// The first type argument, item or target.
    pub inner: Option<Box<Ty>>,
    /// Of tuples.
    pub parts: Vec<Ty>,
}

impl Ty {
    pub fn plain() -> Self {
        Self {
            copy: true,
            drops: false,
            is_ref: false,
            guard: false,
            size: None,
            inner: None,
            parts: Vec::new(),
        }
    }

    pub fn tuple(parts: Vec<Self>) -> Self {
        let all = parts.iter().fold(Self::plain(), |all, part| all.join(part));
        let size = sizes::record(parts.iter().map(|part| part.size));
        Self { inner: None, parts, size, ..all }
    }

    pub fn reference(to: Self) -> Self {
        Self { is_ref: true, inner: Some(Box::new(to)), ..Self::plain() }
    }

    pub fn unknown() -> Self {
        Self { copy: false, drops: true, ..Self::plain() }
    }

    pub fn owned(inner: Option<Self>) -> Self {
        Self { inner: inner.map(Box::new), ..Self::unknown() }
    }

    /// Neither copied nor dropped: iterators over references, ranges.
    pub fn moved(inner: Self) -> Self {
        Self { copy: false, inner: Some(Box::new(inner)), ..Self::plain() }
    }

    pub fn inner(&self) -> Self {
        self.inner.as_deref().cloned().unwrap_or_else(Self::unknown)
    }

    /// What iterating over it gives: references out of a reference.
    pub fn item(&self) -> Self {
        if self.is_ref {
            let held = self.inner();
            return Self::reference(held.inner());
        }
        self.inner()
    }

    pub fn join(self, other: &Self) -> Self {
        Self {
            copy: self.copy && other.copy,
            drops: self.drops || other.drops,
            is_ref: self.is_ref && other.is_ref,
            guard: self.guard || other.guard,
            size: self.size.filter(|size| other.size == Some(*size)),
            inner: self.inner.or_else(|| other.inner.clone()),
            parts: self.parts,
        }
    }
}

/// Types and signatures that the file declares.
#[derive(Debug, Default)]
pub struct Types {
    named: FxHashMap<String, Ty>,
    /// Return types of functions and methods, by name; `None` when two differ.
    returns: FxHashMap<String, Option<Ty>>,
    /// Whether a method takes its receiver by reference.
    by_reference: FxHashMap<String, bool>,
    asyncs: FxHashSet<String>,
}

const SCALARS: [&str; 30] = [
    "u8",
    "u16",
    "u32",
    "u64",
    "u128",
    "usize",
    "i8",
    "i16",
    "i32",
    "i64",
    "i128",
    "isize",
    "f32",
    "f64",
    "bool",
    "char",
    "Duration",
    "Instant",
    "SystemTime",
    "Ordering",
    "IpAddr",
    "Ipv4Addr",
    "Ipv6Addr",
    "SocketAddr",
    "PhantomData",
    "StatusCode",
    "Uuid",
    "TypeId",
    "NonZeroUsize",
    "NonZeroU32",
];

const GUARDS: [&str; 5] =
    ["MutexGuard", "RwLockReadGuard", "RwLockWriteGuard", "RefMut", "OwnedMutexGuard"];

impl Types {
    pub fn of(file: &syn::File) -> Self {
        let mut types = Self::default();
        // Fields may name types declared later: read the declarations twice.
        for _ in 0..2 {
            types.items(&file.items);
        }
        types
    }

    fn items(&mut self, items: &[syn::Item]) {
        for item in items {
            match item {
                syn::Item::Struct(node) => {
                    let copy = derives_copy(&node.attrs);
                    let fields: Vec<Ty> =
                        node.fields.iter().map(|field| self.ty(&field.ty)).collect();
                    self.declare(&node.ident, copy, &fields, node.generics.params.is_empty());
                }
                syn::Item::Enum(node) => {
                    let copy = derives_copy(&node.attrs);
                    let fields = node.variants.iter().flat_map(|variant| variant.fields.iter());
                    let fields: Vec<Ty> = fields.map(|field| self.ty(&field.ty)).collect();
                    self.declare(&node.ident, copy, &fields, false);
                }
                syn::Item::Type(node) => {
                    let ty = self.ty(&node.ty);
                    self.named.insert(node.ident.to_string(), ty);
                }
                syn::Item::Fn(node) => self.signature(&node.sig),
                syn::Item::Impl(node) => {
                    let drops = node.trait_.as_ref().is_some_and(|(path, _)| path.is_ident("Drop"));
                    if let (true, Type::Path(path)) = (drops, &*node.self_ty)
                        && let Some(last) = path.path.segments.last()
                        && let Some(ty) = self.named.get_mut(&last.ident.to_string())
                    {
                        ty.drops = true;
                    }
                    for item in &node.items {
                        if let syn::ImplItem::Fn(item) = item {
                            self.signature(&item.sig);
                        }
                    }
                }
                syn::Item::Trait(node) => {
                    for item in &node.items {
                        if let syn::TraitItem::Fn(item) = item {
                            self.signature(&item.sig);
                        }
                    }
                }
                syn::Item::Mod(node) => {
                    if let Some((_, items)) = &node.content {
                        self.items(items);
                    }
                }
                _ => {}
            }
        }
    }

    fn declare(&mut self, name: &syn::Ident, copy: bool, fields: &[Ty], is_record: bool) {
        let drops = fields.iter().any(|field| field.drops);
        let size =
            is_record.then(|| sizes::record(fields.iter().map(|field| field.size))).flatten();
        let ty = Ty { copy, drops: drops && !copy, size, ..Ty::plain() };
        self.named.insert(name.to_string(), ty);
    }

    fn signature(&mut self, sig: &syn::Signature) {
        let name = sig.ident.to_string();
        let ty = match &sig.output {
            ReturnType::Default => Ty::plain(),
            ReturnType::Type(_, ty) => self.ty(ty),
        };
        if sig.asyncness.is_some() {
            self.asyncs.insert(name.clone());
        }
        let known = self.returns.entry(name.clone()).or_insert_with(|| Some(ty.clone()));
        if known.as_ref().is_some_and(|known| *known != ty) {
            *known = None;
        }
        if let Some(syn::FnArg::Receiver(receiver)) = sig.inputs.first() {
            let by_reference = matches!(receiver.kind, syn::ReceiverKind::Reference(..));
            self.by_reference.insert(name, by_reference);
        }
    }

    /// What a call of a function of the file gives; for an async one, a future of its output.
    pub fn returned(&self, name: &str) -> Option<Ty> {
        let ty = self.returns.get(name).cloned().flatten()?;
        Some(if self.asyncs.contains(name) { Ty::owned(Some(ty)) } else { ty })
    }

    pub fn is_scalar(name: &str) -> bool {
        SCALARS.contains(&name)
    }

    pub fn named(&self, name: &str) -> Option<Ty> {
        self.named.get(name).cloned()
    }

    /// How a method of the file takes its receiver.
    pub fn takes_reference(&self, method: &str) -> Option<bool> {
        self.by_reference.get(method).copied()
    }

    /// A type as written.
    pub fn ty(&self, ty: &Type) -> Ty {
        let shape = self.shape(ty);
        let size = sizes::of(ty, &|name| self.named.get(name).and_then(|ty| ty.size));
        Ty { size: size.or(shape.size), ..shape }
    }

    fn shape(&self, ty: &Type) -> Ty {
        match ty {
            Type::Reference(node) => {
                let copy = node.mutability.is_none();
                Ty { copy, ..Ty::reference(self.ty(&node.elem)) }
            }
            Type::Ptr(_) | Type::FnPtr(_) | Type::Never(_) => Ty::plain(),
            Type::Paren(node) => self.ty(&node.elem),
            Type::Group(node) => self.ty(&node.elem),
            Type::Slice(node) => Ty { inner: Some(Box::new(self.ty(&node.elem))), ..Ty::plain() },
            Type::Array(node) => {
                let item = self.ty(&node.elem);
                Ty {
                    copy: item.copy,
                    drops: item.drops,
                    inner: Some(Box::new(item)),
                    ..Ty::plain()
                }
            }
            Type::Tuple(node) => Ty::tuple(node.elems.iter().map(|ty| self.ty(ty)).collect()),
            Type::Path(node) => self.path(&node.path),
            _ => Ty::unknown(),
        }
    }

    fn path(&self, path: &syn::Path) -> Ty {
        let Some(last) = path.segments.last() else { return Ty::unknown() };
        let name = last.ident.to_string();
        let args: Vec<Ty> = match &last.arguments {
            PathArguments::AngleBracketed(args) => args
                .args
                .iter()
                .filter_map(|arg| match arg {
                    GenericArgument::Type(ty) => Some(self.ty(ty)),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        };
        let first = args.first().cloned();
        match name.as_str() {
            scalar if SCALARS.contains(&scalar) => Ty::plain(),
            "str" => Ty::plain(),
            guard if GUARDS.contains(&guard) => Ty { guard: true, ..Ty::owned(first) },
            "Option" | "Poll" | "Range" | "Wrapping" | "Pin" | "ControlFlow" => match first {
                Some(inner) => {
                    Ty { inner: Some(Box::new(inner.clone())), guard: false, size: None, ..inner }
                }
                None => Ty::unknown(),
            },
            "Result" => {
                let all = args.iter().fold(Ty::plain(), |all, ty| all.join(ty));
                // An error type that is not named is one with a destructor.
                let drops = all.drops || args.len() < 2;
                Ty {
                    drops,
                    copy: all.copy && !drops,
                    is_ref: false,
                    inner: first.map(Box::new),
                    ..Ty::plain()
                }
            }
            _ => self.named.get(&name).cloned().unwrap_or_else(|| Ty::owned(first)),
        }
    }
}

fn derives_copy(attrs: &[syn::Attribute]) -> bool {
    attrs.iter().filter(|attr| attr.path().is_ident("derive")).any(|attr| {
        use quote::ToTokens;
        attr.meta.to_token_stream().to_string().contains("Copy")
    })
}
